/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include <string.h>

#include "core/error.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-meta.h"
#include "store/table-subjects.h"
#include "store/txn-private.h"

typedef struct
{
  guint key;
  TocsinEvidence row;
} Step;

static TocsinEvidence
evidence (guint32 reporter, guint8 category, guint64 report, guint32 observed_s)
{
  return (TocsinEvidence){ .reporter = reporter,
                           .category = category,
                           .confidence = 80,
                           .subject_type = TOCSIN_SUBJECT_IP,
                           .observed_s = observed_s,
                           .expires_s = observed_s + 1000,
                           .report = report };
}

static void
add (TocsinTxn *txn, guint key, TocsinEvidence row)
{
  TocsinSubjectRecord subject = { .key = key_number (key), .type = TOCSIN_SUBJECT_IP };

  tocsin_subjects_put (txn, &subject);
  tocsin_evidence_add (txn, &subject.key, &row);
}

static gboolean
add_many (TocsinTxn *txn, gpointer data, GError **error)
{
  guint n = GPOINTER_TO_UINT (data);

  for (guint i = 0; i < n; i++)
    add (txn, 1, evidence (i % 7919, 1 + i / 7919, i + 1, 100));
  return TRUE;
}

static void
assert_rows (Fixture *f, guint n)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinSubjectKey key = key_number (1);
  const TocsinEvidence *rows;

  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, n);
  for (guint i = 1; i < n; i++)
    g_assert_true (
        rows[i - 1].reporter < rows[i].reporter ||
        (rows[i - 1].reporter == rows[i].reporter && rows[i - 1].category < rows[i].category));
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpuint (rows[i].confidence, ==, 80);
      g_assert_cmpuint (rows[i].expires_s, ==, 1100);
    }
  g_assert_cmpint (tocsin_evidence_exists (txn, &key), ==, n > 0);
  assert_reading_ok (txn);
}

/* None, one (where GET_MULTIPLE misleads), a page, several pages, a tree of pages. */
static const guint sizes[] = { 0, 1, 2, 3, 30, 168, 169, 170, 171, 400, 5000, 20000 };

static void
test_every_size (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      write_ok (f, add_many, GUINT_TO_POINTER (sizes[i]));
      assert_rows (f, sizes[i]);
    }
}

static gboolean
five_of_one (TocsinTxn *txn, gpointer data, GError **error)
{
  /* The newest are not the last ones added. */
  static const guint32 observed[] = { 500, 100, 400, 300, 200, 600 };

  for (guint i = 0; i < G_N_ELEMENTS (observed); i++)
    add (txn, 1, evidence (7, 1, 10 + i, observed[i]));
  add (txn, 1, evidence (7, 2, 20, 50));
  add (txn, 1, evidence (8, 1, 21, 50));
  return TRUE;
}

static void
test_newest_four_stay (Fixture *f, gconstpointer data)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinSubjectKey key = key_number (1);
  const TocsinEvidence *rows;

  write_ok (f, five_of_one, NULL);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, 6);
  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpuint (rows[i].category, ==, 1);
      g_assert_cmpuint (rows[i].observed_s, >=, 300);
    }
  assert_reading_ok (txn);
}

static gboolean
live_and_shown (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinEvidence shown = evidence (7, 1, 1, 900);

  shown.flags = (guint8) GPOINTER_TO_UINT (data);
  add (txn, 1, shown);
  for (guint i = 0; i < 4; i++)
    add (txn, 1, evidence (7, 1, 2 + i, 100 + i));
  shown.report = 9;
  add (txn, 1, shown);
  return TRUE;
}

/* A line of a list, or what is held, takes no place of what counts, however new it is. */
static void
test_shown_yield (Fixture *f, gconstpointer data)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinSubjectKey key = key_number (1);
  const TocsinEvidence *rows;

  write_ok (f, live_and_shown, (gpointer) data);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, 4);
  for (guint i = 0; i < 4; i++)
    g_assert_cmpuint (rows[i].report, ==, 2 + i);
  assert_reading_ok (txn);
}

static gboolean
flag_then_remove (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinSubjectKey key = key_number (1);
  TocsinSubjectRecord subject;
  const TocsinEvidence *rows;
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };

  add (txn, 1, evidence (1, 1, 1, 100));
  add (txn, 1, evidence (1, 1, 2, 100));
  g_assert_true (tocsin_evidence_update_flags (txn, &key, 1, 1, 2, TOCSIN_EVIDENCE_HELD, 0));
  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, 2);
  g_assert_cmpuint (rows[0].flags, ==, 0);
  g_assert_cmpuint (rows[1].flags, ==, TOCSIN_EVIDENCE_HELD);
  g_assert_cmpuint (rows[1].confidence, ==, 80);
  g_assert_true (tocsin_evidence_update_flags (txn, &key, 1, 1, 2, 0, TOCSIN_EVIDENCE_HELD));
  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, 2);
  g_assert_cmpuint (rows[1].flags, ==, 0);
  g_assert_false (tocsin_evidence_update_flags (txn, &key, 1, 2, 2, 1, 0));
  g_assert_false (tocsin_evidence_remove (txn, &key, 1, 1, 3));
  g_assert_false (tocsin_evidence_remove (txn, &key, 2, 1, 1));

  g_assert_true (tocsin_evidence_remove (txn, &key, 1, 1, 1));
  g_assert_true (tocsin_subjects_get (txn, &key, &subject));
  g_assert_true (tocsin_evidence_remove (txn, &key, 1, 1, 2));
  g_assert_false (tocsin_subjects_get (txn, &key, &subject));
  g_assert_false (tocsin_evidence_exists (txn, &key));
  g_assert_cmpuint (tocsin_evidence_count (txn), ==, 0);
  return TRUE;
}

static void
test_flags_and_removal (Fixture *f, gconstpointer data)
{
  write_ok (f, flag_then_remove, NULL);
}

/* A plain model of the table: rows by (key, reporter, category, report). */
static int
model_find (GArray *model, guint key, guint32 reporter, guint8 category, guint64 report)
{
  for (guint i = 0; i < model->len; i++)
    {
      const Step *s = &g_array_index (model, Step, i);

      if (s->key == key && s->row.reporter == reporter && s->row.category == category &&
          s->row.report == report)
        return (int) i;
    }
  return -1;
}

static void
model_add (GArray *model, guint key, TocsinEvidence row)
{
  int at = model_find (model, key, row.reporter, row.category, row.report);
  Step step = { key, row };
  int oldest = -1;
  guint same = 0;

  if (at >= 0)
    g_array_remove_index (model, (guint) at);
  g_array_append_val (model, step);
  for (guint i = 0; i < model->len; i++)
    {
      const TocsinEvidence *r = &g_array_index (model, Step, i).row;
      const TocsinEvidence *o = oldest < 0 ? NULL : &g_array_index (model, Step, oldest).row;

      if (g_array_index (model, Step, i).key != key || r->reporter != row.reporter ||
          r->category != row.category)
        continue;
      same++;
      if (o == NULL || r->observed_s < o->observed_s ||
          (r->observed_s == o->observed_s && r->report < o->report))
        oldest = (int) i;
    }
  if (same > TOCSIN_EVIDENCE_MAX_SAME)
    g_array_remove_index (model, (guint) oldest);
}

static gboolean
random_steps (TocsinTxn *txn, gpointer data, GError **error)
{
  GArray *model = data;

  for (guint i = 0; i < 200; i++)
    {
      guint key = (guint) g_test_rand_int_range (0, 6);
      TocsinEvidence row = evidence (
          (guint32) g_test_rand_int_range (0, 40), (guint8) g_test_rand_int_range (1, 3),
          (guint64) g_test_rand_int_range (1, 12), (guint32) g_test_rand_int_range (1, 9));
      int at = model_find (model, key, row.reporter, row.category, row.report);

      if (g_test_rand_int_range (0, 3) > 0)
        {
          add (txn, key, row);
          model_add (model, key, row);
        }
      else
        {
          TocsinSubjectKey k = key_number (key);

          g_assert_cmpint (tocsin_evidence_remove (txn, &k, row.reporter, row.category, row.report),
                           ==, at >= 0);
          if (at >= 0)
            g_array_remove_index (model, (guint) at);
        }
    }
  return TRUE;
}

static void
test_random_history (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) model = g_array_new (FALSE, FALSE, sizeof (Step));

  for (guint round = 0; round < 30; round++)
    {
      guint total = 0;

      write_ok (f, random_steps, model);
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      for (guint key = 0; key < 6; key++)
        {
          g_auto (TocsinEvidenceBuffer) buffer = { 0 };
          TocsinSubjectKey k = key_number (key);
          TocsinSubjectRecord subject;
          const TocsinEvidence *rows;
          gsize n = tocsin_evidence_read (txn, &k, &buffer, &rows);

          total += n;
          g_assert_cmpint (tocsin_subjects_get (txn, &k, &subject), ==, n > 0);
          for (gsize i = 0; i < n; i++)
            {
              int at = model_find (model, key, rows[i].reporter, rows[i].category, rows[i].report);

              g_assert_cmpint (at, >=, 0);
              g_assert_cmpuint (g_array_index (model, Step, at).row.observed_s, ==,
                                rows[i].observed_s);
            }
        }
      g_assert_cmpuint (total, ==, model->len);
      assert_reading_ok (txn);
    }
}

static gboolean
add_some_keys (TocsinTxn *txn, gpointer data, GError **error)
{
  /* Every third of a thousand has rows, and one has more than a page. */
  for (guint i = 0; i < 1000; i += 3)
    for (guint j = 0; j < (i == 300 ? 400 : 1 + i % 4); j++)
      add (txn, i, evidence (j, 1, 1 + i * 1000 + j, 100));
  return TRUE;
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (TocsinId));
}

/* Onward from key to key the same is read as one by one, and backward too. */
static void
test_onward (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) keys = g_array_new (FALSE, FALSE, sizeof (TocsinSubjectKey));
  guint total = 0;

  for (guint i = 0; i < 1000; i++)
    {
      TocsinSubjectKey key = key_number (i);

      g_array_append_val (keys, key);
    }
  g_array_sort (keys, compare_ids);
  write_ok (f, add_some_keys, NULL);
  for (guint stride = 1; stride <= 100; stride += 33)
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      g_autoptr (TocsinReader) other = tocsin_reader_new (f->store);
      g_autoptr (TocsinReading) one_by_one = tocsin_reader_begin (other);
      g_auto (TocsinEvidenceBuffer) buffer = { 0 };
      g_auto (TocsinEvidenceBuffer) other_buffer = { 0 };

      for (guint i = 0; i < keys->len; i += stride)
        {
          /* The last round goes back. */
          guint place = stride == 100 ? keys->len - 1 - i : i;
          const TocsinSubjectKey *key = &g_array_index (keys, TocsinSubjectKey, place);
          const TocsinEvidence *rows, *wanted;
          gsize n = tocsin_evidence_read_onward (txn, key, &buffer, &rows);

          g_assert_cmpuint (n, ==, tocsin_evidence_read (one_by_one, key, &other_buffer, &wanted));
          g_assert_cmpmem (rows, n * sizeof *rows, wanted, n * sizeof *rows);
          total += stride == 1 ? n : 0;
        }
      g_assert_cmpuint (tocsin_evidence_count (txn), >, 400);
      if (stride == 1)
        g_assert_cmpuint (total, ==, tocsin_evidence_count (txn));
      assert_reading_ok (txn);
      assert_reading_ok (one_by_one);
    }
}

static gboolean
fail_first (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinSubjectKey key = key_number (1);
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinEvidence row = evidence (1, 1, 1, 100);
  const TocsinEvidence *rows = &row;

  tocsin_evidence_add (txn, &key, &row);
  tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
  g_assert_cmpuint (tocsin_evidence_read (txn, &key, &buffer, &rows), ==, 0);
  g_assert_null (rows);
  rows = &row;
  g_assert_cmpuint (tocsin_evidence_read_onward (txn, &key, &buffer, &rows), ==, 0);
  g_assert_null (rows);
  g_assert_false (tocsin_evidence_exists (txn, &key));
  g_assert_false (tocsin_evidence_remove (txn, &key, 1, 1, 1));
  g_assert_false (tocsin_evidence_update_flags (txn, &key, 1, 1, 1, TOCSIN_EVIDENCE_HELD, 0));
  tocsin_evidence_add (txn, &key, &row);
  return TRUE;
}

static void
test_after_failure (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, fail_first, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  assert_rows (f, 0);
}

static gboolean
flag_again (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinSubjectKey key = key_number (1);
  guint64 generation;

  add (txn, 1, evidence (1, 1, 1, 100));
  generation = tocsin_meta_generation (txn);
  g_assert_true (tocsin_evidence_update_flags (txn, &key, 1, 1, 1, 0, TOCSIN_EVIDENCE_HELD));
  g_assert_cmpuint (tocsin_meta_generation (txn), ==, generation);
  g_assert_true (tocsin_evidence_update_flags (txn, &key, 1, 1, 1, TOCSIN_EVIDENCE_HELD, 0));
  g_assert_cmpuint (tocsin_meta_generation (txn), ==, generation + 1);
  return TRUE;
}

/* A flag that is as it was is no change that anybody has to read. */
static void
test_flag_as_it_was (Fixture *f, gconstpointer data)
{
  write_ok (f, flag_again, NULL);
}

static gboolean
collect_change (const TocsinChange *change, gpointer data)
{
  g_array_append_vals (data, change, 1);
  return TRUE;
}

static gboolean
add_two (TocsinTxn *txn, gpointer data, GError **error)
{
  add (txn, 1, evidence (1, 1, 1, 100));
  add (txn, 2, evidence (1, 1, 2, 100));
  return TRUE;
}

static void
test_change_log (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) changes = g_array_new (FALSE, FALSE, sizeof (TocsinChange));
  TocsinSubjectKey second = key_number (2);

  write_ok (f, add_two, NULL);
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, 2);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    tocsin_changes_foreach (txn, 1, collect_change, changes);
    g_assert_cmpuint (changes->len, ==, 1);
    g_assert_cmpuint (g_array_index (changes, TocsinChange, 0).generation, ==, 2);
    g_assert_true (tocsin_id_equal (&g_array_index (changes, TocsinChange, 0).key, &second));
    g_assert_true (tocsin_changes_covers (txn, 0));
    g_assert_true (tocsin_changes_covers (txn, 2));
    g_assert_false (tocsin_changes_covers (txn, 3));
  }

  /* A transaction that changes more than anyone wants to read says so once. */
  write_ok (f, add_many, GUINT_TO_POINTER (2 * TOCSIN_CHANGES_TXN_MAX));
  g_assert_cmpuint (tocsin_store_generation (f->store), ==, 2 + TOCSIN_CHANGES_TXN_MAX + 1);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    g_array_set_size (changes, 0);
    tocsin_changes_foreach (txn, 2, collect_change, changes);
    g_assert_cmpuint (changes->len, ==, TOCSIN_CHANGES_TXN_MAX + 1);
    g_assert_cmpint (g_array_index (changes, TocsinChange, changes->len - 1).kind, ==,
                     TOCSIN_CHANGE_MANY);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD_WITH(name, data, func)                                                                 \
  g_test_add ("/table-evidence/" name, Fixture, GUINT_TO_POINTER (data), set_up, func, tear_down)
#define ADD(name, func) ADD_WITH (name, 0, func)
  ADD ("every-size", test_every_size);
  ADD ("newest-four-stay", test_newest_four_stay);
  ADD_WITH ("listed-yield", TOCSIN_EVIDENCE_IMPORTED, test_shown_yield);
  ADD_WITH ("held-yield", TOCSIN_EVIDENCE_HELD, test_shown_yield);
  ADD ("flags-and-removal", test_flags_and_removal);
  ADD ("random-history", test_random_history);
  ADD ("change-log", test_change_log);
  ADD ("onward", test_onward);
  ADD ("after-failure", test_after_failure);
  ADD ("flag-as-it-was", test_flag_as_it_was);
  return g_test_run ();
}
