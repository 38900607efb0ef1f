/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "codec/json-writer.h"
#include "core/clock.h"

/* One thing that was looked at. */
typedef struct
{
  const char *name;
  gboolean ok;
  char *text; /* (owned) what is wrong, or how it is */
} Finding;

static void
finding_clear (gpointer data)
{
  g_free (((Finding *) data)->text);
}

static void
add_finding (GArray *findings, const char *name, gboolean ok, const char *text)
{
  Finding finding = { name, ok, tocsin_text_clean (text) };

  g_array_append_val (findings, finding);
}

static JsonNode *
ask (TocsinInvocation *self, GArray *findings, const char *name, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = tocsin_control_call (self->control, "GET", path, NULL, &error);
  JsonNode *node = answer != NULL ? tocsin_control_parse (self->control, answer, &error) : NULL;

  add_finding (findings, name, node != NULL, node != NULL ? _ ("answers") : error->message);
  return node;
}

static void
look_at_peers (GArray *findings, JsonArray *peers)
{
  guint n = 0;
  guint open = 0;
  g_autofree char *text = NULL;

  for (guint i = 0; peers != NULL && i < json_array_get_length (peers); i++)
    {
      JsonNode *node = json_array_get_element (peers, i);

      if (!JSON_NODE_HOLDS_OBJECT (node))
        continue;
      n++;
      if (g_strcmp0 (tocsin_answer_string (json_node_get_object (node), "breaker"), "open") == 0)
        open++;
    }
  text = g_strdup_printf (_ ("%u peers, %u of them cannot be reached"), n, open);
  add_finding (findings, "peers", open == 0, text);
}

static void
print_findings (TocsinInvocation *self, GArray *findings)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (TocsinTable) table = tocsin_table_new (3, NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);

  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "checks");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < findings->len; i++)
    {
      const Finding *finding = &g_array_index (findings, Finding, i);

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "name", finding->name);
      tocsin_json_writer_member_bool (&json, "ok", finding->ok);
      tocsin_json_writer_member_string (&json, "text", finding->text);
      tocsin_json_writer_end_object (&json);
      tocsin_table_add_toned (table, finding->ok ? _ ("ok") : _ ("bad"),
                              finding->ok ? TOCSIN_TONE_GOOD : TOCSIN_TONE_BAD);
      tocsin_table_add (table, finding->name);
      tocsin_table_add (table, finding->text);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  if (self->json)
    g_print ("%s\n", out->str);
  else
    tocsin_table_print (table);
}

/* tocsin doctor: what commonly is wrong, each with a word on it; exit 1 if anything is. */
static gboolean
run (TocsinInvocation *self, GError **error)
{
  g_autoptr (GArray) findings = g_array_new (FALSE, TRUE, sizeof (Finding));
  g_autoptr (JsonNode) status = NULL;
  g_autoptr (JsonNode) ready = NULL;
  g_autoptr (JsonNode) peers = NULL;
  gboolean sane = tocsin_time_is_sane (tocsin_time_now_us ());

  g_array_set_clear_func (findings, finding_clear);
  add_finding (findings, "clock", sane, sane ? _ ("plausible") : _ ("this clock is wrong"));
  status = ask (self, findings, "node", "/v1/status");
  if (status != NULL)
    {
      ready = ask (self, findings, "ready", "/health/ready");
      peers = ask (self, findings, "peer-list", "/v1/peers");
    }
  if (peers != NULL)
    look_at_peers (findings, tocsin_answer_array (json_node_get_object (peers), "peers"));
  print_findings (self, findings);
  if (status == NULL)
    self->status = TOCSIN_EXIT_UNREACHABLE;
  for (guint i = 0; i < findings->len && self->status == TOCSIN_EXIT_OK; i++)
    if (!g_array_index (findings, Finding, i).ok)
      self->status = TOCSIN_EXIT_FAILED;
  return TRUE;
}

const TocsinCommand tocsin_cmd_doctor = {
  .name = "doctor",
  .summary = N_ ("Look for what commonly is wrong"),
  .run = run,
};
