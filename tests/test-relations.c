/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/activity-build.h"
#include "codec/key.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/federation.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-review.h"

#define US "https://a.example/actor"

/* One node for all tests: making its keys takes long. Each test has actors of its own. */
static Fixture f;
static TocsinWriter *writer;
static TocsinFederation *fed;
static gint64 now_us = T0;

/* ---- actors ---- */

typedef struct
{
  TocsinActorDocument *document;
  guint32 number; /* out */
} Saving;

static gboolean
write_actor (TocsinTxn *txn, gpointer data, GError **error)
{
  Saving *saving = data;

  saving->number = tocsin_pinning_save_actor (txn, saving->document, T0);
  return TRUE;
}

static char *
new_multikey (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, &error);

  g_assert_no_error (error);
  return tocsin_public_key_to_multikey (tocsin_private_key_public (key));
}

static char *
actor_of (const char *host)
{
  return g_strdup_printf ("https://%s/actor", host);
}

/* @multikeys: (array zero-terminated=1): its Ed25519 keys, in this order */
static TocsinActorDocument *
document_of (const char *host, const char *const *multikeys, const char *version)
{
  g_autofree char *actor = actor_of (host);
  TocsinActorDocument *document = tocsin_actor_document_new (actor);

  document->type = g_strdup ("Application");
  document->inbox = g_strdup_printf ("https://%s/inbox", host);
  document->protocol_version = g_strdup (version);
  for (guint i = 0; multikeys != NULL && multikeys[i] != NULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("%s#ed25519-%u", actor, i + 1);
      TocsinActorKey *key = tocsin_actor_key_new (id, actor);

      key->multibase = g_strdup (multikeys[i]);
      key->assertion = TRUE;
      g_ptr_array_add (document->keys, key);
    }
  return document;
}

static guint32
save_document (TocsinActorDocument *document)
{
  Saving saving = { .document = document };

  write_ok (&f, write_actor, &saving);
  tocsin_keyring_forget (fed->keyring, document->id);
  tocsin_actor_document_free (document);
  return saving.number;
}

static guint32
new_actor (const char *host)
{
  return save_document (document_of (host, NULL, NULL));
}

static void
read_peer (const char *host, TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_autofree char *actor = actor_of (host);
  guint32 number;

  tocsin_peer_record_clear (out);
  g_assert_true (tocsin_actors_find (txn, actor, &number));
  tocsin_peers_get (txn, number, out);
}

typedef struct
{
  guint32 actor;
  TocsinFollowing following;
  const char *follow_id;
  TocsinFollower follower;
  gboolean blocked;
} Relation;

static gboolean
write_relation (TocsinTxn *txn, gpointer data, GError **error)
{
  const Relation *relation = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, relation->actor, &peer);
  peer.following = relation->following;
  peer.follow_id = g_strdup (relation->follow_id);
  peer.follower = relation->follower;
  peer.follower_since_us = T0;
  peer.blocked = relation->blocked;
  peer.weights[TOCSIN_AREA_ANY] = 50;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

static void
set_relation (Relation relation)
{
  write_ok (&f, write_relation, &relation);
}

static guint64
queued (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

  return tocsin_queue_count_of (txn, actor);
}

/* The type of the next message that waits for @actor. */
static char *
next_message (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_auto (TocsinOutboxRecord) record = { 0 };
  g_autoptr (TocsinActivity) activity = NULL;
  TocsinQueueEntry entry;

  g_assert_true (tocsin_queue_next (txn, actor, &entry));
  g_assert_true (tocsin_outbox_get (txn, entry.sequence, &record));
  g_assert_cmpint (record.kind, ==, TOCSIN_OUTBOX_MESSAGE);
  activity = tocsin_activity_parse (record.activity, NULL);
  g_assert_nonnull (activity);
  return g_strdup (activity->type);
}

static gboolean
is_told (TocsinReviewKind kind, guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  guint64 id;

  return tocsin_review_find_open (txn, kind, actor, 0, &id);
}

/* ---- what they send ---- */

typedef struct
{
  gboolean proven;
  const char *proof_key;
  gboolean gone;
} Manner;

/* @body: (transfer full). Returns -1, or the code of the refusal. */
static int
receive (GBytes *body, const Manner *manner)
{
  g_autoptr (GBytes) owned = body;
  g_autoptr (GError) error = NULL;
  TocsinActivity *activity = tocsin_activity_parse (owned, &error);
  g_autoptr (TocsinRelationChange) change = NULL;
  TocsinKnownActor *sender;

  g_assert_no_error (error);
  sender = tocsin_keyring_peek (fed->keyring, activity->actor);
  g_assert_nonnull (sender);
  change = tocsin_relation_change_new (fed, activity, sender, now_us);
  if (manner != NULL)
    {
      change->proven = manner->proven;
      change->proof_key = g_strdup (manner->proof_key);
      change->gone = manner->gone;
    }
  if (tocsin_store_write (f.store, tocsin_relation_change_write, change, &error))
    return -1;
  g_assert_true (error->domain == TOCSIN_ERROR);
  return error->code;
}

/* An activity whose object is a string. */
static GBytes *
message (const char *host, const char *type, const char *id, const char *object)
{
  char *text = g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                                "\"id\":\"https://%s/activities/%s\",\"type\":\"%s\","
                                "\"actor\":\"https://%s/actor\",\"object\":\"%s\"}",
                                host, id, type, host, object);

  return g_bytes_new_take (text, strlen (text));
}

static TocsinActivityHead
head_of (const char *actor, const char *id)
{
  return (TocsinActivityHead){ .id = id, .actor = actor, .to = US };
}

static int
follow (const char *host, const char *id)
{
  return receive (message (host, "Follow", id, US), NULL);
}

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
      g_assert_true (tocsin_relation_is_over (&peer));
    }
  /* One who changes its mind has its own place. */
  g_assert_cmpint (follow ("n0.comes-and-goes.example", "f2"), ==, -1);
  read_peer ("n0.comes-and-goes.example", &peer);
  g_assert_false (tocsin_relation_is_over (&peer));
}

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
  g_assert_true (peer.had_protocol_version);
  g_assert_cmpint (peer.sync_due_us, ==, now_us);
  g_assert_cmpint (tocsin_pinning_of (&peer, multikey), ==, TOCSIN_PINNING_MATCHES);

  g_assert_cmpint (receive (message ("asked.example", "Reject", "z", follow_id), NULL), ==, -1);
  read_peer ("asked.example", &peer);
  g_assert_false (tocsin_peer_record_is_direct (&peer));
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

static GBytes *
update_bytes (const char *host, const char *const *multikeys)
{
  g_autofree char *actor = actor_of (host);
  g_autofree char *id = g_strdup_printf ("https://%s/activities/update", host);
  g_autoptr (TocsinActorDocument) document = document_of (host, multikeys, "1.0");
  TocsinActivityHead head = head_of (actor, id);
  g_autoptr (JsonObject) update = tocsin_activity_build_update (&head, document);

  return tocsin_activity_to_bytes (update, NULL);
}

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
  /* Nor is the hold lifted by an Update, whatever proves it. */
  g_assert_cmpint (receive (update_bytes ("renews.example", third), &by_one), ==, -1);
  read_peer ("renews.example", &peer);
  g_assert_true (peer.key_hold);
}

/* ---- Block, Move, Delete, strangers ---- */

static void
test_block (void)
{
  TocsinActivityHead head =
      head_of ("https://blocks.example/actor", "https://blocks.example/activities/u");
  g_autoptr (JsonObject) undo = tocsin_activity_build_undo (
      &head, TOCSIN_ACTIVITY_BLOCK, "https://blocks.example/activities/b", US);
  guint32 actor = new_actor ("blocks.example");
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = actor, .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (
      receive (message ("blocks.example", "Block", "b", "https://c.example/actor"), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_true (tocsin_peer_record_is_follower (&peer));
  g_assert_cmpint (receive (message ("blocks.example", "Block", "b", US), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_true (peer.blocks_us);
  g_assert_false (tocsin_peer_record_is_follower (&peer));
  g_assert_true (is_told (TOCSIN_REVIEW_OTHER, actor));
  g_assert_cmpint (receive (tocsin_activity_to_bytes (undo, NULL), NULL), ==, -1);
  read_peer ("blocks.example", &peer);
  g_assert_true (tocsin_peer_record_is_follower (&peer));
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

static void
node_begin (void)
{
  static const char *const domains[] = { "listed.example", NULL };
  const TocsinIdentityOptions who = { .base_url = "https://a.example",
                                      .preferred_username = "tocsin",
                                      .name = "Test" };
  const TocsinFederationOptions options = {
    .follow_domains = domains, .burst_per_hour = 200, .sync_interval_hours = 6, .time_scale = 1
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (NULL, &error);
  g_autoptr (TocsinFetcher) fetcher = tocsin_fetcher_new ("https://a.example", guard, 1, 1, &error);

  set_up (&f, NULL);
  writer = tocsin_writer_new (f.store);
  fed = tocsin_federation_new (f.store, writer, tocsin_identity_open (f.dir, &who, T0, &error),
                               fetcher, &options);
  g_assert_no_error (error);
}

static void
node_end (void)
{
  tocsin_writer_stop (writer);
  g_clear_pointer (&fed, tocsin_federation_free);
  g_clear_pointer (&writer, tocsin_writer_free);
  tear_down (&f, NULL);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  node_begin ();
  g_test_add_func ("/relations/follow/manual", test_follow_manual);
  g_test_add_func ("/relations/follow/policies", test_follow_policies);
  g_test_add_func ("/relations/follow/again", test_follow_again);
  g_test_add_func ("/relations/follow/refused", test_follow_refused);
  g_test_add_func ("/relations/follow/gone-keep-their-place", test_gone_keep_their_place);
  g_test_add_func ("/relations/answers", test_answers);
  g_test_add_func ("/relations/accept/embedded", test_accept_embedded);
  g_test_add_func ("/relations/accept/other-version", test_accept_other_version);
  g_test_add_func ("/relations/accept/keeps-pins", test_accept_keeps_pins);
  g_test_add_func ("/relations/accept/keeps-proofs", test_accept_keeps_proofs);
  g_test_add_func ("/relations/undo", test_undo);
  g_test_add_func ("/relations/update", test_update);
  g_test_add_func ("/relations/block", test_block);
  g_test_add_func ("/relations/move", test_move);
  g_test_add_func ("/relations/delete", test_delete);
  g_test_add_func ("/relations/strangers", test_strangers);
  g_test_add_func ("/relations/follow/caps", test_pending_caps);
  result = g_test_run ();
  node_end ();
  return result;
}
