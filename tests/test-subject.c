/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/error.h"
#include "core/subject.h"

#define IP       TOCSIN_SUBJECT_IP
#define NETWORK  TOCSIN_SUBJECT_NETWORK
#define EMAIL    TOCSIN_SUBJECT_EMAIL
#define DOMAIN   TOCSIN_SUBJECT_DOMAIN
#define URL      TOCSIN_SUBJECT_URL
#define USERNAME TOCSIN_SUBJECT_USERNAME
#define ACTOR    TOCSIN_SUBJECT_ACTOR

static const struct
{
  TocsinSubjectType type;
  const char *input;
  const char *value;     /* NULL: refused as invalid */
  const char *key_value; /* NULL: as value */
} forms[] = {
  { IP, "192.0.2.1", "192.0.2.1", NULL },
  { IP, "255.255.255.255", "255.255.255.255", NULL },
  { IP, "0.0.0.0", "0.0.0.0", NULL },
  { IP, "::ffff:192.0.2.1", "192.0.2.1", NULL },
  { IP, "::FFFF:c000:201", "192.0.2.1", NULL },
  { IP, "2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "2001:db8::/64" },
  { IP, "2001:db8:1:2::5", "2001:db8:1:2::5", "2001:db8:1:2::/64" },
  { IP, "2001:0db8:0001:0002:0000:0000:0000:0005", "2001:db8:1:2::5", "2001:db8:1:2::/64" },
  { IP, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1::/64" },
  { IP, "::1", "::1", "::/64" },
  { IP, "fe80::1%eth0", NULL, NULL },
  { IP, "192.0.2.1%1", NULL, NULL },
  { IP, "192.0.2.01", NULL, NULL },
  { IP, "192.0.2", NULL, NULL },
  { IP, "192.0.2.256", NULL, NULL },
  { IP, "192.0.2.1/32", NULL, NULL },
  { IP, "[::1]", NULL, NULL },
  { IP, " 192.0.2.1", NULL, NULL },
  { IP, "a.example", NULL, NULL },
  { IP, "", NULL, NULL },
  { NETWORK, "192.0.2.0/24", "192.0.2.0/24", NULL },
  { NETWORK, "192.0.2.77/25", "192.0.2.0/25", NULL },
  { NETWORK, "192.0.2.129/25", "192.0.2.128/25", NULL },
  { NETWORK, "192.0.2.1/32", "192.0.2.1/32", NULL },
  { NETWORK, "192.0.2.1", "192.0.2.1/32", NULL },
  { NETWORK, "10.255.0.0/8", "10.0.0.0/8", NULL },
  { NETWORK, "10.0.0.0/7", NULL, NULL },
  { NETWORK, "0.0.0.0/0", NULL, NULL },
  { NETWORK, "2001:db8:FFFF::/33", "2001:db8:8000::/33", NULL },
  { NETWORK, "2001:db8::1/128", "2001:db8::1/128", NULL },
  { NETWORK, "2001:db8::/19", "2001::/19", NULL },
  { NETWORK, "2001:db8::/18", NULL, NULL },
  { NETWORK, "::ffff:192.0.2.99/120", "192.0.2.0/24", NULL },
  { NETWORK, "::ffff:192.0.2.99/103", NULL, NULL },
  { NETWORK, "::ffff:192.0.2.0/90", "::ffc0:0:0/90", NULL },
  { NETWORK, "192.0.2.0/33", NULL, NULL },
  { NETWORK, "192.0.2.0/024", NULL, NULL },
  { NETWORK, "192.0.2.0/+24", NULL, NULL },
  { NETWORK, "192.0.2.0/", NULL, NULL },
  { NETWORK, "192.0.2.0/24/24", NULL, NULL },
  { NETWORK, "192.0.2.0/999999999999", NULL, NULL },
  { NETWORK, "192.0.2.0-192.0.2.9", NULL, NULL },
  { NETWORK, "fe80::%1/64", NULL, NULL },
  { NETWORK, "0000:0000:0000:0000:0000:0000:0000:0000:0000:0/64", NULL, NULL }, /* too long */
  { NETWORK, "192.0.2.0/256", NULL, NULL },
  { NETWORK, "192.0.2.0/999", NULL, NULL },
  { EMAIL, "J.Doe+x@Example.ORG", "j.doe@example.org", NULL },
  { EMAIL, "J.Doe+x+y@GMail.com", "jdoe@gmail.com", NULL },
  { EMAIL, "j.doe@googlemail.com", "jdoe@gmail.com", NULL },
  { EMAIL, "j.doe@gmail.example", "j.doe@gmail.example", NULL },
  { EMAIL, "me@BÜCHER.example.", "me@xn--bcher-kva.example", NULL },
  { EMAIL, "+49123@sms.example", "+49123@sms.example", NULL },
  { EMAIL, "dörte@a.example", "dörte@a.example", NULL },
  { EMAIL, "DO\xcc\x88RTE@a.example", "dörte@a.example", NULL },
  { EMAIL, "!#$%&'*/=?^_`{|}~-@a.example", "!#$%&'*/=?^_`{|}~-@a.example", NULL },
  { EMAIL, "\"j doe\"@a.example", NULL, NULL },
  { EMAIL, "me@[192.0.2.1]", NULL, NULL },
  { EMAIL, "me@192.0.2.1", NULL, NULL },
  { EMAIL, "me@localhost", NULL, NULL },
  { EMAIL, "a@b@a.example", NULL, NULL },
  { EMAIL, "a＠b@a.example", NULL, NULL },
  { EMAIL, "me you@a.example", NULL, NULL },
  { EMAIL, "me\n@a.example", NULL, NULL },
  { EMAIL, "me\x7f@a.example", NULL, NULL },
  { EMAIL, "\xff@a.example", NULL, NULL },
  { EMAIL, "Ꭰ@a.example", NULL, NULL }, /* folded again it would be another */
  { EMAIL, "+@a.example", "+@a.example", NULL },
  { EMAIL, ".+x@gmail.com", NULL, NULL },
  { EMAIL, "<me@a.example>", NULL, NULL },
  { EMAIL, "...@gmail.com", NULL, NULL },
  { EMAIL, "@a.example", NULL, NULL },
  { EMAIL, "me@", NULL, NULL },
  { EMAIL, "me", NULL, NULL },
  { EMAIL, "", NULL, NULL },
  { DOMAIN, "A.Example.", "a.example", NULL },
  { DOMAIN, "bücher.example", "xn--bcher-kva.example", NULL },
  { DOMAIN, "me.github.io", "me.github.io", NULL },
  { DOMAIN, "github.io", NULL, NULL },
  { DOMAIN, "co.uk", NULL, NULL },
  { DOMAIN, "com", NULL, NULL },
  { DOMAIN, "localhost", NULL, NULL },
  { DOMAIN, "*.a.example", NULL, NULL },
  { DOMAIN, "192.0.2.1", NULL, NULL },
  { DOMAIN, "https://a.example/", NULL, NULL },
  { DOMAIN, "", NULL, NULL },
  { USERNAME, "@JDoe77", "jdoe77", NULL },
  { USERNAME, "Straße", "strasse", NULL },
  { USERNAME, "ＪＤｏｅ", "jdoe", NULL },
  { USERNAME, "ΣΊΣΥΦΟΣ", "σίσυφοσ", NULL },
  { USERNAME, "İ", "i̇", NULL },
  { USERNAME, "Ꭰ", NULL, NULL },
  { USERNAME, "ꭰ", NULL, NULL },
  { USERNAME, "@@jdoe", NULL, NULL },
  { USERNAME, "@jdoe@a.example", NULL, NULL },
  { USERNAME, "j doe", NULL, NULL },
  { USERNAME,
    "j\xc2\xa0"
    "doe",
    NULL, NULL },
  { USERNAME,
    "j\xe2\x80\xa8"
    "doe",
    NULL, NULL },
  { USERNAME,
    "j\x07"
    "doe",
    NULL, NULL },
  { USERNAME,
    "j\xc2\x85"
    "doe",
    NULL, NULL },
  { USERNAME, "\xc2\xa8", NULL, NULL }, /* a diaeresis: NFKC gives it a space */
  { USERNAME, "\xcd\xb8", NULL, NULL }, /* U+0378, unassigned */
  { USERNAME, "\xff", NULL, NULL },
  { USERNAME, "@", NULL, NULL },
  { USERNAME, "", NULL, NULL },
  { ACTOR, "https://A.example:443/users/../actor#main-key", "https://a.example/actor", NULL },
  { ACTOR, "http://127.0.0.1:8477/actor", "http://127.0.0.1:8477/actor", NULL },
  { ACTOR, "acct:me@a.example", NULL, NULL },
  { ACTOR, "@me@a.example", NULL, NULL },
  { ACTOR, "a.example", NULL, NULL },
  { ACTOR, "https://me@a.example/", NULL, NULL },
};

static void
test_canonical_forms (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      const char *key_value = forms[i].key_value != NULL ? forms[i].key_value : forms[i].value;
      g_auto (TocsinSubject) subject = { 0 };
      g_auto (TocsinSubject) again = { 0 };
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", forms[i].input);
      if (!tocsin_subject_parse (&subject, forms[i].type, forms[i].input, &error))
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (subject.value, ==, forms[i].value);
      g_assert_cmpstr (subject.key_value, ==, key_value);
      if (forms[i].value == NULL)
        {
          g_assert_cmpint (subject.type, ==, TOCSIN_SUBJECT_NONE);
          continue;
        }
      g_assert_cmpint (subject.key_type, ==, forms[i].key_value != NULL ? NETWORK : forms[i].type);
      g_assert_true (tocsin_subject_parse (&again, forms[i].type, subject.value, NULL));
      g_assert_cmpstr (again.value, ==, subject.value);
      g_assert_cmpmem (again.digest, 32, subject.digest, 32);
    }
}

static void
test_too_large (void)
{
  static const TocsinSubjectType types[] = { EMAIL, URL, USERNAME, ACTOR };
  g_autofree char *filler = g_strnfill (4000, 'a');
  g_autofree char *input = g_strconcat (filler, "@a.example", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (tocsin_subject_parse (&subject, types[i], input, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
    }
}

/* A sign of three bytes may be a word of twelve in canonical form. */
static void
test_too_large_when_folded (void)
{
  static const struct
  {
    TocsinSubjectType type;
    guint signs;
    const char *rest;
    const char *says; /* NULL: taken */
  } cases[] = {
    { USERNAME, 21, "abcd", NULL },
    { USERNAME, 21, "abcde", "Username is empty or longer than 256 bytes in canonical form" },
    { USERNAME, 85, "", "Username is empty or longer than 256 bytes in canonical form" },
    { USERNAME, 85, "ab", "Username is longer than 256 bytes" },
    { EMAIL, 25, "abcdefghij@a.example", NULL },
    { EMAIL, 25, "abcdefghijk@a.example",
      "E-mail address is longer than 320 bytes in canonical form" },
    { EMAIL, 103, "@a.example", "E-mail address is longer than 320 bytes in canonical form" },
    { EMAIL, 104, "@a.example", "E-mail address is longer than 320 bytes" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) input = g_string_new (NULL);
      g_auto (TocsinSubject) subject = { 0 };
      g_autoptr (GError) error = NULL;

      for (guint n = 0; n < cases[i].signs; n++)
        g_string_append (input, "㌀");
      g_string_append (input, cases[i].rest);
      tocsin_subject_parse (&subject, cases[i].type, input->str, &error);
      g_assert_cmpstr (error != NULL ? error->message : NULL, ==, cases[i].says);
      g_assert_true ((subject.value == NULL) == (cases[i].says != NULL));
      if (cases[i].says != NULL)
        g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
      else
        g_assert_cmpuint (strlen (subject.value), ==, cases[i].type == EMAIL ? 320 : 256);
    }
}

/* What is wrong is said so that whoever wrote it knows what to write. */
static void
test_reasons (void)
{
  static const struct
  {
    TocsinSubjectType type;
    const char *input;
    const char *says;
  } cases[] = {
    { IP, "fe80::1%eth0", "An IP address with a zone is of one link" },
    { IP, "192.0.2.0/24", "Not an IP address: a range is a subject of type network" },
    { IP, "a.example", "Not an IP address" },
    { NETWORK, "a.example/24", "Not a network in the form ADDRESS/LENGTH" },
    { NETWORK, "10.0.0.0/7", "Network is wider than /8 of IPv4 or /19 of IPv6" },
    { EMAIL, "me", "Not an e-mail address in the form NAME@DOMAIN" },
    { EMAIL, "@a.example", "Not an e-mail address in the form NAME@DOMAIN" },
    { EMAIL, "\"me\"@a.example", "E-mail addresses in quotes are not taken" },
    { EMAIL, "me@[192.0.2.1]", "E-mail addresses at an IP address are not taken" },
    { EMAIL, "a,b@a.example", "Name in an e-mail address has a character that needs quotes" },
    { EMAIL, "a＠b@a.example", "Name in an e-mail address has a character that needs quotes" },
    { EMAIL, "a b@a.example", "Name in an e-mail address has a space or a control character" },
    { EMAIL, "me@localhost", "E-mail address has a domain without a dot" },
    { EMAIL, "...@gmail.com", "E-mail address has an empty name" },
    { EMAIL, "\xff@a.example", "Name is not UTF-8" },
    { DOMAIN, "co.uk",
      "co.uk is a public suffix, below which anyone can register: it is no domain" },
    { USERNAME, "@", "Username is empty" },
    { USERNAME, "me@a.example",
      "Username has a host: that is an account, a subject of type actor" },
    { USERNAME, "\xff", "Name is not UTF-8" },
    { USERNAME, "ö x", "Name has white space or a control character" },
    { USERNAME, "\xcd\xb8", "Name has an unassigned character" },
    { USERNAME, "Ꭰ", "Name has no stable lower-case form" },
    { ACTOR, "@me@a.example", "An account name is no actor: give the https address of the actor" },
    { ACTOR, "acct:me@a.example",
      "An account name is no actor: give the https address of the actor" },
    { ACTOR, "a.example", "Not a URI with a host" },
    { TOCSIN_SUBJECT_NONE, "x", "No such type of subject" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };
      g_autoptr (GError) error = NULL;

      g_assert_false (tocsin_subject_parse (&subject, cases[i].type, cases[i].input, &error));
      g_assert_cmpstr (error->message, ==, cases[i].says);
    }
}

static void
test_no_type (void)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_NONE, "x", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
}

static void
test_public_suffix_is_held_not_refused (void)
{
  g_auto (TocsinSubject) suffix = { 0 };
  g_auto (TocsinSubject) domain = { 0 };
  g_autoptr (GArray) probes = NULL;

  g_assert_true (tocsin_subject_parse_received (&suffix, DOMAIN, "Co.UK", NULL));
  g_assert_cmpstr (suffix.value, ==, "co.uk");
  g_assert_true (tocsin_subject_is_public_suffix (&suffix));
  probes = tocsin_subject_probes (&suffix, NULL);
  g_assert_cmpuint (probes->len, ==, 1);
  g_assert_true (tocsin_subject_parse_received (&domain, DOMAIN, "a.co.uk", NULL));
  g_assert_false (tocsin_subject_is_public_suffix (&domain));
}

/* The digest is part of the protocol: sha256sum over the text says the same. */
static void
test_digest (void)
{
  const char *expected;
  g_auto (TocsinSubject) email = { 0 };
  g_auto (TocsinSubject) again = { 0 };
  g_auto (TocsinSubject) copy = { 0 };
  g_autofree char *digest = NULL;
  g_autofree char *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, "tocsin:1:email:j.doe@example.org", -1);
  TocsinSubjectKey key;
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_subject_parse (&email, EMAIL, "J.Doe+x@example.org", NULL));
  digest = tocsin_subject_digest_string (&email);
  expected = digest + strlen ("sha-256:");
  g_assert_cmpstr (sum, ==, expected);
  key = tocsin_subject_key (&email);
  g_assert_cmpmem (key.bytes, 16, email.digest, 16);

  g_assert_true (tocsin_subject_from_digest (&again, EMAIL, digest, NULL));
  g_assert_null (again.value);
  g_assert_cmpmem (again.digest, 32, email.digest, 32);
  tocsin_subject_copy (&copy, &email);
  g_assert_cmpstr (copy.value, ==, email.value);
  g_assert_false (tocsin_subject_from_digest (&again, EMAIL, expected, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  digest[20] = 'x';
  g_assert_false (tocsin_subject_from_digest (&again, EMAIL, digest, NULL));
  digest[20] = '\0';
  g_assert_false (tocsin_subject_from_digest (&again, EMAIL, digest, NULL));
}

static const struct
{
  TocsinSubjectType type;
  const char *input;
  const char *probes; /* TYPE=VALUE, space separated, in order */
} probe_cases[] = {
  { IP, "192.0.2.77",
    "ip=192.0.2.77 network=192.0.2.77/32 network=192.0.2.0/24 network=192.0.0.0/16" },
  { IP, "2001:db8:1:2::5",
    "network=2001:db8:1:2::/64 network=2001:db8:1:2::5/128 network=2001:db8:1::/48" },
  { NETWORK, "192.0.2.0/24", "network=192.0.2.0/24 network=192.0.0.0/16" },
  { NETWORK, "192.0.2.128/25", "network=192.0.2.128/25 network=192.0.2.0/24 network=192.0.0.0/16" },
  { NETWORK, "192.0.2.77/32",
    "network=192.0.2.77/32 ip=192.0.2.77 network=192.0.2.0/24 network=192.0.0.0/16" },
  { NETWORK, "2001:db8:1::/48", "network=2001:db8:1::/48" },
  { NETWORK, "2001:db8:1:2::5/128",
    "network=2001:db8:1:2::5/128 network=2001:db8:1:2::/64 network=2001:db8:1::/48" },
  { NETWORK, "2001:db8:1:2::/64", "network=2001:db8:1:2::/64 network=2001:db8:1::/48" },
  { EMAIL, "me@a.b.example.co.uk",
    "email=me@a.b.example.co.uk domain=a.b.example.co.uk domain=b.example.co.uk "
    "domain=example.co.uk" },
  { EMAIL, "me@gmail.com", "email=me@gmail.com domain=gmail.com" },
  { DOMAIN, "a.b.example.co.uk",
    "domain=a.b.example.co.uk domain=b.example.co.uk domain=example.co.uk" },
  { DOMAIN, "example.com", "domain=example.com" },
  { USERNAME, "@Me", "username=me" },
  { ACTOR, "https://a.b.example/actor",
    "actor=https://a.b.example/actor domain=a.b.example domain=b.example" },
  { ACTOR, "http://127.0.0.1:8477/actor",
    "actor=http://127.0.0.1:8477/actor ip=127.0.0.1 network=127.0.0.1/32 network=127.0.0.0/24 "
    "network=127.0.0.0/16" },
  { ACTOR, "http://[2001:db8::1]:1/",
    "actor=http://[2001:db8::1]:1/ network=2001:db8::/64 network=2001:db8::1/128 "
    "network=2001:db8::/48" },
};

static void
test_probes (void)
{
  const TocsinNetworkLengths lengths = {
    .v4 = (G_GUINT64_CONSTANT (1) << 32) | 1 << 24 | 1 << 16,
    .v6 = { G_GUINT64_CONSTANT (1) << 48, 1, 1 }, /* /48, /64, /128 */
  };

  for (gsize i = 0; i < G_N_ELEMENTS (probe_cases); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };
      g_autoptr (GArray) probes = NULL;
      g_autoptr (GString) text = g_string_new (NULL);

      g_assert_true (
          tocsin_subject_parse (&subject, probe_cases[i].type, probe_cases[i].input, NULL));
      probes = tocsin_subject_probes (&subject, &lengths);
      for (guint p = 0; p < probes->len; p++)
        {
          const TocsinProbe *probe = &g_array_index (probes, TocsinProbe, p);
          const char *slash = strchr (probe->value, '/');

          g_string_append_printf (text, "%s%s=%s", p > 0 ? " " : "",
                                  tocsin_subject_type_to_string (probe->type), probe->value);
          g_assert_cmpint (probe->exact, ==, p == 0);
          if (probe->type == NETWORK)
            g_assert_cmpuint (probe->prefix_length, ==, g_ascii_strtoull (slash + 1, NULL, 10));
        }
      g_assert_cmpstr (text->str, ==, probe_cases[i].probes);
    }
}

/* A probe of something stored has the key under which that was stored. */
static void
test_probe_finds_report (void)
{
  g_auto (TocsinSubject) reported = { 0 };
  g_auto (TocsinSubject) checked = { 0 };
  g_autoptr (GArray) probes = NULL;
  TocsinSubjectKey key;

  g_assert_true (tocsin_subject_parse (&reported, IP, "2001:db8:1:2::5", NULL));
  g_assert_true (tocsin_subject_parse (&checked, IP, "2001:db8:1:2:ffff::1", NULL));
  key = tocsin_subject_key (&reported);
  probes = tocsin_subject_probes (&checked, NULL);
  g_assert_true (tocsin_id_equal (&g_array_index (probes, TocsinProbe, 0).key, &key));
  g_assert_cmpuint (g_array_index (probes, TocsinProbe, 0).prefix_length, ==, 64);
}

static void
test_digest_alone_probes_itself (void)
{
  const char *digest = "sha-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GArray) probes = NULL;

  g_assert_true (tocsin_subject_from_digest (&subject, EMAIL, digest, NULL));
  probes = tocsin_subject_probes (&subject, NULL);
  g_assert_cmpuint (probes->len, ==, 1);
  g_assert_null (g_array_index (probes, TocsinProbe, 0).value);
  g_assert_true (tocsin_subject_is_global (&subject));
}

static const struct
{
  TocsinSubjectType type;
  const char *input;
  gboolean global;
  gboolean shared;
  gboolean broad;
} questions[] = {
  { IP, "8.8.8.8", TRUE, FALSE, FALSE },
  { IP, "192.0.2.1", TRUE, FALSE, FALSE },
  { IP, "198.51.100.1", TRUE, FALSE, FALSE },
  { IP, "203.0.113.1", TRUE, FALSE, FALSE },
  { IP, "0.1.2.3", FALSE, FALSE, FALSE },
  { IP, "10.1.2.3", FALSE, FALSE, FALSE },
  { IP, "100.63.255.255", TRUE, FALSE, FALSE },
  { IP, "100.64.0.1", FALSE, TRUE, FALSE },
  { IP, "100.127.255.255", FALSE, TRUE, FALSE },
  { IP, "100.128.0.0", TRUE, FALSE, FALSE },
  { IP, "127.0.0.1", FALSE, FALSE, FALSE },
  { IP, "169.254.169.254", FALSE, FALSE, FALSE },
  { IP, "172.15.255.255", TRUE, FALSE, FALSE },
  { IP, "172.16.0.0", FALSE, FALSE, FALSE },
  { IP, "172.31.255.255", FALSE, FALSE, FALSE },
  { IP, "172.32.0.0", TRUE, FALSE, FALSE },
  { IP, "192.0.0.8", FALSE, FALSE, FALSE },
  { IP, "192.168.1.1", FALSE, FALSE, FALSE },
  { IP, "198.19.255.255", FALSE, FALSE, FALSE },
  { IP, "198.20.0.0", TRUE, FALSE, FALSE },
  { IP, "224.0.0.1", FALSE, FALSE, FALSE },
  { IP, "255.255.255.255", FALSE, FALSE, FALSE },
  { IP, "2001:db8::1", TRUE, FALSE, FALSE },
  { IP, "3fff::1", TRUE, FALSE, FALSE },
  { IP, "2606:4700::1", TRUE, FALSE, FALSE },
  { IP, "2001:0:1::1", FALSE, FALSE, FALSE },
  { IP, "2001:200::1", TRUE, FALSE, FALSE },
  { IP, "2002:c000:201::1", FALSE, FALSE, FALSE },
  { IP, "::1", FALSE, FALSE, FALSE },
  { IP, "64:ff9b::1.2.3.4", FALSE, FALSE, FALSE },
  { IP, "fc00::1", FALSE, FALSE, FALSE },
  { IP, "fe80::1", FALSE, FALSE, FALSE },
  { IP, "ff02::1", FALSE, FALSE, FALSE },
  { NETWORK, "8.8.8.0/24", TRUE, FALSE, FALSE },
  { NETWORK, "8.8.8.0/23", TRUE, FALSE, TRUE },
  { NETWORK, "100.0.0.0/8", FALSE, TRUE, TRUE },
  { NETWORK, "100.64.0.0/24", FALSE, TRUE, FALSE },
  { NETWORK, "10.0.0.0/24", FALSE, FALSE, FALSE },
  { NETWORK, "2001:db8::/48", TRUE, FALSE, FALSE },
  { NETWORK, "2001:db8::/47", TRUE, FALSE, TRUE },
  { NETWORK, "fd00::/48", FALSE, FALSE, FALSE },
  { DOMAIN, "a.example", TRUE, FALSE, FALSE },
  { DOMAIN, "a.local", FALSE, FALSE, FALSE },
  { DOMAIN, "abc.onion", FALSE, FALSE, FALSE },
  { DOMAIN, "gmail.com", TRUE, FALSE, TRUE },
  { DOMAIN, "www.youtube.com", TRUE, FALSE, TRUE },
  { EMAIL, "me@gmail.com", TRUE, FALSE, FALSE },
  { EMAIL, "me@a.internal", FALSE, FALSE, FALSE },
  { USERNAME, "me", TRUE, FALSE, FALSE },
  { ACTOR, "http://127.0.0.1:1/", FALSE, FALSE, FALSE },
  { ACTOR, "http://localhost/", FALSE, FALSE, FALSE },
  { ACTOR, "https://a.example/", TRUE, FALSE, FALSE },
  { URL, "http://[fe80::1]/", FALSE, FALSE, FALSE },
  { URL, "http://intranet/", FALSE, FALSE, FALSE },
  { URL, "https://github.com", TRUE, FALSE, TRUE },
  { URL, "http://medium.com/", TRUE, FALSE, TRUE },
  { URL, "https://www.github.com:443//#x", TRUE, FALSE, TRUE },
  { URL, "https://someone.github.io/", TRUE, FALSE, FALSE },
  { URL, "https://github.com/x/", TRUE, FALSE, FALSE },
  { URL, "https://github.com/?x", TRUE, FALSE, FALSE },
  { URL, "https://a.example/", TRUE, FALSE, FALSE },
};

static void
test_questions (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };

      g_test_message ("%s", questions[i].input);
      g_assert_true (tocsin_subject_parse (&subject, questions[i].type, questions[i].input, NULL));
      g_assert_cmpint (tocsin_subject_is_global (&subject), ==, questions[i].global);
      g_assert_cmpint (tocsin_subject_is_shared_address (&subject), ==, questions[i].shared);
      g_assert_cmpint (tocsin_subject_is_broad (&subject), ==, questions[i].broad);
    }
}

static void
test_connectable (void)
{
  static const guint8 documentation[] = { 192, 0, 2, 1 };
  static const guint8 ordinary[] = { 8, 8, 8, 8 };
  static const guint8 mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
  static const guint8 nat64[16] = { 0, 0x64, 0xff, 0x9b, [12] = 10, [15] = 1 };
  static const guint8 nat64_ordinary[16] = { 0, 0x64, 0xff, 0x9b, [12] = 8, [15] = 8 };
  static const guint8 v6_documentation[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

  g_assert_false (tocsin_address_is_global (documentation, 4));
  g_assert_true (tocsin_address_is_global (ordinary, 4));
  g_assert_false (tocsin_address_is_global (mapped, 16));
  g_assert_false (tocsin_address_is_global (nat64, 16));
  g_assert_true (tocsin_address_is_global (nat64_ordinary, 16));
  g_assert_false (tocsin_address_is_global (v6_documentation, 16));
}

static void
test_mastodon_email (void)
{
  static const struct
  {
    const char *input;
    const char *canonical;
  } cases[] = {
    { "Foo.Bar+baz@Example.com", "foobar@example.com" },
    { "f.oo.b.ar+hoge@gmail.com", "foobar@gmail.com" },
    { "FOO.bar@googlemail.com", "foobar@googlemail.com" },
    { "test@example.com", "test@example.com" },
    { "T.E.S.T+a+b@EXAMPLE.com", "test@example.com" },
    { "test@bücher.example", "test@bücher.example" },
    { "a.b+c@b.example", "ab@b.example" },
    { "\xc3\x84.x@\xc3\x84.example", "\xc3\xa4x@\xc3\xa4.example" },
    { "\xc4\xb0@a.example", "i\xcc\x87@a.example" },
    { "\xce\x91\xce\xa3@a.example", "\xce\xb1\xcf\x83@a.example" },
    { "+x@a.example", NULL },
    { "...@a.example", NULL },
    { "\xff@a.example", NULL },
    { "x@\xff.example", NULL },
    { "x y@a.example", NULL },
    { "x", NULL },
  };
  g_autofree char *hash = tocsin_subject_mastodon_email_hash ("Foo.Bar+baz@Example.com", NULL);
  g_autofree char *sum =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, "foobar@example.com", -1);

  g_assert_cmpstr (hash, ==, sum);
  /* What sha256sum says. */
  g_free (hash);
  hash = tocsin_subject_mastodon_email_hash ("test@example.com", NULL);
  g_assert_cmpstr (hash, ==, "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b");
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *canonical = tocsin_subject_mastodon_email (cases[i].input, &error);

      g_assert_cmpstr (canonical, ==, cases[i].canonical);
      if (canonical == NULL)
        {
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
          g_assert_null (tocsin_subject_mastodon_email_hash (cases[i].input, NULL));
        }
    }
}

/* Mastodon's form is made of what was written, which the canonical form does not tell. */
static void
test_written_email (void)
{
  static const struct
  {
    TocsinSubjectType type;
    const char *input;
    const char *written;
  } cases[] = {
    { EMAIL, "jdoe@gmail.com", NULL },
    { EMAIL, "j.doe+x@googlemail.com", "j.doe+x@googlemail.com" },
    { EMAIL, "me@bücher.example", "me@bücher.example" },
    { DOMAIN, "A.example", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };
      g_auto (TocsinSubject) copy = { 0 };

      g_assert_true (tocsin_subject_parse (&subject, cases[i].type, cases[i].input, NULL));
      g_assert_cmpstr (subject.written, ==, cases[i].written);
      tocsin_subject_copy (&copy, &subject);
      g_assert_cmpstr (copy.written, ==, cases[i].written);
    }
}

static void
test_acct (void)
{
  static const struct
  {
    const char *input;
    const char *user; /* NULL: none */
    const char *host;
  } cases[] = {
    { "acct:Me@A.example", "Me", "a.example" },
    { "@me@a.example", "me", "a.example" },
    { "me@a.example", "me", "a.example" },
    { "acct:tocsin@127.0.0.1:8477", "tocsin", "127.0.0.1:8477" },
    { "me@a.example:443", "me", "a.example" },
    { "me@bücher.example", "me", "xn--bcher-kva.example" },
    { "@me", NULL, NULL },
    { "a.example", NULL, NULL },
    { "@@a.example", NULL, NULL },
    { "me@", NULL, NULL },
    { "me@a@a.example", NULL, NULL },
    { "me@a.example/x", NULL, NULL },
    { "me@a.example?x", NULL, NULL },
    { "https://a.example/@me@b.example", NULL, NULL },
    { "m e@a.example", NULL, NULL },
    { "m\x7f@a.example", NULL, NULL },
    { "m:e@a.example", NULL, NULL },
    { "m#e@a.example", NULL, NULL },
    { "m\xff@a.example", NULL, NULL },
    { "me@a_b.example", NULL, NULL },
    { "me@a.example:0", NULL, NULL },
    { "", NULL, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *user = NULL;
      g_autofree char *host = NULL;

      g_test_message ("%s", cases[i].input);
      g_assert_cmpint (tocsin_subject_parse_acct (cases[i].input, &user, &host), ==,
                       cases[i].user != NULL);
      g_assert_cmpstr (user, ==, cases[i].user);
      g_assert_cmpstr (host, ==, cases[i].host);
    }
}

static void
test_long_acct (void)
{
  for (gsize more = 0; more <= 1; more++)
    {
      g_autofree char *name = g_strnfill (256 + more, 'm');
      g_autofree char *acct = g_strconcat ("acct:", name, "@a.example", NULL);
      g_autofree char *user = NULL;
      g_autofree char *host = NULL;

      g_assert_cmpint (tocsin_subject_parse_acct (acct, &user, &host), ==, more == 0);
      g_assert_cmpstr (user, ==, more == 0 ? name : NULL);
    }
}

/* Known by its digest alone, a subject is of no special kind, whatever its type. */
static void
test_digest_alone_is_nothing_special (void)
{
  const char *digest = "sha-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  for (guint i = IP; i <= ACTOR; i++)
    {
      g_auto (TocsinSubject) subject = { 0 };

      g_assert_true (tocsin_subject_from_digest (&subject, (TocsinSubjectType) i, digest, NULL));
      g_assert_true (tocsin_subject_is_global (&subject));
      g_assert_false (tocsin_subject_is_shared_address (&subject));
      g_assert_false (tocsin_subject_is_public_suffix (&subject));
      g_assert_false (tocsin_subject_is_broad (&subject));
    }
}

static void
test_first_page_by_digest (void)
{
  static const struct
  {
    const char *url;
    gboolean broad;
  } cases[] = {
    { "https://youtube.com/", TRUE },       { "http://www.youtube.com/", TRUE },
    { "https://github.io/", TRUE },         { "https://m.github.io/", FALSE },
    { "https://youtube.com/watch", FALSE }, { "https://a.example/", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };

      g_assert_true (tocsin_subject_parse (&subject, URL, cases[i].url, NULL));
      g_clear_pointer (&subject.value, g_free);
      g_assert_cmpint (tocsin_subject_is_broad (&subject), ==, cases[i].broad);
    }
}

static void
test_types (void)
{
  for (guint i = IP; i <= ACTOR; i++)
    {
      TocsinSubjectType type = (TocsinSubjectType) i;
      gboolean person = type != NETWORK && type != DOMAIN;

      g_assert_cmpint (tocsin_subject_type_from_string (tocsin_subject_type_to_string (type)), ==,
                       type);
      g_assert_cmpint (tocsin_subject_type_is_person (type), ==, person);
      g_assert_cmpint (tocsin_subject_type_is_digested (type), ==,
                       type == EMAIL || type == USERNAME);
    }
  g_assert_cmpint (tocsin_subject_type_from_string ("IP"), ==, TOCSIN_SUBJECT_NONE);
  g_assert_null (tocsin_subject_type_to_string (TOCSIN_SUBJECT_NONE));
  g_assert_null (tocsin_subject_type_to_string ((TocsinSubjectType) 8));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/subject/canonical-forms", test_canonical_forms);
  g_test_add_func ("/subject/too-large", test_too_large);
  g_test_add_func ("/subject/too-large-when-folded", test_too_large_when_folded);
  g_test_add_func ("/subject/reasons", test_reasons);
  g_test_add_func ("/subject/no-type", test_no_type);
  g_test_add_func ("/subject/public-suffix", test_public_suffix_is_held_not_refused);
  g_test_add_func ("/subject/digest", test_digest);
  g_test_add_func ("/subject/probes", test_probes);
  g_test_add_func ("/subject/probe-finds-report", test_probe_finds_report);
  g_test_add_func ("/subject/digest-alone", test_digest_alone_probes_itself);
  g_test_add_func ("/subject/questions", test_questions);
  g_test_add_func ("/subject/connectable", test_connectable);
  g_test_add_func ("/subject/mastodon-email", test_mastodon_email);
  g_test_add_func ("/subject/written-email", test_written_email);
  g_test_add_func ("/subject/acct", test_acct);
  g_test_add_func ("/subject/long-acct", test_long_acct);
  g_test_add_func ("/subject/digest-is-nothing-special", test_digest_alone_is_nothing_special);
  g_test_add_func ("/subject/first-page-by-digest", test_first_page_by_digest);
  g_test_add_func ("/subject/types", test_types);
  return g_test_run ();
}
