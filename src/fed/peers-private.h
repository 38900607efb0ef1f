/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity-build.h"
#include "fed/peers.h"
#include "fed/publish.h"

G_BEGIN_DECLS

/* One action of the operator while it is under way: shared by peers.c, peers-act.c, peers-trust.c
 * and peers-key.c, and by nobody else. */

/**
 * TocsinTrustPlan:
 *
 * The trust statements about one actor that have to be published or taken back so that what
 * others read is what the operator wants. Proven on the main thread, written on the writer's.
 */
typedef struct _TocsinTrustPlan TocsinTrustPlan;

TocsinTrustPlan *tocsin_trust_plan_new (const TocsinFederation *fed,
                                        const char *actor,
                                        const guint8 wanted[TOCSIN_N_AREAS],
                                        gint64 now_us,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_trust_plan_free (TocsinTrustPlan *self);
gboolean tocsin_trust_plan_write (TocsinTxn *txn,
                                  const TocsinTrustPlan *self,
                                  const TocsinPolicy *policy,
                                  const TocsinPeerRecord *peer,
                                  gint64 now_us,
                                  GError **error);
void tocsin_trust_wanted (const TocsinPeerRecord *peer, guint8 wanted[TOCSIN_N_AREAS]);

typedef struct
{
  TocsinFederation *fed; /* (unowned) */
  TocsinPolicy *policy;  /* (owned) */
  char *base;            /* (owned) */
  char *who;             /* (owned) */
  char *actor;           /* (owned) (nullable) URI */
  gint64 now_us;
  TocsinTrustPlan *plan; /* (owned) (nullable) */

  char *acct;              /* (owned) (nullable) of a follow: what was resolved */
  TocsinKnownActor *known; /* (owned) (nullable) its document, just read */
  gint8 weights[TOCSIN_N_AREAS];
  TocsinFollowing following; /* (out) of a follow */
  TocsinPeerAction action;   /* of an act */
  TocsinPeerTrust trust;     /* of a trust */
  char *fingerprint;         /* (owned) (nullable) of a confirm-key */
  GError *refusal;           /* (owned) (nullable) (out) of a confirm-key, what is left to do */
  guint32 number;            /* of a confirm-key, the next four too */
  guint64 after;
  guint64 next;
  gboolean released;
} TocsinPeerChange;

GTask *tocsin_peer_change_begin (TocsinFederation *fed,
                                 const char *who,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_peer_change_name (TocsinPeerChange *self, const char *actor, GError **error);
gboolean
tocsin_peer_change_peek (const TocsinPeerChange *self, TocsinPeerRecord *out, GError **error);
gboolean tocsin_peer_change_find (TocsinTxn *txn,
                                  const TocsinPeerChange *self,
                                  TocsinPeerRecord *out,
                                  GError **error);
void tocsin_peer_change_submit (GTask *task, TocsinWriteFunc func);

/* A message of ours to one actor, in the making. */
typedef struct
{
  char *id;
  TocsinActivityHead head;
} TocsinPeerMessage;

void
tocsin_peer_message_init (TocsinPeerMessage *self, const TocsinPeerChange *change, const char *id);
guint64 tocsin_peer_message_send (
    TocsinTxn *txn, TocsinPeerMessage *self, JsonObject *activity, guint32 peer, gint64 now_us);
void tocsin_peer_message_clear (TocsinPeerMessage *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinPeerMessage, tocsin_peer_message_clear)

G_END_DECLS
