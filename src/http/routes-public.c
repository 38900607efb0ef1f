/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/routes-public.h"

void
tocsin_routes_public_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_route_inbox_add (router, public);
  tocsin_route_actor_add (router, public);
  tocsin_route_discovery_add (router, public);
  tocsin_route_collections_add (router, public);
  tocsin_route_home_add (router, public);
  tocsin_route_health_add (router, public);
  tocsin_route_echo_add (router, public);
}
