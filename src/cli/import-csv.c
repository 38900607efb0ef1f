/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Comma-separated values (RFC 4180) with a line of titles. Mastodon's own exports have titles that
 * begin with "#"; other programs that write domain blocks leave it out.
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/import-private.h"
#include "core/domain-block.h"

#define MAX_COLUMNS 64

typedef struct
{
  const char *at;
  guint line; /* of what is read next */
} Reader;

/* The columns that we know, as indices into a row; -1 where there is none. */
typedef struct
{
  guint n;
  int value;
  int type;
  int category;
  int comment;
  int severity;
  const char *value_type; /* (unowned) (nullable) the title of the value's column is its type */
} Columns;

static gboolean
read_quoted (Reader *r, GString *out, guint start, GError **error)
{
  for (r->at++;; r->at++)
    {
      if (*r->at == '\0')
        return tocsin_import_fail (error, start, "%s",
                                   _ ("a quoted field does not end; the file is cut short"));
      if (*r->at == '"' && r->at[1] != '"')
        break;
      r->at += *r->at == '"';
      r->line += *r->at == '\n';
      g_string_append_c (out, *r->at);
    }
  r->at++;
  if (*r->at != ',' && *r->at != '\n' && *r->at != '\r' && *r->at != '\0')
    return tocsin_import_fail (error, r->line, "%s", _ ("text follows a quoted field"));
  return TRUE;
}

/* One row, which may go over several lines. NULL at an error. */
static GPtrArray *
read_row (Reader *r, GError **error)
{
  g_autoptr (GPtrArray) row = g_ptr_array_new_with_free_func (g_free);
  guint start = r->line;

  for (;;)
    {
      g_autoptr (GString) field = g_string_new (NULL);

      if (*r->at == '"')
        {
          if (!read_quoted (r, field, start, error))
            return NULL;
        }
      else
        {
          gsize size = strcspn (r->at, ",\r\n");

          g_string_append_len (field, r->at, (gssize) size);
          r->at += size;
        }
      if (row->len >= MAX_COLUMNS)
        {
          tocsin_import_fail (error, start, _ ("there are more than %d columns"), MAX_COLUMNS);
          return NULL;
        }
      g_ptr_array_add (row, g_string_free (g_steal_pointer (&field), FALSE));
      if (*r->at != ',')
        break;
      r->at++;
    }
  r->at += *r->at == '\r';
  if (*r->at != '\n' && *r->at != '\0')
    {
      tocsin_import_fail (error, r->line, "%s", _ ("a carriage return stands inside the line"));
      return NULL;
    }
  r->line += *r->at == '\n';
  r->at += *r->at == '\n';
  return g_steal_pointer (&row);
}

static gboolean
is_blank (const GPtrArray *row)
{
  return row->len == 1 && *g_strstrip (row->pdata[0]) == '\0';
}

static gboolean
find_columns (const GPtrArray *titles, gboolean mastodon, Columns *out, GError **error)
{
  *out = (Columns){
    .n = titles->len, .value = -1, .type = -1, .category = -1, .comment = -1, .severity = -1
  };
  for (guint i = 0; i < titles->len; i++)
    {
      g_autofree char *title = g_ascii_strdown (g_strstrip (titles->pdata[i]), -1);
      const char *name = *title == '#' ? title + 1 : title;
      TocsinSubjectType type = tocsin_subject_type_from_string (name);

      if (g_str_equal (name, "value"))
        out->value = (int) i;
      else if (type != TOCSIN_SUBJECT_NONE && out->value < 0)
        {
          out->value = (int) i;
          out->value_type = tocsin_subject_type_to_string (type);
        }
      else if (g_str_equal (name, "type"))
        out->type = (int) i;
      else if (g_str_equal (name, "category"))
        out->category = (int) i;
      else if (g_str_equal (name, "comment") || g_str_equal (name, "public_comment"))
        out->comment = (int) i;
      else if (g_str_equal (name, "severity"))
        out->severity = (int) i;
    }
  if (mastodon && g_strcmp0 (out->value_type, "domain") != 0)
    return tocsin_import_fail (error, 1, "%s",
                               _ ("there is no column #domain: this is no export of Mastodon"));
  if (out->value < 0)
    return tocsin_import_fail (error, 1, "%s",
                               _ ("no column is called “value”, or ip, domain, email and so on"));
  return TRUE;
}

static const char *
field (const GPtrArray *row, int column)
{
  return column >= 0 ? g_strstrip (row->pdata[column]) : NULL;
}

gboolean
tocsin_import_is_mastodon (const char *text)
{
  Reader r = { text, 1 };
  g_autoptr (GPtrArray) titles = read_row (&r, NULL);
  Columns columns;

  if (titles == NULL || !find_columns (titles, TRUE, &columns, NULL))
    return FALSE;
  return columns.severity >= 0 || g_str_has_prefix (g_strstrip (titles->pdata[columns.value]), "#");
}

gboolean
tocsin_import_read_csv (TocsinImport *self, const char *text, GError **error)
{
  Reader r = { text, 1 };
  gboolean mastodon = self->format == TOCSIN_IMPORT_MASTODON_CSV;
  g_autoptr (GPtrArray) titles = NULL;
  Columns columns;

  titles = read_row (&r, error);
  if (titles == NULL || !find_columns (titles, mastodon, &columns, error))
    return FALSE;
  while (*r.at != '\0')
    {
      guint place = r.line;
      g_autoptr (GPtrArray) row = read_row (&r, error);
      const char *type;
      const char *value;

      if (row == NULL)
        return FALSE;
      if (is_blank (row))
        continue;
      if (row->len != columns.n)
        return tocsin_import_fail (error, place, _ ("%u fields under %u titles; is it cut short?"),
                                   row->len, columns.n);
      value = field (row, columns.value);
      if (mastodon && !tocsin_domain_block_accuses (value, field (row, columns.severity)))
        {
          self->skipped++;
          continue;
        }
      type = columns.type >= 0 ? field (row, columns.type) : columns.value_type;
      if (!tocsin_import_add (self, type, value, field (row, columns.category),
                              field (row, columns.comment), place, error))
        return FALSE;
    }
  return TRUE;
}
