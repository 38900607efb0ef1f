/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One round: a bounded change on the writer thread, then at most one line of `review` whose time
 * is over; while there is something to do, the next follows at once, and then a minute passes.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/housekeeping.h"

#include "core/clock.h"
#include "core/limits.h"
#include "fed/held.h"
#include "fed/identity.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "fed/relay.h"
#include "fed/review.h"
#include "fed/room.h"
#include "store/purge.h"
#include "store/table-meta.h"
#include "store/table-peers.h"
#include "store/table-queue.h"

#define INTERVAL_US    TOCSIN_MINUTE_US
#define ROWS           1000
#define PENDING_US     (TOCSIN_PENDING_MAX_DAYS * TOCSIN_DAY_US)
#define GONE_US        TOCSIN_DAY_US /* so long one who left keeps the place that it took */
#define LEAST_PAUSE_US (100 * (TOCSIN_SECOND_US / 1000))
#define META_WATCHED   "clock-watched" /* a gint64: when it was looked at last, to the hour */
#define META_DOUBTED   "clock-doubted" /* a Doubt, while there is one */
#define NOTE_DOUBT_US  (5 * TOCSIN_MINUTE_US)

/* That the clock is in doubt, so that a restart is no end of it. */
typedef struct
{
  gint64 wall_us; /* what the clock said */
  gint64 left_us; /* so long nothing follows it: a day in sum over restarts, to 5 minutes */
} Doubt;

struct _TocsinHousekeeping
{
  TocsinFederation *fed; /* (unowned) */
  GSource *timer;        /* (owned) (nullable) */
  TocsinClockWatch clock;
  gint64 noted_us;       /* as the store has it */
  Doubt doubt;           /* likewise; 0: none */
  const char *doubted;   /* (unowned) (nullable): why the clock is in doubt, as the log has it */
  TocsinLeaving leaving; /* the writer's */
  gboolean stopped;
  gboolean running;
};

typedef struct
{
  TocsinHousekeeping *self; /* (owned) a round may end after its owner has gone */
  char *base;               /* (owned) */
  TocsinPolicy *policy;     /* (owned) */
  gint64 now_us;
  gboolean notes; /* that the clock was looked at */
  guint done;     /* out */
} Round;

static void arm (TocsinHousekeeping *self, gint64 wait_us);

static void
round_free (Round *round)
{
  g_rc_box_release (round->self);
  g_free (round->base);
  tocsin_policy_unref (round->policy);
  g_free (round);
}

/* ---- on the writer thread ---- */

typedef struct
{
  TocsinTxn *txn;
  gint64 now_us;
  GArray *expired; /* of guint32 */
  GArray *owed;    /* of guint32 */
} Due;

/* Whom the operator no longer blocks hears of it first. */
static gboolean
is_to_be_forgotten (const Due *due, const TocsinPeerRecord *peer, gint64 age_us)
{
  return tocsin_peer_record_is_over (peer) && age_us > GONE_US &&
         tocsin_queue_count_of (due->txn, peer->actor) == 0;
}

static gboolean
collect_due (const TocsinPeerRecord *peer, gpointer data)
{
  Due *due = data;
  gint64 age_us = due->now_us - peer->follower_since_us;

  if ((peer->follower == TOCSIN_FOLLOWER_PENDING && age_us > PENDING_US) ||
      is_to_be_forgotten (due, peer, age_us) || tocsin_relation_is_lost (peer, due->now_us))
    g_array_append_val (due->expired, peer->actor);
  else if (tocsin_relation_is_owed_an_answer (peer, due->now_us))
    g_array_append_val (due->owed, peer->actor);
  return due->expired->len + due->owed->len < ROWS;
}

/* A request to follow that the operator has not answered for 30 days makes room for others, and
 * so does who took its own back, and a guest that is away. What the operator thinks of an actor
 * stays. */
static void
drop_strangers (TocsinTxn *txn, const GArray *actors, gint64 now_us)
{
  for (guint i = 0; i < actors->len; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      if (!tocsin_peers_get (txn, g_array_index (actors, guint32, i), &peer))
        continue;
      peer.follower = TOCSIN_FOLLOWER_NONE;
      peer.follower_since_us = now_us;
      tocsin_pinning_forget_follower (txn, &peer, now_us);
      if (tocsin_peer_record_is_over (&peer))
        tocsin_relation_forget (txn, peer.actor, now_us);
      else
        tocsin_peers_put (txn, &peer);
    }
}

static void
answer_owed (TocsinTxn *txn, const GArray *actors, const char *base, gint64 now_us)
{
  for (guint i = 0; i < actors->len; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      if (!tocsin_peers_get (txn, g_array_index (actors, guint32, i), &peer))
        continue;
      tocsin_relation_answer (txn, base, &peer, now_us);
      tocsin_peers_put (txn, &peer);
    }
}

/* Returns how many it was about. */
static guint
settle_peers (TocsinTxn *txn, const Round *round)
{
  g_autoptr (GArray) expired = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) owed = g_array_new (FALSE, FALSE, sizeof (guint32));
  Due due = { .txn = txn, .now_us = round->now_us, .expired = expired, .owed = owed };

  tocsin_peers_foreach (txn, collect_due, &due);
  drop_strangers (txn, expired, round->now_us);
  answer_owed (txn, owed, round->base, round->now_us);
  return expired->len + owed->len;
}

static gboolean
write_round (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Round *round = data;

  round->done = tocsin_store_purge (txn, round->now_us, ROWS);
  round->done += settle_peers (txn, round);
  round->done += tocsin_room_leave (txn, round->policy, round->now_us, ROWS, &round->self->leaving);
  round->done += tocsin_held_release_some (txn, round->policy, round->now_us) ? 1 : 0;
  tocsin_relay_waiting (txn, round->policy, round->now_us);
  if (round->notes)
    {
      tocsin_meta_put (txn, META_WATCHED, &round->now_us, sizeof round->now_us);
      tocsin_meta_remove (txn, META_DOUBTED);
    }
  return TRUE;
}

/* ---- main ---- */

static void
round_end (Round *round, gboolean more)
{
  TocsinHousekeeping *self = round->self;

  self->running = FALSE;
  if (!self->stopped)
    arm (self, more ? LEAST_PAUSE_US : tocsin_federation_wait_us (self->fed, INTERVAL_US));
  round_free (round);
}

static void
on_lapsed (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  Round *round = data;
  g_autoptr (GError) error = NULL;
  gboolean lapsed = tocsin_review_lapse_finish (result, &error);

  if (error != NULL)
    g_message ("Review has to wait: %s", error->message);
  round_end (round, error == NULL && (lapsed || round->done > 0));
}

static void
on_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  Round *round = data;
  TocsinHousekeeping *self = round->self;
  g_autoptr (GError) error = NULL;

  if (self->stopped)
    round_end (round, FALSE);
  else if (tocsin_writer_submit_finish (result, &error))
    tocsin_review_lapse_async (self->fed, round->now_us, on_lapsed, round);
  else
    {
      g_message ("Housekeeping has to wait: %s", error->message);
      round_end (round, FALSE);
    }
}

static gboolean
write_doubt (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_meta_put (txn, META_DOUBTED, data, sizeof (Doubt));
  return TRUE;
}

static void
note_doubt (TocsinHousekeeping *self, gint64 now_us)
{
  gint64 left_us = self->clock.quiet_until_us - self->clock.boot_us;

  /* A time that is not sane is refused as long as it is, without a note. */
  if (left_us <= 0 ||
      (left_us <= self->doubt.left_us && self->doubt.left_us - left_us < NOTE_DOUBT_US))
    return;
  self->doubt = (Doubt){ .wall_us = now_us, .left_us = left_us };
  tocsin_writer_submit (self->fed->writer, write_doubt, g_memdup2 (&self->doubt, sizeof (Doubt)),
                        g_free);
}

/* What is purged does not come back when the clock is right again. */
static gboolean
trusts_clock (TocsinHousekeeping *self, gint64 now_us)
{
  gboolean trusted = tocsin_clock_watch_look (&self->clock, now_us, tocsin_time_boot_us ());
  const char *doubted = NULL;

  if (!tocsin_time_is_sane (now_us))
    doubted = "The clock is wrong: until it is set nothing is purged, and nothing that is held "
              "goes live";
  else if (!trusted)
    doubted = "The clock is far ahead of what it was: for a day nothing is purged, and nothing "
              "that is held goes live";
  if (doubted != NULL && doubted != self->doubted)
    g_warning ("%s", doubted);
  self->doubted = doubted;
  g_atomic_int_set (&self->fed->clock_in_doubt, !trusted);
  if (!trusted)
    note_doubt (self, now_us);
  return trusted;
}

static gboolean
on_timer (gpointer data)
{
  TocsinHousekeeping *self = data;
  gint64 now_us = tocsin_time_now_us ();
  Round *round = NULL;

  g_clear_pointer (&self->timer, g_source_unref);
  tocsin_store_check_readers (self->fed->store);
  tocsin_identity_finish_retiring (self->fed->identity, NULL);
  if (!trusts_clock (self, now_us))
    {
      arm (self, tocsin_federation_wait_us (self->fed, INTERVAL_US));
      return G_SOURCE_REMOVE;
    }
  round = g_new0 (Round, 1);
  round->self = g_rc_box_acquire (self);
  round->base = g_strdup (tocsin_identity_get_base (self->fed->identity));
  round->policy = tocsin_policy_ref (self->fed->policy);
  round->now_us = now_us;
  round->notes = now_us - self->noted_us > TOCSIN_HOUR_US || self->doubt.wall_us != 0;
  if (round->notes)
    self->noted_us = now_us;
  self->doubt = (Doubt){ 0 };
  self->running = TRUE;
  tocsin_writer_submit_async (self->fed->writer, write_round, round, NULL, NULL, on_written, round);
  return G_SOURCE_REMOVE;
}

static void
arm (TocsinHousekeeping *self, gint64 wait_us)
{
  self->timer = g_timeout_source_new ((guint) (MAX (wait_us, LEAST_PAUSE_US) / 1000));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

/**
 * tocsin_housekeeping_new:
 * @fed: (unowned): has to outlive it
 */
TocsinHousekeeping *
tocsin_housekeeping_new (TocsinFederation *fed)
{
  TocsinHousekeeping *self = g_rc_box_new0 (TocsinHousekeeping);

  self->fed = fed;
  self->stopped = TRUE;
  return self;
}

/* Gives when the clock was looked at last, in doubt or not. */
static gint64
read_watched (const TocsinFederation *fed, Doubt *doubt)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (fed->store));
  gint64 noted_us = 0;

  tocsin_meta_get_exact (txn, META_WATCHED, &noted_us, sizeof noted_us);
  tocsin_meta_get_exact (txn, META_DOUBTED, doubt, sizeof *doubt);
  return MAX (noted_us, doubt->wall_us);
}

static gboolean
write_watched (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_meta_put (txn, META_WATCHED, data, sizeof (gint64));
  return TRUE;
}

/* At the start, so that a node that is left alone writes nothing soon after it. A time in doubt is
 * not noted: the next start within that day would believe it. */
static void
begin_watch (TocsinHousekeeping *self)
{
  gint64 now_us = tocsin_time_now_us ();
  gint64 boot_us = tocsin_time_boot_us ();
  gint64 last_us = read_watched (self->fed, &self->doubt);
  gboolean trusted;
  g_autoptr (GError) error = NULL;

  tocsin_clock_watch_begin (&self->clock, last_us, self->doubt.left_us, now_us, boot_us);
  self->noted_us = last_us;
  trusted = tocsin_clock_watch_look (&self->clock, now_us, boot_us);
  g_atomic_int_set (&self->fed->clock_in_doubt, !trusted);
  if (now_us - last_us <= TOCSIN_HOUR_US || !trusted)
    return;
  if (tocsin_store_write (self->fed->store, write_watched, &now_us, &error))
    self->noted_us = now_us;
  else
    g_message ("The time of this start is not noted: %s", error->message);
}

void
tocsin_housekeeping_start (TocsinHousekeeping *self)
{
  self->stopped = FALSE;
  begin_watch (self);
  if (self->timer == NULL && !self->running)
    arm (self, LEAST_PAUSE_US);
}

void
tocsin_housekeeping_stop (TocsinHousekeeping *self)
{
  self->stopped = TRUE;
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
tocsin_housekeeping_free (TocsinHousekeeping *self)
{
  tocsin_housekeeping_stop (self);
  g_rc_box_release (self);
}
