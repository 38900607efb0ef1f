/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * GET /v1/review: each line says enough to decide it.
 */
#include "admin-node.h"

#include "store/table-review.h"

typedef enum
{
  CLEAR,
  DIGEST,
  WITHDRAWN,
  NO_REPORT,
} What;

typedef struct
{
  What what;
  TocsinSubjectType type;
  const char *value;
  const char *category_text; /* (nullable) of a category that this node does not know */
} Line;

static const Line lines[] = {
  { CLEAR, TOCSIN_SUBJECT_IP, "203.0.113.9", NULL },
  { CLEAR, TOCSIN_SUBJECT_DOMAIN, "spam.example", "x\033[2J" },
  { DIGEST, TOCSIN_SUBJECT_EMAIL, "a@mail.example", NULL },
  { WITHDRAWN, TOCSIN_SUBJECT_IP, "203.0.113.10", NULL },
  { NO_REPORT, TOCSIN_SUBJECT_NONE, NULL, NULL },
};

static guint64
put_held (TocsinTxn *txn, const Line *line)
{
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_true (tocsin_subject_parse (&subject, line->type, line->value, NULL));
  record = (TocsinReportRecord){
    .actor = 1,
    .via = 1,
    .state = TOCSIN_STATE_HELD,
    .hold = TOCSIN_HOLD_SUBJECT,
    .category = tocsin_category_by_slug (line->category_text != NULL ? "other" : "spam")->id,
    .subject_type = subject.type,
    .key_type = subject.key_type,
    .confidence = 100,
    .published_us = now_us,
    .updated_us = now_us,
    .observed_us = now_us,
    .last_observed_us = now_us,
    .end_us = now_us + TOCSIN_DAY_US,
    .evidence_end_us = now_us + TOCSIN_DAY_US,
    .received_us = now_us,
    .key = tocsin_subject_key (&subject),
  };
  memcpy (record.subject_digest, subject.digest, sizeof subject.digest);
  record.id = g_strdup_printf ("https://p1.example/reports/%s", line->value);
  record.value = line->what == DIGEST ? NULL : g_strdup (subject.value);
  record.category_text = g_strdup (line->category_text);
  tocsin_reports_put (txn, &record, now_us);
  if (line->what == WITHDRAWN)
    g_assert_true (
        tocsin_reports_withdraw (txn, record.number, TOCSIN_REASON_ERROR, now_us, now_us));
  return record.number;
}

static gboolean
put_lines (TocsinTxn *txn, gpointer data, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      const TocsinReviewRecord line = {
        .kind = lines[i].what == NO_REPORT ? TOCSIN_REVIEW_KEY_CHANGE : TOCSIN_REVIEW_HELD,
        .actor = 1,
        .report = lines[i].what == NO_REPORT ? 0 : put_held (txn, &lines[i]),
        .count = 1,
        .created_us = now_us,
        .text = (char *) "The report waits",
      };

      g_assert_cmpuint (tocsin_review_add (txn, &line), ==, i + 1);
    }
  return TRUE;
}

static void
assert_line (JsonObject *item, const Line *line)
{
  g_assert_true (json_object_has_member (item, "subject"));
  g_assert_true (json_object_has_member (item, "category"));
  g_assert_cmpint (json_object_get_null_member (item, "subject"), ==,
                   line->what == WITHDRAWN || line->what == NO_REPORT);
  g_assert_cmpint (json_object_get_null_member (item, "category"), ==, line->what == NO_REPORT);
  if (line->what != NO_REPORT)
    g_assert_cmpstr (TEXT (item, "category"), ==,
                     line->category_text != NULL ? line->category_text : "spam");
  if (line->what == CLEAR || line->what == DIGEST)
    {
      JsonObject *subject = json_object_get_object_member (item, "subject");

      g_assert_cmpstr (TEXT (subject, "type"), ==, tocsin_subject_type_to_string (line->type));
      g_assert_cmpint (json_object_has_member (subject, "digest"), ==, line->what == DIGEST);
      if (line->what == CLEAR)
        g_assert_cmpstr (TEXT (subject, "value"), ==, line->value);
      else
        g_assert_true (g_str_has_prefix (TEXT (subject, "digest"), "sha-256:"));
    }
}

static void
test_list (void)
{
  g_auto (Admin) admin = { 0 };
  g_autoptr (JsonNode) list = NULL;
  g_autoptr (GError) error = NULL;
  JsonArray *items;

  admin_init (&admin);
  tocsin_store_write (admin.node.store, put_lines, NULL, &error);
  g_assert_no_error (error);
  list = admin_ask (&admin, "GET", "/v1/review", NULL, 200);
  items = ARRAY (OBJECT (list), "items");
  g_assert_cmpuint (json_array_get_length (items), ==, G_N_ELEMENTS (lines));
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_line (json_array_get_object_element (items, i), &lines[i]);
  admin_do (&admin, "GET", "/v1/review?all=true", NULL, 200);
  admin_do (&admin, "GET", "/v1/review?all=false", NULL, 200);
  admin_refused (&admin, "GET", "/v1/review?all=x", NULL, 400, "all: ");
  admin_refused (&admin, "GET", "/v1/review?all=", NULL, 400, "all: ");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/route-review/list", test_list);
  return g_test_run ();
}
