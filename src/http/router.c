/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/router.h"

typedef struct
{
  const TocsinRoute *route; /* (unowned) */
  gpointer data;            /* (unowned) */
  guint index;
} Row;

struct _TocsinRouter
{
  gatomicrefcount refs;
  GArray *rows;         /* (owned) (element-type Row): in the order they were added */
  GHashTable *literals; /* (owned) pattern without parameters -> GArray of guint, row numbers */
  GArray *patterns;     /* (owned) (element-type guint): numbers of the other rows */
};

TocsinRouter *
tocsin_router_new (void)
{
  TocsinRouter *self = g_new0 (TocsinRouter, 1);

  g_atomic_ref_count_init (&self->refs);
  self->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  self->literals =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_array_unref);
  self->patterns = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

TocsinRouter *
tocsin_router_ref (TocsinRouter *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tocsin_router_unref (TocsinRouter *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_array_unref (self->rows);
  g_hash_table_unref (self->literals);
  g_array_unref (self->patterns);
  g_free (self);
}

static const Row *
row_at (const TocsinRouter *self, guint index)
{
  return &g_array_index (self->rows, Row, index);
}

static gboolean
is_known (const TocsinRouter *self, const TocsinRoute *route)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (strcmp (row_at (self, i)->route->method, route->method) == 0 &&
        strcmp (row_at (self, i)->route->pattern, route->pattern) == 0)
      return TRUE;
  return FALSE;
}

void
tocsin_router_add (TocsinRouter *self, const TocsinRoute *routes, gsize n_routes, gpointer data)
{
  for (gsize i = 0; i < n_routes; i++)
    {
      Row row = { &routes[i], data, self->rows->len };
      GArray *numbers = self->patterns;

      g_return_if_fail (routes[i].pattern[0] == '/' && !is_known (self, &routes[i]));
      g_array_append_val (self->rows, row);
      if (strchr (routes[i].pattern, '{') == NULL)
        {
          numbers = g_hash_table_lookup (self->literals, routes[i].pattern);
          if (numbers == NULL)
            {
              numbers = g_array_new (FALSE, FALSE, sizeof (guint));
              g_hash_table_insert (self->literals, (gpointer) routes[i].pattern, numbers);
            }
        }
      g_array_append_val (numbers, row.index);
    }
}

/* Walks pattern and path segment by segment; both begin with a slash. */
static gboolean
pattern_takes (const char *pattern, const char *path, TocsinMatch *out)
{
  const char *p = pattern;
  const char *s = path;

  out->n_params = 0;
  while (*p == '/' && *s == '/')
    {
      gsize p_len = strcspn (++p, "/");
      gsize s_len = strcspn (++s, "/");

      if (*p == '{')
        {
          g_return_val_if_fail (out->n_params < TOCSIN_ROUTE_PARAMS_MAX, FALSE);
          if (s_len == 0)
            return FALSE;
          out->params[out->n_params].name = p + 1;
          out->params[out->n_params].name_len = p_len - 2;
          out->params[out->n_params].start = (gsize) (s - path);
          out->params[out->n_params].len = s_len;
          out->n_params++;
        }
      else if (p_len != s_len || memcmp (p, s, p_len) != 0)
        return FALSE;
      p += p_len;
      s += s_len;
    }
  return *p == '\0' && *s == '\0';
}

/* Takes the row if its method fits; remembers that the path exists if not. */
static gboolean
row_takes (const Row *row, const char *method, TocsinMatch *out)
{
  out->path_exists = TRUE;
  if (strcmp (row->route->method, method) != 0)
    return FALSE;
  out->route = row->route;
  out->data = row->data;
  out->index = row->index;
  return TRUE;
}

gboolean
tocsin_router_match (const TocsinRouter *self,
                     const char *method,
                     const char *path,
                     TocsinMatch *out)
{
  const GArray *numbers = g_hash_table_lookup (self->literals, path);
  const char *wanted = strcmp (method, "HEAD") == 0 ? "GET" : method;

  out->route = NULL;
  out->path_exists = FALSE;
  out->n_params = 0;
  for (guint i = 0; numbers != NULL && i < numbers->len; i++)
    if (row_takes (row_at (self, g_array_index (numbers, guint, i)), wanted, out))
      return TRUE;
  /* A literal path is its own resource: "/v1/peers/all" is never the peer "all". */
  if (numbers != NULL)
    return FALSE;
  for (guint i = 0; i < self->patterns->len; i++)
    {
      const Row *row = row_at (self, g_array_index (self->patterns, guint, i));

      if (pattern_takes (row->route->pattern, path, out) && row_takes (row, wanted, out))
        return TRUE;
    }
  return FALSE;
}

char *
tocsin_router_allow (const TocsinRouter *self, const char *path)
{
  GString *out = g_string_new (NULL);
  const GArray *numbers = g_hash_table_lookup (self->literals, path);
  gboolean is_literal = numbers != NULL;
  TocsinMatch ignored;

  if (!is_literal)
    numbers = self->patterns;
  for (guint i = 0; i < numbers->len; i++)
    {
      const TocsinRoute *route = row_at (self, g_array_index (numbers, guint, i))->route;

      if (!is_literal && !pattern_takes (route->pattern, path, &ignored))
        continue;
      g_string_append_printf (out, "%s, ", route->method);
      if (strcmp (route->method, "GET") == 0)
        g_string_append (out, "HEAD, ");
    }
  if (out->len == 0)
    {
      g_string_free (out, TRUE);
      return NULL;
    }
  g_string_append (out, "OPTIONS");
  return g_string_free (out, FALSE);
}

guint
tocsin_router_get_n_routes (const TocsinRouter *self)
{
  return self->rows->len;
}

const TocsinRoute *
tocsin_router_get_route (const TocsinRouter *self, guint index)
{
  return row_at (self, index)->route;
}
