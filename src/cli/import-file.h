/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/subject.h"

G_BEGIN_DECLS

#define TOCSIN_IMPORT_MAX_BYTES   (256 * 1024 * 1024)
#define TOCSIN_IMPORT_MAX_ENTRIES (8 * 1000 * 1000)

typedef enum
{
  TOCSIN_IMPORT_AUTO,
  TOCSIN_IMPORT_LINES,
  TOCSIN_IMPORT_CSV,
  TOCSIN_IMPORT_MASTODON_CSV,
  TOCSIN_IMPORT_MISP_WARNINGLIST,
  TOCSIN_IMPORT_JSON,
} TocsinImportFormat;

/**
 * TocsinImportEntry:
 * @type: (unowned) (nullable): type of the subject, where it is not that of the whole list
 * @value: (unowned): never empty, no control characters
 * @category: (unowned) (nullable): where it is not that of the whole list
 * @comment: (unowned) (nullable)
 * @place: the line, or the element, where it stands; from 1
 *
 * One subject of a list. The strings belong to the list.
 */
typedef struct
{
  const char *type;
  const char *value;
  const char *category;
  const char *comment;
  guint place;
} TocsinImportEntry;

/**
 * TocsinImport:
 * @format: what it turned out to be
 * @entries: (element-type TocsinImportEntry): in the order of the file, at least one
 * @skipped: rows that accuse nobody: obfuscated names, and severity noop
 * @strings: (owned): what the entries point to
 *
 * A list that has been read to its end.
 */
typedef struct
{
  TocsinImportFormat format;
  GArray *entries;
  guint skipped;
  GStringChunk *strings;
} TocsinImport;

void tocsin_import_free (TocsinImport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinImport, tocsin_import_free)

gboolean tocsin_import_format_from_string (const char *name, TocsinImportFormat *out);
TocsinImport *tocsin_import_parse (const char *data,
                                   gsize size,
                                   TocsinImportFormat format,
                                   TocsinSubjectType type,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
