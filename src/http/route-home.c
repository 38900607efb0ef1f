/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/routes-public.h"

#define MAX_AGE_SECONDS 300

static void
on_home (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;

  tocsin_reply_add_header (reply, "Content-Security-Policy", self->page_policy);
  tocsin_public_answer (request, reply, TOCSIN_TYPE_HTML, self->page, MAX_AGE_SECONDS);
}

static const TocsinRoute routes[] = {
  { "GET", "/", on_home, TOCSIN_ROUTE_NONE, 0, 0, NULL },
};

void
tocsin_route_home_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
