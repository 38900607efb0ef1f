/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

gboolean tocsin_settings_check_value (const char *key, GVariant *value, GError **error);
char *tocsin_settings_canonicalise_origin (const char *text,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
