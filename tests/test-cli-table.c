/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "cli/table.h"

#include <string.h>

static TocsinTable *
make_table (void)
{
  static const char *const titles[] = { "NAME", "N" };
  TocsinTable *table = tocsin_table_new (2, titles);

  tocsin_table_align_right (table, 1);
  tocsin_table_add (table, "a long name of something");
  tocsin_table_add (table, "7");
  tocsin_table_add (table, "日本語のとても長い名前");
  tocsin_table_add (table, NULL);
  return table;
}

static void
test_renders (void)
{
  static const struct
  {
    guint width;
    const char *text;
  } vectors[] = {
    { 0, "NAME                      N\n"
         "a long name of something  7\n"
         "日本語のとても長い名前    -\n" },
    { 80, "NAME                      N\n"
          "a long name of something  7\n"
          "日本語のとても長い名前    -\n" },
    { 13, "NAME        N\n"
          "a long na…  7\n"
          "日本語の…   -\n" },
    /* It is broken whatever is cut, into three rows. */
    { 3, "NAME    N\n"
         "a lon…  7\n"
         "日本…   -\n" },
  };
  g_autoptr (TocsinTable) table = make_table ();

  g_assert_cmpuint (tocsin_table_n_rows (table), ==, 2);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *text = tocsin_table_render (table, vectors[i].width, FALSE);

      g_assert_cmpstr (text, ==, vectors[i].text);
    }
}

/* What has to be read to its end breaks the line; what stands beside it is cut only where that
 * saves a row of the terminal, and never so far that nobody knows it. */
static void
test_keeps_whole (void)
{
  static const struct
  {
    guint width;
    const char *text;
  } vectors[] = {
    { 200, "1  http://127.0.0.1:18477/actor/of/long/name  ip=203.0.113.202  A report about this "
           "node\n" },
    { 88, "1  http://127.0.0.1:18477/actor/of/long/name  ip=203.0.113.202  A report about this "
          "node\n" },
    { 80, "1  http://127.0.0.1:18477/actor/of/…  ip=203.0.113.202  A report about this node\n" },
    { 71, "1  http://127.0.0.1:18477/…  ip=203.0.113.202  A report about this node\n" },
    { 70, "1  http://127.0.0.1:18477/actor/of/long/name  ip=203.0.113.202  A report about this "
          "node\n" },
    { 40, "1  http://127.0.0.1:18477/actor/of/…  ip=203.0.113.202  A report about this node\n" },
    { 20, "1  http://127.0.0.1:18477/actor/of/…  ip=203.0.113.202  A report about this node\n" },
  };
  g_autoptr (TocsinTable) table = make_table ();
  g_autoptr (TocsinTable) last = tocsin_table_new (4, NULL);
  g_autofree char *text = NULL;

  tocsin_table_keep_whole (table, 0);
  text = tocsin_table_render (table, 13, FALSE);
  g_assert_cmpstr (text, ==,
                   "NAME                      N\n"
                   "a long name of something  7\n"
                   "日本語のとても長い名前    -\n");
  tocsin_table_keep_whole (last, 3);
  tocsin_table_add (last, "1");
  tocsin_table_add (last, "http://127.0.0.1:18477/actor/of/long/name");
  tocsin_table_add (last, "ip=203.0.113.202");
  tocsin_table_add (last, "A report about this node");
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *line = tocsin_table_render (last, vectors[i].width, FALSE);

      g_assert_cmpstr (line, ==, vectors[i].text);
    }
}

static void
test_clean (void)
{
  static const struct
  {
    const char *text;
    const char *clean;
  } vectors[] = {
    { "plain", "plain" },
    { "two\nlines\tand", "two lines and" },
    { "\033[2J", "\uFFFD[2J" },
    { "a\xC2\x9B"
      "b",
      "a\uFFFDb" }, /* CSI in one character */
    { "gp\xE2\x80\xAE"
      "exe",
      "gp\uFFFDexe" }, /* U+202E turns the rest round */
    { "a\u200Bb\u2060c\uFEFFd\U000E0041e", "a\uFFFDb\uFFFDc\uFFFDd\uFFFDe" }, /* not seen */
    { "a\U000E001Eb\u2065c\uFFF8d", "a\uFFFDb\uFFFDc\uFFFDd" },               /* nor these */
    { "\u0646\u0645\u06CC\u200C\u062E", "\u0646\u0645\u06CC\u200C\u062E" },   /* Persian */
    { "o\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301p",
      "o\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301p" },
    { "\xFF", "\uFFFD" },
    { "e\xCC\x81", "e\xCC\x81" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *clean = tocsin_text_clean (vectors[i].text);

      g_assert_cmpstr (clean, ==, vectors[i].clean);
    }
  g_assert_cmpuint (tocsin_text_width ("e\xCC\x81"), ==, 1);
  g_assert_cmpuint (tocsin_text_width ("日本"), ==, 4);
}

static void
test_closest (void)
{
  static const char *const names[] = { "follow", "unfollow", "list", "b.example", NULL };
  static const struct
  {
    const char *typed;
    const char *closest;
  } vectors[] = {
    { "folow", "follow" },
    { "ofllow", "follow" },
    { "lst", "list" },
    { "b.exmaple", "b.example" },
    { "something", NULL },
    { "", NULL },
    { "x", NULL },
    { "lsit", "list" },
    { "unfolllow", "unfollow" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    g_assert_cmpstr (tocsin_text_closest (vectors[i].typed, names), ==, vectors[i].closest);
}

static void
test_escape_json (void)
{
  static const char text[] =
      "{\n\t\"n\":\r\"\\u001b \xC2\x9B\x7F\u202E \u00E9\u65E5 \U000E0041\"}\r\n";
  g_autofree char *escaped = tocsin_text_escape_json (text, strlen (text));

  g_assert_cmpstr (escaped, ==,
                   "{\n\t\"n\": \"\\u001b \\u009b\\u007f\\u202e \u00E9\u65E5 \\udb40\\udc41\"} \n");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/table/renders", test_renders);
  g_test_add_func ("/cli/table/keeps-whole", test_keeps_whole);
  g_test_add_func ("/cli/table/clean", test_clean);
  g_test_add_func ("/cli/table/escape-json", test_escape_json);
  g_test_add_func ("/cli/table/closest", test_closest);
  return g_test_run ();
}
