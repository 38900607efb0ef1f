/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Requests that wait for news. A commit wakes those whom it may concern; besides, each looks four
 * times a second whether its time is over, its client is gone, or what no commit tells has changed:
 * the hour, trust, observing.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/poll.h"

#include "core/error.h"

#define POLLS_MAX 256 /* at a time */
#define TICK_MS   250

typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinRequest *request; /* (owned) suspended */
  TocsinNotes notes;
  TocsinPollFunc func;
  gpointer data; /* (owned) */
  GDestroyNotify destroy;
  gint64 deadline_us; /* monotonic */
  guint listener;
  GSource *tick; /* (owned) */
} Poll;

static void
poll_free (Poll *poll)
{
  tocsin_store_unlisten (poll->api->store, poll->listener);
  g_source_destroy (poll->tick);
  g_source_unref (poll->tick);
  poll->destroy (poll->data);
  g_free (poll);
}

/* Not from the store's own call: the list of its listeners must not change under it. */
static gboolean
on_tick (gpointer data)
{
  Poll *poll = data;
  TocsinRequest *request = poll->request;
  gboolean ends = g_get_monotonic_time () >= poll->deadline_us ||
                  g_cancellable_is_cancelled (tocsin_request_get_cancellable (request));

  if (!poll->func (tocsin_request_get_reply (request), poll->data) && !ends)
    return G_SOURCE_CONTINUE;
  poll->api->n_polls--;
  poll_free (poll);
  tocsin_request_complete (request);
  return G_SOURCE_REMOVE;
}

static void
on_committed (TocsinNotes notes, gpointer data)
{
  Poll *poll = data;

  if ((notes & poll->notes) != 0)
    g_source_set_ready_time (poll->tick, 0);
}

gboolean
tocsin_poll_read_wait (TocsinRequest *request, guint *out, GError **error)
{
  const char *text = tocsin_request_get_given (request, "wait");
  guint64 seconds = 0;

  if (text != NULL &&
      !g_ascii_string_to_unsigned (text, 10, 0, TOCSIN_POLL_MAX_SECONDS, &seconds, NULL))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "wait is not a number of seconds from 0 to %d", TOCSIN_POLL_MAX_SECONDS);
      return FALSE;
    }
  *out = (guint) seconds;
  return TRUE;
}

void
tocsin_poll_answer (TocsinApi *api,
                    TocsinRequest *request,
                    guint seconds,
                    TocsinNotes notes,
                    TocsinPollFunc func,
                    gpointer data,
                    GDestroyNotify destroy)
{
  TocsinReply *reply = tocsin_request_get_reply (request);
  Poll *poll;

  if (func (reply, data) || seconds == 0)
    {
      destroy (data);
      return;
    }
  if (api->n_polls >= POLLS_MAX)
    {
      tocsin_reply_set_problem (reply, 503, "unavailable", "Too many readers wait already");
      tocsin_reply_set_retry_after (reply, TOCSIN_POLL_MAX_SECONDS);
      destroy (data);
      return;
    }
  poll = g_new0 (Poll, 1);
  poll->api = api;
  poll->request = request;
  poll->notes = notes;
  poll->func = func;
  poll->data = data;
  poll->destroy = destroy;
  poll->deadline_us = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;
  tocsin_request_suspend (request);
  api->n_polls++;
  poll->listener = tocsin_store_listen (api->store, on_committed, poll);
  poll->tick = g_timeout_source_new (TICK_MS);
  g_source_set_callback (poll->tick, on_tick, poll, NULL);
  g_source_attach (poll->tick, g_main_context_get_thread_default ());
}
