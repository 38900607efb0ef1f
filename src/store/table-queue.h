/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinQueueEntry: that a peer still has to get an activity of the outbox.
 */
typedef struct
{
  guint32 peer;
  guint64 sequence;
  guint8 attempts; /* that failed; stays at 255 */
  gint64 due_us;   /* not before */
} TocsinQueueEntry;

/* Already queued: left as it is. */
void tocsin_queue_add (TocsinTxn *txn, guint32 peer, guint64 sequence, gint64 due_us);
/* @peers: of guint32 */
void tocsin_queue_add_many (TocsinTxn *txn, const GArray *peers, guint64 sequence, gint64 due_us);
gboolean tocsin_queue_get (TocsinTxn *txn, guint32 peer, guint64 sequence, TocsinQueueEntry *out);
/* The lowest sequence of @peer: deliveries are in order. %FALSE: nothing is left. */
gboolean tocsin_queue_next (TocsinTxn *txn, guint32 peer, TocsinQueueEntry *out);
/* Writes attempts and due time of an entry that is queued. %FALSE if it is not. */
gboolean tocsin_queue_update (TocsinTxn *txn, const TocsinQueueEntry *entry);
/* Delivered, or given up. %FALSE if it is not queued. */
gboolean tocsin_queue_done (TocsinTxn *txn, guint32 peer, guint64 sequence);
/* Returns how many were queued. */
guint tocsin_queue_drop_peer (TocsinTxn *txn, guint32 peer);

/**
 * tocsin_queue_cancel:
 * @add: sequence of an Add that is being withdrawn
 *
 * Takes an Add that was never tried out of the queue: an Add and its Remove both undelivered
 * cancel out. After an attempt it stays, since a lost answer looks like a failure.
 *
 * Returns: %TRUE if @peer never saw it, and so needs no Remove
 */
gboolean tocsin_queue_cancel (TocsinTxn *txn, guint32 peer, guint64 add);

/* Each peer that has something queued, once, with its next entry and how many it has. */
typedef gboolean (*TocsinQueueFunc) (const TocsinQueueEntry *next, guint64 count, gpointer data);
void tocsin_queue_foreach_peer (TocsinTxn *txn, TocsinQueueFunc func, gpointer data);
guint64 tocsin_queue_count_of (TocsinTxn *txn, guint32 peer);
guint64 tocsin_queue_count (TocsinTxn *txn);

G_END_DECLS
