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

static struct
{
  char **scopes;
} given;

static gboolean
write_token (TocsinInvocation *self, GString *body, GError **error)
{
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (body);

  if (given.scopes == NULL)
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID,
                           _ ("--scope is missing: say what the token is for"));
      return FALSE;
    }
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_member_string (&json, "name", self->args[0]);
  tocsin_json_writer_name (&json, "scopes");
  tocsin_json_writer_begin_array (&json);
  for (gsize i = 0; given.scopes[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (given.scopes[i], ",", -1);

      for (gsize k = 0; parts[k] != NULL; k++)
        {
          if (!tocsin_argument_name ("scope", parts[k], error))
            return FALSE;
          tocsin_json_writer_string (&json, parts[k]);
        }
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  return TRUE;
}

/* The token alone goes to standard output, so that a script can keep it. */
static gboolean
run_add (TocsinInvocation *self, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *token = NULL;

  if (!write_token (self, body, error) ||
      !tocsin_answer_get (self, "POST", "/v1/tokens", body, &answer, error))
    return FALSE;
  if (self->json)
    return TRUE;
  token = tocsin_answer_text (json_node_get_object (answer), "token");
  if (*token == '\0')
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           _ ("The node answered without a token"));
      return FALSE;
    }
  g_printerr ("%s\n", _ ("Keep this: it is shown once"));
  g_print ("%s\n", token);
  return TRUE;
}

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "name", N_ ("NAME"), TOCSIN_COLUMN_PLAIN },
    { "scopes", N_ ("SCOPES"), TOCSIN_COLUMN_PLAIN },
    { "created", N_ ("CREATED"), TOCSIN_COLUMN_TIME },
  };
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "GET", "/v1/tokens", NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_list (tocsin_answer_array (json_node_get_object (answer), "tokens"),
                              columns, G_N_ELEMENTS (columns), _ ("No tokens"));
  return TRUE;
}

static gboolean
run_remove (TocsinInvocation *self, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/tokens/", self->args[0], "");

  if (!tocsin_answer_confirm (self, _ ("Whoever uses this token is locked out."), error))
    return FALSE;
  return tocsin_answer_done (self, "DELETE", path, NULL, _ ("The token is removed"), error);
}

static const GOptionEntry add_options[] = {
  { "scope", 0, 0, G_OPTION_ARG_STRING_ARRAY, &given.scopes,
    N_ ("What it may do: check, range, report, stream, admin or metrics; may be repeated"),
    N_ ("SCOPE") },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand token_commands[] = {
  { "add", N_ ("NAME"), N_ ("Make a token and print it, once"), NULL, add_options, 1, 1, FALSE,
    run_add },
  { "list", "", N_ ("List tokens, without their secrets"), NULL, NULL, 0, 0, FALSE, run_list },
  { "remove", N_ ("NAME"), N_ ("Remove a token"), NULL, NULL, 1, 1, TRUE, run_remove },
  { NULL },
};

const TocsinCommand tocsin_cmd_token = {
  .name = "token",
  .synopsis = N_ ("add|list|remove"),
  .summary = N_ ("Keys to the API for other programs"),
  .commands = token_commands,
};
