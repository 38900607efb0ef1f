/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/review: what waits for a person.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include "fed/review.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/report-view.h"
#include "http/routes-admin.h"
#include "store/table-reports.h"

typedef struct
{
  TocsinJsonWriter *json;
  TocsinTxn *txn;
} Listing;

static gboolean
write_line (const TocsinReviewRecord *line, gpointer data)
{
  Listing *listing = data;
  TocsinJsonWriter *json = listing->json;
  g_auto (TocsinReportRecord) report = { 0 };
  gboolean has_report =
      line->report != 0 && tocsin_reports_get (listing->txn, line->report, &report);

  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_int (json, "id", (gint64) line->id);
  tocsin_json_writer_member_string (json, "kind", tocsin_review_kind_to_string (line->kind));
  tocsin_admin_member_actor (json, "actor", listing->txn, line->actor);
  tocsin_json_writer_member_string (json, "report", report.id);
  if (has_report)
    {
      tocsin_report_view_write_subject (json, listing->txn, &report);
      tocsin_report_view_write_category (json, &report);
    }
  else
    {
      tocsin_json_writer_member_string (json, "subject", NULL);
      tocsin_json_writer_member_string (json, "category", NULL);
    }
  tocsin_json_writer_member_int (json, "count", (gint64) line->count);
  tocsin_admin_member_time (json, "created", line->created_us);
  tocsin_admin_member_time (json, "due", line->due_us);
  tocsin_json_writer_member_string (json, "text", line->text);
  tocsin_json_writer_member_string (json, "state", tocsin_review_state_to_string (line->state));
  tocsin_json_writer_end_object (json);
  return TRUE;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  const char *all = tocsin_request_get_query (request, "all");
  g_autoptr (TocsinReading) txn = NULL;
  g_autoptr (GError) error = NULL;
  TocsinJsonWriter json = { 0 };
  Listing listing = { .json = &json };

  if (all != NULL && !g_str_equal (all, "true") && !g_str_equal (all, "false"))
    {
      tocsin_reply_set_problem (reply, 400, "invalid", "all: true or false is expected");
      return;
    }
  listing.txn = txn = tocsin_reader_begin (tocsin_api_reader (api));
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "items");
  tocsin_json_writer_begin_array (&json);
  tocsin_review_foreach (txn, 0, g_strcmp0 (all, "true") != 0, write_line, &listing);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

static void
on_decided (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  TocsinRequest *request = user_data;
  g_autoptr (GError) error = NULL;

  if (tocsin_review_decide_finish (result, &error))
    tocsin_reply_set_status (tocsin_request_get_reply (request), 204);
  else
    tocsin_reply_set_error (tocsin_request_get_reply (request), error);
  tocsin_request_complete (request);
}

static void
decide (TocsinRequest *request, TocsinReply *reply, TocsinApi *api, gboolean accept)
{
  const char *count = tocsin_request_get_query (request, "count");
  guint64 id, shown = 0;

  if (!tocsin_json_body_is_empty (request, reply) || !tocsin_admin_has_federation (api, reply))
    return;
  if (!tocsin_admin_number (tocsin_request_get_param (request, "id"), &id))
    {
      tocsin_reply_set_problem (reply, 404, "not-found", "There is no such line");
      return;
    }
  if (count != NULL && (!tocsin_admin_number (count, &shown) || shown == 0))
    {
      tocsin_reply_set_problem (reply, 400, "invalid",
                                "count: the number that the line showed is expected");
      return;
    }
  tocsin_request_suspend (request);
  tocsin_review_decide_async (api->federation, id, accept, shown, tocsin_admin_who (request),
                              on_decided, request);
}

static void
on_accept (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  decide (request, reply, data, TRUE);
}

static void
on_reject (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  decide (request, reply, data, FALSE);
}

static const char *const list_query[] = { "all", NULL };
static const char *const decide_query[] = { "count", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/review", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL, list_query },
  { "POST", "/v1/review/{id}/accept", on_accept, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    TOCSIN_EMPTY_BODY_BYTES, NULL, decide_query },
  { "POST", "/v1/review/{id}/reject", on_reject, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    TOCSIN_EMPTY_BODY_BYTES, NULL, decide_query },
};

void
tocsin_route_review_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
