/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The node answers as soon as there is something new, so nothing here asks in vain.
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/catch-up.h"

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "cli/terminal.h"
#include "core/error.h"

#define WAIT_SECONDS 30 /* for one answer */

typedef struct
{
  TocsinInvocation *invocation; /* (unowned) */
  char *actor;                  /* (owned) clean: for people */
  char *path;                   /* (owned) without its query */
  char *cursor;                 /* (owned) (nullable) of the last answer */
  gint64 deadline_us;           /* monotonic; G_MAXINT64: none */
  TocsinProgress progress;
  const char *label; /* (unowned) (nullable) of the bar that is shown */
  GCancellable *cancellable;
  guint signal_id;
  gboolean asked; /* and not accepted, as the last answer says */
  gboolean interrupted;
} Wait;

static gboolean
on_interrupt (gpointer data)
{
  Wait *wait = data;

  wait->interrupted = TRUE;
  g_cancellable_cancel (wait->cancellable);
  return G_SOURCE_CONTINUE;
}

static void
wait_begin (Wait *wait)
{
  wait->cancellable = g_cancellable_new ();
  wait->signal_id = g_unix_signal_add (SIGINT, on_interrupt, wait);
  tocsin_control_set_cancellable (wait->invocation->control, wait->cancellable);
  tocsin_control_set_pulse (wait->invocation->control, tocsin_progress_pulse, &wait->progress);
}

static void
wait_end (Wait *wait)
{
  tocsin_control_set_pulse (wait->invocation->control, NULL, NULL);
  tocsin_control_set_cancellable (wait->invocation->control, NULL);
  tocsin_progress_stop (&wait->progress);
  g_source_remove (wait->signal_id);
  g_object_unref (wait->cancellable);
  g_free (wait->actor);
  g_free (wait->path);
  g_free (wait->cursor);
}

/* Ends as a program does that Ctrl-C ended, for the sake of a script around it. */
static void
end_interrupted (const Wait *wait)
{
  g_printerr (_ ("No longer waiting: the node goes on by itself, and %s stays as it is\n"),
              wait->actor);
  (void) signal (SIGINT, SIG_DFL);
  (void) raise (SIGINT);
}

static void
show (Wait *wait, const char *label, guint64 done, guint64 total)
{
  if (wait->label != label || wait->progress.total != total)
    {
      tocsin_progress_stop (&wait->progress);
      tocsin_progress_start (&wait->progress, label, total);
      wait->label = label;
    }
  tocsin_progress_show (&wait->progress, done);
}

static gboolean
set_failed (const Wait *wait, JsonObject *answer, GError **error)
{
  const char *why = tocsin_answer_string (answer, "error");

  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
               _ ("%s was not read to the end (%s); the node tries again by itself, or at once "
                  "after: tocsin peer reset %s"),
               wait->actor, why != NULL ? why : "?", wait->actor);
  return FALSE;
}

/* What an answer says; %TRUE if it is the last. */
static gboolean
take (Wait *wait, JsonObject *answer, GError **error)
{
  const char *state = tocsin_answer_string (answer, "state");
  guint64 done = (guint64) MAX (tocsin_answer_int (answer, "sequence"), 0);
  guint64 total = (guint64) MAX (tocsin_answer_int (answer, "last_sequence"), 0);

  wait->asked = g_strcmp0 (state, "asked") == 0;
  if (wait->asked)
    show (wait, _ ("Waiting for its admin to accept"), 0, 0);
  else if (g_strcmp0 (state, "waiting") == 0)
    show (wait, _ ("Waiting for the node to begin"), 0, 0);
  else if (g_strcmp0 (state, "reading") == 0)
    show (wait, _ ("Reading its outbox"), MIN (done, total), total);
  else if (g_strcmp0 (state, "done") == 0)
    {
      if (total > 0)
        show (wait, _ ("Reading its outbox"), total, total);
      return TRUE;
    }
  else if (g_strcmp0 (state, "failed") == 0)
    return set_failed (wait, answer, error);
  else if (g_strcmp0 (state, "refused") == 0)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                 _ ("%s does not let this node follow it; only its admin can change that"),
                 wait->actor);
  else if (g_strcmp0 (state, "none") == 0)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                 _ ("%s is not read: it is not followed, not believed, blocked or on hold; see "
                    "tocsin peer show"),
                 wait->actor);
  else
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                         _ ("The node does not say how far it is"));
  return FALSE;
}

/* The next answer, and what it says. (nullable): the last, if there is nothing left to wait for. */
static JsonNode *
ask (Wait *wait, GError **error)
{
  gint64 left_us = wait->deadline_us - g_get_monotonic_time ();
  gint64 seconds = CLAMP (left_us / G_USEC_PER_SEC + 1, 1, WAIT_SECONDS);
  g_autoptr (GString) path = g_string_new (wait->path);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (JsonNode) answer = NULL;
  GError *local_error = NULL;

  if (wait->cursor != NULL)
    {
      tocsin_argument_add_query (path, "cursor", wait->cursor);
      g_string_append_printf (path, "&wait=%d", (int) seconds);
    }
  bytes = tocsin_control_call (wait->invocation->control, "GET", path->str, NULL, error);
  answer = bytes != NULL ? tocsin_control_parse (wait->invocation->control, bytes, error) : NULL;
  if (answer == NULL)
    return NULL;
  g_free (wait->cursor);
  wait->cursor = g_strdup (tocsin_answer_string (json_node_get_object (answer), "cursor"));
  if (take (wait, json_node_get_object (answer), &local_error))
    return g_steal_pointer (&answer);
  if (local_error != NULL)
    g_propagate_error (error, local_error);
  return NULL;
}

static void
set_too_late (const Wait *wait, guint timeout_seconds, GError **error)
{
  if (wait->asked)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                 _ ("The admin of %s has not accepted after %u s; the node goes on by itself once "
                    "that is done"),
                 wait->actor, timeout_seconds);
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                 _ ("%s is not read to the end after %u s; the node goes on by itself"),
                 wait->actor, timeout_seconds);
}

static JsonNode *
ask_until_done (Wait *wait, guint timeout_seconds, GError **error)
{
  GError *local_error = NULL;
  JsonNode *last = NULL;

  while (last == NULL && local_error == NULL)
    {
      last = ask (wait, &local_error);
      if (last == NULL && local_error == NULL && wait->cursor == NULL)
        g_set_error_literal (&local_error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                             _ ("The node does not say how far it is"));
      else if (last == NULL && local_error == NULL && g_get_monotonic_time () >= wait->deadline_us)
        set_too_late (wait, timeout_seconds, &local_error);
    }
  if (local_error != NULL)
    g_propagate_error (error, local_error);
  return last;
}

gboolean
tocsin_catch_up_wait (TocsinInvocation *self,
                      const char *actor,
                      guint timeout_seconds,
                      GError **error)
{
  Wait wait = { .invocation = self, .deadline_us = G_MAXINT64 };
  g_autoptr (JsonNode) last = NULL;

  wait.actor = tocsin_text_clean (actor);
  wait.path = tocsin_argument_path ("/v1/peers/", actor, "/catch-up");
  if (timeout_seconds > 0)
    wait.deadline_us = g_get_monotonic_time () + timeout_seconds * G_USEC_PER_SEC;
  wait_begin (&wait);
  last = ask_until_done (&wait, timeout_seconds, error);
  tocsin_progress_stop (&wait.progress);
  if (wait.interrupted && last == NULL)
    end_interrupted (&wait);
  if (last != NULL && !self->json)
    g_print (_ ("%s is read to the end; reports of it here: %d\n"), wait.actor,
             (int) tocsin_answer_int (json_node_get_object (last), "reports"));
  wait_end (&wait);
  return last != NULL;
}
