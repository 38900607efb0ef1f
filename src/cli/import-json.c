/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* JSON lists: an array of texts or of objects {type, value, category, comment}, such an array as
 * "entries" of an object, and MISP's warning lists.
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/import-private.h"
#include "codec/json-strict.h"
#include "core/error.h"

static const TocsinJsonLimits list_limits = {
  .max_bytes = TOCSIN_IMPORT_MAX_BYTES,
  .max_depth = TOCSIN_JSON_MAX_DEPTH,
  .max_members = 5 * TOCSIN_IMPORT_MAX_ENTRIES,
  .max_object_members = 1000,
  .max_string_bytes = 64 * 1024,
  .max_name_bytes = 1024,
};

static gboolean
add_object (TocsinImport *self, JsonObject *object, guint place, GError **error)
{
  const char *type = NULL;
  const char *category = NULL;
  const char *comment = NULL;
  const char *value = tocsin_json_get_string (object, "", "value", error);

  if (value == NULL || !tocsin_json_opt_string (object, "", "type", &type, error) ||
      !tocsin_json_opt_string (object, "", "category", &category, error) ||
      !tocsin_json_opt_string (object, "", "comment", &comment, error))
    {
      g_prefix_error (error, _ ("Entry %u: "), place);
      return FALSE;
    }
  return tocsin_import_add (self, type, value, category, comment, place, error);
}

static gboolean
add_elements (TocsinImport *self, JsonArray *array, GError **error)
{
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);
      const char *text = tocsin_json_string (node);

      if (JSON_NODE_HOLDS_OBJECT (node))
        {
          if (!add_object (self, json_node_get_object (node), i + 1, error))
            return FALSE;
          continue;
        }
      if (text == NULL)
        return tocsin_import_fail (error, i + 1, "%s", _ ("this is neither a text nor an object"));
      if (!tocsin_import_add (self, NULL, text, NULL, NULL, i + 1, error))
        return FALSE;
    }
  return TRUE;
}

/* https://github.com/MISP/misp-warninglists: "type" says how the list is matched. */
static gboolean
add_warninglist (TocsinImport *self, JsonObject *object, GError **error)
{
  JsonArray *list = tocsin_json_get_array (object, "", "list", error);
  const char *kind = NULL;

  if (list == NULL || !tocsin_json_opt_string (object, "", "type", &kind, error))
    return FALSE;
  if (g_strcmp0 (kind, "regex") == 0)
    return tocsin_import_fail (error, 0, "%s",
                               _ ("The list is of regular expressions, which are no subjects"));
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      const char *text = tocsin_json_string (json_array_get_element (list, i));

      if (text == NULL)
        return tocsin_import_fail (error, i + 1, "%s", _ ("this is no text"));
      /* ".example.org" is that domain and what is below, as every domain is with us. */
      if (g_strcmp0 (kind, "hostname") == 0 && *text == '.')
        text++;
      if (!tocsin_import_add (self, NULL, text, NULL, NULL, i + 1, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
tocsin_import_read_json (TocsinImport *self, const char *text, gsize size, GError **error)
{
  g_autoptr (JsonNode) node = tocsin_json_parse (text, size, &list_limits, NULL, error);
  JsonArray *entries;

  if (node == NULL)
    return FALSE;
  if (self->format == TOCSIN_IMPORT_MISP_WARNINGLIST)
    {
      JsonObject *object = tocsin_json_node_object (node, error);

      return object != NULL && add_warninglist (self, object, error);
    }
  if (JSON_NODE_HOLDS_ARRAY (node))
    return add_elements (self, json_node_get_array (node), error);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return tocsin_import_fail (error, 0, "%s", _ ("The JSON is neither an array nor an object"));
  entries = tocsin_json_get_array (json_node_get_object (node), "", "entries", error);
  return entries != NULL && add_elements (self, entries, error);
}
