/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/guard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

#define BURST_FACTOR   8
#define MAX_HOURS      168.0
#define MASS_AT_LEAST  20   /* so many withdrawals a day are nobody's concern */
#define MASS_DAY       0.20 /* of what was live */
#define MASS_MONTH     0.50
#define CONTRADICTIONS 0.03
#define HALF_LIFE_US   (30 * TOCSIN_DAY_US)
#define RATIO_OFFSET   5
#define FREE_RATIO     0.05
#define FREE_GIVEN     500

/* Sets the slots of a ring to 0 that time has passed since @at, and moves @at to @now. A clock that
 * was ahead for a moment leaves an @at that is a whole turn ahead or more: the ring begins anew. */
static void
advance (guint32 *ring, guint size, gint64 *at, gint64 now)
{
  if (ABS (now - *at) >= (gint64) size)
    {
      memset (ring, 0, sizeof *ring * size);
      *at = now;
      return;
    }
  for (gint64 i = *at + 1; i <= now; i++)
    ring[i % size] = 0;
  *at = MAX (*at, now);
}

/* The sum of what is in a ring and not older than its size. */
static guint64
sum_recent (const guint32 *ring, guint size, gint64 at, gint64 now)
{
  guint64 sum = 0;

  for (gint64 i = MAX (0, MAX (at, now) - (gint64) size + 1); i <= at; i++)
    sum += ring[i % size];
  return sum;
}

static int
compare_counts (const void *a, const void *b)
{
  guint32 x = *(const guint32 *) a;
  guint32 y = *(const guint32 *) b;

  return (x > y) - (x < y);
}

/**
 * tocsin_burst_median_hour:
 *
 * Returns: the median of the peer's last 24 hours; 0 if it was silent in most of them
 */
guint32
tocsin_burst_median_hour (const TocsinBurst *self, gint64 now_us)
{
  TocsinBurst now = *self;

  advance (now.counts, TOCSIN_GUARD_HOURS, &now.hour, MAX (0, now_us) / TOCSIN_HOUR_US);
  qsort (now.counts, TOCSIN_GUARD_HOURS, sizeof now.counts[0], compare_counts);
  return now.counts[TOCSIN_GUARD_HOURS / 2];
}

/**
 * tocsin_burst_allowance:
 * @per_hour: the operator's setting
 * @median_hour: the peer's own median hour
 * @hours_since_contact: anything; from 1 to 168 it counts
 *
 * Returns: how many reports go live at once
 */
double
tocsin_burst_allowance (guint32 per_hour, guint32 median_hour, double hours_since_contact)
{
  double rate = MAX ((double) per_hour, BURST_FACTOR * (double) median_hour);

  return rate * CLAMP (hours_since_contact, 1, MAX_HOURS);
}

/**
 * tocsin_burst_hear:
 * @per_hour: the operator's setting
 *
 * Notes a contact with the peer: after more than an hour of silence it has the allowance of that
 * time, a week's at most; within the hour no more than an hour's comes back. So one that is heard
 * all the time saves up nothing, and what a long silence gave lasts until it is used. A contact
 * that a clock noted that was ahead for a moment was now: else nothing would come back for years.
 */
void
tocsin_burst_hear (TocsinBurst *self, guint32 per_hour, gint64 now_us)
{
  guint32 median = tocsin_burst_median_hour (self, now_us);
  double rate = tocsin_burst_allowance (per_hour, median, 1);
  double hours;

  self->updated_us = tocsin_time_due (self->updated_us, now_us, TOCSIN_HOUR_US);
  hours = (double) MAX (0, now_us - self->updated_us) / (double) TOCSIN_HOUR_US;
  if (self->updated_us == 0)
    self->left = rate;
  else if (hours > 1)
    self->left = rate * MIN (hours, MAX_HOURS);
  else
    self->left = MAX (self->left, MIN (self->left + rate * hours, rate));
  self->updated_us = MAX (self->updated_us, now_us);
}

/**
 * tocsin_burst_hear_out:
 * @per_hour: the operator's setting
 *
 * Notes that the peer was asked and has said all that it had to say: of the silence before, no more
 * than an hour's allowance is left.
 */
void
tocsin_burst_hear_out (TocsinBurst *self, guint32 per_hour, gint64 now_us)
{
  double rate = tocsin_burst_allowance (per_hour, tocsin_burst_median_hour (self, now_us), 1);

  tocsin_burst_hear (self, per_hour, now_us);
  self->left = MIN (self->left, rate);
}

/**
 * tocsin_burst_take:
 * @per_hour: the operator's setting
 *
 * Counts one report, which is a contact too.
 *
 * Returns: %TRUE if it goes live, %FALSE if it is to be held
 */
gboolean
tocsin_burst_take (TocsinBurst *self, guint32 per_hour, gint64 now_us)
{
  tocsin_burst_hear (self, per_hour, now_us);
  advance (self->counts, TOCSIN_GUARD_HOURS, &self->hour, MAX (0, now_us) / TOCSIN_HOUR_US);
  if (self->left < 1)
    return FALSE;
  self->left -= 1;
  self->counts[self->hour % TOCSIN_GUARD_HOURS]++;
  return TRUE;
}

static void
move_to (TocsinWithdrawals *self, gint64 now_us)
{
  gint64 day = MAX (0, now_us) / TOCSIN_DAY_US;

  if (day > self->day || self->day - day >= TOCSIN_GUARD_DAYS)
    self->erased_today = 0;
  advance (self->by_hour, TOCSIN_GUARD_HOURS, &self->hour, MAX (0, now_us) / TOCSIN_HOUR_US);
  advance (self->by_day, TOCSIN_GUARD_DAYS, &self->day, day);
}

/* Counts a report that was taken back, whether it was held or not. */
void
tocsin_withdrawals_add (TocsinWithdrawals *self, gint64 now_us)
{
  move_to (self, now_us);
  self->by_hour[self->hour % TOCSIN_GUARD_HOURS]++;
  self->by_day[self->day % TOCSIN_GUARD_DAYS]++;
}

/**
 * tocsin_withdrawals_is_mass:
 * @live_reports: what the peer has live now, what was withdrawn not counted
 *
 * Returns: %TRUE if further withdrawals are to be held: more than 20 and 20 % in 24 hours, or more
 *   than 20 and 50 % in 30 days
 */
gboolean
tocsin_withdrawals_is_mass (const TocsinWithdrawals *self, guint64 live_reports, gint64 now_us)
{
  gint64 hour = MAX (0, now_us) / TOCSIN_HOUR_US;
  guint64 day = sum_recent (self->by_hour, TOCSIN_GUARD_HOURS, self->hour, hour);
  guint64 month = sum_recent (self->by_day, TOCSIN_GUARD_DAYS, self->day, hour / 24);

  return (day > MASS_AT_LEAST && (double) day > MASS_DAY * (double) (live_reports + day)) ||
         (month > MASS_AT_LEAST && (double) month > MASS_MONTH * (double) (live_reports + month));
}

/**
 * tocsin_withdrawals_take_erased:
 *
 * Returns: %TRUE if a withdrawal for the reason `erased` applies at once; 100 a day do
 */
gboolean
tocsin_withdrawals_take_erased (TocsinWithdrawals *self, gint64 now_us)
{
  move_to (self, now_us);
  if (self->erased_today >= TOCSIN_GUARD_ERASED_PER_DAY)
    return FALSE;
  self->erased_today++;
  return TRUE;
}

void
tocsin_contradictions_add (TocsinContradictions *self, gboolean contradicted)
{
  guint8 bit = (guint8) (1u << (self->next % 8));

  if (contradicted)
    self->bits[self->next / 8] |= bit;
  else
    self->bits[self->next / 8] &= (guint8) ~bit;
  self->next = (guint16) ((self->next + 1) % TOCSIN_GUARD_RECENT_REPORTS);
  self->n = MIN (self->n + 1, TOCSIN_GUARD_RECENT_REPORTS);
}

static guint
count_contradictions (const TocsinContradictions *self)
{
  guint count = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (self->bits); i++)
    count += (guint) __builtin_popcount (self->bits[i]);
  return count;
}

/**
 * tocsin_contradictions_ratio:
 *
 * Returns: the share of contradicted reports among the last 200, or among those there are; for
 * people
 */
double
tocsin_contradictions_ratio (const TocsinContradictions *self)
{
  return self->n > 0 ? (double) count_contradictions (self) / self->n : 0;
}

/**
 * tocsin_contradictions_alert:
 *
 * Returns: %TRUE with more than 3 % of 200; a peer with a few reports is not judged by one mistake
 */
gboolean
tocsin_contradictions_alert (const TocsinContradictions *self)
{
  return count_contradictions (self) > CONTRADICTIONS * TOCSIN_GUARD_RECENT_REPORTS;
}

/* Brings the counts to @now_us; to be called before something is added to one. */
void
tocsin_reciprocity_decay (TocsinReciprocity *self, gint64 now_us)
{
  double factor;

  if (now_us <= self->updated_us)
    return;
  factor = exp2 (-(double) (now_us - self->updated_us) / (double) HALF_LIFE_US);
  self->given *= factor;
  self->got *= factor;
  self->first *= factor;
  self->confirmed *= factor;
  self->updated_us = now_us;
}

/**
 * tocsin_reciprocity_ratio:
 *
 * Returns: (got + 5) / (given + 5)
 */
double
tocsin_reciprocity_ratio (const TocsinReciprocity *self, gint64 now_us)
{
  TocsinReciprocity now = *self;

  tocsin_reciprocity_decay (&now, now_us);
  return (now.got + RATIO_OFFSET) / (now.given + RATIO_OFFSET);
}

gboolean
tocsin_reciprocity_is_free_rider (const TocsinReciprocity *self, gint64 now_us)
{
  TocsinReciprocity now = *self;

  tocsin_reciprocity_decay (&now, now_us);
  return now.given > FREE_GIVEN && tocsin_reciprocity_ratio (&now, now_us) < FREE_RATIO;
}
