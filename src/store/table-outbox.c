/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-outbox.h"

#include "core/clock.h"
#include "store/purge.h"
#include "store/table-meta.h"
#include "store/txn-private.h"

#define PURGE_LOOKS 1000 /* entries that one purge looks at */

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinOutboxRecord, sequence),     TOCSIN_PLAIN (TocsinOutboxRecord, kind),
  TOCSIN_PLAIN (TocsinOutboxRecord, audience),     TOCSIN_PLAIN (TocsinOutboxRecord, origin),
  TOCSIN_PLAIN (TocsinOutboxRecord, relayed_from), TOCSIN_PLAIN (TocsinOutboxRecord, report),
  TOCSIN_PLAIN (TocsinOutboxRecord, sharing),      TOCSIN_PLAIN (TocsinOutboxRecord, blanked),
  TOCSIN_PLAIN (TocsinOutboxRecord, created_us),   TOCSIN_STRING (TocsinOutboxRecord, activity_id),
  TOCSIN_BYTES (TocsinOutboxRecord, activity),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinOutboxRecord, fields, NULL);

#define N_HEAD_FIELDS (G_N_ELEMENTS (fields) - 1) /* all but the body */

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

/* Messages may share an id with an entry of the outbox, which keeps it. */
static void
drop_id (TocsinTxn *txn, const TocsinOutboxRecord *entry)
{
  guint64 sequence;

  if (entry->activity_id != NULL && tocsin_outbox_find (txn, entry->activity_id, &sequence) &&
      sequence == entry->sequence)
    {
      TocsinKey index = id_key (entry->activity_id);

      tocsin_txn_del (txn, TOCSIN_TABLE_OUTBOX_IDS, &index);
    }
}

void
tocsin_outbox_forget (TocsinTxn *txn, guint64 sequence)
{
  TocsinKey key = tocsin_key_u64 (sequence);
  g_auto (TocsinOutboxRecord) record = { 0 };

  if (!tocsin_outbox_get (txn, sequence, &record))
    return;
  drop_id (txn, &record);
  record.blanked = TRUE;
  g_clear_pointer (&record.activity, g_bytes_unref);
  g_clear_pointer (&record.activity_id, g_free);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_OUTBOX, &key, &shape, &record);
}

void
tocsin_outbox_drop_message (TocsinTxn *txn, guint64 sequence)
{
  TocsinKey key = tocsin_key_u64 (sequence);
  g_auto (TocsinOutboxRecord) record = { 0 };

  if (!tocsin_outbox_get (txn, sequence, &record) || record.kind != TOCSIN_OUTBOX_MESSAGE)
    return;
  tocsin_outbox_forget (txn, sequence);
  if (sequence != tocsin_outbox_last (txn))
    tocsin_txn_del (txn, TOCSIN_TABLE_OUTBOX, &key);
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

void
tocsin_outbox_foreach_head (TocsinTxn *txn, guint64 after, TocsinOutboxFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u64 (after + 1);

  if (after == G_MAXUINT64)
    return;
  tocsin_txn_foreach_peek (txn, TOCSIN_TABLE_OUTBOX, &from, &shape, N_HEAD_FIELDS,
                           (TocsinRecordFunc) func, data);
}

/* ---- what nobody can need any more ---- */

/* Of an entry that is older than tombstones are kept. A statement of trust has no row once it was
 * taken back; without the tombstone its Remove would not keep the Add out either. */
static gboolean
is_over (TocsinTxn *txn, const TocsinOutboxRecord *entry)
{
  TocsinKey report = tocsin_key_u64 (entry->report);

  switch (entry->kind)
    {
    case TOCSIN_OUTBOX_MESSAGE:
      return TRUE;
    case TOCSIN_OUTBOX_ADD:
    case TOCSIN_OUTBOX_REMOVE:
      if (entry->report != 0)
        return !tocsin_txn_has (txn, TOCSIN_TABLE_REPORTS, &report);
      return entry->kind == TOCSIN_OUTBOX_REMOVE || entry->blanked;
    case TOCSIN_OUTBOX_UPDATE:
    default:
      return FALSE;
    }
}

typedef struct
{
  TocsinTxn *txn;
  gint64 before_us;
  gint64 ahead_us; /* what is dated after it was by a clock that was wrong */
  guint64 last;    /* lastSequence is read from the row itself */
  guint64 looked_at;
  gboolean stopped; /* before the end of what is old enough */
  guint looks;      /* left */
  guint max_rows;
  GPtrArray *over; /* (nullable) (element-type TocsinOutboxRecord) */
  guint64 n;
} Old;

static gboolean
look_at (const TocsinOutboxRecord *entry, gpointer data)
{
  Old *old = data;
  gboolean is_ahead = entry->created_us > old->ahead_us;

  if ((entry->created_us >= old->before_us && !is_ahead) || entry->sequence == old->last)
    return FALSE;
  old->stopped = old->looks == 0 || old->n == old->max_rows;
  if (old->stopped)
    return FALSE;
  old->looks--;
  old->looked_at = entry->sequence;
  /* Nothing says how old that is, and those after it must not wait for it. */
  if (is_ahead || !is_over (old->txn, entry))
    return TRUE;
  old->n++;
  if (old->over != NULL)
    {
      TocsinOutboxRecord *copy = g_new0 (TocsinOutboxRecord, 1);

      copy->sequence = entry->sequence;
      copy->activity_id = g_strdup (entry->activity_id);
      g_ptr_array_add (old->over, copy);
    }
  return TRUE;
}

guint
tocsin_outbox_purge (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  guint64 *position = tocsin_store_outbox_position (txn->store);
  g_autoptr (GPtrArray) over =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_outbox_record_free);
  Old old = {
    .txn = txn,
    .before_us = now_us - tocsin_store_keep_us (txn->store),
    .ahead_us = now_us + TOCSIN_DAY_US,
    .last = tocsin_outbox_last (txn),
    .looked_at = *position,
    .looks = PURGE_LOOKS,
    .max_rows = max_rows,
    .over = over,
  };
  guint n = 0;

  tocsin_outbox_foreach (txn, *position, look_at, &old);
  for (guint i = 0; i < over->len; i++)
    {
      const TocsinOutboxRecord *entry = g_ptr_array_index (over, i);
      TocsinKey key = tocsin_key_u64 (entry->sequence);

      n += tocsin_txn_del (txn, TOCSIN_TABLE_OUTBOX, &key) ? 1 : 0;
      drop_id (txn, entry);
    }
  *position = old.stopped ? old.looked_at : 0;
  return n;
}

guint64
tocsin_outbox_count_due (TocsinTxn *txn, gint64 now_us)
{
  Old old = {
    .txn = txn,
    .before_us = now_us - tocsin_store_keep_us (txn->store),
    .ahead_us = now_us + TOCSIN_DAY_US,
    .last = tocsin_outbox_last (txn),
    .looks = G_MAXUINT,
    .max_rows = G_MAXUINT,
  };

  tocsin_outbox_foreach (txn, 0, look_at, &old);
  return old.n;
}
