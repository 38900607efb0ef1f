/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/api.h"

G_BEGIN_DECLS

/**
 * TocsinObservedKeeper: keeps what an observing node counts over restarts; after a crash at most a
 * minute of it is lost. Main thread.
 */
typedef struct _TocsinObservedKeeper TocsinObservedKeeper;

/* Reads what was counted before into @api. Borrows all three, which outlive it. */
TocsinObservedKeeper *tocsin_observed_new (TocsinStore *store,
                                           TocsinWriter *writer,
                                           TocsinApi *api) G_GNUC_WARN_UNUSED_RESULT;

/* Writes down what is new, so the writer has to be there still. */
void tocsin_observed_free (TocsinObservedKeeper *self);

G_END_DECLS
