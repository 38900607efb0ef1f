/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "feeds/load.h"
#include "store/table-feeds.h"
#include "store/writer.h"

G_BEGIN_DECLS

/**
 * tocsin_feed_apply_async:
 * @writer: the writer
 * @load: what differs; kept by the caller until the callback
 * @record: the feed's, as it will be; its number of rows, its actor and its batch are set here
 * @now_us: the time
 *
 * Writes the difference, at most @load's part of rows a transaction, the last of them together
 * with @record. If it ends before, @record's digest is not stored, so the list is read again.
 */
void tocsin_feed_apply_async (TocsinWriter *writer,
                              const TocsinFeedLoad *load,
                              const TocsinFeedRecord *record,
                              gint64 now_us,
                              GAsyncReadyCallback callback,
                              gpointer user_data);

/**
 * tocsin_feed_apply_finish:
 * @out: (out): the record as it was stored; tocsin_feed_record_clear(). After an error, too, if
 *   parts of the difference are there already; else it is left as it is then
 *
 * Returns: %FALSE with the writer's error
 */
gboolean tocsin_feed_apply_finish (GAsyncResult *result, TocsinFeedRecord *out, GError **error);

/**
 * tocsin_feed_drop_async:
 * @record: the feed's
 * @forget: remove the record, too; else it stays, disabled
 * @who: for the audit log
 *
 * Takes every row of a feed back, a part at a time.
 */
void tocsin_feed_drop_async (TocsinWriter *writer,
                             const TocsinFeedRecord *record,
                             gboolean forget,
                             const char *who,
                             gint64 now_us,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean tocsin_feed_drop_finish (GAsyncResult *result, TocsinFeedRecord *out, GError **error);

/* The next read must not take the list for known: what is stored of it may be a part. */
void tocsin_feed_record_unread (TocsinFeedRecord *record);

G_END_DECLS
