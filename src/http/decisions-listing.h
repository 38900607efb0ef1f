/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/export-query.h"

G_BEGIN_DECLS

/* Whom a decision is said to come from, which is what a bouncer can choose by. */
#define TOCSIN_DECISIONS_ORIGIN        "tocsin"        /* block: ban */
#define TOCSIN_DECISIONS_ORIGIN_REVIEW "tocsin-review" /* review: captcha */

/**
 * TocsinDecisionFilter:
 * @types: bits of the subject types, by scope
 * @ban, @captcha: whether such decisions are wanted
 *
 * Plain values: two that are equal choose the same.
 */
typedef struct
{
  guint types;
  gboolean ban;
  gboolean captcha;
} TocsinDecisionFilter;

gboolean tocsin_decision_filter_equal (const TocsinDecisionFilter *a,
                                       const TocsinDecisionFilter *b);

/* Whether what is known of a subject is a decision that @filter chooses. */
gboolean tocsin_decision_filter_takes (const TocsinDecisionFilter *self,
                                       const TocsinExportRow *row);

/* The name of a scope as CrowdSec writes it, %NULL for what has none; and back, in any case. */
const char *tocsin_decision_scope (TocsinSubjectType type);
TocsinSubjectType tocsin_decision_scope_parse (const char *name);

/**
 * tocsin_decision_append:
 * @out: a JSON object is appended
 * @row: what is known; must have a value
 * @now_us: for the duration
 *
 * One decision in the form of CrowdSec's local API. Its id is of the subject, so it stays the same.
 */
void tocsin_decision_append (GString *out, const TocsinExportRow *row, gint64 now_us);

/**
 * TocsinListing:
 *
 * All decisions of one moment that a filter chooses, by key. Immutable; of the thread that makes
 * lists.
 */
typedef struct _TocsinListing TocsinListing;

/**
 * tocsin_listing_new:
 * @judge: made ready by tocsin_export_moment()
 * @filter: what is chosen
 * @moment: of that
 * @before: (nullable): an older one of the same filter: only what changed since is looked at, where
 *   the change log says what that is
 * @stop: atomic: not zero ends it early
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the listing; on error, %NULL, and @error is
 *   %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE
 */
TocsinListing *tocsin_listing_new (TocsinJudge *judge,
                                   const TocsinDecisionFilter *filter,
                                   const TocsinExportMoment *moment,
                                   TocsinListing *before,
                                   const gint *stop,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinListing *tocsin_listing_ref (TocsinListing *self);
void tocsin_listing_unref (TocsinListing *self);
const TocsinDecisionFilter *tocsin_listing_filter (const TocsinListing *self);
const TocsinExportMoment *tocsin_listing_moment (const TocsinListing *self);

/**
 * TocsinListingFunc:
 * @row: with value, key, verdict, categories and expiry
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*TocsinListingFunc) (const TocsinExportRow *row, gpointer data);

/* What @self has and @other (nullable: an empty one) has not, or has with another verdict. */
void tocsin_listing_foreach_beyond (const TocsinListing *self,
                                    const TocsinListing *other,
                                    TocsinListingFunc func,
                                    gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinListing, tocsin_listing_unref)

G_END_DECLS
