/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The reasons of a verdict, in sentences for the person who has to decide.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "config.h"

#include "view/explain.h"

#include "view/listed.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define NAMES_MAX 3

/* What was asked about, as the beginning of a sentence. */
static const char *
subject_label (const TocsinSubjectFinding *finding)
{
  gboolean as_domain = finding->matched_type == TOCSIN_SUBJECT_DOMAIN;

  switch (finding->subject->type)
    {
    case TOCSIN_SUBJECT_IP:
      return _ ("IP address");
    case TOCSIN_SUBJECT_NETWORK:
      return _ ("network");
    case TOCSIN_SUBJECT_EMAIL:
      return as_domain ? _ ("e-mail domain") : _ ("e-mail address");
    case TOCSIN_SUBJECT_DOMAIN:
      return _ ("domain");
    case TOCSIN_SUBJECT_URL:
      return as_domain ? _ ("domain of the URL") : _ ("URL");
    case TOCSIN_SUBJECT_USERNAME:
      return _ ("user name");
    case TOCSIN_SUBJECT_ACTOR:
      return as_domain ? _ ("domain of the account") : _ ("account");
    case TOCSIN_SUBJECT_NONE:
    default:
      return _ ("subject");
    }
}

static const TocsinCategory *
category_at (const TocsinSubjectFinding *finding, guint i)
{
  return tocsin_category_by_id (
      g_array_index (finding->categories, TocsinCategoryFinding, i).category);
}

/* Of conduct, what somebody reported and what lists tell are two sentences. */
typedef enum
{
  SAID_BY_SOMEBODY,
  SAID_BY_LISTS,
  SAID_BY_LISTS_ALONE,
} SaidBy;

static gboolean
is_told (const TocsinSubjectFinding *finding, guint i, TocsinCategoryClass klass, SaidBy by)
{
  const TocsinCategoryFinding *category =
      &g_array_index (finding->categories, TocsinCategoryFinding, i);

  if (category_at (finding, i)->klass != klass)
    return FALSE;
  if (klass != TOCSIN_CLASS_CRITICAL)
    return TRUE;
  return by == SAID_BY_SOMEBODY ? category->reported
                                : category->listed && (by == SAID_BY_LISTS || !category->reported);
}

/* "spam and seo_spam": slugs, since programs and people compare them. %NULL: there are none. */
static char *
join_categories (const TocsinSubjectFinding *finding, TocsinCategoryClass klass, SaidBy by)
{
  GString *out;
  guint left = 0;

  for (guint i = 0; i < finding->categories->len; i++)
    if (is_told (finding, i, klass, by))
      left++;
  if (left == 0)
    return NULL;
  out = g_string_sized_new (64);
  for (guint i = 0; i < finding->categories->len; i++)
    {
      const TocsinCategory *category = category_at (finding, i);

      if (!is_told (finding, i, klass, by))
        continue;
      if (out->len > 0)
        g_string_append (out, left == 1 ? _ (" and ") : ", ");
      g_string_append (out, klass == TOCSIN_CLASS_CRITICAL ? category->slug : _ (category->label));
      left--;
    }
  return g_string_free (out, FALSE);
}

/* The host of an actor, which is how admins speak of each other. */
static void
add_actor (GString *out, const TocsinScoring *scoring, guint32 actor)
{
  const char *uri =
      scoring->actor_name != NULL ? scoring->actor_name (actor, scoring->actor_name_data) : NULL;
  const char *host = uri != NULL ? strstr (uri, "://") : NULL;

  if (host == NULL)
    {
      g_string_append_printf (out, _ ("actor %u"), actor);
      return;
    }
  host += strlen ("://");
  g_string_append_len (out, host, (gssize) strcspn (host, "/"));
}

static char *
join_actors (const TocsinScoring *scoring, const GArray *actors)
{
  GString *out = g_string_sized_new (128);
  guint shown = 0, hidden = 0;

  for (guint i = 0; i < actors->len; i++)
    {
      guint32 actor = g_array_index (actors, guint32, i);

      if (actor == 0)
        continue;
      if (shown == NAMES_MAX)
        {
          hidden++;
          continue;
        }
      if (shown++ > 0)
        g_string_append (out, ", ");
      add_actor (out, scoring, actor);
    }
  if (hidden > 0)
    g_string_append_printf (out, ngettext (" and %u more", " and %u more", hidden), hidden);
  return g_string_free (out, FALSE);
}

static gboolean
has_own (const GArray *actors)
{
  for (guint i = 0; i < actors->len; i++)
    if (g_array_index (actors, guint32, i) == 0)
      return TRUE;
  return FALSE;
}

/* Takes @text. */
static void
/* NOLINTNEXTLINE(readability-non-const-parameter): the note frees it. */
add_note (TocsinSubjectFinding *finding, TocsinCategoryClass klass, char *text)
{
  TocsinNote note = { .klass = klass, .text = text };

  g_array_append_val (finding->notes, note);
}

/* Takes @text, one part of the summary. Several subjects of an event may have it in common; which
 * they are stands in their notes. */
static void
add_part (GPtrArray *summary, char *text)
{
  if (g_ptr_array_find_with_equal_func (summary, text, g_str_equal, NULL))
    g_free (text);
  else
    g_ptr_array_add (summary, text);
}

/* Conduct: who reported it, and for what. */
static void
explain_conduct (const TocsinScoring *scoring,
                 TocsinSubjectFinding *finding,
                 const char *categories,
                 GPtrArray *summary)
{
  gboolean own = has_own (finding->accusers);
  guint others = finding->accusers->len - (own ? 1 : 0);

  if (own && others == 0)
    add_part (summary, g_strdup_printf (_ ("%s reported by this instance, for %s"),
                                        subject_label (finding), categories));
  else if (own)
    add_part (summary,
              g_strdup_printf (
                  ngettext ("%s reported by this instance and %u that you trust, for %s",
                            "%s reported by this instance and %u that you trust, for %s", others),
                  subject_label (finding), others, categories));
  else
    add_part (summary, g_strdup_printf (
                           ngettext ("%s reported by %u instance that you trust, for %s",
                                     "%s reported by %u instances that you trust, for %s", others),
                           subject_label (finding), others, categories));
  if (others > 0)
    {
      g_autofree char *names = join_actors (scoring, finding->accusers);

      add_note (finding, TOCSIN_CLASS_CRITICAL,
                g_strdup_printf (_ ("Reported for %s by %s"), categories, names));
    }
  if (own)
    add_note (finding, TOCSIN_CLASS_CRITICAL,
              g_strdup_printf (_ ("Reported for %s by this instance"), categories));
}

static void
explain_dispute (const TocsinScoring *scoring, TocsinSubjectFinding *finding, GPtrArray *summary)
{
  g_autofree char *names = join_actors (scoring, finding->disputers);

  if (*names == '\0')
    {
      g_free (names);
      names = g_strdup (_ ("this instance"));
    }
  add_part (summary, g_strdup_printf (_ ("%s disputed by %s"), subject_label (finding), names));
  add_note (finding, TOCSIN_CLASS_CRITICAL, g_strdup_printf (_ ("Disputed by %s"), names));
}

/* Facts from lists: what it is, no blame. */
static void
explain_facts (const TocsinScoring *scoring,
               TocsinSubjectFinding *finding,
               const char *facts,
               GPtrArray *summary)
{
  add_part (summary, g_strdup_printf (_ ("%s is listed: %s"), subject_label (finding), facts));
  if (!tocsin_listed_is_all (scoring, finding, TOCSIN_CLASS_INFORMAL))
    add_note (finding, TOCSIN_CLASS_INFORMAL,
              g_strdup_printf (_ ("“%s” is listed: %s"),
                               finding->matched != NULL ? finding->matched : "", facts));
}

/* Conduct that a list tells of: shown, never counted. Where somebody reports the same, that is the
 * better reason. */
static void
explain_imported (const TocsinScoring *scoring, TocsinSubjectFinding *finding, GPtrArray *summary)
{
  g_autofree char *all = join_categories (finding, TOCSIN_CLASS_CRITICAL, SAID_BY_LISTS);
  g_autofree char *alone = join_categories (finding, TOCSIN_CLASS_CRITICAL, SAID_BY_LISTS_ALONE);

  if (alone != NULL)
    add_part (summary, g_strdup_printf (_ ("%s is on an imported list, for %s"),
                                        subject_label (finding), alone));
  if (all != NULL && !tocsin_listed_is_all (scoring, finding, TOCSIN_CLASS_CRITICAL))
    add_note (finding, TOCSIN_CLASS_INFORMAL,
              g_strdup_printf (_ ("On an imported list, for %s"), all));
}

/* Why there is no review where the score is that of one. */
static void
explain_bound (TocsinSubjectFinding *finding)
{
  const char *text = NULL;

  switch (finding->bound)
    {
    case TOCSIN_BOUND_SHARED:
      text = _ ("Many strangers share this, so it stays a note");
      break;
    case TOCSIN_BOUND_BROAD:
      text = _ ("Many strangers share this and one voice alone speaks, so it stays a note");
      break;
    case TOCSIN_BOUND_BUDGET:
      text = _ ("One voice alone speaks, and its reviews of today are used up, so it stays a note");
      break;
    case TOCSIN_BOUND_NONE:
    default:
      return;
    }
  if (finding->verdict == TOCSIN_VERDICT_NOTE)
    add_note (finding, TOCSIN_CLASS_CRITICAL, g_strdup (text));
}

static void
explain_subject (const TocsinScoring *scoring, TocsinSubjectFinding *finding, GPtrArray *summary)
{
  g_autofree char *conduct = join_categories (finding, TOCSIN_CLASS_CRITICAL, SAID_BY_SOMEBODY);
  g_autofree char *facts = join_categories (finding, TOCSIN_CLASS_INFORMAL, SAID_BY_LISTS);

  if (conduct != NULL)
    explain_conduct (scoring, finding, conduct, summary);
  explain_imported (scoring, finding, summary);
  if (facts != NULL)
    explain_facts (scoring, finding, facts, summary);
  tocsin_listed_explain (scoring, finding);
  if (finding->disputers->len > 0)
    explain_dispute (scoring, finding, summary);
  explain_bound (finding);
  if (finding->paired)
    add_note (finding, TOCSIN_CLASS_CRITICAL,
              g_strdup (_ ("Enough for a review together with another subject of this event")));
}

/**
 * tocsin_explain_event:
 * @scoring: what the verdict was made with
 * @finding: (inout): gets its summary, and each subject its notes
 *
 * Puts the reasons into words, in the language of the process.
 */
void
tocsin_explain_event (const TocsinScoring *scoring, TocsinFinding *finding)
{
  g_autoptr (GPtrArray) summary = g_ptr_array_new_with_free_func (g_free);
  gboolean paired = FALSE;

  for (guint i = 0; i < finding->subjects->len; i++)
    {
      TocsinSubjectFinding *subject = &g_array_index (finding->subjects, TocsinSubjectFinding, i);

      explain_subject (scoring, subject, summary);
      paired = paired || subject->paired;
    }
  if (paired)
    add_part (summary, g_strdup (_ ("two of these together are enough for a review")));
  if (finding->allowed_by != NULL)
    add_part (summary, g_strdup (_ ("on this instance's allow list")));
  if (summary->len == 0)
    add_part (summary, g_strdup (_ ("Nothing is known")));
  g_ptr_array_add (summary, NULL);
  finding->summary = g_strjoinv ("; ", (char **) summary->pdata);
}
