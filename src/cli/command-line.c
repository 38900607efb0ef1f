/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include "cli/command-line.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/actor-ref.h"
#include "cli/arguments.h"
#include "cli/terminal.h"
#include "core/error.h"
#include "core/process.h"

#define COMPLAINT_MAX_COLUMNS 1200
#define TYPED_MAX_COLUMNS     100

static const TocsinCommand *const commands[] = {
  &tocsin_cmd_status,       &tocsin_cmd_doctor,         &tocsin_cmd_version, &tocsin_cmd_init,
  &tocsin_cmd_peer,         &tocsin_cmd_report,         &tocsin_cmd_check,   &tocsin_cmd_trust,
  &tocsin_cmd_token,        &tocsin_cmd_observe,        &tocsin_cmd_allow,   &tocsin_cmd_review,
  &tocsin_cmd_audit,        &tocsin_cmd_backup,         &tocsin_cmd_config,  &tocsin_cmd_key,
  &tocsin_cmd_housekeeping, &tocsin_cmd_export_subject, &tocsin_cmd_erase,   &tocsin_cmd_feed,
};

/* What every command takes. GLib writes it here; freed never, as the process ends with the run. */
static struct
{
  char *socket;
  char *url;
  char *token_file;
  gboolean json;
  gboolean yes;
} given;

static const GOptionEntry common_options[] = {
  { "socket", 0, 0, G_OPTION_ARG_FILENAME, &given.socket,
    N_ ("Talk to the node at this Unix socket (default: $TOCSIN_SOCKET, "
        "else /var/lib/tocsin/api.sock)"),
    N_ ("PATH") },
  { "url", 0, 0, G_OPTION_ARG_STRING, &given.url,
    N_ ("Talk to the node at this address instead, such as http://127.0.0.1:8478"), N_ ("URL") },
  { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &given.token_file,
    N_ ("With --url: a file with the token"), N_ ("FILE") },
  { "json", 0, 0, G_OPTION_ARG_NONE, &given.json,
    N_ ("Print the node's JSON document and nothing else"), NULL },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry confirm_options[] = {
  { "yes", 0, 0, G_OPTION_ARG_NONE, &given.yes, N_ ("Do not ask first"), NULL },
  G_OPTION_ENTRY_NULL,
};

static void
shorten (GString *sentence, const char *word)
{
  g_autofree char *clean = tocsin_text_clean (word);
  g_autoptr (GString) cut = NULL;

  if (tocsin_text_width (clean) <= TYPED_MAX_COLUMNS)
    return;
  cut = g_string_new (NULL);
  tocsin_text_append_cut (cut, clean, TYPED_MAX_COLUMNS);
  g_string_replace (sentence, clean, cut->str, 0);
}

/* What was typed is told back, but a long one must not hide what is wrong with it. */
static int
complain (const GError *error, char **typed)
{
  g_autofree char *clean = tocsin_text_clean (error->message);
  g_autoptr (GString) sentence = g_string_new (clean);
  g_autoptr (GString) shown = g_string_new (NULL);

  for (; *typed != NULL; typed++)
    {
      const char *equals = strchr (*typed, '=');

      shorten (sentence, *typed);
      if (equals != NULL)
        shorten (sentence, equals + 1);
    }
  tocsin_text_append_cut (shown, sentence->str, COMPLAINT_MAX_COLUMNS);
  g_printerr ("tocsin: %s\n", shown->str);
  if (error->domain == G_OPTION_ERROR)
    return TOCSIN_EXIT_USAGE;
  if (error->domain != TOCSIN_ERROR)
    return TOCSIN_EXIT_FAILED;
  switch ((TocsinError) error->code)
    {
    case TOCSIN_ERROR_INVALID:
    case TOCSIN_ERROR_UNPROCESSABLE:
      return TOCSIN_EXIT_USAGE;
    case TOCSIN_ERROR_NOT_FOUND:
    case TOCSIN_ERROR_GONE:
      return TOCSIN_EXIT_NOT_FOUND;
    case TOCSIN_ERROR_FORBIDDEN:
    case TOCSIN_ERROR_REFUSED:
    case TOCSIN_ERROR_NOT_A_PEER:
    case TOCSIN_ERROR_OWNERSHIP:
    case TOCSIN_ERROR_EQUIVOCATION:
      return TOCSIN_EXIT_REFUSED;
    case TOCSIN_ERROR_UNREACHABLE:
      return TOCSIN_EXIT_UNREACHABLE;
    case TOCSIN_ERROR_STALE:
    case TOCSIN_ERROR_FUTURE:
    case TOCSIN_ERROR_TOO_LARGE:
    case TOCSIN_ERROR_UNSUPPORTED:
    case TOCSIN_ERROR_CONFLICT:
    case TOCSIN_ERROR_UNAUTHENTICATED:
    case TOCSIN_ERROR_KEY_UNREACHABLE:
    case TOCSIN_ERROR_BUSY:
    case TOCSIN_ERROR_UNAVAILABLE:
    case TOCSIN_ERROR_STORE:
    default:
      return TOCSIN_EXIT_FAILED;
    }
}

/* The commands below @group; of the program itself if that is NULL. */
static GPtrArray *
commands_below (const TocsinCommand *group)
{
  GPtrArray *list = g_ptr_array_new ();

  if (group == NULL)
    for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
      g_ptr_array_add (list, (gpointer) commands[i]);
  else
    for (const TocsinCommand *c = group->commands; c->name != NULL; c++)
      g_ptr_array_add (list, (gpointer) c);
  return list;
}

static const TocsinCommand *
find_command (const TocsinCommand *group, const char *name, GError **error)
{
  g_autoptr (GPtrArray) list = commands_below (group);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree char *clean = NULL;
  const char *near;

  for (guint i = 0; i < list->len; i++)
    {
      const TocsinCommand *command = list->pdata[i];

      if (g_str_equal (command->name, name))
        return command;
      g_ptr_array_add (names, (gpointer) command->name);
    }
  g_ptr_array_add (names, NULL);
  clean = tocsin_text_clean (name);
  near = tocsin_text_closest (name, (const char *const *) names->pdata);
  if (near != NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 _ ("There is no command “%s”; did you mean “%s”?"), clean, near);
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 _ ("There is no command “%s”; see %s --help"), clean, g_get_prgname ());
  return NULL;
}

static char *
describe_commands (const TocsinCommand *group)
{
  g_autoptr (GPtrArray) list = commands_below (group);
  GString *out = g_string_new (_ ("Commands:"));

  for (guint i = 0; i < list->len; i++)
    {
      const TocsinCommand *command = list->pdata[i];
      gboolean bare = command->synopsis == NULL || *command->synopsis == '\0';

      g_string_append_printf (out, "\n  %s%s%s\n      %s", command->name, bare ? "" : " ",
                              bare ? "" : _ (command->synopsis), _ (command->summary));
    }
  return g_string_free (out, FALSE);
}

/* (nullable): of @command, or one that every command has. */
static const GOptionEntry *
find_option (const TocsinCommand *command, const char *name)
{
  const GOptionEntry *const lists[] = {
    command != NULL && command->options != NULL ? command->options : common_options,
    command != NULL && command->confirms ? confirm_options : common_options,
    common_options,
  };

  for (gsize l = 0; l < G_N_ELEMENTS (lists); l++)
    for (const GOptionEntry *entry = lists[l]; entry->long_name != NULL; entry++)
      if (g_str_equal (entry->long_name, name))
        return entry;
  return NULL;
}

static void
list_below (const TocsinCommand *command)
{
  if (command == NULL || command->commands != NULL)
    {
      g_autoptr (GPtrArray) list = commands_below (command);

      for (guint i = 0; i < list->len; i++)
        g_print ("%s\n", ((const TocsinCommand *) list->pdata[i])->name);
    }
  for (gsize i = 0;
       command != NULL && command->options != NULL && command->options[i].long_name != NULL; i++)
    g_print ("--%s\n", command->options[i].long_name);
  if (command != NULL && command->confirms)
    g_print ("--yes\n");
  for (gsize i = 0; common_options[i].long_name != NULL; i++)
    g_print ("--%s\n", common_options[i].long_name);
  g_print ("--help\n");
}

/* For shell completion and tests: never translated. One line a word that may come next; none where
 * that is the value of an option and may be anything. */
static void
list_words (const char *const *words)
{
  const TocsinCommand *command = NULL;
  const TocsinCommand *group = NULL;
  const GOptionEntry *option = NULL;
  const char *last = NULL;
  g_auto (GStrv) names = NULL;

  for (; *words != NULL && **words != '-' && (command == NULL || command->commands != NULL);
       words++)
    {
      group = command;
      command = find_command (command, *words, NULL);
      if (command == NULL)
        return;
    }
  for (; *words != NULL; words++)
    last = *words;
  if (last == NULL || !g_str_has_prefix (last, "--"))
    {
      list_below (command);
      return;
    }
  names = tocsin_argument_names_of (group != NULL ? group->name : NULL,
                                    command != NULL ? command->name : NULL, last + 2);
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    g_print ("%s\n", names[i]);
  option = find_option (command, last + 2);
  if (names == NULL && option != NULL && option->arg == G_OPTION_ARG_NONE)
    list_below (command);
}

static gboolean
make_control (TocsinControl **out, GError **error)
{
  const char *socket = given.socket != NULL ? given.socket : g_getenv ("TOCSIN_SOCKET");

  if (given.socket != NULL && *given.socket == '\0')
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("--socket names no file"));
      return FALSE;
    }
  if (given.url != NULL && given.socket != NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           _ ("--socket and --url exclude each other"));
      return FALSE;
    }
  if (given.token_file != NULL && given.url == NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           _ ("--token-file needs --url: on the socket there is no token"));
      return FALSE;
    }
  if (given.url != NULL)
    {
      *out = tocsin_control_new_for_url (given.url, given.token_file, error);
      return *out != NULL;
    }
  *out = tocsin_control_new_for_socket (
      socket != NULL && *socket != '\0' ? socket : TOCSIN_CONTROL_DEFAULT_SOCKET);
  return TRUE;
}

static void
add_option_names (GPtrArray *names, const GOptionEntry *options)
{
  for (gsize i = 0; options != NULL && options[i].long_name != NULL; i++)
    g_ptr_array_add (names, (gpointer) options[i].long_name);
}

/* In place of GLib's "Unknown option", which offers nothing. */
static void
explain_unknown_option (const TocsinCommand *command, char **argv, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  if (command != NULL && command->commands == NULL)
    add_option_names (names, command->options);
  if (command != NULL && command->confirms)
    add_option_names (names, confirm_options);
  add_option_names (names, common_options);
  g_ptr_array_add (names, (gpointer) "help");
  g_ptr_array_add (names, NULL);
  for (char **word = argv + 1; *word != NULL && !g_str_equal (*word, "--"); word++)
    {
      g_autofree char *typed = g_str_has_prefix (*word, "--") ? g_strdup (*word + 2) : NULL;
      const char *near;

      if (typed == NULL || !g_utf8_validate (typed, -1, NULL))
        continue;
      typed[strcspn (typed, "=")] = '\0';
      near = g_strv_contains ((const char *const *) names->pdata, typed)
                 ? NULL
                 : tocsin_text_closest (typed, (const char *const *) names->pdata);
      if (near == NULL)
        continue;
      g_clear_error (error);
      g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                   _ ("There is no option “--%s”; did you mean “--%s”?"), typed, near);
      return;
    }
}

/* @command: (nullable): the program itself, if %NULL */
static const char *
synopsis_of (const TocsinCommand *command)
{
  if (command == NULL || command->commands != NULL)
    return _ ("COMMAND [ARGUMENT…]");
  return command->synopsis != NULL && *command->synopsis != '\0' ? _ (command->synopsis) : NULL;
}

static gboolean
parse_options (const TocsinCommand *command, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (synopsis_of (command));
  g_autoptr (GError) failure = NULL;

  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  if (command != NULL)
    g_option_context_set_summary (context, command->summary);
  if (command == NULL || command->commands != NULL)
    {
      g_autofree char *description = describe_commands (command);

      g_option_context_set_description (context, description);
      g_option_context_set_strict_posix (context, TRUE);
    }
  else
    {
      if (command->options != NULL)
        g_option_context_add_main_entries (context, command->options, GETTEXT_PACKAGE);
      if (command->confirms)
        g_option_context_add_main_entries (context, confirm_options, GETTEXT_PACKAGE);
    }
  g_option_context_add_main_entries (context, common_options, GETTEXT_PACKAGE);
  if (g_option_context_parse_strv (context, argv, &failure))
    return TRUE;
  if (g_error_matches (failure, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
    explain_unknown_option (command, *argv, &failure);
  else if (failure->domain == G_CONVERT_ERROR)
    {
      g_clear_error (&failure);
      g_set_error_literal (&failure, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           _ ("The value of an option is not UTF-8"));
    }
  g_propagate_error (error, g_steal_pointer (&failure));
  return FALSE;
}

/* Completion of ACTOR: a node that is down or slow completes to nothing. Takes the options that say
 * which node. */
static void
list_actors (char ***argv)
{
  g_autoptr (TocsinControl) control = NULL;
  g_auto (GStrv) names = NULL;

  if (!parse_options (NULL, argv, NULL) || !make_control (&control, NULL))
    return;
  tocsin_control_set_timeout_seconds (control, 2);
  names = tocsin_actor_ref_names (control, NULL);
  for (gsize i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_autofree char *clean = tocsin_text_clean (names[i]);

      g_print ("%s\n", clean);
    }
}

/* @command as it is typed. */
static char *
usage_of (const TocsinCommand *command)
{
  const char *synopsis = synopsis_of (command);

  return g_strjoin (" ", g_get_prgname (), synopsis, NULL);
}

static gboolean
check_arguments (const TocsinCommand *command, char **args, GError **error)
{
  g_autofree char *usage = usage_of (command);
  guint n = g_strv_length (args);

  for (guint i = 0; i < n; i++)
    if (!g_utf8_validate (args[i], -1, NULL))
      {
        g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("Argument %u is not UTF-8"),
                     i + 1);
        return FALSE;
      }
  /* Of an ID it would make another path. */
  for (guint i = 0; i < n && n >= command->min_args && n <= command->max_args; i++)
    if (*args[i] == '\0')
      {
        g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                     _ ("Argument %u is empty; it is: %s"), i + 1, usage);
        return FALSE;
      }
  if (n < command->min_args)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("Too little was said; it is: %s"),
                 usage);
  else if (n > command->max_args && command->max_args > 1)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                 _ ("Too much was said, at most %u arguments are taken; it is: %s"),
                 command->max_args, usage);
  else if (n > command->max_args)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, _ ("Too much was said; it is: %s"),
                 usage);
  return n >= command->min_args && n <= command->max_args;
}

/* Goes down from the program to the command, reading the options of each level. */
static const TocsinCommand *
find_and_parse (char ***argv, GError **error)
{
  const TocsinCommand *command = NULL;

  do
    {
      g_autofree char *name = NULL;
      char **at = NULL;

      if (!parse_options (command, argv, error))
        return NULL;
      at = *argv + 1;
      if (*at == NULL)
        {
          g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                       _ ("A command is missing; see %s --help"), g_get_prgname ());
          return NULL;
        }
      command = find_command (command, *at, error);
      if (command == NULL)
        return NULL;
      name = g_strconcat (g_get_prgname (), " ", command->name, NULL);
      g_set_prgname (name);
      /* The command's name takes the place of the program's. */
      g_free (**argv);
      memmove (*argv, *argv + 1, (g_strv_length (*argv + 1) + 1) * sizeof (char *));
    }
  while (command->commands != NULL);
  return parse_options (command, argv, error) ? command : NULL;
}

/* What was closed when the program began must not become the socket that it opens next, on which
 * it would then print. Opened the wrong way round, so that using it is an error. */
static void
occupy_standard_descriptors (void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && errno == EBADF)
      {
        int filler = open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);

        /* The lowest free number is this one. */
        if (filler >= 0 && filler != fd)
          close (filler);
      }
}

/* Whether whoever read our output has had enough: `tocsin report list | head`. */
static gboolean
reader_has_gone (void)
{
  struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

  return poll (&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

static int
finish_output (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  /* GLib's sockets have the signal ignored; end as every filter does. */
  if (reader_has_gone ())
    {
      (void) signal (SIGPIPE, SIG_DFL);
      (void) raise (SIGPIPE);
    }
  g_printerr ("tocsin: %s\n", _ ("The output cannot be written"));
  return TOCSIN_EXIT_FAILED;
}

static int
run_command (char ***argv)
{
  g_autoptr (TocsinControl) control = NULL;
  g_autoptr (GError) error = NULL;
  TocsinInvocation self = { 0 };
  g_auto (GStrv) typed = g_strdupv (*argv);
  const TocsinCommand *command = find_and_parse (argv, &error);
  char **args;

  if (command == NULL)
    return complain (error, typed + 1);
  args = *argv + 1;
  if (*args != NULL && g_str_equal (*args, "--"))
    args++;
  if (!check_arguments (command, args, &error) || !make_control (&control, &error))
    return complain (error, typed + 1);

  if (command->is_long)
    tocsin_control_set_timeout_seconds (control, 0);
  self.args = args;
  self.n_args = g_strv_length (args);
  self.json = given.json;
  self.yes = given.yes;
  self.control = control;
  if (!command->run (&self, &error))
    {
      int status;

      tocsin_argument_explain (error, args, command->options);
      status = complain (error, typed + 1);
      return self.status != TOCSIN_EXIT_OK ? (int) self.status : status;
    }
  return finish_output (self.status);
}

/**
 * tocsin_cli_main:
 *
 * The program `tocsin`. Returns its exit status.
 */
int
tocsin_cli_main (int argc, char *argv[])
{
  g_auto (GStrv) words = g_strdupv (argv);
  const char *catalogues = g_getenv ("TOCSIN_LOCALEDIR"); /* those of a build, for its tests */

  occupy_standard_descriptors ();
  tocsin_process_set_locale ();
  bindtextdomain (GETTEXT_PACKAGE, catalogues != NULL ? catalogues : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("tocsin");

  if (argc > 1 && g_str_equal (argv[1], "--list-commands"))
    {
      list_words ((const char *const *) words + 2);
      return finish_output (TOCSIN_EXIT_OK);
    }
  if (argc > 1 && g_str_equal (argv[1], "--list-actors"))
    {
      g_free (words[1]);
      memmove (words + 1, words + 2, (g_strv_length (words + 2) + 1) * sizeof (char *));
      list_actors (&words);
      return finish_output (TOCSIN_EXIT_OK);
    }
  if (argc == 2 && g_str_equal (argv[1], "--version"))
    {
      g_print ("tocsin %s\n", PACKAGE_VERSION);
      return finish_output (TOCSIN_EXIT_OK);
    }
  return run_command (&words);
}
