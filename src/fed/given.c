/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/given.h"

#include "fed/guards.h"

TocsinGiven *
tocsin_given_new (TocsinPolicy *policy, guint32 actor, GArray *sequences, gint64 now_us)
{
  TocsinGiven *self = g_new0 (TocsinGiven, 1);

  self->policy = tocsin_policy_ref (policy);
  self->actor = actor;
  self->sequences = g_array_ref (sequences);
  self->now_us = now_us;
  return self;
}

void
tocsin_given_free (TocsinGiven *self)
{
  tocsin_policy_unref (self->policy);
  g_array_unref (self->sequences);
  g_free (self);
}

/**
 * tocsin_given_write:
 * @txn: a write transaction
 * @given: a #TocsinGiven
 * @error: return location for an error, or %NULL
 *
 * A #TocsinWriteFunc: counts what the peer was not given before. One number a peer says what that
 * is, so of what it reads behind the newest that was pushed to it nothing counts.
 *
 * Returns: %FALSE if the store failed
 */
gboolean
tocsin_given_write (TocsinTxn *txn, gpointer given, GError **error)
{
  TocsinGiven *self = given;
  g_auto (TocsinPeerRecord) peer = { 0 };
  gboolean changed = FALSE;

  if (!tocsin_peers_get (txn, self->actor, &peer))
    return tocsin_txn_check (txn, error);
  for (guint i = 0; i < self->sequences->len; i++)
    {
      guint64 sequence = g_array_index (self->sequences, guint64, i);

      if (sequence <= peer.delivered_sequence)
        continue;
      tocsin_guards_count_given (txn, &peer, self->policy->free_rider_warns, self->now_us);
      peer.delivered_sequence = sequence;
      changed = TRUE;
    }
  if (changed)
    tocsin_peers_put (txn, &peer);
  return tocsin_txn_check (txn, error);
}
