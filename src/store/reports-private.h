/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/table-reports.h"
#include "store/txn-private.h"

G_BEGIN_DECLS

/* Private to the reports table and bulk.c. */

/* What is due at the time in a key of `report-ends`: (seconds u32, number u64, this u8). */
typedef enum
{
  TOCSIN_END_EVIDENCE = 1, /* the evidence is to be purged */
  TOCSIN_END_REPORT = 2,   /* the midnight at or after endTime: it expires */
  TOCSIN_END_ROW = 3,      /* a withdrawn or expired one has been remembered long enough */
} TocsinEndKind;

/**
 * TocsinCompactRow: a report of a list import, all that is stored of it. Told from a full record
 * by its size.
 */
typedef struct
{
  TocsinEvidence evidence;
  TocsinSubjectKey key;
  guint64 batch;
  guint64 key_type; /* TocsinSubjectType */
} TocsinCompactRow;

G_STATIC_ASSERT (sizeof (TocsinCompactRow) == 56);

TocsinKey tocsin_report_end_key (gint64 time_us, guint64 number, TocsinEndKind kind);
/* As tocsin_reports_get(), without the text that a compact row leaves to `subjects`; that. */
gboolean tocsin_report_get_row (TocsinTxn *txn, guint64 number, TocsinReportRecord *out);
void tocsin_report_add_text (TocsinTxn *txn, TocsinReportRecord *record);
gboolean tocsin_report_read (TocsinTxn *txn, const TocsinSpan *span, TocsinReportRecord *out);
void tocsin_report_replace (TocsinTxn *txn,
                            const TocsinReportRecord *old,
                            const TocsinReportRecord *record,
                            gint64 now_us);
/* Takes what may not be kept: body, subject, text. */
void tocsin_report_strip (TocsinReportRecord *self);
/* The row of a stripped report that is in no other index than those of id, actor and bundle. */
void tocsin_report_forget (TocsinTxn *txn, const TocsinReportRecord *record);
/* Reporter and branch of each tombstone that is in their counts. */
void tocsin_tombstones_foreach_counted (TocsinTxn *txn,
                                        void (*func) (guint32 actor, guint32 branch, gpointer data),
                                        gpointer data);
/* Adds @by, 1 or -1, to what is counted of the branch of @record: to @counts, or to what is stored.
 */
void
tocsin_report_count_branch (const TocsinReportRecord *record, int by, TocsinBranchCounts *counts);
void tocsin_report_charge (TocsinTxn *txn, const TocsinReportRecord *record, int by);
/* A compact row with all its indexes. */
void tocsin_report_remove_compact (TocsinTxn *txn, const TocsinReportRecord *record);
void tocsin_report_put_counts (TocsinTxn *txn, guint32 actor, const TocsinActorCounts *counts);
/* SHA-256(report id ‖ LF ‖ hex content hash), XORed into @digest. */
void tocsin_report_xor (const TocsinReportRecord *record, guint8 digest[TOCSIN_SHA256_BYTES]);
/* Whether it is in its reporter's digest: sent or received, not withdrawn, not expired. */
gboolean tocsin_report_in_digest (const TocsinReportRecord *record);
/* Once for a store in which live reports whose Remove waits were counted into digests: takes them
 * out. */
void tocsin_reports_uncount_waiting (TocsinTxn *txn);

G_END_DECLS
