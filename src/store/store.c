/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/clock.h"
#include "core/error.h"
#include "store/disk.h"
#include "store/format.h"
#include "store/purge.h"
#include "store/table-allow.h"
#include "store/table-meta.h"
#include "store/table-seen.h"
#include "store/txn-private.h"

#define MAX_READERS   126
#define CLOSE_POLL_US 2000

/* Counting free pages walks a table, and the disk is asked: not more often than this. */
#define FILL_COUNT_US TOCSIN_SECOND_US

typedef struct
{
  guint id;
  TocsinStoreFunc func;
  gpointer data;
} Listener;

struct _TocsinStore
{
  MDB_env *env; /* (owned) (nullable) */
  MDB_dbi tables[TOCSIN_N_TABLES];
  int lock_fd;          /* (owned) -1: none */
  TocsinReader *reader; /* (owned) main's */
  GArray *listeners;    /* (owned) of Listener; main only */
  guint last_listener;
  GSource *source;     /* (owned): wakes main after commits */
  gint notes;          /* atomic: not told yet */
  guint64 generation;  /* atomic */
  guint64 allow_count; /* atomic */
  guint64 lengths[4];  /* atomic: v4, v6[0..2] */
  guint64 pages;       /* that the map holds */
  guint64 page_bytes;
  guint64 free_pages;     /* atomic: on the free list when last counted */
  gint64 free_counted_us; /* atomic */
  guint64 disk_free;      /* atomic: bytes; G_MAXUINT64: unknown */
  guint64 disk_reserve;   /* atomic: bytes */
  gint64 disk_looked_us;  /* atomic */
  gint work;              /* atomic: long work that is under way on other threads */
  gint closing;           /* atomic */
  gint lost;              /* atomic */
  TocsinRetention retention;
  guint64 outbox_position;  /* of the writer: where the purge of the outbox goes on */
  guint64 review_position;  /* and that of `review` */
  TocsinPlaceIndex *places; /* (owned) (nullable) of the writer */
};

#define U32 sizeof (guint32)
#define U64 sizeof (guint64)
#define ID  TOCSIN_ID_BYTES

/* One line a table: its name in the file, how long its keys are, and how it is opened. */
static const struct
{
  const char *name;
  gsize key_bytes;
  unsigned int flags;
} table_defs[TOCSIN_N_TABLES] = {
  [TOCSIN_TABLE_META] = { "meta", ID, 0 },
  [TOCSIN_TABLE_ACTORS] = { "actors", U32, 0 },
  [TOCSIN_TABLE_ACTOR_IDS] = { "actor-ids", 1 + ID, 0 },
  [TOCSIN_TABLE_PEERS] = { "peers", U32, 0 },
  [TOCSIN_TABLE_FOLLOWERS] = { "followers", U32, 0 },
  [TOCSIN_TABLE_SUBJECTS] = { "subjects", ID, 0 },
  [TOCSIN_TABLE_LENGTHS] = { "lengths", 2, 0 },
  [TOCSIN_TABLE_EVIDENCE] = { "evidence", ID, MDB_DUPSORT | MDB_DUPFIXED },
  [TOCSIN_TABLE_REPORTS] = { "reports", U64, 0 },
  [TOCSIN_TABLE_REPORT_IDS] = { "report-ids", ID, 0 },
  [TOCSIN_TABLE_REPORT_ACTORS] = { "report-actors", U32 + U64, 0 },
  [TOCSIN_TABLE_REPORT_ENDS] = { "report-ends", U32 + U64 + 1, 0 },
  [TOCSIN_TABLE_REPORT_BATCHES] = { "report-batches", 2 * U64, 0 },
  [TOCSIN_TABLE_REPORT_BUNDLES] = { "report-bundles", 2 * U64, 0 },
  [TOCSIN_TABLE_REPORT_HELD] = { "report-held", U64, 0 },
  [TOCSIN_TABLE_ACTOR_COUNTS] = { "actor-counts", U32, 0 },
  [TOCSIN_TABLE_TOMBSTONES] = { "tombstones", ID, 0 },
  [TOCSIN_TABLE_TOMBSTONE_ENDS] = { "tombstone-ends", U32 + ID, 0 },
  [TOCSIN_TABLE_TRUST] = { "trust", 2 * U32 + 1, 0 },
  [TOCSIN_TABLE_TRUST_IDS] = { "trust-ids", ID, 0 },
  [TOCSIN_TABLE_OUTBOX] = { "outbox", U64, 0 },
  [TOCSIN_TABLE_OUTBOX_IDS] = { "outbox-ids", ID, 0 },
  [TOCSIN_TABLE_QUEUE] = { "queue", U32 + U64, 0 },
  [TOCSIN_TABLE_QUEUE_COUNTS] = { "queue-counts", U32, 0 },
  [TOCSIN_TABLE_SEEN] = { "seen", ID, 0 },
  [TOCSIN_TABLE_SEEN_TIMES] = { "seen-times", U32 + ID, 0 },
  [TOCSIN_TABLE_ALLOW] = { "allow", ID, 0 },
  [TOCSIN_TABLE_REVIEW] = { "review", U64, 0 },
  [TOCSIN_TABLE_REVIEW_OPEN] = { "review-open", 1 + U32 + 2 * U64, 0 },
  [TOCSIN_TABLE_AUDIT] = { "audit", U64, 0 },
  [TOCSIN_TABLE_TOKENS] = { "tokens", ID, 0 },
  [TOCSIN_TABLE_IMPORTS] = { "imports", U64, 0 },
  [TOCSIN_TABLE_FEEDS] = { "feeds", ID, 0 },
  [TOCSIN_TABLE_CHANGES] = { "changes", U64, 0 },
  [TOCSIN_TABLE_VOICES] = { "voices", 2 * U32, 0 },
  [TOCSIN_TABLE_CATCH_UP] = { "catch-up", U32, 0 },
  [TOCSIN_TABLE_HEARD] = { "heard", U32, 0 },
  [TOCSIN_TABLE_BRANCH_COUNTS] = { "branch-counts", U32, 0 },
  [TOCSIN_TABLE_BRANCH_TRUST] = { "branch-trust", 3 * U32 + 1, 0 },
};

guint64 *
tocsin_store_outbox_position (TocsinStore *self)
{
  return &self->outbox_position;
}

guint64 *
tocsin_store_review_position (TocsinStore *self)
{
  return &self->review_position;
}

TocsinPlaceIndex **
tocsin_store_places (TocsinStore *self)
{
  return &self->places;
}

const char *
tocsin_store_get_table_name (TocsinTable table)
{
  return table_defs[table].name;
}

gsize
tocsin_store_get_key_bytes (TocsinTable table)
{
  return table_defs[table].key_bytes;
}

MDB_env *
tocsin_store_get_env (TocsinStore *self)
{
  return self->env;
}

const MDB_dbi *
tocsin_store_get_tables (TocsinStore *self)
{
  return self->tables;
}

gboolean
tocsin_store_error_from_rc (int rc, GError **error)
{
  switch (rc)
    {
    case MDB_MAP_FULL:
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
    case EIO: /* LMDB's word for a write that was cut short, which is how a full disk begins */
    case ENOMEM:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "The database cannot take it: %s",
                   rc == MDB_MAP_FULL ? "it is as large as it may be" : mdb_strerror (rc));
      return FALSE;

    case TOCSIN_RC_DAMAGED:
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE,
                           "Database: a record is damaged");
      return FALSE;

    default:
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "Database: %s", mdb_strerror (rc));
      return FALSE;
    }
}

static gboolean
dispatch_notes (GSource *source, GSourceFunc callback G_GNUC_UNUSED, gpointer data)
{
  TocsinStore *self = data;
  g_autoptr (GArray) listeners = NULL;
  TocsinNotes notes;

  /* First not ready, then read: a commit in between wakes us again. */
  g_source_set_ready_time (source, -1);
  notes = (TocsinNotes) g_atomic_int_and ((guint *) &self->notes, 0);
  if (notes == 0)
    return G_SOURCE_CONTINUE;

  /* A listener may listen or unlisten. */
  listeners = g_array_copy (self->listeners);
  for (guint i = 0; i < listeners->len; i++)
    {
      const Listener *listener = &g_array_index (listeners, Listener, i);

      listener->func (notes, listener->data);
    }
  return G_SOURCE_CONTINUE;
}

/* The callback slot is not used; data comes through this struct instead. */
typedef struct
{
  GSource source;
  TocsinStore *store; /* (unowned) */
} NoteSource;

static gboolean
note_source_dispatch (GSource *source, GSourceFunc callback, gpointer data G_GNUC_UNUSED)
{
  return dispatch_notes (source, callback, ((NoteSource *) source)->store);
}

static GSourceFuncs note_source_funcs = { .dispatch = note_source_dispatch };

/* Not attached yet: a copy that is opened on another thread for a moment has no listener. */
static GSource *
note_source_new (TocsinStore *store)
{
  GSource *source = g_source_new (&note_source_funcs, sizeof (NoteSource));

  ((NoteSource *) source)->store = store;
  g_source_set_static_name (source, "tocsin-store-notes");
  g_source_set_ready_time (source, -1);
  return source;
}

/* Pages on the free list: used once, free for the next writes. */
static guint64
count_free_pages (TocsinStore *self)
{
  const MDB_dbi free_dbi = 0;
  MDB_txn *txn = NULL;
  MDB_cursor *cursor = NULL;
  MDB_val key, value;
  guint64 pages = 0;

  if (mdb_txn_begin (self->env, NULL, MDB_RDONLY, &txn) != MDB_SUCCESS)
    return 0;
  if (mdb_cursor_open (txn, free_dbi, &cursor) == MDB_SUCCESS)
    {
      while (mdb_cursor_get (cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS)
        {
          gsize n;

          if (value.mv_size < sizeof n)
            continue;
          memcpy (&n, value.mv_data, sizeof n);
          pages += n;
        }
      mdb_cursor_close (cursor);
    }
  mdb_txn_abort (txn);
  return pages;
}

/* Used or free again. */
static guint64
count_pages (TocsinStore *self)
{
  MDB_envinfo info = { 0 };

  mdb_env_info (self->env, &info);
  return info.me_last_pgno + 1;
}

/* Whether it is time to count anew, on this thread and no other. */
static gboolean
/* NOLINTNEXTLINE(readability-non-const-parameter): the exchange writes to it */
is_due (gint64 *counted_us)
{
  gint64 now_us = g_get_monotonic_time ();
  gint64 last_us = __atomic_load_n (counted_us, __ATOMIC_RELAXED);

  return (last_us == 0 || now_us - last_us > FILL_COUNT_US) &&
         __atomic_compare_exchange_n (counted_us, &last_us, now_us, FALSE, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED);
}

void
tocsin_store_pages (TocsinStore *self, TocsinStorePages *out)
{
  guint64 pages = count_pages (self);

  if (is_due (&self->free_counted_us))
    __atomic_store_n (&self->free_pages, count_free_pages (self), __ATOMIC_RELAXED);
  out->free = MIN (pages, __atomic_load_n (&self->free_pages, __ATOMIC_RELAXED));
  out->used = pages - out->free;
}

/* Asks by the file itself: the store may be a link, or a mount of its own. */
static void
look_at_disk (TocsinStore *self)
{
  TocsinDisk disk = { .free_bytes = G_MAXUINT64 };
  mdb_filehandle_t fd;

  if (!is_due (&self->disk_looked_us))
    return;
  if (mdb_env_get_fd (self->env, &fd) == MDB_SUCCESS)
    tocsin_disk_look (fd, &disk);
  __atomic_store_n (&self->disk_free, disk.free_bytes, __ATOMIC_RELAXED);
  __atomic_store_n (&self->disk_reserve, disk.reserve_bytes, __ATOMIC_RELAXED);
}

gboolean
tocsin_store_disk_free (TocsinStore *self, guint64 *bytes)
{
  look_at_disk (self);
  *bytes = __atomic_load_n (&self->disk_free, __ATOMIC_RELAXED);
  return *bytes != G_MAXUINT64;
}

/* How many pages the file may have: those of the map, or fewer where the disk ends before. Where
 * what should be left of the disk is touched already it is fewer than the file has. */
static guint64
find_limit (TocsinStore *self, guint64 pages)
{
  guint64 reserve, bytes, limit;

  if (!tocsin_store_disk_free (self, &bytes))
    return self->pages;
  reserve = __atomic_load_n (&self->disk_reserve, __ATOMIC_RELAXED) / self->page_bytes;
  limit = pages + bytes / self->page_bytes;
  return MAX (1, MIN (self->pages, limit > reserve ? limit - reserve : 1));
}

void
tocsin_store_fill (TocsinStore *self, TocsinStoreFill *out)
{
  guint64 pages = count_pages (self);
  guint64 limit = find_limit (self, pages);
  guint64 percent = pages * 100 / limit;
  TocsinStorePages exact;

  /* Only near the limit does it matter how much of it is free again. */
  if (percent >= 50)
    {
      tocsin_store_pages (self, &exact);
      percent = exact.used * 100 / limit;
    }
  out->percent = (guint) MIN (percent, 100);
  out->by_disk = limit < self->pages;
}

guint
tocsin_store_fill_percent (TocsinStore *self)
{
  TocsinStoreFill fill;

  tocsin_store_fill (self, &fill);
  return fill.percent;
}

/* What readers may ask for without a transaction. Runs on the thread that committed. */
static void
publish (TocsinStore *self)
{
  g_autoptr (TocsinReader) reader = tocsin_reader_new (self);
  TocsinNetworkLengths lengths = { 0 };

  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);

    tocsin_lengths_read (txn, &lengths);
    if (txn->rc != MDB_SUCCESS)
      return;
    __atomic_store_n (&self->lengths[0], lengths.v4, __ATOMIC_RELAXED);
    for (guint i = 0; i < G_N_ELEMENTS (lengths.v6); i++)
      __atomic_store_n (&self->lengths[1 + i], lengths.v6[i], __ATOMIC_RELAXED);
    __atomic_store_n (&self->allow_count, tocsin_allow_count (txn), __ATOMIC_RELAXED);
    __atomic_store_n (&self->generation, tocsin_meta_generation (txn), __ATOMIC_RELEASE);
  }
}

void
tocsin_store_committed (TocsinStore *self, TocsinNotes notes)
{
  if (notes == 0)
    return;
  publish (self);
  g_atomic_int_or ((guint *) &self->notes, notes);
  g_source_set_ready_time (self->source, 0);
}

/* Where one of its two root pages could not be written, LMDB refuses everything until the file has
 * been opened anew: what is on the disk is whole, but what is in memory may not be. */
void
tocsin_store_lost (TocsinStore *self)
{
  if (!g_atomic_int_compare_and_exchange (&self->lost, 0, 1))
    return;
  g_atomic_int_or ((guint *) &self->notes, TOCSIN_NOTE_STORE_LOST);
  g_source_set_ready_time (self->source, 0);
}

guint64
tocsin_store_generation (TocsinStore *self)
{
  return __atomic_load_n (&self->generation, __ATOMIC_ACQUIRE);
}

guint64
tocsin_store_allow_count (TocsinStore *self)
{
  return __atomic_load_n (&self->allow_count, __ATOMIC_RELAXED);
}

void
tocsin_store_network_lengths (TocsinStore *self, TocsinNetworkLengths *out)
{
  out->v4 = __atomic_load_n (&self->lengths[0], __ATOMIC_RELAXED);
  for (guint i = 0; i < G_N_ELEMENTS (out->v6); i++)
    out->v6[i] = __atomic_load_n (&self->lengths[1 + i], __ATOMIC_RELAXED);
}

void
tocsin_store_hints (TocsinStore *self, TocsinTxn *txn, TocsinStoreHints *out)
{
  guint64 published = tocsin_store_generation (self); /* before what it is about */

  out->generation = tocsin_meta_generation (txn);
  if (published < out->generation)
    {
      out->allow_count = tocsin_allow_count (txn);
      tocsin_lengths_read (txn, &out->lengths);
      return;
    }
  out->allow_count = tocsin_store_allow_count (self);
  tocsin_store_network_lengths (self, &out->lengths);
}

static gboolean
take_lock (TocsinStore *self, const char *dir, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "lock", NULL);

  self->lock_fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->lock_fd < 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  if (flock (self->lock_fd, LOCK_EX | LOCK_NB) != 0)
    {
      if (errno == EWOULDBLOCK)
        g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "%s is in use by another tocsind",
                     dir);
      else
        g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static int
open_tables (TocsinStore *self)
{
  MDB_txn *txn = NULL;
  int rc = mdb_txn_begin (self->env, NULL, 0, &txn);

  if (rc != MDB_SUCCESS)
    return rc;
  for (guint i = 0; rc == MDB_SUCCESS && i < TOCSIN_N_TABLES; i++)
    rc = mdb_dbi_open (txn, table_defs[i].name, table_defs[i].flags | MDB_CREATE, &self->tables[i]);
  if (rc == MDB_SUCCESS)
    rc = mdb_set_dupsort (txn, self->tables[TOCSIN_TABLE_EVIDENCE], tocsin_evidence_compare);
  for (guint i = 0; rc == MDB_SUCCESS && i < TOCSIN_N_TABLES; i++)
    rc = tocsin_format_touch (txn, self->tables[i]);
  if (rc != MDB_SUCCESS)
    {
      mdb_txn_abort (txn);
      return rc;
    }
  return mdb_txn_commit (txn);
}

static gboolean
open_env (TocsinStore *self, const char *dir, guint64 map_bytes, GError **error)
{
  g_autofree char *path = g_build_filename (dir, "store", NULL);
  g_autofree char *file = g_build_filename (path, "data.mdb", NULL);
  MDB_envinfo info = { 0 };
  MDB_stat stat = { 0 };
  int rc;

  if (g_mkdir_with_parents (path, 0700) != 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: %s", path, g_strerror (errno));
      return FALSE;
    }
  if (!take_lock (self, dir, error))
    return FALSE;

  rc = tocsin_format_begin_anew (file);
  if (rc == MDB_SUCCESS)
    rc = tocsin_format_check_pages (file);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_create (&self->env);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_set_mapsize (self->env, map_bytes);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_set_maxdbs (self->env, TOCSIN_N_TABLES + 8);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_set_maxreaders (self->env, MAX_READERS);
  if (rc == MDB_SUCCESS)
    rc = mdb_env_open (self->env, path, MDB_NOTLS, 0600);
  if (rc == MDB_SUCCESS)
    rc = mdb_reader_check (self->env, NULL);
  if (rc == MDB_SUCCESS && !tocsin_format_look (self->env, file, error))
    return FALSE;
  if (rc == MDB_SUCCESS)
    rc = open_tables (self);
  if (rc != MDB_SUCCESS)
    return tocsin_format_explain (file, rc, error);
  mdb_env_info (self->env, &info);
  mdb_env_stat (self->env, &stat);
  self->page_bytes = stat.ms_psize;
  self->pages = MAX (1, info.me_mapsize / stat.ms_psize);
  look_at_disk (self); /* before another thread may ask */
  return TRUE;
}

TocsinStore *
tocsin_store_open (const char *dir, guint64 map_bytes, GError **error)
{
  g_autoptr (TocsinStore) self = g_new0 (TocsinStore, 1);

  g_return_val_if_fail (dir != NULL, NULL);

  /* A file size limit is then EFBIG, which is answered with 503. */
  (void) signal (SIGXFSZ, SIG_IGN);

  self->lock_fd = -1;
  self->retention.seen_days = TOCSIN_SEEN_DAYS;
  self->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  self->source = note_source_new (self);
  if (!open_env (self, dir, map_bytes == 0 ? TOCSIN_STORE_DEFAULT_BYTES : map_bytes, error))
    return NULL;
  if (!tocsin_store_write (self, tocsin_format_settle, NULL, error))
    return NULL;
  publish (self);
  self->reader = tocsin_reader_new (self);
  return g_steal_pointer (&self);
}

guint64
tocsin_store_get_map_bytes (TocsinStore *self)
{
  MDB_envinfo info = { 0 };

  mdb_env_info (self->env, &info);
  return info.me_mapsize;
}

void
tocsin_store_begin_close (TocsinStore *self)
{
  g_atomic_int_set (&self->closing, 1);
}

gboolean
tocsin_store_is_closing (TocsinStore *self)
{
  return g_atomic_int_get (&self->closing) != 0;
}

gboolean
tocsin_store_begin_work (TocsinStore *self)
{
  g_atomic_int_inc (&self->work);
  if (!tocsin_store_is_closing (self))
    return TRUE;
  tocsin_store_end_work (self);
  return FALSE;
}

void
tocsin_store_end_work (TocsinStore *self)
{
  g_atomic_int_add (&self->work, -1);
}

void
tocsin_store_close (TocsinStore *self)
{
  if (self == NULL)
    return;
  tocsin_store_begin_close (self);
  while (g_atomic_int_get (&self->work) > 0)
    g_usleep (CLOSE_POLL_US);
  if (self->source != NULL)
    g_source_destroy (self->source);
  g_clear_pointer (&self->source, g_source_unref);
  g_clear_pointer (&self->reader, tocsin_reader_free);
  g_clear_pointer (&self->env, mdb_env_close);
  g_clear_pointer (&self->listeners, g_array_unref);
  g_clear_pointer (&self->places, tocsin_place_index_free);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  g_free (self);
}

TocsinReader *
tocsin_store_get_reader (TocsinStore *self)
{
  return self->reader;
}

guint
tocsin_store_check_readers (TocsinStore *self)
{
  int dead = 0;

  if (mdb_reader_check (self->env, &dead) != MDB_SUCCESS)
    return 0;
  return (guint) dead;
}

gboolean
tocsin_store_sync (TocsinStore *self, GError **error)
{
  int rc = mdb_env_sync (self->env, 1);

  return rc == MDB_SUCCESS || tocsin_store_error_from_rc (rc, error);
}

gboolean
tocsin_store_write (TocsinStore *self, TocsinWriteFunc func, gpointer data, GError **error)
{
  g_autoptr (GError) refused = NULL;
  TocsinTxn txn;

  tocsin_txn_begin_write (&txn, self);
  if (txn.rc == MDB_SUCCESS && !func (&txn, data, &refused))
    {
      /* The first failure of the database explains more than what followed from it. */
      if (txn.rc != MDB_SUCCESS)
        tocsin_store_error_from_rc (txn.rc, error);
      else
        g_propagate_error (error, g_steal_pointer (&refused));
      tocsin_txn_abort_write (&txn);
      return FALSE;
    }
  return tocsin_txn_commit_write (&txn, error);
}

guint
tocsin_store_listen (TocsinStore *self, TocsinStoreFunc func, gpointer data)
{
  Listener listener = { .id = ++self->last_listener, .func = func, .data = data };

  if (g_source_get_context (self->source) == NULL)
    {
      g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

      g_source_attach (self->source, context);
    }
  g_array_append_val (self->listeners, listener);
  return listener.id;
}

void
tocsin_store_unlisten (TocsinStore *self, guint id)
{
  for (guint i = 0; i < self->listeners->len; i++)
    if (g_array_index (self->listeners, Listener, i).id == id)
      {
        g_array_remove_index (self->listeners, i);
        return;
      }
}

void
tocsin_store_set_retention (TocsinStore *self, const TocsinRetention *retention)
{
  self->retention = *retention;
}

const TocsinRetention *
tocsin_store_get_retention (TocsinStore *self)
{
  return &self->retention;
}
