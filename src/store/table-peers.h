/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/breaker.h"
#include "core/category.h"
#include "core/guard.h"
#include "store/txn.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_FOLLOWING_NONE,
  TOCSIN_FOLLOWING_PENDING, /* we asked */
  TOCSIN_FOLLOWING_ACCEPTED,
  TOCSIN_FOLLOWING_REJECTED,
} TocsinFollowing;

typedef enum
{
  TOCSIN_FOLLOWER_NONE,
  TOCSIN_FOLLOWER_PENDING, /* they asked; the operator has not answered */
  TOCSIN_FOLLOWER_GUEST,   /* by policy: gets clear alone */
  TOCSIN_FOLLOWER_READER,  /* accepted by hand: clear, green, amber */
  TOCSIN_FOLLOWER_REJECTED,
} TocsinFollower;

typedef enum
{
  TOCSIN_PEER_SCHEME_UNKNOWN,
  TOCSIN_PEER_SCHEME_RFC9421_ED25519,
  TOCSIN_PEER_SCHEME_RFC9421_RSA,
  TOCSIN_PEER_SCHEME_DRAFT_RSA, /* Cavage draft-12 */
} TocsinPeerScheme;

typedef enum
{
  TOCSIN_SYNC_NEVER,   /* not read yet */
  TOCSIN_SYNC_READING, /* a read began and has not ended */
  TOCSIN_SYNC_MATCHES, /* digests agreed at the last comparison */
  TOCSIN_SYNC_DIFFERS, /* they did not; one re-read from 0 a day */
  TOCSIN_SYNC_ALERTED, /* and did not after the re-read either */
  TOCSIN_SYNC_UNKNOWN, /* read to the end, nothing to compare */
} TocsinSyncState;

/**
 * TocsinPeerKey: an Ed25519 key that was pinned when the peer was accepted.
 */
typedef struct
{
  gboolean confirmed; /* FALSE: seen after a change that no pinned key proved */
  gint64 since_us;
  char *id;        /* (owned) */
  char *multibase; /* (owned) */
} TocsinPeerKey;

/**
 * TocsinPeerRecord:
 *
 * All that this node remembers about its dealings with one actor. Free by
 * tocsin_peer_record_clear(); begin with tocsin_peer_record_init().
 */
typedef struct
{
  guint32 actor;

  /* Relations. */
  TocsinFollowing following;
  gint64 following_since_us; /* of the present state; 0: we never followed it */
  char *follow_id;           /* (nullable) id of our Follow */
  TocsinFollower follower;
  gint64 follower_since_us;    /* likewise; 0: it never asked */
  char *follower_follow_id;    /* (nullable) id of their Follow */
  char *follower_object;       /* (nullable) its object, as they wrote it */
  gint64 follower_answered_us; /* at most once an hour; negated while a newer Follow waits for it */
  guint64 accept_sequence;     /* our newest Accept or Reject in the outbox; 0: none */
  gboolean blocked;            /* by us */
  char *block_id;              /* (nullable) id of our Block; NULL if none was sent */
  gboolean blocks_us;
  char *note; /* (nullable) the operator's */

  /* Trust that the operator gives. */
  gint8 weights[TOCSIN_N_AREAS]; /* -1 unset, 0 distrust, 1..100; index TocsinArea */
  gboolean full;                 /* its first-hand reports count as our own */
  gboolean private_trust;        /* not published */

  /* Breakers and limits. */
  TocsinBreaker outbound;
  gint64 inbound_open_until_us; /* burst guard: 429 for its Adds until then */
  gint64 last_success_us;       /* of a delivery */
  gint64 first_failure_us;      /* since the last success; 0: none */
  gboolean away;                /* queue emptied; it catches up from our outbox */
  guint64 dropped;              /* activities that it refused for good */

  /* Guards, model.md 7. */
  TocsinBurst burst;
  guint64 first_batch; /* batch of the first read; 0: not begun */
  gboolean first_batch_done;
  TocsinWithdrawals withdrawals;
  TocsinContradictions contradictions;
  gboolean leaked;               /* relayed amber */
  gboolean key_hold;             /* its key changed unproven: held until confirmed */
  gboolean version_hold;         /* another major protocolVersion */
  gboolean had_protocol_version; /* when accepted: every Add must carry a proof */

  TocsinReciprocity reciprocity;
  guint64 given_total;
  guint64 got_total;

  /* Catching up with its outbox. */
  guint64 sync_epoch;
  guint64 sync_sequence; /* read up to here */
  gint64 sync_due_us;
  gint64 sync_done_us;
  gint64 reread_us; /* newest re-read from 0; negated while another is wanted */
  TocsinSyncState sync_state;
  guint64 delivered_sequence; /* newest Add of ours that it took or read */

  /* Keys and scheme. */
  GArray *keys; /* (owned) (nullable) of TocsinPeerKey, with a clear func */
  TocsinPeerScheme scheme;
  gint64 last_seen_us; /* newest authenticated message of theirs */
} TocsinPeerRecord;

/* A peer with no trust set in any area; owns nothing. */
void tocsin_peer_record_init (TocsinPeerRecord *self, guint32 actor);
void tocsin_peer_record_clear (TocsinPeerRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinPeerRecord, tocsin_peer_record_clear)
GArray *tocsin_peer_keys_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Some weight of ours is above 0. */
gboolean tocsin_peer_record_has_weight (const TocsinPeerRecord *self);

/* We follow it, it accepted, and some weight of ours is above 0: docs/wire "Who speaks". */
gboolean tocsin_peer_record_is_direct (const TocsinPeerRecord *self);

/* Nothing is left between us but that it once asked to follow: neither side follows or blocks, the
 * operator said nothing about it, and it was never followed. */
gboolean tocsin_peer_record_is_over (const TocsinPeerRecord *self);

/* Has its outbox read again from 0, at most once a day: also after a restart. */
void tocsin_peer_record_want_reread (TocsinPeerRecord *self);

/* It is to get what we send: a guest or a reader that is neither blocked nor blocking us. */
gboolean tocsin_peer_record_is_follower (const TocsinPeerRecord *self);

/* It speaks another major version, or may be somebody else: no Adds go to it, and none are shown to
 * it. In our outbox it reads them when that has ended. */
gboolean tocsin_peer_record_is_kept_from_adds (const TocsinPeerRecord *self);

/**
 * TocsinPeerCounts: how many peers are in which state.
 */
typedef struct
{
  guint64 peers;
  guint64 direct;
  guint64 following_pending;
  guint64 followers; /* guests and readers */
  guint64 guests;
  guint64 readers;
  guint64 followers_pending;
  guint64 blocked;
  guint64 away;
} TocsinPeerCounts;

/* @out is initialised in any case; %FALSE if we have had nothing to do with @actor. Whatever is
 * stored, who has no weight is not read as trusted in full, here and below. */
gboolean tocsin_peers_get (TocsinTxn *txn, guint32 actor, TocsinPeerRecord *out);
/* Notes PEERS_CHANGED; and TRUST_CHANGED with a new generation if weights, full, following or
 * block differ from what was stored. */
void tocsin_peers_put (TocsinTxn *txn, const TocsinPeerRecord *record);
void tocsin_peers_remove (TocsinTxn *txn, guint32 actor);
typedef gboolean (*TocsinPeerFunc) (const TocsinPeerRecord *record, gpointer data);
void tocsin_peers_foreach (TocsinTxn *txn, TocsinPeerFunc func, gpointer data);
/* Likewise, but nothing is copied, and the record has no `keys`, `scheme` and `last_seen_us`: ten
 * times as quick, for the main thread. */
void tocsin_peers_foreach_head (TocsinTxn *txn, TocsinPeerFunc func, gpointer data);
/* Those of tocsin_peer_record_is_follower(), without a look at the others. */
void tocsin_peers_foreach_follower (TocsinTxn *txn, TocsinPeerFunc func, gpointer data);
void tocsin_peers_count (TocsinTxn *txn, TocsinPeerCounts *out);

G_END_DECLS
