/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/auth.h"
#include "http/request.h"

G_BEGIN_DECLS

#define TOCSIN_ROUTE_PARAMS_MAX 4

/**
 * TocsinHandler:
 * @request: the request, whole and authorised
 * @reply: to fill, now or before tocsin_request_complete()
 * @data: what was given to tocsin_router_add()
 */
typedef void (*TocsinHandler) (TocsinRequest *request, TocsinReply *reply, gpointer data);

/**
 * TocsinRouteFlags:
 * @TOCSIN_ROUTE_READ: touches nothing but a read transaction and the current snapshots, so it runs
 *   on whatever thread the server has; every other handler runs on the main thread
 * @TOCSIN_ROUTE_LONG: may be at work for many minutes, which whoever asks knows: it is over when
 * the handler says so or the client has gone, and not before
 * @TOCSIN_ROUTE_ANY_QUERY: is asked by programs that have parameters of their own, or by proxies
 *   that pass on their client's: what is not known is left alone
 */
typedef enum
{
  TOCSIN_ROUTE_NONE = 0,
  TOCSIN_ROUTE_READ = 1 << 0,
  TOCSIN_ROUTE_LONG = 1 << 1,
  TOCSIN_ROUTE_ANY_QUERY = 1 << 2,
} TocsinRouteFlags;

/**
 * TocsinRoute:
 * @method: "GET", "POST", "PUT" or "DELETE"; GET answers HEAD too
 * @pattern: a path; a segment `{name}` takes any one segment that is not empty
 * @handler: what answers
 * @flags: see #TocsinRouteFlags
 * @scope: #TocsinScope bits, of which a token needs one; 0: anyone may call
 * @body_max_bytes: the longest body; 0: a body is refused
 * @media_types: (nullable) (array zero-terminated=1): what a body may be; %NULL: anything
 * @query: (nullable) (array zero-terminated=1): the parameters that are known, at most 64; on the
 *   API side any other is refused, and a second one of a name, except with %TOCSIN_ROUTE_ANY_QUERY
 *
 * One row of a table of routes. Static data.
 */
typedef struct
{
  const char *method;
  const char *pattern;
  TocsinHandler handler;
  TocsinRouteFlags flags;
  guint scope;
  gsize body_max_bytes;
  const char *const *media_types;
  const char *const *query;
} TocsinRoute;

/**
 * TocsinRouter:
 *
 * Finds the route for a request. Filled on one thread; read-only, from any thread, once the first
 * server has it. Counted by references.
 */
typedef struct _TocsinRouter TocsinRouter;

TocsinRouter *tocsin_router_new (void) G_GNUC_WARN_UNUSED_RESULT;
TocsinRouter *tocsin_router_ref (TocsinRouter *self);
void tocsin_router_unref (TocsinRouter *self);

/**
 * tocsin_router_add:
 * @self: a router that no server has yet
 * @routes: (array length=n_routes): rows; they must stay
 * @n_routes: how many
 * @data: for their handlers; must stay
 *
 * A literal path wins over a pattern, and a pattern that was added earlier over a later one. Two
 * rows for one method and pattern are a programmer's error.
 */
void
tocsin_router_add (TocsinRouter *self, const TocsinRoute *routes, gsize n_routes, gpointer data);

/**
 * TocsinMatch:
 * @route: (nullable): the row, or %NULL
 * @data: its handlers' data
 * @index: the row's number, from 0 in the order they were added, for counters
 * @path_exists: whether the path is known under another method
 * @n_params: how many segments were taken
 * @params: their names (to the end of the pattern's braces), and where they are in the path
 */
typedef struct
{
  const TocsinRoute *route;
  gpointer data;
  guint index;
  gboolean path_exists;
  guint n_params;
  struct
  {
    const char *name;
    gsize name_len;
    gsize start;
    gsize len;
  } params[TOCSIN_ROUTE_PARAMS_MAX];
} TocsinMatch;

/**
 * tocsin_router_match:
 * @self: a router
 * @method: a method; "HEAD" finds "GET"
 * @path: a raw path, without a query
 * @out: (out): what was found
 *
 * Compares segments as they were sent: a route's own segments need no escapes.
 *
 * Returns: whether there is a route
 */
gboolean tocsin_router_match (const TocsinRouter *self,
                              const char *method,
                              const char *path,
                              TocsinMatch *out);

/**
 * tocsin_router_allow:
 * @self: a router
 * @path: a raw path
 *
 * Returns: (transfer full): what Allow says of @path ("GET, HEAD, OPTIONS"), or %NULL if the path
 *   is unknown
 */
char *tocsin_router_allow (const TocsinRouter *self, const char *path) G_GNUC_WARN_UNUSED_RESULT;

/* The routes in the order in which they were added, which is how metrics count them. */
guint tocsin_router_get_n_routes (const TocsinRouter *self);
const TocsinRoute *tocsin_router_get_route (const TocsinRouter *self, guint index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinRouter, tocsin_router_unref)

G_END_DECLS
