/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/sfv.h"

#include <string.h>

#include "codec/multibase.h"

#define MAX_DIGITS 15 /* section 3.3.1 */

void
tocsin_sfv_skip (const char **at, const char *set)
{
  *at += strspn (*at, set);
}

gboolean
tocsin_sfv_key (const char **at, GString *out)
{
  const char *from = *at;

  if (!g_ascii_islower (*from) && *from != '*')
    return FALSE;
  while (g_ascii_islower (**at) || g_ascii_isdigit (**at) ||
         (**at != '\0' && strchr ("_-.*", **at) != NULL))
    ++*at;
  g_string_truncate (out, 0);
  g_string_append_len (out, from, *at - from);
  return TRUE;
}

gboolean
tocsin_sfv_string (const char **at, GString *out)
{
  g_string_truncate (out, 0);
  if (**at != '"')
    return FALSE;
  for (++*at; **at != '"'; ++*at)
    {
      if (**at == '\\')
        {
          ++*at;
          if (**at != '"' && **at != '\\')
            return FALSE;
        }
      if (**at < 0x20 || **at > 0x7E)
        return FALSE;
      g_string_append_c (out, **at);
    }
  ++*at;
  return TRUE;
}

gboolean
tocsin_sfv_integer (const char **at, gint64 *out)
{
  gboolean negative = **at == '-';
  gint64 value = 0;
  guint digits = 0;

  if (negative)
    ++*at;
  for (; g_ascii_isdigit (**at); ++*at)
    {
      if (++digits > MAX_DIGITS)
        return FALSE;
      value = value * 10 + (**at - '0');
    }
  *out = negative ? -value : value;
  return digits > 0 && **at != '.';
}

GBytes *
tocsin_sfv_bytes (const char **at, gsize max_bytes)
{
  const char *end;
  GBytes *bytes;

  if (**at != ':')
    return NULL;
  end = strchr (*at + 1, ':');
  if (end == NULL)
    return NULL;
  bytes = tocsin_base64_decode (*at + 1, (gsize) (end - *at - 1), max_bytes, NULL);
  *at = end + 1;
  return bytes;
}

/* After a member of a dictionary: the comma and what surrounds it, or the end. */
gboolean
tocsin_sfv_end_of_member (const char **at, gboolean *last)
{
  tocsin_sfv_skip (at, " \t");
  *last = **at == '\0';
  if (*last)
    return TRUE;
  if (**at != ',')
    return FALSE;
  ++*at;
  tocsin_sfv_skip (at, " \t");
  return **at != '\0';
}

void
tocsin_sfv_append_string (GString *out, const char *value)
{
  g_string_append_c (out, '"');
  for (const char *c = value; *c != '\0'; c++)
    {
      if (*c == '"' || *c == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *c);
    }
  g_string_append_c (out, '"');
}

static gboolean
copy_token (const char **at, GString *out)
{
  const char *from = *at;

  while (g_ascii_isalnum (**at) || (**at != '\0' && strchr ("!#$%&'*+-.^_`|~:/", **at) != NULL))
    ++*at;
  g_string_append_len (out, from, *at - from);
  return TRUE;
}

gboolean
tocsin_sfv_copy_item (const char **at, GString *out)
{
  g_autoptr (GString) text = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gint64 number;

  if (**at == '"')
    {
      text = g_string_new (NULL);
      if (!tocsin_sfv_string (at, text))
        return FALSE;
      tocsin_sfv_append_string (out, text->str);
      return TRUE;
    }
  if (**at == '-' || g_ascii_isdigit (**at))
    {
      if (!tocsin_sfv_integer (at, &number))
        return FALSE;
      g_string_append_printf (out, "%" G_GINT64_FORMAT, number);
      return TRUE;
    }
  if (**at == ':')
    {
      g_autofree char *base64 = NULL;

      bytes = tocsin_sfv_bytes (at, 1024);
      if (bytes == NULL)
        return FALSE;
      base64 = tocsin_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
      g_string_append_printf (out, ":%s:", base64);
      return TRUE;
    }
  if (**at == '?')
    {
      if ((*at)[1] != '0' && (*at)[1] != '1')
        return FALSE;
      g_string_append_len (out, *at, 2);
      *at += 2;
      return TRUE;
    }
  return (g_ascii_isalpha (**at) || **at == '*') && copy_token (at, out);
}
