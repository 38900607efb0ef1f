/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-feeds.h"

#include "store/table-meta.h"
#include "store/txn-private.h"

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinFeedRecord, actor),          TOCSIN_PLAIN (TocsinFeedRecord, enabled),
  TOCSIN_PLAIN (TocsinFeedRecord, batch),          TOCSIN_PLAIN (TocsinFeedRecord, count),
  TOCSIN_PLAIN (TocsinFeedRecord, left_out),       TOCSIN_PLAIN (TocsinFeedRecord, tried_us),
  TOCSIN_PLAIN (TocsinFeedRecord, good_us),        TOCSIN_PLAIN (TocsinFeedRecord, changed_us),
  TOCSIN_PLAIN (TocsinFeedRecord, failures),       TOCSIN_PLAIN (TocsinFeedRecord, digest),
  TOCSIN_PLAIN (TocsinFeedRecord, reading),        TOCSIN_STRING (TocsinFeedRecord, name),
  TOCSIN_STRING (TocsinFeedRecord, definition),    TOCSIN_STRING (TocsinFeedRecord, etag),
  TOCSIN_STRING (TocsinFeedRecord, last_modified), TOCSIN_STRING (TocsinFeedRecord, cursor),
  TOCSIN_STRING (TocsinFeedRecord, mirror_of),     TOCSIN_STRING (TocsinFeedRecord, error),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinFeedRecord, fields, NULL);

static TocsinKey
name_key (const char *name)
{
  TocsinId id = tocsin_id_for_string (name);

  return tocsin_key_id (&id);
}

void
tocsin_feed_record_clear (TocsinFeedRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

void
tocsin_feed_record_copy (TocsinFeedRecord *out, const TocsinFeedRecord *from)
{
  *out = *from;
  out->name = g_strdup (from->name);
  out->definition = g_strdup (from->definition);
  out->etag = g_strdup (from->etag);
  out->last_modified = g_strdup (from->last_modified);
  out->cursor = g_strdup (from->cursor);
  out->mirror_of = g_strdup (from->mirror_of);
  out->error = g_strdup (from->error);
}

void
tocsin_feeds_put (TocsinTxn *txn, const TocsinFeedRecord *record)
{
  TocsinKey key = name_key (record->name);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_FEEDS, &key, &shape, record);
}

gboolean
tocsin_feeds_get (TocsinTxn *txn, const char *name, TocsinFeedRecord *out)
{
  TocsinKey key = name_key (name);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_FEEDS, &key, &shape, out);
}

gboolean
tocsin_feeds_remove (TocsinTxn *txn, const char *name)
{
  TocsinKey key = name_key (name);

  return tocsin_txn_del (txn, TOCSIN_TABLE_FEEDS, &key);
}

void
tocsin_feeds_foreach (TocsinTxn *txn, TocsinFeedFunc func, gpointer data)
{
  tocsin_txn_foreach (txn, TOCSIN_TABLE_FEEDS, NULL, 0, &shape, (TocsinRecordFunc) func, data);
}

guint64
tocsin_feeds_new_batch (TocsinTxn *txn)
{
  return tocsin_meta_next (txn, "batch");
}
