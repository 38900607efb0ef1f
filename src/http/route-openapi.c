/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /openapi.json: what this API is, for programs.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/openapi.h"
#include "http/routes-admin.h"

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (GBytes) document = g_bytes_new_static (tocsin_openapi, tocsin_openapi_bytes);

  tocsin_reply_set_bytes (reply, TOCSIN_TYPE_JSON, document);
}

static const TocsinRoute routes[] = {
  { "GET", "/openapi.json", on_get, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY, TOCSIN_SCOPE_NONE,
    0, NULL },
};

void
tocsin_route_openapi_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
