/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/list.h"

#include <stdlib.h>
#include <string.h>

#include "core/category.h"
#include "core/error.h"
#include "store/bulk.h"

#define VALUES_BLOCK_BYTES (1024 * 1024)
#define BUCKETS            65536
#define FEW                48 /* entries that are sorted by insertion */

TocsinFeedList *
tocsin_feed_list_new (const TocsinFeedDefinition *definition)
{
  TocsinFeedList *self = g_new0 (TocsinFeedList, 1);

  self->definition = definition;
  self->entries = g_array_new (FALSE, FALSE, sizeof (TocsinFeedEntry));
  self->values = g_string_chunk_new (VALUES_BLOCK_BYTES);
  self->has_canary = definition->canary == NULL;
  return self;
}

void
tocsin_feed_list_free (TocsinFeedList *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->entries);
  g_string_chunk_free (self->values);
  g_free (self->why);
  g_free (self->first);
  g_free (self->next);
  g_free (self->changes);
  g_free (self);
}

/* ---- rows ---- */

static void
leave_out (TocsinFeedList *self, const TocsinFeedRow *row, const char *why)
{
  self->left_out++;
  if (self->why == NULL)
    self->why = g_strdup_printf ("line or entry %" G_GUINT64_FORMAT " %s", row->place, why);
}

/* Lists of addresses and of networks are seldom only that. */
static TocsinSubjectType
type_of (const TocsinFeedList *self, const TocsinFeedRow *row)
{
  TocsinSubjectType type = row->type != TOCSIN_SUBJECT_NONE ? row->type : self->definition->type;

  if (type == TOCSIN_SUBJECT_IP || type == TOCSIN_SUBJECT_NETWORK)
    return strchr (row->value, '/') != NULL ? TOCSIN_SUBJECT_NETWORK : TOCSIN_SUBJECT_IP;
  return type;
}

/* A domain is written with what is below it as ".example.org" or "*.example.org", too. */
static const char *
text_of (TocsinSubjectType type, const char *value)
{
  if (type != TOCSIN_SUBJECT_DOMAIN)
    return value;
  if (g_str_has_prefix (value, "*."))
    return value + 2;
  return *value == '.' ? value + 1 : value;
}

/* What no list may say: it would speak of half the network, or of nothing. */
static const char *
find_fault (const TocsinFeedList *self, const TocsinSubject *subject)
{
  const TocsinCategory *category = tocsin_category_by_id (self->definition->category);

  if (category->half_life_days[subject->type] == TOCSIN_HALF_LIFE_REFUSED)
    return "is of a type that the category says nothing about";
  if (tocsin_subject_is_public_suffix (subject))
    return "is a public suffix";
  if (tocsin_subject_is_provider (subject))
    return "is a provider that everybody uses";
  if (!tocsin_subject_is_global (subject))
    return "is in a private or reserved range, or a name that means another machine everywhere";
  return NULL;
}

static gboolean
add_entry (TocsinFeedList *self, const TocsinSubject *subject, gboolean gone, GError **error)
{
  TocsinFeedEntry entry = {
    .key = tocsin_subject_key (subject),
    .number = self->entries->len,
    .key_type = (guint8) subject->key_type,
    .subject_type = (guint8) subject->type,
    .gone = gone ? 1 : 0,
  };

  if (self->entries->len == TOCSIN_FEED_ENTRIES_MAX)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE, "The list has more than %d entries",
                   TOCSIN_FEED_ENTRIES_MAX);
      return FALSE;
    }
  entry.value = g_string_chunk_insert (self->values, subject->key_value);
  g_array_append_val (self->entries, entry);
  return TRUE;
}

static gboolean
on_row (const TocsinFeedRow *row, gpointer data, GError **error)
{
  TocsinFeedList *self = data;
  TocsinSubjectType type = type_of (self, row);
  g_auto (TocsinSubject) subject = { 0 };
  const char *fault;

  self->rows++;
  if (!self->has_canary && g_str_equal (row->value, self->definition->canary))
    {
      /* Some are no subjects at all: they are there to be looked for. */
      self->has_canary = TRUE;
      if (!tocsin_subject_parse (&subject, type, row->value, NULL) ||
          find_fault (self, &subject) != NULL)
        return TRUE;
      return add_entry (self, &subject, row->gone, error);
    }
  if (!tocsin_subject_parse_received (&subject, type, text_of (type, row->value), NULL))
    {
      self->invalid++;
      if (self->first_invalid == 0)
        self->first_invalid = row->place;
      leave_out (self, row, "is no valid subject of its type");
      return TRUE;
    }
  fault = find_fault (self, &subject);
  if (fault == NULL)
    return add_entry (self, &subject, row->gone, error);
  leave_out (self, row, fault);
  return TRUE;
}

TocsinFeedReader *
tocsin_feed_list_begin (TocsinFeedList *self, const TocsinFeedReadOptions *options)
{
  return tocsin_feed_reader_new (self->definition->format, options, on_row, self);
}

gboolean
tocsin_feed_list_end (TocsinFeedList *self, TocsinFeedReader *reader, GError **error)
{
  TocsinFeedLinks links;

  if (!tocsin_feed_reader_end (reader, error))
    return FALSE;
  tocsin_feed_reader_links (reader, &links);
  g_free (self->first);
  g_free (self->next);
  self->first = g_strdup (links.first);
  self->next = g_strdup (links.next);
  self->unnamed = self->unnamed || links.unnamed;
  if (links.changes != NULL)
    {
      g_free (self->changes);
      self->changes = g_strdup (links.changes);
    }
  return TRUE;
}

/* ---- the whole ---- */

/* The first half of a key; the rest of it, and the place in the list, seldom matter. */
static guint64
rank_of (const TocsinFeedEntry *entry)
{
  guint64 rank;

  memcpy (&rank, entry->key.bytes, sizeof rank);
  return GUINT64_FROM_BE (rank);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const TocsinFeedEntry *x = a, *y = b;
  guint64 x_rank = rank_of (x), y_rank = rank_of (y);
  int order;

  if (x_rank != y_rank)
    return x_rank < y_rank ? -1 : 1;
  order = tocsin_bulk_compare_keys (a, b);
  if (order != 0)
    return order;
  return x->number < y->number ? -1 : x->number > y->number;
}

/* By insertion: of a list of a million, sixteen entries share a bucket. */
static void
sort_few (TocsinFeedEntry *entries, guint n)
{
  for (guint i = 1; i < n; i++)
    {
      TocsinFeedEntry entry = entries[i];
      guint at = i;

      for (; at > 0 && compare_entries (&entries[at - 1], &entry) > 0; at--)
        entries[at] = entries[at - 1];
      entries[at] = entry;
    }
}

static guint
bucket_of (const TocsinFeedEntry *entry)
{
  return (guint) entry->key.bytes[0] << 8 | entry->key.bytes[1];
}

/* Keys are digests, so their first two bytes part a list evenly. */
static GArray *
sort_by_key (const GArray *from)
{
  g_autofree guint *ends = g_new0 (guint, BUCKETS + 1);
  const TocsinFeedEntry *entries = (const TocsinFeedEntry *) (gconstpointer) from->data;
  GArray *to = g_array_sized_new (FALSE, FALSE, sizeof (TocsinFeedEntry), from->len);
  TocsinFeedEntry *sorted;
  guint begin = 0;

  g_array_set_size (to, from->len);
  sorted = (TocsinFeedEntry *) (gpointer) to->data;
  for (guint i = 0; i < from->len; i++)
    ends[bucket_of (&entries[i]) + 1]++;
  for (guint b = 0; b < BUCKETS; b++)
    ends[b + 1] += ends[b];
  for (guint i = 0; i < from->len; i++)
    sorted[ends[bucket_of (&entries[i])]++] = entries[i];
  for (guint b = 0; b < BUCKETS; begin = ends[b++])
    if (ends[b] - begin <= FEW)
      sort_few (sorted + begin, ends[b] - begin);
    else
      qsort (sorted + begin, ends[b] - begin, sizeof *sorted, compare_entries);
  return to;
}

/* Of each key the last. */
static void
sort_entries (TocsinFeedList *self)
{
  GArray *sorted;
  TocsinFeedEntry *entries;
  guint n = 0;

  if (self->entries->len == 0)
    return;
  sorted = sort_by_key (self->entries);
  entries = (TocsinFeedEntry *) (gpointer) sorted->data;
  for (guint i = 0; i < sorted->len; i++)
    {
      if (n > 0 && tocsin_id_equal (&entries[n - 1].key, &entries[i].key))
        n--;
      entries[n++] = entries[i];
    }
  g_array_set_size (sorted, n);
  g_array_unref (self->entries);
  self->entries = sorted;
}

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, message);
  return FALSE;
}

gboolean
tocsin_feed_list_close (TocsinFeedList *self, gboolean is_changes, GError **error)
{
  if (self->invalid * 2 > self->rows)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "Line or entry %" G_GUINT64_FORMAT
                   " is no valid subject of its type, as %" G_GUINT64_FORMAT
                   " of %" G_GUINT64_FORMAT "; this is not such a list",
                   self->first_invalid, self->invalid, self->rows);
      return FALSE;
    }
  if (is_changes)
    {
      sort_entries (self);
      return TRUE;
    }
  if (self->rows == 0)
    return refuse (error, "The list is empty");
  if (!self->has_canary)
    return refuse (error, "The entry by which the list is known, its canary, is missing");
  if (self->entries->len == 0 || self->left_out > self->entries->len)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "Most of the list may not be said: %s", self->why);
      return FALSE;
    }
  sort_entries (self);
  return TRUE;
}
