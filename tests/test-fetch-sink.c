/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An answer on its way to a file: whole or cut anywhere, plain or packed, in pieces of every size.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"
#include "fed/fetch-sink.h"

#define LIMIT 100000

static void
pack (GOutputStream *out, const char *bytes, gsize size)
{
  g_autoptr (GConverter) gzip =
      G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
  g_autoptr (GOutputStream) packed = g_converter_output_stream_new (out, gzip);
  g_autoptr (GError) error = NULL;

  g_filter_output_stream_set_close_base_stream (G_FILTER_OUTPUT_STREAM (packed), FALSE);
  g_output_stream_write_all (packed, bytes, size, NULL, NULL, &error);
  g_assert_no_error (error);
  g_output_stream_close (packed, NULL, &error);
  g_assert_no_error (error);
}

/* Each text a part of its own. */
static GByteArray *
pack_parts (const char *const *texts)
{
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  GMemoryOutputStream *memory = G_MEMORY_OUTPUT_STREAM (out);
  GByteArray *bytes = g_byte_array_new ();

  for (; *texts != NULL; texts++)
    pack (out, *texts, strlen (*texts));
  g_byte_array_append (bytes, g_memory_output_stream_get_data (memory),
                       (guint) g_memory_output_stream_get_data_size (memory));
  return bytes;
}

/* What is in the file at the end; NULL with @error. */
static char *
run (const char *encoding, const guint8 *bytes, gsize size, gsize piece, GError **error)
{
  TocsinFetchSink sink = { .fd = memfd_create ("answer", MFD_CLOEXEC), .max_bytes = LIMIT };
  gboolean ok = tocsin_fetch_sink_begin (&sink, encoding, error);
  char *text = NULL;

  for (gsize at = 0; ok && at < size; at += piece)
    {
      g_autoptr (GBytes) chunk = g_bytes_new (bytes + at, MIN (piece, size - at));

      ok = tocsin_fetch_sink_push (&sink, chunk, error);
    }
  g_assert_cmpuint (sink.written, <=, LIMIT);
  if (ok && tocsin_fetch_sink_end (&sink, error))
    {
      text = g_malloc0 (sink.written + 1);
      g_assert_cmpint (pread (sink.fd, text, sink.written, 0), ==, (gssize) sink.written);
    }
  tocsin_fetch_sink_clear (&sink);
  close (sink.fd);
  return text;
}

static void
assert_refused (
    const char *encoding, const guint8 *bytes, gsize size, gsize piece, TocsinError code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = run (encoding, bytes, size, piece, &error);

  g_assert_null (text);
  g_assert_error (error, TOCSIN_ERROR, (int) code);
}

static void
test_plain (void)
{
  static const char *const encodings[] = { NULL, "", "identity" };

  for (gsize i = 0; i < G_N_ELEMENTS (encodings); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = run (encodings[i], (const guint8 *) "192.0.2.1\n", 10, 3, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, "192.0.2.1\n");
    }
}

static void
test_packed (void)
{
  static const char *const parts[] = { "192.0.2.1\n", "192.0.2.2\n", NULL };
  static const char *const encodings[] = { "gzip", "GZIP", "x-gzip" };
  g_autoptr (GByteArray) packed = pack_parts (parts);

  for (gsize i = 0; i < G_N_ELEMENTS (encodings); i++)
    for (gsize piece = 1; piece <= packed->len; piece++)
      {
        g_autoptr (GError) error = NULL;
        g_autofree char *text = run (encodings[i], packed->data, packed->len, piece, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (text, ==, "192.0.2.1\n192.0.2.2\n");
      }
}

/* Cut anywhere but after its first part, which is whole by itself, it is not the whole. */
static void
test_cut_short (void)
{
  static const char *const parts[] = { "192.0.2.1\n", "192.0.2.2\n", NULL };
  g_autoptr (GByteArray) packed = pack_parts (parts);
  g_autoptr (GByteArray) first = pack_parts ((const char *const[]){ parts[0], NULL });

  for (gsize size = 0; size < packed->len; size++)
    if (size != first->len)
      assert_refused ("gzip", packed->data, size, 7, TOCSIN_ERROR_UNREACHABLE);
}

static void
test_announced (void)
{
  for (gsize announced = 9; announced <= 11; announced++)
    {
      TocsinFetchSink sink = { .fd = memfd_create ("answer", MFD_CLOEXEC),
                               .max_bytes = LIMIT,
                               .announced = announced };
      g_autoptr (GBytes) chunk = g_bytes_new_static ("192.0.2.1\n", 10);
      g_autoptr (GError) error = NULL;

      g_assert_true (tocsin_fetch_sink_begin (&sink, NULL, NULL));
      g_assert_true (tocsin_fetch_sink_push (&sink, chunk, NULL));
      g_assert_true (tocsin_fetch_sink_end (&sink, &error) == (announced <= 10));
      if (announced > 10)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE);
      close (sink.fd);
    }
}

static void
test_broken (void)
{
  static const char *const parts[] = { "192.0.2.1\n", NULL };
  g_autoptr (GByteArray) packed = pack_parts (parts);

  /* Its checksum. */
  packed->data[packed->len - 8] ^= 1;
  assert_refused ("gzip", packed->data, packed->len, 7, TOCSIN_ERROR_UNREACHABLE);
  packed->data[packed->len - 8] ^= 1;
  g_byte_array_append (packed, (const guint8 *) "192.0.2.2\n", 10);
  assert_refused ("gzip", packed->data, packed->len, 7, TOCSIN_ERROR_UNREACHABLE);
  assert_refused ("br", packed->data, packed->len, 7, TOCSIN_ERROR_UNREACHABLE);
  assert_refused ("gzip, gzip", packed->data, packed->len, 7, TOCSIN_ERROR_UNREACHABLE);
}

static void
test_too_long (void)
{
  static const char *const no_parts[] = { NULL };
  g_autofree char *zeros = g_strnfill (LIMIT + 1, '0');
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr (GByteArray) empty = pack_parts (no_parts);
  g_autoptr (GByteArray) one = pack_parts ((const char *const[]){ "", NULL });
  g_autoptr (GError) error = NULL;
  g_autofree char *fits = run (NULL, (const guint8 *) zeros, LIMIT, 4096, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (fits), ==, LIMIT);
  assert_refused (NULL, (const guint8 *) zeros, LIMIT + 1, 4096, TOCSIN_ERROR_TOO_LARGE);
  pack (out, zeros, LIMIT + 1);
  assert_refused ("gzip", g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (out)),
                  g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (out)), 4096,
                  TOCSIN_ERROR_TOO_LARGE);
  /* Parts without anything in them have an end, too. */
  while (empty->len < 2 * LIMIT)
    g_byte_array_append (empty, one->data, one->len);
  assert_refused ("gzip", empty->data, empty->len, 4096, TOCSIN_ERROR_TOO_LARGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fetch-sink/plain", test_plain);
  g_test_add_func ("/fetch-sink/packed", test_packed);
  g_test_add_func ("/fetch-sink/cut-short", test_cut_short);
  g_test_add_func ("/fetch-sink/announced", test_announced);
  g_test_add_func ("/fetch-sink/broken", test_broken);
  g_test_add_func ("/fetch-sink/too-long", test_too_long);
  return g_test_run ();
}
