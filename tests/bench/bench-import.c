/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * bench-import [--rows N] [--store N] [--type ip|domain] [--rounds N]
 *
 * A list of N rows (1,000,000) as a feed reads it: bytes to rows, subjects, hashes, sorted,
 * compared with the store and written 100,000 a transaction, with all indexes and fsync. Compared
 * with what LMDB alone takes to append as many sorted rows of 16 + 24 bytes, in the same run,
 * alternating; then into a store that holds --store rows (10,000,000) already. CPU seconds of all
 * threads.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "feeds/apply.h"
#include "feeds/load.h"
#include "store/bulk.h"
#include "store/table-evidence.h"

#define SLICE     TOCSIN_BULK_ROWS
#define MAP_BYTES (G_GUINT64_CONSTANT (64) << 30)

static guint rows = 1000 * 1000;
static guint stored = 10 * 1000 * 1000;
static guint rounds = 2;
static const char *type = "ip";

static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
check (int rc)
{
  if (rc != MDB_SUCCESS)
    g_error ("%s", mdb_strerror (rc));
}

static void
remove_dir (const char *dir)
{
  static const char *const files[] = { "store/data.mdb", "store/lock.mdb", "data.mdb", "lock.mdb",
                                       "lock",           "store",          NULL };

  for (gsize i = 0; files[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (dir, files[i], NULL);

      if (g_remove (path) != 0 && g_file_test (path, G_FILE_TEST_EXISTS))
        g_printerr ("%s stays\n", path);
    }
  g_rmdir (dir);
}

static char *
make_dir (void)
{
  g_autoptr (GError) error = NULL;
  char *dir = g_dir_make_tmp ("tocsin-bench-XXXXXX", &error);

  if (dir == NULL)
    g_error ("%s", error->message);
  return dir;
}

/* ---- LMDB alone ---- */

/* A table of what an import stores: how long its keys and values are. */
typedef struct
{
  const char *name;
  unsigned int flags;
  gsize key_bytes;
  gsize value_bytes;
} RawTable;

/* One table: key and evidence. */
static const RawTable one_table[] = { { "evidence", 0, 16, 24 } };

/* All that an import stores: the rows, their batch, the subjects with their text. */
static const RawTable all_tables[] = {
  { "reports", 0, 8, 56 },
  { "batches", 0, 16, 0 },
  { "subjects", 0, 16, 20 },
  { "evidence", MDB_DUPSORT | MDB_DUPFIXED, 16, 24 },
};

static void
append_slice (MDB_txn *txn, MDB_dbi dbi, const RawTable *table, guint from)
{
  for (guint i = from; i < MIN (from + SLICE, rows); i++)
    {
      guint8 key[16] = { 0 }, value[64] = { 0 };
      guint32 be = GUINT32_TO_BE (i);
      MDB_val k = { table->key_bytes, key }, v = { table->value_bytes, value };

      memcpy (key, &be, sizeof be);
      check (mdb_put (txn, dbi, &k, &v, MDB_APPEND));
    }
}

/* Appends @rows sorted rows to each table; gives the CPU seconds it took. */
static double
append_raw (const RawTable *tables, gsize n_tables)
{
  g_autofree char *dir = make_dir ();
  MDB_env *env;
  double before, took;

  check (mdb_env_create (&env));
  check (mdb_env_set_mapsize (env, MAP_BYTES));
  check (mdb_env_set_maxdbs (env, 8));
  check (mdb_env_open (env, dir, 0, 0600));
  before = cpu_seconds ();
  for (guint from = 0; from < rows; from += SLICE)
    {
      MDB_txn *txn;

      check (mdb_txn_begin (env, NULL, 0, &txn));
      for (gsize t = 0; t < n_tables; t++)
        {
          MDB_dbi dbi;

          check (mdb_dbi_open (txn, tables[t].name, MDB_CREATE | tables[t].flags, &dbi));
          append_slice (txn, dbi, &tables[t], from);
        }
      check (mdb_txn_commit (txn));
    }
  took = cpu_seconds () - before;
  mdb_env_close (env);
  remove_dir (dir);
  return took;
}

/* ---- a list ---- */

/* A file without a name of @n rows, from row @first on; no two are the same. */
static int
make_list (guint first, guint n)
{
  g_autofree char *name = g_build_filename (g_get_tmp_dir (), "tocsin-list-XXXXXX", NULL);
  int fd = g_mkstemp (name);
  g_autoptr (GString) out = g_string_new (NULL);

  g_unlink (name);
  for (guint i = first; i < first + n; i++)
    {
      guint32 spread = i * 2654435761u; /* odd: no two are the same */

      if (g_str_equal (type, "ip"))
        g_string_append_printf (out, "%u.%u.%u.%u\n", 11 + (spread >> 24) % 100, spread >> 16 & 255,
                                spread >> 8 & 255, (spread & 255));
      else
        g_string_append_printf (out, "name-%08x.example%u.org\n", spread, i % 97);
      if (out->len > 1 << 20 || i + 1 == first + n)
        {
          if (write (fd, out->str, out->len) != (gssize) out->len)
            g_error ("the list cannot be written");
          g_string_truncate (out, 0);
        }
    }
  return fd;
}

typedef struct
{
  GMainLoop *loop;
  TocsinFeedRecord record;
} Wait;

static void
on_applied (GObject *source, GAsyncResult *result, gpointer data)
{
  Wait *wait = data;
  g_autoptr (GError) error = NULL;

  if (!tocsin_feed_apply_finish (result, &wait->record, &error))
    g_error ("%s", error->message);
  g_main_loop_quit (wait->loop);
}

/* Reads the list of @fd into the feed; gives how many rows are new. */
static guint
import (TocsinStore *store, TocsinWriter *writer, const char *name, int fd)
{
  g_autofree char *text =
      g_strdup_printf ("[feed]\nurl=https://lists.example/\nformat=lines\ntype=%s\n"
                       "category=%s\nmax-mib=1024\n",
                       type, g_str_equal (type, "ip") ? "hosting" : "disposable_email");
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinFeedDefinition) definition =
      tocsin_feed_definition_parse (name, text, strlen (text), "bench", &error);
  g_autoptr (TocsinFeedLoad) load = NULL;
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  TocsinFeedRecord record = { .name = (char *) name, .enabled = TRUE };
  Wait wait = { .loop = loop };

  if (definition == NULL)
    g_error ("%s", error->message);
  load = tocsin_feed_load_new (store, definition);
  tocsin_feed_load_take_fd (load, fd);
  if (!tocsin_feed_load_page (load, NULL, &error) || !tocsin_feed_load_compare (load, NULL, &error))
    g_error ("%s", error->message);
  tocsin_feed_apply_async (writer, load, &record, tocsin_time_now_us (), on_applied, &wait);
  g_main_loop_run (loop);
  tocsin_feed_record_clear (&wait.record);
  return load->added->len;
}

/* ---- the figures ---- */

typedef struct
{
  double one; /* CPU seconds of the raw appends */
  double all;
} Raw;

static void
report (const char *what, guint n, double took, const Raw *raw)
{
  g_print ("%-26s %9u rows %6.2f CPU s %5.2f M rows a core-second; of the raw append %4.2f (one "
           "table), %4.2f (the same tables)\n",
           what, n, took, n / took / 1e6, raw->one / rows / (took / n),
           raw->all / rows / (took / n));
}

static void
measure_raw (Raw *raw)
{
  raw->one = append_raw (one_table, G_N_ELEMENTS (one_table));
  raw->all = append_raw (all_tables, G_N_ELEMENTS (all_tables));
  report ("LMDB alone, one table", rows, raw->one, raw);
  report ("LMDB alone, the same tables", rows, raw->all, raw);
}

static void
measure_empty (Raw *raw)
{
  for (guint i = 0; i < rounds; i++)
    {
      g_autofree char *dir = make_dir ();
      g_autoptr (GError) error = NULL;
      TocsinStore *store = tocsin_store_open (dir, MAP_BYTES, &error);
      TocsinWriter *writer = tocsin_writer_new (store);
      int fd = make_list (0, rows);
      double before;
      guint n;

      measure_raw (raw);
      before = cpu_seconds ();
      n = import (store, writer, "list", fd);
      report ("list into an empty store", n, cpu_seconds () - before, raw);
      tocsin_writer_free (writer);
      tocsin_store_close (store);
      remove_dir (dir);
    }
}

static void
measure_full (const Raw *raw)
{
  g_autofree char *dir = make_dir ();
  g_autoptr (GError) error = NULL;
  TocsinStore *store = tocsin_store_open (dir, MAP_BYTES, &error);
  TocsinWriter *writer = tocsin_writer_new (store);

  for (guint from = 0, part = 0; from < stored; from += rows, part++)
    {
      g_autofree char *name = g_strdup_printf ("part-%u", part);

      import (store, writer, name, make_list (from, MIN (rows, stored - from)));
    }
  for (guint i = 0; i < rounds; i++)
    {
      g_autofree char *name = g_strdup_printf ("more-%u", i);
      int fd = make_list (stored + i * rows, rows);
      double before = cpu_seconds ();
      guint n = import (store, writer, name, fd);

      report ("list into a full store", n, cpu_seconds () - before, raw);
    }
  tocsin_writer_free (writer);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));

    g_print ("the store has %" G_GUINT64_FORMAT " rows\n", tocsin_evidence_count (txn));
  }
  tocsin_store_close (store);
  remove_dir (dir);
}

int
main (int argc, char *argv[])
{
  const GOptionEntry entries[] = {
    { "rows", 0, 0, G_OPTION_ARG_INT, &rows, "Rows of a list", "N" },
    { "store", 0, 0, G_OPTION_ARG_INT, &stored, "Rows of the full store; 0: without it", "N" },
    { "type", 0, 0, G_OPTION_ARG_STRING, &type, "ip or domain", "TYPE" },
    { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "How often", "N" },
    { NULL, 0, 0, 0, NULL, NULL, NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  Raw raw = { 0 };

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("bench-import: %s\n", error->message);
      return EXIT_FAILURE;
    }
  measure_empty (&raw);
  if (stored > 0)
    measure_full (&raw);
  return EXIT_SUCCESS;
}
