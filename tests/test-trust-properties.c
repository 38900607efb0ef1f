/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */

/* P1 to P4 of model.md 2 on random graphs with attackers that add actors, edges, reports and
 * lies. A gateway is an attacker that an honest actor trusts. A benign report of strength 1 is a
 * dead wall: it ends every walk and counts 0.
 *
 * TOCSIN_PROPERTY_SEED=N runs the one graph of that seed. Seeds that failed once are in
 * golden/trust/failed-seeds.txt and run every time. */

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "trust/walks.h"

#define N_GRAPHS  1000
#define TOLERANCE 1e-9
#define MAX_NODES 48

typedef struct
{
  guint32 seed;
  GRand *rand;
  guint32 n_direct;            /* actors 1 to n_direct */
  guint32 n_honest;            /* of the actors, the direct peers among them */
  guint32 n_actors;            /* attackers are n_honest + 1 to n_actors */
  gboolean gateway[MAX_NODES]; /* by actor */
  GArray *statements;
  TocsinTrustPeer peers[MAX_NODES];
  TocsinVoice voices[MAX_NODES]; /* by actor; strength 0: silent */
  TocsinGraph *graph;
  TocsinWalks *walks;
} World;

typedef struct
{
  TocsinBelief belief;
  double branches[MAX_NODES];
} Outcome;

static void
world_clear (World *self)
{
  g_rand_free (self->rand);
  g_array_unref (self->statements);
  tocsin_walks_free (self->walks);
  tocsin_graph_free (self->graph);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static guint32
between (World *self, guint32 low, guint32 high)
{
  return (guint32) g_rand_int_range (self->rand, (gint32) low, (gint32) high + 1);
}

static gboolean
chance (World *self, double p)
{
  return g_rand_double (self->rand) < p;
}

static double
some_weight (World *self)
{
  static const double weights[] = { 0.01, 0.1, 0.25, 0.5, 0.8, 1.0 };

  return chance (self, 0.3) ? g_rand_double (self->rand) : weights[between (self, 0, 5)];
}

static void
add_statement (World *self, guint32 from, guint32 to)
{
  TocsinGraphStatement statement = {
    .from = from, .to = to, .weight_ppb = tocsin_trust_weight_ppb (some_weight (self)) & 0x3fffffff
  };

  g_array_append_val (self->statements, statement);
}

static void
add_edges (World *self)
{
  double honest = 0.1 + 0.4 * g_rand_double (self->rand);
  double tricked = 0.15 * g_rand_double (self->rand);
  double lies = 0.2 + 0.6 * g_rand_double (self->rand);

  for (guint32 x = 1; x <= self->n_actors; x++)
    for (guint32 u = 1; u <= self->n_actors; u++)
      {
        gboolean from_honest = x <= self->n_honest;
        gboolean to_honest = u <= self->n_honest;

        if (!chance (self, !from_honest ? lies : to_honest ? honest : tricked))
          continue;
        add_statement (self, x, u);
        if (from_honest && !to_honest)
          self->gateway[u] = TRUE;
      }
}

static void
add_reports (World *self)
{
  double density = g_rand_double (self->rand);

  for (guint32 x = 1; x <= self->n_actors; x++)
    {
      self->voices[x] = (TocsinVoice){ .actor = x, .malicious = chance (self, 0.7) };
      if (chance (self, x > self->n_honest ? 0.8 : density))
        self->voices[x].strength = chance (self, 0.3) ? 1 : g_rand_double (self->rand);
    }
}

static void
world_init (World *self, guint32 seed)
{
  TocsinTrustInput input;

  *self = (World){ .seed = seed, .rand = g_rand_new_with_seed (seed) };
  self->statements = g_array_new (FALSE, FALSE, sizeof (TocsinGraphStatement));
  self->n_direct = between (self, 1, 10);
  self->n_honest = self->n_direct + between (self, 0, 12);
  self->n_actors = self->n_honest + between (self, 0, 14);
  for (guint32 i = 0; i < self->n_direct; i++)
    self->peers[i] = (TocsinTrustPeer){ .actor = i + 1, .weight = some_weight (self) };
  if (chance (self, 0.3))
    for (guint32 i = 0; i < self->n_direct; i++)
      self->peers[i].weight = 0.5;
  add_edges (self);
  add_reports (self);

  input = (TocsinTrustInput){ (const TocsinGraphStatement *) (gpointer) self->statements->data,
                              self->statements->len, self->peers, self->n_direct };
  self->graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
  self->walks = tocsin_walks_new (self->graph, self->graph->actor_of, self->graph->n_nodes, seed);
}

static Outcome
evaluate (const World *self, const TocsinVoice *voices)
{
  Outcome outcome = { .branches = { 0 } };

  outcome.belief = tocsin_walks_evaluate (self->walks, voices + 1, self->n_actors,
                                          TOCSIN_WALKS_EXACT, outcome.branches);
  return outcome;
}

static void
fail (const World *self, const char *what, double a, double b)
{
  const char *dir = g_getenv ("G_TEST_BUILDDIR");
  g_autofree char *path =
      g_build_filename (dir != NULL ? dir : ".", "trust-failed-seeds.txt", NULL);
  g_autofree char *before = NULL;
  g_autofree char *text = NULL;

  g_file_get_contents (path, &before, NULL, NULL);
  text = g_strdup_printf ("%s%u\n", before != NULL ? before : "", self->seed);
  g_file_set_contents (path, text, -1, NULL);
  g_error ("Seed %u breaks %s: %.12g, %.12g. It is kept in %s; add it to "
           "golden/trust/failed-seeds.txt",
           self->seed, what, a, b, path);
}

static void
expect_at_most (const World *self, const char *what, double value, double bound)
{
  if (!(value <= bound + TOLERANCE))
    fail (self, what, value, bound);
}

/* The recursion of model.md 2 as it is written, iterated, with @dead a dead wall. Shares nothing
 * with the evaluator but the graph. */
static double
reference_suspicion (const World *self, guint32 dead, double *branches)
{
  const TocsinGraph *graph = self->graph;
  double h[MAX_NODES] = { 0 };
  double next[MAX_NODES] = { 0 };
  double product = 1;

  for (int i = 0; i < 300; i++)
    {
      for (guint32 x = 0; x < graph->n_nodes; x++)
        {
          const TocsinVoice *voice = &self->voices[graph->actor_of[x]];
          double sum = 0;

          for (guint32 e = graph->first[x]; e < graph->first[x + 1]; e++)
            if (graph->edges[e].to >= graph->n_direct)
              sum += graph->pass[x] * graph->edges[e].weight_ppb * h[graph->edges[e].to];
          next[x] = (voice->malicious ? voice->strength : 0) + (1 - voice->strength) * sum;
          if (x == dead)
            next[x] = 0;
        }
      memcpy (h, next, sizeof h);
    }
  for (guint32 i = 0; i < graph->n_direct; i++)
    {
      product *= 1 - graph->direct_weight[i] * h[i];
      if (branches != NULL)
        branches[i] = h[i];
    }
  return 1 - product;
}

static void
check_evaluator (const World *self, const Outcome *truth, gboolean wholly)
{
  double branches[MAX_NODES];
  double least = 1;
  double s_or = reference_suspicion (self, TOCSIN_GRAPH_NO_NODE, branches);

  for (guint32 i = 0; i < self->graph->n_direct; i++)
    expect_at_most (self, "the definition of B", fabs (branches[i] - truth->branches[i]), 0);
  expect_at_most (self, "the definition of S_or", fabs (s_or - truth->belief.s_or), 0);
  for (guint32 x = 0; x < self->graph->n_nodes; x++)
    {
      double without = tocsin_walks_without (self->walks, self->voices + 1, self->n_actors,
                                             self->graph->actor_of[x]);

      least = MIN (least, without);
      if (wholly)
        expect_at_most (self, "the definition of S_or without v",
                        fabs (without - reference_suspicion (self, x, NULL)), 0);
    }
  expect_at_most (self, "the definition of S_loo", fabs (MIN (least, s_or) - truth->belief.s_loo),
                  0);
}

/* Every attacker silent, the gateways reporting as they are told. */
static Outcome
with_gateways (const World *self, gboolean malicious)
{
  TocsinVoice voices[MAX_NODES];

  memcpy (voices, self->voices, sizeof voices);
  for (guint32 x = self->n_honest + 1; x <= self->n_actors; x++)
    {
      voices[x].strength = self->gateway[x] ? 1 : 0;
      voices[x].malicious = malicious;
    }
  return evaluate (self, voices);
}

static void
expect_all_at_most (const World *self, const char *what, const Outcome *a, const Outcome *b)
{
  for (guint32 i = 0; i < self->graph->n_direct; i++)
    expect_at_most (self, what, a->branches[i], b->branches[i]);
  expect_at_most (self, what, a->belief.s_or, b->belief.s_or);
  expect_at_most (self, what, a->belief.s_loo, b->belief.s_loo);
  expect_at_most (self, what, a->belief.s_trim, b->belief.s_trim);
}

static void
check_one_voice (const World *self, const Outcome *truth)
{
  double total = 0;

  for (guint32 i = 0; i < self->graph->n_direct; i++)
    total += self->graph->direct_weight[i];
  for (guint32 a = 1; a <= self->n_actors; a++)
    {
      TocsinVoice voices[MAX_NODES];
      double others = 0;
      Outcome dead;

      memcpy (voices, self->voices, sizeof voices);
      voices[a] = (TocsinVoice){ .actor = a, .strength = 1, .malicious = FALSE };
      dead = evaluate (self, voices);
      expect_at_most (self, "P2, S_loo", truth->belief.s_loo, dead.belief.s_or);
      if (a > self->n_direct)
        continue;
      for (guint32 i = 0; i < self->graph->n_direct; i++)
        if (self->graph->actor_of[i] != a)
          others += self->graph->direct_weight[i] * truth->branches[i];
      expect_at_most (self, "P2, S_trim", truth->belief.s_trim, others / total);
    }
}

/* Direct peers up to a quarter of all direct trust turn, and say whatever they like. */
static void
check_turned_peers (World *self)
{
  TocsinVoice bound[MAX_NODES];
  TocsinVoice lies[MAX_NODES];
  double total = 0;
  double turned = 0;
  double sum = 0;
  Outcome attacked;
  Outcome gateways;

  memcpy (bound, self->voices, sizeof bound);
  memcpy (lies, self->voices, sizeof lies);
  for (guint32 x = self->n_honest + 1; x <= self->n_actors; x++)
    bound[x] = (TocsinVoice){ .actor = x, .strength = self->gateway[x], .malicious = TRUE };
  for (guint32 i = 0; i < self->graph->n_direct; i++)
    total += self->graph->direct_weight[i];
  for (guint32 i = 0; i < self->graph->n_direct; i++)
    {
      double weight = self->graph->direct_weight[i];
      guint32 actor = self->graph->actor_of[i];

      if (turned + weight > total / 4)
        continue;
      turned += weight;
      lies[actor].malicious = TRUE;
      lies[actor].strength = chance (self, 0.7) ? 1 : g_rand_double (self->rand);
      bound[actor] = (TocsinVoice){ .actor = actor, .strength = 1, .malicious = FALSE };
    }
  attacked = evaluate (self, lies);
  gateways = evaluate (self, bound);
  for (guint32 i = 0; i < self->graph->n_direct; i++)
    sum += self->graph->direct_weight[i] * gateways.branches[i];
  expect_at_most (self, "P3", attacked.belief.s_trim, sum / total);
}

/* The sampled walks agree with the exact ones to five standard errors, and to what Bernstein's
 * inequality adds to them where hits are rare: one walk of 4,096 that ends at a voice is far above
 * a branch of 1e-5. */
static void
check_index (const World *self, const Outcome *truth)
{
  enum
  {
    WALKS = 4096
  };
  g_autoptr (TocsinWalks) walks =
      tocsin_walks_new (self->graph, self->graph->actor_of, self->graph->n_nodes, self->seed);
  double branches[MAX_NODES] = { 0 };
  double slack = 0;
  TocsinBelief belief;

  tocsin_walks_set_walks (walks, WALKS);
  belief =
      tocsin_walks_evaluate (walks, self->voices + 1, self->n_actors, TOCSIN_WALKS_INDEX, branches);
  for (guint32 i = 0; i < self->graph->n_direct; i++)
    {
      double b = truth->branches[i];
      double error = 5 * sqrt (b * (1 - b) / WALKS) + 25.0 / 6 / WALKS;

      expect_at_most (self, "the index", fabs (branches[i] - b), error);
      slack += self->graph->direct_weight[i] * error;
    }
  expect_at_most (self, "the index's S_or", fabs (belief.s_or - truth->belief.s_or), slack);
  expect_at_most (self, "the index's S_trim", fabs (belief.s_trim - truth->belief.s_trim), slack);
  expect_at_most (self, "the index's S_loo", fabs (belief.s_loo - truth->belief.s_loo),
                  slack + 0.02);
}

static void
check_seed (guint32 seed, gboolean wholly)
{
  g_auto (World) world = { 0 };
  Outcome truth;
  Outcome gateways;
  Outcome walls;

  world_init (&world, seed);
  truth = evaluate (&world, world.voices);
  gateways = with_gateways (&world, TRUE);
  walls = with_gateways (&world, FALSE);
  check_evaluator (&world, &truth, wholly);
  expect_all_at_most (&world, "P1", &truth, &gateways);
  expect_all_at_most (&world, "P4", &walls, &truth);
  check_one_voice (&world, &truth);
  check_turned_peers (&world);
  if (wholly)
    check_index (&world, &truth);
}

static void
test_random (void)
{
  const char *only = g_getenv ("TOCSIN_PROPERTY_SEED");

  if (only != NULL)
    {
      check_seed ((guint32) strtoul (only, NULL, 10), TRUE);
      return;
    }
  for (int i = 0; i < N_GRAPHS; i++)
    check_seed ((guint32) g_test_rand_int (), i % 10 == 0);
}

static void
test_kept (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "golden", "trust", "failed-seeds.txt", NULL);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (gsize i = 0; lines[i] != NULL; i++)
    if (g_ascii_isdigit (lines[i][0]))
      {
        check_seed ((guint32) strtoul (lines[i], NULL, 10), TRUE);
        n++;
      }
  g_assert_cmpuint (n, >, 0);
}

/* Below eight equal peers two that turned hold more than a quarter: what P3 does not cover. */
static void
test_two_of_seven (void)
{
  TocsinTrustPeer peers[8];
  static const TocsinVoice lies[] = { { 1, 1, TRUE }, { 2, 1, TRUE } };
  TocsinTrustInput input = { NULL, 0, peers, 0 };

  for (guint32 i = 0; i < G_N_ELEMENTS (peers); i++)
    peers[i] = (TocsinTrustPeer){ .actor = i + 1, .weight = 0.5 };
  for (gsize n = 7; n <= 8; n++)
    {
      g_autoptr (TocsinGraph) graph = NULL;
      g_autoptr (TocsinWalks) walks = NULL;
      TocsinBelief belief;

      input.n_peers = n;
      graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
      walks = tocsin_walks_new (graph, NULL, 0, 1);
      belief = tocsin_walks_evaluate (walks, lies, 2, TOCSIN_WALKS_EXACT, NULL);
      g_assert_cmpfloat (belief.s_loo, ==, 0.5);
      if (n == 7)
        g_assert_cmpfloat (belief.s_trim, >=, 0.02);
      else
        g_assert_cmpfloat (belief.s_trim, ==, 0);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust-properties/random", test_random);
  g_test_add_func ("/trust-properties/kept", test_kept);
  g_test_add_func ("/trust-properties/two-of-seven", test_two_of_seven);
  return g_test_run ();
}
