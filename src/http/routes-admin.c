/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/routes-admin.h"

void
tocsin_routes_admin_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_route_audit_add (router, api);
  tocsin_route_doctor_add (router, api);
  tocsin_route_ready_add (router, api);
  tocsin_route_feeds_add (router, api);
  tocsin_route_housekeeping_add (router, api);
  tocsin_route_imports_add (router, api);
  tocsin_route_review_add (router, api);
  tocsin_route_settings_add (router, api);
  tocsin_route_metrics_add (router, api);
  tocsin_route_catch_up_add (router, api);
  tocsin_route_peers_add (router, api);
  tocsin_route_openapi_add (router, api);
  tocsin_route_reports_add (router, api);
  tocsin_route_status_add (router, api);
  tocsin_route_subjects_add (router, api);
  tocsin_route_tokens_add (router, api);
  tocsin_route_trust_add (router, api);
}
