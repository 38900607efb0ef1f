/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/places.h"

#include "core/host.h"
#include "core/uri.h"
#include "store/table-actors.h"
#include "store/txn-private.h"

typedef struct
{
  char *name; /* (owned) */
  TocsinPlaces places;
  guint n; /* of all kinds; none is left where this is 0 */
} Domain;

typedef struct
{
  TocsinPlace place;
  Domain *domain; /* (unowned) */
} Holder;

struct _TocsinPlaceIndex
{
  GHashTable *holders; /* (owned) (element-type guint32 Holder): of a place */
  GHashTable *domains; /* (owned) (element-type utf8 Domain): by its name */
  TocsinPlaces all;
};

static void
domain_free (gpointer data)
{
  Domain *domain = data;

  g_free (domain->name);
  g_free (domain);
}

/* A name that nobody could register is its own domain. */
static char *
domain_of (const char *uri)
{
  g_autofree char *host = uri != NULL ? tocsin_uri_host (uri, NULL) : NULL;
  const char *registrable = host != NULL ? tocsin_host_registrable (host) : NULL;

  return registrable != NULL ? g_strdup (registrable) : g_steal_pointer (&host);
}

static TocsinPlace
place_of (const TocsinPeerRecord *peer)
{
  switch (peer->follower)
    {
    case TOCSIN_FOLLOWER_READER:
      return TOCSIN_PLACE_READER;
    case TOCSIN_FOLLOWER_GUEST:
      return TOCSIN_PLACE_GUEST;
    case TOCSIN_FOLLOWER_PENDING:
      return TOCSIN_PLACE_PENDING;
    case TOCSIN_FOLLOWER_NONE:
    case TOCSIN_FOLLOWER_REJECTED:
    default:
      return tocsin_peer_record_is_over (peer) ? TOCSIN_PLACE_GONE : TOCSIN_PLACE_NONE;
    }
}

static void
give_up (TocsinPlaceIndex *self, guint32 actor, const Holder *holder)
{
  Domain *domain = holder->domain;

  self->all.n[holder->place]--;
  domain->places.n[holder->place]--;
  g_hash_table_remove (self->holders, GUINT_TO_POINTER (actor));
  if (--domain->n == 0)
    g_hash_table_remove (self->domains, domain->name);
}

static void
take_up (TocsinPlaceIndex *self, TocsinTxn *txn, guint32 actor, TocsinPlace place)
{
  g_autofree char *name = domain_of (tocsin_actors_peek_uri (txn, actor));
  Domain *domain = g_hash_table_lookup (self->domains, name != NULL ? name : "");
  Holder *holder = g_new (Holder, 1);

  if (domain == NULL)
    {
      domain = g_new0 (Domain, 1);
      domain->name = name != NULL ? g_steal_pointer (&name) : g_strdup ("");
      g_hash_table_insert (self->domains, domain->name, domain);
    }
  domain->n++;
  domain->places.n[place]++;
  self->all.n[place]++;
  *holder = (Holder){ place, domain };
  g_hash_table_insert (self->holders, GUINT_TO_POINTER (actor), holder);
}

static gboolean
set_place (TocsinPlaceIndex *self, TocsinTxn *txn, guint32 actor, TocsinPlace place)
{
  const Holder *holder = g_hash_table_lookup (self->holders, GUINT_TO_POINTER (actor));

  if ((holder != NULL ? holder->place : TOCSIN_PLACE_NONE) == place)
    return FALSE;
  if (holder != NULL)
    give_up (self, actor, holder);
  if (place != TOCSIN_PLACE_NONE)
    take_up (self, txn, actor, place);
  return TRUE;
}

void
tocsin_places_note (TocsinTxn *txn, guint32 actor, const TocsinPeerRecord *peer)
{
  TocsinPlaceIndex *self = *tocsin_store_places (txn->store);

  if (self != NULL &&
      set_place (self, txn, actor, peer != NULL ? place_of (peer) : TOCSIN_PLACE_NONE))
    txn->places_changed = TRUE;
}

void
tocsin_place_index_free (TocsinPlaceIndex *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->holders);
  g_hash_table_unref (self->domains);
  g_free (self);
}

typedef struct
{
  TocsinPlaceIndex *index;
  TocsinTxn *txn;
} Walk;

static gboolean
note_peer (const TocsinPeerRecord *peer, gpointer data)
{
  const Walk *walk = data;

  set_place (walk->index, walk->txn, peer->actor, place_of (peer));
  return TRUE;
}

static TocsinPlaceIndex *
ensure (TocsinTxn *txn)
{
  TocsinPlaceIndex **index = tocsin_store_places (txn->store);
  Walk walk = { .txn = txn };

  if (*index != NULL)
    return *index;
  walk.index = *index = g_new0 (TocsinPlaceIndex, 1);
  walk.index->holders = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  walk.index->domains = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, domain_free);
  tocsin_peers_foreach_head (txn, note_peer, &walk);
  /* What the transaction has written so far may come to nothing. */
  if (txn->writes > 0 || txn->rc != MDB_SUCCESS)
    txn->places_changed = TRUE;
  return walk.index;
}

void
tocsin_places_count (
    TocsinTxn *txn, const char *actor, guint32 but, TocsinPlaces *all, TocsinPlaces *of_domain)
{
  const TocsinPlaceIndex *self = ensure (txn);
  const Holder *holder = g_hash_table_lookup (self->holders, GUINT_TO_POINTER (but));
  g_autofree char *name = domain_of (actor);
  const Domain *domain = name != NULL ? g_hash_table_lookup (self->domains, name) : NULL;

  *all = self->all;
  *of_domain = domain != NULL ? domain->places : (TocsinPlaces){ { 0 } };
  if (holder == NULL)
    return;
  all->n[holder->place]--;
  if (holder->domain == domain)
    of_domain->n[holder->place]--;
}
