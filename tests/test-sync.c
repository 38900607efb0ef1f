/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Catching up (docs/wire): readings one by one, and when they are due. */
#include "codec/activity-build.h"
#include "codec/proof.h"
#include "core/bucket.h"
#include "sync-case.h"

/* A report that its outbox does not have: what a peer says of itself is not what it sent. */
static gboolean
write_unsent (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 *number = data;
  gint64 now_us = tocsin_time_now_us ();
  g_auto (TocsinReportRecord) record = { 0 };

  record.actor = record.via = TOCSIN_ACTOR_LOCAL;
  record.category = tocsin_category_by_slug ("spam")->id;
  record.subject_type = record.key_type = TOCSIN_SUBJECT_IP;
  record.confidence = 90;
  record.sharing = TOCSIN_SHARING_GREEN;
  record.published_us = record.updated_us = record.observed_us = record.last_observed_us = now_us;
  record.end_us = record.evidence_end_us = now_us + 30 * TOCSIN_DAY_US;
  record.key = key_number (1);
  record.id = tocsin_identity_url (peer.fed->identity, "/reports/unsent");
  record.value = g_strdup ("203.0.113.1");
  tocsin_reports_put (txn, &record, now_us);
  *number = record.number;
  return tocsin_txn_check (txn, error);
}

static gboolean
write_withdraw (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint64 *number = data;
  gint64 now_us = tocsin_time_now_us ();

  g_assert_true (tocsin_reports_withdraw (txn, *number, TOCSIN_REASON_ERROR, now_us,
                                          now_us + 30 * TOCSIN_DAY_US));
  return tocsin_txn_check (txn, error);
}

typedef struct
{
  TocsinReportRecord record; /* borrows what it has */
  char *activity_id;
  GBytes *bytes;
} Restated;

static gboolean
write_restated (TocsinTxn *txn, gpointer data, GError **error)
{
  Restated *restated = data;
  TocsinReportRecord *record = &restated->record;
  const TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_ADD,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = TOCSIN_ACTOR_LOCAL,
    .report = record->number,
    .sharing = record->sharing,
    .created_us = record->updated_us,
    .activity_id = restated->activity_id,
    .activity = restated->bytes,
  };

  record->sequence = tocsin_outbox_append (txn, &entry);
  tocsin_reports_put (txn, record, record->updated_us);
  return tocsin_txn_check (txn, error);
}

/* A newer version of what `peer` reported, proven and in its outbox, in which @member is @word. */
static void
restate (const char *id, const char *member, const char *word)
{
  g_auto (TocsinReportRecord) record = { 0 };
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *updated = NULL;
  Restated restated = { 0 };
  JsonObject *activity, *object;

  {
    guint64 number = number_of (&peer, TOCSIN_ACTOR_LOCAL, id);
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (peer.files.store));

    g_assert_true (tocsin_reports_get (txn, number, &record));
  }
  node = tocsin_json_parse (g_bytes_get_data (record.activity, NULL),
                            g_bytes_get_size (record.activity), &tocsin_json_default_limits, NULL,
                            &error);
  g_assert_no_error (error);
  activity = json_node_get_object (node);
  object = json_object_get_object_member (activity, "object");
  record.updated_us++; /* before any Remove of it */
  updated = tocsin_time_format (record.updated_us);
  restated.activity_id =
      g_strdup_printf ("%s-%s", json_object_get_string_member (activity, "id"), member);
  json_object_set_string_member (activity, "id", restated.activity_id);
  json_object_set_string_member (object, "updated", updated);
  json_object_set_string_member (object, member, word);
  json_object_remove_member (activity, "proof");
  g_assert_true (tocsin_identity_prove (peer.fed->identity, activity, record.updated_us, &error));
  restated.bytes = tocsin_activity_to_bytes (activity, &error);
  g_assert_no_error (error);
  g_assert_true (tocsin_proof_document_hash (activity, record.content_hash, NULL));
  restated.record = record;
  write_ok (&peer.files, write_restated, &restated);
  g_bytes_unref (restated.bytes);
  g_free (restated.activity_id);
}

/* ---- tests ---- */

/* More than one page; live at once; one line that a person can reject. */
static void
test_first_read (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };
  Lines lines;

  start (TOCSIN_FOLLOWER_READER);
  publish_green (120);
  assert_catch_up (TOCSIN_CATCH_UP_WAITING, 0, -1, NULL);
  g_assert_false (read_ok (FALSE).again);
  g_assert_cmpuint (live (), ==, 120);
  assert_sync (TOCSIN_SYNC_MATCHES, 120);
  assert_catch_up (TOCSIN_CATCH_UP_DONE, 120, 120, NULL);
  lines = lines_of (TOCSIN_REVIEW_BATCH);
  g_assert_cmpuint (lines.lines, ==, 1);
  g_assert_cmpuint (lines.count, ==, 120);
  get_peer (&record);
  g_assert_true (record.first_batch_done);
  g_assert_cmpint (record.sync_due_us - record.sync_done_us, >=, 5 * TOCSIN_HOUR_US);
  g_assert_cmpint (record.sync_due_us - record.sync_done_us, <=, 7 * TOCSIN_HOUR_US);

  /* What comes later belongs to no batch, and only it is read. */
  publish_green (1);
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 121);
  g_assert_cmpuint (us.fed->stats.caught_up, ==, 121);
  assert_sync (TOCSIN_SYNC_MATCHES, 121);
  assert_catch_up (TOCSIN_CATCH_UP_DONE, 121, 121, NULL);
  lines = lines_of (TOCSIN_REVIEW_BATCH);
  g_assert_cmpuint (lines.lines, ==, 1);
  g_assert_cmpuint (lines.count, ==, 120);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
    g_auto (TocsinImportRecord) batch = { 0 };
    g_autoptr (GArray) numbers = tocsin_reports_in_batch (txn, record.first_batch, 0, 1000);

    g_assert_true (tocsin_imports_get (txn, record.first_batch, &batch));
    g_assert_cmpuint (batch.actor, ==, peer_number);
    g_assert_cmpuint (batch.count, ==, 120);
    g_assert_cmpuint (numbers->len, ==, 120);
  }
  stop ();
}

static gboolean
write_filling (TocsinTxn *txn, gpointer data, GError **error)
{
  gsize size = (gsize) (235 << 20); /* of 256 MiB */
  g_autoptr (GBytes) body = g_bytes_new_take (g_malloc0 (size), size);
  const TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_MESSAGE, .activity = body };

  tocsin_outbox_append (txn, &entry);
  return TRUE;
}

/* An outbox is no way around the limit that the inbox keeps. */
static void
test_full (void)
{
  start (TOCSIN_FOLLOWER_READER);
  publish_green (1);
  write_ok (&us.files, write_filling, NULL);
  read_fails (TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpuint (live (), ==, 0);
  stop ();
}

/* A restored peer begins a new epoch, perhaps with fewer entries than were read before. */
static void
test_epoch (void)
{
  g_auto (TocsinPeerRecord) before = { 0 };
  g_auto (TocsinPeerRecord) after = { 0 };

  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  read_ok (FALSE);
  get_peer (&before);
  set_cursor (1000);
  write_ok (&peer.files, write_epoch, NULL);
  publish_green (1);
  read_ok (FALSE);
  get_peer (&after);
  g_assert_cmpuint (before.sync_epoch, !=, after.sync_epoch);
  g_assert_cmpuint (live (), ==, 4);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);
  stop ();
}

static void
test_withdrawn (void)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  start (TOCSIN_FOLLOWER_READER);
  first = publish (&peer, 1, TOCSIN_SHARING_GREEN, FALSE);
  second = publish (&peer, 1, TOCSIN_SHARING_GREEN, FALSE);
  publish_green (1);
  withdraw (second);
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 2);
  g_assert_cmpuint (number_of (&us, peer_number, second), ==, 0);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);

  withdraw (first);
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 1);
  g_assert_cmpuint (reports_here (peer_number, TOCSIN_STATE_WITHDRAWN), ==, 1);
  assert_sync (TOCSIN_SYNC_MATCHES, 5);

  /* All of it again brings nothing back. */
  read_ok (TRUE);
  g_assert_cmpuint (live (), ==, 1);
  assert_sync (TOCSIN_SYNC_MATCHES, 5);
  stop ();
}

/* The change of keys is in the outbox, before what only the new key proves: nobody has to look,
 * and nothing has to be read twice. */
static void
test_rotated (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  start (TOCSIN_FOLLOWER_READER);
  publish_green (2);
  read_ok (FALSE);
  for (guint i = 1; i <= 2; i++)
    {
      publish_green (1);
      rotate (&peer);
      publish_green (1);
      rotate (&peer);
      publish_green (1);
      g_assert_false (read_ok (FALSE).again);
      g_assert_cmpuint (live (), ==, 2 + 3 * i);
      assert_sync (TOCSIN_SYNC_MATCHES, 2 + 5 * i);
    }
  get_peer (&record);
  g_assert_false (record.key_hold);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_KEY_CHANGE).lines, ==, 0);
  stop ();
}

/* What was missed is found by a re-read; what was never sent is told to a person, once. */
static void
test_digest (void)
{
  guint64 unsent = 0;

  start (TOCSIN_FOLLOWER_READER);
  publish_green (2);
  read_ok (FALSE);
  publish_green (2);
  set_cursor (4);
  g_assert_true (read_ok (FALSE).again);
  assert_sync (TOCSIN_SYNC_DIFFERS, 4);
  g_assert_cmpuint (live (), ==, 2);
  g_assert_false (read_ok (TRUE).again);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);
  g_assert_cmpuint (live (), ==, 4);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_DRIFT).lines, ==, 0);

  /* One re-read a day: the next difference on the same day is not read for again. */
  write_ok (&peer.files, write_unsent, &unsent);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_false (read_ok (FALSE).again);
      assert_sync (TOCSIN_SYNC_ALERTED, 4);
      g_assert_cmpuint (lines_of (TOCSIN_REVIEW_DRIFT).lines, ==, 1);
    }
  g_assert_cmpuint (live (), ==, 4);
  write_ok (&peer.files, write_withdraw, &unsent);
  read_ok (FALSE);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);
  stop ();
}

static TocsinReportState
state_here (const char *id)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinReportRecord) record = { 0 };
  guint64 number;

  g_assert_true (tocsin_reports_find (txn, peer_number, id, &number));
  g_assert_true (tocsin_reports_get (txn, number, &record));
  return record.state;
}

/* What it says and we do not take is in its digest, and in ours. */
static void
test_refused (void)
{
  static const struct
  {
    const char *member;
    const char *word;
  } rows[] = {
    { "action", "warned" },
    { "sharing", "red" },
    { "opinion", "unsure" },
    { "category", "disposable_email" }, /* of no address */
    { "content", "for readers alone" }, /* and it is green */
  };
  g_autofree char *never_taken = NULL;

  start (TOCSIN_FOLLOWER_READER);
  never_taken = publish (&peer, 1, TOCSIN_SHARING_GREEN, FALSE);
  restate (never_taken, "action", "warned");
  publish_green (1);
  g_assert_false (read_ok (FALSE).again);
  assert_sync (TOCSIN_SYNC_MATCHES, 3);
  g_assert_cmpuint (live (), ==, 1);
  g_assert_cmpint (state_here (never_taken), ==, TOCSIN_STATE_REFUSED);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_BATCH).count, ==, 1);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *id = publish (&peer, 1, TOCSIN_SHARING_GREEN, FALSE);

      read_ok (FALSE);
      g_assert_cmpint (state_here (id), ==, TOCSIN_STATE_LIVE);
      restate (id, rows[i].member, rows[i].word);
      g_test_message ("%s: %s", rows[i].member, rows[i].word);
      g_assert_false (read_ok (FALSE).again);
      assert_sync (TOCSIN_SYNC_MATCHES, 5 + 2 * i);
      g_assert_cmpint (state_here (id), ==, TOCSIN_STATE_REFUSED);
      g_assert_cmpuint (live (), ==, 1);
    }
  read_ok (TRUE);
  assert_sync (TOCSIN_SYNC_MATCHES, 13);
  g_assert_cmpuint (reports_here (peer_number, TOCSIN_STATE_REFUSED), ==, 6);

  restate (never_taken, "action", "limited");
  read_ok (FALSE);
  assert_sync (TOCSIN_SYNC_MATCHES, 14);
  g_assert_cmpint (state_here (never_taken), ==, TOCSIN_STATE_LIVE);
  withdraw (never_taken);
  read_ok (FALSE);
  assert_sync (TOCSIN_SYNC_MATCHES, 15);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_DRIFT).lines, ==, 0);
  stop ();
}

/* A report that was made here from others' never leaves, and is in no digest. */
static void
test_derived (void)
{
  start (TOCSIN_FOLLOWER_READER);
  publish_green (1);
  g_free (publish (&peer, 1, TOCSIN_SHARING_GREEN, TRUE));
  g_assert_false (read_ok (FALSE).again);
  g_assert_cmpuint (live (), ==, 1);
  assert_sync (TOCSIN_SYNC_MATCHES, 1);
  stop ();
}

/* A guest gets what is clear, and a digest of that. */
static void
test_guest (void)
{
  start (TOCSIN_FOLLOWER_GUEST);
  g_free (publish (&peer, 2, TOCSIN_SHARING_CLEAR, FALSE));
  g_free (publish (&peer, 1, TOCSIN_SHARING_GREEN, FALSE));
  g_free (publish (&peer, 1, TOCSIN_SHARING_AMBER, FALSE));
  g_assert_false (read_ok (FALSE).again);
  g_assert_cmpuint (live (), ==, 2);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);

  /* A reader from now on: what it could not see lies before its cursor, in another epoch. */
  set_follower (TOCSIN_FOLLOWER_READER);
  g_assert_false (read_ok (FALSE).again);
  g_assert_cmpuint (live (), ==, 4);
  assert_sync (TOCSIN_SYNC_MATCHES, 4);
  stop ();
}

/* An empty, shrinking or failing answer removes nothing. */
static void
test_removes_nothing (void)
{
  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  read_ok (FALSE);

  set_follower (TOCSIN_FOLLOWER_NONE);
  read_fails (TOCSIN_ERROR_FORBIDDEN);
  assert_sync (TOCSIN_SYNC_MATCHES, 3);
  g_assert_cmpuint (live (), ==, 3);

  set_follower (TOCSIN_FOLLOWER_READER);
  set_cursor (1000);
  g_assert_false (read_ok (FALSE).again);
  assert_sync (TOCSIN_SYNC_MATCHES, 3);
  g_assert_cmpuint (live (), ==, 3);

  set_follower (TOCSIN_FOLLOWER_GUEST);
  peer.fed->peer_requests_per_minute = 2;
  g_hash_table_remove_all (peer.fed->signer_rates);
  read_ok (FALSE); /* the head and, in the epoch of guests, a page; then no digest */
  read_fails (TOCSIN_ERROR_UNREACHABLE);
  g_assert_cmpuint (live (), ==, 3);
  stop ();
}

/* What is read in an outbox stands before the guard against mass withdrawal like what is sent. */
static void
test_mass_withdrawal (void)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);

  start (TOCSIN_FOLLOWER_READER);
  for (guint i = 0; i < 25; i++)
    g_ptr_array_add (ids, publish (&peer, 1, TOCSIN_SHARING_GREEN, FALSE));
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 25);
  for (guint i = 0; i < 24; i++)
    withdraw (g_ptr_array_index (ids, i));
  read_ok (FALSE);
  g_assert_cmpuint (reports_here (peer_number, TOCSIN_STATE_WITHDRAWN), ==, 20);
  g_assert_cmpuint (live (), ==, 5);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_WITHDRAWAL).lines, ==, 1);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_WITHDRAWAL).count, ==, 4);
  /* What waits is withdrawn, as its reporter counts. */
  assert_sync (TOCSIN_SYNC_MATCHES, 49);
  stop ();
}

/* A peer that bounds how fast it is read is read all the same. */
static void
test_asked_to_wait (void)
{
  gint64 now_us = tocsin_time_now_us ();
  TocsinBucket *bucket = g_new0 (TocsinBucket, 1);

  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  /* A reader gets 20 times as much: one a second, and there is one left. */
  peer.fed->peer_requests_per_minute = 3;
  tocsin_bucket_init (bucket, 60, 1, now_us);
  g_assert_true (tocsin_bucket_take (bucket, 59, now_us));
  g_hash_table_insert (peer.fed->signer_rates, g_strdup (public_node_actor (&us)), bucket);
  read_ok (FALSE);
  g_assert_cmpuint (live (), ==, 3);
  g_assert_cmpint (tocsin_time_now_us () - now_us, >=, TOCSIN_SECOND_US / 2);
  stop ();
}

/* What `peer` relayed of `other` is passed over until `other` is believed here too. */
static void
test_relayed (void)
{
  Befriend as_followed = { .peer = &other,
                           .following = TOCSIN_FOLLOWING_ACCEPTED,
                           .had_protocol_version = TRUE };
  Befriend as_reader = { .peer = &peer, .follower = TOCSIN_FOLLOWER_READER };
  g_autoptr (GError) error = NULL;
  TocsinReadResult out = { 0 };
  guint32 at_peer, at_us, both[2];

  start (TOCSIN_FOLLOWER_READER);
  public_node_start (&other);
  at_peer = public_node_befriend (&peer, &as_followed);
  public_node_befriend (&other, &as_reader);
  g_free (publish (&other, 2, TOCSIN_SHARING_GREEN, FALSE));
  g_free (publish (&other, 1, TOCSIN_SHARING_AMBER, FALSE));
  read_of (&peer, at_peer, FALSE, &out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (last_of_peer (), ==, 2);

  at_us = public_node_befriend (&us, &as_followed);
  believe (&us, &peer_number, 1);
  read_ok (FALSE);
  g_assert_cmpuint (reports_here (at_us, TOCSIN_STATE_LIVE), ==, 0);
  assert_sync (TOCSIN_SYNC_MATCHES, 2);

  both[0] = peer_number;
  both[1] = at_us;
  believe (&us, both, 2);
  read_ok (TRUE);
  g_assert_cmpuint (reports_here (at_us, TOCSIN_STATE_LIVE), ==, 2);
  g_assert_cmpuint (live (), ==, 0);
  assert_sync (TOCSIN_SYNC_MATCHES, 2);

  /* Its new key is asked for; nothing vouches for that here yet: it is left for its own outbox. */
  rotate (&other);
  g_free (publish (&other, 1, TOCSIN_SHARING_GREEN, FALSE));
  read_of (&peer, at_peer, FALSE, &out, &error);
  g_assert_no_error (error);
  read_ok (FALSE);
  g_assert_cmpuint (reports_here (at_us, TOCSIN_STATE_HELD), ==, 0);
  g_assert_cmpuint (reports_here (at_us, TOCSIN_STATE_LIVE), ==, 2);
  public_node_stop (&other);
  stop ();
}

/* After a start each direct peer is read soon, whatever is due; after a failure again. */
static void
test_schedule (void)
{
  start (TOCSIN_FOLLOWER_READER);
  us.fed->time_scale = 1000;
  publish_green (2);
  tocsin_sync_start (us.fed->sync);
  WAIT_FOR (live () == 2 && lines_of (TOCSIN_REVIEW_BATCH).lines == 1);
  tocsin_sync_stop (us.fed->sync);

  publish_green (1);
  tocsin_sync_start (us.fed->sync);
  WAIT_FOR (live () == 3);

  publish_green (1);
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  WAIT_FOR (live () == 4);

  WAIT_FOR (catch_up_state () == TOCSIN_CATCH_UP_DONE);
  set_follower (TOCSIN_FOLLOWER_NONE);
  publish_green (1);
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  WAIT_FOR (catch_up_state () == TOCSIN_CATCH_UP_FAILED);
  g_assert_true (us.fed->stats.caught_up == 4 && live () == 4);
  assert_catch_up (TOCSIN_CATCH_UP_FAILED, 4, 4, "The peer does not show its outbox");
  set_follower (TOCSIN_FOLLOWER_READER);
  WAIT_FOR (live () == 5 && catch_up_state () == TOCSIN_CATCH_UP_DONE);
  assert_catch_up (TOCSIN_CATCH_UP_DONE, 5, 5, NULL);
  stop ();
}

/* An actor that is no direct peer is not read. */
static void
test_no_peer (void)
{
  TocsinReadResult out = { 0 };
  g_autoptr (GError) error = NULL;

  start (TOCSIN_FOLLOWER_READER);
  g_assert_false (read_of (&peer, us_number, FALSE, &out, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_A_PEER);
  stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync/first-read", test_first_read);
  g_test_add_func ("/sync/full", test_full);
  g_test_add_func ("/sync/epoch", test_epoch);
  g_test_add_func ("/sync/withdrawn", test_withdrawn);
  g_test_add_func ("/sync/rotated", test_rotated);
  g_test_add_func ("/sync/digest", test_digest);
  g_test_add_func ("/sync/refused", test_refused);
  g_test_add_func ("/sync/derived", test_derived);
  g_test_add_func ("/sync/guest", test_guest);
  g_test_add_func ("/sync/removes-nothing", test_removes_nothing);
  g_test_add_func ("/sync/mass-withdrawal", test_mass_withdrawal);
  g_test_add_func ("/sync/asked-to-wait", test_asked_to_wait);
  g_test_add_func ("/sync/relayed", test_relayed);
  g_test_add_func ("/sync/schedule", test_schedule);
  g_test_add_func ("/sync/no-peer", test_no_peer);
  return g_test_run ();
}
