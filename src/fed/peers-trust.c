/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * How far the operator trusts an actor, and what others may read of it: one live trust statement
 * for each area with a weight above 0, unless the operator keeps it private. Distrust never leaves
 * this node (docs/wire/vocabulary.md).
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "fed/peers-private.h"
#include "fed/relay.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

/* What is to be done in one area. */
typedef struct
{
  char *old_id; /* (owned) (nullable) the statement that is there now */
  guint8 old_weight;
  gint64 old_updated_us;
  TocsinPrepared *add;            /* (owned) (nullable) */
  TocsinPrepared *remove;         /* (owned) (nullable) of @old_id */
  TocsinTrustStatement statement; /* of @add */
} Step;

struct _TocsinTrustPlan
{
  guint8 wanted[TOCSIN_N_AREAS];
  Step steps[TOCSIN_N_AREAS];
};

void
tocsin_trust_plan_free (TocsinTrustPlan *self)
{
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    {
      Step *step = &self->steps[area];

      g_free (step->old_id);
      g_clear_pointer (&step->add, tocsin_prepared_free);
      g_clear_pointer (&step->remove, tocsin_prepared_free);
      tocsin_trust_statement_clear (&step->statement);
    }
  g_free (self);
}

/* The weights of @peer that others may read; 0: none. */
void
tocsin_trust_wanted (const TocsinPeerRecord *peer, guint8 wanted[TOCSIN_N_AREAS])
{
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    wanted[area] =
        peer->private_trust || peer->weights[area] <= 0 ? 0 : (guint8) peer->weights[area];
}

static gboolean
prepare_add (const TocsinFederation *fed,
             const TocsinActivityHead *head,
             const char *target,
             const char *about,
             Step *step,
             GError **error)
{
  TocsinTrustStatement *statement = &step->statement;

  statement->id = step->old_id != NULL ? g_strdup (step->old_id)
                                       : tocsin_prepare_id (fed, "trust", head->published_us);
  statement->attributed_to = g_strdup (head->actor);
  statement->about = g_strdup (about);
  /* A newer version must be newer, whatever the clock did in between. */
  statement->updated_us = MAX (head->published_us, step->old_updated_us + 1);
  if (statement->published_us == 0)
    statement->published_us = statement->updated_us;
  step->add =
      tocsin_prepare_new (fed, tocsin_activity_build_add_statement (head, statement, target),
                          head->id, head->published_us, error);
  return step->add != NULL;
}

static gboolean
plan_step (const TocsinFederation *fed,
           const char *about,
           guint8 wanted,
           gint64 now_us,
           Step *step,
           GError **error)
{
  g_autofree char *id = tocsin_prepare_id (fed, "activities", now_us);
  g_autofree char *followers = tocsin_identity_url (fed->identity, "/followers");
  g_autofree char *target = tocsin_identity_url (fed->identity, "/trust");
  TocsinActivityHead head = {
    .id = id,
    .actor = tocsin_identity_get_actor (fed->identity),
    .to = followers,
    .published_us = MAX (now_us, step->old_updated_us + 1),
  };

  if (wanted == step->old_weight)
    return TRUE;
  if (wanted > 0)
    return prepare_add (fed, &head, target, about, step, error);
  step->remove = tocsin_prepare_new (
      fed, tocsin_activity_build_remove (&head, step->old_id, target, TOCSIN_REASON_OTHER), id,
      now_us, error);
  return step->remove != NULL;
}

/**
 * tocsin_trust_plan_new:
 * @fed: the federation
 * @actor: whom it is about
 * @wanted: the weight to be read in each area; 0: none
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): what has to be published. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_UNAVAILABLE
 */
TocsinTrustPlan *
tocsin_trust_plan_new (const TocsinFederation *fed,
                       const char *actor,
                       const guint8 wanted[TOCSIN_N_AREAS],
                       gint64 now_us,
                       GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  TocsinTrustPlan *self = g_new0 (TocsinTrustPlan, 1);
  guint32 about;
  gboolean known = tocsin_actors_find (txn, actor, &about);

  memcpy (self->wanted, wanted, sizeof self->wanted);
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    {
      Step *step = &self->steps[area];
      g_auto (TocsinTrustRecord) old = { 0 };

      if (known && tocsin_trust_get (txn, TOCSIN_ACTOR_LOCAL, about, (TocsinArea) area, &old))
        {
          step->old_id = g_strdup (old.id);
          step->old_weight = old.weight;
          step->old_updated_us = old.updated_us;
          step->statement.published_us = old.published_us;
        }
      step->statement.area = (TocsinArea) area;
      step->statement.weight = wanted[area];
      if (!plan_step (fed, actor, wanted[area], now_us, step, error))
        {
          tocsin_trust_plan_free (self);
          return NULL;
        }
    }
  return self;
}

static void
write_add (TocsinTxn *txn,
           const Step *step,
           const TocsinPolicy *policy,
           guint32 about,
           guint64 old_sequence,
           gint64 now_us)
{
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_ADD,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = TOCSIN_ACTOR_LOCAL,
    .sharing = TOCSIN_SHARING_GREEN,
    .created_us = now_us,
    .activity_id = step->add->id,
    .activity = step->add->activity,
  };
  TocsinTrustRecord record = {
    .truster = TOCSIN_ACTOR_LOCAL,
    .trustee = about,
    .area = step->statement.area,
    .weight = step->statement.weight,
    .live = TRUE,
    .forwarded = old_sequence != 0 ? TOCSIN_FORWARDED_AGAIN : 0,
    .via = TOCSIN_ACTOR_LOCAL,
    .published_us = step->statement.published_us,
    .updated_us = step->statement.updated_us,
    .id = step->statement.id,
    .activity_id = step->add->id,
    .activity = step->add->activity,
  };

  memcpy (record.content_hash, step->add->content_hash, sizeof record.content_hash);
  record.sequence = tocsin_relay_publish (txn, policy, &entry, 0, now_us);
  tocsin_trust_put (txn, &record);
  /* The older version is of no use to anybody who catches up. */
  if (old_sequence != 0)
    tocsin_outbox_blank (txn, old_sequence);
}

static void
write_remove (TocsinTxn *txn,
              const Step *step,
              const TocsinPolicy *policy,
              const TocsinTrustRecord *old,
              gint64 now_us)
{
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_REMOVE,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = TOCSIN_ACTOR_LOCAL,
    .sharing = TOCSIN_SHARING_GREEN,
    .created_us = now_us,
    .activity_id = step->remove->id,
    .activity = step->remove->activity,
  };
  TocsinTombstone tombstone = {
    .removed_us = MAX (now_us, old->updated_us + 1),
    .until_us = now_us + TOCSIN_ACTIVITY_MAX_AGE_DAYS * TOCSIN_DAY_US,
  };

  tocsin_trust_remove (txn, TOCSIN_ACTOR_LOCAL, old->trustee, old->area);
  tocsin_tombstones_put (txn, TOCSIN_ACTOR_LOCAL, old->id, &tombstone);
  tocsin_relay_publish (
      txn, policy, &entry,
      tocsin_relay_only_add (old->sequence, old->forwarded, old->published_us, old->updated_us),
      now_us);
  if (old->sequence != 0)
    tocsin_outbox_blank (txn, old->sequence);
}

/**
 * tocsin_trust_plan_write:
 * @txn: a write transaction
 * @self: the plan
 * @policy: the state of this node
 * @peer: the actor, as it is about to be stored
 * @now_us: the time
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_CONFLICT, before anything was written, if @peer is no longer
 *   what the plan was made for
 */
gboolean
tocsin_trust_plan_write (TocsinTxn *txn,
                         const TocsinTrustPlan *self,
                         const TocsinPolicy *policy,
                         const TocsinPeerRecord *peer,
                         gint64 now_us,
                         GError **error)
{
  guint8 wanted[TOCSIN_N_AREAS];
  gboolean fits;

  tocsin_trust_wanted (peer, wanted);
  fits = memcmp (wanted, self->wanted, sizeof wanted) == 0;
  for (guint area = 0; fits && area < TOCSIN_N_AREAS; area++)
    {
      g_auto (TocsinTrustRecord) old = { 0 };

      tocsin_trust_get (txn, TOCSIN_ACTOR_LOCAL, peer->actor, (TocsinArea) area, &old);
      fits = g_strcmp0 (old.id, self->steps[area].old_id) == 0 &&
             old.updated_us == self->steps[area].old_updated_us;
    }
  if (!fits)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "The peer was changed at the same time; try again");
      return FALSE;
    }
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    {
      const Step *step = &self->steps[area];
      g_auto (TocsinTrustRecord) old = { 0 };

      tocsin_trust_get (txn, TOCSIN_ACTOR_LOCAL, peer->actor, (TocsinArea) area, &old);
      if (step->add != NULL)
        write_add (txn, step, policy, peer->actor, old.sequence, now_us);
      else if (step->remove != NULL)
        write_remove (txn, step, policy, &old, now_us);
    }
  return TRUE;
}

/* ---- the operator's action ---- */

/* Whoever is distrusted as such is believed in no area either, whatever was said before. Who is
 * believed in none is not trusted in full: a weight given later must not bring that along. */
static void
set_trust (TocsinPeerRecord *peer, const TocsinPeerTrust *trust)
{
  if (trust->area == TOCSIN_AREA_ANY && trust->weight == 0)
    memset (peer->weights, -1, sizeof peer->weights);
  peer->weights[trust->area] = (gint8) trust->weight;
  if (trust->full >= 0)
    peer->full = trust->full != 0;
  peer->full = peer->full && tocsin_peer_record_has_weight (peer);
  if (trust->private_trust >= 0)
    peer->private_trust = trust->private_trust != 0;
}

static gboolean
may_trust (const TocsinPeerRecord *peer, const TocsinPeerTrust *trust, GError **error)
{
  gboolean follows =
      peer->following == TOCSIN_FOLLOWING_ACCEPTED || peer->following == TOCSIN_FOLLOWING_PENDING;

  if (trust->weight <= 0 || (follows && !peer->blocked))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                       peer->blocked ? "The actor is blocked; unblock and follow it first"
                                     : "This node does not follow the actor; follow it first");
  return FALSE;
}

static gboolean
apply_trust (TocsinPeerRecord *peer, const TocsinPeerTrust *trust, GError **error)
{
  if (!may_trust (peer, trust, error))
    return FALSE;
  set_trust (peer, trust);
  if (trust->full <= 0 || peer->full)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "/full: who has no weight above 0 is not trusted in full");
  return FALSE;
}

static gboolean
write_trust (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerChange *change = data;
  const TocsinPeerTrust *trust = &change->trust;
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autofree char *detail = NULL;
  guint32 number;

  if (!tocsin_actors_find (txn, change->actor, &number))
    {
      /* Whom to distrust may be decided before there was anything to do with it. */
      if (trust->weight != 0)
        return tocsin_peer_change_find (txn, change, &peer, error);
      number = tocsin_actors_intern (txn, change->actor, change->now_us);
    }
  tocsin_peers_get (txn, number, &peer);
  if (!apply_trust (&peer, trust, error))
    return FALSE;
  if (!tocsin_trust_plan_write (txn, change->plan, change->policy, &peer, change->now_us, error))
    return FALSE;
  tocsin_peers_put (txn, &peer);
  detail = g_strdup_printf ("%s %d%s%s", tocsin_area_to_string (trust->area), trust->weight,
                            peer.full ? " full" : "", peer.private_trust ? " private" : "");
  tocsin_audit_append (txn, change->now_us, change->who, "peer.trust", change->actor, detail);
  return TRUE;
}

/**
 * tocsin_peers_trust_async:
 * @fed: the federation
 * @actor: whom to trust
 * @trust: how far; copied
 * @who: for the audit log
 * @callback: called in the thread-default context of the caller once it is durable
 * @user_data: data for @callback
 *
 * Sets the weight of an actor in one area and publishes, renews or takes back the trust statement.
 */
void
tocsin_peers_trust_async (TocsinFederation *fed,
                          const char *actor,
                          const TocsinPeerTrust *trust,
                          const char *who,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = tocsin_peer_change_begin (fed, who, callback, user_data);
  TocsinPeerChange *change = g_task_get_task_data (task);
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autoptr (GError) error = NULL;

  change->trust = *trust;
  if ((guint) trust->area >= TOCSIN_N_AREAS || trust->weight < -1 || trust->weight > 100)
    {
      g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                               "The weight is not between 0 and 100");
      return;
    }
  if (tocsin_peer_change_name (change, actor, &error))
    {
      gboolean known = tocsin_peer_change_peek (change, &peer, &error);

      if (error == NULL && !known && trust->weight > 0)
        g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                             "This node has had nothing to do with this actor; follow it first");
      else if (error == NULL && apply_trust (&peer, trust, &error))
        {
          guint8 wanted[TOCSIN_N_AREAS];

          tocsin_trust_wanted (&peer, wanted);
          change->plan = tocsin_trust_plan_new (fed, change->actor, wanted, change->now_us, &error);
        }
    }
  if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    tocsin_peer_change_submit (task, write_trust);
}

/**
 * tocsin_peers_trust_finish:
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_CONFLICT (not
 *   followed, blocked, or changed at the same time), %TOCSIN_ERROR_UNPROCESSABLE (full trust
 * without a weight), %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
gboolean
tocsin_peers_trust_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
