/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/identity.h"
#include "store/table-actors.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"

G_BEGIN_DECLS

/* Private to delivery.c: what delivery reads and writes in the store. */

typedef enum
{
  TOCSIN_NEXT_NOTHING, /* nothing is queued */
  TOCSIN_NEXT_LATER,   /* not before @due_us */
  TOCSIN_NEXT_SEND,    /* POST @body to @uri */
  TOCSIN_NEXT_PROBE,   /* nothing is queued, but the peer is away: GET @uri */
} TocsinNext;

typedef enum
{
  TOCSIN_ANSWER_NONE,    /* not sent, or cut off by our own end: neither good nor bad */
  TOCSIN_ANSWER_TAKEN,   /* 2xx */
  TOCSIN_ANSWER_REFUSED, /* a 4xx that will not change: this activity alone is dropped */
  TOCSIN_ANSWER_LATER,   /* worth a retry */
  TOCSIN_ANSWER_GONE,    /* 410 */
} TocsinAnswer;

/**
 * TocsinAttempt:
 * @peers: (owned) (element-type guint32): who shares the way: one peer, or all behind one shared
 *   inbox
 * @next: (out of a claim): what to do
 * @due_us: (out of a claim): with %TOCSIN_NEXT_LATER
 * @sequence: (out of a claim): of what is sent
 * @kind: (out of a claim): of what is sent
 * @relayed: (out of a claim): whether another than this node says it
 * @takers: (owned) (element-type guint32) (out of a claim): for which of @peers
 * @uri: (owned) (nullable) (out of a claim): where to
 * @body: (owned) (nullable) (out of a claim): what
 * @scheme: (out of a claim): how to sign it first; then what the answer came to
 * @answer: (in to a settlement): what came of it
 * @retry_after_us: (in to a settlement): what the peer asked for
 * @jitter: (in to a settlement): 0 to 1
 * @opened: (owned) (element-type guint32) (out of a settlement): whose breaker opened
 * @closed: (owned) (element-type guint32) (out of a settlement): whose breaker closed
 * @left: (owned) (element-type guint32) (out of a settlement): who is away from now on
 *
 * One call to one endpoint: claimed from the queue, made, settled.
 */
typedef struct
{
  gpointer lane; /* (unowned) delivery.c's */
  GArray *peers;
  TocsinNext next;
  gint64 due_us;
  guint64 sequence;
  TocsinOutboxKind kind;
  gboolean relayed;
  GArray *takers;
  char *uri;
  GBytes *body;
  TocsinSignScheme scheme;
  TocsinAnswer answer;
  gint64 retry_after_us;
  double jitter;
  GArray *opened;
  GArray *closed;
  GArray *left;
} TocsinAttempt;

/* Copies @peers; @lane is borrowed, and the caller's own. */
TocsinAttempt *tocsin_attempt_new (gpointer lane, const GArray *peers) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_attempt_free (TocsinAttempt *self);

/**
 * TocsinTurn:
 * @settle: (owned) (element-type TocsinAttempt): calls that were answered
 * @claim: (owned) (element-type TocsinAttempt): calls that could be made next
 * @reset: (owned) (element-type guint32): peers whose breaker is closed by hand, or who are back
 *
 * One change on the writer thread.
 */
typedef struct
{
  GPtrArray *settle;
  GPtrArray *claim;
  GArray *reset;
  gint64 now_us;
  guint time_scale;
  gboolean free_rider_warns; /* as in TocsinPolicy */
} TocsinTurn;

/* @time_scale divides what is waited, for tests; 1 otherwise. */
TocsinTurn *tocsin_turn_new (gint64 now_us, guint time_scale) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_turn_free (TocsinTurn *self);
gboolean tocsin_turn_write (TocsinTxn *txn, gpointer turn, GError **error);
char *tocsin_turn_endpoint (const TocsinActorRecord *actor) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinTurn, tocsin_turn_free)

G_END_DECLS
