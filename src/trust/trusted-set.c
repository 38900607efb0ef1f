/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/trusted-set.h"

#define STEPS       3
#define LEAST_HEARD 0.02 /* of the largest direct weight */

typedef struct
{
  const TocsinGraph *graph;
  double *now;      /* (owned) by node: how many walks are there after this step */
  double *next;     /* (owned) */
  double *visits;   /* (owned) V_i of the present branch */
  GArray *at;       /* of guint32: nodes with walks in now */
  GArray *to;       /* of guint32: the same for next */
  GArray *visited;  /* of guint32: nodes with visits */
  double *sum;      /* (owned) Σ t_i·V_i */
  double *most;     /* (owned) the largest t_i·V_i */
  guint32 *charged; /* (owned) whose it is */
} Spread;

static void
spread_clear (Spread *self)
{
  g_free (self->now);
  g_free (self->next);
  g_free (self->visits);
  g_free (self->sum);
  g_free (self->most);
  g_free (self->charged);
  g_clear_pointer (&self->at, g_array_unref);
  g_clear_pointer (&self->to, g_array_unref);
  g_clear_pointer (&self->visited, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Spread, spread_clear)

static void
spread_init (Spread *self, const TocsinGraph *graph)
{
  gsize n = MAX (1, graph->n_nodes);

  self->graph = graph;
  self->now = g_new0 (double, n);
  self->next = g_new0 (double, n);
  self->visits = g_new0 (double, n);
  self->sum = g_new0 (double, n);
  self->most = g_new0 (double, n);
  self->charged = g_new0 (guint32, n);
  self->at = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->to = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->visited = g_array_new (FALSE, FALSE, sizeof (guint32));
}

static void
take_step (Spread *self)
{
  const TocsinGraph *graph = self->graph;

  for (guint i = 0; i < self->at->len; i++)
    {
      guint32 x = g_array_index (self->at, guint32, i);
      double share = self->now[x] * graph->pass[x];

      self->now[x] = 0;
      for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
        {
          guint32 u = graph->edges[e].to;

          if (u < graph->n_direct)
            continue;
          if (self->next[u] == 0)
            g_array_append_val (self->to, u);
          self->next[u] += share * graph->edges[e].weight_ppb;
        }
    }
  for (guint i = 0; i < self->to->len; i++)
    {
      guint32 u = g_array_index (self->to, guint32, i);

      if (self->visits[u] == 0)
        g_array_append_val (self->visited, u);
      self->visits[u] += self->next[u];
    }

  GArray *swap = self->at;
  self->at = self->to;
  self->to = g_array_set_size (swap, 0);

  double *walks = self->now;
  self->now = self->next;
  self->next = walks;
}

static void
walk_branch (Spread *self, guint32 peer)
{
  double weight = self->graph->direct_weight[peer];

  self->now[peer] = 1;
  g_array_append_val (self->at, peer);
  for (int step = 0; step < STEPS; step++)
    take_step (self);
  for (guint i = 0; i < self->at->len; i++)
    self->now[g_array_index (self->at, guint32, i)] = 0;
  g_array_set_size (self->at, 0);

  for (guint i = 0; i < self->visited->len; i++)
    {
      guint32 x = g_array_index (self->visited, guint32, i);
      double heard = weight * self->visits[x];

      self->visits[x] = 0;
      self->sum[x] += heard;
      if (heard > self->most[x])
        {
          self->most[x] = heard;
          self->charged[x] = peer;
        }
    }
  g_array_set_size (self->visited, 0);
}

/* By branch, the loudest first; among equals the lower actor number, which came first. */
static int
compare_candidates (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const TocsinGraph *graph = user_data;
  const TocsinTrusted *x = a;
  const TocsinTrusted *y = b;

  if (x->branch != y->branch)
    return x->branch < y->branch ? -1 : 1;
  if (x->heard != y->heard)
    return x->heard > y->heard ? -1 : 1;
  return graph->actor_of[x->node] < graph->actor_of[y->node] ? -1 : 1;
}

/**
 * tocsin_trusted_set_new:
 * @graph: a graph
 *
 * Who is believed (scoring.md 1): the direct peers, and by what the first three steps of the walks
 * find, at most %TOCSIN_TRUSTED_PER_BRANCH a branch, so that no peer can bring in a crowd.
 *
 * Returns: (transfer full) (element-type TocsinTrusted): the trusted set, direct peers first
 */
GArray *
tocsin_trusted_set_new (const TocsinGraph *graph)
{
  g_auto (Spread) spread = { NULL };
  GArray *set = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));
  double most = 0;
  guint admitted = 0;

  spread_init (&spread, graph);
  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      TocsinTrusted direct = { i, i, graph->direct_weight[i] };

      g_array_append_val (set, direct);
      most = MAX (most, graph->direct_weight[i]);
      walk_branch (&spread, i);
    }
  for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
    if (spread.sum[x] > 0 && spread.sum[x] >= LEAST_HEARD * most)
      {
        TocsinTrusted candidate = { x, spread.charged[x], spread.most[x] };

        g_array_append_val (candidates, candidate);
      }
  g_array_sort_with_data (candidates, compare_candidates, (gpointer) graph);
  for (guint i = 0; i < candidates->len; i++)
    {
      const TocsinTrusted *candidate = &g_array_index (candidates, TocsinTrusted, i);

      if (i > 0 && candidate[-1].branch != candidate->branch)
        admitted = 0;
      if (admitted++ < TOCSIN_TRUSTED_PER_BRANCH)
        g_array_append_val (set, *candidate);
    }
  return set;
}
