/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * One entry a line. A comment begins with "#" or ";", at the start of a line or after a blank.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/format.h"

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinFeedLines lines;
} Lines;

static gboolean
on_line (gpointer owner, char *line, guint64 number, GError **error)
{
  Lines *self = owner;

  for (char *c = line; *c != '\0'; c++)
    if ((*c == '#' || *c == ';') && (c == line || g_ascii_isspace (c[-1])))
      *c-- = '\0';
  return tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_NONE, line, number, error);
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Lines *self = data;

  self->sink = sink;
  tocsin_feed_lines_init (&self->lines, on_line, self);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_feed_lines_push (&((Lines *) data)->lines, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  return tocsin_feed_lines_end (&((Lines *) data)->lines, error);
}

static void
clear (gpointer data)
{
  tocsin_feed_lines_clear (&((Lines *) data)->lines);
}

const TocsinFeedFormat tocsin_feed_format_lines = {
  .name = "lines",
  .size = sizeof (Lines),
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
};
