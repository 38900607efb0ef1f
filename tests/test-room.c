/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a direct peer and all that it brings in may have here (model.md 1), however often it names
 * others. The counters agree with the rows at the end of every test.
 */
#include "codec/activity-build.h"
#include "core/limits.h"
#include "fed-case.h"
#include "fed/room.h"
#include "store/branches-private.h"
#include "store/bulk.h"
#include "store/purge.h"
#include "store/recount.h"
#include "store/reports-private.h"
#include "store/table-seen.h"
#include "store/table-trust.h"

#define NAMED      10  /* by b.example, before those that it names now */
#define OF_EACH    50  /* reports */
#define STATEMENTS 150 /* of two of them */

static void
case_end (Case *c, gconstpointer data)
{
  g_auto (GStrv) wrong = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows;

  g_assert_true (tocsin_store_recount (c->f.store, &rows, &wrong, &error));
  g_assert_no_error (error);
  for (guint i = 0; wrong[i] != NULL; i++)
    g_test_message ("%s", wrong[i]);
  g_assert_cmpuint (g_strv_length (wrong), ==, 0);
  case_tear_down (c, data);
}

static TocsinBranchCounts
counts_of (Case *c, guint32 branch)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  TocsinBranchCounts counts;

  tocsin_branches_get (txn, branch, &counts);
  return counts;
}

/* Counts more of the branch of b.example than there is, or as much less. */
typedef struct
{
  guint32 branch;
  TocsinBranchCounts by;
} Lift;

static gboolean
write_lift (TocsinTxn *txn, gpointer data, GError **error)
{
  /* cppcheck-suppress shadowFunction ; it is not called here */
  const Lift *lift = data;

  tocsin_branches_add (txn, lift->branch, &lift->by);
  return TRUE;
}

static void
lift (Case *c, TocsinBranchCounts by)
{
  Lift lift = { c->b, by };

  write_ok (&c->f, write_lift, &lift);
}

/* From now on @first and @second are followed, and @first alone trusts @third. */
static void
trust_anew (Case *c, guint32 first, guint32 second, guint32 third)
{
  tocsin_trust_snapshot_unref (c->policy->trust);
  c->policy->trust = trust_in_three (first, second, third);
}

/* b.example and c.example are followed, and both trust d.example, b.example the most. */
static void
trust_by_both (Case *c)
{
  const TocsinTrustPeer peers[] = { { c->b, TOCSIN_AREA_ANY, 0.5, FALSE },
                                    { c->c, TOCSIN_AREA_ANY, 0.5, FALSE } };
  const TocsinGraphStatement statements[] = { { c->b, c->d, 1000000000, TOCSIN_AREA_ANY },
                                              { c->c, c->d, 300000000, TOCSIN_AREA_ANY } };
  const TocsinTrustInput input = { statements, G_N_ELEMENTS (statements), peers,
                                   G_N_ELEMENTS (peers) };

  tocsin_trust_snapshot_unref (c->policy->trust);
  c->policy->trust = tocsin_trust_snapshot_new (&input, 1, 1);
}

/* ---- reports ---- */

/* By actors that b.example trusts no more. */
static gboolean
write_reports (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;

  for (guint n = 0; n < NAMED * OF_EACH; n++)
    {
      g_autofree char *id = g_strdup_printf ("https://named.example/reports/%u", n);
      TocsinReportRecord record = { .actor = 100 + n % NAMED,
                                    .via = c->b,
                                    .charged = TOCSIN_CHARGED_VIA,
                                    .state = TOCSIN_STATE_WITHDRAWN,
                                    .sharing = TOCSIN_SHARING_GREEN,
                                    .end_us = NOON + TOCSIN_DAY_US,
                                    .gone_us = NOON + TOCSIN_DAY_US,
                                    .id = id };

      tocsin_reports_put (txn, &record, NOON);
    }
  return TRUE;
}

/* As if b.example had said @by more by itself. */
static void
count_own (TocsinTxn *txn, const Case *c, guint32 by)
{
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, c->b, &counts);
  counts.by_state[TOCSIN_STATE_LIVE] += by;
  tocsin_report_put_counts (txn, c->b, &counts);
}

static gboolean
write_own (TocsinTxn *txn, gpointer data, GError **error)
{
  count_own (txn, data, TOCSIN_QUOTA_OWN_REPORTS - 1);
  return TRUE;
}

static gboolean
write_own_back (TocsinTxn *txn, gpointer data, GError **error)
{
  count_own (txn, data, 1 - TOCSIN_QUOTA_OWN_REPORTS);
  return TRUE;
}

static gboolean
purge_some (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_store_purge (txn, NOON + 2 * TOCSIN_DAY_US, 1);
  return TRUE;
}

static void
test_reports (Case *c, gconstpointer data)
{
  const Draft of_d = { .host = "d.example", .name = "of-d" };
  const Draft of_d_too = { .host = "d.example", .name = "of-d-too" };
  const Draft of_b = { .name = "of-b" };
  const Draft of_b_too = { .name = "of-b-too" };
  const Draft of_c = { .host = "c.example", .name = "of-c" };
  const Draft later = { .host = "d.example", .name = "later" };
  const Way by_b = { .signer = "b.example" };
  const Way by_c = { .signer = "c.example" };

  write_ok (&c->f, write_reports, c);
  lift (c, (TocsinBranchCounts){ .reports = TOCSIN_QUOTA_DIRECT_REPORTS - NAMED * OF_EACH });
  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DONE);
  assert_report (c, "d.example", "of-d", TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE);
  /* Whoever brings it: it is b.example that vouches for d.example. */
  g_assert_cmpint (admit_draft (c, &of_d_too, &by_c), ==, DONE);
  assert_report (c, "d.example", "of-d-too", TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE);
  /* It has room of its own all the same, until it has used that up. */
  g_assert_cmpint (admit_draft (c, &of_b, NULL), ==, DONE);
  assert_report (c, "b.example", "of-b", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  write_ok (&c->f, write_own, c);
  g_assert_cmpint (admit_draft (c, &of_b_too, NULL), ==, DONE);
  assert_report (c, "b.example", "of-b-too", TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE);
  write_ok (&c->f, write_own_back, c);
  g_assert_cmpint (admit (c, remove_bytes ("d.example", "never", NOON, TOCSIN_REASON_ERROR), &by_b),
                   ==, DROPPED);
  /* Nobody else has less room for that. */
  g_assert_cmpint (admit_draft (c, &of_c, NULL), ==, DONE);
  assert_report (c, "c.example", "of-c", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  /* What goes makes room. */
  write_ok (&c->f, purge_some, NULL);
  write_ok (&c->f, purge_some, NULL);
  g_assert_cmpint (admit_draft (c, &later, &by_b), ==, DONE);
  assert_report (c, "d.example", "later", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpuint (counts_of (c, c->b).reports, ==, TOCSIN_QUOTA_DIRECT_REPORTS);
  lift (c, (TocsinBranchCounts){ .reports = NAMED * OF_EACH - TOCSIN_QUOTA_DIRECT_REPORTS });
}

/* A peer that has used up its room takes nothing of the room of another by drawing to itself whom
 * that one vouches for. */
static void
test_drawn (Case *c, gconstpointer data)
{
  const TocsinBranchCounts full = { .reports = TOCSIN_QUOTA_DIRECT_REPORTS };
  const TocsinBranchCounts fuller = { .reports = TOCSIN_QUOTA_DIRECT_REPORTS,
                                      .statements = TOCSIN_QUOTA_BRANCH_STATEMENTS };
  const Draft of_d = { .host = "d.example", .name = "of-d" };
  const Draft of_d_too = { .host = "d.example", .name = "of-d-too" };
  const Way by_b = { .signer = "b.example" };
  const Way by_c = { .signer = "c.example" };
  Lift lift_c = { c->c, full };

  trust_by_both (c);
  lift (c, fuller);
  g_assert_cmpint (admit_draft (c, &of_d, &by_c), ==, DONE);
  assert_report (c, "d.example", "of-d", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpint (admit (c, statement_bytes ("d.example", "s", "e.example", 70, T0, "s"), &by_b),
                   ==, DONE);
  g_assert_cmpint (admit (c, remove_bytes ("d.example", "never", NOON, TOCSIN_REASON_ERROR), &by_c),
                   ==, DONE);
  g_assert_cmpuint (counts_of (c, c->c).reports, ==, 1);
  g_assert_cmpuint (counts_of (c, c->c).statements, ==, 1);
  g_assert_cmpuint (counts_of (c, c->c).tombstones, ==, 1);
  /* There is an end to that too. */
  write_ok (&c->f, write_lift, &lift_c);
  g_assert_cmpint (admit_draft (c, &of_d_too, &by_c), ==, DONE);
  assert_report (c, "d.example", "of-d-too", TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE);
  g_assert_cmpuint (counts_of (c, c->b).refused, ==, 1);
  lift_c.by.reports = 0u - full.reports;
  write_ok (&c->f, write_lift, &lift_c);
  lift (c, (TocsinBranchCounts){ .reports = 0u - fuller.reports,
                                 .statements = 0u - fuller.statements });
}

/* What was refused is taken when it comes again and there is room, and counts once until then. */
static void
test_again (Case *c, gconstpointer data)
{
  const Draft of_d = { .host = "d.example", .name = "of-d" };
  const Way by_b = { .signer = "b.example" };
  g_auto (TocsinPeerRecord) before = { 0 };
  g_auto (TocsinPeerRecord) after = { 0 };

  lift (c, (TocsinBranchCounts){ .reports = TOCSIN_QUOTA_DIRECT_REPORTS });
  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DONE);
  assert_report (c, "d.example", "of-d", TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE);
  get_case_peer (c, c->b, &before);
  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DROPPED);
  get_case_peer (c, c->b, &after);
  g_assert_cmpfloat (after.burst.left, ==, before.burst.left);
  lift (c, (TocsinBranchCounts){ .reports = 0u - TOCSIN_QUOTA_DIRECT_REPORTS });
  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DONE);
  assert_report (c, "d.example", "of-d", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  g_assert_cmpuint (counts_of (c, c->b).reports, ==, 1);
  g_assert_cmpuint (counts_of (c, c->b).refused, ==, 0);
  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DROPPED);
}

/* Ids of what is past the quota are bounded likewise. */
static void
test_refused (Case *c, gconstpointer data)
{
  const Draft of_d = { .host = "d.example", .name = "of-d" };
  const Draft of_b = { .name = "of-b" };
  const Way by_b = { .signer = "b.example" };

  lift (c, (TocsinBranchCounts){ .refused = TOCSIN_QUOTA_DIRECT_REPORTS });
  write_ok (&c->f, write_tombstones, c);
  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DROPPED);
  /* Of its own it has as many, for its digest. */
  g_assert_cmpint (admit_draft (c, &of_b, NULL), ==, DONE);
  assert_report (c, "b.example", "of-b", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  lift (c, (TocsinBranchCounts){ .refused = 0u - TOCSIN_QUOTA_DIRECT_REPORTS });
}

static gboolean
purge_all (TocsinTxn *txn, gpointer data, GError **error)
{
  while (tocsin_store_purge (txn, NOON + 5000 * TOCSIN_DAY_US, 1000) > 0)
    ;
  return TRUE;
}

static gboolean
is_nothing (const TocsinBranchCounts *counts)
{
  return counts->reports == 0 && counts->tombstones == 0 && counts->refused == 0 &&
         counts->statements == 0;
}

static gboolean
count_branch (guint32 branch, const TocsinBranchCounts *counts, gpointer data)
{
  g_assert_false (is_nothing (counts));
  ++*(guint *) data;
  return TRUE;
}

static gboolean
write_follow (TocsinTxn *txn, gpointer data, GError **error)
{
  write_followed (txn, GPOINTER_TO_UINT (data), TOCSIN_FOLLOWER_NONE);
  return TRUE;
}

static void
assert_reports (Case *c, guint32 of_b, guint32 of_c, guint32 of_d)
{
  g_assert_cmpuint (counts_of (c, c->b).reports, ==, of_b);
  g_assert_cmpuint (counts_of (c, c->c).reports, ==, of_c);
  g_assert_cmpuint (counts_of (c, c->d).reports, ==, of_d);
}

static int
bring (Case *c, const char *name, guint version, const char *signer)
{
  g_autofree char *activity = g_strdup_printf ("%s-%u", name, version);
  const Draft draft = {
    .host = "d.example", .name = name, .activity = activity, .updated_us = T0 + version
  };
  const Way way = { .signer = signer };

  return admit_draft (c, &draft, &way);
}

/* A report counts once and for one branch, whoever brings which version of it, until it goes. */
static void
test_moves (Case *c, gconstpointer data)
{
  const guint32 other = 99;
  const Way by_b = { .signer = "b.example" };
  guint n = 0;

  g_assert_cmpint (bring (c, "r1", 1, "c.example"), ==, DONE);
  assert_reports (c, 1, 0, 0);
  /* It stays when b.example is followed no more. What is new does not count for it. */
  trust_anew (c, c->c, other, c->d);
  g_assert_cmpint (bring (c, "r1", 2, "c.example"), ==, DONE);
  g_assert_cmpint (bring (c, "r2", 1, "c.example"), ==, DONE);
  assert_reports (c, 1, 1, 0);
  /* Its reporter takes over what it brings itself, and keeps it. */
  trust_anew (c, c->b, c->d, other);
  write_ok (&c->f, write_follow, GUINT_TO_POINTER (c->d));
  g_assert_cmpint (bring (c, "r1", 3, "d.example"), ==, DONE);
  assert_reports (c, 0, 1, 1);
  g_assert_cmpint (bring (c, "r1", 4, "b.example"), ==, DONE);
  assert_reports (c, 0, 1, 1);
  g_assert_cmpint (admit (c, remove_bytes ("d.example", "r1", NOON, TOCSIN_REASON_ERROR), &by_b),
                   ==, DONE);
  assert_reports (c, 0, 1, 1);
  g_assert_cmpint (admit (c, remove_bytes ("d.example", "never", NOON, TOCSIN_REASON_ERROR), &by_b),
                   ==, DONE);
  g_assert_cmpuint (counts_of (c, c->d).tombstones, ==, 1);
  /* Nothing is left of the counts once all is over. */
  write_ok (&c->f, purge_all, NULL);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    tocsin_branches_foreach (txn, count_branch, &n);
  }
  g_assert_cmpuint (n, ==, 0);
}

/* ---- statements ---- */

static void
put_statement (TocsinTxn *txn, const Case *c, guint32 truster, guint n)
{
  g_autofree char *id = g_strdup_printf ("https://named.example/trust/%u-%u", truster, n);
  g_autofree char *activity_id = g_strdup_printf ("https://named.example/activities/%u", n);
  const TocsinId content = { { 0 } };
  TocsinTrustRecord record = { .truster = truster,
                               .trustee = 1000 + n,
                               .weight = 100,
                               .live = TRUE,
                               .charged = TOCSIN_CHARGED_VIA,
                               .via = c->b,
                               .updated_us = T0,
                               .id = id,
                               .activity_id = activity_id };

  tocsin_trust_put (txn, &record);
  tocsin_seen_put (txn, activity_id, &content, T0);
}

/* Of two whom b.example trusted before it trusted d.example. */
static gboolean
write_statements (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint n = 0; n < STATEMENTS; n++)
    put_statement (txn, data, 100 + n % 2, n);
  return TRUE;
}

static int
state (Case *c, const char *about, const char *activity, const char *signer)
{
  const Way way = { .signer = signer };

  return admit (c, statement_bytes ("d.example", about, about, 70, T0, activity), &way);
}

static void
test_statements (Case *c, gconstpointer data)
{
  const guint32 more = TOCSIN_QUOTA_BRANCH_STATEMENTS - STATEMENTS;
  TocsinBranchCounts counts;

  write_ok (&c->f, write_statements, c);
  lift (c, (TocsinBranchCounts){ .statements = more });
  g_assert_cmpint (state (c, "e.example", "1", "b.example"), ==, DONE);
  counts = counts_of (c, c->b);
  g_assert_cmpuint (counts.statements, ==, TOCSIN_QUOTA_BRANCH_STATEMENTS - 99);
  /* What gave way named actors, and so leaves what one that was taken back does. */
  g_assert_cmpuint (counts.tombstones, ==, 100);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_cmpuint (tocsin_trust_count_of (txn, 100), ==, 0);
    g_assert_cmpuint (tocsin_trust_count_of (txn, 101), ==, 50);
    g_assert_cmpuint (tocsin_trust_count_of (txn, c->d), ==, 1);
    g_assert_false (tocsin_seen_knows (txn, "https://named.example/activities/0"));
    g_assert_true (tocsin_seen_knows (txn, "https://named.example/activities/149"));
  }
  /* The direct peer has room of its own. */
  g_assert_cmpint (admit (c, statement_bytes ("b.example", "s", "e.example", 70, T0, "1"), NULL),
                   ==, DONE);
  g_assert_cmpuint (counts_of (c, c->b).statements, ==, counts.statements);
  lift (c, (TocsinBranchCounts){ .statements = 0u - more });
}

/* Who is believed keeps what it said, and the branch has no more than it may have all the same. */
static void
test_statements_believed (Case *c, gconstpointer data)
{
  lift (c, (TocsinBranchCounts){ .statements = TOCSIN_QUOTA_BRANCH_STATEMENTS - 1 });
  g_assert_cmpint (state (c, "e.example", "1", "b.example"), ==, DONE);
  g_assert_cmpint (state (c, "f.example", "2", "b.example"), ==, DROPPED);
  g_assert_cmpuint (counts_of (c, c->b).statements, ==, TOCSIN_QUOTA_BRANCH_STATEMENTS);
  lift (c, (TocsinBranchCounts){ .statements = 1u - TOCSIN_QUOTA_BRANCH_STATEMENTS });
}

/* Whoever of the branch took back what leaves a tombstone. */
static void
test_tombstones (Case *c, gconstpointer data)
{
  lift (c, (TocsinBranchCounts){ .tombstones = TOCSIN_QUOTA_DIRECT_REPORTS });
  g_assert_cmpint (state (c, "e.example", "1", "b.example"), ==, DROPPED);
  lift (c, (TocsinBranchCounts){ .tombstones = 0u - TOCSIN_QUOTA_DIRECT_REPORTS });
  g_assert_cmpint (state (c, "e.example", "2", "b.example"), ==, DONE);
}

/* ---- who leaves ---- */

static gboolean
write_few_statements (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint n = 0; n < 3; n++)
    put_statement (txn, data, 100, n);
  return TRUE;
}

typedef struct
{
  const Case *c;
  gint64 now_us;
  TocsinLeaving at;
  guint n; /* out */
} Leaving;

static gboolean
write_leave (TocsinTxn *txn, gpointer data, GError **error)
{
  Leaving *leaving = data;

  leaving->n = tocsin_room_leave (txn, leaving->c->policy, leaving->now_us, 2, &leaving->at);
  return TRUE;
}

static guint
leave (Case *c)
{
  Leaving leaving = { .c = c, .now_us = c->now_us };

  write_ok (&c->f, write_leave, &leaving);
  g_assert_cmpuint (leaving.at.report.actor, ==, 0);
  g_assert_cmpuint (leaving.at.report.number, ==, 0);
  return leaving.n;
}

static void
block (TocsinPeerRecord *peer)
{
  peer->blocked = TRUE;
}

static void
unblock (TocsinPeerRecord *peer)
{
  peer->blocked = FALSE;
}

/* Statements have no end: of a peer that is blocked they go, unless their truster is believed. */
static void
test_leave (Case *c, gconstpointer data)
{
  const TocsinTrustInput nobody = { 0 };
  const guint32 other = 99;

  write_ok (&c->f, write_few_statements, c);
  g_assert_cmpint (state (c, "e.example", "1", "b.example"), ==, DONE);
  g_assert_cmpuint (counts_of (c, c->b).statements, ==, 4);
  g_assert_cmpuint (leave (c), ==, 0);
  edit_peer (c, c->b, block);
  trust_anew (c, c->c, other, c->d);
  g_assert_cmpuint (leave (c), ==, 2);
  g_assert_cmpuint (leave (c), ==, 1);
  g_assert_cmpuint (leave (c), ==, 0);
  g_assert_cmpuint (counts_of (c, c->b).statements, ==, 1);
  /* Not before it is known who is believed. */
  tocsin_trust_snapshot_unref (c->policy->trust);
  c->policy->trust = tocsin_trust_snapshot_new (&nobody, 0, 1);
  g_assert_cmpuint (leave (c), ==, 0);
  trust_anew (c, c->c, other, other + 1);
  g_assert_cmpuint (leave (c), ==, 1);
  g_assert_cmpuint (counts_of (c, c->b).statements, ==, 0);
  /* What went that way comes again with the peer. */
  edit_peer (c, c->b, unblock);
  trust_anew (c, c->b, c->c, c->d);
  g_assert_cmpint (state (c, "e.example", "1", "b.example"), ==, DONE);
  g_assert_cmpuint (counts_of (c, c->b).statements, ==, 1);
}

/* Nor need a report have one that anybody would see. */
static void
test_leave_reports (Case *c, gconstpointer data)
{
  const gint64 far = NOON + 36500 * TOCSIN_DAY_US;
  const Draft of_d = {
    .host = "d.example", .type = TOCSIN_SUBJECT_DOMAIN, .value = "far.example", .end_us = far
  };
  const Draft of_b = { .type = TOCSIN_SUBJECT_DOMAIN, .value = "far.example", .end_us = far };
  const Draft of_c = {
    .host = "c.example", .type = TOCSIN_SUBJECT_DOMAIN, .value = "far.example", .end_us = far
  };
  const Way by_b = { .signer = "b.example" };
  const Way read_b = { .catch_up = TRUE };
  const guint32 other = 99;

  g_assert_cmpint (admit_draft (c, &of_d, &by_b), ==, DONE);
  g_assert_cmpint (admit_draft (c, &of_b, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &of_c, NULL), ==, DONE);
  assert_reports (c, 2, 1, 0);
  edit_peer (c, c->b, block);
  trust_anew (c, c->c, other, c->d);
  g_assert_cmpuint (leave (c), ==, 0);
  c->now_us = NOON + 401 * TOCSIN_DAY_US;
  g_assert_cmpuint (leave (c), ==, 1);
  assert_reports (c, 1, 1, 0);
  /* That of d.example, whom c.example vouches for, stays; then nobody does. */
  assert_report (c, "d.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  trust_anew (c, c->c, other, other + 1);
  g_assert_cmpuint (leave (c), ==, 1);
  g_assert_cmpuint (leave (c), ==, 0);
  assert_reports (c, 0, 1, 0);
  /* As if it had never come. */
  edit_peer (c, c->b, unblock);
  trust_anew (c, c->b, c->c, c->d);
  g_assert_cmpint (admit_draft (c, &of_b, &read_b), ==, DONE);
  assert_reports (c, 1, 1, 0);
}

static void
unfollow (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_NONE;
}

static guint
statements_of (Case *c, guint32 truster)
{
  g_autoptr (TocsinReading) txn = case_read (c);

  return tocsin_trust_count_of (txn, truster);
}

/* What the peer stated itself goes as well, unless others vouch for it; nobody else's does. */
static void
test_leave_own (Case *c, gconstpointer data)
{
  static const char *const abouts[] = { "e.example", "f.example", "g.example" };
  const guint32 other = 99;

  for (guint i = 0; i < G_N_ELEMENTS (abouts); i++)
    for (guint j = 0; j < 2; j++)
      {
        const char *host = j == 0 ? "b.example" : "c.example";

        g_assert_cmpint (
            admit (c, statement_bytes (host, abouts[i], abouts[i], 70, T0, abouts[i]), NULL), ==,
            DONE);
      }
  g_assert_cmpuint (leave (c), ==, 0);
  edit_peer (c, c->b, unfollow);
  trust_anew (c, c->c, other, c->b);
  g_assert_cmpuint (leave (c), ==, 0);
  trust_anew (c, c->c, other, c->d);
  g_assert_cmpuint (leave (c), ==, 2);
  g_assert_cmpuint (leave (c), ==, 1);
  g_assert_cmpuint (leave (c), ==, 0);
  g_assert_cmpuint (statements_of (c, c->b), ==, 0);
  g_assert_cmpuint (statements_of (c, c->c), ==, 3);
  edit_peer (c, c->c, block);
  trust_anew (c, other, other + 1, c->d);
  g_assert_cmpuint (leave (c), ==, 2);
  g_assert_cmpuint (leave (c), ==, 1);
  g_assert_cmpuint (statements_of (c, c->c), ==, 0);
  /* They come again with the peer. */
  edit_peer (c, c->c, unblock);
  g_assert_cmpint (
      admit (c, statement_bytes ("c.example", "e.example", "e.example", 70, T0, "e.example"), NULL),
      ==, DONE);
  g_assert_cmpuint (statements_of (c, c->c), ==, 1);
}

#define ROWS  20500 /* of a list, more than one listing looks at */
#define LOOKS 500

/* A list, then reports of d.example, one more than one change looks at. */
static gboolean
write_list (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  g_autoptr (TocsinBulk) list = tocsin_bulk_new (9);

  for (guint n = 0; n < ROWS; n++)
    {
      TocsinBulkRow row = { .key = key_number (n),
                            .evidence = { .reporter = 8,
                                          .category = 1,
                                          .flags = TOCSIN_EVIDENCE_IMPORTED,
                                          .subject_type = TOCSIN_SUBJECT_IP,
                                          .expires_s = TOCSIN_EVIDENCE_NEVER_S },
                            .value = "192.0.2.1",
                            .key_type = TOCSIN_SUBJECT_IP };

      tocsin_bulk_add (list, &row);
    }
  if (!tocsin_bulk_write (txn, list, error))
    return FALSE;
  for (guint n = 0; n <= LOOKS; n++)
    {
      g_autofree char *id = g_strdup_printf ("https://d.example/reports/%u", n);
      TocsinReportRecord record = { .actor = c->d,
                                    .via = c->b,
                                    .charged = TOCSIN_CHARGED_VIA,
                                    .sharing = TOCSIN_SHARING_GREEN,
                                    .end_us = NOON + 36500 * TOCSIN_DAY_US,
                                    .received_us = NOON,
                                    .id = id };

      tocsin_reports_put (txn, &record, NOON);
    }
  return TRUE;
}

/* However much of lists is stored, what is looked at is what peers brought, and no more of it than
 * a change has time for; of who is believed nothing. */
static void
test_leave_slowly (Case *c, gconstpointer data)
{
  const guint32 other = 99;
  Leaving leaving = { .c = c, .now_us = NOON + 401 * TOCSIN_DAY_US };

  write_ok (&c->f, write_list, c);
  edit_peer (c, c->b, block);
  trust_anew (c, c->c, other, c->d);
  write_ok (&c->f, write_leave, &leaving);
  g_assert_cmpuint (leaving.n, ==, 0);
  g_assert_cmpuint (leaving.at.report.number, ==, 0);
  trust_anew (c, c->c, other, other + 1);
  write_ok (&c->f, write_leave, &leaving);
  g_assert_cmpuint (leaving.n, ==, LOOKS);
  g_assert_cmpuint (leaving.at.report.actor, ==, c->d);
  write_ok (&c->f, write_leave, &leaving);
  g_assert_cmpuint (leaving.n, ==, 1);
  g_assert_cmpuint (leaving.at.report.number, ==, 0);
  assert_reports (c, 0, 0, 0);
}

#define ADD(path, func) g_test_add ("/room/" path, Case, NULL, case_set_up, func, case_end)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("reports", test_reports);
  ADD ("drawn", test_drawn);
  ADD ("again", test_again);
  ADD ("refused", test_refused);
  ADD ("moves", test_moves);
  ADD ("statements", test_statements);
  ADD ("statements/believed", test_statements_believed);
  ADD ("tombstones", test_tombstones);
  ADD ("leave", test_leave);
  ADD ("leave/reports", test_leave_reports);
  ADD ("leave/own", test_leave_own);
  ADD ("leave/slowly", test_leave_slowly);
  return g_test_run ();
}
