/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/scope.h"
#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinTokenRecord: an API token; only its hash is stored. Free by tocsin_token_record_clear().
 */
typedef struct
{
  char *name; /* (owned) at most 200 bytes */
  guint8 hash[TOCSIN_SHA256_BYTES];
  guint scopes; /* TocsinScope bits, stored: frozen */
  gint64 created_us;
} TocsinTokenRecord;

void tocsin_token_record_clear (TocsinTokenRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinTokenRecord, tocsin_token_record_clear)

void tocsin_tokens_put (TocsinTxn *txn, const TocsinTokenRecord *record);
gboolean tocsin_tokens_get (TocsinTxn *txn, const char *name, TocsinTokenRecord *out);
/* By hash, compared in constant time. */
gboolean
tocsin_tokens_find (TocsinTxn *txn, const guint8 hash[TOCSIN_SHA256_BYTES], TocsinTokenRecord *out);
gboolean tocsin_tokens_remove (TocsinTxn *txn, const char *name);
typedef gboolean (*TocsinTokenFunc) (const TocsinTokenRecord *record, gpointer data);
void tocsin_tokens_foreach (TocsinTxn *txn, TocsinTokenFunc func, gpointer data);

G_END_DECLS
