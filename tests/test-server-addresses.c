/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* What one address may take of a server. Loopback is exempt, since a proxy on this machine speaks
 * for everybody; so the test gives itself a network of its own, whose loopback device has addresses
 * of the world. Where it may not, it is skipped. */
#include "http-node.h"
#include "http-raw.h"
#include "own-network.h"

#define GET          "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define PER_ADDRESS  4
#define REQUESTS_MAX 50

/* Where the server is and who calls: @one and @again are one subscriber, @other is not. */
typedef struct
{
  const char *server;
  const char *one;
  const char *again;
  const char *other;
} Place;

/* An IPv4 network on a loopback device is local in whole; of IPv6 each address is added. */
static const Place places[] = {
  { "192.0.2.1", "192.0.2.7", "192.0.2.7", "192.0.2.8" },
  { "2001:db8:1::1", "2001:db8:1::7", "2001:db8:1::8", "2001:db8:2::7" },
};

static gboolean have_network;

static gboolean
enter_own_network (void)
{
  return own_network_enter () && own_network_add_v4 (places[0].server) &&
         own_network_add_v6 (places[1].server) && own_network_add_v6 (places[1].one) &&
         own_network_add_v6 (places[1].again) && own_network_add_v6 (places[1].other);
}

static void
prepare (Node *node, const Place *place)
{
  gboolean is_v6 = strchr (place->server, ':') != NULL;
  g_autofree char *where = g_strdup_printf (is_v6 ? "[%s]:0" : "%s:0", place->server);
  g_autoptr (GError) error = NULL;

  node_prepare (node, TOCSIN_LISTENER_PUBLIC);
  tocsin_listener_unref (node->listener);
  node->listener = tocsin_listener_new_tcp (TOCSIN_LISTENER_PUBLIC, where, FALSE, &error);
  g_assert_no_error (error);
  node->port = tocsin_listener_get_port (node->listener);
}

static int
connect_from (const Node *node, const Place *place, const char *from)
{
  g_autoptr (GSocketAddress) source = g_inet_socket_address_new_from_string (from, 0);
  g_autoptr (GSocketAddress) target =
      g_inet_socket_address_new_from_string (place->server, node->port);
  struct timeval limit = { .tv_sec = RAW_LIMIT_SECONDS };
  struct sockaddr_storage native;
  socklen_t size = (socklen_t) g_socket_address_get_native_size (target);
  int fd = socket (g_socket_address_get_family (target), SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  g_assert_true (g_socket_address_to_native (source, &native, sizeof native, NULL));
  g_assert_cmpint (bind (fd, (struct sockaddr *) &native, size), ==, 0);
  g_assert_true (g_socket_address_to_native (target, &native, sizeof native, NULL));
  g_assert_cmpint (connect (fd, (struct sockaddr *) &native, size), ==, 0);
  return fd;
}

/* Gives the status, 0 if there is none, and @out_fd, which stays open. */
static guint
ask_from (const Node *node, const Place *place, const char *from, int *out_fd)
{
  g_autofree char *answer = NULL;

  *out_fd = connect_from (node, place, from);
  (void) raw_send (*out_fd, GET, strlen (GET));
  answer = raw_read_reply (*out_fd);
  return raw_status (answer);
}

static void
wait_for_open (Node *node, guint n)
{
  gint64 limit_us = g_get_monotonic_time () + RAW_LIMIT_SECONDS * G_USEC_PER_SEC;

  while (node_stats (node).connections_open != n)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      g_usleep (1000);
    }
}

/* Past its share a subscriber is shut out, whichever of its addresses it uses, until it lets one
 * go; others come in. */
static void
test_connections (gconstpointer data)
{
  const Place *place = data;
  int fds[PER_ADDRESS], other, late;
  Node node;

  if (!have_network)
    {
      skip_test ("no network of its own may be made here");
      return;
    }
  prepare (&node, place);
  node.options.connections_per_address = PER_ADDRESS;
  node_start (&node);
  for (guint i = 0; i < PER_ADDRESS; i++)
    g_assert_cmpuint (ask_from (&node, place, i % 2 == 0 ? place->one : place->again, &fds[i]), ==,
                      200);
  g_assert_cmpuint (ask_from (&node, place, place->again, &late), ==, 0);
  close (late);
  g_assert_cmpuint (node_stats (&node).connections_refused, ==, 1);
  g_assert_cmpuint (ask_from (&node, place, place->other, &other), ==, 200);
  close (fds[0]);
  wait_for_open (&node, PER_ADDRESS);
  g_assert_cmpuint (ask_from (&node, place, place->again, &late), ==, 200);
  g_assert_cmpuint (node_stats (&node).connections_refused, ==, 1);
  close (late);
  close (other);
  for (guint i = 1; i < PER_ADDRESS; i++)
    close (fds[i]);
  node_stop (&node);
}

/* The rate is that of who is there, whoever it claims to be: it is no trusted proxy. */
static void
test_rate (gconstpointer data)
{
  const Place *place = data;
  guint n_answered = 0, status = 200;
  int fd;
  Node node;

  if (!have_network)
    {
      skip_test ("no network of its own may be made here");
      return;
    }
  prepare (&node, place);
  node.options.rate_per_second = 1;
  node.options.rate_burst = 3;
  node_start (&node);
  for (guint i = 0; i < REQUESTS_MAX && status == 200; i++)
    {
      g_autofree char *request = g_strdup_printf ("GET /show/1 HTTP/1.1\r\nHost: a\r\n"
                                                  "Connection: close\r\n"
                                                  "X-Forwarded-For: 198.51.100.%u\r\n\r\n",
                                                  i);
      const char *from = i % 2 == 0 ? place->one : place->again;
      g_autofree char *suffix = g_strconcat ("|", from, NULL);
      g_autofree char *answer = NULL;

      fd = connect_from (&node, place, from);
      g_assert_true (raw_send (fd, request, strlen (request)));
      answer = raw_read_to_end (fd);
      close (fd);
      status = raw_status (answer);
      n_answered += status == 200;
      g_assert_true (status != 200 || g_str_has_suffix (answer, suffix));
    }
  g_assert_cmpuint (status, ==, 429);
  g_assert_cmpuint (n_answered, >=, 3);
  g_assert_cmpuint (ask_from (&node, place, place->other, &fd), ==, 200);
  close (fd);
  node_stop (&node);
}

int
main (int argc, char *argv[])
{
  have_network = enter_own_network ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/server-addresses/connections/v4", &places[0], test_connections);
  g_test_add_data_func ("/server-addresses/connections/v6", &places[1], test_connections);
  g_test_add_data_func ("/server-addresses/rate/v4", &places[0], test_rate);
  g_test_add_data_func ("/server-addresses/rate/v6", &places[1], test_rate);
  return g_test_run ();
}
