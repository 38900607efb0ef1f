/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_HOST_BUDGET_PER_MINUTE      20
#define TOCSIN_HOST_BUDGET_IN_FLIGHT       32
#define TOCSIN_HOST_BUDGET_FAILURE_SECONDS 300
#define TOCSIN_HOST_BUDGET_HOSTS           10000

/**
 * TocsinHostBudget:
 *
 * How much of what strangers make us fetch a host has to bear, and we: one fetch at a time and 20
 * a minute to each host and port, 32 in all, none for five minutes after a failure (protocol.md,
 * HTTP signatures). Remembers a bounded number of hosts, the least recently asked for go first. It
 * reads no clock; use it from one thread.
 */
typedef struct _TocsinHostBudget TocsinHostBudget;

TocsinHostBudget *tocsin_host_budget_new (guint max_hosts) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_host_budget_free (TocsinHostBudget *self);
gboolean tocsin_host_budget_begin (TocsinHostBudget *self,
                                   const char *authority,
                                   gint64 now_us,
                                   guint *retry_after_seconds,
                                   GError **error);
gboolean tocsin_host_budget_again (TocsinHostBudget *self,
                                   const char *authority,
                                   gint64 now_us,
                                   GError **error);
void tocsin_host_budget_end (TocsinHostBudget *self,
                             const char *authority,
                             gboolean answered,
                             gint64 now_us);
/* How many hosts are remembered. */
guint tocsin_host_budget_count_hosts (const TocsinHostBudget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinHostBudget, tocsin_host_budget_free)

/**
 * TocsinFetchAllowance:
 * @used: how many requests to others it caused
 *
 * What one incoming request may cause: three requests to others, each redirect one of its own. A
 * plain value, zero at first.
 */
typedef struct
{
  guint used;
} TocsinFetchAllowance;

#define TOCSIN_FETCH_ALLOWANCE 3

gboolean tocsin_fetch_allowance_take (TocsinFetchAllowance *self, GError **error);

G_END_DECLS
