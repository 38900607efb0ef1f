/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What leaves this node for its followers, own and relayed activities alike: one entry in the
 * outbox, one small row a follower in the queue.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/relay.h"

#include "fed/guards.h"
#include "store/table-queue.h"

typedef struct
{
  const TocsinPolicy *policy;
  const TocsinOutboxRecord *entry;
  guint64 withdrawn_sequence; /* 0: it takes nothing back */
  gint64 now_us;
  GArray *peers;  /* (owned) of guint32 */
  GArray *unread; /* (owned) likewise: they have not read what is taken back */
} Audience;

/* Protocol.md, "Identity": a guest gets clear alone, a reader everything; another major version of
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
 * Forwards a report to our followers, if protocol.md, "Relay", lets us: it is live and not amber,
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

/**
 * tocsin_relay_statement:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: (inout): a trust statement of another actor; the caller stores it afterwards
 * @now_us: the time
 *
 * As tocsin_relay_report() for a statement whose proof verified and of which we understand every
 * member. One that was forwarded is not forwarded again.
 */
void
tocsin_relay_statement (TocsinTxn *txn,
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

  if (!record->live || record->sequence != 0 || record->activity == NULL ||
      !is_believed (txn, policy, record->truster))
    return;
  record->forwarded |= TOCSIN_FORWARDED | (record->forwarded != 0 ? TOCSIN_FORWARDED_AGAIN : 0);
  record->sequence = tocsin_relay_publish (txn, policy, &entry, 0, now_us);
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
