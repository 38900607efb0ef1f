/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "codec/json-writer.h"
#include "core/error.h"
#include "core/limits.h"

static struct
{
  char *format;
  char *type;
  char *category;
  char *title;
  char *canary;
  char *column;
  char *service;
  char *every;
  char *max_mib;
  gboolean wait_not;
  gboolean may_shrink;
} given;

static void
print_feed (JsonObject *feed)
{
  g_autofree char *name = tocsin_answer_text (feed, "name");
  g_autofree char *state = tocsin_answer_text (feed, "state");
  g_autofree char *mirror = tocsin_answer_text (feed, "mirror_of");
  g_autofree char *why = tocsin_answer_text (feed, "error");

  g_print (_ ("%s: %s, %d entries, %d left out\n"), name, state,
           (int) tocsin_answer_int (feed, "entries"), (int) tocsin_answer_int (feed, "left_out"));
  if (*mirror != '\0')
    g_print (_ ("It says the same as %s; both count as one\n"), mirror);
  if (*why != '\0')
    g_print (_ ("The newest attempt failed: %s\n"), why);
}

/* The names of all feeds; %NULL where the node does not say. */
static char **
feed_names (TocsinControl *control)
{
  g_autoptr (GBytes) bytes = tocsin_control_call (control, "GET", "/v1/feeds", NULL, NULL);
  g_autoptr (JsonNode) answer = bytes != NULL ? tocsin_control_parse (control, bytes, NULL) : NULL;
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  JsonArray *feeds =
      answer != NULL ? tocsin_answer_array (json_node_get_object (answer), "feeds") : NULL;

  for (guint i = 0; feeds != NULL && i < json_array_get_length (feeds); i++)
    {
      JsonNode *feed = json_array_get_element (feeds, i);
      const char *name = JSON_NODE_HOLDS_OBJECT (feed)
                             ? tocsin_answer_string (json_node_get_object (feed), "name")
                             : NULL;

      if (name != NULL)
        g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

/* @ok; if there is no feed of the name that was typed, @error says so, with a guess. */
static gboolean
or_guess (TocsinInvocation *self, gboolean ok, GError **error)
{
  g_auto (GStrv) names = NULL;
  g_autofree char *clean = NULL;
  const char *near;

  if (ok || !g_error_matches (*error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND))
    return ok;
  names = feed_names (self->control);
  clean = tocsin_text_clean (self->args[0]);
  near = tocsin_text_closest (self->args[0], (const char *const *) names);
  g_clear_error (error);
  if (near != NULL)
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                 _ ("There is no feed “%s”; did you mean “%s”?"), clean, near);
  else
    g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND,
                 _ ("There is no feed “%s”; tocsin feed list names those that there are"), clean);
  return FALSE;
}

static gboolean
refresh (TocsinInvocation *self, const char *name, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/feeds/", name, "/refresh");
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autoptr (JsonNode) answer = NULL;
  JsonObject *feed;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_bool (&json, "may_shrink", given.may_shrink);
  tocsin_json_writer_end_object (&json);
  if (!or_guess (self, tocsin_answer_get (self, "POST", path, body, &answer, error), error))
    {
      /* The command line was right; the list is not. */
      if (g_error_matches (*error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID) ||
          g_error_matches (*error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE))
        self->status = TOCSIN_EXIT_FAILED;
      return FALSE;
    }
  if (self->json)
    return TRUE;
  feed = json_node_get_object (answer);
  print_feed (feed);
  if (tocsin_answer_int (feed, "added") + tocsin_answer_int (feed, "removed") == 0)
    g_print ("%s\n", _ ("Nothing has changed"));
  else
    g_print (_ ("Added: %d, removed: %d\n"), (int) tocsin_answer_int (feed, "added"),
             (int) tocsin_answer_int (feed, "removed"));
  return TRUE;
}

/* ---- add ---- */

static void
write_text (TocsinJsonWriter *json, const char *name, const char *value)
{
  if (value != NULL)
    tocsin_json_writer_member_string (json, name, value);
}

static void
write_number (TocsinJsonWriter *json, const char *name, guint value)
{
  if (value != 0)
    tocsin_json_writer_member_int (json, name, value);
}

/* 0: not given. */
static gboolean
find_number (const char *option, const char *typed, guint max, guint *out, GError **error)
{
  *out = 0;
  return typed == NULL || tocsin_argument_number (option, typed, 1, max, out, error);
}

/* A URL as it is, or a file by its absolute path; NULL where none was typed. */
static gboolean
find_url (const char *typed, char **out, GError **error)
{
  g_autofree char *absolute = NULL;

  *out = g_strdup (typed);
  if (typed == NULL || strstr (typed, "://") != NULL)
    return TRUE;
  absolute = g_canonicalize_filename (typed, NULL);
  g_free (*out);
  *out = g_filename_to_uri (absolute, NULL, error);
  return *out != NULL;
}

/* It is the node who reads: a file that is here and that it could not open, which it says by the
 * file's name, need not be there. */
static void
explain_file (const char *typed, GError **error)
{
  g_autofree char *path = g_canonicalize_filename (typed, NULL);
  g_autoptr (GError) cause = NULL;

  if (!g_error_matches (*error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE) ||
      !g_str_has_prefix ((*error)->message, path) || !g_file_test (path, G_FILE_TEST_EXISTS))
    return;
  cause = g_steal_pointer (error);
  g_set_error (error, cause->domain, cause->code,
               _ ("%s; the node reads as its own user and, under systemd, not in /home, /root and "
                  "/tmp"),
               cause->message);
}

static gboolean
run_add (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *url = NULL;
  gboolean as_json = self->json;
  guint hours, mib;
  gboolean ok;

  if (!find_number ("--every", given.every, TOCSIN_FEED_HOURS_MAX, &hours, error) ||
      !find_number ("--max-mib", given.max_mib, TOCSIN_FEED_MIB_MAX, &mib, error) ||
      !find_url (self->args[1], &url, error))
    return FALSE;
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "name", self->args[0]);
  write_text (&json, "url", url);
  write_text (&json, "format", given.format);
  write_text (&json, "type", given.type);
  write_text (&json, "category", given.category);
  write_text (&json, "title", given.title);
  write_text (&json, "canary", given.canary);
  write_text (&json, "column", given.column);
  write_text (&json, "service", given.service);
  write_number (&json, "every_hours", hours);
  write_number (&json, "max_mib", mib);
  tocsin_json_writer_end_object (&json);
  /* One document: that of the reading, which tells more. */
  self->json = as_json && given.wait_not;
  ok = or_guess (self, tocsin_answer_get (self, "POST", "/v1/feeds", body, &answer, error), error);
  self->json = as_json;
  if (!ok || (as_json && given.wait_not))
    return ok;
  if (given.wait_not)
    {
      g_print ("%s\n", _ ("The feed is enabled; it will be read in a moment"));
      return TRUE;
    }
  if (refresh (self, self->args[0], error))
    return TRUE;
  if (self->args[1] != NULL)
    explain_file (self->args[1], error);
  g_prefix_error (error, "%s: ", _ ("The feed is enabled, but could not be read"));
  return FALSE;
}

/* ---- the others ---- */

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "name", N_ ("NAME"), TOCSIN_COLUMN_PLAIN },
    { "state", N_ ("STATE"), TOCSIN_COLUMN_STATE },
    { "category", N_ ("CATEGORY"), TOCSIN_COLUMN_PLAIN },
    { "entries", N_ ("ENTRIES"), TOCSIN_COLUMN_NUMBER },
    { "read", N_ ("READ"), TOCSIN_COLUMN_TIME },
    { "mirror_of", N_ ("MIRROR OF"), TOCSIN_COLUMN_PLAIN },
    { "title", N_ ("TITLE"), TOCSIN_COLUMN_PLAIN },
  };
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "GET", "/v1/feeds", NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_list (tocsin_answer_array (json_node_get_object (answer), "feeds"), columns,
                              G_N_ELEMENTS (columns), _ ("No feeds"));
  return TRUE;
}

static gboolean
run_show (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/feeds/", self->args[0], "");

  return or_guess (self, tocsin_answer_show (self, path, error), error);
}

static gboolean
run_refresh (TocsinInvocation *self, GError **error)
{
  return refresh (self, self->args[0], error);
}

static gboolean
run_enable (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/feeds/", self->args[0], "/enable");

  return or_guess (self,
                   tocsin_answer_done (self, "POST", path, NULL,
                                       _ ("The feed is enabled; it will be read in a moment"),
                                       error),
                   error);
}

static gboolean
run_disable (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/feeds/", self->args[0], "/disable");

  return or_guess (self,
                   tocsin_answer_done (self, "POST", path, NULL,
                                       _ ("The feed is disabled, and nothing of it is left"),
                                       error),
                   error);
}

static gboolean
run_remove (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/feeds/", self->args[0], "");
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (GBytes) still = NULL;

  if (!or_guess (self, tocsin_answer_get (self, "DELETE", path, NULL, &answer, error), error))
    return FALSE;
  if (self->json)
    return TRUE;
  /* Only what was added is forgotten. */
  still = tocsin_control_call (self->control, "GET", path, NULL, NULL);
  g_print ("%s\n", still != NULL
                       ? _ ("The feed is disabled, and nothing of it is left; it stays in the list")
                       : _ ("The feed is removed, and nothing of it is left"));
  return TRUE;
}

static const GOptionEntry add_options[] = {
  { "format", 0, 0, G_OPTION_ARG_STRING, &given.format,
    N_ ("lines, csv, misp-warninglist, cloud-ranges, tor-exits, mastodon-csv, fires or mmdb"),
    N_ ("FORMAT") },
  { "type", 0, 0, G_OPTION_ARG_STRING, &given.type,
    N_ ("What its entries are, where the format does not say"), N_ ("TYPE") },
  { "category", 0, 0, G_OPTION_ARG_STRING, &given.category, N_ ("What it says of them"),
    N_ ("SLUG") },
  { "title", 0, 0, G_OPTION_ARG_STRING, &given.title, N_ ("What answers call it"), N_ ("TEXT") },
  { "canary", 0, 0, G_OPTION_ARG_STRING, &given.canary,
    N_ ("An entry without which it is not that list"), N_ ("VALUE") },
  { "column", 0, 0, G_OPTION_ARG_STRING, &given.column,
    N_ ("Of csv: the column that has the subject, by name or number"), N_ ("COLUMN") },
  { "service", 0, 0, G_OPTION_ARG_STRING, &given.service,
    N_ ("Of cloud ranges: those of this service alone, such as EC2"), N_ ("NAME") },
  { "every", 0, 0, G_OPTION_ARG_STRING, &given.every, N_ ("Read it every so many hours"),
    N_ ("HOURS") },
  { "max-mib", 0, 0, G_OPTION_ARG_STRING, &given.max_mib, N_ ("The longest list to take (64)"),
    N_ ("MIB") },
  { "no-wait", 0, 0, G_OPTION_ARG_NONE, &given.wait_not, N_ ("Do not wait until it was read"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry refresh_options[] = {
  { "may-shrink", 0, 0, G_OPTION_ARG_NONE, &given.may_shrink,
    /* xgettext:no-c-format */
    N_ ("Take it even if it lost more than 30 % of its entries"), NULL },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand feed_commands[] = {
  { "add", N_ ("NAME [URL|FILE]"), N_ ("Read a list from now on: a ready-made one, or a new one"),
    NULL, add_options, 1, 2, FALSE, run_add, TRUE },
  { "list", "", N_ ("List feeds, ready-made ones too"), NULL, NULL, 0, 0, FALSE, run_list },
  { "show", N_ ("NAME"), N_ ("Show one feed"), NULL, NULL, 1, 1, FALSE, run_show },
  { "refresh", N_ ("NAME"), N_ ("Read a list now"), NULL, refresh_options, 1, 1, FALSE, run_refresh,
    TRUE },
  { "enable", N_ ("NAME"), N_ ("Read a list from now on"), NULL, NULL, 1, 1, FALSE, run_enable,
    TRUE },
  { "disable", N_ ("NAME"), N_ ("Stop reading a list, and take back what it said"), NULL, NULL, 1,
    1, FALSE, run_disable, TRUE },
  { "remove", N_ ("NAME"), N_ ("Disable a list, and forget it if it was added"), NULL, NULL, 1, 1,
    FALSE, run_remove, TRUE },
  { NULL },
};

const TocsinCommand tocsin_cmd_feed = {
  .name = "feed",
  .synopsis = N_ ("add|list|show|refresh|enable|disable|remove"),
  .summary = N_ ("Lists of third parties, which are facts with a source and an age"),
  .commands = feed_commands,
};
