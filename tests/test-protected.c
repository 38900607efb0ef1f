/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed/protected.h"

#include "own-network.h"
#include "skips.h"

static gboolean have_network;

static gboolean
concerns (const TocsinProtected *self, TocsinSubjectType type, const char *value)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_subject_parse (&subject, type, value, &error));
  g_assert_no_error (error);
  return tocsin_protected_concerns (self, &subject);
}

/* As it comes over the wire: the digest is all there is, and of what it is said to be. */
static gboolean
concerns_claimed (const TocsinProtected *self,
                  TocsinSubjectType claimed,
                  TocsinSubjectType type,
                  const char *value)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinSubject) hidden = { 0 };
  g_autofree char *digest = NULL;

  g_assert_true (tocsin_subject_parse (&subject, type, value, NULL));
  digest = tocsin_subject_digest_string (&subject);
  g_assert_true (tocsin_subject_from_digest (&hidden, claimed, digest, NULL));
  return tocsin_protected_concerns (self, &hidden);
}

static gboolean
concerns_hidden (const TocsinProtected *self, TocsinSubjectType type, const char *value)
{
  return concerns_claimed (self, type, type, value);
}

static const struct
{
  TocsinSubjectType type;
  const char *value;
  gboolean expected;
} vectors[] = {
  { TOCSIN_SUBJECT_DOMAIN, "node.b.example", TRUE },
  { TOCSIN_SUBJECT_DOMAIN, "b.example", TRUE },
  { TOCSIN_SUBJECT_DOMAIN, "x.node.b.example", FALSE },
  { TOCSIN_SUBJECT_DOMAIN, "ode.b.example", FALSE },
  { TOCSIN_SUBJECT_URL, "http://node.b.example/bad", TRUE },
  { TOCSIN_SUBJECT_URL, "https://b.example:444/", TRUE },
  { TOCSIN_SUBJECT_URL, "https://c.example/", FALSE },
  { TOCSIN_SUBJECT_ACTOR, "https://node.b.example/users/x", TRUE },
  { TOCSIN_SUBJECT_ACTOR, "https://node.b.example:444/users/x", FALSE },
  { TOCSIN_SUBJECT_ACTOR, "https://b.example/users/x", FALSE },
  { TOCSIN_SUBJECT_IP, "9.0.0.7", TRUE },
  { TOCSIN_SUBJECT_IP, "9.0.0.8", FALSE },
  { TOCSIN_SUBJECT_IP, "9.1.0.1", TRUE },
  { TOCSIN_SUBJECT_IP, "2620:fe:0:1::99", TRUE },
  { TOCSIN_SUBJECT_IP, "2620:fe:0:2::1", FALSE },
  { TOCSIN_SUBJECT_NETWORK, "9.0.0.0/24", TRUE },
  { TOCSIN_SUBJECT_NETWORK, "9.0.0.8/29", FALSE },
  { TOCSIN_SUBJECT_NETWORK, "2620:fe::/48", TRUE },
  { TOCSIN_SUBJECT_NETWORK, "2620:fe:1::/48", FALSE },
  { TOCSIN_SUBJECT_EMAIL, "x@node.b.example", FALSE },
};

static void
test_vectors (void)
{
  g_autoptr (TocsinProtected) self = tocsin_protected_new ();
  g_autoptr (GInetAddress) v6 = g_inet_address_new_from_string ("2620:fe:0:1::1");

  tocsin_protected_add_host (self, "https://node.b.example/actor");
  tocsin_protected_add_host (self, "https://9.0.0.7/actor");
  tocsin_protected_add_host (self, "https://9.1.0.1:8443/actor");
  tocsin_protected_add_address (self, v6);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_test_message ("%s", vectors[i].value);
      g_assert_cmpint (concerns (self, vectors[i].type, vectors[i].value), ==, vectors[i].expected);
    }
}

/* A digest hides which page it is, but not that it is the one above all. */
static void
test_hidden (void)
{
  g_autoptr (TocsinProtected) self = tocsin_protected_new ();

  tocsin_protected_add_host (self, "https://node.b.example/actor");
  g_assert_true (concerns_hidden (self, TOCSIN_SUBJECT_URL, "https://node.b.example/"));
  g_assert_true (concerns_hidden (self, TOCSIN_SUBJECT_URL, "http://b.example/"));
  g_assert_false (concerns_hidden (self, TOCSIN_SUBJECT_URL, "https://node.b.example/page"));
  g_assert_false (concerns_hidden (self, TOCSIN_SUBJECT_URL, "https://c.example/"));
  g_assert_false (concerns_hidden (self, TOCSIN_SUBJECT_USERNAME, "node.b.example"));
}

/* What is protected is not to be hidden behind another type, either. */
static void
test_claimed (void)
{
  static const struct
  {
    TocsinSubjectType type;
    const char *value;
    gboolean expected;
  } cases[] = {
    { TOCSIN_SUBJECT_DOMAIN, "node.b.example", TRUE },
    { TOCSIN_SUBJECT_DOMAIN, "b.example", TRUE },
    { TOCSIN_SUBJECT_DOMAIN, "x.node.b.example", FALSE },
    { TOCSIN_SUBJECT_URL, "https://node.b.example/", TRUE },
    { TOCSIN_SUBJECT_ACTOR, "https://node.b.example/actor", TRUE },
    { TOCSIN_SUBJECT_ACTOR, "https://c.example/actor", FALSE },
    { TOCSIN_SUBJECT_IP, "9.0.0.7", TRUE },
    { TOCSIN_SUBJECT_IP, "9.0.0.8", FALSE },
    { TOCSIN_SUBJECT_IP, "2620:fe:0:1::99", TRUE },
    { TOCSIN_SUBJECT_NETWORK, "2620:fe:0:1::/64", TRUE },
    { TOCSIN_SUBJECT_EMAIL, "x@node.b.example", FALSE },
  };
  static const TocsinSubjectType claims[] = { TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_USERNAME,
                                              TOCSIN_SUBJECT_URL };
  g_autoptr (TocsinProtected) self = tocsin_protected_new ();
  g_autoptr (GInetAddress) v6 = g_inet_address_new_from_string ("2620:fe:0:1::1");

  tocsin_protected_add_host (self, "https://node.b.example/actor");
  tocsin_protected_add_host (self, "https://9.0.0.7/actor");
  tocsin_protected_add_address (self, v6);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize c = 0; c < G_N_ELEMENTS (claims); c++)
      {
        g_test_message ("%s", cases[i].value);
        g_assert_cmpint (concerns_claimed (self, claims[c], cases[i].type, cases[i].value), ==,
                         cases[i].expected);
      }
}

static void
test_nothing (void)
{
  g_autoptr (TocsinProtected) self = tocsin_protected_new ();

  tocsin_protected_add_host (self, "no URI");
  g_assert_false (concerns (self, TOCSIN_SUBJECT_IP, "9.0.0.7"));
  g_assert_false (concerns (self, TOCSIN_SUBJECT_DOMAIN, "b.example"));
}

/* Those of the documentation, which are ordinary ones elsewhere, are nobody's. */
static void
test_interfaces (void)
{
  g_autoptr (TocsinProtected) self = tocsin_protected_new ();

  if (!have_network)
    {
      skip_test ("no network of its own may be made here");
      return;
    }
  tocsin_protected_add_interfaces (self);
  g_assert_true (concerns (self, TOCSIN_SUBJECT_IP, "9.0.0.7"));
  g_assert_true (concerns (self, TOCSIN_SUBJECT_NETWORK, "2620:fe:0:1::/64"));
  g_assert_false (concerns (self, TOCSIN_SUBJECT_IP, "9.0.0.8"));
  g_assert_false (concerns (self, TOCSIN_SUBJECT_IP, "127.0.0.1"));
  g_assert_false (concerns (self, TOCSIN_SUBJECT_IP, "2001:db8:1::1"));
}

int
main (int argc, char *argv[])
{
  have_network = own_network_enter () && own_network_add_v4 ("9.0.0.7") &&
                 own_network_add_v6 ("2620:fe:0:1::1") && own_network_add_v6 ("2001:db8:1::1");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/protected/vectors", test_vectors);
  g_test_add_func ("/protected/hidden", test_hidden);
  g_test_add_func ("/protected/claimed", test_claimed);
  g_test_add_func ("/protected/nothing", test_nothing);
  g_test_add_func ("/protected/interfaces", test_interfaces);
  return g_test_run ();
}
