/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Catching up (docs/wire): reading from 0 what was read before, and for whose keys. */
#include "codec/activity-build.h"
#include "core/bucket.h"
#include "fed/peers.h"
#include "key-forms.h"
#include "store/table-actors.h"
#include "sync-case.h"

/* The page that is read again first has what is new as well: a change of keys in it is no old one.
 */
static void
test_straddled (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  start (TOCSIN_FOLLOWER_READER);
  publish_green (2);
  read_ok (FALSE);
  rotate (&peer);
  publish_green (1);
  g_assert_false (read_ok (TRUE).again);
  g_assert_cmpuint (live (), ==, 3);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);
  publish_green (1);
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 4);
  get_peer (&record);
  g_assert_false (record.key_hold);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_KEY_CHANGE).lines, ==, 0);
  stop ();
}

static gboolean
write_document (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_pinning_save_actor (txn, data, tocsin_time_now_us ());
  return TRUE;
}

/* What its key proved that it lists for requests alone counts for nothing, until it lists it. */
static void
test_requests_key (void)
{
  const TocsinActorDocument *own;
  const TocsinActorKey *key;
  g_autoptr (TocsinActorDocument) document = NULL;
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (GError) error = NULL;

  start (TOCSIN_FOLLOWER_READER);
  publish_green (2);
  own = tocsin_identity_get_document (peer.fed->identity);
  key = g_ptr_array_index (own->keys, own->keys->len - 1);
  g_assert_nonnull (key->multibase);
  shown = document_for_requests (own, key->id);
  document = tocsin_actor_document_parse (shown, &error);
  g_assert_no_error (error);
  write_ok (&us.files, write_document, document);
  tocsin_keyring_forget (us.fed->keyring, own->id);
  public_node_turn (&peer, shown);
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 0);
  public_node_turn (&peer, tocsin_identity_get_document_bytes (peer.fed->identity));
  read_ok (TRUE);
  g_assert_cmpuint (live (), ==, 2);
  stop ();
}

/* More pages than one, before and after: all of it is read. */
static void
test_pages (void)
{
  start (TOCSIN_FOLLOWER_READER);
  publish_green (60);
  set_cursor (0);
  read_ok (FALSE);
  publish_green (60);
  set_cursor (118);
  g_assert_true (read_ok (FALSE).again);
  g_assert_cmpuint (live (), ==, 62);
  publish_green (2);
  g_assert_false (read_ok (TRUE).again);
  g_assert_cmpuint (live (), ==, 122);
  assert_sync (TOCSIN_SYNC_MATCHES, 122);
  stop ();
}

static gint64
reread_us (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  get_peer (&record);
  return record.reread_us;
}

/* What is wanted is wanted after a restart too, until it was read. */
static void
test_restarted (void)
{
  start (TOCSIN_FOLLOWER_READER);
  us.fed->time_scale = 1000;
  publish_green (1);
  read_ok (FALSE);
  tocsin_sync_start (us.fed->sync);
  tocsin_sync_want_reread (us.fed->sync, peer_number);
  tocsin_sync_stop (us.fed->sync);
  WAIT_FOR (reread_us () < 0);
  tocsin_sync_start (us.fed->sync);
  WAIT_FOR (reread_us () > 1);

  /* Not at once: there was one today. */
  tocsin_sync_want_reread (us.fed->sync, peer_number);
  WAIT_FOR (reread_us () < -1);
  tocsin_sync_stop (us.fed->sync);
  stop ();
}

static gboolean
write_held (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.reread_us = *(const gint64 *) data;
  tocsin_pinning_hold (txn, &record, tocsin_time_now_us ());
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static gint64
done_us (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  get_peer (&record);
  return record.key_hold ? 0 : record.sync_done_us;
}

static gboolean
write_nothing (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  return tocsin_txn_check (txn, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  gboolean *done = data;

  *done = TRUE;
}

/* Nor is it that a hold has ended which the peer itself can begin and end. */
static void
test_lifted (void)
{
  gint64 today_us = tocsin_time_now_us ();
  gint64 before_us;
  gboolean done = FALSE;

  start (TOCSIN_FOLLOWER_READER);
  publish_green (1);
  read_ok (FALSE);
  write_ok (&us.files, write_held, &today_us);
  rotate (&peer);
  tocsin_sync_start (us.fed->sync);
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  WAIT_FOR (done_us () != 0 && tocsin_sync_is_idle (us.fed->sync));
  before_us = done_us ();
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  WAIT_FOR (done_us () > before_us && tocsin_sync_is_idle (us.fed->sync));
  tocsin_writer_submit_async (us.writer, write_nothing, NULL, NULL, NULL, on_written, &done);
  WAIT_FOR (done);
  g_assert_cmpint (reread_us (), ==, -today_us);
  tocsin_sync_stop (us.fed->sync);
  stop ();
}

static gboolean
write_accepted (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  g_assert_true (tocsin_peers_get (txn, peer_number, &record));
  g_assert_cmpint (record.following, ==, TOCSIN_FOLLOWING_NONE);
  record.following = TOCSIN_FOLLOWING_ACCEPTED;
  record.following_since_us++;
  record.weights[TOCSIN_AREA_ANY] = 50;
  tocsin_peers_put (txn, &record);
  return tocsin_txn_check (txn, error);
}

static void
follow_again (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_act_async (us.fed, public_node_actor (&peer), TOCSIN_PEER_UNFOLLOW, "test", on_done,
                          &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_peers_act_finish (result, &error));
  g_assert_no_error (error);
  write_ok (&us.files, write_accepted, NULL);
}

/* `peer` shows `us` the head of its outbox at once, the page a second later. */
static void
show_the_head_alone (void)
{
  TocsinBucket *bucket = g_new0 (TocsinBucket, 1);

  peer.fed->peer_requests_per_minute = 3;
  tocsin_bucket_init (bucket, 60, 1, tocsin_time_now_us ());
  g_assert_true (tocsin_bucket_take (bucket, 59, tocsin_time_now_us ()));
  g_hash_table_insert (peer.fed->signer_rates, g_strdup (public_node_actor (&us)), bucket);
}

/* Unfollowed and followed again while it is read: what the reading brings is of before, and what
 * there is comes as one batch all the same. */
static void
test_followed_again (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TocsinReadResult out = { 0 };

  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  show_the_head_alone ();
  tocsin_sync_read_async (us.fed, peer_number, FALSE, NULL, on_done, &result);
  WAIT_FOR (catch_up_state () == TOCSIN_CATCH_UP_READING);
  follow_again ();
  WAIT_FOR (result != NULL);
  g_assert_false (tocsin_sync_read_finish (result, &out, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_A_PEER);
  g_assert_cmpuint (live (), ==, 0);
  get_peer (&record);
  g_assert_cmpuint (record.first_batch, ==, 0);
  g_assert_cmpuint (record.sync_sequence, ==, 0);
  g_assert_cmpint (record.sync_due_us, ==, 0);

  peer.fed->peer_requests_per_minute = 1000;
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 3);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_BATCH).lines, ==, 1);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_BATCH).count, ==, 3);
  stop ();
}

static gboolean
has_failed (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinCatchUpRecord) record = { 0 };

  return tocsin_catch_up_get (txn, peer_number, &record) && record.error != NULL;
}

/* The new relation is read at once, and nothing is held against the peer. */
static void
test_read_again (void)
{
  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  show_the_head_alone ();
  tocsin_sync_start (us.fed->sync);
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  WAIT_FOR (catch_up_state () == TOCSIN_CATCH_UP_READING);
  follow_again ();
  peer.fed->peer_requests_per_minute = 1000;
  WAIT_FOR (lines_of (TOCSIN_REVIEW_BATCH).count == 3);
  g_assert_false (has_failed ());
  g_assert_cmpuint (live (), ==, 3);
  tocsin_sync_stop (us.fed->sync);
  stop ();
}

/* `other` is believed by what `peer` says of it, or not yet. */
static void
believe_through (guint32 actor, gboolean states)
{
  const TocsinTrustPeer row = { .actor = peer_number, .area = TOCSIN_AREA_ANY, .weight = 1 };
  const TocsinGraphStatement statement = {
    .from = peer_number, .to = actor, .weight_ppb = TOCSIN_TRUST_WEIGHT_ONE, .area = TOCSIN_AREA_ANY
  };
  const TocsinTrustInput input = {
    .statements = &statement, .n_statements = states ? 1 : 0, .peers = &row, .n_peers = 1
  };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);

  g_assert_true (tocsin_trust_snapshot_is_believed (trust, actor) == states);
  tocsin_federation_set_trust (us.fed, trust);
}

/* One report of `peer` was read, and `other` is known and not believed. Gives its number here. */
static guint32
start_with_other (void)
{
  Befriend as_known = { .peer = &other };
  guint32 actor;

  start (TOCSIN_FOLLOWER_READER);
  public_node_start (&other);
  actor = public_node_befriend (&us, &as_known);
  us.fed->time_scale = 1000;
  publish_green (1);
  read_ok (FALSE);
  believe_through (actor, FALSE);
  return actor;
}

/* Who enters the trusted set while the node ends is read of after the next start, and once. */
static void
test_entered_while_down (void)
{
  guint32 actor = start_with_other ();
  gint64 read_us;

  tocsin_sync_start (us.fed->sync);
  tocsin_sync_stop (us.fed->sync);
  WAIT_FOR (tocsin_sync_is_idle (us.fed->sync));
  g_assert_cmpint (reread_us (), ==, 0);

  believe_through (actor, TRUE);
  g_assert_cmpint (reread_us (), ==, 0);
  tocsin_sync_start (us.fed->sync);
  WAIT_FOR (reread_us () < 0);
  WAIT_FOR (reread_us () > 1);
  read_us = reread_us ();
  tocsin_sync_stop (us.fed->sync);
  tocsin_sync_start (us.fed->sync);
  publish_green (1);
  WAIT_FOR (live () == 2);
  g_assert_cmpint (reread_us (), ==, read_us);

  /* Who left it and comes back has been silent here meanwhile. */
  believe_through (actor, FALSE);
  believe_through (actor, TRUE);
  WAIT_FOR (reread_us () < 0);
  tocsin_sync_stop (us.fed->sync);
  public_node_stop (&other);
  stop ();
}

/* Another direct peer is louder about `other` than `peer` is, from the moment it is believed on. */
static void
believe_louder (guint32 actor)
{
  const guint32 louder = 4711;
  const TocsinTrustPeer rows[] = {
    { .actor = peer_number, .area = TOCSIN_AREA_ANY, .weight = 0.5 },
    { .actor = louder, .area = TOCSIN_AREA_ANY, .weight = 1 },
  };
  const TocsinGraphStatement statements[] = {
    { peer_number, actor, TOCSIN_TRUST_WEIGHT_ONE, TOCSIN_AREA_ANY },
    { louder, actor, TOCSIN_TRUST_WEIGHT_ONE, TOCSIN_AREA_ANY },
  };
  const TocsinTrustInput input = { .statements = statements,
                                   .n_statements = G_N_ELEMENTS (statements),
                                   .peers = rows,
                                   .n_peers = G_N_ELEMENTS (rows) };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);

  g_assert_cmpuint (tocsin_trust_snapshot_branch_of (trust, actor), ==, louder);
  tocsin_federation_set_trust (us.fed, trust);
}

/* Whoever is charged for somebody, all who vouch for it may have what it said. */
static void
test_entered_by_a_louder_one (void)
{
  guint32 actor = start_with_other ();

  tocsin_sync_start (us.fed->sync);
  believe_louder (actor);
  WAIT_FOR (reread_us () != 0);
  tocsin_sync_stop (us.fed->sync);
  WAIT_FOR (tocsin_sync_is_idle (us.fed->sync));
  public_node_stop (&other);
  stop ();
}

/* ---- authors ---- */

/* `peer` has @n reports of `other` in its outbox. Gives the number of `other` here. */
static guint32
start_relayed (guint n)
{
  Befriend as_followed = { .peer = &other,
                           .following = TOCSIN_FOLLOWING_ACCEPTED,
                           .had_protocol_version = TRUE };
  Befriend as_reader = { .peer = &peer, .follower = TOCSIN_FOLLOWER_READER };
  Befriend as_known = { .peer = &other };
  g_autoptr (GError) error = NULL;
  TocsinReadResult out = { 0 };
  guint32 at_peer, both[2];

  start (TOCSIN_FOLLOWER_READER);
  public_node_start (&other);
  at_peer = public_node_befriend (&peer, &as_followed);
  public_node_befriend (&other, &as_reader);
  g_free (publish (&other, n, TOCSIN_SHARING_GREEN, FALSE));
  read_of (&peer, at_peer, FALSE, &out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (last_of_peer (), ==, n);
  both[0] = peer_number;
  both[1] = public_node_befriend (&us, &as_known);
  believe (&us, both, 2);
  return both[1];
}

typedef struct
{
  guint32 actor;
  gint64 fetched_us;
} Fetched;

static gboolean
write_fetched (TocsinTxn *txn, gpointer data, GError **error)
{
  const Fetched *fetched = data;
  g_auto (TocsinActorRecord) record = { 0 };

  g_assert_true (tocsin_actors_get (txn, fetched->actor, &record));
  record.fetched_us = fetched->fetched_us;
  tocsin_actors_put (txn, &record);
  return tocsin_txn_check (txn, error);
}

/* The document of `other` here was read so long ago; below 0, by a clock that is ahead. */
static void
make_older (guint32 actor, gint64 by_us)
{
  Fetched fetched = { actor, tocsin_time_now_us () - by_us };
  g_autofree char *uri = g_strdup (public_node_actor (&other));

  write_ok (&us.files, write_fetched, &fetched);
  tocsin_keyring_forget (us.fed->keyring, uri);
}

/* @node has had another key for so long that the one before has expired. */
static void
replace_key (PublicNode *node)
{
  g_autoptr (GError) error = NULL;

  tocsin_identity_rotate_prepare (node->fed->identity, tocsin_time_now_us () - 365 * TOCSIN_DAY_US,
                                  &error);
  g_assert_no_error (error);
  tocsin_identity_rotate_commit (node->fed->identity, &error);
  g_assert_no_error (error);
}

/* What a relay brings counts by the keys that its author has, asked for once a day. */
static void
test_dropped_key (void)
{
  static const struct
  {
    gint64 age_us;
    guint live;
  } rows[] = {
    { 23 * TOCSIN_HOUR_US, 2 },
    { 25 * TOCSIN_HOUR_US, 0 },
    { -25 * TOCSIN_HOUR_US, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint32 actor = start_relayed (2);
      guint fetches;

      replace_key (&other);
      make_older (actor, rows[i].age_us);
      fetches = tocsin_keyring_count_fetches (us.fed->keyring);
      read_ok (FALSE);
      g_assert_cmpuint (reports_here (actor, TOCSIN_STATE_LIVE), ==, rows[i].live);
      g_assert_cmpuint (tocsin_keyring_count_fetches (us.fed->keyring) - fetches, ==,
                        rows[i].live == 0 ? 1 : 0);
      public_node_stop (&other);
      stop ();
    }
}

/* An author that does not answer is believed for a week, and what came then is read again later. */
static void
test_silent_author (void)
{
  static const struct
  {
    gint64 age_us;
    guint live;
  } rows[] = {
    { 6 * TOCSIN_DAY_US, 2 },
    { 8 * TOCSIN_DAY_US, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint32 actor = start_relayed (2);
      guint fetches;
      gboolean incomplete;

      make_older (actor, rows[i].age_us);
      public_node_stop (&other);
      fetches = tocsin_keyring_count_fetches (us.fed->keyring);
      incomplete = read_ok (FALSE).incomplete;
      g_assert_cmpuint (reports_here (actor, TOCSIN_STATE_LIVE), ==, rows[i].live);
      g_assert_cmpuint (tocsin_keyring_count_fetches (us.fed->keyring) - fetches, ==, 1);
      /* Written with the cursor: a restart does not lose it. */
      g_assert_true (incomplete == (rows[i].live == 0));
      g_assert_true (incomplete == (reread_us () < 0));
      stop ();
    }
}

/* What came of an author that is gone cannot be believed, and is no reason to read it all again. */
static void
test_gone_author (void)
{
  static const gint64 ages_us[] = { TOCSIN_DAY_US + TOCSIN_HOUR_US, 8 * TOCSIN_DAY_US };

  for (guint i = 0; i < G_N_ELEMENTS (ages_us); i++)
    {
      guint32 actor = start_relayed (2);

      make_older (actor, ages_us[i]);
      public_node_turn (&other, NULL);
      g_assert_false (read_ok (FALSE).incomplete);
      g_assert_cmpint (reread_us (), >=, 0);
      g_assert_cmpuint (reports_here (actor, TOCSIN_STATE_LIVE), ==, 0);
      g_assert_cmpuint (other.n_shown, ==, 1);
      public_node_stop (&other);
      stop ();
    }
}

static gboolean
write_entry (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_outbox_append (txn, data);
  return tocsin_txn_check (txn, error);
}

typedef struct
{
  gboolean is_remove;
  gint64 ahead_us;       /* of what it says itself */
  gint64 proof_ahead_us; /* 0: it has no proof */
  gboolean incomplete;
} Dated;

/* Puts it into the outbox of `peer`. */
static void
show_dated (const Dated *dated)
{
  const char *actor = public_node_actor (&peer);
  const char *base = tocsin_identity_get_base (peer.fed->identity);
  gint64 now_us = tocsin_time_now_us ();
  g_autofree char *id = g_strdup_printf ("%s/activities/dated", base);
  g_autofree char *statement_id = g_strdup_printf ("%s/statements/dated", base);
  g_autofree char *target = g_strdup_printf ("%s/trust", base);
  const TocsinActivityHead head = {
    .id = id, .actor = actor, .to = target, .published_us = now_us + dated->ahead_us
  };
  const TocsinTrustStatement statement = { .id = statement_id,
                                           .attributed_to = (char *) actor,
                                           .about = (char *) "https://x.example/actor",
                                           .weight = 50,
                                           .published_us = now_us + dated->ahead_us,
                                           .updated_us = now_us + dated->ahead_us };
  g_autoptr (JsonObject) json =
      dated->is_remove
          ? tocsin_activity_build_remove (&head, statement_id, target, TOCSIN_REASON_ERROR)
          : tocsin_activity_build_add_statement (&head, &statement, target);
  g_autoptr (GBytes) bytes = NULL;
  TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_ADD,
                               .audience = TOCSIN_AUDIENCE_FOLLOWERS,
                               .sharing = TOCSIN_SHARING_GREEN,
                               .created_us = now_us,
                               .activity_id = id };

  if (dated->proof_ahead_us != 0)
    {
      g_autofree char *created = tocsin_time_format (now_us + dated->proof_ahead_us);
      JsonObject *proof = json_object_new ();

      json_object_set_string_member (proof, "type", "DataIntegrityProof");
      json_object_set_string_member (proof, "cryptosuite", "eddsa-jcs-2022");
      json_object_set_string_member (proof, "created", created);
      json_object_set_object_member (json, "proof", proof);
    }
  bytes = tocsin_activity_to_bytes (json, NULL);
  entry.activity = bytes;
  write_ok (&peer.files, write_entry, &entry);
}

/* What is dated ahead is read again when its time may have come. */
static void
test_ahead (void)
{
  static const Dated rows[] = {
    { FALSE, 0, 0, FALSE },
    { FALSE, 2 * TOCSIN_HOUR_US, 0, TRUE },
    { FALSE, 0, 2 * TOCSIN_HOUR_US, TRUE },
    { TRUE, 0, 0, FALSE },
    { TRUE, 2 * TOCSIN_HOUR_US, 0, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      start (TOCSIN_FOLLOWER_READER);
      show_dated (&rows[i]);
      g_assert_true (read_ok (FALSE).incomplete == rows[i].incomplete);
      g_assert_true ((reread_us () < 0) == rows[i].incomplete);
      g_assert_true (read_ok (TRUE).incomplete == rows[i].incomplete);
      stop ();
    }
}

/* What `other` gave to each alone is in the outbox of `peer`: seen here before or not, that is
 * told. */
static void
test_leak (void)
{
  Befriend as_followed = { .peer = &other,
                           .following = TOCSIN_FOLLOWING_ACCEPTED,
                           .had_protocol_version = TRUE };
  Befriend as_reader = { .peer = &us, .follower = TOCSIN_FOLLOWER_READER };
  g_auto (TocsinOutboxRecord) entry = { 0 };
  g_autoptr (GError) error = NULL;
  TocsinReadResult out = { 0 };
  guint32 both[2];

  start (TOCSIN_FOLLOWER_READER);
  public_node_start (&other);
  both[0] = peer_number;
  both[1] = public_node_befriend (&us, &as_followed);
  believe (&us, both, 2);
  public_node_befriend (&other, &as_reader);
  g_free (publish (&other, 1, TOCSIN_SHARING_AMBER, FALSE));
  read_of (&us, both[1], FALSE, &out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (reports_here (both[1], TOCSIN_STATE_LIVE), ==, 1);
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (other.files.store));

    g_assert_true (tocsin_outbox_get (txn, 1, &entry));
  }
  entry.sharing = TOCSIN_SHARING_GREEN;
  entry.report = 0;
  write_ok (&peer.files, write_entry, &entry);
  read_ok (FALSE);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_LEAK).lines, ==, 1);
  public_node_stop (&other);
  stop ();
}

/* A peer whose outbox needs a new key and whose document is another's is asked once. */
static void
test_turned_peer (void)
{
  guint fetches;

  start (TOCSIN_FOLLOWER_READER);
  public_node_start (&other);
  replace_key (&peer);
  publish_green (3);
  public_node_turn (&peer, tocsin_identity_get_document_bytes (other.fed->identity));
  fetches = tocsin_keyring_count_fetches (us.fed->keyring);
  g_assert_true (read_ok (FALSE).incomplete);
  g_assert_cmpuint (live (), ==, 0);
  g_assert_cmpuint (peer.n_shown, ==, 1);
  g_assert_cmpuint (tocsin_keyring_count_fetches (us.fed->keyring) - fetches, ==, 2);
  public_node_stop (&other);
  stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync-again/straddled", test_straddled);
  g_test_add_func ("/sync-again/requests-key", test_requests_key);
  g_test_add_func ("/sync-again/pages", test_pages);
  g_test_add_func ("/sync-again/restarted", test_restarted);
  g_test_add_func ("/sync-again/lifted", test_lifted);
  g_test_add_func ("/sync-again/followed-again", test_followed_again);
  g_test_add_func ("/sync-again/read-again", test_read_again);
  g_test_add_func ("/sync-again/entered-while-down", test_entered_while_down);
  g_test_add_func ("/sync-again/entered-by-a-louder-one", test_entered_by_a_louder_one);
  g_test_add_func ("/sync-again/dropped-key", test_dropped_key);
  g_test_add_func ("/sync-again/silent-author", test_silent_author);
  g_test_add_func ("/sync-again/gone-author", test_gone_author);
  g_test_add_func ("/sync-again/ahead", test_ahead);
  g_test_add_func ("/sync-again/leak", test_leak);
  g_test_add_func ("/sync-again/turned-peer", test_turned_peer);
  return g_test_run ();
}
