/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/error.h"
#include "core/uri.h"

static const struct
{
  const char *input;
  const char *canonical; /* NULL: refused */
  gboolean is_id;        /* canonical as it stands */
} uris[] = {
  { "https://a.example/actor", "https://a.example/actor", TRUE },
  { "http://127.0.0.1:8477/actor", "http://127.0.0.1:8477/actor", TRUE },
  { "http://[::1]:8477/actor", "http://[::1]:8477/actor", TRUE },
  { "http://localhost:3000/", "http://localhost:3000/", TRUE },
  { "https://a.example", "https://a.example/", TRUE },
  { "https://a.example?q", "https://a.example/?q", TRUE },
  { "https://a.example/a?b=/../c", "https://a.example/a?b=/../c", TRUE },
  { "https://a.example/%7Ea", "https://a.example/%7Ea", TRUE },
  { "https://a.example/a//b", "https://a.example/a//b", TRUE },
  { "https://a.example/@me", "https://a.example/@me", TRUE },
  { "HTTPS://A.example/actor", "https://a.example/actor", FALSE },
  { "https://a.example:443/actor", "https://a.example/actor", FALSE },
  { "https://a.example:/actor", "https://a.example/actor", FALSE },
  { "https://a.example:0443/actor", "https://a.example/actor", FALSE },
  { "http://a.example:80/actor", "http://a.example/actor", FALSE },
  { "https://a.example./actor", "https://a.example/actor", FALSE },
  { "https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC", FALSE },
  { "https://a.example/a/./b/../c", "https://a.example/a/c", FALSE },
  { "https://a.example/a/b/..", "https://a.example/a/", FALSE },
  { "https://a.example/../../a", "https://a.example/a", FALSE },
  { "https://a.example/a/%2e/b/.%2E/c", "https://a.example/a/c", FALSE },
  { "https://a.example/a/%2e%2e", "https://a.example/", FALSE },
  { "https://a.example/%2e%2e%2e/%2ea", "https://a.example/%2e%2e%2e/%2ea", TRUE },
  { "https://a.example/a b", "https://a.example/a%20b", FALSE },
  { "https://a.example/\"<>\\^`{|}\x7f", "https://a.example/%22%3C%3E%5C%5E%60%7B%7C%7D%7F",
    FALSE },
  { "https://a.example/%4g%g4%4", "https://a.example/%254g%25g4%254", FALSE },
  { "https://a.example/?a%20b%", "https://a.example/?a%20b%25", FALSE },
  { "https://a.example/100%", "https://a.example/100%25", FALSE },
  { "https://[2001:DB8:0:0::1]/", "https://[2001:db8::1]/", FALSE },
  { "https://me@a.example/actor", NULL, FALSE },
  { "https://me:secret@a.example/actor", NULL, FALSE },
  { "https://@a.example/actor", NULL, FALSE },
  { "https:///actor", NULL, FALSE },
  { "https:/a.example", NULL, FALSE },
  { "https:a.example", NULL, FALSE },
  { "//a.example/actor", NULL, FALSE },
  { "/actor", NULL, FALSE },
  { "ftp://a.example/", NULL, FALSE },
  { "acct:me@a.example", NULL, FALSE },
  { "did:example:123", NULL, FALSE },
  { "javascript://a.example/%0aalert", NULL, FALSE },
  { "https://a.example:0/", NULL, FALSE },
  { "https://a.example:65536/", NULL, FALSE },
  { "https://a.example:x/", NULL, FALSE },
  { "https://1.2.3/", NULL, FALSE },
  { "https://0x7f.1/", NULL, FALSE },
  { "https://[::1%25eth0]/", NULL, FALSE },
  { "https://[::1/", NULL, FALSE },
  { "https://a%2eexample/", NULL, FALSE },
  { "https://a_b.example/", NULL, FALSE },
  { " https://a.example/", NULL, FALSE },
  { "https://a .example/", NULL, FALSE },
  { "https://a.example\\@b.example/", NULL, FALSE },
  { "https://\xff/", NULL, FALSE },
  { "https://a.example/\xff", NULL, FALSE },
  { "", NULL, FALSE },
};

static void
test_canonicalise (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *canonical = tocsin_uri_canonicalise (uris[i].input, &error);

      g_test_message ("%s", uris[i].input);
      g_assert_cmpstr (canonical, ==, uris[i].canonical);
      g_assert_cmpint (tocsin_uri_check_id (uris[i].input, FALSE, NULL), ==, uris[i].is_id);
      if (canonical == NULL)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      else
        {
          g_autofree char *again = tocsin_uri_canonicalise (canonical, NULL);

          g_assert_cmpstr (again, ==, canonical);
          g_assert_true (tocsin_uri_check_id (canonical, FALSE, NULL));
        }
    }
}

/* What is wrong, for whoever wrote it. */
static void
test_reasons (void)
{
  static const struct
  {
    const char *input;
    const char *says;
  } cases[] = {
    { "", "Not a URI with a host" },
    { "/actor", "Not a URI with a host" },
    { "acct:me@a.example", "Not a URI with a host" },
    { "ftp://a.example/", "URI is not of scheme https" },
    { "httpss://a.example/", "URI is not of scheme https" },
    { "//a.example/?b=c://d", "URI is not of scheme https" },
    { "a/b://c", "URI is not of scheme https" },
    { "https:/a://b", "URI has no host" },
    { "https:///actor", "URI has no host" },
    { "https://?x", "URI has no host" },
    { "https://u@a.example/", "URI has a user name in it" },
    { "https://a.example:0/", "URI has port 0" },
    { "https://a.example:65536/", "Not a URI" },
    { "https://[::1/", "Not a URI" },
    { "https://a%2eexample/", "Host of a URI has an escape or a zone in it" },
    { "https://[fe80::1%25eth0]/", "Host of a URI has an escape or a zone in it" },
    { "https://a .example/", "URI has a space or a control character in it" },
    { "https://a\x7f.example/", "URI has a space or a control character in it" },
    { " https://a.example/", "URI has a space or a control character in it" },
    { "https://a.example/\xff", "URI is not UTF-8" },
    { "https://1.2.3/", "Host name ends in a number: it would be an address" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GError) again = NULL;

      g_test_message ("%s", cases[i].input);
      g_assert_null (tocsin_uri_canonicalise (cases[i].input, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, cases[i].says);
      g_assert_false (tocsin_uri_check_id (cases[i].input, TRUE, &again));
      g_assert_cmpstr (again->message, ==, cases[i].says);
    }
}

static void
test_fragment (void)
{
  const char *key = "https://a.example/actor#main-key";
  g_autoptr (GError) error = NULL;
  g_autofree char *canonical = tocsin_uri_canonicalise (key, NULL);

  g_assert_true (tocsin_uri_check_id (key, TRUE, NULL));
  g_assert_false (tocsin_uri_check_id (key, FALSE, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_cmpstr (canonical, ==, "https://a.example/actor");
}

static void
test_length (void)
{
  g_autofree char *tail = g_strnfill (2048 - strlen ("https://a.example/"), 'a');
  g_autofree char *longest = g_strconcat ("https://a.example/", tail, NULL);
  g_autofree char *longer = g_strconcat (longest, "a", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_uri_check_id (longest, FALSE, NULL));
  g_assert_false (tocsin_uri_check_id (longer, FALSE, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  memset (longest + strlen ("https://a.example/"), ' ', 700);
  g_assert_null (tocsin_uri_canonicalise (longest, NULL));
}

static void
test_origin (void)
{
  static const struct
  {
    const char *uri;
    const char *origin;
    const char *host_port;
    const char *host;
  } origins[] = {
    { "https://A.example:443/x?y#z", "https://a.example", "a.example:443", "a.example" },
    { "http://a.example/x", "http://a.example", "a.example:80", "a.example" },
    { "https://a.example:80/", "https://a.example:80", "a.example:80", "a.example" },
    { "http://127.0.0.1:8477/", "http://127.0.0.1:8477", "127.0.0.1:8477", "127.0.0.1" },
    { "http://[::1]:1/", "http://[::1]:1", "[::1]:1", "::1" },
    { "https://u@a.example/", NULL, NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (origins); i++)
    {
      g_autofree char *origin = tocsin_uri_origin (origins[i].uri, NULL);
      g_autofree char *host_port = tocsin_uri_host_port (origins[i].uri, NULL);
      g_autofree char *host = tocsin_uri_host (origins[i].uri, NULL);

      g_assert_cmpstr (origin, ==, origins[i].origin);
      g_assert_cmpstr (host_port, ==, origins[i].host_port);
      g_assert_cmpstr (host, ==, origins[i].host);
    }
  g_assert_true (tocsin_uri_same_origin ("https://A.example/a", "https://a.example:443/b#c"));
  g_assert_false (tocsin_uri_same_origin ("https://a.example/", "http://a.example/"));
  g_assert_false (tocsin_uri_same_origin ("https://a.example/", "https://a.example:8443/"));
  g_assert_false (tocsin_uri_same_origin ("https://a.example/", "https://b.a.example/"));
  g_assert_false (tocsin_uri_same_origin ("https:///", "https:///"));
  g_assert_false (tocsin_uri_same_origin ("https://a.example/", "a.example"));
  g_assert_false (tocsin_uri_same_origin ("a.example", "https://a.example/"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/uri/canonicalise", test_canonicalise);
  g_test_add_func ("/uri/reasons", test_reasons);
  g_test_add_func ("/uri/fragment", test_fragment);
  g_test_add_func ("/uri/length", test_length);
  g_test_add_func ("/uri/origin", test_origin);
  return g_test_run ();
}
