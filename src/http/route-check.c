/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * POST /v1/check, and GET for shells.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <gio/gio.h>
#include <string.h>

#include "core/error.h"
#include "http/answer.h"
#include "http/routes.h"

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  TocsinAnswerCache *answers = tocsin_api_answers (api);
  guint64 generation = tocsin_store_generation (api->store);
  gint64 now_us = tocsin_api_now_us (api);
  TocsinAnswered answered;
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *body = tocsin_request_peek_body (request, &size);
  GString *out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);

  if (tocsin_answer_cache_find (answers, generation, now_us, body, size, out, &answered))
    {
      tocsin_api_count_observed (api, tocsin_api_state (api), answered.verdict, now_us);
      return;
    }
  if (!tocsin_answer_json (api, body, size, out, &answered, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  g_string_append_c (out, '\n');
  tocsin_answer_cache_add (answers, generation, now_us, &answered, body, size, out->str, out->len);
}

typedef struct
{
  TocsinCheckQuestion question; /* (owned) */
  GError *error;                /* (owned) (nullable) */
} Query;

static void
query_clear (Query *self)
{
  tocsin_check_question_clear (&self->question);
  g_clear_error (&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Query, query_clear)

static void
read_explain (Query *query, const char *value)
{
  query->question.explain = g_str_equal (value, "true") || g_str_equal (value, "1");
  if (!query->question.explain && !g_str_equal (value, "false") && !g_str_equal (value, "0"))
    g_set_error_literal (&query->error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "explain: true or false is expected");
}

/* One of get_query, which the gate lets through once. An empty value is as none. */
static gboolean
on_parameter (const char *name, const char *value, gpointer data)
{
  Query *query = data;
  TocsinSubjectType type = tocsin_subject_type_from_string (name);

  if (*value == '\0')
    return TRUE;
  if (type != TOCSIN_SUBJECT_NONE)
    query->question.subjects[query->question.n_subjects++] =
        (TocsinCheckSubject){ .type = type, .value = g_strdup (value) };
  else if (g_str_equal (name, "profile"))
    query->question.profile = g_strdup (value);
  else if (g_str_equal (name, "explain"))
    read_explain (query, value);
  return query->error == NULL;
}

static gboolean
is_local (TocsinRequest *request)
{
  const char *remote = tocsin_request_get_remote (request);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (remote);

  return tocsin_request_get_listener_kind (request) == TOCSIN_LISTENER_UNIX ||
         (address != NULL && g_inet_address_get_is_loopback (address));
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_auto (Query) query = { .question = { .from_query = TRUE } };
  GString *out;

  if (!api->allow_get_checks || !is_local (request))
    {
      tocsin_reply_set_problem (reply, 403, "refused",
                                "Checks by GET are not allowed here: their subjects would land in "
                                "logs; use POST");
      return;
    }
  tocsin_request_foreach_query (request, on_parameter, &query);
  if (query.error == NULL && query.question.n_subjects == 0)
    g_set_error_literal (&query.error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "Give at least one of ip, network, email, domain, url, username, actor");
  out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  if (query.error != NULL ||
      !tocsin_answer_question (api, &query.question, out, NULL, &query.error))
    {
      tocsin_reply_set_error (reply, query.error);
      return;
    }
  g_string_append_c (out, '\n');
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
}

static const char *const get_query[] = { "ip",    "network", "email",   "domain", "url", "username",
                                         "actor", "profile", "explain", "event",  NULL };

static const TocsinRoute routes[] = {
  { "POST", "/v1/check", on_post, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_CHECK, TOCSIN_API_BODY_MAX_BYTES,
    NULL },
  { "GET", "/v1/check", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_CHECK, 0, NULL, get_query },
};

void
tocsin_route_check_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
