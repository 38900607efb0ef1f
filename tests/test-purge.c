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
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-review.h"
#include "store/table-seen.h"
#include "store/table-trust.h"
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

/* ---- what is foretold ---- */

#define SECOND TOCSIN_SECOND_US
#define STEPS  5

/* One of everything that ends, a second apart, and what has no end. */
static gboolean
add_all (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinAllowRecord for_good = { .key = key_number (99) };
  TocsinReviewRecord open = { .kind = TOCSIN_REVIEW_BURST };
  TocsinImportRecord standing = { .source = (char *) "list" };
  TocsinId content = tocsin_id_for_string ("content");

  tocsin_allow_put (txn, &for_good);
  tocsin_review_add (txn, &open);
  tocsin_imports_add (txn, &standing);
  for (guint n = 1; n <= STEPS; n++)
    {
      gint64 at_us = T0 + n * SECOND;
      g_autofree char *id = g_strdup_printf ("https://a.example/%u", n);
      TocsinAllowRecord allow = { .key = key_number (n), .expires_us = at_us };
      TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_BURST,
                                  .state = TOCSIN_REVIEW_LAPSED,
                                  .decided_us = at_us };
      TocsinImportRecord import = { .undone_us = at_us, .source = (char *) "list" };
      TocsinOutboxRecord message = { .kind = TOCSIN_OUTBOX_MESSAGE, .created_us = at_us };
      TocsinTombstone tombstone = { .removed_us = T0, .until_us = at_us };
      TocsinReportRecord report = { .actor = 7,
                                    .category = 1,
                                    .subject_type = TOCSIN_SUBJECT_DOMAIN,
                                    .key_type = TOCSIN_SUBJECT_DOMAIN,
                                    .end_us = at_us,
                                    .evidence_end_us = at_us,
                                    .key = key_number (n),
                                    .id = id,
                                    .value = (char *) "example.org" };

      tocsin_allow_put (txn, &allow);
      tocsin_review_add (txn, &line);
      tocsin_imports_add (txn, &import);
      tocsin_queue_add (txn, 4, tocsin_outbox_append (txn, &message), at_us);
      tocsin_seen_put (txn, id, &content, at_us);
      tocsin_audit_append (txn, at_us, "socket", "test", NULL, NULL);
      tocsin_tombstones_put (txn, 8, id, &tombstone);
      tocsin_reports_put (txn, &report, T0);
    }
  return tocsin_txn_check (txn, error);
}

typedef struct
{
  gint64 now_us;
  guint went;
} Purging;

static gboolean
purge_until (TocsinTxn *txn, gpointer data, GError **error)
{
  Purging *purging = data;
  guint n;

  purging->went = 0;
  while ((n = tocsin_store_purge (txn, purging->now_us, 3)) > 0)
    purging->went += n;
  return tocsin_txn_check (txn, error);
}

static guint64
foretell (Fixture *f, gint64 now_us)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  TocsinPurgeCounts counts;
  guint64 sum = 0;

  tocsin_store_purge_count (txn, now_us, &counts);
  assert_reading_ok (txn);
  for (gsize i = 0; i < sizeof counts / sizeof sum; i++)
    sum += ((const guint64 *) &counts)[i];
  return sum;
}

/* At every moment about which something ends, as much goes as was said. */
static void
test_foretold (Fixture *f, gconstpointer data)
{
  static const TocsinRetention keep = { .seen_days = 400, .audit_days = 20 };
  static const gint64 bases[] = { 0, DAY, 20 * DAY, 30 * DAY, 400 * DAY, 401 * DAY };
  guint total = 0;

  tocsin_store_set_retention (f->store, &keep);
  write_ok (f, add_all, NULL);
  for (gsize b = 0; b < G_N_ELEMENTS (bases); b++)
    for (guint n = 1; n <= STEPS + 1; n++)
      for (int us = -1; us <= 1; us++)
        {
          Purging purging = { .now_us = T0 + bases[b] + n * SECOND + us };
          guint64 foretold = foretell (f, purging.now_us);

          write_ok (f, purge_until, &purging);
          g_assert_cmpuint (purging.went, ==, foretold);
          g_assert_cmpuint (foretell (f, purging.now_us), ==, 0);
          total += purging.went;
        }
  /* Of each table all but the newest of the audit log and of the outbox; a report ends three
   * times: evidence, text and what remained of it. And the log has that evidence and what is
   * allowed came and went, and what is allowed for good came. */
  g_assert_cmpuint (total, ==, STEPS * (8 + 3) - 2 + STEPS * (2 + 2) + 1);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_CHANGES), ==, 0);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_ALLOW), ==, 1);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_REVIEW), ==, 1);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_IMPORTS), ==, 1);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_REPORTS), ==, 0);
}

/* Three held reports of which the first two end, a line about each, and one about none. */
static gboolean
add_held (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReviewRecord burst = { .kind = TOCSIN_REVIEW_BURST };

  for (guint n = 1; n <= 3; n++)
    {
      g_autofree char *id = g_strdup_printf ("https://a.example/%u", n);
      gint64 end_us = n < 3 ? T0 + SECOND : T0 + 800 * DAY;
      TocsinReportRecord report = { .actor = 7,
                                    .category = 1,
                                    .state = TOCSIN_STATE_HELD,
                                    .hold = TOCSIN_HOLD_SUFFIX,
                                    .held_us = T0,
                                    .subject_type = TOCSIN_SUBJECT_DOMAIN,
                                    .key_type = TOCSIN_SUBJECT_DOMAIN,
                                    .end_us = end_us,
                                    .evidence_end_us = end_us,
                                    .key = key_number (n),
                                    .id = id,
                                    .value = (char *) "example.org" };
      TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_HELD, .actor = 7 };

      tocsin_reports_put (txn, &report, T0);
      line.report = report.number;
      tocsin_review_add (txn, &line);
    }
  tocsin_review_add (txn, &burst);
  return tocsin_txn_check (txn, error);
}

static guint64
count_open (Fixture *f)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

  return tocsin_review_count_open (txn);
}

/* What can no longer be decided does not stay open, and goes as what was decided. */
static void
test_moot_lines (Fixture *f, gconstpointer data)
{
  static const TocsinRetention keep = { .seen_days = 400, .audit_days = 20 };
  Purging purging = { .now_us = T0 };

  tocsin_store_set_retention (f->store, &keep);
  write_ok (f, add_held, NULL);
  write_ok (f, purge_until, &purging);
  g_assert_cmpuint (count_open (f), ==, 4);
  purging.now_us = T0 + 2 * DAY;
  write_ok (f, purge_until, &purging);
  g_assert_cmpuint (count_open (f), ==, 2);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_REVIEW), ==, 4);
  purging.now_us = T0 + 500 * DAY;
  write_ok (f, purge_until, &purging);
  g_assert_cmpuint (count_open (f), ==, 2);
  g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_REVIEW), ==, 2);
}

/* Reports, and a line about each: whether nothing of it is left to decide. */
static const struct
{
  TocsinReportState state;
  TocsinHold hold;
  TocsinReviewKind kind;
  gboolean moot;
} settled[] = {
  { TOCSIN_STATE_HELD, TOCSIN_HOLD_SUFFIX, TOCSIN_REVIEW_HELD, FALSE },
  { TOCSIN_STATE_HELD, TOCSIN_HOLD_EQUIVOCATION, TOCSIN_REVIEW_EQUIVOCATION, FALSE },
  { TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED, TOCSIN_REVIEW_HELD, TRUE },
  { TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, TOCSIN_REVIEW_HELD, TRUE },
  { TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE, TOCSIN_REVIEW_EQUIVOCATION, TRUE },
  { TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE, TOCSIN_REVIEW_HELD, TRUE },
};

#define OTHERS 1500 /* lines before them: more than one purge looks at */

static gboolean
add_settled (TocsinTxn *txn, gpointer data, GError **error)
{
  GBytes *other = g_bytes_new_static ("{}", 2);
  TocsinReviewRecord line = { .kind = TOCSIN_REVIEW_BURST };
  TocsinTrustRecord statement = { .truster = 8,
                                  .trustee = 9,
                                  .weight = 50,
                                  .held = TRUE,
                                  .id = (char *) "https://a.example/trust/1",
                                  .alternate = other };

  for (guint i = 0; i < OTHERS; i++)
    tocsin_review_add (txn, &line);
  for (guint i = 0; i < G_N_ELEMENTS (settled); i++)
    {
      g_autofree char *id = g_strdup_printf ("https://a.example/%u", i);
      TocsinReportRecord report = { .actor = 7,
                                    .category = 1,
                                    .state = settled[i].state,
                                    .hold = settled[i].hold,
                                    .subject_type = TOCSIN_SUBJECT_DOMAIN,
                                    .key_type = TOCSIN_SUBJECT_DOMAIN,
                                    .end_us = T0 + DAY,
                                    .evidence_end_us = T0 + DAY,
                                    .key = key_number (i),
                                    .id = id,
                                    .value = (char *) "example.org" };

      tocsin_reports_put (txn, &report, T0);
      line.kind = settled[i].kind;
      line.report = report.number;
      tocsin_review_add (txn, &line);
    }
  /* Two who stated contradicting things, of whom one took it back. */
  tocsin_trust_put (txn, &statement);
  line.kind = TOCSIN_REVIEW_EQUIVOCATION;
  line.report = 0;
  line.actor = 8;
  tocsin_review_add (txn, &line);
  line.actor = 7;
  tocsin_review_add (txn, &line);
  g_bytes_unref (other);
  return tocsin_txn_check (txn, error);
}

static gboolean
purge_once (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_store_purge (txn, T0, 1000);
  return tocsin_txn_check (txn, error);
}

static void
test_settled_lines (Fixture *f, gconstpointer data)
{
  guint moot = 1;

  write_ok (f, add_settled, NULL);
  g_assert_cmpuint (count_open (f), ==, OTHERS + G_N_ELEMENTS (settled) + 2);
  /* A bounded part at a time, and then from the beginning. */
  write_ok (f, purge_once, NULL);
  g_assert_cmpuint (count_open (f), ==, OTHERS + G_N_ELEMENTS (settled) + 2);
  write_ok (f, purge_once, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (settled); i++)
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      g_auto (TocsinReviewRecord) line = { 0 };

      g_test_message ("line %u", i);
      g_assert_true (tocsin_review_get (txn, OTHERS + 1 + i, &line));
      g_assert_true ((line.state == TOCSIN_REVIEW_LAPSED) == settled[i].moot);
      moot += settled[i].moot;
    }
  g_assert_cmpuint (count_open (f), ==, OTHERS + G_N_ELEMENTS (settled) + 2 - moot);
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

/* When each of them was made, and by what the clock said. */
static const gint64 dates[] = { 1, 3650, 2, 3651, -30000, 3, 4, 3652, 60 };

static gboolean
add_dated (TocsinTxn *txn, gpointer data, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (dates); i++)
    {
      gint64 at_us = T0 + dates[i] * DAY;
      TocsinOutboxRecord message = { .kind = TOCSIN_OUTBOX_MESSAGE, .created_us = at_us };

      tocsin_outbox_append (txn, &message);
      tocsin_audit_append (txn, at_us, "socket", "test", NULL, NULL);
    }
  return tocsin_txn_check (txn, error);
}

/* A clock that was wrong for a moment keeps nothing for years. */
static void
test_dated_ahead (Fixture *f, gconstpointer data)
{
  static const TocsinRetention keep = { .seen_days = 30, .audit_days = 30 };
  static const struct
  {
    guint day;
    guint audit, outbox; /* rows that are left */
  } looks[] = {
    { 31, 9, 9 }, { 32, 8, 8 }, { 33, 6, 6 }, { 34, 3, 5 },
    { 35, 2, 4 }, { 89, 2, 4 }, { 91, 1, 4 }, /* the newest stays */
  };

  tocsin_store_set_retention (f->store, &keep);
  write_ok (f, add_dated, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (looks); i++)
    {
      Purging purging = { .now_us = T0 + looks[i].day * DAY };
      guint64 foretold = foretell (f, purging.now_us);

      g_test_message ("day %u", looks[i].day);
      write_ok (f, purge_until, &purging);
      g_assert_cmpuint (purging.went, ==, foretold);
      g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_AUDIT), ==, looks[i].audit);
      g_assert_cmpuint (rows_of (f, TOCSIN_TABLE_OUTBOX), ==, looks[i].outbox);
      write_ok (f, verify, NULL);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/purge/ends", Fixture, NULL, set_up, test_ends, tear_down);
  g_test_add ("/purge/foretold", Fixture, NULL, set_up, test_foretold, tear_down);
  g_test_add ("/purge/moot-lines", Fixture, NULL, set_up, test_moot_lines, tear_down);
  g_test_add ("/purge/settled-lines", Fixture, NULL, set_up, test_settled_lines, tear_down);
  g_test_add ("/purge/audit-shows", Fixture, NULL, set_up, test_audit_shows, tear_down);
  g_test_add ("/purge/dated-ahead", Fixture, NULL, set_up, test_dated_ahead, tear_down);
  return g_test_run ();
}
