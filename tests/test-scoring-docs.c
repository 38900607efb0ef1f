/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * The worked examples of docs/scoring.md: each row of the table is scored by the program's own
 * code, and its numbers have to be those of the row.
 */
#include "view/score.h"

#include <stdlib.h>

#include "core/category.h"
#include "markdown.h"

#define PAGE        "docs/scoring.md"
#define NOW_S       1795478400u /* 2026-11-24T00:00:00Z */
#define DAY_S       86400u
#define FIRST_PEER  'B'
#define LAST_PEER   'I'
#define OTHERS_MAX  16
#define REPORTS_MAX 16

enum
{
  COLUMN_REPORTS,
  COLUMN_TRUST,
  COLUMN_PROFILE,
  COLUMN_S_OR,
  COLUMN_S_LOO,
  COLUMN_S_TRIM,
  COLUMN_SCORE,
  COLUMN_VERDICT,
};

/* One row, as the code takes it. Actors are the letters' numbers. */
typedef struct
{
  TocsinTrustPeer peers[LAST_PEER - FIRST_PEER + 1];
  TocsinGraphStatement statements[OTHERS_MAX];
  gsize n_statements;
  TocsinEvidence rows[REPORTS_MAX];
  gsize n_rows;
} Example;

static guint32
actor_number (const char *letter)
{
  g_assert_true (letter[0] >= FIRST_PEER && letter[0] <= 'Z' && letter[1] == '\0');
  return (guint32) (letter[0] - 'A');
}

/* "B", "B 80", "B 80 full", "us" or "list": gives the actor, and notes its weight. */
static guint32
read_reporter (Example *self, const char *text)
{
  g_auto (GStrv) word = g_strsplit (text, " ", -1);
  guint32 actor;

  if (strcmp (text, "us") == 0 || strcmp (text, "list") == 0)
    return 0;
  actor = actor_number (word[0]);
  if (word[1] != NULL)
    {
      TocsinTrustPeer *peer = &self->peers[word[0][0] - FIRST_PEER];

      g_assert_cmpint (word[0][0], <=, LAST_PEER);
      peer->weight = atoi (word[1]) / 100.0;
      peer->full_trust = g_strcmp0 (word[2], "full") == 0;
    }
  return actor;
}

/* "B: spam", with an age "30d", a confidence "40%" or "benign" behind it. */
static void
read_report (Example *self, const char *text)
{
  g_auto (GStrv) half = g_strsplit (text, ": ", 2);
  g_auto (GStrv) word = g_strsplit (half[1], " ", -1);
  const TocsinCategory *category = tocsin_category_by_slug (word[0]);
  TocsinEvidence *row = &self->rows[self->n_rows++];

  g_assert_cmpuint (self->n_rows, <=, REPORTS_MAX);
  if (category == NULL)
    g_error ("“%s” is no category", word[0]);
  *row = (TocsinEvidence){ .reporter = read_reporter (self, half[0]),
                           .category = category->id,
                           .confidence = 100,
                           .subject_type = TOCSIN_SUBJECT_IP,
                           .observed_s = NOW_S,
                           .expires_s = NOW_S + 90 * DAY_S,
                           .report = self->n_rows };
  if (strcmp (half[0], "list") == 0)
    row->flags |= TOCSIN_EVIDENCE_IMPORTED;
  for (gsize i = 1; word[i] != NULL; i++)
    if (g_str_has_suffix (word[i], "d"))
      row->observed_s -= (guint32) atoi (word[i]) * DAY_S;
    else if (g_str_has_suffix (word[i], "%"))
      row->confidence = (guint8) atoi (word[i]);
    else
      {
        g_assert_cmpstr (word[i], ==, "benign");
        row->flags |= TOCSIN_EVIDENCE_BENIGN;
      }
}

/* "B>J 80" */
static void
read_statement (Example *self, const char *text)
{
  g_auto (GStrv) word = g_strsplit_set (text, "> ", 3);

  g_assert_cmpuint (self->n_statements, <, OTHERS_MAX);
  self->statements[self->n_statements++] =
      (TocsinGraphStatement){ .from = actor_number (word[0]),
                              .to = actor_number (word[1]),
                              .weight_ppb = (guint32) atoi (word[2]) * 10000000u,
                              .area = TOCSIN_AREA_ANY };
}

static void
read_example (Example *self, char **cells)
{
  g_auto (GStrv) reports = g_strsplit (cells[COLUMN_REPORTS], "; ", -1);
  g_auto (GStrv) trust = g_strsplit (cells[COLUMN_TRUST], ", ", -1);

  for (guint i = 0; i < G_N_ELEMENTS (self->peers); i++)
    self->peers[i] = (TocsinTrustPeer){ FIRST_PEER - 'A' + i, TOCSIN_AREA_ANY, 0.5, FALSE };
  for (gsize i = 0; reports[i] != NULL; i++)
    read_report (self, reports[i]);
  for (gsize i = 0; trust[i] != NULL && strcmp (trust[i], "–") != 0; i++)
    read_statement (self, trust[i]);
}

/* As the page writes it: at most three digits after the point, no zeros at the end. */
static char *
rounded (double value)
{
  g_autofree char *text = g_strdup_printf ("%.3f", value);
  gsize length = strlen (text);

  while (text[length - 1] == '0')
    text[--length] = '\0';
  if (text[length - 1] == '.')
    text[length - 1] = '\0';
  return g_steal_pointer (&text);
}

static void
assert_number (const char *cell, double value)
{
  g_autofree char *text = rounded (value);

  g_assert_cmpstr (cell, ==, text);
}

static void
test_row (gconstpointer data)
{
  char **cells = (char **) data;
  Example example = { 0 };
  TocsinSubject subject = { .type = TOCSIN_SUBJECT_IP,
                            .key_type = TOCSIN_SUBJECT_IP,
                            .value = (char *) "192.0.2.7" };
  TocsinProbe probe = {
    .type = TOCSIN_SUBJECT_IP, .key = { { 1 } }, .value = (char *) "192.0.2.7", .exact = TRUE
  };
  TocsinKeyEvidence key;
  TocsinSubjectEvidence asked;
  TocsinTrustInput input = { 0 };
  TocsinScoring scoring = { .now_us = (gint64) NOW_S * TOCSIN_SECOND_US };
  g_autoptr (TocsinTrustSnapshot) trust = NULL;
  g_autoptr (TocsinProfile) profile = NULL;
  g_auto (TocsinFinding) finding = { 0 };
  const TocsinSubjectFinding *found;
  g_autofree char *score = NULL;

  read_example (&example, cells);
  input = (TocsinTrustInput){ .statements = example.statements,
                              .n_statements = example.n_statements,
                              .peers = example.peers,
                              .n_peers = G_N_ELEMENTS (example.peers) };
  key = (TocsinKeyEvidence){
    .probe = &probe, .type = probe.type, .rows = example.rows, .n_rows = example.n_rows
  };
  asked = (TocsinSubjectEvidence){ .subject = &subject, .keys = &key, .n_keys = 1 };
  trust = tocsin_trust_snapshot_new (&input, 1, 1);
  scoring.trust = trust;
  profile = tocsin_profile_new_builtin (cells[COLUMN_PROFILE]);
  scoring.profile = profile;
  g_assert_nonnull (profile);
  tocsin_score_event (&scoring, &asked, 1, &finding);
  found = &g_array_index (finding.subjects, TocsinSubjectFinding, 0);
  assert_number (cells[COLUMN_S_OR], found->s_or);
  assert_number (cells[COLUMN_S_LOO], found->s_loo);
  assert_number (cells[COLUMN_S_TRIM], found->s_trim);
  score = g_strdup_printf ("%u", finding.score);
  g_assert_cmpstr (cells[COLUMN_SCORE], ==, score);
  g_assert_cmpstr (cells[COLUMN_VERDICT], ==, tocsin_verdict_to_string (finding.verdict));
}

int
main (int argc, char **argv)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) rows = NULL;

  g_test_init (&argc, &argv, NULL);
  text = markdown_read (PAGE);
  rows = markdown_table (text, "| reports | others trust |");
  g_assert_cmpuint (rows->len, >=, 20);
  for (guint i = 0; i < rows->len; i++)
    {
      g_autofree char *path = g_strdup_printf ("/scoring-docs/row-%02u", i + 1);

      g_test_add_data_func (path, rows->pdata[i], test_row);
    }
  return g_test_run ();
}
