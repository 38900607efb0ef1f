/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/bucket.h"
#include "core/envelope.h"
#include "fed/fetcher.h"
#include "fed/host-budget.h"
#include "fed/identity.h"
#include "fed/keyring.h"
#include "fed/policy.h"
#include "fed/verify-pool.h"
#include "store/store.h"
#include "store/writer.h"

G_BEGIN_DECLS

/* So often what was held is looked for at once because a peer ended its hold, and once a minute
 * more; else housekeeping does it. */
#define TOCSIN_RELEASES_MAX 8

typedef enum
{
  TOCSIN_FOLLOW_MANUAL, /* the operator decides each time */
  TOCSIN_FOLLOW_LISTED, /* domains on the list become guests at once */
  TOCSIN_FOLLOW_OPEN,   /* everyone becomes a guest at once */
} TocsinFollowMode;

/**
 * TocsinFederationOptions: what the operator decided; copied.
 */
typedef struct
{
  TocsinFollowMode follow_mode;
  const char *const *follow_domains; /* (nullable) registrable domains or hosts */
  guint burst_per_hour;
  guint peer_requests_per_minute; /* per signer */
  guint sync_interval_hours;
  gboolean free_rider_warns;
  gboolean free_rider_pauses;
  guint time_scale; /* divides every wait; 1 but in tests */
} TocsinFederationOptions;

/* Since the start; for /metrics. */
typedef struct
{
  guint64 inbox_accepted;
  guint64 inbox_dropped; /* of these: authenticated and deliberately not stored */
  guint64 inbox_refused;
  guint64 delivered;
  guint64 delivery_failed;
  guint64 delivery_dropped;
  guint64 caught_up; /* activities read from outboxes */
} TocsinFederationStats;

typedef struct _TocsinDelivery TocsinDelivery;
typedef struct _TocsinSync TocsinSync;

/**
 * TocsinFederation:
 *
 * Everything that deals with other nodes, tied together. The node makes one and hands it to the
 * routes; its parts reach each other through it. Main thread only; what the writer thread needs
 * to know goes there as a #TocsinPolicy.
 */
typedef struct
{
  TocsinStore *store;       /* (unowned) */
  TocsinWriter *writer;     /* (unowned) */
  TocsinIdentity *identity; /* (owned) */
  TocsinFetcher *fetcher;   /* (owned) */
  TocsinHostBudget *budget; /* (owned) */
  TocsinKeyring *keyring;   /* (owned) */
  TocsinVerifyPool *verify; /* (owned) */
  TocsinDelivery *delivery; /* (owned) */
  TocsinSync *sync;         /* (owned) */
  TocsinPolicy *policy;     /* (owned) the present one */
  gint clock_in_doubt;      /* atomic; of housekeeping: whether time may take nothing away now */
  GHashTable *signer_rates; /* (owned) (element-type utf8 TocsinBucket) */
  TocsinBucket releases;    /* monotonic; holds that peers ended: fed/peers-key.c */
  guint n_identifying;      /* requests to the inbox that wait for a key's document */
  TocsinFollowMode follow_mode;
  char **follow_domains; /* (owned) */
  guint burst_per_hour;
  guint peer_requests_per_minute;
  guint sync_interval_hours;
  gboolean free_rider_warns;
  gboolean free_rider_pauses;
  guint time_scale;
  TocsinFederationStats stats;
  char *probe; /* (owned) (nullable) secret of the doctor's request to our own address */
  gint64 probe_until_us;
} TocsinFederation;

TocsinFederation *
tocsin_federation_new (TocsinStore *store,
                       TocsinWriter *writer,
                       TocsinIdentity *identity,
                       TocsinFetcher *fetcher,
                       const TocsinFederationOptions *options) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_federation_free (TocsinFederation *self);
void tocsin_federation_start (TocsinFederation *self);
void tocsin_federation_stop (TocsinFederation *self);
gboolean tocsin_federation_is_idle (const TocsinFederation *self);
void tocsin_federation_set_trust (TocsinFederation *self, TocsinTrustSnapshot *trust);

gint64 tocsin_federation_wait_us (const TocsinFederation *self, gint64 wait_us);
gboolean tocsin_federation_admits_signer (TocsinFederation *self,
                                          const char *actor,
                                          gsize bytes,
                                          guint *retry_after_seconds,
                                          gint64 now_us);
gboolean tocsin_federation_lists (const TocsinFederation *fed, const char *actor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFederation, tocsin_federation_free)

G_END_DECLS
