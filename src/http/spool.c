/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include "http/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/error.h"

#define BUFFER_BYTES (1 << 20)

void
tocsin_spool_init (TocsinSpool *self, const char *dir)
{
  *self = (TocsinSpool){ .buffer = g_string_new (NULL), .dir = g_strdup (dir), .fd = -1 };
}

static gboolean
set_no_room (GError **error)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
               "There is no room for the list while it is made: %s", g_strerror (errno));
  return FALSE;
}

/* File systems without O_TMPFILE get a name for a moment. */
static gboolean
open_file (TocsinSpool *self, GError **error)
{
  g_autofree char *name = NULL;

  self->fd = open (self->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (self->fd >= 0)
    return TRUE;
  name = g_build_filename (self->dir, "export-XXXXXX", NULL);
  self->fd = g_mkstemp_full (name, O_RDWR | O_CLOEXEC, 0600);
  if (self->fd < 0)
    return set_no_room (error);
  (void) g_unlink (name);
  return TRUE;
}

static gboolean
write_buffer (TocsinSpool *self, GError **error)
{
  gsize done = 0;

  if (self->fd < 0 && !open_file (self, error))
    return FALSE;
  while (done < self->buffer->len)
    {
      gssize n = write (self->fd, self->buffer->str + done, self->buffer->len - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return set_no_room (error);
      done += (gsize) n;
    }
  g_string_truncate (self->buffer, 0);
  return TRUE;
}

gboolean
tocsin_spool_keep_short (TocsinSpool *self, GError **error)
{
  return self->buffer->len < BUFFER_BYTES || write_buffer (self, error);
}

GBytes *
tocsin_spool_finish (TocsinSpool *self, GError **error)
{
  g_autoptr (GMappedFile) file = NULL;

  if (self->fd < 0)
    return g_string_free_to_bytes (g_steal_pointer (&self->buffer));
  if (!write_buffer (self, error))
    return NULL;
  file = g_mapped_file_new_from_fd (self->fd, FALSE, NULL);
  if (file != NULL)
    return g_mapped_file_get_bytes (file);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                       "The list that was made cannot be read back");
  return NULL;
}

void
tocsin_spool_clear (TocsinSpool *self)
{
  if (self->buffer != NULL)
    g_string_free (g_steal_pointer (&self->buffer), TRUE);
  g_clear_pointer (&self->dir, g_free);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}
