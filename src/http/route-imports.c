/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/imports: lists, in chunks of one batch. What is imported stays on this node and never counts;
 * with "as": "first_hand" each entry is a report of the operator's own, sent like any other.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "config.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/host.h"
#include "fed/publish.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/routes-admin.h"
#include "store/bulk.h"
#include "store/table-audit.h"
#include "store/table-imports.h"
#include "store/table-reports.h"

#define ENTRIES_MAX   5000
#define BODY_BYTES    (4 * 1024 * 1024)
#define SOURCE_BYTES  1024
#define LISTED_DAYS   30 /* a fact that holds while it is listed, and no list will tell when not */
#define LONGEST_DAYS  1095
#define UNDO_SLICE    500
#define SECONDS_A_DAY (24 * 3600)

/* An entry that can be stored. */
typedef struct
{
  TocsinSubject subject;
  guint8 category;
  char *comment; /* (owned) (nullable) */
} Entry;

typedef struct
{
  TocsinApi *api;
  TocsinRequest *request; /* suspended once something is written */
  char *who;              /* (owned) */
  char *source;           /* (owned) */
  GArray *entries;        /* (owned) of Entry */
  GString *rejected;      /* (owned) JSON, elements of an array */
  gboolean first_hand;
  gboolean dry_run;
  guint8 category; /* of the whole list, or 0 */
  TocsinSubjectType type;
  guint64 batch; /* 0: a new one */
  gint64 now_us;
  guint next;     /* first-hand entries published so far */
  guint64 undone; /* DELETE: rows taken back */
  guint64 cursor; /* DELETE: report looked at last */
} Op;

static void publish_next (Op *op);
static void undo_next (Op *op);

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  tocsin_subject_clear (&entry->subject);
  g_free (entry->comment);
}

static Op *
op_new (TocsinApi *api, TocsinRequest *request)
{
  Op *op = g_new0 (Op, 1);

  op->api = api;
  op->request = request;
  op->who = g_strdup (tocsin_admin_who (request));
  op->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  g_array_set_clear_func (op->entries, entry_clear);
  op->rejected = g_string_new (NULL);
  op->now_us = tocsin_api_now_us (api);
  return op;
}

static void
op_free (gpointer data)
{
  Op *op = data;

  g_free (op->who);
  g_free (op->source);
  g_array_unref (op->entries);
  g_string_free (op->rejected, TRUE);
  g_free (op);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Op, op_free)

/* ---- reading ---- */

static void
reject (Op *op, guint index, const char *why)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (op->rejected);

  if (op->rejected->len > 0)
    g_string_append_c (op->rejected, ',');
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_int (&json, "index", index);
  tocsin_json_writer_member_string (&json, "error", why);
  tocsin_json_writer_end_object (&json);
}

/* What no list may say: it would speak of half the network. */
static const char *
find_fault (const Op *op, const Entry *entry)
{
  const TocsinCategory *category = tocsin_category_by_id (entry->category);

  if (category->half_life_days[entry->subject.type] == TOCSIN_HALF_LIFE_REFUSED)
    return "this category says nothing about subjects of this type";
  if (!tocsin_subject_is_global (&entry->subject))
    return "it is not public";
  if (!op->first_hand && entry->subject.type == TOCSIN_SUBJECT_DOMAIN &&
      tocsin_domain_is_shared_provider (entry->subject.value))
    return "it is a provider that everybody uses";
  return NULL;
}

static gboolean
read_entry (Op *op, JsonArray *array, guint index, GError **error)
{
  static const char *const members[] = { "type", "value", "category", "comment", NULL };
  g_autofree char *pointer = g_strdup_printf ("/entries/%u", index);
  JsonObject *object = tocsin_json_body_element (array, pointer, index, error);
  const char *type = NULL, *category = NULL, *comment = NULL, *value;
  g_autoptr (GError) fault = NULL;
  Entry entry = { .category = op->category };
  TocsinSubjectType subject_type = op->type;
  const char *why;

  if (object == NULL || !tocsin_json_body_only (object, pointer, members, error) ||
      !tocsin_json_opt_string (object, pointer, "type", &type, error) ||
      !tocsin_json_opt_string (object, pointer, "category", &category, error) ||
      !tocsin_json_opt_string (object, pointer, "comment", &comment, error))
    return FALSE;
  value = tocsin_json_get_string (object, pointer, "value", error);
  if (value == NULL)
    return FALSE;
  if (type != NULL)
    subject_type = tocsin_json_body_type (pointer, type, error);
  if (category != NULL)
    entry.category = tocsin_json_body_category (pointer, category, error);
  if ((type != NULL && subject_type == TOCSIN_SUBJECT_NONE) ||
      (category != NULL && entry.category == 0))
    return FALSE;
  if (subject_type == TOCSIN_SUBJECT_NONE || entry.category == 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: “%s” is needed", pointer,
                   entry.category == 0 ? "category" : "type");
      return FALSE;
    }
  if (!tocsin_subject_parse (&entry.subject, subject_type, value, &fault))
    {
      reject (op, index, fault->message);
      return TRUE;
    }
  why = find_fault (op, &entry);
  if (why != NULL)
    {
      reject (op, index, why);
      entry_clear (&entry);
      return TRUE;
    }
  entry.comment = g_strdup (comment);
  g_array_append_val (op->entries, entry);
  return TRUE;
}

static gboolean
read_head (Op *op, JsonObject *object, GError **error)
{
  const char *source = NULL, *category = NULL, *type = NULL, *as = NULL, *batch = NULL;

  if (!tocsin_json_opt_string (object, "", "source", &source, error) ||
      !tocsin_json_opt_string (object, "", "category", &category, error) ||
      !tocsin_json_opt_string (object, "", "type", &type, error) ||
      !tocsin_json_opt_string (object, "", "as", &as, error) ||
      !tocsin_json_opt_string (object, "", "batch", &batch, error) ||
      !tocsin_json_opt_bool (object, "", "dry_run", &op->dry_run, error))
    return FALSE;
  if (category != NULL)
    op->category = tocsin_json_body_category ("/category", category, error);
  if (category != NULL && op->category == 0)
    return FALSE;
  if (type != NULL)
    op->type = tocsin_json_body_type ("/type", type, error);
  if (type != NULL && op->type == TOCSIN_SUBJECT_NONE)
    return FALSE;
  op->first_hand = g_strcmp0 (as, "first_hand") == 0;
  if (as != NULL && !op->first_hand && !g_str_equal (as, "imported"))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "/as: first_hand or imported is expected");
      return FALSE;
    }
  if (batch != NULL && (!tocsin_admin_number (batch, &op->batch) || op->batch == 0))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "/batch: the number that the first answer named is expected");
      return FALSE;
    }
  op->source = g_strndup (source != NULL ? source : "import", SOURCE_BYTES);
  return TRUE;
}

static gboolean
read_body (Op *op, GError **error)
{
  static const char *const members[] = { "source", "category", "type",    "as",
                                         "batch",  "dry_run",  "entries", NULL };
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (JsonNode) body = NULL;
  JsonObject *object;
  JsonArray *array;

  limits.max_bytes = BODY_BYTES;
  limits.max_members = 10 * ENTRIES_MAX;
  body = tocsin_json_body_parse (op->request, members, &limits, error);
  object = body != NULL ? json_node_get_object (body) : NULL;
  if (object == NULL || !read_head (op, object, error))
    return FALSE;
  array = tocsin_json_get_array (object, "", "entries", error);
  if (array == NULL)
    return FALSE;
  if (json_array_get_length (array) > ENTRIES_MAX)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE, "/entries: at most %d a call",
                   ENTRIES_MAX);
      return FALSE;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    if (!read_entry (op, array, i, error))
      return FALSE;
  return TRUE;
}

/* ---- writing ---- */

static void
fill_answer (const Op *op, TocsinReply *reply)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  g_autofree char *batch = g_strdup_printf ("%" G_GUINT64_FORMAT, op->batch);

  tocsin_reply_set_status (reply, op->dry_run ? 200 : 201);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "batch", op->batch != 0 ? batch : NULL);
  tocsin_json_writer_member_bool (&json, "dry_run", op->dry_run);
  tocsin_json_writer_member_int (&json, "accepted", op->entries->len);
  tocsin_json_writer_name (&json, "rejected");
  tocsin_json_writer_begin_array (&json);
  if (op->rejected->len > 0)
    tocsin_json_writer_raw (&json, op->rejected->str, op->rejected->len);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
}

static guint32
expires_s (const Op *op, const Entry *entry)
{
  const TocsinCategory *category = tocsin_category_by_id (entry->category);
  int half_life = category->half_life_days[entry->subject.type];
  gint64 days = half_life > 0                         ? MIN (4 * half_life, LONGEST_DAYS)
                : half_life == TOCSIN_HALF_LIFE_NEVER ? LONGEST_DAYS
                                                      : LISTED_DAYS;

  return (guint32) (op->now_us / TOCSIN_SECOND_US + days * SECONDS_A_DAY);
}

static void
add_row (TocsinBulk *bulk, const Op *op, const Entry *entry)
{
  TocsinBulkRow row = {
    .key = tocsin_subject_key (&entry->subject),
    .evidence = {
      .reporter = 0,
      .category = entry->category,
      .flags = TOCSIN_EVIDENCE_IMPORTED,
      .confidence = 100,
      .subject_type = (guint8) entry->subject.type,
      .observed_s = (guint32) (op->now_us / TOCSIN_SECOND_US),
      .expires_s = expires_s (op, entry),
    },
    .value = entry->subject.key_value,
    .key_type = entry->subject.key_type,
  };

  if (tocsin_subject_type_is_person (entry->subject.type))
    row.evidence.flags |= TOCSIN_EVIDENCE_PERSON;
  tocsin_bulk_add (bulk, &row);
}

/* Begins a batch, or counts on in one. */
static gboolean
write_batch (TocsinTxn *txn, Op *op, guint64 *batch, GError **error)
{
  g_auto (TocsinImportRecord) record = { 0 };

  *batch = op->batch;
  if (op->batch == 0)
    {
      record.created_us = op->now_us;
      record.category = op->category;
      record.subject_type = (guint8) op->type;
      record.imported = !op->first_hand;
      record.count = op->entries->len;
      record.source = g_strdup (op->source);
      *batch = tocsin_imports_add (txn, &record);
      tocsin_audit_append (txn, op->now_us, op->who, "import.begin", op->source, NULL);
      return TRUE;
    }
  if (!tocsin_imports_get (txn, op->batch, &record) || record.actor != 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                           "/batch: there is no such import");
      return FALSE;
    }
  if (record.undone_us != 0 || record.imported == op->first_hand)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "/batch: this import was undone, or is of another kind");
      return FALSE;
    }
  record.count += op->entries->len;
  tocsin_imports_put (txn, &record);
  return TRUE;
}

typedef struct
{
  Op *op;
  guint64 batch; /* out */
} Write;

static gboolean
write_chunk (TocsinTxn *txn, gpointer data, GError **error)
{
  Write *write = data;
  g_autoptr (TocsinBulk) bulk = NULL;

  if (!write_batch (txn, write->op, &write->batch, error))
    return FALSE;
  if (write->op->first_hand)
    return TRUE;
  bulk = tocsin_bulk_new (write->batch);
  for (guint i = 0; i < write->op->entries->len; i++)
    add_row (bulk, write->op, &g_array_index (write->op->entries, Entry, i));
  return tocsin_bulk_write (txn, bulk, error);
}

static void
write_free (gpointer data)
{
  Write *write = data;

  op_free (write->op);
  g_free (write);
}

static void
on_chunk (TocsinApi *api G_GNUC_UNUSED, TocsinReply *reply, gpointer data)
{
  Write *write = data;

  write->op->batch = write->batch;
  fill_answer (write->op, reply);
}

/* ---- first-hand: one report after the other ---- */

static void
finish (Op *op, const GError *error)
{
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  TocsinRequest *request = op->request;

  if (error != NULL)
    tocsin_reply_set_error (reply, error);
  else
    fill_answer (op, reply);
  op_free (op);
  tocsin_request_complete (request);
}

static void
on_published (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Op *op = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPublished) published = tocsin_publish_reports_finish (result, &error);

  if (published == NULL && !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE))
    {
      finish (op, error);
      return;
    }
  if (published == NULL)
    {
      reject (op, op->next, error->message);
      g_array_remove_index (op->entries, op->next);
    }
  else
    op->next++;
  publish_next (op);
}

static void
publish_next (Op *op)
{
  g_auto (TocsinDraft) draft = { 0 };
  TocsinSubject subject = { 0 };
  const Entry *entry;

  if (op->next >= op->entries->len)
    {
      finish (op, NULL);
      return;
    }
  entry = &g_array_index (op->entries, Entry, op->next);
  tocsin_draft_init (&draft);
  tocsin_subject_copy (&subject, &entry->subject);
  g_array_append_val (draft.subjects, subject);
  draft.category = entry->category;
  draft.comment = g_strdup (entry->comment);
  draft.batch = op->batch;
  tocsin_publish_reports_async (op->api->federation, &draft, op->who, on_published, op);
}

static void
on_begun (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  g_autofree Write *write = user_data;
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (write->op->api->writer, result, &error))
    {
      finish (write->op, error);
      return;
    }
  write->op->batch = write->batch;
  publish_next (write->op);
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (Op) op = op_new (api, request);
  g_autoptr (GError) error = NULL;
  Write *write;

  if (!tocsin_admin_has_federation (api, reply))
    return;
  if (!read_body (op, &error) || !tocsin_admin_has_room (api, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  if (op->dry_run)
    {
      fill_answer (op, reply);
      return;
    }
  write = g_new0 (Write, 1);
  write->op = g_steal_pointer (&op);
  if (!write->op->first_hand)
    {
      tocsin_admin_write (api, request, write_chunk, write, write_free, on_chunk);
      return;
    }
  tocsin_request_suspend (request);
  tocsin_writer_submit_async (api->writer, write_chunk, write, NULL, NULL, on_begun, write);
}

/* ---- undo ---- */

static gboolean
write_undo (TocsinTxn *txn, gpointer data, GError **error)
{
  Op *op = data;
  g_auto (TocsinImportRecord) record = { 0 };
  g_autofree char *object = g_strdup_printf ("%" G_GUINT64_FORMAT, op->batch);

  if (!tocsin_imports_get (txn, op->batch, &record))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such import");
      return FALSE;
    }
  op->undone = tocsin_bulk_undo (txn, op->batch, UNDO_SLICE, op->now_us);
  if (op->undone == 0 && record.undone_us == 0)
    {
      record.undone_us = op->now_us;
      tocsin_imports_put (txn, &record);
      tocsin_audit_append (txn, op->now_us, op->who, "import.undo", object, NULL);
    }
  return TRUE;
}

static void
on_undone (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Op *op = user_data;
  TocsinRequest *request = op->request;
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (op->api->writer, result, &error))
    {
      finish (op, error);
      return;
    }
  if (op->undone > 0)
    {
      undo_next (op);
      return;
    }
  tocsin_reply_set_status (tocsin_request_get_reply (request), 204);
  op_free (op);
  tocsin_request_complete (request);
}

static void
on_withdrawn (GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer user_data)
{
  Op *op = user_data;
  g_autoptr (GError) error = NULL;

  if (!tocsin_publish_withdraw_finish (result, &error) &&
      !g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_GONE))
    finish (op, error);
  else
    undo_next (op);
}

/* The next report of the batch that peers were told of. */
static guint64
find_sent (Op *op)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (op->api));
  g_autoptr (GArray) numbers = NULL;

  do
    {
      g_clear_pointer (&numbers, g_array_unref);
      numbers = tocsin_reports_in_batch (txn, op->batch, op->cursor, UNDO_SLICE);
      for (guint i = 0; i < numbers->len; i++)
        {
          g_auto (TocsinReportRecord) record = { 0 };

          op->cursor = g_array_index (numbers, guint64, i);
          if (tocsin_reports_get (txn, op->cursor, &record) && record.actor == 0 &&
              record.activity_id != NULL && record.state == TOCSIN_STATE_LIVE)
            return op->cursor;
        }
    }
  while (numbers->len == UNDO_SLICE);
  return 0;
}

static void
undo_next (Op *op)
{
  guint64 number = find_sent (op);

  if (number != 0)
    tocsin_publish_withdraw_async (op->api->federation, number, TOCSIN_REASON_ERROR, op->who,
                                   on_withdrawn, op);
  else
    tocsin_writer_submit_async (op->api->writer, write_undo, op, NULL, NULL, on_undone, op);
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  guint64 batch;
  Op *op;

  if (!tocsin_admin_has_federation (api, reply))
    return;
  if (!tocsin_admin_number (tocsin_request_get_param (request, "batch"), &batch))
    {
      tocsin_reply_set_problem (reply, 404, "not-found", "There is no such import");
      return;
    }
  op = op_new (api, request);
  op->batch = batch;
  tocsin_request_suspend (request);
  undo_next (op);
}

/* ---- listing ---- */

static gboolean
write_import (const TocsinImportRecord *record, gpointer data)
{
  TocsinJsonWriter *json = data;
  const TocsinCategory *category = tocsin_category_by_id (record->category);
  g_autofree char *batch = g_strdup_printf ("%" G_GUINT64_FORMAT, record->batch);

  if (record->actor != 0)
    return TRUE;
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "batch", batch);
  tocsin_json_writer_member_string (json, "source", record->source);
  tocsin_json_writer_member_string (json, "category", category != NULL ? category->slug : NULL);
  tocsin_json_writer_member_string (json, "as", record->imported ? "imported" : "first_hand");
  tocsin_json_writer_member_int (json, "count", (gint64) record->count);
  tocsin_admin_member_time (json, "created", record->created_us);
  tocsin_admin_member_time (json, "undone", record->undone_us);
  tocsin_json_writer_end_object (json);
  return TRUE;
}

static void
on_list (TocsinRequest *request G_GNUC_UNUSED, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "imports");
  tocsin_json_writer_begin_array (&json);
  tocsin_imports_foreach (txn, 0, write_import, &json);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/imports", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_REPORT, 0, NULL },
  { "POST", "/v1/imports", on_post, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_REPORT, BODY_BYTES, NULL },
  { "DELETE", "/v1/imports/{batch}", on_delete, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_REPORT, 0, NULL },
};

void
tocsin_route_imports_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
