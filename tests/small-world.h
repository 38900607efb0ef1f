/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "trust/graph.h"

/* A random graph that is small enough for what is asked of it to be written out. */

#define WORLD_DIRECT_MAX 5
#define WORLD_FAR_MAX    14
#define WORLD_NODES_MAX  (WORLD_DIRECT_MAX + WORLD_FAR_MAX)

typedef struct
{
  GArray *statements;
  TocsinTrustPeer peers[WORLD_DIRECT_MAX]; /* actors 1 and up */
  TocsinGraph *graph;
} World;

static inline void
world_clear (World *self)
{
  g_array_unref (self->statements);
  tocsin_graph_free (self->graph);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static inline void
add_statement (GArray *statements, guint32 from, guint32 to, double weight)
{
  TocsinGraphStatement statement = { .from = from,
                                     .to = to,
                                     .weight_ppb = tocsin_trust_weight_ppb (weight) & 0x3fffffff };

  g_array_append_val (statements, statement);
}

static inline TocsinGraph *
make_graph (const GArray *statements, const TocsinTrustPeer *peers, gsize n_peers)
{
  TocsinTrustInput input = { (const TocsinGraphStatement *) (gconstpointer) statements->data,
                             statements->len, peers, n_peers };

  return tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
}

/* Direct peers trust each other and are trusted back, so that walls stand in the way everywhere. */
static inline void
world_init (World *self, guint32 far_max)
{
  guint32 n_direct = (guint32) g_test_rand_int_range (1, WORLD_DIRECT_MAX + 1);
  guint32 n = n_direct + (guint32) g_test_rand_int_range (1, (gint32) far_max + 1);
  double density = g_test_rand_double_range (0.1, 0.6);

  *self = (World){ .statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement)) };
  for (guint32 i = 0; i < n_direct; i++)
    self->peers[i] =
        (TocsinTrustPeer){ .actor = i + 1, .weight = g_test_rand_double_range (0.1, 1) };
  for (guint32 x = 1; x <= n; x++)
    for (guint32 u = 1; u <= n; u++)
      if (x != u && g_test_rand_double () < density)
        add_statement (self->statements, x, u, g_test_rand_double_range (0.05, 1));
  self->graph = make_graph (self->statements, self->peers, n_direct);
}

/* d·Q of model.md 2: the chance of the step from @x to @u. */
static inline double
step (const TocsinGraph *graph, guint32 x, guint32 u)
{
  double sum = 0;

  for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
    if (graph->edges[e].to == u)
      sum += graph->pass[x] * graph->edges[e].weight_ppb;
  return sum;
}
