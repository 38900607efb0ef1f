/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/* Table `meta`: single facts. */

/* Random, not 0; new after a restore, so that readers of our outbox begin at 0 (docs/wire
 * "Catching up"). */
guint64 tocsin_meta_epoch (TocsinTxn *txn);
void tocsin_meta_renew_epoch (TocsinTxn *txn);

/* As tocsin_store_generation(), as this transaction sees it. */
guint64 tocsin_meta_generation (TocsinTxn *txn);

/* "on" or "off", once the operator has said so. */
#define TOCSIN_META_OBSERVE "observe"

/* A guint32: the highest number that a key of this node ever had. The keys are elsewhere, and may
 * be lost. */
#define TOCSIN_META_LAST_KEY "last-key"

/* Small named values. */
GBytes *tocsin_meta_get (TocsinTxn *txn, const char *name) G_GNUC_WARN_UNUSED_RESULT; /* nullable */

/* Copies a value of exactly @size bytes to @out; FALSE, and @out as it was, for another or none. */
gboolean tocsin_meta_get_exact (TocsinTxn *txn, const char *name, gpointer out, gsize size);
void tocsin_meta_put (TocsinTxn *txn, const char *name, gconstpointer data, gsize size);
void tocsin_meta_remove (TocsinTxn *txn, const char *name);

/* The next of a named counter, from 1; for ids that are this node's own, such as bundles. */
guint64 tocsin_meta_next (TocsinTxn *txn, const char *name);

G_END_DECLS
