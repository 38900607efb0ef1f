/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"
#include "store/table-review.h"

G_BEGIN_DECLS

/* What a person says to a line of `review`, and what time says to it. */

/* The names that the API uses. */
const char *tocsin_review_kind_to_string (TocsinReviewKind kind);
const char *tocsin_review_state_to_string (TocsinReviewState state);

void tocsin_review_decide_async (TocsinFederation *fed,
                                 guint64 id,
                                 gboolean accept,
                                 guint64 shown,
                                 const char *who,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean tocsin_review_decide_finish (GAsyncResult *result, GError **error);

void tocsin_review_lapse_async (TocsinFederation *fed,
                                gint64 now_us,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
gboolean tocsin_review_lapse_finish (GAsyncResult *result, GError **error);

G_END_DECLS
