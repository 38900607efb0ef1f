/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <glib.h>
#include <math.h>

#include "tools/trust-case.h"
#include "trust/appleseed.h"

#define TOLERANCE 1e-9

static const char *const vectors[] = {
  "chain5",          "cycle4",           "dead_end",       "diamond",         "explicit_back",
  "isolated_source", "parallel_dup",     "self_loop_node", "star_oscillates", "sybil_leaf",
  "two_components",  "self_loop_source", "zero_weight",
};

/* @expected may leave actors out that received nothing. */
static void
compare (const TrustCase *trust,
         const TocsinGraph *graph,
         const TocsinAppleseed *appleseed,
         JsonObject *expected,
         gboolean ranks)
{
  guint found = 0;

  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      const char *id = trust->ids->pdata[graph->actor_of[x]];
      double value = ranks ? tocsin_appleseed_rank (appleseed, x) : appleseed->y[x];
      double wanted = 0;

      if (json_object_has_member (expected, id))
        {
          wanted = json_object_get_double_member (expected, id);
          found++;
        }
      g_assert_cmpfloat_with_epsilon (value, wanted, TOLERANCE);
    }
  g_assert_cmpuint (found, ==, json_object_get_size (expected));
}

static void
check_case (const TrustCase *trust, const TocsinGraph *graph, JsonObject *expected)
{
  JsonObject *params = json_object_get_object_member (expected, "params");
  gboolean floats = json_object_has_member (expected, "ranks_float");
  JsonObject *ranks = json_object_get_object_member (expected, floats ? "ranks_float" : "ranks");
  g_auto (TocsinAppleseed) appleseed = { NULL };

  if (json_object_get_int_member (params, "q") != 1 ||
      json_object_get_boolean_member (params, "source_keeps"))
    return;
  if (g_str_equal (json_object_get_string_member (expected, "method"), "paper sweeps"))
    {
      tocsin_appleseed_sweep (&appleseed, graph, TOCSIN_APPLESEED_ENERGY,
                              json_object_get_double_member (params, "tc"));
      g_assert_cmpuint (appleseed.sweeps, ==, json_object_get_int_member (expected, "sweeps"));
      compare (trust, graph, &appleseed, ranks, FALSE);
      return;
    }
  tocsin_appleseed_solve (&appleseed, graph, 1e-14);
  compare (trust, graph, &appleseed, ranks, TRUE);
  if (json_object_has_member (expected, "Y"))
    compare (trust, graph, &appleseed, json_object_get_object_member (expected, "Y"), FALSE);
}

static void
test_vector (gconstpointer data)
{
  g_autofree char *name = g_strdup_printf ("appleseed-%s.json", (const char *) data);
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "golden", "trust", name, NULL);
  g_autoptr (GError) error = NULL;
  gboolean several = FALSE;
  g_autoptr (GPtrArray) cases = trust_cases_load (path, &several, &error);
  g_autoptr (TocsinGraph) graph = NULL;
  TrustCase *trust;
  JsonArray *expected;

  g_assert_no_error (error);
  trust = cases->pdata[0];
  graph = trust_case_graph (trust);
  expected = json_object_get_array_member (trust->object, "cases");
  g_assert_cmpuint (json_array_get_length (expected), >, 2);
  for (guint i = 0; i < json_array_get_length (expected); i++)
    check_case (trust, graph, json_array_get_object_element (expected, i));
}

/* A ring with chords, where sweeps converge slowly. */
static TocsinGraph *
make_ring (guint32 n)
{
  g_autofree TocsinGraphStatement *statements = g_new0 (TocsinGraphStatement, 2 * n);
  TocsinTrustPeer peer = { .actor = 1, .weight = 1 };
  TocsinTrustInput input = { statements, (gsize) 2 * n, &peer, 1 };

  for (guint32 i = 0; i < n; i++)
    {
      statements[2 * i] = (TocsinGraphStatement){ 1 + i, 1 + (i + 1) % n, 1000000000, 0 };
      statements[2 * i + 1] = (TocsinGraphStatement){ 1 + i, 1 + (i * 7 + 3) % n, 500000000, 0 };
    }
  return tocsin_graph_new (&input, TOCSIN_AREA_ANY, TOCSIN_GRAPH_DEFAULT);
}

/* What the residual promises holds: ‖Y − Y*‖₁ ≤ R / (1 − d). */
static void
test_error_bound (void)
{
  g_autoptr (TocsinGraph) graph = make_ring (500);
  g_auto (TocsinAppleseed) truth = { NULL };
  double residual = 0.1;

  tocsin_appleseed_solve (&truth, graph, 1e-15);
  for (int i = 0; i < 12; i++)
    {
      g_auto (TocsinAppleseed) some = { NULL };
      double distance = 0;

      tocsin_appleseed_solve (&some, graph, residual);
      for (guint32 x = 0; x < graph->n_nodes; x++)
        distance += fabs (truth.y[x] - some.y[x]);
      g_assert_cmpfloat (some.residual, <=, residual);
      g_assert_cmpfloat (distance, <=, some.residual / (1 - TOCSIN_TRUST_DAMPING) + 1e-13);
      g_assert_cmpfloat (distance, >=, some.residual * 0.99);
      residual /= 10;
    }
}

/* The same input gives the same bits. */
static void
test_deterministic (void)
{
  g_autoptr (TocsinGraph) one = make_ring (300);
  g_autoptr (TocsinGraph) two = make_ring (300);
  g_auto (TocsinAppleseed) a = { NULL };
  g_auto (TocsinAppleseed) b = { NULL };

  tocsin_appleseed_solve (&a, one, TOCSIN_APPLESEED_RESIDUAL);
  tocsin_appleseed_solve (&b, two, TOCSIN_APPLESEED_RESIDUAL);
  g_assert_cmpmem (a.y, sizeof (double) * one->n_nodes, b.y, sizeof (double) * two->n_nodes);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path = g_strdup_printf ("/appleseed/vector/%s", vectors[i]);

      g_test_add_data_func (path, vectors[i], test_vector);
    }
  g_test_add_func ("/appleseed/error-bound", test_error_bound);
  g_test_add_func ("/appleseed/deterministic", test_deterministic);
  return g_test_run ();
}
