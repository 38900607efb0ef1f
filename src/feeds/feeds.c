/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * When which list is read: after it was enabled, every so many hours, and sooner after a failure.
 * How it is read is in refresh.c, what an operator changes in change.c.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/feeds.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/category.h"
#include "core/clock.h"
#include "core/error.h"
#include "feeds/apply.h"
#include "feeds/feeds-private.h"

#define START_PAUSE_US (10 * TOCSIN_SECOND_US) /* a node that starts has other things to do */
#define TIMER_MIN_US   (TOCSIN_SECOND_US / 10)
#define TIMER_MAX_US   TOCSIN_HOUR_US
#define RETRY_US       (15 * TOCSIN_MINUTE_US) /* after the first failure; then twice as long */
#define AT_ONCE        2                       /* lists that are read by themselves */

/* "Valid while listed, and for 48 h after" (data/categories.csv): after the last time that the
 * list was seen to say so. */
#define LISTED_GRACE_US (48 * TOCSIN_HOUR_US)

static void schedule (TocsinFeeds *self);

gint64
tocsin_feeds_wait_us (const TocsinFeeds *self, gint64 wait_us)
{
  return wait_us / self->time_scale;
}

gint64
tocsin_feeds_every_us (const TocsinFeeds *self, const TocsinFeed *feed)
{
  guint hours =
      feed->definition->every_hours != 0 ? feed->definition->every_hours : self->every_hours;

  return hours * TOCSIN_HOUR_US;
}

/* ---- what answers cite ---- */

static gint64
valid_us (const TocsinFeeds *self, const TocsinFeed *feed)
{
  return tocsin_feeds_every_us (self, feed) + LISTED_GRACE_US;
}

static void
add_source (TocsinFeeds *self, const TocsinFeed *feed, TocsinListSources *sources)
{
  const TocsinFeedRecord *record = &feed->record;
  const TocsinFeed *mirrored =
      record->mirror_of != NULL ? g_hash_table_lookup (self->feeds, record->mirror_of) : NULL;
  TocsinListSource source = {
    .actor = record->actor,
    .origin = mirrored != NULL && mirrored->record.enabled ? mirrored->record.actor : record->actor,
    .title = feed->definition->title,
    .as_of_us = record->good_us,
    .valid_us = valid_us (self, feed),
  };

  if (record->actor != 0 && record->enabled)
    tocsin_list_sources_add (sources, &source);
}

static void
publish (TocsinFeeds *self)
{
  g_autoptr (TocsinListSources) sources = tocsin_list_sources_new ();
  g_autoptr (TocsinGeo) geo = tocsin_geo_new ();
  GHashTableIter iter;
  gpointer value;

  if (self->func == NULL)
    return;
  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const TocsinFeed *feed = value;

      add_source (self, feed, sources);
      if (feed->record.enabled && feed->geo != NULL)
        tocsin_geo_add (geo, feed->geo, feed->definition->title, feed->record.good_us);
    }
  self->func (sources, geo, self->func_data);
}

void
tocsin_feeds_listen (TocsinFeeds *self, TocsinFeedsFunc func, gpointer data)
{
  self->func = func;
  self->func_data = data;
  publish (self);
}

void
tocsin_feeds_changed (TocsinFeeds *self)
{
  tocsin_feeds_settle_mirrors (self);
  publish (self);
  schedule (self);
}

/* ---- the timer ---- */

static gint64
due_us (const TocsinFeeds *self, const TocsinFeed *feed)
{
  const TocsinFeedRecord *record = &feed->record;
  gint64 every_us = tocsin_feeds_every_us (self, feed);
  gint64 wait_us;

  if (record->tried_us == 0)
    return 0;
  if (record->failures > 0)
    every_us = MIN (every_us, RETRY_US << MIN (record->failures - 1, 10));
  wait_us = tocsin_feeds_wait_us (self, every_us);
  return tocsin_time_due (record->tried_us + wait_us, self->now_us (), wait_us + TOCSIN_HOUR_US);
}

/* Whether it may be read by itself. */
static gboolean
may_begin (const TocsinFeed *feed)
{
  return feed->record.enabled && feed->fault == NULL && feed->refresh == NULL && !feed->is_busy;
}

static gboolean
on_timer (gpointer data)
{
  TocsinFeeds *self = data;
  gint64 now_us = self->now_us ();
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (self);

  g_clear_pointer (&self->timer, g_source_unref);
  for (guint i = 0; i < feeds->len && self->automatic < AT_ONCE; i++)
    {
      TocsinFeed *feed = g_ptr_array_index (feeds, i);

      if (may_begin (feed) && due_us (self, feed) <= now_us)
        tocsin_feed_begin_refresh (self, feed, FALSE, NULL);
    }
  schedule (self);
  return G_SOURCE_REMOVE;
}

static void
arm (TocsinFeeds *self, gint64 wait_us)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  self->timer = g_timeout_source_new ((guint) (CLAMP (wait_us, TIMER_MIN_US, TIMER_MAX_US) / 1000));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

/* The next one that is due; while as many are read as may be, their end calls this again. */
static void
schedule (TocsinFeeds *self)
{
  gint64 first_us = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  if (!self->started || self->automatic >= AT_ONCE)
    return;
  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const TocsinFeed *feed = value;

      if (may_begin (feed))
        first_us = MIN (first_us, due_us (self, feed));
    }
  if (first_us != G_MAXINT64)
    arm (self, first_us - self->now_us ());
}

/* ---- databases of places ---- */

gboolean
tocsin_feed_is_geo (const TocsinFeed *feed)
{
  return g_str_equal (feed->definition->format, TOCSIN_FEED_FORMAT_MMDB);
}

static char *
database_path (const TocsinFeeds *self, const char *name)
{
  g_autofree char *file = g_strconcat ("feed-", name, ".mmdb", NULL);

  return g_build_filename (self->data_dir, file, NULL);
}

static void
remove_database (const TocsinFeeds *self, const char *name)
{
  g_autofree char *path = database_path (self, name);

  if (tocsin_feed_name_is_valid (name) && g_unlink (path) != 0 && errno != ENOENT)
    g_warning ("%s stays: %s", path, g_strerror (errno));
}

char *
tocsin_feed_geo_path (const TocsinFeeds *self, const TocsinFeed *feed)
{
  return database_path (self, feed->record.name);
}

void
tocsin_feed_open_geo (const TocsinFeeds *self, TocsinFeed *feed)
{
  g_autofree char *path = tocsin_feed_geo_path (self, feed);
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  feed->geo = tocsin_geo_file_open (path, &error);
  if (feed->geo == NULL)
    g_warning ("%s: %s", path, error->message);
}

void
tocsin_feed_drop_geo (const TocsinFeeds *self, TocsinFeed *feed)
{
  g_clear_pointer (&feed->geo, tocsin_geo_file_unref);
  remove_database (self, feed->record.name);
}

static void
open_databases (TocsinFeeds *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (tocsin_feed_is_geo (value) && ((TocsinFeed *) value)->record.enabled)
      tocsin_feed_open_geo (self, value);
}

/* ---- life ---- */

gboolean
tocsin_feeds_find_orphan (const TocsinFeeds *self, const char *name, guint *out_i)
{
  for (guint i = 0; i < self->orphans->len; i++)
    if (g_str_equal (((const TocsinFeedRecord *) g_ptr_array_index (self->orphans, i))->name, name))
      {
        *out_i = i;
        return TRUE;
      }
  return FALSE;
}

static void
on_orphan_dropped (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  TocsinFeeds *self = data;
  g_auto (TocsinFeedRecord) record = { 0 };
  g_autoptr (GError) error = NULL;
  guint i;

  if (!tocsin_feed_drop_finish (result, &record, &error))
    g_message ("What a feed left behind stays for now: %s", error->message);
  else if (tocsin_feeds_find_orphan (self, record.name, &i))
    {
      remove_database (self, record.name);
      g_ptr_array_remove_index_fast (self->orphans, i);
    }
  self->pending--;
}

static void
orphan_free (gpointer data)
{
  tocsin_feed_record_clear (data);
  g_free (data);
}

TocsinFeeds *
tocsin_feeds_new (const TocsinFeedsOptions *options, GError **error)
{
  g_autoptr (TocsinFeeds) self = g_new0 (TocsinFeeds, 1);

  self->store = options->store;
  self->writer = options->writer;
  self->fetcher = options->fetcher;
  self->directory = g_strdup (options->directory);
  self->data_dir = g_strdup (options->data_dir);
  self->every_hours = MAX (options->every_hours, 1);
  self->time_scale = MAX (options->time_scale, 1);
  self->http = options->http;
  self->now_us = options->now_us != NULL ? options->now_us : tocsin_time_now_us;
  self->feeds =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) tocsin_feed_free);
  self->orphans = g_ptr_array_new_with_free_func (orphan_free);
  self->stop = g_cancellable_new ();
  if (!tocsin_feeds_load_catalogue (self, error))
    return NULL;
  tocsin_feeds_settle_mirrors (self);
  open_databases (self);
  return g_steal_pointer (&self);
}

/* Whose rows were being taken back when the node ended. */
static void
finish_drops (TocsinFeeds *self)
{
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (self);

  for (guint i = 0; i < feeds->len; i++)
    {
      const TocsinFeedRecord *record = &((TocsinFeed *) g_ptr_array_index (feeds, i))->record;

      if (!record->enabled && record->count > 0)
        tocsin_feeds_change_async (self, record->name, TOCSIN_FEED_DISABLE, NULL, "node", NULL,
                                   NULL);
    }
}

void
tocsin_feeds_start (TocsinFeeds *self)
{
  self->started = TRUE;
  finish_drops (self);
  for (guint i = 0; i < self->orphans->len; i++)
    {
      self->pending++;
      tocsin_feed_drop_async (self->writer, g_ptr_array_index (self->orphans, i), TRUE, "node",
                              self->now_us (), on_orphan_dropped, self);
    }
  arm (self, tocsin_feeds_wait_us (self, START_PAUSE_US));
}

void
tocsin_feeds_stop (TocsinFeeds *self)
{
  self->started = FALSE;
  g_cancellable_cancel (self->stop);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
}

void
tocsin_feeds_free (TocsinFeeds *self)
{
  if (self == NULL)
    return;
  tocsin_feeds_stop (self);
  while (self->pending > 0)
    g_main_context_iteration (g_main_context_get_thread_default (), TRUE);
  g_hash_table_unref (self->feeds);
  g_ptr_array_unref (self->orphans);
  g_object_unref (self->stop);
  g_free (self->directory);
  g_free (self->data_dir);
  g_free (self);
}

/* ---- views ---- */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const TocsinFeed *const *x = a, *const *y = b;

  return strcmp ((*x)->record.name, (*y)->record.name);
}

GPtrArray *
tocsin_feeds_list (TocsinFeeds *self)
{
  GPtrArray *out = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer feed;

  g_hash_table_iter_init (&iter, self->feeds);
  while (g_hash_table_iter_next (&iter, NULL, &feed))
    g_ptr_array_add (out, feed);
  g_ptr_array_sort (out, compare_names);
  return out;
}

gboolean
tocsin_feeds_is_stale (const TocsinFeeds *self, const TocsinFeed *feed, gint64 now_us)
{
  gint64 good_us = feed->record.good_us;

  return feed->record.enabled && good_us != 0 && now_us > good_us + valid_us (self, feed);
}

const char *
tocsin_feed_find_error (const TocsinFeed *feed)
{
  if (feed->fault != NULL)
    return feed->fault;
  if (feed->record.failures == 0)
    return NULL;
  return feed->record.error != NULL ? feed->record.error : "?";
}

const TocsinFeed *
tocsin_feeds_find (TocsinFeeds *self, const char *name)
{
  return g_hash_table_lookup (self->feeds, name);
}
