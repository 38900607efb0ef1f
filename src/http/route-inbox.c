/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/error.h"
#include "core/limits.h"
#include "fed/inbox.h"
#include "http/routes-public.h"

static void on_received (GObject *source, GAsyncResult *result, gpointer user_data);

/* The one inbox of this node, which is its shared inbox too. All of what an activity has to stand
 * up to is in fed/inbox.c; 202 means that it is on disk, or was dropped on purpose. */
static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinPublic *self = data;
  g_autoptr (TocsinEnvelope) envelope = NULL;

  tocsin_public_harden (reply);
  if (!tocsin_public_is_activity_type (tocsin_request_get_header (request, "Content-Type")))
    {
      g_autoptr (GError) error = g_error_new_literal (
          TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
          "The body must be application/activity+json, or application/ld+json with the profile of "
          "ActivityStreams");

      tocsin_reply_set_error (reply, error);
      return;
    }
  tocsin_request_suspend (request);
  envelope = tocsin_request_to_envelope (request);
  tocsin_inbox_receive_async (self->federation, envelope, on_received, request);
}

static void
on_received (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  TocsinRequest *request = user_data;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;
  guint retry_after_seconds = 0;

  if (tocsin_inbox_receive_finish (result, &retry_after_seconds, &error))
    tocsin_reply_set_status (reply, 202);
  else
    {
      tocsin_reply_set_error (reply, error);
      if (retry_after_seconds > 0 && tocsin_reply_get_header (reply, "Retry-After") != NULL)
        tocsin_reply_set_retry_after (reply, retry_after_seconds);
    }
  tocsin_request_complete (request);
}

static const char *const activity_types[] = { TOCSIN_TYPE_ACTIVITY, "application/ld+json", NULL };
static const TocsinRoute routes[] = {
  { "POST", "/inbox", on_post, TOCSIN_ROUTE_NONE, 0, TOCSIN_BODY_MAX_BYTES, activity_types },
};

void
tocsin_route_inbox_add (TocsinRouter *router, TocsinPublic *public)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), public);
}
