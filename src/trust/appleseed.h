/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

#define TOCSIN_APPLESEED_ENERGY   200.0
#define TOCSIN_APPLESEED_RESIDUAL 1e-9

/**
 * TocsinAppleseed:
 * @y: (owned): by node. Solved: Y of model.md 1. Published sweeps: the rank as it stood
 * @sum: the sum of @y
 * @residual: solved: the 1-norm of what is missing, so that ‖y − Y*‖₁ ≤ @residual / (1 − d).
 *   Published sweeps: the largest change in the last sweep
 * @sweeps: passes over the graph
 *
 * How much energy reaches each actor.
 */
typedef struct
{
  double *y;
  double sum;
  double residual;
  guint sweeps;
} TocsinAppleseed;

void tocsin_appleseed_solve (TocsinAppleseed *self, const TocsinGraph *graph, double residual);
void
tocsin_appleseed_sweep (TocsinAppleseed *self, const TocsinGraph *graph, double energy, double tc);
double tocsin_appleseed_rank (const TocsinAppleseed *self, guint32 node);
void tocsin_appleseed_clear (TocsinAppleseed *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinAppleseed, tocsin_appleseed_clear)

G_END_DECLS
