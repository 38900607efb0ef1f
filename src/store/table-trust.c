/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-trust.h"

#include "store/branches-private.h"
#include "store/trust-private.h"

/* The first of them are what tocsin_trust_foreach_edge() reads in place, as a TrustHead. */
static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinTrustRecord, live),       TOCSIN_PLAIN (TocsinTrustRecord, weight),
  TOCSIN_PLAIN (TocsinTrustRecord, truster),    TOCSIN_PLAIN (TocsinTrustRecord, trustee),
  TOCSIN_PLAIN (TocsinTrustRecord, area),       TOCSIN_PLAIN (TocsinTrustRecord, held),
  TOCSIN_PLAIN (TocsinTrustRecord, charged),    TOCSIN_PLAIN (TocsinTrustRecord, forwarded),
  TOCSIN_PLAIN (TocsinTrustRecord, via),        TOCSIN_PLAIN (TocsinTrustRecord, published_us),
  TOCSIN_PLAIN (TocsinTrustRecord, updated_us), TOCSIN_PLAIN (TocsinTrustRecord, paid_us),
  TOCSIN_PLAIN (TocsinTrustRecord, sequence),   TOCSIN_PLAIN (TocsinTrustRecord, content_hash),
  TOCSIN_STRING (TocsinTrustRecord, id),        TOCSIN_STRING (TocsinTrustRecord, activity_id),
  TOCSIN_BYTES (TocsinTrustRecord, activity),   TOCSIN_BYTES (TocsinTrustRecord, alternate),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinTrustRecord, fields, NULL);

#define LIVE_OFFSET   0
#define WEIGHT_OFFSET sizeof (gboolean)
#define HEAD_BYTES    (sizeof (gboolean) + sizeof (guint8))
#define KEY_BYTES     (2 * sizeof (guint32) + 1)
#define WEIGHT_MAX    100

void
tocsin_trust_record_clear (TocsinTrustRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

static TocsinKey
row_key (guint32 truster, guint32 trustee, TocsinArea area)
{
  TocsinKey key = tocsin_key_u32 (truster);

  tocsin_key_add_u32 (&key, trustee);
  tocsin_key_add_u8 (&key, (guint8) area);
  return key;
}

static TocsinKey
id_key (guint32 truster, const char *id)
{
  TocsinId hash = tocsin_id_for_pair (truster, id);

  return tocsin_key_id (&hash);
}

gboolean
tocsin_trust_get (
    TocsinTxn *txn, guint32 truster, guint32 trustee, TocsinArea area, TocsinTrustRecord *out)
{
  TocsinKey key = row_key (truster, trustee, area);

  return tocsin_txn_get_record (txn, TOCSIN_TABLE_TRUST, &key, &shape, out);
}

/* An entry that an id has meanwhile in another row is left to it. */
static void
drop_id (TocsinTxn *txn, const TocsinTrustRecord *old)
{
  TocsinKey key = row_key (old->truster, old->trustee, old->area);
  TocsinKey index = id_key (old->truster, old->id);
  TocsinSpan span;

  if (tocsin_txn_get (txn, TOCSIN_TABLE_TRUST_IDS, &index, &span) && span.size == key.size &&
      memcmp (span.data, key.bytes, key.size) == 0)
    tocsin_txn_del (txn, TOCSIN_TABLE_TRUST_IDS, &index);
}

guint32
tocsin_trust_record_branch (const TocsinTrustRecord *self)
{
  return tocsin_charged_branch (self->charged, self->truster, self->via);
}

gboolean
tocsin_trust_is_of_another (const TocsinTrustRecord *record)
{
  return tocsin_trust_record_branch (record) != record->truster;
}

TocsinKey
tocsin_trust_branch_key (const TocsinTrustRecord *record)
{
  TocsinKey key = tocsin_key_u32 (tocsin_trust_record_branch (record));

  tocsin_key_add_u32 (&key, record->truster);
  tocsin_key_add_u32 (&key, record->trustee);
  tocsin_key_add_u8 (&key, (guint8) record->area);
  return key;
}

void
tocsin_trust_charge (TocsinTxn *txn, const TocsinTrustRecord *record, int by)
{
  const TocsinBranchCounts change = { .statements = (guint32) by };
  TocsinKey key = tocsin_trust_branch_key (record);

  if (!tocsin_trust_is_of_another (record))
    return;
  if (by > 0)
    tocsin_txn_put (txn, TOCSIN_TABLE_BRANCH_TRUST, &key, "", 0);
  else
    tocsin_txn_del (txn, TOCSIN_TABLE_BRANCH_TRUST, &key);
  tocsin_branches_add (txn, tocsin_trust_record_branch (record), &change);
}

/* What it says of its trustee; 0: nothing, for now. */
static guint8
counts (const TocsinTrustRecord *record)
{
  return record->live ? record->weight : 0;
}

void
tocsin_trust_put (TocsinTxn *txn, const TocsinTrustRecord *record)
{
  TocsinKey key = row_key (record->truster, record->trustee, record->area);
  g_auto (TocsinTrustRecord) old = { 0 };
  TocsinKey index;

  g_return_if_fail (record->id != NULL);

  tocsin_trust_get (txn, record->truster, record->trustee, record->area, &old);
  if (old.id != NULL)
    {
      drop_id (txn, &old);
      tocsin_trust_charge (txn, &old, -1);
    }
  tocsin_trust_charge (txn, record, 1);
  index = id_key (record->truster, record->id);
  tocsin_txn_put (txn, TOCSIN_TABLE_TRUST_IDS, &index, key.bytes, key.size);
  tocsin_txn_put_record (txn, TOCSIN_TABLE_TRUST, &key, &shape, record);
  if (counts (&old) != counts (record))
    tocsin_txn_note (txn, TOCSIN_NOTE_TRUST_CHANGED);
}

gboolean
tocsin_trust_find (TocsinTxn *txn, guint32 truster, const char *id, TocsinTrustRecord *out)
{
  TocsinKey index = id_key (truster, id);
  TocsinKey key = { .size = 0 };
  TocsinSpan span;

  memset (out, 0, sizeof *out);
  if (!tocsin_txn_get (txn, TOCSIN_TABLE_TRUST_IDS, &index, &span))
    return FALSE;
  if (span.size != KEY_BYTES)
    {
      tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
      return FALSE;
    }
  tocsin_key_add (&key, span.data, span.size);
  return tocsin_txn_get_record (txn, TOCSIN_TABLE_TRUST, &key, &shape, out);
}

gboolean
tocsin_trust_remove (TocsinTxn *txn, guint32 truster, guint32 trustee, TocsinArea area)
{
  TocsinKey key = row_key (truster, trustee, area);
  g_auto (TocsinTrustRecord) old = { 0 };

  if (!tocsin_trust_get (txn, truster, trustee, area, &old))
    return FALSE;
  if (old.id != NULL)
    drop_id (txn, &old);
  tocsin_trust_charge (txn, &old, -1);
  tocsin_txn_del (txn, TOCSIN_TABLE_TRUST, &key);
  if (counts (&old) != 0)
    tocsin_txn_note (txn, TOCSIN_NOTE_TRUST_CHANGED);
  return TRUE;
}

void
tocsin_trust_foreach_edge (TocsinTxn *txn, TocsinTrustEdgeFunc func, gpointer data)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_TRUST);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      const guint8 *key = cursor.key.data;
      const guint8 *row = cursor.value.data;
      TocsinTrustEdge edge;
      gboolean live;

      if (cursor.value.size < HEAD_BYTES)
        {
          tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
          return;
        }
      memcpy (&live, row + LIVE_OFFSET, sizeof live);
      if (!live)
        continue;
      edge = (TocsinTrustEdge){ .truster = tocsin_key_read_u32 (key),
                                .trustee = tocsin_key_read_u32 (key + sizeof (guint32)),
                                .area = key[KEY_BYTES - 1],
                                .weight = row[WEIGHT_OFFSET] };
      /* They weigh and index what is solved: one bit too many and somebody counts twice. */
      if (edge.weight == 0 || edge.weight > WEIGHT_MAX || edge.area > TOCSIN_AREA_SECURITY)
        {
          tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
          return;
        }
      if (!func (&edge, data))
        return;
    }
}

void
tocsin_trust_foreach_of (TocsinTxn *txn, guint32 truster, TocsinTrustFunc func, gpointer data)
{
  TocsinKey from = tocsin_key_u32 (truster);

  tocsin_txn_foreach (txn, TOCSIN_TABLE_TRUST, &from, from.size, &shape, (TocsinRecordFunc) func,
                      data);
}

gboolean
tocsin_trust_next_of_branch (TocsinTxn *txn, guint32 branch, guint32 from, guint32 *truster)
{
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinKey key = tocsin_key_u32 (branch);

  tocsin_key_add_u32 (&key, from);
  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_BRANCH_TRUST);
  if (!tocsin_cursor_seek (&cursor, &key) || tocsin_key_read_u32 (cursor.key.data) != branch)
    return FALSE;
  *truster = tocsin_key_read_u32 ((const guint8 *) cursor.key.data + sizeof (guint32));
  return TRUE;
}

gboolean
tocsin_trust_next (TocsinTxn *txn, guint32 from, guint32 *truster)
{
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinKey key = tocsin_key_u32 (from);

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_TRUST);
  if (!tocsin_cursor_seek (&cursor, &key))
    return FALSE;
  *truster = tocsin_key_read_u32 (cursor.key.data);
  return TRUE;
}

void
tocsin_trust_foreach (TocsinTxn *txn, TocsinTrustFunc func, gpointer data)
{
  tocsin_txn_foreach (txn, TOCSIN_TABLE_TRUST, NULL, 0, &shape, (TocsinRecordFunc) func, data);
}

guint
tocsin_trust_count_of (TocsinTxn *txn, guint32 truster)
{
  TocsinKey from = tocsin_key_u32 (truster);
  g_auto (TocsinCursor) cursor = { 0 };
  guint n = 0;
  gboolean more;

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_TRUST);
  for (more = tocsin_cursor_seek (&cursor, &from);
       more && tocsin_key_read_u32 (cursor.key.data) == truster;
       more = tocsin_cursor_next (&cursor))
    n++;
  return n;
}

guint64
tocsin_trust_count (TocsinTxn *txn)
{
  return tocsin_txn_entries (txn, TOCSIN_TABLE_TRUST);
}
