/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The operator's answers to a peer: accept, reject, unfollow, block, unblock, reset. Each re-reads
 * the peer's record on the writer thread, so it does not matter what happened meanwhile.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "core/clock.h"
#include "core/error.h"
#include "fed/guards.h"
#include "fed/peers-private.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fed/relay.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-catch-up.h"
#include "store/table-outbox.h"
#include "store/table-queue.h"

static const char *const action_words[] = {
  [TOCSIN_PEER_UNFOLLOW] = "unfollow", [TOCSIN_PEER_ACCEPT] = "accept",
  [TOCSIN_PEER_REJECT] = "reject",     [TOCSIN_PEER_BLOCK] = "block",
  [TOCSIN_PEER_UNBLOCK] = "unblock",   [TOCSIN_PEER_RESET] = "reset",
};

/**
 * tocsin_peer_action_from_string:
 * @word: `unfollow`, `accept`, `reject`, `block`, `unblock` or `reset`
 * @out: (out): the action
 *
 * Returns: %FALSE, with @out untouched, for another word
 */
gboolean
tocsin_peer_action_from_string (const char *word, TocsinPeerAction *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (action_words); i++)
    if (g_str_equal (word, action_words[i]))
      {
        *out = (TocsinPeerAction) i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
conflict (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, message);
  return FALSE;
}

static void
forget_weights (TocsinPeerRecord *peer)
{
  /* Distrust outlives the relation: it is about what the actor says through others too. */
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    if (peer->weights[area] > 0)
      peer->weights[area] = -1;
  peer->full = FALSE;
}

static void
end_following (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer)
{
  if (peer->following != TOCSIN_FOLLOWING_NONE)
    peer->following_since_us = change->now_us;
  peer->following = TOCSIN_FOLLOWING_NONE;
  g_clear_pointer (&peer->follow_id, g_free);
  forget_weights (peer);
  /* Followed again, it is read from the beginning, as one batch. */
  peer->first_batch = 0;
  peer->first_batch_done = FALSE;
  peer->sync_epoch = peer->sync_sequence = 0;
  peer->sync_due_us = 0;
  peer->sync_state = TOCSIN_SYNC_NEVER;
  tocsin_catch_up_remove (txn, peer->actor);
  tocsin_pinning_forget (txn, peer, change->who, change->now_us);
}

static gboolean
unfollow (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer, GError **error)
{
  g_auto (TocsinPeerMessage) message = { 0 };
  guint64 sequence;

  if (peer->following == TOCSIN_FOLLOWING_NONE)
    return conflict (error, "This node does not follow the actor");
  /* A Follow that never left needs no Undo, one that was rejected neither. */
  if (peer->follow_id != NULL && peer->following != TOCSIN_FOLLOWING_REJECTED &&
      !(tocsin_outbox_find (txn, peer->follow_id, &sequence) &&
        tocsin_queue_cancel (txn, peer->actor, sequence)))
    {
      tocsin_peer_message_init (&message, change, NULL);
      tocsin_peer_message_send (txn, &message,
                                tocsin_activity_build_undo (&message.head, TOCSIN_ACTIVITY_FOLLOW,
                                                            peer->follow_id, change->actor),
                                peer->actor, change->now_us);
    }
  end_following (txn, change, peer);
  return TRUE;
}

static void
answer (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer, gboolean accept)
{
  g_auto (TocsinPeerMessage) message = { 0 };
  JsonObject *activity;

  if (peer->follower_follow_id == NULL)
    return;
  tocsin_peer_message_init (&message, change, NULL);
  activity =
      accept
          ? tocsin_activity_build_accept (&message.head, peer->follower_follow_id, change->actor)
          : tocsin_activity_build_reject (&message.head, peer->follower_follow_id, change->actor);
  peer->accept_sequence =
      tocsin_peer_message_send (txn, &message, activity, peer->actor, change->now_us);
  peer->follower_answered_us = change->now_us;
}

static gboolean
accept_follower (TocsinTxn *txn,
                 const TocsinPeerChange *change,
                 TocsinPeerRecord *peer,
                 GError **error)
{
  gboolean answered = peer->follower == TOCSIN_FOLLOWER_GUEST;

  if (peer->follower == TOCSIN_FOLLOWER_NONE)
    return conflict (error, "The actor has not asked to follow this node");
  if (peer->follower == TOCSIN_FOLLOWER_READER)
    {
      /* Its newest Follow came too soon after an answer, and waits for its own. */
      if (peer->follower_answered_us < 0)
        answer (txn, change, peer, TRUE);
      return TRUE;
    }
  peer->follower = TOCSIN_FOLLOWER_READER;
  peer->follower_since_us = change->now_us;
  if (!answered)
    answer (txn, change, peer, TRUE);
  return TRUE;
}

static gboolean
reject_follower (TocsinTxn *txn,
                 const TocsinPeerChange *change,
                 TocsinPeerRecord *peer,
                 GError **error)
{
  if (peer->follower == TOCSIN_FOLLOWER_NONE)
    return conflict (error, "The actor has not asked to follow this node");
  if (peer->follower == TOCSIN_FOLLOWER_REJECTED)
    return TRUE;
  peer->follower = TOCSIN_FOLLOWER_REJECTED;
  peer->follower_since_us = change->now_us;
  tocsin_pinning_forget_follower (txn, peer, change->now_us);
  tocsin_relay_drop_reports (txn, peer->actor);
  answer (txn, change, peer, FALSE);
  return TRUE;
}

static gboolean
is_reachable (TocsinTxn *txn, guint32 actor)
{
  g_auto (TocsinActorRecord) record = { 0 };

  return tocsin_actors_get (txn, actor, &record) && record.inbox != NULL;
}

static gboolean
block (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer)
{
  g_auto (TocsinPeerMessage) message = { 0 };

  if (peer->blocked)
    return TRUE;
  tocsin_relay_drop_all (txn, peer->actor);
  tocsin_relation_end_follower (txn, peer, change->now_us);
  end_following (txn, change, peer);
  peer->blocked = TRUE;
  if (!is_reachable (txn, peer->actor))
    return TRUE;
  tocsin_peer_message_init (&message, change, NULL);
  tocsin_peer_message_send (txn, &message,
                            tocsin_activity_build_block (&message.head, change->actor), peer->actor,
                            change->now_us);
  g_free (peer->block_id);
  peer->block_id = g_strdup (message.id);
  return TRUE;
}

static gboolean
unblock (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer, GError **error)
{
  g_auto (TocsinPeerMessage) message = { 0 };
  guint64 sequence;

  if (!peer->blocked)
    return conflict (error, "The actor is not blocked");
  peer->blocked = FALSE;
  if (peer->block_id != NULL && !(tocsin_outbox_find (txn, peer->block_id, &sequence) &&
                                  tocsin_queue_cancel (txn, peer->actor, sequence)))
    {
      tocsin_peer_message_init (&message, change, NULL);
      tocsin_peer_message_send (txn, &message,
                                tocsin_activity_build_undo (&message.head, TOCSIN_ACTIVITY_BLOCK,
                                                            peer->block_id, change->actor),
                                peer->actor, change->now_us);
    }
  g_clear_pointer (&peer->block_id, g_free);
  return TRUE;
}

static void
reset (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer)
{
  TocsinQueueEntry next;

  tocsin_breaker_on_success (&peer->outbound);
  peer->first_failure_us = 0;
  peer->away = FALSE;
  tocsin_guards_reset (peer);
  if (peer->following == TOCSIN_FOLLOWING_ACCEPTED)
    peer->sync_due_us = change->now_us;
  if (tocsin_relay_next (txn, peer->actor, &next))
    {
      /* What was tried once may have arrived, and has to be taken back if it is withdrawn. */
      next.attempts = MIN (next.attempts, 1);
      next.due_us = change->now_us;
      tocsin_queue_update (txn, &next);
    }
}

static gboolean
act (TocsinTxn *txn, const TocsinPeerChange *change, TocsinPeerRecord *peer, GError **error)
{
  switch (change->action)
    {
    case TOCSIN_PEER_UNFOLLOW:
      return unfollow (txn, change, peer, error);
    case TOCSIN_PEER_ACCEPT:
      return accept_follower (txn, change, peer, error);
    case TOCSIN_PEER_REJECT:
      return reject_follower (txn, change, peer, error);
    case TOCSIN_PEER_BLOCK:
      return block (txn, change, peer);
    case TOCSIN_PEER_UNBLOCK:
      return unblock (txn, change, peer, error);
    case TOCSIN_PEER_RESET:
    default:
      reset (txn, change, peer);
      return TRUE;
    }
}

static gboolean
write_act (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerChange *change = data;
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autofree char *action = g_strconcat ("peer.", action_words[change->action], NULL);

  /* Whom to block may be decided before there was anything to do with it. */
  if (change->action == TOCSIN_PEER_BLOCK)
    {
      guint32 number = tocsin_actors_intern (txn, change->actor, change->now_us);

      tocsin_peers_get (txn, number, &peer);
    }
  else if (!tocsin_peer_change_find (txn, change, &peer, error))
    return FALSE;
  if (!act (txn, change, &peer, error))
    return FALSE;
  if (change->plan != NULL &&
      !tocsin_trust_plan_write (txn, change->plan, change->policy, &peer, change->now_us, error))
    return FALSE;
  tocsin_peers_put (txn, &peer);
  tocsin_audit_append (txn, change->now_us, change->who, action, change->actor, NULL);
  return TRUE;
}

/**
 * tocsin_peers_act_async:
 * @fed: the federation
 * @actor: whom it is about
 * @action: what to do
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once it is durable
 * @user_data: data for @callback
 */
void
tocsin_peers_act_async (TocsinFederation *fed,
                        const char *actor,
                        TocsinPeerAction action,
                        const char *who,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  static const guint8 none[TOCSIN_N_AREAS] = { 0 };
  g_autoptr (GTask) task = tocsin_peer_change_begin (fed, who, callback, user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  change->action = action;
  if (tocsin_peer_change_name (change, actor, &error) &&
      (action == TOCSIN_PEER_UNFOLLOW || action == TOCSIN_PEER_BLOCK))
    change->plan = tocsin_trust_plan_new (fed, change->actor, none, change->now_us, &error);
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    tocsin_peer_change_submit (task, write_act);
}

/**
 * tocsin_peers_act_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_CONFLICT (it
 *   does not fit the relation that there is), %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
gboolean
tocsin_peers_act_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
