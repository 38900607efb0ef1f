/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

#define TOCSIN_TRUSTED_PER_BRANCH 32

/**
 * TocsinTrusted:
 * @node: who is believed
 * @branch: node of the direct peer that is charged for it: the loudest, or, where that one has no
 *   place left for it, the loudest of those that vouch for it; itself for a direct peer
 * @heard: t_i·V_i of that branch; t_i for a direct peer
 */
typedef struct
{
  guint32 node;
  guint32 branch;
  double heard;
} TocsinTrusted;

GArray *tocsin_trusted_set_new (const TocsinGraph *graph,
                                GArray **vouchers) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
