/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed-case.h"
#include "fed/guards.h"
#include "fed/sync-note.h"

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

static gboolean
write_confirmed (TocsinTxn *txn, gpointer data, GError **error)
{
  const Case *c = data;

  tocsin_guards_count_confirmed (txn, c->b, NOON);
  tocsin_guards_count_confirmed (txn, c->d, NOON);
  return TRUE;
}

static void
test_reciprocity (Case *c, gconstpointer data)
{
  g_auto (TocsinPeerRecord) peer = { 0 };
  g_auto (TocsinPeerRecord) stored = { 0 };

  tocsin_peer_record_init (&peer, c->b);
  g_assert_cmpfloat (tocsin_guards_ratio (&peer, NOON), ==, 1);
  for (guint i = 0; i < 501; i++)
    tocsin_guards_count_given (&peer, NOON);
  g_assert_cmpuint (peer.given_total, ==, 501);
  g_assert_true (tocsin_guards_is_free_rider (&peer, NOON));
  g_assert_false (tocsin_guards_is_free_rider (&peer, NOON + TOCSIN_DAY_US));
  tocsin_guards_count_got (&peer, TRUE, NOON);
  tocsin_guards_count_got (&peer, FALSE, NOON);
  g_assert_cmpfloat (peer.reciprocity.got, ==, 2);
  g_assert_cmpfloat (peer.reciprocity.first, ==, 1);
  write_ok (&c->f, write_confirmed, c);
  get_case_peer (c, c->b, &stored);
  g_assert_cmpfloat (stored.reciprocity.confirmed, ==, 1);
}

int
main (int argc, char **argv)
{
  static const CaseTest tests[] = {
    { "/guards/burst", test_burst },
    { "/guards/broken-off", test_broken_off },
    { "/guards/scaled", test_scaled },
    { "/guards/withdrawal", test_withdrawal },
    { "/guards/contradiction", test_contradiction },
    { "/guards/reciprocity", test_reciprocity },
  };

  return case_run (argc, argv, tests, G_N_ELEMENTS (tests));
}
