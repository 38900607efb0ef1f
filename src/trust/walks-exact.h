/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "trust/columns.h"
#include "trust/walks.h"

G_BEGIN_DECLS

/* A voice of a believed actor: strength in (0, 1], one an actor. */
typedef struct
{
  guint32 slot;
  double strength;
  gboolean malicious;
} TocsinExactVoice;

#define TOCSIN_EXACT_FIXED 512 /* numbers without a heap: some voices, some dozens of peers */

/**
 * TocsinExact:
 * @branch: (owned): B_i by direct peer
 * @product: Π(1 − t_i·B_i)
 * @solves: how many more the search for who could be missing may make of what is not there yet
 *
 * One subject's voices, solved. Used by one thread. It points into itself: never copied.
 */
typedef struct
{
  TocsinColumns *columns; /* (unowned) */
  guint32 n_direct;
  gsize solves;
  guint32 k;               /* indirect voices */
  guint8 *heap;            /* (owned) (nullable) what all that follows points into, or @fixed */
  guint32 *slot;           /* k */
  const TocsinColumn **of; /* k: their columns */
  double *r_direct;        /* n_direct: strength of the direct peer's own report, or 0 */
  double *m_direct;        /* n_direct: 1 if that is malicious */
  double *strength;        /* k */
  double *m;               /* k */
  double *lu;              /* k × k: N_RR + diag(1/r − 1), factored */
  double *from;            /* k × n_direct: N[i, b] */
  double *g;               /* k */
  double *hit;             /* n_direct: malicious, after the first step */
  double *branch;
  double *spare; /* n_direct + 3·k, for one counterfactual */
  double product;
  double fixed[TOCSIN_EXACT_FIXED];
} TocsinExact;

void tocsin_exact_init (TocsinExact *self,
                        TocsinColumns *columns,
                        const TocsinExactVoice *voices,
                        gsize n_voices);
void tocsin_exact_clear (TocsinExact *self);
gboolean tocsin_exact_may_try (TocsinExact *self, guint32 node);
double tocsin_exact_without (TocsinExact *self, guint32 node);
double tocsin_exact_minimum (TocsinExact *self, guint32 *node);

typedef gboolean (*TocsinExactFunc) (guint32 node, gpointer data);
gboolean
tocsin_exact_foreach_below (TocsinExact *self, double least, TocsinExactFunc func, gpointer data);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinExact, tocsin_exact_clear)

G_END_DECLS
