/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "core/error.h"
#include "store/table-meta.h"
#include "store/work.h"

/* A store that is being closed takes no work, and waits for what it took. */
static void
test_closing (Fixture *f, gconstpointer data)
{
  GThread *closing = fixture_begin_closing (f);

  g_assert_false (tocsin_store_begin_work (f->store));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    g_autoptr (GBytes) format = tocsin_meta_get (txn, "format");

    assert_reading_ok (txn);
    g_assert_nonnull (format);
  }
  fixture_end_closing (f, closing);
  fixture_open (f, 0);
  g_assert_false (tocsin_store_is_closing (f->store));
  g_assert_true (tocsin_store_sync (f->store, NULL));
  tocsin_store_close (NULL);
}

#define N_WORKS 40 /* more than GLib's pool has threads */

typedef struct
{
  TocsinStore *store; /* (unowned) */
  gint begun;         /* atomic */
  guint ended;
  guint refused;
} Works;

static void
run_until_closing (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Works *works = data;

  g_atomic_int_inc (&works->begun);
  while (!tocsin_store_is_closing (works->store))
    g_thread_yield ();
  g_task_return_boolean (task, TRUE);
}

static void
on_work_ended (GObject *source, GAsyncResult *result, gpointer data)
{
  Works *works = data;
  g_autoptr (GError) error = NULL;

  works->ended++;
  if (g_task_propagate_boolean (G_TASK (result), &error))
    return;
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  works->refused++;
}

static void
begin_work (Works *works)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_work_ended, works);

  g_task_set_task_data (task, works, NULL);
  tocsin_store_run_in_thread (works->store, task, run_until_closing);
}

/* What waits for a thread is work, too: it must not find the store gone when its turn comes. */
static void
test_closing_before_work_begins (Fixture *f, gconstpointer data)
{
  Works works = { .store = f->store };

  for (guint i = 0; i < N_WORKS; i++)
    begin_work (&works);
  while (g_atomic_int_get (&works.begun) == 0)
    g_thread_yield ();
  tocsin_store_begin_close (f->store);
  begin_work (&works);
  g_clear_pointer (&f->store, tocsin_store_close);
  while (works.ended < N_WORKS + 1)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (works.refused, ==, N_WORKS + 1 - (guint) works.begun);
  g_assert_cmpuint (works.refused, >, 1);
  fixture_open (f, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/store-work/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("closing", test_closing);
  ADD ("closing-before-work-begins", test_closing_before_work_begins);
  return g_test_run ();
}
