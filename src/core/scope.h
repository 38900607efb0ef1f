/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinScope:
 * @TOCSIN_SCOPE_CHECK: ask for verdicts
 * @TOCSIN_SCOPE_RANGE: range queries
 * @TOCSIN_SCOPE_REPORT: make, list and withdraw reports
 * @TOCSIN_SCOPE_STREAM: follow changes
 * @TOCSIN_SCOPE_ADMIN: everything
 * @TOCSIN_SCOPE_METRICS: /metrics
 *
 * What a token allows, as a set of bits.
 */
typedef enum
{
  TOCSIN_SCOPE_NONE = 0,
  TOCSIN_SCOPE_CHECK = 1 << 0,
  TOCSIN_SCOPE_RANGE = 1 << 1,
  TOCSIN_SCOPE_REPORT = 1 << 2,
  TOCSIN_SCOPE_STREAM = 1 << 3,
  TOCSIN_SCOPE_ADMIN = 1 << 4,
  TOCSIN_SCOPE_METRICS = 1 << 5,
} TocsinScope;
#define TOCSIN_SCOPE_ALL (0x3fu)

G_END_DECLS
