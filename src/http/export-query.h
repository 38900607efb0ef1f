/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "export/export.h"
#include "http/judge.h"
#include "http/request.h"

G_BEGIN_DECLS

/**
 * TocsinExportQuery:
 * @format: what is made
 * @profile: (unowned): the scoring
 * @least: the weakest verdict that is listed
 * @types: bits of the types that are listed
 * @categories: bits of the categories of which one must be among those of a subject; 0: any
 *
 * One list that may be asked for. Plain values: two that are equal ask for the same.
 */
typedef struct
{
  const TocsinExportFormat *format;
  const TocsinProfile *profile;
  TocsinVerdict least;
  guint types;
  guint64 categories;
} TocsinExportQuery;

/**
 * tocsin_export_query_parse:
 * @request: `{format}` of its path, and profile, min_verdict, type and category of its query; the
 *   last two may be lists with commas
 * @api: knows the profiles
 * @out: (out): the query
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_NOT_FOUND for the format or profile, or
 *   %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean tocsin_export_query_parse (TocsinRequest *request,
                                    TocsinApi *api,
                                    TocsinExportQuery *out,
                                    GError **error);
gboolean tocsin_export_query_equal (const TocsinExportQuery *a, const TocsinExportQuery *b);

/**
 * TocsinExportMoment:
 * @serial: of zones; tocsin_exports_get() gives it, and it makes no moment another
 *
 * What a list depends on besides the question: while none of it changes, the list is the same to
 * the byte. Scores fade, so the time is that of the full hour.
 */
typedef struct
{
  guint64 generation;
  guint64 version; /* tocsin_judge_version() */
  gint64 as_of_us;
  gboolean observe;
  guint64 observe_version; /* a zone that is as it was before observing has another serial */
  guint32 serial;
} TocsinExportMoment;

/* Whether a list made at @a would be the same at @b. */
gboolean tocsin_export_moment_equal (const TocsinExportMoment *a, const TocsinExportMoment *b);

/**
 * tocsin_export_trust_check:
 * @judge: begun
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE while it is not known who is believed: to whom
 * keeps a copy of verdicts, almost all would look withdrawn
 */
gboolean tocsin_export_trust_check (const TocsinJudge *judge, GError **error);

/**
 * tocsin_export_moment:
 * @judge: begun; from now on it judges as of that moment, and while this node observes by the
 *   operator's own evidence alone
 * @out: (out): the moment
 * @error: return location for an error, or %NULL
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNAVAILABLE if a list of now could not be relied on: the store
 *   fails, the clock cannot be right, or who is believed is not worked out yet
 */
gboolean tocsin_export_moment (TocsinJudge *judge, TocsinExportMoment *out, GError **error);

/* Returns: (transfer full): a strong ETag with its quotes; also of the start of this process, whose
 * trust versions begin anew. */
char *tocsin_export_etag (const TocsinExportQuery *query,
                          const TocsinExportMoment *moment,
                          const TocsinApi *api) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
