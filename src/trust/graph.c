/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/graph.h"

#include <math.h>
#include <string.h>

#define OPERATOR 0

/* What the operator's row says of an actor; a direct peer's weight is above 0. */
#define ROW_SILENT     (-1.0)
#define ROW_DISTRUSTED 0.0

typedef struct
{
  const TocsinGraphStatement *statements;
  gsize n_statements;
  TocsinArea area;
  gboolean keep_self_loops;
  guint32 n_actors;
  double *row;    /* (owned) by actor: ROW_… or the weight of a direct peer */
  guint32 *start; /* (owned) by actor, and one more: its first place in index */
  guint32 *end;   /* (owned) by actor: past its last place in index */
  guint32 *index; /* (owned) numbers of statements, by truster, older first */
} Builder;

static void
builder_clear (Builder *self)
{
  g_free (self->row);
  g_free (self->start);
  g_free (self->end);
  g_free (self->index);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Builder, builder_clear)

/**
 * tocsin_trust_weight_ppb:
 * @weight: a weight as it was stated
 *
 * Returns: @weight in billionths; 0 if it is not a number above 0, at most
 *   %TOCSIN_TRUST_WEIGHT_ONE
 */
guint32
tocsin_trust_weight_ppb (double weight)
{
  if (!isfinite (weight) || weight <= 0)
    return 0;
  if (weight >= 1)
    return TOCSIN_TRUST_WEIGHT_ONE;
  return MAX (1, (guint32) lround (weight * TOCSIN_TRUST_WEIGHT_ONE));
}

static guint32
count_actors (const TocsinTrustInput *input)
{
  guint32 highest = OPERATOR;

  for (gsize i = 0; i < input->n_statements; i++)
    highest = MAX (highest, MAX (input->statements[i].from, input->statements[i].to));
  for (gsize i = 0; i < input->n_peers; i++)
    highest = MAX (highest, input->peers[i].actor);
  g_return_val_if_fail (highest < G_MAXUINT32 - 1, 1);
  return highest + 1;
}

/* The default rows first, so that those of the area itself come out on top. */
static void
read_operator_row (Builder *self, const TocsinTrustInput *input)
{
  self->row = g_new (double, self->n_actors);
  for (guint32 x = 0; x < self->n_actors; x++)
    self->row[x] = ROW_SILENT;

  for (int specific = 0; specific < 2; specific++)
    for (gsize i = 0; i < input->n_peers; i++)
      {
        const TocsinTrustPeer *peer = &input->peers[i];
        TocsinArea wanted = specific ? self->area : TOCSIN_AREA_ANY;

        if (peer->area == wanted && isfinite (peer->weight))
          self->row[peer->actor] = CLAMP (peer->weight, ROW_DISTRUSTED, 1.0);
      }
}

static gboolean
is_distrusted (const Builder *self, guint32 actor)
{
  return self->row[actor] == ROW_DISTRUSTED;
}

static gboolean
is_relevant (const Builder *self, const TocsinGraphStatement *s)
{
  if (s->area != TOCSIN_AREA_ANY && s->area != self->area)
    return FALSE;
  if (s->from == OPERATOR || s->to == OPERATOR || (s->from == s->to && !self->keep_self_loops))
    return FALSE;
  return !is_distrusted (self, s->from) && !is_distrusted (self, s->to);
}

static void
sort_by_truster (Builder *self)
{
  self->start = g_new0 (guint32, (gsize) self->n_actors + 1);
  self->end = g_new0 (guint32, self->n_actors);

  for (gsize i = 0; i < self->n_statements; i++)
    if (is_relevant (self, &self->statements[i]))
      self->start[self->statements[i].from + 1]++;
  for (guint32 x = 0; x < self->n_actors; x++)
    {
      self->start[x + 1] += self->start[x];
      self->end[x] = self->start[x];
    }

  self->index = g_new (guint32, MAX (1, self->start[self->n_actors]));
  for (gsize i = 0; i < self->n_statements; i++)
    if (is_relevant (self, &self->statements[i]))
      self->index[self->end[self->statements[i].from]++] = (guint32) i;
}

/* A statement for the area itself stands against a newer one for any area. */
static gboolean
supersedes (const TocsinGraphStatement *later, const TocsinGraphStatement *earlier)
{
  return earlier->area == TOCSIN_AREA_ANY || later->area != TOCSIN_AREA_ANY;
}

/* Leaves one statement a pair in every row. Only then do those of weight 0 go: they override. */
static void
drop_superseded (Builder *self)
{
  g_autofree guint32 *place = g_new0 (guint32, self->n_actors);
  const TocsinGraphStatement *all = self->statements;

  for (guint32 x = 0; x < self->n_actors; x++)
    {
      guint32 kept = self->start[x];
      guint32 live = self->start[x];

      for (guint32 i = self->start[x]; i < self->end[x]; i++)
        {
          const TocsinGraphStatement *s = &all[self->index[i]];
          guint32 at = place[s->to];

          if (at >= self->start[x] && at < kept && all[self->index[at]].to == s->to)
            {
              if (supersedes (s, &all[self->index[at]]))
                self->index[at] = self->index[i];
              continue;
            }
          place[s->to] = kept;
          self->index[kept++] = self->index[i];
        }
      for (guint32 i = self->start[x]; i < kept; i++)
        if (all[self->index[i]].weight_ppb > 0)
          self->index[live++] = self->index[i];
      self->end[x] = live;
    }
}

static void
add_node (TocsinGraph *graph, guint32 actor, guint32 hops)
{
  graph->node_of[actor] = graph->n_nodes;
  graph->actor_of[graph->n_nodes] = actor;
  graph->hops[graph->n_nodes] = hops;
  graph->n_nodes++;
}

/* Breadth first from the operator: who is far from it is far in memory, and a sweep in this
 * order carries trust as far as it goes. */
static void
number_nodes (const Builder *self, TocsinGraph *graph)
{
  graph->actor_of = g_new (guint32, self->n_actors);
  graph->hops = g_new (guint32, self->n_actors);
  graph->node_of = g_new (guint32, self->n_actors);
  graph->n_actors = self->n_actors;
  for (guint32 x = 0; x < self->n_actors; x++)
    graph->node_of[x] = TOCSIN_GRAPH_NO_NODE;

  for (guint32 x = 0; x < self->n_actors; x++)
    if (self->row[x] > 0 && x != OPERATOR)
      add_node (graph, x, 1);
  graph->n_direct = graph->n_nodes;

  for (guint32 node = 0; node < graph->n_nodes; node++)
    {
      guint32 actor = graph->actor_of[node];

      for (guint32 i = self->start[actor]; i < self->end[actor]; i++)
        {
          guint32 to = self->statements[self->index[i]].to;

          if (graph->node_of[to] == TOCSIN_GRAPH_NO_NODE)
            add_node (graph, to, graph->hops[node] + 1);
        }
    }
}

static void
fill_rows (const Builder *self, TocsinGraph *graph)
{
  guint32 n_edges = 0;

  for (guint32 node = 0; node < graph->n_nodes; node++)
    n_edges += self->end[graph->actor_of[node]] - self->start[graph->actor_of[node]];

  graph->first = g_new (guint32, (gsize) graph->n_nodes + 1);
  graph->edges = g_new (TocsinGraphEdge, MAX (1, n_edges));
  graph->pass = g_new (double, MAX (1, graph->n_nodes));
  n_edges = 0;
  for (guint32 node = 0; node < graph->n_nodes; node++)
    {
      guint32 actor = graph->actor_of[node];
      guint64 sum_ppb = TOCSIN_TRUST_WEIGHT_ONE; /* the back edge to the source */

      graph->first[node] = n_edges;
      for (guint32 i = self->start[actor]; i < self->end[actor]; i++)
        {
          const TocsinGraphStatement *s = &self->statements[self->index[i]];

          graph->edges[n_edges++] = (TocsinGraphEdge){ graph->node_of[s->to], s->weight_ppb };
          sum_ppb += s->weight_ppb;
        }
      graph->pass[node] = TOCSIN_TRUST_DAMPING / (double) sum_ppb;
    }
  graph->first[graph->n_nodes] = n_edges;
}

/**
 * tocsin_graph_new:
 * @input: statements and the operator's row; fewer than 2^32 statements
 * @area: whose weights; statements for %TOCSIN_AREA_ANY hold where none is for @area
 * @flags: normally %TOCSIN_GRAPH_DEFAULT
 *
 * Compresses what the operator can reach. Dropped are self loops, weights of 0, edges to the
 * operator and every distrusted actor with all its edges (model.md 1). Takes 4 bytes a statement
 * while it works. May be called from any thread.
 *
 * Returns: (transfer full): the graph, perhaps empty; free it with tocsin_graph_free()
 */
TocsinGraph *
tocsin_graph_new (const TocsinTrustInput *input, TocsinArea area, TocsinGraphFlags flags)
{
  g_auto (Builder) builder = { .statements = input->statements,
                               .n_statements = input->n_statements,
                               .area = area,
                               .keep_self_loops = (flags & TOCSIN_GRAPH_KEEP_SELF_LOOPS) != 0,
                               .n_actors = count_actors (input) };
  TocsinGraph *graph = g_new0 (TocsinGraph, 1);

  g_return_val_if_fail (input->n_statements < G_MAXUINT32, graph);

  read_operator_row (&builder, input);
  sort_by_truster (&builder);
  drop_superseded (&builder);
  number_nodes (&builder, graph);
  fill_rows (&builder, graph);

  graph->direct_weight = g_new (double, MAX (1, graph->n_direct));
  for (guint32 i = 0; i < graph->n_direct; i++)
    graph->direct_weight[i] = builder.row[graph->actor_of[i]];
  if (builder.keep_self_loops)
    graph->source_loop = MAX (0, builder.row[OPERATOR]);
  return graph;
}

void
tocsin_graph_free (TocsinGraph *self)
{
  if (self == NULL)
    return;
  g_free (self->first);
  g_free (self->edges);
  g_free (self->pass);
  g_free (self->direct_weight);
  g_free (self->actor_of);
  g_free (self->hops);
  g_free (self->node_of);
  g_free (self);
}

/* Of nothing there may be no address. */
static gboolean
are_same (gconstpointer a, gconstpointer b, gsize size)
{
  return size == 0 || memcmp (a, b, size) == 0;
}

/**
 * tocsin_graph_is_same:
 *
 * Returns: whether @self and @other have the same nodes and edges, and so all that is made of them
 */
gboolean
tocsin_graph_is_same (const TocsinGraph *self, const TocsinGraph *other)
{
  guint32 n_edges = self->first[self->n_nodes];

  return self->n_nodes == other->n_nodes && self->n_direct == other->n_direct &&
         self->source_loop == other->source_loop &&
         are_same (self->first, other->first, (self->n_nodes + (gsize) 1) * sizeof (guint32)) &&
         are_same (self->edges, other->edges, n_edges * sizeof (TocsinGraphEdge)) &&
         are_same (self->actor_of, other->actor_of, self->n_nodes * sizeof (guint32)) &&
         are_same (self->direct_weight, other->direct_weight, self->n_direct * sizeof (double));
}

/**
 * tocsin_graph_node:
 *
 * Returns: the node of @actor, or %TOCSIN_GRAPH_NO_NODE if the operator does not reach it
 */
guint32
tocsin_graph_node (const TocsinGraph *self, guint32 actor)
{
  return actor < self->n_actors ? self->node_of[actor] : TOCSIN_GRAPH_NO_NODE;
}

/**
 * tocsin_graph_direct_weight:
 *
 * Returns: the operator's weight for @actor if it is a direct peer in this area, else 0
 */
double
tocsin_graph_direct_weight (const TocsinGraph *self, guint32 actor)
{
  guint32 node = tocsin_graph_node (self, actor);

  return node < self->n_direct ? self->direct_weight[node] : 0;
}
