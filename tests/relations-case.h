/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity-build.h"
#include "codec/key.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/federation.h"
#include "fed/pinning.h"
#include "fed/relations.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-review.h"

#define US "https://a.example/actor"

/* One node for all tests: making its keys takes long. Each test has actors of its own. */
static Fixture f;
static TocsinWriter *writer;
static TocsinFederation *fed;
static gint64 now_us = T0;

/* ---- actors ---- */

typedef struct
{
  TocsinActorDocument *document;
  guint32 number; /* out */
} Saving;

static inline gboolean
write_actor (TocsinTxn *txn, gpointer data, GError **error)
{
  Saving *saving = data;

  saving->number = tocsin_pinning_save_actor (txn, saving->document, T0);
  return TRUE;
}

static inline char *
new_multikey (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, &error);

  g_assert_no_error (error);
  return tocsin_public_key_to_multikey (tocsin_private_key_public (key));
}

static inline char *
actor_of (const char *host)
{
  return g_strdup_printf ("https://%s/actor", host);
}

/* @multikeys: (array zero-terminated=1): its Ed25519 keys, in this order */
static inline TocsinActorDocument *
document_of (const char *host, const char *const *multikeys, const char *version)
{
  g_autofree char *actor = actor_of (host);
  TocsinActorDocument *document = tocsin_actor_document_new (actor);

  document->type = g_strdup ("Application");
  document->inbox = g_strdup_printf ("https://%s/inbox", host);
  document->protocol_version = g_strdup (version);
  for (guint i = 0; multikeys != NULL && multikeys[i] != NULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("%s#ed25519-%u", actor, i + 1);
      TocsinActorKey *key = tocsin_actor_key_new (id, actor);

      key->multibase = g_strdup (multikeys[i]);
      key->assertion = TRUE;
      g_ptr_array_add (document->keys, key);
    }
  return document;
}

static inline guint32
save_document (TocsinActorDocument *document)
{
  Saving saving = { .document = document };

  write_ok (&f, write_actor, &saving);
  tocsin_keyring_forget (fed->keyring, document->id);
  tocsin_actor_document_free (document);
  return saving.number;
}

static inline guint32
new_actor (const char *host)
{
  return save_document (document_of (host, NULL, NULL));
}

static inline void
read_peer (const char *host, TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_autofree char *actor = actor_of (host);
  guint32 number;

  tocsin_peer_record_clear (out);
  g_assert_true (tocsin_actors_find (txn, actor, &number));
  tocsin_peers_get (txn, number, out);
}

static inline guint32
peer_number (const char *host)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  read_peer (host, &peer);
  return peer.actor;
}

typedef struct
{
  guint32 actor;
  TocsinFollowing following;
  const char *follow_id;
  TocsinFollower follower;
  gboolean blocked;
} Relation;

static inline gboolean
write_relation (TocsinTxn *txn, gpointer data, GError **error)
{
  const Relation *relation = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, relation->actor, &peer);
  peer.following = relation->following;
  g_free (peer.follow_id);
  peer.follow_id = g_strdup (relation->follow_id);
  peer.follower = relation->follower;
  peer.follower_since_us = T0;
  peer.blocked = relation->blocked;
  peer.weights[TOCSIN_AREA_ANY] = relation->following == TOCSIN_FOLLOWING_NONE ? -1 : 50;
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

static inline void
set_relation (Relation relation)
{
  write_ok (&f, write_relation, &relation);
}

static inline guint64
queued (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));

  return tocsin_queue_count_of (txn, actor);
}

/* The type of the next message that waits for @actor. */
static inline char *
next_message (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_auto (TocsinOutboxRecord) record = { 0 };
  g_autoptr (TocsinActivity) activity = NULL;
  TocsinQueueEntry entry;

  g_assert_true (tocsin_queue_next (txn, actor, &entry));
  g_assert_true (tocsin_outbox_get (txn, entry.sequence, &record));
  g_assert_cmpint (record.kind, ==, TOCSIN_OUTBOX_MESSAGE);
  activity = tocsin_activity_parse (record.activity, NULL);
  g_assert_nonnull (activity);
  return g_strdup (activity->type);
}

static inline gboolean
is_told (TocsinReviewKind kind, guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  guint64 id;

  return tocsin_review_find_open (txn, kind, actor, 0, &id);
}

/* ---- what they send ---- */

typedef struct
{
  gboolean proven;
  const char *proof_key;
  gboolean gone;
  gint64 signed_us; /* 0: nobody knows */
} Manner;

/* @body: (transfer full). Returns -1, or the code of the refusal. */
static inline int
receive (GBytes *body, const Manner *manner)
{
  g_autoptr (GBytes) owned = body;
  g_autoptr (GError) error = NULL;
  TocsinActivity *activity = tocsin_activity_parse (owned, &error);
  g_autoptr (TocsinRelationChange) change = NULL;
  TocsinKnownActor *sender;

  g_assert_no_error (error);
  sender = tocsin_keyring_peek (fed->keyring, activity->actor);
  g_assert_nonnull (sender);
  change = tocsin_relation_change_new (fed, activity, sender, now_us);
  if (manner != NULL)
    {
      change->proven = manner->proven;
      change->proof_key = g_strdup (manner->proof_key);
      change->gone = manner->gone;
      change->signed_us = manner->signed_us;
    }
  if (tocsin_store_write (f.store, tocsin_relation_change_write, change, &error))
    return -1;
  g_assert_true (error->domain == TOCSIN_ERROR);
  return error->code;
}

/* An activity whose object is a string. */
static inline GBytes *
message (const char *host, const char *type, const char *id, const char *object)
{
  char *text = g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                                "\"id\":\"https://%s/activities/%s\",\"type\":\"%s\","
                                "\"actor\":\"https://%s/actor\",\"object\":\"%s\"}",
                                host, id, type, host, object);

  return g_bytes_new_take (text, strlen (text));
}

static inline TocsinActivityHead
head_of (const char *actor, const char *id)
{
  return (TocsinActivityHead){ .id = id, .actor = actor, .to = US };
}

/* @name: of the activity; @published_us: 0: none is said */
static inline GBytes *
update_at (const char *name, gint64 published_us, TocsinActorDocument *document)
{
  g_autofree char *id = g_strdup_printf ("%s/activities/%s", document->id, name);
  TocsinActivityHead head = head_of (document->id, id);
  g_autoptr (JsonObject) update = NULL;

  head.published_us = published_us;
  update = tocsin_activity_build_update (&head, document);
  return tocsin_activity_to_bytes (update, NULL);
}

/* A new one each time. */
static inline GBytes *
update_to (const char *host, const char *const *multikeys, const char *version)
{
  static guint n;
  g_autofree char *name = g_strdup_printf ("update-%u", n++);
  g_autoptr (TocsinActorDocument) document = document_of (host, multikeys, version);

  return update_at (name, now_us, document);
}

static inline GBytes *
update_bytes (const char *host, const char *const *multikeys)
{
  return update_to (host, multikeys, "1.0");
}

static inline int
follow (const char *host, const char *id)
{
  return receive (message (host, "Follow", id, US), NULL);
}

static inline void
node_begin (void)
{
  static const char *const domains[] = { "listed.example", NULL };
  const TocsinIdentityOptions who = { .base_url = "https://a.example",
                                      .preferred_username = "tocsin",
                                      .name = "Test" };
  const TocsinFederationOptions options = {
    .follow_domains = domains, .burst_per_hour = 200, .sync_interval_hours = 6, .time_scale = 1
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (NULL, &error);
  g_autoptr (TocsinFetcher) fetcher = tocsin_fetcher_new ("https://a.example", guard, 1, 1, &error);

  set_up (&f, NULL);
  writer = tocsin_writer_new (f.store);
  fed = tocsin_federation_new (f.store, writer, tocsin_identity_open (f.dir, &who, T0, &error),
                               fetcher, &options);
  g_assert_no_error (error);
}

static inline void
node_end (void)
{
  tocsin_writer_stop (writer);
  g_clear_pointer (&fed, tocsin_federation_free);
  g_clear_pointer (&writer, tocsin_writer_free);
  tear_down (&f, NULL);
}
