/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/report.h"
#include "store/store.h"

G_BEGIN_DECLS

#define TOCSIN_BULK_ROWS 100000 /* a transaction */

/**
 * TocsinBulkRow: one line of a list, as compactly as it can be said.
 */
typedef struct
{
  TocsinSubjectKey key;
  TocsinEvidence evidence; /* @report is set by the store */
  const char *value;       /* (nullable) copied; what was hashed */
  TocsinSubjectType key_type;
} TocsinBulkRow;

/**
 * TocsinBulk:
 *
 * Collects up to %TOCSIN_BULK_ROWS rows, to be written sorted in one transaction: imports of
 * lists. The rows get report numbers without id, text and signed activity, belong to @batch, and
 * are one "many" in the change log unless they are few. Not for reports that are sent.
 */
typedef struct _TocsinBulk TocsinBulk;

TocsinBulk *tocsin_bulk_new (guint64 batch) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_bulk_free (TocsinBulk *self);
/* Returns %TRUE if it is full and must be written. */
gboolean tocsin_bulk_add (TocsinBulk *self, const TocsinBulkRow *row);
gsize tocsin_bulk_size (const TocsinBulk *self);
/* A #TocsinWriteFunc with a TocsinBulk as data: writes the rows; the caller empties it after the
 * commit. */
gboolean tocsin_bulk_write (TocsinTxn *txn, gpointer bulk, GError **error);
void tocsin_bulk_reset (TocsinBulk *self);

/* Removes at most @max rows of a batch, reports of peers included (their evidence goes, their rows
 * are held as rejected). Returns how many; 0 when done. */
guint tocsin_bulk_undo (TocsinTxn *txn, guint64 batch, guint max, gint64 now_us);

/* The batch of a row; 0 if none has this number, or a report that was sent. */
guint64 tocsin_bulk_find_batch (TocsinTxn *txn, guint64 number);

/**
 * TocsinBulkEntry: one row of a batch as it is stored.
 */
typedef struct
{
  TocsinSubjectKey key;
  guint64 number;
} TocsinBulkEntry;

/* Order of keys, for g_array_sort() of anything that begins with one. */
int tocsin_bulk_compare_keys (gconstpointer a, gconstpointer b);

/* Returns: (transfer full) (element-type TocsinBulkEntry): every row of @batch, in the order of
 * keys. */
GArray *tocsin_bulk_list (TocsinTxn *txn, guint64 batch) G_GNUC_WARN_UNUSED_RESULT;

/* Removes rows by their numbers, at most %TOCSIN_BULK_ROWS; those that are gone are passed over.
 * Sorted by key it is quickest. */
void tocsin_bulk_remove (TocsinTxn *txn, const TocsinBulkEntry *entries, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinBulk, tocsin_bulk_free)

G_END_DECLS
