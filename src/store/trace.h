/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinTrace: where a store speaks of one subject. Free by tocsin_trace_clear().
 * @reports: (owned) (element-type guint64): numbers of reports and of rows of list imports that are
 *   about it
 * @mentions: (owned) (element-type guint64): of reports about something else whose text or id names
 *   it
 * @reviews: (owned) (element-type guint64): lines of `review` about these reports, or whose text
 *   names it
 * @imports: (owned) (element-type guint64): batches whose source names it
 * @allowed: (owned) (element-type TocsinSubjectKey): entries of the allow list that are it, or
 * whose reason names it
 */
typedef struct
{
  GArray *reports;
  GArray *mentions;
  GArray *reviews;
  GArray *imports;
  GArray *allowed;
} TocsinTrace;

void tocsin_trace_clear (TocsinTrace *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinTrace, tocsin_trace_clear)

/**
 * tocsin_trace_find:
 * @store: a store
 * @subject: parsed from clear text
 * @out: (out): what was found
 * @error: return location for an error, or %NULL
 *
 * Looks at every row that can speak of it, in many short readings: for a thread of its own. An
 * address of IPv6 is stored under its /64; only what is about exactly this address is found, and
 * rows of imports, which keep no more than the key.
 *
 * Returns: %FALSE as tocsin_txn_check()
 */
gboolean tocsin_trace_find (TocsinStore *store,
                            const TocsinSubject *subject,
                            TocsinTrace *out,
                            GError **error);

/* Whether a text names the value of @subject as a word of its own, in any case of ASCII letters. */
gboolean tocsin_trace_names (const TocsinSubject *subject, const char *text);

/**
 * tocsin_trace_erase_received:
 * @number: a report of another actor
 * @subject: whom it must not name any more
 * @until_us: how long its tombstone is kept
 *
 * Takes everything from it but its id and hash, by which its reporter's digest can still be told
 * (docs/wire "Catching up"); of one whose id names the subject, these too. No version that is
 * not newer than @now_us is taken again. %FALSE if there is nothing to take.
 */
gboolean tocsin_trace_erase_received (
    TocsinTxn *txn, guint64 number, const TocsinSubject *subject, gint64 now_us, gint64 until_us);

/**
 * tocsin_trace_sweep:
 * @trace: what was found
 * @who: who asked for it
 *
 * Once the reports are gone: closes the lines of `review`, takes the allow list's entry, the words
 * in reasons and sources, the subject's row if no evidence is left, and its key from the budgets of
 * single voices and from the change log, whose readers begin anew.
 */
void tocsin_trace_sweep (TocsinTxn *txn,
                         const TocsinTrace *trace,
                         const TocsinSubject *subject,
                         const char *who,
                         gint64 now_us);

G_END_DECLS
