/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "core/limits.h"
#include "fed-case.h"
#include "fed/sync-page.h"
#include "fed/withdrawal.h"
#include "store/table-allow.h"
#include "store/table-changes.h"
#include "store/table-outbox.h"
#include "store/table-seen.h"

#define MINUTE TOCSIN_MINUTE_US

/* ---- who may send what ---- */

static void
block_it (TocsinPeerRecord *peer)
{
  peer->blocked = TRUE;
}

static void
other_version (TocsinPeerRecord *peer)
{
  peer->version_hold = TRUE;
}

static void
not_accepted (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_PENDING;
}

static void
no_weight (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_ACCEPTED;
  peer->weights[TOCSIN_AREA_ANY] = 0;
}

static void
asks_to_follow (TocsinPeerRecord *peer)
{
  peer->following = TOCSIN_FOLLOWING_NONE;
  peer->weights[TOCSIN_AREA_ANY] = 50;
  peer->follower = TOCSIN_FOLLOWER_PENDING;
}

static void
reads_us (TocsinPeerRecord *peer)
{
  peer->follower = TOCSIN_FOLLOWER_READER;
}

static void
other_software (TocsinPeerRecord *peer)
{
  peer->had_protocol_version = FALSE;
}

static void
test_signers (Case *c, gconstpointer data)
{
  static const struct
  {
    const char *name;
    const char *author;
    Way way;
    void (*change) (TocsinPeerRecord *peer); /* of b.example, from here on until the next */
    int result;
  } vectors[] = {
    { "stranger", "z.example", { 0 }, NULL, TOCSIN_ERROR_NOT_A_PEER },
    { "indirect itself", "d.example", { 0 }, NULL, TOCSIN_ERROR_NOT_A_PEER },
    { "stranger as relay", "d.example", { .signer = "z.example" }, NULL, TOCSIN_ERROR_NOT_A_PEER },
    { "relay of nobody", "z.example", { .signer = "b.example" }, NULL, DROPPED },
    { "relay unproven",
      "d.example",
      { .signer = "b.example", .unproven = TRUE },
      NULL,
      TOCSIN_ERROR_FORBIDDEN },
    { "relay", "d.example", { .signer = "b.example" }, NULL, DONE },
    { "unproven", "b.example", { .unproven = TRUE }, NULL, TOCSIN_ERROR_FORBIDDEN },
    { "proven", "b.example", { 0 }, NULL, DONE },
    { "unproven software", "b.example", { .unproven = TRUE }, other_software, DONE },
    { "other version", "b.example", { 0 }, other_version, TOCSIN_ERROR_REFUSED },
    { "not accepted", "b.example", { 0 }, not_accepted, TOCSIN_ERROR_NOT_A_PEER },
    { "no weight", "b.example", { 0 }, no_weight, TOCSIN_ERROR_NOT_A_PEER },
    { "asks to follow", "b.example", { 0 }, asks_to_follow, TOCSIN_ERROR_NOT_A_PEER },
    { "reads us", "b.example", { 0 }, reads_us, TOCSIN_ERROR_NOT_A_PEER },
    { "blocked", "b.example", { 0 }, block_it, TOCSIN_ERROR_REFUSED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *name = g_strdup_printf ("report-%u", i);
      Draft draft = { .host = vectors[i].author, .name = name };

      g_test_message ("%s", vectors[i].name);
      if (vectors[i].change != NULL)
        edit_peer (c, c->b, vectors[i].change);
      g_assert_cmpint (admit_draft (c, &draft, &vectors[i].way), ==, vectors[i].result);
    }
}

/* Who has sent a proof is not told that there is none. */
static void
test_unverifiable (Case *c, gconstpointer data)
{
  const Draft draft = { 0 };
  g_autoptr (GBytes) bytes = draft_bytes (&draft);
  g_autofree char *odd = g_strdup_printf ("{\"x\":1.5,%.*s", (int) g_bytes_get_size (bytes) - 1,
                                          (const char *) g_bytes_get_data (bytes, NULL) + 1);
  g_autoptr (GBytes) body = g_bytes_new (odd, strlen (odd));
  g_autoptr (GError) error = NULL;
  TocsinActivity *activity = tocsin_activity_parse (body, &error);
  g_autoptr (TocsinAdmission) admission = tocsin_admission_new (
      activity, "https://b.example/actor", TOCSIN_ARRIVAL_PUSH, c->policy, c->now_us);

  g_assert_false (tocsin_store_write (c->f.store, tocsin_admission_write, admission, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_FORBIDDEN);
  g_assert_nonnull (strstr (error->message, "a number in it is not an integer"));
}

/* ---- times, kinds, subjects ---- */

static void
test_contents (Case *c, gconstpointer data)
{
  static const struct
  {
    Draft draft;
    int result;
    TocsinReportState state;
    TocsinHold hold;
  } vectors[] = {
    { { .name = "documentation" }, DONE, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE },
    { { .name = "public", .value = "8.8.8.8" }, DONE, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE },
    { { .name = "private", .value = "10.1.2.3" }, DONE, TOCSIN_STATE_HELD, TOCSIN_HOLD_SUBJECT },
    { { .name = "us", .type = TOCSIN_SUBJECT_DOMAIN, .value = "a.example" },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "peer", .type = TOCSIN_SUBJECT_URL, .value = "https://c.example/x" },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "peer-http", .type = TOCSIN_SUBJECT_URL, .value = "http://c.example/x" },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "peer-port", .type = TOCSIN_SUBJECT_URL, .value = "https://c.example:8443/" },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "hidden-peer",
        .type = TOCSIN_SUBJECT_URL,
        .value = "http://c.example/",
        .digest = TRUE },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "hidden-above",
        .type = TOCSIN_SUBJECT_URL,
        .value = "https://above.example",
        .digest = TRUE },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "claimed-peer",
        .type = TOCSIN_SUBJECT_DOMAIN,
        .value = "c.example",
        .claimed = TOCSIN_SUBJECT_EMAIL },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "claimed-actor",
        .type = TOCSIN_SUBJECT_ACTOR,
        .value = "https://c.example/actor",
        .claimed = TOCSIN_SUBJECT_USERNAME },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "claimed-other",
        .type = TOCSIN_SUBJECT_DOMAIN,
        .value = "bad.example",
        .claimed = TOCSIN_SUBJECT_EMAIL },
      DONE,
      TOCSIN_STATE_LIVE,
      TOCSIN_HOLD_NONE },
    { { .name = "hidden-other",
        .type = TOCSIN_SUBJECT_URL,
        .value = "https://bad.example/",
        .digest = TRUE },
      DONE,
      TOCSIN_STATE_LIVE,
      TOCSIN_HOLD_NONE },
    { { .name = "above-peer", .type = TOCSIN_SUBJECT_DOMAIN, .value = "above.example" },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "beside-peer", .type = TOCSIN_SUBJECT_DOMAIN, .value = "bove.example" },
      DONE,
      TOCSIN_STATE_LIVE,
      TOCSIN_HOLD_NONE },
    { { .name = "below-peer", .type = TOCSIN_SUBJECT_DOMAIN, .value = "x.c.example" },
      DONE,
      TOCSIN_STATE_LIVE,
      TOCSIN_HOLD_NONE },
    { { .name = "peer-actor", .type = TOCSIN_SUBJECT_ACTOR, .value = "https://c.example/actor" },
      DONE,
      TOCSIN_STATE_HELD,
      TOCSIN_HOLD_SUBJECT },
    { { .name = "other-domain", .type = TOCSIN_SUBJECT_DOMAIN, .value = "bad.example" },
      DONE,
      TOCSIN_STATE_LIVE,
      TOCSIN_HOLD_NONE },
    { { .name = "future", .updated_us = NOON + 61 * TOCSIN_MINUTE_US }, TOCSIN_ERROR_FUTURE, 0, 0 },
    { { .name = "near-future", .updated_us = NOON + 59 * TOCSIN_MINUTE_US },
      DONE,
      TOCSIN_STATE_LIVE,
      TOCSIN_HOLD_NONE },
    { { .name = "old", .published_us = T0 - 401 * TOCSIN_DAY_US }, TOCSIN_ERROR_STALE, 0, 0 },
    { { .name = "clear-person", .sharing_set = TRUE, .sharing = TOCSIN_SHARING_CLEAR },
      TOCSIN_ERROR_UNPROCESSABLE,
      0,
      0 },
  };

  tocsin_protected_add_host (c->policy->protected, "https://node.above.example/actor");
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_test_message ("%s", vectors[i].draft.name);
      g_assert_cmpint (admit_draft (c, &vectors[i].draft, NULL), ==, vectors[i].result);
      if (vectors[i].result == DONE)
        assert_report (c, "b.example", vectors[i].draft.name, vectors[i].state, vectors[i].hold);
    }
}

static void
test_unknown_category (Case *c, gconstpointer data)
{
  const Draft draft = { .category = TOCSIN_CATEGORY_OTHER, .slug = "https://x.example/odd" };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
  get_report (c, "b.example", "r1", &record);
  g_assert_cmpuint (record.category, ==, TOCSIN_CATEGORY_OTHER);
  g_assert_cmpstr (record.category_text, ==, "https://x.example/odd");
}

/* An old report may still be read from its reporter's outbox, and not from another's; what has
 * ended counts for nothing. */
static void
test_ended (Case *c, gconstpointer data)
{
  const Draft draft = { .published_us = T0 - 401 * TOCSIN_DAY_US,
                        .end_us = T0 - 300 * TOCSIN_DAY_US };
  const Draft relayed = { .host = "d.example",
                          .published_us = T0 - 401 * TOCSIN_DAY_US,
                          .end_us = T0 + 300 * TOCSIN_DAY_US };
  const Way read = { .catch_up = TRUE };
  const Way read_relay = { .signer = "b.example", .catch_up = TRUE };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &draft, &read), ==, DONE);
  get_report (c, "b.example", "r1", &record);
  g_assert_cmpint (record.evidence_end_us, <, c->now_us);
  g_assert_cmpint (admit_draft (c, &relayed, &read_relay), ==, TOCSIN_ERROR_STALE);
}

/* ---- relay ---- */

static void
test_forwarding (Case *c, gconstpointer data)
{
  static const struct
  {
    Draft draft;
    Way way;
    guint queued; /* for c.example, which reads us */
  } vectors[] = {
    { { .name = "green" }, { 0 }, 1 },
    { { .name = "amber", .sharing_set = TRUE, .sharing = TOCSIN_SHARING_AMBER }, { 0 }, 0 },
    { { .name = "relayed", .host = "d.example" }, { .signer = "b.example" }, 1 },
    { { .name = "back", .host = "d.example" }, { .signer = "c.example" }, 0 },
    { { .name = "own", .host = "c.example" }, { 0 }, 0 },
    { { .name = "members", .member = "somethingNew" }, { 0 }, 0 },
    { { .name = "held", .value = "10.0.0.1" }, { 0 }, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      guint64 before = queued_for (c, c->c);

      g_test_message ("%s", vectors[i].draft.name);
      g_assert_cmpint (admit_draft (c, &vectors[i].draft, &vectors[i].way), ==, DONE);
      g_assert_cmpuint (queued_for (c, c->c) - before, ==, vectors[i].queued);
      g_assert_cmpuint (queued_for (c, c->b), ==, 0);
    }
}

static void
attempt_all (Case *c)
{
  /* Nothing is cancelled once it was tried. */
  g_autoptr (TocsinReading) txn = case_read (c);
  TocsinQueueEntry entry;

  g_assert_true (tocsin_queue_next (txn, c->c, &entry));
  g_assert_cmpuint (entry.attempts, ==, 0);
}

static void
test_remove_of_forwarded (Case *c, gconstpointer data)
{
  const Draft one = { .name = "one" };

  admit_draft (c, &one, NULL);
  g_assert_cmpuint (queued_for (c, c->c), ==, 1);
  attempt_all (c);
  g_assert_cmpint (admit (c, remove_bytes ("b.example", "one", NOON, TOCSIN_REASON_APPEAL), NULL),
                   ==, DONE);
  /* Neither was delivered, so both cancel out. */
  g_assert_cmpuint (queued_for (c, c->c), ==, 0);
  assert_report (c, "b.example", "one", TOCSIN_STATE_WITHDRAWN, TOCSIN_HOLD_NONE);
}

static void
test_leak (Case *c, gconstpointer data)
{
  const Draft amber = { .host = "d.example", .sharing_set = TRUE, .sharing = TOCSIN_SHARING_AMBER };
  const Way relay = { .signer = "b.example" };
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &amber, &relay), ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpint (admit_draft (c, &amber, &relay), ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_LEAK, c->b, NULL), !=, 0);
  get_case_peer (c, c->b, &peer);
  g_assert_true (peer.leaked);
  get_report (c, "d.example", "r1", &record);
  g_assert_null (record.id);
}

/* What its actor sent us too, as it does to whoever may have it. */
static void
test_leak_of_seen (Case *c, gconstpointer data)
{
  const Draft amber = { .host = "c.example", .sharing_set = TRUE, .sharing = TOCSIN_SHARING_AMBER };
  const Way relay = { .signer = "b.example" };
  const Way unproven = { .signer = "b.example", .unproven = TRUE };

  g_assert_cmpint (admit_draft (c, &amber, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &amber, &unproven), ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_LEAK, c->b, NULL), ==, 0);
  g_assert_cmpint (admit_draft (c, &amber, &relay), ==, TOCSIN_ERROR_FORBIDDEN);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_LEAK, c->b, NULL), !=, 0);
  assert_report (c, "c.example", "r1", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

/* A relay cannot leave tombstones of somebody whom nobody believes. */
static void
test_remove_by_nobody (Case *c, gconstpointer data)
{
  const Way relay = { .signer = "b.example" };
  TocsinTombstone tombstone;
  TocsinActorCounts counts;

  g_assert_cmpint (admit (c, remove_bytes ("z.example", "r1", NOON, TOCSIN_REASON_ERROR), &relay),
                   ==, DROPPED);
  {
    g_autoptr (TocsinReading) txn = case_read (c);
    guint32 z;

    g_assert_false (tocsin_actors_find (txn, "https://z.example/actor", &z));
    g_assert_false (tocsin_tombstones_get (txn, c->d, "https://d.example/reports/r1", &tombstone));
    tocsin_reports_counts (txn, c->b, &counts);
    g_assert_cmpuint (counts.tombstones, ==, 0);
  }
}

/* ---- guards ---- */

static void
test_quota (Case *c, gconstpointer data)
{
  const Draft draft = { .host = "d.example", .name = "more" };
  const Draft again = {
    .host = "d.example", .name = "more", .activity = "again", .updated_us = T0 + MINUTE
  };
  const Way relay = { .signer = "b.example" };
  g_auto (TocsinReportRecord) record = { 0 };
  TocsinTombstone tombstone;

  write_ok (&c->f, write_tombstones, c);
  g_assert_cmpint (admit_draft (c, &draft, &relay), ==, DONE);
  get_report (c, "d.example", "more", &record);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_REFUSED);
  g_assert_null (record.value);
  g_assert_null (record.activity);
  g_assert_cmpint (admit_draft (c, &again, &relay), ==, DONE);
  assert_report (c, "d.example", "more", TOCSIN_STATE_REFUSED, TOCSIN_HOLD_NONE);
  /* Made-up Removes do not grow it either. */
  g_assert_cmpint (
      admit (c, remove_bytes ("d.example", "never", NOON, TOCSIN_REASON_ERROR), &relay), ==,
      DROPPED);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_false (
        tocsin_tombstones_get (txn, c->d, "https://d.example/reports/never", &tombstone));
  }
}

static gboolean
write_refused (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;

  for (guint i = 0; i < QUOTA; i++)
    {
      g_auto (TocsinReportRecord) record = {
        .actor = c->d,
        .via = c->b,
        .state = TOCSIN_STATE_REFUSED,
        .category = 1,
        .subject_type = TOCSIN_SUBJECT_IP,
        .key_type = TOCSIN_SUBJECT_IP,
        .updated_us = T0,
        .end_us = NOON + TOCSIN_DAY_US,
      };

      record.id = g_strdup_printf ("https://d.example/reports/refused-%u", i);
      tocsin_reports_put (txn, &record, NOON);
    }
  return TRUE;
}

/* Of what is past the quota ids are kept, and of these no more than a quota. */
static void
test_refused (Case *c, gconstpointer data)
{
  const Draft draft = { .host = "d.example", .name = "more" };
  const Draft again = { .host = "d.example", .name = "more", .activity = "again" };
  const Way relay = { .signer = "b.example" };
  guint64 number;

  write_ok (&c->f, write_tombstones, c);
  write_ok (&c->f, write_refused, c);
  g_assert_cmpint (admit_draft (c, &draft, &relay), ==, DROPPED);
  g_assert_cmpint (admit_draft (c, &again, &relay), ==, DROPPED);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    g_assert_false (tocsin_reports_find (txn, c->d, "https://d.example/reports/more", &number));
    g_assert_false (tocsin_seen_knows (txn, "https://d.example/activities/again"));
  }
}

/* A direct peer has the quota of one before trust in it has been worked out. */
static void
test_quota_before_trust (Case *c, gconstpointer data)
{
  const TocsinTrustInput nobody = { 0 };
  const Case as_peer = { .d = c->b };
  const Draft draft = { .name = "early" };

  write_ok (&c->f, write_tombstones, (gpointer) &as_peer);
  g_clear_pointer (&c->policy->trust, tocsin_trust_snapshot_unref);
  c->policy->trust = tocsin_trust_snapshot_new (&nobody, 1, 1);
  g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
  assert_report (c, "b.example", "early", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

typedef struct
{
  Case *c;
  gboolean apply;
} Settling;

static gboolean
write_settle (TocsinTxn *txn, gpointer data, GError **error)
{
  const Settling *settling = data;
  TocsinHeldPart part = { .until_us = settling->c->now_us };
  guint64 after = 0;

  do
    after = tocsin_withdrawal_settle (txn, settling->c->policy, settling->c->b, settling->apply,
                                      &part, after, settling->c->now_us);
  while (after != 0);
  return TRUE;
}

static guint
count_in_state (Case *c, TocsinReportState state)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  TocsinActorCounts counts;

  tocsin_reports_counts (txn, c->b, &counts);
  return counts.by_state[state];
}

static void
test_mass_withdrawal (Case *c, gconstpointer data)
{
  gboolean apply = GPOINTER_TO_INT (data);
  Settling settling = { c, apply };
  guint64 count;

  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);
      g_autofree char *address = g_strdup_printf ("192.0.2.%u", i);
      Draft draft = { .name = name, .value = address };

      g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
    }
  for (guint i = 0; i < 25; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);

      g_assert_cmpint (
          admit (c, remove_bytes ("b.example", name, c->now_us, TOCSIN_REASON_ERROR), NULL), ==,
          DONE);
    }
  /* 20 go at once; from the 21st it is more than 20, and more than a fifth. */
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_WITHDRAWN), ==, 20);
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_LIVE), ==, 40);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_WITHDRAWAL, c->b, &count), !=, 0);
  g_assert_cmpuint (count, ==, 5);
  /* Who asks to be erased does not wait. */
  g_assert_cmpint (
      admit (c, remove_bytes ("b.example", "r-59", c->now_us, TOCSIN_REASON_ERASED), NULL), ==,
      DONE);
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_WITHDRAWN), ==, 21);
  write_ok (&c->f, write_settle, &settling);
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_WITHDRAWN), ==, apply ? 26 : 21);
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_LIVE), ==, apply ? 34 : 39);
}

/* Whose newer reports of the same stand takes back nothing that counts. */
static void
test_replaced_withdrawal (Case *c, gconstpointer data)
{
  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);
      Draft draft = { .name = name };

      g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
    }
  for (guint i = 0; i < 56; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);

      g_assert_cmpint (
          admit (c, remove_bytes ("b.example", name, c->now_us, TOCSIN_REASON_OTHER), NULL), ==,
          DONE);
    }
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_WITHDRAWN), ==, 56);
  g_assert_cmpuint (count_in_state (c, TOCSIN_STATE_LIVE), ==, 4);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_WITHDRAWAL, c->b, NULL), ==, 0);
}

static void
test_key_changed (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  const Draft first = { .name = "first" };
  const Draft second = { .name = "second" };
  const Draft relayed = { .host = "d.example", .name = "relayed" };
  const Way relay = { .signer = "b.example" };
  g_auto (TocsinPeerRecord) peer = { 0 };

  g_assert_cmpint (admit_draft (c, &first, &changed), ==, DONE);
  assert_report (c, "b.example", "first", TOCSIN_STATE_HELD, TOCSIN_HOLD_KEY);
  get_case_peer (c, c->b, &peer);
  g_assert_true (peer.key_hold);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_KEY_CHANGE, c->b, NULL), !=, 0);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_HELD, c->b, NULL), ==, 0);
  /* From now on all of it is held, but not what others proved. */
  g_assert_cmpint (admit_draft (c, &second, NULL), ==, DONE);
  assert_report (c, "b.example", "second", TOCSIN_STATE_HELD, TOCSIN_HOLD_KEY);
  g_assert_cmpint (admit_draft (c, &relayed, &relay), ==, DONE);
  assert_report (c, "d.example", "relayed", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

static void
pin_other (TocsinPeerRecord *peer)
{
  const TocsinPeerKey key = {
    .confirmed = TRUE, .since_us = T0, .id = g_strdup ("#other"), .multibase = g_strdup (OTHER_KEY)
  };

  g_array_append_val (peer->keys, key);
}

/* The Update that names its key may be written while a report waits to be. */
static void
test_key_named_meanwhile (Case *c, gconstpointer data)
{
  const Way by_other = { .other_key = TRUE };
  const Draft draft = { .name = "first" };
  g_auto (TocsinPeerRecord) peer = { 0 };

  edit_peer (c, c->b, pin_other);
  g_assert_cmpint (admit_draft (c, &draft, &by_other), ==, DONE);
  assert_report (c, "b.example", "first", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  get_case_peer (c, c->b, &peer);
  g_assert_false (peer.key_hold);
}

/* What a relay brings before the peer's own Update: neither held nor seen. */
static void
test_key_changed_relayed (Case *c, gconstpointer data)
{
  const Way relay = { .signer = "b.example", .other_key = TRUE };
  const Draft ahead = { .host = "c.example", .name = "ahead" };
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &ahead, &relay), ==, DROPPED);
  get_report (c, "c.example", "ahead", &record);
  g_assert_null (record.id);
  get_case_peer (c, c->c, &peer);
  g_assert_false (peer.key_hold);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_KEY_CHANGE, c->c, NULL), ==, 0);
  g_assert_cmpint (admit_draft (c, &ahead, NULL), ==, DONE);
  assert_report (c, "c.example", "ahead", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

static gboolean
write_allow (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinSubject) subject = { 0 };
  TocsinAllowRecord record = { .created_us = T0, .reason = (char *) "ours" };

  const char *network = data;

  g_assert_true (tocsin_subject_parse (&subject,
                                       network != NULL ? TOCSIN_SUBJECT_NETWORK : TOCSIN_SUBJECT_IP,
                                       network != NULL ? network : "192.0.2.1", NULL));
  record.key = tocsin_subject_key (&subject);
  record.type = subject.key_type;
  record.value = subject.key_value;
  tocsin_allow_put (txn, &record);
  return TRUE;
}

static void
test_contradiction (Case *c, gconstpointer data)
{
  gboolean around = GPOINTER_TO_INT (data);

  write_ok (&c->f, write_allow, around ? (gpointer) "192.0.2.0/24" : NULL);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);
      Draft draft = { .name = name };

      g_assert_cmpint (admit_draft (c, &draft, NULL), ==, DONE);
    }
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_CONTRADICTION, c->b, NULL), !=, 0);
  assert_report (c, "b.example", "r-9", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
}

typedef struct
{
  guint named;
  guint many;
} Log;

static gboolean
take_change (const TocsinChange *change, gpointer data)
{
  Log *log = data;

  log->named += change->kind == TOCSIN_CHANGE_EVIDENCE ? 1 : 0;
  log->many += change->kind == TOCSIN_CHANGE_MANY ? 1 : 0;
  return TRUE;
}

/* Whoever follows what changes need not begin anew because an outbox was read. */
static void
test_outbox_is_named (Case *c, gconstpointer data)
{
  TocsinSyncPage *page;
  g_auto (TocsinPeerRecord) peer = { 0 };
  Log log = { 0 };

  get_case_peer (c, c->b, &peer);
  page = tocsin_sync_page_new (c->b, peer.following_since_us, 1);
  for (guint i = 0; i < 1020; i++)
    {
      g_autofree char *name = g_strdup_printf ("r%u", i);
      g_autofree char *value = g_strdup_printf ("198.51.%u.%u", 100 + i / 200, 1 + i % 200);
      const Draft draft = { .name = name, .value = value };
      g_autoptr (GBytes) body = draft_bytes (&draft);
      TocsinAdmission *admission =
          tocsin_admission_new (tocsin_activity_parse (body, NULL), "https://b.example/actor",
                                TOCSIN_ARRIVAL_CATCH_UP, c->policy, c->now_us);

      admission->proven = TRUE;
      admission->proof_key = g_strdup (PINNED_KEY);
      g_ptr_array_add (page->admissions, admission);
    }
  write_ok (&c->f, tocsin_sync_page_write, page);
  {
    g_autoptr (TocsinReading) txn = case_read (c);

    tocsin_changes_foreach (txn, 0, take_change, &log);
  }
  tocsin_sync_page_free (page);
  g_assert_cmpuint (log.many, ==, 0);
  g_assert_cmpuint (log.named, ==, 1020);
}

int
main (int argc, char **argv)
{
  static const CaseTest tests[] = {
    { "/admission/signers", test_signers },
    { "/admission/contents", test_contents },
    { "/admission/unknown-category", test_unknown_category },
    { "/admission/ended", test_ended },
    { "/admission/forwarding", test_forwarding },
    { "/admission/remove-of-forwarded", test_remove_of_forwarded },
    { "/admission/leak", test_leak },
    { "/admission/leak/of-seen", test_leak_of_seen },
    { "/admission/remove-by-nobody", test_remove_by_nobody },
    { "/admission/unverifiable", test_unverifiable },
    { "/admission/quota", test_quota },
    { "/admission/refused", test_refused },
    { "/admission/quota/before-trust", test_quota_before_trust },
    { "/admission/mass-withdrawal/applied", test_mass_withdrawal, TRUE },
    { "/admission/mass-withdrawal/disregarded", test_mass_withdrawal, FALSE },
    { "/admission/replaced-withdrawal", test_replaced_withdrawal },
    { "/admission/key-changed", test_key_changed },
    { "/admission/key-named-meanwhile", test_key_named_meanwhile },
    { "/admission/key-changed/relayed", test_key_changed_relayed },
    { "/admission/contradiction/exact", test_contradiction, FALSE },
    { "/admission/contradiction/around", test_contradiction, TRUE },
    { "/admission/outbox-is-named", test_outbox_is_named },
  };

  return case_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
