/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "core/place.h"
#include "core/subject.h"

G_BEGIN_DECLS

/**
 * TocsinGeoFile:
 *
 * One MaxMind database of countries or autonomous systems, mapped from a file that nobody else
 * writes to. Immutable; counted by references, from any thread.
 */
typedef struct _TocsinGeoFile TocsinGeoFile;

/* Whether this build can read such files. */
gboolean tocsin_geo_is_supported (void);

/**
 * tocsin_geo_file_open:
 * @path: a database
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): on error, %NULL, and @error is %TOCSIN_ERROR_INVALID (none,
 *   damaged, or of something else) or %TOCSIN_ERROR_UNSUPPORTED
 */
TocsinGeoFile *tocsin_geo_file_open (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
TocsinGeoFile *tocsin_geo_file_ref (TocsinGeoFile *self);
void tocsin_geo_file_unref (TocsinGeoFile *self);

/* How large its search tree is. */
guint64 tocsin_geo_file_count (const TocsinGeoFile *self);

/**
 * tocsin_geo_install:
 * @fd: a database, anywhere in it
 * @path: where it is to be
 * @max_bytes: the longest that is taken
 *
 * Copies @fd, opens the copy to see that it is one, and puts it in the place of @path. Blocks.
 *
 * Returns: (transfer full) (nullable): as tocsin_geo_file_open(), and %TOCSIN_ERROR_TOO_LARGE or
 *   %TOCSIN_ERROR_UNAVAILABLE; then @path is as it was
 */
TocsinGeoFile *tocsin_geo_install (int fd, const char *path, gsize max_bytes, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * TocsinGeo: the databases in force. Immutable once it is shared; counted by references.
 */
typedef struct _TocsinGeo TocsinGeo;

TocsinGeo *tocsin_geo_new (void) G_GNUC_WARN_UNUSED_RESULT;
TocsinGeo *tocsin_geo_ref (TocsinGeo *self);
void tocsin_geo_unref (TocsinGeo *self);
/* Before it is shared: @file is referenced. */
void tocsin_geo_add (TocsinGeo *self, TocsinGeoFile *file, const char *title, gint64 as_of_us);

/* Whether no database is loaded. */
gboolean tocsin_geo_is_empty (const TocsinGeo *self);

/**
 * tocsin_geo_find:
 * @self: (nullable): the databases
 * @subject: a subject
 * @out: (element-type TocsinPlace): gets what is believed of an address or of the beginning of a
 *   network; of other subjects nothing. The titles live as long as @self
 *
 * Any thread.
 */
void tocsin_geo_find (const TocsinGeo *self, const TocsinSubject *subject, GArray *out);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinGeoFile, tocsin_geo_file_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinGeo, tocsin_geo_unref)

G_END_DECLS
