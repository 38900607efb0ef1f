/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A node over a store that a released version left judges as that one did: trust is worked out from
 * what is stored, and checks are answered from it.
 */
#include "api-node.h"

#include "codec/json-strict.h"
#include "node/recompute.h"
#include "stored.h"
#include "tools/every-table.h"

/* What is asked for, a day after the store was written, and what is answered. */
static const struct
{
  const char *type;
  const char *value;
  const char *verdict;
  gboolean known;
  guint origins;
  int score;
} checks[] = {
  { "domain", "own.example", "block", TRUE, 1, 100 },
  { "ip", "203.0.113.5", "block", TRUE, 1, 100 },
  { "email", "own.spammer@mail.example", "block", TRUE, 1, 100 },
  { "ip", "198.51.100.7", "review", TRUE, 2, 72 },
  { "ip", "2001:db8:1:2::99", "allow", TRUE, 0, 0 },
  { "ip", "192.0.2.9", "note", TRUE, 1, 48 },
  { "domain", "held.example", "allow", FALSE, 0, 0 },
  { "domain", "expired.example", "allow", FALSE, 0, 0 },
  { "domain", "withdrawn.example", "allow", FALSE, 0, 0 },
  { "domain", "new.example", "allow", FALSE, 0, 0 },
};

static void
on_trust (TocsinTrustSnapshot *trust, gpointer data)
{
  tocsin_api_set_trust (data, trust);
}

static void
open_stored (Node *node)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinRecompute) recompute = NULL;
  g_autoptr (TocsinTrustSnapshot) trust = NULL;

  now_us = EVERY_TIME_US + TOCSIN_DAY_US;
  node->dir = g_dir_make_tmp ("tocsin-answers-XXXXXX", &error);
  g_assert_no_error (error);
  stored_unpack (1, node->dir);
  node_start (node);
  recompute = tocsin_recompute_new (node->store, on_trust, node->api, 1);
  trust = tocsin_recompute_now (recompute);
  tocsin_api_set_trust (node->api, trust);
}

static JsonNode *
check (Node *node, const char *type, const char *value)
{
  g_autofree char *body = g_strdup_printf (
      "{\"subjects\":[{\"type\":\"%s\",\"value\":\"%s\"}],\"explain\":true}", type, value);
  g_auto (Answer) answer = { 0 };
  g_autoptr (GError) error = NULL;
  JsonNode *root;

  node_ask (node, "POST", "/v1/check", TYPE_CHECK, body, &answer);
  g_test_message ("%s", answer.body->str);
  g_assert_cmpuint (answer.status, ==, 200);
  root = tocsin_json_parse (answer.body->str, answer.body->len, &tocsin_json_default_limits, NULL,
                            &error);
  g_assert_no_error (error);
  return root;
}

static void
test_answers (void)
{
  g_auto (Node) node = { 0 };

  open_stored (&node);
  for (guint i = 0; i < G_N_ELEMENTS (checks); i++)
    {
      g_autoptr (JsonNode) root = check (&node, checks[i].type, checks[i].value);
      JsonObject *object = json_node_get_object (root);
      JsonObject *subject =
          json_array_get_object_element (json_object_get_array_member (object, "subjects"), 0);

      g_assert_cmpstr (json_object_get_string_member (object, "verdict"), ==, checks[i].verdict);
      g_assert_cmpint (json_object_get_boolean_member (object, "known"), ==, checks[i].known);
      g_assert_cmpint (json_object_get_int_member (subject, "origins"), ==, checks[i].origins);
      g_assert_cmpint (json_object_get_int_member (subject, "score"), ==, checks[i].score);
    }
}

static void
test_allowed (void)
{
  g_auto (Node) node = { 0 };

  open_stored (&node);
  {
    g_autoptr (JsonNode) root = check (&node, "domain", "ours.example");

    g_assert_cmpstr (json_object_get_string_member (json_node_get_object (root), "allowed_by"), ==,
                     "our own");
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  /* cppcheck-suppress knownConditionTrueFalse ; on other machines it is not */
  if (!stored_fits ())
    {
      g_print ("1..0 # SKIP the store is of a little-endian machine of 64 bits\n");
      return 0;
    }
  g_test_add_func ("/upgrade/1/answers", test_answers);
  g_test_add_func ("/upgrade/1/allowed", test_allowed);
  return g_test_run ();
}
