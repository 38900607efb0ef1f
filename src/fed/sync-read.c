/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One reading of a direct peer's outbox. The steps, in order:
 *   tocsin_sync_read_async: what the store knows -> on_owner: its document -> on_head: epoch and
 *   last sequence -> on_items, at the first reading: how many reports -> on_begun: the first read
 *   has a batch -> on_page -> check_some (a few at a
 *   time, waiting in on_author for keys) -> on_page_written -> on_page … -> begin_again, if it is
 *   one from 0: what was read before, page by page likewise -> on_reports: digests -> on_ended
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/sync-read.h"

#include "codec/collection-json.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/knock.h"
#include "fed/peers.h"
#include "fed/sync-note.h"
#include "fed/sync-page.h"
#include "store/table-actors.h"
#include "store/table-changes.h"
#include "store/table-peers.h"

#define CHECKS_AT_ONCE 8     /* activities between two looks at the main loop */
#define WRITES_AT_ONCE 2     /* batches on their way to disk */
#define WAITS_MAX      10    /* one after another, without a page between */
#define WAIT_MAX       60    /* seconds that a peer may ask for; a longer wait ends the reading */
#define SETTLINGS_MAX  16    /* changes of keys in one reading that are waited for */
#define PAGES_MAX      20000 /* of one reading; the next goes on from there */
#define READING_US     TOCSIN_DAY_US /* likewise: a slow one is not to be a first one for ever */
#define READING_MIN_US (5 * TOCSIN_MINUTE_US) /* however much waits are shortened for tests */

/* Pages are written together: ids and keys are random, so that a change of 50 reports touches
 * almost as many leaves of the store as one of 2,000, and each is written whole. */
#define BATCH_ACTIVITIES 2000
#define BATCH_BYTES      (5 << 20)
#define BATCH_US         (5 * TOCSIN_SECOND_US)
/* The log of changes names all that is written at once, also of two subjects each. */
G_STATIC_ASSERT (2 * WRITES_AT_ONCE * (BATCH_ACTIVITIES + 50) <= TOCSIN_CHANGES_TXN_MAX);

typedef struct
{
  TocsinFederation *fed; /* (unowned) may be gone once the reading was cancelled */
  guint32 actor;
  gboolean from_zero;
  gint64 since_us;   /* it is followed */
  gboolean is_first; /* no reading before got to the end */
  char *uri;         /* (owned) */
  char *outbox;      /* (owned) */
  char *reports;     /* (owned) */
  TocsinSignScheme scheme;
  TocsinKnownActor *owner; /* (owned) */
  guint64 epoch;
  guint64 batch;
  guint64 known;     /* read up to here before */
  gboolean is_again; /* what was read before is read: the second part of a reading from 0 */
  gboolean is_cut;   /* then: a bound of ours ended it, not the outbox */
  gint64 newest;     /* then: where the first part ended */
  gint64 after;      /* the page that is read */
  gint64 reached;    /* complete up to here */
  gint64 flushed;    /* what was handed to the writer is complete up to here */
  gint64 flushed_us; /* monotonic */
  gint64 begun_us;
  gint64 end_us; /* monotonic: no further page after that */
  gint64 head_last;
  gint64 items; /* reports that it says it has for us; -1: it does not say */
  guint pages;
  guint writes;
  gboolean is_waiting; /* for a write before the next page is asked for */
  gsize bytes;         /* of what is not flushed */
  guint waits;         /* that the peer asked for since the last page */
  guint settlings;
  gboolean was_held;    /* for its key, before a change of its keys was written */
  gboolean is_settling; /* for a change of the owner's keys to be written before the page goes on */
  gboolean ended;       /* no page follows */
  gboolean is_over;     /* the task has returned */
  gboolean incomplete;
  TocsinOutboxPage *page;  /* (owned) (nullable) being checked */
  guint index;             /* of the next activity in it */
  TocsinSyncPage *checked; /* (owned) (nullable) what is taken and not handed to the writer yet */
  TocsinActivity *pending; /* (owned) (nullable) waits for its author */
  GHashTable *asked; /* (owned) (element-type utf8 gboolean) authors that were asked for: gone? */
  TocsinSyncNote *note; /* (unowned) of the write under way */
  GError *failure;      /* (owned) (nullable) to be reported once no write is under way */
} ReadOp;

static void on_owner (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_head (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_items (GObject *source, GAsyncResult *result, gpointer user_data);
static void begin (GTask *task);
static void on_begun (GObject *source, GAsyncResult *result, gpointer user_data);
static void fetch_page (GTask *task);
static void on_page (GObject *source, GAsyncResult *result, gpointer user_data);
static gboolean on_waited (gpointer user_data);
static gboolean check_some (gpointer user_data);
static void on_author (GObject *source, GAsyncResult *result, gpointer user_data);
static void store_page (GTask *task);
static void on_page_written (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_reports (GObject *source, GAsyncResult *result, gpointer user_data);
static void end (GTask *task, gboolean compared, gboolean matches);
static void on_ended (GObject *source, GAsyncResult *result, gpointer user_data);

static void
read_op_free (ReadOp *op)
{
  g_free (op->uri);
  g_free (op->outbox);
  g_free (op->reports);
  g_clear_pointer (&op->owner, tocsin_known_actor_unref);
  g_clear_pointer (&op->page, tocsin_outbox_page_free);
  g_clear_pointer (&op->checked, tocsin_sync_page_free);
  g_clear_pointer (&op->pending, tocsin_activity_free);
  g_hash_table_unref (op->asked);
  g_clear_error (&op->failure);
  g_free (op);
}

/* Hands what was taken to the writer; the cursor moves with it, but not past the head. */
static void
flush (GTask *task)
{
  ReadOp *op = g_task_get_task_data (task);
  TocsinSyncPage *checked = g_steal_pointer (&op->checked);

  op->flushed_us = g_get_monotonic_time ();
  op->bytes = 0;
  if (checked == NULL && op->reached == op->flushed)
    return;
  if (checked == NULL)
    checked = tocsin_sync_page_new (op->actor, op->since_us, op->epoch);
  checked->after = (guint64) op->flushed;
  checked->sequence = (guint64) MIN (op->reached, op->head_last);
  op->flushed = op->reached;
  op->incomplete |= checked->incomplete;
  op->fed->stats.caught_up += checked->admissions->len;
  op->writes++;
  tocsin_writer_submit_async (op->fed->writer, tocsin_sync_page_write, checked,
                              (GDestroyNotify) tocsin_sync_page_free, NULL, on_page_written,
                              g_object_ref (task));
}

/* The first failure ends the reading, after what is on its way to disk got there: a peer that
 * breaks off again and again is read all the same. Being cancelled ends it at once. */
static void
fail (GTask *task, GError *error)
{
  ReadOp *op = g_task_get_task_data (task);

  if (!g_cancellable_is_cancelled (g_task_get_cancellable (task)))
    flush (task);
  if (op->failure == NULL && !op->is_over)
    op->failure = error;
  else
    g_error_free (error);
  if (op->writes > 0 || op->is_over)
    return;
  op->is_over = TRUE;
  g_task_return_error (task, g_steal_pointer (&op->failure));
}

/* Whether the reading was answered for; what is cancelled is answered for here. */
static gboolean
is_over (GTask *task)
{
  ReadOp *op = g_task_get_task_data (task);

  if (!op->is_over)
    op->is_over = g_task_return_error_if_cancelled (task);
  return op->is_over;
}

static void
fail_with (GTask *task, TocsinError code, const char *message)
{
  fail (task, g_error_new_literal (TOCSIN_ERROR, (int) code, message));
}

/* ---- begin ---- */

static gboolean
load (ReadOp *op)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinActorRecord) actor = { 0 };

  if (!tocsin_peers_get (txn, op->actor, &peer) || !tocsin_peer_record_is_direct (&peer) ||
      peer.version_hold || peer.blocked || !tocsin_actors_get (txn, op->actor, &actor))
    return FALSE;
  op->is_first = !peer.first_batch_done;
  op->since_us = peer.following_since_us;
  op->uri = g_strdup (actor.uri);
  op->scheme = peer.scheme == TOCSIN_PEER_SCHEME_RFC9421_RSA ? TOCSIN_SIGN_RFC9421_RSA
                                                             : TOCSIN_SIGN_DRAFT_RSA;
  return TRUE;
}

/**
 * tocsin_sync_read_async:
 * @fed: the federation
 * @actor: a direct peer's number
 * @from_zero: read it all, whatever was read before
 * @cancellable: to give up early; cancel it before @fed is freed
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 *
 * Reads what @actor's outbox has beyond what was read before.
 */
void
tocsin_sync_read_async (TocsinFederation *fed,
                        guint32 actor,
                        gboolean from_zero,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  ReadOp *op = g_new0 (ReadOp, 1);

  g_task_set_source_tag (task, tocsin_sync_read_async);
  g_task_set_task_data (task, op, (GDestroyNotify) read_op_free);
  op->fed = fed;
  op->actor = actor;
  op->from_zero = from_zero;
  op->begun_us = tocsin_time_now_us ();
  op->end_us =
      g_get_monotonic_time () + MAX (tocsin_federation_wait_us (fed, READING_US), READING_MIN_US);
  op->items = -1;
  op->asked = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!load (op))
    {
      fail_with (task, TOCSIN_ERROR_NOT_A_PEER, "The actor is no direct peer");
      return;
    }
  tocsin_keyring_find_async (fed->keyring, op->uri, FALSE, NULL, on_owner, g_steal_pointer (&task));
}

static void
get (GTask *task, const char *uri, GAsyncReadyCallback callback)
{
  ReadOp *op = g_task_get_task_data (task);
  TocsinKnock knock = {
    .fetcher = op->fed->fetcher,
    .identity = op->fed->identity,
    .request = {
      .uri = uri,
      .accept = TOCSIN_FETCH_ACCEPT_ACTIVITY,
      .media_types = tocsin_fetch_activity_types,
      .same_origin = TRUE,
    },
    .first = op->scheme,
  };

  tocsin_knock_async (&knock, g_task_get_cancellable (task), callback, g_object_ref (task));
}

/* The body of a good answer; else the reading has failed. Takes @error. */
static GBytes *
take_body (GTask *task, const TocsinFetchResult *fetched, GError *error)
{
  if (fetched != NULL && tocsin_fetch_result_is_success (fetched))
    return g_bytes_ref (fetched->body);
  if (fetched != NULL)
    error = g_error_new (TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE, "The peer answered %u",
                         fetched->status);
  fail (task, error);
  return NULL;
}

static void
on_owner (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  GError *error = NULL;

  if (is_over (task))
    return;
  op->owner = tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  if (op->owner == NULL)
    {
      fail (task, error);
      return;
    }
  if (!g_str_equal (op->owner->document->id, op->uri))
    {
      fail_with (task, TOCSIN_ERROR_KEY_UNREACHABLE, "The actor's document has another id");
      return;
    }
  if (op->owner->document->outbox == NULL)
    {
      fail_with (task, TOCSIN_ERROR_NOT_FOUND, "The peer names no outbox");
      return;
    }
  if (tocsin_actor_document_protocol_major (op->owner->document) == 1)
    op->scheme = TOCSIN_SIGN_RFC9421_ED25519;
  op->outbox = g_strdup (op->owner->document->outbox);
  op->reports = g_strdup (op->owner->document->reports);
  get (task, op->outbox, on_head);
}

static void
on_head (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (TocsinFetchResult) fetched = tocsin_knock_finish (result, &op->scheme, &error);
  g_autoptr (GBytes) body = take_body (task, fetched, error);
  g_autoptr (TocsinCollectionHead) head = NULL;

  if (body == NULL)
    return;
  error = NULL;
  head = tocsin_collection_head_parse (body, op->outbox, &error);
  if (head == NULL)
    {
      fail (task, error);
      return;
    }
  if (!g_str_equal (head->attributed_to, op->uri) || head->last_sequence < 0)
    {
      fail_with (task, TOCSIN_ERROR_FORBIDDEN, TOCSIN_SYNC_NOT_SHOWN);
      return;
    }
  op->head_last = head->last_sequence;
  op->epoch = tocsin_sync_epoch_number (head->epoch);
  /* Later readings learn it at their end, with the digest: it costs the peer a walk. */
  if (op->is_first && op->reports != NULL)
    get (task, op->reports, on_items);
  else
    begin (task);
}

/* The head of the peer's `reports`; %NULL if it cannot be had, which takes nothing from what is
 * read. */
static TocsinCollectionHead *
take_reports (ReadOp *op, GAsyncResult *result)
{
  g_autoptr (TocsinFetchResult) fetched = tocsin_knock_finish (result, NULL, NULL);
  TocsinCollectionHead *head = NULL;

  if (fetched != NULL && tocsin_fetch_result_is_success (fetched))
    head = tocsin_collection_head_parse (fetched->body, op->reports, NULL);
  if (head != NULL && !g_str_equal (head->attributed_to, op->uri))
    g_clear_pointer (&head, tocsin_collection_head_free);
  if (head != NULL && head->total_items >= 0)
    op->items = head->total_items;
  return head;
}

static void
on_items (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (TocsinCollectionHead) head G_GNUC_UNUSED =
      take_reports (g_task_get_task_data (task), result);

  if (!is_over (task))
    begin (task);
}

static void
begin (GTask *task)
{
  ReadOp *op = g_task_get_task_data (task);

  op->note = g_new0 (TocsinSyncNote, 1);
  op->note->policy = tocsin_policy_ref (op->fed->policy);
  op->note->actor = op->actor;
  op->note->since_us = op->since_us;
  op->note->epoch = op->epoch;
  op->note->last = (guint64) op->head_last;
  op->note->from_zero = op->from_zero;
  op->note->items = op->items;
  op->note->now_us = tocsin_time_now_us ();
  op->note->day_us = tocsin_federation_wait_us (op->fed, TOCSIN_DAY_US);
  op->note->source = g_strdup (op->outbox);
  tocsin_writer_submit_async (op->fed->writer, tocsin_sync_note_write_begin, op->note,
                              (GDestroyNotify) tocsin_sync_note_free, NULL, on_begun,
                              g_object_ref (task));
}

static void
on_begun (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  GError *error = NULL;

  if (is_over (task))
    return;
  if (!tocsin_writer_submit_finish (result, &error))
    {
      fail (task, error);
      return;
    }
  op->batch = op->note->batch;
  op->known = op->note->sequence;
  op->after = op->reached = op->flushed = (gint64) op->known;
  op->flushed_us = g_get_monotonic_time ();
  fetch_page (task);
}

/* ---- pages ---- */

static gboolean
is_at_end (const ReadOp *op)
{
  gint64 last = op->is_again ? (gint64) op->known : op->head_last;

  return op->ended || op->reached >= last || op->pages >= PAGES_MAX ||
         g_get_monotonic_time () >= op->end_us;
}

/* From 0, after what is new: pages have no end where the last reading ended, and a change of keys
 * has to come before what was read before it, or it is taken for an old one. */
static void
begin_again (ReadOp *op)
{
  op->is_again = TRUE;
  op->ended = FALSE;
  op->newest = op->reached;
  op->reached = op->flushed = 0;
}

static void
fetch_page (GTask *task)
{
  ReadOp *op = g_task_get_task_data (task);
  g_autofree char *uri = NULL;

  op->is_waiting = op->writes >= WRITES_AT_ONCE;
  if (op->is_waiting)
    return;
  if (is_at_end (op))
    {
      if (op->is_again && !op->ended && op->reached < (gint64) op->known)
        op->is_cut = op->incomplete = TRUE;
      op->ended = TRUE;
      flush (task);
      if (op->writes > 0)
        return;
      if (!op->from_zero || op->is_again || op->known == 0)
        {
          if (op->reports == NULL)
            end (task, FALSE, FALSE);
          else
            get (task, op->reports, on_reports);
          return;
        }
      begin_again (op);
    }
  /* As for what is brought to the inbox: what is left is for the operator's own. */
  if (tocsin_store_fill_percent (op->fed->store) >= TOCSIN_STORE_FULL_PERCENT)
    {
      fail_with (task, TOCSIN_ERROR_UNAVAILABLE, "The store of this node is almost full");
      return;
    }
  op->pages++;
  op->after = op->reached;
  uri = g_strdup_printf ("%s/after/%" G_GINT64_FORMAT, op->outbox, op->after);
  get (task, uri, on_page);
}

/* A peer may bound how fast it is read; then the reading goes on after the pause that it asks for.
 */
static gboolean
pauses (GTask *task, const TocsinFetchResult *fetched)
{
  ReadOp *op = g_task_get_task_data (task);
  g_autoptr (GSource) timer = NULL;
  g_autoptr (GSource) watch = NULL;

  if (fetched == NULL || (fetched->status != 429 && fetched->status != 503) ||
      fetched->retry_after_seconds <= 0 || fetched->retry_after_seconds > WAIT_MAX ||
      op->waits >= WAITS_MAX)
    return FALSE;
  op->waits++;
  timer = g_timeout_source_new_seconds ((guint) fetched->retry_after_seconds);
  watch = g_cancellable_source_new (g_task_get_cancellable (task));
  g_source_set_dummy_callback (watch);
  g_source_add_child_source (timer, watch);
  g_source_set_callback (timer, on_waited, g_object_ref (task), g_object_unref);
  g_source_attach (timer, g_task_get_context (task));
  return TRUE;
}

static gboolean
on_waited (gpointer user_data)
{
  GTask *task = user_data;

  if (!is_over (task))
    fetch_page (task);
  return G_SOURCE_REMOVE;
}

static void
on_page (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (TocsinFetchResult) fetched = tocsin_knock_finish (result, &op->scheme, &error);
  g_autoptr (GBytes) body = NULL;

  if (pauses (task, fetched))
    return;
  body = take_body (task, fetched, error);
  if (body == NULL)
    return;
  error = NULL;
  op->waits = 0;
  op->page = tocsin_outbox_page_parse (body, op->outbox, op->after, &error);
  if (op->page == NULL)
    {
      fail (task, error);
      return;
    }
  if (op->page->epoch != NULL && tocsin_sync_epoch_number (op->page->epoch) != op->epoch)
    {
      fail_with (task, TOCSIN_ERROR_CONFLICT, "The outbox began anew while it was read");
      return;
    }
  op->index = 0;
  g_idle_add_full (G_PRIORITY_DEFAULT, check_some, g_steal_pointer (&task), NULL);
}

/* For its document; anew, unless it is only that none of the last day is here. */
static void
ask_author (GTask *task, const char *author)
{
  ReadOp *op = g_task_get_task_data (task);
  TocsinKnownActor *known = tocsin_keyring_peek_author (op->fed->keyring, author);

  if (known != NULL && !g_str_equal (author, op->uri) &&
      tocsin_known_actor_is_stale (known, tocsin_time_now_us ()))
    tocsin_keyring_find_fresh_async (op->fed->keyring, author, NULL, on_author,
                                     g_object_ref (task));
  else
    tocsin_keyring_find_async (op->fed->keyring, author, TRUE, NULL, on_author,
                               g_object_ref (task));
}

/* One activity. %FALSE: its author is being asked for, and on_author() goes on. */
static gboolean
check_one (GTask *task, TocsinActivity *activity)
{
  ReadOp *op = g_task_get_task_data (task);
  /* Only what lies beyond what was read before can say something new about the peer itself. */
  gboolean may_update = op->batch == 0 && !op->is_again;

  if (op->checked == NULL)
    {
      op->checked = tocsin_sync_page_new (op->actor, op->since_us, op->epoch);
      op->checked->batch = op->batch;
    }
  switch (tocsin_sync_page_check (op->checked, op->fed, activity, op->owner, may_update,
                                  op->begun_us, tocsin_time_now_us ()))
    {
    case TOCSIN_CHECKED_TAKE:
      return TRUE;
    case TOCSIN_CHECKED_AUTHOR:
      /* Once in a reading, whatever comes of it. */
      if (!g_hash_table_contains (op->asked, activity->actor))
        {
          g_hash_table_insert (op->asked, g_strdup (activity->actor), GINT_TO_POINTER (FALSE));
          op->pending = activity;
          ask_author (task, activity->actor);
          return FALSE;
        }
      if (!GPOINTER_TO_INT (g_hash_table_lookup (op->asked, activity->actor)))
        op->checked->incomplete = TRUE;
      break;
    case TOCSIN_CHECKED_SKIP:
    default:
      break;
    }
  tocsin_activity_free (activity);
  return TRUE;
}

/* What follows may be proven by a key that the owner has just named: it has to be pinned first. */
static gboolean
has_new_keys (const ReadOp *op)
{
  return op->checked != NULL && op->checked->update != NULL && op->settlings < SETTLINGS_MAX;
}

static gboolean
is_held_for_its_key (const ReadOp *op)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));
  g_auto (TocsinPeerRecord) peer = { 0 };

  return tocsin_peers_get (txn, op->actor, &peer) && peer.key_hold;
}

/* A few signatures at a time: others wait for this thread too. */
static gboolean
check_some (gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);

  if (is_over (task))
    return G_SOURCE_REMOVE;
  for (guint i = 0;
       i < CHECKS_AT_ONCE && op->index < op->page->activities->len && !has_new_keys (op); i++)
    {
      GBytes *raw = g_ptr_array_index (op->page->activities, op->index++);
      TocsinActivity *activity = tocsin_activity_parse_listed (raw, NULL);

      op->bytes += g_bytes_get_size (raw);
      if (activity != NULL && !check_one (task, activity))
        return G_SOURCE_REMOVE;
    }
  op->is_settling = has_new_keys (op);
  if (op->is_settling)
    {
      op->settlings++;
      op->was_held = is_held_for_its_key (op);
      flush (task);
    }
  else if (op->index < op->page->activities->len)
    g_idle_add_full (G_PRIORITY_DEFAULT, check_some, g_steal_pointer (&task), NULL);
  else
    store_page (task);
  return G_SOURCE_REMOVE;
}

static void
on_author (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinKnownActor) author =
      tocsin_keyring_find_finish (TOCSIN_KEYRING (source), result, &error);
  TocsinActivity *activity = g_steal_pointer (&op->pending);

  if (is_over (task))
    {
      tocsin_activity_free (activity);
      return;
    }
  /* A document that calls itself otherwise does not help. */
  if (author != NULL && g_str_equal (activity->actor, op->uri) &&
      g_str_equal (author->document->id, op->uri))
    {
      tocsin_known_actor_unref (op->owner);
      op->owner = tocsin_known_actor_ref (author);
    }
  /* Reading it all again tomorrow would not bring back an author that is gone. */
  else if (author == NULL && !g_str_equal (activity->actor, op->uri) &&
           tocsin_keyring_is_gone (op->fed->keyring, activity->actor))
    g_hash_table_insert (op->asked, g_strdup (activity->actor), GINT_TO_POINTER (TRUE));
  if (check_one (task, activity))
    check_some (g_steal_pointer (&task));
}

static void
store_page (GTask *task)
{
  ReadOp *op = g_task_get_task_data (task);

  op->reached = op->page->last_sequence >= 0 ? op->page->last_sequence : op->head_last;
  op->ended = !op->page->has_next;
  g_clear_pointer (&op->page, tocsin_outbox_page_free);
  if ((op->checked != NULL && op->checked->admissions->len >= BATCH_ACTIVITIES) ||
      op->bytes >= BATCH_BYTES || g_get_monotonic_time () - op->flushed_us >= BATCH_US)
    flush (task);
  fetch_page (task);
}

static void
on_page_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean written = tocsin_writer_submit_finish (result, &error);

  op->writes--;
  if (is_over (task))
    {
      g_clear_error (&error);
      return;
    }
  if (!written || op->failure != NULL)
    {
      if (written)
        error = g_steal_pointer (&op->failure);
      fail (task, error);
      return;
    }
  if (op->is_settling && op->writes == 0)
    {
      op->is_settling = FALSE;
      if (op->was_held && !is_held_for_its_key (op))
        tocsin_peers_release_key (op->fed, op->actor);
      check_some (g_steal_pointer (&task));
    }
  else if (op->is_waiting || (op->ended && op->writes == 0))
    fetch_page (task);
}

/* ---- digests, end ---- */

static void
on_reports (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  g_autoptr (TocsinCollectionHead) head = take_reports (op, result);
  gint64 now_us = tocsin_time_now_us ();
  gboolean comparable, matches = FALSE;

  if (is_over (task))
    return;
  comparable = !op->is_cut && head != NULL && head->has_digest &&
               head->last_sequence == (op->is_again ? op->newest : op->reached) &&
               head->as_of_us == now_us - now_us % TOCSIN_DAY_US;
  if (comparable)
    {
      g_autoptr (TocsinReading) txn =
          tocsin_reader_begin (tocsin_store_get_reader (op->fed->store));

      matches = tocsin_sync_note_matches (txn, op->actor, head);
    }
  end (task, comparable, matches);
}

static void
end (GTask *task, gboolean compared, gboolean matches)
{
  ReadOp *op = g_task_get_task_data (task);
  gint64 interval_us = MAX (op->fed->sync_interval_hours, 1) * TOCSIN_HOUR_US;
  double jitter = g_random_double_range (0.9, 1.1);

  op->note = g_new0 (TocsinSyncNote, 1);
  op->note->policy = tocsin_policy_ref (op->fed->policy);
  op->note->actor = op->actor;
  op->note->since_us = op->since_us;
  op->note->items = op->items;
  op->note->now_us = tocsin_time_now_us ();
  op->note->day_us = tocsin_federation_wait_us (op->fed, TOCSIN_DAY_US);
  op->note->due_us = op->note->now_us +
                     tocsin_federation_wait_us (op->fed, (gint64) ((double) interval_us * jitter));
  op->note->compared = compared;
  op->note->matches = matches;
  tocsin_writer_submit_async (op->fed->writer, tocsin_sync_note_write_end, op->note,
                              (GDestroyNotify) tocsin_sync_note_free, NULL, on_ended,
                              g_object_ref (task));
}

static void
on_ended (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  ReadOp *op = g_task_get_task_data (task);
  GError *error = NULL;
  TocsinReadResult *out;

  if (!tocsin_writer_submit_finish (result, &error))
    {
      fail (task, error);
      return;
    }
  out = g_new0 (TocsinReadResult, 1);
  out->actor = op->actor;
  out->incomplete = op->incomplete;
  out->again = op->note->again;
  g_task_return_pointer (task, out, g_free);
}

/**
 * tocsin_sync_read_finish:
 * @result: what the callback was given
 * @out: (out): how it ended; untouched on error
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE if the outbox was read to its end; what was read before an error is kept
 */
gboolean
tocsin_sync_read_finish (GAsyncResult *result, TocsinReadResult *out, GError **error)
{
  g_autofree TocsinReadResult *read = g_task_propagate_pointer (G_TASK (result), error);

  if (read == NULL)
    return FALSE;
  *out = *read;
  return TRUE;
}
