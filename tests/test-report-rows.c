/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How a report becomes a row, and what of rows is due when.
 */
#include "report-fixture.h"

#include <string.h>

#include "core/category.h"
#include "core/clock.h"
#include "core/error.h"
#include "store/purge.h"
#include "store/table-evidence.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"
#include "store/txn-private.h"

/* What a report says is what its record says, and its evidence. */
static void
test_fill (void)
{
  static const struct
  {
    TocsinBasis basis;
    TocsinOpinion opinion;
    TocsinReportState state;
    guint32 actor;
    TocsinSubjectType type;
    const char *value;
    guint8 flags;
  } cases[] = {
    { TOCSIN_BASIS_FIRST_HAND, TOCSIN_OPINION_MALICIOUS, TOCSIN_STATE_LIVE, 4,
      TOCSIN_SUBJECT_DOMAIN, "example.org", 0 },
    { TOCSIN_BASIS_IMPORTED, TOCSIN_OPINION_BENIGN, TOCSIN_STATE_HELD, 0, TOCSIN_SUBJECT_EMAIL,
      "Ann@Example.org",
      TOCSIN_EVIDENCE_IMPORTED | TOCSIN_EVIDENCE_BENIGN | TOCSIN_EVIDENCE_HELD |
          TOCSIN_EVIDENCE_OWN | TOCSIN_EVIDENCE_PERSON },
    { TOCSIN_BASIS_DERIVED, TOCSIN_OPINION_MALICIOUS, TOCSIN_STATE_LIVE, 4, TOCSIN_SUBJECT_IP,
      "2001:db8::1", TOCSIN_EVIDENCE_IMPORTED | TOCSIN_EVIDENCE_DERIVED | TOCSIN_EVIDENCE_PERSON },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (int other = 0; other < 2; other++)
      {
        g_auto (TocsinReport) report = {
          .id = g_strdup ("https://a.example/reports/1"),
          .category = other ? TOCSIN_CATEGORY_OTHER : 1,
          .category_text = g_strdup ("brand_new"),
          .basis = cases[i].basis,
          .opinion = cases[i].opinion,
          .confidence = 70,
          .action = TOCSIN_ACTION_SUSPENDED,
          .sharing = TOCSIN_SHARING_AMBER,
          .content = g_strdup ("text"),
          .published_us = T0 - 3,
          .updated_us = T0 - 2,
          .observed_us = T0 - DAY,
          .last_observed_us = T0,
          .end_us = T0 + 20 * DAY,
        };
        g_auto (TocsinReportRecord) record = { 0 };
        TocsinSubjectKey key;
        TocsinEvidence evidence;

        g_test_message ("%s", cases[i].value);
        g_assert_true (tocsin_subject_parse (&report.subject, cases[i].type, cases[i].value, NULL));
        key = tocsin_subject_key (&report.subject);
        tocsin_report_record_fill (&record, &report);
        record.actor = cases[i].actor;
        record.state = cases[i].state;
        record.number = 17;
        g_assert_cmpstr (record.id, ==, report.id);
        g_assert_cmpstr (record.content, ==, "text");
        g_assert_cmpstr (record.category_text, ==, other ? "brand_new" : NULL);
        g_assert_cmpstr (record.value, ==, report.subject.value);
        /* What was hashed is kept where it is not the same. */
        if (g_strcmp0 (report.subject.value, report.subject.key_value) == 0)
          g_assert_null (record.key_value);
        else
          g_assert_cmpstr (record.key_value, ==, report.subject.key_value);
        g_assert_true (tocsin_id_equal (&record.key, &key));
        g_assert_cmpint (record.action, ==, TOCSIN_ACTION_SUSPENDED);
        g_assert_cmpint (record.evidence_end_us, ==, tocsin_report_evidence_end (&report));

        tocsin_report_record_evidence (&record, &evidence);
        g_assert_cmpuint (evidence.flags, ==, cases[i].flags);
        g_assert_cmpuint (evidence.reporter, ==, cases[i].actor);
        g_assert_cmpuint (evidence.confidence, ==, 70);
        g_assert_cmpuint (evidence.subject_type, ==, cases[i].type);
        g_assert_cmpuint (evidence.report, ==, 17);
        g_assert_cmpint (evidence.observed_s * TOCSIN_SECOND_US, ==, T0);
      }
}

/* A newer Add takes the place of the older one in the outbox, whose body goes. */
static gboolean
set_sequences (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);
  TocsinOutboxRecord add = { .audience = TOCSIN_AUDIENCE_FOLLOWERS,
                             .created_us = T0,
                             .activity = body };
  guint64 number = put (txn, 3, 1);
  g_auto (TocsinReportRecord) record = { 0 };
  g_auto (TocsinReportRecord) got = { 0 };
  g_auto (TocsinOutboxRecord) older = { 0 };
  g_auto (TocsinOutboxRecord) newer = { 0 };
  guint64 first = tocsin_outbox_append (txn, &add), second = tocsin_outbox_append (txn, &add);

  g_assert_true (tocsin_reports_get (txn, number, &record));
  tocsin_reports_set_sequence (txn, &record, first, FALSE);
  tocsin_reports_set_sequence (txn, &record, first, FALSE);
  g_assert_true (tocsin_outbox_get (txn, first, &older));
  g_assert_false (older.blanked);
  tocsin_outbox_record_clear (&older);
  tocsin_reports_set_sequence (txn, &record, second, TRUE);
  g_assert_true (tocsin_outbox_get (txn, first, &older));
  g_assert_true (older.blanked);
  g_assert_true (tocsin_outbox_get (txn, second, &newer));
  g_assert_nonnull (newer.activity);
  g_assert_true (tocsin_reports_get (txn, number, &got));
  g_assert_cmpuint (got.sequence, ==, second);
  g_assert_true (got.forwarded);

  /* And its body goes when the report's time is over. */
  tocsin_outbox_record_clear (&newer);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 12 * DAY, 100), ==, 2);
  g_assert_true (tocsin_outbox_get (txn, second, &newer));
  g_assert_true (newer.blanked);
  g_assert_null (newer.activity);
  return tocsin_txn_check (txn, error);
}

static void
test_sequences (Fixture *f, gconstpointer data)
{
  write_ok (f, set_sequences, NULL);
}

/* A number that is not there, or is a row of a list, is not written to. */
static gboolean
put_where_nothing_is (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinReportRecord) record = make (3, 1);

  record.number = 12;
  tocsin_reports_put (txn, &record, T0);
  g_assert_cmpuint (tocsin_reports_count (txn), ==, 0);
  g_assert_false (tocsin_reports_set_state (txn, 12, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, T0));
  g_assert_false (tocsin_reports_withdraw (txn, 12, TOCSIN_REASON_ERROR, T0, T0));
  tocsin_report_record_free (NULL);
  return tocsin_txn_check (txn, error);
}

static void
test_nothing_there (Fixture *f, gconstpointer data)
{
  write_ok (f, put_where_nothing_is, NULL);
}

/* Where members of a stored report are: number, actor, via, then these. */
#define STATE_AT   (sizeof (guint64) + 2 * sizeof (guint32))
#define SHARING_AT (STATE_AT + 7 * sizeof (guint32) + 2)

static gboolean
overwrite (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u64 (put (txn, 3, 1));
  g_autofree guint8 *row = NULL;
  TocsinSpan span;

  g_assert_true (tocsin_txn_get (txn, TOCSIN_TABLE_REPORTS, &key, &span));
  row = g_memdup2 (span.data, span.size);
  row[GPOINTER_TO_SIZE (data)] = 77;
  tocsin_txn_put (txn, TOCSIN_TABLE_REPORTS, &key, row, span.size);
  return tocsin_txn_check (txn, error);
}

/* A state or a sharing that there is none of would be an index past the end of an array. */
static void
test_no_such_state (Fixture *f, gconstpointer data)
{
  static const gsize places[] = { STATE_AT, SHARING_AT };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };
      g_autoptr (GError) error = NULL;

      tear_down (f, NULL);
      set_up (f, NULL);
      write_ok (f, overwrite, GSIZE_TO_POINTER (places[i]));
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      g_assert_false (tocsin_reports_get (txn, 1, &record));
      g_assert_null (record.id);
      g_assert_false (tocsin_txn_check (txn, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
    }
}

/* What is due is what goes. */
static gboolean
write_due (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 1; i <= 6; i++)
    {
      g_auto (TocsinReportRecord) record = make (1, i);

      record.evidence_end_us = T0 + DAY;
      record.end_us = i <= 4 ? T0 + 2 * DAY : T0 + 9 * DAY;
      tocsin_reports_put (txn, &record, T0);
      if (i == 1)
        tocsin_reports_withdraw (txn, record.number, TOCSIN_REASON_ERROR, T0, T0 + DAY);
    }
  return TRUE;
}

static gboolean
purge_due (TocsinTxn *txn, gpointer data, GError **error)
{
  guint *n = data;
  guint more;

  while ((more = tocsin_store_purge (txn, T0 + 3 * DAY, 2)) > 0)
    *n += more;
  return tocsin_txn_check (txn, error);
}

static void
test_due (Fixture *f, gconstpointer data)
{
  TocsinPurgeCounts counts;
  guint n = 0;

  write_ok (f, write_due, NULL);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    tocsin_store_purge_count (txn, T0 + DAY - 1, &counts);
    g_assert_cmpuint (counts.evidence + counts.reports + counts.remains + counts.tombstones, ==, 0);
    tocsin_store_purge_count (txn, T0 + 3 * DAY, &counts);
    g_assert_cmpuint (counts.evidence, ==, 5);
    g_assert_cmpuint (counts.reports, ==, 3);
    g_assert_cmpuint (counts.remains, ==, 1);
    g_assert_cmpuint (counts.tombstones, ==, 1);
  }
  write_ok (f, purge_due, &n);
  g_assert_cmpuint (n, ==, 10);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    tocsin_store_purge_count (txn, T0 + 3 * DAY, &counts);
    g_assert_cmpuint (counts.evidence + counts.reports + counts.remains + counts.tombstones, ==, 0);
    g_assert_cmpuint (tocsin_reports_count (txn), ==, 5);
    g_assert_cmpuint (tocsin_evidence_count (txn), ==, 0);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/report-rows/" name, Fixture, NULL, set_up, func, tear_down)
  g_test_add_func ("/report-rows/fill", test_fill);
  ADD ("sequences", test_sequences);
  ADD ("nothing-there", test_nothing_there);
  ADD ("due", test_due);
  ADD ("no-such-state", test_no_such_state);
  return g_test_run ();
}
