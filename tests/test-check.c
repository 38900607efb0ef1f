/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST and GET /v1/check, /v1/check/batch and /v1/authz.
 */
#include "api-node.h"

#include "codec/json-strict.h"

#define CHECK_IP(ip) "{\"subjects\":[{\"type\":\"ip\",\"value\":\"" ip "\"}]}"
#define MANY                                                                                       \
  "{\"type\":\"username\",\"value\":\"x\"},{\"type\":\"username\",\"value\":\"x\"},"               \
  "{\"type\":\"username\",\"value\":\"x\"},{\"type\":\"username\",\"value\":\"x\"}"

#define ASSERT_HAS(answer, text)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    if (strstr ((answer)->body->str, (text)) == NULL)                                              \
      g_error ("%s: no %s in %s", G_STRLOC, (text), (answer)->body->str);                          \
  }                                                                                                \
  G_STMT_END

/* Byte for byte as openapi.yaml shows it: names, order, rounding. */
static void
test_answer (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "2001:db8:1:2::7", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_IP, "2001:db8:1:2::7", 1);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK,
            "{\"event\":\"signup\",\"profile\":\"default\",\"explain\":true,"
            "\"subjects\":[{\"type\":\"ip\",\"value\":\"2001:db8:1:2::5\"}]}",
            &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_cmpstr (
      answer.body->str, ==,
      "{\"verdict\":\"review\",\"score\":75,\"known\":true,\"profile\":\"default\","
      "\"ceiling\":\"review\",\"generation\":2,\"decided_at\":\"2026-11-24T00:00:00Z\","
      "\"summary\":\"IP address reported by 2 instances that you trust, for spam\","
      "\"subjects\":[{\"type\":\"ip\",\"value\":\"2001:db8:1:2::5\","
      "\"matched\":\"2001:db8:1:2::/64\",\"verdict\":\"review\",\"score\":75,\"known\":true,"
      "\"s_or\":0.75,\"s_loo\":0.5,\"s_trim\":0.15,\"origins\":2,"
      "\"first_seen\":\"2026-11-24T00:00:00Z\",\"last_seen\":\"2026-11-24T00:00:00Z\","
      "\"expires\":\"2027-01-23T00:00:00Z\","
      "\"categories\":[{\"slug\":\"spam\",\"class\":\"critical\",\"origins\":2,\"s_or\":0.75}],"
      "\"notes\":[{\"class\":\"critical\",\"text\":\"Reported for spam by p1.example, "
      "p2.example\"}],\"evidence\":["
      "{\"reporter\":\"https://p1.example/actor\",\"via\":\"https://p1.example/actor\","
      "\"category\":\"spam\",\"opinion\":\"malicious\",\"state\":\"live\",\"strength\":1,"
      "\"age_days\":0,\"report\":\"https://p1.example/reports/2001:db8:1:2::7-1\"},"
      "{\"reporter\":\"https://p2.example/actor\",\"via\":\"https://p2.example/actor\","
      "\"category\":\"spam\",\"opinion\":\"malicious\",\"state\":\"live\",\"strength\":1,"
      "\"age_days\":0,\"report\":\"https://p2.example/reports/2001:db8:1:2::7-1\"}]}],"
      "\"allowed_by\":null,\"without\":{\"https://p1.example/actor\":\"note\","
      "\"https://p2.example/actor\":\"note\"}}\n");
}

static const struct
{
  const char *name;
  const char *body;
  guint status;
  const char *must_contain;
} bad[] = {
  { "no JSON", "{", 400, "\"type\":\"invalid\"" },
  { "empty", "", 400, "invalid" },
  { "no object", "[]", 400, "not an object" },
  { "no subjects", "{}", 400, "/subjects is missing" },
  { "empty subjects", "{\"subjects\":[]}", 400, "/subjects is empty" },
  { "subjects of another kind", "{\"subjects\":{}}", 400, "/subjects is not an array" },
  { "subject of another kind", "{\"subjects\":[1]}", 400, "/subjects/0 is not an object" },
  { "no value", "{\"subjects\":[{\"type\":\"ip\"}]}", 400, "/subjects/0/value is missing" },
  { "value of another kind", "{\"subjects\":[{\"type\":\"ip\",\"value\":1}]}", 400,
    "/subjects/0/value is not a string" },
  { "bad second value",
    "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.1\"},{\"type\":\"ip\",\"value\":\"x\"}]}",
    400, "/subjects/1/value: " },
  { "unknown member", "{\"profil\":\"strict\",\"subjects\":[]}", 400, "/profil is not a member" },
  { "unknown member, escaped", "{\"a/b~c\":1,\"subjects\":[]}", 400, "\"/a~1b~0c is not a member" },
  { "explain of another kind", "{\"explain\":1,\"subjects\":[]}", 400, "/explain is not true" },
  { "unknown type", "{\"subjects\":[{\"type\":\"ipv4\",\"value\":\"x\"}]}", 422,
    "/subjects/0/type" },
  { "unknown profile",
    "{\"profile\":\"x\",\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.1\"}]}", 422,
    "/profile" },
  { "17 subjects",
    "{\"subjects\":[" MANY "," MANY "," MANY "," MANY ",{\"type\":\"username\",\"value\":\"x\"}]}",
    413, "/subjects has 17" },
};

static void
test_bad (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };

  node_init (&node);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, bad[i].body, &answer);
  g_assert_cmpuint (answer.status, ==, bad[i].status);
  ASSERT_HAS (&answer, bad[i].must_contain);
}

/* What the quick reader leaves to the strict one has the same meaning. */
static void
test_spellings (void)
{
  static const char *const bodies[] = {
    "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}",
    " { \"subjects\" : [ { \"value\" : \"192.0.2.9\" , \"type\" : \"ip\" } ] } \n",
    "{\"subjects\":[{\"type\":\"i\\u0070\",\"value\":\"192.0.2.9\"}]}",
    "{\"profile\":\"default\",\"explain\":false,\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2."
    "9\"}]}",
    "{\"event\":\"Anmeldung ü\",\"subjects\":[{\"type\":\"ip\",\"value\":\"::ffff:192.0.2.9\"}]}",
  };
  g_auto (Node) node = { 0 };
  g_auto (Answer) first = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, bodies[0], &first);
  ASSERT_HAS (&first, "\"verdict\":\"note\",\"score\":50");
  for (gsize i = 1; i < G_N_ELEMENTS (bodies); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "POST", "/v1/check", TYPE_CHECK, bodies[i], &answer);
      g_assert_cmpstr (answer.body->str, ==, first.body->str);
    }
}

static void
test_unknown_and_observe (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) unknown = { 0 };
  g_auto (Answer) over = { 0 };

  node_init (&node);
  tocsin_api_set_observe (node.api, TRUE, T0 + TOCSIN_DAY_US);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, CHECK_IP ("192.0.2.1"), &unknown);
  ASSERT_HAS (&unknown, "{\"verdict\":\"allow\",\"score\":0,\"known\":false,");
  ASSERT_HAS (&unknown, "\"matched\":null,");
  ASSERT_HAS (&unknown, "\"first_seen\":null,");
  ASSERT_HAS (&unknown, "\"allowed_by\":null,\"mode\":\"observe\"}\n");
  now_us += TOCSIN_DAY_US;
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, CHECK_IP ("192.0.2.1"), &over);
  ASSERT_HAS (&over, "\"allowed_by\":null}\n");
}

/* A known account is the actor that it names; of an unknown one the host is asked. */
static gboolean
put_account (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinActorRecord) record = { 0 };

  g_assert_true (tocsin_actors_get (txn, 3, &record));
  record.acct = g_strdup ("admin@p3.example");
  tocsin_actors_put (txn, &record);
  return TRUE;
}

static void
test_accounts (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) known = { 0 };
  g_auto (Answer) unknown = { 0 };
  g_auto (Answer) elsewhere = { 0 };

  node_init (&node);
  tocsin_store_write (node.store, put_account, NULL, NULL);
  node_report (&node, 1, TOCSIN_SUBJECT_ACTOR, "https://p3.example/actor", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_DOMAIN, "bad.example", 1);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK,
            "{\"subjects\":[{\"type\":\"actor\",\"value\":\"@Admin@P3.example\"}]}", &known);
  ASSERT_HAS (&known, "\"matched\":\"https://p3.example/actor\",\"verdict\":\"note\"");
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK,
            "{\"subjects\":[{\"type\":\"actor\",\"value\":\"acct:x@www.bad.example\"}]}", &unknown);
  ASSERT_HAS (&unknown, "\"value\":\"acct:x@www.bad.example\",\"matched\":\"bad.example\"");
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK,
            "{\"subjects\":[{\"type\":\"actor\",\"value\":\"x@good.example\"}]}", &elsewhere);
  ASSERT_HAS (&elsewhere, "\"known\":false");
}

static const struct
{
  const char *target;
  guint status;
  const char *must_contain;
} gets[] = {
  { "/v1/check?ip=192.0.2.9", 200, "\"verdict\":\"note\"" },
  { "/v1/check?ip=192.0.2.9&email=a%2Bb%40example.org&explain=true", 200,
    "\"value\":\"a@example.org\"" },
  { "/v1/check?ip=192.0.2.9&profile=strict", 200, "\"profile\":\"strict\"" },
  { "/v1/check", 400, "Give at least one" },
  { "/v1/check?ip=1&ip=2", 400, "given twice" },
  { "/v1/check?ip=192.0.2.9&foo=1", 400, "foo" },
  { "/v1/check?ip=192.0.2.9&explain=2", 400, "explain" },
  { "/v1/check?ip=x", 400, "\"detail\":\"ip: " },
  { "/v1/check?ip=192.0.2.9&domain=-", 400, "\"detail\":\"domain: " },
  { "/v1/check?ip=192.0.2.9&email=&profile=&explain=&event=", 200, "\"verdict\":\"note\"" },
  { "/v1/check?ip=&ip=192.0.2.9", 400, "given twice" },
  { "/v1/check?ip=&email=&domain=&url=&username=&actor=", 400, "Give at least one" },
  { "/v1/check?ip=192.0.2.9&foo=", 400, "foo" },
  { "/v1/check?ip=192.0.2.9&profile=x", 422, "\"detail\":\"profile: " },
};

static void
test_get (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) refused = { 0 };
  g_auto (Answer) remote = { 0 };
  TocsinRequest *request;

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (gets); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "GET", gets[i].target, NULL, NULL, &answer);
      g_assert_cmpuint (answer.status, ==, gets[i].status);
      ASSERT_HAS (&answer, gets[i].must_contain);
    }
  request = node_begin (&node, "GET", "/v1/check?ip=192.0.2.9", NULL, NULL);
  request->kind = TOCSIN_LISTENER_API;
  g_strlcpy (request->remote, "198.51.100.1", sizeof request->remote);
  g_assert_true (tocsin_router_match (node.router, "GET", "/v1/check", &request->match));
  request->match.route->handler (request, request->reply, node.api);
  node_end (&node, request, &remote);
  g_assert_cmpuint (remote.status, ==, 403);
  node.api->allow_get_checks = FALSE;
  node_ask (&node, "GET", "/v1/check?ip=192.0.2.9", NULL, NULL, &refused);
  g_assert_cmpuint (refused.status, ==, 403);
}

static void
test_batch (void)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };
  g_auto (Answer) single = { 0 };
  g_auto (Answer) empty = { 0 };
  g_auto (Answer) most = { 0 };
  g_auto (Answer) many = { 0 };
  g_auto (GStrv) lines = NULL;

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  for (guint i = 0; i < 300; i++)
    g_string_append_printf (body, i % 100 == 7 ? "oops\n" : CHECK_IP ("192.0.2.%u") "\n", i % 256);
  g_string_append (body, CHECK_IP ("192.0.2.9")); /* the last line needs no end */
  node_ask (&node, "POST", "/v1/check/batch", TYPE_NDJSON, body->str, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  lines = g_strsplit (answer.body->str, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 302);
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *value = g_strdup_printf ("\"value\":\"192.0.2.%u\"", i % 256);

      g_assert_nonnull (strstr (lines[i], i % 100 == 7 ? "{\"type\":\"invalid\"" : value));
    }
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, CHECK_IP ("192.0.2.9"), &single);
  g_string_truncate (single.body, single.body->len - 1);
  g_assert_cmpstr (lines[300], ==, single.body->str);

  node_ask (&node, "POST", "/v1/check/batch", TYPE_NDJSON, "", &empty);
  g_assert_cmpuint (empty.status, ==, 400);
  g_string_truncate (body, 0);
  for (guint i = 0; i < TOCSIN_BATCH_MAX_LINES; i++)
    g_string_append (body, "{}\n");
  g_string_append (body, "\n");
  node_ask (&node, "POST", "/v1/check/batch", TYPE_NDJSON, body->str, &most);
  g_assert_cmpuint (most.status, ==, 200);
  g_string_append (body, "{}\n");
  node_ask (&node, "POST", "/v1/check/batch", TYPE_NDJSON, body->str, &many);
  g_assert_cmpuint (many.status, ==, 413);
}

/* Those that end a batch are nothing; any other has its answer. */
static void
test_batch_blank_lines (void)
{
  static const struct
  {
    const char *body;
    guint status;
    const char *pattern; /* of the answer: V a verdict, P a problem */
  } vectors[] = {
    { CHECK_IP ("192.0.2.9") "\n\n", 200, "V" },
    { CHECK_IP ("192.0.2.9") "\r\n\r\n \t\r\n", 200, "V" },
    { CHECK_IP ("192.0.2.9") "\n\n" CHECK_IP ("192.0.2.9") "\n", 200, "VPV" },
    { "\n" CHECK_IP ("192.0.2.9"), 200, "PV" },
    { CHECK_IP ("192.0.2.9") "\n\f\n", 200, "VP" },
    { "\n\r\n ", 400, "P" },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (Answer) answer = { 0 };
      g_autoptr (GString) pattern = g_string_new (NULL);
      g_auto (GStrv) lines = NULL;

      node_ask (&node, "POST", "/v1/check/batch", TYPE_NDJSON, vectors[i].body, &answer);
      g_assert_cmpuint (answer.status, ==, vectors[i].status);
      lines = g_strsplit (answer.body->str, "\n", -1);
      for (char **line = lines; *line != NULL; line++)
        if (**line != '\0')
          g_string_append_c (pattern, strstr (*line, "\"verdict\":") != NULL ? 'V' : 'P');
      g_assert_cmpstr (pattern->str, ==, vectors[i].pattern);
    }
}

static void
assert_lines (const Answer *answer, guint n)
{
  g_auto (GStrv) lines = g_strsplit (answer->body->str, "\n", -1);

  g_assert_cmpuint (answer->status, ==, 200);
  g_assert_cmpuint (g_strv_length (lines), ==, n + 1);
  g_assert_cmpstr (lines[n], ==, "");
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *value = g_strdup_printf ("\"value\":\"10.0.%u.%u\"", i / 256, i % 256);

      g_assert_nonnull (strstr (lines[i], value));
    }
}

/* An answer is made whole and then sent if it is not long and there is room beside others: else
 * it is sent while its rest is made. It is the same lines. */
static void
test_batch_rooms (void)
{
  static const struct
  {
    guint n_lines;
    gsize others_bytes;
    TocsinBodyKind kind;
  } rooms[] = {
    { 500, 0, TOCSIN_BODY_BYTES },
    { 4000, 0, TOCSIN_BODY_STREAM },
    { 500, ((gsize) 16 << 20) - 64 * 1024, TOCSIN_BODY_STREAM },
    { 200, (gsize) 16 << 20, TOCSIN_BODY_STREAM },
    { 64, (gsize) 16 << 20, TOCSIN_BODY_BYTES },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (rooms); i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      g_auto (Answer) answer = { 0 };
      TocsinRequest *request;

      for (guint k = 0; k < rooms[i].n_lines; k++)
        g_string_append_printf (body, CHECK_IP ("10.0.%u.%u") "\n", k / 256, k % 256);
      request = node_begin (&node, "POST", "/v1/check/batch", TYPE_NDJSON, body->str);
      node.api->batch_bytes = rooms[i].others_bytes;
      node_run (&node, request);
      while (request->handler_suspended && !tocsin_request_is_complete (request))
        g_main_context_iteration (NULL, TRUE);
      g_assert_cmpint (tocsin_reply_get_body_kind (request->reply), ==, rooms[i].kind);
      node_end (&node, request, &answer);
      assert_lines (&answer, rooms[i].n_lines);
      g_assert_cmpuint (node.api->batch_bytes, ==, rooms[i].others_bytes);
      node.api->batch_bytes = 0;
    }
}

/* A batch that nobody waits for any more is not answered to its end. */
static void
test_batch_cancelled (void)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };
  TocsinRequest *request;

  node_init (&node);
  for (guint i = 0; i < 1000; i++)
    g_string_append (body, CHECK_IP ("192.0.2.1") "\n");
  request = node_begin (&node, "POST", "/v1/check/batch", TYPE_NDJSON, body->str);
  node_run (&node, request);
  g_assert_true (request->handler_suspended);
  g_assert_cmpuint (node.api->batch_bytes, >, 0);
  g_assert_true (g_main_context_iteration (NULL, FALSE));
  g_cancellable_cancel (tocsin_request_get_cancellable (request));
  g_assert_true (tocsin_request_is_complete (request));
  node_end (&node, request, &answer);
  g_assert_cmpuint (answer.status, ==, 503);
  g_assert_cmpuint (node.api->batch_bytes, ==, 0);
}

/* What the verdict were without one voice is what it is where that voice was never heard. */
static void
test_without (void)
{
  static const char check[] =
      "{\"explain\":true,\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.1\"},"
      "{\"type\":\"email\",\"value\":\"a@example.org\"},"
      "{\"type\":\"username\",\"value\":\"jdoe\"}]}";
  g_auto (Node) node = { 0 };
  g_auto (Answer) one = { 0 };
  g_auto (Answer) two = { 0 };

  node_init (&node);
  node_trust (&node, 2, 2);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.1", 1);
  node_report (&node, 1, TOCSIN_SUBJECT_EMAIL, "a@example.org", 1);
  node_report (&node, 1, TOCSIN_SUBJECT_USERNAME, "jdoe", 1);
  now_us += TOCSIN_HOUR_US;
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, check, &one);
  g_assert_true (g_str_has_prefix (one.body->str, "{\"verdict\":\"note\""));
  g_assert_nonnull (strstr (one.body->str, "\"without\":{\"https://p1.example/actor\":\"allow\"}"));
  node_report (&node, 2, TOCSIN_SUBJECT_IP, "192.0.2.1", 2);
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, check, &two);
  g_assert_true (g_str_has_prefix (two.body->str, "{\"verdict\":\"review\""));
  g_assert_nonnull (strstr (two.body->str, "\"without\":{\"https://p1.example/actor\":\"note\","
                                           "\"https://p2.example/actor\":\"note\"}"));
}

static void
ask_authz (Node *node, const char *client, Answer *out)
{
  TocsinRequest *request = node_begin (node, "GET", "/v1/authz", NULL, NULL);

  if (client != NULL)
    tocsin_request_add_header (request, "X-Real-IP", client);
  node_run (node, request);
  node_end (node, request, out);
}

static void
test_authz (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) blocked = { 0 };
  g_auto (Answer) review = { 0 };
  g_auto (Answer) bad_address = { 0 };
  g_auto (Answer) nobody = { 0 };
  g_auto (Answer) observed = { 0 };
  TocsinObserved counted;

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.1", 1);
  for (guint32 i = 1; i <= PEERS; i++)
    node_report (&node, i, TOCSIN_SUBJECT_IP, "192.0.2.2", 1);
  ask_authz (&node, "192.0.2.1", &blocked);
  g_assert_cmpuint (blocked.status, ==, 403);
  g_assert_cmpstr (blocked.verdict, ==, "block");
  ask_authz (&node, "192.0.2.2", &review);
  g_assert_cmpuint (review.status, ==, 204);
  g_assert_cmpstr (review.verdict, ==, "review");
  ask_authz (&node, "x", &bad_address);
  g_assert_cmpuint (bad_address.status, ==, 400);
  ask_authz (&node, NULL, &nobody);
  g_assert_cmpuint (nobody.status, ==, 400);
  tocsin_api_set_observe (node.api, TRUE, 0);
  ask_authz (&node, "192.0.2.1", &observed);
  g_assert_cmpuint (observed.status, ==, 204);
  g_assert_cmpstr (observed.verdict, ==, "block");
  tocsin_api_get_observed (node.api, &counted);
  g_assert_cmpuint (counted.by_verdict[TOCSIN_VERDICT_BLOCK], ==, 1);
}

/* In a network that the operator marked as shared, nothing goes beyond note; a network around it,
 * and what is beside it, are judged as ever. */
static void
test_shared (void)
{
  static const struct
  {
    TocsinSubjectType type;
    const char *reported;
    const char *body;
    const char *verdict;
  } cases[] = {
    { TOCSIN_SUBJECT_IP, "198.51.100.200", CHECK_IP ("198.51.100.200"), "note" },
    { TOCSIN_SUBJECT_IP, "198.51.100.100", CHECK_IP ("198.51.100.100"), "review" },
    { TOCSIN_SUBJECT_IP, "192.0.2.200", CHECK_IP ("192.0.2.200"), "note" },
    { TOCSIN_SUBJECT_IP, "192.0.2.201", CHECK_IP ("192.0.2.201"), "review" },
    { TOCSIN_SUBJECT_IP, "2001:db8:99:1::5", CHECK_IP ("2001:db8:99:1::7"), "note" },
    { TOCSIN_SUBJECT_IP, "2001:db8:98:1::5", CHECK_IP ("2001:db8:98:1::7"), "review" },
    { TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", CHECK_IP ("198.51.100.7"), "review" },
    { TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", CHECK_IP ("198.51.100.201"), "note" },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint32 peer = 1; peer <= 3; peer++)
      node_report (&node, peer, cases[i].type, cases[i].reported, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *expected = g_strdup_printf ("{\"verdict\":\"%s\"", cases[i].verdict);
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "POST", "/v1/check", TYPE_CHECK, cases[i].body, &answer);
      ASSERT_HAS (&answer, expected);
    }
}

/* No subject of a question may be in a log, whatever the question is. */
static GString *logged;

static GLogWriterOutput
on_log (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  for (gsize i = 0; i < n; i++)
    g_string_append_len (logged, fields[i].value,
                         fields[i].length >= 0 ? fields[i].length
                                               : (gssize) strlen (fields[i].value));
  return G_LOG_WRITER_HANDLED;
}

static void
test_logs (void)
{
  static const char *const secrets[] = { "192.0.2.77", "s3cr3t", "198.51.100.77" };
  static const char *const bodies[] = {
    CHECK_IP ("192.0.2.77"),
    "{\"subjects\":[{\"type\":\"email\",\"value\":\"s3cr3t@example.org\"}]}",
    "{\"subjects\":[{\"type\":\"ip\",\"value\":\"s3cr3t\"}]}",
    "{\"subjects\":[{\"type\":\"s3cr3t\",\"value\":\"s3cr3t\"}]}",
    "{\"s3cr3t\":1}",
    "s3cr3t",
  };

  if (g_test_subprocess ())
    {
      g_auto (Node) node = { 0 };

      logged = g_string_new (NULL);
      g_log_set_writer_func (on_log, NULL, NULL);
      g_debug ("heard");
      node_init (&node);
      node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.77", 1);
      for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
        {
          g_auto (Answer) answer = { 0 };
          g_auto (Answer) batch = { 0 };

          node_ask (&node, "POST", "/v1/check", TYPE_CHECK, bodies[i], &answer);
          node_ask (&node, "POST", "/v1/check/batch", TYPE_NDJSON, bodies[i], &batch);
        }
      {
        g_auto (Answer) get = { 0 };
        g_auto (Answer) authz = { 0 };
        g_auto (Answer) allow = { 0 };

        node_ask (&node, "GET", "/v1/check?ip=192.0.2.77&email=s3cr3t", NULL, NULL, &get);
        ask_authz (&node, "198.51.100.77", &authz);
        node_ask (&node, "POST", "/v1/allow", TYPE_CHECK,
                  "{\"type\":\"username\",\"value\":\"s3cr3t\",\"reason\":\"x\"}", &allow);
        g_assert_cmpuint (allow.status, ==, 201);
      }
      g_assert_nonnull (strstr (logged->str, "heard"));
      for (gsize i = 0; i < G_N_ELEMENTS (secrets); i++)
        g_assert_null (strstr (logged->str, secrets[i]));
      g_string_free (logged, TRUE);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

static void
ask_again (Node *node, const char *must_contain)
{
  g_auto (Answer) answer = { 0 };

  node_ask (node, "POST", "/v1/check", TYPE_CHECK, CHECK_IP ("203.0.113.7"), &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  ASSERT_HAS (&answer, must_contain);
}

/* The same question again: whatever a verdict depends on changes the answer at once, time alone
 * after some seconds. */
static void
test_again (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };

  node_init (&node);
  ask_again (&node, "\"known\":false");
  ask_again (&node, "\"known\":false");
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "203.0.113.7", 1);
  ask_again (&node, "\"verdict\":\"note\"");
  node_report (&node, 2, TOCSIN_SUBJECT_IP, "203.0.113.7", 1);
  ask_again (&node, "{\"verdict\":\"review\"");
  node_trust (&node, 1, 2);
  ask_again (&node, "{\"verdict\":\"note\"");
  tocsin_api_set_observe (node.api, TRUE, 0);
  ask_again (&node, "\"mode\":\"observe\"");
  node_ask (&node, "POST", "/v1/allow", TYPE_CHECK,
            "{\"type\":\"ip\",\"value\":\"203.0.113.7\",\"reason\":\"ours\"}", &answer);
  g_assert_cmpuint (answer.status, ==, 201);
  ask_again (&node, "\"allowed_by\":\"ours\"");

  ask_again (&node, "\"decided_at\":\"2026-11-24T00:00:00Z\"");
  now_us += TOCSIN_ANSWER_CACHE_LEAST_US - 1;
  ask_again (&node, "\"decided_at\":\"2026-11-24T00:00:00Z\"");
  now_us = T0 + TOCSIN_ANSWER_CACHE_MOST_US;
  ask_again (&node, "\"decided_at\":\"2026-11-24T00:01:00Z\"");
  now_us -= 2 * TOCSIN_SECOND_US;
  ask_again (&node, "\"decided_at\":\"2026-11-24T00:00:58Z\"");
}

/* What is answered from memory is counted as what was judged anew is, and only while observing. */
static void
test_again_observed (void)
{
  g_auto (Node) node = { 0 };
  TocsinObserved counted;

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "203.0.113.7", 1);
  tocsin_api_set_observe (node.api, TRUE, T0 + TOCSIN_SECOND_US);
  for (guint i = 0; i < 5; i++)
    ask_again (&node, "{\"verdict\":\"block\"");
  tocsin_api_get_observed (node.api, &counted);
  g_assert_cmpuint (counted.by_verdict[TOCSIN_VERDICT_BLOCK], ==, 5);
  now_us = T0 + TOCSIN_SECOND_US;
  ask_again (&node, "{\"verdict\":\"block\"");
  ask_again (&node, "{\"verdict\":\"block\"");
  tocsin_api_get_observed (node.api, &counted);
  g_assert_cmpuint (counted.by_verdict[TOCSIN_VERDICT_BLOCK], ==, 5);
}

/* No answer is remembered past the end of what it rests on: a report, an entry of the allow list,
 * observing, the day's budgets. */
static void
test_again_until (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };

  node_init (&node);
  now_us = T0 + 10 * TOCSIN_SECOND_US;
  report_days = 1;
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "203.0.113.7", 1);
  now_us = T0 + TOCSIN_DAY_US + 5 * TOCSIN_SECOND_US;
  ask_again (&node, "{\"verdict\":\"note\"");
  now_us += 5 * TOCSIN_SECOND_US - 1;
  ask_again (&node, "\"decided_at\":\"2026-11-25T00:00:05Z\"");
  now_us += 1;
  ask_again (&node, "{\"verdict\":\"allow\"");

  node_ask (&node, "POST", "/v1/allow", TYPE_CHECK,
            "{\"type\":\"ip\",\"value\":\"203.0.113.7\",\"reason\":\"ours\","
            "\"expires\":\"2026-11-25T00:00:20Z\"}",
            &answer);
  g_assert_cmpuint (answer.status, ==, 201);
  ask_again (&node, "\"allowed_by\":\"ours\"");
  now_us += 10 * TOCSIN_SECOND_US;
  ask_again (&node, "\"allowed_by\":null");

  tocsin_api_set_observe (node.api, TRUE, now_us + TOCSIN_SECOND_US);
  ask_again (&node, "\"mode\":\"observe\"");
  now_us += TOCSIN_SECOND_US;
  ask_again (&node, "\"allowed_by\":null}");

  now_us = T0 + 2 * TOCSIN_DAY_US - 1;
  ask_again (&node, "\"decided_at\":\"2026-11-25T23:59:59Z\"");
  now_us += 1;
  ask_again (&node, "\"decided_at\":\"2026-11-26T00:00:00Z\"");
}

/* Nor longer than a list that nobody reads any more is good for. */
static void
test_again_until_a_list_lapses (void)
{
  enum
  {
    LIST = 5,
    TOR_EXIT = 20
  };
  static const TocsinListSource source = { .actor = LIST,
                                           .origin = LIST,
                                           .title = (char *) "Exits",
                                           .as_of_us = T0,
                                           .valid_us = 5 * TOCSIN_SECOND_US };
  g_autoptr (TocsinListSources) lists = tocsin_list_sources_new ();
  g_autoptr (TocsinGeo) geo = tocsin_geo_new ();
  Report row = { LIST, TOCSIN_SUBJECT_IP, "203.0.113.7", TOR_EXIT, 0, TOCSIN_BASIS_IMPORTED };
  g_auto (Node) node = { 0 };

  node_init (&node);
  tocsin_list_sources_add (lists, &source);
  tocsin_api_set_lists (node.api, lists, geo);
  g_assert_true (tocsin_store_write (node.store, put_report, &row, NULL));
  ask_again (&node, "{\"verdict\":\"note\"");
  now_us += 5 * TOCSIN_SECOND_US;
  ask_again (&node, "\"decided_at\":\"2026-11-24T00:00:00Z\"");
  now_us += 1;
  ask_again (&node, "{\"verdict\":\"allow\"");
}

/* A domain that is named twice, or beside an address at it, is judged as it is by itself; beside
 * the domain above it there are two that were reported. */
static void
test_named_twice (void)
{
  enum
  {
    ABOVE = 2
  };
  static const char *const subjects[] = {
    "{\"type\":\"domain\",\"value\":\"sub.same.example\"}",
    "{\"type\":\"email\",\"value\":\"x@sub.same.example\"}",
    [ABOVE] = "{\"type\":\"domain\",\"value\":\"same.example\"}",
    "{\"type\":\"url\",\"value\":\"https://sub.same.example/\"}",
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "same.example", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_DOMAIN, "sub.same.example", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (subjects); i++)
    for (gsize k = 0; k < G_N_ELEMENTS (subjects); k++)
      {
        g_autofree char *body =
            g_strdup_printf ("{\"subjects\":[%s,%s]}", subjects[i], subjects[k]);
        g_auto (Answer) answer = { 0 };

        node_ask (&node, "POST", "/v1/check", TYPE_CHECK, body, &answer);
        if ((i == ABOVE) != (k == ABOVE))
          ASSERT_HAS (&answer, "{\"verdict\":\"review\"");
        else
          ASSERT_HAS (&answer, "{\"verdict\":\"note\"");
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/check/answer", test_answer);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = g_strconcat ("/check/bad/", bad[i].name, NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_bad);
    }
  g_test_add_func ("/check/spellings", test_spellings);
  g_test_add_func ("/check/unknown-and-observe", test_unknown_and_observe);
  g_test_add_func ("/check/accounts", test_accounts);
  g_test_add_func ("/check/get", test_get);
  g_test_add_func ("/check/batch", test_batch);
  g_test_add_func ("/check/batch-blank-lines", test_batch_blank_lines);
  g_test_add_func ("/check/batch-rooms", test_batch_rooms);
  g_test_add_func ("/check/batch-cancelled", test_batch_cancelled);
  g_test_add_func ("/check/without", test_without);
  g_test_add_func ("/check/authz", test_authz);
  g_test_add_func ("/check/named-twice", test_named_twice);
  g_test_add_func ("/check/shared", test_shared);
  g_test_add_func ("/check/again", test_again);
  g_test_add_func ("/check/again-until", test_again_until);
  g_test_add_func ("/check/again-until-a-list-lapses", test_again_until_a_list_lapses);
  g_test_add_func ("/check/again-observed", test_again_observed);
  g_test_add_func ("/check/logs", test_logs);
  return g_test_run ();
}
