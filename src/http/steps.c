/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/steps.h"

typedef struct
{
  TocsinStepFunc step;
  gpointer data; /* (owned) (nullable) */
  GDestroyNotify give_up;
  TocsinRequest *request; /* (owned): suspended */
  GSource *source;        /* (owned) */
  gulong on_cancelled;
} Steps;

static gboolean
on_turn (gpointer data)
{
  Steps *self = data;

  if (self->step (self->data, self->request))
    return G_SOURCE_CONTINUE;
  self->data = NULL;
  return G_SOURCE_REMOVE;
}

/* When the reply is filled, or nobody waits for it any more. */
static void
steps_end (gpointer data)
{
  Steps *self = data;

  if (self->data != NULL)
    {
      tocsin_reply_set_problem (tocsin_request_get_reply (self->request), 503, "unavailable",
                                "The request was given up");
      self->give_up (self->data);
    }
  g_signal_handler_disconnect (tocsin_request_get_cancellable (self->request), self->on_cancelled);
  tocsin_request_complete (self->request);
  g_source_unref (self->source);
  g_free (self);
}

/* On the thread of the source (tocsin_request_get_cancellable()). */
static void
on_cancelled (GCancellable *cancellable G_GNUC_UNUSED, gpointer data)
{
  g_source_destroy (((Steps *) data)->source);
}

void
tocsin_steps_go_on (TocsinRequest *request,
                    TocsinStepFunc step,
                    gpointer data,
                    GDestroyNotify give_up)
{
  Steps *self = g_new0 (Steps, 1);

  tocsin_request_suspend (request);
  self->step = step;
  self->data = data;
  self->give_up = give_up;
  self->request = request;
  self->on_cancelled = g_signal_connect (tocsin_request_get_cancellable (request), "cancelled",
                                         G_CALLBACK (on_cancelled), self);
  self->source = g_idle_source_new ();
  g_source_set_priority (self->source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->source, on_turn, self, steps_end);
  g_source_attach (self->source, g_main_context_get_thread_default ());
}
