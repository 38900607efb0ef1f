/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/report.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"

/* Ids of data/categories.csv that have rules of their own. */
#define CSAM     6
#define NCII     7
#define VIOLENCE 10
#define DOXXING  11

#define HALF_LIVES_KEPT 4
#define DEFAULT_MAX_US  (3 * 365 * TOCSIN_DAY_US)
/* Three years by the calendar may hold a leap day, and a peer may reckon by it. */
#define PERSON_MAX_US      (DEFAULT_MAX_US + TOCSIN_DAY_US)
#define WHILE_LISTED_US    (48 * TOCSIN_HOUR_US)
#define MAX_CLOCK_AHEAD_US (TOCSIN_MAX_AHEAD_SECONDS * TOCSIN_SECOND_US)

static const char *const opinion_names[] = { "malicious", "benign" };
static const char *const basis_names[] = { "first_hand", "imported", "derived" };
static const char *const action_names[] = { "none", "limited", "suspended", "rejected" };
static const char *const sharing_names[] = { "clear", "green", "amber" };
static const char *const state_names[] = { "live", "held", "refused", "withdrawn", "expired" };
static const char *const reason_names[] = { "error", "appeal", "expired", "erased", "other" };

static int
find_name (const char *const *names, guint n, const char *name)
{
  for (guint i = 0; i < n; i++)
    if (strcmp (names[i], name) == 0)
      return (int) i;
  return -1;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): no type stands in parentheses. */
#define DEFINE_NAMES(Type, name)                                                                   \
  const char *tocsin_##name##_to_string (Type v)                                                   \
  {                                                                                                \
    return (guint) v < G_N_ELEMENTS (name##_names) ? name##_names[v] : NULL;                       \
  }                                                                                                \
  gboolean tocsin_##name##_from_string (const char *s, Type *out)                                  \
  {                                                                                                \
    int found = find_name (name##_names, G_N_ELEMENTS (name##_names), s);                          \
    if (found >= 0)                                                                                \
      *out = (Type) found;                                                                         \
    return found >= 0;                                                                             \
  }
/* NOLINTEND(bugprone-macro-parentheses) */

DEFINE_NAMES (TocsinOpinion, opinion)
DEFINE_NAMES (TocsinBasis, basis)
DEFINE_NAMES (TocsinAction, action)
DEFINE_NAMES (TocsinSharing, sharing)
DEFINE_NAMES (TocsinReportState, state)
DEFINE_NAMES (TocsinRemoveReason, reason)

void
tocsin_report_clear (TocsinReport *self)
{
  g_free (self->id);
  g_free (self->attributed_to);
  tocsin_subject_clear (&self->subject);
  g_free (self->category_text);
  g_free (self->content);
  memset (self, 0, sizeof *self);
}

/* Where a refusal is told. */
typedef struct
{
  TocsinReportPart part;
  GError **error;
} Refusal;

static gboolean
refuse (Refusal *refusal, TocsinReportPart part, const char *message)
{
  refusal->part = part;
  g_set_error_literal (refusal->error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, message);
  return FALSE;
}

static gboolean
is_always_amber (guint8 category, TocsinSubjectType type)
{
  return tocsin_subject_type_is_person (type) &&
         (category == CSAM || category == NCII || category == VIOLENCE || category == DOXXING);
}

static gboolean
check_subject (const TocsinReport *self, Refusal *refusal)
{
  const TocsinCategory *category = tocsin_category_by_id (self->category);
  TocsinSubjectType type = self->subject.type;

  if (category == NULL)
    return refuse (refusal, TOCSIN_REPORT_PART_SUBJECT, "Report of an unknown category");
  if (tocsin_subject_type_to_string (type) == NULL)
    return refuse (refusal, TOCSIN_REPORT_PART_SUBJECT, "Report about no subject");
  if (category->half_life_days[type] == TOCSIN_HALF_LIFE_REFUSED)
    {
      g_autofree char *message =
          g_strdup_printf ("Category %s does not apply to a subject of type %s", category->slug,
                           tocsin_subject_type_to_string (type));

      return refuse (refusal, TOCSIN_REPORT_PART_SUBJECT, message);
    }
  if (self->category == CSAM && type == TOCSIN_SUBJECT_URL && self->subject.value != NULL)
    return refuse (refusal, TOCSIN_REPORT_PART_SUBJECT,
                   "A csam report never carries a URL: report its domain");
  return TRUE;
}

static gboolean
check_sharing (const TocsinReport *self, Refusal *refusal)
{
  TocsinSubjectType type = self->subject.type;

  if (self->sharing == TOCSIN_SHARING_CLEAR && tocsin_subject_type_is_person (type))
    return refuse (refusal, TOCSIN_REPORT_PART_SHARING,
                   "A report that may be about a person is never shared as clear");
  if (self->sharing != TOCSIN_SHARING_AMBER && is_always_amber (self->category, type))
    return refuse (refusal, TOCSIN_REPORT_PART_SHARING,
                   "A report of this category that may be about a person is always amber");
  if (self->content == NULL)
    return TRUE;
  if (self->category == CSAM)
    return refuse (refusal, TOCSIN_REPORT_PART_CONTENT, "A csam report never carries text");
  if (self->sharing != TOCSIN_SHARING_AMBER)
    return refuse (refusal, TOCSIN_REPORT_PART_CONTENT, "Only an amber report carries text");
  if (!g_utf8_validate (self->content, -1, NULL) ||
      g_utf8_strlen (self->content, -1) > TOCSIN_CONTENT_MAX_CHARS)
    return refuse (refusal, TOCSIN_REPORT_PART_CONTENT,
                   "The text of a report is at most 280 characters of UTF-8");
  return TRUE;
}

static gboolean
check_times (const TocsinReport *self, Refusal *refusal)
{
  if (self->updated_us < self->published_us)
    return refuse (refusal, TOCSIN_REPORT_PART_UPDATED, "Report updated before it was published");
  if (self->last_observed_us < self->observed_us)
    return refuse (refusal, TOCSIN_REPORT_PART_OBSERVED, "Last observed before first observed");
  if (self->end_us <= self->last_observed_us)
    return refuse (refusal, TOCSIN_REPORT_PART_END, "Report ends before its last observation");
  if (tocsin_subject_type_is_person (self->subject.type) &&
      self->end_us - self->last_observed_us > PERSON_MAX_US)
    return refuse (refusal, TOCSIN_REPORT_PART_END,
                   "A report that may be about a person ends within 3 years");
  return TRUE;
}

static gboolean
check_clock (const TocsinReport *self, gint64 now_us, Refusal *refusal)
{
  gint64 latest_us = now_us + MAX_CLOCK_AHEAD_US;

  if (self->updated_us <= latest_us && self->last_observed_us <= latest_us)
    return TRUE;
  refusal->part =
      self->updated_us > latest_us ? TOCSIN_REPORT_PART_UPDATED : TOCSIN_REPORT_PART_LAST_OBSERVED;
  g_set_error_literal (refusal->error, TOCSIN_ERROR, TOCSIN_ERROR_FUTURE,
                       "Report dated more than an hour ahead");
  return FALSE;
}

gboolean
tocsin_report_validate (const TocsinReport *self,
                        gint64 now_us,
                        TocsinReportPart *part,
                        GError **error)
{
  Refusal refusal = { .part = TOCSIN_REPORT_PART_SUBJECT, .error = error };
  gboolean confident = self->confidence >= 1 && self->confidence <= 100;

  if (!confident)
    (void) refuse (&refusal, TOCSIN_REPORT_PART_CONFIDENCE, "Confidence is 1 to 100");
  if (confident && check_subject (self, &refusal) && check_sharing (self, &refusal) &&
      check_times (self, &refusal) && check_clock (self, now_us, &refusal))
    return TRUE;
  if (part != NULL)
    *part = refusal.part;
  return FALSE;
}

TocsinSharing
tocsin_report_default_sharing (guint8 category, TocsinSubjectType type)
{
  const TocsinCategory *found = tocsin_category_by_id (category);

  if (is_always_amber (category, type) || (found != NULL && found->group == TOCSIN_AREA_ABUSE))
    return TOCSIN_SHARING_AMBER;
  return TOCSIN_SHARING_GREEN;
}

gint64
tocsin_report_default_end (guint8 category, TocsinSubjectType type, gint64 last_observed_us)
{
  const TocsinCategory *found = tocsin_category_by_id (category);
  int days = found != NULL && tocsin_subject_type_to_string (type) != NULL
                 ? found->half_life_days[type]
                 : TOCSIN_HALF_LIFE_REFUSED;

  if (days == TOCSIN_HALF_LIFE_REFUSED)
    return last_observed_us;
  if (days == TOCSIN_HALF_LIFE_WHILE_LISTED)
    return last_observed_us + WHILE_LISTED_US;
  if (days == TOCSIN_HALF_LIFE_NEVER)
    return last_observed_us + DEFAULT_MAX_US;
  return last_observed_us + MIN (HALF_LIVES_KEPT * days * TOCSIN_DAY_US, DEFAULT_MAX_US);
}

gint64
tocsin_report_evidence_end (const TocsinReport *self)
{
  const TocsinCategory *category = tocsin_category_by_id (self->category);
  int days = category->half_life_days[self->subject.type];

  if (days == TOCSIN_HALF_LIFE_WHILE_LISTED)
    return MIN (self->end_us, self->last_observed_us + WHILE_LISTED_US);
  if (days <= 0)
    return self->end_us;
  return MIN (self->end_us, self->last_observed_us + HALF_LIVES_KEPT * days * TOCSIN_DAY_US);
}
