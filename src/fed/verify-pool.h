/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity.h"
#include "codec/httpsig.h"
#include "codec/proof.h"

G_BEGIN_DECLS

/**
 * TocsinVerifyJob:
 * @signature: (unowned): of the request
 * @signature_key: (owned): the signer's
 * @activity: (unowned): untouched by anybody else while the job is under way
 * @proof_key: (owned) (nullable): the key that the proof names, if it is known
 * @now_us: the time
 * @verified: (owned) (nullable) (out): %NULL if the signature is not that key's
 * @proof_state: (out): what was found of a proof; only with @proof_key
 * @proof: (owned) (nullable) (out): a proof, whose canonical form has been hashed
 * @proof_holds: (out): it verified with @proof_key
 * @error: (owned) (nullable) (out): why the signature, else the proof, does not hold
 *
 * The arithmetic of one received activity: two verifications and a canonical form.
 */
typedef struct
{
  const TocsinSignature *signature;
  TocsinPublicKey *signature_key;
  TocsinActivity *activity;
  TocsinPublicKey *proof_key;
  gint64 now_us;
  TocsinVerified *verified;
  TocsinProofState proof_state;
  TocsinProof *proof;
  gboolean proof_holds;
  GError *error;
} TocsinVerifyJob;

void tocsin_verify_job_free (TocsinVerifyJob *self);

typedef void (*TocsinVerifyFunc) (TocsinVerifyJob *job, gpointer data);

/**
 * TocsinVerifyPool:
 *
 * Threads that verify signatures, so that the main thread is left for everything else. Jobs are
 * answered in the context of whoever made the pool, many in one turn of its loop.
 */
typedef struct _TocsinVerifyPool TocsinVerifyPool;

TocsinVerifyPool *tocsin_verify_pool_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_verify_pool_free (TocsinVerifyPool *self);
void tocsin_verify_pool_submit (TocsinVerifyPool *self,
                                TocsinVerifyJob *job,
                                TocsinVerifyFunc func,
                                gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinVerifyPool, tocsin_verify_pool_free)

G_END_DECLS
