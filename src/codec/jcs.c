/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/jcs.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json-strict.h"
#include "codec/json-writer.h"
#include "core/error.h"

typedef struct
{
  const char *name; /* (unowned) */
  JsonNode *node;   /* (unowned) */
} Member;

/* One stack of members for the whole document: an object sorts its slice and writes it. */
typedef struct
{
  GString *out;    /* (unowned) */
  GArray *members; /* (owned) (element-type Member) */
  guint depth;
} Canon;

static gboolean append_value (Canon *c, JsonNode *node, GError **error);

/* RFC 8785, section 3.2.3: by UTF-16 code units. UTF-8 bytes sort by code point, which is the
 * same but where a surrogate pair (lead byte F0 and up) meets U+E000 to U+FFFF (EE and EF). */
static int
compare_names (gconstpointer a, gconstpointer b)
{
  const guchar *x = (const guchar *) ((const Member *) a)->name;
  const guchar *y = (const guchar *) ((const Member *) b)->name;

  while (*x != '\0' && *x == *y)
    x++, y++;
  if (*x >= 0xEE && *y >= 0xEE && (*x >= 0xF0) != (*y >= 0xF0))
    return *x >= 0xF0 ? -1 : 1;
  return (int) *x - (int) *y;
}

/* NOLINTBEGIN(misc-no-recursion): append_value() bounds its depth. */
static gboolean
append_members (Canon *c, guint from, GError **error)
{
  guint end = c->members->len;

  if (from == end)
    {
      g_string_append_len (c->out, "{}", 2);
      return TRUE;
    }
  qsort (&g_array_index (c->members, Member, from), end - from, sizeof (Member), compare_names);
  for (guint i = from; i < end; i++)
    {
      Member member = g_array_index (c->members, Member, i); /* the array moves as it grows */

      g_string_append_c (c->out, i == from ? '{' : ',');
      tocsin_json_append_string (c->out, member.name, strlen (member.name));
      g_string_append_c (c->out, ':');
      if (!append_value (c, member.node, error))
        return FALSE;
    }
  g_string_append_c (c->out, '}');
  g_array_set_size (c->members, from);
  return TRUE;
}

static gboolean
append_object (Canon *c, JsonObject *object, const char *const *exclude, GError **error)
{
  guint from = c->members->len;
  JsonObjectIter iter;
  Member member;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &member.name, &member.node))
    if (exclude == NULL || !g_strv_contains (exclude, member.name))
      g_array_append_val (c->members, member);
  return append_members (c, from, error);
}

static gboolean
append_array (Canon *c, JsonArray *array, GError **error)
{
  guint length = json_array_get_length (array);

  g_string_append_c (c->out, '[');
  for (guint i = 0; i < length; i++)
    {
      if (i > 0)
        g_string_append_c (c->out, ',');
      if (!append_value (c, json_array_get_element (array, i), error))
        return FALSE;
    }
  g_string_append_c (c->out, ']');
  return TRUE;
}

static gboolean
append_scalar (Canon *c, JsonNode *node, GError **error)
{
  const char *text = tocsin_json_string (node);

  if (text != NULL)
    tocsin_json_append_string (c->out, text, strlen (text));
  else if (JSON_NODE_HOLDS_NULL (node))
    g_string_append_len (c->out, "null", 4);
  else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    g_string_append (c->out, json_node_get_boolean (node) ? "true" : "false");
  else if (json_node_get_value_type (node) == G_TYPE_INT64 &&
           json_node_get_int (node) >= -TOCSIN_JSON_MAX_SAFE &&
           json_node_get_int (node) <= TOCSIN_JSON_MAX_SAFE)
    tocsin_json_append_int (c->out, json_node_get_int (node));
  else
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                           "A number other than an integer of 53 bits has no canonical form here");
      return FALSE;
    }
  return TRUE;
}

static gboolean
append_value (Canon *c, JsonNode *node, GError **error)
{
  gboolean ok;

  if (!JSON_NODE_HOLDS_OBJECT (node) && !JSON_NODE_HOLDS_ARRAY (node))
    return append_scalar (c, node, error);
  if (c->depth == TOCSIN_JSON_MAX_DEPTH)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE, "JSON is nested too deep");
      return FALSE;
    }
  c->depth++;
  ok = JSON_NODE_HOLDS_OBJECT (node) ? append_object (c, json_node_get_object (node), NULL, error)
                                     : append_array (c, json_node_get_array (node), error);
  c->depth--;
  return ok;
}
/* NOLINTEND(misc-no-recursion) */

/**
 * tocsin_jcs_append:
 * @out: where the text goes; undefined beyond its former length on error
 * @object: what tocsin_json_parse() read, or one made of valid UTF-8
 * @exclude: (nullable) (array zero-terminated=1): members of @object, at its top level alone,
 *   to leave out
 *
 * Appends the canonical form of [RFC 8785](https://www.rfc-editor.org/rfc/rfc8785), of numbers
 * for integers within ±(2^53 − 1) alone: printing doubles alike everywhere is what goes wrong,
 * and nothing of ours sends one. Any thread.
 *
 * Returns: %FALSE and %TOCSIN_ERROR_UNPROCESSABLE for another number ("unverifiable", not
 *   "false"), %TOCSIN_ERROR_TOO_LARGE past %TOCSIN_JSON_MAX_DEPTH.
 */
gboolean
tocsin_jcs_append (GString *out, JsonObject *object, const char *const *exclude, GError **error)
{
  g_autoptr (GArray) members = g_array_sized_new (FALSE, FALSE, sizeof (Member), 64);
  Canon canon = { .out = out, .members = members, .depth = 1 };

  return append_object (&canon, object, exclude, error);
}

/* The same for any value. */
gboolean
tocsin_jcs_append_node (GString *out, JsonNode *node, GError **error)
{
  g_autoptr (GArray) members = g_array_sized_new (FALSE, FALSE, sizeof (Member), 64);
  Canon canon = { .out = out, .members = members };

  return append_value (&canon, node, error);
}
