/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A Remove: the tombstone, the guard against mass withdrawal, and what was forwarded is taken
 * back too. A Remove that waits for a person is kept in the report's own row: withdrawn_us is set
 * while the state is still live, held_us says since when it waits, and `alternate` holds the signed
 * Remove, if it may travel on.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/withdrawal.h"

#include "codec/activity.h"
#include "core/error.h"
#include "fed/admission-private.h"
#include "fed/guards.h"
#include "fed/relay.h"
#include "store/purge.h"
#include "store/table-evidence.h"
#include "store/table-review.h"
#include "store/table-trust.h"

static gint64
keep_until (TocsinTxn *txn, gint64 now_us)
{
  return now_us + tocsin_store_keep_us (tocsin_txn_get_store (txn));
}

/* As wide as any version that went out, or who got that one would keep it. Amber is not relayed, so
 * what went out was green at least. */
static TocsinSharing
widest_sharing (const TocsinReportRecord *record)
{
  if ((record->forwarded & TOCSIN_FORWARDED_CLEAR) != 0)
    return TOCSIN_SHARING_CLEAR;
  return record->actor == TOCSIN_ACTOR_LOCAL ? record->sharing
                                             : MIN (record->sharing, TOCSIN_SHARING_GREEN);
}

/**
 * tocsin_withdrawal_apply:
 * @txn: a write transaction
 * @policy: the state of this node
 * @record: the report
 * @remove: what takes it back
 * @now_us: the time
 *
 * Body, subject and evidence go; followers that we forwarded the Add to get the Remove, if @remove
 * may travel on.
 */
void
tocsin_withdrawal_apply (TocsinTxn *txn,
                         const TocsinPolicy *policy,
                         const TocsinReportRecord *record,
                         const TocsinWithdrawal *remove,
                         gint64 now_us)
{
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_REMOVE,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = record->actor,
    .relayed_from = remove->signer,
    .report = record->number,
    .sharing = widest_sharing (record),
    .created_us = now_us,
    .activity_id = (char *) remove->activity_id,
    .activity = remove->activity,
  };
  guint64 add_sequence = tocsin_relay_only_add (record->sequence, record->forwarded,
                                                record->published_us, record->updated_us);
  gboolean told = record->forwarded || record->actor == TOCSIN_ACTOR_LOCAL;
  /* Whoever has the Add, or shows it again after a restore, may do so until it ends. */
  gint64 until_us = MAX (keep_until (txn, now_us), record->end_us);

  tocsin_reports_withdraw (txn, record->number, remove->reason, remove->removed_us, until_us);
  if (told && remove->activity != NULL)
    tocsin_relay_publish (txn, policy, &entry, add_sequence, now_us);
}

/* What others cannot check is not for them, and what nobody asked for could be the very text that
 * is taken back: it is not kept either. */
static gboolean
may_travel (const TocsinAdmission *admission)
{
  return admission->proven && !admission->activity->has_unknown_members;
}

/* Whether the Remove is refused because it cannot go where the Add went. */
static gboolean
lacks_proof (TocsinAdmission *self, gboolean forwarded)
{
  if (self->proven || !forwarded)
    return FALSE;
  self->refusal =
      g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                           "What it takes back was forwarded: this needs a proof by its actor");
  return TRUE;
}

static void
hold_withdrawal (TocsinTxn *txn,
                 const TocsinAdmitting *a,
                 TocsinReportRecord *record,
                 gint64 removed_us)
{
  gint64 now_us = a->admission->now_us;
  g_auto (TocsinReviewRecord) line = { 0 };
  guint64 id;

  record->withdrawn_us = removed_us;
  record->held_us = now_us;
  record->remove_reason = a->admission->activity->reason;
  g_clear_pointer (&record->alternate, g_bytes_unref);
  if (may_travel (a->admission))
    record->alternate = g_bytes_ref (a->admission->activity->raw);
  tocsin_reports_put (txn, record, now_us);

  if (tocsin_review_find_open (txn, TOCSIN_REVIEW_WITHDRAWAL, a->reporter, 0, &id) &&
      tocsin_review_get (txn, id, &line))
    {
      line.count++;
      tocsin_review_put (txn, &line);
      return;
    }
  line.kind = TOCSIN_REVIEW_WITHDRAWAL;
  line.actor = a->reporter;
  line.count = 1;
  line.created_us = now_us;
  line.due_us = now_us + TOCSIN_HELD_LAPSE_US / a->admission->policy->time_scale;
  line.text = g_strdup ("This peer withdraws an unusual share of its reports");
  tocsin_review_add (txn, &line);
}

/* Counts the withdrawal against its reporter's habit, if we deal with it directly. */
static gboolean
is_mass_withdrawal (TocsinTxn *txn, TocsinAdmitting *a)
{
  const TocsinAdmission *self = a->admission;
  gboolean erased = self->activity->reason == TOCSIN_REASON_ERASED;
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinActorCounts counts;
  gboolean hold;

  tocsin_reports_counts (txn, a->reporter, &counts);
  if (!a->is_relayed)
    {
      a->peer_changed = TRUE;
      return tocsin_guards_withdrawal (&a->signer_peer, self->policy,
                                       counts.by_state[TOCSIN_STATE_LIVE], erased, self->now_us);
    }
  if (!tocsin_peers_get (txn, a->reporter, &peer))
    return FALSE;
  hold = tocsin_guards_withdrawal (&peer, self->policy, counts.by_state[TOCSIN_STATE_LIVE], erased,
                                   self->now_us);
  tocsin_peers_put (txn, &peer);
  return hold;
}

/* What newer reports of the same or its age took out of the evidence goes without a word: no
 * verdict rests on it, and who reports the same often withdraws its oldest each time. */
static gboolean
is_evidence (TocsinTxn *txn, const TocsinReportRecord *record)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, &record->key, &buffer, &rows);

  for (gsize i = 0; i < n; i++)
    if (rows[i].reporter == record->actor && rows[i].report == record->number)
      return TRUE;
  return FALSE;
}

/* Whose room a tombstone takes: that of the statement of which it is, if there is one. */
static gboolean
find_room (TocsinTxn *txn,
           const TocsinAdmitting *a,
           const TocsinTrustRecord *record,
           guint32 *branch)
{
  if (record->id == NULL)
    return tocsin_admission_find_room (txn, a, tocsin_admission_has_room, branch);
  *branch = tocsin_trust_record_branch (record);
  return tocsin_admission_has_room (txn, a, *branch);
}

/* Of what never came, or is newer here: the tombstone counts against the quota, or made-up Removes
 * could fill the store. A later date for one that there is takes no room. @record: the statement
 * that is here, or zero */
static void
keep_date (TocsinTxn *txn,
           TocsinAdmitting *a,
           const TocsinTrustRecord *record,
           gint64 removed_us,
           const TocsinTombstone *before)
{
  guint32 branch = a->reporter;
  const TocsinTombstone tombstone = { .removed_us = removed_us,
                                      .until_us = keep_until (txn, a->admission->now_us) };

  if (before != NULL ? removed_us <= before->removed_us : !find_room (txn, a, record, &branch))
    return;
  tocsin_tombstones_put_for (txn, branch, a->reporter, a->admission->activity->object, &tombstone);
  a->admission->stored = before == NULL;
}

/* What is over was taken back, or nothing keeps it: of it the date counts alone, so that an older
 * version stays out. Ever new Removes of it take no room. */
static void
note_date (TocsinTxn *txn, const TocsinAdmitting *a, const TocsinTombstone *tombstone)
{
  const char *object = a->admission->activity->object;
  TocsinTombstone before;

  if (!tocsin_tombstones_get (txn, a->reporter, object, &before) ||
      before.removed_us < tombstone->removed_us)
    tocsin_tombstones_put (txn, a->reporter, object, tombstone);
}

/* Takes the trust statement @record back. Who states and takes back by turns leaves no more than
 * one tombstone, and what did not go out is not taken back elsewhere. */
static void
remove_statement (TocsinTxn *txn,
                  TocsinAdmitting *a,
                  const TocsinTrustRecord *record,
                  gint64 removed_us,
                  gboolean again)
{
  TocsinAdmission *self = a->admission;
  gboolean went_out = (record->forwarded & TOCSIN_FORWARDED_ANY) != 0;
  const TocsinTombstone tombstone = { .removed_us = removed_us,
                                      .until_us = keep_until (txn, self->now_us) };
  TocsinOutboxRecord entry = {
    .kind = TOCSIN_OUTBOX_REMOVE,
    .audience = TOCSIN_AUDIENCE_FOLLOWERS,
    .origin = a->reporter,
    .relayed_from = a->signer,
    .sharing = TOCSIN_SHARING_GREEN,
    .created_us = self->now_us,
    .activity_id = self->activity->id,
    .activity = self->activity->raw,
  };

  if (lacks_proof (self, went_out))
    return;
  self->stored = TRUE;
  a->forgets_id = again && !went_out;
  tocsin_tombstones_put_for (txn, tocsin_trust_record_branch (record), a->reporter,
                             self->activity->object, &tombstone);
  tocsin_trust_remove (txn, record->truster, record->trustee, record->area);
  if (record->sequence != 0)
    tocsin_outbox_forget (txn, record->sequence);
  if (went_out && may_travel (self))
    tocsin_relay_publish (txn, self->policy, &entry,
                          tocsin_relay_only_add (record->sequence, record->forwarded,
                                                 record->published_us, record->updated_us),
                          self->now_us);
}

/* Of a trust statement, or of what never came. */
static void
remove_other (TocsinTxn *txn, TocsinAdmitting *a, gint64 removed_us)
{
  const char *object = a->admission->activity->object;
  g_auto (TocsinTrustRecord) record = { 0 };
  TocsinTombstone before;
  gboolean had = tocsin_tombstones_get (txn, a->reporter, object, &before);
  gboolean found = tocsin_trust_find (txn, a->reporter, object, &record);

  if (found && record.updated_us <= removed_us)
    remove_statement (txn, a, &record, removed_us, had);
  else
    keep_date (txn, a, &record, removed_us, had ? &before : NULL);
}

/**
 * tocsin_admission_remove:
 * @txn: the write transaction
 * @a: the admission, whose signer and reporter are known
 *
 * Takes a report or a trust statement back. The tombstone is kept whether or not we ever saw the
 * Add, so that a late one does not bring it back. A key that nothing vouches for takes back
 * nothing.
 */
void
tocsin_admission_remove (TocsinTxn *txn, TocsinAdmitting *a)
{
  TocsinAdmission *self = a->admission;
  const TocsinActivity *activity = self->activity;
  gint64 removed_us = activity->published_us;
  TocsinTombstone tombstone = { .removed_us = removed_us,
                                .until_us = keep_until (txn, self->now_us) };
  TocsinWithdrawal remove = {
    .reason = activity->reason,
    .removed_us = removed_us,
    .signer = a->signer,
    .activity_id = activity->id,
    .activity = may_travel (self) ? activity->raw : NULL,
  };
  g_auto (TocsinReportRecord) record = { 0 };
  gboolean is_over;
  guint64 number;

  if (tocsin_admission_keeps_older (txn, a))
    return;
  if (!tocsin_reports_find (txn, a->reporter, activity->object, &number) ||
      !tocsin_reports_get (txn, number, &record))
    {
      remove_other (txn, a, removed_us);
      return;
    }
  is_over = record.state == TOCSIN_STATE_WITHDRAWN || record.state == TOCSIN_STATE_EXPIRED ||
            record.withdrawn_us != 0 || record.updated_us > removed_us;
  if (is_over)
    {
      note_date (txn, a, &tombstone);
      return;
    }
  if (lacks_proof (self, record.forwarded != 0))
    return;
  self->stored = TRUE;
  tocsin_tombstones_put (txn, a->reporter, activity->object, &tombstone);
  if (record.state == TOCSIN_STATE_LIVE && is_evidence (txn, &record) &&
      is_mass_withdrawal (txn, a))
    hold_withdrawal (txn, a, &record, removed_us);
  else
    tocsin_withdrawal_apply (txn, self->policy, &record, &remove, self->now_us);
}

static void
settle_one (TocsinTxn *txn,
            const TocsinPolicy *policy,
            TocsinReportRecord *record,
            gboolean apply,
            TocsinHeldPart *part,
            gint64 now_us)
{
  g_autoptr (TocsinActivity) activity = NULL;
  TocsinWithdrawal remove = {
    .reason = record->remove_reason,
    .removed_us = record->withdrawn_us,
    .signer = record->via,
    .activity = record->alternate,
  };

  if (record->state != TOCSIN_STATE_LIVE || record->withdrawn_us == 0 ||
      !tocsin_held_is_in_part (part, record->held_us))
    return;
  if (apply)
    {
      activity = record->alternate != NULL ? tocsin_activity_parse (record->alternate, NULL) : NULL;
      remove.activity_id = activity != NULL ? activity->id : NULL;
      remove.activity = activity != NULL ? record->alternate : NULL;
      tocsin_withdrawal_apply (txn, policy, record, &remove, now_us);
      return;
    }
  record->withdrawn_us = record->held_us = 0;
  g_clear_pointer (&record->alternate, g_bytes_unref);
  tocsin_reports_put (txn, record, now_us);
}

#define SETTLE_ROWS 500 /* live reports looked at in one change */

/**
 * tocsin_withdrawal_settle:
 * @txn: a write transaction
 * @policy: the state of this node
 * @actor: a reporter whose Removes wait
 * @apply: %TRUE to carry them out, %FALSE to disregard them
 * @part: (inout): which of them
 * @after: 0 to begin; then what the last call returned
 * @now_us: the time
 *
 * Settles a bounded part of them.
 *
 * Returns: for the next call; 0 at the end
 */
guint64
tocsin_withdrawal_settle (TocsinTxn *txn,
                          const TocsinPolicy *policy,
                          guint32 actor,
                          gboolean apply,
                          TocsinHeldPart *part,
                          guint64 after,
                          gint64 now_us)
{
  TocsinReportFilter filter = {
    .has_actor = TRUE, .actor = actor, .state = TOCSIN_STATE_LIVE + 1, .ascending = TRUE
  };
  guint64 next = 0;
  g_autoptr (GPtrArray) page = tocsin_reports_list (txn, &filter, after, SETTLE_ROWS, &next);

  for (guint i = 0; i < page->len; i++)
    settle_one (txn, policy, g_ptr_array_index (page, i), apply, part, now_us);
  return next;
}
