/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Who is meant: one rule for what the operator does and for what is only looked at.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/peer-search.h"

#include "core/error.h"
#include "core/uri.h"
#include "fed/webfinger.h"
#include "store/table-actors.h"
#include "store/table-peers.h"

typedef struct
{
  TocsinTxn *txn;
  const TocsinActorAddress *address;
  const char *user; /* (unowned) (nullable) in lower case */
  guint32 found;
  guint n;
} HostSearch;

static gboolean
is_at_host (const char *uri, const char *host)
{
  g_autofree char *host_port = tocsin_uri_host_port (uri, NULL);
  g_autofree char *https = g_strconcat ("https://", host, NULL);
  g_autofree char *http = g_strconcat ("http://", host, NULL);
  const char *origin = g_str_has_prefix (uri, "http:") ? http : https;
  g_autofree char *wanted = tocsin_uri_host_port (origin, NULL);

  return host_port != NULL && g_strcmp0 (host_port, wanted) == 0;
}

/* Accounts that WebFinger confirmed are compared in lower case, too. */
static gboolean
is_named (const TocsinActorRecord *actor, const char *user)
{
  g_autofree char *lower =
      actor->preferred_username != NULL ? g_utf8_strdown (actor->preferred_username, -1) : NULL;

  return user == NULL || g_strcmp0 (lower, user) == 0;
}

static gboolean
match_peer (const TocsinPeerRecord *peer, gpointer data)
{
  HostSearch *search = data;
  g_auto (TocsinActorRecord) actor = { 0 };

  if (tocsin_actors_get (search->txn, peer->actor, &actor) &&
      is_at_host (actor.uri, search->address->host) && is_named (&actor, search->user))
    {
      search->n++;
      search->found = peer->actor;
    }
  return TRUE;
}

static gboolean
search_host (TocsinTxn *txn, const TocsinActorAddress *address, guint32 *out, GError **error)
{
  g_autofree char *user = address->user != NULL ? g_utf8_strdown (address->user, -1) : NULL;
  g_autofree char *acct = user != NULL ? g_strconcat (user, "@", address->host, NULL) : NULL;
  HostSearch search = { .txn = txn, .address = address, .user = user };

  if (acct != NULL && tocsin_actors_find_acct (txn, acct, out))
    return TRUE;
  tocsin_peers_foreach (txn, match_peer, &search);
  if (search.n == 1)
    *out = search.found;
  else if (search.n == 0)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                         "This node knows no such actor");
  else
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT,
                         "This node knows several actors of this host; name one by its URL");
  return search.n == 1;
}

gboolean
tocsin_peer_search (TocsinTxn *txn, const char *text, guint32 *out, GError **error)
{
  g_auto (TocsinActorAddress) address = { 0 };
  g_autofree char *uri = NULL;

  if (tocsin_actors_find (txn, text, out))
    return TRUE;
  if (!tocsin_actor_address_parse (&address, text, error))
    return FALSE;
  if (address.uri == NULL)
    return search_host (txn, &address, out, error);
  uri = tocsin_uri_canonicalise (address.uri, error);
  if (uri == NULL)
    return FALSE;
  if (tocsin_actors_find (txn, uri, out))
    return TRUE;
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                       "This node knows no such actor");
  return FALSE;
}
