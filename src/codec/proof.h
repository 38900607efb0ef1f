/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "codec/key.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_PROOF_ABSENT,       /* none that we look at */
  TOCSIN_PROOF_UNVERIFIABLE, /* there is one, over a document without canonical form here */
  TOCSIN_PROOF_CANDIDATE,    /* there is one, and its key has to be found */
} TocsinProofState;

/**
 * TocsinProof:
 *
 * The eddsa-jcs-2022 proof of an activity, with everything checked that needs no key. Immutable.
 */
typedef struct _TocsinProof TocsinProof;

gboolean tocsin_proof_inspect (JsonObject *activity,
                               gint64 now_us,
                               TocsinProofState *state,
                               TocsinProof **out,
                               GError **error);
gboolean tocsin_proof_verify (const TocsinProof *self, const TocsinPublicKey *key, GError **error);
/* What the proof says of itself: the URI of its key (borrowed), and when it was made. */
const char *tocsin_proof_verification_method (const TocsinProof *self);
gint64 tocsin_proof_created_us (const TocsinProof *self);
gint64 tocsin_proof_peek_created_us (JsonObject *activity);
const guint8 *tocsin_proof_get_document_hash (const TocsinProof *self); /* of 32 bytes */
const char *tocsin_proof_peek_method (JsonObject *activity);
void tocsin_proof_free (TocsinProof *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinProof, tocsin_proof_free)

gboolean tocsin_proof_add (JsonObject *activity,
                           const TocsinPrivateKey *key,
                           const char *verification_method,
                           gint64 created_us,
                           GError **error);

gboolean tocsin_proof_document_hash (JsonObject *activity, guint8 out[32], GError **error);
char *tocsin_proof_document_digest (JsonObject *activity, GError **error)
    G_GNUC_WARN_UNUSED_RESULT; /* (nullable) the same in 64 lower-case hex digits */

G_END_DECLS
