/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is rows: a byte for the table, one for the length of the key, two for that of the
 * value, then both. They are put into a store as they are, and all that reads or clears away is let
 * loose on them. Properties: whatever they are, each step works or fails with an error of the
 * store; what is read of a table and put again is the same row, whatever table can be put into.
 */
#include "fuzz/fuzz.h"

#include "core/error.h"
#include "store-fixture.h"
#include "store/purge.h"
#include "store/recount.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-audit.h"
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
#include "store/trace.h"
#include "store/txn-private.h"

#define ROWS_MAX    32
#define NUMBERS     4 /* those that rows are asked for by */
#define KEY_MAX     48
#define PURGE_ROWS  16
#define PURGE_STEPS 64
#define REPORT      "https://a.example/reports/1" /* whose tombstone is looked for */

static Fixture fixture;

static void
close_fixture (void)
{
  tear_down (&fixture, NULL);
}

void
tocsin_fuzz_begin (void)
{
  set_up_sized (&fixture, 16 << 20);
  mdb_env_set_flags (tocsin_store_get_env (fixture.store), MDB_NOSYNC, 1);
  atexit (close_fixture);
}

/* ---- rows ---- */

typedef struct
{
  TocsinTable table;
  TocsinKey key;
  const guint8 *value;
  gsize size;
} Row;

static guint
read_rows (const guint8 *data, gsize size, Row rows[ROWS_MAX])
{
  guint n = 0;

  while (n < ROWS_MAX && size >= 4)
    {
      Row *row = &rows[n];
      gsize key_size = data[1];

      *row = (Row){ .table = (TocsinTable) (data[0] % TOCSIN_N_TABLES),
                    .size = (gsize) (data[2] | data[3] << 8) };
      data += 4;
      size -= 4;
      if (key_size == 0 || key_size > KEY_MAX || key_size + row->size > size)
        return n;
      tocsin_key_add (&row->key, data, key_size);
      row->value = data + key_size;
      data += key_size + row->size;
      size -= key_size + row->size;
      /* Of this one LMDB knows the size. */
      if (row->table != TOCSIN_TABLE_EVIDENCE || row->size == sizeof (TocsinEvidence))
        n++;
    }
  return n;
}

static void
put_rows (TocsinTxn *txn, const Row *rows, guint n)
{
  for (guint i = 0; i < n; i++)
    tocsin_txn_put (txn, rows[i].table, &rows[i].key, rows[i].value, rows[i].size);
}

static void
assert_works_or_says_so (TocsinTxn *txn)
{
  g_autoptr (GError) error = NULL;

  if (!tocsin_txn_check (txn, &error))
    g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  txn->rc = MDB_SUCCESS; /* so that the next step sees all of it, too */
}

/* ---- all of a table ---- */

static guint seen_strings;

static void
see (const char *text)
{
  if (text != NULL)
    {
      g_assert_true (strlen (text) < 1 << 16);
      seen_strings++;
    }
}

/* For walks whose records have one text that is worth a look. */
#define SEE(what, Record, text)                                                                    \
  static gboolean see_##what (const Record *record, gpointer data G_GNUC_UNUSED)                   \
  {                                                                                                \
    see (record->text);                                                                            \
    return TRUE;                                                                                   \
  }

SEE (actor, TocsinActorRecord, uri)
SEE (allowed, TocsinAllowRecord, value)
SEE (feed, TocsinFeedRecord, name)
SEE (import, TocsinImportRecord, source)
SEE (outbox, TocsinOutboxRecord, activity_id)
SEE (statement, TocsinTrustRecord, id)
SEE (subject, TocsinSubjectRecord, value)
SEE (token, TocsinTokenRecord, name)

static gboolean
see_audit (const TocsinAuditRecord *record, gpointer data G_GNUC_UNUSED)
{
  see (record->who);
  see (record->detail);
  return TRUE;
}

static gboolean
see_change (const TocsinChange *change G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  return TRUE;
}

static gboolean
see_peer (const TocsinPeerRecord *record, gpointer data G_GNUC_UNUSED)
{
  (void) tocsin_peer_record_is_direct (record);
  (void) tocsin_peer_record_is_follower (record);
  return TRUE;
}

static gboolean
see_queue (const TocsinQueueEntry *next G_GNUC_UNUSED,
           guint64 count G_GNUC_UNUSED,
           gpointer data G_GNUC_UNUSED)
{
  return TRUE;
}

static gboolean
see_review (const TocsinReviewRecord *record G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
  return TRUE;
}

static gboolean
see_edge (const TocsinTrustEdge *edge, gpointer data G_GNUC_UNUSED)
{
  g_assert_cmpuint (edge->weight, <=, 100);
  return TRUE;
}

static gboolean
see_voice (guint32 actor G_GNUC_UNUSED,
           gconstpointer events,
           guint n_events,
           gpointer data G_GNUC_UNUSED)
{
  guint64 sum = 0, event;

  for (guint i = 0; i < n_events; i++)
    {
      memcpy (&event, (const guint8 *) events + i * sizeof event, sizeof event);
      sum ^= event;
    }
  seen_strings += sum != 0;
  return TRUE;
}

static gboolean
see_branch (guint32 branch, const TocsinBranchCounts *counts, gpointer data)
{
  seen_strings += counts->reports != branch;
  return TRUE;
}

static void
walk_tables (TocsinTxn *txn)
{
  TocsinPeerCounts peers;

  tocsin_actors_foreach (txn, 0, see_actor, NULL);
  tocsin_actors_foreach_head (txn, 0, see_actor, NULL);
  assert_works_or_says_so (txn);
  tocsin_allow_foreach (txn, see_allowed, NULL);
  assert_works_or_says_so (txn);
  tocsin_audit_foreach (txn, 0, FALSE, see_audit, NULL);
  assert_works_or_says_so (txn);
  tocsin_audit_foreach (txn, 0, TRUE, see_audit, NULL);
  assert_works_or_says_so (txn);
  tocsin_branches_foreach (txn, see_branch, NULL);
  assert_works_or_says_so (txn);
  tocsin_changes_foreach (txn, 0, see_change, NULL);
  assert_works_or_says_so (txn);
  tocsin_feeds_foreach (txn, see_feed, NULL);
  assert_works_or_says_so (txn);
  tocsin_imports_foreach (txn, 0, see_import, NULL);
  assert_works_or_says_so (txn);
  tocsin_outbox_foreach (txn, 0, see_outbox, NULL);
  tocsin_outbox_foreach_head (txn, 0, see_outbox, NULL);
  assert_works_or_says_so (txn);
  tocsin_peers_foreach (txn, see_peer, NULL);
  tocsin_peers_foreach_head (txn, see_peer, NULL);
  assert_works_or_says_so (txn);
  tocsin_peers_foreach_follower (txn, see_peer, NULL);
  assert_works_or_says_so (txn);
  tocsin_peers_count (txn, &peers);
  assert_works_or_says_so (txn);
  tocsin_queue_foreach_peer (txn, see_queue, NULL);
  assert_works_or_says_so (txn);
  tocsin_review_foreach (txn, 0, FALSE, see_review, NULL);
  assert_works_or_says_so (txn);
  tocsin_review_foreach (txn, 0, TRUE, see_review, NULL);
  assert_works_or_says_so (txn);
  tocsin_subjects_foreach (txn, "", NULL, see_subject, NULL);
  assert_works_or_says_so (txn);
  tocsin_tokens_foreach (txn, see_token, NULL);
  assert_works_or_says_so (txn);
  tocsin_trust_foreach_edge (txn, see_edge, NULL);
  assert_works_or_says_so (txn);
  tocsin_voices_foreach (txn, 1, see_voice, NULL);
  assert_works_or_says_so (txn);
}

/* ---- what is asked for by number, id or key ---- */

static void
read_reports (TocsinTxn *txn)
{
  TocsinReportFilter filter = { .include_imports = TRUE };
  guint64 next = 0;
  g_autoptr (GPtrArray) page = tocsin_reports_list (txn, &filter, 0, 100, &next);
  g_autoptr (GArray) batch = tocsin_reports_in_batch (txn, 1, 0, 100);
  TocsinReportFilter of_bundle = { .bundle = 1 };
  g_autoptr (GPtrArray) bundle = tocsin_reports_list (txn, &of_bundle, 0, 100, &next);
  g_autoptr (GArray) held = tocsin_reports_held (txn, 0, 100);

  g_assert_cmpuint (MAX (MAX (batch->len, held->len), bundle->len), <=, 100);
  for (guint i = 0; i < page->len; i++)
    {
      const TocsinReportRecord *record = page->pdata[i];
      TocsinEvidence evidence;

      see (record->value);
      tocsin_report_record_evidence (record, &evidence);
    }
  assert_works_or_says_so (txn);
}

/* What is known of a peer besides. */
static void
read_of_peer (TocsinTxn *txn, guint32 n)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinCatchUpRecord) catch_up = { 0 };
  g_auto (TocsinHeardRecord) heard = { 0 };
  TocsinTombstone tombstone;

  tocsin_peers_get (txn, n, &peer);
  assert_works_or_says_so (txn);
  if (!tocsin_catch_up_get (txn, n, &catch_up))
    g_assert_cmpint (catch_up.items, ==, -1);
  assert_works_or_says_so (txn);
  see (catch_up.error);
  g_assert_cmpint (tocsin_catch_up_state (&catch_up, &peer), <=, TOCSIN_CATCH_UP_DONE);
  tocsin_heard_get (txn, n, &heard);
  assert_works_or_says_so (txn);
  tocsin_heard_record_add (&heard, &(TocsinHeard){ .dated_us = T0 });
  g_assert_cmpint (g_array_index (heard.messages, TocsinHeard, heard.messages->len - 1).dated_us,
                   ==, T0);
  g_assert_cmpuint (heard.messages->len, <=, TOCSIN_HEARD_MAX);
  tocsin_tombstones_get (txn, n, REPORT, &tombstone);
  assert_works_or_says_so (txn);
}

static void
read_by_number (TocsinTxn *txn, guint32 n)
{
  g_auto (TocsinActorRecord) actor = { 0 };
  g_auto (TocsinReportRecord) report = { 0 };
  g_auto (TocsinOutboxRecord) outbox = { 0 };
  guint8 digest[TOCSIN_SHA256_BYTES];
  TocsinActorCounts counts;
  TocsinQueueEntry entry;
  guint64 sequence;
  guint32 truster;

  tocsin_actors_get (txn, n, &actor);
  assert_works_or_says_so (txn);
  see (tocsin_actors_peek_uri (txn, n));
  assert_works_or_says_so (txn);
  tocsin_reports_get (txn, n, &report);
  assert_works_or_says_so (txn);
  tocsin_reports_counts (txn, n, &counts);
  assert_works_or_says_so (txn);
  tocsin_reports_digest (txn, n, T0, TOCSIN_SHARING_AMBER, digest);
  assert_works_or_says_so (txn);
  tocsin_outbox_get (txn, n, &outbox);
  assert_works_or_says_so (txn);
  if (outbox.activity_id != NULL)
    tocsin_outbox_find (txn, outbox.activity_id, &sequence);
  tocsin_queue_next (txn, n, &entry);
  tocsin_queue_get (txn, n, n, &entry);
  tocsin_queue_count_of (txn, n);
  assert_works_or_says_so (txn);
  tocsin_trust_foreach_of (txn, n, see_statement, NULL);
  tocsin_trust_count_of (txn, n);
  assert_works_or_says_so (txn);
  if (tocsin_trust_next_of_branch (txn, n, n, &truster))
    g_assert_cmpuint (truster, >=, n);
  assert_works_or_says_so (txn);
}

static void
read_by_key (TocsinTxn *txn, const Row *row)
{
  TocsinSubjectKey key;
  TocsinSubjectRecord subject;
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;

  if (row->key.size != sizeof key.bytes)
    return;
  memcpy (key.bytes, row->key.bytes, sizeof key.bytes);
  tocsin_subjects_get (txn, &key, &subject);
  assert_works_or_says_so (txn);
  tocsin_evidence_read (txn, &key, &buffer, &rows);
  assert_works_or_says_so (txn);
  tocsin_allow_match (txn, &key, T0);
  assert_works_or_says_so (txn);
}

static void
read_all (TocsinTxn *txn, const Row *rows, guint n)
{
  g_autoptr (GError) error = NULL;
  TocsinNetworkLengths lengths;

  walk_tables (txn);
  read_reports (txn);
  for (guint i = 0; i < NUMBERS; i++)
    {
      read_by_number (txn, i);
      read_of_peer (txn, i);
    }
  for (guint i = 0; i < n; i++)
    read_by_key (txn, &rows[i]);
  tocsin_lengths_read (txn, &lengths);
  assert_works_or_says_so (txn);
  tocsin_meta_generation (txn);
  tocsin_meta_epoch (txn);
  assert_works_or_says_so (txn);
  if (!tocsin_audit_verify (txn, NULL, &error))
    g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT) ||
                   g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE));
  assert_works_or_says_so (txn);
}

/* ---- what is put again ---- */

/* Returns: (element-type GBytes): of each row its value, behind its key if @with_keys */
static GPtrArray *
list_rows (TocsinTxn *txn, TocsinTable table, gboolean with_keys)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, table);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      GByteArray *row = g_byte_array_new ();

      if (with_keys)
        g_byte_array_append (row, cursor.key.data, (guint) cursor.key.size);
      if (cursor.value.size > 0)
        g_byte_array_append (row, cursor.value.data, (guint) cursor.value.size);
      g_ptr_array_add (rows, g_byte_array_free_to_bytes (row));
    }
  return rows;
}

static void
assert_same_rows (TocsinTxn *txn, TocsinTable table, gboolean with_keys, GPtrArray *was)
{
  g_autoptr (GPtrArray) is = NULL;

  assert_works_or_says_so (txn);
  is = list_rows (txn, table, with_keys);
  if (with_keys)
    g_assert_cmpuint (is->len, ==, was->len);
  for (guint i = 0; i < is->len; i++)
    g_assert_true (
        g_ptr_array_find_with_equal_func (was, is->pdata[i], (GEqualFunc) g_bytes_equal, NULL));
}

/* Of a table whose key is a number that the record has, too. */
#define PUT_AGAIN(what, Record, number, TABLE)                                                     \
  static void put_##what##_again (TocsinTxn *txn, guint32 n)                                       \
  {                                                                                                \
    g_auto (Record) record = { 0 };                                                                \
    g_autoptr (GPtrArray) was = NULL;                                                              \
                                                                                                   \
    if (tocsin_##what##_get (txn, n, &record) && record.number == n)                               \
      {                                                                                            \
        was = list_rows (txn, TABLE, TRUE);                                                        \
        tocsin_##what##_put (txn, &record);                                                        \
        assert_same_rows (txn, TABLE, TRUE, was);                                                  \
      }                                                                                            \
    assert_works_or_says_so (txn);                                                                 \
  }

PUT_AGAIN (actors, TocsinActorRecord, number, TOCSIN_TABLE_ACTORS)
PUT_AGAIN (catch_up, TocsinCatchUpRecord, actor, TOCSIN_TABLE_CATCH_UP)
PUT_AGAIN (heard, TocsinHeardRecord, actor, TOCSIN_TABLE_HEARD)
PUT_AGAIN (imports, TocsinImportRecord, batch, TOCSIN_TABLE_IMPORTS)
PUT_AGAIN (review, TocsinReviewRecord, id, TOCSIN_TABLE_REVIEW)

/* A mark of full trust is not read where there is no weight: then the row is the same from the
 * second time on. */
static void
put_peer_again (TocsinTxn *txn, guint32 n)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autoptr (GPtrArray) was = NULL;

  if (tocsin_peers_get (txn, n, &peer) && peer.actor == n)
    {
      if (!tocsin_peer_record_has_weight (&peer))
        tocsin_peers_put (txn, &peer);
      assert_works_or_says_so (txn);
      was = list_rows (txn, TOCSIN_TABLE_PEERS, TRUE);
      tocsin_peers_put (txn, &peer);
      assert_same_rows (txn, TOCSIN_TABLE_PEERS, TRUE, was);
    }
  assert_works_or_says_so (txn);
}

static void
put_report_again (TocsinTxn *txn, guint32 n)
{
  g_auto (TocsinReportRecord) record = { 0 };
  g_autoptr (GPtrArray) was = NULL;

  if (tocsin_reports_get (txn, n, &record) && record.number == n && record.number != 0 &&
      record.id != NULL && record.sharing <= TOCSIN_SHARING_AMBER)
    {
      was = list_rows (txn, TOCSIN_TABLE_REPORTS, TRUE);
      tocsin_reports_put (txn, &record, T0);
      assert_same_rows (txn, TOCSIN_TABLE_REPORTS, TRUE, was);
    }
  assert_works_or_says_so (txn);
}

static void
put_tombstone_again (TocsinTxn *txn, guint32 n)
{
  TocsinTombstone tombstone;
  g_autoptr (GPtrArray) was = NULL;

  if (tocsin_tombstones_get (txn, n, REPORT, &tombstone))
    {
      was = list_rows (txn, TOCSIN_TABLE_TOMBSTONES, TRUE);
      tocsin_tombstones_put (txn, n, REPORT, &tombstone);
      assert_same_rows (txn, TOCSIN_TABLE_TOMBSTONES, TRUE, was);
    }
  assert_works_or_says_so (txn);
}

/* The record of the walk that is to be put again. */
typedef struct
{
  TocsinTxn *txn;
  guint32 number;
  guint skip;
  gboolean found;
} Walk;

/* What a walk finds, which may be in a row of another key than its own. */
#define PUT_FOUND(what, Record, needed, TABLE, foreach, ...)                                       \
  static gboolean put_found_##what (const Record *record, gpointer data)                           \
  {                                                                                                \
    Walk *walk = data;                                                                             \
    g_autoptr (GPtrArray) was = NULL;                                                              \
                                                                                                   \
    if (walk->skip-- > 0)                                                                          \
      return TRUE;                                                                                 \
    walk->found = TRUE;                                                                            \
    if (record->needed == NULL)                                                                    \
      return FALSE;                                                                                \
    was = list_rows (walk->txn, TABLE, FALSE);                                                     \
    tocsin_##what##_put (walk->txn, record);                                                       \
    assert_same_rows (walk->txn, TABLE, FALSE, was);                                               \
    return FALSE;                                                                                  \
  }                                                                                                \
                                                                                                   \
  static void walk_##what (Walk *walk)                                                             \
  {                                                                                                \
    foreach (walk->txn, __VA_ARGS__ put_found_##what, walk);                                       \
  }

PUT_FOUND (allow, TocsinAllowRecord, value, TOCSIN_TABLE_ALLOW, tocsin_allow_foreach)
PUT_FOUND (feeds, TocsinFeedRecord, name, TOCSIN_TABLE_FEEDS, tocsin_feeds_foreach)
PUT_FOUND (subjects,
           TocsinSubjectRecord,
           value,
           TOCSIN_TABLE_SUBJECTS,
           tocsin_subjects_foreach,
           "",
           NULL, )
PUT_FOUND (tokens, TocsinTokenRecord, name, TOCSIN_TABLE_TOKENS, tocsin_tokens_foreach)
PUT_FOUND (
    trust, TocsinTrustRecord, id, TOCSIN_TABLE_TRUST, tocsin_trust_foreach_of, walk->number, )

static void
put_found_again (TocsinTxn *txn, void (*walk_table) (Walk *walk), guint32 number)
{
  Walk walk = { .txn = txn, .number = number, .found = TRUE };

  for (guint i = 0; i < ROWS_MAX && walk.found; i++)
    {
      walk.skip = i;
      walk.found = FALSE;
      walk_table (&walk);
      assert_works_or_says_so (txn);
    }
}

static void
put_all_again (TocsinTxn *txn)
{
  for (guint32 i = 0; i < NUMBERS; i++)
    {
      put_actors_again (txn, i);
      put_peer_again (txn, i);
      put_catch_up_again (txn, i);
      put_heard_again (txn, i);
      put_imports_again (txn, i);
      put_review_again (txn, i);
      put_report_again (txn, i);
      put_tombstone_again (txn, i);
      put_found_again (txn, walk_trust, i);
    }
  put_found_again (txn, walk_allow, 0);
  put_found_again (txn, walk_feeds, 0);
  put_found_again (txn, walk_subjects, 0);
  put_found_again (txn, walk_tokens, 0);
}

/* ---- what changes rows; nothing of it is kept ---- */

static void
change (const Row *rows, guint n)
{
  TocsinTxn txn;
  guint steps = 0;

  tocsin_txn_begin_write (&txn, fixture.store);
  put_rows (&txn, rows, n);
  put_all_again (&txn);
  while (steps++ < PURGE_STEPS &&
         tocsin_store_purge (&txn, T0 + 400 * 24 * 3600 * (gint64) G_USEC_PER_SEC, PURGE_ROWS) > 0)
    assert_works_or_says_so (&txn);
  assert_works_or_says_so (&txn);
  tocsin_txn_abort_write (&txn);

  tocsin_txn_begin_write (&txn, fixture.store);
  put_rows (&txn, rows, n);
  for (guint i = 0; i < NUMBERS; i++)
    {
      tocsin_reports_withdraw (&txn, i, TOCSIN_REASON_ERROR, T0, T0);
      assert_works_or_says_so (&txn);
      tocsin_queue_drop_peer (&txn, i);
      assert_works_or_says_so (&txn);
      tocsin_peers_remove (&txn, i);
      tocsin_catch_up_remove (&txn, i);
      tocsin_heard_remove (&txn, i);
      assert_works_or_says_so (&txn);
      tocsin_review_remove (&txn, i);
      assert_works_or_says_so (&txn);
    }
  tocsin_txn_abort_write (&txn);
}

/* ---- what opens a transaction of its own, and so has to find the rows there ---- */

static void
remove_rows (const Row *rows, guint n)
{
  TocsinTxn txn;
  g_autoptr (GError) error = NULL;

  tocsin_txn_begin_write (&txn, fixture.store);
  for (guint i = 0; i < n; i++)
    if (rows[i].table != TOCSIN_TABLE_META)
      tocsin_txn_del (&txn, rows[i].table, &rows[i].key);
  tocsin_txn_commit_write (&txn, &error);
  g_assert_no_error (error);
}

static void
count_again (void)
{
  g_auto (GStrv) wrong = NULL;
  g_auto (TocsinTrace) trace = { 0 };
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 counted = 0;

  if (!tocsin_store_recount (fixture.store, &counted, &wrong, &error))
    g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  g_clear_error (&error);
  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, "a.example", NULL));
  if (!tocsin_trace_find (fixture.store, &subject, &trace, &error))
    g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
}

static void
commit_and_count (const Row *rows, guint n)
{
  TocsinTxn txn;
  g_autoptr (GError) error = NULL;

  tocsin_txn_begin_write (&txn, fixture.store);
  for (guint i = 0; i < n; i++)
    if (rows[i].table != TOCSIN_TABLE_META)
      put_rows (&txn, &rows[i], 1);
  tocsin_txn_commit_write (&txn, &error);
  g_assert_no_error (error);
  count_again ();
  remove_rows (rows, n);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  Row rows[ROWS_MAX];
  guint n = read_rows (data, size, rows);
  TocsinTxn txn;

  if (n == 0)
    return;
  tocsin_txn_begin_write (&txn, fixture.store);
  put_rows (&txn, rows, n);
  g_assert_true (txn.rc == MDB_SUCCESS);
  read_all (&txn, rows, n);
  tocsin_txn_abort_write (&txn);
  change (rows, n);
  commit_and_count (rows, n);
}
