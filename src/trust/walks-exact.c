/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/walks-exact.h"

#include <math.h>
#include <string.h>

/* The arithmetic, for k voices R of actors that are no direct peers, with N from columns.h:
 *
 *   K = N_RR + diag(1/r − 1)          one factorisation for all branches
 *   g = K⁻¹·m                         h(x) = N[x, R]·g: malicious before any direct peer
 *   B_i = r_i·m_i + (1 − r_i)·h(i)    with h(i) after the first step
 *
 * K is an inverse M-matrix plus a diagonal, so it is factored without pivoting. Actor v as a dead
 * wall is a subtraction, h(i) − f_i·h(v), where f_i is the chance to come to v unstopped. */

/* What a probe of actor v needs to know of it. */
typedef struct
{
  const double *to_voices;   /* k: N[v, R] */
  const double *from_voices; /* k: N[R, v] */
  const double *from_direct; /* n_direct: N[i, v] */
  double self;               /* N[v, v] */
  guint32 voice;             /* its place among the voices, or k */
} Probe;

/* Slots in a row, for the vector unit. */
#define SLOTS_AT_ONCE 16

static void
decompose (double *lu, guint32 k)
{
  for (guint32 p = 0; p < k; p++)
    {
      const double *pivot = &lu[(gsize) p * k];

      for (guint32 row = p + 1; row < k; row++)
        {
          double *at = &lu[(gsize) row * k];
          double factor = at[p] / pivot[p];

          at[p] = factor;
          for (guint32 col = p + 1; col < k; col++)
            at[col] -= factor * pivot[col];
        }
    }
}

/* Overwrites @x with lu⁻¹·x. */
static void
solve (const double *lu, guint32 k, double *x)
{
  for (guint32 row = 1; row < k; row++)
    for (guint32 p = 0; p < row; p++)
      x[row] -= lu[(gsize) row * k + p] * x[p];
  for (guint32 row = k; row-- > 0;)
    {
      for (guint32 p = row + 1; p < k; p++)
        x[row] -= lu[(gsize) row * k + p] * x[p];
      x[row] /= lu[(gsize) row * k + row];
    }
}

static double
dot (const double *a, const double *b, guint32 n)
{
  double sum = 0;

  for (guint32 i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

/* out −= xᵀ·A, A being k × n. */
static void
subtract_product (const double *x, const double *a, guint32 k, guint32 n, double *restrict out)
{
  for (guint32 row = 0; row < k; row++)
    for (guint32 col = 0; col < n; col++)
      out[col] -= x[row] * a[(gsize) row * n + col];
}

static double
branch_value (const TocsinExact *self, guint32 i, double hit)
{
  double value = self->r_direct[i] * self->m_direct[i] + (1 - self->r_direct[i]) * hit;

  return CLAMP (value, 0.0, 1.0);
}

static void
place_arrays (TocsinExact *self)
{
  gsize n = self->n_direct;
  gsize k = self->k;
  gsize n_numbers = 5 * n + 6 * k + k * k + k * n;
  /* The columns and slots of the voices stand behind the numbers, a number's room each. */
  gsize n_all = n_numbers + 2 * k;
  double *at = self->fixed;
  double **const by_peer[] = { &self->r_direct, &self->m_direct, &self->hit, &self->branch };

  G_STATIC_ASSERT (sizeof (double) >= sizeof (const TocsinColumn *));
  if (n_all > G_N_ELEMENTS (self->fixed))
    {
      self->heap = g_malloc_n (n_all, sizeof (double));
      at = (double *) (gpointer) self->heap;
    }
  self->of = (const TocsinColumn **) (gpointer) (at + n_numbers);
  self->slot = (guint32 *) (gpointer) (at + n_numbers + k);
  memset (at, 0, sizeof (double) * 4 * n);
  for (gsize i = 0; i < G_N_ELEMENTS (by_peer); i++, at += n)
    *by_peer[i] = at;
  self->strength = at;
  self->m = at + k;
  self->g = at + 2 * k;
  self->lu = at + 3 * k;
  self->from = self->lu + k * k;
  self->spare = self->from + k * n;
}

static void
read_voices (TocsinExact *self, const TocsinExactVoice *voices, gsize n_voices)
{
  guint32 b = 0;

  for (gsize i = 0; i < n_voices; i++)
    {
      const TocsinExactVoice *voice = &voices[i];

      if (voice->slot < self->n_direct)
        {
          self->r_direct[voice->slot] = voice->strength;
          self->m_direct[voice->slot] = voice->malicious ? 1 : 0;
          continue;
        }
      self->slot[b] = voice->slot;
      self->strength[b] = voice->strength;
      self->m[b++] = voice->malicious ? 1 : 0;
    }
  tocsin_columns_prepare (self->columns, self->slot, self->k);
  for (b = 0; b < self->k; b++)
    self->of[b] = tocsin_columns_get (self->columns, self->slot[b]);
}

static void
solve_branches (TocsinExact *self)
{
  gsize n = self->n_direct;
  guint32 k = self->k;

  for (guint32 row = 0; row < k; row++)
    {
      for (guint32 col = 0; col < k; col++)
        self->lu[(gsize) row * k + col] = self->of[col]->n[self->slot[row]];
      self->lu[(gsize) row * k + row] += 1 / self->strength[row] - 1;
      memcpy (&self->from[row * n], self->of[row]->n, sizeof (double) * n);
      self->g[row] = self->m[row];
    }
  decompose (self->lu, k);
  solve (self->lu, k, self->g);

  self->product = 1;
  for (guint32 row = 0; row < k; row++)
    for (guint32 i = 0; i < self->n_direct; i++)
      self->hit[i] += self->from[row * n + i] * self->g[row];
  for (guint32 i = 0; i < self->n_direct; i++)
    {
      self->branch[i] = branch_value (self, i, self->hit[i]);
      self->product *= 1 - self->columns->graph->direct_weight[i] * self->branch[i];
    }
}

/**
 * tocsin_exact_init:
 * @self: (out caller-allocates): clear it with tocsin_exact_clear()
 * @voices: one a slot
 *
 * Solves the branches. Takes columns that are missing from @columns on the way.
 */
void
tocsin_exact_init (TocsinExact *self,
                   TocsinColumns *columns,
                   const TocsinExactVoice *voices,
                   gsize n_voices)
{
  self->columns = columns;
  self->solves = tocsin_columns_affordable (columns);
  self->n_direct = columns->graph->n_direct;
  self->k = 0;
  self->heap = NULL;
  for (gsize i = 0; i < n_voices; i++)
    self->k += voices[i].slot >= self->n_direct ? 1 : 0;
  place_arrays (self);
  read_voices (self, voices, n_voices);
  solve_branches (self);
}

void
tocsin_exact_clear (TocsinExact *self)
{
  g_clear_pointer (&self->heap, g_free);
}

static double
without_direct (const TocsinExact *self, guint32 peer)
{
  const double *weight = self->columns->graph->direct_weight;
  double factor = 1 - weight[peer] * self->branch[peer];
  double product = 1;

  if (factor > 0.01)
    return 1 - self->product / factor;
  for (guint32 i = 0; i < self->n_direct; i++)
    if (i != peer)
      product *= 1 - weight[i] * self->branch[i];
  return 1 - product;
}

static double
without_probe (TocsinExact *self, const Probe *probe)
{
  const double *weight = self->columns->graph->direct_weight;
  guint32 n = self->n_direct;
  guint32 k = self->k;
  double *come = self->spare; /* n: chance to come to v */
  double *stopped = self->spare + n;
  double product = 1;

  memcpy (stopped, probe->from_voices, sizeof (double) * k);
  if (probe->voice < k)
    stopped[probe->voice] -= 1;
  solve (self->lu, k, stopped);
  memcpy (come, probe->from_direct, sizeof (double) * n);
  subtract_product (stopped, self->from, k, n, come);

  double again = 1 / (probe->self - dot (probe->to_voices, stopped, k));
  double hit = dot (probe->to_voices, self->g, k) * again;

  for (guint32 i = 0; i < n; i++)
    {
      double value = branch_value (self, i, self->hit[i] - come[i] * hit);

      product *= 1 - weight[i] * MIN (value, self->branch[i]);
    }
  return 1 - product;
}

/* v has a row in the columns. */
static double
without_slot (TocsinExact *self, guint32 slot)
{
  const TocsinColumn *column = tocsin_columns_get (self->columns, slot);
  double *to = self->spare + self->n_direct + self->k;
  double *from = to + self->k;
  Probe probe = { .to_voices = to,
                  .from_voices = from,
                  .from_direct = column->n,
                  .self = column->n[slot],
                  .voice = self->k };

  for (guint32 b = 0; b < self->k; b++)
    {
      to[b] = self->of[b]->n[slot];
      from[b] = column->n[self->slot[b]];
      if (self->slot[b] == slot)
        probe.voice = b;
    }
  return without_probe (self, &probe);
}

/* v has none, or there is no room for its column: a solve for who comes to it and one for where it
 * leads. */
static double
without_stranger (TocsinExact *self, guint32 node)
{
  const TocsinGraph *graph = self->columns->graph;
  g_autofree double *column = tocsin_columns_solve (graph, node);
  g_autofree double *start = g_new0 (double, graph->n_nodes);
  g_autofree double *visits = g_new (double, graph->n_nodes);
  double *to = self->spare + self->n_direct + self->k;
  double *from = to + self->k;
  Probe probe = { .to_voices = to,
                  .from_voices = from,
                  .from_direct = column,
                  .self = column[node],
                  .voice = self->k };

  start[node] = 1;
  tocsin_columns_forward (graph, start, visits);
  for (guint32 b = 0; b < self->k; b++)
    {
      to[b] = visits[self->columns->node_of[self->slot[b]]];
      from[b] = column[self->columns->node_of[self->slot[b]]];
    }
  return without_probe (self, &probe);
}

/* Whether the column of @slot is not there, and is not to be kept if it is solved. */
static gboolean
is_left_out (const TocsinColumns *columns, guint32 slot)
{
  return tocsin_columns_is_missing (columns, slot) && tocsin_columns_is_full (columns);
}

static gboolean
take_solves (TocsinExact *self, gsize n)
{
  if (self->solves < n)
    return FALSE;
  self->solves -= n;
  return TRUE;
}

/* %TRUE if the column of @slot is there, or the budget has it. */
static gboolean
may_try (TocsinExact *self, guint32 slot)
{
  return !tocsin_columns_is_missing (self->columns, slot) ||
         take_solves (self, is_left_out (self->columns, slot) ? 2 : 1);
}

/**
 * tocsin_exact_may_try:
 * @node: a node of the graph
 *
 * Returns: %FALSE if tocsin_exact_without() has to solve more for @node than @solves; else that is
 *   paid for
 */
gboolean
tocsin_exact_may_try (TocsinExact *self, guint32 node)
{
  guint32 slot = self->columns->slot_of[node];

  if (node < self->n_direct)
    return TRUE;
  return slot != TOCSIN_COLUMNS_NO_SLOT ? may_try (self, slot) : take_solves (self, 2);
}

/**
 * tocsin_exact_without:
 * @node: a node of the graph
 *
 * Returns: the suspicion with @node a dead wall
 */
double
tocsin_exact_without (TocsinExact *self, guint32 node)
{
  guint32 slot = self->columns->slot_of[node];

  if (node < self->n_direct)
    return without_direct (self, node);
  if (slot != TOCSIN_COLUMNS_NO_SLOT && !is_left_out (self->columns, slot))
    return without_slot (self, slot);
  return without_stranger (self, node);
}

/* The search for the smallest suspicion without an actor v. Product^v ≤ product·exp(bound), bound =
 * Σ t_i·F_i(v)·h_i(v) / (1 − t_i·B_i) ≤ slope·reach(v)·h(v): whoever can do no better than the best
 * so far by that is passed over. */
typedef struct
{
  TocsinExact *state;
  double slope;  /* the largest (1 − r_i) / (1 − t_i·B_i) */
  double enough; /* a bound up to this excludes: log ((1 − best) / product) */
  double best;
  guint32 node;
  double most; /* that is heard at a node in question */
} Search;

static void
search_set_best (Search *self, double best)
{
  self->best = best;
  self->enough = self->state->product > 0 ? log ((1 - best) / self->state->product) : G_MAXDOUBLE;
}

static void
search_init (Search *self, TocsinExact *state)
{
  *self = (Search){ .state = state, .best = G_MAXDOUBLE, .enough = -1, .most = 1 };
  for (guint32 i = 0; i < state->n_direct; i++)
    {
      double passes = 1 - state->r_direct[i];
      double left = 1 - state->columns->graph->direct_weight[i] * state->branch[i];

      if (passes > 0)
        self->slope = MAX (self->slope, passes / left);
    }
}

static void
search_try (Search *self, guint32 node)
{
  double value = tocsin_exact_without (self->state, node);

  if (value >= self->best)
    return;
  self->node = node;
  search_set_best (self, value);
}

/* Nothing excludes one, so what does is worked out once, for the best of them. */
static void
try_direct (Search *self)
{
  double best = self->best;

  for (guint32 i = 0; i < self->state->n_direct; i++)
    {
      double value = tocsin_exact_without (self->state, i);

      if (value >= best)
        continue;
      best = value;
      self->node = i;
    }
  if (self->state->n_direct > 0)
    search_set_best (self, best);
  else
    self->best = 0;
}

/* Whether a removal with no more than @bound cannot be better than the best. */
static gboolean
search_excludes (const Search *self, double bound)
{
  return bound <= self->enough;
}

/* Nobody looked closer at those with @bound: they are taken to take away all that they might. So
 * the minimum may come out too low, and a verdict too mild, but never the other way round. */
static void
search_assume_worst (Search *self, double bound)
{
  search_set_best (self, CLAMP (1 - self->state->product * exp (bound), 0, self->best));
}

static double
bound_of (const Search *self, double reach, double hit)
{
  return self->slope * reach * CLAMP (hit, 0.0, self->most);
}

static gboolean
is_voice (const TocsinExact *state, guint32 slot)
{
  for (guint32 b = 0; b < state->k; b++)
    if (state->slot[b] == slot)
      return TRUE;
  return FALSE;
}

static void
try_voices (Search *self)
{
  const TocsinExact *state = self->state;

  for (guint32 b = 0; b < state->k; b++)
    {
      guint32 node = state->columns->node_of[state->slot[b]];
      double hit = 0;

      for (guint32 c = 0; c < state->k; c++)
        hit += state->of[c]->n[state->slot[b]] * state->g[c];
      if (!search_excludes (self, bound_of (self, state->columns->reach[node], hit)))
        search_try (self, node);
    }
}

/* h at @n slots from @slot on. */
static void
hear (const TocsinExact *state, guint32 slot, guint32 n, double hit[SLOTS_AT_ONCE])
{
  memset (hit, 0, sizeof *hit * SLOTS_AT_ONCE);
  for (guint32 b = 0; b < state->k; b++)
    for (guint32 i = 0; i < n; i++)
      hit[i] += state->of[b]->n[slot + i] * state->g[b];
}

/* Calls @func for each slot that @self does not exclude, in order of reach, with its bound, until
 * it returns %FALSE. */
static gboolean
foreach_slot (Search *self,
              gboolean (*func) (Search *self, guint32 slot, double bound, gpointer data),
              gpointer data)
{
  const TocsinColumns *columns = self->state->columns;
  double hit[SLOTS_AT_ONCE];

  for (guint32 slot = columns->graph->n_direct; slot < columns->n_slots; slot += SLOTS_AT_ONCE)
    {
      const guint32 end = MIN (slot + SLOTS_AT_ONCE, columns->n_slots);

      if (search_excludes (self, bound_of (self, columns->reach[columns->node_of[slot]], 1)))
        return TRUE;
      hear (self->state, slot, end - slot, hit);
      for (guint32 heard = slot; heard < end; heard++)
        {
          double bound =
              bound_of (self, columns->reach[columns->node_of[heard]], hit[heard - slot]);

          if (!search_excludes (self, bound) && !func (self, heard, bound, data))
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
try_slot (Search *self, guint32 slot, double bound, gpointer data)
{
  if (is_voice (self->state, slot))
    return TRUE;
  if (may_try (self->state, slot))
    search_try (self, self->state->columns->node_of[slot]);
  else
    search_assume_worst (self, bound);
  return TRUE;
}

/* What any one node with a row that is no voice (or, @strangers, one without) can take away at
 * most. */
static double
bound_all (const Search *self, gboolean strangers)
{
  const TocsinExact *state = self->state;
  double sum = 0;

  for (guint32 b = 0; b < state->k; b++)
    sum += MAX (0, state->g[b]) * (strangers ? state->of[b]->outside : state->of[b]->inside);
  return self->slope * sum;
}

/* The malicious reports as they are heard at every node, direct peers being walls. */
static double *
hear_everywhere (const TocsinExact *state)
{
  const TocsinColumns *columns = state->columns;
  gsize n = columns->graph->n_nodes;
  g_autofree double *stop = g_new0 (double, n);
  g_autofree double *gain = g_new0 (double, n);
  double *h = g_new0 (double, n);

  for (guint32 b = 0; b < state->k; b++)
    {
      guint32 node = columns->node_of[state->slot[b]];

      stop[node] = state->strength[b];
      gain[node] = state->strength[b] * state->m[b];
    }
  tocsin_columns_backward (columns->graph, stop, gain, h);
  return h;
}

/* Rare: an actor without a row may be the one. Those that could are tried, the likeliest first, as
 * far as the budget goes. */
static void
try_strangers (Search *self)
{
  const TocsinColumns *columns = self->state->columns;
  guint32 n_direct = columns->graph->n_direct;
  g_autofree double *bounds = NULL;

  if (search_excludes (self, bound_all (self, TRUE)))
    return;
  if (self->state->solves == 0)
    {
      search_assume_worst (self, bound_all (self, TRUE));
      return;
    }
  bounds = hear_everywhere (self->state);
  self->state->solves--;
  for (guint32 x = n_direct; x < columns->graph->n_nodes; x++)
    bounds[x] = columns->slot_of[x] == TOCSIN_COLUMNS_NO_SLOT
                    ? bound_of (self, columns->reach[x], bounds[x])
                    : 0;
  while (TRUE)
    {
      guint32 next = n_direct;

      for (guint32 x = n_direct + 1; x < columns->graph->n_nodes; x++)
        if (bounds[x] > bounds[next])
          next = x;
      if (search_excludes (self, bounds[next]))
        return;
      if (self->state->solves < 2)
        {
          search_assume_worst (self, bounds[next]);
          return;
        }
      self->state->solves -= 2;
      search_try (self, next);
      bounds[next] = 0;
    }
}

/**
 * tocsin_exact_minimum:
 * @node: (out) (optional): the actor whose removal gives the minimum
 *
 * Returns: S_loo: the least suspicion with a single actor v made a dead wall
 */
double
tocsin_exact_minimum (TocsinExact *self, guint32 *node)
{
  Search search;

  search_init (&search, self);
  try_direct (&search);
  if (self->k > 0)
    {
      try_voices (&search);
      /* At a voice all of 1 may be heard; anywhere else a step has yet to be taken. */
      search.most = TOCSIN_TRUST_DAMPING;
      if (!search_excludes (&search, bound_all (&search, FALSE)))
        foreach_slot (&search, try_slot, NULL);
      try_strangers (&search);
    }
  if (node != NULL)
    *node = search.node;
  return search.best;
}

typedef struct
{
  TocsinExactFunc func;
  gpointer data;
} Below;

static gboolean
pass_if_below (Search *self, guint32 slot, double bound, gpointer data)
{
  const Below *below = data;
  guint32 node = self->state->columns->node_of[slot];

  if (may_try (self->state, slot) && tocsin_exact_without (self->state, node) >= self->best)
    return TRUE;
  return below->func (node, below->data);
}

/**
 * tocsin_exact_foreach_below:
 * @least: at most the suspicion
 *
 * Calls @func with each node without which the suspicion is below @least, until it returns %FALSE.
 *
 * Returns: %FALSE if @func did, or if there may be such a node that has no row in the columns
 */
gboolean
tocsin_exact_foreach_below (TocsinExact *self, double least, TocsinExactFunc func, gpointer data)
{
  Below below = { func, data };
  Search search;

  search_init (&search, self);
  search_set_best (&search, least);
  for (guint32 i = 0; i < self->n_direct; i++)
    if (tocsin_exact_without (self, i) < least && !func (i, data))
      return FALSE;
  if (self->k == 0)
    return TRUE;
  return foreach_slot (&search, pass_if_below, &below) &&
         search_excludes (&search, bound_all (&search, TRUE));
}
