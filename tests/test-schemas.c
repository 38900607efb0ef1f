/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* The published schemas say what the code does: same members, same names, same bounds. */
#include "codec/activity.h"
#include "codec/report-json.h"
#include "core/limits.h"

#define A "https://a.example/actor"

static JsonNode *
load (const char *name)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "..", "schemas", name, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  JsonNode *root;
  gsize size = 0;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  root = tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, &error);
  g_assert_no_error (error);
  return root;
}

static JsonObject *
property (JsonNode *schema, const char *name)
{
  JsonObject *properties =
      json_object_get_object_member (json_node_get_object (schema), "properties");

  g_assert_true (json_object_has_member (properties, name));
  return json_object_get_object_member (properties, name);
}

/* Both ways: nothing is written that the schema does not list, nothing required is missing. */
static void
check_members (JsonNode *schema, JsonObject *built)
{
  g_autoptr (GList) names = json_object_get_members (built);
  JsonArray *required = json_object_get_array_member (json_node_get_object (schema), "required");

  for (GList *l = names; l != NULL; l = l->next)
    property (schema, l->data);
  for (guint i = 0; i < json_array_get_length (required); i++)
    g_assert_true (json_object_has_member (built, json_array_get_string_element (required, i)));
}

static void
check_enum (JsonObject *member, const char *const *names)
{
  JsonArray *values = json_object_get_array_member (member, "enum");

  g_assert_cmpuint (json_array_get_length (values), ==, g_strv_length ((char **) names));
  for (guint i = 0; i < json_array_get_length (values); i++)
    g_assert_true (g_strv_contains (names, json_array_get_string_element (values, i)));
}

static void
check_range (JsonObject *member, gint64 min, gint64 max)
{
  g_assert_cmpstr (json_object_get_string_member (member, "type"), ==, "integer");
  g_assert_cmpint (json_object_get_int_member (member, "minimum"), ==, min);
  g_assert_cmpint (json_object_get_int_member (member, "maximum"), ==, max);
}

static void
test_report (void)
{
  TocsinReport report = {
    .id = (char *) "https://a.example/reports/1",
    .attributed_to = (char *) A,
    .subject = { .type = TOCSIN_SUBJECT_DOMAIN, .value = (char *) "spam.example" },
    .category_text = (char *) "spam",
    .confidence = 1,
    .sharing = TOCSIN_SHARING_AMBER,
    .content = (char *) "x",
  };
  g_autoptr (JsonNode) schema = load ("report.schema.json");
  g_autoptr (JsonObject) built = tocsin_report_to_json (&report);
  const char *names[8] = { NULL };

  check_members (schema, built);
  check_range (property (schema, "confidence"), 1, 100);
  g_assert_cmpint (json_object_get_int_member (property (schema, "content"), "maxLength"), ==,
                   TOCSIN_CONTENT_MAX_CHARS);
  for (int i = 0; tocsin_action_to_string ((TocsinAction) i) != NULL; i++)
    names[i] = tocsin_action_to_string ((TocsinAction) i);
  check_enum (property (schema, "action"), names);
  names[3] = NULL;
  for (int i = 0; tocsin_sharing_to_string ((TocsinSharing) i) != NULL; i++)
    names[i] = tocsin_sharing_to_string ((TocsinSharing) i);
  check_enum (property (schema, "sharing"), names);
  names[2] = NULL;
  for (int i = 0; tocsin_opinion_to_string ((TocsinOpinion) i) != NULL; i++)
    names[i] = tocsin_opinion_to_string ((TocsinOpinion) i);
  check_enum (property (schema, "opinion"), names);
  for (int i = 0; i < 7; i++)
    names[i] = tocsin_subject_type_to_string ((TocsinSubjectType) (i + 1));
  check_enum (json_object_get_object_member (
                  json_object_get_object_member (property (schema, "reportSubject"), "properties"),
                  "subjectType"),
              names);
}

static void
test_statement (void)
{
  const TocsinTrustStatement statement = {
    .id = (char *) "https://a.example/statements/1",
    .attributed_to = (char *) A,
    .about = (char *) A,
    .weight = 1,
  };
  g_autoptr (JsonNode) schema = load ("trust-statement.schema.json");
  g_autoptr (JsonObject) built = tocsin_trust_statement_to_json (&statement);
  const char *areas[TOCSIN_N_AREAS + 1] = { NULL };

  check_members (schema, built);
  check_range (property (schema, "weight"), 1, 100);
  for (int i = 0; i < TOCSIN_N_AREAS; i++)
    areas[i] = tocsin_area_to_string ((TocsinArea) i);
  check_enum (property (schema, "area"), areas);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schemas/report", test_report);
  g_test_add_func ("/schemas/statement", test_statement);
  return g_test_run ();
}
