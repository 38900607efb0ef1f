/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as a list of each format: whether they are pushed whole or byte by byte, the rows are
 * the same, and each is UTF-8 with something in it.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "feeds/reader.h"

static gboolean
add_row (const TocsinFeedRow *row, gpointer data, GError **error G_GNUC_UNUSED)
{
  if (row->value == NULL || *row->value == '\0' || !g_utf8_validate (row->value, -1, NULL))
    g_error ("a row without a value");
  g_string_append_printf (data, "%u %d %s %" G_GUINT64_FORMAT "\n", (guint) row->type, row->gone,
                          row->value, row->place);
  return TRUE;
}

/* NULL: refused. */
static char *
read_list (const char *format, const char *bytes, size_t size, size_t piece)
{
  TocsinFeedReadOptions options = { NULL, NULL };
  g_autoptr (GString) rows = g_string_new (NULL);
  g_autoptr (TocsinFeedReader) reader = tocsin_feed_reader_new (format, &options, add_row, rows);
  TocsinFeedLinks links;

  for (size_t at = 0; at < size; at += piece)
    if (!tocsin_feed_reader_push (reader, bytes + at, MIN (piece, size - at), NULL))
      return NULL;
  if (!tocsin_feed_reader_end (reader, NULL))
    return NULL;
  tocsin_feed_reader_links (reader, &links);
  return g_string_free (g_steal_pointer (&rows), FALSE);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  const char *const *formats = tocsin_feed_formats ();

  for (size_t i = 0; formats[i] != NULL; i++)
    {
      g_autofree char *whole = read_list (formats[i], (const char *) data, size, MAX (size, 1));
      g_autofree char *pieces = read_list (formats[i], (const char *) data, size, 1);

      if (g_strcmp0 (whole, pieces) != 0)
        g_error ("%s: pieces make another list", formats[i]);
    }
}
