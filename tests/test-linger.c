/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "http-node.h"
#include "http-raw.h"

/* The client sends all of a body that is refused before it reads, as most do, and slowly: it is
 * neither reset nor kept waiting. */
static void
test_dropped (void)
{
  static const TocsinListenerKind kinds[] = { TOCSIN_LISTENER_PUBLIC, TOCSIN_LISTENER_API };
  g_autofree char *part = g_strnfill (64 * 1024, 'x');

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *answer = NULL;
      Node node;
      int fd;

      node_prepare (&node, kinds[i]);
      node_start (&node);
      fd = raw_connect (node.port);
      g_assert_true (raw_send_text (fd, "POST /big HTTP/1.1\r\nHost: a\r\n"
                                        "Content-Length: 5242880\r\n\r\n"));
      RAW_WAIT_FOR (node_stats (&node).requests[3] == 1 &&
                    node_stats (&node).connections_open == 0);
      for (guint sent = 0; sent < 5242880 - 65536; sent += 65536)
        g_assert_true (raw_send (fd, part, 65536));
      answer = raw_read_to_end (fd);
      g_assert_cmpuint (raw_status (answer), ==, 413);
      close (fd);
      g_assert_cmpint (node.n_handled, ==, 0);
      node_stop (&node);
    }
}

/* What is far too long is not waited for; and a stop waits for nobody. */
static void
test_end (void)
{
  g_autofree char *part = g_strnfill (64 * 1024, 'x');
  Node node;
  guint n = 0;
  int fd;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  fd = raw_connect (node.port);
  g_assert_true (raw_send_text (fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                                    "Content-Length: 99999999\r\n\r\n"));
  while (raw_send (fd, part, 65536))
    g_assert_cmpuint (n++, <, 1600);
  close (fd);
  fd = raw_connect (node.port);
  g_assert_true (
      raw_send_text (fd, "POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"));
  RAW_WAIT_FOR (node_stats (&node).connections_open == 0);
  node_stop (&node);
  close (fd);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/linger/dropped", test_dropped);
  g_test_add_func ("/linger/end", test_end);
  return g_test_run ();
}
