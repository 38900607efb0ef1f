/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is not for this version, or damaged where a start looks, is refused with one line, and the
 * file is byte for byte what it was.
 */
#include "stored-fixture.h"

#include <lmdb.h>
#include <unistd.h>

#include "core/error.h"
#include "store/recount.h"
#include "store/table-meta.h"
#include "store/txn-private.h"

#define FREE_AT_THE_END 3

/* It says why in one line that names the file, and leaves the file as it was. */
static void
assert_refused (Fixture *f, int code, const char *why)
{
  g_autofree char *path = data_file (f);
  g_autoptr (GBytes) before = bytes_of (path);
  g_autoptr (GBytes) after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_store_open (f->dir, MAP_BYTES, &error));
  g_assert_error (error, TOCSIN_ERROR, code);
  if (!g_str_has_prefix (error->message, path) || strstr (error->message, why) == NULL)
    g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_nonnull (strstr (error->message, why));
  g_assert_null (strchr (error->message, '\n'));
  after = bytes_of (path);
  g_assert_true (g_bytes_equal (before, after));
}

static gboolean
put_newer (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 newer = TOCSIN_STORE_FORMAT + 1;

  tocsin_meta_put (txn, "format", &newer, sizeof newer);
  return TRUE;
}

static void
test_newer (Fixture *f, gconstpointer data)
{
  write_ok (f, put_newer, NULL);
  g_clear_pointer (&f->store, tocsin_store_close);
  assert_refused (f, TOCSIN_ERROR_UNSUPPORTED, "made by a newer version");
}

/* Nor are pages added that LMDB left out, which are free. */
static void
test_newer_cut_short (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GBytes) whole = NULL;

  if (is_missing (f))
    return;
  write_ok (f, put_newer, NULL);
  g_clear_pointer (&f->store, tocsin_store_close);
  path = data_file (f);
  whole = bytes_of (path);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (whole, NULL),
                                      (gssize) g_bytes_get_size (whole) - 100, NULL));
  assert_refused (f, TOCSIN_ERROR_UNSUPPORTED, "made by a newer version");
}

/* A newer version may have no table "voices" any more: it is not made in passing. */
static void
test_newer_lacks_a_table (Fixture *f, gconstpointer data)
{
  MDB_env *env = tocsin_store_get_env (f->store);
  MDB_txn *txn;

  write_ok (f, put_newer, NULL);
  g_assert_cmpint (mdb_txn_begin (env, NULL, 0, &txn), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_drop (txn, tocsin_store_get_tables (f->store)[TOCSIN_TABLE_VOICES], 1), ==,
                   MDB_SUCCESS);
  g_assert_cmpint (mdb_txn_commit (txn), ==, MDB_SUCCESS);
  g_clear_pointer (&f->store, tocsin_store_close);
  assert_refused (f, TOCSIN_ERROR_UNSUPPORTED, "made by a newer version");
}

/* @table: (nullable): NULL is LMDB's own, unnamed one */
static void
make_foreign (Fixture *f, const char *table)
{
  g_autofree char *folder = g_build_filename (f->dir, "store", NULL);
  MDB_val word = { .mv_size = 5, .mv_data = (void *) "other" };
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi dbi;

  g_clear_pointer (&f->store, tocsin_store_close);
  remove_tree (folder);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (mdb_env_create (&env), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_env_set_maxdbs (env, 4), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_env_open (env, folder, 0, 0600), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_txn_begin (env, NULL, 0, &txn), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_dbi_open (txn, table, MDB_CREATE, &dbi), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_put (txn, dbi, &word, &word, 0), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_txn_commit (txn), ==, MDB_SUCCESS);
  mdb_env_close (env);
}

static void
test_foreign (Fixture *f, gconstpointer data)
{
  static const char *const tables[] = { NULL, "data", "meta" };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      make_foreign (f, tables[i]);
      assert_refused (f, TOCSIN_ERROR_UNSUPPORTED, "another program's");
    }
}

/* LMDB's two first pages as a machine of the other byte order, or of 32 bits, has them. */
static void
test_other_machine (Fixture *f, gconstpointer data)
{
  static const gsize at[] = { 16, 12, 12 };
  static const guint32 magic[] = { 0xDEC0EFBE, 0xBEEFC0DE, 0xDEC0EFBE };
  g_autofree char *path = data_file (f);

  g_clear_pointer (&f->store, tocsin_store_close);
  for (guint i = 0; i < G_N_ELEMENTS (at); i++)
    {
      g_autofree guint8 *page = g_malloc0 (8192);

      memcpy (page + at[i], &magic[i], sizeof magic[i]);
      memcpy (page + 4096 + at[i], &magic[i], sizeof magic[i]);
      page[10] = page[4096 + 10] = 0x08; /* P_META */
      g_assert_true (g_file_set_contents (path, (char *) page, 8192, NULL));
      assert_refused (f, TOCSIN_ERROR_UNSUPPORTED, "byte order or word size");
    }
}

static void
test_not_a_database (Fixture *f, gconstpointer data)
{
  static const gsize sizes[] = { 1, 100, 4096, 100000 };
  g_autofree char *path = data_file (f);

  g_clear_pointer (&f->store, tocsin_store_close);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *rubbish = g_strnfill (sizes[i], 'R');

      g_assert_true (g_file_set_contents (path, rubbish, (gssize) sizes[i], NULL));
      assert_refused (f, TOCSIN_ERROR_STORE, "not a database");
    }
}

/* That @path is the first @size bytes of @whole. */
static void
assert_begins (const char *path, GBytes *whole, gsize size)
{
  g_autoptr (GBytes) beginning = g_bytes_new_from_bytes (whole, 0, size);
  g_autoptr (GBytes) now = bytes_of (path);

  g_assert_true (g_bytes_equal (now, beginning));
}

/* A copy that was cut short is refused as it is, or counting finds it; the last pages of this file
 * are free. No page that is missing ends the process. */
static void
test_cut_short (Fixture *f, gconstpointer data)
{
  g_autofree char *path = NULL;
  g_autoptr (GBytes) whole = NULL;
  guint refused = 0, found = 0, cuts = 0;

  if (is_missing (f))
    return;
  g_clear_pointer (&f->store, tocsin_store_close);
  path = data_file (f);
  stored_unpack (1, f->dir);
  whole = bytes_of (path);
  for (gsize size = 8192; size < g_bytes_get_size (whole); size += 4096, cuts++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (GStrv) wrong = NULL;
      guint64 rows;

      g_assert_true (
          g_file_set_contents (path, g_bytes_get_data (whole, NULL), (gssize) size, NULL));
      f->store = tocsin_store_open (f->dir, MAP_BYTES, &error);
      if (f->store != NULL)
        found += !tocsin_store_recount (f->store, &rows, &wrong, NULL) || wrong[0] != NULL;
      else
        {
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
          g_assert_nonnull (strstr (error->message, "restore a backup"));
          assert_begins (path, whole, size);
          refused++;
        }
      g_clear_pointer (&f->store, tocsin_store_close);
    }
  g_assert_cmpuint (cuts, >, 20);
  g_test_message ("%u cuts: %u refused, %u found", cuts, refused, found);
  g_assert_cmpuint (refused + found, >=, cuts - FREE_AT_THE_END);
}

/* What the two first pages say of how long a page is. */
static void
test_page_size (Fixture *f, gconstpointer data)
{
  static const guint32 wrong[] = { 0, 1, 4095, 65536, G_MAXUINT32 };
  const gsize at = sizeof (gsize) == 8 ? 40 : 28;
  g_autofree char *path = data_file (f);
  g_autoptr (GBytes) whole = NULL;

  g_clear_pointer (&f->store, tocsin_store_close);
  whole = bytes_of (path);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (wrong); i++)
    {
      gsize size = g_bytes_get_size (whole);
      g_autofree char *other = g_memdup2 (g_bytes_get_data (whole, NULL), size);

      memcpy (other + at + i % 2 * (gsize) sysconf (_SC_PAGESIZE), &wrong[i / 2], sizeof wrong[0]);
      g_assert_true (g_file_set_contents (path, other, (gssize) size, NULL));
      assert_refused (f, TOCSIN_ERROR_STORE, "the database is damaged");
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, up)                                                                        \
  g_test_add ("/store-refused/" name, Fixture, GUINT_TO_POINTER (1), up, func, tear_down)
  ADD ("1/cut-short", test_cut_short, set_up_stored);
  ADD ("newer", test_newer, set_up);
  ADD ("newer/cut-short", test_newer_cut_short, set_up_stored);
  ADD ("newer/lacks-a-table", test_newer_lacks_a_table, set_up);
  ADD ("foreign", test_foreign, set_up);
  ADD ("other-machine", test_other_machine, set_up);
  ADD ("not-a-database", test_not_a_database, set_up);
  ADD ("page-size", test_page_size, set_up);
  return g_test_run ();
}
