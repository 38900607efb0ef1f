/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Exit addresses of Tor: an address a line, as torbulkexitlist has them, or records of which
 * "ExitAddress ADDRESS DATE TIME" counts, as exit-addresses has them.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "feeds/format.h"

#include <string.h>

typedef struct
{
  TocsinFeedSink *sink; /* (unowned) */
  TocsinFeedLines lines;
} Tor;

/* Lines of a record that say nothing of an address. */
static const char *const other_lines[] = { "ExitNode", "Published", "LastStatus" };

static gboolean
on_line (gpointer owner, char *line, guint64 number, GError **error)
{
  Tor *self = owner;
  g_auto (GStrv) words = NULL;

  g_strstrip (line);
  if (*line == '\0' || *line == '#')
    return TRUE;
  words = g_strsplit_set (line, " \t", -1);
  for (gsize i = 0; i < G_N_ELEMENTS (other_lines); i++)
    if (g_str_equal (words[0], other_lines[i]))
      return TRUE;
  if (g_str_equal (words[0], "ExitAddress"))
    {
      if (g_strv_length (words) != 4)
        return tocsin_feed_fail (error, number, "“ExitAddress ADDRESS DATE TIME” is expected");
      return tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_IP, words[1], number, error);
    }
  if (words[1] != NULL)
    return tocsin_feed_fail (error, number, "an address, or a line of exit-addresses, is expected");
  return tocsin_feed_sink_add (self->sink, TOCSIN_SUBJECT_IP, words[0], number, error);
}

static void
init (gpointer data, TocsinFeedSink *sink)
{
  Tor *self = data;

  self->sink = sink;
  tocsin_feed_lines_init (&self->lines, on_line, self);
}

static gboolean
push (gpointer data, const char *text, gsize size, GError **error)
{
  return tocsin_feed_lines_push (&((Tor *) data)->lines, text, size, error);
}

static gboolean
end (gpointer data, GError **error)
{
  return tocsin_feed_lines_end (&((Tor *) data)->lines, error);
}

static void
clear (gpointer data)
{
  tocsin_feed_lines_clear (&((Tor *) data)->lines);
}

const TocsinFeedFormat tocsin_feed_format_tor = {
  .name = "tor-exits",
  .size = sizeof (Tor),
  .typed = TRUE,
  .init = init,
  .push = push,
  .end = end,
  .clear = clear,
};
