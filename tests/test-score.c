/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Model.md 3 and 4 on graphs small enough to work out by hand: with direct peers alone,
 * S_or = 1 - Π(1 - t·r), and S_loo leaves the strongest out.
 */
#include "score-fixture.h"

#include <math.h>

#include "core/error.h"

typedef struct
{
  const char *name;
  const char *profile; /* NULL: default */
  Row rows[ROWS_MAX];  /* up to the first without a category */
  gboolean broad;
  gboolean shared;
  TocsinBound bound;
  TocsinVerdict verdict;
  guint score;
  gboolean unknown;
} Vector;

static const Vector vectors[] = {
  { "nothing", NULL, { { 0 } }, .verdict = ALLOW, .score = 0, .unknown = TRUE },
  { "one peer of 50 is a note", NULL, { { 1, SPAM } }, .verdict = NOTE, .score = 50 },
  { "two peers of 50 are a review",
    NULL,
    { { 1, SPAM }, { 2, SPAM } },
    .verdict = REVIEW,
    .score = 75 },
  { "five peers of 50 score 97",
    NULL,
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM }, { 4, SPAM }, { 5, SPAM } },
    .verdict = REVIEW,
    .score = 97 },
  { "they say different words of one group",
    NULL,
    { { 1, SPAM }, { 2, SCRAPING } },
    .verdict = REVIEW,
    .score = 75 },
  { "they say words of different groups",
    NULL,
    { { 1, SPAM }, { 2, HARASSMENT } },
    .verdict = NOTE,
    .score = 50 },
  { "a reporter counts once in a group",
    NULL,
    { { 1, SPAM }, { 1, SCRAPING } },
    .verdict = NOTE,
    .score = 50 },
  { "one peer of 55 is a review", NULL, { { 12, SPAM } }, .verdict = REVIEW, .score = 55 },
  { "one peer of 100 is held at 79", NULL, { { 11, SPAM } }, .verdict = REVIEW, .score = 79 },
  { "one peer of 100 beside one of 50",
    NULL,
    { { 1, SPAM }, { 11, SPAM } },
    .verdict = REVIEW,
    .score = 100 },
  { "one peer of 4 is nothing much", NULL, { { 13, SPAM } }, .verdict = ALLOW, .score = 4 },

  /* A digest is claimed to be of another type than what it is asked for. */
  { "nothing is heard of another type",
    NULL,
    { { 1, SPAM, .type = EMAIL }, { 10, SPAM, .type = EMAIL }, { 0, SPAM, .type = EMAIL } },
    .verdict = ALLOW,
    .score = 0,
    .unknown = TRUE },
  { "nor beside what is heard",
    NULL,
    { { 1, SPAM }, { 2, SPAM, .type = EMAIL } },
    .verdict = NOTE,
    .score = 50 },
  { "nor is it the newest of a pair",
    NULL,
    { { 1, SPAM, .age_days = 15 }, { 1, SPAM, .type = EMAIL } },
    .verdict = NOTE,
    .score = 35 },
  { "nor does it dispute",
    NULL,
    { { 1, SPAM }, { 1, SPAM, BENIGN, .type = EMAIL } },
    .verdict = NOTE,
    .score = 50 },

  { "own report blocks", NULL, { { 0, SPAM } }, .verdict = BLOCK, .score = 100 },
  { "own report of other blocks", NULL, { { 0, OTHER } }, .verdict = BLOCK, .score = 100 },
  { "own report blocks in lenient", "lenient", { { 0, SPAM } }, .verdict = BLOCK, .score = 100 },
  { "full trust ends where distrust begins",
    "strict",
    { { 14, SPAM } },
    .verdict = ALLOW,
    .unknown = TRUE },
  { "trusted in one area", NULL, { { 15, SPAM } }, .verdict = REVIEW, .score = 79 },
  { "and not heard in another", NULL, { { 15, HARASSMENT } }, .verdict = ALLOW, .unknown = TRUE },
  { "nor of a fact", NULL, { { 15, TOR_EXIT } }, .verdict = ALLOW, .unknown = TRUE },
  { "nor of what is in no group", NULL, { { 15, OTHER } }, .verdict = ALLOW, .unknown = TRUE },
  { "full trust in another area", NULL, { { 14, HARASSMENT } }, .verdict = BLOCK, .score = 100 },
  { "a full-trust peer's blocks", NULL, { { 10, SPAM } }, .verdict = BLOCK, .score = 100 },
  { "own benign does not block", NULL, { { 0, SPAM, BENIGN } }, .verdict = ALLOW, .score = 0 },
  { "own import does not block", NULL, { { 0, SPAM, IMPORTED } }, .verdict = NOTE, .score = 0 },
  { "own held does not block",
    NULL,
    { { 0, SPAM, HELD } },
    .verdict = ALLOW,
    .score = 0,
    .unknown = TRUE },

  { "benign takes nothing from another branch",
    NULL,
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM, BENIGN } },
    .verdict = REVIEW,
    .score = 75 },
  { "benign alone", NULL, { { 1, SPAM, BENIGN } }, .verdict = ALLOW, .score = 0 },
  { "malicious wins over benign of the same peer",
    NULL,
    { { 1, SPAM }, { 1, SCRAPING, BENIGN } },
    .verdict = NOTE,
    .score = 50 },

  { "strict blocks",
    "strict",
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM }, { 4, SPAM }, { 5, SPAM } },
    .verdict = BLOCK,
    .score = 97 },
  { "strict does not block on one voice",
    "strict",
    { { 11, SPAM } },
    .verdict = REVIEW,
    .score = 79 },
  { "strict does not block on many faint voices",
    "strict",
    { { 1, SPAM, .confidence = 8 },
      { 2, SPAM, .confidence = 8 },
      { 3, SPAM, .confidence = 8 },
      { 4, SPAM, .confidence = 8 },
      { 5, SPAM, .confidence = 8 },
      { 6, SPAM, .confidence = 8 },
      { 7, SPAM, .confidence = 8 },
      { 8, SPAM, .confidence = 8 } },
    .verdict = NOTE,
    .score = 28 },
  { "strict does not block what the trimming removes",
    "strict",
    { { 1, SPAM }, { 2, SPAM } },
    .verdict = REVIEW,
    .score = 75 },
  { "strict stops other at note",
    "strict",
    { { 1, OTHER }, { 2, OTHER }, { 3, OTHER }, { 4, OTHER }, { 5, OTHER } },
    .verdict = NOTE,
    .score = 97 },
  { "lenient stops spam at note",
    "lenient",
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM } },
    .verdict = NOTE,
    .score = 88 },
  { "lenient reviews a scam",
    "lenient",
    { { 1, SCAM }, { 2, SCAM } },
    .verdict = REVIEW,
    .score = 75 },
  { "default stops other at note",
    NULL,
    { { 1, OTHER }, { 2, OTHER } },
    .verdict = NOTE,
    .score = 75 },

  { "a fact is a note", NULL, { { 0, TOR_EXIT, IMPORTED } }, .verdict = NOTE, .score = 0 },
  { "a fact from a peer is a note", NULL, { { 1, HOSTING } }, .verdict = NOTE, .score = 0 },
  { "a fact from many is a note",
    "strict",
    { { 0, TOR_EXIT }, { 1, TOR_EXIT }, { 2, TOR_EXIT }, { 10, TOR_EXIT }, { 11, TOR_EXIT } },
    .verdict = NOTE,
    .score = 0 },

  { "broad and fragile is a note",
    NULL,
    { { 12, SPAM } },
    .broad = TRUE,
    .bound = TOCSIN_BOUND_BROAD,
    .verdict = NOTE,
    .score = 55 },
  { "broad, and solid beside one loud voice",
    NULL,
    { { 1, HARASSMENT }, { 2, HARASSMENT }, { 11, SPAM } },
    .broad = TRUE,
    .verdict = REVIEW,
    .score = 79 },
  { "broad and solid is a review",
    "strict",
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM }, { 4, SPAM }, { 5, SPAM } },
    .broad = TRUE,
    .verdict = REVIEW,
    .score = 97 },
  { "shared is a note",
    "strict",
    { { 1, SPAM }, { 2, SPAM }, { 3, SPAM }, { 4, SPAM }, { 5, SPAM } },
    .shared = TRUE,
    .bound = TOCSIN_BOUND_SHARED,
    .verdict = NOTE,
    .score = 97 },

  { "a half-life halves", NULL, { { 11, SPAM, .age_days = 30 } }, .verdict = NOTE, .score = 50 },
  { "two half-lives", NULL, { { 11, SPAM, .age_days = 60 } }, .verdict = NOTE, .score = 25 },
  { "confidence counts", NULL, { { 11, SPAM, .confidence = 40 } }, .verdict = NOTE, .score = 40 },
  { "the newest of one pair speaks",
    NULL,
    { { 11, SPAM, .age_days = 30 }, { 11, SPAM, BENIGN, .age_days = 1 } },
    .verdict = ALLOW,
    .score = 0 },
  { "the order in which they came does not matter",
    NULL,
    { { 11, SPAM, BENIGN, .age_days = 1 }, { 11, SPAM, .age_days = 30 } },
    .verdict = ALLOW,
    .score = 0 },
  { "an import between two of one pair hides neither",
    NULL,
    { { 11, SPAM, .age_days = 30 },
      { 11, SPAM, IMPORTED, .age_days = 20 },
      { 11, SPAM, BENIGN, .age_days = 1 } },
    .verdict = NOTE,
    .score = 0 },
  { "what this node took back no longer blocks, whatever it imported",
    NULL,
    { { 0, SPAM, .age_days = 2 }, { 0, SPAM, IMPORTED, .age_days = 1 }, { 0, SPAM, BENIGN } },
    .verdict = NOTE,
    .score = 0 },
  { "the newest import speaks",
    NULL,
    { { 11, SPAM, IMPORTED, .age_days = 3 },
      { 11, SPAM, BENIGN, .age_days = 2 },
      { 11, SPAM, IMPORTED | BENIGN, .age_days = 1 } },
    .verdict = ALLOW,
    .score = 0 },
  { "a category that no version knows", NULL, { { 11, 62 } }, .verdict = ALLOW, .unknown = TRUE },
  { "a number that is no category", NULL, { { 11, 64 } }, .verdict = ALLOW, .unknown = TRUE },

  { "held is not counted", NULL, { { 11, SPAM, HELD } }, .verdict = ALLOW, .unknown = TRUE },
  { "expired is not counted",
    NULL,
    { { 11, SPAM, .left_days = -1 } },
    .verdict = ALLOW,
    .unknown = TRUE },
  { "unbelieved is not counted", NULL, { { STRANGER, SPAM } }, .verdict = ALLOW, .unknown = TRUE },
  { "a stranger beside a peer",
    NULL,
    { { 1, SPAM }, { STRANGER, SPAM } },
    .verdict = NOTE,
    .score = 50 },
};

/* A list says of a key what a check of it does. */
static void
check_key (const Vector *v, const TocsinKeyEvidence *key)
{
  static const guint32 nobody = STRANGER + 1;
  g_autoptr (TocsinTrustSnapshot) trust = make_trust ();
  g_autoptr (TocsinProfile) profile =
      tocsin_profile_new_builtin (v->profile != NULL ? v->profile : "default");
  TocsinScoring scoring = {
    .trust = trust, .profile = profile, .now_us = NOW_US, .over_budget = &nobody
  };

  /* With somebody over the budget nothing is left for later, and it comes to the same. */
  for (gsize n = 0; n < 2; n++)
    {
      TocsinKeyFinding found;

      scoring.n_over_budget = n;
      tocsin_score_key (&scoring, key, &found);
      g_assert_cmpuint (found.verdict, ==, v->verdict);
      g_assert_cmpuint (found.score, ==, v->score);
      g_assert_cmpint (found.known, ==, !v->unknown);
      g_assert_cmpint (found.bounded, ==, v->verdict > NOTE);
      g_assert_cmpint (found.last_seen_s > 0, ==, !v->unknown);
      g_assert_cmpuint (found.first_seen_s, <=, found.last_seen_s);
    }
}

static void
test_vector (gconstpointer data)
{
  const Vector *v = data;
  g_auto (TocsinFinding) finding = { 0 };
  Asked asked;
  Asked *one = &asked;

  asked_init (&asked, 1, v->rows);
  asked.key.broad = v->broad;
  asked.key.shared = v->shared;
  judge (v->profile, &one, 1, NULL, &finding);
  g_assert_cmpstr (tocsin_verdict_to_string (finding.verdict), ==,
                   tocsin_verdict_to_string (v->verdict));
  g_assert_cmpuint (finding.score, ==, v->score);
  g_assert_cmpint (finding.known, ==, !v->unknown);
  g_assert_cmpint (subject_at (&finding, 0)->known, ==, !v->unknown);
  g_assert_cmpint (subject_at (&finding, 0)->bound, ==, v->bound);
  check_key (v, &asked.evidence.keys[0]);
}

static void
test_strength (void)
{
  static const struct
  {
    TocsinEvidence row;
    double strength;
  } rows[] = {
    { { .category = SPAM, .confidence = 100, .subject_type = IP, .observed_s = NOW_S }, 1 },
    { { .category = SPAM, .confidence = 100, .subject_type = IP, .observed_s = NOW_S + 9999 }, 1 },
    { { .category = SPAM, .confidence = 50, .subject_type = IP, .observed_s = NOW_S }, 0.5 },
    { { .category = SPAM, .confidence = 100, .subject_type = IP, .observed_s = NOW_S - 15 * DAY_S },
      0.70710678118654752 },
    { { .category = SPAM,
        .confidence = 100,
        .subject_type = TOCSIN_SUBJECT_NETWORK,
        .observed_s = NOW_S - 30 * DAY_S },
      0.5 },
    { { .category = SPAM,
        .confidence = 100,
        .subject_type = TOCSIN_SUBJECT_DOMAIN,
        .observed_s = NOW_S - 60 * DAY_S },
      0.5 },
    { { .category = SPAM,
        .confidence = 100,
        .subject_type = TOCSIN_SUBJECT_EMAIL,
        .observed_s = NOW_S - 3000 * DAY_S },
      1 },
    { { .category = SPAM,
        .confidence = 100,
        .flags = IMPORTED,
        .subject_type = IP,
        .observed_s = NOW_S },
      0 },
    { { .category = 62, .confidence = 100, .subject_type = IP, .observed_s = NOW_S }, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    g_assert_cmpfloat_with_epsilon (tocsin_score_strength (&rows[i].row, NOW_US), rows[i].strength,
                                    1e-12);
}

/* S_loo is over every single voice, so exactly two of 0.3 are solid and carry no cap. */
static void
test_figures (void)
{
  static const Row rows[ROWS_MAX] = { { 1, SPAM }, { 2, SPAM }, { 3, SPAM } };
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  Asked asked;
  Asked *one = &asked;

  asked_init (&asked, 1, rows);
  judge (NULL, &one, 1, NULL, &finding);
  found = subject_at (&finding, 0);
  g_assert_cmpfloat_with_epsilon (found->s_or, 0.875, 1e-9);
  g_assert_cmpfloat_with_epsilon (found->s_loo, 0.75, 1e-9);
  g_assert_cmpuint (found->origins, ==, 3);
  g_assert_cmpuint (found->first_seen_s, ==, NOW_S);
  g_assert_cmpuint (found->expires_s, ==, NOW_S + 30 * DAY_S);
  g_assert_cmpuint (found->categories->len, ==, 1);
  g_assert_cmpuint (finding.ceiling, ==, REVIEW);
  g_assert_cmpuint (finding.charge_actor, ==, 0);
  g_assert_null (finding.without);
  g_assert_null (found->heard);
}

/* The figures are those of the run that decided, not of a louder one that may not go so far. */
static void
test_figures_of_what_decided (void)
{
  static const Row rows[ROWS_MAX] = { { 1, SPAM },  { 2, SPAM },  { 3, OTHER }, { 4, OTHER },
                                      { 5, OTHER }, { 6, OTHER }, { 7, OTHER } };
  g_auto (TocsinFinding) finding = { 0 };
  Asked asked;
  Asked *one = &asked;

  asked_init (&asked, 1, rows);
  judge (NULL, &one, 1, NULL, &finding);
  g_assert_cmpuint (finding.verdict, ==, REVIEW);
  g_assert_cmpuint (finding.score, ==, 97);
  g_assert_cmpfloat_with_epsilon (subject_at (&finding, 0)->s_or, 0.75, 1e-9);
}

/* An IPv6 address is stored under the key of its /64, and goes on counting by its own half-life. No
 * other type is under another's key. */
static void
test_types (void)
{
  for (guint key = IP; key <= TOCSIN_SUBJECT_ACTOR; key++)
    for (guint row = IP; row <= TOCSIN_SUBJECT_ACTOR; row++)
      {
        const Row rows[ROWS_MAX] = { { 0, SPAM, .type = (TocsinSubjectType) row } };
        gboolean is_heard = row == key || (key == NETWORK && row == IP);
        g_auto (TocsinFinding) finding = { 0 };
        Asked asked;
        Asked *one = &asked;

        asked_init (&asked, 1, rows);
        asked.key.type = (TocsinSubjectType) key;
        judge (NULL, &one, 1, &(TocsinScoring){ .explain = TRUE }, &finding);
        g_assert_cmpint (finding.known, ==, is_heard);
        g_assert_cmpuint (finding.score, ==, is_heard ? 100 : 0);
        g_assert_cmpuint (subject_at (&finding, 0)->heard->len, ==, is_heard ? 1 : 0);
      }
}

/* What a list is told of a key beside its verdict. */
static void
test_key (void)
{
  static const Row rows[ROWS_MAX] = { { 1, SPAM, .age_days = 3, .left_days = 5 },
                                      { 2, SCAM, .age_days = 9, .left_days = 40 },
                                      { 3, HARASSMENT, BENIGN, .age_days = 4 },
                                      { 4, SCRAPING, HELD },
                                      { STRANGER, OTHER } };
  g_autoptr (TocsinTrustSnapshot) trust = make_trust ();
  g_autoptr (TocsinProfile) profile = tocsin_profile_new_builtin ("default");
  TocsinScoring scoring = { .trust = trust, .profile = profile, .now_us = NOW_US };
  TocsinKeyFinding found;
  Asked asked;

  asked_init (&asked, 1, rows);
  tocsin_score_key (&scoring, &asked.key, &found);
  g_assert_cmpuint (found.categories, ==, 1u << SPAM | 1u << SCAM);
  g_assert_cmpuint (found.first_seen_s, ==, NOW_S - 9 * DAY_S);
  g_assert_cmpuint (found.last_seen_s, ==, NOW_S - 3 * DAY_S);
  g_assert_cmpuint (found.expires_s, ==, NOW_S + 40 * DAY_S);
  asked.rows[1].expires_s = TOCSIN_EVIDENCE_NEVER_S;
  tocsin_score_key (&scoring, &asked.key, &found);
  g_assert_cmpuint (found.expires_s, ==, NOW_S + 30 * DAY_S);
  asked.key.rows = &asked.rows[1];
  asked.key.n_rows = 1;
  tocsin_score_key (&scoring, &asked.key, &found);
  g_assert_cmpuint (found.expires_s, ==, 0);
}

/* More rows than a check has room for on its stack. */
static void
test_many_rows (void)
{
  enum
  {
    MANY = 200
  };
  g_autoptr (TocsinTrustSnapshot) trust = make_trust ();
  g_autoptr (TocsinProfile) profile = tocsin_profile_new_builtin ("default");
  TocsinScoring scoring = { .trust = trust, .profile = profile, .now_us = NOW_US };
  TocsinEvidence rows[MANY];
  g_auto (TocsinFinding) finding = { 0 };
  TocsinKeyFinding found;
  Asked asked;
  Asked *one = &asked;

  asked_init (&asked, 1, (Row[ROWS_MAX]){ { 1, SPAM } });
  for (guint i = 0; i < MANY; i++)
    {
      rows[i] = asked.rows[0];
      rows[i].reporter = i < 5 ? i + 1 : STRANGER + i;
    }
  asked.key.rows = rows;
  asked.key.n_rows = MANY;
  judge (NULL, &one, 1, NULL, &finding);
  g_assert_cmpuint (finding.score, ==, 97);
  tocsin_score_key (&scoring, &asked.key, &found);
  g_assert_cmpuint (found.score, ==, 97);
  g_assert_cmpuint (found.verdict, ==, REVIEW);
}

static void
assert_charged (
    Asked **asked, gsize n, const TocsinScoring *budgets, TocsinVerdict verdict, guint32 actor)
{
  TocsinScoring scoring = budgets != NULL ? *budgets : (TocsinScoring){ 0 };
  g_auto (TocsinFinding) finding = { 0 };

  judge (NULL, asked, n, budgets != NULL ? &scoring : NULL, &finding);
  g_assert_cmpuint (finding.verdict, ==, verdict);
  g_assert_cmpuint (finding.charge_actor, ==, actor);
  g_assert_cmpint (subject_at (&finding, 0)->bound, ==,
                   verdict == NOTE ? TOCSIN_BOUND_BUDGET : TOCSIN_BOUND_NONE);
}

/* A review that rests on one voice is charged to it; past its budget the voice gives a note. */
static void
test_single_voice_budget (void)
{
  static const Row rows[ROWS_MAX] = { { 12, SPAM } };
  static const Row solid[ROWS_MAX] = { { 1, SPAM }, { 12, SPAM } };
  static const Row loud[ROWS_MAX] = { { 1, HARASSMENT }, { 2, HARASSMENT }, { 11, SPAM } };
  static const Row beside[ROWS_MAX] = { { 11, SPAM }, { 12, HARASSMENT } };
  static const guint32 over[] = { 3, 11, 12, 40 };
  static const guint32 others[] = { 3, 11, 13 };
  const TocsinScoring spent = { .over_budget = over, .n_over_budget = G_N_ELEMENTS (over) };
  const TocsinScoring other = { .over_budget = others, .n_over_budget = G_N_ELEMENTS (others) };
  Asked asked, asked_solid, asked_loud, asked_beside;
  Asked *one = &asked, *two = &asked_solid, *three = &asked_loud, *four = &asked_beside;
  Asked *both[] = { &asked, &asked_solid };

  asked_init (&asked, 1, rows);
  asked_init (&asked_solid, 2, solid);
  asked_init (&asked_loud, 3, loud);
  asked_init (&asked_beside, 4, beside);
  assert_charged (&one, 1, NULL, REVIEW, 12);
  assert_charged (&one, 1, &other, REVIEW, 12);
  /* 11 has no budget left, and takes none of 12's. */
  assert_charged (&four, 1, &other, REVIEW, 12);
  assert_charged (&one, 1, &spent, NOTE, 0);
  assert_charged (&two, 1, &spent, REVIEW, 0);
  assert_charged (&three, 1, &spent, REVIEW, 0);
  /* The event would be a review without 12 too. */
  assert_charged (both, 2, NULL, REVIEW, 0);
}

/* Where 30 of 30 and more are left without the louder one, that is enough, however it was rounded:
 * more trust is never a milder verdict. */
static void
test_exactly_enough (void)
{
  static const Row rows[ROWS_MAX] = { { 1, SPAM }, { 2, SPAM } };
  Asked asked;
  Asked *one = &asked;

  asked_init (&asked, 1, rows);
  for (guint weight = 30; weight <= 100; weight++)
    {
      const TocsinTrustPeer two[] = { { 1, TOCSIN_AREA_ANY, 0.3, FALSE },
                                      { 2, TOCSIN_AREA_ANY, weight / 100.0, FALSE } };
      const TocsinTrustInput input = { .peers = two, .n_peers = G_N_ELEMENTS (two) };
      g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);
      const TocsinScoring scoring = { .trust = trust };
      g_auto (TocsinFinding) finding = { 0 };

      judge ("strict", &one, 1, &scoring, &finding);
      g_assert_cmpuint (finding.verdict, ==, BLOCK);
      g_assert_cmpfloat_with_epsilon (finding.score, 100 - 0.7 * (100 - weight), 0.5 + 1e-9);
    }
}

/* Who reports an address and its network is one origin. */
static void
test_origins_over_keys (void)
{
  static const Row rows[ROWS_MAX] = { { 1, SPAM }, { 2, SPAM } };
  static const Row again[ROWS_MAX] = { { 1, SPAM } };
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  Asked address, network;
  Asked *one = &address;
  TocsinKeyEvidence keys[2];

  asked_init (&address, 1, rows);
  asked_init (&network, 2, again);
  keys[0] = address.key;
  keys[1] = network.key;
  address.evidence.keys = keys;
  address.evidence.n_keys = 2;
  judge (NULL, &one, 1, NULL, &finding);
  found = subject_at (&finding, 0);
  g_assert_cmpuint (found->origins, ==, 2);
  g_assert_cmpuint (g_array_index (found->categories, TocsinCategoryFinding, 0).origins, ==, 2);
}

static void
test_allow (void)
{
  static const Row rows[ROWS_MAX] = { { 0, SPAM } };
  static const struct
  {
    gboolean exactly;
    TocsinVerdict event, first;
  } cases[] = { { TRUE, ALLOW, ALLOW }, { FALSE, BLOCK, ALLOW } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TocsinFinding) finding = { 0 };
      Asked first, second;
      Asked *both[] = { &first, &second };

      asked_init (&first, 1, rows);
      asked_init (&second, 2, rows);
      first.evidence.allowed_by = "our office";
      first.evidence.allowed_exactly = cases[i].exactly;
      judge (NULL, both, 2, NULL, &finding);
      g_assert_cmpuint (finding.verdict, ==, cases[i].event);
      g_assert_cmpuint (finding.score, ==, cases[i].exactly ? 0 : 100);
      g_assert_cmpuint (subject_at (&finding, 0)->verdict, ==, cases[i].first);
      g_assert_cmpuint (subject_at (&finding, 0)->score, ==, 0);
      g_assert_cmpuint (subject_at (&finding, 1)->verdict, ==, BLOCK);
      g_assert_cmpstr (finding.allowed_by, ==, "our office");
      g_assert_true (finding.known);
    }
}

static void
test_without (void)
{
  static const Row rows[ROWS_MAX] = { { 1, SPAM }, { 2, SPAM }, { 11, SPAM }, { 12, SPAM, HELD } };
  static const struct
  {
    guint32 actor;
    TocsinVerdict verdict;
  } expected[] = { { 1, REVIEW }, { 2, REVIEW }, { 11, REVIEW } };
  g_auto (TocsinFinding) finding = { 0 };
  g_auto (TocsinFinding) pair = { 0 };
  TocsinScoring scoring = { .explain = TRUE };
  Asked asked, two;
  Asked *one = &asked, *other = &two;

  asked_init (&asked, 1, rows);
  judge (NULL, &one, 1, &scoring, &finding);
  g_assert_cmpuint (subject_at (&finding, 0)->heard->len, ==, 4);
  g_assert_cmpuint (finding.without->len, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < finding.without->len; i++)
    {
      const TocsinCounterfactual *c = &g_array_index (finding.without, TocsinCounterfactual, i);

      g_assert_cmpuint (c->actor, ==, expected[i].actor);
      g_assert_cmpuint (c->verdict, ==, expected[i].verdict);
    }
  asked_init (&two, 1, (Row[ROWS_MAX]){ { 1, SPAM }, { 2, SPAM } });
  judge (NULL, &other, 1, &scoring, &pair);
  g_assert_cmpuint (g_array_index (pair.without, TocsinCounterfactual, 0).verdict, ==, NOTE);
  /* What was worked out for the others is not left behind in the answer. */
  g_assert_cmpuint (pair.verdict, ==, REVIEW);
  g_assert_cmpuint (subject_at (&pair, 0)->verdict, ==, REVIEW);
  g_assert_cmpuint (pair.score, ==, 75);
}

/* What a reporter said before is shown, with no strength of its own. */
static void
test_superseded (void)
{
  g_auto (TocsinFinding) finding = { 0 };
  TocsinScoring scoring = { .explain = TRUE };
  const GArray *heard;
  Asked asked;
  Asked *one = &asked;

  asked_init (&asked, 1,
              (Row[ROWS_MAX]){ { 1, SPAM, .age_days = 2 },
                               { 1, SPAM, .confidence = 10 },
                               { 1, SPAM, .age_days = 1 } });
  judge (NULL, &one, 1, &scoring, &finding);
  heard = subject_at (&finding, 0)->heard;
  g_assert_cmpuint (heard->len, ==, 3);
  for (guint i = 0; i < heard->len; i++)
    {
      const TocsinHeard *h = &g_array_index (heard, TocsinHeard, i);

      g_assert_cmpint (h->counted, ==, h->evidence.confidence == 10);
      g_assert_cmpfloat_with_epsilon (h->strength, h->counted ? 0.1 : 0, 1e-9);
    }
}

/* Areas: 1 is worth nothing in abuse, 100 in spam. */
static void
test_areas (void)
{
  static const TocsinTrustPeer by_area[] = {
    { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
    { 1, TOCSIN_AREA_SPAM, 1.0, FALSE },
    { 1, TOCSIN_AREA_ABUSE, 0.1, FALSE },
  };
  static const TocsinTrustInput input = { .peers = by_area, .n_peers = G_N_ELEMENTS (by_area) };
  static const struct
  {
    guint8 category;
    guint score;
  } cases[] = { { SPAM, 79 }, { HARASSMENT, 10 }, { SCAM, 50 }, { OTHER, 50 } };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, 1, 1);
  TocsinScoring scoring = { .trust = trust };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (TocsinFinding) finding = { 0 };
      Asked asked;
      Asked *one = &asked;

      asked_init (&asked, 1, (Row[ROWS_MAX]){ { 1, cases[i].category } });
      judge (NULL, &one, 1, &scoring, &finding);
      g_assert_cmpuint (finding.score, ==, cases[i].score);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path = g_strconcat ("/score/", vectors[i].name, NULL);

      g_test_add_data_func (path, &vectors[i], test_vector);
    }
  g_test_add_func ("/score/strength", test_strength);
  g_test_add_func ("/score/superseded", test_superseded);
  g_test_add_func ("/score/figures", test_figures);
  g_test_add_func ("/score/figures-of-what-decided", test_figures_of_what_decided);
  g_test_add_func ("/score/types", test_types);
  g_test_add_func ("/score/key", test_key);
  g_test_add_func ("/score/many-rows", test_many_rows);
  g_test_add_func ("/score/single-voice-budget", test_single_voice_budget);
  g_test_add_func ("/score/exactly-enough", test_exactly_enough);
  g_test_add_func ("/score/origins-over-keys", test_origins_over_keys);
  g_test_add_func ("/score/allow", test_allow);
  g_test_add_func ("/score/without", test_without);
  g_test_add_func ("/score/areas", test_areas);
  return g_test_run ();
}
