/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "node/recompute.h"
#include "store-fixture.h"
#include "store/table-peers.h"
#include "store/table-trust.h"
#include "store/txn-private.h"

/* One whom the operator follows, and one whom that one trusts. */
#define PEER   1
#define FRIEND 2

typedef struct
{
  Fixture f;
  TocsinRecompute *recompute; /* (owned) */
  TocsinTrustSnapshot *trust; /* (owned) (nullable): the newest */
  gboolean warned;
} Case;

static gboolean
write_trust (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinTrustRecord statement = {
    .truster = PEER, .trustee = FRIEND, .weight = 100, .live = TRUE, .id = (char *) "t1"
  };

  tocsin_peers_get (txn, PEER, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.weights[TOCSIN_AREA_ANY] = 100;
  tocsin_peers_put (txn, &peer);
  tocsin_trust_put (txn, &statement);
  return tocsin_txn_check (txn, error);
}

/* Of another peer, which comes after the first. */
static gboolean
write_damage (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u32 (PEER + 1);

  tocsin_txn_put (txn, TOCSIN_TABLE_PEERS, &key, "?", 1);
  return tocsin_txn_check (txn, error);
}

static void
on_trust (TocsinTrustSnapshot *trust, gpointer data)
{
  Case *c = data;

  g_clear_pointer (&c->trust, tocsin_trust_snapshot_unref);
  c->trust = tocsin_trust_snapshot_ref (trust);
}

static void
on_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  Case *c = data;

  g_assert_true (g_str_has_suffix (message, "Database: a record is damaged"));
  c->warned = TRUE;
}

static void
case_set_up (Case *c, gconstpointer data)
{
  set_up (&c->f, NULL);
  write_ok (&c->f, write_trust, NULL);
  c->recompute = tocsin_recompute_new (c->f.store, on_trust, c);
}

static void
case_tear_down (Case *c, gconstpointer data)
{
  tocsin_recompute_free (c->recompute);
  g_clear_pointer (&c->trust, tocsin_trust_snapshot_unref);
  tear_down (&c->f, NULL);
}

static void
test_request (Case *c, gconstpointer data)
{
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_recompute_now (c->recompute);

  g_assert_true (tocsin_trust_snapshot_is_direct (trust, PEER));
  g_assert_true (tocsin_trust_snapshot_is_believed (trust, FRIEND));
  tocsin_recompute_request (c->recompute);
  while (c->trust == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (tocsin_trust_snapshot_is_believed (c->trust, FRIEND));
  g_assert_cmpuint (tocsin_trust_snapshot_version (c->trust), >,
                    tocsin_trust_snapshot_version (trust));
}

/* Of a store that cannot be read to its end, no part is used: who was believed still is. */
static void
test_damage (Case *c, gconstpointer data)
{
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_recompute_now (c->recompute);
  guint handler = g_log_set_handler ("tocsin-node", G_LOG_LEVEL_WARNING, on_warning, c);
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);

  write_ok (&c->f, write_damage, NULL);
  tocsin_recompute_request (c->recompute);
  while (!c->warned)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (c->trust);
  /* The next attempt has its time already. */
  tocsin_recompute_request (c->recompute);
  g_log_set_always_fatal (fatal);
  g_log_remove_handler ("tocsin-node", handler);
}

/* At start there is none before: then nobody is believed, rather than some. */
static void
test_damage_at_start (Case *c, gconstpointer data)
{
  guint handler = g_log_set_handler ("tocsin-node", G_LOG_LEVEL_WARNING, on_warning, c);
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  write_ok (&c->f, write_damage, NULL);
  trust = tocsin_recompute_now (c->recompute);
  g_assert_true (c->warned);
  g_assert_false (tocsin_trust_snapshot_is_believed (trust, PEER));
  g_assert_false (tocsin_trust_snapshot_is_believed (trust, FRIEND));
  g_log_set_always_fatal (fatal);
  g_log_remove_handler ("tocsin-node", handler);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/recompute/" name, Case, NULL, case_set_up, func, case_tear_down)
  ADD ("request", test_request);
  ADD ("damage", test_damage);
  ADD ("damage-at-start", test_damage_at_start);
  return g_test_run ();
}
