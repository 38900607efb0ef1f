/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/json-strict.h"
#include "core/subject.h"
#include "http/request.h"
#include "store/txn.h"

G_BEGIN_DECLS

/* Bodies of the operator's calls, read strictly: what is not understood is refused, and every error
 * begins with the JSON pointer of the member that is wrong. */

/**
 * tocsin_json_body_parse:
 * @request: a request
 * @members: (array zero-terminated=1): the only members that may be there, and none of them null
 * @limits: (nullable): %NULL: %tocsin_json_default_limits
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the body, which is an object. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_TOO_LARGE
 */
JsonNode *tocsin_json_body_parse (TocsinRequest *request,
                                  const char *const *members,
                                  const TocsinJsonLimits *limits,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As tocsin_json_body_parse() with the default limits; of @members these may be null: @nullable. */
JsonNode *tocsin_json_body_parse_nullable (TocsinRequest *request,
                                           const char *const *members,
                                           const char *const *nullable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

#define TOCSIN_EMPTY_BODY_BYTES 1024 /* room for an empty object, however it is written */

/**
 * tocsin_json_body_is_empty:
 * @request: a call that says all in its path and query
 * @reply: filled on %FALSE
 *
 * Many a client sends “{}” with every POST, which is as good as nothing. What has something in it
 * was meant to matter.
 *
 * Returns: whether there is no body, or an empty object
 */
gboolean tocsin_json_body_is_empty (TocsinRequest *request, TocsinReply *reply);

/* The object that element @index of @array is, borrowed; else %NULL and %TOCSIN_ERROR_INVALID. */
JsonObject *
tocsin_json_body_element (JsonArray *array, const char *pointer, guint index, GError **error);

/* An optional RFC 3339 time; absent: @out stays as it is. %TOCSIN_ERROR_INVALID for another text.
 */
gboolean
tocsin_json_body_time (JsonObject *object, const char *name, gint64 *out_us, GError **error);

/**
 * tocsin_json_body_type:
 * @pointer: of the member @text came from
 * @text: a name of a type
 * @error: return location for an error, or %NULL
 *
 * Returns: the type; %TOCSIN_SUBJECT_NONE with %TOCSIN_ERROR_UNPROCESSABLE if it is unknown
 */
TocsinSubjectType tocsin_json_body_type (const char *pointer, const char *text, GError **error);

/* The id of the category that @text names; 0 with %TOCSIN_ERROR_UNPROCESSABLE if it is unknown. */
guint8 tocsin_json_body_category (const char *pointer, const char *text, GError **error);

/**
 * tocsin_json_body_subject:
 * @txn: where accounts are looked up
 * @pointer: of the value, for errors
 * @type: what it is said to be
 * @text: a text from a client
 * @out: (out): a subject; untouched on error
 * @error: return location for an error, or %NULL
 *
 * As tocsin_subject_parse(), and an account name is taken for the actor that is known by it.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, %TOCSIN_ERROR_TOO_LARGE, or
 *   %TOCSIN_ERROR_UNPROCESSABLE for an account that is not known
 */
gboolean tocsin_json_body_subject (TocsinTxn *txn,
                                   const char *pointer,
                                   TocsinSubjectType type,
                                   const char *text,
                                   TocsinSubject *out,
                                   GError **error);

G_END_DECLS
