/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * URLs as Safe Browsing v4 spells and looks them up:
 * https://developers.google.com/safe-browsing/v4/urls-hashing
 */
#define G_LOG_DOMAIN "tocsin-core"

#include <arpa/inet.h>
#include <string.h>

#include "core/error.h"
#include "core/host.h"
#include "core/limits.h"
#include "core/subject-internal.h"

#define MAX_HOSTS         5
#define MAX_SUFFIX_LABELS 5 /* suffixes start at the last five labels */
#define MAX_PATH_PREFIXES 4 /* "/" and three directories below it */
#define ORIGIN_MAX_BYTES  (TOCSIN_URI_MAX_BYTES + 16)
#define HTTP              "http://"
#define HTTPS             "https://"

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

/* Replaces escapes until none is left, in one pass: what a replacement completes ends at the last
 * byte written, so only the end has to be looked at again. */
static GString *
unescape_fully (const char *input, gsize len)
{
  GString *out = g_string_sized_new (len + 1);

  for (gsize i = 0; i < len; i++)
    {
      g_string_append_c (out, input[i]);
      while (out->len >= 3)
        {
          const char *end = out->str + out->len - 3;

          if (end[0] != '%' || !g_ascii_isxdigit (end[1]) || !g_ascii_isxdigit (end[2]))
            break;
          out->str[out->len - 3] =
              (char) (g_ascii_xdigit_value (end[1]) << 4 | g_ascii_xdigit_value (end[2]));
          g_string_truncate (out, out->len - 2);
        }
    }
  return out;
}

/* Browsers read "\\" before the query as "/" (URL Standard, section 4.4): https://a\\@b is at a. */
static void
turn_slashes (GString *text)
{
  for (gsize i = 0; i < text->len && text->str[i] != '?'; i++)
    if (text->str[i] == '\\')
      text->str[i] = '/';
}

static void
append_escaped (GString *out, const char *bytes, gsize len)
{
  static const char digits[] = "0123456789ABCDEF";

  for (gsize i = 0; i < len; i++)
    {
      guchar c = (guchar) bytes[i];

      if (c > 0x20 && c < 0x7f && c != '#' && c != '%')
        g_string_append_c (out, (char) c);
      else
        {
          g_string_append_c (out, '%');
          g_string_append_c (out, digits[c >> 4]);
          g_string_append_c (out, digits[c & 0xf]);
        }
    }
}

/* Tabs and line ends anywhere, spaces around and the fragment go before anything is decoded. */
static GString *
strip (const char *input)
{
  GString *out = g_string_sized_new (strlen (input) + 1);
  gsize start;
  gsize len = strcspn (input, "#");

  for (gsize i = 0; i < len; i++)
    if (strchr ("\t\r\n", input[i]) == NULL)
      g_string_append_c (out, input[i]);
  start = strspn (out->str, " ");
  g_string_erase (out, 0, (gssize) start);
  while (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  return out;
}

/* Any spelling of an IPv4 address that a resolver takes: 0x7f.1, 017700000001, 2130706433. */
static gboolean
append_ipv4 (GString *out, const char *host)
{
  struct in_addr address;
  char text[INET_ADDRSTRLEN];

  /* inet_aton() ignores what follows a space. */
  if (host[strspn (host, "0123456789abcdefx.")] != '\0' || inet_aton (host, &address) == 0)
    return FALSE;
  g_string_append (out, inet_ntop (AF_INET, &address, text, sizeof text));
  return TRUE;
}

static gboolean
append_ipv6 (GString *out, const char *host, gsize len, GError **error)
{
  g_autofree char *inner = NULL;
  char text[INET6_ADDRSTRLEN];
  guint8 address[16];

  if (len < 2 || host[len - 1] != ']')
    return refuse (error, "URL has a broken IPv6 address");
  inner = g_strndup (host + 1, len - 2);
  if (strlen (inner) != len - 2 || inet_pton (AF_INET6, inner, address) != 1)
    return refuse (error, "URL has a broken IPv6 address");
  g_string_append_printf (out, "[%s]", inet_ntop (AF_INET6, address, text, sizeof text));
  return TRUE;
}

/* The length of the dot at @text, 0 if there is none: UTS 46 takes U+3002, U+FF0E and U+FF61 for
 * dots, too. */
static gsize
dot_length (const char *text, gsize len)
{
  static const char *const dots[] = { "\xE3\x80\x82", "\xEF\xBC\x8E", "\xEF\xBD\xA1" };

  if (len > 0 && text[0] == '.')
    return 1;
  for (gsize i = 0; len >= 3 && i < G_N_ELEMENTS (dots); i++)
    if (memcmp (text, dots[i], 3) == 0)
      return 3;
  return 0;
}

/* Outer and repeated dots dropped, lower case. */
static GString *
squeeze_host (const char *host, gsize len)
{
  GString *out = g_string_sized_new (len + 1);

  for (gsize i = 0; i < len;)
    {
      gsize dot = dot_length (host + i, len - i);

      if (dot == 0)
        g_string_append_c (out, g_ascii_tolower (host[i]));
      else if (out->len > 0 && out->str[out->len - 1] != '.')
        g_string_append_c (out, '.');
      i += MAX (1, dot);
    }
  if (out->len > 0 && out->str[out->len - 1] == '.')
    g_string_truncate (out, out->len - 1);
  return out;
}

static gboolean
is_ascii (const char *text, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if ((guchar) text[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* Digits of full width are digits to a browser: UTS 46 maps them before it looks for a number. */
static gboolean
append_wide_ipv4 (GString *out, const GString *host)
{
  g_autofree char *folded = NULL;

  if (strlen (host->str) != host->len || !g_utf8_validate (host->str, -1, NULL))
    return FALSE;
  folded = g_utf8_normalize (host->str, -1, G_NORMALIZE_NFKC);
  return append_ipv4 (out, folded);
}

/* A name that is none to IDNA as a whole, for an underscore perhaps, works for a browser all the
 * same, so each label is looked at by itself. What is none is kept as it is, escaped. */
static void
append_labels (GString *out, const char *host, gsize len)
{
  char ascii[TOCSIN_HOST_MAX_BYTES + 1];

  for (gsize from = 0; from < len;)
    {
      const char *dot = memchr (host + from, '.', len - from);
      gsize n = dot != NULL ? (gsize) (dot - host) - from : len - from;

      if (!is_ascii (host + from, n) && tocsin_host_canonicalise (host + from, n, ascii, NULL))
        g_string_append (out, ascii);
      else
        append_escaped (out, host + from, n);
      if (dot != NULL)
        g_string_append_c (out, '.');
      from += n + 1;
    }
}

static gboolean
append_host (GString *out, const char *host, gsize len, GError **error)
{
  g_autoptr (GString) squeezed = NULL;
  char ascii[TOCSIN_HOST_MAX_BYTES + 1];

  if (len > 0 && host[0] == '[')
    return append_ipv6 (out, host, len, error);
  squeezed = squeeze_host (host, len);
  if (squeezed->len == 0)
    return refuse (error, "URL has no host");
  /* Read again, they would be a port's or an address's. */
  for (gsize i = 0; i < squeezed->len; i++)
    if (strchr (":[]", squeezed->str[i]) != NULL && squeezed->str[i] != '\0')
      return refuse (error, "URL has a host with a colon or a bracket in it");
  if (strlen (squeezed->str) == squeezed->len && append_ipv4 (out, squeezed->str))
    return TRUE;
  if (is_ascii (squeezed->str, squeezed->len))
    append_escaped (out, squeezed->str, squeezed->len);
  else if (tocsin_host_canonicalise (squeezed->str, squeezed->len, ascii, NULL))
    g_string_append (out, ascii);
  else if (!append_wide_ipv4 (out, squeezed))
    append_labels (out, squeezed->str, squeezed->len);
  return TRUE;
}

/* Version 4 of Safe Browsing leaves the port out, as it does in what it looks up. */
static gboolean
check_port (const char *text, gsize len, GError **error)
{
  guint port = 0;

  for (gsize i = 0; i < len; i++)
    {
      if (!g_ascii_isdigit (text[i]) || port > G_MAXUINT16)
        return refuse (error, "URL has a port that is no number from 1 to 65535");
      port = port * 10 + (guint) (text[i] - '0');
    }
  if (len > 0 && (port == 0 || port > G_MAXUINT16))
    return refuse (error, "URL has a port that is no number from 1 to 65535");
  return TRUE;
}

static gboolean
append_authority (GString *out, const char *text, gsize len, GError **error)
{
  const char *at = memrchr (text, '@', len); /* a name and password are nobody's business */
  gsize skip = at != NULL ? (gsize) (at + 1 - text) : 0;
  const char *host = text + skip;
  gsize host_len = len - skip;
  const char *bracket = memchr (host, ']', host_len);
  const char *from = bracket != NULL && host[0] == '[' ? bracket : host;
  const char *colon = memrchr (from, ':', host_len - (gsize) (from - host));

  if (colon == NULL)
    return append_host (out, host, host_len, error);
  return append_host (out, host, (gsize) (colon - host), error) &&
         check_port (colon + 1, host_len - (gsize) (colon + 1 - host), error);
}

/* Without "." and "..", and without empty segments. */
static void
append_path (GString *out, const char *path, gsize len)
{
  g_autoptr (GString) resolved = g_string_sized_new (len + 2);
  gsize i = 0;

  g_string_append_c (resolved, '/');
  while (i < len)
    {
      const char *segment = path + i;
      const char *slash = memchr (segment, '/', len - i);
      gsize n = slash != NULL ? (gsize) (slash - segment) : len - i;

      if (n == 2 && memcmp (segment, "..", 2) == 0)
        {
          if (resolved->len > 1)
            g_string_truncate (resolved, resolved->len - 1);
          while (resolved->str[resolved->len - 1] != '/')
            g_string_truncate (resolved, resolved->len - 1);
        }
      else if (n > 0 && !(n == 1 && segment[0] == '.'))
        {
          g_string_append_len (resolved, segment, (gssize) n);
          if (slash != NULL)
            g_string_append_c (resolved, '/');
        }
      i += n + 1;
    }
  append_escaped (out, resolved->str, resolved->len);
}

/* The scheme of @text, http where it has none; what follows it in @rest. */
static const char *
take_scheme (const char *text, gsize *rest)
{
  gsize n = strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

  *rest = 0;
  if (n == 0 || strncmp (text + n, "://", 3) != 0)
    return HTTP;
  *rest = n + 3;
  if (n == 4 && g_ascii_strncasecmp (text, "http", n) == 0)
    return HTTP;
  return n == 5 && g_ascii_strncasecmp (text, "https", n) == 0 ? HTTPS : NULL;
}

/* Cuts a name and password off before anything is decoded: a "%2F" in them ends no host. */
static void
cut_user (GString *text)
{
  gsize start, n;
  const char *at;

  take_scheme (text->str, &start);
  n = strcspn (text->str + start, "/?");
  at = memrchr (text->str + start, '@', n);
  if (at != NULL)
    g_string_erase (text, (gssize) start, at + 1 - (text->str + start));
}

static gsize
span_to (const char *text, gsize from, gsize len, const char *stops)
{
  gsize i = from;

  while (i < len && (text[i] == '\0' || strchr (stops, text[i]) == NULL))
    i++;
  return i;
}

gboolean
tocsin_subject_parse_url (const char *input, char **value, GError **error)
{
  g_autoptr (GString) stripped = NULL;
  g_autoptr (GString) text = NULL;
  g_autoptr (GString) out = NULL;
  const char *scheme;
  gsize start;
  gsize path;
  gsize query;

  if (strlen (input) > TOCSIN_URI_MAX_BYTES)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "URL is longer than 2048 bytes");
      return FALSE;
    }
  stripped = strip (input);
  turn_slashes (stripped);
  cut_user (stripped);
  text = unescape_fully (stripped->str, stripped->len);
  turn_slashes (text);
  scheme = take_scheme (text->str, &start);
  if (scheme == NULL)
    return refuse (error, "URL is neither of scheme http nor of https");
  path = span_to (text->str, start, text->len, "/?");
  query = span_to (text->str, path, text->len, "?");

  out = g_string_new (scheme);
  if (!append_authority (out, text->str + start, path - start, error))
    return FALSE;
  append_path (out, text->str + path, query - path);
  append_escaped (out, text->str + query, text->len - query);
  if (out->len > TOCSIN_URI_MAX_BYTES)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "URL is longer than 2048 bytes in canonical form");
      return FALSE;
    }
  *value = g_string_free (g_steal_pointer (&out), FALSE);
  return TRUE;
}

static const char *
skip_scheme (const char *url)
{
  return strstr (url, "://") + 3;
}

/* The length of the host at @authority, brackets included. */
static gsize
host_length (const char *authority)
{
  if (authority[0] == '[')
    return strcspn (authority, "]") + 1;
  return strcspn (authority, ":/");
}

char *
tocsin_url_host (const char *url)
{
  const char *authority = skip_scheme (url);
  gsize len = host_length (authority);

  return authority[0] == '[' ? g_strndup (authority + 1, len - 2) : g_strndup (authority, len);
}

gboolean
tocsin_url_copy_host (const char *url, char out[TOCSIN_HOST_MAX_BYTES + 1])
{
  const char *authority = skip_scheme (url);
  gsize len = host_length (authority);

  if (len > TOCSIN_HOST_MAX_BYTES)
    return FALSE;
  memcpy (out, authority, len);
  out[len] = '\0';
  return TRUE;
}

const char *
tocsin_url_path (const char *url)
{
  const char *authority = skip_scheme (url);

  return authority + strcspn (authority, "/");
}

/* The host and its suffixes of at most five labels, down to what someone registered. */
static guint
find_hosts (const char *host, const char *hosts[MAX_HOSTS])
{
  TocsinPrefix prefix;
  const char *starts[MAX_SUFFIX_LABELS];
  const char *registrable;
  const char *at = host + strlen (host);
  guint n_starts = 0;
  guint n = 0;

  hosts[n++] = host;
  if (host[0] == '[' || tocsin_prefix_read (host, &prefix))
    return n;
  registrable = tocsin_host_registrable (host);
  while (at > host && n_starts < MAX_SUFFIX_LABELS)
    {
      while (at > host && at[-1] != '.')
        at--;
      starts[n_starts++] = at;
      if (at > host)
        at--;
    }
  while (n_starts > 0 && registrable != NULL && n < MAX_HOSTS)
    {
      const char *start = starts[--n_starts];

      if (start > host && start <= registrable)
        hosts[n++] = start;
    }
  return n;
}

/* Lengths of the paths to look up in @path: with its query, without, and its first directories. */
static guint
find_paths (const char *path, gsize lengths[2 + MAX_PATH_PREFIXES])
{
  gsize whole = strlen (path);
  gsize bare = strcspn (path, "?");
  gsize end = 1;
  guint n = 0;

  lengths[n++] = whole;
  if (bare != whole)
    lengths[n++] = bare;
  for (guint i = 0; i < MAX_PATH_PREFIXES; i++)
    {
      const char *slash;

      if (end < bare)
        lengths[n++] = end;
      slash = memchr (path + end, '/', bare - end);
      if (slash == NULL)
        break;
      end = (gsize) (slash + 1 - path);
    }
  return n;
}

/* At most 5 × 6 expressions, each as the URL of either scheme: a page does not become another one
 * by being read through TLS. */
void
tocsin_probes_add_url (GArray *probes, const char *url)
{
  const char *authority = skip_scheme (url);
  g_autofree char *host = g_strndup (authority, host_length (authority));
  const char *path = tocsin_url_path (url);
  const char *schemes[] = { HTTP, HTTPS };
  const char *hosts[MAX_HOSTS];
  gsize paths[2 + MAX_PATH_PREFIXES];
  guint n_hosts = find_hosts (host, hosts);
  guint n_paths = find_paths (path, paths);
  g_autoptr (GString) text = g_string_sized_new (ORIGIN_MAX_BYTES);

  for (guint h = 0; h < n_hosts; h++)
    for (guint p = 0; p < n_paths; p++)
      for (guint s = 0; s < G_N_ELEMENTS (schemes); s++)
        {
          g_string_assign (text, schemes[s]);
          g_string_append (text, hosts[h]);
          g_string_append_len (text, path, (gssize) paths[p]);
          if (strcmp (text->str, url) != 0)
            tocsin_probe_append (probes, TOCSIN_SUBJECT_URL, text->str, 0, FALSE);
        }
}
