/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/control.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gi18n.h>
#include <libsoup/soup.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/json-strict.h"
#include "core/error.h"
#include "core/limits.h"

#define ANSWER_MAX_BYTES     (64 * 1024 * 1024)
#define PROBLEM_MAX_BYTES    (64 * 1024)
#define TOKEN_MAX_BYTES      4096
#define DEFAULT_WAIT_SECONDS 600
#define PULSE_MS             100
/* What a node says of a path that one of its sides does not have. */
#define NO_SUCH_PATH "There is nothing at this path"

static const TocsinJsonLimits answer_limits = {
  .max_bytes = ANSWER_MAX_BYTES,
  .max_depth = TOCSIN_JSON_MAX_DEPTH,
  .max_members = 8 * 1000 * 1000,
  .max_object_members = 100 * 1000,
  .max_string_bytes = 1024 * 1024,
  .max_name_bytes = 4096,
};

struct _TocsinControl
{
  SoupSession *session;
  char *base;          /* (owned) scheme and authority */
  char *place;         /* (owned) what an operator calls the address */
  char *token;         /* (owned) (nullable) */
  gboolean is_url;     /* not a socket, which is the API's alone */
  GHashTable *headers; /* (owned) of char*, char*: sent with every call */
  void (*pulse) (gpointer data);
  gpointer pulse_data;       /* (unowned) */
  GCancellable *cancellable; /* (owned) (nullable) */
};

/* One exchange: on_sent, then on_read until the end. */
typedef struct
{
  TocsinControl *control; /* (unowned) */
  SoupMessage *message;   /* (unowned) */
  GMainLoop *loop;        /* (unowned) */
  GInputStream *stream;   /* (owned) (nullable) */
  GByteArray *body;       /* (unowned) what is kept: an answer, or a refusal */
  int fd;                 /* where a download goes; -1 for none */
  GChecksum *sum;         /* (unowned) (nullable) of what went there */
  GError *error;          /* (owned) (nullable) */
} Exchange;

static void speak_http1_alone (void) __attribute__ ((constructor));

/* As in fed/fetch-head.c. */
static void
speak_http1_alone (void)
{
  (void) setenv ("SOUP_FORCE_HTTP1", "1", 1); /* NOLINT(concurrency-mt-unsafe) */
}

/* Shorter in the environment, for tests. */
static guint
wait_seconds (void)
{
  const char *text = g_getenv ("TOCSIN_WAIT_SECONDS");
  guint64 seconds = DEFAULT_WAIT_SECONDS;

  if (text != NULL)
    g_ascii_string_to_unsigned (text, 10, 1, DEFAULT_WAIT_SECONDS, &seconds, NULL);
  return (guint) seconds;
}

static TocsinControl *
control_new (GSocketConnectable *connectable, const char *base, const char *place)
{
  TocsinControl *self = g_new0 (TocsinControl, 1);

  /* No proxy resolver: http_proxy is for other machines, the node is this one. */
  self->session = g_object_new (SOUP_TYPE_SESSION, "remote-connectable", connectable,
                                "proxy-resolver", NULL, "timeout", wait_seconds (), NULL);
  self->base = g_strdup (base);
  self->place = g_strdup (place);
  self->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

/**
 * tocsin_control_new_for_socket:
 * @path: of a node's api.sock
 *
 * Who may open the socket may do everything, so there is no token. Connects with the first call.
 *
 * Returns: (transfer full): free it with tocsin_control_free()
 */
TocsinControl *
tocsin_control_new_for_socket (const char *path)
{
  g_autoptr (GSocketAddress) address = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  address = g_unix_socket_address_new (path);
  return control_new (G_SOCKET_CONNECTABLE (address), "http://localhost", path);
}

/* At most @size - 1 bytes, of whatever @path is: a device that never ends, or a pipe that another
 * program has not filled yet. Opened so, one that nobody will ever fill is empty. */
static gssize
read_beginning (const char *path, char *out, gsize size, GError **error)
{
  struct pollfd ready = { .fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .events = POLLIN };
  gsize total = 0;
  gssize got = ready.fd >= 0 ? 1 : -1;

  while (got > 0 && total < size - 1)
    {
      got = TEMP_FAILURE_RETRY (read (ready.fd, out + total, size - 1 - total));
      if (got > 0)
        total += (gsize) got;
      else if (got < 0 && errno == EAGAIN)
        got = TEMP_FAILURE_RETRY (poll (&ready, 1, -1));
    }
  if (got < 0)
    g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno), "%s: %s", path,
                 g_strerror (errno));
  out[total] = '\0';
  if (ready.fd >= 0)
    close (ready.fd);
  return got < 0 ? -1 : (gssize) total;
}

static char *
read_token (const char *path, GError **error)
{
  g_autofree char *text = g_malloc (TOKEN_MAX_BYTES + 2);
  gssize size = read_beginning (path, text, TOKEN_MAX_BYTES + 2, error);

  if (size < 0)
    return NULL;
  g_strstrip (text);
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isgraph (*c))
      text[0] = '\0';
  if (text[0] == '\0' || size > TOKEN_MAX_BYTES)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("%s holds no token"), path);
      return NULL;
    }
  return g_steal_pointer (&text);
}

/**
 * tocsin_control_new_for_url:
 * @url: scheme, host and port of a node's API side
 * @token_file: (nullable): a file with a token and nothing else
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): free it with tocsin_control_free(). On error, %NULL:
 *   %TOCSIN_ERROR_INVALID, or a GFileError for the token
 */
TocsinControl *
tocsin_control_new_for_url (const char *url, const char *token_file, GError **error)
{
  g_autoptr (GUri) uri = NULL;
  g_autofree char *base = NULL;
  g_autofree char *token = NULL;
  TocsinControl *self;

  uri = g_uri_parse (url, SOUP_HTTP_URI_FLAGS, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0' ||
      g_uri_get_userinfo (uri) != NULL || g_uri_get_query (uri) != NULL ||
      g_uri_get_fragment (uri) != NULL || strlen (g_uri_get_path (uri)) > 1 ||
      (!g_str_equal (g_uri_get_scheme (uri), "http") &&
       !g_str_equal (g_uri_get_scheme (uri), "https")))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   _ ("“%s” is no address like http://127.0.0.1:8478"), url);
      return NULL;
    }
  if (token_file != NULL)
    {
      token = read_token (token_file, error);
      if (token == NULL)
        return NULL;
    }

  base = g_uri_to_string (uri);
  if (g_str_has_suffix (base, "/"))
    base[strlen (base) - 1] = '\0';
  self = control_new (NULL, base, base);
  self->token = g_steal_pointer (&token);
  self->is_url = TRUE;
  return self;
}

void
tocsin_control_free (TocsinControl *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->session);
  g_clear_object (&self->cancellable);
  g_hash_table_unref (self->headers);
  g_free (self->base);
  g_free (self->place);
  g_free (self->token);
  g_free (self);
}

/**
 * tocsin_control_set_pulse:
 * @self: a node
 * @pulse: (nullable): called ten times a second while a call waits
 * @data: for @pulse
 */
void
tocsin_control_set_pulse (TocsinControl *self, void (*pulse) (gpointer data), gpointer data)
{
  self->pulse = pulse;
  self->pulse_data = data;
}

/**
 * tocsin_control_set_cancellable:
 * @self: a node
 * @cancellable: (nullable): ends the call that waits, and all later ones, with
 *   %G_IO_ERROR_CANCELLED
 */
void
tocsin_control_set_cancellable (TocsinControl *self, GCancellable *cancellable)
{
  g_set_object (&self->cancellable, cancellable);
}

/**
 * tocsin_control_set_timeout_seconds:
 * @self: a node
 * @seconds: how long it may be silent, instead of ten minutes; 0 for as long as it wants, until
 *   it ends the connection or Ctrl-C the program
 */
void
tocsin_control_set_timeout_seconds (TocsinControl *self, guint seconds)
{
  soup_session_set_timeout (self->session, seconds);
}

/* A header of every call from now on, in place of an earlier one of that name. */
void
tocsin_control_add_header (TocsinControl *self, const char *name, const char *value)
{
  g_hash_table_replace (self->headers, g_strdup (name), g_strdup (value));
}

static void
set_unreachable (Exchange *x, const GError *cause)
{
  if (x->error == NULL && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    x->error = g_error_copy (cause);
  else if (x->error == NULL && g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    g_set_error (&x->error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                 _ ("You may not use %s: be root, or the user that the node runs as"),
                 x->control->place);
  else if (x->error == NULL)
    g_set_error (&x->error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                 _ ("The node does not answer at %s: %s; is it running, and is that its place? "
                    "--socket or --url names another"),
                 x->control->place, cause->message);
}

static void
set_cut (Exchange *x)
{
  if (x->error == NULL)
    g_set_error (&x->error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE,
                 _ ("%s did not send all of it: do not use what was written"), x->control->place);
}

static gboolean
write_all (int fd, const guint8 *data, gsize size, GError **error)
{
  while (size > 0)
    {
      gssize written = write (fd, data, size);

      if (written < 0 && errno == EINTR)
        continue;
      /* Whoever read it has had enough; GLib's sockets have the signal ignored. */
      if (written < 0 && errno == EPIPE)
        {
          (void) signal (SIGPIPE, SIG_DFL);
          (void) raise (SIGPIPE);
        }
      if (written < 0)
        {
          g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno),
                       _ ("The output cannot be written: %s"), g_strerror (errno));
          return FALSE;
        }
      data += written;
      size -= (gsize) written;
    }
  return TRUE;
}

static gboolean
is_refusal (const Exchange *x)
{
  return soup_message_get_status (x->message) >= 300;
}

/* Keeps or hands on what came; FALSE if no more is wanted. */
static gboolean
take (Exchange *x, GBytes *chunk)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (chunk, &size);

  if (x->fd >= 0 && !is_refusal (x))
    {
      g_checksum_update (x->sum, data, (gssize) size);
      return write_all (x->fd, data, size, &x->error);
    }
  if (is_refusal (x) && size > PROBLEM_MAX_BYTES - x->body->len)
    {
      /* No node says so much: it is the page of something before it. Its status says enough. */
      g_byte_array_set_size (x->body, 0);
      return FALSE;
    }
  if (size > ANSWER_MAX_BYTES - x->body->len)
    {
      g_set_error (&x->error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                   _ ("The answer of %s is longer than %u MiB"), x->control->place,
                   (guint) (ANSWER_MAX_BYTES / (1024 * 1024)));
      return FALSE;
    }
  g_byte_array_append (x->body, data, (guint) size);
  return TRUE;
}

static void read_more (Exchange *x);

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Exchange *x = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) chunk = NULL;

  chunk = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  if (chunk == NULL && x->fd >= 0 && !is_refusal (x) &&
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
    set_cut (x);
  else if (chunk == NULL)
    set_unreachable (x, error);
  if (chunk == NULL || g_bytes_get_size (chunk) == 0 || !take (x, chunk))
    g_main_loop_quit (x->loop);
  else
    read_more (x);
}

static void
read_more (Exchange *x)
{
  g_input_stream_read_bytes_async (x->stream, 64 * 1024, G_PRIORITY_DEFAULT,
                                   x->control->cancellable, on_read, x);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Exchange *x = user_data;
  g_autoptr (GError) error = NULL;

  x->stream = soup_session_send_finish (SOUP_SESSION (source), result, &error);
  if (x->stream != NULL)
    {
      read_more (x);
      return;
    }
  set_unreachable (x, error);
  g_main_loop_quit (x->loop);
}

static gboolean
on_pulse (gpointer user_data)
{
  const TocsinControl *self = user_data;

  self->pulse (self->pulse_data);
  return G_SOURCE_CONTINUE;
}

static int
code_for_status (guint status)
{
  switch (status)
    {
    case 400:
      return TOCSIN_ERROR_INVALID;
    case 401:
      return TOCSIN_ERROR_UNAUTHENTICATED;
    case 403:
      return TOCSIN_ERROR_FORBIDDEN;
    case 404:
      return TOCSIN_ERROR_NOT_FOUND;
    case 409:
      return TOCSIN_ERROR_CONFLICT;
    case 410:
      return TOCSIN_ERROR_GONE;
    case 413:
      return TOCSIN_ERROR_TOO_LARGE;
    case 415:
      return TOCSIN_ERROR_UNSUPPORTED;
    case 422:
      return TOCSIN_ERROR_UNPROCESSABLE;
    case 429:
      return TOCSIN_ERROR_BUSY;
    default:
      /* 502 too: it was the peer that could not be reached, not the node. */
      return TOCSIN_ERROR_UNAVAILABLE;
    }
}

/* RFC 9457: "detail" is the sentence for a person, "title" the kind of problem. */
static void
set_refusal (Exchange *x)
{
  guint status = soup_message_get_status (x->message);
  g_autoptr (JsonNode) node =
      tocsin_json_parse ((const char *) x->body->data, x->body->len, &answer_limits, NULL, NULL);
  JsonObject *problem =
      node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  const char *text = NULL;

  if (problem != NULL)
    {
      text = tocsin_json_string (json_object_get_member (problem, "detail"));
      if (text == NULL)
        text = tocsin_json_string (json_object_get_member (problem, "title"));
    }
  if (status == 404 && g_strcmp0 (text, NO_SUCH_PATH) == 0 && x->control->is_url)
    g_set_error (&x->error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                 _ ("%s has no API: it is the public side of a node; the API has another port, "
                    "8478 if api-listen does not say otherwise"),
                 x->control->place);
  else if (status == 401 && x->control->is_url && x->control->token == NULL)
    g_set_error (&x->error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED,
                 _ ("The node at %s wants a token: --token-file names the file that has it"),
                 x->control->place);
  else if (text == NULL || *text == '\0')
    g_set_error (&x->error, TOCSIN_ERROR, code_for_status (status),
                 _ ("The node at %s answered with HTTP status %u"), x->control->place, status);
  else
    g_set_error_literal (&x->error, TOCSIN_ERROR, code_for_status (status), text);
}

/* libsoup 3.2 takes a connection that ends between two chunks for the end of the answer, and a
 * list that is cut short is a list. The node says what it sends (RFC 9530). */
static void
check_digest (Exchange *x)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (x->message);
  const char *field = soup_message_headers_get_list (headers, "Repr-Digest");
  guint8 digest[32];
  gsize size = sizeof digest;
  g_autofree char *base64 = NULL;
  g_autofree char *wanted = NULL;

  if (field == NULL || soup_message_headers_get_one (headers, "Content-Encoding") != NULL)
    return;
  g_checksum_get_digest (x->sum, digest, &size);
  base64 = g_base64_encode (digest, size);
  wanted = g_strdup_printf ("sha-256=:%s:", base64);
  if (strstr (field, "sha-256=") != NULL && strstr (field, wanted) == NULL)
    set_cut (x);
}

/* From its parts, since parsed as a whole a segment of dots would be a way up (RFC 3986, section
 * 5.2.4), however it is escaped: DELETE of a token ".." would be of /v1/. */
static GUri *
new_uri (const TocsinControl *self, const char *path)
{
  g_autoptr (GUri) base = g_uri_parse (self->base, SOUP_HTTP_URI_FLAGS, NULL);
  const char *query = strchr (path, '?');
  g_autofree char *segments =
      query != NULL ? g_strndup (path, (gsize) (query - path)) : g_strdup (path);

  return g_uri_build (SOUP_HTTP_URI_FLAGS, g_uri_get_scheme (base), NULL, g_uri_get_host (base),
                      g_uri_get_port (base), segments, query != NULL ? query + 1 : NULL, NULL);
}

static SoupMessage *
new_message (TocsinControl *self, const char *method, const char *path, const GString *body)
{
  g_autoptr (GUri) uri = new_uri (self, path);
  SoupMessage *message = soup_message_new_from_uri (method, uri);
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  GHashTableIter iter;
  gpointer name, field;

  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  /* As in fed/fetcher.c. */
  soup_message_disable_feature (message, SOUP_TYPE_AUTH_MANAGER);
  /* A POST on a connection that the node has just closed fails and is not tried again. */
  if (!g_str_equal (method, "GET"))
    soup_message_add_flags (message, SOUP_MESSAGE_NEW_CONNECTION);
  if (self->token != NULL)
    {
      g_autofree char *value = g_strconcat ("Bearer ", self->token, NULL);

      soup_message_headers_replace (headers, "Authorization", value);
    }
  if (body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (body->str, body->len);

      soup_message_set_request_body_from_bytes (message, "application/json", bytes);
      /* A node that refuses by the headers closes before the body: without this the refusal is
       * lost in a broken pipe. RFC 9110, section 10.1.1. */
      soup_message_headers_set_expectations (headers, SOUP_EXPECTATION_CONTINUE);
    }
  g_hash_table_iter_init (&iter, self->headers);
  while (g_hash_table_iter_next (&iter, &name, &field))
    soup_message_headers_replace (headers, name, field);
  return message;
}

static gboolean
run_exchange (TocsinControl *self,
              const char *method,
              const char *path,
              const GString *body,
              int fd,
              GByteArray *kept,
              GError **error)
{
  g_autoptr (SoupMessage) message = new_message (self, method, path, body);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  Exchange x = {
    .control = self, .message = message, .loop = loop, .body = kept, .fd = fd, .sum = sum
  };
  guint source_id = self->pulse != NULL ? g_timeout_add (PULSE_MS, on_pulse, self) : 0;

  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT, self->cancellable, on_sent,
                           &x);
  g_main_loop_run (loop);
  if (source_id != 0)
    g_source_remove (source_id);
  g_clear_object (&x.stream);

  if (x.error == NULL && is_refusal (&x))
    set_refusal (&x);
  else if (x.error == NULL && fd >= 0)
    check_digest (&x);
  if (x.error != NULL)
    {
      g_propagate_error (error, x.error);
      return FALSE;
    }
  return TRUE;
}

/**
 * tocsin_control_call:
 * @self: a node
 * @method: GET, POST, PUT or DELETE
 * @path: path and query, escaped
 * @body: (nullable): a JSON document
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): the body of a 2xx answer, as it came, at most 64 MiB. On
 *   error, %NULL: %TOCSIN_ERROR_UNREACHABLE if the node did not answer; else the code that belongs
 *   to the HTTP status, with the node's own sentence
 */
GBytes *
tocsin_control_call (
    TocsinControl *self, const char *method, const char *path, const GString *body, GError **error)
{
  g_autoptr (GByteArray) kept = g_byte_array_new ();

  g_return_val_if_fail (path[0] == '/', NULL);

  if (!run_exchange (self, method, path, body, -1, kept, error))
    return NULL;
  return g_byte_array_free_to_bytes (g_steal_pointer (&kept));
}

/**
 * tocsin_control_parse:
 * @self: the node that answered, for the message
 * @answer: from tocsin_control_call()
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): a node that holds an object, an empty one for an empty
 *   answer; free it with json_node_unref(). On error, %NULL and %TOCSIN_ERROR_UNAVAILABLE
 */
JsonNode *
tocsin_control_parse (TocsinControl *self, GBytes *answer, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  gsize size = 0;
  const char *data = g_bytes_get_data (answer, &size);

  node = size == 0 ? tocsin_json_parse ("{}", 2, NULL, NULL, NULL)
                   : tocsin_json_parse (data, size, &answer_limits, NULL, NULL);
  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    return g_steal_pointer (&node);
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
               _ ("What answers at %s is no API of a Tocsin node"), self->place);
  return NULL;
}

/**
 * tocsin_control_download:
 * @self: a node
 * @path: path and query, escaped
 * @fd: where the body of a 2xx answer goes, of any length, as it comes
 * @error: return location for an error, or %NULL
 *
 * Returns: %TRUE if all of it was written; else as tocsin_control_call(), %TOCSIN_ERROR_UNREACHABLE
 *   too if its digest is not the one that was announced, or a GFileError
 */
gboolean
tocsin_control_download (TocsinControl *self, const char *path, int fd, GError **error)
{
  g_autoptr (GByteArray) kept = g_byte_array_new ();

  return run_exchange (self, "GET", path, NULL, fd, kept, error);
}
