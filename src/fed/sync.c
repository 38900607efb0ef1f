/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * When which outbox is read: after a start, when a peer has accepted us, every few hours, after a
 * breaker closed. The reading itself is in fed/sync-read.c.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/sync.h"

#include <stdlib.h>

#include "core/breaker.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/sync-note.h"
#include "fed/sync-read.h"
#include "store/table-meta.h"
#include "store/table-peers.h"

#define READS_AT_ONCE   4 /* a reading that takes long does not count: it may be the peer's doing */
#define READS_MAX       32 /* with those */
#define SLOW_READ_US    (30 * TOCSIN_SECOND_US)
#define SCAN_PAUSE_US   (TOCSIN_SECOND_US / 5)
#define TICK_MAX_US     (60 * TOCSIN_SECOND_US)
#define START_SPREAD_US (30 * TOCSIN_SECOND_US) /* readings after a start */
#define META_BELIEVED   "believed" /* guint32s, ascending: actors for whom nothing is to be read */

/* What is remembered of a peer between readings, while the node runs. */
typedef struct
{
  guint32 actor;
  gint64 due_us; /* asked for from outside; G_MAXINT64: not */
  gboolean from_zero;
  gboolean want_reread; /* since the reading under way began; the record says it too */
  gboolean is_reading;
  gboolean was_outlived; /* the last reading ended with the relation that it was of */
  gint64 began_us;       /* monotonic: the reading */
  TocsinBreaker breaker; /* of readings */
} Peer;

struct _TocsinSync
{
  TocsinFederation *fed;     /* (unowned) */
  GHashTable *peers;         /* (owned) (element-type guint32 Peer) */
  GCancellable *cancellable; /* (owned) (nullable) while running */
  guint readings;
  guint n_open;         /* readings that have not called back, from before a stop as well */
  gint64 scan_after_us; /* monotonic */
  guint source;
};

typedef struct
{
  TocsinSync *self;      /* (owned) */
  GCancellable *session; /* (owned) since which start */
  guint32 actor;
  gboolean from_zero;
} ReadCall;

typedef struct
{
  TocsinSync *self;
  gint64 now_us;
  gint64 next_us;
  guint room; /* for readings */
} Scan;

static void schedule (TocsinSync *self, gint64 wait_us);
static void on_read (GObject *source, GAsyncResult *result, gpointer user_data);

static void
sync_clear (gpointer data)
{
  TocsinSync *self = data;

  g_hash_table_unref (self->peers);
}

static void
unref (TocsinSync *self)
{
  g_rc_box_release_full (self, sync_clear);
}

static Peer *
find_peer (TocsinSync *self, guint32 actor)
{
  Peer *peer = g_hash_table_lookup (self->peers, GUINT_TO_POINTER (actor));

  if (peer != NULL)
    return peer;
  peer = g_new0 (Peer, 1);
  peer->actor = actor;
  peer->due_us = G_MAXINT64;
  g_hash_table_insert (self->peers, GUINT_TO_POINTER (actor), peer);
  return peer;
}

static void
begin (TocsinSync *self, Peer *peer)
{
  ReadCall *call = g_new0 (ReadCall, 1);

  call->self = g_rc_box_acquire (self);
  call->session = g_object_ref (self->cancellable);
  call->actor = peer->actor;
  call->from_zero = peer->from_zero;
  self->readings++;
  self->n_open++;
  peer->is_reading = TRUE;
  peer->began_us = g_get_monotonic_time ();
  peer->due_us = G_MAXINT64;
  tocsin_sync_read_async (self->fed, peer->actor, peer->from_zero, self->cancellable, on_read,
                          call);
  peer->from_zero = peer->want_reread = FALSE;
}

/* ---- what is due ---- */

typedef struct
{
  guint32 actor;
  gint64 began_us; /* of the re-read of this day; 0: as it is */
  gboolean wanted;
} Reread;

/* A #TocsinWriteFunc: a restart loses none that is wanted, or under way. */
static gboolean
write_reread (TocsinTxn *txn, gpointer data, GError **error)
{
  const Reread *reread = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  if (tocsin_peers_get (txn, reread->actor, &peer))
    {
      peer.reread_us = reread->began_us != 0 ? reread->began_us : ABS (peer.reread_us);
      if (reread->wanted)
        tocsin_peer_record_want_reread (&peer);
      tocsin_peers_put (txn, &peer);
    }
  return tocsin_txn_check (txn, error);
}

static void
note_reread (TocsinSync *self, guint32 actor, gint64 began_us, gboolean wanted)
{
  Reread *reread = g_new0 (Reread, 1);

  reread->actor = actor;
  reread->began_us = began_us;
  reread->wanted = wanted;
  tocsin_writer_submit (self->fed->writer, write_reread, reread, g_free);
}

static gboolean
scan_peer (const TocsinPeerRecord *record, gpointer data)
{
  Scan *scan = data;
  TocsinSync *self = scan->self;
  gint64 longest_us = 2 * MAX (self->fed->sync_interval_hours, 1) * TOCSIN_HOUR_US;
  gint64 a_day_us = tocsin_federation_wait_us (self->fed, TOCSIN_DAY_US);
  gint64 reread_us = G_MAXINT64;
  Peer *peer;
  gint64 due_us;

  if (!tocsin_peer_record_is_direct (record) || record->version_hold || record->blocked)
    return TRUE;
  peer = find_peer (self, record->actor);
  if (peer->is_reading)
    return TRUE;
  due_us = MIN (tocsin_time_due (record->sync_due_us, scan->now_us, longest_us), peer->due_us);
  if (peer->want_reread || record->reread_us < 0)
    reread_us = tocsin_time_due (ABS (record->reread_us) + a_day_us, scan->now_us, a_day_us);
  due_us = MIN (due_us, reread_us);
  due_us = MAX (due_us, tocsin_breaker_due_us (&peer->breaker, scan->now_us));
  if (due_us > scan->now_us || scan->room == 0)
    {
      scan->next_us = MIN (scan->next_us, due_us);
      return TRUE;
    }
  if (reread_us <= scan->now_us)
    {
      peer->from_zero = TRUE;
      note_reread (self, peer->actor, scan->now_us, TRUE);
    }
  scan->room--;
  begin (self, peer);
  return TRUE;
}

static guint
count_room (const TocsinSync *self)
{
  gint64 slow_since_us = g_get_monotonic_time () - SLOW_READ_US;
  guint quick = 0;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->peers);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Peer *peer = value;

      quick += peer->is_reading && peer->began_us >= slow_since_us ? 1 : 0;
    }
  return quick < READS_AT_ONCE && self->readings < READS_MAX
             ? MIN (READS_AT_ONCE - quick, READS_MAX - self->readings)
             : 0;
}

static gboolean
on_scan (gpointer user_data)
{
  TocsinSync *self = user_data;
  Scan scan = { .self = self, .now_us = tocsin_time_now_us () };

  self->source = 0;
  scan.next_us = scan.now_us + TICK_MAX_US;
  scan.room = count_room (self);
  if (tocsin_time_is_sane (scan.now_us))
    {
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));

      tocsin_peers_foreach (txn, scan_peer, &scan);
    }
  self->scan_after_us = g_get_monotonic_time () + SCAN_PAUSE_US;
  /* With all places taken, the end of a reading looks again, or the time after which it is slow. */
  schedule (self, scan.room == 0 ? SLOW_READ_US : scan.next_us - scan.now_us);
  return G_SOURCE_REMOVE;
}

static void
schedule (TocsinSync *self, gint64 wait_us)
{
  wait_us = MAX (wait_us, self->scan_after_us - g_get_monotonic_time ());
  g_clear_handle_id (&self->source, g_source_remove);
  self->source = g_timeout_add ((guint) (CLAMP (wait_us, 0, TICK_MAX_US) / 1000), on_scan, self);
}

/* Nothing was read to its end. It stays due, and the breaker says when; what was read before, a
 * day later. */
static void
note_failure (TocsinSync *self, Peer *peer, gboolean from_zero, const GError *error)
{
  gint64 now_us = tocsin_time_now_us ();

  g_info ("An outbox was not read to its end: %s", error->message);
  tocsin_breaker_on_failure (&peer->breaker, now_us, g_random_double (), 0, self->fed->time_scale);
  tocsin_writer_submit (
      self->fed->writer, tocsin_sync_failure_write,
      tocsin_sync_failure_new (peer->actor, now_us, peer->breaker.open_until_us, error),
      (GDestroyNotify) tocsin_sync_failure_free);
  peer->due_us = 0;
  if (from_zero)
    note_reread (self, peer->actor, 0, TRUE);
}

static void
on_read (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autofree ReadCall *call = user_data;
  TocsinSync *self = call->self;
  g_autoptr (GCancellable) session = call->session;
  g_autoptr (GError) error = NULL;
  TocsinReadResult read = { 0 };
  gboolean ok = tocsin_sync_read_finish (result, &read, &error);
  /* No fault of the peer's; the record of the relation that there is now says when to read. */
  gboolean is_outlived = g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_A_PEER);
  Peer *peer;

  self->n_open--;
  if (session != self->cancellable)
    {
      unref (self);
      return;
    }
  self->readings--;
  peer = find_peer (self, call->actor);
  peer->is_reading = FALSE;
  if (ok)
    {
      tocsin_breaker_on_success (&peer->breaker);
      peer->want_reread |= read.incomplete;
      if (call->from_zero && !peer->want_reread && !peer->from_zero && !read.again)
        note_reread (self, peer->actor, 0, FALSE);
      if (read.again)
        {
          peer->from_zero = TRUE;
          peer->due_us = 0;
        }
    }
  else if (is_outlived && !peer->was_outlived)
    g_debug ("The relation to a peer changed while its outbox was read");
  else
    note_failure (self, peer, call->from_zero, error);
  peer->was_outlived = is_outlived;
  schedule (self, 0);
  unref (self);
}

/* Whether no reading has yet to call back. */
gboolean
tocsin_sync_is_idle (const TocsinSync *self)
{
  return self->n_open == 0;
}

/**
 * tocsin_sync_wake:
 * @self: the sync
 *
 * To be called when relations to peers changed.
 */
void
tocsin_sync_wake (TocsinSync *self)
{
  if (self->cancellable != NULL)
    schedule (self, 0);
}

/**
 * tocsin_sync_read_peer:
 * @self: the sync
 * @actor: a peer's number; nothing happens if it is no direct peer
 * @from_zero: read all of its outbox, whatever was read before
 *
 * Reads an outbox as soon as there is room.
 */
void
tocsin_sync_read_peer (TocsinSync *self, guint32 actor, gboolean from_zero)
{
  Peer *peer;

  if (self->cancellable == NULL)
    return;
  peer = find_peer (self, actor);
  if (from_zero && !peer->from_zero)
    note_reread (self, actor, 0, TRUE);
  peer->due_us = 0;
  peer->from_zero |= from_zero;
  tocsin_breaker_on_success (&peer->breaker);
  schedule (self, 0);
}

/**
 * tocsin_sync_want_reread:
 * @self: the sync
 * @actor: a direct peer's number
 *
 * Has its outbox read again from 0, at most once a day: something in it could not be taken yet.
 */
void
tocsin_sync_want_reread (TocsinSync *self, guint32 actor)
{
  Peer *peer;

  if (self->cancellable == NULL)
    return;
  peer = find_peer (self, actor);
  if (!peer->want_reread)
    note_reread (self, actor, 0, TRUE);
  peer->want_reread = TRUE;
  schedule (self, 0);
}

/* ---- who is believed ---- */

static int
compare_actors (gconstpointer a, gconstpointer b)
{
  const guint32 *left = a, *right = b;

  return (*left > *right) - (*left < *right);
}

/* Whoever is charged for it may not be who has its reports. */
static void
add_ways (GHashTable *ways, const TocsinTrustSnapshot *trust, const TocsinTrustedActor *entered)
{
  guint32 voucher;

  g_hash_table_add (ways, GUINT_TO_POINTER (entered->branch));
  for (guint i = 0;
       (voucher = tocsin_trust_snapshot_voucher (trust, entered->actor, i)) != TOCSIN_WALKS_NOBODY;
       i++)
    g_hash_table_add (ways, GUINT_TO_POINTER (voucher));
}

/* The direct peers through which trust reaches whom it did not when the store was told last. */
static GHashTable *
find_new_ways (TocsinTxn *txn, const TocsinTrustSnapshot *trust)
{
  g_autoptr (GBytes) stored = tocsin_meta_get (txn, META_BELIEVED);
  GHashTable *ways = g_hash_table_new (NULL, NULL);
  gsize size = 0, n;
  const guint32 *before = stored != NULL ? g_bytes_get_data (stored, &size) : NULL;
  const TocsinTrustedActor *trusted = tocsin_trust_snapshot_trusted (trust, &n);

  for (gsize i = 0; i < n; i++)
    if (!trusted[i].direct &&
        (size == 0 || bsearch (&trusted[i].actor, before, size / sizeof *before, sizeof *before,
                               compare_actors) == NULL))
      add_ways (ways, trust, &trusted[i]);
  return ways;
}

static void
put_believed (TocsinTxn *txn, const TocsinTrustSnapshot *trust)
{
  g_autoptr (GBytes) before = tocsin_meta_get (txn, META_BELIEVED);
  g_autoptr (GBytes) now = NULL;
  GArray *actors = g_array_new (FALSE, FALSE, sizeof (guint32));
  const TocsinTrustedActor *trusted;
  gsize size, n;

  trusted = tocsin_trust_snapshot_trusted (trust, &n);
  for (gsize i = 0; i < n; i++)
    g_array_append_val (actors, trusted[i].actor);
  g_array_sort (actors, compare_actors);
  size = n * sizeof (guint32);
  now = g_bytes_new_take (g_array_free (actors, FALSE), size);
  if (size == 0)
    tocsin_meta_remove (txn, META_BELIEVED);
  else if (before == NULL || !g_bytes_equal (before, now))
    tocsin_meta_put (txn, META_BELIEVED, g_bytes_get_data (now, NULL), size);
}

/* A #TocsinWriteFunc: who is believed, and what is to be read again for it, or neither. */
static gboolean
write_believed (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (GHashTable) ways = find_new_ways (txn, data);
  GHashTableIter iter;
  gpointer way;

  g_hash_table_iter_init (&iter, ways);
  while (g_hash_table_iter_next (&iter, &way, NULL))
    {
      g_auto (TocsinPeerRecord) peer = { 0 };

      if (!tocsin_peers_get (txn, GPOINTER_TO_UINT (way), &peer))
        continue;
      tocsin_peer_record_want_reread (&peer);
      tocsin_peers_put (txn, &peer);
    }
  put_believed (txn, data);
  return tocsin_txn_check (txn, error);
}

/**
 * tocsin_sync_set_trust:
 * @self: the sync
 * @trust: who is believed from now on
 *
 * Has the outboxes read again, at most once a day, of those through whom somebody entered the
 * trusted set: what an actor said before it was believed was dropped. Who was believed before is in
 * the store, so that who entered just before a stop is noticed by the next start.
 */
void
tocsin_sync_set_trust (TocsinSync *self, TocsinTrustSnapshot *trust)
{
  if (self->cancellable == NULL)
    return;
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));
    g_autoptr (GHashTable) ways = find_new_ways (txn, trust);
    GHashTableIter iter;
    gpointer way;

    g_hash_table_iter_init (&iter, ways);
    while (g_hash_table_iter_next (&iter, &way, NULL))
      find_peer (self, GPOINTER_TO_UINT (way))->want_reread = TRUE;
  }
  tocsin_writer_submit (self->fed->writer, write_believed, tocsin_trust_snapshot_ref (trust),
                        (GDestroyNotify) tocsin_trust_snapshot_unref);
  schedule (self, 0);
}

static gboolean
note_start (const TocsinPeerRecord *record, gpointer data)
{
  Scan *scan = data;

  if (tocsin_peer_record_is_direct (record))
    find_peer (scan->self, record->actor)->due_us =
        scan->now_us + tocsin_federation_wait_us (
                           scan->self->fed, (gint64) (g_random_double () * (double) scan->next_us));
  return TRUE;
}

/**
 * tocsin_sync_start:
 * @self: the sync
 *
 * Begins to read; every direct peer once soon, since what was sent while this node was down is
 * missing.
 */
void
tocsin_sync_start (TocsinSync *self)
{
  if (self->cancellable != NULL)
    return;
  self->cancellable = g_cancellable_new ();
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (self->fed->store));
    Scan scan = { .self = self, .now_us = tocsin_time_now_us (), .next_us = START_SPREAD_US };

    tocsin_peers_foreach (txn, note_start, &scan);
  }
  tocsin_sync_set_trust (self, self->fed->policy->trust);
}

/**
 * tocsin_sync_stop:
 * @self: the sync
 *
 * Ends all readings; the next start goes on where they were.
 */
void
tocsin_sync_stop (TocsinSync *self)
{
  g_autoptr (GCancellable) cancellable = g_steal_pointer (&self->cancellable);

  if (cancellable == NULL)
    return;
  g_clear_handle_id (&self->source, g_source_remove);
  g_cancellable_cancel (cancellable);
  g_hash_table_remove_all (self->peers);
  self->readings = 0;
}

/**
 * tocsin_sync_new:
 * @fed: (unowned): who reads; has to outlive the sync
 *
 * Returns: (transfer full): a sync that reads nothing before it is started
 */
TocsinSync *
tocsin_sync_new (TocsinFederation *fed)
{
  TocsinSync *self = g_rc_box_new0 (TocsinSync);

  self->fed = fed;
  self->peers = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

/**
 * tocsin_sync_free:
 * @self: (transfer full): a sync
 *
 * Stops it first, if that was not done.
 */
void
tocsin_sync_free (TocsinSync *self)
{
  tocsin_sync_stop (self);
  unref (self);
}
