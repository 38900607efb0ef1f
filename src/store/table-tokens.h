/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

typedef enum
{
  TOCSIN_SCOPE_CHECK = 1 << 0,
  TOCSIN_SCOPE_RANGE = 1 << 1,
  TOCSIN_SCOPE_REPORT = 1 << 2,
  TOCSIN_SCOPE_STREAM = 1 << 3,
  TOCSIN_SCOPE_ADMIN = 1 << 4,
  TOCSIN_SCOPE_METRICS = 1 << 5,
} TocsinScopes;

/**
 * TocsinTokenRecord: an API token; only its hash is stored. Free by tocsin_token_record_clear().
 */
typedef struct
{
  char *name; /* (owned) at most 200 bytes */
  guint8 hash[TOCSIN_SHA256_BYTES];
  TocsinScopes scopes;
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
