/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/table-peers.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_PEER_TROUBLE_KEY,      /* held: its key changed, and no known key proved that */
  TOCSIN_PEER_TROUBLE_CATCH_UP, /* followed, and its outbox could not be read to the end */
} TocsinPeerTrouble;

/* @error: (nullable): of the last reading. %FALSE ends. */
typedef gboolean (*TocsinPeerTroubleFunc) (TocsinPeerTrouble trouble,
                                           const char *actor,
                                           const char *error,
                                           gpointer data);
/* Every peer that needs the operator, with why. */
void tocsin_peer_trouble_foreach (TocsinTxn *txn, TocsinPeerTroubleFunc func, gpointer data);

G_END_DECLS
