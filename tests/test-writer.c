/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "store/table-meta.h"
#include "store/txn-private.h"
#include "store/writer.h"

typedef struct
{
  TocsinWriter *writer; /* (unowned) */
  guint ok;
  guint refused;
  guint unavailable;
  guint cancelled;
  guint freed;
} Tally;

typedef struct
{
  Tally *tally;
  guint number;
  guint64 counted; /* out */
} Op;

static void
op_free (gpointer data)
{
  Op *op = data;

  op->tally->freed++;
  g_free (op);
}

static Op *
op_new (Tally *tally, guint number)
{
  Op *op = g_new0 (Op, 1);

  op->tally = tally;
  op->number = number;
  return op;
}

static gboolean
write_number (TocsinTxn *txn, gpointer data, GError **error)
{
  Op *op = data;
  g_autofree char *name = g_strdup_printf ("op %u", op->number);

  op->counted = tocsin_meta_next (txn, "count");
  tocsin_meta_put (txn, name, "v", 1);
  return TRUE;
}

static gboolean
refuse_clean (TocsinTxn *txn, gpointer data, GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED, "No");
  return FALSE;
}

static gboolean
refuse_dirty (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "dirt", "v", 1);
  return refuse_clean (txn, data, error);
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Tally *tally = data;
  g_autoptr (GError) error = NULL;

  if (tocsin_writer_submit_finish (result, &error))
    tally->ok++;
  else if (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED))
    tally->refused++;
  else if (g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE))
    tally->unavailable++;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tally->cancelled++;
  else
    g_assert_no_error (error);
}

static guint
answers (const Tally *tally)
{
  return tally->ok + tally->refused + tally->unavailable + tally->cancelled;
}

static gboolean
on_deadline (gpointer data)
{
  g_error ("The writer did not answer in time");
  return G_SOURCE_REMOVE;
}

static void
wait_for (const Tally *tally, guint n)
{
  guint deadline = g_timeout_add_seconds (60, on_deadline, NULL);

  while (answers (tally) < n)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
}

static gboolean
has (Fixture *f, const char *name)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_autoptr (GBytes) value = tocsin_meta_get (txn, name);

  assert_reading_ok (txn);
  return value != NULL;
}

static void
test_all_are_done (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  Tally tally = { .writer = writer };
  TocsinWriterStats stats;

  for (guint i = 0; i < 3000; i++)
    tocsin_writer_submit_async (writer, write_number, op_new (&tally, i), op_free, NULL, on_done,
                                &tally);
  wait_for (&tally, 3000);
  g_assert_cmpuint (tally.ok, ==, 3000);
  g_assert_cmpuint (tally.freed, ==, 3000);
  g_assert_true (has (f, "op 0"));
  g_assert_true (has (f, "op 2999"));
  g_assert_cmpuint (tocsin_writer_pending (writer), ==, 0);
  g_assert_true (tocsin_writer_is_alive (writer));
  tocsin_writer_stats (writer, &stats);
  g_assert_cmpuint (stats.operations, ==, 3000);
  g_assert_cmpuint (stats.failed, ==, 0);
  g_assert_cmpuint (stats.commits, <, 3000);
}

/* What holds the writer while the test queues something behind it. */
typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean open;
  gboolean entered;
} Gate;

static gboolean
wait_at_gate (TocsinTxn *txn, gpointer data, GError **error)
{
  Gate *gate = data;

  g_mutex_lock (&gate->mutex);
  gate->entered = TRUE;
  g_cond_broadcast (&gate->cond);
  while (!gate->open)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
  return TRUE;
}

static void
gate_close (Gate *gate, TocsinWriter *writer, Tally *tally)
{
  *gate = (Gate){ 0 };
  g_mutex_init (&gate->mutex);
  g_cond_init (&gate->cond);
  tocsin_writer_submit_async (writer, wait_at_gate, gate, NULL, NULL, on_done, tally);
  g_mutex_lock (&gate->mutex);
  while (!gate->entered)
    g_cond_wait (&gate->cond, &gate->mutex);
  g_mutex_unlock (&gate->mutex);
}

static void
gate_open (Gate *gate)
{
  g_mutex_lock (&gate->mutex);
  gate->open = TRUE;
  g_cond_broadcast (&gate->cond);
  g_mutex_unlock (&gate->mutex);
}

typedef struct
{
  const char *name;
  TocsinWriteFunc bad;
  gboolean retried;
} BadCase;

static const BadCase bad_cases[] = {
  { "refuses before writing", refuse_clean, FALSE },
  { "refuses after writing", refuse_dirty, TRUE },
};

static void
test_bad_op_hurts_itself_alone (Fixture *f, gconstpointer data)
{
  for (guint c = 0; c < G_N_ELEMENTS (bad_cases); c++)
    {
      g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
      Tally tally = { .writer = writer };
      TocsinWriterStats stats;
      Gate gate;

      g_test_message ("%s", bad_cases[c].name);
      gate_close (&gate, writer, &tally);
      for (guint i = 0; i < 50; i++)
        tocsin_writer_submit_async (writer, i == 20 ? bad_cases[c].bad : write_number,
                                    op_new (&tally, 100 * c + i), op_free, NULL, on_done, &tally);
      gate_open (&gate);
      wait_for (&tally, 51);
      g_assert_cmpuint (tally.ok, ==, 50);
      g_assert_cmpuint (tally.refused, ==, 1);
      g_assert_false (has (f, "dirt"));
      tocsin_writer_stats (writer, &stats);
      g_assert_cmpuint (stats.retried, ==, bad_cases[c].retried);
      g_assert_cmpuint (stats.failed, ==, 1);
    }
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_autoptr (GBytes) last = tocsin_meta_get (txn, "op 149");

    g_assert_nonnull (last);
  }
}

static void
test_queue_is_bounded (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  Tally tally = { .writer = writer };
  const guint n = TOCSIN_WRITER_QUEUE + 100;
  Gate gate;

  gate_close (&gate, writer, &tally);
  for (guint i = 0; i < n; i++)
    tocsin_writer_submit_async (writer, refuse_clean, op_new (&tally, i), op_free, NULL, on_done,
                                &tally);
  gate_open (&gate);
  wait_for (&tally, n + 1);
  /* The one at the gate waits too. */
  g_assert_cmpuint (tally.unavailable, ==, 101);
  g_assert_cmpuint (tally.refused, ==, TOCSIN_WRITER_QUEUE - 1);
  g_assert_cmpuint (tally.freed, ==, n);
}

static void
test_cancelled_never_runs (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Tally tally = { .writer = writer };
  Gate gate;

  gate_close (&gate, writer, &tally);
  tocsin_writer_submit_async (writer, write_number, op_new (&tally, 7), op_free, cancellable,
                              on_done, &tally);
  g_cancellable_cancel (cancellable);
  gate_open (&gate);
  wait_for (&tally, 2);
  g_assert_cmpuint (tally.cancelled, ==, 1);
  g_assert_false (has (f, "op 7"));
}

static void
test_stop_drains (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  Tally tally = { .writer = writer };

  for (guint i = 0; i < 500; i++)
    tocsin_writer_submit_async (writer, write_number, op_new (&tally, i), op_free, NULL, on_done,
                                &tally);
  tocsin_writer_submit (writer, write_number, op_new (&tally, 500), op_free);
  tocsin_writer_stop (writer);
  g_assert_true (has (f, "op 499"));
  g_assert_true (has (f, "op 500"));
  g_assert_false (tocsin_writer_is_alive (writer));
  tocsin_writer_submit_async (writer, write_number, op_new (&tally, 501), op_free, NULL, on_done,
                              &tally);
  wait_for (&tally, 501);
  g_assert_cmpuint (tally.ok, ==, 500);
  g_assert_cmpuint (tally.unavailable, ==, 1);
  g_assert_false (has (f, "op 501"));
}

/* Nobody waits for these: what fails is counted, and everything is freed. */
static void
test_nobody_waits (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  Tally tally = { .writer = writer };
  TocsinWriterStats stats;

  tocsin_writer_submit (writer, write_number, op_new (&tally, 1), op_free);
  tocsin_writer_submit (writer, refuse_clean, op_new (&tally, 2), op_free);
  tocsin_writer_submit (writer, write_number, op_new (&tally, 3), op_free);
  tocsin_writer_stop (writer);
  tocsin_writer_submit (writer, write_number, op_new (&tally, 4), op_free);
  g_assert_true (has (f, "op 1"));
  g_assert_true (has (f, "op 3"));
  g_assert_false (has (f, "op 4"));
  g_assert_cmpuint (tally.freed, ==, 4);
  tocsin_writer_stats (writer, &stats);
  g_assert_cmpuint (stats.operations, ==, 3);
  g_assert_cmpuint (stats.failed, ==, 2);
}

static gboolean
refuse_silently (TocsinTxn *txn, gpointer data, GError **error)
{
  return FALSE;
}

static gboolean
find_damage (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
  return TRUE;
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* One change through a task of its own, the way all of the node's changes go. */
static GError *
run_task (TocsinWriter *writer, TocsinWriteFunc func)
{
  g_autoptr (GAsyncResult) result = NULL;
  GTask *task = g_task_new (NULL, NULL, keep_result, &result);
  guint deadline = g_timeout_add_seconds (60, on_deadline, NULL);
  Tally tally = { .writer = writer };
  GError *error = NULL;

  tocsin_writer_submit_async (writer, func, op_new (&tally, 1), op_free, NULL,
                              tocsin_writer_return_task, task);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  g_assert_cmpint (g_task_propagate_boolean (G_TASK (result), &error), ==, error == NULL);
  return error;
}

static void
test_task (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  g_autoptr (GError) refused = NULL;
  g_autoptr (GError) silent = NULL;
  g_autoptr (GError) damaged = NULL;

  g_assert_null (run_task (writer, write_number));
  refused = run_task (writer, refuse_clean);
  g_assert_error (refused, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED);
  silent = run_task (writer, refuse_silently);
  g_assert_error (silent, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  g_assert_cmpstr (silent->message, ==, "The change was refused");

  /* The node is not well until a change has been written again. */
  damaged = run_task (writer, find_damage);
  g_assert_error (damaged, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  g_assert_cmpstr (damaged->message, ==, "Database: a record is damaged");
  g_assert_false (tocsin_writer_is_alive (writer));
  g_assert_null (run_task (writer, write_number));
  g_assert_true (tocsin_writer_is_alive (writer));
}

static gpointer
submit_from_thread (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  Tally tally = { .writer = data };

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 200; i++)
    tocsin_writer_submit_async (tally.writer, write_number, op_new (&tally, i), op_free, NULL,
                                on_done, &tally);
  while (answers (&tally) < 200)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  /* Answered here: nothing else ran this context. */
  return GUINT_TO_POINTER (tally.ok);
}

static void
test_answers_in_callers_context (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  GThread *threads[3];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("submit", submit_from_thread, writer);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_assert_cmpuint (GPOINTER_TO_UINT (g_thread_join (threads[i])), ==, 200);
}

static gboolean
write_huge (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *huge = g_strnfill (8 << 20, 'x');

  tocsin_meta_put (txn, "huge", huge, 8 << 20);
  return TRUE;
}

static void
set_up_small_map (Fixture *f, gconstpointer data)
{
  set_up_sized (f, 2 << 20);
}

static void
test_map_full (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  Tally tally = { .writer = writer };
  Gate gate;

  gate_close (&gate, writer, &tally);
  tocsin_writer_submit_async (writer, write_number, op_new (&tally, 1), op_free, NULL, on_done,
                              &tally);
  tocsin_writer_submit_async (writer, write_huge, NULL, NULL, NULL, on_done, &tally);
  tocsin_writer_submit_async (writer, write_number, op_new (&tally, 2), op_free, NULL, on_done,
                              &tally);
  gate_open (&gate);
  wait_for (&tally, 4);
  g_assert_cmpuint (tally.ok, ==, 3);
  g_assert_cmpuint (tally.unavailable, ==, 1);
  g_assert_true (has (f, "op 1"));
  g_assert_true (has (f, "op 2"));
  g_assert_false (has (f, "huge"));
  g_assert_true (tocsin_writer_is_alive (writer));
}

static gboolean
write_large (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *large = g_strnfill (512 << 10, 'x');

  tocsin_meta_put (txn, "large", large, 512 << 10);
  return TRUE;
}

/* The node is not ready while nothing can be written, and is again with the first change that is.
 */
static void
test_disk_full (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinWriter) writer = tocsin_writer_new (f->store);
  g_autofree char *path = g_build_filename (f->dir, "store", "data.mdb", NULL);
  g_autoptr (GError) refused = NULL;
  struct rlimit before, full;
  struct stat file;

  g_assert_null (run_task (writer, write_number));
  g_assert_cmpint (stat (path, &file), ==, 0);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  full = (struct rlimit){ .rlim_cur = (rlim_t) file.st_size, .rlim_max = before.rlim_max };
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &full), ==, 0);
  refused = run_task (writer, write_large);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  g_assert_error (refused, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_false (tocsin_writer_is_alive (writer));
  g_assert_null (run_task (writer, write_large));
  g_assert_true (tocsin_writer_is_alive (writer));
}

/* Of the child: where it tells each number once that is on disk. */
static int tell_fd = -1;

static void
on_done_tell (GObject *source, GAsyncResult *result, gpointer data)
{
  Op *op = data;

  if (tocsin_writer_submit_finish (result, NULL) &&
      write (tell_fd, &op->number, sizeof op->number) != sizeof op->number)
    _exit (2);
}

static void
run_until_killed (const char *dir)
{
  TocsinStore *store = tocsin_store_open (dir, 0, NULL);
  TocsinWriter *writer = tocsin_writer_new (store);
  Tally tally = { .writer = writer };

  for (guint i = 0;; i++)
    {
      Op *op = op_new (&tally, i);

      tocsin_writer_submit_async (writer, write_number, op, op_free, NULL, on_done_tell, op);
      while (tocsin_writer_pending (writer) > 100)
        g_main_context_iteration (NULL, TRUE);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
}

static void
test_acknowledged_survives_kill (Fixture *f, gconstpointer data)
{
  for (guint round = 0; round < 5; round++)
    {
      guint acknowledged = 0, number, highest = 0;
      int fds[2];
      pid_t pid;

      g_clear_pointer (&f->store, tocsin_store_close);
      g_assert_cmpint (pipe (fds), ==, 0);
      pid = fork ();
      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          close (fds[0]);
          tell_fd = fds[1];
          run_until_killed (f->dir);
        }
      close (fds[1]);
      while (acknowledged < 200 + 131 * round &&
             read (fds[0], &number, sizeof number) == sizeof number)
        {
          acknowledged++;
          highest = MAX (highest, number);
        }
      kill (pid, SIGKILL);
      while (read (fds[0], &number, sizeof number) == sizeof number)
        {
          acknowledged++;
          highest = MAX (highest, number);
        }
      g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
      close (fds[0]);

      fixture_open (f, 0);
      g_assert_cmpuint (acknowledged, >=, 200);
      for (guint i = 0; i <= highest; i++)
        {
          g_autofree char *name = g_strdup_printf ("op %u", i);

          g_assert_true (has (f, name));
        }
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, set_up_func, func)                                                               \
  g_test_add ("/writer/" name, Fixture, NULL, set_up_func, func, tear_down)
  /* First, while this process has no threads: it forks. */
  ADD ("acknowledged-survives-kill", set_up, test_acknowledged_survives_kill);
  ADD ("all-are-done", set_up, test_all_are_done);
  ADD ("bad-op-hurts-itself-alone", set_up, test_bad_op_hurts_itself_alone);
  ADD ("queue-is-bounded", set_up, test_queue_is_bounded);
  ADD ("cancelled-never-runs", set_up, test_cancelled_never_runs);
  ADD ("stop-drains", set_up, test_stop_drains);
  ADD ("answers-in-callers-context", set_up, test_answers_in_callers_context);
  ADD ("nobody-waits", set_up, test_nobody_waits);
  ADD ("task", set_up, test_task);
  ADD ("map-full", set_up_small_map, test_map_full);
  ADD ("disk-full", set_up, test_disk_full);
  return g_test_run ();
}
