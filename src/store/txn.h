/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/evidence.h"
#include "core/subject.h"

G_BEGIN_DECLS

typedef struct _TocsinStore TocsinStore;

/**
 * TocsinTxn:
 *
 * One transaction whose error sticks: after the first failure every call does nothing and finds
 * nothing, and tocsin_txn_check() (reading) or the commit (writing) reports that first failure.
 * Callers write straight-line code and check once. Of one thread; never kept across a return to
 * the main loop, because an open reader keeps old pages from being reused.
 *
 * Records that a table's get or find hands out are copies and the caller's to clear; the function
 * overwrites what @out held, so it must be zero or cleared before. Where nothing is found @out is
 * zero. A foreach lends its record for the call alone, and its function must not write.
 */
typedef struct _TocsinTxn TocsinTxn;

/**
 * TocsinNotes: what a write transaction changed. Tables note what is theirs; after the commit the
 * listeners of tocsin_store_listen() get the union.
 */
typedef enum
{
  TOCSIN_NOTE_TRUST_CHANGED = 1 << 0,    /* trust statements or own weights: recompute */
  TOCSIN_NOTE_EVIDENCE_CHANGED = 1 << 1, /* evidence of some subject */
  TOCSIN_NOTE_ALLOW_CHANGED = 1 << 2,
  TOCSIN_NOTE_OUTBOX_APPENDED = 1 << 3,
  TOCSIN_NOTE_QUEUE_CHANGED = 1 << 4, /* something was queued: delivery should look */
  TOCSIN_NOTE_PEERS_CHANGED = 1 << 5,
  TOCSIN_NOTE_ACTORS_CHANGED = 1 << 6,
  TOCSIN_NOTE_REVIEW_CHANGED = 1 << 7,
  TOCSIN_NOTE_TOKENS_CHANGED = 1 << 8,
  TOCSIN_NOTE_STORE_LOST = 1 << 9, /* it has to be opened anew; nothing was changed */
} TocsinNotes;

/* Adds to what is told after the commit. */
void tocsin_txn_note (TocsinTxn *self, TocsinNotes notes);

/**
 * tocsin_txn_check:
 *
 * Returns: %TRUE if everything so far worked; else %FALSE, and @error is
 *   %TOCSIN_ERROR_UNAVAILABLE (map or disk full, no reader slot) or %TOCSIN_ERROR_STORE
 */
gboolean tocsin_txn_check (TocsinTxn *self, GError **error);

/* The transaction's store. */
TocsinStore *tocsin_txn_get_store (TocsinTxn *self);

/* What tocsin_reader_begin() returns, so that `g_autoptr (TocsinReading)` ends it. */
typedef TocsinTxn TocsinReading;

/**
 * TocsinReader:
 *
 * A read transaction of one thread that is renewed instead of made anew, so that a check pays
 * only the renewal. Make one a thread; tocsin_store_get_reader() has the main thread's.
 */
typedef struct _TocsinReader TocsinReader;

/* For the calling thread alone; takes a slot of the store's readers at its first transaction. */
TocsinReader *tocsin_reader_new (TocsinStore *store) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_reader_free (TocsinReader *self);

/**
 * tocsin_reader_begin:
 *
 * Starts reading the newest committed state: `g_autoptr (TocsinReading) txn = …`. Beginning again
 * before the end is counted and sees the same state. Never %NULL: a failure sticks to the result.
 *
 * Returns: (transfer full): end it with tocsin_reading_end() before the main loop's next turn
 */
TocsinReading *tocsin_reader_begin (TocsinReader *self) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_reading_end (TocsinReading *txn);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinReader, tocsin_reader_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinReading, tocsin_reading_end)

G_END_DECLS
