/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What view/score.c works out of an event and view/describe.c shows of it.
 */
#pragma once

#include "view/score.h"

G_BEGIN_DECLS

/* A row of the store with what this check makes of it. */
typedef struct
{
  const TocsinEvidence *row;
  double strength;
  gboolean known;   /* shown; FALSE for what is held, expired, superseded or not believed */
  gboolean counted; /* a voice in the runs: known, first-hand and about conduct */
  gboolean decides; /* own or a full-trust peer's, and malicious */
} TocsinHeardRow;

typedef struct
{
  const TocsinKeyEvidence *key;
  TocsinHeardRow *rows;
  gsize n_rows;
  double event_s_or; /* as of its #TocsinJudgement; 0 where it does not count for the pair */
  double event_s_loo;
  guint32 event_actor;
} TocsinHeardKey;

typedef struct
{
  TocsinVerdict verdict;
  guint score;
  TocsinBelief belief; /* of the run that decided, else of the strongest */
  double event_s_or;   /* the largest S_or of what may lead to a review */
  double event_s_loo;  /* the largest S_loo of the same */
  guint32 event_actor; /* without whom the most is lost of event_s_or */
  gboolean known;
  gboolean fragile; /* a review that rests on belief.loo_actor */
} TocsinJudgement;

typedef struct
{
  const TocsinSubjectEvidence *evidence;
  TocsinHeardKey *keys; /* (owned) */
  TocsinHeardRow *rows; /* (owned) of all keys */
  TocsinJudgement best;
  gssize best_key;     /* -1: nothing known */
  TocsinVerdict solid; /* the highest of a key that is not fragile */
} TocsinSubjectState;

static inline gint8
tocsin_score_ceiling (const TocsinScoring *scoring, guint8 category)
{
  if (category >= TOCSIN_N_CATEGORIES)
    return TOCSIN_CEILING_IGNORE;
  return scoring->profile->ceiling[category];
}

double tocsin_score_suspicion (const TocsinScoring *scoring,
                               const TocsinCategory *category,
                               const TocsinHeardKey *heard);
void tocsin_describe_subject (const TocsinScoring *scoring,
                              const TocsinSubjectState *state,
                              TocsinSubjectFinding *out);
void tocsin_describe_clear (gpointer data); /* a TocsinSubjectFinding */
TocsinVerdict tocsin_describe_ceiling (const TocsinScoring *scoring, const TocsinFinding *finding);

G_END_DECLS
