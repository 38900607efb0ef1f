/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

#include "cli/answer.h"
#include "cli/daemon.h"
#include "core/error.h"

static gboolean
run_show (TocsinInvocation *self, GError **error)
{
  return tocsin_answer_show (self, "/v1/config", error);
}

static gboolean
run_check (TocsinInvocation *self, GError **error)
{
  const char *file = self->n_args > 0 ? self->args[0] : NULL;
  GStatBuf info;

  if (file == NULL && !g_file_test (TOCSIN_DAEMON_CONFIG_FILE, G_FILE_TEST_EXISTS))
    {
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                   _ ("There is no %s yet; tocsin init writes it"), TOCSIN_DAEMON_CONFIG_FILE);
      return FALSE;
    }
  if (file != NULL && g_stat (file, &info) != 0 && errno == ENOENT)
    {
      g_autofree char *clean = tocsin_text_clean (file);

      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND, "%s: %s", clean,
                   g_strerror (ENOENT));
      return FALSE;
    }
  if (!tocsin_daemon_check_config (file, error))
    return FALSE;
  if (self->json)
    g_print ("{\"valid\":true}\n");
  else
    g_print (_ ("%s is in order\n"), file != NULL ? file : TOCSIN_DAEMON_CONFIG_FILE);
  return TRUE;
}

static const TocsinCommand config_commands[] = {
  { "show", "", N_ ("Show the settings that the node runs with"), NULL, NULL, 0, 0, FALSE,
    run_show },
  { "check", N_ ("[FILE]"), N_ ("Check a settings file, by default /etc/tocsin/node.conf"), NULL,
    NULL, 0, 1, FALSE, run_check },
  { NULL },
};

const TocsinCommand tocsin_cmd_config = {
  .name = "config",
  .synopsis = N_ ("show|check"),
  .summary = N_ ("Settings of the node"),
  .commands = config_commands,
};
