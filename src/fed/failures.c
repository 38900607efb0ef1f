/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/failures.h"

#include "core/clock.h"

typedef struct
{
  char *uri; /* (owned) */
  gint64 until_us;
  GList link; /* in `recent`; its data is the failure */
} Failure;

struct _TocsinFailures
{
  GHashTable *by_uri; /* (owned) (element-type utf8 Failure) */
  GQueue recent;      /* of Failure; the head is the next to be over */
  guint max;
};

static void
failure_free (gpointer data)
{
  Failure *failure = data;

  g_free (failure->uri);
  g_free (failure);
}

/**
 * tocsin_failures_new:
 * @max: how many are remembered, at least 1
 */
TocsinFailures *
tocsin_failures_new (guint max)
{
  TocsinFailures *self = g_new0 (TocsinFailures, 1);

  self->by_uri = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, failure_free);
  g_queue_init (&self->recent);
  self->max = max;
  return self;
}

void
tocsin_failures_free (TocsinFailures *self)
{
  g_hash_table_unref (self->by_uri);
  g_free (self);
}

static void
forget (TocsinFailures *self, Failure *failure)
{
  g_queue_unlink (&self->recent, &failure->link);
  g_hash_table_remove (self->by_uri, failure->uri);
}

/**
 * tocsin_failures_note:
 * @self: the failures
 * @uri: what could not be had
 * @now_us: the time, in microseconds since any fixed point
 */
void
tocsin_failures_note (TocsinFailures *self, const char *uri, gint64 now_us)
{
  Failure *failure = g_hash_table_lookup (self->by_uri, uri);

  if (failure != NULL)
    forget (self, failure);
  else if (g_hash_table_size (self->by_uri) == self->max)
    forget (self, g_queue_peek_head (&self->recent));
  failure = g_new0 (Failure, 1);
  failure->uri = g_strdup (uri);
  failure->until_us = now_us + TOCSIN_FAILURE_SECONDS * TOCSIN_SECOND_US;
  failure->link.data = failure;
  g_queue_push_tail_link (&self->recent, &failure->link);
  g_hash_table_insert (self->by_uri, failure->uri, failure);
}

/**
 * tocsin_failures_has:
 * @self: the failures
 * @uri: a document
 * @now_us: the time, from the same fixed point
 *
 * Returns: whether it could not be had a short while ago
 */
gboolean
tocsin_failures_has (const TocsinFailures *self, const char *uri, gint64 now_us)
{
  const Failure *failure = g_hash_table_lookup (self->by_uri, uri);

  return failure != NULL && now_us < failure->until_us;
}
