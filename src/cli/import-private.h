/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* Between import-file.c and the readers of its formats. */
#pragma once

#include "cli/import-file.h"

G_BEGIN_DECLS

/* Adds one entry of any text; blanks around it are cut, the strings copied. FALSE with an error
 * that names @place if it is no text for a subject. */
gboolean tocsin_import_add (TocsinImport *self,
                            const char *type,
                            const char *value,
                            const char *category,
                            const char *comment,
                            guint place,
                            GError **error);
gboolean tocsin_import_fail (GError **error, guint place, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* Whether the titles of this CSV are those of domain blocks, as Mastodon has them or as programs
 * that write for it do: "#domain", or a domain and its severity. */
gboolean tocsin_import_is_mastodon (const char *text);

/* Reads a whole file into entries. %FALSE with one sentence that names the line. */
gboolean tocsin_import_read_csv (TocsinImport *self, const char *text, GError **error);
gboolean tocsin_import_read_json (TocsinImport *self, const char *text, gsize size, GError **error);

G_END_DECLS
