/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Someone asks what is held about her and that it be gone: everything that speaks of her is found,
 * nothing that does not, and afterwards her name is in no row.
 */
#include "store-fixture.h"

#include <string.h>

#include "core/category.h"
#include "core/clock.h"
#include "core/error.h"
#include "store/bulk.h"
#include "store/recount.h"
#include "store/table-allow.h"
#include "store/table-changes.h"
#include "store/table-imports.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/table-voices.h"
#include "store/trace.h"
#include "store/txn-private.h"

#define NAME    "ann"
#define PEER    7
#define DAY     TOCSIN_DAY_US
#define ID(end) "https://a.example/reports/" end

typedef enum
{
  NOT_FOUND,
  ABOUT,
  MENTION,
} Found;

/* A report of a peer, or of this node, about somebody. */
typedef struct
{
  const char *id;
  const char *value;
  guint8 category;
  const char *category_text;
  const char *content;
  const char *activity_id;
  Found found;
} Line;

static const Line lines[] = {
  { ID ("1"), NAME, 1, NULL, "text", "https://a.example/activities/1", ABOUT },
  { ID ("2"), "bob", 1, NULL, "as " NAME " says", NULL, MENTION },
  { ID ("3"), "bob", 1, NULL, "as announced", NULL, NOT_FOUND },
  { ID ("4"), "bob", TOCSIN_CATEGORY_OTHER, "like_" NAME, NULL, NULL, NOT_FOUND },
  { ID ("5"), "bob", TOCSIN_CATEGORY_OTHER, "like-" NAME, NULL, NULL, MENTION },
  /* The text of a category that is known is no text of the reporter's. */
  { ID ("6"), "bob", 1, "like-" NAME, NULL, NULL, NOT_FOUND },
  { ID ("7-" NAME), "bob", 1, NULL, NULL, NULL, MENTION },
  { ID ("%61nn"), "bob", 1, NULL, NULL, NULL, MENTION },
  /* Folders name their reporter; and what cannot be unescaped is taken as it is. */
  { "https://a.example/" NAME "/9", "bob", 1, NULL, NULL, NULL, NOT_FOUND },
  { ID ("%00-" NAME), "bob", 1, NULL, NULL, NULL, MENTION },
  { "urn:" NAME, "bob", 1, NULL, NULL, NULL, NOT_FOUND },
  { ID ("12"), "bob", 1, NULL, NULL, "https://a.example/activities/" NAME, MENTION },
};

static void
parse (TocsinSubject *subject, const char *value)
{
  g_autoptr (GError) error = NULL;

  tocsin_subject_parse (subject, TOCSIN_SUBJECT_USERNAME, value, &error);
  g_assert_no_error (error);
}

static guint64
put_line (TocsinTxn *txn, guint32 actor, const Line *line, TocsinReportState state)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);
  g_auto (TocsinSubject) subject = { 0 };
  TocsinOutboxRecord add = { .audience = TOCSIN_AUDIENCE_FOLLOWERS,
                             .origin = actor,
                             .activity_id = (char *) line->activity_id,
                             .activity = body };
  TocsinReportRecord record = { .actor = actor,
                                .state = state,
                                .category = line->category,
                                .subject_type = TOCSIN_SUBJECT_USERNAME,
                                .key_type = TOCSIN_SUBJECT_USERNAME,
                                .confidence = 90,
                                .sharing = TOCSIN_SHARING_CLEAR,
                                .end_us = T0 + 10 * DAY,
                                .evidence_end_us = T0 + 10 * DAY,
                                .verified = TRUE,
                                .id = (char *) line->id,
                                .activity_id = (char *) line->activity_id,
                                .category_text = (char *) line->category_text,
                                .content = (char *) line->content,
                                .value = (char *) line->value,
                                .activity = body };

  parse (&subject, line->value);
  record.key = tocsin_subject_key (&subject);
  if (line->activity_id != NULL)
    record.sequence = tocsin_outbox_append (txn, &add);
  tocsin_reports_put (txn, &record, T0);
  return record.number;
}

/* Numbers of reports are those of lines. */
static gboolean
write_lines (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    g_assert_cmpuint (put_line (txn, PEER, &lines[i], TOCSIN_STATE_LIVE), ==, i + 1);
  return TRUE;
}

static void
add_review (TocsinTxn *txn, guint64 report, TocsinReviewState state, const char *text)
{
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_HELD, .report = report, .state = state, .text = (char *) text
  };

  tocsin_review_add (txn, &line);
}

static void
add_allowed (TocsinTxn *txn, const char *value, const char *reason)
{
  g_auto (TocsinSubject) subject = { 0 };
  TocsinAllowRecord entry = { .type = TOCSIN_SUBJECT_USERNAME,
                              .value = (char *) value,
                              .reason = (char *) reason };

  parse (&subject, value);
  entry.key = tocsin_subject_key (&subject);
  tocsin_allow_put (txn, &entry);
}

static guint64
event_of (const char *value)
{
  g_auto (TocsinSubject) subject = { 0 };
  guint64 event;

  parse (&subject, value);
  memcpy (&event, subject.digest, sizeof event);
  return event;
}

static gboolean
collect_event (guint32 actor, gconstpointer events, guint n_events, gpointer data)
{
  g_array_append_vals (data, events, n_events);
  return TRUE;
}

/* Lines 1 to 6 of review, imports 1 and 2, three entries of the allow list. */
static gboolean
write_rest (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportRecord named = { .source = (char *) NAME ".csv" };
  TocsinImportRecord other = { .source = (char *) "list.csv" };

  add_review (txn, 1, TOCSIN_REVIEW_OPEN, "A report is held");
  add_review (txn, 2, TOCSIN_REVIEW_OPEN, "A report is held");
  add_review (txn, 3, TOCSIN_REVIEW_OPEN, "A report is held");
  add_review (txn, 1, TOCSIN_REVIEW_ACCEPTED, "A report was held");
  add_review (txn, 0, TOCSIN_REVIEW_OPEN, "Burst of " NAME);
  add_review (txn, 0, TOCSIN_REVIEW_OPEN, "Burst");
  tocsin_imports_add (txn, &named);
  tocsin_imports_add (txn, &other);
  add_allowed (txn, NAME, NULL);
  add_allowed (txn, "carol", "friend of " NAME);
  add_allowed (txn, "dave", "ours");
  tocsin_voices_add (txn, 1, PEER, event_of (NAME));
  tocsin_voices_add (txn, 1, PEER, event_of ("bob"));
  return TRUE;
}

static void
find (Fixture *f, TocsinTrace *trace)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;

  parse (&subject, NAME);
  g_assert_true (tocsin_trace_find (f->store, &subject, trace, &error));
  g_assert_no_error (error);
}

static gboolean
contains (const GArray *numbers, guint64 number)
{
  for (guint i = 0; i < numbers->len; i++)
    if (g_array_index (numbers, guint64, i) == number)
      return TRUE;
  return FALSE;
}

static void
assert_numbers (const GArray *numbers, const guint64 *expected, guint n)
{
  g_assert_cmpmem (numbers->data, numbers->len * sizeof *expected, expected, n * sizeof *expected);
}

static void
test_find (Fixture *f, gconstpointer data)
{
  static const guint64 reviews[] = { 1, 2, 5 };
  static const guint64 imports[] = { 1 };
  g_auto (TocsinTrace) trace = { 0 };

  write_ok (f, write_lines, NULL);
  write_ok (f, write_rest, NULL);
  find (f, &trace);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_test_message ("%s", lines[i].id);
      g_assert_cmpint (contains (trace.reports, i + 1), ==, lines[i].found == ABOUT);
      g_assert_cmpint (contains (trace.mentions, i + 1), ==, lines[i].found == MENTION);
    }
  assert_numbers (trace.reviews, reviews, G_N_ELEMENTS (reviews));
  assert_numbers (trace.imports, imports, G_N_ELEMENTS (imports));
  g_assert_cmpuint (trace.allowed->len, ==, 2);
}

/* The last row that the first reading looks at says that it is the first. */
static gboolean
misnumber (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey first = tocsin_key_u64 (1), last = tocsin_key_u64 (2000);
  g_autofree guint8 *row = NULL;
  TocsinSpan span;

  g_assert_true (tocsin_txn_get (txn, TOCSIN_TABLE_REPORTS, &first, &span));
  row = g_memdup2 (span.data, span.size);
  tocsin_txn_put (txn, TOCSIN_TABLE_REPORTS, &last, row, span.size);
  return TRUE;
}

/* Many more rows than one reading looks at, of lists that say no more than a key and a type. */
static void
test_find_among_many (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (4);
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinTrace) trace = { 0 };

  parse (&subject, NAME);
  for (guint i = 0; i < 4500; i++)
    {
      gboolean about = i == 4000 || i == 4001;
      guint8 type = i == 4000 ? TOCSIN_SUBJECT_DOMAIN : TOCSIN_SUBJECT_USERNAME;
      TocsinBulkRow row = { .key = about ? tocsin_subject_key (&subject) : key_number (i),
                            .key_type = TOCSIN_SUBJECT_USERNAME,
                            .evidence = { .reporter = i,
                                          .category = 1,
                                          .subject_type = type,
                                          .expires_s = TOCSIN_EVIDENCE_NEVER_S } };

      tocsin_bulk_add (bulk, &row);
    }
  write_ok (f, tocsin_bulk_write, bulk);
  write_ok (f, misnumber, NULL);
  find (f, &trace);
  g_assert_cmpuint (trace.reports->len, ==, 1);
  g_assert_cmpuint (trace.mentions->len, ==, 0);
}

/* An address of IPv6 has the key of its /64, in which others are too. */
static gboolean
write_v6 (TocsinTxn *txn, gpointer data, GError **error)
{
  static const char *const values[] = { "2001:db8::1", "2001:db8::2", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *id = g_strdup_printf (ID ("%u"), i);
      TocsinReportRecord record = { .actor = PEER,
                                    .subject_type = TOCSIN_SUBJECT_IP,
                                    .key_type = TOCSIN_SUBJECT_NETWORK,
                                    .category = 1,
                                    .end_us = T0 + DAY,
                                    .evidence_end_us = T0 + DAY,
                                    .key = tocsin_subject_key (data),
                                    .id = id,
                                    .value = (char *) values[i] };

      tocsin_reports_put (txn, &record, T0);
    }
  return TRUE;
}

static void
test_find_v6 (Fixture *f, gconstpointer data)
{
  static const guint64 numbers[] = { 1, 3 };
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinTrace) trace = { 0 };

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, "2001:db8::1", NULL));
  write_ok (f, write_v6, &subject);
  g_assert_true (tocsin_trace_find (f->store, &subject, &trace, NULL));
  assert_numbers (trace.reports, numbers, G_N_ELEMENTS (numbers));
}

static gboolean
damage_report (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u64 (3);

  tocsin_txn_put (txn, TOCSIN_TABLE_REPORTS, &key, "?", 1);
  return TRUE;
}

static gboolean
damage_import (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u64 (1);

  tocsin_txn_put (txn, TOCSIN_TABLE_IMPORTS, &key, "?", 1);
  return TRUE;
}

/* Nobody is told that nothing is held where not all could be looked at. */
static void
test_damage (Fixture *f, gconstpointer data)
{
  static const TocsinWriteFunc damages[] = { damage_import, damage_report };
  g_auto (TocsinSubject) subject = { 0 };

  parse (&subject, NAME);
  write_ok (f, write_lines, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (damages); i++)
    {
      g_auto (TocsinTrace) trace = { 0 };
      g_autoptr (GError) error = NULL;

      write_ok (f, damages[i], NULL);
      g_assert_false (tocsin_trace_find (f->store, &subject, &trace, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
    }
}

static void
test_stopping (Fixture *f, gconstpointer data)
{
  GThread *closing = fixture_begin_closing (f);
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinTrace) trace = { 0 };
  g_autoptr (GError) error = NULL;

  parse (&subject, NAME);
  g_assert_false (tocsin_trace_find (f->store, &subject, &trace, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpstr (error->message, ==, "The node is stopping");
  g_assert_cmpuint (trace.reports->len, ==, 0);
  fixture_end_closing (f, closing);
}

/* ---- taking ---- */

static gboolean
erase (TocsinTxn *txn, gpointer data, GError **error)
{
  const TocsinTrace *trace = data;
  g_auto (TocsinSubject) subject = { 0 };

  parse (&subject, NAME);
  for (guint i = 0; i < trace->reports->len; i++)
    g_assert_true (tocsin_trace_erase_received (txn, g_array_index (trace->reports, guint64, i),
                                                &subject, T0 + 5, T0 + 400 * DAY));
  for (guint i = 0; i < trace->mentions->len; i++)
    g_assert_true (tocsin_trace_erase_received (txn, g_array_index (trace->mentions, guint64, i),
                                                &subject, T0 + 5, T0 + 400 * DAY));
  g_assert_false (tocsin_trace_erase_received (txn, 999, &subject, T0, T0));
  tocsin_trace_sweep (txn, trace, &subject, "socket", T0 + 5);
  return tocsin_txn_check (txn, error);
}

static void
assert_stripped (TocsinTxn *txn, guint64 number)
{
  g_auto (TocsinReportRecord) record = { 0 };
  TocsinTombstone tombstone;

  if (strstr (lines[number - 1].id, NAME) != NULL || number == 8)
    {
      /* What names her cannot stay as an id; its digest as a tombstone does. */
      g_assert_false (tocsin_reports_get (txn, number, &record));
    }
  else
    {
      g_assert_true (tocsin_reports_get (txn, number, &record));
      g_assert_cmpint (record.state, ==, TOCSIN_STATE_REFUSED);
      g_assert_cmpstr (record.id, ==, lines[number - 1].id);
      g_assert_null (record.value);
      g_assert_null (record.content);
      g_assert_null (record.category_text);
      g_assert_null (record.activity);
      g_assert_null (record.activity_id);
      g_assert_false (record.verified);
    }
  g_assert_true (tocsin_tombstones_get (txn, PEER, lines[number - 1].id, &tombstone));
  g_assert_cmpint (tombstone.removed_us, ==, T0 + 5);
}

static void
assert_review (TocsinTxn *txn, guint64 id, TocsinReviewState state, const char *text)
{
  g_auto (TocsinReviewRecord) line = { 0 };

  g_assert_true (tocsin_review_get (txn, id, &line));
  g_assert_cmpint (line.state, ==, state);
  g_assert_cmpstr (line.text, ==, text);
  if (state == TOCSIN_REVIEW_REJECTED)
    g_assert_cmpstr (line.decided_by, ==, "socket");
}

static void
assert_allowed (TocsinTxn *txn, const char *value, const char *reason)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinAllowRecord) entry = { 0 };
  TocsinSubjectKey key;

  parse (&subject, value);
  key = tocsin_subject_key (&subject);
  g_assert_cmpint (tocsin_allow_get (txn, &key, &entry), ==, reason != NULL);
  g_assert_cmpstr (entry.reason, ==, reason);
}

static gboolean
assert_other_key (const TocsinChange *change, gpointer data)
{
  /* The entry of the allow list is told after the sweep: that is a change of now. */
  if (change->kind == TOCSIN_CHANGE_EVIDENCE)
    g_assert_false (tocsin_id_equal (&change->key, data));
  else if (change->kind == TOCSIN_CHANGE_MANY)
    g_assert_cmpuint (change->key.bytes[0] | change->key.bytes[1], ==, 0);
  return TRUE;
}

static void
test_erase (Fixture *f, gconstpointer data)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinTrace) trace = { 0 };
  g_auto (TocsinTrace) again = { 0 };
  g_auto (TocsinImportRecord) import = { 0 };
  g_auto (TocsinOutboxRecord) entry = { 0 };
  g_auto (GStrv) wrong = NULL;
  g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof (guint64));
  const guint64 bob = event_of ("bob");
  TocsinSubjectRecord row;
  TocsinSubjectKey key;
  guint64 rows, sequence;

  parse (&subject, NAME);
  key = tocsin_subject_key (&subject);
  write_ok (f, write_lines, NULL);
  write_ok (f, write_rest, NULL);
  find (f, &trace);
  write_ok (f, erase, &trace);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
      if (lines[i].found != NOT_FOUND)
        assert_stripped (txn, i + 1);
    assert_review (txn, 1, TOCSIN_REVIEW_REJECTED, "A report is held");
    assert_review (txn, 2, TOCSIN_REVIEW_REJECTED, "A report is held");
    assert_review (txn, 3, TOCSIN_REVIEW_OPEN, "A report is held");
    assert_review (txn, 4, TOCSIN_REVIEW_ACCEPTED, "A report was held");
    assert_review (txn, 5, TOCSIN_REVIEW_OPEN, "(erased)");
    g_assert_true (tocsin_imports_get (txn, 1, &import));
    g_assert_cmpstr (import.source, ==, "(erased)");
    assert_allowed (txn, NAME, NULL);
    assert_allowed (txn, "carol", "(erased)");
    assert_allowed (txn, "dave", "ours");
    g_assert_false (tocsin_subjects_get (txn, &key, &row));
    tocsin_changes_foreach (txn, 0, assert_other_key, &key);
    tocsin_voices_foreach (txn, 1, collect_event, events);
    assert_numbers (events, &bob, 1);
    g_assert_false (tocsin_outbox_find (txn, lines[11].activity_id, &sequence));
    g_assert_true (tocsin_outbox_get (txn, 2, &entry));
    g_assert_null (entry.activity);
    g_assert_null (entry.activity_id);
    assert_reading_ok (txn);
  }
  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, NULL));
  g_assert_cmpuint (g_strv_length (wrong), ==, 0);
  find (f, &again);
  g_assert_cmpuint (again.reports->len + again.mentions->len + again.reviews->len, ==, 0);
  g_assert_cmpuint (again.imports->len + again.allowed->len, ==, 0);
}

static gboolean
write_states (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinReportRecord) ahead = { 0 };

  g_assert_true (
      tocsin_reports_get (txn, put_line (txn, PEER, &lines[0], TOCSIN_STATE_HELD), &ahead));
  ahead.updated_us = T0 + DAY / 48;
  tocsin_reports_put (txn, &ahead, T0);
  put_line (txn, PEER, &lines[6], TOCSIN_STATE_LIVE);
  tocsin_reports_withdraw (txn, 2, TOCSIN_REASON_APPEAL, T0 + 1, T0 + 2 * DAY);
  return TRUE;
}

static gboolean
erase_states (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  parse (&subject, NAME);
  for (guint64 number = 1; number <= 2; number++)
    g_assert_true (tocsin_trace_erase_received (txn, number, &subject, T0 + 5, T0 + 400 * DAY));
  /* Held no more: nobody has anything left to decide. */
  g_assert_true (tocsin_reports_get (txn, 1, &record));
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_REFUSED);
  g_assert_cmpint (record.hold, ==, TOCSIN_HOLD_NONE);
  return tocsin_txn_check (txn, error);
}

/* A withdrawn one whose id names her goes whole, and its counters with it. */
static void
test_erase_states (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) wrong = NULL;
  guint64 rows;

  write_ok (f, write_states, NULL);
  write_ok (f, erase_states, NULL);
  g_assert_true (tocsin_store_recount (f->store, &rows, &wrong, NULL));
  g_assert_cmpuint (g_strv_length (wrong), ==, 0);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  TocsinTombstone tombstone;
  TocsinActorCounts counts;

  g_assert_true (tocsin_tombstones_get (txn, PEER, lines[6].id, &tombstone));
  g_assert_cmpint (tombstone.until_us, ==, T0 + 400 * DAY);
  g_assert_cmpint (tombstone.removed_us, ==, T0 + 5);
  /* Of a clock that was ahead: the same must not come again. */
  g_assert_true (tocsin_tombstones_get (txn, PEER, lines[0].id, &tombstone));
  g_assert_cmpint (tombstone.removed_us, ==, T0 + DAY / 48);
  tocsin_reports_counts (txn, PEER, &counts);
  g_assert_cmpuint (counts.by_state[TOCSIN_STATE_WITHDRAWN], ==, 0);
  g_assert_cmpuint (counts.by_state[TOCSIN_STATE_REFUSED], ==, 1);
  g_assert_cmpuint (counts.items[TOCSIN_SHARING_CLEAR], ==, 1);
}

static gboolean
sweep_gone (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };

  parse (&subject, NAME);
  tocsin_trace_sweep (txn, data, &subject, "socket", T0);
  return tocsin_txn_check (txn, error);
}

/* What was found may be gone by the time it is swept; evidence that is left keeps its subject. */
static void
test_sweep_late (Fixture *f, gconstpointer data)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinTrace) trace = { 0 };
  TocsinSubjectKey key, other = key_number (77);
  TocsinSubjectRecord row;
  guint64 gone = 77;

  parse (&subject, NAME);
  key = tocsin_subject_key (&subject);
  write_ok (f, write_lines, NULL);
  find (f, &trace);
  g_array_append_val (trace.reviews, gone);
  g_array_append_val (trace.imports, gone);
  g_array_append_val (trace.allowed, other);
  write_ok (f, sweep_gone, &trace);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_assert_true (tocsin_subjects_get (txn, &key, &row));
  g_assert_cmpstr (row.value, ==, NAME);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/trace/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("find", test_find);
  ADD ("find-among-many", test_find_among_many);
  ADD ("find-v6", test_find_v6);
  ADD ("damage", test_damage);
  ADD ("stopping", test_stopping);
  ADD ("erase", test_erase);
  ADD ("erase-states", test_erase_states);
  ADD ("sweep-late", test_sweep_late);
  return g_test_run ();
}
