/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/appleseed.h"

#include <math.h>

/* A sweep takes at least the share 1 − d of what is missing: 2,000 get from 1 to below 1e-140.
 * Only a residual smaller than a double can tell apart from nothing gets near the limit. */
#define MAX_SWEEPS 2000

/* From this share of the residual on it is worth the time to balance it. */
#define LOPSIDED 0.1

/* After so many sweeps plain ones go on, whose convergence needs no graph to be ordinary. */
#define MAX_BALANCED 64

static double
total_direct_weight (const TocsinGraph *graph)
{
  double total = 0;

  for (guint32 i = 0; i < graph->n_direct; i++)
    total += graph->direct_weight[i];
  return total;
}

/* Everybody hands on what is missing, over the own row. */
static void
hand_on (double *y, double *missing, const TocsinGraph *graph)
{
  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      double portion = missing[x];
      double share = portion * graph->pass[x];

      missing[x] = 0;
      y[x] += portion;
      for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
        missing[graph->edges[e].to] += share * graph->edges[e].weight_ppb;
    }
}

/* Multiplies y so that what is missing adds up to 0. With r missing, (I − d·Qᵀ)·y = p − r, so y
 * times a leaves p − a·(p − r), and no edge is read. What is left is nearly free of the slowest
 * mode, whose shape is that of a sum, since nearly the same share of each row goes on. This is
 * aggregation with one group: Stewart, "Introduction to the Numerical Solution of Markov Chains"
 * (1994), chapter 6. */
static void
balance (double *y, double *missing, const TocsinGraph *graph, double total, double sum)
{
  double a = 1 / (1 - sum);

  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      y[x] *= a;
      missing[x] *= a;
    }
  for (guint32 i = 0; i < graph->n_direct; i++)
    missing[i] += (1 - a) * graph->direct_weight[i] / total;
}

/**
 * tocsin_appleseed_solve:
 * @self: (out caller-allocates): the solution; clear it with tocsin_appleseed_clear()
 * @graph: a graph
 * @residual: when to stop, normally %TOCSIN_APPLESEED_RESIDUAL
 *
 * Solves Y = p + d·QᵀY by Gauss–Seidel in breadth-first order. An actor that receives something
 * hands it on over its own row at once. That is the usual sweep over in-edges term by term, with
 * one difference: what has not been handed on yet is the residual, exactly, and no second copy of
 * the graph is needed.
 *
 * See Ziegler & Lausen, "Propagation models for trust and distrust in social networks",
 * Inf. Syst. Frontiers 7 (2005), whose back edges to the source make the fixed point linear.
 */
void
tocsin_appleseed_solve (TocsinAppleseed *self, const TocsinGraph *graph, double residual)
{
  g_autofree double *missing = g_new0 (double, MAX (1, graph->n_nodes));
  double total = total_direct_weight (graph);

  *self = (TocsinAppleseed){ .y = g_new0 (double, MAX (1, graph->n_nodes)) };
  for (guint32 i = 0; i < graph->n_direct; i++)
    missing[i] = graph->direct_weight[i] / total;
  self->residual = graph->n_direct > 0 ? 1 : 0;

  while (self->residual > residual && self->sweeps < MAX_SWEEPS)
    {
      double sum = 0;

      hand_on (self->y, missing, graph);
      self->residual = 0;
      for (guint32 x = 0; x < graph->n_nodes; x++)
        {
          sum += missing[x];
          self->residual += fabs (missing[x]);
        }
      self->sweeps++;
      if (self->residual > residual && self->sweeps < MAX_BALANCED &&
          fabs (sum) > LOPSIDED * self->residual && sum < 0.5)
        balance (self->y, missing, graph, total, sum);
    }
  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      self->y[x] = MAX (0, self->y[x]); /* balanced, it may be below by less than the residual */
      self->sum += self->y[x];
    }
}

/**
 * tocsin_appleseed_sweep:
 * @self: (out caller-allocates): the ranks; clear it with tocsin_appleseed_clear()
 * @graph: a graph
 * @energy: what the source puts in, normally %TOCSIN_APPLESEED_ENERGY
 * @tc: stop when no rank changed by more than this
 *
 * Appleseed as it was published, for comparison: rank by rank, all at once, with the stop rule of
 * the paper. That rule leaves some of the energy on the way, and ends at the third sweep on a star
 * with most of it not given out. The source keeps nothing.
 */
void
tocsin_appleseed_sweep (TocsinAppleseed *self, const TocsinGraph *graph, double energy, double tc)
{
  g_autofree double *in = g_new0 (double, MAX (1, graph->n_nodes));
  g_autofree double *next = g_new0 (double, MAX (1, graph->n_nodes));
  double total = total_direct_weight (graph) + graph->source_loop;
  double source = energy;

  *self = (TocsinAppleseed){ .y = g_new0 (double, MAX (1, graph->n_nodes)) };
  do
    {
      double back = 0;

      self->residual = 0;
      for (guint32 x = 0; x < graph->n_nodes; x++)
        {
          double gain = (1 - TOCSIN_TRUST_DAMPING) * in[x];
          double share = in[x] * graph->pass[x];

          self->y[x] += gain;
          self->residual = MAX (self->residual, gain);
          for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
            next[graph->edges[e].to] += share * graph->edges[e].weight_ppb;
          back += share * TOCSIN_TRUST_WEIGHT_ONE;
          in[x] = 0;
        }
      for (guint32 i = 0; i < graph->n_direct; i++)
        next[i] += source * graph->direct_weight[i] / total;
      source = back + (total > 0 ? source * graph->source_loop / total : 0);

      double *swap = g_steal_pointer (&in);
      in = g_steal_pointer (&next);
      next = swap;
      self->sweeps++;
    }
  while (self->sweeps < 2 || (self->residual > tc && self->sweeps < MAX_SWEEPS));

  for (guint32 x = 0; x < graph->n_nodes; x++)
    self->sum += self->y[x];
}

/**
 * tocsin_appleseed_rank:
 *
 * Returns: the rank of @node: its part of %TOCSIN_APPLESEED_ENERGY. Others can lower it; they
 *   cannot lower y
 */
double
tocsin_appleseed_rank (const TocsinAppleseed *self, guint32 node)
{
  return self->sum > 0 ? TOCSIN_APPLESEED_ENERGY * self->y[node] / self->sum : 0;
}

void
tocsin_appleseed_clear (TocsinAppleseed *self)
{
  g_clear_pointer (&self->y, g_free);
}
