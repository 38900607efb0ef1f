/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/bucket.h"
#include "core/clock.h"

static void
test_burst_then_rate (void)
{
  TocsinBucket bucket;

  tocsin_bucket_init (&bucket, 5, 2, 0);
  for (int i = 0; i < 5; i++)
    g_assert_true (tocsin_bucket_take (&bucket, 1, 0));
  g_assert_false (tocsin_bucket_take (&bucket, 1, 0));
  g_assert_false (tocsin_bucket_take (&bucket, 1, TOCSIN_SECOND_US / 2 - 1));
  g_assert_true (tocsin_bucket_take (&bucket, 1, TOCSIN_SECOND_US / 2));
  g_assert_false (tocsin_bucket_take (&bucket, 1, TOCSIN_SECOND_US / 2));
}

/* Asking often must not cost what trickles in between. */
static void
test_refusals_lose_nothing (void)
{
  TocsinBucket bucket;
  guint taken = 0;

  tocsin_bucket_init (&bucket, 1, 1, 0);
  for (gint64 ms = 0; ms <= 10000; ms++)
    taken += tocsin_bucket_take (&bucket, 1, ms * 1000) ? 1 : 0;
  g_assert_cmpuint (taken, ==, 11);
}

static void
test_capacity_bounds (void)
{
  TocsinBucket bucket;

  tocsin_bucket_init (&bucket, 3, 1, 0);
  g_assert_false (tocsin_bucket_take (&bucket, 4, 0));
  g_assert_true (tocsin_bucket_is_full (&bucket, 0));
  g_assert_true (tocsin_bucket_take (&bucket, 3, TOCSIN_DAY_US));
  g_assert_false (tocsin_bucket_is_full (&bucket, TOCSIN_DAY_US + 2 * TOCSIN_SECOND_US));
  g_assert_true (tocsin_bucket_is_full (&bucket, TOCSIN_DAY_US + 3 * TOCSIN_SECOND_US));
}

static void
test_wait (void)
{
  TocsinBucket bucket;

  tocsin_bucket_init (&bucket, 10, 0.5, 0);
  g_assert_cmpuint (tocsin_bucket_wait_seconds (&bucket, 10, 0), ==, 0);
  g_assert_true (tocsin_bucket_take (&bucket, 10, 0));
  g_assert_cmpuint (tocsin_bucket_wait_seconds (&bucket, 1, 0), ==, 2);
  g_assert_cmpuint (tocsin_bucket_wait_seconds (&bucket, 1, TOCSIN_SECOND_US + 1), ==, 1);
  g_assert_cmpuint (tocsin_bucket_wait_seconds (&bucket, 99, 0), ==, 20);
  g_assert_true (tocsin_bucket_take (&bucket, 1, 2 * TOCSIN_SECOND_US));
}

static void
test_clock_set_back (void)
{
  TocsinBucket bucket;

  tocsin_bucket_init (&bucket, 1, 1, TOCSIN_DAY_US);
  g_assert_true (tocsin_bucket_take (&bucket, 1, 0));
  g_assert_false (tocsin_bucket_take (&bucket, 1, 1));
  g_assert_true (tocsin_bucket_take (&bucket, 1, TOCSIN_SECOND_US));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bucket/burst-then-rate", test_burst_then_rate);
  g_test_add_func ("/bucket/refusals-lose-nothing", test_refusals_lose_nothing);
  g_test_add_func ("/bucket/capacity-bounds", test_capacity_bounds);
  g_test_add_func ("/bucket/wait", test_wait);
  g_test_add_func ("/bucket/clock-set-back", test_clock_set_back);
  return g_test_run ();
}
