/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
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
#include "store/table-review.h"
#include "store/table-seen.h"
#include "store/table-subjects.h"
#include "store/table-tokens.h"
#include "store/trace.h"
#include "store/txn-private.h"

static gboolean
count_one (gconstpointer record, gpointer data)
{
  (*(guint *) data)++;
  return TRUE;
}

static gboolean
seen (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinId one = tocsin_id_for_string ("1"), two = tocsin_id_for_string ("2");
  const char *id = "https://a.example/activities/1";
  gint64 day_us = TOCSIN_DAY_US;

  g_assert_cmpint (tocsin_seen_check (txn, id, &one), ==, TOCSIN_SEEN_NEW);
  tocsin_seen_put (txn, id, &one, T0);
  tocsin_seen_put (txn, id, &two, T0 + day_us);
  g_assert_cmpint (tocsin_seen_check (txn, id, &one), ==, TOCSIN_SEEN_SAME);
  g_assert_cmpint (tocsin_seen_check (txn, id, &two), ==, TOCSIN_SEEN_DIFFERENT);
  tocsin_seen_put (txn, "https://a.example/activities/2", &two, T0 + 9 * day_us);

  g_assert_cmpuint (tocsin_store_purge (txn, T0 + TOCSIN_SEEN_DAYS * day_us, 10), ==, 0);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + (1 + TOCSIN_SEEN_DAYS) * day_us, 10), ==, 1);
  g_assert_cmpint (tocsin_seen_check (txn, id, &one), ==, TOCSIN_SEEN_NEW);
  g_assert_cmpuint (tocsin_seen_count (txn), ==, 1);
  return TRUE;
}

static gboolean
allow (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinAllowRecord record = { .key = key_number (1),
                               .type = TOCSIN_SUBJECT_DOMAIN,
                               .expires_us = T0 + 10,
                               .value = (char *) "example.org",
                               .reason = (char *) "ours" };
  g_auto (TocsinAllowRecord) got = { 0 };
  TocsinSubjectKey other = key_number (2);
  guint n = 0;

  tocsin_allow_put (txn, &record);
  g_assert_true (tocsin_allow_match (txn, &record.key, T0 + 9));
  g_assert_false (tocsin_allow_match (txn, &record.key, T0 + 10));
  g_assert_false (tocsin_allow_match (txn, &other, T0));
  g_assert_true (tocsin_allow_get (txn, &record.key, &got));
  g_assert_cmpstr (got.reason, ==, "ours");
  tocsin_allow_foreach (txn, (TocsinAllowFunc) count_one, &n);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 9, 10), ==, 0);
  g_assert_cmpuint (tocsin_store_purge (txn, T0 + 10, 10), ==, 1);
  g_assert_false (tocsin_allow_remove (txn, &record.key));
  return TRUE;
}

static gboolean
review (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReviewRecord record = {
    .kind = TOCSIN_REVIEW_BURST, .actor = 4, .batch = 2, .text = (char *) "Burst"
  };
  g_auto (TocsinReviewRecord) got = { 0 };
  guint64 first = tocsin_review_add (txn, &record), id;
  guint n = 0;

  tocsin_review_add (txn, &record);
  g_assert_true (tocsin_review_find_open (txn, TOCSIN_REVIEW_BURST, 4, 2, &id));
  g_assert_cmpuint (id, ==, first);
  g_assert_false (tocsin_review_find_open (txn, TOCSIN_REVIEW_BURST, 4, 1, &id));
  g_assert_false (tocsin_review_find_open (txn, TOCSIN_REVIEW_HELD, 4, 2, &id));
  g_assert_cmpuint (tocsin_review_count_open (txn), ==, 2);

  g_assert_true (tocsin_review_get (txn, first, &got));
  got.state = TOCSIN_REVIEW_REJECTED;
  got.decided_by = g_strdup ("socket");
  tocsin_review_put (txn, &got);
  g_assert_cmpuint (tocsin_review_count_open (txn), ==, 1);
  g_assert_true (tocsin_review_find_open (txn, TOCSIN_REVIEW_BURST, 4, 2, &id));
  g_assert_cmpuint (id, ==, first + 1);
  tocsin_review_foreach (txn, 0, TRUE, (TocsinReviewFunc) count_one, &n);
  g_assert_cmpuint (n, ==, 1);
  tocsin_review_foreach (txn, 0, FALSE, (TocsinReviewFunc) count_one, &n);
  g_assert_cmpuint (n, ==, 3);
  return TRUE;
}

/* What is due is found among whatever else is open, and in the order of kinds. */
static gboolean
review_due (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinReviewRecord other = { .kind = TOCSIN_REVIEW_HELD, .actor = 4, .report = 9 };
  TocsinReviewRecord general = { .kind = TOCSIN_REVIEW_HELD, .actor = 4 };
  TocsinReviewRecord burst = { .kind = TOCSIN_REVIEW_BURST, .actor = 4, .due_us = T0 + 2 };
  TocsinReviewRecord withdrawal = { .kind = TOCSIN_REVIEW_WITHDRAWAL, .actor = 3 };
  guint64 due, last, found;

  for (guint i = 0; i < 3; i++)
    tocsin_review_add (txn, &other);
  g_assert_false (tocsin_review_find_general (txn, TOCSIN_REVIEW_HELD, 4, &found));
  general.id = tocsin_review_add (txn, &general);
  g_assert_true (tocsin_review_find_general (txn, TOCSIN_REVIEW_HELD, 4, &found));
  g_assert_cmpuint (found, ==, general.id);
  g_assert_false (tocsin_review_find_general (txn, TOCSIN_REVIEW_HELD, 3, &found));

  tocsin_review_add (txn, &withdrawal);
  withdrawal.actor = 5;
  withdrawal.due_us = T0 + 1;
  last = tocsin_review_add (txn, &withdrawal);
  due = tocsin_review_add (txn, &burst);
  g_assert_false (tocsin_review_find_due (txn, T0, &found));
  g_assert_true (tocsin_review_find_due (txn, T0 + 1, &found));
  g_assert_cmpuint (found, ==, last);
  g_assert_true (tocsin_review_find_due (txn, T0 + 2, &found));
  g_assert_cmpuint (found, ==, due);
  g_assert_true (tocsin_review_get (txn, due, &burst));
  burst.state = TOCSIN_REVIEW_LAPSED;
  tocsin_review_put (txn, &burst);
  tocsin_review_record_clear (&burst);
  g_assert_true (tocsin_review_find_due (txn, T0 + 2, &found));
  g_assert_cmpuint (found, ==, last);
  return TRUE;
}

static gboolean
tokens (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinTokenRecord record = { .name = (char *) "admin",
                               .hash = { 1, 2, 3 },
                               .scopes = TOCSIN_SCOPE_ADMIN };
  TocsinTokenRecord other = { .name = (char *) "ci", .hash = { 9 }, .scopes = TOCSIN_SCOPE_CHECK };
  g_auto (TocsinTokenRecord) got = { 0 };
  guint8 unknown[32] = { 4 };

  tocsin_tokens_put (txn, &record);
  tocsin_tokens_put (txn, &other);
  g_assert_true (tocsin_tokens_find (txn, record.hash, &got));
  g_assert_cmpstr (got.name, ==, "admin");
  g_assert_cmpint (got.scopes, ==, TOCSIN_SCOPE_ADMIN);
  tocsin_token_record_clear (&got);
  g_assert_false (tocsin_tokens_find (txn, unknown, &got));
  g_assert_true (tocsin_tokens_remove (txn, "admin"));
  g_assert_false (tocsin_tokens_remove (txn, "admin"));
  g_assert_false (tocsin_tokens_find (txn, record.hash, &got));
  return TRUE;
}

static gboolean
imports (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinImportRecord record = { .source = (char *) "list.txt", .count = 5 };
  g_auto (TocsinImportRecord) got = { 0 };
  guint n = 0;

  g_assert_cmpuint (tocsin_imports_add (txn, &record), ==, 1);
  g_assert_cmpuint (tocsin_imports_add (txn, &record), ==, 2);
  g_assert_true (tocsin_imports_get (txn, 2, &got));
  g_assert_cmpuint (got.count, ==, 5);
  got.undone_us = T0;
  tocsin_imports_put (txn, &got);
  tocsin_imports_foreach (txn, 1, (TocsinImportFunc) count_one, &n);
  g_assert_cmpuint (n, ==, 1);
  tocsin_import_record_clear (&got);
  g_assert_false (tocsin_imports_get (txn, 3, &got));
  return TRUE;
}

static gboolean
check_head (const TocsinOutboxRecord *head, gpointer data)
{
  guint64 *n = data;
  g_autofree char *id = g_strdup_printf ("https://me.example/activities/%" G_GUINT64_FORMAT, ++*n);

  g_assert_cmpuint (head->sequence, ==, *n);
  g_assert_cmpuint (head->report, ==, *n);
  g_assert_true (head->blanked == (*n == 256));
  g_assert_cmpstr (head->activity_id, ==, id);
  g_assert_null (head->activity);
  return *n < 299;
}

static gboolean
outbox (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);
  g_auto (TocsinOutboxRecord) got = { 0 };
  guint64 sequence, head = 250;
  guint n = 0;

  for (guint i = 1; i <= 300; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://me.example/activities/%u", i);
      TocsinOutboxRecord record = { .activity_id = id, .activity = body, .report = i };

      g_assert_cmpuint (tocsin_outbox_append (txn, &record), ==, i);
    }
  g_assert_cmpuint (tocsin_outbox_last (txn), ==, 300);
  g_assert_true (tocsin_outbox_find (txn, "https://me.example/activities/256", &sequence));
  g_assert_cmpuint (sequence, ==, 256);
  g_assert_true (tocsin_outbox_blank (txn, 256));
  g_assert_false (tocsin_outbox_blank (txn, 256));
  g_assert_false (tocsin_outbox_blank (txn, 301));
  /* The sequence stays as a gap. */
  tocsin_outbox_foreach (txn, 250, (TocsinOutboxFunc) count_one, &n);
  g_assert_cmpuint (n, ==, 50);
  tocsin_outbox_foreach_head (txn, 250, check_head, &head);
  g_assert_cmpuint (head, ==, 299);
  g_assert_true (tocsin_outbox_get (txn, 256, &got));
  g_assert_null (got.activity);
  g_assert_cmpuint (got.report, ==, 256);
  return TRUE;
}

typedef struct
{
  const char *prefix;
  guint found;
} Range;

static gboolean
check_range (const TocsinSubjectRecord *record, gpointer data)
{
  Range *range = data;
  g_autofree char *hex = tocsin_hex_encode (record->key.bytes, sizeof record->key.bytes);

  g_assert_true (g_str_has_prefix (hex, range->prefix));
  range->found++;
  return TRUE;
}

static gboolean
subjects (TocsinTxn *txn, gpointer data, GError **error)
{
  static const char digits[] = "0123456789abcdef";
  guint total = 0;

  for (guint i = 0; i < 1000; i++)
    {
      TocsinSubjectRecord record = { .key = key_number (i), .type = TOCSIN_SUBJECT_EMAIL };

      tocsin_subjects_put (txn, &record);
    }
  for (guint i = 0; i < 16; i++)
    for (guint j = 0; j < 16; j++)
      for (guint k = 0; k < 16; k++)
        {
          char prefix[4] = { digits[i], digits[j], digits[k], '\0' };
          Range range = { .prefix = prefix };

          tocsin_subjects_foreach (txn, prefix, NULL, check_range, &range);
          total += range.found;
        }
  g_assert_cmpuint (total, ==, 1000);
  {
    Range all = { .prefix = "" }, after = { .prefix = "" }, none = { .prefix = "" };
    TocsinSubjectKey middle = key_number (500);

    tocsin_subjects_foreach (txn, "", NULL, check_range, &all);
    g_assert_cmpuint (all.found, ==, 1000);
    tocsin_subjects_foreach (txn, "", &middle, check_range, &after);
    g_assert_cmpuint (after.found, <, 1000);
    tocsin_subjects_foreach (txn, "xyz", NULL, check_range, &none);
    g_assert_cmpuint (none.found, ==, 0);
  }
  {
    /* What becomes known is added and never lost again. */
    TocsinSubjectRecord clear = { .key = key_number (1),
                                  .type = TOCSIN_SUBJECT_EMAIL,
                                  .value = "a@example.org" };
    TocsinSubjectRecord hash = {
      .key = key_number (1), .type = TOCSIN_SUBJECT_EMAIL, .has_mastodon = TRUE, .mastodon = { 7 }
    };
    TocsinSubjectRecord got;

    tocsin_subjects_put (txn, &clear);
    tocsin_subjects_put (txn, &hash);
    g_assert_true (tocsin_subjects_get (txn, &clear.key, &got));
    g_assert_cmpstr (got.value, ==, "a@example.org");
    g_assert_true (got.has_mastodon);
    g_assert_cmpuint (got.mastodon[0], ==, 7);
  }
  return TRUE;
}

/* One table's story a row; each asserts as it goes. */
static const struct
{
  const char *name;
  TocsinWriteFunc story;
} stories[] = {
  { "/tables/seen", seen },     { "/tables/allow", allow },
  { "/tables/review", review }, { "/tables/review-due", review_due },
  { "/tables/tokens", tokens }, { "/tables/imports", imports },
  { "/tables/outbox", outbox }, { "/tables/subjects", subjects },
};

static void
test_story (Fixture *f, gconstpointer data)
{
  write_ok (f, *(const TocsinWriteFunc *) data, NULL);
}

static gboolean
append_ten (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < 10; i++)
    tocsin_audit_append (txn, T0 + i, "socket", "peer.trust", "https://a.example/actor", NULL);
  return TRUE;
}

typedef enum
{
  TAMPER_NOTHING,
  TAMPER_CHANGE,
  TAMPER_DELETE_MIDDLE,
  TAMPER_DELETE_LAST,
  TAMPER_SWAP,
} Tamper;

static const struct
{
  const char *name;
  Tamper tamper;
} tampers[] = {
  { "nothing", TAMPER_NOTHING },
  { "one byte changed", TAMPER_CHANGE },
  { "one entry gone", TAMPER_DELETE_MIDDLE },
  { "the end cut off", TAMPER_DELETE_LAST },
  { "two entries swapped", TAMPER_SWAP },
};

static gboolean
tamper (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey fifth = tocsin_key_u64 (5), sixth = tocsin_key_u64 (6), last = tocsin_key_u64 (10);
  g_autofree guint8 *a = NULL, *b = NULL;
  TocsinSpan x, y;

  g_assert_true (tocsin_txn_get (txn, TOCSIN_TABLE_AUDIT, &fifth, &x));
  g_assert_true (tocsin_txn_get (txn, TOCSIN_TABLE_AUDIT, &sixth, &y));
  a = g_memdup2 (x.data, x.size);
  b = g_memdup2 (y.data, y.size);
  switch (*(const Tamper *) data)
    {
    case TAMPER_CHANGE:
      a[8]++; /* of the time */
      tocsin_txn_put (txn, TOCSIN_TABLE_AUDIT, &fifth, a, x.size);
      break;
    case TAMPER_DELETE_MIDDLE:
      tocsin_txn_del (txn, TOCSIN_TABLE_AUDIT, &fifth);
      break;
    case TAMPER_DELETE_LAST:
      tocsin_txn_del (txn, TOCSIN_TABLE_AUDIT, &last);
      break;
    case TAMPER_SWAP:
      tocsin_txn_put (txn, TOCSIN_TABLE_AUDIT, &fifth, b, y.size);
      tocsin_txn_put (txn, TOCSIN_TABLE_AUDIT, &sixth, a, x.size);
      break;
    case TAMPER_NOTHING:
    default:
      break;
    }
  return TRUE;
}

static void
test_audit (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (tampers); i++)
    {
      g_autoptr (GError) error = NULL;
      guint64 checked = 0;
      gboolean ok;

      g_test_message ("%s", tampers[i].name);
      tear_down (f, NULL);
      set_up (f, NULL);
      write_ok (f, append_ten, NULL);
      write_ok (f, tamper, (gpointer) &tampers[i].tamper);
      g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
      ok = tocsin_audit_verify (txn, &checked, &error);
      if (tampers[i].tamper == TAMPER_NOTHING)
        {
          guint n = 0;

          g_assert_no_error (error);
          g_assert_true (ok);
          g_assert_cmpuint (checked, ==, 10);
          tocsin_audit_foreach (txn, 7, FALSE, (TocsinAuditFunc) count_one, &n);
          g_assert_cmpuint (n, ==, 3);
          tocsin_audit_foreach (txn, 4, TRUE, (TocsinAuditFunc) count_one, &n);
          g_assert_cmpuint (n, ==, 6);
          continue;
        }
      g_assert_false (ok);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
    }
}

static gboolean
damage (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u64 (1);

  outbox (txn, NULL, NULL);
  tocsin_txn_put (txn, TOCSIN_TABLE_OUTBOX, &key, "rubbish", 7);
  return TRUE;
}

static void
test_damage_is_an_error (Fixture *f, gconstpointer data)
{
  g_auto (TocsinOutboxRecord) got = { 0 };
  g_autoptr (GError) error = NULL;

  write_ok (f, damage, NULL);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  g_assert_true (tocsin_outbox_get (txn, 2, &got));
  tocsin_outbox_record_clear (&got);
  g_assert_false (tocsin_outbox_get (txn, 1, &got));
  g_assert_false (tocsin_txn_check (txn, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
}

/* A name is found as a word of its own, in any case, or by its digest; not within another. */
static void
test_names (void)
{
  static const struct
  {
    const char *text;
    gboolean found;
  } cases[] = {
    { "ann", TRUE },           { "It was ANN.", TRUE },
    { "(ann)", TRUE },         { "@ann@b.example", TRUE },
    { "announce", FALSE },     { "joann", FALSE },
    { "x_ann", FALSE },        { "ann1", FALSE },
    { "joann and ann", TRUE }, { "", FALSE },
    { "änn", FALSE },          { "éann", FALSE },
  };
  g_auto (TocsinSubject) subject = { 0 };
  g_autofree char *digest = NULL;
  g_autofree char *text = NULL;

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_USERNAME, "ann", NULL));
  digest = tocsin_subject_digest_string (&subject);
  text = g_strconcat ("see ", digest, NULL);
  g_assert_true (tocsin_trace_names (&subject, text));
  g_assert_false (tocsin_trace_names (&subject, NULL));
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].text);
      g_assert_true (tocsin_trace_names (&subject, cases[i].text) == cases[i].found);
    }
}

static gboolean
write_old (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinId content = tocsin_id_for_string ("content");
  TocsinReviewRecord decided = { .kind = TOCSIN_REVIEW_OTHER,
                                 .state = TOCSIN_REVIEW_ACCEPTED,
                                 .decided_us = T0,
                                 .text = (char *) "decided" };
  TocsinReviewRecord open = { .kind = TOCSIN_REVIEW_OTHER, .text = (char *) "open" };
  TocsinOutboxRecord entry = { .kind = TOCSIN_OUTBOX_MESSAGE, .created_us = T0 };

  for (guint day = 0; day < 5; day++)
    tocsin_audit_append (txn, T0 + day * TOCSIN_DAY_US, "socket", "test", NULL, NULL);
  /* One that waits for its decision hides none that was made. */
  tocsin_review_add (txn, &open);
  tocsin_review_add (txn, &decided);
  tocsin_review_add (txn, &open);
  tocsin_seen_put (txn, "https://a.example/activities/1", &content, T0);
  tocsin_queue_add (txn, 7, tocsin_outbox_append (txn, &entry), T0);
  tocsin_queue_add (txn, 7, 99, T0); /* of an entry that is not there */
  return TRUE;
}

typedef struct
{
  gint64 now_us;
  TocsinPurgeCounts before, after;
  guint64 went;
} Purging;

static gboolean
write_purge (TocsinTxn *txn, gpointer data, GError **error)
{
  Purging *purging = data;
  guint n;

  purging->went = 0;
  tocsin_store_purge_count (txn, purging->now_us, &purging->before);
  while ((n = tocsin_store_purge (txn, purging->now_us, 1)) > 0)
    purging->went += n;
  tocsin_store_purge_count (txn, purging->now_us, &purging->after);
  return TRUE;
}

/* What is counted goes, and no more; an audit log that lost its beginning by age is whole. */
static void
test_retention (Fixture *f, gconstpointer data)
{
  const TocsinRetention keep = { .seen_days = 500, .audit_days = 30 };
  const TocsinPurgeCounts none = { 0 };
  Purging purging = { .now_us = T0 + 401 * TOCSIN_DAY_US };
  g_autoptr (GError) error = NULL;
  guint64 checked = 0;

  tocsin_store_set_retention (f->store, &keep);
  write_ok (f, write_old, NULL);
  write_ok (f, write_purge, &purging);
  g_assert_cmpuint (purging.before.audit, ==, 4);
  g_assert_cmpuint (purging.before.deliveries, ==, 2);
  g_assert_cmpuint (purging.before.seen + purging.before.review, ==, 0);
  g_assert_cmpuint (purging.went, ==, 6);
  purging.now_us = T0 + 501 * TOCSIN_DAY_US;
  write_ok (f, write_purge, &purging);
  g_assert_cmpuint (purging.before.seen, ==, 1);
  g_assert_cmpuint (purging.before.review, ==, 1);
  g_assert_cmpuint (purging.went, ==, 2);
  g_assert_cmpmem (&purging.after, sizeof none, &none, sizeof none);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));

    g_assert_true (tocsin_audit_verify (txn, &checked, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (checked, ==, 1);
    g_assert_cmpuint (tocsin_review_count_open (txn), ==, 2);
    g_assert_cmpuint (tocsin_queue_count (txn), ==, 0);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (stories); i++)
    g_test_add (stories[i].name, Fixture, &stories[i].story, set_up, test_story, tear_down);
  g_test_add ("/tables/audit", Fixture, NULL, set_up, test_audit, tear_down);
  g_test_add_func ("/tables/names", test_names);
  g_test_add ("/tables/retention", Fixture, NULL, set_up, test_retention, tear_down);
  g_test_add ("/tables/damage", Fixture, NULL, set_up, test_damage_is_an_error, tear_down);
  return g_test_run ();
}
