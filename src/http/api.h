/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/list-source.h"
#include "core/network-list.h"
#include "core/verdict.h"
#include "fed/federation.h"
#include "feeds/feeds.h"
#include "http/answer-cache.h"
#include "http/auth.h"
#include "http/router.h"
#include "http/server.h"
#include "store/store.h"
#include "store/writer.h"
#include "trust/snapshot.h"
#include "view/profile.h"

G_BEGIN_DECLS

#define TOCSIN_AUTHZ_HEADER_DEFAULT "X-Real-IP"
#define TOCSIN_API_THREADS_MAX      128 /* that ever ask: the server's threads and main */

/**
 * TocsinApiState:
 * @trust: (owned): who is believed
 * @lists: (owned) (nullable): the feeds in force
 * @geo: (owned) (nullable): the databases of places in force
 * @lists_version: moves with the lists in force, but not with a reading by which no verdict differs
 * @observe: whether verdicts are advice alone ("mode": "observe")
 * @observe_version: moves whenever somebody changes that
 * @observe_until_us: when that ends by itself, in microseconds since the epoch; 0: never
 * @over_budget: (owned) (array length=n_over_budget): actors, ascending, on whom no further
 *   review may rest on @budget_day (model.md 4)
 * @charged: (owned) (array length=n_charged): what these were charged with (TocsinScoring.charged)
 * @budget_day: days since the epoch
 *
 * What the main thread decides and every check reads. Immutable once published.
 */
typedef struct
{
  gint refs; /* atomic */
  TocsinTrustSnapshot *trust;
  TocsinListSources *lists;
  guint64 lists_version;
  TocsinGeo *geo;
  gboolean observe;
  guint64 observe_version;
  gint64 observe_until_us;
  guint32 *over_budget;
  gsize n_over_budget;
  guint64 *charged;
  gsize n_charged;
  gint64 budget_day;
} TocsinApiState;

/**
 * TocsinApi:
 * @store: (unowned): read by tocsin_api_reader(), written through @writer alone
 * @writer: (unowned): main thread
 * @federation: (unowned) (nullable): main thread
 * @feeds: (unowned) (nullable): main thread
 * @auth: (unowned) (nullable): the tokens in force; routes that change the table of tokens put the
 *   new set in force
 * @router: (unowned) (nullable): names the routes that tocsin_server_get_route_count() counts
 * @servers: (owned) (element-type TocsinServer): unowned, whose counters /metrics adds up; filled
 *   before the first request
 * @profiles: (owned) (element-type utf8 TocsinProfile): by name; not changed after the start
 * @default_profile: (unowned): that of a check that names none; in @profiles
 * @shared_networks: (owned): what is known of an address in them stops at note
 * @allow_get_checks: whether GET /v1/check is answered, on loopback and the Unix socket
 * @authz_header: (owned): in which field a proxy names the client that GET /v1/authz is about
 * @base_url: (owned): origin of this node
 * @data_dir: (owned)
 * @settings: (owned): `name=value` lines of the settings in force, for status; none is secret
 * @now_us: the clock; tests give their own
 * @started_us: by that clock, for the uptime
 * @admin_hash: of the admin token, once @knows_admin: of tocsin_tokens_apply()
 * @n_polls: requests that wait for news; main thread
 * @batch_bytes: of answers to batches that are not sent yet; atomic
 * @n_ranges: that are answered in steps; atomic
 * @lists: (owned): the thread that makes long lists
 * @exports: (owned) (nullable): the last ones; of the route that serves them
 * @decisions: (owned) (nullable): what each bouncer has; likewise
 *
 * What routes need. The members are set before the first server starts and read from any thread
 * after that; what changes later is in #TocsinApiState.
 *
 * How a change reaches the threads without a lock: main makes a new state and puts a reference of
 * it into the mailbox of every slot, by atomic exchange. A thread owns one slot, which it claims
 * with its first request; it empties the mailbox when it begins a request and keeps what it took
 * until then. So neither waits for the other, and a state is freed by whoever drops it last.
 */
typedef struct
{
  TocsinStore *store;
  TocsinWriter *writer;
  TocsinFederation *federation;
  TocsinFeeds *feeds;
  TocsinAuth *auth;
  TocsinRouter *router;
  GPtrArray *servers;
  GHashTable *profiles;
  const TocsinProfile *default_profile;
  TocsinNetworkList *shared_networks;
  gboolean allow_get_checks;
  char *authz_header;
  char *base_url;
  char *data_dir;
  char **settings;
  gint64 (*now_us) (void);
  gint64 started_us;
  gboolean knows_admin;
  guint8 admin_hash[TOCSIN_TOKEN_HASH_BYTES];
  guint n_polls;
  gsize batch_bytes;
  gint n_ranges;
  struct _TocsinListThread *lists;
  struct _TocsinExports *exports;
  struct _TocsinDecisions *decisions;
  struct _TocsinApiPrivate *priv;
} TocsinApi;

/**
 * TocsinApiOptions: what tocsin_api_new() copies or borrows into the members of the same names.
 * @profiles: (nullable) (transfer none) (element-type TocsinProfile): the operator's own, besides
 *   the three built-in ones, of which one of the same name takes the place; ownership of the
 *   elements moves to the api
 * @default_profile: (nullable): a name; %NULL: default
 * @shared_networks: (nullable): addresses and networks in CIDR form
 * @authz_header: (nullable): %NULL: %TOCSIN_AUTHZ_HEADER_DEFAULT
 * @now_us: (nullable): %NULL: tocsin_time_now_us()
 */
typedef struct
{
  TocsinStore *store;
  TocsinWriter *writer;
  TocsinFederation *federation;
  TocsinAuth *auth;
  GPtrArray *profiles;
  const char *default_profile;
  const char *const *shared_networks;
  gboolean allow_get_checks;
  const char *authz_header;
  const char *base_url;
  const char *data_dir;
  const char *const *settings;
  gint64 (*now_us) (void);
} TocsinApiOptions;

/**
 * tocsin_api_new:
 * @options: see there
 * @error: return location for an error, or %NULL
 *
 * Starts with nobody trusted and without observing. On the main thread, whose thread-default
 * context gets the charges.
 *
 * Returns: (transfer full) (nullable): the api. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID: there is no profile of that name
 */
TocsinApi *tocsin_api_new (const TocsinApiOptions *options,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Once every server is stopped. Frees the readers of all threads. */
void tocsin_api_free (TocsinApi *self);

/* ---- from any thread that serves ---- */

/* The state in force; valid until this thread's next call of it, so for the request at most. */
const TocsinApiState *tocsin_api_state (TocsinApi *self);

/* Of tocsin_api_state(): likewise valid. */
TocsinTrustSnapshot *tocsin_api_trust (TocsinApi *self);

/* This thread's reader; on the main thread tocsin_store_get_reader(). */
TocsinReader *tocsin_api_reader (TocsinApi *self);

/* What this thread answered lately, as far as it still holds. */
TocsinAnswerCache *tocsin_api_answers (TocsinApi *self);

/* Microseconds since the epoch, by the clock that the node was given. Any thread. */
gint64 tocsin_api_now_us (const TocsinApi *self);

/* Whether verdicts are advice alone at @now_us. */
gboolean tocsin_api_is_observing (const TocsinApiState *state, gint64 now_us);

/**
 * TocsinObserved: what would have happened: questions that were answered while observing, by
 * verdict.
 */
typedef struct
{
  guint64 by_verdict[4]; /* index TocsinVerdict */
} TocsinObserved;

/* Counts an answer that was given at @now_us, if this node observes then. */
void tocsin_api_count_observed (TocsinApi *self,
                                const TocsinApiState *state,
                                TocsinVerdict verdict,
                                gint64 now_us);

/* Any thread. */
void tocsin_api_get_observed (const TocsinApi *self, TocsinObserved *out);

/**
 * tocsin_api_charge:
 * @actor: the one voice that a review rests on (TocsinFinding.charge_actor); 0: nothing happens
 * @event: names what it reported (TocsinFinding.charge_event), which costs nothing a second time
 * @now_us: the time
 *
 * Tells the main thread, without waiting. Main counts distinct events of a UTC day; past
 * %TOCSIN_VOICE_BUDGET_DAY the actor is over its budget for the rest of that day, which every
 * thread hears, and a line in `review` says so. What is counted is kept in the store for the day,
 * so that a restart gives no second budget. While 10,000 charges wait, further ones are dropped:
 * each of these would be of the same flood.
 */
void tocsin_api_charge (TocsinApi *self, guint32 actor, guint64 event, gint64 now_us);

/* ---- from the main thread ---- */

/* Publishes @trust, which is referenced. */
void tocsin_api_set_trust (TocsinApi *self, TocsinTrustSnapshot *trust);

/* Adds what was counted before a restart; before the first request. */
void tocsin_api_add_observed (TocsinApi *self, const TocsinObserved *before);

/* Publishes the feeds and databases in force, which are referenced. */
void tocsin_api_set_lists (TocsinApi *self, TocsinListSources *lists, TocsinGeo *geo);

/* Publishes whether this node observes; @until_us 0: until switched off. */
void tocsin_api_set_observe (TocsinApi *self, gboolean observe, gint64 until_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinApi, tocsin_api_free)

G_END_DECLS
