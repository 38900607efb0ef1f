/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A node with a store, keys and a server on the loopback address, without the daemon.
 */
#pragma once

#include <libsoup/soup.h>

#include "core/clock.h"
#include "fed/delivery.h"
#include "fed/federation.h"
#include "fed/sync.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "wait-for.h"

typedef struct
{
  Fixture f;
  SoupServer *server;    /* (owned) */
  char *base;            /* (owned) */
  TocsinWriter *writer;  /* (owned) */
  TocsinFederation *fed; /* (owned) */
  guint listener;
  guint time_scale;
} Node;

static inline void
node_on_notes (TocsinNotes notes, gpointer data)
{
  Node *node = data;

  if ((notes & TOCSIN_NOTE_QUEUE_CHANGED) != 0)
    tocsin_delivery_wake (node->fed->delivery);
  if ((notes & TOCSIN_NOTE_PEERS_CHANGED) != 0)
    tocsin_sync_wake (node->fed->sync);
}

static inline SoupServer *
loopback_server (char **base)
{
  SoupServer *server = g_object_new (SOUP_TYPE_SERVER, NULL);
  g_autoptr (GError) error = NULL;
  GSList *uris;

  soup_server_listen_local (server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error);
  g_assert_no_error (error);
  uris = soup_server_get_uris (server);
  *base = g_strdup_printf ("http://127.0.0.1:%d", g_uri_get_port (uris->data));
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return server;
}

static inline void
node_start (Node *node)
{
  static const char *const allow[] = { "127.0.0.1", NULL };
  const TocsinIdentityOptions who = { .base_url = node->base,
                                      .preferred_username = "tocsin",
                                      .name = "Test" };
  const TocsinFederationOptions options = { .burst_per_hour = 200,
                                            .sync_interval_hours = 6,
                                            .time_scale = node->time_scale };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);
  g_autoptr (TocsinFetcher) fetcher = tocsin_fetcher_new (node->base, guard, 16, 4, &error);
  TocsinIdentity *identity =
      tocsin_identity_open (node->f.dir, &who, tocsin_time_now_us (), &error);

  g_assert_no_error (error);
  node->writer = tocsin_writer_new (node->f.store);
  node->fed = tocsin_federation_new (node->f.store, node->writer, identity, fetcher, &options);
  node->listener = tocsin_store_listen (node->f.store, node_on_notes, node);
  tocsin_federation_start (node->fed);
}

/* Turns until nothing that was under way is left to call back. */
static inline void
settle_main_loop (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static inline void
node_stop (Node *node)
{
  tocsin_federation_stop (node->fed);
  tocsin_store_unlisten (node->f.store, node->listener);
  while (!tocsin_federation_is_idle (node->fed))
    g_main_context_iteration (NULL, TRUE);
  tocsin_writer_stop (node->writer);
  settle_main_loop ();
  g_clear_pointer (&node->fed, tocsin_federation_free);
  g_clear_pointer (&node->writer, tocsin_writer_free);
}

static inline Node *
node_new (guint time_scale)
{
  Node *node = g_new0 (Node, 1);

  set_up (&node->f, NULL);
  node->server = loopback_server (&node->base);
  node->time_scale = time_scale;
  node_start (node);
  return node;
}

static inline void
node_free (Node *node)
{
  node_stop (node);
  tear_down (&node->f, NULL);
  soup_server_disconnect (node->server);
  g_object_unref (node->server);
  g_free (node->base);
  g_free (node);
}

static inline void
get_peer (Node *node, guint32 actor, TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (node->f.store));

  tocsin_peer_record_clear (out);
  tocsin_peers_get (txn, actor, out);
}
