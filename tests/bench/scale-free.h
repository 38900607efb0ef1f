/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/graph.h"

G_BEGIN_DECLS

/**
 * ScaleFree:
 * @statements: (element-type TocsinGraphStatement): between actors 1 to @n_actors
 * @in: (owned): by actor, how many state trust in it
 *
 * A reproducible trust graph in which the trusted are trusted more: each new actor states trust in
 * some that are there already, half of them picked as those whom a random statement names
 * (Barabási & Albert, Science 286, 1999), and some of these state trust in it.
 */
typedef struct
{
  guint32 n_actors;
  GArray *statements;
  guint32 *in;
  guint64 state;
} ScaleFree;

void scale_free_init (ScaleFree *self, guint32 n_actors, guint32 per_actor, guint64 seed);
void scale_free_clear (ScaleFree *self);
guint32 scale_free_below (ScaleFree *self, guint32 limit);
double scale_free_unit (ScaleFree *self);
void scale_free_state (ScaleFree *self, guint32 from, guint32 to, double weight);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ScaleFree, scale_free_clear)

G_END_DECLS
