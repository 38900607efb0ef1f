/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* What the server that feeds a request sees of it; routes include http/request.h. */
#include "http/request.h"
#include "http/router.h"

G_BEGIN_DECLS

/**
 * TocsinRequestState:
 * @TOCSIN_REQUEST_OPEN: being received, or its handler runs
 * @TOCSIN_REQUEST_SUSPENDED: the handler will complete it
 * @TOCSIN_REQUEST_COMPLETE: the reply is filled
 * @TOCSIN_REQUEST_ABANDONED: the server gave up on it; the reply will be dropped
 *
 * Only the step from SUSPENDED is contested between threads; whoever makes it owns the reply.
 */
typedef enum
{
  TOCSIN_REQUEST_OPEN,
  TOCSIN_REQUEST_SUSPENDED,
  TOCSIN_REQUEST_COMPLETE,
  TOCSIN_REQUEST_ABANDONED,
} TocsinRequestState;

typedef struct
{
  const char *name;
  gsize name_size;
  const char *value;
  gsize value_size;
} TocsinField;

struct _TocsinRequest
{
  gint refs;  /* atomic */
  gint state; /* atomic, TocsinRequestState */
  const char *method;
  GString *target;      /* (owned) */
  GString *path;        /* (owned) */
  const char *query;    /* (nullable): in target, behind the question mark */
  GArray *fields;       /* (owned) (element-type TocsinField): borrowed until detached */
  GPtrArray *strings;   /* (owned) (nullable): what we own of them, and what was decoded */
  GByteArray *received; /* (owned) */
  GBytes *body;         /* (owned) (nullable) */
  TocsinMatch match;
  TocsinListenerKind kind;
  guint scopes;
  const char *token_name; /* (nullable): in @token_copy, since the tokens may change meanwhile */
  GString *token_copy;    /* (owned) */
  char remote[64];
  gboolean is_from_proxy;     /* a trusted one */
  gboolean is_forwarded;      /* @remote is what that proxy said */
  TocsinReply *reply;         /* (owned) */
  GCancellable *cancellable;  /* (owned) (nullable) */
  gboolean detached;          /* nothing points into the connection any more */
  gboolean handler_suspended; /* the handler itself asked for it */

  /* Where a completed request goes; both outlive the server if need be. */
  GAsyncQueue *completed; /* (owned) (nullable) */
  GMainContext *context;  /* (owned) (nullable) */
  gpointer connection;    /* the server's */
};

/* Makes a used request new, with its memory. Only while nobody else has a reference. */
void tocsin_request_reset (TocsinRequest *self);
void tocsin_request_set_target (TocsinRequest *self, const char *target);

/* Copies all that points into the connection, which may go away from now on. */
void tocsin_request_detach (TocsinRequest *self);

/**
 * tocsin_request_check:
 * @self: a request with its header fields
 * @error: return location for an error, or %NULL
 *
 * Refuses what two HTTP implementations could read in two ways: a second Host, Content-Length or
 * Authorization; Transfer-Encoding with Content-Length, or anything but `chunked`; a length that is
 * not digits; a method or a field name that is no token; control characters; a target that is
 * neither a path nor an absolute URI, has a bad escape, or decodes to something that is not UTF-8
 * text.
 *
 * See [RFC 9112, section 11.2](https://www.rfc-editor.org/rfc/rfc9112#section-11.2).
 *
 * Returns: %FALSE with %TOCSIN_ERROR_INVALID
 */
gboolean tocsin_request_check (const TocsinRequest *self, GError **error);

/* Whether a body follows; its length, or -1 if it comes in chunks. After tocsin_request_check(). */
gboolean tocsin_request_announces_body (const TocsinRequest *self, gint64 *out_length);

/**
 * tocsin_request_set_forwarded:
 * @self: a request that came over a trusted proxy
 * @trusted: (nullable) (element-type GInetAddressMask): all trusted proxies
 *
 * Sets the remote address to what X-Forwarded-For says, or Forwarded
 * ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)) if there is no such field: read from the
 * right end, over every address that is trusted itself.
 *
 * Returns: %FALSE if they say nothing that is an address
 */
gboolean tocsin_request_set_forwarded (TocsinRequest *self, GPtrArray *trusted);

G_END_DECLS
