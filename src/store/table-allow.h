/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinAllowRecord: an entry of the operator's allow list. Free by tocsin_allow_record_clear().
 */
typedef struct
{
  TocsinSubjectKey key;
  TocsinSubjectType type; /* of the key */
  gint64 created_us;
  gint64 expires_us; /* 0: never */
  char *value;       /* (owned) (nullable) what was hashed */
  char *reason;      /* (owned) (nullable) */
} TocsinAllowRecord;

void tocsin_allow_record_clear (TocsinAllowRecord *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinAllowRecord, tocsin_allow_record_clear)

/* Whether a key is on the list and has not expired. For every probe of a check: cheap. */
gboolean tocsin_allow_match (TocsinTxn *txn, const TocsinSubjectKey *key, gint64 now_us);
gboolean tocsin_allow_get (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinAllowRecord *out);
/* Adds or replaces. Moves the generation; a network counts towards the stored lengths. */
void tocsin_allow_put (TocsinTxn *txn, const TocsinAllowRecord *record);
gboolean tocsin_allow_remove (TocsinTxn *txn, const TocsinSubjectKey *key);
typedef gboolean (*TocsinAllowFunc) (const TocsinAllowRecord *record, gpointer data);
void tocsin_allow_foreach (TocsinTxn *txn, TocsinAllowFunc func, gpointer data);
guint64 tocsin_allow_count (TocsinTxn *txn);

G_END_DECLS
