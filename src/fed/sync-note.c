/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/sync-note.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "fed/guards.h"
#include "store/table-catch-up.h"
#include "store/table-imports.h"
#include "store/table-reports.h"
#include "store/table-review.h"

#define ERROR_BYTES_MAX 1000
#define FIRST_BATCH_DAYS                                                                           \
  7 /* after which a first reading is over, whether it got to its end or not */

void
tocsin_sync_note_free (TocsinSyncNote *self)
{
  g_clear_pointer (&self->policy, tocsin_policy_unref);
  g_free (self->source);
  g_free (self);
}

static void
note_begun (TocsinTxn *txn, const TocsinSyncNote *note)
{
  g_auto (TocsinCatchUpRecord) record = { 0 };

  tocsin_catch_up_get (txn, note->actor, &record);
  record.begun_us = MAX (note->now_us, record.failed_us + 1);
  record.last = note->last;
  if (note->items >= 0)
    record.items = note->items;
  tocsin_catch_up_put (txn, &record);
}

static void
note_done (TocsinTxn *txn, const TocsinSyncNote *note)
{
  g_auto (TocsinCatchUpRecord) record = { 0 };

  tocsin_catch_up_get (txn, note->actor, &record);
  record.done_us = MAX (note->now_us, record.begun_us);
  record.failed_us = record.retry_us = 0;
  g_clear_pointer (&record.error, g_free);
  if (note->items >= 0)
    record.items = note->items;
  tocsin_catch_up_put (txn, &record);
}

static void
close_batch (TocsinTxn *txn, const TocsinSyncNote *note, TocsinPeerRecord *peer)
{
  g_auto (TocsinImportRecord) batch = { 0 };
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_BATCH,
    .actor = note->actor,
    .batch = peer->first_batch,
    .created_us = note->now_us,
    .text = (char *) "First reading of this peer's reports; it can be rejected whole",
  };

  if (peer->first_batch == 0 || peer->first_batch_done)
    return;
  peer->first_batch_done = TRUE;
  if (!tocsin_imports_get (txn, peer->first_batch, &batch))
    return;
  line.count = batch.count;
  if (batch.count > 0)
    tocsin_review_add (txn, &line);
}

/* A first reading that is broken off again and again must not go on for ever: what is read in it
 * passes the guard against bursts, and there is no line to reject it by. */
static gboolean
is_batch_overdue (TocsinTxn *txn, const TocsinSyncNote *note, const TocsinPeerRecord *peer)
{
  g_auto (TocsinImportRecord) batch = { 0 };

  return !tocsin_imports_get (txn, peer->first_batch, &batch) ||
         note->now_us - batch.created_us >= FIRST_BATCH_DAYS * note->day_us;
}

/* An epoch as the record of a peer has it. */
guint64
tocsin_sync_epoch_number (const char *epoch)
{
  TocsinId id = tocsin_id_for_string (epoch != NULL ? epoch : "");
  guint64 number;

  memcpy (&number, id.bytes, sizeof number);
  return number != 0 ? number : 1; /* 0 is “never read” */
}

/* Who is unfollowed and followed again is read anew, as a batch: what an older reading still brings
 * has no place in that. */
gboolean
tocsin_sync_note_find (
    TocsinTxn *txn, guint32 actor, gint64 since_us, TocsinPeerRecord *peer, GError **error)
{
  if (tocsin_peers_get (txn, actor, peer) && peer->following_since_us == since_us)
    return TRUE;
  if (tocsin_txn_check (txn, error))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_A_PEER,
                         "The relation to the peer changed while its outbox was read");
  return FALSE;
}

static gboolean
is_reread_due (const TocsinSyncNote *note, const TocsinPeerRecord *peer)
{
  return tocsin_time_due (ABS (peer->reread_us) + note->day_us, note->now_us, note->day_us) <=
         note->now_us;
}

/* An outbox that goes less far than it was read, which none does by itself, begins at 0: it is of
 * an older copy of the disk, or somebody had the host and said that it went further. What it has
 * was never read then, nor what it will have. Once a day, as all that is read again; until then the
 * cursor stays where nothing can be. */
static void
go_back (const TocsinSyncNote *note, TocsinPeerRecord *peer)
{
  if (!note->from_zero && !is_reread_due (note, peer))
    {
      tocsin_peer_record_want_reread (peer);
      return;
    }
  if (!note->from_zero)
    peer->reread_us = note->now_us;
  peer->sync_sequence = 0;
}

/* So does a new epoch, at once. */
static void
follow_head (const TocsinSyncNote *note, TocsinPeerRecord *peer)
{
  if (peer->sync_epoch != note->epoch)
    {
      peer->sync_epoch = note->epoch;
      peer->sync_sequence = 0;
    }
  else if (peer->sync_sequence > note->last)
    go_back (note, peer);
}

/* A #TocsinWriteFunc: the first reading of a peer is one batch. */
gboolean
tocsin_sync_note_write_begin (TocsinTxn *txn, gpointer note, GError **error)
{
  TocsinSyncNote *self = note;
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (!tocsin_sync_note_find (txn, self->actor, self->since_us, &peer, error))
    return FALSE;
  if (peer.first_batch == 0)
    {
      TocsinImportRecord record = { .created_us = self->now_us,
                                    .actor = self->actor,
                                    .source = self->source };

      peer.first_batch = tocsin_imports_add (txn, &record);
    }
  else if (!peer.first_batch_done && is_batch_overdue (txn, self, &peer))
    close_batch (txn, self, &peer);
  follow_head (self, &peer);
  if (peer.sync_state == TOCSIN_SYNC_NEVER)
    peer.sync_state = TOCSIN_SYNC_READING;
  /* Also where it will break off: who lets itself be read is not silent. */
  tocsin_guards_hear (&peer, self->policy, self->now_us);
  self->batch = peer.first_batch_done ? 0 : peer.first_batch;
  self->sequence = peer.sync_sequence;
  tocsin_peers_put (txn, &peer);
  note_begun (txn, self);
  return tocsin_txn_check (txn, error);
}

static void
note_drift (TocsinTxn *txn, const TocsinSyncNote *note)
{
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_DRIFT,
    .actor = note->actor,
    .count = 1,
    .created_us = note->now_us,
    .text = (char *) "What this peer says it reported is not what it sent",
  };
  guint64 id;

  if (!tocsin_review_find_open (txn, TOCSIN_REVIEW_DRIFT, note->actor, 0, &id))
    tocsin_review_add (txn, &line);
}

/* One re-read from 0 a day; if that does not help, a person hears of it. */
static void
judge_digest (TocsinTxn *txn, TocsinSyncNote *note, TocsinPeerRecord *peer)
{
  if (!note->compared)
    {
      if (peer->sync_state != TOCSIN_SYNC_DIFFERS && peer->sync_state != TOCSIN_SYNC_ALERTED)
        peer->sync_state = TOCSIN_SYNC_UNKNOWN;
    }
  else if (note->matches)
    peer->sync_state = TOCSIN_SYNC_MATCHES;
  else if (is_reread_due (note, peer))
    {
      peer->reread_us = -note->now_us;
      peer->sync_state = TOCSIN_SYNC_DIFFERS;
      note->again = TRUE;
    }
  else
    {
      peer->sync_state = TOCSIN_SYNC_ALERTED;
      note_drift (txn, note);
    }
}

/* A #TocsinWriteFunc. */
gboolean
tocsin_sync_note_write_end (TocsinTxn *txn, gpointer note, GError **error)
{
  TocsinSyncNote *self = note;
  g_auto (TocsinPeerRecord) peer = { 0 };

  self->again = FALSE;
  if (!tocsin_sync_note_find (txn, self->actor, self->since_us, &peer, error))
    return FALSE;
  judge_digest (txn, self, &peer);
  close_batch (txn, self, &peer);
  tocsin_guards_hear_out (&peer, self->policy, self->now_us);
  peer.sync_done_us = self->now_us;
  peer.sync_due_us = self->due_us;
  tocsin_peers_put (txn, &peer);
  note_done (txn, self);
  return tocsin_txn_check (txn, error);
}

TocsinSyncFailure *
tocsin_sync_failure_new (guint32 actor, gint64 now_us, gint64 retry_us, const GError *error)
{
  TocsinSyncFailure *self = g_new0 (TocsinSyncFailure, 1);

  self->actor = actor;
  self->now_us = now_us;
  self->retry_us = retry_us;
  self->error = tocsin_error_clean_text (error->message, ERROR_BYTES_MAX);
  return self;
}

void
tocsin_sync_failure_free (TocsinSyncFailure *self)
{
  g_free (self->error);
  g_free (self);
}

/* A #TocsinWriteFunc. */
gboolean
tocsin_sync_failure_write (TocsinTxn *txn, gpointer failure, GError **error)
{
  TocsinSyncFailure *self = failure;
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinCatchUpRecord) record = { 0 };

  /* Who is no peer any more needs no row. */
  if (!tocsin_peers_get (txn, self->actor, &peer) || !tocsin_peer_record_is_direct (&peer))
    return tocsin_txn_check (txn, error);
  tocsin_catch_up_get (txn, self->actor, &record);
  record.failed_us = MAX (self->now_us, record.begun_us);
  record.retry_us = self->retry_us;
  g_free (record.error);
  record.error = g_strdup (self->error);
  tocsin_catch_up_put (txn, &record);
  return tocsin_txn_check (txn, error);
}

/* What we received of the peer, as it would count it for a guest, and for a reader. */
gboolean
tocsin_sync_note_matches (TocsinTxn *txn, guint32 actor, const TocsinCollectionHead *head)
{
  static const TocsinSharing views[] = { TOCSIN_SHARING_CLEAR, TOCSIN_SHARING_AMBER };

  for (guint i = 0; i < G_N_ELEMENTS (views); i++)
    {
      guint8 digest[TOCSIN_SHA256_BYTES];
      guint64 items = tocsin_reports_digest (txn, actor, head->as_of_us, views[i], digest);

      if (memcmp (digest, head->digest, sizeof digest) == 0 &&
          (head->total_items < 0 || items == (guint64) head->total_items))
        return TRUE;
    }
  return FALSE;
}
