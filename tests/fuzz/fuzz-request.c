/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is lines: a target, then fields `NAME:VALUE`. Property: what passes the check has one
 * length at most, and all that a handler can ask of it is UTF-8 without control characters; a
 * forwarded address is an address.
 */
#include <gio/gio.h>
#include <string.h>

#include "fuzz/fuzz.h"
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
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), NULL);
  if (tocsin_router_match (router, "GET", tocsin_request_get_path (request), &request->match))
    {
      assert_clean (tocsin_request_get_param (request, "a"));
      if (request->match.index == 1)
        assert_clean (tocsin_request_get_param (request, "b"));
    }
}

int
LLVMFuzzerTestOneInput (const unsigned char *data, size_t size)
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
  return 0;
}
