/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: naming an address allows that address; naming anything takes no permission away; a
 * mapped IPv4 address is never allowed unless it is named.
 */
#include "core/error.h"
#include "fed/address-guard.h"
#include "fuzz/fuzz.h"

#include <string.h>

static void
check_mapped (const TocsinAddressGuard *guard, GInetAddress *v4)
{
  guint8 bytes[16] = { [10] = 0xff, [11] = 0xff };
  g_autoptr (GInetAddress) mapped = NULL;

  memcpy (bytes + 12, g_inet_address_to_bytes (v4), 4);
  mapped = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
  g_assert_false (tocsin_address_guard_allows (guard, mapped));
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  const char *const allow[] = { text, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) plain = tocsin_address_guard_new (NULL, NULL);
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

  g_assert_true ((guard == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID));
  if (address == NULL)
    return;
  if (guard != NULL)
    {
      g_assert_true (tocsin_address_guard_allows (guard, address));
      g_assert_true (tocsin_address_guard_names (guard, address));
    }
  g_assert_false (tocsin_address_guard_names (plain, address));
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    check_mapped (plain, address);
  if (tocsin_address_guard_allows (plain, address))
    {
      g_assert_false (g_inet_address_get_is_loopback (address));
      g_assert_false (g_inet_address_get_is_any (address));
      g_assert_false (g_inet_address_get_is_link_local (address));
      g_assert_false (g_inet_address_get_is_site_local (address));
      g_assert_false (g_inet_address_get_is_multicast (address));
    }
}
