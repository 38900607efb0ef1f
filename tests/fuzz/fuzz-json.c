/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Property: what the scanner takes and the writer writes, the scanner takes again, with the
 * same depth, members and text; and an error is one line of bounded length.
 */
#include <string.h>

#include "codec/json-strict.h"
#include "codec/json-writer.h"
#include "fuzz/fuzz.h"

static void
write_node (TocsinJsonWriter *w, JsonNode *node)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *member;

  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      tocsin_json_writer_begin_object (w);
      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &name, &member))
        {
          tocsin_json_writer_name (w, name);
          write_node (w, member);
        }
      tocsin_json_writer_end_object (w);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      tocsin_json_writer_begin_array (w);
      for (guint i = 0; i < json_array_get_length (array); i++)
        write_node (w, json_array_get_element (array, i));
      tocsin_json_writer_end_array (w);
    }
  else if (tocsin_json_string (node) != NULL)
    tocsin_json_writer_string (w, tocsin_json_string (node));
  else if (JSON_NODE_HOLDS_NULL (node))
    tocsin_json_writer_null (w);
  else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    tocsin_json_writer_bool (w, json_node_get_boolean (node));
  else if (json_node_get_value_type (node) == G_TYPE_INT64)
    tocsin_json_writer_int (w, json_node_get_int (node));
  else
    tocsin_json_writer_double (w, json_node_get_double (node));
}

int
LLVMFuzzerTestOneInput (const unsigned char *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  TocsinJsonFacts facts;
  g_autoptr (JsonNode) node = tocsin_json_parse ((const char *) data, size, NULL, &facts, &error);

  if (node == NULL)
    {
      g_assert_cmpuint (strlen (error->message), <, 300);
      g_assert_null (strpbrk (error->message, "\r\n"));
    }
  else
    {
      TocsinJsonLimits limits = tocsin_json_default_limits;
      TocsinJsonFacts again;
      g_autoptr (GString) once = g_string_new (NULL);
      g_autoptr (GString) twice = g_string_new (NULL);
      TocsinJsonWriter first = TOCSIN_JSON_WRITER_INIT (once);
      TocsinJsonWriter second = TOCSIN_JSON_WRITER_INIT (twice);
      g_autoptr (JsonNode) copy = NULL;

      limits.max_bytes = G_MAXSIZE;
      write_node (&first, node);
      copy = tocsin_json_parse (once->str, once->len, &limits, &again, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (facts.depth, ==, again.depth);
      g_assert_cmpuint (facts.members, ==, again.members);
      write_node (&second, copy);
      g_assert_cmpstr (once->str, ==, twice->str);
    }
  return 0;
}
