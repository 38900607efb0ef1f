/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/store.h"
#include "trust/snapshot.h"

G_BEGIN_DECLS

/**
 * TocsinRecompute:
 *
 * Works trust out anew on a thread of its own whenever it changed. Changes that come in quick
 * succession are worked out together; a check never waits for it.
 */
typedef struct _TocsinRecompute TocsinRecompute;

/**
 * TocsinRecomputeFunc:
 * @trust: (transfer none): who is believed from now on
 *
 * Called in the main context that was the thread default of tocsin_recompute_new().
 */
typedef void (*TocsinRecomputeFunc) (TocsinTrustSnapshot *trust, gpointer data);

TocsinRecompute *tocsin_recompute_new (TocsinStore *store,
                                       TocsinRecomputeFunc func,
                                       gpointer data,
                                       guint time_scale) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_recompute_free (TocsinRecompute *self);
TocsinTrustSnapshot *tocsin_recompute_now (TocsinRecompute *self) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_recompute_request (TocsinRecompute *self);
gboolean tocsin_recompute_is_idle (const TocsinRecompute *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinRecompute, tocsin_recompute_free)

G_END_DECLS
