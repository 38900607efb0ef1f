/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/error.h"

static void
test_clean (void)
{
  static const struct
  {
    const char *text;
    gsize max_bytes;
    const char *clean;
  } cases[] = {
    { "", 10, "" },
    { "plain", 10, "plain" },
    { "plain", 5, "plain" },
    { "plain", 4, "plai" },
    { "plain", 0, "" },
    { "a“b”", 8, "a“b”" },
    { "a“b”", 7, "a“b" },
    { "a“b”", 6, "a“b" },
    { "a“b”", 3, "a" },
    { "a\xff b", 10, "a? b" },
    { "a\xe2\x80", 10, "a" },
    { "a\xe2\x80z", 10, "a??z" },
    { "\xc0\x80", 10, "??" },
    { "\xed\xa0\x80", 10, "???" },
    { "two\r\nlines\t\x1b[31m\x7f", 30, "two  lines  [31m " },
    { "\xc2\x85\xc2\x9b", 10, "  " }, /* C1 */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *clean = tocsin_error_clean_text (cases[i].text, cases[i].max_bytes);

      g_assert_cmpstr (clean, ==, cases[i].clean);
      g_assert_cmpuint (strlen (clean), <=, cases[i].max_bytes);
    }
}

/* As GLib says it of a host that a peer chose. */
static void
test_foreign (void)
{
  for (gsize length = 150; length < 220; length++)
    {
      g_autofree char *host = g_strnfill (length, 'h');
      g_autofree char *text = g_strdup_printf ("Error resolving “%s”: unknown", host);
      g_autoptr (GError) error = tocsin_error_new_foreign (TOCSIN_ERROR_UNREACHABLE, text);

      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_cmpuint (strlen (error->message), <=, 200);
      g_assert_cmpuint (strlen (error->message), >=, MIN (strlen (text), 198));
      g_assert_true (g_str_has_prefix (text, error->message));
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/clean", test_clean);
  g_test_add_func ("/error/foreign", test_foreign);
  return g_test_run ();
}
