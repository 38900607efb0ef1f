/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* What the node fetches, without a network: the program is linked with --wrap for these three
 * functions of fed/fetcher.h (tests/meson.build), and for the clock. */
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "fed/fetch-uri.h"
#include "fed/fetcher.h"

void __wrap_tocsin_fetcher_send_async (TocsinFetcher *self,
                                       const TocsinFetchRequest *request,
                                       GCancellable *cancellable,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
TocsinFetchResult *
__wrap_tocsin_fetcher_send_finish (TocsinFetcher *self, GAsyncResult *result, GError **error);
gboolean __wrap_tocsin_fetcher_send_was_answered (GAsyncResult *result);
gint64 __wrap_tocsin_time_now_us (void);

/* @status: 0: there is no answer */
typedef struct
{
  guint status;
  const char *type;
  GBytes *body; /* (nullable) (unowned) */
} Served;

typedef gboolean (*ServeFunc) (const char *uri, Served *out);

static ServeFunc serve;
static const char *served_authority; /* our own */
static gint64 served_now_us;
static guint n_fetches;

gint64
__wrap_tocsin_time_now_us (void)
{
  return served_now_us;
}

/* As the fetcher itself asks, before it connects. */
static gboolean
served_may_be_asked (const TocsinFetchRequest *request, GError **error)
{
  g_autoptr (GUri) uri = tocsin_fetch_uri_parse (request->uri, error);
  g_autoptr (TocsinEnvelope) envelope = NULL;
  g_autofree char *authority = NULL;
  g_autofree char *host = NULL;
  g_autofree char *text = NULL;

  if (uri == NULL)
    return FALSE;
  authority = tocsin_fetch_uri_authority (uri);
  if (!g_str_equal (g_uri_get_scheme (uri), "https") || g_str_equal (authority, served_authority))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN, "Not to be fetched");
      return FALSE;
    }
  host = tocsin_fetch_uri_host_field (uri);
  text = g_uri_to_string_partial (uri, G_URI_HIDE_FRAGMENT);
  envelope =
      tocsin_envelope_new ("GET", *g_uri_get_path (uri) != '\0' ? g_uri_get_path (uri) : "/");
  tocsin_envelope_add_header (envelope, "Host", host);
  return request->sign == NULL || request->sign (envelope, text, request->sign_data, error);
}

static TocsinFetchResult *
served_answer (const TocsinFetchRequest *request, gboolean *answered, GError **error)
{
  Served served = { .status = 404 };
  TocsinFetchResult *result;

  if (!served_may_be_asked (request, error))
    return NULL;
  serve (request->uri, &served);
  *answered = served.status != 0;
  if (served.status < 200)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE, "There is no answer");
  else if (served.status < 300 && request->media_types != NULL &&
           !g_strv_contains (request->media_types, served.type))
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED, "Another media type");
  else if (served.status >= 300 && served.status < 400)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN, "To another origin");
  else
    {
      result = g_new0 (TocsinFetchResult, 1);
      result->status = served.status;
      result->uri = g_strdup (request->uri);
      result->body = served.body != NULL ? g_bytes_ref (served.body) : g_bytes_new (NULL, 0);
      result->content_type = g_strdup (served.type);
      result->retry_after_seconds = -1;
      return result;
    }
  return NULL;
}

void
__wrap_tocsin_fetcher_send_async (TocsinFetcher *self,
                                  const TocsinFetchRequest *request,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autoptr (GError) error = NULL;
  gboolean answered = FALSE;
  TocsinFetchResult *result = served_answer (request, &answered, &error);

  n_fetches++;
  g_task_set_task_data (task, GINT_TO_POINTER (answered), NULL);
  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify) tocsin_fetch_result_free);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

TocsinFetchResult *
__wrap_tocsin_fetcher_send_finish (TocsinFetcher *self G_GNUC_UNUSED,
                                   GAsyncResult *result,
                                   GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
__wrap_tocsin_fetcher_send_was_answered (GAsyncResult *result)
{
  return GPOINTER_TO_INT (g_task_get_task_data (G_TASK (result)));
}
