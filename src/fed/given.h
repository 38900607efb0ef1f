/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/policy.h"

G_BEGIN_DECLS

/**
 * TocsinGiven: reports that a peer reads in a page of our outbox.
 * @policy: (owned): the state of this node
 * @sequences: (owned) (element-type guint64): their places in the outbox, ascending
 */
typedef struct
{
  TocsinPolicy *policy;
  guint32 actor;
  GArray *sequences;
  gint64 now_us;
} TocsinGiven;

/* Takes references on @policy and @sequences. */
TocsinGiven *tocsin_given_new (TocsinPolicy *policy,
                               guint32 actor,
                               GArray *sequences,
                               gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_given_free (TocsinGiven *self);
gboolean tocsin_given_write (TocsinTxn *txn, gpointer given, GError **error);

G_END_DECLS
