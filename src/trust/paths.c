/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/paths.h"

/* Whoever is believed is at most three steps from a direct peer, so it is found long before. */
#define MAX_EXPANDED 20000
#define MAX_LABELS   500000 /* 14 MB: rows of a thousand statements must not make more */

#define NO_LABEL G_MAXUINT32

/* The end of a path; the rest is in the labels before it. */
typedef struct
{
  double strength;
  guint32 node;
  guint32 before;     /* label, or NO_LABEL at a direct peer */
  guint32 weight_ppb; /* of the last step; unused at a direct peer */
} Label;

typedef struct
{
  const TocsinGraph *graph;
  GArray *labels; /* of Label */
  GArray *heap;   /* of guint32: labels, the strongest on top */
  guint8 *times;  /* (owned) by node: how often it was expanded */
} Search;

static void
search_clear (Search *self)
{
  g_clear_pointer (&self->labels, g_array_unref);
  g_clear_pointer (&self->heap, g_array_unref);
  g_free (self->times);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

void
tocsin_trust_path_free (TocsinTrustPath *self)
{
  if (self == NULL)
    return;
  g_free (self->actors);
  g_free (self->weights);
  g_free (self);
}

static const Label *
label_at (const Search *self, guint32 number)
{
  return &g_array_index (self->labels, Label, number);
}

/* Among equals the older, so that the order is always the same. */
static gboolean
is_before (const Search *self, guint32 a, guint32 b)
{
  double x = label_at (self, a)->strength;
  double y = label_at (self, b)->strength;

  return x != y ? x > y : a < b;
}

static void
push (Search *self, Label label)
{
  guint32 number = self->labels->len;
  guint at = self->heap->len;

  g_array_append_val (self->labels, label);
  g_array_append_val (self->heap, number);

  guint32 *heap = &g_array_index (self->heap, guint32, 0);
  while (at > 0 && is_before (self, number, heap[(at - 1) / 2]))
    {
      heap[at] = heap[(at - 1) / 2];
      at = (at - 1) / 2;
    }
  heap[at] = number;
}

static guint32
pop (Search *self)
{
  guint32 *heap = &g_array_index (self->heap, guint32, 0);
  guint32 top = heap[0];
  guint32 last = heap[self->heap->len - 1];
  guint n = self->heap->len - 1;
  guint at = 0;

  g_array_set_size (self->heap, n);
  while (2 * at + 1 < n)
    {
      guint child = 2 * at + 1;

      if (child + 1 < n && is_before (self, heap[child + 1], heap[child]))
        child++;
      if (!is_before (self, heap[child], last))
        break;
      heap[at] = heap[child];
      at = child;
    }
  if (n > 0)
    heap[at] = last;
  return top;
}

static gboolean
is_on_path (const Search *self, guint32 number, guint32 node)
{
  for (; number != NO_LABEL; number = label_at (self, number)->before)
    if (label_at (self, number)->node == node)
      return TRUE;
  return FALSE;
}

static void
expand (Search *self, guint32 number)
{
  const TocsinGraph *graph = self->graph;
  Label from = *label_at (self, number);

  for (guint32 e = graph->first[from.node]; e < graph->first[from.node + 1]; e++)
    {
      const TocsinGraphEdge *edge = &graph->edges[e];
      double strength = from.strength * graph->pass[from.node] * edge->weight_ppb;

      if (edge->to >= graph->n_direct && !is_on_path (self, number, edge->to))
        push (self, (Label){ strength, edge->to, number, edge->weight_ppb });
    }
}

static TocsinTrustPath *
trace (const Search *self, guint32 number)
{
  TocsinTrustPath *path = g_new0 (TocsinTrustPath, 1);
  guint at;

  path->strength = label_at (self, number)->strength;
  for (guint32 i = number; i != NO_LABEL; i = label_at (self, i)->before)
    path->n_actors++;
  path->actors = g_new (guint32, path->n_actors);
  path->weights = g_new (double, path->n_actors);
  at = path->n_actors;
  for (guint32 i = number; i != NO_LABEL; i = label_at (self, i)->before)
    {
      const Label *label = label_at (self, i);

      path->actors[--at] = self->graph->actor_of[label->node];
      path->weights[at] = at > 0 ? (double) label->weight_ppb / TOCSIN_TRUST_WEIGHT_ONE
                                 : self->graph->direct_weight[label->node];
    }
  return path;
}

/**
 * tocsin_graph_paths:
 * @actor: to whom
 * @max_paths: how many at most, 1 to 16
 *
 * The strongest paths from the operator to @actor along which its reports are heard: they cross no
 * second direct peer and no actor twice. No actor is gone through in more than @max_paths ways, so
 * that there is an end to it: the first is the strongest of all, others may be passed over.
 *
 * Returns: (transfer full) (element-type TocsinTrustPath): the strongest first; empty if @actor is
 *   out of reach
 */
GPtrArray *
tocsin_graph_paths (const TocsinGraph *graph, guint32 actor, guint max_paths)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_trust_path_free);
  guint32 target = tocsin_graph_node (graph, actor);
  g_auto (Search) search = { .graph = graph };

  max_paths = CLAMP (max_paths, 1, 16);
  if (target == TOCSIN_GRAPH_NO_NODE)
    return paths;

  search.labels = g_array_new (FALSE, FALSE, sizeof (Label));
  search.heap = g_array_new (FALSE, FALSE, sizeof (guint32));
  search.times = g_new0 (guint8, graph->n_nodes);
  for (guint32 i = 0; i < graph->n_direct; i++)
    if (target >= graph->n_direct || target == i)
      push (&search, (Label){ graph->direct_weight[i], i, NO_LABEL, 0 });

  for (int n = 0; search.heap->len > 0 && paths->len < max_paths && n < MAX_EXPANDED &&
                  search.labels->len < MAX_LABELS;
       n++)
    {
      guint32 number = pop (&search);
      guint32 node = label_at (&search, number)->node;

      if (node == target)
        g_ptr_array_add (paths, trace (&search, number));
      else if (search.times[node]++ < max_paths)
        expand (&search, number);
    }
  return paths;
}
