/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/answer.h"
#include "cli/doctor.h"

#define WAIT_SECONDS 15
/* What a proxy might decode or normalise away. */
#define ECHO_TARGET "/health/echo?a=%2F&b=1%2B1"
#define ECHO_BODY   "{\"tocsin\":\"doctor\"}"

/* Sent so, to be found so. None of it is valid, and nobody checks it. */
static const struct
{
  const char *name;
  const char *value;
} signed_headers[] = {
  { "Date", "Tue, 01 Sep 2026 12:00:00 GMT" },
  { "Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" },
  { "Content-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:" },
  { "Signature-Input", "tocsin=(\"@method\" \"@target-uri\");created=1;keyid=\"doctor\"" },
  { "Signature", "tocsin=:AAAA:" },
};

static JsonNode *
ask (TocsinControl *outside, const char *method, const char *path, const char *body, GError **error)
{
  g_autoptr (GString) text = body != NULL ? g_string_new (body) : NULL;
  g_autoptr (GBytes) answer = tocsin_control_call (outside, method, path, text, error);

  return answer != NULL ? tocsin_control_parse (outside, answer, error) : NULL;
}

static void
look_at_webfinger (GArray *findings, TocsinControl *outside, JsonObject *node)
{
  const char *actor = tocsin_answer_string (node, "actor");
  g_autofree char *account = g_strdup_printf ("acct:%s@%s", tocsin_answer_string (node, "username"),
                                              tocsin_answer_string (node, "authority"));
  g_autofree char *escaped = g_uri_escape_string (account, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/.well-known/webfinger?resource=", escaped, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = ask (outside, "GET", path, NULL, &error);
  JsonArray *links =
      answer != NULL ? tocsin_answer_array (json_node_get_object (answer), "links") : NULL;
  gboolean found = FALSE;

  for (guint i = 0; links != NULL && i < json_array_get_length (links); i++)
    {
      JsonNode *link = json_array_get_element (links, i);

      found |= JSON_NODE_HOLDS_OBJECT (link) &&
               g_strcmp0 (tocsin_answer_string (json_node_get_object (link), "rel"), "self") == 0 &&
               g_strcmp0 (tocsin_answer_string (json_node_get_object (link), "href"), actor) == 0;
    }
  if (answer == NULL)
    tocsin_doctor_add (findings, "webfinger", FALSE, error->message);
  else
    tocsin_doctor_add (findings, "webfinger", found,
                       found ? account : _ ("it names another actor"));
}

static void
look_at_actor (GArray *findings, TocsinControl *outside, JsonObject *node)
{
  const char *actor = tocsin_answer_string (node, "actor");
  const char *base = tocsin_answer_string (node, "base_url");
  g_autofree char *inbox = g_strconcat (base, "/inbox", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = NULL;
  gboolean ok;

  tocsin_control_add_header (outside, "Accept", "application/activity+json");
  answer = ask (outside, "GET", "/actor", NULL, &error);
  if (answer == NULL)
    {
      tocsin_doctor_add (findings, "actor", FALSE, error->message);
      return;
    }
  ok = g_strcmp0 (tocsin_answer_string (json_node_get_object (answer), "id"), actor) == 0 &&
       g_strcmp0 (tocsin_answer_string (json_node_get_object (answer), "inbox"), inbox) == 0;
  tocsin_doctor_add (findings, "actor", ok, ok ? actor : _ ("another actor answers there"));
}

/* The first thing that arrived otherwise than it was sent; NULL if nothing did. */
static char *
find_difference (JsonObject *seen, JsonObject *node)
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, ECHO_BODY, -1);
  JsonNode *headers_node = json_object_get_member (seen, "headers");
  JsonObject *headers = headers_node != NULL && JSON_NODE_HOLDS_OBJECT (headers_node)
                            ? json_node_get_object (headers_node)
                            : NULL;
  const char *host = headers != NULL ? tocsin_answer_string (headers, "Host") : NULL;
  const char *target = tocsin_answer_string (seen, "target");

  if (headers == NULL || target == NULL)
    return g_strdup (_ ("something else answers"));
  if (host == NULL || g_ascii_strcasecmp (host, tocsin_answer_string (node, "authority")) != 0)
    return g_strdup_printf (_ ("Host arrives as “%s”"), host != NULL ? host : "");
  if (!g_str_equal (target, ECHO_TARGET))
    return g_strdup_printf (_ ("the target arrives as “%s”"), target);
  if (g_strcmp0 (tocsin_answer_string (seen, "body_sha256"), hash) != 0)
    return g_strdup (_ ("the body arrives changed"));
  for (gsize i = 0; i < G_N_ELEMENTS (signed_headers); i++)
    if (g_strcmp0 (tocsin_answer_string (headers, signed_headers[i].name),
                   signed_headers[i].value) != 0)
      return g_strdup_printf (_ ("%s does not arrive as it was sent"), signed_headers[i].name);
  return NULL;
}

static void
look_at_proxy (GArray *findings, TocsinControl *outside, JsonObject *node)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) answer = NULL;
  g_autofree char *difference = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (signed_headers); i++)
    tocsin_control_add_header (outside, signed_headers[i].name, signed_headers[i].value);
  tocsin_control_add_header (outside, "Tocsin-Probe", tocsin_answer_string (node, "probe"));
  answer = ask (outside, "POST", ECHO_TARGET, ECHO_BODY, &error);
  if (answer == NULL)
    {
      tocsin_doctor_add (findings, "proxy", FALSE, error->message);
      return;
    }
  difference = find_difference (json_node_get_object (answer), node);
  tocsin_doctor_add (findings, "proxy", difference == NULL,
                     difference != NULL ? difference
                                        : _ ("passes on Host, target, signatures and body"));
}

void
tocsin_doctor_look_from_outside (GArray *findings, JsonObject *node)
{
  static const char *const needed[] = { "base_url", "actor", "username", "authority", "probe" };
  const char *base = tocsin_answer_string (node, "base_url");
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinControl) outside = NULL;
  g_autoptr (GBytes) live = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (needed); i++)
    if (tocsin_answer_string (node, needed[i]) == NULL)
      return;
  outside = tocsin_control_new_for_url (base, NULL, &error);
  if (outside != NULL)
    {
      tocsin_control_set_timeout_seconds (outside, WAIT_SECONDS);
      live = tocsin_control_call (outside, "GET", "/health/live", NULL, &error);
    }
  tocsin_doctor_add (findings, "base-url", live != NULL, live != NULL ? base : error->message);
  if (live == NULL)
    return;
  look_at_webfinger (findings, outside, node);
  look_at_actor (findings, outside, node);
  look_at_proxy (findings, outside, node);
}
