/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed/peers-view.h"
#include "held-case.h"
#include "key-forms.h"
#include "relations-case.h"

/* ---- Accept, Reject ---- */

static void
test_answers (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-1";
  g_autofree char *multikey = new_multikey ();
  const char *const keys[] = { multikey, NULL };
  guint32 asked = save_document (document_of ("asked.example", keys, "1.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  new_actor ("other.example");
  set_relation (
      (Relation){ .actor = asked, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("asked.example", "Accept", "x", "https://a.example/no"), NULL),
                   ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (receive (message ("other.example", "Accept", "x", follow_id), NULL), ==,
                   TOCSIN_ERROR_FORBIDDEN);
  read_peer ("asked.example", &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_PENDING);

  g_assert_cmpint (receive (message ("asked.example", "Accept", "x", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (message ("asked.example", "Accept", "y", follow_id), NULL), ==, -1);
  read_peer ("asked.example", &peer);
  g_assert_true (tocsin_peer_record_is_direct (&peer));
  g_assert_cmpint (peer.last_seen_us, ==, now_us);
  g_assert_true (peer.had_protocol_version);
  g_assert_cmpint (peer.sync_due_us, ==, now_us);
  g_assert_cmpint (tocsin_pinning_of (&peer, multikey), ==, TOCSIN_PINNING_MATCHES);

  g_assert_cmpint (receive (message ("asked.example", "Reject", "z", follow_id), NULL), ==, -1);
  read_peer ("asked.example", &peer);
  g_assert_false (tocsin_peer_record_is_direct (&peer));
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_REJECTED);
  g_assert_true (is_told (TOCSIN_REVIEW_OTHER, asked));
}

static gboolean
write_read (TocsinTxn *txn, gpointer actor, GError **error)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_true (tocsin_peers_get (txn, *(guint32 *) actor, &peer));
  peer.sync_sequence = 57;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* Meanwhile what it said may have gone: it is all read again. */
static void
test_accept_again (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-10";
  guint32 asked = new_actor ("wavers.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = asked, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("wavers.example", "Accept", "1", follow_id), NULL), ==, -1);
  read_peer ("wavers.example", &peer);
  g_assert_cmpint (peer.reread_us, ==, 0);
  write_ok (&f, write_read, &asked);
  g_assert_cmpint (receive (message ("wavers.example", "Reject", "2", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (message ("wavers.example", "Accept", "3", follow_id), NULL), ==, -1);
  read_peer ("wavers.example", &peer);
  g_assert_true (tocsin_peer_record_is_direct (&peer));
  g_assert_cmpint (peer.reread_us, <, 0);
}

/* Who is asked can say no at once. */
static void
test_reject_at_once (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-8";
  guint32 asked = new_actor ("refuses.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = asked, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("refuses.example", "Reject", "x", follow_id), NULL), ==, -1);
  read_peer ("refuses.example", &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_REJECTED);
  g_assert_true (is_told (TOCSIN_REVIEW_OTHER, asked));
}

static void
test_accept_embedded (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-2";
  guint32 asked = new_actor ("embeds.example");
  TocsinActivityHead head =
      head_of ("https://embeds.example/actor", "https://embeds.example/activities/1");
  g_autoptr (JsonObject) accept = tocsin_activity_build_accept (&head, follow_id, US);
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = asked, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (tocsin_activity_to_bytes (accept, NULL), NULL), ==, -1);
  read_peer ("embeds.example", &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_false (peer.had_protocol_version);
}

static void
test_accept_other_version (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-3";
  guint32 asked = save_document (document_of ("two.example", NULL, "2.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = asked, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("two.example", "Accept", "x", follow_id), NULL), ==, -1);
  read_peer ("two.example", &peer);
  g_assert_true (peer.version_hold);
  g_assert_true (is_told (TOCSIN_REVIEW_OTHER, asked));
}

/* Who was unfollowed while its keys were in doubt and is followed again has said what it said. */
static void
test_accept_releases (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-9";
  g_autofree char *multikey = new_multikey ();
  const char *const keys[] = { multikey, NULL };
  guint32 actor = save_document (document_of ("returns.example", keys, "1.0"));

  write_ok (&f, held_write, &actor);
  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  write_ok (&f, held_release, fed->policy);
  g_assert_cmpint (receive (message ("returns.example", "Accept", "1", follow_id), NULL), ==, -1);
  write_ok (&f, held_release, fed->policy);
  g_assert_cmpint (held_state (f.store, actor), ==, TOCSIN_STATE_LIVE);
}

/* Rejecting and accepting again is no way to new keys. */
static void
test_accept_keeps_pins (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-4";
  g_autofree char *one = new_multikey ();
  g_autofree char *two = new_multikey ();
  const char *const before[] = { one, NULL };
  const char *const after[] = { two, NULL };
  guint32 actor = save_document (document_of ("flaps.example", before, "1.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("flaps.example", "Accept", "1", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (message ("flaps.example", "Reject", "2", follow_id), NULL), ==, -1);
  save_document (document_of ("flaps.example", after, "1.0"));
  g_assert_cmpint (receive (message ("flaps.example", "Accept", "3", follow_id), NULL), ==, -1);
  read_peer ("flaps.example", &peer);
  g_assert_cmpint (tocsin_pinning_of (&peer, one), ==, TOCSIN_PINNING_MATCHES);
  g_assert_cmpint (tocsin_pinning_of (&peer, two), ==, TOCSIN_PINNING_CHANGED);
  g_assert_true (peer.key_hold);
  g_assert_true (is_told (TOCSIN_REVIEW_KEY_CHANGE, actor));
}

typedef struct
{
  TocsinActorDocument *document; /* (owned) */
  TocsinActorKey *second;        /* (unowned): signs, and proves nothing */
} Odd;

/* Once as it was read, and once as it is remembered: keys may lie elsewhere, or prove nothing. */
static gboolean
write_odd (TocsinTxn *txn, gpointer data, GError **error)
{
  const Odd *odd = data;
  g_autoptr (TocsinActorDocument) loaded = NULL;
  g_auto (TocsinActorRecord) record = { 0 };
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number = tocsin_pinning_save_actor (txn, odd->document, T0);

  tocsin_peers_get (txn, number, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  tocsin_pinning_pin_all (&peer, odd->document, T0);
  g_assert_cmpuint (peer.keys->len, ==, 1);
  g_assert_false (tocsin_pinning_doubts (txn, &peer, odd->document, T0));
  tocsin_actors_get (txn, number, &record);
  loaded = tocsin_pinning_load_actor (&record);
  g_assert_cmpuint (loaded->keys->len, ==, odd->document->keys->len);
  g_assert_false (tocsin_pinning_doubts (txn, &peer, loaded, T0));
  odd->second->assertion = TRUE;
  g_assert_true (tocsin_pinning_doubts (txn, &peer, odd->document, T0));
  /* What has expired is no reason to doubt, nor does it vouch for itself from then on. */
  odd->second->assertion = FALSE;
  g_free (odd->second->multibase);
  odd->second->multibase = new_multikey ();
  g_assert_true (tocsin_pinning_doubts (txn, &peer, odd->document, T0));
  odd->second->expires_us = T0;
  g_assert_true (tocsin_pinning_take_document (txn, &peer, odd->document, NULL, T0));
  odd->second->expires_us = 0;
  g_assert_true (tocsin_pinning_doubts (txn, &peer, odd->document, T0));
  return TRUE;
}

static void
test_odd_keys (void)
{
  g_autofree char *one = new_multikey ();
  g_autofree char *two = new_multikey ();
  const char *const keys[] = { one, two, NULL };
  g_autoptr (TocsinActorDocument) document = document_of ("odd.example", keys, NULL);
  Odd odd = { .document = document, .second = g_ptr_array_index (document->keys, 1) };

  odd.second->assertion = FALSE;
  g_free (odd.second->id);
  odd.second->id = g_strdup ("https://keys.example/odd");
  write_ok (&f, write_odd, &odd);
}

/* Nor is it a way to do without keys: the host alone, without the pinned key, could then report. */
static void
test_accept_keeps_proofs (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-6";
  g_autofree char *one = new_multikey ();
  const char *const keys[] = { one, NULL };
  guint32 actor = save_document (document_of ("strips.example", keys, "1.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("strips.example", "Accept", "1", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (message ("strips.example", "Reject", "2", follow_id), NULL), ==, -1);
  save_document (document_of ("strips.example", NULL, NULL));
  g_assert_cmpint (receive (message ("strips.example", "Accept", "3", follow_id), NULL), ==, -1);
  read_peer ("strips.example", &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_true (peer.had_protocol_version);
  g_assert_cmpint (tocsin_pinning_of (&peer, one), ==, TOCSIN_PINNING_MATCHES);
}

/* ---- Undo ---- */

static void
test_undo (void)
{
  TocsinActivityHead head =
      head_of ("https://leaves.example/actor", "https://leaves.example/activities/u");
  g_autoptr (JsonObject) undo = tocsin_activity_build_undo (
      &head, TOCSIN_ACTIVITY_FOLLOW, "https://leaves.example/activities/unknown", US);
  g_auto (TocsinPeerRecord) peer = { 0 };

  new_actor ("leaves.example");
  fed->follow_mode = TOCSIN_FOLLOW_OPEN;
  g_assert_cmpint (follow ("leaves.example", "f1"), ==, -1);
  g_assert_cmpint (
      receive (message ("leaves.example", "Undo", "u1", "https://leaves.example/activities/other"),
               NULL),
      ==, -1);
  read_peer ("leaves.example", &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_GUEST);
  g_assert_cmpint (
      receive (message ("leaves.example", "Undo", "u2", "https://leaves.example/activities/f1"),
               NULL),
      ==, -1);
  read_peer ("leaves.example", &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_NONE);

  g_assert_cmpint (follow ("leaves.example", "f2"), ==, -1);
  g_assert_cmpint (receive (tocsin_activity_to_bytes (undo, NULL), NULL), ==, -1);
  read_peer ("leaves.example", &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_NONE);
  fed->follow_mode = TOCSIN_FOLLOW_MANUAL;
}

/* ---- Update ---- */

static void
test_update (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-5";
  g_autofree char *one = new_multikey ();
  g_autofree char *two = new_multikey ();
  g_autofree char *three = new_multikey ();
  const char *const first[] = { one, NULL };
  const char *const second[] = { one, two, NULL };
  const char *const third[] = { three, NULL };
  const Manner by_one = { .proven = TRUE, .proof_key = one };
  const Manner by_three = { .proven = TRUE, .proof_key = three };
  guint32 actor = save_document (document_of ("renews.example", first, "1.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("renews.example", "Accept", "1", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (update_bytes ("renews.example", second), NULL), ==,
                   TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (receive (update_bytes ("renews.example", second), &by_one), ==, -1);
  read_peer ("renews.example", &peer);
  g_assert_false (peer.key_hold);
  g_assert_cmpint (tocsin_pinning_of (&peer, two), ==, TOCSIN_PINNING_MATCHES);

  /* A key does not vouch for itself. */
  g_assert_cmpint (receive (update_bytes ("renews.example", third), &by_three), ==, -1);
  read_peer ("renews.example", &peer);
  g_assert_true (peer.key_hold);
  g_assert_cmpint (tocsin_pinning_of (&peer, three), ==, TOCSIN_PINNING_CHANGED);
  g_assert_true (is_told (TOCSIN_REVIEW_KEY_CHANGE, actor));
  /* An old Update, sent once more, explains nothing; the one that names the key does. */
  g_assert_cmpint (receive (update_bytes ("renews.example", second), &by_one), ==, -1);
  read_peer ("renews.example", &peer);
  g_assert_true (peer.key_hold);
  g_assert_cmpint (receive (update_bytes ("renews.example", third), &by_one), ==, -1);
  read_peer ("renews.example", &peer);
  g_assert_false (peer.key_hold);
  g_assert_cmpint (tocsin_pinning_of (&peer, three), ==, TOCSIN_PINNING_MATCHES);
  g_assert_false (is_told (TOCSIN_REVIEW_KEY_CHANGE, actor));
}

/* What no proof can be by is not pinned, and of what can the newest, however many there were. */
static void
test_update_many_keys (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-9";
  g_autofree char *proof_key = new_multikey ();
  const char *const first[] = { proof_key, NULL };
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 actor = save_document (document_of ("many.example", first, "1.0"));

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("many.example", "Accept", "1", follow_id), NULL), ==, -1);
  for (guint i = 0; i < 40; i++)
    {
      g_auto (GStrv) keys = g_new0 (char *, 32);
      const Manner by_first = { .proven = TRUE, .proof_key = proof_key };

      /* In some Updates there is nothing but text. */
      keys[0] = g_strdup (proof_key);
      for (guint k = 1; k < 31; k++)
        keys[k] = i % 8 == 0 ? new_multikey () : g_strdup_printf ("z%04u%02u", i, k);
      g_assert_cmpint (
          receive (update_bytes ("many.example", (const char *const *) keys), &by_first), ==, -1);
      read_peer ("many.example", &peer);
      g_assert_false (peer.key_hold);
      g_assert_cmpuint (peer.keys->len, <=, TOCSIN_PINNED_MAX);
      g_assert_cmpint (tocsin_pinning_of (&peer, proof_key), ==, TOCSIN_PINNING_MATCHES);
      for (guint k = 1; k < 31; k++)
        g_assert_cmpint (tocsin_pinning_of (&peer, keys[k]), ==,
                         i % 8 == 0 ? TOCSIN_PINNING_MATCHES : TOCSIN_PINNING_CHANGED);
    }
  /* Of who is blocked nothing is taken. */
  set_relation ((Relation){ .actor = actor, .blocked = TRUE });
  g_assert_cmpint (receive (update_bytes ("many.example", first),
                            &(Manner){ .proven = TRUE, .proof_key = proof_key }),
                   ==, TOCSIN_ERROR_REFUSED);
}

static guint
count_remembered (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_auto (TocsinActorRecord) record = { 0 };

  tocsin_actors_get (txn, actor, &record);
  return record.keys->len;
}

/* As an earlier version left it. */
static gboolean
write_many_remembered (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 *actor = data;
  g_auto (TocsinActorRecord) record = { 0 };

  tocsin_actors_get (txn, *actor, &record);
  for (guint i = 0; i < 300; i++)
    {
      const TocsinStoredKey key = { .kind = TOCSIN_KEY_ED25519_REQUESTS,
                                    .fetched_us = T0,
                                    .id = g_strdup_printf ("%s#old-%u", record.uri, i),
                                    .owner = g_strdup (record.uri),
                                    .text = new_multikey () };

      g_array_append_val (record.keys, key);
    }
  tocsin_actors_put (txn, &record);
  return TRUE;
}

/* A document may name one key by many ids, and another one then: of what it names no more each key
 * is remembered once, and no more than another document could name. */
static void
test_update_many_ids (void)
{
  static const char host[] = "many-ids.example";
  static const char follow_id[] = "https://a.example/activities/follow-32";
  g_auto (GStrv) first = g_new0 (char *, 7);
  guint32 actor;

  for (guint i = 0; i < 6; i++)
    first[i] = new_multikey ();
  actor = save_document (document_of (host, (const char *const *) first, NULL));
  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message (host, "Accept", "1", follow_id), NULL), ==, -1);
  for (guint i = 0; i < 18; i++)
    {
      const char *keys[32] = { NULL };

      for (guint k = 0; k < 31; k++)
        keys[k] = first[i % 6];
      g_assert_cmpint (receive (update_to (host, keys, NULL), NULL), ==, -1);
      g_assert_cmpuint (count_remembered (actor), ==, 31 + 5);
    }
  write_ok (&f, write_many_remembered, &actor);
  g_assert_cmpint (receive (update_to (host, (const char *const *) first, NULL), NULL), ==, -1);
  g_assert_cmpuint (count_remembered (actor), ==, TOCSIN_REMEMBERED_MAX);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
    g_auto (TocsinActorRecord) record = { 0 };

    tocsin_actors_get (txn, actor, &record);
    for (guint i = 0; i < 6; i++)
      {
        const TocsinStoredKey *key = &g_array_index (record.keys, TocsinStoredKey, i);

        g_assert_cmpstr (key->text, ==, first[i]);
        g_assert_cmpint (key->expires_us, ==, 0);
      }
  }
}

typedef struct
{
  guint32 actor;
  const char *multibase;
} Pinned;

/* As an earlier version pinned it. */
static gboolean
write_pinned (TocsinTxn *txn, gpointer data, GError **error)
{
  const Pinned *pinned = data;
  const TocsinPeerKey key = { .id = g_strdup ("https://k.example/actor#ed25519-1"),
                              .multibase = g_strdup (pinned->multibase),
                              .confirmed = TRUE,
                              .since_us = T0 };
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, pinned->actor, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.had_protocol_version = TRUE;
  peer.keys = tocsin_peer_keys_new ();
  g_array_append_val (peer.keys, key);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* A document may have a key in base64url. What it proves is told by another spelling of it, and
 * stores have been written with either. */
static void
test_update_spelling (void)
{
  static const char *const hosts[] = { "spells.example", "spelled.example" };
  static const char follow_id[] = "https://a.example/activities/follow-31";

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *one = new_multikey ();
      g_autofree char *two = new_multikey ();
      g_autofree char *one_in_base64 = respell (one);
      g_autofree char *two_in_base64 = respell (two);
      const char *const first[] = { one_in_base64, NULL };
      const char *const second[] = { one_in_base64, two_in_base64, NULL };
      const Manner by_one = { .proven = TRUE, .proof_key = one };
      const Manner by_two = { .proven = TRUE, .proof_key = two };
      guint32 actor = save_document (document_of (hosts[i], first, "1.0"));
      Pinned pinned = { .actor = actor, .multibase = one_in_base64 };
      g_auto (TocsinPeerRecord) peer = { 0 };

      set_relation ((Relation){
          .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
      if (i == 0)
        g_assert_cmpint (receive (message (hosts[i], "Accept", "1", follow_id), NULL), ==, -1);
      else
        write_ok (&f, write_pinned, &pinned);
      read_peer (hosts[i], &peer);
      g_assert_cmpint (tocsin_pinning_of (&peer, one), ==, TOCSIN_PINNING_MATCHES);
      g_assert_cmpint (tocsin_pinning_of (&peer, two), ==, TOCSIN_PINNING_CHANGED);
      g_assert_cmpint (receive (update_bytes (hosts[i], first), &by_one), ==, -1);
      g_assert_cmpint (receive (update_bytes (hosts[i], second), &by_one), ==, -1);
      g_assert_cmpint (receive (update_bytes (hosts[i], second), &by_two), ==, -1);
      read_peer (hosts[i], &peer);
      g_assert_false (peer.key_hold);
      g_assert_cmpuint (peer.keys->len, ==, 2);
      g_assert_cmpint (tocsin_pinning_of (&peer, two), ==, TOCSIN_PINNING_MATCHES);
    }
}

static guint64
count_lines (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

  return tocsin_review_count_open (txn);
}

/* Of who asks to follow it is told too. */
static void
test_follow_version (void)
{
  guint32 actor = save_document (document_of ("asks-at-two.example", NULL, "2.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint64 lines = count_lines ();

  g_assert_cmpint (receive (message ("asks-at-two.example", "Follow", "f", US), NULL), ==, -1);
  read_peer ("asks-at-two.example", &peer);
  g_assert_true (peer.version_hold);
  g_assert_true (is_told (TOCSIN_REVIEW_OTHER, actor));
  g_assert_cmpuint (count_lines (), ==, lines + 1);

  /* One thing is told once, another as well. */
  set_relation ((Relation){ .actor = actor, .follower = TOCSIN_FOLLOWER_READER });
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (receive (message ("asks-at-two.example", "Block", "b", US), NULL), ==, -1);
      g_assert_cmpint (receive (message ("asks-at-two.example", "Undo", "u",
                                         "https://asks-at-two.example/activities/b"),
                                NULL),
                       ==, -1);
    }
  g_assert_cmpuint (count_lines (), ==, lines + 2);
}

/* An Update to another major version holds and is told, one back ends that. */
static void
test_update_version (void)
{
  static const struct
  {
    const char *version;
    gboolean hold;
  } rows[] = { { "1.7", FALSE }, { "0.9", TRUE }, { "2.0", TRUE }, { "1.0", FALSE } };
  guint32 actor = new_actor ("versions.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_ACCEPTED });
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("%s", rows[i].version);
      g_assert_cmpint (receive (update_to ("versions.example", NULL, rows[i].version), NULL), ==,
                       -1);
      read_peer ("versions.example", &peer);
      g_assert_true (peer.version_hold == rows[i].hold);
      g_assert_true (is_told (TOCSIN_REVIEW_OTHER, actor) == (i > 0));
    }
}

/* Nor does another version, now and then, free of proofs. */
static void
test_accept_proves_at_any_version (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-7";
  guint32 actor = save_document (document_of ("new.example", NULL, "2.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message ("new.example", "Accept", "x", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (update_to ("new.example", NULL, "1.0"), NULL), ==,
                   TOCSIN_ERROR_FORBIDDEN);
  read_peer ("new.example", &peer);
  g_assert_true (peer.had_protocol_version);
}

/* ---- Block, Move, Delete, strangers ---- */

static void
test_block (void)
{
  static const char follow_id[] = "https://a.example/activities/follow-10";
  TocsinActivityHead head =
      head_of ("https://blocks.example/actor", "https://blocks.example/activities/u");
  g_autoptr (JsonObject) undo = tocsin_activity_build_undo (
      &head, TOCSIN_ACTIVITY_BLOCK, "https://blocks.example/activities/b", US);
  g_autoptr (JsonObject) others =
      tocsin_activity_build_undo (&head, TOCSIN_ACTIVITY_BLOCK,
                                  "https://blocks.example/activities/c", "https://c.example/actor");
  guint32 actor = new_actor ("blocks.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = actor,
                            .following = TOCSIN_FOLLOWING_ACCEPTED,
                            .follow_id = follow_id,
                            .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (
      receive (message ("blocks.example", "Block", "b", "https://c.example/actor"), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_true (tocsin_peer_record_is_follower (&peer));
  g_assert_cmpint (receive (message ("blocks.example", "Block", "b", US), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_true (peer.blocks_us);
  g_assert_false (tocsin_peer_record_is_follower (&peer));
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_REJECTED);
  g_assert_true (is_told (TOCSIN_REVIEW_OTHER, actor));
  g_assert_cmpint (receive (message ("blocks.example", "Accept", "a", follow_id), NULL), ==,
                   TOCSIN_ERROR_FORBIDDEN);
  /* Of a Block of somebody else, that is no Undo. */
  g_assert_cmpint (receive (tocsin_activity_to_bytes (others, NULL), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_true (peer.blocks_us);
  g_assert_cmpint (receive (tocsin_activity_to_bytes (undo, NULL), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_false (peer.blocks_us);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_NONE);
  /* Neither knows of the other's following any more: it has to be asked for anew. */
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_REJECTED);
  g_assert_cmpint (receive (message ("blocks.example", "Accept", "a", follow_id), NULL), ==,
                   TOCSIN_ERROR_FORBIDDEN);
  read_peer ("blocks.example", &peer);
  g_assert_false (tocsin_peer_record_is_direct (&peer));
}

/* By its id alone, which may be no other host's; then the operator is asked as about anybody. */
static void
test_block_undone (void)
{
  guint32 actor = new_actor ("unblocks.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = actor, .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (receive (message ("unblocks.example", "Block", "b", US), NULL), ==, -1);
  g_assert_cmpint (
      receive (message ("unblocks.example", "Undo", "u1", "https://other.example/activities/b"),
               NULL),
      ==, -1);
  read_peer ("unblocks.example", &peer);
  g_assert_true (peer.blocks_us);
  g_assert_cmpint (
      receive (message ("unblocks.example", "Undo", "u2", "https://unblocks.example/activities/b"),
               NULL),
      ==, -1);
  read_peer ("unblocks.example", &peer);
  g_assert_false (peer.blocks_us);
  g_assert_cmpint (follow ("unblocks.example", "f1"), ==, -1);
  read_peer ("unblocks.example", &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_PENDING);
}

static void
test_move (void)
{
  static const char text[] =
      "{\"@context\":\"https://www.w3.org/ns/activitystreams\","
      "\"id\":\"https://moves.example/activities/m\",\"type\":\"Move\","
      "\"actor\":\"https://moves.example/actor\",\"object\":\"https://moves.example/actor\","
      "\"target\":\"https://new.example/actor\"}";
  guint32 actor = new_actor ("moves.example");
  g_auto (TocsinActorRecord) record = { 0 };
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_ACCEPTED });
  g_assert_cmpint (receive (g_bytes_new_static (text, strlen (text)), NULL), ==, -1);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
    guint32 elsewhere;

    g_assert_true (tocsin_actors_get (txn, actor, &record));
    g_assert_false (tocsin_actors_find (txn, "https://new.example/actor", &elsewhere));
  }
  g_assert_cmpstr (record.moved_to, ==, "https://new.example/actor");
  g_assert_true (is_told (TOCSIN_REVIEW_MOVED, actor));
  read_peer ("moves.example", &peer);
  g_assert_true (tocsin_peer_record_is_direct (&peer));
}

static gboolean
is_retired (const TocsinPeerRecord *peer)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_auto (TocsinPeerView) view = { 0 };

  tocsin_peers_describe (txn, peer, now_us, &view);
  return view.retired;
}

/* Gone for good is who says no more; what it says later shows that it is back. */
static void
test_delete (void)
{
  const Manner gone = { .gone = TRUE };
  guint32 actor = new_actor ("dies.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = actor, .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (
      receive (message ("dies.example", "Delete", "d", "https://dies.example/actor"), NULL), ==,
      -1);
  read_peer ("dies.example", &peer);
  g_assert_true (tocsin_peer_record_is_follower (&peer));
  g_assert_cmpint (
      receive (message ("dies.example", "Delete", "d", "https://dies.example/actor"), &gone), ==,
      -1);
  read_peer ("dies.example", &peer);
  g_assert_false (tocsin_peer_record_is_follower (&peer));
  g_assert_true (is_told (TOCSIN_REVIEW_MOVED, actor));
  g_assert_true (is_retired (&peer));
  now_us += TOCSIN_SECOND_US;
  g_assert_cmpint (
      receive (message ("dies.example", "Delete", "d", "https://dies.example/actor"), &gone), ==,
      -1);
  read_peer ("dies.example", &peer);
  g_assert_true (is_retired (&peer));
  g_assert_cmpint (receive (update_bytes ("dies.example", NULL), NULL), ==, -1);
  read_peer ("dies.example", &peer);
  g_assert_false (is_retired (&peer));
}

static void
test_strangers (void)
{
  guint32 actor = new_actor ("nobody.example");
  guint32 asking = new_actor ("asks-only.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_cmpint (receive (message ("nobody.example", "Block", "b", US), NULL), ==, -1);
  g_assert_cmpint (
      receive (message ("nobody.example", "Undo", "u", "https://nobody.example/activities/x"),
               NULL),
      ==, -1);
  g_assert_cmpint (receive (update_bytes ("nobody.example", NULL), NULL), ==, -1);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

    g_assert_false (tocsin_peers_get (txn, actor, &peer));
  }
  /* Nor does one who has only asked get a line in the operator's list. */
  g_assert_cmpint (follow ("asks-only.example", "f1"), ==, -1);
  g_assert_cmpint (receive (message ("asks-only.example", "Block", "b", US), NULL), ==, -1);
  read_peer ("asks-only.example", &peer);
  g_assert_true (peer.blocks_us);
  g_assert_false (is_told (TOCSIN_REVIEW_OTHER, asking));
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  node_begin ();
  g_test_add_func ("/relations/answers", test_answers);
  g_test_add_func ("/relations/accept/embedded", test_accept_embedded);
  g_test_add_func ("/relations/accept/other-version", test_accept_other_version);
  g_test_add_func ("/relations/accept/keeps-pins", test_accept_keeps_pins);
  g_test_add_func ("/relations/odd-keys", test_odd_keys);
  g_test_add_func ("/relations/accept/keeps-proofs", test_accept_keeps_proofs);
  g_test_add_func ("/relations/accept/releases", test_accept_releases);
  g_test_add_func ("/relations/undo", test_undo);
  g_test_add_func ("/relations/update", test_update);
  g_test_add_func ("/relations/answers/proves-at-any-version", test_accept_proves_at_any_version);
  g_test_add_func ("/relations/update/many-keys", test_update_many_keys);
  g_test_add_func ("/relations/update/many-ids", test_update_many_ids);
  g_test_add_func ("/relations/update/spelling", test_update_spelling);
  g_test_add_func ("/relations/update/version", test_update_version);
  g_test_add_func ("/relations/follow/version", test_follow_version);
  g_test_add_func ("/relations/answers/accept-again", test_accept_again);
  g_test_add_func ("/relations/answers/reject-at-once", test_reject_at_once);
  g_test_add_func ("/relations/block", test_block);
  g_test_add_func ("/relations/block/undone", test_block_undone);
  g_test_add_func ("/relations/move", test_move);
  g_test_add_func ("/relations/delete", test_delete);
  g_test_add_func ("/relations/strangers", test_strangers);
  result = g_test_run ();
  node_end ();
  return result;
}
