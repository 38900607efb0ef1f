/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/export/FORMAT: every subject that this node knows in clear and judges at least
 * `min_verdict`, for programs that read lists; GET /v1/export/FORMAT/manifest: what a whole copy of
 * it is. A list is made whole before the first byte goes out, so that what cannot be relied on is a
 * 503 and never a short list. Whether a list changed is known without making it (304).
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "codec/json-writer.h"
#include "core/clock.h"
#include "core/error.h"
#include "http/exports.h"
#include "http/list-thread.h"
#include "http/routes.h"

/* What the thread that makes lists is asked for. */
typedef struct
{
  TocsinApi *api;
  TocsinExportQuery query;
} Order;

/* ---- replies; on the thread that makes lists ---- */

static void
add_headers (TocsinReply *reply, const TocsinMadeExport *made)
{
  g_autofree char *base64 = g_base64_encode (made->sha256, sizeof made->sha256);
  g_autofree char *digest = g_strdup_printf ("sha-256=:%s:", base64);
  char text[32];

  tocsin_reply_add_header (reply, "ETag", made->etag);
  tocsin_reply_add_header (reply, "Cache-Control", "private, no-cache");
  tocsin_reply_add_header (reply, "Repr-Digest", digest); /* RFC 9530 */
  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, made->moment.generation);
  tocsin_reply_add_header (reply, "X-Tocsin-Generation", text);
  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT, made->count);
  tocsin_reply_add_header (reply, "X-Tocsin-Count", text);
  if (made->moment.observe)
    tocsin_reply_add_header (reply, "X-Tocsin-Mode", "observe");
}

static void
make_list (TocsinRequest *request, gpointer data)
{
  const Order *order = data;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinMadeExport) made =
      tocsin_exports_get (order->api->exports, &order->query, &error);

  if (made == NULL)
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  add_headers (reply, made);
  tocsin_reply_set_bytes (reply, made->query.format->content_type, made->body);
}

static void
write_types (TocsinJsonWriter *json, guint types)
{
  tocsin_json_writer_name (json, "types");
  tocsin_json_writer_begin_array (json);
  for (guint type = TOCSIN_SUBJECT_IP; type <= TOCSIN_SUBJECT_ACTOR; type++)
    if ((types & TOCSIN_EXPORT_TYPE_BIT (type)) != 0)
      tocsin_json_writer_string (json, tocsin_subject_type_to_string ((TocsinSubjectType) type));
  tocsin_json_writer_end_array (json);
}

static void
write_categories (TocsinJsonWriter *json, guint64 categories)
{
  gsize n;
  const TocsinCategory *all = tocsin_categories (&n);

  tocsin_json_writer_name (json, "categories");
  tocsin_json_writer_begin_array (json);
  for (gsize i = 0; i < n; i++)
    if (categories == 0 || (categories & (G_GUINT64_CONSTANT (1) << all[i].id)) != 0)
      tocsin_json_writer_string (json, all[i].slug);
  tocsin_json_writer_end_array (json);
}

static void
make_manifest (TocsinRequest *request, gpointer data)
{
  const Order *order = data;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinMadeExport) made =
      tocsin_exports_get (order->api->exports, &order->query, &error);
  g_autofree char *sha256 = NULL;
  g_autofree char *as_of = NULL;
  TocsinJsonWriter json;

  if (made == NULL)
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  sha256 = tocsin_hex_encode (made->sha256, sizeof made->sha256);
  as_of = tocsin_time_format (made->moment.as_of_us);
  json = (TocsinJsonWriter) TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "format", made->query.format->name);
  tocsin_json_writer_member_string (&json, "content_type", made->query.format->content_type);
  tocsin_json_writer_member_string (&json, "profile", made->query.profile->name);
  tocsin_json_writer_member_string (&json, "min_verdict",
                                    tocsin_verdict_to_string (made->query.least));
  write_types (&json, made->query.types);
  write_categories (&json, made->query.categories);
  if (made->moment.observe)
    tocsin_json_writer_member_string (&json, "mode", "observe");
  tocsin_json_writer_member_int (&json, "generation", (gint64) made->moment.generation);
  tocsin_json_writer_member_int (&json, "serial", made->serial);
  tocsin_json_writer_member_string (&json, "as_of", as_of);
  tocsin_json_writer_member_int (&json, "count", (gint64) made->count);
  tocsin_json_writer_member_int (&json, "skipped", (gint64) made->skipped);
  tocsin_json_writer_member_int (&json, "bytes", (gint64) g_bytes_get_size (made->body));
  tocsin_json_writer_member_string (&json, "sha256", sha256);
  tocsin_json_writer_member_string (&json, "canary", made->canary);
  tocsin_json_writer_member_string (&json, "etag", made->etag);
  tocsin_json_writer_end_object (&json);
  g_string_append_c (json.out, '\n');
  tocsin_reply_add_header (reply, "ETag", made->etag);
  tocsin_reply_add_header (reply, "Cache-Control", "private, no-cache");
}

/* ---- requests; on whatever thread serves ---- */

/* TRUE if the reply is filled: the client has this list, or it could not be relied on. */
static gboolean
answer_unmade (TocsinRequest *request,
               TocsinReply *reply,
               TocsinApi *api,
               const TocsinExportQuery *query)
{
  g_auto (TocsinJudge) judge = { 0 };
  g_autofree char *etag = NULL;
  g_autoptr (GError) error = NULL;
  TocsinExportMoment moment;

  tocsin_judge_begin (&judge, api, query->profile, FALSE);
  if (!tocsin_export_moment (&judge, &moment, &error))
    {
      tocsin_reply_set_error (reply, error);
      return TRUE;
    }
  etag = tocsin_export_etag (query, &moment, api);
  if (!tocsin_request_knows (request, etag))
    return FALSE;
  tocsin_reply_set_status (reply, 304);
  tocsin_reply_add_header (reply, "ETag", etag);
  tocsin_reply_add_header (reply, "Cache-Control", "private, no-cache");
  return TRUE;
}

static void
answer (TocsinRequest *request, TocsinReply *reply, TocsinApi *api, TocsinListFunc func)
{
  g_autoptr (GError) error = NULL;
  Order order = { .api = api };

  if (!tocsin_export_query_parse (request, api, &order.query, &error))
    tocsin_reply_set_error (reply, error);
  else if (!answer_unmade (request, reply, api, &order.query))
    tocsin_list_thread_submit (api->lists, request, func, g_memdup2 (&order, sizeof order));
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  answer (request, reply, data, make_list);
}

static void
on_manifest (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  answer (request, reply, data, make_manifest);
}

static const char *const query[] = { "profile", "min_verdict", "type", "category", "_", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/export/{format}", on_list, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_LONG,
    TOCSIN_SCOPE_STREAM, 0, NULL, query },
  { "GET", "/v1/export/{format}/manifest", on_manifest, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_LONG,
    TOCSIN_SCOPE_STREAM, 0, NULL, query },
};

void
tocsin_route_export_add (TocsinRouter *router, TocsinApi *api)
{
  if (api->exports == NULL)
    api->exports = tocsin_exports_new (api);
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
