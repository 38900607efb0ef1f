/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What time asks for, a bounded part at a time, and what it would ask for.
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/purge.h"

#include "core/clock.h"
#include "store/reports-private.h"
#include "store/table-allow.h"
#include "store/table-audit.h"
#include "store/table-changes.h"
#include "store/table-imports.h"
#include "store/table-outbox.h"
#include "store/table-queue.h"
#include "store/table-review.h"
#include "store/table-seen.h"
#include "store/table-trust.h"
#include "store/table-voices.h"

#define REVIEW_LOOKS    1000 /* lines that one purge looks at; the next goes on where it ended */
#define STATEMENT_LOOKS 100  /* of these, for a line about trust */

gint64
tocsin_store_keep_us (TocsinStore *self)
{
  return tocsin_store_get_retention (self)->seen_days * TOCSIN_DAY_US;
}

/* ---- deliveries ---- */

static gboolean
is_dead (TocsinTxn *txn, guint64 sequence, gint64 now_us)
{
  g_auto (TocsinOutboxRecord) entry = { 0 };

  return !tocsin_outbox_get (txn, sequence, &entry) ||
         entry.created_us < now_us - TOCSIN_DELIVERY_DEAD_DAYS * TOCSIN_DAY_US;
}

typedef struct
{
  TocsinTxn *txn;
  gint64 now_us;
  GArray *dead; /* of TocsinQueueEntry */
  guint max_rows;
} DeadDeliveries;

static gboolean
collect_dead (const TocsinQueueEntry *next, guint64 count G_GNUC_UNUSED, gpointer data)
{
  DeadDeliveries *self = data;

  if (is_dead (self->txn, next->sequence, self->now_us))
    g_array_append_vals (self->dead, next, 1);
  return self->dead->len < self->max_rows;
}

/* The oldest delivery of each peer; the next call sees the one after it. */
static guint
purge_deliveries (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  g_autoptr (GArray) dead = g_array_new (FALSE, FALSE, sizeof (TocsinQueueEntry));
  DeadDeliveries self = { txn, now_us, dead, max_rows };

  tocsin_queue_foreach_peer (txn, collect_dead, &self);
  for (guint i = 0; i < dead->len; i++)
    {
      const TocsinQueueEntry *entry = &g_array_index (dead, TocsinQueueEntry, i);

      tocsin_queue_done (txn, entry->peer, entry->sequence);
    }
  return dead->len;
}

static guint64
count_deliveries (TocsinTxn *txn, gint64 now_us)
{
  g_auto (TocsinCursor) cursor = { 0 };
  guint64 n = 0;
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_QUEUE);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    n += is_dead (txn, tocsin_key_read_u64 ((const guint8 *) cursor.key.data + sizeof (guint32)),
                  now_us);
  return n;
}

/* ---- review ---- */

typedef struct
{
  TocsinTxn *txn;
  gint64 before_us;
  GArray *ids;  /* (nullable) of guint64 */
  GArray *moot; /* (nullable) of guint64 */
  guint64 max_rows;
  guint64 looks;     /* left */
  guint64 looked_at; /* the last line */
  gboolean stopped;  /* before the end */
  guint64 n;
} OldLines;

static gboolean
is_undecided (const TocsinTrustRecord *statement, gpointer data)
{
  gboolean *found = data;

  *found = statement->held && statement->alternate != NULL;
  return !*found;
}

static gboolean
has_undecided_statement (TocsinTxn *txn, guint32 truster)
{
  gboolean found = FALSE;

  tocsin_trust_foreach_of (txn, truster, is_undecided, &found);
  return found;
}

/* Nothing is left to decide about a report that is gone, or is not held any more, or was rejected
 * with all that came with it. A peer whose reports are held would fill the list for good. */
static gboolean
is_moot (OldLines *self, const TocsinReviewRecord *line)
{
  g_auto (TocsinReportRecord) report = { 0 };

  if (line->state != TOCSIN_REVIEW_OPEN ||
      (line->kind != TOCSIN_REVIEW_HELD && line->kind != TOCSIN_REVIEW_EQUIVOCATION))
    return FALSE;
  if (line->report != 0)
    return !tocsin_reports_get (self->txn, line->report, &report) ||
           report.state != TOCSIN_STATE_HELD || report.hold == TOCSIN_HOLD_REJECTED;
  if (line->kind != TOCSIN_REVIEW_EQUIVOCATION)
    return FALSE;
  /* All that an actor states is looked at. */
  self->looks -= MIN (self->looks, STATEMENT_LOOKS);
  return !has_undecided_statement (self->txn, line->actor);
}

static gboolean
collect_line (const TocsinReviewRecord *line, gpointer data)
{
  OldLines *self = data;

  self->stopped = self->looks == 0 || self->n >= self->max_rows ||
                  (self->moot != NULL && self->moot->len >= self->max_rows);
  if (self->stopped)
    return FALSE;
  self->looks--;
  self->looked_at = line->id;
  if (line->state != TOCSIN_REVIEW_OPEN && line->decided_us < self->before_us)
    {
      self->n++;
      if (self->ids != NULL)
        g_array_append_val (self->ids, line->id);
    }
  if (self->moot != NULL && is_moot (self, line))
    g_array_append_val (self->moot, line->id);
  return TRUE;
}

static void
close_line (TocsinTxn *txn, guint64 id, gint64 now_us)
{
  g_auto (TocsinReviewRecord) line = { 0 };

  if (!tocsin_review_get (txn, id, &line))
    return;
  line.state = TOCSIN_REVIEW_LAPSED;
  line.decided_us = now_us;
  g_free (line.decided_by);
  line.decided_by = g_strdup ("node");
  tocsin_review_put (txn, &line);
}

static guint
purge_review (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  g_autoptr (GArray) ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GArray) moot = g_array_new (FALSE, FALSE, sizeof (guint64));
  OldLines old = { .txn = txn,
                   .before_us = now_us - tocsin_store_keep_us (txn->store),
                   .ids = ids,
                   .moot = moot,
                   .max_rows = max_rows,
                   .looks = REVIEW_LOOKS };
  guint64 *position = tocsin_store_review_position (txn->store);
  guint n = 0;

  tocsin_review_foreach (txn, *position, FALSE, collect_line, &old);
  *position = old.stopped ? old.looked_at : 0;
  for (guint i = 0; i < ids->len; i++)
    n += tocsin_review_remove (txn, g_array_index (ids, guint64, i)) ? 1 : 0;
  for (guint i = 0; i < moot->len; i++)
    close_line (txn, g_array_index (moot, guint64, i), now_us);
  return n;
}

/* ---- all ---- */

guint
tocsin_store_purge (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  const TocsinRetention *keep = tocsin_store_get_retention (txn->store);
  guint n = tocsin_reports_purge (txn, now_us, max_rows) +
            tocsin_tombstones_purge (txn, now_us, max_rows) +
            tocsin_seen_purge (txn, now_us, max_rows) + tocsin_allow_purge (txn, now_us, max_rows) +
            purge_review (txn, now_us, max_rows) + purge_deliveries (txn, now_us, max_rows) +
            tocsin_outbox_purge (txn, now_us, max_rows) +
            tocsin_imports_purge (txn, now_us - tocsin_store_keep_us (txn->store), max_rows) +
            tocsin_voices_purge (txn, (guint32) (now_us / TOCSIN_DAY_US), max_rows);

  if (keep->audit_days > 0)
    n += tocsin_audit_purge (txn, now_us - keep->audit_days * TOCSIN_DAY_US, now_us, max_rows);
  /* What was purged just now is in its log. */
  return n + tocsin_changes_trim (txn, now_us, max_rows);
}

gboolean
tocsin_store_purge_is_through (TocsinTxn *txn)
{
  return *tocsin_store_review_position (txn->store) == 0 &&
         *tocsin_store_outbox_position (txn->store) == 0;
}

/* Keys of @table that begin with a time of at most @until_s seconds. */
static guint64
count_until (TocsinTxn *txn, TocsinTable table, gint64 until_s)
{
  g_auto (TocsinCursor) cursor = { 0 };
  guint64 n = 0;
  gboolean more;

  tocsin_cursor_init (&cursor, txn, table);
  for (more = tocsin_cursor_seek (&cursor, NULL);
       more && tocsin_key_read_u32 (cursor.key.data) <= until_s;
       more = tocsin_cursor_next (&cursor))
    n++;
  return n;
}

static void
count_reports (TocsinTxn *txn, gint64 now_us, TocsinPurgeCounts *out)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REPORT_ENDS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more && !tocsin_store_is_closing (txn->store);
       more = tocsin_cursor_next (&cursor))
    {
      const guint8 *key = cursor.key.data;
      TocsinKey report = tocsin_key_u64 (tocsin_key_read_u64 (key + sizeof (guint32)));

      if (tocsin_key_read_u32 (key) > now_us / TOCSIN_SECOND_US)
        return;
      if (!tocsin_txn_has (txn, TOCSIN_TABLE_REPORTS, &report))
        continue;
      if (key[cursor.key.size - 1] == TOCSIN_END_EVIDENCE)
        out->evidence++;
      else if (key[cursor.key.size - 1] == TOCSIN_END_REPORT)
        out->reports++;
      else
        out->remains++;
    }
}

typedef struct
{
  gint64 now_us;
  guint64 n;
} ExpiredEntries;

static gboolean
count_allowed (const TocsinAllowRecord *record, gpointer data)
{
  ExpiredEntries *expired = data;

  expired->n += record->expires_us != 0 && record->expires_us <= expired->now_us;
  return TRUE;
}

void
tocsin_store_purge_count (TocsinTxn *txn, gint64 now_us, TocsinPurgeCounts *out)
{
  const TocsinRetention *keep = tocsin_store_get_retention (txn->store);
  gint64 now_s = now_us / TOCSIN_SECOND_US;
  OldLines old = { .before_us = now_us - tocsin_store_keep_us (txn->store),
                   .max_rows = G_MAXUINT64,
                   .looks = G_MAXUINT64 };
  ExpiredEntries expired = { .now_us = now_us };

  *out = (TocsinPurgeCounts){ 0 };
  count_reports (txn, now_us, out);
  out->tombstones = count_until (txn, TOCSIN_TABLE_TOMBSTONE_ENDS, now_s);
  out->seen = count_until (txn, TOCSIN_TABLE_SEEN_TIMES,
                           now_s - tocsin_store_keep_us (txn->store) / TOCSIN_SECOND_US - 1);
  tocsin_allow_foreach (txn, count_allowed, &expired);
  out->allow = expired.n;
  out->changes = tocsin_changes_count_due (txn, now_us);
  tocsin_review_foreach (txn, 0, FALSE, collect_line, &old);
  out->review = old.n;
  if (keep->audit_days > 0)
    out->audit = tocsin_audit_count_before (txn, now_us - keep->audit_days * TOCSIN_DAY_US, now_us);
  out->deliveries = count_deliveries (txn, now_us);
  out->outbox = tocsin_outbox_count_due (txn, now_us);
  out->imports = tocsin_imports_count_before (txn, now_us - tocsin_store_keep_us (txn->store));
}
