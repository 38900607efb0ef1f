/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is a byte, which says where it is cut, and what a client sends on one connection
 * before it closes its side. Properties: a handler sees those requests alone that a reader to the
 * letter of RFC 9112 finds there, each with its body, in their order, so that none can be hidden in
 * another, and nothing behind a body in chunks; in two pieces they are the same as in one; every
 * connection ends, with whole answers of known statuses, among them one for each request that was
 * handled; and the same bytes as the body of a plain request, and a request behind it, are handled.
 */
#include "fuzz/fuzz.h"

#include <gio/gunixsocketaddress.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/request.h"
#include "http/server.h"
#include "store-fixture.h"

#define BODY_MAX_BYTES 4096
#define TURNS_MAX      100000

typedef struct
{
  char *dir;
  char *path;
  TocsinListener *listener;
  TocsinRouter *router;
  TocsinServer *server;
  GPtrArray *handled; /* (element-type GBytes) of "METHOD TARGET\nBODY" */
} Side;

static Side side;

static GBytes *
describe (const char *method, const char *target, const char *body, gsize size)
{
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "%s %s\n", method, target);
  if (size > 0)
    g_string_append_len (out, body, (gssize) size);
  return g_string_free_to_bytes (out);
}

static GPtrArray *
requests_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

static void
on_request (TocsinRequest *request, TocsinReply *reply, gpointer data G_GNUC_UNUSED)
{
  gsize size;
  const char *body = g_bytes_get_data (tocsin_request_get_body (request), &size);

  g_ptr_array_add (side.handled, describe (tocsin_request_get_method (request),
                                           tocsin_request_get_target (request), body, size));
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "hello\n");
}

static const TocsinRoute routes[] = {
  { "GET", "/", on_request, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/{a}", on_request, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "POST", "/{a}", on_request, TOCSIN_ROUTE_READ, 0, BODY_MAX_BYTES, NULL },
};

static void
clear_side (void)
{
  tocsin_server_free (side.server);
  tocsin_router_unref (side.router);
  tocsin_listener_unref (side.listener);
  g_ptr_array_unref (side.handled);
  remove_tree (side.dir);
  g_free (side.dir);
  g_free (side.path);
}

void
tocsin_fuzz_begin (void)
{
  TocsinServerOptions options = tocsin_server_options_default ();
  g_autoptr (GError) error = NULL;

  options.sweep_us = 1000; /* the end of a connection that came with its last bytes is seen then */
  side.dir = g_dir_make_tmp ("tocsin-XXXXXX", &error);
  g_assert_no_error (error);
  side.path = g_build_filename (side.dir, "socket", NULL);
  side.listener = tocsin_listener_new_unix (side.path, &error);
  g_assert_no_error (error);
  side.router = tocsin_router_new ();
  tocsin_router_add (side.router, routes, G_N_ELEMENTS (routes), NULL);
  side.handled = requests_new ();
  side.server = tocsin_server_new (side.router, &options);
  tocsin_server_start (side.server, side.listener, &error);
  g_assert_no_error (error);
  atexit (clear_side);
}

/* ---- the reader to the letter ---- */

typedef struct
{
  const char *at;
  const char *end;
} Input;

/* A line that ends in CR LF and has neither before. FALSE: there is none. NUL LF ends one to
 * libmicrohttpd 0.9.75, which leaves no trace of which it was; both are where a line ends to who
 * reads LF as such, and nobody passes a NUL on. */
static gboolean
take_line (Input *in, char **line)
{
  const char *newline = memchr (in->at, '\n', (gsize) (in->end - in->at));

  if (newline == NULL || newline == in->at || (newline[-1] != '\r' && newline[-1] != '\0') ||
      memchr (in->at, '\r', (gsize) (newline - 1 - in->at)) != NULL ||
      memchr (in->at, '\0', (gsize) (newline - 1 - in->at)) != NULL)
    return FALSE;
  *line = g_strndup (in->at, (gsize) (newline - 1 - in->at));
  in->at = newline + 1;
  return TRUE;
}

static gboolean
is_blurred (char c)
{
  return c == '\r' || c == '\n' || c == '\0' || c == ':';
}

/* A header's last line, and its end. What is left there of CR LF CR LF are four NULs; to
 * libmicrohttpd 0.9.75 they are left of other mixtures of NUL and line ends as well, and of a colon
 * where a line should begin. */
static gboolean
take_blurred_end (Input *in, char **line)
{
  gsize left = (gsize) (in->end - in->at);
  const char *end = in->at;

  for (; left > 0 && *end != '\r' && *end != '\n' && *end != '\0'; end++)
    left--;
  if (left < 4 || end[3] != '\n' || (memchr (end, '\0', 4) == NULL && memchr (end, ':', 4) == NULL))
    return FALSE;
  for (gsize i = 0; i < 4; i++)
    if (!is_blurred (end[i]))
      return FALSE;
  *line = g_strndup (in->at, (gsize) (end - in->at));
  in->at = end + 4;
  return TRUE;
}

static gboolean
take_bytes (Input *in, gsize size, GString *body)
{
  if ((gsize) (in->end - in->at) < size)
    return FALSE;
  g_string_append_len (body, in->at, (gssize) size);
  in->at += size;
  return TRUE;
}

typedef struct
{
  gboolean chunked;
  gboolean has_length;
  guint64 length;
} Framing;

static gboolean
read_field (char *line, Framing *framing)
{
  char *colon = strchr (line, ':');

  if (colon == NULL || colon == line || g_ascii_isspace (line[0]))
    return FALSE;
  *colon = '\0';
  if (g_ascii_strcasecmp (line, "Transfer-Encoding") == 0)
    {
      framing->chunked = g_ascii_strcasecmp (g_strstrip (colon + 1), "chunked") == 0;
      return framing->chunked;
    }
  if (g_ascii_strcasecmp (line, "Content-Length") == 0)
    {
      framing->has_length = TRUE;
      return g_ascii_string_to_unsigned (g_strstrip (colon + 1), 10, 0, G_MAXUINT32,
                                         &framing->length, NULL);
    }
  return TRUE;
}

/* Empty lines before a request (RFC 9112, section 2.2). One that begins with NUL is empty, too, to
 * a library that reads C strings, and no request to anybody. */
static void
skip_empty_lines (Input *in)
{
  while (in->at < in->end && (*in->at == '\r' || *in->at == '\n' || *in->at == '\0'))
    {
      const char *newline =
          *in->at == '\0' ? memchr (in->at, '\n', (gsize) (in->end - in->at)) : in->at;

      if (newline == NULL)
        return;
      in->at = newline + 1;
    }
}

/* Up to the empty line, or what passes for one. */
static gboolean
take_fields (Input *in, Framing *framing)
{
  for (;;)
    {
      g_autofree char *field = NULL;
      gboolean is_end = in->end - in->at >= 2 && memcmp (in->at, "\r\n", 2) == 0;

      if (!is_end && take_blurred_end (in, &field))
        return *field == '\0' || read_field (field, framing);
      if (!take_line (in, &field))
        return FALSE;
      if (*field == '\0')
        return TRUE;
      if (!read_field (field, framing))
        return FALSE;
    }
}

/* The next request; FALSE: there is no further one, or what it is cannot be said. Of chunks the
 * library reads more than the letter allows, so there *@chunked is set and the body does not
 * count. */
static gboolean
take_request (Input *in, GBytes **out, gboolean *chunked)
{
  g_autofree char *line = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (GString) body = g_string_new (NULL);
  Framing framing = { 0 };
  gboolean is_whole;

  skip_empty_lines (in);
  is_whole = take_blurred_end (in, &line);
  if (!is_whole && !take_line (in, &line))
    return FALSE;
  parts = g_strsplit (line, " ", -1);
  if (g_strv_length (parts) != 3 || !g_str_has_prefix (parts[2], "HTTP/1."))
    return FALSE;
  if (!is_whole && !take_fields (in, &framing))
    return FALSE;
  *chunked = framing.chunked;
  if ((framing.chunked && framing.has_length) ||
      (framing.has_length && !take_bytes (in, (gsize) framing.length, body)))
    return FALSE;
  *out = describe (parts[0], parts[1], body->str, body->len);
  return TRUE;
}

/* ---- a connection ---- */

static int
open_connection (void)
{
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (side.path);
  guint8 native[128];
  gssize size = g_socket_address_get_native_size (address);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  g_assert_true (g_socket_address_to_native (address, native, sizeof native, NULL));
  g_assert_cmpint (connect (fd, (const struct sockaddr *) (gconstpointer) native, (socklen_t) size),
                   ==, 0);
  return fd;
}

/* A server that has had enough may have closed its side already. */
static void
send_piece (int fd, const char *data, gsize size)
{
  if (size > 0)
    (void) !send (fd, data, size, MSG_NOSIGNAL);
  for (guint i = 0; i < 4; i++)
    g_main_context_iteration (NULL, FALSE);
}

static void
read_to_end (int fd, GString *answers)
{
  char buffer[16384];
  guint turns = 0;
  ssize_t n;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0)
        g_string_append_len (answers, buffer, n);
      g_assert_cmpuint (turns++, <, TURNS_MAX);
    }
  while (n > 0 || (n < 0 && errno == EAGAIN));
}

/* What was handled; the bytes of the answers go to @answers. */
static GPtrArray *
exchange (const char *data, gsize size, gsize cut, GString *answers)
{
  GPtrArray *handled;
  int fd = open_connection ();

  send_piece (fd, data, cut);
  send_piece (fd, data + cut, size - cut);
  shutdown (fd, SHUT_WR);
  read_to_end (fd, answers);
  close (fd);
  g_main_context_iteration (NULL, FALSE);
  handled = side.handled;
  side.handled = requests_new ();
  return handled;
}

/* ---- what was answered ---- */

static char *
take_answer_line (Input *in)
{
  char *line = NULL;

  g_assert_true (take_line (in, &line));
  g_assert_true (in->at[-2] == '\r' && g_utf8_validate (line, -1, NULL));
  return line;
}

/* Takes the field lines of an answer. Returns: the length of the body */
static gsize
take_answer_fields (Input *in)
{
  gsize length = 0;

  for (;;)
    {
      g_autofree char *field = take_answer_line (in);

      if (*field == '\0')
        return length;
      g_assert_nonnull (strchr (field, ':'));
      if (g_ascii_strncasecmp (field, "Content-Length:", strlen ("Content-Length:")) == 0)
        length = (gsize) g_ascii_strtoull (field + strlen ("Content-Length:"), NULL, 10);
    }
}

/* One answer, which is whole; that to a HEAD has no body. Returns: its status */
static guint
take_answer (Input *in)
{
  static const guint known[] = { 100, 200, 204, 400, 404, 405, 411, 413, 414, 417, 431, 501, 505 };
  g_autofree char *line = take_answer_line (in);
  guint64 status = 0;
  gboolean is_known = FALSE;
  gsize length;

  g_assert_true (g_str_has_prefix (line, "HTTP/1.1 ") && strlen (line) > 12 && line[12] == ' ');
  line[12] = '\0';
  g_assert_true (g_ascii_string_to_unsigned (line + 9, 10, 100, 599, &status, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    is_known |= known[i] == status;
  if (!is_known)
    g_error ("an answer of the status %u", (guint) status);
  length = take_answer_fields (in);
  if (in->at < in->end && !g_str_has_prefix (in->at, "HTTP/1.1 "))
    {
      g_assert_cmpuint ((gsize) (in->end - in->at), >=, length);
      in->at += length;
    }
  return (guint) status;
}

/* Returns: how many answers say that it was done */
static guint
count_done (const GString *answers)
{
  Input in = { answers->str, answers->str + answers->len };
  guint n = 0;

  while (in.at < in.end)
    n += take_answer (&in) == 200;
  return n;
}

/* ---- what was handled ---- */

static gboolean
has_same_head (GBytes *one, GBytes *other)
{
  gsize size, other_size;
  const char *text = g_bytes_get_data (one, &size);
  const char *other_text = g_bytes_get_data (other, &other_size);
  gsize head = (gsize) ((const char *) memchr (text, '\n', size) - text) + 1;

  return head <= other_size && memcmp (text, other_text, head) == 0;
}

static void
assert_handled (GPtrArray *handled, const char *data, gsize size)
{
  Input in = { data, data + size };
  gboolean chunked = FALSE;

  for (guint i = 0; i < handled->len; i++)
    {
      g_autoptr (GBytes) request = NULL;

      do
        {
          g_clear_pointer (&request, g_bytes_unref);
          if (chunked || !take_request (&in, &request, &chunked))
            g_error ("not a request of its own: %s",
                     (const char *) g_bytes_get_data (handled->pdata[i], NULL));
        }
      while (chunked ? !has_same_head (request, handled->pdata[i])
                     : !g_bytes_equal (handled->pdata[i], request));
    }
}

/* Whatever they are, the same bytes are a good body, of which every one arrives. */
static void
assert_serves (const char *data, gsize size, gsize cut)
{
  gsize n = MIN (size, BODY_MAX_BYTES);
  g_autoptr (GString) sent = g_string_new (NULL);
  g_autoptr (GString) answers = g_string_new (NULL);
  g_autoptr (GPtrArray) handled = NULL;
  g_autoptr (GBytes) first = describe ("POST", "/x", data, n);
  g_autoptr (GBytes) second = describe ("GET", "/y", NULL, 0);

  g_string_append_printf (
      sent, "POST /x HTTP/1.1\r\nHost: a.example\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
      n);
  g_string_append_len (sent, data, (gssize) n);
  g_string_append (sent, "GET /y HTTP/1.1\r\nHost: a.example\r\n\r\n");
  handled = exchange (sent->str, sent->len, MIN (cut, sent->len), answers);
  g_assert_cmpuint (handled->len, ==, 2);
  g_assert_true (g_bytes_equal (handled->pdata[0], first));
  g_assert_true (g_bytes_equal (handled->pdata[1], second));
  g_assert_cmpuint (count_done (answers), ==, 2);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  const char *sent = (const char *) data + 1;
  g_autoptr (GString) answers = g_string_new (NULL);
  g_autoptr (GString) again = g_string_new (NULL);
  g_autoptr (GPtrArray) whole = NULL;
  g_autoptr (GPtrArray) pieces = NULL;

  if (size < 2)
    return;
  size--;
  whole = exchange (sent, size, size, answers);
  assert_handled (whole, sent, size);
  g_assert_cmpuint (count_done (answers), ==, whole->len);
  pieces = exchange (sent, size, data[0] % size, again);
  g_assert_cmpuint (count_done (again), ==, pieces->len);
  g_assert_cmpuint (pieces->len, ==, whole->len);
  for (guint i = 0; i < whole->len; i++)
    g_assert_true (g_bytes_equal (pieces->pdata[i], whole->pdata[i]));
  assert_serves (sent, size, data[0]);
}
