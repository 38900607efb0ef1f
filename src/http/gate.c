/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/gate.h"

#include "core/error.h"

static gboolean
find_route (TocsinRequest *self, const TocsinRouter *router)
{
  g_autofree char *allow = NULL;

  if (tocsin_router_match (router, self->method, self->path->str, &self->match))
    return TRUE;
  if (!self->match.path_exists)
    {
      tocsin_reply_set_problem (self->reply, 404, "not-found", "There is nothing at this path");
      return FALSE;
    }
  allow = tocsin_router_allow (router, self->path->str);
  if (strcmp (self->method, "OPTIONS") == 0)
    tocsin_reply_set_status (self->reply, 204);
  else
    tocsin_reply_set_problem (self->reply, 405, "method-not-allowed",
                              "This path does not take that method");
  tocsin_reply_add_header (self->reply, "Allow", allow);
  return FALSE;
}

/* Returns: whether a token was shown, known or not */
static gboolean
identify (TocsinRequest *self, const TocsinAuth *auth)
{
  const char *authorization = tocsin_request_get_header (self, "Authorization");
  g_autofree char *password = NULL;
  const char *name = NULL;
  const char *token;

  if (self->kind == TOCSIN_LISTENER_UNIX)
    {
      self->scopes = TOCSIN_SCOPE_ALL;
      return TRUE;
    }
  token = tocsin_auth_presented (authorization, tocsin_request_get_header (self, "X-Api-Key"));
  if (token != NULL && auth != NULL)
    self->scopes = tocsin_auth_lookup (auth, token, &name);
  if (self->scopes == 0)
    {
      password = tocsin_auth_basic (authorization);
      if (password != NULL && auth != NULL)
        self->scopes = tocsin_auth_lookup (auth, password, &name);
    }
  if (name != NULL)
    self->token_name = g_string_assign (self->token_copy, name)->str;
  /* Any other password is a proxy's. */
  return (token != NULL && *token != '\0') ||
         (password != NULL && g_str_has_prefix (password, TOCSIN_TOKEN_PREFIX));
}

static gboolean
check_scope (TocsinRequest *self, const TocsinAuth *auth, GError **error)
{
  guint wanted = self->match.route->scope;
  gboolean shown;

  if (wanted == TOCSIN_SCOPE_NONE)
    return TRUE;
  shown = identify (self, auth);
  if ((self->scopes & wanted) != 0)
    return TRUE;
  if (self->scopes != 0)
    {
      g_autofree char *all = tocsin_auth_scopes_format (wanted);
      g_auto (GStrv) names = g_strsplit (all, ",", -1);
      g_autofree char *either = g_strjoinv (" or ", names);

      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                   "This token does not have the scope %s", either);
    }
  else if (shown)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                         "This node does not know the token: it was mistyped, or removed");
  else
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                         "This call needs a token: “Authorization: Bearer TOKEN” or X-Api-Key");
  return FALSE;
}

/* Compares the type and subtype; parameters are the handler's business. */
static gboolean
media_type_fits (const char *value, const char *const *types)
{
  gsize len;

  if (value == NULL)
    return FALSE;
  len = strcspn (value, "; \t");
  for (gsize i = 0; types[i] != NULL; i++)
    if (strlen (types[i]) == len && g_ascii_strncasecmp (types[i], value, len) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_body (TocsinRequest *self, GError **error)
{
  const TocsinRoute *route = self->match.route;
  const char *coding = tocsin_request_get_header (self, "Content-Encoding");
  gint64 length;

  if (!tocsin_request_announces_body (self, &length))
    return TRUE;
  if (route->body_max_bytes == 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE, "No body is taken here");
      return FALSE;
    }
  if (length > 0 && (guint64) length > route->body_max_bytes)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                   "The body may have %" G_GSIZE_FORMAT " bytes", route->body_max_bytes);
      return FALSE;
    }
  if (coding != NULL && g_ascii_strcasecmp (coding, "identity") != 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
                           "No content coding is taken");
      return FALSE;
    }
  if (route->media_types != NULL &&
      !media_type_fits (tocsin_request_get_header (self, "Content-Type"), route->media_types))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED, "The body must be %s",
                   route->media_types[0]);
      return FALSE;
    }
  return TRUE;
}

typedef struct
{
  const char *const *known;
  guint64 seen; /* bits of @known */
  GError **error;
  gboolean ok;
} QueryCheck;

/* A misspelt filter would be none, and what it was to leave out would be there; of one that is
 * given twice, as some write a list, the second would be lost. */
static gboolean
check_parameter (const char *name, const char *value, gpointer data)
{
  QueryCheck *check = data;
  g_autofree char *cut = NULL;
  gboolean known;
  guint i = 0;

  while (check->known != NULL && check->known[i] != NULL && !g_str_equal (check->known[i], name))
    i++;
  known = check->known != NULL && check->known[i] != NULL;
  check->ok = known && (check->seen & G_GUINT64_CONSTANT (1) << i) == 0;
  check->seen |= G_GUINT64_CONSTANT (1) << i;
  if (check->ok)
    return TRUE;
  cut = g_utf8_substring (name, 0, MIN (g_utf8_strlen (name, -1), 48));
  g_set_error (check->error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               known ? "%s: it is given twice" : "%s: no such parameter is taken", cut);
  return FALSE;
}

static gboolean
check_query (TocsinRequest *self, GError **error)
{
  const TocsinRoute *route = self->match.route;
  QueryCheck check = { .known = route->query, .error = error, .ok = TRUE };

  /* Whoever follows a link to the public side may have added something to it. */
  if (self->kind != TOCSIN_LISTENER_PUBLIC && (route->flags & TOCSIN_ROUTE_ANY_QUERY) == 0)
    tocsin_request_foreach_query (self, check_parameter, &check);
  return check.ok;
}

gboolean
tocsin_gate_admit (TocsinRequest *request, const TocsinRouter *router, const TocsinAuth *auth)
{
  g_autoptr (GError) error = NULL;

  /* On the API a 401 speaks of tokens even where the same route exists on the public side. */
  tocsin_reply_set_signed (request->reply, request->kind == TOCSIN_LISTENER_PUBLIC);
  if (!find_route (request, router))
    return FALSE;
  if (check_scope (request, auth, &error) && check_query (request, &error) &&
      check_body (request, &error))
    return TRUE;
  tocsin_reply_set_error (request->reply, error);
  return FALSE;
}
