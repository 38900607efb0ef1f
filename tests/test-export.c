/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "api-node.h"

#define MANY 450 /* more than two slices */

static void
expect (Node *node, const char *target, guint status, const char *text)
{
  g_auto (Answer) answer = { 0 };

  node_ask (node, "GET", target, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, status);
  if (text != NULL)
    g_assert_cmpstr (answer.body->str, ==, text);
}

static void
test_formats (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  node_trust (&node, 2, 2);
  expect (&node, "/v1/export/lines", 200, "");
  expect (&node, "/v1/export/json", 200, "{\"subjects\":[],\"count\":0}\n");
  node_report (&node, 1, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  node_report (&node, 2, TOCSIN_SUBJECT_DOMAIN, "spam.example", 1);
  expect (&node, "/v1/export/lines", 200, "spam.example\n");
  expect (&node, "/v1/export/csv", 200,
          "type,value,verdict,score,categories\r\ndomain,\"spam.example\",review,75,spam\r\n");
  expect (&node, "/v1/export/json?type=ip", 200, "{\"subjects\":[],\"count\":0}\n");
  expect (&node, "/v1/export/lines?min_verdict=block", 200, "");
}

static void
test_many (void)
{
  g_auto (Node) node = { 0 };
  g_auto (Answer) answer = { 0 };
  g_auto (GStrv) lines = NULL;

  node_init (&node);
  node_trust (&node, 2, 2);
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *address = g_strdup_printf ("192.0.%u.%u", i / 250, i % 250);

      node_report (&node, 1, TOCSIN_SUBJECT_IP, address, 1);
    }
  node_ask (&node, "GET", "/v1/export/lines", NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  lines = g_strsplit (answer.body->str, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, MANY + 1);
}

static void
test_refusals (void)
{
  g_auto (Node) node = { 0 };

  node_init (&node);
  expect (&node, "/v1/export/xml", 404, NULL);
  expect (&node, "/v1/export/csv?min_verdict=ban", 422, NULL);
  expect (&node, "/v1/export/csv?type=planet", 422, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/export/formats", test_formats);
  g_test_add_func ("/export/many", test_many);
  g_test_add_func ("/export/refusals", test_refusals);
  return g_test_run ();
}
