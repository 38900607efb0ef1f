/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_KEY_RSA,
  TOCSIN_KEY_ED25519,
} TocsinKeyKind;

/**
 * TocsinPublicKey:
 *
 * A key that signatures are checked with: RSA of 2048 to 4096 bits (PKCS#1 v1.5 with SHA-256)
 * or Ed25519. Counted references, immutable, any thread.
 */
typedef struct _TocsinPublicKey TocsinPublicKey;

TocsinPublicKey *tocsin_public_key_from_pem (const char *pem,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPublicKey *tocsin_public_key_from_multikey (const char *multibase,
                                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPublicKey *tocsin_public_key_from_ed25519 (const guint8 bytes[32],
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPublicKey *tocsin_public_key_ref (TocsinPublicKey *self);
void tocsin_public_key_unref (TocsinPublicKey *self);
/* Which algorithm it is for. */
TocsinKeyKind tocsin_public_key_kind (const TocsinPublicKey *self);
guint tocsin_public_key_bits (const TocsinPublicKey *self); /* of the modulus; 256 for Ed25519 */
/* Whether both are the same key, of the same kind. */
gboolean tocsin_public_key_equal (const TocsinPublicKey *a, const TocsinPublicKey *b);
gboolean tocsin_public_key_verify (const TocsinPublicKey *self,
                                   gconstpointer data,
                                   gsize size,
                                   gconstpointer signature,
                                   gsize signature_size);

/* Lets go of what verifying keeps for the calling thread. A thread of a pool may end while the
 * process does, when the library does not free it any more. */
void tocsin_public_key_leave_thread (void);
char *tocsin_public_key_to_pem (const TocsinPublicKey *self)
    G_GNUC_WARN_UNUSED_RESULT; /* "-----BEGIN PUBLIC KEY-----…", ends in a newline */
char *tocsin_public_key_to_multikey (const TocsinPublicKey *self)
    G_GNUC_WARN_UNUSED_RESULT; /* "z…", publicKeyMultibase */
char *tocsin_public_key_fingerprint (const TocsinPublicKey *self) G_GNUC_WARN_UNUSED_RESULT;
char *tocsin_multikey_normalize (const char *multibase) G_GNUC_WARN_UNUSED_RESULT;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinPublicKey, tocsin_public_key_unref)

/**
 * TocsinPrivateKey:
 *
 * A key of ours, with its public half. Immutable; signing is for any thread.
 */
typedef struct _TocsinPrivateKey TocsinPrivateKey;

TocsinPrivateKey *tocsin_private_key_generate (TocsinKeyKind kind,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPrivateKey *
tocsin_private_key_from_pem (const char *pem, gsize size, GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPrivateKey *tocsin_private_key_load (const char *path,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_private_key_save (const TocsinPrivateKey *self, const char *path, GError **error);
void tocsin_private_key_free (TocsinPrivateKey *self);
TocsinPublicKey *tocsin_private_key_public (const TocsinPrivateKey *self); /* (transfer none) */
GBytes *tocsin_private_key_sign (const TocsinPrivateKey *self,
                                 gconstpointer data,
                                 gsize size,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinPrivateKey, tocsin_private_key_free)

G_END_DECLS
