/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/address-guard.h"

#include "core/error.h"

#include <string.h>

struct _TocsinAddressGuard
{
  GPtrArray *allowed; /* (owned) (element-type GInetAddressMask) named by the operator */
  GPtrArray *special; /* (owned) (element-type GInetAddressMask) never connected to otherwise */
  GInetAddressMask *unicast; /* (owned) outside of it no IPv6 address is global */
  GInetAddressMask *nat64;   /* (owned) */
};

/* The special-purpose registries of RFC 6890 as of 2025-10, with multicast and what is reserved.
 * A few blocks inside 192.0.0.0/24 and 2001::/23 are global in the registry; they are anycast
 * services (PCP, TURN, AS112, ORCHID) at which no peer lives, so the whole block is refused.
 * So are 6to4 and Teredo (inside 2001::/23), which embed an IPv4 address and are retired.
 */
static const char *const special_ranges[] = {
  "0.0.0.0/8",       /* this network, RFC 791; 0.0.0.0 reaches the local host */
  "10.0.0.0/8",      /* private, RFC 1918 */
  "100.64.0.0/10",   /* shared by carriers, RFC 6598 */
  "127.0.0.0/8",     /* loopback, RFC 1122 */
  "169.254.0.0/16",  /* link-local, RFC 3927; clouds serve credentials here */
  "172.16.0.0/12",   /* private, RFC 1918 */
  "192.0.0.0/24",    /* protocol assignments, RFC 6890 */
  "192.0.2.0/24",    /* documentation, RFC 5737 */
  "192.88.99.0/24",  /* 6to4 relays, RFC 7526 */
  "192.168.0.0/16",  /* private, RFC 1918 */
  "198.18.0.0/15",   /* benchmarks, RFC 2544 */
  "198.51.100.0/24", /* documentation, RFC 5737 */
  "203.0.113.0/24",  /* documentation, RFC 5737 */
  "224.0.0.0/4",     /* multicast, RFC 5771 */
  "240.0.0.0/4",     /* reserved, RFC 1112, and broadcast, RFC 919 */
  "2001::/23",       /* protocol assignments with Teredo, benchmarks and ORCHID, RFC 2928 */
  "2001:db8::/32",   /* documentation, RFC 3849 */
  "2002::/16",       /* 6to4, RFC 3056 */
  "3fff::/20",       /* documentation, RFC 9637 */
};

static GInetAddressMask *
constant_mask (const char *text)
{
  g_autoptr (GError) error = NULL;
  GInetAddressMask *mask = g_inet_address_mask_new_from_string (text, &error);

  g_assert_no_error (error);
  return mask;
}

GInetAddressMask *
tocsin_address_mask_parse (const char *text)
{
  const char *slash = strchr (text, '/');

  if (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, 128, NULL, NULL))
    return NULL;
  return g_inet_address_mask_new_from_string (text, NULL);
}

static gboolean
any_matches (const GPtrArray *masks, GInetAddress *address)
{
  for (guint i = 0; i < masks->len; i++)
    if (g_inet_address_mask_matches (g_ptr_array_index (masks, i), address))
      return TRUE;
  return FALSE;
}

static gboolean
is_global (const TocsinAddressGuard *self, GInetAddress *address)
{
  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return !any_matches (self->special, address);
  if (g_inet_address_mask_matches (self->nat64, address))
    {
      /* RFC 6052, section 2.2: with a /96 prefix the IPv4 address is the last 32 bits. */
      g_autoptr (GInetAddress) v4 = g_inet_address_new_from_bytes (
          g_inet_address_to_bytes (address) + 12, G_SOCKET_FAMILY_IPV4);

      return !any_matches (self->special, v4);
    }
  /* Outside 2000::/3 lie, among others, loopback, unspecified, v4-mapped, v4-compatible,
   * 64:ff9b:1::/48, discard, SRv6, unique local, link-local, site-local and multicast. */
  return g_inet_address_mask_matches (self->unicast, address) &&
         !any_matches (self->special, address);
}

static void
guard_clear (gpointer data)
{
  TocsinAddressGuard *self = data;

  g_ptr_array_unref (self->allowed);
  g_ptr_array_unref (self->special);
  g_object_unref (self->unicast);
  g_object_unref (self->nat64);
}

/**
 * tocsin_address_guard_new:
 * @allow: (nullable) (array zero-terminated=1): addresses, or networks in CIDR notation, that are
 *   allowed although they are not global
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the guard; give it back with
 *   tocsin_address_guard_unref(). On error, %NULL, and @error is %TOCSIN_ERROR_INVALID.
 */
TocsinAddressGuard *
tocsin_address_guard_new (const char *const *allow, GError **error)
{
  g_autoptr (TocsinAddressGuard) self = g_atomic_rc_box_new0 (TocsinAddressGuard);

  self->allowed = g_ptr_array_new_with_free_func (g_object_unref);
  self->special = g_ptr_array_new_with_free_func (g_object_unref);
  self->unicast = constant_mask ("2000::/3");
  self->nat64 = constant_mask ("64:ff9b::/96");
  for (gsize i = 0; i < G_N_ELEMENTS (special_ranges); i++)
    g_ptr_array_add (self->special, constant_mask (special_ranges[i]));
  for (gsize i = 0; allow != NULL && allow[i] != NULL; i++)
    {
      GInetAddressMask *mask = tocsin_address_mask_parse (allow[i]);

      if (mask == NULL)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "“%.64s” is neither an IP address nor a network such as 192.168.0.0/16",
                       allow[i]);
          return NULL;
        }
      g_ptr_array_add (self->allowed, mask);
    }
  return g_steal_pointer (&self);
}

TocsinAddressGuard *
tocsin_address_guard_ref (TocsinAddressGuard *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
tocsin_address_guard_unref (TocsinAddressGuard *self)
{
  g_atomic_rc_box_release_full (self, guard_clear);
}

/**
 * tocsin_address_guard_allows:
 * @self: the guard
 * @address: the address about to be connected to, after resolution
 *
 * Returns: whether @address is global in the sense of
 *   [RFC 6890](https://www.rfc-editor.org/rfc/rfc6890), or was named by the operator
 */
gboolean
tocsin_address_guard_allows (const TocsinAddressGuard *self, GInetAddress *address)
{
  return any_matches (self->allowed, address) || is_global (self, address);
}

/**
 * tocsin_address_guard_names:
 * @self: the guard
 * @address: an address
 *
 * Returns: whether the operator named @address, so that it may be spoken to without TLS
 */
gboolean
tocsin_address_guard_names (const TocsinAddressGuard *self, GInetAddress *address)
{
  return any_matches (self->allowed, address);
}

/**
 * tocsin_address_guard_is_relaxed:
 * @self: the guard
 *
 * Returns: whether the operator named any address; `http` URLs are taken only then
 */
gboolean
tocsin_address_guard_is_relaxed (const TocsinAddressGuard *self)
{
  return self->allowed->len > 0;
}
