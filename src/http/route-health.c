/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/routes-public.h"

/* Says that the main loop turns, and nothing about the node: readiness is the API's to tell. */
static void
on_live (TocsinRequest *request G_GNUC_UNUSED, TocsinReply *reply, gpointer data G_GNUC_UNUSED)
{
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  tocsin_public_harden (reply);
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_TEXT), "live\n");
}

static const TocsinRoute routes[] = {
  { "GET", "/health/live", on_live, TOCSIN_ROUTE_NONE, 0, 0, NULL },
};

void
tocsin_route_health_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
