/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/error.h"
#include "fed/fetch-uri.h"

static void
test_authority (void)
{
  static const char *const cases[][2] = {
    { "https://Peer.Example/actor", "peer.example:443" },
    { "https://peer.example.:443", "peer.example:443" },
    { "http://peer.example", "peer.example:80" },
    { "https://peer.example:8443/#key", "peer.example:8443" },
    { "https://bücher.example/", "xn--bcher-kva.example:443" },
    { "https://[2001:DB8:0::1]/", "[2001:db8::1]:443" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *authority = tocsin_fetch_authority (cases[i][0], &error);

      g_assert_no_error (error);
      g_assert_cmpstr (authority, ==, cases[i][1]);
    }
}

/* Nobody has such a name, and with one dot cut off it would be another's. */
static void
test_empty_labels (void)
{
  static const char *const cases[] = {
    "https://peer.example../",
    "https://peer..example/",
    "https://.peer.example/",
    "https://./",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *authority = tocsin_fetch_authority (cases[i], &error);

      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_null (authority);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fetch-uri/authority", test_authority);
  g_test_add_func ("/fetch-uri/empty-labels", test_empty_labels);
  return g_test_run ();
}
