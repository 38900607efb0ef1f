/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/clock.h"
#include "core/error.h"
#include "fed/host-budget.h"

#define T0 (1000 * TOCSIN_DAY_US)

static void
assert_begins (TocsinHostBudget *budget, const char *authority, gint64 now_us)
{
  g_autoptr (GError) error = NULL;
  guint retry = 0;
  gboolean begun = tocsin_host_budget_begin (budget, authority, now_us, &retry, &error);

  g_assert_no_error (error);
  g_assert_true (begun);
}

/* Returns the seconds to wait. */
static guint
assert_refused (TocsinHostBudget *budget, const char *authority, gint64 now_us, TocsinError code)
{
  g_autoptr (GError) error = NULL;
  guint retry = 0;

  g_assert_false (tocsin_host_budget_begin (budget, authority, now_us, &retry, &error));
  g_assert_error (error, TOCSIN_ERROR, (gint) code);
  g_assert_cmpuint (retry, >=, 1);
  return retry;
}

static void
test_one_at_a_time (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  assert_begins (budget, "a.example:443", T0);
  assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  assert_begins (budget, "a.example:8443", T0);
  tocsin_host_budget_end (budget, "a.example:443", TRUE, T0);
  assert_begins (budget, "a.example:443", T0);
}

static void
test_twenty_in_any_minute (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  for (gint64 i = 0; i < 20; i++)
    {
      assert_begins (budget, "a.example:443", T0 + i * TOCSIN_SECOND_US);
      tocsin_host_budget_end (budget, "a.example:443", TRUE, T0 + i * TOCSIN_SECOND_US);
    }
  g_assert_cmpuint (assert_refused (budget, "a.example:443", T0 + 20 * TOCSIN_SECOND_US,
                                    TOCSIN_ERROR_UNAVAILABLE),
                    ==, 40);
  assert_refused (budget, "a.example:443", T0 + TOCSIN_MINUTE_US - 1, TOCSIN_ERROR_UNAVAILABLE);
  assert_begins (budget, "a.example:443", T0 + TOCSIN_MINUTE_US);
  tocsin_host_budget_end (budget, "a.example:443", TRUE, T0 + TOCSIN_MINUTE_US);
  g_assert_cmpuint (
      assert_refused (budget, "a.example:443", T0 + TOCSIN_MINUTE_US, TOCSIN_ERROR_UNAVAILABLE), ==,
      1);
}

/* A second request for the same document counts as one more. */
static void
test_again (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);
  g_autoptr (GError) error = NULL;

  for (gint64 i = 0; i < 10; i++)
    {
      assert_begins (budget, "a.example:443", T0);
      g_assert_true (tocsin_host_budget_again (budget, "a.example:443", T0, &error));
      g_assert_no_error (error);
      if (i < 9)
        tocsin_host_budget_end (budget, "a.example:443", TRUE, T0);
    }
  g_assert_false (tocsin_host_budget_again (budget, "a.example:443", T0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (budget, "a.example:443", TRUE, T0);
  assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
}

static void
test_thirty_two_in_all (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  for (guint i = 0; i < TOCSIN_HOST_BUDGET_IN_FLIGHT; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);

      assert_begins (budget, authority, T0);
    }
  assert_refused (budget, "other.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (budget, "7.example:443", FALSE, T0);
  assert_begins (budget, "other.example:443", T0);
}

static void
test_failure_is_remembered (void)
{
  const gint64 later = T0 + 5 * TOCSIN_MINUTE_US;
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  assert_begins (budget, "a.example:443", T0);
  tocsin_host_budget_end (budget, "a.example:443", FALSE, T0);
  g_assert_cmpuint (assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNREACHABLE), ==,
                    300);
  g_assert_cmpuint (assert_refused (budget, "a.example:443", later - 1, TOCSIN_ERROR_UNREACHABLE),
                    ==, 1);
  assert_begins (budget, "b.example:443", T0);
  assert_begins (budget, "a.example:443", later);
  tocsin_host_budget_end (budget, "a.example:443", TRUE, later);
  assert_begins (budget, "a.example:443", later);
}

static void
test_memory_is_bounded (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  assert_begins (budget, "held.example:443", T0);
  assert_begins (budget, "failed.example:443", T0);
  tocsin_host_budget_end (budget, "failed.example:443", FALSE, T0);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);

      assert_begins (budget, authority, T0);
      tocsin_host_budget_end (budget, authority, TRUE, T0);
      if (i == 50) /* which keeps it among the recent ones for a while */
        assert_refused (budget, "failed.example:443", T0, TOCSIN_ERROR_UNREACHABLE);
      if (i == 140)
        assert_refused (budget, "failed.example:443", T0, TOCSIN_ERROR_UNREACHABLE);
    }
  g_assert_cmpuint (tocsin_host_budget_count_hosts (budget), ==, 100);
  assert_begins (budget, "failed.example:443", T0);
  /* A fetch under way is never forgotten. */
  assert_refused (budget, "held.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (budget, "held.example:443", TRUE, T0);
}

static void
test_allowance (void)
{
  TocsinFetchAllowance allowance = { 0 };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    g_assert_true (tocsin_fetch_allowance_take (&allowance, &error));
  g_assert_no_error (error);
  g_assert_false (tocsin_fetch_allowance_take (&allowance, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host-budget/one-at-a-time", test_one_at_a_time);
  g_test_add_func ("/host-budget/twenty-in-any-minute", test_twenty_in_any_minute);
  g_test_add_func ("/host-budget/again", test_again);
  g_test_add_func ("/host-budget/thirty-two-in-all", test_thirty_two_in_all);
  g_test_add_func ("/host-budget/failure-is-remembered", test_failure_is_remembered);
  g_test_add_func ("/host-budget/memory-is-bounded", test_memory_is_bounded);
  g_test_add_func ("/host-budget/allowance", test_allowance);
  return g_test_run ();
}
