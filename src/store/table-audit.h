/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinAuditRecord:
 *
 * One entry of the audit log: who did what to what. Holds ids, never a subject nor its hash, which
 * can be guessed and would outlive an erasure; only older versions of this program wrote the key of
 * what was allowed. Each carries the BLAKE2b-256 of the entry before as it is stored, so that a
 * changed, lost or inserted entry shows. Free by tocsin_audit_record_clear(); zero it to begin.
 */
typedef struct
{
  guint64 number; /* from 1; set by append */
  gint64 time_us;
  guint8 previous[32]; /* set by append; zero in the first */
  char *who;           /* (owned) token name, "socket", "node", or an actor's URI */
  char *action;        /* (owned) "peer.trust", "report.add"… */
  char *object;        /* (owned) (nullable) actor URI, report id, batch… */
  char *detail;        /* (owned) (nullable) */
} TocsinAuditRecord;

void tocsin_audit_record_clear (TocsinAuditRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinAuditRecord, tocsin_audit_record_clear)

guint64 tocsin_audit_append (TocsinTxn *txn,
                             gint64 now_us,
                             const char *who,
                             const char *action,
                             const char *object,
                             const char *detail);
/* Entries after @after, ascending; or before @after, newest first (0: from the newest). */
typedef gboolean (*TocsinAuditFunc) (const TocsinAuditRecord *record, gpointer data);
void tocsin_audit_foreach (
    TocsinTxn *txn, guint64 after, gboolean newest_first, TocsinAuditFunc func, gpointer data);

/* Entries of before @before_us, oldest first; the newest of all stays. One that is dated more than
 * a day after @now_us, or before there was this program, is of before if the next one is. What the
 * chain hung on is remembered, so that it still verifies. Returns how many went. */
guint tocsin_audit_purge (TocsinTxn *txn, gint64 before_us, gint64 now_us, guint max_rows);
/* How many that would be in all. */
guint64 tocsin_audit_count_before (TocsinTxn *txn, gint64 before_us, gint64 now_us);

/**
 * tocsin_audit_verify:
 * @checked: (out) (optional): entries looked at
 *
 * Walks the chain to the stored head. %FALSE with %TOCSIN_ERROR_CONFLICT, which names the first
 * entry that does not fit.
 */
gboolean tocsin_audit_verify (TocsinTxn *txn, guint64 *checked, GError **error);

G_END_DECLS
