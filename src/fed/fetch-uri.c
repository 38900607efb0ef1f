/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/fetch-uri.h"

#include "core/error.h"

#include <gio/gio.h>
#include <string.h>

/* Escapes stay as they were written: signatures cover them. */
#define URI_FLAGS                                                                                  \
  (G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY |               \
   G_URI_FLAGS_ENCODED_FRAGMENT | G_URI_FLAGS_SCHEME_NORMALIZE)

/* No byte of a request line comes from a peer but visible ASCII. */
static gboolean
is_visible_ascii (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      return FALSE;
  return TRUE;
}

/* GUri undoes escapes in a host, so that any byte could be in it. */
static gboolean
is_host (const char *text)
{
  if (strchr (text, ':') != NULL)
    {
      /* With a zone it would not be global. */
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);

      return address != NULL;
    }
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && strchr ("-._", *c) == NULL)
      return FALSE;
  /* No label is empty; behind one final dot there is none. */
  return *text != '\0' && *text != '.' && strstr (text, "..") == NULL;
}

static gboolean
is_https (GUri *uri)
{
  return g_str_equal (g_uri_get_scheme (uri), "https");
}

/* GLib may leave out a port that is the scheme's own. */
static int
port_of (GUri *uri)
{
  if (g_uri_get_port (uri) != -1)
    return g_uri_get_port (uri);
  return is_https (uri) ? 443 : 80;
}

static const char *
find_fault (GUri *uri)
{
  if (uri == NULL)
    return "is not an absolute URI";
  if (!is_https (uri) && !g_str_equal (g_uri_get_scheme (uri), "http"))
    return "is neither https nor http";
  if (g_uri_get_host (uri) == NULL || !is_host (g_uri_get_host (uri)))
    return "has no host name or address";
  if (g_uri_get_userinfo (uri) != NULL)
    return "carries a user name";
  if (g_uri_get_port (uri) == 0)
    return "has port 0";
  if (!is_visible_ascii (g_uri_get_path (uri)) ||
      (g_uri_get_query (uri) != NULL && !is_visible_ascii (g_uri_get_query (uri))))
    return "has characters that must be percent-encoded";
  return NULL;
}

/**
 * tocsin_fetch_uri_parse_relative:
 * @base: (nullable): what @text may be relative to
 * @text: a URI or a reference, as a peer wrote it
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): where @text leads. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID.
 */
GUri *
tocsin_fetch_uri_parse_relative (GUri *base, const char *text, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  const char *fault = "is longer than 2048 bytes";

  if (strlen (text) <= TOCSIN_FETCH_MAX_URI_BYTES)
    {
      uri = g_uri_parse_relative (base, text, URI_FLAGS, NULL);
      fault = find_fault (uri);
    }
  if (fault == NULL)
    return g_steal_pointer (&uri);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "The URL to fetch %s", fault);
  return NULL;
}

/**
 * tocsin_fetch_uri_parse:
 * @text: an absolute URI, as a peer wrote it
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the URI. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID.
 */
GUri *
tocsin_fetch_uri_parse (const char *text, GError **error)
{
  return tocsin_fetch_uri_parse_relative (NULL, text, error);
}

/* Whether scheme, host and port of @a and @b are the same, RFC 6454, section 5. */
gboolean
tocsin_fetch_uri_same_origin (GUri *a, GUri *b)
{
  g_autofree char *authority_a = tocsin_fetch_uri_authority (a);
  g_autofree char *authority_b = tocsin_fetch_uri_authority (b);

  return g_str_equal (g_uri_get_scheme (a), g_uri_get_scheme (b)) &&
         g_str_equal (authority_a, authority_b);
}

/* The Host field of a request to @uri: a default port is left out, RFC 9110, section 7.2. */
char *
tocsin_fetch_uri_host_field (GUri *uri)
{
  const char *host = g_uri_get_host (uri);
  GString *field = g_string_new (NULL);

  g_string_append_printf (field, strchr (host, ':') != NULL ? "[%s]" : "%s", host);
  if (port_of (uri) != (is_https (uri) ? 443 : 80))
    g_string_append_printf (field, ":%d", port_of (uri));
  return g_string_free (field, FALSE);
}

/* HOST:PORT, one spelling each, so that neither limits nor the own host can be dodged: lower
 * case, no final dot, the port always written, an IPv6 address in brackets. */
char *
tocsin_fetch_uri_authority (GUri *uri)
{
  g_autofree char *host = g_ascii_strdown (g_uri_get_host (uri), -1);
  gsize length = strlen (host);

  if (length > 1 && host[length - 1] == '.')
    host[length - 1] = '\0';
  if (strchr (host, ':') != NULL)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
      g_autofree char *text = g_inet_address_to_string (address);

      return g_strdup_printf ("[%s]:%d", text, port_of (uri));
    }
  return g_strdup_printf ("%s:%d", host, port_of (uri));
}

/**
 * tocsin_fetch_authority:
 * @text: an absolute `http` or `https` URI, as a peer wrote it
 * @error: return location for an error, or %NULL
 *
 * Gives the name under which a host is counted in limits and caches.
 *
 * Returns: (transfer full) (nullable): HOST:PORT as of tocsin_fetch_uri_authority(). On error,
 *   %NULL, and @error is %TOCSIN_ERROR_INVALID.
 */
char *
tocsin_fetch_authority (const char *text, GError **error)
{
  g_autoptr (GUri) uri = tocsin_fetch_uri_parse (text, error);

  return uri != NULL ? tocsin_fetch_uri_authority (uri) : NULL;
}
