/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"
#include "store/table-heard.h"
#include "store/table-peers.h"

#define PEER 7

static gboolean
write_many (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  TocsinPeerRecord peer;

  tocsin_peer_record_init (&peer, PEER);
  tocsin_peers_put (txn, &peer);
  for (gint64 i = 1; i <= TOCSIN_HEARD_MAX + 3; i++)
    {
      g_auto (TocsinHeardRecord) record = { 0 };
      g_autofree char *id = g_strdup_printf ("https://b.example/activities/%d", (int) i);
      TocsinHeard message = { .dated_us = i,
                              .name = tocsin_id_for_string (id),
                              .content = tocsin_id_for_string ("content") };

      g_assert_true (tocsin_heard_get (txn, PEER, &record) == (i > 1));
      record.update_us = i;
      tocsin_heard_record_add (&record, &message);
      tocsin_heard_put (txn, &record);
    }
  return tocsin_txn_check (txn, error);
}

static gboolean
remove_peer (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  tocsin_peers_remove (txn, PEER);
  return tocsin_txn_check (txn, error);
}

/* The newest are kept, in order, as long as the peer is. */
static void
test_rows (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  const TocsinId newest = tocsin_id_for_string ("https://b.example/activities/35");

  write_ok (f, write_many, NULL);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_auto (TocsinHeardRecord) found = { 0 };
    g_auto (TocsinHeardRecord) none = { 0 };
    const TocsinHeard *last;

    g_assert_true (tocsin_heard_get (txn, PEER, &found));
    g_assert_cmpuint (found.actor, ==, PEER);
    g_assert_cmpint (found.update_us, ==, TOCSIN_HEARD_MAX + 3);
    g_assert_cmpuint (found.messages->len, ==, TOCSIN_HEARD_MAX);
    for (guint i = 0; i < found.messages->len; i++)
      g_assert_cmpint (g_array_index (found.messages, TocsinHeard, i).dated_us, ==, i + 4);
    last = &g_array_index (found.messages, TocsinHeard, TOCSIN_HEARD_MAX - 1);
    g_assert_true (tocsin_id_equal (&last->name, &newest));
    g_assert_false (tocsin_heard_get (txn, PEER + 1, &none));
    g_assert_cmpuint (none.actor, ==, PEER + 1);
  }
  write_ok (f, remove_peer, NULL);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_auto (TocsinHeardRecord) none = { 0 };

    g_assert_false (tocsin_heard_get (txn, PEER, &none));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/table-heard/rows", Fixture, NULL, set_up, test_rows, tear_down);
  return g_test_run ();
}
