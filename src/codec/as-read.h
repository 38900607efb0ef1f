/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* Readers of ActivityStreams members, for the forms that peers really send: an array of one
 * element for the element, an object for its id, {"@value": …} for the value, a prefixed name
 * ("sec:publicKeyMultibase") for the plain one. @where is the JSON pointer of the object. */

JsonNode *tocsin_as_member (JsonObject *object, const char *name);
JsonObject *tocsin_as_object (JsonObject *object, const char *name);
const char *tocsin_as_string (JsonObject *object, const char *name);
const char *tocsin_as_uri (JsonObject *object, const char *name);
const char *tocsin_as_uri_of_node (JsonNode *node);
gboolean tocsin_as_integer (JsonObject *object, const char *name, gint64 *out);
GPtrArray *tocsin_as_list (JsonObject *object, const char *name) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_as_has_type (JsonObject *object, const char *type);
const char *tocsin_as_first_type (JsonObject *object);
gboolean tocsin_as_has_other_members (JsonObject *object, const char *const *known);

gboolean tocsin_as_require_string (JsonObject *object,
                                   const char *where,
                                   const char *name,
                                   gsize max_bytes,
                                   const char **out,
                                   GError **error);
gboolean tocsin_as_require_uri (
    JsonObject *object, const char *where, const char *name, const char **out, GError **error);
gboolean tocsin_as_time (
    JsonObject *object, const char *where, const char *name, gint64 *out_us, GError **error);
gboolean
tocsin_as_check_id (const char *id, gboolean allow_fragment, const char *where, GError **error);

G_END_DECLS
