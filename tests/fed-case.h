/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

#include "codec/activity-build.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/uri.h"
#include "fed-peers.h"
#include "fed/admission.h"
#include "store-fixture.h"
#include "store/table-actors.h"
#include "store/table-peers.h"
#include "store/table-queue.h"
#include "store/table-reports.h"
#include "store/table-review.h"

/* What the writer thread sees of a node and its peers, without a network: a.example is this node,
 * b.example and c.example are followed with weight 50, d.example is trusted by b.example alone,
 * and c.example reads us; nobody knows z.example. */
typedef struct
{
  Fixture f;
  TocsinPolicy *policy; /* (owned) */
  gint64 now_us;
  guint32 b, c, d;
  TocsinInboundChange breaker; /* what the last admission did to its signer's */
} Case;

#define NOON  (T0 + 12 * TOCSIN_HOUR_US)
#define QUOTA 10000 /* of an actor that is no direct peer */

#define PINNED_KEY "z6Mk-pinned" /* of b.example and c.example */
#define OTHER_KEY  "z6Mk-other"

static inline char *
actor_at (const char *host)
{
  return g_strdup_printf ("https://%s/actor", host);
}

static inline guint32
case_intern (TocsinTxn *txn, const char *host)
{
  g_autofree char *uri = actor_at (host);
  guint32 number = tocsin_actors_intern (txn, uri, T0);
  g_auto (TocsinActorRecord) record = { 0 };

  if (!tocsin_actors_get (txn, number, &record))
    {
      record.uri = g_strdup (uri);
      record.number = number;
    }
  g_free (record.inbox);
  record.inbox = g_strdup_printf ("https://%s/inbox", host);
  record.fetched_us = T0;
  tocsin_actors_put (txn, &record);
  return number;
}

static inline void
case_pin (TocsinTxn *txn, guint32 actor)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  const TocsinPeerKey key = {
    .confirmed = TRUE, .since_us = T0, .id = g_strdup ("#key"), .multibase = g_strdup (PINNED_KEY)
  };

  tocsin_peers_get (txn, actor, &peer);
  peer.keys = tocsin_peer_keys_new ();
  g_array_append_val (peer.keys, key);
  tocsin_peers_put (txn, &peer);
}

static inline gboolean
case_write_actors (TocsinTxn *txn, gpointer data, GError **error)
{
  Case *c = data;

  tocsin_actors_set_local (txn, "https://a.example/actor", T0);
  c->b = case_intern (txn, "b.example");
  c->c = case_intern (txn, "c.example");
  c->d = case_intern (txn, "d.example");
  write_followed (txn, c->b, TOCSIN_FOLLOWER_NONE);
  write_followed (txn, c->c, TOCSIN_FOLLOWER_READER);
  case_pin (txn, c->b);
  case_pin (txn, c->c);
  return TRUE;
}

static inline void
case_set_up (Case *c, gconstpointer data)
{
  static const char *const hosts[] = { "a.example", "b.example", "c.example" };

  set_up (&c->f, NULL);
  write_ok (&c->f, case_write_actors, c);
  c->now_us = NOON;
  c->policy = tocsin_policy_new ();
  c->policy->host = g_strdup ("a.example");
  c->policy->actor = g_strdup ("https://a.example/actor");
  c->policy->burst_per_hour = 200;
  c->policy->trust = trust_in_three (c->b, c->c, c->d);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *uri = actor_at (hosts[i]);

      tocsin_protected_add_host (c->policy->protected, uri);
    }
}

static inline void
case_tear_down (Case *c, gconstpointer data)
{
  tocsin_policy_unref (c->policy);
  tear_down (&c->f, NULL);
}

static inline TocsinReading *
case_read (Case *c)
{
  return tocsin_reader_begin (tocsin_store_get_reader (c->f.store));
}

/**
 * Draft: an Add of a report. What is 0 or NULL gets a value that is in order.
 */
typedef struct
{
  const char *host;     /* whose it is; b.example */
  const char *name;     /* of the report; "r1" */
  const char *activity; /* name of the Add; "add-" and @name */
  TocsinSubjectType type;
  const char *value;
  gboolean digest;           /* in place of @value */
  TocsinSubjectType claimed; /* in place of @type, beside the digest of @value; 0: none */
  guint8 category;
  const char *slug; /* in place of the category's own */
  guint8 confidence;
  gboolean benign;
  gboolean sharing_set;
  TocsinSharing sharing;
  gint64 published_us;
  gint64 updated_us;
  gint64 end_us;
  const char *member; /* one that nobody knows, to be added */
} Draft;

static inline GBytes *
draft_bytes (const Draft *draft)
{
  const char *host = draft->host != NULL ? draft->host : "b.example";
  const char *name = draft->name != NULL ? draft->name : "r1";
  TocsinSubjectType type = draft->type != TOCSIN_SUBJECT_NONE ? draft->type : TOCSIN_SUBJECT_IP;
  const TocsinCategory *category =
      tocsin_category_by_id (draft->category != 0 ? draft->category : 1);
  gint64 published_us = draft->published_us != 0 ? draft->published_us : T0;
  g_autofree char *actor = actor_at (host);
  g_autofree char *target = g_strdup_printf ("https://%s/reports", host);
  g_autofree char *followers = g_strdup_printf ("https://%s/followers", host);
  g_autofree char *id = draft->activity != NULL
                            ? g_strdup_printf ("https://%s/activities/%s", host, draft->activity)
                            : g_strdup_printf ("https://%s/activities/add-%s", host, name);
  g_auto (TocsinReport) report = { 0 };
  g_autoptr (JsonObject) activity = NULL;
  g_autoptr (GError) error = NULL;
  TocsinActivityHead head = {
    .id = id, .actor = actor, .to = followers, .published_us = published_us
  };

  report.id = g_strdup_printf ("https://%s/reports/%s", host, name);
  report.attributed_to = g_strdup (actor);
  tocsin_subject_parse (&report.subject, type, draft->value != NULL ? draft->value : "192.0.2.1",
                        &error);
  g_assert_no_error (error);
  if (draft->digest || draft->claimed != TOCSIN_SUBJECT_NONE)
    g_clear_pointer (&report.subject.value, g_free);
  if (draft->claimed != TOCSIN_SUBJECT_NONE)
    type = report.subject.type = draft->claimed;
  report.category = category->id;
  report.category_text = g_strdup (draft->slug != NULL ? draft->slug : category->slug);
  report.confidence = draft->confidence != 0 ? draft->confidence : 100;
  report.opinion = draft->benign ? TOCSIN_OPINION_BENIGN : TOCSIN_OPINION_MALICIOUS;
  report.sharing = draft->sharing_set ? draft->sharing : TOCSIN_SHARING_GREEN;
  report.published_us = published_us;
  report.updated_us = draft->updated_us != 0 ? draft->updated_us : published_us;
  report.observed_us = report.last_observed_us = published_us - published_us % TOCSIN_HOUR_US;
  report.end_us = draft->end_us != 0
                      ? draft->end_us
                      : tocsin_report_default_end (category->id, type, report.last_observed_us);
  activity = tocsin_activity_build_add_report (&head, &report, target);
  if (draft->member != NULL)
    json_object_set_string_member (json_object_get_object_member (activity, "object"),
                                   draft->member, "x");
  return tocsin_activity_to_bytes (activity, &error);
}

static inline GBytes *
statement_in (TocsinArea area,
              const char *host,
              const char *name,
              const char *about,
              guint8 weight,
              gint64 updated_us,
              const char *activity_name)
{
  g_autofree char *actor = actor_at (host);
  g_autofree char *target = g_strdup_printf ("https://%s/trust", host);
  g_autofree char *followers = g_strdup_printf ("https://%s/followers", host);
  g_autofree char *id = g_strdup_printf ("https://%s/activities/%s", host, activity_name);
  g_auto (TocsinTrustStatement) statement = { 0 };
  TocsinActivityHead head = { .id = id, .actor = actor, .to = followers, .published_us = T0 };
  g_autoptr (JsonObject) activity = NULL;

  statement.id = g_strdup_printf ("https://%s/trust/%s", host, name);
  statement.attributed_to = g_strdup (actor);
  statement.about = actor_at (about);
  statement.area = area;
  statement.weight = weight;
  statement.published_us = MIN (T0, updated_us);
  statement.updated_us = updated_us;
  activity = tocsin_activity_build_add_statement (&head, &statement, target);
  return tocsin_activity_to_bytes (activity, NULL);
}

static inline GBytes *
statement_bytes (const char *host,
                 const char *name,
                 const char *about,
                 guint8 weight,
                 gint64 updated_us,
                 const char *activity_name)
{
  return statement_in (TOCSIN_AREA_ANY, host, name, about, weight, updated_us, activity_name);
}

static inline GBytes *
remove_bytes (const char *host, const char *name, gint64 published_us, TocsinRemoveReason reason)
{
  g_autofree char *actor = actor_at (host);
  g_autofree char *target = g_strdup_printf ("https://%s/reports", host);
  g_autofree char *followers = g_strdup_printf ("https://%s/followers", host);
  g_autofree char *id = g_strdup_printf ("https://%s/activities/remove-%s", host, name);
  g_autofree char *report = g_strdup_printf ("https://%s/reports/%s", host, name);
  TocsinActivityHead head = {
    .id = id, .actor = actor, .to = followers, .published_us = published_us
  };
  g_autoptr (JsonObject) activity = tocsin_activity_build_remove (&head, report, target, reason);

  return tocsin_activity_to_bytes (activity, NULL);
}

/* How something comes in; zeroed: by its own actor, proven. */
typedef struct
{
  const char *signer; /* host */
  gboolean catch_up;
  gboolean unproven;
  gboolean other_key; /* proven by one that is not pinned */
} Way;

#define DONE    (-1) /* stored */
#define DROPPED (-2) /* 202 without a trace of it */

/* @body: (transfer full). Returns DONE, DROPPED, or the code of the refusal. */
static inline int
admit (Case *c, GBytes *body, const Way *way)
{
  static const Way own = { 0 };
  g_autoptr (GBytes) owned = body;
  g_autoptr (GError) error = NULL;
  TocsinActivity *activity = tocsin_activity_parse (owned, &error);
  g_autoptr (TocsinAdmission) admission = NULL;
  g_autofree char *signer = NULL;
  TocsinArrival arrival;

  g_assert_no_error (error);
  way = way != NULL ? way : &own;
  signer = way->signer != NULL ? actor_at (way->signer) : g_strdup (activity->actor);
  arrival = way->catch_up                           ? TOCSIN_ARRIVAL_CATCH_UP
            : g_str_equal (signer, activity->actor) ? TOCSIN_ARRIVAL_PUSH
                                                    : TOCSIN_ARRIVAL_RELAY;
  admission = tocsin_admission_new (activity, signer, arrival, c->policy, c->now_us);
  admission->proven = !way->unproven;
  admission->proof_key = way->unproven ? NULL : g_strdup (way->other_key ? OTHER_KEY : PINNED_KEY);
  if (!tocsin_store_write (c->f.store, tocsin_admission_write, admission, &error))
    {
      g_assert_true (error->domain == TOCSIN_ERROR);
      return error->code;
    }
  c->breaker = admission->breaker;
  if (admission->refusal != NULL)
    return admission->refusal->code;
  return admission->stored ? DONE : DROPPED;
}

static inline int
admit_draft (Case *c, const Draft *draft, const Way *way)
{
  return admit (c, draft_bytes (draft), way);
}

/* The report NAME of @host; zero if there is none. */
static inline void
get_report (Case *c, const char *host, const char *name, TocsinReportRecord *out)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  g_autofree char *actor = actor_at (host);
  g_autofree char *id = g_strdup_printf ("https://%s/reports/%s", host, name);
  guint32 number;
  guint64 report;

  tocsin_report_record_clear (out);
  if (tocsin_actors_find (txn, actor, &number) && tocsin_reports_find (txn, number, id, &report))
    tocsin_reports_get (txn, report, out);
}

static inline void
assert_report (
    Case *c, const char *host, const char *name, TocsinReportState state, TocsinHold hold)
{
  g_auto (TocsinReportRecord) record = { 0 };

  get_report (c, host, name, &record);
  g_assert_nonnull (record.id);
  g_assert_cmpint (record.state, ==, state);
  g_assert_cmpint (record.hold, ==, hold);
}

/* The open line of a kind about an actor; 0 and *count 0 if there is none. */
typedef struct
{
  TocsinReviewKind kind;
  guint32 actor;
  guint64 first; /* 0: none */
  guint64 count; /* of reports that it stands for */
  guint n;       /* such lines */
} OpenLines;

static inline gboolean
take_open_line (const TocsinReviewRecord *line, gpointer data)
{
  OpenLines *lines = data;

  if (line->kind != lines->kind || line->actor != lines->actor)
    return TRUE;
  if (lines->n++ == 0)
    {
      lines->first = line->id;
      lines->count = line->count;
    }
  return TRUE;
}

static inline OpenLines
open_lines (Case *c, TocsinReviewKind kind, guint32 actor)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  OpenLines lines = { .kind = kind, .actor = actor };

  tocsin_review_foreach (txn, 0, TRUE, take_open_line, &lines);
  return lines;
}

static inline guint64
open_line (Case *c, TocsinReviewKind kind, guint32 actor, guint64 *count)
{
  OpenLines lines = open_lines (c, kind, actor);

  if (count != NULL)
    *count = lines.count;
  return lines.first;
}

static inline guint64
queued_for (Case *c, guint32 peer)
{
  g_autoptr (TocsinReading) txn = case_read (c);

  return tocsin_queue_count_of (txn, peer);
}

/* All that d.example may have taken back without a report of it being here. */
static inline gboolean
write_tombstones (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  const TocsinTombstone tombstone = { .removed_us = T0, .until_us = NOON + TOCSIN_DAY_US };

  for (guint i = 0; i < QUOTA; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://d.example/reports/gone-%u", i);

      tocsin_tombstones_put (txn, c->d, id, &tombstone);
    }
  return TRUE;
}

/* Changes the record of a peer. */
typedef struct
{
  guint32 actor;
  void (*change) (TocsinPeerRecord *peer);
} PeerEdit;

static inline gboolean
write_peer_edit (TocsinTxn *txn, gpointer data, GError **error)
{
  const PeerEdit *edit = data;
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peers_get (txn, edit->actor, &peer);
  edit->change (&peer);
  tocsin_peers_put (txn, &peer);
  return TRUE;
}

static inline void
edit_peer (Case *c, guint32 actor, void (*change) (TocsinPeerRecord *peer))
{
  PeerEdit edit = { actor, change };

  write_ok (&c->f, write_peer_edit, &edit);
}

static inline void
get_case_peer (Case *c, guint32 actor, TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = case_read (c);

  tocsin_peer_record_clear (out);
  tocsin_peers_get (txn, actor, out);
}

/* ---- main() ---- */

typedef struct
{
  const char *path;
  void (*test) (Case *c, gconstpointer data);
  int data;
} CaseTest;

/* Each in a case of its own, with its @data as a pointer. */
static inline int
case_run (int argc, char **argv, const CaseTest *tests, gsize n_tests)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < n_tests; i++)
    g_test_add (tests[i].path, Case, GINT_TO_POINTER (tests[i].data), case_set_up, tests[i].test,
                case_tear_down);
  return g_test_run ();
}
