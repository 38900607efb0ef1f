/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "store/table-queue.h"

static gboolean
order_and_counts (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint32 peers[] = { 3, 1, 2 };
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint32));
  TocsinQueueEntry entry;

  g_array_append_vals (all, peers, G_N_ELEMENTS (peers));
  for (guint64 sequence = 300; sequence > 254; sequence--)
    tocsin_queue_add_many (txn, all, sequence, T0);
  tocsin_queue_add (txn, 1, 300, T0 + 99); /* already there: left as it is */
  g_assert_cmpuint (tocsin_queue_count (txn), ==, 3 * 46);
  g_assert_cmpuint (tocsin_queue_count_of (txn, 1), ==, 46);
  g_assert_true (tocsin_queue_get (txn, 1, 300, &entry));
  g_assert_cmpint (entry.due_us, ==, T0);

  /* In the order of sequences, across the byte boundary at 256. */
  for (guint64 sequence = 255; sequence <= 300; sequence++)
    {
      g_assert_true (tocsin_queue_next (txn, 2, &entry));
      g_assert_cmpuint (entry.sequence, ==, sequence);
      g_assert_true (tocsin_queue_done (txn, 2, sequence));
      g_assert_false (tocsin_queue_done (txn, 2, sequence));
    }
  g_assert_false (tocsin_queue_next (txn, 2, &entry));
  g_assert_cmpuint (tocsin_queue_count_of (txn, 2), ==, 0);
  g_assert_cmpuint (tocsin_queue_drop_peer (txn, 3), ==, 46);
  g_assert_cmpuint (tocsin_queue_count (txn), ==, 46);
  return TRUE;
}

static void
test_order_and_counts (Fixture *f, gconstpointer data)
{
  write_ok (f, order_and_counts, NULL);
}

static gboolean
cancel_out (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinQueueEntry entry;

  tocsin_queue_add (txn, 1, 5, T0);
  tocsin_queue_add (txn, 2, 5, T0);
  g_assert_true (tocsin_queue_next (txn, 2, &entry));
  entry.attempts = 1;
  entry.due_us = T0 + 60;
  g_assert_true (tocsin_queue_update (txn, &entry));

  g_assert_true (tocsin_queue_cancel (txn, 1, 5));
  g_assert_false (tocsin_queue_cancel (txn, 1, 5));
  /* An answer may have been lost: the peer may know it. */
  g_assert_false (tocsin_queue_cancel (txn, 2, 5));
  g_assert_true (tocsin_queue_get (txn, 2, 5, &entry));
  g_assert_cmpint (entry.due_us, ==, T0 + 60);
  g_assert_cmpuint (entry.attempts, ==, 1);

  entry.sequence = 6;
  g_assert_false (tocsin_queue_update (txn, &entry));
  return TRUE;
}

static void
test_cancel_out (Fixture *f, gconstpointer data)
{
  write_ok (f, cancel_out, NULL);
}

#define PEERS     5
#define SEQUENCES 12

/* A plain model: due time by peer and sequence, 0 if not queued. */
typedef gint64 Model[PEERS][SEQUENCES];

static gboolean
random_steps (TocsinTxn *txn, gpointer data, GError **error)
{
  Model *model = data;

  for (guint i = 0; i < 100; i++)
    {
      guint32 peer = (guint32) g_test_rand_int_range (0, PEERS);
      guint64 sequence = (guint64) g_test_rand_int_range (0, SEQUENCES);
      gint64 *cell = &(*model)[peer][sequence];
      gint64 due_us = g_test_rand_int_range (1, 1000);

      switch (g_test_rand_int_range (0, 6))
        {
        case 0:
          g_assert_cmpint (tocsin_queue_done (txn, peer, sequence), ==, *cell != 0);
          *cell = 0;
          break;
        case 1:
          {
            TocsinQueueEntry entry = { peer, sequence, 3, due_us };

            g_assert_cmpint (tocsin_queue_update (txn, &entry), ==, *cell != 0);
            *cell = *cell == 0 ? 0 : due_us;
            break;
          }
        case 2:
          if (i % 10 != 0)
            break;
          tocsin_queue_drop_peer (txn, peer);
          memset ((*model)[peer], 0, sizeof (*model)[peer]);
          break;
        default:
          tocsin_queue_add (txn, peer, sequence, due_us);
          if (*cell == 0)
            *cell = due_us;
        }
    }
  return TRUE;
}

typedef struct
{
  const Model *model;
  gint64 last_peer;
  guint64 total;
} Check;

static gboolean
check_peer (const TocsinQueueEntry *next, guint64 count, gpointer data)
{
  Check *check = data;
  guint64 expected = 0, first = SEQUENCES;

  g_assert_cmpint (next->peer, >, check->last_peer);
  check->last_peer = next->peer;
  for (guint s = SEQUENCES; s-- > 0;)
    if ((*check->model)[next->peer][s] != 0)
      {
        expected++;
        first = s;
      }
  g_assert_cmpuint (count, ==, expected);
  g_assert_cmpuint (next->sequence, ==, first);
  g_assert_cmpint (next->due_us, ==, (*check->model)[next->peer][first]);
  check->total += count;
  return TRUE;
}

static void
test_random_history (Fixture *f, gconstpointer data)
{
  Model model = { { 0 } };

  for (guint round = 0; round < 60; round++)
    {
      Check check = { .model = (const Model *) &model, .last_peer = -1 };

      write_ok (f, random_steps, &model);
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      tocsin_queue_foreach_peer (txn, check_peer, &check);
      g_assert_cmpuint (tocsin_queue_count (txn), ==, check.total);
      for (guint p = 0; p < PEERS; p++)
        for (guint s = 0; s < SEQUENCES; s++)
          check.total -= model[p][s] != 0;
      g_assert_cmpuint (check.total, ==, 0);
      assert_reading_ok (txn);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/table-queue/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("order-and-counts", test_order_and_counts);
  ADD ("cancel-out", test_cancel_out);
  ADD ("random-history", test_random_history);
  return g_test_run ();
}
