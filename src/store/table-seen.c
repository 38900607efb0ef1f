/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-seen.h"

#include "core/clock.h"
#include "store/purge.h"
#include "store/txn-private.h"

static TocsinKey
id_key (const char *activity_id)
{
  TocsinId id = tocsin_id_for_string (activity_id);

  return tocsin_key_id (&id);
}

gboolean
tocsin_seen_knows (TocsinTxn *txn, const char *activity_id)
{
  TocsinKey key = id_key (activity_id);

  return tocsin_txn_has (txn, TOCSIN_TABLE_SEEN, &key);
}

TocsinSeen
tocsin_seen_check (TocsinTxn *txn, const char *activity_id, const TocsinId *content)
{
  TocsinKey key = id_key (activity_id);
  TocsinSpan span;

  if (!tocsin_txn_get (txn, TOCSIN_TABLE_SEEN, &key, &span))
    return TOCSIN_SEEN_NEW;
  return span.size == sizeof content->bytes &&
                 memcmp (span.data, content->bytes, sizeof content->bytes) == 0
             ? TOCSIN_SEEN_SAME
             : TOCSIN_SEEN_DIFFERENT;
}

void
tocsin_seen_put (TocsinTxn *txn, const char *activity_id, const TocsinId *content, gint64 now_us)
{
  TocsinKey key = id_key (activity_id);
  TocsinKey time_key = tocsin_key_u32 ((guint32) (MAX (0, now_us) / TOCSIN_SECOND_US));

  if (tocsin_txn_has (txn, TOCSIN_TABLE_SEEN, &key))
    return;
  tocsin_key_add (&time_key, key.bytes, key.size);
  tocsin_txn_put (txn, TOCSIN_TABLE_SEEN, &key, content->bytes, sizeof content->bytes);
  tocsin_txn_put (txn, TOCSIN_TABLE_SEEN_TIMES, &time_key, "", 0);
}

/* Its entry among the times stays, by which nothing else is found; should the id come again, that
 * lets go of it as if it had come but once. */
void
tocsin_seen_forget (TocsinTxn *txn, const char *activity_id)
{
  TocsinKey key = id_key (activity_id);

  tocsin_txn_del (txn, TOCSIN_TABLE_SEEN, &key);
}

guint64
tocsin_seen_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_SEEN);
}

guint
tocsin_seen_purge (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  gint64 oldest_s =
      (now_us / TOCSIN_SECOND_US) - tocsin_store_keep_us (txn->store) / TOCSIN_SECOND_US;
  guint n = 0;

  for (; n < max_rows; n++)
    {
      TocsinKey time_key = { .size = 0 };
      TocsinKey key = { .size = 0 };

      {
        g_auto (TocsinCursor) cursor = { 0 };

        tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_SEEN_TIMES);
        if (!tocsin_cursor_seek (&cursor, NULL) ||
            tocsin_key_read_u32 (cursor.key.data) >= oldest_s)
          return n;
        tocsin_key_add (&time_key, cursor.key.data, cursor.key.size);
      }
      tocsin_key_add (&key, time_key.bytes + sizeof (guint32), time_key.size - sizeof (guint32));
      tocsin_txn_del (txn, TOCSIN_TABLE_SEEN_TIMES, &time_key);
      tocsin_txn_del (txn, TOCSIN_TABLE_SEEN, &key);
    }
  return n;
}
