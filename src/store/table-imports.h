/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinImportRecord: one import, or a peer's first read: what can be taken back whole. Free by
 * tocsin_import_record_clear(); zero it to begin.
 */
typedef struct
{
  guint64 batch; /* set by add, from 1 */
  gint64 created_us;
  gint64 undone_us;    /* 0: not undone */
  guint32 actor;       /* TOCSIN_ACTOR_LOCAL, or whose first read it is */
  guint8 category;     /* 0: several */
  guint8 subject_type; /* TocsinSubjectType; NONE: several */
  gboolean imported;   /* basis imported: shown, never counted */
  guint64 count;
  char *source; /* (owned) file name or URL, without a query */
} TocsinImportRecord;

void tocsin_import_record_clear (TocsinImportRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinImportRecord, tocsin_import_record_clear)

/* Stores it under a number of its own, which is returned; that of @record is not read. */
guint64 tocsin_imports_add (TocsinTxn *txn, const TocsinImportRecord *record);
/* %FALSE, and @out is zero, if there is none. The caller clears @out. */
gboolean tocsin_imports_get (TocsinTxn *txn, guint64 batch, TocsinImportRecord *out);
/* Replaces the row of the batch that @record names. */
void tocsin_imports_put (TocsinTxn *txn, const TocsinImportRecord *record);
typedef gboolean (*TocsinImportFunc) (const TocsinImportRecord *record, gpointer data);
/* From the first batch after @after on, until @func returns %FALSE. */
void tocsin_imports_foreach (TocsinTxn *txn, guint64 after, TocsinImportFunc func, gpointer data);

/* Forgets imports that were undone longer ago than @before_us, at most @max_rows. How many. */
guint tocsin_imports_purge (TocsinTxn *txn, gint64 before_us, guint max_rows);
guint64 tocsin_imports_count_before (TocsinTxn *txn, gint64 before_us);

G_END_DECLS
