/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/report.h"
#include "fed/protected.h"
#include "store/table-outbox.h"
#include "store/table-peers.h"
#include "trust/snapshot.h"

G_BEGIN_DECLS

/**
 * TocsinPolicy:
 * @host: (owned): our own host, and port if it is not the default one
 * @actor: (owned): our own actor
 * @protected: (owned): ourselves and direct peers: reports about them are held for a person
 * @burst_per_hour: reports an hour that every peer may send, whatever its habit
 * @free_rider_warns: the operator is told of a peer that only takes
 * @free_rider_pauses: a peer that only takes gets no Adds
 * @trust: (owned): who is believed
 * @time_scale: divides every wait of a guard; 1 but in tests
 *
 * What a change on the writer thread has to know of the node's present state. Immutable and
 * atomically reference-counted: the main thread makes a new one when something changes.
 */
typedef struct
{
  char *host;
  char *actor;
  TocsinProtected *protected;
  guint burst_per_hour;
  gboolean free_rider_warns;
  gboolean free_rider_pauses;
  TocsinTrustSnapshot *trust;
  guint time_scale;
} TocsinPolicy;

TocsinPolicy *tocsin_policy_new (void) G_GNUC_WARN_UNUSED_RESULT;
TocsinPolicy *tocsin_policy_ref (TocsinPolicy *self);
void tocsin_policy_unref (TocsinPolicy *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinPolicy, tocsin_policy_unref)

G_END_DECLS
