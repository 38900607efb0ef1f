/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A listing that was made from the one before holds what one that was made anew holds, and two of
 * them tell what came between; with so many rows that they lie in several chunks.
 */
#include "api-node.h"

#include "http/listing.h"

#define FIRST    5000
#define ROUNDS   14
#define SUBJECTS 9000

/* What happens to the subjects from @from on, in one transaction. */
typedef struct
{
  GRand *rand;
  guint n;
  guint step;
  gboolean remove;
  guint64 *numbers; /* (array length=SUBJECTS) of each subject's report; 0: it has none */
} Turn;

static gboolean
take_turn (TocsinTxn *txn, gpointer data, GError **error)
{
  Turn *turn = data;

  for (guint i = 0; i < turn->n; i++)
    {
      guint subject =
          turn->step != 0 ? i * turn->step : (guint) g_rand_int_range (turn->rand, 0, SUBJECTS);
      g_autofree char *value = g_strdup_printf ("s%u.example", subject);
      Report report = { 1 + subject % PEERS, TOCSIN_SUBJECT_DOMAIN, value, 1, 0 };

      if (turn->remove == (turn->numbers[subject] == 0))
        continue;
      if (turn->remove)
        {
          if (!tocsin_reports_withdraw (txn, turn->numbers[subject], TOCSIN_REASON_ERROR, now_us,
                                        now_us + TOCSIN_DAY_US))
            return FALSE;
          turn->numbers[subject] = 0;
          continue;
        }
      if (!put_report (txn, &report, error))
        return FALSE;
      turn->numbers[subject] = report.number;
    }
  return TRUE;
}

static TocsinListing *
make_listing (Node *node, const TocsinListing *before)
{
  TocsinListingFilter filter = { .types = 0xfe, .verdicts = 0xf, .digested = TRUE };
  g_auto (TocsinJudge) judge = { 0 };
  g_autoptr (GError) error = NULL;
  TocsinExportMoment moment;
  gint stop = 0;
  gboolean too_long;
  TocsinListing *listing;

  tocsin_judge_begin (&judge, node->api, NULL, FALSE);
  g_assert_true (tocsin_export_moment (&judge, &moment, &error));
  listing =
      tocsin_listing_new (&judge, &filter, &moment, before, SUBJECTS, &stop, &too_long, &error);
  g_assert_no_error (error);
  g_assert_false (too_long);
  return listing;
}

static gboolean
on_row (const TocsinExportRow *row, gpointer data)
{
  g_string_append_printf (data, "%s %u %u %u %" G_GUINT64_FORMAT "\n", row->value,
                          (guint) row->verdict, row->score, row->expires_s, row->categories);
  return TRUE;
}

/* What @self has beyond @other (nullable), as text. */
static char *
dump (const TocsinListing *self, const TocsinListing *other)
{
  GString *out = g_string_new (NULL);

  tocsin_listing_foreach_beyond (self, other, FALSE, on_row, out);
  return g_string_free (out, FALSE);
}

/* Lines of @self that are not in @other, both in the same order. */
static char *
lines_beyond (const char *self, const char *other)
{
  g_autoptr (GHashTable) others = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) lines = g_strsplit (self, "\n", -1);
  g_auto (GStrv) theirs = g_strsplit (other, "\n", -1);
  GString *out = g_string_new (NULL);

  for (gsize i = 0; theirs[i] != NULL; i++)
    g_hash_table_add (others, theirs[i]);
  for (gsize i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != '\0' && !g_hash_table_contains (others, lines[i]))
      g_string_append_printf (out, "%s\n", lines[i]);
  return g_string_free (out, FALSE);
}

static void
compare (Node *node, const TocsinListing *before, const TocsinListing *listing)
{
  g_autoptr (TocsinListing) anew = make_listing (node, NULL);
  g_autofree char *all = dump (listing, NULL);
  g_autofree char *all_anew = dump (anew, NULL);
  g_autofree char *all_before = dump (before, NULL);
  g_autofree char *came = dump (listing, before);
  g_autofree char *came_expected = lines_beyond (all, all_before);
  g_autofree char *went = dump (before, listing);
  g_autofree char *went_expected = lines_beyond (all_before, all);
  g_autofree char *nothing = dump (listing, listing);
  g_autofree char *nothing_anew = dump (anew, listing);

  g_assert_true (g_str_equal (all, all_anew)); /* too long to show */
  g_assert_true (g_str_equal (came, came_expected));
  g_assert_true (g_str_equal (went, went_expected));
  g_assert_cmpstr (nothing, ==, "");
  g_assert_cmpstr (nothing_anew, ==, "");
}

static void
test_history (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (23);
  g_autofree guint64 *numbers = g_new0 (guint64, SUBJECTS);
  g_autoptr (TocsinListing) before = NULL;
  g_auto (Node) node = { 0 };
  Turn turn = { rand, FIRST, 1, FALSE, numbers };

  node_init (&node);
  tocsin_store_write (node.store, take_turn, &turn, NULL);
  before = make_listing (&node, NULL);
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autoptr (TocsinListing) listing = NULL;
      g_autoptr (GError) error = NULL;

      now_us += TOCSIN_SECOND_US;
      turn.n = round % 6 == 5 ? SUBJECTS : 1u << (round % 12);
      turn.step = round % 6 == 5 ? 1 : 0;
      turn.remove = round % 3 == 2;
      g_assert_true (tocsin_store_write (node.store, take_turn, &turn, &error));
      listing = make_listing (&node, before);
      compare (&node, before, listing);
      g_clear_pointer (&before, tocsin_listing_unref);
      before = g_steal_pointer (&listing);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/listing/history", test_history);
  return g_test_run ();
}
