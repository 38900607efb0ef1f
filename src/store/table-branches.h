/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinBranchCounts:
 * @reports: live, held and withdrawn ones
 * @tombstones: without a report
 * @refused: of which id and hash are left
 * @statements: of trust, by others than the branch's own peer
 *
 * What is stored of one branch (model.md 1), whoever of it is believed by now. A row is charged to
 * the branch that its author was heard through when it came, and says so itself, so that it is
 * taken off the same count when it goes.
 */
typedef struct
{
  guint32 reports;
  guint32 tombstones;
  guint32 refused;
  guint32 statements;
} TocsinBranchCounts;

/* Zeros, where there is nothing of it. */
void tocsin_branches_get (TocsinTxn *txn, guint32 branch, TocsinBranchCounts *out);

/* All that have something, in the order of their numbers. */
typedef gboolean (*TocsinBranchFunc) (guint32 branch,
                                      const TocsinBranchCounts *counts,
                                      gpointer data);
void tocsin_branches_foreach (TocsinTxn *txn, TocsinBranchFunc func, gpointer data);

/* A row names the branch that it counts for by its number and one more, or by one of these. Stored:
 * frozen. This node, whose number would be 1 so, is no other actor's branch. */
#define TOCSIN_CHARGED_OWN 0u /* of a report or statement: its author is the direct peer */
#define TOCSIN_CHARGED_VIA 1u /* so older versions marked what was relayed: who brought it */
#define TOCSIN_COUNTED_NOT 0u /* of a tombstone: there was a report, which counts itself */
#define TOCSIN_COUNTED_OWN 1u /* its author is the direct peer */

/* What a row of @author says that is charged to @branch. */
static inline guint32
tocsin_charged_to (guint32 branch, guint32 author)
{
  return branch == author ? TOCSIN_CHARGED_OWN : branch + 1;
}

/* The branch that a row of @author is charged to, which @via brought and which says @charged. */
static inline guint32
tocsin_charged_branch (guint32 charged, guint32 author, guint32 via)
{
  return charged == TOCSIN_CHARGED_OWN ? author : charged == TOCSIN_CHARGED_VIA ? via : charged - 1;
}

/* What a tombstone of @author says that counts for @branch. */
static inline guint32
tocsin_counted_for (guint32 branch, guint32 author)
{
  return branch == author ? TOCSIN_COUNTED_OWN : branch + 1;
}

/* The branch that a tombstone of @author counts for, which says @counted, and not that it does not
 * count. */
static inline guint32
tocsin_counted_branch (guint32 counted, guint32 author)
{
  return counted == TOCSIN_COUNTED_OWN ? author : counted - 1;
}

G_END_DECLS
