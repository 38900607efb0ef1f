/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

/**
 * TocsinTrustPath:
 * @actors: (owned): actor numbers, from the direct peer to the actor that was asked for
 * @weights: (owned): by actor, what the one before it stated; the first is the operator's weight
 * @n_actors: length of both
 * @strength: the operator's weight × the chance of every step: how much of a walk comes this way
 *
 * Why an actor is believed.
 */
typedef struct
{
  guint32 *actors;
  double *weights;
  guint n_actors;
  double strength;
} TocsinTrustPath;

void tocsin_trust_path_free (TocsinTrustPath *self);
GPtrArray *tocsin_graph_paths (const TocsinGraph *graph,
                               guint32 actor,
                               guint max_paths) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinTrustPath, tocsin_trust_path_free)

G_END_DECLS
