/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* What a person may ask for: what is known of them, and to be forgotten. */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "codec/json-writer.h"

static struct
{
  gboolean dry_run;
} given;

static GString *
make_body (const char *typed, gboolean dry_run, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autofree char *type = NULL;
  const char *value = NULL;

  if (!tocsin_argument_subject (typed, &type, &value, error))
    return NULL;
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", type);
  tocsin_json_writer_member_string (&json, "value", value);
  if (dry_run)
    tocsin_json_writer_member_bool (&json, "dry_run", TRUE);
  tocsin_json_writer_end_object (&json);
  return g_steal_pointer (&body);
}

static gboolean
call (TocsinInvocation *self,
      const char *path,
      gboolean dry_run,
      GBytes **answer,
      JsonNode **node,
      GError **error)
{
  g_autoptr (GString) body = make_body (self->args[0], dry_run, error);
  TocsinProgress progress;

  if (body == NULL)
    return FALSE;
  tocsin_progress_start (&progress, _ ("Looking through the store"), 0);
  tocsin_control_set_pulse (self->control, tocsin_progress_pulse, &progress);
  *answer = tocsin_control_call (self->control, "POST", path, body, error);
  tocsin_control_set_pulse (self->control, NULL, NULL);
  tocsin_progress_stop (&progress);
  *node = *answer != NULL ? tocsin_control_parse (self->control, *answer, error) : NULL;
  return *node != NULL;
}

/* tocsin export-subject TYPE=VALUE: always JSON, since it is to be handed on. */
static gboolean
run_export (TocsinInvocation *self, GError **error)
{
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonNode) node = NULL;

  if (!call (self, "/v1/subjects/export", FALSE, &answer, &node, error))
    return FALSE;
  tocsin_answer_write (answer);
  return TRUE;
}

static char *
describe (JsonObject *counts)
{
  return g_strdup_printf (
      _ ("own reports %d, reports of others %d, imported entries %d, other notes %d"),
      (int) tocsin_answer_int (counts, "withdrawn"), (int) tocsin_answer_int (counts, "erased"),
      (int) tocsin_answer_int (counts, "imported"), (int) tocsin_answer_int (counts, "other"));
}

/* What would go is told before it is asked for; --yes knows it already. */
static gboolean
confirm (TocsinInvocation *self, GError **error)
{
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *counts = NULL;
  g_autofree char *question = NULL;

  if (self->yes)
    return TRUE;
  if (!call (self, "/v1/subjects/erase", TRUE, &answer, &node, error))
    return FALSE;
  counts = describe (json_node_get_object (node));
  question = g_strdup_printf (_ ("For good, here and, as far as they obey, at peers: %s."), counts);
  return tocsin_answer_confirm (self, question, error);
}

static gboolean
run_erase (TocsinInvocation *self, GError **error)
{
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *counts = NULL;

  if ((!given.dry_run && !confirm (self, error)) ||
      !call (self, "/v1/subjects/erase", given.dry_run, &answer, &node, error))
    return FALSE;
  if (self->json)
    {
      tocsin_answer_write (answer);
      return TRUE;
    }
  counts = describe (json_node_get_object (node));
  g_print (given.dry_run ? _ ("Would be erased: %s\n") : _ ("Erased: %s\n"), counts);
  if (!given.dry_run)
    g_print ("%s\n", _ ("Backups that were made before still hold it"));
  return TRUE;
}

static const GOptionEntry erase_options[] = {
  { "dry-run", 0, 0, G_OPTION_ARG_NONE, &given.dry_run, N_ ("Only see what would go"), NULL },
  G_OPTION_ENTRY_NULL,
};

const TocsinCommand tocsin_cmd_export_subject = {
  .name = "export-subject",
  .synopsis = N_ ("TYPE=VALUE"),
  .summary = N_ ("Print all that the node holds about someone, as JSON"),
  .min_args = 1,
  .max_args = 1,
  .run = run_export,
  .is_long = TRUE,
};

const TocsinCommand tocsin_cmd_erase = {
  .name = "erase",
  .synopsis = N_ ("TYPE=VALUE"),
  .summary = N_ ("Take every trace of someone out of the node"),
  .options = erase_options,
  .min_args = 1,
  .max_args = 1,
  .confirms = TRUE,
  .run = run_erase,
  .is_long = TRUE,
};
