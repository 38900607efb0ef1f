/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A disk that fills up during the first start leaves as much of LMDB's two first pages as it takes:
 * the next start begins anew, and never with a file that may hold anything.
 */
#include "store-fixture.h"

#include <glib/gstdio.h>
#include <lmdb.h>
#include <unistd.h>

#include "core/error.h"
#include "store/table-meta.h"

#define MAP_BYTES        (G_GUINT64_CONSTANT (64) << 20)
#define HEAD_BYTES       (sizeof (gsize) == 8 ? 152 : 92) /* of a first page; then come zeros */
#define MAP_BYTES_AT     (sizeof (gsize) == 8 ? 32 : 24)
#define IS_MAP_BYTES(at) ((at) >= MAP_BYTES_AT && (at) < MAP_BYTES_AT + sizeof (gsize))

/* What LMDB has written before there is any table. Its map is not as large as ours. */
static GBytes *
first_pages (Fixture *f)
{
  g_autofree char *folder = g_build_filename (f->dir, "store", NULL);
  g_autofree char *path = data_file (f);
  MDB_env *env;

  g_clear_pointer (&f->store, tocsin_store_close);
  remove_tree (folder);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  g_assert_cmpint (mdb_env_create (&env), ==, MDB_SUCCESS);
  g_assert_cmpint (mdb_env_open (env, folder, 0, 0600), ==, MDB_SUCCESS);
  mdb_env_close (env);
  return bytes_of (path);
}

static void
assert_refused (Fixture *f, const void *data, gsize size, const char *why)
{
  g_autofree char *path = data_file (f);
  g_autoptr (GBytes) after = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
  g_assert_null (tocsin_store_open (f->dir, MAP_BYTES, &error));
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, path));
  if (why != NULL)
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
      g_assert_nonnull (strstr (error->message, why));
    }
  after = bytes_of (path);
  g_assert_cmpmem (g_bytes_get_data (after, NULL), g_bytes_get_size (after), data, size);
}

static gboolean
put_row (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "row", "v", 1);
  return TRUE;
}

static void
test_begins_anew (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) first = first_pages (f);
  const gsize whole = g_bytes_get_size (first), half = whole / 2;
  const gsize sizes[] = {
    0, 1, 17, 100, 200, half - 1, half, half + 1, half + 100, whole - 1, whole
  };
  g_autofree char *path = data_file (f);

  g_assert_cmpuint (whole, ==, 2 * (gsize) sysconf (_SC_PAGESIZE));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_test_message ("%" G_GSIZE_FORMAT " bytes", sizes[i]);
      g_assert_true (
          g_file_set_contents (path, g_bytes_get_data (first, NULL), (gssize) sizes[i], NULL));
      fixture_open (f, MAP_BYTES);
      write_ok (f, put_row, NULL);
      g_clear_pointer (&f->store, tocsin_store_close);
      fixture_open (f, MAP_BYTES);
      g_clear_pointer (&f->store, tocsin_store_close);
    }
}

/* Of a store that had rows the first page says so. */
static void
test_cut_copy (Fixture *f, gconstpointer data)
{
  const gsize page = (gsize) sysconf (_SC_PAGESIZE);
  const gsize sizes[] = { HEAD_BYTES, 1000, page - 1, page, page + 1, page + 100 };
  g_autofree char *path = data_file (f);
  g_autoptr (GBytes) whole = NULL;

  g_clear_pointer (&f->store, tocsin_store_close);
  whole = bytes_of (path);
  g_assert_cmpuint (g_bytes_get_size (whole), >, 2 * page);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    assert_refused (f, g_bytes_get_data (whole, NULL), sizes[i],
                    "the database is damaged, or a copy that was cut short; restore a backup");
}

/* One bit of it may be of another program, machine or page size. */
static void
test_one_bit_differs (Fixture *f, gconstpointer data)
{
  g_autoptr (GBytes) first = first_pages (f);
  const gsize half = g_bytes_get_size (first) / 2;

  for (gsize at = 0; at <= HEAD_BYTES; at++)
    {
      g_autofree guint8 *other = g_memdup2 (g_bytes_get_data (first, NULL), half);

      other[at] ^= 0x01;
      if (!IS_MAP_BYTES (at))
        assert_refused (f, other, half, NULL);
    }
}

static void
test_others_files (Fixture *f, gconstpointer data)
{
  static const gsize sizes[] = { 1, 11, 31, 4095, 4096, 4097 };

  g_clear_pointer (&f->store, tocsin_store_close);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *text = g_strnfill (sizes[i], 'R');

      assert_refused (f, text, sizes[i], "this is not a database");
    }
}

/* What is no file is not looked into. */
static void
test_no_file (Fixture *f, gconstpointer data)
{
  g_autofree char *path = data_file (f);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->store, tocsin_store_close);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_null (tocsin_store_open (f->dir, MAP_BYTES, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/store-begun/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("begins-anew", test_begins_anew);
  ADD ("cut-copy", test_cut_copy);
  ADD ("one-bit-differs", test_one_bit_differs);
  ADD ("others-files", test_others_files);
  ADD ("no-file", test_no_file);
  return g_test_run ();
}
