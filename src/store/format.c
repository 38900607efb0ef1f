/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-store"

#include "store/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "core/error.h"
#include "store/branches-private.h"
#include "store/reports-private.h"
#include "store/table-meta.h"

#define META_FORMAT   "format"
#define META_DIGESTS  "digests"  /* there once digests leave out what waits to be withdrawn */
#define META_BRANCHES "branches" /* there once what is stored is counted by branch */

/* LMDB's first page as this machine has it: words of its order and width. The second differs in the
 * number alone. */
#define LMDB_MAGIC       0xBEEFC0DEu
#define LMDB_VERSION     1
#define LMDB_NO_PAGE     G_MAXSIZE
#define LMDB_META        0x08
#define LMDB_INTEGER_KEY 0x08
#define LMDB_PAGE_MIN    512
#define LMDB_PAGE_MAX    32768
#define LMDB_ROOTS       2

typedef struct
{
  guint32 page_bytes;
  guint16 flags;   /* cppcheck-suppress unusedStructMember ; it is where LMDB has it */
  guint16 depth;   /* cppcheck-suppress unusedStructMember ; as above */
  gsize counts[4]; /* cppcheck-suppress unusedStructMember ; as above */
  gsize root;      /* cppcheck-suppress unusedStructMember ; as above */
} LmdbTable;

typedef struct
{
  gsize number;
  guint16 pad;    /* cppcheck-suppress unusedStructMember ; it is where LMDB has it */
  guint16 flags;  /* cppcheck-suppress unusedStructMember ; as above */
  guint32 bounds; /* cppcheck-suppress unusedStructMember ; as above */
  guint32 magic;
  guint32 version;
  gsize address;        /* cppcheck-suppress unusedStructMember ; as above */
  gsize map_bytes;      /* cppcheck-suppress unusedStructMember ; as above */
  LmdbTable free, main; /* cppcheck-suppress unusedStructMember ; as above */
  gsize last_page;      /* cppcheck-suppress unusedStructMember ; as above */
  gsize transaction;    /* cppcheck-suppress unusedStructMember ; as above */
} LmdbPage;

#define LMDB_MAGIC_AT       offsetof (LmdbPage, magic)
#define LMDB_OTHER_MAGIC_AT (LMDB_MAGIC_AT == 16 ? 12 : 16)

static gboolean
refuse (const char *file, const char *what, GError **error)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED, "%s: %s", file, what);
  return FALSE;
}

static gboolean
read_beginning (const char *file, guint8 *out, gsize size)
{
  int fd = g_open (file, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  gboolean ok = fd >= 0 && TEMP_FAILURE_RETRY (read (fd, out, size)) == (gssize) size;

  if (fd >= 0)
    close (fd);
  return ok;
}

/* The number by which LMDB knows its own. */
static guint32
magic_at (const guint8 *beginning, gsize offset)
{
  guint32 magic;

  memcpy (&magic, beginning + offset, sizeof magic);
  return magic;
}

static gboolean
is_of_this_machine (const char *file)
{
  guint8 beginning[32];

  return read_beginning (file, beginning, sizeof beginning) &&
         magic_at (beginning, LMDB_MAGIC_AT) == LMDB_MAGIC;
}

/* Pages hold numbers as the machine has them, so LMDB cannot read the file of another kind. */
static gboolean
is_foreign_machine (const char *file)
{
  guint8 beginning[32];
  guint32 here, there;

  if (!read_beginning (file, beginning, sizeof beginning))
    return FALSE;
  here = magic_at (beginning, LMDB_MAGIC_AT);
  there = magic_at (beginning, LMDB_OTHER_MAGIC_AT);
  return GUINT32_SWAP_LE_BE (here) == LMDB_MAGIC || there == LMDB_MAGIC ||
         GUINT32_SWAP_LE_BE (there) == LMDB_MAGIC;
}

gboolean
tocsin_format_explain (const char *file, int rc, GError **error)
{
  if (rc == MDB_VERSION_MISMATCH)
    return refuse (file, "the database was written by another version of LMDB", error);
  if (rc == MDB_INVALID && is_foreign_machine (file))
    return refuse (file,
                   "the database is of a machine with another byte order or word size; it can "
                   "be opened there alone",
                   error);
  if (rc == MDB_INVALID && is_of_this_machine (file))
    rc = MDB_CORRUPTED;
  if (rc == MDB_INVALID)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE,
                 "%s: this is not a database; restore a backup", file);
  else if (rc == MDB_CORRUPTED || rc == MDB_PAGE_NOTFOUND)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE,
                 "%s: the database is damaged, or a copy that was cut short; restore a backup",
                 file);
  else
    {
      tocsin_store_error_from_rc (rc, error);
      g_prefix_error (error, "%s: ", file);
    }
  return FALSE;
}

/* What LMDB writes before anything else; how large the map may be was the choice of that start. */
static void
fill_first_pages (guint8 *pages, gsize page_bytes, gsize map_bytes)
{
  LmdbPage page = {
    .flags = LMDB_META,
    .magic = LMDB_MAGIC,
    .version = LMDB_VERSION,
    .map_bytes = map_bytes,
    .free = { .page_bytes = (guint32) page_bytes, .flags = LMDB_INTEGER_KEY, .root = LMDB_NO_PAGE },
    .main = { .root = LMDB_NO_PAGE },
    .last_page = LMDB_ROOTS - 1,
  };

  for (; page.number < LMDB_ROOTS; page.number++)
    memcpy (pages + page.number * page_bytes, &page, sizeof page);
}

/* No transaction was ever committed into a file that ends within its first two pages, and says of
 * itself what these say in the beginning. Of a copy that was cut short the first says more. */
static gboolean
is_begun_only (int fd, gsize size, gsize page_bytes)
{
  g_autofree guint8 *found = g_malloc0 (LMDB_ROOTS * page_bytes);
  g_autofree guint8 *first = g_malloc0 (LMDB_ROOTS * page_bytes);
  gsize map_bytes;

  if (TEMP_FAILURE_RETRY (pread (fd, found, size, 0)) != (gssize) size)
    return FALSE;
  memcpy (&map_bytes, found + offsetof (LmdbPage, map_bytes), sizeof map_bytes);
  fill_first_pages (first, page_bytes, map_bytes);
  return memcmp (found, first, size) == 0;
}

int
tocsin_format_begin_anew (const char *file)
{
  gsize page_bytes = MIN ((gsize) sysconf (_SC_PAGESIZE), LMDB_PAGE_MAX);
  int fd = g_open (file, O_RDWR | O_CLOEXEC | O_NONBLOCK, 0);
  struct stat stat;
  int rc = MDB_SUCCESS;

  if (fd < 0)
    return MDB_SUCCESS; /* what there is to say LMDB says */
  if (fstat (fd, &stat) == 0 && S_ISREG (stat.st_mode) && stat.st_size > 0 &&
      (gsize) stat.st_size < LMDB_ROOTS * page_bytes &&
      is_begun_only (fd, (gsize) stat.st_size, page_bytes))
    {
      g_message ("%s was left by a first start that was cut short, and is begun anew", file);
      rc = ftruncate (fd, 0) == 0 ? MDB_SUCCESS : errno;
    }
  close (fd);
  return rc;
}

/* %FALSE of what LMDB would not take for one either. */
static gboolean
read_first_page (int fd, gsize at, LmdbPage *out)
{
  return TEMP_FAILURE_RETRY (pread (fd, out, sizeof *out, (off_t) at)) == sizeof *out &&
         out->magic == LMDB_MAGIC && out->version == LMDB_VERSION;
}

static gboolean
is_page_size (gsize bytes)
{
  return bytes >= LMDB_PAGE_MIN && bytes <= LMDB_PAGE_MAX && (bytes & (bytes - 1)) == 0;
}

int
tocsin_format_check_pages (const char *file)
{
  int fd = g_open (file, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  LmdbPage first, second;
  int rc = MDB_SUCCESS;

  if (fd < 0)
    return MDB_SUCCESS; /* what there is to say LMDB says */
  if (read_first_page (fd, 0, &first) && (!is_page_size (first.free.page_bytes) ||
                                          (read_first_page (fd, first.free.page_bytes, &second) &&
                                           second.free.page_bytes != first.free.page_bytes)))
    rc = MDB_CORRUPTED;
  close (fd);
  return rc;
}

static gboolean
check_format (const char *file, const MDB_val *stored, GError **error)
{
  guint32 format;

  if (stored->mv_size != sizeof format)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE, "%s: the format is damaged", file);
      return FALSE;
    }
  memcpy (&format, stored->mv_data, sizeof format);
  if (format <= TOCSIN_STORE_FORMAT)
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
               "%s: the database has format %u, made by a newer version; this one knows format %d",
               file, format, TOCSIN_STORE_FORMAT);
  return FALSE;
}

/* Of tocsin_store_copy(), which ends with `meta`. */
static gboolean
is_cut_short (MDB_txn *txn)
{
  MDB_dbi table;

  return mdb_dbi_open (txn, tocsin_store_get_table_name (TOCSIN_TABLE_META), 0, &table) ==
             MDB_NOTFOUND &&
         mdb_dbi_open (txn, tocsin_store_get_table_name (TOCSIN_TABLE_META + 1), 0, &table) ==
             MDB_SUCCESS;
}

/* A first start that was cut short may have left the tables, all empty. */
static gboolean
look (MDB_txn *txn, const char *file, GError **error)
{
  const TocsinId id = tocsin_id_for_string (META_FORMAT);
  MDB_val key = { .mv_size = sizeof id.bytes, .mv_data = (void *) id.bytes };
  MDB_val stored;
  MDB_stat tables = { 0 }, rows = { 0 };
  MDB_dbi root, meta;
  int rc = mdb_dbi_open (txn, NULL, 0, &root);

  if (rc == MDB_SUCCESS)
    rc = mdb_stat (txn, root, &tables);
  if (rc == MDB_SUCCESS && tables.ms_entries == 0)
    return TRUE;
  if (rc == MDB_SUCCESS)
    rc = mdb_dbi_open (txn, tocsin_store_get_table_name (TOCSIN_TABLE_META), 0, &meta);
  if (rc == MDB_SUCCESS)
    rc = mdb_stat (txn, meta, &rows);
  if (rc == MDB_SUCCESS && rows.ms_entries == 0)
    return TRUE;
  if (rc == MDB_SUCCESS)
    rc = mdb_get (txn, meta, &key, &stored);
  if (rc == MDB_SUCCESS)
    return check_format (file, &stored, error);
  if (rc == MDB_NOTFOUND && is_cut_short (txn))
    rc = MDB_CORRUPTED;
  if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
    return refuse (file, "the database is another program's", error);
  return tocsin_format_explain (file, rc, error);
}

int
tocsin_format_touch (MDB_txn *txn, MDB_dbi table)
{
  MDB_cursor *cursor = NULL;
  MDB_val key, value;
  int rc = mdb_cursor_open (txn, table, &cursor);

  if (rc == MDB_SUCCESS)
    rc = mdb_cursor_get (cursor, &key, &value, MDB_FIRST);
  if (rc == MDB_SUCCESS)
    rc = mdb_cursor_get (cursor, &key, &value, MDB_LAST);
  g_clear_pointer (&cursor, mdb_cursor_close);
  return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

/* Of every table that is there, so that one that is damaged at its ends is refused with nothing
 * written. Those that are not there yet are made later. */
static int
touch_all (MDB_txn *txn)
{
  int rc = MDB_SUCCESS;

  for (guint i = 0; rc == MDB_SUCCESS && i < TOCSIN_N_TABLES; i++)
    {
      MDB_dbi table;

      rc = mdb_dbi_open (txn, tocsin_store_get_table_name ((TocsinTable) i), 0, &table);
      rc = rc == MDB_SUCCESS ? tocsin_format_touch (txn, table) : rc;
      rc = rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
    }
  return rc;
}

/* What the file had before zeros were added to it. */
typedef struct
{
  int fd;      /* (unowned) of LMDB */
  off_t bytes; /* 0: nothing was added */
} Length;

/* Pages past the end of the file are a SIGBUS for who reads them, and LMDB reads through its map
 * alone. It leaves out free ones at the end, so a file that is too short may be whole; as zeros,
 * what is missing is found to be damage. */
static int
fill_up (MDB_env *env, Length *out)
{
  MDB_envinfo info = { 0 };
  MDB_stat stat = { 0 };
  struct stat file;
  mdb_filehandle_t fd;
  off_t bytes;

  mdb_env_info (env, &info);
  mdb_env_stat (env, &stat);
  bytes = (off_t) (info.me_last_pgno + 1) * (off_t) stat.ms_psize;
  if (mdb_env_get_fd (env, &fd) != MDB_SUCCESS || fstat (fd, &file) != 0)
    return errno;
  if (file.st_size >= bytes)
    return MDB_SUCCESS;
  if (ftruncate (fd, bytes) != 0)
    return errno;
  *out = (Length){ .fd = fd, .bytes = file.st_size };
  return MDB_SUCCESS;
}

/* While nothing was written but those zeros: what is refused is left as it was. A start that is
 * killed in between leaves them, which changes no row. */
static void
cut_back (const char *file, const Length *length)
{
  if (length->bytes > 0 && ftruncate (length->fd, length->bytes) != 0)
    g_warning ("%s has zeros at its end that were not there: %s", file, g_strerror (errno));
}

gboolean
tocsin_format_look (MDB_env *env, const char *file, GError **error)
{
  MDB_txn *txn = NULL;
  Length length = { 0 };
  int rc = fill_up (env, &length);
  gboolean ours = FALSE;

  if (rc == MDB_SUCCESS)
    rc = mdb_txn_begin (env, NULL, MDB_RDONLY, &txn);
  if (rc == MDB_SUCCESS)
    ours = look (txn, file, error);
  if (ours)
    rc = touch_all (txn);
  g_clear_pointer (&txn, mdb_txn_abort);
  if (rc == MDB_SUCCESS && ours)
    return TRUE;
  cut_back (file, &length);
  return rc == MDB_SUCCESS ? FALSE : tocsin_format_explain (file, rc, error);
}

/* How format N becomes N + 1; format 1 is the first. */
static const TocsinWriteFunc migrations[TOCSIN_STORE_FORMAT] = { NULL };

/* No format of its own: every version reads the others' counters. */
static void
settle_digests (TocsinTxn *txn, gboolean is_new)
{
  g_autoptr (GBytes) settled = tocsin_meta_get (txn, META_DIGESTS);

  if (settled != NULL)
    return;
  if (!is_new)
    tocsin_reports_uncount_waiting (txn);
  tocsin_meta_put (txn, META_DIGESTS, "", 1);
}

/* Nor this: what is counted anew is rows that every version reads. */
static void
settle_branches (TocsinTxn *txn, gboolean is_new)
{
  g_autoptr (GBytes) settled = tocsin_meta_get (txn, META_BRANCHES);

  if (settled != NULL)
    return;
  if (!is_new)
    tocsin_branches_settle (txn);
  tocsin_meta_put (txn, META_BRANCHES, "", 1);
}

gboolean
tocsin_format_settle (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  g_autoptr (GBytes) stored = tocsin_meta_get (txn, META_FORMAT);
  guint32 format = TOCSIN_STORE_FORMAT;

  settle_digests (txn, stored == NULL);
  settle_branches (txn, stored == NULL);
  if (stored == NULL)
    {
      tocsin_meta_put (txn, META_FORMAT, &format, sizeof format);
      tocsin_meta_renew_epoch (txn);
      return TRUE;
    }
  memcpy (&format, g_bytes_get_data (stored, NULL), sizeof format);
  if (format == TOCSIN_STORE_FORMAT)
    return TRUE;

  for (guint32 from = format; from < TOCSIN_STORE_FORMAT; from++)
    {
      if (migrations[from] == NULL)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
                       "The database has format %u, which no version ever wrote", format);
          return FALSE;
        }
      if (!migrations[from](txn, NULL, error))
        return FALSE;
    }
  format = TOCSIN_STORE_FORMAT;
  tocsin_meta_put (txn, META_FORMAT, &format, sizeof format);
  return TRUE;
}
