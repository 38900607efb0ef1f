/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/tokens: who may use this API. A token is shown once, when it is made; only its hash is kept.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/error.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/routes-admin.h"
#include "store/table-audit.h"
#include "store/table-tokens.h"

#define NAME_MAX_BYTES 64

/* ---- in force ---- */

static gboolean
take_token (const TocsinTokenRecord *record, gpointer data)
{
  TocsinToken token = { .name = g_strdup (record->name), .scopes = record->scopes };

  memcpy (token.hash, record->hash, sizeof token.hash);
  g_array_append_val ((GArray *) data, token);
  return TRUE;
}

static void
token_clear (gpointer data)
{
  g_free (((TocsinToken *) data)->name);
}

/* Once: a file that cannot be read later is no reason to go on taking a token that was removed. */
static gboolean
learn_admin (TocsinApi *api, GError **error)
{
  g_autofree char *admin = NULL;

  if (api->knows_admin)
    return TRUE;
  admin = tocsin_auth_ensure_admin_token (api->data_dir, error);
  if (admin == NULL)
    return FALSE;
  tocsin_auth_token_hash (admin, api->admin_hash);
  return api->knows_admin = TRUE;
}

gboolean
tocsin_tokens_apply (TocsinApi *api, GError **error)
{
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (TocsinToken));
  g_autoptr (TocsinReading) txn = NULL;
  TocsinToken first;

  if (!learn_admin (api, error))
    return FALSE;
  g_array_set_clear_func (tokens, token_clear);
  first = (TocsinToken){ .name = g_strdup ("admin"), .scopes = TOCSIN_SCOPE_ADMIN };
  memcpy (first.hash, api->admin_hash, sizeof first.hash);
  g_array_append_val (tokens, first);
  txn = tocsin_reader_begin (tocsin_api_reader (api));
  tocsin_tokens_foreach (txn, take_token, tokens);
  if (!tocsin_txn_check (txn, error))
    return FALSE;
  tocsin_auth_replace (api->auth, (const TocsinToken *) (gconstpointer) tokens->data, tokens->len);
  return TRUE;
}

/* Not to be told from others in the audit log, or made at the first start. */
static gboolean
is_reserved (const char *name)
{
  static const char *const names[] = { "admin", "socket", "node", NULL };

  return g_strv_contains (names, name);
}

/* ---- GET ---- */

static void
write_scopes (TocsinJsonWriter *json, guint scopes)
{
  g_autofree char *text = tocsin_auth_scopes_format (scopes);
  g_auto (GStrv) names = g_strsplit_set (text, ", ", -1);

  tocsin_json_writer_name (json, "scopes");
  tocsin_json_writer_begin_array (json);
  for (char **name = names; *name != NULL; name++)
    if (**name != '\0')
      tocsin_json_writer_string (json, *name);
  tocsin_json_writer_end_array (json);
}

static gboolean
write_token (const TocsinTokenRecord *record, gpointer data)
{
  TocsinJsonWriter *json = data;

  tocsin_json_writer_begin_object (json);
  tocsin_json_writer_member_string (json, "name", record->name);
  write_scopes (json, record->scopes);
  tocsin_admin_member_time (json, "created", record->created_us);
  tocsin_json_writer_end_object (json);
  return TRUE;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (data));
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));
  g_autoptr (GError) error = NULL;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "tokens");
  tocsin_json_writer_begin_array (&json);
  tocsin_tokens_foreach (txn, write_token, &json);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (data));
  g_auto (TocsinTokenRecord) record = { 0 };
  g_autoptr (GError) error = NULL;

  if (tocsin_tokens_get (txn, tocsin_request_get_param (request, "name"), &record))
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      write_token (&record, &json);
      return;
    }
  if (tocsin_txn_check (txn, &error))
    g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                         "There is no token of this name");
  tocsin_reply_set_error (reply, error);
}

/* ---- POST, DELETE ---- */

typedef struct
{
  TocsinTokenRecord record;
  char *token; /* (owned) (nullable) what will be shown */
  char *who;   /* (owned) */
} Change;

static void
change_free (gpointer data)
{
  Change *change = data;

  tocsin_token_record_clear (&change->record);
  g_free (change->token);
  g_free (change->who);
  g_free (change);
}

static gboolean
write_new (TocsinTxn *txn, gpointer data, GError **error)
{
  Change *change = data;
  g_autofree char *scopes = tocsin_auth_scopes_format (change->record.scopes);
  g_auto (TocsinTokenRecord) old = { 0 };

  if (tocsin_tokens_get (txn, change->record.name, &old))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                           "/name: there is a token of this name; remove it first");
      return FALSE;
    }
  tocsin_tokens_put (txn, &change->record);
  tocsin_audit_append (txn, change->record.created_us, change->who, "token.add",
                       change->record.name, scopes);
  return TRUE;
}

static gboolean
write_removal (TocsinTxn *txn, gpointer data, GError **error)
{
  Change *change = data;

  if (!tocsin_tokens_remove (txn, change->record.name))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                           "There is no token of this name");
      return FALSE;
    }
  tocsin_audit_append (txn, change->record.created_us, change->who, "token.remove",
                       change->record.name, NULL);
  return TRUE;
}

static void
on_changed (TocsinApi *api, TocsinReply *reply, gpointer data)
{
  const Change *change = data;
  g_autoptr (GError) error = NULL;
  TocsinJsonWriter json = { 0 };

  if (api->auth != NULL && !tocsin_tokens_apply (api, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "name", change->record.name);
  if (change->token != NULL)
    {
      write_scopes (&json, change->record.scopes);
      tocsin_json_writer_member_string (&json, "token", change->token);
      tocsin_reply_set_status (reply, 201);
      tocsin_reply_add_header (reply, "Cache-Control", "no-store");
    }
  tocsin_json_writer_end_object (&json);
}

/* A letter or digit first: “..” is no segment of a path to most clients, so that it could not be
 * removed, and a name like an option is a trap. Those that were made before stay removable. */
static gboolean
check_name (const char *name, GError **error)
{
  gsize size = strlen (name);

  if (is_reserved (name))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "/name: “%s” is the node's own",
                   name);
      return FALSE;
    }
  if (size <= NAME_MAX_BYTES && g_ascii_isalnum (name[0]) &&
      strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_.") == size)
    return TRUE;
  g_set_error (
      error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
      "/name: 1 to %d letters, digits, hyphens, underscores and dots are taken, and a letter "
      "or digit first",
      NAME_MAX_BYTES);
  return FALSE;
}

static gboolean
read_scopes (JsonObject *object, guint *out, GError **error)
{
  JsonArray *array = tocsin_json_get_array (object, "", "scopes", error);

  if (array == NULL)
    return FALSE;
  *out = 0;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      const char *name = tocsin_json_string (json_array_get_element (array, i));
      guint bits = 0;

      if (name == NULL || strpbrk (name, ", ") != NULL ||
          !tocsin_auth_scopes_parse (name, &bits, NULL))
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "/scopes/%u: check, range, report, stream, admin or metrics is expected", i);
          return FALSE;
        }
      *out |= bits;
    }
  if (*out != 0)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "/scopes: at least one is needed");
  return FALSE;
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "name", "scopes", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  JsonObject *object = body != NULL ? json_node_get_object (body) : NULL;
  const char *name = object != NULL ? tocsin_json_get_string (object, "", "name", &error) : NULL;
  guint scopes;
  Change *change;

  if (name == NULL || !check_name (name, &error) || !read_scopes (object, &scopes, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  change = g_new0 (Change, 1);
  change->who = g_strdup (tocsin_admin_who (request));
  change->token = tocsin_auth_token_new ();
  change->record.name = g_strdup (name);
  change->record.scopes = scopes;
  change->record.created_us = tocsin_api_now_us (api);
  tocsin_auth_token_hash (change->token, change->record.hash);
  tocsin_admin_write (api, request, write_new, change, change_free, on_changed);
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  const char *name = tocsin_request_get_param (request, "name");
  Change *change;

  if (is_reserved (name))
    {
      tocsin_reply_set_problem (reply, 409, "conflict",
                                "This token is the node's own; to change it, remove the file "
                                "admin.token and start again");
      return;
    }
  change = g_new0 (Change, 1);
  change->who = g_strdup (tocsin_admin_who (request));
  change->record.name = g_strdup (name);
  change->record.created_us = tocsin_api_now_us (api);
  tocsin_admin_write (api, request, write_removal, change, change_free, on_changed);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/tokens", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "POST", "/v1/tokens", on_post, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, TOCSIN_ADMIN_BODY_BYTES,
    NULL },
  { "GET", "/v1/tokens/{name}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "DELETE", "/v1/tokens/{name}", on_delete, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL },
};

void
tocsin_route_tokens_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
