/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/arguments.h"
#include "core/error.h"

static struct
{
  gboolean all;
  char *count;
} given;

static gboolean
run_review_list (TocsinInvocation *self, GError **error)
{
  static const TocsinColumn columns[] = {
    { "id", N_ ("ID"), TOCSIN_COLUMN_PLAIN },
    { "kind", N_ ("KIND"), TOCSIN_COLUMN_PLAIN },
    { "actor", N_ ("ACTOR"), TOCSIN_COLUMN_ACTOR },
    { "subject", N_ ("SUBJECT"), TOCSIN_COLUMN_PLAIN },
    { "category", N_ ("CATEGORY"), TOCSIN_COLUMN_PLAIN },
    { "count", N_ ("COUNT"), TOCSIN_COLUMN_NUMBER },
    { "due", N_ ("DUE"), TOCSIN_COLUMN_TIME },
    { "state", N_ ("STATE"), TOCSIN_COLUMN_STATE },
    { "text", N_ ("WHAT"), TOCSIN_COLUMN_WHOLE },
  };
  g_autoptr (JsonNode) answer = NULL;

  if (!tocsin_answer_get (self, "GET", given.all ? "/v1/review?all=true" : "/v1/review", NULL,
                          &answer, error))
    return FALSE;
  if (!self->json)
    tocsin_answer_print_list (tocsin_answer_array (json_node_get_object (answer), "items"), columns,
                              G_N_ELEMENTS (columns), _ ("Nothing waits for review"));
  return TRUE;
}

static gboolean
decide (TocsinInvocation *self, const char *word, const char *sentence, GError **error)
{
  g_autofree char *path = tocsin_argument_path ("/v1/review/", self->args[0], word);
  g_autoptr (GString) query = g_string_new (path);

  tocsin_argument_add_query (query, "count", given.count);
  return tocsin_answer_done (self, "POST", query->str, NULL, sentence, error);
}

static gboolean
run_review_accept (TocsinInvocation *self, GError **error)
{
  return decide (self, "/accept", _ ("Accepted"), error);
}

static gboolean
run_review_reject (TocsinInvocation *self, GError **error)
{
  if (!tocsin_answer_confirm (self, _ ("What waits here is dropped, which cannot be undone."),
                              error))
    return FALSE;
  return decide (self, "/reject", _ ("Rejected"), error);
}

static const GOptionEntry review_options[] = {
  { "all", 0, 0, G_OPTION_ARG_NONE, &given.all, N_ ("Those that were decided, too"), NULL },
  G_OPTION_ENTRY_NULL,
};

static const GOptionEntry decision_options[] = {
  { "count", 0, 0, G_OPTION_ARG_STRING, &given.count,
    N_ ("Only if the line still stands for N, as when you looked"), N_ ("N") },
  G_OPTION_ENTRY_NULL,
};

static const TocsinCommand review_commands[] = {
  { "list", "", N_ ("List what waits for the operator"), NULL, review_options, 0, 0, FALSE,
    run_review_list },
  { "accept", N_ ("ID"), N_ ("Take what was held back"), NULL, decision_options, 1, 1, FALSE,
    run_review_accept, TRUE },
  { "reject", N_ ("ID"), N_ ("Drop what was held back"), NULL, decision_options, 1, 1, TRUE,
    run_review_reject, TRUE },
  { NULL },
};

const TocsinCommand tocsin_cmd_review = {
  .name = "review",
  .synopsis = N_ ("list|accept|reject"),
  .summary = N_ ("What waits for the operator's word"),
  .commands = review_commands,
};
