/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET and POST of bounded documents. The steps, in order:
 *   tocsin_fetcher_send_async -> send_hop -> on_network_event (while connecting) -> on_sent
 *     -> send_hop again, for a redirect or after a connection that had gone stale
 *     -> on_read (repeats) -> complete
 * on_total_deadline, on_connect_deadline and on_caller_cancelled cut any of it short by cancelling
 * the operation's own cancellable; fail() then says why.
 */
#define G_LOG_DOMAIN "tocsin-fed"

#include "config.h"

#include "fed/fetcher.h"

#include "core/clock.h"
#include "core/error.h"
#include "fed/fetch-head.h"
#include "fed/fetch-sink.h"
#include "fed/fetch-uri.h"

#include <libsoup/soup.h>
#include <string.h>

#define CHUNK_BYTES         16384
#define FILE_CHUNK_BYTES    262144 /* of what goes to a file */
#define DISCARD_BYTES       4096   /* of a body that only a person may want to see */
#define MAX_INTERIM_ANSWERS 4

const char *const tocsin_fetch_activity_types[] = { "application/activity+json",
                                                    "application/ld+json", NULL };

struct _TocsinFetcher
{
  GObject parent_instance;
  SoupSession *session;      /* (owned) */
  TocsinAddressGuard *guard; /* (owned) */
  char *own_authority;       /* (owned) */
  TocsinClocks *clocks;      /* (owned) shared with those that were made beside it */
  gint64 connect_us;
  gint64 total_us;
};

G_DEFINE_FINAL_TYPE (TocsinFetcher, tocsin_fetcher, G_TYPE_OBJECT)

typedef struct
{
  GUri *uri;    /* (owned) of the present hop */
  GBytes *body; /* (owned) (nullable) */
  char *content_type;
  char *accept;
  char **media_types;
  char *etag;
  char *last_modified;
  gsize max_bytes;
  gboolean to_fd;
  int fd;               /* (unowned) */
  TocsinFetchSink sink; /* (owned) of the answer's body */
  gint64 total_us;
  gboolean same_origin;
  TocsinFetchSign sign;
  gpointer sign_data; /* (unowned) */

  GCancellable *cancellable; /* (owned) cancels the work; the caller's own is watched beside it */
  GSource *total_timer;      /* (owned) (nullable) */
  GSource *connect_timer;    /* (owned) (nullable) */
  GSource *caller_watch;     /* (owned) (nullable) */
  GSource *misdirected;      /* (owned) (nullable) */
  SoupMessage *message;      /* (owned) (nullable) */
  GInputStream *stream;      /* (owned) (nullable) */
  GByteArray *received;      /* (owned) */
  guint redirects;
  guint interim_answers;
  guint misdirected_turns;
  gboolean repeated;    /* the request was sent again after its connection turned out stale */
  gboolean connected;   /* this hop opened a connection of its own */
  gboolean ended;       /* the answer was read to its end */
  gboolean heard;       /* the head of an answer came, to this hop or one before */
  gboolean answered;    /* the call is over, and not for want of an answer */
  gboolean has_head;    /* the head of this hop's answer came, and on_sent() is due */
  gboolean interrupted; /* by a deadline or by the caller */
  gboolean refused;     /* the guard closed a connection of this hop */
  gboolean tried;       /* the guard let one through */
  const char *deadline; /* (nullable) which one passed */
} SendOp;

static void send_hop (GTask *task);
static void on_sent (GObject *source, GAsyncResult *result, gpointer user_data);
static void on_read (GObject *source, GAsyncResult *result, gpointer user_data);

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
send_op_free (SendOp *op)
{
  clear_source (&op->total_timer);
  clear_source (&op->connect_timer);
  clear_source (&op->caller_watch);
  clear_source (&op->misdirected);
  g_clear_pointer (&op->uri, g_uri_unref);
  g_clear_pointer (&op->body, g_bytes_unref);
  g_free (op->content_type);
  g_free (op->accept);
  g_strfreev (op->media_types);
  g_free (op->etag);
  g_free (op->last_modified);
  g_clear_object (&op->cancellable);
  g_clear_object (&op->message);
  g_clear_object (&op->stream);
  g_clear_pointer (&op->received, g_byte_array_unref);
  tocsin_fetch_sink_clear (&op->sink);
  g_free (op);
}

static gboolean
may_go_to (TocsinFetcher *self, GUri *uri, GError **error)
{
  g_autofree char *authority = tocsin_fetch_uri_authority (uri);

  if (!g_str_equal (g_uri_get_scheme (uri), "https") &&
      !tocsin_address_guard_is_relaxed (self->guard))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                           "Only https URLs are fetched");
      return FALSE;
    }
  if (g_str_equal (authority, self->own_authority))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                           "A node does not fetch from itself");
      return FALSE;
    }
  return TRUE;
}

static void
stop (SendOp *op)
{
  clear_source (&op->total_timer);
  clear_source (&op->connect_timer);
  clear_source (&op->caller_watch);
  clear_source (&op->misdirected);
  /* Whatever is still under way, a half-read body above all, costs no more time or memory; but a
   * connection whose answer was read to its end is kept for the next request. */
  if (!op->ended)
    g_cancellable_cancel (op->cancellable);
  g_clear_object (&op->stream);
  g_clear_object (&op->message); /* breaks the circle message -> network-event -> task */
}

/* Takes @reason; a deadline, the guard and the caller explain more than libsoup can. */
static void
fail (GTask *task, GError *reason)
{
  g_autoptr (GError) error = reason;
  SendOp *op = g_task_get_task_data (task);

  op->answered = op->heard && op->deadline == NULL && error->domain == TOCSIN_ERROR;
  stop (op);
  if (g_task_return_error_if_cancelled (task))
    return;
  if (op->deadline != NULL)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE, "%s", op->deadline);
  else if (error->domain == TOCSIN_ERROR)
    g_task_return_error (task, g_steal_pointer (&error));
  else if (op->refused && !op->tried)
    g_task_return_new_error (task, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN,
                             "The host's address is not a global one");
  else
    g_task_return_error (task, tocsin_error_new_foreign (TOCSIN_ERROR_UNREACHABLE, error->message));
}

static void
fail_with (GTask *task, TocsinError code, const char *message)
{
  fail (task, g_error_new_literal (TOCSIN_ERROR, (gint) code, message));
}

/* Where libsoup 3.6 finds a request cancelled whose answer has begun, it takes it off its queue
 * twice, and lets go of what its session goes on using: on_sent() is due then, and looks itself. */
static void
interrupt (SendOp *op, const char *deadline)
{
  op->interrupted = TRUE;
  op->deadline = deadline;
  if (!op->has_head)
    g_cancellable_cancel (op->cancellable);
}

static gboolean
on_total_deadline (gpointer user_data)
{
  interrupt (user_data, "The peer took too long to answer");
  return G_SOURCE_REMOVE;
}

static gboolean
on_connect_deadline (gpointer user_data)
{
  interrupt (user_data, "The peer took too long to accept a connection");
  return G_SOURCE_REMOVE;
}

static gboolean
on_caller_cancelled (GCancellable *cancellable G_GNUC_UNUSED, gpointer user_data)
{
  interrupt (user_data, NULL);
  return G_SOURCE_REMOVE;
}

static GSource *
start_timer (GTask *task, gint64 delay_us, GSourceFunc callback)
{
  GSource *timer = g_timeout_source_new ((guint) (delay_us / 1000));

  g_source_set_callback (timer, callback, g_task_get_task_data (task), NULL);
  g_source_attach (timer, g_task_get_context (task));
  return timer;
}

/* libsoup reads the body of a 421 whole, however long, to say the request again, and on_sent()
 * comes only behind that. A turn earlier libsoup 3.6 would stumble as in interrupt(). */
static gboolean
on_misdirected (gpointer user_data)
{
  SendOp *op = user_data;

  if (op->misdirected_turns++ == 0)
    return G_SOURCE_CONTINUE;
  op->has_head = FALSE;
  interrupt (op, "The peer says that it is not whom the request is for");
  return G_SOURCE_REMOVE;
}

static void
on_got_headers (SoupMessage *message, gpointer user_data)
{
  SendOp *op = g_task_get_task_data (user_data);

  op->has_head = TRUE;
  g_cancellable_reset (op->cancellable);
  if (soup_message_get_status (message) == SOUP_STATUS_MISDIRECTED_REQUEST &&
      op->misdirected == NULL)
    op->misdirected = start_timer (user_data, 0, on_misdirected);
}

/* The address about to be connected to is known here and nowhere earlier: a resolver of our own
 * would never see literals. Closing the socket stops even the handshake; cancelling would not.
 */
static void
guard_connection (TocsinFetcher *self, SendOp *op, SoupMessage *message, GIOStream *stream)
{
  GSocketConnection *connection = G_SOCKET_CONNECTION (stream);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);
  gboolean allowed = FALSE;

  if (G_IS_INET_SOCKET_ADDRESS (remote))
    {
      GInetAddress *address = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
      gboolean tls = g_str_equal (g_uri_get_scheme (soup_message_get_uri (message)), "https");

      allowed = tls ? tocsin_address_guard_allows (self->guard, address)
                    : tocsin_address_guard_names (self->guard, address);
    }
  if (allowed)
    op->tried = TRUE;
  else
    {
      op->refused = TRUE;
      g_socket_close (g_socket_connection_get_socket (connection), NULL);
    }
}

static void
on_network_event (SoupMessage *message,
                  GSocketClientEvent event,
                  GIOStream *connection,
                  gpointer user_data)
{
  GTask *task = user_data;
  TocsinFetcher *self = g_task_get_source_object (task);
  SendOp *op = g_task_get_task_data (task);

  op->connected = TRUE;
  if (event == G_SOCKET_CLIENT_CONNECTING)
    guard_connection (self, op, message, connection);
  if (event == G_SOCKET_CLIENT_COMPLETE)
    clear_source (&op->connect_timer);
  else if (op->connect_timer == NULL && op->total_timer != NULL)
    op->connect_timer = start_timer (task, self->connect_us, on_connect_deadline);
}

/* libsoup reads 1xx answers in a loop that never comes back to the main context, where no timer
 * of ours could end it. */
static void
on_got_informational (SoupMessage *message G_GNUC_UNUSED, gpointer user_data)
{
  SendOp *op = g_task_get_task_data (user_data);

  if (++op->interim_answers > MAX_INTERIM_ANSWERS)
    interrupt (op, "The peer does not come to its answer");
}

static void
unref_task (gpointer data, GClosure *closure G_GNUC_UNUSED)
{
  g_object_unref (data);
}

/* The request as it will be sent, complete but for what the signing hook adds. */
static TocsinEnvelope *
make_envelope (const SendOp *op)
{
  const char *path = g_uri_get_path (op->uri);
  const char *query = g_uri_get_query (op->uri);
  g_autofree char *target =
      g_strconcat (*path != '\0' ? path : "/", query != NULL ? "?" : NULL, query, NULL);
  g_autofree char *host = tocsin_fetch_uri_host_field (op->uri);
  TocsinEnvelope *envelope = tocsin_envelope_new (op->body != NULL ? "POST" : "GET", target);

  tocsin_envelope_add_header (envelope, "Host", host);
  if (op->accept != NULL)
    tocsin_envelope_add_header (envelope, "Accept", op->accept);
  tocsin_envelope_add_header (envelope, "Accept-Encoding", TOCSIN_FETCH_SINK_ENCODINGS);
  if (op->etag != NULL)
    tocsin_envelope_add_header (envelope, "If-None-Match", op->etag);
  if (op->last_modified != NULL)
    tocsin_envelope_add_header (envelope, "If-Modified-Since", op->last_modified);
  if (op->body != NULL)
    {
      envelope->body = g_bytes_ref (op->body);
      tocsin_envelope_add_header (envelope, "Content-Type", op->content_type);
    }
  return envelope;
}

static SoupMessage *
make_message (const SendOp *op, GError **error)
{
  g_autoptr (TocsinEnvelope) envelope = make_envelope (op);
  g_autofree char *uri = g_uri_to_string_partial (op->uri, G_URI_HIDE_FRAGMENT);
  SoupMessage *message = NULL;
  SoupMessageHeaders *fields = NULL;

  if (op->sign != NULL && !op->sign (envelope, uri, op->sign_data, error))
    return NULL;
  message = soup_message_new_from_uri (envelope->method, op->uri);
  /* Without the flag every POST makes a connection of its own. An activity that arrives twice is
   * taken once. */
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_IDEMPOTENT);
  soup_message_disable_feature (message, SOUP_TYPE_CONTENT_DECODER);
  /* Nor authentication; but where the session has no manager of it at all, libsoup reads the whole
   * body of a 401, however long, before it answers. */
  soup_message_disable_feature (message, SOUP_TYPE_AUTH_MANAGER);
  if (op->repeated)
    soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
  if (op->body != NULL)
    soup_message_set_request_body_from_bytes (message, op->content_type, op->body);
  fields = soup_message_get_request_headers (message);
  soup_message_headers_remove (fields, "Content-Type"); /* the envelope has it */
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      soup_message_headers_append (fields, header->name, header->value);
    }
  return message;
}

static void
send_hop (GTask *task)
{
  TocsinFetcher *self = g_task_get_source_object (task);
  SendOp *op = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  op->connected = op->refused = op->tried = op->has_head = FALSE;
  g_clear_object (&op->stream);
  g_clear_object (&op->message);
  if (!may_go_to (self, op->uri, &error) || (op->message = make_message (op, &error)) == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  /* Holds the task, so that no connection of this message is ever made without the guard. */
  g_signal_connect_data (op->message, "network-event", G_CALLBACK (on_network_event),
                         g_object_ref (task), unref_task, 0);
  g_signal_connect_data (op->message, "got-informational", G_CALLBACK (on_got_informational),
                         g_object_ref (task), unref_task, 0);
  g_signal_connect_data (op->message, "got-headers", G_CALLBACK (on_got_headers),
                         g_object_ref (task), unref_task, 0);
  soup_session_send_async (self->session, op->message, G_PRIORITY_DEFAULT, op->cancellable, on_sent,
                           g_object_ref (task));
}

static gboolean
is_redirect (const SendOp *op)
{
  guint status = soup_message_get_status (op->message);

  if (status == SOUP_STATUS_TEMPORARY_REDIRECT || status == SOUP_STATUS_PERMANENT_REDIRECT)
    return TRUE;
  /* These would turn a POST into a GET. */
  return op->body == NULL && (status == SOUP_STATUS_MOVED_PERMANENTLY ||
                              status == SOUP_STATUS_FOUND || status == SOUP_STATUS_SEE_OTHER);
}

static void
follow (GTask *task)
{
  SendOp *op = g_task_get_task_data (task);
  g_autoptr (GUri) next = NULL;
  const char *location =
      soup_message_headers_get_one (soup_message_get_response_headers (op->message), "Location");

  if (op->redirects++ == TOCSIN_FETCH_MAX_REDIRECTS)
    {
      fail_with (task, TOCSIN_ERROR_UNREACHABLE, "The peer redirects too often");
      return;
    }
  if (location != NULL)
    next = tocsin_fetch_uri_parse_relative (op->uri, location, NULL);
  if (next == NULL)
    {
      fail_with (task, TOCSIN_ERROR_UNREACHABLE, "The peer redirects to what is not a URL");
      return;
    }
  if ((op->same_origin || op->body != NULL) && !tocsin_fetch_uri_same_origin (op->uri, next))
    {
      fail_with (task, TOCSIN_ERROR_FORBIDDEN, "The peer redirects to another origin");
      return;
    }
  g_clear_pointer (&op->uri, g_uri_unref);
  op->uri = g_steal_pointer (&next);
  send_hop (task);
}

static gboolean
has_accepted_type (const SendOp *op)
{
  g_autofree char *type =
      tocsin_fetch_head_dup_type (soup_message_get_response_headers (op->message));

  return type != NULL && g_strv_contains ((const char *const *) op->media_types, type);
}

/* Whether the body is what the caller asked for; if not, a person may want its beginning. */
static gboolean
wants_body (const SendOp *op)
{
  return op->body == NULL && SOUP_STATUS_IS_SUCCESSFUL (soup_message_get_status (op->message));
}

static gboolean
is_kept_in_file (const SendOp *op)
{
  return wants_body (op) && op->to_fd;
}

/* More than allowed is asked for, so that too much is noticed; of what is packed any. Never a byte
 * alone: libsoup reads the line behind the last chunk into what it is given, and where that has no
 * room for a line's end it neither answers nor fails, whatever is cancelled. */
static void
read_more (GTask *task)
{
  SendOp *op = g_task_get_task_data (task);
  gsize size = CHUNK_BYTES; /* packed: it may become a thousand times as long, all at once */

  if (op->sink.gunzip == NULL)
    size = MIN (op->sink.max_bytes + 2 - op->sink.written,
                is_kept_in_file (op) ? FILE_CHUNK_BYTES : CHUNK_BYTES);
  g_input_stream_read_bytes_async (op->stream, size, G_PRIORITY_DEFAULT, op->cancellable, on_read,
                                   g_object_ref (task));
}

/* What says itself that it is too long is not begun. */
static gboolean
is_announced_too_long (const SendOp *op)
{
  SoupMessageHeaders *fields = soup_message_get_response_headers (op->message);

  return wants_body (op) &&
         soup_message_headers_get_encoding (fields) == SOUP_ENCODING_CONTENT_LENGTH &&
         soup_message_headers_get_content_length (fields) > (goffset) op->max_bytes;
}

/* Whether the peer had closed the connection that was kept from an earlier request. libsoup
 * notices that only before it writes. */
static gboolean
connection_was_stale (const SendOp *op)
{
  return !op->connected && !op->repeated &&
         soup_message_get_status (op->message) == SOUP_STATUS_NONE && !op->interrupted;
}

/* Of what only a person may want to see, a part is enough. */
static gboolean
begin_body (SendOp *op, GError **error)
{
  SoupMessageHeaders *fields = soup_message_get_response_headers (op->message);
  const char *encoding = soup_message_headers_get_list (fields, "Content-Encoding");

  op->sink = (TocsinFetchSink){ .fd = op->fd,
                                .memory = is_kept_in_file (op) ? NULL : op->received,
                                .max_bytes = wants_body (op) ? op->max_bytes : DISCARD_BYTES };
  if (!wants_body (op))
    {
      if (!tocsin_fetch_sink_begin (&op->sink, encoding, NULL))
        op->sink.max_bytes = 0;
      return TRUE;
    }
  if (soup_message_headers_get_encoding (fields) == SOUP_ENCODING_CONTENT_LENGTH)
    op->sink.announced = (gsize) soup_message_headers_get_content_length (fields);
  return tocsin_fetch_sink_begin (&op->sink, encoding, error);
}

/* Anybody may have us fetch something, but hardly post it. */
static void
note_clock (TocsinFetcher *self, const SendOp *op)
{
  gint64 date_us;

  if (op->body != NULL &&
      tocsin_fetch_head_date (soup_message_get_response_headers (op->message), &date_us))
    tocsin_clocks_note (self->clocks, g_uri_get_host (op->uri), date_us, tocsin_time_boot_us ());
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  SendOp *op = g_task_get_task_data (task);

  clear_source (&op->connect_timer);
  clear_source (&op->misdirected);
  op->has_head = FALSE;
  op->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (op->stream != NULL)
    note_clock (g_task_get_source_object (task), op);
  op->heard = op->heard || op->stream != NULL;
  if (op->stream == NULL && connection_was_stale (op))
    {
      op->repeated = TRUE;
      send_hop (task);
    }
  else if (op->stream == NULL)
    fail (task, g_steal_pointer (&error));
  else if (op->interrupted)
    fail_with (task, TOCSIN_ERROR_UNREACHABLE, "The request was given up");
  else if (is_redirect (op))
    follow (task);
  else if (wants_body (op) && op->media_types != NULL && !has_accepted_type (op))
    fail_with (task, TOCSIN_ERROR_UNSUPPORTED, "The peer's answer has another media type");
  else if (is_announced_too_long (op))
    fail_with (task, TOCSIN_ERROR_TOO_LARGE, "The peer's answer is too long");
  else if (!begin_body (op, &error))
    fail (task, g_steal_pointer (&error));
  else
    read_more (task);
}

static void
complete (GTask *task)
{
  SendOp *op = g_task_get_task_data (task);
  GBytes *body = g_byte_array_free_to_bytes (g_steal_pointer (&op->received));
  TocsinFetchResult *answer = tocsin_fetch_result_new (op->message, op->uri, body);

  op->answered = TRUE;
  stop (op);
  g_task_return_pointer (task, answer, (GDestroyNotify) tocsin_fetch_result_free);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = G_TASK (user_data);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  SendOp *op = g_task_get_task_data (task);

  if (chunk == NULL)
    fail (task, g_steal_pointer (&error));
  else if (g_bytes_get_size (chunk) > 0 && tocsin_fetch_sink_push (&op->sink, chunk, &error))
    read_more (task);
  else if (!wants_body (op) ||
           (g_bytes_get_size (chunk) == 0 && tocsin_fetch_sink_end (&op->sink, &error)))
    {
      op->ended = g_bytes_get_size (chunk) == 0;
      complete (task);
    }
  else
    fail (task, g_steal_pointer (&error));
}

static SendOp *
send_op_new (const TocsinFetchRequest *request)
{
  SendOp *op = g_new0 (SendOp, 1);

  op->body = request->body != NULL ? g_bytes_ref (request->body) : NULL;
  op->content_type = g_strdup (request->content_type);
  op->accept = g_strdup (request->accept);
  op->media_types = g_strdupv ((char **) request->media_types);
  op->etag = g_strdup (request->etag);
  op->last_modified = g_strdup (request->last_modified);
  op->max_bytes = request->max_bytes != 0 ? request->max_bytes : TOCSIN_FETCH_MAX_BYTES;
  op->to_fd = request->to_fd;
  op->fd = request->fd;
  op->total_us = request->total_us;
  op->same_origin = request->same_origin;
  op->sign = request->sign;
  op->sign_data = request->sign_data;
  op->cancellable = g_cancellable_new ();
  op->received = g_byte_array_new ();
  return op;
}

/**
 * tocsin_fetcher_send_async:
 * @self: the fetcher
 * @request: what to get or post
 * @cancellable: (nullable): to give up early
 * @callback: called in the thread-default main context of the caller
 * @user_data: data for @callback
 *
 * Gets or posts one document: over https only, to global addresses only, never to our own host
 * (docs/wire "Answers"), without ever holding more than `max_bytes` of the answer.
 * At most three redirects are followed, of a POST within its origin alone, each checked and signed
 * as a request of its own. The time spent waiting for a free connection counts.
 */
void
tocsin_fetcher_send_async (TocsinFetcher *self,
                           const TocsinFetchRequest *request,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;
  SendOp *op = NULL;

  g_return_if_fail (request->body == NULL || request->content_type != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  op = send_op_new (request);
  g_task_set_source_tag (task, tocsin_fetcher_send_async);
  g_task_set_task_data (task, op, (GDestroyNotify) send_op_free);
  op->uri = tocsin_fetch_uri_parse (request->uri, &error);
  if (op->uri == NULL)
    {
      fail (task, g_steal_pointer (&error));
      return;
    }
  op->total_timer =
      start_timer (task, op->total_us != 0 ? op->total_us : self->total_us, on_total_deadline);
  if (cancellable != NULL)
    {
      op->caller_watch = g_cancellable_source_new (cancellable);
      g_source_set_callback (op->caller_watch, G_SOURCE_FUNC (on_caller_cancelled), op, NULL);
      g_source_attach (op->caller_watch, g_task_get_context (task));
    }
  send_hop (task);
}

/**
 * tocsin_fetcher_send_finish:
 * @self: the fetcher
 * @result: what the callback was given
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the answer, whatever its status; free it with
 *   tocsin_fetch_result_free(). On error, %NULL, and @error is %TOCSIN_ERROR_INVALID (no URL that
 *   can be fetched), %TOCSIN_ERROR_FORBIDDEN (we may not go there), %TOCSIN_ERROR_UNREACHABLE (no
 *   useful answer in time), %TOCSIN_ERROR_UNSUPPORTED (another media type),
 *   %TOCSIN_ERROR_TOO_LARGE, what the signing hook said, or %G_IO_ERROR_CANCELLED.
 */
TocsinFetchResult *
tocsin_fetcher_send_finish (TocsinFetcher *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
tocsin_fetcher_send_was_answered (GAsyncResult *result)
{
  const SendOp *op = g_task_get_task_data (G_TASK (result));

  return op->answered;
}

void
tocsin_fetcher_set_deadlines (TocsinFetcher *self, gint64 connect_us, gint64 total_us)
{
  self->connect_us = connect_us;
  self->total_us = total_us;
}

TocsinAddressGuard *
tocsin_fetcher_get_guard (TocsinFetcher *self)
{
  return self->guard;
}

const TocsinClocks *
tocsin_fetcher_get_clocks (TocsinFetcher *self)
{
  return self->clocks;
}

static void
tocsin_fetcher_finalize (GObject *object)
{
  TocsinFetcher *self = TOCSIN_FETCHER (object);

  g_clear_object (&self->session);
  g_clear_pointer (&self->guard, tocsin_address_guard_unref);
  g_free (self->own_authority);
  g_clear_pointer (&self->clocks, g_rc_box_release);
  G_OBJECT_CLASS (tocsin_fetcher_parent_class)->finalize (object);
}

static void
tocsin_fetcher_class_init (TocsinFetcherClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tocsin_fetcher_finalize;
}

static void
tocsin_fetcher_init (TocsinFetcher *self)
{
  self->connect_us = TOCSIN_FETCH_CONNECT_US;
  self->total_us = TOCSIN_FETCH_TOTAL_US;
}

/* With a resolver of proxies http_proxy would count, and the guard would see that alone. */
static void
make_session (TocsinFetcher *self, const char *user_agent, guint connections, guint per_host)
{
  self->session = soup_session_new_with_options ("proxy-resolver", NULL, "user-agent", user_agent,
                                                 "max-conns", (gint) connections,
                                                 "max-conns-per-host", (gint) per_host, NULL);
}

/**
 * tocsin_fetcher_new:
 * @base_url: our own origin; it is never fetched from, and peers read it in User-Agent
 * @guard: says which addresses may be connected to
 * @max_connections: how many connections may be open at once
 * @max_connections_per_host: how many of them to one host
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): a fetcher for the calling thread. On error, %NULL, and
 *   @error is %TOCSIN_ERROR_INVALID: @base_url is no origin.
 */
TocsinFetcher *
tocsin_fetcher_new (const char *base_url,
                    TocsinAddressGuard *guard,
                    guint max_connections,
                    guint max_connections_per_host,
                    GError **error)
{
  g_autoptr (TocsinFetcher) self = g_object_new (TOCSIN_TYPE_FETCHER, NULL);
  g_autofree char *user_agent = g_strdup_printf ("Tocsin/%s (+%s)", PACKAGE_VERSION, base_url);

  self->guard = tocsin_address_guard_ref (guard);
  self->own_authority = tocsin_fetch_authority (base_url, error);
  if (self->own_authority == NULL)
    return NULL;
  self->clocks = g_rc_box_new0 (TocsinClocks);
  make_session (self, user_agent, max_connections, max_connections_per_host);
  return g_steal_pointer (&self);
}

TocsinFetcher *
tocsin_fetcher_new_beside (TocsinFetcher *other,
                           guint max_connections,
                           guint max_connections_per_host)
{
  TocsinFetcher *self = g_object_new (TOCSIN_TYPE_FETCHER, NULL);

  self->guard = tocsin_address_guard_ref (other->guard);
  self->own_authority = g_strdup (other->own_authority);
  self->clocks = g_rc_box_acquire (other->clocks);
  make_session (self, soup_session_get_user_agent (other->session), max_connections,
                max_connections_per_host);
  return self;
}
