/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/error.h"
#include "fed-node.h"
#include "fed/housekeeping.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fed/review.h"
#include "fed/sync-note.h"
#include "store/table-audit.h"
#include "store/table-imports.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

/* A node, a peer that is believed, another that is, and a reader. */
typedef struct
{
  Node *node;
  guint32 peer, other, reader;
} World;

static gboolean
write_actors (TocsinTxn *txn, gpointer data, GError **error)
{
  World *world = data;
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinPeerRecord) reader = { 0 };

  world->peer = tocsin_actors_intern (txn, "https://p.example/actor", T0);
  world->other = tocsin_actors_intern (txn, "https://q.example/actor", T0);
  world->reader = tocsin_actors_intern (txn, "https://r.example/actor", T0);
  /* Accepted without a weight: the outbox of nobody is read in this test. */
  tocsin_peers_get (txn, world->peer, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  tocsin_peers_put (txn, &peer);
  tocsin_peers_get (txn, world->reader, &reader);
  reader.follower = TOCSIN_FOLLOWER_READER;
  tocsin_peers_put (txn, &reader);
  return TRUE;
}

static void
world_set_up (World *world, gconstpointer data)
{
  world->node = node_new (1);
  /* What is queued has to stay. */
  tocsin_federation_stop (world->node->fed);
  write_ok (&world->node->f, write_actors, world);
  {
    const TocsinTrustPeer peers[] = { { world->peer, TOCSIN_AREA_ANY, 0.5, FALSE },
                                      { world->other, TOCSIN_AREA_ANY, 0.5, FALSE } };
    const TocsinTrustInput input = { .peers = peers, .n_peers = G_N_ELEMENTS (peers) };
    g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);

    tocsin_federation_set_trust (world->node->fed, trust);
  }
}

static void
world_tear_down (World *world, gconstpointer data)
{
  node_free (world->node);
}

static TocsinReading *
read_store (World *world)
{
  return tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));
}

/* ---- what is in the store ---- */

/* Reports and a line about them. */
typedef struct
{
  guint32 actor;
  guint32 via; /* 0: the same */
  guint n;
  TocsinReportState state;
  TocsinHold hold;
  gboolean withdrawn; /* a Remove waits */
  gboolean equivocation;
  guint64 batch;
  gint64 held_us;
  guint64 first; /* out: number */
} Reports;

static GBytes *
remove_of (const char *report)
{
  char *text = g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                                "\"id\":\"https://p.example/activities/x\",\"type\":\"Remove\","
                                "\"actor\":\"https://p.example/actor\",\"object\":\"%s\","
                                "\"published\":\"2026-11-01T00:00:00Z\","
                                "\"target\":\"https://p.example/reports\"}",
                                report);

  return g_bytes_new_take (text, strlen (text));
}

static gboolean
write_reports (TocsinTxn *txn, gpointer data, GError **error)
{
  Reports *reports = data;
  gint64 now_us = tocsin_time_now_us ();

  for (guint i = 0; i < reports->n; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };
      g_autofree char *subject = g_strdup_printf ("%u %u", reports->actor, i);

      record.actor = reports->actor;
      record.via = reports->via != 0 ? reports->via : reports->actor;
      record.state = reports->state;
      record.hold = reports->hold;
      record.category = 1;
      record.subject_type = record.key_type = TOCSIN_SUBJECT_IP;
      record.confidence = 100;
      record.sharing = TOCSIN_SHARING_GREEN;
      record.verified = TRUE;
      record.batch = reports->batch;
      record.key = tocsin_id_for_string (subject);
      record.held_us = reports->held_us;
      record.id = g_strdup_printf ("https://x.example/%u/%u/%u/%" G_GINT64_FORMAT, reports->actor,
                                   record.via, i, reports->held_us);
      record.activity_id = g_strconcat (record.id, "/add", NULL);
      record.activity = g_bytes_new_static ("{}", 2);
      record.end_us = record.evidence_end_us = now_us + TOCSIN_DAY_US;
      record.withdrawn_us = reports->withdrawn ? now_us : 0;
      if (reports->withdrawn || reports->equivocation)
        record.alternate = remove_of (record.id);
      tocsin_reports_put (txn, &record, now_us);
      if (i == 0)
        reports->first = record.number;
    }
  return TRUE;
}

static gboolean
write_line (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReviewRecord *line = data;

  line->created_us = tocsin_time_now_us ();
  line->count = MAX (line->count, 1);
  line->text = (char *) "text";
  line->id = tocsin_review_add (txn, line);
  return TRUE;
}

static guint64
add_line (World *world, TocsinReviewRecord line)
{
  write_ok (&world->node->f, write_line, &line);
  return line.id;
}

static void
add_reports (World *world, Reports *reports)
{
  write_ok (&world->node->f, write_reports, reports);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* Returns -1, or the code of the error. */
static int
decide_shown (World *world, guint64 id, gboolean accept, guint64 shown)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_review_decide_async (world->node->fed, id, accept, shown, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_review_decide_finish (result, &error) == (error == NULL));
  g_assert_true (error == NULL || error->domain == TOCSIN_ERROR);
  return error == NULL ? -1 : error->code;
}

static int
decide (World *world, guint64 id, gboolean accept)
{
  return decide_shown (world, id, accept, 0);
}

static gboolean
lapse (World *world, gint64 now_us)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  gboolean lapsed;

  tocsin_review_lapse_async (world->node->fed, now_us, on_result, &result);
  WAIT_FOR (result != NULL);
  lapsed = tocsin_review_lapse_finish (result, &error);
  g_assert_no_error (error);
  return lapsed;
}

static void
assert_line (World *world, guint64 id, TocsinReviewState state, const char *who)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_auto (TocsinReviewRecord) line = { 0 };

  g_assert_true (tocsin_review_get (txn, id, &line));
  g_assert_cmpint (line.state, ==, state);
  g_assert_cmpstr (line.decided_by, ==, who);
}

static guint
count_of (World *world, guint32 actor, TocsinReportState state)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, actor, &counts);
  return counts.by_state[state];
}

static guint64
queued (World *world)
{
  g_autoptr (TocsinReading) txn = read_store (world);

  return tocsin_queue_count_of (txn, world->reader);
}

static void
assert_report (World *world, guint64 number, TocsinReportState state, TocsinHold hold)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_true (tocsin_reports_get (txn, number, &record));
  g_assert_cmpint (record.state, ==, state);
  g_assert_cmpint (record.hold, ==, hold);
  g_assert_null (record.alternate);
}

/* ---- tests ---- */

static void
test_held (World *world, gconstpointer data)
{
  Reports one = {
    .actor = world->peer, .n = 1, .state = TOCSIN_STATE_HELD, .hold = TOCSIN_HOLD_SUBJECT
  };
  Reports two = {
    .actor = world->other, .n = 1, .state = TOCSIN_STATE_HELD, .hold = TOCSIN_HOLD_SUFFIX
  };
  guint64 first, second;

  add_reports (world, &one);
  add_reports (world, &two);
  first =
      add_line (world, (TocsinReviewRecord){
                           .kind = TOCSIN_REVIEW_HELD, .actor = world->peer, .report = one.first });
  second = add_line (world, (TocsinReviewRecord){ .kind = TOCSIN_REVIEW_HELD,
                                                  .actor = world->other,
                                                  .report = two.first });
  g_assert_cmpint (decide (world, 99, TRUE), ==, TOCSIN_ERROR_NOT_FOUND);
  g_assert_cmpint (decide (world, first, TRUE), ==, -1);
  assert_report (world, one.first, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  assert_line (world, first, TOCSIN_REVIEW_ACCEPTED, "tester");
  /* As if it had just come. */
  g_assert_cmpuint (queued (world), ==, 1);
  g_assert_cmpint (decide (world, first, FALSE), ==, TOCSIN_ERROR_CONFLICT);
  assert_report (world, one.first, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);

  g_assert_cmpint (decide (world, second, FALSE), ==, -1);
  assert_report (world, two.first, TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED);
  assert_line (world, second, TOCSIN_REVIEW_REJECTED, "tester");
  g_assert_cmpuint (queued (world), ==, 1);
}

/* More than one change can settle, behind more than one change looks at of others. */
static void
test_burst (World *world, gconstpointer data)
{
  gboolean by_time = GPOINTER_TO_INT (data);
  Reports others = {
    .actor = world->other, .n = 1100, .state = TOCSIN_STATE_HELD, .hold = TOCSIN_HOLD_SUBJECT
  };
  Reports burst = {
    .actor = world->peer, .n = 1100, .state = TOCSIN_STATE_HELD, .hold = TOCSIN_HOLD_BURST
  };
  Reports relayed = { .actor = world->other,
                      .via = world->peer,
                      .n = 10,
                      .state = TOCSIN_STATE_HELD,
                      .hold = TOCSIN_HOLD_BURST };
  gint64 now_us = tocsin_time_now_us ();
  guint64 id;

  add_reports (world, &others);
  add_reports (world, &burst);
  add_reports (world, &relayed);
  id = add_line (world, (TocsinReviewRecord){ .kind = TOCSIN_REVIEW_BURST,
                                              .actor = world->peer,
                                              .due_us = now_us + 7 * TOCSIN_DAY_US });
  if (by_time)
    {
      g_assert_false (lapse (world, now_us + 7 * TOCSIN_DAY_US - 1));
      g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_LIVE), ==, 0);
      g_assert_true (lapse (world, now_us + 7 * TOCSIN_DAY_US));
      assert_line (world, id, TOCSIN_REVIEW_LAPSED, NULL);
      g_assert_false (lapse (world, now_us + 7 * TOCSIN_DAY_US));
    }
  else
    {
      g_assert_cmpint (decide (world, id, TRUE), ==, -1);
      assert_line (world, id, TOCSIN_REVIEW_ACCEPTED, "tester");
    }
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_LIVE), ==, 1100);
  g_assert_cmpuint (count_of (world, world->other, TOCSIN_STATE_LIVE), ==, 10);
  g_assert_cmpuint (count_of (world, world->other, TOCSIN_STATE_HELD), ==, 1100);
  g_assert_cmpuint (queued (world), ==, 1110);
}

static void
test_burst_rejected (World *world, gconstpointer data)
{
  Reports burst = {
    .actor = world->peer, .n = 20, .state = TOCSIN_STATE_HELD, .hold = TOCSIN_HOLD_BURST
  };
  guint64 id, line;

  add_reports (world, &burst);
  id = add_line (world, (TocsinReviewRecord){ .kind = TOCSIN_REVIEW_BURST, .actor = world->peer });
  g_assert_cmpint (decide (world, id, FALSE), ==, -1);
  assert_report (world, burst.first, TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED);
  g_assert_cmpuint (queued (world), ==, 0);
  {
    g_autoptr (TocsinReading) txn = read_store (world);

    /* Twenty overruled: the operator is told what to think of the peer. */
    g_assert_true (
        tocsin_review_find_open (txn, TOCSIN_REVIEW_CONTRADICTION, world->peer, 0, &line));
  }
}

static void
get_line (World *world, guint64 id, TocsinReviewRecord *line)
{
  g_autoptr (TocsinReading) txn = read_store (world);

  tocsin_review_record_clear (line);
  g_assert_true (tocsin_review_get (txn, id, line));
}

/* One that is held early does not bring along the many that join it on the last day. */
static void
test_joined_late (World *world, gconstpointer data)
{
  gboolean withdrawn = GPOINTER_TO_INT (data);
  TocsinReportState before = withdrawn ? TOCSIN_STATE_LIVE : TOCSIN_STATE_HELD;
  TocsinReportState after = withdrawn ? TOCSIN_STATE_WITHDRAWN : TOCSIN_STATE_LIVE;
  gint64 now_us = tocsin_time_now_us ();
  Reports early = { .actor = world->peer,
                    .n = 1,
                    .state = before,
                    .hold = withdrawn ? TOCSIN_HOLD_NONE : TOCSIN_HOLD_BURST,
                    .withdrawn = withdrawn,
                    .held_us = now_us };
  Reports late = early;
  gint64 late_us = now_us + 6 * TOCSIN_DAY_US;
  g_auto (TocsinReviewRecord) line = { 0 };
  guint64 id;

  late.n = 700;
  late.held_us = late_us;
  add_reports (world, &late);
  add_reports (world, &early);
  id = add_line (world, (TocsinReviewRecord){ .kind = withdrawn ? TOCSIN_REVIEW_WITHDRAWAL
                                                                : TOCSIN_REVIEW_BURST,
                                              .actor = world->peer,
                                              .count = 701,
                                              .due_us = now_us + 7 * TOCSIN_DAY_US });
  g_assert_true (lapse (world, now_us + 7 * TOCSIN_DAY_US));
  g_assert_cmpuint (count_of (world, world->peer, before), ==, 700);
  g_assert_cmpuint (count_of (world, world->peer, after), ==, 1);
  get_line (world, id, &line);
  g_assert_cmpint (line.state, ==, TOCSIN_REVIEW_OPEN);
  g_assert_cmpuint (line.count, ==, 700);
  g_assert_cmpint (line.due_us, ==, late_us + 7 * TOCSIN_DAY_US);
  g_assert_false (lapse (world, late_us + 7 * TOCSIN_DAY_US - 1));
  g_assert_true (lapse (world, late_us + 7 * TOCSIN_DAY_US));
  g_assert_cmpuint (count_of (world, world->peer, after), ==, 701);
  assert_line (world, id, TOCSIN_REVIEW_LAPSED, NULL);
}

/* A word about what was seen is none about what joins later. */
static void
test_joined_unseen (World *world, gconstpointer data)
{
  gboolean accept = GPOINTER_TO_INT (data);
  gint64 now_us = tocsin_time_now_us ();
  Reports seen = { .actor = world->peer,
                   .n = 600,
                   .state = TOCSIN_STATE_HELD,
                   .hold = TOCSIN_HOLD_BURST,
                   .held_us = now_us };
  Reports unseen = seen;
  g_auto (TocsinReviewRecord) line = { 0 };
  guint64 id;

  unseen.n = 3;
  unseen.held_us = now_us + TOCSIN_HOUR_US;
  add_reports (world, &seen);
  add_reports (world, &unseen);
  id = add_line (world, (TocsinReviewRecord){ .kind = TOCSIN_REVIEW_BURST,
                                              .actor = world->peer,
                                              .count = 603,
                                              .due_us = now_us + 7 * TOCSIN_DAY_US });
  g_assert_cmpint (decide_shown (world, id, accept, 600), ==, TOCSIN_ERROR_CONFLICT);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_HELD), ==, 603);
  g_assert_cmpint (decide_shown (world, id, accept, 603), ==, -1);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_LIVE), ==, accept ? 600 : 0);
  get_line (world, id, &line);
  g_assert_cmpint (line.state, ==, TOCSIN_REVIEW_OPEN);
  g_assert_cmpuint (line.count, ==, 3);
  g_assert_cmpint (line.due_us, ==, unseen.held_us + 7 * TOCSIN_DAY_US);
}

static gboolean
write_import (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportRecord *import = data;

  import->created_us = T0;
  import->batch = tocsin_imports_add (txn, import);
  return TRUE;
}

static void
test_batch (World *world, gconstpointer data)
{
  gboolean accept = GPOINTER_TO_INT (data);
  TocsinImportRecord import = { .actor = world->peer, .source = (char *) "outbox" };
  Reports reports = { .actor = world->peer, .n = 1100, .state = TOCSIN_STATE_LIVE };
  guint64 id;

  write_ok (&world->node->f, write_import, &import);
  reports.batch = import.batch;
  add_reports (world, &reports);
  id = add_line (world, (TocsinReviewRecord){ .kind = TOCSIN_REVIEW_BATCH,
                                              .actor = world->peer,
                                              .batch = import.batch });
  g_assert_cmpint (decide (world, id, accept), ==, -1);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_LIVE), ==, accept ? 1100 : 0);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_HELD), ==, accept ? 0 : 1100);
  {
    g_autoptr (TocsinReading) txn = read_store (world);
    g_auto (TocsinImportRecord) stored = { 0 };

    g_assert_true (tocsin_imports_get (txn, import.batch, &stored));
    g_assert_true ((stored.undone_us != 0) == !accept);
  }
}

static void
test_withdrawal (World *world, gconstpointer data)
{
  gboolean accept = GPOINTER_TO_INT (data);
  Reports kept = { .actor = world->peer, .n = 600, .state = TOCSIN_STATE_LIVE };
  Reports waiting = { .actor = world->peer,
                      .via = world->other,
                      .n = 600,
                      .state = TOCSIN_STATE_LIVE,
                      .withdrawn = TRUE };
  guint64 id;

  add_reports (world, &kept);
  add_reports (world, &waiting);
  id = add_line (world,
                 (TocsinReviewRecord){ .kind = TOCSIN_REVIEW_WITHDRAWAL, .actor = world->peer });
  g_assert_cmpint (decide (world, id, accept), ==, -1);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_LIVE), ==, accept ? 600 : 1200);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_WITHDRAWN), ==, accept ? 600 : 0);
  if (!accept)
    assert_report (world, waiting.first, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

static gboolean
write_statement (TocsinTxn *txn, gpointer data, GError **error)
{
  const World *world = data;
  TocsinTrustRecord record = {
    .truster = world->peer,
    .trustee = world->other,
    .weight = 50,
    .held = TRUE,
    .id = (char *) "https://p.example/trust/1",
    .alternate = g_bytes_new_static ("{}", 2),
  };

  tocsin_trust_put (txn, &record);
  g_bytes_unref (record.alternate);
  return TRUE;
}

static void
test_equivocation (World *world, gconstpointer data)
{
  gboolean accept = GPOINTER_TO_INT (data);
  Reports report = { .actor = world->peer,
                     .n = 1,
                     .state = TOCSIN_STATE_HELD,
                     .hold = TOCSIN_HOLD_EQUIVOCATION,
                     .equivocation = TRUE };
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_EQUIVOCATION, .actor = world->peer };
  guint64 of_report, of_statement;

  add_reports (world, &report);
  write_ok (&world->node->f, write_statement, world);
  of_statement = add_line (world, line);
  line.report = report.first;
  of_report = add_line (world, line);
  g_assert_cmpint (decide (world, of_report, accept), ==, -1);
  g_assert_cmpint (decide (world, of_statement, accept), ==, -1);
  assert_report (world, report.first, accept ? TOCSIN_STATE_LIVE : TOCSIN_STATE_HELD,
                 accept ? TOCSIN_HOLD_NONE : TOCSIN_HOLD_REJECTED);
  {
    g_autoptr (TocsinReading) txn = read_store (world);
    g_auto (TocsinTrustRecord) record = { 0 };

    g_assert_true (tocsin_trust_find (txn, world->peer, "https://p.example/trust/1", &record));
    g_assert_true (record.live == accept);
    g_assert_true (record.held == !accept);
  }
}

static void
test_others (World *world, gconstpointer data)
{
  static const TocsinReviewKind kinds[] = { TOCSIN_REVIEW_LEAK,   TOCSIN_REVIEW_CONTRADICTION,
                                            TOCSIN_REVIEW_MOVED,  TOCSIN_REVIEW_DRIFT,
                                            TOCSIN_REVIEW_BUDGET, TOCSIN_REVIEW_OTHER };
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_KEY_CHANGE, .actor = world->peer };
  guint64 id = add_line (world, line);

  /* Which key is right, only a fingerprint can say. */
  g_assert_cmpint (decide (world, id, TRUE), ==, TOCSIN_ERROR_REFUSED);
  assert_line (world, id, TOCSIN_REVIEW_OPEN, NULL);
  g_assert_cmpint (decide (world, id, FALSE), ==, -1);
  assert_line (world, id, TOCSIN_REVIEW_REJECTED, "tester");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      line.kind = kinds[i];
      id = add_line (world, line);
      g_assert_cmpint (decide (world, id, TRUE), ==, -1);
      assert_line (world, id, TOCSIN_REVIEW_ACCEPTED, "tester");
    }
}

static void
test_words (void)
{
  g_assert_cmpstr (tocsin_review_kind_to_string (TOCSIN_REVIEW_HELD), ==, "held");
  g_assert_cmpstr (tocsin_review_kind_to_string (TOCSIN_REVIEW_KEY_CHANGE), ==, "key_change");
  g_assert_cmpstr (tocsin_review_state_to_string (TOCSIN_REVIEW_LAPSED), ==, "lapsed");
}

typedef struct
{
  guint32 actor;
  guint64 batch;
} FirstReading;

static gboolean
write_first_reading (TocsinTxn *txn, gpointer data, GError **error)
{
  const FirstReading *reading = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, reading->actor, &peer);
  peer.first_batch = reading->batch;
  peer.first_batch_done = FALSE;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* A peer whose outbox never comes to its end is not in its first reading for ever, past the guard
 * against bursts and without a line to reject it by. */
static void
test_batch_overdue (World *world, gconstpointer data)
{
  for (guint days = 6; days <= 7; days++)
    {
      TocsinImportRecord import = {
        .created_us = T0, .actor = world->peer, .source = (char *) "outbox", .count = 5
      };
      FirstReading reading = { .actor = world->peer };
      TocsinSyncNote note = { .policy = world->node->fed->policy,
                              .actor = world->peer,
                              .epoch = 1,
                              .items = -1,
                              .now_us = T0 + days * TOCSIN_DAY_US,
                              .day_us = TOCSIN_DAY_US };
      g_auto (TocsinPeerRecord) peer = { 0 };
      g_autoptr (TocsinReading) txn = NULL;
      g_auto (TocsinReviewRecord) line = { 0 };
      guint64 id = 0;

      write_ok (&world->node->f, write_import, &import);
      reading.batch = import.batch;
      write_ok (&world->node->f, write_first_reading, &reading);
      write_ok (&world->node->f, tocsin_sync_note_write_begin, &note);
      g_assert_cmpuint (note.batch, ==, days < 7 ? import.batch : 0);
      get_peer (world->node, world->peer, &peer);
      g_assert_true (peer.first_batch_done == (days >= 7));
      txn = read_store (world);
      g_assert_true (tocsin_review_find_open (txn, TOCSIN_REVIEW_BATCH, world->peer, import.batch,
                                              &id) == (days >= 7));
      g_assert_true (days < 7 || tocsin_review_get (txn, id, &line));
      g_assert_cmpuint (line.count, ==, days < 7 ? 0 : 5);
    }
}

/* ---- housekeeping ---- */

/* Strangers who asked to follow, by what housekeeping is to make of them. */
enum
{
  ASKS_TOO_LONG,
  ASKS,
  ASKS_TOO_LONG_DISTRUSTED, /* the operator has said so */
  LEFT,
  UNBLOCKED, /* and never asked; what it is to be told has not left yet */
  N_ASKING
};

static gboolean
write_asking (TocsinTxn *txn, gpointer data, GError **error)
{
  static const guint days[N_ASKING] = { 31, 29, 31, 2, 0 };
  guint32 *numbers = data;
  gint64 now_us = tocsin_time_now_us ();

  for (guint i = 0; i < N_ASKING; i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://asks%u.example/actor", i);
      g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (uri);
      g_auto (TocsinPeerRecord) peer = { 0 };

      document->inbox = g_strdup ("https://asks.example/inbox");
      numbers[i] = tocsin_pinning_save_actor (txn, document, T0);
      tocsin_peers_get (txn, numbers[i], &peer);
      peer.follower = i == LEFT || i == UNBLOCKED ? TOCSIN_FOLLOWER_NONE : TOCSIN_FOLLOWER_PENDING;
      peer.follower_since_us = i == UNBLOCKED ? 0 : now_us - days[i] * TOCSIN_DAY_US;
      peer.weights[TOCSIN_AREA_ANY] = i == ASKS_TOO_LONG_DISTRUSTED ? 0 : -1;
      tocsin_peers_put (txn, &peer);
      if (i == UNBLOCKED)
        tocsin_queue_add (txn, numbers[i], 1, now_us + TOCSIN_DAY_US);
    }
  return TRUE;
}

static void
assert_forgotten (World *world, guint32 number)
{
  g_autoptr (TocsinReading) txn = read_store (world);
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinActorRecord) actor = { 0 };

  g_assert_false (tocsin_peers_get (txn, number, &peer));
  g_assert_true (tocsin_actors_get (txn, number, &actor));
  g_assert_null (actor.inbox);
}

static guint64
count_open (World *world)
{
  g_autoptr (TocsinReading) txn = read_store (world);

  return tocsin_review_count_open (txn);
}

static void
test_housekeeping (World *world, gconstpointer data)
{
  g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new (world->node->fed);
  Reports burst = {
    .actor = world->peer, .n = 3, .state = TOCSIN_STATE_HELD, .hold = TOCSIN_HOLD_BURST
  };
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_BURST,
                              .actor = world->peer,
                              .due_us = tocsin_time_now_us () - 1 };
  guint32 asking[N_ASKING];
  g_auto (TocsinPeerRecord) peer = { 0 };

  add_reports (world, &burst);
  add_line (world, line);
  line.kind = TOCSIN_REVIEW_WITHDRAWAL;
  add_line (world, line);
  write_ok (&world->node->f, write_asking, asking);
  tocsin_housekeeping_start (housekeeping);
  WAIT_FOR (count_open (world) == 0);
  tocsin_housekeeping_stop (housekeeping);
  g_assert_cmpuint (count_of (world, world->peer, TOCSIN_STATE_LIVE), ==, 3);
  assert_forgotten (world, asking[ASKS_TOO_LONG]);
  assert_forgotten (world, asking[LEFT]);
  get_peer (world->node, asking[ASKS], &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_PENDING);
  get_peer (world->node, asking[ASKS_TOO_LONG_DISTRUSTED], &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_NONE);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, 0);
  get_peer (world->node, asking[UNBLOCKED], &peer);
  g_assert_true (tocsin_peer_record_is_over (&peer));
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (World *world, gconstpointer data);
    gboolean data;
  } tests[] = {
    { "/review/held", test_held, 0 },
    { "/review/burst/accepted", test_burst, FALSE },
    { "/review/burst/lapsed", test_burst, TRUE },
    { "/review/burst/rejected", test_burst_rejected, 0 },
    { "/review/joined-late/burst", test_joined_late, FALSE },
    { "/review/joined-late/withdrawal", test_joined_late, TRUE },
    { "/review/joined-unseen/accepted", test_joined_unseen, TRUE },
    { "/review/joined-unseen/rejected", test_joined_unseen, FALSE },
    { "/review/batch/kept", test_batch, TRUE },
    { "/review/batch/rejected", test_batch, FALSE },
    { "/review/batch/overdue", test_batch_overdue, 0 },
    { "/review/withdrawal/carried-out", test_withdrawal, TRUE },
    { "/review/withdrawal/disregarded", test_withdrawal, FALSE },
    { "/review/equivocation/accepted", test_equivocation, TRUE },
    { "/review/equivocation/rejected", test_equivocation, FALSE },
    { "/review/others", test_others, 0 },
    { "/review/housekeeping", test_housekeeping, 0 },
  };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/review/words", test_words);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, World, GINT_TO_POINTER (tests[i].data), world_set_up, tests[i].test,
                world_tear_down);
  return g_test_run ();
}
