/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Checks in process: what POST /v1/check/batch would cost without HTTP. tests/bench/bench-query
 * compares the two.
 *
 * Usage: bench-query DIR LINES SECONDS
 *
 * Answers the checks of the file LINES, one a line with one subject each, from the store of data
 * directory DIR over and over for SECONDS of processor time, and prints subjects a core-second.
 */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/error.h"
#include "http/answer.h"
#include "node/recompute.h"

#define BASE_URL      "https://bench.example"
#define LINES_AT_ONCE 64 /* as the route does */

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

static gboolean
answer_all (TocsinApi *api, char **lines, guint n_lines, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < n_lines; i += LINES_AT_ONCE)
    {
      g_autoptr (TocsinReading) reading = tocsin_reader_begin (tocsin_api_reader (api));

      g_string_truncate (out, 0);
      for (guint k = i; k < MIN (i + LINES_AT_ONCE, n_lines); k++)
        if (!tocsin_answer_json (api, lines[k], strlen (lines[k]), out, NULL, error))
          return FALSE;
    }
  return TRUE;
}

static gboolean
measure (TocsinApi *api, char **lines, double seconds, GError **error)
{
  guint n_lines = g_strv_length (lines);
  guint64 answered = 0;
  double begin, spent;

  if (!answer_all (api, lines, n_lines, error))
    return FALSE;
  begin = cpu_seconds ();
  do
    {
      if (!answer_all (api, lines, n_lines, error))
        return FALSE;
      answered += n_lines;
      spent = cpu_seconds () - begin;
    }
  while (spent < seconds);
  g_print ("%.0f\n", (double) answered / spent);
  return TRUE;
}

static gboolean
run (const char *dir, const char *file, double seconds, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  TocsinApiOptions options = { .base_url = BASE_URL };
  TocsinStore *store;
  gboolean good = FALSE;

  if (!g_file_get_contents (file, &text, NULL, error))
    return FALSE;
  lines = g_strsplit (g_strstrip (text), "\n", -1);
  store = tocsin_store_open (dir, 0, error);
  if (store == NULL)
    return FALSE;
  options.store = store;
  options.writer = tocsin_writer_new (store);
  {
    TocsinApi *api = tocsin_api_new (&options, error);

    if (api != NULL)
      {
        g_autoptr (TocsinRecompute) recompute = tocsin_recompute_new (store, on_trust, NULL, 1);
        g_autoptr (TocsinTrustSnapshot) trust = tocsin_recompute_now (recompute);

        tocsin_api_set_trust (api, trust);
        good = measure (api, lines, seconds, error);
        tocsin_writer_stop (options.writer);
        tocsin_api_free (api);
      }
  }
  tocsin_writer_free (options.writer);
  tocsin_store_close (store);
  return good;
}

int
main (int argc, char *argv[])
{
  g_autoptr (GError) error = NULL;

  if (argc != 4)
    {
      g_printerr ("Usage: bench-query DIR LINES SECONDS\n");
      return 2;
    }
  if (run (argv[1], argv[2], g_ascii_strtod (argv[3], NULL), &error))
    return EXIT_SUCCESS;
  g_printerr ("bench-query: %s\n", error->message);
  return EXIT_FAILURE;
}
