/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "bench/scale-free.h"

/* Splitmix64: the same numbers on every machine, which GRand does not promise of its future. */
static guint64
draw (ScaleFree *self)
{
  guint64 z = self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

guint32
scale_free_below (ScaleFree *self, guint32 limit)
{
  return (guint32) (((draw (self) >> 32) * limit) >> 32);
}

double
scale_free_unit (ScaleFree *self)
{
  return (double) (draw (self) >> 11) * 0x1p-53;
}

void
scale_free_state (ScaleFree *self, guint32 from, guint32 to, double weight)
{
  TocsinGraphStatement statement = { .from = from,
                                     .to = to,
                                     .weight_ppb = tocsin_trust_weight_ppb (weight) & 0x3fffffff };

  g_array_append_val (self->statements, statement);
  if (to <= self->n_actors)
    self->in[to]++;
}

static guint32
pick (ScaleFree *self, guint32 x)
{
  guint32 n = self->statements->len;

  if (n > 0 && scale_free_unit (self) < 0.5)
    return g_array_index (self->statements, TocsinGraphStatement, scale_free_below (self, n)).to;
  return 1 + scale_free_below (self, x);
}

/**
 * scale_free_init:
 * @per_actor: how many statements an actor makes on average
 */
void
scale_free_init (ScaleFree *self, guint32 n_actors, guint32 per_actor, guint64 seed)
{
  static const double weights[] = { 0.25, 0.5, 0.5, 0.5, 0.75, 1.0 };
  guint32 wanted = n_actors * per_actor;

  *self = (ScaleFree){ .n_actors = n_actors, .state = seed };
  self->statements =
      g_array_sized_new (FALSE, FALSE, sizeof (TocsinGraphStatement), wanted + per_actor);
  self->in = g_new0 (guint32, n_actors + 1);
  for (guint32 x = 2; x <= n_actors; x++)
    for (guint32 i = 0; i < per_actor; i++)
      {
        guint32 u = pick (self, x - 1);
        double weight = weights[scale_free_below (self, G_N_ELEMENTS (weights))];

        if (u == x)
          continue;
        if (i % 4 == 3)
          scale_free_state (self, u, x, weight);
        else
          scale_free_state (self, x, u, weight);
      }
}

void
scale_free_clear (ScaleFree *self)
{
  g_clear_pointer (&self->statements, g_array_unref);
  g_clear_pointer (&self->in, g_free);
}
