/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* A node that has a new key, and what it says to one that had not heard of it: `us` cannot be
 * reached while `peer` rotates its key and its operator acts. */
#include "fed/peers.h"
#include "fed/relations.h"
#include "fed/rotation.h"
#include "public-node.h"
#include "store/table-queue.h"
#include "store/table-review.h"
#include "wait-for.h"

static PublicNode us, peer;
static guint32 peer_number; /* of `peer` at `us` */
static guint32 us_number;   /* of `us` at `peer` */

/* ---- both nodes ---- */

typedef struct
{
  guint32 number;
  char *follow;          /* that its node sent */
  char *follower_follow; /* that came */
} Follows;

static gboolean
write_follows (TocsinTxn *txn, gpointer data, GError **error)
{
  const Follows *follows = data;
  g_auto (TocsinPeerRecord) record = { 0 };

  g_assert_true (tocsin_peers_get (txn, follows->number, &record));
  record.follow_id = g_strdup (follows->follow);
  record.follower_follow_id = g_strdup (follows->follower_follow);
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static void
start (void)
{
  Befriend as_peer = { .peer = &peer,
                       .following = TOCSIN_FOLLOWING_ACCEPTED,
                       .follower = TOCSIN_FOLLOWER_READER,
                       .had_protocol_version = TRUE };
  Befriend as_us = { .peer = &us,
                     .following = TOCSIN_FOLLOWING_ACCEPTED,
                     .follower = TOCSIN_FOLLOWER_READER,
                     .had_protocol_version = TRUE };
  g_autofree char *ours = NULL;
  g_autofree char *theirs = NULL;
  Follows follows;

  public_node_start (&us);
  public_node_start (&peer);
  peer_number = public_node_befriend (&us, &as_peer);
  us_number = public_node_befriend (&peer, &as_us);
  ours = tocsin_identity_url (us.fed->identity, "/activities/follow");
  theirs = tocsin_identity_url (peer.fed->identity, "/activities/follow");
  follows = (Follows){ peer_number, ours, theirs };
  write_ok (&us.files, write_follows, &follows);
  follows = (Follows){ us_number, theirs, ours };
  write_ok (&peer.files, write_follows, &follows);
}

static void
stop (void)
{
  public_node_stop (&peer);
  public_node_stop (&us);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **out = data;

  *out = g_object_ref (result);
}

static gboolean
has_sent_all (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (peer.files.store));

  return tocsin_queue_count (txn) == 0 && tocsin_delivery_count_in_flight (peer.fed->delivery) == 0;
}

/* ---- what happens at `peer` ---- */

static void
rotate (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_rotation_run_async (peer.fed, "test", on_done, &result);
  WAIT_FOR (result != NULL);
  fingerprint = tocsin_rotation_run_finish (result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fingerprint);
}

static void
act (TocsinPeerAction action)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_act_async (peer.fed, public_node_actor (&us), action, "test", on_done, &result);
  WAIT_FOR (result != NULL);
  tocsin_peers_act_finish (result, &error);
  g_assert_no_error (error);
}

static gboolean
write_heard_undo (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, us_number, &record);
  tocsin_relation_end_follower (txn, &record, tocsin_time_now_us ());
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static gboolean
write_unfollowed (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.following = TOCSIN_FOLLOWING_NONE;
  g_clear_pointer (&record.follow_id, g_free);
  tocsin_pinning_forget (txn, &record, NULL, tocsin_time_now_us ());
  tocsin_peers_put (txn, &record);
  return TRUE;
}

/* `us` can be reached. */
static void
send_all (void)
{
  tocsin_delivery_start (peer.fed->delivery);
  WAIT_FOR (has_sent_all ());
  tocsin_delivery_stop (peer.fed->delivery);
}

static void
happen (const char *word)
{
  if (g_str_equal (word, "rotate"))
    rotate ();
  else if (g_str_equal (word, "reject"))
    act (TOCSIN_PEER_REJECT);
  else if (g_str_equal (word, "block"))
    act (TOCSIN_PEER_BLOCK);
  else if (g_str_equal (word, "unfollow"))
    act (TOCSIN_PEER_UNFOLLOW);
  else if (g_str_equal (word, "accept"))
    act (TOCSIN_PEER_ACCEPT);
  else if (g_str_equal (word, "unblock"))
    act (TOCSIN_PEER_UNBLOCK);
  else if (g_str_equal (word, "send"))
    send_all ();
  else if (g_str_equal (word, "left"))
    {
      write_ok (&us.files, write_unfollowed, NULL);
      write_ok (&peer.files, write_heard_undo, NULL);
    }
  else
    g_assert_not_reached ();
}

/* ---- what `us` makes of it ---- */

static gboolean
count_line (const TocsinReviewRecord *line, gpointer data)
{
  guint *n = data;

  *n += line->kind == TOCSIN_REVIEW_KEY_CHANGE ? 1 : 0;
  return TRUE;
}

/* It knows the key by which `peer` proves, and was never in doubt of it. */
static void
assert_no_doubt (const TocsinPeerRecord *record)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  const TocsinActorDocument *document = tocsin_identity_get_document (peer.fed->identity);
  guint lines = 0, pinned = 0;

  tocsin_review_foreach (txn, 0, FALSE, count_line, &lines);
  g_assert_cmpuint (lines, ==, 0);
  g_assert_false (record->key_hold);
  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (key->multibase == NULL)
        continue;
      pinned++;
      g_assert_cmpint (tocsin_pinning_of (record, key->multibase), ==, TOCSIN_PINNING_MATCHES);
    }
  g_assert_cmpuint (pinned, >=, 2);
}

typedef struct
{
  const char *happens;
  TocsinFollowing following;
  TocsinFollower follower;
  gboolean blocks_us;
} Row;

static const Row rows[] = {
  { "rotate-reject", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_READER, FALSE },
  { "reject-rotate", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_READER, FALSE },
  { "unfollow-reject-rotate", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_NONE, FALSE },
  { "unfollow-rotate", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, FALSE },
  { "rotate-left-unfollow", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_NONE, FALSE },
  { "rotate-block", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_NONE, TRUE },
  { "block-rotate", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_NONE, TRUE },
  { "unfollow-reject-send-rotate-accept", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, FALSE },
  { "block-send-rotate-unblock", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_NONE, FALSE },
  { "rotate-reject-rotate-block", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_NONE, TRUE },
};

/* What is said before and after a rotation counts, though the requests are all by the new key. */
static void
test_counts (gconstpointer data)
{
  const Row *row = data;
  g_auto (GStrv) words = g_strsplit (row->happens, "-", -1);
  g_auto (TocsinPeerRecord) record = { 0 };

  start ();
  for (guint i = 0; words[i] != NULL; i++)
    happen (words[i]);
  send_all ();
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_peers_get (txn, peer_number, &record));
  }
  g_assert_cmpint (record.following, ==, row->following);
  g_assert_cmpint (record.follower, ==, row->follower);
  g_assert_true (record.blocks_us == row->blocks_us);
  if (tocsin_pinning_has_any (&record))
    assert_no_doubt (&record);
  stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/rotation-words/", rows[i].happens, NULL);

      g_test_add_data_func (path, &rows[i], test_counts);
    }
  return g_test_run ();
}
