/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/trust and /v1/trust/{actor}.
 */
#include "api-node.h"

#include <json-glib/json-glib.h>

#include "http/routes-admin.h"
#include "store/table-peers.h"

/* Peer 1 is trusted 80, and 90 for spam; it trusts 2, which trusts 3, which trusts 4. Peer 5 is
 * distrusted. */
static void
start (Node *node)
{
  const TocsinTrustPeer peers[] = {
    { .actor = 1, .area = TOCSIN_AREA_ANY, .weight = 0.8, .full_trust = TRUE },
    { .actor = 1, .area = TOCSIN_AREA_SPAM, .weight = 0.9 },
    { .actor = 5, .area = TOCSIN_AREA_ANY, .weight = 0 },
  };
  const TocsinGraphStatement statements[] = {
    { 1, 2, tocsin_trust_weight_ppb (1), TOCSIN_AREA_ANY },
    { 2, 3, tocsin_trust_weight_ppb (1), TOCSIN_AREA_ANY },
    { 3, 4, tocsin_trust_weight_ppb (0.6), TOCSIN_AREA_ANY },
  };
  const TocsinTrustInput input = { .peers = peers,
                                   .n_peers = G_N_ELEMENTS (peers),
                                   .statements = statements,
                                   .n_statements = G_N_ELEMENTS (statements) };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 2, 1);

  node_init (node);
  tocsin_route_trust_add (node->router, node->api);
  tocsin_route_reports_add (node->router, node->api);
  tocsin_api_set_trust (node->api, trust);
}

static JsonObject *
ask (Node *node, const char *target, guint status)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (JsonNode) root = NULL;

  node_ask (node, "GET", target, NULL, NULL, &answer);
  if (answer.status != status)
    g_error ("%s: %u %s", target, answer.status, answer.body->str);
  root = json_from_string (answer.body->str, NULL);
  g_assert_nonnull (root);
  return json_object_ref (json_node_get_object (root));
}

static void
expect_direct (Node *node, const char *query, const char *area, int weight)
{
  g_autofree char *target = g_strconcat ("/v1/trust", query, NULL);
  g_autoptr (JsonObject) answer = ask (node, target, 200);
  JsonArray *actors = json_object_get_array_member (answer, "actors");
  double before = G_MAXDOUBLE;
  JsonObject *first;

  g_assert_cmpstr (json_object_get_string_member (answer, "area"), ==, area);
  g_assert_cmpuint (json_array_get_length (actors), >=, 2);
  first = json_array_get_object_element (actors, 0);
  g_assert_cmpstr (json_object_get_string_member (first, "actor"), ==, "https://p1.example/actor");
  g_assert_cmpstr (json_object_get_string_member (first, "branch"), ==, "https://p1.example/actor");
  g_assert_cmpint (json_object_get_int_member (first, "weight"), ==, weight);
  g_assert_cmpint (json_object_get_int_member (first, "hops"), ==, 1);
  g_assert_true (json_object_get_boolean_member (first, "direct"));
  for (guint i = 0; i < json_array_get_length (actors); i++)
    {
      JsonObject *one = json_array_get_object_element (actors, i);
      double y = json_object_get_double_member (one, "y");

      g_assert_cmpfloat (y, <=, before);
      before = y;
      g_assert_cmpstr (json_object_get_string_member (one, "actor"), !=,
                       "https://p5.example/actor");
      g_assert_cmpint (json_object_get_boolean_member (one, "direct"), ==, i == 0);
      g_assert_cmpint (json_object_get_null_member (one, "weight"), ==, i != 0);
    }
}

static void
test_list (void)
{
  g_auto (Node) node = { 0 };

  start (&node);
  expect_direct (&node, "", "any", 80);
  expect_direct (&node, "?area=any", "any", 80);
  expect_direct (&node, "?area=spam", "spam", 90);
}

static void
test_paths (void)
{
  static const struct
  {
    const char *target;
    const char *text;
    guint n;
    int weight; /* the last of the path's */
    double strength;
  } vectors[] = {
    { "/v1/trust/https%3A%2F%2Fp1.example%2Factor", "directly: you trust it 80", 1, 80, 0.8 },
    { "/v1/trust/https%3A%2F%2Fp1.example%2Factor?area=spam", "directly: you trust it 90", 1, 90,
      0.9 },
    { "/v1/trust/https%3A%2F%2Fp2.example%2Factor", "through p1.example, whom you trust 80", 2, 100,
      0 },
    { "/v1/trust/https%3A%2F%2Fp3.example%2Factor",
      "through p1.example, whom you trust 80, and p2.example", 3, 100, 0 },
    { "/v1/trust/https%3A%2F%2Fp4.example%2Factor",
      "through p1.example, whom you trust 80, p2.example, and p3.example", 4, 60, 0 },
  };
  g_auto (Node) node = { 0 };

  start (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (JsonObject) answer = ask (&node, vectors[i].target, 200);
      JsonArray *paths = json_object_get_array_member (answer, "paths");
      JsonObject *path = json_array_get_object_element (paths, 0);
      JsonArray *actors = json_object_get_array_member (path, "actors");
      JsonArray *weights = json_object_get_array_member (path, "weights");
      double strength = json_object_get_double_member (path, "strength");

      g_assert_cmpuint (json_array_get_length (paths), ==, 1);
      g_assert_cmpstr (json_object_get_string_member (path, "text"), ==, vectors[i].text);
      g_assert_cmpuint (json_array_get_length (actors), ==, vectors[i].n);
      g_assert_cmpuint (json_array_get_length (weights), ==, vectors[i].n);
      g_assert_cmpstr (json_array_get_string_element (actors, vectors[i].n - 1), ==,
                       json_object_get_string_member (answer, "actor"));
      g_assert_cmpint (json_array_get_int_element (weights, vectors[i].n - 1), ==,
                       vectors[i].weight);
      g_assert_cmpfloat (strength, >, 0);
      if (vectors[i].strength > 0)
        g_assert_cmpfloat_with_epsilon (strength, vectors[i].strength, 1e-6);
    }
}

static void
test_distrusted (void)
{
  g_auto (Node) node = { 0 };
  g_autoptr (JsonObject) answer = NULL;

  start (&node);
  answer = ask (&node, "/v1/trust/https%3A%2F%2Fp5.example%2Factor", 200);
  g_assert_true (json_object_get_boolean_member (answer, "distrusted"));
  g_assert_false (json_object_get_boolean_member (answer, "counts"));
  g_assert_true (json_object_get_null_member (answer, "branch"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (answer, "paths")), ==, 0);
}

static void
put_peer (TocsinTxn *txn, const char *uri, const char *user, const char *acct)
{
  g_auto (TocsinActorRecord) actor = { 0 };
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number = tocsin_actors_intern (txn, uri, T0);

  g_assert_true (tocsin_actors_get (txn, number, &actor));
  actor.preferred_username = g_strdup (user);
  actor.acct = g_strdup (acct);
  tocsin_actors_put (txn, &actor);
  tocsin_peer_record_init (&peer, number);
  tocsin_peers_put (txn, &peer);
}

static gboolean
put_peers (TocsinTxn *txn, gpointer data, GError **error)
{
  put_peer (txn, "https://p1.example/actor", "Tocsin", NULL);
  put_peer (txn, "https://p2.example/actor", "tocsin", "ops@social.example");
  put_peer (txn, "https://two.example/a", "a", NULL);
  put_peer (txn, "https://two.example/b", "b", NULL);
  /* A name is worth nothing beside an account that was confirmed. */
  put_peer (txn, "https://social.example/actor", "ops", NULL);
  return TRUE;
}

/* An actor is named here as where something is done about it; so is the reporter whose reports are
 * listed. */
static void
test_spellings (void)
{
  static const struct
  {
    const char *written;
    guint status;
    const char *actor;
    guint reports;
  } vectors[] = {
    { "https%3A%2F%2Fp1.example%2Factor", 200, "https://p1.example/actor", 1 },
    { "HTTPS%3A%2F%2FP1.example%2Factor", 200, "https://p1.example/actor", 1 },
    { "p1.example", 200, "https://p1.example/actor", 1 },
    { "https%3A%2F%2Fp1.example", 200, "https://p1.example/actor", 1 },
    { "tocsin@p1.example", 200, "https://p1.example/actor", 1 },
    { "@tocsin@p1.example", 200, "https://p1.example/actor", 1 },
    { "acct%3Atocsin%40p1.example", 200, "https://p1.example/actor", 1 },
    { "@Ops@Social.example", 200, "https://p2.example/actor", 0 },
    { "@tocsin@p2.example", 200, "https://p2.example/actor", 0 },
    { "@b@two.example", 200, "https://two.example/b", 0 },
    { "two.example", 409, NULL, 0 },
    { "@c@two.example", 404, NULL, 0 },
    { "p3.example", 404, NULL, 0 }, /* known, but no peer */
    { "no%20actor", 404, NULL, 0 },
  };
  g_auto (Node) node = { 0 };
  g_autoptr (GError) error = NULL;

  start (&node);
  tocsin_store_write (node.store, put_peers, NULL, &error);
  g_assert_no_error (error);
  node_report (&node, 1, TOCSIN_SUBJECT_IP, "192.0.2.9", 1);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *target = g_strconcat ("/v1/trust/", vectors[i].written, NULL);
      g_autofree char *filter = g_strconcat ("/v1/reports?actor=", vectors[i].written, NULL);
      g_autoptr (JsonObject) answer = ask (&node, target, vectors[i].status);
      /* Who is not known has reported nothing; of several it is asked which is meant. */
      g_autoptr (JsonObject) listed = ask (&node, filter, vectors[i].status == 409 ? 409 : 200);

      if (vectors[i].actor != NULL)
        g_assert_cmpstr (json_object_get_string_member (answer, "actor"), ==, vectors[i].actor);
      if (vectors[i].status != 409)
        g_assert_cmpuint (json_array_get_length (json_object_get_array_member (listed, "reports")),
                          ==, vectors[i].reports);
    }
}

static void
test_refusals (void)
{
  g_auto (Node) node = { 0 };

  start (&node);
  json_object_unref (ask (&node, "/v1/trust?area=food", 422));
  json_object_unref (ask (&node, "/v1/trust/https%3A%2F%2Fp1.example%2Factor?area=", 422));
  json_object_unref (ask (&node, "/v1/trust/https%3A%2F%2Fz.example%2Factor", 404));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-trust/list", test_list);
  g_test_add_func ("/route-trust/paths", test_paths);
  g_test_add_func ("/route-trust/distrusted", test_distrusted);
  g_test_add_func ("/route-trust/spellings", test_spellings);
  g_test_add_func ("/route-trust/refusals", test_refusals);
  return g_test_run ();
}
