/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is an address or a network that is named. Properties: exactly what lies within it is
 * named, whatever family its spelling has; what is named is allowed, and every other address is so
 * exactly if it was before; and of those no address of a table of what is not global is allowed,
 * nor one that has such an address in it.
 */
#include "core/error.h"
#include "fed/address-guard.h"
#include "fuzz/fuzz.h"

#include <string.h>

typedef struct
{
  guint8 bytes[16];
  guint length;
} Block;

/* ::/0 without what is global unicast, and what is special in that: the registries that RFC 6890
 * began. Of two addresses of the same bytes here one may be an IPv4 address, which is mapped. */
static const Block special[] = {
  { { 0x00 }, 3 },              /* among others ::, ::1 and ::ffff:0:0/96 */
  { { 0x40 }, 2 },              /* 4000::/2 */
  { { 0x80 }, 1 },              /* among others fc00::/7, fe80::/10, fec0::/10 and ff00::/8 */
  { { 0x20, 0x01, 0x00 }, 23 }, /* 2001::/23 */
  { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
  { { 0x20, 0x02 }, 16 },
  { { 0x3f, 0xff, 0x00 }, 20 },
};

#define V4_ANY(a, b, c, length)                                                                    \
  {                                                                                                \
    { [10] = 0xff, 0xff, a, b, c }, 96 + (length)                                                  \
  }

static const Block special_v4[] = {
  V4_ANY (0, 0, 0, 8),      V4_ANY (10, 0, 0, 8),     V4_ANY (100, 64, 0, 10),
  V4_ANY (127, 0, 0, 8),    V4_ANY (169, 254, 0, 16), V4_ANY (172, 16, 0, 12),
  V4_ANY (192, 0, 0, 24),   V4_ANY (192, 0, 2, 24),   V4_ANY (192, 88, 99, 24),
  V4_ANY (192, 168, 0, 16), V4_ANY (198, 18, 0, 15),  V4_ANY (198, 51, 100, 24),
  V4_ANY (203, 0, 113, 24), V4_ANY (224, 0, 0, 3),
};

/* At both ends of blocks, and of each kind. */
static const char *const probes[] = {
  "0.0.0.0",
  "1.1.1.1",
  "9.255.255.255",
  "10.0.0.1",
  "11.0.0.0",
  "100.63.255.255",
  "100.64.0.1",
  "100.127.255.255",
  "100.128.0.0",
  "127.0.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.32.0.0",
  "192.0.2.1",
  "192.88.99.1",
  "192.168.0.1",
  "198.18.0.1",
  "203.0.113.7",
  "223.255.255.255",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::7f00:1",
  "::ffff:127.0.0.1",
  "::ffff:1.1.1.1",
  "::ffff:10.0.0.1",
  "64:ff9b::1.1.1.1",
  "64:ff9b::10.0.0.1",
  "64:ff9b::169.254.169.254",
  "64:ff9b:1::1.1.1.1",
  "100::1",
  "2000::1",
  "2001::1",
  "2001:200::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2606:4700::1111",
  "3fff::1",
  "3fff:1000::",
  "4000::1",
  "5f00::1",
  "fc00::1",
  "fdff::1",
  "fe80::1",
  "fec0::1",
  "ff02::1",
};

/* ---- the table ---- */

/* An IPv4 address as a mapped one. */
static void
to_bytes (GInetAddress *address, guint8 out[16])
{
  static const guint8 mapped[12] = { [10] = 0xff, 0xff };

  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    {
      memcpy (out, g_inet_address_to_bytes (address), 16);
      return;
    }
  memcpy (out, mapped, sizeof mapped);
  memcpy (out + 12, g_inet_address_to_bytes (address), 4);
}

static gboolean
is_within (const guint8 bytes[16], const guint8 block[16], guint length)
{
  guint whole = length / 8, rest = length % 8;

  return memcmp (bytes, block, whole) == 0 &&
         (rest == 0 || ((bytes[whole] ^ block[whole]) >> (8 - rest)) == 0);
}

static gboolean
is_within_any (const guint8 bytes[16], const Block *blocks, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (is_within (bytes, blocks[i].bytes, blocks[i].length))
      return TRUE;
  return FALSE;
}

static gboolean
is_global (GInetAddress *address)
{
  static const guint8 nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
  static const guint8 mapped[12] = { [10] = 0xff, 0xff };
  guint8 bytes[16];

  to_bytes (address, bytes);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    {
      if (memcmp (bytes, nat64, sizeof nat64) != 0)
        return !is_within_any (bytes, special, G_N_ELEMENTS (special));
      memcpy (bytes, mapped, sizeof mapped);
    }
  return !is_within_any (bytes, special_v4, G_N_ELEMENTS (special_v4));
}

/* ---- what is named ---- */

typedef struct
{
  gboolean is_v4;
  guint8 bytes[16];
  guint length; /* of the sixteen bytes */
} Named;

/* FALSE: it is no address, or no length, of those that each reader has to take. */
static gboolean
read_named (const char *text, Named *out)
{
  const char *slash = strchr (text, '/');
  g_autofree char *host = g_strndup (text, slash != NULL ? (gsize) (slash - text) : strlen (text));
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  guint64 length;

  if (address == NULL)
    return FALSE;
  out->is_v4 = g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4;
  length = out->is_v4 ? 32 : 128;
  if (slash != NULL && !g_ascii_string_to_unsigned (slash + 1, 10, 0, length, &length, NULL))
    return FALSE;
  to_bytes (address, out->bytes);
  out->length = (guint) length + (out->is_v4 ? 96 : 0);
  return TRUE;
}

static void
check_probe (const TocsinAddressGuard *plain,
             const TocsinAddressGuard *guard,
             const Named *named,
             GInetAddress *probe)
{
  gboolean is_v4 = g_inet_address_get_family (probe) == G_SOCKET_FAMILY_IPV4;
  gboolean is_named;
  guint8 bytes[16];

  g_assert_cmpint (tocsin_address_guard_allows (plain, probe), ==, is_global (probe));
  g_assert_false (tocsin_address_guard_names (plain, probe));
  if (guard == NULL)
    return;
  to_bytes (probe, bytes);
  is_named = named->is_v4 == is_v4 && is_within (bytes, named->bytes, named->length);
  g_assert_cmpint (tocsin_address_guard_names (guard, probe), ==, is_named);
  g_assert_cmpint (tocsin_address_guard_allows (guard, probe), ==, is_named || is_global (probe));
}

static GInetAddress *
address_of (const guint8 bytes[16], gboolean is_v4)
{
  return g_inet_address_new_from_bytes (is_v4 ? bytes + 12 : bytes,
                                        is_v4 ? G_SOCKET_FAMILY_IPV4 : G_SOCKET_FAMILY_IPV6);
}

/* The address that was typed, as it is and inside of others, and with each bit changed. */
static void
check_around (const TocsinAddressGuard *plain, const TocsinAddressGuard *guard, const Named *named)
{
  static const guint8 nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
  guint8 bytes[16];

  for (guint bit = named->is_v4 ? 96 : 0; bit <= 128; bit++)
    {
      g_autoptr (GInetAddress) probe = NULL;
      g_autoptr (GInetAddress) mapped = NULL;
      g_autoptr (GInetAddress) translated = NULL;

      memcpy (bytes, named->bytes, sizeof bytes);
      if (bit < 128)
        bytes[bit / 8] ^= (guint8) (0x80 >> bit % 8);
      probe = address_of (bytes, named->is_v4);
      check_probe (plain, guard, named, probe);
      mapped = address_of (bytes, FALSE);
      check_probe (plain, guard, named, mapped);
      memcpy (bytes, nat64, sizeof nat64);
      translated = address_of (bytes, FALSE);
      check_probe (plain, guard, named, translated);
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  const char *const allow[] = { text, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinAddressGuard) plain = tocsin_address_guard_new (NULL, NULL);
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, &error);
  Named named = { 0 };
  gboolean is_named = read_named (text, &named);

  g_assert_true ((guard == NULL) == (error != NULL));
  if (error != NULL)
    g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID));
  else
    g_assert_true (is_named);
  g_assert_false (tocsin_address_guard_is_relaxed (plain));
  g_assert_true (guard == NULL || tocsin_address_guard_is_relaxed (guard));
  for (gsize i = 0; i < G_N_ELEMENTS (probes); i++)
    {
      g_autoptr (GInetAddress) probe = g_inet_address_new_from_string (probes[i]);

      check_probe (plain, guard, &named, probe);
    }
  if (is_named)
    check_around (plain, guard, &named);
}
