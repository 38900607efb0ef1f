/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The difference goes into the store in parts: first what the list no longer says, then what is
 * new. A part is computed from what earlier ones have committed, because the writer may run it
 * twice.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/apply.h"

#include <string.h>

#include "core/clock.h"
#include "store/bulk.h"
#include "store/table-actors.h"
#include "store/table-audit.h"

#define ACTOR_PREFIX "urn:tocsin:feed:"
#define DROP_ROWS    5000 /* a transaction */
#define PREFETCH     16   /* rows ahead */

void
tocsin_feed_record_unread (TocsinFeedRecord *record)
{
  memset (record->digest, 0, sizeof record->digest);
  g_clear_pointer (&record->etag, g_free);
  g_clear_pointer (&record->last_modified, g_free);
  g_clear_pointer (&record->cursor, g_free);
}

/* ---- the difference ---- */

typedef struct
{
  TocsinWriter *writer;       /* (unowned) */
  const TocsinFeedLoad *load; /* (unowned) */
  TocsinFeedRecord record;    /* (owned) as it will be */
  gint64 now_us;
  guint64 before;         /* rows when it began */
  guint removed;          /* committed */
  guint added;            /* committed */
  guint removing, adding; /* of the part that is being written */
  guint32 actor;          /* by the part that is being written */
  guint64 batch;
} Apply;

static void
apply_free (gpointer data)
{
  Apply *self = data;

  tocsin_feed_record_clear (&self->record);
  g_free (self);
}

static void
add_row (const Apply *self, TocsinBulk *bulk, const TocsinFeedEntry *entry)
{
  guint flags = TOCSIN_EVIDENCE_IMPORTED;
  TocsinBulkRow row = {
    .key = entry->key,
    .value = entry->value,
    .key_type = (TocsinSubjectType) entry->key_type,
  };

  if (tocsin_subject_type_is_person ((TocsinSubjectType) entry->subject_type))
    flags |= TOCSIN_EVIDENCE_PERSON;
  row.evidence = (TocsinEvidence){
    .reporter = self->actor,
    .category = self->load->definition->category,
    .flags = (guint8) flags,
    .confidence = 100,
    .subject_type = entry->subject_type,
    .observed_s = (guint32) (self->now_us / TOCSIN_HOUR_US * 3600),
    .expires_s = TOCSIN_EVIDENCE_NEVER_S,
  };
  (void) tocsin_bulk_add (bulk, &row);
}

static const TocsinFeedEntry *
added_entry (const Apply *self, guint i)
{
  guint number = g_array_index (self->load->added, guint, self->added + i);

  return &g_array_index (self->load->list->entries, TocsinFeedEntry, number);
}

/* Values lie in the order of the list, keys in their own: each would be waited for. */
static gboolean
write_added (Apply *self, TocsinTxn *txn, GError **error)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (self->batch);

  for (guint i = 0; i < self->adding; i++)
    {
      if (i + PREFETCH < self->adding)
        __builtin_prefetch (added_entry (self, i + PREFETCH)->value);
      add_row (self, bulk, added_entry (self, i));
    }
  return tocsin_bulk_write (txn, bulk, error);
}

/* What is stored is what the parts so far make of it; only with the last one it is the new list. */
static void
write_record (Apply *self, TocsinTxn *txn)
{
  TocsinFeedRecord record = self->record; /* borrows all that it owns */
  gboolean is_last = self->removed + self->removing == self->load->removed->len &&
                     self->added + self->adding == self->load->added->len;

  record.actor = self->actor;
  record.batch = self->batch;
  record.count = self->before - (self->removed + self->removing) + self->added + self->adding;
  if (!is_last)
    {
      memset (record.digest, 0, sizeof record.digest);
      record.etag = record.last_modified = record.cursor = NULL;
    }
  tocsin_feeds_put (txn, &record);
}

static gboolean
write_part (TocsinTxn *txn, gpointer data, GError **error)
{
  Apply *self = data;
  g_autofree char *uri = g_strconcat (ACTOR_PREFIX, self->record.name, NULL);
  const TocsinFeedLoad *load = self->load;

  self->actor = tocsin_actors_intern (txn, uri, self->now_us);
  self->batch = self->record.batch != 0 ? self->record.batch : tocsin_feeds_new_batch (txn);
  self->removing = MIN (load->removed->len - self->removed, load->part_rows);
  self->adding = MIN (load->added->len - self->added, load->part_rows - self->removing);
  if (self->removing > 0)
    tocsin_bulk_remove (txn, &g_array_index (load->removed, TocsinBulkEntry, self->removed),
                        self->removing);
  if (self->adding > 0 && !write_added (self, txn, error))
    return FALSE;
  write_record (self, txn);
  return TRUE;
}

static void
on_part_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Apply *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  self->removed += self->removing;
  self->added += self->adding;
  self->record.actor = self->actor;
  self->record.batch = self->batch;
  self->record.count = self->before - self->removed + self->added;
  if (self->removed < self->load->removed->len || self->added < self->load->added->len)
    tocsin_writer_submit_async (self->writer, write_part, self, NULL, NULL, on_part_written,
                                g_steal_pointer (&task));
  else
    g_task_return_boolean (task, TRUE);
}

void
tocsin_feed_apply_async (TocsinWriter *writer,
                         const TocsinFeedLoad *load,
                         const TocsinFeedRecord *record,
                         gint64 now_us,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Apply *self = g_new0 (Apply, 1);

  self->writer = writer;
  self->load = load;
  self->now_us = now_us;
  /* As it was counted in the store: a part that is known to be there, the record may not know. */
  self->before = load->count + load->removed->len - load->added->len;
  tocsin_feed_record_copy (&self->record, record);
  g_task_set_task_data (task, self, apply_free);
  tocsin_writer_submit_async (writer, write_part, self, NULL, NULL, on_part_written, task);
}

static gboolean
take_record (GAsyncResult *result, TocsinFeedRecord *record, TocsinFeedRecord *out, GError **error)
{
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  *out = *record;
  *record = (TocsinFeedRecord){ 0 };
  return TRUE;
}

gboolean
tocsin_feed_apply_finish (GAsyncResult *result, TocsinFeedRecord *out, GError **error)
{
  Apply *self = g_task_get_task_data (G_TASK (result));

  if (take_record (result, &self->record, out, error))
    return TRUE;
  if (self->removed + self->added > 0)
    {
      tocsin_feed_record_unread (&self->record);
      *out = self->record;
      self->record = (TocsinFeedRecord){ 0 };
    }
  return FALSE;
}

/* ---- all of it ---- */

typedef struct
{
  TocsinWriter *writer;    /* (unowned) */
  TocsinFeedRecord record; /* (owned) as it will be */
  gboolean forget;
  char *who; /* (owned) */
  gint64 now_us;
  guint dropped; /* by the newest part */
} Drop;

static void
drop_free (gpointer data)
{
  Drop *self = data;

  tocsin_feed_record_clear (&self->record);
  g_free (self->who);
  g_free (self);
}

static gboolean
write_drop (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Drop *self = data;

  self->dropped = self->record.batch != 0
                      ? tocsin_bulk_undo (txn, self->record.batch, DROP_ROWS, self->now_us)
                      : 0;
  if (self->dropped == 0)
    {
      self->record.count = 0;
      tocsin_audit_append (txn, self->now_us, self->who,
                           self->forget ? "feed.remove" : "feed.disable", self->record.name, NULL);
    }
  if (self->dropped == 0 && self->forget)
    (void) tocsin_feeds_remove (txn, self->record.name);
  else
    tocsin_feeds_put (txn, &self->record);
  return TRUE;
}

static void
on_drop_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Drop *self = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (self->dropped == 0)
    g_task_return_boolean (task, TRUE);
  else
    tocsin_writer_submit_async (self->writer, write_drop, self, NULL, NULL, on_drop_written,
                                g_steal_pointer (&task));
}

void
tocsin_feed_drop_async (TocsinWriter *writer,
                        const TocsinFeedRecord *record,
                        gboolean forget,
                        const char *who,
                        gint64 now_us,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Drop *self = g_new0 (Drop, 1);

  self->writer = writer;
  self->forget = forget;
  self->who = g_strdup (who);
  self->now_us = now_us;
  tocsin_feed_record_copy (&self->record, record);
  self->record.enabled = FALSE;
  self->record.good_us = self->record.changed_us = 0;
  self->record.left_out = self->record.failures = 0;
  tocsin_feed_record_unread (&self->record);
  g_clear_pointer (&self->record.mirror_of, g_free);
  g_clear_pointer (&self->record.error, g_free);
  g_task_set_task_data (task, self, drop_free);
  tocsin_writer_submit_async (writer, write_drop, self, NULL, NULL, on_drop_written, task);
}

gboolean
tocsin_feed_drop_finish (GAsyncResult *result, TocsinFeedRecord *out, GError **error)
{
  Drop *self = g_task_get_task_data (G_TASK (result));

  return take_record (result, &self->record, out, error);
}
