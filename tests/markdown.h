/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Reads what tests check of the pages in docs/: fenced blocks and the rows of tables.
 */
#pragma once

#include <glib.h>
#include <string.h>

/* One page, from the top of the source tree. */
G_GNUC_UNUSED static char *
markdown_read (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  return text;
}

/* What stands in the fenced blocks of that language, in order. */
G_GNUC_UNUSED static GPtrArray *
markdown_blocks (const char *text, const char *language)
{
  g_autofree char *fence = g_strdup_printf ("\n```%s\n", language);
  GPtrArray *blocks = g_ptr_array_new_with_free_func (g_free);

  for (const char *at = strstr (text, fence); at != NULL; at = strstr (at, fence))
    {
      const char *from = at + strlen (fence);
      const char *to = strstr (from, "\n```\n");

      if (to == NULL)
        g_error ("A block has no end: %.200s", from);
      g_ptr_array_add (blocks, g_strndup (from, (gsize) (to - from)));
      at = to + 1;
    }
  return blocks;
}

/* The rows of the table whose first line of titles begins with @titles: arrays of cells, without
 * the blanks and the backticks around each. */
G_GNUC_UNUSED static GPtrArray *
markdown_table (const char *text, const char *titles)
{
  g_autofree char *head = g_strdup_printf ("\n%s", titles);
  const char *at = strstr (text, head);
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_auto (GStrv) lines = NULL;

  if (at == NULL)
    g_error ("There is no table of “%s”", titles);
  lines = g_strsplit (at + 1, "\n", -1);
  for (gsize i = 2; lines[i] != NULL && lines[i][0] == '|'; i++)
    {
      g_autofree char *inner = g_strndup (lines[i] + 1, strlen (lines[i]) - 2);
      char **cells = g_strsplit (inner, "|", -1);

      for (gsize j = 0; cells[j] != NULL; j++)
        {
          gsize length;

          g_strstrip (cells[j]);
          length = strlen (cells[j]);
          if (length >= 2 && cells[j][0] == '`' && cells[j][length - 1] == '`')
            {
              memmove (cells[j], cells[j] + 1, length - 2);
              cells[j][length - 2] = '\0';
            }
        }
      g_ptr_array_add (rows, cells);
    }
  return rows;
}
