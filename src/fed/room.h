/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/policy.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

/**
 * TocsinLeaving: how far tocsin_room_leave() has looked; zeroed to begin.
 */
typedef struct
{
  guint32 truster;          /* whose statements are looked at next */
  TocsinReportPlace report; /* the one that was looked at last */
} TocsinLeaving;

gboolean tocsin_room_for_statement (TocsinTxn *txn,
                                    const TocsinPolicy *policy,
                                    guint32 branch,
                                    gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
guint tocsin_room_leave (TocsinTxn *txn,
                         const TocsinPolicy *policy,
                         gint64 now_us,
                         guint max_rows,
                         TocsinLeaving *leaving);

G_END_DECLS
