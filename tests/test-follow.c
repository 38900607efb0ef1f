/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "relations-case.h"
#include "store/txn-private.h"

/* ---- Follow ---- */

static void
test_follow_manual (void)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 actor = new_actor ("manual.example");

  g_assert_cmpint (follow ("manual.example", "f1"), ==, -1);
  read_peer ("manual.example", &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_PENDING);
  g_assert_cmpstr (peer.follower_follow_id, ==, "https://manual.example/activities/f1");
  g_assert_cmpuint (queued (actor), ==, 0);
}

static void
test_follow_policies (void)
{
  static const struct
  {
    TocsinFollowMode mode;
    const char *host;
    TocsinFollower result;
  } vectors[] = {
    { TOCSIN_FOLLOW_LISTED, "listed.example", TOCSIN_FOLLOWER_GUEST },
    { TOCSIN_FOLLOW_LISTED, "sub.listed.example", TOCSIN_FOLLOWER_GUEST },
    { TOCSIN_FOLLOW_LISTED, "notlisted.example", TOCSIN_FOLLOWER_PENDING },
    { TOCSIN_FOLLOW_LISTED, "unlisted.example", TOCSIN_FOLLOWER_PENDING },
    { TOCSIN_FOLLOW_OPEN, "open.example", TOCSIN_FOLLOWER_GUEST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };
      guint32 actor = new_actor (vectors[i].host);
      gboolean guest = vectors[i].result == TOCSIN_FOLLOWER_GUEST;

      fed->follow_mode = vectors[i].mode;
      g_assert_cmpint (follow (vectors[i].host, "f1"), ==, -1);
      read_peer (vectors[i].host, &peer);
      g_assert_cmpint (peer.follower, ==, vectors[i].result);
      g_assert_cmpuint (queued (actor), ==, guest ? 1 : 0);
      if (guest)
        {
          g_autofree char *type = next_message (actor);

          g_assert_cmpstr (type, ==, "Accept");
        }
    }
  fed->follow_mode = TOCSIN_FOLLOW_MANUAL;
}

static void
test_follow_again (void)
{
  guint32 actor = new_actor ("again.example");
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint64 first;

  fed->follow_mode = TOCSIN_FOLLOW_OPEN;
  g_assert_cmpint (follow ("again.example", "f1"), ==, -1);
  read_peer ("again.example", &peer);
  first = peer.accept_sequence;
  /* Seen: answered again, at most once an hour. */
  now_us += TOCSIN_HOUR_US - 1;
  g_assert_cmpint (follow ("again.example", "f1"), ==, -1);
  read_peer ("again.example", &peer);
  g_assert_cmpuint (peer.accept_sequence, ==, first);
  now_us += 1;
  g_assert_cmpint (follow ("again.example", "f1"), ==, -1);
  read_peer ("again.example", &peer);
  g_assert_cmpuint (peer.accept_sequence, >, first);
  /* A new id at once; but however many come, one answer waits. */
  first = peer.accept_sequence;
  g_assert_cmpint (follow ("again.example", "f2"), ==, -1);
  read_peer ("again.example", &peer);
  g_assert_cmpuint (peer.accept_sequence, >, first);
  g_assert_cmpuint (queued (actor), ==, 1);
  fed->follow_mode = TOCSIN_FOLLOW_MANUAL;
}

static guint64
rows_of (TocsinTable table)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

  return tocsin_txn_entries (txn, table);
}

static guint64
last_sequence (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

  return tocsin_outbox_last (txn);
}

static gboolean
deliver_all (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_queue_drop_peer (txn, *(const guint32 *) data);
  return TRUE;
}

/* However many ids somebody makes up, it is answered once an hour, and one answer is kept. */
static void
test_follow_new_ids (void)
{
  guint32 actor = new_actor ("new-ids.example");
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint64 last, rows, ids;

  fed->follow_mode = TOCSIN_FOLLOW_OPEN;
  g_assert_cmpint (follow ("new-ids.example", "f0"), ==, -1);
  last = last_sequence ();
  rows = rows_of (TOCSIN_TABLE_OUTBOX);
  ids = rows_of (TOCSIN_TABLE_OUTBOX_IDS);
  /* While it waits, the newest takes its place. */
  for (guint i = 1; i < 20; i++)
    {
      g_autofree char *id = g_strdup_printf ("f%u", i);

      g_assert_cmpint (follow ("new-ids.example", id), ==, -1);
      g_assert_cmpuint (queued (actor), ==, 1);
      g_assert_cmpuint (last_sequence (), ==, last + i);
    }
  g_assert_cmpuint (rows_of (TOCSIN_TABLE_OUTBOX), ==, rows);
  g_assert_cmpuint (rows_of (TOCSIN_TABLE_OUTBOX_IDS), ==, ids);

  /* Once it was sent, the next waits for an hour. */
  write_ok (&f, deliver_all, &actor);
  last = last_sequence ();
  for (guint i = 20; i < 40; i++)
    {
      g_autofree char *id = g_strdup_printf ("f%u", i);

      g_assert_cmpint (follow ("new-ids.example", id), ==, -1);
      g_assert_cmpuint (queued (actor), ==, 0);
    }
  g_assert_cmpuint (last_sequence (), ==, last);
  g_assert_cmpuint (rows_of (TOCSIN_TABLE_OUTBOX), <=, rows);
  read_peer ("new-ids.example", &peer);
  g_assert_false (tocsin_relation_is_owed_an_answer (&peer, now_us + TOCSIN_HOUR_US - 1));
  g_assert_true (tocsin_relation_is_owed_an_answer (&peer, now_us + TOCSIN_HOUR_US));
  g_assert_cmpstr (peer.follower_follow_id, ==, "https://new-ids.example/activities/f39");

  /* It took its request back: what it asks then is the first of a new relation. */
  g_assert_cmpint (
      receive (message ("new-ids.example", "Undo", "u1", "https://new-ids.example/activities/f39"),
               NULL),
      ==, -1);
  g_assert_cmpint (follow ("new-ids.example", "f40"), ==, -1);
  g_assert_cmpuint (queued (actor), ==, 1);
  g_assert_cmpuint (last_sequence (), >, last);
  g_assert_cmpuint (rows_of (TOCSIN_TABLE_OUTBOX), ==, rows);
  read_peer ("new-ids.example", &peer);
  g_assert_false (tocsin_relation_is_owed_an_answer (&peer, now_us + TOCSIN_HOUR_US));
  fed->follow_mode = TOCSIN_FOLLOW_MANUAL;
}

/* One domain cannot take every place; what is under a public suffix is not one. */
static void
test_guests_of_a_domain (void)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  fed->follow_mode = TOCSIN_FOLLOW_OPEN;
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *host = g_strdup_printf ("n%u.crowd.example", i);

      set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_GUEST });
    }
  new_actor ("late.crowd.example");
  new_actor ("crowd.other.example");
  g_assert_cmpint (follow ("late.crowd.example", "f1"), ==, TOCSIN_ERROR_BUSY);
  g_assert_cmpint (follow ("crowd.other.example", "f1"), ==, -1);
  /* Who is in stays in; a reader takes none of these places. */
  g_assert_cmpint (follow ("n7.crowd.example", "f1"), ==, -1);
  set_relation (
      (Relation){ .actor = peer_number ("n7.crowd.example"), .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (follow ("late.crowd.example", "f2"), ==, -1);
  read_peer ("late.crowd.example", &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_GUEST);
  /* Blocking us gives no place back. */
  g_assert_cmpint (receive (message ("n8.crowd.example", "Block", "b1", US), NULL), ==, -1);
  new_actor ("later.crowd.example");
  g_assert_cmpint (follow ("later.crowd.example", "f1"), ==, TOCSIN_ERROR_BUSY);
  /* That is for domains that the operator does not name. */
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *host = g_strdup_printf ("n%u.listed.example", i);

      set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_GUEST });
    }
  new_actor ("late.listed.example");
  g_assert_cmpint (follow ("late.listed.example", "f1"), ==, -1);
  fed->follow_mode = TOCSIN_FOLLOW_MANUAL;
}

static void
test_lost_guests (void)
{
  static const struct
  {
    const char *name;
    TocsinFollower follower;
    gboolean away;
    guint since, success, seen; /* days ago */
    gboolean lost;
  } vectors[] = {
    { "away", TOCSIN_FOLLOWER_GUEST, TRUE, 90, 38, 60, TRUE },
    { "there", TOCSIN_FOLLOWER_GUEST, FALSE, 90, 60, 60, FALSE },
    { "away since lately", TOCSIN_FOLLOWER_GUEST, TRUE, 90, 36, 60, FALSE },
    { "sends", TOCSIN_FOLLOWER_GUEST, TRUE, 90, 60, 36, FALSE },
    { "came lately", TOCSIN_FOLLOWER_GUEST, TRUE, 36, 90, 90, FALSE },
    { "let in by hand", TOCSIN_FOLLOWER_READER, TRUE, 90, 60, 60, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      TocsinPeerRecord peer = {
        .follower = vectors[i].follower,
        .away = vectors[i].away,
        .follower_since_us = T0 - vectors[i].since * TOCSIN_DAY_US,
        .last_success_us = T0 - vectors[i].success * TOCSIN_DAY_US,
        .last_seen_us = T0 - vectors[i].seen * TOCSIN_DAY_US,
      };

      g_test_message ("%s", vectors[i].name);
      g_assert_cmpint (tocsin_relation_is_lost (&peer, T0), ==, vectors[i].lost);
    }
}

static void
test_follow_refused (void)
{
  guint32 blocked = new_actor ("blocked.example");
  TocsinActorDocument *mute = document_of ("mute.example", NULL, NULL);
  guint32 rejected = new_actor ("rejected.example");
  g_autofree char *type = NULL;

  new_actor ("wrong.example");
  g_clear_pointer (&mute->inbox, g_free);
  save_document (mute);
  set_relation ((Relation){ .actor = blocked, .blocked = TRUE });
  g_assert_cmpint (follow ("blocked.example", "f1"), ==, TOCSIN_ERROR_REFUSED);
  g_assert_cmpint (follow ("mute.example", "f1"), ==, TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpint (
      receive (message ("wrong.example", "Follow", "f1", "https://a.example/other"), NULL), ==,
      TOCSIN_ERROR_UNPROCESSABLE);
  /* Who was rejected is told so again. */
  set_relation ((Relation){ .actor = rejected, .follower = TOCSIN_FOLLOWER_REJECTED });
  g_assert_cmpint (follow ("rejected.example", "f1"), ==, -1);
  type = next_message (rejected);
  g_assert_cmpstr (type, ==, "Reject");
}

static void
test_pending_caps (void)
{
  TocsinPeerCounts counts;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *host = g_strdup_printf ("n%u.capped.example", i);

      new_actor (host);
      g_assert_cmpint (follow (host, "f1"), ==, i < 3 ? -1 : TOCSIN_ERROR_BUSY);
    }
  for (guint i = 0; i < 250; i++)
    {
      g_autofree char *host = g_strdup_printf ("n%u-filler.example", i);

      {
        g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

        tocsin_peers_count (txn, &counts);
      }
      if (counts.followers_pending >= 200)
        break;
      set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_PENDING });
    }
  g_assert_cmpuint (counts.followers_pending, ==, 200);
  new_actor ("late.example");
  g_assert_cmpint (follow ("late.example", "f1"), ==, TOCSIN_ERROR_BUSY);
}

/* Asking and leaving by turns, under ever new names, would fill the store. */
static void
test_gone_keep_their_place (void)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *host = g_strdup_printf ("n%u.comes-and-goes.example", i);
      g_autofree char *id = g_strdup_printf ("https://%s/activities/f1", host);

      new_actor (host);
      g_assert_cmpint (follow (host, "f1"), ==, i < 3 ? -1 : TOCSIN_ERROR_BUSY);
      if (i == 3)
        break;
      g_assert_cmpint (receive (message (host, "Undo", "u1", id), NULL), ==, -1);
      read_peer (host, &peer);
      g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_NONE);
      g_assert_true (tocsin_peer_record_is_over (&peer));
    }
  /* One who changes its mind has its own place. */
  g_assert_cmpint (follow ("n0.comes-and-goes.example", "f2"), ==, -1);
  read_peer ("n0.comes-and-goes.example", &peer);
  g_assert_false (tocsin_peer_record_is_over (&peer));
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  node_begin ();
  g_test_add_func ("/follow/manual", test_follow_manual);
  g_test_add_func ("/follow/policies", test_follow_policies);
  g_test_add_func ("/follow/again", test_follow_again);
  g_test_add_func ("/follow/new-ids", test_follow_new_ids);
  g_test_add_func ("/follow/guests-of-a-domain", test_guests_of_a_domain);
  g_test_add_func ("/follow/lost-guests", test_lost_guests);
  g_test_add_func ("/follow/refused", test_follow_refused);
  g_test_add_func ("/follow/gone-keep-their-place", test_gone_keep_their_place);
  g_test_add_func ("/follow/caps", test_pending_caps);
  result = g_test_run ();
  node_end ();
  return result;
}
