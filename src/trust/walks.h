/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

#define TOCSIN_WALKS_EXACT_MAX 64 /* more reporters than this are scored by the walk index */
#define TOCSIN_WALKS_NOBODY    G_MAXUINT32

/* What all evaluations of one event may solve by themselves together, in edges: a tenth of a second
 * or two. */
#define TOCSIN_WALKS_EDGES 2000000

/**
 * TocsinVoice:
 * @actor: who reported; actor number
 * @strength: r of model.md 3; above 1 counts as 1, not above 0 is no voice
 * @malicious: else benign
 *
 * What one reporter says of the subject that is being scored.
 */
typedef struct
{
  guint32 actor;
  double strength;
  gboolean malicious;
} TocsinVoice;

/**
 * TocsinBelief:
 * @s_or: suspicion
 * @s_loo: the least suspicion that is left when any one actor is made a dead wall
 * @loo_actor: the actor whose removal gives @s_loo, or %TOCSIN_WALKS_NOBODY if @s_or is 0
 * @s_trim: trimmed mean of the branches
 *
 * All in [0, 1].
 */
typedef struct
{
  double s_or;
  double s_loo;
  guint32 loo_actor;
  double s_trim;
} TocsinBelief;

typedef enum
{
  /* Exact up to %TOCSIN_WALKS_EXACT_MAX reporters if what is not prepared yet can be solved in some
   * tens of milliseconds; else the index. */
  TOCSIN_WALKS_AUTO,
  TOCSIN_WALKS_EXACT, /* whatever the number */
  TOCSIN_WALKS_INDEX,
} TocsinWalksMethod;

/**
 * TocsinWalks:
 *
 * First-hit branch walks over one graph (model.md 2). A walk of a branch ends at every direct
 * peer, at its own too if it comes back: a direct peer is asked once. Immutable to its callers;
 * what it caches is published atomically, so any number of threads may use one without a lock.
 */
typedef struct _TocsinWalks TocsinWalks;

/* What is heard of one subject in one group of categories. */
typedef struct
{
  TocsinWalks *walks;        /* (unowned) */
  const TocsinVoice *voices; /* (unowned) */
  gsize n_voices;
} TocsinWalksRun;

#define TOCSIN_WALKS_PAIR_RUNS_MAX (2 * TOCSIN_N_AREAS)

TocsinWalks *tocsin_walks_new (const TocsinGraph *graph,
                               const guint32 *believed,
                               gsize n_believed,
                               guint64 seed) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_walks_free (TocsinWalks *self);
void tocsin_walks_set_walks (TocsinWalks *self, guint32 walks_per_branch);
gboolean tocsin_walks_warm (TocsinWalks *self);

gboolean tocsin_walks_believes (const TocsinWalks *self, guint32 actor);
TocsinBelief tocsin_walks_evaluate (TocsinWalks *self,
                                    const TocsinVoice *voices,
                                    gsize n_voices,
                                    TocsinWalksMethod method,
                                    double *branches);
TocsinBelief tocsin_walks_evaluate_within (TocsinWalks *self,
                                           const TocsinVoice *voices,
                                           gsize n_voices,
                                           guint64 *edges);
double tocsin_walks_suspicion (TocsinWalks *self,
                               const TocsinVoice *voices,
                               gsize n_voices,
                               guint64 *edges);
double
tocsin_walks_without (TocsinWalks *self, const TocsinVoice *voices, gsize n_voices, guint32 actor);
gboolean
tocsin_walks_pair_survives (const TocsinWalksRun *runs, gsize n_runs, double least, guint64 *edges);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinWalks, tocsin_walks_free)

G_END_DECLS
