/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a bouncer of CrowdSec is told, and what it is told the next time.
 */
#include "export-case.h"

#include "codec/json-strict.h"
#include "http/decisions.h"
#include "store/table-allow.h"

#define STREAM "/v1/decisions/stream"

/* An answer as "+scope value type" and "-scope value type", in order, one a line. */
static char *
summarise (const char *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = tocsin_json_parse (body, strlen (body), NULL, NULL, &error);
  static const char *const parts[] = { "deleted", "new" };
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  g_assert_no_error (error);
  for (gsize p = 0; p < G_N_ELEMENTS (parts); p++)
    {
      JsonArray *array = json_object_get_array_member (json_node_get_object (root), parts[p]);

      for (guint i = 0; i < json_array_get_length (array); i++)
        {
          JsonObject *o = json_array_get_object_element (array, i);

          g_assert_cmpint (json_object_get_int_member (o, "id"), >, 0);
          g_assert_true (g_regex_match_simple (
              "^[0-9]+h[0-9]+m[0-9]+s$", json_object_get_string_member (o, "duration"), 0, 0));
          g_assert_true (
              g_str_has_prefix (json_object_get_string_member (o, "scenario"), "tocsin/"));
          g_ptr_array_add (lines, g_strdup_printf ("%s%s %s %s", p == 0 ? "-" : "+",
                                                   json_object_get_string_member (o, "scope"),
                                                   json_object_get_string_member (o, "value"),
                                                   json_object_get_string_member (o, "type")));
        }
    }
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Every other /64, which makes more pieces than a network is cut into. */
static gboolean
allow_many (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i <= 2 * 4096; i += 2)
    {
      g_autofree char *value = g_strdup_printf ("2001:db8:1:%x::/64", i);
      g_auto (TocsinAllowRecord) record = { .type = TOCSIN_SUBJECT_NETWORK };
      g_auto (TocsinSubject) subject = { 0 };

      if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_NETWORK, value, error))
        return FALSE;
      record.key = tocsin_subject_key (&subject);
      record.value = g_steal_pointer (&value);
      tocsin_allow_put (txn, &record);
    }
  return TRUE;
}

static char *
ask_as (Node *node, const char *token, const char *method, const char *target)
{
  TocsinRequest *request = node_begin (node, method, target, NULL, NULL);
  g_auto (Answer) answer = { 0 };

  request->token_name = token;
  node_run (node, request);
  node_end (node, request, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  return summarise (answer.body->str);
}

static char *
poll_as (Node *node, const char *token, const char *target)
{
  return ask_as (node, token, "GET", target);
}

/* Twice, for each answer is told once more. */
static void
expect_poll (Node *node, const char *token, const char *target, const char *expected)
{
  g_autofree char *told = poll_as (node, token, target);
  g_autofree char *again = poll_as (node, token, target);

  g_assert_cmpstr (told, ==, expected);
  g_assert_cmpstr (again, ==, expected);
}

/* Once, as where the answer is lost. */
static void
expect_once (Node *node, const char *method, const char *target, const char *expected)
{
  g_autofree char *told = ask_as (node, "fw", method, target);

  g_assert_cmpstr (told, ==, expected);
}

static gboolean
withdraw (TocsinTxn *txn, gpointer data, GError **error)
{
  return tocsin_reports_withdraw (txn, *(guint64 *) data, TOCSIN_REASON_ERROR, T0, T0);
}

static void
node_withdraw (Node *node, guint64 report)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_store_write (node->store, withdraw, &report, &error));
  g_assert_no_error (error);
}

static void
node_allow (Node *node, const char *method, const char *type, const char *value)
{
  g_autofree char *body = g_strdup_printf ("{\"type\":\"%s\",\"value\":\"%s\"}", type, value);
  g_auto (Answer) answer = { 0 };

  node_ask (node, method, "/v1/allow", TYPE_CHECK, body, &answer);
  g_assert_cmpuint (answer.status, ==, *method == 'P' ? 201 : 204);
}

/* The lines of an answer, sorted. */
static void
expect_lines (Node *node, const char *token, const char *target, const char *expected)
{
  g_autofree char *once = poll_as (node, token, target);
  g_autofree char *told = poll_as (node, token, target);
  g_auto (GStrv) lines = g_strsplit (told, "\n", -1);
  g_autofree char *sorted = NULL;

  qsort (lines, g_strv_length (lines), sizeof *lines, compare_lines);
  sorted = g_strjoinv ("\n", lines);
  g_assert_cmpstr (once, ==, told);
  g_assert_cmpstr (sorted, ==, expected);
}

static void
test_stream (void)
{
  g_auto (Node) node = { 0 };
  guint64 first, range;

  node_init (&node);
  expect_poll (&node, "fw", STREAM "?startup=true", "");
  first = node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_poll (&node, "fw", STREAM, "+Ip 192.0.2.1 ban");
  expect_poll (&node, "fw", STREAM, "");
  range = node_report (&node, 0, TOCSIN_SUBJECT_IP, "2001:db8:1:2::5", 17);
  expect_poll (&node, "fw", STREAM "?startup=false", "+Range 2001:db8:1:2::/64 ban");
  node_withdraw (&node, first);
  expect_poll (&node, "fw", STREAM, "-Ip 192.0.2.1 ban");
  expect_poll (&node, "fw", STREAM, "");
  expect_poll (&node, "fw", STREAM "?startup=true", "+Range 2001:db8:1:2::/64 ban");
  node_withdraw (&node, range);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", 17);
  expect_poll (&node, "fw", STREAM, "-Range 2001:db8:1:2::/64 ban\n+Range 198.51.100.0/25 ban");
}

/* An answer that did not arrive is made up for by the next one. */
static void
test_lost (void)
{
  g_auto (Node) node = { 0 };
  guint64 first;

  node_init (&node);
  expect_once (&node, "GET", STREAM "?startup=true", "");
  first = node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_once (&node, "GET", STREAM, "+Ip 192.0.2.1 ban");
  expect_once (&node, "GET", STREAM, "+Ip 192.0.2.1 ban");
  expect_once (&node, "GET", STREAM, "");
  node_withdraw (&node, first);
  expect_once (&node, "GET", STREAM, "-Ip 192.0.2.1 ban");
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", 17);
  expect_once (&node, "GET", STREAM, "-Ip 192.0.2.1 ban\n+Range 198.51.100.0/25 ban");
  expect_once (&node, "GET", STREAM "?startup=true", "+Range 198.51.100.0/25 ban");
  /* Gone, and there again: it has the one or the other. */
  first = node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_poll (&node, "fw", STREAM, "+Ip 192.0.2.1 ban");
  node_withdraw (&node, first);
  expect_once (&node, "GET", STREAM, "-Ip 192.0.2.1 ban");
  first = node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_once (&node, "GET", STREAM, "+Ip 192.0.2.1 ban");
  node_withdraw (&node, first);
  expect_once (&node, "GET", STREAM, "-Ip 192.0.2.1 ban");
  /* One who knows nothing yet is told of what is gone, for it may be wrong. */
  expect_once (&node, "GET", STREAM "?startup=true",
               "-Ip 192.0.2.1 ban\n+Range 198.51.100.0/25 ban");
}

/* Nobody gets what a HEAD would be told, nor what is made for a client that has left. */
static void
test_nobody_there (void)
{
  TocsinListingFilter filter = { .types = TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP) |
                                          TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_NETWORK),
                                 .verdicts = TOCSIN_VERDICT_BIT (TOCSIN_VERDICT_BLOCK) };
  g_auto (Node) node = { 0 };

  node_init (&node);
  expect_poll (&node, "fw", STREAM "?startup=true", "");
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  for (guint i = 0; i < 3; i++)
    {
      TocsinRequest *request = node_begin (&node, "GET", STREAM, NULL, NULL);
      g_autoptr (GBytes) bytes = NULL;

      tocsin_request_suspend (request);
      g_cancellable_cancel (tocsin_request_get_cancellable (request));
      bytes = tocsin_decisions_stream (node.api->decisions, "fw", &filter, FALSE, request, NULL);
      g_assert_nonnull (bytes);
      tocsin_request_complete (request);
      tocsin_request_unref (request);
      expect_once (&node, "HEAD", STREAM, "+Ip 192.0.2.1 ban");
    }
  expect_poll (&node, "fw", STREAM, "+Ip 192.0.2.1 ban");
  expect_poll (&node, "fw", STREAM, "");
}

/* A bouncer lets go of what it was told when the time it was told is over. */
static void
test_renewed (void)
{
  g_auto (Node) node = { 0 };
  guint64 longer;

  node_init (&node);
  report_days = 1;
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.2/31", 17);
  node_allow (&node, "POST", "ip", "203.0.113.3");
  expect_lines (&node, "fw", STREAM, "+Ip 192.0.2.1 ban\n+Range 203.0.113.2/32 ban");
  report_days = 2;
  longer = node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_poll (&node, "fw", STREAM, "+Ip 192.0.2.1 ban");
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.2/31", 17);
  expect_poll (&node, "fw", STREAM, "+Range 203.0.113.2/32 ban");
  node_withdraw (&node, longer); /* sooner: it is told once it is gone */
  expect_poll (&node, "fw", STREAM, "");
  report_days = 60;
}

static void
test_each_has_its_own_place (void)
{
  g_auto (Node) node = { 0 };
  g_autofree char *both = NULL;
  g_autofree char *again = NULL;

  node_init (&node);
  expect_poll (&node, "one", STREAM "?startup=true", "");
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_poll (&node, "one", STREAM, "+Ip 192.0.2.1 ban");
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.2", 17);
  expect_poll (&node, "one", STREAM, "+Ip 192.0.2.2 ban");
  /* Never asked before: all there is, also without startup. */
  both = poll_as (&node, "two", STREAM);
  g_assert_cmpuint (strlen (both), ==, strlen ("+Ip 192.0.2.1 ban\n+Ip 192.0.2.2 ban"));
  expect_poll (&node, "one", STREAM, "");
  again = poll_as (&node, "two", STREAM);
  g_assert_cmpstr (again, ==, both);
  expect_poll (&node, "two", STREAM, "");
}

/* Who did not ask for a day begins anew, and takes nobody's place. */
static void
test_idle (void)
{
  g_auto (Node) node = { 0 };
  gint64 begun_us = g_get_monotonic_time ();
  guint64 report;

  node_init (&node);
  report = node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  for (guint i = 0; i < TOCSIN_DECISIONS_READERS_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("b%u", i);

      expect_poll (&node, name, STREAM, "+Ip 192.0.2.1 ban");
    }
  {
    TocsinRequest *request = node_begin (&node, "GET", STREAM, NULL, NULL);
    g_auto (Answer) answer = { 0 };

    request->token_name = "one-more";
    node_run (&node, request);
    node_end (&node, request, &answer);
    g_assert_cmpuint (answer.status, ==, 503);
  }
  tocsin_decisions_tidy (node.api->decisions, begun_us + TOCSIN_DAY_US - TOCSIN_SECOND_US);
  expect_poll (&node, "b0", STREAM, "");
  node_withdraw (&node, report);
  tocsin_decisions_tidy (node.api->decisions, g_get_monotonic_time () + TOCSIN_DAY_US);
  expect_poll (&node, "b1", STREAM, "");
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.2", 17);
  expect_poll (&node, "one-more", STREAM, "+Ip 192.0.2.2 ban");
  expect_poll (&node, "b1", STREAM, "+Ip 192.0.2.2 ban");
}

/* Trust, the allow list, time and observing may alter any verdict. */
static void
test_what_is_in_no_log (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (guint32 peer = 1; peer <= 3; peer++)
    node_report (&node, peer, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.9", 17);
  expect_poll (&node, "fw", STREAM "?startup=true&origins=tocsin-review", "+Ip 192.0.2.1 captcha");
  node_trust (&node, 0, 2);
  expect_poll (&node, "fw", STREAM "?origins=tocsin-review", "-Ip 192.0.2.1 captcha");
  node_trust (&node, 3, 3);
  expect_poll (&node, "fw", STREAM "?origins=tocsin-review", "+Ip 192.0.2.1 captcha");
  tocsin_api_set_observe (node.api, TRUE, 0);
  expect_poll (&node, "fw", STREAM "?origins=tocsin-review", "-Ip 192.0.2.1 captcha");
  expect_poll (&node, "own", STREAM, "+Ip 192.0.2.9 ban");
  tocsin_api_set_observe (node.api, FALSE, 0);
  expect_poll (&node, "fw", STREAM "?origins=tocsin-review", "+Ip 192.0.2.1 captcha");
  now_us = T0 + 90 * TOCSIN_DAY_US; /* the reports have ended */
  expect_poll (&node, "fw", STREAM "?origins=tocsin-review", "-Ip 192.0.2.1 captcha");
}

static void
test_filters (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_USERNAME, "jdoe77", 1);
  for (guint32 peer = 1; peer <= 3; peer++)
    node_report (&node, peer, TOCSIN_SUBJECT_IP, "192.0.2.7", 17);
  expect_poll (&node, "a", STREAM "?scopes=ip", "+Ip 192.0.2.1 ban");
  expect_poll (&node, "b", STREAM "?scopes=range,country,as", "+Range 198.51.100.0/25 ban");
  expect_poll (&node, "c", STREAM "?scopes=Username", "+Username jdoe77 ban");
  expect_poll (&node, "d", STREAM "?scopes=country", "");
  expect_poll (&node, "e", STREAM "?origins=cscli,crowdsec", "");
  expect_poll (&node, "f", STREAM "?scopes=ip&origins=tocsin-review", "+Ip 192.0.2.7 captcha");
  /* Another filter under the same token: what it no longer wants goes. */
  expect_poll (&node, "a", STREAM "?scopes=range", "-Ip 192.0.2.1 ban\n+Range 198.51.100.0/25 ban");
}

static void
test_one (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  expect (&node, "/v1/decisions", 200, "null\n");
  expect (&node, "/v1/decisions?ip=192.0.2.1", 200, "null");
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", 1);
  expect_match (&node, "/v1/decisions?ip=192.0.2.1",
                "^\\[\\{\"duration\":\"576h0m0s\",\"id\":[0-9]+,\"origin\":\"tocsin\","
                "\"scenario\":\"tocsin/intrusion\",\"scope\":\"Ip\",\"type\":\"ban\","
                "\"value\":\"192.0.2.1\"\\}\\]$");
  expect_match (&node, "/v1/decisions?ip=198.51.100.5",
                "\"scope\":\"Range\",\"type\":\"ban\",\"value\":\"198.51.100.0/25\"");
  expect (&node, "/v1/decisions?ip=192.0.2.1&type=captcha", 200, "null");
  expect (&node, "/v1/decisions?range=192.0.2.0/24", 200, "null");
  expect (&node, "/v1/decisions?scope=country&value=XX", 200, "null");
  expect (&node, "/v1/decisions?scope=ip&value=nonsense", 400, NULL);
  expect (&node, "/v1/decisions?ip=nonsense", 400, NULL);
  expect (&node, "/v1/decisions?range=192.0.2.0/24&contains=false", 422, NULL);
  expect_match (&node, "/v1/decisions?scope=ip", "^\\[\\{[^}]*\"value\":\"192.0.2.1\"\\}\\]\n$");
}

/* CrowdSec compares a value whatever its scope is, unless one is named, in either way. */
static void
test_value (void)
{
  static const struct
  {
    const char *query;
    const char *found; /* NULL: nothing */
  } vectors[] = {
    { "value=192.0.2.1", "\"scope\":\"Ip\",\"type\":\"ban\",\"value\":\"192.0.2.1\"" },
    { "value=198.51.100.0/25",
      "\"scope\":\"Range\",\"type\":\"ban\",\"value\":\"198.51.100.0/25\"" },
    { "value=198.51.100.5", "\"value\":\"198.51.100.0/25\"" },
    { "value=192.0.2.1&scope=Ip", "\"value\":\"192.0.2.1\"" },
    { "value=192.0.2.1&scopes=Ip", "\"value\":\"192.0.2.1\"" },
    { "value=192.0.2.1&scope=country,ip", "\"value\":\"192.0.2.1\"" },
    { "value=192.0.2.1&scope=Range", NULL },
    { "value=jdoe77&scopes=domain,username", "\"scope\":\"Username\"" },
    { "value=jdoe77", NULL },
    { "value=192.0.2.9", NULL },
    { "value=XX", NULL },
    { "value=192.0.2.1&type=captcha", NULL },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", 1);
  node_report (&node, 0, TOCSIN_SUBJECT_USERNAME, "jdoe77", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *target = g_strconcat ("/v1/decisions?", vectors[i].query, NULL);

      g_test_message ("%s", target);
      if (vectors[i].found != NULL)
        expect_match (&node, target, vectors[i].found);
      else
        expect (&node, target, 200, "null");
    }
}

static void
test_doubt (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
  expect_poll (&node, "fw", STREAM "?startup=true", "+Ip 192.0.2.1 ban");
  now_us = 0;
  expect (&node, STREAM, 503, NULL);
  expect (&node, "/v1/decisions", 503, NULL);
  expect (&node, "/v1/decisions?ip=192.0.2.1", 503, NULL);
  now_us = T0;
  node_trust (&node, 0, 0); /* not worked out yet */
  expect (&node, STREAM, 503, NULL);
  expect (&node, "/v1/decisions", 503, NULL);
  expect (&node, "/v1/decisions?ip=192.0.2.1", 503, NULL);
  node_trust (&node, PEERS, 2);
  expect_poll (&node, "fw", STREAM, "");
}

static void
test_usage_metrics (void)
{
  static const struct
  {
    const char *body;
    guint status;
  } vectors[] = {
    { "{\"remediation_components\":[{\"type\":\"firewall\",\"version\":\"v1\",\"metrics\":[]}]}",
      201 },
    { "{\"remediation_components\":[{\"metrics\":null}],\"log_processors\":null}", 201 },
    { "{\"remediation_components\":", 400 },
    { "[]", 400 },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "POST", "/v1/usage-metrics", "application/json", vectors[i].body, &answer);
      g_assert_cmpuint (answer.status, ==, vectors[i].status);
    }
}

/* What is allowed in a network that is kept out is in no decision, from the moment it is allowed;
 * the rest of the network is. */
static void
test_allowed_within (void)
{
  g_auto (Node) node = { 0 };
  guint64 wide;

  node_init (&node);
  wide = node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.0/29", 17);
  expect_poll (&node, "fw", STREAM "?startup=true", "+Range 203.0.113.0/29 ban");
  node_allow (&node, "POST", "ip", "203.0.113.3");
  expect_lines (&node, "fw", STREAM,
                "+Range 203.0.113.0/31 ban\n+Range 203.0.113.2/32 ban\n"
                "+Range 203.0.113.4/30 ban\n-Range 203.0.113.0/29 ban");
  /* A narrower network is the same as a piece, and stays when either goes. */
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.4/30", 17);
  expect_poll (&node, "fw", STREAM, "");
  node_withdraw (&node, wide);
  expect_lines (&node, "fw", STREAM, "-Range 203.0.113.0/31 ban\n-Range 203.0.113.2/32 ban");
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.0/29", 1);
  expect_lines (&node, "fw", STREAM, "+Range 203.0.113.0/31 ban\n+Range 203.0.113.2/32 ban");
  node_allow (&node, "DELETE", "ip", "203.0.113.3");
  expect_lines (&node, "fw", STREAM,
                "+Range 203.0.113.0/29 ban\n-Range 203.0.113.0/31 ban\n"
                "-Range 203.0.113.2/32 ban");
  expect_lines (&node, "other", STREAM, "+Range 203.0.113.0/29 ban\n+Range 203.0.113.4/30 ban");
  node_allow (&node, "POST", "network", "203.0.113.0/28");
  expect_lines (&node, "fw", STREAM, "-Range 203.0.113.0/29 ban\n-Range 203.0.113.4/30 ban");
}

/* Who asks about one is told of no more than that where some of the network around it is not kept
 * out: an answer is remembered by its scope and value. */
static void
test_one_within (void)
{
  static const struct
  {
    const char *query;
    const char *scope; /* NULL: nothing is decided */
    const char *value;
  } vectors[] = {
    { "ip=203.0.113.2", "Ip", "203.0.113.2" },
    { "ip=203.0.113.3", NULL, NULL },
    { "range=203.0.113.0/29", NULL, NULL },
    { "range=203.0.113.2/31", NULL, NULL },
    { "range=203.0.113.3/32", NULL, NULL },
    { "range=203.0.113.2/32", "Range", "203.0.113.2/32" },
    { "range=203.0.113.6/31", "Range", "203.0.113.6/31" },
    { "range=8.8.8.4/30", "Range", "8.8.8.0/24" },
    { "ip=198.51.100.5", "Ip", "198.51.100.5" },
    { "ip=198.51.100.200", NULL, NULL },
    { "range=198.51.100.0/24", NULL, NULL },
    { "range=198.51.100.0/25", "Range", "198.51.100.0/25" },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.0/29", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", 17); /* a half is shared */
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "8.8.8.0/24", 17);
  expect_match (&node, "/v1/decisions?ip=203.0.113.2", "\"Range\".*\"203.0.113.0/29\"");
  expect_match (&node, "/v1/decisions?ip=198.51.100.5", "\"Ip\".*\"198.51.100.5\"");
  node_allow (&node, "POST", "ip", "203.0.113.3");
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *target = g_strconcat ("/v1/decisions?", vectors[i].query, NULL);
      g_autofree char *pattern =
          vectors[i].scope == NULL
              ? g_strdup ("^null$")
              : g_strdup_printf ("\"scope\":\"%s\",\"type\":\"ban\",\"value\":\"%s\"",
                                 vectors[i].scope, vectors[i].value);

      expect_match (&node, target, pattern);
    }
}

/* What lies in a piece of one address is the address itself, which is told once. */
static void
test_one_address (void)
{
  g_auto (Node) node = { 0 };
  guint64 address;

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.2/31", 17);
  node_allow (&node, "POST", "ip", "203.0.113.3");
  expect_poll (&node, "fw", STREAM "?startup=true", "+Range 203.0.113.2/32 ban");
  address = node_report (&node, 0, TOCSIN_SUBJECT_IP, "203.0.113.2", 17);
  expect_poll (&node, "fw", STREAM, "-Range 203.0.113.2/32 ban\n+Ip 203.0.113.2 ban");
  expect_poll (&node, "ranges", STREAM "?scopes=range", "+Range 203.0.113.2/32 ban");
  expect_poll (&node, "ranges", STREAM, "-Range 203.0.113.2/32 ban\n+Ip 203.0.113.2 ban");
  node_withdraw (&node, address);
  expect_lines (&node, "fw", STREAM, "+Range 203.0.113.2/32 ban\n-Ip 203.0.113.2 ban");
}

/* What went before a bouncer began anew is not told gone again after it was told all: without what
 * took its place, which it has, that could only do harm. */
static void
test_begun_anew (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "203.0.113.2/31", 17);
  node_allow (&node, "POST", "ip", "203.0.113.3");
  expect_poll (&node, "fw", STREAM "?startup=true", "+Range 203.0.113.2/32 ban");
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "203.0.113.2", 17);
  expect_once (&node, "GET", STREAM "?startup=true",
               "-Range 203.0.113.2/32 ban\n+Ip 203.0.113.2 ban");
  expect_once (&node, "GET", STREAM, "");
}

/* Of what is shared nobody is kept out, neither by what is around it. */
static void
test_shared_within (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", 17);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "198.51.100.200", 17);
  expect_poll (&node, "fw", STREAM "?startup=true", "+Range 198.51.100.0/25 ban");
  expect_poll (&node, "review", STREAM "?origins=tocsin,tocsin-review",
               "+Range 198.51.100.0/25 ban");
}

/* One that would fall into too many pieces is told of no more. */
static void
test_too_many_pieces (void)
{
  g_autoptr (GError) error = NULL;
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "2001:db8:1::/48", 17);
  expect_poll (&node, "fw", STREAM "?startup=true", "+Range 2001:db8:1::/48 ban");
  tocsin_store_write (node.store, allow_many, NULL, &error);
  g_assert_no_error (error);
  expect_poll (&node, "fw", STREAM, "-Range 2001:db8:1::/48 ban");
  expect_poll (&node, "other", STREAM, "");
}

/* The log names what changed, so a bouncer with much is told little without a walk; the outcome is
 * the same as that of one. */
static void
test_merge_is_a_walk (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (GPtrArray) numbers = g_ptr_array_new ();
  g_autofree char *merged = NULL;
  g_autofree char *walked = NULL;

  node_init (&node);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.2.%u", i);

      g_ptr_array_add (numbers,
                       GSIZE_TO_POINTER (node_report (&node, 0, TOCSIN_SUBJECT_IP, address, 17)));
    }
  g_free (poll_as (&node, "fw", STREAM "?startup=true"));
  for (guint i = 0; i < 40; i += 3)
    node_withdraw (&node, GPOINTER_TO_SIZE (numbers->pdata[i]));
  for (guint i = 100; i < 120; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.2.%u", i);

      node_report (&node, 0, TOCSIN_SUBJECT_IP, address, 17);
    }
  for (guint i = 0; i < 2; i++)
    g_free (poll_as (&node, "fw", STREAM));
  merged = poll_as (&node, "fw", STREAM "?startup=true");
  node_trust (&node, PEERS, 2); /* from now on the log does not help */
  walked = poll_as (&node, "other", STREAM);
  g_assert_cmpuint (strlen (merged), >, 40 * 15);
  g_assert_cmpstr (merged, ==, walked);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decisions/stream", test_stream);
  g_test_add_func ("/decisions/lost", test_lost);
  g_test_add_func ("/decisions/nobody-there", test_nobody_there);
  g_test_add_func ("/decisions/renewed", test_renewed);
  g_test_add_func ("/decisions/each-has-its-own-place", test_each_has_its_own_place);
  g_test_add_func ("/decisions/idle", test_idle);
  g_test_add_func ("/decisions/what-is-in-no-log", test_what_is_in_no_log);
  g_test_add_func ("/decisions/allowed-within", test_allowed_within);
  g_test_add_func ("/decisions/one-within", test_one_within);
  g_test_add_func ("/decisions/one-address", test_one_address);
  g_test_add_func ("/decisions/begun-anew", test_begun_anew);
  g_test_add_func ("/decisions/shared-within", test_shared_within);
  g_test_add_func ("/decisions/too-many-pieces", test_too_many_pieces);
  g_test_add_func ("/decisions/filters", test_filters);
  g_test_add_func ("/decisions/one", test_one);
  g_test_add_func ("/decisions/doubt", test_doubt);
  g_test_add_func ("/decisions/value", test_value);
  g_test_add_func ("/decisions/usage-metrics", test_usage_metrics);
  g_test_add_func ("/decisions/merge-is-a-walk", test_merge_is_a_walk);
  return g_test_run ();
}
