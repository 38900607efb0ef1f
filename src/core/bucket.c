/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/bucket.h"

#include <math.h>

/* A refill that comes of many small sums falls short of its whole number by less than this. */
#define ROUNDING 1e-9

static double
tokens_at (const TocsinBucket *self, gint64 now_us)
{
  double seconds = now_us > self->updated_us
                       ? (double) (now_us - self->updated_us) / (double) G_USEC_PER_SEC
                       : 0;

  return fmin (self->capacity, self->tokens + seconds * self->refill_per_second);
}

void
tocsin_bucket_init (TocsinBucket *self, double capacity, double refill_per_second, gint64 now_us)
{
  *self = (TocsinBucket){
    .capacity = capacity,
    .refill_per_second = refill_per_second,
    .tokens = capacity,
    .updated_us = now_us,
  };
}

gboolean
tocsin_bucket_take (TocsinBucket *self, double tokens, gint64 now_us)
{
  double there = tokens_at (self, now_us);

  self->tokens = there;
  self->updated_us = now_us;
  if (there + ROUNDING < tokens)
    return FALSE;
  self->tokens = fmax (0, there - tokens);
  return TRUE;
}

guint
tocsin_bucket_wait_seconds (const TocsinBucket *self, double tokens, gint64 now_us)
{
  double missing = fmin (tokens, self->capacity) - tokens_at (self, now_us) - ROUNDING;

  if (missing <= 0)
    return 0;
  return (guint) fmin (ceil (missing / self->refill_per_second), (double) G_MAXINT32);
}

gboolean
tocsin_bucket_is_full (const TocsinBucket *self, gint64 now_us)
{
  return tokens_at (self, now_us) >= self->capacity - ROUNDING;
}
