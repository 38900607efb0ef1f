/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib/gstdio.h>

#include "codec/activity.h"
#include "codec/proof.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fed/rotation.h"
#include "peer-world.h"
#include "store/table-queue.h"

/* Returns the error's code, or -1. */
static int
finish (GAsyncResult *result, char **fingerprint)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = tocsin_rotation_run_finish (result, &error);

  g_assert_true ((text == NULL) == (error != NULL));
  if (fingerprint != NULL)
    *fingerprint = g_steal_pointer (&text);
  return code_of (error);
}

static char *
rotate (World *world)
{
  g_autoptr (GAsyncResult) result = NULL;
  char *fingerprint = NULL;

  tocsin_rotation_run_async (world->node->fed, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_cmpint (finish (result, &fingerprint), ==, -1);
  return fingerprint;
}

/* The Ed25519 key number @n in the document: 0 is the newest. */
static const TocsinActorKey *
key_at (World *world, guint n)
{
  const TocsinActorDocument *document = tocsin_identity_get_document (world->node->fed->identity);

  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (key->multibase != NULL && n-- == 0)
        return key;
    }
  return NULL;
}

static TocsinReading *
read_store (World *world)
{
  return tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));
}

typedef struct
{
  World *world;
  guint32 reader, direct, stranger;

} Peers;

static guint32
write_peer (TocsinTxn *txn,
            World *world,
            const char *name,
            TocsinFollowing following,
            TocsinFollower follower)
{
  g_autofree char *uri = actor_named (world, name);
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (uri);
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  /* Nobody answers there, so that what is queued stays. */
  document->inbox = g_strdup ("http://127.0.0.1:1/inbox");
  number = tocsin_pinning_save_actor (txn, document, T0);
  tocsin_peers_get (txn, number, &peer);
  peer.following = following;
  peer.follower = follower;
  tocsin_peers_put (txn, &peer);
  return number;
}

static gboolean
write_peers (TocsinTxn *txn, gpointer data, GError **error)
{
  Peers *peers = data;

  peers->reader =
      write_peer (txn, peers->world, "reader", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_READER);
  peers->direct =
      write_peer (txn, peers->world, "direct", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE);
  peers->stranger =
      write_peer (txn, peers->world, "stranger", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_PENDING);
  return TRUE;
}

static GBytes *
queued_update (World *world, guint32 peer)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_auto (TocsinOutboxRecord) record = { 0 };
  TocsinQueueEntry entry;

  if (!tocsin_queue_next (txn, peer, &entry))
    return NULL;
  g_assert_true (tocsin_outbox_get (txn, entry.sequence, &record));
  return g_bytes_ref (record.activity);
}

static void
assert_proven (const TocsinActivity *activity, const char *multibase, gboolean expected)
{
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_multikey (multibase, NULL);
  g_autoptr (GError) error = NULL;
  TocsinProofState state;

  g_assert_true (tocsin_proof_inspect (tocsin_activity_root (activity), tocsin_time_now_us (),
                                       &state, &proof, &error));
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, TOCSIN_PROOF_CANDIDATE);
  g_assert_true (tocsin_proof_verify (proof, key, NULL) == expected);
}

static void
test_update (World *world, gconstpointer data)
{
  Peers peers = { .world = world };
  g_autofree char *old = g_strdup (key_at (world, 0)->multibase);
  g_autofree char *old_id = g_strdup (key_at (world, 0)->id);
  g_autofree char *fingerprint = NULL;
  g_autofree char *now = tocsin_identity_fingerprint (world->node->fed->identity);
  g_autoptr (GBytes) update = NULL;
  g_autoptr (GBytes) to_direct = NULL;
  g_autoptr (TocsinActivity) activity = NULL;

  write_ok (&world->node->f, write_peers, &peers);
  fingerprint = rotate (world);
  g_assert_cmpstr (fingerprint, !=, now);
  g_free (now);
  now = tocsin_identity_fingerprint (world->node->fed->identity);
  g_assert_cmpstr (fingerprint, ==, now);
  /* The new one first, under a new id; the old one for as long as what it proved may travel. */
  g_assert_cmpstr (key_at (world, 0)->multibase, !=, old);
  g_assert_cmpstr (key_at (world, 0)->id, !=, old_id);
  g_assert_cmpint (key_at (world, 0)->expires_us, ==, 0);
  g_assert_cmpstr (key_at (world, 1)->multibase, ==, old);
  g_assert_cmpint (key_at (world, 1)->expires_us, >, tocsin_time_now_us ());

  update = queued_update (world, peers.reader);
  to_direct = queued_update (world, peers.direct);
  g_assert_null (queued_update (world, peers.stranger));
  g_assert_nonnull (update);
  g_assert_true (g_bytes_equal (update, to_direct));
  activity = tocsin_activity_parse (update, NULL);
  g_assert_cmpint (activity->kind, ==, TOCSIN_ACTIVITY_UPDATE);
  assert_proven (activity, old, TRUE);
  assert_proven (activity, key_at (world, 0)->multibase, FALSE);
}

/* ---- as another node sees it ---- */

typedef struct
{
  TocsinActorDocument *document;
  guint32 number;
} Follows;

static gboolean
write_follows (TocsinTxn *txn, gpointer data, GError **error)
{
  Follows *follows = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  follows->number = tocsin_pinning_save_actor (txn, follows->document, T0);
  tocsin_peers_get (txn, follows->number, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.weights[TOCSIN_AREA_ANY] = 50;
  peer.had_protocol_version = TRUE;
  tocsin_pinning_pin_all (&peer, follows->document, T0);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* @proof_key: (nullable): what proved the Update */
static void
receive_update (World *other, const char *actor, GBytes *update, const char *proof_key)
{
  TocsinActivity *activity = tocsin_activity_parse (update, NULL);
  g_autoptr (TocsinRelationChange) change = tocsin_relation_change_new (
      other->node->fed, activity, tocsin_keyring_peek (other->node->fed->keyring, actor),
      tocsin_time_now_us ());

  change->proven = TRUE;
  change->proof_key = g_strdup (proof_key);
  write_ok (&other->node->f, tocsin_relation_change_write, change);
}

static void
test_seen_by_peer (World *world, gconstpointer data)
{
  gboolean by_old = GPOINTER_TO_INT (data);
  World other = { 0 };
  Peers peers = { .world = world };
  Follows follows = { 0 };
  g_autofree char *fingerprint = NULL;
  g_autofree char *old = g_strdup (key_at (world, 0)->multibase);
  const char *actor = tocsin_identity_get_actor (world->node->fed->identity);
  g_autoptr (GBytes) update = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };

  world_set_up (&other, NULL);
  follows.document = tocsin_actor_document_parse (
      tocsin_identity_get_document_bytes (world->node->fed->identity), NULL);
  write_ok (&other.node->f, write_follows, &follows);
  write_ok (&world->node->f, write_peers, &peers);
  fingerprint = rotate (world);
  g_assert_nonnull (fingerprint);
  update = queued_update (world, peers.reader);
  receive_update (&other, actor, update, by_old ? old : key_at (world, 0)->multibase);
  get_peer (other.node, follows.number, &peer);
  g_assert_true (peer.key_hold == !by_old);
  g_assert_cmpint (tocsin_pinning_of (&peer, key_at (world, 0)->multibase), ==,
                   by_old ? TOCSIN_PINNING_MATCHES : TOCSIN_PINNING_CHANGED);
  tocsin_actor_document_free (follows.document);
  world_tear_down (&other, NULL);
}

/* ---- interrupted ---- */

static void
test_twice_at_once (World *world, gconstpointer data)
{
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;

  tocsin_rotation_run_async (world->node->fed, "tester", on_result, &first);
  tocsin_rotation_run_async (world->node->fed, "tester", on_result, &second);
  WAIT_FOR (first != NULL && second != NULL);
  g_assert_cmpint (finish (first, NULL), ==, -1);
  g_assert_cmpint (finish (second, NULL), ==, TOCSIN_ERROR_CONFLICT);
  g_assert_nonnull (key_at (world, 1));
  g_assert_null (key_at (world, 2));
}

/* What cannot be stored leaves the old key in use, and the id of the new one to the same key. */
static void
test_not_stored (World *world, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *old = g_strdup (key_at (world, 0)->multibase);
  g_autofree char *announced = NULL;
  g_autoptr (GError) error = NULL;
  TocsinIdentity *identity = world->node->fed->identity;
  const TocsinActorDocument *document;

  document = tocsin_identity_rotate_prepare (identity, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  for (guint i = 0; announced == NULL; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      announced = g_strdup (key->multibase);
    }
  tocsin_identity_rotate_abort (identity);
  g_assert_cmpstr (key_at (world, 0)->multibase, ==, old);

  tocsin_writer_stop (world->node->writer);
  tocsin_rotation_run_async (world->node->fed, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_cmpint (finish (result, NULL), ==, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpstr (key_at (world, 0)->multibase, ==, old);
  g_assert_nonnull (tocsin_identity_rotate_prepare (identity, tocsin_time_now_us (), &error));
  g_assert_true (tocsin_identity_rotate_commit (identity, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (key_at (world, 0)->multibase, ==, announced);
}

/* A directory that is not empty is in the way of a file. */
static char *
block_key (World *world, const char *name)
{
  char *path = g_build_filename (world->node->f.dir, "keys", name, NULL);
  g_autofree char *inside = g_build_filename (path, "inside", NULL);

  g_assert_cmpint (g_mkdir_with_parents (inside, 0700), ==, 0);
  return path;
}

/* The new key cannot be put in place: the old one is used, and the next attempt is no conflict. */
static void
test_not_put_in_place (World *world, gconstpointer data)
{
  g_autofree char *old = g_strdup (key_at (world, 0)->multibase);
  g_autofree char *in_the_way = block_key (world, "ed25519-2.pem");
  g_autofree char *fingerprint = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GAsyncResult) result = NULL;

      tocsin_rotation_run_async (world->node->fed, "tester", on_result, &result);
      WAIT_FOR (result != NULL);
      g_assert_cmpint (finish (result, NULL), ==, TOCSIN_ERROR_STORE);
      g_assert_cmpstr (key_at (world, 0)->multibase, ==, old);
      g_assert_null (key_at (world, 1));
    }
  remove_tree (in_the_way);
  fingerprint = rotate (world);
  g_assert_nonnull (fingerprint);
  g_assert_cmpstr (key_at (world, 1)->multibase, ==, old);
}

/* The old one cannot be deleted: peers know of the new one, so that is used, and the old one goes
 * later. */
static void
test_not_retired (World *world, gconstpointer data)
{
  g_autofree char *old = g_strdup (key_at (world, 0)->multibase);
  g_autofree char *in_the_way = block_key (world, "ed25519-1.retired");
  g_autofree char *pem = g_build_filename (world->node->f.dir, "keys", "ed25519-1.pem", NULL);
  g_autofree char *fingerprint = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TocsinIdentity *identity = world->node->fed->identity;

  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "The old private key is not deleted*");
  fingerprint = rotate (world);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (key_at (world, 0)->multibase, !=, old);
  g_assert_cmpstr (key_at (world, 1)->multibase, ==, old);
  g_assert_cmpint (key_at (world, 1)->expires_us, >, tocsin_time_now_us ());
  g_assert_true (g_file_test (pem, G_FILE_TEST_EXISTS));

  tocsin_rotation_run_async (world->node->fed, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_cmpint (finish (result, NULL), ==, TOCSIN_ERROR_STORE);
  remove_tree (in_the_way);
  g_assert_true (tocsin_identity_finish_retiring (identity, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (pem, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (in_the_way, G_FILE_TEST_IS_REGULAR));
  g_free (fingerprint);
  fingerprint = rotate (world);
  g_assert_nonnull (fingerprint);
  g_assert_cmpstr (key_at (world, 2)->multibase, ==, old);
}

static TocsinIdentity *
reopen_knowing (World *world, guint last_key)
{
  const TocsinIdentityOptions who = { .base_url = world->node->base,
                                      .preferred_username = "tocsin",
                                      .name = "Test",
                                      .last_key = last_key };
  g_autoptr (GError) error = NULL;
  TocsinIdentity *identity =
      tocsin_identity_open (world->node->f.dir, &who, tocsin_time_now_us (), &error);

  g_assert_no_error (error);
  return identity;
}

static TocsinIdentity *
reopen (World *world)
{
  return reopen_knowing (world, 0);
}

static void
assert_key_id (const TocsinIdentity *identity, guint place, const char *fragment)
{
  const TocsinActorDocument *document = tocsin_identity_get_document (identity);
  const TocsinActorKey *key = g_ptr_array_index (document->keys, place);

  g_assert_true (g_str_has_suffix (key->id, fragment));
}

/* Whoever remembers a key by its id must not find another under it: not where the keys are lost,
 * and not where older ones were brought back. */
static void
test_lost (World *world, gconstpointer data)
{
  g_autofree char *keys = g_build_filename (world->node->f.dir, "keys", NULL);
  g_autofree char *one = g_build_filename (keys, "ed25519-1.pem", NULL);
  g_autoptr (TocsinIdentity) anew = NULL;
  g_autoptr (TocsinIdentity) again = NULL;
  g_autoptr (GError) error = NULL;
  const TocsinActorDocument *next;

  g_assert_cmpint (g_unlink (one), ==, 0);
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "*is not in*a new one*");
  anew = reopen_knowing (world, 3);
  g_test_assert_expected_messages ();
  assert_key_id (anew, 1, "#ed25519-4");
  g_assert_cmpuint (tocsin_identity_get_last_key (anew), ==, 4);
  /* It is found again, behind a gap and by a store that does not know; what is newer was somewhere
   * else. */
  again = reopen (world);
  assert_key_id (again, 1, "#ed25519-4");
  g_clear_pointer (&again, tocsin_identity_free);
  again = reopen_knowing (world, 6);
  assert_key_id (again, 1, "#ed25519-4");
  next = tocsin_identity_rotate_prepare (again, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  g_assert_true (
      g_str_has_suffix (((const TocsinActorKey *) next->keys->pdata[1])->id, "#ed25519-7"));
  g_assert_true (tocsin_identity_rotate_commit (again, &error));
  assert_key_id (again, 1, "#ed25519-7");
  assert_key_id (again, 2, "#ed25519-4");
}

/* What a rotation announced before it was interrupted is what the next one puts in use, also where
 * the store had been told its number; and if the old key is lost, at once. */
static void
test_announced (World *world, gconstpointer data)
{
  g_autofree char *keys = g_build_filename (world->node->f.dir, "keys", NULL);
  g_autofree char *one = g_build_filename (keys, "ed25519-1.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *announced = NULL;
  g_autoptr (TocsinIdentity) again = reopen (world);
  g_autoptr (TocsinIdentity) knowing = NULL;
  g_autoptr (TocsinIdentity) lost = NULL;
  const TocsinActorDocument *next =
      tocsin_identity_rotate_prepare (again, tocsin_time_now_us (), &error);

  g_assert_no_error (error);
  g_assert_cmpuint (tocsin_identity_get_last_key (again), ==, 2);
  announced = g_strdup (((const TocsinActorKey *) next->keys->pdata[1])->multibase);
  knowing = reopen_knowing (world, 2);
  assert_key_id (knowing, 1, "#ed25519-1");
  next = tocsin_identity_rotate_prepare (knowing, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  g_assert_cmpstr (((const TocsinActorKey *) next->keys->pdata[1])->multibase, ==, announced);
  tocsin_identity_rotate_abort (knowing);
  g_assert_cmpint (g_unlink (one), ==, 0);
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "*is not in*a new one*");
  lost = reopen_knowing (world, 2);
  g_test_assert_expected_messages ();
  assert_key_id (lost, 1, "#ed25519-2");
  g_assert_cmpstr (
      ((const TocsinActorKey *) tocsin_identity_get_document (lost)->keys->pdata[1])->multibase, ==,
      announced);
}

/* The node died between putting the new key in place and retiring the old one. */
static void
test_crash (World *world, gconstpointer data)
{
  g_autofree char *keys = g_build_filename (world->node->f.dir, "keys", NULL);
  g_autofree char *one = g_build_filename (keys, "ed25519-1.pem", NULL);
  g_autofree char *retired = g_build_filename (keys, "ed25519-1.retired", NULL);
  g_autofree char *text = NULL;
  g_autofree char *old = g_strdup (key_at (world, 0)->multibase);
  g_autofree char *fingerprint = NULL;
  g_autoptr (TocsinIdentity) again = NULL;
  const TocsinActorDocument *document;
  const TocsinActorKey *expired = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (one, &text, &size, NULL));
  fingerprint = rotate (world);
  g_assert_false (g_file_test (one, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_set_contents (one, text, (gssize) size, NULL));
  g_assert_cmpint (g_chmod (one, 0600), ==, 0);
  g_assert_cmpint (g_unlink (retired), ==, 0);

  again = reopen (world);
  {
    g_autofree char *in_use = tocsin_identity_fingerprint (again);

    g_assert_cmpstr (in_use, ==, fingerprint);
  }
  g_assert_false (g_file_test (one, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (retired, G_FILE_TEST_EXISTS));
  document = tocsin_identity_get_document (again);
  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (g_strcmp0 (key->multibase, old) == 0)
        expired = key;
    }
  if (expired == NULL)
    g_error ("The old key is not in the document");
  g_assert_cmpint (expired->expires_us, >, tocsin_time_now_us ());
}

/* As many as peers read; then none before the oldest is of no use any more. */
static void
test_many (World *world, gconstpointer data)
{
  g_autoptr (TocsinIdentity) many = reopen (world);
  g_autoptr (TocsinActorDocument) read = NULL;
  gint64 now_us = tocsin_time_now_us ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 31; i++)
    {
      g_assert_nonnull (tocsin_identity_rotate_prepare (many, now_us, &error));
      g_assert_true (tocsin_identity_rotate_commit (many, &error));
      g_assert_no_error (error);
    }
  assert_key_id (many, 1, "#ed25519-32");
  assert_key_id (many, 32, "#ed25519-1");
  read = tocsin_actor_document_parse (tocsin_identity_get_document_bytes (many), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (read->keys->len, ==, 33);
  g_assert_null (tocsin_identity_rotate_prepare (many, now_us, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  g_clear_error (&error);

  g_assert_nonnull (tocsin_identity_rotate_prepare (many, now_us + 1200 * TOCSIN_DAY_US, &error));
  g_assert_true (tocsin_identity_rotate_commit (many, &error));
  g_assert_no_error (error);
  assert_key_id (many, 1, "#ed25519-33");
  assert_key_id (many, 32, "#ed25519-2");
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (World *world, gconstpointer data);
    gboolean data;
  } tests[] = {
    { "/rotation/update", test_update, 0 },
    { "/rotation/lost", test_lost, 0 },
    { "/rotation/announced", test_announced, 0 },
    { "/rotation/seen-by-peer/proven", test_seen_by_peer, TRUE },
    { "/rotation/seen-by-peer/unproven", test_seen_by_peer, FALSE },
    { "/rotation/twice-at-once", test_twice_at_once, 0 },
    { "/rotation/not-stored", test_not_stored, 0 },
    { "/rotation/not-put-in-place", test_not_put_in_place, 0 },
    { "/rotation/not-retired", test_not_retired, 0 },
    { "/rotation/crash", test_crash, 0 },
    { "/rotation/many", test_many, 0 },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, World, GINT_TO_POINTER (tests[i].data), world_set_up, tests[i].test,
                world_tear_down);
  return g_test_run ();
}
