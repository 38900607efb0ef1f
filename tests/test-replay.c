/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What comes once more, or too late, does not undo what is newer.
 */
#include "relations-case.h"
#include "store/table-heard.h"
#include "store/txn-private.h"

#define SECOND TOCSIN_SECOND_US

static void
read_actor (const char *host, TocsinActorRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_autofree char *actor = actor_of (host);
  guint32 number;

  tocsin_actor_record_clear (out);
  g_assert_true (tocsin_actors_find (txn, actor, &number));
  g_assert_true (tocsin_actors_get (txn, number, out));
}

static guint
heard_of (const char *host)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_autofree char *actor = actor_of (host);
  g_auto (TocsinHeardRecord) record = { 0 };
  guint32 number;

  g_assert_true (tocsin_actors_find (txn, actor, &number));
  tocsin_heard_get (txn, number, &record);
  return record.messages != NULL ? record.messages->len : 0;
}

/* As message(), with a date, and without an id where @id is %NULL. */
static GBytes *
dated (const char *host, const char *type, const char *id, const char *object, gint64 published_us)
{
  g_autofree char *named = id != NULL
                               ? g_strdup_printf ("\"id\":\"https://%s/activities/%s\",", host, id)
                               : g_strdup ("");
  g_autofree char *time = tocsin_time_format (published_us);
  g_autofree char *published =
      published_us != 0 ? g_strdup_printf ("\"published\":\"%s\",", time) : g_strdup ("");
  char *text = g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                                "%s%s\"type\":\"%s\",\"actor\":\"https://%s/actor\","
                                "\"object\":\"%s\"}",
                                named, published, type, host, object);

  return g_bytes_new_take (text, strlen (text));
}

/* ---- Update ---- */

/* An Update to another inbox. */
static int
moves_to (const char *host, const char *name, gint64 published_us, const char *inbox)
{
  g_autoptr (TocsinActorDocument) document = document_of (host, NULL, NULL);

  g_free (document->inbox);
  document->inbox = g_strdup_printf ("https://%s/%s", host, inbox);
  return receive (update_at (name, published_us, document), NULL);
}

static void
assert_inbox (const char *host, const char *name)
{
  g_autofree char *inbox = g_strdup_printf ("https://%s/%s", host, name);
  g_auto (TocsinActorRecord) record = { 0 };

  read_actor (host, &record);
  g_assert_cmpstr (record.inbox, ==, inbox);
}

static void
test_update (void)
{
  static const char host[] = "moves-on.example";

  set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (moves_to (host, "u1", now_us - 4 * SECOND, "old"), ==, -1);
  assert_inbox (host, "old");
  g_assert_cmpint (moves_to (host, "u3", now_us - 2 * SECOND, "new"), ==, -1);
  g_assert_cmpint (moves_to (host, "u1", now_us - 4 * SECOND, "old"), ==, -1);
  assert_inbox (host, "new");
  /* One that was on its way for long. */
  g_assert_cmpint (moves_to (host, "u2", now_us - 3 * SECOND, "between"), ==, -1);
  assert_inbox (host, "new");
  g_assert_cmpint (moves_to (host, "u3", now_us - SECOND, "other"), ==, TOCSIN_ERROR_EQUIVOCATION);
  assert_inbox (host, "new");
  /* Many programs date to the second. */
  g_assert_cmpint (moves_to (host, "u4", now_us - 2 * SECOND, "newer"), ==, -1);
  assert_inbox (host, "newer");
  g_assert_cmpint (moves_to (host, "u3", now_us - 2 * SECOND, "new"), ==, -1);
  assert_inbox (host, "newer");

  g_assert_cmpint (moves_to (host, "u5", now_us + TOCSIN_HOUR_US + SECOND, "x"), ==,
                   TOCSIN_ERROR_FUTURE);
  g_assert_cmpint (moves_to (host, "u6", now_us - 400 * TOCSIN_DAY_US - SECOND, "x"), ==,
                   TOCSIN_ERROR_STALE);
  /* A clock that was ahead and is right again. */
  g_assert_cmpint (moves_to (host, "u7", now_us + TOCSIN_HOUR_US / 2, "ahead"), ==, -1);
  assert_inbox (host, "ahead");
  g_assert_cmpint (moves_to (host, "u8", now_us, "right"), ==, -1);
  assert_inbox (host, "right");
}

/* Of one without a date the actor's document counts, as it was fetched since. */
static void
test_update_undated (void)
{
  static const char host[] = "undated.example";
  g_autofree char *key = new_multikey ();
  const Manner proven = { .proven = TRUE, .proof_key = key };
  g_autoptr (TocsinActorDocument) document = document_of (host, NULL, NULL);

  set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (moves_to (host, "u1", 0, "said"), ==, -1);
  assert_inbox (host, "inbox");
  /* By its proof a key would be pinned that nothing but the document names. */
  g_assert_cmpint (receive (update_at ("u2", 0, document), &proven), ==,
                   TOCSIN_ERROR_UNPROCESSABLE);
}

static gboolean
names_key (const char *host, const char *multikey)
{
  g_auto (TocsinActorRecord) record = { 0 };

  read_actor (host, &record);
  for (guint i = 0; i < record.keys->len; i++)
    if (g_str_equal (g_array_index (record.keys, TocsinStoredKey, i).text, multikey))
      return TRUE;
  return FALSE;
}

static GBytes *
keys_at (const char *host, const char *name, gint64 published_us, const char *const *keys)
{
  g_autoptr (TocsinActorDocument) document = document_of (host, keys, "1.0");

  return update_at (name, published_us, document);
}

/* A key that the actor has dropped does not come back. */
static void
test_update_keys (void)
{
  static const char host[] = "drops.example";
  static const char follow_id[] = "https://a.example/activities/follow-20";
  g_autofree char *one = new_multikey ();
  g_autofree char *two = new_multikey ();
  const char *const first[] = { one, NULL };
  const char *const both[] = { one, two, NULL };
  const char *const second[] = { two, NULL };
  const Manner by_one = { .proven = TRUE, .proof_key = one };
  const Manner by_two = { .proven = TRUE, .proof_key = two };
  guint32 actor = save_document (document_of (host, first, "1.0"));

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message (host, "Accept", "1", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (keys_at (host, "u1", now_us - 2 * SECOND, both), &by_one), ==, -1);
  g_assert_true (names_key (host, one));
  g_assert_cmpint (receive (keys_at (host, "u2", now_us - SECOND, second), &by_two), ==, -1);
  g_assert_false (names_key (host, one));
  g_assert_cmpint (receive (keys_at (host, "u1", now_us - 2 * SECOND, both), &by_one), ==, -1);
  g_assert_false (names_key (host, one));
}

/* The Update that a rotation is told by comes after one by the new key: that one was held, and
 * counts when it is read again. */
static void
test_update_late (void)
{
  static const char host[] = "late-key.example";
  static const char follow_id[] = "https://a.example/activities/follow-21";
  g_autofree char *one = new_multikey ();
  g_autofree char *two = new_multikey ();
  g_autofree char *three = new_multikey ();
  const char *const first[] = { one, NULL };
  const char *const both[] = { one, two, NULL };
  const char *const second[] = { two, three, NULL };
  const Manner by_one = { .proven = TRUE, .proof_key = one };
  const Manner by_two = { .proven = TRUE, .proof_key = two };
  guint32 actor = save_document (document_of (host, first, "1.0"));
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message (host, "Accept", "1", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (keys_at (host, "u2", now_us - SECOND, second), &by_two), ==, -1);
  read_peer (host, &peer);
  g_assert_true (peer.key_hold);
  g_assert_true (names_key (host, one));
  g_assert_cmpint (receive (keys_at (host, "u1", now_us - 2 * SECOND, both), &by_one), ==, -1);
  read_peer (host, &peer);
  g_assert_false (peer.key_hold);
  g_assert_cmpint (tocsin_pinning_of (&peer, two), ==, TOCSIN_PINNING_MATCHES);
  g_assert_cmpint (tocsin_pinning_of (&peer, three), ==, TOCSIN_PINNING_CHANGED);
  g_assert_true (names_key (host, one));
  g_assert_cmpint (receive (keys_at (host, "u2", now_us - SECOND, second), &by_two), ==, -1);
  read_peer (host, &peer);
  g_assert_cmpint (tocsin_pinning_of (&peer, three), ==, TOCSIN_PINNING_MATCHES);
  g_assert_false (names_key (host, one));
}

static gboolean
write_key_hold (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 *actor = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, *actor, &peer);
  tocsin_pinning_hold (txn, &peer, T0);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* What signs requests and proves nothing is vouched for by what is new alone. */
static void
test_update_other_keys (void)
{
  static const char host[] = "signs.example";
  static const char follow_id[] = "https://a.example/activities/follow-22";
  g_autofree char *one = new_multikey ();
  const char *const keys[] = { one, NULL };
  const Manner by_one = { .proven = TRUE, .proof_key = one };
  g_autofree char *id = g_strdup_printf ("https://%s/actor#main-key", host);
  g_autofree char *name = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 actor = save_document (document_of (host, keys, "1.0"));
  GBytes *updates[3];

  for (guint i = 0; i < G_N_ELEMENTS (updates); i++)
    {
      g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_RSA, NULL);
      g_autoptr (TocsinActorDocument) document = document_of (host, keys, "1.0");
      TocsinActorKey *main_key = tocsin_actor_key_new (id, document->id);

      main_key->pem = tocsin_public_key_to_pem (tocsin_private_key_public (key));
      g_ptr_array_add (document->keys, main_key);
      g_free (name);
      name = g_strdup_printf ("u%u", i);
      updates[i] = update_at (name, now_us - (3 - i) * SECOND, document);
    }
  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message (host, "Accept", "1", follow_id), NULL), ==, -1);
  write_ok (&f, write_key_hold, &actor);
  g_assert_cmpint (receive (g_bytes_ref (updates[1]), &by_one), ==, -1);
  read_peer (host, &peer);
  g_assert_false (peer.key_hold);
  write_ok (&f, write_key_hold, &actor);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (receive (updates[i], &by_one), ==, -1);
      read_peer (host, &peer);
      g_assert_true (peer.key_hold == (i < 2));
    }
}

/* ---- Accept and Reject ---- */

static TocsinFollowing
following_of (const char *host)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  read_peer (host, &peer);
  return peer.following;
}

static void
test_answers (void)
{
  static const char host[] = "answers.example";
  static const char one[] = "https://a.example/activities/follow-22";
  static const char two[] = "https://a.example/activities/follow-23";
  guint32 actor = new_actor (host);

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = one });
  g_assert_cmpint (receive (message (host, "Accept", "a", one), NULL), ==, -1);
  g_assert_cmpint (receive (message (host, "Reject", "r", one), NULL), ==, -1);
  g_assert_cmpint (receive (message (host, "Accept", "a", one), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_REJECTED);
  g_assert_cmpint (receive (dated (host, "Accept", "a", one, now_us), NULL), ==,
                   TOCSIN_ERROR_EQUIVOCATION);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_REJECTED);
  /* It has changed its mind. */
  g_assert_cmpint (receive (message (host, "Accept", "b", one), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_cmpint (receive (message (host, "Reject", "r", one), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_ACCEPTED);

  /* Its next answer, to another Follow, may have the id of the first. */
  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = two });
  g_assert_cmpint (receive (message (host, "Accept", "a", two), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_cmpint (receive (message (host, "Accept", "a", one), NULL), ==, TOCSIN_ERROR_FORBIDDEN);
}

static void
test_answers_without_id (void)
{
  static const char host[] = "nameless.example";
  static const char follow_id[] = "https://a.example/activities/follow-24";

  set_relation ((Relation){
      .actor = new_actor (host), .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (dated (host, "Accept", NULL, follow_id, 0), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_cmpint (receive (dated (host, "Reject", NULL, follow_id, 0), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_REJECTED);
  g_assert_cmpint (receive (dated (host, "Accept", NULL, follow_id, 0), NULL), ==, -1);
  g_assert_cmpint (following_of (host), ==, TOCSIN_FOLLOWING_REJECTED);
}

/* ---- Undo, Block, Delete ---- */

static void
test_block (void)
{
  static const char host[] = "blocks-again.example";
  static const char block_id[] = "https://blocks-again.example/activities/b1";
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_READER });
  g_assert_cmpint (receive (message (host, "Block", "b1", US), NULL), ==, -1);
  g_assert_cmpint (receive (message (host, "Undo", "b1", block_id), NULL), ==,
                   TOCSIN_ERROR_EQUIVOCATION);
  g_assert_cmpint (receive (message (host, "Undo", "u1", block_id), NULL), ==, -1);
  g_assert_cmpint (receive (message (host, "Block", "b1", US), NULL), ==, -1);
  read_peer (host, &peer);
  g_assert_false (peer.blocks_us);
  g_assert_cmpint (receive (message (host, "Block", "b2", US), NULL), ==, -1);
  g_assert_cmpint (receive (message (host, "Undo", "u1", block_id), NULL), ==, -1);
  read_peer (host, &peer);
  g_assert_true (peer.blocks_us);
  g_assert_cmpint (
      receive (dated (host, "Block", "b3", US, now_us - 400 * TOCSIN_DAY_US - SECOND), NULL), ==,
      TOCSIN_ERROR_STALE);
}

static TocsinFollower
follower_of (const char *host)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  read_peer (host, &peer);
  return peer.follower;
}

static void
test_undo (void)
{
  static const char host[] = "leaves-again.example";
  static const char follow_id[] = "https://leaves-again.example/activities/f";

  new_actor (host);
  g_assert_cmpint (follow (host, "f"), ==, -1);
  g_assert_cmpint (receive (dated (host, "Undo", "f-undo", follow_id, now_us - 2 * SECOND), NULL),
                   ==, -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
  g_assert_cmpint (follow (host, "f"), ==, -1);
  g_assert_cmpint (receive (dated (host, "Undo", "f-undo", follow_id, now_us - 2 * SECOND), NULL),
                   ==, -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_PENDING);
  /* Some have one id for each pair of actors; a later date then makes it another. */
  g_assert_cmpint (receive (dated (host, "Undo", "f-undo", follow_id, now_us - 3 * SECOND), NULL),
                   ==, TOCSIN_ERROR_EQUIVOCATION);
  g_assert_cmpint (receive (dated (host, "Undo", "f-undo", follow_id, now_us - SECOND), NULL), ==,
                   -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
  g_assert_cmpint (follow (host, "f"), ==, -1);
  for (gint64 ago = 2; ago > 0; ago--)
    {
      g_assert_cmpint (
          receive (dated (host, "Undo", "f-undo", follow_id, now_us - ago * SECOND), NULL), ==, -1);
      g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_PENDING);
    }
}

static int
receive_signed (GBytes *body, gint64 signed_us)
{
  const Manner manner = { .signed_us = signed_us };

  return receive (body, &manner);
}

/* As PeerTube: a pair of actors has one Follow and one Undo, and neither has a date. */
static GBytes *
undo_embedding (const char *host, const char *name, const char *follow)
{
  char *text =
      g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                       "\"id\":\"https://%s/activities/%s\",\"type\":\"Undo\","
                       "\"actor\":\"https://%s/actor\",\"object\":{\"type\":\"Follow\","
                       "\"id\":\"https://%s/activities/%s\",\"actor\":\"https://%s/actor\","
                       "\"object\":\"" US "\"}}",
                       host, name, host, host, follow, host);

  return g_bytes_new_take (text, strlen (text));
}

static void
test_undo_undated (void)
{
  static const char host[] = "one-undo.example";
  static const char follow_id[] = "https://one-undo.example/activities/f";
  const gint64 t = now_us - 100 * SECOND;

  new_actor (host);
  for (gint64 i = 0; i < 3; i++)
    {
      const gint64 at = t + 10 * i * SECOND;

      g_assert_cmpint (receive_signed (message (host, "Follow", "f", US), at), ==, -1);
      /* The copy of a request, and one that was on its way for long. */
      if (i > 0)
        {
          g_assert_cmpint (receive_signed (undo_embedding (host, "f-undo", "f"), at - 9 * SECOND),
                           ==, -1);
          g_assert_cmpint (receive_signed (undo_embedding (host, "f-undo", "f"), at - SECOND), ==,
                           -1);
        }
      g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_PENDING);
      g_assert_cmpint (receive_signed (undo_embedding (host, "f-undo", "f"), at + SECOND), ==, -1);
      g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
    }
  g_assert_cmpuint (heard_of (host), ==, 2);

  /* The same id with less in it. Within a second nobody can tell a copy. */
  g_assert_cmpint (receive_signed (message (host, "Follow", "f", US), t + 30 * SECOND), ==, -1);
  g_assert_cmpint (receive_signed (message (host, "Undo", "f-undo", follow_id), t + 21 * SECOND),
                   ==, TOCSIN_ERROR_EQUIVOCATION);
  g_assert_cmpint (receive_signed (message (host, "Undo", "f-undo", follow_id), t + 30 * SECOND),
                   ==, -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);

  /* The clock by which a Follow was signed was ahead. */
  g_assert_cmpint (receive_signed (message (host, "Follow", "f", US), now_us + TOCSIN_HOUR_US), ==,
                   -1);
  g_assert_cmpint (receive_signed (undo_embedding (host, "f-undo", "f"), now_us), ==, -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
}

/* As Mastodon: each Follow has an id of its own, and so has what undoes it. What is signed anew is
 * then the old one that is sent again. */
static void
test_undo_again (void)
{
  static const char host[] = "tries-again.example";

  new_actor (host);
  g_assert_cmpint (receive_signed (message (host, "Follow", "1", US), now_us), ==, -1);
  g_assert_cmpint (receive_signed (undo_embedding (host, "1-undo", "1"), now_us + SECOND), ==, -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
  g_assert_cmpint (receive_signed (message (host, "Follow", "2", US), now_us + 2 * SECOND), ==, -1);
  g_assert_cmpint (receive_signed (undo_embedding (host, "1-undo", "1"), now_us + 3 * SECOND), ==,
                   -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_PENDING);
}

static gboolean
blocks_us (const char *host)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  read_peer (host, &peer);
  return peer.blocks_us;
}

static void
test_block_undated (void)
{
  static const char host[] = "one-block.example";
  static const char block_id[] = "https://one-block.example/activities/b";

  set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_READER });
  for (gint64 i = 0; i < 3; i++)
    {
      const gint64 at = now_us + 10 * i * SECOND;

      g_assert_cmpint (receive_signed (message (host, "Block", "b", US), at), ==, -1);
      g_assert_true (blocks_us (host));
      g_assert_cmpint (receive_signed (message (host, "Undo", "b-undo", block_id), at - SECOND), ==,
                       -1);
      g_assert_cmpint (blocks_us (host), ==, i > 0);
      g_assert_cmpint (receive_signed (message (host, "Undo", "b-undo", block_id), at + SECOND), ==,
                       -1);
      g_assert_cmpint (receive_signed (message (host, "Block", "b", US), at), ==, -1);
      g_assert_false (blocks_us (host));
    }
}

/* Each time its host confirms it. */
static void
test_delete_again (void)
{
  static const char host[] = "dies-twice.example";
  const Manner gone = { .gone = TRUE };
  guint32 actor = new_actor (host);

  for (guint i = 0; i < 2; i++)
    {
      set_relation ((Relation){ .actor = actor, .follower = TOCSIN_FOLLOWER_GUEST });
      g_assert_cmpint (
          receive (message (host, "Delete", "d", "https://dies-twice.example/actor"), &gone), ==,
          -1);
      g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
    }
}

static void
test_delete (void)
{
  static const char host[] = "dies-once.example";
  const Manner gone = { .gone = TRUE };

  set_relation ((Relation){ .actor = new_actor (host), .follower = TOCSIN_FOLLOWER_READER });
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (
        receive (message (host, "Delete", "d", "https://dies-once.example/actor"), &gone), ==, -1);
  g_assert_cmpint (follower_of (host), ==, TOCSIN_FOLLOWER_NONE);
}

/* ---- what it costs ---- */

static gboolean
forget (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_relation_forget (txn, *(const guint32 *) data, now_us);
  return TRUE;
}

static guint64
rows (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

  return tocsin_txn_entries (txn, TOCSIN_TABLE_HEARD);
}

/* A peer has so much room and no more, a stranger has none, and who is forgotten leaves nothing. */
static void
test_bounded (void)
{
  static const char host[] = "talks.example";
  guint32 actor = new_actor (host);
  guint64 before = rows ();

  new_actor ("stranger.example");
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strdup_printf ("b%u", i);

      g_assert_cmpint (receive (message ("stranger.example", "Block", name, US), NULL), ==, -1);
    }
  g_assert_cmpuint (rows (), ==, before);

  g_assert_cmpint (follow (host, "f"), ==, -1);
  g_assert_cmpuint (rows (), ==, before);
  for (guint i = 0; i < 2 * TOCSIN_HEARD_MAX; i++)
    {
      g_autofree char *name = g_strdup_printf ("b%u", i);

      g_assert_cmpint (receive (message (host, "Block", name, US), NULL), ==, -1);
    }
  g_assert_cmpuint (heard_of (host), ==, TOCSIN_HEARD_MAX);
  g_assert_cmpuint (rows (), ==, before + 1);
  /* What somebody else undoes in public is not for us. */
  g_assert_cmpint (
      receive (message (host, "Undo", "like", "https://elsewhere.example/likes/1"), NULL), ==, -1);
  g_assert_cmpint (
      receive (message (host, "Undo", "u", "https://talks.example/activities/b1"), NULL), ==, -1);
  write_ok (&f, forget, &actor);
  g_assert_cmpuint (rows (), ==, before);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  node_begin ();
  g_test_add_func ("/replay/update", test_update);
  g_test_add_func ("/replay/update/undated", test_update_undated);
  g_test_add_func ("/replay/update/keys", test_update_keys);
  g_test_add_func ("/replay/update/late", test_update_late);
  g_test_add_func ("/replay/update/other-keys", test_update_other_keys);
  g_test_add_func ("/replay/answers", test_answers);
  g_test_add_func ("/replay/answers/without-id", test_answers_without_id);
  g_test_add_func ("/replay/block", test_block);
  g_test_add_func ("/replay/undo", test_undo);
  g_test_add_func ("/replay/undo/undated", test_undo_undated);
  g_test_add_func ("/replay/undo/again", test_undo_again);
  g_test_add_func ("/replay/block/undated", test_block_undated);
  g_test_add_func ("/replay/delete", test_delete);
  g_test_add_func ("/replay/delete/again", test_delete_again);
  g_test_add_func ("/replay/bounded", test_bounded);
  result = g_test_run ();
  node_end ();
  return result;
}
