/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/key.h"
#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinDoubt: a peer that asked for something by a key for which nothing vouches.
 * @actor: its number
 * @key: (owned)
 */
typedef struct
{
  guint32 actor;
  TocsinPublicKey *key;
  gint64 now_us;
} TocsinDoubt;

/* Takes a reference on @key. */
TocsinDoubt *
tocsin_doubt_new (guint32 actor, TocsinPublicKey *key, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_doubt_free (TocsinDoubt *self);
gboolean tocsin_doubt_write (TocsinTxn *txn, gpointer doubt, GError **error);

G_END_DECLS
