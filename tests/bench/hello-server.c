/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* hello-server PORT: answers GET / on 127.0.0.1:PORT until it is killed. For
 * tests/bench/http-hello. */
#include "http/server.h"

static void
on_hello (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "hello\n");
}

static const TocsinRoute routes[] = {
  { "GET", "/", on_hello, TOCSIN_ROUTE_READ, 0, 0, NULL },
};

int
main (int argc, char *argv[])
{
  TocsinServerOptions options = tocsin_server_options_default ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (TocsinRouter) router = tocsin_router_new ();
  g_autoptr (TocsinServer) server = NULL;
  g_autoptr (TocsinListener) listener = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = g_strconcat ("127.0.0.1:", argc == 2 ? argv[1] : "", NULL);

  listener = tocsin_listener_new_tcp (TOCSIN_LISTENER_PUBLIC, address, FALSE, &error);
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), NULL);
  server = tocsin_server_new (router, &options);
  if (listener == NULL || !tocsin_server_start (server, listener, &error))
    {
      g_printerr ("hello-server: %s\n", error->message);
      return 1;
    }
  g_main_loop_run (loop);
  return 0;
}
