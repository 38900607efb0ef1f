/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/peers: whom this node follows, who follows it, and how far each is believed.
 */
#define G_LOG_DOMAIN "tocsin-http"

#include <string.h>

#include "core/error.h"
#include "fed/peers-view.h"
#include "fed/peers.h"
#include "fed/webfinger.h"
#include "http/admin.h"
#include "http/json-body.h"
#include "http/peer-json.h"
#include "http/routes-admin.h"

#define SUGGESTIONS_MAX 50

/* The peer that @id names becomes the answer; 404 if there is none. */
static void
answer_peer (TocsinApi *api, TocsinReply *reply, const char *id)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_autoptr (GError) error = NULL;

  if (tocsin_admin_get_peer (txn, id, &peer, &error))
    {
      TocsinJsonWriter json =
          TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

      tocsin_peer_json_write (&json, txn, &peer, tocsin_api_now_us (api));
    }
  if (error != NULL || !tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

/* ---- GET ---- */

typedef enum
{
  FILTER_ALL,
  FILTER_PENDING, /* someone owes an answer: the operator or the peer */
  FILTER_FOLLOWING,
  FILTER_FOLLOWERS,
} Filter;

static gboolean
read_filter (TocsinRequest *request, Filter *out, GError **error)
{
  static const char *const words[] = {
    [FILTER_PENDING] = "pending",
    [FILTER_FOLLOWING] = "following",
    [FILTER_FOLLOWERS] = "followers",
  };
  const char *word = tocsin_request_get_given (request, "filter");

  *out = FILTER_ALL;
  if (word == NULL)
    return TRUE;
  for (guint i = FILTER_PENDING; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (word, words[i]))
      {
        *out = (Filter) i;
        return TRUE;
      }
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       "filter: pending, following or followers is expected");
  return FALSE;
}

static gboolean
passes (const TocsinPeerRecord *peer, Filter filter)
{
  switch (filter)
    {
    case FILTER_PENDING:
      return peer->following == TOCSIN_FOLLOWING_PENDING ||
             peer->follower == TOCSIN_FOLLOWER_PENDING;
    case FILTER_FOLLOWING:
      return peer->following == TOCSIN_FOLLOWING_PENDING ||
             peer->following == TOCSIN_FOLLOWING_ACCEPTED;
    case FILTER_FOLLOWERS:
      return peer->follower == TOCSIN_FOLLOWER_GUEST || peer->follower == TOCSIN_FOLLOWER_READER;
    case FILTER_ALL:
    default:
      return TRUE;
    }
}

typedef struct
{
  TocsinJsonWriter json;
  TocsinTxn *txn;
  Filter filter;
  gint64 now_us;
} Listing;

static gboolean
list_peer (const TocsinPeerRecord *peer, gpointer data)
{
  Listing *listing = data;

  if (passes (peer, listing->filter))
    tocsin_peer_json_write (&listing->json, listing->txn, peer, listing->now_us);
  return TRUE;
}

static void
on_list (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  Listing listing = { .txn = txn, .now_us = tocsin_api_now_us (api) };
  g_autoptr (GError) error = NULL;

  if (!read_filter (request, &listing.filter, &error))
    {
      tocsin_reply_set_error (reply, error);
      return;
    }
  listing.json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&listing.json);
  tocsin_json_writer_name (&listing.json, "peers");
  tocsin_json_writer_begin_array (&listing.json);
  tocsin_peers_foreach (txn, list_peer, &listing);
  tocsin_json_writer_end_array (&listing.json);
  tocsin_json_writer_end_object (&listing.json);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

static void
on_get (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  answer_peer (data, reply, tocsin_request_get_param (request, "id"));
}

static void
on_suggestions (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  g_autoptr (GPtrArray) suggestions = NULL;
  TocsinJsonWriter json = { 0 };

  if (!tocsin_admin_has_federation (api, reply))
    return;
  suggestions = tocsin_peers_suggest (api->federation, SUGGESTIONS_MAX);
  json.out = tocsin_reply_begin (reply, TOCSIN_TYPE_JSON);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "suggestions");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < suggestions->len; i++)
    {
      const TocsinPeerSuggestion *one = g_ptr_array_index (suggestions, i);

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "actor", one->actor);
      tocsin_json_writer_name (&json, "trusted_by");
      tocsin_json_writer_begin_array (&json);
      for (guint k = 0; k < one->trusted_by->len; k++)
        tocsin_json_writer_string (&json, g_ptr_array_index (one->trusted_by, k));
      tocsin_json_writer_end_array (&json);
      tocsin_json_writer_member_double (&json, "rank", one->rank);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
}

/* ---- changes ---- */

typedef struct
{
  TocsinApi *api;
  TocsinRequest *request; /* suspended */
  char *actor;            /* (owned) (nullable) URI of an existing peer */
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
op_free (Op *op)
{
  g_free (op->actor);
  g_free (op);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Op, op_free)

/* A change to whom `{id}` names, however it is written, so that the answer is about the same one.
 * %NULL, and @reply says why, if there is no such actor. */
static Op *
op_new_for_peer (TocsinApi *api, TocsinRequest *request, TocsinReply *reply)
{
  g_autoptr (GError) error = NULL;
  char *actor;
  Op *op;

  if (!tocsin_admin_has_federation (api, reply))
    return NULL;
  actor = tocsin_peers_lookup (api->federation, tocsin_request_get_param (request, "id"), &error);
  if (actor == NULL)
    {
      tocsin_reply_set_error (reply, error);
      return NULL;
    }
  op = op_new (api, request);
  op->actor = actor;
  return op;
}

/* Answers with the peer as it is now. */
static void
op_done (Op *op, const GError *error)
{
  TocsinReply *reply = tocsin_request_get_reply (op->request);

  if (error != NULL)
    tocsin_reply_set_error (reply, error);
  else
    answer_peer (op->api, reply, op->actor);
  tocsin_request_complete (op->request);
  op_free (op);
}

static void
on_acted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  (void) tocsin_peers_act_finish (result, &error);
  op_done (user_data, error);
}

static void
act (TocsinApi *api, TocsinRequest *request, TocsinReply *reply, TocsinPeerAction action)
{
  Op *op = op_new_for_peer (api, request, reply);

  if (op != NULL)
    tocsin_peers_act_async (api->federation, op->actor, action, tocsin_admin_who (request),
                            on_acted, op);
}

static void
on_delete (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  act (data, request, reply, TOCSIN_PEER_UNFOLLOW);
}

/* The last segment, one of those in the table below, is the action. */
static void
on_act (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  const char *word = strrchr (tocsin_request_get_path (request), '/') + 1;
  TocsinPeerAction action;

  if (tocsin_json_body_is_empty (request, reply) && tocsin_peer_action_from_string (word, &action))
    act (data, request, reply, action);
}

/* ---- POST /v1/peers ---- */

static gboolean
read_area (const char *name, const char *pointer, TocsinArea *out, GError **error)
{
  if (tocsin_area_from_string (name, out))
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
               "%s: the area is none of any, spam, abuse, security", pointer);
  return FALSE;
}

/* What cannot be an address is refused before anybody is asked. */
static const char *
read_actor (JsonObject *object, GError **error)
{
  const char *text = tocsin_json_get_string (object, "", "actor", error);
  g_auto (TocsinActorAddress) address = { 0 };

  if (text == NULL || tocsin_actor_address_parse (&address, text, error))
    return text;
  g_prefix_error (error, "/actor: ");
  return NULL;
}

static gboolean
read_weights (JsonObject *object, gint8 weights[TOCSIN_N_AREAS], GError **error)
{
  JsonObject *areas = NULL;
  JsonObjectIter iter;
  const char *name;
  gint64 weight = -1;

  memset (weights, -1, TOCSIN_N_AREAS);
  if (!tocsin_json_opt_int (object, "", "trust", 1, 100, &weight, error) ||
      !tocsin_json_opt_object (object, "", "areas", &areas, error))
    return FALSE;
  weights[TOCSIN_AREA_ANY] = (gint8) weight;
  if (areas == NULL)
    return TRUE;
  json_object_iter_init (&iter, areas);
  while (json_object_iter_next (&iter, &name, NULL))
    {
      g_autofree char *pointer = tocsin_json_pointer_member ("/areas", name);
      TocsinArea area;

      if (!read_area (name, pointer, &area, error) ||
          !tocsin_json_get_int (areas, "/areas", name, 1, 100, &weight, error))
        return FALSE;
      weights[area] = (gint8) weight;
    }
  return TRUE;
}

static void
write_followed (TocsinReply *reply, const TocsinFollowed *followed)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (tocsin_reply_begin (reply, TOCSIN_TYPE_JSON));

  tocsin_reply_set_status (reply, 201);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "actor", followed->actor);
  tocsin_json_writer_name (&json, "fingerprints");
  tocsin_json_writer_begin_array (&json);
  for (char **print = followed->fingerprints; *print != NULL; print++)
    tocsin_json_writer_string (&json, *print);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_member_string (&json, "following",
                                    followed->following == TOCSIN_FOLLOWING_ACCEPTED ? "accepted"
                                                                                     : "pending");
  tocsin_json_writer_end_object (&json);
}

static void
on_followed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Op) op = user_data;
  TocsinReply *reply = tocsin_request_get_reply (op->request);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFollowed) followed = tocsin_peers_follow_finish (result, &error);

  if (followed != NULL)
    write_followed (reply, followed);
  else
    tocsin_reply_set_error (reply, error);
  tocsin_request_complete (op->request);
}

static void
on_post (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "actor", "trust", "areas", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  JsonObject *object = body != NULL ? json_node_get_object (body) : NULL;
  const char *actor = object != NULL ? read_actor (object, &error) : NULL;
  gint8 weights[TOCSIN_N_AREAS];

  if (actor == NULL || !read_weights (object, weights, &error) ||
      !tocsin_admin_has_room (api, &error))
    tocsin_reply_set_error (reply, error);
  else if (tocsin_admin_has_federation (api, reply))
    tocsin_peers_follow_async (api->federation, actor, weights, tocsin_admin_who (request),
                               on_followed, op_new (api, request));
}

/* ---- PUT /v1/peers/{id}/trust ---- */

static gboolean
read_mark (JsonObject *object, const char *name, int *out, GError **error)
{
  gboolean value = FALSE;

  if (!json_object_has_member (object, name))
    return TRUE;
  if (!tocsin_json_get_bool (object, "", name, &value, error))
    return FALSE;
  *out = value;
  return TRUE;
}

/* A weight of null unsets the area's. */
static gboolean
read_trust (JsonObject *object, TocsinPeerTrust *out, GError **error)
{
  const char *area = NULL;
  gint64 weight = -1;

  *out = (TocsinPeerTrust){ .area = TOCSIN_AREA_ANY, .full = -1, .private_trust = -1 };
  if (!tocsin_json_opt_string (object, "", "area", &area, error) ||
      (area != NULL && !read_area (area, "/area", &out->area, error)))
    return FALSE;
  if (!(json_object_has_member (object, "weight") &&
        json_object_get_null_member (object, "weight")) &&
      !tocsin_json_get_int (object, "", "weight", 0, 100, &weight, error))
    return FALSE;
  out->weight = (int) weight;
  if (!read_mark (object, "full", &out->full, error) ||
      !read_mark (object, "private", &out->private_trust, error))
    return FALSE;
  if (weight != 0 || out->full <= 0)
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE,
                       "/full: who is distrusted is not trusted in full");
  return FALSE;
}

static void
on_trusted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  (void) tocsin_peers_trust_finish (result, &error);
  op_done (user_data, error);
}

static void
on_put_trust (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "area", "weight", "full", "private", NULL };
  static const char *const nullable[] = { "weight", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse_nullable (request, members, nullable, &error);
  TocsinPeerTrust trust;
  Op *op = NULL;

  if (body == NULL || !read_trust (json_node_get_object (body), &trust, &error))
    tocsin_reply_set_error (reply, error);
  else
    op = op_new_for_peer (api, request, reply);
  if (op != NULL)
    tocsin_peers_trust_async (api->federation, op->actor, &trust, tocsin_admin_who (request),
                              on_trusted, op);
}

/* ---- POST /v1/peers/{id}/confirm-key ---- */

static void
on_confirmed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  (void) tocsin_peers_confirm_key_finish (result, &error);
  op_done (user_data, error);
}

static void
on_confirm_key (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  static const char *const members[] = { "fingerprint", NULL };
  TocsinApi *api = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) body = tocsin_json_body_parse (request, members, NULL, &error);
  const char *fingerprint =
      body != NULL ? tocsin_json_get_string (json_node_get_object (body), "", "fingerprint", &error)
                   : NULL;
  Op *op = NULL;

  if (fingerprint == NULL)
    tocsin_reply_set_error (reply, error);
  else
    op = op_new_for_peer (api, request, reply);
  if (op != NULL)
    tocsin_peers_confirm_key_async (api->federation, op->actor, fingerprint,
                                    tocsin_admin_who (request), on_confirmed, op);
}

#define ACTION(word)                                                                               \
  {                                                                                                \
    "POST", "/v1/peers/{id}/" word, on_act, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN,                 \
        TOCSIN_EMPTY_BODY_BYTES, NULL                                                              \
  }

static const char *const list_query[] = { "filter", NULL };

static const TocsinRoute routes[] = {
  { "GET", "/v1/peers", on_list, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL, list_query },
  { "POST", "/v1/peers", on_post, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, TOCSIN_ADMIN_BODY_BYTES,
    NULL },
  { "GET", "/v1/peers/suggestions", on_suggestions, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0,
    NULL },
  { "GET", "/v1/peers/{id}", on_get, TOCSIN_ROUTE_READ, TOCSIN_SCOPE_ADMIN, 0, NULL },
  { "DELETE", "/v1/peers/{id}", on_delete, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN, 0, NULL },
  ACTION ("accept"),
  ACTION ("reject"),
  ACTION ("block"),
  ACTION ("unblock"),
  ACTION ("reset"),
  { "POST", "/v1/peers/{id}/confirm-key", on_confirm_key, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN,
    TOCSIN_ADMIN_BODY_BYTES, NULL },
  { "PUT", "/v1/peers/{id}/trust", on_put_trust, TOCSIN_ROUTE_NONE, TOCSIN_SCOPE_ADMIN,
    TOCSIN_ADMIN_BODY_BYTES, NULL },
};

void
tocsin_route_peers_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
