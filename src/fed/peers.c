/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What all actions of the operator have in common, and the one that begins a relation:
 *   tocsin_peers_follow_async -> on_resolved (whose address is it) -> on_document (who is that) ->
 *   write_follow (writer thread)
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/peers.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"
#include "fed/peer-search.h"
#include "fed/peers-private.h"
#include "fed/pinning.h"
#include "fed/relay.h"
#include "fed/sync-note.h"
#include "fed/webfinger.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-catch-up.h"

#define DEFAULT_WEIGHT 50 /* model.md 4: one such peer notes, two review */

/* ---- one change ---- */

static void
peer_change_free (gpointer data)
{
  TocsinPeerChange *self = data;

  tocsin_policy_unref (self->policy);
  g_free (self->base);
  g_free (self->who);
  g_free (self->actor);
  g_free (self->acct);
  g_free (self->fingerprint);
  g_clear_error (&self->refusal);
  g_clear_pointer (&self->plan, tocsin_trust_plan_free);
  g_clear_pointer (&self->known, tocsin_known_actor_unref);
  g_free (self);
}

/* A task whose data is a #TocsinPeerChange. */
GTask *
tocsin_peer_change_begin (TocsinFederation *fed,
                          const char *who,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  TocsinPeerChange *self = g_new0 (TocsinPeerChange, 1);

  self->fed = fed;
  self->policy = tocsin_policy_ref (fed->policy);
  self->base = g_strdup (tocsin_identity_get_base (fed->identity));
  self->who = g_strdup (who);
  self->now_us = tocsin_time_now_us ();
  g_task_set_task_data (task, self, peer_change_free);
  return task;
}

/* Says whom the change is about. */
gboolean
tocsin_peer_change_name (TocsinPeerChange *self, const char *actor, GError **error)
{
  self->actor = tocsin_peers_lookup (self->fed, actor, error);
  if (self->actor == NULL)
    return FALSE;
  if (!g_str_equal (self->actor, self->policy->actor))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "That is this node itself");
  return FALSE;
}

/* The peer as it is now, on the main thread; @out is initialised in any case.
 * %FALSE without an error if there is none. */
gboolean
tocsin_peer_change_peek (const TocsinPeerChange *self, TocsinPeerRecord *out, GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));
  guint32 number;

  tocsin_peer_record_init (out, 0);
  if (tocsin_actors_find (txn, self->actor, &number) && tocsin_peers_get (txn, number, out))
    return TRUE;
  (void) tocsin_txn_check (txn, error);
  return FALSE;
}

/* The peer as it is now, on the writer thread. %FALSE with %TOCSIN_ERROR_NOT_FOUND. */
gboolean
tocsin_peer_change_find (TocsinTxn *txn,
                         const TocsinPeerChange *self,
                         TocsinPeerRecord *out,
                         GError **error)
{
  guint32 number;

  if (tocsin_actors_find (txn, self->actor, &number) && tocsin_peers_get (txn, number, out))
    return TRUE;
  if (tocsin_txn_check (txn, error))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                         "This node has had nothing to do with this actor");
  return FALSE;
}

/* Hands the task's change to the writer; the task returns %TRUE once it is durable. */
void
tocsin_peer_change_submit (GTask *task, TocsinWriteFunc func)
{
  TocsinPeerChange *self = g_task_get_task_data (task);

  tocsin_writer_submit_async (self->fed->writer, func, self, NULL, NULL, tocsin_writer_return_task,
                              g_object_ref (task));
}

/* ---- messages to one actor ---- */

/* @id: (nullable): of a message that is sent again */
void
tocsin_peer_message_init (TocsinPeerMessage *self, const TocsinPeerChange *change, const char *id)
{
  g_autofree char *uuid = tocsin_uuid7_new (change->now_us);

  self->id = id != NULL ? g_strdup (id) : g_strdup_printf ("%s/activities/%s", change->base, uuid);
  self->head =
      (TocsinActivityHead){ .id = self->id, .actor = change->policy->actor, .to = change->actor };
}

/* @activity: (transfer full). Returns its sequence; 0 if it could not be written down. */
guint64
tocsin_peer_message_send (
    TocsinTxn *txn, TocsinPeerMessage *self, JsonObject *activity, guint32 peer, gint64 now_us)
{
  g_autoptr (JsonObject) owned = activity;
  g_autoptr (GBytes) body = tocsin_activity_to_bytes (owned, NULL);

  return body != NULL ? tocsin_relay_send (txn, peer, self->id, body, now_us) : 0;
}

void
tocsin_peer_message_clear (TocsinPeerMessage *self)
{
  g_clear_pointer (&self->id, g_free);
}

/* ---- who is meant ---- */

static char *
acct_of (const TocsinActorAddress *address)
{
  g_autofree char *acct = g_strdup_printf ("%s@%s", address->user, address->host);

  return g_utf8_strdown (acct, -1);
}

/**
 * tocsin_peers_lookup:
 * @fed: the federation
 * @text: an actor as people write it: see #TocsinActorAddress
 * @error: return location for an error, or %NULL
 *
 * Finds an actor without asking anybody. A URL is taken as it is, known or not; all else means an
 * actor that this node has dealt with.
 *
 * Returns: (transfer full) (nullable): its URI. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_TOO_LARGE, %TOCSIN_ERROR_NOT_FOUND, or
 *   %TOCSIN_ERROR_CONFLICT if several fit
 */
char *
tocsin_peers_lookup (TocsinFederation *fed, const char *text, GError **error)
{
  g_auto (TocsinActorAddress) address = { 0 };
  g_autoptr (TocsinReading) txn = NULL;
  guint32 number;

  if (!tocsin_actor_address_parse (&address, text, error))
    return NULL;
  if (address.uri != NULL)
    return tocsin_uri_canonicalise (address.uri, error);
  txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  return tocsin_peer_search (txn, text, &number, error)
             ? g_strdup (tocsin_actors_peek_uri (txn, number))
             : NULL;
}

/* ---- follow ---- */

static void on_resolved (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_document (GObject *source, GAsyncResult *result, gpointer user_data);
static gboolean write_follow (TocsinTxn *txn, gpointer data, GError **error);

void
tocsin_followed_free (TocsinFollowed *self)
{
  g_free (self->actor);
  g_strfreev (self->fingerprints);
  g_free (self);
}

/**
 * tocsin_peers_follow_async:
 * @fed: the federation
 * @text: an actor as people write it: see #TocsinActorAddress
 * @weights: by #TocsinArea: 1 to 100, or -1 to leave it; all -1: 50 in area `any` for an actor
 *   that has no weight yet
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once it is durable
 * @user_data: data for @callback
 *
 * Asks an actor for its reports and publishes how far it is trusted. The same again sends a Follow
 * that was not answered once more; of an actor that has accepted it changes the weights alone, and
 * asks anew only where its outbox was not shown to us the last time.
 */
void
tocsin_peers_follow_async (TocsinFederation *fed,
                           const char *text,
                           const gint8 weights[TOCSIN_N_AREAS],
                           const char *who,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = tocsin_peer_change_begin (fed, who, callback, user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_auto (TocsinActorAddress) address = { 0 };

  memcpy (change->weights, weights, sizeof change->weights);
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    if (weights[area] == 0 || weights[area] < -1 || weights[area] > 100)
      {
        g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                                 "The weight is not between 1 and 100");
        return;
      }
  /* What is no address is refused by the resolver. */
  if (tocsin_actor_address_parse (&address, text, NULL) && address.user != NULL)
    change->acct = acct_of (&address);
  tocsin_webfinger_resolve_async (fed->fetcher, text, NULL, on_resolved, g_steal_pointer (&task));
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autofree char *resolved =
      tocsin_webfinger_resolve_finish (TOCSIN_FETCHER (source), result, &error);
  g_autofree char *uri = resolved != NULL ? tocsin_uri_canonicalise (resolved, &error) : NULL;

  if (uri == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (tocsin_uri_same_origin (uri, change->policy->actor))
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "That is this node itself");
  else
    tocsin_keyring_find_async (change->fed->keyring, uri, TRUE, NULL, on_document,
                               g_steal_pointer (&task));
}

static void
fill_weights (const TocsinPeerChange *change, TocsinPeerRecord *peer)
{
  gboolean given = FALSE;
  gboolean any = FALSE;

  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    {
      if (change->weights[area] > 0)
        peer->weights[area] = change->weights[area];
      given = given || change->weights[area] > 0;
      any = any || peer->weights[area] > 0;
    }
  if (!given && !any)
    peer->weights[TOCSIN_AREA_ANY] = DEFAULT_WEIGHT;
}

static void
on_document (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint8 wanted[TOCSIN_N_AREAS];

  change->known = tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  if (change->known == NULL)
    {
      /* Nobody signed anything here: that it is about a key is of no interest to the operator. */
      if (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE))
        error->code = TOCSIN_ERROR_UNREACHABLE;
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  change->actor = g_strdup (change->known->document->id);
  if (change->known->document->inbox == NULL)
    {
      g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                               "/actor: its document names no inbox");
      return;
    }
  change->now_us = tocsin_time_now_us ();
  if (!tocsin_peer_change_peek (change, &peer, &error) && error != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  fill_weights (change, &peer);
  tocsin_trust_wanted (&peer, wanted);
  change->plan = tocsin_trust_plan_new (change->fed, change->actor, wanted, change->now_us, &error);
  if (change->plan == NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    tocsin_peer_change_submit (task, write_follow);
}

static void
send_follow (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer)
{
  gboolean again = peer->following == TOCSIN_FOLLOWING_PENDING && peer->follow_id != NULL;
  g_auto (TocsinPeerMessage) message = { 0 };

  /* One that still waits in the queue makes room for the one that is sent now. */
  tocsin_relay_unsend (txn, peer->actor, peer->follow_id);
  tocsin_peer_message_init (&message, change, again ? peer->follow_id : NULL);
  tocsin_peer_message_send (txn, &message,
                            tocsin_activity_build_follow (&message.head, change->actor),
                            peer->actor, change->now_us);
  if (again)
    return;
  g_free (peer->follow_id);
  peer->follow_id = g_strdup (message.id);
  /* Asked anew, it is who it was. */
  if (peer->following == TOCSIN_FOLLOWING_ACCEPTED)
    return;
  peer->following = TOCSIN_FOLLOWING_PENDING;
  peer->following_since_us = change->now_us;
  /* The operator compares fingerprints anew: what was pinned before is of no account, but for a
   * reader, whom no Reject may rid of its keys. */
  tocsin_pinning_forget (txn, peer, change->who, change->now_us);
}

static void
remember_acct (TocsinTxn *txn, guint32 number, const char *acct)
{
  g_auto (TocsinActorRecord) record = { 0 };

  if (acct == NULL || !tocsin_actors_get (txn, number, &record))
    return;
  g_free (record.acct);
  record.acct = g_strdup (acct);
  tocsin_actors_put (txn, &record);
}

/* It accepted us, and does not show us its outbox any more: it may have lost or ended that. */
static gboolean
is_forgotten (TocsinTxn *txn, const TocsinPeerRecord *peer)
{
  g_auto (TocsinCatchUpRecord) record = { 0 };

  return tocsin_catch_up_get (txn, peer->actor, &record) && record.failed_us != 0 &&
         g_strcmp0 (record.error, TOCSIN_SYNC_NOT_SHOWN) == 0;
}

static gboolean
write_follow (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerChange *change = data;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number = tocsin_actors_intern (txn, change->actor, change->now_us);
  gboolean asks;

  tocsin_peers_get (txn, number, &peer);
  if (peer.blocked)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "The actor is blocked; unblock it first");
      return FALSE;
    }
  fill_weights (change, &peer);
  if (!tocsin_trust_plan_write (txn, change->plan, change->policy, &peer, change->now_us, error))
    return FALSE;
  asks = peer.following != TOCSIN_FOLLOWING_ACCEPTED || is_forgotten (txn, &peer);
  if (asks)
    send_follow (txn, change, &peer);
  change->following = peer.following;
  tocsin_pinning_take_document (txn, &peer, change->known->document, NULL, change->now_us);
  remember_acct (txn, number, change->acct);
  tocsin_peers_put (txn, &peer);
  tocsin_audit_append (txn, change->now_us, change->who, asks ? "peer.follow" : "peer.trust",
                       change->actor, NULL);
  return TRUE;
}

static char **
fingerprints (const TocsinActorDocument *document)
{
  GPtrArray *texts = g_ptr_array_new ();

  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);
      g_autoptr (TocsinPublicKey) public_key = NULL;

      if (key->multibase != NULL && key->assertion && key->expires_us == 0)
        public_key = tocsin_public_key_from_multikey (key->multibase, NULL);
      if (public_key != NULL)
        g_ptr_array_add (texts, tocsin_public_key_fingerprint (public_key));
    }
  g_ptr_array_add (texts, NULL);
  return (char **) g_ptr_array_free (texts, FALSE);
}

/**
 * tocsin_peers_follow_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): who is followed now. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_CONFLICT (blocked, or this node
 *   itself), %TOCSIN_ERROR_UNPROCESSABLE, %TOCSIN_ERROR_UNREACHABLE, another error of the fetcher,
 *   %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
TocsinFollowed *
tocsin_peers_follow_finish (GAsyncResult *result, GError **error)
{
  TocsinPeerChange *change = g_task_get_task_data (G_TASK (result));
  TocsinFollowed *followed;

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  followed = g_new0 (TocsinFollowed, 1);
  followed->actor = g_strdup (change->actor);
  followed->fingerprints = fingerprints (change->known->document);
  followed->following = change->following;
  return followed;
}
