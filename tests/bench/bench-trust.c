/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */

/* The figures of src/trust, on one core. Ratios are taken in one run, alternating. */

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/scale-free.h"
#include "trust/appleseed.h"
#include "trust/snapshot.h"
#include "trust/walk-index.h"

#define N_DIRECT 26
#define RESIDUAL 1e-6
#define ROUNDS   9

static gint64
now_us (void)
{
  return g_get_monotonic_time ();
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
median (double *values, gsize n)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return values[n / 2];
}

static void
choose_peers (ScaleFree *world, TocsinTrustPeer peers[N_DIRECT])
{
  for (guint i = 0; i < N_DIRECT; i++)
    peers[i] =
        (TocsinTrustPeer){ .actor = 1 + scale_free_below (world, world->n_actors), .weight = 0.5 };
}

static TocsinTrustInput
input_of (const ScaleFree *world, const TocsinTrustPeer *peers)
{
  return (TocsinTrustInput){ (const TocsinGraphStatement *) (gpointer) world->statements->data,
                             world->statements->len, peers, N_DIRECT };
}

/* What no solver can be faster than: reading every edge once. */
static guint64
stream (const TocsinGraph *graph)
{
  guint64 sum = 0;

  for (guint32 e = 0; e < graph->first[graph->n_nodes]; e++)
    sum += graph->edges[e].weight_ppb ^ graph->edges[e].to;
  return sum;
}

static void
bench_solve (const TocsinTrustInput *input)
{
  double pass_us[ROUNDS];
  double build_us[ROUNDS];
  double solve_us[ROUNDS];
  guint64 sum = 0;
  guint sweeps = 0;
  double pass;

  for (int round = 0; round < ROUNDS; round++)
    {
      gint64 start = now_us ();
      g_autoptr (TocsinGraph) graph = tocsin_graph_new (input, TOCSIN_AREA_ANY, 0);
      g_auto (TocsinAppleseed) appleseed = { NULL };

      build_us[round] = (double) (now_us () - start);
      start = now_us ();
      for (int i = 0; i < 10; i++)
        sum += stream (graph);
      pass_us[round] = (double) (now_us () - start) / 10;
      start = now_us ();
      tocsin_appleseed_solve (&appleseed, graph, RESIDUAL);
      solve_us[round] = (double) (now_us () - start);
      sweeps = appleseed.sweeps;
    }
  pass = median (pass_us, ROUNDS);
  printf ("exact trust, 30,000 actors, %" G_GSIZE_FORMAT " edges, residual 1e-6 (%u sweeps, %x)\n",
          input->n_statements, sweeps, (guint) (sum & 0xf));
  printf ("  solve %.1f ms = %.1f x one streaming pass over the edges (goal 70)\n",
          median (solve_us, ROUNDS) / 1000, median (solve_us, ROUNDS) / pass);
  printf ("  with the compression of the graph %.1f ms = %.1f x\n",
          (median (solve_us, ROUNDS) + median (build_us, ROUNDS)) / 1000,
          (median (solve_us, ROUNDS) + median (build_us, ROUNDS)) / pass);
}

static void
bench_index (const TocsinTrustInput *input)
{
  g_autoptr (TocsinGraph) graph = tocsin_graph_new (input, TOCSIN_AREA_ANY, 0);
  double us[ROUNDS];

  for (int round = 0; round < ROUNDS; round++)
    {
      gint64 start = now_us ();
      g_autoptr (TocsinWalkIndex) index = tocsin_walk_index_new (graph, 0, (guint64) round);

      us[round] = (double) (now_us () - start);
    }
  printf ("walk index, %u edges, %u branches: %.1f ms (goal 150)\n", graph->first[graph->n_nodes],
          graph->n_direct, median (us, ROUNDS) / 1000);
}

static void
bench_score (TocsinTrustSnapshot *snapshot, ScaleFree *world, guint k, double goal_us)
{
  enum
  {
    SUBJECTS = 50,
    REPEATS = 40
  };
  TocsinWalks *walks = tocsin_trust_snapshot_walks (snapshot, TOCSIN_AREA_ANY);
  g_autofree TocsinVoice *voices = g_new (TocsinVoice, SUBJECTS * (gsize) k);
  g_autofree double *us = g_new (double, SUBJECTS *REPEATS);
  gsize n_trusted = 0;
  const TocsinTrustedActor *trusted = tocsin_trust_snapshot_trusted (snapshot, &n_trusted);
  double sum = 0;

  for (guint i = 0; i < SUBJECTS * k; i++)
    voices[i] = (TocsinVoice){ trusted[scale_free_below (world, (guint32) n_trusted)].actor,
                               0.2 + 0.8 * scale_free_unit (world), scale_free_unit (world) < 0.8 };
  for (guint repeat = 0; repeat < REPEATS; repeat++)
    for (guint s = 0; s < SUBJECTS; s++)
      {
        gint64 start = now_us ();

        for (int i = 0; i < 8; i++)
          sum += tocsin_walks_evaluate (walks, voices + (gsize) s * k, k, TOCSIN_WALKS_EXACT, NULL)
                     .s_loo;
        us[repeat * SUBJECTS + s] = (double) (now_us () - start) / 8;
      }
  /* The first round filled the cache of columns. */
  printf ("score with %u reporters, columns cached: %.2f us (goal %.0f; sum %.3g)\n", k,
          median (us + SUBJECTS, (gsize) SUBJECTS * (REPEATS - 1)), goal_us, sum);
}

/* In a process of its own, so that its memory can be told from ours. */
static void
bench_million (void)
{
  struct rusage usage = { 0 };
  int status = 0;
  pid_t child;

  fflush (stdout);
  child = fork ();
  if (child == 0)
    {
      g_auto (ScaleFree) world = { 0 };
      g_auto (TocsinAppleseed) appleseed = { NULL };
      g_autoptr (TocsinGraph) graph = NULL;
      TocsinTrustPeer peers[N_DIRECT];
      TocsinTrustInput input;
      gint64 start;

      scale_free_init (&world, 1000000, 10, 3);
      choose_peers (&world, peers);
      input = input_of (&world, peers);
      start = now_us ();
      graph = tocsin_graph_new (&input, TOCSIN_AREA_ANY, 0);
      tocsin_appleseed_solve (&appleseed, graph, RESIDUAL);
      printf ("exact trust, %u of 1,000,000 actors, %u edges: %.2f s (goal 3)\n", graph->n_nodes,
              graph->first[graph->n_nodes], (double) (now_us () - start) / 1e6);
      fflush (stdout);
      _exit (0);
    }
  if (child < 0 || wait4 (child, &status, 0, &usage) < 0 || status != 0)
    g_error ("The run with a million actors failed");
  printf ("  %.0f MiB at most, the statements included (goal 300)\n",
          (double) usage.ru_maxrss / 1024);
}

int
main (void)
{
  g_auto (ScaleFree) world = { 0 };
  g_autoptr (TocsinTrustSnapshot) snapshot = NULL;
  TocsinTrustPeer peers[N_DIRECT];
  TocsinTrustInput input;
  gint64 start;

  bench_million ();
  scale_free_init (&world, 30000, 34, 1);
  choose_peers (&world, peers);
  input = input_of (&world, peers);
  bench_solve (&input);
  bench_index (&input);
  start = now_us ();
  snapshot = tocsin_trust_snapshot_new (&input, 1, 1);
  printf ("snapshot of the same graph: %.0f ms\n", (double) (now_us () - start) / 1000);
  bench_score (snapshot, &world, 10, 5);
  bench_score (snapshot, &world, 30, 20);
  bench_score (snapshot, &world, 100, 400);
  return 0;
}
