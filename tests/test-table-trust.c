/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "store/table-trust.h"
#include "store/txn-private.h"

static void
put (
    TocsinTxn *txn, guint32 truster, guint32 trustee, TocsinArea area, guint8 weight, gboolean live)
{
  g_autofree char *id = g_strdup_printf ("https://a%u.example/trust/%u-%u", (guint) truster,
                                         (guint) trustee, (guint) weight);
  TocsinTrustRecord record = { .truster = truster,
                               .trustee = trustee,
                               .area = area,
                               .weight = weight,
                               .live = live,
                               .held = !live,
                               .updated_us = T0,
                               .id = id };

  tocsin_trust_put (txn, &record);
}

static gboolean
collect (const TocsinTrustEdge *edge, gpointer data)
{
  g_array_append_vals (data, edge, 1);
  return TRUE;
}

static gboolean
count_one (const TocsinTrustRecord *record, gpointer data)
{
  (*(guint *) data)++;
  return TRUE;
}

static gboolean
story (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (GArray) edges = g_array_new (FALSE, FALSE, sizeof (TocsinTrustEdge));
  g_auto (TocsinTrustRecord) got = { 0 };
  guint n = 0;

  put (txn, 2, 3, TOCSIN_AREA_ANY, 50, TRUE);
  put (txn, 2, 3, TOCSIN_AREA_SPAM, 60, TRUE);
  put (txn, 1, 300, TOCSIN_AREA_ANY, 70, TRUE);
  put (txn, 1, 4, TOCSIN_AREA_ANY, 80, FALSE);
  put (txn, 2, 3, TOCSIN_AREA_ANY, 55, TRUE); /* a newer statement under another id */

  tocsin_trust_foreach_edge (txn, collect, edges);
  g_assert_cmpuint (edges->len, ==, 3);
  g_assert_cmpuint (g_array_index (edges, TocsinTrustEdge, 0).trustee, ==, 300);
  g_assert_cmpuint (g_array_index (edges, TocsinTrustEdge, 1).weight, ==, 55);
  g_assert_cmpuint (g_array_index (edges, TocsinTrustEdge, 2).area, ==, TOCSIN_AREA_SPAM);

  g_assert_false (tocsin_trust_find (txn, 2, "https://a2.example/trust/3-50", &got));
  g_assert_true (tocsin_trust_find (txn, 2, "https://a2.example/trust/3-55", &got));
  g_assert_cmpuint (got.weight, ==, 55);
  tocsin_trust_record_clear (&got);
  g_assert_false (tocsin_trust_find (txn, 1, "https://a2.example/trust/3-55", &got));
  g_assert_cmpuint (tocsin_trust_count_of (txn, 1), ==, 2);
  g_assert_cmpuint (tocsin_trust_count_of (txn, 3), ==, 0);
  tocsin_trust_foreach_of (txn, 2, count_one, &n);
  g_assert_cmpuint (n, ==, 2);

  g_assert_true (tocsin_trust_remove (txn, 2, 3, TOCSIN_AREA_ANY));
  g_assert_false (tocsin_trust_remove (txn, 2, 3, TOCSIN_AREA_ANY));
  g_assert_false (tocsin_trust_find (txn, 2, "https://a2.example/trust/3-55", &got));
  g_assert_cmpuint (tocsin_trust_count (txn), ==, 3);
  return TRUE;
}

static void
test_story (Fixture *f, gconstpointer data)
{
  write_ok (f, story, NULL);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, 0);
}

static gboolean
notes (TocsinTxn *txn, gpointer data, GError **error)
{
  static const struct
  {
    guint8 weight;
    gboolean live;
    gboolean noted;
  } steps[] = {
    { 50, FALSE, FALSE }, { 60, FALSE, FALSE }, { 60, TRUE, TRUE },
    { 60, TRUE, FALSE },  { 61, TRUE, TRUE },   { 61, FALSE, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      txn->notes = 0;
      put (txn, 2, 3, TOCSIN_AREA_ANY, steps[i].weight, steps[i].live);
      g_assert_cmpint ((txn->notes & TOCSIN_NOTE_TRUST_CHANGED) != 0, ==, steps[i].noted);
    }
  txn->notes = 0;
  g_assert_true (tocsin_trust_remove (txn, 2, 3, TOCSIN_AREA_ANY));
  g_assert_cmpint (txn->notes & TOCSIN_NOTE_TRUST_CHANGED, ==, 0);
  put (txn, 2, 3, TOCSIN_AREA_ANY, 50, TRUE);
  txn->notes = 0;
  g_assert_true (tocsin_trust_remove (txn, 2, 3, TOCSIN_AREA_ANY));
  g_assert_cmpint (txn->notes & TOCSIN_NOTE_TRUST_CHANGED, !=, 0);
  return TRUE;
}

/* Only what counts differently has trust worked out anew, and no reader of verdicts hears of it. */
static void
test_notes (Fixture *f, gconstpointer data)
{
  write_ok (f, notes, NULL);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/table-trust/story", Fixture, NULL, set_up, test_story, tear_down);
  g_test_add ("/table-trust/notes", Fixture, NULL, set_up, test_notes, tear_down);
  return g_test_run ();
}
