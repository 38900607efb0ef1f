/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Rows of lists: written together, found again by their batch, taken back, and gone when their time
 * is over.
 */
#include "store-fixture.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "store/bulk.h"
#include "store/purge.h"
#include "store/recount.h"
#include "store/reports-private.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-subjects.h"

#define BATCH 3
#define T0_S  ((guint32) (T0 / G_USEC_PER_SEC))

/* Row @n of a list: a domain, under its own key. */
static TocsinBulkRow
row_of (guint n, guint32 expires_s)
{
  return (TocsinBulkRow){ .key = key_number (n),
                          .key_type = TOCSIN_SUBJECT_DOMAIN,
                          .value = "example.org",
                          .evidence = { .reporter = 7,
                                        .category = 1,
                                        .flags = TOCSIN_EVIDENCE_IMPORTED,
                                        .confidence = 100,
                                        .subject_type = TOCSIN_SUBJECT_DOMAIN,
                                        .observed_s = T0_S,
                                        .expires_s = expires_s } };
}

static void
write_rows (Fixture *f, guint from, guint n, guint32 expires_s)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (BATCH);

  for (guint i = from; i < from + n; i++)
    {
      TocsinBulkRow row = row_of (i, expires_s);

      g_assert_false (tocsin_bulk_add (bulk, &row));
    }
  g_assert_cmpuint (tocsin_bulk_size (bulk), ==, n);
  write_ok (f, tocsin_bulk_write, bulk);
  tocsin_bulk_reset (bulk);
  g_assert_cmpuint (tocsin_bulk_size (bulk), ==, 0);
}

static gboolean
collect_change (const TocsinChange *change, gpointer data)
{
  g_array_append_vals (data, change, 1);
  return TRUE;
}

static GArray *
changes_after (Fixture *f, guint64 generation)
{
  GArray *changes = g_array_new (FALSE, FALSE, sizeof (TocsinChange));
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

  tocsin_changes_foreach (txn, generation, collect_change, changes);
  assert_reading_ok (txn);
  return changes;
}

/* 500 are named; of more the readers of the log begin anew. None is no change. */
static void
test_named (Fixture *f, gconstpointer data)
{
  static const guint sizes[] = { 0, 1, 500, 501 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint64 before = tocsin_store_generation (f->store);
      g_autoptr (GArray) changes = NULL;

      write_rows (f, 1000 * i, sizes[i], T0_S + 99);
      changes = changes_after (f, before);
      g_assert_cmpuint (changes->len, ==, sizes[i] > 500 ? 1 : sizes[i]);
      for (guint j = 0; j < changes->len; j++)
        g_assert_cmpint (g_array_index (changes, TocsinChange, j).kind, ==,
                         sizes[i] > 500 ? TOCSIN_CHANGE_MANY : TOCSIN_CHANGE_EVIDENCE);
    }
}

static void
test_full_bulk (void)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (BATCH);
  TocsinBulkRow row = row_of (1, T0_S + 99);

  row.value = NULL;
  for (guint i = 1; i < TOCSIN_BULK_ROWS; i++)
    g_assert_false (tocsin_bulk_add (bulk, &row));
  g_assert_true (tocsin_bulk_add (bulk, &row));
  g_assert_cmpuint (tocsin_bulk_size (bulk), ==, TOCSIN_BULK_ROWS);
}

static GArray *
list_batch (Fixture *f, guint64 batch)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  GArray *list = tocsin_bulk_list (txn, batch);

  assert_reading_ok (txn);
  return list;
}

/* Rows come in any order, two of them about one subject; they are listed in that of keys. */
static void
test_list (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (BATCH);
  g_autofree char *value = g_strnfill (300, 'v');
  g_autoptr (GArray) list = NULL;
  g_autoptr (GArray) none = NULL;
  TocsinSubjectKey twice = key_number (2);
  TocsinSubjectKey first = key_number (1);

  for (guint i = 0; i < 20; i++)
    {
      TocsinBulkRow row = row_of (i == 19 ? 2 : i, T0_S + 99);

      row.evidence.category = i == 19 ? 2 : 1;
      row.value = i == 1 ? value : row.value;
      tocsin_bulk_add (bulk, &row);
    }
  write_ok (f, tocsin_bulk_write, bulk);
  list = list_batch (f, BATCH);
  none = list_batch (f, BATCH + 1);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (list->len, ==, 20);
  for (guint i = 1; i < list->len; i++)
    g_assert_cmpint (tocsin_bulk_compare_keys (&g_array_index (list, TocsinBulkEntry, i - 1),
                                               &g_array_index (list, TocsinBulkEntry, i)),
                     <=, 0);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;
  TocsinSubjectRecord subject;
  guint64 number = g_array_index (list, TocsinBulkEntry, 0).number;

  g_assert_cmpuint (tocsin_bulk_find_batch (txn, number), ==, BATCH);
  g_assert_cmpuint (tocsin_bulk_find_batch (txn, number + 1000), ==, 0);
  g_assert_cmpuint (tocsin_evidence_read (txn, &twice, &buffer, &rows), ==, 2);
  g_assert_cmpuint (tocsin_subjects_count (txn), ==, 19);
  g_assert_true (tocsin_subjects_get (txn, &first, &subject));
  g_assert_cmpstr (subject.value, ==, value);
}

static gboolean
put_full_report (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReportRecord record = { .actor = 4,
                                .category = 1,
                                .subject_type = TOCSIN_SUBJECT_DOMAIN,
                                .key_type = TOCSIN_SUBJECT_DOMAIN,
                                .sharing = TOCSIN_SHARING_CLEAR,
                                .end_us = T0 + TOCSIN_DAY_US,
                                .evidence_end_us = T0 + TOCSIN_DAY_US,
                                .key = key_number (500),
                                .id = (char *) "https://a.example/reports/1",
                                .value = (char *) "example.net" };

  tocsin_reports_put (txn, &record, T0);
  *(guint64 *) data = record.number;
  return TRUE;
}

static gboolean
remove_entries (TocsinTxn *txn, gpointer data, GError **error)
{
  GArray *list = data;

  tocsin_bulk_remove (txn, (const TocsinBulkEntry *) (gpointer) list->data, list->len);
  return tocsin_txn_check (txn, error);
}

/* What is gone and what is no row of a list are passed over. */
static void
test_remove (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) list = NULL;
  g_autoptr (GArray) left = NULL;
  TocsinBulkEntry full = { .key = key_number (500) };
  TocsinBulkEntry gone = { .number = 9999 };

  write_rows (f, 0, 10, TOCSIN_EVIDENCE_NEVER_S);
  write_ok (f, put_full_report, &full.number);
  list = list_batch (f, BATCH);
  g_array_set_size (list, 6);
  g_array_append_val (list, full);
  g_array_append_val (list, gone);
  write_ok (f, remove_entries, list);
  left = list_batch (f, BATCH);
  g_assert_cmpuint (left->len, ==, 4);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_assert_cmpuint (tocsin_reports_count (txn), ==, 5);
  g_assert_cmpuint (tocsin_evidence_count (txn), ==, 5);
  g_assert_cmpuint (tocsin_subjects_count (txn), ==, 5);
}

static gboolean
purge (TocsinTxn *txn, gpointer data, GError **error)
{
  guint *n = data;
  guint more;

  *n = 0;
  while ((more = tocsin_store_purge (txn, T0 + 100 * TOCSIN_DAY_US, 3)) > 0)
    *n += more;
  return tocsin_txn_check (txn, error);
}

/* What a list gave no end stays until the list takes it back; the rest goes with all its traces. */
static void
test_expiry (Fixture *f, gconstpointer data)
{
  TocsinPurgeCounts due;
  g_auto (GStrv) wrong = NULL;
  guint64 rows;
  guint n = 0;

  write_rows (f, 0, 10, T0_S + 99);
  write_rows (f, 10, 5, TOCSIN_EVIDENCE_NEVER_S);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    tocsin_store_purge_count (txn, T0 + 98 * TOCSIN_SECOND_US, &due);
    g_assert_cmpuint (due.evidence, ==, 0);
    tocsin_store_purge_count (txn, T0 + 99 * TOCSIN_SECOND_US, &due);
    g_assert_cmpuint (due.evidence, ==, 10);
    g_assert_cmpuint (due.reports + due.remains, ==, 0);
  }
  write_ok (f, purge, &n);
  g_assert_cmpuint (n, ==, 10);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_autoptr (GArray) left = tocsin_reports_in_batch (txn, BATCH, 0, 100);

    g_assert_cmpuint (left->len, ==, 5);
    g_assert_cmpuint (tocsin_evidence_count (txn), ==, 5);
    assert_reading_ok (txn);
  }
  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, NULL));
  g_assert_cmpuint (g_strv_length (wrong), ==, 0);
}

static gboolean
withdraw_one (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 number = *(guint64 *) data;

  g_assert_true (tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERROR, T0, T0));
  g_assert_false (tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERROR, T0, T0));
  /* A row of a list has no state. */
  g_assert_false (
      tocsin_reports_set_state (txn, number + 1, TOCSIN_STATE_HELD, TOCSIN_HOLD_SUBJECT, T0));
  return TRUE;
}

static void
test_withdraw (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) left = NULL;
  guint64 first = 1;

  write_rows (f, 0, 2, T0_S + 99);
  write_ok (f, withdraw_one, &first);
  left = list_batch (f, BATCH);
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_cmpuint (g_array_index (left, TocsinBulkEntry, 0).number, ==, 2);
}

static gboolean
lose_reports (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint64 number = 1; number <= 3; number++)
    {
      TocsinKey key = tocsin_key_u64 (number);

      g_assert_true (tocsin_txn_del (txn, TOCSIN_TABLE_REPORTS, &key));
    }
  return TRUE;
}

static gboolean
undo (TocsinTxn *txn, gpointer data, GError **error)
{
  guint n;
  guint rounds = 0;

  while ((n = tocsin_bulk_undo (txn, BATCH, 2, T0)) > 0)
    {
      *(guint *) data += n;
      g_assert_cmpuint (++rounds, <, 10);
    }
  return tocsin_txn_check (txn, error);
}

/* A batch whose rows were lost can be taken back all the same, and is not listed. */
static void
test_lost_rows (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) list = NULL;
  g_autoptr (GArray) left = NULL;
  guint undone = 0;

  write_rows (f, 0, 5, T0_S + 99);
  write_ok (f, lose_reports, NULL);
  list = list_batch (f, BATCH);
  g_assert_cmpuint (list->len, ==, 2);
  write_ok (f, undo, &undone);
  g_assert_cmpuint (undone, ==, 5);
  left = list_batch (f, BATCH);
  g_assert_cmpuint (left->len, ==, 0);
}

static void
set_up_small_map (Fixture *f, gconstpointer data)
{
  set_up_sized (f, 2 << 20);
}

/* A list that does not fit leaves nothing of itself behind. */
static void
test_map_full (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (BATCH);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) list = NULL;

  for (guint i = 0; i < 20000; i++)
    {
      TocsinBulkRow row = row_of (i, T0_S + 99);

      tocsin_bulk_add (bulk, &row);
    }
  g_assert_false (tocsin_store_write (f->store, tocsin_bulk_write, bulk, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpstr (error->message, ==, "The database cannot take it: it is as large as it may be");
  list = list_batch (f, BATCH);
  g_assert_cmpuint (list->len, ==, 0);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, 0);
  write_rows (f, 0, 10, T0_S + 99);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, set_up_func, func)                                                               \
  g_test_add ("/bulk/" name, Fixture, NULL, set_up_func, func, tear_down)
  g_test_add_func ("/bulk/full", test_full_bulk);
  ADD ("named", set_up, test_named);
  ADD ("list", set_up, test_list);
  ADD ("remove", set_up, test_remove);
  ADD ("expiry", set_up, test_expiry);
  ADD ("withdraw", set_up, test_withdraw);
  ADD ("lost-rows", set_up, test_lost_rows);
  ADD ("map-full", set_up_small_map, test_map_full);
  return g_test_run ();
}
