/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Any text as a check: what is taken means the same as what the strict JSON reader finds in it,
 * whichever of the two readers of codec/check-json.c took it.
 */
#include "fuzz/fuzz.h"

#include "codec/check-json.h"
#include "codec/json-strict.h"

static void
compare (const TocsinCheckQuestion *question, JsonObject *object)
{
  const char *profile = NULL;
  gboolean explain = FALSE;
  JsonArray *subjects = json_object_get_array_member (object, "subjects");

  g_assert_true (tocsin_json_opt_string (object, "", "profile", &profile, NULL));
  g_assert_true (tocsin_json_opt_bool (object, "", "explain", &explain, NULL));
  g_assert_cmpstr (question->profile, ==, profile);
  g_assert_cmpint (question->explain, ==, explain);
  g_assert_cmpuint (question->n_subjects, ==, json_array_get_length (subjects));
  g_assert_cmpuint (question->n_subjects, >=, 1);
  for (guint i = 0; i < question->n_subjects; i++)
    {
      JsonObject *subject = json_array_get_object_element (subjects, i);

      g_assert_cmpuint (json_object_get_size (subject), ==, 2);
      g_assert_cmpstr (tocsin_subject_type_to_string (question->subjects[i].type), ==,
                       json_object_get_string_member (subject, "type"));
      g_assert_cmpstr (question->subjects[i].value, ==,
                       json_object_get_string_member (subject, "value"));
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_auto (TocsinCheckQuestion) question = { 0 };
  g_autoptr (GError) error = NULL;
  TocsinJsonLimits limits = tocsin_json_default_limits;

  limits.max_bytes = TOCSIN_API_BODY_MAX_BYTES;
  if (tocsin_check_question_parse (&question, (const char *) data, size, &error))
    {
      g_autoptr (JsonNode) document =
          tocsin_json_parse ((const char *) data, size, &limits, NULL, NULL);

      g_assert_nonnull (document);
      compare (&question, json_node_get_object (document));
    }
  else
    {
      g_assert_nonnull (error);
      g_assert_cmpuint (question.n_subjects, ==, 0);
    }
}
