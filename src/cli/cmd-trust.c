/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/actor-ref.h"
#include "cli/answer.h"
#include "cli/arguments.h"

static struct
{
  char *area;
} given;

static gboolean
run_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "actor", N_ ("ACTOR"), TOCSIN_COLUMN_PEER },
    { "rank", N_ ("RANK"), TOCSIN_COLUMN_NUMBER },
    { "y", N_ ("Y"), TOCSIN_COLUMN_NUMBER },
    { "hops", N_ ("HOPS"), TOCSIN_COLUMN_NUMBER },
    { "direct", N_ ("DIRECT"), TOCSIN_COLUMN_PLAIN },
    { "weight", N_ ("WEIGHT"), TOCSIN_COLUMN_NUMBER },
    { "branch", N_ ("THROUGH"), TOCSIN_COLUMN_ACTOR },
  };
  g_autoptr (GString) path = g_string_new ("/v1/trust");
  g_autoptr (JsonNode) answer = NULL;

  if (given.area != NULL && !tocsin_argument_name ("area", given.area, error))
    return FALSE;
  tocsin_argument_add_query (path, "area", given.area);
  if (!tocsin_answer_get (self, "GET", path->str, NULL, &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_list (tocsin_answer_array (json_node_get_object (answer), "actors"),
                              columns, G_N_ELEMENTS (columns), _ ("Nobody is trusted"));
  return TRUE;
}

static void
print_paths (JsonArray *paths)
{
  for (guint i = 0; paths != NULL && i < json_array_get_length (paths); i++)
    {
      JsonNode *node = json_array_get_element (paths, i);
      g_autofree char *text = NULL;
      g_autofree char *strength = NULL;

      if (!JSON_NODE_HOLDS_OBJECT (node))
        continue;
      text = tocsin_answer_text (json_node_get_object (node), "text");
      strength = tocsin_answer_text (json_node_get_object (node), "strength");
      g_print (_ ("  %s (strength %s)\n"), text, strength);
    }
}

static gboolean
run_show (TocsinInvocation *self, GError **error)
{
  g_autofree char *actor = tocsin_actor_ref_resolve (self->control, self->args[0], TRUE, error);
  g_autofree char *start = NULL;
  g_autoptr (GString) path = NULL;
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (JsonNode) paths = NULL;
  JsonObject *object;

  if (actor == NULL || (given.area != NULL && !tocsin_argument_name ("area", given.area, error)))
    return FALSE;
  start = tocsin_argument_path ("/v1/trust/", actor, "");
  path = g_string_new (start);
  tocsin_argument_add_query (path, "area", given.area);
  if (!tocsin_answer_get (self, "GET", path->str, NULL, &answer, error))
    return FALSE;
  if (self->json)
    return TRUE;

  object = json_node_get_object (answer);
  paths = json_object_dup_member (object, "paths");
  json_object_remove_member (object, "paths");
  tocsin_answer_print_members (object);
  if (paths != NULL && JSON_NODE_HOLDS_ARRAY (paths) &&
      json_array_get_length (json_node_get_array (paths)) > 0)
    {
      g_print ("%s\n", _ ("Why:"));
      print_paths (json_node_get_array (paths));
    }
  return TRUE;
}

static const GOptionEntry options[] = {
  { "area", 0, 0, G_OPTION_ARG_STRING, &given.area,
    N_ ("In this area: any (default), spam, abuse or security"), N_ ("AREA") },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand trust_commands[] = {
  { "list", "", N_ ("List whom the node believes, and how far"), NULL, options, 0, 0, FALSE,
    run_list },
  { "show", N_ ("ACTOR"), N_ ("Show why one actor is believed, and by which paths"), NULL, options,
    1, 1, FALSE, run_show },
  { NULL },
};

const TocsinCommand tocsin_cmd_trust = {
  .name = "trust",
  .synopsis = N_ ("list|show"),
  .summary = N_ ("Who is believed, and why"),
  .commands = trust_commands,
};
