/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-voices.h"

#include "store/txn-private.h"

/* Keys are day, actor. */

#define STALE_ROWS 100 /* of earlier days, that one put removes at most */

static void
remove_earlier (TocsinTxn *txn, guint32 day)
{
  for (guint n = 0; n < STALE_ROWS; n++)
    {
      TocsinKey key = { .size = 0 };

      {
        g_auto (TocsinCursor) cursor = { 0 };

        tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_VOICES);
        if (!tocsin_cursor_seek (&cursor, NULL) || tocsin_key_read_u32 (cursor.key.data) >= day)
          return;
        tocsin_key_add (&key, cursor.key.data, cursor.key.size);
      }
      tocsin_txn_del (txn, TOCSIN_TABLE_VOICES, &key);
    }
}

void
tocsin_voices_put (
    TocsinTxn *txn, guint32 day, guint32 actor, const guint64 *events, guint n_events)
{
  TocsinKey key = tocsin_key_u32 (day);

  tocsin_key_add_u32 (&key, actor);
  remove_earlier (txn, day);
  tocsin_txn_put (txn, TOCSIN_TABLE_VOICES, &key, events, n_events * sizeof *events);
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
