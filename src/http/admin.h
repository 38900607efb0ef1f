/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/json-writer.h"
#include "http/api.h"
#include "store/table-peers.h"

G_BEGIN_DECLS

/* What the operator's routes have in common. */

#define TOCSIN_ADMIN_PAGE       200           /* rows of a listing at a time */
#define TOCSIN_ADMIN_BODY_BYTES (1024 * 1024) /* longest body; openapi.yaml */

/* Who asks, for the audit log: the token's name, or "socket". */
const char *tocsin_admin_who (const TocsinRequest *request);

/* A name and an RFC 3339 time; null for 0. */
void tocsin_admin_member_time (TocsinJsonWriter *json, const char *name, gint64 time_us);

/* The same of when something ends. An entry of a feed has no end of its own, so null: its list
 * takes it back. */
void tocsin_admin_member_end (TocsinJsonWriter *json, const char *name, gint64 end_us);

/* A name and the URI of an actor; null for an unknown one. */
void
tocsin_admin_member_actor (TocsinJsonWriter *json, const char *name, TocsinTxn *txn, guint32 actor);

/* The number that `?cursor=` has, 0 if there is none; %FALSE with %TOCSIN_ERROR_INVALID. */
gboolean tocsin_admin_cursor (TocsinRequest *request, guint64 *out, GError **error);

/* Whether @text is decimal digits of a guint64 and nothing else. */
gboolean tocsin_admin_number (const char *text, guint64 *out);

/* The actor that @text names here, for an answer about it: see tocsin_peer_search(). %FALSE with
 * %TOCSIN_ERROR_CONFLICT if several fit, with %TOCSIN_ERROR_NOT_FOUND and @unknown if none does, or
 * with what the store met. */
gboolean tocsin_admin_get_actor (
    TocsinTxn *txn, const char *text, const char *unknown, guint32 *out, GError **error);

/* The peer that @text names; %FALSE as tocsin_admin_get_actor(). */
gboolean
tocsin_admin_get_peer (TocsinTxn *txn, const char *text, TocsinPeerRecord *out, GError **error);

/* %FALSE with %TOCSIN_ERROR_UNAVAILABLE if the store is too full to add to it. */
gboolean tocsin_admin_has_room (TocsinApi *api, GError **error);

/* %FALSE, and the reply says 503, where this node was started without federation. */
gboolean tocsin_admin_has_federation (TocsinApi *api, TocsinReply *reply);

/**
 * TocsinAdminDone: fills @reply once the change is on disk, whose data this is. On the main thread.
 */
typedef void (*TocsinAdminDone) (TocsinApi *api, TocsinReply *reply, gpointer data);

/**
 * tocsin_admin_write:
 * @api: the api
 * @request: whose handler is running; suspended by this
 * @func: the change
 * @data: (transfer full): for @func and @done
 * @destroy: (nullable): frees @data
 * @done: called if the change is durable; otherwise the reply tells why it is not
 */
void tocsin_admin_write (TocsinApi *api,
                         TocsinRequest *request,
                         TocsinWriteFunc func,
                         gpointer data,
                         GDestroyNotify destroy,
                         TocsinAdminDone done);

G_END_DECLS
