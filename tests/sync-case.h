/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Catching up: `us` reads the outbox of `peer`, and what `peer` relayed of `other`, over HTTP;
 * nothing is pushed.
 */
#pragma once

#include "fed/publish.h"
#include "fed/rotation.h"
#include "fed/sync-read.h"
#include "fed/sync.h"
#include "public-node.h"
#include "store/table-catch-up.h"
#include "store/table-imports.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "wait-for.h"

static PublicNode us, peer;
static PublicNode other G_GNUC_UNUSED;
static guint32 peer_number; /* of `peer` at `us` */
static guint32 us_number;   /* of `us` at `peer` */
static guint next_address;

/* ---- both nodes ---- */

static inline void
start (TocsinFollower as)
{
  Befriend ours = { .peer = &peer,
                    .following = TOCSIN_FOLLOWING_ACCEPTED,
                    .had_protocol_version = TRUE };
  Befriend theirs = { .peer = &us, .follower = as };

  public_node_start (&us);
  public_node_start (&peer);
  peer_number = public_node_befriend (&us, &ours);
  us_number = public_node_befriend (&peer, &theirs);
}

static inline void
stop (void)
{
  public_node_stop (&peer);
  public_node_stop (&us);
}

static inline void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **out = data;

  *out = g_object_ref (result);
}

/* A subject that nothing else is about. What may be about a person is never clear; a network is
 * about none. */
static inline void
add_subject (GArray *subjects, gboolean network)
{
  guint n = next_address++;
  g_autofree char *text = network ? g_strdup_printf ("198.51.%u.0/24", n % 100)
                                  : g_strdup_printf ("198.51.%u.%u", 100 + n / 200, 1 + n % 200);
  TocsinSubject subject = { 0 };

  g_assert_true (tocsin_subject_parse (
      &subject, network ? TOCSIN_SUBJECT_NETWORK : TOCSIN_SUBJECT_IP, text, NULL));
  g_array_append_val (subjects, subject);
}

/* @n reports of @node; gives the URI of the last. */
static inline char *
publish (PublicNode *node, guint n, TocsinSharing sharing, gboolean derived)
{
  char *last = NULL;

  while (n > 0)
    {
      g_auto (TocsinDraft) draft = { 0 };
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (TocsinPublished) published = NULL;
      g_autoptr (GError) error = NULL;

      tocsin_draft_init (&draft);
      for (; n > 0 && draft.subjects->len < TOCSIN_PUBLISH_SUBJECTS_MAX; n--)
        add_subject (draft.subjects, sharing == TOCSIN_SHARING_CLEAR);
      draft.category = tocsin_category_by_slug ("spam")->id;
      draft.sharing_set = TRUE;
      draft.sharing = sharing;
      draft.derived = derived;
      tocsin_publish_reports_async (node->fed, &draft, "test", on_done, &result);
      WAIT_FOR (result != NULL);
      published = tocsin_publish_reports_finish (result, &error);
      g_assert_no_error (error);
      g_free (last);
      last = g_strdup (published->ids[draft.subjects->len - 1]);
    }
  return last;
}

static inline void
publish_green (guint n)
{
  g_free (publish (&peer, n, TOCSIN_SHARING_GREEN, FALSE));
}

static inline guint64
number_of (PublicNode *node, guint32 actor, const char *id)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (node->files.store));
  guint64 number = 0;

  tocsin_reports_find (txn, actor, id, &number);
  return number;
}

static inline void
withdraw (const char *id)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  guint64 number = number_of (&peer, TOCSIN_ACTOR_LOCAL, id);

  g_assert_cmpuint (number, !=, 0);
  tocsin_publish_withdraw_async (peer.fed, number, TOCSIN_REASON_ERROR, "test", on_done, &result);
  WAIT_FOR (result != NULL);
  tocsin_publish_withdraw_finish (result, &error);
  g_assert_no_error (error);
}

/* ---- one reading ---- */

static inline gboolean
read_of (PublicNode *node, guint32 actor, gboolean from_zero, TocsinReadResult *out, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  tocsin_sync_read_async (node->fed, actor, from_zero, NULL, on_done, &result);
  WAIT_FOR (result != NULL);
  return tocsin_sync_read_finish (result, out, error);
}

static inline TocsinReadResult
read_ok (gboolean from_zero)
{
  TocsinReadResult out = { 0 };
  g_autoptr (GError) error = NULL;

  read_of (&us, peer_number, from_zero, &out, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (out.actor, ==, peer_number);
  return out;
}

static inline void
read_fails (TocsinError code)
{
  TocsinReadResult out = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (read_of (&us, peer_number, FALSE, &out, &error));
  g_assert_error (error, TOCSIN_ERROR, (int) code);
}

/* ---- what is here ---- */

static inline guint
reports_here (guint32 actor, TocsinReportState state)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, actor, &counts);
  return counts.by_state[state];
}

static inline guint
live (void)
{
  return reports_here (peer_number, TOCSIN_STATE_LIVE);
}

static inline void
get_peer (TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

  tocsin_peer_record_clear (out);
  tocsin_peers_get (txn, peer_number, out);
}

static inline void
assert_sync (TocsinSyncState state, guint64 sequence)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  get_peer (&record);
  g_assert_cmpint (record.sync_state, ==, state);
  g_assert_cmpuint (record.sync_sequence, ==, sequence);
}

/* What people are told: how far, of how much, and the newest failure. */
static inline void
assert_catch_up (TocsinCatchUpState state, guint64 last, gint64 items, const char *why)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinPeerRecord) peer_record = { 0 };
  g_auto (TocsinCatchUpRecord) record = { 0 };

  g_assert_true (tocsin_peers_get (txn, peer_number, &peer_record));
  tocsin_catch_up_get (txn, peer_number, &record);
  g_assert_cmpint (tocsin_catch_up_state (&record, &peer_record), ==, state);
  g_assert_cmpuint (record.last, ==, last);
  g_assert_cmpint (record.items, ==, items);
  g_assert_cmpstr (record.error, ==, why);
  g_assert_true ((record.failed_us != 0) == (why != NULL));
}

static inline TocsinCatchUpState
catch_up_state (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinPeerRecord) peer_record = { 0 };
  g_auto (TocsinCatchUpRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &peer_record);
  tocsin_catch_up_get (txn, peer_number, &record);
  return tocsin_catch_up_state (&record, &peer_record);
}

typedef struct
{
  TocsinReviewKind kind;
  guint lines;
  guint64 count; /* of the last */
} Lines;

static inline gboolean
count_line (const TocsinReviewRecord *record, gpointer data)
{
  Lines *lines = data;

  if (record->kind == lines->kind && record->actor == peer_number)
    {
      lines->lines++;
      lines->count = record->count;
    }
  return TRUE;
}

static inline Lines
lines_of (TocsinReviewKind kind)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  Lines lines = { .kind = kind };

  tocsin_review_foreach (txn, 0, FALSE, count_line, &lines);
  return lines;
}

static inline guint64
last_of_peer (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (peer.files.store));

  return tocsin_outbox_last (txn);
}

/* ---- changes behind the nodes' backs ---- */

typedef struct
{
  guint32 actor;
  int follower;    /* -1: as it is */
  gint64 sequence; /* -1: as it is */
} Change;

static inline gboolean
write_change (TocsinTxn *txn, gpointer data, GError **error)
{
  const Change *change = data;
  g_auto (TocsinPeerRecord) record = { 0 };

  g_assert_true (tocsin_peers_get (txn, change->actor, &record));
  if (change->follower >= 0)
    record.follower = (TocsinFollower) change->follower;
  if (change->sequence >= 0)
    record.sync_sequence = (guint64) change->sequence;
  tocsin_peers_put (txn, &record);
  return tocsin_txn_check (txn, error);
}

static inline void
set_follower (TocsinFollower follower)
{
  Change change = { .actor = us_number, .follower = (int) follower, .sequence = -1 };

  write_ok (&peer.files, write_change, &change);
}

static inline void
set_cursor (gint64 sequence)
{
  Change change = { .actor = peer_number, .follower = -1, .sequence = sequence };

  write_ok (&us.files, write_change, &change);
}

static inline gboolean
write_epoch (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  tocsin_meta_renew_epoch (txn);
  return tocsin_txn_check (txn, error);
}

static inline void
rotate (PublicNode *node)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_rotation_run_async (node->fed, "test", on_done, &result);
  WAIT_FOR (result != NULL);
  fingerprint = tocsin_rotation_run_finish (result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fingerprint);
}

static inline void
believe (PublicNode *node, const guint32 *actors, gsize n)
{
  TocsinTrustPeer rows[2] = { 0 };
  TocsinTrustInput input;
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  for (gsize i = 0; i < n; i++)
    rows[i] = (TocsinTrustPeer){ .actor = actors[i], .area = TOCSIN_AREA_ANY, .weight = 0.5 };
  input = (TocsinTrustInput){ .peers = rows, .n_peers = n };
  trust = tocsin_trust_snapshot_new (&input, 1, 1);
  tocsin_federation_set_trust (node->fed, trust);
}
