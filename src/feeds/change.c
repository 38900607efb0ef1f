/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What an operator decides about a feed. It is on disk before it is answered.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include <string.h>

#include "core/error.h"
#include "feeds/apply.h"
#include "feeds/feeds-private.h"
#include "store/table-audit.h"

typedef struct
{
  TocsinFeeds *feeds;      /* (unowned) */
  TocsinFeed *feed;        /* (unowned) */
  TocsinFeedRecord record; /* (owned) as it will be */
  const char *action;
  char *who; /* (owned) */
  gint64 now_us;
  gboolean is_new; /* it is there for this change alone, until that is on disk */
  gboolean forget;
} Change;

static void
change_free (gpointer data)
{
  Change *self = data;

  tocsin_feed_record_clear (&self->record);
  g_free (self->who);
  g_free (self);
}

/* The record's name is the key of the table. */
static void
set_record (Change *self, TocsinFeedRecord *record)
{
  g_hash_table_steal (self->feeds->feeds, self->feed->record.name);
  tocsin_feed_record_clear (&self->feed->record);
  self->feed->record = *record;
  *record = (TocsinFeedRecord){ 0 };
  self->feed->stored_us = self->feed->record.good_us;
  g_hash_table_insert (self->feeds->feeds, self->feed->record.name, self->feed);
}

static void
finish (GTask *task, gboolean ok, GError *error)
{
  Change *self = g_task_get_task_data (task);
  TocsinFeeds *feeds = self->feeds;

  if (self->feed != NULL)
    self->feed->is_busy = FALSE;
  tocsin_feeds_changed (feeds);
  feeds->pending--;
  if (ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_dropped (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = G_TASK (data);
  Change *self = g_task_get_task_data (task);
  g_auto (TocsinFeedRecord) record = { 0 };
  GError *error = NULL;
  gboolean ok = tocsin_feed_drop_finish (result, &record, &error);

  if (ok)
    {
      set_record (self, &record);
      if (tocsin_feed_is_geo (self->feed) || self->feed->fault != NULL)
        tocsin_feed_drop_geo (self->feeds, self->feed);
    }
  else
    tocsin_feed_record_unread (&self->feed->record);
  if (ok && self->forget)
    {
      g_hash_table_remove (self->feeds->feeds, self->feed->record.name);
      self->feed = NULL;
    }
  finish (task, ok, error);
}

static gboolean
write_change (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  const Change *self = data;

  tocsin_feeds_put (txn, &self->record);
  tocsin_audit_append (txn, self->now_us, self->who, self->action, self->record.name, NULL);
  return TRUE;
}

static void
on_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = G_TASK (data);
  Change *self = g_task_get_task_data (task);
  GError *error = NULL;
  gboolean ok = tocsin_writer_submit_finish (result, &error);

  if (ok)
    set_record (self, &self->record);
  else if (self->is_new)
    {
      g_hash_table_remove (self->feeds->feeds, self->feed->record.name);
      self->feed = NULL;
    }
  finish (task, ok, error);
}

static TocsinFeed *
add_feed (TocsinFeeds *self, const char *name, const char *text, GError **error)
{
  TocsinFeedDefinition *definition;
  guint i;

  /* Its record is found by the name, and is what tells of the rows. */
  if (tocsin_feeds_find_orphan (self, name, &i))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                   "What an earlier feed “%s” left behind is still being removed; ask again later",
                   name);
      return NULL;
    }
  if (g_hash_table_contains (self->feeds, name))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "There is a feed “%s” already",
                   name);
      return NULL;
    }
  definition = tocsin_feed_definition_parse (name, text, strlen (text), NULL, error);
  if (definition != NULL && !self->http && tocsin_feed_definition_is_http (definition))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, TOCSIN_FEED_HTTP_TEXT);
      g_clear_pointer (&definition, tocsin_feed_definition_free);
    }
  return definition != NULL ? tocsin_feeds_insert (self, definition, TOCSIN_FEED_ADDED) : NULL;
}

static TocsinFeed *
find_feed (TocsinFeeds *self, const char *name, TocsinFeedChange change, GError **error)
{
  TocsinFeed *feed = g_hash_table_lookup (self->feeds, name);

  if (feed == NULL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such feed");
  else if (feed->refresh != NULL || feed->is_busy)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "This feed is being read or changed; ask again when that is done");
      feed = NULL;
    }
  else if (feed->fault != NULL && change == TOCSIN_FEED_ENABLE)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, feed->fault);
      feed = NULL;
    }
  return feed;
}

static void
begin (GTask *task, TocsinFeedChange change, const char *text)
{
  Change *self = g_task_get_task_data (task);
  TocsinFeeds *feeds = self->feeds;

  self->feed->is_busy = TRUE;
  feeds->pending++;
  tocsin_feed_record_copy (&self->record, &self->feed->record);
  if (change == TOCSIN_FEED_DISABLE || change == TOCSIN_FEED_REMOVE)
    {
      self->forget = change == TOCSIN_FEED_REMOVE && self->feed->origin == TOCSIN_FEED_ADDED;
      tocsin_feed_drop_async (feeds->writer, &self->record, self->forget, self->who, self->now_us,
                              on_dropped, task);
      return;
    }
  self->record.enabled = TRUE;
  self->record.tried_us = 0;
  self->is_new = change == TOCSIN_FEED_ADD;
  if (self->is_new)
    self->record.definition = g_strdup (text);
  self->action = self->is_new ? "feed.add" : "feed.enable";
  tocsin_writer_submit_async (feeds->writer, write_change, self, NULL, NULL, on_written, task);
}

void
tocsin_feeds_change_async (TocsinFeeds *self,
                           const char *name,
                           TocsinFeedChange change,
                           const char *text,
                           const char *who,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  Change *state = g_new0 (Change, 1);
  GError *error = NULL;

  state->feeds = self;
  state->who = g_strdup (who);
  state->now_us = self->now_us ();
  g_task_set_task_data (task, state, change_free);
  state->feed = change == TOCSIN_FEED_ADD ? add_feed (self, name, text, &error)
                                          : find_feed (self, name, change, &error);
  if (state->feed == NULL)
    g_task_return_error (task, error);
  else
    begin (g_steal_pointer (&task), change, text);
}

gboolean
tocsin_feeds_change_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
