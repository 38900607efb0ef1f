/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/error.h"
#include "core/subject.h"

/* Up to the line, the examples of Safe Browsing v4, "URLs and hashing"; below it, our own. */
static const struct
{
  const char *input;
  const char *canonical; /* NULL: refused */
} urls[] = {
  { "http://host/%25%32%35", "http://host/%25" },
  { "http://host/%25%32%35%25%32%35", "http://host/%25%25" },
  { "http://host/%2525252525252525", "http://host/%25" },
  { "http://host/asdf%25%32%35asd", "http://host/asdf%25asd" },
  { "http://host/%%%25%32%35asd%%", "http://host/%25%25%25asd%25%25" },
  { "http://www.google.com/", "http://www.google.com/" },
  { "http://%31%36%38%2e%31%38%38%2e%39%39%2e%32%36/%2E%73%65%63%75%72%65/"
    "%77%77%77%2E%65%62%61%79%2E%63%6F%6D/",
    "http://168.188.99.26/.secure/www.ebay.com/" },
  { "http://195.127.0.11/uploads/%20%20%20%20/.verify/"
    ".eBaysecure=updateuserdataxplimnbqmn-xplmvalidateinfoswqpcmlx=hgplmcx/",
    "http://195.127.0.11/uploads/%20%20%20%20/.verify/"
    ".eBaysecure=updateuserdataxplimnbqmn-xplmvalidateinfoswqpcmlx=hgplmcx/" },
  { "http://host%23.com/"
    "%257Ea%2521b%2540c%2523d%2524e%25f%255E00%252611%252A22%252833%252944_55%252B",
    "http://host%23.com/~a!b@c%23d$e%25f^00&11*22(33)44_55+" },
  { "http://3279880203/blah", "http://195.127.0.11/blah" },
  { "http://www.google.com/blah/..", "http://www.google.com/" },
  { "www.google.com/", "http://www.google.com/" },
  { "www.google.com", "http://www.google.com/" },
  { "http://www.evil.com/blah#frag", "http://www.evil.com/blah" },
  { "http://www.GOOgle.com/", "http://www.google.com/" },
  { "http://www.google.com.../", "http://www.google.com/" },
  { "http://www.google.com/foo\tbar\rbaz\n2", "http://www.google.com/foobarbaz2" },
  { "http://www.google.com/q?", "http://www.google.com/q?" },
  { "http://www.google.com/q?r?", "http://www.google.com/q?r?" },
  { "http://www.google.com/q?r?s", "http://www.google.com/q?r?s" },
  { "http://evil.com/foo#bar#baz", "http://evil.com/foo" },
  { "http://evil.com/foo;", "http://evil.com/foo;" },
  { "http://evil.com/foo?bar;", "http://evil.com/foo?bar;" },
  { "http://\x01\x80.com/", "http://%01%80.com/" },
  { "http://notrailingslash.com", "http://notrailingslash.com/" },
  { "http://www.gotaport.com:1234/", "http://www.gotaport.com/" },
  { "  http://www.google.com/  ", "http://www.google.com/" },
  { "http:// leadingspace.com/", "http://%20leadingspace.com/" },
  { "http://%20leadingspace.com/", "http://%20leadingspace.com/" },
  { "%20leadingspace.com/", "http://%20leadingspace.com/" },
  { "https://www.securesite.com/", "https://www.securesite.com/" },
  { "http://host.com/ab%23cd", "http://host.com/ab%23cd" },
  { "http://host.com//twoslashes?more//slashes", "http://host.com/twoslashes?more//slashes" },
  /* ---- */
  { "HTTPS://a.example", "https://a.example/" },
  { "https://me:secret@a.example/x", "https://a.example/x" },
  { "https://a@b@a.example/x", "https://a.example/x" },
  { "http://a.example:80/", "http://a.example/" },
  { "https://a.example:443/", "https://a.example/" },
  { "https://a.example:080/", "https://a.example/" },
  { "https://me@a.example:8443/x?y", "https://a.example/x?y" },
  { "https://a.example:/", "https://a.example/" },
  { "https://a.example?x=1", "https://a.example/?x=1" },
  { "https://a.example/%2e%2e/b/./c/../d/", "https://a.example/b/d/" },
  { "https://a.example/../..//b", "https://a.example/b" },
  { "https://a.example/a/.", "https://a.example/a/" },
  { "https://a.example/?a/../b", "https://a.example/?a/../b" },
  { "https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC" },
  { "https://..a..example../", "https://a.example/" },
  { "http://0x7f.1/", "http://127.0.0.1/" },
  { "http://017700000001/", "http://127.0.0.1/" },
  { "http://99999999999/", "http://99999999999/" },
  { "http://[2001:DB8::0:1]:8080/x", "http://[2001:db8::1]/x" },
  { "http://a.example/%00x", "http://a.example/%00x" },
  { "http://a%00.example/", "http://a%00.example/" },
  { "http://127.0.0.1%00/", "http://127.0.0.1%00/" },
  { "http://127.0.0.1 x/", "http://127.0.0.1%20x/" },
  { "ab+c.d-3/", "http://ab+c.d-3/" },
  { "hxxp.example/", "http://hxxp.example/" },
  { "http%3A//a.example/", "http://a.example/" },
  /* Each leads a browser to a.example, or to 192.0.2.1. */
  { "https://b.example%2F@a.example/", "https://a.example/" },
  { "https://b.example%3Fx@a.example", "https://a.example/" },
  { "https://b.example%5C@a.example/", "https://a.example/" },
  { "https://b.example%252F:x%40@a.example:8443/y", "https://a.example/y" },
  { "https://a.example\\@b.example/", "https://a.example/@b.example/" },
  { "https:\\\\a.example\\x\\..\\y?\\z", "https://a.example/y?\\z" },
  { "https://a.example/x%5Cy?%5C", "https://a.example/x/y?\\" },
  { "https://a.example/x%3Fy%5Cz", "https://a.example/x?y\\z" },
  { "http://a\xE3\x80\x82"
    "example\xEF\xBD\xA1/",
    "http://a.example/" },
  { "http://\xEF\xBD\x81.example/", "http://a.example/" },
  { "http://\xEF\xBC\x91\xEF\xBC\x99\xEF\xBC\x92.0.2\xEF\xBC\x8E\xEF\xBC\x91/",
    "http://192.0.2.1/" },
  { "http://x_y.bücher.example/", "http://x_y.xn--bcher-kva.example/" },
  { "http://\x80.bücher.example/", "http://%80.xn--bcher-kva.example/" },
  { "http://a.example%2Fb", "http://a.example/b" },
  { "http://a.example/\xff", "http://a.example/%FF" },
  { "", NULL },
  { "http://", NULL },
  { "http:///x", NULL },
  { "http://./x", NULL },
  { "ftp://a.example/", NULL },
  { "mailto:me@a.example:x", NULL },
  { "http://a.example:65536/", NULL },
  { "http://a.example:0/", NULL },
  { "http://a.example:8o/", NULL },
  { "http://[::1/", NULL },
  { "http://[::g]/", NULL },
  { "http://[]/", NULL },
  { "http://[/", NULL },
  { "http://[::1%00]/", NULL },
  { "http://[::1]x/", NULL },
  { "http://[::1]:/", "http://[::1]/" },
  { "http://[::1]:0/", NULL },
  { "hxxp://a.example/", NULL },
  { "hxxps://a.example/", NULL },
  { "http+x://a.example/", NULL },
  { "http://a.example:99999999999999999999/", NULL },
  { "http://a:1]:2/", NULL },
  { "http://.[::1]/", NULL },
  { "http://a.example:1:2/", NULL },
};

static void
test_canonicalise (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_autoptr (GError) error = NULL;
      g_auto (TocsinSubject) subject = { 0 };
      g_auto (TocsinSubject) again = { 0 };

      g_test_message ("%s", urls[i].input);
      if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_URL, urls[i].input, &error))
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (subject.value, ==, urls[i].canonical);
      if (urls[i].canonical == NULL)
        continue;
      g_assert_true (tocsin_subject_parse (&again, TOCSIN_SUBJECT_URL, subject.value, NULL));
      g_assert_cmpstr (again.value, ==, subject.value);
    }
}

static void
test_too_long (void)
{
  g_autofree char *plain = g_strnfill (2049, 'a');
  g_autofree char *grows = g_strnfill (2048, ' ');
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_URL, plain, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  g_clear_error (&error);
  memcpy (grows, "a/", 2);
  grows[2047] = 'x';
  g_assert_false (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_URL, grows, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

/* The look-ups of Safe Browsing's own examples, without their schemes; then the host as domain. */
static const struct
{
  const char *url;
  const char *expressions[32];
  const char *domains[8];
} lookups[] = {
  { "http://a.b.c/1/2.html?param=1",
    { "a.b.c/1/2.html?param=1", "a.b.c/1/2.html", "a.b.c/", "a.b.c/1/", "b.c/1/2.html?param=1",
      "b.c/1/2.html", "b.c/", "b.c/1/" },
    { "a.b.c", "b.c" } },
  { "http://a.b.c.d.e.f.g/1.html",
    { "a.b.c.d.e.f.g/1.html", "a.b.c.d.e.f.g/", "c.d.e.f.g/1.html", "c.d.e.f.g/", "d.e.f.g/1.html",
      "d.e.f.g/", "e.f.g/1.html", "e.f.g/", "f.g/1.html", "f.g/" },
    { "a.b.c.d.e.f.g", "b.c.d.e.f.g", "c.d.e.f.g", "d.e.f.g", "e.f.g", "f.g" } },
  { "http://1.2.3.4/1/", { "1.2.3.4/1/", "1.2.3.4/" }, { NULL } },
  { "http://x.me.github.io/a/b/c/d/e?q",
    { "x.me.github.io/a/b/c/d/e?q", "x.me.github.io/a/b/c/d/e", "x.me.github.io/",
      "x.me.github.io/a/", "x.me.github.io/a/b/", "x.me.github.io/a/b/c/",
      "me.github.io/a/b/c/d/e?q", "me.github.io/a/b/c/d/e", "me.github.io/", "me.github.io/a/",
      "me.github.io/a/b/", "me.github.io/a/b/c/" },
    { "x.me.github.io", "me.github.io" } },
};

static gboolean
has_probe (GArray *probes, TocsinSubjectType type, const char *value)
{
  guint n = 0;

  for (guint i = 0; i < probes->len; i++)
    {
      const TocsinProbe *probe = &g_array_index (probes, TocsinProbe, i);

      if (probe->type == type && strcmp (probe->value, value) == 0)
        n++;
    }
  g_assert_cmpuint (n, <=, 1);
  return n == 1;
}

static void
test_probes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lookups); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };
      g_autoptr (GArray) probes = NULL;
      guint expected = 0;

      g_test_message ("%s", lookups[i].url);
      g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_URL, lookups[i].url, NULL));
      probes = tocsin_subject_probes (&subject, NULL);
      g_assert_cmpstr (g_array_index (probes, TocsinProbe, 0).value, ==, subject.value);
      g_assert_true (g_array_index (probes, TocsinProbe, 0).exact);
      for (gsize e = 0; lookups[i].expressions[e] != NULL; e++, expected += 2)
        {
          g_autofree char *http = g_strconcat ("http://", lookups[i].expressions[e], NULL);
          g_autofree char *https = g_strconcat ("https://", lookups[i].expressions[e], NULL);

          g_assert_true (has_probe (probes, TOCSIN_SUBJECT_URL, http));
          g_assert_true (has_probe (probes, TOCSIN_SUBJECT_URL, https));
        }
      for (gsize d = 0; lookups[i].domains[d] != NULL; d++, expected++)
        g_assert_true (has_probe (probes, TOCSIN_SUBJECT_DOMAIN, lookups[i].domains[d]));
      if (lookups[i].domains[0] == NULL)
        expected += has_probe (probes, TOCSIN_SUBJECT_IP, "1.2.3.4") ? 1 : 0;
      g_assert_cmpuint (probes->len, ==, expected);
    }
}

/* A port does not count, neither in what is reported nor in what covers it. */
static void
test_port (void)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GArray) probes = NULL;

  g_assert_true (
      tocsin_subject_parse (&subject, TOCSIN_SUBJECT_URL, "http://a.example:99/x", NULL));
  probes = tocsin_subject_probes (&subject, NULL);
  g_assert_cmpstr (subject.value, ==, "http://a.example/x");
  g_assert_true (has_probe (probes, TOCSIN_SUBJECT_URL, "http://a.example/x"));
  g_assert_true (has_probe (probes, TOCSIN_SUBJECT_DOMAIN, "a.example"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/subject-url/canonicalise", test_canonicalise);
  g_test_add_func ("/subject-url/too-long", test_too_long);
  g_test_add_func ("/subject-url/probes", test_probes);
  g_test_add_func ("/subject-url/port", test_port);
  return g_test_run ();
}
