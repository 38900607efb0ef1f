/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "report-fixture.h"

#include "core/clock.h"
#include "store/bulk.h"
#include "store/purge.h"
#include "store/recount.h"
#include "store/reports-private.h"
#include "store/table-actors.h"
#include "store/table-evidence.h"
#include "store/table-imports.h"
#include "store/table-outbox.h"
#include "store/table-reports.h"
#include "store/table-seen.h"
#include "store/table-subjects.h"

static guint
evidence_of (TocsinTxn *txn, guint n, guint8 *flags)
{
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  TocsinSubjectKey key = key_number (n);
  const TocsinEvidence *rows;
  gsize count = tocsin_evidence_read (txn, &key, &buffer, &rows);

  if (flags != NULL && count > 0)
    *flags = rows[0].flags;
  return (guint) count;
}

static gboolean
life (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 number = put (txn, 3, 1), found;
  g_auto (TocsinReportRecord) record = { 0 };
  TocsinActorCounts counts;
  TocsinSubjectRecord subject;
  TocsinSubjectKey key = key_number (1);
  TocsinTombstone tombstone;
  guint8 flags = 0;

  g_assert_true (tocsin_reports_find (txn, 3, "https://a3.example/reports/1", &found));
  g_assert_cmpuint (found, ==, number);
  g_assert_false (tocsin_reports_find (txn, 4, "https://a3.example/reports/1", &found));
  g_assert_cmpuint (evidence_of (txn, 1, &flags), ==, 1);
  g_assert_cmpuint (flags, ==, TOCSIN_EVIDENCE_PERSON);
  g_assert_true (tocsin_subjects_get (txn, &key, &subject));
  g_assert_cmpstr (subject.value, ==, "192.0.2.1");

  g_assert_true (
      tocsin_reports_set_state (txn, number, TOCSIN_STATE_HELD, TOCSIN_HOLD_BURST, T0 + 5));
  g_assert_cmpuint (evidence_of (txn, 1, &flags), ==, 1);
  g_assert_cmpuint (flags & TOCSIN_EVIDENCE_HELD, !=, 0);
  {
    g_autoptr (GArray) held = tocsin_reports_held (txn, 0, 10);

    g_assert_cmpuint (held->len, ==, 1);
  }
  g_assert_true (tocsin_reports_set_state (txn, number, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, T0));
  evidence_of (txn, 1, &flags);
  g_assert_cmpuint (flags & TOCSIN_EVIDENCE_HELD, ==, 0);

  g_assert_true (
      tocsin_reports_withdraw (txn, number, TOCSIN_REASON_APPEAL, T0 + 9, T0 + 400 * DAY));
  g_assert_false (
      tocsin_reports_withdraw (txn, number, TOCSIN_REASON_APPEAL, T0 + 9, T0 + 400 * DAY));
  g_assert_false (tocsin_reports_set_state (txn, number, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, T0));
  g_assert_cmpuint (evidence_of (txn, 1, NULL), ==, 0);
  g_assert_false (tocsin_subjects_get (txn, &key, &subject));
  g_assert_true (tocsin_reports_get (txn, number, &record));
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_WITHDRAWN);
  g_assert_cmpint (record.remove_reason, ==, TOCSIN_REASON_APPEAL);
  g_assert_null (record.value);
  g_assert_null (record.content);
  g_assert_null (record.activity);
  g_assert_cmpuint (record.key.bytes[0] | record.key.bytes[1] | record.key.bytes[2], ==, 0);
  g_assert_true (tocsin_tombstones_get (txn, 3, "https://a3.example/reports/1", &tombstone));
  g_assert_cmpint (tombstone.removed_us, ==, T0 + 9);

  tocsin_reports_counts (txn, 3, &counts);
  g_assert_cmpuint (counts.by_state[TOCSIN_STATE_WITHDRAWN], ==, 1);
  g_assert_cmpuint (counts.by_state[TOCSIN_STATE_LIVE], ==, 0);
  g_assert_cmpuint (counts.tombstones, ==, 0);
  g_assert_cmpuint (tocsin_actor_counts_quota (&counts), ==, 1);
  return TRUE;
}

static void
test_life (Fixture *f, gconstpointer data)
{
  write_ok (f, life, NULL);
}

static gboolean
outbox_follows (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinOutboxRecord add = { .audience = TOCSIN_AUDIENCE_FOLLOWERS,
                             .activity_id = (char *) "https://a/1",
                             .activity = g_bytes_new_static ("{1}", 3) };
  g_auto (TocsinReportRecord) record = make (0, 1);
  g_auto (TocsinOutboxRecord) got = { 0 };

  record.sequence = tocsin_outbox_append (txn, &add);
  tocsin_reports_put (txn, &record, T0);
  record.sequence = tocsin_outbox_append (txn, &add);
  record.updated_us++;
  tocsin_reports_put (txn, &record, T0);
  g_bytes_unref (add.activity);

  /* The older version must not survive a later withdrawal. */
  g_assert_true (tocsin_outbox_get (txn, 1, &got));
  g_assert_true (got.blanked);
  tocsin_outbox_record_clear (&got);
  g_assert_true (tocsin_outbox_get (txn, 2, &got));
  g_assert_false (got.blanked);
  tocsin_outbox_record_clear (&got);
  tocsin_reports_withdraw (txn, record.number, TOCSIN_REASON_ERROR, T0, T0 + DAY);
  g_assert_true (tocsin_outbox_get (txn, 2, &got));
  g_assert_true (got.blanked);
  g_assert_null (got.activity);
  g_assert_cmpuint (tocsin_outbox_last (txn), ==, 2);
  return TRUE;
}

static void
test_outbox_follows (Fixture *f, gconstpointer data)
{
  write_ok (f, outbox_follows, NULL);
}

/* What docs/wire "Catching up" says, computed from scratch over all rows. */
static guint64
digest_from_scratch (
    TocsinTxn *txn, guint32 actor, gint64 as_of_us, TocsinSharing most, guint8 digest[32])
{
  TocsinReportFilter filter = { .has_actor = TRUE, .actor = actor, .most_set = TRUE, .most = most };
  guint64 next, items = 0;
  g_autoptr (GPtrArray) all = tocsin_reports_list (txn, &filter, 0, G_MAXUINT, &next);

  memset (digest, 0, 32);
  for (guint i = 0; i < all->len; i++)
    {
      const TocsinReportRecord *r = g_ptr_array_index (all, i);
      g_autofree char *hex = tocsin_hex_encode (r->content_hash, 32);
      g_autofree char *text = g_strdup_printf ("%s\n%s", r->id, hex);
      guint8 hash[32];

      if (r->state == TOCSIN_STATE_WITHDRAWN || r->end_us <= as_of_us)
        continue;
      items++;
      tocsin_sha256 (text, strlen (text), hash);
      for (guint j = 0; j < 32; j++)
        digest[j] ^= hash[j];
    }
  return items;
}

typedef struct
{
  GArray *numbers; /* of guint64 */
  gint64 now_us;
  gboolean purge;
} History;

static gboolean
random_steps (TocsinTxn *txn, gpointer data, GError **error)
{
  History *h = data;

  for (guint i = 0; i < 60; i++)
    {
      guint n = h->numbers->len;
      guint64 number =
          n == 0 ? 0 : g_array_index (h->numbers, guint64, g_test_rand_int_range (0, (gint) n));

      switch (g_test_rand_int_range (0, 5))
        {
        case 0:
          tocsin_reports_set_state (txn, number, g_test_rand_int_range (0, 3), TOCSIN_HOLD_SUBJECT,
                                    h->now_us);
          break;
        case 1:
          tocsin_reports_withdraw (txn, number, TOCSIN_REASON_ERROR, h->now_us,
                                   h->now_us + 20 * DAY);
          break;
        case 2:
          {
            g_auto (TocsinReportRecord) record = { 0 };

            if (!tocsin_reports_get (txn, number, &record) ||
                record.state >= TOCSIN_STATE_WITHDRAWN)
              break;
            record.updated_us++;
            record.content_hash[0]++;
            record.category = (guint8) g_test_rand_int_range (1, 4);
            record.key = key_number ((guint) g_test_rand_int_range (0, 9));
            tocsin_reports_put (txn, &record, h->now_us);
            break;
          }
        default:
          {
            g_auto (TocsinReportRecord) record =
                make ((guint32) g_test_rand_int_range (0, 3), 1000 + h->numbers->len);

            record.key = key_number ((guint) g_test_rand_int_range (0, 9));
            record.sharing = (TocsinSharing) g_test_rand_int_range (0, 3);
            record.end_us = h->now_us + g_test_rand_int_range (1, 100) * TOCSIN_HOUR_US;
            record.evidence_end_us =
                MIN (record.end_us, h->now_us + g_test_rand_int_range (1, 100) * TOCSIN_HOUR_US);
            tocsin_reports_put (txn, &record, h->now_us);
            g_array_append_val (h->numbers, record.number);
          }
        }
    }
  h->now_us += g_test_rand_int_range (1, 30) * TOCSIN_HOUR_US;
  if (h->purge)
    while (tocsin_store_purge (txn, h->now_us, 7) > 0)
      ;
  return TRUE;
}

/* What is derived must be what the rows say: digests, counts, evidence. */
static void
check_everything (Fixture *f, const History *h)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  gint64 as_of_us = h->now_us / DAY * DAY;
  guint64 evidence = 0;

  for (guint32 actor = 0; actor < 3; actor++)
    {
      TocsinReportFilter filter = { .has_actor = TRUE, .actor = actor };
      guint64 next;
      g_autoptr (GPtrArray) all = tocsin_reports_list (txn, &filter, 0, G_MAXUINT, &next);
      TocsinActorCounts counts;
      guint by_state[5] = { 0 };

      for (guint s = 0; s < 3; s++)
        {
          guint8 expected[32], digest[32];

          g_assert_cmpuint (tocsin_reports_digest (txn, actor, as_of_us, s, digest), ==,
                            digest_from_scratch (txn, actor, as_of_us, s, expected));
          g_assert_cmpmem (digest, 32, expected, 32);
        }
      for (guint i = 0; i < all->len; i++)
        by_state[((TocsinReportRecord *) g_ptr_array_index (all, i))->state]++;
      tocsin_reports_counts (txn, actor, &counts);
      for (guint s = 0; s < 5; s++)
        g_assert_cmpuint (counts.by_state[s], ==, by_state[s]);
    }

  for (guint k = 0; k < 9; k++)
    {
      g_auto (TocsinEvidenceBuffer) buffer = { 0 };
      TocsinSubjectKey key = key_number (k);
      const TocsinEvidence *rows;
      gsize n = tocsin_evidence_read (txn, &key, &buffer, &rows);

      evidence += n;
      for (gsize i = 0; i < n; i++)
        {
          g_auto (TocsinReportRecord) record = { 0 };

          g_assert_true (tocsin_reports_get (txn, rows[i].report, &record));
          g_assert_true (tocsin_id_equal (&record.key, &key));
          g_assert_cmpint (record.state, <=, TOCSIN_STATE_HELD);
          g_assert_cmpuint (rows[i].category, ==, record.category);
          g_assert_cmpuint (rows[i].reporter, ==, record.actor);
          g_assert_cmpint ((rows[i].flags & TOCSIN_EVIDENCE_HELD) != 0, ==,
                           record.state == TOCSIN_STATE_HELD);
          if (h->purge)
            g_assert_cmpint (record.evidence_end_us, >, h->now_us);
        }
    }
  g_assert_cmpuint (evidence, ==, tocsin_evidence_count (txn));
  assert_reading_ok (txn);
}

static void
test_random_history (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  History history = { .numbers = numbers, .now_us = T0 };

  for (guint round = 0; round < 25; round++)
    {
      history.purge = round % 3 != 1;
      write_ok (f, random_steps, &history);
      check_everything (f, &history);
    }
}

static gboolean
put_fifty (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 1; i <= 50; i++)
    {
      g_auto (TocsinReportRecord) record = make (1 + i % 2, i);

      record.category = i % 5 == 0 ? 4 : 1;
      record.bundle = i <= 3 ? 77 : 0;
      if (i % 10 == 0)
        {
          record.state = TOCSIN_STATE_HELD;
          record.hold = TOCSIN_HOLD_BURST;
        }
      tocsin_reports_put (txn, &record, T0);
    }
  return TRUE;
}

typedef struct
{
  const char *name;
  TocsinReportFilter filter;
  guint expected;
} ListCase;

static void
test_listings (Fixture *f, gconstpointer data)
{
  TocsinSubjectKey seven = key_number (7);
  TocsinSubjectKey ten = key_number (10);
  const ListCase cases[] = {
    { "all", { 0 }, 50 },
    { "ascending", { .ascending = TRUE }, 50 },
    { "actor", { .has_actor = TRUE, .actor = 2 }, 25 },
    { "category", { .category = 4 }, 10 },
    { "actor and category", { .has_actor = TRUE, .actor = 1, .category = 4 }, 5 },
    { "held", { .state = TOCSIN_STATE_HELD + 1 }, 5 },
    { "subject", { .key = &seven }, 1 },
    { "subject, held", { .key = &ten, .state = TOCSIN_STATE_HELD + 1 }, 1 },
    { "subject, live", { .key = &ten, .state = TOCSIN_STATE_LIVE + 1 }, 0 },
    { "subject, other actor", { .key = &seven, .has_actor = TRUE, .actor = 1 }, 0 },
    { "bundle of another actor", { .bundle = 77, .has_actor = TRUE, .actor = 9 }, 0 },
    { "batch", { .batch = 5 }, 0 },
    { "up to amber", { .most_set = TRUE, .most = TOCSIN_SHARING_AMBER }, 50 },
    { "actor, with imports", { .has_actor = TRUE, .actor = 2, .include_imports = TRUE }, 25 },
    { "bundle", { .bundle = 77 }, 3 },
    { "nothing clear", { .most_set = TRUE, .most = TOCSIN_SHARING_CLEAR }, 0 },
    { "unknown actor", { .has_actor = TRUE, .actor = 9 }, 0 },
  };

  write_ok (f, put_fifty, NULL);
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++)
    for (guint limit = 1; limit <= 64; limit *= 4)
      {
        g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
        guint64 cursor = 0, last = 0;
        guint n = 0;

        g_test_message ("%s, %u a page", cases[c].name, limit);
        do
          {
            g_autoptr (GPtrArray) page =
                tocsin_reports_list (txn, &cases[c].filter, cursor, limit, &cursor);

            g_assert_cmpuint (page->len, <=, limit);
            if (cases[c].filter.key != NULL)
              g_assert_cmpuint (cursor, ==, 0); /* one row at most: nobody has to ask again */
            for (guint i = 0; i < page->len; i++)
              {
                guint64 number = ((TocsinReportRecord *) g_ptr_array_index (page, i))->number;

                g_assert_true (last == 0 ||
                               (cases[c].filter.ascending ? number > last : number < last));
                last = number;
                n++;
              }
          }
        while (cursor != 0);
        g_assert_cmpuint (n, ==, cases[c].expected);
        assert_reading_ok (txn);
      }
}

static gboolean
tombstones (TocsinTxn *txn, gpointer data, GError **error)
{
  const char *id = "https://a.example/reports/never-seen";
  TocsinTombstone first = { T0, T0 + 5 * DAY }, second = { T0 - 1, T0 + 9 * DAY }, got;
  TocsinActorCounts counts;

  tocsin_tombstones_put (txn, 5, id, &first);
  tocsin_tombstones_put (txn, 5, id, &second);
  g_assert_true (tocsin_tombstones_get (txn, 5, id, &got));
  g_assert_cmpint (got.removed_us, ==, T0);
  g_assert_cmpint (got.until_us, ==, T0 + 9 * DAY);
  g_assert_false (tocsin_tombstones_get (txn, 6, id, &got));
  tocsin_reports_counts (txn, 5, &counts);
  g_assert_cmpuint (counts.tombstones, ==, 1);

  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 8 * DAY, 100), ==, 0);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 9 * DAY, 100), ==, 1);
  g_assert_false (tocsin_tombstones_get (txn, 5, id, &got));
  tocsin_reports_counts (txn, 5, &counts);
  g_assert_cmpuint (counts.tombstones, ==, 0);
  return TRUE;
}

static void
test_tombstones (Fixture *f, gconstpointer data)
{
  write_ok (f, tombstones, NULL);
}

static gboolean
expiry (TocsinTxn *txn, gpointer data, GError **error)
{
  gint64 end_us = T0 + 10 * DAY + 10 * TOCSIN_HOUR_US;
  g_auto (TocsinReportRecord) record = make (1, 1);
  g_auto (TocsinReportRecord) got = { 0 };
  guint8 digest[32];

  record.end_us = end_us;
  record.evidence_end_us = T0 + 3 * DAY;
  tocsin_reports_put (txn, &record, T0);

  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 3 * DAY - 1, 100), ==, 0);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 3 * DAY, 100), ==, 1);
  g_assert_cmpuint (evidence_of (txn, 1, NULL), ==, 0);

  /* It ends at 10:00 and is in the digest of that day. What goes is that its evidence came and
   * went. */
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 11 * DAY - 1, 100), ==, 2);
  g_assert_cmpuint (tocsin_reports_digest (txn, 1, T0 + 10 * DAY, TOCSIN_SHARING_AMBER, digest), ==,
                    1);
  g_assert_cmpuint (tocsin_reports_digest (txn, 1, T0 + 11 * DAY, TOCSIN_SHARING_AMBER, digest), ==,
                    0);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 11 * DAY, 100), ==, 1);
  g_assert_true (tocsin_reports_get (txn, record.number, &got));
  g_assert_cmpint (got.state, ==, TOCSIN_STATE_EXPIRED);
  g_assert_null (got.value);
  g_assert_null (got.activity);
  g_assert_cmpuint (tocsin_reports_digest (txn, 1, T0 + 11 * DAY, TOCSIN_SHARING_AMBER, digest), ==,
                    0);

  tocsin_report_record_clear (&got);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + (11 + TOCSIN_SEEN_DAYS) * DAY, 100), ==, 1);
  g_assert_false (tocsin_reports_get (txn, record.number, &got));
  g_assert_cmpuint (tocsin_reports_count (txn), ==, 0);
  return TRUE;
}

static void
test_expiry (Fixture *f, gconstpointer data)
{
  write_ok (f, expiry, NULL);
}

static gboolean
undo_all (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 total = 0;
  guint n;

  while ((n = tocsin_bulk_undo (txn, 9, 64, T0)) > 0)
    total += n;
  g_assert_cmpuint (total, ==, 1001);
  return TRUE;
}

static gboolean
put_in_batch (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinReportRecord) record = make (4, 5000);

  record.batch = 9;
  tocsin_reports_put (txn, &record, T0);
  return TRUE;
}

static void
test_bulk (Fixture *f, gconstpointer data)
{
  g_autoptr (TocsinBulk) bulk = tocsin_bulk_new (9);
  TocsinNetworkLengths lengths;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *value = g_strdup_printf ("198.51.%u.%u/%u", i / 250, i % 250, 24 + i % 2);
      TocsinBulkRow row = { .key = key_number (i),
                            .key_type = TOCSIN_SUBJECT_NETWORK,
                            .value = value,
                            .evidence = { .category = 20,
                                          .flags = TOCSIN_EVIDENCE_IMPORTED,
                                          .confidence = 100,
                                          .subject_type = TOCSIN_SUBJECT_NETWORK,
                                          .observed_s = (guint32) (T0 / G_USEC_PER_SEC),
                                          .expires_s = (guint32) (T0 / G_USEC_PER_SEC) + 99 } };

      g_assert_false (tocsin_bulk_add (bulk, &row));
    }
  write_ok (f, tocsin_bulk_write, bulk);
  tocsin_bulk_reset (bulk);
  write_ok (f, put_in_batch, NULL);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    TocsinReportFilter filter = { .batch = 9 };
    guint64 next;
    g_autoptr (GPtrArray) page = tocsin_reports_list (txn, &filter, 0, 3, &next);
    const TocsinReportRecord *r = g_ptr_array_index (page, 1);

    g_assert_cmpuint (page->len, ==, 3);
    g_assert_null (r->id);
    g_assert_cmpint (r->basis, ==, TOCSIN_BASIS_IMPORTED);
    g_assert_true (g_str_has_prefix (r->value, "198.51."));
    g_assert_cmpuint (tocsin_subjects_count (txn), ==, 1001);
    assert_reading_ok (txn);
  }
  tocsin_store_network_lengths (f->store, &lengths);
  g_assert_cmpuint (lengths.v4, ==, G_GUINT64_CONSTANT (3) << 24);

  write_ok (f, undo_all, NULL);
  tocsin_store_network_lengths (f->store, &lengths);
  g_assert_cmpuint (lengths.v4, ==, 0);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
    guint8 flags = 0;

    /* What a peer sent is held, what a list said is gone. */
    g_assert_cmpuint (tocsin_reports_count (txn), ==, 1);
    g_assert_cmpuint (evidence_of (txn, 5000, &flags), ==, 1);
    g_assert_cmpuint (flags & TOCSIN_EVIDENCE_HELD, !=, 0);
    g_assert_cmpuint (tocsin_evidence_count (txn), ==, 1);
  }
}

static gboolean
write_two (TocsinTxn *txn, gpointer data, GError **error)
{
  put (txn, 7, 1);
  put (txn, 7, 2);
  return TRUE;
}

/* Counter, evidence and index, each wrong in one place. */
static gboolean
write_wrong (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinActorCounts counts;
  TocsinSubjectKey key = key_number (9);
  TocsinEvidence stray = { .reporter = 7, .category = 1, .report = 99 };

  tocsin_reports_counts (txn, 7, &counts);
  counts.by_state[TOCSIN_STATE_LIVE]++;
  counts.digest[TOCSIN_SHARING_GREEN][0] ^= 1;
  tocsin_report_put_counts (txn, 7, &counts);
  tocsin_evidence_add (txn, &key, &stray);
  return TRUE;
}

static void
test_recount (Fixture *f, gconstpointer data)
{
  g_auto (GStrv) before = NULL;
  g_auto (GStrv) after = NULL;
  g_autoptr (GError) error = NULL;
  guint64 rows = 0;

  write_ok (f, write_two, NULL);
  g_assert_true (tocsin_store_recount (f->store, &rows, &before, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (before), ==, 0);
  g_assert_cmpuint (rows, ==, 6); /* reports, subjects, evidence */
  write_ok (f, write_wrong, NULL);
  g_assert_true (tocsin_store_recount (f->store, &rows, &after, &error));
  /* The counter, the digest, evidence of no report, about no subject. */
  g_assert_cmpuint (g_strv_length (after), ==, 4);
}

/* Entries 1 to 8: an Add and a Remove of a report that goes, an Add of one that stays, a message, a
 * statement of trust in two versions, the Remove of another, and the last. */
static gboolean
write_outbox (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinReportRecord) gone = make (TOCSIN_ACTOR_LOCAL, 1);
  g_auto (TocsinReportRecord) stays = make (TOCSIN_ACTOR_LOCAL, 2);
  TocsinOutboxRecord entry = { .created_us = T0 };
  const struct
  {
    TocsinOutboxKind kind;
    TocsinReportRecord *report;
  } entries[] = {
    { TOCSIN_OUTBOX_ADD, &gone },    { TOCSIN_OUTBOX_REMOVE, &gone }, { TOCSIN_OUTBOX_ADD, &stays },
    { TOCSIN_OUTBOX_MESSAGE, NULL }, { TOCSIN_OUTBOX_ADD, NULL },     { TOCSIN_OUTBOX_ADD, NULL },
    { TOCSIN_OUTBOX_REMOVE, NULL },  { TOCSIN_OUTBOX_MESSAGE, NULL },
  };

  gone.end_us = gone.evidence_end_us = T0 + 500 * DAY;
  stays.end_us = stays.evidence_end_us = T0 + 900 * DAY;
  tocsin_reports_put (txn, &gone, T0);
  tocsin_reports_put (txn, &stays, T0);
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      g_autofree char *id = g_strdup_printf ("https://me.example/activities/%u", i + 1);

      entry.kind = entries[i].kind;
      entry.report = entries[i].report != NULL ? entries[i].report->number : 0;
      entry.activity_id = id;
      g_assert_cmpuint (tocsin_outbox_append (txn, &entry), ==, i + 1);
    }
  tocsin_reports_set_sequence (txn, &gone, 1, FALSE);
  tocsin_reports_set_sequence (txn, &stays, 3, FALSE);
  tocsin_outbox_blank (txn, 5);
  return tocsin_reports_withdraw (txn, gone.number, TOCSIN_REASON_ERROR, T0, gone.end_us);
}

typedef struct
{
  gint64 now_us;
  guint64 due, went;
} OutboxPurge;

static gboolean
purge_outbox (TocsinTxn *txn, gpointer data, GError **error)
{
  OutboxPurge *purge = data;
  guint n;

  purge->due = tocsin_outbox_count_due (txn, purge->now_us);
  for (purge->went = 0; (n = tocsin_store_purge (txn, purge->now_us, 3)) > 0;)
    purge->went += n;
  g_assert_cmpuint (tocsin_outbox_count_due (txn, purge->now_us), ==, 0);
  return TRUE;
}

static void
test_outbox_purge (Fixture *f, gconstpointer data)
{
  const gint64 ages[] = { TOCSIN_SEEN_DAYS, TOCSIN_SEEN_DAYS + 1, 501 };
  const guint64 due[] = { 0, 3, 2 };
  /* By bit: what is there after it. */
  const guint left[] = { 0xff, 0xa7, 0xa4 };

  write_ok (f, write_outbox, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ages); i++)
    {
      OutboxPurge purge = { .now_us = T0 + ages[i] * DAY };
      guint64 sequence;

      write_ok (f, purge_outbox, &purge);
      if (i < 2) /* the report goes in the same purge */
        g_assert_cmpuint (purge.due, ==, due[i]);
      g_assert_cmpuint (purge.went, >=, due[i]);
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      for (guint entry = 1; entry <= 8; entry++)
        {
          g_autofree char *id = g_strdup_printf ("https://me.example/activities/%u", entry);

          g_assert_cmpint (tocsin_outbox_find (txn, id, &sequence), ==,
                           (left[i] >> (entry - 1)) & 1);
        }
      g_assert_cmpuint (tocsin_outbox_last (txn), ==, 8);
    }
}

/* As a rotation of the key: messages, then what everybody may read, of one id. */
static gboolean
write_shared_id (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_MESSAGE,
                               .created_us = T0,
                               .activity_id = (char *) "https://me.example/activities/1" };
  guint64 *update = data;

  tocsin_outbox_append (txn, &entry);
  tocsin_outbox_append (txn, &entry);
  entry.kind = TOCSIN_OUTBOX_UPDATE;
  *update = tocsin_outbox_append (txn, &entry);
  tocsin_outbox_forget (txn, 1);
  return TRUE;
}

static void
test_outbox_shared_id (Fixture *f, gconstpointer data)
{
  OutboxPurge purge = { .now_us = T0 + (TOCSIN_SEEN_DAYS + 1) * DAY };
  guint64 update, sequence;

  write_ok (f, write_shared_id, &update);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

      g_assert_true (tocsin_outbox_find (txn, "https://me.example/activities/1", &sequence));
      g_assert_cmpuint (sequence, ==, update);
      g_clear_pointer (&txn, tocsin_reading_end);
      if (i == 0)
        write_ok (f, purge_outbox, &purge);
    }
  g_assert_cmpuint (purge.went, ==, 2);
}

static gboolean
write_imports (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportRecord kept = { .created_us = T0, .source = (char *) "kept" };
  TocsinImportRecord undone = { .created_us = T0, .undone_us = T0, .source = (char *) "undone" };
  g_auto (TocsinImportRecord) got = { 0 };
  gint64 due_us = T0 + TOCSIN_SEEN_DAYS * DAY;

  g_assert_cmpuint (tocsin_imports_add (txn, &kept), ==, 1);
  g_assert_cmpuint (tocsin_imports_add (txn, &undone), ==, 2);
  g_assert_cmpuint (tocsin_store_purge (txn, due_us, 10), ==, 0);
  g_assert_cmpuint (tocsin_store_purge (txn, due_us + 1, 10), ==, 1);
  g_assert_true (tocsin_imports_get (txn, 1, &got));
  tocsin_import_record_clear (&got);
  g_assert_false (tocsin_imports_get (txn, 2, &got));
  return TRUE;
}

static void
test_imports_purge (Fixture *f, gconstpointer data)
{
  write_ok (f, write_imports, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/table-reports/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("life", test_life);
  ADD ("outbox-follows", test_outbox_follows);
  ADD ("random-history", test_random_history);
  ADD ("listings", test_listings);
  ADD ("tombstones", test_tombstones);
  ADD ("expiry", test_expiry);
  ADD ("bulk", test_bulk);
  ADD ("recount", test_recount);
  ADD ("outbox-purge", test_outbox_purge);
  ADD ("outbox-shared-id", test_outbox_shared_id);
  ADD ("imports-purge", test_imports_purge);
  return g_test_run ();
}
