/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/check-json.h"
#include "http/judge.h"

G_BEGIN_DECLS

/**
 * tocsin_answer_question:
 * @api: the api
 * @question: what is asked
 * @out: the answer is appended, without a line end; as it was on error
 * @answered: (out) (optional): its verdict; and as long as nothing is written, trust, lists and
 *   observing are the same, and @until_us has not come, the answer changes with decay alone
 * @error: return location for an error, or %NULL
 *
 * Judges one event from the newest committed state and writes the answer of openapi.yaml; a review
 * that rests on one voice is charged to it. Within an open reading of this thread the state is that
 * of the reading.
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_TOO_LARGE for a bad value, whose JSON
 *   pointer begins the message, %TOCSIN_ERROR_UNPROCESSABLE for an unknown profile,
 *   %TOCSIN_ERROR_UNAVAILABLE or %TOCSIN_ERROR_STORE if the store failed
 */
gboolean tocsin_answer_question (TocsinApi *api,
                                 const TocsinCheckQuestion *question,
                                 GString *out,
                                 TocsinAnswered *answered,
                                 GError **error);

/* tocsin_check_question_parse(), then tocsin_answer_question(). */
gboolean tocsin_answer_json (TocsinApi *api,
                             const char *data,
                             gsize size,
                             GString *out,
                             TocsinAnswered *answered,
                             GError **error);

G_END_DECLS
