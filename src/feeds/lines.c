/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/format.h"

#include <string.h>

void
tocsin_feed_lines_init (TocsinFeedLines *self, TocsinFeedLineFunc func, gpointer owner)
{
  self->func = func;
  self->owner = owner;
  self->line = g_string_new (NULL);
}

void
tocsin_feed_lines_clear (TocsinFeedLines *self)
{
  g_string_free (self->line, TRUE);
}

static gboolean
tell (TocsinFeedLines *self, GError **error)
{
  self->number++;
  if (self->line->len > 0 && self->line->str[self->line->len - 1] == '\r')
    g_string_truncate (self->line, self->line->len - 1);
  if (!self->func (self->owner, self->line->str, self->number, error))
    return FALSE;
  g_string_truncate (self->line, 0);
  return TRUE;
}

gboolean
tocsin_feed_lines_push (TocsinFeedLines *self, const char *text, gsize size, GError **error)
{
  while (size > 0)
    {
      const char *end = memchr (text, '\n', size);
      gsize n = end != NULL ? (gsize) (end - text) : size;

      if (self->line->len + n > TOCSIN_FEED_LINE_MAX_BYTES)
        return tocsin_feed_fail (error, self->number + 1, "it is longer than %d bytes",
                                 TOCSIN_FEED_LINE_MAX_BYTES);
      g_string_append_len (self->line, text, (gssize) n);
      if (end == NULL)
        return TRUE;
      if (!tell (self, error))
        return FALSE;
      text += n + 1;
      size -= n + 1;
    }
  return TRUE;
}

gboolean
tocsin_feed_lines_end (TocsinFeedLines *self, GError **error)
{
  return self->line->len == 0 || tell (self, error);
}
