/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* A proof is about bytes, and json-glib keeps none. This finds where values begin and end;
 * whether they are JSON is for the strict reader to say, of the slices and of the rest. Nothing
 * here recurses, so nesting costs nothing. */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/json-slice.h"

#include <string.h>

#include "core/error.h"

typedef struct
{
  const char *at;
  const char *end;
} Cursor;

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
skip_space (Cursor *cursor)
{
  while (cursor->at < cursor->end && is_space (*cursor->at))
    cursor->at++;
}

/* Past @c, if it is what comes next. */
static gboolean
take (Cursor *cursor, char c)
{
  skip_space (cursor);
  if (cursor->at == cursor->end || *cursor->at != c)
    return FALSE;
  cursor->at++;
  skip_space (cursor);
  return TRUE;
}

/* The cursor stands on a quote; past the closing one. */
static gboolean
skip_string (Cursor *cursor)
{
  for (cursor->at++; cursor->at < cursor->end; cursor->at++)
    {
      if (*cursor->at == '"')
        {
          cursor->at++;
          return TRUE;
        }
      if (*cursor->at == '\\')
        cursor->at++;
    }
  cursor->at = cursor->end; /* an escape may have stepped past it */
  return FALSE;
}

static gboolean
skip_value (Cursor *cursor)
{
  const char *start = cursor->at;
  gsize depth = 0;

  while (cursor->at < cursor->end)
    {
      char c = *cursor->at;

      if (c == '"')
        {
          if (!skip_string (cursor))
            return FALSE;
          if (depth == 0)
            return TRUE;
          continue;
        }
      if (depth == 0 && (c == ',' || c == ']' || c == '}' || is_space (c)))
        return cursor->at > start;
      if (c == '[' || c == '{')
        depth++;
      cursor->at++;
      if ((c == ']' || c == '}') && --depth == 0)
        return TRUE;
    }
  return FALSE;
}

/* The cursor stands after the opening bracket; past the closing one. */
static GPtrArray *
slice_elements (Cursor *cursor, GBytes *document, guint max_elements)
{
  g_autoptr (GPtrArray) elements = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  const char *base = g_bytes_get_data (document, NULL);

  if (take (cursor, ']'))
    return g_steal_pointer (&elements);
  do
    {
      const char *start;

      skip_space (cursor);
      start = cursor->at;
      if (elements->len == max_elements || !skip_value (cursor))
        return NULL;
      g_ptr_array_add (elements, g_bytes_new_from_bytes (document, (gsize) (start - base),
                                                         (gsize) (cursor->at - start)));
    }
  while (take (cursor, ','));
  return take (cursor, ']') ? g_steal_pointer (&elements) : NULL;
}

/* The cursor stands at the start of a document; then after the colon of @member. Names are
 * compared as they are written: one with needless escapes is not found. */
static gboolean
find_member (Cursor *cursor, const char *member)
{
  gsize len = strlen (member);

  if (!take (cursor, '{'))
    return FALSE;
  while (cursor->at < cursor->end && *cursor->at == '"')
    {
      const char *name = cursor->at + 1;
      gsize name_len;

      if (!skip_string (cursor))
        return FALSE;
      name_len = (gsize) (cursor->at - name) - 1;
      if (!take (cursor, ':'))
        return FALSE;
      if (name_len == len && memcmp (name, member, len) == 0)
        return TRUE;
      if (!skip_value (cursor) || !take (cursor, ','))
        return FALSE;
    }
  return FALSE;
}

static GBytes *
without (GBytes *document, const char *from, const char *to)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (document, &size);
  GByteArray *rest = g_byte_array_sized_new ((guint) size);

  g_byte_array_append (rest, (const guint8 *) data, (guint) (from - data));
  g_byte_array_append (rest, (const guint8 *) to, (guint) (data + size - to));
  return g_byte_array_free_to_bytes (rest);
}

/**
 * tocsin_json_slice:
 * @document: a JSON object, as received
 * @member: the name of one of its members, an array
 * @max_elements: the most elements that the array may have
 * @rest: (out) (transfer full): the document with the array emptied
 * @error: return location for an error, or %NULL
 *
 * Cuts the elements of an array out of a document, byte for byte. Neither they nor @rest have
 * been checked to be JSON: give each to tocsin_json_parse().
 *
 * Returns: (transfer full) (element-type GBytes): the elements; %NULL with
 *   %TOCSIN_ERROR_INVALID if there is no such array or it is too long
 */
GPtrArray *
tocsin_json_slice (
    GBytes *document, const char *member, guint max_elements, GBytes **rest, GError **error)
{
  g_autoptr (GPtrArray) elements = NULL;
  gsize size = 0;
  const char *data = g_bytes_get_data (document, &size), *inside;
  /* Of no bytes there is no address to add to. */
  Cursor cursor = { data, size > 0 ? data + size : data };

  if (size == 0 || size > G_MAXINT32 || !find_member (&cursor, member) || !take (&cursor, '['))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/%s: missing, or not an array",
                   member);
      return NULL;
    }
  inside = cursor.at;
  elements = slice_elements (&cursor, document, max_elements);
  if (elements == NULL)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "/%s: malformed, or more than %u elements", member, max_elements);
      return NULL;
    }
  while (cursor.at[-1] != ']')
    cursor.at--;
  *rest = without (document, inside, cursor.at - 1);
  return g_steal_pointer (&elements);
}
