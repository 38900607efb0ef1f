/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A store whose rows are not what was written: every way to read one says so, and no way of reading
 * goes on with what it found.
 */
#include "store-fixture.h"

#include "core/error.h"
#include "store/bulk.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-audit.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-feeds.h"
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

#define MESSAGE "Database: a record is damaged"

/* Nothing that is damaged may come out. */
static gboolean
never (gconstpointer record, gpointer data)
{
  g_assert_not_reached ();
}

static void
use_list (TocsinTxn *txn, const TocsinReportFilter *filter)
{
  guint64 next;
  g_autoptr (GPtrArray) page = tocsin_reports_list (txn, filter, 0, 10, &next);

  g_assert_cmpuint (page->len, ==, 0);
}

static void
use_numbers (GArray *numbers)
{
  g_assert_cmpuint (numbers->len, ==, 0);
  g_array_unref (numbers);
}

static void
walk_actors (TocsinTxn *txn)
{
  tocsin_actors_foreach (txn, 0, (TocsinActorFunc) never, NULL);
}

static void
walk_actor_heads (TocsinTxn *txn)
{
  tocsin_actors_foreach_head (txn, 0, (TocsinActorFunc) never, NULL);
}

static void
walk_peer_heads (TocsinTxn *txn)
{
  tocsin_peers_foreach_head (txn, (TocsinPeerFunc) never, NULL);
}

static void
walk_peers (TocsinTxn *txn)
{
  tocsin_peers_foreach (txn, (TocsinPeerFunc) never, NULL);
}

static void
walk_followers (TocsinTxn *txn)
{
  tocsin_peers_foreach_follower (txn, (TocsinPeerFunc) never, NULL);
}

static void
walk_subjects (TocsinTxn *txn)
{
  tocsin_subjects_foreach (txn, "", NULL, (TocsinSubjectFunc) never, NULL);
}

static void
walk_lengths (TocsinTxn *txn)
{
  TocsinNetworkLengths lengths;

  tocsin_lengths_read (txn, &lengths);
  g_assert_cmpuint (lengths.v4, ==, 0);
}

static void
walk_evidence (TocsinTxn *txn)
{
  g_auto (TocsinCursor) cursor = { 0 };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_EVIDENCE);
  g_assert_false (tocsin_cursor_seek (&cursor, NULL));
  g_assert_false (tocsin_cursor_next (&cursor));
}

static void
walk_reports (TocsinTxn *txn)
{
  use_list (txn, &(TocsinReportFilter){ .include_imports = TRUE });
}

static void
walk_reports_of (TocsinTxn *txn)
{
  use_list (txn, &(TocsinReportFilter){ .has_actor = TRUE, .actor = 0 });
}

static void
walk_batch (TocsinTxn *txn)
{
  use_numbers (tocsin_reports_in_batch (txn, G_MAXUINT64, 0, 10));
  use_numbers (tocsin_bulk_list (txn, G_MAXUINT64));
  g_assert_cmpuint (tocsin_bulk_undo (txn, G_MAXUINT64, 10, T0), ==, 0);
}

static void
walk_bundle (TocsinTxn *txn)
{
  TocsinReportFilter filter = { .bundle = G_MAXUINT64 };
  guint64 next = 0;
  g_autoptr (GPtrArray) page = tocsin_reports_list (txn, &filter, 0, 10, &next);

  g_assert_cmpuint (page->len, <=, 10);
}

static void
walk_held (TocsinTxn *txn)
{
  use_numbers (tocsin_reports_held (txn, 0, 10));
}

static void
walk_purge (TocsinTxn *txn)
{
  g_assert_cmpuint (tocsin_store_purge (txn, T0, 10), ==, 0);
}

static void
walk_counts (TocsinTxn *txn)
{
  TocsinPurgeCounts counts;

  tocsin_store_purge_count (txn, T0, &counts);
  g_assert_cmpuint (counts.evidence + counts.tombstones + counts.seen + counts.deliveries, ==, 0);
}

static void
walk_digest (TocsinTxn *txn)
{
  guint8 digest[TOCSIN_SHA256_BYTES];

  g_assert_cmpuint (tocsin_reports_digest (txn, 1, T0, TOCSIN_SHARING_AMBER, digest), ==, 0);
}

static gboolean
never_edge (const TocsinTrustEdge *edge, gpointer data)
{
  g_assert_not_reached ();
}

static void
walk_edges (TocsinTxn *txn)
{
  tocsin_trust_foreach_edge (txn, never_edge, NULL);
}

static void
walk_statements (TocsinTxn *txn)
{
  tocsin_trust_foreach_of (txn, 0, (TocsinTrustFunc) never, NULL);
}

static void
count_statements (TocsinTxn *txn)
{
  g_assert_cmpuint (tocsin_trust_count_of (txn, G_MAXUINT32), ==, 0);
}

static void
walk_outbox (TocsinTxn *txn)
{
  tocsin_outbox_foreach (txn, 0, (TocsinOutboxFunc) never, NULL);
}

static void
walk_outbox_heads (TocsinTxn *txn)
{
  tocsin_outbox_foreach_head (txn, 0, (TocsinOutboxFunc) never, NULL);
}

static void
last_of_outbox (TocsinTxn *txn)
{
  g_assert_cmpuint (tocsin_outbox_last (txn), ==, 0);
}

static gboolean
never_waits (const TocsinQueueEntry *next, guint64 count, gpointer data)
{
  g_assert_not_reached ();
}

static void
walk_queue (TocsinTxn *txn)
{
  tocsin_queue_foreach_peer (txn, never_waits, NULL);
}

static void
walk_allow (TocsinTxn *txn)
{
  tocsin_allow_foreach (txn, (TocsinAllowFunc) never, NULL);
}

static void
walk_review (TocsinTxn *txn)
{
  tocsin_review_foreach (txn, 0, FALSE, (TocsinReviewFunc) never, NULL);
}

static void
find_review (TocsinTxn *txn)
{
  guint64 id;

  g_assert_false (tocsin_review_find_open (txn, TOCSIN_REVIEW_BURST, 1, 1, &id));
}

static void
walk_audit (TocsinTxn *txn)
{
  tocsin_audit_foreach (txn, 0, FALSE, (TocsinAuditFunc) never, NULL);
}

static void
walk_audit_back (TocsinTxn *txn)
{
  tocsin_audit_foreach (txn, 0, TRUE, (TocsinAuditFunc) never, NULL);
}

static void
verify_audit (TocsinTxn *txn)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_audit_verify (txn, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
}

static void
find_token (TocsinTxn *txn)
{
  static const guint8 hash[32] = { 0 };
  g_auto (TocsinTokenRecord) token = { 0 };

  g_assert_false (tocsin_tokens_find (txn, hash, &token));
}

static void
walk_imports (TocsinTxn *txn)
{
  tocsin_imports_foreach (txn, 0, (TocsinImportFunc) never, NULL);
}

static void
walk_feeds (TocsinTxn *txn)
{
  tocsin_feeds_foreach (txn, (TocsinFeedFunc) never, NULL);
}

static void
walk_changes (TocsinTxn *txn)
{
  tocsin_changes_foreach (txn, 0, (TocsinChangeFunc) never, NULL);
}

static void
covers_changes (TocsinTxn *txn)
{
  guint64 newest = 7;
  TocsinId name = tocsin_id_for_string ("generation");
  TocsinKey key = tocsin_key_id (&name);

  tocsin_txn_put_u64 (txn, TOCSIN_TABLE_META, &key, newest);
  g_assert_false (tocsin_changes_covers (txn, 1));
}

static gboolean
never_heard (guint32 actor, gconstpointer events, guint n_events, gpointer data)
{
  g_assert_not_reached ();
}

static void
walk_voices (TocsinTxn *txn)
{
  tocsin_voices_foreach (txn, 0, never_heard, NULL);
}

static void
forget_voices (TocsinTxn *txn)
{
  tocsin_voices_forget (txn, 1);
}

typedef struct
{
  const char *name;
  TocsinTable table;
  void (*use) (TocsinTxn *txn);
  gboolean last; /* the key comes after all others; else before them */
} Walk;

static const Walk walks[] = {
  { "actors", TOCSIN_TABLE_ACTORS, walk_actors, TRUE },
  { "actors, heads", TOCSIN_TABLE_ACTORS, walk_actor_heads, TRUE },
  { "peers", TOCSIN_TABLE_PEERS, walk_peers, FALSE },
  { "peers, heads", TOCSIN_TABLE_PEERS, walk_peer_heads, FALSE },
  { "followers", TOCSIN_TABLE_FOLLOWERS, walk_followers, FALSE },
  { "subjects", TOCSIN_TABLE_SUBJECTS, walk_subjects, TRUE },
  { "lengths", TOCSIN_TABLE_LENGTHS, walk_lengths, FALSE },
  { "evidence", TOCSIN_TABLE_EVIDENCE, walk_evidence, FALSE },
  { "reports", TOCSIN_TABLE_REPORTS, walk_reports, FALSE },
  { "report-actors", TOCSIN_TABLE_REPORT_ACTORS, walk_reports_of, FALSE },
  { "report-ends, purge", TOCSIN_TABLE_REPORT_ENDS, walk_purge, FALSE },
  { "report-ends, counts", TOCSIN_TABLE_REPORT_ENDS, walk_counts, FALSE },
  { "report-ends, digest", TOCSIN_TABLE_REPORT_ENDS, walk_digest, FALSE },
  { "report-batches", TOCSIN_TABLE_REPORT_BATCHES, walk_batch, TRUE },
  { "report-bundles", TOCSIN_TABLE_REPORT_BUNDLES, walk_bundle, TRUE },
  { "report-held", TOCSIN_TABLE_REPORT_HELD, walk_held, TRUE },
  { "tombstone-ends", TOCSIN_TABLE_TOMBSTONE_ENDS, walk_purge, FALSE },
  { "tombstone-ends, counts", TOCSIN_TABLE_TOMBSTONE_ENDS, walk_counts, FALSE },
  { "trust, edges", TOCSIN_TABLE_TRUST, walk_edges, FALSE },
  { "trust, statements", TOCSIN_TABLE_TRUST, walk_statements, TRUE },
  { "trust, count", TOCSIN_TABLE_TRUST, count_statements, TRUE },
  { "outbox", TOCSIN_TABLE_OUTBOX, walk_outbox, TRUE },
  { "outbox, heads", TOCSIN_TABLE_OUTBOX, walk_outbox_heads, TRUE },
  { "outbox, last", TOCSIN_TABLE_OUTBOX, last_of_outbox, TRUE },
  { "queue", TOCSIN_TABLE_QUEUE, walk_queue, TRUE },
  { "queue, purge", TOCSIN_TABLE_QUEUE, walk_purge, TRUE },
  { "queue, counts", TOCSIN_TABLE_QUEUE, walk_counts, FALSE },
  { "seen-times", TOCSIN_TABLE_SEEN_TIMES, walk_purge, FALSE },
  { "seen-times, counts", TOCSIN_TABLE_SEEN_TIMES, walk_counts, FALSE },
  { "allow", TOCSIN_TABLE_ALLOW, walk_allow, FALSE },
  { "review", TOCSIN_TABLE_REVIEW, walk_review, TRUE },
  { "review-open", TOCSIN_TABLE_REVIEW_OPEN, find_review, TRUE },
  { "audit", TOCSIN_TABLE_AUDIT, walk_audit, TRUE },
  { "audit, back", TOCSIN_TABLE_AUDIT, walk_audit_back, TRUE },
  { "audit, verify", TOCSIN_TABLE_AUDIT, verify_audit, FALSE },
  { "tokens", TOCSIN_TABLE_TOKENS, find_token, FALSE },
  { "imports", TOCSIN_TABLE_IMPORTS, walk_imports, TRUE },
  { "feeds", TOCSIN_TABLE_FEEDS, walk_feeds, FALSE },
  { "changes", TOCSIN_TABLE_CHANGES, walk_changes, TRUE },
  { "changes, covers", TOCSIN_TABLE_CHANGES, covers_changes, FALSE },
  { "voices", TOCSIN_TABLE_VOICES, walk_voices, TRUE },
  { "voices, forget", TOCSIN_TABLE_VOICES, forget_voices, TRUE },
  { "voices, purge", TOCSIN_TABLE_VOICES, walk_purge, FALSE },
};

static gboolean
put_odd_key (TocsinTxn *txn, gpointer data, GError **error)
{
  const Walk *walk = data;
  TocsinKey key = { .size = 0 };
  guint8 row[sizeof (TocsinEvidence)] = { 0 };

  tocsin_key_add_u8 (&key, walk->last ? 0xff : 0);
  while (walk->last && key.size < sizeof key.bytes)
    tocsin_key_add_u8 (&key, 0xff);
  tocsin_txn_put (txn, walk->table, &key, row, sizeof row);
  return TRUE;
}

static gboolean
use_walk (TocsinTxn *txn, gpointer data, GError **error)
{
  const Walk *walk = data;

  walk->use (txn);
  return TRUE;
}

static gboolean
put_small (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "small", "v", 1);
  return TRUE;
}

static void
assert_damage (Fixture *f, TocsinWriteFunc func, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, func, (gpointer) data, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  g_assert_cmpstr (error->message, ==, MESSAGE);
  /* What else there is can still be used. */
  write_ok (f, put_small, NULL);
}

static void
test_odd_key (Fixture *f, gconstpointer data)
{
  write_ok (f, put_odd_key, (gpointer) data);
  assert_damage (f, use_walk, data);
}

/* ---- rows ---- */

static TocsinKey
key_of_number (guint64 number)
{
  return tocsin_key_u64 (number);
}

static TocsinKey
key_of_text (const char *text)
{
  TocsinId id = tocsin_id_for_string (text);

  return tocsin_key_id (&id);
}

static TocsinKey
key_of_pair (guint32 actor, const char *text)
{
  TocsinId id = tocsin_id_for_pair (actor, text);

  return tocsin_key_id (&id);
}

static TocsinKey
key_one (void)
{
  return tocsin_key_u32 (1);
}

static TocsinKey
key_first (void)
{
  return key_of_number (1);
}

static TocsinKey
key_subject (void)
{
  TocsinSubjectKey key = key_number (1);

  return tocsin_key_id (&key);
}

static TocsinKey
key_name (void)
{
  return key_of_text ("name");
}

static TocsinKey
key_pair (void)
{
  return key_of_pair (1, "name");
}

static TocsinKey
key_delivery (void)
{
  return tocsin_key_u32_u64 (1, 1);
}

static TocsinKey
key_statement (void)
{
  TocsinKey key = tocsin_key_u32 (1);

  tocsin_key_add_u32 (&key, 2);
  tocsin_key_add_u8 (&key, TOCSIN_AREA_ANY);
  return key;
}

static TocsinKey
key_head (void)
{
  return key_of_text ("audit-head");
}

static TocsinKey
key_generation (void)
{
  return key_of_text ("generation");
}

static TocsinKey
key_length (void)
{
  TocsinKey key = { .size = 0 };

  tocsin_key_add_u8 (&key, 4);
  tocsin_key_add_u8 (&key, 33);
  return key;
}

static TocsinKey
key_voices (void)
{
  TocsinKey key = tocsin_key_u32 (20000);

  tocsin_key_add_u32 (&key, 1);
  return key;
}

static void
get_actor (TocsinTxn *txn)
{
  g_auto (TocsinActorRecord) actor = { 0 };

  g_assert_false (tocsin_actors_get (txn, 1, &actor));
}

static void
peek_actor (TocsinTxn *txn)
{
  g_assert_null (tocsin_actors_peek_uri (txn, 1));
}

static void
get_peer (TocsinTxn *txn)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_false (tocsin_peers_get (txn, 1, &peer));
}

static void
get_subject (TocsinTxn *txn)
{
  TocsinSubjectKey key = key_number (1);
  TocsinSubjectRecord subject;

  g_assert_false (tocsin_subjects_get (txn, &key, &subject));
}

static void
match_allow (TocsinTxn *txn)
{
  TocsinSubjectKey key = key_number (1);

  g_assert_false (tocsin_allow_match (txn, &key, T0));
}

static void
remove_allow (TocsinTxn *txn)
{
  TocsinSubjectKey key = key_number (1);

  g_assert_false (tocsin_allow_remove (txn, &key));
}

static void
get_report (TocsinTxn *txn)
{
  g_auto (TocsinReportRecord) report = { 0 };

  g_assert_false (tocsin_reports_get (txn, 1, &report));
}

static void
change_report (TocsinTxn *txn)
{
  g_assert_false (tocsin_reports_set_state (txn, 1, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, T0));
}

static void
find_report (TocsinTxn *txn)
{
  guint64 number;

  g_assert_false (tocsin_reports_find (txn, 1, "name", &number));
}

static void
get_tombstone (TocsinTxn *txn)
{
  TocsinTombstone tombstone;

  g_assert_false (tocsin_tombstones_get (txn, 1, "name", &tombstone));
  g_assert_cmpint (tombstone.until_us, ==, 0);
}

static void
find_trust (TocsinTxn *txn)
{
  g_auto (TocsinTrustRecord) record = { 0 };

  g_assert_false (tocsin_trust_find (txn, 1, "name", &record));
}

static void
remove_trust (TocsinTxn *txn)
{
  g_assert_false (tocsin_trust_remove (txn, 1, 2, TOCSIN_AREA_ANY));
}

static void
next_delivery (TocsinTxn *txn)
{
  TocsinQueueEntry entry;

  g_assert_false (tocsin_queue_next (txn, 1, &entry));
}

static void
get_delivery (TocsinTxn *txn)
{
  TocsinQueueEntry entry;

  g_assert_false (tocsin_queue_get (txn, 1, 1, &entry));
}

static void
count_delivery (TocsinTxn *txn)
{
  g_assert_cmpuint (tocsin_queue_count_of (txn, 1), ==, 0);
}

static void
blank_entry (TocsinTxn *txn)
{
  g_assert_false (tocsin_outbox_blank (txn, 1));
}

static void
forget_entry (TocsinTxn *txn)
{
  tocsin_outbox_forget (txn, 1);
}

static void
get_import (TocsinTxn *txn)
{
  g_auto (TocsinImportRecord) import = { 0 };

  g_assert_false (tocsin_imports_get (txn, 1, &import));
}

static void
get_feed (TocsinTxn *txn)
{
  g_auto (TocsinFeedRecord) feed = { 0 };

  g_assert_false (tocsin_feeds_get (txn, "name", &feed));
}

static void
append_audit (TocsinTxn *txn)
{
  tocsin_audit_append (txn, T0, "socket", "test", NULL, NULL);
}

static void
next_change (TocsinTxn *txn)
{
  tocsin_changes_add (txn, TOCSIN_CHANGE_TRUST, NULL);
}

static void
walk_voices_of_day (TocsinTxn *txn)
{
  tocsin_voices_foreach (txn, 20000, never_heard, NULL);
}

static void
add_voice (TocsinTxn *txn)
{
  tocsin_voices_add (txn, 20000, 1, 1);
}

typedef struct
{
  const char *name;
  TocsinTable table;
  TocsinKey (*key) (void);
  gsize size; /* of the row, all of it 0xff */
  void (*use) (TocsinTxn *txn);
} Row;

static const Row rows[] = {
  { "actor", TOCSIN_TABLE_ACTORS, key_one, 9, get_actor },
  { "actor, empty", TOCSIN_TABLE_ACTORS, key_one, 4, peek_actor },
  { "actor, no end", TOCSIN_TABLE_ACTORS, key_one, 9, peek_actor },
  { "actor, head", TOCSIN_TABLE_ACTORS, key_one, 9, walk_actor_heads },
  { "peer", TOCSIN_TABLE_PEERS, key_one, 9, get_peer },
  { "peer, head", TOCSIN_TABLE_PEERS, key_one, 90, walk_peer_heads },
  { "subject, short", TOCSIN_TABLE_SUBJECTS, key_subject, 3, get_subject },
  { "subject, no end", TOCSIN_TABLE_SUBJECTS, key_subject, 40, get_subject },
  { "subject, no value", TOCSIN_TABLE_SUBJECTS, key_subject, 36, get_subject },
  { "allow, match", TOCSIN_TABLE_ALLOW, key_subject, 7, match_allow },
  { "allow, remove", TOCSIN_TABLE_ALLOW, key_subject, 70, remove_allow },
  { "length", TOCSIN_TABLE_LENGTHS, key_length, 8, walk_lengths },
  { "report", TOCSIN_TABLE_REPORTS, key_first, 55, get_report },
  { "report, change", TOCSIN_TABLE_REPORTS, key_first, 57, change_report },
  { "report, listed", TOCSIN_TABLE_REPORTS, key_first, 57, walk_reports },
  { "report id", TOCSIN_TABLE_REPORT_IDS, key_pair, 7, find_report },
  { "actor counts", TOCSIN_TABLE_ACTOR_COUNTS, key_one, 3, walk_digest },
  { "tombstone", TOCSIN_TABLE_TOMBSTONES, key_pair, 23, get_tombstone },
  { "trust id", TOCSIN_TABLE_TRUST_IDS, key_pair, 8, find_trust },
  { "trust", TOCSIN_TABLE_TRUST, key_statement, 12, remove_trust },
  { "trust, edge", TOCSIN_TABLE_TRUST, key_statement, 4, walk_edges },
  { "trust, weight", TOCSIN_TABLE_TRUST, key_statement, 40, walk_edges },
  { "delivery, next", TOCSIN_TABLE_QUEUE, key_delivery, 15, next_delivery },
  { "delivery", TOCSIN_TABLE_QUEUE, key_delivery, 17, get_delivery },
  { "delivery count", TOCSIN_TABLE_QUEUE_COUNTS, key_one, 9, count_delivery },
  { "outbox, blank", TOCSIN_TABLE_OUTBOX, key_first, 5, blank_entry },
  { "outbox, head", TOCSIN_TABLE_OUTBOX, key_first, 5, walk_outbox_heads },
  { "outbox, head's id", TOCSIN_TABLE_OUTBOX, key_first, 60, walk_outbox_heads },
  { "outbox, forget", TOCSIN_TABLE_OUTBOX, key_first, 5, forget_entry },
  { "import", TOCSIN_TABLE_IMPORTS, key_first, 5, get_import },
  { "feed", TOCSIN_TABLE_FEEDS, key_name, 5, get_feed },
  { "feed, walk", TOCSIN_TABLE_FEEDS, key_name, 5, walk_feeds },
  { "audit", TOCSIN_TABLE_AUDIT, key_first, 5, walk_audit },
  { "audit, back", TOCSIN_TABLE_AUDIT, key_first, 5, walk_audit_back },
  { "audit head", TOCSIN_TABLE_META, key_head, 39, append_audit },
  { "audit head, verify", TOCSIN_TABLE_META, key_head, 41, verify_audit },
  { "generation", TOCSIN_TABLE_META, key_generation, 4, next_change },
  { "change", TOCSIN_TABLE_CHANGES, key_first, 5, walk_changes },
  { "voices", TOCSIN_TABLE_VOICES, key_voices, 7, walk_voices_of_day },
  { "voices, add", TOCSIN_TABLE_VOICES, key_voices, 7, add_voice },
  { "voices, forget", TOCSIN_TABLE_VOICES, key_voices, 7, forget_voices },
};

static gboolean
put_odd_row (TocsinTxn *txn, gpointer data, GError **error)
{
  const Row *row = data;
  TocsinKey key = row->key ();
  g_autofree char *bytes = g_strnfill (row->size, '\xff');

  tocsin_txn_put (txn, row->table, &key, bytes, row->size);
  return TRUE;
}

static gboolean
use_row (TocsinTxn *txn, gpointer data, GError **error)
{
  const Row *row = data;

  row->use (txn);
  return TRUE;
}

static void
test_odd_row (Fixture *f, gconstpointer data)
{
  write_ok (f, put_odd_row, (gpointer) data);
  assert_damage (f, use_row, data);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (walks); i++)
    {
      g_autofree char *path = g_strconcat ("/damage/key/", walks[i].name, NULL);

      g_test_add (path, Fixture, &walks[i], set_up, test_odd_key, tear_down);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/damage/row/", rows[i].name, NULL);

      g_test_add (path, Fixture, &rows[i], set_up, test_odd_row, tear_down);
    }
  return g_test_run ();
}
