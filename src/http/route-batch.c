/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/check/batch: a check a line in, an answer or a problem a line out. The lines are
 * answered while they are sent, so that 10,000 checks hold up no other request and no more than
 * one piece of the answer is in memory.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/error.h"
#include "http/answer.h"
#include "http/routes.h"

#define LINES_AT_ONCE 64 /* between two looks at other requests */

typedef struct
{
  TocsinApi *api; /* (unowned) */
  GBytes *body;   /* (owned) */
  const char *at; /* in @body: the next line */
  const char *end;
  GString *answer; /* (owned) of lines up to @at */
  gsize sent;      /* of @answer */
} Batch;

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_bytes_unref (batch->body);
  g_string_free (batch->answer, TRUE);
  g_free (batch);
}

static void
answer_line (Batch *batch)
{
  g_autoptr (GError) error = NULL;
  const char *newline = memchr (batch->at, '\n', (gsize) (batch->end - batch->at));
  const char *end = newline != NULL ? newline : batch->end;

  if (!tocsin_answer_json (batch->api, batch->at, (gsize) (end - batch->at), batch->answer, &error))
    tocsin_reply_append_problem (batch->answer, error);
  g_string_append_c (batch->answer, '\n');
  batch->at = newline != NULL ? newline + 1 : batch->end;
}

static gssize
pull (gpointer data, guint8 *buffer, gsize size)
{
  Batch *batch = data;
  gsize n;

  if (batch->sent == batch->answer->len)
    {
      /* Held, not read from: the lines of one piece see one state. */
      g_autoptr (TocsinReading) reading G_GNUC_UNUSED =
          tocsin_reader_begin (tocsin_api_reader (batch->api));

      g_string_truncate (batch->answer, 0);
      batch->sent = 0;
      for (guint i = 0; i < LINES_AT_ONCE && batch->at < batch->end && batch->answer->len < size;
           i++)
        answer_line (batch);
    }
  n = MIN (batch->answer->len - batch->sent, size);
  memcpy (buffer, batch->answer->str + batch->sent, n);
  batch->sent += n;
  return (gssize) n;
}

static gboolean
count_lines (const char *data, gsize size, GError **error)
{
  gsize at = 0;
  guint n = 0;

  for (; at < size; n++)
    {
      const char *newline = memchr (data + at, '\n', size - at);

      at = newline != NULL ? (gsize) (newline + 1 - data) : size;
    }
  if (n > 0 && n <= TOCSIN_BATCH_MAX_LINES)
    return TRUE;
  if (n == 0)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "The batch has no lines");
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                 "The batch has %u lines; at most %d are taken", n, TOCSIN_BATCH_MAX_LINES);
  return FALSE;
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (GError) error = NULL;
  GBytes *body = tocsin_request_get_body (request);
  gsize size;
  const char *text = g_bytes_get_data (body, &size);
  Batch *batch;

  if (!count_lines (text, size, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  batch = g_new0 (Batch, 1);
  batch->api = data;
  batch->body = g_bytes_ref (body);
  batch->at = text;
  batch->end = text + size;
  batch->answer = g_string_new (NULL);
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  tocsin_reply_set_stream (reply, TOCSIN_TYPE_NDJSON, pull, batch, batch_free);
}

static const TocsinRoute routes[] = {
  { "POST", "/v1/check/batch", on_post, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_CHECK,
    TOCSIN_BATCH_MAX_BYTES, NULL },
};

void
tocsin_route_batch_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
