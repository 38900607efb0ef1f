/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/category.h"
#include "core/evidence.h"
#include "core/subject.h"

G_BEGIN_DECLS

/* What to do, weakest first, so that the larger of two is the stricter. */
typedef enum
{
  TOCSIN_VERDICT_ALLOW = 0,
  TOCSIN_VERDICT_NOTE = 1,
  TOCSIN_VERDICT_REVIEW = 2,
  TOCSIN_VERDICT_BLOCK = 3,
  TOCSIN_N_VERDICTS = 4,
} TocsinVerdict;

/* The names that the API uses: "allow", "note", "review", "block". %FALSE: it is none. */
const char *tocsin_verdict_to_string (TocsinVerdict verdict);
gboolean tocsin_verdict_from_string (const char *name, TocsinVerdict *out);

/**
 * TocsinCategoryFinding: what was said about a subject in one category, for display.
 * @origins: distinct reporters that are believed, or lists
 * @s_or: the suspicion of this category alone, 0..1; 0 for an informal one
 * @reported: a believed actor or the operator says so
 * @listed: lists say so
 */
typedef struct
{
  guint8 category;
  guint origins;
  double s_or;
  gboolean reported;
  gboolean listed;
} TocsinCategoryFinding;

/* Why a verdict is a note though the suspicion is that of a review (model.md 4). */
typedef enum
{
  TOCSIN_BOUND_NONE,
  TOCSIN_BOUND_SHARED, /* the operator says that many strangers share it */
  TOCSIN_BOUND_BROAD,  /* a wide network or a shared provider, and one voice */
  TOCSIN_BOUND_BUDGET, /* one voice that has had its reviews of the day */
} TocsinBound;

/**
 * TocsinHeard: one report as a check saw it, for "explain".
 * @reporter: actor number; 0 is this node's operator
 * @via: the direct peer through which @reporter is heard; @reporter itself for a direct peer
 * @strength: confidence × decay × basis, 0..1; 0 where its reporter is not believed, or said
 * something newer
 * @counted: whether it moved the verdict; %FALSE for held, imported and superseded reports
 */
typedef struct
{
  TocsinEvidence evidence;
  guint32 via;
  double strength;
  gboolean counted;
} TocsinHeard;

/**
 * TocsinListed: that a list has the subject.
 * @origin: number of the list, or of the one that it mirrors
 * @reporter: number under which its rows are; 0: what the operator imported
 */
typedef struct
{
  guint32 origin;
  guint32 reporter;
  guint8 category;
} TocsinListed;

/* Notes are sentences with a class; see tocsin_explain_notes(). */
typedef struct
{
  TocsinCategoryClass klass;
  char *text; /* (owned) */
} TocsinNote;

/**
 * TocsinSubjectFinding:
 * @subject: (unowned): what was asked about
 * @matched: (nullable) (owned): the canonical text of the key that decided
 * @matched_key: its key; zero where nothing is known
 * @score: 0..100
 * @known: whether anything at all is known; unknown is not zero
 * @s_or, @s_loo, @s_trim: of the deciding run, 0..1 (model.md 2)
 * @origins: distinct believed reporters and lists over all matched keys
 * @first_seen_s, @last_seen_s, @expires_s: of the counted evidence, seconds; 0 if none
 * @categories: (element-type TocsinCategoryFinding): strongest first
 * @notes: (element-type TocsinNote)
 * @reporters: (element-type guint32): believed actors that reported it, 0 for the operator
 * @accusers: (nullable) (element-type guint32): those of @reporters that report conduct
 * @disputers: (element-type guint32): believed actors that called it benign
 * @listed: (nullable) (element-type TocsinListed): what lists say, each origin once a category
 * @heard: (element-type TocsinHeard): every report seen, only with explain
 * @paired: with another subject it made a review of the event
 * @bound: why it is a note and no more
 */
typedef struct
{
  const TocsinSubject *subject;
  char *matched;
  TocsinSubjectKey matched_key;
  TocsinSubjectType matched_type;
  TocsinVerdict verdict;
  guint score;
  gboolean known;
  double s_or;
  double s_loo;
  double s_trim;
  guint origins;
  guint32 first_seen_s;
  guint32 last_seen_s;
  guint32 expires_s;
  GArray *categories;
  GArray *notes;
  GArray *reporters;
  GArray *accusers;
  GArray *disputers;
  GArray *listed;
  GArray *heard;
  gboolean paired;
  TocsinBound bound;
} TocsinSubjectFinding;

/* The verdict had one actor been missing. */
typedef struct
{
  guint32 actor;
  TocsinVerdict verdict;
} TocsinCounterfactual;

/**
 * TocsinFinding:
 * @ceiling: the highest verdict that the profile allows the categories seen
 * @summary: (owned): one sentence for a person
 * @subjects: (element-type TocsinSubjectFinding): in the order asked
 * @without: (element-type TocsinCounterfactual): only with explain
 * @allowed_by: (owned) (nullable): reason of the allow entry that decided
 * @charge_actor: the one voice that a review rests on, or 0 (single-voice budget)
 * @charge_event: the beginning of the key that was reported, by which the budget counts: whatever
 * is asked about at or in it, and beside it, costs no more
 *
 * The answer to one check: an event of 1 to 16 subjects.
 */
typedef struct
{
  TocsinVerdict verdict;
  guint score;
  gboolean known;
  TocsinVerdict ceiling;
  char *summary;
  GArray *subjects;
  GArray *without;
  char *allowed_by;
  guint32 charge_actor;
  guint64 charge_event;
} TocsinFinding;

void tocsin_finding_clear (TocsinFinding *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinFinding, tocsin_finding_clear)

G_END_DECLS
