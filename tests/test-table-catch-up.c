/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"
#include "store/table-catch-up.h"

static gboolean
write_row (TocsinTxn *txn, gpointer data, GError **error)
{
  const TocsinCatchUpRecord *row = data;
  TocsinPeerRecord peer;

  tocsin_peer_record_init (&peer, row->actor);
  tocsin_peers_put (txn, &peer);
  tocsin_catch_up_put (txn, row);
  return tocsin_txn_check (txn, error);
}

static gboolean
remove_peer (TocsinTxn *txn, gpointer data, GError **error)
{
  const TocsinCatchUpRecord *row = data;

  tocsin_peers_remove (txn, row->actor);
  return tocsin_txn_check (txn, error);
}

/* What was put is read; without a row nothing is known; a peer that is forgotten leaves none. */
static void
test_rows (Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
  char why[] = "The peer answered 500";
  TocsinCatchUpRecord row = { .actor = 7,
                              .last = 9,
                              .items = 8,
                              .begun_us = 1,
                              .done_us = 2,
                              .failed_us = 3,
                              .retry_us = 4,
                              .error = why };

  write_ok (f, write_row, &row);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_auto (TocsinCatchUpRecord) found = { 0 };
    g_auto (TocsinCatchUpRecord) none = { 0 };

    g_assert_true (tocsin_catch_up_get (txn, 7, &found));
    g_assert_cmpuint (found.last, ==, 9);
    g_assert_cmpint (found.items, ==, 8);
    g_assert_cmpint (found.begun_us + found.done_us + found.failed_us + found.retry_us, ==, 10);
    g_assert_cmpstr (found.error, ==, why);
    g_assert_false (tocsin_catch_up_get (txn, 8, &none));
    g_assert_cmpuint (none.actor, ==, 8);
    g_assert_cmpint (none.items, ==, -1);
  }
  write_ok (f, remove_peer, &row);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_auto (TocsinCatchUpRecord) none = { 0 };

    g_assert_false (tocsin_catch_up_get (txn, 7, &none));
  }
}

/* One line a state: of the relation, and of the newest reading. */
static void
test_state (void)
{
  static const struct
  {
    TocsinFollowing following;
    gint8 weight;
    gboolean blocked;
    gboolean version_hold;
    TocsinSyncState sync;
    guint64 sequence;
    TocsinCatchUpRecord record;
    TocsinCatchUpState state;
  } vectors[] = {
    { TOCSIN_FOLLOWING_NONE, 50, FALSE, FALSE, 0, 0, { 0 }, TOCSIN_CATCH_UP_NONE },
    { TOCSIN_FOLLOWING_PENDING, 50, FALSE, FALSE, 0, 0, { 0 }, TOCSIN_CATCH_UP_ASKED },
    { TOCSIN_FOLLOWING_PENDING, 50, TRUE, FALSE, 0, 0, { 0 }, TOCSIN_CATCH_UP_NONE },
    { TOCSIN_FOLLOWING_REJECTED, 50, FALSE, FALSE, 0, 0, { 0 }, TOCSIN_CATCH_UP_REFUSED },
    { TOCSIN_FOLLOWING_ACCEPTED, 0, FALSE, FALSE, 0, 0, { 0 }, TOCSIN_CATCH_UP_NONE },
    { TOCSIN_FOLLOWING_ACCEPTED, 50, FALSE, TRUE, 0, 0, { 0 }, TOCSIN_CATCH_UP_NONE },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_NEVER,
      0,
      { 0 },
      TOCSIN_CATCH_UP_WAITING },
    /* From before there were notes. */
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_READING,
      7,
      { 0 },
      TOCSIN_CATCH_UP_READING },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      7,
      { 0 },
      TOCSIN_CATCH_UP_DONE },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      7,
      { .last = 9, .begun_us = 30, .done_us = 20 },
      TOCSIN_CATCH_UP_READING },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      7,
      { .last = 9, .begun_us = 30, .done_us = 20, .failed_us = 31 },
      TOCSIN_CATCH_UP_FAILED },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_NEVER,
      0,
      { .failed_us = 31 },
      TOCSIN_CATCH_UP_FAILED },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      7,
      { .last = 9, .begun_us = 30, .done_us = 31 },
      TOCSIN_CATCH_UP_WAITING },
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      9,
      { .last = 9, .begun_us = 30, .done_us = 31 },
      TOCSIN_CATCH_UP_DONE },
    /* It goes less far than it was read. */
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      10,
      { .last = 9, .begun_us = 30, .done_us = 31 },
      TOCSIN_CATCH_UP_WAITING },
    /* Before it took us out and in again, at 10. */
    { TOCSIN_FOLLOWING_ACCEPTED,
      50,
      FALSE,
      FALSE,
      TOCSIN_SYNC_MATCHES,
      9,
      { .last = 9, .begun_us = 3, .done_us = 4 },
      TOCSIN_CATCH_UP_WAITING },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (TocsinPeerRecord) record = { 0 };

      tocsin_peer_record_init (&record, 1);
      record.following = vectors[i].following;
      record.following_since_us = 10;
      record.weights[TOCSIN_AREA_ANY] = vectors[i].weight;
      record.blocked = vectors[i].blocked;
      record.version_hold = vectors[i].version_hold;
      record.sync_state = vectors[i].sync;
      record.sync_sequence = vectors[i].sequence;
      g_test_message ("line %u", (guint) i);
      g_assert_cmpint (tocsin_catch_up_state (&vectors[i].record, &record), ==, vectors[i].state);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/table-catch-up/rows", Fixture, NULL, set_up, test_rows, tear_down);
  g_test_add_func ("/table-catch-up/state", test_state);
  return g_test_run ();
}
