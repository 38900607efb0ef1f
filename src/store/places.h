/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "store/table-peers.h"

G_BEGIN_DECLS

/* What a peer takes up of the places that there are for those who ask to follow. */
typedef enum
{
  TOCSIN_PLACE_NONE,
  TOCSIN_PLACE_READER, /* this and the next: who blocks us or is away has a place all the same */
  TOCSIN_PLACE_GUEST,
  TOCSIN_PLACE_PENDING,
  TOCSIN_PLACE_GONE, /* until it is forgotten, or asking and leaving by turns would be free */
  TOCSIN_N_PLACES
} TocsinPlace;

/**
 * TocsinPlaces: how many peers have a place of each kind.
 */
typedef struct
{
  guint n[TOCSIN_N_PLACES];
} TocsinPlaces;

/**
 * tocsin_places_count:
 * @txn: a write transaction
 * @actor: the URI of who asks
 * @but: its number, if it has one
 * @all: (out): who took up a place, but for @but
 * @of_domain: (out): those of them who are of the registrable domain of @actor
 *
 * Anyone may ask as often as it likes, so the peers are not walked for it: they were once, and what
 * the transactions since then wrote is kept in memory, by the writer.
 */
void tocsin_places_count (
    TocsinTxn *txn, const char *actor, guint32 but, TocsinPlaces *all, TocsinPlaces *of_domain);

/* Of table-peers.c: @actor is @peer from now on; %NULL: it is no peer any more. */
void tocsin_places_note (TocsinTxn *txn, guint32 actor, const TocsinPeerRecord *peer);

G_END_DECLS
