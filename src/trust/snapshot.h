/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"
#include "trust/paths.h"
#include "trust/walks.h"

G_BEGIN_DECLS

/**
 * TocsinTrustedActor:
 * @actor: actor number
 * @branch: actor number of the direct peer that is charged for it; itself for a direct peer
 * @direct: it is a direct peer in some area
 * @hops: steps from the operator
 * @y: the energy that reaches it, where that is most
 * @rank: its part of 200, for people
 *
 * One of those whose reports count.
 */
typedef struct
{
  guint32 actor;
  guint32 branch;
  gboolean direct;
  guint32 hops;
  double y;
  double rank;
} TocsinTrustedActor;

/**
 * TocsinTrustSnapshot:
 *
 * Who is believed, in all areas, as of one version. Immutable and reference-counted; every function
 * here may be called from any thread.
 */
typedef struct _TocsinTrustSnapshot TocsinTrustSnapshot;

TocsinTrustSnapshot *tocsin_trust_snapshot_new (const TocsinTrustInput *input,
                                                guint64 version,
                                                guint64 seed) G_GNUC_WARN_UNUSED_RESULT;
TocsinTrustSnapshot *tocsin_trust_snapshot_ref (TocsinTrustSnapshot *self);
void tocsin_trust_snapshot_unref (TocsinTrustSnapshot *self);
gboolean tocsin_trust_snapshot_warm (TocsinTrustSnapshot *self);
gboolean tocsin_trust_snapshot_is_same (const TocsinTrustSnapshot *self,
                                        const TocsinTrustSnapshot *other);

/* Moves with each snapshot; two with the same one are the same. */
guint64 tocsin_trust_snapshot_version (const TocsinTrustSnapshot *self);
TocsinWalks *tocsin_trust_snapshot_walks (const TocsinTrustSnapshot *self, TocsinArea area);
const TocsinGraph *tocsin_trust_snapshot_graph (const TocsinTrustSnapshot *self, TocsinArea area);

gboolean
tocsin_trust_snapshot_counts (const TocsinTrustSnapshot *self, TocsinArea area, guint32 actor);
gboolean tocsin_trust_snapshot_is_believed (const TocsinTrustSnapshot *self, guint32 actor);
/* Whether the operator follows @actor. */
gboolean tocsin_trust_snapshot_is_direct (const TocsinTrustSnapshot *self, guint32 actor);
gboolean tocsin_trust_snapshot_is_full_trust (const TocsinTrustSnapshot *self,
                                              TocsinArea area,
                                              guint32 actor);
gboolean tocsin_trust_snapshot_is_distrusted (const TocsinTrustSnapshot *self, guint32 actor);
guint32 tocsin_trust_snapshot_branch_of (const TocsinTrustSnapshot *self, guint32 actor);
guint32 tocsin_trust_snapshot_voucher (const TocsinTrustSnapshot *self, guint32 actor, guint nth);
/* The weight of the operator's own edge to @actor, 0 to 1; 0 if there is none. */
double tocsin_trust_snapshot_direct_weight (const TocsinTrustSnapshot *self,
                                            TocsinArea area,
                                            guint32 actor);
/* What Appleseed gives @actor in @area: its energy, and its rank from 0 to 200. 0: out of reach. */
double tocsin_trust_snapshot_y (const TocsinTrustSnapshot *self, TocsinArea area, guint32 actor);
double tocsin_trust_snapshot_rank (const TocsinTrustSnapshot *self, TocsinArea area, guint32 actor);
guint32 tocsin_trust_snapshot_hops (const TocsinTrustSnapshot *self, guint32 actor);
const TocsinTrustedActor *tocsin_trust_snapshot_trusted (const TocsinTrustSnapshot *self, gsize *n);
GPtrArray *tocsin_trust_snapshot_paths (const TocsinTrustSnapshot *self,
                                        TocsinArea area,
                                        guint32 actor,
                                        guint max_paths) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinTrustSnapshot, tocsin_trust_snapshot_unref)

G_END_DECLS
