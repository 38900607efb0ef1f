/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Each counter and index is made wrong in one place, and the recount says so in a sentence.
 */
#include "store-fixture.h"

#include "core/error.h"
#include "store/branches-private.h"
#include "store/format.h"
#include "store/recount.h"
#include "store/reports-private.h"
#include "store/table-allow.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-queue.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/trust-private.h"

#define ACTOR  7
#define BRANCH 8 /* of whoever says what ACTOR does not say itself */

/* One of everything that is counted. */
static gboolean
write_all (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReportRecord report = { .actor = ACTOR,
                                .category = 1,
                                .subject_type = TOCSIN_SUBJECT_NETWORK,
                                .key_type = TOCSIN_SUBJECT_NETWORK,
                                .sharing = TOCSIN_SHARING_GREEN,
                                .end_us = T0 + G_USEC_PER_SEC,
                                .evidence_end_us = T0 + G_USEC_PER_SEC,
                                .key = key_number (1),
                                .id = (char *) "https://a.example/reports/1",
                                .value = (char *) "192.0.2.0/24" };
  TocsinAllowRecord allow = { .key = key_number (2),
                              .type = TOCSIN_SUBJECT_NETWORK,
                              .value = (char *) "2001:db8::/32" };
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_BURST, .text = (char *) "Burst" };
  TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_MESSAGE };
  TocsinTombstone tombstone = { .removed_us = T0, .until_us = T0 + G_USEC_PER_SEC };
  TocsinTrustRecord statement = { .truster = ACTOR,
                                  .trustee = 9,
                                  .weight = 50,
                                  .charged = tocsin_charged_to (BRANCH, ACTOR),
                                  .id = (char *) "https://a.example/trust/1" };

  tocsin_trust_put (txn, &statement);
  tocsin_reports_put (txn, &report, T0);
  tocsin_tombstones_put (txn, ACTOR, "https://a.example/reports/2", &tombstone);
  tocsin_allow_put (txn, &allow);
  tocsin_review_add (txn, &line);
  tocsin_queue_add (txn, 5, tocsin_outbox_append (txn, &entry), T0);
  return TRUE;
}

static void
count_tombstones (TocsinTxn *txn)
{
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, ACTOR, &counts);
  counts.tombstones = 3;
  tocsin_report_put_counts (txn, ACTOR, &counts);
}

static void
count_held (TocsinTxn *txn)
{
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, ACTOR, &counts);
  counts.by_state[TOCSIN_STATE_HELD] = 2;
  tocsin_report_put_counts (txn, ACTOR, &counts);
}

static void
count_items (TocsinTxn *txn)
{
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, ACTOR, &counts);
  counts.items[TOCSIN_SHARING_AMBER] = 1;
  tocsin_report_put_counts (txn, ACTOR, &counts);
}

static void
count_of_nobody (TocsinTxn *txn)
{
  TocsinActorCounts counts = { .by_state = { 1 } };

  tocsin_report_put_counts (txn, 99, &counts);
}

static void
count_branch_reports (TocsinTxn *txn)
{
  tocsin_branches_add (txn, ACTOR, &(TocsinBranchCounts){ .reports = 2, .tombstones = 1 });
}

static void
count_branch_refused (TocsinTxn *txn)
{
  tocsin_branches_add (txn, BRANCH, &(TocsinBranchCounts){ .refused = 1, .statements = 0u - 1 });
}

static void
count_branch_of_nobody (TocsinTxn *txn)
{
  tocsin_branches_add (txn, 99, &(TocsinBranchCounts){ .reports = 1 });
}

static void
lose_branch_trust (TocsinTxn *txn)
{
  g_auto (TocsinTrustRecord) record = { 0 };
  TocsinKey key;

  g_assert_true (tocsin_trust_get (txn, ACTOR, 9, TOCSIN_AREA_ANY, &record));
  key = tocsin_trust_branch_key (&record);
  g_assert_true (tocsin_txn_del (txn, TOCSIN_TABLE_BRANCH_TRUST, &key));
}

static TocsinKey
report_id_key (void)
{
  TocsinId id = tocsin_id_for_pair (ACTOR, "https://a.example/reports/1");

  return tocsin_key_id (&id);
}

static void
lose_report_id (TocsinTxn *txn)
{
  TocsinKey key = report_id_key ();

  g_assert_true (tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_IDS, &key));
}

static void
mistake_report_id (TocsinTxn *txn)
{
  TocsinKey key = report_id_key ();

  tocsin_txn_put_u64 (txn, TOCSIN_TABLE_REPORT_IDS, &key, 2);
}

static void
put_queue_count (TocsinTxn *txn, guint32 peer, guint64 n)
{
  TocsinKey key = tocsin_key_u32 (peer);

  tocsin_txn_put_u64 (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key, n);
}

static void
count_deliveries (TocsinTxn *txn)
{
  put_queue_count (txn, 5, 4);
}

static void
count_deliveries_of_nobody (TocsinTxn *txn)
{
  put_queue_count (txn, 6, 1);
}

static void
lose_queue_count (TocsinTxn *txn)
{
  TocsinKey key = tocsin_key_u32 (5);

  g_assert_true (tocsin_txn_del (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key));
}

static void
cut_queue_count (TocsinTxn *txn)
{
  TocsinKey key = tocsin_key_u32 (5);

  tocsin_txn_put (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key, "1", 1);
}

static void
count_length_4 (TocsinTxn *txn)
{
  tocsin_lengths_count (txn, TOCSIN_SUBJECT_NETWORK, "198.51.100.0/25", 1);
}

static void
lose_length_6 (TocsinTxn *txn)
{
  tocsin_lengths_count (txn, TOCSIN_SUBJECT_NETWORK, "2001:db8::/32", -1);
}

static void
lose_report (TocsinTxn *txn)
{
  TocsinKey key = tocsin_key_u64 (1);

  g_assert_true (tocsin_txn_del (txn, TOCSIN_TABLE_REPORTS, &key));
}

static void
lose_subject (TocsinTxn *txn)
{
  TocsinSubjectKey key = key_number (1);

  tocsin_subjects_remove (txn, &key);
}

static void
lose_review (TocsinTxn *txn)
{
  TocsinKey key = tocsin_key_u64 (1);

  g_assert_true (tocsin_txn_del (txn, TOCSIN_TABLE_REVIEW, &key));
}

static const struct
{
  const char *name;
  void (*spoil) (TocsinTxn *txn);
  const char *wrong; /* with "|" between */
} cases[] = {
  { "tombstones", count_tombstones, "Actor 7 has 1 tombstones, its counter says 3" },
  { "state", count_held, "Actor 7 has 0 reports that are held, its counter says 2" },
  { "items", count_items, "The digest of actor 7 for amber is not that of its reports" },
  { "nobody", count_of_nobody, "Actor 99 has 0 reports that are live, its counter says 1" },
  { "branch", count_branch_reports,
    "The branch of actor 7 has 1 reports, its counter says 3|"
    "The branch of actor 7 has 1 tombstones, its counter says 2" },
  { "branch, refused", count_branch_refused,
    "The branch of actor 8 has 0 refused reports, its counter says 1|"
    "The branch of actor 8 has 1 statements of trust, its counter says 0" },
  { "branch, nobody", count_branch_of_nobody,
    "The branch of actor 99 has 0 reports, its counter says 1" },
  { "branch, index", lose_branch_trust,
    "A statement of actor 7 is not found by its branch 8|"
    "1 statements of trust are charged to a branch, their index has 0" },
  { "id lost", lose_report_id, "Report 1 is not found by its id" },
  { "id of another", mistake_report_id, "Report 1 is not found by its id" },
  { "deliveries", count_deliveries, "1 deliveries wait for actor 5, its counter says 4" },
  { "no deliveries", count_deliveries_of_nobody,
    "0 deliveries wait for actor 6, its counter says 1" },
  { "no count", lose_queue_count, "Deliveries wait for 1 actors without a counter" },
  { "odd count", cut_queue_count, "1 deliveries wait for actor 5, its counter says 0" },
  { "length", count_length_4, "0 networks of IPv4 have length 25, their counter says 1" },
  { "length lost", lose_length_6, "1 networks of IPv6 have length 32, their counter says 0" },
  { "subject lost", lose_subject, "There is evidence of report 1 about no subject" },
  { "review lost", lose_review, "0 lines of review are open, their index has 1" },
  { "report lost", lose_report,
    "Actor 7 has 0 reports that are live, its counter says 1|"
    "The digest of actor 7 for green is not that of its reports|"
    "The branch of actor 7 has 0 reports, its counter says 1|"
    "There is evidence of report 1, which is not there" },
};

static gboolean
spoil (TocsinTxn *txn, gpointer data, GError **error)
{
  cases[GPOINTER_TO_UINT (data)].spoil (txn);
  return tocsin_txn_check (txn, error);
}

static void
test_all_agree (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) wrong = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows = 0;

  write_ok (f, write_all, NULL);
  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (wrong), ==, 0);
  /* Report, tombstone, statement, delivery, subject, evidence, entry, line. */
  g_assert_cmpuint (rows, ==, 8);
}

static void
test_wrong (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) wrong = NULL;
      g_autofree char *text = NULL;
      g_autoptr (GError) error = NULL;
      guint64 rows;

      g_test_message ("%s", cases[i].name);
      tear_down (f, NULL);
      set_up (f, NULL);
      write_ok (f, write_all, NULL);
      write_ok (f, spoil, GUINT_TO_POINTER (i));
      g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, &error));
      g_assert_no_error (error);
      text = g_strjoinv ("|", wrong);
      if (cases[i].spoil == lose_subject)
        g_assert_true (g_str_has_suffix (text, cases[i].wrong));
      else if (cases[i].spoil == lose_report)
        g_assert_true (g_str_has_prefix (text, cases[i].wrong));
      else
        g_assert_cmpstr (text, ==, cases[i].wrong);
    }
}

static gboolean
spoil_many (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint32 peer = 100; peer < 300; peer++)
    put_queue_count (txn, peer, 1);
  return TRUE;
}

/* Where all is wrong, a hundred sentences will do. */
static void
test_many (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) wrong = NULL;
  guint64 rows;

  write_ok (f, spoil_many, NULL);
  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, NULL));
  g_assert_cmpuint (g_strv_length (wrong), ==, 100);
}

static gboolean
damage (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinTable table = (TocsinTable) GPOINTER_TO_UINT (data);
  gboolean is_key = table == TOCSIN_TABLE_ACTOR_COUNTS || table == TOCSIN_TABLE_QUEUE_COUNTS;
  guint8 row[sizeof (TocsinEvidence) + 1] = { 0 };
  TocsinKey key = { .size = 0 };

  /* Evidence has rows of one size: there the key alone can be odd. */
  is_key = is_key || table == TOCSIN_TABLE_EVIDENCE;
  for (gsize i = 0; i < (is_key ? 3 : tocsin_store_get_key_bytes (table)); i++)
    tocsin_key_add_u8 (&key, 4);
  tocsin_txn_put (txn, table, &key, row, is_key ? sizeof (TocsinEvidence) : sizeof row);
  return TRUE;
}

/* A store that cannot be read is not one that is wrong. */
static void
test_damage (Fixture *f, gconstpointer data)
{
  static const TocsinTable tables[] = {
    TOCSIN_TABLE_REPORTS,       TOCSIN_TABLE_TOMBSTONES, TOCSIN_TABLE_ACTOR_COUNTS,
    TOCSIN_TABLE_QUEUE_COUNTS,  TOCSIN_TABLE_LENGTHS,    TOCSIN_TABLE_EVIDENCE,
    TOCSIN_TABLE_REVIEW,        TOCSIN_TABLE_ALLOW,      TOCSIN_TABLE_TRUST,
    TOCSIN_TABLE_BRANCH_COUNTS,
  };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      g_autoptr (GError) error = NULL;
      char **wrong = NULL;
      guint64 rows;

      g_test_message ("%s", tocsin_store_get_table_name (tables[i]));
      tear_down (f, NULL);
      set_up (f, NULL);
      write_ok (f, damage, GUINT_TO_POINTER (tables[i]));
      g_assert_false (tocsin_store_recount (f->store, &rows, &wrong, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
      g_assert_cmpstr (error->message, ==, "Database: a record is damaged");
      g_assert_null (wrong);
    }
}

static void
test_stopping (Fixture *f, gconstpointer data)
{
  GThread *closing = fixture_begin_closing (f);
  g_autoptr (GError) error = NULL;
  char **wrong = NULL;
  guint64 rows;

  g_assert_false (tocsin_store_recount (f->store, &rows, &wrong, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpstr (error->message, ==, "The node is stopping");
  g_assert_null (wrong);
  fixture_end_closing (f, closing);
}

/* A live report whose Remove waits, counted into its reporter's digest as older versions did. */
static gboolean
write_waiting (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_WITHDRAWAL,
                              .actor = ACTOR,
                              .text = (char *) "" };
  g_auto (TocsinReportRecord) record = { 0 };
  TocsinActorCounts counts;
  guint64 number = 0;

  g_assert_true (tocsin_reports_find (txn, ACTOR, "https://a.example/reports/1", &number));
  g_assert_true (tocsin_reports_get (txn, number, &record));
  record.withdrawn_us = T0;
  tocsin_reports_put (txn, &record, T0);
  tocsin_review_add (txn, &line);
  tocsin_reports_counts (txn, ACTOR, &counts);
  g_assert_cmpuint (counts.items[TOCSIN_SHARING_GREEN], ==, 0);
  counts.items[TOCSIN_SHARING_GREEN]++;
  tocsin_report_xor (&record, counts.digest[TOCSIN_SHARING_GREEN]);
  tocsin_report_put_counts (txn, ACTOR, &counts);
  tocsin_meta_remove (txn, "digests");
  return TRUE;
}

static guint
count_wrong (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) wrong = NULL;
  guint64 rows;

  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, &error));
  g_assert_no_error (error);
  return g_strv_length (wrong);
}

/* The first start of this version sets it right, and no other does anything. */
static void
test_waiting (Fixture *f, gconstpointer data)
{
  write_ok (f, write_all, NULL);
  write_ok (f, write_waiting, NULL);
  g_assert_cmpuint (count_wrong (f), ==, 1);
  for (guint i = 0; i < 2; i++)
    {
      write_ok (f, tocsin_format_settle, NULL);
      g_assert_cmpuint (count_wrong (f), ==, 0);
    }
}

/* What older versions stored: who brought what was relayed is in the row, and nothing is counted.
 */
static gboolean
write_uncounted (TocsinTxn *txn, gpointer data, GError **error)
{
  static const TocsinReportState states[] = { TOCSIN_STATE_LIVE, TOCSIN_STATE_WITHDRAWN,
                                              TOCSIN_STATE_REFUSED, TOCSIN_STATE_EXPIRED };
  TocsinTrustRecord statement = { .truster = ACTOR,
                                  .trustee = 10,
                                  .weight = 50,
                                  .charged = TOCSIN_CHARGED_VIA,
                                  .via = BRANCH,
                                  .id = (char *) "https://a.example/trust/2" };

  tocsin_trust_put (txn, &statement);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    {
      g_autofree char *id = g_strdup_printf ("https://a.example/reports/old-%u", i);
      TocsinReportRecord record = { .actor = ACTOR,
                                    .via = BRANCH,
                                    .charged = TOCSIN_CHARGED_VIA,
                                    .state = states[i],
                                    .sharing = TOCSIN_SHARING_GREEN,
                                    .end_us = T0,
                                    .key = key_number (3),
                                    .id = id };

      tocsin_reports_put (txn, &record, T0);
    }
  return TRUE;
}

static gboolean
forget_branches (TocsinTxn *txn, gpointer data, GError **error)
{
  static const guint32 branches[] = { ACTOR, BRANCH };

  for (guint i = 0; i < G_N_ELEMENTS (branches); i++)
    tocsin_branches_put (txn, branches[i], &(TocsinBranchCounts){ 0 });
  lose_branch_trust (txn);
  tocsin_meta_remove (txn, "branches");
  return TRUE;
}

static void
test_uncounted (Fixture *f, gconstpointer data)
{
  TocsinBranchCounts counts;

  write_ok (f, write_all, NULL);
  write_ok (f, write_uncounted, NULL);
  g_assert_cmpuint (count_wrong (f), ==, 0);
  write_ok (f, forget_branches, NULL);
  g_assert_cmpuint (count_wrong (f), >, 3);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (TocsinReading) txn = NULL;

      write_ok (f, tocsin_format_settle, NULL);
      g_assert_cmpuint (count_wrong (f), ==, 0);
      txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      tocsin_branches_get (txn, ACTOR, &counts);
      g_assert_cmpuint (counts.reports, ==, 1);
      g_assert_cmpuint (counts.tombstones, ==, 1);
      g_assert_cmpuint (counts.statements, ==, 0);
      tocsin_branches_get (txn, BRANCH, &counts);
      g_assert_cmpuint (counts.reports, ==, 2);
      g_assert_cmpuint (counts.refused, ==, 1);
      g_assert_cmpuint (counts.statements, ==, 2);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/recount/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("all-agree", test_all_agree);
  ADD ("wrong", test_wrong);
  ADD ("many", test_many);
  ADD ("damage", test_damage);
  ADD ("stopping", test_stopping);
  ADD ("waiting", test_waiting);
  ADD ("uncounted", test_uncounted);
  return g_test_run ();
}
