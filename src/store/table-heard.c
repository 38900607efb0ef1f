/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/table-heard.h"

#include "store/txn-private.h"

static const TocsinField message_fields[] = {
  TOCSIN_PLAIN (TocsinHeard, dated_us),
  TOCSIN_PLAIN (TocsinHeard, name),
  TOCSIN_PLAIN (TocsinHeard, content),
};

static const TocsinShape message_shape = TOCSIN_SHAPE (TocsinHeard, message_fields, NULL);

static const TocsinField fields[] = {
  TOCSIN_PLAIN (TocsinHeardRecord, actor),
  TOCSIN_PLAIN (TocsinHeardRecord, update_us),
  TOCSIN_ARRAY (TocsinHeardRecord, messages, &message_shape),
};

static const TocsinShape shape = TOCSIN_SHAPE (TocsinHeardRecord, fields, NULL);

void
tocsin_heard_record_clear (TocsinHeardRecord *self)
{
  tocsin_shape_clear (&shape, self);
}

void
tocsin_heard_record_add (TocsinHeardRecord *self, const TocsinHeard *message)
{
  if (self->messages == NULL)
    self->messages = g_array_new (FALSE, TRUE, sizeof (TocsinHeard));
  if (self->messages->len >= TOCSIN_HEARD_MAX)
    g_array_remove_range (self->messages, 0, self->messages->len - TOCSIN_HEARD_MAX + 1);
  g_array_append_val (self->messages, *message);
}

gboolean
tocsin_heard_get (TocsinTxn *txn, guint32 actor, TocsinHeardRecord *out)
{
  TocsinKey key = tocsin_key_u32 (actor);

  if (tocsin_txn_get_record (txn, TOCSIN_TABLE_HEARD, &key, &shape, out))
    return TRUE;
  *out = (TocsinHeardRecord){ .actor = actor };
  return FALSE;
}

void
tocsin_heard_put (TocsinTxn *txn, const TocsinHeardRecord *record)
{
  TocsinKey key = tocsin_key_u32 (record->actor);

  tocsin_txn_put_record (txn, TOCSIN_TABLE_HEARD, &key, &shape, record);
}

void
tocsin_heard_remove (TocsinTxn *txn, guint32 actor)
{
  TocsinKey key = tocsin_key_u32 (actor);

  tocsin_txn_del (txn, TOCSIN_TABLE_HEARD, &key);
}
