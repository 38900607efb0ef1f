/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-actors.h"

#include "core/uri.h"
#include "store/table-meta.h"
#include "store/txn-private.h"

/* What an entry of `actor-ids` is an index by: the first byte of its key. */
typedef enum
{
  INDEX_URI = 1,
  INDEX_ACCT = 2,
  INDEX_KEY = 3,
} Index;

static const TocsinField key_fields[] = {
  TOCSIN_PLAIN (TocsinStoredKey, kind),       TOCSIN_PLAIN (TocsinStoredKey, expires_us),
  TOCSIN_PLAIN (TocsinStoredKey, fetched_us), TOCSIN_STRING (TocsinStoredKey, id),
  TOCSIN_STRING (TocsinStoredKey, owner),     TOCSIN_STRING (TocsinStoredKey, text),
};

static void actor_key_clear (gpointer data);

static const TocsinShape key_shape = TOCSIN_SHAPE (TocsinStoredKey, key_fields, actor_key_clear);

/* uri is first: tocsin_actors_peek_uri() reads it in place. */
static const TocsinField fields[] = {
  TOCSIN_STRING (TocsinActorRecord, uri),
  TOCSIN_PLAIN (TocsinActorRecord, number),
  TOCSIN_PLAIN (TocsinActorRecord, first_seen_us),
  TOCSIN_PLAIN (TocsinActorRecord, last_seen_us),
  TOCSIN_PLAIN (TocsinActorRecord, fetched_us),
  TOCSIN_PLAIN (TocsinActorRecord, retired_us),
  TOCSIN_STRING (TocsinActorRecord, inbox),
  TOCSIN_STRING (TocsinActorRecord, shared_inbox),
  TOCSIN_STRING (TocsinActorRecord, outbox),
  TOCSIN_STRING (TocsinActorRecord, followers),
  TOCSIN_STRING (TocsinActorRecord, reports),
  TOCSIN_STRING (TocsinActorRecord, trust),
  TOCSIN_STRING (TocsinActorRecord, name),
  TOCSIN_STRING (TocsinActorRecord, preferred_username),
  TOCSIN_STRING (TocsinActorRecord, acct),
  TOCSIN_STRING (TocsinActorRecord, protocol_version),
  TOCSIN_STRING (TocsinActorRecord, moved_to),
  TOCSIN_ARRAY (TocsinActorRecord, keys, &key_shape),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinActorRecord, fields, NULL);

#define N_HEAD_FIELDS 2

static void
actor_key_clear (gpointer data)
{
  tocsin_shape_clear (&key_shape, data);
}

GArray *
tocsin_actor_keys_new (void)
{
  GArray *keys = g_array_new (FALSE, TRUE, sizeof (TocsinStoredKey));

  g_array_set_clear_func (keys, actor_key_clear);
  return keys;
}

void
tocsin_actor_record_clear (TocsinActorRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

static TocsinKey
index_key (Index index, const char *text)
{
  TocsinId id = tocsin_id_for_string (text);
  TocsinKey key = { .size = 0 };

  tocsin_key_add_u8 (&key, (guint8) index);
  tocsin_key_add (&key, id.bytes, sizeof id.bytes);
  return key;
}

static gboolean
find (TocsinTxn *txn, Index index, const char *text, guint32 *number)
{
  TocsinKey key = index_key (index, text);
  guint64 value;

  if (!tocsin_txn_get_u64 (txn, TOCSIN_TABLE_ACTOR_IDS, &key, &value))
    return FALSE;
  *number = (guint32) value;
  return TRUE;
}

gboolean
tocsin_actors_find (TocsinTxn *txn, const char *uri, guint32 *number)
{
  return find (txn, INDEX_URI, uri, number);
}

gboolean
tocsin_actors_find_acct (TocsinTxn *txn, const char *acct, guint32 *number)
{
  return find (txn, INDEX_ACCT, acct, number);
}

gboolean
tocsin_actors_find_key (TocsinTxn *txn, const char *key_id, guint32 *number)
{
  return find (txn, INDEX_KEY, key_id, number);
}

static void
put_new (TocsinTxn *txn, guint32 number, const char *uri, gint64 now_us)
{
  TocsinActorRecord record = {
    .uri = (char *) uri, .number = number, .first_seen_us = now_us, .last_seen_us = now_us
  };
  TocsinKey key = tocsin_key_u32 (number);
  TocsinKey uri_key = index_key (INDEX_URI, uri);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_ACTORS, &key, &shape, &record);
  tocsin_txn_put_u64 (txn, TOCSIN_TABLE_ACTOR_IDS, &uri_key, number);
  tocsin_txn_note (txn, TOCSIN_NOTE_ACTORS_CHANGED);
}

guint32
tocsin_actors_intern (TocsinTxn *txn, const char *uri, gint64 now_us)
{
  guint32 number;

  if (tocsin_actors_find (txn, uri, &number))
    return number;
  number = (guint32) tocsin_meta_next (txn, "actor");
  put_new (txn, number, uri, now_us);
  return number;
}

void
tocsin_actors_set_local (TocsinTxn *txn, const char *uri, gint64 now_us)
{
  const char *present = tocsin_actors_peek_uri (txn, TOCSIN_ACTOR_LOCAL);

  if (g_strcmp0 (present, uri) == 0)
    return;
  if (present != NULL)
    {
      TocsinKey old = index_key (INDEX_URI, present);

      tocsin_txn_del (txn, TOCSIN_TABLE_ACTOR_IDS, &old);
    }
  put_new (txn, TOCSIN_ACTOR_LOCAL, uri, now_us);
}

gboolean
tocsin_actors_get (TocsinTxn *txn, guint32 number, TocsinActorRecord *out)
{
  TocsinKey key = tocsin_key_u32 (number);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_ACTORS, &key, &shape, out);
}

/* Removes or writes the index entries of acct and keys. An entry that has passed to another actor
 * is left to it. */
static void
write_indexes (TocsinTxn *txn, const TocsinActorRecord *record, gboolean add)
{
  guint n_keys = record->keys == NULL ? 0 : record->keys->len;

  for (guint i = 0; i <= n_keys; i++)
    {
      const char *text =
          i == n_keys ? record->acct : g_array_index (record->keys, TocsinStoredKey, i).id;
      Index index = i == n_keys ? INDEX_ACCT : INDEX_KEY;
      TocsinKey key;
      guint32 holder;

      if (text == NULL || (i < n_keys && !tocsin_uri_same_origin (text, record->uri)))
        continue;
      key = index_key (index, text);
      if (add)
        tocsin_txn_put_u64 (txn, TOCSIN_TABLE_ACTOR_IDS, &key, record->number);
      else if (find (txn, index, text, &holder) && holder == record->number)
        tocsin_txn_del (txn, TOCSIN_TABLE_ACTOR_IDS, &key);
    }
}

void
tocsin_actors_put (TocsinTxn *txn, const TocsinActorRecord *record)
{
  TocsinKey key = tocsin_key_u32 (record->number);
  g_auto (TocsinActorRecord) old = { 0 };

  g_return_if_fail (record->uri != NULL);

  if (tocsin_actors_get (txn, record->number, &old))
    write_indexes (txn, &old, FALSE);
  write_indexes (txn, record, TRUE);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_ACTORS, &key, &shape, record);
  tocsin_txn_note (txn, TOCSIN_NOTE_ACTORS_CHANGED);
}

const char *
tocsin_actors_peek_uri (TocsinTxn *txn, guint32 number)
{
  TocsinKey key = tocsin_key_u32 (number);
  TocsinSpan span;
  guint32 size;

  if (!tocsin_txn_get (txn, TOCSIN_TABLE_ACTORS, &key, &span))
    return NULL;
  if (span.size > sizeof size)
    {
      const char *uri = (const char *) span.data + sizeof size;

      memcpy (&size, span.data, sizeof size);
      if (size > 0 && size <= span.size - sizeof size && uri[size - 1] == '\0')
        return uri;
    }
  tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
  return NULL;
}

void
tocsin_actors_foreach (TocsinTxn *txn, guint32 first, TocsinActorFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u32 (first);

  tocsin_txn_foreach (txn, TOCSIN_TABLE_ACTORS, &from, 0, &shape, (TocsinRecordFunc) func, data);
}

void
tocsin_actors_foreach_head (TocsinTxn *txn, guint32 first, TocsinActorFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u32 (first);

  tocsin_txn_foreach_peek (txn, TOCSIN_TABLE_ACTORS, &from, &shape, N_HEAD_FIELDS,
                           (TocsinRecordFunc) func, data);
}

guint64
tocsin_actors_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_ACTORS);
}
