/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "small-disk.h"
#include "store/table-allow.h"
#include "store/table-evidence.h"
#include "store/table-meta.h"
#include "store/table-subjects.h"
#include "store/txn-private.h"

static gboolean
put_small (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, data, "v", 1);
  return TRUE;
}

static gboolean
put_format (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "format", data, sizeof (guint32));
  return TRUE;
}

static gboolean
fill (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *block = g_strnfill (64 * 1024, 'x');
  g_autofree char *name = g_strdup_printf ("block %d", *(int *) data);

  tocsin_meta_put (txn, name, block, 64 * 1024);
  return TRUE;
}

static gboolean
drop (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *name = g_strdup_printf ("block %d", *(int *) data);

  tocsin_meta_remove (txn, name);
  return TRUE;
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
test_modes_and_reopen (Fixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (f->dir, "store", "data.mdb", NULL);
  g_autofree char *lock = g_build_filename (f->dir, "lock", NULL);
  GStatBuf st;
  guint64 epoch;

  g_assert_cmpint (g_stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_stat (lock, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);

  write_ok (f, put_small, (gpointer) "kept");
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    epoch = tocsin_meta_epoch (txn);
    g_assert_cmpuint (epoch, !=, 0);
  }
  g_clear_pointer (&f->store, tocsin_store_close);
  fixture_open (f, 0);
  g_assert_true (has (f, "kept"));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    g_assert_cmpuint (tocsin_meta_epoch (txn), ==, epoch);
  }
}

static void
test_second_daemon_is_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  TocsinStore *second = tocsin_store_open (f->dir, 0, &error);

  g_assert_null (second);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
}

static void
test_formats (Fixture *f, gconstpointer data)
{
  static const guint32 formats[] = { TOCSIN_STORE_FORMAT + 1, 0, G_MAXUINT32 };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      guint32 good = TOCSIN_STORE_FORMAT;
      g_autoptr (GError) error = NULL;
      guint32 format = formats[i];

      write_ok (f, put_format, &format);
      g_clear_pointer (&f->store, tocsin_store_close);
      g_assert_null (tocsin_store_open (f->dir, 0, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED);

      /* The refusal changed nothing: a version that knows it could still open it. */
      g_clear_error (&error);
      g_assert_null (tocsin_store_open (f->dir, 0, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED);
      remove_tree (f->dir);
      g_assert_cmpint (g_mkdir (f->dir, 0700), ==, 0);
      fixture_open (f, 0);
      write_ok (f, put_format, &good);
    }
}

static void
test_not_a_database (Fixture *f, gconstpointer data)
{
  g_autofree char *file = g_build_filename (f->dir, "store", "data.mdb", NULL);
  g_autofree char *rubbish = g_strnfill (8192, 'R');
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->store, tocsin_store_close);
  g_assert_true (g_file_set_contents (file, rubbish, 8192, NULL));
  g_assert_null (tocsin_store_open (f->dir, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
}

/* What is in the way of a store, and where. */
static const struct
{
  const char *name;
  const char *at;      /* under the data directory */
  const char *link_to; /* a link; NULL: an empty file */
} obstacles[] = {
  { "the lock leads elsewhere", "lock", "/nonexistent/lock" },
  { "no room for the store", "store", NULL },
};

static void
test_obstacles (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (obstacles); i++)
    {
      g_autofree char *path = g_build_filename (f->dir, obstacles[i].at, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", obstacles[i].name);
      g_clear_pointer (&f->store, tocsin_store_close);
      remove_tree (f->dir);
      g_assert_cmpint (g_mkdir (f->dir, 0700), ==, 0);
      if (obstacles[i].link_to != NULL)
        g_assert_cmpint (symlink (obstacles[i].link_to, path), ==, 0);
      else
        g_assert_true (g_file_set_contents (path, "", 0, NULL));
      g_assert_null (tocsin_store_open (f->dir, 0, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
      g_assert_true (g_str_has_prefix (error->message, path));
    }
}

static gboolean
cut_format (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "format", "1", 1);
  return TRUE;
}

static void
test_damaged_format (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_ok (f, cut_format, NULL);
  g_clear_pointer (&f->store, tocsin_store_close);
  g_assert_null (tocsin_store_open (f->dir, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  g_assert_true (g_str_has_suffix (error->message, "/data.mdb: the format is damaged"));
}

/* A map that is too small for the tables alone is refused with what is wrong, and where. */
static void
test_tiny_map (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "store", NULL);
  g_autofree char *message = g_strconcat (
      path, "/data.mdb: The database cannot take it: it is as large as it may be", NULL);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->store, tocsin_store_close);
  remove_tree (path);
  g_assert_null (tocsin_store_open (f->dir, 3 * (guint64) sysconf (_SC_PAGESIZE), &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpstr (error->message, ==, message);
  fixture_open (f, 0);
}

static void
set_up_small_map (Fixture *f, gconstpointer data)
{
  set_up_sized (f, 2 << 20);
}

static void
test_full_then_free (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  TocsinStorePages pages;
  gboolean more = TRUE;
  int n = 0;

  while (more && n < 1000)
    {
      more = tocsin_store_write (f->store, fill, &n, &error);
      n += more;
    }
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpint (n, >, 10);
  g_assert_cmpuint (tocsin_store_fill_percent (f->store), >=, 80);
  g_assert_true (has (f, "block 0"));

  for (int i = 0; i < n - 2; i++)
    {
      /* Deleting needs pages too, so the first few may have to wait for those before. */
      write_ok (f, drop, &i);
    }
  write_ok (f, put_small, (gpointer) "after");
  g_assert_true (has (f, "after"));
  /* The count of free pages is taken once a second at most: a fresh handle counts now. */
  g_clear_pointer (&f->store, tocsin_store_close);
  fixture_open (f, 2 << 20);
  g_assert_cmpuint (tocsin_store_fill_percent (f->store), <, 50);
  tocsin_store_pages (f->store, &pages);
  g_assert_cmpuint (pages.used, >, 0);
  g_assert_cmpuint (pages.free, >, pages.used);
  g_assert_cmpuint (pages.used + pages.free, <=, (2 << 20) / 4096);
}

/* Opens the store anew, so that it looks at the disk now, with a map of 1 GiB. In pages. */
static TocsinStoreFill
fill_on (Fixture *f, DiskKind kind, guint64 room, guint64 reserve)
{
  guint64 page_bytes = (guint64) sysconf (_SC_PAGESIZE);
  TocsinStoreFill now;
  guint64 bytes = 0;

  disk_kind = kind;
  disk_told = (TocsinDisk){ room * page_bytes, reserve * page_bytes };
  g_clear_pointer (&f->store, tocsin_store_close);
  fixture_open (f, 1 << 30);
  tocsin_store_fill (f->store, &now);
  g_assert_cmpuint (tocsin_store_fill_percent (f->store), ==, now.percent);
  g_assert_true (tocsin_store_disk_free (f->store, &bytes) == (kind == DISK_SMALL));
  if (kind == DISK_SMALL)
    g_assert_cmpuint (bytes, ==, disk_told.free_bytes);
  disk_kind = DISK_AS_IT_IS;
  return now;
}

/* The limit is what is met first: the map, or the disk's room less its reserve. */
static void
test_small_disk (Fixture *f, gconstpointer data)
{
  TocsinStoreFill now;
  TocsinStorePages pages;

  now = fill_on (f, DISK_SMALL, 1000, 10);
  g_assert_cmpuint (now.percent, <, 50); /* a new store has room enough on a little disk */
  for (int n = 0; n < 64; n++)
    write_ok (f, fill, &n);
  tocsin_store_pages (f->store, &pages);

  now = fill_on (f, DISK_MUTE, 0, 0);
  g_assert_cmpuint (now.percent, <, 10);
  g_assert_false (now.by_disk);
  now = fill_on (f, DISK_SMALL, 1 << 20, 0);
  g_assert_cmpuint (now.percent, <, 10);
  g_assert_false (now.by_disk);

  now = fill_on (f, DISK_SMALL, pages.used, 0);
  g_assert_true (now.by_disk);
  g_assert_cmpuint (now.percent, >, 30);
  g_assert_cmpuint (now.percent, <=, 50);
  now = fill_on (f, DISK_SMALL, pages.used, pages.used);
  g_assert_cmpuint (now.percent, >=, 75);
  now = fill_on (f, DISK_SMALL, pages.used, 2 * pages.used);
  g_assert_cmpuint (now.percent, ==, 100); /* the reserve is touched */
  now = fill_on (f, DISK_SMALL, 0, 1 << 20);
  g_assert_cmpuint (now.percent, ==, 100);

  /* What the file has free is room. */
  for (int n = 0; n < 64; n++)
    write_ok (f, drop, &n);
  now = fill_on (f, DISK_SMALL, 0, 0);
  g_assert_true (now.by_disk);
  g_assert_cmpuint (now.percent, <, 50);
}

static void
test_disk_look (void)
{
  int unsized = open ("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  TocsinDisk disk;

  g_assert_cmpint (unsized, >=, 0);
  g_assert_false (__real_tocsin_disk_look (unsized, &disk));
  close (unsized);
  g_assert_false (__real_tocsin_disk_look (-1, &disk));
}

/* RLIMIT_FSIZE stands for a full disk: EFBIG where that has ENOSPC. */
static void
test_file_limit_then_recovery (Fixture *f, gconstpointer data)
{
  struct rlimit old, small = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean more = TRUE;
  int n = 0;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  small = old;
  small.rlim_cur = 1 << 20;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
  while (more && n < 100)
    {
      more = tocsin_store_write (f->store, fill, &n, &error);
      n += more;
    }
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpint (n, >, 0);

  write_ok (f, put_small, (gpointer) "after");
  g_assert_true (has (f, "after"));
  g_assert_true (has (f, "block 0"));
}

static void
test_stale_reader_is_freed (Fixture *f, gconstpointer data)
{
  int ready[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe (ready), ==, 0);
  g_clear_pointer (&f->store, tocsin_store_close);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      TocsinReading *txn;

      f->store = tocsin_store_open (f->dir, 0, NULL);
      txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      if (write (ready[1], txn == NULL ? "n" : "y", 1) == 1)
        pause ();
      _exit (1);
    }
  g_assert_cmpint (read (ready[0], &byte, 1), ==, 1);
  g_assert_cmpint (byte, ==, 'y');
  close (ready[0]);
  close (ready[1]);
  {
    g_autoptr (GError) error = NULL;

    /* While it lives the directory is taken; the lock dies with it. */
    g_assert_null (tocsin_store_open (f->dir, 0, &error));
    g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  }
  kill (pid, SIGKILL);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);

  fixture_open (f, 0);
  /* Opening freed the slot: nothing is left for the timer. */
  g_assert_cmpuint (tocsin_store_check_readers (f->store), ==, 0);
  g_assert_true (has (f, "format"));
}

static void
test_copy (Fixture *f, gconstpointer data)
{
  g_autofree char *copy_root = g_build_filename (f->dir, "copy", NULL);
  g_autofree char *copy_dir = g_build_filename (copy_root, "store", NULL);
  g_autofree char *file = g_build_filename (copy_dir, "data.mdb", NULL);
  g_autoptr (GError) error = NULL;
  GStatBuf st;
  Fixture copy = { .dir = copy_root };

  write_ok (f, put_small, (gpointer) "kept");
  g_assert_cmpint (g_mkdir_with_parents (copy_dir, 0700), ==, 0);
  g_assert_true (tocsin_store_copy (f->store, copy_dir, &error));
  g_assert_no_error (error);
  g_assert_cmpint (g_stat (file, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0600);

  /* An existing copy is never written over. */
  g_assert_false (tocsin_store_copy (f->store, copy_dir, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);

  fixture_open (&copy, 0);
  g_assert_true (has (&copy, "kept"));
  tocsin_store_close (copy.store);
}

static gboolean
fill_blocks (TocsinTxn *txn, gpointer data, GError **error)
{
  for (int i = 0; i < 600; i++)
    g_assert_true (fill (txn, &i, error));
  return TRUE;
}

static gboolean
drop_blocks (TocsinTxn *txn, gpointer data, GError **error)
{
  for (int i = 100; i < 600; i++)
    g_assert_true (drop (txn, &i, error));
  return TRUE;
}

/* More than one transaction carries over; and without what was deleted it is small again. */
static void
test_large_copy (Fixture *f, gconstpointer data)
{
  static const char *const names[] = { "all", "rest" };
  GStatBuf sizes[2];

  write_ok (f, fill_blocks, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *root = g_build_filename (f->dir, names[i], NULL);
      g_autofree char *dir = g_build_filename (root, "store", NULL);
      g_autofree char *file = g_build_filename (dir, "data.mdb", NULL);
      Fixture copy = { .dir = root };
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
      g_assert_true (tocsin_store_copy (f->store, dir, &error));
      g_assert_no_error (error);
      g_assert_cmpint (g_stat (file, &sizes[i]), ==, 0);
      fixture_open (&copy, 0);
      g_assert_true (has (&copy, "block 0"));
      g_assert_cmpint (has (&copy, "block 599"), ==, i == 0);
      tocsin_store_close (copy.store);
      write_ok (f, drop_blocks, NULL);
    }
  g_assert_cmpint (sizes[0].st_size, >, 600 * 64 * 1024);
  g_assert_cmpint (sizes[1].st_size, <, 110 * 72 * 1024);
}

/* A copy that the disk does not take is an error, and nothing of it stays. */
static void
test_copy_without_room (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (f->dir, "copy", NULL);
  g_autofree char *file = g_build_filename (dir, "data.mdb", NULL);
  g_autofree char *prefix = g_strconcat (file, ": The database cannot take it: ", NULL);
  struct rlimit old, small;

  write_ok (f, fill_blocks, NULL);
  g_assert_cmpint (g_mkdir (dir, 0700), ==, 0);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  /* Nothing at all, some of the first transaction, none of the second. */
  for (rlim_t limit = 1; limit < 64 << 20; limit = limit < 1 << 20 ? 1 << 20 : limit * 35)
    {
      g_autoptr (GError) error = NULL;
      gboolean ok;

      small = old;
      small.rlim_cur = limit;
      g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &small), ==, 0);
      ok = tocsin_store_copy (f->store, dir, &error);
      g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
      g_assert_false (ok);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
      g_assert_true (g_str_has_prefix (error->message, prefix));
      g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
    }
  {
    g_autofree char *nowhere = g_build_filename (dir, "nowhere", NULL);
    g_autoptr (GError) error = NULL;

    g_assert_false (tocsin_store_copy (f->store, nowhere, &error));
    g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
    g_assert_true (tocsin_store_copy (f->store, dir, NULL));
  }
}

static gboolean
fill_other_table (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *block = g_strnfill (3000, 'x');

  for (guint64 i = 1; i <= 800; i++)
    {
      TocsinKey key = tocsin_key_u64 (i);

      tocsin_txn_put (txn, TOCSIN_TABLE_AUDIT, &key, block, 3000);
    }
  return tocsin_txn_check (txn, error);
}

/* In a process of its own, which dies where it begins to write past @bytes; FALSE if it wrote
 * across that, which is an error like any other. */
static gboolean
copy_and_die (Fixture *f, const char *dir, rlim_t bytes)
{
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

      fixture_open (f, 0);
      if (signal (SIGXFSZ, SIG_DFL) != SIG_ERR && setrlimit (RLIMIT_FSIZE, &limit) == 0)
        tocsin_store_copy (f->store, dir, NULL);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  return WIFSIGNALED (status) && WTERMSIG (status) == SIGXFSZ;
}

/* What a node that died left of a backup is not taken for a whole one. */
static void
test_copy_cut_short (Fixture *f, gconstpointer data)
{
  g_autofree char *root = g_build_filename (f->dir, "copy", NULL);
  g_autofree char *dir = g_build_filename (root, "store", NULL);
  g_autofree char *file = g_build_filename (dir, "data.mdb", NULL);
  g_autoptr (GError) error = NULL;
  rlim_t bytes = 1 << 20;

  write_ok (f, fill_other_table, NULL);
  g_assert_cmpint (g_mkdir_with_parents (dir, 0700), ==, 0);
  g_clear_pointer (&f->store, tocsin_store_close);
  while (!copy_and_die (f, dir, bytes) && bytes < 2 << 20)
    bytes += 4096;
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  g_assert_null (tocsin_store_open (root, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  fixture_open (f, 0);
}

static void
test_copy_while_closing (Fixture *f, gconstpointer data)
{
  g_autofree char *dir = g_build_filename (f->dir, "copy", NULL);
  g_autofree char *file = g_build_filename (dir, "data.mdb", NULL);
  g_autoptr (GError) error = NULL;
  GThread *closing;

  g_assert_cmpint (g_mkdir (dir, 0700), ==, 0);
  closing = fixture_begin_closing (f);
  g_assert_false (tocsin_store_copy (f->store, dir, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  fixture_end_closing (f, closing);
}

typedef struct
{
  TocsinNotes notes;
  guint calls;
} Heard;

static void
on_notes (TocsinNotes notes, gpointer data)
{
  Heard *heard = data;

  heard->notes |= notes;
  heard->calls++;
}

static gboolean
allow_one (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinAllowRecord record = { .key = key_number (1),
                               .type = TOCSIN_SUBJECT_NETWORK,
                               .value = (char *) "192.0.2.0/24",
                               .created_us = T0 };

  tocsin_allow_put (txn, &record);
  return TRUE;
}

static gboolean
note_nothing (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, "quiet", "v", 1);
  return TRUE;
}

static void
test_listeners (Fixture *f, gconstpointer data)
{
  Heard heard = { 0 };
  guint id = tocsin_store_listen (f->store, on_notes, &heard);
  TocsinNetworkLengths lengths;
  guint64 before = tocsin_store_generation (f->store);

  write_ok (f, note_nothing, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.calls, ==, 0);

  write_ok (f, allow_one, NULL);
  write_ok (f, allow_one, NULL);
  g_assert_cmpuint (heard.calls, ==, 0);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  /* Two commits, one call. */
  g_assert_cmpuint (heard.calls, ==, 1);
  g_assert_cmpint (heard.notes, ==, TOCSIN_NOTE_ALLOW_CHANGED);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, before + 2);
  g_assert_cmpuint (tocsin_store_allow_count (f->store), ==, 1);
  tocsin_store_network_lengths (f->store, &lengths);
  g_assert_cmpuint (lengths.v4, ==, G_GUINT64_CONSTANT (1) << 24);

  tocsin_store_unlisten (f->store, id);
  write_ok (f, allow_one, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.calls, ==, 1);
}

/* The writer has committed and not told of it yet: a transaction that sees the commit is not looked
 * at by what was so before. */
static void
test_hints_of_an_untold_commit (Fixture *f, gconstpointer data)
{
  TocsinTxn txn;
  TocsinStoreHints before, after;

  {
    g_autoptr (TocsinReading) reading = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    tocsin_store_hints (f->store, reading, &before);
  }
  tocsin_txn_begin_write (&txn, f->store);
  g_assert_true (allow_one (&txn, NULL, NULL));
  txn.notes = 0;
  g_assert_true (tocsin_txn_commit_write (&txn, NULL));
  g_assert_cmpuint (tocsin_store_allow_count (f->store), ==, 0);
  {
    g_autoptr (TocsinReading) reading = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    tocsin_store_hints (f->store, reading, &after);
  }
  g_assert_cmpuint (before.allow_count, ==, 0);
  g_assert_cmpuint (before.lengths.v4, ==, 0);
  g_assert_cmpuint (after.generation, ==, before.generation + 1);
  g_assert_cmpuint (after.allow_count, ==, 1);
  g_assert_cmpuint (after.lengths.v4, ==, G_GUINT64_CONSTANT (1) << 24);
}

/* That the root is lost is told once, however often it shows. */
static void
test_lost (Fixture *f, gconstpointer data)
{
  Heard heard = { 0 };
  Heard other = { 0 };
  guint id = tocsin_store_listen (f->store, on_notes, &heard);
  guint64 before = tocsin_store_generation (f->store);

  tocsin_store_listen (f->store, on_notes, &other);
  tocsin_store_lost (f->store);
  tocsin_store_lost (f->store);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.calls, ==, 1);
  g_assert_cmpint (heard.notes, ==, TOCSIN_NOTE_STORE_LOST);
  tocsin_store_lost (f->store);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.calls, ==, 1);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, before);

  /* Whom it does not know it need not forget. */
  tocsin_store_unlisten (f->store, id + 100);
  tocsin_store_unlisten (f->store, id);
  write_ok (f, allow_one, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (heard.calls, ==, 1);
  g_assert_cmpuint (other.calls, ==, 2);
}

/* The words for each failure, and whether trying again may help. */
static void
test_words (void)
{
  static const struct
  {
    int rc;
    TocsinError code;
    const char *message;
  } words[] = {
    { MDB_MAP_FULL, TOCSIN_ERROR_UNAVAILABLE,
      "The database cannot take it: it is as large as it may be" },
    { ENOSPC, TOCSIN_ERROR_UNAVAILABLE, "The database cannot take it: No space left on device" },
    { EFBIG, TOCSIN_ERROR_UNAVAILABLE, "The database cannot take it: File too large" },
    { EDQUOT, TOCSIN_ERROR_UNAVAILABLE, "The database cannot take it: Disk quota exceeded" },
    { EIO, TOCSIN_ERROR_UNAVAILABLE, "The database cannot take it: Input/output error" },
    { ENOMEM, TOCSIN_ERROR_UNAVAILABLE, "The database cannot take it: Cannot allocate memory" },
    { MDB_TXN_FULL, TOCSIN_ERROR_UNAVAILABLE, NULL },
    { MDB_READERS_FULL, TOCSIN_ERROR_UNAVAILABLE, NULL },
    { TOCSIN_RC_DAMAGED, TOCSIN_ERROR_STORE, "Database: a record is damaged" },
    { EACCES, TOCSIN_ERROR_STORE, "Database: Permission denied" },
    { MDB_CORRUPTED, TOCSIN_ERROR_STORE, NULL },
    { MDB_PANIC, TOCSIN_ERROR_STORE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (tocsin_store_error_from_rc (words[i].rc, &error));
      g_assert_error (error, TOCSIN_ERROR, (int) words[i].code);
      if (words[i].message != NULL)
        g_assert_cmpstr (error->message, ==, words[i].message);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, set_up_func, func)                                                               \
  g_test_add ("/store/" name, Fixture, NULL, set_up_func, func, tear_down)
  ADD ("modes-and-reopen", set_up, test_modes_and_reopen);
  ADD ("second-daemon", set_up, test_second_daemon_is_refused);
  ADD ("formats", set_up, test_formats);
  ADD ("not-a-database", set_up, test_not_a_database);
  ADD ("full-then-free", set_up_small_map, test_full_then_free);
  ADD ("small-disk", set_up, test_small_disk);
  ADD ("file-limit", set_up, test_file_limit_then_recovery);
  ADD ("stale-reader", set_up, test_stale_reader_is_freed);
  ADD ("copy", set_up, test_copy);
  ADD ("listeners", set_up, test_listeners);
  ADD ("hints", set_up, test_hints_of_an_untold_commit);
  ADD ("lost", set_up, test_lost);
  ADD ("obstacles", set_up, test_obstacles);
  ADD ("damaged-format", set_up, test_damaged_format);
  ADD ("tiny-map", set_up, test_tiny_map);
  ADD ("large-copy", set_up, test_large_copy);
  ADD ("copy-without-room", set_up, test_copy_without_room);
  ADD ("copy-cut-short", set_up, test_copy_cut_short);
  ADD ("copy-while-closing", set_up, test_copy_while_closing);
  g_test_add_func ("/store/disk-look", test_disk_look);
  g_test_add_func ("/store/words", test_words);
  return g_test_run ();
}
