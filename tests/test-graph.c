/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib.h>
#include <math.h>

#include "trust/graph.h"

#define ANY TOCSIN_AREA_ANY

#define SAYS(from, to, percent, area)                                                              \
  {                                                                                                \
    from, to, (percent) *10000000u, area                                                           \
  }

static TocsinGraph *
graph_of (const TocsinGraphStatement *statements,
          gsize n_statements,
          const TocsinTrustPeer *peers,
          gsize n_peers,
          TocsinArea area)
{
  TocsinTrustInput input = { statements, n_statements, peers, n_peers };

  return tocsin_graph_new (&input, area, TOCSIN_GRAPH_DEFAULT);
}

/* The weight of an edge by actor numbers, or 0. */
static double
weight (const TocsinGraph *graph, guint32 from, guint32 to)
{
  guint32 x = tocsin_graph_node (graph, from);
  guint32 u = tocsin_graph_node (graph, to);

  if (x == TOCSIN_GRAPH_NO_NODE || u == TOCSIN_GRAPH_NO_NODE)
    return 0;
  for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
    if (graph->edges[e].to == u)
      return graph->edges[e].weight_ppb / (double) TOCSIN_TRUST_WEIGHT_ONE;
  return 0;
}

static void
test_weights (void)
{
  static const struct
  {
    double weight;
    guint32 ppb;
  } rows[] = {
    { 0.8, 800000000 },
    { 1, 1000000000 },
    { 0.01, 10000000 },
    { 0, 0 },
    { -0.5, 0 },
    { NAN, 0 },
    { INFINITY, 0 },
    { -INFINITY, 0 },
    { 7, 1000000000 },
    { 1e-300, 1 },
    { 0.123456789, 123456789 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpuint (tocsin_trust_weight_ppb (rows[i].weight), ==, rows[i].ppb);
}

static void
test_what_is_dropped (void)
{
  static const TocsinTrustPeer peers[] = { { 1, ANY, 0.5, FALSE }, { 2, ANY, 0, FALSE },
                                           { 3, ANY, -1, FALSE },  { 4, ANY, NAN, FALSE },
                                           { 5, ANY, 1e9, FALSE }, { 0, ANY, 1, FALSE } };
  static const TocsinGraphStatement statements[] = {
    SAYS (1, 1, 100, ANY), SAYS (1, 0, 100, ANY), SAYS (1, 2, 100, ANY), SAYS (1, 6, 0, ANY),
    SAYS (1, 7, 50, ANY),  SAYS (2, 8, 100, ANY), SAYS (0, 9, 100, ANY), SAYS (10, 11, 100, ANY),
  };
  g_autoptr (TocsinGraph) graph =
      graph_of (statements, G_N_ELEMENTS (statements), peers, G_N_ELEMENTS (peers), ANY);

  g_assert_cmpuint (graph->n_direct, ==, 2);
  g_assert_cmpuint (graph->n_nodes, ==, 3);
  g_assert_cmpfloat (tocsin_graph_direct_weight (graph, 1), ==, 0.5);
  g_assert_cmpfloat (tocsin_graph_direct_weight (graph, 5), ==, 1.0);
  g_assert_cmpfloat (tocsin_graph_direct_weight (graph, 4), ==, 0);
  g_assert_cmpfloat (weight (graph, 1, 7), ==, 0.5);
  g_assert_cmpuint (graph->first[graph->n_nodes], ==, 1);
  /* d / (1 + 0.5): what was dropped is not in the denominator. */
  g_assert_cmpfloat_with_epsilon (graph->pass[0] * 5e8, 0.85 * 0.5 / 1.5, 1e-12);
  g_assert_cmpuint (graph->hops[tocsin_graph_node (graph, 7)], ==, 2);
}

static void
test_newest_counts (void)
{
  static const TocsinTrustPeer peers[] = {
    { 1, ANY, 0.5, FALSE }, { 1, ANY, 0.7, FALSE }, { 2, ANY, 0.7, FALSE }, { 2, ANY, 0, FALSE }
  };
  static const TocsinGraphStatement statements[] = {
    SAYS (1, 3, 10, ANY), SAYS (1, 4, 20, ANY), SAYS (1, 3, 30, ANY),
    SAYS (1, 4, 0, ANY),  SAYS (1, 5, 0, ANY),  SAYS (1, 5, 40, ANY),
  };
  g_autoptr (TocsinGraph) graph =
      graph_of (statements, G_N_ELEMENTS (statements), peers, G_N_ELEMENTS (peers), ANY);

  g_assert_cmpuint (graph->n_direct, ==, 1);
  g_assert_cmpfloat (tocsin_graph_direct_weight (graph, 1), ==, 0.7);
  g_assert_cmpfloat (weight (graph, 1, 3), ==, 0.3);
  g_assert_cmpfloat (weight (graph, 1, 4), ==, 0);
  g_assert_cmpfloat (weight (graph, 1, 5), ==, 0.4);
}

/* A statement for the area stands, whichever came first; one of another area is not heard. */
static void
test_area_overrides (void)
{
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_SPAM, 0.9, FALSE },
                                           { 1, ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_SPAM, 0, FALSE },
                                           { 2, ANY, 0.4, FALSE } };
  static const TocsinGraphStatement statements[] = {
    SAYS (1, 3, 60, TOCSIN_AREA_SPAM), SAYS (1, 3, 10, ANY), SAYS (1, 4, 10, ANY),
    SAYS (1, 4, 0, TOCSIN_AREA_SPAM),  SAYS (1, 5, 30, ANY), SAYS (1, 6, 80, TOCSIN_AREA_ABUSE),
  };
  g_autoptr (TocsinGraph) any = graph_of (statements, 6, peers, 4, ANY);
  g_autoptr (TocsinGraph) spam = graph_of (statements, 6, peers, 4, TOCSIN_AREA_SPAM);

  g_assert_cmpfloat (tocsin_graph_direct_weight (any, 1), ==, 0.5);
  g_assert_cmpfloat (tocsin_graph_direct_weight (spam, 1), ==, 0.9);
  g_assert_cmpfloat (tocsin_graph_direct_weight (any, 2), ==, 0.4);
  g_assert_cmpfloat (tocsin_graph_direct_weight (spam, 2), ==, 0);
  g_assert_cmpfloat (weight (any, 1, 3), ==, 0.1);
  g_assert_cmpfloat (weight (spam, 1, 3), ==, 0.6);
  g_assert_cmpfloat (weight (any, 1, 4), ==, 0.1);
  g_assert_cmpfloat (weight (spam, 1, 4), ==, 0);
  g_assert_cmpfloat (weight (spam, 1, 5), ==, 0.3);
  g_assert_cmpfloat (weight (any, 1, 6), ==, 0);
  g_assert_cmpfloat (weight (spam, 1, 6), ==, 0);
}

static void
test_empty (void)
{
  g_autoptr (TocsinGraph) graph = graph_of (NULL, 0, NULL, 0, ANY);

  g_assert_cmpuint (graph->n_nodes, ==, 0);
  g_assert_cmpuint (graph->first[0], ==, 0);
  g_assert_cmpuint (tocsin_graph_node (graph, 0), ==, TOCSIN_GRAPH_NO_NODE);
  g_assert_cmpuint (tocsin_graph_node (graph, 12345), ==, TOCSIN_GRAPH_NO_NODE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graph/weights", test_weights);
  g_test_add_func ("/graph/what-is-dropped", test_what_is_dropped);
  g_test_add_func ("/graph/newest-counts", test_newest_counts);
  g_test_add_func ("/graph/area-overrides", test_area_overrides);
  g_test_add_func ("/graph/empty", test_empty);
  return g_test_run ();
}
