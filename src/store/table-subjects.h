/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

/**
 * TocsinSubjectRecord: what a key stands for. In place: valid until the transaction ends or writes.
 */
typedef struct
{
  TocsinSubjectKey key;
  TocsinSubjectType type; /* of the key: network for an IPv6 address */
  const char *value;      /* (nullable) what was hashed; NULL where only the digest is known */
  gboolean has_mastodon;  /* the address was seen in clear here */
  guint8 mastodon[TOCSIN_SHA256_BYTES]; /* hash of the Mastodon form of an e-mail address */
} TocsinSubjectRecord;

/* %FALSE if nothing is known of @key. What @out has is borrowed from the transaction. */
gboolean
tocsin_subjects_get (TocsinTxn *txn, const TocsinSubjectKey *key, TocsinSubjectRecord *out);

/* Stores what is new about a subject: a clear value or Mastodon hash is added to an old row, never
 * taken from it. A network counts towards tocsin_store_network_lengths() from now on. Both go by
 * themselves with the last evidence that has the subject in clear, the row with the last of all. */
void tocsin_subjects_put (TocsinTxn *txn, const TocsinSubjectRecord *record);

/**
 * tocsin_subjects_foreach:
 * @prefix: the first hexadecimal digits of the keys wanted, "" for all; for `/v1/range` 5
 * @after: (nullable): begin after this key
 * @func: returns %FALSE to stop; must not write
 *
 * Every stored subject, in the order of keys. An upper-case digit is as a lower-case one.
 */
typedef gboolean (*TocsinSubjectFunc) (const TocsinSubjectRecord *record, gpointer data);
void tocsin_subjects_foreach (TocsinTxn *txn,
                              const char *prefix,
                              const TocsinSubjectKey *after,
                              TocsinSubjectFunc func,
                              gpointer data);
guint64 tocsin_subjects_count (TocsinTxn *txn);

G_END_DECLS
