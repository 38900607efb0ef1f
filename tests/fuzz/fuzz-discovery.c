/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any bytes as the JRD or the NodeInfo index of another server: what is found is an actor's id in
 * canonical form that stands in the document. Any text as what WebFinger is asked for: what is
 * answered leads to our actor, and nothing is answered but the names of it and of this server.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "codec/as-read.h"
#include "codec/discovery-json.h"
#include "codec/json-strict.h"
#include "core/error.h"
#include "core/uri.h"

#define BASE  "https://a.example"
#define ACTOR BASE "/actor"

static gboolean
has_link (JsonObject *document, const char *href)
{
  g_autoptr (GPtrArray) links = tocsin_as_list (document, "links");

  for (guint i = 0; i < links->len; i++)
    if (JSON_NODE_HOLDS_OBJECT ((JsonNode *) links->pdata[i]) &&
        g_strcmp0 (tocsin_as_string (json_node_get_object (links->pdata[i]), "href"), href) == 0)
      return TRUE;
  return FALSE;
}

static void
check_found (GBytes *body, const char *found, const GError *error)
{
  g_autoptr (JsonNode) root = NULL;

  g_assert_true ((found == NULL) == (error != NULL));
  if (found == NULL)
    {
      g_assert_true (error->domain == TOCSIN_ERROR);
      return;
    }
  g_assert_true (tocsin_uri_check_id (found, FALSE, NULL));
  root =
      tocsin_json_parse (g_bytes_get_data (body, NULL), g_bytes_get_size (body), NULL, NULL, NULL);
  g_assert_true (has_link (json_node_get_object (root), found));
}

static void
check_answer (const char *resource)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) jrd = tocsin_webfinger_answer (BASE, "tocsin", resource, &error);
  g_autofree char *found = NULL;

  if (jrd == NULL)
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND);
      return;
    }
  g_assert_true (g_ascii_strcasecmp (resource, "acct:tocsin@a.example") == 0 ||
                 g_str_equal (resource, ACTOR) || g_str_equal (resource, BASE) ||
                 g_str_equal (resource, BASE "/"));
  found = tocsin_webfinger_find_actor (jrd, NULL);
  g_assert_cmpstr (found, ==, ACTOR);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) no_link = NULL;
  g_autoptr (GError) no_application = NULL;
  g_autofree char *linked = tocsin_webfinger_find_actor (body, &no_link);
  g_autofree char *application = tocsin_nodeinfo_find_actor (body, &no_application);

  check_found (body, linked, no_link);
  check_found (body, application, no_application);
  check_answer (text);
}
