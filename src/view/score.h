/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/clock.h"
#include "core/list-source.h"
#include "core/place.h"
#include "core/verdict.h"
#include "trust/snapshot.h"
#include "view/profile.h"

G_BEGIN_DECLS

/* Model.md 4. Absolute, and never tuned down for recall: less no more than what sums are exact
 * to, or 0.3 as it comes out of 0.3 and 0.63 would miss 0.3. */
#define TOCSIN_AT_LEAST(x)      ((x) -1e-9)
#define TOCSIN_REVIEW_S_OR      TOCSIN_AT_LEAST (0.55)
#define TOCSIN_REVIEW_S_LOO     TOCSIN_AT_LEAST (0.3)
#define TOCSIN_BLOCK_S_LOO      TOCSIN_AT_LEAST (0.3)
#define TOCSIN_BLOCK_S_TRIM     TOCSIN_AT_LEAST (0.02)
#define TOCSIN_NOTE_S_OR        TOCSIN_AT_LEAST (0.05)
#define TOCSIN_EVENT_S_OR       TOCSIN_AT_LEAST (0.25)
#define TOCSIN_FRAGILE_SCORE    79 /* the most while one voice could turn it */
#define TOCSIN_EVENT_MAX        16 /* subjects of one event */
#define TOCSIN_VOICE_BUDGET_DAY 50 /* reviews a day that may rest on one actor */

/**
 * TocsinScoring:
 * @trust: (unowned): who is believed
 * @profile: (unowned): how far each category may go
 * @now_us: the time, in microseconds since the epoch
 * @over_budget: (unowned) (nullable) (array length=n_over_budget): actors, ascending, on whom no
 *   further review may rest today
 * @charged: (unowned) (nullable) (array length=n_charged): tocsin_score_charge_mark() of what was
 *   charged to these, ascending: that stays a review
 * @lists: (unowned) (nullable): the feeds in force; %NULL: none is known, and every row stands
 * @actor_name: (nullable): the URI of an actor number, for sentences; borrowed until the next call
 * @edges: (unowned) (nullable): what may still be solved (tocsin_walks_evaluate_within()); an event
 *   has its own
 * @explain: also list what was heard, and what each origin's absence would change
 * @without_own: leave out what this node's operator reported
 * @own_only: hear nothing else, neither lists that were imported nor what is derived from others
 *
 * All that a verdict depends on besides the evidence.
 */
typedef struct
{
  const TocsinTrustSnapshot *trust;
  const TocsinProfile *profile;
  gint64 now_us;
  const guint32 *over_budget;
  gsize n_over_budget;
  const guint64 *charged;
  gsize n_charged;
  const TocsinListSources *lists;
  const char *(*actor_name) (guint32 actor, gpointer data);
  gpointer actor_name_data;
  guint64 *edges;
  gboolean explain;
  gboolean without_own;
  gboolean own_only;
} TocsinScoring;

/**
 * TocsinKeyEvidence: what the store has under one probe of a subject.
 * @probe: (unowned): the key that was looked up
 * @type: that of the key: rows that claim another are not about it
 * @rows: (unowned) (array length=n_rows): its evidence
 * @broad: a wide network or a shared provider: stops at note unless S_loo ≥ 0.3, at review always
 * @shared: an address that many strangers have at once: stops at note
 */
typedef struct
{
  const TocsinProbe *probe;
  TocsinSubjectType type;
  const TocsinEvidence *rows;
  gsize n_rows;
  gboolean broad;
  gboolean shared;
} TocsinKeyEvidence;

/**
 * TocsinSubjectEvidence: one subject of an event with all that its probes found.
 * @allowed_by: (nullable): the reason of an allow entry that matches a probe: it wins over all
 *   that is known of this subject
 * @allowed_exactly: the entry names the subject itself, or a network around it, and so wins over
 *   the whole event; that an e-mail's provider is allowed says nothing of the address beside it
 * @places: (array length=n_places): where it is believed to be; shown, and no more than that
 */
typedef struct
{
  const TocsinSubject *subject;
  const TocsinKeyEvidence *keys;
  gsize n_keys;
  const char *allowed_by;
  gboolean allowed_exactly;
  const TocsinPlace *places;
  gsize n_places;
} TocsinSubjectEvidence;

/**
 * TocsinKeyFinding: what is known under one key, without what is only for display.
 * @categories: bits of those that believed reports and lists are in
 * @first_seen_s, @last_seen_s, @expires_s: as of #TocsinSubjectFinding
 */
typedef struct
{
  TocsinVerdict verdict;
  guint score;
  gboolean known;
  gboolean bounded; /* it would be another if the key were broad or shared */
  guint64 categories;
  guint32 first_seen_s;
  guint32 last_seen_s;
  guint32 expires_s;
} TocsinKeyFinding;

guint64 tocsin_score_charge_mark (guint32 actor, guint64 event);
double tocsin_score_strength (const TocsinEvidence *evidence, gint64 now_us);
void tocsin_score_event (const TocsinScoring *scoring,
                         const TocsinSubjectEvidence *subjects,
                         gsize n_subjects,
                         TocsinFinding *out);
void tocsin_score_key (const TocsinScoring *scoring,
                       const TocsinKeyEvidence *key,
                       TocsinKeyFinding *out);

G_END_DECLS
