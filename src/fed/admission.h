/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity.h"
#include "fed/pinning.h"
#include "fed/policy.h"
#include "store/store.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_ARRIVAL_PUSH,     /* its own actor brought it to our inbox */
  TOCSIN_ARRIVAL_RELAY,    /* a direct peer brought another's */
  TOCSIN_ARRIVAL_CATCH_UP, /* we read it in a direct peer's outbox */
} TocsinArrival;

typedef enum
{
  TOCSIN_INBOUND_SAME,
  TOCSIN_INBOUND_OPENED,
  TOCSIN_INBOUND_CLOSED, /* its time is over */
} TocsinInboundChange;

/**
 * TocsinAdmission:
 * @activity: (owned): an Add or a Remove whose ownership was checked
 * @signer: (owned): the actor that brought it: its own, a relay, or whose outbox it was in
 * @arrival: how it came
 * @proven: its own actor's proof verified
 * @proof_key: (owned) (nullable): the key that proved it, as a multikey; compared with those pinned
 *   for that actor when it is written, for an Update that names it may be written just before
 * @signed_by: (owned) (nullable): the key of @signer that signed its request; %NULL: it was read
 * @policy: (owned): the state of this node when it came
 * @now_us: the time
 * @batch: of the first read of @signer, or 0
 * @refusal: (owned) (nullable) (out): why it was refused, where the refusal itself left a trace
 * @retry_after_seconds: (out): with @refusal of %TOCSIN_ERROR_BUSY
 * @stored: (out): whether it is new here and was stored
 * @breaker: (out): what became of the signer's inbound breaker
 *
 * One Add or Remove on its way into the store.
 */
typedef struct
{
  TocsinActivity *activity;
  char *signer;
  TocsinArrival arrival;
  gboolean proven;
  char *proof_key;
  TocsinPublicKey *signed_by;
  TocsinPolicy *policy;
  gint64 now_us;
  guint64 batch;
  GError *refusal;
  guint retry_after_seconds;
  gboolean stored;
  TocsinInboundChange breaker;
} TocsinAdmission;

TocsinAdmission *tocsin_admission_new (TocsinActivity *activity,
                                       const char *signer,
                                       TocsinArrival arrival,
                                       TocsinPolicy *policy,
                                       gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_admission_free (TocsinAdmission *self);
void tocsin_admission_tell (const TocsinAdmission *self);
gboolean tocsin_admission_wants_author (TocsinTxn *txn,
                                        const TocsinPolicy *policy,
                                        const TocsinActivity *activity,
                                        guint32 author);
gboolean tocsin_admission_is_leak (const TocsinActivity *relayed);
gboolean tocsin_admission_write (TocsinTxn *txn, gpointer admission, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinAdmission, tocsin_admission_free)

G_END_DECLS
