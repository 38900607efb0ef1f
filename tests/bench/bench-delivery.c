/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How fast one report reaches 1,000 followers, each on a host of its own: until the operator has
 * the answer (it is durable and queued for all), and until the last of them has it. Once for peers
 * that speak our protocol, which get Ed25519, and once for others, which get RSA. The node is kept
 * on one core. Beside each time stands what bare signatures would take there, measured in the same
 * run.
 *
 * Usage: bench-delivery TOCSIND
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/key.h"
#include "core/clock.h"
#include "fed/pinning.h"
#include "store/store.h"
#include "store/table-meta.h"

#define FOLLOWERS        1000u
#define ROUNDS           5u
#define SIGN_ROUNDS      200
#define CONNECTIONS      4096
#define QUEUED_MS_MAX    50.0
#define RSA_SECONDS_MAX  20.0
#define ED25519_SECONDS  3.0
#define GROWTH_MIB_MAX   8.0
#define START_DEADLINE   (30 * TOCSIN_SECOND_US)
#define DELIVER_DEADLINE (120 * TOCSIN_SECOND_US)
#define REQUEST_MAX      65536

/* Everybody's inbox: takes what comes and counts. */
typedef struct
{
  struct pollfd fds[CONNECTIONS]; /* the first one listens */
  GString *received[CONNECTIONS];
  guint n;
  guint port;
  guint taken;
} Sink;

typedef struct
{
  const char *name;
  TocsinKeyKind kind;
  const char *protocol_version;
  double seconds_max;
} Case;

typedef struct
{
  guint port;
  const Case *which;
} Followers;

static char *base;

static double
seconds_since (gint64 begin_us)
{
  return (double) (g_get_monotonic_time () - begin_us) / 1e6;
}

/* ---- the sink ---- */

static void
sink_open (Sink *self)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { g_htonl (INADDR_ANY) } };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

  if (bind (fd, (const struct sockaddr *) &address, size) != 0 || listen (fd, 4096) != 0 ||
      getsockname (fd, (struct sockaddr *) &address, &size) != 0)
    g_error ("No port for the sink");
  self->port = g_ntohs (address.sin_port);
  self->fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
  self->n = 1;
}

static void
sink_drop (Sink *self, guint i)
{
  close (self->fds[i].fd);
  g_string_free (self->received[i], TRUE);
  self->n--;
  self->fds[i] = self->fds[self->n];
  self->received[i] = self->received[self->n];
}

static void
sink_close (Sink *self)
{
  while (self->n > 1)
    sink_drop (self, self->n - 1);
  close (self->fds[0].fd);
}

static void
sink_accept (Sink *self)
{
  int fd;

  while (self->n < CONNECTIONS &&
         /* cppcheck-suppress nullPointer ; accept(2): then nothing is filled in */
         (fd = accept4 (self->fds[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    {
      self->fds[self->n] = (struct pollfd){ .fd = fd, .events = POLLIN };
      self->received[self->n] = g_string_new (NULL);
      self->n++;
    }
}

/* How long the request at the beginning of @data is; 0: more has to come. */
static gsize
request_size (const GString *data)
{
  const char *end = strstr (data->str, "\r\n\r\n");
  const char *length = strcasestr (data->str, "\r\ncontent-length:");
  gsize size;

  if (end == NULL)
    return 0;
  size = (gsize) (end - data->str) + 4;
  if (length != NULL && length < end)
    size += strtoul (length + strlen ("\r\ncontent-length:"), NULL, 10);
  return data->len >= size ? size : 0;
}

static void
sink_read (Sink *self, guint i)
{
  static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
  GString *data = self->received[i];
  char chunk[REQUEST_MAX];
  gssize n = recv (self->fds[i].fd, chunk, sizeof chunk, 0);
  gsize size;

  if (n <= 0)
    {
      sink_drop (self, i);
      return;
    }
  g_string_append_len (data, chunk, n);
  while ((size = request_size (data)) > 0)
    {
      if (g_str_has_prefix (data->str, "POST "))
        self->taken++;
      g_string_erase (data, 0, (gssize) size);
      if (send (self->fds[i].fd, answer, strlen (answer), MSG_NOSIGNAL) < 0)
        g_error ("The sink cannot answer");
    }
}

static void
sink_run_until (Sink *self, guint taken)
{
  gint64 end_us = g_get_monotonic_time () + DELIVER_DEADLINE;

  while (self->taken < taken)
    {
      if (g_get_monotonic_time () > end_us)
        g_error ("Only %u of %u were delivered", self->taken, taken);
      poll (self->fds, self->n, 1000);
      for (guint i = self->n; i-- > 1;)
        if (self->fds[i].revents != 0)
          sink_read (self, i);
      sink_accept (self);
    }
}

/* ---- the node ---- */

static gboolean
write_followers (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  const Followers *followers = data;
  gint64 now_us = tocsin_time_now_us ();

  tocsin_meta_put (txn, "base-url", base, strlen (base));
  tocsin_meta_put (txn, "first-start", &now_us, sizeof now_us);
  for (guint i = 0; i < FOLLOWERS; i++)
    {
      g_autofree char *origin =
          g_strdup_printf ("http://127.1.%u.%u:%u", i / 250, i % 250 + 1, followers->port);
      g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new_for_base (origin);
      g_auto (TocsinPeerRecord) record = { 0 };

      g_free (document->protocol_version);
      document->protocol_version = g_strdup (followers->which->protocol_version);
      tocsin_peer_record_init (&record, tocsin_pinning_save_actor (txn, document, now_us));
      record.follower = TOCSIN_FOLLOWER_READER;
      record.follower_since_us = now_us;
      tocsin_peers_put (txn, &record);
    }
  return TRUE;
}

static guint
free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);
  return port;
}

static int
connect_api (const char *dir)
{
  g_autofree char *path = g_build_filename (dir, "api.sock", NULL);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (connect (fd, (const struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  close (fd);
  return -1;
}

static GSubprocess *
start_node (const char *tocsind, const char *dir, guint port)
{
  g_autofree char *listen = g_strdup_printf ("127.0.0.1:%u", port);
  g_autofree char *settings = g_build_filename (dir, "node.conf", NULL);
  g_autoptr (GError) error = NULL;
  GSubprocess *node;
  gint64 end_us = g_get_monotonic_time () + START_DEADLINE;
  int fd;

  g_file_set_contents (settings, "[node]\nobserve-days=0\n", -1, &error);
  g_assert_no_error (error);
  node =
      g_subprocess_new (G_SUBPROCESS_FLAGS_NONE, &error, "taskset", "-c", "0", tocsind,
                        "--base-url", base, "--data-dir", dir, "--listen", listen, "--api-listen",
                        "none", "--config", settings, "--allow-address", "127.0.0.0/8", NULL);
  g_assert_no_error (error);
  while ((fd = connect_api (dir)) < 0)
    {
      if (g_get_monotonic_time () > end_us)
        g_error ("The node did not start");
      g_usleep (10000);
    }
  close (fd);
  return node;
}

/* Reports one address and waits for the answer that it is durable. Gives the seconds it took. */
static double
report (const char *dir, guint number)
{
  g_autofree char *body =
      g_strdup_printf ("{\"subjects\":[{\"type\":\"ip\",\"value\":\"8.8.%u.%u\"}],"
                       "\"category\":\"spam\"}",
                       number / 250, number % 250);
  g_autofree char *request =
      g_strdup_printf ("POST /v1/reports HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen (body), body);
  char answer[4096] = "";
  int fd = connect_api (dir);
  gint64 begin = g_get_monotonic_time ();
  double took;

  if (send (fd, request, strlen (request), MSG_NOSIGNAL) < 0 ||
      recv (fd, answer, sizeof answer - 1, 0) <= 0 || !g_str_has_prefix (answer, "HTTP/1.1 201"))
    g_error ("The report was not taken: %s", answer);
  took = seconds_since (begin);
  close (fd);
  return took;
}

static double
resident_mib (GSubprocess *node)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/statm", g_subprocess_get_identifier (node));
  g_autofree char *text = NULL;
  gulong total, resident, shared;

  /* Without what is mapped from files: the map of the store grows as it is read. */
  if (!g_file_get_contents (path, &text, NULL, NULL) ||
      sscanf (text, "%lu %lu %lu", &total, &resident, &shared) != 3)
    g_error ("The memory of the node cannot be read");
  return (double) (resident - shared) * (double) sysconf (_SC_PAGESIZE) / (1 << 20);
}

/* ---- the run ---- */

static double
bare_signing_seconds (TocsinPrivateKey *key)
{
  guint8 text[256] = { 0 };
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < SIGN_ROUNDS; i++)
    {
      g_autoptr (GBytes) signature = tocsin_private_key_sign (key, text, sizeof text, NULL);

      g_assert_nonnull (signature);
    }
  return seconds_since (begin) * FOLLOWERS / SIGN_ROUNDS;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR))
        remove_tree (child);
      else
        g_unlink (child);
    }
  g_rmdir (path);
}

static int
compare (const void *a, const void *b)
{
  return *(const double *) a < *(const double *) b ? -1 : 1;
}

static double
median (double *values)
{
  qsort (values, ROUNDS, sizeof *values, compare);
  return values[ROUNDS / 2];
}

static gboolean
judge (const Case *which, double *queued, double *delivered, double bare, double growth)
{
  double first = delivered[0];
  double queued_ms = median (queued) * 1000;
  double seconds = median (delivered);

  g_print (
      "delivery, %s: queued for %u in %.1f ms (at most %.0f); all delivered in %.2f s (at most "
      "%.0f; the first time, when connections are made, %.2f)\n",
      which->name, FOLLOWERS, queued_ms, QUEUED_MS_MAX, seconds, which->seconds_max, first);
  g_print (
      "delivery, %s: bare signatures take %.2f s; ratio %.2f; %.1f MiB more after %u reports\n",
      which->name, bare, seconds / bare, growth, ROUNDS - 1);
  return queued_ms < QUEUED_MS_MAX && first < which->seconds_max && seconds < which->seconds_max &&
         growth < GROWTH_MIB_MAX;
}

static gboolean
run (const char *tocsind, const Case *which)
{
  static Sink sink;
  guint port = free_port ();
  g_autofree char *dir = g_dir_make_tmp ("tocsin-bench-XXXXXX", NULL);
  Followers followers = { .which = which };
  g_autoptr (TocsinPrivateKey) key = NULL;
  g_autoptr (GSubprocess) node = NULL;
  g_autoptr (TocsinStore) store = NULL;
  g_autoptr (GError) error = NULL;
  double queued[ROUNDS], delivered[ROUNDS], before, bare, memory = 0;

  g_free (base);
  base = g_strdup_printf ("http://127.0.0.1:%u", port);
  sink = (Sink){ 0 };
  sink_open (&sink);
  followers.port = sink.port;
  store = tocsin_store_open (dir, 0, &error);
  g_assert_no_error (error);
  tocsin_store_write (store, write_followers, &followers, &error);
  g_assert_no_error (error);
  g_clear_pointer (&store, tocsin_store_close);
  key = tocsin_private_key_generate (which->kind, &error);
  g_assert_no_error (error);

  before = bare_signing_seconds (key);
  node = start_node (tocsind, dir, port);
  for (guint i = 0; i < ROUNDS; i++)
    {
      gint64 begin = g_get_monotonic_time ();

      queued[i] = report (dir, i);
      sink_run_until (&sink, (i + 1) * FOLLOWERS);
      delivered[i] = seconds_since (begin);
      if (i == 0)
        memory = resident_mib (node);
    }
  memory = resident_mib (node) - memory;
  bare = (before + bare_signing_seconds (key)) / 2;
  g_subprocess_send_signal (node, SIGTERM);
  g_subprocess_wait (node, NULL, NULL);
  sink_close (&sink);
  remove_tree (dir);
  return judge (which, queued, delivered, bare, memory);
}

int
main (int argc, char *argv[])
{
  static const Case cases[] = {
    { "Ed25519", TOCSIN_KEY_ED25519, "1.0", ED25519_SECONDS },
    { "RSA", TOCSIN_KEY_RSA, NULL, RSA_SECONDS_MAX },
  };
  struct rlimit files;
  gboolean good = TRUE;

  if (argc != 2)
    {
      g_printerr ("Usage: bench-delivery TOCSIND\n");
      return 2;
    }
  getrlimit (RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit (RLIMIT_NOFILE, &files);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    good = run (argv[1], &cases[i]) && good;
  g_free (base);
  return good ? 0 : 1;
}
