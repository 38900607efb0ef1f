/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * After a key change that nothing proved, the operator compares fingerprints with the peer's
 * operator and says which key is right:
 *   tocsin_peers_confirm_key_async -> on_document (the keys, read anew) -> write_confirm ->
 *   on_confirmed -> write_release -> on_released, again until nothing is held for its key
 * An Update that a pinned key proves says so too: tocsin_peers_release_key() is the end of that.
 * Where this breaks off after the hold has ended, housekeeping does the rest.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "core/clock.h"
#include "core/error.h"
#include "fed/held.h"
#include "fed/peers-private.h"
#include "fed/pinning.h"
#include "fed/sync.h"
#include "store/table-actors.h"
#include "store/table-audit.h"

#define NAMED_MAX 8 /* fingerprints in one answer */

static void on_document (GObject *source, GAsyncResult *result, gpointer user_data);
static gboolean write_confirm (TocsinTxn *txn, gpointer data, GError **error);
static void on_confirmed (GObject *source, GAsyncResult *result, gpointer user_data);
static gboolean write_release (TocsinTxn *txn, gpointer data, GError **error);
static void on_released (GObject *source, GAsyncResult *result, gpointer user_data);

/**
 * tocsin_peers_confirm_key_async:
 * @fed: the federation
 * @actor: whose key it is
 * @fingerprint: of the right one, as tocsin_public_key_fingerprint() gives it; case does not matter
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once it is durable
 * @user_data: data for @callback
 *
 * Pins a key of a peer, and nothing else that its document names: whoever holds its host can name
 * the right key as well. If nothing else is in doubt, the peer is held no longer, and what was held
 * for the change of keys counts, if a pinned key proves it.
 */
void
tocsin_peers_confirm_key_async (TocsinFederation *fed,
                                const char *actor,
                                const char *fingerprint,
                                const char *who,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = tocsin_peer_change_begin (fed, who, callback, user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autoptr (GError) error = NULL;

  change->fingerprint = g_strdup (fingerprint);
  if (!tocsin_peer_change_name (change, actor, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (!tocsin_peer_change_peek (change, &peer, &error) && error == NULL)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                             "This node has had nothing to do with this actor");
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    tocsin_keyring_find_async (fed->keyring, change->actor, TRUE, NULL, on_document,
                               g_steal_pointer (&task));
}

static void
on_document (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  change->known = tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  if (change->known == NULL)
    {
      if (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE))
        error->code = TOCSIN_ERROR_UNREACHABLE;
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  change->now_us = tocsin_time_now_us ();
  tocsin_writer_submit_async (change->fed->writer, write_confirm, change, NULL, NULL, on_confirmed,
                              g_steal_pointer (&task));
}

static const TocsinActorKey *
find_key (const TocsinActorDocument *document, const char *fingerprint, gint64 now_us)
{
  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);
      g_autoptr (TocsinPublicKey) public_key = NULL;
      g_autofree char *print = NULL;

      if (key->multibase == NULL || !key->assertion ||
          (key->expires_us != 0 && key->expires_us <= now_us))
        continue;
      public_key = tocsin_public_key_from_multikey (key->multibase, NULL);
      if (public_key == NULL || tocsin_public_key_kind (public_key) != TOCSIN_KEY_ED25519)
        continue;
      print = tocsin_public_key_fingerprint (public_key);
      if (g_ascii_strcasecmp (print, fingerprint) == 0)
        return key;
    }
  return NULL;
}

static void
list (GString *text, const char *what)
{
  g_string_append_printf (text, "%s%s", text->len > 0 ? ", " : "", what);
}

/* What is in doubt beside a key that is pinned now, and what the operator can do about it. Each key
 * for proofs can be compared as that one was; nothing else can, but an Update that is proven by a
 * pinned key vouches for all of it. */
static GError *
describe (const TocsinDoubts *doubts)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (doubts->keys->len, NAMED_MAX); i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (doubts->keys, i);
      g_autoptr (TocsinPublicKey) parsed = tocsin_public_key_from_multikey (key->multibase, NULL);
      g_autofree char *print = tocsin_public_key_fingerprint (parsed);

      list (text, print);
    }
  if (doubts->keys->len > NAMED_MAX)
    list (text, "more keys");
  if (doubts->rsa)
    list (text, "an RSA key");
  if (doubts->requests)
    list (text, "a key that makes no proofs");
  if (doubts->inbox)
    list (text, "an inbox elsewhere");
  if (doubts->outbox)
    list (text, "an outbox elsewhere");
  return g_error_new (
      TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
      "This key is pinned now, and the peer still held, for its document names as well what "
      "nothing proves: %s; %shave its admin run “tocsin key rotate”, which proves all that is "
      "right",
      text->str,
      tocsin_doubts_have_uncomparable (doubts) ? "" : "confirm each that its admin knows, or ");
}

static gboolean
check_confirm (const TocsinPeerChange *change,
               const TocsinPeerRecord *peer,
               const TocsinActorKey *key,
               GError **error)
{
  if (peer->following == TOCSIN_FOLLOWING_NONE && !tocsin_pinning_has_any (peer))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "This node does not follow the actor; its keys are pinned when it does");
      return FALSE;
    }
  if (key == NULL || !g_str_equal (change->known->document->id, change->actor))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                           "/fingerprint: no Ed25519 key that the actor names now has it");
      return FALSE;
    }
  return TRUE;
}

/* Whoever holds the host can name the right key, old or new, beside its own: that it is right says
 * nothing about the rest. The pin is durable also where that is in doubt, or no Update by this key
 * could end it; one may lie in the outbox. */
static gboolean
write_confirm (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerChange *change = data;
  const TocsinActorDocument *document = change->known->document;
  const TocsinActorKey *key = find_key (document, change->fingerprint, change->now_us);
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinDoubts) doubts = { 0 };

  g_clear_error (&change->refusal);
  if (!tocsin_peer_change_find (txn, change, &peer, error) ||
      !check_confirm (change, &peer, key, error))
    return FALSE;
  tocsin_pinning_pin (&peer, document, key, change->now_us);
  tocsin_audit_append (txn, change->now_us, change->who, "peer.confirm-key", change->actor,
                       change->fingerprint);
  if (tocsin_pinning_find_doubts (txn, &peer, document, change->now_us, &doubts))
    {
      change->refusal = describe (&doubts);
      tocsin_pinning_hold (txn, &peer, change->now_us);
      if (tocsin_peer_record_is_direct (&peer))
        peer.sync_due_us = MIN (peer.sync_due_us, change->now_us);
      tocsin_peers_put (txn, &peer);
      return TRUE;
    }
  tocsin_pinning_take_document (txn, &peer, document, NULL, change->now_us);
  tocsin_pinning_lift (txn, &peer, change->who, change->now_us);
  change->number = peer.actor;
  change->following = peer.following;
  return TRUE;
}

static void
begin_release (GTask *task)
{
  TocsinPeerChange *change = g_task_get_task_data (task);

  tocsin_writer_submit_async (change->fed->writer, write_release, change, NULL, NULL, on_released,
                              g_object_ref (task));
}

static void
on_confirmed (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (change->refusal != NULL)
    g_task_return_error (task, g_steal_pointer (&change->refusal));
  else if (change->following == TOCSIN_FOLLOWING_NONE)
    g_task_return_boolean (task, TRUE);
  else
    {
      /* What came while it was held, to change or take back what counts, was refused, and not
       * seen. */
      tocsin_sync_read_peer (change->fed->sync, change->number, TRUE);
      begin_release (task);
    }
}

/* Its statements first, at most 1,000, and then the reports of everybody that are held, in parts.
 */
static gboolean
write_release (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  TocsinPeerChange *change = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (change->after == 0 && tocsin_peers_get (txn, change->number, &peer) && !peer.key_hold &&
      peer.following != TOCSIN_FOLLOWING_NONE)
    tocsin_held_release_statements (txn, change->policy, &peer, change->now_us);
  change->next = tocsin_held_settle_slice (txn, change->policy, TOCSIN_HOLD_KEY, change->number,
                                           TRUE, NULL, change->after, change->now_us);
  change->released = change->next == 0;
  return TRUE;
}

static void
on_released (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (change->released)
    g_task_return_boolean (task, TRUE);
  else
    {
      change->after = change->next;
      tocsin_writer_submit_async (change->fed->writer, write_release, change, NULL, NULL,
                                  on_released, g_steal_pointer (&task));
    }
}

static void
on_release_ended (GObject *source G_GNUC_UNUSED,
                  GAsyncResult *result,
                  gpointer user_data G_GNUC_UNUSED)
{
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_message ("What was held for a key has to wait: %s", error->message);
}

/**
 * tocsin_peers_release_key:
 * @fed: the federation
 * @actor: the number of a peer that is held for its key no longer
 *
 * Lets what was held for the key count, a part at a time, if a key that is pinned now proves it,
 * and reads the peer's outbox again for what was refused meanwhile. But the peer can begin and end
 * a hold as often as it likes: its outbox is read again at most once a day, and beyond
 * %TOCSIN_RELEASES_MAX what was held is left to housekeeping.
 */
void
tocsin_peers_release_key (TocsinFederation *fed, guint32 actor)
{
  g_autoptr (GTask) task = NULL;
  TocsinPeerChange *change;

  tocsin_sync_want_reread (fed->sync, actor);
  if (!tocsin_bucket_take (&fed->releases, 1, g_get_monotonic_time ()))
    return;
  task = tocsin_peer_change_begin (fed, "node", on_release_ended, NULL);
  change = g_task_get_task_data (task);
  change->number = actor;
  begin_release (task);
}

/**
 * tocsin_peers_confirm_key_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_CONFLICT (also
 *   where the key is pinned, and the peer still held for the rest), %TOCSIN_ERROR_UNPROCESSABLE (no
 *   such key), %TOCSIN_ERROR_UNREACHABLE, %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
gboolean
tocsin_peers_confirm_key_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
