/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "codec/key.h"
#include "core/envelope.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_SCHEME_RFC9421, /* HTTP Message Signatures */
  TOCSIN_SCHEME_DRAFT,   /* draft-cavage-http-signatures-12 */
} TocsinScheme;

/**
 * TocsinSignature:
 *
 * The one signature of a request, with everything checked that needs no key. Says nothing yet
 * about who sent the request.
 */
typedef struct _TocsinSignature TocsinSignature;

TocsinSignature *tocsin_signature_parse (const TocsinEnvelope *envelope,
                                         const char *base_origin,
                                         gint64 now_us,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_signature_free (TocsinSignature *self);
/* What the signature says of itself; nothing is verified yet. Borrowed. */
const char *tocsin_signature_key_id (const TocsinSignature *self);
TocsinScheme tocsin_signature_scheme (const TocsinSignature *self);
/* When it was made, to the second; no copy of the request says otherwise. */
gint64 tocsin_signature_created_us (const TocsinSignature *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinSignature, tocsin_signature_free)

/**
 * TocsinVerified:
 *
 * The holder of this key id signed this request, for us, now. Only tocsin_signature_verify()
 * makes one; what may be done on a signer's word takes one.
 */
typedef struct _TocsinVerified TocsinVerified;

TocsinVerified *tocsin_signature_verify (const TocsinSignature *self,
                                         const TocsinPublicKey *key,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_verified_free (TocsinVerified *self);
/* The key that was verified with, and by which scheme. Borrowed. */
const char *tocsin_verified_key_id (const TocsinVerified *self);
TocsinScheme tocsin_verified_scheme (const TocsinVerified *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinVerified, tocsin_verified_free)

gboolean tocsin_sign_request_rfc9421 (TocsinEnvelope *request,
                                      const char *origin,
                                      const TocsinPrivateKey *key,
                                      const char *key_id,
                                      gint64 now_us,
                                      GError **error);

G_END_DECLS
