/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "codec/json-writer.h"
#include "core/error.h"
#include "core/limits.h"

static struct
{
  char *profile;
  char *event;
  gboolean explain;
} given;

static void
print_strings (JsonArray *objects, const char *indent)
{
  for (guint i = 0; objects != NULL && i < json_array_get_length (objects); i++)
    {
      JsonNode *node = json_array_get_element (objects, i);
      g_autofree char *text = JSON_NODE_HOLDS_OBJECT (node)
                                  ? tocsin_answer_text (json_node_get_object (node), "text")
                                  : NULL;

      if (text != NULL && *text != '\0')
        g_print ("%s%s\n", indent, text);
    }
}

static void
print_evidence (JsonArray *evidence)
{
  static const TocsinColumn columns[] = {
    { "reporter", N_ ("REPORTER"), TOCSIN_COLUMN_ACTOR },
    { "via", N_ ("VIA"), TOCSIN_COLUMN_ACTOR },
    { "category", N_ ("CATEGORY"), TOCSIN_COLUMN_PLAIN },
    { "opinion", N_ ("OPINION"), TOCSIN_COLUMN_PLAIN },
    { "state", N_ ("STATE"), TOCSIN_COLUMN_STATE },
    { "strength", N_ ("STRENGTH"), TOCSIN_COLUMN_NUMBER },
    { "age_days", N_ ("DAYS"), TOCSIN_COLUMN_NUMBER },
    { "report", N_ ("REPORT"), TOCSIN_COLUMN_WHOLE },
  };

  if (evidence != NULL && json_array_get_length (evidence) > 0)
    tocsin_answer_print_list (evidence, columns, G_N_ELEMENTS (columns), "");
}

static void
print_subject (JsonObject *subject)
{
  g_autofree char *type = tocsin_answer_text (subject, "type");
  g_autofree char *value = tocsin_answer_text (subject, "value");
  g_autofree char *matched = tocsin_answer_text (subject, "matched");
  g_autofree char *verdict = tocsin_answer_text (subject, "verdict");
  g_autofree char *painted = tocsin_terminal_paint (verdict, tocsin_answer_tone (verdict));
  JsonArray *categories = tocsin_answer_array (subject, "categories");

  g_print (_ ("%s %s: %s, score %d\n"), type, value, painted,
           (int) tocsin_answer_int (subject, "score"));
  if (*matched != '\0' && g_strcmp0 (matched, value) != 0)
    g_print (_ ("  matched %s\n"), matched);
  for (guint i = 0; categories != NULL && i < json_array_get_length (categories); i++)
    {
      JsonNode *node = json_array_get_element (categories, i);
      g_autofree char *slug = NULL;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        continue;
      slug = tocsin_answer_text (json_node_get_object (node), "slug");
      g_print (_ ("  %s, origins: %d\n"), slug,
               (int) tocsin_answer_int (json_node_get_object (node), "origins"));
    }
  print_strings (tocsin_answer_array (subject, "notes"), "  ");
  print_evidence (tocsin_answer_array (subject, "evidence"));
}

static void
print_answer (JsonObject *answer)
{
  g_autofree char *verdict = tocsin_answer_text (answer, "verdict");
  g_autofree char *painted = tocsin_terminal_paint (verdict, tocsin_answer_tone (verdict));
  g_autofree char *summary = tocsin_answer_text (answer, "summary");
  g_autofree char *allowed_by = tocsin_answer_text (answer, "allowed_by");
  JsonArray *subjects = tocsin_answer_array (answer, "subjects");
  JsonNode *without = json_object_get_member (answer, "without");

  g_print (_ ("Verdict: %s, score %d\n"), painted, (int) tocsin_answer_int (answer, "score"));
  if (*summary != '\0')
    g_print ("%s\n", summary);
  if (g_strcmp0 (tocsin_answer_string (answer, "mode"), "observe") == 0)
    g_print ("%s\n", _ ("The node only observes: nothing is to be done about it yet"));
  if (*allowed_by != '\0')
    g_print (_ ("Allowed by the operator: %s\n"), allowed_by);
  for (guint i = 0; subjects != NULL && i < json_array_get_length (subjects); i++)
    {
      JsonNode *node = json_array_get_element (subjects, i);

      if (JSON_NODE_HOLDS_OBJECT (node))
        print_subject (json_node_get_object (node));
    }
  if (without != NULL && JSON_NODE_HOLDS_OBJECT (without) &&
      json_object_get_size (json_node_get_object (without)) > 0)
    {
      g_print ("%s\n", _ ("Without one of the reporters the verdict were:"));
      tocsin_answer_print_members (json_node_get_object (without));
    }
}

static gboolean
write_body (TocsinInvocation *self, GString *body, GError **error)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);

  tocsin_json_writer_begin_object (&json);
  if (given.event != NULL)
    tocsin_json_writer_member_string (&json, "event", given.event);
  if (given.profile != NULL)
    tocsin_json_writer_member_string (&json, "profile", given.profile);
  tocsin_json_writer_member_bool (&json, "explain", given.explain);
  tocsin_json_writer_name (&json, "subjects");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < self->n_args; i++)
    {
      g_autofree char *type = NULL;
      const char *value = NULL;

      if (!tocsin_argument_subject (self->args[i], &type, &value, error))
        return FALSE;
      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "type", type);
      tocsin_json_writer_member_string (&json, "value", value);
      tocsin_json_writer_end_object (&json);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  return TRUE;
}

/* tocsin check TYPE=VALUE…: one event; the verdict is the exit status, also while the node only
 * observes, which the answer says. */
static gboolean
run (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (JsonNode) answer = NULL;
  const char *verdict;

  if (!write_body (self, body, error) ||
      !tocsin_answer_get (self, "POST", "/v1/check", body, &answer, error))
    return FALSE;
  if (!self->json)
    print_answer (json_node_get_object (answer));

  verdict = tocsin_answer_string (json_node_get_object (answer), "verdict");
  if (g_strcmp0 (verdict, "review") == 0)
    self->status = TOCSIN_EXIT_REVIEW;
  else if (g_strcmp0 (verdict, "block") == 0)
    self->status = TOCSIN_EXIT_BLOCK;
  else if (g_strcmp0 (verdict, "allow") != 0 && g_strcmp0 (verdict, "note") != 0)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           _ ("The node answered without a verdict"));
      return FALSE;
    }
  return TRUE;
}

static const GOptionEntry options[] = {
  { "profile", 0, 0, G_OPTION_ARG_STRING, &given.profile,
    N_ ("Judge by this profile (default: the setting default-profile)"), N_ ("NAME") },
  { "event", 0, 0, G_OPTION_ARG_STRING, &given.event, N_ ("What happened, such as signup"),
    N_ ("NAME") },
  { "explain", 0, 0, G_OPTION_ARG_NONE, &given.explain, N_ ("Show every report that was looked at"),
    NULL },
  G_OPTION_ENTRY_NULL,
};

const TocsinCommand tocsin_cmd_check = {
  .name = "check",
  .synopsis = N_ ("TYPE=VALUE…"),
  .summary = N_ ("Ask for a verdict; exit 0 is allow or note, 10 review, 11 block"),
  .options = options,
  .min_args = 1,
  .max_args = TOCSIN_CHECK_MAX_SUBJECTS,
  .run = run,
};
