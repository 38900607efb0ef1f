/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <time.h>

#include "fed-node.h"
#include "fed/housekeeping.h"
#include "fed/pinning.h"
#include "store/table-meta.h"
#include "store/table-queue.h"
#include "store/table-trust.h"

static gint64 clock_offset_us;

/* In place of GLib's, so that the clock may be wrong. */
gint64
g_get_real_time (void)
{
  struct timespec now;

  (void) clock_gettime (CLOCK_REALTIME, &now);
  return now.tv_sec * TOCSIN_SECOND_US + now.tv_nsec / 1000 + clock_offset_us;
}

static void
node_set_up (Node **node, gconstpointer data)
{
  *node = node_new (1);
  /* What is queued has to stay. */
  tocsin_federation_stop ((*node)->fed);
}

static void
node_tear_down (Node **node, gconstpointer data)
{
  node_free (*node);
}

static TocsinReading *
read_store (Node *node)
{
  return tocsin_reader_begin (tocsin_store_get_reader (node->f.store));
}

static guint32
write_guest (TocsinTxn *txn, const char *name, gint64 since_us, TocsinPeerRecord *out)
{
  g_autofree char *uri = g_strdup_printf ("https://%s.example/actor", name);
  g_autofree char *follow = g_strdup_printf ("https://%s.example/activities/f", name);
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (uri);
  guint32 number;

  document->inbox = g_strdup_printf ("https://%s.example/inbox", name);
  number = tocsin_pinning_save_actor (txn, document, T0);
  tocsin_peers_get (txn, number, out);
  out->follower = TOCSIN_FOLLOWER_GUEST;
  out->follower_since_us = since_us;
  out->follower_follow_id = g_steal_pointer (&follow);
  return number;
}

/* ---- guests ---- */

typedef struct
{
  guint32 lost, there, owed, waiting;
} Guests;

static gboolean
write_guests (TocsinTxn *txn, gpointer data, GError **error)
{
  Guests *guests = data;
  gint64 now_us = tocsin_time_now_us ();
  TocsinOutboxRecord answer = { .kind = TOCSIN_OUTBOX_MESSAGE,
                                .created_us = now_us,
                                .activity_id = (char *) "https://a.example/activities/1" };
  g_auto (TocsinPeerRecord) lost = { 0 };
  g_auto (TocsinPeerRecord) there = { 0 };
  g_auto (TocsinPeerRecord) owed = { 0 };
  g_auto (TocsinPeerRecord) waiting = { 0 };

  guests->lost = write_guest (txn, "lost", now_us - 38 * TOCSIN_DAY_US, &lost);
  guests->there = write_guest (txn, "there", now_us - 38 * TOCSIN_DAY_US, &there);
  guests->owed = write_guest (txn, "owed", now_us - TOCSIN_DAY_US, &owed);
  guests->waiting = write_guest (txn, "waiting", now_us - TOCSIN_DAY_US, &waiting);
  lost.away = TRUE;
  answer.audience = guests->lost;
  lost.accept_sequence = tocsin_outbox_append (txn, &answer);
  owed.follower_answered_us = -(now_us - TOCSIN_HOUR_US);
  waiting.follower_answered_us = -now_us;
  tocsin_peers_put (txn, &lost);
  tocsin_peers_put (txn, &there);
  tocsin_peers_put (txn, &owed);
  tocsin_peers_put (txn, &waiting);
  return tocsin_txn_check (txn, error);
}

static guint64
queued (Node *node, guint32 actor)
{
  g_autoptr (TocsinReading) txn = read_store (node);

  return tocsin_queue_count_of (txn, actor);
}

static void
test_guests (Node **node, gconstpointer data)
{
  g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new ((*node)->fed);
  g_auto (TocsinPeerRecord) peer = { 0 };
  Guests guests;
  guint64 sequence;

  write_ok (&(*node)->f, write_guests, &guests);
  tocsin_housekeeping_start (housekeeping);
  WAIT_FOR (queued (*node, guests.owed) > 0);
  tocsin_housekeeping_stop (housekeeping);
  g_assert_cmpuint (queued (*node, guests.owed), ==, 1);
  g_assert_cmpuint (queued (*node, guests.waiting), ==, 0);
  {
    g_autoptr (TocsinReading) txn = read_store (*node);

    /* With it went what it was answered. */
    g_assert_false (tocsin_peers_get (txn, guests.lost, &peer));
    g_assert_false (tocsin_outbox_find (txn, "https://a.example/activities/1", &sequence));
  }
  get_peer (*node, guests.there, &peer);
  g_assert_cmpint (peer.follower, ==, TOCSIN_FOLLOWER_GUEST);
  get_peer (*node, guests.owed, &peer);
  g_assert_cmpint (peer.follower_answered_us, >, 0);
}

/* ---- the clock ---- */

static gboolean
write_watched (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "clock-watched", data, sizeof (gint64));
  return TRUE;
}

static gint64
read_watched (Node *node)
{
  g_autoptr (TocsinReading) txn = read_store (node);
  gint64 watched_us = 0;

  g_assert_true (tocsin_meta_get_exact (txn, "clock-watched", &watched_us, sizeof watched_us));
  return watched_us;
}

/* A start within a week notes its time; after more it is in doubt, and however many follow, none of
 * them takes the time of the one before it for what is known. */
static void
test_starts (Node **node, gconstpointer data)
{
  const gint64 days[] = { 2, 8 };

  for (guint i = 0; i < G_N_ELEMENTS (days); i++)
    {
      gint64 now_us = tocsin_time_now_us ();
      gint64 last_us = now_us - days[i] * TOCSIN_DAY_US;

      write_ok (&(*node)->f, write_watched, &last_us);
      for (guint start = 0; start < 2; start++)
        {
          g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new ((*node)->fed);

          tocsin_housekeeping_start (housekeeping);
        }
      if (days[i] < 7)
        g_assert_cmpint (read_watched (*node), >=, now_us);
      else
        g_assert_cmpint (read_watched (*node), ==, last_us);
    }
}

typedef struct
{
  gint64 wall_us;
  gint64 left_us;
} Doubt;

static gboolean
write_doubt (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "clock-doubted", data, sizeof (Doubt));
  return TRUE;
}

static gboolean
read_doubt (Node *node, Doubt *out)
{
  g_autoptr (TocsinReading) txn = read_store (node);

  return tocsin_meta_get_exact (txn, "clock-doubted", out, sizeof *out);
}

/* A doubt outlives the node that had it: the next start is as quiet, until the day is over. */
static void
test_doubts (Node **node, gconstpointer data)
{
  gint64 now_us = tocsin_time_now_us ();
  gint64 last_us = now_us - 8 * TOCSIN_DAY_US;
  Doubt doubt = { 0 };

  write_ok (&(*node)->f, write_watched, &last_us);
  {
    g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new ((*node)->fed);

    g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "The clock is far ahead *");
    tocsin_housekeeping_start (housekeeping);
    WAIT_FOR (read_doubt (*node, &doubt));
    g_test_assert_expected_messages ();
  }
  g_assert_cmpint (doubt.wall_us, >=, now_us);
  g_assert_cmpint (doubt.left_us, >, TOCSIN_DAY_US - TOCSIN_HOUR_US);
  g_assert_cmpint (doubt.left_us, <=, TOCSIN_DAY_US);
  g_assert_cmpint (read_watched (*node), ==, last_us);

  /* A jump of two days, noticed before the restart: with time left nothing is done, then it is. */
  last_us = now_us - 2 * TOCSIN_DAY_US;
  write_ok (&(*node)->f, write_watched, &last_us);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new ((*node)->fed);

      doubt = (Doubt){ .wall_us = now_us, .left_us = i == 0 ? 12 * TOCSIN_HOUR_US : 1 };
      write_ok (&(*node)->f, write_doubt, &doubt);
      if (i == 0)
        g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "The clock is far ahead *");
      tocsin_housekeeping_start (housekeeping);
      (*node)->fed->clock_in_doubt = FALSE;
      if (i == 0)
        WAIT_FOR ((*node)->fed->clock_in_doubt); /* its round says so again */
      else
        WAIT_FOR (!read_doubt (*node, &doubt));
      g_test_assert_expected_messages ();
      g_assert_true ((read_watched (*node) == last_us) == (i == 0));
    }
}

/* A clock that is behind every year in which it may be right is not called ahead; that it is set is
 * a jump. */
static void
test_wrong_clock (Node **node, gconstpointer data)
{
  g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new ((*node)->fed);
  Doubt doubt = { 0 };

  (*node)->fed->time_scale = 600;
  clock_offset_us = -30 * 365 * TOCSIN_DAY_US;
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "The clock is wrong*");
  tocsin_housekeeping_start (housekeeping);
  (*node)->fed->clock_in_doubt = FALSE;
  WAIT_FOR ((*node)->fed->clock_in_doubt);
  g_test_assert_expected_messages ();
  g_assert_false (read_doubt (*node, &doubt));

  clock_offset_us = 0;
  g_test_expect_message ("tocsin-fed", G_LOG_LEVEL_WARNING, "The clock is far ahead*");
  WAIT_FOR (read_doubt (*node, &doubt));
  g_test_assert_expected_messages ();
}

static gboolean
write_left_statement (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinTrustRecord record = { .truster = 50,
                               .trustee = 51,
                               .weight = 100,
                               .live = TRUE,
                               .charged = tocsin_charged_to (52, 50),
                               .id = (char *) "https://left.example/trust/1" };

  tocsin_trust_put (txn, &record);
  return TRUE;
}

static guint64
count_statements (Node *node)
{
  g_autoptr (TocsinReading) txn = read_store (node);

  return tocsin_trust_count (txn);
}

/* What came through a peer that is none any more goes with the first round. */
static void
test_left (Node **node, gconstpointer data)
{
  const TocsinTrustInput nobody = { 0 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&nobody, 1, 1);
  g_autoptr (TocsinHousekeeping) housekeeping = tocsin_housekeeping_new ((*node)->fed);

  write_ok (&(*node)->f, write_left_statement, NULL);
  tocsin_federation_set_trust ((*node)->fed, trust);
  tocsin_housekeeping_start (housekeeping);
  WAIT_FOR (count_statements (*node) == 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func)                                                                            \
  g_test_add ("/housekeeping/" name, Node *, NULL, node_set_up, func, node_tear_down)
  ADD ("guests", test_guests);
  ADD ("left", test_left);
  ADD ("starts", test_starts);
  ADD ("doubts", test_doubts);
  ADD ("wrong-clock", test_wrong_clock);
  return g_test_run ();
}
