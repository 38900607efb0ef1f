/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define TOCSIN_HOST_BUDGET_IN_FLIGHT       32 /* in all */
#define TOCSIN_HOST_BUDGET_FOR_STRANGERS   24 /* of these */
#define TOCSIN_HOST_BUDGET_PER_SECOND      10
#define TOCSIN_HOST_BUDGET_BURST           100
#define TOCSIN_HOST_BUDGET_FAILURE_SECONDS 300
#define TOCSIN_HOST_BUDGET_NAMES           10000

/**
 * TocsinHostFetch:
 * @authority: HOST:PORT as of tocsin_fetch_authority()
 * @client: (nullable): the address of who causes it, as text; one that says nothing about who that
 *   is, such as loopback, counts as none
 * @is_known: it is caused by a peer of ours, or asks for one
 *
 * What is to be fetched, and because of whom.
 */
typedef struct
{
  const char *authority;
  const char *client;
  gboolean is_known;
} TocsinHostFetch;

/**
 * TocsinHostBudget:
 *
 * How much of what others make us fetch a host has to bear, and we: one fetch at a time and 20
 * requests a minute to each host and port, 32 fetches in all, none for five minutes after a
 * failure, and 10 requests a second in the long run, each of which we sign.
 *
 * Strangers have 24 of these places, and no more than 4 for one registrable domain or from one
 * address, with 60 and 30 requests a minute. What is known has a rate and hosts' minutes of its
 * own, so that strangers cannot use them up.
 *
 * Remembers a bounded number of names, the least recently asked for go first. It reads no clock;
 * use it from one thread.
 */
typedef struct _TocsinHostBudget TocsinHostBudget;

/* What was begun and has to be ended. */
typedef struct _TocsinHostPlace TocsinHostPlace;

TocsinHostBudget *tocsin_host_budget_new (guint max_names) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_host_budget_free (TocsinHostBudget *self);
TocsinHostPlace *tocsin_host_budget_begin (TocsinHostBudget *self,
                                           const TocsinHostFetch *fetch,
                                           gint64 now_us,
                                           guint *retry_after_seconds,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_host_budget_again (TocsinHostPlace *place, gint64 now_us, GError **error);
void tocsin_host_budget_end (TocsinHostPlace *place, gboolean answered, gint64 now_us);
/* How many hosts, domains and addresses are remembered. */
guint tocsin_host_budget_count_names (const TocsinHostBudget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinHostBudget, tocsin_host_budget_free)

G_END_DECLS
