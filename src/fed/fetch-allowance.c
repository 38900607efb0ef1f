/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/fetch-allowance.h"

#include "core/error.h"
#include "fed/fetch-uri.h"
#include "store/table-actors.h"
#include "store/table-peers.h"

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

/* Whether @uri is, or is a key of, whom the operator chose to follow or to let read. Anyone may say
 * that it is one of theirs; what that has us read is their own document, which is what we want. */
static gboolean
is_of_peer (TocsinStore *store, const char *uri)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint32 number;

  return (tocsin_actors_find (txn, uri, &number) || tocsin_actors_find_key (txn, uri, &number)) &&
         tocsin_peers_get (txn, number, &peer) && !peer.blocked &&
         (peer.following == TOCSIN_FOLLOWING_PENDING ||
          peer.following == TOCSIN_FOLLOWING_ACCEPTED || peer.follower == TOCSIN_FOLLOWER_READER);
}

/**
 * tocsin_fetch_allowance_begin:
 * @self: the allowance of a request
 * @store: where the peers are
 * @budget: what others may make us fetch
 * @uri: an actor's or key's document
 * @error: return location for an error, or %NULL
 *
 * Asks whether the request may have @uri fetched.
 *
 * Returns: (transfer full) (nullable): the place for it; on error %NULL, as of
 *   tocsin_fetch_allowance_take(), tocsin_fetch_authority() or tocsin_host_budget_begin()
 */
TocsinHostPlace *
tocsin_fetch_allowance_begin (TocsinFetchAllowance *self,
                              TocsinStore *store,
                              TocsinHostBudget *budget,
                              const char *uri,
                              GError **error)
{
  g_autofree char *authority = NULL;
  TocsinHostFetch fetch = { .client = self->client };
  guint retry = 0;

  if (!tocsin_fetch_allowance_take (self, error))
    return NULL;
  authority = tocsin_fetch_authority (uri, error);
  if (authority == NULL)
    return NULL;
  fetch.authority = authority;
  fetch.is_known = self->is_vouched || is_of_peer (store, uri);
  return tocsin_host_budget_begin (budget, &fetch, g_get_monotonic_time (), &retry, error);
}
