/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Property: what parses has the members that its kind promises; a report or statement that was
 * read and written again reads the same, member by member; two readings give one content hash; an
 * outbox is read no otherwise, but for reports that are known and not taken.
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
  TocsinActivityHead head = { activity->id, activity->actor, "https://a.example/followers",
                              activity->published_us };
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
assert_same_report (const TocsinReport *was, const TocsinReport *is)
{
  g_assert_cmpstr (is->id, ==, was->id);
  g_assert_cmpstr (is->attributed_to, ==, was->attributed_to);
  g_assert_cmpint (is->subject.type, ==, was->subject.type);
  g_assert_cmpstr (is->subject.value, ==, was->subject.value);
  g_assert_cmpmem (is->subject.digest, sizeof is->subject.digest, was->subject.digest,
                   sizeof was->subject.digest);
  g_assert_cmpuint (is->category, ==, was->category);
  g_assert_cmpstr (is->category_text, ==, was->category_text);
  g_assert_cmpint (is->basis, ==, was->basis);
  g_assert_cmpint (is->opinion, ==, was->opinion);
  g_assert_cmpuint (is->confidence, ==, was->confidence);
  g_assert_cmpint (is->action, ==, was->action);
  g_assert_cmpint (is->sharing, ==, was->sharing);
  g_assert_cmpstr (is->content, ==, was->content);
  g_assert_cmpint (is->published_us, ==, was->published_us);
  g_assert_cmpint (is->updated_us, ==, was->updated_us);
  g_assert_cmpint (is->observed_us, ==, was->observed_us);
  g_assert_cmpint (is->last_observed_us, ==, was->last_observed_us);
  g_assert_cmpint (is->end_us, ==, was->end_us);
}

static void
assert_same_statement (const TocsinTrustStatement *was, const TocsinTrustStatement *is)
{
  g_assert_cmpstr (is->id, ==, was->id);
  g_assert_cmpstr (is->attributed_to, ==, was->attributed_to);
  g_assert_cmpstr (is->about, ==, was->about);
  g_assert_cmpint (is->area, ==, was->area);
  g_assert_cmpuint (is->weight, ==, was->weight);
  g_assert_cmpint (is->published_us, ==, was->published_us);
  g_assert_cmpint (is->updated_us, ==, was->updated_us);
}

static void
assert_same (const TocsinActivity *was, const TocsinActivity *is)
{
  g_assert_cmpint (is->kind, ==, was->kind);
  g_assert_cmpstr (is->id, ==, was->id);
  g_assert_cmpstr (is->actor, ==, was->actor);
  g_assert_cmpint (is->object_kind, ==, was->object_kind);
  g_assert_cmpstr (is->object, ==, was->object);
  g_assert_cmpstr (is->target, ==, was->target);
  g_assert_cmpint (is->published_us, ==, was->published_us);
  if (was->object_kind == TOCSIN_OBJECT_REPORT)
    assert_same_report (&was->report, &is->report);
  else if (was->object_kind == TOCSIN_OBJECT_TRUST)
    assert_same_statement (&was->statement, &is->statement);
}

static void
check_round_trip (const TocsinActivity *activity)
{
  g_autoptr (TocsinActivity) again = rebuild (activity);

  if (again == NULL)
    return;
  assert_same (activity, again);
  g_assert_false (again->has_unknown_members);
}

static void
assert_same_hash (const TocsinActivity *one, const TocsinActivity *other)
{
  guint8 first[TOCSIN_SHA256_BYTES], second[TOCSIN_SHA256_BYTES];

  tocsin_activity_content_hash (one, first);
  tocsin_activity_content_hash (other, second);
  g_assert_cmpmem (first, sizeof first, second, sizeof second);
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
      if (listed == NULL)
        return;
      assert_same (sent, listed);
      g_assert_cmpstr (listed->type, ==, sent->type);
      g_assert_cmpint (listed->reason, ==, sent->reason);
      g_assert_cmpint (listed->has_unknown_members, ==, sent->has_unknown_members);
      assert_same_hash (sent, listed);
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

  g_assert_true ((activity == NULL) == (error != NULL));
  check_listed (body, activity);
  if (activity == NULL)
    return;
  check_promises (activity);
  again = tocsin_activity_parse (body, NULL);
  assert_same (activity, again);
  assert_same_hash (activity, again);
  if (activity->kind == TOCSIN_ACTIVITY_ADD &&
      tocsin_activity_check_ownership (activity, NULL, NULL, NULL))
    check_round_trip (activity);
}
