/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/protected.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

#include "core/hash.h"
#include "core/uri.h"

#define SUBSCRIBER_BITS 64 /* of an IPv6 address: the /64 that a report of it is keyed by */

struct _TocsinProtected
{
  GHashTable *authorities; /* (owned) (element-type utf8): host:port */
  GHashTable *names;       /* (owned) (element-type utf8): hosts, and the names above them */
  GHashTable *digests;     /* (owned) (element-type GBytes): of all of them that can be named */
  GPtrArray *addresses;    /* (owned) (element-type GInetAddress) */
};

TocsinProtected *
tocsin_protected_new (void)
{
  TocsinProtected *self = g_new0 (TocsinProtected, 1);

  self->authorities = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->digests =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
  self->addresses = g_ptr_array_new_with_free_func (g_object_unref);
  return self;
}

void
tocsin_protected_free (TocsinProtected *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->authorities);
  g_hash_table_unref (self->names);
  g_hash_table_unref (self->digests);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

static void
add_digest (TocsinProtected *self, const guint8 digest[TOCSIN_SHA256_BYTES])
{
  g_hash_table_add (self->digests, g_bytes_new (digest, TOCSIN_SHA256_BYTES));
}

/* As a report would name it in clear. */
static void
add_subject (TocsinProtected *self, TocsinSubjectType type, const char *text)
{
  g_auto (TocsinSubject) subject = { 0 };

  if (tocsin_subject_parse_received (&subject, type, text, NULL))
    add_digest (self, subject.digest);
}

/* The URL above all others of @name is what everything there is looked up by. */
static void
add_name (TocsinProtected *self, const char *name)
{
  static const char *const before[] = { "domain:", "url:http://", "url:https://" };

  if (!g_hash_table_add (self->names, g_strdup (name)))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (before); i++)
    {
      const char *const parts[] = { "tocsin:1:", before[i], name, i > 0 ? "/" : NULL, NULL };
      guint8 digest[TOCSIN_SHA256_BYTES];

      tocsin_sha256_parts (parts, digest);
      add_digest (self, digest);
    }
}

void
tocsin_protected_add_host (TocsinProtected *self, const char *uri)
{
  g_autofree char *host = tocsin_uri_host (uri, NULL);
  char *authority = tocsin_uri_host_port (uri, NULL);
  g_autoptr (GInetAddress) address = host != NULL ? g_inet_address_new_from_string (host) : NULL;

  add_subject (self, TOCSIN_SUBJECT_ACTOR, uri);
  if (authority != NULL)
    g_hash_table_add (self->authorities, authority);
  if (host == NULL)
    return;
  if (address != NULL)
    {
      add_name (self, host);
      tocsin_protected_add_address (self, address);
      return;
    }
  for (const char *at = host; at != NULL; at = strchr (at, '.'))
    {
      at += *at == '.' ? 1 : 0;
      add_name (self, at);
    }
}

void
tocsin_protected_add_address (TocsinProtected *self, GInetAddress *address)
{
  g_autofree char *text = g_inet_address_to_string (address);

  add_subject (self, TOCSIN_SUBJECT_IP, text);
  g_ptr_array_add (self->addresses, g_object_ref (address));
}

static void
add_global (TocsinProtected *self, GSocketFamily family, gconstpointer bytes, gsize n_bytes)
{
  g_autoptr (GInetAddress) address = NULL;

  if (!tocsin_address_is_global (bytes, n_bytes))
    return;
  address = g_inet_address_new_from_bytes (bytes, family);
  tocsin_protected_add_address (self, address);
}

void
tocsin_protected_add_interfaces (TocsinProtected *self)
{
  struct ifaddrs *all;

  if (getifaddrs (&all) != 0)
    {
      g_warning ("The addresses of this machine are not known: %s", g_strerror (errno));
      return;
    }
  for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next)
    {
      gconstpointer native = one->ifa_addr;

      if (native == NULL)
        continue;
      if (one->ifa_addr->sa_family == AF_INET)
        add_global (self, G_SOCKET_FAMILY_IPV4, &((const struct sockaddr_in *) native)->sin_addr,
                    sizeof (struct in_addr));
      else if (one->ifa_addr->sa_family == AF_INET6)
        add_global (self, G_SOCKET_FAMILY_IPV6, &((const struct sockaddr_in6 *) native)->sin6_addr,
                    sizeof (struct in6_addr));
    }
  freeifaddrs (all);
}

/* The network of an address or network in canonical form. */
static GInetAddressMask *
make_mask (const char *text)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  gsize n_bytes;
  guint8 cut[sizeof (struct in6_addr)];
  g_autoptr (GInetAddress) first = NULL;

  if (address == NULL)
    return g_inet_address_mask_new_from_string (text, NULL);
  n_bytes = g_inet_address_get_native_size (address);
  if (n_bytes != sizeof cut)
    return g_inet_address_mask_new (address, (guint) (8 * n_bytes), NULL);
  memcpy (cut, g_inet_address_to_bytes (address), sizeof cut);
  memset (cut + SUBSCRIBER_BITS / 8, 0, sizeof cut - SUBSCRIBER_BITS / 8);
  first = g_inet_address_new_from_bytes (cut, G_SOCKET_FAMILY_IPV6);
  return g_inet_address_mask_new (first, SUBSCRIBER_BITS, NULL);
}

static gboolean
has_address_in (const TocsinProtected *self, const char *text)
{
  g_autoptr (GInetAddressMask) mask = NULL;

  if (self->addresses->len == 0)
    return FALSE;
  mask = make_mask (text);
  for (guint i = 0; mask != NULL && i < self->addresses->len; i++)
    if (g_inet_address_mask_matches (mask, g_ptr_array_index (self->addresses, i)))
      return TRUE;
  return FALSE;
}

static gboolean
has_digest (const TocsinProtected *self, const guint8 digest[TOCSIN_SHA256_BYTES])
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (digest, TOCSIN_SHA256_BYTES);

  return g_hash_table_contains (self->digests, bytes);
}

gboolean
tocsin_protected_concerns (const TocsinProtected *self, const TocsinSubject *subject)
{
  g_autofree char *host = NULL;

  /* A digest may be said to be of another type than it is. */
  if (subject->value == NULL)
    return has_digest (self, subject->digest);
  switch (subject->type)
    {
    case TOCSIN_SUBJECT_IP:
    case TOCSIN_SUBJECT_NETWORK:
      return has_address_in (self, subject->value);
    case TOCSIN_SUBJECT_DOMAIN:
      return g_hash_table_contains (self->names, subject->value);
    case TOCSIN_SUBJECT_URL:
      /* Its canonical form has no port, and is heard for both schemes. */
      host = tocsin_uri_host (subject->value, NULL);
      return host != NULL && g_hash_table_contains (self->names, host);
    case TOCSIN_SUBJECT_ACTOR:
      host = tocsin_uri_host_port (subject->value, NULL);
      return host != NULL && g_hash_table_contains (self->authorities, host);
    case TOCSIN_SUBJECT_NONE:
    case TOCSIN_SUBJECT_EMAIL:
    case TOCSIN_SUBJECT_USERNAME:
    default:
      return FALSE;
    }
}
