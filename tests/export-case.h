/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What tests of lists ask and expect.
 */
#pragma once

#include "api-node.h"
#include "codec/json-strict.h"

/* @text: (nullable): the whole answer */
static inline void
expect (Node *node, const char *target, guint status, const char *text)
{
  g_auto (Answer) answer = { 0 };

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, status);
  if (text != NULL)
    g_assert_cmpstr (answer.body->str, ==, text);
}

static inline void
expect_match (Node *node, const char *target, const char *pattern)
{
  g_auto (Answer) answer = { 0 };

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  if (!g_regex_match_simple (pattern, answer.body->str, 0, 0))
    g_error ("%s: %s", target, answer.body->str);
}

/* @root: (out): owns what is returned */
static inline JsonObject *
read_manifest (Node *node, const char *target, JsonNode **root)
{
  g_auto (Answer) answer = { 0 };
  g_autoptr (GError) error = NULL;

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  *root = tocsin_json_parse (answer.body->str, answer.body->len, NULL, NULL, &error);
  g_assert_no_error (error);
  return json_node_get_object (*root);
}

static inline void
allow (Node *node, TocsinSubjectType type, const char *value)
{
  g_autofree char *body = g_strdup_printf ("{\"type\":\"%s\",\"value\":\"%s\"}",
                                           tocsin_subject_type_to_string (type), value);
  g_auto (Answer) answer = { 0 };

  node_ask (node, "POST", "/v1/allow", TYPE_CHECK, body, &answer);
  g_assert_cmpuint (answer.status, ==, 201);
}
