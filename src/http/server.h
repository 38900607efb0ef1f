/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "http/auth.h"
#include "http/listener.h"
#include "http/router.h"

G_BEGIN_DECLS

/**
 * TocsinServerOptions:
 * @auth: (nullable) (unowned): the tokens; must outlive the server. %NULL: no token is good
 * @trusted_proxies: (nullable) (element-type GInetAddressMask): whose X-Forwarded-For counts;
 *   copied
 * @receive_us: a request, from its first byte (or the connection, for the first one) to the last
 *   byte of its body
 * @idle_us: between two requests
 * @send_us: to take something of the answer; who took nothing for this long is looked at twice
 * @suspend_us: how long a handler may take to complete a suspended request; then 503
 * @sweep_us: how often these limits are looked at
 * @connections_max: connections at a time; past nine tenths of it the one idle longest is closed
 * @connections_per_address: for one IPv4 address or IPv6 /64, except loopback and trusted proxies
 * @buffered_bytes_max: request bodies held at a time by all connections of one server (each thread
 *   has one); past it: 503
 * @rate_per_second: requests a second for one address, loopback excepted; may be less than one; 0:
 *   no limit
 * @rate_burst: how many of them may come at once
 *
 * Limits of a server. Start from tocsin_server_options_default().
 */
typedef struct
{
  const TocsinAuth *auth;
  GPtrArray *trusted_proxies;
  gint64 receive_us;
  gint64 idle_us;
  gint64 send_us;
  gint64 suspend_us;
  gint64 sweep_us;
  guint connections_max;
  guint connections_per_address;
  gsize buffered_bytes_max;
  double rate_per_second;
  guint rate_burst;
} TocsinServerOptions;

/* What a node runs with; times in microseconds. */
TocsinServerOptions tocsin_server_options_default (void);

/**
 * TocsinServerStats:
 *
 * Counters since the start, and two gauges. Requests that the HTTP parser refuses by itself (a
 * malformed line, headers over some 30 KiB, on the API over 6) are not in @requests.
 */
typedef struct
{
  guint64 requests[5];         /* by status class, 1xx to 5xx */
  guint64 connections_total;   /* accepted */
  guint64 connections_open;    /* gauge */
  guint64 connections_refused; /* past the limit of an address */
  guint64 timeouts;            /* connections closed at a deadline */
  guint64 evictions;           /* idle connections closed to make room */
  guint64 put_off;             /* requests answered once those that came with them were read */
  guint64 abandoned;           /* suspended requests that the server answered with 503 */
  guint64 buffered_bytes;      /* gauge */
} TocsinServerStats;

/**
 * TocsinServer:
 *
 * Serves one listener on one #GMainContext.
 */
typedef struct _TocsinServer TocsinServer;

/**
 * tocsin_server_new:
 * @router: what it serves; referenced
 * @options: its limits, copied
 *
 * Returns: (transfer full): a server that does not listen yet
 */
TocsinServer *tocsin_server_new (TocsinRouter *router,
                                 const TocsinServerOptions *options) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_server_start:
 * @self: a server
 * @listener: where; referenced until the server stops accepting. Several servers may share one
 * @error: return location for an error, or %NULL
 *
 * Serves on the caller's thread-default context, on which every handler runs.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE if the system lacks descriptors or memory
 */
gboolean tocsin_server_start (TocsinServer *self, TocsinListener *listener, GError **error);

/**
 * tocsin_server_start_thread:
 * @self: a server
 * @listener: where
 * @error: return location for an error, or %NULL
 *
 * Serves on a thread of its own. Handlers of routes with %TOCSIN_ROUTE_READ run there; all others
 * run on the caller's thread-default context, which must be iterated, and the caller does not
 * notice the difference.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE if the system lacks descriptors, memory or threads
 */
gboolean tocsin_server_start_thread (TocsinServer *self, TocsinListener *listener, GError **error);

/**
 * tocsin_server_stop_async:
 * @self: a started server
 * @drain_us: how long requests that have begun may take
 * @callback: runs in the caller's thread-default context when every connection is closed
 * @data: for @callback
 *
 * Stops accepting at once, closes idle connections, cancels the cancellables of suspended requests
 * and lets the others end; what has not ended after @drain_us is answered 503 or cut. Call it on
 * the thread that started the server.
 */
void tocsin_server_stop_async (TocsinServer *self,
                               gint64 drain_us,
                               GAsyncReadyCallback callback,
                               gpointer data);
void tocsin_server_stop_finish (TocsinServer *self, GAsyncResult *result);

/**
 * tocsin_server_free:
 * @self: (nullable): a server
 *
 * Stops at once if it was not stopped before. On the thread that started it, not from a handler.
 */
void tocsin_server_free (TocsinServer *self);

/**
 * tocsin_server_add_stats:
 * @self: a server
 * @sum: (inout): its counters are added here
 *
 * From any thread.
 */
void tocsin_server_add_stats (const TocsinServer *self, TocsinServerStats *sum);

/**
 * tocsin_server_get_route_count:
 * @self: a server
 * @index: a route's number (tocsin_router_get_route())
 * @status_class: 1 to 5
 *
 * From any thread.
 *
 * Returns: how many requests of that route were answered with that class
 */
guint64 tocsin_server_get_route_count (const TocsinServer *self, guint index, guint status_class);

/* The router it serves: whose routes tocsin_server_get_route_count() counts. From any thread. */
const TocsinRouter *tocsin_server_get_router (const TocsinServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinServer, tocsin_server_free)

G_END_DECLS
