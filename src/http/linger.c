/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/linger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#define LINGERS_MAX 32

typedef struct
{
  TocsinLingers *all; /* (unowned) */
  GSource *source;    /* (unowned): holds this */
  int fd;
  gsize n_left;
  gint64 until_us; /* monotonic */
} Linger;

static void
linger_free (gpointer data)
{
  Linger *self = data;

  close (self->fd);
  g_free (self);
}

/* Without a condition when the time is over. */
static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Linger *self = data;
  guint8 buffer[16384];
  gssize n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
  gboolean goes_on =
      n > 0 ? (gsize) n < self->n_left : n < 0 && (errno == EAGAIN || errno == EINTR);

  if (goes_on && g_get_monotonic_time () < self->until_us)
    {
      self->n_left -= (gsize) MAX (n, 0);
      return G_SOURCE_CONTINUE;
    }
  g_ptr_array_remove_fast (self->all->sources, self->source);
  return G_SOURCE_REMOVE;
}

static void
drop_source (gpointer data)
{
  g_source_destroy (data);
  g_source_unref (data);
}

void
tocsin_lingers_init (TocsinLingers *self)
{
  self->sources = g_ptr_array_new_with_free_func (drop_source);
}

void
tocsin_lingers_clear (TocsinLingers *self)
{
  g_clear_pointer (&self->sources, g_ptr_array_unref);
}

void
tocsin_lingers_add (
    TocsinLingers *self, GMainContext *context, int fd, gsize bytes_max, gint64 limit_us)
{
  int held = self->sources->len < LINGERS_MAX ? fcntl (fd, F_DUPFD_CLOEXEC, 3) : -1;
  GSource *source;
  Linger *linger;

  if (held < 0)
    return;
  (void) shutdown (held, SHUT_WR);
  source = g_unix_fd_source_new (held, G_IO_IN | G_IO_HUP | G_IO_ERR);
  linger = g_new (Linger, 1);
  *linger = (Linger){ self, source, held, bytes_max, g_get_monotonic_time () + limit_us };
  g_source_set_callback (source, G_SOURCE_FUNC (on_readable), linger, linger_free);
  g_source_set_ready_time (source, linger->until_us);
  g_ptr_array_add (self->sources, source);
  g_source_attach (source, context);
  /* cppcheck-suppress memleak ; the source has it */
}
