/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/policy.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-trust.h"
#include "store/txn.h"

G_BEGIN_DECLS

guint64 tocsin_relay_publish (TocsinTxn *txn,
                              const TocsinPolicy *policy,
                              const TocsinOutboxRecord *entry,
                              guint64 withdrawn_sequence,
                              gint64 now_us);
guint64
tocsin_relay_only_add (guint64 sequence, guint forwarded, gint64 published_us, gint64 updated_us);
void tocsin_relay_report (TocsinTxn *txn,
                          const TocsinPolicy *policy,
                          TocsinReportRecord *record,
                          gint64 now_us);
gboolean tocsin_relay_statement (TocsinTxn *txn,
                                 const TocsinPolicy *policy,
                                 TocsinTrustRecord *record,
                                 gint64 now_us);
void tocsin_relay_delay (TocsinTxn *txn,
                         const TocsinPolicy *policy,
                         TocsinTrustRecord *record,
                         gint64 removed_us);
void tocsin_relay_waiting (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us);
guint64 tocsin_relay_send (
    TocsinTxn *txn, guint32 actor, const char *activity_id, GBytes *activity, gint64 now_us);
void tocsin_relay_unsend (TocsinTxn *txn, guint32 actor, const char *activity_id);
void tocsin_relay_drop_reports (TocsinTxn *txn, guint32 peer);
void tocsin_relay_drop_all (TocsinTxn *txn, guint32 peer);
gboolean tocsin_relay_next (TocsinTxn *txn, guint32 peer, TocsinQueueEntry *out);

G_END_DECLS
