/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A Delete of an actor is believed only once the actor itself, and nobody whom it redirects to,
 * answers 404 or 410.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/departure.h"

#include "core/clock.h"
#include "core/error.h"
#include "fed/knock.h"

typedef struct
{
  TocsinHostPlace *place; /* (owned) (nullable) being charged */
} ConfirmOp;

/* Its sender has to say it again: what is lost here comes from nowhere else. */
static void
return_not_asked (GTask *task)
{
  g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The actor cannot be asked now whether it is gone");
}

/* Neither that it is gone nor that it is there. Where it redirects to says nothing about itself. */
static gboolean
is_no_answer (const TocsinFetchResult *answer, const GError *error)
{
  return answer != NULL ? answer->status == 429 || answer->status >= 500
                        : !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN);
}

static void
on_answer (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ConfirmOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFetchResult) answer = tocsin_knock_finish (result, NULL, &error);

  tocsin_host_budget_end (g_steal_pointer (&op->place), tocsin_knock_was_answered (result),
                          g_get_monotonic_time ());
  if (is_no_answer (answer, error))
    return_not_asked (task);
  else
    g_task_return_boolean (task,
                           answer != NULL && (answer->status == 404 || answer->status == 410));
}

/**
 * tocsin_departure_confirm_async:
 * @fed: the federation
 * @actor: an actor that is said to be gone
 * @allowance: (unowned): what this request may still fetch; has to live until the callback
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 */
void
tocsin_departure_confirm_async (TocsinFederation *fed,
                                const char *actor,
                                TocsinFetchAllowance *allowance,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  ConfirmOp *op = g_new0 (ConfirmOp, 1);
  TocsinKnock knock = {
    .fetcher = fed->fetcher,
    .identity = fed->identity,
    .request = { .uri = actor, .accept = TOCSIN_FETCH_ACCEPT_ACTIVITY, .same_origin = TRUE },
    .first = TOCSIN_SIGN_DRAFT_RSA,
    .allowance = allowance,
  };

  g_task_set_task_data (task, op, g_free);
  op->place = tocsin_fetch_allowance_begin (allowance, fed->store, fed->budget, actor, NULL);
  knock.place = op->place;
  if (op->place == NULL)
    return_not_asked (task);
  else
    tocsin_knock_async (&knock, NULL, on_answer, g_steal_pointer (&task));
}

/**
 * tocsin_departure_confirm_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE if the actor is gone; %FALSE without an error if it is not; %FALSE with
 *   %TOCSIN_ERROR_UNAVAILABLE if it could not be asked
 */
gboolean
tocsin_departure_confirm_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
