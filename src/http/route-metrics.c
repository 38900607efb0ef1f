/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /metrics, in Prometheus' text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */
#define RECIPROCITY_PEERS_MAX 1000
#define FEEDS_MAX             1000
#define G_LOG_DOMAIN          "tocsin-http"

#include "config.h"

#include "core/clock.h"
#include "fed/delivery.h"
#include "http/admin.h"
#include "http/routes-admin.h"
#include "store/table-actors.h"
#include "store/table-allow.h"
#include "store/table-evidence.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-subjects.h"
#include "store/table-trust.h"

#define TYPE_METRICS   "text/plain; version=0.0.4; charset=utf-8"
#define BREAKER_STATES (TOCSIN_BREAKER_HALF_OPEN + 1)

static void
describe (GString *out, const char *name, const char *type, const char *help)
{
  g_string_append_printf (out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
counter (GString *out, const char *name, const char *help, guint64 value)
{
  describe (out, name, "counter", help);
  g_string_append_printf (out, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void
gauge (GString *out, const char *name, const char *help, guint64 value)
{
  describe (out, name, "gauge", help);
  g_string_append_printf (out, "%s %" G_GUINT64_FORMAT "\n", name, value);
}

static void
labelled (GString *out, const char *name, const char *label, const char *word, guint64 value)
{
  g_string_append_printf (out, "%s{%s=\"%s\"} %" G_GUINT64_FORMAT "\n", name, label, word, value);
}

/* ---- HTTP ---- */

/* Routes that nobody asked for are left out: there are many, and absent counts as 0. */
static void
write_routes (GString *out, TocsinApi *api, const TocsinRouter *router, const char *side)
{
  for (guint route = 0; route < tocsin_router_get_n_routes (router); route++)
    for (guint status_class = 1; status_class <= 5; status_class++)
      {
        const TocsinRoute *row = tocsin_router_get_route (router, route);
        guint64 n = 0;

        for (guint i = 0; i < api->servers->len; i++)
          {
            const TocsinServer *server = g_ptr_array_index (api->servers, i);

            if (tocsin_server_get_router (server) == router)
              n += tocsin_server_get_route_count (server, route, status_class);
          }
        if (n > 0)
          g_string_append_printf (out,
                                  "tocsin_http_requests_total{side=\"%s\",method=\"%s\","
                                  "route=\"%s\",code=\"%uxx\"} %" G_GUINT64_FORMAT "\n",
                                  side, row->method, row->pattern, status_class, n);
      }
}

static void
write_http (GString *out, TocsinApi *api)
{
  TocsinServerStats sum = { 0 };
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);

  describe (out, "tocsin_http_requests_total", "counter", "Requests by route and class of answer");
  for (guint i = 0; i < api->servers->len; i++)
    {
      const TocsinServer *server = g_ptr_array_index (api->servers, i);
      const TocsinRouter *router = tocsin_server_get_router (server);

      tocsin_server_add_stats (server, &sum);
      if (g_hash_table_add (done, (gpointer) router))
        write_routes (out, api, router, router == api->router ? "api" : "public");
    }
  describe (out, "tocsin_http_responses_total", "counter", "Answers by class");
  for (guint i = 0; i < G_N_ELEMENTS (sum.requests); i++)
    g_string_append_printf (out,
                            "tocsin_http_responses_total{code=\"%uxx\"} %" G_GUINT64_FORMAT "\n",
                            i + 1, sum.requests[i]);
  gauge (out, "tocsin_http_connections", "Open connections", sum.connections_open);
  counter (out, "tocsin_http_connections_total", "Accepted connections", sum.connections_total);
  counter (out, "tocsin_http_connections_refused_total", "Connections past the limit of an address",
           sum.connections_refused);
  counter (out, "tocsin_http_timeouts_total", "Connections closed at a deadline", sum.timeouts);
  counter (out, "tocsin_http_evictions_total", "Idle connections closed to make room",
           sum.evictions);
  counter (out, "tocsin_http_put_off_total",
           "Requests read together with others before they were answered", sum.put_off);
  counter (out, "tocsin_http_abandoned_total", "Requests that took too long inside", sum.abandoned);
  gauge (out, "tocsin_http_buffered_bytes", "Bodies being received", sum.buffered_bytes);
}

/* ---- what is remembered until the end of the process ---- */

static void
write_memory (GString *out, const TocsinApi *api)
{
  const TocsinFederation *fed = api->federation;

  describe (out, "tocsin_memory_entries", "gauge", "Entries of tables that live in memory");
  labelled (out, "tocsin_memory_entries", "table", "long_polls", api->n_polls);
  if (fed == NULL)
    return;
  labelled (out, "tocsin_memory_entries", "table", "known_actors",
            tocsin_keyring_count_actors (fed->keyring));
  labelled (out, "tocsin_memory_entries", "table", "fetch_hosts",
            tocsin_host_budget_count_names (fed->budget));
  labelled (out, "tocsin_memory_entries", "table", "signers",
            g_hash_table_size (fed->signer_rates));
  labelled (out, "tocsin_memory_entries", "table", "deliveries",
            tocsin_delivery_count_in_flight (fed->delivery));
}

/* ---- federation ---- */

static void
write_federation (GString *out, const TocsinFederationStats *stats)
{
  counter (out, "tocsin_inbox_accepted_total", "Activities that were accepted",
           stats->inbox_accepted);
  counter (out, "tocsin_inbox_dropped_total", "Accepted activities that were not stored",
           stats->inbox_dropped);
  counter (out, "tocsin_inbox_refused_total", "Activities that were refused", stats->inbox_refused);
  describe (out, "tocsin_deliveries_total", "counter", "Attempts to deliver, by result");
  labelled (out, "tocsin_deliveries_total", "result", "delivered", stats->delivered);
  labelled (out, "tocsin_deliveries_total", "result", "failed", stats->delivery_failed);
  labelled (out, "tocsin_deliveries_total", "result", "dropped", stats->delivery_dropped);
  counter (out, "tocsin_caught_up_total", "Activities that were read from outboxes",
           stats->caught_up);
}

typedef struct
{
  gint64 now_us;
  guint64 outbound[BREAKER_STATES];
  guint64 inbound_open;
} Breakers;

static gboolean
count_breakers (const TocsinPeerRecord *peer, gpointer data)
{
  Breakers *breakers = data;

  breakers->outbound[tocsin_breaker_state (&peer->outbound, breakers->now_us)]++;
  breakers->inbound_open += peer->inbound_open_until_us > breakers->now_us;
  return TRUE;
}

typedef struct
{
  GString *out;
  TocsinTxn *txn;
  gint64 now_us;
  guint n;
} Reciprocity;

/* Of those that the operator chose; strangers must not fill a time series each. */
static gboolean
write_reciprocity (const TocsinPeerRecord *peer, gpointer data)
{
  Reciprocity *self = data;
  TocsinReciprocity now = peer->reciprocity;
  const char *uri = tocsin_actors_peek_uri (self->txn, peer->actor);
  static const char *const words[] = { "given", "got", "first", "confirmed" };
  double values[G_N_ELEMENTS (words)];
  g_autofree char *escaped = NULL;

  if (uri == NULL ||
      (!tocsin_peer_record_is_direct (peer) && peer->follower != TOCSIN_FOLLOWER_READER))
    return TRUE;
  tocsin_reciprocity_decay (&now, self->now_us);
  values[0] = now.given;
  values[1] = now.got;
  values[2] = now.first;
  values[3] = now.confirmed;
  escaped = g_strescape (uri, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      char text[G_ASCII_DTOSTR_BUF_SIZE];

      g_ascii_formatd (text, sizeof text, "%.3f", values[i]);
      g_string_append_printf (self->out, "tocsin_peer_reports{peer=\"%s\",what=\"%s\"} %s\n",
                              escaped, words[i], text);
    }
  return ++self->n < RECIPROCITY_PEERS_MAX;
}

static void
write_peers (GString *out, TocsinTxn *txn, gint64 now_us)
{
  Breakers breakers = { .now_us = now_us };
  Reciprocity reciprocity = { .out = out, .txn = txn, .now_us = now_us };
  TocsinPeerCounts counts;

  tocsin_peers_count (txn, &counts);
  tocsin_peers_foreach (txn, count_breakers, &breakers);
  describe (out, "tocsin_peers", "gauge", "Peers by relation; one can be in several");
  labelled (out, "tocsin_peers", "relation", "any", counts.peers);
  labelled (out, "tocsin_peers", "relation", "direct", counts.direct);
  labelled (out, "tocsin_peers", "relation", "following_pending", counts.following_pending);
  labelled (out, "tocsin_peers", "relation", "guest", counts.guests);
  labelled (out, "tocsin_peers", "relation", "reader", counts.readers);
  labelled (out, "tocsin_peers", "relation", "follower_pending", counts.followers_pending);
  labelled (out, "tocsin_peers", "relation", "blocked", counts.blocked);
  labelled (out, "tocsin_peers", "relation", "away", counts.away);
  describe (out, "tocsin_breakers", "gauge", "Breakers of deliveries by state");
  for (guint i = 0; i < BREAKER_STATES; i++)
    labelled (out, "tocsin_breakers", "state",
              tocsin_breaker_state_to_string ((TocsinBreakerState) i), breakers.outbound[i]);
  describe (out, "tocsin_peer_reports", "gauge",
            "Reciprocity with direct peers and readers: reports, halved every 30 days");
  tocsin_peers_foreach (txn, write_reciprocity, &reciprocity);
  gauge (out, "tocsin_breakers_inbound_open", "Peers whose reports are refused by the burst guard",
         breakers.inbound_open);
}

/* ---- lists of others ---- */

typedef struct
{
  const TocsinFeeds *feeds;
  gint64 now_us;
} FeedMoment;

/* FALSE: there is no such number. */
typedef gboolean (*FeedNumber) (const TocsinFeed *feed, const FeedMoment *moment, guint64 *out);

static gboolean
count_entries (const TocsinFeed *feed, const FeedMoment *moment G_GNUC_UNUSED, guint64 *out)
{
  *out = feed->record.count;
  return TRUE;
}

static gboolean
count_left_out (const TocsinFeed *feed, const FeedMoment *moment G_GNUC_UNUSED, guint64 *out)
{
  *out = feed->record.left_out;
  return TRUE;
}

static gboolean
find_age (const TocsinFeed *feed, const FeedMoment *moment, guint64 *out)
{
  gint64 age_us = moment->now_us - feed->record.good_us;

  *out = (guint64) (MAX (age_us, 0) / TOCSIN_SECOND_US);
  return feed->record.good_us != 0;
}

static gboolean
find_last_result (const TocsinFeed *feed, const FeedMoment *moment G_GNUC_UNUSED, guint64 *out)
{
  *out = tocsin_feed_find_error (feed) == NULL ? 1 : 0;
  return feed->record.tried_us != 0 || feed->fault != NULL;
}

static gboolean
find_stale (const TocsinFeed *feed, const FeedMoment *moment, guint64 *out)
{
  *out = tocsin_feeds_is_stale (moment->feeds, feed, moment->now_us) ? 1 : 0;
  return TRUE;
}

/* Of those that are switched on; a name is of few characters, none of which needs an escape. */
static void
write_feeds (GString *out, TocsinFeeds *feeds, gint64 now_us)
{
  static const struct
  {
    const char *name;
    const char *help;
    FeedNumber number;
  } families[] = {
    { "tocsin_feed_entries", "Entries of the last good reading of a list", count_entries },
    { "tocsin_feed_left_out", "Entries of it that no list may say", count_left_out },
    { "tocsin_feed_age_seconds", "Time since the last good reading", find_age },
    { "tocsin_feed_ok", "Whether the newest reading was good", find_last_result },
    { "tocsin_feed_stale", "Whether it is too old to count", find_stale },
  };
  FeedMoment moment = { .feeds = feeds, .now_us = now_us };
  g_autoptr (GPtrArray) list = tocsin_feeds_list (feeds);

  for (gsize f = 0; f < G_N_ELEMENTS (families); f++)
    {
      guint n = 0;

      describe (out, families[f].name, "gauge", families[f].help);
      for (guint i = 0; i < list->len && n < FEEDS_MAX; i++)
        {
          const TocsinFeed *feed = g_ptr_array_index (list, i);
          guint64 value;

          if (!feed->record.enabled)
            continue;
          n++;
          if (families[f].number (feed, &moment, &value))
            labelled (out, families[f].name, "feed", feed->record.name, value);
        }
    }
}

/* ---- the store ---- */

static void
write_store (GString *out, TocsinApi *api, TocsinTxn *txn)
{
  TocsinWriterStats stats;
  TocsinStorePages pages;
  guint64 disk_bytes;

  tocsin_writer_stats (api->writer, &stats);
  tocsin_store_pages (api->store, &pages);
  gauge (out, "tocsin_queue_size", "Deliveries that wait", tocsin_queue_count (txn));
  gauge (out, "tocsin_reports", "Stored reports of every state", tocsin_reports_count (txn));
  gauge (out, "tocsin_evidence", "Rows of evidence", tocsin_evidence_count (txn));
  gauge (out, "tocsin_subjects", "Subjects with evidence", tocsin_subjects_count (txn));
  gauge (out, "tocsin_actors", "Known actors", tocsin_actors_count (txn));
  gauge (out, "tocsin_trust_statements", "Stored trust statements", tocsin_trust_count (txn));
  gauge (out, "tocsin_allow_entries", "Entries of the allow list", tocsin_allow_count (txn));
  gauge (out, "tocsin_review_open", "Lines that a person should look at",
         tocsin_review_count_open (txn));
  gauge (out, "tocsin_store_fill_percent", "Part in use of what the map and the disk let it be",
         tocsin_store_fill_percent (api->store));
  if (tocsin_store_disk_free (api->store, &disk_bytes))
    gauge (out, "tocsin_store_disk_free_bytes", "Room that the disk of the store has left",
           disk_bytes);
  describe (out, "tocsin_store_pages", "gauge", "Pages of the store by state");
  labelled (out, "tocsin_store_pages", "state", "used", pages.used);
  labelled (out, "tocsin_store_pages", "state", "free", pages.free);
  gauge (out, "tocsin_store_generation", "Moves with every change of a verdict",
         tocsin_store_generation (api->store));
  counter (out, "tocsin_writer_operations_total", "Changes that were asked for", stats.operations);
  counter (out, "tocsin_writer_commits_total", "Transactions on disk", stats.commits);
  counter (out, "tocsin_writer_failed_total", "Changes that failed or were refused", stats.failed);
  counter (out, "tocsin_writer_retried_total", "Batches that were done one by one", stats.retried);
  gauge (out, "tocsin_writer_pending", "Changes that wait", tocsin_writer_pending (api->writer));
  gauge (out, "tocsin_writer_alive", "Whether the newest commit worked",
         tocsin_writer_is_alive (api->writer) ? 1 : 0);
}

static void
on_metrics (TocsinRequest *request, TocsinReply *reply, gpointer data)
{
  TocsinApi *api = data;
  gint64 now_us = tocsin_api_now_us (api);
  const TocsinApiState *state = tocsin_api_state (api);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  GString *out = tocsin_reply_begin (reply, TYPE_METRICS);
  g_autoptr (GError) error = NULL;

  describe (out, "tocsin_build_info", "gauge", "The version that runs");
  labelled (out, "tocsin_build_info", "version", PACKAGE_VERSION, 1);
  gauge (out, "tocsin_uptime_seconds", "Time since the start",
         (guint64) (MAX (now_us - api->started_us, 0) / TOCSIN_SECOND_US));
  write_http (out, api);
  if (api->federation != NULL)
    write_federation (out, &api->federation->stats);
  write_memory (out, api);
  write_peers (out, txn, now_us);
  write_store (out, api, txn);
  if (api->feeds != NULL)
    write_feeds (out, api->feeds, now_us);
  gauge (out, "tocsin_trust_version", "Version of the trust in force",
         tocsin_trust_snapshot_version (state->trust));
  gauge (out, "tocsin_observing", "Whether verdicts are advice alone",
         tocsin_api_is_observing (state, now_us) ? 1 : 0);
  if (!tocsin_txn_check (txn, &error))
    tocsin_reply_set_error (reply, error);
}

static const TocsinRoute routes[] = {
  { "GET", "/metrics", on_metrics, TOCSIN_ROUTE_ANY_QUERY,
    TOCSIN_SCOPE_METRICS | TOCSIN_SCOPE_ADMIN, 0, NULL },
};

void
tocsin_route_metrics_add (TocsinRouter *router, TocsinApi *api)
{
  tocsin_router_add (router, routes, G_N_ELEMENTS (routes), api);
}
