/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-tokens.h"

#include "store/txn-private.h"

static const TocsinField fields[] = {
  TOCSIN_STRING (TocsinTokenRecord, name),
  TOCSIN_PLAIN (TocsinTokenRecord, hash),
  TOCSIN_PLAIN (TocsinTokenRecord, scopes),
  TOCSIN_PLAIN (TocsinTokenRecord, created_us),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinTokenRecord, fields, NULL);

void
tocsin_token_record_clear (TocsinTokenRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

static TocsinKey
name_key (const char *name)
{
  TocsinId id = tocsin_id_for_string (name);

  return tocsin_key_id (&id);
}

void
tocsin_tokens_put (TocsinTxn *txn, const TocsinTokenRecord *record)
{
  TocsinKey key = name_key (record->name);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_TOKENS, &key, &shape, record);
  tocsin_txn_note (txn, TOCSIN_NOTE_TOKENS_CHANGED);
}

gboolean
tocsin_tokens_get (TocsinTxn *txn, const char *name, TocsinTokenRecord *out)
{
  TocsinKey key = name_key (name);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_TOKENS, &key, &shape, out);
}

gboolean
tocsin_tokens_remove (TocsinTxn *txn, const char *name)
{
  TocsinKey key = name_key (name);

  tocsin_txn_note (txn, TOCSIN_NOTE_TOKENS_CHANGED);
  return tocsin_txn_del (txn, TOCSIN_TABLE_TOKENS, &key);
}

void
tocsin_tokens_foreach (TocsinTxn *txn, TocsinTokenFunc func, gpointer data)
{
  tocsin_txn_foreach (txn, TOCSIN_TABLE_TOKENS, NULL, 0, &shape, (TocsinRecordFunc) func, data);
}

typedef struct
{
  const guint8 *hash;
  char *name; /* (owned) */
} Search;

/* Goes on after a match: how long it takes says nothing about the hash. */
static gboolean
compare_token (const TocsinTokenRecord *record, gpointer data)
{
  Search *search = data;

  if (tocsin_equal_constant_time (record->hash, search->hash, sizeof record->hash))
    {
      g_free (search->name);
      search->name = g_strdup (record->name);
    }
  return TRUE;
}

gboolean
tocsin_tokens_find (TocsinTxn *txn, const guint8 hash[TOCSIN_SHA256_BYTES], TocsinTokenRecord *out)
{
  Search search = { .hash = hash };
  g_autofree char *name = NULL;

  memset (out, 0, sizeof *out);
  tocsin_tokens_foreach (txn, compare_token, &search);
  name = search.name;
  return name != NULL && tocsin_tokens_get (txn, name, out);
}
