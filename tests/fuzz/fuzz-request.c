/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is lines: a target, then fields `NAME:VALUE`. Properties: what passes the check has one
 * length at most, and all that a handler can ask of it is UTF-8 without control characters; its
 * query, escaped anew, is the same query; a forwarded address is an address; a token is what the
 * field says behind its scheme.
 */
#include <gio/gio.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "http/auth.h"
#include "http/public.h"
#include "http/request-private.h"
#include "http/router.h"

static void
on_nothing (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
}

static const TocsinRoute routes[] = {
  { "GET", "/{a}", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/v1/{a}/{b}", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
};

static void
assert_clean (const char *text)
{
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p++)
    g_assert_false (g_ascii_iscntrl (*p));
}

static gboolean
escape_parameter (const char *name, const char *value, gpointer data)
{
  GString *out = data;

  assert_clean (name);
  assert_clean (value);
  g_string_append_c (out, out->len > 0 ? '&' : '?');
  g_string_append_uri_escaped (out, name, NULL, FALSE);
  g_string_append_c (out, '=');
  g_string_append_uri_escaped (out, value, NULL, FALSE);
  return TRUE;
}

static void
assert_query (TocsinRequest *request)
{
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);
  g_autoptr (TocsinRequest) again = NULL;
  g_autofree char *target = NULL;

  tocsin_request_foreach_query (request, escape_parameter, once);
  target = g_strconcat ("/", once->str, NULL);
  again = tocsin_request_new ("GET", target);
  tocsin_request_foreach_query (again, escape_parameter, twice);
  g_assert_cmpstr (once->str, ==, twice->str);
  g_assert_cmpstr (tocsin_request_get_query (request, "q"), ==,
                   tocsin_request_get_query (again, "q"));
}

/* What the gate and the public side read in fields. */
static void
assert_fields (TocsinRequest *request)
{
  const char *authorization = tocsin_request_get_header (request, "authorization");
  const char *token = tocsin_auth_presented (authorization, NULL);
  g_autofree char *password = tocsin_auth_basic (authorization);
  const char *accept = tocsin_request_get_header (request, "accept");
  const char *type = tocsin_request_get_header (request, "content-type");

  g_assert_true (token == NULL || password == NULL);
  if (token != NULL)
    g_assert_true (g_str_has_suffix (authorization, token));
  if (tocsin_public_prefers_html (accept))
    {
      g_autofree char *lower = g_ascii_strdown (accept, -1);

      g_assert_nonnull (strstr (lower, "text/html"));
    }
  if (tocsin_public_is_activity_type (type))
    {
      g_autofree char *lower = g_ascii_strdown (type, -1);

      g_assert_true (strstr (lower, "activity+json") != NULL || strstr (lower, "ld+json") != NULL);
    }
}

static void
assert_request (TocsinRequest *request)
{
  g_autoptr (TocsinRouter) router = tocsin_router_new ();
  const char *query = tocsin_request_get_query (request, "q");
  gint64 length = 0;

  g_assert_cmpuint (tocsin_request_count_header (request, "host"), <=, 1);
  g_assert_cmpuint (tocsin_request_count_header (request, "content-length") +
                        tocsin_request_count_header (request, "transfer-encoding"),
                    <=, 1);
  g_assert_cmpint (tocsin_request_announces_body (request, &length), ==, length != 0);
  g_assert_cmpint (length, >=, -1);
  if (query != NULL)
    assert_clean (query);
  assert_query (request);
  assert_fields (request);
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), NULL);
  if (tocsin_router_match (router, "GET", tocsin_request_get_path (request), &request->match))
    {
      assert_clean (tocsin_request_get_param (request, "a"));
      if (request->match.index == 1)
        assert_clean (tocsin_request_get_param (request, "b"));
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 64);
  g_autoptr (TocsinRequest) request = tocsin_request_new ("GET", lines[0] != NULL ? lines[0] : "");
  g_autoptr (GPtrArray) trusted = g_ptr_array_new_with_free_func (g_object_unref);

  for (gsize i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      tocsin_request_add_header (request, lines[i], colon + 1);
    }
  g_ptr_array_add (trusted, g_inet_address_mask_new_from_string ("10.0.0.0/8", NULL));
  if (tocsin_request_set_forwarded (request, trusted))
    {
      g_autoptr (GInetAddress) address =
          g_inet_address_new_from_string (tocsin_request_get_remote (request));

      g_assert_nonnull (address);
    }
  if (tocsin_request_check (request, NULL))
    assert_request (request);
}
