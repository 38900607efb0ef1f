/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-audit.h"

#include "core/clock.h"
#include "core/error.h"
#include "store/table-meta.h"
#include "store/txn-private.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinAuditRecord, number),   TOCSIN_PLAIN (TocsinAuditRecord, time_us),
  TOCSIN_PLAIN (TocsinAuditRecord, previous), TOCSIN_STRING (TocsinAuditRecord, who),
  TOCSIN_STRING (TocsinAuditRecord, action),  TOCSIN_STRING (TocsinAuditRecord, object),
  TOCSIN_STRING (TocsinAuditRecord, detail),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinAuditRecord, fields, NULL);

/* The newest entry, so that cutting the end off shows too. */
#define HEAD_NAME "audit-head"

/* The newest of those that went by age: the chain begins after it. */
#define FLOOR_NAME "audit-floor"

typedef struct
{
  guint64 number;
  guint8 hash[32];
} AuditHead;

void
tocsin_audit_record_clear (TocsinAuditRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

static void
read_end (TocsinTxn *txn, const char *name, AuditHead *head)
{
  g_autoptr (GBytes) stored = tocsin_meta_get (txn, name);

  memset (head, 0, sizeof *head);
  if (stored == NULL)
    return;
  if (g_bytes_get_size (stored) == sizeof *head)
    memcpy (head, g_bytes_get_data (stored, NULL), sizeof *head);
  else
    tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
}

guint64
tocsin_audit_append (TocsinTxn *txn,
                     gint64 now_us,
                     const char *who,
                     const char *action,
                     const char *object,
                     const char *detail)
{
  g_autoptr (GByteArray) row = g_byte_array_new ();
  TocsinAuditRecord record = { .time_us = now_us,
                               .who = (char *) who,
                               .action = (char *) action,
                               .object = (char *) object,
                               .detail = (char *) detail };
  AuditHead head;
  TocsinKey key;

  read_end (txn, HEAD_NAME, &head);
  record.number = head.number + 1;
  memcpy (record.previous, head.hash, sizeof record.previous);
  tocsin_shape_pack (&shape, &record, row);
  key = tocsin_key_u64 (record.number);
  tocsin_txn_put (txn, TOCSIN_TABLE_AUDIT, &key, row->data, row->len);

  head.number = record.number;
  tocsin_blake2b_256 (row->data, row->len, head.hash);
  tocsin_meta_put (txn, HEAD_NAME, &head, sizeof head);
  return record.number;
}

void
tocsin_audit_foreach (
    TocsinTxn *txn, guint64 after, gboolean newest_first, TocsinAuditFunc func, gpointer data)
{
  TocsinKey key = tocsin_key_u64 (newest_first ? after : after + 1);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  if (!newest_first && after == G_MAXUINT64)
    return;
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_AUDIT);
  more = newest_first ? tocsin_cursor_seek_before (&cursor, after == 0 ? NULL : &key)
                      : tocsin_cursor_seek (&cursor, &key);
  while (more)
    {
      g_auto (TocsinAuditRecord) record = { 0 };

      more = tocsin_txn_unpack (txn, &shape, &cursor.value, &record) && func (&record, data) &&
             (newest_first ? tocsin_cursor_prev (&cursor) : tocsin_cursor_next (&cursor));
    }
}

typedef struct
{
  gint64 before_us;
  gint64 ahead_us;
  guint64 newest;
  guint64 max;
  guint64 waiting; /* entries before this one of which it decides */
  guint64 n;
} OldEntries;

/* By a clock that was wrong an entry is as old as the next one that a right one dated. */
static gboolean
count_entry (const TocsinAuditRecord *record, gpointer data)
{
  OldEntries *old = data;
  gboolean is_newest = record->number == old->newest;

  old->waiting += is_newest ? 0 : 1;
  if (!tocsin_time_is_sane (record->time_us) || record->time_us > old->ahead_us)
    return !is_newest;
  if (record->time_us >= old->before_us)
    return FALSE;
  old->n += old->waiting;
  old->waiting = 0;
  return !is_newest && old->n < old->max;
}

static guint64
count_old (TocsinTxn *txn, gint64 before_us, gint64 now_us, guint64 max)
{
  OldEntries old = { .before_us = before_us, .ahead_us = now_us + TOCSIN_DAY_US, .max = max };
  AuditHead head;

  read_end (txn, HEAD_NAME, &head);
  old.newest = head.number;
  tocsin_audit_foreach (txn, 0, FALSE, count_entry, &old);
  return MIN (old.n, max);
}

guint64
tocsin_audit_count_before (TocsinTxn *txn, gint64 before_us, gint64 now_us)
{
  return count_old (txn, before_us, now_us, G_MAXUINT64);
}

/* The oldest entry. One that is not where it says it is stays, for tocsin_audit_verify() to show.
 */
static gboolean
find_oldest (TocsinTxn *txn, AuditHead *out)
{
  g_auto (TocsinCursor) cursor = { 0 };
  g_auto (TocsinAuditRecord) record = { 0 };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_AUDIT);
  if (!tocsin_cursor_seek (&cursor, NULL) ||
      !tocsin_txn_unpack (txn, &shape, &cursor.value, &record) ||
      record.number != tocsin_key_read_u64 (cursor.key.data))
    return FALSE;
  memset (out, 0, sizeof *out);
  out->number = record.number;
  tocsin_blake2b_256 (cursor.value.data, cursor.value.size, out->hash);
  return TRUE;
}

guint
tocsin_audit_purge (TocsinTxn *txn, gint64 before_us, gint64 now_us, guint max_rows)
{
  guint due = (guint) count_old (txn, before_us, now_us, max_rows);
  AuditHead gone;
  guint n = 0;

  for (; n < due && find_oldest (txn, &gone); n++)
    {
      TocsinKey key = tocsin_key_u64 (gone.number);

      tocsin_txn_del (txn, TOCSIN_TABLE_AUDIT, &key);
      tocsin_meta_put (txn, FLOOR_NAME, &gone, sizeof gone);
    }
  return n;
}

gboolean
tocsin_audit_verify (TocsinTxn *txn, guint64 *checked, GError **error)
{
  g_auto (TocsinCursor) cursor = { 0 };
  AuditHead head, walked;
  guint64 first;
  gboolean more;

  read_end (txn, HEAD_NAME, &head);
  read_end (txn, FLOOR_NAME, &walked);
  first = walked.number;
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_AUDIT);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      g_auto (TocsinAuditRecord) record = { 0 };
      guint64 expected = walked.number + 1;

      if (!tocsin_shape_unpack (&shape, cursor.value.data, cursor.value.size, &record) ||
          tocsin_key_read_u64 (cursor.key.data) != expected || record.number != expected ||
          memcmp (record.previous, walked.hash, sizeof walked.hash) != 0)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                       "Audit entry %" G_GUINT64_FORMAT " does not follow from the one before",
                       expected);
          return FALSE;
        }
      walked.number = expected;
      tocsin_blake2b_256 (cursor.value.data, cursor.value.size, walked.hash);
      if (checked != NULL)
        *checked = expected - first;
    }
  if (!tocsin_txn_check (txn, error))
    return FALSE;
  if (walked.number != head.number || memcmp (walked.hash, head.hash, sizeof head.hash) != 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                   "Audit entry %" G_GUINT64_FORMAT " is not what was written last", head.number);
      return FALSE;
    }
  if (checked != NULL)
    *checked = walked.number - first;
  return TRUE;
}
