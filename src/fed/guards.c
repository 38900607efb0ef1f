/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Guards against a peer that suddenly behaves unlike itself, scoring.md 7. All state is in the
 * peer's record; whoever calls writes the record back.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/guards.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/table-review.h"

#define WITHDRAWAL_DAY_SHARE   5 /* one fifth of what is live, and */
#define WITHDRAWAL_DAY_LEAST   20
#define WITHDRAWAL_MONTH_SHARE 2 /* one half */
#define ERASED_PER_DAY         100
#define RECIPROCITY_HALF_US    (30.0 * TOCSIN_DAY_US)
#define CONTRADICTION_WINDOW   200
#define CONTRADICTION_PER_CENT 3

static gint64
hour_us (const TocsinPolicy *policy)
{
  return MAX (TOCSIN_HOUR_US / policy->time_scale, TOCSIN_SECOND_US / 10);
}

/* Moves the history so that element 0 is the hour of @now_us. */
static void
shift_hours (TocsinPeerRecord *peer, gint64 hour)
{
  gint64 passed = hour - peer->hour_of_burst;

  if (peer->hour_of_burst == 0 || passed >= TOCSIN_PEER_BURST_HOURS)
    memset (peer->burst_hours, 0, sizeof peer->burst_hours);
  else if (passed > 0)
    {
      memmove (peer->burst_hours + passed, peer->burst_hours,
               (TOCSIN_PEER_BURST_HOURS - (gsize) passed) * sizeof peer->burst_hours[0]);
      memset (peer->burst_hours, 0, (gsize) passed * sizeof peer->burst_hours[0]);
    }
  if (passed > 0 || peer->hour_of_burst == 0)
    peer->hour_of_burst = hour;
}

static int
compare_u16 (const void *a, const void *b)
{
  return (int) *(const guint16 *) a - (int) *(const guint16 *) b;
}

static guint
median_hour (const TocsinPeerRecord *peer)
{
  guint16 sorted[TOCSIN_PEER_BURST_HOURS - 1];

  memcpy (sorted, peer->burst_hours + 1, sizeof sorted);
  qsort (sorted, G_N_ELEMENTS (sorted), sizeof sorted[0], compare_u16);
  return sorted[G_N_ELEMENTS (sorted) / 2];
}

/* Hours for which the peer had no way to speak: since its last report, and since we last read
 * its outbox to the end. A peer that was merely quiet saves up nothing. */
static guint
hours_since_contact (const TocsinPeerRecord *peer, gint64 hour, gint64 unit_us)
{
  guint hours = 1;

  while (hours < TOCSIN_PEER_BURST_HOURS && peer->burst_hours[hours] == 0)
    hours++;
  if (peer->sync_done_us > 0)
    hours = MIN (hours,
                 (guint) CLAMP (hour - peer->sync_done_us / unit_us, 1, TOCSIN_PEER_BURST_HOURS));
  return hours;
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
  gint64 unit_us = hour_us (policy);
  gint64 hour = now_us / unit_us;
  guint64 limit;

  shift_hours (peer, hour);
  if (peer->burst_hours[0] < G_MAXUINT16)
    peer->burst_hours[0]++;
  peer->last_contact_us = now_us;
  if (peer->burst_hours[0] <= policy->burst_per_hour)
    return FALSE;

  limit = MAX (policy->burst_per_hour, TOCSIN_BURST_LIMIT_FACTOR * median_hour (peer));
  limit *= hours_since_contact (peer, hour, unit_us);
  if (peer->burst_hours[0] <= limit)
    return FALSE;
  peer->inbound_open_until_us = now_us + TOCSIN_INBOUND_OPEN_US / policy->time_scale;
  return TRUE;
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
  gint64 day_us = 24 * hour_us (policy);

  if (now_us - peer->withdrawn_day_us >= day_us)
    {
      peer->withdrawn_day_us = now_us;
      peer->withdrawn_day = peer->erased_day = 0;
      peer->live_at_day_start = live;
    }
  if (now_us - peer->withdrawn_month_us >= 30 * day_us)
    {
      peer->withdrawn_month_us = now_us;
      peer->withdrawn_month = 0;
      peer->live_at_month_start = live;
    }
  if (erased && peer->erased_day < ERASED_PER_DAY)
    {
      peer->erased_day++;
      return FALSE;
    }
  peer->withdrawn_day++;
  peer->withdrawn_month++;
  /* What was added since the window began counts too: a busy day is no mass withdrawal. */
  peer->live_at_day_start = MAX (peer->live_at_day_start, live);
  peer->live_at_month_start = MAX (peer->live_at_month_start, live);
  if (peer->withdrawn_day > WITHDRAWAL_DAY_LEAST &&
      (guint64) peer->withdrawn_day * WITHDRAWAL_DAY_SHARE > peer->live_at_day_start)
    return TRUE;
  return peer->withdrawn_month > WITHDRAWAL_DAY_LEAST &&
         (guint64) peer->withdrawn_month * WITHDRAWAL_MONTH_SHARE > peer->live_at_month_start;
}

/* ---- reciprocity ---- */

static double
decay_factor (const TocsinPeerRecord *peer, gint64 now_us)
{
  gint64 age_us = now_us - peer->counted_us;

  return peer->counted_us == 0 || age_us <= 0 ? 1 : exp2 (-(double) age_us / RECIPROCITY_HALF_US);
}

/**
 * tocsin_guards_decay:
 * @peer: (inout): a peer
 * @now_us: the time
 *
 * Brings the counts of reciprocity to @now_us: they have a half-life of 30 days.
 */
void
tocsin_guards_decay (TocsinPeerRecord *peer, gint64 now_us)
{
  double factor = decay_factor (peer, now_us);

  peer->given *= factor;
  peer->got *= factor;
  peer->first *= factor;
  peer->confirmed *= factor;
  peer->counted_us = MAX (peer->counted_us, now_us);
}

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
  double factor = decay_factor (peer, now_us);

  return (peer->got * factor + 5) / (peer->given * factor + 5);
}

gboolean
tocsin_guards_is_free_rider (const TocsinPeerRecord *peer, gint64 now_us)
{
  return peer->given * decay_factor (peer, now_us) > TOCSIN_FREE_RIDER_GIVEN &&
         tocsin_guards_ratio (peer, now_us) < TOCSIN_FREE_RIDER_RATIO;
}

/* A report that @peer took from us. */
void
tocsin_guards_count_given (TocsinPeerRecord *peer, gint64 now_us)
{
  tocsin_guards_decay (peer, now_us);
  peer->given += 1;
  peer->given_total++;
}

/* A report that @peer sent; @first if nobody had told us of the subject before. */
void
tocsin_guards_count_got (TocsinPeerRecord *peer, gboolean first, gint64 now_us)
{
  tocsin_guards_decay (peer, now_us);
  peer->got += 1;
  peer->got_total++;
  if (first)
    peer->first += 1;
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
  tocsin_guards_decay (&peer, now_us);
  peer.confirmed += 1;
  tocsin_peers_put (txn, &peer);
}

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
 * Counts over about the last 200 reports of a peer; older ones fade by halves. Past 3 % the
 * operator is told; trust never changes by itself.
 */
gboolean
tocsin_guards_count_contradiction (TocsinPeerRecord *peer, gboolean contradicted)
{
  peer->contradictions[contradicted ? 1 : 0]++;
  if (peer->contradictions[0] > CONTRADICTION_WINDOW)
    {
      peer->contradictions[0] /= 2;
      peer->contradictions[1] /= 2;
    }
  return contradicted && peer->contradictions[1] > 2 &&
         peer->contradictions[1] * 100 >
             CONTRADICTION_PER_CENT * MAX (peer->contradictions[0], CONTRADICTION_WINDOW / 4);
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
