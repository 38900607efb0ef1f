/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What released versions stored is opened by this one: every table of tests/data/stores, counted
 * and looked into. And what this one would store is still that format, row by row.
 */
#include "stored-fixture.h"

#include <lmdb.h>

#include "core/clock.h"
#include "store/recount.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-audit.h"
#include "store/table-branches.h"
#include "store/table-catch-up.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-feeds.h"
#include "store/table-heard.h"
#include "store/table-imports.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-seen.h"
#include "store/table-subjects.h"
#include "store/table-tokens.h"
#include "store/table-trust.h"
#include "store/table-voices.h"
#include "store/txn-private.h"
#include "tools/every-table.h"

#define DAY  TOCSIN_DAY_US
#define HOUR TOCSIN_HOUR_US

G_STATIC_ASSERT (T0 == EVERY_TIME_US);

/* ---- every table ---- */

static TocsinSubjectKey
key_of (TocsinSubjectType type, const char *value)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;

  tocsin_subject_parse (&subject, type, value, &error);
  g_assert_no_error (error);
  return tocsin_subject_key (&subject);
}

static void
check_actors (TocsinTxn *txn)
{
  g_auto (TocsinActorRecord) first = { 0 };
  const TocsinStoredKey *key;
  guint32 number;

  g_assert_cmpuint (tocsin_actors_count (txn), ==, 7);
  g_assert_cmpstr (tocsin_actors_peek_uri (txn, EVERY_LOCAL), ==, EVERY_BASE "/actor");
  g_assert_true (tocsin_actors_find (txn, "https://reader.localhost/actor", &number));
  g_assert_cmpuint (number, ==, EVERY_READER);
  g_assert_true (tocsin_actors_find_acct (txn, "tocsin@first.localhost", &number));
  g_assert_cmpuint (number, ==, EVERY_FIRST);
  g_assert_true (tocsin_actors_find_key (txn, "https://first.localhost/actor#ed25519-1", &number));
  g_assert_cmpuint (number, ==, EVERY_FIRST);
  g_assert_true (tocsin_actors_get (txn, EVERY_FIRST, &first));
  g_assert_cmpint (first.first_seen_us, ==, T0 - 30 * DAY);
  g_assert_cmpint (first.last_seen_us, ==, T0 - HOUR);
  g_assert_cmpstr (first.shared_inbox, ==, "https://first.localhost/shared");
  g_assert_cmpstr (first.trust, ==, "https://first.localhost/trust");
  g_assert_cmpstr (first.protocol_version, ==, "1.0");
  g_assert_null (first.moved_to);
  g_assert_cmpuint (first.keys->len, ==, 2);
  key = &g_array_index (first.keys, TocsinStoredKey, 1);
  g_assert_cmpint (key->kind, ==, TOCSIN_KEY_ED25519_MULTIBASE);
  g_assert_cmpstr (key->text, ==, "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK");
}

static void
check_peers (TocsinTxn *txn)
{
  g_auto (TocsinPeerRecord) first = { 0 };
  TocsinPeerCounts counts;
  const TocsinPeerKey *key;

  tocsin_peers_count (txn, &counts);
  g_assert_cmpuint (counts.peers, ==, 5);
  g_assert_cmpuint (counts.direct, ==, 2);
  g_assert_cmpuint (counts.readers, ==, 2);
  g_assert_cmpuint (counts.followers_pending, ==, 1);
  g_assert_cmpuint (counts.blocked, ==, 1);
  g_assert_cmpuint (counts.away, ==, 1);
  g_assert_true (tocsin_peers_get (txn, EVERY_FIRST, &first));
  g_assert_cmpint (first.weights[TOCSIN_AREA_ANY], ==, 60);
  g_assert_cmpint (first.weights[TOCSIN_AREA_ABUSE], ==, 30);
  g_assert_cmpint (first.weights[TOCSIN_AREA_SPAM], ==, -1);
  g_assert_cmpstr (first.follower_object, ==, EVERY_BASE "/actor");
  g_assert_cmpstr (first.note, ==, "met at the conference");
  g_assert_null (first.block_id);
  g_assert_cmpuint (first.outbound.failures, ==, 2);
  g_assert_cmpuint (first.dropped, ==, 3);
  g_assert_cmpuint (first.burst.counts[4], ==, 17);
  g_assert_cmpfloat (first.burst.left, ==, 12.5);
  g_assert_cmpuint (first.withdrawals.erased_today, ==, 1);
  g_assert_cmpuint (first.contradictions.bits[0], ==, 0x11);
  g_assert_cmpfloat (first.reciprocity.got, ==, 2.25);
  g_assert_cmpuint (first.given_total, ==, 70);
  g_assert_cmpuint (first.sync_epoch, ==, 99);
  g_assert_cmpuint (first.sync_sequence, ==, 1234);
  g_assert_cmpint (first.sync_state, ==, TOCSIN_SYNC_MATCHES);
  g_assert_cmpint (first.scheme, ==, TOCSIN_PEER_SCHEME_RFC9421_ED25519);
  g_assert_cmpint (first.last_seen_us, ==, T0 - HOUR);
  g_assert_cmpuint (first.keys->len, ==, 1);
  key = &g_array_index (first.keys, TocsinPeerKey, 0);
  g_assert_true (key->confirmed);
  g_assert_cmpstr (key->id, ==, "https://first.localhost/actor#ed25519-1");
}

static void
check_heard (TocsinTxn *txn)
{
  g_auto (TocsinCatchUpRecord) done = { 0 };
  g_auto (TocsinCatchUpRecord) failed = { 0 };
  g_auto (TocsinHeardRecord) heard = { 0 };
  TocsinId id = tocsin_id_for_string ("https://first.localhost/activities/follow-9");
  const TocsinHeard *messages;

  g_assert_true (tocsin_catch_up_get (txn, EVERY_FIRST, &done));
  g_assert_cmpuint (done.last, ==, 1234);
  g_assert_cmpint (done.items, ==, 20);
  g_assert_cmpint (done.done_us, ==, T0 - 2 * HOUR);
  g_assert_cmpint (done.failed_us, ==, 0);
  g_assert_null (done.error);
  g_assert_true (tocsin_catch_up_get (txn, EVERY_SECOND, &failed));
  g_assert_cmpint (failed.items, ==, -1);
  g_assert_cmpint (failed.begun_us, ==, T0 - 2 * HOUR);
  g_assert_cmpint (failed.failed_us, ==, T0 - HOUR);
  g_assert_cmpint (failed.retry_us, ==, T0 + HOUR);
  g_assert_cmpstr (failed.error, ==, "It did not answer");
  g_assert_true (tocsin_heard_get (txn, EVERY_FIRST, &heard));
  g_assert_cmpint (heard.update_us, ==, T0 - 9 * DAY);
  g_assert_cmpuint (heard.messages->len, ==, 2);
  messages = (const TocsinHeard *) heard.messages->data;
  g_assert_cmpint (messages[0].dated_us, ==, T0 - 28 * DAY);
  g_assert_cmpmem (&messages[0].name, sizeof id, &id, sizeof id);
  g_assert_cmpint (messages[1].dated_us, ==, -(T0 - 9 * DAY));
}

static void
check_trust (TocsinTxn *txn)
{
  g_auto (TocsinTrustRecord) held = { 0 };
  g_auto (TocsinTrustRecord) own = { 0 };
  g_auto (TocsinTrustRecord) brought = { 0 };
  TocsinBranchCounts counts;
  guint32 truster = 0;

  g_assert_cmpuint (tocsin_trust_count (txn), ==, 4);
  g_assert_true (tocsin_trust_find (txn, EVERY_LOCAL, "https://x.localhost/trust/0", &own));
  g_assert_cmpuint (own.trustee, ==, EVERY_FIRST);
  g_assert_cmpuint (own.weight, ==, 60);
  g_assert_true (own.live);
  g_assert_true (tocsin_trust_get (txn, EVERY_SECOND, EVERY_ASKING, TOCSIN_AREA_ANY, &held));
  g_assert_true (held.held);
  g_assert_cmpint (held.updated_us, ==, T0 - 2 * DAY);
  g_assert_cmpuint (g_bytes_get_size (held.activity), ==, 14);
  g_assert_cmpuint (g_bytes_get_size (held.alternate), ==, 16);
  g_assert_true (tocsin_trust_get (txn, EVERY_ASKING, EVERY_READER, TOCSIN_AREA_ANY, &brought));
  g_assert_cmpuint (tocsin_trust_record_branch (&brought), ==, EVERY_FIRST);
  g_assert_true (tocsin_trust_next_of_branch (txn, EVERY_FIRST, 0, &truster));
  g_assert_cmpuint (truster, ==, EVERY_ASKING);
  tocsin_branches_get (txn, EVERY_FIRST, &counts);
  g_assert_cmpuint (counts.statements, ==, 1);
  g_assert_cmpuint (counts.reports, ==, 3);
}

/* By number: who said it, and what became of it. */
static const struct
{
  guint32 actor;
  TocsinReportState state;
  TocsinHold hold;
  const char *value; /* (nullable) */
} reports[] = {
  { EVERY_LOCAL, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "own.example" },
  { EVERY_LOCAL, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "203.0.113.5" },
  { EVERY_LOCAL, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "own.spammer@mail.example" },
  { EVERY_FIRST, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "198.51.100.7" },
  { EVERY_SECOND, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "198.51.100.7" },
  { EVERY_SECOND, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "2001:db8:1:2::7" },
  { EVERY_FIRST, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, "192.0.2.0/28" },
  { EVERY_SECOND, TOCSIN_STATE_HELD, TOCSIN_HOLD_BURST, "held.example" },
  { EVERY_SECOND, TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE, NULL },
  { EVERY_FIRST, TOCSIN_STATE_EXPIRED, TOCSIN_HOLD_NONE, NULL },
  { EVERY_LOCAL, TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE, NULL },
  { EVERY_FIRST, TOCSIN_STATE_HELD, TOCSIN_HOLD_EQUIVOCATION, "two-faced.example" },
};

static void
check_report (TocsinTxn *txn, guint64 number)
{
  g_auto (TocsinReportRecord) record = { 0 };
  guint8 hash[TOCSIN_SHA256_BYTES];
  guint64 found;
  const char *base =
      reports[number - 1].actor == EVERY_LOCAL ? EVERY_BASE : "https://peer.localhost";
  g_autofree char *id = g_strdup_printf ("%s/reports/%" G_GUINT64_FORMAT, base, number);

  g_assert_true (tocsin_reports_get (txn, number, &record));
  g_assert_cmpuint (record.actor, ==, reports[number - 1].actor);
  g_assert_cmpint (record.state, ==, reports[number - 1].state);
  g_assert_cmpint (record.hold, ==, reports[number - 1].hold);
  g_assert_cmpstr (record.value, ==, reports[number - 1].value);
  g_assert_cmpstr (record.id, ==, id);
  tocsin_sha256 (id, strlen (id), hash);
  g_assert_cmpmem (record.content_hash, sizeof record.content_hash, hash, sizeof hash);
  g_assert_true (tocsin_reports_find (txn, record.actor, id, &found));
  g_assert_cmpuint (found, ==, number);
}

static void
check_reports (TocsinTxn *txn)
{
  g_autoptr (GArray) held = tocsin_reports_held (txn, 0, 10);
  g_autoptr (GArray) batch = tocsin_reports_in_batch (txn, 2, 0, 10);
  TocsinReportFilter of_bundle = { .bundle = 1 };
  guint64 next = 0;
  g_autoptr (GPtrArray) bundle = tocsin_reports_list (txn, &of_bundle, 0, 10, &next);
  g_auto (TocsinReportRecord) amber = { 0 };
  g_auto (TocsinReportRecord) two_faced = { 0 };
  g_auto (TocsinReportRecord) listed = { 0 };
  guint8 digest[TOCSIN_SHA256_BYTES];
  TocsinActorCounts counts;
  TocsinTombstone tombstone;

  g_assert_cmpuint (tocsin_reports_count (txn), ==, G_N_ELEMENTS (reports) + 5);
  for (guint64 number = 1; number <= G_N_ELEMENTS (reports); number++)
    check_report (txn, number);
  g_assert_true (tocsin_reports_get (txn, 2, &amber));
  g_assert_cmpstr (amber.content, ==, "twice in one night");
  g_assert_cmpint (amber.sharing, ==, TOCSIN_SHARING_AMBER);
  g_assert_cmpint (amber.end_us, ==, T0 + 58 * DAY);
  g_assert_cmpuint (amber.sequence, ==, 2);
  g_assert_cmpuint (amber.bundle, ==, 1);
  g_assert_true (tocsin_reports_get (txn, 12, &two_faced));
  g_assert_nonnull (two_faced.alternate);
  g_assert_true (tocsin_reports_get (txn, 13, &listed));
  g_assert_null (listed.id);
  g_assert_cmpint (listed.basis, ==, TOCSIN_BASIS_IMPORTED);
  g_assert_cmpuint (held->len, ==, 2);
  g_assert_cmpuint (batch->len, ==, 3);
  g_assert_cmpuint (bundle->len, ==, 2);
  tocsin_reports_counts (txn, EVERY_SECOND, &counts);
  g_assert_cmpuint (counts.by_state[TOCSIN_STATE_LIVE], ==, 2);
  g_assert_cmpuint (counts.tombstones, ==, 1);
  g_assert_cmpuint (tocsin_reports_digest (txn, EVERY_FIRST, T0, TOCSIN_SHARING_AMBER, digest), ==,
                    3);
  g_assert_true (tocsin_tombstones_get (txn, EVERY_SECOND,
                                        "https://peer.localhost/reports/never-seen", &tombstone));
  g_assert_cmpint (tombstone.until_us, ==, T0 + 399 * DAY);
}

static void
check_evidence (TocsinTxn *txn)
{
  TocsinSubjectKey key = key_of (TOCSIN_SUBJECT_IP, "198.51.100.7");
  TocsinNetworkLengths lengths;
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;

  g_assert_cmpuint (tocsin_evidence_count (txn), ==, 14);
  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, 2);
  g_assert_cmpuint (rows[0].reporter, ==, EVERY_FIRST);
  g_assert_cmpuint (rows[1].reporter, ==, EVERY_SECOND);
  g_assert_cmpuint (rows[1].report, ==, 5);
  g_assert_cmpuint (rows[0].confidence, ==, 90);
  g_assert_cmpuint (rows[0].observed_s, ==, (T0 - DAY) / TOCSIN_SECOND_US);
  tocsin_lengths_read (txn, &lengths);
  g_assert_cmpuint (lengths.v4, ==, G_GUINT64_CONSTANT (1) << 28);
  g_assert_cmpuint (lengths.v6[0], ==, G_GUINT64_CONSTANT (1) << 48);
  g_assert_cmpuint (lengths.v6[1], ==, 1);
}

/* Two of them have the row that there was before rows had a layout. */
static void
check_subjects (TocsinTxn *txn)
{
  TocsinSubjectKey domain = key_of (TOCSIN_SUBJECT_DOMAIN, "own.example");
  TocsinSubjectKey email = key_of (TOCSIN_SUBJECT_EMAIL, "own.spammer@mail.example");
  TocsinSubjectKey v6 = key_of (TOCSIN_SUBJECT_IP, "2001:db8:1:2::7");
  TocsinSubjectRecord got;

  g_assert_cmpuint (tocsin_subjects_count (txn), ==, 13);
  g_assert_true (tocsin_subjects_get (txn, &domain, &got));
  g_assert_cmpint (got.type, ==, TOCSIN_SUBJECT_DOMAIN);
  g_assert_cmpstr (got.value, ==, "own.example");
  g_assert_false (got.has_mastodon);
  g_assert_true (tocsin_subjects_get (txn, &email, &got));
  g_assert_null (got.value);
  g_assert_true (got.has_mastodon);
  g_assert_cmpuint (got.mastodon[31], ==, 0x5a);
  g_assert_true (tocsin_subjects_get (txn, &v6, &got));
  g_assert_cmpint (got.type, ==, TOCSIN_SUBJECT_NETWORK);
  g_assert_cmpstr (got.value, ==, "2001:db8:1:2::/64");
}

static void
check_outbox (TocsinTxn *txn)
{
  g_auto (TocsinOutboxRecord) withdrawn = { 0 };
  g_auto (TocsinOutboxRecord) message = { 0 };
  TocsinQueueEntry next, second;
  guint64 sequence;

  g_assert_cmpuint (tocsin_outbox_last (txn), ==, 6);
  g_assert_true (tocsin_outbox_find (txn, EVERY_BASE "/activities/0-11", &sequence));
  g_assert_cmpuint (sequence, ==, 4);
  g_assert_true (tocsin_outbox_get (txn, 4, &withdrawn));
  g_assert_true (withdrawn.blanked);
  g_assert_null (withdrawn.activity);
  g_assert_true (tocsin_outbox_get (txn, 6, &message));
  g_assert_cmpint (message.kind, ==, TOCSIN_OUTBOX_MESSAGE);
  g_assert_cmpuint (message.audience, ==, EVERY_READER);
  g_assert_nonnull (message.activity);
  g_assert_cmpuint (tocsin_queue_count (txn), ==, 2);
  g_assert_cmpuint (tocsin_queue_count_of (txn, EVERY_READER), ==, 2);
  g_assert_true (tocsin_queue_next (txn, EVERY_READER, &next));
  g_assert_cmpuint (next.sequence, ==, 5);
  g_assert_true (tocsin_queue_get (txn, EVERY_READER, 6, &second));
  g_assert_cmpuint (second.attempts, ==, 3);
  g_assert_cmpint (second.due_us, ==, T0 + 3 * HOUR);
}

static void
check_lists (TocsinTxn *txn)
{
  g_auto (TocsinImportRecord) import = { 0 };
  g_auto (TocsinFeedRecord) feed = { 0 };

  g_assert_true (tocsin_imports_get (txn, 2, &import));
  g_assert_cmpstr (import.source, ==, "exits.txt");
  g_assert_cmpuint (import.category, ==, 20);
  g_assert_true (import.imported);
  g_assert_cmpuint (import.count, ==, 3);
  g_assert_true (tocsin_feeds_get (txn, "own-list", &feed));
  g_assert_cmpuint (feed.actor, ==, EVERY_LISTED);
  g_assert_cmpuint (feed.batch, ==, 3);
  g_assert_false (feed.enabled);
  g_assert_cmpint (feed.changed_us, ==, T0 - 2 * DAY);
  g_assert_cmpuint (feed.digest[2], ==, 3);
  g_assert_cmpuint (feed.reading[0], ==, 4);
  g_assert_cmpstr (feed.definition, ==, "[feed]\nname=own-list\n");
  g_assert_cmpstr (feed.etag, ==, "\"abc\"");
  g_assert_cmpstr (feed.cursor, ==, "https://lists.localhost/changes/9");
  g_assert_cmpstr (feed.mirror_of, ==, "other-list");
  g_assert_cmpstr (feed.error, ==, "It did not answer");
}

static void
check_operator (TocsinTxn *txn)
{
  TocsinSubjectKey ours = key_of (TOCSIN_SUBJECT_DOMAIN, "ours.example");
  g_auto (TocsinAllowRecord) allowed = { 0 };
  g_auto (TocsinReviewRecord) open = { 0 };
  g_auto (TocsinReviewRecord) decided = { 0 };
  g_auto (TocsinTokenRecord) token = { 0 };
  guint8 hash[TOCSIN_SHA256_BYTES];

  g_assert_cmpuint (tocsin_allow_count (txn), ==, 2);
  g_assert_true (tocsin_allow_match (txn, &ours, T0 + 3000 * DAY));
  g_assert_true (tocsin_allow_get (txn, &ours, &allowed));
  g_assert_cmpstr (allowed.value, ==, "ours.example");
  g_assert_cmpstr (allowed.reason, ==, "our own");
  g_assert_cmpuint (tocsin_review_count_open (txn), ==, 1);
  g_assert_true (tocsin_review_get (txn, 1, &open));
  g_assert_cmpint (open.kind, ==, TOCSIN_REVIEW_BURST);
  g_assert_cmpint (open.due_us, ==, T0 + 6 * DAY);
  g_assert_true (tocsin_review_get (txn, 2, &decided));
  g_assert_cmpint (decided.state, ==, TOCSIN_REVIEW_ACCEPTED);
  g_assert_cmpstr (decided.decided_by, ==, "socket");
  tocsin_sha256 (EVERY_TOKEN, strlen (EVERY_TOKEN), hash);
  g_assert_true (tocsin_tokens_find (txn, hash, &token));
  g_assert_cmpstr (token.name, ==, "mastodon");
  g_assert_cmpuint (token.scopes, ==, TOCSIN_SCOPE_CHECK);
}

static gboolean
sum_events (guint32 actor, gconstpointer events, guint n_events, gpointer data)
{
  guint64 each[3];

  g_assert_cmpuint (actor, ==, EVERY_FIRST);
  g_assert_cmpuint (n_events, ==, 3);
  memcpy (each, events, sizeof each);
  *(guint64 *) data += each[0] + each[1] + each[2];
  return TRUE;
}

static gboolean
last_change (const TocsinChange *change, gpointer data)
{
  *(guint64 *) data = change->generation;
  return TRUE;
}

static gboolean
first_audited (const TocsinAuditRecord *record, gpointer data)
{
  g_assert_cmpint (record->time_us, ==, T0 - 3 * HOUR);
  g_assert_cmpstr (record->who, ==, "socket");
  g_assert_cmpstr (record->action, ==, "peer.follow");
  g_assert_cmpstr (record->object, ==, "https://first.localhost/actor");
  g_assert_null (record->detail);
  return FALSE;
}

static void
check_rest (TocsinTxn *txn)
{
  TocsinId content = tocsin_id_for_string ("https://first.localhost/activities/1");
  g_autoptr (GBytes) base = tocsin_meta_get (txn, "base-url");
  g_autoptr (GBytes) hours = tocsin_meta_get (txn, "changes-hours");
  g_autoptr (GError) error = NULL;
  guint64 checked = 0, events = 0, generation = 0;

  g_assert_cmpuint (tocsin_meta_epoch (txn), ==, EVERY_EPOCH);
  g_assert_cmpmem (g_bytes_get_data (base, NULL), g_bytes_get_size (base), EVERY_BASE,
                   strlen (EVERY_BASE));
  g_assert_cmpuint (tocsin_seen_count (txn), ==, 3);
  g_assert_cmpint (tocsin_seen_check (txn, "https://first.localhost/activities/1", &content), ==,
                   TOCSIN_SEEN_SAME);
  g_assert_true (tocsin_audit_verify (txn, &checked, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (checked, ==, 3);
  tocsin_audit_foreach (txn, 0, FALSE, first_audited, NULL);
  tocsin_voices_foreach (txn, (guint32) (T0 / DAY), sum_events, &events);
  g_assert_cmpuint (events, ==, 66);
  g_assert_cmpuint (g_bytes_get_size (hours), ==, sizeof (gint64) + sizeof (guint64));
  tocsin_changes_foreach (txn, 0, last_change, &generation);
  g_assert_cmpuint (generation, >, 0);
  g_assert_cmpuint (generation, ==, tocsin_meta_generation (txn));
}

static void
test_every_table (Fixture *f, gconstpointer data)
{
  if (is_missing (f))
    return;
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    for (guint i = 0; i < TOCSIN_N_TABLES; i++)
      {
        if (tocsin_txn_entries (txn, (TocsinTable) i) == 0)
          g_test_message ("Nothing is in %s", tocsin_store_get_table_name ((TocsinTable) i));
        g_assert_cmpuint (tocsin_txn_entries (txn, (TocsinTable) i), >, 0);
      }
    check_actors (txn);
    check_peers (txn);
    check_heard (txn);
    check_trust (txn);
    check_reports (txn);
    check_evidence (txn);
    check_subjects (txn);
    check_outbox (txn);
    check_lists (txn);
    check_operator (txn);
    check_rest (txn);
    assert_reading_ok (txn);
  }
}

static void
test_recount (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) wrong = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows = 0;

  if (is_missing (f))
    return;
  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, &error));
  g_assert_no_error (error);
  for (guint i = 0; wrong[i] != NULL; i++)
    g_test_message ("%s", wrong[i]);
  g_assert_cmpuint (g_strv_length (wrong), ==, 0);
  g_assert_cmpuint (rows, >, 40);
}

/* What was written before there were these tables is of the same format. */
static void
drop_later_tables (Fixture *f)
{
  static const TocsinTable tables[] = { TOCSIN_TABLE_CATCH_UP, TOCSIN_TABLE_HEARD,
                                        TOCSIN_TABLE_BRANCH_COUNTS, TOCSIN_TABLE_BRANCH_TRUST };
  MDB_txn *txn;

  g_assert_cmpint (mdb_txn_begin (tocsin_store_get_env (f->store), NULL, 0, &txn), ==, MDB_SUCCESS);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    g_assert_cmpint (mdb_drop (txn, tocsin_store_get_tables (f->store)[tables[i]], 1), ==,
                     MDB_SUCCESS);
  g_assert_cmpint (mdb_txn_commit (txn), ==, MDB_SUCCESS);
}

static gboolean
forget_settled (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_remove (txn, "digests");
  tocsin_meta_remove (txn, "branches");
  tocsin_meta_remove (txn, "changes-hours");
  return TRUE;
}

static void
test_without_later_tables (Fixture *f, gconstpointer data)
{
  if (is_missing (f))
    return;
  write_ok (f, forget_settled, NULL);
  drop_later_tables (f);
  g_clear_pointer (&f->store, tocsin_store_close);
  fixture_open (f, MAP_BYTES);
  test_recount (f, data);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_auto (TocsinCatchUpRecord) gone = { 0 };

    check_trust (txn);
    g_assert_false (tocsin_catch_up_get (txn, EVERY_FIRST, &gone));
    assert_reading_ok (txn);
  }
}

/* ---- the present format is what it was ---- */

static void
compare_table (TocsinTxn *old, TocsinTxn *new, TocsinTable table)
{
  g_auto (TocsinCursor) a = { 0 };
  g_auto (TocsinCursor) b = { 0 };
  gboolean more_a, more_b;

  tocsin_cursor_init (&a, old, table);
  tocsin_cursor_init (&b, new, table);
  more_a = tocsin_cursor_seek (&a, NULL);
  more_b = tocsin_cursor_seek (&b, NULL);
  while (more_a && more_b)
    {
      if (a.value.size != b.value.size || memcmp (a.value.data, b.value.data, a.value.size) != 0)
        g_test_message ("%s", tocsin_store_get_table_name (table));
      g_assert_cmpmem (a.key.data, a.key.size, b.key.data, b.key.size);
      g_assert_cmpmem (a.value.data, a.value.size, b.value.data, b.value.size);
      more_a = tocsin_cursor_next (&a);
      more_b = tocsin_cursor_next (&b);
    }
  g_assert_false (more_a);
  g_assert_false (more_b);
}

static void
test_unchanged (Fixture *f, gconstpointer data)
{
  Fixture fresh = { 0 };

  if (is_missing (f))
    return;
  set_up_sized (&fresh, MAP_BYTES);
  write_ok (&fresh, every_table_fill, NULL);
  {
    g_autoptr (TocsinReading) old = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_autoptr (TocsinReading) new = tocsin_reader_begin (tocsin_store_get_reader (fresh.store));

    for (guint i = 0; i < TOCSIN_N_TABLES; i++)
      compare_table (old, new, (TocsinTable) i);
    assert_reading_ok (old);
    assert_reading_ok (new);
  }
  tear_down (&fresh, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, up)                                                                        \
  g_test_add ("/store-format/" name, Fixture, GUINT_TO_POINTER (1), up, func, tear_down)
  ADD ("1/every-table", test_every_table, set_up_stored);
  ADD ("1/recount", test_recount, set_up_stored);
  ADD ("1/without-later-tables", test_without_later_tables, set_up_stored);
  ADD ("1/unchanged", test_unchanged, set_up_stored);
  return g_test_run ();
}
