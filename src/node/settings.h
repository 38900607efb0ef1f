/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define TOCSIN_SETTINGS_SCHEMA_ID      "org.tocsin.Node"
#define TOCSIN_SETTINGS_PATH           "/org/tocsin/node/"
#define TOCSIN_SETTINGS_GROUP          "node"
#define TOCSIN_SETTINGS_FILE_MAX_BYTES (1024 * 1024)

GSettingsSchema *tocsin_settings_schema_load (GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_settings_check_text (
    GSettingsSchema *schema, const char *text, gsize size, const char *name, GError **error);
GSettings *tocsin_settings_open (const char *path,
                                 gboolean may_be_missing,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
