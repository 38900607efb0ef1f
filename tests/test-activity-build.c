/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/activity-build.h"
#include "codec/as-write.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"
#include "golden-body.h"

#define A   "https://a.example/actor"
#define B   "https://b.example/actor"
#define NOW (20780 * TOCSIN_DAY_US + 5)

static const TocsinActivityHead head = {
  .id = "https://a.example/activities/1",
  .actor = A,
  .to = "https://a.example/followers",
  .published_us = NOW,
};

/* Writes @object, which it takes, and reads it as a peer would. */
static TocsinActivity *
deliver (JsonObject *object)
{
  g_autoptr (JsonObject) owned = object;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = tocsin_activity_to_bytes (owned, &error);
  TocsinActivity *activity;

  g_assert_no_error (error);
  activity = tocsin_activity_parse (bytes, &error);
  g_assert_no_error (error);
  g_assert_true (tocsin_activity_check_ownership (activity, "https://a.example/reports",
                                                  "https://a.example/trust", &error));
  g_assert_no_error (error);
  g_assert_false (activity->has_unknown_members);
  g_assert_true (tocsin_activity_is_canonicalisable (activity));
  g_assert_cmpuint (activity->facts.depth, <=, TOCSIN_OUTGOING_MAX_DEPTH);
  g_assert_cmpstr (activity->id, ==, head.id);
  g_assert_cmpstr (activity->actor, ==, A);
  g_assert_cmpstr (activity->to[0], ==, head.to);
  g_assert_cmpint (activity->published_us, ==, NOW);
  return activity;
}

static void
fill_report (TocsinReport *report, TocsinSubjectType type, const char *subject)
{
  g_autoptr (GError) error = NULL;

  report->id = g_strdup ("https://a.example/reports/1");
  report->attributed_to = g_strdup (A);
  g_assert_true (tocsin_subject_parse (&report->subject, type, subject, &error));
  report->category = 3;
  report->category_text = g_strdup ("scam");
  report->confidence = 70;
  report->opinion = TOCSIN_OPINION_BENIGN;
  report->action = TOCSIN_ACTION_LIMITED;
  report->sharing = TOCSIN_SHARING_AMBER;
  report->content = g_strdup ("quoted \"text\", \xc3\xbc and a\nline");
  report->published_us = NOW - 7;
  report->updated_us = NOW;
  report->observed_us = 20779 * TOCSIN_DAY_US;
  report->last_observed_us = 20780 * TOCSIN_DAY_US;
  report->end_us = 20800 * TOCSIN_DAY_US;
}

static void
test_report_round_trip (void)
{
  static const struct
  {
    TocsinSubjectType type;
    const char *subject;
    gboolean in_clear;
  } rows[] = {
    { TOCSIN_SUBJECT_IP, "192.0.2.7", TRUE },
    { TOCSIN_SUBJECT_IP, "2001:db8:1:2::5", TRUE },
    { TOCSIN_SUBJECT_NETWORK, "192.0.2.0/24", TRUE },
    { TOCSIN_SUBJECT_DOMAIN, "spam.example", TRUE },
    { TOCSIN_SUBJECT_URL, "https://spam.example/a?b=c", TRUE },
    { TOCSIN_SUBJECT_ACTOR, "https://spam.example/users/x", TRUE },
    { TOCSIN_SUBJECT_EMAIL, "j.doe@spam.example", FALSE },
    { TOCSIN_SUBJECT_USERNAME, "jdoe77", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (TocsinReport) report = { 0 };
      g_autoptr (TocsinActivity) activity = NULL;
      const TocsinReport *read;

      g_test_message ("%s", rows[i].subject);
      fill_report (&report, rows[i].type, rows[i].subject);
      activity =
          deliver (tocsin_activity_build_add_report (&head, &report, "https://a.example/reports"));
      read = &activity->report;
      g_assert_cmpstr (read->id, ==, report.id);
      g_assert_cmpstr (read->attributed_to, ==, A);
      g_assert_cmpint ((int) read->subject.type, ==, (int) rows[i].type);
      g_assert_cmpmem (read->subject.digest, sizeof read->subject.digest, report.subject.digest,
                       sizeof report.subject.digest);
      g_assert_cmpstr (read->subject.value, ==, rows[i].in_clear ? report.subject.value : NULL);
      g_assert_cmpuint (read->category, ==, report.category);
      g_assert_cmpstr (read->category_text, ==, report.category_text);
      g_assert_cmpint ((int) read->basis, ==, TOCSIN_BASIS_FIRST_HAND);
      g_assert_cmpint ((int) read->opinion, ==, (int) report.opinion);
      g_assert_cmpint ((int) read->action, ==, (int) report.action);
      g_assert_cmpint ((int) read->sharing, ==, (int) report.sharing);
      g_assert_cmpuint (read->confidence, ==, report.confidence);
      g_assert_cmpstr (read->content, ==, report.content);
      g_assert_cmpint (read->published_us, ==, report.published_us);
      g_assert_cmpint (read->updated_us, ==, report.updated_us);
      g_assert_cmpint (read->observed_us, ==, report.observed_us);
      g_assert_cmpint (read->last_observed_us, ==, report.last_observed_us);
      g_assert_cmpint (read->end_us, ==, report.end_us);
    }
}

/* What must not travel does not, whatever the report holds. */
static void
test_report_keeps_secrets (void)
{
  g_auto (TocsinReport) report = { 0 };
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;

  fill_report (&report, TOCSIN_SUBJECT_EMAIL, "j.doe@spam.example");
  report.sharing = TOCSIN_SHARING_GREEN;
  report.published_us = NOW;
  report.last_observed_us += 59 * TOCSIN_MINUTE_US;
  object = tocsin_activity_build_add_report (&head, &report, "https://a.example/reports");
  bytes = tocsin_activity_to_bytes (object, NULL);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_null (strstr (text, "doe"));
  g_assert_null (strstr (text, "quoted"));
  g_assert_null (strstr (text, ":59:"));
}

static void
test_statement_round_trip (void)
{
  TocsinTrustStatement statement = {
    .id = (char *) "https://a.example/statements/1",
    .attributed_to = (char *) A,
    .about = (char *) B,
    .area = TOCSIN_AREA_SECURITY,
    .weight = 100,
    .published_us = NOW - 7,
    .updated_us = NOW,
  };
  g_autoptr (TocsinActivity) activity =
      deliver (tocsin_activity_build_add_statement (&head, &statement, "https://a.example/trust"));

  g_assert_cmpint ((int) activity->object_kind, ==, TOCSIN_OBJECT_TRUST);
  g_assert_cmpstr (activity->statement.id, ==, statement.id);
  g_assert_cmpstr (activity->statement.attributed_to, ==, A);
  g_assert_cmpstr (activity->statement.about, ==, B);
  g_assert_cmpint ((int) activity->statement.area, ==, TOCSIN_AREA_SECURITY);
  g_assert_cmpuint (activity->statement.weight, ==, 100);
  g_assert_cmpint (activity->statement.published_us, ==, statement.published_us);
  g_assert_cmpint (activity->statement.updated_us, ==, statement.updated_us);
}

static void
test_remove (void)
{
  for (int reason = TOCSIN_REASON_ERROR; reason <= TOCSIN_REASON_OTHER; reason++)
    {
      g_autoptr (TocsinActivity) activity = deliver (
          tocsin_activity_build_remove (&head, "https://a.example/reports/1",
                                        "https://a.example/reports", (TocsinRemoveReason) reason));

      g_assert_cmpint ((int) activity->kind, ==, TOCSIN_ACTIVITY_REMOVE);
      g_assert_cmpint ((int) activity->reason, ==, reason);
      g_assert_cmpstr (activity->object, ==, "https://a.example/reports/1");
    }
}

static void
test_simple (void)
{
  g_autoptr (TocsinActivity) follow = deliver (tocsin_activity_build_follow (&head, B));
  g_autoptr (TocsinActivity) block = deliver (tocsin_activity_build_block (&head, B));
  g_autoptr (TocsinActivity) gone = deliver (tocsin_activity_build_delete (&head));

  g_assert_cmpint ((int) follow->kind, ==, TOCSIN_ACTIVITY_FOLLOW);
  g_assert_cmpstr (follow->object, ==, B);
  g_assert_cmpint ((int) block->kind, ==, TOCSIN_ACTIVITY_BLOCK);
  g_assert_cmpstr (block->object, ==, B);
  g_assert_cmpint ((int) gone->kind, ==, TOCSIN_ACTIVITY_DELETE);
  g_assert_cmpstr (gone->object, ==, A);
}

static void
test_nested (void)
{
  const char *id = "https://b.example/follows/1", *own = "https://a.example/activities/0";
  const struct
  {
    JsonObject *object; /* taken */
    TocsinActivityKind kind, nested_kind;
    const char *id, *actor, *about;
  } rows[] = {
    { tocsin_activity_build_accept (&head, id, B), TOCSIN_ACTIVITY_ACCEPT, TOCSIN_ACTIVITY_FOLLOW,
      id, B, A },
    { tocsin_activity_build_reject (&head, id, B), TOCSIN_ACTIVITY_REJECT, TOCSIN_ACTIVITY_FOLLOW,
      id, B, A },
    { tocsin_activity_build_undo (&head, TOCSIN_ACTIVITY_FOLLOW, own, B), TOCSIN_ACTIVITY_UNDO,
      TOCSIN_ACTIVITY_FOLLOW, own, A, B },
    { tocsin_activity_build_undo (&head, TOCSIN_ACTIVITY_BLOCK, own, B), TOCSIN_ACTIVITY_UNDO,
      TOCSIN_ACTIVITY_BLOCK, own, A, B },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (TocsinActivity) activity = deliver (rows[i].object);
      JsonObject *nested =
          json_object_get_object_member (tocsin_activity_root (activity), "object");

      g_assert_cmpint ((int) activity->kind, ==, (int) rows[i].kind);
      g_assert_cmpint ((int) activity->nested.kind, ==, (int) rows[i].nested_kind);
      g_assert_cmpstr (activity->nested.id, ==, rows[i].id);
      g_assert_cmpstr (activity->nested.actor, ==, rows[i].actor);
      g_assert_cmpstr (activity->nested.object, ==, rows[i].about);
      g_assert_cmpuint (json_object_get_size (nested), ==, 4);
    }
}

static void
test_update (void)
{
  g_autoptr (TocsinActorDocument) document =
      tocsin_actor_document_new_for_base ("https://a.example");
  g_autoptr (TocsinActivity) activity = NULL;
  TocsinActorKey *key = tocsin_actor_key_new (A "#ed25519-2", A);

  key->multibase = g_strdup ("z6MkB");
  g_ptr_array_add (document->keys, key);
  activity = deliver (tocsin_activity_build_update (&head, document));
  g_assert_cmpint ((int) activity->object_kind, ==, TOCSIN_OBJECT_ACTOR);
  g_assert_cmpstr (activity->document->inbox, ==, "https://a.example/inbox");
  g_assert_nonnull (tocsin_actor_document_find_key (activity->document, A "#ed25519-2"));
}

static void
test_too_large (void)
{
  TocsinActivityHead long_head = head;
  g_autofree char *id = g_strnfill (TOCSIN_ACTIVITY_MAX_BYTES, 'x');
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (JsonObject) follow = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  long_head.id = id;
  object = tocsin_activity_build_remove (&long_head, "x", "y", TOCSIN_REASON_OTHER);
  g_assert_null (tocsin_activity_to_bytes (object, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_TOO_LARGE);
  g_clear_error (&error);
  follow = tocsin_activity_build_follow (&long_head, "x"); /* no such limit for the others */
  bytes = tocsin_activity_to_bytes (follow, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), >, TOCSIN_ACTIVITY_MAX_BYTES);
}

/* The published context is, member for member, the one inside our activities. */
static void
test_context_file (void)
{
  g_autofree char *path =
      g_test_build_filename (G_TEST_DIST, "..", "schemas", "context.jsonld", NULL);
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *data = NULL;
  JsonArray *sent;
  JsonNode *file;
  gsize size = 0;

  g_file_get_contents (path, &data, &size, &error);
  g_assert_no_error (error);
  root = tocsin_json_parse (data, size, &tocsin_json_default_limits, NULL, &error);
  g_assert_no_error (error);
  file = json_object_get_member (json_node_get_object (root), "@context");
  tocsin_as_set_context (object);
  sent = json_object_get_array_member (object, "@context");
  g_assert_cmpuint (json_array_get_length (sent), ==, 3);
  g_assert_true (json_node_equal (file, json_array_get_element (sent, 2)));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/activity-build/report-round-trip", test_report_round_trip);
  g_test_add_func ("/activity-build/report-keeps-secrets", test_report_keeps_secrets);
  g_test_add_func ("/activity-build/statement-round-trip", test_statement_round_trip);
  g_test_add_func ("/activity-build/remove", test_remove);
  g_test_add_func ("/activity-build/simple", test_simple);
  g_test_add_func ("/activity-build/nested", test_nested);
  g_test_add_func ("/activity-build/update", test_update);
  g_test_add_func ("/activity-build/too-large", test_too_large);
  g_test_add_func ("/activity-build/context-file", test_context_file);
  return g_test_run ();
}
