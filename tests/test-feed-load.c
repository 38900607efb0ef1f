/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * A list against what is stored of it: what differs, what is refused, and how it gets there.
 */
#include "store-fixture.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"
#include "feeds/apply.h"
#include "feeds/load.h"
#include "store/bulk.h"
#include "store/table-actors.h"
#include "store/table-evidence.h"
#include "store/table-reports.h"
#include "store/table-subjects.h"

#define DOMAINS "[feed]\nurl=https://lists.example/\nformat=lines\ntype=domain\ncategory="

typedef struct
{
  Fixture store;
  TocsinWriter *writer;
  TocsinFeedDefinition *definition;
  TocsinFeedRecord record;
  TocsinFeedLoad *load;
} Feed;

static void
define (Feed *f, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&f->definition, tocsin_feed_definition_free);
  f->definition = tocsin_feed_definition_parse ("one", text, strlen (text), "one.conf", &error);
  g_assert_no_error (error);
}

static void
feed_set_up (Feed *f, gconstpointer data)
{
  set_up (&f->store, NULL);
  f->writer = tocsin_writer_new (f->store.store);
  f->record.name = g_strdup ("one");
  f->record.enabled = TRUE;
  define (f, DOMAINS "disposable_email\n");
}

static void
feed_tear_down (Feed *f, gconstpointer data)
{
  g_clear_pointer (&f->load, tocsin_feed_load_free);
  tocsin_feed_definition_free (f->definition);
  tocsin_feed_record_clear (&f->record);
  tocsin_writer_free (f->writer);
  tear_down (&f->store, NULL);
}

/* A file without a name that holds @text. */
static int
file_of (const char *text)
{
  int fd = memfd_create ("list", MFD_CLOEXEC);

  g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
  return fd;
}

static void
begin (Feed *f)
{
  g_clear_pointer (&f->load, tocsin_feed_load_free);
  f->load = tocsin_feed_load_new (f->store.store, f->definition);
  f->load->batch = f->record.batch;
}

/* Reads and compares; %FALSE with @error. */
static gboolean
read_list (Feed *f, const char *text, GError **error)
{
  tocsin_feed_load_take_fd (f->load, file_of (text));
  return tocsin_feed_load_page (f->load, NULL, error) &&
         (f->load->is_known || tocsin_feed_load_compare (f->load, NULL, error));
}

static void
keep_result (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
apply (Feed *f)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TocsinFeedRecord stored = { 0 };

  memcpy (f->record.digest, f->load->digest, sizeof f->load->digest);
  tocsin_feed_apply_async (f->writer, f->load, &f->record, T0, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  tocsin_feed_apply_finish (result, &stored, &error);
  g_assert_no_error (error);
  tocsin_feed_record_clear (&f->record);
  f->record = stored;
}

/* Takes @text as the newest list. */
static void
take (Feed *f, const char *text, guint added, guint removed)
{
  g_autoptr (GError) error = NULL;

  begin (f);
  read_list (f, text, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (f->load->added->len, ==, added);
  g_assert_cmpuint (f->load->removed->len, ==, removed);
  apply (f);
}

static void
refuse (Feed *f, const char *text, TocsinError code)
{
  g_autoptr (GError) error = NULL;

  begin (f);
  g_assert_false (read_list (f, text, &error));
  g_assert_error (error, TOCSIN_ERROR, (gint) code);
}

static gboolean
is_listed (Feed *f, const char *domain)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store.store));
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  g_auto (TocsinSubject) subject = { 0 };
  const TocsinEvidence *rows;
  TocsinSubjectKey key;

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_DOMAIN, domain, NULL));
  key = tocsin_subject_key (&subject);
  if (tocsin_evidence_read (txn, &key, &buffer, &rows) == 0)
    return FALSE;
  g_assert_cmpuint (rows[0].reporter, ==, f->record.actor);
  g_assert_cmpuint (rows[0].flags & TOCSIN_EVIDENCE_IMPORTED, !=, 0);
  g_assert_cmpuint (rows[0].expires_s, ==, G_MAXUINT32);
  return TRUE;
}

static guint64
count_rows (Feed *f)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store.store));

  return tocsin_evidence_count (txn);
}

static void
test_difference (Feed *f, gconstpointer data)
{
  take (f, "a.example.org\nb.example.org\nc.example.org\nd.example.org\n", 4, 0);
  g_assert_cmpuint (f->record.count, ==, 4);
  g_assert_cmpuint (f->record.actor, !=, TOCSIN_ACTOR_LOCAL);
  take (f, "b.example.org\nB.example.org\n*.c.example.org\nd.example.org\ne.example.org\n", 1, 1);
  g_assert_false (is_listed (f, "a.example.org"));
  g_assert_true (is_listed (f, "e.example.org"));
  g_assert_cmpuint (count_rows (f), ==, 4);
  take (f, "# the same\nb.example.org\nc.example.org\nd.example.org\ne.example.org\n", 0, 0);
}

/* The same bytes are not read twice, unless they are read in another way. */
static void
test_known (Feed *f, gconstpointer data)
{
  static const char text[] = "a.example.org\n";
  g_autoptr (GError) error = NULL;

  take (f, text, 1, 0);
  begin (f);
  memcpy (f->load->known, f->record.digest, sizeof f->record.digest);
  g_assert_true (read_list (f, text, &error));
  g_assert_true (f->load->is_known);
  define (f, DOMAINS "other\n");
  begin (f);
  memcpy (f->load->known, f->record.digest, sizeof f->record.digest);
  f->load->is_other = TRUE;
  g_assert_true (read_list (f, text, &error));
  g_assert_false (f->load->is_known);
  g_assert_cmpuint (f->load->added->len, ==, 1);
  g_assert_cmpuint (f->load->removed->len, ==, 1);
  apply (f);
  g_assert_cmpuint (count_rows (f), ==, 1);
}

static void
test_shrinking (Feed *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  take (f, "a.example.org\nb.example.org\nc.example.org\nd.example.org\n", 4, 0);
  refuse (f, "a.example.org\nb.example.org\n", TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_true (is_listed (f, "d.example.org"));
  take (f, "a.example.org\nb.example.org\nc.example.org\n", 0, 1);
  begin (f);
  f->load->may_shrink = TRUE;
  g_assert_true (read_list (f, "a.example.org\n", &error));
  g_assert_cmpuint (f->load->removed->len, ==, 2);
}

/* @n domains, each with @prefix and its number. Free it with g_free(). */
static char *
domains (const char *prefix, guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s%u.example.org\n", prefix, i);
  return g_string_free (text, FALSE);
}

/* 30 % may go, and what is new makes up for what is gone. */
static void
test_shrinking_by_a_third (Feed *f, gconstpointer data)
{
  g_autofree char *all = domains ("d", 100);
  g_autofree char *too_few = domains ("d", 69);
  g_autofree char *enough = domains ("d", 70);
  g_autofree char *others = domains ("x", 70);

  take (f, all, 100, 0);
  refuse (f, too_few, TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpuint (count_rows (f), ==, 100);
  take (f, enough, 0, 30);
  take (f, others, 70, 70);
}

static void
test_refused (Feed *f, gconstpointer data)
{
  refuse (f, "", TOCSIN_ERROR_INVALID);
  refuse (f, "# nothing\n", TOCSIN_ERROR_UNPROCESSABLE);
  refuse (f, "an\nerror\nmessage!\n", TOCSIN_ERROR_UNPROCESSABLE);
  refuse (f, "co.uk\ncom\ngmail.com\n", TOCSIN_ERROR_UNPROCESSABLE);
  refuse (f, "co.uk\na.example.org\ngmail.com\nb.example.org\nlocalhost\n",
          TOCSIN_ERROR_UNPROCESSABLE);
  refuse (f, "a.example.org\nno domain\nb.example.org\nneither!\nnor this\n",
          TOCSIN_ERROR_UNPROCESSABLE);
  g_assert_cmpuint (count_rows (f), ==, 0);
  take (f,
        "co.uk\na.example.org\ngmail.com\nlocalhost\nb.example.org\nc.example.org\n"
        "d.example.org\nwww.youtube.com\n",
        4, 0);
  g_assert_cmpuint (f->load->list->left_out, ==, 4);
}

static void
test_too_large (Feed *f, gconstpointer data)
{
  g_autofree char *long_text = g_strnfill (1024 * 1024 + 1, '\n');

  define (f, DOMAINS "other\nmax-mib=1\n");
  refuse (f, long_text, TOCSIN_ERROR_TOO_LARGE);
}

static void
test_canary (Feed *f, gconstpointer data)
{
  define (f, DOMAINS "other\ncanary=canary.test\n");
  refuse (f, "a.example.org\n", TOCSIN_ERROR_UNPROCESSABLE);
  take (f, "a.example.org\ncanary.test\n", 1, 0);
  g_assert_cmpuint (f->load->list->left_out, ==, 0);
  define (f, DOMAINS "other\ncanary=b.example.org\n");
  take (f, "a.example.org\nb.example.org\n", 1, 0);
}

#define CHANGE(type, key)                                                                          \
  "{\"type\":\"" type "\",\"entityKind\":\"domain\",\"entityKey\":\"" key "\"}"
#define PAGE(items) "{\"type\":\"OrderedCollection\",\"orderedItems\":[" items "]}"

static void
test_changes (Feed *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  define (f, "[feed]\nurl=https://lists.example/\nformat=fires\ncategory=other\n");
  take (f, PAGE (CHANGE ("Advisory", "a.example.org") "," CHANGE ("Advisory", "b.example.org")), 2,
        0);
  begin (f);
  f->load->is_changes = TRUE;
  g_assert_true (
      read_list (f,
                 PAGE (CHANGE ("Retraction", "a.example.org") "," CHANGE (
                     "Advisory", "c.example.org") "," CHANGE ("Retraction", "c.example.org")),
                 &error));
  g_assert_cmpuint (f->load->added->len, ==, 0);
  g_assert_cmpuint (f->load->removed->len, ==, 1);
  apply (f);
  g_assert_false (is_listed (f, "a.example.org"));
  g_assert_true (is_listed (f, "b.example.org"));
  begin (f);
  f->load->is_changes = TRUE;
  g_assert_false (read_list (f, PAGE (CHANGE ("Advisory", "no domain")), &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
  g_clear_error (&error);
  begin (f);
  f->load->is_changes = TRUE;
  g_assert_true (read_list (f, PAGE (""), &error));
  g_assert_cmpuint (f->load->removed->len, ==, 0);
}

static void
test_mirrors (Feed *f, gconstpointer data)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "d%u.example.org\n", i);
  take (f, text->str, 100, 0);
  for (guint shared = 89; shared <= 92; shared++)
    {
      g_autoptr (GString) other = g_string_new (NULL);
      TocsinFeedLoad *load = tocsin_feed_load_new (f->store.store, f->definition);

      for (guint i = 0; i < 100; i++)
        g_string_append_printf (other, "%s%u.example.org\n", i < shared ? "d" : "x", i);
      tocsin_feed_load_add_rival (load, "one", f->record.batch, f->record.count);
      tocsin_feed_load_take_fd (load, file_of (other->str));
      tocsin_feed_load_page (load, NULL, &error);
      g_assert_no_error (error);
      tocsin_feed_load_compare (load, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpint (g_array_index (load->rivals, TocsinFeedRival, 0).is_mirror, ==, shared > 90);
      tocsin_feed_load_free (load);
    }
}

static void
list_addresses (Feed *f, guint n, guint part_rows)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  define (f, "[feed]\nurl=https://lists.example/\nformat=lines\ntype=ip\ncategory=hosting\n");
  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "11.%u.%u.%u\n", i >> 16, i >> 8 & 255, i & 255);
  begin (f);
  f->load->part_rows = part_rows;
  read_list (f, text->str, &error);
  g_assert_no_error (error);
}

/* Later parts cannot be written: what tells of the rows that are there is not lost. */
static void
test_half_way (Feed *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (TocsinFeedRecord) out = { 0 };
  g_auto (TocsinFeedRecord) stored = { 0 };

  list_addresses (f, 25, 10);
  memcpy (f->record.digest, f->load->digest, sizeof f->load->digest);
  f->record.etag = g_strdup ("\"1\"");
  tocsin_feed_apply_async (f->writer, f->load, &f->record, T0, keep_result, &result);
  tocsin_writer_stop (f->writer);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (tocsin_feed_apply_finish (result, &out, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpuint (count_rows (f), ==, 10);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store.store));

    g_assert_true (tocsin_feeds_get (txn, "one", &stored));
  }
  g_assert_cmpuint (out.count, ==, 10);
  g_assert_cmpuint (out.batch, ==, stored.batch);
  g_assert_cmpuint (out.actor, ==, stored.actor);
  g_assert_cmpuint (out.batch, !=, 0);
  g_assert_cmpmem (out.digest, sizeof out.digest, stored.digest, sizeof stored.digest);
  g_assert_null (out.etag);
}

/* With no part of it there, the record is as it was. */
static void
test_not_at_all (Feed *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (TocsinFeedRecord) out = { 0 };

  list_addresses (f, 25, 10);
  tocsin_writer_stop (f->writer);
  tocsin_feed_apply_async (f->writer, f->load, &f->record, T0, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (tocsin_feed_apply_finish (result, &out, &error));
  g_assert_null (out.name);
}

/* More than one part: it is all there, in one batch, with one record. */
static void
test_long_list (Feed *f, gconstpointer data)
{
  const guint n = 2500;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  TocsinFeedRecord stored = { 0 };

  list_addresses (f, n, 1000);
  apply (f);
  g_assert_cmpuint (f->record.count, ==, n);
  g_assert_cmpuint (count_rows (f), ==, n);
  tocsin_feed_drop_async (f->writer, &f->record, TRUE, "socket", T0, keep_result, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  tocsin_feed_drop_finish (result, &stored, &error);
  g_assert_no_error (error);
  tocsin_feed_record_clear (&stored);
  g_assert_cmpuint (count_rows (f), ==, 0);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store.store));

    g_assert_cmpuint (tocsin_subjects_count (txn), ==, 0);
    g_assert_cmpuint (tocsin_reports_count (txn), ==, 0);
    g_assert_false (tocsin_feeds_get (txn, "one", &stored));
  }
}

#define ADD(path, function) g_test_add (path, Feed, NULL, feed_set_up, function, feed_tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/feed-load/difference", test_difference);
  ADD ("/feed-load/known", test_known);
  ADD ("/feed-load/shrinking", test_shrinking);
  ADD ("/feed-load/shrinking-by-a-third", test_shrinking_by_a_third);
  ADD ("/feed-load/refused", test_refused);
  ADD ("/feed-load/too-large", test_too_large);
  ADD ("/feed-load/canary", test_canary);
  ADD ("/feed-load/changes", test_changes);
  ADD ("/feed-load/mirrors", test_mirrors);
  ADD ("/feed-load/long-list", test_long_list);
  ADD ("/feed-load/half-way", test_half_way);
  ADD ("/feed-load/not-at-all", test_not_at_all);
  return g_test_run ();
}
