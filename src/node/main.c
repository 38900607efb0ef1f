/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * tocsind. Exit statuses: 0 after SIGTERM or SIGINT, 1 if something failed, 2 if the configuration
 * is at fault or the store is not for this version or address: trying again would not mend it.
 */
#define G_LOG_DOMAIN "tocsin-node"

#include <config.h>

#include <glib-unix.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/error.h"
#include "core/process.h"
#include "feeds/feeds.h"
#include "node/config.h"
#include "node/node.h"
#include "node/notify.h"
#include "node/profiles.h"

#define EXIT_CONFIGURATION 2

typedef struct
{
  GMainLoop *loop;
  TocsinNode *node;
  gboolean stopping;
  gboolean lost;
} Daemon;

static void
on_stopped (GObject *source G_GNUC_UNUSED, GAsyncResult *result G_GNUC_UNUSED, gpointer data)
{
  Daemon *daemon = data;

  g_main_loop_quit (daemon->loop);
}

static gboolean
on_signal (gpointer data)
{
  Daemon *daemon = data;

  if (daemon->stopping)
    return G_SOURCE_CONTINUE;
  daemon->stopping = TRUE;
  tocsin_notify_send ("STOPPING=1", NULL);
  g_message ("Stopping");
  tocsin_node_stop_async (daemon->node, on_stopped, daemon);
  return G_SOURCE_CONTINUE;
}

/* What many daemons take for "read the settings anew". It must not end this one, for nothing would
 * start it again, and without a drain. */
static gboolean
on_hangup (gpointer data G_GNUC_UNUSED)
{
  g_message ("SIGHUP changes nothing: settings are read at start, so restart for new ones");
  return G_SOURCE_CONTINUE;
}

static void
on_lost (gpointer data)
{
  Daemon *daemon = data;

  g_warning ("The root of the database could not be written, so it has to be opened anew: ending");
  daemon->lost = TRUE;
  on_signal (daemon);
}

static int
report (const GError *error)
{
  g_printerr ("tocsind: %s\n", error->message);
  return g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNSUPPORTED) ? EXIT_CONFIGURATION
                                                                         : EXIT_FAILURE;
}

static void
run_to_end (Daemon *daemon, const char *base_url)
{
  g_autoptr (GSource) watchdog = tocsin_notify_watchdog_source_new ();
  g_autoptr (GError) error = NULL;

  if (watchdog != NULL)
    g_source_attach (watchdog, NULL);
  g_message ("Tocsin %s is ready at %s", PACKAGE_VERSION, base_url);
  if (!tocsin_notify_send ("READY=1", &error))
    g_warning ("%s", error->message);
  g_main_loop_run (daemon->loop);
  if (watchdog != NULL)
    g_source_destroy (watchdog);
}

static int
run (const TocsinConfig *config)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (TocsinNode) node = NULL;
  g_autoptr (GError) error = NULL;
  Daemon daemon = { .loop = loop };
  guint term, interrupt, hangup;
  int status = EXIT_SUCCESS;

  tocsin_process_keep_private ();
  hangup = g_unix_signal_add (SIGHUP, on_hangup, NULL);
  node = tocsin_node_new (config, &error);
  if (node == NULL)
    return report (error);
  daemon.node = node;
  tocsin_node_set_lost_func (node, on_lost, &daemon);
  /* Its threads answer before the start is over: who was answered may ask it to stop. */
  term = g_unix_signal_add (SIGTERM, on_signal, &daemon);
  interrupt = g_unix_signal_add (SIGINT, on_signal, &daemon);
  if (tocsin_node_start (node, &error))
    run_to_end (&daemon, config->base_url);
  else
    status = report (error);
  g_source_remove (term);
  g_source_remove (interrupt);
  g_source_remove (hangup);
  return daemon.lost ? EXIT_FAILURE : status;
}

static gboolean
is_ours (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "GLIB_DOMAIN"))
      return g_str_has_prefix (fields[i].value, "tocsin-");
  return FALSE;
}

/* The default passes over what is said at this level, unless G_MESSAGES_DEBUG names the domain, and
 * then it says all that is for developers, too. */
static GLogWriterOutput
write_verbose (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if ((level & G_LOG_LEVEL_INFO) == 0 || !is_ours (fields, n_fields))
    return g_log_writer_default (level, fields, n_fields, data);
  return g_log_writer_is_journald (STDERR_FILENO)
             ? g_log_writer_journald (level, fields, n_fields, data)
             : g_log_writer_standard_streams (level, fields, n_fields, data);
}

int
main (int argc, char *argv[])
{
  g_autoptr (TocsinConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_process_set_locale ();
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  /* A peer that closes early is an error of that peer's connection, not the end of the node. */
  (void) signal (SIGPIPE, SIG_IGN);

  (void) argc;
  config = tocsin_config_new_from_arguments ((const char *const *) argv, &error);
  if (config == NULL)
    {
      g_printerr ("tocsind: %s\n", error->message);
      return EXIT_CONFIGURATION;
    }
  if (config->show_version)
    {
      g_print ("tocsind %s\n", PACKAGE_VERSION);
      return EXIT_SUCCESS;
    }
  if (!tocsin_profiles_check (config->profiles_dir, config->default_profile, &error) ||
      !tocsin_feeds_check (config->feeds_dir, config->allow_addresses->len > 0, &error))
    {
      g_printerr ("tocsind: %s\n", error->message);
      return EXIT_CONFIGURATION;
    }
  if (config->check_only)
    {
      if (config->base_url == NULL)
        g_printerr ("tocsind: base-url is not set: without --base-url the node does not start\n");
      return EXIT_SUCCESS;
    }
  if (config->verbose && g_getenv ("G_MESSAGES_DEBUG") == NULL)
    g_log_set_writer_func (write_verbose, NULL, NULL);
  return run (config);
}
