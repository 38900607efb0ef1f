/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

/**
 * TocsinDelivery:
 *
 * Brings what is queued to the peers it is for (docs/wire "When a peer does not answer"): each peer
 * gets one activity at a time, in the order of sequence numbers. All of its state is in the
 * store, so that a node that dies goes on where it was; an activity may then arrive twice. Main
 * thread.
 */
TocsinDelivery *tocsin_delivery_new (TocsinFederation *fed) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_delivery_free (TocsinDelivery *self);
void tocsin_delivery_start (TocsinDelivery *self);
void tocsin_delivery_stop (TocsinDelivery *self);
void tocsin_delivery_wake (TocsinDelivery *self);
void tocsin_delivery_reset_peer (TocsinDelivery *self, guint32 actor);
void tocsin_delivery_peer_is_back (TocsinDelivery *self, guint32 actor);
guint tocsin_delivery_count_in_flight (const TocsinDelivery *self);
gboolean tocsin_delivery_is_idle (const TocsinDelivery *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinDelivery, tocsin_delivery_free)

G_END_DECLS
