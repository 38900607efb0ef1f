/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/feeds: third-party lists, which are facts with a source and an age. GET lists them, POST
 * defines one or enables what is ready-made, POST …/refresh answers when the list was read.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/category.h"
#include "core/error.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/routes-admin.h"

#define BODY_BYTES (16 * 1024)

/* ---- what is told ---- */

static const char *
origin_name (TocsinFeedOrigin origin)
{
  static const char *const names[] = {
    [TOCSIN_FEED_SHIPPED] = "shipped",
    [TOCSIN_FEED_FILE] = "file",
    [TOCSIN_FEED_ADDED] = "added",
  };

  return names[origin];
}

static const char *
state_name (const TocsinFeed *feed)
{
  if (feed->refresh != NULL)
    return "reading";
  if (!feed->record.enabled)
    return "disabled";
  if (tocsin_feed_find_error (feed) != NULL)
    return "failing";
  return feed->record.good_us == 0 ? "waiting" : "ok";
}

/* Without closing it. */
static void
begin_feed (TocsinJsonWriter *json, const TocsinFeed *feed)
{
  const TocsinFeedDefinition *definition = feed->definition;
  const TocsinFeedRecord *record = &feed->record;
  const TocsinCategory *category = tocsin_category_by_id (definition->category);

  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "name", record->name);
  tocsin_json_writer_member_string (json, "title", definition->title);
  tocsin_json_writer_member_string (json, "state", state_name (feed));
  tocsin_json_writer_member_bool (json, "enabled", record->enabled);
  tocsin_json_writer_member_string (json, "origin", origin_name (feed->origin));
  tocsin_json_writer_member_string (json, "url", feed->fault == NULL ? definition->url : NULL);
  tocsin_json_writer_member_string (json, "format",
                                    feed->fault == NULL ? definition->format : NULL);
  tocsin_json_writer_member_string (json, "type", tocsin_subject_type_to_string (definition->type));
  tocsin_json_writer_member_string (json, "category", category != NULL ? category->slug : NULL);
  tocsin_json_writer_member_int (json, "entries", (gint64) record->count);
  tocsin_json_writer_member_int (json, "left_out", (gint64) record->left_out);
  tocsin_json_writer_member_string (json, "mirror_of", record->mirror_of);
  tocsin_admin_member_time (json, "read", record->good_us);
  tocsin_admin_member_time (json, "changed", record->changed_us);
  tocsin_admin_member_time (json, "tried", record->tried_us);
  tocsin_json_writer_member_int (json, "failures", record->failures);
  tocsin_json_writer_member_string (json, "error", tocsin_feed_find_error (feed));
}

static gboolean
has_feeds (TocsinApi *api, TocsinReply *reply)
{
  if (api->feeds != NULL)
    return TRUE;
  tocsin_reply_set_problem (reply, 503, "unavailable", "This node reads no feeds");
  return FALSE;
}

static void
write_feed (TocsinApi *api, TocsinReply *reply, const char *name, const TocsinFeedOutcome *outcome)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  const TocsinFeed *feed = tocsin_feeds_find (api->feeds, name);

  if (feed == NULL)
    {
      tocsin_reply_set_problem (reply, 404, "not-found", "There is no such feed");
      return;
    }
  begin_feed (&json, feed);
  if (outcome != NULL)
    {
      tocsin_json_writer_member_bool (&json, "written", outcome->changed);
      tocsin_json_writer_member_int (&json, "added", (gint64) outcome->added);
      tocsin_json_writer_member_int (&json, "removed", (gint64) outcome->removed);
    }
  tocsin_json_writer_end_object (&json);
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  TocsinJsonWriter json = { 0 };
  g_autoptr (GPtrArray) feeds = NULL;

  if (!has_feeds (api, reply))
    return;
  feeds = tocsin_feeds_list (api->feeds);
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "feeds");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < feeds->len; i++)
    {
      begin_feed (&json, g_ptr_array_index (feeds, i));
      tocsin_json_writer_end_object (&json);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
}

static void
on_show (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  if (has_feeds (data, reply))
    write_feed (data, reply, tocsin_request_get_param (request, "name"), NULL);
}

/* ---- changes ---- */

typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinRequest *request; /* suspended */
  char *name;             /* (owned) */
  guint status;           /* once it is done */
} Op;

static Op *
op_new (TocsinApi *api, TocsinRequest *request, const char *name, guint status)
{
  Op *op = g_new0 (Op, 1);

  op->api = api;
  op->request = request;
  op->name = g_strdup (name);
  op->status = status;
  tocsin_request_suspend (request);
  return op;
}

static void
op_end (Op *op, const TocsinFeedOutcome *outcome, const GError *error)
{
  TocsinReply *reply = tocsin_request_get_reply (op->request);

  if (error != NULL)
    tocsin_reply_set_error (reply, error);
  else if (op->status == 204)
    tocsin_reply_set_status (reply, 204);
  else
    {
      write_feed (op->api, reply, op->name, outcome);
      tocsin_reply_set_status (reply, op->status);
    }
  tocsin_request_complete (op->request);
  g_free (op->name);
  g_free (op);
}

/* The value of a member as it stands in a definition, in which a line end would begin another key,
 * and blanks around a value are lost. */
static gboolean
read_value (JsonObject *object, const char *member, GString *out, GError **error)
{
  static const char *const numbers[] = { "every_hours", "max_mib", NULL };
  JsonNode *node = json_object_get_member (object, member);
  gboolean is_column = g_str_equal (member, "column") && tocsin_json_string (node) == NULL;
  gint64 number = 0;
  const char *text;

  if (is_column || g_strv_contains (numbers, member))
    {
      if (!tocsin_json_get_int (object, "", member, 0, G_MAXINT32, &number, error))
        return FALSE;
      g_string_append_printf (out, "%" G_GINT64_FORMAT, number);
      return TRUE;
    }
  text = tocsin_json_get_string (object, "", member, error);
  if (text == NULL)
    return FALSE;
  g_string_append (out, text);
  if (strpbrk (text, "\r\n") == NULL && !g_ascii_isspace (text[0]) &&
      (text[0] == '\0' || !g_ascii_isspace (text[strlen (text) - 1])))
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               "/%s has a line end, or a blank at an end", member);
  return FALSE;
}

/* The members are the keys of a definition, whose text this makes. */
static gboolean
write_definition (JsonObject *object, GString *out, GError **error)
{
  g_autoptr (GList) members = json_object_get_members (object);

  g_string_assign (out, "[feed]\n");
  for (const GList *m = members; m != NULL; m = m->next)
    {
      const char *member = m->data;
      g_autofree char *key = g_strdelimit (g_strdup (member), "_", '-');

      if (g_str_equal (member, "name"))
        continue;
      g_string_append_printf (out, "%s=", key);
      if (!read_value (object, member, out, error))
        return FALSE;
      g_string_append_c (out, '\n');
    }
  return TRUE;
}

static const char *
read_name (JsonObject *object, GError **error)
{
  const char *name = tocsin_json_get_string (object, "", "name", error);

  if (name == NULL || tocsin_feed_name_is_valid (name))
    return name;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/name must be " TOCSIN_FEED_NAME_RULE,
               TOCSIN_FEED_NAME_MAX_BYTES);
  return NULL;
}

/* What is wrong with a definition begins with its key, and that was a member. */
static void
point_at_member (GError *error)
{
  gsize size = strspn (error->message, G_CSET_a_2_z "-");
  g_autofree char *key = g_strndup (error->message, size);
  g_autofree char *message = g_steal_pointer (&error->message);

  error->message = g_strconcat ("/", g_strdelimit (key, "-", '_'), message + size, NULL);
}

static void
on_changed (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!tocsin_feeds_change_finish (result, &error) &&
      (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID) ||
       g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE)))
    point_at_member (error);
  op_end (data, NULL, error);
}

static void
change (TocsinRequest *request,
        TocsinReply *reply,
        TocsinApi *api,
        const char *name,
        TocsinFeedChange kind,
        const char *text,
        guint status)
{
  tocsin_feeds_change_async (api->feeds, name, kind, text, tocsin_admin_who (request), on_changed,
                             op_new (api, request, name, status));
}

/* Whoever names a file reads it, in what is listed then. That is for those on this machine. Asked
 * of the definition as it will be read. A bad one passes: what is wrong with it is said when it is
 * added. */
static gboolean
may_name (const TocsinRequest *request, const char *name, const GString *text, GError **error)
{
  g_autoptr (TocsinFeedDefinition) definition = NULL;

  if (tocsin_request_get_token_name (request) == NULL)
    return TRUE;
  definition = tocsin_feed_definition_parse (name, text->str, text->len, NULL, NULL);
  if (definition == NULL || definition->path == NULL)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                       "/url: a list in a file is added by the socket, or in feeds.d");
  return FALSE;
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "name",    "title",       "url",     "format",
                                         "type",    "category",    "canary",  "column",
                                         "service", "every_hours", "max_mib", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  JsonObject *object;
  const char *name;

  body = tocsin_json_body_parse (request, members, NULL, &error);
  object = body != NULL ? json_node_get_object (body) : NULL;
  name = object != NULL ? read_name (object, &error) : NULL;
  if (name == NULL || !write_definition (object, text, &error) ||
      !may_name (request, name, text, &error) || !tocsin_admin_has_room (api, &error))
    tocsin_reply_set_error (reply, error);
  else if (!has_feeds (api, reply))
    return;
  else if (json_object_get_size (object) == 1)
    change (request, reply, api, name, TOCSIN_FEED_ENABLE, NULL, 200);
  else
    change (request, reply, api, name, TOCSIN_FEED_ADD, text->str, 201);
}

static void
on_enable (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  if (tocsin_json_body_is_empty (request, reply) && has_feeds (data, reply))
    change (request, reply, data, tocsin_request_get_param (request, "name"), TOCSIN_FEED_ENABLE,
            NULL, 200);
}

static void
on_disable (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  if (tocsin_json_body_is_empty (request, reply) && has_feeds (data, reply))
    change (request, reply, data, tocsin_request_get_param (request, "name"), TOCSIN_FEED_DISABLE,
            NULL, 200);
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  if (has_feeds (data, reply))
    change (request, reply, data, tocsin_request_get_param (request, "name"), TOCSIN_FEED_REMOVE,
            NULL, 204);
}

static void
on_refreshed (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
  TocsinFeedOutcome outcome = { 0 };
  g_autoptr (GError) error = NULL;

  (void) tocsin_feeds_refresh_finish (result, &outcome, &error);
  op_end (data, &outcome, error);
}

static void
on_refresh (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "may_shrink", NULL };
  TocsinApi *api = data;
  const char *name = tocsin_request_get_param (request, "name");
  GBytes *bytes = tocsin_request_get_body (request);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = NULL;
  gboolean may_shrink = FALSE;

  if (g_bytes_get_size (bytes) > 0)
    {
      body = tocsin_json_body_parse (request, members, NULL, &error);
      if (body == NULL || !tocsin_json_opt_bool (json_node_get_object (body), "", "may_shrink",
                                                 &may_shrink, &error))
        {
          tocsin_reply_set_error (reply, error);
          return;
        }
    }
  if (has_feeds (api, reply))
    tocsin_feeds_refresh_async (api->feeds, name, may_shrink, on_refreshed,
                                op_new (api, request, name, 200));
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/feeds", on_list, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "POST", "/v1/feeds", on_post, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN, BODY_BYTES, NULL },
  { "GET", "/v1/feeds/{name}", on_show, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "DELETE", "/v1/feeds/{name}", on_delete, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "POST", "/v1/feeds/{name}/enable", on_enable, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    TOCSIN_EMPTY_BODY_BYTES, NULL },
  { "POST", "/v1/feeds/{name}/disable", on_disable, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN,
    TOCSIN_EMPTY_BODY_BYTES, NULL },
  { "POST", "/v1/feeds/{name}/refresh", on_refresh, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    BODY_BYTES, NULL },
};

void
tocsin_route_feeds_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
