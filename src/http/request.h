/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "core/envelope.h"
#include "http/listener.h"
#include "http/reply.h"

G_BEGIN_DECLS

/**
 * TocsinRequest:
 *
 * One request, whole: the handler runs once the body is there. What it hands out lives as long as
 * the request. No HTTP library's type is in it, so a route can run behind another server.
 *
 * A handler that needs to wait calls tocsin_request_suspend(), returns, fills the reply later and
 * calls tocsin_request_complete().
 */
typedef struct _TocsinRequest TocsinRequest;

const char *
tocsin_request_get_method (const TocsinRequest *self); /* as sent; a GET route sees HEAD too */

/**
 * tocsin_request_get_target:
 * @self: a request
 *
 * Returns: the raw request target as on the request line, which is what signatures cover
 */
const char *tocsin_request_get_target (const TocsinRequest *self);

/**
 * tocsin_request_get_path:
 * @self: a request
 *
 * Returns: the path, percent escapes untouched, without the query
 */
const char *tocsin_request_get_path (const TocsinRequest *self);

/**
 * tocsin_request_get_param:
 * @self: a request
 * @name: a `{name}` of the route's pattern
 *
 * Returns: that segment, percent-decoded: UTF-8 without control characters. An escaped slash is
 *   part of it, so a whole URI fits. Never %NULL for a name of the pattern
 */
const char *tocsin_request_get_param (TocsinRequest *self, const char *name);

/**
 * tocsin_request_get_query:
 * @self: a request
 * @name: a name, decoded
 *
 * Returns: (nullable): the first value of @name in the query, decoded (`+` is a space): UTF-8
 *   without control characters; %NULL if @name is not there
 */
const char *tocsin_request_get_query (TocsinRequest *self, const char *name);

/* The same for an option: an empty value is as none, and the first that is not empty counts. */
const char *tocsin_request_get_given (TocsinRequest *self, const char *name);

/**
 * TocsinQueryFunc:
 * @name: a parameter's name, decoded
 * @value: its value, decoded; "" if there is none
 *
 * Returns: %FALSE to stop
 */
typedef gboolean (*TocsinQueryFunc) (const char *name, const char *value, gpointer data);

/**
 * tocsin_request_foreach_query:
 * @self: a request
 * @func: called for each parameter in the order of the query; repeated ones come repeatedly
 * @data: for @func
 */
void tocsin_request_foreach_query (TocsinRequest *self, TocsinQueryFunc func, gpointer data);

/**
 * tocsin_request_get_header:
 * @self: a request
 * @name: a field name in any case
 *
 * Returns: (nullable): the value of the first field line of that name
 */
const char *tocsin_request_get_header (const TocsinRequest *self, const char *name);
/**
 * tocsin_request_knows:
 * @self: a request
 * @etag: of what it asks for, with its quotes
 *
 * Returns: whether its If-None-Match names @etag, by weak comparison
 *   ([RFC 9110, section 13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)), or "*"
 */
gboolean tocsin_request_knows (const TocsinRequest *self, const char *etag);
guint tocsin_request_count_header (const TocsinRequest *self, const char *name);
void
tocsin_request_foreach_header (const TocsinRequest *self, TocsinHeaderFunc func, gpointer data);

/**
 * tocsin_request_get_body:
 * @self: a request
 *
 * Returns: (transfer none): the body, byte for byte; empty if there was none
 */
GBytes *tocsin_request_get_body (TocsinRequest *self);

/**
 * tocsin_request_peek_body:
 * @self: a request
 * @size: (out): how many bytes
 *
 * For handlers that are done with the body when they return.
 *
 * Returns: (array length=size) (nullable): the body where it was received; %NULL if empty
 */
const char *tocsin_request_peek_body (const TocsinRequest *self, gsize *size);

/**
 * tocsin_request_get_remote:
 * @self: a request
 *
 * Returns: the client's address as text, for limits and logs alone: the address that the outermost
 *   trusted proxy saw, else the connection's; "unix" on the Unix socket
 */
const char *tocsin_request_get_remote (const TocsinRequest *self);
TocsinListenerKind tocsin_request_get_listener_kind (const TocsinRequest *self);
gboolean tocsin_request_is_from_proxy (const TocsinRequest *self);     /* a trusted one */
gboolean tocsin_request_is_forwarded (const TocsinRequest *self);      /* the remote is its word */
guint tocsin_request_get_scopes (const TocsinRequest *self);           /* #TocsinScope bits */
const char *tocsin_request_get_token_name (const TocsinRequest *self); /* NULL: no token */
TocsinReply *tocsin_request_get_reply (TocsinRequest *self);

/**
 * tocsin_request_to_envelope:
 * @self: a request
 *
 * Returns: (transfer full): a copy for signatures and the inbox
 */
TocsinEnvelope *tocsin_request_to_envelope (TocsinRequest *self) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_request_suspend:
 * @self: a request whose handler is running
 *
 * Lets the handler return without an answer. The request stays valid until
 * tocsin_request_complete(), which must follow exactly once, from any thread, whatever becomes of
 * the client. Calling it again is harmless.
 */
void tocsin_request_suspend (TocsinRequest *self);

/**
 * tocsin_request_complete:
 * @self: (transfer full): a suspended request whose reply is filled
 *
 * Has the reply sent from the server's own thread. If the client or the server is gone, or the
 * server answered 503 in the meantime, the reply is dropped. From any thread; afterwards neither
 * the request nor its reply may be touched.
 */
void tocsin_request_complete (TocsinRequest *self);

/**
 * tocsin_request_get_cancellable:
 * @self: a suspended request
 *
 * Returns: (transfer none): cancelled, on the server's thread, when the client leaves, the request
 *   has been suspended for too long, or the server stops. A long poll then answers at once with
 * what it has; a write goes on
 */
GCancellable *tocsin_request_get_cancellable (TocsinRequest *self);

/**
 * tocsin_request_new:
 * @method: "GET", "POST"…
 * @target: the raw request target
 *
 * A request without a server, to call a handler with. tocsin_request_suspend() and
 * tocsin_request_complete() work on it; see tocsin_request_is_complete().
 *
 * Returns: (transfer full): free it with tocsin_request_unref()
 */
TocsinRequest *tocsin_request_new (const char *method,
                                   const char *target) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_request_add_header (TocsinRequest *self, const char *name, const char *value);
void tocsin_request_set_body (TocsinRequest *self, GBytes *body);
gboolean tocsin_request_is_complete (const TocsinRequest *self);
TocsinRequest *tocsin_request_ref (TocsinRequest *self);
void tocsin_request_unref (TocsinRequest *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinRequest, tocsin_request_unref)

G_END_DECLS
