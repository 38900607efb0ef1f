/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/held.h"
#include "fed/policy.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

/**
 * TocsinWithdrawal: a Remove, for tocsin_withdrawal_apply().
 * @reason: why
 * @removed_us: its `published`
 * @signer: who brought it
 * @activity_id: (unowned): its id
 * @activity: (unowned): the signed Remove, byte for byte
 */
typedef struct
{
  TocsinRemoveReason reason;
  gint64 removed_us;
  guint32 signer;
  const char *activity_id;
  GBytes *activity;
} TocsinWithdrawal;

void tocsin_withdrawal_apply (TocsinTxn *txn,
                              const TocsinPolicy *policy,
                              const TocsinReportRecord *record,
                              const TocsinWithdrawal *remove,
                              gint64 now_us);
guint64 tocsin_withdrawal_settle (TocsinTxn *txn,
                                  const TocsinPolicy *policy,
                                  guint32 actor,
                                  gboolean apply,
                                  TocsinHeldPart *part,
                                  guint64 after,
                                  gint64 now_us);

G_END_DECLS
