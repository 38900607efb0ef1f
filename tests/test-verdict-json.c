/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* The answer to a check, member by member as the contract has it: answers are compared as text. */
#include "codec/verdict-json.h"

#include "codec/json-strict.h"
#include "core/clock.h"
#include "core/subject.h"

#define DECIDED_S 1795456630 /* 2026-11-23T17:57:10Z */

static const char *
actor_uri (guint32 actor, gpointer data)
{
  return actor == 7 ? "https://a.example/actor" : NULL;
}

static char *
report_uri (guint64 report, gpointer data)
{
  return report == 1 ? g_strdup ("https://a.example/reports/1") : NULL;
}

static TocsinFinding
make_finding (const TocsinSubject *subject)
{
  TocsinSubjectFinding about = {
    .subject = subject,
    .categories = g_array_new (FALSE, FALSE, sizeof (TocsinCategoryFinding)),
    .notes = g_array_new (FALSE, FALSE, sizeof (TocsinNote)),
  };
  TocsinFinding finding = {
    .summary = g_strdup ("Nothing is known."),
    .subjects = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectFinding)),
  };

  g_array_append_val (finding.subjects, about);
  return finding;
}

static void
clear_subject (TocsinSubjectFinding *about)
{
  g_free (about->matched);
  g_array_unref (about->categories);
  g_array_unref (about->notes);
  g_clear_pointer (&about->heard, g_array_unref);
}

static void
assert_written (const TocsinVerdictJson *json, TocsinFinding *finding, const char *expected)
{
  g_autoptr (GString) out = g_string_new ("before");
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_verdict_json_write (json, finding, out);
  g_assert_true (g_str_has_prefix (out->str, "before"));
  g_assert_cmpstr (out->str + 6, ==, expected);
  node = tocsin_json_parse (out->str + 6, out->len - 6, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (node);
}

static void
test_unknown (void)
{
  g_auto (TocsinSubject) subject = { 0 };
  const TocsinVerdictJson json = { .profile = "default", .generation = 0 };
  TocsinFinding finding;

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, "spam.example", NULL));
  finding = make_finding (&subject);
  assert_written (
      &json, &finding,
      "{\"verdict\":\"allow\",\"score\":0,\"known\":false,\"profile\":\"default\","
      "\"ceiling\":\"allow\",\"generation\":0,\"decided_at\":null,"
      "\"summary\":\"Nothing is known.\",\"subjects\":[{\"type\":\"domain\","
      "\"value\":\"spam.example\",\"matched\":null,\"verdict\":\"allow\",\"score\":0,"
      "\"known\":false,\"s_or\":0,\"s_loo\":0,\"s_trim\":0,\"origins\":0,\"first_seen\":null,"
      "\"last_seen\":null,\"expires\":null,\"categories\":[],\"notes\":[]}],\"allowed_by\":null}");
  clear_subject (&g_array_index (finding.subjects, TocsinSubjectFinding, 0));
  tocsin_finding_clear (&finding);
}

static void
add_heard (GArray *heard, const TocsinEvidence *row, guint32 via, double strength)
{
  TocsinHeard h = { .evidence = *row, .via = via, .strength = strength };

  g_array_append_val (heard, h);
}

/* What each kind of row is called, and what is told of an actor or a report that is not there. */
static GArray *
hear_all (void)
{
  GArray *heard = g_array_new (FALSE, FALSE, sizeof (TocsinHeard));
  const TocsinEvidence live = { .reporter = 7,
                                .category = 1,
                                .observed_s = DECIDED_S - 129600,
                                .expires_s = DECIDED_S + 1,
                                .report = 1 };
  TocsinEvidence row = live;

  add_heard (heard, &row, 7, 0.75);
  row.expires_s = DECIDED_S;
  row.observed_s = DECIDED_S + 60; /* a clock that is ahead */
  row.flags = TOCSIN_EVIDENCE_BENIGN;
  add_heard (heard, &row, 9, 0);
  row.flags = TOCSIN_EVIDENCE_HELD | TOCSIN_EVIDENCE_IMPORTED;
  row.report = 2;
  add_heard (heard, &row, 7, 0);
  row.flags = TOCSIN_EVIDENCE_IMPORTED;
  row.category = 250;
  row.reporter = 9;
  add_heard (heard, &row, 7, 0);
  return heard;
}

static TocsinFinding
make_known_finding (const TocsinSubject *subject)
{
  TocsinFinding finding = make_finding (subject);
  TocsinSubjectFinding *about = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  const TocsinCategoryFinding spam = { .category = 1, .origins = 2, .s_or = 0.5 };
  const TocsinCategoryFinding tor_exit = { .category = 20, .origins = 1 };
  const TocsinNote critical = { TOCSIN_CLASS_CRITICAL, (char *) "Two said so." };
  const TocsinNote informal = { TOCSIN_CLASS_INFORMAL, (char *) "One \"mentioned\" it." };
  const TocsinCounterfactual without[] = { { 7, TOCSIN_VERDICT_NOTE },
                                           { 9, TOCSIN_VERDICT_BLOCK } };

  g_array_append_val (about->categories, spam);
  g_array_append_val (about->categories, tor_exit);
  g_array_append_val (about->notes, critical);
  g_array_append_val (about->notes, informal);
  about->heard = hear_all ();
  about->matched = g_strdup ("spam.example");
  about->verdict = TOCSIN_VERDICT_REVIEW;
  about->score = 51;
  about->known = TRUE;
  about->s_or = 0.51;
  about->s_loo = 0.25;
  about->s_trim = 1.0 / 3;
  about->origins = 2;
  about->first_seen_s = DECIDED_S - 129600;
  about->last_seen_s = DECIDED_S - 60;
  about->expires_s = DECIDED_S + 1;
  finding.verdict = TOCSIN_VERDICT_REVIEW;
  finding.ceiling = TOCSIN_VERDICT_BLOCK;
  finding.score = 51;
  finding.known = TRUE;
  finding.allowed_by = g_strdup ("our own");
  finding.without = g_array_new (FALSE, FALSE, sizeof (TocsinCounterfactual));
  g_array_append_vals (finding.without, without, G_N_ELEMENTS (without));
  return finding;
}

#define HEAD                                                                                       \
  "{\"verdict\":\"review\",\"score\":51,\"known\":true,\"profile\":\"strict\","                    \
  "\"ceiling\":\"block\",\"generation\":42,\"decided_at\":\"2026-11-23T17:57:10Z\","               \
  "\"summary\":\"Nothing is known.\",\"subjects\":[{\"type\":\"domain\","                          \
  "\"value\":\"spam.example\",\"matched\":\"spam.example\",\"verdict\":\"review\",\"score\":51,"   \
  "\"known\":true,\"s_or\":0.51,\"s_loo\":0.25,\"s_trim\":0.333333,\"origins\":2,"                 \
  "\"first_seen\":\"2026-11-22T05:57:10Z\",\"last_seen\":\"2026-11-23T17:56:10Z\","                \
  "\"expires\":\"2026-11-23T17:57:11Z\",\"categories\":["                                          \
  "{\"slug\":\"spam\",\"class\":\"critical\",\"origins\":2,\"s_or\":0.5},"                         \
  "{\"slug\":\"tor_exit\",\"class\":\"informal\",\"origins\":1,\"s_or\":0}],\"notes\":["           \
  "{\"class\":\"critical\",\"text\":\"Two said so.\"},"                                            \
  "{\"class\":\"informal\",\"text\":\"One \\\"mentioned\\\" it.\"}]"
#define EVIDENCE                                                                                   \
  ",\"evidence\":[{\"reporter\":%s,\"via\":%s,\"category\":\"spam\",\"opinion\":\"malicious\","    \
  "\"state\":\"live\",\"strength\":0.75,\"age_days\":1.5,\"report\":%s},"                          \
  "{\"reporter\":%s,\"via\":null,\"category\":\"spam\",\"opinion\":\"benign\","                    \
  "\"state\":\"expired\",\"strength\":0,\"age_days\":0,\"report\":%s},"                            \
  "{\"reporter\":%s,\"via\":%s,\"category\":\"spam\",\"opinion\":\"malicious\","                   \
  "\"state\":\"held\",\"strength\":0,\"age_days\":0,\"report\":null},"                             \
  "{\"reporter\":null,\"via\":%s,\"category\":null,\"opinion\":\"malicious\","                     \
  "\"state\":\"imported\",\"strength\":0,\"age_days\":0,\"report\":null}]"

static void
test_known (void)
{
  static const char actor[] = "\"https://a.example/actor\"";
  static const char report[] = "\"https://a.example/reports/1\"";
  g_auto (TocsinSubject) subject = { 0 };
  TocsinVerdictJson json = {
    .profile = "strict",
    .generation = 42,
    .decided_us = DECIDED_S * TOCSIN_SECOND_US + 5,
    .actor_uri = actor_uri,
    .report_uri = report_uri,
  };
  g_autofree char *named = g_strdup_printf (
      HEAD EVIDENCE "}],\"allowed_by\":\"our own\","
                    "\"without\":{\"https://a.example/actor\":\"note\"},\"mode\":\"observe\"}",
      actor, actor, report, actor, report, actor, actor, actor);
  g_autofree char *nameless = g_strdup_printf (
      HEAD EVIDENCE "}],\"allowed_by\":\"our own\",\"without\":{},\"mode\":\"observe\"}", "null",
      "null", "null", "null", "null", "null", "null", "null");
  TocsinFinding finding;

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, "spam.example", NULL));
  finding = make_known_finding (&subject);
  assert_written (&json, &finding, HEAD "}],\"allowed_by\":\"our own\"}");
  json.explain = json.observe = TRUE;
  assert_written (&json, &finding, named);
  json.actor_uri = NULL;
  json.report_uri = NULL;
  assert_written (&json, &finding, nameless);
  clear_subject (&g_array_index (finding.subjects, TocsinSubjectFinding, 0));
  tocsin_finding_clear (&finding);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/verdict-json/unknown", test_unknown);
  g_test_add_func ("/verdict-json/known", test_known);
  return g_test_run ();
}
