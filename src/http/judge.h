/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/verdict.h"
#include "export/export.h"
#include "http/api.h"
#include "store/table-evidence.h"
#include "store/table-subjects.h"
#include "view/score.h"

G_BEGIN_DECLS

/**
 * TocsinJudge:
 * @txn: (owned): the state of the store that is asked
 * @scoring: the trust, profile and time it is judged by
 * @generation: of @txn
 * @until_us: no evidence, no list and no allow entry that tocsin_judge_event() found expires before
 *
 * One read transaction with all that a verdict depends on: begin it, ask, end it before the
 * handler returns. Of one thread.
 */
typedef struct
{
  TocsinReading *txn;
  TocsinScoring scoring;
  guint64 generation;
  const TocsinApiState *state;
  const TocsinNetworkList *shared_networks; /* (unowned) */
  TocsinNetworkLengths lengths;
  gboolean has_allow;
  gint64 until_us;
  TocsinEvidenceBuffer buffer; /* of tocsin_judge_row() */
} TocsinJudge;

/**
 * tocsin_judge_begin:
 * @self: (out): a judge
 * @api: the api
 * @profile: (nullable): %NULL: the default profile
 * @explain: whether to list what was heard, and what each origin's absence would change
 */
void tocsin_judge_begin (TocsinJudge *self,
                         TocsinApi *api,
                         const TocsinProfile *profile,
                         gboolean explain);

/* Ends the transaction. Findings stay good as long as the subjects that were asked about. */
void tocsin_judge_end (TocsinJudge *self);

/* Moves with whoever is believed and with the lists that count: of two verdicts about the same rows
 * by the same version at the same time none differs. Both only grow, so their sum tells. */
guint64 tocsin_judge_version (const TocsinJudge *self);

/**
 * tocsin_judge_parse:
 * @self: a judge
 * @type: what @input is said to be
 * @input: a text from a client
 * @out: (out): a subject; untouched on error
 * @error: return location for an error, or %NULL
 *
 * tocsin_subject_parse(), and an account name as an actor: of a known account its URI; of an
 * unknown one `acct:user@host`, of which only the host will be probed.
 *
 * Returns: as tocsin_subject_parse()
 */
gboolean tocsin_judge_parse (TocsinJudge *self,
                             TocsinSubjectType type,
                             const char *input,
                             TocsinSubject *out,
                             GError **error);

/**
 * tocsin_judge_event:
 * @self: a judge
 * @subjects: (array length=n_subjects): of one event; must outlive @out
 * @n_subjects: 1 to %TOCSIN_CHECK_MAX_SUBJECTS
 * @out: (out): the verdict; tocsin_finding_clear()
 *
 * Looks up every probe of every subject, evidence in place, and scores. A failure of the store
 * sticks to @self->txn: check it before believing @out.
 */
void tocsin_judge_event (TocsinJudge *self,
                         const TocsinSubject *subjects,
                         gsize n_subjects,
                         TocsinFinding *out);

/**
 * tocsin_judge_key:
 * @self: a judge
 * @record: a key of the store, and what is known of it
 * @subject: (out caller-allocates): what @out points to; it borrows from @record
 * @out: (out): the verdict of what is stored under this key alone
 *
 * For range and changes, whose readers probe for themselves. An allow entry counts if it names this
 * key, or a network or domain around it where the value is known.
 */
void tocsin_judge_key (TocsinJudge *self,
                       const TocsinSubjectRecord *record,
                       TocsinSubject *subject,
                       TocsinFinding *out);

/**
 * tocsin_judge_row:
 * @self: a judge; asked in the order of keys it answers soonest
 * @record: as tocsin_judge_key()
 * @row: (inout): gets verdict, score, categories and times
 *
 * The same verdict without what is only for display.
 *
 * Returns: whether anything is known
 */
gboolean
tocsin_judge_row (TocsinJudge *self, const TocsinSubjectRecord *record, TocsinExportRow *row);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinJudge, tocsin_judge_end)

G_END_DECLS
