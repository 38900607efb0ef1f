/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/listing.h"

#include <string.h>

#include "core/error.h"
#include "store/table-changes.h"

#define STOP_EVERY            1024
#define DEAD_SHARE            4
#define CHANGES_LOOKED_AT_MAX 20000 /* more: going through all is quicker */

typedef struct
{
  TocsinSubjectKey key;
  guint64 categories;
  guint32 first_seen_s;
  guint32 last_seen_s;
  guint32 expires_s;
  guint32 value; /* offset in the pool: with its NUL, then the Mastodon hash */
  guint8 type;
  guint8 verdict;
  guint8 score;
  guint8 has_value : 1;
  guint8 has_mastodon : 1;
} Entry;

struct _TocsinListing
{
  TocsinListingFilter filter;
  TocsinExportMoment moment;
  GArray *entries;  /* (owned) (element-type Entry) by key */
  GString *pool;    /* (owned) values */
  gsize dead_bytes; /* of @pool: values of entries that are gone */
};

gboolean
tocsin_listing_filter_equal (const TocsinListingFilter *a, const TocsinListingFilter *b)
{
  return a->types == b->types && a->verdicts == b->verdicts && a->digested == b->digested;
}

gboolean
tocsin_listing_filter_takes (const TocsinListingFilter *self, const TocsinExportRow *row)
{
  return (self->types & TOCSIN_EXPORT_TYPE_BIT (row->type)) != 0 &&
         (self->verdicts & TOCSIN_VERDICT_BIT (row->verdict)) != 0 &&
         (row->value != NULL || (self->digested && row->mastodon != NULL));
}

/* ---- making a listing ---- */

typedef struct
{
  TocsinJudge *judge;
  TocsinListing *listing;
  const gint *stop;
  guint n_looked;
  GArray *changed; /* (owned) (element-type TocsinSubjectKey) (nullable) */
  gboolean must_walk;
  guint max_rows;
  gboolean too_long;
  GError *error; /* (owned) (nullable) */
} Making;

static TocsinListing *
listing_alloc (const TocsinListingFilter *filter, const TocsinExportMoment *moment, guint n_rows)
{
  TocsinListing *self = g_rc_box_new0 (TocsinListing);

  self->filter = *filter;
  self->moment = *moment;
  self->entries = g_array_sized_new (FALSE, FALSE, sizeof (Entry), n_rows);
  self->pool = g_string_new (NULL);
  return self;
}

static gboolean
add_entry (Making *making, const TocsinExportRow *row)
{
  TocsinListing *self = making->listing;
  Entry entry = { .key = *row->key,
                  .categories = row->categories,
                  .first_seen_s = row->first_seen_s,
                  .last_seen_s = row->last_seen_s,
                  .expires_s = row->expires_s,
                  .value = (guint32) self->pool->len,
                  .type = (guint8) row->type,
                  .verdict = (guint8) row->verdict,
                  .score = (guint8) row->score,
                  .has_value = row->value != NULL,
                  .has_mastodon = row->mastodon != NULL };

  making->too_long = self->entries->len >= making->max_rows || self->pool->len > G_MAXUINT32 / 2;
  if (making->too_long)
    return FALSE;
  if (row->value != NULL)
    g_string_append_len (self->pool, row->value, (gssize) strlen (row->value) + 1);
  if (row->mastodon != NULL)
    g_string_append_len (self->pool, (const char *) row->mastodon, TOCSIN_SHA256_BYTES);
  g_array_append_val (self->entries, entry);
  return TRUE;
}

/* FALSE to stop. */
static gboolean
judge_record (Making *making, const TocsinSubjectRecord *record)
{
  const TocsinListingFilter *filter = &making->listing->filter;
  TocsinExportRow row = { .type = record->type,
                          .value = record->value,
                          .key = &record->key,
                          .mastodon = record->has_mastodon ? record->mastodon : NULL };

  if ((filter->types & TOCSIN_EXPORT_TYPE_BIT (record->type)) == 0 ||
      (record->value == NULL && !(filter->digested && record->has_mastodon)) ||
      !tocsin_judge_row (making->judge, record, &row) ||
      !tocsin_listing_filter_takes (filter, &row))
    return TRUE;
  return add_entry (making, &row);
}

static void
read_entry (const TocsinListing *self, const Entry *entry, TocsinExportRow *out)
{
  const char *at = self->pool->str + entry->value;

  *out = (TocsinExportRow){ .type = (TocsinSubjectType) entry->type,
                            .value = entry->has_value ? at : NULL,
                            .key = &entry->key,
                            .verdict = (TocsinVerdict) entry->verdict,
                            .score = entry->score,
                            .categories = entry->categories,
                            .first_seen_s = entry->first_seen_s,
                            .last_seen_s = entry->last_seen_s,
                            .expires_s = entry->expires_s };
  if (entry->has_mastodon)
    out->mastodon = (const guint8 *) (entry->has_value ? at + strlen (at) + 1 : at);
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Making *making = data;

  if (++making->n_looked % STOP_EVERY == 0 && g_atomic_int_get (making->stop))
    {
      g_set_error_literal (&making->error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The node stops");
      return FALSE;
    }
  return judge_record (making, record);
}

static gboolean
on_change (const TocsinChange *change, gpointer data)
{
  Making *making = data;

  if (change->kind == TOCSIN_CHANGE_TRUST)
    return TRUE; /* told by the version of the snapshot that is made from it */
  making->must_walk =
      change->kind != TOCSIN_CHANGE_EVIDENCE || making->changed->len == CHANGES_LOOKED_AT_MAX;
  if (!making->must_walk)
    g_array_append_val (making->changed, change->key);
  return !making->must_walk;
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (TocsinSubjectKey));
}

/* Which keys changed since @before, ascending; FALSE if that is not known. */
static gboolean
find_changed (Making *making, const TocsinListing *before)
{
  const TocsinExportMoment *now = &making->listing->moment;

  /* Now and then without what is gone. */
  if (before == NULL || before->dead_bytes > before->pool->len / DEAD_SHARE ||
      before->moment.trust_version != now->trust_version ||
      before->moment.as_of_us != now->as_of_us || before->moment.observe != now->observe ||
      !tocsin_changes_covers (making->judge->txn, before->moment.generation))
    return FALSE;
  tocsin_changes_foreach (making->judge->txn, before->moment.generation, on_change, making);
  g_array_sort (making->changed, compare_keys);
  return !making->must_walk;
}

/* Entries as they are: their values are where they were, since the pool was taken over as a whole.
 */
static gboolean
keep_entries (Making *making, const Entry *from, const Entry *to)
{
  GArray *entries = making->listing->entries;

  making->too_long = (gsize) (to - from) > making->max_rows - entries->len;
  if (!making->too_long)
    g_array_append_vals (entries, from, (guint) (to - from));
  return !making->too_long;
}

/* The first entry from @from on whose key is not before @key. */
static const Entry *
find_entry (const Entry *from, const Entry *end, const TocsinSubjectKey *key)
{
  while (from < end)
    {
      const Entry *middle = from + (end - from) / 2;

      if (compare_keys (&middle->key, key) < 0)
        from = middle + 1;
      else
        end = middle;
    }
  return from;
}

/* Both are in the order of keys. */
static void
merge (Making *making, const TocsinListing *before)
{
  const Entry *old = (const Entry *) (gpointer) before->entries->data;
  const Entry *end = old + before->entries->len;

  making->listing->dead_bytes = before->dead_bytes;
  g_string_append_len (making->listing->pool, before->pool->str, (gssize) before->pool->len);
  for (guint i = 0; i < making->changed->len; i++)
    {
      const TocsinSubjectKey *key = &g_array_index (making->changed, TocsinSubjectKey, i);
      const Entry *next = find_entry (old, end, key);
      TocsinSubjectRecord record;

      if (i > 0 && tocsin_id_equal (key, key - 1))
        continue;
      if (!keep_entries (making, old, next))
        return;
      old = next;
      if (old < end && tocsin_id_equal (&old->key, key))
        {
          making->listing->dead_bytes += strlen (before->pool->str + old->value) + 1;
          old++;
        }
      if (tocsin_subjects_get (making->judge->txn, key, &record) && !judge_record (making, &record))
        return;
    }
  keep_entries (making, old, end);
}

TocsinListing *
tocsin_listing_new (TocsinJudge *judge,
                    const TocsinListingFilter *filter,
                    const TocsinExportMoment *moment,
                    const TocsinListing *before,
                    guint max_rows,
                    const gint *stop,
                    gboolean *too_long,
                    GError **error)
{
  g_autoptr (TocsinListing) listing =
      listing_alloc (filter, moment, before != NULL ? before->entries->len : 0);
  g_autoptr (GArray) changed = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));
  Making making = {
    .judge = judge, .listing = listing, .stop = stop, .changed = changed, .max_rows = max_rows
  };

  if (find_changed (&making, before))
    merge (&making, before);
  else
    tocsin_subjects_foreach (judge->txn, "", NULL, on_subject, &making);
  *too_long = making.too_long;
  if (making.too_long && making.error == NULL)
    g_set_error_literal (&making.error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                         "There are more entries than can be kept in memory");
  if (making.error != NULL)
    {
      g_propagate_error (error, making.error);
      return NULL;
    }
  return tocsin_txn_check (judge->txn, error) ? g_steal_pointer (&listing) : NULL;
}

static void
listing_clear (gpointer data)
{
  TocsinListing *self = data;

  g_array_unref (self->entries);
  g_string_free (self->pool, TRUE);
}

TocsinListing *
tocsin_listing_ref (TocsinListing *self)
{
  return g_rc_box_acquire (self);
}

void
tocsin_listing_unref (TocsinListing *self)
{
  g_rc_box_release_full (self, listing_clear);
}

const TocsinListingFilter *
tocsin_listing_filter (const TocsinListing *self)
{
  return &self->filter;
}

const TocsinExportMoment *
tocsin_listing_moment (const TocsinListing *self)
{
  return &self->moment;
}

/* ---- differences ---- */

void
tocsin_listing_foreach_beyond (const TocsinListing *self,
                               const TocsinListing *other,
                               TocsinListingFunc func,
                               gpointer data)
{
  const Entry *its = other != NULL ? (const Entry *) (gpointer) other->entries->data : NULL;
  const Entry *end = other != NULL ? its + other->entries->len : NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      TocsinExportRow row;

      while (its < end && compare_keys (&its->key, &entry->key) < 0)
        its++;
      if (its < end && tocsin_id_equal (&its->key, &entry->key) && its->verdict == entry->verdict)
        continue;
      read_entry (self, entry, &row);
      if (!func (&row, data))
        return;
    }
}
