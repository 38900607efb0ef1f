/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib/gstdio.h>

#include "core/error.h"
#include "http/listener.h"

static const char *const bad_addresses[] = {
  "",
  "8477",
  "127.0.0.1",
  "127.0.0.1:",
  "127.0.0.1:x",
  "127.0.0.1:65536",
  "127.0.0.1:-1",
  "example.org:80",
  "::1:80",
  "[::1:80",
  "[127.0.0.1]:80",
  "[]:80",
  ":80",
  "127.0.0.1:80 ",
};

static void
test_addresses (void)
{
  g_autoptr (TocsinListener) v4 =
      tocsin_listener_new_tcp (TOCSIN_LISTENER_API, "127.0.0.1:0", FALSE, NULL);
  g_autoptr (TocsinListener) named =
      tocsin_listener_new_tcp (TOCSIN_LISTENER_PUBLIC, "localhost:0", FALSE, NULL);
  g_autofree char *text = NULL;
  g_autofree char *expected = NULL;

  g_assert_nonnull (v4);
  g_assert_nonnull (named);
  g_assert_cmpint (tocsin_listener_get_kind (v4), ==, TOCSIN_LISTENER_API);
  text = tocsin_listener_to_string (v4);
  expected = g_strdup_printf ("127.0.0.1:%u", tocsin_listener_get_port (v4));
  g_assert_cmpstr (text, ==, expected);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_addresses); i++)
    {
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad_addresses[i]);
      g_assert_null (
          tocsin_listener_new_tcp (TOCSIN_LISTENER_API, bad_addresses[i], FALSE, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
    }
}

static void
test_port_is_shared_if_asked (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinListener) first =
      tocsin_listener_new_tcp (TOCSIN_LISTENER_API, "127.0.0.1:0", TRUE, NULL);
  g_autofree char *address = tocsin_listener_to_string (first);
  g_autoptr (TocsinListener) second =
      tocsin_listener_new_tcp (TOCSIN_LISTENER_API, address, TRUE, NULL);
  TocsinListener *third = tocsin_listener_new_tcp (TOCSIN_LISTENER_API, address, FALSE, &error);

  g_assert_nonnull (second);
  g_assert_null (third);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
}

/* A socket of a process that is gone: bound, closed, file left behind. */
static void
leave_stale_socket (const char *path)
{
  struct sockaddr_un native = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (native.sun_path, path, sizeof native.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &native, sizeof native), ==, 0);
  close (fd);
}

static void
test_unix (void)
{
  g_autofree char *dir = g_dir_make_tmp ("tocsin-listener-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (dir, "api.sock", NULL);
  g_autoptr (GError) in_use = NULL;
  g_autoptr (GError) no_socket = NULL;
  g_autofree char *kept = NULL;
  TocsinListener *listener;
  struct stat status;
  mode_t mask = umask (0077);

  leave_stale_socket (path);
  listener = tocsin_listener_new_unix (path, NULL);
  umask (mask);
  if (listener == NULL)
    g_error ("The stale socket is in the way");
  g_assert_cmpint (tocsin_listener_get_kind (listener), ==, TOCSIN_LISTENER_UNIX);
  g_assert_cmpint (g_lstat (path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);

  g_assert_null (tocsin_listener_new_unix (path, &in_use));
  g_assert_error (in_use, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  tocsin_listener_unref (listener);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  g_assert_true (g_file_set_contents (path, "precious", -1, NULL));
  g_assert_null (tocsin_listener_new_unix (path, &no_socket));
  g_assert_error (no_socket, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  g_assert_true (g_file_get_contents (path, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, "precious");
  g_unlink (path);
  g_rmdir (dir);
}

static void
test_unix_path_is_too_long (void)
{
  g_autofree char *path = g_strnfill (108, 'x');
  g_autoptr (GError) error = NULL;

  g_assert_null (tocsin_listener_new_unix (path, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

static void
test_not_a_listening_socket (void)
{
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_null (tocsin_listener_new_fd (TOCSIN_LISTENER_API, fd, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_cmpint (fcntl (fd, F_GETFD), ==, -1);
}

/* In a child of its own, in which descriptor 3 can be anything. */
static void
test_activation (void)
{
  g_autoptr (TocsinListener) origin = NULL;
  g_autoptr (GPtrArray) listeners = NULL;
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  origin = tocsin_listener_new_tcp (TOCSIN_LISTENER_API, "127.0.0.1:0", FALSE, NULL);
  g_assert_cmpint (dup2 (tocsin_listener_get_fd (origin), 3), ==, 3);
  g_assert_cmpint (dup2 (tocsin_listener_get_fd (origin), 4), ==, 4);
  g_setenv ("LISTEN_PID", "1", TRUE);
  g_setenv ("LISTEN_FDS", "2", TRUE);
  listeners = tocsin_listener_take_activated (NULL);
  g_assert_cmpuint (listeners->len, ==, 0);
  g_clear_pointer (&listeners, g_ptr_array_unref);

  g_setenv ("LISTEN_PID", pid, TRUE);
  g_setenv ("LISTEN_FDS", "2", TRUE);
  g_setenv ("LISTEN_FDNAMES", "api:public", TRUE);
  listeners = tocsin_listener_take_activated (NULL);
  g_assert_cmpuint (listeners->len, ==, 2);
  g_assert_cmpint (tocsin_listener_get_kind (listeners->pdata[0]), ==, TOCSIN_LISTENER_API);
  g_assert_cmpint (tocsin_listener_get_kind (listeners->pdata[1]), ==, TOCSIN_LISTENER_PUBLIC);
  g_assert_cmpint (tocsin_listener_get_fd (listeners->pdata[0]), ==, 3);
  g_assert_cmpint (fcntl (3, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
}

/* What cannot be served is an error: whoever connects to it would wait for ever. */
static void
test_activation_of_too_many (void)
{
  static const struct
  {
    const char *fds, *names, *said;
  } cases[] = {
    { "3", "public:api:public", "LISTEN_FDS: two sockets are for “public”, and a node serves one" },
    { "3", NULL, "LISTEN_FDS: two sockets are for “api”, and a node serves one" },
    { "17", NULL, "LISTEN_FDS: “17” is not a number of sockets from 0 to 16" },
    { "x", NULL, "LISTEN_FDS: “x” is not a number of sockets from 0 to 16" },
  };
  g_autoptr (TocsinListener) origin = NULL;
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  origin = tocsin_listener_new_tcp (TOCSIN_LISTENER_API, "127.0.0.1:0", FALSE, NULL);
  /* Out of the way of what is passed. */
  g_assert_cmpint (dup2 (tocsin_listener_get_fd (origin), 30), ==, 30);
  g_setenv ("LISTEN_PID", pid, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      for (int fd = 3; fd < 6; fd++)
        g_assert_cmpint (dup2 (30, fd), ==, fd);
      g_setenv ("LISTEN_FDS", cases[i].fds, TRUE);
      g_unsetenv ("LISTEN_FDNAMES");
      if (cases[i].names != NULL)
        g_setenv ("LISTEN_FDNAMES", cases[i].names, TRUE);
      g_assert_null (tocsin_listener_take_activated (&error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, cases[i].said);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listener/addresses", test_addresses);
  g_test_add_func ("/listener/port-is-shared-if-asked", test_port_is_shared_if_asked);
  g_test_add_func ("/listener/unix", test_unix);
  g_test_add_func ("/listener/unix-path-is-too-long", test_unix_path_is_too_long);
  g_test_add_func ("/listener/not-a-listening-socket", test_not_a_listening_socket);
  g_test_add_func ("/listener/activation", test_activation);
  g_test_add_func ("/listener/too-many-activated", test_activation_of_too_many);
  return g_test_run ();
}
