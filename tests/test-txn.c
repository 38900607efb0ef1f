/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "core/error.h"
#include "store/table-meta.h"
#include "store/txn-private.h"

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

/* A reading changes nothing, and says so. */
static void
test_reading_is_read_only (Fixture *f, gconstpointer data)
{
  TocsinKey key = tocsin_key_u64 (1);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      g_auto (TocsinCursor) cursor = { 0 };
      g_autoptr (GError) error = NULL;

      tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_OUTBOX);
      if (i == 0)
        tocsin_txn_put (txn, TOCSIN_TABLE_OUTBOX, &key, "v", 1);
      else if (i == 1)
        g_assert_false (tocsin_txn_del (txn, TOCSIN_TABLE_OUTBOX, &key));
      else if (i == 2)
        g_assert_false (tocsin_cursor_add (&cursor, &key, "v", 1));
      else
        tocsin_cursor_append (&cursor, &key, "v", 1);
      g_assert_false (tocsin_txn_check (txn, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
      g_assert_cmpstr (error->message, ==, "Database: Permission denied");
    }
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    g_assert_cmpuint (tocsin_txn_entries (txn, TOCSIN_TABLE_OUTBOX), ==, 0);
    assert_reading_ok (txn);
  }
}

/* After a failure nothing is read, written, counted or walked. */
static gboolean
use_after_failure (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u64 (1);
  g_auto (TocsinCursor) before = { 0 };
  g_auto (TocsinCursor) after = { 0 };
  TocsinSpan span;
  guint64 value = 7;

  tocsin_txn_put_u64 (txn, TOCSIN_TABLE_OUTBOX, &key, 1);
  tocsin_cursor_init (&before, txn, TOCSIN_TABLE_OUTBOX);
  g_assert_true (tocsin_cursor_seek (&before, NULL));
  tocsin_txn_fail (txn, TOCSIN_RC_DAMAGED);
  tocsin_txn_fail (txn, MDB_MAP_FULL); /* no more than what follows from the first */

  tocsin_cursor_init (&after, txn, TOCSIN_TABLE_OUTBOX);
  g_assert_false (tocsin_cursor_seek (&after, NULL));
  g_assert_false (tocsin_cursor_seek (&before, &key));
  g_assert_false (tocsin_cursor_next (&before));
  g_assert_false (tocsin_cursor_add (&before, &key, "v", 1));
  g_assert_false (tocsin_cursor_add (&after, &key, "v", 1));
  g_assert_false (tocsin_txn_get (txn, TOCSIN_TABLE_OUTBOX, &key, &span));
  g_assert_false (tocsin_txn_has (txn, TOCSIN_TABLE_OUTBOX, &key));
  g_assert_false (tocsin_txn_get_u64 (txn, TOCSIN_TABLE_OUTBOX, &key, &value));
  g_assert_cmpuint (value, ==, 7);
  g_assert_false (tocsin_txn_del (txn, TOCSIN_TABLE_OUTBOX, &key));
  g_assert_cmpuint (tocsin_txn_entries (txn, TOCSIN_TABLE_OUTBOX), ==, 0);
  return TRUE;
}

static void
test_nothing_after_failure (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, use_after_failure, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  g_assert_cmpstr (error->message, ==, "Database: a record is damaged");
}

static guint64
at (const TocsinCursor *cursor)
{
  return tocsin_key_read_u64 (cursor->key.data);
}

/* Of the keys 10 and 20, and of none. */
static gboolean
walk_edges (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey five = tocsin_key_u64 (5), ten = tocsin_key_u64 (10), twenty = tocsin_key_u64 (20);
  TocsinKey thirty = tocsin_key_u64 (30);
  g_auto (TocsinCursor) empty = { 0 };
  g_auto (TocsinCursor) cursor = { 0 };

  tocsin_cursor_init (&empty, txn, TOCSIN_TABLE_IMPORTS);
  g_assert_false (tocsin_cursor_seek (&empty, NULL));
  g_assert_false (tocsin_cursor_seek (&empty, &ten));
  g_assert_false (tocsin_cursor_seek_before (&empty, NULL));
  g_assert_false (tocsin_cursor_seek_before (&empty, &ten));
  g_assert_false (tocsin_cursor_prev (&empty));

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_OUTBOX);
  g_assert_true (tocsin_cursor_add (&cursor, &ten, "a", 1));
  tocsin_cursor_append (&cursor, &twenty, "b", 1);
  g_assert_false (tocsin_cursor_add (&cursor, &ten, "c", 1)); /* is there, and stays */
  g_assert_true (tocsin_cursor_seek (&cursor, &ten));
  g_assert_cmpmem (cursor.value.data, cursor.value.size, "a", 1);
  g_assert_false (tocsin_cursor_prev (&cursor));

  g_assert_true (tocsin_cursor_seek (&cursor, &five));
  g_assert_cmpuint (at (&cursor), ==, 10);
  g_assert_true (tocsin_cursor_next (&cursor));
  g_assert_cmpuint (at (&cursor), ==, 20);
  g_assert_false (tocsin_cursor_next (&cursor));
  g_assert_false (tocsin_cursor_seek (&cursor, &thirty));
  g_assert_true (tocsin_cursor_seek_before (&cursor, &thirty));
  g_assert_cmpuint (at (&cursor), ==, 20);
  g_assert_true (tocsin_cursor_seek_before (&cursor, &twenty));
  g_assert_cmpuint (at (&cursor), ==, 10);
  g_assert_false (tocsin_cursor_seek_before (&cursor, &ten));
  g_assert_true (tocsin_cursor_seek_before (&cursor, NULL));
  g_assert_cmpuint (at (&cursor), ==, 20);
  return tocsin_txn_check (txn, error);
}

static void
test_edges (Fixture *f, gconstpointer data)
{
  write_ok (f, walk_edges, NULL);
}

static gboolean
append_backwards (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinCursor) cursor = { 0 };
  TocsinKey ten = tocsin_key_u64 (10), five = tocsin_key_u64 (5);

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_OUTBOX);
  tocsin_cursor_append (&cursor, &ten, "a", 1);
  tocsin_cursor_append (&cursor, &five, "b", 1);
  return TRUE;
}

/* What has to come last and does not is a failure, and nothing is left of it. */
static void
test_append_backwards (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, append_backwards, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    g_assert_cmpuint (tocsin_txn_entries (txn, TOCSIN_TABLE_OUTBOX), ==, 0);
  }
}

static gboolean
fail_then_refuse (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_txn_fail (txn, MDB_MAP_FULL);
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED, "No");
  return FALSE;
}

/* What failed first is what the caller is told, not the refusal that followed from it. */
static void
test_failure_before_refusal (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_store_write (f->store, fail_then_refuse, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
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
#define ADD(name, func) g_test_add ("/txn/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("reading-is-read-only", test_reading_is_read_only);
  ADD ("nothing-after-failure", test_nothing_after_failure);
  ADD ("edges", test_edges);
  ADD ("append-backwards", test_append_backwards);
  ADD ("failure-before-refusal", test_failure_before_refusal);
  return g_test_run ();
}
