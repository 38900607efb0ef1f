/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "codec/jcs.h"
#include "codec/json-strict.h"
#include "core/error.h"

typedef struct
{
  const char *name;
  const char *input;
  const char *output; /* NULL: unverifiable */
} Vector;

/* RFC 8785 sections 3.2.2 and 3.2.3, and its test data (github.com/cyberphone/
 * json-canonicalization); numbers that are not integers are refused by design. */
static const Vector vectors[] = {
  { "rfc8785-sorting",
    "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With "
    "Dagesh\",\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
    "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xC2\x80\":\"Control\",\"\xC3\xB6\":\"Latin "
    "Small Letter O With Diaeresis\",\"\xE2\x82\xAC\":\"Euro "
    "Sign\",\"\xF0\x9F\x98\x80\":\"Emoji: Grinning Face\",\"\xEF\xAC\xB3\":\"Hebrew Letter Dalet "
    "With Dagesh\"}" },
  { "rfc8785-string",
    "{\"string\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
    "\"literals\":[null,true,false]}",
    "{\"literals\":[null,true,false],\"string\":\"\xE2\x82\xAC$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}" },
  { "rfc8785-numbers", "{\"numbers\":[333333333.33333329,1E30,4.50,2e-3,1e-27]}", NULL },
  { "arrays", "[56,{\"d\":true,\"10\":null,\"1\":[ ]}]", "[56,{\"1\":[],\"10\":null,\"d\":true}]" },
  { "french",
    "{\"peach\":\"This sorting order\",\"p\xC3\xA9"
    "ch\xC3\xA9\":\"is wrong according to French\",\"p\xC3\xAA"
    "che\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}",
    "{\"peach\":\"This sorting order\",\"p\xC3\xA9"
    "ch\xC3\xA9\":\"is wrong according to French\",\"p\xC3\xAA"
    "che\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}" },
  { "structures",
    "{\"1\":{\"f\":{\"f\":\"hi\",\"F\":5},\"\\n\":56},\"10\":{},\"\":\"empty\",\"a\":{},"
    "\"111\":[{\"e\":\"yes\",\"E\":\"no\"}],\"A\":{}}",
    "{\"\":\"empty\",\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"10\":{},"
    "\"111\":[{\"E\":\"no\",\"e\":\"yes\"}],\"A\":{},\"a\":{}}" },
  { "structures-as-published", "{\"1\":{\"\\n\":56.0}}", NULL },
  { "unnormalized", "{\"x\":\"A\\u030a\"}", "{\"x\":\"A\xCC\x8A\"}" },
  { "weird", "{\"\\u20ac\":1,\"\\r\":2,\"</script>\":\"\\u003c\",\"\\u0080\":\"\\u0080\\u007f\"}",
    "{\"\\r\":2,\"</script>\":\"<\",\"\xC2\x80\":\"\xC2\x80\x7F\",\"\xE2\x82\xAC\":1}" },
  { "surrogates-before-private-use",
    "{\"\\uE000\":1,\"\\uFFFF\":2,\"\\uD800\\uDC00\":3,\"\\uDBFF\\uDFFF\":4,\"\\uD7FF\":5}",
    "{\"\xED\x9F\xBF\":5,\"\xF0\x90\x80\x80\":3,\"\xF4\x8F\xBF\xBF\":4,\"\xEE\x80\x80\":1,"
    "\"\xEF\xBF\xBF\":2}" },
  { "prefix-first", "{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}" },
  { "safe-integers", "[9007199254740991,-9007199254740991,0]",
    "[9007199254740991,-9007199254740991,0]" },
  { "past-safe", "[9007199254740992]", NULL },
  { "past-int64", "[18446744073709551616]", NULL },
  { "minus-zero", "[-0]", NULL },
  { "integral-double", "{\"a\":{\"b\":[1.0]}}", NULL },
};

static void
test_vector (gconstpointer data)
{
  const Vector *v = data;
  g_autoptr (GError) error = NULL;
  TocsinJsonFacts facts;
  g_autoptr (JsonNode) node = tocsin_json_parse (v->input, strlen (v->input), NULL, &facts, &error);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_no_error (error);
  g_assert_cmpint (facts.non_integer, ==, v->output == NULL);
  if (tocsin_jcs_append_node (out, node, &error))
    g_assert_cmpstr (out->str, ==, v->output);
  else
    {
      g_assert_null (v->output);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
    }
}

static void
test_excluded_at_the_top_alone (void)
{
  static const char json[] = "{\"signature\":1.5,\"b\":{\"proof\":1},\"proof\":{\"x\":2},\"a\":[]}";
  static const char *const exclude[] = { "proof", "signature", NULL };
  g_autoptr (JsonNode) node = tocsin_json_parse (json, strlen (json), NULL, NULL, NULL);
  g_autoptr (GString) out = g_string_new ("> ");
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_jcs_append (out, json_node_get_object (node), exclude, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (out->str, ==, "> {\"a\":[],\"b\":{\"proof\":1}}");
}

static void
test_depth (void)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_ARRAY);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  json_node_take_array (node, json_array_new ());
  for (int i = 0; i < 40; i++)
    {
      JsonArray *array = json_array_new ();

      json_array_add_element (array, g_steal_pointer (&node));
      node = json_node_new (JSON_NODE_ARRAY);
      json_node_take_array (node, array);
    }
  g_assert_false (tocsin_jcs_append_node (out, node, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path = g_strconcat ("/jcs/", vectors[i].name, NULL);

      g_test_add_data_func (path, &vectors[i], test_vector);
    }
  g_test_add_func ("/jcs/excluded", test_excluded_at_the_top_alone);
  g_test_add_func ("/jcs/depth", test_depth);
  return g_test_run ();
}
