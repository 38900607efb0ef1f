/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is a URL and, on the next line, what a redirect from there says. Properties: whatever
 * is fetched is https or http without a user name and, written out, all visible ASCII; it leads
 * where it led when it is read again; its authority is one spelling, and names the host and port
 * that the Host field does.
 */
#include "fuzz/fuzz.h"

#include <gio/gio.h>
#include <string.h>

#include "core/error.h"
#include "fed/fetch-uri.h"

static void
check_again (GUri *uri, const char *authority)
{
  g_autofree char *text = g_uri_to_string (uri);
  g_autoptr (GUri) again = NULL;
  g_autofree char *authority_again = NULL;
  g_autoptr (GError) error = NULL;

  if (strlen (text) > TOCSIN_FETCH_MAX_URI_BYTES)
    return;
  again = tocsin_fetch_uri_parse (text, &error);
  g_assert_no_error (error);
  g_assert_true (tocsin_fetch_uri_same_origin (uri, again));
  g_assert_cmpstr (g_uri_get_path (again), ==, g_uri_get_path (uri));
  g_assert_cmpstr (g_uri_get_query (again), ==, g_uri_get_query (uri));
  authority_again = tocsin_fetch_authority (text, NULL);
  g_assert_cmpstr (authority_again, ==, authority);
}

static void
check_authority (GUri *uri, const char *authority)
{
  g_autofree char *scheme_authority = g_strconcat ("https://", authority, "/", NULL);
  g_autofree char *again = tocsin_fetch_authority (scheme_authority, NULL);
  g_autofree char *field = tocsin_fetch_uri_host_field (uri);
  g_autofree char *origin = g_strconcat (g_uri_get_scheme (uri), "://", field, "/", NULL);
  g_autofree char *by_field = tocsin_fetch_authority (origin, NULL);

  g_assert_cmpstr (again, ==, authority);
  g_assert_cmpstr (by_field, ==, authority);
  g_assert_null (strpbrk (field, "/?#@\\ \t\r\n"));
}

static void
check_uri (GUri *uri)
{
  g_autofree char *authority = tocsin_fetch_uri_authority (uri);
  g_autofree char *target = g_strconcat (
      g_uri_get_path (uri), g_uri_get_query (uri) != NULL ? g_uri_get_query (uri) : "", NULL);

  g_assert_true (g_str_equal (g_uri_get_scheme (uri), "https") ||
                 g_str_equal (g_uri_get_scheme (uri), "http"));
  g_assert_null (g_uri_get_userinfo (uri));
  for (const char *c = target; *c != '\0'; c++)
    g_assert_true (g_ascii_isgraph (*c));
  check_again (uri, authority);
  check_authority (uri, authority);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 2);
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) base = tocsin_fetch_uri_parse (lines[0] != NULL ? lines[0] : "", &error);
  g_autoptr (GUri) next = NULL;

  if (base == NULL)
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      return;
    }
  check_uri (base);
  if (lines[1] != NULL)
    next = tocsin_fetch_uri_parse_relative (base, lines[1], NULL);
  if (next != NULL)
    check_uri (next);
}
