/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

typedef struct
{
  guint32 node;
  double strength; /* in (0, 1] */
  gboolean malicious;
} TocsinIndexVoice;

/**
 * TocsinWalkIndex:
 *
 * Sampled walks of every branch, and by actor the walks that come to it. Immutable.
 */
typedef struct _TocsinWalkIndex TocsinWalkIndex;

TocsinWalkIndex *tocsin_walk_index_new (const TocsinGraph *graph,
                                        guint32 walks_per_branch,
                                        guint64 seed) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_walk_index_free (TocsinWalkIndex *self);
void tocsin_walk_index_evaluate (const TocsinWalkIndex *self,
                                 const TocsinIndexVoice *voices,
                                 gsize n_voices,
                                 double *branches,
                                 double *without);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinWalkIndex, tocsin_walk_index_free)

G_END_DECLS
