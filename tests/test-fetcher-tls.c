/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a fetch says before anything is secret: the first words of a client of TLS.
 */
#include <string.h>

#include "fed/fetcher.h"

#define HELLO_MAX_BYTES 4096

typedef struct
{
  GSocketListener *listener; /* (owned) */
  char hello[HELLO_MAX_BYTES];
  gssize size;
} Server;

/* A thread: takes one connection and says nothing. */
static gpointer
listen_once (gpointer data)
{
  Server *server = data;
  g_autoptr (GSocketConnection) connection =
      g_socket_listener_accept (server->listener, NULL, NULL, NULL);

  if (connection != NULL)
    server->size = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)),
                                        server->hello, sizeof server->hello, NULL, NULL);
  return NULL;
}

static void
keep_result (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

/* Of HTTP/2 libsoup makes fetches that no deadline ends. */
static void
test_http1_alone (void)
{
  const char *const allow[] = { "127.0.0.1", NULL };
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, NULL);
  g_autoptr (TocsinFetcher) fetcher =
      tocsin_fetcher_new ("https://tocsin.example", guard, 16, 2, NULL);
  Server server = { .listener = g_socket_listener_new () };
  guint16 port = g_socket_listener_add_any_inet_port (server.listener, NULL, NULL);
  g_autofree char *uri = g_strdup_printf ("https://127.0.0.1:%u/", port);
  TocsinFetchRequest request = { .uri = uri };
  GThread *thread = g_thread_new ("server", listen_once, &server);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (TocsinFetchResult) answer = NULL;

  tocsin_fetcher_send_async (fetcher, &request, NULL, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  answer = tocsin_fetcher_send_finish (fetcher, result, NULL);
  g_assert_null (answer);
  g_thread_join (thread);
  g_assert_cmpint (server.size, >, 0);
  g_assert_nonnull (memmem (server.hello, (gsize) server.size, "\x08http/1.1", 9));
  g_assert_null (memmem (server.hello, (gsize) server.size, "\x02h2", 3));
  g_object_unref (server.listener);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fetcher-tls/http1-alone", test_http1_alone);
  return g_test_run ();
}
