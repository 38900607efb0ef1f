/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Why somebody is believed, against every path there is.
 */
#include "small-world.h"

#include <string.h>

#include "trust/paths.h"

#define FAR_MAX   6
#define PATHS_MAX 16
#define TOLERANCE 1e-12

/* All strengths of paths to one node that cross no second direct peer and nobody twice. */
typedef struct
{
  const TocsinGraph *graph;
  guint32 target;
  GArray *strengths; /* of double */
  gboolean on_path[WORLD_NODES_MAX];
} Every;

static void
walk (Every *self, guint32 node, double strength)
{
  if (node == self->target)
    {
      g_array_append_val (self->strengths, strength);
      return;
    }
  self->on_path[node] = TRUE;
  for (guint32 u = self->graph->n_direct; u < self->graph->n_nodes; u++)
    {
      double chance = self->on_path[u] ? 0 : step (self->graph, node, u);

      if (chance > 0)
        walk (self, u, strength * chance);
    }
  self->on_path[node] = FALSE;
}

static int
compare_strengths (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x > y ? -1 : x < y;
}

static GArray *
every_strength (const TocsinGraph *graph, guint32 target)
{
  Every every = { .graph = graph,
                  .target = target,
                  .strengths = g_array_new (FALSE, FALSE, sizeof (double)) };

  for (guint32 i = 0; i < graph->n_direct; i++)
    walk (&every, i, graph->direct_weight[i]);
  g_array_sort (every.strengths, compare_strengths);
  return every.strengths;
}

/* That a path is one, and as strong as it says. */
static void
check_path (const TocsinGraph *graph, const TocsinTrustPath *path, guint32 target)
{
  double strength = 0;

  g_assert_cmpuint (path->n_actors, >, 0);
  g_assert_cmpuint (path->actors[path->n_actors - 1], ==, graph->actor_of[target]);
  for (guint i = 0; i < path->n_actors; i++)
    {
      guint32 node = tocsin_graph_node (graph, path->actors[i]);
      guint32 before = i > 0 ? tocsin_graph_node (graph, path->actors[i - 1]) : node;

      g_assert_cmpint (node < graph->n_direct, ==, i == 0);
      strength = i == 0 ? graph->direct_weight[node] : strength * step (graph, before, node);
      if (i == 0)
        g_assert_cmpfloat (path->weights[i], ==, graph->direct_weight[node]);
      else
        g_assert_cmpfloat_with_epsilon (path->weights[i] * TOCSIN_TRUST_WEIGHT_ONE *
                                            graph->pass[before],
                                        step (graph, before, node), TOLERANCE);
      for (guint j = 0; j < i; j++)
        g_assert_cmpuint (path->actors[j], !=, path->actors[i]);
    }
  g_assert_cmpfloat_with_epsilon (path->strength, strength, TOLERANCE);
}

static gboolean
same_path (const TocsinTrustPath *a, const TocsinTrustPath *b)
{
  return a->n_actors == b->n_actors &&
         memcmp (a->actors, b->actors, a->n_actors * sizeof *a->actors) == 0;
}

static void
test_random (void)
{
  guint n_found = 0, n_missing = 0;

  for (int round = 0; round < 200; round++)
    {
      g_auto (World) world = { 0 };
      const TocsinGraph *graph;

      world_init (&world, FAR_MAX);
      graph = world.graph;
      for (guint32 target = 0; target < graph->n_nodes; target++)
        {
          guint max = (guint) g_test_rand_int_range (1, PATHS_MAX + 1);
          g_autoptr (GArray) every = every_strength (graph, target);
          g_autoptr (GPtrArray) paths = tocsin_graph_paths (graph, graph->actor_of[target], max);

          g_assert_cmpuint (paths->len, <=, MIN (max, every->len));
          n_missing += MIN (max, every->len) - paths->len;
          n_found += paths->len;
          if (every->len > 0)
            g_assert_cmpuint (paths->len, >, 0);
          for (guint i = 0; i < paths->len; i++)
            {
              const TocsinTrustPath *path = paths->pdata[i];
              double strongest = g_array_index (every, double, i);

              check_path (graph, path, target);
              g_assert_cmpfloat (path->strength, <=, strongest + TOLERANCE);
              if (i == 0)
                g_assert_cmpfloat (path->strength, >=, strongest - TOLERANCE);
              else
                g_assert_cmpfloat (path->strength, <=,
                                   ((TocsinTrustPath *) paths->pdata[i - 1])->strength + TOLERANCE);
              for (guint j = 0; j < i; j++)
                g_assert_false (same_path (paths->pdata[j], path));
            }
        }
    }
  /* Hardly ever is one passed over. */
  g_assert_cmpuint (n_missing * 100, <, n_found);
}

/* Of paths that are alike the older comes first, whoever is asked for gets at least one, and who is
 * out of reach has none. */
static void
test_edges (void)
{
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (GPtrArray) many = NULL;
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) few = NULL;

  for (guint32 peer = 1; peer <= 2; peer++)
    for (guint32 i = 10; i < 30; i++)
      {
        add_statement (statements, peer, i, 1);
        add_statement (statements, i, 50, 1);
      }
  graph = make_graph (statements, peers, G_N_ELEMENTS (peers));
  many = tocsin_graph_paths (graph, 50, 1000);
  none = tocsin_graph_paths (graph, 51, 5);
  few = tocsin_graph_paths (graph, 50, 0);
  g_assert_cmpuint (many->len, ==, PATHS_MAX);
  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (few->len, ==, 1);
  for (guint i = 0; i < many->len; i++)
    {
      const TocsinTrustPath *path = many->pdata[i];

      g_assert_cmpuint (path->n_actors, ==, 3);
      g_assert_cmpuint (path->actors[0], ==, 1);
      g_assert_cmpuint (path->actors[1], ==, 10 + i);
    }
  tocsin_trust_path_free (NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/paths/random", test_random);
  g_test_add_func ("/paths/edges", test_edges);
  return g_test_run ();
}
