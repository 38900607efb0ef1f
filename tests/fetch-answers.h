/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* What the peer of test-fetcher.c answers: well or badly, as the path says. */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LIMIT         100000
#define REFUSAL_BYTES 4096 /* what is read of one */
#define BOMB_BYTES    (256 * 1024 * 1024)

static gboolean G_GNUC_PRINTF (2, 3) send_text (GOutputStream *out, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  return g_output_stream_write_all (out, text, strlen (text), NULL, NULL, NULL);
}

static gboolean
send_document (GOutputStream *out, const char *status, const char *fields, const char *body)
{
  return send_text (out, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen (body),
                    fields, body);
}

static GOutputStream *
begin_packed (GOutputStream *out, const char *status)
{
  g_autoptr (GConverter) gzip =
      G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
  GOutputStream *packed = g_converter_output_stream_new (out, gzip);

  g_filter_output_stream_set_close_base_stream (G_FILTER_OUTPUT_STREAM (packed), FALSE);
  send_text (out, "HTTP/1.1 %s\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n", status);
  return packed;
}

static void
send_packed (GOutputStream *out, const char *status, const char *text)
{
  g_autoptr (GOutputStream) packed = begin_packed (out, status);

  g_output_stream_write_all (packed, text, strlen (text), NULL, NULL, NULL);
  g_output_stream_close (packed, NULL, NULL);
}

/* Packed blocks that hold nothing, one after another (RFC 1951, section 3.2.4). */
static void
send_nothing_packed (GOutputStream *out)
{
  static const guint8 nothing[] = { 0, 0, 0, 0xff, 0xff };
  g_autoptr (GByteArray) block = g_byte_array_new ();

  while (block->len < 65535)
    g_byte_array_append (block, nothing, sizeof nothing);
  while (g_output_stream_write_all (out, block->data, block->len, NULL, NULL, NULL))
    ;
}

static void
send_hollow (GOutputStream *out, const char *status)
{
  static const guint8 begin[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };

  if (send_text (out, "HTTP/1.1 %s\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
                 status) &&
      g_output_stream_write_all (out, begin, sizeof begin, NULL, NULL, NULL))
    send_nothing_packed (out);
}

/* As long as may be, @bytes in all, and nothing behind it, which never ends. */
static void
send_brimful (GOutputStream *out, gsize bytes)
{
  static const guint8 begin[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255 };
  g_autoptr (GByteArray) block = g_byte_array_new ();

  g_byte_array_append (block, begin, sizeof begin);
  while (bytes > 0)
    {
      guint16 size = (guint16) MIN (bytes, G_MAXUINT16);
      const guint8 head[] = { 0, size & 0xff, size >> 8, ~size & 0xff, (guint16) ~size >> 8 };

      g_byte_array_append (block, head, sizeof head);
      g_byte_array_set_size (block, block->len + size);
      memset (block->data + block->len - size, 'x', size);
      bytes -= size;
    }
  send_text (out, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
  if (g_output_stream_write_all (out, block->data, block->len, NULL, NULL, NULL))
    send_nothing_packed (out);
}

/* Too many, and behind them what they were to come before, in one piece. */
static void
send_interim_then (GOutputStream *out)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < 20; i++)
    g_string_append (text, "HTTP/1.1 103 Early Hints\r\n\r\n");
  g_string_append (text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  send_text (out, "%s", text->str);
}

static void
send_bomb (GOutputStream *out)
{
  g_autoptr (GOutputStream) packed = begin_packed (out, "200 OK");
  g_autofree char *zeros = g_malloc0 (1024 * 1024);

  for (gsize sent = 0; sent < BOMB_BYTES; sent += 1024 * 1024)
    if (!g_output_stream_write_all (packed, zeros, 1024 * 1024, NULL, NULL, NULL))
      break;
  g_output_stream_close (packed, NULL, NULL);
}

/* Until the other side has had enough. */
static void
send_for_ever (GOutputStream *out, const char *head, const char *text)
{
  g_autoptr (GString) block = g_string_new (NULL);

  while (block->len < 65536)
    g_string_append (block, text);
  if (send_text (out, "%s", head))
    while (g_output_stream_write_all (out, block->str, block->len, NULL, NULL, NULL))
      ;
}

static void
reset (GSocketConnection *connection)
{
  const struct linger linger = { .l_onoff = 1 };

  setsockopt (g_socket_get_fd (g_socket_connection_get_socket (connection)), SOL_SOCKET, SO_LINGER,
              &linger, sizeof linger);
}

/* Answers that leave the connection in order. Returns whether @path asked for one. */
static gboolean
answer_well (GOutputStream *out, const char *path, const char *head)
{
  guint64 n;

  if (g_ascii_string_to_unsigned (path + 1, 10, 0, 10 * LIMIT, &n, NULL))
    {
      g_autofree char *body = g_strnfill (n, 'x');

      return send_document (out, "200 OK", "Content-Type: application/Activity+JSON; q=1\r\n",
                            body);
    }
  if (g_str_has_prefix (path, "/redirect/"))
    {
      int left = atoi (path + strlen ("/redirect/"));
      g_autofree char *field = g_strdup_printf ("Location: /redirect/%d\r\n", left - 1);

      return left == 0 ? send_document (out, "200 OK", "", "end")
                       : send_document (out, "302 Found", field, "");
    }
  if (g_str_has_prefix (path, "/to?"))
    {
      g_autofree char *field = g_strdup_printf ("Location: %s\r\n", path + strlen ("/to?"));

      return send_document (out, "307 Temporary Redirect", field, "");
    }
  if (g_str_equal (path, "/nowhere"))
    return send_document (out, "302 Found", "", "");
  if (g_str_equal (path, "/found"))
    return send_document (out, "302 Found", "Location: /3\r\n", "");
  if (g_str_equal (path, "/html"))
    return send_document (out, "200 OK", "Content-Type: text/html\r\n", "<p>");
  if (g_str_equal (path, "/untyped"))
    return send_document (out, "200 OK", "", "{}");
  if (g_str_equal (path, "/busy"))
    return send_document (out, "429 Slow down", "Retry-After: 120\r\n", "later");
  if (g_str_equal (path, "/busy-until"))
    return send_document (out, "503 Later", "Retry-After: Fri, 31 Dec 2077 23:59:59 GMT\r\n", "");
  if (g_str_equal (path, "/busy-never"))
    return send_document (out, "503 Later", "Retry-After: -5\r\n", "");
  if (g_str_equal (path, "/auth"))
    return send_document (out, "401 No", "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
  if (g_str_equal (path, "/etag"))
    return strstr (head, "If-None-Match: \"v1\"") != NULL
               ? send_text (out, "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n")
               : send_document (out, "200 OK", "ETag: \"v1\"\r\nLast-Modified: then\r\n", "new");
  if (g_str_equal (path, "/post"))
    return send_document (out, "202 Accepted", "", "");
  return FALSE;
}

/* Ten bytes a chunk, LIMIT in all. */
static void
send_lines (GOutputStream *out)
{
  g_autoptr (GString) text = g_string_new ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");

  for (gsize bytes = 0; bytes < LIMIT; bytes += 10)
    g_string_append (text, "a\r\n192.0.2.7\n\r\n");
  g_string_append (text, "0\r\n\r\n");
  g_output_stream_write_all (out, text->str, text->len, NULL, NULL, NULL);
}

/* The line behind it is read where there is room for nothing more. */
static void
send_in_a_chunk (GOutputStream *out, const char *status, gsize bytes)
{
  g_autofree char *body = g_strnfill (bytes, 'x');

  send_text (out, "HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\n\r\n%zx\r\n%s\r\n0\r\n\r\n", status,
             bytes, body);
}

/* Until the client gives up. */
static void
answer_slowly (GOutputStream *out, GInputStream *in, const char *path)
{
  char byte;

  if (!g_str_equal (path, "/silent"))
    send_text (out, "HTTP/1.1 %s\r\nContent-Length: 10\r\n\r\nx",
               path[5] == '-' ? path + 6 : "200 OK");
  g_input_stream_read (in, &byte, 1, NULL, NULL);
}

/* Answers after which the connection is of no use. */
static void
answer_badly (GSocketConnection *connection, const char *path)
{
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  const char *endless = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
  const char *failing = "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n";

  if (g_str_equal (path, "/long-redirect"))
    send_for_ever (out, "HTTP/1.1 302 Found\r\nLocation: /3\r\n\r\n", "x");
  else if (g_str_equal (path, "/bomb"))
    send_bomb (out);
  else if (g_str_equal (path, "/hollow"))
    send_hollow (out, "200 OK");
  else if (g_str_equal (path, "/hollow-failing"))
    send_hollow (out, "500 Oh");
  else if (g_str_equal (path, "/brimful"))
    send_brimful (out, LIMIT);
  else if (g_str_equal (path, "/chunk-of-all"))
    send_in_a_chunk (out, "200 OK", LIMIT);
  else if (g_str_equal (path, "/refusal-in-a-chunk"))
    send_in_a_chunk (out, "500 Oh", REFUSAL_BYTES);
  else if (g_str_equal (path, "/lines"))
    send_lines (out);
  else if (g_str_equal (path, "/dribble"))
    send_for_ever (out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n");
  else if (g_str_equal (path, "/packed"))
    send_packed (out, "200 OK", "unpacked");
  else if (g_str_equal (path, "/packed-failing"))
    send_packed (out, "500 Oh", "sorry");
  else if (g_str_equal (path, "/other-packing"))
    send_text (out, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx");
  else if (g_str_equal (path, "/endless"))
    send_for_ever (out, endless, "x");
  else if (g_str_equal (path, "/failing"))
    send_for_ever (out, failing, "y");
  else if (g_str_equal (path, "/headers"))
    send_for_ever (out, "HTTP/1.1 200 OK\r\n", "X-Field: value\r\n");
  else if (g_str_equal (path, "/line"))
    send_for_ever (out, "HTTP/1.1 200 OK\r\nX-Field: ", "z");
  else if (g_str_equal (path, "/chunk"))
    send_for_ever (out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0");
  else if (g_str_equal (path, "/interim"))
    send_for_ever (out, "", "HTTP/1.1 103 Early Hints\r\n\r\n");
  else if (g_str_equal (path, "/interim-then"))
    send_interim_then (out);
  else if (g_str_equal (path, "/reset"))
    reset (connection);
  else if (g_str_equal (path, "/garbage"))
    send_text (out, "SSH-2.0-OpenSSH\r\n\r\n");
  else if (g_str_equal (path, "/short"))
    send_text (out, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  else if (g_str_equal (path, "/flood-401"))
    send_for_ever (out, "HTTP/1.1 401 No\r\nConnection: close\r\n\r\n", "x");
  else if (g_str_equal (path, "/flood-421"))
    send_for_ever (out, "HTTP/1.1 421 Not here\r\nConnection: close\r\n\r\n", "x");
  else if (g_str_has_prefix (path, "/slow") || g_str_equal (path, "/silent"))
    answer_slowly (out, g_io_stream_get_input_stream (G_IO_STREAM (connection)), path);
}
