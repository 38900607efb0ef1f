/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/clock.h"
#include "core/clocks.h"

#define NOW    (20000 * TOCSIN_DAY_US)
#define BOOTED (3 * TOCSIN_DAY_US) /* ago */

static void
assert_ahead (const TocsinClocks *clocks, gint64 now_us, gint64 boot_us, guint n, gint64 ahead_us)
{
  gint64 is_us = -1;

  g_assert_cmpuint (tocsin_clocks_compare (clocks, now_us, boot_us, &is_us), ==, n);
  g_assert_cmpint (is_us, ==, ahead_us);
}

static void
test_none (void)
{
  const TocsinClocks clocks = { 0 };

  assert_ahead (&clocks, NOW, BOOTED, 0, 0);
}

/* One that is wrong says nothing against two that are right, nor against one. */
static void
test_median (void)
{
  TocsinClocks clocks = { 0 };

  tocsin_clocks_note (&clocks, "a.example", NOW - TOCSIN_HOUR_US, BOOTED);
  assert_ahead (&clocks, NOW, BOOTED, 1, TOCSIN_HOUR_US);
  tocsin_clocks_note (&clocks, "b.example", NOW + TOCSIN_SECOND_US, BOOTED);
  assert_ahead (&clocks, NOW, BOOTED, 2, -TOCSIN_SECOND_US);
  tocsin_clocks_note (&clocks, "c.example", NOW - TOCSIN_SECOND_US, BOOTED);
  assert_ahead (&clocks, NOW, BOOTED, 3, TOCSIN_SECOND_US);
  assert_ahead (&clocks, NOW - TOCSIN_DAY_US, BOOTED, 3, TOCSIN_SECOND_US - TOCSIN_DAY_US);
}

/* What a host said last counts, for a day, however often it was asked. */
static void
test_newest (void)
{
  TocsinClocks clocks = { 0 };
  gint64 later_us = BOOTED + TOCSIN_DAY_US;

  tocsin_clocks_note (&clocks, "a.example", 0, BOOTED);
  tocsin_clocks_note (&clocks, "a.example", NOW, BOOTED);
  assert_ahead (&clocks, NOW, BOOTED, 1, 0);
  assert_ahead (&clocks, NOW + TOCSIN_DAY_US, later_us, 1, 0);
  assert_ahead (&clocks, NOW + TOCSIN_DAY_US + 1, later_us + 1, 0, 0);
}

static void
test_bound (void)
{
  TocsinClocks clocks = { 0 };

  for (guint i = 0; i < 3 * TOCSIN_CLOCKS_HOSTS; i++)
    {
      g_autofree char *host = g_strdup_printf ("%u.example", i);
      gint64 date_us = i < 2 * TOCSIN_CLOCKS_HOSTS ? 0 : NOW;

      tocsin_clocks_note (&clocks, host, date_us + i, BOOTED + i);
    }
  assert_ahead (&clocks, NOW, BOOTED, TOCSIN_CLOCKS_HOSTS, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clocks/none", test_none);
  g_test_add_func ("/clocks/median", test_median);
  g_test_add_func ("/clocks/newest", test_newest);
  g_test_add_func ("/clocks/bound", test_bound);
  return g_test_run ();
}
