/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

#define TOCSIN_COLUMNS_NO_SLOT G_MAXUINT32

/* What one evaluation may solve by itself: so many edges, counted once for each solve. Some tens of
 * milliseconds. */
#define TOCSIN_COLUMNS_BUDGET 500000

/* What columns take in memory before no more are kept. A thousand peers and all that they bring in
 * would need gigabytes. */
#define TOCSIN_COLUMNS_MAX_BYTES (128 * 1024 * 1024)

/**
 * TocsinColumn:
 * @inside: the largest reach[v]·N[v, b] of any other node with a slot
 * @outside: the same of a node without one
 * @n: N[x, b] by slot: how often a walk from x comes to b before it meets a direct peer. For a
 *   direct peer x the walk has taken its first step
 */
typedef struct
{
  double inside;
  double outside;
  double n[];
} TocsinColumn;

/**
 * TocsinColumns:
 * @graph: (unowned): outlives this
 * @n_slots: how many nodes have a row in the columns: the direct peers (slots 0 to n_direct − 1),
 * then the believed actors and those that walks visit most, most reached first
 * @believed: (owned): by slot, whether its reports count
 * @slot_of: (owned): node to slot or %TOCSIN_COLUMNS_NO_SLOT
 * @node_of: (owned): slot to node
 * @reach: (owned): by node: Σ t_i × the visits of a walk of branch i; 0 for direct peers
 *
 * N = (I − d·Q)⁻¹ with every direct peer a wall, a column at a time. One table serves all branches:
 * branch i is where the walks of peer i go, and these end at peer i too if they come back.
 */
typedef struct
{
  const TocsinGraph *graph;
  guint32 n_slots;
  guint8 *believed;
  guint32 *slot_of;
  guint32 *node_of;
  double *reach;
  TocsinColumn **columns; /* (owned) by slot, published atomically */
  gsize bytes;            /* atomic: of the columns that are there */
  guint32 warmed;         /* of the thread that warms: believed slots, then the others */
  gsize n_warm;           /* of the same: columns that it prepared */
} TocsinColumns;

TocsinColumns *tocsin_columns_new (const TocsinGraph *graph,
                                   const guint32 *believed,
                                   gsize n_believed) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_columns_free (TocsinColumns *self);
const TocsinColumn *tocsin_columns_get (TocsinColumns *self, guint32 slot);
void tocsin_columns_prepare (TocsinColumns *self, const guint32 *slots, gsize n_slots);
gboolean tocsin_columns_warm (TocsinColumns *self);
gboolean tocsin_columns_is_missing (const TocsinColumns *self, guint32 slot);
gboolean tocsin_columns_is_full (const TocsinColumns *self);
gsize tocsin_columns_cost (const TocsinColumns *self);
gsize tocsin_columns_affordable (const TocsinColumns *self);

double *tocsin_columns_solve (const TocsinGraph *graph, guint32 b) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_columns_backward (const TocsinGraph *graph,
                              const double *stop,
                              const double *gain,
                              double *h);
void tocsin_columns_forward (const TocsinGraph *graph, double *start, double *visits);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinColumns, tocsin_columns_free)

G_END_DECLS
