/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TocsinListenerKind:
 * @TOCSIN_LISTENER_PUBLIC: the federation's side; callers prove themselves by signature
 * @TOCSIN_LISTENER_API: the API over TCP; callers prove themselves by token
 * @TOCSIN_LISTENER_UNIX: the API on a Unix socket; whoever may open the file has every scope
 */
typedef enum
{
  TOCSIN_LISTENER_PUBLIC,
  TOCSIN_LISTENER_API,
  TOCSIN_LISTENER_UNIX,
} TocsinListenerKind;

/**
 * TocsinListener:
 *
 * A listening stream socket, counted by references. Any thread.
 */
typedef struct _TocsinListener TocsinListener;

/**
 * tocsin_listener_new_tcp:
 * @kind: public or API
 * @address: `HOST:PORT`, HOST an IPv4 address, an IPv6 address in brackets, or `localhost`; port 0
 *   takes a free one
 * @reuse_port: whether several listeners, one a thread, share the port (SO_REUSEPORT)
 * @error: return location for an error, or %NULL
 *
 * Names are not resolved: what a daemon listens on must not depend on a resolver.
 *
 * Returns: (transfer full) (nullable): a listener. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID for a bad @address, %TOCSIN_ERROR_CONFLICT if it is taken, or a #GIOError
 */
TocsinListener *tocsin_listener_new_tcp (TocsinListenerKind kind,
                                         const char *address,
                                         gboolean reuse_port,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_listener_new_unix:
 * @path: where; at most 107 bytes
 * @error: return location for an error, or %NULL
 *
 * Listens with mode 0600. A socket that nobody listens on any more is replaced; anything else at
 * @path stays. The file goes away with the listener.
 *
 * Returns: (transfer full) (nullable): a listener. On error, %NULL, and @error is
 *   %TOCSIN_ERROR_INVALID if @path is too long, %TOCSIN_ERROR_CONFLICT if it is in use or no
 *   socket, or a #GIOError
 */
TocsinListener *tocsin_listener_new_unix (const char *path,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_listener_new_fd:
 * @kind: what it is for
 * @fd: (transfer full): a listening stream socket
 * @error: return location for an error, or %NULL
 *
 * Returns: (transfer full) (nullable): a listener. On error, %NULL, @fd is closed, and @error is
 *   %TOCSIN_ERROR_INVALID: @fd is no listening stream socket
 */
TocsinListener *
tocsin_listener_new_fd (TocsinListenerKind kind, int fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * tocsin_listener_take_activated:
 * @error: return location for an error, or %NULL
 *
 * Takes the sockets that the service manager passed, as sd_listen_fds(3) has it: `LISTEN_PID` must
 * be this process, `LISTEN_FDS` counts from descriptor 3, and `LISTEN_FDNAMES` names each "public",
 * "api" or "unix" (without names: a Unix socket is "unix", the first other one "public", the next
 * "api"). Of each kind there may be one: a second would take connections that nobody answers. The
 * variables stay, since there are threads already; a child does not believe them, for they name
 * this process.
 *
 * Returns: (transfer full) (nullable) (element-type TocsinListener): the listeners, empty if none
 *   were passed. On error, %NULL, and @error is %TOCSIN_ERROR_INVALID
 */
GPtrArray *tocsin_listener_take_activated (GError **error) G_GNUC_WARN_UNUSED_RESULT;

TocsinListener *tocsin_listener_ref (TocsinListener *self);
void tocsin_listener_unref (TocsinListener *self); /* the last one closes the socket */
/* What it was opened for. */
TocsinListenerKind tocsin_listener_get_kind (const TocsinListener *self);
int tocsin_listener_get_fd (const TocsinListener *self);     /* stays the listener's */
guint tocsin_listener_get_port (const TocsinListener *self); /* 0 on a Unix socket */
char *tocsin_listener_to_string (const TocsinListener *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TocsinListener, tocsin_listener_unref)

G_END_DECLS
