/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_ACTOR_LOCAL 0 /* this node */

typedef enum
{
  TOCSIN_KEY_RSA_PEM,           /* `publicKeyPem` */
  TOCSIN_KEY_ED25519_MULTIBASE, /* `publicKeyMultibase`, of an `assertionMethod` */
  TOCSIN_KEY_ED25519_REQUESTS,  /* likewise, but it proves nothing; once it was stored as one above
                                 */
} TocsinStoredKeyKind;

/**
 * TocsinStoredKey: one public key that an actor's document names.
 */
typedef struct
{
  TocsinStoredKeyKind kind;
  gint64 expires_us; /* 0: never */
  gint64 fetched_us;
  char *id;    /* (owned) */
  char *owner; /* (owned) owner or controller */
  char *text;  /* (owned) PEM or multibase */
} TocsinStoredKey;

/**
 * TocsinActorRecord:
 *
 * An actor as its document said. Free by tocsin_actor_record_clear(); zero it to begin.
 */
typedef struct
{
  char *uri; /* (owned) canonical */
  guint32 number;
  gint64 first_seen_us;
  gint64 last_seen_us;
  gint64 fetched_us; /* when the document was read; 0: never */
  gint64 retired_us; /* a Delete that was confirmed by 404/410; 0: none */
  char *inbox;
  char *shared_inbox;
  char *outbox;
  char *followers;
  char *reports; /* the collections that the document names */
  char *trust;
  char *name;
  char *preferred_username;
  char *acct;             /* (nullable) user@host, lower case, once WebFinger confirmed it */
  char *protocol_version; /* (nullable) */
  char *moved_to;         /* (nullable) */
  GArray *keys;           /* (owned) (nullable) of TocsinStoredKey, with a clear func */
} TocsinActorRecord;

void tocsin_actor_record_clear (TocsinActorRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinActorRecord, tocsin_actor_record_clear)

/* A GArray for @keys: of TocsinStoredKey, and it frees what is in it. */
GArray *tocsin_actor_keys_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* The number of @uri; a new one (from 1) if it has none. */
guint32 tocsin_actors_intern (TocsinTxn *txn, const char *uri, gint64 now_us);

/* Says that number 0 is @uri. At every start. */
void tocsin_actors_set_local (TocsinTxn *txn, const char *uri, gint64 now_us);

/* Each is %FALSE, and @number undefined, if no actor has it or the transaction failed. */
gboolean tocsin_actors_find (TocsinTxn *txn, const char *uri, guint32 *number);
gboolean tocsin_actors_find_acct (TocsinTxn *txn, const char *acct, guint32 *number);
/* Of another origin than its actor no key is found: a document may not speak for another's. */
gboolean tocsin_actors_find_key (TocsinTxn *txn, const char *key_id, guint32 *number);

/* @out must be clear or zero; it is zero if there is none. */
gboolean tocsin_actors_get (TocsinTxn *txn, guint32 number, TocsinActorRecord *out);

/* Replaces the record of @record->number, which must be interned, and its indexes. */
void tocsin_actors_put (TocsinTxn *txn, const TocsinActorRecord *record);

/* The URI, in place: valid until the transaction ends or writes. %NULL if unknown. */
const char *tocsin_actors_peek_uri (TocsinTxn *txn, guint32 number);

/* Every actor in the order of numbers, from @first; @func returns %FALSE to stop. */
typedef gboolean (*TocsinActorFunc) (const TocsinActorRecord *record, gpointer data);
void tocsin_actors_foreach (TocsinTxn *txn, guint32 first, TocsinActorFunc func, gpointer data);
/* Likewise, but nothing is copied: of @record there are URI and number alone. */
void
tocsin_actors_foreach_head (TocsinTxn *txn, guint32 first, TocsinActorFunc func, gpointer data);
guint64 tocsin_actors_count (TocsinTxn *txn);

G_END_DECLS
