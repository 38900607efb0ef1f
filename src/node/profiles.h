/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "view/profile.h"

G_BEGIN_DECLS

gboolean tocsin_profiles_check (const char *dir, const char *default_profile, GError **error);
GPtrArray *tocsin_profiles_load (const char *dir, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
