/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/walks.h"

#include "core/scratch.h"
#include "trust/walk-index.h"
#include "trust/walks-exact.h"

#include <string.h>

/* The share of the operator's direct trust that S_trim leaves out, from the highest branch down. */
#define TRIMMED_SHARE 0.25

/* How much of a #TocsinBelief is worked out. */
typedef enum
{
  TOCSIN_WALKS_SUSPICION, /* S_or */
  TOCSIN_WALKS_BELIEF,    /* all */
} TocsinWalksWant;

struct _TocsinWalks
{
  const TocsinGraph *graph; /* (unowned) */
  TocsinColumns *columns;
  TocsinWalkIndex *index; /* (nullable) made at first use, published atomically */
  GMutex making;          /* held by who makes it: it is large */
  guint32 walks_per_branch;
  guint64 seed;
};

/**
 * tocsin_walks_new:
 * @graph: a graph; must outlive the result
 * @believed: actor numbers of those whose reports count, beside the direct peers
 * @seed: secret; for the walk index alone
 *
 * Prepares to score subjects. Meant for the compute thread.
 *
 * Returns: (transfer full): an evaluator; free it with tocsin_walks_free()
 */
TocsinWalks *
tocsin_walks_new (const TocsinGraph *graph, const guint32 *believed, gsize n_believed, guint64 seed)
{
  TocsinWalks *self = g_new0 (TocsinWalks, 1);

  self->graph = graph;
  self->columns = tocsin_columns_new (graph, believed, n_believed);
  self->seed = seed;
  g_mutex_init (&self->making);
  return self;
}

void
tocsin_walks_free (TocsinWalks *self)
{
  if (self == NULL)
    return;
  tocsin_columns_free (self->columns);
  tocsin_walk_index_free (self->index);
  g_mutex_clear (&self->making);
  g_free (self);
}

/**
 * tocsin_walks_set_walks:
 * @walks_per_branch: m of the walk index; 0 for the default
 *
 * To be called before anything is evaluated.
 */
void
tocsin_walks_set_walks (TocsinWalks *self, guint32 walks_per_branch)
{
  g_return_if_fail (self->index == NULL);

  self->walks_per_branch = walks_per_branch;
}

static const TocsinWalkIndex *
get_index (TocsinWalks *self)
{
  if (g_atomic_pointer_get (&self->index) == NULL)
    {
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->making);

      if (self->index == NULL)
        g_atomic_pointer_set (
            &self->index, tocsin_walk_index_new (self->graph, self->walks_per_branch, self->seed));
    }
  return g_atomic_pointer_get (&self->index);
}

/**
 * tocsin_walks_warm:
 *
 * Does a part of the work that evaluations would otherwise do when they first need it. For one
 * thread at a time, beside any that evaluate.
 *
 * Returns: %TRUE if there is more to do
 */
gboolean
tocsin_walks_warm (TocsinWalks *self)
{
  /* Where a column costs too much for a check, the index stands in until all are there. */
  if (tocsin_columns_affordable (self->columns) == 0)
    get_index (self);
  return tocsin_columns_warm (self->columns);
}

/**
 * tocsin_walks_believes:
 *
 * Returns: %TRUE if a report of @actor counts here
 */
gboolean
tocsin_walks_believes (const TocsinWalks *self, guint32 actor)
{
  guint32 node = tocsin_graph_node (self->graph, actor);

  return node != TOCSIN_GRAPH_NO_NODE && self->columns->slot_of[node] != TOCSIN_COLUMNS_NO_SLOT &&
         self->columns->believed[self->columns->slot_of[node]];
}

/* A reporter counts once: malicious with its strongest report, else benign with its strongest. */
static void
merge_voice (TocsinExactVoice *into, const TocsinExactVoice *voice)
{
  if (into->malicious == voice->malicious)
    into->strength = MAX (into->strength, voice->strength);
  else if (voice->malicious)
    *into = *voice;
}

/* The voices that count, one a slot. */
typedef struct
{
  gsize n;
  TocsinExactVoice *all;  /* @fixed or @more */
  TocsinExactVoice *more; /* (owned) (nullable) */
  TocsinExactVoice fixed[TOCSIN_WALKS_EXACT_MAX];
} Chosen;

static void
chosen_clear (Chosen *self)
{
  g_free (self->more);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Chosen, chosen_clear)

static void
choose_voices (Chosen *self, const TocsinWalks *walks, const TocsinVoice *voices, gsize n_voices)
{
  TocsinExactVoice *chosen;
  gsize n = 0;

  self->more = n_voices > G_N_ELEMENTS (self->fixed) ? g_new (TocsinExactVoice, n_voices) : NULL;
  self->all = chosen = self->more != NULL ? self->more : self->fixed;

  for (gsize i = 0; i < n_voices; i++)
    {
      TocsinExactVoice voice = { .strength = MIN (voices[i].strength, 1.0),
                                 .malicious = voices[i].malicious };
      gsize at = 0;

      if (!(voices[i].strength > 1e-12) || !tocsin_walks_believes (walks, voices[i].actor))
        continue;
      voice.slot = walks->columns->slot_of[walks->graph->node_of[voices[i].actor]];
      while (at < n && chosen[at].slot != voice.slot)
        at++;
      if (at < n)
        merge_voice (&chosen[at], &voice);
      else
        chosen[n++] = voice;
    }
  self->n = n;
}

/* How many solves an evaluation may make, by itself and by what *@edges (nullable) has left. */
static gsize
may_solve (const TocsinWalks *self, const guint64 *edges)
{
  gsize affordable = tocsin_columns_affordable (self->columns);

  return edges != NULL ? MIN (affordable, *edges / tocsin_columns_cost (self->columns))
                       : affordable;
}

static void
spend (const TocsinWalks *self, guint64 *edges, gsize solves)
{
  if (edges != NULL)
    *edges -= MIN (*edges, solves * tocsin_columns_cost (self->columns));
}

/* Columns of those who are heard are kept: where there is no room for more, the index stands in. If
 * they are to be solved they are paid for here. */
static gboolean
is_exact (const TocsinWalks *self, const Chosen *chosen, guint64 *edges)
{
  gsize missing = 0;

  if (chosen->n > TOCSIN_WALKS_EXACT_MAX)
    return FALSE;
  for (gsize i = 0; i < chosen->n; i++)
    if (chosen->all[i].slot >= self->graph->n_direct &&
        tocsin_columns_is_missing (self->columns, chosen->all[i].slot))
      missing++;
  if (missing > 0 && (tocsin_columns_is_full (self->columns) || missing > may_solve (self, edges)))
    return FALSE;
  spend (self, edges, missing);
  return TRUE;
}

/* S_trim. Only as many branches are put in order as are left out. @left: room for n_direct. */
static double
trimmed_mean (const TocsinGraph *graph, const double *branch, double *left)
{
  double total = 0;
  double most = 0;
  double sum = 0;

  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      total += graph->direct_weight[i];
      most = MAX (most, graph->direct_weight[i]);
      sum += graph->direct_weight[i] * branch[i];
      left[i] = branch[i];
    }

  double drop = MAX (total * TRIMMED_SHARE, most);
  while (drop > 0)
    {
      guint32 highest = 0;

      for (guint32 i = 1; i < graph->n_direct; i++)
        if (left[i] > left[highest])
          highest = i;
      if (graph->n_direct == 0 || left[highest] <= 0)
        return 0;
      sum -= MIN (graph->direct_weight[highest], drop) * branch[highest];
      drop -= graph->direct_weight[highest];
      left[highest] = 0;
    }
  return MAX (0, sum / total);
}

/* Fills @branches (n_direct) and @without (n_nodes); returns the suspicion. */
static double
sample (TocsinWalks *self, const Chosen *chosen, double *branches, double *without)
{
  g_autofree TocsinIndexVoice *voices = g_new (TocsinIndexVoice, MAX (1, chosen->n));
  double product = 1;

  for (gsize i = 0; i < chosen->n; i++)
    voices[i] = (TocsinIndexVoice){ .node = self->columns->node_of[chosen->all[i].slot],
                                    .strength = chosen->all[i].strength,
                                    .malicious = chosen->all[i].malicious };
  tocsin_walk_index_evaluate (get_index (self), voices, chosen->n, branches, without);
  for (guint32 i = 0; i < self->graph->n_direct; i++)
    product *= 1 - self->graph->direct_weight[i] * branches[i];
  return 1 - product;
}

/* Fills @branches; what @want does not ask for stays 0. */
static TocsinBelief
evaluate_sampled (TocsinWalks *self, const Chosen *chosen, TocsinWalksWant want, double *branches)
{
  g_autofree double *without = g_new0 (double, MAX (1, self->graph->n_nodes));
  g_autofree double *left = g_new (double, MAX (1, self->graph->n_direct));
  guint32 least = 0;
  TocsinBelief belief = { .loo_actor = TOCSIN_WALKS_NOBODY };

  belief.s_or = sample (self, chosen, branches, without);
  if (belief.s_or <= 0)
    return (TocsinBelief){ .loo_actor = TOCSIN_WALKS_NOBODY };
  if (want == TOCSIN_WALKS_SUSPICION)
    return belief;
  for (guint32 x = 1; x < self->graph->n_nodes; x++)
    if (without[x] < without[least])
      least = x;
  belief.s_loo = MIN (without[least], belief.s_or);
  belief.loo_actor = self->graph->actor_of[least];
  belief.s_trim = trimmed_mean (self->graph, branches, left);
  return belief;
}

static TocsinBelief
evaluate_exact (
    TocsinWalks *self, const Chosen *chosen, TocsinWalksWant want, double *branches, guint64 *edges)
{
  TOCSIN_UNZEROED g_auto (TocsinExact) exact;
  guint32 least = 0;
  gsize solves;
  TocsinBelief belief = { .loo_actor = TOCSIN_WALKS_NOBODY };

  tocsin_exact_init (&exact, self->columns, chosen->all, chosen->n);
  if (branches != NULL)
    memcpy (branches, exact.branch, sizeof *branches * self->graph->n_direct);
  if (exact.product >= 1)
    return belief;
  belief.s_or = 1 - exact.product;
  if (want == TOCSIN_WALKS_SUSPICION)
    return belief;
  solves = exact.solves = may_solve (self, edges);
  belief.s_loo = tocsin_exact_minimum (&exact, &least);
  belief.s_loo = MIN (belief.s_loo, belief.s_or);
  spend (self, edges, solves - exact.solves);
  belief.loo_actor = self->graph->actor_of[least];
  belief.s_trim = trimmed_mean (self->graph, exact.branch, exact.spare);
  return belief;
}

static TocsinBelief
evaluate (TocsinWalks *self,
          const TocsinVoice *voices,
          gsize n_voices,
          TocsinWalksMethod method,
          TocsinWalksWant want,
          double *branches,
          guint64 *edges)
{
  TOCSIN_UNZEROED g_auto (Chosen) chosen;

  choose_voices (&chosen, self, voices, n_voices);
  if (chosen.n == 0)
    {
      if (branches != NULL)
        memset (branches, 0, sizeof *branches * self->graph->n_direct);
      return (TocsinBelief){ .loo_actor = TOCSIN_WALKS_NOBODY };
    }
  if (method == TOCSIN_WALKS_INDEX ||
      (method == TOCSIN_WALKS_AUTO && !is_exact (self, &chosen, edges)))
    {
      g_autofree double *own = branches == NULL ? g_new0 (double, self->graph->n_direct + 1) : NULL;

      return evaluate_sampled (self, &chosen, want, branches != NULL ? branches : own);
    }
  return evaluate_exact (self, &chosen, want, branches, edges);
}

/**
 * tocsin_walks_evaluate:
 * @voices: who reported the subject; those who are not believed are left out
 * @method: how; normally %TOCSIN_WALKS_AUTO
 * @branches: (out) (optional): B_i by node of the direct peer; room for n_direct numbers
 *
 * How far a subject is believed to be bad. May be called from any thread.
 *
 * Returns: the suspicion in its three forms; all 0 where nobody is believed
 */
TocsinBelief
tocsin_walks_evaluate (TocsinWalks *self,
                       const TocsinVoice *voices,
                       gsize n_voices,
                       TocsinWalksMethod method,
                       double *branches)
{
  return evaluate (self, voices, n_voices, method, TOCSIN_WALKS_BELIEF, branches, NULL);
}

/**
 * tocsin_walks_evaluate_within:
 * @edges: (inout) (nullable): what may still be solved, at first %TOCSIN_WALKS_EDGES
 *
 * As tocsin_walks_evaluate() with %TOCSIN_WALKS_AUTO, of several that share @edges.
 */
TocsinBelief
tocsin_walks_evaluate_within (TocsinWalks *self,
                              const TocsinVoice *voices,
                              gsize n_voices,
                              guint64 *edges)
{
  return evaluate (self, voices, n_voices, TOCSIN_WALKS_AUTO, TOCSIN_WALKS_BELIEF, NULL, edges);
}

/**
 * tocsin_walks_suspicion:
 * @voices: who reported the subject; those who are not believed are left out
 * @edges: (inout) (nullable): as tocsin_walks_evaluate_within()
 *
 * Where S_or alone is asked for: a fraction of the work of tocsin_walks_evaluate(). May be called
 * from any thread.
 *
 * Returns: S_or, in [0, 1]
 */
double
tocsin_walks_suspicion (TocsinWalks *self,
                        const TocsinVoice *voices,
                        gsize n_voices,
                        guint64 *edges)
{
  return evaluate (self, voices, n_voices, TOCSIN_WALKS_AUTO, TOCSIN_WALKS_SUSPICION, NULL, edges)
      .s_or;
}

/**
 * tocsin_walks_without:
 * @actor: whom to leave out
 *
 * Returns: the suspicion with @actor a dead wall: without its report and without all that is
 *   heard through it alone
 */
double
tocsin_walks_without (TocsinWalks *self, const TocsinVoice *voices, gsize n_voices, guint32 actor)
{
  TOCSIN_UNZEROED g_auto (Chosen) chosen;
  guint32 node = tocsin_graph_node (self->graph, actor);

  choose_voices (&chosen, self, voices, n_voices);
  if (chosen.n == 0)
    return 0;
  if (chosen.n > TOCSIN_WALKS_EXACT_MAX)
    {
      g_autofree double *without = g_new0 (double, MAX (1, self->graph->n_nodes));
      g_autofree double *branches = g_new0 (double, MAX (1, self->graph->n_direct));
      double suspicion = sample (self, &chosen, branches, without);

      return node == TOCSIN_GRAPH_NO_NODE ? suspicion : without[node];
    }

  TOCSIN_UNZEROED g_auto (TocsinExact) exact;
  tocsin_exact_init (&exact, self->columns, chosen.all, chosen.n);
  return node == TOCSIN_GRAPH_NO_NODE ? 1 - exact.product : tocsin_exact_without (&exact, node);
}

/* ---- two subjects that confirm each other ---- */

/* A run while the actor is looked for without whom all of them fall. */
typedef struct
{
  const TocsinGraph *graph; /* (unowned) */
  gboolean has_exact;
  gsize solves; /* that @exact had at first */
  double s_or;
  double *without; /* (owned) (nullable) by node: sampled */
  TocsinExact exact;
} PairRun;

typedef struct
{
  gsize n;
  gsize first; /* the run whose nodes are gone through */
  double least;
  PairRun runs[TOCSIN_WALKS_PAIR_RUNS_MAX];
} Pair;

static void
pair_clear (Pair *self)
{
  for (gsize i = 0; i < self->n; i++)
    {
      if (self->runs[i].has_exact)
        tocsin_exact_clear (&self->runs[i].exact);
      g_free (self->runs[i].without);
    }
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
pair_add (Pair *self, const TocsinWalksRun *run, guint64 *edges)
{
  TOCSIN_UNZEROED g_auto (Chosen) chosen;
  PairRun *out = &self->runs[self->n++];

  choose_voices (&chosen, run->walks, run->voices, run->n_voices);
  out->graph = run->walks->graph;
  out->has_exact = is_exact (run->walks, &chosen, edges);
  out->without = NULL;
  if (out->has_exact)
    {
      tocsin_exact_init (&out->exact, run->walks->columns, chosen.all, chosen.n);
      out->solves = out->exact.solves = may_solve (run->walks, edges);
      out->s_or = 1 - out->exact.product;
    }
  else
    {
      g_autofree double *branches = g_new0 (double, MAX (1, out->graph->n_direct));

      out->without = g_new0 (double, MAX (1, out->graph->n_nodes));
      out->s_or = sample (run->walks, &chosen, branches, out->without);
    }
}

/* Nothing, where looking would cost more than there is left. */
static double
run_without (PairRun *self, guint32 actor)
{
  guint32 node = tocsin_graph_node (self->graph, actor);

  if (node == TOCSIN_GRAPH_NO_NODE)
    return self->s_or;
  if (!self->has_exact)
    return self->without[node];
  return tocsin_exact_may_try (&self->exact, node) ? tocsin_exact_without (&self->exact, node) : 0;
}

/* Whether the other runs hold without @node of the first, which does not. */
static gboolean
others_hold (guint32 node, gpointer data)
{
  Pair *self = data;
  guint32 actor = self->runs[self->first].graph->actor_of[node];

  for (gsize i = 0; i < self->n; i++)
    if (i != self->first && self->runs[i].s_or >= self->least &&
        run_without (&self->runs[i], actor) >= self->least)
      return TRUE;
  return FALSE;
}

/* Whether whoever is missing for @first is not for all others. */
static gboolean
without_anybody (Pair *self, PairRun *first)
{
  if (first->has_exact)
    return tocsin_exact_foreach_below (&first->exact, self->least, others_hold, self);
  for (guint32 x = 0; x < first->graph->n_nodes; x++)
    if (first->without[x] < self->least && !others_hold (x, self))
      return FALSE;
  return TRUE;
}

/**
 * tocsin_walks_pair_survives:
 * @runs: (array length=n_runs): what was heard of either subject, a run each category group
 * @n_runs: at most %TOCSIN_WALKS_PAIR_RUNS_MAX
 * @least: the suspicion that has to be left
 * @edges: (inout) (nullable): as tocsin_walks_evaluate_within()
 *
 * For the rule that two subjects of one event confirm each other (model.md 4): nobody alone may
 * be behind both.
 *
 * Returns: %TRUE if without any single actor v the largest suspicion among @runs is still @least
 */
gboolean
tocsin_walks_pair_survives (const TocsinWalksRun *runs, gsize n_runs, double least, guint64 *edges)
{
  TOCSIN_UNZEROED g_auto (Pair) pair;
  PairRun *first = NULL;
  gboolean survives;

  pair.n = pair.first = 0;
  pair.least = least;
  g_return_val_if_fail (n_runs <= TOCSIN_WALKS_PAIR_RUNS_MAX, FALSE);

  for (gsize i = 0; i < n_runs; i++)
    {
      pair_add (&pair, &runs[i], edges);
      if (pair.runs[i].s_or >= least && first == NULL)
        {
          first = &pair.runs[i];
          pair.first = i;
        }
    }
  if (first == NULL)
    return FALSE;
  survives = without_anybody (&pair, first);
  for (gsize i = 0; i < n_runs; i++)
    if (pair.runs[i].has_exact)
      spend (runs[i].walks, edges, pair.runs[i].solves - pair.runs[i].exact.solves);
  return survives;
}
