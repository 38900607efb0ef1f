/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-peers.h"

#include "store/places.h"
#include "store/table-catch-up.h"
#include "store/table-changes.h"
#include "store/table-heard.h"
#include "store/txn-private.h"

static const TocsinField key_fields[] = {
  TOCSIN_PLAIN (TocsinPeerKey, confirmed),
  TOCSIN_PLAIN (TocsinPeerKey, since_us),
  TOCSIN_STRING (TocsinPeerKey, id),
  TOCSIN_STRING (TocsinPeerKey, multibase),
};

static void peer_key_clear (gpointer data);

static const TocsinShape key_shape = TOCSIN_SHAPE (TocsinPeerKey, key_fields, peer_key_clear);

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinPeerRecord, actor),
  TOCSIN_PLAIN (TocsinPeerRecord, following),
  TOCSIN_PLAIN (TocsinPeerRecord, following_since_us),
  TOCSIN_STRING (TocsinPeerRecord, follow_id),
  TOCSIN_PLAIN (TocsinPeerRecord, follower),
  TOCSIN_PLAIN (TocsinPeerRecord, follower_since_us),
  TOCSIN_STRING (TocsinPeerRecord, follower_follow_id),
  TOCSIN_STRING (TocsinPeerRecord, follower_object),
  TOCSIN_PLAIN (TocsinPeerRecord, follower_answered_us),
  TOCSIN_PLAIN (TocsinPeerRecord, accept_sequence),
  TOCSIN_PLAIN (TocsinPeerRecord, blocked),
  TOCSIN_STRING (TocsinPeerRecord, block_id),
  TOCSIN_PLAIN (TocsinPeerRecord, blocks_us),
  TOCSIN_STRING (TocsinPeerRecord, note),
  TOCSIN_PLAIN (TocsinPeerRecord, weights),
  TOCSIN_PLAIN (TocsinPeerRecord, full),
  TOCSIN_PLAIN (TocsinPeerRecord, private_trust),
  TOCSIN_PLAIN (TocsinPeerRecord, outbound),
  TOCSIN_PLAIN (TocsinPeerRecord, inbound_open_until_us),
  TOCSIN_PLAIN (TocsinPeerRecord, last_success_us),
  TOCSIN_PLAIN (TocsinPeerRecord, first_failure_us),
  TOCSIN_PLAIN (TocsinPeerRecord, away),
  TOCSIN_PLAIN (TocsinPeerRecord, dropped),
  TOCSIN_PLAIN (TocsinPeerRecord, burst),
  TOCSIN_PLAIN (TocsinPeerRecord, first_batch),
  TOCSIN_PLAIN (TocsinPeerRecord, first_batch_done),
  TOCSIN_PLAIN (TocsinPeerRecord, withdrawals),
  TOCSIN_PLAIN (TocsinPeerRecord, contradictions),
  TOCSIN_PLAIN (TocsinPeerRecord, leaked),
  TOCSIN_PLAIN (TocsinPeerRecord, key_hold),
  TOCSIN_PLAIN (TocsinPeerRecord, version_hold),
  TOCSIN_PLAIN (TocsinPeerRecord, had_protocol_version),
  TOCSIN_PLAIN (TocsinPeerRecord, reciprocity),
  TOCSIN_PLAIN (TocsinPeerRecord, given_total),
  TOCSIN_PLAIN (TocsinPeerRecord, got_total),
  TOCSIN_PLAIN (TocsinPeerRecord, sync_epoch),
  TOCSIN_PLAIN (TocsinPeerRecord, sync_sequence),
  TOCSIN_PLAIN (TocsinPeerRecord, sync_due_us),
  TOCSIN_PLAIN (TocsinPeerRecord, sync_done_us),
  TOCSIN_PLAIN (TocsinPeerRecord, reread_us),
  TOCSIN_PLAIN (TocsinPeerRecord, sync_state),
  TOCSIN_PLAIN (TocsinPeerRecord, delivered_sequence),
  TOCSIN_ARRAY (TocsinPeerRecord, keys, &key_shape),
  TOCSIN_PLAIN (TocsinPeerRecord, scheme),
  TOCSIN_PLAIN (TocsinPeerRecord, last_seen_us),
};

#define N_HEAD_FIELDS (G_N_ELEMENTS (fields) - 3) /* up to the keys */

static const TocsinShape shape = TOCSIN_SHAPE (TocsinPeerRecord, fields, NULL);

static void
peer_key_clear (gpointer data)
{
  tocsin_shape_clear (&key_shape, data);
}

GArray *
tocsin_peer_keys_new (void)
{
  GArray *keys = g_array_new (FALSE, TRUE, sizeof (TocsinPeerKey));

  g_array_set_clear_func (keys, peer_key_clear);
  return keys;
}

void
tocsin_peer_record_init (TocsinPeerRecord *self, guint32 actor)
{
  *self = (TocsinPeerRecord){ .actor = actor };
  memset (self->weights, -1, sizeof self->weights);
}

void
tocsin_peer_record_clear (TocsinPeerRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

gboolean
tocsin_peer_record_has_weight (const TocsinPeerRecord *self)
{
  for (guint i = 0; i < TOCSIN_N_AREAS; i++)
    if (self->weights[i] > 0)
      return TRUE;
  return FALSE;
}

gboolean
tocsin_peer_record_is_direct (const TocsinPeerRecord *self)
{
  return self->following == TOCSIN_FOLLOWING_ACCEPTED && !self->blocked &&
         tocsin_peer_record_has_weight (self);
}

gboolean
tocsin_peer_record_is_over (const TocsinPeerRecord *self)
{
  for (guint area = 0; area < TOCSIN_N_AREAS; area++)
    if (self->weights[area] >= 0)
      return FALSE;
  return self->follower == TOCSIN_FOLLOWER_NONE && self->following == TOCSIN_FOLLOWING_NONE &&
         self->following_since_us == 0 && !self->blocked && self->note == NULL;
}

void
tocsin_peer_record_want_reread (TocsinPeerRecord *self)
{
  self->reread_us = -MAX (ABS (self->reread_us), 1);
}

gboolean
tocsin_peer_record_is_follower (const TocsinPeerRecord *self)
{
  return (self->follower == TOCSIN_FOLLOWER_GUEST || self->follower == TOCSIN_FOLLOWER_READER) &&
         !self->blocked && !self->blocks_us;
}

gboolean
tocsin_peer_record_is_kept_from_adds (const TocsinPeerRecord *self)
{
  return self->version_hold || self->key_hold;
}

/* Older versions of this program left a peer marked whose last weight was unset. Whatever weight it
 * is given later must not bring that along. */
static void
drop_stray_mark (TocsinPeerRecord *record)
{
  if (!tocsin_peer_record_has_weight (record))
    record->full = FALSE;
}

gboolean
tocsin_peers_get (TocsinTxn *txn, guint32 actor, TocsinPeerRecord *out)
{
  TocsinKey key = tocsin_key_u32 (actor);

  if (tocsin_txn_get_record (txn, TOCSIN_TABLE_PEERS, &key, &shape, out))
    {
      drop_stray_mark (out);
      /* It indexes an array. */
      if (out->contradictions.next < TOCSIN_GUARD_RECENT_REPORTS)
        return TRUE;
      tocsin_peer_record_clear (out);
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
    }
  tocsin_peer_record_init (out, actor);
  return FALSE;
}

static gboolean
same_trust (const TocsinPeerRecord *a, const TocsinPeerRecord *b)
{
  return memcmp (a->weights, b->weights, sizeof a->weights) == 0 && a->full == b->full &&
         a->following == b->following && a->blocked == b->blocked;
}

void
tocsin_peers_put (TocsinTxn *txn, const TocsinPeerRecord *record)
{
  TocsinKey key = tocsin_key_u32 (record->actor);
  g_auto (TocsinPeerRecord) old = { 0 };

  tocsin_peers_get (txn, record->actor, &old);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_PEERS, &key, &shape, record);
  if (tocsin_peer_record_is_follower (record) && !tocsin_peer_record_is_follower (&old))
    tocsin_txn_put (txn, TOCSIN_TABLE_FOLLOWERS, &key, "", 0);
  else if (!tocsin_peer_record_is_follower (record) && tocsin_peer_record_is_follower (&old))
    tocsin_txn_del (txn, TOCSIN_TABLE_FOLLOWERS, &key);
  tocsin_places_note (txn, record->actor, record);
  tocsin_txn_note (txn, TOCSIN_NOTE_PEERS_CHANGED);
  if (!same_trust (&old, record))
    tocsin_changes_add (txn, TOCSIN_CHANGE_TRUST, NULL);
}

void
tocsin_peers_remove (TocsinTxn *txn, guint32 actor)
{
  TocsinKey key = tocsin_key_u32 (actor);
  g_auto (TocsinPeerRecord) old = { 0 };

  if (!tocsin_peers_get (txn, actor, &old))
    return;
  tocsin_txn_del (txn, TOCSIN_TABLE_PEERS, &key);
  tocsin_catch_up_remove (txn, actor);
  tocsin_heard_remove (txn, actor);
  if (tocsin_peer_record_is_follower (&old))
    tocsin_txn_del (txn, TOCSIN_TABLE_FOLLOWERS, &key);
  tocsin_places_note (txn, actor, NULL);
  tocsin_txn_note (txn, TOCSIN_NOTE_PEERS_CHANGED);
  tocsin_changes_add (txn, TOCSIN_CHANGE_TRUST, NULL);
}

typedef struct
{
  TocsinPeerFunc func;
  gpointer data;
} Visit;

static gboolean
visit_peer (gconstpointer record, gpointer data)
{
  const Visit *visit = data;
  /* A view of it: the strings stay the row's. */
  TocsinPeerRecord peer = *(const TocsinPeerRecord *) record;

  drop_stray_mark (&peer);
  return visit->func (&peer, visit->data);
}

void
tocsin_peers_foreach (TocsinTxn *txn, TocsinPeerFunc func, gpointer data)
{
  Visit visit = { func, data };

  tocsin_txn_foreach (txn, TOCSIN_TABLE_PEERS, NULL, 0, &shape, visit_peer, &visit);
}

void
tocsin_peers_foreach_head (TocsinTxn *txn, TocsinPeerFunc func, gpointer data)
{
  Visit visit = { func, data };

  tocsin_txn_foreach_peek (txn, TOCSIN_TABLE_PEERS, NULL, &shape, N_HEAD_FIELDS, visit_peer,
                           &visit);
}

void
tocsin_peers_foreach_follower (TocsinTxn *txn, TocsinPeerFunc func, gpointer data)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_FOLLOWERS);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      g_auto (TocsinPeerRecord) record = { 0 };

      if (tocsin_peers_get (txn, tocsin_key_read_u32 (cursor.key.data), &record) &&
          !func (&record, data))
        return;
    }
}

static gboolean
count_peer (const TocsinPeerRecord *record, gpointer data)
{
  TocsinPeerCounts *counts = data;

  counts->peers++;
  counts->direct += tocsin_peer_record_is_direct (record);
  counts->following_pending += record->following == TOCSIN_FOLLOWING_PENDING;
  counts->followers += tocsin_peer_record_is_follower (record);
  counts->guests += record->follower == TOCSIN_FOLLOWER_GUEST;
  counts->readers += record->follower == TOCSIN_FOLLOWER_READER;
  counts->followers_pending += record->follower == TOCSIN_FOLLOWER_PENDING;
  counts->blocked += record->blocked != FALSE;
  counts->away += record->away != FALSE;
  return TRUE;
}

void
tocsin_peers_count (TocsinTxn *txn, TocsinPeerCounts *out)
{
  *out = (TocsinPeerCounts){ 0 };
  tocsin_peers_foreach_head (txn, count_peer, out);
}
