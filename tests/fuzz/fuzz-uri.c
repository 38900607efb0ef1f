/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any text as a URI and as an account name: what is taken has a canonical form that is an id, of
 * the same origin, and a fixed point.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "core/subject.h"
#include "core/uri.h"

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *input = g_strndup ((const char *) data, size);
  g_autofree char *canonical = tocsin_uri_canonicalise (input, NULL);
  g_autofree char *again = NULL;
  g_autofree char *origin = NULL;
  g_autofree char *host_port = NULL;
  g_autofree char *user = NULL;
  g_autofree char *host = NULL;

  if (tocsin_subject_parse_acct (input, &user, &host) && (*user == '\0' || *host == '\0'))
    g_error ("An account name has an empty part");
  if (canonical == NULL)
    {
      if (tocsin_uri_check_id (input, FALSE, NULL))
        g_error ("%s is an id and has no canonical form", input);
      return;
    }
  again = tocsin_uri_canonicalise (canonical, NULL);
  if (g_strcmp0 (again, canonical) != 0)
    g_error ("%s is no fixed point", canonical);
  if (!tocsin_uri_check_id (canonical, FALSE, NULL))
    g_error ("%s is no id", canonical);
  origin = tocsin_uri_origin (input, NULL);
  host_port = tocsin_uri_host_port (input, NULL);
  if (origin == NULL || host_port == NULL || !g_str_has_prefix (canonical, origin) ||
      !tocsin_uri_same_origin (input, canonical))
    g_error ("%s is of another origin", canonical);
}
