/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-trust"

#include "trust/snapshot.h"

#include <math.h>

#include "trust/appleseed.h"
#include "trust/trusted-set.h"

typedef struct
{
  TocsinGraph *graph;
  TocsinAppleseed appleseed;
  GArray *trusted;  /* of TocsinTrusted */
  GArray *vouchers; /* of TocsinTrusted: who has whom among its loudest */
  TocsinWalks *walks;
} Area;

/* @branch has @actor among its loudest in some area. */
typedef struct
{
  guint32 actor;
  guint32 branch;
  double heard; /* where that is most */
} Voucher;

struct _TocsinTrustSnapshot
{
  gatomicrefcount ref_count;
  guint64 version;
  Area *areas[TOCSIN_N_AREAS]; /* (owned) one that nothing overrides is that of area any */
  GArray *trusted;             /* of TocsinTrustedActor, by y */
  GHashTable *by_actor;        /* actor number to place in trusted, plus one */
  GArray *vouchers;            /* of Voucher, by actor, the loudest first */
  GHashTable *full_trust;      /* set of actor numbers */
  GHashTable *distrusted;      /* set of actor numbers */
};

static Area *
area_new (const TocsinTrustInput *input, TocsinArea area, guint64 seed)
{
  Area *self = g_new0 (Area, 1);
  g_autofree guint32 *believed = NULL;

  self->graph = tocsin_graph_new (input, area, TOCSIN_GRAPH_DEFAULT);
  tocsin_appleseed_solve (&self->appleseed, self->graph, TOCSIN_APPLESEED_RESIDUAL);
  self->trusted = tocsin_trusted_set_new (self->graph, &self->vouchers);
  believed = g_new (guint32, MAX (1, self->trusted->len));
  for (guint i = 0; i < self->trusted->len; i++)
    believed[i] = self->graph->actor_of[g_array_index (self->trusted, TocsinTrusted, i).node];
  self->walks = tocsin_walks_new (self->graph, believed, self->trusted->len, seed + area);
  return self;
}

static void
area_free (Area *self)
{
  tocsin_walks_free (self->walks);
  g_array_unref (self->trusted);
  g_array_unref (self->vouchers);
  tocsin_appleseed_clear (&self->appleseed);
  tocsin_graph_free (self->graph);
  g_free (self);
}

static gboolean
is_overridden (const TocsinTrustInput *input, TocsinArea area)
{
  for (gsize i = 0; i < input->n_peers; i++)
    if (input->peers[i].area == area)
      return TRUE;
  for (gsize i = 0; i < input->n_statements; i++)
    if (input->statements[i].area == (guint) area)
      return TRUE;
  return FALSE;
}

/* The default row of an actor decides whether it is distrusted; full trust may be in any. */
static void
read_peers (TocsinTrustSnapshot *self, const TocsinTrustInput *input)
{
  for (gsize i = 0; i < input->n_peers; i++)
    {
      const TocsinTrustPeer *peer = &input->peers[i];
      gpointer key = GUINT_TO_POINTER (peer->actor);

      if (!isfinite (peer->weight) || peer->actor == 0)
        continue;
      if (peer->full_trust && peer->weight > 0)
        g_hash_table_add (self->full_trust, key);
      if (peer->area != TOCSIN_AREA_ANY)
        continue;
      if (peer->weight <= 0)
        g_hash_table_add (self->distrusted, key);
      else
        g_hash_table_remove (self->distrusted, key);
      if (!peer->full_trust)
        g_hash_table_remove (self->full_trust, key);
    }
}

static void
add_trusted (TocsinTrustSnapshot *self, const Area *area, const TocsinTrusted *trusted)
{
  TocsinTrustedActor entry = { .actor = area->graph->actor_of[trusted->node],
                               .branch = area->graph->actor_of[trusted->branch],
                               .direct = trusted->node < area->graph->n_direct,
                               .hops = area->graph->hops[trusted->node],
                               .y = area->appleseed.y[trusted->node],
                               .rank = tocsin_appleseed_rank (&area->appleseed, trusted->node) };
  gpointer key = GUINT_TO_POINTER (entry.actor);
  guint place = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_actor, key));

  if (place == 0)
    {
      g_array_append_val (self->trusted, entry);
      g_hash_table_insert (self->by_actor, key, GUINT_TO_POINTER (self->trusted->len));
      return;
    }

  TocsinTrustedActor *known = &g_array_index (self->trusted, TocsinTrustedActor, place - 1);
  if (entry.direct && !known->direct)
    known->branch = entry.actor;
  known->direct = known->direct || entry.direct;
  known->hops = MIN (known->hops, entry.hops);
  known->y = MAX (known->y, entry.y);
  known->rank = MAX (known->rank, entry.rank);
}

static int
compare_y (gconstpointer a, gconstpointer b)
{
  const TocsinTrustedActor *x = a;
  const TocsinTrustedActor *y = b;

  if (x->y != y->y)
    return x->y > y->y ? -1 : 1;
  return (x->actor > y->actor) - (x->actor < y->actor);
}

static void
gather_trusted (TocsinTrustSnapshot *self)
{
  for (int area = 0; area < TOCSIN_N_AREAS; area++)
    if (area == TOCSIN_AREA_ANY || self->areas[area] != self->areas[TOCSIN_AREA_ANY])
      for (guint i = 0; i < self->areas[area]->trusted->len; i++)
        add_trusted (self, self->areas[area],
                     &g_array_index (self->areas[area]->trusted, TocsinTrusted, i));
  g_array_sort (self->trusted, compare_y);
  for (guint i = 0; i < self->trusted->len; i++)
    g_hash_table_insert (
        self->by_actor,
        GUINT_TO_POINTER (g_array_index (self->trusted, TocsinTrustedActor, i).actor),
        GUINT_TO_POINTER (i + 1));
}

static int
compare_actor_branch (gconstpointer a, gconstpointer b)
{
  const Voucher *x = a;
  const Voucher *y = b;

  if (x->actor != y->actor)
    return x->actor < y->actor ? -1 : 1;
  return (x->branch > y->branch) - (x->branch < y->branch);
}

static int
compare_actor_heard (gconstpointer a, gconstpointer b)
{
  const Voucher *x = a;
  const Voucher *y = b;

  if (x->actor != y->actor || x->heard == y->heard)
    return compare_actor_branch (a, b);
  return x->heard > y->heard ? -1 : 1;
}

static void
gather_vouchers (TocsinTrustSnapshot *self)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Voucher));

  for (int i = 0; i < TOCSIN_N_AREAS; i++)
    if (i == TOCSIN_AREA_ANY || self->areas[i] != self->areas[TOCSIN_AREA_ANY])
      for (guint j = 0; j < self->areas[i]->vouchers->len; j++)
        {
          const TocsinTrusted *in_area =
              &g_array_index (self->areas[i]->vouchers, TocsinTrusted, j);
          const guint32 *actor_of = self->areas[i]->graph->actor_of;
          Voucher voucher = { actor_of[in_area->node], actor_of[in_area->branch], in_area->heard };

          g_array_append_val (all, voucher);
        }
  g_array_sort (all, compare_actor_branch);
  for (guint i = 0; i < all->len; i++)
    {
      const Voucher *voucher = &g_array_index (all, Voucher, i);
      Voucher *last = self->vouchers->len > 0
                          ? &g_array_index (self->vouchers, Voucher, self->vouchers->len - 1)
                          : NULL;

      if (last != NULL && compare_actor_branch (last, voucher) == 0)
        last->heard = MAX (last->heard, voucher->heard);
      else
        g_array_append_val (self->vouchers, *voucher);
    }
  g_array_sort (self->vouchers, compare_actor_heard);
}

/**
 * tocsin_trust_snapshot_new:
 * @input: (transfer none): statements and the operator's row; nothing of it is kept
 * @version: the caller's number for this state
 * @seed: secret of this node
 *
 * Computes trust in every area. Takes seconds where there are a million actors: meant for the
 * compute thread.
 *
 * Returns: (transfer full): a snapshot
 */
TocsinTrustSnapshot *
tocsin_trust_snapshot_new (const TocsinTrustInput *input, guint64 version, guint64 seed)
{
  TocsinTrustSnapshot *self = g_new0 (TocsinTrustSnapshot, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->version = version;
  self->trusted = g_array_new (FALSE, FALSE, sizeof (TocsinTrustedActor));
  self->vouchers = g_array_new (FALSE, FALSE, sizeof (Voucher));
  self->by_actor = g_hash_table_new (NULL, NULL);
  self->full_trust = g_hash_table_new (NULL, NULL);
  self->distrusted = g_hash_table_new (NULL, NULL);

  self->areas[TOCSIN_AREA_ANY] = area_new (input, TOCSIN_AREA_ANY, seed);
  for (int area = TOCSIN_AREA_ANY + 1; area < TOCSIN_N_AREAS; area++)
    self->areas[area] =
        is_overridden (input, area) ? area_new (input, area, seed) : self->areas[TOCSIN_AREA_ANY];
  read_peers (self, input);
  gather_trusted (self);
  gather_vouchers (self);
  return self;
}

TocsinTrustSnapshot *
tocsin_trust_snapshot_ref (TocsinTrustSnapshot *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
tocsin_trust_snapshot_unref (TocsinTrustSnapshot *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (int area = TOCSIN_AREA_ANY + 1; area < TOCSIN_N_AREAS; area++)
    if (self->areas[area] != self->areas[TOCSIN_AREA_ANY])
      area_free (self->areas[area]);
  area_free (self->areas[TOCSIN_AREA_ANY]);
  g_array_unref (self->trusted);
  g_array_unref (self->vouchers);
  g_hash_table_unref (self->by_actor);
  g_hash_table_unref (self->full_trust);
  g_hash_table_unref (self->distrusted);
  g_free (self);
}

/**
 * tocsin_trust_snapshot_warm:
 *
 * Prepares a part of what checks will need, a few milliseconds of work or, with a million
 * statements, a tenth of a second. For the compute thread; others may use @self meanwhile.
 *
 * Returns: %TRUE if there is more to do
 */
gboolean
tocsin_trust_snapshot_warm (TocsinTrustSnapshot *self)
{
  for (int area = 0; area < TOCSIN_N_AREAS; area++)
    if ((area == TOCSIN_AREA_ANY || self->areas[area] != self->areas[TOCSIN_AREA_ANY]) &&
        tocsin_walks_warm (self->areas[area]->walks))
      return TRUE;
  return FALSE;
}

static gboolean
is_same_set (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer key;

  if (g_hash_table_size (a) != g_hash_table_size (b))
    return FALSE;
  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!g_hash_table_contains (b, key))
      return FALSE;
  return TRUE;
}

/**
 * tocsin_trust_snapshot_is_same:
 * @other: one with the same seed
 *
 * All else of a snapshot is worked out of what is compared here: the graphs, whom the operator
 * trusts fully, and whom not at all.
 *
 * Returns: whether all that is asked of @self and @other has the same answer, but for the version
 */
gboolean
tocsin_trust_snapshot_is_same (const TocsinTrustSnapshot *self, const TocsinTrustSnapshot *other)
{
  for (int area = 0; area < TOCSIN_N_AREAS; area++)
    {
      gboolean own = self->areas[area] != self->areas[TOCSIN_AREA_ANY];

      if (own != (other->areas[area] != other->areas[TOCSIN_AREA_ANY]) ||
          ((own || area == TOCSIN_AREA_ANY) &&
           !tocsin_graph_is_same (self->areas[area]->graph, other->areas[area]->graph)))
        return FALSE;
    }
  return is_same_set (self->full_trust, other->full_trust) &&
         is_same_set (self->distrusted, other->distrusted);
}

guint64
tocsin_trust_snapshot_version (const TocsinTrustSnapshot *self)
{
  return self->version;
}

/**
 * tocsin_trust_snapshot_walks:
 *
 * Returns: (transfer none): the evaluator of @area, valid as long as @self
 */
TocsinWalks *
tocsin_trust_snapshot_walks (const TocsinTrustSnapshot *self, TocsinArea area)
{
  return self->areas[area]->walks;
}

/**
 * tocsin_trust_snapshot_graph:
 *
 * Returns: (transfer none): the graph of @area; its first n_direct nodes are the branches of
 *   tocsin_walks_evaluate(). Valid as long as @self
 */
const TocsinGraph *
tocsin_trust_snapshot_graph (const TocsinTrustSnapshot *self, TocsinArea area)
{
  return self->areas[area]->graph;
}

/**
 * tocsin_trust_snapshot_counts:
 *
 * Returns: %TRUE if a report of @actor counts in @area: it is in the trusted set there
 */
gboolean
tocsin_trust_snapshot_counts (const TocsinTrustSnapshot *self, TocsinArea area, guint32 actor)
{
  return tocsin_walks_believes (self->areas[area]->walks, actor);
}

static const TocsinTrustedActor *
find_trusted (const TocsinTrustSnapshot *self, guint32 actor)
{
  guint place = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_actor, GUINT_TO_POINTER (actor)));

  return place > 0 ? &g_array_index (self->trusted, TocsinTrustedActor, place - 1) : NULL;
}

/**
 * tocsin_trust_snapshot_is_believed:
 *
 * Returns: %TRUE if @actor is in the trusted set of some area: its reports are stored and relayed
 */
gboolean
tocsin_trust_snapshot_is_believed (const TocsinTrustSnapshot *self, guint32 actor)
{
  return find_trusted (self, actor) != NULL;
}

gboolean
tocsin_trust_snapshot_is_direct (const TocsinTrustSnapshot *self, guint32 actor)
{
  const TocsinTrustedActor *trusted = find_trusted (self, actor);

  return trusted != NULL && trusted->direct;
}

/**
 * tocsin_trust_snapshot_is_full_trust:
 *
 * Returns: %TRUE if the operator trusts @actor fully and its weight in @area is above 0: whom the
 *   operator distrusts in an area decides nothing there
 */
gboolean
tocsin_trust_snapshot_is_full_trust (const TocsinTrustSnapshot *self,
                                     TocsinArea area,
                                     guint32 actor)
{
  return g_hash_table_contains (self->full_trust, GUINT_TO_POINTER (actor)) &&
         tocsin_trust_snapshot_direct_weight (self, area, actor) > 0;
}

/**
 * tocsin_trust_snapshot_is_distrusted:
 *
 * Returns: %TRUE if the operator's weight for @actor in area any is 0
 */
gboolean
tocsin_trust_snapshot_is_distrusted (const TocsinTrustSnapshot *self, guint32 actor)
{
  return g_hash_table_contains (self->distrusted, GUINT_TO_POINTER (actor));
}

/**
 * tocsin_trust_snapshot_branch_of:
 *
 * Returns: the direct peer that is charged for @actor, or %TOCSIN_WALKS_NOBODY if @actor is not
 *   believed
 */
guint32
tocsin_trust_snapshot_branch_of (const TocsinTrustSnapshot *self, guint32 actor)
{
  const TocsinTrustedActor *trusted = find_trusted (self, actor);

  return trusted != NULL ? trusted->branch : TOCSIN_WALKS_NOBODY;
}

/**
 * tocsin_trust_snapshot_voucher:
 * @nth: 0 for the loudest
 *
 * Returns: the direct peer that has @actor among its loudest in some area, as the @nth of those, or
 *   %TOCSIN_WALKS_NOBODY if there are no more
 */
guint32
tocsin_trust_snapshot_voucher (const TocsinTrustSnapshot *self, guint32 actor, guint nth)
{
  guint low = 0, high = self->vouchers->len;
  const Voucher *voucher;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (self->vouchers, Voucher, middle).actor < actor)
        low = middle + 1;
      else
        high = middle;
    }
  if (nth >= self->vouchers->len - low)
    return TOCSIN_WALKS_NOBODY;
  voucher = &g_array_index (self->vouchers, Voucher, low + nth);
  return voucher->actor == actor ? voucher->branch : TOCSIN_WALKS_NOBODY;
}

double
tocsin_trust_snapshot_direct_weight (const TocsinTrustSnapshot *self,
                                     TocsinArea area,
                                     guint32 actor)
{
  return tocsin_graph_direct_weight (self->areas[area]->graph, actor);
}

double
tocsin_trust_snapshot_y (const TocsinTrustSnapshot *self, TocsinArea area, guint32 actor)
{
  guint32 node = tocsin_graph_node (self->areas[area]->graph, actor);

  return node != TOCSIN_GRAPH_NO_NODE ? self->areas[area]->appleseed.y[node] : 0;
}

double
tocsin_trust_snapshot_rank (const TocsinTrustSnapshot *self, TocsinArea area, guint32 actor)
{
  guint32 node = tocsin_graph_node (self->areas[area]->graph, actor);

  return node != TOCSIN_GRAPH_NO_NODE ? tocsin_appleseed_rank (&self->areas[area]->appleseed, node)
                                      : 0;
}

/**
 * tocsin_trust_snapshot_hops:
 *
 * Returns: the fewest steps from the operator to @actor in any area, 1 for a direct peer; 0 if it
 *   is out of reach
 */
guint32
tocsin_trust_snapshot_hops (const TocsinTrustSnapshot *self, guint32 actor)
{
  guint32 least = G_MAXUINT32;

  for (int area = 0; area < TOCSIN_N_AREAS; area++)
    {
      guint32 node = tocsin_graph_node (self->areas[area]->graph, actor);

      if (node != TOCSIN_GRAPH_NO_NODE)
        least = MIN (least, self->areas[area]->graph->hops[node]);
    }
  return least == G_MAXUINT32 ? 0 : least;
}

/**
 * tocsin_trust_snapshot_trusted:
 * @n: (out): how many
 *
 * Returns: (transfer none) (array length=n): the trusted set, the highest y first
 */
const TocsinTrustedActor *
tocsin_trust_snapshot_trusted (const TocsinTrustSnapshot *self, gsize *n)
{
  *n = self->trusted->len;
  return (const TocsinTrustedActor *) (gconstpointer) self->trusted->data;
}

/**
 * tocsin_trust_snapshot_paths:
 * @max_paths: how many at most, 1 to 16
 *
 * Returns: (transfer full) (element-type TocsinTrustPath): the strongest paths to @actor, the
 *   strongest first
 */
GPtrArray *
tocsin_trust_snapshot_paths (const TocsinTrustSnapshot *self,
                             TocsinArea area,
                             guint32 actor,
                             guint max_paths)
{
  return tocsin_graph_paths (self->areas[area]->graph, actor, max_paths);
}
