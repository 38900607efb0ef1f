/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/actor-json.h"
#include "codec/key.h"
#include "fed/fetch-allowance.h"
#include "fed/fetcher.h"
#include "fed/identity.h"
#include "store/store.h"

G_BEGIN_DECLS

/* What is remembered at most; the least recently used goes first. A document can be long. */
#define TOCSIN_KEYRING_ACTORS 10000
#define TOCSIN_KEYRING_BYTES  (64 * 1024 * 1024)

/**
 * TocsinKnownActor:
 * @document: (owned): the actor's own document
 * @fetched_us: when it was read
 *
 * An actor whose document names its own keys. Reference-counted, immutable.
 */
typedef struct
{
  TocsinActorDocument *document;
  gint64 fetched_us;
} TocsinKnownActor;

TocsinKnownActor *tocsin_known_actor_ref (TocsinKnownActor *self);
void tocsin_known_actor_unref (TocsinKnownActor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinKnownActor, tocsin_known_actor_unref)

/**
 * TocsinKeyring:
 *
 * Other actors' documents and keys: remembered, from the store, or fetched. Main thread.
 */
#define TOCSIN_TYPE_KEYRING (tocsin_keyring_get_type ())
G_DECLARE_FINAL_TYPE (TocsinKeyring, tocsin_keyring, TOCSIN, KEYRING, GObject)

TocsinKeyring *tocsin_keyring_new (TocsinStore *store,
                                   TocsinFetcher *fetcher,
                                   TocsinHostBudget *budget,
                                   const TocsinIdentity *identity) G_GNUC_WARN_UNUSED_RESULT;

TocsinKnownActor *tocsin_keyring_peek (TocsinKeyring *self,
                                       const char *actor); /* (transfer none) (nullable) */
TocsinKnownActor *tocsin_keyring_peek_author (TocsinKeyring *self,
                                              const char *actor); /* (transfer none) (nullable) */
TocsinPublicKey *tocsin_keyring_get_key (TocsinKeyring *self,
                                         const TocsinKnownActor *actor,
                                         const char *key_id,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
tocsin_known_actor_key_is_retired (const TocsinKnownActor *self, const char *key_id, gint64 now_us);
gboolean tocsin_known_actor_is_stale (const TocsinKnownActor *self, gint64 now_us);

void tocsin_keyring_find_async (TocsinKeyring *self,
                                const char *uri,
                                gboolean refresh,
                                TocsinFetchAllowance *allowance,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
void tocsin_keyring_find_fresh_async (TocsinKeyring *self,
                                      const char *uri,
                                      TocsinFetchAllowance *allowance,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
TocsinKnownActor *tocsin_keyring_find_finish (TocsinKeyring *self,
                                              GAsyncResult *result,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_keyring_is_gone (const TocsinKeyring *self, const char *actor);
void tocsin_keyring_forget (TocsinKeyring *self, const char *actor);
guint tocsin_keyring_count_actors (const TocsinKeyring *self); /* that are remembered */
gsize tocsin_keyring_count_bytes (const TocsinKeyring *self);  /* of their documents */
guint tocsin_keyring_count_fetches (const TocsinKeyring *self);
gboolean tocsin_keyring_is_idle (const TocsinKeyring *self);

G_END_DECLS
