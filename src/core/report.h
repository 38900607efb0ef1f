/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/category.h"
#include "core/subject.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_OPINION_MALICIOUS = 0,
  TOCSIN_OPINION_BENIGN = 1
} TocsinOpinion;
typedef enum
{
  TOCSIN_BASIS_FIRST_HAND = 0,
  TOCSIN_BASIS_IMPORTED = 1,
  TOCSIN_BASIS_DERIVED = 2
} TocsinBasis;
typedef enum
{
  TOCSIN_ACTION_NONE,
  TOCSIN_ACTION_LIMITED,
  TOCSIN_ACTION_SUSPENDED,
  TOCSIN_ACTION_REJECTED
} TocsinAction;
typedef enum
{
  TOCSIN_SHARING_CLEAR,
  TOCSIN_SHARING_GREEN,
  TOCSIN_SHARING_AMBER
} TocsinSharing; /* TLP 2.0 */
typedef enum
{
  TOCSIN_STATE_LIVE,
  TOCSIN_STATE_HELD,
  TOCSIN_STATE_REFUSED,
  TOCSIN_STATE_WITHDRAWN,
  TOCSIN_STATE_EXPIRED
} TocsinReportState;
typedef enum
{
  TOCSIN_REASON_ERROR,
  TOCSIN_REASON_APPEAL,
  TOCSIN_REASON_EXPIRED,
  TOCSIN_REASON_ERASED,
  TOCSIN_REASON_OTHER
} TocsinRemoveReason;

/**
 * TocsinReport:
 * @id: (owned): its URI
 * @attributed_to: (owned): URI of the actor who reports
 * @subject: (owned): what it is about
 * @category: id; an unknown slug is %TOCSIN_CATEGORY_OTHER
 * @category_text: (owned): the slug as written
 * @confidence: 1 to 100
 * @content: (owned) (nullable): plain text, at most 280 characters, amber reports only
 * @published_us: first version, in microseconds since the epoch, as all times here
 * @updated_us: this version
 * @observed_us: first observation, cut to the hour
 * @last_observed_us: last observation, cut to the hour
 * @end_us: when it stops to count
 *
 * A statement about one subject in one category: docs/wire/vocabulary.md.
 */
typedef struct
{
  char *id;
  char *attributed_to;
  TocsinSubject subject;
  guint8 category;
  char *category_text;
  TocsinBasis basis;
  TocsinOpinion opinion;
  guint8 confidence;
  TocsinAction action;
  TocsinSharing sharing;
  char *content;
  gint64 published_us;
  gint64 updated_us;
  gint64 observed_us;
  gint64 last_observed_us;
  gint64 end_us;
} TocsinReport;

/**
 * tocsin_report_clear:
 * @self: a report, or one zeroed
 *
 * Frees what @self owns and zeroes it.
 */
void tocsin_report_clear (TocsinReport *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinReport, tocsin_report_clear)

/* What of a report was refused; the subject stands for its pair with the category too. */
typedef enum
{
  TOCSIN_REPORT_PART_SUBJECT,
  TOCSIN_REPORT_PART_CONFIDENCE,
  TOCSIN_REPORT_PART_SHARING,
  TOCSIN_REPORT_PART_CONTENT,
  TOCSIN_REPORT_PART_UPDATED,
  TOCSIN_REPORT_PART_OBSERVED,
  TOCSIN_REPORT_PART_LAST_OBSERVED,
  TOCSIN_REPORT_PART_END,
} TocsinReportPart;

/**
 * tocsin_report_validate:
 * @self: a report, its strings valid UTF-8 or not
 * @now_us: the time, in microseconds since the epoch
 * @part: (out) (optional): on error, what is wrong, for those who name it otherwise
 * @error: return location for an error, or %NULL
 *
 * Checks what model.md 6 and docs/wire/vocabulary.md forbid whoever the sender is: a pair of
 * category and subject type without a half-life, csam with a URL in clear or with text, a person
 * subject shared as clear or, for csam, ncii, violence and doxxing, as anything but amber, text
 * without amber, times out of order, more than 3 years about a person. A csam report about a URL
 * carries its digest alone. Does not look at @id, @attributed_to and @basis: who may send which
 * is not a matter of the report.
 *
 * Returns: %TRUE, or %FALSE with %TOCSIN_ERROR_UNPROCESSABLE, or %TOCSIN_ERROR_FUTURE for an
 *   update or observation more than an hour ahead of @now_us
 */
gboolean tocsin_report_validate (const TocsinReport *self,
                                 gint64 now_us,
                                 TocsinReportPart *part,
                                 GError **error);

/**
 * tocsin_report_default_sharing:
 * @category: id of a category
 * @type: type of the subject
 *
 * Returns: amber for the abuse group, green for every other
 */
TocsinSharing tocsin_report_default_sharing (guint8 category, TocsinSubjectType type);

/**
 * tocsin_report_default_end:
 * @category: id of a category
 * @type: type of the subject
 * @last_observed_us: the last observation, in microseconds since the epoch
 *
 * Four half-lives after the last observation and at most three years; three years where nothing
 * decays. A fact that is valid while listed lasts 48 h past the listing that shows it: it comes
 * from imported lists, each reading of which renews it.
 *
 * Returns: microseconds since the epoch; @last_observed_us itself for a pair that is refused
 */
gint64 tocsin_report_default_end (guint8 category, TocsinSubjectType type, gint64 last_observed_us);

/**
 * tocsin_report_evidence_end:
 * @self: a report
 *
 * Returns: when its evidence is purged, in microseconds since the epoch: at its end, or four
 *   half-lives after the last observation if that is earlier; 48 h after it for what is valid
 *   while listed
 */
gint64 tocsin_report_evidence_end (const TocsinReport *self);

/* The names on the wire: static, %NULL for a value out of range; %FALSE, with @out untouched, for
 * an unknown name. */
const char *tocsin_opinion_to_string (TocsinOpinion v);
gboolean tocsin_opinion_from_string (const char *s, TocsinOpinion *out);
const char *tocsin_basis_to_string (TocsinBasis v);
gboolean tocsin_basis_from_string (const char *s, TocsinBasis *out);
const char *tocsin_action_to_string (TocsinAction v);
gboolean tocsin_action_from_string (const char *s, TocsinAction *out);
const char *tocsin_sharing_to_string (TocsinSharing v);
gboolean tocsin_sharing_from_string (const char *s, TocsinSharing *out);
const char *tocsin_state_to_string (TocsinReportState v);
gboolean tocsin_state_from_string (const char *s, TocsinReportState *out);
const char *tocsin_reason_to_string (TocsinRemoveReason v);
gboolean tocsin_reason_from_string (const char *s, TocsinRemoveReason *out);

G_END_DECLS
