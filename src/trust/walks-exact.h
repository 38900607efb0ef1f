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

/**
 * TocsinExact:
 * @branch: (owned): B_i by direct peer
 * @product: Π(1 − t_i·B_i)
 *
 * One subject's voices, solved. Used by one thread.
 */
typedef struct
{
  TocsinColumns *columns; /* (unowned) */
  guint32 n_direct;
  guint32 k;               /* indirect voices */
  guint32 *slot;           /* k: (owned) */
  const TocsinColumn **of; /* k: (owned) their columns */
  double *scratch;         /* (owned) all that follows points into it */
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
} TocsinExact;

void tocsin_exact_init (TocsinExact *self,
                        TocsinColumns *columns,
                        const TocsinExactVoice *voices,
                        gsize n_voices);
void tocsin_exact_clear (TocsinExact *self);
double tocsin_exact_without (TocsinExact *self, guint32 node);
double tocsin_exact_minimum (TocsinExact *const *states, guint n_states, guint32 *node);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinExact, tocsin_exact_clear)

G_END_DECLS
