/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* Whole nodes in one process, each with its store, keys and public server on loopback. Everything
 * runs on the test's own main context; what a client sends goes from a thread that only waits. */
#include "codec/activity-build.h"
#include "core/clock.h"
#include "core/error.h"
#include "fed/delivery.h"
#include "fed/federation.h"
#include "fed/pinning.h"
#include "http-raw.h"
#include "http/routes-public.h"
#include "http/server.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-peers.h"

typedef struct
{
  Fixture files;
  TocsinWriter *writer;
  TocsinFederation *fed;
  TocsinPublic *public;
  TocsinListener *listener;
  TocsinRouter *router;
  TocsinServer *server;
  guint port;
  GBytes *shown; /* (unowned) what it shows as its actor's document: public_node_turn() */
  guint n_shown;
  guint refusal; /* the status where it shows nothing; 0: 404 */
} PublicNode;

static inline void
public_node_start (PublicNode *self)
{
  const char *const allow[] = { "127.0.0.1", NULL };
  const TocsinFederationOptions options = { .burst_per_hour = 1000,
                                            .peer_requests_per_minute = 1000,
                                            .sync_interval_hours = 6,
                                            .time_scale = 1 };
  const TocsinPublicOptions page = { .name = "Test", .version = "1" };
  const TocsinServerOptions limits = tocsin_server_options_default ();
  TocsinIdentityOptions who = { .preferred_username = "tocsin", .name = "Test" };
  g_autoptr (TocsinAddressGuard) guard = tocsin_address_guard_new (allow, NULL);
  g_autoptr (TocsinFetcher) fetcher = NULL;
  g_autofree char *base = NULL;
  TocsinIdentity *identity;
  g_autoptr (GError) error = NULL;

  set_up (&self->files, NULL);
  self->listener = tocsin_listener_new_tcp (TOCSIN_LISTENER_PUBLIC, "127.0.0.1:0", FALSE, &error);
  g_assert_no_error (error);
  self->port = tocsin_listener_get_port (self->listener);
  base = g_strdup_printf ("http://127.0.0.1:%u", self->port);
  who.base_url = base;
  identity = tocsin_identity_open (self->files.dir, &who, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  fetcher = tocsin_fetcher_new (base, guard, 16, 4, &error);
  g_assert_no_error (error);
  self->writer = tocsin_writer_new (self->files.store);
  self->fed = tocsin_federation_new (self->files.store, self->writer, identity, fetcher, &options);
  self->public = tocsin_public_new (self->fed, &page);
  self->router = tocsin_router_new ();
  tocsin_routes_public_add (self->router, self->public);
  self->server = tocsin_server_new (self->router, &limits);
  tocsin_server_start (self->server, self->listener, &error);
  g_assert_no_error (error);
}

static inline void
public_node_stop (PublicNode *self)
{
  tocsin_federation_stop (self->fed);
  while (!tocsin_federation_is_idle (self->fed))
    g_main_context_iteration (NULL, TRUE);
  tocsin_server_free (self->server);
  tocsin_router_unref (self->router);
  tocsin_listener_unref (self->listener);
  tocsin_public_free (self->public);
  tocsin_federation_free (self->fed);
  tocsin_writer_free (self->writer);
  tear_down (&self->files, NULL);
}

static inline void
public_node_on_actor (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  PublicNode *self = data;

  g_assert_cmpuint (++self->n_shown, <=, 20);
  if (self->shown != NULL)
    tocsin_public_answer (request, reply, TOCSIN_TYPE_ACTIVITY, self->shown, 0);
  else
    tocsin_reply_set_status (reply, self->refusal != 0 ? self->refusal : 404);
}

/* From now on @self shows @document as its actor's, %NULL for 404; what it has to read is as
 * before. @document must stay. */
static inline void
public_node_turn (PublicNode *self, GBytes *document)
{
  static const TocsinRoute routes[] = {
    { "GET", "/actor", public_node_on_actor, TOCSIN_ROUTE_NONE, 0, 0, NULL, NULL },
  };
  const TocsinServerOptions limits = tocsin_server_options_default ();
  g_autoptr (GError) error = NULL;

  self->shown = document;
  self->n_shown = 0;
  tocsin_server_free (self->server);
  tocsin_router_unref (self->router);
  self->router = tocsin_router_new ();
  tocsin_router_add (self->router, routes, G_N_ELEMENTS (routes), self);
  tocsin_route_collections_add (self->router, self->public);
  self->server = tocsin_server_new (self->router, &limits);
  tocsin_server_start (self->server, self->listener, &error);
  g_assert_no_error (error);
}

static inline const char *
public_node_actor (const PublicNode *self)
{
  return tocsin_identity_get_actor (self->fed->identity);
}

/* ---- relations ---- */

typedef struct
{
  const PublicNode *peer;
  guint32 number;
  TocsinFollowing following;
  TocsinFollower follower;
  gboolean had_protocol_version;
} Befriend;

static inline gboolean
befriend_write (TocsinTxn *txn, gpointer data, GError **error)
{
  Befriend *what = data;
  const TocsinActorDocument *document = tocsin_identity_get_document (what->peer->fed->identity);
  gint64 now_us = tocsin_time_now_us ();
  g_auto (TocsinPeerRecord) peer = { 0 };

  what->number = tocsin_pinning_save_actor (txn, document, now_us);
  tocsin_peer_record_init (&peer, what->number);
  peer.following = what->following;
  peer.follower = what->follower;
  peer.weights[TOCSIN_AREA_ANY] = what->following == TOCSIN_FOLLOWING_ACCEPTED ? 50 : -1;
  peer.had_protocol_version = what->had_protocol_version;
  if (what->following != TOCSIN_FOLLOWING_NONE)
    tocsin_pinning_pin_all (&peer, document, now_us);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

/* Makes @peer a direct peer of @self, or a follower, or both; returns its number here. */
static inline guint32
public_node_befriend (PublicNode *self, Befriend *what)
{
  write_ok (&self->files, befriend_write, what);
  if (what->following == TOCSIN_FOLLOWING_ACCEPTED)
    {
      const TocsinTrustPeer row = { .actor = what->number, .area = TOCSIN_AREA_ANY, .weight = 0.5 };
      const TocsinTrustInput input = { .peers = &row, .n_peers = 1 };
      g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);

      tocsin_federation_set_trust (self->fed, trust);
    }
  return what->number;
}

/* ---- requests ---- */

typedef struct
{
  guint port;
  GByteArray *bytes;
  char *answer;
  gint done; /* atomic */
} Exchange;

static inline gpointer
exchange_run (gpointer data)
{
  Exchange *exchange = data;

  exchange->answer = raw_exchange (exchange->port, exchange->bytes->data, exchange->bytes->len);
  g_atomic_int_set (&exchange->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

/* Sends @envelope as it is, with a length and nothing else added, and gives the whole answer. */
static inline char *
public_node_ask (PublicNode *self, const TocsinEnvelope *envelope)
{
  Exchange exchange = { .port = self->port, .bytes = g_byte_array_new () };
  g_autoptr (GString) head = g_string_new (NULL);
  gsize size = 0;
  gconstpointer body = envelope->body != NULL ? g_bytes_get_data (envelope->body, &size) : NULL;
  GThread *thread;

  g_string_printf (head, "%s %s HTTP/1.1\r\nConnection: close\r\n", envelope->method,
                   envelope->target);
  if (tocsin_envelope_get_header (envelope, "host") == NULL)
    g_string_append_printf (head, "Host: 127.0.0.1:%u\r\n", self->port);
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      g_string_append_printf (head, "%s: %s\r\n", header->name, header->value);
    }
  if (body != NULL)
    g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n", size);
  g_string_append (head, "\r\n");
  g_byte_array_append (exchange.bytes, (const guint8 *) head->str, (guint) head->len);
  if (size > 0)
    g_byte_array_append (exchange.bytes, body, (guint) size);
  thread = g_thread_new ("client", exchange_run, &exchange);
  while (!g_atomic_int_get (&exchange.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_byte_array_unref (exchange.bytes);
  return exchange.answer;
}

static inline TocsinEnvelope *
public_node_post (GBytes *body)
{
  TocsinEnvelope *envelope = tocsin_envelope_new ("POST", "/inbox");

  tocsin_envelope_add_header (envelope, "Content-Type", TOCSIN_TYPE_ACTIVITY);
  envelope->body = g_bytes_ref (body);
  return envelope;
}

/* Signs @envelope as @signer, for the node @to. */
static inline void
public_node_sign (const PublicNode *signer,
                  const PublicNode *to,
                  TocsinSignScheme scheme,
                  TocsinEnvelope *envelope,
                  gint64 now_us)
{
  g_autofree char *uri =
      g_strconcat (tocsin_identity_get_base (to->fed->identity), envelope->target, NULL);
  g_autoptr (GError) error = NULL;

  tocsin_identity_sign (signer->fed->identity, scheme, envelope, uri, now_us, &error);
  g_assert_no_error (error);
}

/* ---- activities ---- */

/* What an activity is made of; what is not set is as its actor would write it. */
typedef struct
{
  const char *id;     /* the last part of the activity's */
  const char *report; /* the last part of the report's */
  const char *subject;
  const char *target;
  const char *origin; /* of the ids */
  TocsinSharing sharing;
  gboolean unproven;
  const PublicNode *prover; /* NULL: its author */
} Draft;

static inline TocsinActivityHead
draft_head (const PublicNode *author, const Draft *draft, char **id, char **to)
{
  const char *base =
      draft->origin != NULL ? draft->origin : tocsin_identity_get_base (author->fed->identity);

  *id = g_strdup_printf ("%s/activities/%s", base, draft->id);
  *to = tocsin_identity_url (author->fed->identity, "/followers");
  return (TocsinActivityHead){
    .id = *id, .actor = public_node_actor (author), .to = *to, .published_us = tocsin_time_now_us ()
  };
}

static inline GBytes *
draft_finish (const PublicNode *author, const Draft *draft, JsonObject *activity)
{
  g_autoptr (JsonObject) owned = activity;
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  if (!draft->unproven)
    tocsin_identity_prove ((draft->prover != NULL ? draft->prover : author)->fed->identity, owned,
                           tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  bytes = tocsin_activity_to_bytes (owned, &error);
  g_assert_no_error (error);
  return bytes;
}

static inline GBytes *
make_add (const PublicNode *author, const Draft *draft)
{
  const TocsinActorDocument *document = tocsin_identity_get_document (author->fed->identity);
  g_auto (TocsinReport) report = { 0 };
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  TocsinActivityHead head = draft_head (author, draft, &id, &to);
  gint64 hour_us = head.published_us / TOCSIN_HOUR_US * TOCSIN_HOUR_US;
  const char *base =
      draft->origin != NULL ? draft->origin : tocsin_identity_get_base (author->fed->identity);

  report.id = g_strdup_printf ("%s/reports/%s", base, draft->report);
  report.attributed_to = g_strdup (head.actor);
  g_assert_true (tocsin_subject_parse (&report.subject, TOCSIN_SUBJECT_IP,
                                       draft->subject != NULL ? draft->subject : "198.51.100.7",
                                       NULL));
  report.category = tocsin_category_by_slug ("spam")->id;
  report.category_text = g_strdup ("spam");
  report.basis = TOCSIN_BASIS_FIRST_HAND;
  report.opinion = TOCSIN_OPINION_MALICIOUS;
  report.confidence = 90;
  report.sharing = draft->sharing != TOCSIN_SHARING_CLEAR ? draft->sharing : TOCSIN_SHARING_GREEN;
  report.published_us = report.updated_us = head.published_us;
  report.observed_us = report.last_observed_us = hour_us;
  report.end_us = hour_us + 30 * TOCSIN_DAY_US;
  return draft_finish (
      author, draft,
      tocsin_activity_build_add_report (&head, &report,
                                        draft->target != NULL ? draft->target : document->reports));
}

static inline GBytes *
make_remove (const PublicNode *author, const Draft *draft, const char *report)
{
  const TocsinActorDocument *document = tocsin_identity_get_document (author->fed->identity);
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  TocsinActivityHead head = draft_head (author, draft, &id, &to);

  return draft_finish (author, draft,
                       tocsin_activity_build_remove (
                           &head, report, draft->target != NULL ? draft->target : document->reports,
                           TOCSIN_REASON_ERROR));
}
