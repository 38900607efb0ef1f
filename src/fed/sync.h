/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

/**
 * TocsinSync:
 *
 * Reads the outboxes of direct peers, so that nothing that was missed is lost (docs/wire
 * "Catching up"). How far it got is in the store. Main thread.
 */
TocsinSync *tocsin_sync_new (TocsinFederation *fed) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_sync_free (TocsinSync *self);
void tocsin_sync_start (TocsinSync *self);
void tocsin_sync_stop (TocsinSync *self);
gboolean tocsin_sync_is_idle (const TocsinSync *self);
void tocsin_sync_wake (TocsinSync *self);
void tocsin_sync_read_peer (TocsinSync *self, guint32 actor, gboolean from_zero);
void tocsin_sync_want_reread (TocsinSync *self, guint32 actor);
void tocsin_sync_set_trust (TocsinSync *self, TocsinTrustSnapshot *trust);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinSync, tocsin_sync_free)

G_END_DECLS
