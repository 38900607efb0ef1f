/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "fed/fetcher.h"

G_BEGIN_DECLS

/**
 * TocsinActorAddress:
 * @user: (owned) (nullable): the user name; %NULL means the actor of the server itself
 * @host: (owned): the host, in lower case and ASCII, with its port unless that is the default one
 * @uri: (owned) (nullable): the actor's URI, where that is what was written
 *
 * An actor as people write it: `acct:user@host`, `@user@host`, `user@host`, `host`, `host:port`,
 * or a URL.
 */
typedef struct
{
  char *user;
  char *host;
  char *uri;
} TocsinActorAddress;

gboolean tocsin_actor_address_parse (TocsinActorAddress *self, const char *text, GError **error);
void tocsin_actor_address_clear (TocsinActorAddress *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TocsinActorAddress, tocsin_actor_address_clear)

void tocsin_webfinger_resolve_async (TocsinFetcher *fetcher,
                                     const char *text,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
char *tocsin_webfinger_resolve_finish (TocsinFetcher *fetcher,
                                       GAsyncResult *result,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
