/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/bulk.h"

#include "core/clock.h"
#include "store/reports-private.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-subjects.h"

#define NAMED_MAX 500 /* rows of a transaction that the change log names */

struct _TocsinBulk
{
  guint64 batch;
  GArray *rows;         /* (owned) of TocsinBulkRow */
  GStringChunk *values; /* (owned): what their @value point to */
};

TocsinBulk *
tocsin_bulk_new (guint64 batch)
{
  TocsinBulk *self = g_new0 (TocsinBulk, 1);

  self->batch = batch;
  self->rows = g_array_new (FALSE, FALSE, sizeof (TocsinBulkRow));
  self->values = g_string_chunk_new (64 * 1024);
  return self;
}

void
tocsin_bulk_free (TocsinBulk *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->rows);
  g_string_chunk_free (self->values);
  g_free (self);
}

gboolean
tocsin_bulk_add (TocsinBulk *self, const TocsinBulkRow *row)
{
  TocsinBulkRow copy = *row;

  if (copy.value != NULL)
    copy.value = g_string_chunk_insert (self->values, copy.value);
  g_array_append_val (self->rows, copy);
  return self->rows->len >= TOCSIN_BULK_ROWS;
}

gsize
tocsin_bulk_size (const TocsinBulk *self)
{
  return self->rows->len;
}

void
tocsin_bulk_reset (TocsinBulk *self)
{
  g_array_set_size (self->rows, 0);
  g_string_chunk_clear (self->values);
}

int
tocsin_bulk_compare_keys (gconstpointer a, gconstpointer b)
{
  const TocsinSubjectKey *x = a, *y = b;

  return memcmp (x->bytes, y->bytes, sizeof x->bytes);
}

/* One cursor a table: rows come in the order of keys, or of numbers. */
typedef struct
{
  TocsinTxn *txn;
  TocsinCursor reports;
  TocsinCursor batches;
  TocsinCursor subjects;
  TocsinCursor evidence;
} Cursors;

static void
cursors_init (Cursors *self, TocsinTxn *txn)
{
  self->txn = txn;
  tocsin_cursor_init (&self->reports, txn, TOCSIN_TABLE_REPORTS);
  tocsin_cursor_init (&self->batches, txn, TOCSIN_TABLE_REPORT_BATCHES);
  tocsin_cursor_init (&self->subjects, txn, TOCSIN_TABLE_SUBJECTS);
  tocsin_cursor_init (&self->evidence, txn, TOCSIN_TABLE_EVIDENCE);
}

static void
cursors_clear (Cursors *self)
{
  tocsin_cursor_clear (&self->reports);
  tocsin_cursor_clear (&self->batches);
  tocsin_cursor_clear (&self->subjects);
  tocsin_cursor_clear (&self->evidence);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Cursors, cursors_clear)

static void
write_row (Cursors *cursors, guint64 batch, const TocsinBulkRow *row, guint64 number)
{
  TocsinTxn *txn = cursors->txn;
  TocsinCompactRow compact = {
    .evidence = row->evidence, .key = row->key, .batch = batch, .key_type = row->key_type
  };
  TocsinSubjectRecord subject = { .key = row->key, .type = row->key_type, .value = row->value };
  TocsinKey key = tocsin_key_u64 (number);

  compact.evidence.report = number;
  tocsin_cursor_append (&cursors->reports, &key, &compact, sizeof compact);
  key = tocsin_key_u64_u64 (batch, number);
  (void) tocsin_cursor_add (&cursors->batches, &key, "", 0);
  if (row->evidence.expires_s != TOCSIN_EVIDENCE_NEVER_S)
    {
      key = tocsin_report_end_key (row->evidence.expires_s * TOCSIN_SECOND_US, number,
                                   TOCSIN_END_EVIDENCE);
      tocsin_txn_put (txn, TOCSIN_TABLE_REPORT_ENDS, &key, "", 0);
    }
  tocsin_subjects_add (txn, &cursors->subjects, &subject);
  /* The first row of a key has no older ones beside it. */
  key = tocsin_key_id (&row->key);
  if (!tocsin_cursor_add (&cursors->evidence, &key, &compact.evidence, sizeof compact.evidence))
    tocsin_evidence_add_quietly (txn, &row->key, &compact.evidence);
}

static gboolean
is_sorted (const GArray *rows)
{
  for (guint i = 1; i < rows->len; i++)
    if (tocsin_bulk_compare_keys (&g_array_index (rows, TocsinBulkRow, i - 1),
                                  &g_array_index (rows, TocsinBulkRow, i)) > 0)
      return FALSE;
  return TRUE;
}

/* A few are named, so that nobody who follows the changes has to begin anew for them. */
static void
note_changes (TocsinTxn *txn, const GArray *rows)
{
  if (rows->len > NAMED_MAX)
    tocsin_changes_add (txn, TOCSIN_CHANGE_MANY, NULL);
  else
    for (guint i = 0; i < rows->len; i++)
      tocsin_changes_add (txn, TOCSIN_CHANGE_EVIDENCE, &g_array_index (rows, TocsinBulkRow, i).key);
}

gboolean
tocsin_bulk_write (TocsinTxn *txn, gpointer bulk, GError **error)
{
  TocsinBulk *self = bulk;
  g_auto (Cursors) cursors = { 0 };
  guint64 first;

  if (self->rows->len == 0)
    return TRUE;
  /* Neighbouring keys lie on the same pages. */
  if (!is_sorted (self->rows))
    g_array_sort (self->rows, tocsin_bulk_compare_keys);
  first = tocsin_meta_reserve (txn, "report", self->rows->len);
  cursors_init (&cursors, txn);
  for (guint i = 0; i < self->rows->len && txn->rc == MDB_SUCCESS; i++)
    write_row (&cursors, self->batch, &g_array_index (self->rows, TocsinBulkRow, i), first + i);
  note_changes (txn, self->rows);
  return tocsin_txn_check (txn, error);
}

/* Of a report that is not there: who undoes a batch until nothing is left comes to an end. */
static void
forget_row (TocsinTxn *txn, guint64 batch, guint64 number)
{
  TocsinKey key = tocsin_key_u64_u64 (batch, number);

  tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_BATCHES, &key);
}

guint
tocsin_bulk_undo (TocsinTxn *txn, guint64 batch, guint max, gint64 now_us)
{
  g_autoptr (GArray) numbers = tocsin_reports_in_batch (txn, batch, 0, max);

  for (guint i = 0; i < numbers->len; i++)
    {
      guint64 number = g_array_index (numbers, guint64, i);
      g_auto (TocsinReportRecord) record = { 0 };

      if (!tocsin_reports_get (txn, number, &record))
        forget_row (txn, batch, number);
      else if (record.id == NULL)
        tocsin_report_remove_compact (txn, &record);
      else
        tocsin_reports_set_state (txn, number, TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED, now_us);
    }
  return txn->rc == MDB_SUCCESS ? numbers->len : 0;
}

static gboolean
read_compact (TocsinTxn *txn, guint64 number, TocsinCompactRow *out)
{
  TocsinKey key = tocsin_key_u64 (number);
  TocsinSpan span;

  if (!tocsin_txn_get (txn, TOCSIN_TABLE_REPORTS, &key, &span) || span.size != sizeof *out)
    return FALSE;
  memcpy (out, span.data, sizeof *out);
  return TRUE;
}

guint64
tocsin_bulk_find_batch (TocsinTxn *txn, guint64 number)
{
  TocsinCompactRow row;

  return read_compact (txn, number, &row) ? row.batch : 0;
}

GArray *
tocsin_bulk_list (TocsinTxn *txn, guint64 batch)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (TocsinBulkEntry));
  TocsinKey from = tocsin_key_u64 (batch);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REPORT_BATCHES);
  for (more = tocsin_cursor_seek (&cursor, &from); more; more = tocsin_cursor_next (&cursor))
    {
      TocsinBulkEntry entry = { .number = 0 };
      TocsinCompactRow row;

      if (memcmp (cursor.key.data, from.bytes, from.size) != 0)
        break;
      entry.number = tocsin_key_read_u64 ((const guint8 *) cursor.key.data + sizeof (guint64));
      if (!read_compact (txn, entry.number, &row))
        continue;
      entry.key = row.key;
      g_array_append_val (out, entry);
    }
  g_array_sort (out, tocsin_bulk_compare_keys);
  return out;
}

void
tocsin_bulk_remove (TocsinTxn *txn, const TocsinBulkEntry *entries, gsize n)
{
  for (gsize i = 0; i < n && txn->rc == MDB_SUCCESS; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_reports_get (txn, entries[i].number, &record) && record.id == NULL)
        tocsin_report_remove_compact (txn, &record);
    }
}
