/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "store-fixture.h"

#include "core/error.h"
#include "store/places.h"
#include "store/table-actors.h"
#include "store/table-changes.h"
#include "store/table-meta.h"
#include "store/table-peers.h"
#include "store/txn-private.h"

/* Who a peer is to us, and what follows from it. */
static const struct
{
  const char *name;
  TocsinFollowing following;
  TocsinFollower follower;
  gint8 weight; /* in one area; all others are unset */
  gboolean blocked;
  gboolean blocks_us;
  gboolean direct;
  gboolean is_follower;
} relations[] = {
  { "nobody", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_NONE, -1, FALSE, FALSE, FALSE, FALSE },
  { "asked", TOCSIN_FOLLOWING_PENDING, TOCSIN_FOLLOWER_NONE, 50, FALSE, FALSE, FALSE, FALSE },
  { "accepted", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, 50, FALSE, FALSE, TRUE, FALSE },
  { "unweighted", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, -1, FALSE, FALSE, FALSE, FALSE },
  { "distrusted", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE, 0, FALSE, FALSE, FALSE, FALSE },
  { "blocked", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_READER, 50, TRUE, FALSE, FALSE, FALSE },
  { "refused us", TOCSIN_FOLLOWING_REJECTED, TOCSIN_FOLLOWER_NONE, 50, FALSE, FALSE, FALSE, FALSE },
  { "asks", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_PENDING, -1, FALSE, FALSE, FALSE, FALSE },
  { "guest", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_GUEST, -1, FALSE, FALSE, FALSE, TRUE },
  { "reader", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_READER, -1, FALSE, FALSE, FALSE, TRUE },
  { "refused", TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_REJECTED, -1, FALSE, FALSE, FALSE, FALSE },
  { "blocks us", TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_READER, 1, FALSE, TRUE, TRUE, FALSE },
};

static void
fill (TocsinPeerRecord *record, guint i)
{
  tocsin_peer_record_init (record, i + 1);
  record->following = relations[i].following;
  record->follower = relations[i].follower;
  record->weights[i % TOCSIN_N_AREAS] = relations[i].weight;
  record->blocked = relations[i].blocked;
  record->blocks_us = relations[i].blocks_us;
}

static gboolean
put_relations (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (relations); i++)
    {
      TocsinPeerRecord record;

      fill (&record, i);
      record.away = i == 1;
      tocsin_peers_put (txn, &record);
    }
  return TRUE;
}

static gboolean
collect (const TocsinPeerRecord *record, gpointer data)
{
  GArray *actors = data;

  g_array_append_val (actors, record->actor);
  return actors->len < 100;
}

static gboolean
stop_at_first (const TocsinPeerRecord *record, gpointer data)
{
  collect (record, data);
  return FALSE;
}

static void
test_relations (Fixture *f, gconstpointer data)
{
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) followers = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) first = g_array_new (FALSE, FALSE, sizeof (guint32));
  TocsinPeerCounts counts;
  guint n_followers = 0, n_direct = 0;

  write_ok (f, put_relations, NULL);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  tocsin_peers_foreach (txn, collect, all);
  tocsin_peers_foreach_follower (txn, collect, followers);
  tocsin_peers_foreach_follower (txn, stop_at_first, first);
  g_assert_cmpuint (all->len, ==, G_N_ELEMENTS (relations));
  for (guint i = 0; i < G_N_ELEMENTS (relations); i++)
    {
      g_auto (TocsinPeerRecord) record = { 0 };

      g_test_message ("%s", relations[i].name);
      g_assert_true (tocsin_peers_get (txn, i + 1, &record));
      g_assert_cmpint (tocsin_peer_record_is_direct (&record), ==, relations[i].direct);
      g_assert_cmpint (tocsin_peer_record_is_follower (&record), ==, relations[i].is_follower);
      n_direct += relations[i].direct;
      if (relations[i].is_follower)
        g_assert_cmpuint (g_array_index (followers, guint32, n_followers++), ==, i + 1);
    }
  g_assert_cmpuint (followers->len, ==, n_followers);
  g_assert_cmpuint (first->len, ==, 1);

  tocsin_peers_count (txn, &counts);
  g_assert_cmpuint (counts.peers, ==, G_N_ELEMENTS (relations));
  g_assert_cmpuint (counts.direct, ==, n_direct);
  g_assert_cmpuint (counts.followers, ==, n_followers);
  g_assert_cmpuint (counts.following_pending, ==, 1);
  g_assert_cmpuint (counts.followers_pending, ==, 1);
  g_assert_cmpuint (counts.guests, ==, 1);
  g_assert_cmpuint (counts.readers, ==, 3);
  g_assert_cmpuint (counts.blocked, ==, 1);
  g_assert_cmpuint (counts.away, ==, 1);
  assert_reading_ok (txn);
}

static guint
count_followers (TocsinTxn *txn)
{
  g_autoptr (GArray) followers = g_array_new (FALSE, FALSE, sizeof (guint32));

  tocsin_peers_foreach_follower (txn, collect, followers);
  return followers->len;
}

/* A peer that comes to be a follower, is blocked, and is forgotten. */
static gboolean
follow_and_go (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerRecord record;
  g_auto (TocsinPeerRecord) gone = { 0 };
  guint64 before;

  tocsin_peer_record_init (&record, 4);
  tocsin_peers_put (txn, &record);
  g_assert_cmpuint (count_followers (txn), ==, 0);
  record.follower = TOCSIN_FOLLOWER_READER;
  tocsin_peers_put (txn, &record);
  g_assert_cmpuint (count_followers (txn), ==, 1);
  tocsin_peers_put (txn, &record);
  g_assert_cmpuint (count_followers (txn), ==, 1);
  record.blocked = TRUE;
  tocsin_peers_put (txn, &record);
  g_assert_cmpuint (count_followers (txn), ==, 0);
  record.blocked = FALSE;
  tocsin_peers_put (txn, &record);
  g_assert_cmpuint (count_followers (txn), ==, 1);

  before = tocsin_meta_generation (txn);
  tocsin_peers_remove (txn, 5);
  g_assert_cmpuint (tocsin_meta_generation (txn), ==, before);
  tocsin_peers_remove (txn, 4);
  g_assert_cmpuint (tocsin_meta_generation (txn), ==, before + 1);
  g_assert_cmpuint (count_followers (txn), ==, 0);
  g_assert_false (tocsin_peers_get (txn, 4, &gone));
  g_assert_cmpuint (gone.actor, ==, 4);
  g_assert_cmpint (gone.weights[0], ==, -1);

  record.follower = TOCSIN_FOLLOWER_NONE;
  tocsin_peers_put (txn, &record);
  tocsin_peers_remove (txn, 4);
  g_assert_false (tocsin_peers_get (txn, 4, &gone));
  return tocsin_txn_check (txn, error);
}

static void
test_follow_and_go (Fixture *f, gconstpointer data)
{
  write_ok (f, follow_and_go, NULL);
}

static void
follow (TocsinPeerRecord *record)
{
  record->following = TOCSIN_FOLLOWING_ACCEPTED;
}

static void
weigh (TocsinPeerRecord *record)
{
  record->weights[TOCSIN_AREA_SPAM] = 3;
}

static void
trust_fully (TocsinPeerRecord *record)
{
  record->full = TRUE;
}

static void
block (TocsinPeerRecord *record)
{
  record->blocked = TRUE;
}

static void
see (TocsinPeerRecord *record)
{
  record->last_seen_us = T0;
}

/* What every verdict depends on moves the generation, and nothing else does. */
static const struct
{
  void (*change) (TocsinPeerRecord *record);
  gboolean moves;
} changes[] = {
  { follow, TRUE }, { weigh, TRUE }, { trust_fully, TRUE }, { block, TRUE }, { see, FALSE }
};

static gboolean
change_all (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      TocsinPeerRecord record;
      guint64 before;

      tocsin_peer_record_init (&record, 100 + i);
      tocsin_peers_put (txn, &record);
      before = tocsin_meta_generation (txn);
      changes[i].change (&record);
      tocsin_peers_put (txn, &record);
      g_assert_cmpuint (tocsin_meta_generation (txn), ==, before + changes[i].moves);
    }
  return TRUE;
}

static void
test_generation (Fixture *f, gconstpointer data)
{
  write_ok (f, change_all, NULL);
}

/* Rows with a mark of full trust: unset, distrusted, and two that may have it. */
static const gint8 marked[][TOCSIN_N_AREAS] = {
  { -1, -1, -1, -1 }, { 0, -1, 0, -1 }, { -1, -1, 1, -1 }, { 80, 0, -1, -1 }
};

static gboolean
put_marked (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (marked); i++)
    {
      TocsinPeerRecord record;

      tocsin_peer_record_init (&record, i + 1);
      memcpy (record.weights, marked[i], sizeof record.weights);
      record.full = TRUE;
      tocsin_peers_put (txn, &record);
    }
  return TRUE;
}

static gboolean
see_mark (const TocsinPeerRecord *record, gpointer data)
{
  g_assert_cmpint (record->full, ==, record->actor > 2);
  ++*(guint *) data;
  return TRUE;
}

/* As older versions of this program left it. */
static void
test_stray_mark (Fixture *f, gconstpointer data)
{
  guint n = 0;

  write_ok (f, put_marked, NULL);
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f->store));
  for (guint i = 0; i < G_N_ELEMENTS (marked); i++)
    {
      g_auto (TocsinPeerRecord) record = { 0 };

      g_assert_true (tocsin_peers_get (txn, i + 1, &record));
      see_mark (&record, &n);
    }
  tocsin_peers_foreach (txn, see_mark, &n);
  g_assert_cmpuint (n, ==, 2 * G_N_ELEMENTS (marked));
}

static gboolean
keep_keys (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };
  g_auto (TocsinPeerRecord) got = { 0 };

  tocsin_peer_record_init (&record, 9);
  record.keys = tocsin_peer_keys_new ();
  for (guint i = 0; i < 3; i++)
    {
      const TocsinPeerKey key = { .id = g_strdup_printf ("https://a.example/actor#key-%u", i),
                                  .multibase = i == 2 ? NULL : g_strdup_printf ("z6Mk%u", i),
                                  .confirmed = TRUE,
                                  .since_us = T0 };

      g_array_append_val (record.keys, key);
    }
  record.note = g_strdup ("");
  tocsin_peers_put (txn, &record);
  g_assert_true (tocsin_peers_get (txn, 9, &got));
  g_assert_cmpstr (got.note, ==, "");
  g_assert_null (got.follow_id);
  g_assert_cmpuint (got.keys->len, ==, 3);
  for (guint i = 0; i < got.keys->len; i++)
    {
      const TocsinPeerKey *a = &g_array_index (got.keys, TocsinPeerKey, i);
      const TocsinPeerKey *b = &g_array_index (record.keys, TocsinPeerKey, i);

      g_assert_cmpstr (a->id, ==, b->id);
      g_assert_cmpstr (a->multibase, ==, b->multibase);
      g_assert_true (a->confirmed);
    }
  return tocsin_txn_check (txn, error);
}

static void
test_keys (Fixture *f, gconstpointer data)
{
  write_ok (f, keep_keys, NULL);
}

static gboolean
put_odd_place (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPeerRecord record;

  tocsin_peer_record_init (&record, 1);
  record.contradictions.next = TOCSIN_GUARD_RECENT_REPORTS;
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static gboolean
get_odd_place (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  g_assert_false (tocsin_peers_get (txn, 1, &record));
  g_assert_cmpuint (record.contradictions.next, ==, 0);
  return TRUE;
}

/* A row that would have a bit set outside of the record is not read. */
static void
test_damaged (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  write_ok (f, put_odd_place, NULL);
  g_assert_false (tocsin_store_write (f->store, get_odd_place, NULL, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_STORE);
}

/* What was written can be read: a node that once took far too many keys of a peer opens again. */
static gboolean
keep_many_keys (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };
  g_auto (TocsinPeerRecord) got = { 0 };

  tocsin_peer_record_init (&record, 9);
  record.keys = tocsin_peer_keys_new ();
  for (guint i = 0; i < 2000; i++)
    {
      const TocsinPeerKey key = { .confirmed = TRUE, .multibase = g_strdup_printf ("z%u", i) };

      g_array_append_val (record.keys, key);
    }
  tocsin_peers_put (txn, &record);
  g_assert_true (tocsin_peers_get (txn, 9, &got));
  g_assert_cmpuint (got.keys->len, ==, 2000);
  g_assert_cmpstr (g_array_index (got.keys, TocsinPeerKey, 1999).multibase, ==, "z1999");
  return tocsin_txn_check (txn, error);
}

static void
test_many_keys (Fixture *f, gconstpointer data)
{
  write_ok (f, keep_many_keys, NULL);
}

/* ---- places ---- */

#define N_ASKING 30

static const char *const hosts[] = { "a.example", "x.a.example", "b.example", "xa.example" };

typedef struct
{
  GRand *rand;
  TocsinPlaces all;
  TocsinPlaces of_a; /* of a.example */
  gboolean comes_to_nothing;
} Asking;

static gboolean
intern_actors (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint i = 0; i < N_ASKING; i++)
    {
      g_autofree char *uri =
          g_strdup_printf ("https://%s/actors/%u", hosts[i % G_N_ELEMENTS (hosts)], i);

      g_assert_cmpuint (tocsin_actors_intern (txn, uri, T0), ==, i + 1);
    }
  return TRUE;
}

static gboolean
count_place (const TocsinPeerRecord *peer, gpointer data)
{
  static const TocsinPlace places[] = {
    [TOCSIN_FOLLOWER_PENDING] = TOCSIN_PLACE_PENDING,
    [TOCSIN_FOLLOWER_GUEST] = TOCSIN_PLACE_GUEST,
    [TOCSIN_FOLLOWER_READER] = TOCSIN_PLACE_READER,
    [TOCSIN_FOLLOWER_REJECTED] = TOCSIN_PLACE_NONE,
  };
  Asking *asking = data;
  TocsinPlace place =
      tocsin_peer_record_is_over (peer) ? TOCSIN_PLACE_GONE : places[peer->follower];

  if (place == TOCSIN_PLACE_NONE)
    return TRUE;
  asking->all.n[place]++;
  asking->of_a.n[place] += (peer->actor - 1) % G_N_ELEMENTS (hosts) < 2 ? 1 : 0;
  return TRUE;
}

static void
assert_places (TocsinTxn *txn, Asking *asking)
{
  TocsinPlaces all, of_a;

  asking->all = asking->of_a = (TocsinPlaces){ { 0 } };
  tocsin_peers_foreach (txn, count_place, asking);
  tocsin_places_count (txn, "https://new.a.example/", 0, &all, &of_a);
  g_assert_cmpmem (&all, sizeof all, &asking->all, sizeof asking->all);
  g_assert_cmpmem (&of_a, sizeof of_a, &asking->of_a, sizeof asking->of_a);
}

/* Some come, some go, some do something else. */
static gboolean
move_about (TocsinTxn *txn, gpointer data, GError **error)
{
  Asking *asking = data;

  for (guint i = 0; i < 8; i++)
    {
      guint32 actor = (guint32) g_rand_int_range (asking->rand, 1, N_ASKING + 1);
      g_auto (TocsinPeerRecord) peer = { 0 };

      tocsin_peers_get (txn, actor, &peer);
      peer.follower = (TocsinFollower) g_rand_int_range (asking->rand, TOCSIN_FOLLOWER_NONE,
                                                         TOCSIN_FOLLOWER_REJECTED + 1);
      peer.blocked = g_rand_int_range (asking->rand, 0, 4) == 0;
      if (g_rand_int_range (asking->rand, 0, 4) == 0)
        tocsin_peers_remove (txn, actor);
      else
        tocsin_peers_put (txn, &peer);
    }
  assert_places (txn, asking);
  asking->comes_to_nothing = g_rand_boolean (asking->rand);
  if (asking->comes_to_nothing)
    g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_REFUSED, "Never mind");
  return !asking->comes_to_nothing;
}

static gboolean
check_places (TocsinTxn *txn, gpointer data, GError **error)
{
  assert_places (txn, data);
  return TRUE;
}

/* Whoever asks to follow is told by what is kept, which is what a walk would find, whatever comes
 * to nothing in between. */
static void
test_places (Fixture *f, gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20261129);
  Asking asking = { .rand = rand };

  write_ok (f, intern_actors, NULL);
  for (guint round = 0; round < 60; round++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_cmpint (tocsin_store_write (f->store, move_about, &asking, &error), ==,
                       !asking.comes_to_nothing);
      write_ok (f, check_places, &asking);
    }
}

static gboolean
guests_of_a (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinPlaces all, of_a;

  tocsin_places_count (txn, "https://a.example/actors/0", GPOINTER_TO_UINT (data), &all, &of_a);
  g_assert_cmpuint (all.n[TOCSIN_PLACE_GUEST], ==, data != NULL ? 2 : 3);
  g_assert_cmpuint (of_a.n[TOCSIN_PLACE_GUEST], ==, data != NULL ? 1 : 2);
  return tocsin_txn_check (txn, error);
}

static gboolean
let_three_in (TocsinTxn *txn, gpointer data, GError **error)
{
  for (guint32 actor = 1; actor <= 3; actor++)
    {
      TocsinPeerRecord peer;

      tocsin_peer_record_init (&peer, actor);
      peer.follower = TOCSIN_FOLLOWER_GUEST;
      tocsin_peers_put (txn, &peer);
    }
  return guests_of_a (txn, NULL, error);
}

static gboolean
put_unreadable (TocsinTxn *txn, gpointer data, GError **error)
{
  TocsinKey key = tocsin_key_u32 (N_ASKING);

  tocsin_txn_put (txn, TOCSIN_TABLE_PEERS, &key, "", 1);
  return TRUE;
}

/* A row that cannot be read would be seen by a walk. */
static void
test_places_without_a_walk (Fixture *f, gconstpointer data)
{
  write_ok (f, intern_actors, NULL);
  write_ok (f, let_three_in, NULL);
  write_ok (f, put_unreadable, NULL);
  write_ok (f, guests_of_a, NULL);
  write_ok (f, guests_of_a, GUINT_TO_POINTER (1));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/table-peers/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("relations", test_relations);
  ADD ("follow-and-go", test_follow_and_go);
  ADD ("generation", test_generation);
  ADD ("stray-mark", test_stray_mark);
  ADD ("keys", test_keys);
  ADD ("damaged", test_damaged);
  ADD ("many-keys", test_many_keys);
  ADD ("places", test_places);
  ADD ("places-without-a-walk", test_places_without_a_walk);
  return g_test_run ();
}
