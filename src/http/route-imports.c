/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/imports: lists, in batches that can be taken back whole. What is imported stays here, is
 * shown and never counted; what the operator calls first-hand becomes reports like any other.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/error.h"
#include "http/admin.h"
#include "http/import-batch.h"
#include "http/json-body.h"
#include "http/routes-admin.h"
#include "store/table-imports.h"

#define BODY_BYTES (8 * 1024 * 1024)

/* ---- POST ---- */

static void
reject (TocsinImportBatch *import, guint index, const GError *error)
{
  TocsinImportRejected rejected = { .index = index, .error = g_strdup (error->message) };

  g_array_append_val (import->rejected, rejected);
}

static gboolean
fill_entry (TocsinImportBatch *import,
            TocsinTxn *txn,
            JsonObject *object,
            TocsinImportEntry *entry,
            GError **error)
{
  const char *type = NULL, *category = NULL, *comment = NULL;
  const char *value = tocsin_json_get_string (object, "", "value", error);
  TocsinSubjectType subject_type = import->type;

  if (value == NULL || !tocsin_json_opt_string (object, "", "type", &type, error) ||
      !tocsin_json_opt_string (object, "", "category", &category, error) ||
      !tocsin_json_opt_string (object, "", "comment", &comment, error))
    return FALSE;
  entry->category = category != NULL ? tocsin_json_body_category ("/category", category, error)
                                     : import->category;
  if (type != NULL)
    subject_type = tocsin_json_body_type ("/type", type, error);
  if ((type != NULL && subject_type == TOCSIN_SUBJECT_NONE) ||
      (category != NULL && entry->category == 0))
    return FALSE;
  if (subject_type == TOCSIN_SUBJECT_NONE || entry->category == 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "/%s is missing, here and for the whole list",
                   entry->category == 0 ? "category" : "type");
      return FALSE;
    }
  if (!tocsin_json_body_subject (txn, "/value", subject_type, value, &entry->subject, error))
    return FALSE;
  entry->comment = comment != NULL && comment[0] != '\0' ? g_strdup (comment) : NULL;
  return tocsin_import_batch_check (import, entry, error);
}

static gboolean
read_entry (TocsinImportBatch *import, TocsinTxn *txn, JsonArray *array, guint i, GError **error)
{
  static const char *const members[] = { "type", "value", "category", "comment", NULL };
  g_autofree char *pointer = g_strdup_printf ("/entries/%u", i);
  JsonObject *object = tocsin_json_body_element (array, "/entries", i, error);
  TocsinImportEntry entry = { .index = i };
  g_autoptr (GError) refused = NULL;

  if (object == NULL || !tocsin_json_object_only (object, pointer, members, NULL, error))
    return FALSE;
  if (fill_entry (import, txn, object, &entry, &refused))
    tocsin_import_batch_take (import, &entry);
  else
    {
      tocsin_import_entry_clear (&entry);
      reject (import, i, refused);
    }
  return TRUE;
}

static gboolean
read_entries (TocsinImportBatch *import, JsonObject *object, GError **error)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (import->api));
  JsonArray *array = tocsin_json_get_array (object, "", "entries", error);
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (array == NULL)
    return FALSE;
  if (n > TOCSIN_IMPORT_ENTRIES_MAX)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                   "/entries: at most %d are taken at a time", TOCSIN_IMPORT_ENTRIES_MAX);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    if (!read_entry (import, txn, array, i, error))
      return FALSE;
  return tocsin_txn_check (txn, error);
}

/* A number, or its digits, which is how it is told. */
static gboolean
read_batch (JsonObject *object, guint64 *out, GError **error)
{
  JsonNode *node = json_object_get_member (object, "batch");
  const char *text = tocsin_json_string (node);
  gint64 number = 0;

  if (text == NULL)
    {
      if (!tocsin_json_opt_int (object, "", "batch", 1, TOCSIN_JSON_MAX_SAFE, &number, error))
        return FALSE;
      *out = (guint64) number;
      return TRUE;
    }
  if (tocsin_admin_number (text, out) && *out != 0)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "/batch: the name of an earlier import is expected");
  return FALSE;
}

static gboolean
read_head (TocsinImportBatch *import, JsonObject *object, GError **error)
{
  const char *source = NULL, *category = NULL, *type = NULL, *as = NULL;

  if (!tocsin_json_opt_string (object, "", "source", &source, error) ||
      !tocsin_json_opt_string (object, "", "category", &category, error) ||
      !tocsin_json_opt_string (object, "", "type", &type, error) ||
      !tocsin_json_opt_string (object, "", "as", &as, error) ||
      !tocsin_json_opt_bool (object, "", "dry_run", &import->dry_run, error) ||
      !read_batch (object, &import->batch, error))
    return FALSE;
  tocsin_import_batch_set_source (import, source != NULL ? source : "");
  if (category != NULL)
    {
      import->category = tocsin_json_body_category ("/category", category, error);
      if (import->category == 0)
        return FALSE;
    }
  if (type != NULL)
    {
      import->type = tocsin_json_body_type ("/type", type, error);
      if (import->type == TOCSIN_SUBJECT_NONE)
        return FALSE;
    }
  import->first_hand = g_strcmp0 (as, "first_hand") == 0;
  if (as == NULL || import->first_hand || g_str_equal (as, "imported"))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "/as: first_hand or imported is expected");
  return FALSE;
}

static void
write_result (const TocsinImportBatch *import, TocsinReply *reply)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  g_autofree char *batch =
      import->number != 0 ? g_strdup_printf ("%" G_GUINT64_FORMAT, import->number) : NULL;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "batch", batch);
  tocsin_json_writer_member_bool (&json, "dry_run", import->dry_run);
  tocsin_json_writer_member_int (&json, "accepted", import->accepted);
  tocsin_json_writer_member_int (&json, "duplicates", import->duplicates);
  tocsin_json_writer_name (&json, "rejected");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < import->rejected->len; i++)
    {
      const TocsinImportRejected *one = &g_array_index (import->rejected, TocsinImportRejected, i);

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_int (&json, "index", one->index);
      tocsin_json_writer_member_string (&json, "error", one->error);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
}

typedef struct
{
  TocsinRequest *request; /* suspended */
  TocsinApi *api;
  guint64 batch; /* to be undone */
} Op;

static Op *
op_new (TocsinApi *api, TocsinRequest *request)
{
  Op *op = g_new0 (Op, 1);

  op->api = api;
  op->request = request;
  tocsin_request_suspend (request);
  return op;
}

static void
on_imported (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Op *op = user_data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;
  const TocsinImportBatch *import = tocsin_import_batch_run_finish (result, &error);

  if (import == NULL)
    tocsin_reply_set_error (reply, error);
  else
    {
      write_result (import, reply);
      tocsin_reply_set_status (reply, 201);
    }
  tocsin_request_complete (op->request);
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "source",  "category", "type",    "as",
                                         "dry_run", "batch",    "entries", NULL };
  TocsinApi *api = data;
  TocsinJsonLimits limits = tocsin_json_default_limits;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = NULL;
  g_autoptr (TocsinImportBatch) import =
      tocsin_import_batch_new (api, tocsin_admin_who (request), tocsin_api_now_us (api));

  limits.max_bytes = BODY_BYTES;
  limits.max_members = 10 * TOCSIN_IMPORT_ENTRIES_MAX;
  body = tocsin_json_body_parse (request, members, &limits, &error);
  if (body == NULL || !read_head (import, json_node_get_object (body), &error) ||
      !read_entries (import, json_node_get_object (body), &error) ||
      !tocsin_admin_has_room (api, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  if (import->first_hand && !tocsin_admin_has_federation (api, reply))
    return;
  if (import->dry_run)
    {
      if (tocsin_import_batch_try (import, &error))
        write_result (import, reply);
      else
        tocsin_reply_set_error (reply, error);
      return;
    }
  tocsin_import_batch_run_async (g_steal_pointer (&import), on_imported, op_new (api, request));
}

/* ---- GET ---- */

typedef struct
{
  TocsinJsonWriter json;
  TocsinTxn *txn;
  guint n;
  guint64 last;
  gboolean more;
} Page;

static gboolean
write_import (const TocsinImportRecord *record, gpointer data)
{
  Page *page = data;
  TocsinJsonWriter *json = &page->json;
  const TocsinCategory *category = tocsin_category_by_id (record->category);
  g_autofree char *batch = g_strdup_printf ("%" G_GUINT64_FORMAT, record->batch);

  page->more = page->n == TOCSIN_ADMIN_PAGE;
  if (page->more)
    return FALSE;
  page->n++;
  page->last = record->batch;
  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "batch", batch);
  tocsin_json_writer_member_string (json, "source", record->source);
  tocsin_admin_member_actor (json, "actor", page->txn, record->actor);
  tocsin_json_writer_member_string (json, "category", category != NULL ? category->slug : NULL);
  tocsin_json_writer_member_string (
      json, "type", tocsin_subject_type_to_string ((TocsinSubjectType) record->subject_type));
  tocsin_json_writer_member_string (json, "as", record->imported ? "imported" : "first_hand");
  tocsin_json_writer_member_int (json, "count", (gint64) record->count);
  tocsin_admin_member_time (json, "created", record->created_us);
  tocsin_admin_member_time (json, "undone", record->undone_us);
  tocsin_json_writer_end_object (json);
  return TRUE;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (data));
  g_autoptr (GError) error = NULL;
  Page page = { .txn = txn };
  guint64 cursor;

  if (!tocsin_admin_cursor (request, &cursor, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  page.json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&page.json);
  tocsin_json_writer_name (&page.json, "imports");
  tocsin_json_writer_begin_array (&page.json);
  tocsin_imports_foreach (txn, cursor, write_import, &page);
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

/* ---- DELETE ---- */

static void
on_undone (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Op *op = user_data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;

  if (!tocsin_import_undo_finish (result, &error))
    tocsin_reply_set_error (reply, error);
  else
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (op->api));
      g_auto (TocsinImportRecord) record = { 0 };
      Page page = { .txn = txn };

      page.json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
      (void) tocsin_imports_get (txn, op->batch, &record);
      write_import (&record, &page);
    }
  tocsin_request_complete (op->request);
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  guint64 batch;
  Op *op;

  if (!tocsin_admin_number (tocsin_request_get_param (request, "batch"), &batch))
    {
      tocsin_reply_set_problem (reply, 404, "not-found", "There is no such import");
      return;
    }
  op = op_new (api, request);
  op->batch = batch;
  tocsin_import_undo_async (api, batch, tocsin_admin_who (request), on_undone, op);
}

static const char *const list_query[] = { "cursor", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/imports", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_REPORT, 0, NULL, list_query },
  { "POST", "/v1/imports", on_post, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_REPORT, BODY_BYTES, NULL },
  { "DELETE", "/v1/imports/{batch}", on_delete, TOCSIN_ROUTE_LONG, TOCSIN_SCOPE_REPORT, 0, NULL },
};

void
tocsin_route_imports_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
