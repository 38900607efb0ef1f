/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* What many clients do to a server, and what the lack of descriptors does. */
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#include "http-node.h"
#include "http-raw.h"

#define GET_CLOSE    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define GET          "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define N_CLIENTS    10000
#define MANY_FDS     50
#define N_CROWD      60
#define LOOK_AWAY_MS 300
#define N_WARM_UP    500 /* clients after which nothing more is allocated for good */
#define GROWTH_MAX   (64 * 1024)
#define N_DRIBBLERS  1000
#define RECEIVE_MS   6000 /* longer than AT_ONCE_US, so that who waited for it is seen */

/* AddressSanitizer's, where that is linked. */
gsize __sanitizer_get_current_allocated_bytes (void) __attribute__ ((weak));

static gsize
allocated_bytes (void)
{
  return __sanitizer_get_current_allocated_bytes != NULL
             ? __sanitizer_get_current_allocated_bytes ()
             : mallinfo2 ().uordblks;
}

static guint
count_descriptors (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static void
wait_for_open (Node *node, guint n)
{
  gint64 limit_us = g_get_monotonic_time () + RAW_LIMIT_SECONDS * G_USEC_PER_SEC;

  while (node_stats (node).connections_open > n)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, limit_us);
      g_usleep (1000);
    }
}

/* Each keeps its connection open and idle, and then leaves: politely, or with a reset. */
static void
test_clients_that_leave (gconstpointer resets)
{
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
  gsize before = 0;
  Node node;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  for (int i = 0; i < N_CLIENTS; i++)
    {
      int fd = raw_connect (node.port);

      if (i == N_WARM_UP)
        {
          wait_for_open (&node, 1);
          before = allocated_bytes ();
        }

      g_assert_true (raw_send (fd, GET, strlen (GET)));
      g_free (raw_read_reply (fd));
      if (GPOINTER_TO_INT (resets))
        setsockopt (fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      close (fd);
    }
  wait_for_open (&node, 0);
  g_assert_cmpuint (count_descriptors (), <, MANY_FDS);
  g_assert_cmpuint (allocated_bytes (), <, before + GROWTH_MAX);
  g_assert_cmpuint (node_stats (&node).connections_total, ==, N_CLIENTS);
  g_assert_cmpuint (node_stats (&node).requests[1], ==, N_CLIENTS);
  node_stop (&node);
}

/* Leaves room for @n descriptors more. */
static struct rlimit
limit_descriptors (guint n)
{
  struct rlimit before;
  struct rlimit limit;
  int highest = fcntl (STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

  close (highest);
  getrlimit (RLIMIT_NOFILE, &before);
  limit = before;
  limit.rlim_cur = (rlim_t) highest + n;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  return before;
}

/* Sockets are made before the limit, so that only the server feels it. */
static int
make_socket (void)
{
  struct timeval limit = { .tv_sec = RAW_LIMIT_SECONDS };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

static void
connect_socket (int fd, guint port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons ((guint16) port) };

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
}

/* The silent crowd takes every descriptor; the server makes room, the limit stays. */
static void
test_descriptors_run_out (void)
{
  g_autofree char *answer = NULL;
  struct rlimit before;
  int crowd[N_CROWD];
  Node node;
  int good;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  g_free (raw_exchange (node.port, GET_CLOSE, strlen (GET_CLOSE)));
  for (int i = 0; i < N_CROWD; i++)
    crowd[i] = make_socket ();
  good = make_socket ();
  before = limit_descriptors (10);
  for (int i = 0; i < N_CROWD; i++)
    connect_socket (crowd[i], node.port);
  connect_socket (good, node.port);
  g_assert_true (raw_send (good, GET_CLOSE, strlen (GET_CLOSE)));
  answer = raw_read_to_end (good);
  setrlimit (RLIMIT_NOFILE, &before);
  g_assert_cmpuint (raw_status (answer), ==, 200);
  g_assert_cmpuint (node_stats (&node).evictions, >, 0);
  for (int i = 0; i < N_CROWD; i++)
    close (crowd[i]);
  close (good);
  node_stop (&node);
}

/* Not one descriptor for the first connection: the server waits without burning the processor, and
 * goes on when there is one. */
static void
test_no_descriptor_at_all (void)
{
  g_autofree char *answer = NULL;
  struct pollfd poller = { .events = POLLIN };
  struct rlimit before;
  clock_t used;
  Node node;
  int fd;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  g_free (raw_exchange (node.port, GET_CLOSE, strlen (GET_CLOSE)));
  wait_for_open (&node, 0);
  fd = poller.fd = make_socket ();
  before = limit_descriptors (0);
  used = clock ();
  connect_socket (fd, node.port);
  g_assert_true (raw_send (fd, GET_CLOSE, strlen (GET_CLOSE)));
  g_assert_cmpint (poll (&poller, 1, LOOK_AWAY_MS), ==, 0);
  g_assert_cmpint ((clock () - used) * 1000 / CLOCKS_PER_SEC, <, LOOK_AWAY_MS / 2);
  setrlimit (RLIMIT_NOFILE, &before);
  answer = raw_read_to_end (fd);
  g_assert_cmpuint (raw_status (answer), ==, 200);
  close (fd);
  node_stop (&node);
}

typedef struct
{
  GAsyncQueue *busy; /* (owned) gets something once the server looks at no request */
  GAsyncQueue *go;   /* (owned) gets something when it shall again */
} Pause;

static gboolean
pause_server (gpointer data)
{
  Pause *pause = data;

  g_async_queue_push (pause->busy, pause);
  g_async_queue_pop (pause->go);
  return G_SOURCE_REMOVE;
}

static void
assert_hello (int fd)
{
  g_autofree char *reply = raw_read_reply (fd);

  g_assert_cmpuint (raw_status (reply), ==, 200);
  g_assert_true (g_str_has_suffix (reply, "hello\n"));
}

static void
assert_stream (int fd)
{
  g_autofree char *reply = raw_read_chunks (fd);

  g_assert_cmpuint (raw_status (reply), ==, 200);
}

/* Many ask while the server is busy, so that it finds them all at once: from the second time on it
 * reads all of them before it answers the first. Each gets its answers whole, whoever leaves
 * meanwhile, whatever is asked for and whoever asks twice at once. */
static void
test_read_before_answered (void)
{
  static const char *const requests[] = { GET, GET GET, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
                                          "GET /main HTTP/1.1\r\nHost: a\r\n\r\n" };
  Pause pause = { g_async_queue_new (), g_async_queue_new () };
  int crowd[N_CROWD];
  Node node;

  node_prepare (&node, TOCSIN_LISTENER_API);
  node_start (&node);
  for (guint i = 0; i < N_CROWD; i++)
    crowd[i] = raw_connect (node.port);
  for (guint round = 0; round < 8; round++)
    {
      g_main_context_invoke (node.context, pause_server, &pause);
      g_async_queue_pop (pause.busy);
      for (guint i = 0; i < N_CROWD; i++)
        {
          const char *request = requests[round < 4 ? 0 : i % G_N_ELEMENTS (requests)];

          g_assert_true (raw_send (crowd[i], request, strlen (request)));
        }
      if (round == 6)
        for (guint i = 0; i < N_CROWD; i += 5)
          {
            close (crowd[i]);
            crowd[i] = -1;
          }
      g_async_queue_push (pause.go, &pause);
      for (guint i = 0; i < N_CROWD; i++)
        {
          guint which = round < 4 ? 0 : i % G_N_ELEMENTS (requests);

          if (crowd[i] < 0)
            crowd[i] = raw_connect (node.port);
          else if (which == 2)
            assert_stream (crowd[i]);
          else
            for (guint n = 0; n < (which == 1 ? 2 : 1); n++)
              assert_hello (crowd[i]);
        }
    }
  g_assert_cmpuint (node_stats (&node).put_off, >=, 2 * N_CROWD);
  for (guint i = 0; i < N_CROWD; i++)
    close (crowd[i]);
  wait_for_open (&node, 0);
  node_stop (&node);
  g_async_queue_unref (pause.busy);
  g_async_queue_unref (pause.go);
}

/* A handler that runs the main loop runs no other, though somebody else asks meanwhile. */
static void
test_nested (void)
{
  static const char nested[] = "GET /nested HTTP/1.1\r\nHost: a\r\n\r\n";
  Pause pause = { g_async_queue_new (), g_async_queue_new () };
  Node node;
  int one, other;

  node_prepare (&node, TOCSIN_LISTENER_API);
  node_start (&node);
  one = raw_connect (node.port);
  other = raw_connect (node.port);
  wait_for_open (&node, 2);
  g_main_context_invoke (node.context, pause_server, &pause);
  g_async_queue_pop (pause.busy);
  g_assert_true (raw_send (one, nested, strlen (nested)));
  g_assert_true (raw_send (other, GET, strlen (GET)));
  g_async_queue_push (pause.go, &pause);
  assert_hello (one);
  assert_hello (other);
  close (one);
  close (other);
  wait_for_open (&node, 0);
  node_stop (&node);
  g_async_queue_unref (pause.busy);
  g_async_queue_unref (pause.go);
}

/* A request that becomes whole when the server has begun to end those that handlers hold gets no
 * handler: its connection would be suspended when the library is stopped. */
static void
test_whole_at_the_end (void)
{
  static const char hold[] = "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n";
  g_autofree char *answer = NULL;
  TocsinRequest *requests[2];
  int clients[3];
  Node node;

  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node_start (&node);
  for (guint i = 0; i < 3; i++)
    {
      clients[i] = raw_connect (node.port);
      g_assert_true (raw_send (clients[i], hold, strlen (hold) - (i > 0)));
    }
  wait_for_open (&node, 3);
  requests[0] = g_async_queue_pop (node.held);
  /* The first is told when the server stops, the second when its time to end is over. */
  node.late_fds[0] = clients[1];
  node.late_fds[1] = clients[2];
  node_drain (&node, 0);
  requests[1] = g_async_queue_pop (node.held);
  answer = raw_read_to_end (clients[2]);
  g_assert_cmpuint (raw_status (answer), ==, 503);
  RAW_WAIT_FOR (g_atomic_int_get (&node.is_stopped));
  g_assert_cmpint (g_async_queue_length (node.held), ==, 0);
  for (guint i = 0; i < 2; i++)
    tocsin_request_complete (requests[i]);
  for (guint i = 0; i < 3; i++)
    close (clients[i]);
  node_stop (&node);
}

/* A byte more of a header from each that has not been shut out. */
static void
dribble (const int *crowd)
{
  for (int i = 0; i < N_DRIBBLERS; i++)
    if (i % 2 == 0)
      (void) send (crowd[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Half of the crowd says nothing, half says it a byte at a time; each has a place and loses it at
 * its deadline. Others do not wait for that. */
static void
test_crowd_that_dribbles (void)
{
  static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  gint64 limit_us = g_get_monotonic_time () + 2 * RAW_LIMIT_SECONDS * G_USEC_PER_SEC;
  int crowd[N_DRIBBLERS];
  Node node;

  if (!have_descriptors (3 * N_DRIBBLERS))
    return;
  node_prepare (&node, TOCSIN_LISTENER_PUBLIC);
  node.options.connections_max = 2 * N_DRIBBLERS;
  node.options.receive_us = RECEIVE_MS * 1000;
  node_start (&node);
  for (int i = 0; i < N_DRIBBLERS; i++)
    {
      crowd[i] = raw_connect (node.port);
      if (i % 2 == 0)
        g_assert_true (raw_send (crowd[i], head, strlen (head)));
    }
  while (node_stats (&node).timeouts < N_DRIBBLERS)
    {
      gint64 begin_us = g_get_monotonic_time ();
      g_autofree char *answer = raw_exchange (node.port, GET_CLOSE, strlen (GET_CLOSE));

      g_assert_cmpuint (raw_status (answer), ==, 200);
      g_assert_cmpint (g_get_monotonic_time () - begin_us, <, AT_ONCE_US);
      g_assert_cmpint (begin_us, <, limit_us);
      dribble (crowd);
    }
  wait_for_open (&node, 0);
  g_assert_cmpuint (node_stats (&node).evictions, ==, 0);
  for (int i = 0; i < N_DRIBBLERS; i++)
    close (crowd[i]);
  node_stop (&node);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/server-load/10000-that-close", GINT_TO_POINTER (FALSE),
                        test_clients_that_leave);
  g_test_add_data_func ("/server-load/10000-that-reset", GINT_TO_POINTER (TRUE),
                        test_clients_that_leave);
  g_test_add_func ("/server-load/1000-that-dribble", test_crowd_that_dribbles);
  g_test_add_func ("/server-load/descriptors-run-out", test_descriptors_run_out);
  g_test_add_func ("/server-load/no-descriptor-at-all", test_no_descriptor_at_all);
  g_test_add_func ("/server-load/read-before-answered", test_read_before_answered);
  g_test_add_func ("/server-load/nested", test_nested);
  g_test_add_func ("/server-load/whole-at-the-end", test_whole_at_the_end);
  return g_test_run ();
}
