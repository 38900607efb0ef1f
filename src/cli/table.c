/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "cli/table.h"

#include <string.h>
#include <unistd.h>

#define GAP       2
#define NARROWEST 4 /* a column is not cut below this */
/* Nor below this beside one that stays whole, which breaks the line anyway: an address or the host
 * of a node is to be known by what is left of it. */
#define NARROWEST_BESIDE 24

typedef struct
{
  char *text; /* (owned) */
  TocsinTone tone;
} Cell;

struct _TocsinTable
{
  guint n_columns;
  gboolean has_titles;
  guint64 right; /* bit n: column n is aligned to the right */
  guint64 whole; /* bit n: column n is never cut */
  GArray *cells; /* (owned) of Cell, the titles first, row by row */
};

static void
cell_clear (gpointer cell)
{
  g_free (((Cell *) cell)->text);
}

/**
 * tocsin_table_new:
 * @n_columns: 1 to 64
 * @titles: (nullable) (array length=n_columns): of the columns, translated
 *
 * Returns: (transfer full): free it with tocsin_table_free()
 */
TocsinTable *
tocsin_table_new (guint n_columns, const char *const *titles)
{
  TocsinTable *self;

  g_return_val_if_fail (n_columns >= 1 && n_columns <= 64, NULL);

  self = g_new0 (TocsinTable, 1);
  self->n_columns = n_columns;
  self->has_titles = titles != NULL;
  self->cells = g_array_new (FALSE, FALSE, sizeof (Cell));
  g_array_set_clear_func (self->cells, cell_clear);
  for (guint i = 0; titles != NULL && i < n_columns; i++)
    tocsin_table_add_toned (self, titles[i], TOCSIN_TONE_STRONG);
  return self;
}

void
tocsin_table_free (TocsinTable *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->cells);
  g_free (self);
}

void
tocsin_table_align_right (TocsinTable *self, guint column)
{
  g_return_if_fail (column < self->n_columns);

  self->right |= G_GUINT64_CONSTANT (1) << column;
}

/* What is to be read to its end, copied or compared: an ID, a fingerprint, a sentence. Where the
 * terminal is too narrow for it, it breaks the line. */
void
tocsin_table_keep_whole (TocsinTable *self, guint column)
{
  g_return_if_fail (column < self->n_columns);

  self->whole |= G_GUINT64_CONSTANT (1) << column;
}

static gboolean
is_whole (const TocsinTable *self, guint column)
{
  return (self->whole >> column & 1) != 0;
}

/**
 * tocsin_table_add:
 * @self: a table
 * @text: (nullable): anyone's text for the next cell, copied; %NULL or "" shows a dash
 */
void
tocsin_table_add (TocsinTable *self, const char *text)
{
  tocsin_table_add_toned (self, text, TOCSIN_TONE_PLAIN);
}

void
tocsin_table_add_toned (TocsinTable *self, const char *text, TocsinTone tone)
{
  Cell cell = { .tone = tone };

  cell.text = tocsin_text_clean (text != NULL && *text != '\0' ? text : "-");
  g_array_append_val (self->cells, cell);
}

guint
tocsin_table_n_rows (const TocsinTable *self)
{
  return self->cells->len / self->n_columns - (self->has_titles ? 1 : 0);
}

static guint
narrowest (const TocsinTable *self)
{
  return self->whole != 0 ? NARROWEST_BESIDE : NARROWEST;
}

/* What a line may take: the rows of the terminal that it needs anyway. */
static guint
room_for (const TocsinTable *self, const guint *widths, guint width)
{
  guint least = GAP * (self->n_columns - 1);

  for (guint i = 0; i < self->n_columns; i++)
    least += is_whole (self, i) ? widths[i] : MIN (widths[i], narrowest (self));
  return (least + width - 1) / width * width;
}

/* Takes from the widest column, again and again, until the line fits or nothing can give. */
static void
shrink (const TocsinTable *self, guint *widths, guint width)
{
  guint room = room_for (self, widths, width);

  for (;;)
    {
      guint sum = GAP * (self->n_columns - 1);
      guint widest = 0, widest_width = 0;

      for (guint i = 0; i < self->n_columns; i++)
        {
          sum += widths[i];
          if (widths[i] > widest_width && !is_whole (self, i))
            {
              widest = i;
              widest_width = widths[i];
            }
        }
      if (sum <= room || widest_width <= narrowest (self))
        return;
      widths[widest]--;
    }
}

static void
append_spaces (GString *out, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_c (out, ' ');
}

static void
append_cell (const TocsinTable *self,
             GString *out,
             const Cell *cell,
             guint column,
             guint width,
             gboolean colour)
{
  guint all = tocsin_text_width (cell->text);
  guint shown = is_whole (self, column) ? MAX (all, 1) : width;
  guint needed = MIN (all, width);
  gboolean right = (self->right >> column & 1) != 0;

  if (right)
    append_spaces (out, width - needed);
  if (colour)
    {
      g_autoptr (GString) cut = g_string_new (NULL);
      g_autofree char *painted = NULL;

      tocsin_text_append_cut (cut, cell->text, shown);
      painted = tocsin_terminal_paint (cut->str, cell->tone);
      g_string_append (out, painted);
    }
  else
    tocsin_text_append_cut (out, cell->text, shown);
  if (!right && column + 1 < self->n_columns)
    append_spaces (out, width - needed);
  if (column + 1 < self->n_columns)
    append_spaces (out, GAP);
}

/**
 * tocsin_table_render:
 * @self: a table of whole rows
 * @width: columns of the terminal; 0 for as wide as it wants to be
 * @colour: whether tones show, where standard output takes them
 *
 * Returns: (transfer full): its lines; free with g_free()
 */
char *
tocsin_table_render (const TocsinTable *self, guint width, gboolean colour)
{
  g_autofree guint *widths = g_new0 (guint, self->n_columns);
  GString *out = g_string_new (NULL);

  g_return_val_if_fail (self->cells->len % self->n_columns == 0, g_string_free (out, FALSE));

  for (guint i = 0; i < self->cells->len; i++)
    {
      guint needed = tocsin_text_width (g_array_index (self->cells, Cell, i).text);

      widths[i % self->n_columns] = MAX (widths[i % self->n_columns], MAX (needed, 1));
    }
  if (width > 0)
    shrink (self, widths, width);
  for (guint i = 0; i < self->cells->len; i++)
    {
      guint column = i % self->n_columns;

      append_cell (self, out, &g_array_index (self->cells, Cell, i), column, widths[column],
                   colour);
      if (column + 1 == self->n_columns)
        g_string_append_c (out, '\n');
    }
  return g_string_free (out, FALSE);
}

/* Prints it on standard output, as wide as that is. */
void
tocsin_table_print (const TocsinTable *self)
{
  g_autofree char *text = tocsin_table_render (self, tocsin_terminal_width (STDOUT_FILENO),
                                               tocsin_terminal_has_colour (STDOUT_FILENO));

  g_print ("%s", text);
}
