/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/host-budget.h"

#include "core/clock.h"
#include "core/error.h"

typedef struct
{
  char *authority;                                /* (owned) */
  gint64 begun_us[TOCSIN_HOST_BUDGET_PER_MINUTE]; /* a ring, the oldest at @next */
  guint begun;                                    /* how many of them are set */
  guint next;
  gint64 refused_until_us; /* after a failure; 0 for none */
  gboolean in_flight;
  GList link; /* in @recent; its data is the host itself */
} Host;

struct _TocsinHostBudget
{
  GHashTable *hosts; /* (owned) authority -> Host */
  GQueue recent;     /* the most recently asked for first */
  guint max_hosts;
  guint in_flight;
};

static void
host_free (gpointer data)
{
  Host *host = data;

  g_free (host->authority);
  g_free (host);
}

/**
 * tocsin_host_budget_new:
 * @max_hosts: how many hosts to remember, more than %TOCSIN_HOST_BUDGET_IN_FLIGHT
 *
 * Returns: (transfer full): an untouched budget
 */
TocsinHostBudget *
tocsin_host_budget_new (guint max_hosts)
{
  TocsinHostBudget *self = NULL;

  g_return_val_if_fail (max_hosts > TOCSIN_HOST_BUDGET_IN_FLIGHT, NULL);

  self = g_new0 (TocsinHostBudget, 1);
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, host_free);
  g_queue_init (&self->recent);
  self->max_hosts = max_hosts;
  return self;
}

void
tocsin_host_budget_free (TocsinHostBudget *self)
{
  g_hash_table_unref (self->hosts);
  g_free (self);
}

/* Fewer hosts are in flight than are remembered, so that there is always one to forget. */
static void
forget_one (TocsinHostBudget *self)
{
  for (GList *link = self->recent.tail; link != NULL; link = link->prev)
    {
      Host *host = link->data;

      if (host->in_flight)
        continue;
      g_queue_unlink (&self->recent, link);
      g_hash_table_remove (self->hosts, host->authority);
      return;
    }
}

static Host *
ensure_host (TocsinHostBudget *self, const char *authority)
{
  Host *host = g_hash_table_lookup (self->hosts, authority);

  if (host != NULL)
    {
      g_queue_unlink (&self->recent, &host->link);
      g_queue_push_head_link (&self->recent, &host->link);
      return host;
    }
  if (g_hash_table_size (self->hosts) == self->max_hosts)
    forget_one (self);
  host = g_new0 (Host, 1);
  host->authority = g_strdup (authority);
  host->link.data = host;
  g_queue_push_head_link (&self->recent, &host->link);
  g_hash_table_insert (self->hosts, host->authority, host);
  return host;
}

/* When the next fetch is due by the rate alone. */
static gint64
rate_allows_from (const Host *host)
{
  if (host->begun < TOCSIN_HOST_BUDGET_PER_MINUTE)
    return G_MININT64;
  return host->begun_us[host->next] + TOCSIN_MINUTE_US;
}

static guint
seconds_until (gint64 due_us, gint64 now_us)
{
  return (guint) ((due_us - now_us + TOCSIN_SECOND_US - 1) / TOCSIN_SECOND_US);
}

/* By the rate alone. */
static gboolean
charge (Host *host, gint64 now_us, GError **error)
{
  if (now_us < rate_allows_from (host))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "Too many documents were fetched from this host in the last minute");
      return FALSE;
    }
  host->begun_us[host->next] = now_us;
  host->next = (host->next + 1) % TOCSIN_HOST_BUDGET_PER_MINUTE;
  host->begun = MIN (host->begun + 1, TOCSIN_HOST_BUDGET_PER_MINUTE);
  return TRUE;
}

/**
 * tocsin_host_budget_begin:
 * @self: the budget
 * @authority: HOST:PORT as of tocsin_fetch_authority()
 * @now_us: the time, in microseconds since any fixed point
 * @retry_after_seconds: (out): on error, when to come again, at least 1
 * @error: return location for an error, or %NULL
 *
 * Asks whether a fetch that a stranger caused may begin. If so, tocsin_host_budget_end() must
 * follow.
 *
 * Returns: whether it may; if not, @error is %TOCSIN_ERROR_UNAVAILABLE (a limit is reached) or
 *   %TOCSIN_ERROR_UNREACHABLE (the host failed in the last five minutes)
 */
gboolean
tocsin_host_budget_begin (TocsinHostBudget *self,
                          const char *authority,
                          gint64 now_us,
                          guint *retry_after_seconds,
                          GError **error)
{
  Host *host = NULL;

  *retry_after_seconds = 1;
  if (self->in_flight == TOCSIN_HOST_BUDGET_IN_FLIGHT)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "Too many documents are being fetched already");
      return FALSE;
    }
  host = ensure_host (self, authority);
  if (host->refused_until_us != 0 && now_us < host->refused_until_us)
    {
      *retry_after_seconds = seconds_until (host->refused_until_us, now_us);
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                           "The host failed to answer a short while ago");
      return FALSE;
    }
  if (host->in_flight)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "A document is being fetched from this host already");
      return FALSE;
    }
  if (!charge (host, now_us, error))
    {
      *retry_after_seconds = seconds_until (rate_allows_from (host), now_us);
      return FALSE;
    }
  host->in_flight = TRUE;
  self->in_flight++;
  return TRUE;
}

/**
 * tocsin_host_budget_again:
 * @self: the budget
 * @authority: as begun, and not ended
 * @now_us: the time, from the same fixed point
 * @error: return location for an error, or %NULL
 *
 * Asks whether what was begun may send one more request to the host.
 *
 * Returns: whether it may; if not, @error is %TOCSIN_ERROR_UNAVAILABLE
 */
gboolean
tocsin_host_budget_again (TocsinHostBudget *self,
                          const char *authority,
                          gint64 now_us,
                          GError **error)
{
  Host *host = g_hash_table_lookup (self->hosts, authority);

  g_return_val_if_fail (host != NULL && host->in_flight, FALSE);

  return charge (host, now_us, error);
}

/**
 * tocsin_host_budget_end:
 * @self: the budget
 * @authority: as begun
 * @answered: whether the host gave an HTTP answer, were it 404: else one bad link could shut out
 *   a good host
 * @now_us: the time, from the same fixed point
 *
 * Ends what tocsin_host_budget_begin() allowed.
 */
void
tocsin_host_budget_end (TocsinHostBudget *self,
                        const char *authority,
                        gboolean answered,
                        gint64 now_us)
{
  Host *host = g_hash_table_lookup (self->hosts, authority);

  g_return_if_fail (host != NULL && host->in_flight);

  host->in_flight = FALSE;
  self->in_flight--;
  host->refused_until_us =
      answered ? 0 : now_us + TOCSIN_HOST_BUDGET_FAILURE_SECONDS * TOCSIN_SECOND_US;
}

guint
tocsin_host_budget_count_hosts (const TocsinHostBudget *self)
{
  return g_hash_table_size (self->hosts);
}

/**
 * tocsin_fetch_allowance_take:
 * @self: the allowance of a request
 * @error: return location for an error, or %NULL
 *
 * Returns: whether the request may cause one more; if not, @error is %TOCSIN_ERROR_KEY_UNREACHABLE
 */
gboolean
tocsin_fetch_allowance_take (TocsinFetchAllowance *self, GError **error)
{
  if (self->used < TOCSIN_FETCH_ALLOWANCE)
    {
      self->used++;
      return TRUE;
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE,
               "It takes more than %d requests to others to check this one",
               TOCSIN_FETCH_ALLOWANCE);
  return FALSE;
}
