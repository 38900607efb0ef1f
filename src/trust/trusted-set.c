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
  double least;     /* what has to be heard */
  GArray *loud;     /* of TocsinTrusted: what the present branch hears so loud by itself */
  GArray *vouchers; /* of TocsinTrusted: the loudest of each branch */
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
  g_clear_pointer (&self->loud, g_array_unref);
  g_clear_pointer (&self->vouchers, g_array_unref);
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
  self->loud = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));
  self->vouchers = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));
  for (guint32 i = 0; i < graph->n_direct; i++)
    self->least = MAX (self->least, LEAST_HEARD * graph->direct_weight[i]);
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

/* By node, the loudest branch first; among equals the one that was followed first. */
static int
compare_vouchers (gconstpointer a, gconstpointer b)
{
  const TocsinTrusted *x = a;
  const TocsinTrusted *y = b;

  if (x->node != y->node)
    return x->node < y->node ? -1 : 1;
  if (x->heard != y->heard)
    return x->heard > y->heard ? -1 : 1;
  return (x->branch > y->branch) - (x->branch < y->branch);
}

/* Whom a branch hears loudest gets in by it, whoever else is charged: else a peer that turned
 * could draw the actors of others to itself, and leave them out in favour of its own. */
static void
vouch (Spread *self)
{
  g_array_sort_with_data (self->loud, compare_candidates, (gpointer) self->graph);
  g_array_append_vals (self->vouchers, self->loud->data,
                       MIN (self->loud->len, TOCSIN_TRUSTED_PER_BRANCH));
  g_array_set_size (self->loud, 0);
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
      if (heard >= self->least)
        {
          TocsinTrusted loud = { x, peer, heard };

          g_array_append_val (self->loud, loud);
        }
    }
  g_array_set_size (self->visited, 0);
  vouch (self);
}

/* Who vouches for @node most loudly, in what is sorted by now; %NULL if nobody does. */
static const TocsinTrusted *
find_voucher (const GArray *vouchers, guint32 node)
{
  guint low = 0, high = vouchers->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (vouchers, TocsinTrusted, middle).node < node)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == vouchers->len || g_array_index (vouchers, TocsinTrusted, low).node != node)
    return NULL;
  return &g_array_index (vouchers, TocsinTrusted, low);
}

/* Of those that are charged to one branch its loudest get in, and whom another branch vouches for.
 */
static void
admit (const Spread *spread, const GArray *candidates, GArray *set)
{
  guint admitted = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      const TocsinTrusted *candidate = &g_array_index (candidates, TocsinTrusted, i);
      const TocsinTrusted *vouched = find_voucher (spread->vouchers, candidate->node);

      if (i > 0 && candidate[-1].branch != candidate->branch)
        admitted = 0;
      if (admitted++ < TOCSIN_TRUSTED_PER_BRANCH)
        g_array_append_val (set, *candidate);
      else if (vouched != NULL)
        g_array_append_val (set, *vouched);
    }
}

/**
 * tocsin_trusted_set_new:
 * @graph: a graph
 * @vouchers: (out) (transfer full) (element-type TocsinTrusted): whom each branch has among its
 *   loudest, at most %TOCSIN_TRUSTED_PER_BRANCH, by node and then the loudest branch first; all of
 *   them are in the set
 *
 * Who is believed (model.md 1): the direct peers, and by what the first three steps of the walks
 * find, %TOCSIN_TRUSTED_PER_BRANCH a branch, so that no peer can bring in a crowd: of those that
 * are charged to it, and of all that it hears. The second, so that no peer can push out whom
 * another brings in.
 *
 * Returns: (transfer full) (element-type TocsinTrusted): the trusted set, direct peers first
 */
GArray *
tocsin_trusted_set_new (const TocsinGraph *graph, GArray **vouchers)
{
  g_auto (Spread) spread = { NULL };
  GArray *set = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));
  g_autoptr (GArray) candidates = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));
  g_autoptr (GArray) admitted = g_array_new (FALSE, FALSE, sizeof (TocsinTrusted));

  spread_init (&spread, graph);
  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      TocsinTrusted direct = { i, i, graph->direct_weight[i] };

      g_array_append_val (set, direct);
      walk_branch (&spread, i);
    }
  for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
    if (spread.sum[x] > 0 && spread.sum[x] >= spread.least)
      {
        TocsinTrusted candidate = { x, spread.charged[x], spread.most[x] };

        g_array_append_val (candidates, candidate);
      }
  g_array_sort_with_data (candidates, compare_candidates, (gpointer) graph);
  g_array_sort (spread.vouchers, compare_vouchers);
  admit (&spread, candidates, admitted);
  g_array_sort_with_data (admitted, compare_candidates, (gpointer) graph);
  g_array_append_vals (set, admitted->data, admitted->len);
  *vouchers = g_steal_pointer (&spread.vouchers);
  return set;
}
