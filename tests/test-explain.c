/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The sentences of an answer, untranslated.
 */
#include "view/explain.h"

#define NOW_S        1795478400u
#define NOW_US       ((gint64) NOW_S * TOCSIN_SECOND_US)
#define ROWS_MAX     8
#define SUBJECTS_MAX 3
#define BENIGN       TOCSIN_EVIDENCE_BENIGN
#define IMPORTED     TOCSIN_EVIDENCE_IMPORTED
#define SPAM         1
#define SEO_SPAM     2
#define SCAM         3
#define TOR_EXIT     20
#define DISPOSABLE   23

typedef struct
{
  guint32 reporter;
  guint8 category;
  guint8 flags;
} Row;

/* Of one subject: what it is, under what it was found, and by whom. */
typedef struct
{
  TocsinSubjectType type;
  TocsinSubjectType matched_type;
  const char *matched;
  Row rows[ROWS_MAX];
  const char *allowed_by;
  const char *summary;
  const char *first_note; /* NULL: none */
} Vector;

static const Vector vectors[] = {
  { TOCSIN_SUBJECT_IP, TOCSIN_SUBJECT_IP, "192.0.2.1", { { 0 } }, NULL, "Nothing is known", NULL },
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 1, SPAM } },
    NULL,
    "IP address reported by 1 instance that you trust, for spam",
    "Reported for spam by p1.example" },
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_NETWORK,
    "2001:db8::/64",
    { { 1, SPAM }, { 2, SPAM }, { 2, SEO_SPAM } },
    NULL,
    "IP address reported by 2 instances that you trust, for spam and seo_spam",
    "Reported for spam and seo_spam by p1.example, p2.example" },
  { TOCSIN_SUBJECT_EMAIL,
    TOCSIN_SUBJECT_EMAIL,
    "a@example.org",
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM }, { 4, SPAM }, { 5, SPAM } },
    NULL,
    "e-mail address reported by 5 instances that you trust, for spam",
    "Reported for spam by p1.example, p2.example, p3.example and 2 more" },
  { TOCSIN_SUBJECT_USERNAME,
    TOCSIN_SUBJECT_USERNAME,
    "x",
    { { 0, SPAM } },
    NULL,
    "user name reported by this instance, for spam",
    "Reported for spam by this instance" },
  { TOCSIN_SUBJECT_ACTOR,
    TOCSIN_SUBJECT_ACTOR,
    "https://x.example/u",
    { { 0, SPAM }, { 1, SPAM } },
    NULL,
    "account reported by this instance and 1 that you trust, for spam",
    "Reported for spam by p1.example" },
  { TOCSIN_SUBJECT_EMAIL,
    TOCSIN_SUBJECT_DOMAIN,
    "example.org",
    { { 0, DISPOSABLE, IMPORTED } },
    NULL,
    "e-mail domain is listed: disposable e-mail domain",
    "“example.org” is listed: disposable e-mail domain" },
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 0, SPAM, IMPORTED } },
    NULL,
    "IP address is on an imported list, for spam",
    "On an imported list, for spam" },
  { TOCSIN_SUBJECT_DOMAIN,
    TOCSIN_SUBJECT_DOMAIN,
    "example.org",
    { { 1, SPAM }, { 2, SPAM, BENIGN } },
    NULL,
    "domain reported by 1 instance that you trust, for spam; domain disputed by p2.example",
    "Reported for spam by p1.example" },
  { TOCSIN_SUBJECT_DOMAIN,
    TOCSIN_SUBJECT_DOMAIN,
    "example.org",
    { { 1, SPAM }, { 0, SPAM, BENIGN } },
    NULL,
    "domain reported by 1 instance that you trust, for spam; domain disputed by this instance",
    "Reported for spam by p1.example" },
  { TOCSIN_SUBJECT_DOMAIN,
    TOCSIN_SUBJECT_DOMAIN,
    "example.org",
    { { 1, SPAM }, { 1, SEO_SPAM }, { 2, SCAM }, { 0, DISPOSABLE, IMPORTED } },
    NULL,
    "domain reported by 2 instances that you trust, for spam, seo_spam and scam; "
    "domain is listed: disposable e-mail domain",
    "Reported for spam, seo_spam and scam by p1.example, p2.example" },
  /* What lists alone tell is not put into the mouth of a peer. */
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 0, SPAM, IMPORTED }, { 1, SCAM }, { 2, TOR_EXIT } },
    NULL,
    "IP address reported by 1 instance that you trust, for scam; "
    "IP address is on an imported list, for spam; IP address is listed: Tor exit",
    "Reported for scam by p1.example" },
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 0, SPAM, IMPORTED }, { 2, TOR_EXIT } },
    NULL,
    "IP address is on an imported list, for spam; IP address is listed: Tor exit",
    "On an imported list, for spam" },
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 0, SPAM, IMPORTED }, { 1, SPAM } },
    NULL,
    "IP address reported by 1 instance that you trust, for spam",
    "Reported for spam by p1.example" },
  /* No list says so, but a peer. */
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 1, TOR_EXIT } },
    NULL,
    "IP address is listed: Tor exit",
    "“192.0.2.1” is listed: Tor exit" },
  { TOCSIN_SUBJECT_DOMAIN,
    TOCSIN_SUBJECT_DOMAIN,
    NULL,
    { { 0, DISPOSABLE, IMPORTED } },
    NULL,
    "domain is listed: disposable e-mail domain",
    "“” is listed: disposable e-mail domain" },
  { TOCSIN_SUBJECT_IP,
    TOCSIN_SUBJECT_IP,
    "192.0.2.1",
    { { 1, SPAM } },
    "our office",
    "IP address reported by 1 instance that you trust, for spam; on this instance's allow list",
    "Reported for spam by p1.example" },
};

/* How the sentence begins, by what was asked about and under what it was found. */
static const struct
{
  TocsinSubjectType type;
  TocsinSubjectType matched_type;
  const char *label;
} labels[] = {
  { TOCSIN_SUBJECT_IP, TOCSIN_SUBJECT_IP, "IP address" },
  { TOCSIN_SUBJECT_NETWORK, TOCSIN_SUBJECT_NETWORK, "network" },
  { TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_EMAIL, "e-mail address" },
  { TOCSIN_SUBJECT_EMAIL, TOCSIN_SUBJECT_DOMAIN, "e-mail domain" },
  { TOCSIN_SUBJECT_DOMAIN, TOCSIN_SUBJECT_DOMAIN, "domain" },
  { TOCSIN_SUBJECT_URL, TOCSIN_SUBJECT_URL, "URL" },
  { TOCSIN_SUBJECT_URL, TOCSIN_SUBJECT_DOMAIN, "domain of the URL" },
  { TOCSIN_SUBJECT_USERNAME, TOCSIN_SUBJECT_USERNAME, "user name" },
  { TOCSIN_SUBJECT_ACTOR, TOCSIN_SUBJECT_ACTOR, "account" },
  { TOCSIN_SUBJECT_ACTOR, TOCSIN_SUBJECT_DOMAIN, "domain of the account" },
  { TOCSIN_SUBJECT_NONE, TOCSIN_SUBJECT_IP, "subject" },
};

static const char *
actor_name (guint32 actor, gpointer data)
{
  static char name[64];

  g_snprintf (name, sizeof name, "https://p%u.example/actor", actor);
  return name;
}

/* An event of that subject as often as is said. */
static void
judge_named (const Vector *v,
             const TocsinSubject *subject,
             gsize n_subjects,
             const char *(*name) (guint32 actor, gpointer data),
             TocsinFinding *out)
{
  static const TocsinTrustPeer peers[] = {
    { 1, TOCSIN_AREA_ANY, 0.5, FALSE }, { 2, TOCSIN_AREA_ANY, 0.5, FALSE },
    { 3, TOCSIN_AREA_ANY, 0.5, FALSE }, { 4, TOCSIN_AREA_ANY, 0.5, FALSE },
    { 5, TOCSIN_AREA_ANY, 0.5, FALSE },
  };
  static const TocsinTrustInput input = { .peers = peers, .n_peers = G_N_ELEMENTS (peers) };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);
  g_autoptr (TocsinProfile) profile = tocsin_profile_new_builtin ("default");
  TocsinScoring scoring = {
    .trust = trust, .profile = profile, .now_us = NOW_US, .actor_name = name
  };
  TocsinProbe probe = { .type = v->matched_type, .value = (char *) v->matched };
  TocsinEvidence rows[ROWS_MAX];
  TocsinKeyEvidence key;
  TocsinSubjectEvidence evidence[SUBJECTS_MAX];
  gsize n = 0;

  for (; n < ROWS_MAX && v->rows[n].category != 0; n++)
    rows[n] = (TocsinEvidence){
      .reporter = v->rows[n].reporter,
      .category = v->rows[n].category,
      .flags = v->rows[n].flags,
      .confidence = 100,
      .subject_type = (guint8) v->matched_type,
      .observed_s = NOW_S,
      .expires_s = NOW_S + 1000,
    };
  key = (TocsinKeyEvidence){ .probe = &probe, .type = probe.type, .rows = rows, .n_rows = n };
  for (gsize i = 0; i < n_subjects; i++)
    evidence[i] = (TocsinSubjectEvidence){
      .subject = subject, .keys = &key, .n_keys = 1, .allowed_by = v->allowed_by
    };
  tocsin_score_event (&scoring, evidence, n_subjects, out);
}

static void
judge (const Vector *v, const TocsinSubject *subject, TocsinFinding *out)
{
  judge_named (v, subject, 1, actor_name, out);
}

static void
test_labels (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (labels); i++)
    {
      const Vector v = {
        labels[i].type, labels[i].matched_type, "x", { { 0, SPAM } }, NULL, NULL, NULL
      };
      TocsinSubject subject = { .type = labels[i].type, .key_type = labels[i].type };
      g_autofree char *summary =
          g_strconcat (labels[i].label, " reported by this instance, for spam", NULL);
      g_auto (TocsinFinding) finding = { 0 };

      judge (&v, &subject, &finding);
      g_assert_cmpstr (finding.summary, ==, summary);
    }
}

static const char *
no_name (guint32 actor, gpointer data)
{
  return actor == 1 ? NULL : actor == 2 ? "acct:x@p2.example" : "https://p3.example";
}

/* Whoever has no host to be called by is called by its number. */
static void
test_names (void)
{
  static const Vector v = { TOCSIN_SUBJECT_IP,
                            TOCSIN_SUBJECT_IP,
                            "192.0.2.1",
                            { { 1, SPAM }, { 2, SPAM }, { 3, SPAM } },
                            NULL,
                            NULL,
                            NULL };
  static const struct
  {
    const char *(*name) (guint32 actor, gpointer data);
    const char *note;
  } names[] = {
    { no_name, "Reported for spam by actor 1, actor 2, p3.example" },
    { NULL, "Reported for spam by actor 1, actor 2, actor 3" },
  };
  static const TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP, .key_type = TOCSIN_SUBJECT_IP };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (TocsinFinding) finding = { 0 };
      const GArray *notes;

      judge_named (&v, &subject, 1, names[i].name, &finding);
      notes = g_array_index (finding.subjects, TocsinSubjectFinding, 0).notes;
      g_assert_cmpstr (g_array_index (notes, TocsinNote, 0).text, ==, names[i].note);
    }
}

/* What is so of several is said once. */
static void
test_several (void)
{
  static const Vector v = { TOCSIN_SUBJECT_DOMAIN,
                            TOCSIN_SUBJECT_DOMAIN,
                            "x.example",
                            { { 0, SPAM, IMPORTED }, { 1, SEO_SPAM } },
                            NULL,
                            NULL,
                            NULL };
  static const TocsinSubject subject = { .type = TOCSIN_SUBJECT_DOMAIN,
                                         .key_type = TOCSIN_SUBJECT_DOMAIN };
  g_auto (TocsinFinding) finding = { 0 };

  judge_named (&v, &subject, SUBJECTS_MAX, actor_name, &finding);
  g_assert_cmpstr (finding.summary, ==,
                   "domain reported by 1 instance that you trust, for seo_spam; "
                   "domain is on an imported list, for spam");
  for (guint i = 0; i < SUBJECTS_MAX; i++)
    g_assert_cmpuint (g_array_index (finding.subjects, TocsinSubjectFinding, i).notes->len, ==, 2);
}

static void
test_sentences (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      const Vector *v = &vectors[i];
      TocsinSubject subject = { .type = v->type, .key_type = v->type };
      g_auto (TocsinFinding) finding = { 0 };
      const GArray *notes;

      judge (v, &subject, &finding);
      notes = g_array_index (finding.subjects, TocsinSubjectFinding, 0).notes;
      g_assert_cmpstr (finding.summary, ==, v->summary);
      if (v->first_note == NULL)
        g_assert_cmpuint (notes->len, ==, 0);
      else
        g_assert_cmpstr (g_array_index (notes, TocsinNote, 0).text, ==, v->first_note);
    }
}

static gboolean
has_note (const TocsinFinding *finding, const char *text)
{
  const GArray *notes = g_array_index (finding->subjects, TocsinSubjectFinding, 0).notes;

  for (guint i = 0; i < notes->len; i++)
    if (g_str_equal (g_array_index (notes, TocsinNote, i).text, text))
      return TRUE;
  return FALSE;
}

/* A list is told of beside whoever reports the same: the note may rest on it. */
static void
test_list_beside (void)
{
  static const Vector v = { TOCSIN_SUBJECT_IP,
                            TOCSIN_SUBJECT_IP,
                            "192.0.2.1",
                            { { 0, SPAM, IMPORTED }, { 1, SPAM } },
                            NULL,
                            NULL,
                            NULL };
  static const TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP, .key_type = TOCSIN_SUBJECT_IP };
  g_auto (TocsinFinding) finding = { 0 };

  judge (&v, &subject, &finding);
  g_assert_true (has_note (&finding, "Reported for spam by p1.example"));
  g_assert_true (has_note (&finding, "On an imported list, for spam"));
}

/* What a program here echoes is no reason, makes nothing known, and is shown with explain alone. */
static void
test_derived (void)
{
  static const Vector v = { TOCSIN_SUBJECT_IP,
                            TOCSIN_SUBJECT_IP,
                            "192.0.2.1",
                            { { 0, SPAM, IMPORTED | TOCSIN_EVIDENCE_DERIVED } },
                            NULL,
                            NULL,
                            NULL };
  static const TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP, .key_type = TOCSIN_SUBJECT_IP };
  g_auto (TocsinFinding) finding = { 0 };

  judge (&v, &subject, &finding);
  g_assert_cmpint (finding.verdict, ==, TOCSIN_VERDICT_ALLOW);
  g_assert_false (finding.known);
  g_assert_cmpstr (finding.summary, ==, "Nothing is known");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/explain/sentences", test_sentences);
  g_test_add_func ("/explain/several", test_several);
  g_test_add_func ("/explain/labels", test_labels);
  g_test_add_func ("/explain/names", test_names);
  g_test_add_func ("/explain/list-beside", test_list_beside);
  g_test_add_func ("/explain/derived", test_derived);
  return g_test_run ();
}
