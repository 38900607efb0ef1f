/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/observing.h"

#include "core/clock.h"
#include "store/table-meta.h"

#define LOOK_SECONDS 5

struct _TocsinObserving
{
  TocsinWriter *writer; /* (unowned) */
  TocsinApi *api;       /* (unowned) */
  gint64 length_us;
  gint64 began_us;
  gint64 wall_us; /* of the last look */
  gint64 boot_us;
  GSource *timer; /* (owned) (nullable): it never ends by itself */
};

static void
apply (const TocsinObserving *self)
{
  gint64 until_us = self->began_us + self->length_us;

  tocsin_api_set_observe (self->api, self->wall_us < until_us, until_us);
}

static gboolean
write_began (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_meta_put (txn, TOCSIN_META_FIRST_START, data, sizeof (gint64));
  return TRUE;
}

static void
move (TocsinObserving *self, gint64 began_us)
{
  self->began_us = began_us;
  tocsin_writer_submit (self->writer, write_began, g_memdup2 (&began_us, sizeof began_us), g_free);
}

void
tocsin_observing_look (TocsinObserving *self, gint64 wall_us, gint64 boot_us)
{
  gint64 set_us = (wall_us - self->wall_us) - (boot_us - self->boot_us);

  self->wall_us = wall_us;
  self->boot_us = boot_us;
  if (self->timer == NULL || ABS (set_us) <= TOCSIN_HOUR_US)
    return;
  move (self, self->began_us + set_us);
  /* 0: the operator has said something in the meantime. */
  if (tocsin_api_state (self->api)->observe_until_us != 0)
    apply (self);
}

static gboolean
on_timer (gpointer data)
{
  tocsin_observing_look (data, tocsin_time_now_us (), tocsin_time_boot_us ());
  return G_SOURCE_CONTINUE;
}

/* Whether it is known since when; else nothing is done. */
static gboolean
begin (TocsinObserving *self, TocsinStore *store)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));
  g_autoptr (GBytes) said = tocsin_meta_get (txn, TOCSIN_META_OBSERVE);

  if (said != NULL)
    {
      gboolean on = g_bytes_get_size (said) == 2;

      tocsin_api_set_observe (self->api, on, 0);
      return FALSE;
    }
  return tocsin_meta_get_exact (txn, TOCSIN_META_FIRST_START, &self->began_us,
                                sizeof self->began_us);
}

TocsinObserving *
tocsin_observing_new (TocsinStore *store,
                      TocsinWriter *writer,
                      TocsinApi *api,
                      guint days,
                      gint64 wall_us,
                      gint64 boot_us)
{
  TocsinObserving *self = g_new0 (TocsinObserving, 1);

  self->writer = writer;
  self->api = api;
  self->length_us = days * TOCSIN_DAY_US;
  self->wall_us = wall_us;
  self->boot_us = boot_us;
  if (!begin (self, store))
    return self;
  if (self->began_us > wall_us + TOCSIN_DAY_US ||
      (!tocsin_time_is_sane (self->began_us) && tocsin_time_is_sane (wall_us)))
    move (self, wall_us);
  apply (self);
  self->timer = g_timeout_source_new_seconds (LOOK_SECONDS);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
  return self;
}

void
tocsin_observing_free (TocsinObserving *self)
{
  if (self == NULL)
    return;
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_free (self);
}
