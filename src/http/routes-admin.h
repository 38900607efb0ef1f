/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/api.h"
#include "http/router.h"

G_BEGIN_DECLS

/* All of the following, which are the routes of the API side that are not questions. */
void tocsin_routes_admin_add (TocsinRouter *router, TocsinApi *api);

/* Each adds the routes of one resource to a router that no server has yet. @api must outlive it. */
void tocsin_route_audit_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_doctor_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_ready_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_feeds_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_housekeeping_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_imports_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_metrics_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_openapi_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_catch_up_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_peers_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_reports_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_review_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_settings_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_status_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_subjects_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_tokens_add (TocsinRouter *router, TocsinApi *api);
void tocsin_route_trust_add (TocsinRouter *router, TocsinApi *api);

/**
 * tocsin_tokens_apply:
 * @api: the api
 * @error: return location for an error, or %NULL
 *
 * Puts the tokens that are stored in force, and that of the file `admin.token`, which is read the
 * first time alone, as "admin". Main thread.
 *
 * Returns: %FALSE with the errors of tocsin_auth_ensure_admin_token() or of the store; the tokens
 *   before stay in force
 */
gboolean tocsin_tokens_apply (TocsinApi *api, GError **error);

G_END_DECLS
