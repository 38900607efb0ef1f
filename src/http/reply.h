/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define TOCSIN_TYPE_JSON     "application/json"
#define TOCSIN_TYPE_ACTIVITY "application/activity+json"
#define TOCSIN_TYPE_PROBLEM  "application/problem+json"
#define TOCSIN_TYPE_NDJSON   "application/x-ndjson"
#define TOCSIN_TYPE_TEXT     "text/plain; charset=utf-8"

/**
 * TocsinReplyPull:
 * @data: what was given to tocsin_reply_set_stream()
 * @buffer: (array length=size): where to write
 * @size: room in @buffer, in bytes, at least 1
 *
 * Writes the next piece of a long body. Runs on the server's thread, between other requests, so it
 * does a bounded piece of work and does not wait.
 *
 * Returns: bytes written; 0 at the end; -1 to cut the connection, which tells the client that the
 *   body is not whole
 */
typedef gssize (*TocsinReplyPull) (gpointer data, guint8 *buffer, gsize size);

/**
 * TocsinReply:
 *
 * The answer to one request. A handler fills it; the server sends it. Without a call it is
 * "200" with an empty body. The last body that was set wins. Belongs to the request, and to the
 * thread on which the handler runs until the handler returns or completes the request.
 *
 * Every part keeps its memory between requests.
 */
typedef struct _TocsinReply TocsinReply;

TocsinReply *tocsin_reply_new (void) G_GNUC_WARN_UNUSED_RESULT;
void tocsin_reply_free (TocsinReply *self);
void tocsin_reply_reset (TocsinReply *self);

/**
 * tocsin_reply_set_status:
 * @self: a reply
 * @status: 200 to 599
 */
void tocsin_reply_set_status (TocsinReply *self, guint status);
guint tocsin_reply_get_status (const TocsinReply *self);

/**
 * tocsin_reply_add_header:
 * @self: a reply
 * @name: a field name, copied; not Content-Type, Content-Length, Connection or Date, which have
 *   owners
 * @value: its value, copied; a value with a control character is dropped together with its name
 */
void tocsin_reply_add_header (TocsinReply *self, const char *name, const char *value);

/**
 * tocsin_reply_get_header:
 * @self: a reply
 * @name: a field name in any case
 *
 * Returns: (nullable): the first value that was added under @name, owned by @self
 */
const char *tocsin_reply_get_header (const TocsinReply *self, const char *name);

/**
 * tocsin_reply_begin:
 * @self: a reply
 * @content_type: a static string
 *
 * Gives the body to write into. It is empty, keeps its memory from request to request and stays
 * the reply's.
 *
 * Returns: (transfer none): the body
 */
GString *tocsin_reply_begin (TocsinReply *self, const char *content_type);

/**
 * tocsin_reply_set_bytes:
 * @self: a reply
 * @content_type: a static string
 * @body: a body that others share; referenced
 */
void tocsin_reply_set_bytes (TocsinReply *self, const char *content_type, GBytes *body);

/**
 * tocsin_reply_set_stream:
 * @self: a reply
 * @content_type: a static string
 * @pull: makes the body, piece by piece
 * @data: (transfer full): for @pull
 * @destroy: (nullable): frees @data, once, on the server's thread or where the reply is freed
 *
 * For answers too long to hold: the body goes out chunked as @pull makes it.
 */
void tocsin_reply_set_stream (TocsinReply *self,
                              const char *content_type,
                              TocsinReplyPull pull,
                              gpointer data,
                              GDestroyNotify destroy);

/**
 * tocsin_reply_set_retry_after:
 * @self: a reply
 * @seconds: at least 1
 *
 * Replaces the Retry-After that a 429 or 503 of tocsin_reply_set_error() carries (60 by default).
 * Call it after that.
 */
void tocsin_reply_set_retry_after (TocsinReply *self, guint seconds);

/**
 * tocsin_reply_set_problem:
 * @self: a reply
 * @status: 400 to 599
 * @type: a stable slug of lower-case letters and hyphens
 * @detail: (nullable): one sentence for a person; cut after 200 bytes
 *
 * Makes the reply an `application/problem+json` document
 * ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). Headers that were added before stay. With
 * 429 and 503 goes a Retry-After, which tocsin_reply_set_retry_after() changes afterwards.
 */
void
tocsin_reply_set_problem (TocsinReply *self, guint status, const char *type, const char *detail);

/**
 * tocsin_reply_set_error:
 * @self: a reply
 * @error: what went wrong
 *
 * The one place that maps a %TOCSIN_ERROR code to a status and a problem type (core/error.h,
 * docs/wire "Answers"). The message of @error becomes the detail, except where it
 * would speak of the inside of this node: store failures and errors of other domains get a fixed
 * sentence.
 */
void tocsin_reply_set_error (TocsinReply *self, const GError *error);

/**
 * tocsin_reply_append_problem:
 * @out: the document is appended, without a line end
 * @error: what went wrong
 *
 * The document that tocsin_reply_set_error() would send, for an error in its place among other
 * answers.
 */
void tocsin_reply_append_problem (GString *out, const GError *error);

/**
 * tocsin_reply_set_signed:
 * @self: a reply
 * @is_signed: whether callers prove themselves by signature here (the public side) or by token
 *
 * Decides whether %TOCSIN_ERROR_UNAUTHENTICATED is "bad-signature" or "unauthenticated". The server
 * sets it from the listener.
 */
void tocsin_reply_set_signed (TocsinReply *self, gboolean is_signed);

/* For the server that sends it. */
typedef enum
{
  TOCSIN_BODY_BUFFER,
  TOCSIN_BODY_BYTES,
  TOCSIN_BODY_STREAM,
} TocsinBodyKind;

typedef struct
{
  TocsinReplyPull pull;
  gpointer data;
  GDestroyNotify destroy;
} TocsinStream;

typedef void (*TocsinHeaderFunc) (const char *name, const char *value, gpointer data);

/* What the server sends, all borrowed: which of the bodies below it is, and that body. */
TocsinBodyKind tocsin_reply_get_body_kind (const TocsinReply *self);
const char *tocsin_reply_get_content_type (const TocsinReply *self); /* NULL: there is no body */
const GString *tocsin_reply_get_buffer (const TocsinReply *self);
GBytes *tocsin_reply_get_bytes (const TocsinReply *self);
TocsinStream tocsin_reply_steal_stream (TocsinReply *self);
/* In the order in which they were set, without Content-Type. */
void tocsin_reply_foreach_header (const TocsinReply *self, TocsinHeaderFunc func, gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinReply, tocsin_reply_free)

G_END_DECLS
