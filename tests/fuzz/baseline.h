/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/hash.h"
#include "store/store.h"

/* A store that is before each input as it was before the first: what it had then. */

/* Makes a commit of @store wait for no disk. */
void baseline_relax (TocsinStore *store);
/* Returns: (transfer full): all that @store has */
GArray *baseline_keep (TocsinStore *store) G_GNUC_WARN_UNUSED_RESULT;
void baseline_restore (TocsinStore *store, const GArray *rows);
/* Of all that @store has. */
TocsinId baseline_digest (TocsinStore *store);
/* Counters, digests and indexes are those that counting anew gives. */
void baseline_assert_counted (TocsinStore *store);
