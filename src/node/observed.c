/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/observed.h"

#include <string.h>

#include "store/table-meta.h"

#define META_OBSERVED "observed"
#define SAVE_SECONDS  60

struct _TocsinObservedKeeper
{
  TocsinWriter *writer; /* (unowned) */
  TocsinApi *api;       /* (unowned) */
  TocsinObserved saved;
  GSource *timer; /* (owned) */
};

static gboolean
write_observed (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_meta_put (txn, META_OBSERVED, data, sizeof (TocsinObserved));
  return TRUE;
}

static gboolean
on_timer (gpointer data)
{
  TocsinObservedKeeper *self = data;
  TocsinObserved now;

  tocsin_api_get_observed (self->api, &now);
  if (memcmp (&now, &self->saved, sizeof now) == 0)
    return G_SOURCE_CONTINUE;
  self->saved = now;
  tocsin_writer_submit (self->writer, write_observed, g_memdup2 (&now, sizeof now), g_free);
  return G_SOURCE_CONTINUE;
}

TocsinObservedKeeper *
tocsin_observed_new (TocsinStore *store, TocsinWriter *writer, TocsinApi *api)
{
  TocsinObservedKeeper *self = g_new0 (TocsinObservedKeeper, 1);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));

  self->writer = writer;
  self->api = api;
  tocsin_meta_get_exact (txn, META_OBSERVED, &self->saved, sizeof self->saved);
  tocsin_api_add_observed (api, &self->saved);
  self->timer = g_timeout_source_new_seconds (SAVE_SECONDS);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  return self;
}

void
tocsin_observed_free (TocsinObservedKeeper *self)
{
  on_timer (self);
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_free (self);
}
