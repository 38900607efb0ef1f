/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

gboolean
tocsin_jcs_append (GString *out, JsonObject *object, const char *const *exclude, GError **error);
gboolean tocsin_jcs_append_node (GString *out, JsonNode *node, GError **error);

G_END_DECLS
