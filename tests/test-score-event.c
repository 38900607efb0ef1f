/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Scoring.md 4: two subjects of one event that confirm each other.
 */
#include "score-fixture.h"

/* Two subjects, each of which is a note by itself. */
static const struct
{
  const char *name;
  Row first[ROWS_MAX];
  Row second[ROWS_MAX];
  gboolean same_key;
  TocsinVerdict verdict;
} pairs[] = {
  { "by two peers", { { 1, SPAM } }, { { 2, SPAM } }, FALSE, REVIEW },
  { "by one peer", { { 1, SPAM } }, { { 1, SPAM } }, FALSE, NOTE },
  { "one key", { { 1, SPAM } }, { { 2, SPAM } }, TRUE, NOTE },
  { "one below a quarter", { { 1, SPAM } }, { { 2, SPAM, .confidence = 40 } }, FALSE, NOTE },
  { "one of a category that stops at note", { { 1, SPAM } }, { { 2, OTHER } }, FALSE, NOTE },
  { "one is a fact", { { 1, SPAM } }, { { 2, TOR_EXIT } }, FALSE, NOTE },
  { "one voice behind many who say other",
    { { 1, SPAM }, { 3, OTHER }, { 4, OTHER }, { 5, OTHER } },
    { { 1, SPAM } },
    FALSE,
    NOTE },
  { "two voices behind many who say other",
    { { 1, SPAM }, { 3, OTHER }, { 4, OTHER }, { 5, OTHER } },
    { { 2, SPAM } },
    FALSE,
    REVIEW },
  { "one is unknown", { { 1, SPAM } }, { { 0 } }, FALSE, NOTE },
};

static void
test_pairs (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      g_auto (TocsinFinding) finding = { 0 };
      Asked first, second;
      Asked *both[] = { &first, &second };

      asked_init (&first, 1, pairs[i].first);
      asked_init (&second, pairs[i].same_key ? 1 : 2, pairs[i].second);
      judge (NULL, both, 2, NULL, &finding);
      if (finding.verdict != pairs[i].verdict)
        g_error ("%s: %s", pairs[i].name, tocsin_verdict_to_string (finding.verdict));
      g_assert_cmpuint (subject_at (&finding, 0)->verdict, ==, NOTE);
    }
}

/* Bounds hold for the pair too; and what stops at note on one key does not hide another key. */
static void
test_pair_bounds (void)
{
  static const Row spam1[ROWS_MAX] = { { 1, SPAM } };
  static const Row spam2[ROWS_MAX] = { { 2, SPAM } };
  static const Row other[ROWS_MAX] = { { 3, OTHER }, { 4, OTHER } };
  Asked first, second, third;
  Asked *both[] = { &first, &second };
  TocsinKeyEvidence keys[2];

  asked_init (&first, 1, spam1);
  asked_init (&second, 2, spam2);
  asked_init (&third, 3, other);
  for (guint bound = 0; bound < 2; bound++)
    {
      g_auto (TocsinFinding) finding = { 0 };

      first.key.shared = bound == 0;
      first.key.broad = bound == 1;
      judge (NULL, both, 2, NULL, &finding);
      g_assert_cmpuint (finding.verdict, ==, NOTE);
    }
  asked_init (&first, 1, spam1);
  keys[0] = third.key;
  keys[1] = first.key;
  first.evidence.keys = keys;
  first.evidence.n_keys = 2;
  {
    g_auto (TocsinFinding) finding = { 0 };

    judge (NULL, both, 2, NULL, &finding);
    g_assert_cmpuint (subject_at (&finding, 0)->score, ==, 75);
    g_assert_cmpuint (finding.verdict, ==, REVIEW);
  }
}

/* A subject that was found under two keys. */
static void
ask_two (Asked *self, TocsinKeyEvidence keys[2], const Asked *other)
{
  keys[0] = self->key;
  keys[1] = other->key;
  self->evidence.keys = keys;
  self->evidence.n_keys = 2;
}

/* Whoever reports more only adds to what there is: a voice that is louder about what is around both
 * subjects hides neither what others say of each, nor that they are two. */
static void
test_louder_voice (void)
{
  static const Row said[ROWS_MAX] = { { 1, SPAM } };
  static const Row said_too[ROWS_MAX] = { { 2, SPAM } };
  static const Row louder[ROWS_MAX] = { { 12, SPAM, .confidence = 95 } };
  Asked first, second, around_first, around_second;
  Asked *both[] = { &first, &second };
  TocsinKeyEvidence keys[2], keys_too[2];

  for (guint n_around = 1; n_around <= 2; n_around++)
    for (guint swapped = 0; swapped < 2; swapped++)
      {
        g_auto (TocsinFinding) finding = { 0 };
        TocsinScoring scoring = { 0 };

        asked_init (&first, 1, said);
        asked_init (&second, 2, swapped ? said : said_too);
        asked_init (&around_first, 3, louder);
        asked_init (&around_second, n_around == 1 ? 3 : 4, louder);
        ask_two (&first, keys, &around_first);
        ask_two (&second, keys_too, &around_second);
        judge (NULL, both, 2, &scoring, &finding);
        g_assert_cmpuint (subject_at (&finding, 0)->verdict, ==, NOTE);
        g_assert_cmpuint (finding.verdict, ==, REVIEW);
      }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/score-event/pairs", test_pairs);
  g_test_add_func ("/score-event/pair-bounds", test_pair_bounds);
  g_test_add_func ("/score-event/louder-voice", test_louder_voice);
  return g_test_run ();
}
