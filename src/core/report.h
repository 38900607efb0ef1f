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
 * TocsinReport: a statement about one subject in one category, protocol.md "Vocabulary".
 */
typedef struct
{
  char *id;            /* (owned) URI */
  char *attributed_to; /* (owned) actor URI */
  TocsinSubject subject;
  guint8 category;     /* id; an unknown slug is TOCSIN_CATEGORY_OTHER */
  char *category_text; /* (owned) the slug as written */
  TocsinBasis basis;
  TocsinOpinion opinion;
  guint8 confidence; /* 1..100 */
  TocsinAction action;
  TocsinSharing sharing;
  char *content; /* (owned) (nullable) plain text, at most 280 characters, amber only */
  gint64 published_us;
  gint64 updated_us;
  gint64 observed_us;      /* cut to the hour */
  gint64 last_observed_us; /* cut to the hour */
  gint64 end_us;
} TocsinReport;

/* Free by tocsin_report_clear(); the names below are the wire names, NULL / FALSE if unknown. */
void tocsin_report_clear (TocsinReport *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinReport, tocsin_report_clear)

/* Checks what scoring.md 6 and protocol.md "Vocabulary" forbid whatever the sender is: a refused
 * (category, type) pair, csam with a URL or text, person subjects marked clear, the abuse trio not
 * amber, content without amber, order of times, 3 years at most for person subjects. UNPROCESSABLE
 * if so. */
gboolean tocsin_report_validate (const TocsinReport *self, gint64 now_us, GError **error);
TocsinSharing tocsin_report_default_sharing (guint8 category, TocsinSubjectType type);
gint64 tocsin_report_default_end (guint8 category, TocsinSubjectType type, gint64 last_observed_us);

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
