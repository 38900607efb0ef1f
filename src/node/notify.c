/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The service manager's protocol is one datagram; a library for it would be the
 * node's only tie to one init system.
 */
#define G_LOG_DOMAIN "tocsin-node"

#include "node/notify.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"

/* systemd's own upper bound is a day of µs and more; anything past a week is a typing error. */
#define WATCHDOG_MAX_US (G_GINT64_CONSTANT (7 * 86400) * G_USEC_PER_SEC)

static gboolean
check_path (const char *path, GError **error)
{
  if ((path[0] != '/' && path[0] != '@') || path[1] == '\0')
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED,
                           "NOTIFY_SOCKET is neither an absolute path nor an abstract socket");
      return FALSE;
    }
  /* sun_path, less the NUL that a path needs and the first byte of an abstract name. */
  if (strlen (path) > 107)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE,
                           "NOTIFY_SOCKET is longer than a socket address can be");
      return FALSE;
    }
  return TRUE;
}

/**
 * tocsin_notify_send:
 * @state: newline-separated assignments, for example "READY=1\nSTATUS=Listening"
 * @error: return location for an error, or %NULL
 *
 * Tells the service manager about this process, if `$NOTIFY_SOCKET` says that one listens. Never
 * waits. May be called from any thread.
 *
 * See [sd_notify(3)](https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html),
 * "Notes".
 *
 * Returns: %TRUE if @state was sent or nobody listens. On error, %FALSE, and @error is
 *   %TOCSIN_ERROR_UNSUPPORTED, %TOCSIN_ERROR_TOO_LARGE or of %G_IO_ERROR.
 */
gboolean
tocsin_notify_send (const char *state, GError **error)
{
  const char *path = g_getenv ("NOTIFY_SOCKET");
  g_autoptr (GSocketAddress) address = NULL;
  g_autoptr (GSocket) socket = NULL;

  g_return_val_if_fail (state != NULL, FALSE);

  if (path == NULL || path[0] == '\0')
    return TRUE;
  if (!check_path (path, error))
    return FALSE;
  address = path[0] == '@'
                ? g_unix_socket_address_new_with_type (path + 1, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT)
                : g_unix_socket_address_new (path);
  socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  if (socket == NULL)
    return FALSE;
  g_socket_set_blocking (socket, FALSE);
  return g_socket_send_to (socket, address, state, strlen (state), NULL, error) >= 0;
}

/**
 * tocsin_notify_watchdog_us:
 *
 * Reads `$WATCHDOG_USEC`, unless `$WATCHDOG_PID` names another process.
 *
 * Returns: after how many microseconds of silence the service manager ends this process; 0 if it
 *   never does
 */
gint64
tocsin_notify_watchdog_us (void)
{
  const char *interval = g_getenv ("WATCHDOG_USEC");
  const char *pid = g_getenv ("WATCHDOG_PID");
  guint64 number = 0;

  if (interval == NULL)
    return 0;
  if (pid != NULL && (!g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT32, &number, NULL) ||
                      number != (guint64) getpid ()))
    return 0;
  if (!g_ascii_string_to_unsigned (interval, 10, 1, WATCHDOG_MAX_US, &number, NULL))
    return 0;
  return (gint64) number;
}

static gboolean
on_watchdog_due (gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!tocsin_notify_send ("WATCHDOG=1", &error))
    g_info ("The service manager took no sign of life: %s", error->message);
  return G_SOURCE_CONTINUE;
}

/**
 * tocsin_notify_watchdog_source_new:
 *
 * Makes a source that sends a sign of life twice in every watchdog interval. It belongs in the
 * main context: that context stuck is what the watchdog is for.
 *
 * Returns: (transfer full) (nullable): a source with its callback set, to be attached; %NULL if
 *   the service manager asked for none
 */
GSource *
tocsin_notify_watchdog_source_new (void)
{
  gint64 interval_us = tocsin_notify_watchdog_us ();
  GSource *source = NULL;

  if (interval_us == 0)
    return NULL;
  source = g_timeout_source_new ((guint) MAX (interval_us / 2000, 1));
  g_source_set_callback (source, on_watchdog_due, NULL, NULL);
  g_source_set_static_name (source, "tocsin watchdog");
  return source;
}
