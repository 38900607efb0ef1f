/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/decisions-listing.h"

#include <string.h>

#include "codec/json-writer.h"
#include "core/clock.h"
#include "core/error.h"
#include "store/table-changes.h"

#define ID_BITS               52 /* exact in a double, which is all that some bouncers have */
#define DURATION_MAX_US       (24 * TOCSIN_DAY_US) /* ipset counts milliseconds in 31 bits */
#define STOP_EVERY            1024
#define CHANGES_LOOKED_AT_MAX 20000 /* more: going through all is quicker */

typedef struct
{
  TocsinSubjectKey key;
  guint64 categories;
  guint32 expires_s;
  guint32 value; /* offset in the pool */
  guint8 type;
  guint8 verdict;
} Entry;

struct _TocsinListing
{
  TocsinDecisionFilter filter;
  TocsinExportMoment moment;
  GArray *entries; /* (owned) (element-type Entry) by key */
  GString *pool;   /* (owned) values, each with its NUL */
};

/* ---- decisions ---- */

static const struct
{
  TocsinSubjectType type;
  const char *name;
} scopes[] = {
  { TOCSIN_SUBJECT_IP, "Ip" },       { TOCSIN_SUBJECT_NETWORK, "Range" },
  { TOCSIN_SUBJECT_EMAIL, "Email" }, { TOCSIN_SUBJECT_DOMAIN, "Domain" },
  { TOCSIN_SUBJECT_URL, "Url" },     { TOCSIN_SUBJECT_USERNAME, "Username" },
  { TOCSIN_SUBJECT_ACTOR, "Actor" },
};

const char *
tocsin_decision_scope (TocsinSubjectType type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++)
    if (scopes[i].type == type)
      return scopes[i].name;
  return NULL;
}

TocsinSubjectType
tocsin_decision_scope_parse (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (scopes); i++)
    if (g_ascii_strcasecmp (scopes[i].name, name) == 0)
      return scopes[i].type;
  return TOCSIN_SUBJECT_NONE;
}

gboolean
tocsin_decision_filter_equal (const TocsinDecisionFilter *a, const TocsinDecisionFilter *b)
{
  return a->types == b->types && a->ban == b->ban && a->captcha == b->captcha;
}

gboolean
tocsin_decision_filter_takes (const TocsinDecisionFilter *self, const TocsinExportRow *row)
{
  if (row->value == NULL || (self->types & TOCSIN_EXPORT_TYPE_BIT (row->type)) == 0)
    return FALSE;
  return row->verdict == TOCSIN_VERDICT_BLOCK
             ? self->ban
             : self->captcha && row->verdict == TOCSIN_VERDICT_REVIEW;
}

static void
append_duration (GString *out, guint32 expires_s, gint64 now_us)
{
  gint64 left_us = (gint64) expires_s * TOCSIN_SECOND_US - now_us;
  guint seconds = (guint) (CLAMP (left_us, TOCSIN_SECOND_US, DURATION_MAX_US) / TOCSIN_SECOND_US);

  g_string_append_printf (out, "%uh%um%us", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static gint64
id_of (const TocsinSubjectKey *key)
{
  guint64 id = 0;

  for (guint i = 0; i < 8; i++)
    id = id << 8 | key->bytes[i];
  return (gint64) MAX (id >> (64 - ID_BITS), 1);
}

void
tocsin_decision_append (GString *out, const TocsinExportRow *row, gint64 now_us)
{
  gboolean ban = row->verdict == TOCSIN_VERDICT_BLOCK;

  /* Numbers and our own words; the value alone needs escapes. */
  g_string_append (out, "{\"duration\":\"");
  append_duration (out, row->expires_s, now_us);
  g_string_append (out, "\",\"id\":");
  tocsin_json_append_int (out, id_of (row->key));
  g_string_append (out, ban ? ",\"origin\":\"" TOCSIN_DECISIONS_ORIGIN "\",\"scenario\":\"tocsin/"
                            : ",\"origin\":\"" TOCSIN_DECISIONS_ORIGIN_REVIEW
                              "\",\"scenario\":\"tocsin/");
  tocsin_export_append_slugs (out, row->categories, ",");
  g_string_append (out, "\",\"scope\":\"");
  g_string_append (out, tocsin_decision_scope (row->type));
  g_string_append (out,
                   ban ? "\",\"type\":\"ban\",\"value\":" : "\",\"type\":\"captcha\",\"value\":");
  tocsin_json_append_string (out, row->value, strlen (row->value));
  g_string_append_c (out, '}');
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
  GError *error; /* (owned) (nullable) */
} Making;

static TocsinListing *
listing_alloc (const TocsinDecisionFilter *filter, const TocsinExportMoment *moment)
{
  TocsinListing *self = g_rc_box_new0 (TocsinListing);

  self->filter = *filter;
  self->moment = *moment;
  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->pool = g_string_new (NULL);
  return self;
}

/* FALSE if there are more values than offsets. */
static gboolean
add_entry (TocsinListing *self, const TocsinExportRow *row)
{
  Entry entry = { .key = *row->key,
                  .categories = row->categories,
                  .expires_s = row->expires_s,
                  .value = (guint32) self->pool->len,
                  .type = (guint8) row->type,
                  .verdict = (guint8) row->verdict };

  if (self->pool->len > G_MAXUINT32 / 2)
    return FALSE;
  g_string_append_len (self->pool, row->value, (gssize) strlen (row->value) + 1);
  g_array_append_val (self->entries, entry);
  return TRUE;
}

static gboolean
set_too_long (Making *making)
{
  if (making->error == NULL)
    g_set_error_literal (&making->error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                         "There are more decisions than a bouncer can be told");
  return FALSE;
}

static gboolean
judge_record (Making *making, const TocsinSubjectRecord *record)
{
  TocsinExportRow row = { .type = record->type, .value = record->value, .key = &record->key };

  if (record->value == NULL ||
      (making->listing->filter.types & TOCSIN_EXPORT_TYPE_BIT (record->type)) == 0 ||
      !tocsin_judge_row (making->judge, record, &row) ||
      !tocsin_decision_filter_takes (&making->listing->filter, &row))
    return TRUE;
  return add_entry (making->listing, &row) || set_too_long (making);
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

  if (before == NULL || before->moment.trust_version != now->trust_version ||
      before->moment.as_of_us != now->as_of_us || before->moment.observe != now->observe ||
      !tocsin_changes_covers (making->judge->txn, before->moment.generation))
    return FALSE;
  tocsin_changes_foreach (making->judge->txn, before->moment.generation, on_change, making);
  g_array_sort (making->changed, compare_keys);
  return !making->must_walk;
}

static gboolean
keep_entry (Making *making, const TocsinListing *before, const Entry *entry)
{
  TocsinExportRow row = { .type = (TocsinSubjectType) entry->type,
                          .value = before->pool->str + entry->value,
                          .key = &entry->key,
                          .verdict = (TocsinVerdict) entry->verdict,
                          .categories = entry->categories,
                          .expires_s = entry->expires_s };

  return add_entry (making->listing, &row) || set_too_long (making);
}

/* Both are in the order of keys. */
static void
merge (Making *making, const TocsinListing *before)
{
  const Entry *old = (const Entry *) before->entries->data;
  const Entry *end = old + before->entries->len;

  for (guint i = 0; i < making->changed->len && making->error == NULL; i++)
    {
      const TocsinSubjectKey *key = &g_array_index (making->changed, TocsinSubjectKey, i);
      TocsinSubjectRecord record;

      if (i > 0 && tocsin_id_equal (key, key - 1))
        continue;
      for (; old < end && compare_keys (&old->key, key) < 0; old++)
        if (!keep_entry (making, before, old))
          return;
      if (old < end && tocsin_id_equal (&old->key, key))
        old++;
      if (tocsin_subjects_get (making->judge->txn, key, &record) && !judge_record (making, &record))
        return;
    }
  for (; old < end && making->error == NULL; old++)
    keep_entry (making, before, old);
}

TocsinListing *
tocsin_listing_new (TocsinJudge *judge,
                    const TocsinDecisionFilter *filter,
                    const TocsinExportMoment *moment,
                    TocsinListing *before,
                    const gint *stop,
                    GError **error)
{
  g_autoptr (TocsinListing) listing = listing_alloc (filter, moment);
  g_autoptr (GArray) changed = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));
  Making making = { .judge = judge, .listing = listing, .stop = stop, .changed = changed };

  if (find_changed (&making, before))
    merge (&making, before);
  else
    tocsin_subjects_foreach (judge->txn, "", NULL, on_subject, &making);
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

const TocsinDecisionFilter *
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
  const Entry *its = other != NULL ? (const Entry *) other->entries->data : NULL;
  const Entry *end = other != NULL ? its + other->entries->len : NULL;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = &g_array_index (self->entries, Entry, i);
      TocsinExportRow row = { .type = (TocsinSubjectType) entry->type,
                              .value = self->pool->str + entry->value,
                              .key = &entry->key,
                              .verdict = (TocsinVerdict) entry->verdict,
                              .categories = entry->categories,
                              .expires_s = entry->expires_s };

      while (its < end && compare_keys (&its->key, &entry->key) < 0)
        its++;
      if (its < end && tocsin_id_equal (&its->key, &entry->key) && its->verdict == entry->verdict)
        continue;
      if (!func (&row, data))
        return;
    }
}
