/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <math.h>

#include "codec/json-writer.h"

static void
test_document (void)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TocsinJsonWriter w = TOCSIN_JSON_WRITER_INIT (out);

  tocsin_json_writer_begin_object (&w);
  tocsin_json_writer_member_string (&w, "a", "x");
  tocsin_json_writer_name (&w, "list");
  tocsin_json_writer_begin_array (&w);
  tocsin_json_writer_int (&w, 1);
  tocsin_json_writer_begin_object (&w);
  tocsin_json_writer_end_object (&w);
  tocsin_json_writer_begin_array (&w);
  tocsin_json_writer_end_array (&w);
  tocsin_json_writer_string (&w, NULL);
  tocsin_json_writer_raw (&w, "{\"r\":0}", 7);
  tocsin_json_writer_end_array (&w);
  tocsin_json_writer_member_bool (&w, "t", TRUE);
  tocsin_json_writer_member_bool (&w, "f", FALSE);
  tocsin_json_writer_member_int (&w, "i", G_MININT64);
  tocsin_json_writer_member_double (&w, "d", 0.5);
  tocsin_json_writer_end_object (&w);
  g_assert_cmpstr (out->str, ==,
                   "{\"a\":\"x\",\"list\":[1,{},[],null,{\"r\":0}],\"t\":true,\"f\":false,"
                   "\"i\":-9223372036854775808,\"d\":0.5}");
}

static void
test_strings (void)
{
  static const struct
  {
    const char *value;
    const char *json;
  } cases[] = {
    { "", "\"\"" },
    { "plain \xE2\x82\xAC / \x7F", "\"plain \xE2\x82\xAC / \x7F\"" },
    { "\"\\", "\"\\\"\\\\\"" },
    { "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
    { "\x01\x1f", "\"\\u0001\\u001f\"" },
    { "a\nb\n", "\"a\\nb\\n\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      TocsinJsonWriter w = TOCSIN_JSON_WRITER_INIT (out);

      tocsin_json_writer_string (&w, cases[i].value);
      g_assert_cmpstr (out->str, ==, cases[i].json);
    }
}

static void
test_doubles (void)
{
  static const struct
  {
    double value;
    const char *json;
  } cases[] = {
    { 0, "0" },
    { -0.0, "0" },
    { 1, "1" },
    { -1.5, "-1.5" },
    { 0.1234565, "0.123457" },
    { 0.0000004, "0" },
    { -0.000001, "-0.000001" },
    { 100.000001, "100.000001" },
    { 0.9999999, "1" },
    { 999999999.5, "999999999.5" },
    { 999999999999.5, "999999999999.5" },
    { 1e15, "1000000000000000" },
    { 1e22, "1e+22" },
    { NAN, "null" },
    { INFINITY, "null" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) out = g_string_new (NULL);
      TocsinJsonWriter w = TOCSIN_JSON_WRITER_INIT (out);

      tocsin_json_writer_double (&w, cases[i].value);
      g_assert_cmpstr (out->str, ==, cases[i].json);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-writer/document", test_document);
  g_test_add_func ("/json-writer/strings", test_strings);
  g_test_add_func ("/json-writer/doubles", test_doubles);
  return g_test_run ();
}
