/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "http/answer-cache.h"

#include <string.h>

#define T0 (G_GINT64_CONSTANT (1795478400) * TOCSIN_SECOND_US)

typedef char Question[32];

static void
ask_number (Question out, guint number)
{
  g_snprintf (out, sizeof (Question), "question %u", number);
}

/* Another one for other answers. */
static TocsinVerdict
verdict_of (const char *answer)
{
  return (TocsinVerdict) ((guint) answer[0] % TOCSIN_N_VERDICTS);
}

static gboolean
find (TocsinAnswerCache *cache,
      guint64 generation,
      gint64 now_us,
      const char *question,
      const char *expected)
{
  static GString *out = NULL;
  TocsinAnswered answered = { TOCSIN_N_VERDICTS, 0 };

  if (out == NULL)
    out = g_string_sized_new (16 * 1024);
  g_string_assign (out, "before:");
  if (!tocsin_answer_cache_find (cache, generation, now_us, question, strlen (question), out,
                                 &answered))
    {
      g_assert_cmpstr (out->str, ==, "before:");
      g_assert_cmpuint (answered.verdict, ==, TOCSIN_N_VERDICTS);
      return FALSE;
    }
  if (expected == NULL)
    return TRUE;
  g_assert_true (g_str_has_prefix (out->str, "before:"));
  g_assert_cmpstr (out->str + strlen ("before:"), ==, expected);
  g_assert_cmpuint (answered.verdict, ==, verdict_of (expected));
  g_assert_cmpint (answered.until_us, >, now_us);
  return TRUE;
}

static void
add_until (TocsinAnswerCache *cache,
           guint64 generation,
           gint64 now_us,
           gint64 until_us,
           const char *question,
           const char *answer)
{
  TocsinAnswered answered = { verdict_of (answer), until_us };

  tocsin_answer_cache_add (cache, generation, now_us, &answered, question, strlen (question),
                           answer, strlen (answer));
}

static void
add (TocsinAnswerCache *cache,
     guint64 generation,
     gint64 now_us,
     const char *question,
     const char *answer)
{
  add_until (cache, generation, now_us, G_MAXINT64, question, answer);
}

static void
test_one (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();

  g_assert_false (find (cache, 7, T0, "q", NULL));
  add (cache, 7, T0, "q", "a");
  g_assert_true (find (cache, 7, T0, "q", "a"));
  g_assert_false (find (cache, 7, T0, "r", NULL));
  g_assert_false (find (cache, 7, T0, "qq", NULL));
  g_assert_true (find (cache, 7, T0 + TOCSIN_ANSWER_CACHE_LEAST_US - 1, "q", "a"));
  g_assert_false (find (cache, 7, T0 + TOCSIN_ANSWER_CACHE_MOST_US, "q", NULL));
  g_assert_false (find (cache, 7, T0 - 1, "q", NULL));

  add (cache, 7, T0 + 1, "q", "another");
  g_assert_true (find (cache, 7, T0 + TOCSIN_ANSWER_CACHE_LEAST_US, "q", "another"));
  tocsin_answer_cache_forget (cache);
  g_assert_false (find (cache, 7, T0 + 1, "q", NULL));
}

/* What has a time of its own ends the answer. */
static void
test_until (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();

  g_assert_false (find (cache, 7, T0, "q", NULL));
  add_until (cache, 7, T0, T0 + 5, "q", "a");
  g_assert_true (find (cache, 7, T0 + 4, "q", "a"));
  g_assert_false (find (cache, 7, T0 + 5, "q", NULL));
  add (cache, 7, T0 + 5, "q", "b");
  g_assert_true (find (cache, 7, T0 + 5, "q", "b"));
}

/* What was judged before a change is not kept as if it were judged after it. */
static void
test_generation (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();

  g_assert_false (find (cache, 7, T0, "q", NULL));
  add (cache, 7, T0, "q", "a");
  g_assert_false (find (cache, 8, T0, "q", NULL));
  add (cache, 7, T0, "q", "a");
  g_assert_false (find (cache, 8, T0, "q", NULL));
  add (cache, 8, T0, "q", "b");
  g_assert_true (find (cache, 8, T0, "q", "b"));
  g_assert_false (find (cache, 7, T0, "q", NULL));
}

static void
test_too_long (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();
  g_autofree char *long_question = g_strnfill (TOCSIN_ANSWER_CACHE_QUESTION_MAX_BYTES + 1, 'q');
  g_autofree char *long_answer = g_strnfill (TOCSIN_ANSWER_CACHE_ANSWER_MAX_BYTES + 1, 'a');

  g_assert_false (find (cache, 1, T0, "q", NULL));
  add (cache, 1, T0, long_question, "a");
  add (cache, 1, T0, "q", long_answer);
  g_assert_false (find (cache, 1, T0, long_question, NULL));
  g_assert_false (find (cache, 1, T0, "q", NULL));
  add (cache, 1, T0, long_question + 1, long_answer + 1);
  g_assert_true (find (cache, 1, T0, long_question + 1, long_answer + 1));
}

/* A few thousand hosts stay; without end it goes on, in the memory it has. */
static void
test_many (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();
  g_autofree char *answer = g_strnfill (700, 'a');
  Question question;
  guint found = 0;

  g_assert_false (find (cache, 1, T0, "q", NULL));
  for (guint i = 0; i < 10000; i++)
    {
      ask_number (question, i);
      add (cache, 1, T0, question, answer);
    }
  for (guint i = 0; i < 10000; i++)
    {
      ask_number (question, i);
      found += find (cache, 1, T0, question, answer);
    }
  g_assert_cmpuint (found, >, 9900);
  for (guint i = 0; i < 40000; i++)
    {
      ask_number (question, i);
      add (cache, 1, T0, question, answer);
      g_assert_true (find (cache, 1, T0, question, answer));
    }
}

/* Once its memory is full, each answer costs the oldest ones, and none of the newer. */
static void
test_full (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();
  g_autofree char *answer = g_strnfill (1500, 'a');
  const guint n_kept = 8000;
  Question question;
  guint found = 0, asked = 0;

  g_assert_false (find (cache, 1, T0, "q", NULL));
  for (guint i = 0; i < 5 * n_kept; i++)
    {
      answer[i % 1000 + 500] = '\0'; /* of many lengths */
      ask_number (question, i);
      add (cache, 1, T0, question, answer);
      answer[i % 1000 + 500] = 'a';
      if (i < n_kept || i % 97 != 0)
        continue;
      for (guint before = 0; before < n_kept; before += 50, asked++)
        {
          ask_number (question, i - before);
          answer[(i - before) % 1000 + 500] = '\0';
          found += find (cache, 1, T0, question, answer);
          answer[(i - before) % 1000 + 500] = 'a';
        }
    }
  g_assert_cmpuint (asked - found, <, asked / 100);
}

/* As many as fit stay, though some sets are full. */
static void
test_crowded (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();
  g_autofree char *answer = g_strnfill (500, 'a');
  Question question;
  guint judged = 0;

  g_assert_false (find (cache, 1, T0, "q", NULL));
  for (guint round = 0; round < 40; round++)
    for (guint i = 0; i < 20000; i++)
      {
        ask_number (question, i);
        if (find (cache, 1, T0, question, answer))
          continue;
        judged++;
        add (cache, 1, T0, question, answer);
      }
  g_assert_cmpuint (judged, <, 20000 + 40 * 100);
}

/* Who asks the same for hours neither fills the block nor loses all at once. */
static void
test_again_and_again (void)
{
  g_autoptr (TocsinAnswerCache) cache = tocsin_answer_cache_new ();
  g_autofree char *answer = g_strnfill (700, 'a');
  gint64 now_us = T0;
  Question question;
  guint asked = 0, judged = 0, most = 0;

  g_assert_false (find (cache, 1, now_us, "q", NULL));
  for (guint second = 0; second < 60; second++, now_us += TOCSIN_SECOND_US)
    {
      guint now = 0;

      for (guint i = 0; i < 10000; i++)
        {
          ask_number (question, i);
          asked++;
          if (find (cache, 1, now_us, question, answer))
            continue;
          now++;
          add (cache, 1, now_us, question, answer);
        }
      judged += now;
      if (second >= 20)
        most = MAX (most, now);
    }
  g_assert_cmpuint (judged, <, asked / 5);
  g_assert_cmpuint (most, <, 10000 / 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/answer-cache/one", test_one);
  g_test_add_func ("/answer-cache/until", test_until);
  g_test_add_func ("/answer-cache/generation", test_generation);
  g_test_add_func ("/answer-cache/too-long", test_too_long);
  g_test_add_func ("/answer-cache/many", test_many);
  g_test_add_func ("/answer-cache/full", test_full);
  g_test_add_func ("/answer-cache/crowded", test_crowded);
  g_test_add_func ("/answer-cache/again-and-again", test_again_and_again);
  return g_test_run ();
}
