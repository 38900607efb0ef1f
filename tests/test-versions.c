/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One report in many versions: which counts, and what a person has to say of it.
 */
#include "core/limits.h"
#include "fed-case.h"
#include "store/reports-private.h"

#define MINUTE TOCSIN_MINUTE_US

static void
test_versions (Case *c, gconstpointer data)
{
  g_auto (TocsinReportRecord) record = { 0 };
  const Draft first = { .updated_us = T0 + 2 * MINUTE };
  const Draft lower = { .updated_us = T0 + MINUTE, .activity = "lower", .confidence = 10 };
  const Draft newer = { .updated_us = T0 + 3 * MINUTE, .activity = "newer", .confidence = 30 };

  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DROPPED);
  g_assert_cmpint (admit_draft (c, &lower, NULL), ==, DROPPED);
  get_report (c, "b.example", "r1", &record);
  g_assert_cmpuint (record.confidence, ==, 100);
  g_assert_cmpint (admit_draft (c, &newer, NULL), ==, DONE);
  get_report (c, "b.example", "r1", &record);
  g_assert_cmpuint (record.confidence, ==, 30);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_LIVE);
}

static void
test_seen_id (Case *c, gconstpointer data)
{
  const Draft one = { .name = "one", .activity = "same" };
  const Draft other = { .name = "other", .activity = "same" };

  g_assert_cmpint (admit_draft (c, &one, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &other, NULL), ==, TOCSIN_ERROR_EQUIVOCATION);
}

static void
test_equivocation (Case *c, gconstpointer data)
{
  const Draft one = { .confidence = 100 };
  const Draft other = { .activity = "other", .confidence = 50 };
  const Draft third = { .activity = "third", .confidence = 20 };
  const Draft newer = { .activity = "newer", .confidence = 10, .updated_us = T0 + MINUTE };
  g_auto (TocsinReportRecord) record = { 0 };
  guint64 lines;

  g_assert_cmpint (admit_draft (c, &one, NULL), ==, DONE);
  admit_draft (c, &other, NULL);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_HELD, TOCSIN_HOLD_EQUIVOCATION);
  admit_draft (c, &third, NULL);
  get_report (c, "b.example", "r1", &record);
  g_assert_nonnull (record.alternate);
  g_assert_cmpuint (record.confidence, ==, 100);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_EQUIVOCATION, c->b, &lines), !=, 0);
  g_assert_cmpuint (lines, ==, 1);
  /* A newer version does not get it past the person. */
  g_assert_cmpint (admit_draft (c, &newer, NULL), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_HELD, TOCSIN_HOLD_EQUIVOCATION);
}

/* What a person says is about the version that they saw, and each report has one line at most. */
static void
test_swapped (Case *c, gconstpointer data)
{
  const Draft seen = { .value = "192.168.7.7" };
  const Draft swapped = { .activity = "swapped",
                          .type = TOCSIN_SUBJECT_ACTOR,
                          .value = "https://c.example/actor",
                          .updated_us = T0 + MINUTE };
  const Draft other = { .activity = "other",
                        .type = TOCSIN_SUBJECT_ACTOR,
                        .value = "https://c.example/actor",
                        .confidence = 10,
                        .updated_us = T0 + MINUTE };
  guint64 first, second;

  g_assert_cmpint (admit_draft (c, &seen, NULL), ==, DONE);
  first = open_line (c, TOCSIN_REVIEW_HELD, c->b, NULL);
  g_assert_cmpuint (first, !=, 0);
  g_assert_cmpint (admit_draft (c, &swapped, NULL), ==, DONE);
  second = open_line (c, TOCSIN_REVIEW_HELD, c->b, NULL);
  g_assert_cmpuint (second, >, first);
  g_assert_cmpuint (open_lines (c, TOCSIN_REVIEW_HELD, c->b).n, ==, 1);

  g_assert_cmpint (admit_draft (c, &other, NULL), ==, DONE);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_HELD, c->b, NULL), ==, 0);
  g_assert_cmpuint (open_lines (c, TOCSIN_REVIEW_EQUIVOCATION, c->b).n, ==, 1);
}

/* Once it is about what anybody may report, nobody has to look. */
static void
test_hold_ends (Case *c, gconstpointer data)
{
  const Draft held = { .value = "192.168.7.7" };
  const Draft live = { .activity = "live", .value = "203.0.113.9", .updated_us = T0 + MINUTE };
  const Draft again = { .activity = "again",
                        .value = "192.168.7.7",
                        .updated_us = T0 + 2 * MINUTE };

  g_assert_cmpint (admit_draft (c, &held, NULL), ==, DONE);
  g_assert_cmpuint (open_lines (c, TOCSIN_REVIEW_HELD, c->b).n, ==, 1);
  g_assert_cmpint (admit_draft (c, &live, NULL), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpuint (open_lines (c, TOCSIN_REVIEW_HELD, c->b).n, ==, 0);
  g_assert_cmpint (admit_draft (c, &again, NULL), ==, DONE);
  g_assert_cmpuint (open_lines (c, TOCSIN_REVIEW_HELD, c->b).n, ==, 1);
}

static void
test_tombstone_first (Case *c, gconstpointer data)
{
  const Draft old = { .updated_us = T0 + MINUTE };
  const Draft equal = { .updated_us = T0 + 5 * MINUTE, .activity = "equal" };
  const Draft late = { .updated_us = T0 + 6 * MINUTE, .activity = "late" };

  g_assert_cmpint (
      admit (c, remove_bytes ("b.example", "r1", T0 + 5 * MINUTE, TOCSIN_REASON_ERROR), NULL), ==,
      DONE);
  g_assert_cmpint (admit_draft (c, &old, NULL), ==, DROPPED);
  g_assert_cmpint (admit_draft (c, &equal, NULL), ==, DROPPED);
  g_assert_cmpint (admit_draft (c, &late, NULL), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

static gboolean
write_rejected (TocsinTxn *txn, gpointer data, GError **error)
{
  const TocsinReportRecord *record = data;

  return tocsin_reports_set_state (txn, record->number, TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED,
                                   NOON);
}

static void
test_rejected_stays (Case *c, gconstpointer data)
{
  const Draft one = { 0 };
  const Draft newer = { .activity = "newer", .updated_us = T0 + MINUTE };
  g_auto (TocsinReportRecord) record = { 0 };

  admit_draft (c, &one, NULL);
  get_report (c, "b.example", "r1", &record);
  write_ok (&c->f, write_rejected, &record);
  g_assert_cmpint (admit_draft (c, &newer, NULL), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_HELD, c->b, NULL), ==, 0);
}

static void
lift_hold (TocsinPeerRecord *peer)
{
  peer->key_hold = FALSE;
}

/* What counts already is not replaced by what is held for its key. */
static void
test_key_changed_version (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  const Draft first = { .name = "first", .confidence = 90 };
  const Draft newer = {
    .name = "first", .activity = "newer", .confidence = 10, .updated_us = T0 + MINUTE
  };
  const Draft other = { .name = "first", .activity = "other", .confidence = 20 };
  g_auto (TocsinReportRecord) record = { 0 };
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &newer, &changed), ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (admit_draft (c, &other, &changed), ==, TOCSIN_ERROR_FORBIDDEN);
  get_report (c, "b.example", "first", &record);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_LIVE);
  g_assert_cmpuint (record.confidence, ==, 90);
  get_case_peer (c, c->b, &peer);
  g_assert_true (peer.key_hold);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_KEY_CHANGE, c->b, NULL), !=, 0);
  /* It was not seen: once the key is confirmed it can be read again. */
  edit_peer (c, c->b, lift_hold);
  g_assert_cmpint (admit_draft (c, &newer, NULL), ==, DONE);
  get_report (c, "b.example", "first", &record);
  g_assert_cmpuint (record.confidence, ==, 10);
}

/* ---- what is not taken ---- */

#define UNMODERATED 19 /* which no address is */

static void
test_refused (Case *c, gconstpointer data)
{
  const Draft wrong = { .category = UNMODERATED };
  const Draft relayed = { .host = "d.example", .category = UNMODERATED };
  const Way listed = { .catch_up = TRUE };
  const Way relay = { .signer = "b.example", .catch_up = TRUE };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &wrong, NULL), ==, TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpint (admit_draft (c, &relayed, &relay), ==, TOCSIN_ERROR_UNPROCESSABLE);
  get_report (c, "d.example", "r1", &record);
  g_assert_null (record.id);
  get_report (c, "b.example", "r1", &record);
  g_assert_null (record.id);
  /* Not stored as seen: a later release may take it. */
  g_assert_cmpint (admit_draft (c, &wrong, &listed), ==, DROPPED);
  get_report (c, "b.example", "r1", &record);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_REFUSED);
  g_assert_null (record.value);
  g_assert_null (record.activity);
}

static gboolean
write_listed (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReportRecord *record = data;

  tocsin_reports_put (txn, record, NOON);
  return TRUE;
}

/* What an earlier release of this program did not take. */
static void
test_taken_later (Case *c, gconstpointer data)
{
  const Draft draft = { 0 };
  const Way listed = { .catch_up = TRUE };
  g_autoptr (GBytes) bytes = draft_bytes (&draft);
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (bytes, NULL);
  g_auto (TocsinReportRecord) record = {
    .actor = c->b,
    .via = c->b,
    .state = TOCSIN_STATE_REFUSED,
    .sharing = TOCSIN_SHARING_GREEN,
    .updated_us = activity->report.updated_us,
    .end_us = activity->report.end_us,
    .id = g_strdup (activity->report.id),
  };

  tocsin_activity_content_hash (activity, record.content_hash);
  write_ok (&c->f, write_listed, &record);
  g_assert_cmpint (admit_draft (c, &draft, &listed), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

/* A newer version that is not taken ends the older, and goes round nobody's word. */
static void
test_refused_version (Case *c, gconstpointer data)
{
  const Draft first = { 0 };
  const Draft older = { .activity = "x0", .category = UNMODERATED, .published_us = T0 - MINUTE };
  const Draft equal = { .activity = "x1", .category = UNMODERATED };
  const Draft wrong = { .activity = "x2", .category = UNMODERATED, .updated_us = T0 + MINUTE };
  const Draft right = { .activity = "x3", .updated_us = T0 + 2 * MINUTE };
  const Way listed = { .catch_up = TRUE };
  const Way changed = { .catch_up = TRUE, .other_key = TRUE };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &older, &listed), ==, DROPPED);
  g_assert_cmpint (admit_draft (c, &equal, &listed), ==, DROPPED);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpint (admit_draft (c, &wrong, &changed), ==, TOCSIN_ERROR_FORBIDDEN);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  edit_peer (c, c->b, lift_hold);
  get_report (c, "b.example", "r1", &record);
  write_ok (&c->f, write_rejected, &record);
  g_assert_cmpint (admit_draft (c, &wrong, &listed), ==, DROPPED);
  get_report (c, "b.example", "r1", &record);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_REFUSED);
  g_assert_cmpint (admit_draft (c, &right, &listed), ==, DONE);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED);
}

static gboolean
write_counts (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, c->b, &counts);
  counts.by_state[TOCSIN_STATE_REFUSED] = TOCSIN_QUOTA_DIRECT_REPORTS;
  tocsin_report_put_counts (txn, c->b, &counts);
  return TRUE;
}

/* Ids alone fill a store, too. */
static void
test_refused_enough (Case *c, gconstpointer data)
{
  const Draft first = { 0 };
  const Draft newer = { .activity = "x1", .category = UNMODERATED, .updated_us = T0 + MINUTE };
  const Draft other = { .name = "other", .category = UNMODERATED };
  const Way listed = { .catch_up = TRUE };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &first, NULL), ==, DONE);
  write_ok (&c->f, write_counts, c);
  g_assert_cmpint (admit_draft (c, &newer, &listed), ==, DROPPED);
  g_assert_cmpint (admit_draft (c, &other, &listed), ==, DROPPED);
  assert_report (c, "b.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  get_report (c, "b.example", "other", &record);
  g_assert_null (record.id);
}

int
main (int argc, char **argv)
{
  static const CaseTest tests[] = {
    { "/versions/newest", test_versions },
    { "/versions/swapped", test_swapped },
    { "/versions/hold-ends", test_hold_ends },
    { "/versions/seen-id", test_seen_id },
    { "/versions/equivocation", test_equivocation },
    { "/versions/tombstone-first", test_tombstone_first },
    { "/versions/rejected-stays", test_rejected_stays },
    { "/versions/key-changed", test_key_changed_version },
    { "/versions/refused", test_refused },
    { "/versions/refused-newer", test_refused_version },
    { "/versions/refused-enough", test_refused_enough },
    { "/versions/taken-later", test_taken_later },
  };

  return case_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
