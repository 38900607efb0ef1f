/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "feeds/feeds.h"

G_BEGIN_DECLS

/* Private to feeds.c, catalogue.c, refresh.c, mirrors.c and change.c. */

struct _TocsinFeeds
{
  TocsinStore *store;
  TocsinWriter *writer;
  TocsinFetcher *fetcher;
  char *directory; /* (owned) (nullable) */
  char *data_dir;  /* (owned) */
  guint every_hours;
  guint time_scale;
  gboolean http;
  gint64 (*now_us) (void);
  GHashTable *feeds;  /* (owned) (element-type utf8 TocsinFeed) */
  GPtrArray *orphans; /* (owned) (element-type TocsinFeedRecord) whose definition has gone, until
                       * their rows have, too */
  GCancellable *stop; /* (owned) */
  GSource *timer;     /* (owned) (nullable) */
  gboolean started;
  guint pending;   /* operations that hold @self */
  guint automatic; /* refreshes that nobody asked for */
  TocsinFeedsFunc func;
  gpointer func_data;
};

void tocsin_feed_free (TocsinFeed *self);

/* Of catalogue.c: fills @self->feeds and @orphans. */
gboolean tocsin_feeds_load_catalogue (TocsinFeeds *self, GError **error);
/* Tells @self that @definition (taken over) is one more feed. */
TocsinFeed *
tocsin_feeds_insert (TocsinFeeds *self, TocsinFeedDefinition *definition, TocsinFeedOrigin origin);

/* Of feeds.c. */
gboolean tocsin_feeds_find_orphan (const TocsinFeeds *self, const char *name, guint *out_i);
/* Something changed that answers or the timer depend on. */
void tocsin_feeds_changed (TocsinFeeds *self);
gint64 tocsin_feeds_wait_us (const TocsinFeeds *self, gint64 wait_us);
gint64 tocsin_feeds_every_us (const TocsinFeeds *self, const TocsinFeed *feed);

gboolean tocsin_feed_is_geo (const TocsinFeed *feed);
/* Where a mmdb of this node's own is. */
char *tocsin_feed_geo_path (const TocsinFeeds *self,
                            const TocsinFeed *feed) G_GNUC_WARN_UNUSED_RESULT;
/* Opens it, if it is there. */
void tocsin_feed_open_geo (const TocsinFeeds *self, TocsinFeed *feed);
/* Closes and removes it. */
void tocsin_feed_drop_geo (const TocsinFeeds *self, TocsinFeed *feed);

/* Of refresh.c. */
void
tocsin_feed_begin_refresh (TocsinFeeds *self, TocsinFeed *feed, gboolean may_shrink, GTask *waiter);
/* Has the record written, some time soon. */
void tocsin_feeds_remember (TocsinFeeds *self, TocsinFeed *feed);

/* Of mirrors.c. */
/* Whether it has entries, and another list that has the same is its mirror. */
gboolean tocsin_feed_is_original (const TocsinFeed *feed);
/* Finds mirrors of what is none such any more, and those that are to be compared anew. */
void tocsin_feeds_settle_mirrors (TocsinFeeds *self);

G_END_DECLS
