/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-allow.h"

#include "store/table-changes.h"
#include "store/txn-private.h"

/* @expires_us is first: tocsin_allow_match() reads it in place. */
static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinAllowRecord, expires_us), TOCSIN_PLAIN (TocsinAllowRecord, created_us),
  TOCSIN_PLAIN (TocsinAllowRecord, key),        TOCSIN_PLAIN (TocsinAllowRecord, type),
  TOCSIN_STRING (TocsinAllowRecord, value),     TOCSIN_STRING (TocsinAllowRecord, reason),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinAllowRecord, fields, NULL);

void
tocsin_allow_record_clear (TocsinAllowRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

gboolean
tocsin_allow_match (TocsinTxn *txn, const TocsinSubjectKey *key, gint64 now_us)
{
  TocsinKey row_key = tocsin_key_id (key);
  TocsinSpan span;
  gint64 expires_us;

  if (!tocsin_txn_get (txn, TOCSIN_TABLE_ALLOW, &row_key, &span))
    return FALSE;
  if (span.size < sizeof expires_us)
    {
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  memcpy (&expires_us, span.data, sizeof expires_us);
  return expires_us == 0 || expires_us > now_us;
}

gboolean
tocsin_allow_get (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinAllowRecord *out)
{
  TocsinKey row_key = tocsin_key_id (key);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_ALLOW, &row_key, &shape, out);
}

void
tocsin_allow_put (TocsinTxn *txn, const TocsinAllowRecord *record)
{
  TocsinKey row_key = tocsin_key_id (&record->key);
  g_auto (TocsinAllowRecord) old = { 0 };

  if (tocsin_allow_get (txn, &record->key, &old))
    tocsin_lengths_count (txn, old.type, old.value, -1);
  tocsin_lengths_count (txn, record->type, record->value, 1);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_ALLOW, &row_key, &shape, record);
  tocsin_changes_add (txn, TOCSIN_CHANGE_ALLOW, &record->key);
}

gboolean
tocsin_allow_remove (TocsinTxn *txn, const TocsinSubjectKey *key)
{
  TocsinKey row_key = tocsin_key_id (key);
  g_auto (TocsinAllowRecord) old = { 0 };

  if (!tocsin_allow_get (txn, key, &old))
    return FALSE;
  tocsin_lengths_count (txn, old.type, old.value, -1);
  tocsin_txn_del (txn, TOCSIN_TABLE_ALLOW, &row_key);
  tocsin_changes_add (txn, TOCSIN_CHANGE_ALLOW, key);
  return TRUE;
}

void
tocsin_allow_foreach (TocsinTxn *txn, TocsinAllowFunc func, gpointer data)
{
  tocsin_txn_foreach (txn, TOCSIN_TABLE_ALLOW, NULL, 0, &shape, (TocsinRecordFunc) func, data);
}

guint64
tocsin_allow_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_ALLOW);
}

typedef struct
{
  gint64 now_us;
  GArray *keys; /* of TocsinSubjectKey */
  guint max;
} Expired;

static gboolean
collect_expired (const TocsinAllowRecord *record, gpointer data)
{
  Expired *expired = data;

  if (record->expires_us != 0 && record->expires_us <= expired->now_us)
    g_array_append_val (expired->keys, record->key);
  return expired->keys->len < expired->max;
}

guint
tocsin_allow_purge (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));
  Expired expired = { .now_us = now_us, .keys = keys, .max = max_rows };
  guint n = 0;

  tocsin_allow_foreach (txn, collect_expired, &expired);
  for (guint i = 0; i < keys->len; i++)
    n += tocsin_allow_remove (txn, &g_array_index (keys, TocsinSubjectKey, i)) ? 1 : 0;
  return n;
}
