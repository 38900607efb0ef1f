/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The whole way of a message from the network into the store. The steps, in order:
 *   tocsin_inbox_receive_async: signature and activity are read; nothing is believed yet
 *   -> verify (await 1): the signature, and the proof beside it, with the keys that we know;
 *      where we know none, or it does not fit: identify, which may fetch
 *   -> with_signer: may this signer bring this activity
 *   -> with_author (await, relayed activities alone): the author's document, for its proof
 *   -> check_proof (await, where it fails, and of an Update without a date): the author's document
 *      anew, once
 *   -> store (await 2): one change on the writer thread, durable when it answers
 * Every refusal of docs/wire is somewhere on this way, and nothing is stored before its end.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/inbox.h"

#include "codec/activity.h"
#include "codec/httpsig.h"
#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/admission.h"
#include "fed/delivery.h"
#include "fed/departure.h"
#include "fed/peers.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fed/replay.h"
#include "fed/signer.h"
#include "fed/sync.h"
#include "store/table-actors.h"
#include "store/table-peers.h"
#include "store/table-seen.h"

/* Requests of strangers that wait for a key's document. */
#define IDENTIFYING_MAX 256

typedef struct
{
  TocsinFederation *fed;      /* (unowned) */
  TocsinSignature *signature; /* (owned) */
  GBytes *raw;                /* (owned) (nullable) the activity, while its signer is not known */
  TocsinActivity *activity;   /* (owned) (nullable) until it is handed to the writer */
  TocsinSigner *signer;       /* (owned) */
  TocsinKnownActor *author;   /* (owned) the activity's actor */
  char *remote;               /* (owned) (nullable) where it came from */
  TocsinFetchAllowance allowance;
  TocsinVerifyJob *job; /* (owned) (nullable) what was verified off the main thread */
  gboolean is_relayed;
  gboolean is_refreshed; /* the author's document was asked for anew */
  gboolean proven;
  char *proof_key; /* (owned) (nullable) multibase */
  gint64 now_us;
  guint retry_after_seconds;
} ReceiveOp;

static void on_verified (TocsinVerifyJob *job, gpointer user_data);
static void on_identified (GObject *source, GAsyncResult *result, gpointer user_data);
static void with_signer (GTask *task);
static void on_author (GObject *source, GAsyncResult *result, gpointer user_data);
static void with_author (GTask *task);
static void store_report (GTask *task);
static void on_report_stored (GObject *source, GAsyncResult *result, gpointer user_data);
static void store_relation (GTask *task, gboolean gone);
static void on_departed (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_relation_stored (GObject *source, GAsyncResult *result, gpointer user_data);

static void
receive_op_free (ReceiveOp *op)
{
  g_clear_pointer (&op->signature, tocsin_signature_free);
  g_clear_pointer (&op->raw, g_bytes_unref);
  g_clear_pointer (&op->activity, tocsin_activity_free);
  g_clear_pointer (&op->signer, tocsin_signer_free);
  g_clear_pointer (&op->author, tocsin_known_actor_unref);
  g_clear_pointer (&op->job, tocsin_verify_job_free);
  g_free (op->proof_key);
  g_free (op->remote);
  g_free (op);
}

static void
refuse (GTask *task, GError *error)
{
  ReceiveOp *op = g_task_get_task_data (task);

  op->fed->stats.inbox_refused++;
  g_task_return_error (task, error);
}

static void
refuse_with (GTask *task, TocsinError code, const char *message)
{
  refuse (task, g_error_new_literal (TOCSIN_ERROR, (int) code, message));
}

/* 202 without a trace: authenticated, and of no interest here. */
static void
drop (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);

  op->fed->stats.inbox_accepted++;
  op->fed->stats.inbox_dropped++;
  g_task_return_boolean (task, TRUE);
}

static gboolean
is_collection_change (const TocsinActivity *activity)
{
  return activity->kind == TOCSIN_ACTIVITY_ADD || activity->kind == TOCSIN_ACTIVITY_REMOVE;
}

/* Whether anything here knows of @actor: then its Delete concerns us. */
static gboolean
is_peer (TocsinFederation *fed, const char *actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  guint32 number;

  return tocsin_actors_find (txn, actor, &number);
}

/* Has everything verified that needs no fetching. %FALSE if the signer is not known. */
static gboolean
verify (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);
  TocsinKnownActor *actor =
      tocsin_keyring_peek (op->fed->keyring, tocsin_signature_key_id (op->signature));
  g_autoptr (TocsinPublicKey) key =
      actor != NULL ? tocsin_signer_get_key (op->fed, op->signature, actor, NULL) : NULL;
  const char *method = tocsin_proof_peek_method (tocsin_activity_root (op->activity));
  TocsinVerifyJob *job;

  if (key == NULL)
    return FALSE;
  op->author = tocsin_known_actor_ref (actor);
  job = g_new0 (TocsinVerifyJob, 1);
  job->signature = op->signature;
  job->signature_key = g_steal_pointer (&key);
  job->activity = op->activity;
  job->now_us = op->now_us;
  if (method != NULL && g_str_equal (op->activity->actor, actor->document->id))
    job->proof_key = tocsin_signer_get_proof_key (op->fed, actor, method, NULL);
  tocsin_verify_pool_submit (op->fed->verify, job, on_verified, g_object_ref (task));
  return TRUE;
}

/* Asks for the signer's document. Meanwhile the bytes alone are kept: as JSON they take a hundred
 * times the room, and whoever is not known yet decides how long this takes. */
static void
identify (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);

  if (op->fed->n_identifying >= IDENTIFYING_MAX)
    {
      refuse_with (task, TOCSIN_ERROR_UNAVAILABLE, "Too many requests wait for keys");
      return;
    }
  op->fed->n_identifying++;
  op->raw = g_bytes_ref (op->activity->raw);
  g_clear_pointer (&op->job, tocsin_verify_job_free);
  g_clear_pointer (&op->activity, tocsin_activity_free);
  tocsin_signer_identify_async (op->fed, op->signature, &op->allowance, on_identified,
                                g_object_ref (task));
}

/**
 * tocsin_inbox_receive_async:
 * @fed: the federation
 * @envelope: a POST to the inbox; not kept
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 *
 * Takes one activity from another node.
 */
void
tocsin_inbox_receive_async (TocsinFederation *fed,
                            TocsinEnvelope *envelope,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  ReceiveOp *op = g_new0 (ReceiveOp, 1);
  g_autoptr (GError) error = NULL;

  g_task_set_source_tag (task, tocsin_inbox_receive_async);
  g_task_set_task_data (task, op, (GDestroyNotify) receive_op_free);
  op->fed = fed;
  op->now_us = tocsin_time_now_us ();
  op->remote = g_strdup (envelope->remote);
  op->allowance.client = op->remote;
  op->signature = tocsin_signature_parse (envelope, tocsin_identity_get_base (fed->identity),
                                          op->now_us, &error);
  if (op->signature != NULL)
    op->activity = tocsin_activity_parse (envelope->body, &error);
  if (op->activity == NULL)
    {
      refuse (task, g_steal_pointer (&error));
      return;
    }
  /* Servers tell everyone they ever heard of that an account is gone; most are nobody here. */
  if (op->activity->kind == TOCSIN_ACTIVITY_DELETE && !is_peer (fed, op->activity->actor))
    {
      drop (task);
      return;
    }

  if (!verify (task))
    identify (task);
}

static void
on_verified (TocsinVerifyJob *job, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReceiveOp *op = g_task_get_task_data (task);

  op->job = job;
  if (job->verified == NULL)
    {
      /* A key that we remember does not fit: it may have been replaced. */
      g_clear_pointer (&op->author, tocsin_known_actor_unref);
      identify (task);
      return;
    }
  op->signer = tocsin_signer_new (g_steal_pointer (&job->verified), op->author);
  g_clear_pointer (&op->author, tocsin_known_actor_unref);
  with_signer (task);
}

static void
on_identified (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReceiveOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  op->fed->n_identifying--;
  op->signer = tocsin_signer_identify_finish (result, &error);
  if (op->signer != NULL)
    op->activity = tocsin_activity_parse (op->raw, &error);
  g_clear_pointer (&op->raw, g_bytes_unref);
  if (op->activity == NULL)
    refuse (task, g_steal_pointer (&error));
  else
    with_signer (task);
}

/* Before any key is fetched for it: is the author of a relayed activity believed, is it new? */
static gboolean
is_worth_fetching (ReceiveOp *op)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));
  TocsinId content;
  guint8 hash[TOCSIN_SHA256_BYTES];
  guint32 author;

  if (!tocsin_actors_find (txn, op->activity->actor, &author) ||
      !tocsin_admission_wants_author (txn, op->fed->policy, op->activity, author))
    return FALSE;
  if (!tocsin_seen_knows (txn, op->activity->id) || tocsin_admission_is_leak (op->activity))
    return TRUE;
  tocsin_activity_content_hash (op->activity, hash);
  memcpy (content.bytes, hash, sizeof content.bytes);
  return tocsin_seen_check (txn, op->activity->id, &content) != TOCSIN_SEEN_SAME;
}

static gboolean
find_peer (const ReceiveOp *op, const char *actor, TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));
  guint32 number;

  return tocsin_actors_find (txn, actor, &number) && tocsin_peers_get (txn, number, out);
}

static gboolean
is_direct (const ReceiveOp *op, const char *actor)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  return find_peer (op, actor, &peer) && tocsin_peer_record_is_direct (&peer);
}

/* A peer that was given up and speaks again gets what waits for it. */
static void
note_contact (ReceiveOp *op, const char *signer)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));
  guint32 number;

  if (tocsin_actors_find (txn, signer, &number))
    tocsin_delivery_peer_is_back (op->fed->delivery, number);
}

/* docs/wire "Checks": the signer is the actor, or a relay that we follow. */
static void
with_signer (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);
  const char *signer = op->signer->actor->document->id;

  if (!tocsin_federation_admits_signer (op->fed, signer, g_bytes_get_size (op->activity->raw),
                                        &op->retry_after_seconds, op->now_us))
    {
      refuse_with (task, TOCSIN_ERROR_BUSY, "This sender sends too many requests");
      return;
    }
  note_contact (op, signer);
  op->is_relayed = !g_str_equal (signer, op->activity->actor);
  if (!op->is_relayed)
    {
      op->author = tocsin_known_actor_ref (op->signer->actor);
      with_author (task);
      return;
    }
  if (!is_collection_change (op->activity))
    refuse_with (task, TOCSIN_ERROR_OWNERSHIP, "The signer is not the activity's actor");
  else if (!is_direct (op, signer))
    refuse_with (task, TOCSIN_ERROR_NOT_A_PEER, "This node does not follow the sender");
  else if (!is_worth_fetching (op))
    drop (task);
  else
    {
      op->allowance.is_vouched = TRUE;
      tocsin_keyring_find_fresh_async (op->fed->keyring, op->activity->actor, &op->allowance,
                                       on_author, g_object_ref (task));
    }
}

/* The relay is not to blame for an author who cannot be asked, or not now, and could not help it:
 * an author who shows its document to some alone, and strangers who have us fetch as much as we
 * may, would else stop all that the relay has for us. */
static void
leave_for_later (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);
  guint32 relay = 0;
  gboolean known;

  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));

    known = tocsin_actors_find (txn, op->signer->actor->document->id, &relay);
  }
  if (known)
    tocsin_sync_want_reread (op->fed->sync, relay);
  drop (task);
}

static void
on_author (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReceiveOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  op->author = tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  /* By another actor's document and keys nothing of this one can be told. */
  if (op->author != NULL && !g_str_equal (op->author->document->id, op->activity->actor))
    {
      g_clear_pointer (&op->author, tocsin_known_actor_unref);
      g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE,
                           "The actor's document is another's");
    }
  if (op->author != NULL)
    with_author (task);
  else if (op->is_relayed)
    leave_for_later (task);
  else
    refuse (task, g_steal_pointer (&error));
}

/* A proof that holds: by a key that its actor still uses, and perhaps pinned here. */
static gboolean
take_proof (ReceiveOp *op, const TocsinProof *proof, const TocsinPublicKey *key, GError **error)
{
  if (tocsin_known_actor_key_is_retired (op->author, tocsin_proof_verification_method (proof),
                                         op->now_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                           "The proof is by a key that has expired");
      return FALSE;
    }
  op->proven = TRUE;
  tocsin_activity_keep_content_hash (op->activity, tocsin_proof_get_document_hash (proof));
  op->proof_key = tocsin_public_key_to_multikey (key);
  return TRUE;
}

/* docs/wire "Checks": a proof that is looked at and fails is 401, whoever signed the request. */
static gboolean
check_proof (ReceiveOp *op, GError **error)
{
  TocsinVerifyJob *job = op->job;
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (TocsinPublicKey) key = NULL;
  TocsinProofState state;
  const char *method;

  if (job != NULL && job->proof_holds)
    return take_proof (op, job->proof, job->proof_key, error);
  if (!tocsin_proof_inspect (tocsin_activity_root (op->activity), op->now_us, &state, &proof,
                             error))
    return FALSE;
  if (state != TOCSIN_PROOF_CANDIDATE && op->is_relayed)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                           state == TOCSIN_PROOF_ABSENT
                               ? "A relayed activity needs a proof by its actor"
                               : "The proof cannot be verified: a number is not an integer");
      return FALSE;
    }
  if (state != TOCSIN_PROOF_CANDIDATE)
    return TRUE;

  method = tocsin_proof_verification_method (proof);
  key = tocsin_signer_get_proof_key (op->fed, op->author, method, error);
  return key != NULL && tocsin_proof_verify (proof, key, error) &&
         take_proof (op, proof, key, error);
}

/* What was read after this request came is new enough: the document is asked for once. */
static gboolean
is_read_since (const ReceiveOp *op)
{
  return op->author->fetched_us >= op->now_us;
}

/* The author may have changed its keys: of what a relay brought that can have passed us by, and a
 * peer that signs its requests by another key need not have told us. */
static gboolean
may_have_new_keys (const ReceiveOp *op, const GError *error)
{
  return !is_read_since (op) && g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
}

/* An Update that does not say of when it is could be any that its actor ever sent: the document as
 * it is now counts in its place. A copy does not have it read again, nor does who is refused: by
 * one signed request all could be used up that may be fetched of a host. */
static gboolean
wants_document (const ReceiveOp *op)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autoptr (TocsinReading) txn = NULL;

  if (op->activity->kind != TOCSIN_ACTIVITY_UPDATE || op->activity->document == NULL ||
      op->activity->published_us != 0 || op->proven || op->is_refreshed || is_read_since (op) ||
      !find_peer (op, op->activity->actor, &peer) || peer.had_protocol_version || peer.blocked)
    return FALSE;
  txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));
  return !tocsin_replay_was_heard (txn, op->activity, peer.actor);
}

static void
refresh_author (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);

  op->is_refreshed = TRUE;
  g_clear_pointer (&op->author, tocsin_known_actor_unref);
  tocsin_keyring_find_async (op->fed->keyring, op->activity->actor, TRUE, &op->allowance, on_author,
                             g_object_ref (task));
}

static void
with_author (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);
  const TocsinActorDocument *document = op->author->document;
  g_autoptr (GError) error = NULL;

  if (!tocsin_activity_check_ownership (op->activity, document->reports, document->trust, &error) ||
      !check_proof (op, &error))
    {
      if (may_have_new_keys (op, error))
        refresh_author (task);
      else
        refuse (task, g_steal_pointer (&error));
      return;
    }
  if (wants_document (op))
    {
      refresh_author (task);
      return;
    }
  switch (op->activity->kind)
    {
    case TOCSIN_ACTIVITY_ADD:
      if (tocsin_store_fill_percent (op->fed->store) >= TOCSIN_STORE_FULL_PERCENT)
        refuse_with (task, TOCSIN_ERROR_UNAVAILABLE, "The store of this node is almost full");
      else
        store_report (task);
      break;
    case TOCSIN_ACTIVITY_REMOVE:
      store_report (task);
      break;
    case TOCSIN_ACTIVITY_DELETE:
      /* Of a post, most of the time: no reason to ask whether its actor is still there. */
      if (!g_str_equal (op->activity->object, op->activity->actor))
        {
          drop (task);
          break;
        }
      tocsin_departure_confirm_async (op->fed, op->activity->actor, &op->allowance, on_departed,
                                      g_object_ref (task));
      break;
    case TOCSIN_ACTIVITY_OTHER:
      drop (task);
      break;
    case TOCSIN_ACTIVITY_FOLLOW:
    case TOCSIN_ACTIVITY_ACCEPT:
    case TOCSIN_ACTIVITY_REJECT:
    case TOCSIN_ACTIVITY_UNDO:
    case TOCSIN_ACTIVITY_UPDATE:
    case TOCSIN_ACTIVITY_BLOCK:
    case TOCSIN_ACTIVITY_MOVE:
    default:
      store_relation (task, FALSE);
      break;
    }
}

/* By which key the request was signed. */
static TocsinPublicKey *
signing_key (const ReceiveOp *op)
{
  return tocsin_keyring_get_key (op->fed->keyring, op->signer->actor,
                                 tocsin_verified_key_id (op->signer->verified), NULL);
}

static void
store_report (GTask *task)
{
  ReceiveOp *op = g_task_get_task_data (task);
  TocsinAdmission *admission = tocsin_admission_new (
      g_steal_pointer (&op->activity), op->signer->actor->document->id,
      op->is_relayed ? TOCSIN_ARRIVAL_RELAY : TOCSIN_ARRIVAL_PUSH, op->fed->policy, op->now_us);

  admission->proven = op->proven;
  admission->proof_key = g_strdup (op->proof_key);
  admission->signed_by = signing_key (op);
  /* The admission is freed after the callback, which reads its results. */
  g_object_set_data (G_OBJECT (task), "admission", admission);
  tocsin_writer_submit_async (op->fed->writer, tocsin_admission_write, admission,
                              (GDestroyNotify) tocsin_admission_free, NULL, on_report_stored,
                              g_object_ref (task));
}

static void
on_report_stored (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReceiveOp *op = g_task_get_task_data (task);
  TocsinAdmission *admission = g_object_get_data (G_OBJECT (task), "admission");
  g_autoptr (GError) error = NULL;

  op->retry_after_seconds = admission->retry_after_seconds;
  if (!tocsin_writer_submit_finish (result, &error))
    refuse (task, g_steal_pointer (&error));
  else if (admission->refusal != NULL)
    refuse (task, g_steal_pointer (&admission->refusal));
  else
    {
      tocsin_admission_tell (admission);
      op->fed->stats.inbox_accepted++;
      op->fed->stats.inbox_dropped += admission->stored ? 0 : 1;
      g_task_return_boolean (task, TRUE);
    }
}

/* ---- everything that is not a report ---- */

static void
on_departed (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  gboolean gone = tocsin_departure_confirm_finish (result, &error);

  if (error != NULL)
    refuse (task, g_steal_pointer (&error));
  else if (gone)
    store_relation (task, TRUE);
  else
    drop (task);
}

static void
store_relation (GTask *task, gboolean gone)
{
  ReceiveOp *op = g_task_get_task_data (task);
  TocsinRelationChange *change =
      tocsin_relation_change_new (op->fed, g_steal_pointer (&op->activity), op->author, op->now_us);

  change->gone = gone;
  change->proven = op->proven;
  change->signed_us = tocsin_signature_created_us (op->signature);
  change->proof_key = g_steal_pointer (&op->proof_key);
  change->signed_by = signing_key (op);
  g_object_set_data (G_OBJECT (task), "change", change);
  tocsin_writer_submit_async (op->fed->writer, tocsin_relation_change_write, change,
                              (GDestroyNotify) tocsin_relation_change_free, NULL,
                              on_relation_stored, g_object_ref (task));
}

static void
on_relation_stored (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReceiveOp *op = g_task_get_task_data (task);
  TocsinRelationChange *change = g_object_get_data (G_OBJECT (task), "change");
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    {
      refuse (task, g_steal_pointer (&error));
      return;
    }
  if (change->refusal != NULL)
    {
      refuse (task, g_steal_pointer (&change->refusal));
      return;
    }
  /* A key that the actor no longer names must not count from memory. */
  if (change->activity->kind == TOCSIN_ACTIVITY_UPDATE)
    tocsin_keyring_forget (op->fed->keyring, change->activity->actor);
  if (change->lifted != 0)
    tocsin_peers_release_key (op->fed, change->lifted);
  op->fed->stats.inbox_accepted++;
  g_task_return_boolean (task, TRUE);
}

/**
 * tocsin_inbox_receive_finish:
 * @result: what the callback was given
 * @retry_after_seconds: (out): with %TOCSIN_ERROR_BUSY, how long to wait; else 0
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE for 202: it is durable, or was deliberately dropped; else %FALSE with one of the
 *   codes that http/reply.c turns into a status
 */
gboolean
tocsin_inbox_receive_finish (GAsyncResult *result, guint *retry_after_seconds, GError **error)
{
  ReceiveOp *op = g_task_get_task_data (G_TASK (result));

  *retry_after_seconds = op->retry_after_seconds;
  return g_task_propagate_boolean (G_TASK (result), error);
}
