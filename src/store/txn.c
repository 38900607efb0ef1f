/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/txn-private.h"

struct _TocsinReader
{
  TocsinTxn txn;
  guint depth;
};

static MDB_dbi
dbi_of (const TocsinTxn *self, TocsinTable table)
{
  return tocsin_store_get_tables (self->store)[table];
}

static MDB_val
val_from_key (const TocsinKey *key)
{
  return (MDB_val){ .mv_size = key->size, .mv_data = (void *) key->bytes };
}

void
tocsin_txn_fail (TocsinTxn *self, int rc)
{
  if (self->rc == MDB_SUCCESS)
    self->rc = rc;
}

gboolean
tocsin_txn_check (TocsinTxn *self, GError **error)
{
  return self->rc == MDB_SUCCESS || tocsin_store_error_from_rc (self->rc, error);
}

TocsinStore *
tocsin_txn_get_store (TocsinTxn *self)
{
  return self->store;
}

void
tocsin_txn_note (TocsinTxn *self, TocsinNotes notes)
{
  self->notes |= notes;
}

static int
begin_reading (MDB_env *env, MDB_txn **txn)
{
  int rc = mdb_txn_begin (env, NULL, MDB_RDONLY, txn);

  /* The slot of a process that died is reclaimed once before giving up. */
  if (rc == MDB_READERS_FULL && mdb_reader_check (env, NULL) == MDB_SUCCESS)
    rc = mdb_txn_begin (env, NULL, MDB_RDONLY, txn);
  return rc;
}

TocsinReader *
tocsin_reader_new (TocsinStore *store)
{
  TocsinReader *self = g_new0 (TocsinReader, 1);

  self->txn.store = store;
  self->txn.reader = self;
  return self;
}

void
tocsin_reader_free (TocsinReader *self)
{
  if (self == NULL)
    return;
  g_warn_if_fail (self->depth == 0);
  g_clear_pointer (&self->txn.evidence, mdb_cursor_close);
  g_clear_pointer (&self->txn.txn, mdb_txn_abort);
  g_free (self);
}

TocsinReading *
tocsin_reader_begin (TocsinReader *self)
{
  TocsinTxn *txn = &self->txn;

  if (self->depth++ > 0)
    return txn;

  txn->evidence_renewed = FALSE;
  txn->rc = txn->txn == NULL ? begin_reading (tocsin_store_get_env (txn->store), &txn->txn)
                             : mdb_txn_renew (txn->txn);
  if (txn->rc != MDB_SUCCESS)
    {
      g_clear_pointer (&txn->evidence, mdb_cursor_close);
      g_clear_pointer (&txn->txn, mdb_txn_abort);
    }
  return txn;
}

void
tocsin_reading_end (TocsinReading *txn)
{
  if (txn == NULL)
    return;
  g_return_if_fail (txn->reader != NULL && txn->reader->depth > 0);
  if (--txn->reader->depth == 0 && txn->txn != NULL)
    mdb_txn_reset (txn->txn);
}

void
tocsin_txn_begin_write (TocsinTxn *self, TocsinStore *store)
{
  *self = (TocsinTxn){ .store = store };
  self->rc = mdb_txn_begin (tocsin_store_get_env (store), NULL, 0, &self->txn);
  if (self->rc == MDB_PANIC)
    tocsin_store_lost (store);
}

/* What was kept of what comes to nothing; it is counted anew when somebody asks. */
static void
forget_places (TocsinTxn *self)
{
  if (self->places_changed)
    g_clear_pointer (tocsin_store_places (self->store), tocsin_place_index_free);
  self->places_changed = FALSE;
}

void
tocsin_txn_abort_write (TocsinTxn *self)
{
  forget_places (self);
  g_clear_pointer (&self->evidence, mdb_cursor_close);
  g_clear_pointer (&self->txn, mdb_txn_abort);
}

gboolean
tocsin_txn_commit_write (TocsinTxn *self, GError **error)
{
  /* Cursors of a write transaction die with it. */
  g_clear_pointer (&self->evidence, mdb_cursor_close);
  if (self->rc == MDB_SUCCESS)
    self->rc = mdb_txn_commit (g_steal_pointer (&self->txn));
  else
    tocsin_txn_abort_write (self);

  if (self->rc != MDB_SUCCESS)
    {
      forget_places (self);
      return tocsin_store_error_from_rc (self->rc, error);
    }
  tocsin_store_committed (self->store, self->notes);
  return TRUE;
}

gboolean
tocsin_txn_get (TocsinTxn *self, TocsinTable table, const TocsinKey *key, TocsinSpan *out)
{
  MDB_val k = val_from_key (key);
  MDB_val v;
  int rc;

  if (self->rc != MDB_SUCCESS)
    return FALSE;
  rc = mdb_get (self->txn, dbi_of (self, table), &k, &v);
  if (rc == MDB_SUCCESS)
    *out = (TocsinSpan){ v.mv_data, v.mv_size };
  else if (rc != MDB_NOTFOUND)
    tocsin_txn_fail (self, rc);
  return rc == MDB_SUCCESS;
}

gboolean
tocsin_txn_has (TocsinTxn *self, TocsinTable table, const TocsinKey *key)
{
  TocsinSpan span;

  return tocsin_txn_get (self, table, key, &span);
}

static void
put_with (TocsinTxn *self,
          TocsinTable table,
          const TocsinKey *key,
          gconstpointer data,
          gsize size,
          unsigned int flags)
{
  MDB_val k = val_from_key (key);
  MDB_val v = { .mv_size = size, .mv_data = (void *) data };

  if (self->rc != MDB_SUCCESS)
    return;
  self->writes++;
  self->rc = mdb_put (self->txn, dbi_of (self, table), &k, &v, flags);
}

void
tocsin_txn_put (
    TocsinTxn *self, TocsinTable table, const TocsinKey *key, gconstpointer data, gsize size)
{
  put_with (self, table, key, data, size, 0);
}

void
tocsin_txn_append (
    TocsinTxn *self, TocsinTable table, const TocsinKey *key, gconstpointer data, gsize size)
{
  put_with (self, table, key, data, size, MDB_APPEND);
}

void
tocsin_txn_put_u64 (TocsinTxn *self, TocsinTable table, const TocsinKey *key, guint64 value)
{
  tocsin_txn_put (self, table, key, &value, sizeof value);
}

gboolean
tocsin_txn_get_u64 (TocsinTxn *self, TocsinTable table, const TocsinKey *key, guint64 *value)
{
  TocsinSpan span;

  if (!tocsin_txn_get (self, table, key, &span))
    return FALSE;
  if (span.size != sizeof *value)
    {
      tocsin_txn_fail (self, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  memcpy (value, span.data, sizeof *value);
  return TRUE;
}

gboolean
tocsin_txn_del (TocsinTxn *self, TocsinTable table, const TocsinKey *key)
{
  MDB_val k = val_from_key (key);
  int rc;

  if (self->rc != MDB_SUCCESS)
    return FALSE;
  rc = mdb_del (self->txn, dbi_of (self, table), &k, NULL);
  if (rc == MDB_SUCCESS)
    self->writes++;
  else if (rc != MDB_NOTFOUND)
    tocsin_txn_fail (self, rc);
  return rc == MDB_SUCCESS;
}

guint64
tocsin_txn_entries (TocsinTxn *self, TocsinTable table)
{
  MDB_stat stat = { 0 };

  if (self->rc == MDB_SUCCESS)
    self->rc = mdb_stat (self->txn, dbi_of (self, table), &stat);
  return stat.ms_entries;
}

gboolean
tocsin_txn_unpack (TocsinTxn *self,
                   const TocsinShape *shape,
                   const TocsinSpan *span,
                   gpointer record)
{
  if (tocsin_shape_unpack (shape, span->data, span->size, record))
    return TRUE;
  tocsin_txn_fail (self, TOCSIN_RC_DAMAGED);
  return FALSE;
}

gboolean
tocsin_txn_get_record (TocsinTxn *self,
                       TocsinTable table,
                       const TocsinKey *key,
                       const TocsinShape *shape,
                       gpointer record)
{
  TocsinSpan span;

  memset (record, 0, shape->size);
  return tocsin_txn_get (self, table, key, &span) && tocsin_txn_unpack (self, shape, &span, record);
}

void
tocsin_txn_put_record (TocsinTxn *self,
                       TocsinTable table,
                       const TocsinKey *key,
                       const TocsinShape *shape,
                       gconstpointer record)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  tocsin_shape_pack (shape, record, out);
  tocsin_txn_put (self, table, key, out->data, out->len);
}

void
tocsin_cursor_init (TocsinCursor *self, TocsinTxn *txn, TocsinTable table)
{
  *self = (TocsinCursor){ .txn = txn, .key_bytes = tocsin_store_get_key_bytes (table) };
  if (txn->rc == MDB_SUCCESS)
    txn->rc = mdb_cursor_open (txn->txn, dbi_of (txn, table), &self->cursor);
}

void
tocsin_cursor_clear (TocsinCursor *self)
{
  g_clear_pointer (&self->cursor, mdb_cursor_close);
}

static gboolean
move (TocsinCursor *self, MDB_val *key, MDB_cursor_op op)
{
  MDB_val value;
  int rc;

  if (self->cursor == NULL || self->txn->rc != MDB_SUCCESS)
    return FALSE;
  rc = mdb_cursor_get (self->cursor, key, &value, op);
  if (rc == MDB_SUCCESS && key->mv_size != self->key_bytes)
    rc = TOCSIN_RC_DAMAGED;
  if (rc == MDB_SUCCESS)
    {
      self->key = (TocsinSpan){ key->mv_data, key->mv_size };
      self->value = (TocsinSpan){ value.mv_data, value.mv_size };
    }
  else if (rc != MDB_NOTFOUND)
    tocsin_txn_fail (self->txn, rc);
  return rc == MDB_SUCCESS;
}

gboolean
tocsin_cursor_seek (TocsinCursor *self, const TocsinKey *key)
{
  MDB_val k = { 0 };

  if (key == NULL)
    return move (self, &k, MDB_FIRST);
  k = val_from_key (key);
  return move (self, &k, MDB_SET_RANGE);
}

gboolean
tocsin_cursor_seek_before (TocsinCursor *self, const TocsinKey *key)
{
  MDB_val k = { 0 };

  if (key == NULL)
    return move (self, &k, MDB_LAST);
  return tocsin_cursor_seek (self, key) ? tocsin_cursor_prev (self) : move (self, &k, MDB_LAST);
}

gboolean
tocsin_cursor_next (TocsinCursor *self)
{
  MDB_val k = { 0 };

  return move (self, &k, MDB_NEXT);
}

gboolean
tocsin_cursor_prev (TocsinCursor *self)
{
  MDB_val k = { 0 };

  return move (self, &k, MDB_PREV);
}

static gboolean
add_with (
    TocsinCursor *self, const TocsinKey *key, gconstpointer data, gsize size, unsigned int flags)
{
  MDB_val k = val_from_key (key);
  MDB_val v = { .mv_size = size, .mv_data = (void *) data };
  int rc;

  if (self->cursor == NULL || self->txn->rc != MDB_SUCCESS)
    return FALSE;
  rc = mdb_cursor_put (self->cursor, &k, &v, flags);
  if (rc == MDB_SUCCESS)
    self->txn->writes++;
  else if (rc != MDB_KEYEXIST || (flags & MDB_APPEND) != 0)
    tocsin_txn_fail (self->txn, rc);
  return rc == MDB_SUCCESS;
}

gboolean
tocsin_cursor_add (TocsinCursor *self, const TocsinKey *key, gconstpointer data, gsize size)
{
  return add_with (self, key, data, size, MDB_NOOVERWRITE);
}

void
tocsin_cursor_append (TocsinCursor *self, const TocsinKey *key, gconstpointer data, gsize size)
{
  (void) add_with (self, key, data, size, MDB_APPEND);
}

void
tocsin_txn_foreach (TocsinTxn *self,
                    TocsinTable table,
                    const TocsinKey *from,
                    gsize prefix,
                    const TocsinShape *shape,
                    TocsinRecordFunc func,
                    gpointer data)
{
  g_autofree gpointer record = g_malloc0 (shape->size);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  g_return_if_fail (prefix == 0 || from != NULL);

  tocsin_cursor_init (&cursor, self, table);
  more = tocsin_cursor_seek (&cursor, from);
  while (more)
    {
      if (prefix > 0 && memcmp (cursor.key.data, from->bytes, prefix) != 0)
        return;
      if (!tocsin_txn_unpack (self, shape, &cursor.value, record))
        return;
      more = func (record, data);
      tocsin_shape_clear (shape, record);
      more = more && tocsin_cursor_next (&cursor);
    }
}

void
tocsin_txn_foreach_peek (TocsinTxn *self,
                         TocsinTable table,
                         const TocsinKey *from,
                         const TocsinShape *shape,
                         gsize n_fields,
                         TocsinRecordFunc func,
                         gpointer data)
{
  g_autofree gpointer record = g_malloc (shape->size);
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, self, table);
  for (more = tocsin_cursor_seek (&cursor, from); more; more = tocsin_cursor_next (&cursor))
    {
      if (!tocsin_shape_peek (shape, n_fields, cursor.value.data, cursor.value.size, record))
        {
          tocsin_txn_fail (self, TOCSIN_RC_DAMAGED);
          return;
        }
      if (!func (record, data))
        return;
    }
}
