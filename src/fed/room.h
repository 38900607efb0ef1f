/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/policy.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

gboolean tocsin_room_for_statement (TocsinTxn *txn,
                                    const TocsinPolicy *policy,
                                    guint32 branch,
                                    gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
guint tocsin_room_leave (TocsinTxn *txn,
                         const TocsinPolicy *policy,
                         gint64 now_us,
                         guint max_rows,
                         TocsinReportPlace *place);

G_END_DECLS
