/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib.h>
#include <math.h>

#include "trust/snapshot.h"

#define ANY   TOCSIN_AREA_ANY
#define SPAM  TOCSIN_AREA_SPAM
#define ABUSE TOCSIN_AREA_ABUSE

/* The weights are percent. */
#define SAYS(from, to, percent, area)                                                              \
  {                                                                                                \
    from, to, (percent) *10000000u, area                                                           \
  }

/* 1 and 2 are direct peers, 9 is distrusted; 3 is heard through both, 4 through 2 alone. */
static const TocsinGraphStatement statements[] = {
  SAYS (1, 3, 80, ANY),  SAYS (2, 3, 60, ANY),  SAYS (2, 4, 50, ANY),   SAYS (1, 9, 100, ANY),
  SAYS (9, 5, 100, ANY), SAYS (3, 0, 100, ANY), SAYS (3, 6, 100, SPAM), SAYS (1, 3, 0, ABUSE),
};
static const TocsinTrustPeer peers[] = {
  { 1, ANY, 0.8, TRUE },   { 2, ANY, 0.5, FALSE },  { 9, ANY, 0, FALSE },
  { 2, SPAM, 1.0, FALSE }, { 7, SPAM, 0.5, FALSE }, { 8, ANY, NAN, TRUE },
};
static const TocsinTrustInput input = { statements, G_N_ELEMENTS (statements), peers,
                                        G_N_ELEMENTS (peers) };

static TocsinTrustSnapshot *
snapshot_of (const TocsinTrustInput *from)
{
  return tocsin_trust_snapshot_new (from, 7, 42);
}

static void
test_empty (void)
{
  static const TocsinTrustInput nothing = { NULL, 0, NULL, 0 };
  static const TocsinVoice voice = { 1, 1.0, TRUE };
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&nothing);
  TocsinWalks *walks = tocsin_trust_snapshot_walks (snapshot, SPAM);
  g_autoptr (GPtrArray) paths = tocsin_trust_snapshot_paths (snapshot, ANY, 1, 3);
  TocsinWalksRun runs[] = { { walks, &voice, 1 }, { walks, &voice, 1 } };
  gsize n = 1;

  for (int method = TOCSIN_WALKS_AUTO; method <= TOCSIN_WALKS_INDEX; method++)
    {
      TocsinBelief belief =
          tocsin_walks_evaluate (walks, &voice, 1, (TocsinWalksMethod) method, NULL);

      g_assert_cmpfloat (belief.s_or, ==, 0);
      g_assert_cmpfloat (belief.s_loo, ==, 0);
      g_assert_cmpfloat (belief.s_trim, ==, 0);
      g_assert_cmpuint (belief.loo_actor, ==, TOCSIN_WALKS_NOBODY);
    }
  g_assert_cmpfloat (tocsin_walks_without (walks, &voice, 1, 1), ==, 0);
  g_assert_false (tocsin_trust_snapshot_warm (snapshot));
  g_assert_false (tocsin_walks_pair_survives (runs, 2, 0.25, NULL));
  tocsin_trust_snapshot_trusted (snapshot, &n);
  g_assert_cmpuint (n, ==, 0);
  g_assert_cmpuint (paths->len, ==, 0);
  g_assert_false (tocsin_trust_snapshot_is_believed (snapshot, 1));
  g_assert_cmpuint (tocsin_trust_snapshot_hops (snapshot, 1), ==, 0);
  g_assert_cmpfloat (tocsin_trust_snapshot_rank (snapshot, ANY, 1), ==, 0);
  g_assert_cmpuint (tocsin_trust_snapshot_version (snapshot), ==, 7);
}

static void
test_who_is_believed (void)
{
  static const struct
  {
    guint32 actor;
    gboolean believed, any, spam, abuse, direct;
    guint32 branch, hops;
  } rows[] = {
    { 1, TRUE, TRUE, TRUE, TRUE, TRUE, 1, 1 },
    { 2, TRUE, TRUE, TRUE, TRUE, TRUE, 2, 1 },
    { 3, TRUE, TRUE, TRUE, TRUE, FALSE, 1, 2 },
    { 4, TRUE, TRUE, TRUE, TRUE, FALSE, 2, 2 },
    { 5, FALSE, FALSE, FALSE, FALSE, FALSE, TOCSIN_WALKS_NOBODY, 0 },
    { 6, TRUE, FALSE, TRUE, FALSE, FALSE, 1, 3 },
    { 7, TRUE, FALSE, TRUE, FALSE, TRUE, 7, 1 },
    { 8, FALSE, FALSE, FALSE, FALSE, FALSE, TOCSIN_WALKS_NOBODY, 0 },
    { 9, FALSE, FALSE, FALSE, FALSE, FALSE, TOCSIN_WALKS_NOBODY, 0 },
    { 10000, FALSE, FALSE, FALSE, FALSE, FALSE, TOCSIN_WALKS_NOBODY, 0 },
  };
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&input);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint32 actor = rows[i].actor;

      g_test_message ("actor %u", actor);
      g_assert_cmpint (tocsin_trust_snapshot_is_believed (snapshot, actor), ==, rows[i].believed);
      g_assert_cmpint (tocsin_trust_snapshot_counts (snapshot, ANY, actor), ==, rows[i].any);
      g_assert_cmpint (tocsin_trust_snapshot_counts (snapshot, SPAM, actor), ==, rows[i].spam);
      g_assert_cmpint (tocsin_trust_snapshot_counts (snapshot, ABUSE, actor), ==, rows[i].abuse);
      g_assert_cmpint (tocsin_trust_snapshot_is_direct (snapshot, actor), ==, rows[i].direct);
      g_assert_cmpuint (tocsin_trust_snapshot_branch_of (snapshot, actor), ==, rows[i].branch);
      g_assert_cmpuint (tocsin_trust_snapshot_hops (snapshot, actor), ==, rows[i].hops);
    }
  g_assert_true (tocsin_trust_snapshot_is_full_trust (snapshot, TOCSIN_AREA_ANY, 1));
  g_assert_false (tocsin_trust_snapshot_is_full_trust (snapshot, TOCSIN_AREA_ANY, 2));
  g_assert_false (tocsin_trust_snapshot_is_full_trust (snapshot, TOCSIN_AREA_ANY, 8));
  g_assert_true (tocsin_trust_snapshot_is_distrusted (snapshot, 9));
  g_assert_false (tocsin_trust_snapshot_is_distrusted (snapshot, 5));
}

/* In whichever area, each direct peer once, and nobody who is followed. */
static void
test_vouchers (void)
{
  static const TocsinTrustPeer three[] = { { 1, ANY, 0.5, FALSE },
                                           { 2, ANY, 0.5, FALSE },
                                           { 3, ANY, 0.5, FALSE } };
  const TocsinGraphStatement says[] = { SAYS (1, 10, 30, ANY),  SAYS (1, 10, 30, SPAM),
                                        SAYS (2, 10, 100, ANY), SAYS (3, 10, 20, SPAM),
                                        SAYS (1, 2, 100, ANY),  SAYS (3, 11, 100, ANY) };
  const TocsinTrustInput from = { says, G_N_ELEMENTS (says), three, G_N_ELEMENTS (three) };
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&from);

  g_assert_cmpuint (tocsin_trust_snapshot_branch_of (snapshot, 10), ==, 2);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 10, 0), ==, 2);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 10, 1), ==, 1);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 10, 2), ==, 3);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 10, 3), ==, TOCSIN_WALKS_NOBODY);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 11, 0), ==, 3);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 11, 1), ==, TOCSIN_WALKS_NOBODY);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 11, G_MAXUINT), ==,
                    TOCSIN_WALKS_NOBODY);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 2, 0), ==, TOCSIN_WALKS_NOBODY);
  g_assert_cmpuint (tocsin_trust_snapshot_voucher (snapshot, 9999, 0), ==, TOCSIN_WALKS_NOBODY);
}

static void
test_areas_override (void)
{
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&input);

  g_assert_cmpfloat (tocsin_trust_snapshot_direct_weight (snapshot, ANY, 2), ==, 0.5);
  g_assert_cmpfloat (tocsin_trust_snapshot_direct_weight (snapshot, SPAM, 2), ==, 1.0);
  g_assert_cmpfloat (tocsin_trust_snapshot_direct_weight (snapshot, ABUSE, 2), ==, 0.5);
  g_assert_cmpfloat (tocsin_trust_snapshot_direct_weight (snapshot, SPAM, 3), ==, 0);
  /* Nothing is said of security: it is the same evaluator as for any. */
  g_assert_true (tocsin_trust_snapshot_walks (snapshot, TOCSIN_AREA_SECURITY) ==
                 tocsin_trust_snapshot_walks (snapshot, ANY));
  /* 1 withdrew its word for 3 in abuse alone: what is left comes through 2. */
  g_assert_cmpfloat_with_epsilon (tocsin_trust_snapshot_y (snapshot, ABUSE, 3),
                                  0.5 / 1.3 * 0.85 * 0.6 / 2.1, 1e-8);
  g_assert_cmpfloat_with_epsilon (tocsin_trust_snapshot_y (snapshot, ANY, 3),
                                  0.5 / 1.3 * 0.85 * 0.6 / 2.1 + 0.8 / 1.3 * 0.85 * 0.8 / 1.8,
                                  1e-8);
}

static void
test_paths (void)
{
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&input);
  g_autoptr (GPtrArray) paths = tocsin_trust_snapshot_paths (snapshot, ANY, 3, 5);
  g_autoptr (GPtrArray) direct = tocsin_trust_snapshot_paths (snapshot, ANY, 2, 5);
  g_autoptr (GPtrArray) one = tocsin_trust_snapshot_paths (snapshot, ANY, 3, 1);
  const TocsinTrustPath *best;
  const TocsinTrustPath *next;

  g_assert_cmpuint (paths->len, ==, 2);
  g_assert_cmpuint (direct->len, ==, 1);
  g_assert_cmpuint (one->len, ==, 1);
  best = paths->pdata[0];
  next = paths->pdata[1];
  g_assert_cmpuint (best->n_actors, ==, 2);
  g_assert_cmpuint (best->actors[0], ==, 1);
  g_assert_cmpuint (best->actors[1], ==, 3);
  g_assert_cmpfloat (best->weights[0], ==, 0.8);
  g_assert_cmpfloat (best->weights[1], ==, 0.8);
  g_assert_cmpfloat_with_epsilon (best->strength, 0.8 * 0.85 * 0.8 / 1.8, 1e-12);
  g_assert_cmpuint (next->actors[0], ==, 2);
}

static void
test_trusted_by_rank (void)
{
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&input);
  gsize n = 0;
  const TocsinTrustedActor *trusted = tocsin_trust_snapshot_trusted (snapshot, &n);

  g_assert_cmpuint (n, ==, 6);
  for (gsize i = 1; i < n; i++)
    g_assert_cmpfloat (trusted[i - 1].y, >=, trusted[i].y);
}

/* A turned peer states trust in 1,000 fakes: 32 get in, and nobody else is pushed out. */
static void
test_branch_is_bounded (void)
{
  g_autoptr (GArray) many = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  static const TocsinTrustPeer two[] = { { 1, ANY, 1.0, FALSE }, { 2, ANY, 0.1, FALSE } };
  TocsinTrustInput from;
  g_autoptr (TocsinTrustSnapshot) snapshot = NULL;
  TocsinGraphStatement honest = SAYS (2, 3, 100, ANY);
  gsize n = 0;

  g_array_append_val (many, honest);
  /* Forty that are loud enough by themselves; the rest is behind the first of them. */
  for (guint32 i = 0; i < 1000; i++)
    {
      TocsinGraphStatement s = SAYS (i < 40 ? 1 : 10, 10 + i, 100, ANY);

      g_array_append_val (many, s);
    }
  from = (TocsinTrustInput){ (TocsinGraphStatement *) (gpointer) many->data, many->len, two, 2 };
  snapshot = snapshot_of (&from);
  tocsin_trust_snapshot_trusted (snapshot, &n);
  g_assert_cmpuint (n, ==, 2 + 1 + 32);
  g_assert_cmpuint (tocsin_trust_snapshot_branch_of (snapshot, 3), ==, 2);
  g_assert_cmpuint (tocsin_trust_snapshot_branch_of (snapshot, 10), ==, 1);
}

static void
test_reference (void)
{
  TocsinTrustSnapshot *snapshot = snapshot_of (&input);

  g_assert_true (tocsin_trust_snapshot_ref (snapshot) == snapshot);
  tocsin_trust_snapshot_unref (snapshot);
  g_assert_true (tocsin_trust_snapshot_is_believed (snapshot, 1));
  tocsin_trust_snapshot_unref (snapshot);
}

static gpointer
score_many (gpointer data)
{
  TocsinTrustSnapshot *snapshot = data;
  static const TocsinVoice voices[] = { { 3, 0.5, TRUE }, { 4, 0.9, TRUE }, { 1, 0.2, FALSE } };
  double sum = 0;

  for (int i = 0; i < 200; i++)
    {
      TocsinWalks *walks = tocsin_trust_snapshot_walks (snapshot, (TocsinArea) (i % 4));

      sum += tocsin_walks_evaluate (walks, voices, 3, TOCSIN_WALKS_AUTO, NULL).s_or;
      sum += tocsin_walks_evaluate (walks, voices, 3, TOCSIN_WALKS_INDEX, NULL).s_loo;
    }
  tocsin_trust_snapshot_unref (snapshot);
  return g_memdup2 (&sum, sizeof sum);
}

/* Columns and the index are made at first use, here by four threads at once. */
static void
test_threads (void)
{
  g_autoptr (TocsinTrustSnapshot) snapshot = snapshot_of (&input);
  GThread *threads[4];
  double first = 0;

  for (int i = 0; i < 4; i++)
    threads[i] = g_thread_new ("score", score_many, tocsin_trust_snapshot_ref (snapshot));
  for (int i = 0; i < 4; i++)
    {
      g_autofree double *sum = g_thread_join (threads[i]);

      if (i == 0)
        first = *sum;
      g_assert_cmpfloat (*sum, >, 0);
      g_assert_cmpfloat (*sum, ==, first);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/snapshot/empty", test_empty);
  g_test_add_func ("/snapshot/who-is-believed", test_who_is_believed);
  g_test_add_func ("/snapshot/vouchers", test_vouchers);
  g_test_add_func ("/snapshot/areas-override", test_areas_override);
  g_test_add_func ("/snapshot/paths", test_paths);
  g_test_add_func ("/snapshot/trusted-by-rank", test_trusted_by_rank);
  g_test_add_func ("/snapshot/branch-is-bounded", test_branch_is_bounded);
  g_test_add_func ("/snapshot/reference", test_reference);
  g_test_add_func ("/snapshot/threads", test_threads);
  return g_test_run ();
}
