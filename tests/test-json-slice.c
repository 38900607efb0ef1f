/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "codec/json-slice.h"
#include "core/error.h"

static void
test_slices (void)
{
  static const struct
  {
    const char *document;
    const char *rest;
    const char *elements; /* joined by " | " */
  } rows[] = {
    { "{\"a\":[]}", "{\"a\":[]}", "" },
    { " { \"a\" : [ ] } ", " { \"a\" : [ ] } ", "" },
    { "{\"a\":[1,2]}", "{\"a\":[]}", "1 | 2" },
    { "{\"b\":[9],\"a\":[ {\"x\": [1, 2]} , \"]\" ],\"c\":3}", "{\"b\":[9],\"a\":[ ],\"c\":3}",
      "{\"x\": [1, 2]} | \"]\"" },
    { "{\"ab\":1,\"a\":[\"\\\"\\\\\",{\"}\":\"{\"}]}", "{\"ab\":1,\"a\":[]}",
      "\"\\\"\\\\\" | {\"}\":\"{\"}" },
    { "{\t\"a\"\r:\n[1\t,\r2\n,[ ]\r]}", "{\t\"a\"\r:\n[]}", "1 | 2 | [ ]" },
    { "{\"a\\\"\":[1],\"a\":[true ]}", "{\"a\\\"\":[1],\"a\":[]}", "true" },
    { "{\"n\":{\"a\":[7]},\"a\":[null,true]}", "{\"n\":{\"a\":[7]},\"a\":[]}", "null | true" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) document =
          g_bytes_new_static (rows[i].document, strlen (rows[i].document));
      g_autoptr (GBytes) rest = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GString) joined = g_string_new (NULL);
      g_autoptr (GPtrArray) elements = tocsin_json_slice (document, "a", 8, &rest, &error);

      g_test_message ("%s", rows[i].document);
      g_assert_no_error (error);
      for (guint n = 0; n < elements->len; n++)
        {
          gsize size = 0;
          const char *data = g_bytes_get_data (elements->pdata[n], &size);

          g_string_append_printf (joined, "%s%.*s", n > 0 ? " | " : "", (int) size, data);
        }
      g_assert_cmpstr (joined->str, ==, rows[i].elements);
      g_assert_cmpmem (g_bytes_get_data (rest, NULL), g_bytes_get_size (rest), rows[i].rest,
                       strlen (rows[i].rest));
    }
}

static void
test_refusals (void)
{
  static const char *const documents[] = {
    "",
    "[]",
    "{}",
    "{\"a\":1}",
    "{\"a\":[",
    "{\"a\":[1",
    "{\"a\":[1,",
    "{\"a\":[1,]}",
    "{\"a\":[,1]}",
    "{\"a\":[{\"x\":1]}",
    "{\"a\":[\"x]}",
    "{\"a\":[\"x\\",
    "{\"a",
    "{\"a\"",
    "{\"a\":",
    "{\"\\u0061\":[1]}",
    "{\"b\":[[[[[",
    "{7:1,\"a\":[1]}",
    "{\"b\":1 \"a\":[1]}",
    "{\"b\":,\"a\":[1]}",
    "{\"a\":[1 2]}",
    "{\"b\"\"a\":[1]}",
    "{\"a\":[1,2,3,4,5,6,7,8,9]}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++)
    {
      /* A copy of exactly its size, so that a step past the end is seen. */
      g_autoptr (GBytes) document = g_bytes_new (documents[i], strlen (documents[i]));
      g_autoptr (GBytes) rest = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) elements = tocsin_json_slice (document, "a", 8, &rest, &error);

      g_test_message ("%s", documents[i]);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_null (elements);
      g_assert_null (rest);
    }
}

/* What is left of the document may be shorter than the name that is looked for. */
static void
test_short_document (void)
{
  static const char *const documents[] = { "{\"i\":", "{\"item\": ", "{\"items\":" };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++)
    {
      g_autoptr (GBytes) document = g_bytes_new (documents[i], strlen (documents[i]));
      g_autoptr (GBytes) rest = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) elements =
          tocsin_json_slice (document, "items-of-a-page", 8, &rest, &error);

      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_null (elements);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json-slice/slices", test_slices);
  g_test_add_func ("/json-slice/refusals", test_refusals);
  g_test_add_func ("/json-slice/short-document", test_short_document);
  return g_test_run ();
}
