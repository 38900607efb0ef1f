/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-changes.h"

#include "store/table-meta.h"
#include "store/txn-private.h"

typedef struct
{
  guint8 kind; /* TocsinChangeKind */
  TocsinSubjectKey key;
} ChangeRow;

void
tocsin_changes_add (TocsinTxn *txn, TocsinChangeKind kind, const TocsinSubjectKey *key)
{
  static const TocsinNotes notes[] = {
    [TOCSIN_CHANGE_EVIDENCE] = TOCSIN_NOTE_EVIDENCE_CHANGED,
    [TOCSIN_CHANGE_ALLOW] = TOCSIN_NOTE_ALLOW_CHANGED,
    [TOCSIN_CHANGE_TRUST] = TOCSIN_NOTE_TRUST_CHANGED,
    [TOCSIN_CHANGE_MANY] = TOCSIN_NOTE_EVIDENCE_CHANGED,
  };
  ChangeRow row = { .kind = (guint8) kind };
  TocsinKey row_key;

  tocsin_txn_note (txn, notes[kind]);
  if (txn->changes > TOCSIN_CHANGES_TXN_MAX)
    return;
  if (++txn->changes > TOCSIN_CHANGES_TXN_MAX)
    row.kind = TOCSIN_CHANGE_MANY;
  else if (key != NULL)
    row.key = *key;
  row_key = tocsin_key_u64 (tocsin_meta_next (txn, "generation"));
  tocsin_txn_put (txn, TOCSIN_TABLE_CHANGES, &row_key, &row, sizeof row);
}

static gboolean
read_row (TocsinCursor *cursor, TocsinChange *out)
{
  ChangeRow row;

  if (cursor->value.size != sizeof row)
    {
      tocsin_txn_fail (cursor->txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  memcpy (&row, cursor->value.data, sizeof row);
  *out = (TocsinChange){ .generation = tocsin_key_read_u64 (cursor->key.data),
                         .kind = (TocsinChangeKind) row.kind,
                         .key = row.key };
  return TRUE;
}

void
tocsin_changes_foreach (TocsinTxn *txn, guint64 after, TocsinChangeFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u64 (after + 1);
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinChange change;
  gboolean more;

  if (after == G_MAXUINT64)
    return;
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_CHANGES);
  for (more = tocsin_cursor_seek (&cursor, &from);
       more && read_row (&cursor, &change) && func (&change, data);)
    more = tocsin_cursor_next (&cursor);
}

void
tocsin_changes_blank (TocsinTxn *txn, guint64 generation)
{
  ChangeRow row = { .kind = TOCSIN_CHANGE_MANY };
  TocsinKey key = tocsin_key_u64 (generation);

  tocsin_txn_put (txn, TOCSIN_TABLE_CHANGES, &key, &row, sizeof row);
}

gboolean
tocsin_changes_covers (TocsinTxn *txn, guint64 after)
{
  guint64 newest = tocsin_meta_generation (txn);
  g_auto (TocsinCursor) cursor = { 0 };

  if (after >= newest)
    return after == newest;
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_CHANGES);
  return tocsin_cursor_seek (&cursor, NULL) && tocsin_key_read_u64 (cursor.key.data) <= after + 1;
}

guint
tocsin_changes_trim (TocsinTxn *txn, guint max_rows)
{
  guint64 entries = tocsin_txn_entries (txn, TOCSIN_TABLE_CHANGES);
  guint n = 0;
  guint64 oldest;

  if (entries <= TOCSIN_CHANGES_MAX)
    return 0;
  {
    g_auto (TocsinCursor) cursor = { 0 };

    tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_CHANGES);
    if (!tocsin_cursor_seek (&cursor, NULL))
      return 0;
    oldest = tocsin_key_read_u64 (cursor.key.data);
  }
  /* Generations are without gaps. */
  for (; n < max_rows && entries - n > TOCSIN_CHANGES_MAX; n++)
    {
      TocsinKey key = tocsin_key_u64 (oldest + n);

      tocsin_txn_del (txn, TOCSIN_TABLE_CHANGES, &key);
    }
  return n;
}
