/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/federation.h"

G_BEGIN_DECLS

/**
 * TocsinHousekeeping:
 *
 * What time asks of a node: once a minute what has expired is purged, a bounded part at a time.
 * Main thread; the work is done by the writer.
 */
typedef struct _TocsinHousekeeping TocsinHousekeeping;

TocsinHousekeeping *tocsin_housekeeping_new (TocsinFederation *fed) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_housekeeping_free (TocsinHousekeeping *self);
/* Begins its rounds, on the thread-default context; may be stopped and started again. */
void tocsin_housekeeping_start (TocsinHousekeeping *self);
void tocsin_housekeeping_stop (TocsinHousekeeping *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinHousekeeping, tocsin_housekeeping_free)

G_END_DECLS
