/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What feeds say in an answer: with source and age, one origin however many mirrors, never more
 * than a note, and not for ever.
 */
#include <string.h>

#include "core/evidence.h"
#include "view/listed.h"

#define NOW_S      1795478400u
#define NOW_US     ((gint64) NOW_S * TOCSIN_SECOND_US)
#define ROWS_MAX   4
#define SPAM       1
#define TOR_EXIT   20
#define DISPOSABLE 23
#define FIRST      100 /* numbers of the lists */
#define MIRROR     101
#define OTHER      102
#define GONE       103

typedef struct
{
  guint32 reporter;
  guint8 category;
} Row;

typedef struct
{
  Row rows[ROWS_MAX];
  gint64 age_us; /* of every list */
  TocsinVerdict verdict;
  guint origins;
  const char *notes; /* with a "|" between */
} Vector;

static const Vector vectors[] = {
  { { { FIRST, TOR_EXIT } },
    0,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read just now" },
  { { { FIRST, TOR_EXIT } },
    61 * TOCSIN_SECOND_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read 1 minute ago" },
  { { { FIRST, TOR_EXIT } },
    TOCSIN_HOUR_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read 1 hour ago" },
  { { { FIRST, TOR_EXIT } },
    25 * TOCSIN_HOUR_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read 25 hours ago" },
  { { { FIRST, TOR_EXIT } },
    3 * TOCSIN_DAY_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read 3 days ago" },
  /* Valid while listed: a list that nobody read for three days and longer no longer says so… */
  { { { FIRST, TOR_EXIT } }, 3 * TOCSIN_DAY_US + 1, TOCSIN_VERDICT_ALLOW, 0, "" },
  /* …but what has a half-life of its own stays. */
  { { { FIRST, SPAM } },
    30 * TOCSIN_DAY_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed for spam by “First”, read 30 days ago" },
  /* A mirror is no second voice; where it is alone, it speaks. */
  { { { FIRST, TOR_EXIT }, { MIRROR, TOR_EXIT } },
    0,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read just now" },
  { { { MIRROR, TOR_EXIT } },
    0,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “Mirror”, read just now" },
  { { { FIRST, TOR_EXIT }, { OTHER, TOR_EXIT } },
    0,
    TOCSIN_VERDICT_NOTE,
    2,
    "Listed as Tor exit by “First”, read just now|Listed as Tor exit by “Other”, read just now" },
  { { { FIRST, TOR_EXIT }, { MIRROR, DISPOSABLE } },
    0,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read just now|"
    "Listed as disposable e-mail domain by “Mirror”, read just now" },
  /* Four lists that accuse are still a note. */
  { { { FIRST, SPAM }, { MIRROR, SPAM }, { OTHER, SPAM } },
    0,
    TOCSIN_VERDICT_NOTE,
    2,
    "Listed for spam by “First”, read just now|Listed for spam by “Other”, read just now" },
  { { { FIRST, TOR_EXIT } },
    59 * TOCSIN_SECOND_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read just now" },
  { { { FIRST, TOR_EXIT } },
    47 * TOCSIN_HOUR_US + 59 * 60 * TOCSIN_SECOND_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read 47 hours ago" },
  { { { FIRST, TOR_EXIT } },
    48 * TOCSIN_HOUR_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read 2 days ago" },
  /* A clock that was put back. */
  { { { FIRST, TOR_EXIT } },
    -TOCSIN_HOUR_US,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read just now" },
  /* A number that no category has. */
  { { { FIRST, 62 } }, 0, TOCSIN_VERDICT_ALLOW, 0, "" },
  /* The original speaks, whichever comes first. */
  { { { MIRROR, TOR_EXIT }, { FIRST, TOR_EXIT } },
    0,
    TOCSIN_VERDICT_NOTE,
    1,
    "Listed as Tor exit by “First”, read just now" },
  /* A feed that is not in force, such as one being taken away, says nothing. */
  { { { GONE, TOR_EXIT } }, 0, TOCSIN_VERDICT_ALLOW, 0, "" },
};

static TocsinListSources *
make_lists (gint64 age_us)
{
  static const struct
  {
    guint32 actor;
    guint32 origin;
    const char *title;
  } lists[] = { { FIRST, FIRST, "First" }, { MIRROR, FIRST, "Mirror" }, { OTHER, OTHER, "Other" } };
  TocsinListSources *sources = tocsin_list_sources_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      TocsinListSource source = { .actor = lists[i].actor,
                                  .origin = lists[i].origin,
                                  .title = (char *) lists[i].title,
                                  .as_of_us = NOW_US - age_us,
                                  .valid_us = 3 * TOCSIN_DAY_US };

      tocsin_list_sources_add (sources, &source);
    }
  return sources;
}

static char *
join_notes (const GArray *notes)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < notes->len; i++)
    {
      const TocsinNote *note = &g_array_index (notes, TocsinNote, i);

      g_assert_cmpint (note->klass, ==, TOCSIN_CLASS_INFORMAL);
      g_string_append_printf (out, "%s%s", i > 0 ? "|" : "", note->text);
    }
  return g_string_free (out, FALSE);
}

static void
judge (const Vector *v, TocsinListSources *lists, const TocsinPlace *place, TocsinFinding *out)
{
  static const TocsinTrustInput nobody = { 0 };
  static const TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP, .key_type = TOCSIN_SUBJECT_IP };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&nobody, 1, 1);
  g_autoptr (TocsinProfile) profile = tocsin_profile_new_builtin ("strict");
  TocsinScoring scoring = { .trust = trust, .profile = profile, .now_us = NOW_US, .lists = lists };
  TocsinProbe probe = { .type = TOCSIN_SUBJECT_IP, .value = (char *) "192.0.2.1" };
  TocsinEvidence rows[ROWS_MAX];
  TocsinKeyEvidence key;
  TocsinSubjectEvidence evidence;
  gsize n = 0;

  for (; n < ROWS_MAX && v->rows[n].category != 0; n++)
    rows[n] = (TocsinEvidence){
      .reporter = v->rows[n].reporter,
      .category = v->rows[n].category,
      .flags = TOCSIN_EVIDENCE_IMPORTED,
      .confidence = 100,
      .subject_type = TOCSIN_SUBJECT_IP,
      .observed_s = NOW_S - 86400 * 400,
      .expires_s = G_MAXUINT32,
    };
  key = (TocsinKeyEvidence){ .probe = &probe, .type = probe.type, .rows = rows, .n_rows = n };
  evidence = (TocsinSubjectEvidence){ .subject = &subject,
                                      .keys = &key,
                                      .n_keys = 1,
                                      .places = place,
                                      .n_places = place != NULL ? 1 : 0 };
  tocsin_score_event (&scoring, &evidence, 1, out);
}

static void
test_vectors (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      const Vector *v = &vectors[i];
      g_autoptr (TocsinListSources) lists = make_lists (v->age_us);
      g_auto (TocsinFinding) finding = { 0 };
      const TocsinSubjectFinding *found;
      g_autofree char *notes = NULL;

      judge (v, lists, NULL, &finding);
      found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
      notes = join_notes (found->notes);
      g_assert_cmpstr (notes, ==, v->notes);
      g_assert_cmpint (finding.verdict, ==, v->verdict);
      g_assert_cmpuint (found->origins, ==, v->origins);
      g_assert_cmpuint (finding.score, ==, 0);
      g_assert_cmpint (finding.known, ==, v->origins > 0);
      g_assert_cmpuint (found->expires_s, ==, 0);
    }
}

/* Where an address is accuses nobody. */
static void
test_places (void)
{
  static const Vector nothing = { .notes = "" };
  const TocsinPlace places[] = {
    { .name = (char *) "Australia", .title = "Countries", .as_of_us = NOW_US - TOCSIN_DAY_US },
    { .name = (char *) "Ex", .number = 64496, .title = "Networks", .as_of_us = NOW_US },
  };
  static const char *const texts[] = {
    "Believed to be from Australia, by “Countries”, read 24 hours ago",
    "In the network of Ex (AS64496), by “Networks”, read just now",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_auto (TocsinFinding) finding = { 0 };
      g_autofree char *notes = NULL;

      judge (&nothing, NULL, &places[i], &finding);
      notes = join_notes (g_array_index (finding.subjects, TocsinSubjectFinding, 0).notes);
      g_assert_cmpstr (notes, ==, texts[i]);
      g_assert_cmpint (finding.verdict, ==, TOCSIN_VERDICT_ALLOW);
      g_assert_false (finding.known);
    }
}

/* Rows that no feed is behind stand for themselves, and so does everything where no feed is known.
 */
static void
test_holds (void)
{
  static const struct
  {
    TocsinEvidence row;
    gboolean has_lists;
    gboolean holds;
  } cases[] = {
    { { .reporter = GONE, .category = TOR_EXIT, .flags = TOCSIN_EVIDENCE_IMPORTED }, TRUE, FALSE },
    { { .reporter = GONE, .category = TOR_EXIT, .flags = TOCSIN_EVIDENCE_IMPORTED }, FALSE, TRUE },
    { { .reporter = GONE, .category = TOR_EXIT }, TRUE, TRUE },
    { { .reporter = 0, .category = TOR_EXIT, .flags = TOCSIN_EVIDENCE_IMPORTED }, TRUE, TRUE },
    { { .reporter = FIRST, .category = TOR_EXIT, .flags = TOCSIN_EVIDENCE_IMPORTED }, TRUE, TRUE },
    { { .reporter = FIRST, .category = 62, .flags = TOCSIN_EVIDENCE_IMPORTED }, TRUE, FALSE },
    { { .reporter = FIRST,
        .category = TOR_EXIT,
        .flags = TOCSIN_EVIDENCE_IMPORTED,
        .subject_type = TOCSIN_SUBJECT_ACTOR + 1 },
      TRUE,
      FALSE },
  };
  g_autoptr (TocsinListSources) lists = make_lists (0);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TocsinScoring scoring = { .now_us = NOW_US, .lists = cases[i].has_lists ? lists : NULL };

      g_assert_cmpint (tocsin_listed_holds (&scoring, &cases[i].row), ==, cases[i].holds);
    }
}

/* A list that says nothing of how long it is valid is valid for as long as it is there. */
static void
test_valid_for_good (void)
{
  static const TocsinEvidence row = { .reporter = 5,
                                      .category = TOR_EXIT,
                                      .flags = TOCSIN_EVIDENCE_IMPORTED,
                                      .subject_type = TOCSIN_SUBJECT_IP };
  g_autoptr (TocsinListSources) lists = tocsin_list_sources_new ();
  TocsinListSource source = { .actor = 5, .origin = 5, .title = (char *) "Old", .as_of_us = 1 };
  TocsinScoring scoring = { .now_us = NOW_US, .lists = lists };

  tocsin_list_sources_add (lists, &source);
  g_assert_true (tocsin_listed_holds (&scoring, &row));
  g_assert_cmpuint (tocsin_listed_origin (&scoring, &row), ==, 5);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listed/vectors", test_vectors);
  g_test_add_func ("/listed/places", test_places);
  g_test_add_func ("/listed/holds", test_holds);
  g_test_add_func ("/listed/valid-for-good", test_valid_for_good);
  return g_test_run ();
}
