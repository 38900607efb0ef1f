/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-meta.h"

#include <string.h>

#include "store/txn-private.h"

static TocsinKey
key_of (const char *name)
{
  TocsinId id = tocsin_id_for_string (name);

  return tocsin_key_id (&id);
}

GBytes *
tocsin_meta_get (TocsinTxn *txn, const char *name)
{
  TocsinKey key = key_of (name);
  TocsinSpan span;

  return tocsin_txn_get (txn, TOCSIN_TABLE_META, &key, &span) ? g_bytes_new (span.data, span.size)
                                                              : NULL;
}

gboolean
tocsin_meta_get_exact (TocsinTxn *txn, const char *name, gpointer out, gsize size)
{
  TocsinKey key = key_of (name);
  TocsinSpan span;

  if (!tocsin_txn_get (txn, TOCSIN_TABLE_META, &key, &span) || span.size != size)
    return FALSE;
  memcpy (out, span.data, size);
  return TRUE;
}

void
tocsin_meta_put (TocsinTxn *txn, const char *name, gconstpointer data, gsize size)
{
  TocsinKey key = key_of (name);

  tocsin_txn_put (txn, TOCSIN_TABLE_META, &key, data, size);
}

void
tocsin_meta_remove (TocsinTxn *txn, const char *name)
{
  TocsinKey key = key_of (name);

  tocsin_txn_del (txn, TOCSIN_TABLE_META, &key);
}

static guint64
get_number_at (TocsinTxn *txn, const TocsinKey *key)
{
  guint64 value = 0;

  tocsin_txn_get_u64 (txn, TOCSIN_TABLE_META, key, &value);
  return value;
}

static guint64
get_number (TocsinTxn *txn, const char *name)
{
  TocsinKey key = key_of (name);

  return get_number_at (txn, &key);
}

guint64
tocsin_meta_reserve (TocsinTxn *txn, const char *name, guint64 n)
{
  TocsinKey key = key_of (name);
  guint64 last = get_number (txn, name);

  tocsin_txn_put_u64 (txn, TOCSIN_TABLE_META, &key, last + n);
  return last + 1;
}

guint64
tocsin_meta_next (TocsinTxn *txn, const char *name)
{
  return tocsin_meta_reserve (txn, name, 1);
}

/* Every check asks for it, so its key is hashed once. */
guint64
tocsin_meta_generation (TocsinTxn *txn)
{
  static TocsinKey key;
  static gsize hashed = 0;

  if (g_once_init_enter (&hashed))
    {
      key = key_of ("generation");
      g_once_init_leave (&hashed, 1);
    }
  return get_number_at (txn, &key);
}

guint64
tocsin_meta_epoch (TocsinTxn *txn)
{
  return get_number (txn, "epoch");
}

void
tocsin_meta_renew_epoch (TocsinTxn *txn)
{
  guint64 epoch = 0;

  /* It travels as a JSON integer, so it stays below 2^53. */
  while (epoch == 0)
    {
      tocsin_random_bytes (&epoch, sizeof epoch);
      epoch &= (G_GUINT64_CONSTANT (1) << 53) - 1;
    }
  tocsin_meta_put (txn, "epoch", &epoch, sizeof epoch);
}
