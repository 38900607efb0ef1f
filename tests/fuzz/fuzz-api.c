/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Input: a method, a space, a target; header lines; an empty line; a body. It goes through the
 * check, the gate and the route of a node that knows a few things, as long as the route only reads:
 * questions about one, batches, prefixes, lists, bouncers, copies, dry runs. What lines
 * "List-FORMAT:" and "Outbox:" have, escaped as in URLs, was read of a feed and of a peer before,
 * and refused: why stands in what the node tells of them. Properties: no answer, and no line of
 * one, speaks of an inner error or of the store; what says that it is JSON is, and a batch has a
 * line for each line; the same question gets the same answer, and 304 if it brings the tag of what
 * it has.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "admin-node.h"
#include "codec/collection-json.h"
#include "fed-peers.h"
#include "fed/sync-note.h"
#include "feeds/reader.h"
#include "store/table-catch-up.h"

#define FIELDS_MAX 32
#define GEO        "mmdb" /* of which no reader of rows knows */
#define PEER       1
#define OUTBOX     "https://p1.example/outbox"

static Admin admin;
static char *list_path;

static void
clear_node (void)
{
  tocsin_feeds_free (g_steal_pointer (&admin.node.api->feeds));
  (void) g_unlink (list_path);
  g_free (list_path);
  admin_clear (&admin);
}

/* ---- what others said before ---- */

static void
ask_well (const char *method, const char *target, const char *body, guint status)
{
  Answer answer;

  node_ask (&admin.node, method, target, TYPE_CHECK, body, &answer);
  if (answer.status != status)
    g_error ("%s %s: %u %s", method, target, answer.status, answer.body->str);
  answer_clear (&answer);
}

static void
add_feed (const char *format)
{
  gboolean is_geo = g_str_equal (format, GEO);
  g_autofree char *body = g_strdup_printf (
      "{\"name\":\"of-%s\",\"url\":\"file://%s\",\"format\":\"%s\"%s%s}", format, list_path, format,
      is_geo || tocsin_feed_format_is_typed (format) ? "" : ",\"type\":\"ip\"",
      is_geo ? "" : ",\"category\":\"spam\"");

  ask_well ("POST", "/v1/feeds", body, 201);
}

static void
add_feeds (void)
{
  const TocsinFeedsOptions options = { .store = admin.node.store,
                                       .writer = admin.node.writer,
                                       .fetcher = admin.fed->fetcher,
                                       .data_dir = admin.node.dir,
                                       .every_hours = 24,
                                       .now_us = get_now_us };
  const char *const *formats = tocsin_feed_formats ();
  g_autoptr (GError) error = NULL;

  admin.node.api->feeds = tocsin_feeds_new (&options, &error);
  g_assert_no_error (error);
  list_path = g_strconcat (admin.node.dir, ".list", NULL);
  for (gsize i = 0; formats[i] != NULL; i++)
    add_feed (formats[i]);
  if (tocsin_geo_is_supported ())
    add_feed (GEO);
}

static gboolean
ignore_row (const TocsinFeedRow *row G_GNUC_UNUSED,
            gpointer data G_GNUC_UNUSED,
            GError **error G_GNUC_UNUSED)
{
  return TRUE;
}

/* One that is well-formed would change what the node knows. */
static gboolean
is_refused (const char *format, GBytes *list)
{
  TocsinFeedReadOptions options = { NULL, NULL };
  g_autoptr (TocsinFeedReader) reader = tocsin_feed_reader_new (format, &options, ignore_row, NULL);
  g_autoptr (TocsinGeoFile) geo = reader == NULL ? tocsin_geo_file_open (list_path, NULL) : NULL;
  gsize size;
  const char *bytes = g_bytes_get_data (list, &size);

  if (reader == NULL)
    return geo == NULL;
  return !tocsin_feed_reader_push (reader, bytes, size, NULL) ||
         !tocsin_feed_reader_end (reader, NULL);
}

static void
read_feed (const char *format, GBytes *list)
{
  g_autofree char *target = g_strdup_printf ("/v1/feeds/of-%s/refresh", format);

  g_assert_true (g_file_set_contents (list_path, g_bytes_get_data (list, NULL),
                                      (gssize) g_bytes_get_size (list), NULL));
  if (is_refused (format, list))
    ask_well ("POST", target, NULL, 422);
}

static gboolean
put_peer (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  write_followed (txn, PEER, TOCSIN_FOLLOWER_READER);
  return TRUE;
}

static gboolean
forget_failure (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  tocsin_catch_up_remove (txn, PEER);
  return TRUE;
}

static void
on_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer done)
{
  g_autoptr (GError) error = NULL;

  tocsin_writer_submit_finish (result, &error);
  g_assert_no_error (error);
  *(gboolean *) done = TRUE;
}

/* Behind all that waits to be written. */
static void
write_now (TocsinWriteFunc func, gpointer data)
{
  gboolean done = FALSE;

  tocsin_writer_submit_async (admin.node.writer, func, data, NULL, NULL, on_written, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

static void
read_outbox (GBytes *body)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinCollectionHead) head = tocsin_collection_head_parse (body, OUTBOX, &error);
  g_autoptr (TocsinOutboxPage) page G_GNUC_UNUSED =
      head != NULL ? tocsin_outbox_page_parse (body, OUTBOX, 0, &error) : NULL;
  TocsinSyncFailure *failure;

  if (error == NULL)
    return;
  failure = tocsin_sync_failure_new (PEER, now_us, now_us, error);
  write_now (tocsin_sync_failure_write, failure);
  tocsin_sync_failure_free (failure);
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
  add_feeds ();
  write_now (put_peer, NULL);
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

  return (route->flags & TOCSIN_ROUTE_READ) != 0 || g_str_equal (route->method, "GET") ||
         g_str_equal (route->pattern, "/v1/doctor") ||
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
      if (request->handler_suspended &&
          (is_pattern (request, "/v1/changes") || is_pattern (request, "/v1/peers/{id}/catch-up")))
        g_cancellable_cancel (tocsin_request_get_cancellable (request));
    }
  tocsin_request_ref (request);
  node_end (&admin.node, request, out);
  *type = g_strdup (tocsin_reply_get_content_type (request->reply));
  tocsin_request_unref (request);
  return TRUE;
}

/* ---- an answer ---- */

/* What an answer is an error of, whether it is one or has a line that is. */
static void
assert_outer (JsonNode *root)
{
  static const char *const inner[] = { "internal", "store", "unavailable", NULL };
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;

  if (object != NULL && json_object_has_member (object, "title") &&
      json_object_has_member (object, "status"))
    g_assert_false (
        g_strv_contains (inner, json_object_get_string_member_with_default (object, "type", "")));
}

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
  assert_outer (root);
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
  /* Nothing here is full, stops or asks others. */
  g_assert_cmpuint (answer->status, >=, 200);
  g_assert_cmpuint (answer->status, <, 500);
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
  static const char *const moving[] = { "/v1/changes", "/v1/decisions/stream",
                                        "/metrics",    "/v1/status",
                                        "/v1/doctor",  "/v1/subjects/export",
                                        NULL };

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

/* (nullable): what of such a line is, be it escaped or not. */
static GBytes *
field_bytes (const Question *question, const char *name)
{
  for (guint i = 0; i < question->fields->len; i++)
    {
      const char *line = question->fields->pdata[i];
      gsize size = strlen (name);
      GBytes *bytes;

      if (g_ascii_strncasecmp (line, name, size) != 0 || line[size] != ':')
        continue;
      bytes = g_uri_unescape_bytes (line + size + 1, -1, NULL, NULL);
      return bytes != NULL ? bytes : g_bytes_new (line + size + 1, strlen (line + size + 1));
    }
  return NULL;
}

static gboolean
read_feeds (const Question *question)
{
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (admin.node.api->feeds);
  gboolean any = FALSE;

  for (guint i = 0; i < feeds->len; i++)
    {
      const TocsinFeed *feed = feeds->pdata[i];
      g_autofree char *name = g_strconcat ("List-", feed->definition->format, NULL);
      g_autoptr (GBytes) list = field_bytes (question, name);

      if (list == NULL || feed->origin != TOCSIN_FEED_ADDED)
        continue;
      read_feed (feed->definition->format, list);
      any = TRUE;
    }
  return any;
}

/* That of none of them anything is told in another question. */
static void
forget_feeds (void)
{
  g_autoptr (GPtrArray) feeds = tocsin_feeds_list (admin.node.api->feeds);
  g_autoptr (GBytes) empty = g_bytes_new_static ("", 0);

  for (guint i = 0; i < feeds->len; i++)
    {
      const TocsinFeed *feed = feeds->pdata[i];

      if (feed->record.failures > 0)
        read_feed (feed->definition->format, empty);
    }
}

static void
check_question (const Question *question)
{
  g_autofree char *type = NULL;
  g_autofree char *pattern = NULL;
  Answer answer;

  if (!ask (question, NULL, &answer, &type, &pattern))
    return;
  assert_answer (question, &answer, type, pattern);
  if (is_repeatable (pattern))
    assert_again (question, &answer);
  if (answer.status == 200 && answer.etag != NULL && !has_field (question, "if-none-match"))
    assert_not_modified (question, answer.etag);
  answer_clear (&answer);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_auto (Question) question = { 0 };
  g_autoptr (GBytes) outbox = NULL;
  gboolean any_list;

  question_read (&question, (const char *) data, size);
  any_list = read_feeds (&question);
  outbox = field_bytes (&question, "Outbox");
  if (any_list || outbox != NULL)
    write_now (forget_failure, NULL); /* and what is told of lists is stored, too */
  if (outbox != NULL)
    read_outbox (outbox);
  check_question (&question);
  if (any_list)
    forget_feeds ();
  if (outbox != NULL)
    write_now (forget_failure, NULL);
}
