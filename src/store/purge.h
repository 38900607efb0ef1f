/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_DELIVERY_DEAD_DAYS                                                                  \
  30 /* a peer is given up after 7: what waits longer is forgotten */

/**
 * TocsinRetention: how long things are kept.
 * @seen_days: seen ids, tombstones, what is left of withdrawn reports and undone imports, decided
 *   lines of review
 * @audit_days: entries of the audit log; 0: for good
 */
typedef struct
{
  guint seen_days;
  guint audit_days;
} TocsinRetention;

/* Before the first write; without it %TOCSIN_SEEN_DAYS and for good. */
void tocsin_store_set_retention (TocsinStore *self, const TocsinRetention *retention);
const TocsinRetention *tocsin_store_get_retention (TocsinStore *self);

/* How long a tombstone of today is kept, in microseconds. */
gint64 tocsin_store_keep_us (TocsinStore *self);

/**
 * TocsinPurgeCounts: what is due.
 * @evidence: rows of evidence, of rows of lists the rows too
 * @reports: reports that lose body, subject and text
 * @remains: ids of withdrawn or expired reports
 * @outbox: messages, and what is left of reports whose remains have gone
 * @imports: that were undone
 */
typedef struct
{
  guint64 evidence;
  guint64 reports;
  guint64 remains;
  guint64 tombstones;
  guint64 seen;
  guint64 allow;
  guint64 changes;
  guint64 review;
  guint64 audit;
  guint64 deliveries;
  guint64 outbox;
  guint64 imports;
} TocsinPurgeCounts;

/**
 * tocsin_store_purge:
 * @now_us: the time
 * @max_rows: the most rows to change in each of its steps
 *
 * Does a bounded part of what time asks for: evidence past its end goes; a report past its end
 * time loses body, subject and text at the next midnight (UTC; the digest of docs/wire "Catching
 * up" counts it until then); tombstones, seen ids, review, audit and the change log are trimmed by
 * age; deliveries that nobody waits for any more go, and so do entries of the outbox and of the
 * list of imports that are of no more use; of single voices today's budgets stay. Open lines of
 * review about what there is nothing left to decide of are closed. Of review and outbox a bounded
 * part is looked at, the next call looks at what follows.
 *
 * Returns: rows changed, but for those lines, and none that only should have been, so that there is
 *   an end to it; call again while this is not 0
 */
guint tocsin_store_purge (TocsinTxn *txn, gint64 now_us, guint max_rows);

/* Whether the last call looked at the ends of review and outbox. On the writer thread. */
gboolean tocsin_store_purge_is_through (TocsinTxn *txn);

/* What tocsin_store_purge() would do by now, called until it changes nothing and is through, but
 * for past budgets of single voices. Reads; of any length, but soon over if the store is being
 * closed, and what it says then is too little. */
void tocsin_store_purge_count (TocsinTxn *txn, gint64 now_us, TocsinPurgeCounts *out);

G_END_DECLS
