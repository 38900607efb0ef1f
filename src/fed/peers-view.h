/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"
#include "store/table-peers.h"
#include "store/table-reports.h"

G_BEGIN_DECLS

/**
 * TocsinPeerFingerprint: one Ed25519 key of a peer.
 * @id: (owned): its URI
 * @fingerprint: (owned)
 * @pinned: it was there when the peer was accepted, or was proven or confirmed since
 * @current: the actor's document, as last read, names it
 */
typedef struct
{
  char *id;
  char *fingerprint;
  gboolean pinned;
  gboolean current;
} TocsinPeerFingerprint;

/**
 * TocsinPeerView:
 *
 * One peer as `tocsin peer list` and `peer show` tell of it. Free by tocsin_peer_view_clear().
 */
typedef struct
{
  guint32 number;
  char *actor;              /* (owned) URI */
  char *acct;               /* (owned) (nullable) user@host */
  char *preferred_username; /* (owned) (nullable) what it calls itself at its host */
  char *name;               /* (owned) (nullable) */
  char *protocol_version;   /* (owned) (nullable) */
  char *moved_to;           /* (owned) (nullable) */
  char *relation;           /* (owned) in short: "direct, reader", "guest", "blocked"… */
  const char *following;    /* none, pending, accepted, rejected: ours of it */
  const char *follower;     /* none, pending, guest, reader, rejected: its of us */
  gint64 following_since_us;
  gint64 follower_since_us;
  gint64 last_seen_us;
  gboolean direct;
  gboolean blocked;
  gboolean blocks_us;
  gboolean retired;              /* it said that it is gone, and it is */
  gint8 weights[TOCSIN_N_AREAS]; /* -1 unset */
  gboolean full;
  gboolean private_trust;

  const char *breaker;          /* outbound: closed, open, half-open, or away */
  gint64 breaker_open_until_us; /* 0: not open */
  guint failures;               /* in a row */
  const char *inbound;          /* closed, or open: the burst guard refuses its Adds */
  gint64 inbound_open_until_us; /* 0: not open */
  gint64 last_success_us;
  guint64 queued;  /* activities that it still has to get */
  guint64 dropped; /* and those that it refused for good */

  double given; /* with a half-life of 30 days, as the next three */
  double got;
  double first;
  double confirmed;
  double ratio;
  guint64 given_total;
  guint64 got_total;
  gboolean free_rider;
  TocsinActorCounts counts; /* of its reports here, by state */

  const char *catch_up;  /* none, asked, refused, waiting, reading, failed, done */
  guint64 read_sequence; /* of its outbox, as far as it is on disk here */
  guint64 last_sequence; /* its newest when it was last asked, at least @read_sequence */
  guint64 reports_read;  /* of its own, neither withdrawn nor expired */
  gint64 reports_total;  /* of them, what it said when it was read last; -1: nothing */
  gint64 read_begun_us;
  gint64 read_failed_us; /* 0: the last reading got to the end */
  gint64 read_retry_us;
  char *read_error; /* (owned) (nullable) */
  const char *sync; /* never, reading, matches, differs, alerted, unknown */
  gint64 sync_done_us;
  gboolean key_hold;       /* its key changed unproven */
  gboolean version_hold;   /* another major version of the protocol */
  gboolean leaked;         /* it relayed amber */
  GPtrArray *fingerprints; /* (owned) (element-type TocsinPeerFingerprint) */
} TocsinPeerView;

void tocsin_peers_describe (TocsinTxn *txn,
                            const TocsinPeerRecord *peer,
                            gint64 now_us,
                            TocsinPeerView *out);
void tocsin_peer_view_clear (TocsinPeerView *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinPeerView, tocsin_peer_view_clear)

/**
 * TocsinPeerSuggestion: an actor that direct peers trust and that we do not follow.
 * @actor: (owned): its URI
 * @rank: its part of 200 in area `any`; 0 if trust does not reach it
 * @trusted_by: (owned) (element-type utf8): the direct peers that do
 */
typedef struct
{
  char *actor;
  double rank;
  GPtrArray *trusted_by;
} TocsinPeerSuggestion;

GPtrArray *tocsin_peers_suggest (TocsinFederation *fed, guint max) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
