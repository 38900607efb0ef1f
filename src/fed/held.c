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

#define SLICE 500 /* held reports, or statements of trust, looked at in one change */

/* A #Release each, while a key was pinned and what was held for it has not all been looked at. */
#define META_REPORTS    "key-release"
#define META_STATEMENTS "key-release-trust"

typedef struct
{
  guint64 after; /* looked at up to this report, or to this peer's statements */
  guint64 again; /* not 0: another key was pinned since it began, so from the beginning once more */
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

static gboolean
went_out (const TocsinTrustRecord *record)
{
  return record->sequence != 0 && (record->forwarded & TOCSIN_FORWARDED_LATER) == 0;
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
  if (!went_out (record) && may_be_forwarded (record, now_us))
    tocsin_relay_statement (txn, policy, record, now_us);
  tocsin_trust_put (txn, record);
}

typedef struct
{
  guint n;      /* looked at */
  GArray *held; /* (unowned) of #Statement */
} Statements;

typedef struct
{
  guint32 trustee;
  TocsinArea area;
} Statement;

/* Of two versions at one time a person has yet to choose, whatever proves them. */
static gboolean
collect_statement (const TocsinTrustRecord *record, gpointer data)
{
  Statements *statements = data;
  Statement statement = { .trustee = record->trustee, .area = record->area };

  statements->n++;
  if (record->held && record->alternate == NULL)
    g_array_append_val (statements->held, statement);
  return TRUE;
}

/**
 * tocsin_held_release_statements:
 * @txn: a write transaction
 * @policy: the state of this node
 * @peer: a peer that is held for its key no longer
 * @now_us: the time
 *
 * Lets its trust statements count that were held for a key, if a key that is pinned now proves
 * them.
 *
 * Returns: how many were looked at, at most 1,000 (model.md 1)
 */
guint
tocsin_held_release_statements (TocsinTxn *txn,
                                const TocsinPolicy *policy,
                                const TocsinPeerRecord *peer,
                                gint64 now_us)
{
  g_autoptr (GArray) held = g_array_new (FALSE, FALSE, sizeof (Statement));
  Statements statements = { .held = held };

  tocsin_trust_foreach_of (txn, peer->actor, collect_statement, &statements);
  for (guint i = 0; i < held->len; i++)
    {
      const Statement *statement = &g_array_index (held, Statement, i);
      g_auto (TocsinTrustRecord) record = { 0 };

      if (tocsin_trust_get (txn, peer->actor, statement->trustee, statement->area, &record) &&
          tocsin_held_is_vouched_for (peer, record.activity, now_us))
        tocsin_held_release_statement (txn, policy, &record, now_us);
    }
  return statements.n;
}

static void
want (TocsinTxn *txn, const char *name)
{
  Release release = { 0 };

  if (tocsin_meta_get_exact (txn, name, &release, sizeof release))
    release.again = release.after != 0;
  tocsin_meta_put (txn, name, &release, sizeof release);
}

/**
 * tocsin_held_want_release:
 * @txn: the write transaction in which a key is pinned, or may prove something again
 *
 * Has tocsin_held_release_some() look at all that is held, whatever becomes of this process.
 */
void
tocsin_held_want_release (TocsinTxn *txn)
{
  want (txn, META_REPORTS);
  want (txn, META_STATEMENTS);
}

/* @after: the last that was looked at; 0: there are no more. Returns whether there is more to do
 * now: what is wanted meanwhile can wait for another round, since peers can want without end. */
static gboolean
go_on (TocsinTxn *txn, const char *name, Release release, guint64 after)
{
  if (after == 0 && release.again == 0)
    {
      tocsin_meta_remove (txn, name);
      return FALSE;
    }
  if (after == 0)
    release.again = 0;
  release.after = after;
  tocsin_meta_put (txn, name, &release, sizeof release);
  return after != 0;
}

/* For what one said that was unfollowed or blocked nothing vouches, held for its key or not. */
static gboolean
is_free (const TocsinPeerRecord *peer)
{
  return peer->following == TOCSIN_FOLLOWING_ACCEPTED && !peer->blocked && !peer->key_hold;
}

/* Whether it is held for a key though its reporter no longer is. */
static gboolean
is_left_over (TocsinTxn *txn, const TocsinReportRecord *record, gint64 now_us)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  return record->hold == TOCSIN_HOLD_KEY && tocsin_peers_get (txn, record->actor, &peer) &&
         is_free (&peer) && tocsin_held_is_vouched_for (&peer, record->activity, now_us);
}

static gboolean
release_some_reports (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us)
{
  g_autoptr (GArray) numbers = NULL;
  Release release = { 0 };

  if (!tocsin_meta_get_exact (txn, META_REPORTS, &release, sizeof release))
    return FALSE;
  numbers = tocsin_reports_held (txn, release.after, SLICE);
  for (guint i = 0; i < numbers->len; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_reports_get (txn, g_array_index (numbers, guint64, i), &record) &&
          is_left_over (txn, &record, now_us))
        tocsin_held_settle (txn, policy, &record, TRUE, FALSE, now_us);
    }
  return go_on (txn, META_REPORTS, release,
                numbers->len == SLICE ? g_array_index (numbers, guint64, SLICE - 1) : 0);
}

typedef struct
{
  guint64 after;
  GArray *actors; /* (unowned) of guint32, in their order */
} FreePeers;

static gboolean
collect_free (const TocsinPeerRecord *peer, gpointer data)
{
  FreePeers *found = data;

  if (peer->actor > found->after && is_free (peer))
    g_array_append_val (found->actors, peer->actor);
  return TRUE;
}

/* Those of one peer at once, at most 1,000: so less than three slices in one change. */
static gboolean
release_some_statements (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us)
{
  g_autoptr (GArray) actors = g_array_new (FALSE, FALSE, sizeof (guint32));
  FreePeers found = { .actors = actors };
  Release release = { 0 };
  guint looked_at = 0;
  guint i;

  if (!tocsin_meta_get_exact (txn, META_STATEMENTS, &release, sizeof release))
    return FALSE;
  found.after = release.after;
  tocsin_peers_foreach (txn, collect_free, &found);
  for (i = 0; i < actors->len && looked_at < SLICE; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peers_get (txn, g_array_index (actors, guint32, i), &peer);
      looked_at += tocsin_held_release_statements (txn, policy, &peer, now_us);
    }
  return go_on (txn, META_STATEMENTS, release,
                i < actors->len ? g_array_index (actors, guint32, i - 1) : 0);
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
 * Returns: whether there is more to look at now; what was wanted since it began to look is left for
 *   the next round
 */
gboolean
tocsin_held_release_some (TocsinTxn *txn, const TocsinPolicy *policy, gint64 now_us)
{
  gboolean more = release_some_reports (txn, policy, now_us);

  return release_some_statements (txn, policy, now_us) || more;
}
