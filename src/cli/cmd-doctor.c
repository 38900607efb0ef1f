/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/doctor.h"
#include "codec/json-writer.h"
#include "core/error.h"

static struct
{
  gboolean recount;
  gboolean local;
} given;

/* What to do about a finding. */
static const struct
{
  const char *name;
  const char *remedy;
} remedies[] = {
  { "node",
    N_ ("Start it (systemctl start tocsin), or name its socket with --socket; only root and the "
        "user that it runs as may use that") },
  { "version", N_ ("Restart the node, so that both are of one version") },
  { "keys", N_ ("Restore DIR/keys from a backup; without them peers do not know this node") },
  { "clock",
    N_ ("Set the clock, and have it kept (systemd-timesyncd, chrony); signatures depend on "
        "it") },
  { "modes", N_ ("chmod 0600 the files and 0700 the directories, as the node's user") },
  { "store", N_ ("Make room on the disk, or raise map-size-gib in node.conf and restart") },
  { "disk", N_ ("Make room: a full disk stops the node from taking reports") },
  { "feeds", N_ ("See “tocsin feed show NAME”; “tocsin feed refresh NAME” reads it at once, with "
                 "--may-shrink also where it lost much, and “tocsin feed disable NAME” ends it") },
  { "descriptors", N_ ("Set LimitNOFILE=65536 in the unit (systemctl edit tocsin)") },
  { "trust", N_ ("Restore a backup, and report this as a bug") },
  { "recount", N_ ("Restore a backup, and report this as a bug") },
  { "base-url", N_ ("Check DNS, certificate and proxy: base-url in node.conf has to lead here from "
                    "everywhere") },
  { "webfinger", N_ ("Let the proxy pass /.well-known/webfinger to the node") },
  { "actor", N_ ("Let the proxy pass every path of this host to the node, and nothing else") },
  { "proxy",
    N_ ("Let the proxy pass Host and all headers unchanged, and add no path (see the nginx "
        "and Caddy examples)") },
  { "peer-keys", N_ ("Compare its fingerprint with its admin by another way, then “tocsin peer "
                     "confirm-key ACTOR FINGERPRINT”") },
  { "catch-up", N_ ("The node tries again by itself; “tocsin peer reset ACTOR” tries at once") },
  { "peers", N_ ("See “tocsin peer list”; “tocsin peer reset ACTOR” tries one again at once") },
};

static const char *
remedy_for (const TocsinDoctorFinding *finding)
{
  for (gsize i = 0; !finding->ok && i < G_N_ELEMENTS (remedies); i++)
    if (g_str_equal (remedies[i].name, finding->name))
      return _ (remedies[i].remedy);
  return NULL;
}

static void
finding_clear (gpointer data)
{
  g_free (((TocsinDoctorFinding *) data)->text);
}

void
tocsin_doctor_add (GArray *findings, const char *name, gboolean ok, const char *text)
{
  TocsinDoctorFinding finding = { g_intern_string (name), ok, tocsin_text_clean (text) };

  g_array_append_val (findings, finding);
}

static void
look_at_peers (TocsinInvocation *self, GArray *findings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = tocsin_control_call (self->control, "GET", "/v1/peers", NULL, &error);
  g_autoptr (JsonNode) node =
      answer != NULL ? tocsin_control_parse (self->control, answer, &error) : NULL;
  JsonArray *peers =
      node != NULL ? tocsin_answer_array (json_node_get_object (node), "peers") : NULL;
  guint n = 0;
  guint open = 0;
  g_autofree char *text = NULL;

  for (guint i = 0; peers != NULL && i < json_array_get_length (peers); i++)
    {
      JsonNode *peer = json_array_get_element (peers, i);

      if (!JSON_NODE_HOLDS_OBJECT (peer))
        continue;
      n++;
      if (g_strcmp0 (tocsin_answer_string (json_node_get_object (peer), "breaker"), "open") == 0)
        open++;
    }
  text = g_strdup_printf (_ ("%u in all, of which %u cannot be reached"), n, open);
  tocsin_doctor_add (findings, "peers", node != NULL && open == 0,
                     node != NULL ? text : error->message);
}

/* What the node found out about itself. */
static void
take_checks (GArray *findings, JsonObject *node)
{
  JsonArray *checks = tocsin_answer_array (node, "checks");

  for (guint i = 0; checks != NULL && i < json_array_get_length (checks); i++)
    {
      JsonNode *check = json_array_get_element (checks, i);
      JsonObject *object = JSON_NODE_HOLDS_OBJECT (check) ? json_node_get_object (check) : NULL;
      const char *name = object != NULL ? tocsin_answer_string (object, "name") : NULL;
      const char *text = name != NULL ? tocsin_answer_string (object, "text") : NULL;

      if (text != NULL)
        tocsin_doctor_add (findings, name,
                           json_object_get_boolean_member_with_default (object, "ok", FALSE), text);
    }
}

static void
look_at_version (GArray *findings, JsonObject *node)
{
  const char *version = tocsin_answer_string (node, "version");
  gboolean same = g_strcmp0 (version, PACKAGE_VERSION) == 0;
  g_autofree char *text = NULL;

  if (same)
    text = g_strdup (version);
  else
    text = g_strdup_printf (_ ("the node is %s, this program %s"), version != NULL ? version : "?",
                            PACKAGE_VERSION);
  tocsin_doctor_add (findings, "version", same, text);
}

static gboolean
look_at_node (TocsinInvocation *self, GArray *findings)
{
  g_autoptr (GString) body = g_string_new (given.recount ? "{\"recount\":true}" : "{}");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (JsonNode) node = NULL;
  TocsinProgress progress;

  /* To count takes as long as it takes; else a node that is silent is what one asks the doctor for.
   */
  if (given.recount)
    tocsin_control_set_timeout_seconds (self->control, 0);
  tocsin_progress_start (&progress, _ ("Examining the node"), 0);
  tocsin_control_set_pulse (self->control, tocsin_progress_pulse, &progress);
  answer = tocsin_control_call (self->control, "POST", "/v1/doctor", body, &error);
  tocsin_control_set_pulse (self->control, NULL, NULL);
  tocsin_progress_stop (&progress);
  node = answer != NULL ? tocsin_control_parse (self->control, answer, &error) : NULL;
  tocsin_doctor_add (findings, "node", node != NULL, node != NULL ? _ ("answers") : error->message);
  if (node == NULL)
    return g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNREACHABLE) == FALSE;
  look_at_version (findings, json_node_get_object (node));
  take_checks (findings, json_node_get_object (node));
  if (!given.local)
    tocsin_doctor_look_from_outside (findings, json_node_get_object (node));
  look_at_peers (self, findings);
  return TRUE;
}

static void
print_findings (TocsinInvocation *self, GArray *findings)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (TocsinTable) table = tocsin_table_new (3, NULL);
  TocsinJsonWriter json = TOCSIN_JSON_WRITER_INIT (out);

  tocsin_table_keep_whole (table, 2);
  tocsin_json_writer_begin_object (&json);
  tocsin_json_writer_name (&json, "checks");
  tocsin_json_writer_begin_array (&json);
  for (guint i = 0; i < findings->len; i++)
    {
      const TocsinDoctorFinding *finding = &g_array_index (findings, TocsinDoctorFinding, i);

      tocsin_json_writer_begin_object (&json);
      tocsin_json_writer_member_string (&json, "name", finding->name);
      tocsin_json_writer_member_bool (&json, "ok", finding->ok);
      tocsin_json_writer_member_string (&json, "text", finding->text);
      tocsin_json_writer_member_string (&json, "remedy", remedy_for (finding));
      tocsin_json_writer_end_object (&json);
      tocsin_table_add_toned (table, finding->ok ? _ ("ok") : _ ("bad"),
                              finding->ok ? TOCSIN_TONE_GOOD : TOCSIN_TONE_BAD);
      tocsin_table_add (table, finding->name);
      tocsin_table_add (table, finding->text);
    }
  tocsin_json_writer_end_array (&json);
  tocsin_json_writer_end_object (&json);
  if (self->json)
    tocsin_answer_write_text (out->str);
  else
    tocsin_table_print (table);
}

/* Below the table, where a sentence has room. */
static void
print_remedies (GArray *findings)
{
  const char *last = NULL;

  for (guint i = 0; i < findings->len; i++)
    {
      const TocsinDoctorFinding *finding = &g_array_index (findings, TocsinDoctorFinding, i);
      const char *remedy = remedy_for (finding);

      if (remedy != NULL && remedy != last)
        g_print ("%s: %s\n", finding->name, remedy);
      last = remedy != NULL ? remedy : last;
    }
}

/* tocsin doctor: what commonly is wrong, each with what to do about it; exit 1 if anything is. */
static gboolean
run (TocsinInvocation *self, GError **error)
{
  g_autoptr (GArray) findings = g_array_new (FALSE, TRUE, sizeof (TocsinDoctorFinding));

  g_array_set_clear_func (findings, finding_clear);
  if (!look_at_node (self, findings))
    self->status = TOCSIN_EXIT_UNREACHABLE;
  print_findings (self, findings);
  if (!self->json)
    print_remedies (findings);
  for (guint i = 0; i < findings->len && self->status == TOCSIN_EXIT_OK; i++)
    if (!g_array_index (findings, TocsinDoctorFinding, i).ok)
      self->status = TOCSIN_EXIT_FAILED;
  return TRUE;
}

static const GOptionEntry options[] = {
  { "recount", 0, 0, G_OPTION_ARG_NONE, &given.recount,
    N_ ("Also count all rows again, and compare"), NULL },
  { "local", 0, 0, G_OPTION_ARG_NONE, &given.local,
    N_ ("Do not ask the node by its public address"), NULL },
  G_OPTION_ENTRY_NULL,
};

const TocsinCommand tocsin_cmd_doctor = {
  .name = "doctor",
  .summary = N_ ("Look for what commonly is wrong, and say what to do"),
  .options = options,
  .run = run,
};
