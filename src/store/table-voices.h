/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/* Table `voices`: of each day and actor what it reported and a review rested on, with nobody else
 * behind it (model.md 4, single-voice budget). An event is the beginning of a subject's key. */

/* Days count from the epoch. What is there already is not added again. */
void tocsin_voices_add (TocsinTxn *txn, guint32 day, guint32 actor, guint64 event);

/* On every day. */
void tocsin_voices_forget (TocsinTxn *txn, guint64 event);

/* Removes at most @max_rows of days before @day. Returns how many. */
guint tocsin_voices_purge (TocsinTxn *txn, guint32 day, guint max_rows);

/* @events is borrowed and need not be aligned: copy it. %FALSE ends the walk. */
typedef gboolean (*TocsinVoicesFunc) (guint32 actor,
                                      gconstpointer events,
                                      guint n_events,
                                      gpointer data);
void tocsin_voices_foreach (TocsinTxn *txn, guint32 day, TocsinVoicesFunc func, gpointer data);

G_END_DECLS
