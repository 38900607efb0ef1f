/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/host-budget.h"
#include "store/store.h"

G_BEGIN_DECLS

#define TOCSIN_FETCH_ALLOWANCE 3

/**
 * TocsinFetchAllowance:
 * @used: how many requests to others it caused
 * @client: (nullable) (unowned): the address that it came from, as text
 * @is_vouched: a direct peer is known to have sent it
 *
 * What one incoming request may cause: three requests to others, each redirect one of its own. A
 * plain value, zero at first.
 */
typedef struct
{
  guint used;
  const char *client;
  gboolean is_vouched;
} TocsinFetchAllowance;

gboolean tocsin_fetch_allowance_take (TocsinFetchAllowance *self, GError **error);
TocsinHostPlace *tocsin_fetch_allowance_begin (TocsinFetchAllowance *self,
                                               TocsinStore *store,
                                               TocsinHostBudget *budget,
                                               const char *uri,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
