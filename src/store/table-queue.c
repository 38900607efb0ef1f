/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-queue.h"

#include "store/txn-private.h"

typedef struct
{
  gint64 due_us;
  guint8 attempts;
} QueueRow;

/* Key of `queue-counts` of all peers together; no actor has it (TOCSIN_AUDIENCE_FOLLOWERS). */
#define ALL_PEERS G_MAXUINT32

static void
count (TocsinTxn *txn, guint32 peer, int by)
{
  const guint32 both[] = { peer, ALL_PEERS };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    {
      TocsinKey key = tocsin_key_u32 (both[i]);
      guint64 n = 0;

      tocsin_txn_get_u64 (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key, &n);
      n = by < 0 && n < (guint64) -by ? 0 : n + (guint64) by;
      if (n == 0)
        tocsin_txn_del (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key);
      else
        tocsin_txn_put_u64 (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key, n);
    }
  tocsin_txn_note (txn, TOCSIN_NOTE_QUEUE_CHANGED);
}

static gboolean
read_row (TocsinTxn *txn, const TocsinSpan *span, TocsinQueueEntry *out)
{
  QueueRow row;

  if (span->size != sizeof row)
    {
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  memcpy (&row, span->data, sizeof row);
  out->due_us = row.due_us;
  out->attempts = row.attempts;
  return TRUE;
}

static void
put_row (TocsinTxn *txn, const TocsinKey *key, guint8 attempts, gint64 due_us)
{
  QueueRow row;

  memset (&row, 0, sizeof row);
  row.due_us = due_us;
  row.attempts = attempts;
  tocsin_txn_put (txn, TOCSIN_TABLE_QUEUE, key, &row, sizeof row);
}

void
tocsin_queue_add (TocsinTxn *txn, guint32 peer, guint64 sequence, gint64 due_us)
{
  TocsinKey key = tocsin_key_u32_u64 (peer, sequence);

  if (tocsin_txn_has (txn, TOCSIN_TABLE_QUEUE, &key))
    return;
  put_row (txn, &key, 0, due_us);
  count (txn, peer, 1);
}

void
tocsin_queue_add_many (TocsinTxn *txn, const GArray *peers, guint64 sequence, gint64 due_us)
{
  for (guint i = 0; i < peers->len; i++)
    tocsin_queue_add (txn, g_array_index (peers, guint32, i), sequence, due_us);
}

gboolean
tocsin_queue_get (TocsinTxn *txn, guint32 peer, guint64 sequence, TocsinQueueEntry *out)
{
  TocsinKey key = tocsin_key_u32_u64 (peer, sequence);
  TocsinSpan span;

  *out = (TocsinQueueEntry){ .peer = peer, .sequence = sequence };
  return tocsin_txn_get (txn, TOCSIN_TABLE_QUEUE, &key, &span) && read_row (txn, &span, out);
}

/* The first entry whose key is not before @key. */
static gboolean
first_from (TocsinTxn *txn, const TocsinKey *key, TocsinQueueEntry *out)
{
  g_auto (TocsinCursor) cursor = { 0 };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_QUEUE);
  if (!tocsin_cursor_seek (&cursor, key))
    return FALSE;
  *out = (TocsinQueueEntry){
    .peer = tocsin_key_read_u32 (cursor.key.data),
    .sequence = tocsin_key_read_u64 ((const guint8 *) cursor.key.data + sizeof (guint32)),
  };
  return read_row (txn, &cursor.value, out);
}

gboolean
tocsin_queue_next (TocsinTxn *txn, guint32 peer, TocsinQueueEntry *out)
{
  TocsinKey key = tocsin_key_u32_u64 (peer, 0);

  return first_from (txn, &key, out) && out->peer == peer;
}

gboolean
tocsin_queue_update (TocsinTxn *txn, const TocsinQueueEntry *entry)
{
  TocsinKey key = tocsin_key_u32_u64 (entry->peer, entry->sequence);

  if (!tocsin_txn_has (txn, TOCSIN_TABLE_QUEUE, &key))
    return FALSE;
  put_row (txn, &key, entry->attempts, entry->due_us);
  tocsin_txn_note (txn, TOCSIN_NOTE_QUEUE_CHANGED);
  return TRUE;
}

gboolean
tocsin_queue_done (TocsinTxn *txn, guint32 peer, guint64 sequence)
{
  TocsinKey key = tocsin_key_u32_u64 (peer, sequence);

  if (!tocsin_txn_del (txn, TOCSIN_TABLE_QUEUE, &key))
    return FALSE;
  count (txn, peer, -1);
  return TRUE;
}

guint
tocsin_queue_drop_peer (TocsinTxn *txn, guint32 peer)
{
  TocsinQueueEntry entry;
  guint n = 0;

  while (tocsin_queue_next (txn, peer, &entry) &&
         tocsin_queue_done (txn, entry.peer, entry.sequence))
    n++;
  return n;
}

gboolean
tocsin_queue_cancel (TocsinTxn *txn, guint32 peer, guint64 add)
{
  TocsinQueueEntry entry;

  return tocsin_queue_get (txn, peer, add, &entry) && entry.attempts == 0 &&
         tocsin_queue_done (txn, peer, add);
}

void
tocsin_queue_foreach_peer (TocsinTxn *txn, TocsinQueueFunc func, gpointer data)
{
  TocsinKey key = tocsin_key_u32_u64 (0, 0);
  TocsinQueueEntry entry;

  /* From each peer's first entry to the next peer's, past all that lies between. */
  while (first_from (txn, &key, &entry) &&
         func (&entry, tocsin_queue_count_of (txn, entry.peer), data) && entry.peer < G_MAXUINT32)
    key = tocsin_key_u32_u64 (entry.peer + 1, 0);
}

guint64
tocsin_queue_count_of (TocsinTxn *txn, guint32 peer)
{
  TocsinKey key = tocsin_key_u32 (peer);
  guint64 n = 0;

  tocsin_txn_get_u64 (txn, TOCSIN_TABLE_QUEUE_COUNTS, &key, &n);
  return n;
}

guint64
tocsin_queue_count (TocsinTxn *txn)
{
  return tocsin_queue_count_of (txn, ALL_PEERS);
}
