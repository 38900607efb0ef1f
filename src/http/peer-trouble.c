/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What of the peers needs the operator, for /v1/status and /v1/doctor.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/peer-trouble.h"

#include "store/table-actors.h"
#include "store/table-catch-up.h"

typedef struct
{
  TocsinTxn *txn;
  TocsinPeerTroubleFunc func;
  gpointer data;
} Looking;

static gboolean
look (const TocsinPeerRecord *peer, gpointer data)
{
  const Looking *looking = data;
  g_auto (TocsinCatchUpRecord) record = { 0 };
  const char *actor;

  if (!peer->key_hold && !tocsin_peer_record_is_direct (peer))
    return TRUE;
  actor = tocsin_actors_peek_uri (looking->txn, peer->actor);
  /* It is read while it is held; that is of no interest before a person has looked. */
  if (peer->key_hold)
    return looking->func (TOCSIN_PEER_TROUBLE_KEY, actor, NULL, looking->data);
  tocsin_catch_up_get (looking->txn, peer->actor, &record);
  return tocsin_catch_up_state (&record, peer) != TOCSIN_CATCH_UP_FAILED ||
         looking->func (TOCSIN_PEER_TROUBLE_CATCH_UP, actor, record.error, looking->data);
}

void
tocsin_peer_trouble_foreach (TocsinTxn *txn, TocsinPeerTroubleFunc func, gpointer data)
{
  Looking looking = { .txn = txn, .func = func, .data = data };

  tocsin_peers_foreach_head (txn, look, &looking);
}
