/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed-node.h"
#include "fed/relay.h"
#include "store/table-queue.h"
#include "store/table-reports.h"

#define FAST 60000 /* a minute is a millisecond */

/* What the peers of a test do, by path: statuses to answer with, one a request; then 202. */
typedef struct
{
  SoupServer *server; /* (owned) */
  char *base;         /* (owned) */
  GHashTable *script; /* (element-type utf8 GQueue of guint) */
  GPtrArray *got;     /* of "PATH BODY", requests that were taken */
  GPtrArray *asked;   /* of "METHOD PATH", all requests */
  GPtrArray *hanging; /* of SoupServerMessage */
  const char *hang;   /* path that gets no answer */
  const char *down;   /* path whose GET fails */
  const char *retry_after;
  gboolean only_rfc9421;
} World;

typedef struct
{
  guint32 number;
  const char *uri;
  const char *inbox;
  const char *shared;
  TocsinFollower follower;
  gboolean ours;
} NewPeer;

static void
answer (SoupServer *server G_GNUC_UNUSED,
        SoupServerMessage *message,
        const char *path,
        GHashTable *query G_GNUC_UNUSED,
        gpointer data)
{
  World *world = data;
  const char *method = soup_server_message_get_method (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  GQueue *statuses = g_hash_table_lookup (world->script, path);
  guint status = 202;

  g_ptr_array_add (world->asked, g_strdup_printf ("%s %s", method, path));
  if (g_strcmp0 (world->hang, path) == 0)
    {
      soup_server_message_pause (message);
      g_ptr_array_add (world->hanging, g_object_ref (message));
      return;
    }
  if (g_str_equal (method, "GET"))
    {
      soup_server_message_set_status (message, g_strcmp0 (world->down, path) == 0 ? 503 : 200,
                                      NULL);
      return;
    }
  if (statuses != NULL && !g_queue_is_empty (statuses))
    status = GPOINTER_TO_UINT (g_queue_pop_head (statuses));
  if (world->only_rfc9421 && soup_message_headers_get_one (headers, "signature-input") == NULL)
    status = 401;
  if (status == 429)
    soup_message_headers_replace (soup_server_message_get_response_headers (message), "Retry-After",
                                  world->retry_after);
  if (status == 202)
    g_ptr_array_add (world->got, g_strdup_printf ("%s %.*s", path, (int) body->length, body->data));
  soup_server_message_set_status (message, status, NULL);
}

static World *
world_new (void)
{
  World *world = g_new0 (World, 1);

  world->server = loopback_server (&world->base);
  world->script =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_queue_free);
  world->got = g_ptr_array_new_with_free_func (g_free);
  world->asked = g_ptr_array_new_with_free_func (g_free);
  world->hanging = g_ptr_array_new_with_free_func (g_object_unref);
  soup_server_add_handler (world->server, NULL, answer, world, NULL);
  return world;
}

static void
world_free (World *world)
{
  soup_server_disconnect (world->server);
  g_object_unref (world->server);
  g_ptr_array_unref (world->hanging);
  g_hash_table_unref (world->script);
  g_ptr_array_unref (world->got);
  g_ptr_array_unref (world->asked);
  g_free (world->base);
  g_free (world);
}

static void
script (World *world, const char *path, guint status)
{
  GQueue *statuses = g_hash_table_lookup (world->script, path);

  if (statuses == NULL)
    {
      statuses = g_queue_new ();
      g_hash_table_insert (world->script, (char *) path, statuses);
    }
  g_queue_push_tail (statuses, GUINT_TO_POINTER (status));
}

/* How many of @list begin with @prefix. */
static guint
count_of (GPtrArray *list, const char *prefix)
{
  guint n = 0;

  for (guint i = 0; i < list->len; i++)
    n += g_str_has_prefix (g_ptr_array_index (list, i), prefix) ? 1 : 0;
  return n;
}

static gboolean
write_peer (TocsinTxn *txn, gpointer data, GError **error)
{
  NewPeer *new = data;
  g_auto (TocsinActorRecord) actor = { 0 };
  g_auto (TocsinPeerRecord) peer = { 0 };

  new->number = tocsin_actors_intern (txn, new->uri, T0);
  actor.number = new->number;
  actor.uri = g_strdup (new->uri);
  actor.inbox = g_strdup (new->inbox);
  actor.shared_inbox = g_strdup (new->shared);
  actor.protocol_version = g_strdup (new->ours ? "1.0" : NULL);
  actor.fetched_us = T0;
  tocsin_actors_put (txn, &actor);
  tocsin_peer_record_init (&peer, new->number);
  peer.follower = new->follower;
  tocsin_peers_put (txn, &peer);
  return tocsin_txn_check (txn, error);
}

static guint32
add_peer (Node *node, World *world, const char *name, const char *shared, gboolean ours)
{
  g_autofree char *uri = g_strdup_printf ("%s/%s", world->base, name);
  g_autofree char *inbox = g_strdup_printf ("%s/%s/inbox", world->base, name);
  NewPeer new = {
    .uri = uri, .inbox = inbox, .shared = shared, .follower = TOCSIN_FOLLOWER_READER, .ours = ours
  };

  write_ok (&node->f, write_peer, &new);
  return new.number;
}

typedef struct
{
  Node *node;
  const char *text;
  TocsinOutboxKind kind;
  TocsinSharing sharing;
  guint32 to;
  guint32 origin;
  guint64 sequence;
} Publish;

static gboolean
write_publish (TocsinTxn *txn, gpointer data, GError **error)
{
  Publish *order = data;
  g_autoptr (GBytes) body = g_bytes_new (order->text, strlen (order->text));
  TocsinOutboxRecord entry = {
    .kind = order->kind,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = order->origin,
    .report = 1,
    .sharing = order->sharing,
    .activity_id = (char *) order->text,
    .activity = body,
  };
  gint64 now_us = tocsin_time_now_us ();

  if (order->kind == TOCSIN_OUTBOX_MESSAGE)
    order->sequence = tocsin_relay_send (txn, order->to, order->text, body, now_us);
  else
    order->sequence = tocsin_relay_publish (txn, order->node->fed->policy, &entry, 0, now_us);
  return tocsin_txn_check (txn, error);
}

static guint64
publish (Node *node, const char *text, TocsinSharing sharing)
{
  Publish data = { .node = node, .text = text, .kind = TOCSIN_OUTBOX_ADD, .sharing = sharing };

  write_ok (&node->f, write_publish, &data);
  tocsin_delivery_wake (node->fed->delivery);
  return data.sequence;
}

static guint64
queued (Node *node)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (node->f.store));

  return tocsin_queue_count (txn);
}

static gboolean
is_idle (Node *node)
{
  return queued (node) == 0 && tocsin_delivery_count_in_flight (node->fed->delivery) == 0;
}

static void
test_order (void)
{
  Node *node = node_new (1);
  World *world = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  add_peer (node, world, "b", NULL, TRUE);
  add_peer (node, world, "c", NULL, FALSE);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *text = g_strdup_printf ("text-%u", i);

      publish (node, text, TOCSIN_SHARING_GREEN);
    }
  WAIT_FOR (is_idle (node));

  for (const char *const *path = (const char *const[]){ "/a/", "/b/", "/c/", NULL }; *path != NULL;
       path++)
    {
      guint next = 0;

      for (guint i = 0; i < world->got->len; i++)
        {
          const char *line = g_ptr_array_index (world->got, i);
          g_autofree char *expected = g_strdup_printf ("%sinbox text-%u", *path, next);

          if (!g_str_has_prefix (line, *path))
            continue;
          g_assert_cmpstr (line, ==, expected);
          next++;
        }
      g_assert_cmpuint (next, ==, 5);
    }
  get_peer (node, a, &peer);
  g_assert_cmpuint (peer.delivered_sequence, ==, 5);
  g_assert_cmpuint (peer.given_total, ==, 5);
  g_assert_cmpint (peer.last_success_us, >, 0);
  g_assert_cmpint (peer.scheme, ==, TOCSIN_PEER_SCHEME_RFC9421_ED25519);
  g_assert_cmpuint (node->fed->stats.delivered, ==, 15);
  world_free (world);
  node_free (node);
}

static void
test_double_knock (void)
{
  Node *node = node_new (1);
  World *world = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, FALSE);

  world->only_rfc9421 = TRUE;
  publish (node, "one", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->asked->len, ==, 2);
  get_peer (node, a, &peer);
  g_assert_cmpint (peer.scheme, ==, TOCSIN_PEER_SCHEME_RFC9421_RSA);

  publish (node, "two", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->asked->len, ==, 3);
  g_assert_cmpuint (world->got->len, ==, 2);
  world_free (world);
  node_free (node);
}

/* What is worth a retry is sent again, as late as the peer asked for. */
static void
test_retry (void)
{
  Node *node = node_new (FAST);
  World *world = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, TRUE);
  gint64 began_us = g_get_monotonic_time ();

  world->retry_after = "30000"; /* half a second of test time */
  script (world, "/a/inbox", 503);
  script (world, "/a/inbox", 401);
  script (world, "/a/inbox", 408);
  script (world, "/a/inbox", 429);
  publish (node, "one", TOCSIN_SHARING_GREEN);
  publish (node, "two", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->asked->len, ==, 6);
  g_assert_cmpuint (world->got->len, ==, 2);
  g_assert_cmpstr (g_ptr_array_index (world->got, 0), ==, "/a/inbox one");
  g_assert_cmpint (g_get_monotonic_time () - began_us, >=, 500000);
  get_peer (node, a, &peer);
  g_assert_cmpuint (peer.outbound.failures, ==, 0);
  g_assert_cmpuint (node->fed->stats.delivery_failed, ==, 4);
  world_free (world);
  node_free (node);
}

static gboolean
has_failures (Node *node, guint32 actor, guint n)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  get_peer (node, actor, &peer);
  return peer.outbound.failures >= n;
}

static void
test_breaker (void)
{
  Node *node = node_new (FAST / 2);
  World *world = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  for (guint i = 0; i < 5; i++)
    {
      script (world, "/a/inbox", 500);
      g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_INFO,
                             "Nothing was delivered to */a/inbox: it answered 500");
    }
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_MESSAGE, "*/a does not answer: breaker opened");
  publish (node, "one", TOCSIN_SHARING_GREEN);
  WAIT_FOR (has_failures (node, a, 5));
  get_peer (node, a, &peer);
  g_assert_cmpint (tocsin_breaker_state (&peer.outbound, peer.outbound.open_until_us - 1), ==,
                   TOCSIN_BREAKER_OPEN);
  g_assert_cmpuint (world->asked->len, ==, 5);

  /* More work does not make more calls: one probe when it is due. */
  publish (node, "two", TOCSIN_SHARING_GREEN);
  WAIT_FOR (tocsin_time_now_us () > peer.outbound.open_until_us - 50000);
  g_assert_cmpuint (world->asked->len, ==, 5);
  g_test_assert_expected_messages ();
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_MESSAGE, "*/a answers again: breaker closed");
  WAIT_FOR (is_idle (node));
  g_test_assert_expected_messages ();
  get_peer (node, a, &peer);
  g_assert_cmpuint (peer.outbound.failures, ==, 0);
  g_assert_cmpuint (world->got->len, ==, 2);
  world_free (world);
  node_free (node);
}

static void
test_drop (void)
{
  Node *node = node_new (1);
  World *world = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  script (world, "/a/inbox", 400);
  script (world, "/a/inbox", 413);
  publish (node, "one", TOCSIN_SHARING_GREEN);
  publish (node, "two", TOCSIN_SHARING_GREEN);
  publish (node, "three", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->got->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (world->got, 0), ==, "/a/inbox three");
  get_peer (node, a, &peer);
  g_assert_cmpuint (peer.dropped, ==, 2);
  g_assert_cmpuint (peer.outbound.failures, ==, 0);
  world_free (world);
  node_free (node);
}

/* A peer that cannot get an author's key says 401 to what we relay of it. That costs this one
 * activity; what we say ourselves is held up by a 401 as before, and shows. */
static void
test_relayed_refused (void)
{
  Node *node = node_new (FAST);
  World *world = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *text = g_strdup_printf ("relayed-%u", i);
      Publish data = { .node = node,
                       .text = text,
                       .kind = TOCSIN_OUTBOX_ADD,
                       .sharing = TOCSIN_SHARING_GREEN,
                       .origin = 77 };

      script (world, "/a/inbox", 401);
      write_ok (&node->f, write_publish, &data);
    }
  tocsin_delivery_wake (node->fed->delivery);
  WAIT_FOR (is_idle (node));
  get_peer (node, a, &peer);
  g_assert_cmpuint (peer.dropped, ==, 6);
  g_assert_cmpuint (peer.outbound.failures, ==, 0);
  g_assert_cmpuint (node->fed->stats.delivery_failed, ==, 0);

  script (world, "/a/inbox", 401);
  publish (node, "own", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (node->fed->stats.delivery_failed, ==, 1);
  g_assert_cmpuint (world->got->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (world->got, 0), ==, "/a/inbox own");
  world_free (world);
  node_free (node);
}

static gboolean
has_left (Node *node, guint32 actor)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  get_peer (node, actor, &peer);
  return peer.away;
}

static gboolean
is_away (Node *node, guint32 actor)
{
  /* Nothing in flight: main has heard of it too. */
  return has_left (node, actor) && tocsin_delivery_count_in_flight (node->fed->delivery) == 0;
}

static void
test_gone (void)
{
  Node *node = node_new (FAST);
  World *world = world_new ();
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  world->down = "/a";
  script (world, "/a/inbox", 410);
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_INFO,
                         "Nothing was delivered to */a/inbox: it answered 410");
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_MESSAGE, "*/a is away*");
  publish (node, "one", TOCSIN_SHARING_GREEN);
  publish (node, "two", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_away (node, a));
  g_test_assert_expected_messages ();
  g_assert_cmpuint (queued (node), ==, 0);
  publish (node, "three", TOCSIN_SHARING_GREEN);
  g_assert_cmpuint (queued (node), ==, 0);

  /* It is asked now and then, and once it answers it is a peer as before. */
  WAIT_FOR (count_of (world->asked, "GET /a") >= 2);
  WAIT_FOR (is_away (node, a));
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_MESSAGE, "*/a answers again*");
  world->down = NULL;
  WAIT_FOR (!has_left (node, a));
  WAIT_FOR (tocsin_delivery_count_in_flight (node->fed->delivery) == 0);
  g_test_assert_expected_messages ();
  publish (node, "four", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->got->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (world->got, 0), ==, "/a/inbox four");
  world_free (world);
  node_free (node);
}

static void
test_back (void)
{
  Node *node = node_new (100);
  World *world = world_new ();
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  world->down = "/a";
  script (world, "/a/inbox", 410);
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_INFO,
                         "Nothing was delivered to */a/inbox: it answered 410");
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_MESSAGE, "*/a is away*");
  publish (node, "one", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_away (node, a));
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_MESSAGE, "*/a is back*");
  tocsin_delivery_peer_is_back (node->fed->delivery, a);
  g_test_assert_expected_messages ();
  WAIT_FOR (!has_left (node, a));
  publish (node, "two", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->got->len, ==, 1);
  world_free (world);
  node_free (node);
}

/* One POST for all behind a shared inbox, but not for one who merely names it from elsewhere. */
static void
test_shared_inbox (void)
{
  Node *node = node_new (1);
  World *world = world_new ();
  World *elsewhere = world_new ();
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autofree char *shared = g_strconcat (world->base, "/shared", NULL);
  guint32 last = 0;

  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *name = g_strdup_printf ("u%u", i);

      last = add_peer (node, world, name, shared, FALSE);
    }
  add_peer (node, elsewhere, "x", shared, FALSE);
  publish (node, "one", TOCSIN_SHARING_GREEN);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->got->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (world->got, 0), ==, "/shared one");
  g_assert_cmpuint (elsewhere->got->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (elsewhere->got, 0), ==, "/x/inbox one");
  get_peer (node, last, &peer);
  g_assert_cmpuint (peer.delivered_sequence, ==, 1);
  g_assert_cmpuint (node->fed->stats.delivered, ==, 7);
  world_free (world);
  world_free (elsewhere);
  node_free (node);
}

typedef struct
{
  guint32 peer;
  guint64 sequence;
  gboolean cancelled;
} Cancel;

static gboolean
write_cancel (TocsinTxn *txn, gpointer data, GError **error)
{
  Cancel *cancel = data;

  cancel->cancelled = tocsin_queue_cancel (txn, cancel->peer, cancel->sequence);
  return tocsin_txn_check (txn, error);
}

/* A peer that hangs delays nobody; what it may have got does not cancel out; and what was not
 * answered is sent again by the next process. */
static void
test_hang_and_restart (void)
{
  Node *node = node_new (1);
  World *world = world_new ();
  Cancel cancel = { 0 };
  guint32 a = add_peer (node, world, "a", NULL, TRUE);
  guint64 first, second;

  add_peer (node, world, "b", NULL, TRUE);
  world->hang = "/a/inbox";
  first = publish (node, "one", TOCSIN_SHARING_GREEN);
  second = publish (node, "two", TOCSIN_SHARING_GREEN);
  publish (node, "three", TOCSIN_SHARING_GREEN);
  WAIT_FOR (count_of (world->got, "/b/") == 3);
  WAIT_FOR (world->hanging->len == 1);
  cancel = (Cancel){ .peer = a, .sequence = first };
  write_ok (&node->f, write_cancel, &cancel);
  g_assert_false (cancel.cancelled);
  cancel = (Cancel){ .peer = a, .sequence = second };
  write_ok (&node->f, write_cancel, &cancel);
  g_assert_true (cancel.cancelled);

  WAIT_FOR (queued (node) == 2);
  node_stop (node);
  g_assert_cmpuint (queued (node), ==, 2);
  world->hang = NULL;
  node_start (node);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (count_of (world->got, "/a/"), ==, 2);
  g_assert_cmpuint (count_of (world->got, "/a/inbox one"), ==, 1);
  g_assert_cmpuint (count_of (world->got, "/a/inbox three"), ==, 1);
  g_assert_cmpuint (count_of (world->got, "/b/"), ==, 3);
  world_free (world);
  node_free (node);
}

typedef struct
{
  const char *name;
  TocsinFollower follower;
  gboolean blocked, blocks_us, version_hold, key_hold;
  const char *expected; /* what it still gets of what was queued before: as the first */
} Eligible;

static const Eligible eligible[] = {
  { "reader", TOCSIN_FOLLOWER_READER, .expected = "update clear green message remove" },
  { "guest", TOCSIN_FOLLOWER_GUEST, .expected = "update clear message" },
  { "gone", TOCSIN_FOLLOWER_NONE, .expected = "update message" },
  { "blocked", TOCSIN_FOLLOWER_READER, .blocked = TRUE, .expected = "update message" },
  { "blocking", TOCSIN_FOLLOWER_READER, .blocks_us = TRUE, .expected = "update message" },
  { "version", TOCSIN_FOLLOWER_READER, .version_hold = TRUE, .expected = "update message remove" },
  { "key", TOCSIN_FOLLOWER_READER, .key_hold = TRUE, .expected = "update message remove" },
};

typedef struct
{
  guint32 actor;
  const Eligible *to;
} Change;

static gboolean
write_change (TocsinTxn *txn, gpointer data, GError **error)
{
  Change *change = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, change->actor, &peer);
  peer.follower = change->to->follower;
  peer.blocked = change->to->blocked;
  peer.blocks_us = change->to->blocks_us;
  peer.version_hold = change->to->version_hold;
  peer.key_hold = change->to->key_hold;
  tocsin_peers_put (txn, &peer);
  return tocsin_txn_check (txn, error);
}

static void
test_eligible_when_sent (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (eligible); i++)
    {
      Node *node = node_new (1);
      World *world = world_new ();
      g_autoptr (GString) got = g_string_new (NULL);
      Change change = { .actor = add_peer (node, world, "a", NULL, TRUE), .to = &eligible[i] };
      Publish message = {
        .node = node, .text = "message", .kind = TOCSIN_OUTBOX_MESSAGE, .to = change.actor
      };
      Publish remove = { .node = node,
                         .text = "remove",
                         .kind = TOCSIN_OUTBOX_REMOVE,
                         .sharing = TOCSIN_SHARING_GREEN };
      Publish update = { .node = node,
                         .text = "update",
                         .kind = TOCSIN_OUTBOX_UPDATE,
                         .sharing = TOCSIN_SHARING_GREEN };

      tocsin_delivery_stop (node->fed->delivery);
      publish (node, "clear", TOCSIN_SHARING_CLEAR);
      publish (node, "green", TOCSIN_SHARING_GREEN);
      write_ok (&node->f, write_publish, &message);
      write_ok (&node->f, write_publish, &remove);
      write_ok (&node->f, write_publish, &update);
      write_ok (&node->f, write_change, &change);
      tocsin_delivery_start (node->fed->delivery);
      WAIT_FOR (is_idle (node));
      for (guint j = 0; j < world->got->len; j++)
        g_string_append_printf (got, "%s%s", j > 0 ? " " : "",
                                strchr (g_ptr_array_index (world->got, j), ' ') + 1);
      g_test_message ("%s", eligible[i].name);
      g_assert_cmpstr (got->str, ==, eligible[i].expected);
      world_free (world);
      node_free (node);
    }
}

static void
publish_as (Node *node, const char *text, TocsinOutboxKind kind, guint32 to)
{
  Publish data = { .node = node, .text = text, .kind = kind, .to = to };

  write_ok (&node->f, write_publish, &data);
}

/* What is said after a change of keys is believed by that alone, whatever was queued before it; and
 * who is tried again at once gets that first, too. */
static void
test_update_first (void)
{
  static const char *const expected[] = { "update-1", "update-2", "one", "message", "two" };
  Node *node = node_new (1);
  World *world = world_new ();
  guint32 a = add_peer (node, world, "a", NULL, TRUE);

  tocsin_delivery_stop (node->fed->delivery);
  publish_as (node, "one", TOCSIN_OUTBOX_ADD, 0);
  publish_as (node, "message", TOCSIN_OUTBOX_MESSAGE, a);
  publish_as (node, "update-1", TOCSIN_OUTBOX_UPDATE, 0);
  publish_as (node, "two", TOCSIN_OUTBOX_ADD, 0);
  publish_as (node, "update-2", TOCSIN_OUTBOX_UPDATE, 0);
  script (world, "/a/inbox", 503);
  tocsin_delivery_start (node->fed->delivery);
  WAIT_FOR (has_failures (node, a, 1));
  g_assert_cmpuint (world->asked->len, ==, 1);
  tocsin_delivery_reset_peer (node->fed->delivery, a);
  WAIT_FOR (is_idle (node));
  g_assert_cmpuint (world->got->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_cmpstr (strchr (g_ptr_array_index (world->got, i), ' ') + 1, ==, expected[i]);
  world_free (world);
  node_free (node);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/delivery/order", test_order);
  g_test_add_func ("/delivery/double-knock", test_double_knock);
  g_test_add_func ("/delivery/retry", test_retry);
  g_test_add_func ("/delivery/breaker", test_breaker);
  g_test_add_func ("/delivery/drop", test_drop);
  g_test_add_func ("/delivery/relayed-refused", test_relayed_refused);
  g_test_add_func ("/delivery/gone", test_gone);
  g_test_add_func ("/delivery/back", test_back);
  g_test_add_func ("/delivery/shared-inbox", test_shared_inbox);
  g_test_add_func ("/delivery/hang-and-restart", test_hang_and_restart);
  g_test_add_func ("/delivery/eligible-when-sent", test_eligible_when_sent);
  g_test_add_func ("/delivery/update-first", test_update_first);
  return g_test_run ();
}
