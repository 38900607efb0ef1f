/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/routes-public.h"

/* A changed key has to reach others soon; they ask again anyway when a signature does not fit. */
#define MAX_AGE_SECONDS 60

/* Without a signature too: to check a signature one needs the other's key first, and two nodes
 * that both ask for one would wait for each other. */
static void
on_actor (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;
  const TocsinIdentity *identity = self->federation->identity;

  tocsin_reply_add_header (reply, "Vary", "Accept");
  if (tocsin_public_prefers_html (tocsin_request_get_header (request, "Accept")))
    {
      g_autofree char *home = tocsin_identity_url (identity, "/");

      tocsin_reply_add_header (reply, "Location", home);
      tocsin_public_harden (reply);
      tocsin_reply_set_status (reply, 303);
      return;
    }
  tocsin_public_answer (request, reply, TOCSIN_TYPE_ACTIVITY,
                        tocsin_identity_get_document_bytes (identity), MAX_AGE_SECONDS);
}

static const TocsinRoute routes[] = {
  { "GET", "/actor", on_actor, TOCSIN_ROUTE_NONE, 0, 0, NULL },
};

void
tocsin_route_actor_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
