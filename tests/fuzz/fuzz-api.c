/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Input: a method, a space, a target; header lines; an empty line; a body. It goes through the
 * check, the gate and the route of a node that knows a few things, as long as the route only reads:
 * questions about one, batches, prefixes, lists, bouncers, copies, dry runs. Properties: no answer
 * speaks of an inner error; what says that it is JSON is, and a batch has a line for each line; the
 * same question gets the same answer, and 304 if it brings the tag of what it has.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "admin-node.h"

#define FIELDS_MAX 32

static Admin admin;

static void
clear_node (void)
{
  admin_clear (&admin);
}

/* What a thread keeps from its first question on is not what a question takes. */
static void
warm_up (void)
{
  static const struct
  {
    const char *method;
    const char *target;
    const char *body;
  } questions[] = {
    { "POST", "/v1/check", "{\"subjects\":[{\"type\":\"domain\",\"value\":\"spam.example\"}]}" },
    { "GET", "/v1/export/lines", NULL },
    { "GET", "/v1/decisions/stream?startup=true", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      Answer answer;

      node_ask (&admin.node, questions[i].method, questions[i].target, TYPE_CHECK,
                questions[i].body, &answer);
      g_assert_cmpuint (answer.status, ==, 200);
      answer_clear (&answer);
    }
}

void
tocsin_fuzz_begin (void)
{
  admin_init (&admin);
  atexit (clear_node);
  now_us = T0;
  admin.node.api->started_us = T0 - 5 * TOCSIN_SECOND_US;
  for (guint32 peer = 1; peer <= PEERS; peer++)
    {
      node_report (&admin.node, peer, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
      node_report (&admin.node, peer, TOCSIN_SUBJECT_IP, "192.0.2.1", 17);
      node_report (&admin.node, peer, TOCSIN_SUBJECT_NETWORK, "2001:db8:1::/48", 22);
      node_report (&admin.node, peer, TOCSIN_SUBJECT_URL, "https://spam.example/a?b", 4);
      node_report (&admin.node, peer, TOCSIN_SUBJECT_EMAIL, "a@spam.example", 3);
      node_report (&admin.node, peer, TOCSIN_SUBJECT_ACTOR, "https://spam.example/users/a", 8);
    }
  warm_up ();
}

/* ---- a request ---- */

typedef struct
{
  char *method;
  char *target;
  GPtrArray *fields; /* of "NAME:VALUE" */
  const char *body;
  gsize body_size;
} Question;

static void
question_clear (Question *self)
{
  g_free (self->method);
  g_free (self->target);
  g_clear_pointer (&self->fields, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

static char *
take_line (const char **at, const char *end)
{
  const char *newline = memchr (*at, '\n', (gsize) (end - *at));
  char *line = g_strndup (*at, (gsize) ((newline != NULL ? newline : end) - *at));

  *at = newline != NULL ? newline + 1 : end;
  return line;
}

static void
question_read (Question *self, const char *data, gsize size)
{
  const char *at = data, *end = data + size;
  g_autofree char *first = take_line (&at, end);
  const char *space = strchr (first, ' ');

  self->method = g_strndup (first, space != NULL ? (gsize) (space - first) : 0);
  self->target = g_strdup (space != NULL ? space + 1 : first);
  self->fields = g_ptr_array_new_with_free_func (g_free);
  while (at < end && *at != '\n' && self->fields->len < FIELDS_MAX)
    g_ptr_array_add (self->fields, take_line (&at, end));
  if (at < end && *at == '\n')
    at++;
  self->body = at;
  self->body_size = (gsize) (end - at);
}

static TocsinRequest *
question_to_request (const Question *self, const char *tag)
{
  TocsinRequest *request = tocsin_request_new (self->method, self->target);

  request->kind = TOCSIN_LISTENER_UNIX;
  for (guint i = 0; i < self->fields->len; i++)
    {
      const char *line = self->fields->pdata[i];
      gsize name_len = strcspn (line, ":");
      g_autofree char *name = g_strndup (line, name_len);

      if (line[name_len] == ':' && g_ascii_strcasecmp (name, "Content-Length") != 0)
        tocsin_request_add_header (request, name, line + name_len + 1);
    }
  if (tag != NULL)
    tocsin_request_add_header (request, "If-None-Match", tag);
  if (self->body_size > 0)
    {
      g_autofree char *length = g_strdup_printf ("%" G_GSIZE_FORMAT, self->body_size);
      g_autoptr (GBytes) body = g_bytes_new (self->body, self->body_size);

      tocsin_request_add_header (request, "Content-Length", length);
      tocsin_request_set_body (request, body);
    }
  return request;
}

static gboolean
is_dry_run (const TocsinRequest *request)
{
  gsize size = request->body != NULL ? g_bytes_get_size (request->body) : 0;
  g_autoptr (JsonNode) root =
      size > 0 ? tocsin_json_parse (g_bytes_get_data (request->body, NULL), size, NULL, NULL, NULL)
               : NULL;
  gboolean dry_run = FALSE;

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) &&
         tocsin_json_opt_bool (json_node_get_object (root), "", "dry_run", &dry_run, NULL) &&
         dry_run;
}

/* Whether the store is afterwards as it was before. */
static gboolean
only_reads (const TocsinRequest *request)
{
  const TocsinRoute *route = request->match.route;

  return (route->flags & TOCSIN_ROUTE_READ) != 0 || g_str_equal (route->pattern, "/v1/changes") ||
         g_str_equal (route->pattern, "/v1/subjects/export") ||
         (g_str_equal (route->pattern, "/v1/imports") && is_dry_run (request));
}

/* One document, always the same, and a tree of it would take what no question takes. */
#define CONSTANT "/openapi.json"

static gboolean
is_pattern (const TocsinRequest *request, const char *pattern)
{
  return request->match.route != NULL && g_str_equal (request->match.route->pattern, pattern);
}

/* FALSE: it was not asked, for it is no request or would change something. */
static gboolean
ask (const Question *question, const char *tag, Answer *out, char **type, char **pattern)
{
  TocsinRequest *request = question_to_request (question, tag);

  if (!tocsin_request_check (request, NULL))
    {
      tocsin_request_unref (request);
      return FALSE;
    }
  if (tocsin_gate_admit (request, admin.node.router, admin.auth))
    {
      if (!only_reads (request))
        {
          tocsin_request_unref (request);
          return FALSE;
        }
      *pattern = g_strdup (request->match.route->pattern);
      request->match.route->handler (request, request->reply, request->match.data);
      /* Nobody waits for news here. */
      if (request->handler_suspended && is_pattern (request, "/v1/changes"))
        g_cancellable_cancel (tocsin_request_get_cancellable (request));
    }
  tocsin_request_ref (request);
  node_end (&admin.node, request, out);
  *type = g_strdup (tocsin_reply_get_content_type (request->reply));
  tocsin_request_unref (request);
  return TRUE;
}

/* ---- an answer ---- */

static void
assert_json (const char *text, gsize size)
{
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = NULL;

  limits.max_bytes = limits.max_string_bytes = 1 << 24;
  limits.max_members = limits.max_object_members = 1 << 20;
  root = tocsin_json_parse (text, size, &limits, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (root);
}

/* Blank ones at the end are none. */
static guint
count_lines (const char *text, gsize size)
{
  guint n = 0;

  while (size > 0 && memchr (" \t\r\n", text[size - 1], 4) != NULL)
    size--;
  for (const char *at = text; at < text + size; n++)
    {
      const char *newline = memchr (at, '\n', (gsize) (text + size - at));

      at = newline != NULL ? newline + 1 : text + size;
    }
  return n;
}

static void
assert_answer (const Question *question,
               const Answer *answer,
               const char *type,
               const char *pattern)
{
  g_assert_cmpuint (answer->status, >=, 200);
  g_assert_cmpuint (answer->status, !=, 500);
  g_assert_cmpuint (answer->status, <=, 503);
  if (type == NULL)
    g_assert_cmpuint (answer->body->len, ==, 0);
  else if (g_strcmp0 (pattern, CONSTANT) != 0 &&
           (g_str_equal (type, TOCSIN_TYPE_JSON) || g_str_equal (type, TOCSIN_TYPE_PROBLEM)))
    assert_json (answer->body->str, answer->body->len);
  else if (g_str_equal (type, TOCSIN_TYPE_NDJSON) && answer->status == 200)
    {
      g_auto (GStrv) lines = g_strsplit (answer->body->str, "\n", -1);

      g_assert_cmpuint (count_lines (answer->body->str, answer->body->len), ==,
                        count_lines (question->body, question->body_size));
      for (gsize i = 0; lines[i] != NULL && lines[i + 1] != NULL; i++)
        assert_json (lines[i], strlen (lines[i]));
    }
}

/* Counters move with each request, and a copy begins with a number of its own. */
static gboolean
is_repeatable (const char *pattern)
{
  static const char *const moving[] = { "/v1/changes", "/v1/decisions/stream", "/metrics",
                                        "/v1/status",  "/v1/subjects/export",  NULL };

  return pattern != NULL && !g_strv_contains (moving, pattern);
}

static void
assert_again (const Question *question, const Answer *first)
{
  g_autofree char *type = NULL;
  g_autofree char *pattern = NULL;
  Answer again;

  g_assert_true (ask (question, NULL, &again, &type, &pattern));
  g_assert_cmpuint (again.status, ==, first->status);
  g_assert_cmpstr (again.body->str, ==, first->body->str);
  answer_clear (&again);
}

static void
assert_not_modified (const Question *question, const char *tag)
{
  g_autofree char *type = NULL;
  g_autofree char *pattern = NULL;
  Answer again;

  g_assert_true (ask (question, tag, &again, &type, &pattern));
  g_assert_cmpuint (again.status, ==, 304);
  answer_clear (&again);
}

static gboolean
has_field (const Question *question, const char *prefix)
{
  for (guint i = 0; i < question->fields->len; i++)
    if (g_ascii_strncasecmp (question->fields->pdata[i], prefix, strlen (prefix)) == 0)
      return TRUE;
  return FALSE;
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_auto (Question) question = { 0 };
  g_autofree char *type = NULL;
  g_autofree char *pattern = NULL;
  Answer answer;

  question_read (&question, (const char *) data, size);
  if (!ask (&question, NULL, &answer, &type, &pattern))
    return;
  assert_answer (&question, &answer, type, pattern);
  if (is_repeatable (pattern))
    assert_again (&question, &answer);
  if (answer.status == 200 && answer.etag != NULL && !has_field (&question, "if-none-match"))
    assert_not_modified (&question, answer.etag);
  answer_clear (&answer);
}
