/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/collection-json.h"
#include "fed/policy.h"
#include "store/table-peers.h"

G_BEGIN_DECLS

/* Private to sync.c and sync-read.c: what a reading writes of the peer when it begins and ends. */

/* Why a reading failed, where the peer no longer knows that we follow it; peers.c asks for that. */
#define TOCSIN_SYNC_NOT_SHOWN "The peer does not show its outbox"

/**
 * TocsinSyncNote:
 * @policy: (owned): the state of this node
 * @actor: whose outbox
 * @since_us: since when it is followed; if that changed, nothing is written
 * @epoch: of that outbox
 * @last: at the begin: its newest sequence
 * @from_zero: at the begin: all of it is read
 * @items: how many reports it says it has for us; -1: it does not say
 * @now_us: the time
 * @due_us: when it is to be read next
 * @day_us: how long a day is: a part of it in tests
 * @compared: the peer's digest could be compared
 * @matches: and is the same as ours
 * @source: (owned): what the batch of a first reading is called
 * @again: (out of the end): it is to be read from 0 at once
 * @batch: (out of the begin): of a first reading, else 0
 * @sequence: (out of the begin): how far it was read before
 */
typedef struct
{
  TocsinPolicy *policy;
  guint32 actor;
  gint64 since_us;
  guint64 epoch;
  guint64 last;
  gboolean from_zero;
  gint64 items;
  gint64 now_us;
  gint64 due_us;
  gint64 day_us;
  gboolean compared;
  gboolean matches;
  char *source;
  gboolean again;
  guint64 batch;
  guint64 sequence;
} TocsinSyncNote;

void tocsin_sync_note_free (TocsinSyncNote *self);

/* Whether the peer is still followed as it was when the reading began; @peer gets its record. */
gboolean tocsin_sync_note_find (
    TocsinTxn *txn, guint32 actor, gint64 since_us, TocsinPeerRecord *peer, GError **error);
guint64 tocsin_sync_epoch_number (const char *epoch);
gboolean tocsin_sync_note_write_begin (TocsinTxn *txn, gpointer note, GError **error);
gboolean tocsin_sync_note_write_end (TocsinTxn *txn, gpointer note, GError **error);

/**
 * TocsinSyncFailure: why a reading did not get to the end.
 * @retry_us: when the next may begin
 * @error: (owned): in a sentence
 */
typedef struct
{
  guint32 actor;
  gint64 now_us;
  gint64 retry_us;
  char *error;
} TocsinSyncFailure;

/* Copies the message of @error. */
TocsinSyncFailure *tocsin_sync_failure_new (guint32 actor,
                                            gint64 now_us,
                                            gint64 retry_us,
                                            const GError *error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_sync_failure_free (TocsinSyncFailure *self);
gboolean tocsin_sync_failure_write (TocsinTxn *txn, gpointer failure, GError **error);

gboolean tocsin_sync_note_matches (TocsinTxn *txn, guint32 actor, const TocsinCollectionHead *head);

G_END_DECLS
