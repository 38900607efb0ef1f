/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A peer that accepted us and has forgotten it: it blocked us for a while, or was restored from an
 * old copy.
 */
#include "codec/activity.h"
#include "fed/peers.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fed/sync-note.h"
#include "held-case.h"
#include "peer-world.h"
#include "store/table-queue.h"
#include "store/table-review.h"

static void
follow (World *world, const char *actor)
{
  const gint8 weights[TOCSIN_N_AREAS] = { 50, -1, -1, -1 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFollowed) followed = NULL;

  tocsin_peers_follow_async (world->node->fed, actor, weights, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  followed = tocsin_peers_follow_finish (result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (followed);
}

static guint32
peer_of (World *world, const char *actor, TocsinPeerRecord *out)
{
  guint32 number;

  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));

    g_assert_true (tocsin_actors_find (txn, actor, &number));
  }
  get_peer (world->node, number, out);
  return number;
}

static guint64
queued_of (World *world, guint32 number)
{
  g_autoptr (TocsinReading) txn =
      tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));

  return tocsin_queue_count_of (txn, number);
}

static gboolean
write_accepted (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 *number = data;
  g_auto (TocsinPeerRecord) peer = { 0 };
  const TocsinPeerKey key = { .confirmed = TRUE,
                              .since_us = T0,
                              .id = g_strdup ("https://x.example/actor#ed25519-1"),
                              .multibase = g_strdup ("z6Mk") };

  tocsin_peers_get (txn, *number, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.keys = tocsin_peer_keys_new ();
  g_array_append_val (peer.keys, key);
  tocsin_pinning_hold (txn, &peer, T0);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

static void
fail_reading (World *world, guint32 number, const char *why)
{
  g_autoptr (GError) error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN, why);
  TocsinSyncFailure *failure = tocsin_sync_failure_new (number, T0, T0 + 1, error);

  write_ok (&world->node->f, tocsin_sync_failure_write, failure);
  tocsin_sync_failure_free (failure);
}

static void
test_asks_anew (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_autofree char *first_id = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  tocsin_sync_stop (world->node->fed->sync);
  follow (world, actor);
  number = peer_of (world, actor, &peer);
  first_id = g_strdup (peer.follow_id);
  write_ok (&world->node->f, write_accepted, &number);

  /* That it does not answer is no reason. */
  fail_reading (world, number, "Could not connect");
  follow (world, actor);
  peer_of (world, actor, &peer);
  g_assert_cmpstr (peer.follow_id, ==, first_id);

  fail_reading (world, number, TOCSIN_SYNC_NOT_SHOWN);
  follow (world, actor);
  peer_of (world, actor, &peer);
  g_assert_cmpstr (peer.follow_id, !=, first_id);
  /* It is the same peer all the while: what it said counts, and what it has to prove. */
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_true (peer.key_hold);
  g_assert_cmpuint (peer.keys->len, ==, 1);
}

static void
blocks_us (World *world, const char *actor)
{
  TocsinFederation *fed = world->node->fed;
  char *text = g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                                "\"id\":\"%s/block\",\"type\":\"Block\",\"actor\":\"%s\","
                                "\"object\":\"%s\"}",
                                actor, actor, fed->policy->actor);
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));
  g_autoptr (TocsinRelationChange) change = tocsin_relation_change_new (
      fed, tocsin_activity_parse (body, NULL), tocsin_keyring_peek (fed->keyring, actor), T0);

  write_ok (&world->node->f, tocsin_relation_change_write, change);
}

/* Who has blocked this node is asked anew, and what still waited to be sent is not. */
static void
test_blocked (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_autofree char *first_id = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_sync_stop (world->node->fed->sync);
  follow (world, actor);
  peer_of (world, actor, &peer);
  first_id = g_strdup (peer.follow_id);
  blocks_us (world, actor);
  g_assert_cmpuint (queued_of (world, peer.actor), ==, 0);
  follow (world, actor);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_PENDING);
  g_assert_nonnull (peer.follow_id);
  g_assert_cmpstr (peer.follow_id, !=, first_id);
  g_assert_cmpuint (queued_of (world, peer.actor), ==, 1);
}

static void
act (World *world, const char *actor, TocsinPeerAction action)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_act_async (world->node->fed, actor, action, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_peers_act_finish (result, &error));
  g_assert_no_error (error);
}

static gboolean
write_wanted (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  tocsin_held_want_release (txn);
  return TRUE;
}

static gboolean
is_decided (World *world, guint32 number)
{
  g_autoptr (TocsinReading) txn =
      tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));
  guint64 id;

  return !tocsin_review_find_open (txn, TOCSIN_REVIEW_KEY_CHANGE, number, 0, &id);
}

/* What was pinned of it says nothing about what others bring of it, nobody has to compare its keys
 * any more, and what waited for that waits on. */
static void
test_unfollowed (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  tocsin_sync_stop (world->node->fed->sync);
  follow (world, actor);
  number = peer_of (world, actor, &peer);
  write_ok (&world->node->f, write_accepted, &number);
  write_ok (&world->node->f, held_write, &number);
  write_ok (&world->node->f, write_wanted, NULL);
  g_assert_false (is_decided (world, number));
  act (world, actor, TOCSIN_PEER_UNFOLLOW);
  peer_of (world, actor, &peer);
  g_assert_false (peer.key_hold);
  g_assert_true (is_decided (world, number));
  write_ok (&world->node->f, held_release, world->node->fed->policy);
  g_assert_cmpint (held_state (world->node->f.store, number), ==, TOCSIN_STATE_HELD);
  g_assert_cmpint (tocsin_pinning_of (&peer, "z6Mk-other"), ==, TOCSIN_PINNING_NONE);
}

static gboolean
write_owed (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 *number = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, *number, &peer);
  peer.follower = TOCSIN_FOLLOWER_READER;
  peer.follower_follow_id = g_strdup ("https://x.example/activities/again");
  peer.follower_answered_us = -T0;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* A reader whose newest request waits for its answer gets it from the operator. */
static void
test_reader_is_answered (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;
  guint64 answer;

  tocsin_sync_stop (world->node->fed->sync);
  follow (world, actor);
  number = peer_of (world, actor, &peer);
  write_ok (&world->node->f, write_owed, &number);
  act (world, actor, TOCSIN_PEER_ACCEPT);
  peer_of (world, actor, &peer);
  answer = peer.accept_sequence;
  g_assert_cmpuint (answer, !=, 0);
  g_assert_cmpint (peer.follower_answered_us, >, 0);
  /* That is enough. */
  act (world, actor, TOCSIN_PEER_ACCEPT);
  peer_of (world, actor, &peer);
  g_assert_cmpuint (peer.accept_sequence, ==, answer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/follow-again/asks-anew", World, NULL, world_set_up, test_asks_anew,
              world_tear_down);
  g_test_add ("/follow-again/blocked", World, NULL, world_set_up, test_blocked, world_tear_down);
  g_test_add ("/follow-again/unfollowed", World, NULL, world_set_up, test_unfollowed,
              world_tear_down);
  g_test_add ("/follow-again/reader-is-answered", World, NULL, world_set_up,
              test_reader_is_answered, world_tear_down);
  return g_test_run ();
}
