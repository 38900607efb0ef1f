/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <errno.h>
#include <ftw.h>
#include <glib.h>
#include <stdio.h>

#include "store/store.h"

/* A store in a temporary directory, for the tests of the store's tables. */
typedef struct
{
  char *dir;          /* (owned) */
  TocsinStore *store; /* (owned) */
} Fixture;

/* 2026-11-23T00:00:00Z, a midnight. */
#define T0 (G_GINT64_CONSTANT (1795392000) * G_USEC_PER_SEC)

static inline int
remove_entry (const char *path, const struct stat *st, int type, struct FTW *ftw)
{
  return remove (path);
}

static inline void
remove_tree (const char *dir)
{
  nftw (dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void
fixture_open (Fixture *f, guint64 map_bytes)
{
  g_autoptr (GError) error = NULL;

  f->store = tocsin_store_open (f->dir, map_bytes, &error);
  g_assert_no_error (error);
}

static inline void
set_up_sized (Fixture *f, guint64 map_bytes)
{
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("tocsin-store-XXXXXX", &error);
  g_assert_no_error (error);
  fixture_open (f, map_bytes);
}

static inline void
set_up (Fixture *f, gconstpointer data)
{
  set_up_sized (f, G_GUINT64_CONSTANT (256) << 20);
}

static inline void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->store, tocsin_store_close);
  remove_tree (f->dir);
  g_free (f->dir);
}

static inline char *
data_file (const Fixture *f)
{
  return g_build_filename (f->dir, "store", "data.mdb", NULL);
}

static inline GBytes *
bytes_of (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *data = NULL;
  gsize size = 0;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (data, size);
}

static inline void
write_ok (Fixture *f, TocsinWriteFunc func, gpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = tocsin_store_write (f->store, func, data, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static inline void
assert_reading_ok (TocsinReading *txn)
{
  g_autoptr (GError) error = NULL;

  tocsin_txn_check (txn, &error);
  g_assert_no_error (error);
}

/* Key number @n, spread over the whole range. */
static inline TocsinSubjectKey
key_number (guint n)
{
  g_autofree char *text = g_strdup_printf ("subject %u", n);

  return tocsin_id_for_string (text);
}

static inline gpointer
fixture_close_thread (gpointer store)
{
  tocsin_store_close (store);
  return NULL;
}

/* Has another thread close the store, which waits for what was begun until fixture_end_closing().
 */
static inline GThread *
fixture_begin_closing (Fixture *f)
{
  GThread *thread;

  g_assert_true (tocsin_store_begin_work (f->store));
  thread = g_thread_new ("closing", fixture_close_thread, f->store);
  while (!tocsin_store_is_closing (f->store))
    g_thread_yield ();
  return thread;
}

static inline void
fixture_end_closing (Fixture *f, GThread *thread)
{
  tocsin_store_end_work (g_steal_pointer (&f->store));
  g_thread_join (thread);
}
