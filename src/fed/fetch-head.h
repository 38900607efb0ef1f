/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "fed/fetcher.h"

G_BEGIN_DECLS

/* What is kept of the head of an answer, which anybody may have written. */

/* (transfer full) (nullable): the media type without its parameters, in lower case. */
char *tocsin_fetch_head_dup_type (SoupMessageHeaders *fields) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full) (nullable): a field that goes back with a later request; %NULL if it is not
 * there, is longer than a validator has reason to be, or is not of ASCII that prints. */
char *tocsin_fetch_head_dup_field (SoupMessageHeaders *fields,
                                   const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* Retry-After (RFC 9110, section 10.2.3): seconds, 0 to a day; -1 if it says nothing. */
gint64 tocsin_fetch_head_retry_after_seconds (SoupMessageHeaders *fields);

/* The time that the host's clock shows: %FALSE if it does not say, or what came had been kept in a
 * cache (RFC 9111, section 5.1). */
gboolean tocsin_fetch_head_date (SoupMessageHeaders *fields, gint64 *out_us);

/* (transfer full): of an answer that was read to its end, but for its beginning where that
 * suffices.
 * @uri: of the last hop; @body: (transfer full). */
TocsinFetchResult *
tocsin_fetch_result_new (SoupMessage *message, GUri *uri, GBytes *body) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
