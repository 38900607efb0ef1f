/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "export/export.h"

G_BEGIN_DECLS

/* Whom a decision is said to come from, which is what a bouncer can choose by. */
#define TOCSIN_DECISIONS_ORIGIN        "tocsin"        /* block: ban */
#define TOCSIN_DECISIONS_ORIGIN_REVIEW "tocsin-review" /* review: captcha */

/* The name of a scope as CrowdSec writes it, %NULL for what has none; and back, in any case. */
const char *tocsin_decision_scope (TocsinSubjectType type);
TocsinSubjectType tocsin_decision_scope_parse (const char *name);

/**
 * tocsin_decision_append:
 * @out: a JSON object is appended
 * @row: what is known; must have a value
 * @now_us: for the duration
 *
 * One decision in the form of CrowdSec's local API. Its id is of the subject, so it stays the same.
 */
void tocsin_decision_append (GString *out, const TocsinExportRow *row, gint64 now_us);

G_END_DECLS
