/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_EVIDENCE_MAX_SAME 4 /* a (reporter, subject, category) */

/**
 * TocsinEvidenceBuffer: where tocsin_evidence_read() joins rows that lie on several pages. Zero it
 * to begin; keep it for the next read; free by tocsin_evidence_buffer_clear().
 */
typedef struct
{
  TocsinEvidence *rows; /* (owned) (nullable) */
  gsize size;
} TocsinEvidenceBuffer;

void tocsin_evidence_buffer_clear (TocsinEvidenceBuffer *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinEvidenceBuffer, tocsin_evidence_buffer_clear)

/**
 * tocsin_evidence_read:
 * @buffer: used where the rows do not lie on one page
 * @out: (out) (transfer none): the rows, by (reporter, category, report); in place where that is
 *   possible, so valid until the transaction ends or writes, or @buffer is used again
 *
 * All evidence about one subject key, held and imported rows included.
 *
 * Returns: how many rows
 */
gsize tocsin_evidence_read (TocsinTxn *txn,
                            const TocsinSubjectKey *key,
                            TocsinEvidenceBuffer *buffer,
                            const TocsinEvidence **out);

/* The same, quicker where the keys of one transaction's calls ascend and lie close together. */
gsize tocsin_evidence_read_onward (TocsinTxn *txn,
                                   const TocsinSubjectKey *key,
                                   TocsinEvidenceBuffer *buffer,
                                   const TocsinEvidence **out);

/* Whether there is any row; cheaper than reading. */
gboolean tocsin_evidence_exists (TocsinTxn *txn, const TocsinSubjectKey *key);

/* Adds a row, or replaces the one of the same (reporter, category, report). Of one (reporter,
 * subject, category) the 4 newest by @observed_s stay, imported and held ones last of all; the
 * others are in `reports` only, and keep nothing of the subject in clear. Moves the generation and
 * writes the change log. */
void
tocsin_evidence_add (TocsinTxn *txn, const TocsinSubjectKey *key, const TocsinEvidence *evidence);

/* Removes the row of (reporter, category, report); with the last one the subject goes too, and with
 * the last one of a report that names it in clear its value and Mastodon hash. %FALSE if there was
 * none. */
gboolean tocsin_evidence_remove (
    TocsinTxn *txn, const TocsinSubjectKey *key, guint32 reporter, guint8 category, guint64 report);

/* Sets and clears TocsinEvidenceFlags of one row: held to live. %FALSE if there was none. */
gboolean tocsin_evidence_update_flags (TocsinTxn *txn,
                                       const TocsinSubjectKey *key,
                                       guint32 reporter,
                                       guint8 category,
                                       guint64 report,
                                       guint8 set,
                                       guint8 clear);

guint64 tocsin_evidence_count (TocsinTxn *txn); /* rows in all */

G_END_DECLS
