/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define TOCSIN_CONFIG_FILE     "/etc/tocsin/node.conf"
#define TOCSIN_PROFILES_DIR    "profiles.d" /* beside it */
#define TOCSIN_FEEDS_DIR       "feeds.d"
#define TOCSIN_CONFIG_DATA_DIR "/var/lib/tocsin"

typedef enum
{
  TOCSIN_FOLLOW_POLICY_MANUAL, /* the operator decides each time */
  TOCSIN_FOLLOW_POLICY_LISTED, /* follow_allow_domains become guests at once */
  TOCSIN_FOLLOW_POLICY_OPEN,   /* everyone becomes a guest at once */
} TocsinFollowPolicy;

typedef enum
{
  TOCSIN_FREE_RIDER_SHOW,
  TOCSIN_FREE_RIDER_WARN,
  TOCSIN_FREE_RIDER_PAUSE, /* stop sending */
} TocsinFreeRiderPolicy;

/**
 * TocsinConfig:
 *
 * What the operator asked for: the settings file, overridden by the command line. Immutable once
 * made, so any thread may read it. Every string has been checked; strings that may be empty in
 * the file are %NULL here when they are.
 */
typedef struct
{
  /* From the command line alone. */
  char *data_dir;             /* (owned) absolute; its api.sock fits in a socket address */
  char *profiles_dir;         /* (owned) absolute, beside the settings file; may be missing */
  char *feeds_dir;            /* (owned) likewise */
  GPtrArray *allow_addresses; /* (owned) of GInetAddressMask; empty: no private peer, no http */
  guint time_scale;           /* 1..1000000: divides retry, breaker, sync and guard waits */
  gboolean check_only;        /* --check-config: everything is checked by now; exit 0 */
  gboolean show_version;
  gboolean verbose;

  /* Who this node is. */
  char *base_url;           /* (owned) origin, lower case, no path, no default port; NULL only
                             * with check_only or show_version */
  char *preferred_username; /* (owned) */
  char *name;               /* (owned) the host of base_url if the setting is empty */
  char *summary;            /* (owned) (nullable) */
  char *contact;            /* (owned) (nullable) e-mail address or https URL */
  char *appeal_url;         /* (owned) (nullable) https or mailto */

  /* Where it listens. */
  char *listen;               /* (owned) ADDRESS:PORT */
  char *api_listen;           /* (owned) (nullable) ADDRESS:PORT; NULL: Unix socket alone */
  GPtrArray *trusted_proxies; /* (owned) of GInetAddressMask */
  guint api_threads;          /* 1..64 */
  gboolean allow_get_checks;  /* on loopback and the Unix socket */
  char *authz_client_header;  /* (owned) a field name */

  /* Who may follow, and how much a peer may ask. */
  TocsinFollowPolicy follow_policy;
  char **follow_allow_domains;       /* (owned) ASCII, lower case */
  guint peer_requests_per_minute;    /* per signer */
  guint address_requests_per_minute; /* per IPv4 address or IPv6 /64 */
  guint burst_per_hour;
  TocsinFreeRiderPolicy free_rider_policy;
  guint sync_interval_hours;

  /* How it judges, what it keeps. */
  char *default_profile;  /* (owned) lenient, default, strict or the operator's own */
  char **shared_networks; /* (owned) of their addresses nothing is believed beyond note */
  guint observe_days;
  guint feeds_refresh_hours;
  guint retention_days;
  guint audit_days; /* 0: for good */
  guint map_size_gib;
} TocsinConfig;

TocsinConfig *tocsin_config_new_from_arguments (const char *const *argv,
                                                GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_config_free (TocsinConfig *self);
char **tocsin_config_describe (const TocsinConfig *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinConfig, tocsin_config_free)

G_END_DECLS
