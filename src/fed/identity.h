/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/actor-json.h"
#include "codec/key.h"
#include "core/envelope.h"

G_BEGIN_DECLS

/**
 * TocsinIdentityOptions: what the operator says about this node; borrowed while it is read.
 */
typedef struct
{
  const char *base_url;           /* an origin without a path */
  const char *preferred_username; /* "tocsin" */
  const char *name;
  const char *summary; /* (nullable) */
  guint last_key;      /* the highest number that an Ed25519 key here ever had; 0: none is known */
} TocsinIdentityOptions;

typedef enum
{
  TOCSIN_SIGN_DRAFT_RSA,       /* Cavage draft-12 */
  TOCSIN_SIGN_RFC9421_RSA,     /* RFC 9421 with the RSA key */
  TOCSIN_SIGN_RFC9421_ED25519, /* RFC 9421 with the Ed25519 key: between nodes of ours */
} TocsinSignScheme;

/**
 * TocsinIdentity:
 *
 * Who this node is to others: its names, its actor document and its private keys, which live in
 * the `keys` folder of the data directory (0700, files 0600). Main thread.
 */
typedef struct _TocsinIdentity TocsinIdentity;

TocsinIdentity *tocsin_identity_open (const char *data_dir,
                                      const TocsinIdentityOptions *options,
                                      gint64 now_us,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_identity_free (TocsinIdentity *self);

const char *tocsin_identity_get_base (const TocsinIdentity *self); /* "https://b.example" */
const char *
tocsin_identity_get_authority (const TocsinIdentity *self); /* "b.example", "b.example:81" */
/* The URI of our actor, and its name without the host. */
const char *tocsin_identity_get_actor (const TocsinIdentity *self);
const char *tocsin_identity_get_username (const TocsinIdentity *self);
const TocsinActorDocument *tocsin_identity_get_document (const TocsinIdentity *self);
GBytes *tocsin_identity_get_document_bytes (const TocsinIdentity *self); /* borrowed */
guint tocsin_identity_get_last_key (const TocsinIdentity *self);
char *tocsin_identity_fingerprint (const TocsinIdentity *self) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_identity_url (const TocsinIdentity *self, const char *path) G_GNUC_WARN_UNUSED_RESULT;

gboolean tocsin_identity_sign (const TocsinIdentity *self,
                               TocsinSignScheme scheme,
                               TocsinEnvelope *envelope,
                               const char *uri,
                               gint64 now_us,
                               GError **error);
gboolean tocsin_identity_prove (const TocsinIdentity *self,
                                JsonObject *activity,
                                gint64 now_us,
                                GError **error);

const TocsinActorDocument *
tocsin_identity_rotate_prepare (TocsinIdentity *self, gint64 now_us, GError **error);
void tocsin_identity_rotate_abort (TocsinIdentity *self);
gboolean tocsin_identity_rotate_commit (TocsinIdentity *self, GError **error);
gboolean tocsin_identity_finish_retiring (TocsinIdentity *self, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinIdentity, tocsin_identity_free)

G_END_DECLS
