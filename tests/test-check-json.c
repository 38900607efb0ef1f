/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* The two readers of a check: what the plain one gives up on, the other takes with the same
 * meaning. */
#include "codec/check-json.h"

#include <string.h>

#include "core/error.h"

#define IP(value) "{\"subjects\":[{\"type\":\"ip\",\"value\":\"" value "\"}]}"

static const struct
{
  const char *json;
  const char *profile;
  gboolean explain;
  guint n_subjects;
  TocsinSubjectType type; /* of the first */
  const char *value;      /* of the first */
} good[] = {
  { IP ("192.0.2.1"), NULL, FALSE, 1, TOCSIN_SUBJECT_IP, "192.0.2.1" },
  { " {\t\"subjects\" : [ { \"value\" : \"a@b.example\" , \"type\" : \"email\" } ] }\r\n", NULL,
    FALSE, 1, TOCSIN_SUBJECT_EMAIL, "a@b.example" },
  { "{\"event\":\"signup\",\"profile\":\"strict\",\"explain\":true,"
    "\"subjects\":[{\"type\":\"username\",\"value\":\"x\"},{\"type\":\"ip\",\"value\":\"::1\"}]}",
    "strict", TRUE, 2, TOCSIN_SUBJECT_USERNAME, "x" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}],\"explain\":false}", NULL, FALSE, 1,
    TOCSIN_SUBJECT_IP, "::1" },
  { "{\"event\":null,\"profile\":null,\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}", NULL,
    FALSE, 1, TOCSIN_SUBJECT_IP, "::1" },
  /* For the second reader: escapes, other than ASCII. */
  { IP ("192\\u002e0.2.1"), NULL, FALSE, 1, TOCSIN_SUBJECT_IP, "192.0.2.1" },
  { "{\"subjects\":[{\"type\":\"username\",\"value\":\"J\xc3\xbcrgen\"}]}", NULL, FALSE, 1,
    TOCSIN_SUBJECT_USERNAME, "J\xc3\xbcrgen" },
  { "{\"profile\":\"\\u0073trict\",\"event\":\"a\\tb\",\"explain\":true,"
    "\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}",
    "strict", TRUE, 1, TOCSIN_SUBJECT_IP, "::1" },
  { "{\"subjects\":[{\"type\":\"username\",\"value\":\"a\x7f\"}]}", NULL, FALSE, 1,
    TOCSIN_SUBJECT_USERNAME, "a\x7f" },
  { "{\"subj\\u0065cts\":[{\"type\":\"ip\",\"value\":\"::1\"}]}", NULL, FALSE, 1, TOCSIN_SUBJECT_IP,
    "::1" },
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_auto (TocsinCheckQuestion) question = { 0 };
      g_autoptr (GError) error = NULL;

      tocsin_check_question_parse (&question, good[i].json, strlen (good[i].json), &error);
      g_assert_no_error (error);
      g_assert_cmpstr (question.profile, ==, good[i].profile);
      g_assert_cmpint (question.explain, ==, good[i].explain);
      g_assert_cmpuint (question.n_subjects, ==, good[i].n_subjects);
      g_assert_cmpuint (question.subjects[0].type, ==, good[i].type);
      g_assert_cmpstr (question.subjects[0].value, ==, good[i].value);
    }
}

static const struct
{
  const char *json;
  TocsinError code;
  const char *says;
} bad[] = {
  { "", TOCSIN_ERROR_INVALID, "a value was expected" },
  { "{", TOCSIN_ERROR_INVALID, "a member name was expected" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"::1", TOCSIN_ERROR_INVALID,
    "at /subjects/0/value: string without end" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"a\tb\"}]}", TOCSIN_ERROR_INVALID,
    "control character in a string" },
  { "{\"explain\":tru,\"subjects\":[]}", TOCSIN_ERROR_INVALID, "/explain: a value was expected" },
  { "{\"explain\":tr", TOCSIN_ERROR_INVALID, "/explain: a value was expected" },
  { "{\"subjects\":[7]}", TOCSIN_ERROR_INVALID, "/subjects/0 is not an object" },
  { "{\"subjects\":{}}", TOCSIN_ERROR_INVALID, "/subjects is not an array" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":7}]}", TOCSIN_ERROR_INVALID,
    "/subjects/0/value is not a string" },
  { "{\"subjects\":[{\"type\":\"a-very-long-type\",\"value\":\"x\"}]}", TOCSIN_ERROR_UNPROCESSABLE,
    "/subjects/0/type: “a-very-long-type” is not one of ip, network" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\",\"value\":\"::2\"}]}", TOCSIN_ERROR_INVALID,
    "/subjects/0/value: duplicate member name" },
  { "null", TOCSIN_ERROR_INVALID, "object" },
  { "{}", TOCSIN_ERROR_INVALID, "/subjects" },
  { IP ("::1") "x", TOCSIN_ERROR_INVALID, "" },
  { "{\"subjects\":[]}", TOCSIN_ERROR_INVALID, "/subjects is empty" },
  { "{\"subject\":[]}", TOCSIN_ERROR_INVALID, "/subject " },
  { "{\"subjects\":[{\"type\":\"ip\"}]}", TOCSIN_ERROR_INVALID, "/subjects/0/value" },
  { "{\"subjects\":[{\"value\":\"::1\"}]}", TOCSIN_ERROR_INVALID, "/subjects/0/type" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\",\"port\":1}]}", TOCSIN_ERROR_INVALID,
    "/subjects/0/port" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"},{\"type\":\"mac\",\"value\":\"x\"}]}",
    TOCSIN_ERROR_UNPROCESSABLE, "/subjects/1/type" },
  { "{\"subjects\":[{\"type\":\"ip\",\"type\":\"ip\",\"value\":\"::1\"}]}", TOCSIN_ERROR_INVALID,
    "" },
  { "{\"explain\":\"yes\",\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}",
    TOCSIN_ERROR_INVALID, "/explain" },
  { "{\"explain\":true,\"explain\":true,\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}",
    TOCSIN_ERROR_INVALID, "" },
  { "{\"profile\":1,\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}", TOCSIN_ERROR_INVALID,
    "/profile" },
  { "{\"explain\":null,\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}", TOCSIN_ERROR_INVALID,
    "/explain is null" },
  { "{\"subjects\":[{\"type\":\"ip\",\"value\":null}]}", TOCSIN_ERROR_INVALID,
    "/subjects/0/value is null" },
  { "{\"event\":{},\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}", TOCSIN_ERROR_INVALID,
    "/event" },
};

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      TocsinCheckQuestion question;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i].json);
      g_assert_false (
          tocsin_check_question_parse (&question, bad[i].json, strlen (bad[i].json), &error));
      g_assert_error (error, TOCSIN_ERROR, (int) bad[i].code);
      g_assert_nonnull (strstr (error->message, bad[i].says));
      g_assert_cmpuint (question.n_subjects, ==, 0);
      g_assert_null (question.profile);
    }
}

static char *
with_subjects (guint n, const char *value)
{
  GString *out = g_string_new ("{\"subjects\":[");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "%s{\"type\":\"username\",\"value\":\"%s\"}", i > 0 ? "," : "",
                            value);
  g_string_append (out, "]}");
  return g_string_free (out, FALSE);
}

/* @member of a check as long as it may be, and longer by one; in both readers. */
static void
check_longest (const char *member, const char *escape)
{
  for (gsize more = 0; more <= 1; more++)
    {
      g_autofree char *text = g_strnfill (TOCSIN_NAME_MAX_BYTES - 1 + more, 'x');
      g_autofree char *json =
          g_strdup_printf ("{\"%s\":\"%s%s\",\"subjects\":[{\"type\":\"ip\",\"value\":\"::1\"}]}",
                           member, escape, text);
      g_autofree char *says = g_strdup_printf ("/%s is longer than 256 bytes", member);
      g_auto (TocsinCheckQuestion) question = { 0 };
      g_autoptr (GError) error = NULL;

      tocsin_check_question_parse (&question, json, strlen (json), &error);
      if (more == 0)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
      g_assert_cmpstr (error->message, ==, says);
    }
}

static void
test_longest_names (void)
{
  static const char *const members[] = { "event", "profile" };

  for (gsize i = 0; i < G_N_ELEMENTS (members); i++)
    {
      check_longest (members[i], "x");
      check_longest (members[i], "\\u0078");
    }
}

/* Blanks count: the plain reader may not take what the other refuses. */
static void
test_longest_text (void)
{
  static const char json[] = IP ("::1");
  g_autofree char *text = g_strnfill (TOCSIN_API_BODY_MAX_BYTES + 1, ' ');
  g_auto (TocsinCheckQuestion) question = { 0 };
  g_autoptr (GError) error = NULL;

  memcpy (text, json, strlen (json));
  g_assert_true (tocsin_check_question_parse (&question, text, TOCSIN_API_BODY_MAX_BYTES, &error));
  g_assert_no_error (error);
  tocsin_check_question_clear (&question);
  g_assert_false (
      tocsin_check_question_parse (&question, text, TOCSIN_API_BODY_MAX_BYTES + 1, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
}

static void
test_limits (void)
{
  g_autofree char *most = with_subjects (TOCSIN_CHECK_MAX_SUBJECTS, "x");
  g_autofree char *too_many = with_subjects (TOCSIN_CHECK_MAX_SUBJECTS + 1, "x");
  g_autofree char *longest = g_strnfill (TOCSIN_TEXT_MAX_BYTES, 'x');
  g_autofree char *longer = g_strnfill (TOCSIN_TEXT_MAX_BYTES + 1, 'x');
  g_autofree char *with_longest = with_subjects (1, longest);
  g_autofree char *with_longer = with_subjects (1, longer);
  g_auto (TocsinCheckQuestion) question = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (tocsin_check_question_parse (&question, most, strlen (most), NULL));
  g_assert_cmpuint (question.n_subjects, ==, TOCSIN_CHECK_MAX_SUBJECTS);
  tocsin_check_question_clear (&question);
  g_assert_true (
      tocsin_check_question_parse (&question, with_longest, strlen (with_longest), NULL));
  g_assert_cmpstr (question.subjects[0].value, ==, longest);
  tocsin_check_question_clear (&question);

  g_assert_false (tocsin_check_question_parse (&question, too_many, strlen (too_many), &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_false (
      tocsin_check_question_parse (&question, with_longer, strlen (with_longer), &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/check-json/good", test_good);
  g_test_add_func ("/check-json/bad", test_bad);
  g_test_add_func ("/check-json/longest-names", test_longest_names);
  g_test_add_func ("/check-json/longest-text", test_longest_text);
  g_test_add_func ("/check-json/limits", test_limits);
  return g_test_run ();
}
