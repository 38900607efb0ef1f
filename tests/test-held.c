/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * What was held for a key, reports and trust statements alike, once the key is pinned.
 */
#include "fed/held.h"

#include "codec/proof.h"
#include "fed/peers.h"
#include "relations-case.h"
#include "store/table-reports.h"
#include "store/table-trust.h"

#define ABOUT 5000 /* the first whom statements are about */

static TocsinPrivateKey *
new_key (char **multikey)
{
  g_autoptr (GError) error = NULL;
  TocsinPrivateKey *key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, &error);

  g_assert_no_error (error);
  *multikey = tocsin_public_key_to_multikey (tocsin_private_key_public (key));
  return key;
}

/* Something by @host that @key proves: what matters here is the proof. */
static GBytes *
proven_by (const char *host, const TocsinPrivateKey *key)
{
  g_autofree char *actor = actor_of (host);
  g_autofree char *method = g_strconcat (actor, "#key", NULL);
  g_autofree char *id = g_strdup_printf ("https://%s/activities/said", host);
  g_autofree char *target = g_strdup_printf ("https://%s/trust", host);
  TocsinActivityHead head = head_of (actor, id);
  g_auto (TocsinTrustStatement) statement = { 0 };
  g_autoptr (JsonObject) activity = NULL;
  g_autoptr (GError) error = NULL;

  head.published_us = T0;
  statement.id = g_strdup_printf ("https://%s/trust/said", host);
  statement.attributed_to = g_strdup (actor);
  statement.about = actor_of ("about.example");
  statement.weight = 50;
  statement.published_us = statement.updated_us = T0;
  activity = tocsin_activity_build_add_statement (&head, &statement, target);
  g_assert_true (tocsin_proof_add (activity, key, method, T0, &error));
  g_assert_no_error (error);
  return tocsin_activity_to_bytes (activity, NULL);
}

/**
 * Said: what is held of one actor: a report, and statements of trust
 * @activity: (nullable): the Add of each
 * @alternate: of two versions of a statement a person has to choose
 */
typedef struct
{
  guint32 actor;
  guint n_statements;
  GBytes *activity;
  gboolean alternate;
} Said;

static gboolean
write_said (TocsinTxn *txn, gpointer data, GError **error)
{
  const Said *said = data;
  g_autofree char *report_id = g_strdup_printf ("https://said.example/reports/%u", said->actor);
  g_autoptr (GBytes) other = g_bytes_new_static ("{}", 2);
  TocsinReportRecord report = { .actor = said->actor,
                                .state = TOCSIN_STATE_HELD,
                                .hold = TOCSIN_HOLD_KEY,
                                .held_us = T0,
                                .id = report_id,
                                .activity = said->activity,
                                .end_us = G_MAXINT64 / 2 };

  tocsin_reports_put (txn, &report, T0);
  for (guint i = 0; i < said->n_statements; i++)
    {
      g_autofree char *id = g_strdup_printf ("https://said.example/trust/%u", i);
      TocsinTrustRecord record = { .truster = said->actor,
                                   .trustee = ABOUT + i,
                                   .weight = 50,
                                   .held = TRUE,
                                   .updated_us = T0,
                                   .id = id,
                                   .activity = said->activity,
                                   .alternate = said->alternate ? other : NULL };

      tocsin_trust_put (txn, &record);
    }
  return tocsin_txn_check (txn, error);
}

static gboolean
is_report_live (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  g_autofree char *id = g_strdup_printf ("https://said.example/reports/%u", actor);
  g_auto (TocsinReportRecord) record = { 0 };
  guint64 number;

  g_assert_true (tocsin_reports_find (txn, actor, id, &number));
  g_assert_true (tocsin_reports_get (txn, number, &record));
  return record.state == TOCSIN_STATE_LIVE;
}

static gboolean
count_live (const TocsinTrustRecord *record, gpointer data)
{
  guint *n = data;

  g_assert_true (record->live != record->held);
  *n += record->live ? 1 : 0;
  return TRUE;
}

static guint
live_statements (guint32 actor)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  guint n = 0;

  tocsin_trust_foreach_of (txn, actor, count_live, &n);
  return n;
}

typedef struct
{
  gboolean all;
  gboolean more; /* out */
} Releasing;

static gboolean
write_release (TocsinTxn *txn, gpointer data, GError **error)
{
  Releasing *releasing = data;

  do
    releasing->more = tocsin_held_release_some (txn, fed->policy, T0);
  while (releasing->all && releasing->more);
  return tocsin_txn_check (txn, error);
}

static void
release_all (void)
{
  Releasing all = { .all = TRUE };

  write_ok (&f, write_release, &all);
}

/* Who was unfollowed while its keys were in doubt and is followed again has said what it said. */
static void
test_followed_again (void)
{
  static const char host[] = "returns.example";
  static const char follow_id[] = "https://a.example/activities/follow-1";
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autoptr (TocsinPrivateKey) key = new_key (&one);
  g_autoptr (TocsinPrivateKey) other_key = new_key (&two);
  g_autoptr (GBytes) activity = proven_by (host, key);
  const char *const keys[] = { one, NULL };
  const char *const other_keys[] = { two, NULL };
  guint32 actor = save_document (document_of (host, keys, "1.0"));
  guint32 stranger = save_document (document_of ("other.example", other_keys, "1.0"));
  guint32 torn = save_document (document_of ("torn.example", keys, "1.0"));
  const guint32 followed[] = { actor, stranger, torn };
  static const char *const hosts[] = { host, "other.example", "torn.example" };

  for (guint i = 0; i < G_N_ELEMENTS (followed); i++)
    {
      Said said = { .actor = followed[i],
                    .n_statements = 2,
                    .activity = activity,
                    .alternate = followed[i] == torn };

      write_ok (&f, write_said, &said);
      set_relation ((Relation){
          .actor = followed[i], .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
    }
  release_all ();
  g_assert_cmpuint (live_statements (actor), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (followed); i++)
    g_assert_cmpint (receive (message (hosts[i], "Accept", "1", follow_id), NULL), ==, -1);
  release_all ();
  g_assert_true (is_report_live (actor));
  g_assert_cmpuint (live_statements (actor), ==, 2);
  /* Its keys do not prove it. */
  g_assert_false (is_report_live (stranger));
  g_assert_cmpuint (live_statements (stranger), ==, 0);
  /* That is for a person to decide. */
  g_assert_cmpuint (live_statements (torn), ==, 0);
}

/* The Update that names the key comes when the hold, which it was the reason of, has ended. */
static void
test_update_after_the_hold (void)
{
  static const char host[] = "rotates.example";
  static const char follow_id[] = "https://a.example/activities/follow-2";
  g_autofree char *one = new_multikey ();
  g_autofree char *two = new_multikey ();
  g_autofree char *three = NULL;
  g_autoptr (TocsinPrivateKey) key = new_key (&three);
  g_autoptr (GBytes) activity = proven_by (host, key);
  const char *const first[] = { one, NULL };
  const char *const second[] = { one, two, NULL };
  const char *const third[] = { two, three, NULL };
  const Manner by_one = { .proven = TRUE, .proof_key = one };
  const Manner by_two = { .proven = TRUE, .proof_key = two };
  guint32 actor = save_document (document_of (host, first, "1.0"));
  Said said = { .actor = actor, .n_statements = 1, .activity = activity };
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message (host, "Accept", "1", follow_id), NULL), ==, -1);
  g_assert_cmpint (receive (update_bytes (host, third), &by_two), ==, -1);
  read_peer (host, &peer);
  g_assert_true (peer.key_hold);
  write_ok (&f, write_said, &said);
  g_assert_cmpint (receive (update_bytes (host, second), &by_one), ==, -1);
  read_peer (host, &peer);
  g_assert_false (peer.key_hold);
  release_all ();
  g_assert_false (is_report_live (actor));
  g_assert_cmpuint (live_statements (actor), ==, 0);

  g_assert_cmpint (receive (update_bytes (host, third), &by_two), ==, -1);
  release_all ();
  g_assert_true (is_report_live (actor));
  g_assert_cmpuint (live_statements (actor), ==, 1);
}

static gboolean
count_line (const TocsinReviewRecord *line, gpointer data)
{
  guint *n = data;

  *n += line->kind == TOCSIN_REVIEW_KEY_CHANGE ? 1 : 0;
  return TRUE;
}

/* Open or not. */
static guint
count_lines (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (f.store));
  guint n = 0;

  tocsin_review_foreach (txn, 0, FALSE, count_line, &n);
  return n;
}

/* A peer can begin and end a hold as often as it likes: nothing of that stays. */
static void
test_alternating (void)
{
  static const char host[] = "alternates.example";
  static const char follow_id[] = "https://a.example/activities/follow-3";
  g_autofree char *one = new_multikey ();
  const char *const first[] = { one, NULL };
  const Manner by_one = { .proven = TRUE, .proof_key = one };
  guint32 actor = save_document (document_of (host, first, "1.0"));
  guint before = count_lines ();
  g_auto (TocsinPeerRecord) peer = { 0 };

  set_relation (
      (Relation){ .actor = actor, .following = TOCSIN_FOLLOWING_PENDING, .follow_id = follow_id });
  g_assert_cmpint (receive (message (host, "Accept", "1", follow_id), NULL), ==, -1);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *next = new_multikey ();
      const char *const both[] = { one, next, NULL };
      const Manner by_next = { .proven = TRUE, .proof_key = next };

      g_assert_cmpint (receive (update_bytes (host, both), &by_next), ==, -1);
      read_peer (host, &peer);
      g_assert_true (peer.key_hold);
      g_assert_true (is_told (TOCSIN_REVIEW_KEY_CHANGE, actor));
      g_assert_cmpint (receive (update_bytes (host, both), &by_one), ==, -1);
      read_peer (host, &peer);
      g_assert_false (peer.key_hold);
      g_assert_cmpint (peer.reread_us, <, 0);
    }
  g_assert_cmpuint (count_lines (), ==, before);
}

static gboolean
write_want (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  tocsin_held_want_release (txn);
  return tocsin_txn_check (txn, error);
}

/* A process that ends after any change leaves the rest to the next one; what another key frees
 * meanwhile is looked at too. */
static void
test_in_parts (void)
{
  static const char *const hosts[] = { "many-1.example", "many-2.example", "many-3.example",
                                       "many-4.example" };
  Releasing one = { 0 };
  guint32 actors[G_N_ELEMENTS (hosts)];

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      Said said = { .n_statements = 400 };

      said.actor = actors[i] = new_actor (hosts[i]);
      write_ok (&f, write_said, &said);
      set_relation (
          (Relation){ .actor = actors[i],
                      .following = i == 0 ? TOCSIN_FOLLOWING_PENDING : TOCSIN_FOLLOWING_ACCEPTED });
    }
  write_ok (&f, write_want, NULL);
  write_ok (&f, write_release, &one);
  g_assert_true (one.more);
  g_assert_cmpuint (live_statements (actors[0]), ==, 0);
  g_assert_cmpuint (live_statements (actors[2]), ==, 400);
  g_assert_cmpuint (live_statements (actors[3]), ==, 0);
  set_relation ((Relation){ .actor = actors[0], .following = TOCSIN_FOLLOWING_ACCEPTED });
  write_ok (&f, write_want, NULL);
  /* What is wanted meanwhile is looked at in another round, for there is no end of wanting. */
  release_all ();
  g_assert_cmpuint (live_statements (actors[0]), ==, 0);
  release_all ();
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_assert_cmpuint (live_statements (actors[i]), ==, 400);
      g_assert_true (is_report_live (actors[i]));
    }
  write_ok (&f, write_release, &one);
  g_assert_false (one.more);
}

static gboolean
write_nothing (TocsinTxn *txn, gpointer data G_GNUC_UNUSED, GError **error)
{
  return tocsin_txn_check (txn, error);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  gboolean *done = data;

  *done = TRUE;
}

/* Until the writer has done all that was asked of it before, and again as often as that led to
 * more. */
static void
settle (void)
{
  for (guint i = 0; i < 3; i++)
    {
      gboolean done = FALSE;

      tocsin_writer_submit_async (writer, write_nothing, NULL, NULL, NULL, on_written, &done);
      while (!done)
        g_main_context_iteration (NULL, TRUE);
    }
}

/* What was held counts at once, but what peers alone can cause does not walk through the store as
 * often as they like: the rest waits for the next round. */
static void
test_released_at_once (void)
{
  guint32 actors[TOCSIN_RELEASES_MAX + 1];

  for (guint i = 0; i < G_N_ELEMENTS (actors); i++)
    {
      g_autofree char *host = g_strdup_printf ("at-once-%u.example", i);
      Said said = { .n_statements = 1 };

      said.actor = actors[i] = new_actor (host);
      write_ok (&f, write_said, &said);
      set_relation ((Relation){ .actor = actors[i], .following = TOCSIN_FOLLOWING_ACCEPTED });
      write_ok (&f, write_want, NULL);
      tocsin_peers_release_key (fed, actors[i]);
      settle ();
      g_assert_true (is_report_live (actors[i]) == (i < TOCSIN_RELEASES_MAX));
      g_assert_cmpuint (live_statements (actors[i]), ==, i < TOCSIN_RELEASES_MAX ? 1 : 0);
    }
  release_all ();
  g_assert_true (is_report_live (actors[TOCSIN_RELEASES_MAX]));
  g_assert_cmpuint (live_statements (actors[TOCSIN_RELEASES_MAX]), ==, 1);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/held/followed-again", test_followed_again);
  g_test_add_func ("/held/update-after-the-hold", test_update_after_the_hold);
  g_test_add_func ("/held/alternating", test_alternating);
  g_test_add_func ("/held/in-parts", test_in_parts);
  g_test_add_func ("/held/released-at-once", test_released_at_once);
  node_begin ();
  status = g_test_run ();
  node_end ();
  return status;
}
