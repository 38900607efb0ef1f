/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/reports.
 */
#include "admin-node.h"

#include "fed/publish.h"
#include "store/purge.h"
#include "store/table-audit.h"
#include "store/table-outbox.h"
#include "view/score.h"

#define TWO                                                                                        \
  "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"},"                                      \
  "{\"type\":\"email\",\"value\":\"Bad@Example.org\"}],\"category\":\"spam\",\"confidence\":80}"

static guint64
count_reports (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));

  return tocsin_reports_count (txn);
}

static gboolean
see_audit (const TocsinAuditRecord *entry, gpointer data)
{
  GString *seen = data;

  g_string_append_printf (seen, "%s:%s ", entry->who, entry->action);
  /* The log must never name what a report is about. */
  g_assert_null (strstr (entry->object, "192.0.2.9"));
  g_assert_true (entry->detail == NULL || strstr (entry->detail, "192.0.2.9") == NULL);
  return TRUE;
}

static void
test_post (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) made = NULL;
  g_autoptr (GString) audit = g_string_new (NULL);
  JsonArray *reports;

  admin_init (&admin);
  made = admin_ask (&admin, "POST", "/v1/reports", TWO, 201);
  g_assert_cmpint (INT (OBJECT (made), "bundle"), >, 0);
  reports = ARRAY (OBJECT (made), "reports");
  g_assert_cmpuint (json_array_get_length (reports), ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      JsonObject *report = json_array_get_object_element (reports, i);

      g_assert_true (g_str_has_prefix (TEXT (report, "id"), "https://a.example/reports/"));
      g_assert_cmpstr (TEXT (report, "actor"), ==, "https://a.example/actor");
      g_assert_cmpstr (TEXT (report, "state"), ==, "live");
      g_assert_cmpstr (TEXT (report, "category"), ==, "spam");
      g_assert_cmpstr (TEXT (report, "action"), ==, "none");
      g_assert_cmpstr (TEXT (report, "opinion"), ==, "malicious");
      g_assert_cmpstr (TEXT (report, "sharing"), ==, "green");
      g_assert_cmpint (INT (report, "confidence"), ==, 80);
      g_assert_cmpint (INT (report, "bundle"), ==, INT (OBJECT (made), "bundle"));
    }
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));

    g_assert_cmpuint (tocsin_outbox_last (txn), ==, 2);
    tocsin_audit_foreach (txn, 0, FALSE, see_audit, audit);
  }
  g_assert_cmpstr (audit->str, ==, "socket:report.add socket:report.add ");
}

static void
assert_basis (Admin *admin, gboolean automatic, const char *basis, const char *verdict)
{
  g_autofree char *body =
      g_strdup_printf ("{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}],"
                       "\"category\":\"spam\",\"automatic\":%s}",
                       automatic ? "true" : "false");
  g_autoptr (JsonNode) made = admin_ask (admin, "POST", "/v1/reports", body, 201);
  g_autoptr (JsonNode) checked = NULL;
  JsonObject *report = json_array_get_object_element (ARRAY (OBJECT (made), "reports"), 0);

  g_assert_cmpstr (TEXT (report, "basis"), ==, basis);
  checked = admin_ask (admin, "POST", "/v1/check",
                       "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}", 200);
  g_assert_cmpstr (TEXT (OBJECT (checked), "verdict"), ==, verdict);
}

static guint64
last_sequence (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));

  return tocsin_outbox_last (txn);
}

/* A program that reports what it was told adds no voice: what it says stays here and counts
 * nothing. What this node said itself tells it nothing. */
static void
test_automatic (void)
{
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_report (&admin.node, 2, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  assert_basis (&admin, TRUE, "derived", "review");
  g_assert_cmpuint (last_sequence (&admin), ==, 0);
  node_trust (&admin.node, 1, 2);
  assert_basis (&admin, TRUE, "first_hand", "block");
  assert_basis (&admin, TRUE, "first_hand", "block");
  node_trust (&admin.node, 2, 3);
  assert_basis (&admin, FALSE, "first_hand", "block");
  g_assert_cmpuint (last_sequence (&admin), ==, 3);
  admin_refused (&admin, "POST", "/v1/reports",
                 "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}],"
                 "\"category\":\"spam\",\"automatic\":1}",
                 400, "/automatic");
}

/* Nor does it where a profile that is easy on spam, or a voice past its budget, made a note of what
 * it was told. */
static void
test_automatic_after_a_note (void)
{
  static const TocsinTrustPeer loud = { 1, TOCSIN_AREA_ANY, 0.9, FALSE };
  static const TocsinTrustInput input = { .peers = &loud, .n_peers = 1 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 2, 1);
  g_auto (Admin) admin = { 0 };
  TocsinApi *api;

  admin_init (&admin);
  api = admin.node.api;
  tocsin_api_set_trust (api, trust);
  node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  for (guint i = 0; i < TOCSIN_VOICE_BUDGET_DAY; i++)
    tocsin_api_charge (api, 1, i, now_us);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  assert_basis (&admin, TRUE, "derived", "note");
  node_trust (&admin.node, 2, 3);
  node_report (&admin.node, 2, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  api->default_profile = g_hash_table_lookup (api->profiles, "lenient");
  assert_basis (&admin, TRUE, "derived", "note");
  g_assert_cmpuint (last_sequence (&admin), ==, 0);
}

static void
test_names_of_a_report (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) made = NULL;
  JsonObject *report;
  const char *id;
  g_autofree char *escaped = NULL;
  char *paths[3]; /* (owned) */

  admin_init (&admin);
  made = admin_ask (&admin, "POST", "/v1/reports", TWO, 201);
  report = json_array_get_object_element (ARRAY (OBJECT (made), "reports"), 0);
  id = TEXT (report, "id");
  escaped = g_uri_escape_string (id, NULL, FALSE);
  paths[0] = g_strdup_printf ("/v1/reports/%s", strrchr (id, '/') + 1);
  paths[1] = g_strdup_printf ("/v1/reports/%s", escaped);
  paths[2] = g_strdup_printf ("/v1/reports/%d", (int) INT (report, "number"));
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (JsonNode) got = admin_ask (&admin, "GET", paths[i], NULL, 200);
      JsonObject *activity = json_object_get_object_member (OBJECT (got), "activity");

      g_assert_cmpstr (TEXT (OBJECT (got), "id"), ==, id);
      g_assert_cmpstr (TEXT (activity, "type"), ==, "Add");
      g_assert_true (json_object_has_member (activity, "proof"));
    }
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    g_free (paths[i]);
  admin_refused (&admin, "GET", "/v1/reports/nothing", NULL, 404, "There is no such report");
  admin_refused (&admin, "GET", "/v1/reports/999", NULL, 404, "There is no such report");
  admin_refused (&admin, "GET", "/v1/reports/https%3A%2F%2Fp1.example%2Freports%2F1", NULL, 404,
                 "There is no such report");
}

static void
test_report_of_a_peer (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) got = NULL;

  admin_init (&admin);
  node_report (&admin.node, 2, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  got = admin_ask (&admin, "GET", "/v1/reports/https%3A%2F%2Fp2.example%2Freports%2F192.0.2.9-1",
                   NULL, 200);
  g_assert_cmpstr (TEXT (OBJECT (got), "actor"), ==, "https://p2.example/actor");
  admin_refused (&admin, "DELETE", "/v1/reports/https%3A%2F%2Fp2.example%2Freports%2F192.0.2.9-1",
                 NULL, 404, "");
}

#define ONE(category, members)                                                                     \
  "{\"category\":\"" category "\"," members                                                        \
  ",\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}"
#define TEN "seven and "
#define LONG                                                                                       \
  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN  \
      TEN TEN TEN TEN

static const struct
{
  const char *name;
  const char *body;
  guint status;
  const char *where;
} refusals[] = {
  { "no JSON", "{", 400, "" },
  { "no object", "[]", 400, "" },
  { "nothing", "{}", 400, "/category" },
  { "unknown member", "{\"category\":\"spam\",\"colour\":1}", 400, "/colour" },
  { "no subjects", "{\"category\":\"spam\"}", 400, "/subjects" },
  { "empty subjects", "{\"category\":\"spam\",\"subjects\":[]}", 400, "/subjects" },
  { "subject is no object", "{\"category\":\"spam\",\"subjects\":[1]}", 400, "/subjects/0" },
  { "subject without value", "{\"category\":\"spam\",\"subjects\":[{\"type\":\"ip\"}]}", 400,
    "/subjects/0/value" },
  { "unknown member, escaped", "{\"category\":\"spam\",\"a/b~c\":1}", 400, "/a~1b~0c is" },
  { "unknown member of a subject",
    "{\"category\":\"spam\",\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\",\"x\":1}]}", 400,
    "/subjects/0/x" },
  { "unknown type", "{\"category\":\"spam\",\"subjects\":[{\"type\":\"fax\",\"value\":\"1\"}]}",
    422, "/subjects/0/type" },
  { "bad value", "{\"category\":\"spam\",\"subjects\":[{\"type\":\"ip\",\"value\":\"300\"}]}", 400,
    "/subjects/0/value" },
  { "unknown account",
    "{\"category\":\"spam\",\"subjects\":[{\"type\":\"actor\",\"value\":\"@u@h.example\"}]}", 422,
    "/subjects/0/value" },
  { "unknown category",
    "{\"category\":\"rude\",\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}", 422,
    "/category" },
  { "confidence too high",
    "{\"category\":\"spam\",\"confidence\":101,"
    "\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}",
    400, "/confidence" },
  { "opinion", "{\"category\":\"spam\",\"opinion\":\"so so\",\"subjects\":[]}", 400, "/opinion" },
  { "action", "{\"category\":\"spam\",\"action\":\"hug\",\"subjects\":[]}", 400, "/action" },
  { "sharing", "{\"category\":\"spam\",\"sharing\":\"red\",\"subjects\":[]}", 400, "/sharing" },
  { "time", "{\"category\":\"spam\",\"expires\":\"soon\",\"subjects\":[]}", 400, "/expires" },
  { "a person in clear",
    "{\"category\":\"spam\",\"sharing\":\"clear\","
    "\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}",
    422, "/sharing" },
  { "a pair that is none",
    "{\"category\":\"ban_evasion\",\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"},"
    "{\"type\":\"url\",\"value\":\"https://w.example/\"}]}",
    422, "/subjects/1: " },
  { "doxxing in green", ONE ("doxxing", "\"sharing\":\"green\""), 422, "/sharing: " },
  { "green text", ONE ("spam", "\"sharing\":\"green\",\"comment\":\"why\""), 422, "/comment: " },
  { "text about csam", ONE ("csam", "\"comment\":\"why\""), 422, "/comment: " },
  { "long text", ONE ("spam", "\"comment\":\"" LONG "x\""), 400, "/comment " },
  { "ends in the past", ONE ("spam", "\"expires\":\"2026-01-01T00:00:00Z\""), 400, "/expires " },
  { "ends in the past, seen before that",
    ONE ("spam", "\"expires\":\"2026-01-01T00:00:00Z\",\"observed_at\":\"2025-12-01T00:00:00Z\""),
    400, "/expires " },
  { "ends too late", ONE ("spam", "\"expires\":\"2099-01-01T00:00:00Z\""), 422, "/expires: " },
  { "ends before it was seen",
    ONE ("spam",
         "\"expires\":\"2098-01-01T00:00:00Z\","
         "\"last_observed_at\":\"2099-01-01T00:00:00Z\""),
    422, "/expires: " },
  { "seen first in the future", ONE ("spam", "\"observed_at\":\"2098-01-01T00:00:00Z\""), 422,
    "/observed_at: " },
  { "seen last in the future", ONE ("spam", "\"last_observed_at\":\"2098-01-01T00:00:00Z\""), 422,
    "/last_observed_at: " },
  { "seen first after last",
    ONE ("spam",
         "\"observed_at\":\"2025-01-02T00:00:00Z\","
         "\"last_observed_at\":\"2025-01-01T00:00:00Z\""),
    422, "/observed_at: " },
  { "seen last long ago", ONE ("spam", "\"last_observed_at\":\"2020-01-01T00:00:00Z\""), 422,
    "/last_observed_at: " },
  { "seen long ago", ONE ("spam", "\"observed_at\":\"2020-01-01T00:00:00Z\""), 422,
    "/observed_at: " },
  { "seen long ago, to end late",
    ONE ("spam", "\"observed_at\":\"2024-12-31T00:00:00Z\",\"expires\":\"2027-06-01T00:00:00Z\""),
    422, "/observed_at: " },
  { "null in a subject",
    "{\"category\":\"spam\",\"subjects\":[{\"type\":null,\"value\":\"192.0.2.9\"}]}", 400,
    "/subjects/0/type is null" },
  { "csam at a URL",
    "{\"category\":\"csam\",\"subjects\":[{\"type\":\"url\",\"value\":\"https://a.example/x\"}]}",
    422, "/subjects/0: A csam report never carries a URL: report its domain" },
};

static void
test_refusals (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GString) many = g_string_new ("{\"category\":\"spam\",\"subjects\":[");
  g_autoptr (JsonNode) made = NULL;
  JsonObject *report;

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_test_message ("%s", refusals[i].name);
      admin_refused (&admin, "POST", "/v1/reports", refusals[i].body, refusals[i].status,
                     refusals[i].where);
    }
  for (guint i = 0; i < 17; i++)
    g_string_append_printf (many, "%s{\"type\":\"ip\",\"value\":\"192.0.2.%u\"}", i > 0 ? "," : "",
                            i);
  g_string_append (many, "]}");
  admin_refused (&admin, "POST", "/v1/reports", many->str, 413, "/subjects");
  g_assert_cmpuint (count_reports (&admin), ==, 0);
  /* The longest text goes out, and makes amber of the default. */
  made = admin_ask (&admin, "POST", "/v1/reports", ONE ("spam", "\"comment\":\"" LONG "\""), 201);
  report = json_array_get_object_element (ARRAY (OBJECT (made), "reports"), 0);
  g_assert_cmpstr (TEXT (report, "comment"), ==, LONG);
  g_assert_cmpstr (TEXT (report, "sharing"), ==, "amber");
}

/* What Mastodon compares is made of the address as it was written (EmailHelper of its source). */
static void
test_mastodon_form (void)
{
  static const struct
  {
    const char *written;
    const char *form;
  } cases[] = {
    { "J.Doe+x@googlemail.com", "jdoe@googlemail.com" },
    { "me.too@bücher.example", "metoo@bücher.example" },
    { "me@xn--bcher-kva.example.org", "me@xn--bcher-kva.example.org" },
    { "plain@example.org", "plain@example.org" },
  };
  g_auto (Admin) admin = { 0 };
  g_auto (Answer) list = { 0 };

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"category\":\"spam\",\"subjects\":"
                                               "[{\"type\":\"email\",\"value\":\"%s\"}]}",
                                               cases[i].written);

      admin_do (&admin, "POST", "/v1/reports", body, 201);
    }
  node_ask (&admin.node, "GET", "/v1/export/mastodon-email-hashes", NULL, NULL, &list);
  g_assert_cmpuint (list.status, ==, 200);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, cases[i].form, -1);

      if (strstr (list.body->str, sum) == NULL)
        g_error ("%s: no %s in %s", cases[i].form, sum, list.body->str);
    }
}

/* A fact that holds while it is listed has 48 hours, however late its end. */
static void
test_while_listed (void)
{
  g_auto (Admin) admin = { 0 };
  const gint64 hours[] = { 0, 46, 49 };

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports",
            "{\"category\":\"tor_exit\",\"expires\":\"2081-01-01T00:00:00Z\","
            "\"subjects\":[{\"type\":\"network\",\"value\":\"192.0.2.0/28\"}]}",
            201);
  for (gsize i = 0; i < G_N_ELEMENTS (hours); i++)
    {
      gint64 then_us = now_us;
      g_autoptr (JsonNode) found = NULL;

      now_us += hours[i] * TOCSIN_HOUR_US;
      found = admin_ask (&admin, "GET", "/v1/check?ip=192.0.2.1", NULL, 200);
      now_us = then_us;
      g_assert_cmpstr (TEXT (OBJECT (found), "verdict"), ==, hours[i] < 48 ? "note" : "allow");
    }
}

static void
assert_counts_until (
    Admin *admin, const char *category, const char *type, const char *end, int days)
{
  g_autofree char *body = g_strdup_printf ("{\"category\":\"%s\",\"subjects\":[{\"type\":\"%s\","
                                           "\"value\":\"keep@mail.example\"}]%s%s%s}",
                                           category, type, end != NULL ? ",\"expires\":\"" : "",
                                           end != NULL ? end : "", end != NULL ? "\"" : "");
  g_autoptr (JsonNode) made = admin_ask (admin, "POST", "/v1/reports", body, 201);
  JsonObject *report = json_array_get_object_element (ARRAY (OBJECT (made), "reports"), 0);
  gint64 seen_us = 0, until_us = 0;

  g_assert_true (tocsin_time_parse (TEXT (report, "last_observed_at"), &seen_us, NULL));
  g_assert_true (tocsin_time_parse (TEXT (report, "counts_until"), &until_us, NULL));
  g_assert_cmpint ((until_us - seen_us) / TOCSIN_DAY_US, ==, days);
  g_assert_cmpstr (TEXT (report, "expires"), ==, end != NULL ? end : TEXT (report, "counts_until"));
}

/* Four half-lives, however late it is said to end; there may be none. */
static void
test_counts_until (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *late = NULL;
  g_autofree char *soon = NULL;

  admin_init (&admin);
  late = tocsin_time_format (now_us + 1000 * TOCSIN_DAY_US);
  soon = tocsin_time_format (now_us + 10 * TOCSIN_DAY_US);
  assert_counts_until (&admin, "other", "email", NULL, 4 * 90);
  assert_counts_until (&admin, "other", "email", late, 4 * 90);
  assert_counts_until (&admin, "other", "email", soon, 10);
  assert_counts_until (&admin, "spam", "email", late, 1000);
}

static guint
count_listed (Admin *admin, const char *query)
{
  g_autofree char *target = g_strconcat ("/v1/reports?", query, NULL);
  g_autoptr (JsonNode) page = admin_ask (admin, "GET", target, NULL, 200);

  return json_array_get_length (ARRAY (OBJECT (page), "reports"));
}

static void
test_filters (void)
{
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports", TWO, 201);
  node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_report (&admin.node, 2, TOCSIN_SUBJECT_IP, "192.0.2.10", 2);
  g_assert_cmpuint (count_listed (&admin, ""), ==, 4);
  g_assert_cmpuint (count_listed (&admin, "subject=ip:192.0.2.9"), ==, 2);
  g_assert_cmpuint (count_listed (&admin, "subject=email:bad@example.org"), ==, 1);
  g_assert_cmpuint (count_listed (&admin, "actor=https://p1.example/actor"), ==, 1);
  g_assert_cmpuint (count_listed (&admin, "actor=https://a.example/actor"), ==, 2);
  g_assert_cmpuint (count_listed (&admin, "actor=https://nobody.example/actor"), ==, 0);
  g_assert_cmpuint (count_listed (&admin, "category=spam"), ==, 3);
  g_assert_cmpuint (count_listed (&admin, "state=live"), ==, 4);
  g_assert_cmpuint (count_listed (&admin, "state=held"), ==, 0);
  g_assert_cmpuint (count_listed (&admin, "cursor=&subject=&actor=&category=&state=&limit="), ==,
                    4);
  admin_refused (&admin, "GET", "/v1/reports?state=live&stat=held", NULL, 400, "stat: ");
  admin_refused (&admin, "GET", "/v1/reports?state=&state=held", NULL, 400, "state");
  admin_refused (&admin, "GET", "/v1/reports?cursor=-1", NULL, 400, "cursor");
  admin_refused (&admin, "GET", "/v1/reports?subject=192.0.2.9", NULL, 400, "subject");
  admin_refused (&admin, "GET", "/v1/reports?subject=fax:1", NULL, 422, "subject");
  admin_refused (&admin, "GET", "/v1/reports?category=rude", NULL, 422, "category");
  admin_refused (&admin, "GET", "/v1/reports?state=odd", NULL, 400, "state");
}

/* A bundle shows the reports of one event, withdrawn ones too. */
static void
test_bundle (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) first = NULL;
  g_autofree char *query = NULL;
  g_autofree char *live = NULL;

  admin_init (&admin);
  first = admin_ask (&admin, "POST", "/v1/reports", TWO, 201);
  admin_do (&admin, "POST", "/v1/reports", TWO, 201);
  query = g_strdup_printf ("bundle=%d", (int) INT (OBJECT (first), "bundle"));
  live = g_strconcat (query, "&state=live&subject=ip:192.0.2.9", NULL);
  g_assert_cmpuint (count_listed (&admin, query), ==, 2);
  g_assert_cmpuint (count_listed (&admin, live), ==, 1);
  admin_do (&admin, "DELETE", "/v1/reports/1", NULL, 200);
  g_assert_cmpuint (count_listed (&admin, query), ==, 2);
  g_assert_cmpuint (count_listed (&admin, live), ==, 0);
  g_assert_cmpuint (count_listed (&admin, "bundle=99"), ==, 0);
  g_assert_cmpuint (count_listed (&admin, "bundle="), ==, 4);
  admin_refused (&admin, "GET", "/v1/reports?bundle=0", NULL, 400, "bundle: ");
  admin_refused (&admin, "GET", "/v1/reports?bundle=x", NULL, 400, "bundle: ");
}

static void
test_pages (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) first = NULL;
  g_autoptr (JsonNode) second = NULL;
  g_autofree char *target = NULL;

  admin_init (&admin);
  for (guint i = 0; i < 205; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.2.%u", i);

      node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, address, 1);
    }
  first = admin_ask (&admin, "GET", "/v1/reports", NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (first), "reports")), ==, 200);
  target = g_strdup_printf ("/v1/reports?cursor=%d", (int) INT (OBJECT (first), "cursor"));
  second = admin_ask (&admin, "GET", target, NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (second), "reports")), ==, 5);
  g_assert_true (json_object_get_null_member (OBJECT (second), "cursor"));
}

/* A page of any length ends where the next begins: nothing twice, nothing left out. */
static void
test_short_pages (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *target = g_strdup ("/v1/reports?limit=3");
  guint pages = 0;

  admin_init (&admin);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.2.%u", i);

      node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, address, 1);
    }
  while (target != NULL)
    {
      g_autoptr (JsonNode) page = admin_ask (&admin, "GET", target, NULL, 200);
      JsonArray *reports = ARRAY (OBJECT (page), "reports");

      g_assert_cmpuint (json_array_get_length (reports), ==, pages++ < 3 ? 3 : 1);
      for (guint i = 0; i < json_array_get_length (reports); i++)
        g_assert_true (g_hash_table_add (
            seen, g_strdup (TEXT (json_array_get_object_element (reports, i), "id"))));
      g_clear_pointer (&target, g_free);
      if (!json_object_get_null_member (OBJECT (page), "cursor"))
        target =
            g_strdup_printf ("/v1/reports?limit=3&cursor=%d", (int) INT (OBJECT (page), "cursor"));
    }
  g_assert_cmpuint (pages, ==, 4);
  g_assert_cmpuint (g_hash_table_size (seen), ==, 10);
  admin_refused (&admin, "GET", "/v1/reports?limit=0", NULL, 400, "limit");
  admin_refused (&admin, "GET", "/v1/reports?limit=201", NULL, 400, "limit");
  admin_refused (&admin, "GET", "/v1/reports?limit=many", NULL, 400, "limit");
}

static void
test_withdraw (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) made = NULL;
  g_autoptr (JsonNode) gone = NULL;
  g_autofree char *path = NULL;
  g_autofree char *odd = NULL;
  g_autofree char *misspelt = NULL;
  g_autofree char *with_reason = NULL;

  admin_init (&admin);
  made = admin_ask (&admin, "POST", "/v1/reports", TWO, 201);
  path = g_strdup_printf (
      "/v1/reports/%d",
      (int) INT (json_array_get_object_element (ARRAY (OBJECT (made), "reports"), 0), "number"));
  odd = g_strconcat (path, "?reason=mood", NULL);
  with_reason = g_strconcat (path, "?reason=appeal", NULL);
  misspelt = g_strconcat (path, "?raeson=appeal", NULL);
  admin_refused (&admin, "DELETE", odd, NULL, 400, "reason");
  admin_refused (&admin, "DELETE", misspelt, NULL, 400, "raeson: ");
  g_assert_cmpuint (count_listed (&admin, "state=live"), ==, 2);
  gone = admin_ask (&admin, "DELETE", with_reason, NULL, 200);
  g_assert_cmpstr (TEXT (OBJECT (gone), "state"), ==, "withdrawn");
  g_assert_cmpstr (TEXT (OBJECT (gone), "reason"), ==, "appeal");
  g_assert_true (json_object_get_null_member (OBJECT (gone), "subject"));
  g_assert_cmpuint (count_listed (&admin, "subject=ip:192.0.2.9"), ==, 0);
  admin_refused (&admin, "DELETE", path, NULL, 410, "");
  admin_refused (&admin, "DELETE", "/v1/reports/nothing", NULL, 404, "");
}

static void
assert_state (Admin *admin, guint number, const char *state)
{
  g_autofree char *path = g_strdup_printf ("/v1/reports/%u", number);
  g_autoptr (JsonNode) got = admin_ask (admin, "GET", path, NULL, 200);

  g_assert_cmpstr (TEXT (OBJECT (got), "state"), ==, state);
  if (g_str_equal (state, "withdrawn"))
    g_assert_cmpstr (TEXT (OBJECT (got), "reason"), ==, "other");
}

/* Four of one subject and category stay live; each of them counts again when a newer one goes. */
static void
test_room (void)
{
  static const guint left[] = { 6, 5, 4, 3 };
  g_auto (Admin) admin = { 0 };
  g_autoptr (GString) audit = g_string_new (NULL);

  admin_init (&admin);
  for (guint i = 0; i < 6; i++)
    admin_do (&admin, "POST", "/v1/reports", ONE ("spam", "\"confidence\":90"), 201);
  admin_do (&admin, "POST", "/v1/reports", ONE ("phishing", "\"confidence\":90"), 201);
  for (guint i = 1; i <= 7; i++)
    assert_state (&admin, i, i <= 2 ? "withdrawn" : "live");
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));

    g_assert_cmpuint (tocsin_outbox_last (txn), ==, 9);
    tocsin_audit_foreach (txn, 0, FALSE, see_audit, audit);
  }
  g_assert_true (g_str_has_suffix (audit->str, "socket:report.add socket:report.withdraw "
                                               "socket:report.add socket:report.withdraw "
                                               "socket:report.add "));
  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    {
      g_autofree char *path = g_strdup_printf ("/v1/reports/%u", left[i]);

      g_assert_cmpuint (count_listed (&admin, "subject=ip:192.0.2.9&category=spam"), ==, 4 - i);
      admin_do (&admin, "DELETE", path, NULL, 200);
    }
  g_assert_cmpuint (count_listed (&admin, "subject=ip:192.0.2.9&category=spam"), ==, 0);
}

/* What is older than all that stands is live too, once it is reported. */
static void
test_room_for_older (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *time = NULL;
  g_autofree char *body = NULL;

  admin_init (&admin);
  for (guint i = 0; i < 4; i++)
    admin_do (&admin, "POST", "/v1/reports", ONE ("spam", "\"confidence\":90"), 201);
  time = tocsin_time_format (now_us - 2 * TOCSIN_DAY_US);
  body = g_strdup_printf (ONE ("spam", "\"last_observed_at\":\"%s\""), time);
  admin_do (&admin, "POST", "/v1/reports", body, 201);
  for (guint i = 1; i <= 5; i++)
    assert_state (&admin, i, i == 1 ? "withdrawn" : "live");
  g_assert_cmpuint (count_listed (&admin, "subject=ip:192.0.2.9"), ==, 4);
}

/* Addresses of one /64 are one subject, in one event too. */
static void
test_room_in_one_event (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GString) body = g_string_new ("{\"category\":\"spam\",\"subjects\":[");

  admin_init (&admin);
  for (guint i = 0; i < 6; i++)
    g_string_append_printf (body, "%s{\"type\":\"ip\",\"value\":\"2001:db8:1:2::%u\"}",
                            i > 0 ? "," : "", i + 1);
  g_string_append (body, "]}");
  for (guint round = 0; round < 2; round++)
    {
      admin_do (&admin, "POST", "/v1/reports", body->str, 201);
      g_assert_cmpuint (count_listed (&admin, "state=live"), ==, 4);
      g_assert_cmpuint (count_listed (&admin, "subject=ip:2001:db8:1:2::9"), ==, 4);
    }
  for (guint i = 1; i <= 12; i++)
    assert_state (&admin, i, i <= 8 ? "withdrawn" : "live");
}

static void
on_published (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPublished) published = tocsin_publish_reports_finish (result, &error);
  guint *pending = data;

  g_assert_no_error (error);
  (*pending)--;
}

/* Those that are under way at once know nothing of each other when they are signed. */
static void
test_room_at_once (void)
{
  g_auto (Admin) admin = { 0 };
  g_auto (TocsinDraft) draft = { 0 };
  TocsinSubject subject = { 0 };
  guint pending = 6;

  admin_init (&admin);
  tocsin_draft_init (&draft);
  draft.category = tocsin_category_by_slug ("spam")->id;
  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, "192.0.2.9", NULL));
  g_array_append_val (draft.subjects, subject);
  for (guint i = 0; i < 4; i++)
    admin_do (&admin, "POST", "/v1/reports", ONE ("spam", "\"confidence\":90"), 201);
  for (guint i = 0; i < 6; i++)
    tocsin_publish_reports_async (admin.fed, &draft, "test", on_published, &pending);
  while (pending > 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (count_listed (&admin, "state=live"), ==, 4);
  g_assert_cmpuint (count_listed (&admin, "state=withdrawn"), ==, 6);
  g_assert_cmpuint (count_listed (&admin, "subject=ip:192.0.2.9"), ==, 4);
}

static gboolean
let_expire (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  const gint64 *late_us = data;

  while (tocsin_store_purge (txn, *late_us, 100) > 0)
    ;
  return TRUE;
}

/* What has ended may be withdrawn while it is there, as pages have it to the end of that day. After
 * that nobody is told that somebody withdrew it before. */
static void
test_withdraw_expired (void)
{
  g_auto (Admin) admin = { 0 };
  gint64 late_us;

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports", TWO, 201);
  late_us = now_us + 4 * 366 * TOCSIN_DAY_US;
  now_us = late_us;
  g_assert_cmpuint (count_listed (&admin, "state=expired"), ==, 2);
  admin_do (&admin, "DELETE", "/v1/reports/2", NULL, 200);
  assert_state (&admin, 2, "withdrawn");
  g_assert_true (tocsin_store_write (admin.node.store, let_expire, &late_us, NULL));
  g_assert_cmpuint (count_listed (&admin, "state=expired"), ==, 1);
  admin_refused (&admin, "DELETE", "/v1/reports/1", NULL, 410, "The report has expired");
}

static void
assert_alone (Admin *admin, const char *state, gboolean has_subject)
{
  g_autoptr (JsonNode) shown = admin_ask (admin, "GET", "/v1/reports/1", NULL, 200);
  g_autofree char *query = g_strconcat ("state=", state, NULL);

  g_assert_cmpstr (TEXT (OBJECT (shown), "state"), ==, state);
  g_assert_cmpint (!json_object_get_null_member (OBJECT (shown), "subject"), ==, has_subject);
  g_assert_cmpuint (count_listed (admin, query), ==, 1);
}

/* What has ended is an expired one from then on, and not from the next midnight, when the digest
 * leaves it out and housekeeping takes what it said. */
static void
test_ended (void)
{
  const gint64 end_us = T0 + 30 * TOCSIN_HOUR_US;
  gint64 midnight_us = T0 + 2 * TOCSIN_DAY_US;
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  report_days = 1;
  now_us = end_us - TOCSIN_DAY_US;
  node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  now_us = end_us - 1;
  assert_alone (&admin, "live", TRUE);
  now_us = end_us;
  assert_alone (&admin, "expired", TRUE);
  g_assert_cmpuint (count_listed (&admin, "state=live"), ==, 0);
  g_assert_true (tocsin_store_write (admin.node.store, let_expire, &midnight_us, NULL));
  assert_alone (&admin, "expired", FALSE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-reports/post", test_post);
  g_test_add_func ("/route-reports/automatic", test_automatic);
  g_test_add_func ("/route-reports/automatic-after-a-note", test_automatic_after_a_note);
  g_test_add_func ("/route-reports/names-of-a-report", test_names_of_a_report);
  g_test_add_func ("/route-reports/report-of-a-peer", test_report_of_a_peer);
  g_test_add_func ("/route-reports/refusals", test_refusals);
  g_test_add_func ("/route-reports/mastodon-form", test_mastodon_form);
  g_test_add_func ("/route-reports/while-listed", test_while_listed);
  g_test_add_func ("/route-reports/counts-until", test_counts_until);
  g_test_add_func ("/route-reports/filters", test_filters);
  g_test_add_func ("/route-reports/bundle", test_bundle);
  g_test_add_func ("/route-reports/pages", test_pages);
  g_test_add_func ("/route-reports/short-pages", test_short_pages);
  g_test_add_func ("/route-reports/withdraw", test_withdraw);
  g_test_add_func ("/route-reports/room", test_room);
  g_test_add_func ("/route-reports/room-for-older", test_room_for_older);
  g_test_add_func ("/route-reports/room-in-one-event", test_room_in_one_event);
  g_test_add_func ("/route-reports/room-at-once", test_room_at_once);
  g_test_add_func ("/route-reports/withdraw-expired", test_withdraw_expired);
  g_test_add_func ("/route-reports/ended", test_ended);
  return g_test_run ();
}
