/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * An import: open the batch, then one bulk write of what is imported, or reports published in
 * slices of what is first-hand, then count and audit. An undo goes over the batch likewise.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/import-batch.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "fed/publish.h"
#include "store/bulk.h"
#include "store/table-actors.h"
#include "store/table-audit.h"
#include "store/table-evidence.h"
#include "store/table-imports.h"
#include "store/table-reports.h"

/* A fact that holds while it is listed, and nobody reads this list again. */
#define LISTED_DAYS 30

/* Reports under way at a time: each is signed on the main thread, so not too many; a change of few
 * writes almost as much of the store as one of many, so not too few. */
#define SLICE            512
#define UNDO_ROWS        5000 /* a transaction */
#define SOURCE_MAX_BYTES 200

/* ---- entries ---- */

void
tocsin_import_entry_clear (TocsinImportEntry *self)
{
  tocsin_subject_clear (&self->subject);
  g_clear_pointer (&self->comment, g_free);
}

/* What no list may say: it would speak of half the network, or of nothing. */
static const char *
find_fault (const TocsinImportEntry *self, gboolean imported)
{
  const TocsinCategory *category = tocsin_category_by_id (self->category);

  if (category->half_life_days[self->subject.type] == TOCSIN_HALF_LIFE_REFUSED)
    return "this category says nothing about subjects of this type";
  if (!tocsin_subject_is_global (&self->subject))
    return "it is not public";
  if (imported && tocsin_subject_is_provider (&self->subject))
    return "it is a provider that everybody uses";
  return NULL;
}

static void
rejected_clear (gpointer data)
{
  g_free (((TocsinImportRejected *) data)->error);
}

TocsinImportBatch *
tocsin_import_batch_new (TocsinApi *api, const char *who, gint64 now_us)
{
  TocsinImportBatch *self = g_new0 (TocsinImportBatch, 1);

  self->api = api;
  self->who = g_strdup (who);
  self->now_us = now_us;
  self->entries = g_array_new (FALSE, TRUE, sizeof (TocsinImportEntry));
  g_array_set_clear_func (self->entries, (GDestroyNotify) tocsin_import_entry_clear);
  self->rejected = g_array_new (FALSE, TRUE, sizeof (TocsinImportRejected));
  g_array_set_clear_func (self->rejected, rejected_clear);
  self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
tocsin_import_batch_free (TocsinImportBatch *self)
{
  g_free (self->who);
  g_free (self->source);
  g_array_unref (self->entries);
  g_array_unref (self->rejected);
  g_hash_table_unref (self->seen);
  g_free (self);
}

void
tocsin_import_batch_set_source (TocsinImportBatch *self, const char *source)
{
  g_autofree char *plain = g_strndup (source, strcspn (source, "?"));
  g_autofree char *cut = g_strndup (plain, SOURCE_MAX_BYTES);

  g_free (self->source);
  self->source = g_utf8_make_valid (cut, -1);
}

static void
fill_draft (const TocsinImportBatch *self, const TocsinImportEntry *entry, TocsinDraft *out)
{
  TocsinSubject subject;

  tocsin_draft_init (out);
  tocsin_subject_copy (&subject, &entry->subject);
  g_array_append_val (out->subjects, subject);
  out->category = entry->category;
  out->comment = g_strdup (entry->comment);
  out->batch = self->number;
}

gboolean
tocsin_import_batch_check (const TocsinImportBatch *self, TocsinImportEntry *entry, GError **error)
{
  const TocsinCategory *category = tocsin_category_by_id (entry->category);
  const char *fault = find_fault (entry, !self->first_hand);
  gint64 hour_us = self->now_us - self->now_us % TOCSIN_HOUR_US;
  g_auto (TocsinDraft) draft = { 0 };

  if (fault != NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, fault);
      return FALSE;
    }
  entry->end_us = tocsin_report_default_end (entry->category, entry->subject.type, hour_us);
  if (!self->first_hand &&
      category->half_life_days[entry->subject.type] == TOCSIN_HALF_LIFE_WHILE_LISTED)
    entry->end_us = hour_us + LISTED_DAYS * TOCSIN_DAY_US;
  if (!self->first_hand || self->api->federation == NULL)
    return TRUE;
  fill_draft (self, entry, &draft);
  return tocsin_publish_check (self->api->federation, &draft, error);
}

void
tocsin_import_batch_take (TocsinImportBatch *self, TocsinImportEntry *entry)
{
  g_autofree char *hex = tocsin_hex_encode (entry->subject.digest, TOCSIN_ID_BYTES);

  if (g_hash_table_add (self->seen, g_strdup_printf ("%s %u", hex, entry->category)))
    {
      g_array_append_val (self->entries, *entry);
      return;
    }
  self->repeated++;
  tocsin_import_entry_clear (entry);
}

/* What makes an entry known: reports of our own for one that is first-hand, else what the same list
 * said before. */
typedef struct
{
  const TocsinImportBatch *import; /* (unowned) */
  const char *source;              /* (unowned) (nullable) the name of the list */
  GHashTable *batches;             /* (owned) number: whether it is of that list, and in force */
} Memory;

static void
memory_init (Memory *self, const TocsinImportBatch *import, const char *source)
{
  self->import = import;
  self->source = source;
  self->batches = g_hash_table_new (NULL, NULL);
}

static void
memory_clear (Memory *self)
{
  g_clear_pointer (&self->batches, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Memory, memory_clear)

static gboolean
is_of_list (TocsinTxn *txn, Memory *self, const TocsinEvidence *row)
{
  guint64 batch = tocsin_bulk_find_batch (txn, row->report);
  gpointer same;

  if (!g_hash_table_lookup_extended (self->batches, GSIZE_TO_POINTER (batch), NULL, &same))
    {
      g_auto (TocsinImportRecord) record = { 0 };

      same = GINT_TO_POINTER (tocsin_imports_get (txn, batch, &record) && record.undone_us == 0 &&
                              g_strcmp0 (record.source, self->source) == 0);
      g_hash_table_insert (self->batches, GSIZE_TO_POINTER (batch), same);
    }
  return GPOINTER_TO_INT (same);
}

/* A list that is read again renews what has run half of its time, and leaves the rest. What other
 * lists say stays theirs, so that each can be taken back without the others; beside as many of them
 * and reports of our own as evidence keeps there is no place, or they would push each other out
 * whenever they are read. */
static gboolean
is_known (TocsinTxn *txn, Memory *self, const TocsinImportEntry *entry)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinSubjectKey key = tocsin_subject_key (&entry->subject);
  gboolean first_hand = self->import->first_hand;
  gint64 now_us = self->import->now_us;
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, &key, &buffer, &rows);
  guint places = 0;

  for (gsize i = 0; i < n; i++)
    {
      gboolean imported = (rows[i].flags & TOCSIN_EVIDENCE_IMPORTED) != 0;
      gint64 left_us = (gint64) rows[i].expires_s * TOCSIN_SECOND_US - now_us;
      gboolean lasts =
          (rows[i].flags & TOCSIN_EVIDENCE_BENIGN) == 0 && 2 * left_us >= entry->end_us - now_us;

      if (rows[i].reporter != TOCSIN_ACTOR_LOCAL || rows[i].category != entry->category ||
          (rows[i].flags & TOCSIN_EVIDENCE_DERIVED) != 0)
        continue;
      places += !imported || lasts;
      if (lasts && imported != first_hand && (first_hand || is_of_list (txn, self, &rows[i])))
        return TRUE;
    }
  return !first_hand && places >= TOCSIN_EVIDENCE_MAX_SAME;
}

gboolean
tocsin_import_batch_try (TocsinImportBatch *self, GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (self->api));
  g_auto (Memory) memory = { 0 };

  memory_init (&memory, self, self->source);
  self->duplicates = self->repeated;
  self->accepted = 0;
  for (guint i = 0; i < self->entries->len; i++)
    if (is_known (txn, &memory, &g_array_index (self->entries, TocsinImportEntry, i)))
      self->duplicates++;
    else
      self->accepted++;
  return tocsin_txn_check (txn, error);
}

/* ---- into the store ---- */

/* The record of batch @number, or of a new one if that is 0. Refuses before anything is written. */
static gboolean
open_batch (TocsinTxn *txn,
            const TocsinImportBatch *self,
            guint64 number,
            TocsinImportRecord *record,
            GError **error)
{
  if (number == 0)
    {
      record->created_us = self->now_us;
      record->actor = TOCSIN_ACTOR_LOCAL;
      record->category = self->category;
      record->subject_type = (guint8) self->type;
      record->imported = !self->first_hand;
      record->source = g_strdup (self->source);
      record->batch = tocsin_imports_add (txn, record);
      return TRUE;
    }
  if (!tocsin_imports_get (txn, number, record) || record->actor != TOCSIN_ACTOR_LOCAL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                         "/batch: there is no such import");
  else if (record->undone_us != 0 || record->imported == self->first_hand)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                         record->undone_us != 0 ? "/batch: this import was undone"
                                                : "/batch: this import is of the other kind");
  else
    return TRUE;
  return FALSE;
}

static void
close_batch (TocsinTxn *txn, TocsinImportBatch *self, TocsinImportRecord *record)
{
  g_autofree char *object = g_strdup_printf ("%" G_GUINT64_FORMAT, record->batch);
  g_autofree char *detail = g_strdup_printf ("%u entries", self->accepted);

  record->count += self->accepted;
  if (record->category != self->category)
    record->category = 0;
  if (record->subject_type != self->type)
    record->subject_type = TOCSIN_SUBJECT_NONE;
  tocsin_imports_put (txn, record);
  tocsin_audit_append (txn, self->now_us, self->who, "import.add", object, detail);
}

static void
add_row (TocsinBulk *bulk, const TocsinImportBatch *self, const TocsinImportEntry *entry)
{
  guint flags = TOCSIN_EVIDENCE_IMPORTED | TOCSIN_EVIDENCE_OWN;
  TocsinBulkRow row = {
    .key = tocsin_subject_key (&entry->subject),
    .value = entry->subject.key_value,
    .key_type = entry->subject.key_type,
  };

  if (tocsin_subject_type_is_person (entry->subject.type))
    flags |= TOCSIN_EVIDENCE_PERSON;
  row.evidence = (TocsinEvidence){
    .reporter = TOCSIN_ACTOR_LOCAL,
    .category = entry->category,
    .flags = (guint8) flags,
    .confidence = 100,
    .subject_type = (guint8) entry->subject.type,
    .observed_s = (guint32) (self->now_us / TOCSIN_HOUR_US * 3600),
    .expires_s = (guint32) (entry->end_us / TOCSIN_SECOND_US),
  };
  (void) tocsin_bulk_add (bulk, &row);
}

static gboolean
write_imported (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportBatch *self = data;
  g_auto (TocsinImportRecord) record = { 0 };
  g_autoptr (TocsinBulk) bulk = NULL;
  g_auto (Memory) memory = { 0 };

  if (!open_batch (txn, self, self->batch, &record, error))
    return FALSE;
  memory_init (&memory, self, record.source);
  bulk = tocsin_bulk_new (record.batch);
  self->duplicates = self->repeated;
  for (guint i = 0; i < self->entries->len; i++)
    {
      const TocsinImportEntry *entry = &g_array_index (self->entries, TocsinImportEntry, i);

      if (is_known (txn, &memory, entry))
        self->duplicates++;
      else
        add_row (bulk, self, entry);
    }
  self->accepted = (guint) tocsin_bulk_size (bulk);
  if (!tocsin_bulk_write (txn, bulk, error))
    return FALSE;
  close_batch (txn, self, &record);
  self->number = record.batch;
  return TRUE;
}

/* ---- first-hand ---- */

typedef struct
{
  TocsinImportBatch *batch; /* (owned) */
  guint next;               /* entry */
  guint pending;            /* reports on their way */
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;

  tocsin_import_batch_free (run->batch);
  g_free (run);
}

static gboolean
write_opened (TocsinTxn *txn, gpointer data, GError **error)
{
  Run *run = data;
  g_auto (TocsinImportRecord) record = { 0 };

  if (!open_batch (txn, run->batch, run->batch->batch, &record, error))
    return FALSE;
  run->batch->number = record.batch;
  return TRUE;
}

static gboolean
write_closed (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportBatch *self = ((Run *) data)->batch;
  g_auto (TocsinImportRecord) record = { 0 };

  if (!open_batch (txn, self, self->number, &record, error))
    return FALSE;
  close_batch (txn, self, &record);
  return TRUE;
}

static void
on_finished (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (tocsin_writer_submit_finish (result, &error))
    g_task_return_pointer (task, run->batch, NULL);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void publish_slice (GTask *task);

typedef struct
{
  GTask *task; /* (owned) */
  guint index; /* of the entry in the call */
} Publication;

static void
on_published (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Publication *publication = user_data;
  g_autoptr (GTask) task = publication->task;
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPublished) published = tocsin_publish_reports_finish (result, &error);

  if (published != NULL)
    run->batch->accepted++;
  else
    {
      TocsinImportRejected rejected = { publication->index, g_strdup (error->message) };

      g_array_append_val (run->batch->rejected, rejected);
    }
  if (--run->pending == 0)
    publish_slice (task);
}

static void
publish_entry (GTask *task, const TocsinImportEntry *entry)
{
  Run *run = g_task_get_task_data (task);
  g_auto (TocsinDraft) draft = { 0 };
  Publication *publication = g_new0 (Publication, 1);

  fill_draft (run->batch, entry, &draft);
  publication->task = g_object_ref (task);
  publication->index = entry->index;
  run->pending++;
  tocsin_publish_reports_async (run->batch->api->federation, &draft, run->batch->who, on_published,
                                publication);
}

static void
publish_slice (GTask *task)
{
  Run *run = g_task_get_task_data (task);
  TocsinImportBatch *batch = run->batch;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (batch->api));
  g_auto (Memory) memory = { 0 };

  memory_init (&memory, batch, batch->source);
  while (run->next < batch->entries->len && run->pending < SLICE)
    {
      const TocsinImportEntry *entry =
          &g_array_index (batch->entries, TocsinImportEntry, run->next++);

      if (is_known (txn, &memory, entry))
        batch->duplicates++;
      else
        publish_entry (task, entry);
    }
  if (run->pending == 0)
    tocsin_writer_submit_async (batch->api->writer, write_closed, run, NULL, NULL, on_finished,
                                g_object_ref (task));
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Run *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  run->batch->duplicates = run->batch->repeated;
  if (tocsin_writer_submit_finish (result, &error))
    publish_slice (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static gboolean
write_run_imported (TocsinTxn *txn, gpointer data, GError **error)
{
  return write_imported (txn, ((Run *) data)->batch, error);
}

void
tocsin_import_batch_run_async (TocsinImportBatch *self,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Run *run = g_new0 (Run, 1);

  run->batch = self;
  g_task_set_task_data (task, run, run_free);
  if (self->first_hand)
    tocsin_writer_submit_async (self->api->writer, write_opened, run, NULL, NULL, on_opened, task);
  else
    tocsin_writer_submit_async (self->api->writer, write_run_imported, run, NULL, NULL, on_finished,
                                task);
}

const TocsinImportBatch *
tocsin_import_batch_run_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- undo ---- */

typedef struct
{
  TocsinApi *api;
  char *who; /* (owned) */
  guint64 batch;
  guint64 after; /* report number */
  guint pending;
  guint removed;  /* rows, by the newest write */
  GError *failed; /* (owned) (nullable) */
} Undo;

static void
undo_free (gpointer data)
{
  Undo *undo = data;

  g_free (undo->who);
  g_clear_error (&undo->failed);
  g_free (undo);
}

/* Rows of lists go here; when none is left the batch is marked. */
static gboolean
write_undo (TocsinTxn *txn, gpointer data, GError **error)
{
  Undo *undo = data;
  g_auto (TocsinImportRecord) record = { 0 };
  gint64 now_us = tocsin_api_now_us (undo->api);
  g_autofree char *object = g_strdup_printf ("%" G_GUINT64_FORMAT, undo->batch);

  if (!tocsin_imports_get (txn, undo->batch, &record))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such import");
      return FALSE;
    }
  undo->removed = record.imported ? tocsin_bulk_undo (txn, undo->batch, UNDO_ROWS, now_us) : 0;
  if (undo->removed > 0)
    return TRUE;
  record.undone_us = now_us;
  tocsin_imports_put (txn, &record);
  tocsin_audit_append (txn, now_us, undo->who, "import.undo", object, NULL);
  return TRUE;
}

static void
on_undo_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Undo *undo = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (undo->removed == 0)
    g_task_return_boolean (task, TRUE);
  else
    tocsin_writer_submit_async (undo->api->writer, write_undo, undo, NULL, NULL, on_undo_written,
                                g_steal_pointer (&task));
}

static void withdraw_slice (GTask *task);

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  Undo *undo = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  /* What was withdrawn or has expired in the meantime is as it should be. */
  if (!tocsin_publish_withdraw_finish (result, &error) && undo->failed == NULL &&
      !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE))
    undo->failed = g_steal_pointer (&error);
  if (--undo->pending == 0)
    withdraw_slice (task);
}

static void
withdraw_slice (GTask *task)
{
  Undo *undo = g_task_get_task_data (task);
  g_autoptr (GArray) numbers = NULL;

  if (undo->failed != NULL)
    {
      g_task_return_error (task, g_steal_pointer (&undo->failed));
      return;
    }
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (undo->api));

    numbers = tocsin_reports_in_batch (txn, undo->batch, undo->after, SLICE);
  }
  if (numbers->len == 0)
    {
      tocsin_writer_submit_async (undo->api->writer, write_undo, undo, NULL, NULL, on_undo_written,
                                  g_object_ref (task));
      return;
    }
  undo->pending = numbers->len;
  for (guint i = 0; i < numbers->len; i++)
    {
      undo->after = g_array_index (numbers, guint64, i);
      tocsin_publish_withdraw_async (undo->api->federation, undo->after, TOCSIN_REASON_ERROR,
                                     undo->who, on_withdrawn, g_object_ref (task));
    }
}

/* Whether this batch can be undone, and how. */
static gboolean
find_undo (const Undo *undo, gboolean *imported, GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (undo->api));
  g_auto (TocsinImportRecord) record = { 0 };

  if (!tocsin_imports_get (txn, undo->batch, &record))
    {
      if (tocsin_txn_check (txn, error))
        g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                             "There is no such import");
      return FALSE;
    }
  *imported = record.imported;
  if (record.undone_us != 0)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE, "This import was undone before");
  else if (record.actor != TOCSIN_ACTOR_LOCAL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                         "This batch is a peer's first reports; reject its line in review");
  else if (!record.imported && undo->api->federation == NULL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                         "This node does not federate");
  else
    return TRUE;
  return FALSE;
}

void
tocsin_import_undo_async (TocsinApi *api,
                          guint64 batch,
                          const char *who,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Undo *undo = g_new0 (Undo, 1);
  g_autoptr (GError) error = NULL;
  gboolean imported;

  undo->api = api;
  undo->who = g_strdup (who);
  undo->batch = batch;
  g_task_set_task_data (task, undo, undo_free);
  if (!find_undo (undo, &imported, &error))
    g_task_return_error (task, g_steal_pointer (&error));
  else if (imported)
    tocsin_writer_submit_async (api->writer, write_undo, undo, NULL, NULL, on_undo_written,
                                g_steal_pointer (&task));
  else
    withdraw_slice (task);
}

gboolean
tocsin_import_undo_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
