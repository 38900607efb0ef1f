/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What delivery does to the store, on the writer thread: it writes down what became of calls and
 * says which to make next, in one transaction. An entry counts as tried before it is sent, so
 * that an Add and its Remove cancel out only if no byte of the Add can have arrived.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/delivery-turn.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"
#include "fed/guards.h"
#include "fed/relay.h"

#define BREAKER_OPENS_AT 5    /* failures in a row, as core/breaker.c has it */
#define AWAY_ATTEMPTS    12   /* of a message to a peer that is away: about three days */
#define SKIPS_PER_CLAIM  1000 /* entries passed over in one change; the rest waits for the next */

static GArray *
actors_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (guint32));
}

TocsinAttempt *
tocsin_attempt_new (gpointer lane, const GArray *peers)
{
  TocsinAttempt *self = g_new0 (TocsinAttempt, 1);

  self->lane = lane;
  self->peers = actors_new ();
  g_array_append_vals (self->peers, peers->data, peers->len);
  self->takers = actors_new ();
  self->opened = actors_new ();
  self->closed = actors_new ();
  self->left = actors_new ();
  return self;
}

void
tocsin_attempt_free (TocsinAttempt *self)
{
  g_array_unref (self->peers);
  g_array_unref (self->takers);
  g_array_unref (self->opened);
  g_array_unref (self->closed);
  g_array_unref (self->left);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->uri);
  g_free (self);
}

TocsinTurn *
tocsin_turn_new (gint64 now_us, guint time_scale)
{
  TocsinTurn *self = g_new0 (TocsinTurn, 1);

  self->settle = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_attempt_free);
  self->claim = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_attempt_free);
  self->reset = actors_new ();
  self->now_us = now_us;
  self->time_scale = time_scale;
  return self;
}

void
tocsin_turn_free (TocsinTurn *self)
{
  g_ptr_array_unref (self->settle);
  g_ptr_array_unref (self->claim);
  g_array_unref (self->reset);
  g_free (self);
}

/**
 * tocsin_turn_endpoint:
 * @actor: an actor
 *
 * Which way leads to @actor: its shared inbox, if it is where the actor itself is, since one that
 * points at another's host could take what is meant for others there; else its own inbox.
 *
 * Returns: (transfer full) (nullable): %NULL if no document named an inbox yet
 */
char *
tocsin_turn_endpoint (const TocsinActorRecord *actor)
{
  if (actor->inbox != NULL && actor->shared_inbox != NULL &&
      tocsin_uri_same_origin (actor->shared_inbox, actor->uri) &&
      tocsin_uri_same_origin (actor->shared_inbox, actor->inbox))
    return g_strdup (actor->shared_inbox);
  return g_strdup (actor->inbox);
}

/* ---- claim ---- */

/* What a turn reads of the outbox: many peers get the same entry, its body is read once. */
typedef struct
{
  TocsinTxn *txn;
  const TocsinTurn *turn;
  GHashTable *entries; /* (element-type guint64 TocsinOutboxRecord) */
} Claiming;

static const TocsinOutboxRecord *
look_up_entry (const Claiming *claiming, guint64 sequence)
{
  TocsinOutboxRecord *entry = g_hash_table_lookup (claiming->entries, &sequence);

  if (entry == NULL)
    {
      entry = g_new0 (TocsinOutboxRecord, 1);
      tocsin_outbox_get (claiming->txn, sequence, entry);
      entry->sequence = sequence;
      g_hash_table_insert (claiming->entries, &entry->sequence, entry);
    }
  return entry;
}

/* Asked again when it is sent: since it was queued, the peer may have left or changed. */
static gboolean
may_have (const TocsinPeerRecord *peer, const TocsinOutboxRecord *entry)
{
  if (entry->activity == NULL || entry->blanked)
    return FALSE;
  if (entry->kind == TOCSIN_OUTBOX_MESSAGE)
    return entry->audience == peer->actor;
  /* What it names is public, and who is kept out by it has to believe it. */
  if (entry->kind == TOCSIN_OUTBOX_UPDATE)
    return TRUE;
  if (!tocsin_peer_record_is_follower (peer) ||
      (tocsin_peer_record_is_kept_from_adds (peer) && entry->kind == TOCSIN_OUTBOX_ADD))
    return FALSE;
  return peer->follower != TOCSIN_FOLLOWER_GUEST || entry->sharing == TOCSIN_SHARING_CLEAR;
}

/* The next entry that @peer may still have; what it may not have is done. */
static gboolean
find_next (const Claiming *claiming, const TocsinPeerRecord *peer, TocsinQueueEntry *out)
{
  for (guint i = 0; i < SKIPS_PER_CLAIM; i++)
    {
      if (!tocsin_relay_next (claiming->txn, peer->actor, out))
        return FALSE;
      if (may_have (peer, look_up_entry (claiming, out->sequence)))
        return TRUE;
      tocsin_queue_done (claiming->txn, peer->actor, out->sequence);
    }
  return FALSE;
}

static void
note_later (TocsinAttempt *attempt, gint64 due_us)
{
  if (attempt->next == TOCSIN_NEXT_PROBE)
    return;
  if (attempt->next == TOCSIN_NEXT_NOTHING)
    attempt->due_us = due_us;
  attempt->due_us = MIN (attempt->due_us, due_us);
  attempt->next = TOCSIN_NEXT_LATER;
}

static TocsinSignScheme
scheme_for (const TocsinPeerRecord *peer, const TocsinActorRecord *actor)
{
  /* Between nodes of ours, of the major version that we speak, there is one scheme. */
  if (actor->protocol_version != NULL && (g_str_equal (actor->protocol_version, "1") ||
                                          g_str_has_prefix (actor->protocol_version, "1.")))
    return TOCSIN_SIGN_RFC9421_ED25519;
  return peer->scheme == TOCSIN_PEER_SCHEME_RFC9421_RSA ? TOCSIN_SIGN_RFC9421_RSA
                                                        : TOCSIN_SIGN_DRAFT_RSA;
}

/* Takes one more peer into the call, if its turn is the one that the call makes. */
static void
offer (const Claiming *claiming,
       TocsinAttempt *attempt,
       const TocsinPeerRecord *peer,
       const TocsinQueueEntry *head)
{
  const TocsinOutboxRecord *entry = look_up_entry (claiming, head->sequence);

  if (attempt->takers->len > 0 && head->sequence > attempt->sequence)
    return;
  if (attempt->takers->len == 0 || head->sequence < attempt->sequence)
    {
      g_auto (TocsinActorRecord) actor = { 0 };

      g_array_set_size (attempt->takers, 0);
      g_clear_pointer (&attempt->body, g_bytes_unref);
      g_clear_pointer (&attempt->uri, g_free);
      tocsin_actors_get (claiming->txn, peer->actor, &actor);
      attempt->uri = entry->kind == TOCSIN_OUTBOX_MESSAGE ? g_strdup (actor.inbox)
                                                          : tocsin_turn_endpoint (&actor);
      attempt->body = g_bytes_ref (entry->activity);
      attempt->scheme = scheme_for (peer, &actor);
      attempt->sequence = head->sequence;
      attempt->kind = entry->kind;
      attempt->relayed =
          entry->kind != TOCSIN_OUTBOX_MESSAGE && entry->origin != TOCSIN_ACTOR_LOCAL;
    }
  g_array_append_val (attempt->takers, peer->actor);
}

/* A peer that is away has an empty queue; now and then it is asked whether it is there again. */
static void
offer_probe (const Claiming *claiming, TocsinAttempt *attempt, const TocsinPeerRecord *peer)
{
  if (!peer->away ||
      !(tocsin_peer_record_is_follower (peer) || tocsin_peer_record_is_direct (peer)))
    return;
  if (!tocsin_breaker_allows (&peer->outbound, claiming->turn->now_us))
    {
      note_later (attempt, tocsin_breaker_due_us (&peer->outbound, claiming->turn->now_us));
      return;
    }
  if (attempt->next == TOCSIN_NEXT_PROBE)
    return;
  attempt->next = TOCSIN_NEXT_PROBE;
  attempt->uri = g_strdup (tocsin_actors_peek_uri (claiming->txn, peer->actor));
  attempt->scheme = TOCSIN_SIGN_DRAFT_RSA;
  g_array_append_val (attempt->takers, peer->actor);
}

static void
mark_tried (const Claiming *claiming, const TocsinAttempt *attempt)
{
  for (guint i = 0; i < attempt->takers->len; i++)
    {
      guint32 peer = g_array_index (attempt->takers, guint32, i);
      TocsinQueueEntry entry;

      if (!tocsin_queue_get (claiming->txn, peer, attempt->sequence, &entry) ||
          entry.attempts == G_MAXUINT8)
        continue;
      entry.attempts++;
      tocsin_queue_update (claiming->txn, &entry);
    }
}

static void
claim (const Claiming *claiming, TocsinAttempt *attempt)
{
  gint64 now_us = claiming->turn->now_us;

  attempt->next = TOCSIN_NEXT_NOTHING;
  g_array_set_size (attempt->takers, 0);
  g_clear_pointer (&attempt->uri, g_free);
  g_clear_pointer (&attempt->body, g_bytes_unref);
  for (guint i = 0; i < attempt->peers->len; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };
      TocsinQueueEntry head;
      gint64 due_us;

      tocsin_peers_get (claiming->txn, g_array_index (attempt->peers, guint32, i), &peer);
      if (!find_next (claiming, &peer, &head))
        {
          if (attempt->body == NULL)
            offer_probe (claiming, attempt, &peer);
          continue;
        }
      due_us = MAX (tocsin_time_due (head.due_us, now_us, TOCSIN_BREAKER_LONGEST_US),
                    tocsin_breaker_due_us (&peer.outbound, now_us));
      if (due_us > now_us)
        {
          note_later (attempt, due_us);
          continue;
        }
      if (attempt->next == TOCSIN_NEXT_PROBE)
        {
          attempt->next = TOCSIN_NEXT_NOTHING;
          g_array_set_size (attempt->takers, 0);
        }
      offer (claiming, attempt, &peer, &head);
    }
  if (attempt->body == NULL)
    return;
  attempt->next = TOCSIN_NEXT_SEND;
  mark_tried (claiming, attempt);
}

/* ---- settle ---- */

static void
remember_scheme (TocsinPeerRecord *peer, TocsinSignScheme scheme)
{
  switch (scheme)
    {
    case TOCSIN_SIGN_RFC9421_ED25519:
      peer->scheme = TOCSIN_PEER_SCHEME_RFC9421_ED25519;
      break;
    case TOCSIN_SIGN_RFC9421_RSA:
      peer->scheme = TOCSIN_PEER_SCHEME_RFC9421_RSA;
      break;
    case TOCSIN_SIGN_DRAFT_RSA:
    default:
      peer->scheme = TOCSIN_PEER_SCHEME_DRAFT_RSA;
      break;
    }
}

static void
settle_taken (TocsinTxn *txn,
              const TocsinTurn *turn,
              TocsinAttempt *attempt,
              TocsinPeerRecord *peer)
{
  if (peer->away || peer->outbound.failures >= BREAKER_OPENS_AT)
    g_array_append_val (attempt->closed, peer->actor);
  tocsin_breaker_on_success (&peer->outbound);
  peer->away = FALSE;
  peer->first_failure_us = 0;
  peer->last_success_us = turn->now_us;
  if (attempt->next != TOCSIN_NEXT_SEND)
    return;
  tocsin_queue_done (txn, peer->actor, attempt->sequence);
  remember_scheme (peer, attempt->scheme);
  /* What it read of our outbox meanwhile was counted then. */
  if (attempt->kind == TOCSIN_OUTBOX_ADD && attempt->sequence > peer->delivered_sequence)
    {
      g_auto (TocsinOutboxRecord) entry = { 0 };

      /* Reciprocity is about reports; a statement of trust is no gift. */
      if (tocsin_outbox_get (txn, attempt->sequence, &entry) && entry.report != 0)
        tocsin_guards_count_given (txn, peer, turn->free_rider_warns, turn->now_us);
      peer->delivered_sequence = attempt->sequence;
    }
}

static void
leave (TocsinTxn *txn, TocsinAttempt *attempt, TocsinPeerRecord *peer)
{
  tocsin_queue_drop_peer (txn, peer->actor);
  if (!peer->away)
    g_array_append_val (attempt->left, peer->actor);
  peer->away = TRUE;
}

/* A message to a peer that was away already, such as a Follow, gets a few days of its own. */
static gboolean
is_to_leave (const TocsinTurn *turn,
             const TocsinAttempt *attempt,
             const TocsinPeerRecord *peer,
             const TocsinQueueEntry *entry)
{
  if (attempt->answer == TOCSIN_ANSWER_GONE)
    return TRUE;
  if (peer->away)
    return entry->attempts > AWAY_ATTEMPTS;
  return tocsin_breaker_is_away (&peer->outbound, turn->now_us, turn->time_scale);
}

static void
settle_failed (TocsinTxn *txn,
               const TocsinTurn *turn,
               TocsinAttempt *attempt,
               TocsinPeerRecord *peer)
{
  gboolean was_closed = peer->outbound.failures < BREAKER_OPENS_AT;
  TocsinQueueEntry entry;
  gboolean queued = tocsin_queue_get (txn, peer->actor, attempt->sequence, &entry);

  tocsin_breaker_on_failure (&peer->outbound, turn->now_us, attempt->jitter,
                             attempt->retry_after_us, turn->time_scale);
  peer->first_failure_us = peer->outbound.first_failure_us;
  if (is_to_leave (turn, attempt, peer, &entry))
    {
      leave (txn, attempt, peer);
      return;
    }
  if (was_closed && peer->outbound.failures >= BREAKER_OPENS_AT)
    g_array_append_val (attempt->opened, peer->actor);
  if (!queued)
    return;
  entry.due_us = peer->outbound.open_until_us;
  tocsin_queue_update (txn, &entry);
}

static void
settle (TocsinTxn *txn, const TocsinTurn *turn, TocsinAttempt *attempt)
{
  g_array_set_size (attempt->opened, 0);
  g_array_set_size (attempt->closed, 0);
  g_array_set_size (attempt->left, 0);
  for (guint i = 0; i < attempt->takers->len; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      /* Forgotten meanwhile, it is not to come back for having been answered. */
      if (!tocsin_peers_get (txn, g_array_index (attempt->takers, guint32, i), &peer))
        {
          tocsin_queue_drop_peer (txn, peer.actor);
          continue;
        }
      switch (attempt->answer)
        {
        case TOCSIN_ANSWER_TAKEN:
          settle_taken (txn, turn, attempt, &peer);
          break;
        case TOCSIN_ANSWER_REFUSED:
          tocsin_queue_done (txn, peer.actor, attempt->sequence);
          peer.dropped++;
          break;
        case TOCSIN_ANSWER_LATER:
        case TOCSIN_ANSWER_GONE:
          settle_failed (txn, turn, attempt, &peer);
          break;
        case TOCSIN_ANSWER_NONE:
        default:
          continue;
        }
      tocsin_peers_put (txn, &peer);
    }
}

/* By the operator, or because the peer showed that it is there. */
static void
reset (TocsinTxn *txn, const TocsinTurn *turn, guint32 actor)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinQueueEntry entry;

  if (!tocsin_peers_get (txn, actor, &peer))
    return;
  tocsin_breaker_on_success (&peer.outbound);
  peer.first_failure_us = 0;
  peer.away = FALSE;
  tocsin_peers_put (txn, &peer);
  if (tocsin_relay_next (txn, actor, &entry) && entry.due_us > turn->now_us)
    {
      entry.due_us = turn->now_us;
      tocsin_queue_update (txn, &entry);
    }
}

/**
 * tocsin_turn_write:
 * @txn: the write transaction
 * @turn: a #TocsinTurn
 * @error: unused: nothing here refuses
 *
 * A #TocsinWriteFunc: settles, resets, then claims.
 */
gboolean
tocsin_turn_write (TocsinTxn *txn, gpointer turn, GError **error G_GNUC_UNUSED)
{
  TocsinTurn *self = turn;
  g_autoptr (GHashTable) entries = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) tocsin_outbox_record_free);
  const Claiming claiming = { .txn = txn, .turn = self, .entries = entries };

  for (guint i = 0; i < self->settle->len; i++)
    settle (txn, self, g_ptr_array_index (self->settle, i));
  for (guint i = 0; i < self->reset->len; i++)
    reset (txn, self, g_array_index (self->reset, guint32, i));
  for (guint i = 0; i < self->claim->len; i++)
    claim (&claiming, g_ptr_array_index (self->claim, i));
  return TRUE;
}
