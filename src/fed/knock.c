/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Double-knocking: software that does not understand one signature scheme answers 400, 401 or 403,
 * and then gets the same request signed with the other. The steps, in order:
 *   tocsin_knock_async -> on_sent (at most twice)
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/knock.h"

#include "core/clock.h"
#include "core/error.h"

typedef struct
{
  TocsinFetcher *fetcher; /* (owned) */
  const TocsinIdentity *identity;
  TocsinFetchRequest request; /* its strings: (owned) */
  TocsinSignScheme scheme;
  TocsinFetchAllowance *allowance;
  TocsinHostPlace *place;
  gboolean is_second;
  gboolean is_paid;  /* the next request was charged already */
  gboolean is_short; /* there was no room for another */
  gboolean answered; /* the last knock */
} KnockOp;

typedef struct
{
  TocsinFetchResult *result; /* (owned) */
  TocsinSignScheme scheme;
} KnockAnswer;

static void on_sent (GObject *source, GAsyncResult *result, gpointer user_data);

static void
knock_op_free (KnockOp *op)
{
  g_object_unref (op->fetcher);
  g_free ((char *) op->request.uri);
  g_clear_pointer (&op->request.body, g_bytes_unref);
  g_free (op);
}

static void
knock_answer_free (KnockAnswer *answer)
{
  g_clear_pointer (&answer->result, tocsin_fetch_result_free);
  g_free (answer);
}

/* What a stranger caused is bounded in requests, not in documents: each costs a signature here. */
static gboolean
pay (KnockOp *op, GError **error)
{
  return op->allowance == NULL ||
         (tocsin_fetch_allowance_take (op->allowance, error) &&
          tocsin_host_budget_again (op->place, g_get_monotonic_time (), error));
}

static gboolean
sign (TocsinEnvelope *envelope, const char *uri, gpointer user_data, GError **error)
{
  KnockOp *op = user_data;

  if (!op->is_paid && !pay (op, error))
    {
      op->is_short = TRUE;
      return FALSE;
    }
  op->is_paid = FALSE; /* a redirect or a repeat comes next */
  return tocsin_identity_sign (op->identity, op->scheme, envelope, uri, tocsin_time_now_us (),
                               error);
}

/**
 * tocsin_knock_async:
 * @knock: what to send, copied; its @content_type, @accept, @media_types are static strings
 * @cancellable: (nullable): to give up early
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 */
void
tocsin_knock_async (const TocsinKnock *knock,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (knock->fetcher, cancellable, callback, user_data);
  KnockOp *op = g_new0 (KnockOp, 1);

  g_task_set_source_tag (task, tocsin_knock_async);
  g_task_set_task_data (task, op, (GDestroyNotify) knock_op_free);
  op->fetcher = g_object_ref (knock->fetcher);
  op->identity = knock->identity;
  op->request = knock->request;
  op->request.uri = g_strdup (knock->request.uri);
  op->request.body = knock->request.body != NULL ? g_bytes_ref (knock->request.body) : NULL;
  op->request.etag = op->request.last_modified = NULL;
  op->request.sign = sign;
  op->request.sign_data = op;
  op->scheme = knock->first;
  op->allowance = knock->allowance;
  op->place = knock->place;
  op->is_paid = TRUE;
  tocsin_fetcher_send_async (op->fetcher, &op->request, cancellable, on_sent,
                             g_steal_pointer (&task));
}

/* The other scheme, where there is one: between nodes of ours there is not. %FALSE with an error:
 * there is, and no room for it. */
static gboolean
turn_to_other_scheme (KnockOp *op, guint status, GError **error)
{
  if (op->is_second || op->scheme == TOCSIN_SIGN_RFC9421_ED25519 ||
      (status != 400 && status != 401 && status != 403))
    return FALSE;
  if (!pay (op, error))
    return FALSE;
  op->is_second = op->is_paid = TRUE;
  op->scheme =
      op->scheme == TOCSIN_SIGN_DRAFT_RSA ? TOCSIN_SIGN_RFC9421_RSA : TOCSIN_SIGN_DRAFT_RSA;
  return TRUE;
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFetchResult) answer =
      tocsin_fetcher_send_finish (TOCSIN_FETCHER (source), result, &error);
  KnockOp *op = g_task_get_task_data (task);
  KnockAnswer *last;

  /* That we have no room says nothing about the host. */
  op->answered = tocsin_fetcher_send_was_answered (result) || op->is_short;
  if (answer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (turn_to_other_scheme (op, answer->status, &error))
    {
      tocsin_fetcher_send_async (op->fetcher, &op->request, g_task_get_cancellable (task), on_sent,
                                 g_object_ref (task));
      return;
    }
  if (error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  last = g_new0 (KnockAnswer, 1);
  last->result = g_steal_pointer (&answer);
  last->scheme = op->scheme;
  g_task_return_pointer (task, last, (GDestroyNotify) knock_answer_free);
}

/**
 * tocsin_knock_finish:
 * @result: what the callback was given
 * @scheme: (out) (optional): the scheme of the last knock: what worked, if it did
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the answer, whatever its status; on error as
 *   tocsin_fetcher_send_finish(), tocsin_fetch_allowance_take() or tocsin_host_budget_again()
 */
TocsinFetchResult *
tocsin_knock_finish (GAsyncResult *result, TocsinSignScheme *scheme, GError **error)
{
  KnockAnswer *answer = g_task_propagate_pointer (G_TASK (result), error);
  TocsinFetchResult *fetched;

  if (answer == NULL)
    return NULL;
  if (scheme != NULL)
    *scheme = answer->scheme;
  fetched = g_steal_pointer (&answer->result);
  knock_answer_free (answer);
  return fetched;
}

/* As tocsin_fetcher_send_was_answered(). */
gboolean
tocsin_knock_was_answered (GAsyncResult *result)
{
  const KnockOp *op = g_task_get_task_data (G_TASK (result));

  return op->answered;
}
