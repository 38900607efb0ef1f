/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"
#include "store/table-peers.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

/* What the operator does about other actors. Everything here is for the main thread; each action
 * is one change on the writer, with an entry in the audit log that names @who: the token's name,
 * or "socket". An @actor is a URI or what tocsin_peers_lookup() takes. */

/**
 * TocsinFollowed:
 * @actor: (owned): its URI
 * @fingerprints: (owned) (array zero-terminated=1): of the Ed25519 keys that its document names,
 *   for people to compare; empty if it names none
 * @following: what became of it: accepted, if it had been before
 */
typedef struct
{
  char *actor;
  char **fingerprints;
  TocsinFollowing following;
} TocsinFollowed;

void tocsin_followed_free (TocsinFollowed *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFollowed, tocsin_followed_free)

void tocsin_peers_follow_async (TocsinFederation *fed,
                                const char *text,
                                const gint8 weights[TOCSIN_N_AREAS],
                                const char *who,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
TocsinFollowed *tocsin_peers_follow_finish (GAsyncResult *result,
                                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  TOCSIN_PEER_UNFOLLOW, /* end our Follow; its reports stop counting */
  TOCSIN_PEER_ACCEPT,   /* a pending follower or a guest becomes a reader */
  TOCSIN_PEER_REJECT,   /* a pending follower, a guest or a reader gets nothing */
  TOCSIN_PEER_BLOCK,    /* nothing goes either way */
  TOCSIN_PEER_UNBLOCK,
  TOCSIN_PEER_RESET, /* close its breakers */
} TocsinPeerAction;

gboolean tocsin_peer_action_from_string (const char *word, TocsinPeerAction *out);

void tocsin_peers_act_async (TocsinFederation *fed,
                             const char *actor,
                             TocsinPeerAction action,
                             const char *who,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tocsin_peers_act_finish (GAsyncResult *result, GError **error);

/**
 * TocsinPeerTrust: the weight of one area, and two marks of the whole peer.
 * @weight: 1 to 100; 0 distrusts, which stays at home; -1 unsets
 * @full: its first-hand reports count as our own; -1: as it is
 * @private_trust: no trust statement is published; -1: as it is
 */
typedef struct
{
  TocsinArea area;
  int weight;
  int full;
  int private_trust;
} TocsinPeerTrust;

void tocsin_peers_trust_async (TocsinFederation *fed,
                               const char *actor,
                               const TocsinPeerTrust *trust,
                               const char *who,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean tocsin_peers_trust_finish (GAsyncResult *result, GError **error);

void tocsin_peers_confirm_key_async (TocsinFederation *fed,
                                     const char *actor,
                                     const char *fingerprint,
                                     const char *who,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
gboolean tocsin_peers_confirm_key_finish (GAsyncResult *result, GError **error);
void tocsin_peers_release_key (TocsinFederation *fed, guint32 actor);

char *tocsin_peers_lookup (TocsinFederation *fed,
                           const char *text,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
