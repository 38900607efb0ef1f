/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: what the scanner takes and the writer writes, the scanner takes again, with the
 * same depth, members and text; an error is one line of bounded length; and the reader of long
 * lists, which gets the document byte by byte, finds the same in it as the scanner, or refuses it
 * as the scanner does, but for what they say of themselves: one has limits of its own, the other
 * knows names that stand twice.
 */
#include <string.h>

#include "codec/json-events.h"
#include "codec/json-strict.h"
#include "codec/json-writer.h"
#include "core/error.h"
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

/* ---- the reader of long lists ---- */

static void
add_event (GString *trace, char kind, guint depth, const char *name, guint64 element)
{
  g_string_append_printf (trace, "%c %u %" G_GUINT64_FORMAT " ", kind, depth, element);
  g_string_append (trace, name != NULL ? name : "");
  g_string_append_c (trace, name != NULL ? '\n' : '-');
}

static gboolean
on_event (const TocsinJsonEvent *event, gpointer data, GError **error G_GNUC_UNUSED)
{
  static const char kinds[] = {
    [TOCSIN_JSON_EVENT_BEGIN_OBJECT] = '{', [TOCSIN_JSON_EVENT_END_OBJECT] = '}',
    [TOCSIN_JSON_EVENT_BEGIN_ARRAY] = '[',  [TOCSIN_JSON_EVENT_END_ARRAY] = ']',
    [TOCSIN_JSON_EVENT_STRING] = '"',       [TOCSIN_JSON_EVENT_OTHER] = '0',
  };
  gboolean ends =
      event->kind == TOCSIN_JSON_EVENT_END_OBJECT || event->kind == TOCSIN_JSON_EVENT_END_ARRAY;

  g_assert_true (event->kind == TOCSIN_JSON_EVENT_STRING || event->text == NULL);
  add_event (data, kinds[event->kind], event->depth, event->name, ends ? 0 : event->element);
  if (event->text != NULL)
    g_string_append (data, event->text);
  return TRUE;
}

static void
trace_node (GString *trace, JsonNode *node, guint depth, const char *name, guint64 element)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObjectIter iter;
      const char *member_name;
      JsonNode *member;

      add_event (trace, '{', depth, name, element);
      json_object_iter_init_ordered (&iter, json_node_get_object (node));
      while (json_object_iter_next_ordered (&iter, &member_name, &member))
        trace_node (trace, member, depth + 1, member_name, 0);
      add_event (trace, '}', depth, NULL, 0);
    }
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      add_event (trace, '[', depth, name, element);
      for (guint i = 0; i < json_array_get_length (array); i++)
        trace_node (trace, json_array_get_element (array, i), depth + 1, NULL, i + 1);
      add_event (trace, ']', depth, NULL, 0);
    }
  else
    {
      const char *text = tocsin_json_string (node);

      add_event (trace, text != NULL ? '"' : '0', depth, name, element);
      g_string_append (trace, text != NULL ? text : "");
    }
}

static gboolean
read_events (const char *text, gsize size, GString *trace, GError **error)
{
  g_autoptr (TocsinJsonEvents) events = tocsin_json_events_new (on_event, trace);

  for (gsize i = 0; i < size; i++)
    if (!tocsin_json_events_push (events, text + i, 1, error))
      return FALSE;
  return tocsin_json_events_end (events, error);
}

static void
compare_readers (const char *text, gsize size, JsonNode *node, const GError *error)
{
  g_autoptr (GString) trace = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);
  g_autoptr (GError) refused = NULL;

  if (!g_utf8_validate (text, (gssize) size, NULL))
    return;
  if (!read_events (text, size, trace, &refused))
    g_assert_true (node == NULL || strstr (refused->message, "too long") != NULL ||
                   strstr (refused->message, "too deeply") != NULL);
  else if (node == NULL)
    g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE) ||
                   strstr (error->message, "duplicate") != NULL);
  else
    {
      trace_node (expected, node, 0, NULL, 0);
      g_assert_cmpstr (trace->str, ==, expected->str);
    }
}

/* ---- the writer ---- */

static void
check_round_trip (JsonNode *node, const TocsinJsonFacts *facts)
{
  TocsinJsonLimits limits = tocsin_json_default_limits;
  TocsinJsonFacts again;
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);
  TocsinJsonWriter first = TOCSIN_JSON_WRITER_INIT (once);
  TocsinJsonWriter second = TOCSIN_JSON_WRITER_INIT (twice);
  g_autoptr (JsonNode) copy = NULL;
  g_autoptr (GError) error = NULL;

  limits.max_bytes = G_MAXSIZE;
  write_node (&first, node);
  copy = tocsin_json_parse (once->str, once->len, &limits, &again, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (facts->depth, ==, again.depth);
  g_assert_cmpuint (facts->members, ==, again.members);
  write_node (&second, copy);
  g_assert_cmpstr (once->str, ==, twice->str);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GError) error = NULL;
  TocsinJsonFacts facts;
  g_autoptr (JsonNode) node = tocsin_json_parse ((const char *) data, size, NULL, &facts, &error);

  if (node != NULL)
    check_round_trip (node, &facts);
  else
    {
      g_assert_cmpuint (strlen (error->message), <, 300);
      g_assert_null (strpbrk (error->message, "\r\n"));
    }
  compare_readers ((const char *) data, size, node, error);
}
