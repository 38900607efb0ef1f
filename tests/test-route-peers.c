/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/peers: one node follows another and is accepted; what is not understood changes nothing.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "http/gate.h"
#include "http/request-private.h"
#include "http/routes-admin.h"
#include "public-node.h"

#define LIMIT_US (20 * TOCSIN_SECOND_US)

/* A node with its operator's side. */
typedef struct
{
  PublicNode node;
  TocsinApi *api;
  TocsinRouter *router;
  char *id; /* (owned) of the actor, as a path has it */
} Operated;

/* Keys take long to make, so all tests share two nodes; each begins with setting how they stand. */
static Operated a;
static Operated b;

static void
operated_start (Operated *self)
{
  TocsinApiOptions options = { 0 };
  g_autoptr (GError) error = NULL;

  public_node_start (&self->node);
  options = (TocsinApiOptions){ .store = self->node.files.store,
                                .writer = self->node.writer,
                                .federation = self->node.fed,
                                .base_url = tocsin_identity_get_base (self->node.fed->identity) };
  self->api = tocsin_api_new (&options, &error);
  g_assert_no_error (error);
  self->router = tocsin_router_new ();
  tocsin_route_catch_up_add (self->router, self->api);
  tocsin_route_peers_add (self->router, self->api);
  self->id = g_uri_escape_string (public_node_actor (&self->node), NULL, FALSE);
}

static void
operated_stop (Operated *self)
{
  g_free (self->id);
  tocsin_router_unref (self->router);
  tocsin_api_free (self->api);
  public_node_stop (&self->node);
}

/* Returns the answer, an object, whose status has to be @status. */
static JsonObject *
ask (Operated *self, const char *method, const char *target, const char *body, guint status)
{
  TocsinRequest *request = tocsin_request_new (method, target);
  gint64 limit_us = g_get_monotonic_time () + LIMIT_US;
  g_autoptr (JsonNode) node = NULL;
  const char *text;

  request->kind = TOCSIN_LISTENER_UNIX;
  if (body != NULL)
    {
      const gsize size = strlen (body);
      g_autofree char *length = g_strdup_printf ("%" G_GSIZE_FORMAT, size);
      g_autoptr (GBytes) bytes = g_bytes_new (body, size);

      tocsin_request_add_header (request, "Content-Length", length);
      tocsin_request_set_body (request, bytes);
    }
  if (tocsin_gate_admit (request, self->router, NULL))
    request->match.route->handler (request, request->reply, request->match.data);
  while (request->handler_suspended && !tocsin_request_is_complete (request))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      g_main_context_iteration (NULL, TRUE);
    }
  text = tocsin_reply_get_buffer (request->reply)->str;
  if (tocsin_reply_get_status (request->reply) != status)
    g_error ("%s %s %s: %u %s", method, target, body != NULL ? body : "",
             tocsin_reply_get_status (request->reply), text);
  node = json_from_string (text, NULL);
  g_assert_true (node != NULL && JSON_NODE_HOLDS_OBJECT (node));
  tocsin_request_unref (request);
  return json_object_ref (json_node_get_object (node));
}

static void
expect_string (JsonObject *object, const char *member, const char *value)
{
  g_assert_cmpstr (json_object_get_string_member (object, member), ==, value);
}

static JsonObject *
ask_peer (
    Operated *self, const Operated *peer, const char *method, const char *after, const char *body)
{
  g_autofree char *target = g_strdup_printf ("/v1/peers/%s%s", peer->id, after);

  return ask (self, method, target, body, 200);
}

static guint
count (Operated *self, const char *query)
{
  g_autofree char *target = g_strconcat ("/v1/peers", query, NULL);
  g_autoptr (JsonObject) answer = ask (self, "GET", target, NULL, 200);

  return json_array_get_length (json_object_get_array_member (answer, "peers"));
}

static void
follow (Operated *self, const Operated *peer, const char *more)
{
  g_autofree char *body =
      g_strdup_printf ("{\"actor\":\"%s\"%s}", public_node_actor (&peer->node), more);
  g_autoptr (JsonObject) answer = ask (self, "POST", "/v1/peers", body, 201);

  expect_string (answer, "actor", public_node_actor (&peer->node));
  expect_string (answer, "following", "pending");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (answer, "fingerprints")),
                    ==, 1);
}

static void
test_follow (void)
{
  Befriend none = { .peer = &a.node };
  g_autoptr (JsonObject) peer = NULL;
  JsonObject *areas;

  public_node_befriend (&b.node, &none);
  follow (&b, &a, ",\"trust\":80,\"areas\":{\"spam\":90}");
  peer = ask_peer (&b, &a, "GET", "", NULL);
  expect_string (peer, "actor", public_node_actor (&a.node));
  expect_string (peer, "following", "pending");
  expect_string (peer, "follower", "none");
  expect_string (peer, "breaker", "closed");
  expect_string (peer, "state", "ok");
  g_assert_cmpint (json_object_get_int_member (peer, "trust"), ==, 80);
  g_assert_cmpint (json_object_get_int_member (peer, "queue"), ==, 1);
  g_assert_true (json_object_get_null_member (peer, "note"));
  areas = json_object_get_object_member (peer, "areas");
  g_assert_cmpuint (json_object_get_size (areas), ==, 2);
  g_assert_cmpint (json_object_get_int_member (areas, "spam"), ==, 90);
  g_assert_cmpuint (count (&b, ""), ==, 1);
  g_assert_cmpuint (count (&b, "?filter=pending"), ==, 1);
  g_assert_cmpuint (count (&b, "?filter=following"), ==, 1);
  g_assert_cmpuint (count (&b, "?filter=followers"), ==, 0);
}

/* One actor's relation step by step: the call, and what the peer is then. */
static void
test_actions (void)
{
  static const struct
  {
    const char *method;
    const char *after;
    const char *member;
    const char *value;
  } steps[] = {
    { "POST", "/accept", "follower", "reader" }, { "POST", "/reject", "follower", "rejected" },
    { "POST", "/accept", "follower", "reader" }, { "POST", "/reset", "breaker", "closed" },
    { "DELETE", "", "following", "none" },       { "POST", "/block", "state", "blocked" },
    { "POST", "/unblock", "state", "ok" },
  };
  Befriend pending = { .peer = &b.node,
                       .following = TOCSIN_FOLLOWING_ACCEPTED,
                       .follower = TOCSIN_FOLLOWER_PENDING };

  public_node_befriend (&a.node, &pending);
  g_assert_cmpuint (count (&a, "?filter=pending"), ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (JsonObject) peer = ask_peer (&a, &b, steps[i].method, steps[i].after, NULL);

      g_test_message ("%s %s", steps[i].method, steps[i].after);
      expect_string (peer, steps[i].member, steps[i].value);
    }
  g_assert_cmpuint (count (&a, "?filter=pending"), ==, 0);
}

/* Whoever only asked to follow has no account that WebFinger confirmed. By the name that it gives
 * itself and its host, or by the host alone, it is found, changed and answered for all the same. */
static void
test_named_otherwise (void)
{
  static const char *const names[] = { "", "@tocsin@", "acct%3Atocsin@", "tocsin@", "Tocsin@" };
  Befriend pending = { .peer = &b.node, .follower = TOCSIN_FOLLOWER_PENDING };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *target =
          g_strdup_printf ("/v1/peers/%s127.0.0.1%%3A%u", names[i], b.node.port);
      g_autofree char *accept = g_strconcat (target, "/accept", NULL);
      g_autofree char *catch_up = g_strconcat (target, "/catch-up", NULL);
      g_autoptr (JsonObject) before = NULL;
      g_autoptr (JsonObject) read = NULL;
      g_autoptr (JsonObject) after = NULL;

      public_node_befriend (&a.node, &pending);
      before = ask (&a, "GET", target, NULL, 200);
      expect_string (before, "actor", public_node_actor (&b.node));
      expect_string (before, "preferred_username", "tocsin");
      g_assert_true (json_object_get_null_member (before, "acct"));
      read = ask (&a, "GET", catch_up, NULL, 200);
      expect_string (read, "actor", public_node_actor (&b.node));
      after = ask (&a, "POST", accept, NULL, 200);
      expect_string (after, "actor", public_node_actor (&b.node));
      expect_string (after, "follower", "reader");
    }
}

static void
test_trust (void)
{
  Befriend direct = { .peer = &a.node, .following = TOCSIN_FOLLOWING_ACCEPTED };
  g_autoptr (JsonObject) first = NULL;
  g_autoptr (JsonObject) second = NULL;
  g_autoptr (JsonObject) third = NULL;
  g_autoptr (JsonObject) distrusted = NULL;
  g_autoptr (JsonObject) refused = NULL;
  g_autoptr (JsonObject) unset = NULL;
  g_autoptr (JsonObject) still = NULL;
  g_autoptr (JsonObject) full = NULL;
  g_autofree char *target = NULL;

  public_node_befriend (&b.node, &direct);
  first = ask_peer (&b, &a, "PUT", "/trust", "{\"weight\":70,\"full\":true,\"private\":true}");
  g_assert_cmpint (json_object_get_int_member (first, "trust"), ==, 70);
  g_assert_true (json_object_get_boolean_member (first, "full"));
  g_assert_true (json_object_get_boolean_member (first, "private"));
  /* What is not named stays. */
  second = ask_peer (&b, &a, "PUT", "/trust", "{\"area\":\"abuse\",\"weight\":0}");
  g_assert_cmpint (json_object_get_int_member (second, "trust"), ==, 70);
  g_assert_cmpint (
      json_object_get_int_member (json_object_get_object_member (second, "areas"), "abuse"), ==, 0);
  g_assert_true (json_object_get_boolean_member (second, "full"));
  third = ask_peer (&b, &a, "PUT", "/trust", "{\"area\":\"abuse\",\"weight\":null}");
  g_assert_false (json_object_has_member (json_object_get_object_member (third, "areas"), "abuse"));
  /* Who is distrusted is not trusted in full, on whatever way that is said. */
  distrusted = ask_peer (&b, &a, "PUT", "/trust", "{\"weight\":0}");
  g_assert_false (json_object_get_boolean_member (distrusted, "full"));
  target = g_strdup_printf ("/v1/peers/%s/trust", a.id);
  refused = ask (&b, "PUT", target, "{\"area\":\"spam\",\"weight\":null,\"full\":true}", 422);
  g_assert_true (g_str_has_prefix (json_object_get_string_member (refused, "detail"), "/full: "));
  /* Nor who has no weight any more, until that is said again. */
  json_object_unref (ask_peer (&b, &a, "PUT", "/trust", "{\"weight\":70,\"full\":true}"));
  unset = ask_peer (&b, &a, "PUT", "/trust", "{\"weight\":null}");
  g_assert_false (json_object_get_boolean_member (unset, "full"));
  json_object_unref (ask (&b, "PUT", target, "{\"weight\":null,\"full\":true}", 422));
  still = ask_peer (&b, &a, "PUT", "/trust", "{\"weight\":60}");
  g_assert_false (json_object_get_boolean_member (still, "full"));
  /* The mark is of the peer, whatever the area. */
  full = ask_peer (&b, &a, "PUT", "/trust", "{\"area\":\"spam\",\"weight\":null,\"full\":true}");
  g_assert_true (json_object_get_boolean_member (full, "full"));
}

static gboolean
leave_mark (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 *number = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_true (tocsin_peers_get (txn, *number, &peer));
  memset (peer.weights, -1, sizeof peer.weights);
  peer.full = TRUE;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* A mark without a weight, which older versions of this program left, is shown to nobody and comes
 * back with no weight. */
static void
test_stray_mark (void)
{
  Befriend direct = { .peer = &a.node, .following = TOCSIN_FOLLOWING_ACCEPTED };
  guint32 number = public_node_befriend (&b.node, &direct);
  g_autofree char *again =
      g_strdup_printf ("{\"actor\":\"%s\",\"trust\":10}", public_node_actor (&a.node));
  g_autoptr (JsonObject) list = NULL;
  g_autoptr (JsonObject) trusted = NULL;
  g_autoptr (JsonObject) followed = NULL;

  write_ok (&b.node.files, leave_mark, &number);
  list = ask (&b, "GET", "/v1/peers", NULL, 200);
  g_assert_false (json_object_get_boolean_member (
      json_array_get_object_element (json_object_get_array_member (list, "peers"), 0), "full"));
  trusted = ask_peer (&b, &a, "PUT", "/trust", "{\"weight\":10}");
  g_assert_cmpint (json_object_get_int_member (trusted, "trust"), ==, 10);
  g_assert_false (json_object_get_boolean_member (trusted, "full"));
  write_ok (&b.node.files, leave_mark, &number);
  json_object_unref (ask (&b, "POST", "/v1/peers", again, 201));
  followed = ask_peer (&b, &a, "GET", "", NULL);
  g_assert_cmpint (json_object_get_int_member (followed, "trust"), ==, 10);
  g_assert_false (json_object_get_boolean_member (followed, "full"));
}

/* One change of @state, while a question waits for it. */
static gboolean
begin_reading (gpointer data)
{
  Befriend direct = { .peer = data, .following = TOCSIN_FOLLOWING_ACCEPTED };

  public_node_befriend (&b.node, &direct);
  return G_SOURCE_REMOVE;
}

/* The answer comes as soon as there is news for whoever has the cursor, or when the time is over.
 */
static void
test_catch_up (void)
{
  Befriend asked = { .peer = &a.node, .following = TOCSIN_FOLLOWING_PENDING };
  g_autoptr (JsonObject) peer = NULL;
  g_autoptr (JsonObject) first = NULL;
  g_autoptr (JsonObject) again = NULL;
  g_autoptr (JsonObject) news = NULL;
  g_autofree char *bare = g_strdup_printf ("/v1/peers/%s/catch-up", a.id);
  g_autofree char *waiting = NULL;
  g_autofree char *longer = NULL;
  g_autofree char *odd = g_strconcat (bare, "?wait=61", NULL);
  JsonObject *member;
  gint64 begun_us = g_get_monotonic_time ();

  public_node_befriend (&b.node, &asked);
  first = ask (&b, "GET", bare, NULL, 200);
  expect_string (first, "actor", public_node_actor (&a.node));
  expect_string (first, "state", "asked");
  g_assert_false (json_object_get_boolean_member (first, "caught_up"));
  g_assert_true (json_object_get_null_member (first, "reports_total"));
  g_assert_true (json_object_get_null_member (first, "error"));
  peer = ask_peer (&b, &a, "GET", "", NULL);
  member = json_object_get_object_member (peer, "catch_up");
  expect_string (member, "state", "asked");
  g_assert_cmpint (json_object_get_int_member (member, "sequence"), ==, 0);

  waiting = g_strdup_printf ("%s?wait=1&cursor=%s", bare,
                             json_object_get_string_member (first, "cursor"));
  again = ask (&b, "GET", waiting, NULL, 200);
  expect_string (again, "cursor", json_object_get_string_member (first, "cursor"));
  g_assert_cmpint (g_get_monotonic_time () - begun_us, >=, TOCSIN_SECOND_US);
  g_assert_cmpuint (b.api->n_polls, ==, 0);

  longer = g_strdup_printf ("%s?wait=60&cursor=%s", bare,
                            json_object_get_string_member (first, "cursor"));
  g_idle_add (begin_reading, &a.node);
  news = ask (&b, "GET", longer, NULL, 200);
  expect_string (news, "state", "waiting");
  g_assert_cmpstr (json_object_get_string_member (news, "cursor"), !=,
                   json_object_get_string_member (first, "cursor"));
  json_object_unref (ask (&b, "GET", odd, NULL, 400));
}

static void
test_confirm_key (void)
{
  Befriend direct = { .peer = &a.node, .following = TOCSIN_FOLLOWING_ACCEPTED };
  g_autoptr (JsonObject) before = NULL;
  g_autoptr (JsonObject) after = NULL;
  g_autoptr (JsonObject) refused = NULL;
  g_autofree char *body = NULL;
  g_autofree char *target = NULL;

  public_node_befriend (&b.node, &direct);
  before = ask_peer (&b, &a, "GET", "", NULL);
  body = g_strdup_printf (
      "{\"fingerprint\":\"%s\"}",
      json_array_get_string_element (json_object_get_array_member (before, "fingerprints"), 0));
  after = ask_peer (&b, &a, "POST", "/confirm-key", body);
  expect_string (after, "state", "ok");
  target = g_strdup_printf ("/v1/peers/%s/confirm-key", a.id);
  refused = ask (&b, "POST", target, "{\"fingerprint\":\"SHA256:00\"}", 422);
  g_assert_true (
      g_str_has_prefix (json_object_get_string_member (refused, "detail"), "/fingerprint: "));
}

static void
test_refusals (void)
{
#define ACTOR   "\"actor\":\"http://127.0.0.1:9/actor\""
#define UNKNOWN "/v1/peers/https%3A%2F%2Fz.example%2Fa"
  static const struct
  {
    const char *method;
    const char *target;
    const char *body;
    guint status;
    const char *detail; /* (nullable) how it begins */
  } vectors[] = {
    { "POST", "/v1/peers", "", 400, NULL },
    { "POST", "/v1/peers", "[]", 400, NULL },
    { "POST", "/v1/peers", "{}", 400, "/actor" },
    { "POST", "/v1/peers", "{\"actor\":7}", 400, "/actor" },
    { "POST", "/v1/peers", "{\"actor\":\"no actor\"}", 400, "/actor: " },
    { "POST", "/v1/peers", "{" ACTOR ",\"weight\":50}", 400, "/weight" },
    { "POST", "/v1/peers", "{" ACTOR ",\"trust\":0}", 400, "/trust" },
    { "POST", "/v1/peers", "{" ACTOR ",\"trust\":101}", 400, "/trust" },
    { "POST", "/v1/peers", "{" ACTOR ",\"trust\":\"50\"}", 400, "/trust" },
    { "POST", "/v1/peers", "{" ACTOR ",\"areas\":[]}", 400, "/areas" },
    { "POST", "/v1/peers", "{" ACTOR ",\"areas\":{\"spam\":0}}", 400, "/areas/spam" },
    { "POST", "/v1/peers", "{" ACTOR ",\"areas\":{\"food\":9}}", 422, "/areas/food: " },
    { "GET", "/v1/peers?filter=all", NULL, 400, "filter: " },
    { "GET", UNKNOWN, NULL, 404, NULL },
    { "GET", "/v1/peers/no%20actor", NULL, 404, NULL },
    { "GET", "/v1/peers/@tocsin@z.example", NULL, 404, NULL },
    { "GET", UNKNOWN "/catch-up?wait=5", NULL, 404, NULL },
    { "DELETE", UNKNOWN, NULL, 404, NULL },
    { "POST", UNKNOWN "/accept", NULL, 404, NULL },
    { "POST", UNKNOWN "/reset", NULL, 404, NULL },
    { "POST", UNKNOWN "/unfollow", NULL, 404, NULL },
    { "POST", "/v1/peers/z.example/accept", NULL, 404, NULL },
    { "POST", UNKNOWN "/confirm-key", "{\"fingerprint\":\"a\"}", 404, NULL },
    { "POST", UNKNOWN "/confirm-key", "{}", 400, "/fingerprint" },
    { "PUT", UNKNOWN "/trust", "{}", 400, "/weight" },
    { "PUT", UNKNOWN "/trust", "{\"weight\":101}", 400, "/weight" },
    { "PUT", UNKNOWN "/trust", "{\"weight\":5,\"trust\":5}", 400, "/trust" },
    { "PUT", UNKNOWN "/trust", "{\"weight\":5,\"full\":1}", 400, "/full" },
    { "PUT", UNKNOWN "/trust", "{\"weight\":0,\"full\":true}", 422, "/full" },
    { "PUT", UNKNOWN "/trust", "{\"weight\":5,\"area\":\"food\"}", 422, "/area" },
    { "PUT", UNKNOWN "/trust", "{\"weight\":5}", 404, NULL },
  };

  Befriend none = { .peer = &b.node };
  g_autoptr (JsonObject) peer = NULL;

  public_node_befriend (&a.node, &none);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (JsonObject) problem =
          ask (&a, vectors[i].method, vectors[i].target, vectors[i].body, vectors[i].status);
      const char *detail = json_object_get_string_member (problem, "detail");

      if (vectors[i].detail != NULL && !g_str_has_prefix (detail, vectors[i].detail))
        g_error ("%s %s: %s", vectors[i].target, vectors[i].body, detail);
    }
  g_assert_cmpuint (count (&a, ""), ==, 1);
  peer = ask_peer (&a, &b, "GET", "", NULL);
  expect_string (peer, "relation", "none");
  g_assert_true (json_object_get_null_member (peer, "trust"));
}

/* "since" is of a relation: somebody with whom there never was one has none, blocked or not. */
static void
test_block_a_stranger (void)
{
  static const char *const steps[] = { "block", "unblock" };
  Befriend both = { .peer = &b.node,
                    .following = TOCSIN_FOLLOWING_ACCEPTED,
                    .follower = TOCSIN_FOLLOWER_READER };

  public_node_befriend (&a.node, &both);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *after = g_strconcat ("/", steps[i], NULL);
      g_autofree char *target =
          g_strconcat ("/v1/peers/https%3A%2F%2Fstranger.example%2Factor", after, NULL);
      g_autoptr (JsonObject) stranger = ask (&a, "POST", target, NULL, 200);
      g_autoptr (JsonObject) peer = ask_peer (&a, &b, "POST", after, NULL);

      g_assert_true (json_object_get_null_member (stranger, "following_since"));
      g_assert_true (json_object_get_null_member (stranger, "follower_since"));
      g_assert_false (json_object_get_null_member (peer, "following_since"));
      g_assert_false (json_object_get_null_member (peer, "follower_since"));
    }
}

/* A literal path wins over the pattern. */
static void
test_suggestions (void)
{
  g_autoptr (JsonObject) answer = NULL;

  answer = ask (&a, "GET", "/v1/peers/suggestions", NULL, 200);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (answer, "suggestions")),
                    ==, 0);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  operated_start (&a);
  operated_start (&b);
  g_test_add_func ("/route-peers/follow", test_follow);
  g_test_add_func ("/route-peers/actions", test_actions);
  g_test_add_func ("/route-peers/named-otherwise", test_named_otherwise);
  g_test_add_func ("/route-peers/trust", test_trust);
  g_test_add_func ("/route-peers/stray-mark", test_stray_mark);
  g_test_add_func ("/route-peers/catch-up", test_catch_up);
  g_test_add_func ("/route-peers/confirm-key", test_confirm_key);
  g_test_add_func ("/route-peers/refusals", test_refusals);
  g_test_add_func ("/route-peers/block-a-stranger", test_block_a_stranger);
  g_test_add_func ("/route-peers/suggestions", test_suggestions);
  result = g_test_run ();
  operated_stop (&b);
  operated_stop (&a);
  return result;
}
