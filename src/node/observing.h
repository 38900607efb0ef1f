/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "http/api.h"

G_BEGIN_DECLS

/* When observing began, in microseconds since the epoch. */
#define TOCSIN_META_FIRST_START "first-start"

/**
 * TocsinObserving: has a new node observe for so many days, whatever happens to its clock: a
 * machine without one of its own makes its first start years in the past, until the network sets
 * it. What the operator says goes before. Main thread.
 */
typedef struct _TocsinObserving TocsinObserving;

/**
 * tocsin_observing_new:
 * @store: with %TOCSIN_META_FIRST_START; outlives it, as do the next two
 * @writer: for when that moves
 * @api: is told whether it observes, and until when
 * @days: of observing
 * @wall_us: the time
 * @boot_us: what tocsin_time_boot_us() says at that time
 *
 * A first start that is still to come was made by a clock that was wrong: observing begins now.
 */
TocsinObserving *tocsin_observing_new (TocsinStore *store,
                                       TocsinWriter *writer,
                                       TocsinApi *api,
                                       guint days,
                                       gint64 wall_us,
                                       gint64 boot_us) G_GNUC_WARN_UNUSED_RESULT;
/* The writer has to be there still. */
void tocsin_observing_free (TocsinObserving *self);

/* Where the clock was set since the last look, the first start moves with it. Called every few
 * seconds. */
void tocsin_observing_look (TocsinObserving *self, gint64 wall_us, gint64 boot_us);

G_END_DECLS
