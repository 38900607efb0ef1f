/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/table-branches.h"
#include "store/txn-private.h"

G_BEGIN_DECLS

/* Private to the tables of what is counted, and to who counts anew. */

void tocsin_branches_put (TocsinTxn *txn, guint32 branch, const TocsinBranchCounts *counts);
/* Adds @by, whose members are less than 0 where what is counted goes. */
void tocsin_branches_add (TocsinTxn *txn, guint32 branch, const TocsinBranchCounts *by);
/* What @tallies (guint32: TocsinBranchCounts) has of @branch, counted anew; all 0 if it is new. */
TocsinBranchCounts *tocsin_branches_tally (GHashTable *tallies, guint32 branch);
/* Once for a store without these counts: makes them, and the index of statements, from its rows. */
void tocsin_branches_settle (TocsinTxn *txn);

G_END_DECLS
