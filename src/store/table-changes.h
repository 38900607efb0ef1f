/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_CHANGES_MAX     200000 /* entries kept; older cursors must begin anew */
#define TOCSIN_CHANGES_HOURS   23     /* likewise, after the one in which they were written */
#define TOCSIN_CHANGES_TXN_MAX 10000  /* of one transaction; beyond one entry says "many" */

/* Stored: frozen. */
typedef enum
{
  TOCSIN_CHANGE_EVIDENCE = 1, /* of @key */
  TOCSIN_CHANGE_ALLOW = 2,    /* of @key, and what it covers */
  TOCSIN_CHANGE_TRUST = 3,    /* every verdict may differ; @key is zero */
  TOCSIN_CHANGE_MANY = 4,     /* too many keys to name: begin anew; @key is zero */
} TocsinChangeKind;

/**
 * TocsinChange: what happened at one generation; the log behind `/v1/changes`.
 */
typedef struct
{
  guint64 generation;
  TocsinChangeKind kind;
  TocsinSubjectKey key;
} TocsinChange;

/* Moves the generation and writes the log. The evidence, allow and trust tables call it. */
void tocsin_changes_add (TocsinTxn *txn, TocsinChangeKind kind, const TocsinSubjectKey *key);

/* Changes after generation @after, ascending. */
typedef gboolean (*TocsinChangeFunc) (const TocsinChange *change, gpointer data);
void tocsin_changes_foreach (TocsinTxn *txn, guint64 after, TocsinChangeFunc func, gpointer data);

/* Takes the key out of an entry, whose readers then begin anew. */
void tocsin_changes_blank (TocsinTxn *txn, guint64 generation);

/* Whether the log still reaches back to @after: else the reader has to begin anew. After a day no
 * log does (tocsin_store_purge()). */
gboolean tocsin_changes_covers (TocsinTxn *txn, guint64 after);

G_END_DECLS
