/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "codec/json-writer.h"
#include "core/clock.h"

static struct
{
  char *reason;
  char *expires;
  char *cursor;
} given;

static gboolean
run_add (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autofree char *type = NULL;
  g_autofree char *expires = NULL;
  const char *value = NULL;

  if (!tocsin_argument_subject (self->args[0], &type, &value, error))
    return FALSE;
  if (given.expires != NULL)
    {
      expires = tocsin_argument_time (given.expires, tocsin_time_now_us (), error);
      if (expires == NULL)
        return FALSE;
    }
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", type);
  tocsin_json_writer_member_string (&json, "value", value);
  if (given.reason != NULL)
    tocsin_json_writer_member_string (&json, "reason", given.reason);
  if (expires != NULL)
    tocsin_json_writer_member_string (&json, "expires", expires);
  tocsin_json_writer_end_object (&json);
  return tocsin_answer_done (self, "POST", "/v1/allow", body, _ ("Allowed, whatever others say"),
                             error);
}

static gboolean
run_remove (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);
  g_autofree char *type = NULL;
  const char *value = NULL;

  if (!tocsin_argument_subject (self->args[0], &type, &value, error))
    return FALSE;
  /* In the body, not in the path: a subject stands in no access log. */
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "type", type);
  tocsin_json_writer_member_string (&json, "value", value);
  tocsin_json_writer_end_object (&json);
  return tocsin_answer_done (self, "DELETE", "/v1/allow", body, _ ("No longer on the allow list"),
                             error);
}

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "type", N_ ("TYPE"), TOCSIN_COLUMN_PLAIN },
    { "value", N_ ("VALUE"), TOCSIN_COLUMN_PLAIN },
    { "reason", N_ ("REASON"), TOCSIN_COLUMN_PLAIN },
    { "expires", N_ ("EXPIRES"), TOCSIN_COLUMN_TIME },
  };
  g_autoptr (GString) path = g_string_new ("/v1/allow");
  g_autoptr (JsonNode) answer = NULL;

  tocsin_argument_add_query (path, "cursor", given.cursor);
  if (!tocsin_answer_get (self, "GET", path->str, NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_page (json_node_get_object (answer), "allow", columns,
                              G_N_ELEMENTS (columns), _ ("The allow list is empty"));
  return TRUE;
}

static const GOptionEntry add_options[] = {
  { "reason", 0, 0, G_OPTION_ARG_STRING, &given.reason, N_ ("Why; shown where it decides"),
    N_ ("TEXT") },
  { "expires", 0, 0, G_OPTION_ARG_STRING, &given.expires,
    N_ ("Until when: a date, a time, or a span such as 30d (default: for good)"), N_ ("WHEN") },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry list_options[] = {
  { "cursor", 0, 0, G_OPTION_ARG_STRING, &given.cursor, N_ ("Go on where the last listing ended"),
    N_ ("CURSOR") },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand allow_commands[] = {
  { "add", N_ ("TYPE=VALUE"), N_ ("Let something pass whatever others say"), NULL, add_options, 1,
    1, FALSE, run_add },
  { "remove", N_ ("TYPE=VALUE"), N_ ("Judge it like everything else again"), NULL, NULL, 1, 1,
    FALSE, run_remove },
  { "list", "", N_ ("List what passes"), NULL, list_options, 0, 0, FALSE, run_list },
  { NULL },
};

const TocsinCommand tocsin_cmd_allow = {
  .name = "allow",
  .synopsis = N_ ("add|remove|list"),
  .summary = N_ ("What the operator lets pass"),
  .commands = allow_commands,
};
