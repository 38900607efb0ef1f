/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-review.h"

#include "store/table-meta.h"
#include "store/txn-private.h"

#define GENERAL_LOOKS 100

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinReviewRecord, id),     TOCSIN_PLAIN (TocsinReviewRecord, kind),
  TOCSIN_PLAIN (TocsinReviewRecord, state),  TOCSIN_PLAIN (TocsinReviewRecord, actor),
  TOCSIN_PLAIN (TocsinReviewRecord, report), TOCSIN_PLAIN (TocsinReviewRecord, batch),
  TOCSIN_PLAIN (TocsinReviewRecord, count),  TOCSIN_PLAIN (TocsinReviewRecord, created_us),
  TOCSIN_PLAIN (TocsinReviewRecord, due_us), TOCSIN_PLAIN (TocsinReviewRecord, decided_us),
  TOCSIN_STRING (TocsinReviewRecord, text),  TOCSIN_STRING (TocsinReviewRecord, decided_by),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinReviewRecord, fields, NULL);

void
tocsin_review_record_clear (TocsinReviewRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

/* `review-open`: (kind u8, actor u32, of which u64, id u64), so that an open line can be found. */
static TocsinKey
open_key (TocsinReviewKind kind, guint32 actor, guint64 of, guint64 id)
{
  TocsinKey key = { .size = 0 };

  tocsin_key_add_u8 (&key, (guint8) kind);
  tocsin_key_add_u32 (&key, actor);
  tocsin_key_add_u64 (&key, of);
  tocsin_key_add_u64 (&key, id);
  return key;
}

static gboolean
is_of_a_report (TocsinReviewKind kind)
{
  return kind == TOCSIN_REVIEW_HELD || kind == TOCSIN_REVIEW_EQUIVOCATION;
}

/* The report that a line is about alone, else its batch. */
static guint64
of_which (const TocsinReviewRecord *record)
{
  return is_of_a_report (record->kind) ? record->report : record->batch;
}

static void
write_row (TocsinTxn *txn, const TocsinReviewRecord *record)
{
  TocsinKey key = tocsin_key_u64 (record->id);
  TocsinKey open = open_key (record->kind, record->actor, of_which (record), record->id);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_REVIEW, &key, &shape, record);
  if (record->state == TOCSIN_REVIEW_OPEN)
    tocsin_txn_put_u64 (txn, TOCSIN_TABLE_REVIEW_OPEN, &open, record->id);
  tocsin_txn_note (txn, TOCSIN_NOTE_REVIEW_CHANGED);
}

/* Earlier versions wrote the batch, which is 0, of lines about one report, too. */
static void
drop_open (TocsinTxn *txn, const TocsinReviewRecord *record)
{
  TocsinKey open = open_key (record->kind, record->actor, of_which (record), record->id);
  TocsinKey earlier = open_key (record->kind, record->actor, record->batch, record->id);

  tocsin_txn_del (txn, TOCSIN_TABLE_REVIEW_OPEN, &open);
  tocsin_txn_del (txn, TOCSIN_TABLE_REVIEW_OPEN, &earlier);
}

guint64
tocsin_review_add (TocsinTxn *txn, const TocsinReviewRecord *record)
{
  TocsinReviewRecord row = *record; /* borrows all that @record owns */

  row.id = tocsin_meta_next (txn, "review");
  write_row (txn, &row);
  return row.id;
}

gboolean
tocsin_review_get (TocsinTxn *txn, guint64 id, TocsinReviewRecord *out)
{
  TocsinKey key = tocsin_key_u64 (id);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_REVIEW, &key, &shape, out);
}

void
tocsin_review_put (TocsinTxn *txn, const TocsinReviewRecord *record)
{
  g_auto (TocsinReviewRecord) old = { 0 };

  if (!tocsin_review_get (txn, record->id, &old))
    return;
  drop_open (txn, &old);
  write_row (txn, record);
}

gboolean
tocsin_review_remove (TocsinTxn *txn, guint64 id)
{
  TocsinKey key = tocsin_key_u64 (id);
  g_auto (TocsinReviewRecord) old = { 0 };

  if (!tocsin_review_get (txn, id, &old))
    return FALSE;
  drop_open (txn, &old);
  tocsin_txn_note (txn, TOCSIN_NOTE_REVIEW_CHANGED);
  return tocsin_txn_del (txn, TOCSIN_TABLE_REVIEW, &key);
}

/* %TRUE at the line that is looked for. */
typedef gboolean (*LineFunc) (const TocsinReviewRecord *line, gint64 value);

/* The first open line whose key begins as @from does, of at most @looks. */
static gboolean
find_among (TocsinTxn *txn,
            const TocsinKey *from,
            gsize prefix,
            guint looks,
            LineFunc func,
            gint64 value,
            guint64 *id)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REVIEW_OPEN);
  for (more = tocsin_cursor_seek (&cursor, from);
       more && memcmp (cursor.key.data, from->bytes, prefix) == 0 && looks > 0;
       more = tocsin_cursor_next (&cursor), looks--)
    {
      g_auto (TocsinReviewRecord) line = { 0 };

      *id = tocsin_key_read_u64 ((const guint8 *) cursor.key.data + from->size - sizeof *id);
      if (tocsin_review_get (txn, *id, &line) && func (&line, value))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_about (const TocsinReviewRecord *line, gint64 number)
{
  return line->report == (guint64) number;
}

gboolean
tocsin_review_find_open (
    TocsinTxn *txn, TocsinReviewKind kind, guint32 actor, guint64 of, guint64 *id)
{
  TocsinKey from = open_key (kind, actor, of, 0);
  TocsinKey earlier = open_key (kind, actor, 0, 0); /* as of drop_open() */
  gsize prefix = from.size - sizeof *id;
  g_auto (TocsinCursor) cursor = { 0 };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_REVIEW_OPEN);
  if (!tocsin_cursor_seek (&cursor, &from) || memcmp (cursor.key.data, from.bytes, prefix) != 0)
    return of != 0 && is_of_a_report (kind) &&
           find_among (txn, &earlier, prefix, GENERAL_LOOKS, is_about, (gint64) of, id);
  *id = tocsin_key_read_u64 ((const guint8 *) cursor.key.data + prefix);
  return TRUE;
}

static gboolean
is_general (const TocsinReviewRecord *line, gint64 value G_GNUC_UNUSED)
{
  return line->report == 0;
}

gboolean
tocsin_review_find_general (TocsinTxn *txn, TocsinReviewKind kind, guint32 actor, guint64 *id)
{
  TocsinKey from = open_key (kind, actor, 0, 0);

  return find_among (txn, &from, from.size - sizeof *id, GENERAL_LOOKS, is_general, 0, id);
}

static gboolean
is_due (const TocsinReviewRecord *line, gint64 now_us)
{
  return line->due_us != 0 && line->due_us <= now_us;
}

gboolean
tocsin_review_find_due (TocsinTxn *txn, gint64 now_us, guint64 *id)
{
  static const TocsinReviewKind kinds[] = { TOCSIN_REVIEW_BURST, TOCSIN_REVIEW_WITHDRAWAL };

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      TocsinKey from = open_key (kinds[i], 0, 0, 0);

      if (find_among (txn, &from, 1, G_MAXUINT, is_due, now_us, id))
        return TRUE;
    }
  return FALSE;
}

typedef struct
{
  gboolean open_only;
  TocsinReviewFunc func;
  gpointer data;
} Listing;

static gboolean
list_one (gconstpointer data, gpointer user_data)
{
  const TocsinReviewRecord *record = data;
  Listing *listing = user_data;

  return (listing->open_only && record->state != TOCSIN_REVIEW_OPEN) ||
         listing->func (record, listing->data);
}

void
tocsin_review_foreach (
    TocsinTxn *txn, guint64 after, gboolean open_only, TocsinReviewFunc func, gpointer data)
{
  Listing listing = { .open_only = open_only, .func = func, .data = data };
  TocsinKey from = tocsin_key_u64 (after + 1);

  if (after < G_MAXUINT64)
    tocsin_txn_foreach (txn, TOCSIN_TABLE_REVIEW, &from, 0, &shape, list_one, &listing);
}

guint64
tocsin_review_count_open (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_REVIEW_OPEN);
}
