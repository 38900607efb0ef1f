/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What view/score.c works out of an event, and view/pair.c with it, and view/describe.c shows.
 */
#pragma once

#include "view/score.h"

G_BEGIN_DECLS

/* A row of the store with what this check makes of it. */
typedef struct
{
  const TocsinEvidence *row;
  double strength;
  gboolean known;   /* FALSE for what is of another type, held, derived, expired, superseded or not
                     * believed */
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
  guint32 sole_actor; /* who alone accuses, in one group and undisputed; or nobody */
  TocsinArea sole_area;
} TocsinHeardKey;

typedef struct
{
  TocsinVerdict verdict;
  guint score;
  TocsinBelief belief; /* of the run that decided, else of the strongest */
  double event_s_or;   /* the largest S_or of what may lead to a review */
  double event_s_loo;  /* the largest S_loo of the same */
  gboolean known;
  gboolean fragile;  /* a review that rests on belief.loo_actor */
  TocsinBound bound; /* why it is a note and no more */
} TocsinJudgement;

typedef struct
{
  const TocsinSubjectEvidence *evidence;
  TocsinHeardKey *keys; /* (owned) */
  TocsinHeardRow *rows; /* (owned) of all keys */
  TocsinJudgement best;
  gssize best_key;     /* -1: nothing known */
  TocsinVerdict solid; /* the highest of a key that is not fragile */
  gboolean paired;     /* made a review of the event, with another subject */
} TocsinSubjectState;

/* What the look for two subjects that confirm each other may still cost, in multiplications, and
 * whether it was cut short. */
typedef struct
{
  guint work;
  gboolean is_cut;
} TocsinPairAllowance;

#define TOCSIN_KEY_WORK  4096                     /* of a key or a pair, besides its voices */
#define TOCSIN_PAIR_WORK (1024 * TOCSIN_KEY_WORK) /* of all pairs: some milliseconds */

/* By group and level, the categories that are heard and may go so far. */
typedef guint64 TocsinMasks[TOCSIN_N_AREAS][TOCSIN_N_VERDICTS];

#define CATEGORY_BIT(c) (G_GUINT64_CONSTANT (1) << (c))

/* Whether @heard is to be left out: what is said by @without, for S_loo; 0: nobody. */
static inline gboolean
tocsin_score_is_without (const TocsinHeardRow *heard, guint32 without)
{
  return heard->row->reporter == without && heard->row->reporter != 0;
}

/* How far a category may go in the profile in force; one that we do not know goes nowhere. */
static inline gint8
tocsin_score_ceiling (const TocsinScoring *scoring, guint8 category)
{
  if (category >= TOCSIN_N_CATEGORIES)
    return TOCSIN_CEILING_IGNORE;
  return scoring->profile->ceiling[category];
}

gsize tocsin_score_gather (const TocsinHeardKey *heard,
                           guint64 mask,
                           guint32 without,
                           TocsinVoice *voices);
/* Adds, for each group and verdict, the categories that may carry it that far. */
void tocsin_score_mask (const TocsinScoring *scoring,
                        const TocsinHeardKey *heard,
                        guint32 without,
                        TocsinMasks masks);
void tocsin_pair_find_sole (const TocsinScoring *scoring, TocsinHeardKey *key, guint32 without);
guint tocsin_pair_count_work (const TocsinScoring *scoring,
                              const TocsinHeardKey *key,
                              TocsinVerdict level);
gboolean tocsin_pair_makes_review (const TocsinScoring *scoring,
                                   TocsinSubjectState *states,
                                   gsize n,
                                   guint32 without,
                                   TocsinPairAllowance *allowance);
double tocsin_score_suspicion (const TocsinScoring *scoring,
                               const TocsinCategory *category,
                               const TocsinHeardKey *heard);
/* Fills @out, which owns nothing yet, with verdict and reasons. The caller clears it. */
void tocsin_describe_subject (const TocsinScoring *scoring,
                              const TocsinSubjectState *state,
                              TocsinSubjectFinding *out);
void tocsin_describe_clear (gpointer data); /* a TocsinSubjectFinding */
TocsinVerdict tocsin_describe_ceiling (const TocsinScoring *scoring, const TocsinFinding *finding);

G_END_DECLS
