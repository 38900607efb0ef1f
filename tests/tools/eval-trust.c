/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */

/* Computes trust in a graph from a file and prints it as JSON, for comparison with other
 * implementations. Not installed.
 *
 * eval-trust [--method exact|sweeps|index] [--walks N] [--seed N] [--residual R] [--tc TC]
 * FILE.json eval-trust [OPTION…] --csv GRAPH.csv --source ID */

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "codec/json-writer.h"
#include "core/error.h"
#include "tools/trust-case.h"
#include "trust/appleseed.h"

/* Far below the 1e-9 to which ranks out of 200 are compared. */
#define DEFAULT_RESIDUAL 1e-14
#define DEFAULT_TC       0.01

typedef enum
{
  METHOD_EXACT,
  METHOD_SWEEPS,
  METHOD_INDEX,
} Method;

typedef struct
{
  char *method_name;
  Method method;
  int walks;
  gint64 seed;
  double residual;
  double tc;
  char *csv;
  char *source;
} Options;

static void
options_clear (Options *self)
{
  g_free (self->method_name);
  g_free (self->csv);
  g_free (self->source);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

/* All digits: the point of this program is to be compared. */
static void
write_member (TocsinJsonWriter *out, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_dtostr (text, sizeof text, value);
  tocsin_json_writer_name (out, name);
  tocsin_json_writer_raw (out, text, strlen (text));
}

static const char *
id_of (const TrustCase *trust, const TocsinGraph *graph, guint32 node)
{
  return trust->ids->pdata[graph->actor_of[node]];
}

static void
write_trust (TocsinJsonWriter *out,
             const TrustCase *trust,
             const TocsinGraph *graph,
             const Options *options)
{
  g_auto (TocsinAppleseed) appleseed = { NULL };
  double sum = 0;

  if (options->method == METHOD_SWEEPS)
    tocsin_appleseed_sweep (&appleseed, graph, TOCSIN_APPLESEED_ENERGY, options->tc);
  else
    tocsin_appleseed_solve (&appleseed, graph, options->residual);

  if (options->method != METHOD_SWEEPS)
    {
      tocsin_json_writer_name (out, "Y");
      tocsin_json_writer_begin_object (out);
      for (guint32 x = 0; x < graph->n_nodes; x++)
        write_member (out, id_of (trust, graph, x), appleseed.y[x]);
      tocsin_json_writer_end_object (out);
    }
  tocsin_json_writer_name (out, "ranks");
  tocsin_json_writer_begin_object (out);
  for (guint32 x = 0; x < graph->n_nodes; x++)
    {
      double rank =
          options->method == METHOD_SWEEPS ? appleseed.y[x] : tocsin_appleseed_rank (&appleseed, x);

      write_member (out, id_of (trust, graph, x), rank);
      sum += rank;
    }
  tocsin_json_writer_end_object (out);
  write_member (out, "sum", sum);
  write_member (out, "residual", appleseed.residual);
  tocsin_json_writer_member_int (out, "sweeps", appleseed.sweeps);
}

static void
write_belief (TocsinJsonWriter *out,
              const TrustCase *trust,
              const TocsinGraph *graph,
              const Options *options)
{
  g_autoptr (TocsinWalks) walks =
      trust_case_walks (trust, graph, (guint64) options->seed, (guint32) options->walks);
  g_autofree double *branches = g_new0 (double, MAX (1, graph->n_direct));
  TocsinBelief belief = tocsin_walks_evaluate (
      walks, (const TocsinVoice *) (gpointer) trust->voices->data, trust->voices->len,
      options->method == METHOD_INDEX ? TOCSIN_WALKS_INDEX : TOCSIN_WALKS_EXACT, branches);

  tocsin_json_writer_name (out, "branches");
  tocsin_json_writer_begin_object (out);
  for (guint32 i = 0; i < graph->n_direct; i++)
    write_member (out, id_of (trust, graph, i), branches[i]);
  tocsin_json_writer_end_object (out);
  write_member (out, "s_or", belief.s_or);
  write_member (out, "s_loo", belief.s_loo);
  write_member (out, "s_trim", belief.s_trim);
  if (belief.loo_actor != TOCSIN_WALKS_NOBODY)
    tocsin_json_writer_member_string (out, "loo_actor", trust->ids->pdata[belief.loo_actor]);
}

static void
write_case (TocsinJsonWriter *out, const TrustCase *trust, const Options *options)
{
  g_autoptr (TocsinGraph) graph = trust_case_graph (trust);
  JsonNode *name = trust->object != NULL ? json_object_get_member (trust->object, "name") : NULL;

  tocsin_json_writer_begin_object (out);
  if (name != NULL && tocsin_json_string (name) != NULL)
    tocsin_json_writer_member_string (out, "name", tocsin_json_string (name));
  write_trust (out, trust, graph, options);
  if (trust->has_reports)
    write_belief (out, trust, graph, options);
  tocsin_json_writer_end_object (out);
}

static gboolean
check_options (Options *self, int argc, GError **error)
{
  static const char *const names[] = { "exact", "sweeps", "index", NULL };
  const char *complaint = NULL;

  for (int i = 0; names[i] != NULL; i++)
    if (self->method_name == NULL || g_str_equal (self->method_name, names[i]))
      {
        self->method = (Method) i;
        break;
      }
  if (self->method_name != NULL && !g_strv_contains (names, self->method_name))
    complaint = "--method has to be exact, sweeps or index";
  else if (self->walks < 0 || self->walks > 10000000)
    complaint = "--walks has to be from 0 to 10000000";
  else if (!(self->residual > 0) || !(self->tc >= 0))
    complaint = "--residual has to be above 0, --tc at least 0";
  else if ((self->csv != NULL) != (self->source != NULL))
    complaint = "--csv and --source go together";
  else if ((self->csv != NULL ? 1 : 2) != argc)
    complaint = "One FILE.json is needed, or --csv GRAPH.csv --source ID";
  if (complaint != NULL)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, complaint);
  return complaint == NULL;
}

static gboolean
parse (Options *self, int *argc, char ***argv, GError **error)
{
  const GOptionEntry entries[] = {
    { "method", 0, 0, G_OPTION_ARG_STRING, &self->method_name, "How to solve",
      "exact|sweeps|index" },
    { "walks", 0, 0, G_OPTION_ARG_INT, &self->walks, "Walks a branch, for index", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &self->seed, "Seed, for index", "N" },
    { "residual", 0, 0, G_OPTION_ARG_DOUBLE, &self->residual, "When exact stops", "R" },
    { "tc", 0, 0, G_OPTION_ARG_DOUBLE, &self->tc, "When sweeps stops", "TC" },
    { "csv", 0, 0, G_OPTION_ARG_FILENAME, &self->csv, "Read from,to,weight lines", "GRAPH.csv" },
    { "source", 0, 0, G_OPTION_ARG_STRING, &self->source, "The source in them", "ID" },
    G_OPTION_ENTRY_NULL
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("[FILE.json]");

  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error) && check_options (self, *argc, error);
}

static GPtrArray *
load (const Options *options, const char *path, gboolean *several, GError **error)
{
  g_autoptr (GPtrArray) cases = NULL;
  TrustCase *trust;

  if (options->csv == NULL)
    return trust_cases_load (path, several, error);
  trust = trust_case_load_csv (options->csv, options->source, error);
  if (trust == NULL)
    return NULL;
  cases = g_ptr_array_new_with_free_func ((GDestroyNotify) trust_case_free);
  g_ptr_array_add (cases, trust);
  return g_steal_pointer (&cases);
}

int
main (int argc, char *argv[])
{
  g_auto (Options) options = { .seed = 1, .residual = DEFAULT_RESIDUAL, .tc = DEFAULT_TC };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) cases = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  TocsinJsonWriter out = TOCSIN_JSON_WRITER_INIT (text);
  gboolean several = FALSE;

  setlocale (LC_ALL, "");
  if (parse (&options, &argc, &argv, &error))
    cases = load (&options, argv[1], &several, &error);
  if (cases == NULL)
    {
      g_printerr ("eval-trust: %s\n", error->message);
      return 2;
    }

  if (several)
    {
      tocsin_json_writer_begin_object (&out);
      tocsin_json_writer_name (&out, "cases");
      tocsin_json_writer_begin_array (&out);
    }
  for (guint i = 0; i < cases->len; i++)
    write_case (&out, cases->pdata[i], &options);
  if (several)
    {
      tocsin_json_writer_end_array (&out);
      tocsin_json_writer_end_object (&out);
    }
  g_string_append_c (text, '\n');
  fwrite (text->str, 1, text->len, stdout);
  return ferror (stdout) || fflush (stdout) != 0 ? 1 : 0;
}
