/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A new Ed25519 key. The steps, in order:
 *   tocsin_rotation_run_async: the new key is made; an Update that names it is proven by the old
 *   -> on_written: the Update is durable and queued; the new key comes into use
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/rotation.h"

#include "codec/activity-build.h"
#include "core/clock.h"
#include "fed/publish.h"
#include "fed/relay.h"
#include "store/table-audit.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"

typedef struct
{
  TocsinFederation *fed;    /* (unowned) */
  TocsinPolicy *policy;     /* (owned) */
  TocsinPrepared *prepared; /* (owned) */
  char *who;                /* (owned) */
  guint32 number;           /* of the new key */
  gint64 now_us;
} Rotation;

static void
rotation_free (Rotation *rotation)
{
  tocsin_policy_unref (rotation->policy);
  g_clear_pointer (&rotation->prepared, tocsin_prepared_free);
  g_free (rotation->who);
  g_free (rotation);
}

static gboolean
collect_others (const TocsinPeerRecord *peer, gpointer data)
{
  GArray *actors = data;

  if (!tocsin_peer_record_is_follower (peer) &&
      ((peer->following == TOCSIN_FOLLOWING_ACCEPTED && !peer->blocked) ||
       peer->follower == TOCSIN_FOLLOWER_REJECTED || (peer->blocked && peer->block_id != NULL)))
    g_array_append_val (actors, peer->actor);
  return TRUE;
}

static gboolean
collect_queued (const TocsinQueueEntry *next, guint64 count G_GNUC_UNUSED, gpointer data)
{
  GArray *actors = data;

  g_array_append_val (actors, next->peer);
  return TRUE;
}

/* Followers get what is published; those that we follow know our key too. So may those who follow
 * us no more because we said so, who would not believe that they may again, and whoever something
 * waits for, such as a Reject: it will be signed by the new one. */
static gboolean
write_update (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Rotation *rotation = data;
  g_autoptr (GArray) others = g_array_new (FALSE, FALSE, sizeof (guint32));
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_UPDATE,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .sharing = TOCSIN_SHARING_CLEAR,
    .created_us = rotation->now_us,
    .activity_id = rotation->prepared->id,
    .activity = rotation->prepared->activity,
  };
  guint64 sequence;

  tocsin_peers_foreach (txn, collect_others, others);
  tocsin_queue_foreach_peer (txn, collect_queued, others);
  sequence = tocsin_relay_publish (txn, rotation->policy, &entry, 0, rotation->now_us);
  tocsin_queue_add_many (txn, others, sequence, rotation->now_us);
  tocsin_meta_put (txn, TOCSIN_META_LAST_KEY, &rotation->number, sizeof rotation->number);
  tocsin_audit_append (txn, rotation->now_us, rotation->who, "key.rotate", rotation->prepared->id,
                       NULL);
  return TRUE;
}

static void
on_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Rotation *rotation = g_task_get_task_data (task);
  TocsinFederation *fed = rotation->fed;
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    {
      tocsin_identity_rotate_abort (fed->identity);
      g_task_return_error (task, g_steal_pointer (&error));
    }
  else if (!tocsin_identity_rotate_commit (fed->identity, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_pointer (task, tocsin_identity_fingerprint (fed->identity), g_free);
}

static TocsinPrepared *
prepare (TocsinFederation *fed, gint64 now_us, GError **error)
{
  const TocsinActorDocument *document =
      tocsin_identity_rotate_prepare (fed->identity, now_us, error);
  g_autofree char *id = tocsin_prepare_id (fed, "activities", now_us);
  g_autofree char *followers = tocsin_identity_url (fed->identity, "/followers");
  TocsinActivityHead head = {
    .id = id,
    .actor = tocsin_identity_get_actor (fed->identity),
    .to = followers,
    .published_us = now_us,
  };

  TocsinPrepared *prepared;

  if (document == NULL)
    return NULL;
  prepared =
      tocsin_prepare_new (fed, tocsin_activity_build_update (&head, document), id, now_us, error);
  if (prepared == NULL)
    tocsin_identity_rotate_abort (fed->identity);
  return prepared;
}

/**
 * tocsin_rotation_run_async:
 * @fed: the federation
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once the new key is in use
 * @user_data: data for @callback
 *
 * Makes a new Ed25519 key and tells every peer, proven by the old one.
 */
void
tocsin_rotation_run_async (TocsinFederation *fed,
                           const char *who,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  g_autoptr (GError) error = NULL;
  gint64 now_us = tocsin_time_now_us ();
  TocsinPrepared *prepared = prepare (fed, now_us, &error);
  Rotation *rotation;

  if (prepared == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  rotation = g_new0 (Rotation, 1);
  rotation->fed = fed;
  rotation->policy = tocsin_policy_ref (fed->policy);
  rotation->prepared = prepared;
  rotation->who = g_strdup (who);
  rotation->number = tocsin_identity_get_last_key (fed->identity);
  rotation->now_us = now_us;
  g_task_set_task_data (task, rotation, (GDestroyNotify) rotation_free);
  tocsin_writer_submit_async (fed->writer, write_update, rotation, NULL, NULL, on_written,
                              g_steal_pointer (&task));
}

/**
 * tocsin_rotation_run_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the fingerprint of the new key. On error, %NULL, and @error
 *   is %TOCSIN_ERROR_CONFLICT (one is under way), %TOCSIN_ERROR_STORE or
 *   %TOCSIN_ERROR_UNAVAILABLE; the old key is still in use
 */
char *
tocsin_rotation_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
