/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "config.h"

#include "view/listed.h"

#include <glib/gi18n-lib.h>

const TocsinListSource *
tocsin_listed_source (const TocsinScoring *scoring, const TocsinEvidence *row)
{
  return (row->flags & TOCSIN_EVIDENCE_IMPORTED) != 0 && row->reporter != 0
             ? tocsin_list_sources_find (scoring->lists, row->reporter)
             : NULL;
}

gint64
tocsin_listed_until (const TocsinScoring *scoring, const TocsinEvidence *row)
{
  const TocsinListSource *source = tocsin_listed_source (scoring, row);
  const TocsinCategory *category = tocsin_category_by_id (row->category);

  if (scoring->lists == NULL || (row->flags & TOCSIN_EVIDENCE_IMPORTED) == 0 || row->reporter == 0)
    return G_MAXINT64;
  if (source == NULL || category == NULL || row->subject_type > TOCSIN_SUBJECT_ACTOR)
    return G_MININT64;
  if (category->half_life_days[row->subject_type] != TOCSIN_HALF_LIFE_WHILE_LISTED)
    return G_MAXINT64;
  return tocsin_list_source_until (source);
}

gboolean
tocsin_listed_holds (const TocsinScoring *scoring, const TocsinEvidence *row)
{
  return scoring->now_us < tocsin_listed_until (scoring, row);
}

guint32
tocsin_listed_origin (const TocsinScoring *scoring, const TocsinEvidence *row)
{
  const TocsinListSource *source = tocsin_listed_source (scoring, row);

  return source != NULL ? source->origin : row->reporter;
}

void
tocsin_listed_add (TocsinSubjectFinding *finding,
                   const TocsinScoring *scoring,
                   const TocsinEvidence *row)
{
  TocsinListed entry = {
    .origin = tocsin_listed_origin (scoring, row),
    .reporter = row->reporter,
    .category = row->category,
  };

  if (finding->listed == NULL)
    finding->listed = g_array_new (FALSE, FALSE, sizeof (TocsinListed));
  for (guint i = 0; i < finding->listed->len; i++)
    {
      TocsinListed *other = &g_array_index (finding->listed, TocsinListed, i);

      if (other->origin != entry.origin || other->category != entry.category)
        continue;
      if (entry.reporter == entry.origin)
        *other = entry; /* the original speaks, where it is there too */
      return;
    }
  g_array_append_val (finding->listed, entry);
}

guint
tocsin_listed_count (const TocsinSubjectFinding *finding)
{
  guint n = 0;

  for (guint i = 0; finding->listed != NULL && i < finding->listed->len; i++)
    {
      guint before = 0;

      while (before < i && g_array_index (finding->listed, TocsinListed, before).origin !=
                               g_array_index (finding->listed, TocsinListed, i).origin)
        before++;
      n += before == i;
    }
  return n;
}

gboolean
tocsin_listed_is_all (const TocsinScoring *scoring,
                      const TocsinSubjectFinding *finding,
                      TocsinCategoryClass klass)
{
  gboolean found = FALSE;

  for (guint i = 0; finding->listed != NULL && i < finding->listed->len; i++)
    {
      const TocsinListed *listed = &g_array_index (finding->listed, TocsinListed, i);

      if (tocsin_category_by_id (listed->category)->klass != klass)
        continue;
      if (tocsin_list_sources_find (scoring->lists, listed->reporter) == NULL)
        return FALSE;
      found = TRUE;
    }
  return found;
}

/* "3 hours ago", coarsely: a list is read a few times a day at most. */
static char *
describe_age (gint64 age_us)
{
  guint minutes = (guint) CLAMP (age_us / TOCSIN_MINUTE_US, 0, (gint64) G_MAXINT);
  guint hours = minutes / 60, days = hours / 24;

  if (days >= 2)
    return g_strdup_printf (ngettext ("%u day ago", "%u days ago", days), days);
  if (hours >= 1)
    return g_strdup_printf (ngettext ("%u hour ago", "%u hours ago", hours), hours);
  if (minutes >= 1)
    return g_strdup_printf (ngettext ("%u minute ago", "%u minutes ago", minutes), minutes);
  return g_strdup (_ ("just now"));
}

void
tocsin_listed_explain (const TocsinScoring *scoring, TocsinSubjectFinding *finding)
{
  for (guint i = 0; finding->listed != NULL && i < finding->listed->len; i++)
    {
      const TocsinListed *listed = &g_array_index (finding->listed, TocsinListed, i);
      const TocsinListSource *source = tocsin_list_sources_find (scoring->lists, listed->reporter);
      const TocsinCategory *category = tocsin_category_by_id (listed->category);
      g_autofree char *age = NULL;
      TocsinNote note = { .klass = TOCSIN_CLASS_INFORMAL };

      if (source == NULL)
        continue;
      age = describe_age (scoring->now_us - source->as_of_us);
      note.text = category->klass == TOCSIN_CLASS_INFORMAL
                      ? g_strdup_printf (_ ("Listed as %s by “%s”, read %s"), _ (category->label),
                                         source->title, age)
                      : g_strdup_printf (_ ("Listed for %s by “%s”, read %s"), category->slug,
                                         source->title, age);
      g_array_append_val (finding->notes, note);
    }
}

void
tocsin_listed_explain_places (const TocsinScoring *scoring,
                              const TocsinSubjectEvidence *evidence,
                              TocsinSubjectFinding *finding)
{
  for (gsize i = 0; i < evidence->n_places; i++)
    {
      const TocsinPlace *place = &evidence->places[i];
      g_autofree char *age = describe_age (scoring->now_us - place->as_of_us);
      TocsinNote note = { .klass = TOCSIN_CLASS_INFORMAL };

      note.text = place->number == 0
                      ? g_strdup_printf (_ ("Believed to be from %s, by “%s”, read %s"),
                                         place->name, place->title, age)
                      : g_strdup_printf (_ ("In the network of %s (AS%u), by “%s”, read %s"),
                                         place->name, place->number, place->title, age);
      g_array_append_val (finding->notes, note);
    }
}
