/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/peers/{id}/catch-up: how far the outbox of a peer is read, and, with `wait` and the
 * cursor of an earlier answer, as soon as that has changed.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/error.h"
#include "http/admin.h"
#include "http/peer-json.h"
#include "http/poll.h"
#include "http/routes-admin.h"

typedef struct
{
  TocsinApi *api; /* (unowned) */
  char *id;       /* (owned) of the peer, as the path has it */
  char *cursor;   /* (owned) (nullable) what the asker knows already */
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_free (self->id);
  g_free (self->cursor);
  g_free (self);
}

/* Differs where something that a person would be told does. */
static char *
cursor_of (const TocsinPeerView *view)
{
  return g_strdup_printf ("%s.%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GINT64_FORMAT
                          ".%" G_GINT64_FORMAT,
                          view->catch_up, view->read_sequence, view->last_sequence,
                          view->reports_total, view->read_failed_us);
}

/* A #TocsinPollFunc. */
static gboolean
answer (TocsinReply *reply, gpointer data)
{
  Question *question = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (question->api));
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinPeerView) view = { 0 };
  g_autofree char *cursor = NULL;
  g_autoptr (GError) error = NULL;
  TocsinJsonWriter json = { 0 };

  if (!tocsin_admin_get_peer (txn, question->id, &peer, &error))
    {
      tocsin_reply_set_error (reply, error);
      return TRUE;
    }
  tocsin_peers_describe (txn, &peer, tocsin_api_now_us (question->api), &view);
  cursor = cursor_of (&view);
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "actor", view.actor);
  tocsin_peer_json_write_catch_up (&json, &view);
  tocsin_json_writer_member_string (&json, "cursor", cursor);
  tocsin_json_writer_end_object (&json);
  if (tocsin_txn_check (txn, &error))
    return g_strcmp0 (cursor, question->cursor) != 0;
  tocsin_reply_set_error (reply, error);
  return TRUE;
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (GError) error = NULL;
  Question *question;
  guint seconds;

  if (!tocsin_poll_read_wait (request, &seconds, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  question = g_new0 (Question, 1);
  question->api = data;
  question->id = g_strdup (tocsin_request_get_param (request, "id"));
  question->cursor = g_strdup (tocsin_request_get_query (request, "cursor"));
  tocsin_poll_answer (question->api, request, seconds, TOCSIN_NOTE_PEERS_CHANGED, answer, question,
                      question_free);
}

static const char *const query[] = { "wait", "cursor", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/peers/{id}/catch-up", on_get, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL,
    query },
};

void
tocsin_route_catch_up_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
