/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "codec/discovery-json.h"
#include "core/error.h"
#include "http/routes-public.h"

#define MAX_AGE_SECONDS 3600

/* RFC 7033, section 5: scripts of other sites may read it. */
static void
allow_any_site (TocsinReply *reply)
{
  tocsin_reply_add_header (reply, "Access-Control-Allow-Origin", "*");
}

/* RFC 7033, section 4.2: 400 without a resource, 404 for one that is not ours. */
static void
on_webfinger (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;
  const TocsinIdentity *identity = self->federation->identity;
  const char *resource = tocsin_request_get_query (request, "resource");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) jrd = NULL;

  allow_any_site (reply);
  if (resource == NULL || *resource == '\0')
    error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                                 "The query needs a “resource”, such as acct:tocsin@HOST");
  else
    jrd = tocsin_webfinger_answer (tocsin_identity_get_base (identity),
                                   tocsin_identity_get_username (identity), resource, &error);
  if (jrd != NULL)
    {
      tocsin_public_answer (request, reply, TOCSIN_MEDIA_TYPE_JRD, jrd, MAX_AGE_SECONDS);
      return;
    }
  tocsin_public_harden (reply);
  tocsin_reply_set_error (reply, error);
}

static void
on_nodeinfo_index (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;

  allow_any_site (reply);
  tocsin_public_answer (request, reply, TOCSIN_TYPE_JSON, self->nodeinfo_index, MAX_AGE_SECONDS);
}

static void
on_nodeinfo (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;

  allow_any_site (reply);
  tocsin_public_answer (request, reply, TOCSIN_MEDIA_TYPE_NODEINFO, self->nodeinfo,
                        MAX_AGE_SECONDS);
}

static const TocsinRoute routes[] = {
  { "GET", "/.well-known/webfinger", on_webfinger, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/.well-known/nodeinfo", on_nodeinfo_index, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "GET", "/nodeinfo/2.1", on_nodeinfo, TOCSIN_ROUTE_NONE, 0, 0, NULL },
};

void
tocsin_route_discovery_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
