/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The operator's allow list: GET /v1/allow?cursor=, POST /v1/allow {type, value, reason, expires},
 * DELETE /v1/allow/ID, or DELETE /v1/allow with {type, value}. An entry's ID is the hexadecimal key
 * of its subject, so that a subject needs to stand in no request line.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "codec/json-strict.h"
#include "codec/json-writer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "fed/guards.h"
#include "http/json-body.h"
#include "http/routes.h"
#include "store/table-allow.h"
#include "store/table-audit.h"

#define REASON_MAX_BYTES 1024
#define BODY_MAX_BYTES   (16 * 1024)

static void
write_entry (TocsinJsonWriter *json, const TocsinAllowRecord *record)
{
  g_autofree char *id = tocsin_hex_encode (record->key.bytes, sizeof record->key.bytes);
  g_autofree char *created = tocsin_time_format (record->created_us);
  g_autofree char *expires =
      record->expires_us != 0 ? tocsin_time_format (record->expires_us) : NULL;

  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "id", id);
  tocsin_json_writer_member_string (json, "type", tocsin_subject_type_to_string (record->type));
  tocsin_json_writer_member_string (json, "value", record->value);
  tocsin_json_writer_member_string (json, "reason", record->reason);
  tocsin_json_writer_member_string (json, "created", created);
  tocsin_json_writer_member_string (json, "expires", expires);
  tocsin_json_writer_end_object (json);
}

/* ---- listing ---- */

typedef struct
{
  TocsinJsonWriter json;
  TocsinSubjectKey after;
  gboolean has_after;
  TocsinSubjectKey last;
  guint n;
  gboolean more;
} Listing;

static gboolean
on_entry (const TocsinAllowRecord *record, gpointer data)
{
  Listing *listing = data;

  if (listing->has_after &&
      memcmp (record->key.bytes, listing->after.bytes, sizeof record->key.bytes) <= 0)
    return TRUE;
  listing->more = listing->n == TOCSIN_LIST_PAGE_MAX;
  if (listing->more)
    return FALSE;
  write_entry (&listing->json, record);
  listing->last = record->key;
  listing->n++;
  return TRUE;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  const char *cursor = tocsin_request_get_given (request, "cursor");
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinReading) txn = NULL;
  g_autofree char *next = NULL;
  Listing listing = { .json =
                          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON)),
                      .has_after = cursor != NULL };

  if (cursor != NULL &&
      !tocsin_hex_decode (cursor, strlen (cursor), listing.after.bytes, sizeof listing.after.bytes))
    {
      tocsin_reply_set_problem (reply, 400, "invalid", "cursor is none that this list gave");
      return;
    }
  txn = tocsin_reader_begin (tocsin_api_reader (api));
  tocsin_json_writer_begin_object (&listing.json);
  tocsin_json_writer_name (&listing.json, "allow");
  tocsin_json_writer_begin_array (&listing.json);
  tocsin_allow_foreach (txn, on_entry, &listing);
  tocsin_json_writer_end_array (&listing.json);
  if (listing.more)
    next = tocsin_hex_encode (listing.last.bytes, sizeof listing.last.bytes);
  tocsin_json_writer_member_string (&listing.json, "cursor", next);
  tocsin_json_writer_end_object (&listing.json);
  g_string_append_c (listing.json.out, '\n');
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

/* ---- changes ---- */

/* One change on its way to the writer and back. */
typedef struct
{
  TocsinApi *api;         /* (unowned) */
  TocsinRequest *request; /* (owned) suspended */
  TocsinAllowRecord record;
  char *who; /* (owned) */
} AllowOp;

static void
allow_op_free (gpointer data)
{
  AllowOp *op = data;

  tocsin_allow_record_clear (&op->record);
  g_free (op->who);
  g_free (op);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AllowOp, allow_op_free)

static AllowOp *
allow_op_new (TocsinApi *api, TocsinRequest *request)
{
  AllowOp *op = g_new0 (AllowOp, 1);
  const char *token = tocsin_request_get_token_name (request);

  op->api = api;
  op->request = request;
  op->who = g_strdup (token != NULL ? token : "socket");
  op->record.created_us = tocsin_api_now_us (api);
  return op;
}

static gboolean
parse_subject (JsonObject *object, TocsinAllowRecord *out, GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };
  const char *type = tocsin_json_get_string (object, "", "type", error);
  const char *value = type != NULL ? tocsin_json_get_string (object, "", "value", error) : NULL;
  TocsinSubjectType subject_type;

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
  if (!tocsin_subject_parse (&subject, subject_type, value, error))
    {
      g_prefix_error (error, "/value: ");
      return FALSE;
    }
  out->key = tocsin_subject_key (&subject);
  out->type = subject.key_type;
  out->value = g_strdup (subject.key_value);
  return TRUE;
}

static gboolean
parse_entry (JsonObject *object, TocsinAllowRecord *out, GError **error)
{
  const char *reason = NULL, *expires = NULL;

  if (!parse_subject (object, out, error) ||
      !tocsin_json_opt_string (object, "", "reason", &reason, error) ||
      !tocsin_json_opt_string (object, "", "expires", &expires, error))
    return FALSE;
  if (reason != NULL && strlen (reason) > REASON_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/reason is longer than %d bytes",
                   REASON_MAX_BYTES);
      return FALSE;
    }
  out->reason = g_strdup (reason);
  if (expires == NULL)
    return TRUE;
  if (!tocsin_time_parse (expires, &out->expires_us, error))
    {
      g_prefix_error (error, "/expires: ");
      return FALSE;
    }
  if (out->expires_us > out->created_us)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/expires is in the past");
  return FALSE;
}

/* The log outlives an erasure, and its reader can hash addresses too: so the key is not in it. What
 * is still on the list can be told by its time. */
static void
append_audit (TocsinTxn *txn,
              const AllowOp *op,
              const char *action,
              TocsinSubjectType type,
              const char *detail)
{
  tocsin_audit_append (txn, op->record.created_us, op->who, action,
                       tocsin_subject_type_to_string (type), detail);
}

/* Writer thread. */
static gboolean
write_put (TocsinTxn *txn, gpointer data, GError **error)
{
  AllowOp *op = data;

  if (!tocsin_allow_match (txn, &op->record.key, op->record.created_us))
    tocsin_guards_overruled (txn, &op->record.key, op->record.type, 0, op->record.created_us);
  tocsin_allow_put (txn, &op->record);
  append_audit (txn, op, "allow.add", op->record.type, NULL);
  return TRUE;
}

/* Writer thread. */
static gboolean
write_remove (TocsinTxn *txn, gpointer data, GError **error)
{
  AllowOp *op = data;
  g_auto (TocsinAllowRecord) old = { 0 };
  g_autofree char *created = NULL;
  g_autofree char *detail = NULL;

  if (!tocsin_allow_get (txn, &op->record.key, &old) || !tocsin_allow_remove (txn, &op->record.key))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                           "That is not on the allow list");
      return FALSE;
    }
  created = tocsin_time_format (old.created_us);
  detail = g_strconcat ("added ", created, NULL);
  append_audit (txn, op, "allow.remove", old.type, detail);
  return TRUE;
}

static void
on_put (GObject *source, GAsyncResult *result, gpointer data)
{
  AllowOp *op = data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    tocsin_reply_set_error (reply, error);
  else
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_reply_set_status (reply, 201);
      write_entry (&json, &op->record);
      g_string_append_c (json.out, '\n');
    }
  tocsin_request_complete (op->request);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  AllowOp *op = data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;

  if (!tocsin_writer_submit_finish (result, &error))
    tocsin_reply_set_error (reply, error);
  else
    tocsin_reply_set_status (reply, 204);
  tocsin_request_complete (op->request);
}

static void
submit (AllowOp *op, TocsinWriteFunc func, GAsyncReadyCallback callback)
{
  tocsin_request_suspend (op->request);
  tocsin_writer_submit_async (op->api->writer, func, op, allow_op_free, NULL, callback, op);
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "type", "value", "reason", "expires", NULL };
  static const char *const nullable[] = { "reason", "expires", NULL }; /* as GET shows them */
  g_autoptr (AllowOp) op = allow_op_new (data, request);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) document =
      tocsin_json_body_parse_nullable (request, members, nullable, &error);

  if (document == NULL || !parse_entry (json_node_get_object (document), &op->record, &error))
    tocsin_reply_set_error (reply, error);
  else
    submit (g_steal_pointer (&op), write_put, on_put);
}

static void
on_delete_subject (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "type", "value", NULL };
  g_autoptr (AllowOp) op = allow_op_new (data, request);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) document = tocsin_json_body_parse (request, members, NULL, &error);

  if (document == NULL || !parse_subject (json_node_get_object (document), &op->record, &error))
    tocsin_reply_set_error (reply, error);
  else
    submit (g_steal_pointer (&op), write_remove, on_removed);
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (AllowOp) op = allow_op_new (data, request);
  const char *id = tocsin_request_get_param (request, "id");

  if (!tocsin_hex_decode (id, strlen (id), op->record.key.bytes, sizeof op->record.key.bytes))
    tocsin_reply_set_problem (reply, 404, "not-found", "That is not the ID of an allow entry");
  else
    submit (g_steal_pointer (&op), write_remove, on_removed);
}

static const char *const list_query[] = { "cursor", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/allow", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL, list_query },
  { "POST", "/v1/allow", on_post, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, BODY_MAX_BYTES, NULL },
  { "DELETE", "/v1/allow", on_delete_subject, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, BODY_MAX_BYTES,
    NULL },
  { "DELETE", "/v1/allow/{id}", on_delete, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL },
};

void
tocsin_route_allow_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
