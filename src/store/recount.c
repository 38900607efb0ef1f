/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/recount.h"

#include "core/error.h"
#include "store/branches-private.h"
#include "store/reports-private.h"
#include "store/table-allow.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/trust-private.h"

#define WRONG_MAX 100

typedef struct
{
  TocsinTxn *txn;
  guint64 rows;
  GStrvBuilder *wrong;
  guint n_wrong;
  GHashTable *actors;      /* of guint32: TocsinActorCounts */
  GHashTable *branches;    /* of guint32: TocsinBranchCounts */
  GHashTable *deliveries;  /* of guint32: a number; G_MAXUINT32: of all */
  guint64 lengths[2][129]; /* by family and prefix length */
  guint64 open;
} Recount;

/* Asked of every row: whoever closes the store waits for this. */
static gboolean
goes_on (const Recount *self)
{
  return !tocsin_store_is_closing (self->txn->store);
}

static void G_GNUC_PRINTF (2, 3) complain (Recount *self, const char *format, ...)
{
  va_list args;
  g_autofree char *text = NULL;

  if (self->n_wrong++ >= WRONG_MAX)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_strv_builder_add (self->wrong, text);
}

static TocsinActorCounts *
counts_of (Recount *self, guint32 actor)
{
  TocsinActorCounts *counts = g_hash_table_lookup (self->actors, GUINT_TO_POINTER (actor));

  if (counts == NULL)
    {
      counts = g_new0 (TocsinActorCounts, 1);
      g_hash_table_insert (self->actors, GUINT_TO_POINTER (actor), counts);
    }
  return counts;
}

static TocsinBranchCounts *
branch_of (Recount *self, guint32 branch)
{
  return tocsin_branches_tally (self->branches, branch);
}

/* ---- reports ---- */

static void
count_report (Recount *self, const TocsinReportRecord *record)
{
  TocsinActorCounts *counts;
  guint64 number = 0;

  /* A row of a list is in no count. */
  if (record->id == NULL)
    return;
  counts = counts_of (self, record->actor);
  counts->by_state[record->state]++;
  tocsin_report_count_branch (record, 1, branch_of (self, tocsin_report_record_branch (record)));
  if (tocsin_report_in_digest (record))
    {
      counts->items[record->sharing]++;
      tocsin_report_xor (record, counts->digest[record->sharing]);
    }
  if (!tocsin_reports_find (self->txn, record->actor, record->id, &number) ||
      number != record->number)
    complain (self, "Report %" G_GUINT64_FORMAT " is not found by its id", record->number);
}

static void
count_reports (Recount *self)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, self->txn, TOCSIN_TABLE_REPORTS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      g_auto (TocsinReportRecord) record = { 0 };

      self->rows++;
      if (!tocsin_report_read (self->txn, &cursor.value, &record) || !goes_on (self))
        return;
      count_report (self, &record);
    }
}

static void
compare_actor (Recount *self, guint32 actor, const TocsinActorCounts *counted)
{
  TocsinActorCounts stored;

  tocsin_reports_counts (self->txn, actor, &stored);
  for (guint i = 0; i < G_N_ELEMENTS (stored.by_state); i++)
    if (stored.by_state[i] != counted->by_state[i])
      complain (self, "Actor %u has %u reports that are %s, its counter says %u", actor,
                counted->by_state[i], tocsin_state_to_string ((TocsinReportState) i),
                stored.by_state[i]);
  if (stored.tombstones != counted->tombstones)
    complain (self, "Actor %u has %u tombstones, its counter says %u", actor, counted->tombstones,
              stored.tombstones);
  for (guint i = 0; i < G_N_ELEMENTS (stored.items); i++)
    if (stored.items[i] != counted->items[i] ||
        memcmp (stored.digest[i], counted->digest[i], TOCSIN_SHA256_BYTES) != 0)
      complain (self, "The digest of actor %u for %s is not that of its reports", actor,
                tocsin_sharing_to_string ((TocsinSharing) i));
}

static void
compare_actors (Recount *self)
{
  g_auto (TocsinCursor) cursor = { 0 };
  GHashTableIter iter;
  gpointer actor, counts;
  gboolean more;

  /* Counters of actors that have nothing left have to be zero. */
  tocsin_cursor_init (&cursor, self->txn, TOCSIN_TABLE_ACTOR_COUNTS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    /* cppcheck-suppress leakReturnValNotUsed ; the table owns them */
    counts_of (self, tocsin_key_read_u32 (cursor.key.data));
  g_hash_table_iter_init (&iter, self->actors);
  while (g_hash_table_iter_next (&iter, &actor, &counts))
    compare_actor (self, GPOINTER_TO_UINT (actor), counts);
}

static void
count_tombstone (guint32 actor, guint32 branch, gpointer data)
{
  Recount *self = data;

  self->rows++;
  counts_of (self, actor)->tombstones++;
  branch_of (self, branch)->tombstones++;
}

/* ---- branches ---- */

static gboolean
count_statement (const TocsinTrustRecord *record, gpointer data)
{
  Recount *self = data;
  TocsinKey key = tocsin_trust_branch_key (record);

  self->rows++;
  if (tocsin_trust_is_of_another (record))
    {
      branch_of (self, tocsin_trust_record_branch (record))->statements++;
      if (!tocsin_txn_has (self->txn, TOCSIN_TABLE_BRANCH_TRUST, &key))
        complain (self, "A statement of actor %u is not found by its branch %u", record->truster,
                  tocsin_trust_record_branch (record));
    }
  return goes_on (self);
}

/* Those that nothing is left of have no row. */
static gboolean
note_branch (guint32 branch, const TocsinBranchCounts *counts G_GNUC_UNUSED, gpointer data)
{
  /* cppcheck-suppress leakReturnValNotUsed ; the table owns them */
  branch_of (data, branch);
  return TRUE;
}

static void
compare_branch (Recount *self, guint32 branch, const TocsinBranchCounts *counted)
{
  TocsinBranchCounts stored;

  tocsin_branches_get (self->txn, branch, &stored);
  if (stored.reports != counted->reports)
    complain (self, "The branch of actor %u has %u reports, its counter says %u", branch,
              counted->reports, stored.reports);
  if (stored.tombstones != counted->tombstones)
    complain (self, "The branch of actor %u has %u tombstones, its counter says %u", branch,
              counted->tombstones, stored.tombstones);
  if (stored.refused != counted->refused)
    complain (self, "The branch of actor %u has %u refused reports, its counter says %u", branch,
              counted->refused, stored.refused);
  if (stored.statements != counted->statements)
    complain (self, "The branch of actor %u has %u statements of trust, its counter says %u",
              branch, counted->statements, stored.statements);
}

static void
compare_branches (Recount *self)
{
  guint64 statements = 0;
  GHashTableIter iter;
  gpointer branch, counts;

  tocsin_branches_foreach (self->txn, note_branch, self);
  g_hash_table_iter_init (&iter, self->branches);
  while (g_hash_table_iter_next (&iter, &branch, &counts))
    {
      compare_branch (self, GPOINTER_TO_UINT (branch), counts);
      statements += ((TocsinBranchCounts *) counts)->statements;
    }
  if (statements != tocsin_txn_entries (self->txn, TOCSIN_TABLE_BRANCH_TRUST))
    complain (self,
              "%" G_GUINT64_FORMAT " statements of trust are charged to a branch, their index has "
              "%" G_GUINT64_FORMAT,
              statements, tocsin_txn_entries (self->txn, TOCSIN_TABLE_BRANCH_TRUST));
}

/* ---- deliveries ---- */

static void
add_delivery (Recount *self, guint32 peer)
{
  gpointer n = g_hash_table_lookup (self->deliveries, GUINT_TO_POINTER (peer));

  g_hash_table_insert (self->deliveries, GUINT_TO_POINTER (peer),
                       GSIZE_TO_POINTER (GPOINTER_TO_SIZE (n) + 1));
}

static void
count_deliveries (Recount *self)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, self->txn, TOCSIN_TABLE_QUEUE);
  for (more = tocsin_cursor_seek (&cursor, NULL); more && goes_on (self);
       more = tocsin_cursor_next (&cursor))
    {
      self->rows++;
      add_delivery (self, tocsin_key_read_u32 (cursor.key.data));
      add_delivery (self, G_MAXUINT32);
    }
}

static void
compare_deliveries (Recount *self)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, self->txn, TOCSIN_TABLE_QUEUE_COUNTS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      guint32 peer = tocsin_key_read_u32 (cursor.key.data);
      gsize counted =
          GPOINTER_TO_SIZE (g_hash_table_lookup (self->deliveries, GUINT_TO_POINTER (peer)));
      guint64 stored = 0;

      if (cursor.value.size == sizeof stored)
        memcpy (&stored, cursor.value.data, sizeof stored);
      if (stored != counted)
        complain (self,
                  "%" G_GSIZE_FORMAT " deliveries wait for actor %u, its counter says "
                  "%" G_GUINT64_FORMAT,
                  counted, peer, stored);
      g_hash_table_remove (self->deliveries, GUINT_TO_POINTER (peer));
    }
  if (g_hash_table_size (self->deliveries) > 0)
    complain (self, "Deliveries wait for %u actors without a counter",
              g_hash_table_size (self->deliveries));
}

/* ---- subjects, evidence, review ---- */

static void
add_length (Recount *self, TocsinSubjectType type, const char *value)
{
  const char *slash = value != NULL && type == TOCSIN_SUBJECT_NETWORK ? strrchr (value, '/') : NULL;
  guint64 length;

  if (slash != NULL && g_ascii_string_to_unsigned (slash + 1, 10, 0, 128, &length, NULL))
    self->lengths[strchr (value, ':') != NULL][length]++;
}

static gboolean
count_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Recount *self = data;

  self->rows++;
  add_length (self, record->type, record->value);
  return goes_on (self);
}

static gboolean
count_allowed (const TocsinAllowRecord *entry, gpointer data)
{
  Recount *self = data;

  self->rows++;
  add_length (self, entry->type, entry->value);
  return goes_on (self);
}

static void
compare_lengths (Recount *self)
{
  for (guint family = 0; family < 2; family++)
    for (guint length = 0; length <= 128; length++)
      {
        TocsinKey key = { .size = 0 };
        guint64 stored = 0;

        tocsin_key_add_u8 (&key, family == 1 ? 6 : 4);
        tocsin_key_add_u8 (&key, (guint8) length);
        tocsin_txn_get_u64 (self->txn, TOCSIN_TABLE_LENGTHS, &key, &stored);
        if (stored != self->lengths[family][length])
          complain (self,
                    "%" G_GUINT64_FORMAT " networks of IPv%d have length %u, their counter says "
                    "%" G_GUINT64_FORMAT,
                    self->lengths[family][length], family == 1 ? 6 : 4, length, stored);
      }
}

static void
compare_evidence (Recount *self)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, self->txn, TOCSIN_TABLE_EVIDENCE);
  for (more = tocsin_cursor_seek (&cursor, NULL); more && goes_on (self);
       more = tocsin_cursor_next (&cursor))
    {
      TocsinKey subject = { .size = 0 };
      TocsinEvidence row;
      TocsinKey report;

      self->rows++;
      memcpy (&row, cursor.value.data, MIN (sizeof row, cursor.value.size));
      tocsin_key_add (&subject, cursor.key.data, cursor.key.size);
      report = tocsin_key_u64 (row.report);
      if (!tocsin_txn_has (self->txn, TOCSIN_TABLE_REPORTS, &report))
        complain (self, "There is evidence of report %" G_GUINT64_FORMAT ", which is not there",
                  row.report);
      if (!tocsin_txn_has (self->txn, TOCSIN_TABLE_SUBJECTS, &subject))
        complain (self, "There is evidence of report %" G_GUINT64_FORMAT " about no subject",
                  row.report);
    }
}

static gboolean
count_line (const TocsinReviewRecord *line, gpointer data)
{
  Recount *self = data;

  self->rows++;
  self->open += line->state == TOCSIN_REVIEW_OPEN;
  return goes_on (self);
}

static void
recount (Recount *self)
{
  count_reports (self);
  tocsin_tombstones_foreach_counted (self->txn, count_tombstone, self);
  compare_actors (self);
  tocsin_trust_foreach (self->txn, count_statement, self);
  compare_branches (self);
  count_deliveries (self);
  compare_deliveries (self);
  tocsin_subjects_foreach (self->txn, "", NULL, count_subject, self);
  tocsin_allow_foreach (self->txn, count_allowed, self);
  compare_lengths (self);
  compare_evidence (self);
  tocsin_review_foreach (self->txn, 0, FALSE, count_line, self);
  if (self->open != tocsin_review_count_open (self->txn))
    complain (self,
              "%" G_GUINT64_FORMAT " lines of review are open, their index has "
              "%" G_GUINT64_FORMAT,
              self->open, tocsin_review_count_open (self->txn));
}

static gboolean
refuse_closing (GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
  return FALSE;
}

gboolean
tocsin_store_recount (TocsinStore *store, guint64 *rows, char ***wrong, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) actors = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GHashTable) branches = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GHashTable) deliveries = g_hash_table_new (NULL, NULL);
  Recount self = {
    .wrong = builder, .actors = actors, .branches = branches, .deliveries = deliveries
  };
  TocsinReader *reader;
  gboolean ok;

  reader = tocsin_reader_new (store);
  self.txn = tocsin_reader_begin (reader);
  recount (&self);
  /* What it did not look at is not wrong. */
  ok = goes_on (&self) ? tocsin_txn_check (self.txn, error) : refuse_closing (error);
  tocsin_reading_end (self.txn);
  tocsin_reader_free (reader);
  *rows = self.rows;
  *wrong = ok ? g_strv_builder_end (builder) : NULL;
  return ok;
}
