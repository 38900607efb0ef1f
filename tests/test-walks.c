/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib.h>
#include <math.h>

#include "tools/trust-case.h"
#include "trust/walks-exact.h"

#define TOLERANCE 1e-9

typedef struct
{
  const char *file;
  const char *branches;
  const char *s_or;
  const char *s_loo;
  const char *s_trim;
  TocsinWalksMethod method;
} Vectors;

static const Vectors vectors[] = {
  { "walks-exact.json", "B_float", "noisy_or", "loo_noisy_or", "trim25", TOCSIN_WALKS_EXACT },
  { "walks-exact.json", "B_float", "noisy_or", "loo_noisy_or", "trim25", TOCSIN_WALKS_INDEX },
  { "walks-strength.json", "branches", "s_or", "s_loo", "s_trim25", TOCSIN_WALKS_EXACT },
  { "walks-strength.json", "branches", "s_or", "s_loo", "s_trim25", TOCSIN_WALKS_INDEX },
};

static GPtrArray *
load (const char *file)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "trust", file, NULL);
  g_autoptr (GError) error = NULL;
  gboolean several = FALSE;
  GPtrArray *cases = trust_cases_load (path, &several, &error);

  g_assert_no_error (error);
  g_assert_true (several);
  return cases;
}

static const TocsinVoice *
voices_of (const TrustCase *trust)
{
  return (const TocsinVoice *) (gpointer) trust->voices->data;
}

/* A branch is within three standard errors of a binomial; so many times 0.0005 are the others. */
static void
check_case (const TrustCase *trust, const Vectors *v, guint32 n_walks)
{
  g_autoptr (TocsinGraph) graph = trust_case_graph (trust);
  g_autoptr (TocsinWalks) walks = trust_case_walks (trust, graph, 1, n_walks);
  g_autofree double *branches = g_new0 (double, graph->n_direct + 1);
  TocsinBelief belief =
      tocsin_walks_evaluate (walks, voices_of (trust), trust->voices->len, v->method, branches);
  JsonObject *expected = json_object_get_object_member (trust->object, v->branches);
  gboolean index = v->method == TOCSIN_WALKS_INDEX;
  double slack = TOLERANCE;

  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      double wanted =
          json_object_get_double_member (expected, trust->ids->pdata[graph->actor_of[i]]);
      double error = index ? 3 * sqrt (wanted * (1 - wanted) / n_walks) : 0;

      g_assert_cmpfloat_with_epsilon (branches[i], wanted, error + TOLERANCE);
      slack += graph->direct_weight[i] * error;
    }
  g_assert_cmpfloat_with_epsilon (belief.s_or,
                                  json_object_get_double_member (trust->object, v->s_or), slack);
  g_assert_cmpfloat_with_epsilon (belief.s_loo,
                                  json_object_get_double_member (trust->object, v->s_loo), slack);
  g_assert_cmpfloat_with_epsilon (belief.s_trim,
                                  json_object_get_double_member (trust->object, v->s_trim), slack);
  if (belief.s_or > 0 && !index)
    g_assert_cmpfloat_with_epsilon (
        tocsin_walks_without (walks, voices_of (trust), trust->voices->len, belief.loo_actor),
        belief.s_loo, TOLERANCE);
}

static void
test_vectors (gconstpointer data)
{
  const Vectors *v = data;
  g_autoptr (GPtrArray) cases = load (v->file);

  g_assert_cmpuint (cases->len, >, 10);
  for (guint i = 0; i < cases->len; i++)
    check_case (cases->pdata[i], v, 16384);
}

/* The shortest way to a pair's minimum: try everybody. */
static double
pair_minimum (const TocsinGraph *graph, const TocsinWalksRun runs[2])
{
  double least = 1;

  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      guint32 actor = graph->actor_of[x];

      least =
          MIN (least,
               MAX (tocsin_walks_without (runs[0].walks, runs[0].voices, runs[0].n_voices, actor),
                    tocsin_walks_without (runs[1].walks, runs[1].voices, runs[1].n_voices, actor)));
    }
  return least;
}

static void
test_pair_survives (void)
{
  g_autoptr (GPtrArray) cases = load ("walks-strength.json");
  guint n_fell = 0;

  for (guint i = 0; i < cases->len; i++)
    {
      const TrustCase *trust = cases->pdata[i];
      g_autoptr (TocsinGraph) graph = trust_case_graph (trust);
      g_autoptr (TocsinWalks) walks = trust_case_walks (trust, graph, 1, 0);
      guint half = trust->voices->len / 2;
      TocsinWalksRun runs[] = { { walks, voices_of (trust), half },
                                { walks, voices_of (trust) + half, trust->voices->len - half } };
      double least = pair_minimum (graph, runs);
      double most = MAX (
          tocsin_walks_evaluate (walks, runs[0].voices, runs[0].n_voices, TOCSIN_WALKS_EXACT, NULL)
              .s_or,
          tocsin_walks_evaluate (walks, runs[1].voices, runs[1].n_voices, TOCSIN_WALKS_EXACT, NULL)
              .s_or);

      if (least > TOLERANCE)
        g_assert_true (tocsin_walks_pair_survives (runs, 2, least - TOLERANCE, NULL));
      if (most > least + 3 * TOLERANCE)
        {
          g_assert_false (tocsin_walks_pair_survives (runs, 2, least + TOLERANCE, NULL));
          g_assert_false (tocsin_walks_pair_survives (runs, 2, most - TOLERANCE, NULL));
          n_fell++;
        }
    }
  g_assert_cmpuint (n_fell, >, 10);
}

/* Two peers of full weight that both report at full strength: a product of zeros, no NaN. */
static void
test_certainty (void)
{
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 1, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 1, FALSE } };
  static const TocsinGraphStatement statement = { 1, 3, 1000000000, 0 };
  static const TocsinVoice voices[] = { { 1, 1, TRUE }, { 2, 1, TRUE }, { 3, 1, TRUE } };
  TocsinTrustInput input = { &statement, 1, peers, 2 };
  g_autoptr (TocsinGraph) graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  g_autoptr (TocsinWalks) walks = tocsin_walks_new (graph, graph->actor_of, graph->n_nodes, 1);

  for (int method = TOCSIN_WALKS_EXACT; method <= TOCSIN_WALKS_INDEX; method++)
    {
      TocsinBelief belief =
          tocsin_walks_evaluate (walks, voices, 3, (TocsinWalksMethod) method, NULL);

      g_assert_cmpfloat (belief.s_or, ==, 1);
      g_assert_cmpfloat (belief.s_loo, ==, 1);
      g_assert_cmpfloat (belief.s_trim, ==, 0.5);
    }
  g_assert_cmpfloat (tocsin_walks_evaluate (walks, voices, 1, TOCSIN_WALKS_EXACT, NULL).s_loo, ==,
                     0);
}

/* Strengths and reporters that make no sense change nothing. */
static void
test_odd_voices (void)
{
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  static const TocsinGraphStatement statements[] = { { 1, 3, 1000000000, 0 },
                                                     { 2, 3, 500000000, 0 } };
  static const TocsinVoice plain[] = { { 3, 0.6, TRUE } };
  static const TocsinVoice odd[] = {
    { 3, 0.2, TRUE },       { 3, 0.9, FALSE },        { 3, 0.6, TRUE },    { 77, 1, TRUE },
    { 1, NAN, TRUE },       { 2, -1, TRUE },          { 1, 0, FALSE },     { 0, 1, TRUE },
    { 2, -INFINITY, TRUE }, { G_MAXUINT32, 1, TRUE }, { 1, 1e-300, TRUE },
  };
  TocsinTrustInput input = { statements, 2, peers, 2 };
  g_autoptr (TocsinGraph) graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  g_autoptr (TocsinWalks) walks = tocsin_walks_new (graph, graph->actor_of, graph->n_nodes, 1);
  TocsinVoice strong = { 3, 5.0, TRUE };
  TocsinBelief a = tocsin_walks_evaluate (walks, plain, 1, TOCSIN_WALKS_EXACT, NULL);
  TocsinBelief b = tocsin_walks_evaluate (walks, odd, G_N_ELEMENTS (odd), TOCSIN_WALKS_EXACT, NULL);

  g_assert_cmpfloat (a.s_or, >, 0);
  g_assert_cmpfloat (a.s_loo, ==, 0);
  g_assert_cmpuint (a.loo_actor, ==, 3);
  g_assert_cmpfloat (a.s_or, ==, b.s_or);
  g_assert_cmpfloat (a.s_trim, ==, b.s_trim);
  g_assert_cmpfloat_with_epsilon (
      tocsin_walks_evaluate (walks, &strong, 1, TOCSIN_WALKS_EXACT, NULL).s_or,
      1 - (1 - 0.5 * 0.85 * 0.5) * (1 - 0.5 * 0.85 / 3), 1e-12);
}

/* Those who are in the graph and not believed carry walks, and their reports count for nothing. */
static void
test_unbelieved (void)
{
  static const TocsinTrustPeer peer = { 1, TOCSIN_AREA_ANY, 0.5, FALSE };
  static const TocsinGraphStatement statements[] = { { 1, 2, 1000000000, 0 },
                                                     { 2, 3, 1000000000, 0 } };
  static const guint32 believed[] = { 3, 99 };
  static const TocsinVoice by_two = { 2, 1, TRUE };
  static const TocsinVoice by_three = { 3, 1, TRUE };
  TocsinTrustInput input = { statements, 2, &peer, 1 };
  g_autoptr (TocsinGraph) graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  g_autoptr (TocsinWalks) walks = tocsin_walks_new (graph, believed, 2, 1);

  g_assert_true (tocsin_walks_believes (walks, 1));
  g_assert_false (tocsin_walks_believes (walks, 2));
  g_assert_true (tocsin_walks_believes (walks, 3));
  g_assert_cmpfloat (tocsin_walks_evaluate (walks, &by_two, 1, TOCSIN_WALKS_AUTO, NULL).s_or, ==,
                     0);
  g_assert_cmpfloat_with_epsilon (
      tocsin_walks_evaluate (walks, &by_three, 1, TOCSIN_WALKS_AUTO, NULL).s_or,
      0.5 * 0.425 * 0.425, 1e-12);
}

/* Everything goes through an actor that is neither believed nor among the most visited, and
 * therefore has no row: it is found all the same. */
static void
test_stranger (void)
{
  enum
  {
    CROWD = 1500,
    STRANGER = 5000,
    FIRST,
    SECOND
  };
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  static const guint32 believed[] = { FIRST, SECOND };
  static const TocsinVoice voices[] = { { FIRST, 1, TRUE }, { SECOND, 0.5, TRUE } };
  static const TocsinGraphStatement links[] = {
    { 1, STRANGER, 500000000, 0 },      { 2, STRANGER, 500000000, 0 },
    { STRANGER, FIRST, 1000000000, 0 }, { STRANGER, SECOND, 1000000000, 0 },
    { FIRST, SECOND, 1000000000, 0 },
  };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (TocsinWalks) walks = NULL;
  TocsinTrustInput input = { NULL, 0, peers, 2 };
  TocsinWalksRun runs[] = { { NULL, voices, 1 }, { NULL, voices + 1, 1 } };
  TocsinBelief belief;

  g_array_append_vals (statements, links, G_N_ELEMENTS (links));
  for (guint32 i = 0; i < 2 * CROWD; i++)
    {
      TocsinGraphStatement statement = { 1 + i % 2, 10 + i / 2, 1000000000, 0 };

      g_array_append_val (statements, statement);
    }
  input.statements = (const TocsinGraphStatement *) (gpointer) statements->data;
  input.n_statements = statements->len;
  graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  walks = tocsin_walks_new (graph, believed, 2, 1);
  belief = tocsin_walks_evaluate (walks, voices, 2, TOCSIN_WALKS_EXACT, NULL);
  g_assert_cmpfloat (belief.s_or, >, 1e-5);
  g_assert_cmpfloat (belief.s_loo, <, 1e-12);
  g_assert_cmpuint (belief.loo_actor, ==, STRANGER);
  runs[0].walks = runs[1].walks = walks;
  g_assert_false (tocsin_walks_pair_survives (runs, 2, 1e-5, NULL));
}

/* Without an actor that has no row it is as without one that has; direct peers are walls to both.
 */
static void
test_stranger_in_part (void)
{
  enum
  {
    CROWD = 1500,
    STRANGER = 5000,
    FIRST,
    SECOND
  };
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.9, FALSE } };
  static const guint32 believed[] = { FIRST, SECOND, STRANGER };
  static const TocsinVoice voices[] = { { FIRST, 0.8, TRUE }, { SECOND, 0.5, FALSE } };
  static const TocsinGraphStatement links[] = {
    { 1, STRANGER, 500000000, 0 },     { 1, 2, 1000000000, 0 },
    { 2, STRANGER, 500000000, 0 },     { 2, FIRST, 500000000, 0 },
    { STRANGER, FIRST, 800000000, 0 }, { STRANGER, SECOND, 500000000, 0 },
    { STRANGER, 1, 1000000000, 0 },    { SECOND, FIRST, 1000000000, 0 },
    { FIRST, STRANGER, 900000000, 0 }, { SECOND, 2, 1000000000, 0 },
  };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (TocsinWalks) without_row = NULL;
  g_autoptr (TocsinWalks) with_row = NULL;
  TocsinTrustInput input = { NULL, 0, peers, 2 };
  double left;

  for (guint32 i = 0; i < 2 * CROWD; i++)
    {
      TocsinGraphStatement statement = { 1 + i % 2, 10 + i / 2, 1000000000, 0 };

      g_array_append_val (statements, statement);
    }
  g_array_append_vals (statements, links, G_N_ELEMENTS (links));
  input.statements = (const TocsinGraphStatement *) (gpointer) statements->data;
  input.n_statements = statements->len;
  graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  with_row = tocsin_walks_new (graph, believed, 3, 1);
  without_row = tocsin_walks_new (graph, believed, 2, 1);
  left = tocsin_walks_without (with_row, voices, 2, STRANGER);
  g_assert_cmpfloat (left, >, 1e-5);
  g_assert_cmpfloat (left, <, tocsin_walks_suspicion (with_row, voices, 2, NULL) - 1e-5);
  g_assert_cmpfloat_with_epsilon (tocsin_walks_without (without_row, voices, 2, STRANGER), left,
                                  1e-12);
}

/* Where a column costs too much for a check, sampled walks stand in until it was prepared, and who
 * has no row is taken to take away all that it might. */
static void
test_costly (void)
{
  enum
  {
    CROWD = 1500,
    EACH = 340,
    REPORTER = 9
  };
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  static const guint32 believed[] = { REPORTER };
  static const TocsinVoice voices[] = { { REPORTER, 0.9, TRUE }, { 2, 0.5, TRUE } };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (TocsinWalks) walks = NULL;
  TocsinTrustInput input = { NULL, 0, peers, 2 };
  TocsinBelief cold, sampled, exact, warm;

  for (guint32 i = 0; i < CROWD * EACH; i++)
    {
      TocsinGraphStatement statement = { 10 + i / EACH, 10 + (i / EACH + i % EACH * 3 + 1) % CROWD,
                                         1000000000, 0 };

      g_array_append_val (statements, statement);
    }
  for (guint32 i = 0; i < 8; i++)
    {
      TocsinGraphStatement statement = { 1 + i % 2, i < 2 ? REPORTER : 10 + i, 1000000000, 0 };

      g_array_append_val (statements, statement);
    }
  input.statements = (const TocsinGraphStatement *) (gpointer) statements->data;
  input.n_statements = statements->len;
  graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  walks = tocsin_walks_new (graph, believed, 1, 1);

  cold = tocsin_walks_evaluate (walks, voices, 2, TOCSIN_WALKS_AUTO, NULL);
  sampled = tocsin_walks_evaluate (walks, voices, 2, TOCSIN_WALKS_INDEX, NULL);
  g_assert_cmpfloat (cold.s_or, ==, sampled.s_or);
  g_assert_cmpfloat (cold.s_loo, ==, sampled.s_loo);
  g_assert_true (tocsin_walks_warm (walks)); /* the believed one is first; a thousand follow */
  warm = tocsin_walks_evaluate (walks, voices, 2, TOCSIN_WALKS_AUTO, NULL);
  exact = tocsin_walks_evaluate (walks, voices, 2, TOCSIN_WALKS_EXACT, NULL);
  g_assert_cmpfloat (warm.s_or, ==, exact.s_or);
  g_assert_cmpfloat (warm.s_or, !=, cold.s_or);
  g_assert_cmpfloat_with_epsilon (warm.s_or, cold.s_or, 0.02);
  g_assert_cmpfloat (warm.s_loo, ==, exact.s_loo);
  g_assert_cmpfloat (warm.s_loo, >=, 0);
  g_assert_cmpfloat (warm.s_loo, <=, tocsin_walks_without (walks, voices, 2, 2));
}

/* ---- more voices than are solved exactly ---- */

enum
{
  MANY = 90, /* reporters behind each gate */
  GATE_A = 10,
  GATE_B = 11,
  CHOIR_A = 1000,
  CHOIR_B = 2000,
};

typedef struct
{
  TocsinGraph *graph;
  TocsinWalks *walks;
  TocsinColumns *columns;
  TocsinVoice a[MANY];
  TocsinVoice b[MANY];
} Choirs;

static void
choirs_clear (Choirs *self)
{
  tocsin_columns_free (self->columns);
  tocsin_walks_free (self->walks);
  tocsin_graph_free (self->graph);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Choirs, choirs_clear)

/* Peer 1 hears one choir through one gate, peer 2 another through another. */
static void
choirs_init (Choirs *self)
{
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 1, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 1, FALSE } };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  TocsinTrustInput input = { NULL, 0, peers, 2 };

  *self = (Choirs){ NULL };
  for (guint32 i = 0; i < MANY; i++)
    {
      TocsinGraphStatement by_a = { GATE_A, CHOIR_A + i, 1000000000, 0 };
      TocsinGraphStatement by_b = { GATE_B, CHOIR_B + i, 1000000000, 0 };

      g_array_append_val (statements, by_a);
      g_array_append_val (statements, by_b);
      self->a[i] = (TocsinVoice){ CHOIR_A + i, 1, TRUE };
      self->b[i] = (TocsinVoice){ CHOIR_B + i, 1, TRUE };
    }
  {
    static const TocsinGraphStatement gates[] = { { 1, GATE_A, 1000000000, 0 },
                                                  { 2, GATE_B, 1000000000, 0 } };

    g_array_append_vals (statements, gates, G_N_ELEMENTS (gates));
  }
  input.statements = (const TocsinGraphStatement *) (gpointer) statements->data;
  input.n_statements = statements->len;
  self->graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  self->walks = tocsin_walks_new (self->graph, self->graph->actor_of, self->graph->n_nodes, 1);
  self->columns = tocsin_columns_new (self->graph, self->graph->actor_of, self->graph->n_nodes);
}

/* Without @actor, solved however many voices there are. */
static double
solve_without (Choirs *self, const TocsinVoice *voices, guint32 actor)
{
  TocsinExactVoice exact[MANY];
  g_auto (TocsinExact) state = { 0 };

  for (guint i = 0; i < MANY; i++)
    exact[i] = (TocsinExactVoice){ self->columns->slot_of[self->graph->node_of[voices[i].actor]],
                                   voices[i].strength, voices[i].malicious };
  tocsin_exact_init (&state, self->columns, exact, MANY);
  return tocsin_exact_without (&state, self->graph->node_of[actor]);
}

/* Sampled walks say what solved ones do, give or take what samples are worth. */
static void
test_many_without (void)
{
  static const guint32 left_out[] = { 1, 2, GATE_A, GATE_B, CHOIR_A + 5 };
  g_auto (Choirs) choirs = { NULL };
  double suspicion;

  choirs_init (&choirs);
  suspicion = tocsin_walks_suspicion (choirs.walks, choirs.a, MANY, NULL);
  g_assert_cmpfloat_with_epsilon (suspicion, 0.85 / 2 * 0.85 * MANY / (MANY + 1), 0.02);
  for (gsize i = 0; i < G_N_ELEMENTS (left_out); i++)
    g_assert_cmpfloat_with_epsilon (
        tocsin_walks_without (choirs.walks, choirs.a, MANY, left_out[i]),
        solve_without (&choirs, choirs.a, left_out[i]), 0.02);
  g_assert_cmpfloat (tocsin_walks_without (choirs.walks, choirs.a, MANY, GATE_A), ==, 0);
  g_assert_cmpfloat (tocsin_walks_without (choirs.walks, choirs.a, MANY, 77), ==, suspicion);
}

/* Nobody accuses: nothing is suspected, and nobody is behind it. */
static void
test_many_benign (void)
{
  g_auto (Choirs) choirs = { NULL };
  double branches[2] = { 1, 1 };
  TocsinBelief belief;

  choirs_init (&choirs);
  for (guint i = 0; i < MANY; i++)
    choirs.a[i].malicious = FALSE;
  belief = tocsin_walks_evaluate (choirs.walks, choirs.a, MANY, TOCSIN_WALKS_AUTO, branches);
  g_assert_cmpfloat (belief.s_or, ==, 0);
  g_assert_cmpfloat (belief.s_loo, ==, 0);
  g_assert_cmpuint (belief.loo_actor, ==, TOCSIN_WALKS_NOBODY);
  g_assert_cmpfloat (branches[0] + branches[1], ==, 0);
}

/* Two confirm each other if nobody is behind both, however many speak, and whichever way what they
 * say is worked out. */
static void
test_many_pairs (void)
{
  static const struct
  {
    gboolean first_is_b;
    gboolean second_is_b;
    gsize n_first;
    gsize n_second;
    gboolean survives;
  } cases[] = {
    { FALSE, TRUE, MANY, MANY, TRUE }, { FALSE, FALSE, MANY, MANY, FALSE },
    { TRUE, TRUE, MANY, MANY, FALSE }, { FALSE, TRUE, 60, MANY, TRUE },
    { FALSE, FALSE, 60, MANY, FALSE }, { FALSE, TRUE, MANY, 60, TRUE },
    { FALSE, FALSE, MANY, 60, FALSE }, { FALSE, TRUE, 60, 60, TRUE },
    { FALSE, FALSE, 60, 60, FALSE },   { FALSE, TRUE, 0, MANY, FALSE },
    { FALSE, TRUE, MANY, 0, FALSE },   { FALSE, TRUE, 2, 2, FALSE },
  };
  g_auto (Choirs) choirs = { NULL };

  choirs_init (&choirs);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TocsinWalksRun runs[] = {
        { choirs.walks, cases[i].first_is_b ? choirs.b : choirs.a, cases[i].n_first },
        { choirs.walks, cases[i].second_is_b ? choirs.b : choirs.a, cases[i].n_second },
      };

      g_test_message ("%" G_GSIZE_FORMAT, i);
      g_assert_cmpint (tocsin_walks_pair_survives (runs, 2, 0.15, NULL), ==, cases[i].survives);
    }
}

/* Who trusts nobody hears nothing. */
static void
test_nobody_there (void)
{
  static const TocsinTrustInput nothing = { NULL, 0, NULL, 0 };
  static const TocsinVoice voice = { 1, 1, TRUE };
  g_autoptr (TocsinGraph) graph =
      tocsin_graph_new (&nothing, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  g_autoptr (TocsinWalks) walks = tocsin_walks_new (graph, NULL, 0, 1);
  TocsinWalksRun run = { walks, &voice, 1 };

  g_assert_cmpfloat (tocsin_walks_suspicion (walks, &voice, 1, NULL), ==, 0);
  g_assert_cmpfloat (tocsin_walks_without (walks, &voice, 1, 1), ==, 0);
  g_assert_false (tocsin_walks_pair_survives (&run, 1, 0.1, NULL));
  g_assert_false (tocsin_walks_warm (walks));
  tocsin_walks_free (NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path =
          g_strdup_printf ("/walks/%s/%s", vectors[i].file,
                           vectors[i].method == TOCSIN_WALKS_INDEX ? "index" : "exact");

      g_test_add_data_func (path, &vectors[i], test_vectors);
    }
  g_test_add_func ("/walks/pair-survives", test_pair_survives);
  g_test_add_func ("/walks/costly", test_costly);
  g_test_add_func ("/walks/certainty", test_certainty);
  g_test_add_func ("/walks/odd-voices", test_odd_voices);
  g_test_add_func ("/walks/unbelieved", test_unbelieved);
  g_test_add_func ("/walks/stranger", test_stranger);
  g_test_add_func ("/walks/stranger-in-part", test_stranger_in_part);
  g_test_add_func ("/walks/many-without", test_many_without);
  g_test_add_func ("/walks/many-benign", test_many_benign);
  g_test_add_func ("/walks/many-pairs", test_many_pairs);
  g_test_add_func ("/walks/nobody-there", test_nobody_there);
  return g_test_run ();
}
