/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Guards against a peer that suddenly behaves unlike itself, model.md 7: the arithmetic of
 * core/guard.h, applied to the record of a peer. Whoever calls writes the record back.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/guards.h"

#include "store/table-actors.h"
#include "store/table-evidence.h"
#include "store/table-review.h"

/* The arithmetic knows hours and days; tests let them pass faster. Counted from 2026, so that the
 * product fits. */
static gint64
scaled_time (const TocsinPolicy *policy, gint64 time_us)
{
  static const gint64 begin_us = 1767225600 * TOCSIN_SECOND_US;
  gint64 scaled;

  if (time_us <= begin_us || policy->time_scale <= 1)
    return time_us;
  if (__builtin_mul_overflow (time_us - begin_us, (gint64) policy->time_scale, &scaled) ||
      scaled > G_MAXINT64 - begin_us)
    return G_MAXINT64;
  return begin_us + scaled;
}

/**
 * tocsin_guards_hear:
 * @peer: (inout): a peer that we hear of, whatever it says
 * @policy: the state of this node
 * @now_us: the time
 *
 * Its silence ends here: what it may bring at once is counted from its last sign of life, not from
 * its last report. Only of a direct peer, and to the minute, so that not every message costs a
 * write.
 *
 * Returns: %TRUE if @peer was changed
 */
gboolean
tocsin_guards_hear (TocsinPeerRecord *peer, const TocsinPolicy *policy, gint64 now_us)
{
  gint64 scaled_us = scaled_time (policy, now_us);

  if (!tocsin_peer_record_is_direct (peer) || scaled_us - peer->burst.updated_us < TOCSIN_MINUTE_US)
    return FALSE;
  tocsin_burst_hear (&peer->burst, policy->burst_per_hour, scaled_us);
  return TRUE;
}

/**
 * tocsin_guards_hear_out:
 * @peer: (inout): a peer whose outbox was read to the end
 * @policy: the state of this node
 * @now_us: the time
 *
 * It had its chance to speak: the silence before saves up no more than an hour's allowance.
 */
void
tocsin_guards_hear_out (TocsinPeerRecord *peer, const TocsinPolicy *policy, gint64 now_us)
{
  tocsin_burst_hear_out (&peer->burst, policy->burst_per_hour, scaled_time (policy, now_us));
}

/**
 * tocsin_guards_burst:
 * @peer: (inout): the HTTP signer of an Add
 * @policy: the state of this node
 * @now_us: the time
 *
 * Counts one Add against its signer's habit. One that exceeds it opens the inbound breaker.
 *
 * Returns: %TRUE if the report is to be held
 */
gboolean
tocsin_guards_burst (TocsinPeerRecord *peer, const TocsinPolicy *policy, gint64 now_us)
{
  if (tocsin_burst_take (&peer->burst, policy->burst_per_hour, scaled_time (policy, now_us)))
    return FALSE;
  peer->inbound_open_until_us = now_us + TOCSIN_INBOUND_OPEN_US / policy->time_scale;
  return TRUE;
}

/**
 * tocsin_guards_reset:
 * @peer: (inout): a peer whose inbound breaker the operator closes
 *
 * Gives it the allowance of a new peer, or its next Add would open the breaker again.
 */
void
tocsin_guards_reset (TocsinPeerRecord *peer)
{
  peer->inbound_open_until_us = 0;
  peer->burst.updated_us = 0;
}

/**
 * tocsin_guards_withdrawal:
 * @peer: (inout): the reporter
 * @policy: the state of this node
 * @live: its live reports now, this one included
 * @erased: the reason is `erased`: a person asked; 100 a day go at once
 * @now_us: the time
 *
 * Counts one Remove.
 *
 * Returns: %TRUE if the Remove is to wait for a person, at most 7 days
 */
gboolean
tocsin_guards_withdrawal (TocsinPeerRecord *peer,
                          const TocsinPolicy *policy,
                          guint32 live,
                          gboolean erased,
                          gint64 now_us)
{
  gint64 scaled_us = scaled_time (policy, now_us);

  if (erased && tocsin_withdrawals_take_erased (&peer->withdrawals, scaled_us))
    return FALSE;
  tocsin_withdrawals_add (&peer->withdrawals, scaled_us);
  return tocsin_withdrawals_is_mass (&peer->withdrawals, live > 0 ? live - 1 : 0, scaled_us);
}

/* ---- reciprocity ---- */

/**
 * tocsin_guards_ratio:
 * @peer: a peer
 * @now_us: the time
 *
 * Returns: what it gave us for what we gave it; 1 for a new peer
 */
double
tocsin_guards_ratio (const TocsinPeerRecord *peer, gint64 now_us)
{
  return tocsin_reciprocity_ratio (&peer->reciprocity, now_us);
}

gboolean
tocsin_guards_is_free_rider (const TocsinPeerRecord *peer, gint64 now_us)
{
  return tocsin_reciprocity_is_free_rider (&peer->reciprocity, now_us);
}

/**
 * tocsin_guards_count_given:
 * @txn: a write transaction
 * @peer: (inout): who took a report from us
 * @warns: whether the operator is to be told if this makes it a free rider
 * @now_us: the time
 */
void
tocsin_guards_count_given (TocsinTxn *txn, TocsinPeerRecord *peer, gboolean warns, gint64 now_us)
{
  gboolean was_free_rider = tocsin_guards_is_free_rider (peer, now_us);
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_FREE_RIDER,
    .actor = peer->actor,
    .count = 1,
    .created_us = now_us,
    .text = (char *) "This peer takes many reports and gives hardly any",
  };
  guint64 id;

  tocsin_reciprocity_decay (&peer->reciprocity, now_us);
  peer->reciprocity.given += 1;
  peer->given_total++;
  if (warns && !was_free_rider && tocsin_guards_is_free_rider (peer, now_us) &&
      !tocsin_review_find_open (txn, TOCSIN_REVIEW_FREE_RIDER, peer->actor, 0, &id))
    tocsin_review_add (txn, &line);
}

/* A report that @peer sent; @first if nobody had told us of the subject before. */
void
tocsin_guards_count_got (TocsinPeerRecord *peer, gboolean first, gint64 now_us)
{
  tocsin_reciprocity_decay (&peer->reciprocity, now_us);
  peer->reciprocity.got += 1;
  peer->got_total++;
  if (first)
    peer->reciprocity.first += 1;
}

/* ---- what a report says about those of others ---- */

/* Whether a row of evidence counts here as a statement that what has the key is bad. */
static gboolean
accuses (const TocsinEvidence *row, TocsinSubjectType key_type, gint64 now_us)
{
  return tocsin_evidence_is_of (row, key_type) &&
         (row->flags &
          (TOCSIN_EVIDENCE_HELD | TOCSIN_EVIDENCE_IMPORTED | TOCSIN_EVIDENCE_BENIGN)) == 0 &&
         row->expires_s > now_us / TOCSIN_SECOND_US;
}

/* Through whom an actor is heard; ourselves are a branch of our own. */
static guint32
branch_of (const TocsinPolicy *policy, guint32 actor)
{
  return actor == TOCSIN_ACTOR_LOCAL ? TOCSIN_ACTOR_LOCAL
                                     : tocsin_trust_snapshot_branch_of (policy->trust, actor);
}

static void
count_confirmed (TocsinTxn *txn, guint32 actor, gint64 now_us)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (!tocsin_peers_get (txn, actor, &peer))
    return;
  tocsin_reciprocity_decay (&peer.reciprocity, now_us);
  peer.reciprocity.confirmed += 1;
  tocsin_peers_put (txn, &peer);
}

/* The direct peers whose branches said what @record says, unless its own branch had said it too. */
static GHashTable *
find_confirmed (TocsinTxn *txn,
                const TocsinPolicy *policy,
                const TocsinReportRecord *record,
                gint64 now_us)
{
  g_autoptr (GHashTable) branches = g_hash_table_new (NULL, NULL);
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  guint32 own = branch_of (policy, record->actor);
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, &record->key, &buffer, &rows);

  for (gsize i = 0; i < n; i++)
    {
      guint32 branch = branch_of (policy, rows[i].reporter);

      if (rows[i].category != record->category ||
          !tocsin_evidence_is_of (&rows[i], record->key_type))
        continue;
      if (rows[i].reporter == record->actor ||
          (branch == own && accuses (&rows[i], record->key_type, now_us)))
        return NULL;
      if (branch != TOCSIN_ACTOR_LOCAL && branch != TOCSIN_WALKS_NOBODY && branch != record->via &&
          accuses (&rows[i], record->key_type, now_us))
        g_hash_table_add (branches, GUINT_TO_POINTER (branch));
    }
  return g_steal_pointer (&branches);
}

/**
 * tocsin_guards_confirm:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: a report, about to be stored for the first time
 * @now_us: the time
 *
 * Counts for each other branch that @record, if it counts and is malicious, says the same as it
 * did, once. Not for who brought @record, whose row the caller has in hand.
 */
void
tocsin_guards_confirm (TocsinTxn *txn,
                       const TocsinPolicy *policy,
                       const TocsinReportRecord *record,
                       gint64 now_us)
{
  g_autoptr (GHashTable) branches = NULL;
  GHashTableIter iter;
  gpointer branch;

  if (record->state != TOCSIN_STATE_LIVE || record->basis != TOCSIN_BASIS_FIRST_HAND ||
      record->opinion != TOCSIN_OPINION_MALICIOUS)
    return;
  branches = find_confirmed (txn, policy, record, now_us);
  if (branches == NULL)
    return;
  g_hash_table_iter_init (&iter, branches);
  while (g_hash_table_iter_next (&iter, &branch, NULL))
    count_confirmed (txn, GPOINTER_TO_UINT (branch), now_us);
}

/* ---- contradiction ---- */

/* Tells the operator once that a peer contradicts them often. */
void
tocsin_guards_suggest_weight (TocsinTxn *txn, guint32 actor, gint64 now_us)
{
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_CONTRADICTION,
    .actor = actor,
    .count = 1,
    .created_us = now_us,
    .text = (char *) "More than 3 % of this peer's reports contradict you; consider a lower weight",
  };
  guint64 id;

  if (!tocsin_review_find_open (txn, TOCSIN_REVIEW_CONTRADICTION, actor, 0, &id))
    tocsin_review_add (txn, &line);
}

/**
 * tocsin_guards_count_contradiction:
 * @peer: (inout): a reporter
 * @contradicted: whether its report hit the allow list or was overruled by the operator
 *
 * Counts over the last 200 reports of a peer. Past 3 % the operator is told; trust never changes
 * by itself.
 *
 * Returns: %TRUE if this one is past it
 */
gboolean
tocsin_guards_count_contradiction (TocsinPeerRecord *peer, gboolean contradicted)
{
  tocsin_contradictions_add (&peer->contradictions, contradicted);
  return contradicted && tocsin_contradictions_alert (&peer->contradictions);
}

/**
 * tocsin_guards_contradicted:
 * @txn: a write transaction
 * @actor: a reporter, which may be no peer
 * @contradicted: as tocsin_guards_count_contradiction()
 *
 * As tocsin_guards_count_contradiction(), in the store.
 */
void
tocsin_guards_contradicted (TocsinTxn *txn, guint32 actor, gboolean contradicted, gint64 now_us)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  gboolean alert;

  if (!tocsin_peers_get (txn, actor, &peer))
    return;
  alert = tocsin_guards_count_contradiction (&peer, contradicted);
  tocsin_peers_put (txn, &peer);
  if (alert)
    tocsin_guards_suggest_weight (txn, actor, now_us);
}

/**
 * tocsin_guards_overruled:
 * @txn: a write transaction
 * @key: a subject of which the operator says that it is not bad
 * @key_type: of which type @key is
 * @category: in which way; 0: in none
 * @now_us: the time
 *
 * Counts that against each direct peer that says it is, once.
 */
void
tocsin_guards_overruled (TocsinTxn *txn,
                         const TocsinSubjectKey *key,
                         TocsinSubjectType key_type,
                         guint8 category,
                         gint64 now_us)
{
  g_autoptr (GHashTable) reporters = g_hash_table_new (NULL, NULL);
  GHashTableIter iter;
  gpointer reporter;

  {
    g_auto (TocsinEvidenceBuffer) buffer = { 0 };
    const TocsinEvidence *rows;
    gsize n = tocsin_evidence_read (txn, key, &buffer, &rows);

    for (gsize i = 0; i < n; i++)
      if (rows[i].reporter != TOCSIN_ACTOR_LOCAL && accuses (&rows[i], key_type, now_us) &&
          (category == 0 || rows[i].category == category))
        g_hash_table_add (reporters, GUINT_TO_POINTER (rows[i].reporter));
  }
  g_hash_table_iter_init (&iter, reporters);
  while (g_hash_table_iter_next (&iter, &reporter, NULL))
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      if (tocsin_peers_get (txn, GPOINTER_TO_UINT (reporter), &peer) &&
          tocsin_peer_record_is_direct (&peer))
        tocsin_guards_contradicted (txn, peer.actor, TRUE, now_us);
    }
}

/* Whether we had called it benign already. */
static gboolean
is_repeated (TocsinTxn *txn, const TocsinReportRecord *record)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, &record->key, &buffer, &rows);

  for (gsize i = 0; i < n; i++)
    if (rows[i].reporter == TOCSIN_ACTOR_LOCAL && rows[i].category == record->category &&
        (rows[i].flags & TOCSIN_EVIDENCE_BENIGN) != 0)
      return TRUE;
  return FALSE;
}

/**
 * tocsin_guards_note_own:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: a report of our own, about to be stored
 * @now_us: the time
 *
 * Who had reported the same is confirmed, and who had reported the contrary is overruled.
 */
void
tocsin_guards_note_own (TocsinTxn *txn,
                        const TocsinPolicy *policy,
                        const TocsinReportRecord *record,
                        gint64 now_us)
{
  if (record->opinion == TOCSIN_OPINION_MALICIOUS)
    tocsin_guards_confirm (txn, policy, record, now_us);
  else if (record->basis == TOCSIN_BASIS_FIRST_HAND && !is_repeated (txn, record))
    tocsin_guards_overruled (txn, &record->key, record->key_type, record->category, now_us);
}
