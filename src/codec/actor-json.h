/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define TOCSIN_PROTOCOL_VERSION "1.0"
#define TOCSIN_ACTOR_KEYS_MAX                                                                      \
  32 /* of one member, retired ones included; the rest is passed over                              \
      */

/**
 * TocsinActorKey: one public key, as a document names it. Exactly one of @pem and @multibase
 * is set; neither need be of a key that can be used, but an Ed25519 key has one spelling.
 */
typedef struct
{
  char *id;           /* (owned) URI, mostly with a fragment */
  char *owner;        /* (owned) the actor: `owner` of a PEM key, `controller` of a Multikey */
  char *pem;          /* (owned) (nullable) */
  char *multibase;    /* (owned) (nullable) */
  gint64 expires_us;  /* `expires`, or `revoked` if that is earlier; 0: neither is named */
  gboolean assertion; /* listed in `assertionMethod`: may make proofs */
} TocsinActorKey;

/**
 * TocsinActorDocument:
 *
 * An actor document, ours or another's, or a document that has only a key: then
 * @is_key_document is set and @id is the key's owner. Every URI is in canonical form.
 */
typedef struct
{
  char *id;                 /* (owned) */
  char *type;               /* (owned) (nullable) */
  char *inbox;              /* (owned) (nullable) */
  char *shared_inbox;       /* (owned) (nullable) */
  char *outbox;             /* (owned) (nullable) */
  char *followers;          /* (owned) (nullable) */
  char *following;          /* (owned) (nullable) */
  char *reports;            /* (owned) (nullable) */
  char *trust;              /* (owned) (nullable) */
  char *name;               /* (owned) (nullable) */
  char *preferred_username; /* (owned) (nullable) */
  char *summary;            /* (owned) (nullable) */
  char *url;                /* (owned) (nullable) */
  char *protocol_version;   /* (owned) (nullable) "1.0" */
  GPtrArray *keys;          /* (owned) (element-type TocsinActorKey), freed with their array */
  gboolean is_key_document;
} TocsinActorDocument;

/* Copies both; @owner is the actor's id, or %NULL where the document does not say. */
TocsinActorKey *tocsin_actor_key_new (const char *id, const char *owner) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_actor_key_free (TocsinActorKey *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinActorKey, tocsin_actor_key_free)

TocsinActorDocument *tocsin_actor_document_new (const char *id) G_GNUC_WARN_UNUSED_RESULT;
TocsinActorDocument *
tocsin_actor_document_new_for_base (const char *base) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_actor_document_free (TocsinActorDocument *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinActorDocument, tocsin_actor_document_free)

TocsinActorDocument *tocsin_actor_document_parse (GBytes *body,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
const char *tocsin_actor_type_of (JsonObject *object); /* static, (nullable) */
TocsinActorDocument *tocsin_actor_document_from_json (JsonObject *object,
                                                      const char *where,
                                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
const TocsinActorKey *tocsin_actor_document_find_key (const TocsinActorDocument *self,
                                                      const char *key_id);
int tocsin_actor_document_protocol_major (const TocsinActorDocument *self);

JsonObject *
tocsin_actor_document_to_json (const TocsinActorDocument *self) G_GNUC_WARN_UNUSED_RESULT;
GBytes *tocsin_actor_document_to_bytes (const TocsinActorDocument *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
