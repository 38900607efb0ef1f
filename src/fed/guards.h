/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/clock.h"
#include "fed/policy.h"
#include "store/table-peers.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

/* Model.md 7. */
#define TOCSIN_HELD_LAPSE_US         (7 * TOCSIN_DAY_US)
#define TOCSIN_INBOUND_PAUSE_SECONDS 3600
#define TOCSIN_INBOUND_OPEN_US       (24 * TOCSIN_HOUR_US)

gboolean tocsin_guards_hear (TocsinPeerRecord *peer, const TocsinPolicy *policy, gint64 now_us);
void tocsin_guards_hear_out (TocsinPeerRecord *peer, const TocsinPolicy *policy, gint64 now_us);
gboolean tocsin_guards_burst (TocsinPeerRecord *peer, const TocsinPolicy *policy, gint64 now_us);
void tocsin_guards_reset (TocsinPeerRecord *peer);
gboolean tocsin_guards_withdrawal (TocsinPeerRecord *peer,
                                   const TocsinPolicy *policy,
                                   guint32 live,
                                   gboolean erased,
                                   gint64 now_us);
double tocsin_guards_ratio (const TocsinPeerRecord *peer, gint64 now_us);
/* Whether @peer takes much more than it gives: tocsin_reciprocity_is_free_rider(). */
gboolean tocsin_guards_is_free_rider (const TocsinPeerRecord *peer, gint64 now_us);
void
tocsin_guards_count_given (TocsinTxn *txn, TocsinPeerRecord *peer, gboolean warns, gint64 now_us);
void tocsin_guards_count_got (TocsinPeerRecord *peer, gboolean first, gint64 now_us);
void tocsin_guards_confirm (TocsinTxn *txn,
                            const TocsinPolicy *policy,
                            const TocsinReportRecord *record,
                            gint64 now_us);
gboolean tocsin_guards_count_contradiction (TocsinPeerRecord *peer, gboolean contradicted);
void tocsin_guards_suggest_weight (TocsinTxn *txn, guint32 actor, gint64 now_us);
void
tocsin_guards_contradicted (TocsinTxn *txn, guint32 actor, gboolean contradicted, gint64 now_us);
void tocsin_guards_overruled (TocsinTxn *txn,
                              const TocsinSubjectKey *key,
                              TocsinSubjectType key_type,
                              guint8 category,
                              gint64 now_us);
void tocsin_guards_note_own (TocsinTxn *txn,
                             const TocsinPolicy *policy,
                             const TocsinReportRecord *record,
                             gint64 now_us);

G_END_DECLS
