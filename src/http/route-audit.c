/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/audit: who did what.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/error.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/routes-admin.h"
#include "store/table-audit.h"

typedef struct
{
  TocsinJsonWriter json;
  guint n;
  guint64 last;
  gboolean more;
} Page;

static gboolean
write_entry (const TocsinAuditRecord *entry, gpointer data)
{
  Page *page = data;

  page->more = page->n == TOCSIN_ADMIN_PAGE;
  if (page->more)
    return FALSE;
  page->n++;
  page->last = entry->number;
  tocsin_json_writer_begin_object (&page->json);
  tocsin_json_writer_member_int (&page->json, "number", (gint64) entry->number);
  tocsin_admin_member_time (&page->json, "time", entry->time_us);
  tocsin_json_writer_member_string (&page->json, "who", entry->who);
  tocsin_json_writer_member_string (&page->json, "action", entry->action);
  tocsin_json_writer_member_string (&page->json, "object", entry->object);
  tocsin_json_writer_member_string (&page->json, "detail", entry->detail);
  tocsin_json_writer_end_object (&page->json);
  return TRUE;
}

/* Newest first. */
static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinReading) txn = NULL;
  Page page = { 0 };
  guint64 cursor;

  if (!tocsin_admin_cursor (request, &cursor, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  txn = tocsin_reader_begin (tocsin_api_reader (api));
  page.json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&page.json);
  tocsin_json_writer_name (&page.json, "entries");
  tocsin_json_writer_begin_array (&page.json);
  tocsin_audit_foreach (txn, cursor, TRUE, write_entry, &page);
  tocsin_json_writer_end_array (&page.json);
  tocsin_json_writer_name (&page.json, "cursor");
  if (page.more)
    tocsin_json_writer_int (&page.json, (gint64) page.last);
  else
    tocsin_json_writer_null (&page.json);
  tocsin_json_writer_end_object (&page.json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

/* A broken chain is the answer, not a failure to answer. */
static void
on_verify (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (data));
  g_autoptr (GError) error = NULL;
  guint64 checked = 0;
  TocsinJsonWriter json = { 0 };
  gboolean ok;

  if (!tocsin_json_body_is_empty (request, reply))
    return;
  ok = tocsin_audit_verify (txn, &checked, &error);
  if (!ok && !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_bool (&json, "ok", ok);
  tocsin_json_writer_member_int (&json, "checked", (gint64) checked);
  if (!ok)
    tocsin_json_writer_member_string (&json, "error", error->message);
  tocsin_json_writer_end_object (&json);
}

static const char *const list_query[] = { "cursor", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/audit", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL, list_query },
  { "POST", "/v1/audit/verify", on_verify, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN,
    TOCSIN_EMPTY_BODY_BYTES, NULL },
};

void
tocsin_route_audit_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
