/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "http/router.h"

static void
on_nothing (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
}

static const TocsinRoute routes[] = {
  { "GET", "/", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/v1/peers", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "POST", "/v1/peers", on_nothing, TOCSIN_ROUTE_NONE, 0, 10, NULL },
  { "GET", "/v1/peers/{id}", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "DELETE", "/v1/peers/{id}", on_nothing, TOCSIN_ROUTE_NONE, 0, 0, NULL },
  { "PUT", "/v1/peers/{id}/trust", on_nothing, TOCSIN_ROUTE_NONE, 0, 10, NULL },
  { "GET", "/v1/peers/pending", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
  { "GET", "/a/{one}/{two}", on_nothing, TOCSIN_ROUTE_READ, 0, 0, NULL },
};

static const struct
{
  const char *method;
  const char *path;
  int index; /* -1: no such path, -2: not with this method */
  const char *first;
} vectors[] = {
  { "GET", "/", 0, NULL },
  { "HEAD", "/", 0, NULL },
  { "GET", "", -1, NULL },
  { "GET", "*", -1, NULL },
  { "GET", "//", -1, NULL },
  { "GET", "/v1/peers", 1, NULL },
  { "POST", "/v1/peers", 2, NULL },
  { "DELETE", "/v1/peers", -2, NULL },
  { "get", "/v1/peers", -2, NULL },
  { "GET", "/v1/peers/", -1, NULL },
  { "GET", "/v1//peers", -1, NULL },
  { "GET", "/v1/peers/https%3A%2F%2Fb.example%2Factor", 3, "https%3A%2F%2Fb.example%2Factor" },
  { "DELETE", "/v1/peers/x", 4, "x" },
  { "POST", "/v1/peers/x", -2, NULL },
  { "PUT", "/v1/peers/x/trust", 5, "x" },
  { "PUT", "/v1/peers/x/trust/", -1, NULL },
  { "GET", "/v1/peers/x/y", -1, NULL },
  { "GET", "/v1/peers/pending", 6, NULL },
  { "DELETE", "/v1/peers/pending", -2, NULL },
  { "GET", "/a/b/c", 7, "b" },
  { "GET", "/a/b", -1, NULL },
};

static TocsinRouter *
make_router (void)
{
  TocsinRouter *router = tocsin_router_new ();

  tocsin_router_add (router, routes, 4, GINT_TO_POINTER (1));
  tocsin_router_add (router, routes + 4, G_N_ELEMENTS (routes) - 4, GINT_TO_POINTER (2));
  return router;
}

static void
test_match (void)
{
  g_autoptr (TocsinRouter) router = make_router ();

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      TocsinMatch match;
      gboolean found = tocsin_router_match (router, vectors[i].method, vectors[i].path, &match);

      g_test_message ("%s %s", vectors[i].method, vectors[i].path);
      g_assert_cmpint (found, ==, vectors[i].index >= 0);
      g_assert_cmpint (match.path_exists, ==, vectors[i].index != -1);
      if (!found)
        continue;
      g_assert_cmpint (match.index, ==, vectors[i].index);
      g_assert_true (match.route == &routes[vectors[i].index]);
      g_assert_cmpint (GPOINTER_TO_INT (match.data), ==, vectors[i].index < 4 ? 1 : 2);
      if (vectors[i].first != NULL)
        g_assert_cmpmem (vectors[i].path + match.params[0].start, match.params[0].len,
                         vectors[i].first, strlen (vectors[i].first));
    }
}

static void
test_allow (void)
{
  g_autoptr (TocsinRouter) router = make_router ();
  g_autofree char *literal = tocsin_router_allow (router, "/v1/peers");
  g_autofree char *pattern = tocsin_router_allow (router, "/v1/peers/x");

  g_assert_cmpstr (literal, ==, "GET, HEAD, POST, OPTIONS");
  g_assert_cmpstr (pattern, ==, "GET, HEAD, DELETE, OPTIONS");
  g_assert_null (tocsin_router_allow (router, "/v2"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/router/match", test_match);
  g_test_add_func ("/router/allow", test_allow);
  return g_test_run ();
}
