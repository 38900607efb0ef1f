/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* A server with a few routes on a thread of the test's, which plays the main thread of a node. */
#include <sys/resource.h>
#include <sys/socket.h>

#include "core/error.h"
#include "http/server.h"
#include "skips.h"

typedef struct
{
  TocsinServerOptions options;
  TocsinListener *listener;
  TocsinRouter *router;
  TocsinServer *server;
  TocsinAuth *auth;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  guint port;
  gboolean on_own_thread; /* of the server, beside the main one */
  gint n_handled;         /* atomic */
  gint n_cancelled;       /* atomic */
  int late_fds[2]; /* … of clients that send an LF at the first and at the second time; 0: none */
  GAsyncQueue *held; /* TocsinRequest that /hold suspended */
  GThread *handler_thread;
  gint is_stopped; /* atomic */
  gint64 drain_us;
} Node;

static void
on_hello (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  Node *node = data;

  g_atomic_int_inc (&node->n_handled);
  node->handler_thread = g_thread_self ();
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "hello\n");
}

/* Runs the main loop, as a handler should not. */
static void
on_nested (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  Node *node = data;
  gint before = g_atomic_int_get (&node->n_handled);
  gint64 until_us = g_get_monotonic_time () + 5 * node->options.sweep_us;

  while (g_get_monotonic_time () < until_us)
    g_main_context_iteration (node->context, FALSE);
  g_assert_cmpint (g_atomic_int_get (&node->n_handled), ==, before);
  on_hello (request, reply, data);
}

static void
on_echo (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  Node *node = data;
  gsize size;
  const char *body = g_bytes_get_data (tocsin_request_get_body (request), &size);

  g_atomic_int_inc (&node->n_handled);
  g_string_append_len (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), body, (gssize) size);
}

static void
on_show (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  const char *query = tocsin_request_get_query (request, "q");

  g_string_append_printf (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "%s|%s|%s|%s",
                          tocsin_request_get_param (request, "id"), query != NULL ? query : "-",
                          tocsin_request_get_target (request), tocsin_request_get_remote (request));
}

static void
on_held_cancelled (GCancellable *cancellable, gpointer data)
{
  Node *node = data;
  gint n = g_atomic_int_add (&node->n_cancelled, 1);

  if (n < (gint) G_N_ELEMENTS (node->late_fds) && node->late_fds[n] > 0)
    g_assert_cmpint (send (node->late_fds[n], "\n", 1, MSG_NOSIGNAL), ==, 1);
}

static void
on_hold (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  Node *node = data;

  node->handler_thread = g_thread_self ();
  tocsin_request_suspend (request);
  g_cancellable_connect (tocsin_request_get_cancellable (request), G_CALLBACK (on_held_cancelled),
                         node, NULL);
  g_async_queue_push (node->held, request);
}

static gssize
pull_zeros (gpointer data, guint8 *buffer, gsize size)
{
  gsize *left = data;
  gsize n = MIN (*left, size);

  memset (buffer, '0', n);
  *left -= n;
  return (gssize) n;
}

static void
on_stream (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  gsize *left = g_new (gsize, 1);

  *left = 1000000;
  tocsin_reply_set_stream (reply, TOCSIN_TYPE_TEXT, pull_zeros, left, g_free);
}

static void
on_unmade (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  tocsin_reply_set_status (reply, 304);
}

static void
on_unmodified (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "hello\n");
  tocsin_reply_set_status (reply, 304);
}

static const char *const echo_types[] = { "application/activity+json", "text/plain", NULL };
static const TocsinRoute node_routes[] = {
  { "GET", "/", on_hello, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/main", on_hello, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/secret", on_hello, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_CHECK, 0, NULL },
  { "POST", "/echo", on_echo, TOCSIN_ROUTE_READ, 0, 1000, echo_types },
  { "POST", "/big", on_echo, TOCSIN_ROUTE_READ, 0, 4 * 1024 * 1024, NULL },
  { "GET", "/show/{id}", on_show, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/hold", on_hold, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/work", on_hold, TOCSIN_ROUTE_LONG, 0, 0, NULL },
  { "GET", "/stream", on_stream, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/unmade", on_unmade, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/unmodified", on_unmodified, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/nested", on_nested, TOCSIN_ROUTE_READ, 0, 0, NULL },
};

static gboolean
node_serve (gpointer data)
{
  Node *node = data;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (node->context);
  if (node->on_own_thread)
    tocsin_server_start_thread (node->server, node->listener, &error);
  else
    tocsin_server_start (node->server, node->listener, &error);
  g_main_context_pop_thread_default (node->context);
  g_assert_no_error (error);
  return G_SOURCE_REMOVE;
}

static gpointer
node_run (gpointer data)
{
  Node *node = data;

  g_main_context_push_thread_default (node->context);
  g_main_loop_run (node->loop);
  g_main_context_pop_thread_default (node->context);
  return NULL;
}

/* Debian lets a process have 1,024 descriptors, and more for the asking. Returns FALSE, and has the
 * test skipped, where even those are fewer than @n. */
G_GNUC_UNUSED static gboolean
have_descriptors (guint n)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  if (limit.rlim_max < n)
    {
      skip_test ("a process may not have as many descriptors here");
      return FALSE;
    }
  limit.rlim_cur = MAX (limit.rlim_cur, n);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  return TRUE;
}

static void
node_prepare (Node *node, TocsinListenerKind kind)
{
  g_autoptr (GError) error = NULL;

  *node = (Node){ .options = tocsin_server_options_default () };
  node->options.sweep_us = 20 * 1000;
  node->listener = tocsin_listener_new_tcp (kind, "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  node->port = tocsin_listener_get_port (node->listener);
  node->auth = tocsin_auth_new ();
  node->options.auth = node->auth;
  node->held = g_async_queue_new ();
}

static void
node_start (Node *node)
{
  node->router = tocsin_router_new ();
  tocsin_router_add (node->router, node_routes, G_N_ELEMENTS (node_routes), node);
  node->server = tocsin_server_new (node->router, &node->options);
  node->context = g_main_context_new ();
  node->loop = g_main_loop_new (node->context, FALSE);
  g_main_context_invoke (node->context, node_serve, node);
  node->thread = g_thread_new ("main", node_run, node);
}

static TocsinServerStats
node_stats (Node *node)
{
  TocsinServerStats stats = { 0 };

  tocsin_server_add_stats (node->server, &stats);
  return stats;
}

static void
on_drained (GObject *source, GAsyncResult *result, gpointer data)
{
  Node *node = data;

  tocsin_server_stop_finish (node->server, result);
  g_atomic_int_set (&node->is_stopped, TRUE);
}

static gboolean
node_begin_drain (gpointer data)
{
  Node *node = data;

  g_main_context_push_thread_default (node->context);
  tocsin_server_stop_async (node->server, node->drain_us, on_drained, node);
  g_main_context_pop_thread_default (node->context);
  return G_SOURCE_REMOVE;
}

G_GNUC_UNUSED static void
node_drain (Node *node, gint64 drain_us)
{
  node->drain_us = drain_us;
  g_main_context_invoke (node->context, node_begin_drain, node);
}

static gboolean
node_free_server (gpointer data)
{
  Node *node = data;

  g_clear_pointer (&node->server, tocsin_server_free);
  g_main_loop_quit (node->loop);
  return G_SOURCE_REMOVE;
}

/* Without ceremony: whatever is under way is cut. */
G_GNUC_UNUSED static void
node_free_server_and_wait (Node *node)
{
  g_main_context_invoke (node->context, node_free_server, node);
  g_thread_join (g_steal_pointer (&node->thread));
}

static void
node_stop (Node *node)
{
  if (node->thread != NULL)
    node_free_server_and_wait (node);
  tocsin_listener_unref (node->listener);
  tocsin_router_unref (node->router);
  tocsin_auth_free (node->auth);
  g_async_queue_unref (node->held);
  g_main_loop_unref (node->loop);
  g_main_context_unref (node->context);
}
