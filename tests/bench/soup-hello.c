/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* soup-hello PORT: a bare SoupServer that reads a request and answers "{}" on 127.0.0.1:PORT until
 * it is killed. What another server than ours would cost; for tests/bench/bench-query. */
#include <libsoup/soup.h>

static void
on_request (SoupServer *server G_GNUC_UNUSED,
            SoupServerMessage *message,
            const char *path G_GNUC_UNUSED,
            GHashTable *query G_GNUC_UNUSED,
            gpointer data G_GNUC_UNUSED)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json", SOUP_MEMORY_STATIC, "{}\n", 3);
}

int
main (int argc, char *argv[])
{
  g_autoptr (SoupServer) server = soup_server_new (NULL, NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GInetAddress) local = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GError) error = NULL;

  if (argc != 2)
    {
      g_printerr ("Usage: soup-hello PORT\n");
      return 2;
    }
  address = g_inet_socket_address_new (local, (guint16) g_ascii_strtoull (argv[1], NULL, 10));
  soup_server_add_handler (server, NULL, on_request, NULL, NULL);
  if (!soup_server_listen (server, address, 0, &error))
    {
      g_printerr ("soup-hello: %s\n", error->message);
      return 1;
    }
  g_main_loop_run (loop);
  return 0;
}
