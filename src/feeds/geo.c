/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The one place that knows libmaxminddb, which a build may do without.
 */
#define G_LOG_DOMAIN "tocsin-feeds"

#include "config.h"

#include "feeds/geo.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"

#ifdef HAVE_MAXMINDDB
#include <maxminddb.h>
#endif

#define COPY_BYTES     (256 * 1024)
#define NAME_MAX_BYTES 200

/* ---- the databases in force ---- */

typedef struct
{
  TocsinGeoFile *file; /* (owned) */
  char *title;         /* (owned) */
  gint64 as_of_us;
} Database;

struct _TocsinGeo
{
  gint refs;         /* atomic */
  GArray *databases; /* (owned) (element-type Database) */
};

static void
database_clear (gpointer data)
{
  Database *database = data;

  tocsin_geo_file_unref (database->file);
  g_free (database->title);
}

TocsinGeo *
tocsin_geo_new (void)
{
  TocsinGeo *self = g_new0 (TocsinGeo, 1);

  self->refs = 1;
  self->databases = g_array_new (FALSE, FALSE, sizeof (Database));
  g_array_set_clear_func (self->databases, database_clear);
  return self;
}

TocsinGeo *
tocsin_geo_ref (TocsinGeo *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
tocsin_geo_unref (TocsinGeo *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  g_array_unref (self->databases);
  g_free (self);
}

void
tocsin_geo_add (TocsinGeo *self, TocsinGeoFile *file, const char *title, gint64 as_of_us)
{
  Database database = { .file = tocsin_geo_file_ref (file),
                        .title = g_strdup (title),
                        .as_of_us = as_of_us };

  g_array_append_val (self->databases, database);
}

gboolean
tocsin_geo_is_empty (const TocsinGeo *self)
{
  return self->databases->len == 0;
}

/* ---- a copy of our own ---- */

static gboolean
fail_io (const char *path, GError **error)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror (errno));
  return FALSE;
}

static gboolean
write_all (int to, const char *bytes, gsize size)
{
  while (size > 0)
    {
      gssize n = write (to, bytes, size);

      if (n < 0 && errno != EINTR)
        return FALSE;
      bytes += MAX (n, 0);
      size -= (gsize) MAX (n, 0);
    }
  return TRUE;
}

static gboolean
copy_bytes (int from, int to, const char *path, gsize max_bytes, GError **error)
{
  g_autofree char *buffer = g_malloc (COPY_BYTES);
  gsize total = 0;
  gssize n;

  if (lseek (from, 0, SEEK_SET) != 0)
    return fail_io (path, error);
  while ((n = read (from, buffer, COPY_BYTES)) > 0)
    {
      total += (gsize) n;
      if (total > max_bytes)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                       "The database is longer than the %" G_GSIZE_FORMAT " MiB that it may have",
                       max_bytes / (1024 * 1024));
          return FALSE;
        }
      if (!write_all (to, buffer, (gsize) n))
        return fail_io (path, error);
    }
  return (n == 0 && fsync (to) == 0) || fail_io (path, error);
}

TocsinGeoFile *
tocsin_geo_install (int fd, const char *path, gsize max_bytes, GError **error)
{
  g_autofree char *new_path = g_strconcat (path, ".new", NULL);
  g_autoptr (TocsinGeoFile) file = NULL;
  int to = open (new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  gboolean ok;

  if (to < 0)
    {
      fail_io (new_path, error);
      return NULL;
    }
  ok = copy_bytes (fd, to, new_path, max_bytes, error);
  close (to);
  if (ok)
    file = tocsin_geo_file_open (new_path, error);
  if (file != NULL && g_rename (new_path, path) == 0)
    return g_steal_pointer (&file);
  if (file != NULL)
    fail_io (path, error);
  if (g_unlink (new_path) != 0)
    g_debug ("%s stays: %s", new_path, g_strerror (errno));
  return NULL;
}

#ifdef HAVE_MAXMINDDB

/* ---- one database ---- */

struct _TocsinGeoFile
{
  gint refs; /* atomic */
  MMDB_s mmdb;
  gboolean has_numbers; /* it is of autonomous systems; else of countries */
};

gboolean
tocsin_geo_is_supported (void)
{
  return TRUE;
}

TocsinGeoFile *
tocsin_geo_file_open (const char *path, GError **error)
{
  TocsinGeoFile *self = g_new0 (TocsinGeoFile, 1);
  int status = MMDB_open (path, MMDB_MODE_MMAP, &self->mmdb);
  g_autofree char *clean = NULL;
  const char *type;

  if (status != MMDB_SUCCESS)
    {
      g_free (self);
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "This is no MaxMind database: %s",
                   MMDB_strerror (status));
      return NULL;
    }
  self->refs = 1;
  type = self->mmdb.metadata.database_type != NULL ? self->mmdb.metadata.database_type : "";
  self->has_numbers = strstr (type, "ASN") != NULL || strstr (type, "ISP") != NULL;
  if (self->has_numbers || strstr (type, "Country") != NULL || strstr (type, "City") != NULL)
    return self;
  clean = tocsin_error_clean_text (type, NAME_MAX_BYTES);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               "The database is of the type “%s”, neither of countries nor of networks", clean);
  tocsin_geo_file_unref (self);
  return NULL;
}

TocsinGeoFile *
tocsin_geo_file_ref (TocsinGeoFile *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
tocsin_geo_file_unref (TocsinGeoFile *self)
{
  if (!g_atomic_int_dec_and_test (&self->refs))
    return;
  MMDB_close (&self->mmdb);
  g_free (self);
}

guint64
tocsin_geo_file_count (const TocsinGeoFile *self)
{
  return self->mmdb.metadata.node_count;
}

/* ---- looking up ---- */

/* A text of the database, which is a stranger's: valid, of one line, not too long. */
static char *
dup_text (MMDB_entry_s *entry, const char *const *path)
{
  MMDB_entry_data_s data;
  g_autofree char *text = NULL;

  if (MMDB_aget_value (entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
      data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size == 0)
    return NULL;
  text = g_strndup (data.utf8_string, MIN (data.data_size, NAME_MAX_BYTES));
  return tocsin_error_clean_text (text, NAME_MAX_BYTES);
}

static gboolean
find_number (MMDB_entry_s *entry, guint32 *out)
{
  static const char *const path[] = { "autonomous_system_number", NULL };
  MMDB_entry_data_s data;

  if (MMDB_aget_value (entry, &data, path) != MMDB_SUCCESS || !data.has_data)
    return FALSE;
  if (data.type == MMDB_DATA_TYPE_UINT32)
    *out = data.uint32;
  else if (data.type == MMDB_DATA_TYPE_UINT16)
    *out = data.uint16;
  else
    return FALSE;
  return *out != 0;
}

/* Of a country its English name; where that is missing its code. */
static gboolean
describe_entry (const TocsinGeoFile *file, MMDB_entry_s *entry, TocsinPlace *out)
{
  static const char *const network[] = { "autonomous_system_organization", NULL };
  static const char *const names[][4] = {
    { "country", "names", "en", NULL },
    { "country", "iso_code", NULL },
    { "registered_country", "names", "en", NULL },
  };

  if (file->has_numbers)
    {
      if (!find_number (entry, &out->number))
        return FALSE;
      out->name = dup_text (entry, network);
      if (out->name == NULL)
        out->name = g_strdup ("?");
      return TRUE;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (names) && out->name == NULL; i++)
    out->name = dup_text (entry, names[i]);
  return out->name != NULL;
}

static gboolean
find_in (const Database *database, const struct sockaddr *address, TocsinPlace *out)
{
  int status = MMDB_SUCCESS;
  MMDB_lookup_result_s result = MMDB_lookup_sockaddr (&database->file->mmdb, address, &status);

  *out = (TocsinPlace){ .title = database->title, .as_of_us = database->as_of_us };
  return status == MMDB_SUCCESS && result.found_entry &&
         describe_entry (database->file, &result.entry, out);
}

/* The address, or the first one of a network. */
static GSocketAddress *
address_of (const TocsinSubject *subject)
{
  g_autofree char *text = NULL;

  if ((subject->type != TOCSIN_SUBJECT_IP && subject->type != TOCSIN_SUBJECT_NETWORK) ||
      subject->value == NULL)
    return NULL;
  text = g_strndup (subject->value, strcspn (subject->value, "/"));
  return g_inet_socket_address_new_from_string (text, 0);
}

void
tocsin_geo_find (const TocsinGeo *self, const TocsinSubject *subject, GArray *out)
{
  g_autoptr (GSocketAddress) address = NULL;
  struct sockaddr_storage native;

  if (self == NULL || self->databases->len == 0)
    return;
  address = address_of (subject);
  if (address == NULL || !g_socket_address_to_native (address, &native, sizeof native, NULL))
    return;
  for (guint i = 0; i < self->databases->len; i++)
    {
      TocsinPlace place;

      if (find_in (&g_array_index (self->databases, Database, i), (const struct sockaddr *) &native,
                   &place))
        g_array_append_val (out, place);
    }
}

#else

struct _TocsinGeoFile
{
  gint refs;
};

gboolean
tocsin_geo_is_supported (void)
{
  return FALSE;
}

TocsinGeoFile *
tocsin_geo_file_open (const char *path G_GNUC_UNUSED, GError **error)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
                       "This build reads no MaxMind databases");
  return NULL;
}

TocsinGeoFile *
tocsin_geo_file_ref (TocsinGeoFile *self)
{
  return self;
}

void
tocsin_geo_file_unref (TocsinGeoFile *self G_GNUC_UNUSED)
{
}

guint64
tocsin_geo_file_count (const TocsinGeoFile *self G_GNUC_UNUSED)
{
  return 0;
}

void
tocsin_geo_find (const TocsinGeo *self G_GNUC_UNUSED,
                 const TocsinSubject *subject G_GNUC_UNUSED,
                 GArray *out G_GNUC_UNUSED)
{
}

#endif
