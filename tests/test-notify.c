/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "node/notify.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"

static GSocket *
listen_on (GSocketAddress *address)
{
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM,
                                  G_SOCKET_PROTOCOL_DEFAULT, &error);

  g_assert_no_error (error);
  g_socket_bind (socket, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (socket, 10);
  return socket;
}

static void
assert_received (GSocket *socket, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char buffer[256] = { 0 };

  g_socket_receive (socket, buffer, sizeof buffer - 1, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (buffer, ==, expected);
}

static void
test_path (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tocsin-notify-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "notify", NULL);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket = listen_on (address);

  g_setenv ("NOTIFY_SOCKET", path, TRUE);
  g_assert_true (tocsin_notify_send ("READY=1\nSTATUS=Listening", &error));
  g_assert_no_error (error);
  assert_received (socket, "READY=1\nSTATUS=Listening");

  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
  g_assert_false (tocsin_notify_send ("STOPPING=1", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_abstract (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *name = g_strconcat ("tocsin-notify-", uuid, NULL);
  g_autofree char *variable = g_strconcat ("@", name, NULL);
  g_autoptr (GSocketAddress) address =
      g_unix_socket_address_new_with_type (name, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  g_autoptr (GSocket) socket = listen_on (address);

  g_setenv ("NOTIFY_SOCKET", variable, TRUE);
  g_assert_true (tocsin_notify_send ("READY=1", &error));
  g_assert_no_error (error);
  assert_received (socket, "READY=1");
}

static void
test_no_manager (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *filler = g_strnfill (108, 'x');
  g_autofree char *longer = g_strconcat ("/", filler, NULL);

  g_unsetenv ("NOTIFY_SOCKET");
  g_assert_true (tocsin_notify_send ("READY=1", &error));
  g_assert_no_error (error);
  g_setenv ("NOTIFY_SOCKET", "vsock:2:1234", TRUE);
  g_assert_false (tocsin_notify_send ("READY=1", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_setenv ("NOTIFY_SOCKET", longer, TRUE);
  g_assert_false (tocsin_notify_send ("READY=1", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

static void
test_interval (void)
{
  g_autofree char *self = g_strdup_printf ("%ld", (long) getpid ());

  g_unsetenv ("WATCHDOG_USEC");
  g_unsetenv ("WATCHDOG_PID");
  g_assert_cmpint (tocsin_notify_watchdog_us (), ==, 0);
  g_assert_null (tocsin_notify_watchdog_source_new ());
  g_setenv ("WATCHDOG_USEC", "30000000", TRUE);
  g_assert_cmpint (tocsin_notify_watchdog_us (), ==, 30000000);
  g_setenv ("WATCHDOG_PID", self, TRUE);
  g_assert_cmpint (tocsin_notify_watchdog_us (), ==, 30000000);
  g_setenv ("WATCHDOG_PID", "1", TRUE);
  g_assert_cmpint (tocsin_notify_watchdog_us (), ==, 0);
  g_unsetenv ("WATCHDOG_PID");
  g_setenv ("WATCHDOG_USEC", "soon", TRUE);
  g_assert_cmpint (tocsin_notify_watchdog_us (), ==, 0);
  g_setenv ("WATCHDOG_USEC", "0", TRUE);
  g_assert_cmpint (tocsin_notify_watchdog_us (), ==, 0);
}

static void
test_sign_of_life (void)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *variable = g_strconcat ("@", uuid, NULL);
  g_autoptr (GSocketAddress) address =
      g_unix_socket_address_new_with_type (uuid, -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
  g_autoptr (GSocket) socket = listen_on (address);
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GSource) source = NULL;

  g_setenv ("NOTIFY_SOCKET", variable, TRUE);
  g_setenv ("WATCHDOG_USEC", "2000", TRUE);
  g_unsetenv ("WATCHDOG_PID");
  source = tocsin_notify_watchdog_source_new ();
  g_assert_nonnull (source);
  g_source_attach (source, context);
  for (int i = 0; i < 3; i++)
    {
      g_main_context_iteration (context, TRUE);
      assert_received (socket, "WATCHDOG=1");
    }
  g_source_destroy (source);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/notify/path", test_path);
  g_test_add_func ("/notify/abstract", test_abstract);
  g_test_add_func ("/notify/no-manager", test_no_manager);
  g_test_add_func ("/notify/interval", test_interval);
  g_test_add_func ("/notify/sign-of-life", test_sign_of_life);
  return g_test_run ();
}
