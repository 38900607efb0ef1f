/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

#include "http/reply.h"

#include "core/error.h"

#define DETAIL_BYTES_MAX      200
#define RETRY_AFTER_SECONDS   60
#define BUFFER_KEEP_BYTES_MAX (64 * 1024)

struct _TocsinReply
{
  guint status;
  gboolean is_signed;
  TocsinBodyKind kind;
  const char *content_type; /* (unowned) */
  GString *buffer;          /* (owned) */
  GBytes *bytes;            /* (owned) (nullable) */
  TocsinStream stream;      /* (owned) */
  GString *headers;         /* (owned): name NUL value NUL, one pair after the other */
};

/* How one error code leaves the node. */
typedef struct
{
  TocsinError code;
  guint status;
  const char *type;
  const char *fixed_detail; /* where the message would speak of our inside */
} Problem;

static const Problem problems[] = {
  { TOCSIN_ERROR_INVALID, 400, "invalid", NULL },
  { TOCSIN_ERROR_UNPROCESSABLE, 422, "unprocessable", NULL },
  { TOCSIN_ERROR_STALE, 422, "stale", NULL },
  { TOCSIN_ERROR_FUTURE, 422, "future", NULL },
  { TOCSIN_ERROR_TOO_LARGE, 413, "too-large", NULL },
  { TOCSIN_ERROR_UNSUPPORTED, 415, "unsupported", NULL },
  { TOCSIN_ERROR_NOT_FOUND, 404, "not-found", NULL },
  { TOCSIN_ERROR_GONE, 410, "gone", NULL },
  { TOCSIN_ERROR_CONFLICT, 409, "conflict", NULL },
  { TOCSIN_ERROR_UNAUTHENTICATED, 401, "unauthenticated", NULL },
  { TOCSIN_ERROR_KEY_UNREACHABLE, 401, "key-unreachable", NULL },
  { TOCSIN_ERROR_FORBIDDEN, 403, "forbidden", NULL },
  { TOCSIN_ERROR_NOT_A_PEER, 403, "not-a-peer", NULL },
  { TOCSIN_ERROR_OWNERSHIP, 403, "ownership", NULL },
  { TOCSIN_ERROR_EQUIVOCATION, 403, "equivocation", NULL },
  { TOCSIN_ERROR_REFUSED, 403, "refused", NULL },
  { TOCSIN_ERROR_BUSY, 429, "busy", NULL },
  { TOCSIN_ERROR_UNAVAILABLE, 503, "unavailable", NULL },
  { TOCSIN_ERROR_UNREACHABLE, 502, "unreachable", NULL },
  { TOCSIN_ERROR_STORE, 503, "store", "The store cannot take this now" },
};

/* Reason phrases of the statuses that problems have (RFC 9110, section 15; RFC 6585). */
static const struct
{
  guint status;
  const char *title;
} titles[] = {
  { 400, "Bad Request" },
  { 401, "Unauthorized" },
  { 403, "Forbidden" },
  { 404, "Not Found" },
  { 405, "Method Not Allowed" },
  { 406, "Not Acceptable" },
  { 409, "Conflict" },
  { 410, "Gone" },
  { 412, "Precondition Failed" },
  { 413, "Content Too Large" },
  { 415, "Unsupported Media Type" },
  { 422, "Unprocessable Content" },
  { 429, "Too Many Requests" },
  { 500, "Internal Server Error" },
  { 501, "Not Implemented" },
  { 502, "Bad Gateway" },
  { 503, "Service Unavailable" },
};

TocsinReply *
tocsin_reply_new (void)
{
  TocsinReply *self = g_new0 (TocsinReply, 1);

  self->status = 200;
  self->buffer = g_string_sized_new (1024);
  self->headers = g_string_sized_new (128);
  return self;
}

static void
drop_body (TocsinReply *self)
{
  TocsinStream stream = tocsin_reply_steal_stream (self);

  if (stream.destroy != NULL)
    stream.destroy (stream.data);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_string_truncate (self->buffer, 0);
  self->kind = TOCSIN_BODY_BUFFER;
  self->content_type = NULL;
}

void
tocsin_reply_free (TocsinReply *self)
{
  if (self == NULL)
    return;
  drop_body (self);
  g_string_free (self->buffer, TRUE);
  g_string_free (self->headers, TRUE);
  g_free (self);
}

/* Makes @self a fresh reply. One big answer must not keep its memory for ever. */
void
tocsin_reply_reset (TocsinReply *self)
{
  drop_body (self);
  if (self->buffer->allocated_len > BUFFER_KEEP_BYTES_MAX)
    {
      g_string_free (self->buffer, TRUE);
      self->buffer = g_string_sized_new (1024);
    }
  g_string_truncate (self->headers, 0);
  self->status = 200;
  self->is_signed = FALSE;
}

void
tocsin_reply_set_status (TocsinReply *self, guint status)
{
  g_return_if_fail (status >= 200 && status <= 599);

  self->status = status;
}

guint
tocsin_reply_get_status (const TocsinReply *self)
{
  return self->status;
}

static gboolean
has_control (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p) && *p != '\t')
      return TRUE;
  return FALSE;
}

void
tocsin_reply_add_header (TocsinReply *self, const char *name, const char *value)
{
  /* A line break here would end the header: the value may hold what a peer wrote. */
  if (has_control (value))
    return;
  g_string_append_len (self->headers, name, (gssize) strlen (name) + 1);
  g_string_append_len (self->headers, value, (gssize) strlen (value) + 1);
}

void
tocsin_reply_foreach_header (const TocsinReply *self, TocsinHeaderFunc func, gpointer data)
{
  const char *p = self->headers->str;
  const char *end = p + self->headers->len;

  while (p < end)
    {
      const char *value = p + strlen (p) + 1;

      func (p, value, data);
      p = value + strlen (value) + 1;
    }
}

const char *
tocsin_reply_get_header (const TocsinReply *self, const char *name)
{
  const char *p = self->headers->str;
  const char *end = p + self->headers->len;

  while (p < end)
    {
      const char *value = p + strlen (p) + 1;

      if (g_ascii_strcasecmp (p, name) == 0)
        return value;
      p = value + strlen (value) + 1;
    }
  return NULL;
}

GString *
tocsin_reply_begin (TocsinReply *self, const char *content_type)
{
  drop_body (self);
  self->content_type = content_type;
  return self->buffer;
}

void
tocsin_reply_set_bytes (TocsinReply *self, const char *content_type, GBytes *body)
{
  GBytes *held = g_bytes_ref (body);

  drop_body (self);
  self->kind = TOCSIN_BODY_BYTES;
  self->bytes = held;
  self->content_type = content_type;
}

void
tocsin_reply_set_stream (TocsinReply *self,
                         const char *content_type,
                         TocsinReplyPull pull,
                         gpointer data,
                         GDestroyNotify destroy)
{
  drop_body (self);
  self->kind = TOCSIN_BODY_STREAM;
  self->stream = (TocsinStream){ pull, data, destroy };
  self->content_type = content_type;
}

static void
remove_header (TocsinReply *self, const char *name)
{
  gsize at = 0;

  while (at < self->headers->len)
    {
      const char *p = self->headers->str + at;
      gsize name_len = strlen (p) + 1;
      gsize pair_len = name_len + strlen (p + name_len) + 1;

      if (g_ascii_strcasecmp (p, name) == 0)
        g_string_erase (self->headers, (gssize) at, (gssize) pair_len);
      else
        at += pair_len;
    }
}

void
tocsin_reply_set_retry_after (TocsinReply *self, guint seconds)
{
  char text[16];

  g_return_if_fail (seconds >= 1);

  g_snprintf (text, sizeof text, "%u", seconds);
  remove_header (self, "Retry-After");
  tocsin_reply_add_header (self, "Retry-After", text);
}

static const char *
title_for_status (guint status)
{
  for (gsize i = 0; i < G_N_ELEMENTS (titles); i++)
    if (titles[i].status == status)
      return titles[i].title;
  return "Error";
}

static void
append_json_string (GString *out, const char *text)
{
  g_autofree char *clean = tocsin_error_clean_text (text, DETAIL_BYTES_MAX);

  g_string_append_c (out, '"');
  for (const char *p = clean; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_c (out, '\\');
      g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

static void
append_problem (GString *out, guint status, const char *type, const char *detail)
{
  g_string_append_printf (out, "{\"type\":\"%s\",\"title\":\"%s\",\"status\":%u", type,
                          title_for_status (status), status);
  if (detail != NULL)
    {
      g_string_append (out, ",\"detail\":");
      append_json_string (out, detail);
    }
  g_string_append_c (out, '}');
}

void
tocsin_reply_set_problem (TocsinReply *self, guint status, const char *type, const char *detail)
{
  GString *out;

  g_return_if_fail (status >= 400 && status <= 599);

  out = tocsin_reply_begin (self, TOCSIN_TYPE_PROBLEM);
  self->status = status;
  append_problem (out, status, type, detail);
  g_string_append_c (out, '\n');
  if (status == 429 || status == 503)
    tocsin_reply_set_retry_after (self, RETRY_AFTER_SECONDS);
}

static const Problem *
find_problem (const GError *error)
{
  if (error->domain == TOCSIN_ERROR)
    for (gsize i = 0; i < G_N_ELEMENTS (problems); i++)
      if ((int) problems[i].code == error->code)
        return &problems[i];
  return NULL;
}

void
tocsin_reply_append_problem (GString *out, const GError *error)
{
  const Problem *problem = find_problem (error);

  if (problem == NULL)
    append_problem (out, 500, "internal", "The node could not do this");
  else
    append_problem (out, problem->status, problem->type,
                    problem->fixed_detail != NULL ? problem->fixed_detail : error->message);
}

void
tocsin_reply_set_error (TocsinReply *self, const GError *error)
{
  const Problem *problem = find_problem (error);
  const char *type;

  if (problem == NULL)
    {
      g_message ("A request failed inside: %s", error->message);
      tocsin_reply_set_problem (self, 500, "internal", "The node could not do this");
      return;
    }
  if (problem->fixed_detail != NULL)
    g_message ("A request failed inside: %s", error->message);
  type = problem->type;
  if (problem->code == TOCSIN_ERROR_UNAUTHENTICATED && self->is_signed)
    type = "bad-signature";
  tocsin_reply_set_problem (self, problem->status, type,
                            problem->fixed_detail != NULL ? problem->fixed_detail : error->message);
  /* RFC 9110, section 15.5.2: a 401 names a scheme. */
  if (problem->status == 401)
    {
      remove_header (self, "WWW-Authenticate");
      tocsin_reply_add_header (self, "WWW-Authenticate", self->is_signed ? "Signature" : "Bearer");
    }
}

void
tocsin_reply_set_signed (TocsinReply *self, gboolean is_signed)
{
  self->is_signed = is_signed;
}

TocsinBodyKind
tocsin_reply_get_body_kind (const TocsinReply *self)
{
  return self->kind;
}

const char *
tocsin_reply_get_content_type (const TocsinReply *self)
{
  return self->content_type;
}

const GString *
tocsin_reply_get_buffer (const TocsinReply *self)
{
  return self->buffer;
}

GBytes *
tocsin_reply_get_bytes (const TocsinReply *self)
{
  return self->bytes;
}

/* The caller frees the data with the stream's destroy, if there is one. */
TocsinStream
tocsin_reply_steal_stream (TocsinReply *self)
{
  TocsinStream stream = self->stream;

  self->stream = (TocsinStream){ NULL, NULL, NULL };
  return stream;
}
