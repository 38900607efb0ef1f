/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed-case.h"
#include "fed/given.h"
#include "fed/guards.h"
#include "fed/outbox-view.h"
#include "fed/relay.h"
#include "fed/sync-note.h"
#include "store/table-evidence.h"

/* How many of @n Adds at the case's time go live. */
static guint
offer (Case *c, TocsinPeerRecord *peer, guint n)
{
  guint live = 0;

  for (guint i = 0; i < n; i++)
    live += tocsin_guards_burst (peer, c->policy, c->now_us) ? 0 : 1;
  return live;
}

static void
test_burst (Case *c, gconstpointer data)
{
  static const struct
  {
    guint hours;  /* that pass before */
    guint synced; /* hours before the Adds, of a read to the end; 0: none */
    guint live;
  } vectors[] = {
    { 0, 0, 10 },                   /* never heard of: an hour's allowance */
    { 0, 0, 0 },      { 1, 0, 10 }, /* it comes back in an hour */
    { 10, 0, 100 },                 /* an outage of 10 hours */
    { 200, 0, 1680 },               /* a week at most */
    { 100, 2, 20 },                 /* it was heard meanwhile, and had nothing to say */
  };
  g_auto (TocsinPeerRecord) peer = { 0 };

  c->policy->burst_per_hour = 10;
  tocsin_peer_record_init (&peer, c->b);
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      c->now_us += vectors[i].hours * TOCSIN_HOUR_US;
      if (vectors[i].synced != 0)
        tocsin_guards_hear_out (&peer, c->policy, c->now_us - vectors[i].synced * TOCSIN_HOUR_US);
      g_assert_cmpuint (offer (c, &peer, 2000), ==, vectors[i].live);
      g_assert_cmpint (peer.inbound_open_until_us, ==, c->now_us + 24 * TOCSIN_HOUR_US);
    }
  tocsin_guards_reset (&peer);
  g_assert_cmpint (peer.inbound_open_until_us, ==, 0);
  g_assert_cmpuint (offer (c, &peer, 2000), ==, 10);
}

/* Readings that the peer breaks off after their beginning are signs of life too. */
static void
test_broken_off (Case *c, gconstpointer data)
{
  gint64 begin_us = c->now_us;
  g_auto (TocsinPeerRecord) peer = { 0 };

  c->policy->burst_per_hour = 1;
  for (; c->now_us < begin_us + 130 * TOCSIN_HOUR_US; c->now_us += 6 * TOCSIN_HOUR_US)
    {
      TocsinSyncNote note = { .policy = c->policy,
                              .actor = c->b,
                              .epoch = 1,
                              .items = -1,
                              .now_us = c->now_us,
                              .day_us = TOCSIN_DAY_US };

      write_ok (&c->f, tocsin_sync_note_write_begin, &note);
    }
  get_case_peer (c, c->b, &peer);
  g_assert_cmpuint (offer (c, &peer, 600), ==, 6);
}

static void
read_once (TocsinPeerRecord *peer)
{
  peer->first_batch = 1;
  peer->first_batch_done = TRUE;
}

static void
test_burst_admitted (Case *c, gconstpointer data)
{
  const Way relay = { .signer = "b.example" };
  const Way read = { .catch_up = TRUE };
  const Draft relayed = { .host = "d.example", .name = "relayed" };
  const Draft caught_up = { .name = "caught-up" };
  const Draft seen = { .name = "burst-1" };
  const Draft later = { .name = "later" };
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint live = 0, held = 0, busy = 0;
  guint64 count;

  c->policy->burst_per_hour = 5;
  /* b.example was heard an hour ago and is heard now: its allowance is 5 × h. */
  for (guint i = 0; i < 1200 && busy == 0; i++)
    {
      g_autofree char *name = g_strdup_printf ("burst-%u", i);
      Draft draft = { .name = name };
      int result = admit_draft (c, &draft, NULL);
      g_auto (TocsinReportRecord) record = { 0 };

      if (result == TOCSIN_ERROR_BUSY)
        {
          busy++;
          break;
        }
      g_assert_cmpint (result, ==, DONE);
      get_report (c, "b.example", name, &record);
      live += record.state == TOCSIN_STATE_LIVE ? 1 : 0;
      held += record.hold == TOCSIN_HOLD_BURST ? 1 : 0;
    }
  g_assert_cmpuint (live, >=, 5);
  g_assert_cmpuint (live, <=, 5 * 168);
  g_assert_cmpuint (held, ==, 1);
  g_assert_cmpuint (busy, ==, 1);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_BURST, c->b, &count), !=, 0);
  g_assert_cmpuint (count, ==, 1);
  get_case_peer (c, c->b, &peer);
  g_assert_cmpint (peer.inbound_open_until_us, ==, c->now_us + 24 * TOCSIN_HOUR_US);
  /* For this signer it is open, whatever it brings; what we read ourselves is taken, held. */
  g_assert_cmpint (admit_draft (c, &relayed, &relay), ==, TOCSIN_ERROR_BUSY);
  g_assert_cmpint (admit_draft (c, &caught_up, &read), ==, DONE);
  assert_report (c, "b.example", "caught-up", TOCSIN_STATE_HELD, TOCSIN_HOLD_BURST);
  open_line (c, TOCSIN_REVIEW_BURST, c->b, &count);
  g_assert_cmpuint (count, ==, 2);
  g_assert_cmpint (
      admit (c, remove_bytes ("b.example", "burst-0", c->now_us, TOCSIN_REASON_ERROR), NULL), ==,
      DONE);
  c->now_us += 25 * TOCSIN_HOUR_US;
  /* What was seen changes nothing, and so tells of nothing. */
  g_assert_cmpint (admit_draft (c, &seen, NULL), ==, DROPPED);
  g_assert_cmpint (c->breaker, ==, TOCSIN_INBOUND_SAME);
  g_assert_cmpint (admit_draft (c, &later, NULL), ==, DONE);
  g_assert_cmpint (c->breaker, ==, TOCSIN_INBOUND_CLOSED);
  assert_report (c, "b.example", "later", TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE);
  get_case_peer (c, c->b, &peer);
  g_assert_cmpint (peer.inbound_open_until_us, ==, 0);
}

/* A peer that lets itself be heard, but by no report, does not save up what is for the silent. */
static void
test_not_silent (Case *c, gconstpointer data)
{
  const Way read = { .catch_up = TRUE };
  guint live = 0;

  c->policy->burst_per_hour = 1;
  edit_peer (c, c->b, read_once);
  for (guint i = 0; i < 130; i++)
    {
      g_autofree char *name = g_strdup_printf ("never-%u", i);

      g_assert_cmpint (
          admit (c, remove_bytes ("b.example", name, c->now_us, TOCSIN_REASON_ERROR), NULL), ==,
          DONE);
      c->now_us += TOCSIN_HOUR_US;
    }
  for (guint i = 0; i < 600; i++)
    {
      g_autofree char *name = g_strdup_printf ("r-%u", i);
      Draft draft = { .name = name };
      g_auto (TocsinReportRecord) record = { 0 };

      g_assert_cmpint (admit_draft (c, &draft, &read), ==, DONE);
      get_report (c, "b.example", name, &record);
      live += record.state == TOCSIN_STATE_LIVE ? 1 : 0;
    }
  g_assert_cmpuint (live, ==, 1);
}

/* --time-scale divides what a guard waits for. */
static void
test_scaled (Case *c, gconstpointer data)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  c->policy->burst_per_hour = 10;
  c->policy->time_scale = 3600;
  tocsin_peer_record_init (&peer, c->b);
  g_assert_cmpuint (offer (c, &peer, 20), ==, 10);
  g_assert_cmpint (peer.inbound_open_until_us, ==, c->now_us + 24 * TOCSIN_SECOND_US);
  c->now_us += TOCSIN_SECOND_US;
  g_assert_cmpuint (offer (c, &peer, 20), ==, 10);
  c->policy->time_scale = G_MAXUINT;
  c->now_us += TOCSIN_SECOND_US;
  g_assert_cmpuint (offer (c, &peer, 20), ==, 20);
}

static void
test_withdrawal (Case *c, gconstpointer data)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint live = 200;

  tocsin_peer_record_init (&peer, c->b);
  /* A fifth of 200 is 40; what people asked for is not counted. */
  for (guint i = 0; i < 100; i++)
    g_assert_false (tocsin_guards_withdrawal (&peer, c->policy, 1000, TRUE, c->now_us));
  for (guint i = 0; i < 40; i++)
    g_assert_false (tocsin_guards_withdrawal (&peer, c->policy, live--, FALSE, c->now_us));
  g_assert_true (tocsin_guards_withdrawal (&peer, c->policy, live, FALSE, c->now_us));
  /* The hundred of the day are used up. */
  g_assert_true (tocsin_guards_withdrawal (&peer, c->policy, live, TRUE, c->now_us));
  c->now_us += 25 * TOCSIN_HOUR_US;
  g_assert_false (tocsin_guards_withdrawal (&peer, c->policy, live, FALSE, c->now_us));
  g_assert_false (tocsin_guards_withdrawal (&peer, c->policy, live, TRUE, c->now_us));
}

typedef struct
{
  guint32 actor;
  guint agreed;
  guint contradicted;
} Said;

static gboolean
write_said (TocsinTxn *txn, gpointer data, GError **error)
{
  const Said *said = data;

  for (guint i = 0; i < said->agreed; i++)
    tocsin_guards_contradicted (txn, said->actor, FALSE, NOON);
  for (guint i = 0; i < said->contradicted; i++)
    tocsin_guards_contradicted (txn, said->actor, TRUE, NOON);
  return TRUE;
}

static void
test_contradiction (Case *c, gconstpointer data)
{
  Said few = { c->b, 194, 6 };
  Said one_more = { c->b, 0, 1 };
  Said many = { c->d, 0, 50 };
  g_auto (TocsinPeerRecord) peer = { 0 };

  write_ok (&c->f, write_said, &few);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_CONTRADICTION, c->b, NULL), ==, 0);
  write_ok (&c->f, write_said, &one_more);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_CONTRADICTION, c->b, NULL), !=, 0);
  get_case_peer (c, c->b, &peer);
  g_assert_cmpint (peer.weights[TOCSIN_AREA_ANY], ==, 50);
  /* Nobody to whom the operator gave a weight: nothing to suggest. */
  write_ok (&c->f, write_said, &many);
  g_assert_cmpuint (open_line (c, TOCSIN_REVIEW_CONTRADICTION, c->d, NULL), ==, 0);
}

/* b.example and c.example speak of the same subjects; what b.example is credited with. */
static void
test_confirmed (Case *c, gconstpointer data)
{
  static const struct
  {
    Draft draft;
    const char *signer; /* where it is relayed */
    guint b, c;         /* confirmed so far */
  } rows[] = {
    { { .host = "b.example", .name = "1" }, NULL, 0, 0 },
    { { .host = "c.example", .name = "1" }, NULL, 1, 0 },
    { { .host = "c.example", .name = "once-more" }, NULL, 1, 0 },
    { { .host = "c.example", .name = "otherwise", .category = 2 }, NULL, 1, 0 },
    /* Heard through b.example, which has said it. */
    { { .host = "d.example", .name = "1" }, "b.example", 1, 0 },
    { { .host = "b.example", .name = "2", .value = "192.0.2.2" }, NULL, 1, 0 },
    { { .host = "c.example", .name = "2", .value = "192.0.2.2", .benign = TRUE }, NULL, 1, 0 },
    { { .host = "b.example", .name = "3", .value = "192.0.2.3", .benign = TRUE }, NULL, 1, 0 },
    { { .host = "c.example", .name = "3", .value = "192.0.2.3" }, NULL, 1, 0 },
    /* Both are held. */
    { { .host = "b.example", .name = "4", .value = "10.0.0.1" }, NULL, 1, 0 },
    { { .host = "c.example", .name = "4", .value = "10.0.0.1" }, NULL, 1, 0 },
    { { .host = "d.example", .name = "5", .value = "192.0.2.5" }, "b.example", 1, 0 },
    { { .host = "c.example", .name = "5", .value = "192.0.2.5" }, NULL, 2, 0 },
    /* About nothing that has the key. */
    { { .host = "c.example", .name = "6", .value = "192.0.2.6", .claimed = TOCSIN_SUBJECT_EMAIL },
      NULL,
      2,
      0 },
    { { .host = "b.example", .name = "6", .value = "192.0.2.6" }, NULL, 2, 0 },
    { { .host = "c.example", .name = "6-clear", .value = "192.0.2.6" }, NULL, 3, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      const Way way = { .signer = rows[i].signer };
      g_auto (TocsinPeerRecord) b = { 0 };
      g_auto (TocsinPeerRecord) other = { 0 };

      g_test_message ("%s %s", rows[i].draft.host, rows[i].draft.name);
      g_assert_cmpint (admit_draft (c, &rows[i].draft, rows[i].signer != NULL ? &way : NULL), ==,
                       DONE);
      get_case_peer (c, c->b, &b);
      get_case_peer (c, c->c, &other);
      g_assert_cmpfloat (b.reciprocity.confirmed, ==, rows[i].b);
      g_assert_cmpfloat (other.reciprocity.confirmed, ==, rows[i].c);
    }
}

/* What the operator says of 192.0.2.1. */
typedef struct
{
  const Case *c;
  const char *name;
  guint8 category; /* 0: it is allowed */
} Word;

static gboolean
write_word (TocsinTxn *txn, gpointer data, GError **error)
{
  const Word *word = data;
  g_auto (TocsinSubject) subject = { 0 };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_true (tocsin_subject_parse (&subject, TOCSIN_SUBJECT_IP, "192.0.2.1", NULL));
  record.key = tocsin_subject_key (&subject);
  if (word->category == 0)
    {
      tocsin_guards_overruled (txn, &record.key, TOCSIN_SUBJECT_IP, 0, NOON);
      return TRUE;
    }
  record.state = TOCSIN_STATE_LIVE;
  record.category = word->category;
  record.opinion = TOCSIN_OPINION_BENIGN;
  record.basis = TOCSIN_BASIS_FIRST_HAND;
  record.subject_type = record.key_type = TOCSIN_SUBJECT_IP;
  record.confidence = 100;
  record.id = g_strdup_printf ("https://a.example/reports/%s", word->name);
  record.end_us = record.evidence_end_us = NOON + TOCSIN_DAY_US;
  tocsin_guards_note_own (txn, word->c->policy, &record, NOON);
  tocsin_reports_put (txn, &record, NOON);
  return TRUE;
}

static void
test_overruled (Case *c, gconstpointer data)
{
  static const struct
  {
    const char *name;
    guint8 category;
    guint contradicted;
  } rows[] = {
    { "other category", 2, 0 }, { "benign", 1, 1 }, { "again", 1, 1 }, { "allowed", 0, 2 }
  };
  const Draft bad = { .name = "1" };
  const Draft good = { .host = "c.example", .benign = TRUE };

  g_assert_cmpint (admit_draft (c, &bad, NULL), ==, DONE);
  g_assert_cmpint (admit_draft (c, &good, NULL), ==, DONE);
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Word word = { .c = c, .name = rows[i].name, .category = rows[i].category };
      g_auto (TocsinPeerRecord) b = { 0 };
      g_auto (TocsinPeerRecord) other = { 0 };

      g_test_message ("%s", rows[i].name);
      write_ok (&c->f, write_word, &word);
      get_case_peer (c, c->b, &b);
      get_case_peer (c, c->c, &other);
      g_assert_cmpuint (b.contradictions.n, ==, 1 + rows[i].contradicted);
      g_assert_cmpuint (other.contradictions.n, ==, 1);
      g_assert_cmpfloat (tocsin_contradictions_ratio (&other.contradictions), ==, 0);
    }
}

static void
test_reciprocity (Case *c, gconstpointer data)
{
  g_auto (TocsinPeerRecord) peer = { 0 };

  tocsin_peer_record_init (&peer, c->b);
  g_assert_cmpfloat (tocsin_guards_ratio (&peer, NOON), ==, 1);
  for (guint i = 0; i < 501; i++)
    tocsin_guards_count_given (NULL, &peer, FALSE, NOON);
  g_assert_cmpuint (peer.given_total, ==, 501);
  g_assert_true (tocsin_guards_is_free_rider (&peer, NOON));
  g_assert_false (tocsin_guards_is_free_rider (&peer, NOON + TOCSIN_DAY_US));
  tocsin_guards_count_got (&peer, TRUE, NOON);
  tocsin_guards_count_got (&peer, FALSE, NOON);
  g_assert_cmpfloat (peer.reciprocity.got, ==, 2);
  g_assert_cmpfloat (peer.reciprocity.first, ==, 1);
}

static void
take_many (TocsinPeerRecord *peer)
{
  peer->reciprocity = (TocsinReciprocity){ .given = 499.5, .updated_us = NOON };
}

static gboolean
write_given (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;
  g_autoptr (GArray) sequences = g_array_new (FALSE, FALSE, sizeof (guint64));
  TocsinGiven given = {
    .policy = c->policy, .actor = c->c, .sequences = sequences, .now_us = NOON
  };

  for (guint64 i = 1; i <= 3; i++)
    g_array_append_val (sequences, i);
  if (!tocsin_given_write (txn, &given, error))
    return FALSE;
  return tocsin_given_write (txn, &given, error);
}

static gboolean
write_publish (TocsinTxn *txn, gpointer data, GError **error)
{
  static const TocsinOutboxKind kinds[] = { TOCSIN_OUTBOX_ADD, TOCSIN_OUTBOX_REMOVE,
                                            TOCSIN_OUTBOX_UPDATE };
  const Case *c = data;

  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      g_autofree char *id = g_strdup_printf ("https://a.example/activities/%" G_GSIZE_FORMAT, i);
      g_autoptr (GBytes) activity = g_bytes_new_static ("{}", 2);
      TocsinOutboxRecord entry = { .kind = kinds[i],
                                   .audience = TOCSIN_AUDIENCE_FOLLOWERS,
                                   .sharing = TOCSIN_SHARING_CLEAR,
                                   .created_us = NOON,
                                   .activity_id = id,
                                   .activity = activity };

      tocsin_relay_publish (txn, c->policy, &entry, 0, NOON);
    }
  return TRUE;
}

/* What it reads counts once; of the peer that it makes, the operator is told once; and what it has
 * is taken back all the same. */
static void
test_free_rider (Case *c, gconstpointer data)
{
  gboolean strict = GPOINTER_TO_INT (data);
  g_auto (TocsinPeerRecord) peer = { 0 };
  guint64 count;

  c->policy->free_rider_warns = c->policy->free_rider_pauses = strict;
  edit_peer (c, c->c, take_many);
  write_ok (&c->f, write_given, c);
  get_case_peer (c, c->c, &peer);
  g_assert_cmpuint (peer.given_total, ==, 3);
  g_assert_cmpuint (peer.delivered_sequence, ==, 3);
  g_assert_true (tocsin_guards_is_free_rider (&peer, NOON));
  g_assert_true ((open_line (c, TOCSIN_REVIEW_FREE_RIDER, c->c, &count) != 0) == strict);
  g_assert_cmpuint (count, ==, strict ? 1 : 0);
  write_ok (&c->f, write_publish, c);
  g_assert_cmpuint (queued_for (c, c->c), ==, strict ? 2 : 3);
  {
    g_autoptr (TocsinReading) txn = case_read (c);
    TocsinViewer viewer = tocsin_viewer_for (txn, c->policy, "https://c.example/actor", NULL, NOON);

    g_assert_cmpint (viewer.kind, ==, TOCSIN_VIEWER_READER);
    g_assert_true (viewer.removes_only == strict);
  }
}

static gboolean
accept_held (TocsinTxn *txn, gpointer data, GError **error)
{
  const TocsinReportRecord *record = data;

  g_assert_true (
      tocsin_reports_set_state (txn, record->number, TOCSIN_STATE_LIVE, TOCSIN_HOLD_NONE, NOON));
  return TRUE;
}

/* How many reports about @key a verdict goes by. */
static guint
count_counted (Case *c, const TocsinSubjectKey *key)
{
  g_autoptr (TocsinReading) txn = case_read (c);
  g_auto (TocsinEvidenceBuffer) buffer = { 0 };
  const TocsinEvidence *rows;
  gsize n = tocsin_evidence_read (txn, key, &buffer, &rows);
  guint counted = 0;

  for (gsize i = 0; i < n; i++)
    counted += (rows[i].flags & TOCSIN_EVIDENCE_HELD) == 0;
  return counted;
}

/* What counts makes no room for what is held for a new key, however much of it comes; what is
 * accepted counts beside it. */
static void
test_held_for_key (Case *c, gconstpointer data)
{
  const Way changed = { .other_key = TRUE };
  const Draft live = { .name = "live" };
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_cmpint (admit_draft (c, &live, NULL), ==, DONE);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *name = g_strdup_printf ("held-%u", i);
      Draft held = { .name = name, .published_us = T0 + (gint64) (i + 1) * TOCSIN_MINUTE_US };

      g_assert_cmpint (admit_draft (c, &held, &changed), ==, DONE);
    }
  get_report (c, "b.example", "held-0", &record);
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_HELD);
  g_assert_cmpuint (count_counted (c, &record.key), ==, 1);
  write_ok (&c->f, accept_held, &record);
  g_assert_cmpuint (count_counted (c, &record.key), ==, 2);
}

int
main (int argc, char **argv)
{
  static const CaseTest tests[] = {
    { "/guards/burst", test_burst },
    { "/guards/broken-off", test_broken_off },
    { "/guards/admitted", test_burst_admitted },
    { "/guards/not-silent", test_not_silent },
    { "/guards/scaled", test_scaled },
    { "/guards/withdrawal", test_withdrawal },
    { "/guards/contradiction", test_contradiction },
    { "/guards/confirmed", test_confirmed },
    { "/guards/overruled", test_overruled },
    { "/guards/free-rider/show", test_free_rider, FALSE },
    { "/guards/free-rider/pause", test_free_rider, TRUE },
    { "/guards/held-for-key", test_held_for_key },
    { "/guards/reciprocity", test_reciprocity },
  };

  return case_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
