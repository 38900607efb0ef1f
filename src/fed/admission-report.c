/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An Add of a Report: versions, quota, guards, evidence, relay.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "fed/admission-private.h"
#include "fed/guards.h"
#include "fed/relay.h"
#include "fed/withdrawal.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-evidence.h"
#include "store/table-reports.h"
#include "store/table-review.h"

/* Whether @report of another actor is about us, about a peer of ours, or about no public thing. */
static gboolean
needs_a_person (const TocsinPolicy *policy, const TocsinReport *report)
{
  const TocsinSubject *subject = &report->subject;

  return (subject->value != NULL && !tocsin_subject_is_global (subject)) ||
         tocsin_protected_concerns (policy->protected, subject);
}

/* The direct peer that is charged for new things of the reporter: itself, or whom it is heard
 * through now. Of who is believed no longer a relay brings only what takes something back. */
guint32
tocsin_admission_branch (const TocsinAdmitting *a)
{
  guint32 branch = a->is_relayed
                       ? tocsin_trust_snapshot_branch_of (a->admission->policy->trust, a->reporter)
                       : a->reporter; /* although trust may not have been worked out */

  return branch != TOCSIN_WALKS_NOBODY ? branch : a->signer;
}

/* A #TocsinRoomFunc for reports and tombstones: not if the reporter, or @branch as a whole, has all
 * that it may have here. Whoever of the branch is believed no more counts on: else a peer that
 * names ever others has room without end. But one that was wrong about them has some of its own. */
gboolean
tocsin_admission_has_room (TocsinTxn *txn, const TocsinAdmitting *a, guint32 branch)
{
  TocsinBranchCounts of_branch;
  TocsinActorCounts counts;
  guint64 own;

  tocsin_reports_counts (txn, a->reporter, &counts);
  own = tocsin_actor_counts_quota (&counts);
  if (a->reporter == branch && own < TOCSIN_QUOTA_OWN_REPORTS)
    return TRUE;
  if (a->reporter != branch && own >= TOCSIN_QUOTA_INDIRECT_REPORTS)
    return FALSE;
  tocsin_branches_get (txn, branch, &of_branch);
  return (guint64) of_branch.reports + of_branch.tombstones < TOCSIN_QUOTA_DIRECT_REPORTS;
}

/**
 * tocsin_admission_find_room:
 * @txn: the write transaction
 * @a: the admission, whose signer and reporter are known
 * @has_room: asked of one branch after another
 * @branch: (out): whose room is taken; if nobody has any, whose it would have been
 *
 * Who is charged for the reporter comes first, then the others that vouch for it, the loudest
 * first: else a peer that has used up its room could take that of others, by trusting whom they
 * vouch for more than they do.
 *
 * Returns: whether there is room
 */
gboolean
tocsin_admission_find_room (TocsinTxn *txn,
                            const TocsinAdmitting *a,
                            TocsinRoomFunc has_room,
                            guint32 *branch)
{
  const TocsinTrustSnapshot *trust = a->admission->policy->trust;
  guint32 charged = tocsin_admission_branch (a);
  guint32 voucher;

  *branch = charged;
  if (has_room (txn, a, charged))
    return TRUE;
  if (charged == a->reporter)
    return FALSE;
  for (guint i = 0;
       (voucher = tocsin_trust_snapshot_voucher (trust, a->reporter, i)) != TOCSIN_WALKS_NOBODY;
       i++)
    if (voucher != charged && has_room (txn, a, voucher))
      {
        *branch = voucher;
        return TRUE;
      }
  return FALSE;
}

/* Finds the branch that a version counts for, of which the version before counts for @before. A
 * reporter that brings it itself takes it over, if it has room; else it stays where it is. %FALSE
 * if there is no room for a new one. */
static gboolean
find_branch (
    TocsinTxn *txn, const TocsinAdmitting *a, guint32 before, gboolean is_new, guint32 *branch)
{
  if (is_new)
    return tocsin_admission_find_room (txn, a, tocsin_admission_has_room, branch);
  *branch =
      !a->is_relayed && tocsin_admission_has_room (txn, a, a->reporter) ? a->reporter : before;
  return TRUE;
}

static void
fill_record (const TocsinAdmitting *a, TocsinReportRecord *record)
{
  const TocsinAdmission *self = a->admission;

  tocsin_report_record_fill (record, &self->activity->report);
  record->actor = a->reporter;
  record->via = a->signer;
  record->verified = self->proven;
  record->received_us = self->now_us;
  record->batch = self->batch;
  memcpy (record->content_hash, a->content_hash, sizeof record->content_hash);
  record->activity_id = g_strdup (self->activity->id);
  record->activity = g_bytes_ref (self->activity->raw);
}

/* Why a person has to look first, if so. A guard's finding is also counted here. */
static TocsinHold
find_hold (TocsinTxn *txn, TocsinAdmitting *a)
{
  const TocsinAdmission *self = a->admission;
  gboolean burst = FALSE;

  if (self->arrival != TOCSIN_ARRIVAL_CATCH_UP || a->signer_peer.first_batch_done)
    {
      gboolean was_open = self->now_us < a->signer_peer.inbound_open_until_us;

      /* Relayed reports never open their author's breaker: the signer answers for them. */
      burst = tocsin_guards_burst (&a->signer_peer, self->policy, self->now_us);
      if (burst && !was_open)
        a->admission->breaker = TOCSIN_INBOUND_OPENED;
      a->peer_changed = TRUE;
    }
  if (tocsin_admission_holds_key (txn, a))
    return TOCSIN_HOLD_KEY;
  if (needs_a_person (self->policy, &self->activity->report))
    return TOCSIN_HOLD_SUBJECT;
  if (tocsin_subject_is_public_suffix (&self->activity->report.subject))
    return TOCSIN_HOLD_SUFFIX;
  return burst ? TOCSIN_HOLD_BURST : TOCSIN_HOLD_NONE;
}

static const char *
hold_text (TocsinHold hold)
{
  switch (hold)
    {
    case TOCSIN_HOLD_BURST:
      return "More reports than this peer usually sends";
    case TOCSIN_HOLD_EQUIVOCATION:
      return "Two different Adds of one version of this report";
    case TOCSIN_HOLD_KEY:
      return "The reporter's key changed and nothing proves the new one";
    case TOCSIN_HOLD_SUBJECT:
      return "A report about this node, a peer of it, or an address that is not public";
    case TOCSIN_HOLD_SUFFIX:
      return "A report about a name that is a public suffix here";
    case TOCSIN_HOLD_NONE:
    case TOCSIN_HOLD_REJECTED:
    default:
      return "Held";
    }
}

/* One line in `review` for what is held: one a report, but one a signer for a burst. A change of
 * keys has a line of its own. */
static void
open_review (TocsinTxn *txn, const TocsinAdmitting *a, const TocsinReportRecord *record)
{
  gint64 now_us = a->admission->now_us;
  gboolean burst = record->hold == TOCSIN_HOLD_BURST;
  TocsinReviewRecord line = {
    .kind = burst                                      ? TOCSIN_REVIEW_BURST
            : record->hold == TOCSIN_HOLD_EQUIVOCATION ? TOCSIN_REVIEW_EQUIVOCATION
                                                       : TOCSIN_REVIEW_HELD,
    .actor = burst ? a->signer : a->reporter,
    .report = burst ? 0 : record->number,
    .count = 1,
    .created_us = now_us,
    .due_us = burst ? now_us + TOCSIN_HELD_LAPSE_US / a->admission->policy->time_scale : 0,
    .text = (char *) hold_text (record->hold),
  };
  g_auto (TocsinReviewRecord) open = { 0 };
  guint64 id;

  if (record->hold == TOCSIN_HOLD_KEY || record->hold == TOCSIN_HOLD_REJECTED)
    return;
  if (burst && tocsin_review_find_open (txn, TOCSIN_REVIEW_BURST, a->signer, 0, &id) &&
      tocsin_review_get (txn, id, &open))
    {
      open.count++;
      tocsin_review_put (txn, &open);
      return;
    }
  tocsin_review_add (txn, &line);
}

/* A person's word is about the version that they saw: a line about an earlier one goes. */
static void
drop_review (TocsinTxn *txn, const TocsinReportRecord *record)
{
  static const TocsinReviewKind kinds[] = { TOCSIN_REVIEW_HELD, TOCSIN_REVIEW_EQUIVOCATION };
  guint64 id;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (tocsin_review_find_open (txn, kinds[i], record->actor, record->number, &id))
      tocsin_review_remove (txn, id);
}

/* A peer relayed what was for us alone: the operator is told who. */
void
tocsin_admission_note_leak (TocsinTxn *txn, TocsinAdmitting *a)
{
  TocsinReviewRecord line = {
    .kind = TOCSIN_REVIEW_LEAK,
    .actor = a->signer,
    .count = 1,
    .created_us = a->admission->now_us,
    .text = (char *) "This peer relayed a report that was marked amber",
  };
  guint64 id;

  if (!tocsin_review_find_open (txn, TOCSIN_REVIEW_LEAK, a->signer, 0, &id))
    tocsin_review_add (txn, &line);
  if (!a->signer_peer.leaked)
    {
      a->signer_peer.leaked = TRUE;
      tocsin_peers_put (txn, &a->signer_peer);
    }
  a->admission->refusal = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                                               "A report marked amber is not to be relayed");
}

/* Same `updated`, another content: both are kept for a person, neither counts. */
static void
keep_equivocation (TocsinTxn *txn, const TocsinAdmitting *a, TocsinReportRecord *record)
{
  if (record->state != TOCSIN_STATE_LIVE && record->state != TOCSIN_STATE_HELD)
    return;
  if (record->hold == TOCSIN_HOLD_EQUIVOCATION || record->hold == TOCSIN_HOLD_REJECTED)
    return;
  g_clear_pointer (&record->alternate, g_bytes_unref);
  record->alternate = g_bytes_ref (a->admission->activity->raw);
  record->state = TOCSIN_STATE_HELD;
  record->hold = TOCSIN_HOLD_EQUIVOCATION;
  record->held_us = a->admission->now_us;
  tocsin_reports_put (txn, record, a->admission->now_us);
  a->admission->stored = TRUE;
  drop_review (txn, record);
  open_review (txn, a, record);
}

/* Reciprocity: whether it is new to us, and whom this confirms. */
static void
count (TocsinTxn *txn, TocsinAdmitting *a, const TocsinReportRecord *record)
{
  const TocsinAdmission *self = a->admission;
  gboolean first = TRUE;

  {
    g_auto (TocsinEvidenceBuffer) buffer = { 0 };
    const TocsinEvidence *rows;
    gsize n = tocsin_evidence_read (txn, &record->key, &buffer, &rows);

    for (gsize i = 0; i < n; i++)
      if ((rows[i].flags & TOCSIN_EVIDENCE_IMPORTED) == 0 &&
          tocsin_evidence_is_of (&rows[i], record->key_type))
        first = FALSE;
  }
  tocsin_guards_count_got (&a->signer_peer, first, self->now_us);
  a->peer_changed = TRUE;
  tocsin_guards_confirm (txn, self->policy, record, self->now_us);
}

/* Whether the operator's allow list names the subject or what is around it, as a check looks. */
static gboolean
is_allowed (TocsinTxn *txn, const TocsinSubject *subject, gint64 now_us)
{
  TocsinNetworkLengths lengths;
  g_autoptr (GArray) probes = NULL;

  if (tocsin_allow_count (txn) == 0)
    return FALSE;
  tocsin_store_network_lengths (tocsin_txn_get_store (txn), &lengths);
  probes = tocsin_subject_probes (subject, &lengths);
  for (guint i = 0; i < probes->len; i++)
    if (tocsin_allow_match (txn, &g_array_index (probes, TocsinProbe, i).key, now_us))
      return TRUE;
  return FALSE;
}

/* What a person said, or has yet to say about two contents, holds for newer versions too. */
static gboolean
is_for_a_person (TocsinHold hold)
{
  return hold == TOCSIN_HOLD_REJECTED || hold == TOCSIN_HOLD_EQUIVOCATION;
}

/* Past the quota: the digest of what came still needs id and hash, and nothing else. Its activity
 * is not remembered as seen, so that it is taken if it comes again when there is room. */
static void
refuse_report (TocsinReportRecord *record)
{
  record->state = TOCSIN_STATE_REFUSED;
  if (!is_for_a_person (record->hold))
    record->hold = TOCSIN_HOLD_NONE;
  record->held_us = 0;
  record->verified = FALSE;
  memset (&record->key, 0, sizeof record->key);
  memset (record->subject_digest, 0, sizeof record->subject_digest);
  g_clear_pointer (&record->activity_id, g_free);
  g_clear_pointer (&record->category_text, g_free);
  g_clear_pointer (&record->content, g_free);
  g_clear_pointer (&record->value, g_free);
  g_clear_pointer (&record->key_value, g_free);
  g_clear_pointer (&record->activity, g_bytes_unref);
  g_clear_pointer (&record->alternate, g_bytes_unref);
}

/* Ids alone fill a store, too. Past these the reporter's digest is not ours any more, and the
 * operator hears of it once a day. */
static gboolean
has_been_refused_enough (TocsinTxn *txn, const TocsinAdmitting *a)
{
  TocsinBranchCounts of_branch;
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, a->reporter, &counts);
  if (!a->is_relayed)
    return counts.by_state[TOCSIN_STATE_REFUSED] >= TOCSIN_QUOTA_DIRECT_REPORTS;
  tocsin_branches_get (txn, tocsin_admission_branch (a), &of_branch);
  return counts.by_state[TOCSIN_STATE_REFUSED] >= TOCSIN_QUOTA_INDIRECT_REPORTS ||
         of_branch.refused >= TOCSIN_QUOTA_DIRECT_REPORTS;
}

/* What is left to do once it is clear that @record is a new report or a newer version. On entry
 * its @hold is that of the version before, which counts for @last_branch. */
static void
store_version (TocsinTxn *txn,
               TocsinAdmitting *a,
               TocsinReportRecord *record,
               guint32 last_branch,
               gboolean is_new)
{
  const TocsinAdmission *self = a->admission;
  TocsinHold before = record->hold;
  TocsinHold found = find_hold (txn, a);
  gboolean contradicted;
  guint32 branch;
  gboolean has_room = find_branch (txn, a, last_branch, is_new, &branch);

  fill_record (a, record);
  record->charged = tocsin_charged_to (branch, a->reporter);
  record->hold = is_for_a_person (before) ? before : found;
  record->state = record->hold == TOCSIN_HOLD_NONE ? TOCSIN_STATE_LIVE : TOCSIN_STATE_HELD;
  record->held_us = record->hold == TOCSIN_HOLD_NONE ? 0 : self->now_us;
  if (!has_room)
    {
      a->peer_changed = TRUE;
      a->forgets_id = TRUE;
      if (record->number == 0 && has_been_refused_enough (txn, a))
        return;
      refuse_report (record);
    }
  if (is_new && record->state != TOCSIN_STATE_REFUSED)
    count (txn, a, record);
  if (self->activity->has_unknown_members)
    record->verified = FALSE;

  contradicted = is_new && is_allowed (txn, &self->activity->report.subject, self->now_us);
  if (is_new && !a->is_relayed && tocsin_guards_count_contradiction (&a->signer_peer, contradicted))
    tocsin_guards_suggest_weight (txn, a->reporter, self->now_us);
  tocsin_reports_put (txn, record, self->now_us);
  a->admission->stored = TRUE;
  drop_review (txn, record);
  if (record->state == TOCSIN_STATE_HELD &&
      (record->hold != before || record->hold != TOCSIN_HOLD_BURST))
    open_review (txn, a, record);
  tocsin_peers_put (txn, &a->signer_peer);
  a->peer_changed = FALSE;
  if (is_new && a->is_relayed)
    tocsin_guards_contradicted (txn, a->reporter, contradicted, self->now_us);
  tocsin_relay_report (txn, self->policy, record, self->now_us);
}

/* %FALSE: not a report as this node knows them. */
static gboolean
is_taken (const TocsinAdmission *self, GError **error)
{
  if (!self->activity->is_outline)
    return tocsin_report_validate (&self->activity->report, self->now_us, NULL, error);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "The report breaks a rule of this node");
  return FALSE;
}

/* What its reporter's own outbox has is in the reporter's digest, and so in ours, although it is
 * not taken; and what was taken before is what its reporter says no more. It is not remembered as
 * seen, for a later release of this program may take it. */
static void
count_refused (TocsinTxn *txn, TocsinAdmitting *a, const TocsinReportRecord *before)
{
  const TocsinReport *report = &a->admission->activity->report;
  g_auto (TocsinReportRecord) record = {
    .number = before->number,
    .forwarded = before->forwarded,
    .hold = before->hold,
    .actor = a->reporter,
    .via = a->signer,
    .sharing = report->sharing,
    .published_us = report->published_us,
    .updated_us = report->updated_us,
    .end_us = report->end_us,
    .received_us = a->admission->now_us,
    .id = g_strdup (report->id),
  };
  gboolean is_refused = before->number != 0 && before->state == TOCSIN_STATE_REFUSED;

  if (before->number != 0 && report->updated_us <= before->updated_us)
    return;
  if ((!is_refused && has_been_refused_enough (txn, a)) || tocsin_admission_keeps_older (txn, a))
    return;
  refuse_report (&record);
  memcpy (record.content_hash, a->content_hash, sizeof record.content_hash);
  tocsin_reports_put (txn, &record, a->admission->now_us);
  drop_review (txn, &record);
}

/* Whether it was refused before, and there is no room for it now either: it counts once. */
static gboolean
is_refused_again (TocsinTxn *txn,
                  const TocsinAdmitting *a,
                  const TocsinReportRecord *record,
                  gboolean is_same)
{
  guint32 branch;

  return record->state == TOCSIN_STATE_REFUSED && is_same &&
         !find_branch (txn, a, tocsin_report_record_branch (record), TRUE, &branch);
}

/* @record: (inout): the version that is here */
static void
add_version (TocsinTxn *txn, TocsinAdmitting *a, TocsinReportRecord *record)
{
  const TocsinReport *report = &a->admission->activity->report;
  gboolean was_refused = record->state == TOCSIN_STATE_REFUSED;
  gboolean was_held = record->state == TOCSIN_STATE_HELD;
  /* Neither of these has a place in the quota, so it has to find one now. */
  gboolean is_new = was_refused || record->state == TOCSIN_STATE_EXPIRED;
  gboolean is_same = memcmp (record->content_hash, a->content_hash, sizeof a->content_hash) == 0;
  guint32 branch = tocsin_report_record_branch (record);
  TocsinReportRecord version = {
    .number = record->number,
    .forwarded = record->forwarded,
    .hold = was_held || was_refused ? record->hold : TOCSIN_HOLD_NONE,
  };

  if (report->updated_us < record->updated_us || (is_same && !was_refused) ||
      is_refused_again (txn, a, record, is_same))
    return;
  if (record->state == TOCSIN_STATE_LIVE && tocsin_admission_keeps_older (txn, a))
    return;
  if (report->updated_us == record->updated_us && !is_same)
    {
      keep_equivocation (txn, a, record);
      return;
    }
  if (was_held)
    version.alternate = g_steal_pointer (&record->alternate);
  tocsin_report_record_clear (record);
  *record = version;
  store_version (txn, a, record, branch, is_new);
}

/**
 * tocsin_admission_add_report:
 * @txn: the write transaction
 * @a: the admission, whose signer and reporter are known
 * @error: return location for an error, or %NULL
 *
 * What breaks a rule of its kind is refused, or if its reporter's outbox has it, counted as such.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNPROCESSABLE if it is refused
 */
gboolean
tocsin_admission_add_report (TocsinTxn *txn, TocsinAdmitting *a, GError **error)
{
  TocsinAdmission *self = a->admission;
  const TocsinReport *report = &self->activity->report;
  gboolean is_listed = self->arrival == TOCSIN_ARRIVAL_CATCH_UP && !a->is_relayed;
  g_autoptr (GError) fault = NULL;
  gboolean taken = is_taken (self, &fault);
  g_auto (TocsinReportRecord) record = { 0 };
  TocsinTombstone tombstone;
  guint64 number = 0;

  if (!taken && !is_listed)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  if (tocsin_tombstones_get (txn, a->reporter, report->id, &tombstone) &&
      report->updated_us <= tombstone.removed_us)
    return TRUE;
  if (tocsin_reports_find (txn, a->reporter, report->id, &number))
    tocsin_reports_get (txn, number, &record);
  if (!taken)
    count_refused (txn, a, &record);
  else if (record.number == 0)
    store_version (txn, a, &record, a->reporter, TRUE);
  else
    add_version (txn, a, &record);
  return TRUE;
}
