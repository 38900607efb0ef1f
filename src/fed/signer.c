/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From a signature to the actor that made it. The steps, in order:
 *   tocsin_signer_identify_async -> on_found -> (where a remembered key fails) on_refreshed
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/signer.h"

#include "core/clock.h"
#include "core/error.h"

typedef struct
{
  TocsinFederation *fed;            /* (unowned) */
  const TocsinSignature *signature; /* (unowned) */
  TocsinFetchAllowance *allowance;  /* (unowned) */
  gint64 begun_us;
} IdentifyOp;

static void on_found (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data);

void
tocsin_signer_free (TocsinSigner *self)
{
  tocsin_verified_free (self->verified);
  tocsin_known_actor_unref (self->actor);
  g_free (self);
}

/**
 * tocsin_signer_new:
 * @verified: (transfer full): that a request was signed by a key of @actor
 * @actor: whose document names that key; a reference is taken
 */
TocsinSigner *
tocsin_signer_new (TocsinVerified *verified, TocsinKnownActor *actor)
{
  TocsinSigner *self = g_new0 (TocsinSigner, 1);

  self->verified = verified;
  self->actor = tocsin_known_actor_ref (actor);
  return self;
}

/**
 * tocsin_signer_get_key:
 * @fed: the federation
 * @signature: of a request
 * @actor: whose key it claims to be
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the key to verify @signature with. On error, %NULL, and
 *   @error is %TOCSIN_ERROR_UNAUTHENTICATED: it is none of the actor's, or has expired
 */
TocsinPublicKey *
tocsin_signer_get_key (TocsinFederation *fed,
                       const TocsinSignature *signature,
                       TocsinKnownActor *actor,
                       GError **error)
{
  const char *key_id = tocsin_signature_key_id (signature);
  TocsinPublicKey *key = tocsin_keyring_get_key (fed->keyring, actor, key_id, error);

  if (key == NULL || !tocsin_known_actor_key_is_retired (actor, key_id, tocsin_time_now_us ()))
    return key;
  tocsin_public_key_unref (key);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED, "The key has expired");
  return NULL;
}

/**
 * tocsin_signer_get_proof_key:
 * @fed: the federation
 * @actor: whose proof it claims to be
 * @method: its verification method
 * @error: return location for an error, or %NULL
 *
 * Of the keys that the actor's document lists for proofs alone: no others are pinned, so that what
 * they prove would vouch for nothing.
 *
 * Returns: (transfer full) (nullable): the key, which may have expired. On error, %NULL, and @error
 *   is %TOCSIN_ERROR_UNAUTHENTICATED
 */
TocsinPublicKey *
tocsin_signer_get_proof_key (TocsinFederation *fed,
                             const TocsinKnownActor *actor,
                             const char *method,
                             GError **error)
{
  const TocsinActorKey *named = tocsin_actor_document_find_key (actor->document, method);

  if (named == NULL || named->assertion)
    return tocsin_keyring_get_key (fed->keyring, actor, method, error);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                       "The actor's document does not list this key in assertionMethod");
  return NULL;
}

static TocsinSigner *
try_actor (TocsinFederation *fed,
           const TocsinSignature *signature,
           TocsinKnownActor *actor,
           GError **error)
{
  g_autoptr (TocsinPublicKey) key = tocsin_signer_get_key (fed, signature, actor, error);
  TocsinVerified *verified = key != NULL ? tocsin_signature_verify (signature, key, error) : NULL;

  return verified != NULL ? tocsin_signer_new (verified, actor) : NULL;
}

/**
 * tocsin_signer_identify_now:
 * @fed: the federation
 * @signature: of a request
 *
 * Returns: (transfer full) (nullable): the signer, if its key is known and fits; else ask
 *   tocsin_signer_identify_async()
 */
TocsinSigner *
tocsin_signer_identify_now (TocsinFederation *fed, const TocsinSignature *signature)
{
  TocsinKnownActor *actor = tocsin_keyring_peek (fed->keyring, tocsin_signature_key_id (signature));

  return actor != NULL ? try_actor (fed, signature, actor, NULL) : NULL;
}

/**
 * tocsin_signer_identify_async:
 * @fed: the federation
 * @signature: (unowned): of a request; has to live until the callback
 * @allowance: (unowned): what this request may still fetch; has to live until the callback
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 */
void
tocsin_signer_identify_async (TocsinFederation *fed,
                              const TocsinSignature *signature,
                              TocsinFetchAllowance *allowance,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  IdentifyOp *op = g_new0 (IdentifyOp, 1);

  op->fed = fed;
  op->signature = signature;
  op->allowance = allowance;
  op->begun_us = tocsin_time_now_us ();
  g_task_set_task_data (task, op, g_free);
  tocsin_keyring_find_async (fed->keyring, tocsin_signature_key_id (signature), FALSE, allowance,
                             on_found, task);
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  IdentifyOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinKnownActor) actor =
      tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  TocsinSigner *signer = actor != NULL ? try_actor (op->fed, op->signature, actor, &error) : NULL;

  if (signer != NULL)
    g_task_return_pointer (task, signer, (GDestroyNotify) tocsin_signer_free);
  else if (actor == NULL ||
           (actor->fetched_us >= op->begun_us && actor->fetched_us <= tocsin_time_now_us ()))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    /* A remembered key that does not fit may have been replaced. */
    tocsin_keyring_find_async (op->fed->keyring, tocsin_signature_key_id (op->signature), TRUE,
                               op->allowance, on_refreshed, g_steal_pointer (&task));
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  IdentifyOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinKnownActor) actor =
      tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  TocsinSigner *signer = actor != NULL ? try_actor (op->fed, op->signature, actor, &error) : NULL;

  if (signer != NULL)
    g_task_return_pointer (task, signer, (GDestroyNotify) tocsin_signer_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * tocsin_signer_identify_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the signer. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_UNAUTHENTICATED, %TOCSIN_ERROR_KEY_UNREACHABLE or %TOCSIN_ERROR_UNAVAILABLE
 */
TocsinSigner *
tocsin_signer_identify_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
