/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is shown beside a verdict.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "view/listed.h"
#include "view/score-private.h"

#define SOME 4 /* entries for which a list has room from the start */

static TocsinCategoryFinding *
find_category (GArray *categories, guint8 id)
{
  TocsinCategoryFinding new = { .category = id };

  for (guint i = 0; i < categories->len; i++)
    {
      TocsinCategoryFinding *finding = &g_array_index (categories, TocsinCategoryFinding, i);

      if (finding->category == id)
        return finding;
    }
  g_array_append_val (categories, new);
  return &g_array_index (categories, TocsinCategoryFinding, categories->len - 1);
}

static void
add_unique (GArray *actors, guint32 actor)
{
  for (guint i = 0; i < actors->len; i++)
    if (g_array_index (actors, guint32, i) == actor)
      return;
  g_array_append_val (actors, actor);
}

/* Over all keys: a reporter of an address and of its network is one origin. @origins: scratch. */
static void
describe_category (const TocsinScoring *scoring,
                   const TocsinSubjectState *state,
                   GArray *origins,
                   TocsinCategoryFinding *out)
{
  const TocsinCategory *category = tocsin_category_by_id (out->category);

  g_array_set_size (origins, 0);
  for (gsize k = 0; k < state->evidence->n_keys; k++)
    {
      const TocsinHeardKey *heard = &state->keys[k];

      for (gsize i = 0; i < heard->n_rows; i++)
        {
          const TocsinHeardRow *h = &heard->rows[i];

          if (!h->known || h->row->category != out->category ||
              (h->row->flags & TOCSIN_EVIDENCE_BENIGN) != 0)
            continue;
          add_unique (origins, tocsin_listed_origin (scoring, h->row));
          if (h->decides)
            out->s_or = 1;
        }
      if (category->klass == TOCSIN_CLASS_CRITICAL && heard->n_rows > 0)
        {
          double s_or = tocsin_score_suspicion (scoring, category, heard);

          out->s_or = MAX (out->s_or, s_or);
        }
    }
  out->origins = origins->len;
}

static int
compare_categories (gconstpointer a, gconstpointer b)
{
  const TocsinCategoryFinding *x = a, *y = b;

  if (x->s_or != y->s_or)
    return x->s_or > y->s_or ? -1 : 1;
  return (int) x->category - (int) y->category;
}

static void
describe_row (const TocsinScoring *scoring, const TocsinHeardRow *heard, TocsinSubjectFinding *out)
{
  const TocsinEvidence *row = heard->row;
  TocsinHeard shown = {
    .evidence = *row,
    .via = tocsin_trust_snapshot_branch_of (scoring->trust, row->reporter),
    .strength = heard->strength,
    .counted = heard->counted || heard->decides,
  };

  if (out->heard != NULL)
    g_array_append_val (out->heard, shown);
  if (!heard->known)
    return;
  out->known = TRUE;
  if (out->first_seen_s == 0 || row->observed_s < out->first_seen_s)
    out->first_seen_s = row->observed_s;
  out->last_seen_s = MAX (out->last_seen_s, row->observed_s);
  if (row->expires_s != TOCSIN_EVIDENCE_NEVER_S)
    out->expires_s = MAX (out->expires_s, row->expires_s);
}

/* Who said what, over all keys; an actor and a list that come under one number are two origins. */
static void
describe_origins (const TocsinScoring *scoring,
                  const TocsinSubjectState *state,
                  TocsinSubjectFinding *out)
{
  for (gsize k = 0; k < state->evidence->n_keys; k++)
    for (gsize i = 0; i < state->keys[k].n_rows; i++)
      {
        const TocsinHeardRow *heard = &state->keys[k].rows[i];

        if (!heard->known)
          continue;
        if ((heard->row->flags & TOCSIN_EVIDENCE_BENIGN) != 0)
          add_unique (out->disputers, heard->row->reporter);
        else if ((heard->row->flags & TOCSIN_EVIDENCE_IMPORTED) != 0)
          {
            tocsin_listed_add (out, scoring, heard->row);
            find_category (out->categories, heard->row->category)->listed = TRUE;
          }
        else
          {
            add_unique (out->reporters, heard->row->reporter);
            find_category (out->categories, heard->row->category)->reported = TRUE;
            if (heard->counted)
              add_unique (out->accusers, heard->row->reporter);
          }
      }
  out->origins = out->reporters->len + tocsin_listed_count (out);
}

static void
note_clear (gpointer data)
{
  g_free (((TocsinNote *) data)->text);
}

/* Frees what a #TocsinSubjectFinding points to. */
void
tocsin_describe_clear (gpointer data)
{
  TocsinSubjectFinding *self = data;

  g_free (self->matched);
  g_array_unref (self->categories);
  g_array_unref (self->notes);
  g_array_unref (self->reporters);
  g_clear_pointer (&self->accusers, g_array_unref);
  g_array_unref (self->disputers);
  g_clear_pointer (&self->listed, g_array_unref);
  g_clear_pointer (&self->heard, g_array_unref);
}

void
tocsin_describe_subject (const TocsinScoring *scoring,
                         const TocsinSubjectState *state,
                         TocsinSubjectFinding *out)
{
  /* Most subjects that are asked about are unknown. */
  guint room = state->evidence->n_keys > 0 ? SOME : 0;
  g_autoptr (GArray) origins = NULL;

  *out = (TocsinSubjectFinding){
    .subject = state->evidence->subject,
    .verdict = state->best.verdict,
    .score = state->evidence->allowed_by != NULL ? 0 : state->best.score,
    .s_or = state->best.belief.s_or,
    .s_loo = state->best.belief.s_loo,
    .s_trim = state->best.belief.s_trim,
    .paired = state->paired,
    .bound = state->best.bound,
    .categories = g_array_sized_new (FALSE, FALSE, sizeof (TocsinCategoryFinding), room),
    .notes = g_array_sized_new (FALSE, FALSE, sizeof (TocsinNote), room),
    .reporters = g_array_sized_new (FALSE, FALSE, sizeof (guint32), room),
    .accusers = g_array_sized_new (FALSE, FALSE, sizeof (guint32), room),
    .disputers = g_array_sized_new (FALSE, FALSE, sizeof (guint32), room),
    .heard = scoring->explain ? g_array_sized_new (FALSE, FALSE, sizeof (TocsinHeard), room) : NULL,
  };
  g_array_set_clear_func (out->notes, note_clear);
  if (state->best_key >= 0)
    {
      const TocsinKeyEvidence *key = state->keys[state->best_key].key;

      out->matched = g_strdup (key->probe->value);
      out->matched_key = key->probe->key;
      out->matched_type = key->type;
    }
  for (gsize k = 0; k < state->evidence->n_keys; k++)
    {
      const TocsinHeardKey *heard = &state->keys[k];

      for (gsize i = 0; i < heard->n_rows; i++)
        {
          if (!tocsin_evidence_is_of (heard->rows[i].row, heard->key->type))
            continue;
          describe_row (scoring, &heard->rows[i], out);
          if (heard->rows[i].known && (heard->rows[i].row->flags & TOCSIN_EVIDENCE_BENIGN) == 0)
            find_category (out->categories, heard->rows[i].row->category);
        }
    }
  tocsin_listed_explain_places (scoring, state->evidence, out);
  if (!out->known)
    return;
  describe_origins (scoring, state, out);
  origins = g_array_sized_new (FALSE, FALSE, sizeof (guint32), SOME);
  for (guint c = 0; c < out->categories->len; c++)
    describe_category (scoring, state, origins,
                       &g_array_index (out->categories, TocsinCategoryFinding, c));
  if (out->categories->len > 1)
    g_array_sort (out->categories, compare_categories);
}

/* The highest verdict that the profile allows any of the categories seen. */
TocsinVerdict
tocsin_describe_ceiling (const TocsinScoring *scoring, const TocsinFinding *finding)
{
  int ceiling = -1;

  for (guint i = 0; i < finding->subjects->len; i++)
    {
      const TocsinSubjectFinding *subject =
          &g_array_index (finding->subjects, TocsinSubjectFinding, i);

      for (guint c = 0; c < subject->categories->len; c++)
        ceiling = MAX (
            ceiling,
            tocsin_score_ceiling (
                scoring, g_array_index (subject->categories, TocsinCategoryFinding, c).category));
    }
  if (ceiling >= 0)
    return (TocsinVerdict) ceiling;
  for (guint c = 0; c < TOCSIN_N_CATEGORIES; c++)
    ceiling = MAX (ceiling, scoring->profile->ceiling[c]);
  return (TocsinVerdict) MAX (ceiling, TOCSIN_VERDICT_ALLOW);
}
