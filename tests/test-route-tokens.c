/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/tokens, and what each scope opens.
 */
#include "admin-node.h"

#include "store/table-tokens.h"

static void
test_life (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) made = NULL;
  g_autoptr (JsonNode) list = NULL;
  g_autofree char *token = NULL;
  const char *name;
  JsonObject *listed;

  admin_init (&admin);
  made = admin_ask (&admin, "POST", "/v1/tokens",
                    "{\"name\":\"mail\",\"scopes\":[\"check\",\"report\"]}", 201);
  token = g_strdup (TEXT (OBJECT (made), "token"));
  g_assert_true (g_str_has_prefix (token, TOCSIN_TOKEN_PREFIX));
  /* In force when the answer comes. */
  g_assert_cmpuint (tocsin_auth_lookup (admin.auth, token, &name), ==,
                    TOCSIN_SCOPE_CHECK | TOCSIN_SCOPE_REPORT);
  g_assert_cmpstr (name, ==, "mail");
  list = admin_ask (&admin, "GET", "/v1/tokens", NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (list), "tokens")), ==, 1);
  listed = json_array_get_object_element (ARRAY (OBJECT (list), "tokens"), 0);
  g_assert_cmpstr (TEXT (listed, "name"), ==, "mail");
  g_assert_cmpuint (json_array_get_length (ARRAY (listed, "scopes")), ==, 2);
  g_assert_false (json_object_has_member (listed, "token"));
  admin_refused (&admin, "POST", "/v1/tokens", "{\"name\":\"mail\",\"scopes\":[\"check\"]}", 409,
                 "/name");
  admin_do (&admin, "DELETE", "/v1/tokens/mail", NULL, 200);
  g_assert_cmpuint (tocsin_auth_lookup (admin.auth, token, NULL), ==, 0);
  admin_refused (&admin, "DELETE", "/v1/tokens/mail", NULL, 404, "");
  admin_refused (&admin, "GET", "/v1/tokens/mail", NULL, 404, "");
}

static gboolean
put_token (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  tocsin_tokens_put (txn, data);
  return TRUE;
}

/* Names that were taken once. */
static void
test_old_names (void)
{
  static const struct
  {
    const char *name;
    const char *target;
  } vectors[] = {
    { "..", "/v1/tokens/.." },
    { "..", "/v1/tokens/%2E%2E" },
    { ".", "/v1/tokens/." },
    { "-x", "/v1/tokens/-x" },
  };
  g_auto (Admin) admin = { 0 };

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      TocsinTokenRecord record = { .name = (char *) vectors[i].name, .scopes = TOCSIN_SCOPE_CHECK };

      g_assert_true (tocsin_store_write (admin.node.store, put_token, &record, NULL));
      admin_do (&admin, "GET", vectors[i].target, NULL, 200);
      admin_do (&admin, "DELETE", vectors[i].target, NULL, 200);
      admin_refused (&admin, "GET", vectors[i].target, NULL, 404, "");
    }
}

static void
test_admin_token_stays (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;

  admin_init (&admin);
  token = tocsin_auth_ensure_admin_token (admin.node.dir, &error);
  g_assert_no_error (error);
  admin_do (&admin, "POST", "/v1/tokens", "{\"name\":\"x\",\"scopes\":[\"check\"]}", 201);
  g_assert_cmpuint (tocsin_auth_lookup (admin.auth, token, NULL), ==, TOCSIN_SCOPE_ALL);
  admin_refused (&admin, "DELETE", "/v1/tokens/admin", NULL, 409, "");
}

/* What becomes of the file later does not keep a removed token in force. */
static void
test_removed_whatever_the_file_is (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) made = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  g_autofree char *first = NULL;
  const char *token;

  admin_init (&admin);
  path = g_build_filename (admin.node.dir, "admin.token", NULL);
  first = tocsin_auth_ensure_admin_token (admin.node.dir, &error);
  g_assert_no_error (error);
  made = admin_ask (&admin, "POST", "/v1/tokens", "{\"name\":\"x\",\"scopes\":[\"check\"]}", 201);
  token = TEXT (OBJECT (made), "token");
  g_assert_true (g_file_set_contents (path, "?", -1, NULL));
  admin_do (&admin, "DELETE", "/v1/tokens/x", NULL, 200);
  g_assert_cmpuint (tocsin_auth_lookup (admin.auth, token, NULL), ==, 0);
  g_assert_cmpuint (tocsin_auth_lookup (admin.auth, first, NULL), ==, TOCSIN_SCOPE_ALL);
}

static void
test_refusals (void)
{
  static const struct
  {
    const char *body;
    guint status;
    const char *where;
  } cases[] = {
    { "{}", 400, "/name" },
    { "{\"name\":\"\",\"scopes\":[\"check\"]}", 400, "/name" },
    { "{\"name\":\"a b\",\"scopes\":[\"check\"]}", 400, "/name" },
    { "{\"name\":\".\",\"scopes\":[\"check\"]}", 400, "/name" },
    { "{\"name\":\"..\",\"scopes\":[\"check\"]}", 400, "/name" },
    { "{\"name\":\"-x\",\"scopes\":[\"check\"]}", 400, "/name" },
    { "{\"name\":\"_x\",\"scopes\":[\"check\"]}", 400, "/name" },
    { "{\"name\":\"admin\",\"scopes\":[\"check\"]}", 409, "/name" },
    { "{\"name\":\"socket\",\"scopes\":[\"check\"]}", 409, "/name" },
    { "{\"name\":\"a\"}", 400, "/scopes" },
    { "{\"name\":\"a\",\"scopes\":[]}", 400, "/scopes" },
    { "{\"name\":\"a\",\"scopes\":\"check\"}", 400, "/scopes" },
    { "{\"name\":\"a\",\"scopes\":[\"check\",\"root\"]}", 400, "/scopes/1" },
    { "{\"name\":\"a\",\"scopes\":[\"check,admin\"]}", 400, "/scopes/0" },
    { "{\"name\":\"a\",\"scopes\":[\"check\"],\"days\":1}", 400, "/days" },
  };
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) list = NULL;

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    admin_refused (&admin, "POST", "/v1/tokens", cases[i].body, cases[i].status, cases[i].where);
  list = admin_ask (&admin, "GET", "/v1/tokens", NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (list), "tokens")), ==, 0);
}

/* What opens it on TCP; no row: admin alone. */
static const struct
{
  const char *prefix;
  guint scopes;
} opens[] = {
  { "/health/", TOCSIN_SCOPE_ALL },
  { "/metrics", TOCSIN_SCOPE_METRICS },
  { "/v1/authz", TOCSIN_SCOPE_CHECK },
  { "/v1/changes", TOCSIN_SCOPE_STREAM },
  { "/v1/export/", TOCSIN_SCOPE_STREAM },
  { "/v1/check", TOCSIN_SCOPE_CHECK },
  { "/v1/imports", TOCSIN_SCOPE_REPORT },
  { "/v1/range", TOCSIN_SCOPE_RANGE },
  { "/v1/reports", TOCSIN_SCOPE_REPORT },
  { "/v1/status", TOCSIN_SCOPE_CHECK },
  { "/openapi.json", TOCSIN_SCOPE_ALL },
  { "/v1/decisions", TOCSIN_SCOPE_STREAM },
  { "/v1/usage-metrics", TOCSIN_SCOPE_STREAM },
};

static guint
wanted_scopes (const char *pattern)
{
  for (gsize i = 0; i < G_N_ELEMENTS (opens); i++)
    if (g_str_has_prefix (pattern, opens[i].prefix))
      return opens[i].scopes | TOCSIN_SCOPE_ADMIN;
  return TOCSIN_SCOPE_ADMIN;
}

static guint
admit (Admin *admin, const TocsinRoute *route, const char *token)
{
  g_auto (GStrv) parts = g_strsplit_set (route->pattern, "{}", -1);
  g_autofree char *path = g_strjoinv ("", parts);
  g_autofree char *bearer = token != NULL ? g_strconcat ("Bearer ", token, NULL) : NULL;
  g_autoptr (TocsinRequest) request = tocsin_request_new (route->method, path);

  request->kind = TOCSIN_LISTENER_API;
  if (bearer != NULL)
    tocsin_request_add_header (request, "Authorization", bearer);
  if (route->body_max_bytes > 0 && route->media_types != NULL)
    tocsin_request_add_header (request, "Content-Type", route->media_types[0]);
  if (tocsin_gate_admit (request, admin->node.router, admin->auth))
    return 200;
  /* Any of them would do. */
  g_assert_false (
      g_regex_match_simple ("scope [a-z]+,", tocsin_reply_get_buffer (request->reply)->str, 0, 0));
  return tocsin_reply_get_status (request->reply);
}

static void
test_scopes (void)
{
  g_auto (Admin) admin = { 0 };
  TocsinToken tokens[] = {
    { .name = (char *) "check", .scopes = TOCSIN_SCOPE_CHECK },
    { .name = (char *) "range", .scopes = TOCSIN_SCOPE_RANGE },
    { .name = (char *) "report", .scopes = TOCSIN_SCOPE_REPORT },
    { .name = (char *) "stream", .scopes = TOCSIN_SCOPE_STREAM },
    { .name = (char *) "admin", .scopes = TOCSIN_SCOPE_ADMIN },
    { .name = (char *) "metrics", .scopes = TOCSIN_SCOPE_METRICS },
  };
  char *texts[G_N_ELEMENTS (tokens)];

  admin_init (&admin);
  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    {
      texts[i] = tocsin_auth_token_new ();
      tocsin_auth_token_hash (texts[i], tokens[i].hash);
    }
  tocsin_auth_replace (admin.auth, tokens, G_N_ELEMENTS (tokens));
  for (guint r = 0; r < tocsin_router_get_n_routes (admin.node.router); r++)
    {
      const TocsinRoute *route = tocsin_router_get_route (admin.node.router, r);
      guint wanted = wanted_scopes (route->pattern);
      gboolean open = route->scope == TOCSIN_SCOPE_NONE;

      g_test_message ("%s %s", route->method, route->pattern);
      g_assert_cmpuint (admit (&admin, route, NULL), ==, open ? 200 : 401);
      g_assert_cmpuint (admit (&admin, route, "tocsin_nobody"), ==, open ? 200 : 401);
      g_assert_true (!open || wanted == TOCSIN_SCOPE_ALL);
      for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
        g_assert_cmpuint (admit (&admin, route, texts[i]), ==,
                          open || (tokens[i].scopes & wanted) != 0 ? 200 : 403);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (tokens); i++)
    g_free (texts[i]);
}

/* A request that takes its time says who it is for, whatever becomes of the token meanwhile. */
static void
test_name_outlives_token (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *text = tocsin_auth_token_new ();
  g_autofree char *bearer = g_strconcat ("Bearer ", text, NULL);
  g_autoptr (TocsinRequest) request = tocsin_request_new ("GET", "/v1/status");
  TocsinToken token = { .name = (char *) "mail", .scopes = TOCSIN_SCOPE_CHECK };

  admin_init (&admin);
  tocsin_auth_token_hash (text, token.hash);
  tocsin_auth_replace (admin.auth, &token, 1);
  request->kind = TOCSIN_LISTENER_API;
  tocsin_request_add_header (request, "Authorization", bearer);
  g_assert_true (tocsin_gate_admit (request, admin.node.router, admin.auth));
  tocsin_auth_replace (admin.auth, NULL, 0);
  g_assert_cmpuint (tocsin_auth_lookup (admin.auth, text, NULL), ==, 0);
  g_assert_cmpstr (tocsin_request_get_token_name (request), ==, "mail");
  tocsin_request_reset (request);
  g_assert_null (tocsin_request_get_token_name (request));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-tokens/life", test_life);
  g_test_add_func ("/route-tokens/old-names", test_old_names);
  g_test_add_func ("/route-tokens/admin-token-stays", test_admin_token_stays);
  g_test_add_func ("/route-tokens/removed", test_removed_whatever_the_file_is);
  g_test_add_func ("/route-tokens/refusals", test_refusals);
  g_test_add_func ("/route-tokens/scopes", test_scopes);
  g_test_add_func ("/route-tokens/name-outlives-token", test_name_outlives_token);
  return g_test_run ();
}
