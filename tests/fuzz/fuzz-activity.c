/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Property: what parses has the members that its kind promises; a report or statement that was
 * read and written again reads the same; two readings give one content hash; an outbox is read no
 * otherwise, but for reports that are known and not taken.
 */
#include <string.h>

#include "codec/activity-build.h"
#include "fuzz/fuzz.h"

static void
check_promises (const TocsinActivity *activity)
{
  g_assert_nonnull (activity->actor);
  g_assert_nonnull (activity->type);
  g_assert_nonnull (activity->to);
  if (activity->kind == TOCSIN_ACTIVITY_ADD)
    {
      g_assert_nonnull (activity->id);
      g_assert_nonnull (activity->target);
      g_assert_true (activity->object_kind == TOCSIN_OBJECT_REPORT ||
                     activity->object_kind == TOCSIN_OBJECT_TRUST);
    }
  if (activity->kind == TOCSIN_ACTIVITY_UPDATE && activity->object_kind == TOCSIN_OBJECT_ACTOR)
    g_assert_nonnull (activity->document);
}

static TocsinActivity *
rebuild (const TocsinActivity *activity)
{
  TocsinActivityHead head = { activity->id, activity->actor, "https://a.example/followers", 0 };
  g_autoptr (JsonObject) object = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  TocsinActivity *again;

  if (activity->object_kind == TOCSIN_OBJECT_REPORT)
    object = tocsin_activity_build_add_report (&head, &activity->report, activity->target);
  else
    object = tocsin_activity_build_add_statement (&head, &activity->statement, activity->target);
  bytes = tocsin_activity_to_bytes (object, NULL);
  if (bytes == NULL)
    return NULL; /* ours, with our context, may be longer than theirs */
  again = tocsin_activity_parse (bytes, &error);
  g_assert_no_error (error);
  return again;
}

static void
check_round_trip (const TocsinActivity *activity)
{
  g_autoptr (TocsinActivity) again = rebuild (activity);

  if (again == NULL)
    return;
  g_assert_cmpstr (again->object, ==, activity->object);
  if (activity->object_kind == TOCSIN_OBJECT_REPORT)
    {
      const TocsinReport *was = &activity->report, *is = &again->report;

      g_assert_cmpmem (was->subject.digest, sizeof was->subject.digest, is->subject.digest,
                       sizeof is->subject.digest);
      g_assert_cmpstr (was->category_text, ==, is->category_text);
      g_assert_cmpstr (was->content, ==, is->content);
      g_assert_cmpuint (was->confidence, ==, is->confidence);
      g_assert_cmpint (was->updated_us, ==, is->updated_us);
      g_assert_cmpint (was->last_observed_us, ==, is->last_observed_us);
      g_assert_cmpint (was->end_us, ==, is->end_us);
    }
  else
    {
      g_assert_cmpstr (again->statement.about, ==, activity->statement.about);
      g_assert_cmpuint (again->statement.weight, ==, activity->statement.weight);
      g_assert_cmpint (again->statement.updated_us, ==, activity->statement.updated_us);
    }
}

/* What is listed is read as what is sent, and of what is not taken that way no more than a report
 * with an owner. */
static void
check_listed (GBytes *body, const TocsinActivity *sent)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinActivity) listed = tocsin_activity_parse_listed (body, &error);

  g_assert_true ((listed == NULL) == (error != NULL));
  if (listed == NULL || !listed->is_outline)
    {
      g_assert_true ((listed == NULL) == (sent == NULL));
      return;
    }
  g_assert_null (sent);
  check_promises (listed);
  g_assert_cmpint (listed->object_kind, ==, TOCSIN_OBJECT_REPORT);
  g_assert_nonnull (listed->object);
  g_assert_nonnull (listed->report.attributed_to);
  g_assert_cmpint (listed->report.end_us, !=, 0);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) body = g_bytes_new (data, size);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinActivity) activity = tocsin_activity_parse (body, &error);
  g_autoptr (TocsinActivity) again = NULL;
  guint8 first[TOCSIN_SHA256_BYTES], second[TOCSIN_SHA256_BYTES];

  g_assert_true ((activity == NULL) == (error != NULL));
  check_listed (body, activity);
  if (activity == NULL)
    return;
  check_promises (activity);
  again = tocsin_activity_parse (body, NULL);
  tocsin_activity_content_hash (activity, first);
  tocsin_activity_content_hash (again, second);
  g_assert_cmpmem (first, sizeof first, second, sizeof second);
  if (activity->kind == TOCSIN_ACTIVITY_ADD &&
      tocsin_activity_check_ownership (activity, NULL, NULL, NULL))
    check_round_trip (activity);
}
