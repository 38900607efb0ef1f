/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/error.h"
#include "fed/address-guard.h"

static const struct
{
  const char *address;
  gboolean allowed;
} vectors[] = {
  { "0.0.0.0", FALSE },
  { "0.255.255.255", FALSE },
  { "1.1.1.1", TRUE },
  { "9.255.255.255", TRUE },
  { "10.0.0.0", FALSE },
  { "10.255.255.255", FALSE },
  { "11.0.0.0", TRUE },
  { "100.63.255.255", TRUE },
  { "100.64.0.0", FALSE },
  { "100.127.255.255", FALSE },
  { "100.128.0.0", TRUE },
  { "126.255.255.255", TRUE },
  { "127.0.0.1", FALSE },
  { "127.255.255.255", FALSE },
  { "128.0.0.0", TRUE },
  { "169.253.255.255", TRUE },
  { "169.254.169.254", FALSE },
  { "169.255.0.0", TRUE },
  { "172.15.255.255", TRUE },
  { "172.16.0.0", FALSE },
  { "172.31.255.255", FALSE },
  { "172.32.0.0", TRUE },
  { "192.0.0.9", FALSE },
  { "192.0.1.0", TRUE },
  { "192.0.2.1", FALSE },
  { "192.88.99.1", FALSE },
  { "192.167.255.255", TRUE },
  { "192.168.1.1", FALSE },
  { "192.169.0.0", TRUE },
  { "198.17.255.255", TRUE },
  { "198.18.0.1", FALSE },
  { "198.19.255.255", FALSE },
  { "198.20.0.0", TRUE },
  { "198.51.100.7", FALSE },
  { "203.0.113.7", FALSE },
  { "223.255.255.255", TRUE },
  { "224.0.0.1", FALSE },
  { "239.255.255.255", FALSE },
  { "240.0.0.1", FALSE },
  { "255.255.255.255", FALSE },
  { "::", FALSE },
  { "::1", FALSE },
  { "::7f00:1", FALSE },                /* v4-compatible 127.0.0.1 */
  { "::808:808", FALSE },               /* v4-compatible 8.8.8.8 */
  { "::ffff:127.0.0.1", FALSE },        /* v4-mapped */
  { "::ffff:8.8.8.8", FALSE },          /* v4-mapped, never what a resolver gives */
  { "::ffff:0:10.0.0.1", FALSE },       /* v4-translated, RFC 2765 */
  { "64:ff9b::7f00:1", FALSE },         /* NAT64 of 127.0.0.1 */
  { "64:ff9b::a9fe:a9fe", FALSE },      /* NAT64 of 169.254.169.254 */
  { "64:ff9b::808:808", TRUE },         /* NAT64 of 8.8.8.8 */
  { "64:ff9b:1::808:808", FALSE },      /* local NAT64, RFC 8215 */
  { "64:ff9b:0:0:0:1:808:808", FALSE }, /* beside the /96 */
  { "100::1", FALSE },                  /* discard, RFC 6666 */
  { "100:0:0:1::1", FALSE },            /* dummy prefix, RFC 9780 */
  { "1fff:ffff::1", FALSE },
  { "2000::1", TRUE },
  { "2001::1", FALSE },                  /* Teredo */
  { "2001:0:7f00:1::80ff:fffe", FALSE }, /* Teredo with embedded loopback */
  { "2001:2::1", FALSE },                /* benchmarks */
  { "2001:20::1", FALSE },               /* ORCHIDv2 */
  { "2001:1ff:ffff::1", FALSE },
  { "2001:200::1", TRUE },
  { "2001:db7:ffff::1", TRUE },
  { "2001:db8::1", FALSE },
  { "2001:db9::1", TRUE },
  { "2002:7f00:1::1", FALSE }, /* 6to4 with embedded loopback */
  { "2002:808:808::1", FALSE },
  { "2003::1", TRUE },
  { "2606:4700:4700::1111", TRUE },
  { "3ffe:ffff::1", TRUE },
  { "3fff::1", FALSE },
  { "3fff:fff:ffff::1", FALSE },
  { "3fff:1000::1", TRUE },
  { "4000::1", FALSE },
  { "5f00::1", FALSE }, /* SRv6 SIDs, RFC 9602 */
  { "fc00::1", FALSE },
  { "fd12:3456::1", FALSE },
  { "fe80::1", FALSE },
  { "fec0::1", FALSE }, /* site-local */
  { "ff02::1", FALSE },
};

static gboolean
allows (const TocsinAddressGuard *guard, const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  g_assert_nonnull (address);
  return tocsin_address_guard_allows (guard, address);
}

static void
test_registries (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (NULL, &error);

  g_assert_no_error (error);
  g_assert_false (tocsin_address_guard_is_relaxed (guard));
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_test_message ("%s", vectors[i].address);
      g_assert_cmpint (allows (guard, vectors[i].address), ==, vectors[i].allowed);
    }
}

static void
test_allow_list_opens_what_it_names (void)
{
  const char *const allow[] = { "127.0.0.1", "10.1.0.0/16", "fd00:1::/32", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);
  g_autoptr (GInetAddress) named = g_inet_address_new_from_string ("10.1.2.3");
  g_autoptr (GInetAddress) global = g_inet_address_new_from_string ("1.1.1.1");

  g_assert_no_error (error);
  g_assert_true (tocsin_address_guard_is_relaxed (guard));
  g_assert_true (allows (guard, "127.0.0.1"));
  g_assert_false (allows (guard, "127.0.0.2"));
  g_assert_false (allows (guard, "::ffff:127.0.0.1"));
  g_assert_true (allows (guard, "10.1.255.255"));
  g_assert_false (allows (guard, "10.2.0.0"));
  g_assert_true (allows (guard, "fd00:1:ffff::1"));
  g_assert_false (allows (guard, "fd00:2::1"));
  g_assert_true (allows (guard, "1.1.1.1"));
  g_assert_true (tocsin_address_guard_names (guard, named));
  g_assert_false (tocsin_address_guard_names (guard, global));
}

static void
test_bad_allow_list (void)
{
  const char *const bad[] = { "",      "localhost", "127.0.0.1/33", "10.0.0.1/8",
                              "127.1", "::1/129",   "127.0.0.1/",   "127.0.0.1,::1" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      const char *const allow[] = { "127.0.0.1", bad[i], NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);

      g_test_message ("“%s”", bad[i]);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_null (guard);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address-guard/registries", test_registries);
  g_test_add_func ("/address-guard/allow-list", test_allow_list_opens_what_it_names);
  g_test_add_func ("/address-guard/bad-allow-list", test_bad_allow_list);
  return g_test_run ();
}
