/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * From a key id to an actor whose own document names that key. The steps, in order:
 *   tocsin_keyring_find_async: memory, then the store -> fetch -> on_document (the key's document,
 *   then, where that is not the actor's, the actor's) -> answer to all who wait for it
 *
 * Strangers' documents are remembered here and nowhere else: what they send costs no disk.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/keyring.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"
#include "fed/failures.h"
#include "fed/knock.h"
#include "fed/pinning.h"
#include "store/table-actors.h"

#define WAITING_MAX 32 /* requests of strangers for one document */

#define FRESH_US  TOCSIN_DAY_US
#define USEFUL_US (7 * TOCSIN_DAY_US) /* while its host does not answer */

#define FAILURES_MAX 1000

typedef struct
{
  TocsinKnownActor base;
  GHashTable *keys; /* (element-type utf8 TocsinPublicKey): parsed when first used */
  gint64 asked_us;  /* when its host was asked in vain for a newer one; 0: it was not */
  gboolean is_gone; /* its host says so */
} Known;

typedef struct
{
  TocsinKnownActor *actor; /* (owned) */
  gsize bytes;             /* what it takes, about */
  GList link;              /* in `recent`; its data is the entry */
} Entry;

struct _TocsinKeyring
{
  GObject parent_instance;

  TocsinStore *store;
  TocsinFetcher *fetcher; /* (owned) */
  TocsinHostBudget *budget;
  const TocsinIdentity *identity;
  GHashTable *actors;       /* (element-type utf8 Entry): by actor URI */
  GHashTable *aliases;      /* (element-type utf8 utf8): key id to actor URI */
  GQueue recent;            /* of Entry; the head was used last */
  gsize bytes;              /* of all entries */
  TocsinFailures *failures; /* (owned) of authors' documents */
  TocsinFailures *gone;     /* (owned) documents that are not there, says their host */
  GHashTable *waiting; /* (element-type utf8 GPtrArray<GTask>): by document URI, being fetched */
  guint fetches;
};

G_DEFINE_FINAL_TYPE (TocsinKeyring, tocsin_keyring, G_TYPE_OBJECT)

typedef struct
{
  char *wanted;                    /* (owned) what was asked for, without fragment */
  char *next;                      /* (owned) the document being fetched */
  TocsinFetchAllowance *allowance; /* (unowned) (nullable) */
  TocsinHostPlace *place;          /* (owned) (nullable) being charged */
  TocsinKeyring *keyring;          /* (owned) */
} FindOp;

static void on_document (GObject *source, GAsyncResult *result, gpointer user_data);

/* ---- known actors ---- */

static TocsinKnownActor *
known_new (TocsinActorDocument *document, gint64 fetched_us)
{
  Known *self = g_rc_box_new0 (Known);

  self->base.document = document;
  self->base.fetched_us = fetched_us;
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                      (GDestroyNotify) tocsin_public_key_unref);
  return &self->base;
}

static void
known_clear (gpointer data)
{
  Known *self = data;

  tocsin_actor_document_free (self->base.document);
  g_hash_table_unref (self->keys);
}

TocsinKnownActor *
tocsin_known_actor_ref (TocsinKnownActor *self)
{
  return g_rc_box_acquire (self);
}

void
tocsin_known_actor_unref (TocsinKnownActor *self)
{
  g_rc_box_release_full (self, known_clear);
}

/**
 * tocsin_known_actor_key_is_retired:
 * @self: an actor
 * @key_id: one of its keys
 * @now_us: the time
 *
 * Returns: %TRUE if the document says that the key has expired: what it signs now is refused, what
 *   it proved counts only in its actor's own outbox
 */
gboolean
tocsin_known_actor_key_is_retired (const TocsinKnownActor *self, const char *key_id, gint64 now_us)
{
  const TocsinActorKey *key = tocsin_actor_document_find_key (self->document, key_id);

  return key != NULL && key->expires_us != 0 && key->expires_us <= now_us;
}

static gboolean
is_within (gint64 time_us, gint64 span_us, gint64 now_us)
{
  return time_us <= now_us && now_us - time_us < span_us;
}

/**
 * tocsin_known_actor_is_stale:
 * @self: an actor
 * @now_us: the time
 *
 * Of one that sends nothing to us a change of keys passes us by.
 *
 * Returns: %TRUE if the document has to be read anew before what others brought is believed
 */
gboolean
tocsin_known_actor_is_stale (const TocsinKnownActor *self, gint64 now_us)
{
  const Known *known = (const Known *) self;

  return !is_within (self->fetched_us, FRESH_US, now_us) &&
         !(is_within (self->fetched_us, USEFUL_US, now_us) && !known->is_gone &&
           known->asked_us != 0 && is_within (known->asked_us, FRESH_US, now_us));
}

/* ---- memory ---- */

static gsize
bytes_of (const char *text)
{
  return text != NULL ? strlen (text) + 1 : 0;
}

/* What strangers can make as long as they like; a key is there once more as it is used, and each
 * id in the aliases too. */
static gsize
document_bytes (const TocsinActorDocument *document)
{
  gsize bytes = sizeof *document + bytes_of (document->id) + bytes_of (document->inbox) +
                bytes_of (document->shared_inbox) + bytes_of (document->outbox) +
                bytes_of (document->followers) + bytes_of (document->following) +
                bytes_of (document->reports) + bytes_of (document->trust) +
                bytes_of (document->name) + bytes_of (document->preferred_username) +
                bytes_of (document->summary) + bytes_of (document->url);

  for (guint i = 0; i < document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (document->keys, i);

      bytes += sizeof *key + 3 * bytes_of (key->id) + bytes_of (key->owner) +
               2 * (bytes_of (key->pem) + bytes_of (key->multibase));
    }
  return bytes;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  tocsin_known_actor_unref (entry->actor);
  g_free (entry);
}

static void
forget_aliases (TocsinKeyring *self, const TocsinKnownActor *actor)
{
  for (guint i = 0; i < actor->document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (actor->document->keys, i);
      const char *owner = g_hash_table_lookup (self->aliases, key->id);

      if (owner != NULL && g_str_equal (owner, actor->document->id))
        g_hash_table_remove (self->aliases, key->id);
    }
}

/**
 * tocsin_keyring_forget:
 * @self: the keyring
 * @actor: an actor's URI
 *
 * Forgets what is in memory about @actor.
 */
void
tocsin_keyring_forget (TocsinKeyring *self, const char *actor)
{
  Entry *entry = g_hash_table_lookup (self->actors, actor);

  if (entry == NULL)
    return;
  forget_aliases (self, entry->actor);
  self->bytes -= entry->bytes;
  g_queue_unlink (&self->recent, &entry->link);
  g_hash_table_remove (self->actors, actor);
}

static void
remember (TocsinKeyring *self, TocsinKnownActor *actor)
{
  Entry *entry = g_new0 (Entry, 1);

  tocsin_keyring_forget (self, actor->document->id);
  entry->actor = tocsin_known_actor_ref (actor);
  entry->link.data = entry;
  entry->bytes = document_bytes (actor->document);
  self->bytes += entry->bytes;
  g_queue_push_head_link (&self->recent, &entry->link);
  g_hash_table_insert (self->actors, g_strdup (actor->document->id), entry);
  for (guint i = 0; i < actor->document->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (actor->document->keys, i);

      /* Only its own keys: a document may not speak for another actor's key id. */
      if (tocsin_uri_same_origin (key->id, actor->document->id))
        g_hash_table_replace (self->aliases, g_strdup (key->id), g_strdup (actor->document->id));
    }
  while (g_hash_table_size (self->actors) > TOCSIN_KEYRING_ACTORS ||
         self->bytes > TOCSIN_KEYRING_BYTES)
    {
      Entry *oldest = g_queue_peek_tail (&self->recent);
      g_autofree char *uri = g_strdup (oldest->actor->document->id);

      tocsin_keyring_forget (self, uri);
    }
}

static TocsinKnownActor *
recall_actor (TocsinKeyring *self, const char *uri)
{
  Entry *entry = g_hash_table_lookup (self->actors, uri);

  if (entry == NULL)
    return NULL;
  g_queue_unlink (&self->recent, &entry->link);
  g_queue_push_head_link (&self->recent, &entry->link);
  return entry->actor;
}

/* An actor first: another may name its URI as a key's id. */
static TocsinKnownActor *
recall (TocsinKeyring *self, const char *uri)
{
  TocsinKnownActor *actor = recall_actor (self, uri);
  const char *owner = actor == NULL ? g_hash_table_lookup (self->aliases, uri) : NULL;

  return owner != NULL ? recall_actor (self, owner) : actor;
}

/* What the store has of @uri, an actor or a key id: peers of ours, past and present. */
static TocsinKnownActor *
load (TocsinKeyring *self, const char *uri)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));
  g_auto (TocsinActorRecord) record = { 0 };
  g_autoptr (TocsinKnownActor) actor = NULL;
  guint32 number;

  if (!tocsin_actors_find (txn, uri, &number) && !tocsin_actors_find_key (txn, uri, &number))
    return NULL;
  if (number == TOCSIN_ACTOR_LOCAL || !tocsin_actors_get (txn, number, &record) ||
      record.fetched_us == 0)
    return NULL;
  actor = known_new (tocsin_pinning_load_actor (&record), record.fetched_us);
  remember (self, actor);
  return recall_actor (self, actor->document->id);
}

/**
 * tocsin_keyring_peek:
 * @self: the keyring
 * @actor: an actor's URI, or a key id
 *
 * Returns: (transfer none) (nullable): what is known without asking anybody; valid until the main
 *   loop's next turn
 */
TocsinKnownActor *
tocsin_keyring_peek (TocsinKeyring *self, const char *actor)
{
  TocsinKnownActor *known = recall (self, actor);

  return known != NULL ? known : load (self, actor);
}

/**
 * tocsin_keyring_peek_author:
 * @self: the keyring
 * @actor: an actor's URI
 *
 * Returns: (transfer none) (nullable): as of tocsin_keyring_peek(), but @actor itself and nobody
 *   who names it as a key
 */
TocsinKnownActor *
tocsin_keyring_peek_author (TocsinKeyring *self, const char *actor)
{
  TocsinKnownActor *known = recall_actor (self, actor);

  if (known == NULL)
    known = load (self, actor);
  return known != NULL && g_str_equal (known->document->id, actor) ? known : NULL;
}

/**
 * tocsin_keyring_get_key:
 * @self: the keyring
 * @actor: an actor
 * @key_id: which of its keys
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the key; on error %NULL: %TOCSIN_ERROR_UNAUTHENTICATED if
 * the actor's own document does not name it, or it is none that signatures are checked with
 */
TocsinPublicKey *
tocsin_keyring_get_key (TocsinKeyring *self G_GNUC_UNUSED,
                        const TocsinKnownActor *actor,
                        const char *key_id,
                        GError **error)
{
  Known *known = (Known *) actor;
  const TocsinActorKey *named = tocsin_actor_document_find_key (actor->document, key_id);
  TocsinPublicKey *key = g_hash_table_lookup (known->keys, key_id);

  if (named == NULL || g_strcmp0 (named->owner, actor->document->id) != 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                           "The actor's document does not name this key as its own");
      return NULL;
    }
  if (key != NULL)
    return tocsin_public_key_ref (key);
  key = named->pem != NULL ? tocsin_public_key_from_pem (named->pem, error)
                           : tocsin_public_key_from_multikey (named->multibase, error);
  if (key == NULL)
    {
      g_prefix_error (error, "Key of the actor: ");
      if (error != NULL)
        (*error)->code = TOCSIN_ERROR_UNAUTHENTICATED;
      return NULL;
    }
  g_hash_table_insert (known->keys, g_strdup (key_id), tocsin_public_key_ref (key));
  return key;
}

/* ---- fetching ---- */

static void
find_op_free (FindOp *op)
{
  g_free (op->wanted);
  g_free (op->next);
  g_object_unref (op->keyring);
  g_free (op);
}

/* Answers everyone who asked for the same document. */
static void
answer (TocsinKeyring *self, const char *wanted, TocsinKnownActor *actor, const GError *error)
{
  g_autoptr (GPtrArray) tasks = NULL;
  g_autofree char *key = NULL;

  if (!g_hash_table_steal_extended (self->waiting, wanted, (gpointer *) &key, (gpointer *) &tasks))
    return;
  for (guint i = 0; i < tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (tasks, i);

      if (actor != NULL)
        g_task_return_pointer (task, tocsin_known_actor_ref (actor),
                               (GDestroyNotify) tocsin_known_actor_unref);
      else
        g_task_return_error (task, g_error_copy (error));
    }
}

static void
fail (FindOp *op, const GError *cause)
{
  g_autoptr (GError) error = g_error_copy (cause);

  /* Only “no room now” is worth a retry; all else means that there is no such key for us. */
  if (!g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE))
    {
      error->domain = TOCSIN_ERROR;
      error->code = TOCSIN_ERROR_KEY_UNREACHABLE;
    }
  answer (op->keyring, op->wanted, NULL, error);
  find_op_free (op);
}

static gboolean
charge (FindOp *op, GError **error)
{
  if (op->allowance == NULL)
    return TRUE;
  op->place = tocsin_fetch_allowance_begin (op->allowance, op->keyring->store, op->keyring->budget,
                                            op->next, error);
  return op->place != NULL;
}

static void
fetch (FindOp *op)
{
  TocsinKeyring *self = op->keyring;
  g_autoptr (GError) error = NULL;
  TocsinKnock knock = {
    .fetcher = self->fetcher,
    .identity = self->identity,
    .request = {
      .uri = op->next,
      .accept = TOCSIN_FETCH_ACCEPT_ACTIVITY,
      .media_types = tocsin_fetch_activity_types,
      .same_origin = TRUE,
    },
    .first = TOCSIN_SIGN_DRAFT_RSA,
    .allowance = op->allowance,
  };

  if (tocsin_uri_same_origin (op->next, tocsin_identity_get_actor (self->identity)))
    error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN, "That is this node itself");
  else
    charge (op, &error);
  if (error != NULL)
    {
      fail (op, error);
      return;
    }
  knock.place = op->place;
  self->fetches++;
  tocsin_knock_async (&knock, NULL, on_document, op);
}

static void
take_document (FindOp *op, TocsinActorDocument *document)
{
  TocsinKeyring *self = op->keyring;
  g_autoptr (TocsinKnownActor) actor = known_new (document, tocsin_time_now_us ());

  remember (self, actor);
  answer (self, op->wanted, actor, NULL);
  find_op_free (op);
}

static void
note_gone (const FindOp *op, const TocsinFetchResult *fetched)
{
  Known *known = (Known *) recall (op->keyring, op->next);
  gboolean is_gone = fetched != NULL && (fetched->status == 404 || fetched->status == 410);

  if (known != NULL)
    known->is_gone = is_gone;
  if (is_gone)
    tocsin_failures_note (op->keyring->gone, op->next, g_get_monotonic_time ());
}

static void
on_document (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  FindOp *op = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFetchResult) fetched = tocsin_knock_finish (result, NULL, &error);
  g_autoptr (TocsinActorDocument) document = NULL;
  gboolean is_first = g_str_equal (op->next, op->wanted);

  if (op->place != NULL)
    tocsin_host_budget_end (g_steal_pointer (&op->place), tocsin_knock_was_answered (result),
                            g_get_monotonic_time ());
  if (fetched != NULL && tocsin_fetch_result_is_success (fetched))
    document = tocsin_actor_document_parse (fetched->body, &error);
  else if (fetched != NULL)
    error = g_error_new (TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE, "The actor's host answered %u",
                         fetched->status);
  if (document == NULL)
    {
      note_gone (op, fetched);
      fail (op, error);
      return;
    }
  if (!document->is_key_document && g_str_equal (document->id, op->next))
    {
      take_document (op, g_steal_pointer (&document));
      return;
    }
  if (!is_first)
    {
      error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE,
                                   "The actor's document has another id");
      fail (op, error);
      return;
    }
  /* A document of the key alone, or one that lives elsewhere: the actor's own has the say. */
  g_free (op->next);
  op->next = g_strdup (document->id);
  fetch (op);
}

/**
 * tocsin_keyring_find_async:
 * @self: the keyring
 * @uri: a key id or an actor's URI
 * @refresh: read it anew, whatever is known
 * @allowance: (nullable) (unowned): what one incoming request may still fetch; has to live until
 *   the callback. %NULL where the operator asked: no budget applies
 * @callback: called in the thread-default context of the caller
 * @user_data: data for @callback
 *
 * Finds an actor by its URI or by one of its keys.
 */
void
tocsin_keyring_find_async (TocsinKeyring *self,
                           const char *uri,
                           gboolean refresh,
                           TocsinFetchAllowance *allowance,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  g_autofree char *wanted = g_strndup (uri, strcspn (uri, "#"));
  TocsinKnownActor *known = NULL;
  GPtrArray *tasks;
  FindOp *op;

  g_task_set_source_tag (task, tocsin_keyring_find_async);
  if (!refresh)
    known = tocsin_keyring_peek (self, uri);
  if (!refresh && known == NULL)
    known = tocsin_keyring_peek (self, wanted);
  if (known != NULL)
    {
      g_task_return_pointer (task, tocsin_known_actor_ref (known),
                             (GDestroyNotify) tocsin_known_actor_unref);
      return;
    }

  tasks = g_hash_table_lookup (self->waiting, wanted);
  if (tasks != NULL && allowance != NULL && tasks->len >= WAITING_MAX)
    {
      g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                               "Too many requests wait for this document");
      return;
    }
  if (tasks != NULL)
    {
      g_ptr_array_add (tasks, g_steal_pointer (&task));
      return;
    }
  tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (tasks, g_steal_pointer (&task));
  g_hash_table_insert (self->waiting, g_strdup (wanted), tasks);
  op = g_new0 (FindOp, 1);
  op->next = g_strdup (wanted);
  op->wanted = g_steal_pointer (&wanted);
  op->allowance = allowance;
  op->keyring = g_object_ref (self);
  fetch (op);
}

/**
 * tocsin_keyring_find_finish:
 * @self: the keyring
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the actor. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_KEY_UNREACHABLE, or %TOCSIN_ERROR_UNAVAILABLE if the budget does not allow to ask
 */
TocsinKnownActor *
tocsin_keyring_find_finish (TocsinKeyring *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

typedef struct
{
  char *uri;               /* (owned) */
  TocsinKnownActor *known; /* (owned) (nullable) */
  gboolean may_ask;        /* the request has not used up what it may fetch */
} FreshOp;

static void
fresh_op_free (FreshOp *op)
{
  g_free (op->uri);
  g_clear_pointer (&op->known, tocsin_known_actor_unref);
  g_free (op);
}

/* Takes @actor and @error. Where there was no room to ask, that says nothing about the host. */
static void
answer_fresh (GTask *task, TocsinKnownActor *actor, GError *error)
{
  FreshOp *op = g_task_get_task_data (task);
  Known *known = (Known *) op->known;

  if (known != NULL && op->may_ask &&
      g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE))
    {
      known->asked_us = tocsin_time_now_us ();
      if (!tocsin_known_actor_is_stale (&known->base, known->asked_us))
        {
          actor = tocsin_known_actor_ref (&known->base);
          g_clear_error (&error);
        }
    }
  if (actor != NULL)
    g_task_return_pointer (task, actor, (GDestroyNotify) tocsin_known_actor_unref);
  else
    g_task_return_error (task, error);
}

static void
on_fresh (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  FreshOp *op = g_task_get_task_data (task);
  TocsinKeyring *self = TOCSIN_KEYRING (source);
  GError *error = NULL;
  TocsinKnownActor *actor = tocsin_keyring_find_finish (self, result, &error);

  if (actor != NULL && !g_str_equal (actor->document->id, op->uri))
    {
      g_clear_pointer (&actor, tocsin_known_actor_unref);
      error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE,
                                   "The author's document has another id");
    }
  /* A host that answers may be asked on, but not for the same document again and again. */
  if (op->may_ask && g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE))
    tocsin_failures_note (self->failures, op->uri, g_get_monotonic_time ());
  answer_fresh (task, actor, error);
}

/**
 * tocsin_keyring_find_fresh_async:
 * @self: the keyring
 * @uri: an actor's URI
 * @allowance: as of tocsin_keyring_find_async()
 * @callback: to call tocsin_keyring_find_finish()
 * @user_data: data for @callback
 *
 * Finds the author of what another brought: by a document of the last 24 hours or, where its host
 * was asked since and had none for us, of the last 7 days. What could not be had is not asked for
 * again within five minutes, unless no budget applies.
 */
void
tocsin_keyring_find_fresh_async (TocsinKeyring *self,
                                 const char *uri,
                                 TocsinFetchAllowance *allowance,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, callback, user_data);
  TocsinKnownActor *known = tocsin_keyring_peek_author (self, uri);
  FreshOp *op = g_new0 (FreshOp, 1);

  g_task_set_source_tag (task, tocsin_keyring_find_fresh_async);
  g_task_set_task_data (task, op, (GDestroyNotify) fresh_op_free);
  op->uri = g_strdup (uri);
  op->known = known != NULL ? tocsin_known_actor_ref (known) : NULL;
  op->may_ask = allowance == NULL || allowance->used < TOCSIN_FETCH_ALLOWANCE;
  if (known != NULL && !tocsin_known_actor_is_stale (known, tocsin_time_now_us ()))
    answer_fresh (task, tocsin_known_actor_ref (known), NULL);
  else if (allowance != NULL && tocsin_failures_has (self->failures, uri, g_get_monotonic_time ()))
    answer_fresh (task, NULL,
                  g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE,
                                       "The document could not be had a short while ago"));
  else
    tocsin_keyring_find_async (self, uri, TRUE, allowance, on_fresh, g_steal_pointer (&task));
}

/* Whether the host of @actor, who was asked for in vain just now, says that it is not there. */
gboolean
tocsin_keyring_is_gone (const TocsinKeyring *self, const char *actor)
{
  return tocsin_failures_has (self->gone, actor, g_get_monotonic_time ());
}

/* Whether nobody waits for a document. */
gboolean
tocsin_keyring_is_idle (const TocsinKeyring *self)
{
  return g_hash_table_size (self->waiting) == 0;
}

guint
tocsin_keyring_count_actors (const TocsinKeyring *self)
{
  return g_hash_table_size (self->actors);
}

gsize
tocsin_keyring_count_bytes (const TocsinKeyring *self)
{
  return self->bytes;
}

/* Documents fetched since the start. */
guint
tocsin_keyring_count_fetches (const TocsinKeyring *self)
{
  return self->fetches;
}

static void
tocsin_keyring_finalize (GObject *object)
{
  TocsinKeyring *self = TOCSIN_KEYRING (object);

  g_hash_table_unref (self->waiting);
  tocsin_failures_free (self->failures);
  tocsin_failures_free (self->gone);
  g_hash_table_unref (self->aliases);
  g_hash_table_unref (self->actors);
  g_clear_object (&self->fetcher);
  G_OBJECT_CLASS (tocsin_keyring_parent_class)->finalize (object);
}

static void
tocsin_keyring_class_init (TocsinKeyringClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tocsin_keyring_finalize;
}

static void
tocsin_keyring_init (TocsinKeyring *self)
{
  self->actors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, entry_free);
  self->aliases = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->failures = tocsin_failures_new (FAILURES_MAX);
  self->gone = tocsin_failures_new (FAILURES_MAX);
  self->waiting =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  g_queue_init (&self->recent);
}

/**
 * tocsin_keyring_new:
 * @store: (unowned): where peers' keys are kept; must outlive the keyring
 * @fetcher: fetches; a reference is taken
 * @budget: (unowned): what strangers may make us fetch; must outlive the keyring
 * @identity: (unowned): signs our requests; must outlive the keyring
 */
TocsinKeyring *
tocsin_keyring_new (TocsinStore *store,
                    TocsinFetcher *fetcher,
                    TocsinHostBudget *budget,
                    const TocsinIdentity *identity)
{
  TocsinKeyring *self = g_object_new (TOCSIN_TYPE_KEYRING, NULL);

  self->store = store;
  self->fetcher = g_object_ref (fetcher);
  self->budget = budget;
  self->identity = identity;
  return self;
}
