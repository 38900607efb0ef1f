/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "store/table-actors.h"
#include "store/table-peers.h"

static const char A[] = "https://a.example/actor";
static const char B[] = "https://b.example/actor";

static gboolean
intern (TocsinTxn *txn, gpointer data, GError **error)
{
  guint32 number;

  tocsin_actors_set_local (txn, "https://me.example/actor", T0);
  g_assert_cmpuint (tocsin_actors_intern (txn, A, T0), ==, 1);
  g_assert_cmpuint (tocsin_actors_intern (txn, B, T0), ==, 2);
  g_assert_cmpuint (tocsin_actors_intern (txn, A, T0), ==, 1);
  g_assert_cmpuint (tocsin_actors_intern (txn, "https://me.example/actor", T0), ==, 0);
  g_assert_cmpstr (tocsin_actors_peek_uri (txn, 2), ==, B);
  g_assert_cmpstr (tocsin_actors_peek_uri (txn, 0), ==, "https://me.example/actor");
  g_assert_null (tocsin_actors_peek_uri (txn, 3));
  g_assert_false (tocsin_actors_find (txn, "https://c.example/actor", &number));

  /* A node that moved to another base URL. */
  tocsin_actors_set_local (txn, "https://moved.example/actor", T0);
  g_assert_false (tocsin_actors_find (txn, "https://me.example/actor", &number));
  g_assert_true (tocsin_actors_find (txn, "https://moved.example/actor", &number));
  g_assert_cmpuint (number, ==, 0);
  g_assert_cmpuint (tocsin_actors_count (txn), ==, 3);
  return TRUE;
}

static void
test_intern (Fixture *f, gconstpointer data)
{
  write_ok (f, intern, NULL);
}

static void
add_key (TocsinActorRecord *record, const char *id, const char *text)
{
  TocsinStoredKey key = { .kind = TOCSIN_KEY_ED25519_MULTIBASE,
                          .id = g_strdup (id),
                          .owner = g_strdup (record->uri),
                          .text = g_strdup (text),
                          .expires_us = 7 };

  if (record->keys == NULL)
    record->keys = tocsin_actor_keys_new ();
  g_array_append_val (record->keys, key);
}

static gboolean
check_head (const TocsinActorRecord *head, gpointer data)
{
  guint *n = data;

  g_assert_cmpuint (head->number, ==, ++*n);
  g_assert_cmpstr (head->uri, ==, *n == 1 ? A : B);
  g_assert_null (head->acct);
  g_assert_null (head->keys);
  return *n < 2;
}

static gboolean
document (TocsinTxn *txn, gpointer data, GError **error)
{
  guint32 a = tocsin_actors_intern (txn, A, T0), b = tocsin_actors_intern (txn, B, T0), number;
  g_auto (TocsinActorRecord) record = { 0 };
  g_auto (TocsinActorRecord) other = { 0 };
  g_auto (TocsinActorRecord) got = { 0 };
  guint n = 0;

  g_assert_true (tocsin_actors_get (txn, a, &record));
  record.inbox = g_strdup ("https://a.example/inbox");
  record.acct = g_strdup ("tocsin@a.example");
  add_key (&record, "https://a.example/actor#k1", "z1");
  add_key (&record, "https://a.example/actor#k2", "z2");
  add_key (&record, "https://b.example/actor#k3", "z3");
  tocsin_actors_put (txn, &record);

  g_assert_true (tocsin_actors_get (txn, a, &got));
  g_assert_cmpstr (got.uri, ==, A);
  g_assert_cmpstr (got.inbox, ==, "https://a.example/inbox");
  g_assert_null (got.outbox);
  g_assert_cmpint (got.first_seen_us, ==, T0);
  g_assert_cmpuint (got.keys->len, ==, 3);
  g_assert_cmpstr (g_array_index (got.keys, TocsinStoredKey, 1).text, ==, "z2");
  g_assert_cmpint (g_array_index (got.keys, TocsinStoredKey, 1).expires_us, ==, 7);
  g_assert_true (tocsin_actors_find_key (txn, "https://a.example/actor#k2", &number));
  g_assert_false (tocsin_actors_find_key (txn, "https://b.example/actor#k3", &number));
  g_assert_true (tocsin_actors_find_acct (txn, "tocsin@a.example", &number));
  g_assert_cmpuint (number, ==, a);

  tocsin_actors_foreach_head (txn, a, check_head, &n);
  g_assert_cmpuint (n, ==, 2);

  /* B takes the name over; A's next document must not take it away again. */
  g_assert_true (tocsin_actors_get (txn, b, &other));
  other.acct = g_strdup ("tocsin@a.example");
  tocsin_actors_put (txn, &other);
  g_clear_pointer (&record.acct, g_free);
  g_array_set_size (record.keys, 1);
  tocsin_actors_put (txn, &record);
  g_assert_true (tocsin_actors_find_acct (txn, "tocsin@a.example", &number));
  g_assert_cmpuint (number, ==, b);
  g_assert_true (tocsin_actors_find_key (txn, "https://a.example/actor#k1", &number));
  g_assert_false (tocsin_actors_find_key (txn, "https://a.example/actor#k2", &number));
  return TRUE;
}

static void
test_document (Fixture *f, gconstpointer data)
{
  write_ok (f, document, NULL);
}

typedef struct
{
  const char *name;
  TocsinFollowing following;
  TocsinFollower follower;
  gint8 weight;
  gboolean blocked;
  gboolean direct;
  gboolean gets;
} RelationCase;

static const RelationCase relations[] = {
  { "direct peer", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, 50, FALSE, TRUE, FALSE },
  { "no weight", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, -1, FALSE, FALSE, FALSE },
  { "distrusted", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_READER, 0, FALSE, FALSE, TRUE },
  { "pending", TOCSIN_FOLLOWING_PENDING, TOCSIN_FOLLOWER_PENDING, 50, FALSE, FALSE, FALSE },
  { "guest", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_GUEST, -1, FALSE, FALSE, TRUE },
  { "blocked", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_READER, 50, TRUE, FALSE, FALSE },
};

static gboolean
check_peer_head (const TocsinPeerRecord *head, gpointer data)
{
  guint *n = data;

  g_assert_cmpuint (head->actor, ==, *n + 1);
  g_assert_cmpstr (head->note, ==, relations[*n].name);
  g_assert_cmpint (tocsin_peer_record_is_direct (head), ==, relations[*n].direct);
  g_assert_cmpuint (head->outbound.failures, ==, 3);
  g_assert_null (head->keys);
  ++*n;
  return TRUE;
}

static gboolean
put_relations (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerCounts counts;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (relations); i++)
    {
      g_auto (TocsinPeerRecord) record = { 0 };
      g_auto (TocsinPeerRecord) got = { 0 };
      TocsinPeerKey key = { .confirmed = TRUE, .id = g_strdup ("k"), .multibase = g_strdup ("z") };

      tocsin_peer_record_init (&record, i + 1);
      record.following = relations[i].following;
      record.follower = relations[i].follower;
      record.weights[TOCSIN_AREA_SPAM] = relations[i].weight;
      record.blocked = relations[i].blocked;
      record.reciprocity.given = 0.25;
      record.note = g_strdup (relations[i].name);
      record.outbound.failures = 3;
      record.keys = tocsin_peer_keys_new ();
      g_array_append_val (record.keys, key);
      tocsin_peers_put (txn, &record);

      g_assert_true (tocsin_peers_get (txn, i + 1, &got));
      g_assert_cmpstr (got.note, ==, relations[i].name);
      g_assert_cmpint (tocsin_peer_record_is_direct (&got), ==, relations[i].direct);
      g_assert_cmpint (tocsin_peer_record_is_follower (&got), ==, relations[i].gets);
      g_assert_cmpfloat (got.reciprocity.given, ==, 0.25);
      g_assert_cmpuint (got.outbound.failures, ==, 3);
      g_assert_cmpint (got.weights[TOCSIN_AREA_ANY], ==, -1);
      g_assert_cmpstr (g_array_index (got.keys, TocsinPeerKey, 0).multibase, ==, "z");
    }
  tocsin_peers_foreach_head (txn, check_peer_head, &n);
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (relations));
  tocsin_peers_count (txn, &counts);
  g_assert_cmpuint (counts.peers, ==, 6);
  g_assert_cmpuint (counts.direct, ==, 1);
  g_assert_cmpuint (counts.followers, ==, 2);
  g_assert_cmpuint (counts.followers_pending, ==, 1);
  g_assert_cmpuint (counts.blocked, ==, 1);
  return TRUE;
}

static gboolean
touch_peer (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, 1, &record);
  record.last_seen_us = T0;
  if (data != NULL)
    record.weights[TOCSIN_AREA_ANY] = *(gint8 *) data;
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static void
test_relations (Fixture *f, gconstpointer data)
{
  guint64 generation;
  gint8 weight = 70;

  write_ok (f, put_relations, NULL);
  /* Only what changes verdicts moves the generation. */
  generation = tocsin_store_generation (f->store);
  write_ok (f, touch_peer, NULL);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, generation);
  write_ok (f, touch_peer, &weight);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, generation + 1);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_auto (TocsinPeerRecord) unknown = { 0 };

    g_assert_false (tocsin_peers_get (txn, 99, &unknown));
    g_assert_cmpint (unknown.weights[TOCSIN_AREA_ANY], ==, -1);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/table-actors/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("intern", test_intern);
  ADD ("document", test_document);
  ADD ("relations", test_relations);
  return g_test_run ();
}
