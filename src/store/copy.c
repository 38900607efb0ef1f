/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A copy row by row. mdb_env_copy() copies pages, and with them what LMDB left in their unused
 * parts: bytes of rows that were deleted long ago. Someone who asked to be forgotten must not be in
 * the next backup, so only rows are carried over, in order, which also packs them densely.
 */
#define G_LOG_DOMAIN "tocsin-store"

#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/error.h"
#include "store/txn-private.h"

#define COMMIT_BYTES (32 * 1024 * 1024) /* carried over in one transaction */
#define FULL_BYTES   (1024 * 1024)

#define RC_CLOSING (-40001) /* not of LMDB's own */

typedef struct
{
  TocsinStore *store; /* (unowned) */
  MDB_env *env;       /* (owned) (nullable) */
  MDB_txn *txn;       /* (owned) (nullable) */
  MDB_dbi table;
  gboolean sorts_values;
  gsize pending_bytes;
} Copy;

static void
copy_clear (Copy *self)
{
  g_clear_pointer (&self->txn, mdb_txn_abort);
  g_clear_pointer (&self->env, mdb_env_close);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Copy, copy_clear)

static int
open_copy (Copy *self, const char *path)
{
  MDB_envinfo info = { 0 };
  int rc = mdb_env_info (tocsin_store_get_env (self->store), &info);

  if (rc == MDB_SUCCESS)
    rc = mdb_env_create (&self->env);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_set_mapsize (self->env, info.me_mapsize);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_set_maxdbs (self->env, TOCSIN_N_TABLES);
  /* Nobody else opens it meanwhile, and it is synced where copy_all() says. */
  if (rc == MDB_SUCCESS)
    rc = mdb_env_open (self->env, path, MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, 0600);
  return rc;
}

static int
open_table (Copy *self, MDB_txn *from, TocsinTable table)
{
  unsigned int flags = 0;
  int rc = mdb_dbi_flags (from, tocsin_store_get_tables (self->store)[table], &flags);

  if (rc == MDB_SUCCESS)
    rc = mdb_txn_begin (self->env, NULL, 0, &self->txn);
  if (rc == MDB_SUCCESS)
    rc = mdb_dbi_open (self->txn, tocsin_store_get_table_name (table), flags | MDB_CREATE,
                       &self->table);
  self->sorts_values = (flags & MDB_DUPSORT) != 0;
  if (rc == MDB_SUCCESS && self->sorts_values)
    rc = mdb_set_dupsort (self->txn, self->table, tocsin_evidence_compare);
  return rc;
}

static int
commit (Copy *self)
{
  int rc = mdb_txn_commit (self->txn);

  self->txn = NULL;
  self->pending_bytes = 0;
  return rc == MDB_SUCCESS && tocsin_store_is_closing (self->store) ? RC_CLOSING : rc;
}

static int
copy_row (Copy *self, MDB_val *key, MDB_val *value)
{
  int rc = MDB_SUCCESS;

  if (self->pending_bytes > COMMIT_BYTES)
    {
      rc = commit (self);
      if (rc == MDB_SUCCESS)
        rc = mdb_txn_begin (self->env, NULL, 0, &self->txn);
    }
  self->pending_bytes += key->mv_size + value->mv_size;
  /* Rows come in the order of the table; that of values under one key is not LMDB's own. */
  return rc != MDB_SUCCESS
             ? rc
             : mdb_put (self->txn, self->table, key, value, self->sorts_values ? 0 : MDB_APPEND);
}

static int
copy_table (Copy *self, MDB_txn *from, TocsinTable table)
{
  MDB_cursor *cursor = NULL;
  MDB_val key, value;
  int rc = open_table (self, from, table);

  if (rc == MDB_SUCCESS)
    rc = mdb_cursor_open (from, tocsin_store_get_tables (self->store)[table], &cursor);
  while (rc == MDB_SUCCESS)
    {
      rc = mdb_cursor_get (cursor, &key, &value, MDB_NEXT);
      if (rc == MDB_SUCCESS)
        rc = copy_row (self, &key, &value);
    }
  g_clear_pointer (&cursor, mdb_cursor_close);
  return rc == MDB_NOTFOUND ? commit (self) : rc;
}

static int
begin_copy (Copy *self, MDB_txn *from)
{
  int rc = open_table (self, from, TOCSIN_TABLE_META + 1);

  return rc == MDB_SUCCESS ? commit (self) : rc;
}

/* `meta` makes a database of it (tocsin_format_look()), so it comes last, once all else is on disk;
 * and another table first, lest a file that is still empty passes for a new database. */
static int
copy_all (Copy *self)
{
  MDB_txn *from = NULL;
  int rc = mdb_txn_begin (tocsin_store_get_env (self->store), NULL, MDB_RDONLY, &from);

  if (rc == MDB_SUCCESS)
    rc = begin_copy (self, from);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_sync (self->env, 1);
  for (guint i = TOCSIN_TABLE_META + 1; rc == MDB_SUCCESS && i < TOCSIN_N_TABLES; i++)
    rc = copy_table (self, from, (TocsinTable) i);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_sync (self->env, 1);
  if (rc == MDB_SUCCESS)
    rc = copy_table (self, from, TOCSIN_TABLE_META);
  g_clear_pointer (&from, mdb_txn_abort);
  return rc != MDB_SUCCESS ? rc : mdb_env_sync (self->env, 1);
}

/* LMDB says EIO of a write that the disk took half of. */
static gboolean
is_full (const char *dir)
{
  struct statvfs disk;

  return statvfs (dir, &disk) == 0 && disk.f_bavail * disk.f_frsize < FULL_BYTES;
}

gboolean
tocsin_store_copy (TocsinStore *self, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "data.mdb", NULL);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  g_auto (Copy) copy = { .store = self };
  int rc;

  if (fd < 0 && errno == EEXIST)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "%s: %s", path, g_strerror (EEXIST));
      return FALSE;
    }
  if (fd < 0)
    {
      tocsin_store_error_from_rc (errno, error);
      g_prefix_error (error, "%s: ", path);
      return FALSE;
    }
  close (fd);
  rc = open_copy (&copy, path);
  if (rc == MDB_SUCCESS)
    rc = copy_all (&copy);
  copy_clear (&copy);
  if (rc == MDB_SUCCESS)
    return TRUE;
  if (rc == EIO && is_full (dir))
    rc = ENOSPC;
  g_unlink (path);
  if (rc == RC_CLOSING)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
      return FALSE;
    }
  tocsin_store_error_from_rc (rc, error);
  g_prefix_error (error, "%s: ", path);
  return FALSE;
}
