/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What an actor may change between itself and this node (docs/wire "Following"): all but Add and
 * Remove. Runs on the writer thread.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/relations.h"

#include "codec/activity-build.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"
#include "fed/guards.h"
#include "fed/held.h"
#include "fed/pinning.h"
#include "fed/relay.h"
#include "fed/replay.h"
#include "store/places.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-review.h"

#define PENDING_MAX            200
#define PENDING_PER_DOMAIN_MAX 3
#define FOLLOWERS_MAX          10000 /* what the open policy lets in by itself */
#define GUESTS_PER_DOMAIN_MAX  100
#define GUEST_SILENT_US        (37 * TOCSIN_DAY_US) /* away after 7 days, and then for 30 more */
#define OUR_MAJOR              1
#define ANSWER_AGAIN_US        TOCSIN_HOUR_US

static gboolean
refuse (GError **error, TocsinError code, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, message);
  return FALSE;
}

/**
 * tocsin_relation_change_new:
 * @fed: the federation
 * @activity: (transfer full): any activity but an Add or a Remove
 * @sender: its actor, who signed it; a reference is taken
 * @now_us: the time
 *
 * Returns: (transfer full): data for tocsin_relation_change_write()
 */
TocsinRelationChange *
tocsin_relation_change_new (TocsinFederation *fed,
                            TocsinActivity *activity,
                            TocsinKnownActor *sender,
                            gint64 now_us)
{
  TocsinRelationChange *self = g_new0 (TocsinRelationChange, 1);

  self->activity = activity;
  self->sender = tocsin_known_actor_ref (sender);
  self->policy = tocsin_policy_ref (fed->policy);
  self->base = g_strdup (tocsin_identity_get_base (fed->identity));
  self->listed =
      fed->follow_mode != TOCSIN_FOLLOW_MANUAL && tocsin_federation_lists (fed, activity->actor);
  self->guest = fed->follow_mode == TOCSIN_FOLLOW_OPEN || self->listed;
  self->now_us = now_us;
  return self;
}

void
tocsin_relation_change_free (TocsinRelationChange *self)
{
  tocsin_activity_free (self->activity);
  tocsin_known_actor_unref (self->sender);
  tocsin_policy_unref (self->policy);
  g_free (self->base);
  g_free (self->proof_key);
  g_clear_pointer (&self->signed_by, tocsin_public_key_unref);
  g_clear_error (&self->refusal);
  g_free (self);
}

typedef struct
{
  const TocsinReviewRecord *line;
  guint n_looked;
  gboolean told;
} Telling;

#define LINES_MAX 1000 /* looked at in one change */

static gboolean
compare_line (const TocsinReviewRecord *line, gpointer data)
{
  Telling *telling = data;

  /* Of many lines the rest is not looked at: one of this kind about this actor is open. */
  telling->told = ++telling->n_looked > LINES_MAX ||
                  (line->kind == telling->line->kind && line->actor == telling->line->actor &&
                   g_strcmp0 (line->text, telling->line->text) == 0);
  return !telling->told;
}

/* Once, as long as the operator has not seen to it; but that a peer blocks us is not told by a line
 * that says something else of it. */
static void
tell (TocsinTxn *txn, guint32 actor, TocsinReviewKind kind, const char *text, gint64 now_us)
{
  TocsinReviewRecord line = {
    .kind = kind, .actor = actor, .count = 1, .created_us = now_us, .text = (char *) text
  };
  Telling telling = { .line = &line };
  guint64 id;

  if (tocsin_review_find_open (txn, kind, actor, 0, &id))
    tocsin_review_foreach (txn, 0, TRUE, compare_line, &telling);
  if (!telling.told)
    tocsin_review_add (txn, &line);
}

/* ---- strangers who came and went ---- */

/**
 * tocsin_relation_forget:
 * @txn: a write transaction
 * @actor: a peer with whom it is over
 * @now_us: the time
 *
 * Its number stays its own; its document and keys, which strangers choose, go, and so does what we
 * answered.
 */
void
tocsin_relation_forget (TocsinTxn *txn, guint32 actor, gint64 now_us)
{
  g_auto (TocsinActorRecord) record = { 0 };
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinActorRecord bare;

  tocsin_queue_drop_peer (txn, actor);
  if (tocsin_peers_get (txn, actor, &peer) && peer.accept_sequence != 0)
    tocsin_outbox_drop_message (txn, peer.accept_sequence);
  tocsin_peers_remove (txn, actor);
  if (!tocsin_actors_get (txn, actor, &record))
    return;
  bare = (TocsinActorRecord){ .uri = record.uri,
                              .number = actor,
                              .first_seen_us = record.first_seen_us,
                              .last_seen_us = now_us,
                              .retired_us = record.retired_us };
  tocsin_actors_put (txn, &bare);
}

/* Whether the operator wants to hear what becomes of @peer: strangers could fill the review. */
static gboolean
is_of_interest (const TocsinPeerRecord *peer)
{
  return peer->following != TOCSIN_FOLLOWING_NONE || tocsin_peer_record_is_follower (peer);
}

/* docs/wire "Who speaks": another major version is no reason to part, but nothing new is
 * exchanged; the operator hears of it once. */
static void
note_version (TocsinTxn *txn,
              const TocsinRelationChange *self,
              TocsinPeerRecord *peer,
              const TocsinActorDocument *document)
{
  int major = tocsin_actor_document_protocol_major (document);
  gboolean hold = major >= 0 && major != OUR_MAJOR;

  if (hold && !peer->version_hold &&
      (peer->following != TOCSIN_FOLLOWING_NONE || peer->follower != TOCSIN_FOLLOWER_NONE))
    tell (txn, peer->actor, TOCSIN_REVIEW_OTHER,
          "This peer speaks another major version of the protocol; nothing is exchanged",
          self->now_us);
  peer->version_hold = hold;
}

/* ---- Follow ---- */

/* Strangers can ask, but neither fill the operator's list nor the store. */
static gboolean
has_room (TocsinTxn *txn,
          const TocsinRelationChange *self,
          const TocsinPeerRecord *peer,
          GError **error)
{
  TocsinPlaces all, of_domain;
  guint followers, asked, asked_of_domain;

  tocsin_places_count (txn, self->activity->actor, peer->actor, &all, &of_domain);
  followers = all.n[TOCSIN_PLACE_READER] + all.n[TOCSIN_PLACE_GUEST];
  asked = all.n[TOCSIN_PLACE_PENDING] + all.n[TOCSIN_PLACE_GONE];
  asked_of_domain = of_domain.n[TOCSIN_PLACE_PENDING] + of_domain.n[TOCSIN_PLACE_GONE];
  if (self->guest && followers + all.n[TOCSIN_PLACE_GONE] >= FOLLOWERS_MAX)
    return refuse (error, TOCSIN_ERROR_BUSY, "This node has as many followers as it takes");
  if (self->guest && !self->listed &&
      of_domain.n[TOCSIN_PLACE_GUEST] + asked_of_domain >= GUESTS_PER_DOMAIN_MAX)
    return refuse (error, TOCSIN_ERROR_BUSY,
                   "This node has as many followers from this domain as it takes");
  if (self->guest)
    return TRUE;
  if (asked >= PENDING_MAX)
    return refuse (error, TOCSIN_ERROR_BUSY,
                   "As many have asked to follow as this node takes for now");
  if (asked_of_domain >= PENDING_PER_DOMAIN_MAX)
    return refuse (error, TOCSIN_ERROR_BUSY,
                   "As many of this domain have asked to follow as this node takes for now");
  return TRUE;
}

/**
 * tocsin_relation_answer:
 * @txn: a write transaction
 * @base: our base URL
 * @peer: (inout): who asked to follow, and was let in or rejected; the caller stores it
 * @now_us: the time
 *
 * Says so. Ours: the object holds the Follow's type, id, actor and object and nothing more. Whoever
 * asks again and again gets the newest answer alone, and of the others nothing is kept.
 */
void
tocsin_relation_answer (TocsinTxn *txn, const char *base, TocsinPeerRecord *peer, gint64 now_us)
{
  gboolean accept = peer->follower != TOCSIN_FOLLOWER_REJECTED;
  g_autofree char *actor = g_strdup (tocsin_actors_peek_uri (txn, peer->actor));
  g_autofree char *ours = g_strconcat (base, "/actor", NULL);
  g_autofree char *uuid = tocsin_uuid7_new (now_us);
  g_autofree char *id = g_strdup_printf ("%s/activities/%s", base, uuid);
  TocsinActivityHead head = { .id = id, .actor = ours, .to = actor };
  g_autoptr (JsonObject) answer = NULL;
  g_autoptr (GBytes) body = NULL;
  guint64 old = peer->accept_sequence;

  peer->follower_answered_us = now_us;
  if (actor == NULL)
    return;
  answer = accept ? tocsin_activity_build_accept (&head, peer->follower_follow_id, actor)
                  : tocsin_activity_build_reject (&head, peer->follower_follow_id, actor);
  body = tocsin_activity_to_bytes (answer, NULL);
  if (body == NULL)
    return;
  peer->accept_sequence = tocsin_relay_send (txn, peer->actor, id, body, now_us);
  if (old == 0)
    return;
  tocsin_queue_done (txn, peer->actor, old);
  tocsin_outbox_drop_message (txn, old);
}

static gboolean
may_be_answered (const TocsinPeerRecord *peer, gint64 now_us)
{
  return now_us - ABS (peer->follower_answered_us) >= ANSWER_AGAIN_US;
}

/**
 * tocsin_relation_is_owed_an_answer:
 * @peer: a peer
 * @now_us: the time
 *
 * Returns: whether its newest Follow came too soon after an answer, and can be answered now
 */
gboolean
tocsin_relation_is_owed_an_answer (const TocsinPeerRecord *peer, gint64 now_us)
{
  return peer->follower_answered_us < 0 && peer->follower_follow_id != NULL && !peer->blocked &&
         (tocsin_peer_record_is_follower (peer) || peer->follower == TOCSIN_FOLLOWER_REJECTED) &&
         may_be_answered (peer, now_us);
}

/**
 * tocsin_relation_is_lost:
 * @peer: a peer
 * @now_us: the time
 *
 * Returns: whether it is a guest that has been away, or has blocked us, for 30 days: nobody let it
 *   in by hand, and others may want its place
 */
gboolean
tocsin_relation_is_lost (const TocsinPeerRecord *peer, gint64 now_us)
{
  gint64 heard_us = MAX (MAX (peer->follower_since_us, peer->last_success_us), peer->last_seen_us);

  return peer->follower == TOCSIN_FOLLOWER_GUEST && (peer->away || peer->blocks_us) &&
         now_us - heard_us > GUEST_SILENT_US;
}

/* What was asked under ever new ids is answered once an hour all the same, the newest of it; one
 * that has not been sent yet makes way for another. The first of a relation does not wait. */
static void
answer_or_owe (TocsinTxn *txn,
               const TocsinRelationChange *self,
               TocsinPeerRecord *peer,
               gboolean first,
               gboolean again)
{
  TocsinQueueEntry unsent;

  if (first || may_be_answered (peer, self->now_us) ||
      (!again && tocsin_queue_get (txn, peer->actor, peer->accept_sequence, &unsent)))
    {
      tocsin_relation_answer (txn, self->base, peer, self->now_us);
      return;
    }
  if (!again)
    peer->follower_answered_us = -ABS (peer->follower_answered_us);
}

static gboolean
write_follow (TocsinTxn *txn, TocsinRelationChange *self, TocsinPeerRecord *peer, GError **error)
{
  const TocsinActivity *activity = self->activity;
  gboolean again = g_strcmp0 (peer->follower_follow_id, activity->id) == 0;
  gboolean first = peer->follower == TOCSIN_FOLLOWER_NONE || peer->follower_answered_us == 0;
  gboolean taken;

  if (g_strcmp0 (activity->object, self->policy->actor) != 0)
    return refuse (error, TOCSIN_ERROR_UNPROCESSABLE, "“object” is not this node's actor");
  if (peer->blocked)
    return refuse (error, TOCSIN_ERROR_REFUSED, "The operator has blocked the sender");
  if (self->sender->document->inbox == NULL)
    return refuse (error, TOCSIN_ERROR_UNPROCESSABLE, "The actor's document names no inbox");
  if (!tocsin_replay_check_times (self, error))
    return FALSE;
  if (peer->follower == TOCSIN_FOLLOWER_NONE && !has_room (txn, self, peer, error))
    return FALSE;

  taken = tocsin_pinning_take_document (txn, peer, self->sender->document, self->signed_by,
                                        self->now_us);
  if (peer->follower == TOCSIN_FOLLOWER_NONE)
    {
      peer->follower = self->guest ? TOCSIN_FOLLOWER_GUEST : TOCSIN_FOLLOWER_PENDING;
      peer->follower_since_us = self->now_us;
    }
  if (taken)
    note_version (txn, self, peer, self->sender->document);
  peer->last_seen_us = self->now_us;
  tocsin_guards_hear (peer, self->policy, self->now_us);
  g_free (peer->follower_follow_id);
  peer->follower_follow_id = g_strdup (activity->id);
  g_free (peer->follower_object);
  peer->follower_object = g_strdup (activity->object);
  if (peer->follower != TOCSIN_FOLLOWER_PENDING)
    answer_or_owe (txn, self, peer, first, again);
  tocsin_replay_note_follow (txn, self, peer->actor);
  tocsin_peers_put (txn, peer);
  return TRUE;
}

/* ---- Accept and Reject of our Follow ---- */

static gboolean
write_answer (TocsinTxn *txn, TocsinRelationChange *self, TocsinPeerRecord *peer, GError **error)
{
  const TocsinActivity *activity = self->activity;
  gboolean accepted = activity->kind == TOCSIN_ACTIVITY_ACCEPT;
  gboolean was_accepted = peer->following == TOCSIN_FOLLOWING_ACCEPTED;
  gboolean pinned = peer->keys != NULL && peer->keys->len > 0;
  TocsinReplay replay;
  int major;

  if (peer->follow_id == NULL || peer->following == TOCSIN_FOLLOWING_NONE ||
      g_strcmp0 (activity->object, peer->follow_id) != 0)
    return refuse (error, TOCSIN_ERROR_FORBIDDEN, "This node has sent you no such Follow");
  if (!tocsin_replay_check (txn, self, peer->actor, &replay, error))
    return FALSE;
  if (replay != TOCSIN_REPLAY_NEW)
    return TRUE;
  if (accepted ? was_accepted : peer->following == TOCSIN_FOLLOWING_REJECTED)
    return TRUE;
  peer->last_seen_us = self->now_us;
  if (!accepted)
    {
      peer->following = TOCSIN_FOLLOWING_REJECTED;
      peer->following_since_us = self->now_us;
      tell (txn, peer->actor, TOCSIN_REVIEW_OTHER, "This peer rejected your request to follow it",
            self->now_us);
      tocsin_peers_put (txn, peer);
      return TRUE;
    }

  major = tocsin_actor_document_protocol_major (self->sender->document);
  if (tocsin_pinning_take_document (txn, peer, self->sender->document, self->signed_by,
                                    self->now_us))
    {
      /* A peer that rejects and then accepts again does not get rid of its pinned keys that way,
       * nor of having to prove by them: both go when the operator follows it anew, and it is no
       * reader. */
      peer->had_protocol_version = major >= 0 || (pinned && peer->had_protocol_version);
      note_version (txn, self, peer, self->sender->document);
    }
  peer->following = TOCSIN_FOLLOWING_ACCEPTED;
  peer->following_since_us = self->now_us;
  peer->sync_due_us = self->now_us;
  /* What it said has gone since it rejected the Follow. */
  if (peer->sync_sequence != 0)
    tocsin_peer_record_want_reread (peer);
  if (!pinned)
    tocsin_pinning_pin_all (peer, self->sender->document, self->now_us);
  /* What waited for its keys while it was not followed. */
  tocsin_held_want_release (txn);
  tocsin_peers_put (txn, peer);
  return TRUE;
}

/* ---- Undo, Block ---- */

static gboolean
names_our_follow (const TocsinRelationChange *self, const TocsinPeerRecord *peer)
{
  const TocsinNestedActivity *nested = &self->activity->nested;

  if (peer->follower_follow_id != NULL &&
      g_strcmp0 (self->activity->object, peer->follower_follow_id) == 0)
    return TRUE;
  return self->activity->object_kind == TOCSIN_OBJECT_ACTIVITY &&
         nested->kind == TOCSIN_ACTIVITY_FOLLOW &&
         (nested->actor == NULL || g_str_equal (nested->actor, self->activity->actor)) &&
         g_strcmp0 (nested->object, self->policy->actor) == 0;
}

/* The id of their Block is not remembered: an id alone that is not that of their Follow means the
 * Block, if there is one. */
static gboolean
names_their_block (const TocsinRelationChange *self, const TocsinPeerRecord *peer)
{
  const TocsinActivity *activity = self->activity;
  const TocsinNestedActivity *nested = &activity->nested;

  if (activity->object_kind != TOCSIN_OBJECT_ACTIVITY)
    return g_strcmp0 (activity->object, peer->follower_follow_id) != 0 &&
           tocsin_uri_same_origin (activity->object, activity->actor);
  return nested->kind == TOCSIN_ACTIVITY_BLOCK &&
         (nested->actor == NULL || g_str_equal (nested->actor, activity->actor)) &&
         (nested->object == NULL || g_str_equal (nested->object, self->policy->actor));
}

/**
 * tocsin_relation_end_follower:
 * @txn: a write transaction
 * @peer: (inout): a peer that follows us no more; the caller writes it back
 * @now_us: the time
 *
 * What it still had to get is dropped. What it asks next is the first of a new relation.
 */
void
tocsin_relation_end_follower (TocsinTxn *txn, TocsinPeerRecord *peer, gint64 now_us)
{
  if (peer->follower != TOCSIN_FOLLOWER_NONE)
    peer->follower_since_us = now_us;
  peer->follower = TOCSIN_FOLLOWER_NONE;
  g_clear_pointer (&peer->follower_follow_id, g_free);
  g_clear_pointer (&peer->follower_object, g_free);
  tocsin_pinning_forget_follower (txn, peer, now_us);
  tocsin_relay_drop_reports (txn, peer->actor);
}

/* Of what is not for us nothing is remembered: many programs undo what is no Follow and no Block.
 * Said anew it ends the Follow of that id; any other came after what the sender tries to say. */
static gboolean
write_undo (TocsinTxn *txn, TocsinRelationChange *self, TocsinPeerRecord *peer, GError **error)
{
  gboolean is_block = names_their_block (self, peer);
  gboolean is_follow = names_our_follow (self, peer);
  TocsinReplay replay;

  if (!is_block && !is_follow)
    return TRUE;
  if (!tocsin_replay_check (txn, self, peer->actor, &replay, error))
    return FALSE;
  if (replay != TOCSIN_REPLAY_NEW && replay != TOCSIN_REPLAY_ANEW)
    return TRUE;
  is_follow = is_follow && (replay == TOCSIN_REPLAY_NEW || self->activity->object == NULL ||
                            g_strcmp0 (self->activity->object, peer->follower_follow_id) == 0);
  if (peer->blocks_us && is_block)
    peer->blocks_us = FALSE;
  else if (peer->follower != TOCSIN_FOLLOWER_NONE && is_follow)
    tocsin_relation_end_follower (txn, peer, self->now_us);
  else
    return TRUE;
  tocsin_peers_put (txn, peer);
  return TRUE;
}

/* Who blocks us has forgotten that we follow it and that it follows us, and does not remember it
 * with the Undo either: each has to ask anew, so no answer to what was asked before counts. */
static gboolean
write_block (TocsinTxn *txn, TocsinRelationChange *self, TocsinPeerRecord *peer, GError **error)
{
  gboolean matters = is_of_interest (peer);
  TocsinReplay replay;

  if (g_strcmp0 (self->activity->object, self->policy->actor) != 0)
    return TRUE;
  if (!tocsin_replay_check (txn, self, peer->actor, &replay, error))
    return FALSE;
  if ((replay != TOCSIN_REPLAY_NEW && replay != TOCSIN_REPLAY_ANEW) || peer->blocks_us)
    return TRUE;
  peer->blocks_us = TRUE;
  if (peer->following != TOCSIN_FOLLOWING_NONE && peer->following != TOCSIN_FOLLOWING_REJECTED)
    {
      peer->following = TOCSIN_FOLLOWING_REJECTED;
      peer->following_since_us = self->now_us;
    }
  tocsin_relay_unsend (txn, peer->actor, peer->follow_id);
  g_clear_pointer (&peer->follow_id, g_free);
  tocsin_relation_end_follower (txn, peer, self->now_us);
  if (matters)
    tell (txn, peer->actor, TOCSIN_REVIEW_OTHER, "This peer has blocked this node", self->now_us);
  tocsin_peers_put (txn, peer);
  return TRUE;
}

/* ---- Update, Move, Delete ---- */

/* What a pinned key proved may also name fewer keys than before. */
static void
remember_document (TocsinTxn *txn,
                   const TocsinRelationChange *self,
                   TocsinPeerRecord *peer,
                   const TocsinActorDocument *document,
                   gboolean pinned)
{
  note_version (txn, self, peer, document);
  if (pinned)
    tocsin_pinning_save_actor (txn, document, self->now_us);
  else
    tocsin_pinning_take_document (txn, peer, document, NULL, self->now_us);
}

static gboolean
write_update (TocsinTxn *txn, TocsinRelationChange *self, TocsinPeerRecord *peer, GError **error)
{
  const TocsinActorDocument *document = self->activity->document;
  gboolean pinned = self->proof_key != NULL &&
                    tocsin_pinning_of (peer, self->proof_key) == TOCSIN_PINNING_MATCHES;
  gboolean names_other, vouches, lifts;
  TocsinReplay replay;

  if (self->activity->object_kind != TOCSIN_OBJECT_ACTOR || document == NULL)
    return TRUE;
  if (!g_str_equal (document->id, self->activity->actor))
    return refuse (error, TOCSIN_ERROR_OWNERSHIP, "“object” is another actor than the sender");
  if (peer->blocked)
    return refuse (error, TOCSIN_ERROR_REFUSED, "The operator has blocked the sender");
  if (peer->had_protocol_version && !self->proven)
    return refuse (error, TOCSIN_ERROR_FORBIDDEN, tocsin_activity_unproven_text (self->activity));
  document = tocsin_replay_newest_document (self, error);
  if (document == NULL || !tocsin_replay_look (txn, self, peer->actor, &replay, error))
    return FALSE;
  /* Also one that came late, or was heard before the key that proves it was pinned, vouches for the
   * keys that it names. That is all that it does. */
  names_other = replay == TOCSIN_REPLAY_NEW
                    ? tocsin_pinning_doubts (txn, peer, document, self->now_us)
                    : tocsin_pinning_names_other (peer, document, self->now_us);
  vouches = names_other && pinned;
  if (replay != TOCSIN_REPLAY_NEW && !vouches)
    return TRUE;
  /* What is held for its key is not remembered either: said again, or in another epoch, it may
   * count. That of the host counts once the operator has confirmed its key. */
  if (!pinned &&
      (names_other || tocsin_pinning_doubts (txn, peer, self->sender->document, self->now_us)))
    {
      tocsin_pinning_hold (txn, peer, self->now_us);
      tocsin_peers_put (txn, peer);
      return TRUE;
    }
  if (vouches)
    tocsin_pinning_pin_all (peer, document, self->now_us);
  /* What used the new key was faster. An Update that names no new one explains no hold. */
  lifts = vouches && peer->key_hold;
  if (replay == TOCSIN_REPLAY_NEW)
    {
      if (!tocsin_replay_check (txn, self, peer->actor, &replay, error))
        return FALSE;
      remember_document (txn, self, peer, document, pinned);
    }
  if (lifts)
    tocsin_pinning_lift (txn, peer, NULL, self->now_us);
  else
    {
      /* Its key was the reason of a hold that another Update ended. */
      if (vouches)
        tocsin_held_want_release (txn);
      tocsin_peers_put (txn, peer);
    }
  self->lifted = lifts ? peer->actor : 0;
  return TRUE;
}

static gboolean
write_move (TocsinTxn *txn,
            TocsinRelationChange *self,
            const TocsinPeerRecord *peer,
            GError **error)
{
  g_auto (TocsinActorRecord) record = { 0 };
  TocsinReplay replay;

  if (!tocsin_replay_check (txn, self, peer->actor, &replay, error))
    return FALSE;
  if (replay != TOCSIN_REPLAY_NEW || !tocsin_actors_get (txn, peer->actor, &record))
    return TRUE;
  g_free (record.moved_to);
  record.moved_to = g_strdup (self->activity->target);
  tocsin_actors_put (txn, &record);
  if (is_of_interest (peer))
    tell (txn, peer->actor, TOCSIN_REVIEW_MOVED,
          "This peer says that it has moved; trust does not move by itself", self->now_us);
  return TRUE;
}

/* Whether nothing else came of it since it was found gone: then there is nothing to tell. */
static gboolean
is_still_gone (TocsinTxn *txn, const TocsinActorRecord *record)
{
  g_auto (TocsinPeerRecord) before = { 0 };

  return record->retired_us != 0 && tocsin_peers_get (txn, record->number, &before) &&
         before.last_seen_us <= record->retired_us && before.follower == TOCSIN_FOLLOWER_NONE;
}

/* That the actor is gone was seen just now, so it does not matter whether this was heard before. */
static gboolean
write_delete (TocsinTxn *txn, TocsinRelationChange *self, TocsinPeerRecord *peer, GError **error)
{
  g_auto (TocsinActorRecord) record = { 0 };
  gboolean matters;

  if (!self->gone)
    return TRUE;
  if (!tocsin_replay_check_times (self, error))
    return FALSE;
  if (!tocsin_actors_get (txn, peer->actor, &record) || is_still_gone (txn, &record))
    return TRUE;
  record.retired_us = self->now_us;
  tocsin_actors_put (txn, &record);
  matters = is_of_interest (peer);
  if (peer->follower != TOCSIN_FOLLOWER_NONE)
    peer->follower_since_us = self->now_us;
  peer->follower = TOCSIN_FOLLOWER_NONE;
  tocsin_pinning_forget_follower (txn, peer, self->now_us);
  if (matters)
    tell (txn, peer->actor, TOCSIN_REVIEW_MOVED, "This peer has shut down", self->now_us);
  tocsin_peers_put (txn, peer);
  return TRUE;
}

/* Whether it counts by who says it alone. Who asks to follow, or accepts us, is held and gets an
 * answer all the same, and that an actor is gone was seen. */
static gboolean
is_word_alone (const TocsinActivity *activity)
{
  return activity->kind != TOCSIN_ACTIVITY_FOLLOW && activity->kind != TOCSIN_ACTIVITY_ACCEPT &&
         activity->kind != TOCSIN_ACTIVITY_DELETE;
}

/**
 * tocsin_relation_change_write:
 * @txn: the write transaction
 * @change: a #TocsinRelationChange
 * @error: return location for an error, or %NULL
 *
 * A #TocsinWriteFunc. Only a Follow makes a new peer; all else from a stranger is dropped, and so
 * is what was signed by a key for which nothing vouches: it is not remembered either.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_REFUSED, _FORBIDDEN, _BUSY, _OWNERSHIP, _UNPROCESSABLE,
 *   _EQUIVOCATION, _FUTURE or _STALE, and nothing was changed
 */
gboolean
tocsin_relation_change_write (TocsinTxn *txn, gpointer change, GError **error)
{
  TocsinRelationChange *self = change;
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number = 0;
  gboolean known = tocsin_actors_find (txn, self->activity->actor, &number);

  g_clear_error (&self->refusal);
  known = tocsin_peers_get (txn, number, &peer) && known;
  if (known && is_word_alone (self->activity) &&
      tocsin_pinning_holds_signer (txn, &peer, self->signed_by, self->proof_key, self->now_us))
    return TRUE;
  if (self->activity->kind == TOCSIN_ACTIVITY_FOLLOW)
    return write_follow (txn, self, &peer, error);
  if (self->activity->kind == TOCSIN_ACTIVITY_ACCEPT ||
      self->activity->kind == TOCSIN_ACTIVITY_REJECT)
    return write_answer (txn, self, &peer, error);
  if (!known)
    return TRUE;
  peer.last_seen_us = self->now_us;
  tocsin_guards_hear (&peer, self->policy, self->now_us);
  switch (self->activity->kind)
    {
    case TOCSIN_ACTIVITY_UNDO:
      return write_undo (txn, self, &peer, error);
    case TOCSIN_ACTIVITY_UPDATE:
      return write_update (txn, self, &peer, error);
    case TOCSIN_ACTIVITY_BLOCK:
      return write_block (txn, self, &peer, error);
    case TOCSIN_ACTIVITY_MOVE:
      return write_move (txn, self, &peer, error);
    case TOCSIN_ACTIVITY_DELETE:
      return write_delete (txn, self, &peer, error);
    case TOCSIN_ACTIVITY_OTHER:
    case TOCSIN_ACTIVITY_FOLLOW:
    case TOCSIN_ACTIVITY_ACCEPT:
    case TOCSIN_ACTIVITY_REJECT:
    case TOCSIN_ACTIVITY_ADD:
    case TOCSIN_ACTIVITY_REMOVE:
    default:
      break;
    }
  return TRUE;
}
