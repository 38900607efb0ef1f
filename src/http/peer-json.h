/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/json-writer.h"
#include "fed/peers-view.h"

G_BEGIN_DECLS

/* One peer, an object. Any thread. */
void tocsin_peer_json_write (TocsinJsonWriter *json,
                             TocsinTxn *txn,
                             const TocsinPeerRecord *peer,
                             gint64 now_us);

/* The members that say how far its outbox is read, into an object that is open. */
void tocsin_peer_json_write_catch_up (TocsinJsonWriter *json, const TocsinPeerView *view);

G_END_DECLS
