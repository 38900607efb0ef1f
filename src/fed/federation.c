/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/federation.h"

#include "core/bucket.h"
#include "core/clock.h"
#include "core/limits.h"
#include "core/uri.h"
#include "fed/delivery.h"
#include "fed/sync.h"
#include "store/table-actors.h"
#include "store/table-peers.h"

#define DIRECT_PEER_FACTOR 20
#define SIGNERS_MAX        10000 /* remembered rates; past it all begin anew */

/**
 * tocsin_federation_new:
 * @store: (unowned): has to outlive the federation
 * @writer: (unowned): has to outlive the federation
 * @identity: (transfer full): who we are
 * @fetcher: the way out; a reference is taken
 * @options: what the operator decided; copied
 *
 * Returns: (transfer full): a federation that does not yet send or read anything
 */
TocsinFederation *
tocsin_federation_new (TocsinStore *store,
                       TocsinWriter *writer,
                       TocsinIdentity *identity,
                       TocsinFetcher *fetcher,
                       const TocsinFederationOptions *options)
{
  TocsinFederation *self = g_new0 (TocsinFederation, 1);
  const TocsinTrustInput nobody = { 0 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&nobody, 0, 0);

  self->store = store;
  self->writer = writer;
  self->identity = identity;
  self->fetcher = g_object_ref (fetcher);
  self->follow_mode = options->follow_mode;
  self->follow_domains = g_strdupv ((char **) options->follow_domains);
  self->burst_per_hour = options->burst_per_hour;
  self->peer_requests_per_minute = options->peer_requests_per_minute;
  self->sync_interval_hours = options->sync_interval_hours;
  self->free_rider_warns = options->free_rider_warns;
  self->free_rider_pauses = options->free_rider_pauses;
  self->time_scale = MAX (options->time_scale, 1);
  self->budget = tocsin_host_budget_new (TOCSIN_HOST_BUDGET_NAMES);
  self->keyring = tocsin_keyring_new (store, self->fetcher, self->budget, identity);
  self->verify = tocsin_verify_pool_new ();
  self->signer_rates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  tocsin_bucket_init (&self->releases, TOCSIN_RELEASES_MAX, 1 / 60.0, g_get_monotonic_time ());
  tocsin_federation_set_trust (self, trust);
  self->delivery = tocsin_delivery_new (self);
  self->sync = tocsin_sync_new (self);
  return self;
}

void
tocsin_federation_free (TocsinFederation *self)
{
  g_clear_pointer (&self->verify, tocsin_verify_pool_free);
  g_clear_pointer (&self->sync, tocsin_sync_free);
  g_clear_pointer (&self->delivery, tocsin_delivery_free);
  g_clear_object (&self->keyring);
  g_clear_pointer (&self->budget, tocsin_host_budget_free);
  g_clear_object (&self->fetcher);
  g_clear_pointer (&self->identity, tocsin_identity_free);
  g_clear_pointer (&self->policy, tocsin_policy_unref);
  g_clear_pointer (&self->signer_rates, g_hash_table_unref);
  g_strfreev (self->follow_domains);
  g_free (self->probe);
  g_free (self);
}

/* Begins to send and to read. */
void
tocsin_federation_start (TocsinFederation *self)
{
  tocsin_delivery_start (self->delivery);
  tocsin_sync_start (self->sync);
}

/* Ends both; what is queued stays in the store. */
void
tocsin_federation_stop (TocsinFederation *self)
{
  tocsin_sync_stop (self->sync);
  tocsin_delivery_stop (self->delivery);
}

/* Whether nothing that was sent or read has yet to call back: after a stop, that it is over. */
gboolean
tocsin_federation_is_idle (const TocsinFederation *self)
{
  return tocsin_delivery_is_idle (self->delivery) && tocsin_sync_is_idle (self->sync) &&
         tocsin_keyring_is_idle (self->keyring);
}

static TocsinPolicy *
build_policy (TocsinFederation *self, TocsinTrustSnapshot *trust)
{
  TocsinPolicy *policy = tocsin_policy_new ();
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));
  const TocsinTrustedActor *trusted;
  gsize n;

  policy->host = g_strdup (tocsin_identity_get_authority (self->identity));
  policy->actor = g_strdup (tocsin_identity_get_actor (self->identity));
  policy->burst_per_hour = self->burst_per_hour;
  policy->free_rider_warns = self->free_rider_warns;
  policy->free_rider_pauses = self->free_rider_pauses;
  policy->trust = tocsin_trust_snapshot_ref (trust);
  policy->time_scale = self->time_scale;
  tocsin_protected_add_host (policy->protected, policy->actor);
  tocsin_protected_add_interfaces (policy->protected);
  trusted = tocsin_trust_snapshot_trusted (trust, &n);
  for (gsize i = 0; i < n; i++)
    {
      const char *uri = trusted[i].direct ? tocsin_actors_peek_uri (txn, trusted[i].actor) : NULL;

      if (uri != NULL)
        tocsin_protected_add_host (policy->protected, uri);
    }
  return policy;
}

/**
 * tocsin_federation_set_trust:
 * @self: the federation
 * @trust: who is believed from now on; a reference is taken
 *
 * What is already on its way to the writer is still judged by the trust of when it came.
 */
void
tocsin_federation_set_trust (TocsinFederation *self, TocsinTrustSnapshot *trust)
{
  TocsinPolicy *policy = build_policy (self, trust);

  g_clear_pointer (&self->policy, tocsin_policy_unref);
  self->policy = policy;
  if (self->sync != NULL)
    tocsin_sync_set_trust (self->sync, trust);
}

/* Waits of this length, as --time-scale makes them. */
gint64
tocsin_federation_wait_us (const TocsinFederation *self, gint64 wait_us)
{
  return wait_us / self->time_scale;
}

/* A peer that we follow may bring a great deal at once, and has guards of its own; one that the
 * operator lets read may read all of the outbox. */
static double
rate_of (TocsinFederation *self, const char *actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (self->store));
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  if (tocsin_actors_find (txn, actor, &number) && tocsin_peers_get (txn, number, &peer) &&
      (tocsin_peer_record_is_direct (&peer) || peer.follower == TOCSIN_FOLLOWER_READER))
    return DIRECT_PEER_FACTOR * (double) self->peer_requests_per_minute;
  return self->peer_requests_per_minute;
}

/**
 * tocsin_federation_admits_signer:
 * @self: the federation
 * @actor: who signed a request
 * @bytes: how long its body is: every 16 KiB of it count as one request more
 * @retry_after_seconds: (out): if refused, when to come back
 * @now_us: the time
 *
 * Counts a request against its signer's rate.
 *
 * Returns: %FALSE if the signer has used up its requests for now
 */
gboolean
tocsin_federation_admits_signer (TocsinFederation *self,
                                 const char *actor,
                                 gsize bytes,
                                 guint *retry_after_seconds,
                                 gint64 now_us)
{
  TocsinBucket *bucket = g_hash_table_lookup (self->signer_rates, actor);
  gsize requests = 1 + bytes / TOCSIN_REQUEST_UNIT_BYTES;
  double rate, cost;

  if (self->peer_requests_per_minute == 0)
    return TRUE;
  rate = rate_of (self, actor);
  /* A stranger may have become a peer since, or a peer a stranger. */
  if (bucket != NULL && bucket->capacity != rate)
    tocsin_bucket_init (bucket, rate, rate / 60.0, now_us);
  if (bucket == NULL)
    {
      if (g_hash_table_size (self->signer_rates) >= SIGNERS_MAX)
        g_hash_table_remove_all (self->signer_rates);
      bucket = g_new0 (TocsinBucket, 1);
      tocsin_bucket_init (bucket, rate, rate / 60.0, now_us);
      g_hash_table_insert (self->signer_rates, g_strdup (actor), bucket);
    }
  cost = MIN ((double) requests, rate);
  if (tocsin_bucket_take (bucket, cost, now_us))
    return TRUE;
  *retry_after_seconds = MAX (tocsin_bucket_wait_seconds (bucket, cost, now_us), 1);
  return FALSE;
}

/**
 * tocsin_federation_lists:
 * @fed: the federation
 * @actor: the URI of who asks to follow
 *
 * Returns: whether the operator's list names the host of @actor, or a domain above it
 */
gboolean
tocsin_federation_lists (const TocsinFederation *fed, const char *actor)
{
  g_autofree char *host = tocsin_uri_host (actor, NULL);
  gsize host_len;

  if (host == NULL || fed->follow_domains == NULL)
    return FALSE;
  host_len = strlen (host);
  for (char **domain = fed->follow_domains; *domain != NULL; domain++)
    {
      gsize len = strlen (*domain);

      if (g_str_equal (host, *domain) ||
          (host_len > len && host[host_len - len - 1] == '.' && g_str_has_suffix (host, *domain)))
        return TRUE;
    }
  return FALSE;
}
