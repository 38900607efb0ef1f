/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "core/limits.h"
#include "core/subject.h"

G_BEGIN_DECLS

/**
 * TocsinCheckSubject: a subject as a client wrote it.
 * @value: (owned): not yet in canonical form
 */
typedef struct
{
  TocsinSubjectType type;
  char *value;
} TocsinCheckSubject;

/**
 * TocsinCheckQuestion: what POST /v1/check asks. Free by tocsin_check_question_clear().
 * @profile: (owned) (nullable): a profile's name
 * @explain: whether evidence and counterfactuals are wanted
 * @from_query: from a query, whose parameters errors name: no two subjects are of one type
 */
typedef struct
{
  char *profile;
  gboolean explain;
  gboolean from_query;
  guint n_subjects;
  TocsinCheckSubject subjects[TOCSIN_CHECK_MAX_SUBJECTS];
} TocsinCheckQuestion;

void tocsin_check_question_clear (TocsinCheckQuestion *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinCheckQuestion, tocsin_check_question_clear)

/**
 * tocsin_check_question_parse:
 * @self: (out): a question, overwritten, not freed; zero on error
 * @data: (array length=size): one JSON text
 * @error: return location for an error, or %NULL
 *
 * Reads a check strictly (openapi.yaml): an unknown member is refused, because a misspelt
 * "profile" would be another verdict. `event` is a label for the client's own use, of at most
 * %TOCSIN_NAME_MAX_BYTES bytes. Any thread.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID, which names the member by its JSON pointer;
 *   %TOCSIN_ERROR_UNPROCESSABLE for an unknown type; %TOCSIN_ERROR_TOO_LARGE for more than 16
 *   subjects
 */
gboolean tocsin_check_question_parse (TocsinCheckQuestion *self,
                                      const char *data,
                                      gsize size,
                                      GError **error);

G_END_DECLS
