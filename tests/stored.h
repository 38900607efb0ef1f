/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* Stores as released versions wrote them, tests/data/stores: compressed LMDB files. */
#include <gio/gio.h>
#include <glib/gstdio.h>

/* LMDB's files are of one kind of machine. */
static inline gboolean
stored_fits (void)
{
  return G_BYTE_ORDER == G_LITTLE_ENDIAN && sizeof (gsize) == 8;
}

/* Writes the store of @format to @dir/store, as if a daemon had left it there. */
static inline void
stored_unpack (guint format, const char *dir)
{
  g_autofree char *name = g_strdup_printf ("format-%u.mdb.gz", format);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "stores", name, NULL);
  g_autofree char *folder = g_build_filename (dir, "store", NULL);
  g_autofree char *to = g_build_filename (folder, "data.mdb", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) source = g_file_new_for_path (path);
  g_autoptr (GFile) target = g_file_new_for_path (to);
  g_autoptr (GZlibDecompressor) gzip = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP);
  g_autoptr (GFileInputStream) file = g_file_read (source, NULL, &error);
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GFileOutputStream) out = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  in = g_converter_input_stream_new (G_INPUT_STREAM (file), G_CONVERTER (gzip));
  out = g_file_replace (target, NULL, FALSE, G_FILE_CREATE_PRIVATE, NULL, &error);
  g_assert_no_error (error);
  g_output_stream_splice (G_OUTPUT_STREAM (out), in,
                          G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                          NULL, &error);
  g_assert_no_error (error);
}
