/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/api.h"

G_BEGIN_DECLS

#define TOCSIN_POLL_MAX_SECONDS 60

/**
 * TocsinPollFunc:
 * @reply: to be filled anew by each call
 * @data: what was given with it
 *
 * Returns: %FALSE if there is nothing new, and waiting is worth while
 */
typedef gboolean (*TocsinPollFunc) (TocsinReply *reply, gpointer data);

/* The number of seconds that `?wait=` has, 0 if there is none; %FALSE with %TOCSIN_ERROR_INVALID.
 */
gboolean tocsin_poll_read_wait (TocsinRequest *request, guint *out, GError **error);

/**
 * tocsin_poll_answer:
 * @api: the api
 * @request: whose handler is running on the main thread; may be suspended by this
 * @seconds: how long to wait at most
 * @notes: what of the store may be news
 * @func: answers
 * @data: (transfer full): for @func
 * @destroy: frees @data
 *
 * Answers at once if there is something new, else as soon as there is, or when the time is over.
 */
void tocsin_poll_answer (TocsinApi *api,
                         TocsinRequest *request,
                         guint seconds,
                         TocsinNotes notes,
                         TocsinPollFunc func,
                         gpointer data,
                         GDestroyNotify destroy);

G_END_DECLS
