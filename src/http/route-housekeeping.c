/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/housekeeping: what is due by the settings of retention goes now, not within a minute;
 * or, by a dry run, is only counted.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/clock.h"
#include "core/error.h"
#include "fed/federation.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/routes-admin.h"
#include "store/purge.h"
#include "store/work.h"

#define ROWS 1000 /* in one change, so that others get their turn */

typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinStore *store;     /* (unowned) outlives what a thread does with it */
  TocsinRequest *request; /* suspended */
  gboolean dry_run;
  gint64 now_us;
  TocsinPurgeCounts counts;
  gboolean through; /* the last change found nothing more */
} Purge;

static void purge_some (Purge *self);

static void
finish (Purge *self, const GError *error)
{
  TocsinReply *reply = tocsin_request_get_reply (self->request);
  const TocsinPurgeCounts *n = &self->counts;
  const struct
  {
    const char *name;
    guint64 count;
  } members[] = {
    { "evidence", n->evidence },     { "reports", n->reports }, { "remains", n->remains },
    { "tombstones", n->tombstones }, { "seen", n->seen },       { "allow", n->allow },
    { "changes", n->changes },       { "review", n->review },   { "audit", n->audit },
    { "deliveries", n->deliveries }, { "outbox", n->outbox },   { "imports", n->imports },
  };

  if (error != NULL)
    tocsin_reply_set_error (reply, error);
  else
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_bool (&json, "dry_run", self->dry_run);
      for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
        tocsin_json_writer_member_int (&json, members[i].name, (gint64) members[i].count);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_request_complete (self->request);
  g_free (self);
}

static gboolean
write_some (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  Purge *self = data;

  self->through =
      tocsin_store_purge (txn, self->now_us, ROWS) == 0 && tocsin_store_purge_is_through (txn);
  return TRUE;
}

static void
on_written (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Purge *self = user_data;
  g_autoptr (GError) error = NULL;

  if (tocsin_writer_submit_finish (result, &error) && !self->through)
    purge_some (self);
  else
    finish (self, error);
}

static void
purge_some (Purge *self)
{
  tocsin_writer_submit_async (self->api->writer, write_some, self, NULL, NULL, on_written, self);
}

static void
on_counted (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Purge *self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error) && !self->dry_run)
    purge_some (self);
  else
    finish (self, error);
}

static void
run_count (GTask *task,
           gpointer source G_GNUC_UNUSED,
           gpointer data,
           GCancellable *cancellable G_GNUC_UNUSED)
{
  Purge *self = data;
  TocsinReader *reader = tocsin_reader_new (self->store);
  g_autoptr (GError) error = NULL;

  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);

    tocsin_store_purge_count (txn, self->now_us, &self->counts);
    if (tocsin_txn_check (txn, &error) && tocsin_store_is_closing (self->store))
      g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The node is stopping");
  }
  tocsin_reader_free (reader);
  if (error == NULL)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* What is gone does not come back when the clock is right again. */
static gboolean
check_clock (const TocsinApi *api, gint64 now_us, GError **error)
{
  if (tocsin_time_is_sane (now_us) &&
      (api->federation == NULL || !g_atomic_int_get (&api->federation->clock_in_doubt)))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                       "The clock is far ahead of what it was, or wrong: for a day nothing is "
                       "purged");
  return FALSE;
}

static void
on_housekeeping (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "dry_run", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  g_autoptr (GTask) task = NULL;
  gboolean dry_run = FALSE;
  Purge *self;

  if (body == NULL ||
      !tocsin_json_opt_bool (json_node_get_object (body), "", "dry_run", &dry_run, &error) ||
      (!dry_run && !check_clock (api, tocsin_api_now_us (api), &error)))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  self = g_new0 (Purge, 1);
  self->api = api;
  self->store = api->store;
  self->request = request;
  self->dry_run = dry_run;
  self->now_us = tocsin_api_now_us (api);
  tocsin_request_suspend (request);
  task = g_task_new (NULL, NULL, on_counted, self);
  g_task_set_task_data (task, self, NULL);
  tocsin_store_run_in_thread (self->store, task, run_count);
}

static const TocsinRoute routes[] = {
  { "POST", "/v1/housekeeping", on_housekeeping, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    TOCSIN_ADMIN_BODY_BYTES, NULL },
};

void
tocsin_route_housekeeping_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
