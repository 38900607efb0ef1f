/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Two subjects of one event that confirm each other, model.md 4.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "view/score-private.h"

#define PAIRS_MAX 1024 /* keys of two subjects that are compared, some milliseconds */

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
  return tocsin_walks_pair_survives (runs, n, TOCSIN_EVENT_S_OR);
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

/* Whether a key of @a and another of @b confirm each other; up to *@left are looked at. Two keys
 * that either subject is found under make no review of one of them, and so none of both. */
static gboolean
subjects_pair (const TocsinScoring *scoring,
               const TocsinSubjectState *a,
               const TocsinSubjectState *b,
               guint32 without,
               guint *left)
{
  for (gsize i = 0; i < a->evidence->n_keys; i++)
    {
      gboolean both_hear;

      if (!may_pair (a, i))
        continue;
      both_hear = hears (b, &a->keys[i]);
      for (gsize j = 0; j < b->evidence->n_keys; j++)
        {
          if (!may_pair (b, j) || (both_hear && hears (a, &b->keys[j])))
            continue;
          if (*left == 0)
            return FALSE;
          (*left)--;
          if (pair_survives (scoring, &a->keys[i], &b->keys[j], without))
            return TRUE;
        }
    }
  return FALSE;
}

/**
 * tocsin_pair_makes_review:
 * @states: (array length=n): the subjects of one event, judged; the two are marked
 * @without: an actor to be left out, or %TOCSIN_WALKS_NOBODY
 *
 * Whether two of the subjects, by different keys, keep S_or ≥ 0.25 on one side whoever is missing.
 */
gboolean
tocsin_pair_makes_review (const TocsinScoring *scoring,
                          TocsinSubjectState *states,
                          gsize n,
                          guint32 without)
{
  guint left = PAIRS_MAX;

  for (gsize i = 0; i < n; i++)
    for (gsize j = i + 1; j < n; j++)
      if (subjects_pair (scoring, &states[i], &states[j], without, &left))
        {
          states[i].paired = states[j].paired = TRUE;
          return TRUE;
        }
  return FALSE;
}
