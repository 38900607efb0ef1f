/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: an accepted address, written out again, is accepted and means the same; its host
 * makes a URL that leads to that host and nowhere else.
 */
#include "core/error.h"
#include "fed/fetch-uri.h"
#include "fed/webfinger.h"
#include "fuzz/fuzz.h"

#include <string.h>

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (TocsinActorAddress) once = { 0 };
  g_auto (TocsinActorAddress) twice = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *written = NULL;
  g_autofree char *url = NULL;
  g_autofree char *authority = NULL;

  if (!tocsin_actor_address_parse (&once, text, &error))
    {
      g_assert_true (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID));
      return;
    }
  if (once.uri != NULL)
    written = g_strdup (once.uri);
  else if (once.user != NULL)
    written = g_strconcat ("acct:", once.user, "@", once.host, NULL);
  else if (g_str_has_prefix (once.host, "acct:")) /* a host of that name, with a port */
    written = g_strconcat ("https://", once.host, NULL);
  else
    written = g_strdup (once.host);
  g_assert_true (tocsin_actor_address_parse (&twice, written, NULL));
  g_assert_cmpstr (once.user, ==, twice.user);
  g_assert_cmpstr (once.host, ==, twice.host);
  g_assert_cmpstr (once.uri, ==, twice.uri);
  url = g_strconcat ("https://", once.host, "/", NULL);
  authority = tocsin_fetch_authority (url, NULL);
  g_assert_nonnull (authority);
  g_assert_null (strpbrk (once.host, "/?#@\\ \r\n"));
}
