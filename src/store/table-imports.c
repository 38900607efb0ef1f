/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-imports.h"

#include "store/table-meta.h"
#include "store/txn-private.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinImportRecord, batch),     TOCSIN_PLAIN (TocsinImportRecord, created_us),
  TOCSIN_PLAIN (TocsinImportRecord, undone_us), TOCSIN_PLAIN (TocsinImportRecord, actor),
  TOCSIN_PLAIN (TocsinImportRecord, category),  TOCSIN_PLAIN (TocsinImportRecord, subject_type),
  TOCSIN_PLAIN (TocsinImportRecord, imported),  TOCSIN_PLAIN (TocsinImportRecord, count),
  TOCSIN_STRING (TocsinImportRecord, source),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinImportRecord, fields, NULL);

void
tocsin_import_record_clear (TocsinImportRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

guint64
tocsin_imports_add (TocsinTxn *txn, const TocsinImportRecord *record)
{
  TocsinImportRecord row = *record; /* borrows all that @record owns */

  row.batch = tocsin_meta_next (txn, "batch");
  tocsin_imports_put (txn, &row);
  return row.batch;
}

gboolean
tocsin_imports_get (TocsinTxn *txn, guint64 batch, TocsinImportRecord *out)
{
  TocsinKey key = tocsin_key_u64 (batch);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_IMPORTS, &key, &shape, out);
}

void
tocsin_imports_put (TocsinTxn *txn, const TocsinImportRecord *record)
{
  TocsinKey key = tocsin_key_u64 (record->batch);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_IMPORTS, &key, &shape, record);
}

void
tocsin_imports_foreach (TocsinTxn *txn, guint64 after, TocsinImportFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u64 (after + 1);

  if (after < G_MAXUINT64)
    tocsin_txn_foreach (txn, TOCSIN_TABLE_IMPORTS, &from, 0, &shape, (TocsinRecordFunc) func, data);
}

typedef struct
{
  gint64 before_us;
  guint max_rows;
  GArray *batches; /* of guint64 */
} Undone;

static gboolean
collect_undone (const TocsinImportRecord *record, gpointer data)
{
  Undone *undone = data;

  if (record->undone_us != 0 && record->undone_us < undone->before_us)
    g_array_append_val (undone->batches, record->batch);
  return undone->batches->len < undone->max_rows;
}

guint
tocsin_imports_purge (TocsinTxn *txn, gint64 before_us, guint max_rows)
{
  g_autoptr (GArray) batches = g_array_new (FALSE, FALSE, sizeof (guint64));
  Undone undone = { before_us, max_rows, batches };
  guint n = 0;

  tocsin_imports_foreach (txn, 0, collect_undone, &undone);
  for (guint i = 0; i < batches->len; i++)
    {
      TocsinKey key = tocsin_key_u64 (g_array_index (batches, guint64, i));

      n += tocsin_txn_del (txn, TOCSIN_TABLE_IMPORTS, &key) ? 1 : 0;
    }
  return n;
}

guint64
tocsin_imports_count_before (TocsinTxn *txn, gint64 before_us)
{
  g_autoptr (GArray) batches = g_array_new (FALSE, FALSE, sizeof (guint64));
  Undone undone = { before_us, G_MAXUINT, batches };

  tocsin_imports_foreach (txn, 0, collect_undone, &undone);
  return batches->len;
}
