/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib.h>

#include "core/clock.h"
#include "core/guard.h"

/* A whole day, so that an hour and a day begin here. */
#define START_US (20000 * TOCSIN_DAY_US)

static guint
take (TocsinBurst *burst, guint n, gint64 now_us)
{
  guint live = 0;

  for (guint i = 0; i < n; i++)
    live += tocsin_burst_take (burst, 200, now_us) ? 1 : 0;
  return live;
}

static void
test_allowance (void)
{
  static const struct
  {
    guint32 per_hour, median;
    double hours, allowance;
  } rows[] = {
    { 200, 0, 1, 200 },      { 200, 0, 0, 200 },      { 200, 25, 1, 200 }, { 200, 26, 1, 208 },
    { 200, 100, 2.5, 2000 }, { 200, 0, 1000, 33600 }, { 200, 0, -5, 200 }, { 0, 1, 1, 8 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpfloat (tocsin_burst_allowance (rows[i].per_hour, rows[i].median, rows[i].hours), ==,
                       rows[i].allowance);
}

static void
test_burst (void)
{
  TocsinBurst burst = { 0 };

  g_assert_cmpuint (take (&burst, 300, START_US), ==, 200);
  /* No more after a clock that went back, or at once. */
  g_assert_cmpuint (take (&burst, 10, START_US - TOCSIN_HOUR_US), ==, 0);
  g_assert_cmpuint (take (&burst, 10, START_US), ==, 0);
  g_assert_cmpuint (take (&burst, 200, START_US + TOCSIN_HOUR_US / 2), ==, 100);
  /* A week of silence is the most that is saved. */
  g_assert_cmpuint (take (&burst, 50000, START_US + 30 * TOCSIN_DAY_US), ==, 200 * 168);
}

/* A clock that was ahead once, and was set right, holds nothing up for longer than an hour. */
static void
test_clock_was_ahead (void)
{
  static const gint64 ahead_us[] = { 2 * TOCSIN_HOUR_US, 3650 * TOCSIN_DAY_US };

  for (gsize i = 0; i < G_N_ELEMENTS (ahead_us); i++)
    {
      TocsinBurst burst = { 0 };
      TocsinWithdrawals withdrawals = { 0 };

      g_assert_cmpuint (take (&burst, 300, START_US + ahead_us[i]), ==, 200);
      g_assert_cmpuint (take (&burst, 10, START_US), ==, 0);
      g_assert_cmpuint (take (&burst, 200, START_US + TOCSIN_HOUR_US / 2), ==, 100);
      g_assert_cmpuint (take (&burst, 300, START_US + 10 * TOCSIN_HOUR_US), ==, 300);

      for (guint n = 0; n < 30; n++)
        tocsin_withdrawals_add (&withdrawals, START_US + 3650 * TOCSIN_DAY_US);
      tocsin_withdrawals_add (&withdrawals, START_US);
      g_assert_false (tocsin_withdrawals_is_mass (&withdrawals, 10, START_US));
    }
}

/* Who is heard all the time has an hour's allowance and no more, however little it says. */
static void
test_steady (void)
{
  static const struct
  {
    gint64 every_us;
    guint live; /* of 600 at once */
  } rows[] = {
    { TOCSIN_HOUR_US, 8 },      /* eight times its own median */
    { 2 * TOCSIN_HOUR_US, 2 },  /* two hours since contact, silent in most hours */
    { TOCSIN_HOUR_US / 2, 16 }, /* twice in an hour */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      TocsinBurst burst = { 0 };
      gint64 now_us = START_US;
      guint live = 0;

      for (; now_us < START_US + 130 * TOCSIN_HOUR_US; now_us += rows[i].every_us)
        tocsin_burst_take (&burst, 1, now_us);
      for (guint n = 0; n < 600; n++)
        live += tocsin_burst_take (&burst, 1, now_us) ? 1 : 0;
      g_assert_cmpuint (live, ==, rows[i].live);
    }
}

/* What a long silence gave is there until it is used, or until the peer was heard out. */
static void
test_after_silence (void)
{
  TocsinBurst burst = { 0 };
  gint64 now_us = START_US;

  tocsin_burst_hear (&burst, 200, now_us);
  now_us += 10 * TOCSIN_HOUR_US;
  tocsin_burst_hear (&burst, 200, now_us);
  now_us += TOCSIN_HOUR_US / 2;
  g_assert_cmpuint (take (&burst, 1500, now_us), ==, 1500);
  tocsin_burst_hear_out (&burst, 200, now_us);
  g_assert_cmpuint (take (&burst, 1000, now_us), ==, 200);
}

static void
test_median_hour (void)
{
  TocsinBurst burst = { 0 };

  for (int hour = 0; hour < 24; hour++)
    g_assert_cmpuint (take (&burst, 50, START_US + hour * TOCSIN_HOUR_US), ==, 50);
  g_assert_cmpuint (tocsin_burst_median_hour (&burst, START_US + 23 * TOCSIN_HOUR_US), ==, 50);
  g_assert_cmpuint (tocsin_burst_median_hour (&burst, START_US + 40 * TOCSIN_HOUR_US), ==, 0);
  g_assert_cmpuint (tocsin_burst_median_hour (&burst, START_US + 23 * 100 * TOCSIN_HOUR_US), ==, 0);
}

static void
withdraw (TocsinWithdrawals *withdrawals, guint n, gint64 now_us)
{
  for (guint i = 0; i < n; i++)
    tocsin_withdrawals_add (withdrawals, now_us);
}

static void
test_mass_in_a_day (void)
{
  TocsinWithdrawals few = { 0 };
  TocsinWithdrawals many = { 0 };

  withdraw (&few, 20, START_US);
  g_assert_false (tocsin_withdrawals_is_mass (&few, 0, START_US));
  withdraw (&few, 1, START_US);
  g_assert_true (tocsin_withdrawals_is_mass (&few, 0, START_US));

  withdraw (&many, 200, START_US);
  g_assert_false (tocsin_withdrawals_is_mass (&many, 800, START_US));
  withdraw (&many, 1, START_US + 5 * TOCSIN_HOUR_US);
  g_assert_true (tocsin_withdrawals_is_mass (&many, 799, START_US + 5 * TOCSIN_HOUR_US));
  g_assert_true (tocsin_withdrawals_is_mass (&many, 799, START_US + 23 * TOCSIN_HOUR_US));
  g_assert_false (tocsin_withdrawals_is_mass (&many, 799, START_US + 24 * TOCSIN_HOUR_US));
}

static void
test_mass_in_a_month (void)
{
  TocsinWithdrawals slow = { 0 };
  gint64 now_us = START_US;

  for (int day = 0; day < 25; day++, now_us += TOCSIN_DAY_US)
    withdraw (&slow, 20, now_us);
  now_us -= TOCSIN_DAY_US;
  g_assert_false (tocsin_withdrawals_is_mass (&slow, 500, now_us));
  g_assert_true (tocsin_withdrawals_is_mass (&slow, 499, now_us));
  g_assert_false (tocsin_withdrawals_is_mass (&slow, 499, now_us + 10 * TOCSIN_DAY_US));
}

static void
test_erased (void)
{
  TocsinWithdrawals withdrawals = { 0 };
  guint at_once = 0;

  for (int i = 0; i < 150; i++)
    at_once += tocsin_withdrawals_take_erased (&withdrawals, START_US) ? 1 : 0;
  g_assert_cmpuint (at_once, ==, TOCSIN_GUARD_ERASED_PER_DAY);
  g_assert_true (tocsin_withdrawals_take_erased (&withdrawals, START_US + TOCSIN_DAY_US));
}

static void
test_contradictions (void)
{
  TocsinContradictions contradictions = { 0 };

  g_assert_cmpfloat (tocsin_contradictions_ratio (&contradictions), ==, 0);
  for (int i = 0; i < 6; i++)
    tocsin_contradictions_add (&contradictions, TRUE);
  g_assert_cmpfloat (tocsin_contradictions_ratio (&contradictions), ==, 1);
  g_assert_false (tocsin_contradictions_alert (&contradictions));
  tocsin_contradictions_add (&contradictions, TRUE);
  g_assert_true (tocsin_contradictions_alert (&contradictions));
  for (int i = 0; i < 194; i++)
    tocsin_contradictions_add (&contradictions, FALSE);
  g_assert_cmpfloat (tocsin_contradictions_ratio (&contradictions), ==, 0.03);
  g_assert_false (tocsin_contradictions_alert (&contradictions));
}

static void
test_reciprocity (void)
{
  TocsinReciprocity peer = { .given = 1000, .got = 30, .updated_us = START_US };
  gint64 month_us = START_US + 30 * TOCSIN_DAY_US;

  g_assert_cmpfloat_with_epsilon (tocsin_reciprocity_ratio (&peer, START_US), 35.0 / 1005, 1e-12);
  g_assert_true (tocsin_reciprocity_is_free_rider (&peer, START_US));
  g_assert_cmpfloat_with_epsilon (tocsin_reciprocity_ratio (&peer, month_us), 20.0 / 505, 1e-12);
  g_assert_false (tocsin_reciprocity_is_free_rider (&peer, month_us));
  tocsin_reciprocity_decay (&peer, month_us);
  g_assert_cmpfloat_with_epsilon (peer.given, 500, 1e-9);
  g_assert_cmpfloat_with_epsilon (peer.got, 15, 1e-9);
  tocsin_reciprocity_decay (&peer, START_US);
  g_assert_cmpfloat_with_epsilon (peer.given, 500, 1e-9);
  peer = (TocsinReciprocity){ .given = 600, .got = 100, .updated_us = START_US };
  g_assert_false (tocsin_reciprocity_is_free_rider (&peer, START_US));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/guard/allowance", test_allowance);
  g_test_add_func ("/guard/burst", test_burst);
  g_test_add_func ("/guard/clock-was-ahead", test_clock_was_ahead);
  g_test_add_func ("/guard/steady", test_steady);
  g_test_add_func ("/guard/after-silence", test_after_silence);
  g_test_add_func ("/guard/median-hour", test_median_hour);
  g_test_add_func ("/guard/mass-in-a-day", test_mass_in_a_day);
  g_test_add_func ("/guard/mass-in-a-month", test_mass_in_a_month);
  g_test_add_func ("/guard/erased", test_erased);
  g_test_add_func ("/guard/contradictions", test_contradictions);
  g_test_add_func ("/guard/reciprocity", test_reciprocity);
  return g_test_run ();
}
