/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Readers of what was typed. Errors are %TOCSIN_ERROR_INVALID, for people, and where there is a
 * near name they say which. */
char **tocsin_argument_names (const char *what) G_GNUC_WARN_UNUSED_RESULT;
char **tocsin_argument_names_of (const char *group,
                                 const char *command,
                                 const char *option) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_argument_name (const char *what, const char *typed, GError **error);
gboolean tocsin_argument_number (
    const char *what, const char *typed, guint min, guint max, guint *out, GError **error);
gboolean
tocsin_argument_subject (const char *typed, char **type, const char **value, GError **error);
char *
tocsin_argument_time (const char *typed, gint64 now_us, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_argument_explain (GError *error, char **args, const GOptionEntry *options);
char *tocsin_argument_path (const char *before,
                            const char *segment,
                            const char *after) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_argument_add_query (GString *path, const char *name, const char *value);

G_END_DECLS
