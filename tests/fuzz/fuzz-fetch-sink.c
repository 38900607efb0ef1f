/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is a packed answer. Properties: no more than the limit is written; in pieces of any
 * size it comes to the same text, or to none, as at once; what is refused is of three kinds.
 */
#include "fuzz/fuzz.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "fed/fetch-sink.h"

#define LIMIT 20000

static void
check_error (const GError *error)
{
  g_assert_cmpint ((gint) error->domain, ==, (gint) TOCSIN_ERROR);
  g_assert_true (error->code == TOCSIN_ERROR_UNREACHABLE || error->code == TOCSIN_ERROR_TOO_LARGE);
}

/* What the answer is; NULL: none. */
static GBytes *
unpack (const guint8 *data, gsize size, gsize piece)
{
  g_autofree char *name = NULL;
  g_autoptr (GError) error = NULL;
  TocsinFetchSink sink = { .fd = g_file_open_tmp ("sink-XXXXXX", &name, &error),
                           .max_bytes = LIMIT };
  g_autofree char *text = g_malloc (LIMIT);
  GBytes *out = NULL;
  gboolean ok;

  g_assert_no_error (error);
  g_unlink (name);
  ok = tocsin_fetch_sink_begin (&sink, "gzip", &error);
  for (gsize at = 0; ok && at < size; at += piece)
    {
      g_autoptr (GBytes) chunk = g_bytes_new (data + at, MIN (piece, size - at));

      ok = tocsin_fetch_sink_push (&sink, chunk, &error);
    }
  ok = ok && tocsin_fetch_sink_end (&sink, &error);
  g_assert_cmpuint (sink.written, <=, LIMIT);
  if (ok)
    {
      g_assert_cmpint (pread (sink.fd, text, sink.written, 0), ==, (gssize) sink.written);
      out = g_bytes_new (text, sink.written);
    }
  else
    check_error (error);
  tocsin_fetch_sink_clear (&sink);
  close (sink.fd);
  return out;
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) at_once = unpack (data, size, MAX (size, 1));
  g_autoptr (GBytes) in_pieces = unpack (data, size, 1 + size / 7);

  g_assert_true ((at_once == NULL) == (in_pieces == NULL));
  if (at_once != NULL)
    g_assert_true (g_bytes_equal (at_once, in_pieces));
}
