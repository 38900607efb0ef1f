/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/changes, and the allow list, which is one reason to begin anew.
 */
#include "changes-reader.h"

#include "store/table-audit.h"

#define SUBJECTS 1500 /* more than fit on a page */

static void
reader_read (Reader *self, Node *node, const char *rest)
{
  do
    reader_step (self, node, rest);
  while (self->more);
}

static void
assert_copy (const Reader *reader, guint n, const char *every)
{
  GHashTableIter iter;
  gpointer value;

  g_assert_cmpuint (g_hash_table_size (reader->copy), ==, n);
  g_hash_table_iter_init (&iter, reader->copy);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_assert_cmpstr (value, ==, every);
}

static gboolean
withdraw (TocsinTxn *txn, gpointer data, GError **error)
{
  return tocsin_reports_withdraw (txn, *(guint64 *) data, TOCSIN_REASON_ERROR, T0, T0);
}

static void
test_life (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };
  g_auto (Reader) blocks = { 0 };
  guint64 first, second;

  node_init (&node);
  reader_init (&reader);
  reader_init (&blocks);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 0, NULL);
  first = node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 1, "note 50");
  second = node_report (&node, 2, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 1, "review 75");
  reader_read (&blocks, &node, "min_verdict=block");
  assert_copy (&blocks, 0, NULL);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.10", 1);
  reader_read (&blocks, &node, "min_verdict=block");
  assert_copy (&blocks, 1, "block 100");
  tocsin_store_write (node.store, withdraw, &first, NULL);
  tocsin_store_write (node.store, withdraw, &second, NULL);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 1, "block 100");
  g_assert_cmpuint (reader.resets, ==, 1);
}

static gboolean
put_many (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < SUBJECTS; i++)
    {
      g_autofree char *value = g_strdup_printf ("192.0.%u.%u", i / 256, i % 256);
      Report report = { 1, TOCSIN_SUBJECT_IP, value, 1, 0 };

      if (!put_report (txn, &report, error))
        return FALSE;
    }
  return TRUE;
}

/* What happens while pages are read is not lost. */
static void
test_pages (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };
  g_auto (Answer) page = { 0 };

  node_init (&node);
  reader_init (&reader);
  tocsin_store_write (node.store, put_many, NULL, NULL);
  node_ask (&node, "GET", "/v1/changes", NULL, NULL, &page);
  reader_take (&reader, &page);
  g_assert_true (reader.more);
  for (guint i = 0; i < SUBJECTS; i += 100)
    {
      g_autofree char *value = g_strdup_printf ("192.0.%u.%u", i / 256, i % 256);

      node_report (&node, 2, TOCSIN_SUBJECT_IP, value, 1);
    }
  reader_read (&reader, &node, "");
  reader_read (&reader, &node, "");
  g_assert_cmpuint (reader.resets, ==, 1);
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, SUBJECTS);
  {
    GHashTableIter iter;
    gpointer value;
    guint reviews = 0;

    g_hash_table_iter_init (&iter, reader.copy);
    while (g_hash_table_iter_next (&iter, NULL, &value))
      reviews += g_str_equal (value, "review 75");
    g_assert_cmpuint (reviews, ==, SUBJECTS / 100);
  }
}

static void
test_resets (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };
  g_auto (Answer) allowed = { 0 };

  node_init (&node);
  reader_init (&reader);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 1, "note 50");
  node_trust (&node, 0, 2);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 0, NULL);
  g_assert_cmpuint (reader.resets, ==, 2);
  node_trust (&node, PEERS, 3);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 1, "note 50");
  node_ask (&node, "POST", "/v1/allow", TYPE_CHECK,
            "{\"type\":\"network\",\"value\":\"192.0.2.0/24\"}", &allowed);
  g_assert_cmpuint (allowed.status, ==, 201);
  reader_read (&reader, &node, "");
  assert_copy (&reader, 0, NULL);
  g_assert_cmpuint (reader.resets, ==, 4);
  /* A cursor from before the restart, and a bare generation. */
  g_free (reader.cursor);
  reader.cursor = g_strdup ("3.1.1.498744.0");
  reader_read (&reader, &node, "min_verdict=allow");
  assert_copy (&reader, 1, "allow 0");
  g_free (reader.cursor);
  reader.cursor = g_strdup ("3");
  reader_read (&reader, &node, "");
  g_assert_cmpuint (reader.resets, ==, 6);
}

/* A network is told whole; what is allowed in it was not reported, so nobody is told of it. */
static void
test_allowed_within (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };
  g_auto (Answer) allowed = { 0 };

  node_init (&node);
  reader_init (&reader);
  node_report (&node, 0, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", 1);
  node_ask (&node, "POST", "/v1/allow", TYPE_CHECK,
            "{\"type\":\"network\",\"value\":\"198.51.100.128/25\"}", &allowed);
  g_assert_cmpuint (allowed.status, ==, 201);
  reader_read (&reader, &node, "min_verdict=allow");
  assert_copy (&reader, 1, "block 100");
}

static void
test_long_poll (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };
  g_auto (Answer) answer = { 0 };
  g_autofree char *target = NULL;
  TocsinRequest *request;

  node_init (&node);
  reader_init (&reader);
  reader_read (&reader, &node, "");
  target = reader_target (&reader, "wait=60");
  request = node_begin (&node, "GET", target, NULL, NULL);
  node_run (&node, request);
  g_assert_true (request->handler_suspended);
  g_assert_false (tocsin_request_is_complete (request));
  g_assert_cmpuint (node.api->n_polls, ==, 1);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_end (&node, request, &answer);
  reader_take (&reader, &answer);
  assert_copy (&reader, 1, "note 50");
  g_assert_cmpuint (node.api->n_polls, ==, 0);
  {
    g_auto (Answer) cancelled = { 0 };
    g_autofree char *again = reader_target (&reader, "wait=60");

    request = node_begin (&node, "GET", again, NULL, NULL);
    node_run (&node, request);
    g_cancellable_cancel (tocsin_request_get_cancellable (request));
    node_end (&node, request, &cancelled);
    reader_take (&reader, &cancelled);
    assert_copy (&reader, 1, "note 50");
  }
}

/* The answer to a wait that was begun with @request. */
static void
reader_take_waited (Reader *self, Node *node, TocsinRequest *request)
{
  g_auto (Answer) answer = { 0 };

  node_end (node, request, &answer);
  reader_take (self, &answer);
}

static TocsinRequest *
begin_waiting (const Reader *reader, Node *node)
{
  g_autofree char *target = reader_target (reader, "wait=60");
  TocsinRequest *request = node_begin (node, "GET", target, NULL, NULL);

  node_run (node, request);
  g_assert_false (tocsin_request_is_complete (request));
  return request;
}

static void
assert_mode (Node *node, const char *target, gboolean observe)
{
  g_auto (Answer) answer = { 0 };

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_cmpint (strstr (answer.body->str, ",\"mode\":\"observe\"}\n") != NULL, ==, observe);
}

/* While the node observes, verdicts are advice and say so; that this begins or ends is told to who
 * waits. */
static void
test_observe (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };
  TocsinRequest *waiting;

  node_init (&node);
  reader_init (&reader);
  for (guint32 i = 1; i <= PEERS; i++)
    node_report (&node, i, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.10", 1);
  tocsin_api_set_observe (node.api, TRUE, 0);
  assert_mode (&node, "/v1/changes", TRUE);
  reader_read (&reader, &node, "");
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 2);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.11", 1);
  reader_read (&reader, &node, "");
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 3);
  g_assert_cmpuint (reader.resets, ==, 1);

  waiting = begin_waiting (&reader, &node);
  tocsin_api_set_observe (node.api, FALSE, 0);
  reader_take_waited (&reader, &node, waiting);
  g_assert_cmpuint (reader.resets, ==, 2);
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 3);
  assert_mode (&node, "/v1/changes", FALSE);

  waiting = begin_waiting (&reader, &node);
  tocsin_api_set_observe (node.api, TRUE, now_us + TOCSIN_SECOND_US);
  reader_take_waited (&reader, &node, waiting);
  g_assert_cmpuint (reader.resets, ==, 3);
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 3);
  /* It ends by itself. */
  waiting = begin_waiting (&reader, &node);
  now_us += TOCSIN_SECOND_US;
  reader_take_waited (&reader, &node, waiting);
  g_assert_cmpuint (reader.resets, ==, 4);
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 3);
  /* At once, and not with the next hour. */
  assert_mode (&node, "/v1/changes?cursor=&wait=&min_verdict=", FALSE);
}

static void
test_bad (void)
{
  static const char *const targets[] = {
    "/v1/changes?cursor=x",
    "/v1/changes?cursor=1.2",
    "/v1/changes?cursor=1.2.3.4.5.zz",
    "/v1/changes?cursor=-1",
    "/v1/changes?cursor=o",
    "/v1/changes?cursor=oo1",
    "/v1/changes?cursor=o1.2",
    "/v1/changes?cursor=1.2.3.4",
    "/v1/changes?cursor=1.2.3.4.5.00112233445566778899aabbccddeeff.x",
    "/v1/changes?cursor=1.2.3.4.5.00112233445566778899aabbccddeeff.6.7",
    "/v1/changes?cursor=18446744073709551616",
    "/v1/changes?wait=61",
    "/v1/changes?wait=x",
    "/v1/changes?limit=0",
    "/v1/changes?limit=1001",
    "/v1/changes?min_verdict=x",
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "GET", targets[i], NULL, NULL, &answer);
      g_assert_cmpuint (answer.status, ==, 400);
    }
}

/* While it is not known who is believed there is no page: a reader would drop almost all. */
static void
test_doubt (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };
  g_auto (Reader) reader = { 0 };
  g_autofree char *target = NULL;

  node_init (&node);
  reader_init (&reader);
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  reader_read (&reader, &node, "");
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 1);
  node_trust (&node, 0, 0);
  target = reader_target (&reader, "wait=60");
  node_ask (&node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 503);
  g_assert_nonnull (strstr (answer.body->str, "Who is believed is not worked out yet"));
  node_trust (&node, PEERS, 2);
  reader_read (&reader, &node, "");
  g_assert_cmpuint (g_hash_table_size (reader.copy), ==, 1);
}

/* ---- the allow list ---- */

static guint64
audit_entries (Node *node)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (node->api));
  guint64 n = 0;

  g_assert_true (tocsin_audit_verify (txn, &n, NULL));
  return n;
}

static gboolean
see_entry (const TocsinAuditRecord *entry, gpointer data)
{
  g_string_append_printf (data, "%s %s %s\n", entry->action, entry->object,
                          entry->detail != NULL ? entry->detail : "-");
  return TRUE;
}

/* Neither the subject nor what can be guessed to be its hash: the log outlives an erasure. */
static void
assert_audit (Node *node)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (node->api));
  g_autoptr (GString) seen = g_string_new (NULL);

  tocsin_audit_foreach (txn, 0, FALSE, see_entry, seen);
  g_assert_cmpstr (seen->str, ==, "allow.add ip -\nallow.remove ip added 2026-11-24T00:00:00Z\n");
}

static void
test_allow (void)
{
  static const char entry[] = "{\"type\":\"ip\",\"value\":\"192.0.2.9\",\"reason\":\"our office\","
                              "\"expires\":\"2026-11-25T00:00:00Z\"}";
  static const char check[] = "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}]}";
  g_auto (Node) node = { 0 };
  g_auto (Answer) added = { 0 };
  g_auto (Answer) listed = { 0 };
  g_auto (Answer) allowed = { 0 };
  g_auto (Answer) expired = { 0 };
  g_auto (Answer) removed = { 0 };
  g_auto (Answer) again = { 0 };

  node_init (&node);
  node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  node_ask (&node, "POST", "/v1/allow", TYPE_CHECK, entry, &added);
  g_assert_cmpuint (added.status, ==, 201);
  node_ask (&node, "GET", "/v1/allow?cursor=", NULL, NULL, &listed);
  g_assert_nonnull (strstr (listed.body->str, "\"value\":\"192.0.2.9\",\"reason\":\"our office\","
                                              "\"created\":\"2026-11-24T00:00:00Z\","
                                              "\"expires\":\"2026-11-25T00:00:00Z\"}"));
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, check, &allowed);
  g_assert_true (g_str_has_prefix (allowed.body->str, "{\"verdict\":\"allow\",\"score\":0,"));
  g_assert_nonnull (strstr (allowed.body->str, "\"allowed_by\":\"our office\"}"));
  now_us += 2 * TOCSIN_DAY_US;
  node_ask (&node, "POST", "/v1/check", TYPE_CHECK, check, &expired);
  g_assert_true (g_str_has_prefix (expired.body->str, "{\"verdict\":\"block\""));
  node_ask (&node, "DELETE", "/v1/allow", TYPE_CHECK, "{\"type\":\"ip\",\"value\":\"192.0.2.9\"}",
            &removed);
  g_assert_cmpuint (removed.status, ==, 204);
  g_assert_cmpuint (audit_entries (&node), ==, 2);
  assert_audit (&node);
  node_ask (&node, "DELETE", "/v1/allow/00112233445566778899aabbccddeeff", NULL, NULL, &again);
  g_assert_cmpuint (again.status, ==, 404);
  g_assert_cmpuint (audit_entries (&node), ==, 2);
}

/* A network speaks for the event, a mail provider only for the address at it. */
static void
test_allow_reach (void)
{
  static const struct
  {
    const char *entry;
    const char *verdict;
  } cases[] = {
    { "{\"type\":\"network\",\"value\":\"192.0.2.0/24\"}", "{\"verdict\":\"allow\"" },
    { "{\"type\":\"domain\",\"value\":\"example.org\"}", "{\"verdict\":\"block\"" },
    { "{\"type\":\"email\",\"value\":\"a@example.org\"}", "{\"verdict\":\"allow\"" },
    { "{\"type\":\"ip\",\"value\":\"192.0.2.8\"}", "{\"verdict\":\"block\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Node) node = { 0 };
      g_auto (Answer) added = { 0 };
      g_auto (Answer) answer = { 0 };

      node_init (&node);
      node_report (&node, 0, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
      node_ask (&node, "POST", "/v1/allow", TYPE_CHECK, cases[i].entry, &added);
      g_assert_cmpuint (added.status, ==, 201);
      node_ask (&node, "POST", "/v1/check", TYPE_CHECK,
                "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"},"
                "{\"type\":\"email\",\"value\":\"a@example.org\"}]}",
                &answer);
      g_assert_true (g_str_has_prefix (answer.body->str, cases[i].verdict));
    }
}

static void
test_allow_bad (void)
{
  static const struct
  {
    const char *body;
    guint status;
    const char *must_contain;
  } cases[] = {
    { "{}", 400, "/type is missing" },
    { "{\"type\":\"ip\"}", 400, "/value is missing" },
    { "{\"type\":\"ip\",\"value\":\"x\"}", 400, "/value: " },
    { "{\"type\":\"x\",\"value\":\"x\"}", 422, "/type" },
    { "{\"type\":\"ip\",\"value\":\"192.0.2.1\",\"expires\":\"2026-11-23T00:00:00Z\"}", 400,
      "/expires is in the past" },
    { "{\"type\":\"ip\",\"value\":\"192.0.2.1\",\"expires\":\"x\"}", 400, "/expires: " },
    { "{\"type\":\"ip\",\"value\":\"192.0.2.1\",\"why\":\"x\"}", 400, "/why" },
    { "{\"type\":\"ip\",\"value\":\"192.0.2.1\",\"w/~\":\"x\"}", 400, "/w~1~0 is" },
  };
  g_auto (Node) node = { 0 };

  node_init (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Answer) answer = { 0 };

      node_ask (&node, "POST", "/v1/allow", TYPE_CHECK, cases[i].body, &answer);
      g_assert_cmpuint (answer.status, ==, cases[i].status);
      g_assert_nonnull (strstr (answer.body->str, cases[i].must_contain));
    }
  g_assert_cmpuint (tocsin_store_allow_count (node.store), ==, 0);
}

enum
{
  LIST = 5,
  TOR_EXIT = 20
};

/* The list was read @as_of_us, or is none at 0. */
static void
set_list (Node *node, gint64 as_of_us)
{
  g_autoptr (TocsinListSources) lists = tocsin_list_sources_new ();
  g_autoptr (TocsinGeo) geo = tocsin_geo_new ();
  TocsinListSource source = { .actor = LIST,
                              .origin = LIST,
                              .title = (char *) "Exits",
                              .as_of_us = as_of_us,
                              .valid_us = 49 * TOCSIN_HOUR_US };

  if (as_of_us != 0)
    tocsin_list_sources_add (lists, &source);
  tocsin_api_set_lists (node->api, lists, geo);
}

static void
assert_list (Reader *reader, Node *node, guint n, guint resets)
{
  reader_read (reader, node, "");
  assert_copy (reader, n, "note 0");
  g_assert_cmpuint (reader->resets, ==, resets);
}

/* Its rows stay as they are while it is new, is not read, is read again, and goes. */
static void
test_lists (void)
{
  Report row = { LIST, TOCSIN_SUBJECT_IP, "203.0.113.7", TOR_EXIT, 0, TOCSIN_BASIS_IMPORTED };
  g_auto (Node) node = { 0 };
  g_auto (Reader) reader = { 0 };

  node_init (&node);
  reader_init (&reader);
  set_list (&node, 0);
  g_assert_true (tocsin_store_write (node.store, put_report, &row, NULL));
  assert_list (&reader, &node, 0, 1);
  set_list (&node, now_us);
  assert_list (&reader, &node, 1, 2);
  now_us += TOCSIN_HOUR_US;
  set_list (&node, now_us);
  assert_list (&reader, &node, 1, 2);
  now_us += 50 * TOCSIN_HOUR_US;
  assert_list (&reader, &node, 0, 2);
  set_list (&node, now_us);
  assert_list (&reader, &node, 1, 3);
  set_list (&node, 0);
  assert_list (&reader, &node, 0, 4);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/changes/life", test_life);
  g_test_add_func ("/changes/pages", test_pages);
  g_test_add_func ("/changes/resets", test_resets);
  g_test_add_func ("/changes/allowed-within", test_allowed_within);
  g_test_add_func ("/changes/long-poll", test_long_poll);
  g_test_add_func ("/changes/observe", test_observe);
  g_test_add_func ("/changes/lists", test_lists);
  g_test_add_func ("/changes/bad", test_bad);
  g_test_add_func ("/changes/doubt", test_doubt);
  g_test_add_func ("/allow/life", test_allow);
  g_test_add_func ("/allow/reach", test_allow_reach);
  g_test_add_func ("/allow/bad", test_allow_bad);
  return g_test_run ();
}
