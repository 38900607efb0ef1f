/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/fetch-allowance.h"
#include "fed/fetcher.h"
#include "fed/identity.h"

G_BEGIN_DECLS

/**
 * TocsinKnock:
 * @fetcher: (unowned): sends; must outlive the call
 * @identity: (unowned): signs; must outlive the call
 * @request: what to send; its @sign and @sign_data are not read
 * @first: the scheme to begin with: %TOCSIN_SIGN_RFC9421_ED25519 for a node of ours, else what
 *   worked last, else %TOCSIN_SIGN_DRAFT_RSA
 * @allowance: (nullable) (unowned): what each request but the first is charged to, be it the second
 *   knock or a redirect that is followed; with it
 * @place: (unowned): too, which was begun for the first; both have to live until the callback
 *
 * A signed request to software whose signature scheme is not known for sure.
 */
typedef struct
{
  TocsinFetcher *fetcher;
  const TocsinIdentity *identity;
  TocsinFetchRequest request;
  TocsinSignScheme first;
  TocsinFetchAllowance *allowance;
  TocsinHostPlace *place;
} TocsinKnock;

void tocsin_knock_async (const TocsinKnock *knock,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
TocsinFetchResult *tocsin_knock_finish (GAsyncResult *result,
                                        TocsinSignScheme *scheme,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean tocsin_knock_was_answered (GAsyncResult *result);

G_END_DECLS
