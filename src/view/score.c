/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From evidence to a verdict, model.md 3 and 4. From the inside out:
 *   hear        the rows of one key, each with its strength and whether it counts
 *   judge_key   one run for each category group and level of ceiling
 *   judge_event the highest over keys and subjects; the rule of two subjects is in view/pair.c
 * What is shown beside the verdict is in view/describe.c.
 * A reporter's absence (explain, the rule of two subjects) is judged by the same code: an
 * actor that is a dead wall is one that reports “benign” with strength 1.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "view/score-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/scratch.h"
#include "view/explain.h"
#include "view/listed.h"

#define STACK_ROWS      64
#define SECONDS_PER_DAY 86400.0

/**
 * tocsin_score_strength:
 * @evidence: a row
 * @now_us: the time
 *
 * Confidence × decay, model.md 3. An observation ahead of @now_us has age 0.
 *
 * Returns: 0 to 1; 0 for what was imported
 */
double
tocsin_score_strength (const TocsinEvidence *evidence, gint64 now_us)
{
  const TocsinCategory *category = tocsin_category_by_id (evidence->category);
  gint64 now_s = now_us / TOCSIN_SECOND_US;
  double age_days = ((double) now_s - (double) evidence->observed_s) / SECONDS_PER_DAY;
  double strength = MIN (evidence->confidence, 100) / 100.0;
  int half_life;

  if ((evidence->flags & TOCSIN_EVIDENCE_IMPORTED) != 0 || category == NULL ||
      evidence->subject_type > TOCSIN_SUBJECT_ACTOR)
    return 0;
  half_life = category->half_life_days[evidence->subject_type];
  if (half_life > 0 && age_days > 0)
    strength *= exp2 (-age_days / half_life);
  return strength;
}

static TocsinHeardRow
hear_row (const TocsinScoring *scoring, TocsinSubjectType key_type, const TocsinEvidence *row)
{
  TocsinHeardRow heard = { .row = row };
  const TocsinCategory *category = tocsin_category_by_id (row->category);
  gboolean own = row->reporter == 0;
  gboolean imported = (row->flags & TOCSIN_EVIDENCE_IMPORTED) != 0;

  if (category == NULL || !tocsin_evidence_is_of (row, key_type) ||
      tocsin_score_ceiling (scoring, row->category) == TOCSIN_CEILING_IGNORE ||
      (own && scoring->without_own) || (scoring->own_only && (!own || imported)) ||
      (row->flags & (TOCSIN_EVIDENCE_HELD | TOCSIN_EVIDENCE_DERIVED)) != 0 ||
      !tocsin_listed_holds (scoring, row) ||
      (gint64) row->expires_s * TOCSIN_SECOND_US <= scoring->now_us)
    return heard;
  /* Whom the operator distrusts in the area of a category is not heard of it. */
  if (!own && !imported &&
      !tocsin_trust_snapshot_counts (scoring->trust, category->group, row->reporter))
    return heard;

  heard.known = TRUE;
  heard.strength = tocsin_score_strength (row, scoring->now_us);
  heard.counted = !imported && category->klass == TOCSIN_CLASS_CRITICAL;
  heard.decides =
      heard.counted && (row->flags & TOCSIN_EVIDENCE_BENIGN) == 0 &&
      (own || tocsin_trust_snapshot_is_full_trust (scoring->trust, category->group, row->reporter));
  return heard;
}

/* Rows come by (reporter, category): of each pair the newest observation speaks, of what it saw
 * itself and of what it imported alike. */
static void
hear (const TocsinScoring *scoring, const TocsinKeyEvidence *key, TocsinHeardKey *out)
{
  TocsinHeardRow *newest[2] = { NULL }; /* first-hand, imported */

  for (gsize i = 0; i < key->n_rows; i++)
    {
      TocsinHeardRow *heard = &out->rows[i];
      TocsinHeardRow **before = &newest[(key->rows[i].flags & TOCSIN_EVIDENCE_IMPORTED) != 0];

      *heard = hear_row (scoring, key->type, &key->rows[i]);
      if (!heard->known)
        continue;
      if (*before != NULL && (*before)->row->reporter == heard->row->reporter &&
          (*before)->row->category == heard->row->category)
        {
          TocsinHeardRow *older =
              (*before)->row->observed_s <= heard->row->observed_s ? *before : heard;

          older->known = older->counted = older->decides = FALSE;
          older->strength = 0;
          if (older == heard)
            continue;
        }
      *before = heard;
    }
  out->key = key;
  out->n_rows = key->n_rows;
}

/* One voice a reporter over the categories in @mask: malicious with its strongest, else benign
 * with its strongest. @without speaks as a dead wall. */
gsize
tocsin_score_gather (const TocsinHeardKey *heard,
                     guint64 mask,
                     guint32 without,
                     TocsinVoice *voices)
{
  gsize n = 0;

  for (gsize i = 0; i < heard->n_rows; i++)
    {
      const TocsinEvidence *row = heard->rows[i].row;
      gboolean malicious = (row->flags & TOCSIN_EVIDENCE_BENIGN) == 0;
      TocsinVoice *voice;

      if (!heard->rows[i].counted || (mask & CATEGORY_BIT (row->category)) == 0 ||
          row->reporter == 0 || row->reporter == without)
        continue;
      if (n == 0 || voices[n - 1].actor != row->reporter)
        voices[n++] = (TocsinVoice){ .actor = row->reporter };
      voice = &voices[n - 1];
      if (malicious && !voice->malicious)
        {
          voice->malicious = TRUE;
          voice->strength = heard->rows[i].strength;
        }
      else if (malicious == voice->malicious)
        voice->strength = MAX (voice->strength, heard->rows[i].strength);
    }
  if (without != TOCSIN_WALKS_NOBODY)
    voices[n++] = (TocsinVoice){ .actor = without, .strength = 1, .malicious = FALSE };
  return n;
}

typedef struct
{
  TocsinVoice fixed[STACK_ROWS];
  TocsinVoice *more; /* (owned) (nullable) */
  TocsinVoice *all;  /* (unowned) the one or the other */
  gsize n;
} Voices;

static void
voices_clear (Voices *self)
{
  g_free (self->more);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Voices, voices_clear)

static void
gather (Voices *self, const TocsinHeardKey *heard, guint64 mask, guint32 without)
{
  self->more = heard->n_rows + 1 > STACK_ROWS ? g_new (TocsinVoice, heard->n_rows + 1) : NULL;
  self->all = self->more != NULL ? self->more : self->fixed;
  self->n = tocsin_score_gather (heard, mask, without, self->all);
}

static void
evaluate (const TocsinScoring *scoring,
          TocsinArea area,
          const TocsinHeardKey *heard,
          guint64 mask,
          guint32 without,
          TocsinBelief *out)
{
  TOCSIN_UNZEROED g_auto (Voices) voices;

  gather (&voices, heard, mask, without);
  *out = tocsin_walks_evaluate_within (tocsin_trust_snapshot_walks (scoring->trust, area),
                                       voices.all, voices.n, scoring->edges);
}

static double
suspicion (const TocsinScoring *scoring,
           TocsinArea area,
           const TocsinHeardKey *heard,
           guint64 mask,
           gboolean *is_chorus)
{
  TOCSIN_UNZEROED g_auto (Voices) voices;
  gsize n_accusers = 0;

  gather (&voices, heard, mask, TOCSIN_WALKS_NOBODY);
  for (gsize i = 0; i < voices.n; i++)
    n_accusers += voices.all[i].malicious ? 1 : 0;
  *is_chorus = n_accusers > 1;
  if (n_accusers == 0)
    return 0;
  return tocsin_walks_suspicion (tocsin_trust_snapshot_walks (scoring->trust, area), voices.all,
                                 voices.n, scoring->edges);
}

/* S_or of one category, for display: verdicts come of runs over groups. */
double
tocsin_score_suspicion (const TocsinScoring *scoring,
                        const TocsinCategory *category,
                        const TocsinHeardKey *heard)
{
  gboolean is_chorus;

  return suspicion (scoring, category->group, heard, CATEGORY_BIT (category->id), &is_chorus);
}

/* What one group of categories amounts to. For a list S_loo and S_trim, which cost the most, are
 * worked out only where something turns on them. */
typedef struct
{
  const TocsinScoring *scoring;
  const TocsinHeardKey *heard;
  TocsinArea area;
  guint64 mask;
  guint32 without;
  gboolean whole;     /* not S_or alone */
  gboolean is_chorus; /* more than one accuses; else nothing is left without that one */
  TocsinBelief belief;
} Run;

static void
run_begin (Run *self, guint64 mask, gboolean lazily)
{
  self->mask = mask;
  self->whole = !lazily;
  if (!lazily)
    {
      evaluate (self->scoring, self->area, self->heard, mask, self->without, &self->belief);
      return;
    }
  self->belief = (TocsinBelief){ .loo_actor = TOCSIN_WALKS_NOBODY };
  self->belief.s_or = suspicion (self->scoring, self->area, self->heard, mask, &self->is_chorus);
}

static void
run_complete (Run *self)
{
  if (!self->whole)
    evaluate (self->scoring, self->area, self->heard, self->mask, self->without, &self->belief);
  self->whole = TRUE;
}

/* S_loo is never above S_or. */
static gboolean
has_loo (Run *self, double least)
{
  if (self->belief.s_or < least || !(self->whole || self->is_chorus))
    return FALSE;
  run_complete (self);
  return self->belief.s_loo >= least;
}

static gboolean
level_holds (TocsinVerdict level, Run *run)
{
  switch (level)
    {
    case TOCSIN_VERDICT_BLOCK:
      return has_loo (run, TOCSIN_BLOCK_S_LOO) && run->belief.s_trim >= TOCSIN_BLOCK_S_TRIM;
    case TOCSIN_VERDICT_REVIEW:
      return run->belief.s_or >= TOCSIN_REVIEW_S_OR || has_loo (run, TOCSIN_REVIEW_S_LOO);
    case TOCSIN_VERDICT_NOTE:
      return run->belief.s_or >= TOCSIN_NOTE_S_OR;
    case TOCSIN_VERDICT_ALLOW:
    case TOCSIN_N_VERDICTS:
    default:
      return TRUE;
    }
}

static guint
score_of (Run *run)
{
  guint score = (guint) lround (100 * CLAMP (run->belief.s_or, 0, 1));

  if (score <= TOCSIN_FRAGILE_SCORE || has_loo (run, TOCSIN_REVIEW_S_LOO))
    return score;
  return TOCSIN_FRAGILE_SCORE;
}

static int
compare_actors (const void *a, const void *b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;

  return x < y ? -1 : x > y;
}

static int
compare_marks (const void *a, const void *b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

  return x < y ? -1 : x > y;
}

static guint64
charged_event (const TocsinSubjectKey *key)
{
  guint64 event;

  memcpy (&event, key->bytes, sizeof event);
  return event;
}

/**
 * tocsin_score_charge_mark:
 * @actor: a voice
 * @event: the beginning of the key of what it reported (TocsinFinding.charge_event)
 *
 * Returns: a number for both
 */
guint64
tocsin_score_charge_mark (guint32 actor, guint64 event)
{
  return event ^ actor * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
}

/* Whether a review of @key may not rest on @actor: it has no budget left, and @key is none of what
 * it was spent on. */
static gboolean
is_over_budget (const TocsinScoring *scoring, const TocsinKeyEvidence *key, guint32 actor)
{
  guint64 mark;

  if (scoring->n_over_budget == 0 || bsearch (&actor, scoring->over_budget, scoring->n_over_budget,
                                              sizeof actor, compare_actors) == NULL)
    return FALSE;
  if (scoring->n_charged == 0 || key->probe == NULL)
    return TRUE;
  mark = tocsin_score_charge_mark (actor, charged_event (&key->probe->key));
  return bsearch (&mark, scoring->charged, scoring->n_charged, sizeof mark, compare_marks) == NULL;
}

/* How firmly a review stands: whoever goes, unless one actor goes, or not, for that actor is past
 * its budget. */
static guint
firmness (const TocsinScoring *scoring, const TocsinKeyEvidence *key, const TocsinBelief *belief)
{
  if (belief->s_loo >= TOCSIN_REVIEW_S_LOO)
    return 2;
  return is_over_budget (scoring, key, belief->loo_actor) ? 0 : 1;
}

/* Of two runs that both make a review the firmer is its reason: else a single loud voice in another
 * group would take that away, and with it the review of a wide network, or of whom that voice has
 * no budget left for. */
static gboolean
is_better_reason (const Run *run, TocsinVerdict level, const TocsinBelief *than)
{
  guint firm = firmness (run->scoring, run->heard->key, &run->belief);
  guint was_firm = firmness (run->scoring, run->heard->key, than);

  if (level == TOCSIN_VERDICT_REVIEW && firm != was_firm)
    return firm > was_firm;
  return run->belief.s_or > than->s_or;
}

/* The runs of one group: from note up, while there is something to hear at that level. */
static void
judge_group (Run *run,
             const guint64 masks[TOCSIN_N_VERDICTS],
             gboolean lazily,
             TocsinJudgement *out)
{
  const TocsinBelief *belief = &run->belief;
  guint64 seen = 0;

  for (TocsinVerdict level = TOCSIN_VERDICT_NOTE; level < TOCSIN_N_VERDICTS; level++)
    {
      if (masks[level] == 0)
        return;
      if (masks[level] != seen)
        run_begin (run, masks[level], lazily);
      seen = masks[level];
      if (level == TOCSIN_VERDICT_NOTE)
        out->score = MAX (out->score, score_of (run));
      if (level == TOCSIN_VERDICT_REVIEW)
        {
          out->event_s_or = MAX (out->event_s_or, belief->s_or);
          out->event_s_loo = MAX (out->event_s_loo, belief->s_loo);
        }
      if (!level_holds (level, run))
        {
          if (out->verdict == TOCSIN_VERDICT_ALLOW && belief->s_or > out->belief.s_or)
            out->belief = *belief;
          continue;
        }
      if (level > out->verdict ||
          (level == out->verdict && is_better_reason (run, level, &out->belief)))
        {
          out->verdict = level;
          out->belief = *belief;
        }
    }
}

static void
bound (TocsinJudgement *out, TocsinBound why)
{
  if (out->verdict <= TOCSIN_VERDICT_NOTE)
    return;
  out->verdict = TOCSIN_VERDICT_NOTE;
  out->bound = why;
}

/* What bounds a verdict besides the ceilings: breadth, shared addresses, the single-voice budget.
 */
static void
apply_bounds (const TocsinScoring *scoring, const TocsinKeyEvidence *key, TocsinJudgement *out)
{
  gboolean fragile = out->belief.s_loo < TOCSIN_REVIEW_S_LOO;

  if (key->shared || (key->broad && out->event_s_loo < TOCSIN_REVIEW_S_LOO))
    out->event_s_or = 0; /* nor does it help another subject to a review */
  if (key->shared || (key->broad && fragile))
    bound (out, key->shared ? TOCSIN_BOUND_SHARED : TOCSIN_BOUND_BROAD);
  else if (key->broad)
    out->verdict = MIN (out->verdict, TOCSIN_VERDICT_REVIEW);
  if (out->verdict != TOCSIN_VERDICT_REVIEW || !fragile)
    return;
  if (is_over_budget (scoring, key, out->belief.loo_actor))
    bound (out, TOCSIN_BOUND_BUDGET);
  else
    out->fragile = TRUE;
}

void
tocsin_score_mask (const TocsinScoring *scoring,
                   const TocsinHeardKey *heard,
                   guint32 without,
                   TocsinMasks masks)
{
  for (gsize i = 0; i < heard->n_rows; i++)
    {
      const TocsinEvidence *row = heard->rows[i].row;

      if (!heard->rows[i].counted || tocsin_score_is_without (&heard->rows[i], without))
        continue;
      for (gint8 level = TOCSIN_VERDICT_NOTE;
           level <= tocsin_score_ceiling (scoring, row->category); level++)
        masks[tocsin_category_by_id (row->category)->group][level] |= CATEGORY_BIT (row->category);
    }
}

static void
judge_key (const TocsinScoring *scoring,
           const TocsinHeardKey *heard,
           guint32 without,
           gboolean lazily,
           TocsinJudgement *out)
{
  TocsinMasks masks = { 0 };
  gboolean decided = FALSE;
  gboolean fact = FALSE;

  *out = (TocsinJudgement){ 0 };
  for (gsize i = 0; i < heard->n_rows; i++)
    {
      const TocsinHeardRow *h = &heard->rows[i];

      if (!h->known || tocsin_score_is_without (h, without))
        continue;
      out->known = TRUE;
      decided = decided || h->decides;
      fact = fact || (!h->counted && (h->row->flags & TOCSIN_EVIDENCE_BENIGN) == 0);
    }
  tocsin_score_mask (scoring, heard, without, masks);

  for (TocsinArea area = 0; area < TOCSIN_N_AREAS; area++)
    {
      Run run = { .scoring = scoring, .heard = heard, .area = area, .without = without };

      judge_group (&run, masks[area], lazily, out);
    }
  if (fact && out->verdict < TOCSIN_VERDICT_NOTE)
    out->verdict = TOCSIN_VERDICT_NOTE;
  if (decided)
    {
      out->verdict = TOCSIN_VERDICT_BLOCK;
      out->score = 100;
      out->event_s_or = out->event_s_loo = 1;
      out->belief =
          (TocsinBelief){ .s_or = 1, .s_loo = 1, .s_trim = 1, .loo_actor = TOCSIN_WALKS_NOBODY };
    }
  apply_bounds (scoring, heard->key, out);
}

/* ---- events ---- */

static gboolean
is_stronger (const TocsinJudgement *a, const TocsinJudgement *b)
{
  if (a->verdict != b->verdict)
    return a->verdict > b->verdict;
  return a->score > b->score;
}

static void
judge_subject (const TocsinScoring *scoring, TocsinSubjectState *state, guint32 without)
{
  state->best = (TocsinJudgement){ 0 };
  state->best_key = -1;
  state->solid = TOCSIN_VERDICT_ALLOW;
  state->paired = FALSE;
  for (gsize i = 0; i < state->evidence->n_keys; i++)
    {
      TocsinHeardKey *key = &state->keys[i];
      TocsinJudgement judgement;

      if (key->n_rows == 0)
        continue;
      judge_key (scoring, key, without, FALSE, &judgement);
      key->event_s_or = state->evidence->allowed_by == NULL ? judgement.event_s_or : 0;
      key->event_s_loo = judgement.event_s_loo;
      tocsin_pair_find_sole (scoring, key, without);
      if (!judgement.fragile && state->evidence->allowed_by == NULL)
        state->solid = MAX (state->solid, judgement.verdict);
      if (judgement.known && (state->best_key < 0 || is_stronger (&judgement, &state->best)))
        {
          state->best = judgement;
          state->best_key = (gssize) i;
        }
    }
  if (state->evidence->allowed_by != NULL)
    {
      state->best.verdict = TOCSIN_VERDICT_ALLOW;
      state->best.fragile = FALSE;
    }
}

static gboolean
has_exact_allowance (const TocsinSubjectState *state)
{
  return state->evidence->allowed_by != NULL && state->evidence->allowed_exactly;
}

/* The verdict over all subjects, without what is only for display. */
static TocsinVerdict
judge_event (const TocsinScoring *scoring,
             TocsinSubjectState *states,
             gsize n,
             guint32 without,
             TocsinPairAllowance *allowance)
{
  TocsinVerdict verdict = TOCSIN_VERDICT_ALLOW;
  gboolean allowed = FALSE;

  for (gsize i = 0; i < n; i++)
    {
      judge_subject (scoring, &states[i], without);
      verdict = MAX (verdict, states[i].best.verdict);
      allowed = allowed || has_exact_allowance (&states[i]);
    }
  if (allowed)
    return TOCSIN_VERDICT_ALLOW;
  if (verdict < TOCSIN_VERDICT_REVIEW &&
      tocsin_pair_makes_review (scoring, states, n, without, allowance))
    verdict = TOCSIN_VERDICT_REVIEW;
  return verdict;
}

/* ---- all of it ---- */

#define WITHOUT_MAX  32         /* origins whose absence explain works out */
#define WITHOUT_WORK (64 << 20) /* of all of them, in multiplications: some tenths of a second */

/* What it takes to judge the event once more, but for pairs. */
static guint64
count_work (const TocsinScoring *scoring, const TocsinSubjectState *states, gsize n)
{
  guint64 work = 0;

  for (gsize s = 0; s < n; s++)
    for (gsize k = 0; k < states[s].evidence->n_keys; k++)
      if (states[s].keys[k].n_rows > 0)
        work += TOCSIN_KEY_WORK +
                tocsin_pair_count_work (scoring, &states[s].keys[k], TOCSIN_VERDICT_NOTE);
  return work;
}

/* Judges without @actor, if *@left, which all share, is enough for that. */
static gboolean
judge_without (const TocsinScoring *scoring,
               TocsinSubjectState *states,
               gsize n,
               guint64 work,
               guint64 *left,
               TocsinCounterfactual *entry)
{
  TocsinPairAllowance allowance = { 0 };
  guint granted;

  if (work > *left)
    return FALSE;
  *left -= work;
  allowance.work = granted = (guint) MIN (*left, TOCSIN_PAIR_WORK);
  entry->verdict = judge_event (scoring, states, n, entry->actor, &allowance);
  *left -= granted - allowance.work;
  return !allowance.is_cut || granted == TOCSIN_PAIR_WORK;
}

static void
explain_without (const TocsinScoring *scoring,
                 TocsinSubjectState *states,
                 gsize n,
                 TocsinFinding *out)
{
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);
  guint64 work = count_work (scoring, states, n);
  guint64 left = WITHOUT_WORK;

  out->without = g_array_new (FALSE, FALSE, sizeof (TocsinCounterfactual));
  for (gsize s = 0; s < n; s++)
    for (gsize k = 0; k < states[s].evidence->n_keys; k++)
      for (gsize i = 0; i < states[s].keys[k].n_rows; i++)
        {
          const TocsinHeardRow *heard = &states[s].keys[k].rows[i];
          TocsinCounterfactual entry = { .actor = heard->row->reporter };

          if (!heard->counted || entry.actor == 0 || out->without->len >= WITHOUT_MAX ||
              !g_hash_table_add (done, GUINT_TO_POINTER (entry.actor)))
            continue;
          if (!judge_without (scoring, states, n, work, &left, &entry))
            return;
          g_array_append_val (out->without, entry);
        }
}

static void
prepare (const TocsinScoring *scoring,
         const TocsinSubjectEvidence *evidence,
         TocsinSubjectState *out)
{
  gsize n_rows = 0, at = 0;

  for (gsize i = 0; i < evidence->n_keys; i++)
    n_rows += evidence->keys[i].n_rows;
  *out = (TocsinSubjectState){
    .evidence = evidence,
    .keys = evidence->n_keys > 0 ? g_new0 (TocsinHeardKey, evidence->n_keys) : NULL,
    .rows = n_rows > 0 ? g_new (TocsinHeardRow, n_rows) : NULL,
  };
  for (gsize i = 0; i < evidence->n_keys; i++)
    {
      out->keys[i].rows = out->rows + at;
      hear (scoring, &evidence->keys[i], &out->keys[i]);
      at += evidence->keys[i].n_rows;
    }
}

/* What was reported, not what was asked about, is charged: strangers ask about ever new addresses
 * at a domain. Of several that are fragile it is the same one in whatever order they were asked
 * about. */
static void
charge (const TocsinSubjectState *state, TocsinFinding *out)
{
  guint64 event = charged_event (&state->keys[state->best_key].key->probe->key);

  if (out->charge_actor != 0 && event >= out->charge_event)
    return;
  out->charge_actor = state->best.belief.loo_actor;
  out->charge_event = event;
}

/**
 * tocsin_score_event:
 * @scoring: what a verdict depends on besides the evidence
 * @subjects: (array length=n_subjects): the subjects of one event and what is known of them
 * @n_subjects: 1 to %TOCSIN_EVENT_MAX
 * @out: (out caller-allocates): the answer; free it with tocsin_finding_clear(). Its subjects
 *   point into @subjects
 *
 * Judges one event. Pure: no I/O, no clock; may be called from any thread.
 */
void
tocsin_score_event (const TocsinScoring *scoring,
                    const TocsinSubjectEvidence *subjects,
                    gsize n_subjects,
                    TocsinFinding *out)
{
  TOCSIN_UNZEROED TocsinSubjectState states[TOCSIN_EVENT_MAX];
  TocsinPairAllowance allowance = { .work = TOCSIN_PAIR_WORK };
  guint64 edges = TOCSIN_WALKS_EDGES;
  TocsinScoring within = *scoring;
  gboolean robust = FALSE;
  gboolean excused = FALSE; /* all of it, by an entry for one of them */

  g_return_if_fail (n_subjects >= 1 && n_subjects <= TOCSIN_EVENT_MAX);

  within.edges = &edges;
  scoring = &within;
  *out = (TocsinFinding){ 0 };
  out->subjects =
      g_array_sized_new (FALSE, FALSE, sizeof (TocsinSubjectFinding), (guint) n_subjects);
  g_array_set_clear_func (out->subjects, tocsin_describe_clear);
  for (gsize i = 0; i < n_subjects; i++)
    prepare (scoring, &subjects[i], &states[i]);
  out->verdict = judge_event (scoring, states, n_subjects, TOCSIN_WALKS_NOBODY, &allowance);
  for (gsize i = 0; i < n_subjects; i++)
    excused = excused || has_exact_allowance (&states[i]);

  for (gsize i = 0; i < n_subjects; i++)
    {
      TocsinSubjectFinding finding;

      tocsin_describe_subject (scoring, &states[i], &finding);
      g_array_append_val (out->subjects, finding);
      if (!excused)
        out->score = MAX (out->score, finding.score);
      out->known = out->known || finding.known;
      if (states[i].best.verdict == out->verdict && states[i].best.fragile)
        charge (&states[i], out);
      robust = robust || states[i].solid >= out->verdict;
      if (subjects[i].allowed_by != NULL &&
          (out->allowed_by == NULL || subjects[i].allowed_exactly))
        {
          g_free (out->allowed_by);
          out->allowed_by = g_strdup (subjects[i].allowed_by);
        }
    }
  if (robust)
    out->charge_actor = 0; /* the verdict would be the same without that actor */
  out->ceiling = tocsin_describe_ceiling (scoring, out);
  if (scoring->explain)
    explain_without (scoring, states, n_subjects, out);
  tocsin_explain_event (scoring, out);
  for (gsize i = 0; i < n_subjects; i++)
    {
      g_free (states[i].keys);
      g_free (states[i].rows);
    }
}

static void
note_row (TocsinKeyFinding *out, const TocsinEvidence *row)
{
  if ((row->flags & TOCSIN_EVIDENCE_BENIGN) == 0)
    out->categories |= CATEGORY_BIT (row->category);
  if (out->first_seen_s == 0 || row->observed_s < out->first_seen_s)
    out->first_seen_s = row->observed_s;
  out->last_seen_s = MAX (out->last_seen_s, row->observed_s);
  if (row->expires_s != TOCSIN_EVIDENCE_NEVER_S)
    out->expires_s = MAX (out->expires_s, row->expires_s);
}

/**
 * tocsin_score_key:
 * @scoring: as tocsin_score_event()
 * @key: what is known under one key; needs no probe
 * @out: (out caller-allocates): nothing to free
 *
 * The verdict that an event of this one key has, for lists of millions.
 */
void
tocsin_score_key (const TocsinScoring *scoring, const TocsinKeyEvidence *key, TocsinKeyFinding *out)
{
  TOCSIN_UNZEROED TocsinHeardRow fixed[STACK_ROWS];
  g_autofree TocsinHeardRow *more =
      key->n_rows > STACK_ROWS ? g_new (TocsinHeardRow, key->n_rows) : NULL;
  TocsinHeardKey heard = { .rows = more != NULL ? more : fixed };
  TocsinJudgement judgement;
  gboolean lazily;

  *out = (TocsinKeyFinding){ 0 };
  hear (scoring, key, &heard);
  for (gsize i = 0; i < heard.n_rows; i++)
    if (heard.rows[i].known)
      note_row (out, heard.rows[i].row);
  /* A bound asks for S_loo, and so does the budget of single voices. */
  lazily = !key->broad && !key->shared && scoring->n_over_budget == 0;
  judge_key (scoring, &heard, TOCSIN_WALKS_NOBODY, lazily, &judgement);
  out->verdict = judgement.verdict;
  out->score = judgement.score;
  out->known = judgement.known;
  out->bounded = judgement.verdict > TOCSIN_VERDICT_NOTE;
}
