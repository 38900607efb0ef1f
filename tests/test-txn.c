/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "core/error.h"
#include "store/table-meta.h"

static gboolean
put_small (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, data, "v", 1);
  return TRUE;
}

static gboolean
put_huge (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autofree char *huge = g_strnfill (8 << 20, 'x');

  tocsin_meta_put (txn, "huge", huge, 8 << 20); /* does not fit the map */
  tocsin_meta_put (txn, data, "v", 1);          /* does nothing */
  g_assert_false (tocsin_txn_check (txn, NULL));
  return TRUE;
}

static gboolean
refuse_after_writing (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_meta_put (txn, data, "v", 1);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED, "No");
  return FALSE;
}

static gboolean
has (Fixture *f, const char *name)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_autoptr (GBytes) value = tocsin_meta_get (txn, name);

  assert_reading_ok (txn);
  return value != NULL;
}

static void
set_up_tiny (Fixture *f, gconstpointer data)
{
  set_up_sized (f, 1 << 20);
}

static void
test_first_error_sticks (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, put_huge, (gpointer) "small", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_false (has (f, "small"));

  /* And the store goes on. */
  write_ok (f, put_small, (gpointer) "small");
  g_assert_true (has (f, "small"));
}

static void
test_refusal_keeps_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, refuse_after_writing, (gpointer) "x", &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED);
  g_assert_false (has (f, "x"));
}

static void
test_nested_reading_sees_one_state (Fixture *f, gconstpointer data)
{
  TocsinReader *reader = tocsin_store_get_reader (f->store);

  {
    g_autoptr (TocsinReading) outer = tocsin_reader_begin (reader);

    write_ok (f, put_small, (gpointer) "later");
    {
      g_autoptr (TocsinReading) inner = tocsin_reader_begin (reader);
      g_autoptr (GBytes) value = tocsin_meta_get (inner, "later");

      g_assert_null (value);
    }
    assert_reading_ok (outer);
  }
  g_assert_true (has (f, "later"));
}

static void
test_readers_run_out (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) readers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tocsin_reader_free);
  gboolean ran_out = FALSE;

  for (guint i = 0; i < 200 && !ran_out; i++)
    {
      TocsinReader *reader = tocsin_reader_new (f->store);
      g_autoptr (GError) error = NULL;

      g_ptr_array_add (readers, reader);
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (reader);
      g_autoptr (GBytes) value = tocsin_meta_get (txn, "format");

      if (!tocsin_txn_check (txn, &error))
        {
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
          g_assert_null (value);
          ran_out = TRUE;
        }
    }
  g_assert_true (ran_out);
  g_assert_cmpuint (readers->len, >, 100);

  /* Once some are free again, beginning works. */
  g_ptr_array_set_size (readers, 0);
  g_assert_true (has (f, "format"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/txn/first-error-sticks", Fixture, NULL, set_up_tiny, test_first_error_sticks,
              tear_down);
  g_test_add ("/txn/refusal-keeps-nothing", Fixture, NULL, set_up, test_refusal_keeps_nothing,
              tear_down);
  g_test_add ("/txn/nested-reading", Fixture, NULL, set_up, test_nested_reading_sees_one_state,
              tear_down);
  g_test_add ("/txn/readers-run-out", Fixture, NULL, set_up, test_readers_run_out, tear_down);
  return g_test_run ();
}
