/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The steps of one round:
 *   tocsin_recompute_request (main) -> on_settled (main, after a short while) ->
 *   work (compute thread: read the store, solve, prepare) -> on_done (main) -> the caller's
 * function
 *
 * A snapshot is usable at once, but its first checks would have to solve what they need. So a new
 * one is prepared, for a second at most, while the one before is still in use, and the rest of it
 * after it was handed over. However many statements come in, rounds leave the processor free for
 * most of the time. What cannot be read to its end is not used: the snapshot before stays.
 *
 * A new snapshot has every reader of verdicts begin anew. So one that comes out as the one before
 * is dropped, and what others state is not even looked at once they have used up their changes for
 * now: OTHERS_AT_ONCE, and one more every five minutes. What the operator says counts at once, and
 * brings along what others said.
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/recompute.h"

#include <string.h>

#include "core/bucket.h"
#include "core/hash.h"
#include "store/table-peers.h"
#include "store/table-trust.h"

#define SETTLE_MS      50 /* what changes within this time is worked out together */
#define SETTLE_MAX_MS  10000
#define PAUSE_FACTOR   4 /* times what the last round took: so long the next one waits */
#define PREPARE_MAX_US G_USEC_PER_SEC
#define RETRY_MS       60000 /* after the store could not be read */
#define OTHERS_AT_ONCE 10    /* snapshots that differ by what others state alone */
#define OTHERS_SECONDS 300   /* until there may be one more of these */

struct _TocsinRecompute
{
  TocsinStore *store; /* (unowned) */
  TocsinRecomputeFunc func;
  gpointer data;
  GMainContext *context; /* (owned) main */
  GThread *thread;
  GAsyncQueue *orders; /* (owned) to the thread: `self` for a round, `orders` for the end, else a
                        * snapshot (owned) to prepare */
  GSource *settling;   /* (owned) (nullable) */
  GSource *due;        /* (owned) (nullable): what others state is to be looked at */
  gboolean running;
  gboolean again;
  guint settle_ms;
  guint64 seed;    /* secret, so that nobody can aim at the walks */
  guint64 version; /* atomic */
  TocsinBucket others;

  /* Main's, but for the time of a round, in which nobody writes them. */
  TocsinTrustSnapshot *trust; /* (owned) (nullable) in use */
  GByteArray *own;            /* (owned) (nullable) what the operator said when it was made */
  gboolean own_alone;         /* others have used up their changes */
};

/* ---- reading ---- */

typedef struct
{
  GArray *statements; /* of TocsinGraphStatement */
  GArray *peers;      /* of TocsinTrustPeer */
  GByteArray *own;    /* what the operator says, so that it can be compared */
} Input;

static gboolean
take_edge (const TocsinTrustEdge *edge, gpointer data)
{
  Input *input = data;
  TocsinGraphStatement statement = {
    .from = edge->truster,
    .to = edge->trustee,
    .weight_ppb = tocsin_trust_weight_ppb (edge->weight / 100.0) & 0x3fffffff,
    .area = edge->area & 3,
  };

  /* What the operator publishes is told by the peers' own rows, private ones included. */
  if (edge->truster != 0)
    g_array_append_val (input->statements, statement);
  return TRUE;
}

/* A peer may accept and reject by turns, so its answer is none of it. */
static void
take_own (const TocsinPeerRecord *peer, GByteArray *own)
{
  gboolean followed = peer->following != TOCSIN_FOLLOWING_NONE;
  const guint8 flags[] = { (guint8) followed, (guint8) (peer->blocked != 0),
                           (guint8) (peer->full != 0) };

  for (TocsinArea area = 0; area < TOCSIN_N_AREAS; area++)
    if (peer->blocked || peer->weights[area] >= 0)
      {
        g_byte_array_append (own, (const guint8 *) &peer->actor, sizeof peer->actor);
        g_byte_array_append (own, (const guint8 *) peer->weights, sizeof peer->weights);
        g_byte_array_append (own, flags, sizeof flags);
        return;
      }
}

static gboolean
take_peer (const TocsinPeerRecord *peer, gpointer data)
{
  Input *input = data;
  gboolean heard = peer->following == TOCSIN_FOLLOWING_ACCEPTED && !peer->blocked;

  take_own (peer, input->own);
  for (TocsinArea area = 0; area < TOCSIN_N_AREAS; area++)
    {
      TocsinTrustPeer row = {
        .actor = peer->actor,
        .area = area,
        .weight = peer->blocked ? 0 : peer->weights[area] / 100.0,
        .full_trust = heard && peer->full,
      };

      if (peer->weights[area] < 0 && !(peer->blocked && area == TOCSIN_AREA_ANY))
        continue;
      /* A weight counts once the peer has accepted us; distrust counts at once. */
      if (row.weight <= 0 || heard)
        g_array_append_val (input->peers, row);
    }
  return TRUE;
}

typedef struct
{
  TocsinTrustSnapshot *trust; /* (owned) (nullable): NULL: the one before stays */
  GByteArray *own;            /* (owned) (nullable) what the operator says */
  gboolean is_own;            /* and it is something else than before */
} Solution;

static void
solution_clear (Solution *self)
{
  g_clear_pointer (&self->trust, tocsin_trust_snapshot_unref);
  g_clear_pointer (&self->own, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Solution, solution_clear)

/* %FALSE, with @error set, if the store cannot be read: a part would be as good as a lie. */
static gboolean
solve (const TocsinRecompute *self,
       TocsinReader *reader,
       guint64 version,
       Solution *out,
       GError **error)
{
  g_autoptr (GArray) statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  g_autoptr (GArray) peers = g_array_new (FALSE, FALSE, sizeof (TocsinTrustPeer));
  Input input = { statements, peers, g_byte_array_new () };
  TocsinTrustInput plain;

  out->own = input.own;
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);

    tocsin_peers_foreach (txn, take_peer, &input);
    out->is_own =
        self->own == NULL || self->own->len != out->own->len ||
        (out->own->len > 0 && memcmp (self->own->data, out->own->data, out->own->len) != 0);
    if (out->is_own || !self->own_alone)
      tocsin_trust_foreach_edge (txn, take_edge, &input);
    if (!tocsin_txn_check (txn, error))
      return FALSE;
  }
  if (!out->is_own && self->own_alone)
    return TRUE;
  plain = (TocsinTrustInput){
    .statements = (const TocsinGraphStatement *) (gconstpointer) statements->data,
    .n_statements = statements->len,
    .peers = (const TocsinTrustPeer *) (gconstpointer) peers->data,
    .n_peers = peers->len,
  };
  out->trust = tocsin_trust_snapshot_new (&plain, version, self->seed);
  if (self->trust != NULL && tocsin_trust_snapshot_is_same (out->trust, self->trust))
    g_clear_pointer (&out->trust, tocsin_trust_snapshot_unref);
  return TRUE;
}

/* ---- the compute thread ---- */

typedef struct
{
  TocsinRecompute *self; /* (owned) a result may outlive the one that asked for it */
  Solution solution;
  GError *error; /* (owned) (nullable): why there is none */
  gint64 took_us;
} Result;

static void
recompute_clear (gpointer data)
{
  TocsinRecompute *self = data;

  g_async_queue_unref (self->orders);
  g_main_context_unref (self->context);
  g_clear_pointer (&self->trust, tocsin_trust_snapshot_unref);
  g_clear_pointer (&self->own, g_byte_array_unref);
}

static void
result_free (gpointer data)
{
  Result *result = data;

  solution_clear (&result->solution);
  g_clear_error (&result->error);
  g_atomic_rc_box_release_full (result->self, recompute_clear);
  g_free (result);
}

static gboolean on_settled (gpointer data);

static void
settle (TocsinRecompute *self, guint wait_ms)
{
  self->settling = g_timeout_source_new (wait_ms);
  g_source_set_callback (self->settling, on_settled, self, NULL);
  g_source_attach (self->settling, self->context);
}

static void
try_again_later (TocsinRecompute *self, const GError *error)
{
  g_warning ("Who is believed cannot be worked out, so %s: %s",
             self->trust != NULL ? "that stays as it was" : "nobody is", error->message);
  self->again = FALSE;
  settle (self, RETRY_MS);
}

/* Takes what is @solution's. Returns whether a new snapshot is in use from now on. */
static gboolean
keep (TocsinRecompute *self, Solution *solution)
{
  g_clear_pointer (&self->own, g_byte_array_unref);
  self->own = g_steal_pointer (&solution->own);
  if (solution->trust == NULL)
    return FALSE;
  g_clear_pointer (&self->trust, tocsin_trust_snapshot_unref);
  self->trust = g_steal_pointer (&solution->trust);
  return TRUE;
}

static gboolean
on_due (gpointer data)
{
  TocsinRecompute *self = data;

  g_clear_pointer (&self->due, g_source_unref);
  tocsin_recompute_request (self);
  return G_SOURCE_REMOVE;
}

/* What others state was not looked at: it is, once they may change something again. */
static void
come_back (TocsinRecompute *self)
{
  guint wait = tocsin_bucket_wait_seconds (&self->others, 1, g_get_monotonic_time ());

  if (self->due != NULL)
    return;
  self->due = g_timeout_source_new_seconds (MAX (wait, 1));
  g_source_set_callback (self->due, on_due, self, NULL);
  g_source_attach (self->due, self->context);
}

static gboolean
on_done (gpointer data)
{
  Result *result = data;
  TocsinRecompute *self = result->self;
  Solution *solution = &result->solution;

  if (self->func == NULL)
    return G_SOURCE_REMOVE;
  self->running = FALSE;
  if (result->error != NULL)
    {
      try_again_later (self, result->error);
      return G_SOURCE_REMOVE;
    }
  self->settle_ms = (guint) CLAMP (PAUSE_FACTOR * result->took_us / 1000, SETTLE_MS, SETTLE_MAX_MS);
  if (keep (self, solution))
    {
      if (!solution->is_own)
        tocsin_bucket_take (&self->others, 1, g_get_monotonic_time ());
      self->func (self->trust, self->data);
    }
  else if (self->own_alone)
    come_back (self);
  if (self->again)
    {
      self->again = FALSE;
      tocsin_recompute_request (self);
    }
  return G_SOURCE_REMOVE;
}

/* Until it is done or there is something else to do. */
static void
prepare (TocsinRecompute *self, TocsinTrustSnapshot *trust)
{
  while (g_async_queue_length (self->orders) <= 0 && tocsin_trust_snapshot_warm (trust))
    ;
}

static void
hand_over (TocsinRecompute *self, Result *result)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  result->self = g_atomic_rc_box_acquire (self);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_done, result, result_free);
  g_source_attach (source, self->context);
}

static void
do_round (TocsinRecompute *self, TocsinReader *reader)
{
  gint64 begin_us = g_get_monotonic_time ();
  Result *result = g_new0 (Result, 1);
  g_autoptr (TocsinTrustSnapshot) trust = NULL;
  gint64 prepare_us;

  if (solve (self, reader, __atomic_load_n (&self->version, __ATOMIC_RELAXED), &result->solution,
             &result->error) &&
      result->solution.trust != NULL)
    trust = tocsin_trust_snapshot_ref (result->solution.trust);
  prepare_us = g_get_monotonic_time ();
  while (trust != NULL && g_get_monotonic_time () - prepare_us < PREPARE_MAX_US &&
         tocsin_trust_snapshot_warm (trust))
    ;
  result->took_us = g_get_monotonic_time () - begin_us;
  hand_over (self, result);
  if (trust != NULL)
    prepare (self, trust);
}

static gpointer
work (gpointer data)
{
  TocsinRecompute *self = data;
  TocsinReader *reader = tocsin_reader_new (self->store);
  gpointer order;

  while ((order = g_async_queue_pop (self->orders)) != self->orders)
    {
      if (order == self)
        do_round (self, reader);
      else
        {
          prepare (self, order);
          tocsin_trust_snapshot_unref (order);
        }
    }
  tocsin_reader_free (reader);
  return NULL;
}

/* ---- main ---- */

static gboolean
on_settled (gpointer data)
{
  TocsinRecompute *self = data;

  g_clear_pointer (&self->settling, g_source_unref);
  self->running = TRUE;
  self->own_alone = tocsin_bucket_wait_seconds (&self->others, 1, g_get_monotonic_time ()) > 0;
  __atomic_add_fetch (&self->version, 1, __ATOMIC_RELAXED);
  g_async_queue_push (self->orders, self);
  return G_SOURCE_REMOVE;
}

/**
 * tocsin_recompute_request:
 * @self: the recomputation; main thread
 *
 * Says that trust statements or the operator's weights changed. After a round that failed, the next
 * one waits its minute all the same. No snapshot comes of it where nothing that it is made from
 * differs, and a late one where that is by the word of others alone, who change things all the
 * time.
 */
void
tocsin_recompute_request (TocsinRecompute *self)
{
  if (self->settling != NULL)
    return;
  if (self->running)
    {
      self->again = TRUE;
      return;
    }
  settle (self, self->settle_ms);
}

/**
 * tocsin_recompute_now:
 * @self: the recomputation; main thread, before anything was requested
 *
 * Works trust out on the calling thread: at start, so that the first check uses it. What checks
 * will need is prepared in the background. If the store cannot be read nobody is believed until
 * that is tried again, in a minute; the version 0 tells lists and readiness that this is not so.
 *
 * Returns: (transfer full): who is believed
 */
TocsinTrustSnapshot *
tocsin_recompute_now (TocsinRecompute *self)
{
  guint64 version = __atomic_add_fetch (&self->version, 1, __ATOMIC_RELAXED);
  g_auto (Solution) solution = { 0 };
  g_autoptr (GError) error = NULL;

  if (!solve (self, tocsin_store_get_reader (self->store), version, &solution, &error))
    {
      const TocsinTrustInput nobody = { 0 };

      try_again_later (self, error);
      return tocsin_trust_snapshot_new (&nobody, 0, self->seed);
    }
  keep (self, &solution);
  g_async_queue_push (self->orders, tocsin_trust_snapshot_ref (self->trust));
  return tocsin_trust_snapshot_ref (self->trust);
}

/**
 * tocsin_recompute_is_idle:
 * @self: the recomputation; main thread
 *
 * Returns: whether nothing is being worked out, or about to be; what others state may wait
 */
gboolean
tocsin_recompute_is_idle (const TocsinRecompute *self)
{
  return !self->running && self->settling == NULL;
}

/**
 * tocsin_recompute_new:
 * @store: (unowned): has to outlive the recomputation
 * @func: gets every new snapshot
 * @data: for @func
 * @time_scale: divides the wait for what others state; 1 but in tests
 */
TocsinRecompute *
tocsin_recompute_new (TocsinStore *store, TocsinRecomputeFunc func, gpointer data, guint time_scale)
{
  TocsinRecompute *self = g_atomic_rc_box_new0 (TocsinRecompute);

  self->store = store;
  self->func = func;
  self->data = data;
  self->settle_ms = SETTLE_MS;
  self->context = g_main_context_ref_thread_default ();
  self->orders = g_async_queue_new ();
  tocsin_random_bytes (&self->seed, sizeof self->seed);
  tocsin_bucket_init (&self->others, OTHERS_AT_ONCE, MAX (time_scale, 1) / (double) OTHERS_SECONDS,
                      g_get_monotonic_time ());
  self->thread = g_thread_new ("compute", work, self);
  return self;
}

/* Waits for a round that is under way; its result is dropped. */
void
tocsin_recompute_free (TocsinRecompute *self)
{
  if (self->settling != NULL)
    g_source_destroy (self->settling);
  g_clear_pointer (&self->settling, g_source_unref);
  if (self->due != NULL)
    g_source_destroy (self->due);
  g_clear_pointer (&self->due, g_source_unref);
  self->func = NULL;
  g_async_queue_push (self->orders, self->orders);
  g_thread_join (self->thread);
  g_atomic_rc_box_release_full (self, recompute_clear);
}
