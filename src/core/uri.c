/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/uri.h"

#include <arpa/inet.h>
#include <string.h>

#include "core/error.h"
#include "core/host.h"
#include "core/limits.h"

/* What remains of a URI once it is in canonical form. */
typedef struct
{
  const char *scheme; /* static */
  char *host;         /* (owned) without brackets */
  int port;           /* the default one of the scheme included */
  char *path;         /* (owned) without dot segments; may be empty */
  char *query;        /* (owned) (nullable) */
  char *fragment;     /* (owned) (nullable) */
} Parts;

static void
parts_clear (Parts *parts)
{
  g_free (parts->host);
  g_free (parts->path);
  g_free (parts->query);
  g_free (parts->fragment);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

/* How many dots, 1 or 2, and nothing else the segment at @at is; else 0. "%2E" is a dot too (RFC
 * 3986, section 6.2.2.2): whoever builds on the URL Standard takes such a segment away. */
static guint
count_dots (const char *at, gsize len)
{
  guint dots = 0;

  while (len > 0)
    {
      gboolean encoded = len >= 3 && g_ascii_strncasecmp (at, "%2e", 3) == 0;

      if ((*at != '.' && !encoded) || ++dots > 2)
        return 0;
      at += encoded ? 3 : 1;
      len -= encoded ? 3 : 1;
    }
  return dots;
}

/* Removes "." and ".." in place (RFC 3986, section 5.2.4). @path begins with "/" or is empty. */
static void
remove_dot_segments (char *path)
{
  char *in = path;
  char *out = path;

  while (*in != '\0')
    {
      gsize len = 1 + strcspn (in + 1, "/"); /* the segment with the slash before it */
      gboolean last = in[len] == '\0';
      guint dots = count_dots (in + 1, len - 1);

      if (dots == 2)
        while (out > path && *--out != '/')
          ;
      if (dots == 0)
        {
          memmove (out, in, len);
          out += len;
        }
      else if (last)
        *out++ = '/';
      in += len;
    }
  *out = '\0';
}

/* Addresses of either family, in the form that inet_ntop() gives, or a name. */
static char *
canonical_host (const char *host, GError **error)
{
  char name[MAX (TOCSIN_HOST_MAX_BYTES + 1, INET6_ADDRSTRLEN)];
  guint8 address[16];

  if (host == NULL || *host == '\0')
    {
      refuse (error, "URI has no host");
      return NULL;
    }
  if (inet_pton (AF_INET, host, address) == 1)
    return g_strdup (host);
  if (inet_pton (AF_INET6, host, address) == 1)
    {
      inet_ntop (AF_INET6, address, name, sizeof name);
      return g_strdup (name);
    }
  if (!tocsin_host_canonicalise (host, strlen (host), name, error))
    return NULL;
  return g_strdup (name);
}

/* Byte for byte: g_uri_split() would decode "%7E", and an id is what was written. */
static void
take_rest (const char *rest, Parts *parts)
{
  gsize path = strcspn (rest, "?#");
  gsize query = path + strcspn (rest + path, "#");

  parts->path = g_strndup (rest, path);
  if (rest[path] == '?')
    parts->query = g_strndup (rest + path + 1, query - path - 1);
  if (rest[query] == '#')
    parts->fragment = g_strdup (rest + query + 1);
  remove_dot_segments (parts->path);
}

static gboolean
take_parts (const char *input, Parts *parts, GError **error)
{
  g_autofree char *scheme = NULL;
  g_autofree char *userinfo = NULL;
  g_autofree char *host = NULL;
  int default_port;

  if (!g_uri_split (input, G_URI_FLAGS_ENCODED, &scheme, &userinfo, &host, &parts->port, NULL, NULL,
                    NULL, NULL))
    return refuse (error, "Not a URI");
  if (scheme != NULL && g_ascii_strcasecmp (scheme, "https") == 0)
    parts->scheme = "https";
  else if (scheme != NULL && g_ascii_strcasecmp (scheme, "http") == 0)
    parts->scheme = "http";
  else
    return refuse (error, "URI is not of scheme https");
  if (userinfo != NULL)
    return refuse (error, "URI has a user name in it");
  parts->host = canonical_host (host, error);
  if (parts->host == NULL)
    return FALSE;
  default_port = *(parts->scheme + 4) == 's' ? 443 : 80;
  if (parts->port == 0)
    return refuse (error, "URI has port 0");
  if (parts->port < 0)
    parts->port = default_port;
  return TRUE;
}

/* GUri takes what no URI may hold; here it is encoded, or refused if it has no text form. */
static char *
encode_forbidden (const char *input, GError **error)
{
  GString *out;

  if (strlen (input) > TOCSIN_URI_MAX_BYTES)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "URI is longer than 2048 bytes");
      return NULL;
    }
  if (!g_utf8_validate (input, -1, NULL))
    {
      refuse (error, "URI is not UTF-8");
      return NULL;
    }
  out = g_string_sized_new (strlen (input) + 1);
  /* A Unicode host goes to libidn2 as it is. */
  const char *authority = strstr (input, "://");
  gsize head = authority != NULL ? (gsize) (authority + 3 - input) : 0;
  head += strcspn (input + head, "/?#");
  g_string_append_len (out, input, (gssize) head);
  for (const char *at = input + head; *at != '\0'; at++)
    if ((guchar) *at <= 0x20 || (guchar) *at >= 0x7f || strchr ("\"<>\\^`{|}", *at) != NULL ||
        (*at == '%' && (!g_ascii_isxdigit (at[1]) || !g_ascii_isxdigit (at[2]))))
      g_string_append_printf (out, "%%%02X", (guint) (guchar) *at);
    else
      g_string_append_c (out, *at);
  return g_string_free (out, FALSE);
}

static gboolean
parse (const char *input, Parts *parts, GError **error)
{
  g_autofree char *encoded = encode_forbidden (input, error);
  const char *authority;

  if (encoded == NULL)
    return FALSE;
  /* g_uri_split() drops white space around and, RFC 3986 aside, takes it in a host. */
  authority = strstr (encoded, "://");
  if (authority == NULL)
    return refuse (error, "Not a URI with a host");
  authority += strlen ("://");
  for (const char *at = encoded; *at != '\0'; at++)
    if ((guchar) *at <= 0x20 || *at == 0x7f)
      return refuse (error, "URI has a space or a control character in it");
  if (memchr (authority, '%', strcspn (authority, "/?#")) != NULL)
    return refuse (error, "Host of a URI has an escape or a zone in it");
  take_rest (authority + strcspn (authority, "/?#"), parts);
  return take_parts (encoded, parts, error);
}

static gboolean
has_default_port (const Parts *parts)
{
  return parts->port == (parts->scheme[4] == 's' ? 443 : 80);
}

static void
append_origin (GString *out, const Parts *parts)
{
  gboolean v6 = strchr (parts->host, ':') != NULL;

  g_string_append_printf (out, "%s://%s%s%s", parts->scheme, v6 ? "[" : "", parts->host,
                          v6 ? "]" : "");
  if (!has_default_port (parts))
    g_string_append_printf (out, ":%d", parts->port);
}

static void
append_rest (GString *out, const Parts *parts)
{
  g_string_append (out, parts->path);
  if (parts->query != NULL)
    g_string_append_printf (out, "?%s", parts->query);
}

char *
tocsin_uri_canonicalise (const char *input, GError **error)
{
  g_auto (Parts) parts = { 0 };
  GString *out;

  if (!parse (input, &parts, error))
    return NULL;
  out = g_string_sized_new (strlen (input) + 1);
  append_origin (out, &parts);
  if (*parts.path == '\0')
    g_string_append_c (out, '/');
  append_rest (out, &parts);
  if (out->len > TOCSIN_URI_MAX_BYTES)
    {
      g_string_free (out, TRUE);
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "URI is longer than 2048 bytes");
      return NULL;
    }
  return g_string_free (out, FALSE);
}

gboolean
tocsin_uri_check_id (const char *uri, gboolean allow_fragment, GError **error)
{
  g_auto (Parts) parts = { 0 };
  g_autoptr (GString) canonical = NULL;

  if (!parse (uri, &parts, error))
    return FALSE;
  if (parts.fragment != NULL && !allow_fragment)
    return refuse (error, "This id may not have a fragment");
  canonical = g_string_sized_new (strlen (uri) + 1);
  append_origin (canonical, &parts);
  append_rest (canonical, &parts);
  if (parts.fragment != NULL)
    g_string_append_printf (canonical, "#%s", parts.fragment);
  if (strcmp (canonical->str, uri) != 0)
    return refuse (error, "Id is not in canonical form: lower-case host in ASCII, no default "
                          "port, no dot segments");
  return TRUE;
}

char *
tocsin_uri_origin (const char *uri, GError **error)
{
  g_auto (Parts) parts = { 0 };
  GString *out;

  if (!parse (uri, &parts, error))
    return NULL;
  out = g_string_new (NULL);
  append_origin (out, &parts);
  return g_string_free (out, FALSE);
}

gboolean
tocsin_uri_same_origin (const char *a, const char *b)
{
  g_auto (Parts) parts_a = { 0 };
  g_auto (Parts) parts_b = { 0 };

  return parse (a, &parts_a, NULL) && parse (b, &parts_b, NULL) &&
         parts_a.scheme[4] == parts_b.scheme[4] && parts_a.port == parts_b.port &&
         strcmp (parts_a.host, parts_b.host) == 0;
}

char *
tocsin_uri_host_port (const char *uri, GError **error)
{
  g_auto (Parts) parts = { 0 };
  gboolean v6;

  if (!parse (uri, &parts, error))
    return NULL;
  v6 = strchr (parts.host, ':') != NULL;
  return g_strdup_printf ("%s%s%s:%d", v6 ? "[" : "", parts.host, v6 ? "]" : "", parts.port);
}

char *
tocsin_uri_host (const char *uri, GError **error)
{
  g_auto (Parts) parts = { 0 };

  return parse (uri, &parts, error) ? g_steal_pointer (&parts.host) : NULL;
}
