/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/export-query.h"

G_BEGIN_DECLS

#define TOCSIN_VERDICT_BIT(verdict) (1u << (verdict))

/**
 * TocsinListingFilter:
 * @types: bits of subject types
 * @verdicts: bits of verdicts
 * @digested: also what is known by digest alone, if its Mastodon hash is known
 *
 * Plain values: two that are equal choose the same.
 */
typedef struct
{
  guint types;
  guint verdicts;
  gboolean digested;
} TocsinListingFilter;

gboolean tocsin_listing_filter_equal (const TocsinListingFilter *a, const TocsinListingFilter *b);
gboolean tocsin_listing_filter_takes (const TocsinListingFilter *self, const TocsinExportRow *row);
/* Whether what @row says is told by another in a list of @types. */
gboolean tocsin_listing_doubles (guint types, const TocsinExportRow *row);

/**
 * TocsinListing:
 *
 * All that a filter chooses and is known at one moment, judged, by key. It costs some 80 bytes a
 * row. Immutable; of the thread that makes lists.
 */
typedef struct _TocsinListing TocsinListing;

/**
 * tocsin_listing_new:
 * @judge: made ready by tocsin_export_moment()
 * @filter: what is chosen
 * @moment: of that
 * @before: (nullable): an older one of the same filter and profile: only what changed since is
 *   looked at, where the change log says what that is
 * @max_rows: how long it may get
 * @stop: atomic: not zero ends it early
 * @too_long: (out): whether that is why there is none
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the listing; on error, %NULL, and @error is
 *   %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
TocsinListing *tocsin_listing_new (TocsinJudge *judge,
                                   const TocsinListingFilter *filter,
                                   const TocsinExportMoment *moment,
                                   const TocsinListing *before,
                                   guint max_rows,
                                   const gint *stop,
                                   gboolean *too_long,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinListing *tocsin_listing_ref (TocsinListing *self);
void tocsin_listing_unref (TocsinListing *self);
gsize tocsin_listing_count (const TocsinListing *self); /* of its rows */
const TocsinListingFilter *tocsin_listing_filter (const TocsinListing *self);
const TocsinExportMoment *tocsin_listing_moment (const TocsinListing *self);

/**
 * TocsinListingFunc:
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*TocsinListingFunc) (const TocsinExportRow *row, gpointer data);

/* Whether @self (nullable: an empty one) tells of the key of @row, of a listing of @types, with the
 * same verdict; and for @as_long, no shorter. */
gboolean tocsin_listing_tells (const TocsinListing *self,
                               guint types,
                               const TocsinExportRow *row,
                               gboolean as_long);

/* What @self tells and @other does not, as of tocsin_listing_tells(). */
void tocsin_listing_foreach_beyond (const TocsinListing *self,
                                    const TocsinListing *other,
                                    gboolean as_long,
                                    TocsinListingFunc func,
                                    gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinListing, tocsin_listing_unref)

G_END_DECLS
