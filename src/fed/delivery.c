/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From the queue in the store to the inboxes of peers. The steps, in order:
 *   tocsin_delivery_wake -> scan: which peers have something queued; a lane an endpoint
 *   -> pump: one change on the writer thread takes what was answered and says what to send next
 *   (fed/delivery-turn.c) -> on_turn -> send -> on_sent -> pump …
 *
 * A lane is an inbox, or a shared inbox with all who are behind it. It has one call at a time, so
 * order is kept and a peer that hangs holds up nobody but itself.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/delivery.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"
#include "fed/delivery-turn.h"
#include "fed/knock.h"
#include "fed/relay.h"
#include "fed/sync.h"
#include "store/table-actors.h"

#define MAX_QUICK    64  /* calls in flight */
#define MAX_CALLS    256 /* with those that are slow, which do not hold up the others */
#define MAX_SUSPECTS 32  /* of the quick: to peers that failed the last time */
#define MAX_PER_HOST 4
#define SLOW_US      (2 * TOCSIN_SECOND_US)

#define SCAN_PAUSE_US  (50 * TOCSIN_SECOND_US / 1000)
#define SCAN_LOAD      20 /* scans take at most this part of the time */
#define STORE_PAUSE_US TOCSIN_SECOND_US
#define TICK_MAX_US    (10 * TOCSIN_SECOND_US)
#define DEADLINE_MIN_US                                                                            \
  (2 * TOCSIN_SECOND_US) /* of a call, however much waits are shortened for tests */

typedef enum
{
  LANE_WAITING, /* until @due_us */
  LANE_READY,   /* in `ready` */
  LANE_BUSY,    /* being claimed or in flight */
} LaneState;

typedef struct
{
  char *endpoint;  /* (owned) key of `lanes` */
  char *authority; /* (owned) host and port */
  GArray *peers;   /* (owned) (element-type guint32) */
  LaneState state;
  gint64 due_us;
  gint64 began_us;  /* of the call in flight; 0: none */
  gboolean suspect; /* failed the last time */
  gboolean again;   /* something was queued while it was busy */
  GList link;       /* in `ready` */
} Lane;

struct _TocsinDelivery
{
  TocsinFederation *fed;     /* (unowned) */
  TocsinFetcher *fetcher;    /* (owned) of its own, so that key fetches have room */
  GHashTable *lanes;         /* (owned) (element-type utf8 Lane): by endpoint */
  GHashTable *lane_of;       /* (element-type guint32 Lane): by peer */
  GHashTable *calls;         /* (element-type Lane): in flight or being claimed */
  GHashTable *host_calls;    /* (owned) (element-type utf8 guint): calls by authority */
  GHashTable *away;          /* (element-type guint32): peers that are away */
  GQueue ready;              /* of Lane */
  GPtrArray *answered;       /* (owned) (element-type TocsinAttempt): to be settled */
  GArray *resets;            /* (owned) (element-type guint32) */
  GCancellable *cancellable; /* (owned) (nullable) while running */
  guint n_open;              /* callbacks still to come, from before a stop as well */
  gboolean in_turn;
  gint64 pause_until_us; /* the store refused a turn */
  gint64 scan_after_us;  /* monotonic */
  guint scan_source;
  guint tick_source;
};

/* What callbacks get: they hold a reference, for they may come after tocsin_delivery_free(). */
typedef struct
{
  TocsinDelivery *self;  /* (owned) */
  GCancellable *session; /* (owned) since which start */
  TocsinTurn *turn;      /* (unowned) the writer's */
} TurnCall;

typedef struct
{
  TocsinDelivery *self;   /* (owned) */
  GCancellable *session;  /* (owned) since which start */
  TocsinAttempt *attempt; /* (owned) */
} SentCall;

static void pump (TocsinDelivery *self);
static void send (TocsinDelivery *self, TocsinAttempt *attempt);
static void on_turn (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_sent (GObject *source, GAsyncResult *result, gpointer user_data);

/* ---- lanes ---- */

static void
lane_free (gpointer data)
{
  Lane *lane = data;

  g_free (lane->endpoint);
  g_free (lane->authority);
  g_array_unref (lane->peers);
  g_free (lane);
}

static void
make_ready (TocsinDelivery *self, Lane *lane)
{
  if (lane->state == LANE_READY)
    return;
  lane->state = LANE_READY;
  lane->again = FALSE;
  g_queue_push_tail_link (&self->ready, &lane->link);
}

static void
make_busy (TocsinDelivery *self, Lane *lane)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->host_calls, lane->authority));

  g_queue_unlink (&self->ready, &lane->link);
  lane->state = LANE_BUSY;
  lane->again = FALSE;
  lane->began_us = g_get_monotonic_time ();
  g_hash_table_add (self->calls, lane);
  g_hash_table_insert (self->host_calls, g_strdup (lane->authority), GUINT_TO_POINTER (n + 1));
}

/* The lane is no longer in flight; what it does next is the caller's part. */
static void
release (TocsinDelivery *self, Lane *lane)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->host_calls, lane->authority));

  g_hash_table_remove (self->calls, lane);
  if (n > 1)
    g_hash_table_insert (self->host_calls, g_strdup (lane->authority), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->host_calls, lane->authority);
  lane->began_us = 0;
  lane->state = LANE_WAITING;
}

static void
drop_lane (TocsinDelivery *self, Lane *lane)
{
  for (guint i = 0; i < lane->peers->len; i++)
    g_hash_table_remove (self->lane_of, GUINT_TO_POINTER (g_array_index (lane->peers, guint32, i)));
  g_hash_table_remove (self->lanes, lane->endpoint);
}

static Lane *
find_lane (TocsinDelivery *self, TocsinTxn *txn, guint32 peer)
{
  Lane *lane = g_hash_table_lookup (self->lane_of, GUINT_TO_POINTER (peer));
  g_auto (TocsinActorRecord) actor = { 0 };
  g_autofree char *endpoint = NULL;

  if (lane != NULL)
    return lane;
  tocsin_actors_get (txn, peer, &actor);
  endpoint = tocsin_turn_endpoint (&actor);
  if (endpoint == NULL)
    endpoint = g_strdup_printf ("%u", peer); /* no inbox is known: what is queued is dropped */
  lane = g_hash_table_lookup (self->lanes, endpoint);
  if (lane == NULL)
    {
      lane = g_new0 (Lane, 1);
      lane->authority = tocsin_uri_host_port (endpoint, NULL);
      if (lane->authority == NULL)
        lane->authority = g_strdup (endpoint);
      lane->endpoint = g_steal_pointer (&endpoint);
      lane->peers = g_array_new (FALSE, FALSE, sizeof peer);
      lane->link.data = lane;
      g_hash_table_insert (self->lanes, lane->endpoint, lane);
    }
  g_array_append_val (lane->peers, peer);
  g_hash_table_insert (self->lane_of, GUINT_TO_POINTER (peer), lane);
  return lane;
}

static void
delivery_clear (gpointer data)
{
  TocsinDelivery *self = data;

  g_hash_table_unref (self->lane_of);
  g_hash_table_unref (self->calls);
  g_hash_table_unref (self->host_calls);
  g_hash_table_unref (self->away);
  g_hash_table_unref (self->lanes);
  g_ptr_array_unref (self->answered);
  g_array_unref (self->resets);
  g_object_unref (self->fetcher);
}

static void
unref (TocsinDelivery *self)
{
  g_rc_box_release_full (self, delivery_clear);
}

/* ---- what is there to do ---- */

typedef struct
{
  TocsinDelivery *self;
  TocsinTxn *txn;
  gint64 now_us;
} Scan;

static gboolean
scan_peer (const TocsinQueueEntry *next, guint64 count G_GNUC_UNUSED, gpointer data)
{
  Scan *scan = data;
  Lane *lane = find_lane (scan->self, scan->txn, next->peer);
  TocsinQueueEntry first;
  gint64 due_us = tocsin_relay_next (scan->txn, next->peer, &first) ? first.due_us : next->due_us;

  due_us = tocsin_time_due (due_us, scan->now_us, TOCSIN_BREAKER_LONGEST_US);
  if (lane->state == LANE_BUSY)
    lane->again = TRUE;
  else if (due_us <= scan->now_us)
    make_ready (scan->self, lane);
  else if (lane->due_us <= scan->now_us)
    lane->due_us = due_us;
  return TRUE;
}

static gboolean
on_scan (gpointer user_data)
{
  TocsinDelivery *self = user_data;
  gint64 began_us = g_get_monotonic_time ();

  self->scan_source = 0;
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));
    Scan scan = { .self = self, .txn = txn, .now_us = tocsin_time_now_us () };

    tocsin_queue_foreach_peer (txn, scan_peer, &scan);
  }
  self->scan_after_us = g_get_monotonic_time ();
  self->scan_after_us += MAX (SCAN_PAUSE_US, SCAN_LOAD * (self->scan_after_us - began_us));
  pump (self);
  return G_SOURCE_REMOVE;
}

/**
 * tocsin_delivery_wake:
 * @self: the delivery
 *
 * To be called when something was queued.
 */
void
tocsin_delivery_wake (TocsinDelivery *self)
{
  gint64 wait_us = self->scan_after_us - g_get_monotonic_time ();

  if (self->cancellable == NULL || self->scan_source != 0)
    return;
  self->scan_source = g_timeout_add (wait_us > 0 ? (guint) (wait_us / 1000) + 1 : 0, on_scan, self);
}

static gboolean
on_tick (gpointer user_data)
{
  TocsinDelivery *self = user_data;
  gint64 now_us = tocsin_time_now_us ();
  GHashTableIter iter;
  gpointer lane;

  self->tick_source = 0;
  g_hash_table_iter_init (&iter, self->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &lane))
    if (((Lane *) lane)->state == LANE_WAITING && ((Lane *) lane)->due_us <= now_us)
      make_ready (self, lane);
  pump (self);
  return G_SOURCE_REMOVE;
}

/* Wakes when the next lane is due, and while lanes that are ready find no room. */
static void
arm_tick (TocsinDelivery *self)
{
  gint64 now_us = tocsin_time_now_us ();
  gint64 due_us = now_us + TICK_MAX_US;
  GHashTableIter iter;
  gpointer value;

  g_clear_handle_id (&self->tick_source, g_source_remove);
  if (g_hash_table_size (self->lanes) == 0 && self->answered->len == 0 && self->resets->len == 0)
    return;
  g_hash_table_iter_init (&iter, self->lanes);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Lane *lane = value;

      if (lane->state == LANE_WAITING)
        due_us = MIN (due_us, lane->due_us);
    }
  if (!g_queue_is_empty (&self->ready) || self->answered->len > 0 || self->resets->len > 0)
    due_us = MIN (due_us, now_us + SLOW_US / 2);
  self->tick_source = g_timeout_add ((guint) (MAX (due_us - now_us, 0) / 1000) + 1, on_tick, self);
}

/* ---- turns ---- */

/* How many more calls can be begun: those that take long do not count, up to a limit. */
static guint
count_room (TocsinDelivery *self, guint *suspects)
{
  gint64 slow_since_us = g_get_monotonic_time () - SLOW_US;
  guint calls = g_hash_table_size (self->calls);
  guint quick = 0;
  GHashTableIter iter;
  gpointer lane;

  *suspects = 0;
  g_hash_table_iter_init (&iter, self->calls);
  while (g_hash_table_iter_next (&iter, &lane, NULL))
    {
      if (((Lane *) lane)->began_us < slow_since_us)
        continue;
      quick++;
      *suspects += ((Lane *) lane)->suspect ? 1 : 0;
    }
  return quick < MAX_QUICK && calls < MAX_CALLS ? MIN (MAX_QUICK - quick, MAX_CALLS - calls) : 0;
}

static void
take_ready (TocsinDelivery *self, TocsinTurn *turn)
{
  guint suspects = 0;
  guint room = count_room (self, &suspects);

  for (GList *link = self->ready.head, *next; link != NULL && room > 0; link = next)
    {
      Lane *lane = link->data;

      next = link->next;
      if (GPOINTER_TO_UINT (g_hash_table_lookup (self->host_calls, lane->authority)) >=
              MAX_PER_HOST ||
          (lane->suspect && suspects >= MAX_SUSPECTS))
        continue;
      suspects += lane->suspect ? 1 : 0;
      room--;
      make_busy (self, lane);
      g_ptr_array_add (turn->claim, tocsin_attempt_new (lane, lane->peers));
    }
}

/* One turn at a time: what is answered meanwhile is settled together in the next. */
static void
pump (TocsinDelivery *self)
{
  gint64 now_us = tocsin_time_now_us ();
  TocsinTurn *turn;
  TurnCall *call;

  if (self->cancellable == NULL || self->in_turn)
    return;
  if (now_us < self->pause_until_us || !tocsin_time_is_sane (now_us))
    {
      arm_tick (self);
      return;
    }
  turn = tocsin_turn_new (now_us, self->fed->time_scale);
  turn->free_rider_warns = self->fed->free_rider_warns;
  g_ptr_array_extend_and_steal (turn->settle, g_steal_pointer (&self->answered));
  self->answered = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_attempt_free);
  g_array_append_vals (turn->reset, self->resets->data, self->resets->len);
  g_array_set_size (self->resets, 0);
  take_ready (self, turn);
  if (turn->settle->len == 0 && turn->claim->len == 0 && turn->reset->len == 0)
    {
      tocsin_turn_free (turn);
      arm_tick (self);
      return;
    }
  self->in_turn = TRUE;
  call = g_new0 (TurnCall, 1);
  call->self = g_rc_box_acquire (self);
  self->n_open++;
  call->session = g_object_ref (self->cancellable);
  call->turn = turn;
  tocsin_writer_submit_async (self->fed->writer, tocsin_turn_write, turn,
                              (GDestroyNotify) tocsin_turn_free, NULL, on_turn, call);
}

static void
say (TocsinDelivery *self, const GArray *peers, const char *what)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));

  for (guint i = 0; i < peers->len; i++)
    {
      const char *uri = tocsin_actors_peek_uri (txn, g_array_index (peers, guint32, i));

      g_message ("%.200s %s", uri != NULL ? uri : "A peer", what);
    }
}

static void
report_settled (TocsinDelivery *self, const TocsinAttempt *attempt)
{
  TocsinFederationStats *stats = &self->fed->stats;

  stats->delivered += attempt->answer == TOCSIN_ANSWER_TAKEN && attempt->next == TOCSIN_NEXT_SEND
                          ? attempt->takers->len
                          : 0;
  stats->delivery_dropped += attempt->answer == TOCSIN_ANSWER_REFUSED ? attempt->takers->len : 0;
  stats->delivery_failed +=
      attempt->answer == TOCSIN_ANSWER_LATER || attempt->answer == TOCSIN_ANSWER_GONE
          ? attempt->takers->len
          : 0;
  say (self, attempt->opened, "does not answer: breaker opened");
  say (self, attempt->left, "is away: its queue was emptied");
  say (self, attempt->closed, "answers again: breaker closed");
  for (guint i = 0; i < attempt->left->len; i++)
    g_hash_table_add (self->away, GUINT_TO_POINTER (g_array_index (attempt->left, guint32, i)));
  for (guint i = 0; i < attempt->closed->len; i++)
    {
      guint32 peer = g_array_index (attempt->closed, guint32, i);

      g_hash_table_remove (self->away, GUINT_TO_POINTER (peer));
      tocsin_sync_read_peer (self->fed->sync, peer, FALSE);
    }
}

static void
take_claim (TocsinDelivery *self, TocsinAttempt *attempt)
{
  Lane *lane = attempt->lane;

  switch (attempt->next)
    {
    case TOCSIN_NEXT_SEND:
    case TOCSIN_NEXT_PROBE:
      send (self, attempt);
      return;
    case TOCSIN_NEXT_LATER:
      release (self, lane);
      lane->due_us = attempt->due_us;
      break;
    case TOCSIN_NEXT_NOTHING:
    default:
      release (self, lane);
      lane->due_us = G_MAXINT64;
      if (!lane->again)
        drop_lane (self, lane);
      break;
    }
  tocsin_attempt_free (attempt);
}

/* The store refused: everything is as before, and is tried again. */
static void
undo_turn (TocsinDelivery *self, TocsinTurn *turn, const GError *error)
{
  gint64 now_us = tocsin_time_now_us ();

  g_warning ("What was delivered cannot be written down: %s", error->message);
  self->pause_until_us = now_us + tocsin_federation_wait_us (self->fed, STORE_PAUSE_US);
  for (guint i = 0; i < turn->settle->len; i++)
    g_ptr_array_add (self->answered, g_ptr_array_index (turn->settle, i));
  g_ptr_array_set_free_func (turn->settle, NULL);
  g_array_append_vals (self->resets, turn->reset->data, turn->reset->len);
  for (guint i = 0; i < turn->claim->len; i++)
    {
      Lane *lane = ((TocsinAttempt *) g_ptr_array_index (turn->claim, i))->lane;

      release (self, lane);
      lane->due_us = self->pause_until_us;
    }
}

static void
on_turn (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autofree TurnCall *call = user_data;
  TocsinDelivery *self = call->self;
  TocsinTurn *turn = call->turn;
  g_autoptr (GCancellable) session = call->session;
  g_autoptr (GError) error = NULL;

  self->n_open--;
  self->in_turn = FALSE;
  if (session != self->cancellable)
    {
      /* Stopped meanwhile: the lanes are gone. What was settled is settled, what was claimed is
       * claimed again. */
      tocsin_delivery_wake (self);
      unref (self);
      return;
    }
  if (!tocsin_writer_submit_finish (result, &error))
    undo_turn (self, turn, error);
  else
    {
      for (guint i = 0; i < turn->settle->len; i++)
        report_settled (self, g_ptr_array_index (turn->settle, i));
      g_ptr_array_set_free_func (turn->claim, NULL);
      for (guint i = 0; i < turn->claim->len; i++)
        {
          TocsinAttempt *attempt = g_ptr_array_index (turn->claim, i);
          Lane *lane = attempt->lane;
          gboolean again = lane->again && attempt->next != TOCSIN_NEXT_SEND &&
                           attempt->next != TOCSIN_NEXT_PROBE;

          take_claim (self, attempt);
          if (again)
            make_ready (self, lane);
        }
    }
  pump (self);
  unref (self);
}

/* ---- calls ---- */

static void
answered (TocsinDelivery *self, TocsinAttempt *attempt)
{
  Lane *lane = attempt->lane;

  release (self, lane);
  lane->suspect = attempt->answer == TOCSIN_ANSWER_LATER || attempt->answer == TOCSIN_ANSWER_GONE;
  g_ptr_array_add (self->answered, attempt);
  make_ready (self, lane);
}

static void
send (TocsinDelivery *self, TocsinAttempt *attempt)
{
  gboolean is_probe = attempt->next == TOCSIN_NEXT_PROBE;
  TocsinKnock knock = {
    .fetcher = self->fetcher,
    .identity = self->fed->identity,
    .request = {
      .uri = attempt->uri,
      .body = attempt->body,
      .content_type = is_probe ? NULL : "application/activity+json",
      .accept = TOCSIN_FETCH_ACCEPT_ACTIVITY,
    },
    .first = attempt->scheme,
  };
  SentCall *call;

  if (attempt->uri == NULL)
    {
      attempt->answer = TOCSIN_ANSWER_REFUSED;
      answered (self, attempt);
      return;
    }
  call = g_new0 (SentCall, 1);
  call->self = g_rc_box_acquire (self);
  self->n_open++;
  call->session = g_object_ref (self->cancellable);
  call->attempt = attempt;
  tocsin_knock_async (&knock, self->cancellable, on_sent, call);
}

/* docs/wire "When a peer does not answer". A redirect of a POST is followed within the peer's
 * origin alone: to move elsewhere, its document has to name the new inbox. A 401 to what another
 * says is as likely about that one's proof; about our signature it would be to what we say too. */
static TocsinAnswer
judge (const TocsinAttempt *attempt, const TocsinFetchResult *result)
{
  if (result == NULL)
    return TOCSIN_ANSWER_LATER;
  if (tocsin_fetch_result_is_success (result))
    return TOCSIN_ANSWER_TAKEN;
  if (attempt->next == TOCSIN_NEXT_PROBE)
    return TOCSIN_ANSWER_LATER;
  if (result->status == 410)
    return TOCSIN_ANSWER_GONE;
  if (result->status == 401 && attempt->relayed)
    return TOCSIN_ANSWER_REFUSED;
  if (result->status < 400 || result->status >= 500 || result->status == 401 ||
      result->status == 408 || result->status == 425 || result->status == 429)
    return TOCSIN_ANSWER_LATER;
  return TOCSIN_ANSWER_REFUSED;
}

/* A probe has nothing to deliver. */
static void
tell (const TocsinAttempt *attempt, const TocsinFetchResult *result, const GError *error)
{
  if (attempt->next == TOCSIN_NEXT_PROBE || attempt->answer == TOCSIN_ANSWER_TAKEN)
    return;
  if (result == NULL)
    g_info ("Nothing was delivered to %.200s: %s", attempt->uri, error->message);
  else
    g_info ("Nothing was delivered to %.200s: it answered %u", attempt->uri, result->status);
}

static void
on_sent (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autofree SentCall *call = user_data;
  TocsinDelivery *self = call->self;
  TocsinAttempt *attempt = call->attempt;
  TocsinSignScheme scheme = attempt->scheme;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFetchResult) fetched = tocsin_knock_finish (result, &scheme, &error);
  g_autoptr (GCancellable) session = call->session;

  self->n_open--;
  if (session != self->cancellable)
    {
      tocsin_attempt_free (attempt);
      unref (self);
      return;
    }
  attempt->answer = judge (attempt, fetched);
  tell (attempt, fetched, error);
  attempt->scheme = scheme;
  attempt->jitter = g_random_double ();
  if (fetched != NULL && fetched->retry_after_seconds > 0)
    attempt->retry_after_us = fetched->retry_after_seconds * TOCSIN_SECOND_US;
  answered (self, attempt);
  pump (self);
  unref (self);
}

/* ---- from outside ---- */

/**
 * tocsin_delivery_reset_peer:
 * @self: the delivery
 * @actor: a peer's number
 *
 * Closes the peer's breaker, because the operator says that it will answer.
 */
void
tocsin_delivery_reset_peer (TocsinDelivery *self, guint32 actor)
{
  Lane *lane = g_hash_table_lookup (self->lane_of, GUINT_TO_POINTER (actor));

  if (self->cancellable == NULL)
    return;
  g_hash_table_remove (self->away, GUINT_TO_POINTER (actor));
  g_array_append_val (self->resets, actor);
  if (lane != NULL && lane->state == LANE_WAITING)
    make_ready (self, lane);
  else if (lane != NULL)
    lane->again = TRUE;
  pump (self);
}

/**
 * tocsin_delivery_peer_is_back:
 * @self: the delivery
 * @actor: a peer's number
 *
 * To be called when @actor contacted us: if it was away, it is no longer, and its outbox is read.
 * What it missed it reads in ours.
 */
void
tocsin_delivery_peer_is_back (TocsinDelivery *self, guint32 actor)
{
  g_autoptr (GArray) back = NULL;

  if (self->cancellable == NULL || !g_hash_table_contains (self->away, GUINT_TO_POINTER (actor)))
    return;
  back = g_array_new (FALSE, FALSE, sizeof actor);
  g_array_append_val (back, actor);
  say (self, back, "is back: breaker closed");
  tocsin_delivery_reset_peer (self, actor);
  tocsin_sync_read_peer (self->fed->sync, actor, FALSE);
}

/* Calls that wait for an answer, with those about to be made. */
guint
tocsin_delivery_count_in_flight (const TocsinDelivery *self)
{
  return g_hash_table_size (self->calls);
}

static gboolean
find_away (const TocsinPeerRecord *peer, gpointer data)
{
  Scan *scan = data;
  Lane *lane;

  if (!peer->away)
    return TRUE;
  g_hash_table_add (scan->self->away, GUINT_TO_POINTER (peer->actor));
  lane = find_lane (scan->self, scan->txn, peer->actor);
  make_ready (scan->self, lane);
  return TRUE;
}

/**
 * tocsin_delivery_start:
 * @self: the delivery
 *
 * Begins to send what the store holds.
 */
void
tocsin_delivery_start (TocsinDelivery *self)
{
  if (self->cancellable != NULL)
    return;
  self->cancellable = g_cancellable_new ();
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));
    Scan scan = { .self = self, .txn = txn };

    tocsin_peers_foreach (txn, find_away, &scan);
  }
  tocsin_delivery_wake (self);
}

/**
 * tocsin_delivery_stop:
 * @self: the delivery
 *
 * Ends all calls. What was not answered, or not written down yet, is sent again after the next
 * start.
 */
void
tocsin_delivery_stop (TocsinDelivery *self)
{
  g_autoptr (GCancellable) cancellable = g_steal_pointer (&self->cancellable);

  if (cancellable == NULL)
    return;
  g_clear_handle_id (&self->scan_source, g_source_remove);
  g_clear_handle_id (&self->tick_source, g_source_remove);
  g_cancellable_cancel (cancellable);
  g_ptr_array_set_size (self->answered, 0);
  g_array_set_size (self->resets, 0);
  g_hash_table_remove_all (self->calls);
  g_hash_table_remove_all (self->host_calls);
  g_hash_table_remove_all (self->away);
  g_hash_table_remove_all (self->lane_of);
  g_queue_init (&self->ready);
  g_hash_table_remove_all (self->lanes);
}

/**
 * tocsin_delivery_new:
 * @fed: (unowned): whose activities; has to outlive the delivery
 *
 * Returns: (transfer full): a delivery that sends nothing before it is started
 */
TocsinDelivery *
tocsin_delivery_new (TocsinFederation *fed)
{
  TocsinDelivery *self = g_rc_box_new0 (TocsinDelivery);
  gint64 total_us = TOCSIN_FETCH_TOTAL_US / fed->time_scale;

  self->fed = fed;
  self->fetcher = tocsin_fetcher_new_beside (fed->fetcher, MAX_CALLS, MAX_PER_HOST);
  tocsin_fetcher_set_deadlines (self->fetcher, TOCSIN_FETCH_CONNECT_US,
                                MAX (total_us, DEADLINE_MIN_US));
  self->lanes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, lane_free);
  self->lane_of = g_hash_table_new (NULL, NULL);
  self->calls = g_hash_table_new (NULL, NULL);
  self->host_calls = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->away = g_hash_table_new (NULL, NULL);
  g_queue_init (&self->ready);
  self->answered = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_attempt_free);
  self->resets = g_array_new (FALSE, FALSE, sizeof (guint32));
  return self;
}

/* Whether nothing that was begun has yet to call back. */
gboolean
tocsin_delivery_is_idle (const TocsinDelivery *self)
{
  return self->n_open == 0;
}

/**
 * tocsin_delivery_free:
 * @self: (transfer full): a delivery
 *
 * Stops it first, if that was not done.
 */
void
tocsin_delivery_free (TocsinDelivery *self)
{
  tocsin_delivery_stop (self);
  unref (self);
}
