/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The order of a start: data directory and store, identity, federation, trust, tokens, routes,
 * sockets. A stop goes the other way: no new requests, those under way end, nothing is sent or
 * read any more, the writer empties its queue, the store closes.
 */
#define G_LOG_DOMAIN "tocsin-node"

#include <config.h>

#include "node/node.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "fed/delivery.h"
#include "fed/federation.h"
#include "fed/housekeeping.h"
#include "fed/sync.h"
#include "feeds/feeds.h"
#include "http/api.h"
#include "http/public.h"
#include "http/routes-admin.h"
#include "http/routes-public.h"
#include "http/routes.h"
#include "node/observed.h"
#include "node/profiles.h"
#include "node/recompute.h"
#include "store/purge.h"
#include "store/table-actors.h"
#include "store/table-meta.h"

#define DRAIN_US          (5 * TOCSIN_SECOND_US)
#define LOOK_MS           10
#define FETCH_CONNECTIONS (TOCSIN_HOST_BUDGET_IN_FLIGHT + 64) /* strangers do not fill them */
#define FETCH_PER_HOST    2
#define META_BASE_URL     "base-url"
#define META_FIRST_START  "first-start"

struct _TocsinNode
{
  const TocsinConfig *config; /* (unowned) */
  TocsinStore *store;
  TocsinNodeFunc lost; /* (nullable) */
  gpointer lost_data;  /* (unowned) */
  TocsinWriter *writer;
  TocsinFederation *fed;
  TocsinHousekeeping *housekeeping;
  TocsinFeeds *feeds;
  TocsinRecompute *recompute;
  TocsinAuth *auth;
  TocsinApi *api;
  TocsinObservedKeeper *observed;
  TocsinPublic *public;
  TocsinRouter *public_router;
  TocsinRouter *api_router;
  GPtrArray *servers; /* (element-type TocsinServer) (owned) */
  guint listen_id;
  guint stopping;       /* servers that have not stopped yet */
  gint64 stop_until_us; /* monotonic */
  GTask *stop_task;
};

/* ---- the store ---- */

/* Ids, keys and every peer's memory hang on the base URL: another one is another node. */
static gboolean
claim_store (TocsinTxn *txn, gpointer data, GError **error)
{
  const TocsinConfig *config = data;
  g_autoptr (GBytes) known = tocsin_meta_get (txn, META_BASE_URL);
  g_autofree char *actor = g_strconcat (config->base_url, "/actor", NULL);
  gint64 now_us = tocsin_time_now_us ();

  if (known == NULL)
    {
      tocsin_meta_put (txn, META_BASE_URL, config->base_url, strlen (config->base_url));
      tocsin_meta_put (txn, META_FIRST_START, &now_us, sizeof now_us);
    }
  else if (g_bytes_get_size (known) != strlen (config->base_url) ||
           memcmp (g_bytes_get_data (known, NULL), config->base_url, strlen (config->base_url)) !=
               0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
                   "%s belongs to the node at %.*s; a node keeps its base URL", config->data_dir,
                   (int) g_bytes_get_size (known), (const char *) g_bytes_get_data (known, NULL));
      return FALSE;
    }
  tocsin_actors_set_local (txn, actor, now_us);
  return TRUE;
}

static void on_commit (TocsinNotes notes, gpointer data);

static gboolean
open_store (TocsinNode *self, GError **error)
{
  const TocsinConfig *config = self->config;
  const TocsinRetention keep = { .seen_days = config->retention_days,
                                 .audit_days = config->audit_days };

  if (g_mkdir_with_parents (config->data_dir, 0700) != 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", config->data_dir,
                   g_strerror (errno));
      return FALSE;
    }
  self->store = tocsin_store_open (config->data_dir, (guint64) config->map_size_gib << 30, error);
  if (self->store != NULL)
    tocsin_store_set_retention (self->store, &keep);
  if (self->store == NULL ||
      !tocsin_store_write (self->store, claim_store, (gpointer) config, error))
    return FALSE;
  /* Called by the main loop, once all of it is there; before another thread commits. */
  self->listen_id = tocsin_store_listen (self->store, on_commit, self);
  self->writer = tocsin_writer_new (self->store);
  return TRUE;
}

/* ---- federation and trust ---- */

static TocsinFetcher *
make_fetcher (const TocsinConfig *config, GError **error)
{
  g_autoptr (GStrvBuilder) allow = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;
  g_autoptr (TocsinAddressGuard) guard = NULL;

  for (guint i = 0; i < config->allow_addresses->len; i++)
    {
      g_autofree char *text =
          g_inet_address_mask_to_string (g_ptr_array_index (config->allow_addresses, i));

      g_strv_builder_add (allow, text);
    }
  texts = g_strv_builder_end (allow);
  guard = tocsin_address_guard_new ((const char *const *) texts, error);
  return guard != NULL ? tocsin_fetcher_new (config->base_url, guard, FETCH_CONNECTIONS,
                                             FETCH_PER_HOST, error)
                       : NULL;
}

static guint32
read_last_key (const TocsinNode *self)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));
  guint32 number = 0;

  tocsin_meta_get_exact (txn, TOCSIN_META_LAST_KEY, &number, sizeof number);
  return number;
}

static gboolean
write_last_key (TocsinTxn *txn, gpointer data, GError **error G_GNUC_UNUSED)
{
  const guint32 *number = data;

  tocsin_meta_put (txn, TOCSIN_META_LAST_KEY, number, sizeof *number);
  return TRUE;
}

/* Keys that were lost get ids that none had, which only the store remembers. */
static TocsinIdentity *
open_identity (TocsinNode *self, GError **error)
{
  const TocsinConfig *config = self->config;
  TocsinIdentityOptions who = {
    .base_url = config->base_url,
    .preferred_username = config->preferred_username,
    .name = config->name,
    .summary = config->summary,
    .last_key = read_last_key (self),
  };
  g_autoptr (TocsinIdentity) identity =
      tocsin_identity_open (config->data_dir, &who, tocsin_time_now_us (), error);
  guint32 number = identity != NULL ? tocsin_identity_get_last_key (identity) : 0;

  if (number > who.last_key && !tocsin_store_write (self->store, write_last_key, &number, error))
    return NULL;
  return g_steal_pointer (&identity);
}

static gboolean
make_federation (TocsinNode *self, GError **error)
{
  const TocsinConfig *config = self->config;
  TocsinFederationOptions options = {
    .follow_mode = config->follow_policy == TOCSIN_FOLLOW_POLICY_OPEN     ? TOCSIN_FOLLOW_OPEN
                   : config->follow_policy == TOCSIN_FOLLOW_POLICY_LISTED ? TOCSIN_FOLLOW_LISTED
                                                                          : TOCSIN_FOLLOW_MANUAL,
    .follow_domains = (const char *const *) config->follow_allow_domains,
    .burst_per_hour = config->burst_per_hour,
    .peer_requests_per_minute = config->peer_requests_per_minute,
    .sync_interval_hours = config->sync_interval_hours,
    .free_rider_warns = config->free_rider_policy != TOCSIN_FREE_RIDER_SHOW,
    .free_rider_pauses = config->free_rider_policy == TOCSIN_FREE_RIDER_PAUSE,
    .time_scale = config->time_scale,
  };
  g_autoptr (TocsinIdentity) identity = open_identity (self, error);
  g_autoptr (TocsinFetcher) fetcher = identity != NULL ? make_fetcher (config, error) : NULL;

  if (fetcher == NULL)
    return FALSE;
  self->fed = tocsin_federation_new (self->store, self->writer, g_steal_pointer (&identity),
                                     fetcher, &options);
  self->housekeeping = tocsin_housekeeping_new (self->fed);
  return TRUE;
}

static void
on_trust (TocsinTrustSnapshot *trust, gpointer data)
{
  TocsinNode *self = data;

  tocsin_federation_set_trust (self->fed, trust);
  tocsin_api_set_trust (self->api, trust);
}

/* ---- feeds ---- */

static void
on_lists (TocsinListSources *sources, TocsinGeo *geo, gpointer data)
{
  tocsin_api_set_lists (((TocsinNode *) data)->api, sources, geo);
}

static gboolean
make_feeds (TocsinNode *self, GError **error)
{
  const TocsinConfig *config = self->config;
  TocsinFeedsOptions options = {
    .store = self->store,
    .writer = self->writer,
    .fetcher = self->fed->fetcher,
    .directory = config->feeds_dir,
    .data_dir = config->data_dir,
    .every_hours = config->feeds_refresh_hours,
    .time_scale = config->time_scale,
    .http = config->allow_addresses->len > 0,
  };

  self->feeds = tocsin_feeds_new (&options, error);
  if (self->feeds == NULL)
    return FALSE;
  self->api->feeds = self->feeds;
  tocsin_feeds_listen (self->feeds, on_lists, self);
  return TRUE;
}

/* ---- notes of the store ---- */

static void
on_commit (TocsinNotes notes, gpointer data)
{
  TocsinNode *self = data;
  g_autoptr (GError) error = NULL;

  if ((notes & TOCSIN_NOTE_TRUST_CHANGED) != 0)
    tocsin_recompute_request (self->recompute);
  if ((notes & TOCSIN_NOTE_QUEUE_CHANGED) != 0)
    tocsin_delivery_wake (self->fed->delivery);
  if ((notes & TOCSIN_NOTE_PEERS_CHANGED) != 0)
    tocsin_sync_wake (self->fed->sync);
  if ((notes & TOCSIN_NOTE_TOKENS_CHANGED) != 0 && !tocsin_tokens_apply (self->api, &error))
    g_warning ("Tokens: %s", error->message);
  if ((notes & TOCSIN_NOTE_STORE_LOST) != 0 && self->lost != NULL)
    self->lost (self->lost_data);
}

void
tocsin_node_set_lost_func (TocsinNode *self, TocsinNodeFunc func, gpointer data)
{
  self->lost = func;
  self->lost_data = data;
}

/* ---- routes ---- */

static void
add_api_routes (TocsinRouter *router, TocsinApi *api)
{
  tocsin_route_check_add (router, api);
  tocsin_route_batch_add (router, api);
  tocsin_route_range_add (router, api);
  tocsin_route_authz_add (router, api);
  tocsin_route_changes_add (router, api);
  tocsin_route_decisions_add (router, api);
  tocsin_route_export_add (router, api);
  tocsin_route_allow_add (router, api);
  tocsin_routes_admin_add (router, api);
}

static void
apply_observe (TocsinNode *self)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));
  g_autoptr (GBytes) said = tocsin_meta_get (txn, TOCSIN_META_OBSERVE);
  gint64 until_us = 0;

  if (said != NULL)
    {
      gboolean on = g_bytes_get_size (said) == 2;

      tocsin_api_set_observe (self->api, on, 0);
      return;
    }
  if (!tocsin_meta_get_exact (txn, META_FIRST_START, &until_us, sizeof until_us))
    return;
  until_us += (gint64) self->config->observe_days * TOCSIN_DAY_US;
  tocsin_api_set_observe (self->api, tocsin_time_now_us () < until_us, until_us);
}

static gboolean
make_routes (TocsinNode *self, GError **error)
{
  const TocsinConfig *config = self->config;
  g_autoptr (GPtrArray) profiles = tocsin_profiles_load (config->profiles_dir, error);
  g_auto (GStrv) settings = tocsin_config_describe (config);
  TocsinApiOptions options = {
    .store = self->store,
    .writer = self->writer,
    .federation = self->fed,
    .auth = self->auth,
    .profiles = profiles,
    .default_profile = config->default_profile,
    .shared_networks = (const char *const *) config->shared_networks,
    .allow_get_checks = config->allow_get_checks,
    .authz_header = config->authz_client_header,
    .base_url = config->base_url,
    .data_dir = config->data_dir,
    .settings = (const char *const *) settings,
  };
  TocsinPublicOptions public_options = {
    .name = config->name,
    .summary = config->summary,
    .contact = config->contact,
    .appeal_url = config->appeal_url,
    .version = PACKAGE_VERSION,
  };

  if (profiles == NULL)
    return FALSE;
  self->api = tocsin_api_new (&options, error);
  if (self->api == NULL)
    return FALSE;
  self->api_router = tocsin_router_new ();
  add_api_routes (self->api_router, self->api);
  self->api->router = self->api_router;
  self->public = tocsin_public_new (self->fed, &public_options);
  self->public_router = tocsin_router_new ();
  tocsin_routes_public_add (self->public_router, self->public);
  apply_observe (self);
  self->observed = tocsin_observed_new (self->store, self->writer, self->api);
  return TRUE;
}

/* ---- sockets ---- */

static TocsinServerOptions
server_options (const TocsinNode *self, TocsinListenerKind kind)
{
  TocsinServerOptions options = tocsin_server_options_default ();

  options.auth = self->auth;
  options.trusted_proxies = self->config->trusted_proxies;
  if (kind == TOCSIN_LISTENER_PUBLIC)
    {
      options.rate_per_second = MAX (self->config->address_requests_per_minute, 1) / 60.0;
      options.rate_burst = MAX (self->config->address_requests_per_minute, 1);
    }
  return options;
}

static gboolean
serve (TocsinNode *self, TocsinListener *listener, gboolean in_thread, GError **error)
{
  TocsinListenerKind kind = tocsin_listener_get_kind (listener);
  TocsinServerOptions options = server_options (self, kind);
  TocsinServer *server = tocsin_server_new (
      kind == TOCSIN_LISTENER_PUBLIC ? self->public_router : self->api_router, &options);

  g_ptr_array_add (self->servers, server);
  g_ptr_array_add (self->api->servers, server);
  return in_thread ? tocsin_server_start_thread (server, listener, error)
                   : tocsin_server_start (server, listener, error);
}

static TocsinListener *
find_activated (GPtrArray *activated, TocsinListenerKind kind)
{
  for (guint i = 0; i < activated->len; i++)
    if (tocsin_listener_get_kind (g_ptr_array_index (activated, i)) == kind)
      return tocsin_listener_ref (g_ptr_array_index (activated, i));
  return NULL;
}

/* The API over TCP: a socket a thread, or one that all share where it was handed to us. */
static gboolean
serve_api (TocsinNode *self, GPtrArray *activated, GError **error)
{
  g_autoptr (TocsinListener) shared = find_activated (activated, TOCSIN_LISTENER_API);
  guint threads = self->config->api_threads;

  if (shared == NULL && self->config->api_listen == NULL)
    return TRUE;
  for (guint i = 0; i < threads; i++)
    {
      g_autoptr (TocsinListener) listener =
          shared != NULL ? tocsin_listener_ref (shared)
                         : tocsin_listener_new_tcp (TOCSIN_LISTENER_API, self->config->api_listen,
                                                    threads > 1, error);

      if (listener == NULL || !serve (self, listener, TRUE, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
serve_all (TocsinNode *self, GError **error)
{
  g_autofree char *socket_path = g_build_filename (self->config->data_dir, "api.sock", NULL);
  g_autoptr (GPtrArray) activated = tocsin_listener_take_activated (error);
  g_autoptr (TocsinListener) outside = NULL;
  g_autoptr (TocsinListener) local = NULL;

  if (activated == NULL)
    return FALSE;
  local = find_activated (activated, TOCSIN_LISTENER_UNIX);
  if (local == NULL)
    local = tocsin_listener_new_unix (socket_path, error);
  if (local == NULL || !serve (self, local, TRUE, error) || !serve_api (self, activated, error))
    return FALSE;
  outside = find_activated (activated, TOCSIN_LISTENER_PUBLIC);
  if (outside == NULL)
    outside = tocsin_listener_new_tcp (TOCSIN_LISTENER_PUBLIC, self->config->listen, FALSE, error);
  return outside != NULL && serve (self, outside, FALSE, error);
}

/* ---- life ---- */

/**
 * tocsin_node_new:
 * @config: (unowned): what the operator asked for; has to outlive the node
 * @error: return location for an error, or %NULL
 *
 * Opens everything that a node needs, and makes at the first start what is not there yet.
 *
 * Returns: (transfer full) (nullable): a node that does not listen yet
 */
TocsinNode *
tocsin_node_new (const TocsinConfig *config, GError **error)
{
  g_autoptr (TocsinNode) self = g_new0 (TocsinNode, 1);
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  self->config = config;
  self->servers = g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_server_free);
  self->auth = tocsin_auth_new ();
  if (!open_store (self, error) || !make_federation (self, error) || !make_routes (self, error) ||
      !make_feeds (self, error) || !tocsin_tokens_apply (self->api, error))
    return NULL;
  self->recompute = tocsin_recompute_new (self->store, on_trust, self, config->time_scale);
  trust = tocsin_recompute_now (self->recompute);
  on_trust (trust, self);
  return g_steal_pointer (&self);
}

/**
 * tocsin_node_start:
 * @self: a node
 * @error: return location for an error, or %NULL
 *
 * Listens, and begins to send to and read from peers.
 *
 * Returns: %FALSE if a socket cannot be had
 */
gboolean
tocsin_node_start (TocsinNode *self, GError **error)
{
  if (!serve_all (self, error))
    return FALSE;
  tocsin_federation_start (self->fed);
  tocsin_housekeeping_start (self->housekeeping);
  tocsin_feeds_start (self->feeds);
  return TRUE;
}

static void
finish_stop (TocsinNode *self)
{
  g_task_return_boolean (self->stop_task, TRUE);
  g_clear_object (&self->stop_task);
}

static gboolean
look_for_end (gpointer data)
{
  TocsinNode *self = data;

  if (!tocsin_federation_is_idle (self->fed) && g_get_monotonic_time () < self->stop_until_us)
    return G_SOURCE_CONTINUE;
  finish_stop (self);
  return G_SOURCE_REMOVE;
}

/* What was under way to peers has been cancelled, but has to be called back still. */
static void
on_server_stopped (GObject *source G_GNUC_UNUSED, GAsyncResult *result G_GNUC_UNUSED, gpointer data)
{
  TocsinNode *self = data;

  if (--self->stopping > 0)
    return;
  if (look_for_end (self))
    g_timeout_add (LOOK_MS, look_for_end, self);
}

/**
 * tocsin_node_stop_async:
 * @self: a started node
 * @callback: called in the thread-default context of the caller once no request is under way
 * @user_data: data for @callback
 *
 * Stops accepting, and lets what has begun end, for 5 seconds at most. Then free the node.
 */
void
tocsin_node_stop_async (TocsinNode *self, GAsyncReadyCallback callback, gpointer user_data)
{
  self->stop_task = g_task_new (NULL, NULL, callback, user_data);
  self->stop_until_us = g_get_monotonic_time () + DRAIN_US;
  tocsin_housekeeping_stop (self->housekeeping);
  tocsin_feeds_stop (self->feeds);
  tocsin_federation_stop (self->fed);
  self->stopping = self->servers->len;
  if (self->stopping == 0)
    {
      self->stopping = 1;
      on_server_stopped (NULL, NULL, self);
      return;
    }
  for (guint i = 0; i < self->servers->len; i++)
    tocsin_server_stop_async (g_ptr_array_index (self->servers, i), DRAIN_US, on_server_stopped,
                              self);
}

void
tocsin_node_free (TocsinNode *self)
{
  g_autoptr (GError) error = NULL;

  if (self->listen_id != 0)
    tocsin_store_unlisten (self->store, self->listen_id);
  /* What is freed next waits for threads that have to end. */
  if (self->store != NULL)
    tocsin_store_begin_close (self->store);
  g_clear_pointer (&self->servers, g_ptr_array_unref);
  g_clear_pointer (&self->feeds, tocsin_feeds_free);
  g_clear_pointer (&self->public_router, tocsin_router_unref);
  g_clear_pointer (&self->api_router, tocsin_router_unref);
  g_clear_pointer (&self->recompute, tocsin_recompute_free);
  g_clear_pointer (&self->observed, tocsin_observed_free);
  if (self->writer != NULL)
    tocsin_writer_stop (self->writer);
  g_clear_pointer (&self->public, tocsin_public_free);
  g_clear_pointer (&self->api, tocsin_api_free);
  g_clear_pointer (&self->housekeeping, tocsin_housekeeping_free);
  g_clear_pointer (&self->fed, tocsin_federation_free);
  g_clear_pointer (&self->writer, tocsin_writer_free);
  g_clear_pointer (&self->auth, tocsin_auth_free);
  if (self->store != NULL && !tocsin_store_sync (self->store, &error))
    g_warning ("%s", error->message);
  g_clear_pointer (&self->store, tocsin_store_close);
  g_free (self);
}
