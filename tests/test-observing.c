/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A new node observes for as long as it should, whatever its clock does meanwhile.
 */
#include "api-node.h"

#include "node/observing.h"
#include "store/table-meta.h"

#define DAY  TOCSIN_DAY_US
#define DAYS 7

static gboolean
put_first_start (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, TOCSIN_META_FIRST_START, data, sizeof (gint64));
  return TRUE;
}

static gboolean
put_observe (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, TOCSIN_META_OBSERVE, data, strlen (data));
  return TRUE;
}

static void
store_first_start (Node *node, gint64 first_us)
{
  g_assert_true (tocsin_store_write (node->store, put_first_start, &first_us, NULL));
}

/* Once all is written. */
static gint64
read_first_start (Node *node)
{
  gint64 first_us = 0;

  while (tocsin_writer_pending (node->writer) > 0)
    g_usleep (100);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (node->store));
  g_assert_true (tocsin_meta_get_exact (txn, TOCSIN_META_FIRST_START, &first_us, sizeof first_us));
  return first_us;
}

static TocsinObserving *
begin (Node *node, gint64 wall_us)
{
  return tocsin_observing_new (node->store, node->writer, node->api, DAYS, wall_us, DAY);
}

static gboolean
observes (Node *node, gint64 wall_us)
{
  return tocsin_api_is_observing (tocsin_api_state (node->api), wall_us);
}

/* The clock is set while the node runs, to where it should be. */
static void
test_set (void)
{
  static const gint64 wrongs[] = { -20000 * DAY, -300 * DAY, 0, 3650 * DAY };

  for (gsize i = 0; i < G_N_ELEMENTS (wrongs); i++)
    {
      gint64 wrong_us = T0 + wrongs[i];
      g_auto (Node) node = { 0 };
      TocsinObserving *observing;

      g_test_message ("%d days", (int) (wrongs[i] / DAY));
      node_init (&node);
      store_first_start (&node, wrong_us);
      observing = begin (&node, wrong_us + 10);
      g_assert_true (observes (&node, wrong_us + 10));
      tocsin_observing_look (observing, T0 + 60 * TOCSIN_SECOND_US, DAY + 60 * TOCSIN_SECOND_US);
      g_assert_true (observes (&node, T0 + DAYS * DAY - TOCSIN_MINUTE_US));
      g_assert_false (observes (&node, T0 + DAYS * DAY + TOCSIN_MINUTE_US));
      tocsin_observing_free (observing);

      g_assert_cmpint (ABS (read_first_start (&node) - T0), <, TOCSIN_SECOND_US);
      observing = begin (&node, T0 + 6 * DAY);
      g_assert_true (observes (&node, T0 + 6 * DAY));
      tocsin_observing_look (observing, T0 + 8 * DAY, 3 * DAY);
      g_assert_false (observes (&node, T0 + 8 * DAY));
      /* It is over, whatever the clock does. */
      tocsin_observing_look (observing, T0 - 300 * DAY, 3 * DAY);
      g_assert_false (observes (&node, T0 - 300 * DAY));
      tocsin_observing_free (observing);
    }
}

/* It was set while the node did not run: what cannot be right is now. */
static void
test_restart (void)
{
  static const struct
  {
    gint64 first_us;
    gint64 wall_us;
    gboolean stays;
  } starts[] = {
    { DAY, T0, FALSE },     { T0 + 3650 * DAY, T0, FALSE },    { T0 - 3 * DAY, T0, TRUE },
    { DAY, 2 * DAY, TRUE }, { T0 + TOCSIN_HOUR_US, T0, TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_auto (Node) node = { 0 };
      TocsinObserving *observing;
      gint64 first_us = starts[i].stays ? starts[i].first_us : starts[i].wall_us;

      node_init (&node);
      store_first_start (&node, starts[i].first_us);
      observing = begin (&node, starts[i].wall_us);
      g_assert_cmpint (read_first_start (&node), ==, first_us);
      g_assert_true (observes (&node, first_us + DAYS * DAY - 1));
      g_assert_false (observes (&node, first_us + DAYS * DAY));
      tocsin_observing_free (observing);
    }
}

/* The operator's word stands, before the start and after it. */
static void
test_word (void)
{
  g_auto (Node) node = { 0 };
  TocsinObserving *observing;

  node_init (&node);
  store_first_start (&node, T0);
  observing = begin (&node, T0);
  tocsin_api_set_observe (node.api, FALSE, 0);
  tocsin_observing_look (observing, T0 + 3650 * DAY, DAY);
  g_assert_false (observes (&node, T0 + 3650 * DAY));
  tocsin_observing_free (observing);
  g_assert_true (tocsin_store_write (node.store, put_observe, (gpointer) "on", NULL));
  observing = begin (&node, T0 + 30 * DAY);
  tocsin_observing_look (observing, T0 + 3650 * DAY, DAY);
  g_assert_true (observes (&node, T0 + 3650 * DAY));
  tocsin_observing_free (observing);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/observing/set", test_set);
  g_test_add_func ("/observing/restart", test_restart);
  g_test_add_func ("/observing/word", test_word);
  return g_test_run ();
}
