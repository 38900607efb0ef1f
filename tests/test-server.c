/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "http-node.h"
#include "http-raw.h"

#define GET(path)       "GET " path " HTTP/1.1\r\nHost: a.example\r\n\r\n"
#define GET_CLOSE(path) "GET " path " HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"

/* Polls a counter; a wait with a limit, not a sleep of hope. */
#define WAIT_FOR(condition)                                                                        \
  G_STMT_START                                                                                     \
  {                                                                                                \
    gint64 limit_us = g_get_monotonic_time () + RAW_LIMIT_SECONDS * G_USEC_PER_SEC;                \
    while (!(condition))                                                                           \
      {                                                                                            \
        g_assert_cmpint (g_get_monotonic_time (), <, limit_us);                                    \
        g_usleep (1000);                                                                           \
      }                                                                                            \
  }                                                                                                \
  G_STMT_END

typedef struct
{
  const char *name;
  const char *request; /* sent as it is, then the answer is read to its end */
  guint status;
  const char *must_contain;
} Vector;

static const Vector vectors[] = {
  { "hello", GET_CLOSE ("/"), 200, "\r\n\r\nhello\n" },
  { "head", "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200, "Content-Length: 6" },
  { "options", "OPTIONS /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 204,
    "Allow: POST, OPTIONS" },
  { "no such path", GET_CLOSE ("/nothing"), 404, "\"type\":\"not-found\"" },
  { "wrong method", GET_CLOSE ("/echo"), 405, "Allow: POST, OPTIONS" },
  { "escapes stay", GET_CLOSE ("/show/https%3A%2F%2Fb.example%2Fa?q=x+y%2Bz&r=1"), 200,
    "https://b.example/a|x y+z|/show/https%3A%2F%2Fb.example%2Fa?q=x+y%2Bz&r=1|127.0.0.1" },
  { "absolute form", GET_CLOSE ("http://a.example/show/1"), 200, "1|-|http://a.example/show/1|" },
  { "bad escape", GET_CLOSE ("/show/%zz"), 400, "\"type\":\"invalid\"" },
  { "escaped NUL", GET_CLOSE ("/show/a%00b"), 400, "\"type\":\"invalid\"" },
  { "not UTF-8", GET_CLOSE ("/show/%ff"), 400, "UTF-8" },
  { "empty parameter", GET_CLOSE ("/show/"), 404, "" },
  { "body",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 5\r\nConnection: close\r\n\r\nabcde",
    200, "\r\n\r\nabcde" },
  { "chunked body",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    200, "\r\n\r\nabcde" },
  { "media type",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/html\r\n"
    "Content-Length: 5\r\n\r\nabcde",
    415, "\"type\":\"unsupported\"" },
  { "no media type", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde", 415, "" },
  { "content coding",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
    "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde",
    415, "\"type\":\"unsupported\"" },
  { "too long, announced",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
    "Content-Length: 1001\r\n\r\n",
    413, "\"type\":\"too-large\"" },
  { "far too long",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
    "Content-Length: 9999999999999\r\n\r\n",
    413, "\"type\":\"too-large\"" },
  { "body where none is taken", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 413,
    "" },
  { "no token", GET_CLOSE ("/secret"), 401, "bad-signature" },
  { "stream", GET_CLOSE ("/stream"), 200, "Transfer-Encoding: chunked" },

  /* What two implementations could read in two ways: one answer, 400, and the end. */
  { "no host", "GET / HTTP/1.1\r\n\r\n", 400, "" },
  { "two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n" GET ("/"), 400, "invalid" },
  { "two lengths",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"
    "abcde" GET ("/"),
    400, "invalid" },
  { "list of lengths",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nabcde" GET ("/"), 400, "" },
  { "signed length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde" GET ("/"),
    400, "" },
  { "length and chunked",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\r\n\r\n" GET ("/"),
    400, "invalid" },
  { "chunked and length",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    "0\r\n\r\n" GET ("/"),
    400, "invalid" },
  { "other coding",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    "0\r\n\r\n" GET ("/"),
    400, "invalid" },
  { "coding twice",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET ("/"),
    400, "invalid" },
  { "folded line", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n" GET ("/"), 400, "invalid" },
  { "folded by a tab", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\nX-B: d\r\n\r\n" GET ("/"),
    400, "invalid" },
  { "bare LF in the header", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\nX-B: c\r\n\r\n" GET ("/"), 400,
    "invalid" },
  { "bare LF after the last field", "GET / HTTP/1.1\r\nHost: a\n\r\n" GET ("/"), 400, "invalid" },
  { "bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n" GET ("/"), 400, "invalid" },
  { "bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n" GET ("/"), 400, "invalid" },
  { "bare CR", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\rX-B: c\r\n\r\n" GET ("/"), 400, "" },
  { "space before the colon", "GET / HTTP/1.1\r\nHost : a\r\nHost: a\r\n\r\n" GET ("/"), 400, "" },
  { "no colon", "GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n" GET ("/"), 400, "" },
  { "control character", "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\001\r\n\r\n" GET ("/"), 400,
    "invalid" },
  { "space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n" GET ("/"), 400, "" },
  { "target without a slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n" GET ("/"), 400, "invalid" },
};

/* Of requests that were refused as ambiguous nothing behind them may be answered. Not every status
 * line counts: to a Content-Length that is no number libmicrohttpd 0.9.75 answers by itself, and
 * writes the header of its 400 twice. */
static guint
count_answers (const char *answer)
{
  guint n = 0;

  for (const char *p = answer; (p = strstr (p, "HTTP/1.1 ")) != NULL; p++)
    n += p == answer || !g_str_has_prefix (p, "HTTP/1.1 400");
  return n;
}

static void
test_vectors (void)
{
  Node node;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      const Vector *v = &vectors[i];
      g_autofree char *answer = raw_exchange (node.port, v->request, strlen (v->request));

      g_test_message ("%s: %.300s", v->name, answer);
      g_assert_cmpuint (raw_status (answer), ==, v->status);
      g_assert_nonnull (strstr (answer, v->must_contain));
      g_assert_cmpuint (count_answers (answer), ==, 1);
    }
  node_stop (&node);
}

/* A NUL in the header, in each place. */
static void
test_nul (void)
{
  static const char in_value[] = "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n\r\n" GET ("/");
  static const char two[] = "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0\0X-B: c\r\n\r\n" GET ("/");
  static const char in_name[] = "GET / HTTP/1.1\r\nHost: a\r\nX-\0A: b\r\n\r\n" GET ("/");
  static const char in_target[] = "GET /\0a HTTP/1.1\r\nHost: a\r\n\r\n" GET ("/");
  static const struct
  {
    const char *data;
    gsize size;
  } requests[] = { { in_value, sizeof in_value - 1 },
                   { two, sizeof two - 1 },
                   { in_name, sizeof in_name - 1 },
                   { in_target, sizeof in_target - 1 } };
  Node node;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  for (gsize i = 0; i < G_N_ELEMENTS (requests); i++)
    {
      g_test_message ("request %" G_GSIZE_FORMAT, i);
      g_autofree char *answer = raw_exchange (node.port, requests[i].data, requests[i].size);

      g_test_message ("%" G_GSIZE_FORMAT ": %.100s", i, answer);
      g_assert_cmpuint (raw_status (answer), ==, 400);
      g_assert_cmpuint (count_answers (answer), ==, 1);
    }
  g_assert_cmpint (node.n_handled, ==, 0);
  node_stop (&node);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/vectors", test_vectors);
  g_test_add_func ("/server/nul", test_nul);
  return g_test_run ();
}
