/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/host-budget.h"

#include <gio/gio.h>
#include <string.h>

#include "core/bucket.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/host.h"

/* What is counted, and how much of it may be. */
typedef struct
{
  const char *label; /* before the name that is counted */
  guint at_once;
  guint per_minute;
  const char *busy;  /* what is said past the one */
  const char *often; /* and past the other */
} Limit;

static const Limit of_client = { "client ", 4, 30,
                                 "Other requests from this address wait for documents",
                                 "This address caused too many fetches in the last minute" };
static const Limit of_domain = {
  "domain ", 4, 60, "Other documents are being fetched from this domain",
  "Too many documents were fetched from this domain in the last minute"
};
static const Limit of_host = {
  "host ", 1, 20, "A document is being fetched from this host already",
  "Too many documents were fetched from this host in the last minute"
};
static const Limit of_known = {
  "known ", 1, 20, "A document is being fetched from this host already",
  "Too many documents were fetched from this host in the last minute"
};

/* One name, and what was begun under it. */
typedef struct
{
  char *key; /* (owned) */
  const Limit *limit;
  guint in_flight;
  gint64 refused_until_us; /* after a failure; 0 for none */
  GList link;              /* in `recent`; its data is the entry itself */
  guint begun;             /* how many of these are set */
  guint next;
  gint64 begun_us[]; /* a ring as long as `per_minute`, the oldest at `next` */
} Entry;

/* Strangers have one of these, who is known another. */
typedef struct
{
  TocsinBucket rate;
  guint in_flight;
} Pool;

struct _TocsinHostBudget
{
  GHashTable *entries; /* (owned) (element-type utf8 Entry) */
  GQueue recent;       /* of Entry; the most recently asked for first */
  guint max_names;
  Pool strangers;
  Pool known;
};

#define NAMES_MAX 3 /* that one fetch is counted under */

struct _TocsinHostPlace
{
  TocsinHostBudget *budget; /* (unowned) */
  Pool *pool;               /* (unowned) */
  Entry
      *entries[NAMES_MAX]; /* (unowned): who is in flight is not forgotten; the last is the host */
  guint n;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->key);
  g_free (entry);
}

/**
 * tocsin_host_budget_new:
 * @max_names: how many hosts, domains and addresses to remember, more than three for each of
 *   %TOCSIN_HOST_BUDGET_IN_FLIGHT
 *
 * Returns: (transfer full): an untouched budget
 */
TocsinHostBudget *
tocsin_host_budget_new (guint max_names)
{
  TocsinHostBudget *self = NULL;

  g_return_val_if_fail (max_names > NAMES_MAX * TOCSIN_HOST_BUDGET_IN_FLIGHT, NULL);

  self = g_new0 (TocsinHostBudget, 1);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  g_queue_init (&self->recent);
  self->max_names = max_names;
  tocsin_bucket_init (&self->strangers.rate, TOCSIN_HOST_BUDGET_BURST,
                      TOCSIN_HOST_BUDGET_PER_SECOND, 0);
  self->known.rate = self->strangers.rate;
  return self;
}

void
tocsin_host_budget_free (TocsinHostBudget *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

/* ---- names ---- */

/* Fewer are in flight than are remembered, so that there is always one to forget. */
static void
forget_one (TocsinHostBudget *self)
{
  for (GList *link = self->recent.tail; link != NULL; link = link->prev)
    {
      Entry *entry = link->data;

      if (entry->in_flight > 0)
        continue;
      g_queue_unlink (&self->recent, link);
      g_hash_table_remove (self->entries, entry->key);
      return;
    }
}

static Entry *
ensure_entry (TocsinHostBudget *self, const Limit *limit, const char *name)
{
  g_autofree char *key = g_strconcat (limit->label, name, NULL);
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL)
    {
      g_queue_unlink (&self->recent, &entry->link);
      g_queue_push_head_link (&self->recent, &entry->link);
      return entry;
    }
  if (g_hash_table_size (self->entries) == self->max_names)
    forget_one (self);
  entry = g_malloc0 (sizeof *entry + limit->per_minute * sizeof entry->begun_us[0]);
  entry->key = g_steal_pointer (&key);
  entry->limit = limit;
  entry->link.data = entry;
  g_queue_push_head_link (&self->recent, &entry->link);
  g_hash_table_insert (self->entries, entry->key, entry);
  return entry;
}

/* What one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 one. %NULL for an
 * address that many machines have, each its own. */
static char *
dup_subscriber (GInetAddress *address)
{
  guint8 bytes[16] = { 0 };
  g_autoptr (GInetAddress) network = NULL;

  if (g_inet_address_get_is_loopback (address) || g_inet_address_get_is_link_local (address) ||
      g_inet_address_get_is_site_local (address))
    return NULL;
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV4)
    return g_inet_address_to_string (address);
  memcpy (bytes, g_inet_address_to_bytes (address), sizeof bytes / 2);
  network = g_inet_address_new_from_bytes (bytes, G_SOCKET_FAMILY_IPV6);
  return g_inet_address_to_string (network);
}

static char *
dup_client (const char *remote)
{
  g_autoptr (GInetAddress) address =
      remote != NULL ? g_inet_address_new_from_string (remote) : NULL;

  return address != NULL ? dup_subscriber (address) : NULL;
}

/* Whoever has a domain has as many names below it as it likes, and each host has 65,535 ports. */
static char *
dup_domain (const char *authority)
{
  gboolean in_brackets = authority[0] == '[';
  const char *begin = authority + (in_brackets ? 1 : 0);
  const char *end = strrchr (authority, in_brackets ? ']' : ':');
  g_autofree char *host = g_strndup (begin, (gsize) (end - begin));
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (host);
  const char *registrable;

  if (address != NULL)
    return dup_subscriber (address);
  registrable = tocsin_host_registrable (host);
  return g_strdup (registrable != NULL ? registrable : host);
}

/* ---- limits ---- */

static guint
seconds_until (gint64 due_us, gint64 now_us)
{
  return (guint) ((due_us - now_us + TOCSIN_SECOND_US - 1) / TOCSIN_SECOND_US);
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, why);
  return FALSE;
}

/* When the next request is due by the rate alone. */
static gint64
rate_allows_from (const Entry *entry)
{
  if (entry->begun < entry->limit->per_minute)
    return G_MININT64;
  return entry->begun_us[entry->next] + TOCSIN_MINUTE_US;
}

static gboolean
is_within_rate (const Entry *entry, gint64 now_us, guint *retry_after_seconds, GError **error)
{
  gint64 due_us = rate_allows_from (entry);

  if (now_us >= due_us)
    return TRUE;
  *retry_after_seconds = seconds_until (due_us, now_us);
  return refuse (error, entry->limit->often);
}

static gboolean
pool_is_within_rate (const Pool *pool, gint64 now_us, guint *retry_after_seconds, GError **error)
{
  guint wait_seconds = tocsin_bucket_wait_seconds (&pool->rate, 1, now_us);

  if (wait_seconds == 0)
    return TRUE;
  *retry_after_seconds = wait_seconds;
  return refuse (error, "Too many documents were fetched just now");
}

static gboolean
has_place (const TocsinHostBudget *self, const Pool *pool)
{
  return self->strangers.in_flight + self->known.in_flight < TOCSIN_HOST_BUDGET_IN_FLIGHT &&
         (pool == &self->known || pool->in_flight < TOCSIN_HOST_BUDGET_FOR_STRANGERS);
}

/* Has @place counted under one more name, if there is room. */
static gboolean
add_entry (TocsinHostPlace *place,
           const Limit *limit,
           const char *name,
           gint64 now_us,
           guint *retry_after_seconds,
           GError **error)
{
  Entry *entry = ensure_entry (place->budget, limit, name);

  if (entry->refused_until_us != 0 && now_us < entry->refused_until_us)
    {
      *retry_after_seconds = seconds_until (entry->refused_until_us, now_us);
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                           "The host failed to answer a short while ago");
      return FALSE;
    }
  if (entry->in_flight >= limit->at_once)
    return refuse (error, limit->busy);
  if (!is_within_rate (entry, now_us, retry_after_seconds, error))
    return FALSE;
  place->entries[place->n++] = entry;
  return TRUE;
}

/* A name is remembered only where those before it have room: else what is refused would have
 * others forgotten, and with them what they were asked. */
static gboolean
add_entries (TocsinHostPlace *place,
             const TocsinHostFetch *fetch,
             gint64 now_us,
             guint *retry_after_seconds,
             GError **error)
{
  g_autofree char *client = dup_client (fetch->client);
  g_autofree char *domain = dup_domain (fetch->authority);

  if (fetch->is_known)
    return add_entry (place, &of_known, fetch->authority, now_us, retry_after_seconds, error);
  return (client == NULL ||
          add_entry (place, &of_client, client, now_us, retry_after_seconds, error)) &&
         (domain == NULL ||
          add_entry (place, &of_domain, domain, now_us, retry_after_seconds, error)) &&
         add_entry (place, &of_host, fetch->authority, now_us, retry_after_seconds, error);
}

static void
charge (TocsinHostPlace *place, gint64 now_us)
{
  tocsin_bucket_take (&place->pool->rate, 1, now_us);
  for (guint i = 0; i < place->n; i++)
    {
      Entry *entry = place->entries[i];

      entry->begun_us[entry->next] = now_us;
      entry->next = (entry->next + 1) % entry->limit->per_minute;
      entry->begun = MIN (entry->begun + 1, entry->limit->per_minute);
    }
}

/* ---- places ---- */

/**
 * tocsin_host_budget_begin:
 * @self: the budget
 * @fetch: what is to be fetched, and because of whom
 * @now_us: the time, in microseconds since any fixed point
 * @retry_after_seconds: (out): on error, when to come again, at least 1
 * @error: return location for an error, or %NULL
 *
 * Asks whether a fetch that another caused may begin, and send one request.
 *
 * Returns: (transfer full) (nullable): its place; tocsin_host_budget_end() takes it back. On error
 *   %NULL, and @error is %TOCSIN_ERROR_UNAVAILABLE (a limit is reached) or
 *   %TOCSIN_ERROR_UNREACHABLE (the host failed in the last five minutes)
 */
TocsinHostPlace *
tocsin_host_budget_begin (TocsinHostBudget *self,
                          const TocsinHostFetch *fetch,
                          gint64 now_us,
                          guint *retry_after_seconds,
                          GError **error)
{
  g_autofree TocsinHostPlace *place = g_new0 (TocsinHostPlace, 1);

  place->budget = self;
  place->pool = fetch->is_known ? &self->known : &self->strangers;
  *retry_after_seconds = 1;
  if (!has_place (self, place->pool))
    {
      refuse (error, "Too many documents are being fetched already");
      return NULL;
    }
  if (!pool_is_within_rate (place->pool, now_us, retry_after_seconds, error) ||
      !add_entries (place, fetch, now_us, retry_after_seconds, error))
    return NULL;
  charge (place, now_us);
  for (guint i = 0; i < place->n; i++)
    place->entries[i]->in_flight++;
  place->pool->in_flight++;
  return g_steal_pointer (&place);
}

/**
 * tocsin_host_budget_again:
 * @place: what was begun
 * @now_us: the time, from the same fixed point
 * @error: return location for an error, or %NULL
 *
 * Asks whether what was begun may send one more request to the host.
 *
 * Returns: whether it may; if not, @error is %TOCSIN_ERROR_UNAVAILABLE
 */
gboolean
tocsin_host_budget_again (TocsinHostPlace *place, gint64 now_us, GError **error)
{
  guint retry = 0;

  if (!pool_is_within_rate (place->pool, now_us, &retry, error))
    return FALSE;
  for (guint i = 0; i < place->n; i++)
    if (!is_within_rate (place->entries[i], now_us, &retry, error))
      return FALSE;
  charge (place, now_us);
  return TRUE;
}

/**
 * tocsin_host_budget_end:
 * @place: (transfer full): what was begun
 * @answered: whether the host gave an HTTP answer, were it 404: else one bad link could shut out
 *   a good host
 * @now_us: the time, from the same fixed point
 *
 * Ends what tocsin_host_budget_begin() allowed.
 */
void
tocsin_host_budget_end (TocsinHostPlace *place, gboolean answered, gint64 now_us)
{
  Entry *host = place->entries[place->n - 1];

  for (guint i = 0; i < place->n; i++)
    place->entries[i]->in_flight--;
  place->pool->in_flight--;
  host->refused_until_us =
      answered ? 0 : now_us + TOCSIN_HOST_BUDGET_FAILURE_SECONDS * TOCSIN_SECOND_US;
  g_free (place);
}

guint
tocsin_host_budget_count_names (const TocsinHostBudget *self)
{
  return g_hash_table_size (self->entries);
}
