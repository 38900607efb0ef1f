/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/load.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "store/bulk.h"

#define READ_BYTES (64 * 1024)

/* The most a list may lose at once: more is a list that broke. */
#define SHRINK_PERCENT 30

/* Two lists that share more than this are one origin. */
#define MIRROR_PERCENT 90

static void
rival_clear (gpointer data)
{
  g_free (((TocsinFeedRival *) data)->name);
}

TocsinFeedLoad *
tocsin_feed_load_new (TocsinStore *store, const TocsinFeedDefinition *definition)
{
  TocsinFeedLoad *self = g_new0 (TocsinFeedLoad, 1);
  g_autofree char *reading = NULL;

  self->store = store;
  self->definition = definition;
  self->fd = -1;
  self->part_rows = TOCSIN_BULK_ROWS;
  self->rivals = g_array_new (FALSE, FALSE, sizeof (TocsinFeedRival));
  g_array_set_clear_func (self->rivals, rival_clear);
  self->list = tocsin_feed_list_new (definition);
  self->sum = tocsin_hasher_new ();
  reading = tocsin_feed_definition_reading (definition);
  tocsin_hasher_add (self->sum, reading, strlen (reading));
  self->added = g_array_new (FALSE, FALSE, sizeof (guint));
  self->removed = g_array_new (FALSE, FALSE, sizeof (TocsinBulkEntry));
  return self;
}

void
tocsin_feed_load_free (TocsinFeedLoad *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  tocsin_hasher_free (self->sum);
  g_free (self->geo_path);
  g_clear_pointer (&self->geo, tocsin_geo_file_unref);
  g_array_unref (self->rivals);
  tocsin_feed_list_free (self->list);
  g_array_unref (self->added);
  g_array_unref (self->removed);
  g_free (self);
}

void
tocsin_feed_load_add_rival (TocsinFeedLoad *self, const char *name, guint64 batch, guint64 count)
{
  TocsinFeedRival rival = { .name = g_strdup (name), .batch = batch, .count = count };

  g_array_append_val (self->rivals, rival);
}

/* ---- reading ---- */

void
tocsin_feed_load_take_fd (TocsinFeedLoad *self, int fd)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = fd;
}

typedef gboolean (*ChunkFunc) (const char *bytes, gsize size, gpointer data, GError **error);

static gboolean
read_all (TocsinFeedLoad *self, ChunkFunc func, gpointer data, GCancellable *stop, GError **error)
{
  g_autofree char *buffer = g_malloc (READ_BYTES);
  gsize max_bytes = self->definition->max_bytes;
  gsize total = 0;
  gssize n = lseek (self->fd, 0, SEEK_SET);

  while (n >= 0)
    {
      n = read (self->fd, buffer, READ_BYTES);
      if (n == 0)
        return TRUE;
      total += (gsize) MAX (n, 0);
      if (total > max_bytes)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                       "The list is longer than the %" G_GSIZE_FORMAT " MiB that it may have",
                       max_bytes / (1024 * 1024));
          return FALSE;
        }
      if (n > 0 && (g_cancellable_set_error_if_cancelled (stop, error) ||
                    !func (buffer, (gsize) n, data, error)))
        return FALSE;
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE, "The list cannot be read: %s",
               g_strerror (errno));
  return FALSE;
}

static gboolean
add_to_sum (const char *bytes, gsize size, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_hasher_add (data, bytes, size);
  return TRUE;
}

static gboolean
add_to_list (const char *bytes, gsize size, gpointer data, GError **error)
{
  return tocsin_feed_reader_push (data, bytes, size, error);
}

gboolean
tocsin_feed_load_page (TocsinFeedLoad *self, GCancellable *cancellable, GError **error)
{
  TocsinFeedReadOptions options = { .column = self->definition->column,
                                    .service = self->definition->service };
  g_autoptr (TocsinFeedReader) reader = NULL;

  if (!read_all (self, add_to_sum, self->sum, cancellable, error))
    return FALSE;
  tocsin_hasher_peek (self->sum, self->digest);
  self->is_known = memcmp (self->digest, self->known, sizeof self->known) == 0;
  if (self->is_known)
    return TRUE;
  if (self->geo_path != NULL)
    {
      self->geo = tocsin_geo_install (self->fd, self->geo_path, self->definition->max_bytes, error);
      return self->geo != NULL;
    }
  reader = tocsin_feed_list_begin (self->list, &options);
  return read_all (self, add_to_list, reader, cancellable, error) &&
         tocsin_feed_list_end (self->list, reader, error);
}

/* ---- comparing ---- */

static const TocsinFeedEntry *
entry_at (const TocsinFeedLoad *self, guint i)
{
  return &g_array_index (self->list->entries, TocsinFeedEntry, i);
}

static void
replace_all (TocsinFeedLoad *self, const GArray *stored)
{
  if (stored->len > 0)
    g_array_append_vals (self->removed, stored->data, stored->len);
  for (guint i = 0; i < self->list->entries->len; i++)
    if (!entry_at (self, i)->gone)
      g_array_append_val (self->added, i);
}

/* Both are in the order of keys. An entry of @stored is passed when it was looked at. */
static void
compare (TocsinFeedLoad *self, const GArray *stored)
{
  guint s = 0;

  for (guint i = 0; i < self->list->entries->len; i++)
    {
      const TocsinFeedEntry *entry = entry_at (self, i);
      int order = 1;

      for (; s < stored->len; s++)
        {
          const TocsinBulkEntry *row = &g_array_index (stored, TocsinBulkEntry, s);

          order = tocsin_bulk_compare_keys (row, entry);
          if (order >= 0)
            break;
          if (!self->is_changes)
            g_array_append_val (self->removed, *row);
        }
      if (s < stored->len && order == 0)
        {
          if (entry->gone)
            g_array_append_val (self->removed, g_array_index (stored, TocsinBulkEntry, s));
          s++;
        }
      else if (!entry->gone)
        g_array_append_val (self->added, i);
    }
  for (; s < stored->len && !self->is_changes; s++)
    g_array_append_val (self->removed, g_array_index (stored, TocsinBulkEntry, s));
}

static gboolean
check_shrinking (const TocsinFeedLoad *self, guint64 before, GError **error)
{
  guint64 after = before - self->removed->len + self->added->len;

  /* What changes say is gone, they say one by one. */
  if (self->may_shrink || self->is_changes || after * 100 >= before * (100 - SHRINK_PERCENT))
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
               "The list shrank from %" G_GUINT64_FORMAT " entries to %" G_GUINT64_FORMAT
               ", by more than %d %%",
               before, after, SHRINK_PERCENT);
  return FALSE;
}

/* ---- mirrors ---- */

static gboolean
shares_most (guint64 shared, guint64 a, guint64 b)
{
  return shared * 100 > MAX (a, b) * MIRROR_PERCENT;
}

static guint64
count_shared (const TocsinFeedLoad *self, const GArray *rows)
{
  guint64 n = 0;

  for (guint i = 0, r = 0; i < self->list->entries->len && r < rows->len;)
    {
      const TocsinBulkEntry *row = &g_array_index (rows, TocsinBulkEntry, r);
      int order = tocsin_bulk_compare_keys (row, entry_at (self, i));

      n += order == 0 && !entry_at (self, i)->gone;
      r += order <= 0;
      i += order >= 0;
    }
  return n;
}

/* Only where the numbers make it possible are the rows compared. */
static void
find_mirrors (TocsinFeedLoad *self, TocsinTxn *txn, guint64 count)
{
  for (guint i = 0; i < self->rivals->len; i++)
    {
      TocsinFeedRival *rival = &g_array_index (self->rivals, TocsinFeedRival, i);
      g_autoptr (GArray) rows = NULL;

      if (!shares_most (MIN (count, rival->count), count, rival->count))
        continue;
      rows = tocsin_bulk_list (txn, rival->batch);
      rival->is_mirror = shares_most (count_shared (self, rows), count, rows->len);
    }
}

static guint64
count_said (const TocsinFeedLoad *self)
{
  guint64 n = 0;

  for (guint i = 0; i < self->list->entries->len; i++)
    n += !entry_at (self, i)->gone;
  return n;
}

static gboolean
compare_in_store (TocsinFeedLoad *self, TocsinReader *reader, GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);
  g_autoptr (GArray) stored = tocsin_bulk_list (txn, self->batch);

  if (self->is_other)
    replace_all (self, stored);
  else
    compare (self, stored);
  if (!check_shrinking (self, stored->len, error))
    return FALSE;
  self->count = stored->len - self->removed->len + self->added->len;
  if (!self->is_changes)
    find_mirrors (self, txn, count_said (self));
  return tocsin_txn_check (txn, error);
}

gboolean
tocsin_feed_load_compare (TocsinFeedLoad *self,
                          GCancellable *cancellable G_GNUC_UNUSED,
                          GError **error)
{
  g_autoptr (TocsinReader) reader = NULL;

  if (!tocsin_feed_list_close (self->list, self->is_changes, error))
    return FALSE;
  reader = tocsin_reader_new (self->store);
  return compare_in_store (self, reader, error);
}

/* ---- on another thread ---- */

typedef struct
{
  TocsinFeedLoad *load; /* (unowned) */
  TocsinFeedLoadFunc func;
} Job;

static void
run_in_thread (GTask *task, gpointer source G_GNUC_UNUSED, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  g_autoptr (GError) error = NULL;

  if (job->func (job->load, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
tocsin_feed_load_async (TocsinFeedLoad *self,
                        TocsinFeedLoadFunc func,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);
  Job job = { .load = self, .func = func };

  g_task_set_task_data (task, g_memdup2 (&job, sizeof job), g_free);
  g_task_run_in_thread (task, run_in_thread);
}

gboolean
tocsin_feed_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
