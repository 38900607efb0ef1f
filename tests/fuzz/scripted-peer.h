/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* A peer that answers what it is told to, byte for byte, on plain TCP, in the main context of who
 * asks it. It is http://127.0.0.1:8080/ and http://127.0.0.1:8081/, which two origins are one
 * socket of any port: connect() is defined here. Neither it nor the resolver here lets anything
 * leave the process; they note where to a connection was wanted. */
#include <arpa/inet.h>
#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz/answer-reader.h"

#define PEER_PORT       8080
#define PEER_OTHER_PORT 8081
#define PIECES_MAX      48

typedef struct
{
  int fd;
  GString *in;     /* (owned) what came of the next request */
  GBytes *out;     /* (unowned) (nullable) the answer that is being sent */
  gsize out_at;    /* how much of it was sent */
  guint pieces;    /* of it */
  gboolean ended;  /* nothing more is sent */
  gboolean gone;   /* the other side has closed */
  gboolean unsure; /* where its next answer begins cannot be said */
} PeerConnection;

/* What the peer does, and what it saw. */
typedef struct
{
  int listener;
  guint16 port;
  GPtrArray *connections; /* (owned) of PeerConnection */
  GPtrArray *script;      /* (unowned) of GBytes: the answers */
  guint next;             /* answers given */
  guint first;            /* of them before this fetch */
  gsize piece;            /* bytes at once; 0: all */
  gboolean closes;        /* behind each answer */
  gboolean last_unsure;   /* the last answer stood behind something that makes it unsure */
  guint requests;
  guint pieces;       /* sent, on all connections */
  gsize sent;         /* bytes in them */
  gboolean is_hidden; /* no connection is made: for TLS, of which it knows nothing */
  GHashTable *wanted; /* (owned) "HOST PORT" that a connection was wanted to */
} Peer;

static Peer peer;

static inline void
peer_connection_free (gpointer data)
{
  PeerConnection *c = data;
  const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

  setsockopt (c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close (c->fd);
  g_string_free (c->in, TRUE);
  g_free (c);
}

/* ---- connections of this process ---- */

int peer_connect (int fd, const struct sockaddr *address, socklen_t length) __asm__("connect");

int
peer_connect (int fd, const struct sockaddr *address, socklen_t length)
{
  struct sockaddr_in to = { 0 };
  char text[INET6_ADDRSTRLEN] = "";

  if (address->sa_family == AF_INET6)
    {
      struct sockaddr_in6 six;

      memcpy (&six, address, sizeof six);
      inet_ntop (AF_INET6, &six.sin6_addr, text, sizeof text);
      g_hash_table_add (peer.wanted, g_strdup_printf ("%s %u", text, ntohs (six.sin6_port)));
    }
  if (address->sa_family == AF_INET)
    {
      memcpy (&to, address, sizeof to);
      inet_ntop (AF_INET, &to.sin_addr, text, sizeof text);
      g_hash_table_add (peer.wanted, g_strdup_printf ("%s %u", text, ntohs (to.sin_port)));
    }
  if (peer.is_hidden || to.sin_addr.s_addr != htonl (INADDR_LOOPBACK) ||
      (to.sin_port != htons (PEER_PORT) && to.sin_port != htons (PEER_OTHER_PORT)))
    {
      errno = ECONNREFUSED;
      return -1;
    }
  to.sin_port = htons (peer.port);
  return (int) syscall (SYS_connect, fd, &to, sizeof to);
}

/* ---- names ---- */

struct _PeerResolver
{
  GResolver parent_instance;
};

G_DECLARE_FINAL_TYPE (PeerResolver, peer_resolver, PEER, RESOLVER, GResolver)
G_DEFINE_FINAL_TYPE (PeerResolver, peer_resolver, G_TYPE_RESOLVER)

static void
free_addresses (gpointer list)
{
  g_resolver_free_addresses (list);
}

static void
resolve (GResolver *resolver,
         const char *host,
         GResolverNameLookupFlags flags,
         GCancellable *cancellable,
         GAsyncReadyCallback callback,
         gpointer user_data)
{
  static const struct
  {
    const char *name;
    const char *addresses[2];
  } names[] = {
    { "peer.example", { "127.0.0.1", NULL } },
    { "away.example", { "127.0.0.2", NULL } },
    { "both.example", { "127.0.0.2", "127.0.0.1" } },
  };
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  GList *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    for (gsize j = 0; j < 2 && g_ascii_strcasecmp (names[i].name, host) == 0; j++)
      if (names[i].addresses[j] != NULL && (flags & G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY) == 0)
        found = g_list_append (found, g_inet_address_new_from_string (names[i].addresses[j]));
  if (found != NULL)
    g_task_return_pointer (task, found, free_addresses);
  else
    g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND,
                             "Error resolving “%s”: Name or service not known", host);
}

static GList *
resolve_finish (GResolver *resolver G_GNUC_UNUSED, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
peer_resolver_class_init (PeerResolverClass *klass)
{
  GResolverClass *resolver = G_RESOLVER_CLASS (klass);

  resolver->lookup_by_name_with_flags_async = resolve;
  resolver->lookup_by_name_with_flags_finish = resolve_finish;
}

static void
peer_resolver_init (PeerResolver *self G_GNUC_UNUSED)
{
}

/* ---- the peer ---- */

/* libsoup makes one of a length below -1, before anybody else sees the head; it takes what follows
 * to the end of the connection then. To GLib 2.84 (Debian 13) it is critical. */
static inline void
peer_on_warning (const char *domain, GLogLevelFlags level, const char *message, gpointer data)
{
  if (strstr (message, "out of range for property 'content-length'") == NULL)
    g_log_default_handler (domain, level, message, data);
}

static inline void
peer_begin (void)
{
  g_autoptr (GResolver) resolver = g_object_new (peer_resolver_get_type (), NULL);
  struct sockaddr_in address = { .sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;

  /* Of all else that is logged the harness dies, whatever G_DEBUG says. */
  g_log_set_always_fatal (G_LOG_FATAL_MASK);
  g_log_set_handler ("GLib-GObject", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_CRITICAL, peer_on_warning,
                     NULL);
  g_resolver_set_default (resolver);
  peer.listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_assert_cmpint (bind (peer.listener, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (peer.listener, 16), ==, 0);
  g_assert_cmpint (getsockname (peer.listener, (struct sockaddr *) &address, &size), ==, 0);
  peer.port = ntohs (address.sin_port);
  peer.connections = g_ptr_array_new_with_free_func (peer_connection_free);
  peer.wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static inline void
peer_end (void)
{
  close (peer.listener);
  g_ptr_array_unref (peer.connections);
  g_hash_table_unref (peer.wanted);
}

static inline void
peer_stop_sending (PeerConnection *c)
{
  if (!c->ended)
    shutdown (c->fd, SHUT_WR);
  c->ended = TRUE;
}

/* Says no more to anybody. */
static inline void
peer_stop_all (void)
{
  for (guint i = 0; i < peer.connections->len; i++)
    peer_stop_sending (peer.connections->pdata[i]);
}

static inline gboolean
peer_accept (void)
{
  PeerConnection *c = NULL;
  int fd = accept4 (peer.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

  if (fd < 0)
    return FALSE;
  c = g_new0 (PeerConnection, 1);
  c->fd = fd;
  c->in = g_string_new (NULL);
  g_ptr_array_add (peer.connections, c);
  return TRUE;
}

static inline gboolean
peer_receive (PeerConnection *c)
{
  char buffer[4096];
  ssize_t n = c->gone ? -1 : recv (c->fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n > 0)
    g_string_append_len (c->in, buffer, n);
  else if (!c->gone && (n == 0 || errno != EAGAIN))
    c->gone = TRUE;
  else
    return FALSE;
  return TRUE;
}

/* A request line and fields of a client of ours: no byte of a stranger can end a line in it. Only a
 * tag may have what is not ASCII. */
static inline void
peer_check_request (const char *head, gsize size)
{
  gboolean is_post = g_str_has_prefix (head, "POST /");

  g_assert_true (is_post || g_str_has_prefix (head, "GET /"));
  for (gsize i = 0; i < size; i++)
    if (head[i] == '\r')
      g_assert_cmpint (head[++i], ==, '\n');
    else if (g_ascii_iscntrl (head[i]))
      g_error ("a request has the byte %u", (guint8) head[i]);
  g_assert_nonnull (strstr (head, " HTTP/1.1\r\n"));
  g_assert_nonnull (strstr (head, "\r\nHost: "));
  g_assert_null (strstr (strstr (head, "\r\nHost: ") + 1, "\r\nHost: "));
}

/* Whether a request has come. */
static inline gboolean
peer_take_request (PeerConnection *c)
{
  const char *end = strstr (c->in->str, "\r\n\r\n");
  gsize size = end != NULL ? (gsize) (end + 4 - c->in->str) : 0;
  gsize body = g_str_has_prefix (c->in->str, "POST") ? 2 : 0;

  if (end == NULL || c->in->len < size + body)
    return FALSE;
  peer_check_request (c->in->str, size);
  g_string_erase (c->in, 0, (gssize) (size + body));
  g_assert_cmpuint (c->in->len, ==, 0);
  return TRUE;
}

/* Whether what is sent next on that connection begins an answer, to every reader. */
static inline gboolean
peer_ends_in_itself (GBytes *sent)
{
  g_autoptr (ReadAnswer) answer = read_answer (sent);

  return answer != NULL && !answer->has_more &&
         (answer->end == READ_WHOLE || answer->end == READ_BODYLESS);
}

static inline void
peer_answer (PeerConnection *c)
{
  peer.requests++;
  if (peer.next == peer.script->len)
    {
      peer_stop_sending (c);
      peer.last_unsure = TRUE;
      return;
    }
  c->out = peer.script->pdata[peer.next++];
  c->out_at = 0;
  c->pieces = 0;
  peer.last_unsure = c->unsure;
  c->unsure = c->unsure || !peer_ends_in_itself (c->out);
}

static inline void
peer_send (PeerConnection *c)
{
  gsize size;
  const char *data = g_bytes_get_data (c->out, &size);
  gsize now = peer.piece == 0 || ++c->pieces >= PIECES_MAX ? size - c->out_at
                                                           : MIN (peer.piece, size - c->out_at);
  ssize_t n = now > 0 ? send (c->fd, data + c->out_at, now, MSG_NOSIGNAL) : 0;

  if (n < 0 && errno != EAGAIN)
    c->gone = TRUE;
  c->out_at += (gsize) MAX (n, 0);
  peer.sent += (gsize) MAX (n, 0);
  peer.pieces++;
  if (c->out_at < size && !c->gone)
    return;
  c->out = NULL;
  if (peer.closes)
    peer_stop_sending (c);
}

/* One step of everybody's; FALSE: there is nothing to be done. */
static inline gboolean
peer_serve (void)
{
  gboolean moved = peer_accept ();

  for (guint i = 0; i < peer.connections->len; i++)
    {
      PeerConnection *c = peer.connections->pdata[i];

      moved = peer_receive (c) || moved;
      if (c->gone || c->ended)
        continue;
      if (c->out == NULL && peer_take_request (c))
        peer_answer (c);
      if (c->out == NULL)
        continue;
      peer_send (c);
      moved = TRUE;
    }
  return moved;
}

/* Whether the other side holds no connection any more. */
static inline gboolean
peer_is_alone (void)
{
  for (guint i = 0; i < peer.connections->len; i++)
    if (!((PeerConnection *) peer.connections->pdata[i])->gone)
      return FALSE;
  return TRUE;
}
