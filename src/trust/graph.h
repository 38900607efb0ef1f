/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/category.h"

G_BEGIN_DECLS

#define TOCSIN_TRUST_DAMPING    0.85 /* d: the chance that a walk goes on, model.md 1 */
#define TOCSIN_TRUST_WEIGHT_ONE 1000000000u
#define TOCSIN_GRAPH_NO_NODE    G_MAXUINT32

/**
 * TocsinGraphStatement:
 * @from: who states it; actor number
 * @to: about whom; actor number
 * @weight_ppb: the weight in billionths, from tocsin_trust_weight_ppb(): every decimal weight of
 *   the wire is exact in it
 * @area: a #TocsinArea
 *
 * One live TrustStatement. Of several with the same actors and area the last in the array is the
 * newest and counts. Twelve bytes, because there may be ten million.
 */
typedef struct
{
  guint32 from;
  guint32 to;
  guint32 weight_ppb : 30;
  guint32 area : 2;
} TocsinGraphStatement;

G_STATIC_ASSERT (sizeof (TocsinGraphStatement) == 12);

/**
 * TocsinTrustPeer:
 * @actor: actor number
 * @area: where the weight holds; %TOCSIN_AREA_ANY is the default of the other areas
 * @weight: 0 or less: distrusted; up to 1: a direct peer; not a finite number: the
 *   row is ignored
 * @full_trust: this peer's own report blocks as the operator's own does
 *
 * A row of the operator's own trust. The last row of an actor and area counts.
 */
typedef struct
{
  guint32 actor;
  TocsinArea area;
  double weight;
  gboolean full_trust;
} TocsinTrustPeer;

/**
 * TocsinTrustInput:
 *
 * All that trust is made from, as plain arrays (unowned). Actor 0 is this node's operator.
 */
typedef struct
{
  const TocsinGraphStatement *statements;
  gsize n_statements;
  const TocsinTrustPeer *peers;
  gsize n_peers;
} TocsinTrustInput;

/* An edge of the compressed graph: the weight is in billionths. */
typedef struct
{
  guint32 to;
  guint32 weight_ppb;
} TocsinGraphEdge;

/**
 * TocsinGraph:
 * @n_nodes: actors that the operator reaches, without the operator
 * @n_direct: direct peers; they are nodes 0 to @n_direct - 1, in order of their actor numbers
 * @first: (owned): @n_nodes + 1 offsets into @edges
 * @edges: (owned): out-edges, a row a node
 * @pass: (owned): by node, d / (1 + sum of its weights) per billionth; times an edge's weight_ppb
 *   it is the chance d·Q of taking that edge
 * @direct_weight: (owned): t_i of the direct peers, in (0, 1]
 * @source_loop: the operator's trust in itself, kept with %TOCSIN_GRAPH_KEEP_SELF_LOOPS; else 0
 * @actor_of: (owned): node to actor number
 * @hops: (owned): steps from the operator, 1 for a direct peer
 * @node_of: (owned): actor number to node or %TOCSIN_GRAPH_NO_NODE, @n_actors long
 *
 * The trust graph of one area as one node sees it: compressed rows, nodes in breadth-first order.
 * Immutable; may be read from any thread.
 */
typedef struct
{
  guint32 n_nodes;
  guint32 n_direct;
  guint32 n_actors;
  guint32 *first;
  TocsinGraphEdge *edges;
  double *pass;
  double *direct_weight;
  double source_loop;
  guint32 *actor_of;
  guint32 *hops;
  guint32 *node_of;
} TocsinGraph;

typedef enum
{
  TOCSIN_GRAPH_DEFAULT = 0,
  /* Appleseed as published counts an actor's trust in itself; a node never does. */
  TOCSIN_GRAPH_KEEP_SELF_LOOPS = 1 << 0,
} TocsinGraphFlags;

guint32 tocsin_trust_weight_ppb (double weight);
TocsinGraph *tocsin_graph_new (const TocsinTrustInput *input,
                               TocsinArea area,
                               TocsinGraphFlags flags) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_graph_free (TocsinGraph *self);
gboolean tocsin_graph_is_same (const TocsinGraph *self, const TocsinGraph *other);
guint32 tocsin_graph_node (const TocsinGraph *self, guint32 actor);
double tocsin_graph_direct_weight (const TocsinGraph *self, guint32 actor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinGraph, tocsin_graph_free)

G_END_DECLS
