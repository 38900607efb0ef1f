/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/as-read.h"

#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "core/uri.h"

/* How a JSON-LD processor writes a term that the context at hand does not have. */
static const char *const prefixes[] = { "sec:", "as:", "tocsin:", "https://w3id.org/tocsin/ns#" };

static JsonNode *
unwrap (JsonNode *node)
{
  if (node != NULL && JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      node = json_array_get_length (array) == 1 ? json_array_get_element (array, 0) : node;
    }
  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

static JsonNode *
raw_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  for (gsize i = 0; node == NULL && i < G_N_ELEMENTS (prefixes); i++)
    {
      g_autofree char *full = g_strconcat (prefixes[i], name, NULL);

      node = json_object_get_member (object, full);
    }
  return node;
}

/**
 * tocsin_as_member:
 *
 * Returns: (transfer none) (nullable): the member, out of an array of one; %NULL if it is
 *   missing or null
 */
JsonNode *
tocsin_as_member (JsonObject *object, const char *name)
{
  return unwrap (raw_member (object, name));
}

/**
 * tocsin_as_object:
 *
 * Returns: (transfer none) (nullable): the member if it is an object
 */
JsonObject *
tocsin_as_object (JsonObject *object, const char *name)
{
  JsonNode *node = tocsin_as_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const char *
string_of_node (JsonNode *node)
{
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    node = json_object_get_member (json_node_get_object (node), "@value");
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

/**
 * tocsin_as_string:
 *
 * Returns: (transfer none) (nullable): the member if it is a string or {"@value": a string}
 */
const char *
tocsin_as_string (JsonObject *object, const char *name)
{
  return string_of_node (tocsin_as_member (object, name));
}

/**
 * tocsin_as_uri_of_node:
 *
 * Returns: (transfer none) (nullable): the string, or the id or href of the object, that
 *   @node is
 */
const char *
tocsin_as_uri_of_node (JsonNode *node)
{
  static const char *const names[] = { "id", "@id", "href" };

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return string_of_node (node);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      JsonNode *id = json_object_get_member (json_node_get_object (node), names[i]);

      if (id != NULL)
        return JSON_NODE_HOLDS_VALUE (id) ? string_of_node (id) : NULL;
    }
  return NULL;
}

/**
 * tocsin_as_uri:
 *
 * Returns: (transfer none) (nullable): what tocsin_as_uri_of_node() finds in the member
 */
const char *
tocsin_as_uri (JsonObject *object, const char *name)
{
  return tocsin_as_uri_of_node (tocsin_as_member (object, name));
}

/**
 * tocsin_as_integer:
 *
 * Returns: %TRUE if the member is written as an integer; 5.0 and 5e0 are not
 */
gboolean
tocsin_as_integer (JsonObject *object, const char *name, gint64 *out)
{
  JsonNode *node = tocsin_as_member (object, name);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    node = json_object_get_member (json_node_get_object (node), "@value");
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node) ||
      json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *out = json_node_get_int (node);
  return TRUE;
}

/**
 * tocsin_as_list:
 *
 * Returns: (transfer container) (element-type JsonNode): the elements of the member, which may
 *   be an array, one value, or missing
 */
GPtrArray *
tocsin_as_list (JsonObject *object, const char *name)
{
  GPtrArray *list = g_ptr_array_new ();
  JsonNode *node = raw_member (object, name);

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return list;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    {
      g_ptr_array_add (list, node);
      return list;
    }
  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    g_ptr_array_add (list, json_array_get_element (json_node_get_array (node), i));
  return list;
}

static gboolean
type_equals (const char *written, const char *type)
{
  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (written, prefixes[i]))
      return strcmp (written + strlen (prefixes[i]), type) == 0;
  return strcmp (written, type) == 0;
}

static GPtrArray *
types_of (JsonObject *object)
{
  return tocsin_as_list (object, json_object_has_member (object, "@type") ? "@type" : "type");
}

/**
 * tocsin_as_has_type:
 *
 * Returns: %TRUE if `type`, a string or an array, names @type
 */
gboolean
tocsin_as_has_type (JsonObject *object, const char *type)
{
  g_autoptr (GPtrArray) types = types_of (object);

  for (guint i = 0; i < types->len; i++)
    {
      const char *written = string_of_node (types->pdata[i]);

      if (written != NULL && type_equals (written, type))
        return TRUE;
    }
  return FALSE;
}

/**
 * tocsin_as_first_type:
 *
 * Returns: (transfer none) (nullable): the first string of `type`
 */
const char *
tocsin_as_first_type (JsonObject *object)
{
  g_autoptr (GPtrArray) types = types_of (object);

  return types->len > 0 ? string_of_node (types->pdata[0]) : NULL;
}

/* Members that are objects by right; what is in them is looked at where they are read. */
static const char *const containers[] = { "@context",      "object",    "proof",
                                          "reportSubject", "signature", NULL };

/* Whether there is an object in @node, such as a whole actor where its id would do. */
static gboolean
has_object (JsonNode *node)
{
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return JSON_NODE_HOLDS_OBJECT (node);
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!JSON_NODE_HOLDS_VALUE (json_array_get_element (array, i)))
      return TRUE;
  return FALSE;
}

/**
 * tocsin_as_has_other_members:
 * @known: (array zero-terminated=1): the members that @object may have
 *
 * Returns: %TRUE if @object has a member that is not in @known, or one whose value has members
 *   that nobody reads
 */
gboolean
tocsin_as_has_other_members (JsonObject *object, const char *const *known)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    if (!g_strv_contains (known, name) ||
        (!g_strv_contains (containers, name) && has_object (node)))
      return TRUE;
  return FALSE;
}

/**
 * tocsin_as_require_string:
 * @where: the JSON pointer of @object
 * @max_bytes: the cap of the string
 * @out: (out) (transfer none): the string, never empty
 *
 * Returns: %TRUE if the member is a string of 1 to @max_bytes bytes; else %FALSE with
 *   %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean
tocsin_as_require_string (JsonObject *object,
                          const char *where,
                          const char *name,
                          gsize max_bytes,
                          const char **out,
                          GError **error)
{
  const char *text = tocsin_as_string (object, name);

  if (text == NULL || *text == '\0')
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "%s/%s: missing, empty or not a string", where, name);
      return FALSE;
    }
  if (strlen (text) > max_bytes)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "%s/%s: longer than %" G_GSIZE_FORMAT " bytes", where, name, max_bytes);
      return FALSE;
    }
  *out = text;
  return TRUE;
}

/**
 * tocsin_as_require_uri:
 * @where: the JSON pointer of @object
 * @out: (out) (transfer none): the URI; its spelling is not checked here
 *
 * Returns: %TRUE if the member is a URI or an object with an id; else %FALSE with
 *   %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean
tocsin_as_require_uri (
    JsonObject *object, const char *where, const char *name, const char **out, GError **error)
{
  const char *uri = tocsin_as_uri (object, name);

  if (uri == NULL || *uri == '\0' || strlen (uri) > TOCSIN_URI_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "%s/%s: missing, or not a URI of at most %d bytes", where, name,
                   TOCSIN_URI_MAX_BYTES);
      return FALSE;
    }
  *out = uri;
  return TRUE;
}

/**
 * tocsin_as_time:
 * @where: the JSON pointer of @object
 * @out_us: (inout): left alone where the member is missing
 *
 * Returns: %TRUE if the member is missing or an RFC 3339 time; else %FALSE with
 *   %TOCSIN_ERROR_UNPROCESSABLE
 */
gboolean
tocsin_as_time (
    JsonObject *object, const char *where, const char *name, gint64 *out_us, GError **error)
{
  const char *text = tocsin_as_string (object, name);

  if (tocsin_as_member (object, name) == NULL)
    return TRUE;
  if (text != NULL && strlen (text) <= 64 && tocsin_time_parse (text, out_us, NULL))
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "%s/%s: not an RFC 3339 time",
               where, name);
  return FALSE;
}

/**
 * tocsin_as_check_id:
 * @id: an id as a peer wrote it
 * @allow_fragment: whether it may have a fragment: activity and key ids may
 * @where: the JSON pointer of @id
 * @error: return location for an error, or %NULL
 *
 * tocsin_uri_check_id() with a message that says where.
 *
 * Returns: %TRUE if @id is canonical; else %FALSE with %TOCSIN_ERROR_INVALID
 */
gboolean
tocsin_as_check_id (const char *id, gboolean allow_fragment, const char *where, GError **error)
{
  g_autoptr (GError) fault = NULL;

  if (tocsin_uri_check_id (id, allow_fragment, &fault))
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: %s", where, fault->message);
  return FALSE;
}
