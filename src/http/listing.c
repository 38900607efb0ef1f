/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/listing.h"

#include <string.h>

#include "core/error.h"
#include "http/cuts.h"
#include "store/table-changes.h"

#define STOP_EVERY            1024
#define CHANGES_LOOKED_AT_MAX 20000 /* more: going through all is quicker */

/* Rows of a chunk: where twice as many have come together, so many make one; fewer than the least
 * are joined with what follows. */
#define CHUNK_ROWS     1024
#define CHUNK_MIN_ROWS 256

typedef struct
{
  TocsinSubjectKey key;
  guint64 categories;
  guint32 first_seen_s;
  guint32 last_seen_s;
  guint32 expires_s;
  guint32 value; /* offset in the chunk's text: with its NUL, then the Mastodon hash */
  guint8 type;
  guint8 verdict;
  guint8 score;
  guint8 has_value : 1;
  guint8 has_mastodon : 1;
} Entry;

/* A piece of a listing, counted by g_rc_box: listings one after the other share what did not
 * change.
 */
typedef struct
{
  guint n; /* at least 1 */
  guint32 text_size;
  Entry entries[]; /* by key; then the text */
} Chunk;

struct _TocsinListing
{
  TocsinListingFilter filter;
  TocsinExportMoment moment;
  GPtrArray *chunks; /* (owned) (element-type Chunk) by key */
  TocsinCuts *cuts;  /* (owned) what is told otherwise than it is in these */
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

gboolean
tocsin_listing_doubles (guint types, const TocsinExportRow *row)
{
  return row->doubled && (types & TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP)) != 0;
}

/* ---- chunks ---- */

static const Chunk *
chunk_at (const TocsinListing *self, guint i)
{
  return g_ptr_array_index (self->chunks, i);
}

static const char *
chunk_text (const Chunk *self)
{
  return (const char *) &self->entries[self->n];
}

/* Where the text of entry @i ends. */
static guint32
text_end (const Chunk *self, guint i)
{
  return i + 1 < self->n ? self->entries[i + 1].value : self->text_size;
}

static void
read_entry (const Chunk *self, const Entry *entry, TocsinExportRow *out)
{
  const char *at = chunk_text (self) + entry->value;

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

/* ---- making a listing ---- */

typedef struct
{
  TocsinJudge *judge;
  TocsinListing *listing;
  const gint *stop;
  guint n_looked;
  GArray *changed; /* (owned) (element-type TocsinSubjectKey) */
  gboolean must_walk;
  GArray *entries; /* (owned) (element-type Entry): of the next chunk */
  GString *text;   /* (owned) theirs */
  guint n_rows;    /* with those */
  guint max_rows;
  gboolean too_long;
  GError *error; /* (owned) (nullable) */
} Making;

static TocsinListing *
listing_alloc (const TocsinListingFilter *filter, const TocsinExportMoment *moment)
{
  TocsinListing *self = g_rc_box_new0 (TocsinListing);

  self->filter = *filter;
  self->moment = *moment;
  self->chunks = g_ptr_array_new_with_free_func (g_rc_box_release);
  return self;
}

static const Entry *
next_entry (const Making *making, guint i)
{
  return &g_array_index (making->entries, Entry, i);
}

/* Makes a chunk of the first @n entries that have come together. */
static void
seal (Making *making, guint n)
{
  guint left = making->entries->len - n;
  guint32 size = left > 0 ? next_entry (making, n)->value : (guint32) making->text->len;
  Chunk *chunk;

  if (n == 0)
    return;
  chunk = g_rc_box_alloc (sizeof *chunk + n * sizeof (Entry) + size);
  chunk->n = n;
  chunk->text_size = size;
  memcpy (chunk->entries, making->entries->data, n * sizeof (Entry));
  memcpy (&chunk->entries[n], making->text->str, size);
  g_ptr_array_add (making->listing->chunks, chunk);
  g_array_remove_range (making->entries, 0, n);
  g_string_erase (making->text, 0, size);
  for (guint i = 0; i < left; i++)
    g_array_index (making->entries, Entry, i).value -= size;
}

/* Room for one more; FALSE if the listing gets too long. */
static gboolean
make_room (Making *making)
{
  making->too_long = making->n_rows >= making->max_rows;
  if (making->too_long)
    return FALSE;
  if (making->entries->len == 2 * CHUNK_ROWS)
    seal (making, CHUNK_ROWS);
  making->n_rows++;
  return TRUE;
}

static gboolean
add_row (Making *making, const TocsinExportRow *row)
{
  Entry entry = { .key = *row->key,
                  .categories = row->categories,
                  .first_seen_s = row->first_seen_s,
                  .last_seen_s = row->last_seen_s,
                  .expires_s = row->expires_s,
                  .type = (guint8) row->type,
                  .verdict = (guint8) row->verdict,
                  .score = (guint8) row->score,
                  .has_value = row->value != NULL,
                  .has_mastodon = row->mastodon != NULL };

  if (!make_room (making))
    return FALSE;
  entry.value = (guint32) making->text->len;
  if (row->value != NULL)
    g_string_append_len (making->text, row->value, (gssize) strlen (row->value) + 1);
  if (row->mastodon != NULL)
    g_string_append_len (making->text, (const char *) row->mastodon, TOCSIN_SHA256_BYTES);
  g_array_append_val (making->entries, entry);
  return TRUE;
}

/* Entry @i of a chunk as it is. */
static gboolean
keep_entry (Making *making, const Chunk *chunk, guint i)
{
  Entry entry = chunk->entries[i];

  if (!make_room (making))
    return FALSE;
  g_string_append_len (making->text, chunk_text (chunk) + entry.value,
                       (gssize) (text_end (chunk, i) - entry.value));
  entry.value = (guint32) making->text->len - (text_end (chunk, i) - entry.value);
  g_array_append_val (making->entries, entry);
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
  return add_row (making, &row);
}

static gboolean
stops (GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node stops");
  return FALSE;
}

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Making *making = data;

  if (++making->n_looked % STOP_EVERY == 0 && g_atomic_int_get (making->stop))
    return stops (&making->error);
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

  if (before == NULL || before->moment.version != now->version ||
      before->moment.as_of_us != now->as_of_us || before->moment.observe != now->observe ||
      !tocsin_changes_covers (making->judge->txn, before->moment.generation))
    return FALSE;
  tocsin_changes_foreach (making->judge->txn, before->moment.generation, on_change, making);
  g_array_sort (making->changed, compare_keys);
  return !making->must_walk;
}

/* How many of the changed keys from @from on come before @end (nullable: all do). */
static guint
count_changed (const Making *making, guint from, const TocsinSubjectKey *end)
{
  guint n = 0;

  while (from + n < making->changed->len &&
         (end == NULL ||
          compare_keys (&g_array_index (making->changed, TocsinSubjectKey, from + n), end) < 0))
    n++;
  return n;
}

static gboolean
judge_again (Making *making, const TocsinSubjectKey *key)
{
  TocsinSubjectRecord record;

  return !tocsin_subjects_get (making->judge->txn, key, &record) || judge_record (making, &record);
}

/* A chunk (nullable: none) with what became of @n changed keys; both are in order. */
static gboolean
merge_chunk (Making *making, const Chunk *chunk, const TocsinSubjectKey *keys, guint n)
{
  guint n_entries = chunk != NULL ? chunk->n : 0;
  guint i = 0;

  for (guint k = 0; k < n; k++)
    {
      if (k > 0 && tocsin_id_equal (&keys[k], &keys[k - 1]))
        continue;
      for (; i < n_entries && compare_keys (&chunk->entries[i].key, &keys[k]) < 0; i++)
        if (!keep_entry (making, chunk, i))
          return FALSE;
      if (i < n_entries && tocsin_id_equal (&chunk->entries[i].key, &keys[k]))
        i++;
      if (!judge_again (making, &keys[k]))
        return FALSE;
    }
  for (; i < n_entries; i++)
    if (!keep_entry (making, chunk, i))
      return FALSE;
  return TRUE;
}

/* Chunks in which nothing changed are taken over as they are. */
static void
merge (Making *making, const TocsinListing *before)
{
  const TocsinSubjectKey *keys = (const TocsinSubjectKey *) (gpointer) making->changed->data;
  guint n_chunks = before->chunks->len;
  guint at = 0;

  for (guint i = 0; i < n_chunks; i++)
    {
      const Chunk *chunk = chunk_at (before, i);
      guint n = count_changed (making, at,
                               i + 1 < n_chunks ? &chunk_at (before, i + 1)->entries[0].key : NULL);
      guint waiting = making->entries->len;

      if (n > 0 || (waiting > 0 && waiting < CHUNK_MIN_ROWS))
        {
          if (!merge_chunk (making, chunk, keys + at, n))
            return;
          at += n;
          continue;
        }
      making->too_long = chunk->n > making->max_rows - making->n_rows;
      if (making->too_long)
        return;
      seal (making, waiting);
      g_ptr_array_add (making->listing->chunks, g_rc_box_acquire ((gpointer) chunk));
      making->n_rows += chunk->n;
    }
  merge_chunk (making, NULL, keys + at, making->changed->len - at);
}

/* Only of a listing that came to its end. */
static void
add_cuts (Making *making)
{
  if (making->too_long || making->error != NULL)
    return;
  making->listing->cuts =
      tocsin_cuts_new (making->judge, making->listing->filter.types, making->stop);
  if (making->listing->cuts == NULL)
    stops (&making->error);
}

static TocsinListing *
make (Making *making, const TocsinListing *before, GError **error)
{
  if (find_changed (making, before))
    merge (making, before);
  else
    tocsin_subjects_foreach (making->judge->txn, "", NULL, on_subject, making);
  seal (making, making->entries->len);
  add_cuts (making);
  if (making->too_long && making->error == NULL)
    g_set_error_literal (&making->error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                         "There are more entries than can be kept in memory");
  if (making->error != NULL)
    {
      g_propagate_error (error, making->error);
      return NULL;
    }
  return tocsin_txn_check (making->judge->txn, error) ? tocsin_listing_ref (making->listing) : NULL;
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
  g_autoptr (TocsinListing) listing = listing_alloc (filter, moment);
  g_autoptr (GArray) changed = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_autoptr (GString) text = g_string_new (NULL);
  Making making = { .judge = judge,
                    .listing = listing,
                    .stop = stop,
                    .changed = changed,
                    .entries = entries,
                    .text = text,
                    .max_rows = max_rows };
  TocsinListing *made = make (&making, before, error);

  *too_long = making.too_long;
  return made;
}

static void
listing_clear (gpointer data)
{
  TocsinListing *self = data;

  g_ptr_array_unref (self->chunks);
  tocsin_cuts_free (self->cuts);
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

gsize
tocsin_listing_count (const TocsinListing *self)
{
  gsize n = 0;

  for (guint i = 0; i < self->chunks->len; i++)
    n += chunk_at (self, i)->n;
  return n;
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

/* A place in a listing. */
typedef struct
{
  const TocsinListing *listing; /* (unowned) (nullable): an empty one */
  guint chunk;
  guint entry;
} Place;

/* The chunk that @place is in; NULL behind the last. */
static const Chunk *
place_chunk (const Place *place)
{
  if (place->listing == NULL || place->chunk == place->listing->chunks->len)
    return NULL;
  return chunk_at (place->listing, place->chunk);
}

static void
skip_chunk (Place *place)
{
  place->chunk++;
  place->entry = 0;
}

/* Goes on to the first entry that is not before @key; the last key of a chunk says whether it is
 * worth a look. */
static const Entry *
go_to (Place *place, const TocsinSubjectKey *key)
{
  const Chunk *chunk;

  while ((chunk = place_chunk (place)) != NULL &&
         compare_keys (&chunk->entries[chunk->n - 1].key, key) < 0)
    skip_chunk (place);
  if (chunk == NULL)
    return NULL;
  while (compare_keys (&chunk->entries[place->entry].key, key) < 0)
    place->entry++;
  return &chunk->entries[place->entry];
}

static gboolean
is_cut (const TocsinListing *self, const TocsinSubjectKey *key)
{
  return self != NULL && tocsin_cuts_find (self->cuts, key, NULL);
}

/* What is cut in either listing is compared by itself. */
static gboolean
foreach_in_chunk (const TocsinListing *self,
                  const Chunk *chunk,
                  Place *its,
                  gboolean as_long,
                  TocsinListingFunc func,
                  gpointer data)
{
  for (guint i = 0; i < chunk->n; i++)
    {
      const Entry *entry = &chunk->entries[i];
      const Entry *other = go_to (its, &entry->key);
      TocsinExportRow row;

      if ((other != NULL && tocsin_id_equal (&other->key, &entry->key) &&
           other->verdict == entry->verdict &&
           (!as_long || other->expires_s >= entry->expires_s)) ||
          is_cut (self, &entry->key) || is_cut (its->listing, &entry->key))
        continue;
      read_entry (chunk, entry, &row);
      if (!func (&row, data))
        return FALSE;
    }
  return TRUE;
}

/* The first chunk whose last key is not before @key. */
static const Chunk *
find_chunk (const TocsinListing *self, const TocsinSubjectKey *key)
{
  guint low = 0, high = self->chunks->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      const Chunk *chunk = chunk_at (self, middle);

      if (compare_keys (&chunk->entries[chunk->n - 1].key, key) < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return low < self->chunks->len ? chunk_at (self, low) : NULL;
}

/* FALSE if it is not in @self (nullable: an empty one). */
static gboolean
find_stored (const TocsinListing *self, const TocsinSubjectKey *key, TocsinExportRow *out)
{
  const Chunk *chunk = self != NULL ? find_chunk (self, key) : NULL;
  const Entry *entry = chunk == NULL ? NULL
                                     : bsearch (key, chunk->entries, chunk->n, sizeof (Entry),
                                                compare_keys); /* its first member */

  if (entry == NULL)
    return FALSE;
  read_entry (chunk, entry, out);
  return TRUE;
}

/* What is told under @key, as it is stored or in its place. */
static gboolean
find_told (const TocsinListing *self, const TocsinSubjectKey *key, TocsinExportRow *out)
{
  const TocsinExportRow *instead;

  if (self == NULL || !tocsin_cuts_find (self->cuts, key, &instead))
    return find_stored (self, key, out);
  if (instead == NULL || !tocsin_listing_filter_takes (&self->filter, instead))
    return FALSE;
  *out = *instead;
  return TRUE;
}

gboolean
tocsin_listing_tells (const TocsinListing *self,
                      guint types,
                      const TocsinExportRow *row,
                      gboolean as_long)
{
  TocsinExportRow its;

  return find_told (self, row->key, &its) && its.verdict == row->verdict &&
         its.withheld == row->withheld && (!as_long || its.expires_s >= row->expires_s) &&
         tocsin_listing_doubles (self->filter.types, &its) == tocsin_listing_doubles (types, row);
}

/* What @self tells and @other does not of what is cut in @cuts and not in @but (nullable). */
static gboolean
foreach_cut (const TocsinListing *self,
             const TocsinListing *other,
             const TocsinCuts *cuts,
             const TocsinCuts *but,
             gboolean as_long,
             TocsinListingFunc func,
             gpointer data)
{
  for (guint i = 0; i < tocsin_cuts_count (cuts); i++)
    {
      const TocsinExportRow *instead;
      const TocsinSubjectKey *key = tocsin_cuts_get (cuts, i, &instead);
      TocsinExportRow row;

      if ((but != NULL && tocsin_cuts_find (but, key, NULL)) || !find_told (self, key, &row) ||
          tocsin_listing_tells (other, self->filter.types, &row, as_long))
        continue;
      if (!func (&row, data))
        return FALSE;
    }
  return TRUE;
}

void
tocsin_listing_foreach_beyond (const TocsinListing *self,
                               const TocsinListing *other,
                               gboolean as_long,
                               TocsinListingFunc func,
                               gpointer data)
{
  Place its = { .listing = other };

  for (guint i = 0; i < self->chunks->len; i++)
    {
      const Chunk *chunk = chunk_at (self, i);

      (void) go_to (&its, &chunk->entries[0].key);
      if (place_chunk (&its) == chunk)
        skip_chunk (&its);
      else if (!foreach_in_chunk (self, chunk, &its, as_long, func, data))
        return;
    }
  if (foreach_cut (self, other, self->cuts, NULL, as_long, func, data) && other != NULL)
    foreach_cut (self, other, other->cuts, self->cuts, as_long, func, data);
}
