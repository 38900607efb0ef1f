/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The guards' arithmetic, model.md 7. All are plain values of one peer: zero is a new one, they
 * are stored as they are, and time is an argument. A clock that goes back changes nothing. */

#define TOCSIN_GUARD_HOURS          24
#define TOCSIN_GUARD_DAYS           30
#define TOCSIN_GUARD_ERASED_PER_DAY 100
#define TOCSIN_GUARD_RECENT_REPORTS 200
#define TOCSIN_GUARD_BURST_PER_HOUR 200 /* default of the setting burst-per-hour */

/**
 * TocsinBurst:
 * @hour: the hour that @counts[@hour % 24] is for, since the epoch
 * @counts: reports by hour
 * @left: how many more are taken now
 * @updated_us: the last contact, when @left was right; 0 for a peer that was never heard
 *
 * How many reports of a signer go live at once: an hour's allowance, or that of the time since the
 * last contact, a week's at most.
 */
typedef struct
{
  gint64 hour;
  guint32 counts[TOCSIN_GUARD_HOURS];
  double left;
  gint64 updated_us;
} TocsinBurst;

/**
 * TocsinWithdrawals:
 *
 * What a peer took back in the last 24 hours and in the last 30 days, and what it had erased today.
 */
typedef struct
{
  gint64 hour;
  gint64 day;
  guint32 by_hour[TOCSIN_GUARD_HOURS];
  guint32 by_day[TOCSIN_GUARD_DAYS];
  guint32 erased_today;
} TocsinWithdrawals;

/**
 * TocsinContradictions:
 * @n: reports judged so far, at most %TOCSIN_GUARD_RECENT_REPORTS
 * @next: bit of the next one
 * @bits: by report: it hit the allow list, or the operator overruled it
 */
typedef struct
{
  guint16 n;
  guint16 next;
  guint8 bits[TOCSIN_GUARD_RECENT_REPORTS / 8];
} TocsinContradictions;

/**
 * TocsinReciprocity:
 * @given: reports that we sent
 * @got: reports that we received
 * @first: of these, new to us
 * @confirmed: of these, later reported by another branch or by us
 * @updated_us: when these were right
 *
 * Counts with a half-life of 30 days.
 */
typedef struct
{
  double given;
  double got;
  double first;
  double confirmed;
  gint64 updated_us;
} TocsinReciprocity;

guint32 tocsin_burst_median_hour (const TocsinBurst *self, gint64 now_us);
double tocsin_burst_allowance (guint32 per_hour, guint32 median_hour, double hours_since_contact);
void tocsin_burst_hear (TocsinBurst *self, guint32 per_hour, gint64 now_us);
void tocsin_burst_hear_out (TocsinBurst *self, guint32 per_hour, gint64 now_us);
gboolean tocsin_burst_take (TocsinBurst *self, guint32 per_hour, gint64 now_us);

void tocsin_withdrawals_add (TocsinWithdrawals *self, gint64 now_us);
gboolean
tocsin_withdrawals_is_mass (const TocsinWithdrawals *self, guint64 live_reports, gint64 now_us);
gboolean tocsin_withdrawals_take_erased (TocsinWithdrawals *self, gint64 now_us);

/* Remembers one more report, and lets go of the oldest of %TOCSIN_GUARD_RECENT_REPORTS. */
void tocsin_contradictions_add (TocsinContradictions *self, gboolean contradicted);
double tocsin_contradictions_ratio (const TocsinContradictions *self);
gboolean tocsin_contradictions_alert (const TocsinContradictions *self);

void tocsin_reciprocity_decay (TocsinReciprocity *self, gint64 now_us);
double tocsin_reciprocity_ratio (const TocsinReciprocity *self, gint64 now_us);
/* Whether a peer took much more than it gave (model.md 7). */
gboolean tocsin_reciprocity_is_free_rider (const TocsinReciprocity *self, gint64 now_us);

G_END_DECLS
