/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Where feeds are defined: in the program, in files of the operator's, in the store. A file takes
 * the place of what the program has under the same name.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/feeds-private.h"

#include <gio/gio.h>
#include <string.h>

#include "core/error.h"

/* Generated. */
GResource *tocsin_feed_files_get_resource (void);

#define RESOURCES "/org/tocsin/feeds.d/"
#define SUFFIX    ".conf"

void
tocsin_feed_free (TocsinFeed *self)
{
  tocsin_feed_definition_free (self->definition);
  tocsin_feed_record_clear (&self->record);
  g_clear_pointer (&self->geo, tocsin_geo_file_unref);
  g_free (self->fault);
  g_free (self);
}

TocsinFeed *
tocsin_feeds_insert (TocsinFeeds *self, TocsinFeedDefinition *definition, TocsinFeedOrigin origin)
{
  TocsinFeed *feed = g_new0 (TocsinFeed, 1);

  feed->definition = definition;
  feed->origin = origin;
  feed->record.name = g_strdup (definition->name);
  g_hash_table_replace (self->feeds, feed->record.name, feed);
  return feed;
}

static char *
name_of_file (const char *file)
{
  return g_strndup (file, strlen (file) - strlen (SUFFIX));
}

static gboolean
load_shipped (TocsinFeeds *self, GError **error)
{
  GResource *resource = tocsin_feed_files_get_resource ();
  g_auto (GStrv) files = g_resource_enumerate_children (resource, RESOURCES, 0, error);

  for (gsize i = 0; files != NULL && files[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat (RESOURCES, files[i], NULL);
      g_autofree char *name = name_of_file (files[i]);
      g_autoptr (GBytes) bytes = g_resource_lookup_data (resource, path, 0, error);
      TocsinFeedDefinition *definition = NULL;
      gsize size = 0;

      if (bytes != NULL)
        {
          const char *text = g_bytes_get_data (bytes, &size);

          definition = tocsin_feed_definition_parse (name, text, size, files[i], error);
        }
      if (definition == NULL)
        return FALSE;
      tocsin_feeds_insert (self, definition, TOCSIN_FEED_SHIPPED);
    }
  return files != NULL;
}

static gboolean
load_file (TocsinFeeds *self, const char *file, GError **error)
{
  g_autofree char *path = g_build_filename (self->directory, file, NULL);
  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *name = name_of_file (file);
  g_autofree char *text = NULL;
  g_autoptr (GError) why = NULL;
  TocsinFeedDefinition *definition;
  gsize size;

  if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
    g_set_error_literal (&why, G_FILE_ERROR, G_FILE_ERROR_INVAL, "not a regular file");
  if (why != NULL || !g_file_get_contents (path, &text, &size, &why))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: it cannot be read (%s)", shown,
                   why->message);
      return FALSE;
    }
  definition = tocsin_feed_definition_parse (name, text, size, shown, error);
  if (definition == NULL)
    return FALSE;
  /* What is never fetched must not be taken for a list that is read. */
  if (!self->http && tocsin_feed_definition_is_http (definition))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s:%u: " TOCSIN_FEED_HTTP_TEXT,
                   shown, definition->url_line);
      tocsin_feed_definition_free (definition);
      return FALSE;
    }
  tocsin_feeds_insert (self, definition, TOCSIN_FEED_FILE);
  return TRUE;
}

static gboolean
load_directory (TocsinFeeds *self, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (GDir) directory =
      self->directory != NULL ? g_dir_open (self->directory, 0, &why) : NULL;
  const char *file;

  if (directory == NULL)
    {
      if (why == NULL || g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: it cannot be read (%s)",
                   self->directory, why->message);
      return FALSE;
    }
  while ((file = g_dir_read_name (directory)) != NULL)
    if (g_str_has_suffix (file, SUFFIX) && *file != '.' && !load_file (self, file, error))
      return FALSE;
  return TRUE;
}

gboolean
tocsin_feeds_check (const char *directory, gboolean http, GError **error)
{
  TocsinFeeds feeds = { .directory = (char *) directory, .http = http };
  g_autoptr (GHashTable) table =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) tocsin_feed_free);

  feeds.feeds = table;
  return load_shipped (&feeds, error) && load_directory (&feeds, error);
}

/* What another version took is the operator's word all the same: it stays until they remove it. */
static TocsinFeed *
insert_unreadable (TocsinFeeds *self, const char *name, const GError *why)
{
  TocsinFeedDefinition *definition = g_new0 (TocsinFeedDefinition, 1);
  TocsinFeed *feed;

  definition->name = g_strdup (name);
  definition->title = g_strdup (name);
  definition->url = g_strdup ("");
  definition->format = g_strdup ("");
  feed = tocsin_feeds_insert (self, definition, TOCSIN_FEED_ADDED);
  feed->fault = g_strdup_printf ("This version cannot read its definition: %s", why->message);
  g_warning ("Feed %s: %s", name, feed->fault);
  return feed;
}

static TocsinFeed *
insert_added (TocsinFeeds *self, const TocsinFeedRecord *record)
{
  g_autoptr (GError) error = NULL;
  TocsinFeedDefinition *definition = tocsin_feed_definition_parse (
      record->name, record->definition, strlen (record->definition), NULL, &error);

  return definition != NULL ? tocsin_feeds_insert (self, definition, TOCSIN_FEED_ADDED)
                            : insert_unreadable (self, record->name, error);
}

/* What was added while running, and what is known of all. */
static gboolean
on_record (const TocsinFeedRecord *record, gpointer data)
{
  TocsinFeeds *self = data;
  TocsinFeed *feed = g_hash_table_lookup (self->feeds, record->name);

  if (feed == NULL && record->definition != NULL)
    feed = insert_added (self, record);
  if (feed == NULL)
    {
      TocsinFeedRecord *orphan = g_new0 (TocsinFeedRecord, 1);

      tocsin_feed_record_copy (orphan, record);
      g_ptr_array_add (self->orphans, orphan);
      return TRUE;
    }
  g_hash_table_steal (self->feeds, record->name);
  tocsin_feed_record_clear (&feed->record);
  tocsin_feed_record_copy (&feed->record, record);
  g_hash_table_insert (self->feeds, feed->record.name, feed);
  feed->stored_us = record->good_us;
  return TRUE;
}

gboolean
tocsin_feeds_load_catalogue (TocsinFeeds *self, GError **error)
{
  g_autoptr (TocsinReading) txn = NULL;

  if (!load_shipped (self, error) || !load_directory (self, error))
    return FALSE;
  txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));
  tocsin_feeds_foreach (txn, on_record, self);
  return tocsin_txn_check (txn, error);
}
