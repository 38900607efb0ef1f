/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/network-list.h"

G_BEGIN_DECLS

/**
 * TocsinNetworkCut:
 *
 * Addresses and networks that wider networks are to be told without. Whole ones are left out
 * altogether; soft ones become pieces of their own.
 */
typedef struct _TocsinNetworkCut TocsinNetworkCut;

TocsinNetworkCut *tocsin_network_cut_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_network_cut_free (TocsinNetworkCut *self);

/* @network: an address or a network in CIDR form; anything else is passed over. */
void tocsin_network_cut_add (TocsinNetworkCut *self, const char *network);
void tocsin_network_cut_add_soft (TocsinNetworkCut *self, const TocsinNetworkList *networks);

/**
 * TocsinNetworkAroundFunc:
 * @network: in CIDR form, until the call returns
 * @key: its key, until the call returns
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*TocsinNetworkAroundFunc) (const char *network,
                                             const TocsinSubjectKey *key,
                                             gpointer data);

/**
 * tocsin_network_cut_foreach_around:
 * @self: a cut to which nothing more is added
 * @lengths: of what networks there are
 * @func: told every network of such a length that is wider than something in @self and holds it,
 *   once
 */
void tocsin_network_cut_foreach_around (TocsinNetworkCut *self,
                                        const TocsinNetworkLengths *lengths,
                                        TocsinNetworkAroundFunc func,
                                        gpointer data);

/* A network in CIDR form and its key, until the call returns. */
typedef void (*TocsinNetworkPieceFunc) (const char *network,
                                        const TocsinSubjectKey *key,
                                        gboolean soft,
                                        gpointer data);

/**
 * tocsin_network_cut_split:
 * @self: a cut to which nothing more is added
 * @network: a network in CIDR form
 * @with_soft: whether soft ones matter
 * @max_pieces: how many there may be
 * @func: (nullable): told the fewest networks that together are @network without what is in @self,
 *   from the lowest address to the highest
 *
 * Returns: how many pieces there are: 1 where nothing is cut, 0 where nothing is left; more than
 *   @max_pieces, and @func was told too few, if there are too many
 */
guint tocsin_network_cut_split (TocsinNetworkCut *self,
                                const char *network,
                                gboolean with_soft,
                                guint max_pieces,
                                TocsinNetworkPieceFunc func,
                                gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinNetworkCut, tocsin_network_cut_free)

G_END_DECLS
