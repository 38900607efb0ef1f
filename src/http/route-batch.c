/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/check/batch: a check a line in, an answer or a problem a line out. The answer is made
 * in steps of some lines, with other requests in between, and sent whole, which costs a fifth less
 * than sending it in the small chunks that the HTTP library has room for. One that gets long, or
 * for which there is no room beside those of others, is streamed: sent while its rest is made, with
 * one piece of it in memory.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/error.h"
#include "http/answer.h"
#include "http/routes.h"
#include "http/steps.h"

#define LINES_AT_ONCE       64 /* between two looks at other requests */
#define WHOLE_MAX_BYTES     ((gsize) 1024 * 1024)
#define ALL_WHOLE_MAX_BYTES ((gsize) 16 * 1024 * 1024) /* of all answers of an api */
#define LINE_GUESS_BYTES    512

typedef struct
{
  TocsinApi *api; /* (unowned) */
  GBytes *body;   /* (owned) */
  const char *at; /* in @body: the next line */
  const char *end;
  GString *answer; /* (owned) of lines up to @at */
  gsize sent;      /* of @answer */
  gsize counted;   /* bytes of @answer in the api's sum */
} Batch;

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  __atomic_sub_fetch (&batch->api->batch_bytes, batch->counted, __ATOMIC_RELAXED);
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

  if (!tocsin_answer_json (batch->api, batch->at, (gsize) (end - batch->at), batch->answer, NULL,
                           &error))
    tocsin_reply_append_problem (batch->answer, error);
  g_string_append_c (batch->answer, '\n');
  batch->at = newline != NULL ? newline + 1 : batch->end;
}

/* Answers the next lines, but none once there are @enough bytes. */
static void
answer_lines (Batch *batch, gsize enough)
{
  /* Held, not read from: the lines of one step see one state. */
  g_autoptr (TocsinReading) reading G_GNUC_UNUSED =
      tocsin_reader_begin (tocsin_api_reader (batch->api));

  for (guint i = 0; i < LINES_AT_ONCE && batch->at < batch->end && batch->answer->len < enough; i++)
    answer_line (batch);
}

static gssize
pull (gpointer data, guint8 *buffer, gsize size)
{
  Batch *batch = data;
  gsize n;

  if (batch->sent == batch->answer->len)
    {
      g_string_truncate (batch->answer, 0);
      batch->sent = 0;
      answer_lines (batch, size);
    }
  n = MIN (batch->answer->len - batch->sent, size);
  memcpy (buffer, batch->answer->str + batch->sent, n);
  batch->sent += n;
  return (gssize) n;
}

/* Whether there is room for the lines that are not answered yet. */
static gboolean
has_room (Batch *batch)
{
  gsize more = batch->answer->len - batch->counted;

  batch->counted += more;
  return __atomic_add_fetch (&batch->api->batch_bytes, more, __ATOMIC_RELAXED) <=
             ALL_WHOLE_MAX_BYTES &&
         batch->answer->len <= WHOLE_MAX_BYTES;
}

/* A TocsinStepFunc: once the reply is filled, the batch belongs to it. */
static gboolean
step (gpointer data, TocsinRequest *request)
{
  Batch *batch = data;
  TocsinReply *reply = tocsin_request_get_reply (request);

  answer_lines (batch, G_MAXSIZE);
  if (!has_room (batch) && batch->at < batch->end)
    tocsin_reply_set_stream (reply, TOCSIN_TYPE_NDJSON, pull, batch, batch_free);
  else if (batch->at == batch->end)
    {
      g_autoptr (GBytes) answer =
          g_bytes_new_with_free_func (batch->answer->str, batch->answer->len, batch_free, batch);

      tocsin_reply_set_bytes (reply, TOCSIN_TYPE_NDJSON, answer);
    }
  else
    return TRUE;
  return FALSE;
}

/* Without the blank lines at its end, which some write after the last question. Any other is
 * answered like what is no question, since clients match answers with lines by their number. */
static gsize
trimmed_size (const char *data, gsize size)
{
  while (size > 0 && strchr (" \t\r\n", data[size - 1]) != NULL && data[size - 1] != '\0')
    size--;
  return size;
}

static gboolean
count_lines (const char *data, gsize size, guint *out, GError **error)
{
  gsize at = 0;
  guint n = 0;

  for (; at < size; n++)
    {
      const char *newline = memchr (data + at, '\n', size - at);

      at = newline != NULL ? (gsize) (newline + 1 - data) : size;
    }
  *out = n;
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
  guint n_lines;
  gsize size;
  const char *text = g_bytes_get_data (body, &size);
  Batch *batch;

  size = trimmed_size (text, size);
  if (!count_lines (text, size, &n_lines, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  batch = g_new0 (Batch, 1);
  batch->api = data;
  batch->body = g_bytes_ref (body);
  batch->at = text;
  batch->end = text + size;
  batch->answer = g_string_sized_new (MIN (n_lines * LINE_GUESS_BYTES, WHOLE_MAX_BYTES));
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  if (step (batch, request))
    tocsin_steps_go_on (request, step, batch, batch_free);
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
