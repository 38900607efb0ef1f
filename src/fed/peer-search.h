/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * tocsin_peer_search:
 * @txn: a transaction, of any thread
 * @text: an actor as people write it: see #TocsinActorAddress
 * @out: (out): its number; untouched on error
 * @error: return location for an error, or %NULL
 *
 * Finds an actor that this node knows, without asking anybody: by its URI, by the account that
 * WebFinger confirmed, or among the peers by the name it gives itself at its host. A host alone
 * means the one peer there.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID if @text names no actor, %TOCSIN_ERROR_NOT_FOUND, or
 *   %TOCSIN_ERROR_CONFLICT if several fit
 */
gboolean tocsin_peer_search (TocsinTxn *txn, const char *text, guint32 *out, GError **error);

G_END_DECLS
