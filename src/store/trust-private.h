/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/table-trust.h"
#include "store/txn-private.h"

G_BEGIN_DECLS

/* Private to the table of trust and to who counts anew. */

/* Every statement, in the order of (truster, trustee, area). */
void tocsin_trust_foreach (TocsinTxn *txn, TocsinTrustFunc func, gpointer data);
/* Adds @by, 1 or -1, to what is counted of the branch of @record, and to the index by it. */
void tocsin_trust_charge (TocsinTxn *txn, const TocsinTrustRecord *record, int by);
/* Whether it counts for a branch at all: not the direct peer's own. */
gboolean tocsin_trust_is_of_another (const TocsinTrustRecord *record);
/* Of the row of that index. */
TocsinKey tocsin_trust_branch_key (const TocsinTrustRecord *record);

G_END_DECLS
