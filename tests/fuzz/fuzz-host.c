/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as a host name: what is taken is a DNS name of letters, digits and hyphens, a fixed
 * point, whatever its case was and with or without a dot at the end; what of it was registered is
 * its end, and what was registered of that is all of it.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/error.h"
#include "core/host.h"

static void
check_labels (const char *name)
{
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);

  g_assert_cmpuint (strlen (name), <=, TOCSIN_HOST_MAX_BYTES);
  for (gsize i = 0; labels[i] != NULL; i++)
    {
      gsize len = strlen (labels[i]);

      g_assert_true (len >= 1 && len <= 63);
      g_assert_cmpuint (strspn (labels[i], "abcdefghijklmnopqrstuvwxyz0123456789-"), ==, len);
      g_assert_true (labels[i][0] != '-' && labels[i][len - 1] != '-');
    }
  g_assert_false (g_hostname_is_ip_address (name));
}

static void
check_same (const char *spelling, const char *name)
{
  char again[TOCSIN_HOST_MAX_BYTES + 1];
  g_autoptr (GError) error = NULL;

  tocsin_host_canonicalise (spelling, strlen (spelling), again, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, name);
}

static void
check_registrable (const char *name)
{
  const char *registered = tocsin_host_registrable (name);

  if (registered == NULL)
    return;
  g_assert_true (g_str_has_suffix (name, registered));
  g_assert_true (registered == name || registered[-1] == '.');
  g_assert_true (tocsin_host_registrable (registered) == registered);
  if (tocsin_host_is_local (registered))
    g_assert_true (tocsin_host_is_local (name));
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  char name[TOCSIN_HOST_MAX_BYTES + 1];
  g_autoptr (GError) error = NULL;
  g_autofree char *upper = NULL;
  g_autofree char *dotted = NULL;
  const char *provider;

  if (!tocsin_host_canonicalise ((const char *) data, size, name, &error))
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      return;
    }
  check_labels (name);
  check_same (name, name);
  upper = g_ascii_strup (name, -1);
  check_same (upper, name);
  dotted = g_strconcat (name, ".", NULL);
  check_same (dotted, name);
  check_registrable (name);
  provider = tocsin_domain_provider (name);
  g_assert_true (provider == NULL || g_str_has_suffix (name, provider));
}
