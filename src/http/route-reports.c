/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/reports: what this node's operator reports, and what is known of all reports.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/error.h"
#include "core/limits.h"
#include "core/uri.h"
#include "fed/peer-search.h"
#include "fed/publish.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/judge.h"
#include "http/report-view.h"
#include "http/routes-admin.h"
#include "store/table-actors.h"
#include "store/table-reports.h"

/* ---- which report is meant ---- */

typedef struct
{
  TocsinTxn *txn;
  const char *id;
  const char *origin; /* of @id, in the form that all actors have it in */
  guint64 number;     /* 0: not found */
} Search;

static gboolean
search_actor (const TocsinActorRecord *actor, gpointer data)
{
  Search *search = data;

  return !g_str_has_prefix (actor->uri, search->origin) ||
         !tocsin_uri_same_origin (actor->uri, search->id) ||
         !tocsin_reports_find (search->txn, actor->number, search->id, &search->number);
}

static gboolean
not_found (TocsinTxn *txn, GError **error)
{
  if (tocsin_txn_check (txn, error))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such report");
  return FALSE;
}

/* @text: the last segment of an own report's URI, or that URI. */
static char *
own_id (const TocsinApi *api, const char *text)
{
  return strstr (text, "://") != NULL ? g_strdup (text)
                                      : g_strconcat (api->base_url, "/reports/", text, NULL);
}

/* @text: a number, or as for own_id(). */
static gboolean
find_own_report (TocsinApi *api, TocsinTxn *txn, const char *text, guint64 *out, GError **error)
{
  g_autofree char *own = own_id (api, text);

  return tocsin_admin_number (text, out) ||
         tocsin_reports_find (txn, TOCSIN_ACTOR_LOCAL, own, out) || not_found (txn, error);
}

/* @text: as above, or any report's whole URI. A report's id is on its reporter's origin, which
 * tells the few actors to look at. To find these takes too long for the main thread. */
static gboolean
find_report (TocsinApi *api, TocsinTxn *txn, const char *text, guint64 *out, GError **error)
{
  g_autofree char *origin = tocsin_uri_origin (text, NULL);
  Search search = { .txn = txn, .id = text, .origin = origin };

  if (find_own_report (api, txn, text, out, NULL))
    return TRUE;
  if (origin != NULL)
    tocsin_actors_foreach_head (txn, 1, search_actor, &search);
  *out = search.number;
  return search.number != 0 || not_found (txn, error);
}

/* ---- GET ---- */

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  g_auto (TocsinReportRecord) record = { 0 };
  g_autoptr (GError) error = NULL;
  guint64 number;

  if (find_report (api, txn, tocsin_request_get_param (request, "id"), &number, &error) &&
      tocsin_reports_get (txn, number, &record))
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_report_view_write (&json, txn, &record, tocsin_api_now_us (api), TRUE);
      return;
    }
  if (error == NULL && tocsin_txn_check (txn, &error))
    g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "There is no such report");
  tocsin_reply_set_error (reply, error);
}

static gboolean
read_subject_filter (TocsinRequest *request, TocsinTxn *txn, TocsinSubject *subject, GError **error)
{
  const char *text = tocsin_request_get_given (request, "subject");
  const char *colon = text != NULL ? strchr (text, ':') : NULL;
  g_autofree char *name = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : NULL;
  TocsinSubjectType type;

  if (text == NULL)
    return TRUE;
  if (colon == NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "subject: TYPE:VALUE is expected");
      return FALSE;
    }
  type = tocsin_json_body_type ("subject", name, error);
  return type != TOCSIN_SUBJECT_NONE &&
         tocsin_json_body_subject (txn, "subject", type, colon + 1, subject, error);
}

/* @none: (out): nothing can match */
static gboolean
read_filter (TocsinRequest *request,
             TocsinTxn *txn,
             TocsinReportFilter *filter,
             gboolean *none,
             GError **error)
{
  const char *actor = tocsin_request_get_given (request, "actor");
  const char *category = tocsin_request_get_given (request, "category");
  const char *name = tocsin_request_get_given (request, "state");
  const char *bundle = tocsin_request_get_given (request, "bundle");
  TocsinReportState state;
  g_autoptr (GError) why = NULL;

  filter->has_actor = actor != NULL;
  *none = actor != NULL && !tocsin_peer_search (txn, actor, &filter->actor, &why);
  if (g_error_matches (why, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  if (category != NULL)
    {
      filter->category = tocsin_json_body_category ("category", category, error);
      if (filter->category == 0)
        return FALSE;
    }
  if (bundle != NULL && (!tocsin_admin_number (bundle, &filter->bundle) || filter->bundle == 0))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "bundle: the number of an event is expected");
      return FALSE;
    }
  if (name == NULL)
    return TRUE;
  if (!tocsin_state_from_string (name, &state))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           "state: live, held, refused, withdrawn or expired is expected");
      return FALSE;
    }
  filter->state = (int) state + 1;
  return TRUE;
}

static gboolean
read_limit (TocsinRequest *request, guint *out, GError **error)
{
  const char *text = tocsin_request_get_given (request, "limit");
  guint64 limit = TOCSIN_ADMIN_PAGE;

  if (text != NULL &&
      (!tocsin_admin_number (text, &limit) || limit < 1 || limit > TOCSIN_ADMIN_PAGE))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "limit: a number from 1 to %d is expected", TOCSIN_ADMIN_PAGE);
      return FALSE;
    }
  *out = (guint) limit;
  return TRUE;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  TocsinJsonWriter json = { 0 };
  TocsinReportFilter filter = { .state_at_us = tocsin_api_now_us (api) };
  g_auto (TocsinSubject) subject = { 0 };
  g_autoptr (GPtrArray) page = NULL;
  g_autoptr (GError) error = NULL;
  TocsinSubjectKey key;
  guint64 cursor, next = 0;
  gboolean none;
  guint limit;

  if (!tocsin_admin_cursor (request, &cursor, &error) || !read_limit (request, &limit, &error) ||
      !read_subject_filter (request, txn, &subject, &error) ||
      !read_filter (request, txn, &filter, &none, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  key = tocsin_subject_key (&subject);
  filter.key = subject.type != TOCSIN_SUBJECT_NONE ? &key : NULL;
  /* Whoever asks about one subject wants all that is known. */
  filter.include_imports = filter.key != NULL;
  page = none ? g_ptr_array_new () : tocsin_reports_list (txn, &filter, cursor, limit, &next);
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "reports");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < page->len; i++)
    tocsin_report_view_write (&json, txn, g_ptr_array_index (page, i), filter.state_at_us, FALSE);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_name (&json, "cursor");
  if (next != 0)
    tocsin_json_writer_int (&json, (gint64) next);
  else
    tocsin_json_writer_null (&json);
  tocsin_json_writer_end_object (&json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

/* ---- POST ---- */

static gboolean
read_subjects (JsonObject *object, TocsinTxn *txn, TocsinDraft *draft, GError **error)
{
  static const char *const members[] = { "type", "value", NULL };
  JsonArray *array = tocsin_json_get_array (object, "", "subjects", error);
  guint n = array != NULL ? json_array_get_length (array) : 0;

  if (array == NULL)
    return FALSE;
  if (n == 0 || n > TOCSIN_PUBLISH_SUBJECTS_MAX)
    {
      g_set_error (error, TOCSIN_ERROR, n == 0 ? TOCSIN_ERROR_INVALID : TOCSIN_ERROR_TOO_LARGE,
                   "/subjects: 1 to %d are taken", TOCSIN_PUBLISH_SUBJECTS_MAX);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *pointer = g_strdup_printf ("/subjects/%u", i);
      g_autofree char *type_pointer = g_strconcat (pointer, "/type", NULL);
      g_autofree char *value_pointer = g_strconcat (pointer, "/value", NULL);
      JsonObject *one = tocsin_json_body_element (array, "/subjects", i, error);
      const char *name, *value;
      TocsinSubject subject;
      TocsinSubjectType type;

      if (one == NULL || !tocsin_json_object_only (one, pointer, members, NULL, error))
        return FALSE;
      name = tocsin_json_get_string (one, pointer, "type", error);
      value = name != NULL ? tocsin_json_get_string (one, pointer, "value", error) : NULL;
      if (value == NULL)
        return FALSE;
      type = tocsin_json_body_type (type_pointer, name, error);
      if (type == TOCSIN_SUBJECT_NONE ||
          !tocsin_json_body_subject (txn, value_pointer, type, value, &subject, error))
        return FALSE;
      g_array_append_val (draft->subjects, subject);
    }
  return TRUE;
}

static gboolean
refuse_word (const char *name, const char *expected, GError **error)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "/%s: %s is expected", name, expected);
  return FALSE;
}

static gboolean
read_words (JsonObject *object, TocsinDraft *draft, GError **error)
{
  const char *action = NULL, *opinion = NULL, *sharing = NULL, *comment = NULL;
  const char *category = tocsin_json_get_string (object, "", "category", error);

  if (category == NULL)
    return FALSE;
  draft->category = tocsin_json_body_category ("/category", category, error);
  if (draft->category == 0 || !tocsin_json_opt_string (object, "", "action", &action, error) ||
      !tocsin_json_opt_string (object, "", "opinion", &opinion, error) ||
      !tocsin_json_opt_string (object, "", "sharing", &sharing, error) ||
      !tocsin_json_opt_string (object, "", "comment", &comment, error))
    return FALSE;
  if (action != NULL && !tocsin_action_from_string (action, &draft->action))
    return refuse_word ("action", "none, limited, suspended or rejected", error);
  if (opinion != NULL && !tocsin_opinion_from_string (opinion, &draft->opinion))
    return refuse_word ("opinion", "malicious or benign", error);
  if (sharing != NULL && !tocsin_sharing_from_string (sharing, &draft->sharing))
    return refuse_word ("sharing", "clear, green or amber", error);
  if (comment != NULL && g_utf8_strlen (comment, -1) > TOCSIN_CONTENT_MAX_CHARS)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "/comment is longer than %d characters", TOCSIN_CONTENT_MAX_CHARS);
      return FALSE;
    }
  draft->sharing_set = sharing != NULL;
  draft->comment = comment != NULL && comment[0] != '\0' ? g_strdup (comment) : NULL;
  return TRUE;
}

static gboolean
read_draft (
    TocsinApi *api, TocsinRequest *request, TocsinDraft *draft, gboolean *automatic, GError **error)
{
  static const char *const members[] = { "subjects",         "category",  "action",
                                         "confidence",       "opinion",   "comment",
                                         "sharing",          "expires",   "observed_at",
                                         "last_observed_at", "automatic", NULL };
  static const char *const nullable[] = { "comment", "expires", NULL };
  g_autoptr (JsonNode) body = tocsin_json_body_parse_nullable (request, members, nullable, error);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  JsonObject *object = body != NULL ? json_node_get_object (body) : NULL;
  gint64 confidence = draft->confidence;

  if (object == NULL || !read_words (object, draft, error) ||
      !tocsin_json_opt_int (object, "", "confidence", 1, 100, &confidence, error) ||
      !tocsin_json_opt_bool (object, "", "automatic", automatic, error) ||
      !tocsin_json_body_time (object, "expires", &draft->end_us, error) ||
      !tocsin_json_body_time (object, "observed_at", &draft->observed_us, error) ||
      !tocsin_json_body_time (object, "last_observed_at", &draft->last_observed_us, error))
    return FALSE;
  draft->confidence = (guint8) confidence;
  return read_subjects (object, txn, draft, error);
}

/* As far as any profile of this node goes, or would if the operator had not changed it. */
static TocsinProfile *
make_strictest (const TocsinApi *api)
{
  TocsinProfile *strictest = tocsin_profile_new_builtin ("strict");
  GHashTableIter iter;
  gpointer profile;

  g_hash_table_iter_init (&iter, api->profiles);
  while (g_hash_table_iter_next (&iter, NULL, &profile))
    for (guint c = 0; c < TOCSIN_N_CATEGORIES; c++)
      strictest->ceiling[c] =
          MAX (strictest->ceiling[c], ((const TocsinProfile *) profile)->ceiling[c]);
  return strictest;
}

/* Whether what others report says “review” by itself: a program that reports what it was told would
 * make one voice into many (model.md 3). What a milder profile or a spent budget makes of it
 * changes nothing about who said it. */
static gboolean
is_told_already (TocsinApi *api, const TocsinDraft *draft, gboolean *told, GError **error)
{
  g_autoptr (TocsinProfile) strictest = make_strictest (api);
  g_auto (TocsinJudge) judge = { 0 };
  g_auto (TocsinFinding) finding = { 0 };

  tocsin_judge_begin (&judge, api, strictest, FALSE);
  judge.scoring.without_own = TRUE;
  judge.scoring.n_over_budget = 0;
  tocsin_judge_event (&judge, (const TocsinSubject *) (gpointer) draft->subjects->data,
                      draft->subjects->len, &finding);
  *told = finding.verdict >= TOCSIN_VERDICT_REVIEW;
  return tocsin_txn_check (judge.txn, error);
}

typedef struct
{
  TocsinApi *api;
  TocsinRequest *request; /* suspended */
  guint64 number;         /* of the report to be withdrawn; 0: the store does not have it */
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
on_published (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Op *op = user_data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPublished) published = tocsin_publish_reports_finish (result, &error);

  if (published == NULL)
    tocsin_reply_set_error (reply, error);
  else
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (op->api));
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_reply_set_status (reply, 201);
      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_int (&json, "bundle", (gint64) published->bundle);
      tocsin_json_writer_name (&json, "reports");
      tocsin_json_writer_begin_array (&json);
      for (char **id = published->ids; *id != NULL; id++)
        {
          g_auto (TocsinReportRecord) record = { 0 };
          guint64 number;

          if (tocsin_reports_find (txn, TOCSIN_ACTOR_LOCAL, *id, &number) &&
              tocsin_reports_get (txn, number, &record))
            tocsin_report_view_write (&json, txn, &record, tocsin_api_now_us (op->api), FALSE);
        }
      tocsin_json_writer_end_array (&json);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_request_complete (op->request);
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_auto (TocsinDraft) draft = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean automatic = FALSE;

  tocsin_draft_init (&draft);
  if (!tocsin_admin_has_federation (api, reply))
    return;
  if (!read_draft (api, request, &draft, &automatic, &error) ||
      !tocsin_admin_has_room (api, &error) ||
      (automatic && !is_told_already (api, &draft, &draft.derived, &error)))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  tocsin_publish_reports_async (api->federation, &draft, tocsin_admin_who (request), on_published,
                                op_new (api, request));
}

/* ---- DELETE ---- */

static void
on_withdrawn (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Op *op = user_data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;

  if (!tocsin_publish_withdraw_finish (result, &error))
    tocsin_reply_set_error (reply, error);
  else if (op->number == 0)
    tocsin_reply_set_status (reply, 204);
  else
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (op->api));
      g_auto (TocsinReportRecord) record = { 0 };
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      (void) tocsin_reports_get (txn, op->number, &record);
      tocsin_report_view_write (&json, txn, &record, tocsin_api_now_us (op->api), FALSE);
    }
  tocsin_request_complete (op->request);
}

/* @unknown: whether it may be one that the store does not have */
static gboolean
read_withdrawal (TocsinRequest *request,
                 TocsinRemoveReason *reason,
                 gboolean *unknown,
                 GError **error)
{
  const char *name = tocsin_request_get_given (request, "reason");
  const char *flag = tocsin_request_get_query (request, "unknown");

  *unknown = g_strcmp0 (flag, "true") == 0;
  if (name != NULL && !tocsin_reason_from_string (name, reason))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "reason: error, appeal, expired, erased or other is expected");
  else if (flag != NULL && !*unknown && !g_str_equal (flag, "false"))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "unknown: true or false is expected");
  else
    return TRUE;
  return FALSE;
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  const char *id = tocsin_request_get_param (request, "id");
  const char *who = tocsin_admin_who (request);
  TocsinRemoveReason reason = TOCSIN_REASON_OTHER;
  g_autoptr (GError) error = NULL;
  gboolean unknown = FALSE, found = FALSE;
  guint64 number = 0;

  if (!tocsin_admin_has_federation (api, reply))
    return;
  if (read_withdrawal (request, &reason, &unknown, &error))
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));

      found = find_own_report (api, txn, id, &number, &error);
    }
  if (found)
    {
      Op *op = op_new (api, request);

      op->number = number;
      tocsin_publish_withdraw_async (api->federation, number, reason, who, on_withdrawn, op);
    }
  /* By its whole URI alone: a last segment may be that of a peer's report, or mistyped. */
  else if (unknown && g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND))
    tocsin_publish_withdraw_unknown_async (api->federation, id, reason, who, on_withdrawn,
                                           op_new (api, request));
  else
    tocsin_reply_set_error (reply, error);
}

static const char *const list_query[] = { "cursor",   "limit", "subject", "actor",
                                          "category", "state", "bundle",  NULL };
static const char *const delete_query[] = { "reason", "unknown", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/reports", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_REPORT, 0, NULL, list_query },
  { "POST", "/v1/reports", on_post, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_REPORT, TOCSIN_ADMIN_BODY_BYTES,
    NULL },
  { "GET", "/v1/reports/{id}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_REPORT, 0, NULL },
  { "DELETE", "/v1/reports/{id}", on_delete, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_REPORT, 0, NULL,
    delete_query },
};

void
tocsin_route_reports_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
