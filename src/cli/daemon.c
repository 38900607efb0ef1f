/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/daemon.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/wait.h>

#include "core/error.h"

#define DAEMON "tocsind: " /* before what it says */

/* The daemon that was installed with this program, else one of the search path. */
static char *
find_daemon (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = self != NULL ? g_path_get_dirname (self) : NULL;
  g_autofree char *beside = dir != NULL ? g_build_filename (dir, "tocsind", NULL) : NULL;

  if (beside != NULL && g_file_test (beside, G_FILE_TEST_IS_EXECUTABLE))
    return g_steal_pointer (&beside);
  return g_find_program_in_path ("tocsind");
}

gboolean
tocsin_daemon_check_config (const char *file, GError **error)
{
  g_autofree char *daemon = find_daemon ();
  g_autofree char *said = NULL;
  char *argv[] = { daemon, (char *) "--check-config", (char *) (file != NULL ? "--config" : NULL),
                   (char *) file, NULL };
  int status = 0;

  if (daemon == NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           _ ("tocsind, which knows the settings, is not installed here"));
      return FALSE;
    }
  if (!g_spawn_sync (NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said, &status,
                     error))
    return FALSE;
  g_strstrip (said);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    {
      if (*said != '\0')
        g_printerr ("%s\n", said);
      return TRUE;
    }
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED, "%s",
               *said == '\0'                     ? _ ("The settings are not valid")
               : g_str_has_prefix (said, DAEMON) ? said + strlen (DAEMON)
                                                 : said);
  return FALSE;
}
