/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Two subjects of one event that confirm each other, model.md 4.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "view/score-private.h"

/* A key that may be one of a pair. */
typedef struct
{
  guint subject;
  guint key;
  guint work;
  guint found_by; /* bits of the subjects that are found under it */
} Candidate;

/* Who alone accuses at the level of review, in one group and undisputed, if anybody does. */
void
tocsin_pair_find_sole (const TocsinScoring *scoring, TocsinHeardKey *key, guint32 without)
{
  gboolean found = FALSE;

  key->sole_actor = TOCSIN_WALKS_NOBODY;
  for (gsize i = 0; i < key->n_rows; i++)
    {
      const TocsinEvidence *row = key->rows[i].row;
      gboolean benign = (row->flags & TOCSIN_EVIDENCE_BENIGN) != 0;
      TocsinArea area;

      if (!key->rows[i].counted || tocsin_score_is_without (&key->rows[i], without) ||
          tocsin_score_ceiling (scoring, row->category) < TOCSIN_VERDICT_REVIEW)
        continue;
      area = tocsin_category_by_id (row->category)->group;
      if (benign || (found && (row->reporter != key->sole_actor || area != key->sole_area)))
        {
          key->sole_actor = TOCSIN_WALKS_NOBODY;
          return;
        }
      key->sole_actor = row->reporter;
      key->sole_area = area;
      found = TRUE;
    }
}

/* The runs of a key at the level of review. */
static gsize
add_runs (const TocsinScoring *scoring,
          const TocsinHeardKey *heard,
          guint32 without,
          GPtrArray *owned,
          TocsinWalksRun *runs)
{
  TocsinMasks masks = { 0 };
  TocsinVoice *voices;
  gsize n = 0;

  tocsin_score_mask (scoring, heard, without, masks);
  for (TocsinArea area = 0; area < TOCSIN_N_AREAS; area++)
    {
      if (masks[area][TOCSIN_VERDICT_REVIEW] == 0)
        continue;
      voices = g_new (TocsinVoice, heard->n_rows + 1);
      g_ptr_array_add (owned, voices);
      runs[n++] = (TocsinWalksRun){
        .walks = tocsin_trust_snapshot_walks (scoring->trust, area),
        .voices = voices,
        .n_voices =
            tocsin_score_gather (heard, masks[area][TOCSIN_VERDICT_REVIEW], without, voices),
      };
    }
  return n;
}

/* Whether the pair keeps S_or ≥ 0.25 on one side whoever is missing. */
static gboolean
pair_survives (const TocsinScoring *scoring,
               const TocsinHeardKey *a,
               const TocsinHeardKey *b,
               guint32 without)
{
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
  TocsinWalksRun runs[TOCSIN_WALKS_PAIR_RUNS_MAX];
  gsize n;

  if (a->event_s_loo >= TOCSIN_EVENT_S_OR || b->event_s_loo >= TOCSIN_EVENT_S_OR)
    return TRUE;
  n = add_runs (scoring, a, without, owned, runs);
  n += add_runs (scoring, b, without, owned, runs + n);
  return tocsin_walks_pair_survives (runs, n, TOCSIN_EVENT_S_OR, scoring->edges);
}

/* Whether a key may be one of the pair. Of those that one actor alone speaks of the loudest does;
 * of others each may be it, for what some say must not be hidden by whoever is louder about what
 * is around it. */
static gboolean
may_pair (const TocsinSubjectState *state, gsize k)
{
  const TocsinHeardKey *key = &state->keys[k];

  if (key->event_s_or < TOCSIN_EVENT_S_OR)
    return FALSE;
  for (gsize i = 0; key->sole_actor != TOCSIN_WALKS_NOBODY && i < state->evidence->n_keys; i++)
    {
      const TocsinHeardKey *other = &state->keys[i];

      if (other->sole_actor == key->sole_actor && other->sole_area == key->sole_area &&
          (other->event_s_or > key->event_s_or || (other->event_s_or == key->event_s_or && i < k)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
hears (const TocsinSubjectState *state, const TocsinHeardKey *key)
{
  for (gsize i = 0; i < state->evidence->n_keys; i++)
    if (tocsin_id_equal (&state->keys[i].key->probe->key, &key->key->probe->key))
      return TRUE;
  return FALSE;
}

/**
 * tocsin_pair_count_work:
 * @level: categories that may not go so far are left out
 *
 * Returns: what it takes to solve each of the key's runs once: a matrix of its voices
 */
guint
tocsin_pair_count_work (const TocsinScoring *scoring,
                        const TocsinHeardKey *key,
                        TocsinVerdict level)
{
  guint n[TOCSIN_N_AREAS] = { 0 };
  guint32 last[TOCSIN_N_AREAS] = { 0 };
  guint work = 0;

  for (gsize i = 0; i < key->n_rows; i++)
    {
      const TocsinEvidence *row = key->rows[i].row;
      TocsinArea area;

      if (!key->rows[i].counted || row->reporter == 0 ||
          tocsin_score_ceiling (scoring, row->category) < (gint8) level)
        continue;
      area = tocsin_category_by_id (row->category)->group;
      if (row->reporter == last[area] || n[area] == TOCSIN_WALKS_EXACT_MAX)
        continue;
      last[area] = row->reporter;
      n[area]++;
    }
  for (TocsinArea area = 0; area < TOCSIN_N_AREAS; area++)
    work += n[area] * n[area] * n[area];
  return work;
}

static guint
find_subjects (const TocsinSubjectState *states, gsize n, const TocsinHeardKey *key)
{
  guint found_by = 0;

  for (gsize i = 0; i < n; i++)
    if (hears (&states[i], key))
      found_by |= 1u << i;
  return found_by;
}

static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a, *y = b;

  if (x->work != y->work)
    return x->work < y->work ? -1 : 1;
  if (x->subject != y->subject)
    return x->subject < y->subject ? -1 : 1;
  return x->key < y->key ? -1 : x->key > y->key;
}

/* Those that hold whoever is missing come first, then those that few speak of: many who say the
 * same of ever more keys are not to use up what is left for others. */
static GArray *
find_candidates (const TocsinScoring *scoring, const TocsinSubjectState *states, gsize n)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (guint s = 0; s < n; s++)
    for (guint k = 0; k < states[s].evidence->n_keys; k++)
      {
        const TocsinHeardKey *key = &states[s].keys[k];
        Candidate candidate = { .subject = s, .key = k };

        if (!may_pair (&states[s], k))
          continue;
        if (key->event_s_loo < TOCSIN_EVENT_S_OR)
          candidate.work = tocsin_pair_count_work (scoring, key, TOCSIN_VERDICT_REVIEW);
        candidate.found_by = find_subjects (states, n, key);
        g_array_append_val (found, candidate);
      }
  g_array_sort (found, compare_candidates);
  return found;
}

/* Two keys that either subject is found under make no review of one of them, and so none of both.
 */
static gboolean
are_two (const Candidate *a, const Candidate *b)
{
  return a->subject != b->subject &&
         ((a->found_by & 1u << b->subject) == 0 || (b->found_by & 1u << a->subject) == 0);
}

static gboolean
take_work (TocsinPairAllowance *allowance, guint work)
{
  allowance->is_cut = work > allowance->work;
  allowance->work = allowance->is_cut ? 0 : allowance->work - work;
  return !allowance->is_cut;
}

/**
 * tocsin_pair_makes_review:
 * @states: (array length=n): the subjects of one event, judged; the two are marked
 * @without: an actor to be left out, or %TOCSIN_WALKS_NOBODY
 * @allowance: (inout): how far may be looked
 *
 * Whether two of the subjects, by different keys, keep S_or ≥ 0.25 on one side whoever is missing.
 */
gboolean
tocsin_pair_makes_review (const TocsinScoring *scoring,
                          TocsinSubjectState *states,
                          gsize n,
                          guint32 without,
                          TocsinPairAllowance *allowance)
{
  g_autoptr (GArray) found = NULL;

  if (n < 2)
    return FALSE;
  found = find_candidates (scoring, states, n);
  for (guint j = 1; j < found->len; j++)
    for (guint i = 0; i < j; i++)
      {
        const Candidate *a = &g_array_index (found, Candidate, i);
        const Candidate *b = &g_array_index (found, Candidate, j);

        if (!are_two (a, b))
          continue;
        if (!take_work (allowance, TOCSIN_KEY_WORK + a->work + b->work))
          return FALSE;
        if (!pair_survives (scoring, &states[a->subject].keys[a->key],
                            &states[b->subject].keys[b->key], without))
          continue;
        states[a->subject].paired = states[b->subject].paired = TRUE;
        return TRUE;
      }
  return FALSE;
}
