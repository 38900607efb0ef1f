/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What becomes of a report or statement that was held, once a person or time has decided.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/held.h"

#include "codec/activity.h"
#include "codec/proof.h"
#include "fed/guards.h"
#include "fed/relay.h"
#include "store/table-meta.h"

#define SLICE 500 /* held reports looked at in one change */

/* A #Release, while a key hold has ended and what was held for it has not all been looked at. */
#define META_RELEASE "key-release"

typedef struct
{
  guint64 after; /* looked at up to this number */
  guint64 again; /* not 0: another hold ended meanwhile, so from the beginning once more */
} Release;

/**
 * tocsin_held_is_in_part:
 * @part: (inout): what is settled; counts what is not
 * @held_us: since when something is held
 *
 * Returns: %TRUE if it is to be settled
 */
gboolean
tocsin_held_is_in_part (TocsinHeldPart *part, gint64 held_us)
{
  if (held_us <= part->until_us)
    return TRUE;
  part->oldest_us = part->left == 0 ? held_us : MIN (part->oldest_us, held_us);
  part->left++;
  return FALSE;
}

/**
 * tocsin_held_is_vouched_for:
 * @peer: a peer whose key was confirmed
 * @activity: (nullable): what was held because of its keys
 * @now_us: the time
 *
 * Whoever had another key in the peer's document may have reported in its name meanwhile.
 *
 * Returns: whether a key that is pinned now proved @activity; also where it has no proof
 */
gboolean
tocsin_held_is_vouched_for (const TocsinPeerRecord *peer, GBytes *activity, gint64 now_us)
{
  g_autoptr (TocsinActivity) parsed =
      activity != NULL ? tocsin_activity_parse (activity, NULL) : NULL;
  g_autoptr (TocsinProof) proof = NULL;
  TocsinProofState state;

  if (parsed == NULL)
    return TRUE;
  if (!tocsin_proof_inspect (tocsin_activity_root (parsed), now_us, &state, &proof, NULL))
    return FALSE;
  for (guint i = 0; proof != NULL && peer->keys != NULL && i < peer->keys->len; i++)
    {
      const TocsinPeerKey *pinned = &g_array_index (peer->keys, TocsinPeerKey, i);
      g_autoptr (TocsinPublicKey) key =
          pinned->confirmed ? tocsin_public_key_from_multikey (pinned->multibase, NULL) : NULL;

      if (key != NULL && tocsin_proof_verify (proof, key, NULL))
        return TRUE;
    }
  return proof == NULL;
}

/**
 * tocsin_held_settle:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: (inout): a report
 * @accept: %TRUE: it counts from now on and is forwarded as if it had just come; %FALSE: it stays
 *   held for good
 * @overruled: a person said no to it: that speaks against its reporter
 * @now_us: the time
 *
 * Does nothing to a report that is no longer held.
 */
void
tocsin_held_settle (TocsinTxn *txn,
                    const TocsinPolicy *policy,
                    TocsinReportRecord *record,
                    gboolean accept,
                    gboolean overruled,
                    gint64 now_us)
{
  if (record->state != TOCSIN_STATE_HELD || record->hold == TOCSIN_HOLD_REJECTED)
    return;
  g_clear_pointer (&record->alternate, g_bytes_unref);
  if (!accept)
    {
      record->hold = TOCSIN_HOLD_REJECTED;
      tocsin_reports_put (txn, record, now_us);
      if (overruled)
        tocsin_guards_contradicted (txn, record->actor, TRUE, now_us);
      return;
    }
  record->state = TOCSIN_STATE_LIVE;
  record->hold = TOCSIN_HOLD_NONE;
  record->held_us = 0;
  tocsin_reports_put (txn, record, now_us);
  tocsin_relay_report (txn, policy, record, now_us);
}

/**
 * tocsin_held_settle_slice:
 * @txn: a write transaction
 * @policy: the state of this node
 * @hold: why they are held
 * @actor: whose they are; for %TOCSIN_HOLD_BURST, who brought them
 * @accept: as for tocsin_held_settle(); %FALSE overrules. What was held for its key and proven by
 *   none that is pinned now stays as it is
 * @part: (inout) (nullable): which of them; %NULL: all
 * @after: 0 to begin; then what the last call returned
 * @now_us: the time
 *
 * Settles a bounded part of the reports that are held for one reason.
 *
 * Returns: for the next call; 0 at the end
 */
guint64
tocsin_held_settle_slice (TocsinTxn *txn,
                          const TocsinPolicy *policy,
                          TocsinHold hold,
                          guint32 actor,
                          gboolean accept,
                          TocsinHeldPart *part,
                          guint64 after,
                          gint64 now_us)
{
  g_autoptr (GArray) numbers = tocsin_reports_held (txn, after, SLICE);
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, actor, &peer);
  for (guint i = 0; i < numbers->len; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_reports_get (txn, g_array_index (numbers, guint64, i), &record) &&
          record.hold == hold && (hold == TOCSIN_HOLD_BURST ? record.via : record.actor) == actor &&
          (hold != TOCSIN_HOLD_KEY ||
           tocsin_held_is_vouched_for (&peer, record.activity, now_us)) &&
          (part == NULL || tocsin_held_is_in_part (part, record.held_us)))
        tocsin_held_settle (txn, policy, &record, accept, TRUE, now_us);
    }
  return numbers->len == SLICE ? g_array_index (numbers, guint64, SLICE - 1) : 0;
}

/**
 * tocsin_held_want_release:
 * @txn: the write transaction in which a peer's key hold ends
 *
 * Has tocsin_held_release_some() look at all that is held, whatever becomes of this process.
 */
void
tocsin_held_want_release (TocsinTxn *txn)
{
  Release release = { 0 };

  release.again = tocsin_meta_get_exact (txn, META_RELEASE, &release, sizeof release);
  tocsin_meta_put (txn, META_RELEASE, &release, sizeof release);
}

/* Whether it is held for a key though its reporter no longer is. One that was unfollowed or blocked
 * is not held either, and nothing vouches for what it said. */
static gboolean
is_left_over (TocsinTxn *txn, const TocsinReportRecord *record, gint64 now_us)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  return record->hold == TOCSIN_HOLD_KEY && tocsin_peers_get (txn, record->actor, &peer) &&
         peer.following == TOCSIN_FOLLOWING_ACCEPTED && !peer.blocked && !peer.key_hold &&
         tocsin_held_is_vouched_for (&peer, record->activity, now_us);
}

/**
 * tocsin_held_release_some:
 * @txn: a write transaction
 * @policy: the state of this node
 * @now_us: the time
 *
 * Lets a bounded part of what was held for a key count where the hold has ended and nothing else
 * saw to it: the process may have, or a write failed. Does nothing unless
 * tocsin_held_want_release() was called since all was looked at.
 *
 * Returns: whether there is more to look at
 */
gboolean
tocsin_held_release_some (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us)
{
  g_autoptr (GArray) numbers = NULL;
  Release release = { 0 };

  if (!tocsin_meta_get_exact (txn, META_RELEASE, &release, sizeof release))
    return FALSE;
  numbers = tocsin_reports_held (txn, release.after, SLICE);
  for (guint i = 0; i < numbers->len; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_reports_get (txn, g_array_index (numbers, guint64, i), &record) &&
          is_left_over (txn, &record, now_us))
        tocsin_held_settle (txn, policy, &record, TRUE, FALSE, now_us);
    }
  if (numbers->len == SLICE)
    release.after = g_array_index (numbers, guint64, SLICE - 1);
  else if (release.again != 0)
    release = (Release){ 0 };
  else
    {
      tocsin_meta_remove (txn, META_RELEASE);
      return FALSE;
    }
  tocsin_meta_put (txn, META_RELEASE, &release, sizeof release);
  return TRUE;
}

/* A proof that is there was verified when the activity came: one that fails is refused. */
static gboolean
may_be_forwarded (const TocsinTrustRecord *record, gint64 now_us)
{
  g_autoptr (TocsinActivity) activity =
      record->activity != NULL ? tocsin_activity_parse (record->activity, NULL) : NULL;
  g_autoptr (TocsinProof) proof = NULL;
  TocsinProofState state;

  return activity != NULL && !activity->has_unknown_members &&
         tocsin_proof_inspect (tocsin_activity_root (activity), now_us, &state, &proof, NULL) &&
         state == TOCSIN_PROOF_CANDIDATE;
}

/**
 * tocsin_held_release_statement:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: (inout): a trust statement that was held
 * @now_us: the time
 *
 * From now on it counts, and is forwarded as if it had just come.
 */
void
tocsin_held_release_statement (TocsinTxn *txn,
                               const TocsinPolicy *policy,
                               TocsinTrustRecord *record,
                               gint64 now_us)
{
  g_clear_pointer (&record->alternate, g_bytes_unref);
  record->held = FALSE;
  record->live = TRUE;
  if (may_be_forwarded (record, now_us))
    tocsin_relay_statement (txn, policy, record, now_us);
  tocsin_trust_put (txn, record);
}
