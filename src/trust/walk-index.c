/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/walk-index.h"

#include <math.h>

#define LEAST_WALKS 4096
#define TOTAL_WALKS 65536

/* 0.85^256 is below 1e-18: nobody will miss a walk that is longer. */
#define MAX_STEPS 256

struct _TocsinWalkIndex
{
  const TocsinGraph *graph; /* (unowned) */
  guint32 per_branch;
  GArray *steps;      /* of guint32: nodes, walk after walk, each from its direct peer on */
  guint32 *first;     /* (owned) by walk, and one more: into steps */
  guint32 *met_first; /* (owned) by node, and one more: into met */
  guint32 *met;       /* (owned) walks that come to a node; twice if they come twice */
};

/* Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014. The seed is
 * secret, and what is drawn is never shown. */
static guint64
draw (guint64 *state)
{
  guint64 z = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static double
unit (guint64 *state)
{
  return (double) (draw (state) >> 11) * 0x1p-53;
}

/* Running sums of the weights of every row, so that an edge is drawn by bisection. */
static guint64 *
sum_rows (const TocsinGraph *graph)
{
  guint64 *sums = g_new (guint64, MAX (1, graph->first[graph->n_nodes]));

  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      guint64 sum = 0;

      for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
        sums[e] = sum += graph->edges[e].weight_ppb;
    }
  return sums;
}

/* Where a walk at @x goes if @u in [0, 1) is drawn. */
static guint32
next_node (const TocsinGraph *graph, const guint64 *sums, guint32 x, double u)
{
  guint32 low = graph->first[x];
  guint32 high = graph->first[x + 1];
  double mark = u / graph->pass[x];

  if (low == high || mark >= (double) sums[high - 1])
    return TOCSIN_GRAPH_NO_NODE;
  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if ((double) sums[middle] > mark)
        high = middle;
      else
        low = middle + 1;
    }
  return graph->edges[low].to;
}

/* The first two steps of a branch's walks are spread evenly, from a random start: a lattice with
 * the golden section. Each walk is still drawn from the right distribution, and their mean is
 * nearer to the truth than that of independent ones. */
static double
spread (guint32 step, guint32 j, guint32 m, const double shift[2], guint64 *state)
{
  double ignored;

  if (step == 0)
    return modf ((j + shift[0]) / m, &ignored);
  if (step == 1)
    return modf (j * 0.6180339887498949 + shift[1], &ignored);
  return unit (state);
}

static void
walk_branch (TocsinWalkIndex *self, const guint64 *sums, guint32 peer, guint64 seed)
{
  guint64 state = seed ^ (G_GUINT64_CONSTANT (0xd1342543de82ef95) * (peer + 1));
  double shift[2];

  shift[0] = unit (&state);
  shift[1] = unit (&state);
  for (guint32 j = 0; j < self->per_branch; j++)
    {
      guint32 x = peer;

      self->first[(gsize) peer * self->per_branch + j] = self->steps->len;
      for (guint32 step = 0; step < MAX_STEPS; step++)
        {
          g_array_append_val (self->steps, x);
          x = next_node (self->graph, sums, x, spread (step, j, self->per_branch, shift, &state));
          if (x == TOCSIN_GRAPH_NO_NODE || x < self->graph->n_direct)
            break;
        }
    }
}

static void
invert (TocsinWalkIndex *self)
{
  gsize n_walks = (gsize) self->graph->n_direct * self->per_branch;
  const guint32 *steps = (const guint32 *) (gconstpointer) self->steps->data;
  guint32 n_nodes = self->graph->n_nodes;
  g_autofree guint32 *end = g_new (guint32, MAX (1, n_nodes));

  self->met_first = g_new0 (guint32, (gsize) n_nodes + 1);
  self->met = g_new (guint32, MAX (1, self->steps->len));
  for (guint32 s = 0; s < self->steps->len; s++)
    self->met_first[steps[s] + 1]++;
  for (guint32 x = 0; x < n_nodes; x++)
    {
      self->met_first[x + 1] += self->met_first[x];
      end[x] = self->met_first[x];
    }
  for (gsize walk = 0; walk < n_walks; walk++)
    for (guint32 s = self->first[walk]; s < self->first[walk + 1]; s++)
      self->met[end[steps[s]]++] = (guint32) walk;
}

/**
 * tocsin_walk_index_new:
 * @graph: a graph; must outlive the result
 * @walks_per_branch: m, or 0 for max(4096, 65,536 / direct peers)
 * @seed: secret; the same seed gives the same walks
 *
 * Returns: (transfer full): an index; free it with tocsin_walk_index_free()
 */
TocsinWalkIndex *
tocsin_walk_index_new (const TocsinGraph *graph, guint32 walks_per_branch, guint64 seed)
{
  TocsinWalkIndex *self = g_new0 (TocsinWalkIndex, 1);
  g_autofree guint64 *sums = sum_rows (graph);

  self->graph = graph;
  self->per_branch = walks_per_branch;
  if (walks_per_branch == 0)
    self->per_branch = MAX (LEAST_WALKS, TOTAL_WALKS / MAX (1, graph->n_direct));
  self->steps = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->first = g_new0 (guint32, (gsize) graph->n_direct * self->per_branch + 1);
  for (guint32 i = 0; i < graph->n_direct; i++)
    walk_branch (self, sums, i, seed);
  self->first[(gsize) graph->n_direct * self->per_branch] = self->steps->len;
  invert (self);
  return self;
}

void
tocsin_walk_index_free (TocsinWalkIndex *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->steps);
  g_free (self->first);
  g_free (self->met_first);
  g_free (self->met);
  g_free (self);
}

typedef struct
{
  const TocsinIndexVoice *voices;
  guint32 *voice_of; /* (owned) by node: number of its voice plus one, or 0 */
  guint8 *concerned; /* (owned) by walk: comes to some voice */
  double *loss;      /* (owned) by node: what the present branch loses without it */
  guint32 *seen;     /* (owned) by node: the last walk that came to it, plus one */
  GArray *touched;   /* of guint32: nodes with a loss */
} Evaluation;

static void
evaluation_clear (Evaluation *self)
{
  g_free (self->voice_of);
  g_free (self->concerned);
  g_free (self->loss);
  g_free (self->seen);
  g_clear_pointer (&self->touched, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Evaluation, evaluation_clear)

static void
evaluation_init (Evaluation *self,
                 const TocsinWalkIndex *index,
                 const TocsinIndexVoice *voices,
                 gsize n_voices)
{
  gsize n_nodes = MAX (1, index->graph->n_nodes);

  self->voices = voices;
  self->voice_of = g_new0 (guint32, n_nodes);
  self->loss = g_new0 (double, n_nodes);
  self->seen = g_new0 (guint32, n_nodes);
  self->concerned = g_new0 (guint8, (gsize) index->graph->n_direct * index->per_branch + 1);
  self->touched = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (gsize i = 0; i < n_voices; i++)
    {
      guint32 x = voices[i].node;

      self->voice_of[x] = (guint32) i + 1;
      for (guint32 m = index->met_first[x]; m < index->met_first[x + 1]; m++)
        self->concerned[index->met[m]] = 1;
    }
}

/* The chance that this walk is stopped by a malicious report. What a removal of an actor takes from
 * it is what comes after the walk first meets the actor. */
static double
follow (Evaluation *self, const guint32 *steps, guint32 n_steps, guint32 walk, double weight)
{
  double gains[MAX_STEPS];
  double alive = 1;
  double sum = 0;

  for (guint32 s = 0; s < n_steps; s++)
    {
      guint32 voice = self->voice_of[steps[s]];

      gains[s] = 0;
      if (voice == 0)
        continue;
      if (self->voices[voice - 1].malicious)
        gains[s] = alive * self->voices[voice - 1].strength;
      alive *= 1 - self->voices[voice - 1].strength;
      sum += gains[s];
    }

  double rest = sum;
  for (guint32 s = 0; s < n_steps && rest > 0; s++)
    {
      guint32 x = steps[s];

      if (self->seen[x] != walk + 1)
        {
          if (self->loss[x] == 0)
            g_array_append_val (self->touched, x);
          self->loss[x] += rest * weight;
          self->seen[x] = walk + 1;
        }
      rest -= gains[s];
    }
  return sum * weight;
}

/* Suspicion without each actor, multiplied up branch by branch; a factor of 0 is counted, since it
 * cannot be divided out. */
typedef struct
{
  double *before; /* (owned) by node: product of the factors of branches that it takes from */
  double *after;  /* (owned) the same without it */
  guint32 *zeros; /* (owned) how many in before are 0 */
} Products;

static void
products_clear (Products *self)
{
  g_free (self->before);
  g_free (self->after);
  g_free (self->zeros);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Products, products_clear)

static void
take_losses (Evaluation *self, Products *products, double weight, double branch)
{
  double factor = 1 - weight * branch;

  for (guint32 i = 0; i < self->touched->len; i++)
    {
      guint32 x = g_array_index (self->touched, guint32, i);

      if (factor > 0)
        products->before[x] *= factor;
      else
        products->zeros[x]++;
      products->after[x] *= 1 - weight * MAX (0, branch - self->loss[x]);
      self->loss[x] = 0;
    }
  g_array_set_size (self->touched, 0);
}

/**
 * tocsin_walk_index_evaluate:
 * @voices: one a node
 * @branches: (out): B_i by direct peer, with a standard error of at most √(B(1 − B)/m)
 * @without: (out): by node, the suspicion with it a dead wall
 *
 * Scores many voices at once: only the walks that come to one of them are looked at.
 */
void
tocsin_walk_index_evaluate (const TocsinWalkIndex *self,
                            const TocsinIndexVoice *voices,
                            gsize n_voices,
                            double *branches,
                            double *without)
{
  const TocsinGraph *graph = self->graph;
  g_auto (Evaluation) evaluation = { NULL };
  g_auto (Products)
      products = { g_new (double, MAX (1, graph->n_nodes)), g_new (double, MAX (1, graph->n_nodes)),
                   g_new0 (guint32, MAX (1, graph->n_nodes)) };
  const guint32 *steps = (const guint32 *) (gconstpointer) self->steps->data;
  double product = 1;
  guint32 zeros = 0;

  evaluation_init (&evaluation, self, voices, n_voices);
  for (guint32 x = 0; x < graph->n_nodes; x++)
    products.before[x] = products.after[x] = 1;

  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      double factor;

      branches[i] = 0;
      for (guint32 walk = i * self->per_branch; walk < (i + 1) * self->per_branch; walk++)
        if (evaluation.concerned[walk])
          branches[i] +=
              follow (&evaluation, steps + self->first[walk],
                      self->first[walk + 1] - self->first[walk], walk, 1.0 / self->per_branch);
      branches[i] = MIN (branches[i], 1.0);
      take_losses (&evaluation, &products, graph->direct_weight[i], branches[i]);
      factor = 1 - graph->direct_weight[i] * branches[i];
      if (factor > 0)
        product *= factor;
      else
        zeros++;
    }
  for (guint32 x = 0; x < graph->n_nodes; x++)
    without[x] = zeros > products.zeros[x]
                     ? 1
                     : 1 - MIN (1, product / products.before[x] * products.after[x]);
}
