/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "view/score.h"

G_BEGIN_DECLS

/* What lists say, while something is judged. */

/* The list that @row is of; %NULL if it is none of a feed. */
const TocsinListSource *tocsin_listed_source (const TocsinScoring *scoring,
                                              const TocsinEvidence *row);

/* When the row no longer stands unless its list is read again: what is valid only while listed has
 * to be seen now and then. %G_MAXINT64: never; %G_MININT64: its list is not in force. */
gint64 tocsin_listed_until (const TocsinScoring *scoring, const TocsinEvidence *row);

/* Whether it stands. */
gboolean tocsin_listed_holds (const TocsinScoring *scoring, const TocsinEvidence *row);

/* Who counts as the origin of a row: its reporter, or the list that its list mirrors. */
guint32 tocsin_listed_origin (const TocsinScoring *scoring, const TocsinEvidence *row);

/* Adds what @row says to @finding, unless the same origin said so already. */
void tocsin_listed_add (TocsinSubjectFinding *finding,
                        const TocsinScoring *scoring,
                        const TocsinEvidence *row);

/* How many origins the lists of @finding have. */
guint tocsin_listed_count (const TocsinSubjectFinding *finding);

/* Whether everything that lists say of @klass comes from feeds, each of which has a note. */
gboolean tocsin_listed_is_all (const TocsinScoring *scoring,
                               const TocsinSubjectFinding *finding,
                               TocsinCategoryClass klass);

/* Gives @finding a note for each list, with its age. */
void tocsin_listed_explain (const TocsinScoring *scoring, TocsinSubjectFinding *finding);

/* Gives @finding a note for each database of places. */
void tocsin_listed_explain_places (const TocsinScoring *scoring,
                                   const TocsinSubjectEvidence *evidence,
                                   TocsinSubjectFinding *finding);

G_END_DECLS
