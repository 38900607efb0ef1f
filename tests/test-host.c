/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib.h>
#include <idn2.h>
#include <string.h>

#include "core/error.h"
#include "core/host.h"

#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"
#define L61 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghija"

static const struct
{
  const char *input;
  const char *canonical; /* NULL: refused */
} names[] = {
  { "a.example", "a.example" },
  { "A.EXAMPLE.", "a.example" },
  { "localhost", "localhost" },
  { "r3---sn.example", "r3---sn.example" },
  { "bücher.example", "xn--bcher-kva.example" },
  { "BÜCHER.example", "xn--bcher-kva.example" },
  { "xn--bcher-kva.example", "xn--bcher-kva.example" },
  { "XN--BCHER-KVA.example", "xn--bcher-kva.example" },
  { "bu\xcc\x88"
    "cher.example",
    "xn--bcher-kva.example" },
  { "faß.example", "xn--fa-hia.example" },
  /* The four deviations of UTS #46, section 2.3, as of IDNA2008: not mapped away. */
  { "FAß.de", "xn--fa-hia.de" },
  { "βόλος.com", "xn--nxasmm1c.com" },
  { "ශ්\u200dරී.com", "xn--10cl1a0b660p.com" },
  { "نامه\u200cای.com", "xn--mgba3gch31f060k.com" },
  { "xn--fa-hia.de", "xn--fa-hia.de" },
  { "fass.de", "fass.de" },
  { "a\u200db.example", NULL }, /* a joiner that joins nothing */
  { "☃.example", NULL },        /* no letter: RFC 5892 */
  { "a。example", "a.example" },
  { "a.example。", "a.example" },
  { "ｅｘａｍｐｌｅ.example", "example.example" },
  { "食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn" },
  { L63 ".example", L63 ".example" },
  { L63 "d.example", NULL },
  { L63 "." L63 "." L63 "." L63, NULL },
  { "xn--a.example", NULL },
  { "☃.\xff", NULL },
  { "", NULL },
  { ".", NULL },
  { "..", NULL },
  { "a..example", NULL },
  { ".example", NULL },
  { "a.example..", NULL },
  { "-a.example", NULL },
  { "a-.example", NULL },
  { "a_b.example", NULL },
  { "a b.example", NULL },
  { "a/b.example", NULL },
  { "a／b.example", NULL },
  { "192.0.2.1", NULL },
  { "1.2.3.0x7f", NULL },
  { "2130706433", NULL },
  { "127。0。0。1", NULL },
  { "::1", NULL },
};

static void
test_canonicalise (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;
      char out[TOCSIN_HOST_MAX_BYTES + 1];
      char again[TOCSIN_HOST_MAX_BYTES + 1];
      gboolean ok = tocsin_host_canonicalise (names[i].input, strlen (names[i].input), out, &error);

      g_test_message ("%s", names[i].input);
      if (names[i].canonical == NULL)
        {
          g_assert_false (ok);
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpstr (out, ==, names[i].canonical);
      g_assert_true (tocsin_host_canonicalise (out, strlen (out), again, NULL));
      g_assert_cmpstr (again, ==, out);
    }
  g_assert_false (
      tocsin_host_canonicalise ("a\0b", 3, (char[TOCSIN_HOST_MAX_BYTES + 1]){ 0 }, NULL));
}

#define NO_LABEL                                                                                   \
  "Host name has a label that is empty, longer than 63 bytes or of other than letters, digits "    \
  "and inner hyphens"
#define NUMBER   "Host name ends in a number: it would be an address"
#define TOO_LONG "Host name is longer than 253 bytes"

/* Why; and by how much a name may be too long, ASCII or not. */
static void
test_reasons (void)
{
  static const struct
  {
    const char *input;
    const char *says; /* NULL: taken */
  } cases[] = {
    { "", "Host name is empty" },
    { ".", NO_LABEL },
    { "..", NO_LABEL },
    { "。", NO_LABEL },
    { "a..example", NO_LABEL },
    { "a_b.example", NO_LABEL },
    { L63 "d.example", NO_LABEL },
    { "1.2.3.4", NUMBER },
    { "a.0", NUMBER },
    { "a.0x", NUMBER },
    { "a.0XfF", NUMBER },
    { "a.0xg", NULL },
    { "a.0a", NULL },
    { "a.x0", NULL },
    { "a.1-2", NULL },
    { "\xff.example", "Host name is too long or not UTF-8" },
    { L63 "." L63 "." L63 "." L61, NULL },
    { L63 "." L63 "." L63 "." L61 ".", NULL },
    { L63 "." L63 "." L63 "." L61 "x", TOO_LONG },
    { L63 "." L63 "." L63 "." L61 "x.", TOO_LONG },
    { L63 "." L63 "." L63 "." L61 "xy", TOO_LONG },
    { "ｘ" L61 "x." L63 "." L63 "." L61, NULL }, /* of 255 bytes, but shorter in ASCII */
    { "ü." L63 "." L63 "." L63 "." L63, TOO_LONG },
  };
  g_autofree char *longest = g_strnfill (1025, 'a');
  g_autoptr (GError) error = NULL;
  char out[TOCSIN_HOST_MAX_BYTES + 1];

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) fault = NULL;
      gboolean ok = tocsin_host_canonicalise (cases[i].input, strlen (cases[i].input), out, &fault);

      g_test_message ("%s", cases[i].input);
      g_assert_cmpstr (fault != NULL ? fault->message : NULL, ==, cases[i].says);
      g_assert_cmpint (ok, ==, cases[i].says == NULL);
      if (ok)
        g_assert_cmpuint (strlen (out), <=, TOCSIN_HOST_MAX_BYTES);
      else
        g_assert_error (fault, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
  g_assert_false (tocsin_host_canonicalise (longest, 1025, out, &error));
  g_assert_cmpstr (error->message, ==, "Host name is too long or not UTF-8");
}

/* The short way for ASCII names must not differ from the library's, but for hyphens in third and
 * fourth place: names of content networks have them, and they mean no IDN. */
static void
test_short_cut_agrees_with_libidn2 (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      char *ascii = NULL;

      if (names[i].canonical == NULL || strstr (names[i].canonical, "---") != NULL)
        continue;
      g_assert_cmpint (idn2_to_ascii_8z (names[i].canonical, &ascii, IDN2_NONTRANSITIONAL), ==,
                       IDN2_OK);
      g_assert_cmpstr (ascii, ==, names[i].canonical);
      idn2_free (ascii);
    }
}

/* tests/data/test_psl.txt, checkPublicSuffix('a.b.c', 'b.c'); or null for a suffix. */
static void
test_public_suffix_vectors (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "test_psl.txt", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (lines[i], "'", -1);
      char host[TOCSIN_HOST_MAX_BYTES + 1];
      char expected[TOCSIN_HOST_MAX_BYTES + 1];

      if (!g_str_has_prefix (lines[i], "checkPublicSuffix('"))
        continue;
      n++;
      g_test_message ("%s", lines[i]);
      if (!tocsin_host_canonicalise (parts[1], strlen (parts[1]), host, NULL))
        {
          g_assert_cmpint (parts[1][0], ==, '.'); /* a name of ours has no leading dot */
          continue;
        }
      if (g_strv_length (parts) < 5)
        {
          g_assert_null (tocsin_host_registrable (host));
          continue;
        }
      g_assert_true (tocsin_host_canonicalise (parts[3], strlen (parts[3]), expected, NULL));
      g_assert_cmpstr (tocsin_host_registrable (host), ==, expected);
    }
  g_assert_cmpuint (n, >=, 70);
}

static void
test_local (void)
{
  static const char *const local[] = { "localhost",  "a.localhost", "printer.local",
                                       "a.internal", "a.test",      "a.invalid",
                                       "abc.onion",  "a.alt",       "x.home.arpa" };
  static const char *const ordinary[] = { "example",     "a.example", "notlocal",     "a.notlocal",
                                          "example.com", "arpa",      "local.example" };

  for (gsize i = 0; i < G_N_ELEMENTS (local); i++)
    g_assert_true (tocsin_host_is_local (local[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (ordinary); i++)
    g_assert_false (tocsin_host_is_local (ordinary[i]));
}

static void
test_shared_providers (void)
{
  static const struct
  {
    const char *domain;
    const char *provider; /* NULL: none */
  } cases[] = {
    { "126.com", "126.com" },
    { "gmail.com", "gmail.com" },
    { "github.io", "github.io" },
    { "pages.dev", "pages.dev" },
    { "outlook.com", "outlook.com" },
    { "zohomail.com", "zohomail.com" },
    { "youtube.com", "youtube.com" },
    { "www.youtube.com", "youtube.com" },
    { "m.youtube.com", "youtube.com" },
    { "old.reddit.com", "reddit.com" },
    { "mobile.x.com", "x.com" },
    { "www.docs.google.com", "docs.google.com" },
    { "www.www.youtube.com", NULL },
    { "wwww.youtube.com", NULL },
    { "ww.youtube.com", NULL },
    { "channel.youtube.com", NULL },
    { "notyoutube.com", NULL },
    { "www.example.com", NULL },
    { "www.com", NULL },
    { "www", NULL },
    { "someone.github.io", NULL },
    { "m.github.io", NULL }, /* somebody's own */
    { "mail.example", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (tocsin_domain_provider (cases[i].domain), ==, cases[i].provider);
}

static void
see_name (const char *domain, gpointer data)
{
  g_assert_nonnull (tocsin_domain_provider (domain));
  g_assert_true (g_hash_table_add (data, g_strdup (domain)));
}

static void
test_every_name_of_a_provider (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  tocsin_domain_foreach_provider (see_name, seen);
  g_assert_true (g_hash_table_contains (seen, "youtube.com"));
  g_assert_true (g_hash_table_contains (seen, "www.youtube.com"));
  g_assert_true (g_hash_table_contains (seen, "github.io"));
  g_assert_false (g_hash_table_contains (seen, "www.github.io"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/host/canonicalise", test_canonicalise);
  g_test_add_func ("/host/reasons", test_reasons);
  g_test_add_func ("/host/short-cut-agrees-with-libidn2", test_short_cut_agrees_with_libidn2);
  g_test_add_func ("/host/public-suffix-vectors", test_public_suffix_vectors);
  g_test_add_func ("/host/local", test_local);
  g_test_add_func ("/host/shared-providers", test_shared_providers);
  g_test_add_func ("/host/every-name-of-a-provider", test_every_name_of_a_provider);
  return g_test_run ();
}
