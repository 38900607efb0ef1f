/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Addresses and networks: canonical text, covering networks, what is global.
 */
#define G_LOG_DOMAIN "tocsin-core"

#include <arpa/inet.h>
#include <string.h>

#include "core/error.h"
#include "core/subject-internal.h"

#define V4_BYTES         4
#define V6_BYTES         16
#define V6_SITE_BITS     64 /* an IPv6 host may use any address of its /64 */
#define V4_SHORTEST_BITS 8
#define V6_SHORTEST_BITS 19
#define V4_BROAD_BITS    24
#define V6_BROAD_BITS    48
#define V4_MAPPED_BITS   96

static const guint8 v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
static const guint8 nat64[12] = { 0x00, 0x64, 0xff, 0x9b };

typedef struct
{
  guint8 bytes[V6_BYTES];
  guint8 bits;
} Range;

/* The IANA registries of special-purpose addresses ([RFC 6890] and what has been added since),
 * without those for documentation. */
static const Range v4_special[] = {
  { { 0 }, 8 },         { { 10 }, 8 },       { { 100, 64 }, 10 },   { { 127 }, 8 },
  { { 169, 254 }, 16 }, { { 172, 16 }, 12 }, { { 192, 0, 0 }, 24 }, { { 192, 88, 99 }, 24 },
  { { 192, 168 }, 16 }, { { 198, 18 }, 15 }, { { 224 }, 4 },        { { 240 }, 4 },
};
static const Range v6_special[] = {
  { { 0x20, 0x01, 0x00 }, 23 },
  { { 0x20, 0x02 }, 16 },
};
static const Range v4_documentation[] = {
  { { 192, 0, 2 }, 24 },
  { { 198, 51, 100 }, 24 },
  { { 203, 0, 113 }, 24 },
};
static const Range v6_documentation[] = {
  { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
  { { 0x3f, 0xff }, 20 },
};
static const Range v4_shared = { { 100, 64 }, 10 };
static const Range v6_unicast = { { 0x20 }, 3 }; /* all that IANA has given out for general use */

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

/* Both have room for the longest address. */
static gboolean
same_bits (const guint8 *a, const guint8 *b, guint bits)
{
  guint whole = bits / 8;
  guint8 mask = (guint8) (0xff00 >> (bits % 8));
  guint32 first, other;

  /* Most ranges are that short, and a list has each of its addresses compared with all of them. */
  if (bits >= 1 && bits <= 32)
    {
      memcpy (&first, a, sizeof first);
      memcpy (&other, b, sizeof other);
      return GUINT32_FROM_BE (first ^ other) >> (32 - bits) == 0;
    }
  return memcmp (a, b, whole) == 0 && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

/* Whether @prefix and @range share an address. */
static gboolean
touches (const TocsinPrefix *prefix, const Range *range)
{
  return same_bits (prefix->bytes, range->bytes, MIN (prefix->length, range->bits));
}

static gboolean
touches_any (const TocsinPrefix *prefix, const Range *ranges, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (touches (prefix, &ranges[i]))
      return TRUE;
  return FALSE;
}

void
tocsin_prefix_cut (TocsinPrefix *prefix, guint8 length)
{
  guint whole = length / 8;

  prefix->length = length;
  if (whole >= prefix->family_bytes)
    return;
  prefix->bytes[whole] &= (guint8) (0xff00 >> (length % 8));
  memset (prefix->bytes + whole + 1, 0, (gsize) prefix->family_bytes - whole - 1);
}

static gsize
write_byte (char *out, guint value)
{
  gsize n = 0;

  if (value >= 100)
    out[n++] = (char) ('0' + value / 100);
  if (value >= 10)
    out[n++] = (char) ('0' + value / 10 % 10);
  out[n++] = (char) ('0' + value % 10);
  return n;
}

/* By hand for IPv4: printf() would cost more than the digest that follows. inet_ntop() of glibc
 * writes IPv6 as RFC 5952 has it. */
void
tocsin_prefix_write (const TocsinPrefix *prefix,
                     gboolean with_length,
                     char out[TOCSIN_PREFIX_TEXT_BYTES])
{
  gsize n = 0;

  if (prefix->family_bytes == V4_BYTES)
    for (int i = 0; i < V4_BYTES; i++)
      {
        n += write_byte (out + n, prefix->bytes[i]);
        out[n++] = '.';
      }
  else
    {
      inet_ntop (AF_INET6, prefix->bytes, out, TOCSIN_PREFIX_TEXT_BYTES);
      n = strlen (out) + 1;
    }
  n--; /* the last dot, or the NUL */
  if (with_length)
    {
      out[n++] = '/';
      n += write_byte (out + n, prefix->length);
    }
  out[n] = '\0';
}

static gboolean
read_address (const char *text, TocsinPrefix *out)
{
  if (inet_pton (AF_INET, text, out->bytes) == 1)
    {
      out->family_bytes = V4_BYTES;
      out->length = 8 * V4_BYTES;
      return TRUE;
    }
  if (inet_pton (AF_INET6, text, out->bytes) != 1)
    return FALSE;
  out->family_bytes = V6_BYTES;
  out->length = 8 * V6_BYTES;
  return TRUE;
}

/* "24", without sign, space or leading zero. */
static gboolean
read_length (const char *text, guint8 max, guint8 *out)
{
  guint value = 0;
  gsize n = strlen (text);

  if (n == 0 || n > 3 || (n > 1 && text[0] == '0'))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      if (!g_ascii_isdigit (text[i]))
        return FALSE;
      value = value * 10 + (guint) (text[i] - '0');
    }
  *out = (guint8) MIN (value, 255);
  return value <= max;
}

gboolean
tocsin_prefix_read (const char *text, TocsinPrefix *out)
{
  char address[INET6_ADDRSTRLEN];
  gsize n = strcspn (text, "/");

  if (n >= sizeof address)
    return FALSE;
  memcpy (address, text, n);
  address[n] = '\0';
  if (!read_address (address, out))
    return FALSE;
  return text[n] == '\0' || read_length (text + n + 1, out->length, &out->length);
}

/* ::ffff:1.2.3.4 is what an IPv4 peer looks like to a socket of both families. */
void
tocsin_prefix_unmap (TocsinPrefix *prefix)
{
  if (prefix->family_bytes != V6_BYTES || prefix->length < V4_MAPPED_BITS ||
      memcmp (prefix->bytes, v4_mapped, sizeof v4_mapped) != 0)
    return;
  memmove (prefix->bytes, prefix->bytes + sizeof v4_mapped, V4_BYTES);
  prefix->family_bytes = V4_BYTES;
  prefix->length = (guint8) (prefix->length - V4_MAPPED_BITS);
}

gboolean
tocsin_subject_parse_ip (const char *input, char **value, char **key_value, GError **error)
{
  TocsinPrefix address;
  char text[TOCSIN_PREFIX_TEXT_BYTES];

  if (!read_address (input, &address))
    return refuse (error, strchr (input, '%') != NULL ? "An IP address with a zone is of one link"
                          : strchr (input, '/') != NULL
                              ? "Not an IP address: a range is a subject of type network"
                              : "Not an IP address");
  tocsin_prefix_unmap (&address);
  tocsin_prefix_write (&address, FALSE, text);
  *value = g_strdup (text);
  if (address.family_bytes == V6_BYTES)
    {
      tocsin_prefix_cut (&address, V6_SITE_BITS);
      tocsin_prefix_write (&address, TRUE, text);
      *key_value = g_strdup (text);
    }
  return TRUE;
}

gboolean
tocsin_subject_parse_network (const char *input, char **value, GError **error)
{
  TocsinPrefix network;
  char text[TOCSIN_PREFIX_TEXT_BYTES];

  if (!tocsin_prefix_read (input, &network))
    return refuse (error, "Not a network in the form ADDRESS/LENGTH");
  tocsin_prefix_unmap (&network);
  if (network.length < (network.family_bytes == V4_BYTES ? V4_SHORTEST_BITS : V6_SHORTEST_BITS))
    return refuse (error, "Network is wider than /8 of IPv4 or /19 of IPv6");
  tocsin_prefix_cut (&network, network.length);
  tocsin_prefix_write (&network, TRUE, text);
  *value = g_strdup (text);
  return TRUE;
}

/* All networks among @probes contain one address, so the length tells them apart. */
static gboolean
is_listed (GArray *probes, int bits)
{
  for (guint i = 0; i < probes->len; i++)
    {
      const TocsinProbe *probe = &g_array_index (probes, TocsinProbe, i);

      if (probe->type == TOCSIN_SUBJECT_NETWORK && probe->prefix_length == bits)
        return TRUE;
    }
  return FALSE;
}

/* 192.0.2.9/32 is 192.0.2.9, and each has a key. Of IPv6 both have that of their /64. */
void
tocsin_probes_add_lone_address (GArray *probes, const TocsinPrefix *prefix)
{
  char text[TOCSIN_PREFIX_TEXT_BYTES];

  if (prefix->family_bytes != V4_BYTES || prefix->length != 8 * V4_BYTES)
    return;
  tocsin_prefix_write (prefix, FALSE, text);
  tocsin_probe_append (probes, TOCSIN_SUBJECT_IP, text, 0, FALSE);
}

/* From the narrowest network to the widest, each once. */
void
tocsin_probes_add_networks (GArray *probes,
                            const TocsinPrefix *prefix,
                            const TocsinNetworkLengths *lengths)
{
  TocsinPrefix network = *prefix;
  char text[TOCSIN_PREFIX_TEXT_BYTES];

  if (lengths == NULL)
    return;
  for (int bits = prefix->length; bits >= 0; bits--)
    {
      if (!tocsin_network_lengths_have (lengths, prefix->family_bytes, (guint) bits) ||
          is_listed (probes, bits))
        continue;
      tocsin_prefix_cut (&network, (guint8) bits);
      tocsin_prefix_write (&network, TRUE, text);
      tocsin_probe_append (probes, TOCSIN_SUBJECT_NETWORK, text, (guint8) bits, FALSE);
    }
}

static gboolean
is_special (const TocsinPrefix *prefix)
{
  if (prefix->family_bytes == V4_BYTES)
    return touches_any (prefix, v4_special, G_N_ELEMENTS (v4_special));
  return prefix->length < v6_unicast.bits || !touches (prefix, &v6_unicast) ||
         touches_any (prefix, v6_special, G_N_ELEMENTS (v6_special));
}

gboolean
tocsin_prefix_is_within (const TocsinPrefix *inner, const TocsinPrefix *outer)
{
  return inner->family_bytes == outer->family_bytes && inner->length >= outer->length &&
         same_bits (inner->bytes, outer->bytes, outer->length);
}

gboolean
tocsin_address_is_global (const guint8 *address, gsize n_bytes)
{
  TocsinPrefix prefix = { 0 };

  g_return_val_if_fail (n_bytes == V4_BYTES || n_bytes == V6_BYTES, FALSE);

  if (n_bytes == V6_BYTES && (memcmp (address, v4_mapped, sizeof v4_mapped) == 0 ||
                              memcmp (address, nat64, sizeof nat64) == 0))
    {
      address += sizeof v4_mapped;
      n_bytes = V4_BYTES;
    }
  prefix.family_bytes = (guint8) n_bytes;
  prefix.length = (guint8) (8 * n_bytes);
  memcpy (prefix.bytes, address, n_bytes);
  if (n_bytes == V4_BYTES)
    return !is_special (&prefix) &&
           !touches_any (&prefix, v4_documentation, G_N_ELEMENTS (v4_documentation));
  return !is_special (&prefix) &&
         !touches_any (&prefix, v6_documentation, G_N_ELEMENTS (v6_documentation));
}

gboolean
tocsin_prefix_text_is_global (const char *text)
{
  TocsinPrefix prefix;

  return tocsin_prefix_read (text, &prefix) && !is_special (&prefix);
}

static gboolean
read_subject (const TocsinSubject *self, TocsinPrefix *out)
{
  return (self->type == TOCSIN_SUBJECT_IP || self->type == TOCSIN_SUBJECT_NETWORK) &&
         self->value != NULL && tocsin_prefix_read (self->value, out);
}

gboolean
tocsin_subject_is_shared_address (const TocsinSubject *self)
{
  TocsinPrefix prefix;

  return read_subject (self, &prefix) && prefix.family_bytes == V4_BYTES &&
         touches (&prefix, &v4_shared);
}

gboolean
tocsin_network_is_broad (const char *text)
{
  TocsinPrefix prefix;

  return tocsin_prefix_read (text, &prefix) &&
         prefix.length < (prefix.family_bytes == V4_BYTES ? V4_BROAD_BITS : V6_BROAD_BITS);
}
