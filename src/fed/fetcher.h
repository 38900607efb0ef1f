/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "core/clocks.h"
#include "core/envelope.h"
#include "fed/address-guard.h"

G_BEGIN_DECLS

#define TOCSIN_FETCH_MAX_BYTES     (1024 * 1024)
#define TOCSIN_FETCH_MAX_REDIRECTS 3
#define TOCSIN_FETCH_CONNECT_US    (G_GINT64_CONSTANT (5000000))
#define TOCSIN_FETCH_TOTAL_US      (G_GINT64_CONSTANT (15000000))
#define TOCSIN_FETCH_ACCEPT_ACTIVITY                                                               \
  "application/activity+json, application/ld+json; "                                               \
  "profile=\"https://www.w3.org/ns/activitystreams\""

/* The media types of an ActivityPub document, for @media_types of #TocsinFetchRequest. */
extern const char *const tocsin_fetch_activity_types[];

/**
 * TocsinFetchSign:
 * @envelope: the request as it will be sent; `host` is set, and @body, if any
 * @uri: the absolute URI, without fragment, that it will be sent to
 * @user_data: `sign_data` of the #TocsinFetchRequest
 * @error: return location for an error, or %NULL
 *
 * Adds fields to a request just before it is sent, and anew for each redirect and repeat.
 * What it adds goes out unchanged.
 *
 * Returns: whether the request may be sent; if not, @error becomes the call's error
 */
typedef gboolean (*TocsinFetchSign) (TocsinEnvelope *envelope,
                                     const char *uri,
                                     gpointer user_data,
                                     GError **error);

/**
 * TocsinFetchRequest:
 * @uri: an absolute URI; a fragment is not sent
 * @body: (nullable): what to POST; %NULL makes a GET of it
 * @content_type: (nullable): media type of @body
 * @accept: (nullable): value of the Accept field
 * @media_types: (nullable) (array zero-terminated=1): the media types, lower case, without
 *   parameters, that an answer to a GET may have; %NULL takes any
 * @etag: (nullable): ask only for what differs from this entity tag
 * @last_modified: (nullable): ask only for what is newer than this HTTP date
 * @max_bytes: the longest answer taken, in decoded bytes; 0 for %TOCSIN_FETCH_MAX_BYTES
 * @to_fd: write the answer to @fd, as it comes, instead of keeping it: @max_bytes may then be large
 * @fd: (unowned): with @to_fd: a file, at its beginning; has to stay open until the call is over
 * @total_us: how long the call may take with all its redirects; 0: as the fetcher's others
 * @same_origin: do not follow a redirect to another origin (key documents)
 * @sign: (nullable): adds the signature
 * @sign_data: (unowned): for @sign; has to live until the call is over
 *
 * What to get or post. Set what is needed, zero the rest; it is copied.
 */
typedef struct
{
  const char *uri;
  GBytes *body;
  const char *content_type;
  const char *accept;
  const char *const *media_types;
  const char *etag;
  const char *last_modified;
  gsize max_bytes;
  gboolean to_fd;
  int fd;
  gint64 total_us;
  gboolean same_origin;
  TocsinFetchSign sign;
  gpointer sign_data;
} TocsinFetchRequest;

/**
 * TocsinFetchResult:
 * @status: the HTTP status of the last hop; a redirect of a GET was followed already
 * @uri: (owned): the URI of the last hop, without fragment
 * @body: (owned): the body; cut to 4 KiB where @status is not 2xx, and after a POST; empty where
 *   it went to a file
 * @content_type: (owned) (nullable): the media type, lower case, without parameters
 * @etag: (owned) (nullable): the entity tag, for the next conditional request
 * @last_modified: (owned) (nullable): the HTTP date, for the next conditional request
 * @retry_after_seconds: how long the peer asks to be left alone, at most a day; −1 if it does not
 *
 * What a peer answered.
 */
typedef struct
{
  guint status;
  char *uri;
  GBytes *body;
  char *content_type;
  char *etag;
  char *last_modified;
  gint64 retry_after_seconds;
} TocsinFetchResult;

void tocsin_fetch_result_free (TocsinFetchResult *self);
/* Whether the status is one of 200 to 299. */
gboolean tocsin_fetch_result_is_success (const TocsinFetchResult *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinFetchResult, tocsin_fetch_result_free)

/**
 * TocsinFetcher:
 *
 * The one way out of this node to others: GET and POST of bounded documents. Use it from the
 * thread that made it.
 */
#define TOCSIN_TYPE_FETCHER (tocsin_fetcher_get_type ())
G_DECLARE_FINAL_TYPE (TocsinFetcher, tocsin_fetcher, TOCSIN, FETCHER, GObject)

TocsinFetcher *tocsin_fetcher_new (const char *base_url,
                                   TocsinAddressGuard *guard,
                                   guint max_connections,
                                   guint max_connections_per_host,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Of the same origin and with the same guard and clocks as @other, but connections of its own. */
TocsinFetcher *tocsin_fetcher_new_beside (TocsinFetcher *other,
                                          guint max_connections,
                                          guint max_connections_per_host) G_GNUC_WARN_UNUSED_RESULT;
/* How long a connection, TLS included, may take to be made, and a call with all its redirects:
 * instead of %TOCSIN_FETCH_CONNECT_US and %TOCSIN_FETCH_TOTAL_US, for later calls. */
void tocsin_fetcher_set_deadlines (TocsinFetcher *self, gint64 connect_us, gint64 total_us);
/* (transfer none): says which addresses may be connected to. */
TocsinAddressGuard *tocsin_fetcher_get_guard (TocsinFetcher *self);
/* (transfer none): what clocks those have to whom something was posted. */
const TocsinClocks *tocsin_fetcher_get_clocks (TocsinFetcher *self);
void tocsin_fetcher_send_async (TocsinFetcher *self,
                                const TocsinFetchRequest *request,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
TocsinFetchResult *tocsin_fetcher_send_finish (TocsinFetcher *self,
                                               GAsyncResult *result,
                                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the host gave an answer, be it one that is of no use: a page, a redirect that is not
 * followed, too long a document. What did not come to its end in time is none. */
gboolean tocsin_fetcher_send_was_answered (GAsyncResult *result);

G_END_DECLS
