/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What a store still says of somebody once nobody reports them any more (docs/privacy.md, "What is
 * left behind").
 */
#include "report-fixture.h"

#include "core/subject.h"
#include "store/bulk.h"
#include "store/purge.h"
#include "store/table-allow.h"
#include "store/table-changes.h"
#include "store/table-evidence.h"
#include "store/table-meta.h"
#include "store/table-subjects.h"
#include "store/txn-private.h"

#define HOUR TOCSIN_HOUR_US
#define OWN  0 /* the actor that is this node */
#define PEER 3
#define KEPT (23 * HOUR) /* what was written within an hour, once that is over */

typedef struct
{
  gint64 now_us;
  TocsinPurgeCounts due; /* out: as it was foretold */
  guint64 went;          /* out */
  guint64 writes;        /* out */
} Purging;

static gboolean
purge (TocsinTxn *txn, gpointer data, GError **error)
{
  Purging *purging = data;
  guint n;

  purging->went = 0;
  tocsin_store_purge_count (txn, purging->now_us, &purging->due);
  while ((n = tocsin_store_purge (txn, purging->now_us, 7)) > 0)
    purging->went += n;
  purging->writes = txn->writes;
  return tocsin_txn_check (txn, error);
}

static Purging
purge_at (Fixture *f, gint64 now_us)
{
  Purging purging = { .now_us = now_us };

  write_ok (f, purge, &purging);
  return purging;
}

/* ---- the log of changes ---- */

/* What housekeeping does, more often than it has to. */
static void
purge_each_half_hour (Fixture *f, gint64 from_us, gint64 to_us)
{
  for (gint64 now_us = from_us; now_us <= to_us; now_us += HOUR / 2)
    purge_at (f, now_us);
}

static gboolean
has_bytes (const TocsinSpan *span, const TocsinSubjectKey *key)
{
  return memmem (span->data, span->size, key->bytes, sizeof key->bytes) != NULL;
}

/* The tables that have @key anywhere, by their names. */
static char *
find_key (Fixture *f, const TocsinSubjectKey *key)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  GString *found = g_string_new (NULL);

  for (guint t = 0; t < TOCSIN_N_TABLES; t++)
    {
      g_auto (TocsinCursor) cursor = { 0 };
      gboolean more, has = FALSE;

      tocsin_cursor_init (&cursor, txn, (TocsinTable) t);
      for (more = tocsin_cursor_seek (&cursor, NULL); more; more = tocsin_cursor_next (&cursor))
        has |= has_bytes (&cursor.key, key) || has_bytes (&cursor.value, key);
      if (has)
        g_string_append_printf (found, "%s ", tocsin_store_get_table_name ((TocsinTable) t));
    }
  assert_reading_ok (txn);
  return g_string_free (found, FALSE);
}

/* Nothing else happens on this node: its log is never long. */
static gboolean
withdraw_one (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 number = put (txn, PEER, 1);

  g_assert_true (
      tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERASED, T0 + 1, T0 + 400 * DAY));
  return tocsin_txn_check (txn, error);
}

static gboolean
report_for_an_hour (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinReportRecord) record = make (PEER, 1);

  record.end_us = record.evidence_end_us = T0 + HOUR;
  tocsin_reports_put (txn, &record, T0);
  return tocsin_txn_check (txn, error);
}

static gboolean
allow_for_an_hour (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinAllowRecord entry = { .key = key_number (1), .expires_us = T0 + HOUR };

  tocsin_allow_put (txn, &entry);
  return tocsin_txn_check (txn, error);
}

static const struct
{
  const char *name;
  TocsinWriteFunc happens;
  gint64 over_us;
} ends[] = {
  { "/left-behind/withdrawn", withdraw_one, T0 + 1 },
  { "/left-behind/expired", report_for_an_hour, T0 + 24 * HOUR },
  { "/left-behind/allowed", allow_for_an_hour, T0 + HOUR },
};

/* A day after it is over no table has the key, of a report that counted for an hour neither. */
static void
test_end (Fixture *f, gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  TocsinSubjectKey key = key_number (1);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  write_ok (f, ends[i].happens, NULL);
  before = find_key (f, &key);
  g_assert_cmpstr (before, !=, "");
  purge_each_half_hour (f, T0, ends[i].over_us + DAY);
  after = find_key (f, &key);
  g_assert_cmpstr (after, ==, "");
}

static gboolean
change (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinSubjectKey key = key_number (GPOINTER_TO_UINT (data));

  tocsin_changes_add (txn, TOCSIN_CHANGE_EVIDENCE, &key);
  return tocsin_txn_check (txn, error);
}

static gboolean
covers (Fixture *f, guint64 after)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  gboolean yes = tocsin_changes_covers (txn, after);

  assert_reading_ok (txn);
  return yes;
}

/* Who was away for less goes on where it was, who was away for longer begins anew; as much goes as
 * was foretold, and a node on which nothing happens writes nothing. */
static void
test_a_day (Fixture *f, gconstpointer data)
{
  Purging purging;

  for (guint i = 0; i < 10; i++)
    write_ok (f, change, GUINT_TO_POINTER (i));
  purge_at (f, T0 + HOUR / 2);
  write_ok (f, change, GUINT_TO_POINTER (10));
  g_assert_cmpuint (purge_at (f, T0 + HOUR).writes, >, 0);
  for (guint hour = 1; hour < 23; hour++)
    {
      purging = purge_at (f, T0 + hour * HOUR);
      g_assert_cmpuint (purging.due.changes + purging.went + purging.writes, ==, 0);
      g_assert_true (covers (f, 0));
    }
  purging = purge_at (f, T0 + KEPT);
  g_assert_cmpuint (purging.due.changes, ==, 10);
  g_assert_cmpuint (purging.went, ==, 10);
  g_assert_false (covers (f, 9));
  g_assert_true (covers (f, 10));
  purging = purge_at (f, T0 + KEPT + HOUR);
  g_assert_cmpuint (purging.due.changes, ==, 1);
  g_assert_cmpuint (purging.went, ==, 1);
  g_assert_false (covers (f, 10));
  g_assert_true (covers (f, 11));
  purging = purge_at (f, T0 + KEPT + HOUR);
  g_assert_cmpuint (purging.due.changes + purging.went + purging.writes, ==, 0);
}

static gboolean
collect_generation (const TocsinChange *entry, gpointer data)
{
  g_array_append_val ((GArray *) data, entry->generation);
  return TRUE;
}

/* Days on which changes and housekeeping come as they come: nothing younger than 22 hours goes, and
 * nothing older than 24 is left. */
static void
test_any_day (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) written = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 now_us = T0;

  for (guint step = 0; step < 240; step++)
    {
      g_autoptr (GArray) left = g_array_new (FALSE, FALSE, sizeof (guint64));
      guint64 gone;

      now_us += g_test_rand_int_range (1, 40) * TOCSIN_MINUTE_US;
      for (gint n = g_test_rand_int_range (-2, 4); n > 0; n--)
        {
          write_ok (f, change, GUINT_TO_POINTER (step));
          g_array_append_val (written, now_us);
        }
      g_assert_cmpuint (purge_at (f, now_us).due.changes, <=, written->len);
      {
        g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

        tocsin_changes_foreach (txn, 0, collect_generation, left);
      }
      gone = written->len - left->len;
      if (gone > 0)
        g_assert_cmpint (g_array_index (written, gint64, gone - 1), <=, now_us - KEPT + HOUR);
      if (left->len > 0)
        g_assert_cmpint (g_array_index (written, gint64, gone), >, now_us - DAY);
    }
}

/* What a clock noted that was ahead is of now. */
static void
test_clock_ahead (Fixture *f, gconstpointer data)
{
  write_ok (f, change, GUINT_TO_POINTER (1));
  purge_at (f, T0 + 100 * DAY);
  write_ok (f, change, GUINT_TO_POINTER (2));
  purge_each_half_hour (f, T0, T0 + KEPT - HOUR);
  g_assert_true (covers (f, 0));
  purge_each_half_hour (f, T0 + KEPT, T0 + DAY);
  g_assert_false (covers (f, 1));
  g_assert_true (covers (f, 2));
}

static gboolean
spoil (TocsinTxn *txn, gpointer data, GError **error)
{
  static const guint8 bytes[26 * 16] = { 0 };

  tocsin_meta_put (txn, "changes-hours", bytes, GPOINTER_TO_SIZE (data));
  return tocsin_txn_check (txn, error);
}

/* A note that cannot be read is none: the next one is. */
static void
test_damaged_note (Fixture *f, gconstpointer data)
{
  static const gsize sizes[] = { 1, 15, 17, 26 * 16 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      gint64 from_us = T0 + i * 2 * DAY;

      write_ok (f, change, GUINT_TO_POINTER (i));
      write_ok (f, spoil, GSIZE_TO_POINTER (sizes[i]));
      purge_each_half_hour (f, from_us, from_us + KEPT - HOUR);
      g_assert_true (covers (f, i));
      purge_at (f, from_us + KEPT);
      g_assert_false (covers (f, i));
      g_assert_true (covers (f, i + 1));
    }
}

/* ---- what a digest stands for ---- */

#define ADDRESS "j.doe@mail.example"

static TocsinSubjectKey
key_of (TocsinSubjectType type, const char *value)
{
  g_auto (TocsinSubject) subject = { 0 };

  g_assert_true (tocsin_subject_parse (&subject, type, value, NULL));
  return tocsin_subject_key (&subject);
}

/* A report about @value, that was seen in clear or is told by a digest. */
static guint64
report (TocsinTxn *txn,
        guint32 actor,
        guint n,
        TocsinSubjectType type,
        const char *value,
        gboolean in_clear,
        gint64 end_us)
{
  g_auto (TocsinReportRecord) record = make (actor, n);
  TocsinSubjectRecord hash = { .type = type, .has_mastodon = TRUE, .mastodon = { 1 } };

  g_free (record.value);
  record.value = in_clear ? g_strdup (value) : NULL;
  record.category = (guint8) (1 + n % 3);
  record.subject_type = record.key_type = type;
  record.key = hash.key = key_of (type, value);
  record.end_us = record.evidence_end_us = end_us;
  tocsin_reports_put (txn, &record, T0);
  if (in_clear && type == TOCSIN_SUBJECT_EMAIL)
    tocsin_subjects_put (txn, &hash);
  return record.number;
}

static void
assert_known (TocsinTxn *txn, TocsinSubjectType type, const char *value, gboolean in_clear)
{
  TocsinSubjectKey key = key_of (type, value);
  TocsinSubjectRecord row;

  g_assert_true (tocsin_subjects_get (txn, &key, &row));
  g_assert_cmpint (row.type, ==, type);
  g_assert_cmpstr (row.value, ==, in_clear ? value : NULL);
  g_assert_cmpint (row.has_mastodon, ==, in_clear && type == TOCSIN_SUBJECT_EMAIL);
}

static const char *
value_of (TocsinTxn *txn, TocsinSubjectType type, const char *value)
{
  TocsinSubjectKey key = key_of (type, value);
  TocsinSubjectRecord row;

  return tocsin_subjects_get (txn, &key, &row) ? row.value : NULL;
}

static void
withdraw (TocsinTxn *txn, guint64 number)
{
  g_assert_true (
      tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERASED, T0 + 1, T0 + 400 * DAY));
}

/* Types of which peers may know no more than the digest. */
static const struct
{
  TocsinSubjectType type;
  const char *value;
} digested[] = {
  { TOCSIN_SUBJECT_EMAIL, ADDRESS },
  { TOCSIN_SUBJECT_USERNAME, "jdoe" },
  { TOCSIN_SUBJECT_URL, "https://mail.example/jdoe" },
};

static gboolean
withdrawn (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (digested); i++)
    {
      TocsinSubjectType type = digested[i].type;
      const char *value = digested[i].value;
      guint64 own = report (txn, OWN, 10 * i + 1, type, value, TRUE, T0 + DAY);
      guint64 other = report (txn, OWN, 10 * i + 2, type, value, TRUE, T0 + DAY);

      report (txn, PEER, 10 * i + 1, type, value, FALSE, T0 + DAY);
      report (txn, PEER + 1, 10 * i + 2, type, value, FALSE, T0 + DAY);
      withdraw (txn, own);
      assert_known (txn, type, value, TRUE);
      withdraw (txn, other);
      assert_known (txn, type, value, FALSE);
      /* And again, from whoever knows it next. */
      report (txn, OWN, 10 * i + 3, type, value, TRUE, T0 + DAY);
      assert_known (txn, type, value, TRUE);
    }
  return tocsin_txn_check (txn, error);
}

/* Nobody who knew it in clear says it any more: peers' digests do not keep it. */
static void
test_withdrawn_in_clear (Fixture *f, gconstpointer data)
{
  write_ok (f, withdrawn, NULL);
}

static gboolean
two_that_end (TocsinTxn *txn, gpointer data, GError **error)
{
  report (txn, OWN, 1, TOCSIN_SUBJECT_EMAIL, ADDRESS, TRUE, T0 + HOUR);
  report (txn, OWN, 2, TOCSIN_SUBJECT_EMAIL, ADDRESS, TRUE, T0 + 2 * HOUR);
  report (txn, PEER, 3, TOCSIN_SUBJECT_EMAIL, ADDRESS, FALSE, T0 + 10 * DAY);
  return tocsin_txn_check (txn, error);
}

static void
assert_address (Fixture *f, gboolean in_clear)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

  assert_known (txn, TOCSIN_SUBJECT_EMAIL, ADDRESS, in_clear);
  assert_reading_ok (txn);
}

static void
test_ended_in_clear (Fixture *f, gconstpointer data)
{
  write_ok (f, two_that_end, NULL);
  purge_at (f, T0 + HOUR);
  assert_address (f, TRUE);
  purge_at (f, T0 + 2 * HOUR);
  assert_address (f, FALSE);
}

/* One changes its category, then its mind about whom it means. */
static gboolean
changed (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 own = report (txn, OWN, 1, TOCSIN_SUBJECT_EMAIL, ADDRESS, TRUE, T0 + DAY);
  g_auto (TocsinReportRecord) record = { 0 };

  report (txn, PEER, 2, TOCSIN_SUBJECT_EMAIL, ADDRESS, FALSE, T0 + DAY);
  g_assert_true (tocsin_reports_get (txn, own, &record));
  record.category = 7;
  tocsin_reports_put (txn, &record, T0);
  assert_known (txn, TOCSIN_SUBJECT_EMAIL, ADDRESS, TRUE);
  record.key = key_of (TOCSIN_SUBJECT_EMAIL, "a@mail.example");
  g_free (record.value);
  record.value = g_strdup ("a@mail.example");
  tocsin_reports_put (txn, &record, T0);
  assert_known (txn, TOCSIN_SUBJECT_EMAIL, ADDRESS, FALSE);
  return tocsin_txn_check (txn, error);
}

static void
test_changed_in_clear (Fixture *f, gconstpointer data)
{
  write_ok (f, changed, NULL);
}

/* A list that names it names it in clear, and of an address of the net everybody knows it. */
static gboolean
listed (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (TocsinBulk) list = tocsin_bulk_new (9);
  TocsinBulkRow row = {
    .key = key_of (TOCSIN_SUBJECT_EMAIL, ADDRESS),
    .evidence = { .reporter = 8,
                  .category = 1,
                  .flags = TOCSIN_EVIDENCE_IMPORTED,
                  .subject_type = TOCSIN_SUBJECT_EMAIL,
                  .expires_s = TOCSIN_EVIDENCE_NEVER_S },
    .value = ADDRESS,
    .key_type = TOCSIN_SUBJECT_EMAIL,
  };
  guint64 own = report (txn, OWN, 1, TOCSIN_SUBJECT_EMAIL, ADDRESS, TRUE, T0 + DAY);
  guint64 net = report (txn, OWN, 2, TOCSIN_SUBJECT_IP, "192.0.2.1", TRUE, T0 + DAY);

  report (txn, PEER, 3, TOCSIN_SUBJECT_EMAIL, ADDRESS, FALSE, T0 + DAY);
  report (txn, PEER, 4, TOCSIN_SUBJECT_IP, "192.0.2.1", TRUE, T0 + DAY);
  tocsin_bulk_add (list, &row);
  if (!tocsin_bulk_write (txn, list, error))
    return FALSE;
  withdraw (txn, own);
  withdraw (txn, net);
  g_assert_cmpstr (value_of (txn, TOCSIN_SUBJECT_EMAIL, ADDRESS), ==, ADDRESS);
  g_assert_cmpstr (value_of (txn, TOCSIN_SUBJECT_IP, "192.0.2.1"), ==, "192.0.2.1");
  g_assert_cmpuint (tocsin_bulk_undo (txn, 9, 10, T0), ==, 1);
  assert_known (txn, TOCSIN_SUBJECT_EMAIL, ADDRESS, FALSE);
  return tocsin_txn_check (txn, error);
}

static void
test_listed_in_clear (Fixture *f, gconstpointer data)
{
  write_ok (f, listed, NULL);
}

/* Peers say that the digests of an address, of networks and of a name are those of others. */
static gboolean
mistyped (TocsinTxn *txn, gpointer data, GError **error)
{
  static const struct
  {
    TocsinSubjectType type, key_type;
    const char *value, *key_value;
  } rows[] = {
    { TOCSIN_SUBJECT_IP, TOCSIN_SUBJECT_IP, "192.0.2.1", "192.0.2.1" },
    { TOCSIN_SUBJECT_IP, TOCSIN_SUBJECT_NETWORK, "2001:db8::1", "2001:db8::/64" },
    { TOCSIN_SUBJECT_NETWORK, TOCSIN_SUBJECT_NETWORK, "192.0.2.0/24", "192.0.2.0/24" },
    { TOCSIN_SUBJECT_DOMAIN, TOCSIN_SUBJECT_DOMAIN, "mail.example", "mail.example" },
  };
  TocsinNetworkLengths lengths;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      TocsinSubjectKey key = key_of (rows[i].type, rows[i].value);
      TocsinSubjectRecord subject = { .key = key,
                                      .type = rows[i].key_type,
                                      .value = rows[i].key_value };
      guint64 first = report (txn, PEER, 10 * i + 1, rows[i].type, rows[i].value, TRUE, T0 + DAY);
      guint64 last = report (txn, PEER, 10 * i + 2, rows[i].type, rows[i].value, TRUE, T0 + DAY);
      g_auto (TocsinReportRecord) record = make (PEER + 1, 10 * i + 3);

      tocsin_subjects_remove (txn, &key);
      tocsin_subjects_put (txn, &subject);
      g_clear_pointer (&record.value, g_free);
      record.subject_type = record.key_type = TOCSIN_SUBJECT_EMAIL;
      record.key = key;
      record.end_us = record.evidence_end_us = T0 + DAY;
      tocsin_reports_put (txn, &record, T0);
      withdraw (txn, first);
      g_assert_true (tocsin_subjects_get (txn, &key, &subject));
      g_assert_cmpstr (subject.value, ==, rows[i].key_value);
      g_assert_cmpint (subject.type, ==, rows[i].key_type);
      withdraw (txn, last);
      g_assert_true (tocsin_subjects_get (txn, &key, &subject));
      g_assert_null (subject.value);
      g_assert_cmpint (subject.type, ==, TOCSIN_SUBJECT_EMAIL);
    }
  tocsin_lengths_read (txn, &lengths);
  g_assert_cmpuint (lengths.v4, ==, 0);
  g_assert_cmpuint (lengths.v6[0], ==, 0);
  g_assert_cmpuint (lengths.v6[1], ==, 0);
  return tocsin_txn_check (txn, error);
}

static void
test_mistyped_in_clear (Fixture *f, gconstpointer data)
{
  write_ok (f, mistyped, NULL);
}

#define PAGE "https://mail.example/jdoe"

/* The newer version of a report tells by a digest what the older one said in clear. */
static gboolean
versions (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 number = report (txn, PEER, 1, TOCSIN_SUBJECT_URL, PAGE, TRUE, T0 + DAY);
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_true (tocsin_reports_get (txn, number, &record));
  record.updated_us++;
  tocsin_reports_put (txn, &record, T0);
  assert_known (txn, TOCSIN_SUBJECT_URL, PAGE, TRUE);
  record.updated_us++;
  g_clear_pointer (&record.value, g_free);
  tocsin_reports_put (txn, &record, T0);
  assert_known (txn, TOCSIN_SUBJECT_URL, PAGE, FALSE);
  return tocsin_txn_check (txn, error);
}

static void
test_version_by_digest (Fixture *f, gconstpointer data)
{
  write_ok (f, versions, NULL);
}

/* More reports than have evidence: that of the one in clear is the first to go. */
static gboolean
pushed_out (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 first = report (txn, PEER, 3, TOCSIN_SUBJECT_URL, PAGE, TRUE, T0 + DAY);

  for (guint n = 2; n <= TOCSIN_EVIDENCE_MAX_SAME; n++)
    report (txn, PEER, 3 * n, TOCSIN_SUBJECT_URL, PAGE, FALSE, T0 + DAY);
  assert_known (txn, TOCSIN_SUBJECT_URL, PAGE, TRUE);
  report (txn, PEER, 3 * TOCSIN_EVIDENCE_MAX_SAME + 3, TOCSIN_SUBJECT_URL, PAGE, FALSE, T0 + DAY);
  withdraw (txn, first);
  assert_known (txn, TOCSIN_SUBJECT_URL, PAGE, FALSE);
  return tocsin_txn_check (txn, error);
}

static void
test_pushed_out (Fixture *f, gconstpointer data)
{
  write_ok (f, pushed_out, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/left-behind/" name, Fixture, NULL, set_up, func, tear_down)
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    g_test_add (ends[i].name, Fixture, GUINT_TO_POINTER (i), set_up, test_end, tear_down);
  ADD ("a-day", test_a_day);
  ADD ("any-day", test_any_day);
  ADD ("clock-ahead", test_clock_ahead);
  ADD ("damaged-note", test_damaged_note);
  ADD ("withdrawn-in-clear", test_withdrawn_in_clear);
  ADD ("ended-in-clear", test_ended_in_clear);
  ADD ("changed-in-clear", test_changed_in_clear);
  ADD ("listed-in-clear", test_listed_in_clear);
  ADD ("mistyped-in-clear", test_mistyped_in_clear);
  ADD ("version-by-digest", test_version_by_digest);
  ADD ("pushed-out", test_pushed_out);
  return g_test_run ();
}
