/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * /v1/feeds: what is told of third-party lists, and who may have which read.
 */
#include "admin-node.h"

#include "core/limits.h"
#include "store/table-meta.h"
#include "store/table-subjects.h"

/* What the doctor says of lists: FALSE with the text of the first that is bad. */
static gboolean
feeds_are_well (Admin *admin, char **text)
{
  g_autoptr (JsonNode) root = admin_ask (admin, "POST", "/v1/doctor", "{}", 200);
  JsonArray *checks = ARRAY (OBJECT (root), "checks");

  for (guint i = 0; i < json_array_get_length (checks); i++)
    {
      JsonObject *check = json_array_get_object_element (checks, i);

      if (g_str_equal (TEXT (check, "name"), "feeds"))
        {
          g_free (*text);
          *text = g_strdup (TEXT (check, "text"));
          return FLAG (check, "ok");
        }
    }
  g_assert_not_reached ();
}

/* What the status warns of; NULL: of nothing. */
static void
expect_warning (Admin *admin, const char *text)
{
  g_autoptr (JsonNode) root = admin_ask (admin, "GET", "/v1/status", NULL, 200);
  JsonArray *warnings = ARRAY (OBJECT (root), "warnings");

  g_assert_cmpuint (json_array_get_length (warnings), ==, text != NULL ? 1 : 0);
  if (text != NULL)
    g_assert_cmpstr (json_array_get_string_element (warnings, 0), ==, text);
}

static void
expect_samples (Admin *admin, const char *const *samples)
{
  g_auto (Answer) answer = { 0 };
  g_auto (GStrv) lines = NULL;

  node_ask (&admin->node, "GET", "/metrics", NULL, NULL, &answer);
  lines = g_strsplit (answer.body->str, "\n", -1);
  for (; *samples != NULL; samples++)
    if (!g_strv_contains ((const char *const *) lines, *samples))
      g_error ("%s is not in %s", *samples, answer.body->str);
}

static TocsinFeeds *
begin_feeds (Admin *admin)
{
  const TocsinFeedsOptions options = { .store = admin->node.store,
                                       .writer = admin->node.writer,
                                       .fetcher = admin->fed->fetcher,
                                       .data_dir = admin->node.dir,
                                       .every_hours = 24,
                                       .now_us = get_now_us };
  g_autoptr (GError) error = NULL;
  TocsinFeeds *feeds = tocsin_feeds_new (&options, &error);

  g_assert_no_error (error);
  return admin->node.api->feeds = feeds;
}

/* A list that is well, one that fails, and both once they are too old. */
static void
test_feeds (void)
{
  static const char *const fresh[] = {
    "tocsin_feed_entries{feed=\"exits\"} 2",      "tocsin_feed_left_out{feed=\"exits\"} 1",
    "tocsin_feed_age_seconds{feed=\"exits\"} 60", "tocsin_feed_ok{feed=\"exits\"} 1",
    "tocsin_feed_stale{feed=\"exits\"} 0",        NULL
  };
  static const char *const failing[] = { "tocsin_feed_entries{feed=\"exits\"} 2",
                                         "tocsin_feed_age_seconds{feed=\"exits\"} 60",
                                         "tocsin_feed_ok{feed=\"exits\"} 0",
                                         "tocsin_feed_stale{feed=\"exits\"} 0", NULL };
  static const char *const stale[] = { "tocsin_feed_age_seconds{feed=\"exits\"} 262800",
                                       "tocsin_feed_ok{feed=\"exits\"} 1",
                                       "tocsin_feed_stale{feed=\"exits\"} 1", NULL };
  g_auto (Admin) admin = { 0 };
  g_autoptr (TocsinFeeds) feeds = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *dir = g_dir_make_tmp ("tocsin-lists-XXXXXX", &error);
  g_autofree char *path = g_build_filename (dir, "list", NULL);
  g_autofree char *body = NULL;
  g_autofree char *text = NULL;

  admin_init (&admin);
  feeds = begin_feeds (&admin);
  g_assert_nonnull (feeds);
  g_assert_true (feeds_are_well (&admin, &text));
  g_assert_true (g_str_has_prefix (text, "0 lists"));
  body = g_strdup_printf ("{\"name\":\"exits\",\"url\":\"file://%s\",\"format\":\"lines\",\"type\":"
                          "\"ip\",\"category\":\"tor_exit\"}",
                          path);
  g_assert_true (g_file_set_contents (path, "192.0.2.1\n192.0.2.2\n10.0.0.1\n", -1, NULL));
  admin_do (&admin, "POST", "/v1/feeds", body, 201);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  now_us += 60 * TOCSIN_SECOND_US;
  expect_samples (&admin, fresh);
  g_assert_true (feeds_are_well (&admin, &text));
  g_assert_true (g_str_has_prefix (text, "1 lists"));
  expect_warning (&admin, NULL);

  g_assert_true (g_file_set_contents (path, "<html>", -1, NULL));
  admin_refused (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 422, "This is HTML");
  expect_samples (&admin, failing);
  g_assert_false (feeds_are_well (&admin, &text));
  g_assert_nonnull (strstr (text, "1 failed since: This is HTML"));
  g_assert_null (strstr (text, "too old"));
  expect_warning (&admin, "The list exits could not be read; see tocsin feed show exits");
  now_us += 80 * TOCSIN_HOUR_US;
  g_assert_false (feeds_are_well (&admin, &text));
  g_assert_nonnull (strstr (text, "too old to count; 1 failed"));

  g_assert_true (g_file_set_contents (path, "192.0.2.1\n192.0.2.3\n", -1, NULL));
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  g_assert_true (feeds_are_well (&admin, &text));
  now_us += 73 * TOCSIN_HOUR_US;
  expect_samples (&admin, stale);
  g_assert_false (feeds_are_well (&admin, &text));
  g_assert_true (g_str_has_suffix (text, "too old to count"));
  expect_warning (&admin,
                  "The list exits was last read too long ago to count; see tocsin feed show exits");
  admin_do (&admin, "POST", "/v1/feeds/exits/disable", NULL, 200);
  g_assert_true (feeds_are_well (&admin, &text));
  expect_warning (&admin, NULL);
  admin.node.api->feeds = NULL;
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (g_rmdir (dir), ==, 0);
}

static void
free_feeds (Admin *admin)
{
  tocsin_feeds_free (g_steal_pointer (&admin->node.api->feeds));
}

static char *
write_list (const char *path, const char *list)
{
  g_assert_true (g_file_set_contents (path, list, -1, NULL));
  return g_strdup_printf ("{\"name\":\"exits\",\"url\":\"file://%s\",\"format\":\"lines\",\"type\":"
                          "\"ip\",\"category\":\"tor_exit\"}",
                          path);
}

static gboolean
put_disabled (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinFeedRecord) record = { 0 };

  g_assert_true (tocsin_feeds_get (txn, data, &record));
  record.enabled = FALSE;
  tocsin_feeds_put (txn, &record);
  return TRUE;
}

static guint64
count_subjects (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));

  return tocsin_subjects_count (txn);
}

/* Begins with the feed "exits" of a list with that text. @body: (out) (transfer full): what adds
 * it. Returns: (transfer full): the list, which the test removes */
static char *
add_exits (Admin *admin, const char *text, char **body)
{
  char *path = g_strconcat (admin->node.dir, ".list", NULL);

  *body = write_list (path, text);
  begin_feeds (admin);
  admin_do (admin, "POST", "/v1/feeds", *body, 201);
  return path;
}

static gboolean
put_without_definition (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinFeedRecord) record = { 0 };

  g_assert_true (tocsin_feeds_get (txn, data, &record));
  g_clear_pointer (&record.definition, g_free);
  tocsin_feeds_put (txn, &record);
  return TRUE;
}

/* It ended while the rows of a feed were taken back: the next start goes on with that. */
static void
test_feed_half_disabled (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;
  g_autoptr (GError) error = NULL;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n192.0.2.2\n", &body);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  g_assert_cmpuint (count_subjects (&admin), ==, 2);
  free_feeds (&admin);
  g_assert_true (tocsin_store_write (admin.node.store, put_disabled, (gpointer) "exits", &error));
  begin_feeds (&admin);
  tocsin_feeds_start (admin.node.api->feeds);
  free_feeds (&admin); /* lets it end */
  g_assert_cmpuint (count_subjects (&admin), ==, 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* One whose file was removed from feeds.d: nobody takes its name while its rows are there. */
static void
test_feed_left_behind (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *database = NULL;
  g_autofree char *body = NULL;
  g_autoptr (GError) error = NULL;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n192.0.2.2\n", &body);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  free_feeds (&admin);
  g_assert_true (
      tocsin_store_write (admin.node.store, put_without_definition, (gpointer) "exits", &error));
  database = g_build_filename (admin.node.dir, "feed-exits.mmdb", NULL);
  g_assert_true (g_file_set_contents (database, "", 0, NULL));
  begin_feeds (&admin);
  admin_refused (&admin, "POST", "/v1/feeds", body, 409, "");
  tocsin_feeds_start (admin.node.api->feeds);
  admin_refused (&admin, "POST", "/v1/feeds", body, 409, "");
  while (count_subjects (&admin) > 0)
    g_main_context_iteration (NULL, TRUE);
  free_feeds (&admin);
  g_assert_false (g_file_test (database, G_FILE_TEST_EXISTS));
  begin_feeds (&admin);
  admin_do (&admin, "POST", "/v1/feeds", body, 201);
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static void
remove_list (Admin *admin, const char *name)
{
  g_autofree char *path = g_strdup_printf ("/v1/feeds/%s", name);
  g_auto (Answer) answer = { 0 };

  node_ask (&admin->node, "DELETE", path, NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 204);
}

static gboolean
put_definition (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinFeedRecord) record = { 0 };

  g_assert_true (tocsin_feeds_get (txn, "exits", &record));
  g_free (record.definition);
  record.definition = g_strdup (data);
  tocsin_feeds_put (txn, &record);
  return TRUE;
}

/* What is stored for "exits"; %NULL: nothing. */
static char *
get_definition (Admin *admin)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (admin->node.store));
  g_auto (TocsinFeedRecord) record = { 0 };

  return tocsin_feeds_get (txn, "exits", &record) ? g_strdup (record.definition) : NULL;
}

/* Starts anew with that definition stored. */
static void
begin_with_definition (Admin *admin, const char *text)
{
  g_autoptr (GError) error = NULL;

  free_feeds (admin);
  g_assert_true (tocsin_store_write (admin->node.store, put_definition, (gpointer) text, &error));
  begin_feeds (admin);
  tocsin_feeds_start (admin->node.api->feeds);
}

static void
expect_unreadable (Admin *admin)
{
  static const char *const samples[] = { "tocsin_feed_entries{feed=\"exits\"} 1",
                                         "tocsin_feed_ok{feed=\"exits\"} 0", NULL };
  static const char why[] = "This version cannot read its definition: format ";
  g_autoptr (JsonNode) shown = admin_ask (admin, "GET", "/v1/feeds/exits", NULL, 200);
  g_autofree char *text = NULL;

  g_assert_cmpstr (TEXT (OBJECT (shown), "state"), ==, "failing");
  g_assert_cmpstr (TEXT (OBJECT (shown), "origin"), ==, "added");
  g_assert_true (g_str_has_prefix (TEXT (OBJECT (shown), "error"), why));
  g_assert_true (json_object_get_null_member (OBJECT (shown), "url"));
  g_assert_cmpint (INT (OBJECT (shown), "entries"), ==, 1);
  g_assert_false (feeds_are_well (admin, &text));
  g_assert_nonnull (strstr (text, why));
  expect_warning (admin, "The list exits could not be read; see tocsin feed show exits");
  expect_samples (admin, samples);
  admin_refused (admin, "POST", "/v1/feeds/exits/refresh", NULL, 409, why);
  admin_refused (admin, "POST", "/v1/feeds/exits/enable", NULL, 409, why);
}

/* What another version took is told, not read, and stays until it is removed. */
static void
test_feed_unreadable (void)
{
  static const char later[] = "[feed]\nurl=https://a.example/\nformat=of-later\n";
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *database = NULL;
  g_autofree char *body = NULL;
  g_autofree char *before = NULL;
  g_autofree char *kept = NULL;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n", &body);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  before = get_definition (&admin);
  g_test_expect_message ("tocsin-feeds", G_LOG_LEVEL_WARNING, "Feed exits: This version cannot*");
  begin_with_definition (&admin, later);
  expect_unreadable (&admin);
  admin_refused (&admin, "POST", "/v1/feeds", body, 409, "There is a feed");
  g_assert_cmpuint (count_subjects (&admin), ==, 1);
  kept = get_definition (&admin);
  g_assert_cmpstr (kept, ==, later);

  begin_with_definition (&admin, before);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  expect_warning (&admin, NULL);

  g_test_expect_message ("tocsin-feeds", G_LOG_LEVEL_WARNING, "Feed exits: This version cannot*");
  begin_with_definition (&admin, later);
  database = g_build_filename (admin.node.dir, "feed-exits.mmdb", NULL);
  g_assert_true (g_file_set_contents (database, "", 0, NULL));
  remove_list (&admin, "exits");
  g_assert_cmpuint (count_subjects (&admin), ==, 0);
  g_assert_null (get_definition (&admin));
  g_assert_false (g_file_test (database, G_FILE_TEST_EXISTS));
  g_test_assert_expected_messages ();
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* A list of domains. */
static void
add_domains (Admin *admin, const char *name, const char *path)
{
  g_autofree char *body =
      g_strdup_printf ("{\"name\":\"%s\",\"url\":\"file://%s\",\"format\":\"lines\",\"type\":"
                       "\"domain\",\"category\":\"spam\"}",
                       name, path);
  g_autofree char *refresh = g_strdup_printf ("/v1/feeds/%s/refresh", name);

  admin_do (admin, "POST", "/v1/feeds", body, 201);
  admin_do (admin, "POST", refresh, NULL, 200);
}

static void
expect_mirror (Admin *admin, const char *name, const char *original)
{
  g_autofree char *path = g_strdup_printf ("/v1/feeds/%s", name);
  g_autoptr (JsonNode) root = admin_ask (admin, "GET", path, NULL, 200);

  g_assert_cmpstr (json_object_get_string_member_with_default (OBJECT (root), "mirror_of", NULL),
                   ==, original);
}

static gboolean
put_circle (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  static const char *const names[] = { "l1", "l2" };

  for (guint i = 0; i < 2; i++)
    {
      g_auto (TocsinFeedRecord) record = { 0 };

      g_assert_true (tocsin_feeds_get (txn, names[i], &record));
      g_free (record.mirror_of);
      record.mirror_of = g_strdup (names[1 - i]);
      tocsin_feeds_put (txn, &record);
    }
  return TRUE;
}

/* What mirrored a list that has gone counts as one still, now and after a restart, and is compared
 * anew when it is read, though it did not change. */
static void
test_feed_mirrors (void)
{
  static const char *const names[] = { "l1", "l2", "l3" };
  g_auto (Admin) admin = { 0 };
  g_autofree char *same = NULL;
  g_autofree char *other = NULL;

  admin_init (&admin);
  same = g_strconcat (admin.node.dir, ".same", NULL);
  other = g_strconcat (admin.node.dir, ".other", NULL);
  g_assert_true (g_file_set_contents (same, "a.example\nb.example\n", -1, NULL));
  g_assert_true (g_file_set_contents (other, "c.example\nd.example\n", -1, NULL));
  begin_feeds (&admin);
  for (guint i = 0; i < 3; i++)
    {
      add_domains (&admin, names[i], same);
      expect_mirror (&admin, names[i], i > 0 ? "l1" : NULL);
    }
  remove_list (&admin, "l1");
  expect_mirror (&admin, "l2", NULL);
  expect_mirror (&admin, "l3", "l2");

  /* Another list of that name is none of theirs. */
  add_domains (&admin, "l1", other);
  for (guint restarts = 0; restarts < 2; restarts++)
    {
      expect_mirror (&admin, "l1", NULL);
      expect_mirror (&admin, "l2", NULL);
      expect_mirror (&admin, "l3", "l2");
      free_feeds (&admin);
      begin_feeds (&admin);
    }
  admin_do (&admin, "POST", "/v1/feeds/l2/disable", NULL, 200);
  expect_mirror (&admin, "l3", NULL);

  /* Two that are taken for mirrors of each other. */
  admin_do (&admin, "POST", "/v1/feeds/l2/enable", NULL, 200);
  admin_do (&admin, "POST", "/v1/feeds/l2/refresh", NULL, 200);
  expect_mirror (&admin, "l2", "l3");
  free_feeds (&admin);
  g_assert_true (tocsin_store_write (admin.node.store, put_circle, NULL, NULL));
  begin_feeds (&admin);
  expect_mirror (&admin, "l1", NULL);
  expect_mirror (&admin, "l2", "l1");
  remove_list (&admin, "l1");
  admin_do (&admin, "POST", "/v1/feeds/l2/refresh", NULL, 200);
  expect_mirror (&admin, "l2", "l3");

  /* What l3 says now is no longer what l2 says. */
  now_us += TOCSIN_HOUR_US;
  g_assert_true (g_file_set_contents (same, "e.example\nf.example\n", -1, NULL));
  admin_do (&admin, "POST", "/v1/feeds/l3/refresh", NULL, 200);
  g_assert_true (g_file_set_contents (same, "a.example\nb.example\n", -1, NULL));
  admin_do (&admin, "POST", "/v1/feeds/l2/refresh", NULL, 200);
  expect_mirror (&admin, "l2", NULL);
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (same) + g_unlink (other), ==, 0);
}

/* Who lets a list shrink is heard at every moment of a reading that somebody else began. */
static void
test_feed_may_shrink_later (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n192.0.2.2\n", &body);
  for (guint steps = 0; steps < 6; steps++)
    {
      TocsinRequest *first;
      g_auto (Answer) answer = { 0 };

      g_assert_true (g_file_set_contents (path, "192.0.2.1\n192.0.2.2\n", -1, NULL));
      admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
      g_assert_true (g_file_set_contents (path, "192.0.2.1\n", -1, NULL));
      first = node_begin (&admin.node, "POST", "/v1/feeds/exits/refresh", NULL, NULL);
      node_run (&admin.node, first);
      for (guint i = 0; i < steps && !tocsin_request_is_complete (first); i++)
        g_main_context_iteration (NULL, TRUE);
      admin_do (&admin, "POST", "/v1/feeds/exits/refresh", "{\"may_shrink\":true}", 200);
      node_end (&admin.node, first, &answer);
      g_test_message ("after %u steps: %u", steps, answer.status);
      g_assert_true (answer.status == 200 || steps > 0);
      g_assert_cmpuint (tocsin_feeds_find (admin.node.api->feeds, "exits")->record.count, ==, 1);
    }
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* A change that cannot be stored leaves the feeds as they are. */
static void
test_feed_not_stored (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n", &body);
  admin_do (&admin, "POST", "/v1/feeds/exits/disable", NULL, 200);
  admin_refused (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 409, "");
  tocsin_writer_stop (admin.node.writer);
  admin_refused (&admin, "POST", "/v1/feeds/exits/enable", NULL, 503, "");
  admin_do (&admin, "GET", "/v1/feeds/exits", NULL, 200);
  tocsin_feeds_stop (admin.node.api->feeds);
  admin_refused (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 503, "");
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* Who waits for a list learns that the node stops. */
static void
test_feed_stopped (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;
  g_auto (Answer) answer = { 0 };
  TocsinRequest *request;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n", &body);
  request = node_begin (&admin.node, "POST", "/v1/feeds/exits/refresh", NULL, NULL);
  node_run (&admin.node, request);
  tocsin_feeds_stop (admin.node.api->feeds);
  node_end (&admin.node, request, &answer);
  g_assert_cmpuint (answer.status, ==, 503);
  g_assert_nonnull (strstr (answer.body->str, "The node is stopping"));
  g_assert_cmpuint (tocsin_feeds_find (admin.node.api->feeds, "exits")->record.failures, ==, 0);
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

static gboolean
fill_store (TocsinTxn *txn, gpointer data, GError **error)
{
  const guint *number = data;
  g_autofree char *name = g_strdup_printf ("filling %u", *number);
  g_autofree guint8 *block = g_malloc0 (1 << 20);

  tocsin_meta_put (txn, name, block, 1 << 20);
  return tocsin_txn_check (txn, error);
}

/* A list must not take the last room, of which the node's own reports and what takes back need
 * some; one that shrinks still may. */
static void
test_feed_almost_full (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;
  g_autoptr (GError) error = NULL;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.4\n", &body);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  for (guint i = 0; tocsin_store_fill_percent (admin.node.store) < TOCSIN_STORE_FULL_PERCENT; i++)
    {
      g_assert_cmpuint (i, <, 64);
      g_assert_true (tocsin_store_write (admin.node.store, fill_store, &i, &error));
    }
  g_free (write_list (path, "192.0.2.1\n192.0.2.2\n192.0.2.3\n192.0.2.5\n"));
  admin_refused (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 503, "The store is almost full");
  g_assert_cmpuint (count_subjects (&admin), ==, 4);
  g_free (write_list (path, "192.0.2.1\n192.0.2.2\n192.0.2.3\n"));
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  g_assert_cmpuint (count_subjects (&admin), ==, 3);
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* The rest cannot be taken back: the feed is as it was, and its list is not known any more. */
static void
test_feed_not_disabled (void)
{
  static const guint8 none[TOCSIN_SHA256_BYTES] = { 0 };
  g_auto (Admin) admin = { 0 };
  g_auto (Answer) answer = { 0 };
  g_autofree char *path = NULL;
  g_autofree char *body = NULL;
  TocsinRequest *request;
  const TocsinFeed *feed;

  admin_init (&admin);
  path = add_exits (&admin, "192.0.2.1\n", &body);
  admin_do (&admin, "POST", "/v1/feeds/exits/refresh", NULL, 200);
  request = node_begin (&admin.node, "POST", "/v1/feeds/exits/disable", NULL, NULL);
  node_run (&admin.node, request);
  tocsin_writer_stop (admin.node.writer); /* after the first part */
  node_end (&admin.node, request, &answer);
  g_assert_cmpuint (answer.status, ==, 503);
  g_assert_cmpuint (count_subjects (&admin), ==, 0);
  feed = tocsin_feeds_find (admin.node.api->feeds, "exits");
  g_assert_true (feed->record.enabled);
  g_assert_cmpmem (feed->record.digest, sizeof feed->record.digest, none, sizeof none);
  free_feeds (&admin);
  g_assert_cmpint (g_unlink (path), ==, 0);
}

/* Only who is on this machine may have a file read, however the URL is written. */
static void
test_feed_of_a_file (void)
{
  static const struct
  {
    const char *url;
    const char *token; /* NULL: by the socket */
    guint status;
  } cases[] = {
    { "file:///nonexistent", "far", 403 },   { "FILE:///nonexistent", "far", 403 },
    { " file:///nonexistent", "far", 400 },  { "\\t file:///nonexistent", "far", 400 },
    { "ftp://lists.example/", "far", 400 },  { "https://lists.example/", "far", 201 },
    { "http://lists.example/", "far", 400 }, { "HTTP://lists.example/", NULL, 400 },
    { "file:///nonexistent", NULL, 201 },
  };
  g_auto (Admin) admin = { 0 };
  g_autoptr (TocsinFeeds) feeds = NULL;

  admin_init (&admin);
  feeds = begin_feeds (&admin);
  g_assert_nonnull (feeds);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *body = g_strdup_printf ("{\"name\":\"list-%" G_GSIZE_FORMAT
                                               "\",\"url\":\"%s\",\"format\":\"lines\",\"type\":"
                                               "\"ip\",\"category\":\"tor_exit\"}",
                                               i, cases[i].url);
      TocsinRequest *request = node_begin (&admin.node, "POST", "/v1/feeds", TYPE_CHECK, body);
      g_auto (Answer) answer = { 0 };

      request->token_name = cases[i].token;
      node_run (&admin.node, request);
      node_end (&admin.node, request, &answer);
      g_test_message ("%s: %u %s", body, answer.status, answer.body->str);
      g_assert_cmpuint (answer.status, ==, cases[i].status);
    }
  admin.node.api->feeds = NULL;
}

#define FEED(members) "{\"name\":\"x\",\"url\":\"https://a.example/\"," members "}"
#define LINES(members)                                                                             \
  FEED ("\"format\":\"lines\",\"type\":\"ip\",\"category\":\"hosting\"," members)

/* What is wrong is named by its place in the body. */
static void
test_refusals (void)
{
  static const struct
  {
    const char *body;
    guint status;
    const char *where;
  } cases[] = {
    { "{\"name\":\"a_b\"}", 400, "/name must be 1 to 40" },
    { "{\"name\":\"x\",\"format\":\"mmdb\"}", 400, "/url is missing" },
    { FEED ("\"format\":\"tar\""), 400, "/format must be one of" },
    { FEED ("\"format\":\"lines\",\"category\":\"hosting\""), 400, "/type is missing" },
    { FEED ("\"format\":\"lines\",\"type\":\"ip\""), 400, "/category is missing" },
    { FEED ("\"format\":\"mmdb\",\"type\":\"ip\""), 400, "/type is not for the format mmdb" },
    { FEED ("\"format\":\"lines\",\"type\":\"x\""), 422, "/type must be one of" },
    { FEED ("\"format\":\"lines\",\"type\":\" ip\""), 400, "/type has a line end, or a blank" },
    { FEED ("\"format\":\"lines\",\"type\":\"ip\",\"category\":\"x\""), 422,
      "/category must be the name" },
    { FEED ("\"format\":\"lines\",\"type\":\"email\",\"category\":\"tor_exit\""), 422,
      "/category tor_exit says nothing" },
    { LINES ("\"title\":5"), 400, "/title is not a string" },
    { LINES ("\"title\":true"), 400, "/title is not a string" },
    { LINES ("\"title\":\"\""), 400, "/title must be text of 1 to 60" },
    { LINES ("\"title\":\"a\\nb\""), 400, "/title has a line end" },
    { LINES ("\"canary\":5"), 400, "/canary is not a string" },
    { LINES ("\"canary\":\"x \""), 400, "/canary has a line end, or a blank" },
    { LINES ("\"column\":\"x\""), 400, "/column is for the format csv alone" },
    { LINES ("\"column\":true"), 400, "/column is not an integer" },
    { LINES ("\"every_hours\":0"), 400, "/every_hours must be a number from 1 to 720" },
    { LINES ("\"every_hours\":\"24\""), 400, "/every_hours is not an integer" },
    { LINES ("\"max_mib\":\"5\""), 400, "/max_mib is not an integer" },
    { LINES ("\"max_mib\":9999"), 400, "/max_mib must be a number" },
    { "{\"name\":\"x\",\"url\":\"http://a.example/\",\"format\":\"mmdb\"}", 400,
      "/url must begin with https" },
  };
  g_auto (Admin) admin = { 0 };
  g_autoptr (TocsinFeeds) feeds = NULL;

  admin_init (&admin);
  feeds = begin_feeds (&admin);
  g_assert_nonnull (feeds);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    admin_refused (&admin, "POST", "/v1/feeds", cases[i].body, cases[i].status, cases[i].where);
  admin_do (&admin, "POST", "/v1/feeds",
            FEED ("\"format\":\"csv\",\"type\":\"ip\",\"category\":\"hosting\",\"column\":2"), 201);
  admin.node.api->feeds = NULL;
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-feeds/life", test_feeds);
  g_test_add_func ("/route-feeds/half-disabled", test_feed_half_disabled);
  g_test_add_func ("/route-feeds/left-behind", test_feed_left_behind);
  g_test_add_func ("/route-feeds/unreadable", test_feed_unreadable);
  g_test_add_func ("/route-feeds/mirrors", test_feed_mirrors);
  g_test_add_func ("/route-feeds/almost-full", test_feed_almost_full);
  g_test_add_func ("/route-feeds/may-shrink-later", test_feed_may_shrink_later);
  g_test_add_func ("/route-feeds/not-disabled", test_feed_not_disabled);
  g_test_add_func ("/route-feeds/not-stored", test_feed_not_stored);
  g_test_add_func ("/route-feeds/stopped", test_feed_stopped);
  g_test_add_func ("/route-feeds/of-a-file", test_feed_of_a_file);
  g_test_add_func ("/route-feeds/refusals", test_refusals);
  return g_test_run ();
}
