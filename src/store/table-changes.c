/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-changes.h"

#include "core/clock.h"
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

/* ---- age ----
 *
 * An entry names somebody of whom all else may be gone, and has to be gone within a day, too. */

#define META_HOURS "changes-hours" /* of Mark, ascending: how far the log was, so long ago */

/* Stored: frozen. */
typedef struct
{
  gint64 hour;        /* since the epoch */
  guint64 generation; /* when it was looked at last within that hour */
} Mark;

typedef struct
{
  Mark marks[TOCSIN_CHANGES_HOURS + 1]; /* of these hours, and one of what is older */
  guint n;
} Marks;

static void
read_marks (TocsinTxn *txn, Marks *out)
{
  g_autoptr (GBytes) bytes = tocsin_meta_get (txn, META_HOURS);
  gsize size = 0;
  gconstpointer data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  *out = (Marks){ .n = 0 };
  if (size == 0 || size > sizeof out->marks || size % sizeof out->marks[0] != 0)
    return;
  memcpy (out->marks, data, size);
  out->n = (guint) (size / sizeof out->marks[0]);
}

static gboolean
is_past (const Mark *mark, gint64 now_us)
{
  return mark->hour <= now_us / TOCSIN_HOUR_US - TOCSIN_CHANGES_HOURS;
}

/* Notes how far the log is. */
static void
note_hour (TocsinTxn *txn, gint64 now_us)
{
  Mark now = { .hour = now_us / TOCSIN_HOUR_US, .generation = tocsin_meta_generation (txn) };
  Marks old;
  guint first = 0;

  read_marks (txn, &old);
  /* An hour that has not come is of a clock that was ahead. */
  while (old.n > 0 && old.marks[old.n - 1].hour > now.hour)
    old.n--;
  if (now.generation == (old.n > 0 ? old.marks[old.n - 1].generation : 0))
    return;
  if (old.n > 0 && old.marks[old.n - 1].hour == now.hour)
    old.n--;
  while (first + 1 < old.n && is_past (&old.marks[first + 1], now_us))
    first++;
  if (old.n - first == G_N_ELEMENTS (old.marks))
    first++;
  memmove (old.marks, old.marks + first, (old.n - first) * sizeof old.marks[0]);
  old.n -= first;
  old.marks[old.n++] = now;
  tocsin_meta_put (txn, META_HOURS, old.marks, old.n * sizeof old.marks[0]);
}

/* The last generation of which it is known that it is too old; 0: none. */
static guint64
read_past (TocsinTxn *txn, gint64 now_us)
{
  guint64 past = 0;
  Marks marks;

  read_marks (txn, &marks);
  for (guint i = 0; i < marks.n; i++)
    if (is_past (&marks.marks[i], now_us))
      past = MAX (past, marks.marks[i].generation);
  return past;
}

/* 0 if there is none. */
static guint64
find_oldest (TocsinTxn *txn)
{
  g_auto (TocsinCursor) cursor = { 0 };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_CHANGES);
  return tocsin_cursor_seek (&cursor, NULL) ? tocsin_key_read_u64 (cursor.key.data) : 0;
}

guint64
tocsin_changes_count_due (TocsinTxn *txn, gint64 now_us)
{
  guint64 entries = tocsin_txn_entries (txn, TOCSIN_TABLE_CHANGES);
  guint64 over = entries - MIN (entries, TOCSIN_CHANGES_MAX);
  guint64 past = read_past (txn, now_us);
  guint64 oldest = find_oldest (txn);

  /* Generations are without gaps. */
  return MIN (entries, MAX (over, past >= oldest ? past - oldest + 1 : 0));
}

guint
tocsin_changes_trim (TocsinTxn *txn, gint64 now_us, guint max_rows)
{
  guint n = (guint) MIN (tocsin_changes_count_due (txn, now_us), max_rows);
  guint64 oldest = find_oldest (txn);

  for (guint i = 0; i < n; i++)
    {
      TocsinKey key = tocsin_key_u64 (oldest + i);

      tocsin_txn_del (txn, TOCSIN_TABLE_CHANGES, &key);
    }
  note_hour (txn, now_us);
  return n;
}
