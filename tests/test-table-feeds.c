/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the node remembers of feeds, of the voices of a day, of its outbox, and of what changed.
 */
#include "store-fixture.h"

#include <string.h>

#include "core/clock.h"
#include "store/purge.h"
#include "store/table-changes.h"
#include "store/table-feeds.h"
#include "store/table-imports.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-seen.h"
#include "store/table-voices.h"
#include "store/txn-private.h"

static gboolean
collect_name (const TocsinFeedRecord *record, gpointer data)
{
  g_string_append_printf (data, "%s ", record->name);
  return TRUE;
}

static gboolean
feeds (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinFeedRecord record = { .actor = 3,
                              .enabled = TRUE,
                              .count = 7,
                              .digest = { 1, 2 },
                              .name = (char *) "drop",
                              .definition = (char *) "[feed]",
                              .etag = (char *) "\"1\"",
                              .last_modified = (char *) "Mon",
                              .cursor = (char *) "c",
                              .mirror_of = (char *) "other",
                              .error = (char *) "404" };
  g_auto (TocsinFeedRecord) got = { 0 };
  g_auto (TocsinFeedRecord) copy = { 0 };
  g_auto (TocsinFeedRecord) none = { 0 };
  g_autoptr (GString) names = g_string_new (NULL);
  TocsinImportRecord import = { .source = (char *) "list" };

  tocsin_feeds_put (txn, &record);
  g_assert_true (tocsin_feeds_get (txn, "drop", &got));
  tocsin_feed_record_copy (&copy, &got);
  tocsin_feed_record_clear (&got);
  g_assert_cmpuint (copy.actor, ==, 3);
  g_assert_true (copy.enabled);
  g_assert_cmpuint (copy.digest[1], ==, 2);
  g_assert_cmpstr (copy.name, ==, "drop");
  g_assert_cmpstr (copy.definition, ==, "[feed]");
  g_assert_cmpstr (copy.etag, ==, "\"1\"");
  g_assert_cmpstr (copy.last_modified, ==, "Mon");
  g_assert_cmpstr (copy.cursor, ==, "c");
  g_assert_cmpstr (copy.mirror_of, ==, "other");
  g_assert_cmpstr (copy.error, ==, "404");

  g_assert_false (tocsin_feeds_get (txn, "Drop", &none));
  g_assert_null (none.name);
  tocsin_feeds_foreach (txn, collect_name, names);
  g_assert_cmpstr (names->str, ==, "drop ");
  g_assert_true (tocsin_feeds_remove (txn, "drop"));
  g_assert_false (tocsin_feeds_remove (txn, "drop"));
  g_assert_false (tocsin_feeds_get (txn, "drop", &none));

  /* Batches of feeds and of imports are never the same. */
  g_assert_cmpuint (tocsin_feeds_new_batch (txn), ==, 1);
  g_assert_cmpuint (tocsin_imports_add (txn, &import), ==, 2);
  g_assert_cmpuint (tocsin_feeds_new_batch (txn), ==, 3);
  return tocsin_txn_check (txn, error);
}

/* ---- voices ---- */

#define DAY 20780

typedef struct
{
  guint actors;
  guint64 sum;
  guint stop_after; /* 0: never */
} Heard;

static gboolean
hear (guint32 actor, gconstpointer events, guint n_events, gpointer data)
{
  Heard *heard = data;

  heard->actors++;
  for (guint i = 0; i < n_events; i++)
    {
      guint64 event;

      memcpy (&event, (const guint8 *) events + i * sizeof event, sizeof event);
      heard->sum += event * actor;
    }
  return heard->actors != heard->stop_after;
}

static guint64
sum_of (TocsinTxn *txn, guint32 day, guint actors)
{
  Heard heard = { 0 };

  tocsin_voices_foreach (txn, day, hear, &heard);
  g_assert_cmpuint (heard.actors, ==, actors);
  return heard.sum;
}

static gboolean
voices (TocsinTxn *txn, gpointer data, GError **error)
{
  Heard first = { .stop_after = 1 };

  for (guint32 actor = 1; actor <= 250; actor++)
    tocsin_voices_add (txn, DAY - 1, actor, 10);
  for (guint again = 0; again < 2; again++)
    for (guint64 event = 10; event <= 30; event += 10)
      tocsin_voices_add (txn, DAY, 1, event);
  tocsin_voices_add (txn, DAY, 2, 10);
  g_assert_cmpuint (sum_of (txn, DAY, 2), ==, 80);
  tocsin_voices_foreach (txn, DAY, hear, &first);
  g_assert_cmpuint (first.actors, ==, 1);
  tocsin_voices_add (txn, DAY + 1, 5, 10);
  tocsin_voices_add (txn, DAY + 1, 5, 20);
  g_assert_cmpuint (sum_of (txn, DAY, 2), ==, 80);

  /* Of the day before it was all that there was, of others there is more. */
  tocsin_voices_forget (txn, 10);
  g_assert_cmpuint (sum_of (txn, DAY - 1, 0), ==, 0);
  g_assert_cmpuint (sum_of (txn, DAY, 1), ==, 50);
  g_assert_cmpuint (sum_of (txn, DAY + 1, 1), ==, 100);

  for (guint32 actor = 1; actor <= 250; actor++)
    tocsin_voices_add (txn, DAY - 1, actor, 10);
  g_assert_cmpuint (tocsin_store_purge (txn, DAY * TOCSIN_DAY_US, 100), ==, 100);
  g_assert_cmpuint (sum_of (txn, DAY - 1, 150), >, 0);
  g_assert_cmpuint (tocsin_voices_purge (txn, DAY, 200), ==, 150);
  g_assert_cmpuint (sum_of (txn, DAY, 1), ==, 50);
  return tocsin_txn_check (txn, error);
}

/* ---- outbox ---- */

static gboolean
count_entry (const TocsinOutboxRecord *record, gpointer data)
{
  return ++*(guint *) data < 2;
}

static gboolean
outbox (TocsinTxn *txn, gpointer data, GError **error)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);
  TocsinOutboxRecord message = { .kind = TOCSIN_OUTBOX_MESSAGE, .audience = 4, .activity = body };
  TocsinOutboxRecord add = { .activity_id = (char *) "https://me.example/a/1", .activity = body };
  TocsinOutboxRecord *got = g_new0 (TocsinOutboxRecord, 1);
  guint64 sequence;
  guint n = 0;

  g_assert_cmpuint (tocsin_outbox_last (txn), ==, 0);
  for (guint i = 1; i <= 3; i++)
    g_assert_cmpuint (tocsin_outbox_append (txn, &message), ==, i); /* none has an id */
  g_assert_cmpuint (tocsin_outbox_append (txn, &add), ==, 4);
  tocsin_outbox_foreach (txn, 0, count_entry, &n);
  g_assert_cmpuint (n, ==, 2);
  tocsin_outbox_foreach (txn, G_MAXUINT64, count_entry, &n);
  g_assert_cmpuint (n, ==, 2);

  tocsin_outbox_forget (txn, 99);
  tocsin_outbox_forget (txn, 1);
  tocsin_outbox_forget (txn, 4);
  g_assert_false (tocsin_outbox_find (txn, add.activity_id, &sequence));
  g_assert_true (tocsin_outbox_get (txn, 4, got));
  g_assert_true (got->blanked);
  g_assert_null (got->activity);
  g_assert_null (got->activity_id);
  g_assert_cmpuint (tocsin_outbox_last (txn), ==, 4);
  tocsin_outbox_record_free (got);
  tocsin_outbox_record_free (NULL);
  return tocsin_txn_check (txn, error);
}

/* ---- changes ---- */

static gboolean
remember_newest (const TocsinChange *change, gpointer data)
{
  TocsinChange *newest = data;

  g_assert_cmpuint (change->generation, >, newest->generation);
  *newest = *change;
  return change->generation < 3;
}

static gboolean
changes (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinSubjectKey key = key_number (1);
  TocsinChange newest = { 0 };

  g_assert_true (tocsin_changes_covers (txn, 0));
  for (guint i = 0; i < 4; i++)
    tocsin_changes_add (txn, TOCSIN_CHANGE_EVIDENCE, &key);
  tocsin_changes_blank (txn, 3);
  tocsin_changes_foreach (txn, 0, remember_newest, &newest);
  g_assert_cmpuint (newest.generation, ==, 3);
  g_assert_cmpint (newest.kind, ==, TOCSIN_CHANGE_MANY);
  g_assert_cmpuint (newest.key.bytes[0], ==, 0);
  tocsin_changes_foreach (txn, G_MAXUINT64, remember_newest, &newest);
  return tocsin_txn_check (txn, error);
}

#define TOO_MANY 5

static gboolean
write_many_changes (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinCursor) cursor = { 0 };
  guint8 row[1 + sizeof (TocsinSubjectKey)] = { TOCSIN_CHANGE_TRUST };

  tocsin_cursor_init (&cursor, txn, TOCSIN_TABLE_CHANGES);
  for (guint64 i = 1; i <= TOCSIN_CHANGES_MAX + TOO_MANY; i++)
    {
      TocsinKey key = tocsin_key_u64 (i);

      tocsin_cursor_append (&cursor, &key, row, sizeof row);
    }
  tocsin_meta_reserve (txn, "generation", TOCSIN_CHANGES_MAX + TOO_MANY);
  return tocsin_txn_check (txn, error);
}

static gboolean
trim (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPurgeCounts counts;

  tocsin_store_purge_count (txn, T0, &counts);
  g_assert_cmpuint (counts.changes, ==, TOO_MANY);
  g_assert_cmpuint (tocsin_store_purge (txn, T0, 3), ==, 3);
  g_assert_false (tocsin_changes_covers (txn, 2));
  g_assert_true (tocsin_changes_covers (txn, 3));
  g_assert_cmpuint (tocsin_store_purge (txn, T0, 3), ==, TOO_MANY - 3);
  g_assert_cmpuint (tocsin_store_purge (txn, T0, 3), ==, 0);
  g_assert_cmpuint (tocsin_txn_entries (txn, TOCSIN_TABLE_CHANGES), ==, TOCSIN_CHANGES_MAX);
  tocsin_store_purge_count (txn, T0, &counts);
  g_assert_cmpuint (counts.changes, ==, 0);
  return tocsin_txn_check (txn, error);
}

/* The log is no longer than it may be, and says how far back it reaches. */
static void
test_trim (Fixture *f, gconstpointer data)
{
  write_ok (f, write_many_changes, NULL);
  write_ok (f, trim, NULL);
}

/* ---- seen ---- */

static gboolean
seen (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinId content = tocsin_id_for_string ("content");

  g_assert_false (tocsin_seen_knows (txn, "https://a.example/1"));
  tocsin_seen_put (txn, "https://a.example/1", &content, -5);
  g_assert_true (tocsin_seen_knows (txn, "https://a.example/1"));
  /* From before the epoch, which is long ago. */
  g_assert_cmpuint (tocsin_store_purge (txn, T0, 1), ==, 1);
  g_assert_false (tocsin_seen_knows (txn, "https://a.example/1"));
  return tocsin_txn_check (txn, error);
}

static const struct
{
  const char *name;
  TocsinWriteFunc story;
} stories[] = {
  { "/table-feeds/feeds", feeds },     { "/table-feeds/voices", voices },
  { "/table-feeds/outbox", outbox },   { "/table-feeds/seen", seen },
  { "/table-feeds/changes", changes },
};

static void
test_story (Fixture *f, gconstpointer data)
{
  write_ok (f, *(const TocsinWriteFunc *) data, NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (stories); i++)
    g_test_add (stories[i].name, Fixture, &stories[i].story, set_up, test_story, tear_down);
  g_test_add ("/table-feeds/trim", Fixture, NULL, set_up, test_trim, tear_down);
  return g_test_run ();
}
