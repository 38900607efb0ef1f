/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/auth.h"
#include "http/request-private.h"
#include "http/router.h"

G_BEGIN_DECLS

/**
 * tocsin_gate_admit:
 * @request: a request of which the header fields are there, and tocsin_request_check() was passed
 * @router: the routes
 * @auth: (nullable): the tokens
 *
 * Decides, before the body is read, whether a handler may see the request: the route (404, 405 with
 * Allow), the token (401, 403), media type and content coding (415), the announced length (413).
 * Answers OPTIONS itself.
 *
 * Returns: %TRUE if it is for the route in the request's match; %FALSE if the reply is filled
 */
gboolean
tocsin_gate_admit (TocsinRequest *request, const TocsinRouter *router, const TocsinAuth *auth);

G_END_DECLS
