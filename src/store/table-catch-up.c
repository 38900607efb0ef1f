/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-catch-up.h"

#include "store/txn-private.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinCatchUpRecord, actor),    TOCSIN_PLAIN (TocsinCatchUpRecord, last),
  TOCSIN_PLAIN (TocsinCatchUpRecord, items),    TOCSIN_PLAIN (TocsinCatchUpRecord, begun_us),
  TOCSIN_PLAIN (TocsinCatchUpRecord, done_us),  TOCSIN_PLAIN (TocsinCatchUpRecord, failed_us),
  TOCSIN_PLAIN (TocsinCatchUpRecord, retry_us), TOCSIN_STRING (TocsinCatchUpRecord, error),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinCatchUpRecord, fields, NULL);

void
tocsin_catch_up_record_clear (TocsinCatchUpRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

gboolean
tocsin_catch_up_get (TocsinTxn *txn, guint32 actor, TocsinCatchUpRecord *out)
{
  TocsinKey key = tocsin_key_u32 (actor);

  if (tocsin_txn_get_record (txn, TOCSIN_TABLE_CATCH_UP, &key, &shape, out))
    return TRUE;
  *out = (TocsinCatchUpRecord){ .actor = actor, .items = -1 };
  return FALSE;
}

void
tocsin_catch_up_put (TocsinTxn *txn, const TocsinCatchUpRecord *record)
{
  TocsinKey key = tocsin_key_u32 (record->actor);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_CATCH_UP, &key, &shape, record);
  tocsin_txn_note (txn, TOCSIN_NOTE_PEERS_CHANGED);
}

void
tocsin_catch_up_remove (TocsinTxn *txn, guint32 actor)
{
  TocsinKey key = tocsin_key_u32 (actor);

  tocsin_txn_del (txn, TOCSIN_TABLE_CATCH_UP, &key);
}

/* A reading goes on where the one before ended: done is only what got to the newest entry. One that
 * got further is to begin anew (fed/sync-note.c). */
static gboolean
is_at_end (const TocsinCatchUpRecord *record, const TocsinPeerRecord *peer)
{
  return record->begun_us == 0 || peer->sync_sequence == record->last;
}

TocsinCatchUpState
tocsin_catch_up_state (const TocsinCatchUpRecord *record, const TocsinPeerRecord *peer)
{
  if (peer->following == TOCSIN_FOLLOWING_PENDING && !peer->blocked)
    return TOCSIN_CATCH_UP_ASKED;
  if (peer->following == TOCSIN_FOLLOWING_REJECTED && !peer->blocked)
    return TOCSIN_CATCH_UP_REFUSED;
  if (!tocsin_peer_record_is_direct (peer) || peer->version_hold)
    return TOCSIN_CATCH_UP_NONE;
  if (record->failed_us != 0 && record->failed_us >= record->begun_us)
    return TOCSIN_CATCH_UP_FAILED;
  if (record->begun_us > record->done_us || peer->sync_state == TOCSIN_SYNC_READING)
    return TOCSIN_CATCH_UP_READING;
  /* What was read before it took us out and in again is not news. */
  if (peer->sync_state == TOCSIN_SYNC_NEVER ||
      (record->done_us != 0 && record->done_us < peer->following_since_us))
    return TOCSIN_CATCH_UP_WAITING;
  return is_at_end (record, peer) ? TOCSIN_CATCH_UP_DONE : TOCSIN_CATCH_UP_WAITING;
}
