/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/decisions-form.h"
#include "http/listing.h"
#include "http/request.h"

G_BEGIN_DECLS

#define TOCSIN_DECISIONS_READERS_MAX 256

/**
 * TocsinDecisions:
 *
 * What each bouncer was told last, and before that, by the name of its token: the next answer is
 * the difference to what is so now. Nobody knows whether an answer arrived, so each says again what
 * the last one said; one that is told twice of the same loses nothing. After a restart, and once a
 * day, a bouncer is told everything anew; what one that did not ask for a day was told is let go.
 * All but new and free on the thread that makes lists.
 */
typedef struct _TocsinDecisions TocsinDecisions;

/* Borrows @api, which outlives it; of the thread whose default context is the caller's. */
TocsinDecisions *tocsin_decisions_new (TocsinApi *api) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_decisions_free (TocsinDecisions *self); /* once that thread has ended */

/**
 * tocsin_decisions_stream:
 * @name: of the token
 * @filter: what the bouncer wants
 * @startup: it knows nothing yet
 * @request: that is answered: where it is a HEAD, or its client has left by now, the bouncer stays
 *   where it was
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): `{"new":[…],"deleted":[…]}`; on error, %NULL, and the
 *   bouncer is where it was
 */
GBytes *tocsin_decisions_stream (TocsinDecisions *self,
                                 const char *name,
                                 const TocsinListingFilter *filter,
                                 gboolean startup,
                                 TocsinRequest *request,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All of it, as an array; `null` if it is empty, as bouncers expect. */
GBytes *tocsin_decisions_list (TocsinDecisions *self,
                               const TocsinListingFilter *filter,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets go of what nobody asks for any more at @now_us, of the monotonic clock. */
void tocsin_decisions_tidy (TocsinDecisions *self, gint64 now_us);

G_END_DECLS
