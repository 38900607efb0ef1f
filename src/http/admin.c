/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/admin.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/evidence.h"
#include "fed/peer-search.h"
#include "store/table-actors.h"

#define UNKNOWN_PEER "This node has had nothing to do with this actor"

const char *
tocsin_admin_who (const TocsinRequest *request)
{
  const char *name = tocsin_request_get_token_name (request);

  return name != NULL ? name : "socket";
}

void
tocsin_admin_member_time (TocsinJsonWriter *json, const char *name, gint64 time_us)
{
  g_autofree char *text = time_us != 0 ? tocsin_time_format (time_us) : NULL;

  tocsin_json_writer_member_string (json, name, text);
}

void
tocsin_admin_member_end (TocsinJsonWriter *json, const char *name, gint64 end_us)
{
  gboolean never = end_us == TOCSIN_EVIDENCE_NEVER_S * TOCSIN_SECOND_US;

  tocsin_admin_member_time (json, name, never ? 0 : end_us);
}

void
tocsin_admin_member_actor (TocsinJsonWriter *json, const char *name, TocsinTxn *txn, guint32 actor)
{
  tocsin_json_writer_member_string (json, name, tocsin_actors_peek_uri (txn, actor));
}

gboolean
tocsin_admin_number (const char *text, guint64 *out)
{
  /* g_ascii_string_to_unsigned() takes no sign and no blank. */
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, out, NULL);
}

gboolean
tocsin_admin_cursor (TocsinRequest *request, guint64 *out, GError **error)
{
  const char *text = tocsin_request_get_given (request, "cursor");

  *out = 0;
  if (text == NULL || tocsin_admin_number (text, out))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "cursor: a number from an earlier page is expected");
  return FALSE;
}

gboolean
tocsin_admin_get_actor (
    TocsinTxn *txn, const char *text, const char *unknown, guint32 *out, GError **error)
{
  g_autoptr (GError) why = NULL;

  if (tocsin_peer_search (txn, text, out, &why))
    return TRUE;
  if (!tocsin_txn_check (txn, error))
    return FALSE;
  if (g_error_matches (why, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT))
    g_propagate_error (error, g_steal_pointer (&why));
  else
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, unknown);
  return FALSE;
}

gboolean
tocsin_admin_get_peer (TocsinTxn *txn, const char *text, TocsinPeerRecord *out, GError **error)
{
  guint32 number;

  if (!tocsin_admin_get_actor (txn, text, UNKNOWN_PEER, &number, error))
    return FALSE;
  if (tocsin_peers_get (txn, number, out))
    return TRUE;
  if (tocsin_txn_check (txn, error))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, UNKNOWN_PEER);
  return FALSE;
}

gboolean
tocsin_admin_has_room (TocsinApi *api, GError **error)
{
  if (tocsin_store_fill_percent (api->store) < TOCSIN_STORE_FULL_PERCENT)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
               "The store is past %d %% of its room and takes nothing more",
               TOCSIN_STORE_FULL_PERCENT);
  return FALSE;
}

gboolean
tocsin_admin_has_federation (TocsinApi *api, TocsinReply *reply)
{
  if (api->federation != NULL)
    return TRUE;
  tocsin_reply_set_problem (reply, 503, "unavailable", "This node does not federate");
  return FALSE;
}

typedef struct
{
  TocsinApi *api;
  TocsinRequest *request; /* suspended */
  gpointer data;          /* of the writer's, which frees it after the callback */
  TocsinAdminDone done;
} WriteOp;

static void
on_written (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree WriteOp *op = user_data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;

  if (tocsin_writer_submit_finish (result, &error))
    op->done (op->api, reply, op->data);
  else
    tocsin_reply_set_error (reply, error);
  tocsin_request_complete (op->request);
}

void
tocsin_admin_write (TocsinApi *api,
                    TocsinRequest *request,
                    TocsinWriteFunc func,
                    gpointer data,
                    GDestroyNotify destroy,
                    TocsinAdminDone done)
{
  WriteOp *op = g_new (WriteOp, 1);

  *op = (WriteOp){ .api = api, .request = request, .data = data, .done = done };
  tocsin_request_suspend (request);
  tocsin_writer_submit_async (api->writer, func, data, destroy, NULL, on_written, op);
}
