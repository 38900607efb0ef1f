/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/api.h"
#include "http/router.h"

G_BEGIN_DECLS

/* Each adds the routes of one resource to a router that no server has yet. @api must outlive it. */

/* Questions: they read, on whatever thread. */
void tocsin_route_check_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_batch_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_range_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_authz_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_changes_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_decisions_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_export_add (TocsinRouter *router, TocsinApi *api);

/* What the operator says: on the main thread. */
void tocsin_route_allow_add (TocsinRouter *router, TocsinApi *api);

G_END_DECLS
