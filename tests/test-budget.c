/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The single-voice budget (model.md 4): what costs some of it, and who can use it up.
 */
#include "api-node.h"

#include "store/table-review.h"
#include "store/table-voices.h"
#include "view/score.h"

#define QUESTION(type, value) "{\"subjects\":[{\"type\":\"" type "\",\"value\":\"" value "\"}]}"

#define OF_THE_DAY TOCSIN_VOICE_BUDGET_DAY

/* One peer, loud enough for a review by itself. */
static void
node_trust_one (Node *node)
{
  static const TocsinTrustPeer peer = { 1, TOCSIN_AREA_ANY, 0.9, FALSE };
  static const TocsinTrustInput input = { .peers = &peer, .n_peers = 1 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 2, 1);

  tocsin_api_set_trust (node->api, trust);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

/* Charges, if it is to be charged, are heard of everywhere on return. */
static void
assert_answer (Node *node, const char *question, const char *verdict)
{
  g_autofree char *expected = g_strdup_printf ("{\"verdict\":\"%s\"", verdict);
  g_auto (Answer) answer = { 0 };

  node_ask (node, "POST", "/v1/check", TYPE_CHECK, question, &answer);
  if (!g_str_has_prefix (answer.body->str, expected))
    g_error ("%s: no %s in %s", question, expected, answer.body->str);
  settle ();
}

static void
assert_address (Node *node, guint i, const char *verdict)
{
  g_autofree char *question = g_strdup_printf (QUESTION ("ip", "192.0.2.%u"), i);

  assert_answer (node, question, verdict);
}

static void
report_addresses (Node *node, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);

      node_report (node, 1, TOCSIN_SUBJECT_IP, ip, 1);
    }
}

static gboolean
count_lines (TocsinTxn *txn, gpointer data, GError **error)
{
  *(guint64 *) data = tocsin_review_count_open (txn);
  return TRUE;
}

/* The 51st that a voice alone makes a review on one day is a note; the 50 stay what they were, and
 * the next day is another. */
static void
test_spent (void)
{
  gint64 limit_us = g_get_monotonic_time () + LIMIT_US;
  g_auto (Node) node = { 0 };
  guint64 open = 0;

  node_init (&node);
  node_trust_one (&node);
  report_addresses (&node, OF_THE_DAY + 1);
  for (guint i = 0; i <= OF_THE_DAY; i++)
    for (guint again = 0; again < 2; again++)
      assert_address (&node, i, i == OF_THE_DAY ? "note" : "review");
  while (open == 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      tocsin_store_write (node.store, count_lines, &open, NULL);
    }
  g_assert_cmpuint (open, ==, 1);
  /* A restart gives no second budget, and takes nothing of the first. */
  node_restart (&node);
  node_trust_one (&node);
  for (guint i = 0; i <= OF_THE_DAY; i++)
    assert_address (&node, i, i == OF_THE_DAY ? "note" : "review");
  now_us += TOCSIN_DAY_US;
  assert_address (&node, OF_THE_DAY, "review");
}

static void
assert_spent (Node *node)
{
  for (guint i = 0; i <= OF_THE_DAY; i++)
    assert_address (node, i, i == OF_THE_DAY ? "note" : "review");
}

static gboolean
count_events (guint32 actor, gconstpointer events, guint n_events, gpointer data)
{
  *(guint *) data += n_events;
  return TRUE;
}

/* Until all that was charged today is in the store. */
static void
wait_until_stored (Node *node)
{
  gint64 limit_us = g_get_monotonic_time () + LIMIT_US;
  guint n = 0;

  while (n < OF_THE_DAY)
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (node->store));

      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      n = 0;
      tocsin_voices_foreach (txn, (guint32) (now_us / TOCSIN_DAY_US), count_events, &n);
    }
}

/* A clock that was ahead when the node started, or when reviews were charged, and is put right: the
 * day that it is has its budget, and that has an end. */
static void
test_clock_that_was_ahead (void)
{
  static const guint days[] = { 1, 2 };

  for (gsize i = 0; i < G_N_ELEMENTS (days); i++)
    for (guint charged = 0; charged < 2; charged++)
      {
        g_auto (Node) node = { 0 };

        node_init (&node);
        node_trust_one (&node);
        report_addresses (&node, OF_THE_DAY + 1);
        now_us = T0 + days[i] * TOCSIN_DAY_US;
        node_restart (&node);
        node_trust_one (&node);
        if (charged)
          assert_spent (&node);
        now_us = T0 + TOCSIN_MINUTE_US;
        assert_spent (&node);
        wait_until_stored (&node);
        /* Nor is there a second budget once it has been a little ahead again. */
        now_us = T0 + TOCSIN_DAY_US;
        assert_address (&node, 0, "review");
        now_us = T0 + 2 * TOCSIN_MINUTE_US;
        assert_spent (&node);
      }
}

/* What was charged before midnight and comes after it takes nothing of the new day away. */
static void
test_over_midnight (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust_one (&node);
  report_addresses (&node, OF_THE_DAY + 1);
  assert_spent (&node);
  tocsin_api_charge (node.api, 1, 4711, now_us - 1);
  settle ();
  now_us += TOCSIN_MINUTE_US;
  assert_spent (&node);
}

/* Of one thing that the voice reported strangers ask as often as they like, beside, at or in it:
 * that is one, and what else the voice reported is as good as before. */
static void
test_of_one_report (void)
{
  static const struct
  {
    const char *before, *after;
  } questions[] = {
    { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.0\"},{\"type\":\"email\",\"value\":\"u",
      "@example.org\"}]}" },
    { "{\"subjects\":[{\"type\":\"email\",\"value\":\"u", "@loud.example\"}]}" },
    { "{\"subjects\":[{\"type\":\"url\",\"value\":\"https://loud.example/", "\"}]}" },
    { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"203.0.113.", "\"}]}" },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust_one (&node);
  report_addresses (&node, 1);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "loud.example", 1);
  node_report (&node, 1, TOCSIN_SUBJECT_NETWORK, "203.0.113.0/24", 1);
  node_report (&node, 1, TOCSIN_SUBJECT_EMAIL, "bad@mail.example", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      for (guint n = 0; n <= 2 * OF_THE_DAY; n++)
        {
          g_autofree char *question =
              g_strdup_printf ("%s%u%s", questions[i].before, n, questions[i].after);

          assert_answer (&node, question, "review");
        }
      assert_answer (&node, QUESTION ("email", "bad@mail.example"), "review");
    }
}

/* A page view asks whether to block, which no single voice can: it costs nothing. */
static void
test_of_page_views (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust_one (&node);
  report_addresses (&node, OF_THE_DAY + 1);
  node_report (&node, 1, TOCSIN_SUBJECT_EMAIL, "bad@mail.example", 1);
  for (guint i = 0; i <= OF_THE_DAY; i++)
    {
      TocsinRequest *request = node_begin (&node, "GET", "/v1/authz", NULL, NULL);
      g_autofree char *client = g_strdup_printf ("192.0.2.%u", i);
      g_auto (Answer) answer = { 0 };

      tocsin_request_add_header (request, "X-Real-IP", client);
      node_run (&node, request);
      node_end (&node, request, &answer);
      g_assert_cmpstr (answer.verdict, ==, "review");
      settle ();
    }
  assert_answer (&node, QUESTION ("email", "bad@mail.example"), "review");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/budget/spent", test_spent);
  g_test_add_func ("/budget/clock-that-was-ahead", test_clock_that_was_ahead);
  g_test_add_func ("/budget/over-midnight", test_over_midnight);
  g_test_add_func ("/budget/of-one-report", test_of_one_report);
  g_test_add_func ("/budget/of-page-views", test_of_page_views);
  return g_test_run ();
}
