/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/authz: whether a reverse proxy may let a client in (nginx auth_request, Caddy
 * forward_auth, Traefik forwardAuth). Only `block` keeps a client out, which no single voice can:
 * its budget is left alone, or whoever loads pages would use it up. The proxy names the client in
 * the field that the setting authz-client-header says; nobody but a trusted proxy, or whoever may
 * use the Unix socket, can name one. 403 is kept for the verdict: whatever is wrong with a question
 * is 400, and what it then means for the client is the proxy's choice (docs/gate.md).
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "core/error.h"
#include "http/answer.h"
#include "http/routes.h"

#define FORWARDED_FOR "X-Forwarded-For"

/* NULL with an error. */
static const char *
find_client (const TocsinApi *api, TocsinRequest *request, GError **error)
{
  const char *name = api->authz_header;
  guint n = tocsin_request_count_header (request, name);

  if (tocsin_request_get_listener_kind (request) != TOCSIN_LISTENER_UNIX)
    {
      if (!tocsin_request_is_from_proxy (request))
        {
          g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                               "Only a proxy of the setting trusted-proxies may name a client");
          return NULL;
        }
      /* A list, which the server has read from its trusted end. */
      if (g_ascii_strcasecmp (name, FORWARDED_FOR) == 0 && n > 0 &&
          tocsin_request_is_forwarded (request))
        return tocsin_request_get_remote (request);
    }
  if (n == 1)
    return tocsin_request_get_header (request, name);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               n == 0 ? "The proxy has to name the client in %s" : "%s is given twice", name);
  return NULL;
}

static gboolean
judge_client (
    TocsinApi *api, const char *client, TocsinVerdict *verdict, gboolean *observe, GError **error)
{
  g_auto (TocsinJudge) judge = { 0 };
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinFinding) finding = { 0 };

  if (!tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, client, error))
    {
      g_prefix_error (error, "The client's address: ");
      return FALSE;
    }
  tocsin_judge_begin (&judge, api, NULL, FALSE);
  tocsin_judge_event (&judge, &subject, 1, &finding);
  if (!tocsin_txn_check (judge.txn, error))
    return FALSE;
  *verdict = finding.verdict;
  tocsin_api_count_observed (api, judge.state, finding.verdict, judge.scoring.now_us);
  *observe = tocsin_api_is_observing (judge.state, judge.scoring.now_us);
  return TRUE;
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  g_autoptr (GError) error = NULL;
  const char *client = find_client (data, request, &error);
  TocsinVerdict verdict;
  gboolean observe;

  if (client == NULL || !judge_client (data, client, &verdict, &observe, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  if (verdict == TOCSIN_VERDICT_BLOCK && !observe)
    tocsin_reply_set_problem (reply, 403, "blocked",
                              "This node's verdict about the client is block");
  else
    tocsin_reply_set_status (reply, 204);
  tocsin_reply_add_header (reply, "X-Tocsin-Verdict", tocsin_verdict_to_string (verdict));
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/authz", on_get, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY, TOCSIN_SCOPE_CHECK, 0,
    NULL },
};

void
tocsin_route_authz_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
