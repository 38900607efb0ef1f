/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GPtrArray *tocsin_json_slice (GBytes *document,
                              const char *member,
                              guint max_elements,
                              GBytes **rest,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
