/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

/* What time does to reports: expiry, tombstones, and the digest that depends on the day. */

#include "core/clock.h"
#include "store/branches-private.h"
#include "store/purge.h"
#include "store/reports-private.h"
#include "store/table-evidence.h"
#include "store/table-outbox.h"
#include "store/table-review.h"
#include "store/table-seen.h"

/* A row of `tombstones`. */
typedef struct
{
  TocsinTombstone tombstone;
  guint32 actor;
  guint32 counted; /* TOCSIN_COUNTED_…, or tocsin_counted_for() */
} TombstoneRow;

static guint32
branch_of (const TombstoneRow *row)
{
  return tocsin_counted_branch (row->counted, row->actor);
}

static TocsinKey
tombstone_key (guint32 actor, const char *id)
{
  TocsinId hash = tocsin_id_for_pair (actor, id);

  return tocsin_key_id (&hash);
}

static TocsinKey
tombstone_end_key (gint64 until_us, const TocsinKey *key)
{
  TocsinKey end =
      tocsin_key_u32 ((guint32) CLAMP (until_us / TOCSIN_SECOND_US, 0, (gint64) G_MAXUINT32));

  tocsin_key_add (&end, key->bytes, key->size);
  return end;
}

static gboolean
read_tombstone (TocsinTxn *txn, const TocsinKey *key, TombstoneRow *row)
{
  TocsinSpan span;

  memset (row, 0, sizeof *row);
  if (!tocsin_txn_get (txn, TOCSIN_TABLE_TOMBSTONES, key, &span))
    return FALSE;
  if (span.size != sizeof *row)
    {
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  memcpy (row, span.data, sizeof *row);
  return TRUE;
}

gboolean
tocsin_tombstones_get (TocsinTxn *txn, guint32 actor, const char *id, TocsinTombstone *out)
{
  TocsinKey key = tombstone_key (actor, id);
  TombstoneRow row;
  gboolean found = read_tombstone (txn, &key, &row);

  *out = row.tombstone;
  return found;
}

static void
count_tombstone (TocsinTxn *txn, const TombstoneRow *row, int by)
{
  const TocsinBranchCounts of_branch = { .tombstones = (guint32) by };
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, row->actor, &counts);
  counts.tombstones += (guint32) by;
  tocsin_report_put_counts (txn, row->actor, &counts);
  tocsin_branches_add (txn, branch_of (row), &of_branch);
}

void
tocsin_tombstones_put (TocsinTxn *txn, guint32 actor, const char *id, const TocsinTombstone *in)
{
  tocsin_tombstones_put_for (txn, actor, actor, id, in);
}

void
tocsin_tombstones_put_for (
    TocsinTxn *txn, guint32 branch, guint32 actor, const char *id, const TocsinTombstone *in)
{
  TocsinKey key = tombstone_key (actor, id);
  TocsinKey end_key;
  TombstoneRow row;
  guint64 number;

  if (read_tombstone (txn, &key, &row))
    {
      end_key = tombstone_end_key (row.tombstone.until_us, &key);
      tocsin_txn_del (txn, TOCSIN_TABLE_TOMBSTONE_ENDS, &end_key);
      row.tombstone.removed_us = MAX (row.tombstone.removed_us, in->removed_us);
      row.tombstone.until_us = MAX (row.tombstone.until_us, in->until_us);
    }
  else
    {
      row.tombstone = *in;
      row.actor = actor;
      if (!tocsin_reports_find (txn, actor, id, &number))
        row.counted = tocsin_counted_for (branch, actor);
      if (row.counted != TOCSIN_COUNTED_NOT)
        count_tombstone (txn, &row, 1);
    }
  end_key = tombstone_end_key (row.tombstone.until_us, &key);
  tocsin_txn_put (txn, TOCSIN_TABLE_TOMBSTONES, &key, &row, sizeof row);
  tocsin_txn_put (txn, TOCSIN_TABLE_TOMBSTONE_ENDS, &end_key, "", 0);
}

void
tocsin_tombstones_foreach_counted (TocsinTxn *txn,
                                   void (*func) (guint32 actor, guint32 branch, gpointer data),
                                   gpointer data)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_TOMBSTONES);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      TombstoneRow row;

      if (cursor.value.size != sizeof row)
        {
          tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
          return;
        }
      memcpy (&row, cursor.value.data, sizeof row);
      if (row.counted != TOCSIN_COUNTED_NOT)
        func (row.actor, branch_of (&row), data);
    }
}

/* The first key of @table, if its time is not after @now_us. */
static gboolean
first_due (TocsinTxn *txn, TocsinTable table, gint64 now_us, TocsinKey *key)
{
  g_auto (TocsinCursor) cursor = { 0 };

  key->size = 0;
  tocsin_cursor_init (&cursor, txn, table);
  if (!tocsin_cursor_seek (&cursor, NULL) ||
      tocsin_key_read_u32 (cursor.key.data) > now_us / TOCSIN_SECOND_US)
    return FALSE;
  tocsin_key_add (key, cursor.key.data, cursor.key.size);
  return TRUE;
}

guint
tocsin_tombstones_purge (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  TocsinKey end_key;
  guint n = 0;

  for (; n < max_rows && first_due (txn, TOCSIN_TABLE_TOMBSTONE_ENDS, now_us, &end_key); n++)
    {
      TocsinKey key = { .size = 0 };
      TombstoneRow row;

      tocsin_key_add (&key, end_key.bytes + sizeof (guint32), end_key.size - sizeof (guint32));
      if (read_tombstone (txn, &key, &row) && row.counted != TOCSIN_COUNTED_NOT)
        count_tombstone (txn, &row, -1);
      tocsin_txn_del (txn, TOCSIN_TABLE_TOMBSTONES, &key);
      tocsin_txn_del (txn, TOCSIN_TABLE_TOMBSTONE_ENDS, &end_key);
    }
  return n;
}

static void
expire (TocsinTxn *txn, const TocsinReportRecord *old, gint64 now_us)
{
  g_auto (TocsinReportRecord) record = { 0 };

  tocsin_reports_get (txn, old->number, &record);
  tocsin_report_strip (&record);
  record.state = TOCSIN_STATE_EXPIRED;
  record.hold = TOCSIN_HOLD_NONE;
  record.held_us = 0;
  record.withdrawn_us = old->end_us;
  record.gone_us = now_us + tocsin_store_keep_us (txn->store);
  tocsin_report_replace (txn, old, &record, now_us);
  if (old->sequence != 0)
    tocsin_outbox_blank (txn, old->sequence);
}

/* Forgets a report that was stripped: what is left is its ids. */
void
tocsin_report_forget (TocsinTxn *txn, const TocsinReportRecord *record)
{
  TocsinId id = tocsin_id_for_pair (record->actor, record->id);
  TocsinKey key = tocsin_key_id (&id);
  TocsinActorCounts counts;

  tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_IDS, &key);
  key = tocsin_key_u32_u64 (record->actor, record->number);
  tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_ACTORS, &key);
  if (record->bundle != 0)
    {
      key = tocsin_key_u64_u64 (record->bundle, record->number);
      tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_BUNDLES, &key);
    }
  key = tocsin_key_u64 (record->number);
  tocsin_txn_del (txn, TOCSIN_TABLE_REPORTS, &key);
  tocsin_reports_counts (txn, record->actor, &counts);
  counts.by_state[record->state]--;
  tocsin_report_put_counts (txn, record->actor, &counts);
  tocsin_report_charge (txn, record, -1);
}

gboolean
tocsin_reports_drop (TocsinTxn *txn, guint64 number, gint64 now_us)
{
  g_auto (TocsinReportRecord) old = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  if (!tocsin_reports_get (txn, number, &old) || old.id == NULL)
    return FALSE;
  tocsin_reports_get (txn, number, &record);
  tocsin_report_strip (&record);
  record.state = TOCSIN_STATE_WITHDRAWN;
  record.hold = TOCSIN_HOLD_NONE;
  record.gone_us = 0;
  tocsin_report_replace (txn, &old, &record, now_us);
  if (old.sequence != 0)
    tocsin_outbox_blank (txn, old.sequence);
  if (old.activity_id != NULL)
    tocsin_seen_forget (txn, old.activity_id);
  tocsin_report_forget (txn, &record);
  return TRUE;
}

guint
tocsin_reports_purge (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  TocsinKey end_key;
  guint n = 0;

  for (; n < max_rows && first_due (txn, TOCSIN_TABLE_REPORT_ENDS, now_us, &end_key); n++)
    {
      guint64 number = tocsin_key_read_u64 (end_key.bytes + sizeof (guint32));
      TocsinEndKind kind = (TocsinEndKind) end_key.bytes[end_key.size - 1];
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_reports_get (txn, number, &record))
        {
          if (record.id == NULL)
            tocsin_report_remove_compact (txn, &record);
          else if (kind == TOCSIN_END_EVIDENCE)
            tocsin_evidence_remove (txn, &record.key, record.actor, record.category, number);
          else if (kind == TOCSIN_END_REPORT)
            expire (txn, &record, now_us);
          else
            tocsin_report_forget (txn, &record);
        }
      /* Most have removed it themselves. */
      tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_ENDS, &end_key);
      if (txn->rc != MDB_SUCCESS)
        break;
    }
  return n;
}

guint64
tocsin_reports_digest (TocsinTxn *txn,
                       guint32 actor,
                       gint64 as_of_us,
                       TocsinSharing most,
                       guint8 digest[TOCSIN_SHA256_BYTES])
{
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinActorCounts counts;
  guint64 items = 0;
  gboolean more;

  memset (digest, 0, TOCSIN_SHA256_BYTES);
  tocsin_reports_counts (txn, actor, &counts);
  for (guint s = 0; s <= (guint) most && s < G_N_ELEMENTS (counts.items); s++)
    {
      items += counts.items[s];
      for (guint i = 0; i < TOCSIN_SHA256_BYTES; i++)
        digest[i] ^= counts.digest[s][i];
    }

  /* What has ended and is not purged yet is still in the counts. */
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REPORT_ENDS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      const guint8 *key = cursor.key.data;
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_key_read_u32 (key) > as_of_us / TOCSIN_SECOND_US)
        break;
      if (key[cursor.key.size - 1] != TOCSIN_END_REPORT ||
          !tocsin_reports_get (txn, tocsin_key_read_u64 (key + sizeof (guint32)), &record) ||
          record.actor != actor || record.sharing > most || !tocsin_report_in_digest (&record))
        continue;
      tocsin_report_xor (&record, digest);
      items--;
    }
  return items;
}

/* ---- of older versions of this program ---- */

static gboolean
note_withdrawer (const TocsinReviewRecord *line, gpointer actors)
{
  if (line->kind == TOCSIN_REVIEW_WITHDRAWAL)
    g_hash_table_add (actors, GUINT_TO_POINTER (line->actor));
  return TRUE;
}

/* Also of a batch that was rejected since. */
static gboolean
was_counted (const TocsinReportRecord *record)
{
  return record->state == TOCSIN_STATE_LIVE || record->state == TOCSIN_STATE_HELD ||
         record->state == TOCSIN_STATE_REFUSED;
}

static void
uncount_waiting_of (TocsinTxn *txn, guint32 actor)
{
  TocsinReportFilter filter = { .has_actor = TRUE, .actor = actor, .ascending = TRUE };
  TocsinActorCounts counts;
  guint64 next = 0;

  tocsin_reports_counts (txn, actor, &counts);
  do
    {
      g_autoptr (GPtrArray) page = tocsin_reports_list (txn, &filter, next, 500, &next);

      for (guint i = 0; i < page->len; i++)
        {
          const TocsinReportRecord *record = g_ptr_array_index (page, i);

          if (record->withdrawn_us == 0 || !was_counted (record))
            continue;
          counts.items[record->sharing]--;
          tocsin_report_xor (record, counts.digest[record->sharing]);
        }
    }
  while (next != 0);
  tocsin_report_put_counts (txn, actor, &counts);
}

void
tocsin_reports_uncount_waiting (TocsinTxn *txn)
{
  g_autoptr (GHashTable) actors = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer actor;

  /* No Remove waits without a line, decided or not. */
  tocsin_review_foreach (txn, 0, FALSE, note_withdrawer, actors);
  g_hash_table_iter_init (&iter, actors);
  while (g_hash_table_iter_next (&iter, &actor, NULL))
    uncount_waiting_of (txn, GPOINTER_TO_UINT (actor));
}
