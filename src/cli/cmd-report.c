/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/actor-ref.h"
#include "cli/answer.h"
#include "cli/arguments.h"
#include "codec/json-slice.h"
#include "codec/json-writer.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"

#define LIST_DEFAULT 200
#define LIST_MAX     1000000

static struct
{
  char *category;
  char *action;
  char *confidence;
  char *opinion;
  char *comment;
  char *sharing;
  char *expires;
  char *observed_at;
  char *last_observed_at;
  char *reason;
  char *format;
  char *subject;
  char *actor;
  char *state;
  char *bundle;
  char *limit;
  char *cursor;
  char *profile;
  char *min_verdict;
  char *type;
  gboolean manifest;
  gboolean automatic;
} given;

static gboolean
check_name (const char *what, const char *typed, GError **error)
{
  return typed == NULL || tocsin_argument_name (what, typed, error);
}

static gboolean
write_subjects (TocsinInvocation *self, TocsinJsonWriter *json, GError **error)
{
  tocsin_json_writer_name (json, "subjects");
  tocsin_json_writer_begin_array (json);
  for (guint i = 0; i < self->n_args; i++)
    {
      g_autofree char *type = NULL;
      const char *value = NULL;

      if (!tocsin_argument_subject (self->args[i], &type, &value, error))
        return FALSE;
      tocsin_json_writer_begin_object (json);
      tocsin_json_writer_member_string (json, "type", type);
      tocsin_json_writer_member_string (json, "value", value);
      tocsin_json_writer_end_object (json);
    }
  tocsin_json_writer_end_array (json);
  return TRUE;
}

static gboolean
check_time (const char *option, const char *typed, GError **error)
{
  gint64 time_us = 0;

  if (typed == NULL || tocsin_time_parse (typed, &time_us, NULL))
    return TRUE;
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
               _ ("%s must be an RFC 3339 time, such as 2027-01-31T12:00:00Z"), option);
  return FALSE;
}

static void
write_member (TocsinJsonWriter *json, const char *name, const char *value)
{
  if (value != NULL)
    tocsin_json_writer_member_string (json, name, value);
}

static gboolean
write_report (TocsinInvocation *self, GString *body, GError **error)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autofree char *expires = NULL;
  guint confidence = 0;

  if (given.category == NULL)
    {
      g_set_error_literal (
          error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
          _ ("--category is missing: say what was seen, such as spam or phishing"));
      return FALSE;
    }
  if (!check_name ("category", given.category, error) ||
      !check_name ("action", given.action, error) ||
      !check_name ("opinion", given.opinion, error) ||
      !check_name ("sharing", given.sharing, error) ||
      !check_time ("--observed-at", given.observed_at, error) ||
      !check_time ("--last-observed-at", given.last_observed_at, error))
    return FALSE;
  if (given.confidence != NULL &&
      !tocsin_argument_number ("--confidence", given.confidence, 1, 100, &confidence, error))
    return FALSE;
  if (given.expires != NULL)
    {
      expires = tocsin_argument_time (given.expires, tocsin_time_now_us (), error);
      if (expires == NULL)
        return FALSE;
    }

  tocsin_json_writer_begin_object (&json);
  if (!write_subjects (self, &json, error))
    return FALSE;
  tocsin_json_writer_member_string (&json, "category", given.category);
  write_member (&json, "action", given.action);
  if (given.confidence != NULL)
    tocsin_json_writer_member_int (&json, "confidence", confidence);
  write_member (&json, "opinion", given.opinion);
  write_member (&json, "comment", given.comment);
  write_member (&json, "sharing", given.sharing);
  write_member (&json, "expires", expires);
  write_member (&json, "observed_at", given.observed_at);
  write_member (&json, "last_observed_at", given.last_observed_at);
  if (given.automatic)
    tocsin_json_writer_member_bool (&json, "automatic", TRUE);
  tocsin_json_writer_end_object (&json);
  return TRUE;
}

static gboolean
run_add (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "id", N_ ("ID"), TOCSIN_COLUMN_REPORT },
    { "state", N_ ("STATE"), TOCSIN_COLUMN_STATE },
    { "counts_until", N_ ("EXPIRES"), TOCSIN_COLUMN_TIME },
  };
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (JsonNode) answer = NULL;

  if (!write_report (self, body, error) ||
      !tocsin_answer_get (self, "POST", "/v1/reports", body, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_list (tocsin_answer_array (json_node_get_object (answer), "reports"),
                              columns, G_N_ELEMENTS (columns), _ ("No report was made"));
  return TRUE;
}

/* Appends the elements of one page to @rows, byte for byte, so that --json shows what came. */
static gboolean
take_page (GBytes *page, guint room, TocsinJsonWriter *rows, guint *taken, GError **error)
{
  g_autoptr (GBytes) rest = NULL;
  /* What lies past the end of a page, and is not shown, must not lie before its cursor either. */
  g_autoptr (GPtrArray) elements = tocsin_json_slice (page, "reports", room, &rest, NULL);

  if (elements == NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           _ ("The node answered without a list of reports"));
      return FALSE;
    }
  for (guint i = 0; i < elements->len; i++, (*taken)++)
    {
      gsize size = 0;
      const char *data = g_bytes_get_data (elements->pdata[i], &size);

      tocsin_json_writer_raw (rows, data, size);
    }
  return TRUE;
}

/* Page after page, up to @limit rows, as one document of the same shape. */
static GBytes *
load_pages (TocsinInvocation *self, const GString *first, guint limit, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);
  g_autofree char *cursor = g_strdup (given.cursor);
  gboolean cursor_is_number = FALSE;
  guint taken = 0;

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "reports");
  tocsin_json_writer_begin_array (&json);
  do
    {
      g_autoptr (GString) path = g_string_new (first->str);
      g_autoptr (GBytes) page = NULL;
      g_autoptr (JsonNode) node = NULL;
      g_autofree char *before = g_steal_pointer (&cursor);
      guint room = MIN (limit - taken, TOCSIN_LIST_PAGE_MAX);

      tocsin_argument_add_query (path, "cursor", before);
      if (room < TOCSIN_LIST_PAGE_MAX)
        g_string_append_printf (path, "%climit=%u", strchr (path->str, '?') != NULL ? '&' : '?',
                                room);
      page = tocsin_control_call (self->control, "GET", path->str, NULL, error);
      node = page != NULL ? tocsin_control_parse (self->control, page, error) : NULL;
      if (node == NULL || !take_page (page, room, &json, &taken, error))
        return NULL;
      cursor = tocsin_answer_text (json_node_get_object (node), "cursor");
      cursor_is_number = tocsin_answer_string (json_node_get_object (node), "cursor") == NULL;
      /* A page may be empty and not be the last, since a node looks at so many rows a call; but a
       * cursor that leads nowhere must not keep us here. */
      if (g_strcmp0 (cursor, before) == 0)
        g_clear_pointer (&cursor, g_free);
    }
  while (cursor != NULL && *cursor != '\0' && taken < limit);
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_name (&json, "cursor");
  if (cursor == NULL || *cursor == '\0')
    tocsin_json_writer_null (&json);
  else if (cursor_is_number)
    tocsin_json_writer_raw (&json, cursor, strlen (cursor));
  else
    tocsin_json_writer_string (&json, cursor);
  tocsin_json_writer_end_object (&json);
  return g_string_free_to_bytes (g_steal_pointer (&out));
}

static gboolean
make_list_path (TocsinInvocation *self, GString *path, GError **error)
{
  g_autofree char *actor = NULL;
  guint bundle = 0;

  if (!check_name ("category", given.category, error) || !check_name ("state", given.state, error))
    return FALSE;
  if (given.bundle != NULL &&
      !tocsin_argument_number ("--bundle", given.bundle, 1, G_MAXINT, &bundle, error))
    return FALSE;
  if (given.subject != NULL)
    {
      g_autofree char *type = NULL;
      g_autofree char *subject = NULL;
      const char *value = NULL;

      if (!tocsin_argument_subject (given.subject, &type, &value, error))
        return FALSE;
      subject = g_strconcat (type, ":", value, NULL);
      tocsin_argument_add_query (path, "subject", subject);
    }
  /* A URL may be anybody's, and its host and the rest a peer's alone. */
  if (given.actor != NULL && strstr (given.actor, "://") != NULL)
    actor = g_strdup (given.actor);
  else if (given.actor != NULL)
    actor = tocsin_actor_ref_resolve (self->control, given.actor, FALSE, error);
  if (given.actor != NULL && actor == NULL)
    return FALSE;
  tocsin_argument_add_query (path, "actor", actor);
  tocsin_argument_add_query (path, "category", given.category);
  tocsin_argument_add_query (path, "state", given.state);
  tocsin_argument_add_query (path, "bundle", given.bundle);
  return TRUE;
}

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "id", N_ ("ID"), TOCSIN_COLUMN_REPORT },
    { "subject", N_ ("SUBJECT"), TOCSIN_COLUMN_PLAIN },
    { "category", N_ ("CATEGORY"), TOCSIN_COLUMN_PLAIN },
    { "actor", N_ ("REPORTER"), TOCSIN_COLUMN_ACTOR },
    { "state", N_ ("STATE"), TOCSIN_COLUMN_STATE },
    { "counts_until", N_ ("EXPIRES"), TOCSIN_COLUMN_TIME },
  };
  g_autoptr (GString) path = g_string_new ("/v1/reports");
  g_autoptr (GBytes) document = NULL;
  g_autoptr (JsonNode) answer = NULL;
  guint limit = LIST_DEFAULT;

  if (given.limit != NULL &&
      !tocsin_argument_number ("--limit", given.limit, 1, LIST_MAX, &limit, error))
    return FALSE;
  if (!make_list_path (self, path, error))
    return FALSE;
  document = load_pages (self, path, limit, error);
  answer = document != NULL ? tocsin_control_parse (self->control, document, error) : NULL;
  if (answer == NULL)
    return FALSE;
  if (self->json)
    {
      tocsin_answer_write (document);
      return TRUE;
    }
  tocsin_answer_print_page (json_node_get_object (answer), "reports", columns,
                            G_N_ELEMENTS (columns), _ ("No reports"));
  return TRUE;
}

static gboolean
run_show (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/reports/", self->args[0], "");

  return tocsin_answer_show (self, path, error);
}

/* Whether it is there, but not this node's to withdraw. */
static gboolean
is_foreign (TocsinInvocation *self)
{
  g_autofree char *path = tocsin_argument_path ("/v1/reports/", self->args[0], "");
  g_autoptr (GBytes) found = tocsin_control_call (self->control, "GET", path, NULL, NULL);

  return found != NULL;
}

/* What the node said after the backup that it was restored from, peers have and it has not. */
static gboolean
withdraw_unknown (TocsinInvocation *self, GString *path, GError **error)
{
  if (!tocsin_answer_confirm (self,
                              _ ("This node has no such report. If it made it before it was "
                                 "restored from a backup, peers can be told to forget it."),
                              error))
    return FALSE;
  tocsin_argument_add_query (path, "unknown", "true");
  return tocsin_answer_done (self, "DELETE", path->str, NULL,
                             _ ("This node has no such report; peers are told to forget it"),
                             error);
}

static gboolean
run_withdraw (TocsinInvocation *self, GError **error)
{
  g_autofree char *start = tocsin_argument_path ("/v1/reports/", self->args[0], "");
  g_autoptr (GString) path = g_string_new (start);
  const char *slash = strrchr (self->args[0], '/');
  g_autoptr (GError) failed = NULL;

  if (!check_name ("reason", given.reason, error) ||
      !tocsin_answer_confirm (
          self, _ ("The report is withdrawn everywhere, which cannot be undone."), error))
    return FALSE;
  tocsin_argument_add_query (path, "reason", given.reason);
  if (tocsin_answer_done (self, "DELETE", path->str, NULL, _ ("The report is withdrawn"), &failed))
    return TRUE;
  if (g_error_matches (failed, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND))
    {
      if (is_foreign (self))
        {
          g_set_error_literal (
              error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED,
              _ ("This report is another node's; only its reporter may withdraw it"));
          return FALSE;
        }
      /* A last part alone may be that of another node's report, or mistyped. */
      if (slash != NULL && g_uuid_string_is_valid (slash + 1))
        return withdraw_unknown (self, path, error);
    }
  g_propagate_error (error, g_steal_pointer (&failed));
  return FALSE;
}

static gboolean
run_undo (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/imports/", self->args[0], "");
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_confirm (
          self, _ ("Everything of this import is withdrawn, which cannot be undone."), error) ||
      !tocsin_answer_get (self, "DELETE", path, NULL, &answer, error))
    return FALSE;
  if (self->json)
    return TRUE;
  g_print ("%s\n", _ ("The import is undone"));
  /* Peers are told once, by the first import that says so. */
  if (g_strcmp0 (tocsin_answer_string (json_node_get_object (answer), "as"), "first_hand") == 0)
    g_print ("%s\n", _ ("What a later import said too is gone with it; import that one again"));
  return TRUE;
}

/* Batches, newest first, as “report undo” wants them. */
static gboolean
run_imports (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "batch", N_ ("BATCH"), TOCSIN_COLUMN_WHOLE },
    { "source", N_ ("SOURCE"), TOCSIN_COLUMN_PLAIN },
    { "category", N_ ("CATEGORY"), TOCSIN_COLUMN_PLAIN },
    { "type", N_ ("TYPE"), TOCSIN_COLUMN_PLAIN },
    { "as", N_ ("AS"), TOCSIN_COLUMN_PLAIN },
    { "count", N_ ("COUNT"), TOCSIN_COLUMN_NUMBER },
    { "created", N_ ("CREATED"), TOCSIN_COLUMN_TIME },
    { "undone", N_ ("UNDONE"), TOCSIN_COLUMN_TIME },
  };
  g_autoptr (GString) path = g_string_new ("/v1/imports");
  g_autoptr (JsonNode) answer = NULL;

  tocsin_argument_add_query (path, "cursor", given.cursor);
  if (!tocsin_answer_get (self, "GET", path->str, NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_page (json_node_get_object (answer), "imports", columns,
                              G_N_ELEMENTS (columns), _ ("Nothing was imported"));
  return TRUE;
}

/* Prints what is in @file, from its beginning, as a terminal shows it. */
static void
print_clean (FILE *file)
{
  g_autofree char *line = NULL;
  gsize room = 0;
  gssize size;

  rewind (file);
  while ((size = getline (&line, &room, file)) > 0)
    {
      g_autofree char *clean = NULL;

      if (line[size - 1] == '\n')
        line[--size] = '\0';
      if (size > 0 && line[size - 1] == '\r')
        line[size - 1] = '\0';
      clean = tocsin_text_clean (line);
      g_print ("%s\n", clean);
    }
}

/* The export goes out as it comes: it may be larger than memory. */
static gboolean
download (const TocsinInvocation *self, const char *path, GError **error)
{
  FILE *file = NULL;
  gboolean ok;

  if (!isatty (STDOUT_FILENO))
    return tocsin_control_download (self->control, path, STDOUT_FILENO, error);
  file = tmpfile ();
  if (file == NULL)
    {
      g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (errno),
                   _ ("The output cannot be written: %s"), g_strerror (errno));
      return FALSE;
    }
  ok = tocsin_control_download (self->control, path, fileno (file), error);
  if (ok)
    print_clean (file);
  (void) fclose (file);
  return ok;
}

static gboolean
run_export (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) path = NULL;
  g_autofree char *bare = NULL;

  if (self->json && given.format != NULL && !g_str_equal (given.format, "json") && !given.manifest)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           _ ("--json and another --format exclude each other"));
      return FALSE;
    }
  bare = tocsin_argument_path ("/v1/export/", given.format != NULL ? given.format : "json",
                               given.manifest ? "/manifest" : "");
  path = g_string_new (bare);
  tocsin_argument_add_query (path, "profile", given.profile);
  tocsin_argument_add_query (path, "min_verdict", given.min_verdict);
  tocsin_argument_add_query (path, "type", given.type);
  tocsin_argument_add_query (path, "category", given.category);
  if (download (self, path->str, error))
    return TRUE;
  /* The format is all that can be missing, and the node tells which there are. */
  if (given.format != NULL && g_error_matches (*error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND))
    {
      g_autofree char *clean = tocsin_text_clean (given.format);

      g_prefix_error (error, _ ("There is no format “%s”. "), clean);
      (*error)->code = TOCSIN_ERROR_INVALID;
    }
  return FALSE;
}

static const GOptionEntry add_options[] = {
  { "category", 0, 0, G_OPTION_ARG_STRING, &given.category, N_ ("What it is; needed"),
    N_ ("SLUG") },
  { "action", 0, 0, G_OPTION_ARG_STRING, &given.action,
    N_ ("What was done: none, limited, suspended or rejected"), N_ ("ACTION") },
  { "confidence", 0, 0, G_OPTION_ARG_STRING, &given.confidence,
    N_ ("How sure you are, 1 to 100 (default: 100)"), N_ ("N") },
  { "opinion", 0, 0, G_OPTION_ARG_STRING, &given.opinion,
    N_ ("malicious (default), or benign to contradict others"), N_ ("OPINION") },
  { "comment", 0, 0, G_OPTION_ARG_STRING, &given.comment,
    N_ ("Words for other operators; without --sharing they make the report amber, which is not "
        "passed on"),
    N_ ("TEXT") },
  { "sharing", 0, 0, G_OPTION_ARG_STRING, &given.sharing,
    N_ ("Who may see it: clear, green or amber"), N_ ("LEVEL") },
  { "expires", 0, 0, G_OPTION_ARG_STRING, &given.expires,
    N_ ("When it stops to count, at the latest: a date, a time, or a span such as 30d"),
    N_ ("WHEN") },
  { "observed-at", 0, 0, G_OPTION_ARG_STRING, &given.observed_at,
    N_ ("When it was seen first (default: now)"), N_ ("TIME") },
  { "last-observed-at", 0, 0, G_OPTION_ARG_STRING, &given.last_observed_at,
    N_ ("When it was seen last (default: as --observed-at)"), N_ ("TIME") },
  { "automatic", 0, 0, G_OPTION_ARG_NONE, &given.automatic,
    N_ ("No person has looked: counts only where peers have not said it already"), NULL },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry list_options[] = {
  { "subject", 0, 0, G_OPTION_ARG_STRING, &given.subject, N_ ("Only about this"),
    N_ ("TYPE=VALUE") },
  { "actor", 0, 0, G_OPTION_ARG_STRING, &given.actor, N_ ("Only by this reporter"), N_ ("ACTOR") },
  { "category", 0, 0, G_OPTION_ARG_STRING, &given.category, N_ ("Only of this category"),
    N_ ("SLUG") },
  { "state", 0, 0, G_OPTION_ARG_STRING, &given.state,
    N_ ("Only live, held, refused, withdrawn or expired"), N_ ("STATE") },
  { "bundle", 0, 0, G_OPTION_ARG_STRING, &given.bundle, N_ ("Only of the event with this number"),
    N_ ("N") },
  { "limit", 0, 0, G_OPTION_ARG_STRING, &given.limit, N_ ("At most so many (default: 200)"),
    N_ ("N") },
  { "cursor", 0, 0, G_OPTION_ARG_STRING, &given.cursor, N_ ("Go on where the last listing ended"),
    N_ ("CURSOR") },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry withdraw_options[] = {
  { "reason", 0, 0, G_OPTION_ARG_STRING, &given.reason,
    N_ ("error, appeal, expired, erased or other"), N_ ("REASON") },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry imports_options[] = {
  { "cursor", 0, 0, G_OPTION_ARG_STRING, &given.cursor, N_ ("Go on where the last listing ended"),
    N_ ("CURSOR") },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry export_options[] = {
  { "format", 0, 0, G_OPTION_ARG_STRING, &given.format,
    N_ ("json (default), csv, mastodon-csv, or another that the node knows"), N_ ("FORMAT") },
  { "profile", 0, 0, G_OPTION_ARG_STRING, &given.profile, N_ ("Judge by this profile of the node"),
    N_ ("NAME") },
  { "min-verdict", 0, 0, G_OPTION_ARG_STRING, &given.min_verdict,
    N_ ("Only what is at least allow, note, review or block (default: as the format)"),
    N_ ("VERDICT") },
  { "type", 0, 0, G_OPTION_ARG_STRING, &given.type,
    N_ ("Only subjects of these types, separated by commas"), N_ ("TYPE") },
  { "category", 0, 0, G_OPTION_ARG_STRING, &given.category,
    N_ ("Only what is reported in one of these categories"), N_ ("SLUG") },
  { "manifest", 0, 0, G_OPTION_ARG_NONE, &given.manifest,
    N_ ("Write what a whole copy is instead: count, SHA-256, generation, canary"), NULL },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand report_commands[] = {
  { "add", N_ ("TYPE=VALUE…"), N_ ("Report one event: what was seen, in one category"), NULL,
    add_options, 1, TOCSIN_CHECK_MAX_SUBJECTS, FALSE, run_add },
  { "list", "", N_ ("List reports"), NULL, list_options, 0, 0, FALSE, run_list },
  { "show", N_ ("ID"), N_ ("Show one report with its signed activity"), NULL, NULL, 1, 1, FALSE,
    run_show },
  { "withdraw", N_ ("ID"), N_ ("Withdraw a report of this node, here and at its peers"), NULL,
    withdraw_options, 1, 1, TRUE, run_withdraw },
  { "import", N_ ("FILE|-"), N_ ("Read a list; one import is one batch"), NULL,
    tocsin_report_import_options, 1, 1, FALSE, tocsin_report_import_run, TRUE },
  { "imports", "", N_ ("List imports, each with the BATCH that undoes it"), NULL, imports_options,
    0, 0, FALSE, run_imports },
  { "undo", N_ ("BATCH"), N_ ("Take an import back"), NULL, NULL, 1, 1, TRUE, run_undo, TRUE },
  { "export", "", N_ ("Write what the node judges, as a list for a program"), NULL, export_options,
    0, 0, FALSE, run_export, TRUE },
  { NULL },
};

const TocsinCommand tocsin_cmd_report = {
  .name = "report",
  .synopsis = N_ ("add|list|import|…"),
  .summary = N_ ("What this node and others say"),
  .commands = report_commands,
};
