/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/wire-id.h"
#include "core/error.h"
#include "core/limits.h"

static void
test_table (void)
{
  static const struct
  {
    const char *id;
    gboolean plain;
    gboolean with_fragment;
  } rows[] = {
    { "https://a.example/actor", TRUE, TRUE },
    { "http://127.0.0.1:8501/actors/alpha", TRUE, TRUE },
    { "https://a.example:8443/", TRUE, TRUE },
    { "https://[2001:db8::1]/actor", TRUE, TRUE },
    { "https://[2001:db8::1]:8443/actor", TRUE, TRUE },
    { "https://a.example/?author=1", TRUE, TRUE },
    { "https://a.example/a%20b", TRUE, TRUE },
    { "https://a.example/@user", TRUE, TRUE },
    { "https://a.example/x/.well-known/y", TRUE, TRUE },
    { "https://a.example/...", TRUE, TRUE },
    { "https://a.example/x?p=/../y", TRUE, TRUE },
    { "https://a.example/actor#follows/1", FALSE, TRUE },
    { "", FALSE, FALSE },
    { "actor", FALSE, FALSE },
    { "https:", FALSE, FALSE },
    { "https://", FALSE, FALSE },
    { "https:///actor", FALSE, FALSE },
    { "https://a.example", FALSE, FALSE },
    { "https://a.example?x", FALSE, FALSE },
    { "ftp://a.example/x", FALSE, FALSE },
    { "HTTPS://a.example/x", FALSE, FALSE },
    { "https://A.example/x", FALSE, FALSE },
    { "https://a.example./x", FALSE, FALSE },
    { "https://.a.example/x", FALSE, FALSE },
    { "https://b\xc3\xbc"
      "cher.example/x",
      FALSE, FALSE },
    { "https://a%2eexample/x", FALSE, FALSE },
    { "https://user@a.example/x", FALSE, FALSE },
    { "https://a.example@b.example/x", FALSE, FALSE },
    { "https://a.example:443/x", FALSE, FALSE },
    { "http://a.example:80/x", FALSE, FALSE },
    { "https://a.example:080/x", FALSE, FALSE },
    { "https://a.example:/x", FALSE, FALSE },
    { "https://a.example:65536/x", FALSE, FALSE },
    { "https://a.example:8x/x", FALSE, FALSE },
    { "https://[2001:DB8::1]/x", FALSE, FALSE },
    { "https://[]/x", FALSE, FALSE },
    { "https://[2001:db8::1/x", FALSE, FALSE },
    { "https://[2001:db8::1]8/x", FALSE, FALSE },
    { "https://a.example/./x", FALSE, FALSE },
    { "https://a.example/x/..", FALSE, FALSE },
    { "https://a.example/x/../y", FALSE, FALSE },
    { "https://a.example/%2e%2E/y", FALSE, FALSE },
    { "https://a.example/.%2e?q", FALSE, FALSE },
    { "https://a.example/x y", FALSE, FALSE },
    { "https://a.example/x\ny", FALSE, FALSE },
    { "https://a.example/x\\y", FALSE, FALSE },
    { "https://a.example/\xc3\xbc", FALSE, FALSE },
    { "https://a.example/%", FALSE, FALSE },
    { "https://a.example/%2", FALSE, FALSE },
    { "https://a.example/%zz", FALSE, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", rows[i].id);
      g_assert_true (tocsin_wire_id_is_canonical (rows[i].id, TOCSIN_WIRE_ID_PLAIN) ==
                     rows[i].plain);
      g_assert_true (tocsin_wire_id_check (rows[i].id, TOCSIN_WIRE_ID_FRAGMENT_ALLOWED, "/id",
                                           &error) == rows[i].with_fragment);
      if (!rows[i].with_fragment)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
}

static void
test_length (void)
{
  g_autoptr (GString) id = g_string_new ("https://a.example/");

  while (id->len < TOCSIN_URI_MAX_BYTES)
    g_string_append_c (id, 'x');
  g_assert_true (tocsin_wire_id_is_canonical (id->str, TOCSIN_WIRE_ID_PLAIN));
  g_string_append_c (id, 'x');
  g_assert_false (tocsin_wire_id_is_canonical (id->str, TOCSIN_WIRE_ID_PLAIN));
}

static void
test_origin (void)
{
  g_autofree char *origin = tocsin_wire_id_origin ("https://a.example:8443/x?y");

  g_assert_cmpstr (origin, ==, "https://a.example:8443");
  g_assert_true (tocsin_wire_id_same_origin ("https://a.example/x", "https://a.example/y"));
  g_assert_false (tocsin_wire_id_same_origin ("https://a.example/x", "http://a.example/x"));
  g_assert_false (tocsin_wire_id_same_origin ("https://a.example/x", "https://a.example:8443/x"));
  g_assert_false (tocsin_wire_id_same_origin ("https://a.example/x", "https://a.example.evil/x"));
  g_assert_false (tocsin_wire_id_same_origin ("x", "x"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire-id/table", test_table);
  g_test_add_func ("/wire-id/length", test_length);
  g_test_add_func ("/wire-id/origin", test_origin);
  return g_test_run ();
}
