/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/wire-id.h"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"

/* The length of "https://" or "http://" at the start of @id, or 0. Which of the two is allowed
 * is decided where a connection is made, not here. */
static gsize
scheme_length (const char *id)
{
  if (g_str_has_prefix (id, "https://"))
    return strlen ("https://");
  if (g_str_has_prefix (id, "http://"))
    return strlen ("http://");
  return 0;
}

static gsize
origin_length (const char *id)
{
  gsize scheme = scheme_length (id);

  return scheme == 0 ? 0 : scheme + strcspn (id + scheme, "/?#");
}

/* [n] up to and with the bracket, 0 if this is no IPv6 literal in lower case. */
static gsize
literal_length (const char *host, gsize len)
{
  gsize n = 1;

  while (n < len && (g_ascii_isdigit (host[n]) || (host[n] >= 'a' && host[n] <= 'f') ||
                     host[n] == ':' || host[n] == '.'))
    n++;
  return n > 2 && n < len && host[n] == ']' ? n + 1 : 0;
}

static gsize
name_length (const char *host, gsize len)
{
  gsize n = 0;

  while (n < len && (g_ascii_isdigit (host[n]) || g_ascii_islower (host[n]) || host[n] == '-' ||
                     host[n] == '_' || host[n] == '.'))
    n++;
  return n > 0 && n <= 253 && host[0] != '.' && host[n - 1] != '.' ? n : 0;
}

static gboolean
port_is_canonical (const char *port, gsize len, gboolean is_https)
{
  guint value = 0;

  if (len < 1 || len > 5 || port[0] == '0')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    {
      if (!g_ascii_isdigit (port[i]))
        return FALSE;
      value = value * 10 + (guint) (port[i] - '0');
    }
  return value <= G_MAXUINT16 && value != (is_https ? 443 : 80);
}

static const char *
authority_fault (const char *id)
{
  gsize scheme = scheme_length (id);
  const char *host = id + scheme;
  gsize len = origin_length (id) - scheme;
  gsize host_len;

  if (memchr (host, '@', len) != NULL)
    return "has user information";
  host_len = host[0] == '[' ? literal_length (host, len) : name_length (host, len);
  if (host_len == 0)
    return "has no host in canonical form, lower case and ASCII";
  if (host_len == len)
    return NULL;
  if (host[host_len] != ':' ||
      !port_is_canonical (host + host_len + 1, len - host_len - 1, g_str_has_prefix (id, "https:")))
    return "has a default or malformed port";
  return NULL;
}

/* One dot of a path segment, plain or as %2E; URL parsers treat both alike. */
static gsize
dot_length (const char *s)
{
  if (s[0] == '.')
    return 1;
  return s[0] == '%' && s[1] == '2' && (s[2] == 'e' || s[2] == 'E') ? 3 : 0;
}

static gboolean
is_dot_segment (const char *s)
{
  gsize n = dot_length (s);

  if (n == 0)
    return FALSE;
  n += dot_length (s + n);
  return strchr ("/?#", s[n]) != NULL; /* strchr() finds the end of the string too */
}

static const char *
rest_fault (const char *rest, TocsinWireIdFlags flags)
{
  gboolean in_path = TRUE;

  if (rest[0] != '/')
    return "has no path";
  for (const char *c = rest; *c != '\0'; c++)
    {
      if (*c == '#' && flags != TOCSIN_WIRE_ID_FRAGMENT_ALLOWED)
        return "has a fragment";
      if (*c == '?' || *c == '#')
        in_path = FALSE;
      if (!g_ascii_isgraph (*c) || strchr ("\"<>\\^`{|}", *c) != NULL)
        return "has a character that a URI may not have";
      if (*c == '%' && !(g_ascii_isxdigit (c[1]) && g_ascii_isxdigit (c[2])))
        return "has a malformed percent escape";
      if (in_path && *c == '/' && is_dot_segment (c + 1))
        return "has a dot segment";
    }
  return NULL;
}

static const char *
fault (const char *id, TocsinWireIdFlags flags)
{
  const char *found;

  if (strlen (id) > TOCSIN_URI_MAX_BYTES)
    return "is longer than 2048 bytes";
  if (scheme_length (id) == 0)
    return "is not an https URI";
  found = authority_fault (id);
  return found != NULL ? found : rest_fault (id + origin_length (id), flags);
}

/**
 * tocsin_wire_id_check:
 * @id: an id as a peer wrote it
 * @flags: whether it may carry a fragment
 * @where: the JSON pointer of @id, for the message
 * @error: return location for an error, or %NULL
 *
 * Whether @id is spelt in the one way that an id may be spelt: http or https,
 * no user information, host in lower case, no default port, a path without dot
 * segments. Two ids are the same thing exactly if their bytes are equal.
 *
 * See `docs/wire/` and
 * [FEP-fe34](https://codeberg.org/fediverse/fep/src/branch/main/fep/fe34/fep-fe34.md). May be
 * called from any thread.
 *
 * Returns: %TRUE if so; else %FALSE with %TOCSIN_ERROR_INVALID
 */
gboolean
tocsin_wire_id_check (const char *id, TocsinWireIdFlags flags, const char *where, GError **error)
{
  const char *found;

  g_return_val_if_fail (id != NULL && where != NULL, FALSE);

  found = fault (id, flags);
  if (found == NULL)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: the id %s", where, found);
  return FALSE;
}

/**
 * tocsin_wire_id_is_canonical:
 *
 * The question that tocsin_wire_id_check() asks, for those who need no message.
 */
gboolean
tocsin_wire_id_is_canonical (const char *id, TocsinWireIdFlags flags)
{
  g_return_val_if_fail (id != NULL, FALSE);
  return fault (id, flags) == NULL;
}

/**
 * tocsin_wire_id_origin:
 * @id: a canonical id
 *
 * Returns: (transfer full): scheme, host and, if it has one, port: "https://a.example:8443"
 */
char *
tocsin_wire_id_origin (const char *id)
{
  g_return_val_if_fail (id != NULL, NULL);
  return g_strndup (id, origin_length (id));
}

/**
 * tocsin_wire_id_same_origin:
 * @a: a canonical id
 * @b: a canonical id
 *
 * Returns: %TRUE if scheme, host and port are equal
 */
gboolean
tocsin_wire_id_same_origin (const char *a, const char *b)
{
  gsize len;

  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  len = origin_length (a);
  return len > 0 && len == origin_length (b) && strncmp (a, b, len) == 0;
}
