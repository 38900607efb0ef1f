/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What leaves this node for its followers, own and relayed activities alike: one entry in the
 * outbox, one small row a follower in the queue.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/relay.h"

#include <string.h>

#include "core/clock.h"
#include "fed/guards.h"
#include "store/table-meta.h"

/* Versions of one statement of trust that go out: so many at once, then one a turn. A turn is
 * longer the more statements its truster has: all of them together are one every ten minutes, or a
 * thousand a day. */
#define STATEMENT_AT_ONCE     4
#define STATEMENT_TURN_US     (10 * TOCSIN_MINUTE_US)
#define STATEMENT_TURN_MAX_US TOCSIN_DAY_US

#define META_WAITING  "statements-wait" /* guint32s: whose statements wait for their turn */
#define WAITING_SLICE 1000              /* statements looked at in one change */

#define META_UPDATES "updates" /* guint64s, ascending: our own in the outbox */
#define UPDATES_MAX  32        /* as many keys as a document names */

typedef struct
{
  const TocsinPolicy *policy;
  const TocsinOutboxRecord *entry;
  guint64 withdrawn_sequence; /* 0: it takes nothing back */
  gint64 now_us;
  GArray *peers;  /* (owned) of guint32 */
  GArray *unread; /* (owned) likewise: they have not read what is taken back */
} Audience;

/* docs/wire "Who speaks": a guest gets clear alone, a reader everything; another major version of
 * the protocol, and who may have lost its host, no Adds, but what it has from before is taken back
 * there too, and that our keys have changed is no secret. */
static gboolean
may_receive (const Audience *audience, const TocsinPeerRecord *peer)
{
  const TocsinOutboxRecord *entry = audience->entry;

  if (!tocsin_peer_record_is_follower (peer) || peer->away || peer->actor == entry->origin ||
      peer->actor == entry->relayed_from ||
      (tocsin_peer_record_is_kept_from_adds (peer) && entry->kind == TOCSIN_OUTBOX_ADD))
    return FALSE;
  if (peer->follower == TOCSIN_FOLLOWER_GUEST && entry->sharing != TOCSIN_SHARING_CLEAR &&
      entry->kind != TOCSIN_OUTBOX_UPDATE)
    return FALSE;
  /* What it has from before is taken back all the same. */
  return !audience->policy->free_rider_pauses || entry->kind != TOCSIN_OUTBOX_ADD ||
         !tocsin_guards_is_free_rider (peer, audience->now_us);
}

static gboolean
collect (const TocsinPeerRecord *peer, gpointer data)
{
  Audience *audience = data;

  /* Who read an Add that it was not sent yet needs the Remove. */
  if (may_receive (audience, peer))
    g_array_append_val (peer->delivered_sequence < audience->withdrawn_sequence ? audience->unread
                                                                                : audience->peers,
                        peer->actor);
  return TRUE;
}

/* ---- our own Updates ---- */

static void
note_update (TocsinTxn *txn, guint64 sequence)
{
  g_autoptr (GBytes) bytes = tocsin_meta_get (txn, META_UPDATES);
  gsize size = 0;
  const guint64 *before = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  gsize n = MIN (size / sizeof *before, UPDATES_MAX - 1);
  guint64 updates[UPDATES_MAX];

  /* cppcheck-suppress knownConditionTrueFalse ; it does not know what was read */
  if (n > 0)
    memcpy (updates, before + size / sizeof *before - n, n * sizeof *before);
  updates[n] = sequence;
  tocsin_meta_put (txn, META_UPDATES, updates, (n + 1) * sizeof *updates);
}

/**
 * tocsin_relay_next:
 * @txn: a transaction
 * @peer: the number of a peer
 * @out: (out): what it is to get next
 *
 * In order, but an Update of our own goes before all else: whatever is said from then on is signed
 * by the new key, which counts by nothing but that Update, even if it was queued before.
 *
 * Returns: %FALSE if nothing is queued
 */
gboolean
tocsin_relay_next (TocsinTxn *txn, guint32 peer, TocsinQueueEntry *out)
{
  g_autoptr (GBytes) bytes = tocsin_meta_get (txn, META_UPDATES);
  gsize size = 0;
  const guint64 *updates = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  for (gsize i = 0; i < size / sizeof *updates; i++)
    if (tocsin_queue_get (txn, peer, updates[i], out))
      return TRUE;
  return tocsin_queue_next (txn, peer, out);
}

/**
 * tocsin_relay_publish:
 * @txn: a write transaction
 * @policy: the state of this node
 * @entry: an Add, Remove or Update for followers; @sequence is not read
 * @withdrawn_sequence: as tocsin_relay_only_add() gives it for the Add that a Remove takes back, or
 *   0: followers that never saw it get neither
 * @now_us: the time
 *
 * Appends @entry to the outbox and queues it for every follower that may have it, except the
 * one it came from and the one whose it is.
 *
 * Returns: the sequence of the new entry
 */
guint64
tocsin_relay_publish (TocsinTxn *txn,
                      const TocsinPolicy *policy,
                      const TocsinOutboxRecord *entry,
                      guint64 withdrawn_sequence,
                      gint64 now_us)
{
  g_autoptr (GArray) peers = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) unread = g_array_new (FALSE, FALSE, sizeof (guint32));
  Audience audience = { .policy = policy,
                        .entry = entry,
                        .withdrawn_sequence = withdrawn_sequence,
                        .now_us = now_us,
                        .peers = peers,
                        .unread = unread };
  guint64 sequence = tocsin_outbox_append (txn, entry);

  if (entry->kind == TOCSIN_OUTBOX_UPDATE)
    note_update (txn, sequence);
  tocsin_peers_foreach_follower (txn, collect, &audience);
  for (guint i = 0; i < unread->len; i++)
    if (!tocsin_queue_cancel (txn, g_array_index (unread, guint32, i), withdrawn_sequence))
      g_array_append_val (peers, g_array_index (unread, guint32, i));
  tocsin_queue_add_many (txn, peers, sequence, now_us);
  return sequence;
}

/**
 * tocsin_relay_only_add:
 * @sequence: of the newest Add of what is taken back; 0: none
 * @forwarded: what is known of the versions before it
 * @published_us: of the newest
 * @updated_us: of the newest
 *
 * Who has not got the newest version may have an older one, and needs the Remove all the same. What
 * still waits is blanked, and sent to nobody.
 *
 * Returns: @sequence if there was no version before, else 0
 */
guint64
tocsin_relay_only_add (guint64 sequence, guint forwarded, gint64 published_us, gint64 updated_us)
{
  return (forwarded & TOCSIN_FORWARDED_AGAIN) == 0 && published_us == updated_us ? sequence : 0;
}

/* A direct peer is believed from the moment it accepts us; the trusted set is worked out aside, and
 * what it sends meanwhile may not be forwarded later. */
static gboolean
is_believed (TocsinTxn *txn, const TocsinPolicy *policy, guint32 actor)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  return tocsin_trust_snapshot_is_believed (policy->trust, actor) ||
         (tocsin_peers_get (txn, actor, &peer) && tocsin_peer_record_is_direct (&peer));
}

/**
 * tocsin_relay_report:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: (inout): a report of another actor, as it is stored
 * @now_us: the time
 *
 * Forwards a report to our followers, if docs/wire "Relay" lets us: it is live and not amber,
 * its proof verifies, its reporter is believed, and this version was not forwarded before.
 */
void
tocsin_relay_report (TocsinTxn *txn,
                     const TocsinPolicy *policy,
                     TocsinReportRecord *record,
                     gint64 now_us)
{
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_ADD,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = record->actor,
    .relayed_from = record->via,
    .report = record->number,
    .sharing = record->sharing,
    .created_us = now_us,
    .activity_id = record->activity_id,
    .activity = record->activity,
  };

  if (record->state != TOCSIN_STATE_LIVE || record->sharing == TOCSIN_SHARING_AMBER ||
      record->sequence != 0 || !record->verified || record->activity == NULL ||
      !is_believed (txn, policy, record->actor))
    return;
  tocsin_reports_set_sequence (
      txn, record, tocsin_relay_publish (txn, policy, &entry, 0, now_us),
      record->forwarded | TOCSIN_FORWARDED | (record->forwarded != 0 ? TOCSIN_FORWARDED_AGAIN : 0) |
          (record->sharing == TOCSIN_SHARING_CLEAR ? TOCSIN_FORWARDED_CLEAR : 0));
}

static gint64
turn_us (TocsinTxn *txn, const TocsinPolicy *policy, guint32 truster)
{
  gint64 n = MAX (tocsin_trust_count_of (txn, truster), 1);

  return MIN (n * STATEMENT_TURN_US, STATEMENT_TURN_MAX_US) / policy->time_scale;
}

/**
 * tocsin_relay_delay:
 * @txn: a transaction
 * @policy: the state of this node
 * @record: (inout): a trust statement that is new here
 * @removed_us: when one of its id was taken back here
 *
 * It goes out a turn after that: who states and takes back by turns would have both go out each
 * time.
 */
void
tocsin_relay_delay (TocsinTxn *txn,
                    const TocsinPolicy *policy,
                    TocsinTrustRecord *record,
                    gint64 removed_us)
{
  record->paid_us = MAX (record->paid_us,
                         removed_us + STATEMENT_AT_ONCE * turn_us (txn, policy, record->truster));
}

/* Whether a version of @record may go out now; then the turn is taken. */
static gboolean
take_turn (TocsinTrustRecord *record, gint64 turn, gint64 now_us)
{
  /* Turns may have been longer before, and the clock ahead. */
  gint64 paid_us = MIN (record->paid_us, now_us + STATEMENT_AT_ONCE * turn);

  if (paid_us > now_us + (STATEMENT_AT_ONCE - 1) * turn)
    return FALSE;
  record->paid_us = MAX (paid_us, now_us) + turn;
  return TRUE;
}

static void
send_statement (TocsinTxn *txn,
                const TocsinPolicy *policy,
                TocsinTrustRecord *record,
                gint64 now_us)
{
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_ADD,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = record->truster,
    .relayed_from = record->via,
    .sharing = TOCSIN_SHARING_GREEN,
    .created_us = now_us,
    .activity_id = record->activity_id,
    .activity = record->activity,
  };
  guint64 older = record->sequence;
  guint before = record->forwarded & TOCSIN_FORWARDED_ANY;

  record->forwarded = before | TOCSIN_FORWARDED | (before != 0 ? TOCSIN_FORWARDED_AGAIN : 0);
  record->sequence = tocsin_relay_publish (txn, policy, &entry, 0, now_us);
  /* The older version is of no use to anybody who catches up. */
  if (older != 0)
    tocsin_outbox_forget (txn, older);
}

static void
note_waiting (TocsinTxn *txn, guint32 truster)
{
  g_autoptr (GBytes) bytes = tocsin_meta_get (txn, META_WAITING);
  g_autoptr (GByteArray) trusters = g_byte_array_new ();
  gsize size = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;

  for (gsize i = 0; i + sizeof truster <= size; i += sizeof truster)
    if (memcmp (data + i, &truster, sizeof truster) == 0)
      return;
  if (size > 0)
    g_byte_array_append (trusters, data, (guint) size);
  g_byte_array_append (trusters, (const guint8 *) &truster, sizeof truster);
  tocsin_meta_put (txn, META_WAITING, trusters->data, trusters->len);
}

/**
 * tocsin_relay_statement:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: (inout): a trust statement of another actor; the caller stores it afterwards. On entry
 *   @sequence is that of an older version, or 0
 * @now_us: the time
 *
 * As tocsin_relay_report() for a statement whose proof verified and of which we understand every
 * member. Of one that changes all the time some versions are passed over: the newest waits for
 * tocsin_relay_waiting().
 *
 * Returns: %FALSE if it is not for others, and what went out of an older version is to go
 */
gboolean
tocsin_relay_statement (TocsinTxn *txn,
                        const TocsinPolicy *policy,
                        TocsinTrustRecord *record,
                        gint64 now_us)
{
  if (!record->live || record->activity == NULL || !is_believed (txn, policy, record->truster))
    return FALSE;
  if (take_turn (record, turn_us (txn, policy, record->truster), now_us))
    {
      send_statement (txn, policy, record, now_us);
      return TRUE;
    }
  record->forwarded |= TOCSIN_FORWARDED_LATER;
  note_waiting (txn, record->truster);
  return TRUE;
}

typedef struct
{
  guint n;       /* looked at */
  GArray *found; /* (unowned) of #TocsinTrustPlace */
} Waiting;

/* What is held is not for others; when it no longer is, that is looked at again. */
static gboolean
collect_waiting (const TocsinTrustRecord *record, gpointer data)
{
  Waiting *waiting = data;
  TocsinTrustPlace place = { .trustee = record->trustee, .area = record->area };

  waiting->n++;
  if (record->live && (record->forwarded & TOCSIN_FORWARDED_LATER) != 0)
    g_array_append_val (waiting->found, place);
  return TRUE;
}

/* Whether some of them wait on. */
static gboolean
relay_waiting_of (
    TocsinTxn *txn, const TocsinPolicy *policy, guint32 truster, gint64 now_us, guint *looked_at)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (TocsinTrustPlace));
  Waiting waiting = { .found = found };
  gboolean believed = is_believed (txn, policy, truster);
  gint64 turn = turn_us (txn, policy, truster);
  gboolean more = FALSE;

  tocsin_trust_foreach_of (txn, truster, collect_waiting, &waiting);
  *looked_at += waiting.n;
  for (guint i = 0; i < found->len; i++)
    {
      const TocsinTrustPlace *place = &g_array_index (found, TocsinTrustPlace, i);
      g_auto (TocsinTrustRecord) record = { 0 };

      if (!tocsin_trust_get (txn, truster, place->trustee, place->area, &record))
        continue;
      if (!believed || record.activity == NULL)
        record.forwarded &= TOCSIN_FORWARDED_ANY;
      else if (take_turn (&record, turn, now_us))
        send_statement (txn, policy, &record, now_us);
      else
        {
          more = TRUE;
          continue;
        }
      tocsin_trust_put (txn, &record);
    }
  return more;
}

/**
 * tocsin_relay_waiting:
 * @txn: a write transaction
 * @policy: the state of this node
 * @now_us: the time
 *
 * Forwards the newest versions of statements of trust whose turn has come. Looks at a bounded part
 * of them, the next call at what follows.
 */
void
tocsin_relay_waiting (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us)
{
  g_autoptr (GBytes) bytes = tocsin_meta_get (txn, META_WAITING);
  g_autoptr (GByteArray) more = g_byte_array_new ();
  g_autoptr (GByteArray) left = g_byte_array_new ();
  const guint8 *data;
  gsize size, i;
  guint looked_at = 0;

  if (bytes == NULL)
    return;
  data = g_bytes_get_data (bytes, &size);
  for (i = 0; i + sizeof (guint32) <= size && looked_at < WAITING_SLICE; i += sizeof (guint32))
    {
      guint32 truster;

      memcpy (&truster, data + i, sizeof truster);
      if (relay_waiting_of (txn, policy, truster, now_us, &looked_at))
        g_byte_array_append (more, data + i, sizeof truster);
    }
  g_byte_array_append (left, data + i, (guint) (size - i) / sizeof (guint32) * sizeof (guint32));
  g_byte_array_append (left, more->data, more->len);
  if (left->len == 0)
    tocsin_meta_remove (txn, META_WAITING);
  else if (left->len != size || memcmp (left->data, data, size) != 0)
    tocsin_meta_put (txn, META_WAITING, left->data, left->len);
}

/**
 * tocsin_relay_send:
 * @txn: a write transaction
 * @actor: whom it is for
 * @activity_id: its id
 * @activity: the body
 * @now_us: the time
 *
 * Queues a message to one actor: a Follow, Accept, Reject, Undo or Block. It has a sequence, so
 * that order is kept, and is in no page of the outbox.
 *
 * Returns: the sequence of the message
 */
guint64
tocsin_relay_send (
    TocsinTxn *txn, guint32 actor, const char *activity_id, GBytes *activity, gint64 now_us)
{
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_MESSAGE,
    .audience = actor,
    .created_us = now_us,
    .activity_id = (char *) activity_id,
    .activity = activity,
  };
  guint64 sequence = tocsin_outbox_append (txn, &entry);

  tocsin_queue_add (txn, actor, sequence, now_us);
  return sequence;
}

/**
 * tocsin_relay_unsend:
 * @txn: a write transaction
 * @actor: whom it was for
 * @activity_id: (nullable): the id of a message
 *
 * Takes a message back that still waits to be sent.
 */
void
tocsin_relay_unsend (TocsinTxn *txn, guint32 actor, const char *activity_id)
{
  guint64 sequence;

  if (activity_id != NULL && tocsin_outbox_find (txn, activity_id, &sequence) &&
      tocsin_queue_done (txn, actor, sequence))
    tocsin_outbox_blank (txn, sequence);
}

/* What stays is as it was. */
static void
drop (TocsinTxn *txn, guint32 peer, gboolean keep_messages)
{
  g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (TocsinQueueEntry));
  TocsinQueueEntry entry;

  while (tocsin_queue_next (txn, peer, &entry))
    {
      g_auto (TocsinOutboxRecord) record = { 0 };

      if (!tocsin_queue_done (txn, peer, entry.sequence))
        return;
      if (tocsin_outbox_get (txn, entry.sequence, &record) &&
          (record.kind == TOCSIN_OUTBOX_UPDATE ||
           (record.kind == TOCSIN_OUTBOX_MESSAGE && keep_messages)))
        g_array_append_val (kept, entry);
    }
  for (guint i = 0; i < kept->len; i++)
    {
      const TocsinQueueEntry *again = &g_array_index (kept, TocsinQueueEntry, i);

      tocsin_queue_add (txn, peer, again->sequence, again->due_us);
      tocsin_queue_update (txn, again);
    }
}

/**
 * tocsin_relay_drop_reports:
 * @txn: a write transaction
 * @peer: the number of a peer
 *
 * Takes the reports that @peer still had to get out of its queue; messages to it stay, and our own
 * Updates, without which it would believe no message.
 */
void
tocsin_relay_drop_reports (TocsinTxn *txn, guint32 peer)
{
  drop (txn, peer, TRUE);
}

/**
 * tocsin_relay_drop_all:
 * @txn: a write transaction
 * @peer: the number of a peer that is blocked
 *
 * Takes all that @peer still had to get out of its queue, but for our own Updates: that it is
 * blocked is said by the key that they name.
 */
void
tocsin_relay_drop_all (TocsinTxn *txn, guint32 peer)
{
  drop (txn, peer, FALSE);
}
