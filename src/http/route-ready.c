/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /health: whether the process lives, and whether it can do its work.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/clock.h"
#include "http/admin.h"
#include "http/routes-admin.h"
#include "store/table-meta.h"

static void
on_live (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON), "{\"live\":true}");
}

static void
on_ready (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  /* A read that has to find something, or the transaction fails. */
  gboolean store = tocsin_meta_epoch (txn) != 0 && tocsin_txn_check (txn, NULL);
  gboolean keys = api->federation != NULL && api->federation->identity != NULL;
  gboolean clock = tocsin_time_is_sane (tocsin_api_now_us (api));
  gboolean writer = tocsin_writer_is_alive (api->writer);
  gboolean trust = tocsin_trust_snapshot_version (tocsin_api_trust (api)) != 0;
  gboolean ready = store && keys && clock && writer && trust;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_bool (&json, "ready", ready);
  tocsin_json_writer_member_bool (&json, "store", store);
  tocsin_json_writer_member_bool (&json, "keys", keys);
  tocsin_json_writer_member_bool (&json, "clock", clock);
  tocsin_json_writer_member_bool (&json, "writer", writer);
  tocsin_json_writer_member_bool (&json, "trust", trust);
  tocsin_json_writer_end_object (&json);
  tocsin_reply_set_status (reply, ready ? 200 : 503);
}

static const TocsinRoute routes[] = {
  { "GET", "/health/live", on_live, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY, TOCSIN_SCOPE_NONE,
    0, NULL },
  { "GET", "/health/ready", on_ready, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY, TOCSIN_SCOPE_NONE,
    0, NULL },
};

void
tocsin_route_ready_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
