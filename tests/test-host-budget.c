/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/clock.h"
#include "core/error.h"
#include "fed/fetch-allowance.h"

#define T0       (1000 * TOCSIN_DAY_US)
#define STRANGER TOCSIN_HOST_BUDGET_FOR_STRANGERS

/* By a stranger of whom nothing is known. */
static TocsinHostFetch
fetch_of (const char *authority)
{
  return (TocsinHostFetch){ .authority = authority };
}

static TocsinHostPlace *
begin_fetch (TocsinHostBudget *budget, const TocsinHostFetch *fetch, gint64 now_us)
{
  g_autoptr (GError) error = NULL;
  guint retry = 0;
  TocsinHostPlace *place = tocsin_host_budget_begin (budget, fetch, now_us, &retry, &error);

  g_assert_no_error (error);
  g_assert_nonnull (place);
  return place;
}

static TocsinHostPlace *
begin (TocsinHostBudget *budget, const char *authority, gint64 now_us)
{
  const TocsinHostFetch fetch = fetch_of (authority);

  return begin_fetch (budget, &fetch, now_us);
}

/* A fetch that is over at once. */
static void
assert_fetches (TocsinHostBudget *budget, const char *authority, gint64 now_us)
{
  tocsin_host_budget_end (begin (budget, authority, now_us), TRUE, now_us);
}

/* Returns the seconds to wait. */
static guint
assert_fetch_refused (TocsinHostBudget *budget,
                      const TocsinHostFetch *fetch,
                      gint64 now_us,
                      TocsinError code)
{
  g_autoptr (GError) error = NULL;
  guint retry = 0;

  g_assert_null (tocsin_host_budget_begin (budget, fetch, now_us, &retry, &error));
  g_assert_error (error, TOCSIN_ERROR, (gint) code);
  g_assert_cmpuint (retry, >=, 1);
  return retry;
}

static guint
assert_refused (TocsinHostBudget *budget, const char *authority, gint64 now_us, TocsinError code)
{
  const TocsinHostFetch fetch = fetch_of (authority);

  return assert_fetch_refused (budget, &fetch, now_us, code);
}

static void
test_one_at_a_time (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);
  TocsinHostPlace *place = begin (budget, "a.example:443", T0);

  assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  assert_fetches (budget, "a.example:8443", T0);
  tocsin_host_budget_end (place, TRUE, T0);
  assert_fetches (budget, "a.example:443", T0);
}

static void
test_twenty_in_any_minute (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  for (gint64 i = 0; i < 20; i++)
    assert_fetches (budget, "a.example:443", T0 + i * TOCSIN_SECOND_US);
  g_assert_cmpuint (assert_refused (budget, "a.example:443", T0 + 20 * TOCSIN_SECOND_US,
                                    TOCSIN_ERROR_UNAVAILABLE),
                    ==, 40);
  assert_refused (budget, "a.example:443", T0 + TOCSIN_MINUTE_US - 1, TOCSIN_ERROR_UNAVAILABLE);
  assert_fetches (budget, "a.example:443", T0 + TOCSIN_MINUTE_US);
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
  TocsinHostPlace *place = NULL;

  for (gint64 i = 0; i < 10; i++)
    {
      place = begin (budget, "a.example:443", T0);
      g_assert_true (tocsin_host_budget_again (place, T0, &error));
      g_assert_no_error (error);
      if (i < 9)
        tocsin_host_budget_end (g_steal_pointer (&place), TRUE, T0);
    }
  g_assert_false (tocsin_host_budget_again (place, T0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (place, TRUE, T0);
  assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
}

/* Strangers have three quarters of the places, and what is known all that are left. */
static void
test_thirty_two_in_all (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);
  TocsinHostPlace *places[TOCSIN_HOST_BUDGET_IN_FLIGHT] = { NULL };
  TocsinHostFetch known = { .authority = "other.example:443", .is_known = TRUE };

  for (guint i = 0; i < TOCSIN_HOST_BUDGET_IN_FLIGHT; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);
      const TocsinHostFetch fetch = { .authority = authority, .is_known = i >= STRANGER };

      if (i == STRANGER)
        assert_refused (budget, "other.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
      places[i] = begin_fetch (budget, &fetch, T0);
    }
  assert_fetch_refused (budget, &known, T0, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (g_steal_pointer (&places[7]), FALSE, T0);
  places[7] = begin (budget, "other.example:443", T0);
  tocsin_host_budget_end (g_steal_pointer (&places[STRANGER]), TRUE, T0);
  assert_refused (budget, "another.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  places[STRANGER] = begin_fetch (budget, &known, T0);
  for (guint i = 0; i < TOCSIN_HOST_BUDGET_IN_FLIGHT; i++)
    tocsin_host_budget_end (places[i], TRUE, T0);
}

/* What strangers use up at a host, or have fail there, is not missing for who is known. */
static void
test_known_apart (void)
{
  const TocsinHostFetch known = { .authority = "a.example:443", .is_known = TRUE };
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);
  TocsinHostPlace *place = NULL;

  for (guint i = 0; i < 20; i++)
    assert_fetches (budget, "a.example:443", T0);
  assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  place = begin_fetch (budget, &known, T0);
  assert_fetch_refused (budget, &known, T0, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (place, TRUE, T0);
  for (guint i = 0; i < 19; i++)
    tocsin_host_budget_end (begin_fetch (budget, &known, T0), TRUE, T0);
  assert_fetch_refused (budget, &known, T0, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (begin (budget, "a.example:443", T0 + TOCSIN_MINUTE_US), FALSE,
                          T0 + TOCSIN_MINUTE_US);
  tocsin_host_budget_end (begin_fetch (budget, &known, T0 + TOCSIN_MINUTE_US), TRUE,
                          T0 + TOCSIN_MINUTE_US);
}

/* Each request is signed here: what they cost in all is bounded, however many hosts there are. */
static void
test_ten_a_second (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (1000);
  const TocsinHostFetch known = { .authority = "last.example:443", .is_known = TRUE };
  g_autoptr (GError) error = NULL;
  TocsinHostPlace *place = NULL;

  for (guint i = 0; i < TOCSIN_HOST_BUDGET_BURST; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);

      assert_fetches (budget, authority, T0);
    }
  g_assert_cmpuint (assert_refused (budget, "last.example:443", T0, TOCSIN_ERROR_UNAVAILABLE), ==,
                    1);
  tocsin_host_budget_end (begin_fetch (budget, &known, T0), TRUE, T0);
  for (guint i = 0; i < TOCSIN_HOST_BUDGET_PER_SECOND - 1; i++)
    assert_fetches (budget, "last.example:443", T0 + TOCSIN_SECOND_US);
  place = begin (budget, "last.example:443", T0 + TOCSIN_SECOND_US);
  g_assert_false (tocsin_host_budget_again (place, T0 + TOCSIN_SECOND_US, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (place, TRUE, T0 + TOCSIN_SECOND_US);
}

/* Neither names nor ports give one who has a domain more. */
static void
test_domain (void)
{
  static const char *const same[] = { "a.host.example:443", "a.host.example:444",
                                      "host.example:443", "b.a.host.example:443" };
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (1000);
  TocsinHostPlace *places[G_N_ELEMENTS (same)] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    places[i] = begin (budget, same[i], T0);
  assert_refused (budget, "c.host.example:443", T0, TOCSIN_ERROR_UNAVAILABLE);
  assert_fetches (budget, "other.example:443", T0);
  for (guint i = 0; i < G_N_ELEMENTS (same); i++)
    tocsin_host_budget_end (places[i], TRUE, T0);
  for (guint i = G_N_ELEMENTS (same); i < 60; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.host.example:443", i);

      assert_fetches (budget, authority, T0);
    }
  g_assert_cmpuint (assert_refused (budget, "c.host.example:443", T0, TOCSIN_ERROR_UNAVAILABLE), ==,
                    60);
  assert_fetches (budget, "other.example:443", T0);
}

/* A literal has the ports of one machine, or the addresses of one network. */
static void
test_literals (void)
{
  static const char *const same[][2] = { { "192.0.2.7:%u", "192.0.3.7:443" },
                                         { "[2001:db8::%x]:443", "[2001:db8:0:1::1]:443" } };

  for (guint k = 0; k < G_N_ELEMENTS (same); k++)
    {
      g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (1000);

      for (guint i = 1; i <= 60; i++)
        {
          g_autoptr (GString) authority = g_string_new (same[k][0]);
          g_autofree char *number = g_strdup_printf (k == 0 ? "%u" : "%x", i);

          g_string_replace (authority, k == 0 ? "%u" : "%x", number, 0);
          assert_fetches (budget, authority->str, T0);
        }
      assert_refused (budget, k == 0 ? "192.0.2.7:8443" : "[2001:db8::ffff]:443", T0,
                      TOCSIN_ERROR_UNAVAILABLE);
      assert_fetches (budget, same[k][1], T0);
    }
}

/* Nor do addresses that one subscriber has; loopback may be anybody. */
static void
test_client (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (1000);
  TocsinHostPlace *places[4] = { NULL };
  TocsinHostFetch fetch = { .client = "2001:db8::1" };

  for (guint i = 0; i < 34; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);

      fetch.authority = authority;
      fetch.client = i % 2 == 0 ? "2001:db8::1" : "2001:db8::2";
      if (i >= 4 && i < 8)
        places[i - 4] = begin_fetch (budget, &fetch, T0);
      else if (i >= 8 && i < 12)
        assert_fetch_refused (budget, &fetch, T0, TOCSIN_ERROR_UNAVAILABLE);
      else
        tocsin_host_budget_end (begin_fetch (budget, &fetch, T0), TRUE, T0);
      for (guint k = 0; k < 4 && i == 11; k++)
        tocsin_host_budget_end (places[k], TRUE, T0);
    }
  fetch.authority = "last.example:443";
  g_assert_cmpuint (assert_fetch_refused (budget, &fetch, T0, TOCSIN_ERROR_UNAVAILABLE), ==, 60);
  fetch.client = "2001:db8:0:1::1";
  tocsin_host_budget_end (begin_fetch (budget, &fetch, T0), TRUE, T0);
  fetch.is_known = TRUE;
  fetch.client = "2001:db8::1";
  tocsin_host_budget_end (begin_fetch (budget, &fetch, T0), TRUE, T0);
  fetch.is_known = FALSE;
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.test:443", i);

      fetch.authority = authority;
      fetch.client = i % 2 == 0 ? "127.0.0.1" : "unix";
      tocsin_host_budget_end (begin_fetch (budget, &fetch, T0), TRUE, T0);
    }
}

static void
test_failure_is_remembered (void)
{
  const gint64 later = T0 + 5 * TOCSIN_MINUTE_US;
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);

  tocsin_host_budget_end (begin (budget, "a.example:443", T0), FALSE, T0);
  g_assert_cmpuint (assert_refused (budget, "a.example:443", T0, TOCSIN_ERROR_UNREACHABLE), ==,
                    300);
  g_assert_cmpuint (assert_refused (budget, "a.example:443", later - 1, TOCSIN_ERROR_UNREACHABLE),
                    ==, 1);
  assert_fetches (budget, "b.example:443", T0);
  assert_fetches (budget, "a.example:443", later);
  assert_fetches (budget, "a.example:443", later);
}

/* Of each fetch a host and a domain are remembered. */
static void
test_memory_is_bounded (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);
  TocsinHostPlace *held = begin (budget, "held.example:443", T0);
  gint64 now_us = T0;

  tocsin_host_budget_end (begin (budget, "failed.example:443", T0), FALSE, T0);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);

      now_us += TOCSIN_SECOND_US / 10;
      assert_fetches (budget, authority, now_us);
      if (i == 30) /* which keeps it among the recent ones for a while */
        assert_refused (budget, "failed.example:443", now_us, TOCSIN_ERROR_UNREACHABLE);
      if (i == 70)
        assert_refused (budget, "failed.example:443", now_us, TOCSIN_ERROR_UNREACHABLE);
    }
  g_assert_cmpuint (tocsin_host_budget_count_names (budget), ==, 100);
  assert_fetches (budget, "failed.example:443", now_us);
  /* A fetch under way is never forgotten. */
  assert_refused (budget, "held.example:443", now_us, TOCSIN_ERROR_UNAVAILABLE);
  tocsin_host_budget_end (held, TRUE, now_us);
}

/* Who is refused has nobody forgotten. */
static void
test_refusals_are_not_remembered (void)
{
  g_autoptr (TocsinHostBudget) budget = tocsin_host_budget_new (100);
  TocsinHostFetch fetch = { .client = "192.0.2.1" };

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);
      g_autoptr (GError) error = NULL;
      guint retry;
      TocsinHostPlace *place;

      fetch.authority = authority;
      place = tocsin_host_budget_begin (budget, &fetch, T0, &retry, &error);
      g_assert_true ((place != NULL) == (i < 30));
      if (place != NULL)
        tocsin_host_budget_end (place, TRUE, T0);
    }
  g_assert_cmpuint (tocsin_host_budget_count_names (budget), ==, 1 + 2 * 30);
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
  g_test_add_func ("/host-budget/known-apart", test_known_apart);
  g_test_add_func ("/host-budget/ten-a-second", test_ten_a_second);
  g_test_add_func ("/host-budget/domain", test_domain);
  g_test_add_func ("/host-budget/literals", test_literals);
  g_test_add_func ("/host-budget/client", test_client);
  g_test_add_func ("/host-budget/failure-is-remembered", test_failure_is_remembered);
  g_test_add_func ("/host-budget/memory-is-bounded", test_memory_is_bounded);
  g_test_add_func ("/host-budget/refusals-are-not-remembered", test_refusals_are_not_remembered);
  g_test_add_func ("/host-budget/allowance", test_allowance);
  return g_test_run ();
}
