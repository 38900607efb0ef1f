/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/doubt.h"

#include "fed/pinning.h"

TocsinDoubt *
tocsin_doubt_new (guint32 actor, TocsinPublicKey *key, gint64 now_us)
{
  TocsinDoubt *self = g_new0 (TocsinDoubt, 1);

  self->actor = actor;
  self->key = tocsin_public_key_ref (key);
  self->now_us = now_us;
  return self;
}

void
tocsin_doubt_free (TocsinDoubt *self)
{
  tocsin_public_key_unref (self->key);
  g_free (self);
}

/**
 * tocsin_doubt_write:
 * @txn: a write transaction
 * @doubt: a #TocsinDoubt
 * @error: return location for an error, or %NULL
 *
 * A #TocsinWriteFunc: holds the peer, unless it is held, or the key was pinned meanwhile.
 *
 * Returns: %FALSE if the store failed
 */
gboolean
tocsin_doubt_write (TocsinTxn *txn, gpointer doubt, GError **error)
{
  TocsinDoubt *self = doubt;
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (tocsin_peers_get (txn, self->actor, &peer) && !peer.key_hold)
    {
      /* The Update that names it may lie in its outbox. */
      if (tocsin_peer_record_is_direct (&peer))
        peer.sync_due_us = MIN (peer.sync_due_us, self->now_us);
      tocsin_pinning_holds_signer (txn, &peer, self->key, NULL, self->now_us);
    }
  return tocsin_txn_check (txn, error);
}
