/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/* Table `voices`: the events of a day whose review rested on one actor alone, as hashes
 * (scoring.md 4, single-voice budget). */

/* Days count from the epoch. Replaces what was there of @actor and removes earlier days. */
void tocsin_voices_put (
    TocsinTxn *txn, guint32 day, guint32 actor, const guint64 *events, guint n_events);

/* @events is borrowed and need not be aligned: copy it. %FALSE ends the walk. */
typedef gboolean (*TocsinVoicesFunc) (guint32 actor,
                                      gconstpointer events,
                                      guint n_events,
                                      gpointer data);
void tocsin_voices_foreach (TocsinTxn *txn, guint32 day, TocsinVoicesFunc func, gpointer data);

G_END_DECLS
