/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/host.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/host-table.h"

#define MAX_LABEL_BYTES 63
/* A Unicode name may be longer than its A-labels, by how much nobody needs. */
#define MAX_INPUT_BYTES 1024
#define TOO_LONG        "Host name is longer than 253 bytes"

/* What a provider puts before its name for the same pages, for another screen or taste. */
static const char *const other_labels[] = { "www", "m",     "mobile", "old", "new",
                                            "np",  "touch", "mbasic", "web" };

static gboolean
refuse (GError **error, const char *message)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, message);
  return FALSE;
}

/* Whether the label at @label may stand in a host name ([RFC 1123, section 2.1]). */
static gboolean
is_ldh_label (const char *label, gsize len)
{
  if (len == 0 || len > MAX_LABEL_BYTES || label[0] == '-' || label[len - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_islower (label[i]) && !g_ascii_isdigit (label[i]) && label[i] != '-')
      return FALSE;
  return TRUE;
}

static gboolean
is_number (const char *label, gsize len)
{
  gsize skip = len >= 2 && label[0] == '0' && label[1] == 'x' ? 2 : 0;

  for (gsize i = skip; i < len; i++)
    if (skip != 0 ? !g_ascii_isxdigit (label[i]) : !g_ascii_isdigit (label[i]))
      return FALSE;
  return TRUE;
}

/* The last word on every name, however it was made. */
static gboolean
check_name (const char *name, GError **error)
{
  const char *label = name;

  for (;;)
    {
      gsize len = strcspn (label, ".");

      if (!is_ldh_label (label, len))
        return refuse (error, "Host name has a label that is empty, longer than 63 bytes or of "
                              "other than letters, digits and inner hyphens");
      if (label[len] == '\0')
        {
          if (is_number (label, len))
            return refuse (error, "Host name ends in a number: it would be an address");
          return TRUE;
        }
      label += len + 1;
    }
}

/* Lower-cases an all-ASCII name into @out. FALSE if it needs libidn2: not ASCII, or with an
 * A-label, whose round trip has to be checked. */
static gboolean
copy_plain_ascii (const char *input, gsize len, char out[TOCSIN_HOST_MAX_BYTES + 1])
{
  if (len > TOCSIN_HOST_MAX_BYTES)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    {
      if ((guchar) input[i] >= 0x80)
        return FALSE;
      out[i] = g_ascii_tolower (input[i]);
      if (i >= 3 && (i == 3 || out[i - 4] == '.') && memcmp (out + i - 3, "xn--", 4) == 0)
        return FALSE;
    }
  out[len] = '\0';
  return TRUE;
}

static gboolean
convert_idn (const char *input, gsize len, char out[TOCSIN_HOST_MAX_BYTES + 1], GError **error)
{
  g_autofree char *copy = NULL;
  char *ascii = NULL;
  gsize ascii_len;
  int status;

  if (len > MAX_INPUT_BYTES || !g_utf8_validate (input, (gssize) len, NULL))
    return refuse (error, "Host name is too long or not UTF-8");
  copy = g_strndup (input, len);
  status = idn2_to_ascii_8z (copy, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  if (status == IDN2_TOO_BIG_DOMAIN)
    return refuse (error, TOO_LONG);
  if (status != IDN2_OK)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "Host name is no valid IDN: %s",
                   idn2_strerror (status));
      return FALSE;
    }
  ascii_len = strlen (ascii);
  /* An ideographic full stop at the end has become a dot by now. */
  if (ascii_len > 1 && ascii[ascii_len - 1] == '.')
    ascii_len--;
  if (ascii_len <= TOCSIN_HOST_MAX_BYTES)
    {
      for (gsize i = 0; i < ascii_len; i++)
        out[i] = g_ascii_tolower (ascii[i]);
      out[ascii_len] = '\0';
    }
  idn2_free (ascii);
  return ascii_len <= TOCSIN_HOST_MAX_BYTES || refuse (error, TOO_LONG);
}

gboolean
tocsin_host_canonicalise (const char *input,
                          gsize input_len,
                          char out[TOCSIN_HOST_MAX_BYTES + 1],
                          GError **error)
{
  gsize len = input_len;

  if (memchr (input, '\0', len) != NULL)
    return refuse (error, "Host name has a NUL byte");
  if (len > 1 && input[len - 1] == '.')
    len--;
  if (len == 0)
    return refuse (error, "Host name is empty");
  if (!copy_plain_ascii (input, len, out) && !convert_idn (input, len, out, error))
    return FALSE;
  return check_name (out, error);
}

const char *
tocsin_host_registrable (const char *host)
{
  return psl_registrable_domain (psl_builtin (), host);
}

gboolean
tocsin_host_is_local (const char *host)
{
  static const char *const names[] = { "localhost", "local", "internal", "test",
                                       "invalid",   "onion", "alt",      "home.arpa" };
  gsize host_len = strlen (host);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      gsize len = strlen (names[i]);

      if (host_len >= len && strcmp (host + host_len - len, names[i]) == 0 &&
          (host_len == len || host[host_len - len - 1] == '.'))
        return TRUE;
    }
  return FALSE;
}

static int
compare_name (const void *key, const void *element)
{
  return strcmp (key, *(const char *const *) element);
}

static const char *
find_provider (const char *domain)
{
  const char *const *found = bsearch (domain, tocsin_shared_providers, tocsin_n_shared_providers,
                                      sizeof (char *), compare_name);

  return found != NULL ? *found : NULL;
}

const char *
tocsin_domain_provider (const char *domain)
{
  const char *provider = find_provider (domain);
  gsize len = strcspn (domain, ".");

  if (provider != NULL || domain[len] == '\0')
    return provider;
  for (gsize i = 0; i < G_N_ELEMENTS (other_labels); i++)
    if (strncmp (domain, other_labels[i], len) == 0 && other_labels[i][len] == '\0')
      {
        provider = find_provider (domain + len + 1);
        return provider != NULL && tocsin_host_registrable (provider) != NULL ? provider : NULL;
      }
  return NULL;
}

void
tocsin_domain_foreach_provider (TocsinDomainFunc func, gpointer data)
{
  for (gsize i = 0; i < tocsin_n_shared_providers; i++)
    {
      const char *provider = tocsin_shared_providers[i];

      func (provider, data);
      if (tocsin_host_registrable (provider) == NULL)
        continue;
      for (gsize k = 0; k < G_N_ELEMENTS (other_labels); k++)
        {
          g_autofree char *domain = g_strconcat (other_labels[k], ".", provider, NULL);

          func (domain, data);
        }
    }
}
