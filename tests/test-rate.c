/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "http/rate.h"

#include "core/clock.h"

#define T0 (G_GINT64_CONSTANT (1000) * TOCSIN_SECOND_US)

/* Of @tries at once, how many are within the rate. */
static guint
take (TocsinRate *rate, guint8 address, guint tries, gint64 now_us, guint *wait_seconds)
{
  TocsinAddressKey key = { .bytes = { address } };
  guint n = 0;

  for (guint i = 0; i < tries; i++)
    n += tocsin_rate_take (rate, &key, 1, now_us, wait_seconds);
  return n;
}

/* What a minute brings back is what it is said to, whether that is a whole number a second or not.
 */
static void
test_a_minute (void)
{
  static const guint rates[] = { 10, 59, 60, 61, 90, 119, 6000 };

  for (gsize i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      g_autoptr (TocsinRate) rate = tocsin_rate_new (rates[i] / 60.0, rates[i]);
      guint wait = 0, n = 0;

      g_assert_nonnull (rate);
      g_assert_cmpuint (take (rate, 1, rates[i] + 1, T0, &wait), ==, rates[i]);
      for (guint s = 1; s <= 60; s++)
        n += take (rate, 1, rates[i], T0 + s * TOCSIN_SECOND_US, &wait);
      /* The last one may be a hair away. */
      g_assert_cmpuint (n, <=, rates[i]);
      g_assert_cmpuint (n, >=, rates[i] - 1);
    }
}

static void
test_wait (void)
{
  g_autoptr (TocsinRate) rate = tocsin_rate_new (10 / 60.0, 10);
  guint wait = 0;

  take (rate, 1, 11, T0, &wait);
  g_assert_cmpuint (wait, ==, 6);
  g_assert_cmpuint (take (rate, 1, 1, T0 + 5 * TOCSIN_SECOND_US, &wait), ==, 0);
  g_assert_cmpuint (wait, ==, 1);
  g_assert_cmpuint (take (rate, 1, 2, T0 + 6 * TOCSIN_SECOND_US, &wait), ==, 1);
  /* Another address has its own. */
  g_assert_cmpuint (take (rate, 2, 11, T0, &wait), ==, 10);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rate/a-minute", test_a_minute);
  g_test_add_func ("/rate/wait", test_wait);
  return g_test_run ();
}
