/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/policy.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

G_BEGIN_DECLS

gboolean tocsin_held_is_vouched_for (const TocsinPeerRecord *peer, GBytes *activity, gint64 now_us);
void tocsin_held_settle (TocsinTxn *txn,
                         const TocsinPolicy *policy,
                         TocsinReportRecord *record,
                         gboolean accept,
                         gboolean overruled,
                         gint64 now_us);
guint64 tocsin_held_settle_slice (TocsinTxn *txn,
                                  const TocsinPolicy *policy,
                                  TocsinHold hold,
                                  guint32 actor,
                                  gboolean accept,
                                  guint64 after,
                                  gint64 now_us);
void tocsin_held_release_statement (TocsinTxn *txn,
                                    const TocsinPolicy *policy,
                                    TocsinTrustRecord *record,
                                    gint64 now_us);

G_END_DECLS
