/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Catching up (protocol.md): an outbox that went further than it goes now. */
#include "codec/collection-json.h"
#include "codec/json-strict.h"
#include "sync-case.h"

/* What the host of `peer` shows in place of its outbox, to whoever asks. */
typedef struct
{
  gint64 head;
  gint64 page;
  guint pages; /* that were asked for */
} Shown;

static void
answer_with (TocsinReply *reply, GBytes *body)
{
  g_autoptr (GBytes) owned = body;

  tocsin_reply_set_bytes (reply, TOCSIN_TYPE_ACTIVITY, owned);
}

static char *
epoch_of_peer (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (peer.files.store));

  return g_strdup_printf ("%016" G_GINT64_MODIFIER "x", tocsin_meta_epoch (txn));
}

static void
on_head_asked (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  const Shown *shown = data;
  const char *outbox = tocsin_identity_get_document (peer.fed->identity)->outbox;
  g_autoptr (TocsinCollectionHead) head =
      tocsin_collection_head_new (outbox, public_node_actor (&peer));

  head->epoch = epoch_of_peer ();
  head->last_sequence = shown->head;
  answer_with (reply, tocsin_collection_head_to_bytes (head));
}

static void
on_page_asked (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  Shown *shown = data;
  const char *outbox = tocsin_identity_get_document (peer.fed->identity)->outbox;
  gint64 after = g_ascii_strtoll (tocsin_request_get_param (request, "seq"), NULL, 10);
  g_autofree char *epoch = epoch_of_peer ();
  g_autoptr (TocsinOutboxPage) page = tocsin_outbox_page_new (epoch, after);

  shown->pages++;
  page->last_sequence = shown->page;
  answer_with (reply, tocsin_outbox_page_to_bytes (page, outbox));
}

static void
serve (TocsinRouter *router)
{
  const TocsinServerOptions limits = tocsin_server_options_default ();
  g_autoptr (GError) error = NULL;

  tocsin_server_free (peer.server);
  tocsin_router_unref (peer.router);
  peer.router = router;
  peer.server = tocsin_server_new (router, &limits);
  tocsin_server_start (peer.server, peer.listener, &error);
  g_assert_no_error (error);
}

static void
take_over (Shown *shown)
{
  static const TocsinRoute routes[] = {
    { "GET", "/outbox", on_head_asked, TOCSIN_ROUTE_NONE, 0, 0, NULL, NULL },
    { "GET", "/outbox/after/{seq}", on_page_asked, TOCSIN_ROUTE_NONE, 0, 0, NULL, NULL },
  };
  TocsinRouter *router = tocsin_router_new ();

  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), shown);
  serve (router);
}

static void
give_back (void)
{
  TocsinRouter *router = tocsin_router_new ();

  tocsin_routes_public_add (router, peer.public);
  serve (router);
}

static gint64
reread_us (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  get_peer (&record);
  return record.reread_us;
}

static void
assert_not_held (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  get_peer (&record);
  g_assert_false (record.key_hold);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_KEY_CHANGE).lines, ==, 0);
  g_assert_cmpuint (lines_of (TOCSIN_REVIEW_DRIFT).lines, ==, 0);
}

/* Who had the host for one reading leaves no gap: neither by an outbox that seems to have no end,
 * nor by one that seems to have lost all. A change of keys that was missed counts. */
static void
test_taken_over (void)
{
  const gint64 lasts[] = { TOCSIN_JSON_MAX_SAFE, 1000, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (lasts); i++)
    {
      Shown shown = { .head = lasts[i], .page = lasts[i] };

      start (TOCSIN_FOLLOWER_READER);
      publish_green (3);
      read_ok (FALSE);
      take_over (&shown);
      publish_green (1);
      rotate (&peer);
      publish_green (1);
      read_ok (FALSE);
      assert_sync (TOCSIN_SYNC_UNKNOWN, (guint64) lasts[i]);

      give_back ();
      g_assert_false (read_ok (FALSE).again);
      g_assert_cmpuint (live (), ==, 5);
      assert_sync (TOCSIN_SYNC_MATCHES, 6);
      assert_catch_up (TOCSIN_CATCH_UP_DONE, 6, 5, NULL);
      assert_not_held ();
      stop ();
    }
}

/* All of it is read for that once a day; until then nobody is told that it was read to its end. A
 * reading from 0 does not wait. */
static void
test_once_a_day (void)
{
  Shown shown = { .head = 1000, .page = 1000 };
  gint64 read_us;

  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  read_ok (FALSE);
  take_over (&shown);
  read_ok (FALSE);
  shown.head = shown.page = 2;
  read_ok (FALSE);
  g_assert_cmpuint (shown.pages, ==, 2);
  read_us = reread_us ();
  g_assert_cmpint (read_us, >, 0);
  for (; shown.head >= 1; shown.head--)
    {
      set_cursor (1000);
      read_ok (FALSE);
      g_assert_cmpuint (shown.pages, ==, 2);
      assert_sync (TOCSIN_SYNC_UNKNOWN, 1000);
      assert_catch_up (TOCSIN_CATCH_UP_WAITING, (guint64) shown.head, 3, NULL);
      g_assert_cmpint (reread_us (), ==, -read_us);
    }

  give_back ();
  publish_green (1);
  rotate (&peer);
  publish_green (1);
  g_assert_false (read_ok (TRUE).again);
  g_assert_cmpuint (live (), ==, 5);
  assert_sync (TOCSIN_SYNC_MATCHES, 6);
  assert_catch_up (TOCSIN_CATCH_UP_DONE, 6, 5, NULL);
  assert_not_held ();
  stop ();
}

/* By its head an outbox says how far it goes; a page that goes on says nothing of that. */
static void
test_page_beyond (void)
{
  Shown shown = { .head = 4, .page = TOCSIN_JSON_MAX_SAFE };

  start (TOCSIN_FOLLOWER_READER);
  publish_green (3);
  read_ok (FALSE);
  take_over (&shown);
  for (guint i = 0; i < 2; i++)
    {
      read_ok (i > 0);
      assert_sync (TOCSIN_SYNC_UNKNOWN, 4);
    }
  give_back ();
  publish_green (3);
  g_assert_true (read_ok (FALSE).again);
  g_assert_cmpuint (live (), ==, 5);
  read_ok (TRUE);
  g_assert_cmpuint (live (), ==, 6);
  assert_sync (TOCSIN_SYNC_MATCHES, 6);
  stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sync-back/taken-over", test_taken_over);
  g_test_add_func ("/sync-back/once-a-day", test_once_a_day);
  g_test_add_func ("/sync-back/page-beyond", test_page_beyond);
  return g_test_run ();
}
