/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A list of the whole store beside the least that any list costs: a cursor that goes through
 * `subjects` and looks at every row. Both in process, alternating.
 *
 * Usage: bench-export DIR [FORMAT…]
 *
 * DIR is a data directory that make-store filled. Prints rows a core-second of the walk and of each
 * format, their ratio, and the memory that it took. Fails if a list that is not
 * the first of its hour does less than TARGET of the walk.
 */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/exports.h"
#include "node/recompute.h"
#include "store/table-subjects.h"

#define BASE_URL "https://bench.example"
#define ROUNDS   5
#define TARGET   0.5

static double
cpu_seconds (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

static void
on_trust (TocsinTrustSnapshot *trust G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
}

typedef struct
{
  guint64 rows;
  guint64 bytes;
} Sum;

static gboolean
on_subject (const TocsinSubjectRecord *record, gpointer data)
{
  Sum *sum = data;

  sum->rows++;
  sum->bytes += record->value != NULL ? strlen (record->value) : 0;
  return TRUE;
}

/* Seconds for all rows. */
static double
walk (TocsinApi *api, Sum *sum)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_api_reader (api));
  double begin = cpu_seconds ();

  *sum = (Sum){ 0 };
  tocsin_subjects_foreach (txn, "", NULL, on_subject, sum);
  return cpu_seconds () - begin;
}

/* Processor time of one list, with the bits of its types. */
static double
make_list (TocsinExports *exports,
           const TocsinApi *api,
           const TocsinExportFormat *format,
           guint types,
           guint64 *count)
{
  TocsinExportQuery query = {
    .format = format, .profile = api->default_profile, .least = TOCSIN_VERDICT_ALLOW, .types = types
  };
  g_autoptr (TocsinMadeExport) made = NULL;
  g_autoptr (GError) error = NULL;
  double begin = cpu_seconds ();

  made = tocsin_exports_get (exports, &query, &error);
  if (made == NULL)
    g_error ("%s: %s", format->name, error->message);
  *count = made->count;
  return cpu_seconds () - begin;
}

/* Memory that is this process's own: the map of the store and the files of lists are not. */
static guint64
own_memory_bytes (void)
{
  g_autofree char *status = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, "RssAnon:");
  return line != NULL ? g_ascii_strtoull (line + strlen ("RssAnon:"), NULL, 10) * 1024 : 0;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static double
print_ratio (const char *what, guint64 count, double seconds, double walk_seconds_a_row)
{
  double ratio = walk_seconds_a_row / (seconds / (double) count);

  g_print ("  %-20s %6.2f M rows/s   ratio to the walk %.3f\n", what,
           (double) count / seconds / 1e6, ratio);
  return ratio;
}

/* Medians of alternating rounds. The first list of an hour judges every subject, unless the timer
 * of the node has done so before; one after it judges what changed since, which is nothing here. It
 * is asked for with a type less, of which there are no subjects: lists that are quite the same are
 * kept. */
static double
measure (TocsinApi *api, const char *name)
{
  const TocsinExportFormat *format = tocsin_export_format (name);
  const guint types = format != NULL ? format->types : 0;
  double walked[ROUNDS], first[ROUNDS], next[ROUNDS];
  guint64 count = 0, count_next = 0, memory = 0;
  double a_row;
  Sum sum;

  if (format == NULL)
    g_error ("There is no format %s", name);
  for (guint i = 0; i < ROUNDS; i++)
    {
      g_autoptr (TocsinExports) exports = tocsin_exports_new (api);

      walked[i] = walk (api, &sum);
      first[i] = make_list (exports, api, format,
                            types | TOCSIN_EXPORT_TYPE_BIT (TOCSIN_SUBJECT_NONE), &count);
      next[i] = make_list (exports, api, format, types, &count_next);
      g_assert_cmpuint (count_next, ==, count);
      memory = MAX (memory, own_memory_bytes ());
    }
  qsort (walked, ROUNDS, sizeof *walked, compare);
  qsort (first, ROUNDS, sizeof *first, compare);
  qsort (next, ROUNDS, sizeof *next, compare);
  a_row = walked[ROUNDS / 2] / (double) sum.rows;
  g_print ("%s: %.0f rows of %.0f subjects; the walk: %.2f M rows/s\n", name, (double) count,
           (double) sum.rows, 1e-6 / a_row);
  g_print ("  memory of its own with the list at hand: %.0f MiB\n", (double) memory / (1 << 20));
  print_ratio ("first of the hour", count, first[ROUNDS / 2], a_row);
  return print_ratio ("after it", count, next[ROUNDS / 2], a_row);
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinStore) store = NULL;
  g_autoptr (TocsinTrustSnapshot) trust = NULL;
  TocsinRecompute *recompute;
  TocsinApiOptions options = { .base_url = BASE_URL };
  TocsinApi *api;
  gboolean reached = TRUE;

  if (argc < 2)
    {
      g_printerr ("Usage: %s DIR [FORMAT…]\n", argv[0]);
      return 2;
    }
  store = tocsin_store_open (argv[1], 0, &error);
  if (store == NULL)
    g_error ("%s", error->message);
  options.store = store;
  options.data_dir = argv[1];
  api = tocsin_api_new (&options, &error);
  recompute = tocsin_recompute_new (store, on_trust, NULL, 1);
  trust = tocsin_recompute_now (recompute);
  tocsin_api_set_trust (api, trust);
  for (int i = 2; i < argc || i == 2; i++)
    reached = measure (api, i < argc ? argv[i] : "lines") >= TARGET && reached;
  tocsin_recompute_free (recompute);
  tocsin_api_free (api);
  return reached ? EXIT_SUCCESS : EXIT_FAILURE;
}
