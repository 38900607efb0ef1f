/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What the operator asks about the node itself: status, health, metrics, audit, settings, backup.
 */
#include "admin-node.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "small-disk.h"
#include "store/table-catch-up.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-seen.h"

#define ONE "{\"subjects\":[{\"type\":\"ip\",\"value\":\"192.0.2.9\"}],\"category\":\"spam\"}"

static void
test_status (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;
  JsonObject *status, *counts;

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports", ONE, 201);
  root = admin_ask (&admin, "GET", "/v1/status", NULL, 200);
  status = OBJECT (root);
  counts = json_object_get_object_member (status, "counts");
  g_assert_cmpstr (TEXT (status, "actor"), ==, "https://a.example/actor");
  g_assert_cmpstr (TEXT (status, "profile"), ==, "default");
  g_assert_cmpint (INT (status, "uptime_seconds"), ==, 5);
  g_assert_cmpint (INT (counts, "reports"), ==, 1);
  g_assert_cmpint (INT (counts, "subjects"), ==, 1);
  g_assert_cmpint (INT (counts, "trusted"), ==, PEERS);
  g_assert_cmpuint (json_array_get_length (ARRAY (status, "warnings")), ==, 0);
  g_assert_true (FLAG (json_object_get_object_member (status, "clock"), "sane"));
}

/* Of peer 1 the key is in doubt, peer 2 could not be read, peer 3 is followed by nobody. */
static gboolean
make_troubles (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
  for (guint32 i = 1; i <= 3; i++)
    {
      g_auto (TocsinPeerRecord) peer = { 0 };
      TocsinCatchUpRecord record = { .actor = i, .begun_us = 1, .failed_us = 2, .items = -1 };

      tocsin_peer_record_init (&peer, i);
      peer.following = i == 3 ? TOCSIN_FOLLOWING_NONE : TOCSIN_FOLLOWING_ACCEPTED;
      peer.weights[TOCSIN_AREA_ANY] = 50;
      peer.key_hold = i == 1;
      tocsin_peers_put (txn, &peer);
      record.error = (char *) "The peer answered 500";
      tocsin_catch_up_put (txn, &record);
    }
  return TRUE;
}

static guint
count_findings (JsonObject *doctor, const char *name, const char *text)
{
  JsonArray *checks = ARRAY (doctor, "checks");
  guint n = 0;

  for (guint i = 0; i < json_array_get_length (checks); i++)
    {
      JsonObject *check = json_array_get_object_element (checks, i);

      if (g_str_equal (TEXT (check, "name"), name) && !FLAG (check, "ok") &&
          strstr (TEXT (check, "text"), text) != NULL)
        n++;
    }
  return n;
}

static void
test_troubles (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) status = NULL;
  g_autoptr (JsonNode) doctor = NULL;
  JsonArray *warnings;

  admin_init (&admin);
  g_assert_true (tocsin_store_write (admin.node.store, make_troubles, NULL, &error));
  g_assert_no_error (error);
  status = admin_ask (&admin, "GET", "/v1/status", NULL, 200);
  warnings = ARRAY (OBJECT (status), "warnings");
  g_assert_cmpuint (json_array_get_length (warnings), ==, 2);
  g_assert_nonnull (
      strstr (json_array_get_string_element (warnings, 0), "https://p1.example/actor"));
  g_assert_nonnull (
      strstr (json_array_get_string_element (warnings, 1), "https://p2.example/actor"));
  doctor = admin_ask (&admin, "POST", "/v1/doctor", "{}", 200);
  g_assert_cmpuint (count_findings (OBJECT (doctor), "peer-keys", "https://p1.example/actor"), ==,
                    1);
  g_assert_cmpuint (
      count_findings (OBJECT (doctor), "catch-up", "https://p2.example/actor was not read"), ==, 1);
  g_assert_cmpuint (count_findings (OBJECT (doctor), "catch-up", ""), ==, 1);
}

/* What room there is left is for what takes back; it is said what is short. */
static void
test_disk_almost_full (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) status = NULL;
  g_autoptr (JsonNode) doctor = NULL;
  g_auto (Answer) metrics = { 0 };
  JsonArray *warnings;

  disk_kind = DISK_SMALL;
  disk_told = (TocsinDisk){ 1 << 20, 1 << 30 };
  admin_init (&admin);
  admin_refused (&admin, "POST", "/v1/reports", ONE, 503, "The store is past 90 % of its room");
  status = admin_ask (&admin, "GET", "/v1/status", NULL, 200);
  warnings = ARRAY (OBJECT (status), "warnings");
  g_assert_cmpuint (json_array_get_length (warnings), ==, 1);
  g_assert_cmpstr (json_array_get_string_element (warnings, 0), ==,
                   "The store is 100 % full; at 90 % it takes no reports any more: make room on "
                   "its disk");
  doctor = admin_ask (&admin, "POST", "/v1/doctor", "{}", 200);
  g_assert_cmpuint (
      count_findings (OBJECT (doctor), "store", "100 % full, of what its disk has room for"), ==,
      1);
  node_ask (&admin.node, "GET", "/metrics", NULL, NULL, &metrics);
  g_assert_nonnull (strstr (metrics.body->str, "\ntocsin_store_fill_percent 100\n"));
  g_assert_nonnull (strstr (metrics.body->str, "\ntocsin_store_disk_free_bytes 1048576\n"));
  disk_kind = DISK_AS_IT_IS;
}

static void
assert_open (Admin *admin, const char *text, guint n)
{
  g_autoptr (JsonNode) doctor = admin_ask (admin, "POST", "/v1/doctor", "{}", 200);

  g_assert_cmpuint (count_findings (OBJECT (doctor), "modes", text), ==, n);
}

/* A data directory on another disk: the mode of the link, which is 0777, says nothing. */
static void
test_modes_behind_a_link (void)
{
  g_auto (Admin) admin = { 0 };
  g_autofree char *link = NULL;
  g_autofree char *text = NULL;

  admin_init (&admin);
  link = g_strconcat (admin.node.dir, ".link", NULL);
  text = g_strconcat (link, " has mode 0755", NULL);
  g_assert_cmpint (symlink (admin.node.dir, link), ==, 0);
  g_free (admin.node.api->data_dir);
  admin.node.api->data_dir = g_strdup (link);
  assert_open (&admin, "", 0);
  g_assert_cmpint (g_chmod (admin.node.dir, 0755), ==, 0);
  assert_open (&admin, text, 1);
  g_unlink (link);
}

static void
test_wrong_clock (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) ready = NULL;
  g_autoptr (JsonNode) status = NULL;

  admin_init (&admin);
  admin_do (&admin, "GET", "/health/live", NULL, 200);
  admin_do (&admin, "GET", "/health/ready", NULL, 200);
  now_us = TOCSIN_DAY_US;
  ready = admin_ask (&admin, "GET", "/health/ready", NULL, 503);
  g_assert_false (FLAG (OBJECT (ready), "clock"));
  g_assert_true (FLAG (OBJECT (ready), "store"));
  g_assert_true (FLAG (OBJECT (ready), "writer"));
  g_assert_true (FLAG (OBJECT (ready), "keys"));
  status = admin_ask (&admin, "GET", "/v1/status", NULL, 200);
  g_assert_cmpuint (json_array_get_length (ARRAY (OBJECT (status), "warnings")), ==, 1);
}

/* Both say so, and nothing else. */
static void
assert_trust_unknown (Admin *admin, guint n)
{
  g_autoptr (JsonNode) status = admin_ask (admin, "GET", "/v1/status", NULL, 200);
  g_autoptr (JsonNode) doctor = admin_ask (admin, "POST", "/v1/doctor", "{}", 200);
  JsonArray *warnings = ARRAY (OBJECT (status), "warnings");

  g_assert_cmpuint (json_array_get_length (warnings), ==, n);
  if (n > 0)
    g_assert_true (
        g_str_has_prefix (json_array_get_string_element (warnings, 0), "Who is believed"));
  g_assert_cmpuint (count_findings (OBJECT (doctor), "trust", ""), ==, n);
}

static void
test_trust_unknown (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) ready = NULL;

  admin_init (&admin);
  node_trust (&admin.node, 0, 0);
  ready = admin_ask (&admin, "GET", "/health/ready", NULL, 503);
  g_assert_false (FLAG (OBJECT (ready), "trust"));
  g_assert_true (FLAG (OBJECT (ready), "store"));
  assert_trust_unknown (&admin, 1);
  node_trust (&admin.node, PEERS, 2);
  assert_trust_unknown (&admin, 0);
  admin_do (&admin, "GET", "/health/ready", NULL, 200);
}

static void
test_dead_writer (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) ready = NULL;

  admin_init (&admin);
  tocsin_writer_stop (admin.node.writer);
  ready = admin_ask (&admin, "GET", "/health/ready", NULL, 503);
  g_assert_false (FLAG (OBJECT (ready), "writer"));
  admin_refused (&admin, "POST", "/v1/reports", ONE, 503, "");
}

/* Each family is described once, before its samples, and every sample is a number. */
static void
test_metrics (void)
{
  g_auto (Admin) admin = { 0 };
  g_auto (Answer) answer = { 0 };
  g_auto (GStrv) lines = NULL;
  g_autoptr (GHashTable) families = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GRegex) sample = g_regex_new (
      "^(tocsin_[a-z_]+)(\\{[a-z]+=\"[^\"]*\"(,[a-z]+=\"[^\"]*\")*\\})? ([0-9]+)$", 0, 0, NULL);

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports", ONE, 201);
  node_ask (&admin.node, "GET", "/metrics", NULL, NULL, &answer);
  g_assert_cmpuint (answer.status, ==, 200);
  g_assert_true (g_str_has_suffix (answer.body->str, "\n"));
  g_string_truncate (answer.body, answer.body->len - 1);
  lines = g_strsplit (answer.body->str, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) words = g_strsplit (*line, " ", 4);
      g_autoptr (GMatchInfo) match = NULL;
      g_autofree char *name = NULL;

      if (g_str_has_prefix (*line, "# TYPE "))
        g_assert_true (g_hash_table_add (families, g_strdup (words[2])));
      if (**line == '#')
        continue;
      if (!g_regex_match (sample, *line, 0, &match))
        g_error ("not a sample: %s", *line);
      name = g_match_info_fetch (match, 1);
      g_assert_true (g_hash_table_contains (families, name));
    }
  g_assert_true (g_strv_contains ((const char *const *) lines, "tocsin_reports 1"));
  g_assert_true (g_strv_contains ((const char *const *) lines, "tocsin_uptime_seconds 5"));
  g_assert_true (g_strv_contains ((const char *const *) lines,
                                  "tocsin_memory_entries{table=\"long_polls\"} 0"));
  g_assert_true (
      g_strv_contains ((const char *const *) lines, "tocsin_breakers{state=\"open\"} 0"));
}

static void
test_audit (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) list = NULL;
  g_autoptr (JsonNode) verified = NULL;
  JsonArray *entries;
  JsonObject *newest;

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports", ONE, 201);
  admin_do (&admin, "POST", "/v1/observe", "{\"on\":true}", 200);
  list = admin_ask (&admin, "GET", "/v1/audit", NULL, 200);
  entries = ARRAY (OBJECT (list), "entries");
  g_assert_cmpuint (json_array_get_length (entries), ==, 2);
  newest = json_array_get_object_element (entries, 0);
  g_assert_cmpstr (TEXT (newest, "action"), ==, "observe");
  g_assert_cmpstr (TEXT (newest, "who"), ==, "socket");
  g_assert_true (json_object_get_null_member (OBJECT (list), "cursor"));
  verified = admin_ask (&admin, "POST", "/v1/audit/verify", NULL, 200);
  g_assert_true (FLAG (OBJECT (verified), "ok"));
  g_assert_cmpint (INT (OBJECT (verified), "checked"), ==, 2);
}

/* What a Follow leaves, and an Accept a day later. */
static gboolean
write_messages (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://a.example/activities/%u", i);
      TocsinOutboxRecord message = { .kind = TOCSIN_OUTBOX_MESSAGE,
                                     .audience = 7,
                                     .created_us = now_us + i * TOCSIN_DAY_US,
                                     .activity_id = id };

      tocsin_outbox_append (txn, &message);
    }
  return tocsin_txn_check (txn, error);
}

static void
assert_housekeeping (
    Admin *admin, const char *body, gboolean dry_run, gint64 outbox, gint64 evidence)
{
  g_autoptr (JsonNode) root = admin_ask (admin, "POST", "/v1/housekeeping", body, 200);

  g_assert_true (FLAG (OBJECT (root), "dry_run") == dry_run);
  g_assert_cmpint (INT (OBJECT (root), "outbox"), ==, outbox);
  g_assert_cmpint (INT (OBJECT (root), "evidence"), ==, evidence);
}

/* A dry run says what would go, as often as it is asked; then it goes, and nothing is left to. */
static void
test_housekeeping (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GError) error = NULL;

  admin_init (&admin);
  tocsin_store_write (admin.node.store, write_messages, NULL, &error);
  g_assert_no_error (error);
  node_report (&admin.node, 1, TOCSIN_SUBJECT_IP, "192.0.2.1", 1);
  assert_housekeeping (&admin, "{\"dry_run\":true}", TRUE, 0, 0);
  /* Of the newest entry its sequence is read, so that it stays. */
  now_us += (TOCSIN_SEEN_DAYS + 2) * TOCSIN_DAY_US;
  assert_housekeeping (&admin, "{\"dry_run\":true}", TRUE, 1, 1);
  assert_housekeeping (&admin, "{\"dry_run\":true}", TRUE, 1, 1);
  admin.fed->clock_in_doubt = TRUE;
  admin_refused (&admin, "POST", "/v1/housekeeping", "{}", 409, "The clock");
  assert_housekeeping (&admin, "{\"dry_run\":true}", TRUE, 1, 1);
  admin.fed->clock_in_doubt = FALSE;
  assert_housekeeping (&admin, "{}", FALSE, 1, 1);
  assert_housekeeping (&admin, "{\"dry_run\":true}", TRUE, 0, 0);
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));
    guint64 sequence;

    g_assert_false (tocsin_outbox_find (txn, "https://a.example/activities/0", &sequence));
    g_assert_true (tocsin_outbox_find (txn, "https://a.example/activities/1", &sequence));
  }
  admin_refused (&admin, "POST", "/v1/housekeeping", "{\"dry_run\":1}", 400, "/dry_run");
}

static void
test_observe (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GBytes) kept = NULL;

  admin_init (&admin);
  admin_refused (&admin, "POST", "/v1/observe", "{}", 400, "/on");
  admin_refused (&admin, "POST", "/v1/observe", "{\"on\":1}", 400, "/on");
  admin_refused (&admin, "POST", "/v1/observe", "{\"on\":true,\"days\":1}", 400, "/days");
  g_assert_false (tocsin_api_is_observing (tocsin_api_state (admin.node.api), now_us));
  admin_do (&admin, "POST", "/v1/observe", "{\"on\":true}", 200);
  g_assert_true (tocsin_api_is_observing (tocsin_api_state (admin.node.api), now_us));
  admin_do (&admin, "POST", "/v1/observe", "{\"on\":false}", 200);
  g_assert_false (tocsin_api_is_observing (tocsin_api_state (admin.node.api), now_us));
  {
    g_autoptr (TocsinReading) txn =
        tocsin_reader_begin (tocsin_store_get_reader (admin.node.store));

    kept = tocsin_meta_get (txn, "observe");
  }
  g_assert_cmpmem (g_bytes_get_data (kept, NULL), g_bytes_get_size (kept), "off", 3);
}

static void
test_recount (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) doctor = NULL;
  JsonArray *checks;
  JsonObject *last;

  admin_init (&admin);
  admin_do (&admin, "POST", "/v1/reports", ONE, 201);
  doctor = admin_ask (&admin, "POST", "/v1/doctor", "{\"recount\":true}", 200);
  checks = ARRAY (OBJECT (doctor), "checks");
  last = json_array_get_object_element (checks, json_array_get_length (checks) - 1);
  g_assert_cmpstr (TEXT (last, "name"), ==, "recount");
  g_assert_true (FLAG (last, "ok"));
}

static guint64
epoch_of (TocsinStore *store)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (store));

  return tocsin_meta_epoch (txn);
}

/* Half a backup is none: only what stood there before stays. */
static void
check_failed_backup (Admin *admin)
{
  g_autofree char *dir = NULL;
  g_autofree char *body = NULL;
  g_autofree char *keys = NULL;
  g_autofree char *mine = NULL;
  g_autofree char *store = NULL;

  dir = g_build_filename (admin->node.dir, "half", NULL);
  body = g_strdup_printf ("{\"dir\":\"%s\"}", dir);
  keys = g_build_filename (dir, "keys", NULL);
  mine = g_build_filename (keys, "mine", NULL);
  store = g_build_filename (dir, "store", NULL);
  g_assert_cmpint (g_mkdir_with_parents (keys, 0700), ==, 0);
  g_assert_true (g_file_set_contents (mine, "x", 1, NULL));
  admin_refused (admin, "POST", "/v1/backup", body, 409, "/dir");
  g_assert_false (g_file_test (store, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (mine, G_FILE_TEST_EXISTS));
  g_unlink (mine);
  g_rmdir (keys);
  admin_do (admin, "POST", "/v1/backup", body, 200);
}

/* A key file that stays away is no rotation. */
static void
check_missing_key (Admin *admin)
{
  g_autofree char *dir = g_build_filename (admin->node.dir, "keyless", NULL);
  g_autofree char *body = g_strdup_printf ("{\"dir\":\"%s\"}", dir);
  g_autofree char *key = g_build_filename (admin->node.dir, "keys", "ed25519-9.pem", NULL);

  g_assert_cmpint (symlink ("nowhere", key), ==, 0);
  admin_refused (admin, "POST", "/v1/backup", body, 503, "Failed to open file");
  g_assert_false (g_file_test (dir, G_FILE_TEST_EXISTS));
  g_unlink (key);
  admin_do (admin, "POST", "/v1/backup", body, 200);
}

/* The next backup would have this one in it. */
static void
check_own_places (Admin *admin)
{
  static const char *const places[] = { "", "/", "/store", "/store/x", "/keys/x/y", "/x/../keys" };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *dir = g_strconcat (admin->node.dir, places[i], NULL);
      g_autofree char *body = g_strdup_printf ("{\"dir\":\"%s\"}", dir);

      admin_refused (admin, "POST", "/v1/backup", body, 400, "/dir: it is the node's own");
    }
}

static void
test_backup (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinStore) copy = NULL;
  g_autofree char *dir = NULL;
  g_autofree char *body = NULL;
  g_autofree char *key = NULL;

  admin_init (&admin);
  dir = g_build_filename (admin.node.dir, "backup", NULL);
  body = g_strdup_printf ("{\"dir\":\"%s\"}", dir);
  key = g_build_filename (dir, "keys", NULL);
  admin_do (&admin, "POST", "/v1/reports", ONE, 201);
  admin_refused (&admin, "POST", "/v1/backup", "{\"dir\":\"here\"}", 400, "/dir");
  admin_do (&admin, "POST", "/v1/backup", body, 200);
  g_assert_true (g_file_test (key, G_FILE_TEST_IS_DIR));
  copy = tocsin_store_open (dir, 64 << 20, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (epoch_of (copy), !=, epoch_of (admin.node.store));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (copy));

    g_assert_cmpuint (tocsin_reports_count (txn), ==, 1);
  }
  /* What is there is not written over. */
  admin_refused (&admin, "POST", "/v1/backup", body, 409, "/dir: it holds a store already");
  check_failed_backup (&admin);
  check_missing_key (&admin);
  check_own_places (&admin);
}

static void
test_config (void)
{
  static const char *settings[] = { "listen=127.0.0.1:1", "name=a=b", NULL };
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) root = NULL;

  admin_init (&admin);
  admin.node.api->settings = g_strdupv ((char **) settings);
  root = admin_ask (&admin, "GET", "/v1/config", NULL, 200);
  g_assert_cmpstr (TEXT (OBJECT (root), "listen"), ==, "127.0.0.1:1");
  g_assert_cmpstr (TEXT (OBJECT (root), "name"), ==, "a=b");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-node/status", test_status);
  g_test_add_func ("/route-node/troubles", test_troubles);
  g_test_add_func ("/route-node/disk-almost-full", test_disk_almost_full);
  g_test_add_func ("/route-node/modes-behind-a-link", test_modes_behind_a_link);
  g_test_add_func ("/route-node/wrong-clock", test_wrong_clock);
  g_test_add_func ("/route-node/trust-unknown", test_trust_unknown);
  g_test_add_func ("/route-node/dead-writer", test_dead_writer);
  g_test_add_func ("/route-node/metrics", test_metrics);
  g_test_add_func ("/route-node/audit", test_audit);
  g_test_add_func ("/route-node/housekeeping", test_housekeeping);
  g_test_add_func ("/route-node/observe", test_observe);
  g_test_add_func ("/route-node/recount", test_recount);
  g_test_add_func ("/route-node/backup", test_backup);
  g_test_add_func ("/route-node/config", test_config);
  return g_test_run ();
}
