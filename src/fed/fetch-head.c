/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "fed/fetch-head.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

#define MAX_FIELD_BYTES         1024
#define MAX_RETRY_AFTER_SECONDS (24 * 60 * 60)

static void speak_http1_alone (void) __attribute__ ((constructor));

/* Over HTTP/2, which any server behind TLS may choose, libsoup 3.2 and 3.6 know no deadline while
 * nothing comes, and read on while something comes without ever returning to the main loop. libsoup
 * reads this once; only before main() is there certainly no other thread. */
static void
speak_http1_alone (void)
{
  (void) setenv ("SOUP_FORCE_HTTP1", "1", 1); /* NOLINT(concurrency-mt-unsafe) */
}

char *
tocsin_fetch_head_dup_type (SoupMessageHeaders *fields)
{
  const char *type = soup_message_headers_get_content_type (fields, NULL);

  return type != NULL && g_str_is_ascii (type) ? g_ascii_strdown (type, -1) : NULL;
}

char *
tocsin_fetch_head_dup_field (SoupMessageHeaders *fields, const char *name)
{
  const char *value = soup_message_headers_get_one (fields, name);

  if (value == NULL || strlen (value) > MAX_FIELD_BYTES)
    return NULL;
  for (const char *c = value; *c != '\0'; c++)
    if (!g_ascii_isprint (*c))
      return NULL;
  return g_strdup (value);
}

gint64
tocsin_fetch_head_retry_after_seconds (SoupMessageHeaders *fields)
{
  const char *value = soup_message_headers_get_one (fields, "Retry-After");
  guint64 seconds;
  gint64 due_us;

  if (value == NULL)
    return -1;
  if (g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, &seconds, NULL))
    return (gint64) MIN (seconds, MAX_RETRY_AFTER_SECONDS);
  if (!tocsin_http_date_parse (value, &due_us))
    return -1;
  return CLAMP ((due_us - g_get_real_time ()) / TOCSIN_SECOND_US, 0, MAX_RETRY_AFTER_SECONDS);
}

gboolean
tocsin_fetch_head_date (SoupMessageHeaders *fields, gint64 *out_us)
{
  const char *date = soup_message_headers_get_one (fields, "Date");

  return date != NULL && soup_message_headers_get_one (fields, "Age") == NULL &&
         tocsin_http_date_parse (date, out_us);
}

TocsinFetchResult *
tocsin_fetch_result_new (SoupMessage *message, GUri *uri, GBytes *body)
{
  SoupMessageHeaders *fields = soup_message_get_response_headers (message);
  TocsinFetchResult *self = g_new0 (TocsinFetchResult, 1);

  self->status = soup_message_get_status (message);
  self->uri = g_uri_to_string_partial (uri, G_URI_HIDE_FRAGMENT);
  self->body = body;
  self->content_type = tocsin_fetch_head_dup_type (fields);
  self->etag = tocsin_fetch_head_dup_field (fields, "ETag");
  self->last_modified = tocsin_fetch_head_dup_field (fields, "Last-Modified");
  self->retry_after_seconds = tocsin_fetch_head_retry_after_seconds (fields);
  return self;
}

void
tocsin_fetch_result_free (TocsinFetchResult *self)
{
  if (self == NULL)
    return;
  g_free (self->uri);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self->content_type);
  g_free (self->etag);
  g_free (self->last_modified);
  g_free (self);
}

gboolean
tocsin_fetch_result_is_success (const TocsinFetchResult *self)
{
  return SOUP_STATUS_IS_SUCCESSFUL (self->status);
}
