/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Structured fields, RFC 8941 section 4.2, as far as signatures need them. Each function moves
 * the cursor @at past what it read; on FALSE the cursor and @out are undefined. */
void tocsin_sfv_skip (const char **at, const char *set);
gboolean tocsin_sfv_key (const char **at, GString *out);
gboolean tocsin_sfv_string (const char **at, GString *out); /* unescaped */
gboolean tocsin_sfv_integer (const char **at, gint64 *out);
GBytes *tocsin_sfv_bytes (const char **at, gsize max_bytes) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_sfv_end_of_member (const char **at, gboolean *last);
void tocsin_sfv_append_string (GString *out, const char *value);

/* Any bare item but a decimal: appends it to @out in canonical form (section 4.1.3.1). */
gboolean tocsin_sfv_copy_item (const char **at, GString *out);

G_END_DECLS
