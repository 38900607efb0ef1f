/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What bouncers of CrowdSec ask its local API for: GET /v1/decisions (about one address, or all),
 * GET /v1/decisions/stream (all, then what changed) and POST /v1/usage-metrics. A block is a
 * decision to ban, of the origin "tocsin". A review is one to ask for a captcha, of the origin
 * "tocsin-review", and comes only to those who name that origin: most bouncers would ban for it.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "codec/json-strict.h"
#include "core/error.h"
#include "core/network-cut.h"
#include "http/decisions.h"
#include "http/json-body.h"
#include "http/list-thread.h"
#include "http/routes.h"
#include "store/table-allow.h"

#define METRICS_MAX_BYTES (256 << 10)
#define ADDRESSES                                                                                  \
  (TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP) | TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_NETWORK))

typedef struct
{
  TocsinApi *api;
  TocsinListingFilter filter;
  gboolean stream;
  gboolean startup;
  char reader[256];
} Order;

/* ---- filters ---- */

/* CrowdSec's scopes that are none of ours, such as country and AS, choose nothing. */
static guint
parse_scopes (const char *text)
{
  g_auto (GStrv) names = NULL;
  guint types = 0;

  if (text == NULL || *text == '\0')
    return ADDRESSES;
  names = g_strsplit (text, ",", -1);
  for (char **name = names; *name != NULL; name++)
    {
      TocsinSubjectType type = tocsin_decision_scope_parse (g_strstrip (*name));

      if (type != TOCSIN_SUBJECT_NONE)
        types |= TOCSIN_EXPORT_TYPE_BIT (type);
    }
  return types;
}

#define BAN     TOCSIN_VERDICT_BIT (TOCSIN_VERDICT_BLOCK)
#define CAPTCHA TOCSIN_VERDICT_BIT (TOCSIN_VERDICT_REVIEW)

static guint
parse_origins (const char *text)
{
  g_auto (GStrv) names = NULL;
  guint verdicts = 0;

  if (text == NULL || *text == '\0')
    return BAN;
  names = g_strsplit (text, ",", -1);
  if (g_strv_contains ((const char *const *) names, TOCSIN_DECISIONS_ORIGIN))
    verdicts |= BAN;
  if (g_strv_contains ((const char *const *) names, TOCSIN_DECISIONS_ORIGIN_REVIEW))
    verdicts |= CAPTCHA;
  return verdicts;
}

static void
parse_filter (TocsinRequest *request, TocsinListingFilter *out)
{
  const char *scope = tocsin_request_get_query (request, "scope");
  const char *type = tocsin_request_get_query (request, "type");

  *out = (TocsinListingFilter){ 0 };
  out->types = parse_scopes (scope != NULL ? scope : tocsin_request_get_query (request, "scopes"));
  out->verdicts = parse_origins (tocsin_request_get_query (request, "origins"));
  if (type == NULL || *type == '\0')
    return;
  out->verdicts &= g_ascii_strcasecmp (type, "ban") == 0       ? BAN
                   : g_ascii_strcasecmp (type, "captcha") == 0 ? CAPTCHA
                                                               : 0;
}

/* ---- all of it; on the thread that makes lists ---- */

static void
make (TocsinRequest *request, gpointer data)
{
  const Order *order = data;
  TocsinDecisions *decisions = order->api->decisions;
  TocsinReply *reply = tocsin_request_get_reply (request);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes =
      order->stream ? tocsin_decisions_stream (decisions, order->reader, &order->filter,
                                               order->startup, request, &error)
                    : tocsin_decisions_list (decisions, &order->filter, &error);

  if (bytes == NULL)
    tocsin_reply_set_error (reply, error);
  else
    tocsin_reply_set_bytes (reply, TOCSIN_TYPE_JSON, bytes);
}

static void
submit (TocsinRequest *request, const Order *order)
{
  tocsin_list_thread_submit (order->api->lists, request, make, g_memdup2 (order, sizeof *order));
}

static void
on_stream (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  const char *name = tocsin_request_get_token_name (request);
  const char *startup = tocsin_request_get_query (request, "startup");
  Order order = { .api = data, .stream = TRUE };

  order.startup = startup != NULL && g_ascii_strcasecmp (startup, "true") == 0;
  g_strlcpy (order.reader, name != NULL ? name : "", sizeof order.reader);
  parse_filter (request, &order.filter);
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  submit (request, &order);
}

/* ---- about one ---- */

/* What is asked about: ip=, range=, or value=, which is of any of the scopes that are wanted, as
 * CrowdSec has it. 0: nothing in particular, or nothing that there is. */
static guint
find_value (TocsinRequest *request, const TocsinListingFilter *filter, const char **value)
{
  *value = tocsin_request_get_query (request, "ip");
  if (*value != NULL)
    return TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_IP);
  *value = tocsin_request_get_query (request, "range");
  if (*value != NULL)
    return TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_NETWORK);
  *value = tocsin_request_get_query (request, "value");
  return *value != NULL ? filter->types : 0;
}

typedef struct
{
  const TocsinJudge *judge;
  TocsinNetworkCut *cut;
  const char *network;
  gboolean is_whole;
} Inside;

static gboolean
on_allowed (const TocsinAllowRecord *record, gpointer data)
{
  const Inside *inside = data;

  if (record->value != NULL &&
      (record->type == TOCSIN_SUBJECT_IP || record->type == TOCSIN_SUBJECT_NETWORK) &&
      (record->expires_us == 0 || record->expires_us > inside->judge->scoring.now_us))
    tocsin_network_cut_add (inside->cut, record->value);
  return TRUE;
}

static void
on_piece (const char *network,
          const TocsinSubjectKey *key G_GNUC_UNUSED,
          gboolean soft,
          gpointer data)
{
  Inside *inside = data;

  inside->is_whole = !soft && g_str_equal (network, inside->network);
}

/* Whether nothing in @network is shared, or allowed. */
static gboolean
is_whole (TocsinJudge *judge, const char *network, gboolean with_allowed)
{
  g_autoptr (TocsinNetworkCut) cut = tocsin_network_cut_new ();
  Inside inside = { judge, cut, network, FALSE };

  if (with_allowed && judge->has_allow)
    tocsin_allow_foreach (judge->txn, on_allowed, &inside);
  tocsin_network_cut_add_soft (cut, judge->shared_networks);
  tocsin_network_cut_split (cut, network, TRUE, 1, on_piece, &inside);
  return inside.is_whole;
}

/* Of a network around what was asked about a bouncer may remember the whole, with what is allowed
 * or shared in it: then the answer is of what was asked about alone. FALSE: of that neither. For an
 * address, of which most ask, the allow list is not gone through. */
static gboolean
narrow (TocsinJudge *judge,
        const TocsinSubject *subject,
        TocsinSubjectKey *key,
        TocsinExportRow *row)
{
  if (row->type != TOCSIN_SUBJECT_NETWORK)
    return TRUE;
  if (subject->type == TOCSIN_SUBJECT_IP)
    {
      if (!judge->has_allow && is_whole (judge, row->value, FALSE))
        return TRUE;
    }
  else if (subject->type != TOCSIN_SUBJECT_NETWORK || is_whole (judge, row->value, TRUE))
    return TRUE;
  else if (!is_whole (judge, subject->value, TRUE))
    return FALSE;
  *key = tocsin_subject_key (subject);
  row->type = subject->type;
  row->value = subject->value;
  row->key = key;
  return TRUE;
}

/* Whether anything is decided. */
static gboolean
append_one (GString *out,
            TocsinJudge *judge,
            const TocsinSubject *subject,
            const TocsinListingFilter *filter,
            gint64 now_us)
{
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  TocsinExportRow row;
  TocsinSubjectKey key;

  tocsin_judge_event (judge, subject, 1, &finding);
  found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  row = (TocsinExportRow){ .type = found->matched_type,
                           .value = found->matched,
                           .key = &found->matched_key,
                           .verdict = found->verdict,
                           .expires_s = found->expires_s };
  for (guint i = 0; i < found->categories->len; i++)
    row.categories |= G_GUINT64_CONSTANT (1)
                      << g_array_index (found->categories, TocsinCategoryFinding, i).category;
  if (found->matched == NULL || !tocsin_listing_filter_takes (filter, &row) ||
      tocsin_export_is_own_address (&row) || !narrow (judge, subject, &key, &row) ||
      tocsin_export_is_own_address (&row))
    return FALSE;
  g_string_append_c (out, '[');
  tocsin_decision_append (out, &row, now_us);
  g_string_append_c (out, ']');
  return TRUE;
}

/* Of several @types the first of which @value is one about which something is decided. What is none
 * of them is nothing that anything is decided about; of a single one it is an error. */
static gboolean
append_value (GString *out,
              TocsinJudge *judge,
              guint types,
              const char *value,
              const TocsinListingFilter *filter,
              gint64 now_us,
              GError **error)
{
  gboolean single = (types & (types - 1)) == 0;
  gboolean done = FALSE;

  for (guint type = TOCSIN_SUBJECT_IP; type <= TOCSIN_SUBJECT_ACTOR && !done; type++)
    {
      g_auto (TocsinSubject) subject = { 0 };

      if ((types & TOCSIN_EXPORT_TYPE_BIT (type)) == 0)
        continue;
      if (tocsin_subject_parse (&subject, type, value, single ? error : NULL))
        done = append_one (out, judge, &subject, filter, now_us);
      else if (single)
        return FALSE;
    }
  if (!done)
    g_string_append (out, "null");
  return TRUE;
}

static void
answer_value (TocsinReply *reply,
              TocsinApi *api,
              guint types,
              const char *value,
              const TocsinListingFilter *filter)
{
  g_auto (TocsinJudge) judge = { 0 };
  g_autoptr (GError) error = NULL;
  TocsinExportMoment moment;

  /* As of the moment of the stream, so that both decide the same. */
  tocsin_judge_begin (&judge, api, NULL, FALSE);
  if (!tocsin_export_moment (&judge, &moment, &error) ||
      !append_value (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON), &judge, types, value, filter,
                     tocsin_api_now_us (api), &error) ||
      !tocsin_txn_check (judge.txn, &error))
    tocsin_reply_set_error (reply, error);
}

static void
on_decisions (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  const char *contains = tocsin_request_get_query (request, "contains");
  Order order = { .api = data };
  const char *value;
  guint types;

  parse_filter (request, &order.filter);
  types = find_value (request, &order.filter, &value);
  tocsin_reply_add_header (reply, "Cache-Control", "no-store");
  if (contains != NULL && g_ascii_strcasecmp (contains, "false") == 0)
    tocsin_reply_set_problem (reply, 422, "unprocessable",
                              "What lies within a range is not searched; contains is true");
  else if (types != 0)
    answer_value (reply, data, types, value, &order.filter);
  else if (value != NULL)
    g_string_append (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON), "null");
  else
    submit (request, &order);
}

/* ---- usage metrics ---- */

/* What a bouncer counted is of no use here; it is told that it arrived, or it would try again.
 * Those that are written in Go send null for a list that they have none of. */
static void
on_metrics (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "remediation_components", "log_processors", NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) root = tocsin_json_body_parse_nullable (request, members, members, &error);

  if (root == NULL)
    tocsin_reply_set_error (reply, error);
  else
    tocsin_reply_set_status (reply, 201);
}

static const TocsinRoute routes[] = {
  { "GET", "/v1/decisions", on_decisions, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY,
    TOCSIN_SCOPE_STREAM, 0, NULL },
  { "GET", "/v1/decisions/stream", on_stream, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY,
    TOCSIN_SCOPE_STREAM, 0, NULL },
  { "POST", "/v1/usage-metrics", on_metrics, TOCSIN_ROUTE_READ | TOCSIN_ROUTE_ANY_QUERY,
    TOCSIN_SCOPE_STREAM, METRICS_MAX_BYTES, NULL },
};

void
tocsin_route_decisions_add (TocsinRouter *router, TocsinApi *api)
{
  if (api->decisions == NULL)
    api->decisions = tocsin_decisions_new (api);
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
