/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-http"

/* Raw sockets: GSocket switches SO_REUSEPORT off for streams when it binds, and cannot set the mode
 * of a socket file before it has its name. */
#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "core/error.h"

#define BACKLOG         1024
#define LISTEN_FD_FIRST 3
#define LISTEN_FD_MAX   16

struct _TocsinListener
{
  gatomicrefcount refs;
  TocsinListenerKind kind;
  int fd;
  char *path; /* (owned) (nullable): a socket file that we made */
  dev_t device;
  ino_t inode;
};

static TocsinListener *
listener_new (TocsinListenerKind kind, int fd)
{
  TocsinListener *self = g_new0 (TocsinListener, 1);

  g_atomic_ref_count_init (&self->refs);
  self->kind = kind;
  self->fd = fd;
  return self;
}

TocsinListener *
tocsin_listener_ref (TocsinListener *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tocsin_listener_unref (TocsinListener *self)
{
  struct stat status;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  /* Another node may have put its own file there since. */
  if (self->path != NULL && g_lstat (self->path, &status) == 0 && status.st_dev == self->device &&
      status.st_ino == self->inode)
    (void) g_unlink (self->path);
  close (self->fd);
  g_free (self->path);
  g_free (self);
}

TocsinListenerKind
tocsin_listener_get_kind (const TocsinListener *self)
{
  return self->kind;
}

int
tocsin_listener_get_fd (const TocsinListener *self)
{
  return self->fd;
}

static GSocketAddress *
local_address (const TocsinListener *self)
{
  struct sockaddr_storage native;
  socklen_t size = sizeof native;

  if (getsockname (self->fd, (struct sockaddr *) &native, &size) != 0)
    return NULL;
  return g_socket_address_new_from_native (&native, size);
}

guint
tocsin_listener_get_port (const TocsinListener *self)
{
  g_autoptr (GSocketAddress) address = local_address (self);

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return 0;
  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* Returns: (transfer full): "127.0.0.1:8477", "[::1]:8477" or a path */
char *
tocsin_listener_to_string (const TocsinListener *self)
{
  g_autoptr (GSocketAddress) address = NULL;

  if (self->path != NULL)
    return g_strdup (self->path);
  address = local_address (self);
  if (address == NULL || !G_IS_SOCKET_CONNECTABLE (address))
    return g_strdup_printf ("descriptor %d", self->fd);
  return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
}

static void
set_errno_error (GError **error, const char *where, int number)
{
  if (number == EADDRINUSE)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT, "%s is already in use", where);
  else
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "Cannot listen on %s: %s",
                 where, g_strerror (number));
}

/* Splits HOST:PORT; a v6 address stands in brackets. */
static GSocketAddress *
parse_address (const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  GSocketAddress *address = NULL;
  guint64 port;

  if (colon != NULL && g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    {
      host = g_strndup (text, (gsize) (colon - text));
      if (strcmp (host, "localhost") == 0)
        address = g_inet_socket_address_new_from_string ("127.0.0.1", (guint) port);
      else if (host[0] == '[' && g_str_has_suffix (host, "]"))
        {
          host[strlen (host) - 1] = '\0';
          if (strchr (host, ':') != NULL)
            address = g_inet_socket_address_new_from_string (host + 1, (guint) port);
        }
      else if (strchr (host, ':') == NULL)
        address = g_inet_socket_address_new_from_string (host, (guint) port);
    }
  if (address == NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 "“%.100s” is not ADDRESS:PORT, with an IPv6 address in brackets", text);
  return address;
}

static int
open_tcp (GSocketAddress *address, gboolean reuse_port)
{
  int fd =
      socket (g_socket_address_get_family (address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int one = 1;

  if (fd < 0)
    return -1;
  (void) setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (g_socket_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    (void) setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (reuse_port && setsockopt (fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
    {
      int saved = errno;

      close (fd);
      errno = saved;
      return -1;
    }
  return fd;
}

TocsinListener *
tocsin_listener_new_tcp (TocsinListenerKind kind,
                         const char *address,
                         gboolean reuse_port,
                         GError **error)
{
  g_autoptr (GSocketAddress) parsed = parse_address (address, error);
  struct sockaddr_storage native;
  gssize size;
  int fd;

  if (parsed == NULL)
    return NULL;
  size = g_socket_address_get_native_size (parsed);
  if (!g_socket_address_to_native (parsed, &native, sizeof native, error))
    return NULL;
  fd = open_tcp (parsed, reuse_port);
  if (fd < 0 || bind (fd, (struct sockaddr *) &native, (socklen_t) size) != 0 ||
      listen (fd, BACKLOG) != 0)
    {
      set_errno_error (error, address, errno);
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  return listener_new (kind, fd);
}

/* Whether @path is a socket on which nobody listens. */
static gboolean
is_stale_socket (const char *path, const struct sockaddr_un *native)
{
  struct stat status;
  gboolean stale;
  int fd;

  if (g_lstat (path, &status) != 0 || !S_ISSOCK (status.st_mode))
    return FALSE;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return FALSE;
  stale =
      connect (fd, (const struct sockaddr *) native, sizeof *native) != 0 && errno == ECONNREFUSED;
  close (fd);
  return stale;
}

/* fchmod() before bind(): the file never exists with a wider mode. */
static gboolean
bind_unix (int fd, const char *path, const struct sockaddr_un *native)
{
  if (fchmod (fd, 0600) != 0)
    return FALSE;
  if (bind (fd, (const struct sockaddr *) native, sizeof *native) == 0)
    return TRUE;
  if (errno != EADDRINUSE)
    return FALSE;
  if (!is_stale_socket (path, native))
    {
      errno = EADDRINUSE;
      return FALSE;
    }
  return g_unlink (path) == 0 && bind (fd, (const struct sockaddr *) native, sizeof *native) == 0;
}

TocsinListener *
tocsin_listener_new_unix (const char *path, GError **error)
{
  struct sockaddr_un native = { .sun_family = AF_UNIX };
  const gsize path_max = sizeof native.sun_path - 1;
  TocsinListener *self;
  struct stat status;
  int fd;

  if (strlen (path) > path_max)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "The path of a socket has at most %" G_GSIZE_FORMAT " bytes", path_max);
      return NULL;
    }
  g_strlcpy (native.sun_path, path, sizeof native.sun_path);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || !bind_unix (fd, path, &native) || listen (fd, BACKLOG) != 0)
    {
      set_errno_error (error, path, errno);
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  self = listener_new (TOCSIN_LISTENER_UNIX, fd);
  /* bind() took the umask away from the mode, which the node itself needs. */
  (void) g_chmod (path, 0600);
  if (g_lstat (path, &status) == 0)
    {
      self->path = g_strdup (path);
      self->device = status.st_dev;
      self->inode = status.st_ino;
    }
  return self;
}

TocsinListener *
tocsin_listener_new_fd (TocsinListenerKind kind, int fd, GError **error)
{
  int type = 0;
  int listens = 0;
  socklen_t size = sizeof (int);

  if (getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM ||
      getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0 ||
      fcntl (fd, F_SETFL, O_NONBLOCK) != 0 || fcntl (fd, F_SETFD, FD_CLOEXEC) != 0)
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "Descriptor %d is not a listening stream socket", fd);
      close (fd);
      return NULL;
    }
  return listener_new (kind, fd);
}

static const char *const kind_names[] = {
  [TOCSIN_LISTENER_PUBLIC] = "public",
  [TOCSIN_LISTENER_API] = "api",
  [TOCSIN_LISTENER_UNIX] = "unix",
};

/* What the n-th passed descriptor is for. */
static gboolean
activated_kind (int fd, const char *name, guint *n_inet, TocsinListenerKind *out, GError **error)
{
  struct sockaddr_storage native = { .ss_family = AF_UNSPEC };
  socklen_t size = sizeof native;

  if (name != NULL)
    {
      for (guint i = 0; i < G_N_ELEMENTS (kind_names); i++)
        if (strcmp (name, kind_names[i]) == 0)
          {
            *out = (TocsinListenerKind) i;
            return TRUE;
          }
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "LISTEN_FDNAMES: “%.32s” is none of public, api and unix", name);
      return FALSE;
    }
  if (getsockname (fd, (struct sockaddr *) &native, &size) == 0 && native.ss_family == AF_UNIX)
    *out = TOCSIN_LISTENER_UNIX;
  else
    *out = (*n_inet)++ == 0 ? TOCSIN_LISTENER_PUBLIC : TOCSIN_LISTENER_API;
  return TRUE;
}

/* How many descriptors were passed to this very process. */
static gboolean
count_activated (guint *out, GError **error)
{
  const char *pid = g_getenv ("LISTEN_PID");
  const char *count = g_getenv ("LISTEN_FDS");
  guint64 value = 0;

  *out = 0;
  if (pid == NULL || count == NULL ||
      !g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT32, &value, NULL) ||
      value != (guint64) getpid ())
    return TRUE;
  if (!g_ascii_string_to_unsigned (count, 10, 0, LISTEN_FD_MAX, &value, NULL))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   "LISTEN_FDS: “%.32s” is not a number of sockets from 0 to %d", count,
                   LISTEN_FD_MAX);
      return FALSE;
    }
  *out = (guint) value;
  return TRUE;
}

/* Who connects to a second one would wait for ever. */
static gboolean
check_single (GPtrArray *listeners, TocsinListenerKind kind, GError **error)
{
  for (guint i = 0; i < listeners->len; i++)
    if (tocsin_listener_get_kind (g_ptr_array_index (listeners, i)) == kind)
      {
        g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                     "LISTEN_FDS: two sockets are for “%s”, and a node serves one",
                     kind_names[kind]);
        return FALSE;
      }
  return TRUE;
}

GPtrArray *
tocsin_listener_take_activated (GError **error)
{
  g_autoptr (GPtrArray) listeners =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_listener_unref);
  g_autofree char *joined = g_strdup (g_getenv ("LISTEN_FDNAMES"));
  g_auto (GStrv) names = joined != NULL ? g_strsplit (joined, ":", -1) : NULL;
  guint n_names = names != NULL ? g_strv_length (names) : 0;
  guint n_inet = 0;
  guint count;

  if (!count_activated (&count, error))
    return NULL;
  for (guint i = 0; i < count; i++)
    {
      int fd = LISTEN_FD_FIRST + (int) i;
      TocsinListenerKind kind;
      TocsinListener *listener;

      if (!activated_kind (fd, i < n_names ? names[i] : NULL, &n_inet, &kind, error))
        return NULL;
      listener = tocsin_listener_new_fd (kind, fd, error);
      if (listener == NULL)
        return NULL;
      if (!check_single (listeners, kind, error))
        {
          tocsin_listener_unref (listener);
          return NULL;
        }
      g_ptr_array_add (listeners, listener);
    }
  return g_steal_pointer (&listeners);
}
