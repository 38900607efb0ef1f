/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The reasons of a verdict, in sentences for the person who has to decide.
 */
#define G_LOG_DOMAIN "tocsin-view"

#include "config.h"

#include "view/explain.h"

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

/* "spam and seo_spam": slugs, since programs and people compare them. */
static char *
join_categories (const TocsinSubjectFinding *finding, TocsinCategoryClass klass)
{
  g_autoptr (GPtrArray) slugs = g_ptr_array_new ();
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < finding->categories->len; i++)
    {
      const TocsinCategoryFinding *c =
          &g_array_index (finding->categories, TocsinCategoryFinding, i);
      const TocsinCategory *category = tocsin_category_by_id (c->category);

      if (category->klass == klass)
        g_ptr_array_add (slugs, (gpointer) (klass == TOCSIN_CLASS_CRITICAL ? category->slug
                                                                           : _ (category->label)));
    }
  for (guint i = 0; i < slugs->len; i++)
    {
      if (i > 0)
        g_string_append (out, i + 1 == slugs->len ? _ (" and ") : ", ");
      g_string_append (out, g_ptr_array_index (slugs, i));
    }
  return g_string_free (out, FALSE);
}

/* The host of an actor, which is how admins speak of each other. */
static char *
actor_label (const TocsinScoring *scoring, guint32 actor)
{
  const char *uri =
      scoring->actor_name != NULL ? scoring->actor_name (actor, scoring->actor_name_data) : NULL;
  const char *host = uri != NULL ? strstr (uri, "://") : NULL;

  if (host == NULL)
    return g_strdup_printf (_ ("actor %u"), actor);
  host += strlen ("://");
  return g_strndup (host, strcspn (host, "/"));
}

static char *
join_actors (const TocsinScoring *scoring, const GArray *actors)
{
  GString *out = g_string_new (NULL);
  guint shown = 0, hidden = 0;

  for (guint i = 0; i < actors->len; i++)
    {
      guint32 actor = g_array_index (actors, guint32, i);
      g_autofree char *label = NULL;

      if (actor == 0)
        continue;
      if (shown == NAMES_MAX)
        {
          hidden++;
          continue;
        }
      label = actor_label (scoring, actor);
      g_string_append_printf (out, "%s%s", shown++ > 0 ? ", " : "", label);
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

static void
add_note (TocsinSubjectFinding *finding, TocsinCategoryClass klass, char *text)
{
  TocsinNote note = { .klass = klass, .text = text };

  g_array_append_val (finding->notes, note);
}

static void
add_part (GString *summary, const char *part)
{
  if (summary->len > 0)
    g_string_append (summary, "; ");
  g_string_append (summary, part);
}

/* Conduct: who reported it, and for what. */
static void
explain_conduct (const TocsinScoring *scoring, TocsinSubjectFinding *finding, GString *summary)
{
  g_autofree char *categories = join_categories (finding, TOCSIN_CLASS_CRITICAL);
  g_autofree char *part = NULL;
  g_autofree char *names = NULL;
  gboolean own = has_own (finding->reporters);
  guint others = finding->reporters->len - (own ? 1 : 0);

  if (*categories == '\0' || finding->reporters->len == 0)
    return;
  if (own && others == 0)
    part = g_strdup_printf (_ ("%s reported by this instance, for %s"), subject_label (finding),
                            categories);
  else if (own)
    part = g_strdup_printf (ngettext ("%s reported by this instance and %u that you trust, for %s",
                                      "%s reported by this instance and %u that you trust, for %s",
                                      others),
                            subject_label (finding), others, categories);
  else
    part = g_strdup_printf (ngettext ("%s reported by %u instance that you trust, for %s",
                                      "%s reported by %u instances that you trust, for %s", others),
                            subject_label (finding), others, categories);
  add_part (summary, part);
  if (others > 0)
    {
      names = join_actors (scoring, finding->reporters);
      add_note (finding, TOCSIN_CLASS_CRITICAL,
                g_strdup_printf (_ ("Reported for %s by %s"), categories, names));
    }
  if (own)
    add_note (finding, TOCSIN_CLASS_CRITICAL,
              g_strdup_printf (_ ("Reported for %s by this instance"), categories));
}

static void
explain_dispute (const TocsinScoring *scoring, TocsinSubjectFinding *finding, GString *summary)
{
  g_autofree char *names = NULL;
  g_autofree char *part = NULL;

  if (finding->disputers->len == 0)
    return;
  names = join_actors (scoring, finding->disputers);
  if (*names == '\0')
    {
      g_free (names);
      names = g_strdup (_ ("this instance"));
    }
  part = g_strdup_printf (_ ("%s disputed by %s"), subject_label (finding), names);
  add_part (summary, part);
  add_note (finding, TOCSIN_CLASS_CRITICAL, g_strdup_printf (_ ("Disputed by %s"), names));
}

/* Facts from lists: what it is, no blame. */
static void
explain_facts (TocsinSubjectFinding *finding, GString *summary)
{
  g_autofree char *facts = join_categories (finding, TOCSIN_CLASS_INFORMAL);
  g_autofree char *part = NULL;

  if (*facts == '\0')
    return;
  part = g_strdup_printf (_ ("%s is listed: %s"), subject_label (finding), facts);
  add_part (summary, part);
  add_note (finding, TOCSIN_CLASS_INFORMAL,
            g_strdup_printf (_ ("“%s” is listed: %s"),
                             finding->matched != NULL ? finding->matched : "", facts));
}

/* Conduct that only a list tells of: shown, never counted. */
static void
explain_imported (TocsinSubjectFinding *finding, GString *summary)
{
  g_autofree char *categories = join_categories (finding, TOCSIN_CLASS_CRITICAL);
  g_autofree char *part = NULL;

  if (*categories == '\0' || finding->reporters->len > 0)
    return;
  part = g_strdup_printf (_ ("%s is on an imported list, for %s"), subject_label (finding),
                          categories);
  add_part (summary, part);
  add_note (finding, TOCSIN_CLASS_INFORMAL,
            g_strdup_printf (_ ("On an imported list, for %s"), categories));
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
  GString *summary = g_string_new (NULL);

  for (guint i = 0; i < finding->subjects->len; i++)
    {
      TocsinSubjectFinding *subject = &g_array_index (finding->subjects, TocsinSubjectFinding, i);

      explain_conduct (scoring, subject, summary);
      explain_imported (subject, summary);
      explain_facts (subject, summary);
      explain_dispute (scoring, subject, summary);
    }
  if (finding->allowed_by != NULL)
    add_part (summary, _ ("on this instance's allow list"));
  if (summary->len == 0)
    g_string_append (summary, _ ("Nothing is known"));
  finding->summary = g_string_free (summary, FALSE);
}
