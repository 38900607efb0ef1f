/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/as-read.h"
#include "codec/json-strict.h"
#include "core/error.h"
#include "golden-body.h"

static JsonNode *
parse (const char *text)
{
  g_autoptr (GBytes) body = json_body (text);
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  const char *data = g_bytes_get_data (body, &size);
  JsonNode *root = tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, &error);

  g_assert_no_error (error);
  return root;
}

static void
test_values (void)
{
  static const struct
  {
    const char *json;
    const char *string;
    const char *uri;
    guint n;
  } rows[] = {
    { "{}", NULL, NULL, 0 },
    { "{'m':null}", NULL, NULL, 0 },
    { "{'m':[]}", NULL, NULL, 0 },
    { "{'m':'x'}", "x", "x", 1 },
    { "{'m':['x']}", "x", "x", 1 },
    { "{'m':['x','y']}", NULL, NULL, 2 },
    { "{'m':[['x']]}", NULL, NULL, 1 },
    { "{'m':7}", NULL, NULL, 1 },
    { "{'m':{'@value':'x'}}", "x", NULL, 1 },
    { "{'m':{'@value':7}}", NULL, NULL, 1 },
    { "{'m':{'id':'x'}}", NULL, "x", 1 },
    { "{'m':{'@id':'x'}}", NULL, "x", 1 },
    { "{'m':[{'type':'Link','href':'x'}]}", NULL, "x", 1 },
    { "{'m':{'id':{'id':'x'},'href':'y'}}", NULL, NULL, 1 },
    { "{'sec:m':'x'}", "x", "x", 1 },
    { "{'https://w3id.org/tocsin/ns#m':'x'}", "x", "x", 1 },
    { "{'evil:m':'x'}", NULL, NULL, 0 },
    { "{'m':'x','sec:m':'y'}", "x", "x", 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) root = parse (rows[i].json);
      JsonObject *object = json_node_get_object (root);
      g_autoptr (GPtrArray) list = tocsin_as_list (object, "m");

      g_test_message ("%s", rows[i].json);
      g_assert_cmpstr (tocsin_as_string (object, "m"), ==, rows[i].string);
      g_assert_cmpstr (tocsin_as_uri (object, "m"), ==, rows[i].uri);
      g_assert_cmpuint (list->len, ==, rows[i].n);
    }
}

static void
test_integers (void)
{
  static const struct
  {
    const char *json;
    gboolean ok;
  } rows[] = {
    { "{'m':5}", TRUE },     { "{'m':[5]}", TRUE },   { "{'m':{'@value':5}}", TRUE },
    { "{'m':5.0}", FALSE },  { "{'m':5e0}", FALSE },  { "{'m':'5'}", FALSE },
    { "{'m':true}", FALSE }, { "{}", FALSE },         { "{'m':[5,5]}", FALSE },
    { "{'m':{}}", FALSE },   { "{'m':null}", FALSE }, { "{'m':{'@value':[5]}}", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) root = parse (rows[i].json);
      gint64 value = 0;

      g_test_message ("%s", rows[i].json);
      g_assert_true (tocsin_as_integer (json_node_get_object (root), "m", &value) == rows[i].ok);
      g_assert_cmpint (value, ==, rows[i].ok ? 5 : 0);
    }
}

static void
test_types (void)
{
  static const struct
  {
    const char *json;
    gboolean is_report;
  } rows[] = {
    { "{'type':'Report'}", TRUE },
    { "{'type':['Object','Report']}", TRUE },
    { "{'type':['Object','https://w3id.org/tocsin/ns#Report']}", TRUE },
    { "{'type':'tocsin:Report'}", TRUE },
    { "{'@type':'Report'}", TRUE },
    { "{'type':'evil:Report'}", FALSE },
    { "{'type':'report'}", FALSE },
    { "{'type':[7,null,{}]}", FALSE },
    { "{}", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) root = parse (rows[i].json);

      g_test_message ("%s", rows[i].json);
      g_assert_true (tocsin_as_has_type (json_node_get_object (root), "Report") ==
                     rows[i].is_report);
    }
}

#define NO_STRING "/w/m: missing, empty or not a string"
#define NO_URI    "/w/m: missing, or not a URI of at most 2048 bytes"
#define NO_TIME   "/w/m: not an RFC 3339 time"

/* What each reader that insists says of what it does not take. */
static void
test_required (void)
{
  static const struct
  {
    const char *json;
    const char *string; /* what is said of it as a string of at most 3 bytes; NULL: it is one */
    const char *uri;
    const char *time;
  } rows[] = {
    { "{}", NO_STRING, NO_URI, NULL },
    { "{'m':null}", NO_STRING, NO_URI, NULL },
    { "{'m':''}", NO_STRING, NO_URI, NO_TIME },
    { "{'m':7}", NO_STRING, NO_URI, NO_TIME },
    { "{'m':[]}", NO_STRING, NO_URI, NO_TIME },
    { "{'m':['x','y']}", NO_STRING, NO_URI, NO_TIME },
    { "{'m':{'id':'x'}}", NO_STRING, NULL, NO_TIME },
    { "{'m':{'id':''}}", NO_STRING, NO_URI, NO_TIME },
    { "{'m':'abc'}", NULL, NULL, NO_TIME },
    { "{'m':'abcd'}", "/w/m: longer than 3 bytes", NULL, NO_TIME },
    { "{'m':'2026-11-23T17:57:07Z'}", "/w/m: longer than 3 bytes", NULL, NULL },
    { "{'m':{'@value':'2026-11-23T17:57:07Z'}}", "/w/m: longer than 3 bytes", NO_URI, NULL },
    { "{'m':'2026-11-23T17:57:07.0000000000000000000000000000000000000000000000000Z'}",
      "/w/m: longer than 3 bytes", NULL, NO_TIME },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (JsonNode) root = parse (rows[i].json);
      JsonObject *object = json_node_get_object (root);
      g_autoptr (GError) no_string = NULL, no_uri = NULL, no_time = NULL;
      const char *text = NULL, *uri = NULL;
      gint64 time_us = -7;

      g_test_message ("%s", rows[i].json);
      g_assert_true (tocsin_as_require_string (object, "/w", "m", 3, &text, &no_string) ==
                     (rows[i].string == NULL));
      g_assert_true (tocsin_as_require_uri (object, "/w", "m", &uri, &no_uri) ==
                     (rows[i].uri == NULL));
      g_assert_true (tocsin_as_time (object, "/w", "m", &time_us, &no_time) ==
                     (rows[i].time == NULL));
      g_assert_cmpstr (no_string != NULL ? no_string->message : NULL, ==, rows[i].string);
      g_assert_cmpstr (no_uri != NULL ? no_uri->message : NULL, ==, rows[i].uri);
      g_assert_cmpstr (no_time != NULL ? no_time->message : NULL, ==, rows[i].time);
      g_assert_true ((text != NULL) == (rows[i].string == NULL));
      g_assert_true ((uri != NULL) == (rows[i].uri == NULL));
      if (strstr (rows[i].json, ":07Z'") == NULL)
        g_assert_cmpint (time_us, ==, -7); /* left alone */
      else
        g_assert_cmpint (time_us, ==, G_GINT64_CONSTANT (1795456627000000));
    }
}

static void
test_check_id (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_as_check_id ("https://a.example/x", FALSE, "/id", &error));
  g_assert_true (tocsin_as_check_id ("https://a.example/x#y", TRUE, "/id", &error));
  g_assert_no_error (error);
  g_assert_false (tocsin_as_check_id ("https://a.example/x#y", FALSE, "/id", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_true (g_str_has_prefix (error->message, "/id: "));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/as-read/values", test_values);
  g_test_add_func ("/as-read/integers", test_integers);
  g_test_add_func ("/as-read/types", test_types);
  g_test_add_func ("/as-read/required", test_required);
  g_test_add_func ("/as-read/check-id", test_check_id);
  return g_test_run ();
}
