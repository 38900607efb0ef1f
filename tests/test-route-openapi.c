/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /openapi.json says what the routes do, and nothing else.
 */
#include "admin-node.h"

#include "core/limits.h"
#include "export/export.h"
#include "fed/review.h"
#include "feeds/reader.h"
#include "http/report-view.h"

static JsonNode *
read_document (Admin *admin)
{
  TocsinRequest *request = node_begin (&admin->node, "GET", "/openapi.json", NULL, NULL);
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (GError) error = NULL;
  JsonNode *root;
  GBytes *bytes;

  node_run (&admin->node, request);
  g_assert_cmpuint (tocsin_reply_get_status (request->reply), ==, 200);
  bytes = tocsin_reply_get_bytes (request->reply);
  limits.max_members = 100000;
  root = tocsin_json_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &limits, NULL,
                            &error);
  g_assert_no_error (error);
  tocsin_request_unref (request);
  return root;
}

/* What a $ref of @object stands for, or @object. */
static JsonObject *
resolve (JsonObject *document, JsonObject *object)
{
  g_auto (GStrv) parts = NULL;

  if (!json_object_has_member (object, "$ref"))
    return object;
  parts = g_strsplit (TEXT (object, "$ref") + strlen ("#/"), "/", -1);
  object = document;
  for (char **part = parts; *part != NULL; part++)
    object = json_object_get_object_member (object, *part);
  return object;
}

static JsonObject *
find_operation (JsonObject *paths, const TocsinRoute *route)
{
  g_autofree char *method = g_ascii_strdown (route->method, -1);
  JsonObject *path = json_object_has_member (paths, route->pattern)
                         ? json_object_get_object_member (paths, route->pattern)
                         : NULL;

  if (path == NULL || !json_object_has_member (path, method))
    g_error ("%s %s is not documented", route->method, route->pattern);
  return json_object_get_object_member (path, method);
}

static guint
documented_scopes (JsonObject *operation)
{
  JsonArray *names =
      json_object_has_member (operation, "x-scopes") ? ARRAY (operation, "x-scopes") : NULL;
  guint all = 0;

  for (guint i = 0; names != NULL && i < json_array_get_length (names); i++)
    {
      guint one = 0;

      g_assert_true (
          tocsin_auth_scopes_parse (json_array_get_string_element (names, i), &one, NULL));
      all |= one;
    }
  return all;
}

/* A route that refuses what it does not know knows what is documented. */
static void
check_query (const TocsinRoute *route, JsonObject *document, JsonObject *operation)
{
  JsonArray *parameters =
      json_object_has_member (operation, "parameters") ? ARRAY (operation, "parameters") : NULL;
  guint n = 0;

  if ((route->flags & TOCSIN_ROUTE_ANY_QUERY) != 0)
    return;
  for (guint i = 0; parameters != NULL && i < json_array_get_length (parameters); i++)
    {
      JsonObject *one = resolve (document, json_array_get_object_element (parameters, i));

      if (g_strcmp0 (TEXT (one, "in"), "query") != 0)
        continue;
      n++;
      g_assert_nonnull (route->query);
      g_assert_true (g_strv_contains (route->query, TEXT (one, "name")));
    }
  g_assert_cmpuint (n, ==, route->query != NULL ? g_strv_length ((char **) route->query) : 0);
}

/* Where a body is taken its cap is told, and what is answered past it. */
static void
check_body (const TocsinRoute *route, JsonObject *operation)
{
  JsonObject *responses = json_object_get_object_member (operation, "responses");
  gint64 cap = json_object_has_member (operation, "x-body-max-bytes")
                   ? INT (operation, "x-body-max-bytes")
                   : TOCSIN_API_BODY_MAX_BYTES;

  if (!json_object_has_member (operation, "requestBody"))
    return;
  g_assert_cmpint (cap, ==, (gint64) route->body_max_bytes);
  g_assert_true (json_object_has_member (responses, "413"));
  g_assert_true (json_object_has_member (responses, "415"));
}

/* (nullable): the schema of a body in JSON. */
static JsonObject *
find_body (JsonObject *document, JsonObject *operation)
{
  JsonObject *body = json_object_has_member (operation, "requestBody")
                         ? json_object_get_object_member (operation, "requestBody")
                         : NULL;
  JsonObject *content = body != NULL ? json_object_get_object_member (body, "content") : NULL;

  if (content == NULL || !json_object_has_member (content, TYPE_CHECK))
    return NULL;
  return resolve (document, json_object_get_object_member (
                                json_object_get_object_member (content, TYPE_CHECK), "schema"));
}

/* What has no type may be anything. */
static gboolean
takes_null (JsonObject *schema)
{
  JsonNode *type = json_object_get_member (schema, "type");
  JsonArray *types =
      type != NULL && JSON_NODE_HOLDS_ARRAY (type) ? json_node_get_array (type) : NULL;

  for (guint i = 0; types != NULL && i < json_array_get_length (types); i++)
    if (g_str_equal (json_array_get_string_element (types, i), "null"))
      return TRUE;
  return type == NULL;
}

static guint
count_operations (JsonObject *paths)
{
  JsonObjectIter iter;
  JsonNode *path;
  guint n = 0;

  json_object_iter_init (&iter, paths);
  while (json_object_iter_next (&iter, NULL, &path))
    n += json_object_get_size (json_node_get_object (path));
  return n;
}

static void
test_routes (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;
  JsonObject *paths;
  guint n_routes;

  admin_init (&admin);
  root = read_document (&admin);
  paths = json_object_get_object_member (OBJECT (root), "paths");
  n_routes = tocsin_router_get_n_routes (admin.node.router);
  for (guint i = 0; i < n_routes; i++)
    {
      const TocsinRoute *route = tocsin_router_get_route (admin.node.router, i);
      JsonObject *operation = find_operation (paths, route);

      g_test_message ("%s %s", route->method, route->pattern);
      g_assert_cmpuint (documented_scopes (operation), ==, route->scope);
      check_query (route, OBJECT (root), operation);
      check_body (route, operation);
    }
  g_assert_cmpuint (count_operations (paths), ==, n_routes);
}

/* ---- words ---- */

#define WORDS(name, Type, first)                                                                   \
  static const char *name##_word (guint i)                                                         \
  {                                                                                                \
    return tocsin_##name##_to_string ((Type) (i + (first)));                                       \
  }

WORDS (subject_type, TocsinSubjectType, TOCSIN_SUBJECT_IP)
WORDS (area, TocsinArea, 0)
WORDS (opinion, TocsinOpinion, 0)
WORDS (basis, TocsinBasis, 0)
WORDS (action, TocsinAction, 0)
WORDS (sharing, TocsinSharing, 0)
WORDS (state, TocsinReportState, 0)
WORDS (reason, TocsinRemoveReason, 0)
WORDS (hold, TocsinHold, TOCSIN_HOLD_BURST)

static const char *
verdict_word (guint i)
{
  return i < TOCSIN_N_VERDICTS ? tocsin_verdict_to_string ((TocsinVerdict) i) : NULL;
}

static const char *
category_word (guint i)
{
  gsize n;
  const TocsinCategory *all = tocsin_categories (&n);

  return i < n ? all[i].slug : NULL;
}

static const char *
review_kind_word (guint i)
{
  return i < TOCSIN_REVIEW_FREE_RIDER ? tocsin_review_kind_to_string ((TocsinReviewKind) (i + 1))
                                      : NULL;
}

static const char *
review_state_word (guint i)
{
  return i <= TOCSIN_REVIEW_LAPSED ? tocsin_review_state_to_string ((TocsinReviewState) i) : NULL;
}

static const char *
export_format_word (guint i)
{
  gsize n;
  const TocsinExportFormat *const *all = tocsin_export_formats (&n);

  return i < n ? all[i]->name : NULL;
}

static const char *
feed_format_word (guint i)
{
  const char *const *all = tocsin_feed_formats ();
  guint n = g_strv_length ((char **) all);

  return i < n ? all[i] : i == n ? TOCSIN_FEED_FORMAT_MMDB : NULL;
}

/* Words that are fixed are those of the tables. */
static void
test_words (void)
{
  static const struct
  {
    const char *schema;
    const char *(*word) (guint i); /* NULL past the last */
  } vectors[] = {
    { "SubjectType", subject_type_word },
    { "Level", verdict_word },
    { "Category", category_word },
    { "Area", area_word },
    { "Opinion", opinion_word },
    { "Basis", basis_word },
    { "Action", action_word },
    { "Sharing", sharing_word },
    { "ReportState", state_word },
    { "Reason", reason_word },
    { "Hold", hold_word },
    { "ReviewKind", review_kind_word },
    { "ReviewState", review_state_word },
    { "ExportFormat", export_format_word },
    { "FeedFormat", feed_format_word },
  };
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;
  JsonObject *schemas;

  admin_init (&admin);
  root = read_document (&admin);
  schemas = json_object_get_object_member (
      json_object_get_object_member (OBJECT (root), "components"), "schemas");
  for (gsize v = 0; v < G_N_ELEMENTS (vectors); v++)
    {
      JsonArray *words = ARRAY (json_object_get_object_member (schemas, vectors[v].schema), "enum");
      guint n = json_array_get_length (words);

      g_test_message ("%s", vectors[v].schema);
      for (guint i = 0; i < n; i++)
        g_assert_cmpstr (json_array_get_string_element (words, i), ==, vectors[v].word (i));
      g_assert_null (vectors[v].word (n));
    }
}

/* A misspelt parameter is refused by name, except where strangers add their own. */
static void
test_misspelt (void)
{
  static const char *const lenient[] = {
    "/v1/decisions", "/v1/decisions/stream", "/v1/usage-metrics", "/v1/authz", "/metrics",
    "/health/live",  "/health/ready",        "/openapi.json",     NULL
  };
  g_auto (Admin) admin = { 0 };
  guint n_lenient = 0;
  guint n_routes;

  admin_init (&admin);
  n_routes = tocsin_router_get_n_routes (admin.node.router);
  for (guint i = 0; i < n_routes; i++)
    {
      const TocsinRoute *route = tocsin_router_get_route (admin.node.router, i);
      g_autofree char *target = g_strconcat (route->pattern, "?min-verdict=block", NULL);

      g_test_message ("%s %s", route->method, target);
      if (g_strv_contains (lenient, route->pattern))
        n_lenient++;
      else
        admin_refused (&admin, route->method, target, NULL, 400, "min-verdict: no such parameter");
    }
  g_assert_cmpuint (n_lenient, ==, G_N_ELEMENTS (lenient) - 1);
  admin_do (&admin, "GET", "/v1/decisions?ip=192.0.2.1&min-verdict=block", NULL, 200);
}

/* What is known is known once, whatever its second value is. */
static void
test_twice (void)
{
  g_auto (Admin) admin = { 0 };
  guint n_routes, n_names = 0;

  admin_init (&admin);
  n_routes = tocsin_router_get_n_routes (admin.node.router);
  for (guint i = 0; i < n_routes; i++)
    {
      const TocsinRoute *route = tocsin_router_get_route (admin.node.router, i);

      if ((route->flags & TOCSIN_ROUTE_ANY_QUERY) != 0 || route->query == NULL)
        continue;
      for (const char *const *name = route->query; *name != NULL; name++, n_names++)
        {
          g_autofree char *target = g_strdup_printf ("%s?%s=1&%%%02X%s=", route->pattern, *name,
                                                     (guint) (guchar) * *name, *name + 1);
          g_autofree char *where = g_strdup_printf ("%s: it is given twice", *name);

          g_test_message ("%s %s", route->method, target);
          admin_refused (&admin, route->method, target, NULL, 400, where);
        }
    }
  g_assert_cmpuint (n_names, >, 30);
  admin_do (&admin, "GET", "/v1/decisions?ip=192.0.2.1&ip=192.0.2.2", NULL, 200);
}

/* A null where none is declared is refused, with its pointer, and does nothing. */
static void
test_null (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;
  JsonObject *paths;
  guint n_routes, n_nulls = 0;

  admin_init (&admin);
  root = read_document (&admin);
  paths = json_object_get_object_member (OBJECT (root), "paths");
  n_routes = tocsin_router_get_n_routes (admin.node.router);
  for (guint i = 0; i < n_routes; i++)
    {
      const TocsinRoute *route = tocsin_router_get_route (admin.node.router, i);
      JsonObject *schema = find_body (OBJECT (root), find_operation (paths, route));
      JsonObjectIter iter;
      const char *name;
      JsonNode *member;

      if (schema == NULL)
        continue;
      json_object_iter_init (&iter, json_object_get_object_member (schema, "properties"));
      while (json_object_iter_next (&iter, &name, &member))
        {
          g_autofree char *body = g_strdup_printf ("{\"%s\":null}", name);
          g_autofree char *where = g_strdup_printf ("/%s is null", name);

          if (takes_null (resolve (OBJECT (root), OBJECT (member))))
            continue;
          n_nulls++;
          g_test_message ("%s %s %s", route->method, route->pattern, body);
          admin_refused (&admin, route->method, route->pattern, body, 400, where);
        }
    }
  g_assert_cmpuint (n_nulls, >, 40);
}

/* A POST of which no body is declared takes an empty object for none, and nothing else: what is in
 * a body was meant to matter. Any other call without one refuses it unread. */
static void
test_no_body (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;
  JsonObject *paths;
  guint n_routes, n_posts = 0;

  admin_init (&admin);
  root = read_document (&admin);
  paths = json_object_get_object_member (OBJECT (root), "paths");
  n_routes = tocsin_router_get_n_routes (admin.node.router);
  for (guint i = 0; i < n_routes; i++)
    {
      const TocsinRoute *route = tocsin_router_get_route (admin.node.router, i);

      if (json_object_has_member (find_operation (paths, route), "requestBody"))
        continue;
      g_test_message ("%s %s", route->method, route->pattern);
      if (!g_str_equal (route->method, "POST"))
        {
          admin_refused (&admin, route->method, route->pattern, "{}", 413, "No body is taken here");
          continue;
        }
      n_posts++;
      admin_refused (&admin, "POST", route->pattern, "{\"count\":101}", 400,
                     "/count is not a member of this");
      admin_refused (&admin, "POST", route->pattern, "count=101", 400, "JSON byte 0");
      admin_refused (&admin, "POST", route->pattern, "[]", 400, "The document is not an object");
    }
  g_assert_cmpuint (n_posts, ==, 11);
  admin_do (&admin, "POST", "/v1/audit/verify", " { }\n", 200);
  admin_refused (&admin, "POST", "/v1/review/7/accept", "{}", 404, "There is no such line");
}

static void
test_version (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (JsonNode) status = NULL;

  admin_init (&admin);
  root = read_document (&admin);
  status = admin_ask (&admin, "GET", "/v1/status", NULL, 200);
  g_assert_cmpstr (TEXT (json_object_get_object_member (OBJECT (root), "info"), "version"), ==,
                   TEXT (OBJECT (status), "version"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-openapi/routes", test_routes);
  g_test_add_func ("/route-openapi/words", test_words);
  g_test_add_func ("/route-openapi/misspelt", test_misspelt);
  g_test_add_func ("/route-openapi/twice", test_twice);
  g_test_add_func ("/route-openapi/null", test_null);
  g_test_add_func ("/route-openapi/no-body", test_no_body);
  g_test_add_func ("/route-openapi/version", test_version);
  return g_test_run ();
}
