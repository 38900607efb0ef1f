/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/activity-build.h"
#include "codec/key.h"
#include "codec/proof.h"
#include "fed/peers-view.h"
#include "fed/peers.h"
#include "fed/pinning.h"
#include "peer-world.h"
#include "store/table-audit.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-trust.h"

/* Returns -1, or the code of the error. */
static int
follow (World *world, const char *text, int any, TocsinFollowed **out)
{
  gint8 weights[TOCSIN_N_AREAS] = { (gint8) any, -1, -1, -1 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFollowed) followed = NULL;

  tocsin_peers_follow_async (world->node->fed, text, weights, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  followed = tocsin_peers_follow_finish (result, &error);
  if (out != NULL)
    *out = g_steal_pointer (&followed);
  return code_of (error);
}

static int
act (World *world, const char *actor, TocsinPeerAction action)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_act_async (world->node->fed, actor, action, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_peers_act_finish (result, &error) == (error == NULL));
  return code_of (error);
}

static int
trust (World *world, const char *actor, TocsinArea area, int weight, int private_trust)
{
  const TocsinPeerTrust wanted = {
    .area = area, .weight = weight, .full = -1, .private_trust = private_trust
  };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_trust_async (world->node->fed, actor, &wanted, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_peers_trust_finish (result, &error) == (error == NULL));
  return code_of (error);
}

static int
confirm (World *world, const char *actor, const char *fingerprint)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_confirm_key_async (world->node->fed, actor, fingerprint, "tester", on_result,
                                  &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_peers_confirm_key_finish (result, &error) == (error == NULL));
  return code_of (error);
}

/* ---- what is in the store ---- */

static TocsinReading *
read_store (World *world)
{
  return tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));
}

static guint32
number_of (World *world, const char *actor)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  guint32 number;

  g_assert_true (tocsin_actors_find (txn, actor, &number));
  return number;
}

static void
peer_of (World *world, const char *actor, TocsinPeerRecord *out)
{
  get_peer (world->node, number_of (world, actor), out);
}

typedef struct
{
  guint32 actor;
  GString *text;
} Listing;

static gboolean
list_message (const TocsinOutboxRecord *record, gpointer data)
{
  Listing *listing = data;
  g_autoptr (TocsinActivity) activity = NULL;

  if (record->audience != listing->actor || record->activity == NULL)
    return TRUE;
  activity = tocsin_activity_parse (record->activity, NULL);
  g_assert_nonnull (activity);
  g_string_append_printf (listing->text, "%s ", activity->type);
  return TRUE;
}

/* The types of what is or was queued for @audience, in order. */
static void
assert_sent (World *world, guint32 audience, const char *expected)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_autoptr (GString) text = g_string_new (NULL);
  Listing listing = { audience, text };

  tocsin_outbox_foreach (txn, 0, list_message, &listing);
  g_assert_cmpstr (text->str, ==, expected);
}

static guint8
stated (World *world, const char *actor, TocsinArea area, char **id)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_auto (TocsinTrustRecord) record = { 0 };
  guint32 number;

  if (!tocsin_actors_find (txn, actor, &number) ||
      !tocsin_trust_get (txn, TOCSIN_ACTOR_LOCAL, number, area, &record))
    return 0;
  g_assert_true (record.live);
  if (id != NULL)
    {
      g_free (*id);
      *id = g_strdup (record.id);
    }
  return record.weight;
}

static gboolean
take_first (const TocsinAuditRecord *record, gpointer data)
{
  *(char **) data = g_strdup_printf ("%s %s %s", record->who, record->action, record->object);
  return FALSE;
}

static void
assert_audit (World *world, const char *action, const char *actor)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_autofree char *newest = NULL;
  g_autofree char *expected = g_strdup_printf ("tester %s %s", action, actor);

  tocsin_audit_foreach (txn, 0, TRUE, take_first, &newest);
  g_assert_cmpstr (newest, ==, expected);
}

typedef struct
{
  guint32 actor;
  void (*change) (TocsinPeerRecord *peer);
} Edit;

static gboolean
write_edit (TocsinTxn *txn, gpointer data, GError **error)
{
  const Edit *wanted = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, wanted->actor, &peer);
  wanted->change (&peer);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

static void
edit (World *world, const char *actor, void (*change) (TocsinPeerRecord *peer))
{
  Edit data = { number_of (world, actor), change };

  write_ok (&world->node->f, write_edit, &data);
}

static void
make_accepted (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_ACCEPTED;
}

static void
make_rejected (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_REJECTED;
}

static void
make_pending (TocsinPeerRecord *peer)
{
  peer->follower = TOCSIN_FOLLOWER_PENDING;
  g_free (peer->follower_follow_id);
  peer->follower_follow_id = g_strdup ("https://x.example/follow");
}

static void
make_guest (TocsinPeerRecord *peer)
{
  make_pending (peer);
  peer->follower = TOCSIN_FOLLOWER_GUEST;
}

static gboolean
write_intern (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_actors_intern (txn, data, T0);
  return TRUE;
}

/* ---- follow ---- */

static TocsinPublicKey *
our_key (World *world)
{
  const TocsinActorDocument *document = tocsin_identity_get_document (world->node->fed->identity);

  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      if (key->multibase != NULL)
        return tocsin_public_key_from_multikey (key->multibase, NULL);
    }
  g_assert_not_reached ();
}

static gboolean
check_statement (const TocsinOutboxRecord *record, gpointer data)
{
  World *world = data;
  g_autoptr (TocsinActivity) activity = NULL;
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (TocsinPublicKey) key = our_key (world);
  g_autoptr (GError) error = NULL;
  TocsinProofState state;

  if (record->kind != TOCSIN_OUTBOX_ADD)
    return TRUE;
  g_assert_cmpint (record->sharing, ==, TOCSIN_SHARING_GREEN);
  activity = tocsin_activity_parse (record->activity, &error);
  g_assert_no_error (error);
  g_assert_cmpint (activity->object_kind, ==, TOCSIN_OBJECT_TRUST);
  g_assert_cmpuint (activity->statement.weight, ==, 50);
  tocsin_proof_inspect (tocsin_activity_root (activity), tocsin_time_now_us (), &state, &proof,
                        &error);
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, TOCSIN_PROOF_CANDIDATE);
  tocsin_proof_verify (proof, key, &error);
  g_assert_no_error (error);
  world->seen_statement = TRUE;
  return FALSE;
}

static char *
new_multikey (char **fingerprint)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);

  if (fingerprint != NULL)
    *fingerprint = tocsin_public_key_fingerprint (tocsin_private_key_public (key));
  return tocsin_public_key_to_multikey (tocsin_private_key_public (key));
}

static void
set_key (World *world, const char *name, char *multikey)
{
  char **keys = g_new0 (char *, 2);

  keys[0] = multikey;
  g_hash_table_replace (world->keys, (gpointer) name, keys);
}

static void
test_follow (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_autofree char *fingerprint = NULL;
  g_autofree char *first_id = NULL;
  TocsinFollowed *followed = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  set_key (world, "one", new_multikey (&fingerprint));
  g_assert_cmpint (follow (world, actor, -1, &followed), ==, -1);
  g_assert_cmpstr (followed->actor, ==, actor);
  g_assert_cmpint (followed->following, ==, TOCSIN_FOLLOWING_PENDING);
  g_assert_cmpuint (g_strv_length (followed->fingerprints), ==, 1);
  g_assert_cmpstr (followed->fingerprints[0], ==, fingerprint);
  tocsin_followed_free (followed);

  number = number_of (world, actor);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_PENDING);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, 50);
  first_id = g_strdup (peer.follow_id);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, NULL), ==, 50);
  assert_audit (world, "peer.follow", actor);
  assert_sent (world, number, "Follow ");
  {
    g_autoptr (TocsinReading) txn = read_store (world);

    tocsin_outbox_foreach (txn, 0, check_statement, world);
    g_assert_true (world->seen_statement);
  }

  /* Not answered: the same once more. Rejected: another. Accepted: the weight alone. */
  g_assert_cmpint (follow (world, actor, -1, NULL), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_cmpstr (peer.follow_id, ==, first_id);
  edit (world, actor, make_rejected);
  g_assert_cmpint (follow (world, actor, -1, NULL), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_PENDING);
  g_assert_cmpstr (peer.follow_id, !=, first_id);
  edit (world, actor, make_accepted);
  g_clear_pointer (&first_id, g_free);
  first_id = g_strdup (peer.follow_id);
  g_assert_cmpint (follow (world, actor, 70, &followed), ==, -1);
  g_assert_cmpint (followed->following, ==, TOCSIN_FOLLOWING_ACCEPTED);
  tocsin_followed_free (followed);
  peer_of (world, actor, &peer);
  g_assert_cmpstr (peer.follow_id, ==, first_id);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, 70);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, NULL), ==, 70);
}

static void
test_follow_by_address (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "two");
  const char *host = world->base + strlen ("http://");
  g_autofree char *address = g_strdup_printf ("@two@%s", host);
  g_autofree char *plain = g_strdup_printf ("acct:two@%s", host);
  g_auto (TocsinActorRecord) record = { 0 };
  g_autofree char *found = NULL;
  g_autofree char *by_host = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_peers_lookup (world->node->fed, plain, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_cmpint (follow (world, address, 40, NULL), ==, -1);
  {
    g_autoptr (TocsinReading) txn = read_store (world);

    g_assert_true (tocsin_actors_get (txn, number_of (world, actor), &record));
    g_assert_nonnull (record.acct);
    g_assert_cmpstr (record.acct, ==, plain + strlen ("acct:"));
  }
  found = tocsin_peers_lookup (world->node->fed, plain, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, actor);
  by_host = tocsin_peers_lookup (world->node->fed, host, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (by_host, ==, actor);
}

static void
test_follow_refused (World *world, gconstpointer data)
{
  g_autofree char *nobody = actor_named (world, "nobody");
  g_autofree char *mute = actor_named (world, "mute");
  g_autofree char *blocked = actor_named (world, "blocked");
  g_autofree char *own = g_strconcat (world->node->base, "/actor", NULL);
  g_autoptr (TocsinReading) txn = NULL;
  guint32 number;

  world->no_inbox = "mute";
  g_assert_cmpint (follow (world, nobody, 50, NULL), ==, TOCSIN_ERROR_UNREACHABLE);
  g_assert_cmpint (follow (world, mute, 50, NULL), ==, TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpint (follow (world, own, 50, NULL), ==, TOCSIN_ERROR_CONFLICT);
  g_assert_cmpint (follow (world, "no address/", 50, NULL), ==, TOCSIN_ERROR_INVALID);
  g_assert_cmpint (follow (world, blocked, 0, NULL), ==, TOCSIN_ERROR_INVALID);
  g_assert_cmpint (follow (world, blocked, 101, NULL), ==, TOCSIN_ERROR_INVALID);
  g_assert_cmpint (act (world, blocked, TOCSIN_PEER_BLOCK), ==, -1);
  g_assert_cmpint (follow (world, blocked, 50, NULL), ==, TOCSIN_ERROR_CONFLICT);
  txn = read_store (world);
  g_assert_false (tocsin_actors_find (txn, nobody, &number));
  g_assert_false (tocsin_actors_find (txn, mute, &number));
}

/* ---- trust ---- */

static void
test_trust (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_autofree char *unknown = actor_named (world, "unknown");
  g_autofree char *id = NULL;
  g_autofree char *again = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_ANY, 60, -1), ==, TOCSIN_ERROR_NOT_FOUND);
  g_assert_cmpint (follow (world, actor, 50, NULL), ==, -1);
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_ANY, 101, -1), ==, TOCSIN_ERROR_INVALID);
  stated (world, actor, TOCSIN_AREA_ANY, &id);
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_ANY, 60, -1), ==, -1);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, &again), ==, 60);
  g_assert_cmpstr (id, ==, again);
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_SPAM, 90, -1), ==, -1);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_SPAM, NULL), ==, 90);
  assert_audit (world, "peer.trust", actor);
  /* Distrust stays at home, and takes back what was said. */
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_ANY, 0, -1), ==, -1);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, NULL), ==, 0);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, 0);
  /* … in every area. */
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_SPAM, NULL), ==, 0);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_SPAM], ==, -1);
  g_assert_false (peer.full);
  assert_sent (world, TOCSIN_AUDIENCE_FOLLOWERS, "Remove Remove ");
  /* Trust in one area alone is said after it. */
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_SPAM, 90, -1), ==, -1);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_SPAM, NULL), ==, 90);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, NULL), ==, 0);
  /* Private: nothing is to be read any more; public again: a new statement. */
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_ABUSE, 10, TRUE), ==, -1);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ABUSE, NULL), ==, 0);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_SPAM, NULL), ==, 0);
  g_assert_cmpint (trust (world, actor, TOCSIN_AREA_ANY, -1, FALSE), ==, -1);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ABUSE, NULL), ==, 10);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_SPAM, NULL), ==, 90);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, -1);
  /* Distrust needs no relation. */
  g_assert_cmpint (trust (world, unknown, TOCSIN_AREA_ANY, 0, -1), ==, -1);
  peer_of (world, unknown, &peer);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, 0);
  g_assert_cmpint (trust (world, unknown, TOCSIN_AREA_ANY, 10, -1), ==, TOCSIN_ERROR_CONFLICT);
}

/* ---- answers ---- */

static void
test_unfollow (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_cmpint (act (world, actor, TOCSIN_PEER_UNFOLLOW), ==, TOCSIN_ERROR_NOT_FOUND);
  g_assert_cmpint (follow (world, actor, 50, NULL), ==, -1);
  WAIT_FOR (world->node->fed->stats.delivered == 1);
  edit (world, actor, make_accepted);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_UNFOLLOW), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_NONE);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, -1);
  g_assert_null (peer.follow_id);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, NULL), ==, 0);
  assert_sent (world, number_of (world, actor), "Follow Undo ");
  assert_sent (world, TOCSIN_AUDIENCE_FOLLOWERS, "Remove ");
  assert_audit (world, "peer.unfollow", actor);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_UNFOLLOW), ==, TOCSIN_ERROR_CONFLICT);
}

static void
test_followers (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  write_ok (&world->node->f, write_intern, actor);
  number = number_of (world, actor);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_ACCEPT), ==, TOCSIN_ERROR_NOT_FOUND);
  edit (world, actor, make_pending);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_ACCEPT), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_READER);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_ACCEPT), ==, -1);
  assert_sent (world, number, "Accept ");
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_REJECT), ==, -1);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_REJECT), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_REJECTED);
  assert_sent (world, number, "Accept Reject ");
  /* A guest had its Accept. */
  edit (world, actor, make_guest);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_ACCEPT), ==, -1);
  assert_sent (world, number, "Accept Reject ");
  assert_audit (world, "peer.accept", actor);
}

static void
test_block (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_autofree char *stranger = actor_named (world, "stranger");
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_cmpint (follow (world, actor, 50, NULL), ==, -1);
  WAIT_FOR (world->node->fed->stats.delivered == 1);
  edit (world, actor, make_accepted);
  edit (world, actor, make_guest);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_UNBLOCK), ==, TOCSIN_ERROR_CONFLICT);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_BLOCK), ==, -1);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_BLOCK), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_true (peer.blocked);
  g_assert_cmpint (peer.following, ==, TOCSIN_FOLLOWING_NONE);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_NONE);
  g_assert_cmpuint (stated (world, actor, TOCSIN_AREA_ANY, NULL), ==, 0);
  WAIT_FOR (world->node->fed->stats.delivered == 2);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_UNBLOCK), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_false (peer.blocked);
  assert_sent (world, number_of (world, actor), "Follow Block Undo ");
  /* Nobody that we ever met. */
  g_assert_cmpint (act (world, stranger, TOCSIN_PEER_BLOCK), ==, -1);
  peer_of (world, stranger, &peer);
  g_assert_true (peer.blocked);
  assert_sent (world, number_of (world, stranger), "");
}

static void
make_broken (TocsinPeerRecord *peer)
{
  gint64 now_us = tocsin_time_now_us ();

  peer->outbound.failures = 7;
  peer->outbound.open_until_us = now_us + TOCSIN_HOUR_US;
  peer->outbound.first_failure_us = peer->first_failure_us = now_us;
  peer->away = TRUE;
  peer->inbound_open_until_us = now_us + TOCSIN_DAY_US;
}

static void
test_reset (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinPeerView) view = { 0 };

  g_assert_cmpint (follow (world, actor, 50, NULL), ==, -1);
  WAIT_FOR (world->node->fed->stats.delivered == 1);
  edit (world, actor, make_broken);
  g_assert_cmpint (act (world, actor, TOCSIN_PEER_RESET), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_cmpuint (peer.outbound.failures, ==, 0);
  g_assert_false (peer.away);
  {
    g_autoptr (TocsinReading) txn = read_store (world);

    tocsin_peers_describe (txn, &peer, tocsin_time_now_us (), &view);
  }
  g_assert_cmpstr (view.breaker, ==, "closed");
  g_assert_cmpstr (view.inbound, ==, "closed");
  g_assert_cmpstr (view.relation, ==, "follow pending");
  g_assert_cmpstr (view.actor, ==, actor);
}

/* ---- keys ---- */

typedef struct
{
  guint32 actor;
  const char *uri;
  const char *old;
  TocsinPrivateKey *keys[3]; /* (owned) (nullable) which prove the reports */
  guint64 reports[3];        /* out */
} Held;

static GBytes *
proven_by (const TocsinPrivateKey *key)
{
  static const char text[] = "{\"type\":\"Like\",\"actor\":\"https://z.example/actor\"}";
  g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (bytes, NULL);
  JsonObject *root = tocsin_activity_root (activity);

  if (key == NULL)
    return NULL;
  g_assert_true (tocsin_proof_add (root, key, "https://z.example/actor#1", T0, NULL));
  return tocsin_activity_to_bytes (root, NULL);
}

static void
put_held_report (TocsinTxn *txn, Held *held, guint i)
{
  g_auto (TocsinReportRecord) report = { 0 };

  report.actor = report.via = held->actor;
  report.state = TOCSIN_STATE_HELD;
  report.hold = TOCSIN_HOLD_KEY;
  report.category = 1;
  report.subject_type = report.key_type = TOCSIN_SUBJECT_IP;
  report.confidence = 100;
  report.id = g_strdup_printf ("%s/r%u", held->uri, i);
  report.activity = proven_by (held->keys[i]);
  report.end_us = report.evidence_end_us = tocsin_time_now_us () + TOCSIN_DAY_US;
  tocsin_reports_put (txn, &report, T0);
  held->reports[i] = report.number;
}

static gboolean
write_held (TocsinTxn *txn, gpointer data, GError **error)
{
  Held *held = data;
  g_auto (TocsinPeerRecord) peer = { 0 };
  const TocsinPeerKey key = { .id = g_strdup_printf ("%s#old", held->uri),
                              .multibase = g_strdup (held->old),
                              .confirmed = TRUE };
  TocsinTrustRecord statement = {
    .truster = held->actor,
    .trustee = tocsin_actors_intern (txn, "https://z.example/actor", T0),
    .weight = 80,
    .held = TRUE,
    .id = (char *) "https://z.example/trust/1",
  };

  tocsin_peers_get (txn, held->actor, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.keys = tocsin_peer_keys_new ();
  g_array_append_val (peer.keys, key);
  tocsin_pinning_hold (txn, &peer, T0);
  tocsin_peers_put (txn, &peer);
  tocsin_trust_put (txn, &statement);
  for (guint i = 0; i < G_N_ELEMENTS (held->reports); i++)
    put_held_report (txn, held, i);
  return TRUE;
}

static void
test_confirm_key (World *world, gconstpointer data)
{
  g_autofree char *actor = actor_named (world, "one");
  g_autofree char *old = new_multikey (NULL);
  g_autofree char *fingerprint = NULL;
  g_autofree char *upper = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinPeerView) view = { 0 };
  Held held = { .uri = actor, .old = old };
  guint64 line;

  /* The first is not proven, the second by the right key, the third by one that somebody else had
   * put into the peer's document. */
  for (guint i = 1; i < G_N_ELEMENTS (held.keys); i++)
    held.keys[i] = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  fingerprint = tocsin_public_key_fingerprint (tocsin_private_key_public (held.keys[1]));
  set_key (world, "one", tocsin_public_key_to_multikey (tocsin_private_key_public (held.keys[1])));
  g_assert_cmpint (confirm (world, actor, fingerprint), ==, TOCSIN_ERROR_NOT_FOUND);
  g_assert_cmpint (follow (world, actor, 50, NULL), ==, -1);
  held.actor = number_of (world, actor);
  write_ok (&world->node->f, write_held, &held);
  g_assert_cmpint (confirm (world, actor, "SHA256:0000"), ==, TOCSIN_ERROR_UNPROCESSABLE);
  peer_of (world, actor, &peer);
  g_assert_true (peer.key_hold);

  upper = g_ascii_strup (fingerprint, -1);
  g_assert_cmpint (confirm (world, actor, upper), ==, -1);
  peer_of (world, actor, &peer);
  g_assert_false (peer.key_hold);
  {
    g_autoptr (TocsinReading) txn = read_store (world);
    g_auto (TocsinTrustRecord) statement = { 0 };

    g_assert_false (tocsin_review_find_open (txn, TOCSIN_REVIEW_KEY_CHANGE, held.actor, 0, &line));
    for (guint i = 0; i < G_N_ELEMENTS (held.reports); i++)
      {
        g_auto (TocsinReportRecord) report = { 0 };

        g_assert_true (tocsin_reports_get (txn, held.reports[i], &report));
        g_assert_cmpint (report.state, ==, i == 2 ? TOCSIN_STATE_HELD : TOCSIN_STATE_LIVE);
        g_clear_pointer (&held.keys[i], tocsin_private_key_free);
      }
    g_assert_true (tocsin_trust_find (txn, held.actor, "https://z.example/trust/1", &statement));
    g_assert_true (statement.live);
    tocsin_peers_describe (txn, &peer, tocsin_time_now_us (), &view);
  }
  g_assert_cmpuint (view.fingerprints->len, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      const TocsinPeerFingerprint *print = g_ptr_array_index (view.fingerprints, i);

      g_assert_true (print->pinned);
      g_assert_true (print->current == g_str_equal (print->fingerprint, fingerprint));
    }
  assert_audit (world, "peer.confirm-key", actor);
}

/* ---- suggestions ---- */

static gboolean
write_statements (TocsinTxn *txn, gpointer data, GError **error)
{
  static const struct
  {
    guint truster;
    guint trustee;
  } said[] = { { 0, 2 }, { 1, 2 }, { 0, 3 }, { 0, 1 } };
  guint32 *numbers = data;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://n%u.example/actor", i);

      numbers[i] = tocsin_actors_intern (txn, uri, T0);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peers_get (txn, numbers[i], &peer);
      peer.following = TOCSIN_FOLLOWING_ACCEPTED;
      peer.weights[TOCSIN_AREA_ANY] = 50;
      tocsin_peers_put (txn, &peer);
    }
  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    {
      g_autofree char *id = g_strdup_printf ("https://n%u.example/trust/%u", said[i].truster, i);
      TocsinTrustRecord record = {
        .truster = numbers[said[i].truster],
        .trustee = numbers[said[i].trustee],
        .weight = 50,
        .live = TRUE,
        .id = id,
      };

      tocsin_trust_put (txn, &record);
    }
  return TRUE;
}

static void
test_suggest (World *world, gconstpointer data)
{
  guint32 numbers[4];
  g_autoptr (TocsinTrustSnapshot) snapshot = NULL;
  g_autoptr (GPtrArray) suggestions = NULL;
  const TocsinPeerSuggestion *best;

  write_ok (&world->node->f, write_statements, numbers);
  {
    const TocsinTrustPeer peers[] = { { numbers[0], TOCSIN_AREA_ANY, 0.5, FALSE },
                                      { numbers[1], TOCSIN_AREA_ANY, 0.5, FALSE } };
    const TocsinGraphStatement statements[] = {
      { numbers[0], numbers[2], 500000000, TOCSIN_AREA_ANY },
      { numbers[1], numbers[2], 500000000, TOCSIN_AREA_ANY },
      { numbers[0], numbers[3], 500000000, TOCSIN_AREA_ANY },
    };
    const TocsinTrustInput input = { statements, G_N_ELEMENTS (statements), peers, 2 };

    snapshot = tocsin_trust_snapshot_new (&input, 1, 1);
  }
  tocsin_federation_set_trust (world->node->fed, snapshot);
  suggestions = tocsin_peers_suggest (world->node->fed, 10);
  g_assert_cmpuint (suggestions->len, ==, 2);
  best = g_ptr_array_index (suggestions, 0);
  g_assert_cmpstr (best->actor, ==, "https://n2.example/actor");
  g_assert_cmpuint (best->trusted_by->len, ==, 2);
  g_assert_cmpfloat (best->rank, >, 0);
  g_ptr_array_unref (g_steal_pointer (&suggestions));
  suggestions = tocsin_peers_suggest (world->node->fed, 1);
  g_assert_cmpuint (suggestions->len, ==, 1);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (World *world, gconstpointer data);
  } tests[] = {
    { "/peers/follow/url", test_follow },
    { "/peers/follow/address", test_follow_by_address },
    { "/peers/follow/refused", test_follow_refused },
    { "/peers/trust", test_trust },
    { "/peers/unfollow", test_unfollow },
    { "/peers/followers", test_followers },
    { "/peers/block", test_block },
    { "/peers/reset", test_reset },
    { "/peers/confirm-key", test_confirm_key },
    { "/peers/suggest", test_suggest },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, World, NULL, world_set_up, tests[i].test, world_tear_down);
  return g_test_run ();
}
