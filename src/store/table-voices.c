/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-voices.h"

#include "store/txn-private.h"

/* Keys are day, actor; a row is its events, eight bytes each. */

static void
read_row (TocsinTxn *txn, const TocsinSpan *span, GArray *out)
{
  if (span->size % sizeof (guint64) != 0)
    tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
  else
    g_array_append_vals (out, span->data, (guint) (span->size / sizeof (guint64)));
}

static gboolean
find_event (const GArray *events, guint64 event, guint *at)
{
  for (*at = 0; *at < events->len; (*at)++)
    if (g_array_index (events, guint64, *at) == event)
      return TRUE;
  return FALSE;
}

static void
write_row (TocsinTxn *txn, const TocsinKey *key, const GArray *events)
{
  if (events->len > 0)
    tocsin_txn_put (txn, TOCSIN_TABLE_VOICES, key, events->data, events->len * sizeof (guint64));
  else
    tocsin_txn_del (txn, TOCSIN_TABLE_VOICES, key);
}

void
tocsin_voices_add (TocsinTxn *txn, guint32 day, guint32 actor, guint64 event)
{
  g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof event);
  TocsinKey key = tocsin_key_u32 (day);
  TocsinSpan span;
  guint at;

  tocsin_key_add_u32 (&key, actor);
  if (tocsin_txn_get (txn, TOCSIN_TABLE_VOICES, &key, &span))
    read_row (txn, &span, events);
  if (find_event (events, event, &at))
    return;
  g_array_append_val (events, event);
  write_row (txn, &key, events);
}

/* The next row from @key on that has @event, with what is in it. */
static gboolean
find_row (TocsinTxn *txn, guint64 event, TocsinKey *key, GArray *events, guint *at)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_VOICES);
  for (more = tocsin_cursor_seek (&cursor, key); more; more = tocsin_cursor_next (&cursor))
    {
      g_array_set_size (events, 0);
      read_row (txn, &cursor.value, events);
      if (!find_event (events, event, at))
        continue;
      key->size = 0;
      tocsin_key_add (key, cursor.key.data, cursor.key.size);
      return TRUE;
    }
  return FALSE;
}

void
tocsin_voices_forget (TocsinTxn *txn, guint64 event)
{
  g_autoptr (GArray) events = g_array_new (FALSE, FALSE, sizeof event);
  TocsinKey key = tocsin_key_u32 (0);
  guint at;

  while (find_row (txn, event, &key, events, &at))
    {
      g_array_remove_index (events, at);
      write_row (txn, &key, events);
    }
}

guint
tocsin_voices_purge (TocsinTxn *txn, guint32 day, guint max_rows)
{
  guint n;

  for (n = 0; n < max_rows; n++)
    {
      TocsinKey key = { .size = 0 };

      {
        g_auto (TocsinCursor) cursor = { 0 };

        tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_VOICES);
        if (!tocsin_cursor_seek (&cursor, NULL) || tocsin_key_read_u32 (cursor.key.data) >= day)
          return n;
        tocsin_key_add (&key, cursor.key.data, cursor.key.size);
      }
      if (!tocsin_txn_del (txn, TOCSIN_TABLE_VOICES, &key))
        return n;
    }
  return n;
}

void
tocsin_voices_foreach (TocsinTxn *txn, guint32 day, TocsinVoicesFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u32 (day);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_VOICES);
  for (more = tocsin_cursor_seek (&cursor, &from); more; more = tocsin_cursor_next (&cursor))
    {
      const guint8 *key = cursor.key.data;

      if (cursor.value.size % sizeof (guint64) != 0)
        {
          tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
          return;
        }
      if (tocsin_key_read_u32 (key) != day ||
          !func (tocsin_key_read_u32 (key + sizeof (guint32)), cursor.value.data,
                 (guint) (cursor.value.size / sizeof (guint64)), data))
        return;
    }
}
