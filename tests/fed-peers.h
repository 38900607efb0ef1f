/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The peers of a node that is tested without a network.
 */
#pragma once

#include "store/table-peers.h"
#include "trust/snapshot.h"

/* Writes that @actor is followed with weight 50, and has answered. */
static inline void
write_followed (TocsinTxn *txn, guint32 actor, TocsinFollower follower)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, actor, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.weights[TOCSIN_AREA_ANY] = 50;
  peer.had_protocol_version = TRUE;
  peer.first_batch_done = TRUE;
  peer.follower = follower;
  tocsin_peers_put (txn, &peer);
}

/* @b and @c are followed, @d is trusted by @b alone. Returns: (transfer full) */
static inline TocsinTrustSnapshot *
trust_in_three (guint32 b, guint32 c, guint32 d)
{
  const TocsinTrustPeer peers[] = { { b, TOCSIN_AREA_ANY, 0.5, FALSE },
                                    { c, TOCSIN_AREA_ANY, 0.5, FALSE } };
  const TocsinGraphStatement statements[] = { { b, d, 1000000000, TOCSIN_AREA_ANY } };
  const TocsinTrustInput input = { statements, G_N_ELEMENTS (statements), peers,
                                   G_N_ELEMENTS (peers) };

  return tocsin_trust_snapshot_new (&input, 1, 1);
}
