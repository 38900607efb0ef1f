/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/discovery-json.h"
#include "codec/json-strict.h"
#include "core/error.h"
#include "golden-body.h"

#define BASE "https://a.example:8443"

static JsonNode *
parse (GBytes *body)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);
  g_autoptr (GError) error = NULL;
  JsonNode *root = tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, &error);

  g_assert_no_error (error);
  return root;
}

static void
test_webfinger_answers (void)
{
  static const struct
  {
    const char *resource;
    const char *subject; /* NULL: not found */
  } rows[] = {
    { "acct:tocsin@a.example:8443", "acct:tocsin@a.example:8443" },
    { "acct:Tocsin@A.example:8443", "acct:tocsin@a.example:8443" },
    { BASE "/actor", "acct:tocsin@a.example:8443" },
    { BASE "/", BASE "/" },
    { BASE, BASE "/" },
    { "acct:tocsin@a.example", NULL },
    { "acct:root@a.example:8443", NULL },
    { BASE "/actor/", NULL },
    { BASE "0/", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) answer =
          tocsin_webfinger_answer (BASE, "tocsin", rows[i].resource, &error);

      g_test_message ("%s", rows[i].resource);
      if (rows[i].subject == NULL)
        {
          g_assert_null (answer);
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_NOT_FOUND);
        }
      else
        {
          g_autoptr (JsonNode) root = parse (answer);
          g_autofree char *actor = tocsin_webfinger_find_actor (answer, &error);

          g_assert_no_error (error);
          g_assert_cmpstr (json_object_get_string_member (json_node_get_object (root), "subject"),
                           ==, rows[i].subject);
          g_assert_cmpstr (actor, ==, BASE "/actor");
        }
    }
}

static void
test_webfinger_of_others (void)
{
  static const struct
  {
    const char *json;
    const char *actor; /* NULL: refused with code */
    TocsinError code;
  } rows[] = {
    { "{'links':[{'rel':'self','type':'application/ld+json; "
      "profile=x','href':'https://b.example/u'}]}",
      "https://b.example/u", 0 },
    { "{'links':[{'rel':'self','type':'text/html','href':'https://b.example/h'},"
      "{'rel':'self','type':'application/activity+json','href':'https://b.example/u'}]}",
      "https://b.example/u", 0 },
    { "{'links':{'rel':'https://www.w3.org/ns/activitystreams#Service',"
      "'type':'application/activity+json','href':'https://b.example/s'}}",
      "https://b.example/s", 0 },
    { "{'links':[{'rel':'self','type':'application/activity+json','href':'https://u@b.example/"
      "u'}]}",
      NULL, TOCSIN_ERROR_UNPROCESSABLE },
    { "{'links':[{'rel':'self','href':'https://b.example/u'}]}", NULL, TOCSIN_ERROR_UNPROCESSABLE },
    { "{'links':[{'rel':'self','type':'application/activity+json','href':7},"
      "{'rel':7,'type':'application/activity+json','href':'https://b.example/u'}]}",
      NULL, TOCSIN_ERROR_UNPROCESSABLE },
    { "{'links':[{'rel':'https://www.w3.org/ns/activitystreams#Service',"
      "'type':'application/activity+json','href':'https://b.example/s'},"
      "{'rel':'self','type':'application/activity+json','href':'https://b.example/u'}]}",
      "https://b.example/u", 0 }, /* whoever was asked for, before the server */
    { "{'links':['self',7,null,{}]}", NULL, TOCSIN_ERROR_UNPROCESSABLE },
    { "{}", NULL, TOCSIN_ERROR_UNPROCESSABLE },
    { "[]", NULL, TOCSIN_ERROR_INVALID },
    { "x", NULL, TOCSIN_ERROR_INVALID },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = json_body (rows[i].json);
      g_autoptr (GError) error = NULL;
      g_autofree char *actor = tocsin_webfinger_find_actor (body, &error);

      g_test_message ("%s", rows[i].json);
      g_assert_cmpstr (actor, ==, rows[i].actor);
      if (rows[i].actor == NULL)
        g_assert_error (error, TOCSIN_ERROR, (int) rows[i].code);
    }
}

static void
test_golden_webfinger (void)
{
  g_autoptr (GBytes) body = golden_body ("08-fedify-webfinger-answer.json");
  g_autoptr (GError) error = NULL;
  g_autofree char *actor = tocsin_webfinger_find_actor (body, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (actor, ==, "http://127.0.0.1:8502/actors/beta");
}

/* A node without a name says nothing of one. */
static void
test_nameless_node (void)
{
  static const struct
  {
    const char *name;
    const char *metadata;
  } cases[] = { { NULL, "{}" }, { "A \"node\"", "{\"nodeName\":\"A \\\"node\\\"\"}" } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) document = tocsin_nodeinfo_document ("0.1.0", cases[i].name);
      g_autoptr (JsonNode) root = parse (document);
      JsonObject *object = json_node_get_object (root);
      g_autofree char *metadata =
          json_to_string (json_object_get_member (object, "metadata"), FALSE);

      g_assert_cmpstr (metadata, ==, cases[i].metadata);
      g_assert_cmpstr (json_object_get_string_member (object, "version"), ==, "2.1");
      g_assert_cmpstr (json_object_get_string_member (
                           json_object_get_object_member (object, "software"), "version"),
                       ==, "0.1.0");
    }
}

static void
test_nodeinfo (void)
{
  g_autoptr (GBytes) index = tocsin_nodeinfo_index (BASE);
  g_autoptr (GBytes) document = tocsin_nodeinfo_document ("0.1.0", "A node");
  g_autoptr (GBytes) golden = golden_body ("09-fedify-nodeinfo-answer.json");
  g_autoptr (GError) error = NULL;
  g_autofree char *actor = tocsin_nodeinfo_find_actor (index, &error);
  g_autoptr (JsonNode) ours = parse (document);
  g_autoptr (JsonNode) theirs = parse (golden);
  g_autoptr (GList) required = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (actor, ==, BASE "/actor");
  /* The schema requires what Fedify, which is held to it, sends. */
  required = json_object_get_members (json_node_get_object (theirs));
  for (GList *l = required; l != NULL; l = l->next)
    if (strcmp (l->data, "$schema") != 0)
      g_assert_true (json_object_has_member (json_node_get_object (ours), l->data));
  g_assert_null (tocsin_nodeinfo_find_actor (document, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/discovery/webfinger-answers", test_webfinger_answers);
  g_test_add_func ("/discovery/webfinger-of-others", test_webfinger_of_others);
  g_test_add_func ("/discovery/golden-webfinger", test_golden_webfinger);
  g_test_add_func ("/discovery/nameless-node", test_nameless_node);
  g_test_add_func ("/discovery/nodeinfo", test_nodeinfo);
  return g_test_run ();
}
