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
#include "fed/fetch-uri.h"
#include "fed/knock.h"

typedef struct
{
  TocsinFederation *fed; /* (unowned) */
  char *authority;       /* (owned) being charged */
} ConfirmOp;

static void
confirm_op_free (ConfirmOp *op)
{
  g_free (op->authority);
  g_free (op);
}

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

  tocsin_host_budget_end (op->fed->budget, op->authority, tocsin_knock_was_answered (result),
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
  guint retry;
  TocsinKnock knock = {
    .fetcher = fed->fetcher,
    .identity = fed->identity,
    .request = { .uri = actor, .accept = TOCSIN_FETCH_ACCEPT_ACTIVITY, .same_origin = TRUE },
    .first = TOCSIN_SIGN_DRAFT_RSA,
    .allowance = allowance,
    .budget = fed->budget,
  };

  g_task_set_task_data (task, op, (GDestroyNotify) confirm_op_free);
  op->fed = fed;
  op->authority = tocsin_fetch_authority (actor, NULL);
  if (op->authority == NULL || !tocsin_fetch_allowance_take (allowance, NULL) ||
      !tocsin_host_budget_begin (fed->budget, op->authority, g_get_monotonic_time (), &retry, NULL))
    return_not_asked (task);
  else
    {
      knock.authority = op->authority;
      tocsin_knock_async (&knock, NULL, on_answer, g_steal_pointer (&task));
    }
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
