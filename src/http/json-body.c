/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/json-body.h"

#include "core/category.h"
#include "core/clock.h"
#include "core/error.h"
#include "store/table-actors.h"

static JsonNode *
parse (TocsinRequest *request,
       const char *const *members,
       const char *const *nullable,
       const TocsinJsonLimits *limits,
       GError **error)
{
  gsize size;
  const char *text = g_bytes_get_data (tocsin_request_get_body (request), &size);
  g_autoptr (JsonNode) root = tocsin_json_parse (text, size, limits, NULL, error);
  JsonObject *object = root != NULL ? tocsin_json_node_object (root, error) : NULL;

  if (object == NULL || !tocsin_json_object_only (object, "", members, nullable, error))
    return NULL;
  return g_steal_pointer (&root);
}

JsonNode *
tocsin_json_body_parse (TocsinRequest *request,
                        const char *const *members,
                        const TocsinJsonLimits *limits,
                        GError **error)
{
  return parse (request, members, NULL, limits, error);
}

JsonNode *
tocsin_json_body_parse_nullable (TocsinRequest *request,
                                 const char *const *members,
                                 const char *const *nullable,
                                 GError **error)
{
  return parse (request, members, nullable, NULL, error);
}

gboolean
tocsin_json_body_is_empty (TocsinRequest *request, TocsinReply *reply)
{
  static const char *const members[] = { NULL };
  g_autoptr (JsonNode) body = NULL;
  g_autoptr (GError) error = NULL;

  if (g_bytes_get_size (tocsin_request_get_body (request)) == 0)
    return TRUE;
  body = tocsin_json_body_parse (request, members, NULL, &error);
  if (body == NULL)
    tocsin_reply_set_error (reply, error);
  return body != NULL;
}

JsonObject *
tocsin_json_body_element (JsonArray *array, const char *pointer, guint index, GError **error)
{
  JsonNode *node = json_array_get_element (array, index);

  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_node_get_object (node);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s/%u is not an object", pointer, index);
  return NULL;
}

gboolean
tocsin_json_body_time (JsonObject *object, const char *name, gint64 *out_us, GError **error)
{
  const char *text = NULL;

  if (!tocsin_json_opt_string (object, "", name, &text, error))
    return FALSE;
  if (text == NULL || tocsin_time_parse (text, out_us, error))
    return TRUE;
  g_prefix_error (error, "/%s: ", name);
  return FALSE;
}

TocsinSubjectType
tocsin_json_body_type (const char *pointer, const char *text, GError **error)
{
  TocsinSubjectType type = tocsin_subject_type_from_string (text);

  if (type == TOCSIN_SUBJECT_NONE)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                 "%s: the type is none of ip, network, email, domain, url, username, actor",
                 pointer);
  return type;
}

guint8
tocsin_json_body_category (const char *pointer, const char *text, GError **error)
{
  const TocsinCategory *category = tocsin_category_by_slug (text);

  if (category != NULL)
    return category->id;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE, "%s: there is no such category",
               pointer);
  return 0;
}

static gboolean
parse_account (TocsinTxn *txn, const char *text, TocsinSubject *out, GError **error)
{
  g_autofree char *user = NULL;
  g_autofree char *host = NULL;
  g_autofree char *acct = NULL;
  g_autofree char *lower = NULL;
  guint32 number;

  if (!tocsin_subject_parse_acct (text, &user, &host))
    return tocsin_subject_parse (out, TOCSIN_SUBJECT_ACTOR, text, error);
  acct = g_strconcat (user, "@", host, NULL);
  lower = g_utf8_strdown (acct, -1);
  if (tocsin_actors_find_acct (txn, lower, &number))
    return tocsin_subject_parse (out, TOCSIN_SUBJECT_ACTOR, tocsin_actors_peek_uri (txn, number),
                                 error);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "this account is not known here; give the URI of its actor");
  return FALSE;
}

gboolean
tocsin_json_body_subject (TocsinTxn *txn,
                          const char *pointer,
                          TocsinSubjectType type,
                          const char *text,
                          TocsinSubject *out,
                          GError **error)
{
  gboolean ok = type == TOCSIN_SUBJECT_ACTOR ? parse_account (txn, text, out, error)
                                             : tocsin_subject_parse (out, type, text, error);

  if (!ok)
    g_prefix_error (error, "%s: ", pointer);
  return ok;
}
