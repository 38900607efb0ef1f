/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "store/store.h"

G_BEGIN_DECLS

#define TOCSIN_WRITER_BATCH 1000  /* most operations in one transaction */
#define TOCSIN_WRITER_QUEUE 10000 /* most operations waiting; beyond: UNAVAILABLE */

/**
 * TocsinWriter:
 *
 * The one thread that writes. It takes what is queued into one transaction, never waiting for
 * company, commits with fsync, then answers each caller in the caller's thread-default context,
 * one wake-up a context and batch. An operation that refuses before it wrote anything fails
 * alone; after any other failure the batch is undone and each of its operations is run again in a
 * transaction of its own, so that a bad one hurts only itself.
 */
typedef struct _TocsinWriter TocsinWriter;

/* Starts the thread. Borrows @store, which outlives it. */
TocsinWriter *tocsin_writer_new (TocsinStore *store) G_GNUC_WARN_UNUSED_RESULT;

/* Runs what is queued, answers it, ends the thread. Later submissions get UNAVAILABLE. */
void tocsin_writer_stop (TocsinWriter *self);

/* Stops, then frees. */
void tocsin_writer_free (TocsinWriter *self);

/**
 * tocsin_writer_submit_async:
 * @func: the change; see #TocsinWriteFunc. Runs on the writer thread
 * @data: for @func, which may leave results in it; the caller reads them in @callback
 * @destroy: (nullable): frees @data, in the caller's context, after @callback
 * @cancellable: (nullable): before @func has run: it never runs. Later: no effect
 * @callback: (nullable): called once what @func did is on disk, or was refused; its source
 *   object is %NULL. With %NULL nobody is told
 *
 * Queues a change. May be called from any thread.
 */
void tocsin_writer_submit_async (TocsinWriter *self,
                                 TocsinWriteFunc func,
                                 gpointer data,
                                 GDestroyNotify destroy,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/**
 * tocsin_writer_submit_finish:
 *
 * Returns: %TRUE if the change is on disk; else %FALSE with @func's own error,
 *   %TOCSIN_ERROR_UNAVAILABLE (queue full, disk full, stopping), %TOCSIN_ERROR_STORE or
 *   %G_IO_ERROR_CANCELLED
 */
gboolean tocsin_writer_submit_finish (GAsyncResult *result, GError **error);

/**
 * tocsin_writer_return_task:
 * @task: (transfer full): a #GTask that returns a boolean
 *
 * A callback for tocsin_writer_submit_async(), where being on disk is all that @task waits for: it
 * returns %TRUE, or the error.
 */
void tocsin_writer_return_task (GObject *source, GAsyncResult *result, gpointer task);

/**
 * tocsin_writer_submit:
 *
 * As tocsin_writer_submit_async() where nobody waits for the answer. @destroy runs on the writer
 * thread (or here, if the queue is full). A failure is logged and counted.
 */
void tocsin_writer_submit (TocsinWriter *self,
                           TocsinWriteFunc func,
                           gpointer data,
                           GDestroyNotify destroy);

/* Whether the thread runs and the newest commit worked, or failed for its size alone; for
 * /health/ready. Any thread. */
gboolean tocsin_writer_is_alive (TocsinWriter *self);

/* Operations waiting. Any thread. */
guint tocsin_writer_pending (TocsinWriter *self);

/**
 * TocsinWriterStats: since the start; for /metrics.
 */
typedef struct
{
  guint64 operations;
  guint64 commits;
  guint64 failed;  /* operations answered with an error */
  guint64 retried; /* batches that were undone and run one by one */
} TocsinWriterStats;
void tocsin_writer_stats (TocsinWriter *self, TocsinWriterStats *out); /* any thread */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinWriter, tocsin_writer_free)

G_END_DECLS
