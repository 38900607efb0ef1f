/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Structured fields, RFC 8941, section 4.2: what each reader takes, and where it stops. */
#include "codec/sfv.h"

static const struct
{
  const char *input;
  const char *canonical; /* NULL: refused */
  const char *rest;
} items[] = {
  { "\"a b\";x", "\"a b\"", ";x" },
  { "\"a\\\"b\\\\c\"", "\"a\\\"b\\\\c\"", "" },
  { "\"\"", "\"\"", "" },
  { "\"open", NULL, NULL },
  { "\"a\\nb\"", NULL, NULL },
  { "\"a\tb\"", NULL, NULL },
  { "\"\xc3\xa9\"", NULL, NULL },
  { "\"\x7f\"", NULL, NULL },
  { "0", "0", "" },
  { "-0", "0", "" },
  { "007,", "7", "," },
  { "999999999999999", "999999999999999", "" },
  { "-999999999999999", "-999999999999999", "" },
  { "1000000000000000", NULL, NULL },
  { "-", NULL, NULL },
  { "1.5", NULL, NULL },
  { ":aGVsbG8=:", ":aGVsbG8=:", "" },
  { "::", "::", "" },
  { ":aGVsbG8=", NULL, NULL },
  { ":a GVsbG8=:", NULL, NULL },
  { "?1;", "?1", ";" },
  { "?0", "?0", "" },
  { "?2", NULL, NULL },
  { "?", NULL, NULL },
  { "foo/bar:*baz x", "foo/bar:*baz", " x" },
  { "*", "*", "" },
  { "", NULL, NULL },
  { "(a)", NULL, NULL },
  { "@1", NULL, NULL },
};

static void
test_items (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (items); i++)
    {
      const char *at = items[i].input;
      g_autoptr (GString) out = g_string_new (NULL);
      gboolean taken = tocsin_sfv_copy_item (&at, out);

      g_test_message ("%s", items[i].canonical != NULL ? items[i].canonical : "refused");
      g_assert_cmpint (taken, ==, items[i].canonical != NULL);
      if (!taken)
        continue;
      g_assert_cmpstr (out->str, ==, items[i].canonical);
      g_assert_cmpstr (at, ==, items[i].rest);

      /* What was written is read as the same again. */
      at = items[i].canonical;
      g_string_truncate (out, 0);
      g_assert_true (tocsin_sfv_copy_item (&at, out));
      g_assert_cmpstr (out->str, ==, items[i].canonical);
      g_assert_cmpstr (at, ==, "");
    }
}

static const struct
{
  const char *input;
  const char *key; /* NULL: refused */
  const char *rest;
} keys[] = {
  { "sig1=x", "sig1", "=x" }, { "*a-b_c.d*=1", "*a-b_c.d*", "=1" },
  { "aB", "a", "B" },         { "Sig1", NULL, NULL },
  { "1a", NULL, NULL },       { "", NULL, NULL },
  { "-a", NULL, NULL },       { "a", "a", "" },
};

static void
test_keys (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const char *at = keys[i].input;
      g_autoptr (GString) out = g_string_new ("before");

      g_assert_cmpint (tocsin_sfv_key (&at, out), ==, keys[i].key != NULL);
      if (keys[i].key == NULL)
        continue;
      g_assert_cmpstr (out->str, ==, keys[i].key);
      g_assert_cmpstr (at, ==, keys[i].rest);
    }
}

static const struct
{
  const char *input;
  gboolean good;
  gboolean last;
  const char *rest;
} ends[] = {
  { "", TRUE, TRUE, "" },        { " \t", TRUE, TRUE, "" },   { ", b", TRUE, FALSE, "b" },
  { " ,\tb", TRUE, FALSE, "b" }, { ",", FALSE, FALSE, "" },   { ", ", FALSE, FALSE, "" },
  { ";x", FALSE, FALSE, NULL },  { "b", FALSE, FALSE, NULL },
};

static void
test_ends (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      const char *at = ends[i].input;
      gboolean last = FALSE;

      g_assert_cmpint (tocsin_sfv_end_of_member (&at, &last), ==, ends[i].good);
      if (!ends[i].good)
        continue;
      g_assert_cmpint (last, ==, ends[i].last);
      g_assert_cmpstr (at, ==, ends[i].rest);
    }
}

static void
test_bytes_have_a_limit (void)
{
  const char *input = ":aGVsbG8=:";
  const char *at = input;
  g_autoptr (GBytes) fits = tocsin_sfv_bytes (&at, 5);

  g_assert_cmpmem (g_bytes_get_data (fits, NULL), g_bytes_get_size (fits), "hello", 5);
  g_assert_cmpstr (at, ==, "");
  at = input;
  g_assert_null (tocsin_sfv_bytes (&at, 4));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sfv/items", test_items);
  g_test_add_func ("/sfv/keys", test_keys);
  g_test_add_func ("/sfv/ends", test_ends);
  g_test_add_func ("/sfv/bytes-have-a-limit", test_bytes_have_a_limit);
  return g_test_run ();
}
