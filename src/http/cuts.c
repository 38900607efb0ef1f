/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Allow entries are few, so what is around each is looked up, rather than what is in each row. All
 * pieces are together before any is compared with what is stored under its own key: a network may
 * be cut itself and be a piece of a wider one. What comes together under one key is told as one.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/cuts.h"

#include <string.h>

#include "core/network-cut.h"
#include "store/table-allow.h"

#define PIECES_MAX     4096      /* of one network; one that would take more is in no list */
#define ALL_PIECES_MAX (1 << 18) /* of all networks together, likewise */
#define STOP_EVERY     1024      /* looks between two at the flag */

typedef struct
{
  TocsinSubjectKey key;
  gboolean is_cut;  /* what is stored is not told */
  gboolean has_row; /* this is */
  TocsinExportRow row;
} Entry;

struct _TocsinCuts
{
  GArray *entries;     /* (owned) (element-type Entry) by key */
  GStringChunk *texts; /* (owned) values of rows */
  GPtrArray *allowed;  /* (owned) (element-type GPtrArray) names below a domain */
};

/* ---- making them ---- */

typedef struct
{
  TocsinJudge *judge;
  TocsinCuts *cuts;
  GHashTable *by_key;         /* (owned) (element-type TocsinSubjectKey Entry) */
  TocsinNetworkCut *networks; /* (owned) */
  GPtrArray *domains;         /* (owned) (element-type utf8) allowed */
  Entry around;               /* the network that is being cut */
  guint n_pieces;
  const gint *stop; /* (nullable) */
  guint n_looked;
  gboolean stopped;
} Making;

/* FALSE once it shall end. */
static gboolean
goes_on (Making *making)
{
  if (++making->n_looked % STOP_EVERY == 0 && making->stop != NULL)
    making->stopped = making->stopped || g_atomic_int_get (making->stop) != 0;
  return !making->stopped;
}

static guint
hash_key (gconstpointer key)
{
  guint hash;

  memcpy (&hash, key, sizeof hash);
  return hash;
}

static gboolean
equal_keys (gconstpointer a, gconstpointer b)
{
  return tocsin_id_equal (a, b);
}

static Entry *
get_entry (Making *making, const TocsinSubjectKey *key)
{
  Entry *entry = g_hash_table_lookup (making->by_key, key);

  if (entry == NULL)
    {
      entry = g_new0 (Entry, 1);
      entry->key = *key;
      g_hash_table_insert (making->by_key, &entry->key, entry);
    }
  return entry;
}

/* What a list tells of @key; FALSE if it is not listed. Its value is @making's. */
static gboolean
read_row (Making *making, const TocsinSubjectKey *key, TocsinExportRow *out)
{
  TocsinSubjectRecord record;

  if (!tocsin_subjects_get (making->judge->txn, key, &record) || record.value == NULL)
    return FALSE;
  *out = (TocsinExportRow){ .type = record.type, .value = record.value };
  if (!tocsin_judge_row (making->judge, &record, out) || out->verdict < TOCSIN_VERDICT_NOTE)
    return FALSE;
  out->value = g_string_chunk_insert_const (making->cuts->texts, record.value);
  return TRUE;
}

/* Adds to @row what else is told under its key. The stronger of the two says what is decided and
 * how long. */
static void
join (TocsinExportRow *row, const TocsinExportRow *other)
{
  if (other->verdict > row->verdict)
    {
      row->verdict = other->verdict;
      row->score = other->score;
      row->expires_s = other->expires_s;
    }
  else if (other->verdict == row->verdict)
    {
      row->score = MAX (row->score, other->score);
      row->expires_s = MAX (row->expires_s, other->expires_s);
    }
  row->categories |= other->categories;
  row->last_seen_s = MAX (row->last_seen_s, other->last_seen_s);
  if (other->first_seen_s != 0 &&
      (row->first_seen_s == 0 || other->first_seen_s < row->first_seen_s))
    row->first_seen_s = other->first_seen_s;
}

static gboolean
on_allowed (const TocsinAllowRecord *record, gpointer data)
{
  Making *making = data;

  if (record->value == NULL ||
      (record->expires_us != 0 && record->expires_us <= making->judge->scoring.now_us))
    return goes_on (making);
  if (record->type == TOCSIN_SUBJECT_IP || record->type == TOCSIN_SUBJECT_NETWORK)
    tocsin_network_cut_add (making->networks, record->value);
  else if (record->type == TOCSIN_SUBJECT_DOMAIN)
    g_ptr_array_add (making->domains, g_strdup (record->value));
  return goes_on (making);
}

static void
on_piece (const char *network, const TocsinSubjectKey *key, gboolean soft, gpointer data)
{
  Making *making = data;
  TocsinExportRow row = making->around.row;
  Entry *entry = get_entry (making, key);

  if (soft)
    row.verdict = MIN (row.verdict, TOCSIN_VERDICT_NOTE);
  if (entry->has_row && !entry->row.withheld)
    {
      join (&entry->row, &row);
      return;
    }
  if (entry->has_row && entry->row.verdict >= row.verdict)
    return;
  row.value = g_string_chunk_insert_const (making->cuts->texts, network);
  entry->has_row = TRUE;
  entry->row = row;
}

static void
count_whole (const char *network,
             const TocsinSubjectKey *key G_GNUC_UNUSED,
             gboolean soft,
             gpointer data)
{
  Making *making = data;

  making->around.is_cut = soft || !g_str_equal (network, making->around.row.value);
}

/* What is only a note has nothing that would be less where it is shared. */
static void
cut_network (Making *making, const TocsinSubjectKey *key)
{
  guint max = MIN (PIECES_MAX, ALL_PIECES_MAX - making->n_pieces);
  gboolean with_soft;
  Entry *entry;
  guint n;

  making->around = (Entry){ .key = *key, .is_cut = TRUE };
  if (!read_row (making, key, &making->around.row))
    return;
  with_soft = making->around.row.verdict > TOCSIN_VERDICT_NOTE;
  n = tocsin_network_cut_split (making->networks, making->around.row.value, with_soft, max, NULL,
                                NULL);
  if (n == 1)
    tocsin_network_cut_split (making->networks, making->around.row.value, with_soft, 1, count_whole,
                              making);
  if (!making->around.is_cut)
    return;
  entry = get_entry (making, key);
  entry->is_cut = TRUE;
  if (n <= max)
    making->n_pieces += tocsin_network_cut_split (making->networks, making->around.row.value,
                                                  with_soft, n, on_piece, making);
  else if (!entry->has_row)
    {
      entry->has_row = TRUE;
      entry->row = making->around.row;
      entry->row.withheld = TRUE;
    }
}

static gboolean
on_around (const char *network G_GNUC_UNUSED, const TocsinSubjectKey *key, gpointer data)
{
  Making *making = data;

  if (goes_on (making))
    cut_network (making, key);
  return !making->stopped;
}

/* A piece of one address says what is stored of the address, too. Where that says as much by
 * itself, both in one list would be twice the same. */
static void
compare_with_address (Making *making, TocsinExportRow *row)
{
  const char *slash = strchr (row->value, '/');
  g_autofree char *address = NULL;
  g_auto (TocsinSubject) subject = { 0 };
  TocsinExportRow stored;
  TocsinSubjectKey key;

  if (slash == NULL || strcmp (slash, "/32") != 0 || strchr (row->value, ':') != NULL)
    return;
  address = g_strndup (row->value, (gsize) (slash - row->value));
  if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, address, NULL))
    return;
  key = tocsin_subject_key (&subject);
  if (!read_row (making, &key, &stored))
    return;
  join (row, &stored);
  row->doubled = stored.verdict == row->verdict && (row->categories & ~stored.categories) == 0;
}

static void
compare_with_stored (Making *making)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, making->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value) && goes_on (making))
    {
      Entry *entry = value;
      TocsinExportRow stored;

      if (!entry->is_cut && read_row (making, &entry->key, &stored))
        join (&entry->row, &stored);
      if (entry->has_row && !entry->row.withheld)
        compare_with_address (making, &entry->row);
    }
}

/* The names above @name that are listed. */
static void
cut_domains_above (Making *making, const char *name)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GArray) probes = NULL;

  if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, name, NULL))
    return;
  probes = tocsin_subject_probes (&subject, NULL);
  for (guint i = 1; i < probes->len; i++)
    {
      const TocsinSubjectKey *key = &g_array_index (probes, TocsinProbe, i).key;
      Entry *entry = g_hash_table_lookup (making->by_key, key);
      TocsinExportRow row;

      if (entry == NULL && !read_row (making, key, &row))
        continue;
      if (entry == NULL)
        {
          entry = get_entry (making, key);
          entry->is_cut = entry->has_row = TRUE;
          entry->row = row;
          entry->row.allowed = g_ptr_array_new ();
          g_ptr_array_add (making->cuts->allowed, (gpointer) entry->row.allowed);
        }
      g_ptr_array_add ((gpointer) entry->row.allowed,
                       g_string_chunk_insert_const (making->cuts->texts, subject.value));
    }
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return memcmp (((const Entry *) a)->key.bytes, ((const Entry *) b)->key.bytes,
                 sizeof (TocsinSubjectKey));
}

static void
collect (Making *making)
{
  GArray *entries = making->cuts->entries;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, making->by_key);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_array_append_val (entries, *(Entry *) value);
  g_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *entry = &g_array_index (entries, Entry, i);

      entry->row.key = &entry->key;
    }
}

TocsinCuts *
tocsin_cuts_new (TocsinJudge *judge, guint types, const gint *stop)
{
  g_autoptr (TocsinCuts) self = g_new0 (TocsinCuts, 1);
  g_autoptr (GHashTable) by_key = g_hash_table_new_full (hash_key, equal_keys, NULL, g_free);
  g_autoptr (TocsinNetworkCut) networks = tocsin_network_cut_new ();
  g_autoptr (GPtrArray) domains = g_ptr_array_new_with_free_func (g_free);
  Making making = { .judge = judge,
                    .cuts = self,
                    .by_key = by_key,
                    .networks = networks,
                    .domains = domains,
                    .stop = stop };

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  self->texts = g_string_chunk_new (256);
  self->allowed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  if (judge->has_allow)
    tocsin_allow_foreach (judge->txn, on_allowed, &making);
  tocsin_network_cut_add_soft (networks, judge->shared_networks);
  if ((types & TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_NETWORK)) != 0)
    tocsin_network_cut_foreach_around (networks, &judge->lengths, on_around, &making);
  compare_with_stored (&making);
  if ((types & TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_DOMAIN)) != 0)
    for (guint i = 0; i < domains->len && goes_on (&making); i++)
      cut_domains_above (&making, g_ptr_array_index (domains, i));
  collect (&making);
  return making.stopped ? NULL : g_steal_pointer (&self);
}

void
tocsin_cuts_free (TocsinCuts *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->entries);
  g_string_chunk_free (self->texts);
  g_ptr_array_unref (self->allowed);
  g_free (self);
}

/* ---- using them ---- */

gboolean
tocsin_cuts_find (const TocsinCuts *self, const TocsinSubjectKey *key, const TocsinExportRow **row)
{
  guint low = 0, high = self->entries->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      int order = memcmp (g_array_index (self->entries, Entry, middle).key.bytes, key->bytes,
                          sizeof key->bytes);

      if (order == 0)
        {
          if (row != NULL)
            tocsin_cuts_get (self, middle, row);
          return TRUE;
        }
      if (order < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return FALSE;
}

guint
tocsin_cuts_count (const TocsinCuts *self)
{
  return self->entries->len;
}

const TocsinSubjectKey *
tocsin_cuts_get (const TocsinCuts *self, guint i, const TocsinExportRow **row)
{
  const Entry *entry = &g_array_index (self->entries, Entry, i);

  *row = entry->has_row ? &entry->row : NULL;
  return &entry->key;
}
