/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "view/score.h"

G_BEGIN_DECLS

void tocsin_explain_event (const TocsinScoring *scoring, TocsinFinding *finding);

G_END_DECLS
