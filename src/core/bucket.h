/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinBucket:
 * @capacity: how many tokens it holds, the longest burst
 * @refill_per_second: how many come back in a second, the lasting rate
 * @tokens: how many there were at @updated_us
 * @updated_us: when that was, in microseconds of one clock
 *
 * A token bucket for rate caps. A plain value: it reads no clock and owns nothing. A clock that
 * is set back costs the refill of that moment and no more.
 */
typedef struct
{
  double capacity;
  double refill_per_second;
  double tokens;
  gint64 updated_us;
} TocsinBucket;

/**
 * tocsin_bucket_init:
 * @self: (out): a bucket, full
 * @capacity: at least 1
 * @refill_per_second: more than 0
 * @now_us: the time
 */
void
tocsin_bucket_init (TocsinBucket *self, double capacity, double refill_per_second, gint64 now_us);

/**
 * tocsin_bucket_take:
 * @self: a bucket
 * @tokens: how many; more than the capacity are never there
 * @now_us: the time
 *
 * Returns: %TRUE if there were @tokens and they are taken; else nothing is
 */
gboolean tocsin_bucket_take (TocsinBucket *self, double tokens, gint64 now_us);

/**
 * tocsin_bucket_wait_seconds:
 * @self: a bucket
 * @tokens: how many
 * @now_us: the time
 *
 * Returns: after how many whole seconds @tokens, or a full bucket if that is less, can be taken:
 *   the value of `Retry-After`; 0 if at once
 */
guint tocsin_bucket_wait_seconds (const TocsinBucket *self, double tokens, gint64 now_us);

/**
 * tocsin_bucket_is_full:
 * @self: a bucket
 * @now_us: the time
 *
 * Returns: %TRUE if it is as good as a new one, so that a table of many may drop it
 */
gboolean tocsin_bucket_is_full (const TocsinBucket *self, gint64 now_us);

G_END_DECLS
