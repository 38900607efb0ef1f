/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-reports.h"

#include "core/clock.h"
#include "store/branches-private.h"
#include "store/reports-private.h"
#include "store/table-actors.h"
#include "store/table-evidence.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-subjects.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinReportRecord, number),
  TOCSIN_PLAIN (TocsinReportRecord, actor),
  TOCSIN_PLAIN (TocsinReportRecord, via),
  TOCSIN_PLAIN (TocsinReportRecord, state),
  TOCSIN_PLAIN (TocsinReportRecord, hold),
  TOCSIN_PLAIN (TocsinReportRecord, category),
  TOCSIN_PLAIN (TocsinReportRecord, subject_type),
  TOCSIN_PLAIN (TocsinReportRecord, key_type),
  TOCSIN_PLAIN (TocsinReportRecord, basis),
  TOCSIN_PLAIN (TocsinReportRecord, opinion),
  TOCSIN_PLAIN (TocsinReportRecord, confidence),
  TOCSIN_PLAIN (TocsinReportRecord, action),
  TOCSIN_PLAIN (TocsinReportRecord, sharing),
  TOCSIN_PLAIN (TocsinReportRecord, remove_reason),
  TOCSIN_PLAIN (TocsinReportRecord, charged),
  TOCSIN_PLAIN (TocsinReportRecord, forwarded),
  TOCSIN_PLAIN (TocsinReportRecord, verified),
  TOCSIN_PLAIN (TocsinReportRecord, published_us),
  TOCSIN_PLAIN (TocsinReportRecord, updated_us),
  TOCSIN_PLAIN (TocsinReportRecord, observed_us),
  TOCSIN_PLAIN (TocsinReportRecord, last_observed_us),
  TOCSIN_PLAIN (TocsinReportRecord, end_us),
  TOCSIN_PLAIN (TocsinReportRecord, evidence_end_us),
  TOCSIN_PLAIN (TocsinReportRecord, received_us),
  TOCSIN_PLAIN (TocsinReportRecord, held_us),
  TOCSIN_PLAIN (TocsinReportRecord, withdrawn_us),
  TOCSIN_PLAIN (TocsinReportRecord, gone_us),
  TOCSIN_PLAIN (TocsinReportRecord, key),
  TOCSIN_PLAIN (TocsinReportRecord, subject_digest),
  TOCSIN_PLAIN (TocsinReportRecord, content_hash),
  TOCSIN_PLAIN (TocsinReportRecord, sequence),
  TOCSIN_PLAIN (TocsinReportRecord, batch),
  TOCSIN_PLAIN (TocsinReportRecord, bundle),
  TOCSIN_STRING (TocsinReportRecord, id),
  TOCSIN_STRING (TocsinReportRecord, activity_id),
  TOCSIN_STRING (TocsinReportRecord, category_text),
  TOCSIN_STRING (TocsinReportRecord, content),
  TOCSIN_STRING (TocsinReportRecord, key_value),
  TOCSIN_STRING (TocsinReportRecord, value),
  TOCSIN_BYTES (TocsinReportRecord, activity),
  TOCSIN_BYTES (TocsinReportRecord, alternate),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinReportRecord, fields, NULL);

static const TocsinField count_fields[] = {
  TOCSIN_PLAIN (TocsinActorCounts, by_state),
  TOCSIN_PLAIN (TocsinActorCounts, tombstones),
  TOCSIN_PLAIN (TocsinActorCounts, items),
  TOCSIN_PLAIN (TocsinActorCounts, digest),
};

static const TocsinShape count_shape = TOCSIN_SHAPE (TocsinActorCounts, count_fields, NULL);

void
tocsin_report_record_clear (TocsinReportRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

void
tocsin_report_record_free (TocsinReportRecord *self)
{
  if (self == NULL)
    return;
  tocsin_report_record_clear (self);
  g_free (self);
}

static guint32
to_seconds (gint64 time_us)
{
  return (guint32) CLAMP (time_us / TOCSIN_SECOND_US, 0, (gint64) G_MAXUINT32);
}

void
tocsin_report_record_fill (TocsinReportRecord *self, const TocsinReport *report)
{
  self->category = report->category;
  self->subject_type = report->subject.type;
  self->key_type = report->subject.key_type;
  self->basis = report->basis;
  self->opinion = report->opinion;
  self->confidence = report->confidence;
  self->action = report->action;
  self->sharing = report->sharing;
  self->published_us = report->published_us;
  self->updated_us = report->updated_us;
  self->observed_us = report->observed_us;
  self->last_observed_us = report->last_observed_us;
  self->end_us = report->end_us;
  self->evidence_end_us = tocsin_report_evidence_end (report);
  self->key = tocsin_subject_key (&report->subject);
  memcpy (self->subject_digest, report->subject.digest, sizeof self->subject_digest);
  self->id = g_strdup (report->id);
  if (report->category == TOCSIN_CATEGORY_OTHER)
    self->category_text = g_strdup (report->category_text);
  self->content = g_strdup (report->content);
  self->value = g_strdup (report->subject.value);
  if (g_strcmp0 (report->subject.key_value, report->subject.value) != 0)
    self->key_value = g_strdup (report->subject.key_value);
}

TocsinReportState
tocsin_report_record_state (const TocsinReportRecord *self, gint64 now_us)
{
  return self->state == TOCSIN_STATE_WITHDRAWN || self->end_us > now_us ? self->state
                                                                        : TOCSIN_STATE_EXPIRED;
}

guint32
tocsin_report_record_branch (const TocsinReportRecord *self)
{
  return tocsin_charged_branch (self->charged, self->actor, self->via);
}

void
tocsin_report_record_evidence (const TocsinReportRecord *self, TocsinEvidence *out)
{
  guint flags = 0;

  if (self->opinion == TOCSIN_OPINION_BENIGN)
    flags |= TOCSIN_EVIDENCE_BENIGN;
  if (self->state == TOCSIN_STATE_HELD)
    flags |= TOCSIN_EVIDENCE_HELD;
  if (self->basis != TOCSIN_BASIS_FIRST_HAND)
    flags |= TOCSIN_EVIDENCE_IMPORTED;
  if (self->basis == TOCSIN_BASIS_DERIVED)
    flags |= TOCSIN_EVIDENCE_DERIVED;
  if (self->actor == 0)
    flags |= TOCSIN_EVIDENCE_OWN;
  if (tocsin_subject_type_is_person (self->subject_type))
    flags |= TOCSIN_EVIDENCE_PERSON;
  *out = (TocsinEvidence){ .reporter = self->actor,
                           .category = self->category,
                           .flags = (guint8) flags,
                           .confidence = self->confidence,
                           .subject_type = (guint8) self->subject_type,
                           .observed_s = to_seconds (self->last_observed_us),
                           .expires_s = to_seconds (self->evidence_end_us),
                           .report = self->number };
}

static void
from_compact (const TocsinCompactRow *row, TocsinReportRecord *out)
{
  const TocsinEvidence *evidence = &row->evidence;
  gboolean imported = (evidence->flags & TOCSIN_EVIDENCE_IMPORTED) != 0;
  gboolean benign = (evidence->flags & TOCSIN_EVIDENCE_BENIGN) != 0;

  *out = (TocsinReportRecord){
    .number = evidence->report,
    .actor = evidence->reporter,
    .via = evidence->reporter,
    .state = TOCSIN_STATE_LIVE,
    .category = evidence->category,
    .subject_type = (TocsinSubjectType) evidence->subject_type,
    .key_type = (TocsinSubjectType) row->key_type,
    .basis = imported ? TOCSIN_BASIS_IMPORTED : TOCSIN_BASIS_FIRST_HAND,
    .opinion = benign ? TOCSIN_OPINION_BENIGN : TOCSIN_OPINION_MALICIOUS,
    .confidence = evidence->confidence,
    .sharing = TOCSIN_SHARING_AMBER,
    .observed_us = evidence->observed_s * TOCSIN_SECOND_US,
    .last_observed_us = evidence->observed_s * TOCSIN_SECOND_US,
    .end_us = evidence->expires_s * TOCSIN_SECOND_US,
    .evidence_end_us = evidence->expires_s * TOCSIN_SECOND_US,
    .key = row->key,
    .batch = row->batch,
  };
}

gboolean
tocsin_report_read (TocsinTxn *txn, const TocsinSpan *span, TocsinReportRecord *out)
{
  TocsinCompactRow compact;

  if (span->size != sizeof compact)
    {
      if (!tocsin_txn_unpack (txn, &shape, span, out))
        return FALSE;
      /* They index arrays. */
      if (out->state <= TOCSIN_STATE_EXPIRED && out->sharing <= TOCSIN_SHARING_AMBER &&
          out->id != NULL)
        return TRUE;
      tocsin_report_record_clear (out);
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  memcpy (&compact, span->data, sizeof compact);
  from_compact (&compact, out);
  return TRUE;
}

gboolean
tocsin_report_get_row (TocsinTxn *txn, guint64 number, TocsinReportRecord *out)
{
  TocsinKey key = tocsin_key_u64 (number);
  TocsinSpan span;

  memset (out, 0, sizeof *out);
  return tocsin_txn_get (txn, TOCSIN_TABLE_REPORTS, &key, &span) &&
         tocsin_report_read (txn, &span, out);
}

void
tocsin_report_add_text (TocsinTxn *txn, TocsinReportRecord *record)
{
  TocsinSubjectRecord subject;

  if (record->id == NULL && tocsin_subjects_get (txn, &record->key, &subject))
    record->value = g_strdup (subject.value);
}

gboolean
tocsin_reports_get (TocsinTxn *txn, guint64 number, TocsinReportRecord *out)
{
  if (!tocsin_report_get_row (txn, number, out))
    return FALSE;
  tocsin_report_add_text (txn, out);
  return TRUE;
}

static TocsinKey
id_key (guint32 actor, const char *id)
{
  TocsinId hash = tocsin_id_for_pair (actor, id);

  return tocsin_key_id (&hash);
}

gboolean
tocsin_reports_find (TocsinTxn *txn, guint32 actor, const char *id, guint64 *number)
{
  TocsinKey key = id_key (actor, id);

  return tocsin_txn_get_u64 (txn, TOCSIN_TABLE_REPORT_IDS, &key, number);
}

void
tocsin_report_xor (const TocsinReportRecord *record, guint8 digest[TOCSIN_SHA256_BYTES])
{
  g_autofree char *hex = tocsin_hex_encode (record->content_hash, sizeof record->content_hash);
  g_autofree char *text = g_strconcat (record->id, "\n", hex, NULL);
  guint8 hash[TOCSIN_SHA256_BYTES];

  tocsin_sha256 (text, strlen (text), hash);
  for (guint i = 0; i < sizeof hash; i++)
    digest[i] ^= hash[i];
}

/* Received, and neither withdrawn nor expired. */
static gboolean
is_current (const TocsinReportRecord *record)
{
  return record->id != NULL &&
         (record->state == TOCSIN_STATE_LIVE || record->state == TOCSIN_STATE_HELD ||
          record->state == TOCSIN_STATE_REFUSED);
}

gboolean
tocsin_report_in_digest (const TocsinReportRecord *record)
{
  /* What was derived here never leaves: nobody else could count it. A live one whose Remove waits
   * for a person is not counted by its reporter any more. */
  return is_current (record) && record->withdrawn_us == 0 &&
         (record->actor != TOCSIN_ACTOR_LOCAL || record->basis != TOCSIN_BASIS_DERIVED);
}

void
tocsin_reports_counts (TocsinTxn *txn, guint32 actor, TocsinActorCounts *out)
{
  TocsinKey key = tocsin_key_u32 (actor);

  tocsin_txn_get_record (txn, TOCSIN_TABLE_ACTOR_COUNTS, &key, &count_shape, out);
}

void
tocsin_report_put_counts (TocsinTxn *txn, guint32 actor, const TocsinActorCounts *counts)
{
  TocsinKey key = tocsin_key_u32 (actor);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_ACTOR_COUNTS, &key, &count_shape, counts);
}

guint64
tocsin_actor_counts_quota (const TocsinActorCounts *self)
{
  return (guint64) self->by_state[TOCSIN_STATE_LIVE] + self->by_state[TOCSIN_STATE_HELD] +
         self->by_state[TOCSIN_STATE_WITHDRAWN] + self->tombstones;
}

TocsinKey
tocsin_report_end_key (gint64 time_us, guint64 number, TocsinEndKind kind)
{
  TocsinKey key = tocsin_key_u32 (to_seconds (time_us));

  tocsin_key_add_u64 (&key, number);
  tocsin_key_add_u8 (&key, (guint8) kind);
  return key;
}

/* The first midnight at which the digest no longer counts it: endTime is not after asOf. */
static gint64
midnight_after (gint64 end_us)
{
  return (end_us + TOCSIN_DAY_US - 1) / TOCSIN_DAY_US * TOCSIN_DAY_US;
}

/* All but `report-ids` have the number in the key already. */
static void
write_index (TocsinTxn *txn, TocsinTable table, const TocsinKey *key, gboolean add)
{
  if (add)
    tocsin_txn_put (txn, table, key, "", 0);
  else
    tocsin_txn_del (txn, table, key);
}

/* Every entry by which a full record can be found, to be written or removed. */
static void
write_indexes (TocsinTxn *txn, const TocsinReportRecord *r, gboolean add)
{
  gboolean standing = r->state == TOCSIN_STATE_LIVE || r->state == TOCSIN_STATE_HELD;
  TocsinKey key = id_key (r->actor, r->id);

  if (add)
    tocsin_txn_put_u64 (txn, TOCSIN_TABLE_REPORT_IDS, &key, r->number);
  else
    tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_IDS, &key);
  key = tocsin_key_u32_u64 (r->actor, r->number);
  write_index (txn, TOCSIN_TABLE_REPORT_ACTORS, &key, add);
  if (standing)
    {
      key = tocsin_report_end_key (r->evidence_end_us, r->number, TOCSIN_END_EVIDENCE);
      write_index (txn, TOCSIN_TABLE_REPORT_ENDS, &key, add);
    }
  if (is_current (r))
    {
      key = tocsin_report_end_key (midnight_after (r->end_us), r->number, TOCSIN_END_REPORT);
      write_index (txn, TOCSIN_TABLE_REPORT_ENDS, &key, add);
    }
  if (r->gone_us > 0)
    {
      key = tocsin_report_end_key (r->gone_us, r->number, TOCSIN_END_ROW);
      write_index (txn, TOCSIN_TABLE_REPORT_ENDS, &key, add);
    }
  /* A batch or bundle lists what can still be taken back. */
  if (standing && r->batch != 0 && r->hold != TOCSIN_HOLD_REJECTED)
    {
      key = tocsin_key_u64_u64 (r->batch, r->number);
      write_index (txn, TOCSIN_TABLE_REPORT_BATCHES, &key, add);
    }
  if (r->bundle != 0)
    {
      key = tocsin_key_u64_u64 (r->bundle, r->number);
      write_index (txn, TOCSIN_TABLE_REPORT_BUNDLES, &key, add);
    }
  if (r->state == TOCSIN_STATE_HELD && r->hold != TOCSIN_HOLD_REJECTED)
    {
      key = tocsin_key_u64 (r->number);
      write_index (txn, TOCSIN_TABLE_REPORT_HELD, &key, add);
    }
}

static void
count_record (TocsinActorCounts *counts, const TocsinReportRecord *r, int by)
{
  counts->by_state[r->state] += (guint32) by;
  if (!tocsin_report_in_digest (r))
    return;
  counts->items[r->sharing] += (guint32) by;
  tocsin_report_xor (r, counts->digest[r->sharing]);
}

/* What has expired takes nobody's room. */
void
tocsin_report_count_branch (const TocsinReportRecord *record, int by, TocsinBranchCounts *counts)
{
  if (record->state == TOCSIN_STATE_REFUSED)
    counts->refused += (guint32) by;
  else if (record->state != TOCSIN_STATE_EXPIRED)
    counts->reports += (guint32) by;
}

void
tocsin_report_charge (TocsinTxn *txn, const TocsinReportRecord *record, int by)
{
  TocsinBranchCounts counts = { 0 };

  tocsin_report_count_branch (record, by, &counts);
  tocsin_branches_add (txn, tocsin_report_record_branch (record), &counts);
}

static gboolean
contributes (const TocsinReportRecord *r, gint64 now_us)
{
  return (r->state == TOCSIN_STATE_LIVE || r->state == TOCSIN_STATE_HELD) &&
         r->evidence_end_us > now_us;
}

static void
add_evidence (TocsinTxn *txn, const TocsinReportRecord *r)
{
  TocsinSubjectRecord subject = { .key = r->key,
                                  .type = r->key_type,
                                  .value = r->key_value != NULL ? r->key_value : r->value };
  TocsinEvidence evidence;

  tocsin_report_record_evidence (r, &evidence);
  tocsin_subjects_put (txn, &subject);
  tocsin_evidence_add (txn, &r->key, &evidence);
}

/* @old is NULL for a new one; @record never is. The row of @record is written, and all that
 * follows from the difference. */
void
tocsin_report_replace (TocsinTxn *txn,
                       const TocsinReportRecord *old,
                       const TocsinReportRecord *record,
                       gint64 now_us)
{
  TocsinKey key = tocsin_key_u64 (record->number);
  gboolean adds = contributes (record, now_us);
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, record->actor, &counts);
  if (old != NULL)
    {
      write_indexes (txn, old, FALSE);
      count_record (&counts, old, -1);
      tocsin_report_charge (txn, old, -1);
      if (old->sequence != 0 && old->sequence != record->sequence)
        tocsin_outbox_blank (txn, old->sequence);
    }
  write_indexes (txn, record, TRUE);
  count_record (&counts, record, 1);
  tocsin_report_charge (txn, record, 1);
  tocsin_report_put_counts (txn, record->actor, &counts);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_REPORTS, &key, &shape, record);

  /* First the new row, so that a subject that stays is not forgotten in between. */
  if (adds)
    add_evidence (txn, record);
  if (old == NULL)
    return;
  if (!adds || old->category != record->category || !tocsin_id_equal (&old->key, &record->key))
    tocsin_evidence_remove (txn, &old->key, old->actor, old->category, old->number);
  else if (tocsin_report_says_in_clear (old) && !tocsin_report_says_in_clear (record))
    tocsin_evidence_forget_clear (txn, &record->key);
}

void
tocsin_reports_put (TocsinTxn *txn, TocsinReportRecord *record, gint64 now_us)
{
  g_auto (TocsinReportRecord) old = { 0 };

  g_return_if_fail (record->id != NULL);
  g_return_if_fail (record->sharing <= TOCSIN_SHARING_AMBER);

  if (record->number == 0)
    {
      record->number = tocsin_meta_next (txn, "report");
      tocsin_report_replace (txn, NULL, record, now_us);
      return;
    }
  if (tocsin_reports_get (txn, record->number, &old) && old.id != NULL)
    tocsin_report_replace (txn, &old, record, now_us);
}

void
tocsin_reports_set_sequence (TocsinTxn *txn,
                             TocsinReportRecord *record,
                             guint64 sequence,
                             guint forwarded)
{
  TocsinKey key = tocsin_key_u64 (record->number);

  if (record->sequence != 0 && record->sequence != sequence)
    tocsin_outbox_blank (txn, record->sequence);
  record->sequence = sequence;
  record->forwarded = forwarded;
  tocsin_txn_put_record (txn, TOCSIN_TABLE_REPORTS, &key, &shape, record);
}

gboolean
tocsin_reports_set_state (
    TocsinTxn *txn, guint64 number, TocsinReportState state, TocsinHold hold, gint64 now_us)
{
  g_auto (TocsinReportRecord) old = { 0 };
  TocsinReportRecord record; /* borrows all that @old owns */

  if (!tocsin_reports_get (txn, number, &old) || old.id == NULL ||
      old.state == TOCSIN_STATE_WITHDRAWN || old.state == TOCSIN_STATE_EXPIRED)
    return FALSE;
  record = old;
  record.state = state;
  record.hold = state == TOCSIN_STATE_HELD ? hold : TOCSIN_HOLD_NONE;
  record.held_us = state != TOCSIN_STATE_HELD       ? 0
                   : old.state == TOCSIN_STATE_HELD ? old.held_us
                                                    : now_us;
  tocsin_report_replace (txn, &old, &record, now_us);
  return TRUE;
}

void
tocsin_report_strip (TocsinReportRecord *self)
{
  g_clear_pointer (&self->category_text, g_free);
  g_clear_pointer (&self->content, g_free);
  g_clear_pointer (&self->value, g_free);
  g_clear_pointer (&self->key_value, g_free);
  g_clear_pointer (&self->activity, g_bytes_unref);
  g_clear_pointer (&self->alternate, g_bytes_unref);
  memset (&self->key, 0, sizeof self->key);
  memset (self->subject_digest, 0, sizeof self->subject_digest);
}

void
tocsin_report_remove_compact (TocsinTxn *txn, const TocsinReportRecord *record)
{
  TocsinKey key = tocsin_key_u64 (record->number);

  tocsin_txn_del (txn, TOCSIN_TABLE_REPORTS, &key);
  key = tocsin_key_u64_u64 (record->batch, record->number);
  tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_BATCHES, &key);
  key = tocsin_report_end_key (record->evidence_end_us, record->number, TOCSIN_END_EVIDENCE);
  tocsin_txn_del (txn, TOCSIN_TABLE_REPORT_ENDS, &key);
  tocsin_evidence_remove (txn, &record->key, record->actor, record->category, record->number);
}

gboolean
tocsin_reports_withdraw (
    TocsinTxn *txn, guint64 number, TocsinRemoveReason reason, gint64 removed_us, gint64 until_us)
{
  TocsinTombstone tombstone = { .removed_us = removed_us, .until_us = until_us };
  g_auto (TocsinReportRecord) old = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  if (!tocsin_reports_get (txn, number, &old) || old.state == TOCSIN_STATE_WITHDRAWN)
    return FALSE;
  if (old.id == NULL)
    {
      tocsin_report_remove_compact (txn, &old);
      return TRUE;
    }
  tocsin_reports_get (txn, number, &record);
  tocsin_report_strip (&record);
  record.state = TOCSIN_STATE_WITHDRAWN;
  record.hold = TOCSIN_HOLD_NONE;
  record.held_us = 0;
  record.remove_reason = reason;
  record.withdrawn_us = removed_us;
  record.gone_us = until_us;
  tocsin_report_replace (txn, &old, &record, removed_us);
  if (old.sequence != 0)
    tocsin_outbox_blank (txn, old.sequence);
  tocsin_tombstones_put (txn, old.actor, old.id, &tombstone);
  return TRUE;
}

guint64
tocsin_reports_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_REPORTS);
}
