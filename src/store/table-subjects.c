/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-subjects.h"

#include "store/txn-private.h"

/* A row: this, then the Mastodon hash if there is one, then the value with its NUL, so that it can
 * be read in place. */
typedef struct
{
  guint8 type; /* TocsinSubjectType */
  guint8 has_mastodon;
  guint8 has_value;
  guint8 layout; /* LAYOUT; 0: a hash is there even where it is none */
} SubjectHead;

#define LAYOUT 1

#define VALUE_STACK_BYTES 256 /* a row that is as long as most needs no allocation */

/* How many stored networks have one family and length: the prefix length behind the last '/'. */
static gboolean
length_key (TocsinSubjectType type, const char *value, TocsinKey *key)
{
  const char *slash = value == NULL ? NULL : strrchr (value, '/');
  gboolean v6;
  guint64 length;

  if (type != TOCSIN_SUBJECT_NETWORK || slash == NULL)
    return FALSE;
  v6 = memchr (value, ':', (gsize) (slash - value)) != NULL;
  if (!g_ascii_string_to_unsigned (slash + 1, 10, 0, v6 ? 128 : 32, &length, NULL))
    return FALSE;
  key->size = 0;
  tocsin_key_add_u8 (key, v6 ? 6 : 4);
  tocsin_key_add_u8 (key, (guint8) length);
  return TRUE;
}

void
tocsin_lengths_count (TocsinTxn *txn, TocsinSubjectType type, const char *value, int by)
{
  TocsinKey key;
  guint64 n = 0;

  if (!length_key (type, value, &key))
    return;
  tocsin_txn_get_u64 (txn, TOCSIN_TABLE_LENGTHS, &key, &n);
  if (by > 0)
    n += (guint64) by;
  else
    n -= MIN (n, (guint64) -by);
  if (n == 0)
    tocsin_txn_del (txn, TOCSIN_TABLE_LENGTHS, &key);
  else
    tocsin_txn_put_u64 (txn, TOCSIN_TABLE_LENGTHS, &key, n);
}

void
tocsin_lengths_read (TocsinTxn *txn, TocsinNetworkLengths *out)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  *out = (TocsinNetworkLengths){ 0 };
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_LENGTHS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      const guint8 *key = cursor.key.data;

      if (key[1] > (key[0] == 6 ? 128 : 32))
        tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      else if (key[0] == 6)
        out->v6[key[1] / 64] |= G_GUINT64_CONSTANT (1) << (key[1] % 64);
      else
        out->v4 |= G_GUINT64_CONSTANT (1) << key[1];
    }
}

static gboolean
read_row (TocsinTxn *txn, const TocsinSpan *span, TocsinSubjectRecord *out)
{
  const guint8 *data = span->data;
  SubjectHead head = { 0 };
  gsize at = sizeof head;

  if (span->size >= sizeof head)
    memcpy (&head, data, sizeof head);
  if (head.has_mastodon || head.layout != LAYOUT)
    at += sizeof out->mastodon;
  if (span->size < at || (head.has_value && (span->size == at || data[span->size - 1] != '\0')))
    {
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  out->type = (TocsinSubjectType) head.type;
  out->value = head.has_value ? (const char *) data + at : NULL;
  out->has_mastodon = head.has_mastodon != 0;
  if (head.has_mastodon)
    memcpy (out->mastodon, data + sizeof head, sizeof out->mastodon);
  return TRUE;
}

gboolean
tocsin_subjects_get (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinSubjectRecord *out)
{
  TocsinKey row_key = tocsin_key_id (key);
  TocsinSpan span;

  *out = (TocsinSubjectRecord){ .key = *key };
  return tocsin_txn_get (txn, TOCSIN_TABLE_SUBJECTS, &row_key, &span) && read_row (txn, &span, out);
}

/* How long the row of @record is. */
static gsize
row_size (const TocsinSubjectRecord *record)
{
  return sizeof (SubjectHead) + (record->has_mastodon ? sizeof record->mastodon : 0) +
         (record->value != NULL ? strlen (record->value) + 1 : 0);
}

static void
write_row (const TocsinSubjectRecord *record, guint8 *out)
{
  SubjectHead head = { .type = (guint8) record->type,
                       .has_mastodon = record->has_mastodon != FALSE,
                       .has_value = record->value != NULL,
                       .layout = LAYOUT };

  memcpy (out, &head, sizeof head);
  out += sizeof head;
  if (record->has_mastodon)
    {
      memcpy (out, record->mastodon, sizeof record->mastodon);
      out += sizeof record->mastodon;
    }
  if (record->value != NULL)
    memcpy (out, record->value, strlen (record->value) + 1);
}

static void
put_row (TocsinTxn *txn, const TocsinSubjectRecord *record)
{
  TocsinKey row_key = tocsin_key_id (&record->key);
  gsize size = row_size (record);
  g_autofree guint8 *row = g_malloc (size);

  write_row (record, row);
  tocsin_txn_put (txn, TOCSIN_TABLE_SUBJECTS, &row_key, row, size);
}

void
tocsin_subjects_put (TocsinTxn *txn, const TocsinSubjectRecord *record)
{
  TocsinSubjectRecord old;
  TocsinSubjectRecord merged = *record;
  g_autofree char *kept = NULL;
  gboolean known = tocsin_subjects_get (txn, &record->key, &old);

  if (known && old.value != NULL)
    {
      kept = g_strdup (old.value);
      merged.value = kept;
    }
  if (known && old.has_mastodon)
    {
      merged.has_mastodon = TRUE;
      memcpy (merged.mastodon, old.mastodon, sizeof merged.mastodon);
    }
  if (known && (old.value != NULL) == (merged.value != NULL) &&
      old.has_mastodon == (merged.has_mastodon != FALSE))
    return;
  if (!known || old.value == NULL)
    tocsin_lengths_count (txn, merged.type, merged.value, 1);
  put_row (txn, &merged);
}

void
tocsin_subjects_add (TocsinTxn *txn, TocsinCursor *cursor, gconstpointer data)
{
  const TocsinSubjectRecord *record = data;
  TocsinKey row_key = tocsin_key_id (&record->key);
  gsize size = row_size (record);
  guint8 row[VALUE_STACK_BYTES];

  if (size > sizeof row)
    {
      tocsin_subjects_put (txn, record);
      return;
    }
  write_row (record, row);
  if (tocsin_cursor_add (cursor, &row_key, row, size))
    tocsin_lengths_count (txn, record->type, record->value, 1);
  else
    tocsin_subjects_put (txn, record);
}

void
tocsin_subjects_remove (TocsinTxn *txn, const TocsinSubjectKey *key)
{
  TocsinKey row_key = tocsin_key_id (key);
  TocsinSubjectRecord old;

  if (!tocsin_subjects_get (txn, key, &old))
    return;
  tocsin_lengths_count (txn, old.type, old.value, -1);
  tocsin_txn_del (txn, TOCSIN_TABLE_SUBJECTS, &row_key);
}

void
tocsin_subjects_forget_clear (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinSubjectType type)
{
  TocsinSubjectRecord record;

  if (!tocsin_subjects_get (txn, key, &record))
    return;
  tocsin_lengths_count (txn, record.type, record.value, -1);
  record.type = type;
  record.value = NULL;
  record.has_mastodon = FALSE;
  put_row (txn, &record);
}

/* The hexadecimal @prefix as the lowest key that has it; FALSE if it is none. */
static gboolean
parse_prefix (const char *prefix, guint8 out[TOCSIN_ID_BYTES], gsize *n_digits)
{
  gsize n = strlen (prefix);

  memset (out, 0, TOCSIN_ID_BYTES);
  if (n > 2 * TOCSIN_ID_BYTES)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      int digit = g_ascii_xdigit_value (prefix[i]);

      if (digit < 0)
        return FALSE;
      out[i / 2] |= (guint8) (i % 2 == 0 ? digit << 4 : digit);
    }
  *n_digits = n;
  return TRUE;
}

static gboolean
has_prefix (const guint8 *key, const guint8 *prefix, gsize n_digits)
{
  return memcmp (key, prefix, n_digits / 2) == 0 &&
         (n_digits % 2 == 0 || (key[n_digits / 2] ^ prefix[n_digits / 2]) < 0x10);
}

void
tocsin_subjects_foreach (TocsinTxn *txn,
                         const char *prefix,
                         const TocsinSubjectKey *after,
                         TocsinSubjectFunc func,
                         gpointer data)
{
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinSubjectKey lowest;
  gsize n_digits;
  TocsinKey from;
  gboolean more;

  if (!parse_prefix (prefix, lowest.bytes, &n_digits))
    return;
  from = tocsin_key_id (
      after != NULL && memcmp (after->bytes, lowest.bytes, TOCSIN_ID_BYTES) > 0 ? after : &lowest);
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_SUBJECTS);
  for (more = tocsin_cursor_seek (&cursor, &from); more; more = tocsin_cursor_next (&cursor))
    {
      TocsinSubjectRecord record = { 0 };

      memcpy (record.key.bytes, cursor.key.data, TOCSIN_ID_BYTES);
      if (after != NULL && tocsin_id_equal (&record.key, after))
        continue;
      if (!has_prefix (record.key.bytes, lowest.bytes, n_digits) ||
          !read_row (txn, &cursor.value, &record) || !func (&record, data))
        return;
    }
}

guint64
tocsin_subjects_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_SUBJECTS);
}
