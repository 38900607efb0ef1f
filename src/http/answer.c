/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/answer.h"

#include "codec/verdict-json.h"
#include "core/error.h"
#include "core/scratch.h"
#include "store/table-actors.h"
#include "store/table-reports.h"

typedef struct
{
  TocsinSubject all[TOCSIN_CHECK_MAX_SUBJECTS]; /* (owned) */
  gsize n;
} Subjects;

static void
subjects_clear (Subjects *self)
{
  for (gsize i = 0; i < self->n; i++)
    tocsin_subject_clear (&self->all[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subjects, subjects_clear)

static const char *
actor_uri (guint32 actor, gpointer data)
{
  return tocsin_actors_peek_uri (data, actor);
}

static char *
report_uri (guint64 report, gpointer data)
{
  g_auto (TocsinReportRecord) record = { 0 };

  return tocsin_reports_get (data, report, &record) ? g_steal_pointer (&record.id) : NULL;
}

static const TocsinProfile *
find_profile (TocsinApi *api, const TocsinCheckQuestion *question, GError **error)
{
  const char *name = question->profile;
  const TocsinProfile *profile =
      name != NULL ? g_hash_table_lookup (api->profiles, name) : api->default_profile;

  if (profile == NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                 "%sprofile: there is no profile “%.64s”", question->from_query ? "" : "/", name);
  return profile;
}

/* Budgets begin anew at midnight UTC, and observing may end by itself. */
static gint64
ends_at (const TocsinJudge *judge)
{
  const TocsinApiState *state = judge->state;
  gint64 midnight_us = (judge->scoring.now_us / TOCSIN_DAY_US + 1) * TOCSIN_DAY_US;
  gint64 until_us = MIN (judge->until_us, midnight_us);

  if (state->observe_until_us > judge->scoring.now_us)
    until_us = MIN (until_us, state->observe_until_us);
  return until_us;
}

gboolean
tocsin_answer_question (TocsinApi *api,
                        const TocsinCheckQuestion *question,
                        GString *out,
                        TocsinAnswered *answered,
                        GError **error)
{
  const TocsinProfile *profile = find_profile (api, question, error);
  g_auto (TocsinJudge) judge = { 0 };
  g_auto (TocsinFinding) finding = { 0 };
  TOCSIN_UNZEROED g_auto (Subjects) subjects;
  TocsinVerdictJson json;

  subjects.n = 0;
  if (profile == NULL)
    return FALSE;
  tocsin_judge_begin (&judge, api, profile, question->explain);
  for (; subjects.n < question->n_subjects; subjects.n++)
    {
      const TocsinCheckSubject *asked = &question->subjects[subjects.n];

      if (!tocsin_judge_parse (&judge, asked->type, asked->value, &subjects.all[subjects.n], error))
        {
          if (question->from_query)
            g_prefix_error (error, "%s: ", tocsin_subject_type_to_string (asked->type));
          else
            g_prefix_error (error, "/subjects/%" G_GSIZE_FORMAT "/value: ", subjects.n);
          return FALSE;
        }
    }
  tocsin_judge_event (&judge, subjects.all, subjects.n, &finding);
  if (!tocsin_txn_check (judge.txn, error))
    return FALSE;

  json = (TocsinVerdictJson){
    .profile = profile->name,
    .generation = judge.generation,
    .decided_us = judge.scoring.now_us,
    .observe = tocsin_api_is_observing (judge.state, judge.scoring.now_us),
    .explain = question->explain,
    .actor_uri = actor_uri,
    .report_uri = report_uri,
    .data = judge.txn,
  };
  tocsin_verdict_json_write (&json, &finding, out);
  if (answered != NULL)
    *answered = (TocsinAnswered){ finding.verdict, ends_at (&judge) };
  tocsin_api_count_observed (api, judge.state, finding.verdict, judge.scoring.now_us);
  tocsin_api_charge (api, finding.charge_actor, finding.charge_event, judge.scoring.now_us);
  return TRUE;
}

gboolean
tocsin_answer_json (TocsinApi *api,
                    const char *data,
                    gsize size,
                    GString *out,
                    TocsinAnswered *answered,
                    GError **error)
{
  g_auto (TocsinCheckQuestion) question = { 0 };

  return tocsin_check_question_parse (&question, data, size, error) &&
         tocsin_answer_question (api, &question, out, answered, error);
}
