/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/policy.h"
#include "store/table-peers.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

G_BEGIN_DECLS

/**
 * TocsinHeldPart:
 * @until_us: what was held later stays as it is
 * @left: (inout): how many did
 * @oldest_us: (inout): when the first of these was held; 0: there are none
 *
 * A line of `review` is joined while it is open. What joined it is not settled by what was said, or
 * what time said, about those before.
 */
typedef struct
{
  gint64 until_us;
  guint64 left;
  gint64 oldest_us;
} TocsinHeldPart;

gboolean tocsin_held_is_in_part (TocsinHeldPart *part, gint64 held_us);
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
                                  TocsinHeldPart *part,
                                  guint64 after,
                                  gint64 now_us);
void tocsin_held_want_release (TocsinTxn *txn);
gboolean tocsin_held_release_some (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us);
void tocsin_held_release_statement (TocsinTxn *txn,
                                    const TocsinPolicy *policy,
                                    TocsinTrustRecord *record,
                                    gint64 now_us);
guint tocsin_held_release_statements (TocsinTxn *txn,
                                      const TocsinPolicy *policy,
                                      const TocsinPeerRecord *peer,
                                      gint64 now_us);

G_END_DECLS
