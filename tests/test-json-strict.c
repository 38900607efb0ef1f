/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "codec/json-strict.h"
#include "core/error.h"

typedef struct
{
  const char *name;
  const char *json;
  gsize size; /* 0: strlen */
} Vector;

#define BYTES(literal) literal, sizeof (literal) - 1

/* Names after the kinds of https://github.com/nst/JSONTestSuite. */
static const Vector refused[] = {
  { "empty", " " },
  { "bom", BYTES ("\xEF\xBB\xBF{}") },
  { "overlong", BYTES ("[\"\xC0\xAF\"]") },
  { "utf8-surrogate", BYTES ("[\"\xED\xA0\x80\"]") },
  { "latin1", BYTES ("[\"\xE9\"]") },
  { "utf16", BYTES ("[\0\"\0\xE9\0\"\0]\0") },
  { "truncated-utf8", BYTES ("[\"\xE2\x82\"]") },
  { "nul-byte", BYTES ("[\"a\0b\"]") },
  { "nul-after", BYTES ("{}\0") },
  { "nul-escape", "[\"a\\u0000b\"]" },
  { "nul-in-name", "{\"a\\u0000\":1}" },
  { "lone-high", "[\"\\uD800\"]" },
  { "lone-high-then-letter", "[\"\\uD800x\"]" },
  { "lone-high-then-escape", "[\"\\uD800\\n12345\"]" },
  { "high-high", "[\"\\uD800\\uD800\"]" },
  { "lone-low", "[\"\\uDC00\"]" },
  { "swapped", "[\"\\uDC00\\uD800\"]" },
  { "duplicate", "{\"a\":1,\"a\":2}" },
  { "duplicate-after-unescape", "{\"a\":1,\"\\u0061\":2}" },
  { "duplicate-deep", "[{\"b\":{\"x\":0,\"y\":1,\"x\":2}}]" },
  { "two-documents", "{}{}" },
  { "trailing-comma", "[1,]" },
  { "trailing-comma-object", "{\"a\":1,}" },
  { "leading-comma", "[,1]" },
  { "missing-value", "{\"a\":}" },
  { "missing-colon", "{\"a\" 1}" },
  { "no-name", "{1:2}" },
  { "mismatch", "[}" },
  { "mismatch-2", "{\"a\":[1}" },
  { "open", "[" },
  { "open-object", "{\"a\":1" },
  { "open-string", "[\"a" },
  { "open-escape", "[\"\\" },
  { "close", "]" },
  { "assignment", "var x = {};" },
  { "comment", "/* a */ {}" },
  { "line-comment", "{} // a" },
  { "single-quotes", "{'a':1}" },
  { "bare-name", "{a:1}" },
  { "hex", "[0x10]" },
  { "octal", "[012]" },
  { "leading-zero", "[-01]" },
  { "plus", "[+1]" },
  { "point-first", "[.5]" },
  { "point-last", "[1.]" },
  { "exponent-empty", "[1e]" },
  { "exponent-sign", "[1e+]" },
  { "minus", "[-]" },
  { "nan", "[NaN]" },
  { "infinity", "[-Infinity]" },
  { "capital-true", "[True]" },
  { "short-true", "tru" },
  { "long-true", "[trueish]" },
  { "tab-in-string", "[\"\t\"]" },
  { "newline-in-string", "[\"\n\"]" },
  { "bad-escape", "[\"\\x41\"]" },
  { "bad-escape-quote", "[\"\\'\"]" },
  { "bad-hex", "[\"\\u00G0\"]" },
  { "short-hex", "[\"\\u00\"]" },
  { "cut-hex", "[\"\\u12" },
  { "cut-low", "[\"\\uD800\\uDC0" },
  { "high-then-not-u", "[\"\\uD800\\x12345\"]" },
  { "high-then-private", "[\"\\uD800\\uE000\"]" },
  { "colon-after-value", "{\"a\":1:2}" },
  { "form-feed-space", "\f{}" },
  { "nbsp", "\xC2\xA0{}" },
};

static void
test_refused (gconstpointer data)
{
  const Vector *v = data;
  g_autoptr (GError) error = NULL;
  JsonNode *node =
      tocsin_json_parse (v->json, v->size != 0 ? v->size : strlen (v->json), NULL, NULL, &error);

  g_assert_null (node);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_null (strchr (error->message, '\n'));
}

/* The number is the only element of an array. */
static const struct
{
  const char *token;
  gboolean non_integer;
  GType type;
  double value;
} numbers[] = {
  { "0", FALSE, G_TYPE_INT64, 0 },
  { "-1", FALSE, G_TYPE_INT64, -1 },
  { "9007199254740991", FALSE, G_TYPE_INT64, 9007199254740991.0 },
  { "-9007199254740991", FALSE, G_TYPE_INT64, -9007199254740991.0 },
  { "9007199254740992", TRUE, G_TYPE_INT64, 9007199254740992.0 },
  { "-9007199254740992", TRUE, G_TYPE_INT64, -9007199254740992.0 },
  { "9223372036854775807", TRUE, G_TYPE_INT64, 9223372036854775807.0 },
  { "9223372036854775808", TRUE, G_TYPE_DOUBLE, 9223372036854775808.0 },
  { "18446744073709551616", TRUE, G_TYPE_DOUBLE, 18446744073709551616.0 },
  { "-0", TRUE, G_TYPE_DOUBLE, 0 },
  { "1.0", TRUE, G_TYPE_DOUBLE, 1 },
  { "1e2", TRUE, G_TYPE_DOUBLE, 100 },
  { "-2.5E-1", TRUE, G_TYPE_DOUBLE, -0.25 },
  { "1e400", TRUE, G_TYPE_DOUBLE, G_MAXDOUBLE },
  { "-1e400", TRUE, G_TYPE_DOUBLE, -G_MAXDOUBLE },
};

static void
test_numbers (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autofree char *json = g_strdup_printf ("[%s]", numbers[i].token);
      g_autoptr (GError) error = NULL;
      TocsinJsonFacts facts;
      g_autoptr (JsonNode) node = tocsin_json_parse (json, strlen (json), NULL, &facts, &error);
      JsonNode *number;

      g_assert_no_error (error);
      number = json_array_get_element (json_node_get_array (node), 0);
      g_assert_cmpint (facts.non_integer, ==, numbers[i].non_integer);
      g_assert_cmpstr (g_type_name (json_node_get_value_type (number)), ==,
                       g_type_name (numbers[i].type));
      g_assert_cmpfloat (json_node_get_double (number), ==, numbers[i].value);
    }
}

static void
test_values (void)
{
  static const char json[] =
      " {\"s\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\\uD834\\udd1e\xC3\xA9\",\n"
      "\"a\":[ [],{ } ,null,true,false],\t\"\":{\"\":\"\"}}\r\n";
  g_autoptr (GError) error = NULL;
  TocsinJsonFacts facts;
  g_autoptr (JsonNode) node = tocsin_json_parse (json, strlen (json), NULL, &facts, &error);
  JsonObject *object;
  JsonArray *array;

  g_assert_no_error (error);
  object = tocsin_json_node_object (node, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (tocsin_json_get_string (object, "", "s", NULL), ==,
                   "\"\\/\b\f\n\r\t\xE2\x82\xAC\xF0\x9D\x84\x9E\xC3\xA9");
  array = tocsin_json_get_array (object, "", "a", NULL);
  g_assert_cmpuint (json_array_get_length (array), ==, 5);
  g_assert_true (json_array_get_null_element (array, 2));
  g_assert_true (json_array_get_boolean_element (array, 3));
  g_assert_false (json_array_get_boolean_element (array, 4));
  object = tocsin_json_get_object (object, "", "", NULL);
  g_assert_cmpstr (tocsin_json_get_string (object, "/", "", NULL), ==, "");
  g_assert_false (facts.non_integer);
  g_assert_cmpuint (facts.depth, ==, 3);
  g_assert_cmpuint (facts.members, ==, 9);
}

static void
test_scalar_documents (void)
{
  static const char *const documents[] = { "1", "\"a\"", " null ", "true", "[]", "{}" };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonNode) node =
          tocsin_json_parse (documents[i], strlen (documents[i]), NULL, NULL, &error);

      g_assert_no_error (error);
      g_assert_nonnull (node);
      g_assert_true ((tocsin_json_node_object (node, NULL) != NULL) == (i == 5));
    }
}

static void
assert_too_large (const char *json, const TocsinJsonLimits *limits)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_json_parse (json, strlen (json), limits, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

static void
assert_parses (const char *json, const TocsinJsonLimits *limits)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = tocsin_json_parse (json, strlen (json), limits, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (node);
}

static void
assert_malformed (const char *json)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_json_parse (json, strlen (json), NULL, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

static void
test_depth (void)
{
  g_autofree char *deep = g_strnfill (32, '[');
  g_autofree char *closed = g_strnfill (32, ']');
  g_autofree char *fits = g_strconcat (deep, closed, NULL);
  g_autofree char *too_deep = g_strconcat ("{\"a\":", fits, "}", NULL);
  g_autofree char *abyss = g_strnfill (200000, '[');

  assert_parses (fits, NULL);
  assert_malformed (too_deep);
  assert_malformed (abyss);
}

static void
test_limits (void)
{
  TocsinJsonLimits limits = tocsin_json_default_limits;

  limits.max_members = 3;
  assert_parses ("[1,2,{}]", &limits);
  assert_too_large ("[1,2,{\"a\":1}]", &limits);
  limits.max_object_members = 2;
  assert_parses ("{\"a\":1,\"b\":2}", &limits);
  assert_too_large ("{\"a\":1,\"b\":2,\"c\":3}", &limits);
  assert_too_large ("[[],[],[],[]]", &limits);
  limits.max_string_bytes = 3;
  assert_parses ("[\"abc\"]", &limits);
  assert_too_large ("[\"abcd\"]", &limits);
  assert_too_large ("[\"ab\\u20ac\"]", &limits);
  assert_too_large ("[\"abc\\n\"]", &limits);
  limits.max_name_bytes = 3;
  assert_parses ("{\"abc\":1}", &limits);
  assert_too_large ("{\"abcd\":1}", &limits);
  limits.max_bytes = 4;
  assert_parses ("[10]", &limits);
  assert_too_large ("[100]", &limits);
}

/* Names that collide under g_str_hash(): the cost must stay that of the limits. */
static void
test_colliding_names (void)
{
  g_autoptr (GString) json = g_string_new ("{");

  for (guint i = 0; i < 1001; i++)
    {
      g_string_append (json, i == 0 ? "\"" : ",\"");
      for (guint bit = 0; bit < 10; bit++)
        g_string_append (json, (i >> bit) & 1 ? "bA" : "ab"); /* 33 × 1 = 'b' − 'A' */
      g_string_append (json, "\":0");
    }
  g_assert_cmpuint (g_str_hash ("ab"), ==, g_str_hash ("bA"));
  g_string_append_c (json, '}');
  assert_too_large (json->str, NULL);
}

static void
test_errors_name_the_place (void)
{
  static const struct
  {
    const char *json;
    const char *offset;
    const char *place;
  } cases[] = {
    { "{\"a\":[0,{\"b\":tru}]}", "byte 13", "/a/1/b" },
    { "[[],[1,x]]", "byte 7", "/1/1" },
    { "{\"a\":1,\"b\":2,\"a\":3}", "byte 16", "/a" },
    { "{\"x\\n\":y}", "byte 7", "/x?" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (tocsin_json_parse (cases[i].json, strlen (cases[i].json), NULL, NULL, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_nonnull (strstr (error->message, cases[i].offset));
      g_assert_nonnull (strstr (error->message, cases[i].place));
    }
}

static void
test_long_names_are_cut_from_errors (void)
{
  g_autofree char *name = g_strnfill (1000, 'n');
  g_autofree char *json = g_strdup_printf ("{\"%s\":{\"%s\":?}}", name, name);
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_json_parse (json, strlen (json), NULL, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
test_getters (void)
{
  static const char json[] =
      "{\"s\":\"x\",\"i\":7,\"d\":7.0,\"b\":true,\"o\":{},\"a\":[],\"n\":null}";
  g_autoptr (JsonNode) node = tocsin_json_parse (json, strlen (json), NULL, NULL, NULL);
  JsonObject *o = json_node_get_object (node);
  g_autoptr (GError) error = NULL;
  const char *text = "before";
  gint64 number = -1;
  gboolean flag = FALSE;

  g_assert_cmpstr (tocsin_json_get_string (o, "", "s", NULL), ==, "x");
  g_assert_true (tocsin_json_get_int (o, "", "i", 1, 7, &number, NULL));
  g_assert_cmpint (number, ==, 7);
  g_assert_true (tocsin_json_get_bool (o, "", "b", &flag, NULL));
  g_assert_true (flag);
  g_assert_nonnull (tocsin_json_get_object (o, "", "o", NULL));
  g_assert_nonnull (tocsin_json_get_array (o, "", "a", NULL));
  g_assert_true (tocsin_json_opt_string (o, "", "absent", &text, NULL));
  g_assert_true (tocsin_json_opt_string (o, "", "n", &text, NULL));
  g_assert_cmpstr (text, ==, "before");

  g_assert_false (tocsin_json_get_int (o, "/object", "i", 8, 9, &number, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "/object/i "));
  g_clear_error (&error);
  g_assert_null (tocsin_json_get_string (o, "/x", "n", &error));
  g_assert_cmpstr (error->message, ==, "/x/n is missing");
  g_assert_false (tocsin_json_get_int (o, "", "d", 0, 9, &number, NULL));
  g_assert_null (tocsin_json_get_string (o, "", "i", NULL));
  g_assert_null (tocsin_json_get_object (o, "", "a", NULL));
  g_assert_null (tocsin_json_get_array (o, "", "o", NULL));
  g_assert_false (tocsin_json_get_bool (o, "", "i", &flag, NULL));
  g_assert_false (tocsin_json_opt_bool (o, "", "s", &flag, NULL));
}

static void
test_object_only (void)
{
  static const char *const members[] = { "a", "b", NULL };
  static const char *const nullable[] = { "b", NULL };
  static const struct
  {
    const char *json;
    const char *says; /* NULL: taken */
  } vectors[] = {
    { "{}", NULL },
    { "{\"a\":1,\"b\":{\"c\":null}}", NULL },
    { "{\"b\":null}", NULL },
    { "{\"a\":null}", "/x/a is null: give it a value, or leave it out" },
    { "{\"c/d\":1}", "/x/c~1d is not a member of this" },
    { "{\"c\":null}", "/x/c is not a member of this" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autoptr (JsonNode) node =
          tocsin_json_parse (vectors[i].json, strlen (vectors[i].json), NULL, NULL, NULL);
      g_autoptr (GError) error = NULL;
      gboolean taken =
          tocsin_json_object_only (json_node_get_object (node), "/x", members, nullable, &error);

      g_assert_cmpint (taken, ==, vectors[i].says == NULL);
      if (!taken)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error != NULL ? error->message : NULL, ==, vectors[i].says);
    }
}

/* Each getter says what it wanted; a member that may be missing says it of a wrong type alone. */
static void
test_getters_say (void)
{
  static const char json[] = "{\"s\":\"x\",\"i\":7,\"a\":[]}";
  g_autoptr (JsonNode) node = tocsin_json_parse (json, strlen (json), NULL, NULL, NULL);
  JsonObject *o = json_node_get_object (node);
  GError *errors[12] = { NULL };
  static const char *const says[] = {
    "/x/m is missing",
    "/x/m is missing",
    "/x/m is missing",
    "/x/m is missing",
    "/x/m is missing",
    "/x/i is not a string",
    "/x/i is not an object",
    "/x/i is not an array",
    "/x/s is not an integer",
    "/x/s is not true or false",
    "/x/i is not between 8 and 9",
    "/x/i is not between -2 and 6",
  };
  JsonObject *object = NULL;
  JsonArray *array = NULL;
  const char *text = NULL;
  gint64 number = 5;
  gboolean flag = TRUE;

  g_assert_null (tocsin_json_get_string (o, "/x", "m", &errors[0]));
  g_assert_null (tocsin_json_get_object (o, "/x", "m", &errors[1]));
  g_assert_null (tocsin_json_get_array (o, "/x", "m", &errors[2]));
  g_assert_false (tocsin_json_get_int (o, "/x", "m", 0, 9, &number, &errors[3]));
  g_assert_false (tocsin_json_get_bool (o, "/x", "m", &flag, &errors[4]));
  g_assert_false (tocsin_json_opt_string (o, "/x", "i", &text, &errors[5]));
  g_assert_false (tocsin_json_opt_object (o, "/x", "i", &object, &errors[6]));
  g_assert_false (tocsin_json_opt_array (o, "/x", "i", &array, &errors[7]));
  g_assert_false (tocsin_json_opt_int (o, "/x", "s", 0, 9, &number, &errors[8]));
  g_assert_false (tocsin_json_opt_bool (o, "/x", "s", &flag, &errors[9]));
  g_assert_false (tocsin_json_opt_int (o, "/x", "i", 8, 9, &number, &errors[10]));
  g_assert_false (tocsin_json_opt_int (o, "/x", "i", -2, 6, &number, &errors[11]));
  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      g_assert_error (errors[i], TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (errors[i]->message, ==, says[i]);
      g_clear_error (&errors[i]);
    }
  g_assert_true (tocsin_json_opt_object (o, "", "m", &object, NULL));
  g_assert_true (tocsin_json_opt_array (o, "", "m", &array, NULL));
  g_assert_true (tocsin_json_opt_int (o, "", "m", 0, 9, &number, NULL));
  g_assert_true (tocsin_json_opt_bool (o, "", "m", &flag, NULL));
  g_assert_cmpint (number, ==, 5); /* left as they were */
  g_assert_true (flag);
}

static void
test_types (void)
{
  static const struct
  {
    const char *json;
    gboolean is;
  } cases[] = {
    { "{\"type\":\"Add\"}", TRUE },         { "{\"type\":[\"Object\",\"Add\"]}", TRUE },
    { "{\"type\":[\"Object\",1]}", FALSE }, { "{\"type\":\"Adder\"}", FALSE },
    { "{\"type\":{\"Add\":1}}", FALSE },    { "{}", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) node =
          tocsin_json_parse (cases[i].json, strlen (cases[i].json), NULL, NULL, NULL);

      g_assert_cmpint (tocsin_json_type_is (json_node_get_object (node), "Add"), ==, cases[i].is);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *path = g_strconcat ("/json/refused/", refused[i].name, NULL);

      g_test_add_data_func (path, &refused[i], test_refused);
    }
  g_test_add_func ("/json/numbers", test_numbers);
  g_test_add_func ("/json/values", test_values);
  g_test_add_func ("/json/scalar-documents", test_scalar_documents);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/limits", test_limits);
  g_test_add_func ("/json/colliding-names", test_colliding_names);
  g_test_add_func ("/json/errors-name-the-place", test_errors_name_the_place);
  g_test_add_func ("/json/errors-are-short", test_long_names_are_cut_from_errors);
  g_test_add_func ("/json/getters", test_getters);
  g_test_add_func ("/json/object-only", test_object_only);
  g_test_add_func ("/json/getters-say", test_getters_say);
  g_test_add_func ("/json/types", test_types);
  return g_test_run ();
}
