/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What is done again while something was done comes to an end, whatever the rows say of themselves.
 */
#include "store-fixture.h"

#include "core/clock.h"
#include "core/error.h"
#include "store/purge.h"
#include "store/table-allow.h"
#include "store/table-audit.h"
#include "store/table-imports.h"
#include "store/table-outbox.h"
#include "store/table-review.h"
#include "store/table-seen.h"
#include "store/txn-private.h"

#define DAY     TOCSIN_DAY_US
#define LONG_US (T0 + 1000 * DAY) /* after everything here is due */
#define ROUNDS  20

static void
add_allowed (TocsinTxn *txn, guint n)
{
  TocsinAllowRecord entry = { .key = key_number (n), .expires_us = T0 + 1 };

  tocsin_allow_put (txn, &entry);
}

static TocsinKey
allowed_key (guint n)
{
  TocsinSubjectKey key = key_number (n);

  return tocsin_key_id (&key);
}

static void
add_line (TocsinTxn *txn, guint n)
{
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_BURST,
                              .state = TOCSIN_REVIEW_ACCEPTED,
                              .decided_us = T0 + n };

  tocsin_review_add (txn, &line);
}

static void
add_import (TocsinTxn *txn, guint n)
{
  TocsinImportRecord import = { .undone_us = T0 + n, .source = (char *) "list" };

  tocsin_imports_add (txn, &import);
}

static void
add_message (TocsinTxn *txn, guint n)
{
  TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_MESSAGE, .created_us = T0 + n };

  tocsin_outbox_append (txn, &entry);
}

static void
add_audit (TocsinTxn *txn, guint n)
{
  tocsin_audit_append (txn, T0 + n, "socket", "test", NULL, NULL);
}

static TocsinKey
numbered_key (guint n)
{
  return tocsin_key_u64 (n);
}

/* Of three rows how many are due; the newest of some tables always stays. */
static const struct
{
  const char *name;
  TocsinTable table;
  void (*add) (TocsinTxn *txn, guint n);
  TocsinKey (*key) (guint n);
  guint due;
} tables[] = {
  { "allow", TOCSIN_TABLE_ALLOW, add_allowed, allowed_key, 3 },
  { "review", TOCSIN_TABLE_REVIEW, add_line, numbered_key, 3 },
  { "imports", TOCSIN_TABLE_IMPORTS, add_import, numbered_key, 3 },
  { "outbox", TOCSIN_TABLE_OUTBOX, add_message, numbered_key, 2 },
  { "audit", TOCSIN_TABLE_AUDIT, add_audit, numbered_key, 2 },
};

static gboolean
add_three (TocsinTxn *txn, gpointer data, GError **error)
{
  guint i = GPOINTER_TO_UINT (data);

  for (guint n = 1; n <= 3; n++)
    tables[i].add (txn, n);
  return tocsin_txn_check (txn, error);
}

/* Gives the first row the key of another, which nothing has. */
static gboolean
misplace (TocsinTxn *txn, gpointer data, GError **error)
{
  guint i = GPOINTER_TO_UINT (data);
  TocsinKey from = tables[i].key (1);
  /* The audit log is purged from its beginning; the others are gone through. */
  TocsinKey to = tables[i].key (tables[i].table == TOCSIN_TABLE_AUDIT ? 0 : 50);
  g_autofree guint8 *row = NULL;
  TocsinSpan span;

  g_assert_true (tocsin_txn_get (txn, tables[i].table, &from, &span));
  row = g_memdup2 (span.data, span.size);
  tocsin_txn_put (txn, tables[i].table, &to, row, span.size);
  g_assert_true (tocsin_txn_del (txn, tables[i].table, &from));
  return tocsin_txn_check (txn, error);
}

static gboolean
purge_to_the_end (TocsinTxn *txn, gpointer data, GError **error)
{
  guint *went = data;
  guint n, rounds = 0;

  *went = 0;
  while ((n = tocsin_store_purge (txn, LONG_US, 2)) > 0)
    {
      *went += n;
      g_assert_cmpuint (++rounds, <, ROUNDS);
    }
  return tocsin_txn_check (txn, error);
}

static guint64
rows_of (Fixture *f, TocsinTable table)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

  return tocsin_txn_entries (txn, table);
}

static void
test_ends (Fixture *f, gconstpointer data)
{
  static const TocsinRetention keep = { .seen_days = TOCSIN_SEEN_DAYS, .audit_days = 30 };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (guint misplaced = 0; misplaced < 2; misplaced++)
      {
        guint went = 0;

        g_test_message ("%s%s", tables[i].name, misplaced ? ", misplaced" : "");
        tear_down (f, NULL);
        set_up (f, NULL);
        tocsin_store_set_retention (f->store, &keep);
        write_ok (f, add_three, GUINT_TO_POINTER (i));
        if (misplaced)
          write_ok (f, misplace, GUINT_TO_POINTER (i));
        write_ok (f, purge_to_the_end, &went);
        if (!misplaced)
          {
            g_assert_cmpuint (went, ==, tables[i].due);
            g_assert_cmpuint (rows_of (f, tables[i].table), ==, 3 - tables[i].due);
          }
        else
          g_assert_cmpuint (rows_of (f, tables[i].table), ==, 3 - went);
      }
}

static gboolean
verify (TocsinTxn *txn, gpointer data, GError **error)
{
  return tocsin_audit_verify (txn, NULL, error);
}

/* An entry of the audit log that was put elsewhere does not go unseen by its age. */
static void
test_audit_shows (Fixture *f, gconstpointer data)
{
  const guint audit = G_N_ELEMENTS (tables) - 1;
  static const TocsinRetention keep = { .seen_days = TOCSIN_SEEN_DAYS, .audit_days = 30 };
  g_autoptr (GError) error = NULL;
  guint went = 0;

  tocsin_store_set_retention (f->store, &keep);
  write_ok (f, add_three, GUINT_TO_POINTER (audit));
  write_ok (f, misplace, GUINT_TO_POINTER (audit));
  write_ok (f, purge_to_the_end, &went);
  g_assert_cmpuint (went, ==, 0);
  g_assert_false (tocsin_store_write (f->store, verify, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/purge/ends", Fixture, NULL, set_up, test_ends, tear_down);
  g_test_add ("/purge/audit-shows", Fixture, NULL, set_up, test_audit_shows, tear_down);
  return g_test_run ();
}
