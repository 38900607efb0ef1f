/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/json-writer.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

/**
 * tocsin_report_view_write:
 * @json: where one object is written
 * @txn: the transaction @record is from
 * @record: a report
 * @now_us: the time
 * @with_activity: whether to embed the signed activity, byte for byte
 *
 * A report as the operator sees it. Of a withdrawn or refused one no subject is left, and of an
 * expired one none once housekeeping has let go what it said.
 */
void tocsin_report_view_write (TocsinJsonWriter *json,
                               TocsinTxn *txn,
                               const TocsinReportRecord *record,
                               gint64 now_us,
                               gboolean with_activity);

/* The members "subject", null where none is left, and "category" alone. */
void tocsin_report_view_write_subject (TocsinJsonWriter *json,
                                       TocsinTxn *txn,
                                       const TocsinReportRecord *record);
void tocsin_report_view_write_category (TocsinJsonWriter *json, const TocsinReportRecord *record);

const char *tocsin_hold_to_string (TocsinHold hold); /* static; NULL for TOCSIN_HOLD_NONE */

G_END_DECLS
