/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/public.h"
#include "http/router.h"

G_BEGIN_DECLS

/* Each adds the routes of one resource of the public side to a router that no server has yet.
 * @public must outlive it. All of them run on the main thread. */
void tocsin_route_inbox_add (TocsinRouter *router, TocsinPublic *public);
void tocsin_route_actor_add (TocsinRouter *router, TocsinPublic *public);
void tocsin_route_discovery_add (TocsinRouter *router, TocsinPublic *public);
void tocsin_route_collections_add (TocsinRouter *router, TocsinPublic *public);
void tocsin_route_home_add (TocsinRouter *router, TocsinPublic *public);
void tocsin_route_echo_add (TocsinRouter *router, TocsinPublic *public);
void tocsin_route_health_add (TocsinRouter *router, TocsinPublic *public);

/* All of the above. */
void tocsin_routes_public_add (TocsinRouter *router, TocsinPublic *public);

G_END_DECLS
