/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The systems of equations behind the walks, against the same written out and eliminated; and what
 * is said of actors whom nobody may look at closely because it would cost too much.
 */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "small-world.h"
#include "trust/walks-exact.h"

#define TOLERANCE 1e-10
#define MAX_NODES WORLD_NODES_MAX

/* ---- small graphs, written out ---- */

/* Overwrites @x with a⁻¹·x. */
static void
eliminate (double a[MAX_NODES][MAX_NODES], double *x, guint32 n)
{
  for (guint32 p = 0; p < n; p++)
    {
      guint32 best = p;

      for (guint32 row = p + 1; row < n; row++)
        if (fabs (a[row][p]) > fabs (a[best][p]))
          best = row;
      for (guint32 col = 0; col < n; col++)
        {
          double swap = a[p][col];

          a[p][col] = a[best][col];
          a[best][col] = swap;
        }
      {
        double swap = x[p];

        x[p] = x[best];
        x[best] = swap;
      }
      for (guint32 row = 0; row < n; row++)
        {
          double factor = row == p ? 0 : a[row][p] / a[p][p];

          for (guint32 col = p; col < n; col++)
            a[row][col] -= factor * a[p][col];
          x[row] -= factor * x[p];
        }
    }
  for (guint32 p = 0; p < n; p++)
    x[p] /= a[p][p];
}

/* h = gain + (1 − stop)·d·Q·h behind the walls; at a wall h is 0. */
static void
backward_reference (const TocsinGraph *graph, const double *stop, const double *gain, double *h)
{
  double a[MAX_NODES][MAX_NODES] = { { 0 } };

  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      gboolean wall = x < graph->n_direct;

      a[x][x] = 1;
      for (guint32 u = 0; !wall && u < graph->n_nodes; u++)
        a[x][u] -= (stop != NULL ? 1 - stop[x] : 1) * step (graph, x, u);
      h[x] = wall ? 0 : gain[x];
    }
  eliminate (a, h, graph->n_nodes);
}

static void
test_backward (void)
{
  for (int round = 0; round < 200; round++)
    {
      g_auto (World) world = { 0 };
      double stop[MAX_NODES] = { 0 }, gain[MAX_NODES] = { 0 };
      double h[MAX_NODES] = { 0 }, wanted[MAX_NODES];
      gboolean stops = round % 2 == 0;

      world_init (&world, WORLD_FAR_MAX);
      for (guint32 x = 0; x < world.graph->n_nodes; x++)
        {
          stop[x] = g_test_rand_double ();
          gain[x] = g_test_rand_double ();
          h[x] = x < world.graph->n_direct ? 0 : g_test_rand_double ();
        }
      backward_reference (world.graph, stops ? stop : NULL, gain, wanted);
      tocsin_columns_backward (world.graph, stops ? stop : NULL, gain, h);
      for (guint32 x = 0; x < world.graph->n_nodes; x++)
        if (x < world.graph->n_direct)
          g_assert_cmpfloat (h[x], ==, 0);
        else
          g_assert_cmpfloat_with_epsilon (h[x], wanted[x], TOLERANCE);
    }
}

/* visits = start + d·Qᵀ·visits, where nobody leaves a wall but those who start at it. */
static void
test_forward (void)
{
  for (int round = 0; round < 200; round++)
    {
      g_auto (World) world = { 0 };
      const TocsinGraph *graph;
      double a[MAX_NODES][MAX_NODES] = { { 0 } };
      double start[MAX_NODES] = { 0 }, visits[MAX_NODES], wanted[MAX_NODES];

      world_init (&world, WORLD_FAR_MAX);
      graph = world.graph;
      for (guint32 x = 0; x < graph->n_nodes; x++)
        wanted[x] = start[x] = g_test_rand_double ();
      for (guint32 u = 0; u < graph->n_nodes; u++)
        {
          a[u][u] = 1;
          for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
            a[u][x] -= step (graph, x, u);
          for (guint32 x = 0; x < graph->n_direct; x++)
            wanted[u] += start[x] * step (graph, x, u);
        }
      eliminate (a, wanted, graph->n_nodes);
      tocsin_columns_forward (graph, start, visits);
      for (guint32 x = 0; x < graph->n_nodes; x++)
        g_assert_cmpfloat_with_epsilon (visits[x], wanted[x], TOLERANCE);
    }
}

/* What a column is, whichever way it is come by. */
static void
check_column (const TocsinGraph *graph, TocsinColumns *columns, guint32 slot)
{
  guint32 b = columns->node_of[slot];
  g_autofree double *solved = tocsin_columns_solve (graph, b);
  const TocsinColumn *column = tocsin_columns_get (columns, slot);
  double gain[MAX_NODES] = { 0 };
  double n[MAX_NODES];
  double reach = 0, inside = 0;

  gain[b] = 1;
  backward_reference (graph, NULL, gain, n);
  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      double first = 0;

      for (guint32 u = graph->n_direct; x < graph->n_direct && u < graph->n_nodes; u++)
        first += step (graph, x, u) * n[u];
      if (x >= graph->n_direct)
        first = n[x];
      g_assert_cmpfloat_with_epsilon (solved[x], first, TOLERANCE);
      g_assert_cmpfloat_with_epsilon (column->n[columns->slot_of[x]], first, TOLERANCE);
      if (x < graph->n_direct)
        reach += graph->direct_weight[x] * first;
      else if (x != b)
        inside = MAX (inside, columns->reach[x] * first);
    }
  g_assert_cmpfloat_with_epsilon (columns->reach[b], reach, TOLERANCE);
  g_assert_cmpfloat_with_epsilon (column->inside, inside, TOLERANCE);
  g_assert_cmpfloat (column->outside, ==, 0);
}

static void
test_columns (void)
{
  for (int round = 0; round < 50; round++)
    {
      g_auto (World) world = { 0 };
      g_autoptr (TocsinColumns) columns = NULL;

      world_init (&world, WORLD_FAR_MAX);
      columns = tocsin_columns_new (world.graph, NULL, 0);
      g_assert_cmpuint (columns->n_slots, ==, world.graph->n_nodes);
      for (guint32 slot = 0; slot < columns->n_slots; slot++)
        {
          g_assert_cmpint (columns->believed[slot], ==, slot < world.graph->n_direct);
          if (slot < world.graph->n_direct)
            g_assert_cmpfloat (columns->reach[columns->node_of[slot]], ==, 0);
          else
            {
              g_assert_true (tocsin_columns_is_missing (columns, slot));
              check_column (world.graph, columns, slot);
              g_assert_false (tocsin_columns_is_missing (columns, slot));
            }
          if (slot > world.graph->n_direct)
            g_assert_cmpfloat (columns->reach[columns->node_of[slot - 1]], >=,
                               columns->reach[columns->node_of[slot]]);
        }
    }
}

/* To the last bit: @slots at once, and each by itself. */
static void
check_lanes (const TocsinGraph *graph, const guint32 *slots, gsize n)
{
  g_autoptr (TocsinColumns) together = tocsin_columns_new (graph, NULL, 0);
  g_autoptr (TocsinColumns) alone = tocsin_columns_new (graph, NULL, 0);

  tocsin_columns_prepare (together, slots, n);
  tocsin_columns_prepare (together, slots, n); /* are all there: nothing is done */
  for (gsize i = 0; i < n; i++)
    {
      const TocsinColumn *a;
      const TocsinColumn *b;

      g_assert_false (tocsin_columns_is_missing (together, slots[i]));
      g_assert_true (tocsin_columns_is_missing (alone, slots[i]));
      a = tocsin_columns_get (together, slots[i]);
      b = tocsin_columns_get (alone, slots[i]);
      g_assert_cmpmem (a, sizeof *a + together->n_slots * sizeof (double), b,
                       sizeof *b + alone->n_slots * sizeof (double));
    }
}

/* Columns come out the same whichever others they are solved with. */
static void
test_lanes (void)
{
  for (int round = 0; round < 50; round++)
    {
      g_auto (World) world = { 0 };
      guint32 slots[WORLD_FAR_MAX];
      gsize n = 0;

      world_init (&world, WORLD_FAR_MAX);
      for (guint32 slot = world.graph->n_direct; slot < world.graph->n_nodes; slot++)
        slots[n++] = slot;
      check_lanes (world.graph, slots, n);
    }
}

/* And so it is where fewer are solved at once, to spare memory. */
static void
test_lanes_of_many (void)
{
  enum
  {
    N = 250100
  };
  static const TocsinTrustPeer peer = { 1, TOCSIN_AREA_ANY, 1, FALSE };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  guint32 slots[6];

  for (guint32 i = 2; i <= N; i++)
    {
      add_statement (statements, 1 + i / 500, i, 0.5);
      if (i < 1000)
        add_statement (statements, i, 2 + (i * 7) % 900, 1);
    }
  graph = make_graph (statements, &peer, 1);
  g_assert_cmpuint (graph->n_nodes, ==, N);
  for (guint32 i = 0; i < G_N_ELEMENTS (slots); i++)
    slots[i] = 1 + 3 * i;
  check_lanes (graph, slots, G_N_ELEMENTS (slots));
}

/* Those who are believed are prepared first, then the others, until all are there. */
static void
test_warm (void)
{
  static const TocsinTrustPeer peer = { 1, TOCSIN_AREA_ANY, 1, FALSE };
  static const guint32 believed[] = { 30, 77 };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (TocsinColumns) columns = NULL;
  guint turns = 1;

  for (guint32 i = 2; i < 42; i++)
    add_statement (statements, 1, i, i == 30 ? 0.1 : 1);
  graph = make_graph (statements, &peer, 1);
  columns = tocsin_columns_new (graph, believed, 2); /* 77 is not in the graph */
  g_assert_true (tocsin_columns_warm (columns));
  g_assert_false (tocsin_columns_is_missing (columns, columns->slot_of[graph->node_of[30]]));
  while (tocsin_columns_warm (columns))
    turns++;
  g_assert_cmpuint (turns, <, 10);
  for (guint32 slot = 1; slot < columns->n_slots; slot++)
    g_assert_false (tocsin_columns_is_missing (columns, slot));
  g_assert_cmpuint (columns->n_warm, ==, 40);
  g_assert_false (tocsin_columns_warm (columns));
  g_assert_cmpuint (columns->n_warm, ==, 40);
}

/* ---- graphs that cost ---- */

enum
{
  CROWD = 1500, /* more than have a row, each visited more than those below */
  FIRST = 4000, /* reporters */
  SECOND,
  THIRD,
  GATE, /* all that is heard of the reporters comes through these */
  OTHER_GATE,
};

static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                         { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
static const TocsinVoice voices[] = { { FIRST, 1, TRUE },
                                      { SECOND, 0.8, TRUE },
                                      { THIRD, 0.9, TRUE } };
static const guint32 gates[] = { GATE, OTHER_GATE };

typedef struct
{
  const char *name;
  guint32 each;      /* edges of each of the crowd: a solve costs CROWD times that */
  gsize solves;      /* that the budget has */
  gboolean has_rows; /* the gates have */
  gsize n_gates;
  double second;  /* how well that of two is heard; the first at 0.5 */
  gboolean exact; /* the budget has what is needed, and no more is assumed */
} Cost;

static const Cost costs[] = {
  { "all can be solved", 0, 0, FALSE, 2, 0.25, TRUE },
  { "all can be solved, of two alike", 0, 0, FALSE, 2, 0.5, TRUE },
  { "nothing can", 340, 0, FALSE, 2, 0.25, FALSE },
  { "what is heard can", 180, 1, FALSE, 2, 0.25, FALSE },
  { "and one of two cannot", 120, 2, FALSE, 2, 0.25, FALSE },
  { "the likelier can", 100, 3, FALSE, 2, 0.25, TRUE },
  { "nothing can, one gate", 340, 0, FALSE, 1, 0, FALSE },
  { "what is heard can, one gate", 180, 1, FALSE, 1, 0, FALSE },
  { "nothing can, with rows", 340, 0, TRUE, 2, 0.25, FALSE },
  { "one can, with rows", 180, 1, TRUE, 2, 0.25, TRUE },
  { "nothing can, one gate with a row", 340, 0, TRUE, 1, 0, FALSE },
  { "one of two that are alike can", 75, 4, FALSE, 2, 0.5, FALSE },
};

static TocsinGraph *
make_costly (const Cost *cost)
{
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));

  for (guint32 i = 0; i < CROWD; i++)
    {
      add_statement (statements, 1, 10 + i, 1);
      add_statement (statements, 2, 10 + i, 1);
      for (guint32 j = 0; j < cost->each; j++)
        add_statement (statements, 10 + i, 10 + (i + 3 * j + 1) % CROWD, 1);
    }
  for (gsize i = 0; i < cost->n_gates; i++)
    {
      add_statement (statements, 1, gates[i], i == 0 ? 0.5 : cost->second);
      add_statement (statements, 2, gates[i], i == 0 ? 0.5 : cost->second);
      add_statement (statements, gates[i], FIRST, 1);
      add_statement (statements, gates[i], SECOND, 1);
      add_statement (statements, gates[i], THIRD, 1);
      add_statement (statements, gates[i], 1, 1);
    }
  return make_graph (statements, peers, G_N_ELEMENTS (peers));
}

static double
without (TocsinWalks *walks, guint32 actor)
{
  return tocsin_walks_without (walks, voices, G_N_ELEMENTS (voices), actor);
}

/* That nobody is behind more than the first gate. */
static void
check_others (TocsinWalks *walks, double truth)
{
  static const guint32 others[] = { 1, 2, FIRST, SECOND, THIRD, OTHER_GATE };

  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpfloat (without (walks, others[i]), >, truth - TOLERANCE);
}

/* Who was not looked at closely is taken to take away all that it might: the verdict may be too
 * mild, and is never too harsh. */
static void
test_costly (gconstpointer data)
{
  const Cost *cost = data;
  const guint32 believed[] = { FIRST, SECOND, THIRD, GATE, OTHER_GATE };
  gsize n_believed = cost->has_rows ? 5 : 3;
  g_autoptr (TocsinGraph) graph = make_costly (cost);
  g_autoptr (TocsinColumns) columns = tocsin_columns_new (graph, believed, n_believed);
  g_autoptr (TocsinWalks) walks = tocsin_walks_new (graph, believed, n_believed, 1);
  TocsinWalksRun runs[] = { { walks, voices, 1 }, { walks, voices + 1, 2 } };
  TocsinBelief belief;
  double truth;

  g_assert_cmpuint (cost->n_gates, <=, G_N_ELEMENTS (gates));
  for (gsize i = 0; i < cost->n_gates; i++)
    g_assert_cmpint (columns->slot_of[graph->node_of[gates[i]]] != TOCSIN_COLUMNS_NO_SLOT, ==,
                     cost->has_rows);
  belief = tocsin_walks_evaluate (walks, voices, G_N_ELEMENTS (voices), TOCSIN_WALKS_EXACT, NULL);
  /* Nor do two confirm each other behind whom the same one may be. */
  g_assert_false (tocsin_walks_pair_survives (runs, 2, 0.45 * belief.s_or, NULL));
  truth = without (walks, GATE);
  g_assert_cmpfloat (belief.s_or, >, 1e-5);
  g_assert_cmpfloat (belief.s_loo, >=, 0);
  if (cost->each > 0)
    g_assert_cmpuint (tocsin_columns_affordable (columns), ==, cost->solves);
  else
    check_others (walks, truth);
  if (cost->exact)
    {
      g_assert_cmpfloat_with_epsilon (belief.s_loo, truth, TOLERANCE);
      g_assert_cmpuint (belief.loo_actor, ==, GATE);
    }
  else if (cost->n_gates > 1)
    g_assert_cmpfloat (belief.s_loo, <, truth - 5 * TOLERANCE);
  else
    g_assert_cmpfloat (belief.s_loo, ==, 0);
}

/* Where no more columns are kept the minimum is the same, and none is added. */
static void
test_full (void)
{
  static const Cost cheap = { .n_gates = 2, .second = 0.25 };
  const guint32 believed[] = { FIRST, SECOND, THIRD, GATE, OTHER_GATE };
  g_autoptr (TocsinGraph) graph = make_costly (&cheap);
  double least[2];

  for (guint full = 0; full < 2; full++)
    {
      g_autoptr (TocsinColumns) columns =
          tocsin_columns_new (graph, believed, G_N_ELEMENTS (believed));
      const gsize each = sizeof (TocsinColumn) + sizeof (double) * columns->n_slots;
      TocsinExactVoice heard[G_N_ELEMENTS (voices)];
      TocsinExact exact;
      guint32 node = 0;

      for (gsize i = 0; i < G_N_ELEMENTS (voices); i++)
        heard[i] = (TocsinExactVoice){
          .slot = columns->slot_of[graph->node_of[voices[i].actor]],
          .strength = voices[i].strength,
          .malicious = TRUE,
        };
      tocsin_exact_init (&exact, columns, heard, G_N_ELEMENTS (heard));
      g_assert_cmpuint (columns->bytes, ==, 3 * each);
      g_assert_false (tocsin_columns_is_full (columns));
      if (full)
        columns->bytes = TOCSIN_COLUMNS_MAX_BYTES;
      least[full] = tocsin_exact_minimum (&exact, &node);
      g_assert_cmpuint (graph->actor_of[node], ==, GATE);
      g_assert_cmpint (tocsin_columns_is_missing (columns, columns->slot_of[node]), ==, full);
      if (full)
        g_assert_cmpuint (columns->bytes, ==, TOCSIN_COLUMNS_MAX_BYTES);
      tocsin_exact_clear (&exact);
    }
  g_assert_cmpfloat_with_epsilon (least[0], least[1], TOLERANCE);
}

/* What several evaluations may solve together. */
static void
test_within (void)
{
  static const Cost cost = { .each = 75, .n_gates = 2, .second = 0.25 };
  const guint32 believed[] = { FIRST, SECOND, THIRD };
  g_autoptr (TocsinGraph) graph = make_costly (&cost);
  const guint64 each = graph->first[graph->n_nodes];
  TocsinWalksRun runs[2];

  for (guint64 solves = 0; solves <= 4; solves++)
    {
      g_autoptr (TocsinWalks) walks =
          tocsin_walks_new (graph, believed, G_N_ELEMENTS (believed), 1);
      TocsinBelief sampled =
          tocsin_walks_evaluate (walks, voices, G_N_ELEMENTS (voices), TOCSIN_WALKS_INDEX, NULL);
      guint64 edges = solves * each;
      TocsinBelief belief =
          tocsin_walks_evaluate_within (walks, voices, G_N_ELEMENTS (voices), &edges);

      /* Three reporters, and what is left for who could be missing: one at least is taken for
       * how all of it is heard. */
      if (solves < 3)
        {
          g_assert_cmpfloat (belief.s_or, ==, sampled.s_or);
          g_assert_cmpuint (edges, ==, solves * each);
        }
      else
        g_assert_cmpuint (edges, ==, 0);
      g_assert_cmpfloat (belief.s_loo, <=, belief.s_or);
      edges = 0;
      runs[0] = (TocsinWalksRun){ walks, voices, 1 };
      runs[1] = (TocsinWalksRun){ walks, voices + 1, 2 };
      g_assert_false (tocsin_walks_pair_survives (runs, 2, 0.45 * belief.s_or, &edges));
      tocsin_walks_suspicion (walks, voices, G_N_ELEMENTS (voices), &edges);
      g_assert_cmpuint (edges, ==, 0);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/columns/backward", test_backward);
  g_test_add_func ("/columns/forward", test_forward);
  g_test_add_func ("/columns/columns", test_columns);
  g_test_add_func ("/columns/lanes", test_lanes);
  g_test_add_func ("/columns/lanes-of-many", test_lanes_of_many);
  g_test_add_func ("/columns/warm", test_warm);
  g_test_add_func ("/columns/full", test_full);
  g_test_add_func ("/columns/within", test_within);
  for (gsize i = 0; i < G_N_ELEMENTS (costs); i++)
    {
      g_autofree char *path = g_strconcat ("/columns/costly/", costs[i].name, NULL);

      g_test_add_data_func (path, &costs[i], test_costly);
    }
  return g_test_run ();
}
