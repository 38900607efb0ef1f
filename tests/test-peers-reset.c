/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed/peers.h"
#include "peer-world.h"
#include "store/table-outbox.h"
#include "store/table-queue.h"

static void
reset (World *world, const char *actor)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_act_async (world->node->fed, actor, TOCSIN_PEER_RESET, "tester", on_result, &result);
  WAIT_FOR (result != NULL);
  g_assert_true (tocsin_peers_act_finish (result, &error));
  g_assert_no_error (error);
}

typedef struct
{
  const char *uri;
  guint8 attempts;
  guint32 actor; /* out */
  guint64 sequence;
  gboolean cancelled;
} Tried;

/* An Add for the actor that was tried so often, and is not due yet. */
static gboolean
write_tried (TocsinTxn *txn, gpointer data, GError **error)
{
  Tried *tried = data;
  gint64 due_us = tocsin_time_now_us () + TOCSIN_HOUR_US;
  const TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_ADD,
                                     .audience = TOCSIN_AUDIENCE_FOLLOWERS,
                                     .activity_id = (char *) "https://a.example/activities/t" };
  TocsinQueueEntry queued = { .due_us = due_us, .attempts = tried->attempts };
  g_auto (TocsinPeerRecord) peer = { 0 };

  tried->actor = queued.peer = tocsin_actors_intern (txn, tried->uri, T0);
  tocsin_peers_get (txn, tried->actor, &peer);
  tocsin_peers_put (txn, &peer);
  tried->sequence = queued.sequence = tocsin_outbox_append (txn, &entry);
  tocsin_queue_add (txn, tried->actor, tried->sequence, due_us);
  tocsin_queue_update (txn, &queued);
  return tocsin_txn_check (txn, error);
}

static gboolean
write_cancel (TocsinTxn *txn, gpointer data, GError **error)
{
  Tried *tried = data;

  tried->cancelled = tocsin_queue_cancel (txn, tried->actor, tried->sequence);
  tocsin_queue_done (txn, tried->actor, tried->sequence);
  return tocsin_txn_check (txn, error);
}

/* A reset sends at once, and does not make what was sent unsent. */
static void
test_after_attempts (World *world, gconstpointer data)
{
  static const guint8 attempts[] = { 0, 1, 9 };
  g_autofree char *actor = actor_named (world, "one");

  tocsin_federation_stop (world->node->fed);
  for (guint i = 0; i < G_N_ELEMENTS (attempts); i++)
    {
      Tried tried = { .uri = actor, .attempts = attempts[i] };
      TocsinQueueEntry entry;

      write_ok (&world->node->f, write_tried, &tried);
      reset (world, actor);
      {
        g_autoptr (TocsinReading) txn =
            tocsin_reader_begin (tocsin_store_get_reader (world->node->f.store));

        g_assert_true (tocsin_queue_get (txn, tried.actor, tried.sequence, &entry));
      }
      g_assert_cmpint (entry.due_us, <=, tocsin_time_now_us ());
      write_ok (&world->node->f, write_cancel, &tried);
      g_assert_true (tried.cancelled == (attempts[i] == 0));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/peers-reset/after-attempts", World, NULL, world_set_up, test_after_attempts,
              world_tear_down);
  return g_test_run ();
}
