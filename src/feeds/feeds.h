/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/list-source.h"
#include "fed/fetcher.h"
#include "feeds/definition.h"
#include "feeds/geo.h"
#include "store/table-feeds.h"
#include "store/writer.h"

G_BEGIN_DECLS

/* Where a feed's definition is. */
typedef enum
{
  TOCSIN_FEED_SHIPPED, /* in the program */
  TOCSIN_FEED_FILE,    /* in the operator's feeds.d */
  TOCSIN_FEED_ADDED,   /* in the store */
} TocsinFeedOrigin;

typedef struct _TocsinFeedRefresh TocsinFeedRefresh;

/**
 * TocsinFeed: one feed, and what is known of it. Borrowed from #TocsinFeeds; main thread.
 * @record: as it is stored; after a refresh that changed no entry the times, @error, @left_out and
 *   what the list is known by are newer here
 * @refresh: (nullable): what is under way
 * @geo: (owned) (nullable): of a mmdb: what is looked up in
 * @fault: why this version cannot read the definition that is stored; @definition has nothing but
 *   the name then, and the list is not read
 */
typedef struct
{
  TocsinFeedDefinition *definition; /* (owned) */
  TocsinGeoFile *geo;
  TocsinFeedOrigin origin;
  TocsinFeedRecord record;    /* (owned) */
  gint64 stored_us;           /* the time that the stored record has as @good_us */
  gint64 due_us;              /* when it is read next; 0: at once */
  TocsinFeedRefresh *refresh; /* (nullable) */
  gboolean is_busy;           /* it is being changed by the operator */
  char *fault;                /* (owned) (nullable) */
} TocsinFeed;

/**
 * TocsinFeedsOptions: copied, or borrowed for good.
 * @directory: (nullable): the operator's feeds.d; need not exist
 * @data_dir: where lists lie while they are read
 * @every_hours: how often a list is read that does not say
 * @http: for tests: a list may be fetched over http
 * @time_scale: divides waits; 1 but in tests
 * @now_us: (nullable): %NULL: tocsin_time_now_us()
 */
typedef struct
{
  TocsinStore *store;
  TocsinWriter *writer;
  TocsinFetcher *fetcher;
  const char *directory;
  const char *data_dir;
  guint every_hours;
  guint time_scale;
  gboolean http;
  gint64 (*now_us) (void);
} TocsinFeedsOptions;

/**
 * TocsinFeeds:
 *
 * The third-party lists of this node: which there are, which are read, and when. Their rows are
 * evidence of basis imported under a pseudo-actor a feed. Main thread only; lists are read and
 * compared on threads of their own.
 */
typedef struct _TocsinFeeds TocsinFeeds;

/* Whether every definition in @directory is right: %FALSE with the file and line. */
gboolean tocsin_feeds_check (const char *directory, gboolean http, GError **error);

/**
 * tocsin_feeds_new:
 * @error: return location for an error, or %NULL
 *
 * Reads every definition. Nothing is fetched yet.
 *
 * Returns: (transfer full) (nullable): on error, %NULL, and @error is %TOCSIN_ERROR_INVALID with
 *   the file and line, or the store's
 */
TocsinFeeds *tocsin_feeds_new (const TocsinFeedsOptions *options,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After stop, or without start; waits for what is under way. Before the writer goes. */
void tocsin_feeds_free (TocsinFeeds *self);
void tocsin_feeds_start (TocsinFeeds *self);
void tocsin_feeds_stop (TocsinFeeds *self);

/* Called with the lists and the databases in force whenever they change, and once at once. */
typedef void (*TocsinFeedsFunc) (TocsinListSources *sources, TocsinGeo *geo, gpointer data);
void tocsin_feeds_listen (TocsinFeeds *self, TocsinFeedsFunc func, gpointer data);

/* Returns: (transfer container) (element-type TocsinFeed): by name. */
GPtrArray *tocsin_feeds_list (TocsinFeeds *self) G_GNUC_WARN_UNUSED_RESULT;
const TocsinFeed *tocsin_feeds_find (TocsinFeeds *self, const char *name);

/* Returns: (nullable): why it is not read, or why its newest reading failed; %NULL while all is
 * well. Borrowed from @feed. */
const char *tocsin_feed_find_error (const TocsinFeed *feed);

/* Whether a list was last seen so long before @now_us that what is valid while listed no longer
 * counts; one that was never read has nothing to count. */
gboolean tocsin_feeds_is_stale (const TocsinFeeds *self, const TocsinFeed *feed, gint64 now_us);

/**
 * TocsinFeedOutcome: what a refresh did.
 */
typedef struct
{
  guint64 added;
  guint64 removed;
  gboolean changed;
} TocsinFeedOutcome;

/**
 * tocsin_feeds_refresh_async:
 * @name: a feed that is enabled
 * @may_shrink: take it even if it lost more than 30 % of its entries
 *
 * Reads a list now, or waits for the reading that is under way, which may then shrink it, too.
 */
void tocsin_feeds_refresh_async (TocsinFeeds *self,
                                 const char *name,
                                 gboolean may_shrink,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
/* %FALSE with %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_CONFLICT (not enabled), or why the list could
 * not be had, or may not replace the last good one. */
gboolean tocsin_feeds_refresh_finish (GAsyncResult *result, TocsinFeedOutcome *out, GError **error);

/**
 * tocsin_feeds_change_async:
 * @name: the feed
 * @change: see there
 * @text: (nullable): with %TOCSIN_FEED_ADD: its definition, a key file
 * @who: for the audit log
 *
 * What an operator decides. A feed that is disabled or removed leaves no row behind.
 */
typedef enum
{
  TOCSIN_FEED_ADD,     /* define it, and enable it */
  TOCSIN_FEED_ENABLE,  /* read it from now on */
  TOCSIN_FEED_DISABLE, /* stop, and take its rows away */
  TOCSIN_FEED_REMOVE,  /* likewise, and forget what was added; one of a file is only disabled */
} TocsinFeedChange;
void tocsin_feeds_change_async (TocsinFeeds *self,
                                const char *name,
                                TocsinFeedChange change,
                                const char *text,
                                const char *who,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* %FALSE with %TOCSIN_ERROR_NOT_FOUND, %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_CONFLICT (there is
 * one of that name; it is being read or changed) or the writer's. */
gboolean tocsin_feeds_change_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFeeds, tocsin_feeds_free)

G_END_DECLS
