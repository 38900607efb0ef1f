/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Asks a server on loopback as fast as it answers, for tests/bench/bench-query. wrk makes two
 * epoll_ctl(2) besides for each request, so that a server that does little waits for it: this makes
 * a write and a read, and one epoll_wait(2) for all that is ready.
 *
 * Usage: http-load PORT PATH CONNECTIONS SECONDS LINES AUTHORIZATION
 *
 * Each of CONNECTIONS posts one line of the file LINES as JSON to 127.0.0.1:PORT, reads the answer
 * and posts the next line, for SECONDS. Prints the number of answers, answers a second, and the
 * median, the 99th percentile and the longest of the times between a request and its answer, in
 * microseconds. Fails at the first answer that is no 200 with a Content-Length.
 */
#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX  (64 * 1024)
#define EVENTS_MAX        1024
#define LATENCY_MAX_US    (10 * G_USEC_PER_SEC)
#define LENGTH_FIELD      "\r\ncontent-length:"
#define LENGTH_FIELD_SIZE (sizeof LENGTH_FIELD - 1)

typedef struct
{
  int fd;
  gint64 asked_us;
  gsize n_received;
  char answer[ANSWER_BYTES_MAX];
} Connection;

typedef struct
{
  GPtrArray *requests; /* (owned) (element-type GBytes) */
  guint next;
  GArray *connections; /* (owned) (element-type Connection) */
  int epoll_fd;
  guint32 *latencies; /* (owned): how many answers took so many microseconds */
  guint64 n_answers;
  gint64 longest_us;
} Load;

static gboolean
fail (GError **error, const char *what)
{
  int saved = errno;

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved), "%s: %s", what,
               g_strerror (saved));
  return FALSE;
}

static GPtrArray *
make_requests (const char *path, const char *file, const char *authorization, GError **error)
{
  g_autoptr (GPtrArray) requests = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (file, &text, NULL, error))
    return NULL;
  lines = g_strsplit (g_strstrip (text), "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      char *request = g_strdup_printf ("POST %s HTTP/1.1\r\n"
                                       "Host: 127.0.0.1\r\n"
                                       "Content-Type: application/json\r\n"
                                       "Authorization: %s\r\n"
                                       "Content-Length: %zu\r\n\r\n%s",
                                       path, authorization, strlen (lines[i]), lines[i]);

      g_ptr_array_add (requests, g_bytes_new_take (request, strlen (request)));
    }
  return g_steal_pointer (&requests);
}

/* A request is short: the socket takes it whole, or the server is not reading. */
static gboolean
ask (Load *self, Connection *connection, gint64 now_us, GError **error)
{
  gsize size;
  const void *data = g_bytes_get_data (g_ptr_array_index (self->requests, self->next), &size);

  self->next = (self->next + 1) % self->requests->len;
  connection->asked_us = now_us;
  connection->n_received = 0;
  if (send (connection->fd, data, size, MSG_NOSIGNAL) != (gssize) size)
    return fail (error, "send");
  return TRUE;
}

static gboolean
open_connection (Load *self, guint index, guint16 port, GError **error)
{
  Connection *connection = &g_array_index (self->connections, Connection, index);
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_port = g_htons (port),
                                 .sin_addr.s_addr = g_htonl (INADDR_LOOPBACK) };
  struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u32 = index };
  const int one = 1;

  connection->fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection->fd < 0)
    return fail (error, "socket");
  if (connect (connection->fd, (const struct sockaddr *) &address, sizeof address) != 0)
    return fail (error, "connect");
  if (setsockopt (connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
      epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0)
    return fail (error, "epoll_ctl");
  return TRUE;
}

/* Returns: the size of the answer, 0 while its header is not whole, -1 if it is not as expected */
static gssize
answer_size (const Connection *connection)
{
  const char *header = connection->answer;
  const char *end = memmem (header, connection->n_received, "\r\n\r\n", 4);
  guint64 body;

  if (end == NULL)
    return connection->n_received < ANSWER_BYTES_MAX ? 0 : -1;
  if (!g_str_has_prefix (header, "HTTP/1.1 200 "))
    return -1;
  for (const char *p = header; p < end; p = memchr (p + 1, '\r', (gsize) (end - p)))
    if (g_ascii_strncasecmp (p, LENGTH_FIELD, LENGTH_FIELD_SIZE) == 0)
      {
        body = g_ascii_strtoull (p + LENGTH_FIELD_SIZE, NULL, 10);
        return body <= ANSWER_BYTES_MAX ? end + 4 - header + (gssize) body : -1;
      }
  return -1;
}

static void
count (Load *self, gint64 took_us)
{
  self->n_answers++;
  self->latencies[CLAMP (took_us, 0, LATENCY_MAX_US)]++;
  self->longest_us = MAX (self->longest_us, took_us);
}

/* Reads what there is; asks again if the answer is whole. */
static gboolean
take (Load *self, Connection *connection, GError **error)
{
  gssize n = recv (connection->fd, connection->answer + connection->n_received,
                   ANSWER_BYTES_MAX - connection->n_received - 1, MSG_DONTWAIT);
  gssize size;
  gint64 now_us;

  if (n < 0)
    return errno == EAGAIN || fail (error, "recv");
  connection->n_received += (gsize) n;
  connection->answer[connection->n_received] = '\0';
  size = n > 0 ? answer_size (connection) : -1;
  if (size < 0 || (size > 0 && connection->n_received > (gsize) size))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "not a 200 with its length: %s",
                   connection->answer);
      return FALSE;
    }
  if (size == 0 || connection->n_received < (gsize) size)
    return TRUE;
  now_us = g_get_monotonic_time ();
  count (self, now_us - connection->asked_us);
  return ask (self, connection, now_us, error);
}

static gboolean
run (Load *self, gint64 until_us, GError **error)
{
  struct epoll_event events[EVENTS_MAX];

  while (g_get_monotonic_time () < until_us)
    {
      int n = epoll_wait (self->epoll_fd, events, EVENTS_MAX, 1000);

      if (n <= 0)
        {
          errno = n == 0 ? ETIMEDOUT : errno;
          return fail (error, "epoll_wait");
        }
      for (int i = 0; i < n; i++)
        if (!take (self, &g_array_index (self->connections, Connection, events[i].data.u32), error))
          return FALSE;
    }
  return TRUE;
}

static gint64
percentile (const Load *self, double share)
{
  guint64 wanted = (guint64) (share * (double) self->n_answers);
  guint64 seen = 0;
  gint64 us = 0;

  while (us < LATENCY_MAX_US && (seen += self->latencies[us]) <= wanted)
    us++;
  return us;
}

static gboolean
measure (Load *self, guint16 port, guint n_connections, double seconds, GError **error)
{
  gint64 begin_us;

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    return fail (error, "epoll_create1");
  g_array_set_size (self->connections, n_connections);
  for (guint i = 0; i < n_connections; i++)
    if (!open_connection (self, i, port, error))
      return FALSE;
  begin_us = g_get_monotonic_time ();
  for (guint i = 0; i < n_connections; i++)
    if (!ask (self, &g_array_index (self->connections, Connection, i), begin_us, error))
      return FALSE;
  if (!run (self, begin_us + (gint64) (seconds * G_USEC_PER_SEC), error))
    return FALSE;
  seconds = (double) (g_get_monotonic_time () - begin_us) / G_USEC_PER_SEC;
  g_print ("%" G_GUINT64_FORMAT " %.0f %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
           "\n",
           self->n_answers, (double) self->n_answers / seconds, percentile (self, 0.5),
           percentile (self, 0.99), self->longest_us);
  return TRUE;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  Load load = { 0 };
  guint64 port = 0;
  guint64 n_connections = 0;

  if (argc != 7 || !g_ascii_string_to_unsigned (argv[1], 10, 1, G_MAXUINT16, &port, NULL) ||
      !g_ascii_string_to_unsigned (argv[3], 10, 1, EVENTS_MAX, &n_connections, NULL))
    {
      g_printerr ("Usage: http-load PORT PATH CONNECTIONS SECONDS LINES AUTHORIZATION\n");
      return 2;
    }
  load.requests = make_requests (argv[2], argv[5], argv[6], &error);
  load.connections = g_array_new (FALSE, TRUE, sizeof (Connection));
  load.latencies = g_new0 (guint32, LATENCY_MAX_US + 1);
  if (load.requests == NULL || !measure (&load, (guint16) port, (guint) n_connections,
                                         g_ascii_strtod (argv[4], NULL), &error))
    {
      g_printerr ("http-load: %s\n", error->message);
      return EXIT_FAILURE;
    }
  g_ptr_array_unref (load.requests);
  g_array_unref (load.connections);
  g_free (load.latencies);
  return EXIT_SUCCESS;
}
