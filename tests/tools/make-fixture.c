/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* make-fixture FILE.gz
 *
 * Writes a compact store with rows in every table, compressed: tests/data/stores/format-N.mdb.gz.
 * The same rows each time; those of one format are never made again once it was released.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "tools/every-table.h"

static gboolean
compress (const char *from, const char *to, GError **error)
{
  g_autoptr (GFile) source = g_file_new_for_path (from);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  g_autoptr (GZlibCompressor) gzip = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
  g_autoptr (GFileInputStream) in = g_file_read (source, NULL, error);
  g_autoptr (GFileOutputStream) file =
      in == NULL ? NULL : g_file_replace (target, NULL, FALSE, G_FILE_CREATE_NONE, NULL, error);
  g_autoptr (GOutputStream) out =
      file == NULL ? NULL
                   : g_converter_output_stream_new (G_OUTPUT_STREAM (file), G_CONVERTER (gzip));

  return out != NULL && g_output_stream_splice (out, G_INPUT_STREAM (in),
                                                G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE |
                                                    G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                                NULL, error) >= 0;
}

static gboolean
run (const char *dir, const char *to, GError **error)
{
  g_autoptr (TocsinStore) store = tocsin_store_open (dir, G_GUINT64_CONSTANT (64) << 20, error);
  g_autofree char *copy = g_build_filename (dir, "data.mdb", NULL);

  return store != NULL && tocsin_store_write (store, every_table_fill, NULL, error) &&
         tocsin_store_copy (store, dir, error) && compress (copy, to, error);
}

int
main (int argc, char *argv[])
{
  static const char *const made[] = { "data.mdb", "store/data.mdb", "store/lock.mdb", "lock",
                                      "store" };
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = argc == 2 ? g_dir_make_tmp ("tocsin-fixture-XXXXXX", &error) : NULL;

  if (argc != 2)
    {
      g_printerr ("usage: make-fixture FILE.gz\n");
      return 2;
    }
  if (dir != NULL)
    {
      run (dir, argv[1], &error);
      for (gsize i = 0; i < G_N_ELEMENTS (made); i++)
        {
          g_autofree char *path = g_build_filename (dir, made[i], NULL);

          g_remove (path);
        }
      g_rmdir (dir);
    }
  if (error != NULL)
    g_printerr ("make-fixture: %s\n", error->message);
  return error == NULL ? 0 : 1;
}
