/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A report that waits for the keys of its reporter; any proof is wanted of it no more.
 */
#pragma once

#include "fed/held.h"
#include "store-fixture.h"
#include "store/table-reports.h"

#define HELD_REPORT "https://x.example/reports/1"

/* A #TocsinWriteFunc; @data: the number of the reporter. */
static inline gboolean
held_write (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  const guint32 *number = data;
  TocsinReportRecord record = { .actor = *number,
                                .state = TOCSIN_STATE_HELD,
                                .hold = TOCSIN_HOLD_KEY,
                                .held_us = T0,
                                .id = (char *) HELD_REPORT,
                                .end_us = G_MAXINT64 / 2 };

  tocsin_reports_put (txn, &record, T0);
  return TRUE;
}

/* A #TocsinWriteFunc: what was wanted is released; @data: the policy. */
static inline gboolean
held_release (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  while (tocsin_held_release_some (txn, data, T0))
    ;
  return TRUE;
}

static inline TocsinReportState
held_state (TocsinStore *store, guint32 number)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));
  g_auto (TocsinReportRecord) record = { 0 };
  guint64 report;

  g_assert_true (tocsin_reports_find (txn, number, HELD_REPORT, &report));
  g_assert_true (tocsin_reports_get (txn, report, &record));
  return record.state;
}
