/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-branches.h"

#include "store/branches-private.h"
#include "store/reports-private.h"
#include "store/trust-private.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinBranchCounts, reports),
  TOCSIN_PLAIN (TocsinBranchCounts, tombstones),
  TOCSIN_PLAIN (TocsinBranchCounts, refused),
  TOCSIN_PLAIN (TocsinBranchCounts, statements),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinBranchCounts, fields, NULL);

void
tocsin_branches_get (TocsinTxn *txn, guint32 branch, TocsinBranchCounts *out)
{
  TocsinKey key = tocsin_key_u32 (branch);

  tocsin_txn_get_record (txn, TOCSIN_TABLE_BRANCH_COUNTS, &key, &shape, out);
}

/* Of who has nothing there is no row. */
void
tocsin_branches_put (TocsinTxn *txn, guint32 branch, const TocsinBranchCounts *counts)
{
  TocsinKey key = tocsin_key_u32 (branch);

  if (counts->reports != 0 || counts->tombstones != 0 || counts->refused != 0 ||
      counts->statements != 0)
    tocsin_txn_put_record (txn, TOCSIN_TABLE_BRANCH_COUNTS, &key, &shape, counts);
  else
    tocsin_txn_del (txn, TOCSIN_TABLE_BRANCH_COUNTS, &key);
}

/* Less than nothing would be past every quota for good. */
static guint32
sum (guint32 n, guint32 by)
{
  return (guint32) CLAMP ((gint64) n + (gint32) by, 0, (gint64) G_MAXUINT32);
}

void
tocsin_branches_add (TocsinTxn *txn, guint32 branch, const TocsinBranchCounts *by)
{
  TocsinBranchCounts counts;

  tocsin_branches_get (txn, branch, &counts);
  counts.reports = sum (counts.reports, by->reports);
  counts.tombstones = sum (counts.tombstones, by->tombstones);
  counts.refused = sum (counts.refused, by->refused);
  counts.statements = sum (counts.statements, by->statements);
  tocsin_branches_put (txn, branch, &counts);
}

void
tocsin_branches_foreach (TocsinTxn *txn, TocsinBranchFunc func, gpointer data)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_BRANCH_COUNTS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      TocsinBranchCounts counts;

      if (!tocsin_txn_unpack (txn, &shape, &cursor.value, &counts) ||
          !func (tocsin_key_read_u32 (cursor.key.data), &counts, data))
        return;
    }
}

TocsinBranchCounts *
tocsin_branches_tally (GHashTable *tallies, guint32 branch)
{
  TocsinBranchCounts *counts = g_hash_table_lookup (tallies, GUINT_TO_POINTER (branch));

  if (counts == NULL)
    {
      counts = g_new0 (TocsinBranchCounts, 1);
      g_hash_table_insert (tallies, GUINT_TO_POINTER (branch), counts);
    }
  return counts;
}

/* ---- of older versions of this program ---- */

/* No write goes on beside a cursor, so first all is counted. */
typedef struct
{
  TocsinTxn *txn;
  GHashTable *branches; /* of guint32: TocsinBranchCounts */
  GArray *statements;   /* of TocsinKey */
} Settling;

static TocsinBranchCounts *
counts_of (Settling *self, guint32 branch)
{
  return tocsin_branches_tally (self->branches, branch);
}

static void
settle_reports (Settling *self)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, self->txn, TOCSIN_TABLE_REPORTS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (!tocsin_report_read (self->txn, &cursor.value, &record))
        return;
      if (record.id != NULL)
        tocsin_report_count_branch (&record, 1,
                                    counts_of (self, tocsin_report_record_branch (&record)));
    }
}

static void
settle_tombstone (guint32 actor G_GNUC_UNUSED, guint32 branch, gpointer data)
{
  counts_of (data, branch)->tombstones++;
}

static gboolean
settle_statement (const TocsinTrustRecord *record, gpointer data)
{
  Settling *self = data;
  TocsinKey key = tocsin_trust_branch_key (record);

  if (!tocsin_trust_is_of_another (record))
    return TRUE;
  counts_of (self, tocsin_trust_record_branch (record))->statements++;
  g_array_append_val (self->statements, key);
  return TRUE;
}

void
tocsin_branches_settle (TocsinTxn *txn)
{
  g_autoptr (GHashTable) branches = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinKey));
  Settling self = { .txn = txn, .branches = branches, .statements = statements };
  GHashTableIter iter;
  gpointer branch, counts;

  settle_reports (&self);
  tocsin_tombstones_foreach_counted (txn, settle_tombstone, &self);
  tocsin_trust_foreach (txn, settle_statement, &self);
  for (guint i = 0; i < statements->len; i++)
    tocsin_txn_put (txn, TOCSIN_TABLE_BRANCH_TRUST, &g_array_index (statements, TocsinKey, i), "",
                    0);
  g_hash_table_iter_init (&iter, branches);
  while (g_hash_table_iter_next (&iter, &branch, &counts))
    tocsin_branches_put (txn, GPOINTER_TO_UINT (branch), counts);
}
