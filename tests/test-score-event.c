/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Model.md 4: two subjects of one event that confirm each other.
 */
#include "score-fixture.h"

#include <string.h>

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
      /* Of itself it is a note already: nothing bounds it. */
      g_assert_cmpint (subject_at (&finding, 0)->bound, ==, TOCSIN_BOUND_NONE);
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

/* A key that two speak of in two groups rests on neither, and so goes with another that the louder
 * of them speaks of, too. */
static void
test_two_groups (void)
{
  static const Row both_say[ROWS_MAX] = { { 1, HARASSMENT }, { 2, SPAM, .confidence = 60 } };
  static const Row one_says[ROWS_MAX] = { { 1, HARASSMENT, .confidence = 80 } };
  static const Row other_says[ROWS_MAX] = { { 2, SPAM } };
  Asked first, second, beside_first, beside_second;
  Asked *both[] = { &first, &second };
  TocsinKeyEvidence keys[2], keys_too[2];
  g_auto (TocsinFinding) finding = { 0 };

  asked_init (&first, 1, both_say);
  asked_init (&beside_first, 3, other_says);
  asked_init (&second, 1, both_say);
  asked_init (&beside_second, 2, one_says);
  ask_two (&first, keys, &beside_first);
  ask_two (&second, keys_too, &beside_second);
  judge (NULL, both, 2, NULL, &finding);
  g_assert_cmpuint (subject_at (&finding, 1)->verdict, ==, NOTE);
  g_assert_cmpuint (finding.verdict, ==, REVIEW);
}

/* What one subject hears under two of its keys makes no review by being named again. What is around
 * it, or elsewhere, is another subject. */
static void
test_named_again (void)
{
  static const Row said[ROWS_MAX] = { { 1, SPAM } };
  static const Row said_around[ROWS_MAX] = { { 2, SPAM } };
  Asked inner, around, again;
  TocsinKeyEvidence keys[2], keys_too[2];
  Asked *repeated[] = { &inner, &again };
  Asked *beside[] = { &around, &inner };
  Asked other;
  Asked *apart[] = { &other, &inner };

  asked_init (&inner, 1, said);
  asked_init (&again, 1, said);
  asked_init (&around, 2, said_around);
  asked_init (&other, 3, said_around);
  ask_two (&inner, keys, &around);
  ask_two (&again, keys_too, &around);
  for (guint swapped = 0; swapped < 2; swapped++)
    {
      g_auto (TocsinFinding) alone = { 0 };
      g_auto (TocsinFinding) twice = { 0 };
      g_auto (TocsinFinding) with_around = { 0 };
      g_auto (TocsinFinding) with_other = { 0 };

      judge (NULL, repeated, 1, NULL, &alone);
      judge (NULL, repeated, 2, NULL, &twice);
      judge (NULL, beside, 2, NULL, &with_around);
      judge (NULL, apart, 2, NULL, &with_other);
      g_assert_cmpuint (alone.verdict, ==, NOTE);
      g_assert_cmpuint (twice.verdict, ==, NOTE);
      g_assert_cmpuint (with_around.verdict, ==, REVIEW);
      g_assert_cmpuint (with_other.verdict, ==, REVIEW);
      repeated[0] = &again;
      repeated[1] = beside[0] = apart[0] = &inner;
      beside[1] = &around;
      apart[1] = &other;
    }
}

/* The answer says that it is the two together, and which. */
static void
test_pair_explained (void)
{
  static const Row rows[][ROWS_MAX] = { { { 1, SPAM } }, { { 13, SPAM } }, { { 2, SPAM } } };
  Asked asked[3];
  Asked *all[] = { &asked[0], &asked[1], &asked[2] };
  g_auto (TocsinFinding) finding = { 0 };
  g_auto (TocsinFinding) one = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    asked_init (&asked[i], (guint8) (i + 1), rows[i]);
  judge (NULL, all, 3, NULL, &finding);
  g_assert_cmpuint (finding.verdict, ==, REVIEW);
  g_assert_true (
      g_str_has_suffix (finding.summary, "; two of these together are enough for a review"));
  for (guint i = 0; i < G_N_ELEMENTS (asked); i++)
    {
      const GArray *notes = subject_at (&finding, i)->notes;
      const TocsinNote *last = &g_array_index (notes, TocsinNote, notes->len - 1);

      g_assert_cmpint (
          g_str_equal (last->text,
                       "Enough for a review together with another subject of this event"),
          ==, i != 1);
    }
  judge (NULL, all, 1, NULL, &one);
  g_assert_null (strstr (one.summary, "together"));
}

/* ---- an event at random ---- */

#define N_KEYS     5
#define N_SUBJECTS 3
#define N_ACTORS   14

typedef struct
{
  Asked keys[N_KEYS];
  TocsinKeyEvidence of[N_SUBJECTS][2]; /* what each subject was found under */
  guint n_subjects;
  guint32 over_budget[2];
  TocsinTrustSnapshot *trust; /* (owned) */
} Chance;

static Row
random_row (GRand *rand, guint32 reporter)
{
  static const guint8 categories[] = { SPAM, SCRAPING, SCAM, HARASSMENT, OTHER, TOR_EXIT };

  return (Row){ .reporter = reporter,
                .category = categories[g_rand_int_range (rand, 0, G_N_ELEMENTS (categories))],
                .flags = g_rand_int_range (rand, 0, 6) == 0 ? BENIGN : 0,
                .confidence = (guint8) g_rand_int_range (rand, 20, 101) };
}

static TocsinTrustSnapshot *
random_trust (GRand *rand)
{
  TocsinTrustPeer direct[8];
  TocsinGraphStatement statements[30];
  gsize n_direct = (gsize) g_rand_int_range (rand, 3, 9);
  TocsinTrustInput input;

  for (gsize i = 0; i < n_direct; i++)
    direct[i] = (TocsinTrustPeer){ (guint32) i + 1, TOCSIN_AREA_ANY,
                                   g_rand_double_range (rand, 0.25, 0.75), FALSE };
  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    statements[i] = (TocsinGraphStatement){
      .from = (guint32) g_rand_int_range (rand, 1, N_ACTORS + 1),
      .to = (guint32) g_rand_int_range (rand, 1, N_ACTORS + 1),
      .weight_ppb = tocsin_trust_weight_ppb (g_rand_double_range (rand, 0.01, 1)),
    };
  input = (TocsinTrustInput){ statements, G_N_ELEMENTS (statements), direct, n_direct };
  return tocsin_trust_snapshot_new (&input, 1, 1);
}

static void
chance_init (Chance *self, GRand *rand)
{
  for (guint k = 0; k < N_KEYS; k++)
    {
      Row rows[ROWS_MAX] = { 0 };
      guint n = 0;

      for (guint32 x = 1; x <= N_ACTORS && n < ROWS_MAX - 1; x++)
        if (g_rand_int_range (rand, 0, N_ACTORS) == 0)
          rows[n++] = random_row (rand, x);
      asked_init (&self->keys[k], (guint8) (k + 1), rows);
      self->keys[k].key.broad = g_rand_int_range (rand, 0, 4) == 0;
      self->keys[k].key.shared = g_rand_int_range (rand, 0, 10) == 0;
    }
  self->over_budget[0] = (guint32) g_rand_int_range (rand, 1, 4);
  self->over_budget[1] = (guint32) g_rand_int_range (rand, 4, 9);
  self->n_subjects = (guint) g_rand_int_range (rand, 1, N_SUBJECTS + 1);
  self->trust = random_trust (rand);
}

static TocsinVerdict
chance_judge (Chance *self, const guint first_keys[N_SUBJECTS])
{
  Asked asked[N_SUBJECTS];
  const gsize n = self->n_subjects;
  Asked *all[N_SUBJECTS] = { &asked[0], &asked[1], &asked[2] };
  TocsinScoring scoring = { .trust = self->trust, .over_budget = self->over_budget };
  g_auto (TocsinFinding) finding = { 0 };

  if (n > N_SUBJECTS)
    g_error ("%" G_GSIZE_FORMAT " subjects", n);
  scoring.n_over_budget = G_N_ELEMENTS (self->over_budget);
  for (guint i = 0; i < N_SUBJECTS; i++)
    {
      self->of[i][0] = self->keys[first_keys[i]].key;
      self->of[i][1] = self->keys[(first_keys[i] + 1) % N_KEYS].key;
      asked[i] = self->keys[0];
      asked[i].evidence.keys = self->of[i];
      asked[i].evidence.n_keys = 2;
    }
  judge (NULL, all, n, &scoring, &finding);
  return finding.verdict;
}

/* Another accuser, somebody who had said nothing of this key. */
static gboolean
chance_accuse (Chance *self, GRand *rand)
{
  Asked *key = &self->keys[g_rand_int_range (rand, 0, N_KEYS)];
  Row row = random_row (rand, (guint32) g_rand_int_range (rand, 1, N_ACTORS + 1));
  gsize at = 0;

  while (at < key->key.n_rows && key->rows[at].reporter < row.reporter)
    at++;
  if (at < key->key.n_rows && key->rows[at].reporter == row.reporter)
    return FALSE;
  memmove (&key->rows[at + 1], &key->rows[at], sizeof key->rows[0] * (key->key.n_rows - at));
  key->rows[at] = (TocsinEvidence){ .reporter = row.reporter,
                                    .category = row.category,
                                    .confidence = row.confidence,
                                    .subject_type = IP,
                                    .observed_s = NOW_S,
                                    .expires_s = NOW_S + DAY_S };
  key->key.n_rows++;
  return TRUE;
}

/* Whatever anybody says against something, and of whatever group, no verdict gets milder by it:
 * else a peer that turned could protect whom it accuses. */
static void
test_another_accuser (gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (GPOINTER_TO_UINT (data));
  guint n_stricter = 0;

  for (guint i = 0; i < 150; i++)
    {
      Chance chance;
      guint first_keys[N_SUBJECTS];
      TocsinVerdict before;

      chance_init (&chance, rand);
      for (guint s = 0; s < N_SUBJECTS; s++)
        first_keys[s] = (guint) g_rand_int_range (rand, 0, N_KEYS);
      before = chance_judge (&chance, first_keys);
      if (chance_accuse (&chance, rand))
        {
          TocsinVerdict after = chance_judge (&chance, first_keys);

          g_assert_cmpuint (after, >=, before);
          n_stricter += after > before;
        }
      tocsin_trust_snapshot_unref (chance.trust);
    }
  g_assert_cmpuint (n_stricter, >, 0);
}

/* Two in one network, which lies in another: what is said of these two is said of each. */
static void
test_in_one_network (void)
{
  static const Row faint[ROWS_MAX] = { { 3, SPAM, .confidence = 20 } };
  static const Row said[ROWS_MAX] = { { 1, SPAM } };
  static const Row said_around[ROWS_MAX] = { { 2, SPAM } };
  Asked first, second, network, wider;
  Asked *both[] = { &first, &second };
  TocsinKeyEvidence keys[3], keys_too[3];
  g_auto (TocsinFinding) finding = { 0 };

  asked_init (&first, 1, faint);
  asked_init (&second, 2, faint);
  asked_init (&network, 3, said);
  asked_init (&wider, 4, said_around);
  keys[2] = wider.key;
  keys_too[2] = wider.key;
  ask_two (&first, keys, &network);
  ask_two (&second, keys_too, &network);
  first.evidence.n_keys = second.evidence.n_keys = 3;
  judge (NULL, both, 2, NULL, &finding);
  g_assert_cmpuint (finding.verdict, ==, NOTE);
}

/* ---- what a check may cost ---- */

#define N_CROWD      32 /* that a peer brings in; in three groups each says something */
#define CROWD_OF(x)  (100 * (x))
#define CROWD_ROWS   (3 * (N_CROWD + 1))
#define CROWD_KEYS   60 /* of one subject, as a URL has */
#define WITHOUT_MOST 32 /* that explain works out */

typedef struct
{
  TocsinTrustSnapshot *trust; /* (owned) */
  TocsinEvidence rows[2][CROWD_ROWS];
  TocsinProbe probes[2 * CROWD_KEYS + 2];
  TocsinKeyEvidence keys[2][CROWD_KEYS + 1];
  guint n_keys[2];
  Asked asked[2];
} Crowds;

static void
crowds_clear (Crowds *self)
{
  tocsin_trust_snapshot_unref (self->trust);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Crowds, crowds_clear)

static void
crowds_add_key (Crowds *self, guint subject, const TocsinEvidence *rows, gsize n_rows)
{
  guint at = self->n_keys[0] + self->n_keys[1];

  self->probes[at] = (TocsinProbe){ .type = IP, .value = (char *) "192.0.2.1" };
  self->probes[at].key.bytes[1] = (guint8) (at + 1);
  self->keys[subject][self->n_keys[subject]++] =
      (TocsinKeyEvidence){ .probe = &self->probes[at], .type = IP, .rows = rows, .n_rows = n_rows };
}

/* Peers 1 and 2 with a crowd each. The first and its crowd speak of @n_keys keys of each of two
 * subjects. */
static void
crowds_init (Crowds *self, guint n_keys)
{
  static const guint8 categories[] = { SPAM, SCAM, HARASSMENT };
  static const TocsinTrustPeer direct[] = { { 1, TOCSIN_AREA_ANY, 0.5, FALSE },
                                            { 2, TOCSIN_AREA_ANY, 0.5, FALSE } };
  TocsinGraphStatement statements[2 * N_CROWD];
  TocsinTrustInput input = { statements, G_N_ELEMENTS (statements), direct, 2 };

  *self = (Crowds){ 0 };
  for (guint32 peer = 1; peer <= 2; peer++)
    for (guint32 i = 0; i <= N_CROWD; i++)
      {
        guint32 actor = i == 0 ? peer : CROWD_OF (peer) + i;

        if (i > 0)
          statements[(peer - 1) * N_CROWD + i - 1] = (TocsinGraphStatement){
            .from = peer, .to = actor, .weight_ppb = tocsin_trust_weight_ppb (1)
          };
        for (guint c = 0; c < G_N_ELEMENTS (categories); c++)
          self->rows[peer - 1][G_N_ELEMENTS (categories) * i + c] = (TocsinEvidence){
            .reporter = actor,
            .category = categories[c],
            .confidence = 100,
            .subject_type = IP,
            .observed_s = NOW_S,
            .expires_s = NOW_S + DAY_S,
          };
      }
  self->trust = tocsin_trust_snapshot_new (&input, 1, 1);
  for (guint s = 0; s < 2; s++)
    for (guint k = 0; k < n_keys; k++)
      crowds_add_key (self, s, self->rows[0], CROWD_ROWS);
}

static void
crowds_judge (Crowds *self, TocsinFinding *out)
{
  Asked *both[] = { &self->asked[0], &self->asked[1] };
  TocsinScoring scoring = { .trust = self->trust, .explain = TRUE };

  for (guint s = 0; s < 2; s++)
    {
      asked_init (&self->asked[s], 1, (Row[ROWS_MAX]){ { 0 } });
      self->asked[s].evidence.keys = self->keys[s];
      self->asked[s].evidence.n_keys = self->n_keys[s];
    }
  judge (NULL, both, 2, &scoring, out);
}

/* Many who speak of many keys are not all compared, with and without each of them: what is past
 * the allowance does not pass, and is not told. */
static void
test_crowd (void)
{
  static const struct
  {
    guint n_keys;
    TocsinVerdict verdict;
    gboolean has_all;
  } cases[] = { { 1, REVIEW, TRUE }, { 6, REVIEW, FALSE }, { 25, NOTE, FALSE } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Crowds) crowds = { 0 };
      g_auto (TocsinFinding) finding = { 0 };

      crowds_init (&crowds, cases[i].n_keys);
      crowds_add_key (&crowds, 0, crowds.rows[1], CROWD_ROWS);
      crowds_judge (&crowds, &finding);
      g_assert_cmpuint (finding.verdict, ==, cases[i].verdict);
      g_assert_cmpuint (finding.without->len, >=, 1);
      if (cases[i].has_all)
        g_assert_cmpuint (finding.without->len, ==, WITHOUT_MOST);
      else
        g_assert_cmpuint (finding.without->len, <, WITHOUT_MOST);
      for (guint w = 0; w < finding.without->len; w++)
        {
          const TocsinCounterfactual *entry =
              &g_array_index (finding.without, TocsinCounterfactual, w);

          /* Behind each key is one of them alone, and of the others nobody is. */
          g_assert_cmpuint (entry->verdict, ==, entry->actor <= 2 ? NOTE : finding.verdict);
        }
    }
}

/* Nor does a crowd hide what few say. */
static void
test_beside_a_crowd (void)
{
  g_auto (Crowds) crowds = { 0 };
  g_auto (TocsinFinding) finding = { 0 };

  crowds_init (&crowds, CROWD_KEYS);
  crowds_add_key (&crowds, 0, crowds.rows[1], 1);
  crowds_judge (&crowds, &finding);
  g_assert_cmpuint (finding.verdict, ==, REVIEW);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/score-event/pairs", test_pairs);
  g_test_add_func ("/score-event/pair-bounds", test_pair_bounds);
  g_test_add_func ("/score-event/louder-voice", test_louder_voice);
  g_test_add_func ("/score-event/two-groups", test_two_groups);
  g_test_add_func ("/score-event/named-again", test_named_again);
  g_test_add_func ("/score-event/in-one-network", test_in_one_network);
  g_test_add_func ("/score-event/pair-explained", test_pair_explained);
  g_test_add_func ("/score-event/crowd", test_crowd);
  g_test_add_func ("/score-event/beside-a-crowd", test_beside_a_crowd);
  /* With 411 a spent voice once took away a review. */
  for (guint seed = 410; seed <= 411; seed++)
    {
      g_autofree char *path = g_strdup_printf ("/score-event/another-accuser/%u", seed);

      g_test_add_data_func (path, GUINT_TO_POINTER (seed), test_another_accuser);
    }
  return g_test_run ();
}
