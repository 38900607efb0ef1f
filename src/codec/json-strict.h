/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/limits.h"

G_BEGIN_DECLS

#define TOCSIN_JSON_MAX_SAFE G_GINT64_CONSTANT (9007199254740991) /* 2^53 - 1 */

/**
 * TocsinJsonLimits:
 * @max_bytes: longest document
 * @max_depth: deepest nesting of objects and arrays, at most %TOCSIN_JSON_MAX_DEPTH
 * @max_members: most members and elements of the whole document
 * @max_object_members: most members of one object; bounds what colliding names cost
 * @max_string_bytes: longest string, unescaped
 * @max_name_bytes: longest member name, unescaped
 */
typedef struct
{
  gsize max_bytes;
  guint max_depth;
  guint max_members;
  guint max_object_members;
  gsize max_string_bytes;
  gsize max_name_bytes;
} TocsinJsonLimits;

/* What is posted to an inbox: 256 KiB, 32 deep, 10,000 members, 1,000 an object, strings of
 * 64 KiB, names of 1 KiB. Copy it to change one limit. */
extern const TocsinJsonLimits tocsin_json_default_limits;

/**
 * TocsinJsonFacts:
 * @non_integer: some number is no integer token within ±(2^53 − 1), or is −0: RFC 8785
 *   canonicalisation, hence a proof, cannot be trusted to mean the same at both ends
 * @depth: deepest nesting met
 * @members: members and elements met
 */
typedef struct
{
  gboolean non_integer;
  guint depth;
  guint members;
} TocsinJsonFacts;

JsonNode *tocsin_json_parse (const char *data,
                             gsize size,
                             const TocsinJsonLimits *limits,
                             TocsinJsonFacts *facts,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

JsonObject *tocsin_json_node_object (JsonNode *node, GError **error);

/**
 * tocsin_json_pointer_member:
 * @pointer: the JSON pointer of an object
 * @name: of a member, in UTF-8
 *
 * For a message: @name is escaped (RFC 6901), and cut if it is long.
 *
 * Returns: (transfer full): the pointer of the member
 */
char *tocsin_json_pointer_member (const char *pointer, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @object, at @pointer, has no member but @members, and no null but in @nullable. */
gboolean tocsin_json_object_only (JsonObject *object,
                                  const char *pointer,
                                  const char *const *members,
                                  const char *const *nullable,
                                  GError **error);

/* Strict readers. @pointer is the JSON pointer of @object ("" at the top); errors are
 * %TOCSIN_ERROR_INVALID and name the member by its pointer. What is returned is borrowed
 * from @object. */
const char *
tocsin_json_get_string (JsonObject *object, const char *pointer, const char *name, GError **error);
JsonObject *
tocsin_json_get_object (JsonObject *object, const char *pointer, const char *name, GError **error);
JsonArray *
tocsin_json_get_array (JsonObject *object, const char *pointer, const char *name, GError **error);
gboolean tocsin_json_get_int (JsonObject *object,
                              const char *pointer,
                              const char *name,
                              gint64 min,
                              gint64 max,
                              gint64 *out,
                              GError **error);
gboolean tocsin_json_get_bool (
    JsonObject *object, const char *pointer, const char *name, gboolean *out, GError **error);

/* As above for a member that may be absent or null, which leaves *@out as it is. */
gboolean tocsin_json_opt_string (
    JsonObject *object, const char *pointer, const char *name, const char **out, GError **error);
gboolean tocsin_json_opt_object (
    JsonObject *object, const char *pointer, const char *name, JsonObject **out, GError **error);
gboolean tocsin_json_opt_array (
    JsonObject *object, const char *pointer, const char *name, JsonArray **out, GError **error);
gboolean tocsin_json_opt_int (JsonObject *object,
                              const char *pointer,
                              const char *name,
                              gint64 min,
                              gint64 max,
                              gint64 *out,
                              GError **error);
gboolean tocsin_json_opt_bool (
    JsonObject *object, const char *pointer, const char *name, gboolean *out, GError **error);

const char *tocsin_json_string (JsonNode *node); /* (nullable) NULL if it is no string */
gboolean tocsin_json_type_is (JsonObject *object,
                              const char *type); /* "type" is it, or is an array with it */

G_END_DECLS
