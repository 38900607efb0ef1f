/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "tools/every-table.h"

#include <string.h>

#include "core/clock.h"
#include "store/bulk.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-audit.h"
#include "store/table-branches.h"
#include "store/table-catch-up.h"
#include "store/table-changes.h"
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

#define T0   EVERY_TIME_US
#define DAY  TOCSIN_DAY_US
#define HOUR TOCSIN_HOUR_US

/* ---- actors and peers ---- */

static void
put_key (GArray *keys, TocsinStoredKeyKind kind, const char *id, const char *text)
{
  TocsinStoredKey key = { .kind = kind,
                          .fetched_us = T0 - DAY,
                          .id = g_strdup (id),
                          .owner = g_strdup ("https://first.localhost/actor"),
                          .text = g_strdup (text) };

  g_array_append_val (keys, key);
}

static void
put_actors (TocsinTxn *txn)
{
  static const char *const names[] = { "first", "second", "reader", "asking", "blocked", "lists" };
  g_auto (TocsinActorRecord) first = { 0 };

  tocsin_actors_set_local (txn, EVERY_BASE "/actor", T0 - 30 * DAY);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://%s.localhost/actor", names[i]);

      (void) tocsin_actors_intern (txn, uri, T0 - 30 * DAY + i * HOUR);
    }
  if (!tocsin_actors_get (txn, EVERY_FIRST, &first))
    return;
  first.last_seen_us = T0 - HOUR;
  first.fetched_us = T0 - DAY;
  first.inbox = g_strdup ("https://first.localhost/inbox");
  first.shared_inbox = g_strdup ("https://first.localhost/shared");
  first.outbox = g_strdup ("https://first.localhost/outbox");
  first.followers = g_strdup ("https://first.localhost/followers");
  first.reports = g_strdup ("https://first.localhost/reports");
  first.trust = g_strdup ("https://first.localhost/trust");
  first.name = g_strdup ("First node");
  first.preferred_username = g_strdup ("tocsin");
  first.acct = g_strdup ("tocsin@first.localhost");
  first.protocol_version = g_strdup ("1.0");
  first.keys = tocsin_actor_keys_new ();
  put_key (first.keys, TOCSIN_KEY_RSA_PEM, "https://first.localhost/actor#main-key",
           "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n");
  put_key (first.keys, TOCSIN_KEY_ED25519_MULTIBASE, "https://first.localhost/actor#ed25519-1",
           "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK");
  tocsin_actors_put (txn, &first);
}

static void
put_first (TocsinTxn *txn)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinPeerKey key = { .confirmed = TRUE,
                        .since_us = T0 - 29 * DAY,
                        .id = g_strdup ("https://first.localhost/actor#ed25519-1"),
                        .multibase =
                            g_strdup ("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK") };

  tocsin_peer_record_init (&peer, EVERY_FIRST);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.following_since_us = T0 - 29 * DAY;
  peer.follow_id = g_strdup (EVERY_BASE "/activities/follow-1");
  peer.follower = TOCSIN_FOLLOWER_READER;
  peer.follower_since_us = T0 - 28 * DAY;
  peer.follower_follow_id = g_strdup ("https://first.localhost/activities/follow-9");
  peer.follower_object = g_strdup (EVERY_BASE "/actor");
  peer.note = g_strdup ("met at the conference");
  peer.weights[TOCSIN_AREA_ANY] = 60;
  peer.weights[TOCSIN_AREA_ABUSE] = 30;
  peer.outbound.failures = 2;
  peer.last_success_us = T0 - 2 * HOUR;
  peer.first_failure_us = T0 - HOUR;
  peer.dropped = 3;
  peer.burst.hour = T0 / HOUR;
  peer.burst.counts[4] = 17;
  peer.burst.left = 12.5;
  peer.first_batch = 1;
  peer.first_batch_done = TRUE;
  peer.withdrawals.erased_today = 1;
  peer.contradictions.n = 5;
  peer.contradictions.bits[0] = 0x11;
  peer.had_protocol_version = TRUE;
  peer.reciprocity.given = 7.5;
  peer.reciprocity.got = 2.25;
  peer.given_total = 70;
  peer.got_total = 20;
  peer.sync_epoch = 99;
  peer.sync_sequence = 1234;
  peer.sync_due_us = T0 + HOUR;
  peer.sync_state = TOCSIN_SYNC_MATCHES;
  peer.delivered_sequence = 2;
  peer.keys = tocsin_peer_keys_new ();
  g_array_append_val (peer.keys, key);
  peer.scheme = TOCSIN_PEER_SCHEME_RFC9421_ED25519;
  peer.last_seen_us = T0 - HOUR;
  tocsin_peers_put (txn, &peer);
}

static void
put_other_peers (TocsinTxn *txn)
{
  for (guint32 actor = EVERY_SECOND; actor <= EVERY_BLOCKED; actor++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peer_record_init (&peer, actor);
      if (actor == EVERY_SECOND)
        {
          peer.following = TOCSIN_FOLLOWING_ACCEPTED;
          peer.following_since_us = T0 - 20 * DAY;
          peer.weights[TOCSIN_AREA_ANY] = 50;
        }
      peer.follower = actor == EVERY_READER   ? TOCSIN_FOLLOWER_READER
                      : actor == EVERY_ASKING ? TOCSIN_FOLLOWER_PENDING
                                              : TOCSIN_FOLLOWER_NONE;
      peer.blocked = actor == EVERY_BLOCKED;
      peer.away = actor == EVERY_READER;
      tocsin_peers_put (txn, &peer);
    }
}

static void
put_catch_up (TocsinTxn *txn)
{
  TocsinCatchUpRecord done = { .actor = EVERY_FIRST,
                               .last = 1234,
                               .items = 20,
                               .begun_us = T0 - 3 * HOUR,
                               .done_us = T0 - 2 * HOUR };
  TocsinCatchUpRecord failed = { .actor = EVERY_SECOND,
                                 .last = 7,
                                 .items = -1,
                                 .begun_us = T0 - 2 * HOUR,
                                 .done_us = T0 - DAY,
                                 .failed_us = T0 - HOUR,
                                 .retry_us = T0 + HOUR,
                                 .error = (char *) "It did not answer" };

  tocsin_catch_up_put (txn, &done);
  tocsin_catch_up_put (txn, &failed);
}

static void
put_heard (TocsinTxn *txn)
{
  g_auto (TocsinHeardRecord) heard = { .actor = EVERY_FIRST, .update_us = T0 - 9 * DAY };
  TocsinHeard dated = { .dated_us = T0 - 28 * DAY,
                        .name =
                            tocsin_id_for_string ("https://first.localhost/activities/follow-9"),
                        .content = tocsin_id_for_string ("{\"type\":\"Follow\"}") };
  TocsinHeard signed_only = { .dated_us = -(T0 - 9 * DAY),
                              .name = tocsin_id_for_string ("https://first.localhost/updates/1"),
                              .content = tocsin_id_for_string ("{\"type\":\"Update\"}") };

  tocsin_heard_record_add (&heard, &dated);
  tocsin_heard_record_add (&heard, &signed_only);
  tocsin_heard_put (txn, &heard);
}

/* The last was brought by another, and is charged to it. */
static void
put_trust (TocsinTxn *txn)
{
  static const guint32 pairs[][4] = { { EVERY_LOCAL, EVERY_FIRST, 60, EVERY_LOCAL },
                                      { EVERY_FIRST, EVERY_ASKING, 80, EVERY_FIRST },
                                      { EVERY_SECOND, EVERY_ASKING, 70, EVERY_SECOND },
                                      { EVERY_ASKING, EVERY_READER, 40, EVERY_FIRST } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_autofree char *id = g_strdup_printf ("https://x.localhost/trust/%u", i);
      g_autofree char *activity_id = g_strdup_printf ("https://x.localhost/activities/t%u", i);
      g_autoptr (GBytes) activity = g_bytes_new_static ("{\"type\":\"Add\"}", 14);
      g_autoptr (GBytes) alternate = g_bytes_new_static ("{\"type\":\"Other\"}", 16);
      TocsinTrustRecord record = { .truster = pairs[i][0],
                                   .trustee = pairs[i][1],
                                   .area = TOCSIN_AREA_ANY,
                                   .weight = (guint8) pairs[i][2],
                                   .live = i != 2,
                                   .held = i == 2,
                                   .charged = tocsin_charged_to (pairs[i][3], pairs[i][0]),
                                   .via = pairs[i][3],
                                   .published_us = T0 - 3 * DAY,
                                   .updated_us = T0 - 2 * DAY,
                                   .paid_us = T0 - DAY,
                                   .id = id,
                                   .activity_id = activity_id,
                                   .activity = activity,
                                   .alternate = i == 2 ? alternate : NULL };

      tocsin_trust_put (txn, &record);
      /* As was written when there was no other format. */
      tocsin_changes_add (txn, TOCSIN_CHANGE_TRUST, NULL);
    }
}

/* ---- reports ---- */

/* What is said here; all else follows from it. */
typedef struct
{
  guint32 actor;
  TocsinSubjectType type;
  const char *value;
  guint8 category;
  TocsinReportState state;
  TocsinHold hold;
  TocsinSharing sharing;
  TocsinOpinion opinion;
  guint days_ago;
  guint days_good;
  guint64 bundle;
  const char *content;
} Said;

/* Numbers 1 to 12 in this order. Categories: 1 spam, 3 scam, 4 phishing. */
static const Said said[] = {
  { EVERY_LOCAL, TOCSIN_SUBJECT_DOMAIN, "own.example", 1, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 1, 120, 0, NULL },
  { EVERY_LOCAL, TOCSIN_SUBJECT_IP, "203.0.113.5", 1, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_AMBER, TOCSIN_OPINION_MALICIOUS, 2, 60, 1, "twice in one night" },
  { EVERY_LOCAL, TOCSIN_SUBJECT_EMAIL, "own.spammer@mail.example", 1, TOCSIN_STATE_LIVE,
    TOCSIN_HOLD_NONE, TOCSIN_SHARING_AMBER, TOCSIN_OPINION_MALICIOUS, 2, 60, 1, NULL },
  { EVERY_FIRST, TOCSIN_SUBJECT_IP, "198.51.100.7", 1, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_GREEN, TOCSIN_OPINION_MALICIOUS, 1, 60, 0, NULL },
  { EVERY_SECOND, TOCSIN_SUBJECT_IP, "198.51.100.7", 1, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_GREEN, TOCSIN_OPINION_MALICIOUS, 2, 60, 0, NULL },
  { EVERY_SECOND, TOCSIN_SUBJECT_IP, "2001:db8:1:2::7", 1, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_GREEN, TOCSIN_OPINION_BENIGN, 3, 60, 0, NULL },
  { EVERY_FIRST, TOCSIN_SUBJECT_NETWORK, "192.0.2.0/28", 3, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 4, 60, 0, NULL },
  { EVERY_SECOND, TOCSIN_SUBJECT_DOMAIN, "held.example", 3, TOCSIN_STATE_HELD, TOCSIN_HOLD_BURST,
    TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 1, 60, 0, NULL },
  { EVERY_SECOND, TOCSIN_SUBJECT_DOMAIN, "refused.example", 3, TOCSIN_STATE_REFUSED,
    TOCSIN_HOLD_NONE, TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 1, 60, 0, NULL },
  { EVERY_FIRST, TOCSIN_SUBJECT_DOMAIN, "expired.example", 3, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 20, 10, 0, NULL },
  { EVERY_LOCAL, TOCSIN_SUBJECT_DOMAIN, "withdrawn.example", 4, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE,
    TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 5, 60, 0, NULL },
  { EVERY_FIRST, TOCSIN_SUBJECT_DOMAIN, "two-faced.example", 4, TOCSIN_STATE_HELD,
    TOCSIN_HOLD_EQUIVOCATION, TOCSIN_SHARING_CLEAR, TOCSIN_OPINION_MALICIOUS, 1, 60, 0, NULL },
};

static GBytes *
activity_of (const char *id)
{
  g_autofree char *text = g_strdup_printf ("{\"type\":\"Add\",\"object\":{\"id\":\"%s\"}}", id);

  return g_bytes_new (text, strlen (text));
}

static guint64
append_activity (TocsinTxn *txn,
                 TocsinOutboxKind kind,
                 guint32 audience,
                 const TocsinReportRecord *of)
{
  g_autofree char *id = g_strdup_printf ("%s/activities/%u-%" G_GUINT64_FORMAT, EVERY_BASE,
                                         (guint) kind, of != NULL ? of->number : 0);
  g_autoptr (GBytes) activity = activity_of (id);
  TocsinOutboxRecord record = { .kind = kind,
                                .audience = audience,
                                .origin = EVERY_LOCAL,
                                .relayed_from = EVERY_LOCAL,
                                .report = of != NULL ? of->number : 0,
                                .sharing = of != NULL ? of->sharing : TOCSIN_SHARING_CLEAR,
                                .created_us = T0 - DAY,
                                .activity_id = id,
                                .activity = activity };

  return tocsin_outbox_append (txn, &record);
}

static gboolean
put_report (TocsinTxn *txn, const Said *in, guint n, GError **error)
{
  const char *base = in->actor == EVERY_LOCAL ? EVERY_BASE : "https://peer.localhost";
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };
  gint64 then_us = T0 - in->days_ago * DAY;

  if (!tocsin_subject_parse (&subject, in->type, in->value, error))
    return FALSE;
  record = (TocsinReportRecord){ .actor = in->actor,
                                 .via = in->actor,
                                 .state = in->state,
                                 .hold = in->hold,
                                 .category = in->category,
                                 .subject_type = subject.type,
                                 .key_type = subject.key_type,
                                 .opinion = in->opinion,
                                 .confidence = 90,
                                 .action = TOCSIN_ACTION_SUSPENDED,
                                 .sharing = in->sharing,
                                 .verified = TRUE,
                                 .published_us = then_us,
                                 .updated_us = then_us,
                                 .observed_us = then_us,
                                 .last_observed_us = then_us,
                                 .end_us = then_us + in->days_good * DAY,
                                 .evidence_end_us = then_us + in->days_good * DAY,
                                 .received_us = then_us,
                                 .held_us = in->hold != TOCSIN_HOLD_NONE ? then_us : 0,
                                 .key = tocsin_subject_key (&subject),
                                 .batch = in->actor == EVERY_FIRST ? 1 : 0,
                                 .bundle = in->bundle };
  memcpy (record.subject_digest, subject.digest, sizeof subject.digest);
  record.id = g_strdup_printf ("%s/reports/%u", base, n);
  record.activity_id = g_strdup_printf ("%s/activities/r%u", base, n);
  tocsin_sha256 (record.id, strlen (record.id), record.content_hash);
  if (in->state != TOCSIN_STATE_REFUSED)
    {
      record.value = g_strdup (subject.value);
      record.key_value =
          g_strcmp0 (subject.key_value, subject.value) != 0 ? g_strdup (subject.key_value) : NULL;
      record.content = g_strdup (in->content);
      record.activity = activity_of (record.id);
    }
  if (in->hold == TOCSIN_HOLD_EQUIVOCATION)
    record.alternate = activity_of ("https://peer.localhost/other");
  tocsin_reports_put (txn, &record, then_us);
  if (in->actor == EVERY_LOCAL)
    tocsin_reports_set_sequence (
        txn, &record, append_activity (txn, TOCSIN_OUTBOX_ADD, TOCSIN_AUDIENCE_FOLLOWERS, &record),
        FALSE);
  return TRUE;
}

static gboolean
put_reports (TocsinTxn *txn, GError **error)
{
  TocsinTombstone alone = { .removed_us = T0 - DAY, .until_us = T0 + 399 * DAY };
  g_auto (TocsinReportRecord) withdrawn = { 0 };
  guint64 sequence;

  (void) tocsin_meta_next (txn, "bundle");
  for (guint i = 0; i < G_N_ELEMENTS (said); i++)
    if (!put_report (txn, &said[i], i + 1, error))
      return FALSE;
  tocsin_reports_withdraw (txn, 11, TOCSIN_REASON_APPEAL, T0 - HOUR, T0 + 399 * DAY);
  if (tocsin_reports_get (txn, 11, &withdrawn))
    {
      sequence = append_activity (txn, TOCSIN_OUTBOX_REMOVE, TOCSIN_AUDIENCE_FOLLOWERS, &withdrawn);
      tocsin_queue_add (txn, EVERY_READER, sequence, T0 + HOUR);
    }
  tocsin_tombstones_put (txn, EVERY_SECOND, "https://peer.localhost/reports/never-seen", &alone);
  sequence = append_activity (txn, TOCSIN_OUTBOX_MESSAGE, EVERY_READER, NULL);
  tocsin_queue_add (txn, EVERY_READER, sequence, T0 + 2 * HOUR);
  tocsin_queue_update (txn, &(TocsinQueueEntry){ .peer = EVERY_READER,
                                                 .sequence = sequence,
                                                 .attempts = 3,
                                                 .due_us = T0 + 3 * HOUR });
  return TRUE;
}

/* ---- lists ---- */

static gboolean
put_list (TocsinTxn *txn, guint64 batch, guint32 reporter, guint first, guint n, GError **error)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (batch);

  for (guint i = first; i < first + n; i++)
    {
      g_autofree char *value = g_strdup_printf ("192.0.2.%u", i);
      g_auto (TocsinSubject) subject = { 0 };
      TocsinBulkRow row = { 0 };

      if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, value, error))
        return FALSE;
      row.key = tocsin_subject_key (&subject);
      row.key_type = subject.key_type;
      row.value = subject.key_value;
      row.evidence = (TocsinEvidence){ .reporter = reporter,
                                       .category = 20,
                                       .flags = TOCSIN_EVIDENCE_IMPORTED | TOCSIN_EVIDENCE_PERSON,
                                       .confidence = 100,
                                       .subject_type = TOCSIN_SUBJECT_IP,
                                       .observed_s = (guint32) (T0 / TOCSIN_SECOND_US),
                                       .expires_s = TOCSIN_EVIDENCE_NEVER_S };
      (void) tocsin_bulk_add (bulk, &row);
    }
  return tocsin_bulk_write (txn, bulk, error);
}

static gboolean
put_lists (TocsinTxn *txn, GError **error)
{
  TocsinImportRecord first_read = {
    .created_us = T0 - 4 * DAY, .actor = EVERY_FIRST, .count = 4, .source = (char *) "first read"
  };
  TocsinImportRecord import = { .created_us = T0 - 2 * DAY,
                                .category = 20,
                                .subject_type = TOCSIN_SUBJECT_IP,
                                .imported = TRUE,
                                .count = 3,
                                .source = (char *) "exits.txt" };
  TocsinFeedRecord feed = { .actor = EVERY_LISTED,
                            .count = 2,
                            .left_out = 1,
                            .tried_us = T0 - HOUR,
                            .good_us = T0 - DAY,
                            .changed_us = T0 - 2 * DAY,
                            .failures = 1,
                            .digest = { 1, 2, 3 },
                            .reading = { 4, 5, 6 },
                            .name = (char *) "own-list",
                            .definition = (char *) "[feed]\nname=own-list\n",
                            .etag = (char *) "\"abc\"",
                            .last_modified = (char *) "Sun, 22 Nov 2026 00:00:00 GMT",
                            .cursor = (char *) "https://lists.localhost/changes/9",
                            .mirror_of = (char *) "other-list",
                            .error = (char *) "It did not answer" };
  guint64 batch;

  (void) tocsin_imports_add (txn, &first_read);
  batch = tocsin_imports_add (txn, &import);
  if (!put_list (txn, batch, EVERY_LOCAL, 100, 3, error))
    return FALSE;
  feed.batch = tocsin_feeds_new_batch (txn);
  tocsin_feeds_put (txn, &feed);
  return put_list (txn, feed.batch, EVERY_LISTED, 200, 2, error);
}

/* ---- what the operator says, and the rest ---- */

static gboolean
put_allowed (TocsinTxn *txn,
             TocsinSubjectType type,
             const char *value,
             gint64 expires_us,
             const char *reason,
             GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };
  TocsinAllowRecord record = { .created_us = T0 - DAY, .expires_us = expires_us };

  if (!tocsin_subject_parse (&subject, type, value, error))
    return FALSE;
  record.key = tocsin_subject_key (&subject);
  record.type = subject.key_type;
  record.value = subject.key_value;
  record.reason = (char *) reason;
  tocsin_allow_put (txn, &record);
  return TRUE;
}

static void
put_reviews (TocsinTxn *txn)
{
  TocsinReviewRecord open = { .kind = TOCSIN_REVIEW_BURST,
                              .actor = EVERY_SECOND,
                              .report = 8,
                              .count = 1,
                              .created_us = T0 - DAY,
                              .due_us = T0 + 6 * DAY,
                              .text = (char *) "More reports than usual" };
  TocsinReviewRecord decided = { .kind = TOCSIN_REVIEW_BATCH,
                                 .state = TOCSIN_REVIEW_ACCEPTED,
                                 .actor = EVERY_FIRST,
                                 .batch = 1,
                                 .count = 4,
                                 .created_us = T0 - 4 * DAY,
                                 .decided_us = T0 - 3 * DAY,
                                 .text = (char *) "The first reports of a new peer",
                                 .decided_by = (char *) "socket" };

  tocsin_review_add (txn, &open);
  tocsin_review_add (txn, &decided);
}

static void
put_token (TocsinTxn *txn)
{
  TocsinTokenRecord token = { .name = (char *) "mastodon",
                              .scopes = TOCSIN_SCOPE_CHECK,
                              .created_us = T0 - DAY };

  tocsin_sha256 (EVERY_TOKEN, strlen (EVERY_TOKEN), token.hash);
  tocsin_tokens_put (txn, &token);
}

static void
put_seen (TocsinTxn *txn)
{
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://first.localhost/activities/%u", i);
      TocsinId content = tocsin_id_for_string (id);

      tocsin_seen_put (txn, id, &content, T0 - i * DAY);
    }
}

static void
put_audit (TocsinTxn *txn)
{
  tocsin_audit_append (txn, T0 - 3 * HOUR, "socket", "peer.follow", "https://first.localhost/actor",
                       NULL);
  tocsin_audit_append (txn, T0 - 2 * HOUR, "mastodon", "report.add", EVERY_BASE "/reports/1", NULL);
  tocsin_audit_append (txn, T0 - HOUR, "socket", "report.withdraw", EVERY_BASE "/reports/11",
                       "appeal");
}

/* A row as it was before rows had a layout: a hash is there even where it is none. */
static void
put_old_subject (TocsinTxn *txn, TocsinSubjectType type, const char *value, gboolean has_hash)
{
  const guint8 head[4] = { (guint8) type, has_hash, value != NULL, 0 };
  guint8 row[256] = { 0 };
  gsize size = sizeof head + TOCSIN_SHA256_BYTES + (value != NULL ? strlen (value) + 1 : 0);
  const Said *about = has_hash ? &said[2] : &said[0];
  g_auto (TocsinSubject) subject = { 0 };
  TocsinKey key;

  if (!tocsin_subject_parse (&subject, about->type, about->value, NULL))
    return;
  memcpy (row, head, sizeof head);
  if (has_hash)
    memset (row + sizeof head, 0x5a, TOCSIN_SHA256_BYTES);
  if (value != NULL)
    memcpy (row + sizeof head + TOCSIN_SHA256_BYTES, value, strlen (value) + 1);
  key = tocsin_key_id (&(TocsinId[]){ tocsin_subject_key (&subject) }[0]);
  tocsin_txn_put (txn, TOCSIN_TABLE_SUBJECTS, &key, row, size);
}

gboolean
every_table_fill (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint64 epoch = EVERY_EPOCH;
  const gint64 first_start_us = T0 - 30 * DAY;
  const guint64 events[] = { 11, 22, 33 };

  tocsin_meta_put (txn, "epoch", &epoch, sizeof epoch);
  tocsin_meta_put (txn, "base-url", EVERY_BASE, strlen (EVERY_BASE));
  tocsin_meta_put (txn, "first-start", &first_start_us, sizeof first_start_us);
  put_actors (txn);
  put_first (txn);
  put_other_peers (txn);
  put_catch_up (txn);
  put_heard (txn);
  put_trust (txn);
  if (!put_reports (txn, error) || !put_lists (txn, error) ||
      !put_allowed (txn, TOCSIN_SUBJECT_DOMAIN, "ours.example", 0, "our own", error) ||
      !put_allowed (txn, TOCSIN_SUBJECT_NETWORK, "2001:db8:77::/48", T0 + 90 * DAY, NULL, error))
    return FALSE;
  put_reviews (txn);
  put_token (txn);
  put_seen (txn);
  put_audit (txn);
  put_old_subject (txn, TOCSIN_SUBJECT_DOMAIN, "own.example", FALSE);
  put_old_subject (txn, TOCSIN_SUBJECT_EMAIL, NULL, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (events); i++)
    tocsin_voices_add (txn, (guint32) (T0 / DAY), EVERY_FIRST, events[i]);
  while (tocsin_store_purge (txn, T0, 1000) > 0)
    ;
  return tocsin_txn_check (txn, error);
}
