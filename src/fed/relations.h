/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity.h"
#include "fed/federation.h"
#include "store/table-peers.h"

G_BEGIN_DECLS

/**
 * TocsinRelationChange:
 * @activity: (owned): a Follow, Accept, Reject, Undo, Update, Block, Move or Delete
 * @sender: (owned): its actor, who signed it; of an Update that says not of when it is, as fetched
 * since
 * @policy: (owned): the state of this node when it came
 * @guest: the follow policy accepts this sender at once
 * @listed: since the operator names its domain
 * @proven: a proof by one of the sender's keys verified
 * @proof_key: (owned) (nullable): that key, as multibase
 * @signed_by: (owned) (nullable): what signed its request; %NULL: it came otherwise
 * @gone: of a Delete: the actor answered 404 or 410
 * @was_read: of an Update: it was in the actor's own outbox
 * @signed_us: when its request was signed; 0: it came otherwise
 * @now_us: the time
 * @refusal: (owned) (nullable) (out): why it was refused, where the refusal left a trace
 * @lifted: (out): of an Update: the number of its actor, if that is held for its key no longer;
 * else 0. tocsin_peers_release_key() is still to be called
 *
 * A change of relation that another actor asks for, on its way into the store.
 */
typedef struct
{
  TocsinActivity *activity;
  TocsinKnownActor *sender;
  TocsinPolicy *policy;
  char *base;
  gboolean guest;
  gboolean listed;
  gboolean proven;
  char *proof_key;
  TocsinPublicKey *signed_by;
  gboolean gone;
  gboolean was_read;
  gint64 signed_us;
  gint64 now_us;
  GError *refusal;
  guint32 lifted;
} TocsinRelationChange;

TocsinRelationChange *tocsin_relation_change_new (TocsinFederation *fed,
                                                  TocsinActivity *activity,
                                                  TocsinKnownActor *sender,
                                                  gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_relation_change_free (TocsinRelationChange *self);
gboolean tocsin_relation_change_write (TocsinTxn *txn, gpointer change, GError **error);

void tocsin_relation_forget (TocsinTxn *txn, guint32 actor, gint64 now_us);
void tocsin_relation_end_follower (TocsinTxn *txn, TocsinPeerRecord *peer, gint64 now_us);

gboolean tocsin_relation_is_lost (const TocsinPeerRecord *peer, gint64 now_us);
gboolean tocsin_relation_is_owed_an_answer (const TocsinPeerRecord *peer, gint64 now_us);
void
tocsin_relation_answer (TocsinTxn *txn, const char *base, TocsinPeerRecord *peer, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinRelationChange, tocsin_relation_change_free)

G_END_DECLS
