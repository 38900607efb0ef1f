/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Who is believed, against model.md 1 written out: by what the first three steps of the walks
 * find, direct peers being walls.
 */
#include "small-world.h"

#include <math.h>
#include <string.h>

#include "trust/trusted-set.h"

#define STEPS     3
#define LEAST     0.02
#define TOLERANCE 1e-12

/* V_i: how often a walk of branch @peer comes to each node in three steps. */
static void
count_visits (const TocsinGraph *graph, guint32 peer, double visits[WORLD_NODES_MAX])
{
  double now[WORLD_NODES_MAX] = { 0 };

  memset (visits, 0, sizeof *visits * WORLD_NODES_MAX);
  now[peer] = 1;
  for (int i = 0; i < STEPS; i++)
    {
      double next[WORLD_NODES_MAX] = { 0 };

      for (guint32 x = 0; x < graph->n_nodes; x++)
        for (guint32 u = graph->n_direct; u < graph->n_nodes; u++)
          next[u] += now[x] * step (graph, x, u);
      for (guint32 u = 0; u < graph->n_nodes; u++)
        visits[u] += next[u];
      memcpy (now, next, sizeof now);
    }
}

static const TocsinTrusted *
find (const GArray *set, guint32 node)
{
  for (guint i = 0; i < set->len; i++)
    if (g_array_index (set, TocsinTrusted, i).node == node)
      return &g_array_index (set, TocsinTrusted, i);
  return NULL;
}

/* Here no branch hears more than may be among its loudest. */
static void
check_vouchers (const TocsinGraph *graph, const GArray *vouchers, double least)
{
  guint at = 0;

  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      double before = G_MAXDOUBLE;

      for (; at < vouchers->len && g_array_index (vouchers, TocsinTrusted, at).node == x; at++)
        {
          const TocsinTrusted *voucher = &g_array_index (vouchers, TocsinTrusted, at);
          double visits[WORLD_NODES_MAX];

          count_visits (graph, voucher->branch, visits);
          g_assert_cmpuint (x, >=, graph->n_direct);
          g_assert_cmpfloat (voucher->heard, <=, before);
          g_assert_cmpfloat (voucher->heard, >=, least - TOLERANCE);
          g_assert_cmpfloat_with_epsilon (
              voucher->heard, graph->direct_weight[voucher->branch] * visits[x], TOLERANCE);
          before = voucher->heard;
        }
    }
  g_assert_cmpuint (at, ==, vouchers->len);
}

static void
check_world (const TocsinGraph *graph, guint *n_left_out)
{
  g_autoptr (GArray) vouchers = NULL;
  g_autoptr (GArray) set = tocsin_trusted_set_new (graph, &vouchers);
  guint n_heard = 0;
  double sum[WORLD_NODES_MAX] = { 0 }, most[WORLD_NODES_MAX] = { 0 };
  guint32 charged[WORLD_NODES_MAX] = { 0 };
  double largest = 0;

  for (guint32 i = 0; i < graph->n_direct; i++)
    largest = MAX (largest, graph->direct_weight[i]);
  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      const TocsinTrusted *direct = &g_array_index (set, TocsinTrusted, i);
      double visits[WORLD_NODES_MAX];

      g_assert_cmpuint (direct->node, ==, i);
      g_assert_cmpuint (direct->branch, ==, i);
      g_assert_cmpfloat (direct->heard, ==, graph->direct_weight[i]);
      count_visits (graph, i, visits);
      for (guint32 x = 0; x < graph->n_nodes; x++)
        {
          double heard = graph->direct_weight[i] * visits[x];

          sum[x] += heard;
          n_heard += heard >= LEAST * largest ? 1 : 0;
          if (heard > most[x])
            {
              most[x] = heard;
              charged[x] = i;
            }
        }
    }
  for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
    {
      const TocsinTrusted *trusted = find (set, x);

      if (fabs (sum[x] - LEAST * largest) < TOLERANCE)
        continue;
      g_assert_cmpint (trusted != NULL, ==, sum[x] > LEAST * largest);
      *n_left_out += trusted == NULL;
      if (trusted == NULL)
        continue;
      g_assert_cmpuint (trusted->branch, ==, charged[x]);
      g_assert_cmpfloat_with_epsilon (trusted->heard, most[x], TOLERANCE);
    }
  g_assert_cmpuint (vouchers->len, ==, n_heard);
  check_vouchers (graph, vouchers, LEAST * largest);
  for (guint i = graph->n_direct + 1; i < set->len; i++)
    {
      const TocsinTrusted *a = &g_array_index (set, TocsinTrusted, i - 1);
      const TocsinTrusted *b = &g_array_index (set, TocsinTrusted, i);

      g_assert_true (a->branch < b->branch || (a->branch == b->branch && a->heard >= b->heard));
    }
}

static void
test_random (void)
{
  guint n_left_out = 0;

  for (int i = 0; i < 300; i++)
    {
      g_auto (World) world = { 0 };

      world_init (&world, WORLD_FAR_MAX);
      check_world (world.graph, &n_left_out);
    }
  g_assert_cmpuint (n_left_out, >, 100);
}

/* Of those who are heard alike the lower actor numbers get in, and are charged to the lower one. */
static void
test_alike (void)
{
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (GArray) set = NULL;
  g_autoptr (GArray) vouchers = NULL;

  for (guint32 i = 0; i < TOCSIN_TRUSTED_PER_BRANCH + 5; i++)
    for (guint32 peer = 1; peer <= 2; peer++)
      add_statement (statements, peer, 100 - i, 0.5);
  graph = make_graph (statements, peers, G_N_ELEMENTS (peers));
  set = tocsin_trusted_set_new (graph, &vouchers);
  g_assert_cmpuint (vouchers->len, ==, 2 * TOCSIN_TRUSTED_PER_BRANCH);
  g_assert_cmpuint (set->len, ==, 2 + TOCSIN_TRUSTED_PER_BRANCH);
  for (guint i = 2; i < set->len; i++)
    {
      const TocsinTrusted *trusted = &g_array_index (set, TocsinTrusted, i);

      g_assert_cmpuint (trusted->branch, ==, 0);
      g_assert_cmpuint (graph->actor_of[trusted->node], ==,
                        100 - TOCSIN_TRUSTED_PER_BRANCH - 5 + 1 + i - 2);
    }
}

/* A peer that turned brings in its own at most: it cannot draw whom another peer vouches for to
 * its branch, and leave them out there. */
static void
test_pushed_out (void)
{
  enum
  {
    OTHERS = 200, /* of the peer that turned */
    HONEST = 100,
    N_HONEST = 40,
    N_VICTIMS = 3
  };
  static const TocsinTrustPeer peers[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                           { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (TocsinGraph) graph = NULL;
  g_autoptr (GArray) set = NULL;
  g_autoptr (GArray) vouchers = NULL;
  guint n_others = 0;

  for (guint32 i = 0; i < N_HONEST; i++)
    add_statement (statements, 1, HONEST + i, 1);
  for (guint32 i = 0; i < TOCSIN_TRUSTED_PER_BRANCH; i++)
    add_statement (statements, 2, OTHERS + i, 1);
  for (guint32 i = 0; i < N_VICTIMS; i++)
    add_statement (statements, 2, HONEST + i, 0.99);
  graph = make_graph (statements, peers, G_N_ELEMENTS (peers));
  set = tocsin_trusted_set_new (graph, &vouchers);
  g_assert_cmpuint (vouchers->len, ==, 2 * TOCSIN_TRUSTED_PER_BRANCH);
  for (guint i = 2; i < set->len; i++)
    n_others += graph->actor_of[g_array_index (set, TocsinTrusted, i).node] >= OTHERS ? 1 : 0;
  g_assert_cmpuint (n_others, ==, TOCSIN_TRUSTED_PER_BRANCH);
  for (guint32 i = 0; i < TOCSIN_TRUSTED_PER_BRANCH; i++)
    {
      const TocsinTrusted *trusted = find (set, tocsin_graph_node (graph, HONEST + i));

      if (trusted == NULL)
        g_error ("An actor is not in the set");
      g_assert_cmpuint (trusted->branch, ==, 0);
    }
}

static void
test_nobody (void)
{
  static const TocsinTrustInput nothing = { NULL, 0, NULL, 0 };
  g_autoptr (TocsinGraph) graph =
      tocsin_graph_new (&nothing, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  g_autoptr (GArray) vouchers = NULL;
  g_autoptr (GArray) set = tocsin_trusted_set_new (graph, &vouchers);

  g_assert_cmpuint (set->len, ==, 0);
  g_assert_cmpuint (vouchers->len, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trusted-set/random", test_random);
  g_test_add_func ("/trusted-set/alike", test_alike);
  g_test_add_func ("/trusted-set/pushed-out", test_pushed_out);
  g_test_add_func ("/trusted-set/nobody", test_nobody);
  return g_test_run ();
}
