/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Room for what has no end (model.md 1). Statements of trust by others than direct peers go where
 * their branch has no room for another. Where it is a branch no more all of its statements go, its
 * own peer's too, and reports whose end is far. Both only of actors who are believed no longer.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/room.h"

#include "core/limits.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-branches.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "store/table-reports.h"
#include "store/table-seen.h"
#include "store/table-trust.h"

#define SLICE 100 /* let go of for one that comes */
#define LOOKS 500 /* reports, and trusters, that one change looks at */

typedef struct
{
  guint32 branch;
  guint max;
  GArray *found; /* of TocsinTrustPlace */
} Search;

static gboolean
collect (const TocsinTrustRecord *record, gpointer data)
{
  Search *search = data;
  TocsinTrustPlace place = { .trustee = record->trustee, .area = record->area };

  if (tocsin_trust_record_branch (record) == search->branch)
    g_array_append_val (search->found, place);
  return search->found->len < search->max;
}

/* It leaves what one that was taken back does, or new names of actors could come without end. But
 * should its truster be believed again, the same version may come again. */
static void
let_go (TocsinTxn *txn, const TocsinTrustRecord *record, gint64 now_us)
{
  const TocsinTombstone tombstone = {
    .removed_us = record->updated_us - 1,
    .until_us = now_us + tocsin_store_keep_us (tocsin_txn_get_store (txn)),
  };

  tocsin_tombstones_put_for (txn, tocsin_trust_record_branch (record), record->truster, record->id,
                             &tombstone);
  tocsin_trust_remove (txn, record->truster, record->trustee, record->area);
  if (record->sequence != 0)
    tocsin_outbox_forget (txn, record->sequence);
  if (record->activity_id != NULL)
    tocsin_seen_forget (txn, record->activity_id);
}

static guint
let_go_of (TocsinTxn *txn, guint32 branch, guint32 truster, gint64 now_us, guint max)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (TocsinTrustPlace));
  Search search = { .branch = branch, .max = max, .found = found };

  tocsin_trust_foreach_of (txn, truster, collect, &search);
  for (guint i = 0; i < found->len; i++)
    {
      const TocsinTrustPlace *place = &g_array_index (found, TocsinTrustPlace, i);
      g_auto (TocsinTrustRecord) record = { 0 };

      if (tocsin_trust_get (txn, truster, place->trustee, place->area, &record))
        let_go (txn, &record, now_us);
    }
  return found->len;
}

/* Up to @max statements of those of @branch who are believed no longer. Returns how many. */
static guint
let_go_of_some (
    TocsinTxn *txn, const TocsinPolicy *policy, guint32 branch, gint64 now_us, guint max)
{
  guint32 truster, from = 0;
  guint n = 0;

  while (n < max && tocsin_trust_next_of_branch (txn, branch, from, &truster))
    {
      if (!tocsin_trust_snapshot_is_believed (policy->trust, truster))
        n += let_go_of (txn, branch, truster, now_us, max - n);
      from = truster + 1;
      /* cppcheck-suppress knownConditionTrueFalse ; the sum wraps around */
      if (from == 0)
        break;
    }
  return n;
}

/**
 * tocsin_room_for_statement:
 * @txn: a write transaction
 * @policy: the state of this node
 * @branch: a direct peer
 * @now_us: the time
 *
 * Makes room for a statement by an actor that @branch is charged for, where there is none.
 *
 * Returns: whether there is
 */
gboolean
tocsin_room_for_statement (TocsinTxn *txn,
                           const TocsinPolicy *policy,
                           guint32 branch,
                           gint64 now_us)
{
  TocsinBranchCounts counts;

  tocsin_branches_get (txn, branch, &counts);
  return counts.tombstones < TOCSIN_QUOTA_DIRECT_REPORTS &&
         (counts.statements < TOCSIN_QUOTA_BRANCH_STATEMENTS ||
          let_go_of_some (txn, policy, branch, now_us, SLICE) > 0);
}

/* ---- who leaves ---- */

typedef struct
{
  TocsinTxn *txn;
  GArray *statements;  /* of guint32: branches that are over and have some */
  GHashTable *reports; /* of guint32: likewise */
} Branches;

/* Whether @branch is no direct peer, or no longer. */
static gboolean
is_over (TocsinTxn *txn, guint32 branch)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  return branch != TOCSIN_ACTOR_LOCAL && !(tocsin_peers_get (txn, branch, &peer) && !peer.blocked &&
                                           peer.following == TOCSIN_FOLLOWING_ACCEPTED);
}

static gboolean
collect_over (guint32 branch, const TocsinBranchCounts *counts, gpointer data)
{
  Branches *branches = data;

  if (!is_over (branches->txn, branch))
    return TRUE;
  if (counts->statements > 0)
    g_array_append_val (branches->statements, branch);
  if (counts->reports > 0 || counts->refused > 0)
    g_hash_table_add (branches->reports, GUINT_TO_POINTER (branch));
  return TRUE;
}

/* What a peer itself stated counts for no branch, and so is looked for among all. Returns how many
 * went, @max at most. */
static guint
let_go_of_own (
    TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us, guint max, guint32 *truster)
{
  guint n = 0;

  for (guint i = 0; i < LOOKS && n < max; i++)
    {
      if (!tocsin_trust_next (txn, *truster, truster))
        {
          *truster = 0;
          break;
        }
      if (!tocsin_trust_snapshot_is_believed (policy->trust, *truster) && is_over (txn, *truster))
        n += let_go_of (txn, *truster, *truster, now_us, max - n);
      /* Of the last there may be more. */
      if (n < max)
        ++*truster;
    }
  return n;
}

/* What was taken back or has ended goes by itself. */
static gboolean
is_left_over (const TocsinReportRecord *record, GHashTable *over, gint64 before_us)
{
  return record->state != TOCSIN_STATE_WITHDRAWN && record->state != TOCSIN_STATE_EXPIRED &&
         record->received_us < before_us &&
         g_hash_table_contains (over, GUINT_TO_POINTER (tocsin_report_record_branch (record)));
}

/* There is no index by branch; so all of those who are not believed are looked at, some a minute.
 */
static guint
drop_reports (TocsinTxn *txn,
              const TocsinPolicy *policy,
              GHashTable *over,
              gint64 now_us,
              TocsinReportPlace *place)
{
  gint64 before_us = now_us - tocsin_store_keep_us (tocsin_txn_get_store (txn));
  gboolean skip = FALSE;
  guint n = 0;

  if (g_hash_table_size (over) == 0)
    return 0;
  for (guint i = 0; i < LOOKS && tocsin_reports_next (txn, skip, place); i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      skip = place->actor == TOCSIN_ACTOR_LOCAL ||
             tocsin_trust_snapshot_is_believed (policy->trust, place->actor);
      if (!skip && tocsin_reports_get (txn, place->number, &record) &&
          is_left_over (&record, over, before_us) &&
          tocsin_reports_drop (txn, place->number, now_us))
        n++;
    }
  return n;
}

/**
 * tocsin_room_leave:
 * @txn: a write transaction
 * @policy: the state of this node
 * @now_us: the time
 * @max_rows: how many statements to let go of at most
 * @leaving: (inout): where it looks
 *
 * Lets go of what came through peers that the operator blocked, or follows no longer, by actors
 * whom nobody else vouches for: of all statements, and of reports that came as long ago as anything
 * is remembered and have not ended.
 *
 * Returns: how many rows it was; call again while this is not 0
 */
guint
tocsin_room_leave (TocsinTxn *txn,
                   const TocsinPolicy *policy,
                   gint64 now_us,
                   guint max_rows,
                   TocsinLeaving *leaving)
{
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GHashTable) reports = g_hash_table_new (NULL, NULL);
  Branches branches = { .txn = txn, .statements = statements, .reports = reports };
  guint n = 0;

  /* Before trust was worked out nobody is believed. */
  if (tocsin_trust_snapshot_version (policy->trust) == 0)
    return 0;
  tocsin_branches_foreach (txn, collect_over, &branches);
  for (guint i = 0; i < statements->len && n < max_rows; i++)
    n += let_go_of_some (txn, policy, g_array_index (statements, guint32, i), now_us, max_rows - n);
  if (n < max_rows)
    n += let_go_of_own (txn, policy, now_us, max_rows - n, &leaving->truster);
  return n + drop_reports (txn, policy, reports, now_us, &leaving->report);
}
