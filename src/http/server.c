/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

/* Drives a libmicrohttpd daemon, which has no thread of its own, from a GMainContext: a source
 * watches the daemon's epoll descriptor, and its dispatch resumes what is complete, runs the
 * daemon, and once a second sweeps. exchange.c answers the daemon's calls. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "core/clock.h"
#include "core/error.h"
#include "http/server-private.h"

#define THROTTLE_US (100 * G_GINT64_CONSTANT (1000))
#define RESCUE_MAX  16

struct _TocsinServerSource
{
  GSource source;
  TocsinServer *server; /* (unowned) */
  gpointer fd_tag;
};

TocsinServerOptions
tocsin_server_options_default (void)
{
  return (TocsinServerOptions){
    .receive_us = 30 * TOCSIN_SECOND_US,
    .idle_us = 60 * TOCSIN_SECOND_US,
    .send_us = 30 * TOCSIN_SECOND_US,
    .suspend_us = 120 * TOCSIN_SECOND_US,
    .sweep_us = TOCSIN_SECOND_US,
    .connections_max = 8192,
    .connections_per_address = 256,
    .buffered_bytes_max = 64 * 1024 * 1024,
    .rate_per_second = 0,
    .rate_burst = 100,
  };
}

TocsinServer *
tocsin_server_new (TocsinRouter *router, const TocsinServerOptions *options)
{
  TocsinServer *self = g_new0 (TocsinServer, 1);
  guint n_routes = tocsin_router_get_n_routes (router);

  self->router = tocsin_router_ref (router);
  self->options = *options;
  if (options->trusted_proxies != NULL)
    g_ptr_array_ref (options->trusted_proxies);
  tocsin_connections_init (&self->connections);
  tocsin_lingers_init (&self->lingers);
  self->connections.per_address_max = options->connections_per_address;
  self->connections.limits_us[TOCSIN_PHASE_RECEIVING] = options->receive_us;
  self->connections.limits_us[TOCSIN_PHASE_IDLE] = options->idle_us;
  self->connections.limits_us[TOCSIN_PHASE_SENDING] = options->send_us;
  self->connections.limits_us[TOCSIN_PHASE_SUSPENDED] = options->suspend_us;
  if (options->rate_per_second > 0)
    self->rate = tocsin_rate_new (options->rate_per_second, MAX (options->rate_burst, 1));
  self->completed = g_async_queue_new_full ((GDestroyNotify) tocsin_request_unref);
  self->spare = g_ptr_array_new_with_free_func (tocsin_exchange_free);
  self->route_counts = g_new0 (guint64, MAX (n_routes, 1) * TOCSIN_STATUS_CLASSES);
  return self;
}

static gboolean
has_work (TocsinServer *self)
{
  MHD_UNSIGNED_LONG_LONG wait_ms;

  /* The daemon cannot be run from a handler that runs the main loop. */
  if (self->is_running)
    return FALSE;
  return g_async_queue_length (self->completed) > 0 ||
         (MHD_get_timeout (self->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
}

static gboolean
server_prepare (GSource *source, int *timeout_ms)
{
  *timeout_ms = -1;
  return has_work (((TocsinServerSource *) source)->server);
}

static gboolean
server_check (GSource *source)
{
  TocsinServerSource *self = (TocsinServerSource *) source;

  return !self->server->is_running &&
         (g_source_query_unix_fd (source, self->fd_tag) != 0 || has_work (self->server));
}

/* Whether clients wait to be accepted. */
static gboolean
has_backlog (const TocsinServer *self)
{
  struct pollfd poller = { .events = POLLIN };

  if (self->listener == NULL)
    return FALSE;
  poller.fd = tocsin_listener_get_fd (self->listener);
  return poll (&poller, 1, 0) == 1 && (poller.revents & POLLIN) != 0;
}

static guint64
n_seen (const TocsinServer *self)
{
  return tocsin_counter_get (&self->stats.connections_total) +
         tocsin_counter_get (&self->stats.connections_refused);
}

/* Takes @request over. */
static void
resume (TocsinRequest *request)
{
  tocsin_exchange_resume (request->connection);
  tocsin_request_unref (request);
}

static void
resume_completed (TocsinServer *self)
{
  TocsinRequest *request;

  while ((request = g_async_queue_try_pop (self->completed)) != NULL)
    resume (request);
}

/* A client that has closed its side while a handler holds its request will hardly read the reply.
 */
static void
cancel_if_gone (TocsinConnection *connection)
{
  TocsinExchange *exchange = connection->exchange;

  if (tocsin_connection_is_gone (connection))
    g_cancellable_cancel (exchange->request->cancellable);
}

static void
sweep_suspended (TocsinServer *self)
{
  const gint64 limit_us = self->options.suspend_us;

  for (GList *l = self->connections.phases[TOCSIN_PHASE_SUSPENDED].head; l != NULL; l = l->next)
    {
      TocsinConnection *connection = l->data;
      TocsinExchange *exchange = connection->exchange;
      gboolean is_long = (exchange->request->match.route->flags & TOCSIN_ROUTE_LONG) != 0;

      if (!is_long && self->now_us - connection->since_us >= limit_us)
        tocsin_exchange_abandon (self, connection);
      else
        cancel_if_gone (connection);
    }
}

/* After a failed accept() for want of descriptors the library waits for one of its own connections
 * to close, and if all of them are idle that may be long: close some. A client that came since the
 * library looked is no sign of that; two sweeps in a row are. */
static void
rescue_accept (TocsinServer *self)
{
  guint64 seen = n_seen (self);
  gboolean is_stuck =
      seen == self->seen_at_sweep && self->connections.n_open > 0 && has_backlog (self);
  gboolean was_stuck = self->was_stuck;

  self->seen_at_sweep = seen;
  self->was_stuck = is_stuck;
  if (!is_stuck || !was_stuck)
    return;
  for (guint i = 0; i < RESCUE_MAX && tocsin_connections_evict (&self->connections); i++)
    tocsin_counter_add (&self->stats.evictions, 1);
}

static void
sweep (TocsinServer *self)
{
  guint n = tocsin_connections_expire (&self->connections, self->now_us);

  tocsin_counter_add (&self->stats.timeouts, n);
  (void) tocsin_connections_drop_gone (&self->connections);
  sweep_suspended (self);
  self->sweep_at_us = self->now_us + self->options.sweep_us;
}

/* With no connection open, a failing accept() makes the library try again at once, for ever: look
 * away for a moment. */
static void
throttle (TocsinServer *self, guint64 seen_before)
{
  gboolean is_stuck =
      self->connections.n_open == 0 && n_seen (self) == seen_before && has_backlog (self);

  if (is_stuck == (self->throttled_until_us != 0) && !is_stuck)
    return;
  self->throttled_until_us = is_stuck ? self->now_us + THROTTLE_US : 0;
  g_source_modify_unix_fd (&self->source->source, self->source->fd_tag, is_stuck ? 0 : G_IO_IN);
}

/* Reads requests, then has the handlers of those called that were put off, whose answers leave with
 * the next run. */
static void
run_daemon (TocsinServer *self)
{
  if (self->n_whole > 0)
    self->n_whole_before = self->n_whole;
  self->n_whole = self->n_put_off = 0;
  self->is_running = TRUE;
  (void) MHD_run (self->daemon);
  if (self->n_put_off > 0)
    (void) MHD_run (self->daemon);
  self->is_running = FALSE;
}

static void finish_stop (TocsinServer *self);

static gboolean
server_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  TocsinServer *self = ((TocsinServerSource *) source)->server;
  guint64 seen = n_seen (self);
  gboolean is_sweep;

  /* By its time, in a handler that runs the main loop; the run under way sets it anew. */
  if (self->is_running)
    {
      g_source_set_ready_time (source, -1);
      return G_SOURCE_CONTINUE;
    }
  self->now_us = g_source_get_time (source);
  resume_completed (self);
  is_sweep = self->now_us >= self->sweep_at_us;
  if (is_sweep)
    sweep (self);
  run_daemon (self);
  if (is_sweep)
    rescue_accept (self);
  throttle (self, seen);
  if (self->is_stopping && (self->connections.n_open == 0 || self->now_us >= self->drain_until_us))
    {
      finish_stop (self);
      return G_SOURCE_REMOVE;
    }
  g_source_set_ready_time (source, self->throttled_until_us != 0
                                       ? MIN (self->throttled_until_us, self->sweep_at_us)
                                       : self->sweep_at_us);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs server_source_funcs = {
  .prepare = server_prepare,
  .check = server_check,
  .dispatch = server_dispatch,
};

/* Leaves descriptors to the store, to other servers and to the client side. */
static guint
affordable_connections (guint wanted)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return wanted;
  return (guint) CLAMP (limit.rlim_cur / 4 * 3, 8, wanted);
}

static gboolean
start_daemon (TocsinServer *self, TocsinListener *listener, GError **error)
{
  int fd = fcntl (tocsin_listener_get_fd (listener), F_DUPFD_CLOEXEC, 3);

  self->kind = tocsin_listener_get_kind (listener);
  self->options.connections_max = affordable_connections (self->options.connections_max);
  self->now_us = g_get_monotonic_time ();
  self->sweep_at_us = self->now_us + self->options.sweep_us;
  if (fd >= 0)
    self->daemon = tocsin_exchange_start_daemon (self, fd);
  if (self->daemon == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The server cannot start: %s",
                   g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return FALSE;
    }
  self->listener = tocsin_listener_ref (listener);
  return TRUE;
}

static void
attach (TocsinServer *self, GMainContext *context)
{
  GSource *source = g_source_new (&server_source_funcs, sizeof (TocsinServerSource));
  int fd = MHD_get_daemon_info (self->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

  self->context = g_main_context_ref (context);
  self->source = (TocsinServerSource *) source;
  self->source->server = self;
  self->source->fd_tag = g_source_add_unix_fd (source, fd, G_IO_IN);
  g_source_set_static_name (source, "tocsin-http");
  /* Else GLib takes the descriptor out of its set and puts it back around each dispatch, and wakes
   * itself for both. */
  g_source_set_can_recurse (source, TRUE);
  /* The first run puts the listening socket into the daemon's epoll set. */
  g_source_set_ready_time (source, 0);
  g_source_attach (source, context);
}

gboolean
tocsin_server_start (TocsinServer *self, TocsinListener *listener, GError **error)
{
  g_return_val_if_fail (self->daemon == NULL, FALSE);

  if (!start_daemon (self, listener, error))
    return FALSE;
  self->main_context = g_main_context_ref_thread_default ();
  attach (self, self->main_context);
  return TRUE;
}

static gpointer
run_thread (gpointer data)
{
  TocsinServer *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

gboolean
tocsin_server_start_thread (TocsinServer *self, TocsinListener *listener, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  g_return_val_if_fail (self->daemon == NULL, FALSE);

  if (!start_daemon (self, listener, error))
    return FALSE;
  self->main_context = g_main_context_ref_thread_default ();
  attach (self, context);
  self->loop = g_main_loop_new (context, FALSE);
  self->thread = g_thread_new ("tocsin-http", run_thread, self);
  return TRUE;
}

/* Stops accepting and asks everybody to end. On the daemon's thread. */
static gboolean
begin_stop (gpointer data)
{
  TocsinServer *self = data;
  int fd;

  if (self->daemon == NULL || self->is_stopping)
    return G_SOURCE_REMOVE;
  self->is_stopping = TRUE;
  fd = MHD_quiesce_daemon (self->daemon);
  if (fd >= 0)
    close (fd);
  g_clear_pointer (&self->listener, tocsin_listener_unref);
  tocsin_connections_shutdown (&self->connections, TOCSIN_PHASE_IDLE);
  for (GList *l = self->connections.phases[TOCSIN_PHASE_SUSPENDED].head; l != NULL; l = l->next)
    {
      TocsinExchange *exchange = ((TocsinConnection *) l->data)->exchange;

      g_cancellable_cancel (exchange->request->cancellable);
    }
  g_source_set_ready_time (&self->source->source, 0);
  return G_SOURCE_REMOVE;
}

/* The library must not be stopped while a connection is suspended, and none will be from here on. A
 * handler that was faster than we are has taken its request, and does nothing more before it hands
 * it over: that is waited for, however busy the machine is. */
static void
resume_everything (TocsinServer *self)
{
  guint n_coming = 0;

  for (GList *l = self->connections.phases[TOCSIN_PHASE_SUSPENDED].head; l != NULL; l = l->next)
    {
      TocsinConnection *connection = l->data;

      tocsin_exchange_abandon (self, connection);
      n_coming += tocsin_exchange_is_suspended (connection) ? 1 : 0;
    }
  for (; n_coming > 0; n_coming--)
    resume (g_async_queue_pop (self->completed));
}

/* On the daemon's thread. */
static void
finish_stop (TocsinServer *self)
{
  self->is_stopping = self->is_finishing = TRUE;
  if (self->listener != NULL)
    {
      int fd = MHD_quiesce_daemon (self->daemon);

      if (fd >= 0)
        close (fd);
      g_clear_pointer (&self->listener, tocsin_listener_unref);
    }
  resume_everything (self);
  (void) MHD_run (self->daemon);
  g_source_destroy (&self->source->source);
  g_clear_pointer ((GSource **) &self->source, g_source_unref);
  MHD_stop_daemon (self->daemon);
  self->daemon = NULL;
  tocsin_lingers_clear (&self->lingers);
  if (self->loop != NULL)
    g_main_loop_quit (self->loop);
  if (self->stop_task != NULL)
    {
      g_autoptr (GTask) task = g_steal_pointer (&self->stop_task);

      g_task_return_boolean (task, TRUE);
    }
}

void
tocsin_server_stop_async (TocsinServer *self,
                          gint64 drain_us,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);

  g_return_if_fail (self->stop_task == NULL);

  g_task_set_source_tag (task, tocsin_server_stop_async);
  if (self->source == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->stop_task = g_steal_pointer (&task);
  self->drain_until_us = g_get_monotonic_time () + drain_us;
  if (self->thread != NULL)
    g_main_context_invoke (self->context, begin_stop, self);
  else
    (void) begin_stop (self);
}

void
tocsin_server_stop_finish (TocsinServer *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, NULL));

  (void) g_task_propagate_boolean (G_TASK (result), NULL);
  if (self->thread != NULL)
    g_thread_join (g_steal_pointer (&self->thread));
}

static gboolean
stop_now (gpointer data)
{
  TocsinServer *self = data;

  if (self->daemon != NULL)
    finish_stop (self);
  return G_SOURCE_REMOVE;
}

void
tocsin_server_free (TocsinServer *self)
{
  if (self == NULL)
    return;
  if (self->thread != NULL)
    {
      g_main_context_invoke (self->context, stop_now, self);
      g_thread_join (self->thread);
    }
  else if (self->daemon != NULL)
    finish_stop (self);
  tocsin_connections_clear (&self->connections);
  tocsin_lingers_clear (&self->lingers);
  tocsin_rate_free (self->rate);
  g_async_queue_unref (self->completed);
  g_ptr_array_unref (self->spare);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->main_context, g_main_context_unref);
  g_clear_pointer (&self->options.trusted_proxies, g_ptr_array_unref);
  tocsin_router_unref (self->router);
  g_free (self->route_counts);
  g_free (self);
}

void
tocsin_server_add_stats (const TocsinServer *self, TocsinServerStats *sum)
{
  for (gsize i = 0; i < TOCSIN_STATUS_CLASSES; i++)
    sum->requests[i] += tocsin_counter_get (&self->stats.requests[i]);
  sum->connections_total += tocsin_counter_get (&self->stats.connections_total);
  sum->connections_open += tocsin_counter_get (&self->stats.connections_open);
  sum->connections_refused += tocsin_counter_get (&self->stats.connections_refused);
  sum->timeouts += tocsin_counter_get (&self->stats.timeouts);
  sum->evictions += tocsin_counter_get (&self->stats.evictions);
  sum->put_off += tocsin_counter_get (&self->stats.put_off);
  sum->abandoned += tocsin_counter_get (&self->stats.abandoned);
  sum->buffered_bytes += tocsin_counter_get (&self->stats.buffered_bytes);
}

guint64
tocsin_server_get_route_count (const TocsinServer *self, guint index, guint status_class)
{
  g_return_val_if_fail (index < tocsin_router_get_n_routes (self->router) && status_class >= 1 &&
                            status_class <= TOCSIN_STATUS_CLASSES,
                        0);

  return tocsin_counter_get (&self->route_counts[index * TOCSIN_STATUS_CLASSES + status_class - 1]);
}

const TocsinRouter *
tocsin_server_get_router (const TocsinServer *self)
{
  return self->router;
}
