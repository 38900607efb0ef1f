/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "fed/inbox.h"
#include "inbox-nodes.h"

#define ONE_HOUR G_GINT64_CONSTANT (3600000000)

/* What becomes of a signed request before it is sent. */
typedef enum
{
  AS_SIGNED,
  UNSIGNED,
  OTHER_BODY,
  OTHER_PATH,
  OTHER_HOST,
  OLD,
  AHEAD,
  ANOTHERS_KEY_ID,
  WRONG_SIGNATURE,
  TWO_SIGNATURES,
} Treatment;

static const char *
treatment_path (Treatment treatment)
{
  return treatment == OTHER_PATH ? "/actor" : "/inbox";
}

static TocsinHeader *
find_header (TocsinEnvelope *envelope, const char *name)
{
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (g_str_equal (header->name, name))
        return header;
    }
  g_assert_not_reached ();
}

static void
replace_in_header (TocsinEnvelope *envelope, const char *name, const char *from, const char *with)
{
  TocsinHeader *header = find_header (envelope, name);
  g_auto (GStrv) parts = g_strsplit (header->value, from, 2);

  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  g_free (header->value);
  header->value = g_strjoin (with, parts[0], parts[1], NULL);
}

static void
treat (TocsinEnvelope *envelope, Treatment treatment, TocsinSignScheme scheme)
{
  gboolean draft = scheme == TOCSIN_SIGN_DRAFT_RSA;
  gsize size;
  const char *body;
  char *signature;

  switch (treatment)
    {
    case OTHER_BODY:
      body = g_bytes_get_data (envelope->body, &size);
      signature = g_strdup_printf ("%.*s ", (int) size, body);
      g_bytes_unref (envelope->body);
      envelope->body = g_bytes_new_take (signature, size + 1);
      break;
    case OTHER_PATH:
      g_free (envelope->target);
      envelope->target = g_strdup ("/inbox");
      break;
    case ANOTHERS_KEY_ID:
      replace_in_header (envelope, draft ? "signature" : "signature-input",
                         public_node_actor (&stranger), public_node_actor (&peer));
      break;
    case WRONG_SIGNATURE:
      signature = find_header (envelope, "signature")->value;
      signature += (draft ? strstr (signature, "signature=\"") + 11 : strchr (signature, ':') + 1) -
                   signature + 5;
      *signature = *signature == 'A' ? 'B' : 'A';
      break;
    case TWO_SIGNATURES:
      {
        g_autofree char *copy = g_strdup (find_header (envelope, "signature")->value);

        tocsin_envelope_add_header (envelope, "Signature", copy);
        break;
      }
    case AS_SIGNED:
    case UNSIGNED:
    case OTHER_HOST:
    case OLD:
    case AHEAD:
    default:
      break;
    }
}

static char *
send_treated (PublicNode *signer,
              TocsinSignScheme scheme,
              Treatment treatment,
              const char *type,
              GBytes *body)
{
  g_autoptr (TocsinEnvelope) envelope = public_node_post (body);
  TocsinHeader *content_type = find_header (envelope, "content-type");
  gint64 now_us = tocsin_time_now_us ();

  g_free (content_type->value);
  content_type->value = g_strdup (type);
  g_free (envelope->target);
  envelope->target = g_strdup (treatment_path (treatment));
  if (treatment == OLD)
    now_us -= 13 * ONE_HOUR;
  if (treatment == AHEAD)
    now_us += 2 * ONE_HOUR;
  if (treatment != UNSIGNED)
    public_node_sign (signer, treatment == OTHER_HOST ? &peer : &us, scheme, envelope, now_us);
  treat (envelope, treatment, scheme);
  return public_node_ask (&us, envelope);
}

static void
expect (PublicNode *signer, Treatment treatment, GBytes *body, guint status, const char *problem)
{
  g_autofree char *answer =
      send_treated (signer, TOCSIN_SIGN_RFC9421_ED25519, treatment, TOCSIN_TYPE_ACTIVITY, body);

  assert_answer (answer, status, problem);
}

static void
expect_text (PublicNode *signer, char *text, guint status, const char *problem)
{
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));

  expect (signer, AS_SIGNED, body, status, problem);
}

static void
assert_unknown (const PublicNode *author, const char *name)
{
  g_auto (TocsinReportRecord) record = { 0 };

  g_assert_false (find_report (author, name, &record));
}

/* Every scheme, every media type: durable when the answer comes. */
static void
test_accepts (void)
{
  static const struct
  {
    const char *name;
    TocsinSignScheme scheme;
    const char *type;
  } rows[] = {
    { "draft", TOCSIN_SIGN_DRAFT_RSA, "application/activity+json" },
    { "rfc9421-rsa", TOCSIN_SIGN_RFC9421_RSA, "application/ld+json" },
    { "rfc9421-ed25519", TOCSIN_SIGN_RFC9421_ED25519, "Application/Activity+JSON; charset=utf-8" },
    { "profile", TOCSIN_SIGN_RFC9421_ED25519,
      "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      Draft draft = { .id = rows[i].name, .report = rows[i].name };
      g_autoptr (GBytes) body = make_add (&peer, &draft);
      g_auto (TocsinReportRecord) record = { 0 };
      g_autofree char *answer = send_treated (&peer, rows[i].scheme, AS_SIGNED, rows[i].type, body);

      g_test_message ("%s", rows[i].name);
      assert_answer (answer, 202, NULL);
      g_assert_true (g_str_has_suffix (answer, "\r\n\r\n"));
      g_assert_true (find_report (&peer, rows[i].name, &record));
      g_assert_cmpint (record.state, ==, TOCSIN_STATE_LIVE);
      g_assert_true (record.verified);
      g_assert_true (g_bytes_equal (record.activity, body));
    }
}

static void
test_refuses_signatures (void)
{
  static const struct
  {
    const char *name;
    Treatment treatment;
  } rows[] = {
    { "unsigned", UNSIGNED },
    { "digest of another body", OTHER_BODY },
    { "another path", OTHER_PATH },
    { "another host", OTHER_HOST },
    { "13 hours old", OLD },
    { "2 hours ahead", AHEAD },
    { "wrong signature", WRONG_SIGNATURE },
    { "two signatures", TWO_SIGNATURES },
  };
  static const TocsinSignScheme schemes[] = { TOCSIN_SIGN_DRAFT_RSA, TOCSIN_SIGN_RFC9421_RSA,
                                              TOCSIN_SIGN_RFC9421_ED25519 };
  Draft draft = { .id = "refused", .report = "refused" };
  g_autoptr (GBytes) body = make_add (&peer, &draft);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize k = 0; k < G_N_ELEMENTS (schemes); k++)
      {
        g_autofree char *answer =
            send_treated (&peer, schemes[k], rows[i].treatment, TOCSIN_TYPE_ACTIVITY, body);

        g_test_message ("%s, %u", rows[i].name, schemes[k]);
        assert_answer (answer, 401, "bad-signature");
        g_assert_nonnull (strstr (answer, "WWW-Authenticate: Signature"));
      }
  expect (&stranger, ANOTHERS_KEY_ID, body, 401, "bad-signature");
  assert_unknown (&peer, "refused");
}

static void
test_refuses_senders (void)
{
  Draft by_stranger = { .id = "s", .report = "s" };
  Draft by_peer = { .id = "p", .report = "p" };
  g_autoptr (GBytes) strangers = make_add (&stranger, &by_stranger);
  g_autoptr (GBytes) peers = make_add (&peer, &by_peer);
  g_autoptr (GBytes) removal = NULL;

  expect (&stranger, AS_SIGNED, strangers, 403, "not-a-peer");
  expect (&stranger, AS_SIGNED, peers, 403, "not-a-peer");
  /* A relay that we follow, but nobody believes the author: authenticated and dropped. */
  expect (&peer, AS_SIGNED, strangers, 202, NULL);
  assert_unknown (&stranger, "s");
  assert_unknown (&peer, "p");
  expect (&peer, AS_SIGNED, peers, 202, NULL);

  by_stranger.id = "s2";
  removal = make_remove (&stranger, &by_stranger, "http://127.0.0.1:1/reports/p");
  expect (&stranger, AS_SIGNED, removal, 403, "ownership");
  g_clear_pointer (&removal, g_bytes_unref);
  {
    g_autofree char *own = tocsin_identity_url (stranger.fed->identity, "/reports/s");

    removal = make_remove (&stranger, &by_stranger, own);
  }
  expect (&stranger, AS_SIGNED, removal, 403, "not-a-peer");
  /* Not a report: only its own actor can say it. */
  expect_text (&stranger,
               g_strdup_printf ("{\"type\":\"Follow\",\"id\":\"%s/f\",\"actor\":\"%s\","
                                "\"object\":\"%s\"}",
                                public_node_actor (&peer), public_node_actor (&peer),
                                public_node_actor (&us)),
               403, "ownership");
}

static void
test_refuses_ownership (void)
{
  g_autofree char *our_reports = tocsin_identity_url (us.fed->identity, "/reports");
  g_autofree char *followers = tocsin_identity_url (peer.fed->identity, "/followers");
  const Draft rows[] = {
    { .id = "o1", .report = "o", .target = our_reports },
    { .id = "o2", .report = "o", .target = followers },
    { .id = "o3", .report = "o", .origin = tocsin_identity_get_base (stranger.fed->identity) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) body = make_add (&peer, &rows[i]);

      expect (&peer, AS_SIGNED, body, 403, "ownership");
    }
  assert_unknown (&peer, "o");
}

static void
test_refuses_proofs (void)
{
  Draft unproven = { .id = "u", .report = "u", .unproven = TRUE };
  Draft proven = { .id = "b", .report = "b" };
  g_autoptr (GBytes) without = make_add (&peer, &unproven);
  g_autoptr (GBytes) with = make_add (&peer, &proven);
  gsize size;
  const char *text = g_bytes_get_data (with, &size);
  g_autofree char *whole = g_strndup (text, size);
  g_auto (GStrv) halves = g_strsplit (whole, "198.51.100.7", 2);

  expect (&peer, AS_SIGNED, without, 403, "forbidden");
  expect_text (&peer, g_strjoin ("198.51.100.8", halves[0], halves[1], NULL), 401, "bad-signature");
  assert_unknown (&peer, "u");
  assert_unknown (&peer, "b");
}

static void
test_refuses_replay (void)
{
  Draft first = { .id = "r", .report = "r" };
  Draft second = { .id = "r", .report = "r-other" };
  g_autoptr (GBytes) body = make_add (&peer, &first);
  g_autoptr (GBytes) other = make_add (&peer, &second);

  expect (&peer, AS_SIGNED, body, 202, NULL);
  expect (&peer, AS_SIGNED, body, 202, NULL);
  expect (&peer, AS_SIGNED, other, 403, "equivocation");
  assert_unknown (&peer, "r-other");
}

static char *
nested (guint depth)
{
  GString *text = g_string_new ("{\"type\":\"Add\",\"object\":");

  for (guint i = 0; i < depth; i++)
    g_string_append (text, "{\"a\":");
  g_string_append (text, "1");
  for (guint i = 0; i < depth; i++)
    g_string_append (text, "}");
  return g_string_free (g_string_append (text, "}"), FALSE);
}

static void
test_refuses_bodies (void)
{
  const char *base = tocsin_identity_get_base (peer.fed->identity);

  expect_text (&peer, nested (40), 400, "invalid");
  expect_text (&peer, nested (100000 / 6), 400, "invalid");
  expect_text (&peer, g_strdup ("{\"type\":\"Add\",\"type\":\"Add\"}"), 400, "invalid");
  expect_text (&peer, g_strdup ("{\"type\":\"\xff\xfe\"}"), 400, "invalid");
  expect_text (&peer, g_strdup ("{\"type\":\"a\\u0000\"}"), 400, "invalid");
  expect_text (&peer, g_strdup ("[]"), 400, "invalid");
  expect_text (&peer, g_strdup ("{"), 400, "invalid");
  /* Ids that are not in canonical form. */
  expect_text (&peer,
               g_strdup_printf ("{\"type\":\"Follow\",\"id\":\"%s/a/../b\",\"actor\":\"%s\","
                                "\"object\":\"%s\"}",
                                base, public_node_actor (&peer), public_node_actor (&us)),
               400, "invalid");
  expect_text (&peer,
               g_strdup_printf ("{\"type\":\"Follow\",\"id\":\"%s/b\",\"actor\":\"%s#x\","
                                "\"object\":\"%s\"}",
                                base, public_node_actor (&peer), public_node_actor (&us)),
               403, "ownership");
}

static void
test_refuses_transport (void)
{
  static const char *const types[] = {
    "text/plain",
    "application/json",
    "application/activity+jsonx",
    "application/ld+json; profile=\"https://example.org/other\"",
  };
  Draft draft = { .id = "t", .report = "t" };
  g_autoptr (GBytes) body = make_add (&peer, &draft);
  g_autofree char *zeros = g_malloc0 (256 * 1024 + 1);
  g_autoptr (GBytes) large = g_bytes_new (zeros, 256 * 1024 + 1);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autofree char *answer =
          send_treated (&peer, TOCSIN_SIGN_DRAFT_RSA, AS_SIGNED, types[i], body);

      assert_answer (answer, 415, "unsupported");
    }
  {
    g_autoptr (TocsinEnvelope) coded = public_node_post (body);
    g_autofree char *answer = NULL;

    tocsin_envelope_add_header (coded, "Content-Encoding", "gzip");
    public_node_sign (&peer, &us, TOCSIN_SIGN_DRAFT_RSA, coded, tocsin_time_now_us ());
    answer = public_node_ask (&us, coded);
    assert_answer (answer, 415, "unsupported");
  }
  {
    g_autoptr (TocsinEnvelope) get = tocsin_envelope_new ("GET", "/inbox");
    g_autofree char *answer = public_node_ask (&us, get);

    g_assert_cmpuint (raw_status (answer), ==, 405);
    g_assert_nonnull (strstr (answer, "Allow: POST"));
  }
  expect (&peer, AS_SIGNED, large, 413, "too-large");
  assert_unknown (&peer, "t");
}

/* A relay cannot make us ask others for their keys: nobody believes this actor, of whom we have
 * heard, and it has nothing here to take back. */
static void
test_drops_relayed (void)
{
  guint before = tocsin_keyring_count_fetches (us.fed->keyring);

  write_ok (&us.files, intern_write, (gpointer) "https://127.0.0.1:1/actor");
  expect_text (
      &peer,
      g_strdup ("{\"type\":\"Remove\",\"id\":\"https://127.0.0.1:1/activities/r\","
                "\"published\":\"2026-11-01T00:00:00Z\",\"actor\":\"https://127.0.0.1:1/actor\","
                "\"object\":\"https://127.0.0.1:1/reports/x\","
                "\"target\":\"https://127.0.0.1:1/actor/reports\"}"),
      202, NULL);
  g_assert_cmpuint (tocsin_keyring_count_fetches (us.fed->keyring), ==, before);
}

/* What strangers may say without being asked who they are. */
static void
test_drops (void)
{
  guint before = tocsin_keyring_count_fetches (us.fed->keyring);

  expect_text (&stranger,
               g_strdup ("{\"type\":\"Delete\",\"id\":\"https://gone.example/d\","
                         "\"actor\":\"https://gone.example/u\","
                         "\"object\":\"https://gone.example/u\"}"),
               202, NULL);
  g_assert_cmpuint (tocsin_keyring_count_fetches (us.fed->keyring), ==, before);
  expect_text (&stranger,
               g_strdup_printf ("{\"type\":\"Like\",\"id\":\"%s/l\",\"actor\":\"%s\","
                                "\"object\":\"%s\"}",
                                public_node_actor (&stranger), public_node_actor (&stranger),
                                public_node_actor (&us)),
               202, NULL);
}

/* ---- what has no date of its own ---- */

static void
expect_signed_at (gint64 at_us, TocsinSignScheme scheme, char *text)
{
  g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));
  g_autoptr (TocsinEnvelope) envelope = public_node_post (body);
  g_autofree char *answer = NULL;

  public_node_sign (&peer, &us, scheme, envelope, at_us);
  answer = public_node_ask (&us, envelope);
  assert_answer (answer, 202, NULL);
}

static TocsinFollower
follower_state (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  return record.follower;
}

/* By both schemes: the time of the signature says that the second Undo is another. */
static void
test_undo_undated (void)
{
  static const TocsinSignScheme schemes[] = { TOCSIN_SIGN_RFC9421_ED25519, TOCSIN_SIGN_DRAFT_RSA };
  const char *actor = public_node_actor (&peer);
  gint64 at_us = tocsin_time_now_us () - 100 * TOCSIN_SECOND_US;

  for (guint i = 0; i < 4; i++)
    {
      TocsinSignScheme scheme = schemes[i / 2];
      char *follow = g_strdup_printf ("{\"type\":\"Follow\",\"id\":\"%s/pair\",\"actor\":\"%s\","
                                      "\"object\":\"%s\"}",
                                      actor, actor, public_node_actor (&us));
      char *undo = g_strdup_printf ("{\"type\":\"Undo\",\"id\":\"%s/pair/undo\",\"actor\":\"%s\","
                                    "\"object\":\"%s/pair\"}",
                                    actor, actor, actor);

      expect_signed_at (at_us += TOCSIN_SECOND_US, scheme, follow);
      g_assert_cmpint (follower_state (), !=, TOCSIN_FOLLOWER_NONE);
      expect_signed_at (at_us += TOCSIN_SECOND_US, scheme, undo);
      g_assert_cmpint (follower_state (), ==, TOCSIN_FOLLOWER_NONE);
    }
}

/* ---- what changes while the node runs ---- */

static gboolean
reject_write (TocsinTxn *txn, gpointer data, GError **error)
{
  guint64 *number = data;

  tocsin_reports_set_state (txn, *number, TOCSIN_STATE_HELD, TOCSIN_HOLD_REJECTED,
                            tocsin_time_now_us ());
  return TRUE;
}

static void
test_operator_has_the_last_word (void)
{
  Draft first = { .id = "op1", .report = "op" };
  Draft second = { .id = "op2", .report = "op", .subject = "198.51.100.9" };
  g_autoptr (GBytes) add = make_add (&peer, &first);
  g_autoptr (GBytes) newer = NULL;
  g_auto (TocsinReportRecord) record = { 0 };

  expect (&peer, AS_SIGNED, add, 202, NULL);
  g_assert_true (find_report (&peer, "op", &record));
  write_ok (&us.files, reject_write, &record.number);
  newer = make_add (&peer, &second);
  expect (&peer, AS_SIGNED, newer, 202, NULL);
  tocsin_report_record_clear (&record);
  g_assert_true (find_report (&peer, "op", &record));
  g_assert_true (g_bytes_equal (record.activity, newer));
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_HELD);
  g_assert_cmpint (record.hold, ==, TOCSIN_HOLD_REJECTED);
}

typedef struct
{
  TocsinFollowing following;
  TocsinFollower follower;
} Relation;

static gboolean
relate_write (TocsinTxn *txn, gpointer data, GError **error)
{
  const Relation *relation = data;
  g_auto (TocsinPeerRecord) record = { 0 };

  g_assert_true (tocsin_peers_get (txn, peer_number, &record));
  record.following = relation->following;
  record.follower = relation->follower;
  tocsin_peers_put (txn, &record);
  return tocsin_txn_check (txn, error);
}

/* How many requests @relation lets the peer make at once. */
static guint
count_admitted (Relation relation)
{
  const gint64 now_us = tocsin_time_now_us ();
  guint retry = 0, n = 0;

  write_ok (&us.files, relate_write, &relation);
  while (tocsin_federation_admits_signer (us.fed, public_node_actor (&peer), 0, &retry, now_us))
    n++;
  g_assert_cmpuint (retry, >, 0);
  return n;
}

/* A stranger's rate ends when it becomes a peer, or a reader, who has all of the outbox to read. */
static void
test_rate_follows_the_relation (void)
{
  const Relation stranger_to_us = { TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_GUEST };
  const Relation reader = { TOCSIN_FOLLOWING_NONE, TOCSIN_FOLLOWER_READER };
  const Relation direct = { TOCSIN_FOLLOWING_ACCEPTED, TOCSIN_FOLLOWER_NONE };
  guint rate = us.fed->peer_requests_per_minute;

  g_hash_table_remove_all (us.fed->signer_rates);
  g_assert_cmpuint (count_admitted (stranger_to_us), ==, rate);
  g_assert_cmpuint (count_admitted (reader), >, 10 * rate);
  g_assert_cmpuint (count_admitted (stranger_to_us), ==, rate);
  g_assert_cmpuint (count_admitted (direct), >, 10 * rate);
}

static void
on_received (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

/* What the stranger is told who sends an Add from @remote. */
static GError *
receive_from (const char *remote)
{
  const Draft draft = { .id = "client", .report = "client" };
  g_autoptr (GBytes) body = make_add (&stranger, &draft);
  g_autoptr (TocsinEnvelope) envelope = public_node_post (body);
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;
  guint retry;

  public_node_sign (&stranger, &us, TOCSIN_SIGN_RFC9421_ED25519, envelope, tocsin_time_now_us ());
  envelope->remote = g_strdup (remote);
  tocsin_inbox_receive_async (us.fed, envelope, on_received, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (tocsin_inbox_receive_finish (result, &retry, &error));
  return error;
}

/* Who has us fetch as much as one address may is asked to come again, and nobody else. */
static void
test_client (void)
{
  const char *busy = "192.0.2.1";
  TocsinHostPlace *places[4];
  g_autoptr (GError) from_busy = NULL;
  g_autoptr (GError) from_other = NULL;
  guint retry;

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);
      const TocsinHostFetch fetch = { .authority = authority, .client = busy };

      places[i] =
          tocsin_host_budget_begin (us.fed->budget, &fetch, g_get_monotonic_time (), &retry, NULL);
      g_assert_nonnull (places[i]);
    }
  from_busy = receive_from (busy);
  g_assert_error (from_busy, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  from_other = receive_from ("192.0.2.2");
  g_assert_error (from_other, TOCSIN_ERROR, TOCSIN_ERROR_NOT_A_PEER);
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    tocsin_host_budget_end (places[i], TRUE, g_get_monotonic_time ());
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  inbox_nodes_start ();

  g_test_add_func ("/inbox/accepts", test_accepts);
  g_test_add_func ("/inbox/client", test_client);
  g_test_add_func ("/inbox/refuses/signatures", test_refuses_signatures);
  g_test_add_func ("/inbox/refuses/senders", test_refuses_senders);
  g_test_add_func ("/inbox/refuses/ownership", test_refuses_ownership);
  g_test_add_func ("/inbox/refuses/proofs", test_refuses_proofs);
  g_test_add_func ("/inbox/refuses/replay", test_refuses_replay);
  g_test_add_func ("/inbox/refuses/bodies", test_refuses_bodies);
  g_test_add_func ("/inbox/refuses/transport", test_refuses_transport);
  g_test_add_func ("/inbox/drops", test_drops);
  g_test_add_func ("/inbox/drops/relayed", test_drops_relayed);
  g_test_add_func ("/inbox/undo-undated", test_undo_undated);
  g_test_add_func ("/inbox/operator-has-the-last-word", test_operator_has_the_last_word);
  g_test_add_func ("/inbox/rate-follows-the-relation", test_rate_follows_the_relation);
  status = g_test_run ();

  inbox_nodes_stop ();
  return status;
}
