/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fuzz/baseline.h"

#include "store-fixture.h"
#include "store/recount.h"
#include "store/txn-private.h"

typedef struct
{
  TocsinTable table;
  TocsinKey key;
  GBytes *value;
} BaselineRow;

static void
baseline_row_clear (gpointer data)
{
  g_bytes_unref (((BaselineRow *) data)->value);
}

static void
baseline_keep_table (GArray *rows, TocsinTxn *txn, TocsinTable table)
{
  g_auto (TocsinCursor) cursor = { 0 };
  gboolean more;

  tocsin_cursor_init (&cursor, txn, table);
  for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
    {
      BaselineRow row = { .table = table,
                          .value = g_bytes_new (cursor.value.data, cursor.value.size) };

      tocsin_key_add (&row.key, cursor.key.data, cursor.key.size);
      g_array_append_val (rows, row);
    }
}

void
baseline_relax (TocsinStore *store)
{
  mdb_env_set_flags (tocsin_store_get_env (store), MDB_NOSYNC, 1);
}

GArray *
baseline_keep (TocsinStore *store)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (BaselineRow));

  g_array_set_clear_func (rows, baseline_row_clear);
  for (guint table = 0; table < TOCSIN_N_TABLES; table++)
    baseline_keep_table (rows, txn, (TocsinTable) table);
  assert_reading_ok (txn);
  return rows;
}

void
baseline_restore (TocsinStore *store, const GArray *rows)
{
  const MDB_dbi *tables = tocsin_store_get_tables (store);
  g_autoptr (GError) error = NULL;
  TocsinTxn txn;

  tocsin_txn_begin_write (&txn, store);
  for (guint table = 0; table < TOCSIN_N_TABLES; table++)
    g_assert_cmpint (mdb_drop (txn.txn, tables[table], 0), ==, MDB_SUCCESS);
  for (guint i = 0; i < rows->len; i++)
    {
      const BaselineRow *row = &g_array_index (rows, BaselineRow, i);

      tocsin_txn_put (&txn, row->table, &row->key, g_bytes_get_data (row->value, NULL),
                      g_bytes_get_size (row->value));
    }
  tocsin_txn_commit_write (&txn, &error);
  g_assert_no_error (error);
}

TocsinId
baseline_digest (TocsinStore *store)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint8 hash[TOCSIN_SHA256_BYTES];
  TocsinId id;

  for (guint table = 0; table < TOCSIN_N_TABLES; table++)
    {
      g_auto (TocsinCursor) cursor = { 0 };
      gboolean more;

      tocsin_cursor_init (&cursor, txn, (TocsinTable) table);
      for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
        {
          const guint64 head[] = { table, cursor.key.size, cursor.value.size };

          g_byte_array_append (all, (const guint8 *) head, sizeof head);
          g_byte_array_append (all, cursor.key.data, (guint) cursor.key.size);
          g_byte_array_append (all, cursor.value.data, (guint) cursor.value.size);
        }
    }
  assert_reading_ok (txn);
  tocsin_sha256 (all->data, all->len, hash);
  memcpy (id.bytes, hash, sizeof id.bytes);
  return id;
}

void
baseline_assert_counted (TocsinStore *store)
{
  g_auto (GStrv) wrong = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows;

  tocsin_store_recount (store, &rows, &wrong, &error);
  g_assert_no_error (error);
  if (wrong[0] != NULL)
    g_error ("%s", wrong[0]);
}
