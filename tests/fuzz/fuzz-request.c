/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The input is lines: a target, then fields `NAME:VALUE`. Properties: what passes the check has one
 * length at most, and that is what its field says; names of fields are tokens, values hold no
 * control characters but tabs, and all else that a handler can ask of it is UTF-8 without any; path
 * and query are what GLib makes of the target, and the query, escaped anew, is the same query; a
 * forwarded address is an address; a token or a password is what the field says behind its scheme.
 */
#include <gio/gio.h>
#include <string.h>

#include "codec/multibase.h"
#include "fuzz/fuzz.h"
#include "http/auth.h"
#include "http/public.h"
#include "http/request-private.h"
#include "http/router.h"

#define LINES_MAX       64
#define BASIC_MAX_BYTES 1024

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

/* ---- path and query ---- */

/* As GLib reads it; NULL ends the test. */
static char *
unescape (const char *text, gboolean plus_is_space)
{
  g_autofree char *copy = g_strdup (text);
  char *out = g_uri_unescape_string (plus_is_space ? g_strdelimit (copy, "+", ' ') : copy, NULL);

  g_assert_nonnull (out);
  return out;
}

typedef struct
{
  GString *escaped;
  GPtrArray *names;
  GPtrArray *values;
} Query;

static gboolean
add_parameter (const char *name, const char *value, gpointer data)
{
  Query *query = data;

  assert_clean (name);
  assert_clean (value);
  g_ptr_array_add (query->names, g_strdup (name));
  g_ptr_array_add (query->values, g_strdup (value));
  g_string_append_c (query->escaped, query->escaped->len > 0 ? '&' : '?');
  g_string_append_uri_escaped (query->escaped, name, NULL, FALSE);
  g_string_append_c (query->escaped, '=');
  g_string_append_uri_escaped (query->escaped, value, NULL, FALSE);
  return TRUE;
}

static void
query_clear (Query *self)
{
  g_string_free (self->escaped, TRUE);
  g_ptr_array_unref (self->names);
  g_ptr_array_unref (self->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Query, query_clear)

static void
query_read (Query *self, TocsinRequest *request)
{
  self->escaped = g_string_new (NULL);
  self->names = g_ptr_array_new_with_free_func (g_free);
  self->values = g_ptr_array_new_with_free_func (g_free);
  tocsin_request_foreach_query (request, add_parameter, self);
}

/* Each parameter stands in the target where it should. */
static void
assert_parameters (const Query *query, const char *target)
{
  const char *mark = strchr (target, '?');
  g_auto (GStrv) pairs = g_strsplit (mark != NULL ? mark + 1 : "", "&", -1);
  guint n = 0;

  for (gsize i = 0; pairs[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (pairs[i], "=", 2);
      g_autofree char *name = pair[0] != NULL ? unescape (pair[0], TRUE) : NULL;
      g_autofree char *value = name != NULL && pair[1] != NULL ? unescape (pair[1], TRUE) : NULL;

      if (name == NULL)
        continue; /* between two `&` */
      g_assert_cmpuint (n, <, query->names->len);
      g_assert_cmpstr (query->names->pdata[n], ==, name);
      g_assert_cmpstr (query->values->pdata[n], ==, value != NULL ? value : "");
      n++;
    }
  g_assert_cmpuint (n, ==, query->names->len);
}

/* The first of each name is what is found by it, and the first that is not empty what is given. */
static void
assert_found (TocsinRequest *request, const Query *query)
{
  for (guint i = 0; i < query->names->len; i++)
    {
      const char *name = query->names->pdata[i];
      const char *first = NULL, *given = NULL;

      for (guint k = 0; k < query->names->len; k++)
        {
          const char *value = query->values->pdata[k];

          if (!g_str_equal (query->names->pdata[k], name))
            continue;
          first = first != NULL ? first : value;
          given = given == NULL && *value != '\0' ? value : given;
        }
      if (*name == '\0')
        continue; /* to who asks for that, nothing between two `&` is one, too */
      g_assert_cmpstr (tocsin_request_get_query (request, name), ==, first);
      g_assert_cmpstr (tocsin_request_get_given (request, name), ==, given);
    }
}

static void
assert_query (TocsinRequest *request)
{
  g_auto (Query) once = { 0 };
  g_auto (Query) twice = { 0 };
  g_autoptr (TocsinRequest) again = NULL;
  g_autofree char *target = NULL;

  query_read (&once, request);
  assert_parameters (&once, tocsin_request_get_target (request));
  if (once.names->len < LINES_MAX)
    assert_found (request, &once);
  target = g_strconcat ("/", once.escaped->str, NULL);
  again = tocsin_request_new ("GET", target);
  query_read (&twice, again);
  g_assert_cmpstr (once.escaped->str, ==, twice.escaped->str);
}

/* A segment of the path, and what a handler is told of it. */
static void
assert_segment (TocsinRequest *request, const char *name, guint at)
{
  const char *value = tocsin_request_get_param (request, name);
  g_auto (GStrv) segments = g_strsplit (tocsin_request_get_path (request), "/", -1);
  g_autofree char *segment = NULL;

  g_assert_cmpuint (at, <, g_strv_length (segments));
  segment = unescape (segments[at], FALSE);
  assert_clean (value);
  g_assert_cmpstr (value, ==, segment);
}

/* ---- fields ---- */

/* What was asked with. */
typedef struct
{
  GPtrArray *names;
  GPtrArray *values;
} Fields;

static const char *
find_field (const Fields *fields, const char *name)
{
  for (guint i = 0; i < fields->names->len; i++)
    if (g_ascii_strcasecmp (fields->names->pdata[i], name) == 0)
      return fields->values->pdata[i];
  return NULL;
}

static void
assert_clean_fields (TocsinRequest *request, const Fields *fields)
{
  for (guint i = 0; i < fields->names->len; i++)
    {
      const char *name = fields->names->pdata[i];

      g_assert_cmpstr (name, !=, "");
      for (const char *p = name; *p != '\0'; p++)
        g_assert_true (g_ascii_isalnum (*p) || strchr ("!#$%&'*+-.^_`|~", *p) != NULL);
      for (const char *p = fields->values->pdata[i]; *p != '\0'; p++)
        g_assert_true (*p == '\t' || !g_ascii_iscntrl (*p));
      g_assert_cmpstr (tocsin_request_get_header (request, name), ==, find_field (fields, name));
    }
}

static void
assert_length (const TocsinRequest *request, const Fields *fields)
{
  const char *field = find_field (fields, "content-length");
  gint64 length = 42;
  gboolean announced = tocsin_request_announces_body (request, &length);

  if (field != NULL)
    {
      guint64 number = 0;

      g_assert_true (g_ascii_string_to_unsigned (field, 10, 0, G_MAXINT64, &number, NULL));
      g_assert_cmpint (length, ==, (gint64) number);
      g_assert_cmpint (announced, ==, number > 0);
      return;
    }
  field = find_field (fields, "transfer-encoding");
  g_assert_true (field == NULL || g_ascii_strcasecmp (field, "chunked") == 0);
  g_assert_cmpint (length, ==, field != NULL ? -1 : 0);
  g_assert_cmpint (announced, ==, field != NULL);
}

static void
assert_token (const char *authorization)
{
  gsize scheme = strcspn (authorization != NULL ? authorization : "", " ");
  const char *token = tocsin_auth_presented (authorization, NULL);

  if (authorization == NULL || scheme != 6 || g_ascii_strncasecmp (authorization, "bearer", 6) != 0)
    {
      g_assert_null (token);
      g_assert_cmpstr (tocsin_auth_presented (authorization, "key"), ==, "key");
      return;
    }
  g_assert_cmpstr (token, ==, authorization + scheme + strspn (authorization + scheme, " "));
  g_assert_cmpstr (tocsin_auth_presented (authorization, "key"), ==, token);
}

/* Where it is proper base64; GLib takes more. */
static void
assert_password (const char *authorization)
{
  g_autofree char *password = tocsin_auth_basic (authorization);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;
  const char *colon;
  gsize size;

  if (authorization == NULL || g_ascii_strncasecmp (authorization, "basic ", 6) != 0 ||
      strlen (authorization) > BASIC_MAX_BYTES)
    {
      g_assert_null (password);
      return;
    }
  bytes =
      tocsin_base64_decode (authorization + 6, strlen (authorization + 6), BASIC_MAX_BYTES, NULL);
  if (bytes == NULL)
    return;
  size = g_bytes_get_size (bytes);
  text = g_malloc0 (size + 1);
  if (size > 0)
    memcpy (text, g_bytes_get_data (bytes, NULL), size);
  colon = memchr (text, ':', size);
  g_assert_cmpstr (password, ==, colon != NULL ? colon + 1 : NULL);
}

/* What the gate and the public side read in fields. */
static void
assert_fields (TocsinRequest *request)
{
  const char *authorization = tocsin_request_get_header (request, "authorization");
  const char *accept = tocsin_request_get_header (request, "accept");
  const char *type = tocsin_request_get_header (request, "content-type");

  assert_token (authorization);
  assert_password (authorization);
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
assert_request (TocsinRequest *request, const Fields *fields)
{
  g_autoptr (TocsinRouter) router = tocsin_router_new ();

  g_assert_cmpuint (tocsin_request_count_header (request, "host"), <=, 1);
  g_assert_cmpuint (tocsin_request_count_header (request, "authorization"), <=, 1);
  g_assert_cmpuint (tocsin_request_count_header (request, "content-length") +
                        tocsin_request_count_header (request, "transfer-encoding"),
                    <=, 1);
  assert_clean_fields (request, fields);
  assert_length (request, fields);
  assert_query (request);
  assert_fields (request);
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), NULL);
  if (tocsin_router_match (router, "GET", tocsin_request_get_path (request), &request->match))
    {
      gboolean is_long = request->match.index == 1;

      assert_segment (request, "a", is_long ? 2 : 1);
      if (is_long)
        assert_segment (request, "b", 3);
    }
}

static void
assert_forwarded (TocsinRequest *request)
{
  g_autoptr (GPtrArray) trusted = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GInetAddress) address = NULL;

  g_ptr_array_add (trusted, g_inet_address_mask_new_from_string ("10.0.0.0/8", NULL));
  if (!tocsin_request_set_forwarded (request, trusted))
    return;
  address = g_inet_address_new_from_string (tocsin_request_get_remote (request));
  g_assert_nonnull (address);
  g_assert_true (tocsin_request_is_forwarded (request));
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  g_autoptr (TocsinRequest) request = tocsin_request_new ("GET", lines[0] != NULL ? lines[0] : "");
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  Fields fields = { names, values };

  for (gsize i = 1; lines[0] != NULL && lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      tocsin_request_add_header (request, lines[i], colon + 1);
      g_ptr_array_add (names, lines[i]);
      g_ptr_array_add (values, colon + 1);
    }
  assert_forwarded (request);
  if (tocsin_request_check (request, NULL))
    assert_request (request, &fields);
}
