/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A person asks what is known of them, POST /v1/subjects/export, or to be forgotten, POST
 * /v1/subjects/erase. Both look at every report, so a thread of GLib's does; what it found is
 * written on the main thread.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/error.h"
#include "fed/erase.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/judge.h"
#include "http/report-view.h"
#include "http/routes-admin.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-evidence.h"
#include "store/table-imports.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/trace.h"
#include "store/work.h"

typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinStore *store;     /* (unowned) outlives what a thread does with it */
  TocsinRequest *request; /* suspended */
  TocsinSubject subject;  /* (owned) */
  TocsinTrace trace;      /* (owned) */
  gboolean counts_only;   /* a dry run of an erasure */
} Question;

static void
question_free (Question *self)
{
  tocsin_subject_clear (&self->subject);
  tocsin_trace_clear (&self->trace);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Question, question_free)

static gboolean
parse_subject (TocsinApi *api, JsonObject *object, TocsinSubject *out, GError **error)
{
  const char *type = tocsin_json_get_string (object, "", "type", error);
  const char *value = type != NULL ? tocsin_json_get_string (object, "", "value", error) : NULL;
  TocsinSubjectType subject_type;
  g_auto (TocsinJudge) judge = { 0 };

  if (value == NULL)
    return FALSE;
  subject_type = tocsin_subject_type_from_string (type);
  if (subject_type == TOCSIN_SUBJECT_NONE)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                   "/type: “%.64s” is not one of ip, network, email, domain, url, username, actor",
                   type);
      return FALSE;
    }
  tocsin_judge_begin (&judge, api, NULL, FALSE);
  if (tocsin_judge_parse (&judge, subject_type, value, out, error))
    return TRUE;
  g_prefix_error (error, "/value: ");
  return FALSE;
}

/* ---- writing down what was found ---- */

static void
write_stored (TocsinJsonWriter *json, TocsinTxn *txn, const TocsinSubjectKey *key)
{
  TocsinSubjectRecord stored;
  g_autofree char *mastodon = NULL;

  tocsin_json_writer_name (json, "stored");
  if (!tocsin_subjects_get (txn, key, &stored))
    {
      tocsin_json_writer_null (json);
      return;
    }
  if (stored.has_mastodon)
    mastodon = tocsin_hex_encode (stored.mastodon, sizeof stored.mastodon);
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "type", tocsin_subject_type_to_string (stored.type));
  tocsin_json_writer_member_string (json, "value", stored.value);
  tocsin_json_writer_member_string (json, "mastodon_hash", mastodon);
  tocsin_json_writer_end_object (json);
}

static void
write_evidence (TocsinJsonWriter *json, TocsinTxn *txn, const TocsinSubjectKey *key)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, key, &buffer, &rows);

  tocsin_json_writer_name (json, "evidence");
  tocsin_json_writer_begin_array (json);
  for (gsize i = 0; i < n; i++)
    {
      const TocsinCategory *category = tocsin_category_by_id (rows[i].category);

      tocsin_json_writer_begin_object (json);
      tocsin_admin_member_actor (json, "reporter", txn, rows[i].reporter);
      tocsin_json_writer_member_string (json, "category", category != NULL ? category->slug : NULL);
      tocsin_json_writer_member_int (json, "report", (gint64) rows[i].report);
      tocsin_json_writer_member_bool (json, "held", (rows[i].flags & TOCSIN_EVIDENCE_HELD) != 0);
      tocsin_admin_member_time (json, "observed", rows[i].observed_s * TOCSIN_SECOND_US);
      tocsin_admin_member_end (json, "expires", rows[i].expires_s * TOCSIN_SECOND_US);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_reports (
    TocsinJsonWriter *json, const char *name, TocsinTxn *txn, const GArray *numbers, gint64 now_us)
{
  tocsin_json_writer_name (json, name);
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < numbers->len; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (tocsin_reports_get (txn, g_array_index (numbers, guint64, i), &record))
        tocsin_report_view_write (json, txn, &record, now_us, TRUE);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_allowed (TocsinJsonWriter *json, TocsinTxn *txn, const GArray *keys)
{
  tocsin_json_writer_name (json, "allow");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < keys->len; i++)
    {
      g_auto (TocsinAllowRecord) entry = { 0 };

      if (!tocsin_allow_get (txn, &g_array_index (keys, TocsinSubjectKey, i), &entry))
        continue;
      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_string (json, "type", tocsin_subject_type_to_string (entry.type));
      tocsin_json_writer_member_string (json, "value", entry.value);
      tocsin_json_writer_member_string (json, "reason", entry.reason);
      tocsin_admin_member_time (json, "created", entry.created_us);
      tocsin_admin_member_time (json, "expires", entry.expires_us);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_rest (TocsinJsonWriter *json, TocsinTxn *txn, const TocsinTrace *trace)
{
  tocsin_json_writer_name (json, "review");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < trace->reviews->len; i++)
    {
      g_auto (TocsinReviewRecord) line = { 0 };

      if (!tocsin_review_get (txn, g_array_index (trace->reviews, guint64, i), &line))
        continue;
      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_int (json, "id", (gint64) line.id);
      tocsin_json_writer_member_string (json, "text", line.text);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
  tocsin_json_writer_name (json, "imports");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < trace->imports->len; i++)
    {
      g_auto (TocsinImportRecord) import = { 0 };

      if (!tocsin_imports_get (txn, g_array_index (trace->imports, guint64, i), &import))
        continue;
      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_int (json, "batch", (gint64) import.batch);
      tocsin_json_writer_member_string (json, "source", import.source);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
}

static void
write_all (Question *self, TocsinReply *reply, TocsinTxn *txn)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  TocsinSubjectKey key = tocsin_subject_key (&self->subject);
  g_autofree char *hex = tocsin_hex_encode (key.bytes, sizeof key.bytes);
  g_autofree char *digest = tocsin_subject_digest_string (&self->subject);
  gint64 now_us = tocsin_api_now_us (self->api);
  guint32 actor;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type",
                                    tocsin_subject_type_to_string (self->subject.type));
  tocsin_json_writer_member_string (&json, "value", self->subject.value);
  tocsin_json_writer_member_string (&json, "key", hex);
  tocsin_json_writer_member_string (&json, "digest", digest);
  write_stored (&json, txn, &key);
  write_evidence (&json, txn, &key);
  write_reports (&json, "reports", txn, self->trace.reports, now_us);
  write_reports (&json, "mentions", txn, self->trace.mentions, now_us);
  write_allowed (&json, txn, self->trace.allowed);
  write_rest (&json, txn, &self->trace);
  /* As one that this node deals with; that is no report, and no erasure takes it. */
  tocsin_json_writer_member_bool (&json, "known_actor",
                                  self->subject.type == TOCSIN_SUBJECT_ACTOR &&
                                      tocsin_actors_find (txn, self->subject.value, &actor));
  tocsin_json_writer_end_object (&json);
}

static void
write_erased (TocsinReply *reply, const TocsinErased *erased, gboolean dry_run)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_bool (&json, "dry_run", dry_run);
  tocsin_json_writer_member_int (&json, "withdrawn", erased->withdrawn);
  tocsin_json_writer_member_int (&json, "erased", erased->erased);
  tocsin_json_writer_member_int (&json, "imported", erased->imported);
  tocsin_json_writer_member_int (&json, "mentions", erased->mentions);
  tocsin_json_writer_member_int (&json, "other", erased->other);
  tocsin_json_writer_end_object (&json);
}

static void
count_reports (TocsinTxn *txn, const GArray *numbers, TocsinErased *out)
{
  for (guint i = 0; i < numbers->len; i++)
    {
      g_auto (TocsinReportRecord) record = { 0 };

      if (!tocsin_reports_get (txn, g_array_index (numbers, guint64, i), &record))
        continue;
      if (record.id == NULL)
        out->imported++;
      else if (record.actor == TOCSIN_ACTOR_LOCAL)
        out->withdrawn++;
      else
        out->erased++;
    }
}

static void
write_counts (const Question *self, TocsinReply *reply, TocsinTxn *txn)
{
  const TocsinTrace *trace = &self->trace;
  TocsinErased counts = {
    .mentions = trace->mentions->len,
    .other = trace->allowed->len + trace->reviews->len + trace->imports->len,
  };

  count_reports (txn, trace->reports, &counts);
  count_reports (txn, trace->mentions, &counts);
  write_erased (reply, &counts, TRUE);
}

/* ---- asking ---- */

static void
on_found (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Question) self = user_data;
  TocsinReply *reply = tocsin_request_get_reply (self->request);
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (self->api));

      if (self->counts_only)
        write_counts (self, reply, txn);
      else
        write_all (self, reply, txn);
      tocsin_txn_check (txn, &error);
    }
  if (error != NULL)
    tocsin_reply_set_error (reply, error);
  tocsin_request_complete (self->request);
}

static void
run_find (GTask *task,
          gpointer source G_GNUC_UNUSED,
          gpointer data,
          GCancellable *cancellable G_GNUC_UNUSED)
{
  Question *self = data;
  g_autoptr (GError) error = NULL;

  if (tocsin_trace_find (self->store, &self->subject, &self->trace, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/* Takes over what @subject owns. */
static void
find (TocsinApi *api, TocsinRequest *request, TocsinSubject *subject, gboolean counts_only)
{
  Question *self = g_new0 (Question, 1);
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_found, self);

  self->api = api;
  self->store = api->store;
  self->request = request;
  self->subject = *subject;
  self->counts_only = counts_only;
  memset (subject, 0, sizeof *subject);
  tocsin_request_suspend (request);
  g_task_set_task_data (task, self, NULL);
  tocsin_store_run_in_thread (self->store, task, run_find);
}

static void
on_export (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "type", "value", NULL };
  TocsinApi *api = data;
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);

  if (body == NULL || !parse_subject (api, json_node_get_object (body), &subject, &error))
    tocsin_reply_set_error (reply, error);
  else
    find (api, request, &subject, FALSE);
}

/* ---- erasing ---- */

static void
on_erased (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  TocsinRequest *request = user_data;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;
  TocsinErased erased;

  if (tocsin_erase_run_finish (result, &erased, &error))
    write_erased (reply, &erased, FALSE);
  else
    tocsin_reply_set_error (reply, error);
  tocsin_request_complete (request);
}

static void
on_erase (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "type", "value", "dry_run", NULL };
  TocsinApi *api = data;
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  gboolean dry_run = FALSE;

  if (body == NULL || !parse_subject (api, json_node_get_object (body), &subject, &error) ||
      !tocsin_json_opt_bool (json_node_get_object (body), "", "dry_run", &dry_run, &error))
    tocsin_reply_set_error (reply, error);
  else if (dry_run)
    find (api, request, &subject, TRUE);
  else if (tocsin_admin_has_federation (api, reply))
    {
      tocsin_request_suspend (request);
      tocsin_erase_run_async (api->federation, &subject, tocsin_admin_who (request), on_erased,
                              request);
    }
}

static const TocsinRoute routes[] = {
  { "POST", "/v1/subjects/export", on_export, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    TOCSIN_ADMIN_BODY_BYTES, NULL },
  { "POST", "/v1/subjects/erase", on_erase, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_ADMIN,
    TOCSIN_ADMIN_BODY_BYTES, NULL },
};

void
tocsin_route_subjects_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
