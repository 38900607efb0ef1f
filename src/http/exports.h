/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/listing.h"

G_BEGIN_DECLS

/**
 * TocsinMadeExport:
 * @etag: (owned): of @query at that moment
 * @body: (owned): the list, whole
 * @canary: (owned) (nullable): an entry that a whole copy holds
 *
 * A list and what is known of it: its manifest.
 */
typedef struct
{
  TocsinExportQuery query;
  TocsinExportMoment moment;
  char *etag;
  GBytes *body;
  guint8 sha256[TOCSIN_SHA256_BYTES];
  guint32 serial;
  guint64 count;
  guint64 skipped;
  char *canary;
} TocsinMadeExport;

/**
 * tocsin_export_make:
 * @judge: begun, and made ready by tocsin_export_moment()
 * @api: the api
 * @query: what to list
 * @moment: of tocsin_export_moment()
 * @listing: (nullable): of that moment and profile, with all that @query can list; %NULL: each
 *   subject is judged on the way
 * @stop: (nullable): atomic: not zero ends it early
 * @error: return location for an error, or %NULL
 *
 * All of it from one state of the store, so a list never mixes two. The memory it takes does not
 * grow with the list.
 *
 * Returns: (transfer full) (nullable): the list; on error, %NULL, and @error is
 *   %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
TocsinMadeExport *tocsin_export_make (TocsinJudge *judge,
                                      TocsinApi *api,
                                      const TocsinExportQuery *query,
                                      const TocsinExportMoment *moment,
                                      const TocsinListing *listing,
                                      const gint *stop,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinMadeExport *tocsin_made_export_ref (TocsinMadeExport *self);
void tocsin_made_export_unref (TocsinMadeExport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinMadeExport, tocsin_made_export_unref)

/**
 * TocsinExports:
 *
 * Keeps the last few lists, so that a list and its manifest, or ten servers that fetch the same
 * one, cost one walk through the store; and what it was made from, kept up to date while lists are
 * asked for, so that the next one is not judged when it is wanted.
 */
typedef struct _TocsinExports TocsinExports;

/* On the main thread, whose context gets a timer. @api must outlive it. */
TocsinExports *tocsin_exports_new (TocsinApi *api) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_exports_free (TocsinExports *self); /* once that thread has ended */

/**
 * tocsin_exports_get:
 * @query: what is asked for
 * @error: return location for an error, or %NULL
 *
 * On the thread that makes lists.
 *
 * Returns: (transfer full) (nullable): the list as of now; errors as tocsin_export_moment() and
 *   tocsin_export_make()
 */
TocsinMadeExport *tocsin_exports_get (TocsinExports *self,
                                      const TocsinExportQuery *query,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* On the thread that makes lists, where a timer calls it: lets go of what is old, and judges anew
 * what the next list will be made from, if one was asked for within two hours. */
void tocsin_exports_tidy (TocsinExports *self);

/* Whether the next list of @profile, and of types as before, needs nothing judged. On that thread.
 */
gboolean tocsin_exports_is_warm (const TocsinExports *self, const TocsinProfile *profile);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinExports, tocsin_exports_free)

G_END_DECLS
