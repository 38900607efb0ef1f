/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Guards against a peer that suddenly behaves unlike itself, scoring.md 7: the arithmetic of
 * core/guard.h, applied to the record of a peer. Whoever calls writes the record back.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/guards.h"

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

/* A report that @peer took from us. */
void
tocsin_guards_count_given (TocsinPeerRecord *peer, gint64 now_us)
{
  tocsin_reciprocity_decay (&peer->reciprocity, now_us);
  peer->reciprocity.given += 1;
  peer->given_total++;
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

/**
 * tocsin_guards_count_confirmed:
 * @txn: a write transaction
 * @actor: a direct peer whose report another branch, or we, have now made too
 * @now_us: the time
 */
void
tocsin_guards_count_confirmed (TocsinTxn *txn, guint32 actor, gint64 now_us)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (!tocsin_peers_get (txn, actor, &peer))
    return;
  tocsin_reciprocity_decay (&peer.reciprocity, now_us);
  peer.reciprocity.confirmed += 1;
  tocsin_peers_put (txn, &peer);
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
