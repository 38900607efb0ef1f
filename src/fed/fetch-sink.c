/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/fetch-sink.h"

#include <errno.h>
#include <unistd.h>

#include "core/error.h"

#define UNPACKED_BYTES (64 * 1024)
#define PIECES_MAX     4096 /* and one for so many bytes on average: */
#define PIECE_BYTES    16
#define LINE_BYTES     2 /* of a list, which may come line by line, and which an operator chose */
#define PACKING_BYTES  (64 * 1024) /* what packing may cost; empty blocks would go on for ever */

static gboolean
refuse (GError **error, TocsinError code, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, (gint) code, message);
  return FALSE;
}

gboolean
tocsin_fetch_sink_begin (TocsinFetchSink *self, const char *encoding, GError **error)
{
  if (encoding == NULL || *encoding == '\0' || g_ascii_strcasecmp (encoding, "identity") == 0)
    return TRUE;
  if (g_ascii_strcasecmp (encoding, "gzip") != 0 && g_ascii_strcasecmp (encoding, "x-gzip") != 0)
    return refuse (error, TOCSIN_ERROR_UNREACHABLE,
                   "The peer's answer is packed in a way that was not asked for");
  self->gunzip = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  self->is_within = TRUE;
  return TRUE;
}

/* Into the page cache: this does not wait for a disk. */
static gboolean
write_file (int fd, const char *bytes, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize n = write (fd, bytes, size);

      if (n < 0 && errno != EINTR)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                       "What was fetched cannot be kept: %s", g_strerror (errno));
          return FALSE;
        }
      bytes += MAX (n, 0);
      size -= (gsize) MAX (n, 0);
    }
  return TRUE;
}

static gboolean
write_out (TocsinFetchSink *self, const char *bytes, gsize size, GError **error)
{
  gsize room = self->max_bytes - self->written;
  gboolean fits = size <= room;
  gsize fitting = fits ? size : room;

  if (self->memory != NULL)
    g_byte_array_append (self->memory, (const guint8 *) bytes, (guint) fitting);
  else if (fits && !write_file (self->fd, bytes, size, error))
    return FALSE;
  self->written += fitting;
  return fits || refuse (error, TOCSIN_ERROR_TOO_LARGE, "The peer's answer is too long");
}

/* Parts may follow one another (RFC 1952, section 2.2); each has to be whole. */
static gboolean
unpack (TocsinFetchSink *self, const char *bytes, gsize size, GError **error)
{
  g_autofree char *out = g_malloc (UNPACKED_BYTES);
  gsize taken, made;

  while (size > 0)
    {
      g_autoptr (GError) why = NULL;
      GConverterResult result = g_converter_convert (self->gunzip, bytes, size, out, UNPACKED_BYTES,
                                                     G_CONVERTER_NO_FLAGS, &taken, &made, &why);

      if (result == G_CONVERTER_ERROR)
        return g_error_matches (why, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT) ||
               refuse (error, TOCSIN_ERROR_UNREACHABLE, "The peer's answer cannot be unpacked");
      if (!write_out (self, out, made, error))
        return FALSE;
      bytes += taken;
      size -= taken;
      self->is_within = result != G_CONVERTER_FINISHED;
      if (result == G_CONVERTER_FINISHED)
        g_converter_reset (self->gunzip);
    }
  return TRUE;
}

gboolean
tocsin_fetch_sink_push (TocsinFetchSink *self, GBytes *chunk, GError **error)
{
  gsize size;
  const char *bytes = g_bytes_get_data (chunk, &size);

  self->taken += size;
  if (++self->pieces > PIECES_MAX + self->taken / (self->memory != NULL ? PIECE_BYTES : LINE_BYTES))
    return refuse (error, TOCSIN_ERROR_UNREACHABLE,
                   "The peer's answer comes in pieces that are too small");
  if (self->taken > self->max_bytes + PACKING_BYTES)
    return refuse (error, TOCSIN_ERROR_TOO_LARGE, "The peer's answer is too long");
  return self->gunzip != NULL ? unpack (self, bytes, size, error)
                              : write_out (self, bytes, size, error);
}

gboolean
tocsin_fetch_sink_end (const TocsinFetchSink *self, GError **error)
{
  return (!self->is_within && self->taken >= self->announced) ||
         refuse (error, TOCSIN_ERROR_UNREACHABLE, "The peer's answer was cut short");
}

void
tocsin_fetch_sink_clear (TocsinFetchSink *self)
{
  g_clear_object (&self->gunzip);
}
