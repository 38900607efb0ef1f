/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "feeds/geo.h"
#include "feeds/list.h"
#include "store/store.h"

G_BEGIN_DECLS

/**
 * TocsinFeedRival: another feed, of which this one may be a copy, or the other way round.
 */
typedef struct
{
  char *name; /* (owned) */
  guint64 batch;
  guint64 count;
  gboolean is_mirror; /* (out) */
} TocsinFeedRival;

/**
 * TocsinFeedLoad:
 * @store: (unowned): what is stored is read with a reader of the thread's own
 * @definition: (unowned)
 * @fd: (owned): the page that is to be read; -1: none
 * @batch: of what is stored; 0: nothing
 * @count: how many rows that is
 * @is_changes: the pages say what differs, instead of everything
 * @is_other: what is stored was read in another way, so that every row is written anew
 * @may_shrink: the operator said so
 * @part_rows: how many rows are written in one transaction
 * @known: of the bytes that are stored; zero where every page is to be read
 * @rivals: (owned) (element-type TocsinFeedRival)
 * @digest: (out): of the bytes of all pages, and of how they are read
 * @is_known: (out): @digest is @known, and nothing was read
 * @geo_path: (owned) (nullable): of a mmdb: where it is to be; it has no rows
 * @geo: (owned) (out): of a mmdb: what is there now
 * @list: (owned) (out): what was read
 * @added: (owned) (out) (element-type guint): numbers of those entries that are not stored yet
 * @removed: (owned) (out) (element-type TocsinBulkEntry): stored, and no longer said
 *
 * A list is read and compared with what is stored, which may take a minute: on a thread of its own.
 */
typedef struct
{
  TocsinStore *store;
  const TocsinFeedDefinition *definition;
  int fd;
  guint64 batch;
  guint64 count;
  gboolean is_changes;
  gboolean is_other;
  gboolean may_shrink;
  guint part_rows;
  guint8 known[TOCSIN_SHA256_BYTES];
  GArray *rivals;
  TocsinHasher *sum; /* (owned) */
  guint8 digest[TOCSIN_SHA256_BYTES];
  gboolean is_known;
  char *geo_path;
  TocsinGeoFile *geo;
  TocsinFeedList *list;
  GArray *added;
  GArray *removed;
} TocsinFeedLoad;

/* Borrows both, which outlive it. */
TocsinFeedLoad *tocsin_feed_load_new (TocsinStore *store, const TocsinFeedDefinition *definition)
    G_GNUC_WARN_UNUSED_RESULT;
void tocsin_feed_load_free (TocsinFeedLoad *self);
/* Another list of which an entry may be the same; copies @name. */
void
tocsin_feed_load_add_rival (TocsinFeedLoad *self, const char *name, guint64 batch, guint64 count);

/* The next page, at its beginning; taken over. */
void tocsin_feed_load_take_fd (TocsinFeedLoad *self, int fd);

/**
 * tocsin_feed_load_page:
 *
 * Reads the page into @list, or finds that it is known. On the calling thread.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_TOO_LARGE or %TOCSIN_ERROR_UNREACHABLE
 */
gboolean tocsin_feed_load_page (TocsinFeedLoad *self, GCancellable *cancellable, GError **error);

/**
 * tocsin_feed_load_compare:
 *
 * Once every page was read: judges the list, and finds what differs from what is stored. On the
 * calling thread, which must not be main.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_UNPROCESSABLE if it may not replace what is stored, or the
 *   store's error
 */
gboolean tocsin_feed_load_compare (TocsinFeedLoad *self, GCancellable *cancellable, GError **error);

/**
 * tocsin_feed_load_async:
 * @self: kept by the caller until the callback
 * @func: one of the two, as it is called on another thread
 */
typedef gboolean (*TocsinFeedLoadFunc) (TocsinFeedLoad *self,
                                        GCancellable *cancellable,
                                        GError **error);
void tocsin_feed_load_async (TocsinFeedLoad *self,
                             TocsinFeedLoadFunc func,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tocsin_feed_load_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFeedLoad, tocsin_feed_load_free)

G_END_DECLS
