/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/txn.h"

G_BEGIN_DECLS

#define TOCSIN_STORE_FORMAT        1
#define TOCSIN_STORE_DEFAULT_BYTES (G_GUINT64_CONSTANT (64) << 30)

/**
 * tocsin_store_open:
 * @dir: the data directory; the database is @dir/store, the daemon's lock @dir/lock
 * @map_bytes: the most the database can ever hold; sparse. 0: %TOCSIN_STORE_DEFAULT_BYTES
 *
 * Opens the database and makes it if there is none (files 0600). An older format is migrated.
 * Ignores SIGXFSZ for the process, so that a file size limit is an error and not a death.
 *
 * Returns: (transfer full): the store; on error %NULL: %TOCSIN_ERROR_CONFLICT if another process
 *   has it open, %TOCSIN_ERROR_UNSUPPORTED if a newer version, another machine or another program
 *   wrote it, and then nothing was changed, %TOCSIN_ERROR_UNAVAILABLE if disk or memory do not
 *   suffice, else %TOCSIN_ERROR_STORE
 */
TocsinStore *
tocsin_store_open (const char *dir, guint64 map_bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Every reader and the writer must be gone before. */
void tocsin_store_close (TocsinStore *self);

/* The reader of the thread that opened the store (main). Borrowed. */
TocsinReader *tocsin_store_get_reader (TocsinStore *self);

/* Frees the slots of readers that died; call on a timer (mdb_reader_check). Returns how many. */
guint tocsin_store_check_readers (TocsinStore *self);

/* The most that the database can ever hold. */
guint64 tocsin_store_get_map_bytes (TocsinStore *self);

/**
 * TocsinStoreFill:
 * @percent: pages in use, of those that the file may have: at 75 the operator is told, at 90 Adds
 *   get 503
 * @by_disk: whether that is what the disk has room for, less a reserve; else the map's size
 */
typedef struct
{
  guint percent;
  gboolean by_disk;
} TocsinStoreFill;

/* As of at most a second ago. A disk that does not say what it has left bounds nothing. Any thread.
 */
void tocsin_store_fill (TocsinStore *self, TocsinStoreFill *out);
guint tocsin_store_fill_percent (TocsinStore *self);

/* What the disk of the store has left, in bytes, as of at most a second ago. %FALSE if it does not
 * say. Any thread. */
gboolean tocsin_store_disk_free (TocsinStore *self, guint64 *bytes);

/* Pages that hold something, and pages on the free list, as of at most a second ago. Any thread. */
typedef struct
{
  guint64 used;
  guint64 free;
} TocsinStorePages;
void tocsin_store_pages (TocsinStore *self, TocsinStorePages *out);

/* The generation of the newest commit: moves with every change of evidence, allow list or trust.
 * Any thread, no transaction. */
guint64 tocsin_store_generation (TocsinStore *self);

/* Which network lengths are stored, as of the newest commit. Any thread, no transaction. */
void tocsin_store_network_lengths (TocsinStore *self, TocsinNetworkLengths *out);

/* How many entries the allow list has, as of the newest commit: a check of an empty list costs
 * nothing. Any thread. */
guint64 tocsin_store_allow_count (TocsinStore *self);

/**
 * TocsinStoreHints:
 * @generation: that @txn reads
 * @allow_count: how many entries the allow list has
 * @lengths: which network lengths are stored
 */
typedef struct
{
  guint64 generation;
  guint64 allow_count;
  TocsinNetworkLengths lengths;
} TocsinStoreHints;

/* What to look for in @txn, never older than @txn itself: a transaction may see a commit that the
 * functions above do not tell of yet. Any thread. */
void tocsin_store_hints (TocsinStore *self, TocsinTxn *txn, TocsinStoreHints *out);

/**
 * tocsin_store_copy:
 * @dir: a directory that exists and has no data.mdb
 *
 * Writes a compact copy of the newest committed state to @dir/data.mdb (0600) while the store is
 * in use: its rows and nothing that was ever deleted. Blocks for as long as that takes: not on the
 * main thread. What it leaves if the process dies is refused by tocsin_store_open(). If the store
 * is being closed it ends soon, with %TOCSIN_ERROR_UNAVAILABLE.
 */
gboolean tocsin_store_copy (TocsinStore *self, const char *dir, GError **error);

/* Of work.h, which keeps the store open for what takes long on another thread: tocsin_store_close()
 * waits for its end. %FALSE if the store is being closed. Any thread that knows it open. */
gboolean tocsin_store_begin_work (TocsinStore *self);
void tocsin_store_end_work (TocsinStore *self);

/* Has what takes long end soon, with %TOCSIN_ERROR_UNAVAILABLE, and no more of it begin; all else
 * goes on until tocsin_store_close(). */
void tocsin_store_begin_close (TocsinStore *self);

/* For what takes long, in slices. Any thread that the store is kept open for. */
gboolean tocsin_store_is_closing (TocsinStore *self);

/* Flushes to disk; commits have done so already, so this is for shutdown. */
gboolean tocsin_store_sync (TocsinStore *self, GError **error);

/**
 * TocsinWriteFunc:
 * @data: what was given with it
 *
 * A change, run inside a write transaction. It may be run more than once (a neighbour in the
 * batch failed and everything is done again), so it computes its results anew each time and
 * touches nothing but @txn and @data. %FALSE refuses: nothing of it is kept.
 */
typedef gboolean (*TocsinWriteFunc) (TocsinTxn *txn, gpointer data, GError **error);

/* One change in its own transaction, on the calling thread, with fsync; for start-up, tools and
 * tests. A daemon's changes go through its TocsinWriter. */
gboolean
tocsin_store_write (TocsinStore *self, TocsinWriteFunc func, gpointer data, GError **error);

/* Called in the main context that was the thread default of who first listened, once for each batch
 * of commits since the last call. The others listen on that thread, too. */
typedef void (*TocsinStoreFunc) (TocsinNotes notes, gpointer data);
guint tocsin_store_listen (TocsinStore *self, TocsinStoreFunc func, gpointer data);
void tocsin_store_unlisten (TocsinStore *self, guint id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinStore, tocsin_store_close)

G_END_DECLS
