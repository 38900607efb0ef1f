/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/network-list.h"

static const char *const networks[] = {
  "198.51.100.128/25",      "2001:db8:99::/48", "192.0.2.200",  "2001:db8::1",
  "::ffff:203.0.113.0/120", "no network",       "192.0.2.0/33", NULL
};

static const struct
{
  TocsinSubjectType type;
  const char *value;
  gboolean held;
} vectors[] = {
  { TOCSIN_SUBJECT_IP, "198.51.100.128", TRUE },
  { TOCSIN_SUBJECT_IP, "198.51.100.255", TRUE },
  { TOCSIN_SUBJECT_IP, "198.51.100.127", FALSE },
  { TOCSIN_SUBJECT_IP, "::ffff:198.51.100.200", TRUE },
  { TOCSIN_SUBJECT_IP, "192.0.2.200", TRUE },
  { TOCSIN_SUBJECT_IP, "192.0.2.201", FALSE },
  { TOCSIN_SUBJECT_IP, "2001:db8:99:ffff::1", TRUE },
  { TOCSIN_SUBJECT_IP, "2001:db8:98::1", FALSE },
  { TOCSIN_SUBJECT_IP, "2001:db8::1", TRUE },
  { TOCSIN_SUBJECT_IP, "2001:db8::2", FALSE },
  { TOCSIN_SUBJECT_NETWORK, "198.51.100.128/25", TRUE },
  { TOCSIN_SUBJECT_NETWORK, "198.51.100.192/26", TRUE },
  { TOCSIN_SUBJECT_NETWORK, "198.51.100.0/24", FALSE },
  { TOCSIN_SUBJECT_NETWORK, "2001:db8:99:1::/64", TRUE },
  { TOCSIN_SUBJECT_IP, "203.0.113.255", TRUE }, /* listed as IPv4 within IPv6 */
  { TOCSIN_SUBJECT_IP, "203.0.114.0", FALSE },
  { TOCSIN_SUBJECT_IP, "192.0.2.1", FALSE },
  { TOCSIN_SUBJECT_DOMAIN, "a.example", FALSE },
};

static void
test_holds (void)
{
  g_autoptr (TocsinNetworkList) list = tocsin_network_list_new (networks);
  g_autoptr (TocsinNetworkList) empty = tocsin_network_list_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (TocsinSubject) subject = { 0 };
      g_autoptr (GError) error = NULL;

      tocsin_subject_parse (&subject, vectors[i].type, vectors[i].value, &error);
      g_assert_no_error (error);
      g_test_message ("%s", vectors[i].value);
      g_assert_cmpint (tocsin_network_list_holds (list, &subject), ==, vectors[i].held);
      g_assert_false (tocsin_network_list_holds (empty, &subject));
    }
}

/* Known by its digest alone, a subject lies nowhere. */
static void
test_without_value (void)
{
  g_autoptr (TocsinNetworkList) list = tocsin_network_list_new (networks);
  const TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP, .key_type = TOCSIN_SUBJECT_IP };

  g_assert_false (tocsin_network_list_holds (list, &subject));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/network-list/holds", test_holds);
  g_test_add_func ("/network-list/without-value", test_without_value);
  return g_test_run ();
}
