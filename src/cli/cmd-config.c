/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <sys/wait.h>

#include "cli/answer.h"
#include "core/error.h"

#define DEFAULT_FILE "/etc/tocsin/node.conf"

static gboolean
run_show (TocsinInvocation *self, GError **error)
{
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "GET", "/v1/config", NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_members (json_node_get_object (answer));
  return TRUE;
}

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

/* Only the daemon knows what it takes, so it is asked; it needs not run. */
static gboolean
run_check (TocsinInvocation *self, GError **error)
{
  const char *file = self->n_args > 0 ? self->args[0] : NULL;
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
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0)
    {
      g_strstrip (said);
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED, "%s",
                   *said != '\0' ? said : _ ("The settings are not valid"));
      return FALSE;
    }
  if (self->json)
    g_print ("{\"valid\":true}\n");
  else
    g_print (_ ("%s is in order\n"), file != NULL ? file : DEFAULT_FILE);
  return TRUE;
}

static const TocsinCommand config_commands[] = {
  { "show", "", N_ ("Show the settings that the node runs with"), NULL, NULL, 0, 0, FALSE,
    run_show },
  { "check", N_ ("[FILE]"), N_ ("Check a settings file, by default " DEFAULT_FILE), NULL, NULL, 0,
    1, FALSE, run_check },
  { NULL },
};

const TocsinCommand tocsin_cmd_config = {
  .name = "config",
  .synopsis = N_ ("show|check"),
  .summary = N_ ("Settings of the node"),
  .commands = config_commands,
};
