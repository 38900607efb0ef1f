/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One reading of one list. The steps, in order:
 *   tocsin_feed_begin_refresh -> open_page, from a file, or fetch_page -> on_fetched
 *     -> tocsin_feed_load_page on a thread -> on_page_read -> open_page again, of a dataset in
 * pages
 *     -> tocsin_feed_load_compare on a thread -> on_compared -> tocsin_feed_apply_async ->
 * on_applied
 *     -> finish
 * Whatever fails, on the way to on_compared, leaves the last good list as it is.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/feeds-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "fed/fetch-uri.h"
#include "feeds/apply.h"
#include "feeds/load.h"

#define FETCH_US     (10 * TOCSIN_MINUTE_US)
#define DATASET_US   TOCSIN_HOUR_US /* all pages together */
#define PAGES_MAX    10000
#define TEXT_MAX     1000
#define ACCEPT       "*/*"
#define ACCEPT_FIRES "application/ld+json, application/activity+json, application/json"

/* A time that is newer by less than this is not worth a write. */
#define REMEMBER_US (12 * TOCSIN_HOUR_US)

struct _TocsinFeedRefresh
{
  TocsinFeeds *feeds;      /* (unowned) */
  TocsinFeed *feed;        /* (unowned) stays: it is not removed while this is under way */
  GPtrArray *waiters;      /* (owned) (element-type GTask) */
  TocsinFeedLoad *load;    /* (owned) (nullable) */
  TocsinFeedRecord record; /* (owned) as it will be */
  char *url;               /* (owned) of the present page */
  int fd;                  /* (owned) what is being fetched; -1: none */
  gint64 begun_us;         /* monotonic */
  gsize bytes;             /* of the pages so far */
  guint pages;
  gboolean is_automatic;
  gboolean may_shrink;
  gboolean is_changes;     /* from the cursor on */
  gboolean is_conditional; /* the present page is wanted only if it changed */
  TocsinFeedOutcome outcome;
};

static void open_page (TocsinFeedRefresh *self);
static gboolean restart_without_cursor (TocsinFeedRefresh *self);
static gboolean restart_to_shrink (TocsinFeedRefresh *self);

static void
refresh_free (TocsinFeedRefresh *self)
{
  g_ptr_array_unref (self->waiters);
  tocsin_feed_load_free (self->load);
  tocsin_feed_record_clear (&self->record);
  g_free (self->url);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

static gboolean
is_paged (const TocsinFeedRefresh *self)
{
  return g_str_equal (self->feed->definition->format, "fires");
}

/* ---- the end ---- */

static void
finish (TocsinFeedRefresh *self, GError *error)
{
  TocsinFeeds *feeds = self->feeds;
  g_autoptr (GError) taken = error;

  self->feed->refresh = NULL;
  feeds->automatic -= self->is_automatic;
  /* Whoever is answered may ask at once. */
  tocsin_feeds_changed (feeds);
  for (guint i = 0; i < self->waiters->len; i++)
    {
      GTask *task = g_ptr_array_index (self->waiters, i);

      if (taken != NULL)
        g_task_return_error (task, g_error_copy (taken));
      else
        g_task_return_pointer (task, g_memdup2 (&self->outcome, sizeof self->outcome), g_free);
    }
  refresh_free (self);
  feeds->pending--;
}

static gboolean
write_record (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_feeds_put (txn, data);
  return TRUE;
}

static void
record_free (gpointer data)
{
  tocsin_feed_record_clear (data);
  g_free (data);
}

void
tocsin_feeds_remember (TocsinFeeds *self, TocsinFeed *feed)
{
  TocsinFeedRecord *copy = g_new0 (TocsinFeedRecord, 1);

  tocsin_feed_record_copy (copy, &feed->record);
  feed->stored_us = copy->good_us;
  tocsin_writer_submit (self->writer, write_record, copy, record_free);
}

/* The last good list stays, and why is told wherever the feed is shown. */
static void
fail (TocsinFeedRefresh *self, GError *error)
{
  TocsinFeedRecord *record = &self->feed->record;

  /* It is the list that is not well-formed, not what was asked of us. */
  if (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID))
    error->code = TOCSIN_ERROR_UNPROCESSABLE;
  /* Nothing else gives up early. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      error = g_error_new_literal (TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
    }
  else
    {
      record->tried_us = self->feeds->now_us ();
      record->failures++;
      g_free (record->error);
      record->error = tocsin_error_clean_text (error->message, TEXT_MAX);
      /* Not the reason: it is the list's, whose text no log needs. */
      g_message ("Feed %s could not be refreshed; the last good list stays", record->name);
      tocsin_feeds_remember (self->feeds, self->feed);
    }
  finish (self, error);
}

static void
fail_with (TocsinFeedRefresh *self, TocsinError code, const char *message)
{
  fail (self, g_error_new_literal (TOCSIN_ERROR, (gint) code, message));
}

/* Nothing is written, but the time now and then, so that a start knows it. */
static void
finish_unchanged (TocsinFeedRefresh *self)
{
  TocsinFeedRecord *record = &self->feed->record;
  gboolean had_failed = record->failures > 0;

  record->tried_us = record->good_us = self->feeds->now_us ();
  record->failures = 0;
  g_clear_pointer (&record->error, g_free);
  if (had_failed || record->good_us - self->feed->stored_us > REMEMBER_US)
    tocsin_feeds_remember (self->feeds, self->feed);
  finish (self, NULL);
}

/* What a list is known by when it is asked for again. */
static void
take_source (TocsinFeedRefresh *self)
{
  TocsinFeedRecord *record = &self->feed->record;

  g_free (record->etag);
  g_free (record->last_modified);
  record->etag = g_steal_pointer (&self->record.etag);
  record->last_modified = g_steal_pointer (&self->record.last_modified);
  memcpy (record->digest, self->load->digest, sizeof record->digest);
}

/* The entries are those that are stored, whatever else the list says by now. */
static void
finish_same (TocsinFeedRefresh *self)
{
  take_source (self);
  self->feed->record.left_out = self->record.left_out;
  finish_unchanged (self);
}

/* ---- into the store ---- */

/* After a failure half way: the rows that are there are found by what was stored with them. */
static void
keep_what_is_stored (TocsinFeedRecord *record, const TocsinFeedRecord *stored)
{
  record->actor = stored->actor;
  record->batch = stored->batch;
  record->count = stored->count;
  tocsin_feed_record_unread (record);
}

static void
on_applied (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  TocsinFeedRefresh *self = data;
  TocsinFeed *feed = self->feed;
  g_auto (TocsinFeedRecord) record = { 0 };
  g_autoptr (GError) error = NULL;

  if (!tocsin_feed_apply_finish (result, &record, &error))
    {
      if (record.name != NULL)
        keep_what_is_stored (&feed->record, &record);
      fail (self, g_steal_pointer (&error));
      return;
    }
  self->outcome.changed = TRUE;
  self->outcome.added = self->load->added->len;
  self->outcome.removed = self->load->removed->len;
  g_hash_table_steal (self->feeds->feeds, feed->record.name);
  tocsin_feed_record_clear (&feed->record);
  feed->record = record;
  record = (TocsinFeedRecord){ 0 };
  feed->stored_us = feed->record.good_us;
  g_hash_table_insert (self->feeds->feeds, feed->record.name, feed);
  finish (self, NULL);
}

/* A database has no rows; it is in its place already. */
static void
take_database (TocsinFeedRefresh *self)
{
  TocsinFeed *feed = self->feed;
  TocsinFeedRecord *record = &feed->record;

  g_clear_pointer (&feed->geo, tocsin_geo_file_unref);
  feed->geo = g_steal_pointer (&self->load->geo);
  record->tried_us = record->good_us = record->changed_us = self->feeds->now_us ();
  record->count = tocsin_geo_file_count (feed->geo);
  record->failures = 0;
  g_clear_pointer (&record->error, g_free);
  take_source (self);
  memcpy (record->reading, self->record.reading, sizeof record->reading);
  self->outcome.changed = TRUE;
  tocsin_feeds_remember (self->feeds, self->feed);
  finish (self, NULL);
}

/* The first of the others, by name, that says the same and is no mirror itself. */
static char *
find_mirrored (const TocsinFeedLoad *load)
{
  for (guint i = 0; i < load->rivals->len; i++)
    {
      const TocsinFeedRival *rival = &g_array_index (load->rivals, TocsinFeedRival, i);

      if (rival->is_mirror)
        return g_strdup (rival->name);
    }
  return NULL;
}

static void
on_compared (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  TocsinFeedRefresh *self = data;
  TocsinFeedRecord *record = &self->record;
  gint64 now_us = self->feeds->now_us ();
  g_autoptr (GError) error = NULL;
  gboolean is_same;

  if (!tocsin_feed_load_finish (result, &error))
    {
      /* A page of changes may hold a single one, and that be no subject to us. */
      if (!g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE) ||
          (!restart_without_cursor (self) && !restart_to_shrink (self)))
        fail (self, g_steal_pointer (&error));
      return;
    }
  if (!self->is_changes)
    {
      g_free (record->mirror_of);
      record->mirror_of = find_mirrored (self->load);
      record->left_out = self->load->list->left_out;
    }
  is_same = self->load->added->len == 0 && self->load->removed->len == 0 &&
            g_strcmp0 (record->mirror_of, self->feed->record.mirror_of) == 0 &&
            g_strcmp0 (record->cursor, self->feed->record.cursor) == 0 && !self->load->is_other &&
            record->actor != 0;
  if (is_same)
    {
      finish_same (self);
      return;
    }
  if (self->load->added->len > 0 &&
      tocsin_store_fill_percent (self->feeds->store) >= TOCSIN_STORE_FULL_PERCENT)
    {
      fail_with (self, TOCSIN_ERROR_UNAVAILABLE,
                 "The store is almost full and takes no more entries");
      return;
    }
  record->tried_us = record->good_us = now_us;
  if (self->load->added->len > 0 || self->load->removed->len > 0)
    record->changed_us = now_us;
  record->failures = 0;
  g_clear_pointer (&record->error, g_free);
  memcpy (record->digest, self->load->digest, sizeof record->digest);
  tocsin_feed_apply_async (self->feeds->writer, self->load, record, now_us, on_applied, self);
}

static void
add_rivals (TocsinFeedRefresh *self)
{
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (self->feeds);

  for (guint i = 0; i < feeds->len; i++)
    {
      const TocsinFeed *other = g_ptr_array_index (feeds, i);

      if (other != self->feed && tocsin_feed_is_original (other))
        tocsin_feed_load_add_rival (self->load, other->record.name, other->record.batch,
                                    other->record.count);
    }
}

static void
compare (TocsinFeedRefresh *self)
{
  add_rivals (self);
  self->load->may_shrink = self->may_shrink;
  tocsin_feed_load_async (self->load, tocsin_feed_load_compare, self->feeds->stop, on_compared,
                          self);
}

/* ---- pages ---- */

/* Where the next page is; NULL: there is none. FALSE if it leads elsewhere. */
static gboolean
find_next (TocsinFeedRefresh *self, char **out, GError **error)
{
  const TocsinFeedList *list = self->load->list;
  const char *link = list->next != NULL ? list->next : list->first;
  g_autoptr (GUri) here = tocsin_fetch_uri_parse (self->url, NULL);
  g_autoptr (GUri) there = NULL;

  *out = NULL;
  if (link == NULL || here == NULL)
    return TRUE;
  there = tocsin_fetch_uri_parse_relative (here, link, NULL);
  if (there == NULL || !tocsin_fetch_uri_same_origin (here, there))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                           "The dataset goes on at another origin");
      return FALSE;
    }
  *out = g_uri_to_string (there);
  return TRUE;
}

/* The changes since the present state: as the dataset says, else from its newest page on, which
 * is then read again. */
static void
set_cursor (TocsinFeedRefresh *self)
{
  const TocsinFeedList *list = self->load->list;
  g_autoptr (GUri) here = tocsin_fetch_uri_parse (self->url, NULL);
  g_autoptr (GUri) there = list->changes != NULL && here != NULL
                               ? tocsin_fetch_uri_parse_relative (here, list->changes, NULL)
                               : NULL;

  if (there != NULL && tocsin_fetch_uri_same_origin (here, there))
    {
      g_free (self->record.cursor);
      self->record.cursor = g_uri_to_string (there);
    }
  else if (self->is_changes)
    {
      g_free (self->record.cursor);
      self->record.cursor = g_strdup (self->url);
    }
}

/* Everything is read anew. */
static void
restart (TocsinFeedRefresh *self)
{
  self->is_changes = FALSE;
  self->pages = 0;
  self->bytes = 0;
  g_clear_pointer (&self->record.cursor, g_free);
  g_clear_pointer (&self->load, tocsin_feed_load_free);
  g_free (self->url);
  self->url = g_strdup (self->feed->definition->url);
  open_page (self);
}

/* A cursor that leads nowhere any more. */
static gboolean
restart_without_cursor (TocsinFeedRefresh *self)
{
  if (!self->is_changes || g_cancellable_is_cancelled (self->feeds->stop))
    return FALSE;
  restart (self);
  return TRUE;
}

/* The operator said so while the lists were compared already. */
static gboolean
restart_to_shrink (TocsinFeedRefresh *self)
{
  if (self->load->may_shrink == self->may_shrink || g_cancellable_is_cancelled (self->feeds->stop))
    return FALSE;
  restart (self);
  return TRUE;
}

static void
on_page_read (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  TocsinFeedRefresh *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *next = NULL;
  gboolean ok = tocsin_feed_load_finish (result, &error);

  if (ok && self->load->is_known)
    {
      finish_same (self);
      return;
    }
  if (ok && self->load->list->unnamed && restart_without_cursor (self))
    return;
  if (ok && is_paged (self) && self->feed->definition->path == NULL)
    ok = find_next (self, &next, &error);
  if (ok && next != NULL && (++self->pages >= PAGES_MAX || g_str_equal (next, self->url)))
    {
      ok = FALSE;
      g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "The dataset does not come to an end");
    }
  if (!ok)
    {
      if (!restart_without_cursor (self))
        fail (self, g_steal_pointer (&error));
      return;
    }
  if (next != NULL)
    {
      g_free (self->url);
      self->url = g_steal_pointer (&next);
      open_page (self);
      return;
    }
  if (self->load->geo != NULL)
    {
      take_database (self);
      return;
    }
  if (is_paged (self))
    set_cursor (self);
  compare (self);
}

/* A dataset may be as long as a list of one page, however many it has. */
static gboolean
count_page (TocsinFeedRefresh *self, int fd)
{
  struct stat st;
  gsize room = self->feed->definition->max_bytes - self->bytes;

  if (fstat (fd, &st) != 0 || (guint64) st.st_size > room)
    return FALSE;
  self->bytes += (gsize) st.st_size;
  return TRUE;
}

static void
read_page (TocsinFeedRefresh *self, int fd)
{
  if (is_paged (self) && !count_page (self, fd))
    {
      close (fd);
      fail_with (self, TOCSIN_ERROR_TOO_LARGE, "The dataset is longer than it may be");
      return;
    }
  tocsin_feed_load_take_fd (self->load, fd);
  tocsin_feed_load_async (self->load, tocsin_feed_load_page, self->feeds->stop, on_page_read, self);
}

static void
take_validators (TocsinFeedRefresh *self, const TocsinFetchResult *answer)
{
  g_free (self->record.etag);
  g_free (self->record.last_modified);
  self->record.etag = is_paged (self) ? NULL : g_strdup (answer->etag);
  self->record.last_modified = is_paged (self) ? NULL : g_strdup (answer->last_modified);
}

static void
on_fetched (GObject *source, GAsyncResult *result, gpointer data)
{
  TocsinFeedRefresh *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFetchResult) answer =
      tocsin_fetcher_send_finish (TOCSIN_FETCHER (source), result, &error);
  int fd = self->fd;
  gboolean is_unchanged = answer != NULL && answer->status == 304 && self->is_conditional;

  if (answer == NULL || (!tocsin_fetch_result_is_success (answer) && !is_unchanged))
    {
      if (answer != NULL)
        g_set_error (&error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                     "The server answered with status %u", answer->status);
      if (!restart_without_cursor (self))
        fail (self, g_steal_pointer (&error));
      return;
    }
  if (is_unchanged)
    {
      finish_unchanged (self);
      return;
    }
  take_validators (self, answer);
  self->fd = -1;
  read_page (self, fd);
}

/* A file without a name: whatever happens, nothing is left of it. */
static int
open_temporary (const char *directory)
{
  g_autofree char *name = g_build_filename (directory, "feed-XXXXXX", NULL);
  int fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);

  if (fd >= 0)
    g_unlink (name);
  return fd;
}

static void
fetch_page (TocsinFeedRefresh *self)
{
  const TocsinFeedDefinition *definition = self->feed->definition;
  gboolean may_be_same = self->pages == 0 && !self->load->is_other &&
                         tocsin_feed_is_geo (self->feed) == (self->feed->geo != NULL);
  TocsinFetchRequest request = {
    .uri = self->url,
    .accept = is_paged (self) ? ACCEPT_FIRES : ACCEPT,
    .etag = may_be_same ? self->feed->record.etag : NULL,
    .last_modified = may_be_same ? self->feed->record.last_modified : NULL,
    .max_bytes = definition->max_bytes,
    .to_fd = TRUE,
    .total_us = FETCH_US,
  };

  if (g_get_monotonic_time () - self->begun_us > tocsin_feeds_wait_us (self->feeds, DATASET_US))
    {
      fail_with (self, TOCSIN_ERROR_UNREACHABLE, "The dataset takes too long");
      return;
    }
  if (self->fd >= 0)
    close (self->fd);
  self->fd = open_temporary (self->feeds->data_dir);
  if (self->fd < 0)
    {
      fail_with (self, TOCSIN_ERROR_UNAVAILABLE, "There is no room for the list");
      return;
    }
  request.fd = self->fd;
  self->is_conditional = request.etag != NULL || request.last_modified != NULL;
  tocsin_fetcher_send_async (self->feeds->fetcher, &request, self->feeds->stop, on_fetched, self);
}

/* What a list says can be asked for; the node's own keys and tokens are no list. */
static gboolean
is_own (const TocsinFeedRefresh *self, const char *path)
{
  g_autofree char *own = realpath (self->feeds->data_dir, NULL);
  g_autofree char *inside = own != NULL ? g_strconcat (own, "/", NULL) : NULL;

  return inside == NULL || g_str_has_prefix (path, inside);
}

/* A pipe or a device would be read without end. */
static void
open_file (TocsinFeedRefresh *self)
{
  const char *path = self->feed->definition->path;
  g_autofree char *real = realpath (path, NULL);
  int fd =
      real != NULL ? open (real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW) : -1;
  int saved = errno;
  struct stat st;

  if (fd >= 0 && is_own (self, real))
    {
      close (fd);
      fail (self, g_error_new (TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                               "%s: it is in the node's own directory", path));
      return;
    }
  if (fd < 0)
    {
      fail (self, g_error_new (TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE, "%s: %s", path,
                               g_strerror (saved)));
      return;
    }
  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    {
      close (fd);
      fail (self,
            g_error_new (TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: it is no regular file", path));
      return;
    }
  read_page (self, fd);
}

static void
open_page (TocsinFeedRefresh *self)
{
  if (self->load == NULL)
    {
      const TocsinFeedRecord *known = &self->feed->record;

      self->load = tocsin_feed_load_new (self->feeds->store, self->feed->definition);
      self->load->batch = known->batch;
      self->load->is_changes = self->is_changes;
      if (tocsin_feed_is_geo (self->feed))
        self->load->geo_path = tocsin_feed_geo_path (self->feeds, self->feed);
      self->load->is_other =
          memcmp (known->reading, self->record.reading, sizeof known->reading) != 0;
      if (!is_paged (self) && !self->load->is_other &&
          tocsin_feed_is_geo (self->feed) == (self->feed->geo != NULL))
        memcpy (self->load->known, known->digest, sizeof known->digest);
    }
  if (self->feed->definition->path != NULL)
    open_file (self);
  else
    fetch_page (self);
}

/* ---- the beginning ---- */

static void
find_reading (const TocsinFeedDefinition *definition, guint8 out[TOCSIN_SHA256_BYTES])
{
  g_autofree char *reading = tocsin_feed_definition_reading (definition);
  const char *parts[] = { definition->url, "\n", reading, NULL };

  tocsin_sha256_parts (parts, out);
}

void
tocsin_feed_begin_refresh (TocsinFeeds *self, TocsinFeed *feed, gboolean may_shrink, GTask *waiter)
{
  TocsinFeedRefresh *refresh = feed->refresh;
  gboolean is_new = refresh == NULL;

  if (is_new)
    {
      feed->refresh = refresh = g_new0 (TocsinFeedRefresh, 1);
      refresh->feeds = self;
      refresh->feed = feed;
      refresh->fd = -1;
      refresh->begun_us = g_get_monotonic_time ();
      refresh->waiters = g_ptr_array_new_with_free_func (g_object_unref);
      refresh->is_automatic = waiter == NULL;
      tocsin_feed_record_copy (&refresh->record, &feed->record);
      find_reading (feed->definition, refresh->record.reading);
    }
  refresh->may_shrink |= may_shrink;
  if (waiter != NULL)
    g_ptr_array_add (refresh->waiters, g_object_ref (waiter));
  if (!is_new)
    return;
  self->pending++;
  self->automatic += refresh->is_automatic;
  refresh->is_changes =
      feed->record.cursor != NULL &&
      memcmp (feed->record.reading, refresh->record.reading, TOCSIN_SHA256_BYTES) == 0;
  refresh->url = g_strdup (refresh->is_changes ? feed->record.cursor : feed->definition->url);
  open_page (refresh);
}

void
tocsin_feeds_refresh_async (TocsinFeeds *self,
                            const char *name,
                            gboolean may_shrink,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
  TocsinFeed *feed = g_hash_table_lookup (self->feeds, name);

  if (feed == NULL)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such feed");
  else if (g_cancellable_is_cancelled (self->stop))
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
  else if (feed->is_busy)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                             "This feed is being changed; ask again when that is done");
  else if (!feed->record.enabled)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "This feed is not enabled");
  else if (feed->fault != NULL)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "%s", feed->fault);
  else
    tocsin_feed_begin_refresh (self, feed, may_shrink, task);
}

gboolean
tocsin_feeds_refresh_finish (GAsyncResult *result, TocsinFeedOutcome *out, GError **error)
{
  g_autofree TocsinFeedOutcome *outcome = g_task_propagate_pointer (G_TASK (result), error);

  if (outcome == NULL)
    return FALSE;
  *out = *outcome;
  return TRUE;
}
