/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/columns.h"

#include <math.h>
#include <string.h>

/* Leaves an error of at most PRECISION / (1 − d) in a column, well below the 1e-9 that the
 * reference vectors ask for. */
#define PRECISION  1e-13
#define MAX_SWEEPS 2000

/* Beside the believed actors, so many of the most visited have a row: who may be the one whose
 * removal hurts most is nearly always among them, and then needs no solve. */
#define LEAST_SLOTS 1024

/* Columns solved in one go: each edge is read once for all of them. With a million nodes fewer, for
 * the memory that they take meanwhile. */
#define LANES          16
#define LANES_IF_MANY  4
#define MANY_NODES     250000
#define COLUMNS_A_TURN LANES /* of tocsin_columns_warm() */

/* Memory that columns prepared in advance may take: those most reached are worth having. */
#define WARM_MAX_BYTES (TOCSIN_COLUMNS_MAX_BYTES / 2)

/**
 * tocsin_columns_backward:
 * @graph: a graph
 * @stop: (nullable): by node, the chance that a walk ends on arrival
 * @gain: by node, what is added on arrival
 * @h: (inout): by node; 0 for direct peers, which are walls, and anything to begin with for others
 *
 * Solves h(x) = gain(x) + (1 − stop(x))·d·Σ Q_xu h(u) at every node that is no direct peer. The
 * far ones come first, since what they are worth is what the near ones look at.
 */
void
tocsin_columns_backward (const TocsinGraph *graph,
                         const double *stop,
                         const double *gain,
                         double *h)
{
  double change = G_MAXDOUBLE;

  for (int sweep = 0; change > PRECISION && sweep < MAX_SWEEPS; sweep++)
    {
      change = 0;
      for (guint32 x = graph->n_nodes; x-- > graph->n_direct;)
        {
          double sum = 0;

          for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
            sum += h[graph->edges[e].to] * graph->edges[e].weight_ppb;
          sum *= graph->pass[x];
          if (stop != NULL)
            sum *= 1 - stop[x];
          sum += gain[x];
          change = MAX (change, fabs (sum - h[x]));
          h[x] = sum;
        }
    }
}

static void
hand_on (const TocsinGraph *graph, guint32 x, double portion, double *to)
{
  double share = portion * graph->pass[x];

  if (portion > 0)
    for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
      to[graph->edges[e].to] += share * graph->edges[e].weight_ppb;
}

/**
 * tocsin_columns_forward:
 * @graph: a graph
 * @start: (inout): by node, how many walks start there; used up
 * @visits: (out): by node, how many come there, their start included; a direct peer is a wall,
 *   except to those that start at it
 *
 * Solves visits = start + d·Qᵀ·visits, with walls.
 */
void
tocsin_columns_forward (const TocsinGraph *graph, double *start, double *visits)
{
  double left = G_MAXDOUBLE;

  memset (visits, 0, sizeof *visits * graph->n_nodes);
  memcpy (visits, start, sizeof *visits * graph->n_direct);
  memset (start, 0, sizeof *start * graph->n_direct);
  for (guint32 i = 0; i < graph->n_direct; i++)
    hand_on (graph, i, visits[i], start);

  for (int sweep = 0; left > PRECISION && sweep < MAX_SWEEPS; sweep++)
    {
      left = 0;
      for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
        {
          double portion = start[x];

          start[x] = 0;
          visits[x] += portion;
          hand_on (graph, x, portion, start);
        }
      for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
        left += start[x];
    }
  for (guint32 i = 0; i < graph->n_direct; i++)
    visits[i] += start[i];
}

/**
 * tocsin_columns_solve:
 * @b: a node that is no direct peer
 *
 * Returns: (transfer full): N[·, @b] at all nodes, as in #TocsinColumn; free it with g_free()
 */
double *
tocsin_columns_solve (const TocsinGraph *graph, guint32 b)
{
  g_autofree double *h = g_new0 (double, graph->n_nodes);
  g_autofree double *gain = g_new0 (double, graph->n_nodes);
  g_autofree double *stepped = g_new0 (double, MAX (1, graph->n_direct));

  gain[b] = 1;
  tocsin_columns_backward (graph, NULL, gain, h);
  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      for (guint32 e = graph->first[i]; e < graph->first[i + 1]; e++)
        stepped[i] += h[graph->edges[e].to] * graph->edges[e].weight_ppb;
      stepped[i] *= graph->pass[i];
    }
  memcpy (h, stepped, sizeof *h * graph->n_direct);
  return g_steal_pointer (&h);
}

/* Columns that are solved in one go; the numbers of a node lie together. */
typedef struct
{
  double *h;            /* (unowned) n_nodes × lanes */
  guint32 b[LANES];     /* whose columns they are */
  double change[LANES]; /* in the last sweep */
} Lanes;

/* One sweep of tocsin_columns_backward(). A column that is done stays as it is, so that it comes
 * out the same to the last bit, whichever others it is solved with. Inlined for each number of
 * lanes, for the vector unit. */
static inline gboolean
sweep_lanes (Lanes *self, const TocsinGraph *graph, const guint lanes)
{
  double *restrict h = self->h;
  gboolean live[LANES];
  gboolean any = FALSE;

  for (guint l = 0; l < lanes; l++)
    {
      live[l] = self->change[l] > PRECISION;
      any = any || live[l];
      self->change[l] = 0;
    }
  for (guint32 x = graph->n_nodes; any && x-- > graph->n_direct;)
    {
      double sum[LANES] = { 0 };
      double *at = &h[(gsize) x * lanes];

      for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
        {
          const double *from = &h[(gsize) graph->edges[e].to * lanes];
          double weight = graph->edges[e].weight_ppb;

          for (guint l = 0; l < lanes; l++)
            sum[l] += from[l] * weight;
        }
      for (guint l = 0; l < lanes; l++)
        if (live[l])
          {
            sum[l] = sum[l] * graph->pass[x] + (self->b[l] == x ? 1 : 0);
            self->change[l] = MAX (self->change[l], fabs (sum[l] - at[l]));
            at[l] = sum[l];
          }
    }
  return any;
}

static gboolean
sweep_some (Lanes *self, const TocsinGraph *graph, guint lanes)
{
  switch (lanes)
    {
    case 1:
      return sweep_lanes (self, graph, 1);
    case LANES_IF_MANY:
      return sweep_lanes (self, graph, LANES_IF_MANY);
    default:
      return sweep_lanes (self, graph, LANES);
    }
}

static int
compare_reach (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const double *reach = user_data;
  guint32 x = *(const guint32 *) a;
  guint32 y = *(const guint32 *) b;

  if (reach[x] != reach[y])
    return reach[x] > reach[y] ? -1 : 1;
  return (x > y) - (x < y);
}

static void
measure_reach (TocsinColumns *self)
{
  const TocsinGraph *graph = self->graph;
  g_autofree double *start = g_new0 (double, MAX (1, graph->n_nodes));

  memcpy (start, graph->direct_weight, sizeof *start * graph->n_direct);
  tocsin_columns_forward (graph, start, self->reach);
  for (guint32 i = 0; i < graph->n_direct; i++)
    self->reach[i] = 0;
}

static void
choose_slots (TocsinColumns *self, const guint32 *believed, gsize n_believed)
{
  const TocsinGraph *graph = self->graph;
  guint32 n_far = graph->n_nodes - graph->n_direct;
  g_autofree guint32 *order = g_new (guint32, MAX (1, n_far));
  g_autofree guint8 *counts = g_new0 (guint8, MAX (1, graph->n_nodes));
  guint32 left = LEAST_SLOTS;

  for (gsize i = 0; i < n_believed; i++)
    if (tocsin_graph_node (graph, believed[i]) != TOCSIN_GRAPH_NO_NODE)
      counts[graph->node_of[believed[i]]] = 1;
  for (guint32 i = 0; i < n_far; i++)
    order[i] = graph->n_direct + i;
  g_qsort_with_data (order, (int) n_far, sizeof *order, compare_reach, self->reach);

  self->slot_of = g_new (guint32, MAX (1, graph->n_nodes));
  self->node_of = g_new (guint32, MAX (1, graph->n_nodes));
  self->believed = g_new (guint8, MAX (1, graph->n_nodes));
  for (guint32 i = 0; i < graph->n_nodes; i++)
    {
      guint32 x = i < graph->n_direct ? i : order[i - graph->n_direct];

      self->slot_of[x] = TOCSIN_COLUMNS_NO_SLOT;
      if (x >= graph->n_direct && !counts[x] && left == 0)
        continue;
      if (x >= graph->n_direct && !counts[x])
        left--;
      self->slot_of[x] = self->n_slots;
      self->believed[self->n_slots] = x < graph->n_direct || counts[x];
      self->node_of[self->n_slots++] = x;
    }
}

/**
 * tocsin_columns_new:
 * @graph: a graph; must outlive the result
 * @believed: actor numbers of those whose reports count
 *
 * Solves once for what walks visit most; columns come when they are asked for. Meant for the
 * compute thread.
 *
 * Returns: (transfer full): a table; free it with tocsin_columns_free()
 */
TocsinColumns *
tocsin_columns_new (const TocsinGraph *graph, const guint32 *believed, gsize n_believed)
{
  TocsinColumns *self = g_new0 (TocsinColumns, 1);

  self->graph = graph;
  self->reach = g_new0 (double, MAX (1, graph->n_nodes));
  measure_reach (self);
  choose_slots (self, believed, n_believed);
  self->columns = g_new0 (TocsinColumn *, MAX (1, self->n_slots));
  return self;
}

void
tocsin_columns_free (TocsinColumns *self)
{
  if (self == NULL)
    return;
  for (guint32 slot = 0; slot < self->n_slots; slot++)
    g_free (self->columns[slot]);
  g_free (self->columns);
  g_free (self->slot_of);
  g_free (self->node_of);
  g_free (self->believed);
  g_free (self->reach);
  g_free (self);
}

static gsize
column_bytes (const TocsinColumns *self)
{
  return sizeof (TocsinColumn) + sizeof (double) * self->n_slots;
}

static void
publish (TocsinColumns *self, guint32 slot, TocsinColumn *column)
{
  if (g_atomic_pointer_compare_and_exchange (&self->columns[slot], NULL, column))
    __atomic_add_fetch (&self->bytes, column_bytes (self), __ATOMIC_RELAXED);
  else
    g_free (column);
}

/* Takes a column out of @h, in which the numbers of a node are @stride apart, and those of direct
 * peers 0. */
static void
take_column (TocsinColumns *self, guint32 slot, const double *h, gsize stride)
{
  const TocsinGraph *graph = self->graph;
  TocsinColumn *column = g_malloc0 (column_bytes (self));

  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      for (guint32 e = graph->first[i]; e < graph->first[i + 1]; e++)
        column->n[i] += h[graph->edges[e].to * stride] * graph->edges[e].weight_ppb;
      column->n[i] *= graph->pass[i];
    }
  for (guint32 i = graph->n_direct; i < self->n_slots; i++)
    {
      column->n[i] = h[self->node_of[i] * stride];
      if (i != slot)
        column->inside = MAX (column->inside, self->reach[self->node_of[i]] * column->n[i]);
    }
  for (guint32 x = graph->n_direct; x < graph->n_nodes; x++)
    if (self->slot_of[x] == TOCSIN_COLUMNS_NO_SLOT)
      column->outside = MAX (column->outside, self->reach[x] * h[x * stride]);
  publish (self, slot, column);
}

static void
prepare_some (TocsinColumns *self, const guint32 *slots, guint n, guint lanes)
{
  g_autofree double *h = g_new0 (double, (gsize) self->graph->n_nodes *lanes);
  Lanes some = { .h = h };
  gboolean moving = TRUE;

  for (guint l = 0; l < n; l++)
    {
      some.b[l] = self->node_of[slots[l]];
      some.change[l] = G_MAXDOUBLE;
    }
  for (int i = 0; moving && i < MAX_SWEEPS; i++)
    moving = sweep_some (&some, self->graph, lanes);
  for (guint l = 0; l < n; l++)
    take_column (self, slots[l], h + l, lanes);
}

/**
 * tocsin_columns_prepare:
 * @slots: (array length=n_slots): slots, none of a direct peer
 *
 * Solves those columns that nobody has asked for before, several at once. May be called from any
 * thread: two that solve the same one find the same, and one of them is kept.
 */
void
tocsin_columns_prepare (TocsinColumns *self, const guint32 *slots, gsize n_slots)
{
  guint lanes = self->graph->n_nodes > MANY_NODES ? LANES_IF_MANY : LANES;
  guint32 missing[LANES];
  guint n = 0;

  for (gsize i = 0; i < n_slots; i++)
    {
      if (tocsin_columns_is_missing (self, slots[i]))
        missing[n++] = slots[i];
      if (n == lanes)
        {
          prepare_some (self, missing, n, lanes);
          n = 0;
        }
    }
  if (n > 0)
    prepare_some (self, missing, n, n == 1 ? 1 : lanes);
}

/**
 * tocsin_columns_warm:
 *
 * Prepares some columns, so that no check has to: those of believed actors before the others, the
 * most reached first. For one thread at a time, beside any that use the columns.
 *
 * Returns: %TRUE if there are more
 */
gboolean
tocsin_columns_warm (TocsinColumns *self)
{
  guint32 n_far = self->n_slots - self->graph->n_direct;
  gsize most = WARM_MAX_BYTES / (sizeof (double) * MAX (1, self->n_slots));
  guint32 some[COLUMNS_A_TURN];
  guint n = 0;

  for (; self->warmed < 2 * n_far && n < COLUMNS_A_TURN; self->warmed++)
    {
      guint32 slot = self->graph->n_direct + self->warmed % n_far;

      if (self->believed[slot] == (self->warmed < n_far))
        some[n++] = slot;
    }
  tocsin_columns_prepare (self, some, n);
  self->n_warm += n;
  return self->warmed < 2 * n_far && self->n_warm < most;
}

/* Whether nobody has asked for the column of @slot yet. */
gboolean
tocsin_columns_is_missing (const TocsinColumns *self, guint32 slot)
{
  return g_atomic_pointer_get (&self->columns[slot]) == NULL;
}

/**
 * tocsin_columns_is_full:
 *
 * Returns: whether there are so many that whoever can do without another one should
 */
gboolean
tocsin_columns_is_full (const TocsinColumns *self)
{
  return __atomic_load_n (&self->bytes, __ATOMIC_RELAXED) >= TOCSIN_COLUMNS_MAX_BYTES;
}

/* Of one solve, in edges. */
gsize
tocsin_columns_cost (const TocsinColumns *self)
{
  return MAX (1, self->graph->first[self->graph->n_nodes]);
}

/**
 * tocsin_columns_affordable:
 *
 * Returns: how many solves are within %TOCSIN_COLUMNS_BUDGET
 */
gsize
tocsin_columns_affordable (const TocsinColumns *self)
{
  return TOCSIN_COLUMNS_BUDGET / tocsin_columns_cost (self);
}

/**
 * tocsin_columns_get:
 * @slot: a slot, not of a direct peer
 *
 * Gives the column of the actor in @slot, and solves it if nobody has asked for it before. May be
 * called from any thread.
 *
 * Returns: (transfer none): the column, valid as long as @self
 */
const TocsinColumn *
tocsin_columns_get (TocsinColumns *self, guint32 slot)
{
  const TocsinColumn *column = g_atomic_pointer_get (&self->columns[slot]);

  if (column != NULL)
    return column;
  tocsin_columns_prepare (self, &slot, 1);
  return g_atomic_pointer_get (&self->columns[slot]);
}
