/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/httpsig.h"
#include "fed/federation.h"

G_BEGIN_DECLS

/**
 * TocsinSigner:
 * @verified: (owned): that the request was signed for us, now
 * @actor: (owned): whose key it was
 *
 * Who sent a request. Only tocsin_signer_identify_async() makes one.
 */
typedef struct
{
  TocsinVerified *verified;
  TocsinKnownActor *actor;
} TocsinSigner;

void tocsin_signer_free (TocsinSigner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinSigner, tocsin_signer_free)

void tocsin_signer_identify_async (TocsinFederation *fed,
                                   const TocsinSignature *signature,
                                   TocsinFetchAllowance *allowance,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
TocsinSigner *tocsin_signer_identify_finish (GAsyncResult *result,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinSigner *tocsin_signer_identify_now (TocsinFederation *fed, const TocsinSignature *signature)
    G_GNUC_WARN_UNUSED_RESULT;

TocsinSigner *tocsin_signer_new (TocsinVerified *verified,
                                 TocsinKnownActor *actor) G_GNUC_WARN_UNUSED_RESULT;
TocsinPublicKey *tocsin_signer_get_key (TocsinFederation *fed,
                                        const TocsinSignature *signature,
                                        TocsinKnownActor *actor,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinPublicKey *tocsin_signer_get_proof_key (TocsinFederation *fed,
                                              const TocsinKnownActor *actor,
                                              const char *method,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
