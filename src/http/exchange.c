/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

/* What the daemon calls, in the order of events:
 *   on_accept, on_connection   a client connects · on_target   a request line is there ·
 *   on_request   first the header, then pieces of the body, then the end, when the handler runs;
 *                once more when a suspended request was resumed, to send its reply ·
 *   on_completed   the exchange is over · on_connection   the client is gone */
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "http/gate.h"
#include "http/server-private.h"

/* Of a header and of what the library keeps beside it. It zeroes one and a half times as much for
 * every request, and programs send short headers, many times a second. */
#define MEMORY_PER_PUBLIC_CONNECTION_BYTES ((size_t) (32 * 1024))
#define MEMORY_PER_API_CONNECTION_BYTES    ((size_t) (8 * 1024))
#define STREAM_BLOCK_BYTES                 (16 * 1024)
#define LONG_BYTES                         (256 * 1024) /* of a body that may take a client long */
#define LONG_BLOCK_BYTES                   (64 * 1024)
#define SPARE_EXCHANGES_MAX                64
#define EXCESS_BODY_BYTES                  (1024 * 1024)
#define TOGETHER_FROM                      8 /* requests in one turn … */
#define TOGETHER_TO                        64 /* … to so many: a longer turn keeps the first waiting */
#define TOGETHER_MAX                       32 /* of them; more leave the caches again */
#define TOGETHER_BODY_MAX_BYTES            ((gsize) 4 * 1024)

static TocsinExchange *
exchange_take (TocsinServer *self)
{
  TocsinExchange *exchange;

  if (self->spare->len > 0)
    return g_ptr_array_steal_index_fast (self->spare, self->spare->len - 1);
  exchange = g_new0 (TocsinExchange, 1);
  exchange->request = tocsin_request_new ("", "");
  return exchange;
}

void
tocsin_exchange_free (gpointer data)
{
  TocsinExchange *exchange = data;

  tocsin_request_unref (exchange->request);
  g_free (exchange);
}

static void
exchange_release_body (TocsinServer *self, TocsinExchange *exchange)
{
  tocsin_counter_add (&self->stats.buffered_bytes, -(guint64) exchange->n_buffered);
  exchange->n_buffered = 0;
}

static void
exchange_give_back (TocsinServer *self, TocsinExchange *exchange)
{
  exchange_release_body (self, exchange);
  /* A handler that was abandoned still has its request; it cannot be used again. */
  if (g_atomic_int_get (&exchange->request->refs) != 1 || self->spare->len >= SPARE_EXCHANGES_MAX)
    {
      tocsin_exchange_free (exchange);
      return;
    }
  tocsin_request_reset (exchange->request);
  exchange->stage = TOCSIN_STAGE_HEADER;
  exchange->n_received = 0;
  g_ptr_array_add (self->spare, exchange);
}

static TocsinConnection *
connection_of (struct MHD_Connection *handle)
{
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info (handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

  return info->socket_context;
}

static GInetAddress *
inet_address (const struct sockaddr *native)
{
  if (native != NULL && native->sa_family == AF_INET)
    return g_inet_address_new_from_bytes (
        (const guint8 *) &((const struct sockaddr_in *) (gconstpointer) native)->sin_addr,
        G_SOCKET_FAMILY_IPV4);
  if (native != NULL && native->sa_family == AF_INET6)
    return tocsin_address_unmap (g_inet_address_new_from_bytes (
        (const guint8 *) &((const struct sockaddr_in6 *) (gconstpointer) native)->sin6_addr,
        G_SOCKET_FAMILY_IPV6));
  return NULL;
}

static enum MHD_Result
on_accept (void *data, const struct sockaddr *native, socklen_t size)
{
  TocsinServer *self = data;
  g_autoptr (GInetAddress) peer = size >= sizeof (sa_family_t) ? inet_address (native) : NULL;

  if (peer == NULL ||
      tocsin_connections_allow (&self->connections, peer, self->options.trusted_proxies))
    return MHD_YES;
  tocsin_counter_add (&self->stats.connections_refused, 1);
  return MHD_NO;
}

static void
on_connection (void *data,
               struct MHD_Connection *handle,
               void **context,
               enum MHD_ConnectionNotificationCode code)
{
  TocsinServer *self = data;
  TocsinConnection *connection = *context;

  if (code == MHD_CONNECTION_NOTIFY_STARTED)
    {
      const struct sockaddr *native =
          MHD_get_connection_info (handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
      int fd = MHD_get_connection_info (handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

      connection = tocsin_connections_add (
          &self->connections, fd, self->kind == TOCSIN_LISTENER_UNIX ? NULL : inet_address (native),
          self->options.trusted_proxies, self->now_us);
      connection->handle = handle;
      *context = connection;
      tocsin_counter_add (&self->stats.connections_total, 1);
      tocsin_counter_add (&self->stats.connections_open, 1);
      /* At its limit the library stops accepting; so that silent clients cannot bring it there,
       * the one that has been silent longest goes before. */
      if (self->connections.n_open > self->options.connections_max / 10 * 9 &&
          tocsin_connections_evict (&self->connections))
        tocsin_counter_add (&self->stats.evictions, 1);
    }
  else if (connection != NULL)
    {
      /* A request that ran out of the library's memory before its header was read has no other
       * end: on_completed() is not called for it. */
      if (connection->exchange != NULL)
        exchange_give_back (self, connection->exchange);
      if (connection->linger_bytes > 0 && !self->is_stopping)
        tocsin_lingers_add (&self->lingers, self->context, connection->fd, connection->linger_bytes,
                            self->options.receive_us);
      tocsin_connections_remove (&self->connections, connection);
      tocsin_counter_add (&self->stats.connections_open, (guint64) -1);
      *context = NULL;
    }
}

static void *
on_target (void *data, const char *target, struct MHD_Connection *handle)
{
  TocsinServer *self = data;
  TocsinConnection *connection = connection_of (handle);
  TocsinExchange *exchange = exchange_take (self);

  /* A request line without a target gives NULL. */
  tocsin_request_set_target (exchange->request, target != NULL ? target : "");
  exchange->target_at = target;
  exchange->request->connection = connection;
  exchange->request->kind = self->kind;
  connection->exchange = exchange;
  /* For the first request the clock has been running since the connection was made. */
  if (connection->phase != TOCSIN_PHASE_RECEIVING)
    tocsin_connections_enter (&self->connections, connection, TOCSIN_PHASE_RECEIVING, self->now_us);
  return exchange;
}

static void
on_completed (void *data,
              struct MHD_Connection *handle,
              void **context,
              enum MHD_RequestTerminationCode code)
{
  TocsinServer *self = data;
  TocsinExchange *exchange = *context;
  TocsinConnection *connection = connection_of (handle);

  if (exchange == NULL)
    return;
  *context = NULL;
  exchange_give_back (self, exchange);
  if (connection != NULL)
    {
      connection->exchange = NULL;
      tocsin_connections_enter (&self->connections, connection, TOCSIN_PHASE_IDLE, self->now_us);
    }
}

static size_t
keep_escapes (void *data, struct MHD_Connection *handle, char *text)
{
  return strlen (text);
}

/* The header fields as the parser left them. */
typedef struct
{
  GArray *fields;
  const char *line_end; /* behind the line before, its CR and LF having become NUL; NULL: unknown */
  gboolean is_contiguous;
} FieldScan;

static enum MHD_Result
scan_field (void *data,
            enum MHD_ValueKind kind,
            const char *name,
            size_t name_size,
            const char *value,
            size_t value_size)
{
  FieldScan *scan = data;
  TocsinField field = { name, name_size, value != NULL ? value : "", 0 };
  gsize trimmed = strlen (field.value);

  if (scan->line_end != NULL)
    {
      if (name != scan->line_end || value <= name)
        scan->is_contiguous = FALSE;
      else
        scan->line_end = value + value_size + 2;
    }
  /* Its own field-value ends before the white space (RFC 9110, section 5.5). The parser's buffer is
   * ours until the exchange is over. */
  while (trimmed > 0 && (field.value[trimmed - 1] == ' ' || field.value[trimmed - 1] == '\t'))
    trimmed--;
  if (field.value[trimmed] != '\0')
    ((char *) field.value)[trimmed] = '\0';
  field.value_size = trimmed;
  g_array_append_val (scan->fields, field);
  return MHD_YES;
}

/* Collects the header fields, without copying them, and says whether the lines were what they seem.
 *
 * libmicrohttpd 0.9.75 parses in place and silently repairs folded lines, bare line feeds and NULs,
 * which a proxy before us may have read in another way (RFC 9112, sections 2.2, 5.2, 11.2). In
 * place means that a proper line is followed, two bytes on, by the next one; a line that was
 * repaired leaves another gap. Newer versions refuse such requests themselves and are asked to. */
static gboolean
collect_fields (const TocsinServer *self,
                TocsinExchange *exchange,
                struct MHD_Connection *handle,
                const char *version)
{
  const TocsinRequest *request = exchange->request;
  static const char ends[4] = "";
  FieldScan scan = { request->fields, NULL, TRUE };
  const union MHD_ConnectionInfo *info;

  if (self->layout_is_known)
    {
      const char *target = exchange->target_at;

      if (target != request->method + strlen (request->method) + 1 ||
          version != target + request->target->len + 1)
        return FALSE;
      scan.line_end = version + strlen (version) + 2;
    }
  (void) MHD_get_connection_values_n (handle, MHD_HEADER_KIND, scan_field, &scan);
  if (scan.line_end == NULL)
    return TRUE;
  info = MHD_get_connection_info (handle, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
  /* Behind the last field stands the empty line, two bytes as well. */
  return scan.is_contiguous && scan.line_end + 2 == request->method + info->header_size &&
         memcmp (scan.line_end - 2, ends, sizeof ends) == 0;
}

/* A long body under way. */
typedef struct
{
  TocsinServer *server;         /* (unowned) */
  TocsinConnection *connection; /* (unowned) */
  TocsinStream stream;          /* (owned) */
  GBytes *bytes;                /* (owned) (nullable) in place of @stream */
} Sending;

static gssize
copy_bytes (GBytes *bytes, uint64_t position, char *buffer, size_t size)
{
  gsize n = MIN (size, g_bytes_get_size (bytes) - (gsize) position);

  memcpy (buffer, (const char *) g_bytes_get_data (bytes, NULL) + position, n);
  return (gssize) n;
}

static ssize_t
on_pull (void *data, uint64_t position, char *buffer, size_t size)
{
  Sending *sending = data;
  gssize n = sending->bytes != NULL
                 ? copy_bytes (sending->bytes, position, buffer, size)
                 : sending->stream.pull (sending->stream.data, (guint8 *) buffer, size);

  /* Asked for more, so the client has taken what there was: its time begins anew. */
  tocsin_connections_enter (&sending->server->connections, sending->connection,
                            TOCSIN_PHASE_SENDING, sending->server->now_us);
  if (n == 0)
    return MHD_CONTENT_READER_END_OF_STREAM;
  return n < 0 ? MHD_CONTENT_READER_END_WITH_ERROR : n;
}

static void
on_pulled (void *data)
{
  Sending *sending = data;

  if (sending->stream.destroy != NULL)
    sending->stream.destroy (sending->stream.data);
  g_clear_pointer (&sending->bytes, g_bytes_unref);
  g_free (sending);
}

static void
on_bytes_sent (void *data)
{
  g_bytes_unref (data);
}

static struct MHD_Response *
make_response (TocsinServer *self, TocsinConnection *connection, TocsinReply *reply)
{
  GString *buffer = (GString *) tocsin_reply_get_buffer (reply);
  Sending *sending;
  GBytes *bytes;

  switch (tocsin_reply_get_body_kind (reply))
    {
    case TOCSIN_BODY_STREAM:
      sending = g_new (Sending, 1);
      *sending = (Sending){ self, connection, tocsin_reply_steal_stream (reply), NULL };
      return MHD_create_response_from_callback (MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, on_pull,
                                                sending, on_pulled);
    case TOCSIN_BODY_BYTES:
      bytes = g_bytes_ref (tocsin_reply_get_bytes (reply));
      if (g_bytes_get_size (bytes) > LONG_BYTES)
        {
          sending = g_new (Sending, 1);
          *sending = (Sending){ self, connection, { NULL, NULL, NULL }, bytes };
          return MHD_create_response_from_callback (g_bytes_get_size (bytes), LONG_BLOCK_BYTES,
                                                    on_pull, sending, on_pulled);
        }
      return MHD_create_response_from_buffer_with_free_callback_cls (
          g_bytes_get_size (bytes), (void *) g_bytes_get_data (bytes, NULL), on_bytes_sent, bytes);
    case TOCSIN_BODY_BUFFER:
    default:
      /* The buffer lives until on_completed(), and the response is not read any more then. */
      return MHD_create_response_from_buffer (buffer->len, buffer->str, MHD_RESPMEM_PERSISTENT);
    }
}

static void
add_response_header (const char *name, const char *value, gpointer data)
{
  (void) MHD_add_response_header (data, name, value);
}

static void
count_reply (TocsinServer *self, const TocsinRequest *request, guint status)
{
  guint status_class = status / 100 - 1;

  tocsin_counter_add (&self->stats.requests[status_class], 1);
  if (request->match.route != NULL)
    tocsin_counter_add (
        &self->route_counts[request->match.index * TOCSIN_STATUS_CLASSES + status_class], 1);
}

/* The library takes chunks whose lines end in LF alone, and a proxy before us may have seen another
 * end of the body than it did (RFC 9112, section 11.2): behind such a body nothing is read. */
static gboolean
ends_in_doubt (TocsinRequest *request)
{
  gint64 length = 0;

  return tocsin_request_announces_body (request, &length) && length < 0;
}

static gssize
pull_nothing (void *data, uint64_t position, char *buffer, size_t size)
{
  return MHD_CONTENT_READER_END_OF_STREAM;
}

/* A 304 may name the length that a 200 has, and no other (RFC 9110, section 8.6). With a body,
 * which the library then does not send, it names that; without one it would say 0, and leaves the
 * field out only where the length is unknown and the connection ends. */
static struct MHD_Response *
make_unmodified (void)
{
  struct MHD_Response *response = MHD_create_response_from_callback (
      MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, pull_nothing, NULL, NULL);

  if (response != NULL)
    (void) MHD_set_response_options (response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
  return response;
}

/* Takes @response over. */
static enum MHD_Result
send_response (TocsinServer *self,
               struct MHD_Connection *handle,
               const TocsinRequest *request,
               guint status,
               struct MHD_Response *response)
{
  enum MHD_Result result;

  count_reply (self, request, status);
  tocsin_connections_enter (&self->connections, connection_of (handle), TOCSIN_PHASE_SENDING,
                            self->now_us);
  result = MHD_queue_response (handle, status, response);
  MHD_destroy_response (response);
  return result;
}

static enum MHD_Result
send_reply (TocsinServer *self,
            struct MHD_Connection *handle,
            TocsinRequest *request,
            gboolean must_close)
{
  TocsinReply *reply = request->reply;
  const char *type = tocsin_reply_get_content_type (reply);
  gboolean is_unmade = tocsin_reply_get_status (reply) == 304 && type == NULL;
  struct MHD_Response *response =
      is_unmade ? make_unmodified () : make_response (self, connection_of (handle), reply);

  if (response == NULL)
    return MHD_NO;
  if (type != NULL)
    (void) MHD_add_response_header (response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  tocsin_reply_foreach_header (reply, add_response_header, response);
  if (must_close || self->is_stopping || ends_in_doubt (request))
    (void) MHD_add_response_header (response, MHD_HTTP_HEADER_CONNECTION, "close");
  return send_response (self, handle, request, tocsin_reply_get_status (reply), response);
}

/* For a request whose handler still has its reply. */
static enum MHD_Result
send_abandoned (TocsinServer *self, struct MHD_Connection *handle, const TocsinRequest *request)
{
  g_autoptr (TocsinReply) reply = tocsin_reply_new ();
  const GString *body;
  struct MHD_Response *response;

  tocsin_reply_set_problem (reply, 503, "unavailable", "The node could not answer in time");
  body = tocsin_reply_get_buffer (reply);
  response = MHD_create_response_from_buffer (body->len, body->str, MHD_RESPMEM_MUST_COPY);
  if (response == NULL)
    return MHD_NO;
  (void) MHD_add_response_header (response, MHD_HTTP_HEADER_CONTENT_TYPE, TOCSIN_TYPE_PROBLEM);
  tocsin_reply_foreach_header (reply, add_response_header, response);
  (void) MHD_add_response_header (response, MHD_HTTP_HEADER_CONNECTION, "close");
  return send_response (self, handle, request, 503, response);
}

/* Bytes count too: one request, and one more for every 16 KiB of the body that is announced. One
 * that is not announced counts as the longest that the inbox takes. */
static guint
cost_of (TocsinRequest *request)
{
  gint64 length = 0;

  if (!tocsin_request_announces_body (request, &length))
    return 1;
  if (length < 0)
    length = TOCSIN_BODY_MAX_BYTES;
  return 1 + (guint) (MIN (length, G_MAXINT32) / TOCSIN_REQUEST_UNIT_BYTES);
}

static gboolean
within_rate (TocsinServer *self, const TocsinConnection *connection, TocsinRequest *request)
{
  TocsinAddressKey key = connection->key;
  gboolean forwarded = FALSE;
  guint wait_seconds;

  g_strlcpy (request->remote, connection->peer_text, sizeof request->remote);
  request->is_from_proxy = connection->is_proxy;
  if (connection->is_proxy)
    forwarded = tocsin_request_set_forwarded (request, self->options.trusted_proxies);
  if (self->rate == NULL || (connection->is_exempt && !forwarded))
    return TRUE;
  if (forwarded)
    {
      g_autoptr (GInetAddress) address = g_inet_address_new_from_string (request->remote);

      key = tocsin_address_key (address);
    }
  if (tocsin_rate_take (self->rate, &key, cost_of (request), self->now_us, &wait_seconds))
    return TRUE;
  tocsin_reply_set_problem (request->reply, 429, "busy", "Too many requests from this address");
  tocsin_reply_set_retry_after (request->reply, wait_seconds);
  return FALSE;
}

/* How much of a body that is refused unread the client may send before it reads the answer, as many
 * do; 0 if that would be far too much. */
static gsize
bytes_to_drop (const TocsinRequest *request, gint64 length)
{
  const TocsinRoute *route = request->match.route;
  guint64 most = (route != NULL ? route->body_max_bytes : 0) + EXCESS_BODY_BYTES;

  if (length < 0)
    return most;
  return (guint64) length <= most ? (gsize) length : 0;
}

/* The header is there: the last moment at which a body can be refused unread. */
static enum MHD_Result
on_header (TocsinServer *self,
           struct MHD_Connection *handle,
           TocsinExchange *exchange,
           const char *method,
           const char *version)
{
  TocsinRequest *request = exchange->request;
  g_autoptr (GError) error = NULL;
  gint64 length;

  request->method = method;
  if (!collect_fields (self, exchange, handle, version))
    g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                         "A line of the header is folded, holds a NUL or does not end in CR LF");
  /* MHD_OPTION_STRICT_FOR_CLIENT would do this, but 0.9.75 then sends its answer's header twice. */
  else if (strcmp (version, "HTTP/1.0") != 0 && tocsin_request_get_header (request, "Host") == NULL)
    g_set_error_literal (&error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "There is no Host");
  /* Where the next request begins is in doubt: nothing more is read from this connection. */
  if (error != NULL || !tocsin_request_check (request, &error))
    {
      tocsin_reply_set_error (request->reply, error);
      return send_reply (self, handle, request, TRUE);
    }
  exchange->stage = TOCSIN_STAGE_BODY;
  if (within_rate (self, connection_of (handle), request) &&
      tocsin_gate_admit (request, self->router, self->options.auth))
    return MHD_YES;
  exchange->stage = TOCSIN_STAGE_REFUSED;
  /* Without a body the connection can go on, and the reply waits for the end of the request. */
  if (!tocsin_request_announces_body (request, &length))
    return MHD_YES;
  connection_of (handle)->linger_bytes = bytes_to_drop (request, length);
  return send_reply (self, handle, request, TRUE);
}

static void
refuse_body (TocsinServer *self,
             TocsinExchange *exchange,
             guint status,
             const char *type,
             const char *detail)
{
  exchange_release_body (self, exchange);
  g_byte_array_set_size (exchange->request->received, 0);
  tocsin_reply_set_problem (exchange->request->reply, status, type, detail);
  if (status == 503)
    tocsin_reply_set_retry_after (exchange->request->reply, 1);
  exchange->stage = TOCSIN_STAGE_REFUSED;
}

/* The library takes no reply in the middle of a body: the rest is read and dropped, up to a point.
 */
static enum MHD_Result
on_body (TocsinServer *self, TocsinExchange *exchange, const char *data, gsize size)
{
  const TocsinRoute *route = exchange->request->match.route;

  exchange->n_received += size;
  if (exchange->stage == TOCSIN_STAGE_BODY)
    {
      if (exchange->n_received > route->body_max_bytes)
        refuse_body (self, exchange, 413, "too-large", "The body is too long");
      else if (tocsin_counter_get (&self->stats.buffered_bytes) + size >
               self->options.buffered_bytes_max)
        refuse_body (self, exchange, 503, "unavailable", "Too many requests are being received");
      else
        {
          g_byte_array_append (exchange->request->received, (const guint8 *) data, (guint) size);
          exchange->n_buffered += size;
          tocsin_counter_add (&self->stats.buffered_bytes, size);
        }
    }
  if (exchange->stage == TOCSIN_STAGE_REFUSED && route != NULL &&
      exchange->n_received > route->body_max_bytes + EXCESS_BODY_BYTES)
    return MHD_NO;
  return MHD_YES;
}

/* On the main thread, for a server that runs on another one. */
static gboolean
run_on_main (gpointer data)
{
  TocsinRequest *request = data;

  /* Until the handler has it, the server's promise to complete it is ours. */
  if (g_atomic_int_get (&request->state) == TOCSIN_REQUEST_SUSPENDED)
    {
      g_autoptr (TocsinRequest) held = tocsin_request_ref (request);

      request->match.route->handler (request, request->reply, request->match.data);
      if (held->handler_suspended)
        return G_SOURCE_REMOVE;
    }
  tocsin_request_complete (request);
  return G_SOURCE_REMOVE;
}

/* The whole request is there. */
static enum MHD_Result
on_whole (TocsinServer *self, struct MHD_Connection *handle, TocsinExchange *exchange)
{
  TocsinRequest *request = exchange->request;
  const TocsinRoute *route = request->match.route;

  if (self->is_finishing)
    {
      tocsin_reply_set_problem (request->reply, 503, "unavailable", "The node is being stopped");
      return send_reply (self, handle, request, TRUE);
    }
  if ((route->flags & TOCSIN_ROUTE_READ) != 0 || self->main_context == self->context)
    {
      request->completed = g_async_queue_ref (self->completed);
      request->context = g_main_context_ref (self->context);
      route->handler (request, request->reply, request->match.data);
      if (!request->handler_suspended)
        return send_reply (self, handle, request, FALSE);
    }
  else
    {
      request->completed = g_async_queue_ref (self->completed);
      request->context = g_main_context_ref (self->context);
      tocsin_request_suspend (request);
      request->handler_suspended = FALSE;
      g_main_context_invoke_full (self->main_context, G_PRIORITY_DEFAULT, run_on_main, request,
                                  NULL);
    }
  exchange->stage = TOCSIN_STAGE_SUSPENDED;
  tocsin_connections_enter (&self->connections, connection_of (handle), TOCSIN_PHASE_SUSPENDED,
                            self->now_us);
  MHD_suspend_connection (handle);
  return MHD_YES;
}

/* Under load the first short requests of one turn are read before any of them is answered: reading
 * and answering run through different code, the kernel's for the most part, and in turns each would
 * drive the other's out of the processor's caches. The library calls again for a request that has
 * neither an answer yet nor is suspended. */
static gboolean
put_off (TocsinServer *self, struct MHD_Connection *handle, TocsinExchange *exchange)
{
  self->n_whole++;
  if (self->n_whole_before < TOGETHER_FROM || self->n_whole_before > TOGETHER_TO ||
      self->n_put_off >= TOGETHER_MAX || exchange->n_received > TOGETHER_BODY_MAX_BYTES)
    return FALSE;
  exchange->stage = TOCSIN_STAGE_PUT_OFF;
  self->n_put_off++;
  /* Its client has done its part: who is short of places takes none of those. */
  tocsin_connections_enter (&self->connections, connection_of (handle), TOCSIN_PHASE_SENDING,
                            self->now_us);
  tocsin_counter_add (&self->stats.put_off, 1);
  return TRUE;
}

static enum MHD_Result
on_request (void *data,
            struct MHD_Connection *handle,
            const char *url,
            const char *method,
            const char *version,
            const char *upload,
            size_t *upload_size,
            void **context)
{
  TocsinServer *self = data;
  TocsinExchange *exchange = *context;
  gsize size = *upload_size;

  if (exchange == NULL)
    return MHD_NO;
  if (exchange->stage == TOCSIN_STAGE_HEADER)
    return on_header (self, handle, exchange, method, version);
  if (size > 0)
    {
      *upload_size = 0;
      return on_body (self, exchange, upload, size);
    }
  switch (exchange->stage)
    {
    case TOCSIN_STAGE_BODY:
      return put_off (self, handle, exchange) ? MHD_YES : on_whole (self, handle, exchange);
    case TOCSIN_STAGE_PUT_OFF:
      return on_whole (self, handle, exchange);
    case TOCSIN_STAGE_ABANDONED:
      return send_abandoned (self, handle, exchange->request);
    case TOCSIN_STAGE_HEADER:
    case TOCSIN_STAGE_REFUSED:
    case TOCSIN_STAGE_SUSPENDED:
    case TOCSIN_STAGE_RESUMED:
    default:
      return send_reply (self, handle, exchange->request, FALSE);
    }
}

gboolean
tocsin_exchange_is_suspended (const TocsinConnection *connection)
{
  const TocsinExchange *exchange = connection->exchange;

  return exchange->stage == TOCSIN_STAGE_SUSPENDED;
}

void
tocsin_exchange_resume (TocsinConnection *connection)
{
  TocsinExchange *exchange = connection->exchange;

  exchange->stage = TOCSIN_STAGE_RESUMED;
  MHD_resume_connection (connection->handle);
}

void
tocsin_exchange_abandon (TocsinServer *self, TocsinConnection *connection)
{
  TocsinExchange *exchange = connection->exchange;
  TocsinRequest *request = exchange->request;

  if (!g_atomic_int_compare_and_exchange (&request->state, TOCSIN_REQUEST_SUSPENDED,
                                          TOCSIN_REQUEST_ABANDONED))
    return;
  tocsin_counter_add (&self->stats.abandoned, 1);
  exchange->stage = TOCSIN_STAGE_ABANDONED;
  g_cancellable_cancel (request->cancellable);
  MHD_resume_connection (connection->handle);
}

struct MHD_Daemon *
tocsin_exchange_start_daemon (TocsinServer *self, int fd)
{
  const size_t memory_bytes = self->kind == TOCSIN_LISTENER_PUBLIC
                                  ? MEMORY_PER_PUBLIC_CONNECTION_BYTES
                                  : MEMORY_PER_API_CONNECTION_BYTES;
  struct MHD_OptionItem options[] =
  {
    { MHD_OPTION_LISTEN_SOCKET, fd, NULL },
    { MHD_OPTION_CONNECTION_LIMIT, (intptr_t) self->options.connections_max, NULL },
    { MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t) memory_bytes, NULL },
    { MHD_OPTION_NOTIFY_CONNECTION, (intptr_t) on_connection, self },
    { MHD_OPTION_URI_LOG_CALLBACK, (intptr_t) on_target, self },
    { MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t) keep_escapes, NULL },
    { MHD_OPTION_NOTIFY_COMPLETED, (intptr_t) on_completed, self },
#if MHD_VERSION >= 0x00097701
    { MHD_OPTION_CLIENT_DISCIPLINE_LVL, 2, NULL },
#endif
    { MHD_OPTION_END, 0, NULL },
  };

  self->layout_is_known = strcmp (MHD_get_version (), "0.9.75") == 0;
  return MHD_start_daemon (MHD_USE_EPOLL | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept,
                           self, on_request, self, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}
