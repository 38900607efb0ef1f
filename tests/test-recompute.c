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
  guint n;                    /* handed over so far */
  guint8 own, others;         /* weights: of the peer, and what it gives its friend */
  gboolean warned;
} Case;

static gboolean
write_trust (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  g_auto (TocsinPeerRecord) peer = { 0 };
  TocsinTrustRecord statement = {
    .truster = PEER, .trustee = FRIEND, .weight = c->others, .live = TRUE, .id = (char *) "t1"
  };

  tocsin_peers_get (txn, PEER, &peer);
  peer.following = TOCSIN_FOLLOWING_ACCEPTED;
  peer.weights[TOCSIN_AREA_ANY] = (gint8) c->own;
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
  c->n++;
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
  c->own = c->others = 100;
  write_ok (&c->f, write_trust, c);
  c->recompute = tocsin_recompute_new (c->f.store, on_trust, c, 1);
}

static void
case_tear_down (Case *c, gconstpointer data)
{
  tocsin_recompute_free (c->recompute);
  g_clear_pointer (&c->trust, tocsin_trust_snapshot_unref);
  tear_down (&c->f, NULL);
}

/* Writes what is there now, and waits until it was looked at. */
static void
look (Case *c)
{
  write_ok (&c->f, write_trust, c);
  tocsin_recompute_request (c->recompute);
  while (!tocsin_recompute_is_idle (c->recompute))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_request (Case *c, gconstpointer data)
{
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_recompute_now (c->recompute);

  g_assert_true (tocsin_trust_snapshot_is_direct (trust, PEER));
  g_assert_true (tocsin_trust_snapshot_is_believed (trust, FRIEND));
  c->others = 99;
  look (c);
  g_assert_cmpuint (c->n, ==, 1);
  g_assert_true (tocsin_trust_snapshot_is_believed (c->trust, FRIEND));
  g_assert_cmpuint (tocsin_trust_snapshot_version (c->trust), >,
                    tocsin_trust_snapshot_version (trust));
}

static gboolean
write_stranger (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  const TocsinTrustRecord statement = {
    .truster = FRIEND + 1, .trustee = FRIEND + 2, .weight = 1, .live = TRUE, .id = (char *) "t2"
  };

  tocsin_trust_put (txn, &statement);
  return tocsin_txn_check (txn, error);
}

/* What comes out as it was has nobody begin anew. */
static void
test_same (Case *c, gconstpointer data)
{
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_recompute_now (c->recompute);

  look (c);
  write_ok (&c->f, write_stranger, NULL); /* whom nobody reaches */
  look (c);
  g_assert_cmpuint (c->n, ==, 0);
  c->own = 99;
  look (c);
  g_assert_cmpuint (c->n, ==, 1);
}

/* What a peer says all the time is heard now and then; what the operator says, at once. */
static void
test_others (Case *c, gconstpointer data)
{
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_recompute_now (c->recompute);

  for (guint i = 1; i <= 30; i++)
    {
      c->others = (guint8) i;
      look (c);
    }
  g_assert_cmpuint (c->n, ==, 10);
  c->own = 99;
  look (c);
  g_assert_cmpuint (c->n, ==, 11);
  g_assert_cmpfloat (tocsin_trust_snapshot_direct_weight (c->trust, TOCSIN_AREA_ANY, PEER), ==,
                     0.99);
  /* With all that was said meanwhile. */
  look (c);
  c->others = 31;
  look (c);
  g_assert_cmpuint (c->n, ==, 11);
}

/* The last word counts in the end. */
static void
test_others_later (Case *c, gconstpointer data)
{
  g_autoptr (TocsinTrustSnapshot) trust = NULL;
  double y;

  tocsin_recompute_free (c->recompute);
  c->recompute = tocsin_recompute_new (c->f.store, on_trust, c, 300);
  trust = tocsin_recompute_now (c->recompute);
  for (guint i = 1; i <= 30; i++)
    {
      c->others = (guint8) i;
      look (c);
    }
  c->others = 100; /* as at first */
  write_ok (&c->f, write_trust, c);
  tocsin_recompute_request (c->recompute);
  y = tocsin_trust_snapshot_y (trust, TOCSIN_AREA_ANY, FRIEND);
  while (tocsin_trust_snapshot_y (c->trust, TOCSIN_AREA_ANY, FRIEND) != y)
    g_main_context_iteration (NULL, TRUE);
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

/* A statement that counts, of which nothing is left to read. */
static gboolean
write_damaged_statement (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u32 (PEER + 1);

  tocsin_key_add_u32 (&key, FRIEND);
  tocsin_key_add_u8 (&key, TOCSIN_AREA_ANY);
  tocsin_txn_put (txn, TOCSIN_TABLE_TRUST, &key, "?", 1);
  return tocsin_txn_check (txn, error);
}

static const TocsinWriteFunc damages[] = { write_damage, write_damaged_statement };

/* At start there is none before: then nobody is believed, rather than some, and the version says
 * that nobody worked that out. */
static void
test_damage_at_start (Case *c, gconstpointer data)
{
  guint handler = g_log_set_handler ("tocsin-node", G_LOG_LEVEL_WARNING, on_warning, c);
  GLogLevelFlags fatal = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  write_ok (&c->f, *(const TocsinWriteFunc *) data, NULL);
  trust = tocsin_recompute_now (c->recompute);
  g_assert_true (c->warned);
  g_assert_cmpuint (tocsin_trust_snapshot_version (trust), ==, 0);
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
  ADD ("same", test_same);
  ADD ("others", test_others);
  ADD ("others/later", test_others_later);
  ADD ("damage", test_damage);
  g_test_add ("/recompute/damage-at-start/peer", Case, &damages[0], case_set_up,
              test_damage_at_start, case_tear_down);
  g_test_add ("/recompute/damage-at-start/statement", Case, &damages[1], case_set_up,
              test_damage_at_start, case_tear_down);
  return g_test_run ();
}
