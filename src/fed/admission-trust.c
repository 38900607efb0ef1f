/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An Add of a TrustStatement.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include <string.h>

#include "core/limits.h"
#include "fed/admission-private.h"
#include "fed/relay.h"
#include "fed/room.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-trust.h"

#define TOMBSTONES_MAX 10000 /* what an actor took back without a report of it being here */

/* Same `updated`, another content: neither counts until a person has looked. */
static void
keep_equivocation (TocsinTxn *txn, const TocsinAdmitting *a, TocsinTrustRecord *record)
{
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_EQUIVOCATION,
    .actor = a->reporter,
    .count = 1,
    .created_us = a->admission->now_us,
    .text = (char *) "Two different trust statements under one id and time",
  };

  g_auto (TocsinReviewRecord) open = { 0 };
  guint64 id;

  if (record->held)
    return;
  record->held = TRUE;
  record->live = FALSE;
  record->alternate = g_bytes_ref (a->admission->activity->raw);
  tocsin_trust_put (txn, record);
  a->admission->stored = TRUE;
  /* One line an actor: a decision is about all of them. */
  if (tocsin_review_find_general (txn, TOCSIN_REVIEW_EQUIVOCATION, a->reporter, &id) &&
      tocsin_review_get (txn, id, &open))
    {
      open.count++;
      tocsin_review_put (txn, &open);
      return;
    }
  tocsin_review_add (txn, &line);
}

/* A #TocsinRoomFunc for statements. */
static gboolean
branch_has_room (TocsinTxn *txn, const TocsinAdmitting *a, guint32 branch)
{
  const TocsinAdmission *self = a->admission;

  return branch == a->reporter ||
         tocsin_room_for_statement (txn, self->policy, branch, self->now_us);
}

/* Who states and takes back by turns has no more than a few rows at any time, and leaves a
 * tombstone and an actor's name each time. So both count. */
static gboolean
find_room (TocsinTxn *txn, const TocsinAdmitting *a, guint32 *branch)
{
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, a->reporter, &counts);
  return counts.tombstones < TOMBSTONES_MAX &&
         tocsin_trust_count_of (txn, a->reporter) < TOCSIN_QUOTA_TRUST_STATEMENTS &&
         tocsin_admission_find_room (txn, a, branch_has_room, branch);
}

/* Whether what came gives way to @other: its own older version, or what now stands in the same
 * place under whatever id. Zero where there is none. Of two ids at one time the greater wins, which
 * is the later one where ids are as ours, and the same one on every node: what passes through
 * relays comes in any order. */
static gboolean
loses_to (TocsinTxn *txn, TocsinAdmitting *a, TocsinTrustRecord *other)
{
  const TocsinTrustStatement *statement = &a->admission->activity->statement;
  int order;

  if (other->id == NULL)
    return FALSE;
  if (statement->updated_us < other->updated_us ||
      memcmp (other->content_hash, a->content_hash, sizeof a->content_hash) == 0 ||
      (other->live && tocsin_admission_keeps_older (txn, a)))
    return TRUE;
  if (statement->updated_us > other->updated_us)
    return FALSE;
  order = strcmp (statement->id, other->id);
  if (order == 0)
    keep_equivocation (txn, a, other);
  return order <= 0;
}

/* The older version of a statement that speaks of another actor or area by now. It goes, or nothing
 * could take it back: the id means the new one. It counts as one that was taken back, or one
 * statement could bring in ever new names of actors. */
static void
give_up (TocsinTxn *txn, TocsinAdmitting *a, const TocsinTrustRecord *old, gboolean other_actor)
{
  gint64 now_us = a->admission->now_us;
  const TocsinTombstone tombstone = {
    .removed_us = old->updated_us,
    .until_us = now_us + tocsin_store_keep_us (tocsin_txn_get_store (txn)),
  };

  tocsin_trust_remove (txn, old->truster, old->trustee, old->area);
  if (other_actor && old->activity_id != NULL)
    tocsin_tombstones_put_for (txn, tocsin_trust_record_branch (old), a->reporter, old->activity_id,
                               &tombstone);
  a->admission->stored = TRUE;
}

/* As of a report, a person has yet to decide between two contents: a newer one does not. What went
 * out stays in our outbox until this version takes its place. */
static void
inherit (TocsinTxn *txn, TocsinTrustRecord *record, const TocsinTrustRecord *old)
{
  guint64 lesser = MIN (record->sequence, old->sequence);

  if (old->held && old->alternate != NULL && record->alternate == NULL)
    record->alternate = g_bytes_ref (old->alternate);
  record->forwarded |= old->forwarded;
  record->paid_us = MAX (record->paid_us, old->paid_us);
  record->sequence = MAX (record->sequence, old->sequence);
  if (lesser != 0)
    tocsin_outbox_forget (txn, lesser);
}

static void
fill (TocsinTrustRecord *record,
      const TocsinAdmitting *a,
      guint32 branch,
      const TocsinTrustRecord *old)
{
  const TocsinAdmission *self = a->admission;
  const TocsinTrustStatement *statement = &self->activity->statement;

  record->truster = a->reporter;
  record->area = statement->area;
  record->weight = statement->weight;
  /* What takes the place of another takes its room too; what its own truster brings, nobody's. */
  record->charged = tocsin_charged_to (
      a->is_relayed && old->id != NULL ? tocsin_trust_record_branch (old) : branch, a->reporter);
  record->via = a->signer;
  record->published_us = statement->published_us;
  record->updated_us = statement->updated_us;
  memcpy (record->content_hash, a->content_hash, sizeof record->content_hash);
  record->id = g_strdup (statement->id);
  record->activity_id = g_strdup (self->activity->id);
  record->activity = g_bytes_ref (self->activity->raw);
}

/* Whether @record says nothing that @old does not, and what is forwarded of that may stay. */
static gboolean
is_renewal (const TocsinTrustRecord *record, const TocsinTrustRecord *old, gboolean travels)
{
  gboolean waits = (old->forwarded & TOCSIN_FORWARDED_LATER) != 0;

  return old->live && record->live && old->weight == record->weight &&
         g_str_equal (old->id, record->id) && (travels ? waits || old->sequence != 0 : !waits);
}

/* Forwards @record, now or later, or takes what was forwarded of it out of our outbox. */
static void
forward (TocsinTxn *txn, const TocsinAdmitting *a, TocsinTrustRecord *record, gboolean travels)
{
  const TocsinAdmission *self = a->admission;

  if (travels && tocsin_relay_statement (txn, self->policy, record, self->now_us))
    return;
  record->forwarded &= TOCSIN_FORWARDED_ANY;
  if (record->sequence != 0)
    tocsin_outbox_forget (txn, record->sequence);
  record->sequence = 0;
}

/* What is left to do once it is clear that the statement takes the place of @old, and of
 * @elsewhere. @branch: whose room it takes if there is no @old. @tombstone: (nullable): of its id
 */
static void
store_statement (TocsinTxn *txn,
                 TocsinAdmitting *a,
                 guint32 branch,
                 const TocsinTrustRecord *old,
                 const TocsinTrustRecord *elsewhere,
                 const TocsinTombstone *tombstone)
{
  const TocsinAdmission *self = a->admission;
  gboolean travels = self->proven && !self->activity->has_unknown_members;
  gboolean is_first = old->id == NULL && elsewhere->id == NULL && tombstone == NULL;
  gint64 keep_us = tocsin_store_keep_us (tocsin_txn_get_store (txn));
  g_auto (TocsinTrustRecord) record = { 0 };
  guint64 before;

  fill (&record, a, branch, old);
  record.trustee = tocsin_actors_intern (txn, self->activity->statement.about, self->now_us);
  inherit (txn, &record, old);
  inherit (txn, &record, elsewhere);
  if (tombstone != NULL && old->id == NULL && elsewhere->id == NULL)
    tocsin_relay_delay (txn, self->policy, &record,
                        MIN (tombstone->until_us - keep_us, self->now_us));
  record.held = tocsin_admission_holds_key (txn, a) || record.alternate != NULL;
  record.live = !record.held;
  before = record.sequence;
  if (old->id == NULL || elsewhere->id != NULL || !is_renewal (&record, old, travels))
    forward (txn, a, &record, travels);
  tocsin_trust_put (txn, &record);
  /* What only takes the place of another takes no room, and its id must not either. */
  a->forgets_id = !is_first && (record.sequence == 0 || record.sequence == before);
  a->admission->stored = TRUE;
}

/**
 * tocsin_admission_add_trust:
 * @txn: the write transaction
 * @a: the admission, whose signer and reporter are known
 *
 * The newest statement of (actor, about, area) is the live one, and the newest under one id,
 * whoever it is about by now. What an actor says about itself, and what is past 1,000 statements or
 * 10,000 tombstones, or past what its branch may have, is dropped. However often a statement
 * changes, the newest counts here; it is forwarded in turns.
 */
void
tocsin_admission_add_trust (TocsinTxn *txn, TocsinAdmitting *a)
{
  const TocsinAdmission *self = a->admission;
  const TocsinTrustStatement *statement = &self->activity->statement;
  g_auto (TocsinTrustRecord) old = { 0 };
  g_auto (TocsinTrustRecord) elsewhere = { 0 };
  TocsinTombstone tombstone;
  guint32 branch = tocsin_admission_branch (a);
  gboolean named, was_removed;
  guint32 about;

  if (g_str_equal (statement->about, self->activity->actor))
    return;
  was_removed = tocsin_tombstones_get (txn, a->reporter, statement->id, &tombstone);
  if (was_removed && statement->updated_us <= tombstone.removed_us)
    return;
  a->forgets_id = was_removed;
  named = tocsin_actors_find (txn, statement->about, &about);
  if (named)
    tocsin_trust_get (txn, a->reporter, about, statement->area, &old);
  if (tocsin_trust_find (txn, a->reporter, statement->id, &elsewhere) && named &&
      elsewhere.trustee == about && elsewhere.area == statement->area)
    tocsin_trust_record_clear (&elsewhere);
  if (loses_to (txn, a, &old) || loses_to (txn, a, &elsewhere))
    return;
  if (elsewhere.id != NULL)
    give_up (txn, a, &elsewhere, !named || elsewhere.trustee != about);
  if (old.id == NULL && !find_room (txn, a, &branch))
    {
      if (elsewhere.sequence != 0)
        tocsin_outbox_forget (txn, elsewhere.sequence);
      return;
    }
  store_statement (txn, a, branch, &old, &elsewhere, was_removed ? &tombstone : NULL);
}
