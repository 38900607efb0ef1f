/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/connections.h"

G_BEGIN_DECLS

/**
 * TocsinRate:
 *
 * How many requests each address may make, in a table of fixed size. Two busy addresses that fall
 * on one slot share its allowance; which ones do cannot be foreseen from outside. Belongs to one
 * thread.
 */
typedef struct _TocsinRate TocsinRate;

/**
 * tocsin_rate_new:
 * @per_second: requests a second in the long run, more than 0
 * @burst: how many may come at once, at least 1
 *
 * Returns: (transfer full): a table in which nobody has used anything
 */
TocsinRate *tocsin_rate_new (double per_second, guint burst) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_rate_free (TocsinRate *self);

/**
 * tocsin_rate_take:
 * @self: a table
 * @key: who asks
 * @cost: what the request counts for, at least 1
 * @now_us: the monotonic clock
 * @out_wait_seconds: (out): on refusal, after how many seconds to come back, at least 1
 *
 * Returns: whether one more request of @key is within its allowance, which is then used
 */
gboolean tocsin_rate_take (TocsinRate *self,
                           const TocsinAddressKey *key,
                           guint cost,
                           gint64 now_us,
                           guint *out_wait_seconds);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinRate, tocsin_rate_free)

G_END_DECLS
