/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-outbox.h"

#include "store/table-meta.h"
#include "store/txn-private.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinOutboxRecord, sequence),     TOCSIN_PLAIN (TocsinOutboxRecord, kind),
  TOCSIN_PLAIN (TocsinOutboxRecord, audience),     TOCSIN_PLAIN (TocsinOutboxRecord, origin),
  TOCSIN_PLAIN (TocsinOutboxRecord, relayed_from), TOCSIN_PLAIN (TocsinOutboxRecord, report),
  TOCSIN_PLAIN (TocsinOutboxRecord, sharing),      TOCSIN_PLAIN (TocsinOutboxRecord, blanked),
  TOCSIN_PLAIN (TocsinOutboxRecord, created_us),   TOCSIN_STRING (TocsinOutboxRecord, activity_id),
  TOCSIN_BYTES (TocsinOutboxRecord, activity),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinOutboxRecord, fields, NULL);

void
tocsin_outbox_record_clear (TocsinOutboxRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

void
tocsin_outbox_record_free (TocsinOutboxRecord *self)
{
  if (self == NULL)
    return;
  tocsin_outbox_record_clear (self);
  g_free (self);
}

static TocsinKey
id_key (const char *activity_id)
{
  TocsinId id = tocsin_id_for_string (activity_id);

  return tocsin_key_id (&id);
}

guint64
tocsin_outbox_append (TocsinTxn *txn, const TocsinOutboxRecord *record)
{
  TocsinOutboxRecord row = *record; /* borrows all that @record owns */
  TocsinKey key;

  row.sequence = tocsin_meta_next (txn, "sequence");
  key = tocsin_key_u64 (row.sequence);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_OUTBOX, &key, &shape, &row);
  if (row.activity_id != NULL)
    {
      TocsinKey index = id_key (row.activity_id);

      tocsin_txn_put_u64 (txn, TOCSIN_TABLE_OUTBOX_IDS, &index, row.sequence);
    }
  tocsin_txn_note (txn, TOCSIN_NOTE_OUTBOX_APPENDED);
  return row.sequence;
}

gboolean
tocsin_outbox_get (TocsinTxn *txn, guint64 sequence, TocsinOutboxRecord *out)
{
  TocsinKey key = tocsin_key_u64 (sequence);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_OUTBOX, &key, &shape, out);
}

gboolean
tocsin_outbox_find (TocsinTxn *txn, const char *activity_id, guint64 *sequence)
{
  TocsinKey key = id_key (activity_id);

  return tocsin_txn_get_u64 (txn, TOCSIN_TABLE_OUTBOX_IDS, &key, sequence);
}

gboolean
tocsin_outbox_blank (TocsinTxn *txn, guint64 sequence)
{
  TocsinKey key = tocsin_key_u64 (sequence);
  g_auto (TocsinOutboxRecord) record = { 0 };

  if (!tocsin_outbox_get (txn, sequence, &record) || record.blanked)
    return FALSE;
  record.blanked = TRUE;
  g_clear_pointer (&record.activity, g_bytes_unref);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_OUTBOX, &key, &shape, &record);
  return TRUE;
}

void
tocsin_outbox_forget (TocsinTxn *txn, guint64 sequence)
{
  TocsinKey key = tocsin_key_u64 (sequence);
  g_auto (TocsinOutboxRecord) record = { 0 };

  if (!tocsin_outbox_get (txn, sequence, &record))
    return;
  if (record.activity_id != NULL)
    {
      TocsinKey index = id_key (record.activity_id);

      tocsin_txn_del (txn, TOCSIN_TABLE_OUTBOX_IDS, &index);
    }
  record.blanked = TRUE;
  g_clear_pointer (&record.activity, g_bytes_unref);
  g_clear_pointer (&record.activity_id, g_free);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_OUTBOX, &key, &shape, &record);
}

guint64
tocsin_outbox_last (TocsinTxn *txn)
{
  g_auto (TocsinCursor) cursor = { 0 };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_OUTBOX);
  return tocsin_cursor_seek_before (&cursor, NULL) ? tocsin_key_read_u64 (cursor.key.data) : 0;
}

void
tocsin_outbox_foreach (TocsinTxn *txn, guint64 after, TocsinOutboxFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u64 (after + 1);

  if (after == G_MAXUINT64)
    return;
  tocsin_txn_foreach (txn, TOCSIN_TABLE_OUTBOX, &from, 0, &shape, (TocsinRecordFunc) func, data);
}
