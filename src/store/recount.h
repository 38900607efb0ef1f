/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * tocsin_store_recount:
 * @store: a store
 * @rows: (out): rows that were looked at
 * @wrong: (out) (transfer full): a sentence for each counter or index that does not agree with the
 *   rows it counts, at most 100; empty if all do
 * @error: return location for an error, or %NULL
 *
 * Counts everything that is kept counted: reports by reporter and state with their digests, what
 * each branch has, deliveries by peer, stored lengths of networks, open lines of review, indexes.
 * In one reading, for a thread of its own.
 *
 * Returns: %FALSE as tocsin_txn_check(), or with %TOCSIN_ERROR_UNAVAILABLE if the store is closing
 */
gboolean tocsin_store_recount (TocsinStore *store, guint64 *rows, char ***wrong, GError **error);

G_END_DECLS
