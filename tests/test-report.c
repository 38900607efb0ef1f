/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/report.h"

#define NOW_US    (G_GINT64_CONSTANT (1795456627) * TOCSIN_SECOND_US)
#define YEAR_US   (365 * TOCSIN_DAY_US)
#define IP        TOCSIN_SUBJECT_IP
#define DOMAIN    TOCSIN_SUBJECT_DOMAIN
#define URL       TOCSIN_SUBJECT_URL
#define OK        (-1)
#define NOT_VALID TOCSIN_ERROR_UNPROCESSABLE

/* A valid report but for what a case says; 0 keeps the default. */
static const struct
{
  const char *name;
  int code;
  TocsinSubjectType type;
  guint8 category;
  TocsinSharing sharing;
  int confidence;
  const char *content;
  gint64 observed_us; /* these four relative to now */
  gint64 last_observed_us;
  gint64 updated_us;
  gint64 end_us;
  TocsinReportPart part; /* that is refused */
} cases[] = {
  { "plain", OK, IP, 1, TOCSIN_SHARING_GREEN },
  { "amber text", OK, IP, 1, TOCSIN_SHARING_AMBER, .content = "why" },
  { "clear domain", OK, DOMAIN, 1, TOCSIN_SHARING_CLEAR },
  { "confidence 1", OK, IP, 1, TOCSIN_SHARING_GREEN, 1 },
  { "confidence 0", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN, 256,
    .part = TOCSIN_REPORT_PART_CONFIDENCE }, /* as eight bits have it */
  { "confidence 101", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN, 101,
    .part = TOCSIN_REPORT_PART_CONFIDENCE },
  { "no such category", NOT_VALID, IP, 25, TOCSIN_SHARING_GREEN },
  { "no subject", NOT_VALID, TOCSIN_SUBJECT_NONE, 1, TOCSIN_SHARING_GREEN },
  { "ban evasion by URL", NOT_VALID, URL, 13, TOCSIN_SHARING_GREEN },
  { "unmoderated network", NOT_VALID, TOCSIN_SUBJECT_NETWORK, 19, TOCSIN_SHARING_GREEN },
  { "clear ip", NOT_VALID, IP, 1, TOCSIN_SHARING_CLEAR, .part = TOCSIN_REPORT_PART_SHARING },
  { "clear actor", NOT_VALID, TOCSIN_SUBJECT_ACTOR, 1, TOCSIN_SHARING_CLEAR,
    .part = TOCSIN_REPORT_PART_SHARING },
  { "csam in clear", NOT_VALID, URL, 6, TOCSIN_SHARING_AMBER },
  { "csam with text", NOT_VALID, DOMAIN, 6, TOCSIN_SHARING_AMBER, .content = "",
    .part = TOCSIN_REPORT_PART_CONTENT },
  { "csam about a domain", OK, DOMAIN, 6, TOCSIN_SHARING_GREEN },
  { "green csam about an actor", NOT_VALID, TOCSIN_SUBJECT_ACTOR, 6, TOCSIN_SHARING_GREEN,
    .part = TOCSIN_REPORT_PART_SHARING },
  { "green ncii", NOT_VALID, IP, 7, TOCSIN_SHARING_GREEN, .part = TOCSIN_REPORT_PART_SHARING },
  { "green violence", NOT_VALID, IP, 10, TOCSIN_SHARING_GREEN, .part = TOCSIN_REPORT_PART_SHARING },
  { "green doxxing", NOT_VALID, IP, 11, TOCSIN_SHARING_GREEN, .part = TOCSIN_REPORT_PART_SHARING },
  { "amber doxxing", OK, IP, 11, TOCSIN_SHARING_AMBER },
  { "green harassment", OK, IP, 8, TOCSIN_SHARING_GREEN },
  { "green text", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN, .content = "why",
    .part = TOCSIN_REPORT_PART_CONTENT },
  { "text not UTF-8", NOT_VALID, IP, 1, TOCSIN_SHARING_AMBER, .content = "\xff",
    .part = TOCSIN_REPORT_PART_CONTENT },
  { "last before first", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN, .observed_us = -1 * TOCSIN_HOUR_US,
    .last_observed_us = -2 * TOCSIN_HOUR_US, .part = TOCSIN_REPORT_PART_OBSERVED },
  { "updated before published", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN,
    .updated_us = -5 * TOCSIN_HOUR_US, .part = TOCSIN_REPORT_PART_UPDATED },
  { "updated an hour ahead", OK, IP, 1, TOCSIN_SHARING_GREEN, .updated_us = TOCSIN_HOUR_US },
  { "updated later than that", TOCSIN_ERROR_FUTURE, IP, 1, TOCSIN_SHARING_GREEN,
    .updated_us = TOCSIN_HOUR_US + 1, .part = TOCSIN_REPORT_PART_UPDATED },
  { "observed later than that", TOCSIN_ERROR_FUTURE, IP, 1, TOCSIN_SHARING_GREEN,
    .last_observed_us = TOCSIN_HOUR_US + 1, .part = TOCSIN_REPORT_PART_LAST_OBSERVED },
  { "ends too soon", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN, .end_us = -4 * TOCSIN_HOUR_US,
    .part = TOCSIN_REPORT_PART_END },
  { "three years", OK, IP, 1, TOCSIN_SHARING_GREEN, .end_us = 3 * YEAR_US },
  { "longer about a person", NOT_VALID, IP, 1, TOCSIN_SHARING_GREEN,
    .end_us = 3 * YEAR_US + 2 * TOCSIN_DAY_US, .part = TOCSIN_REPORT_PART_END },
  { "longer about a domain", OK, DOMAIN, 1, TOCSIN_SHARING_GREEN, .end_us = 9 * YEAR_US },
};

static void
test_validate (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      TocsinReportPart part;
      g_auto (TocsinReport) report = {
        .subject = { .type = cases[i].type, .key_type = cases[i].type, .value = g_strdup ("x") },
        .category = cases[i].category,
        .confidence = (guint8) (cases[i].confidence != 0 ? cases[i].confidence : 100),
        .sharing = cases[i].sharing,
        .content = g_strdup (cases[i].content),
        .published_us = NOW_US - 3 * TOCSIN_HOUR_US,
        .updated_us = NOW_US + cases[i].updated_us,
        .observed_us =
            NOW_US + (cases[i].observed_us != 0 ? cases[i].observed_us : -4 * TOCSIN_HOUR_US),
        .last_observed_us = NOW_US + cases[i].last_observed_us,
        .end_us = NOW_US + (cases[i].end_us != 0 ? cases[i].end_us : YEAR_US),
      };

      g_test_message ("%s", cases[i].name);
      g_assert_cmpint (tocsin_report_validate (&report, NOW_US, &part, &error), ==,
                       cases[i].code == OK);
      if (cases[i].code == OK)
        {
          g_assert_no_error (error);
          continue;
        }
      g_assert_error (error, TOCSIN_ERROR, cases[i].code);
      g_assert_cmpint (part, ==, cases[i].part);
    }
}

static void
test_text_length (void)
{
  g_autofree char *longest = g_strnfill (280 * 2, '\0');
  g_auto (TocsinReport) report = {
    .subject = { .type = DOMAIN, .key_type = DOMAIN },
    .category = 1,
    .confidence = 100,
    .sharing = TOCSIN_SHARING_AMBER,
    .end_us = NOW_US,
  };

  for (gsize i = 0; i < 280; i++)
    memcpy (longest + 2 * i, "é", 2);
  report.content = g_strdup (longest);
  g_assert_true (tocsin_report_validate (&report, NOW_US, NULL, NULL));
  g_free (report.content);
  report.content = g_strconcat (longest, "x", NULL);
  g_assert_false (tocsin_report_validate (&report, NOW_US, NULL, NULL));
}

static void
test_csam_url_by_digest (void)
{
  g_auto (TocsinReport) report = {
    .category = 6,
    .confidence = 100,
    .sharing = TOCSIN_SHARING_AMBER,
    .end_us = NOW_US,
    .last_observed_us = NOW_US - TOCSIN_DAY_US,
  };
  const char *digest = "sha-256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

  g_assert_true (tocsin_subject_from_digest (&report.subject, URL, digest, NULL));
  g_assert_true (tocsin_report_validate (&report, NOW_US, NULL, NULL));
}

static void
test_defaults (void)
{
  static const struct
  {
    guint8 category;
    TocsinSubjectType type;
    TocsinSharing sharing;
    gint64 lasts_us;
  } defaults[] = {
    { 1, IP, TOCSIN_SHARING_GREEN, 120 * TOCSIN_DAY_US },
    { 1, TOCSIN_SUBJECT_EMAIL, TOCSIN_SHARING_GREEN, 3 * YEAR_US },
    { 4, URL, TOCSIN_SHARING_GREEN, 28 * TOCSIN_DAY_US },
    { 8, DOMAIN, TOCSIN_SHARING_AMBER, 720 * TOCSIN_DAY_US },
    { 9, DOMAIN, TOCSIN_SHARING_AMBER, 3 * YEAR_US },
    { 6, TOCSIN_SUBJECT_ACTOR, TOCSIN_SHARING_AMBER, 3 * YEAR_US },
    { 20, TOCSIN_SUBJECT_NETWORK, TOCSIN_SHARING_GREEN, 48 * TOCSIN_HOUR_US },
    { 23, DOMAIN, TOCSIN_SHARING_GREEN, 48 * TOCSIN_HOUR_US },
    { 63, TOCSIN_SUBJECT_USERNAME, TOCSIN_SHARING_GREEN, 120 * TOCSIN_DAY_US },
    { 19, IP, TOCSIN_SHARING_GREEN, 0 },
    { 99, IP, TOCSIN_SHARING_GREEN, 0 },
    { 1, TOCSIN_SUBJECT_NONE, TOCSIN_SHARING_GREEN, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      g_assert_cmpint (tocsin_report_default_sharing (defaults[i].category, defaults[i].type), ==,
                       defaults[i].sharing);
      g_assert_cmpint (tocsin_report_default_end (defaults[i].category, defaults[i].type, NOW_US) -
                           NOW_US,
                       ==, defaults[i].lasts_us);
    }
}

/* However late it ends: what is valid while listed is so for 48 hours more. */
static void
test_evidence_end (void)
{
  static const struct
  {
    guint8 category;
    TocsinSubjectType type;
    gint64 ends_us; /* after the last observation, as its end */
    gint64 lasts_us;
  } ends[] = {
    { 20, IP, 900 * TOCSIN_DAY_US, 48 * TOCSIN_HOUR_US },
    { 20, TOCSIN_SUBJECT_NETWORK, 20000 * TOCSIN_DAY_US, 48 * TOCSIN_HOUR_US },
    { 23, DOMAIN, 30 * TOCSIN_DAY_US, 48 * TOCSIN_HOUR_US },
    { 20, IP, 3 * TOCSIN_HOUR_US, 3 * TOCSIN_HOUR_US },
    { 1, IP, 900 * TOCSIN_DAY_US, 120 * TOCSIN_DAY_US },
    { 1, IP, TOCSIN_DAY_US, TOCSIN_DAY_US },
    { 6, DOMAIN, 20000 * TOCSIN_DAY_US, 20000 * TOCSIN_DAY_US },
    { 1, TOCSIN_SUBJECT_EMAIL, 3 * YEAR_US, 3 * YEAR_US },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      TocsinReport report = { .category = ends[i].category,
                              .subject = { .type = ends[i].type },
                              .last_observed_us = NOW_US,
                              .end_us = NOW_US + ends[i].ends_us };

      g_assert_cmpint (tocsin_report_evidence_end (&report) - NOW_US, ==, ends[i].lasts_us);
    }
}

#define CHECK_NAMES(Type, name, n)                                                                 \
  for (int i = 0; i < (n); i++)                                                                    \
    {                                                                                              \
      Type out = (Type) -1;                                                                        \
      g_assert_true (tocsin_##name##_from_string (tocsin_##name##_to_string ((Type) i), &out));    \
      g_assert_cmpint ((int) out, ==, i);                                                          \
      g_assert_false (tocsin_##name##_from_string ("", &out));                                     \
      g_assert_null (tocsin_##name##_to_string ((Type) (n)));                                      \
    }

static void
test_names (void)
{
  TocsinRemoveReason reason = TOCSIN_REASON_ERROR;

  CHECK_NAMES (TocsinOpinion, opinion, 2)
  CHECK_NAMES (TocsinBasis, basis, 3)
  CHECK_NAMES (TocsinAction, action, 4)
  CHECK_NAMES (TocsinSharing, sharing, 3)
  CHECK_NAMES (TocsinReportState, state, 5)
  CHECK_NAMES (TocsinRemoveReason, reason, 5)
  g_assert_cmpstr (tocsin_basis_to_string (TOCSIN_BASIS_FIRST_HAND), ==, "first_hand");
  g_assert_true (tocsin_reason_from_string ("erased", &reason));
  g_assert_cmpint (reason, ==, TOCSIN_REASON_ERASED);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/validate", test_validate);
  g_test_add_func ("/report/text-length", test_text_length);
  g_test_add_func ("/report/csam-url-by-digest", test_csam_url_by_digest);
  g_test_add_func ("/report/defaults", test_defaults);
  g_test_add_func ("/report/evidence-end", test_evidence_end);
  g_test_add_func ("/report/names", test_names);
  return g_test_run ();
}
