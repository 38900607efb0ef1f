/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* The inbox of a whole node, over HTTP: `us` receives, `peer` is followed by us and speaks our
 * protocol, `stranger` is another node of ours that nobody here has ever heard of. */
#include "fed/sync.h"
#include "public-node.h"
#include "store/table-reports.h"
#include "store/table-seen.h"

static PublicNode us, peer, stranger;
static guint32 peer_number;

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

/* @problem: the type of the problem document, or NULL for none */
static void
assert_answer (const char *answer, guint status, const char *problem)
{
  g_autofree char *member =
      problem != NULL ? g_strdup_printf ("\"type\":\"%s\"", problem) : g_strdup ("\r\n\r\n");

  if (raw_status (answer) != status || strstr (answer, member) == NULL)
    g_error ("expected %u %s, got: %s", status, problem != NULL ? problem : "", answer);
  if (problem != NULL)
    g_assert_nonnull (strstr (answer, "application/problem+json"));
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

static gboolean
find_report (const PublicNode *author, const char *name, TocsinReportRecord *record)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_autofree char *path = g_strconcat ("/reports/", name, NULL);
  g_autofree char *id = tocsin_identity_url (author->fed->identity, path);
  guint32 actor;
  guint64 number;

  return tocsin_actors_find (txn, public_node_actor (author), &actor) &&
         tocsin_reports_find (txn, actor, id, &number) && tocsin_reports_get (txn, number, record);
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

static gboolean
intern_write (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_actors_intern (txn, data, tocsin_time_now_us ());
  return TRUE;
}

/* A relay cannot make us ask others for their keys: nobody believes this actor, of whom we have
 * heard, and it has nothing here to take back. */
static void
test_drops_relayed (void)
{
  guint before = tocsin_keyring_count_fetches (us.fed->keyring);

  write_ok (&us.files, intern_write, (gpointer) "https://127.0.0.1:1/actor");
  expect_text (&peer,
               g_strdup ("{\"type\":\"Remove\",\"id\":\"https://127.0.0.1:1/activities/r\","
                         "\"actor\":\"https://127.0.0.1:1/actor\","
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

static void
test_update_is_believed_at_once (void)
{
  TocsinActorDocument *document = tocsin_actor_document_new (public_node_actor (&peer));
  const TocsinActorDocument *own = tocsin_identity_get_document (peer.fed->identity);
  Draft draft = { .id = "update" };
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  TocsinActivityHead head = draft_head (&peer, &draft, &id, &to);
  g_autoptr (GBytes) body = NULL;
  TocsinKnownActor *known;

  /* As it is, but for a name. */
  document->type = g_strdup (own->type);
  document->inbox = g_strdup (own->inbox);
  document->outbox = g_strdup (own->outbox);
  document->reports = g_strdup (own->reports);
  document->trust = g_strdup (own->trust);
  document->protocol_version = g_strdup (own->protocol_version);
  document->name = g_strdup ("Renamed");
  for (guint i = 0; i < own->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (own->keys, i);
      TocsinActorKey *copy = tocsin_actor_key_new (key->id, key->owner);

      copy->pem = g_strdup (key->pem);
      copy->multibase = g_strdup (key->multibase);
      copy->assertion = key->assertion;
      g_ptr_array_add (document->keys, copy);
    }
  head.to = public_node_actor (&us);
  body = draft_finish (&peer, &draft, tocsin_activity_build_update (&head, document));
  tocsin_actor_document_free (document);
  expect (&peer, AS_SIGNED, body, 202, NULL);
  known = tocsin_keyring_peek (us.fed->keyring, public_node_actor (&peer));
  if (known == NULL)
    g_error ("The peer is no longer known");
  g_assert_cmpstr (known->document->name, ==, "Renamed");
}

static gboolean
save_write (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_pinning_save_actor (txn, data, tocsin_time_now_us ());
  return TRUE;
}

/* Who claims the key id of another is not found under it. */
static void
test_foreign_key_ids (void)
{
  g_autoptr (TocsinActorDocument) document =
      tocsin_actor_document_new ("https://evil.example/actor");
  const char *foreign = "https://good.example/actor#main-key";
  const char *own = "https://evil.example/actor#main-key";
  const char *const ids[] = { foreign, own };

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      TocsinActorKey *key = tocsin_actor_key_new (ids[i], "https://evil.example/actor");

      key->pem = g_strdup ("pem");
      g_ptr_array_add (document->keys, key);
    }
  write_ok (&us.files, save_write, document);
  g_assert_null (tocsin_keyring_peek (us.fed->keyring, foreign));
  g_assert_nonnull (tocsin_keyring_peek (us.fed->keyring, own));
}

static void
on_found (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **out = data;

  *out = g_object_ref (result);
}

static TocsinKnownActor *
find_key (const char *uri, GError **error)
{
  TocsinFetchAllowance allowance = { 0 };
  g_autoptr (GAsyncResult) result = NULL;

  tocsin_keyring_find_async (us.fed->keyring, uri, TRUE, &allowance, on_found, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return tocsin_keyring_find_finish (us.fed->keyring, result, error);
}

/* Anyone can name a page of any host as a key. The host is not to blame for what it answers, and
 * its actors' keys are asked for all the same. */
static void
test_page_as_a_key (void)
{
  g_autofree char *page =
      g_strconcat (tocsin_identity_get_base (stranger.fed->identity), "/", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinKnownActor) none = find_key (page, &error);
  g_autoptr (TocsinKnownActor) actor = NULL;

  g_assert_null (none);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_KEY_UNREACHABLE);
  g_clear_error (&error);
  actor = find_key (public_node_actor (&stranger), &error);
  g_assert_no_error (error);
  g_assert_nonnull (actor);
}

/* @author: whom the peer trusts; 0: nobody, as at the start */
static void
believe_through_peer (guint32 author)
{
  static guint generation = 1;
  const TocsinTrustPeer row = { .actor = peer_number, .area = TOCSIN_AREA_ANY, .weight = 0.5 };
  const TocsinGraphStatement statement = { .from = peer_number,
                                           .to = author,
                                           .weight_ppb = TOCSIN_TRUST_WEIGHT_ONE,
                                           .area = TOCSIN_AREA_ANY };
  const TocsinTrustInput input = { &statement, author != 0 ? 1 : 0, &row, 1 };
  g_autoptr (TocsinTrustSnapshot) trust = tocsin_trust_snapshot_new (&input, ++generation, 1);

  g_assert_true (author == 0 || tocsin_trust_snapshot_is_believed (trust, author));
  tocsin_federation_set_trust (us.fed, trust);
}

/* The relay is followed; the author is believed through it, and changed its key unnoticed. */
static void
test_relayed_after_a_new_key (void)
{
  Draft draft = { .id = "relayed", .report = "relayed" };
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (TocsinReportRecord) record = { 0 };
  guint32 author;

  write_ok (&us.files, save_write,
            (gpointer) tocsin_identity_get_document (stranger.fed->identity));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_actors_find (txn, public_node_actor (&stranger), &author));
  }
  believe_through_peer (author);

  tocsin_identity_rotate_prepare (stranger.fed->identity, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  tocsin_identity_rotate_commit (stranger.fed->identity, &error);
  g_assert_no_error (error);
  body = make_add (&stranger, &draft);
  expect (&peer, AS_SIGNED, body, 202, NULL);
  g_assert_true (find_report (&stranger, "relayed", &record));
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_LIVE);
  g_assert_true (record.relayed);

  /* For the tests that come: the stranger is one again. */
  believe_through_peer (0);
}

static gint64
reread_of_peer (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  return record.reread_us;
}

/* The relay is followed; the author is believed through it, and cannot be asked for its key. That
 * is not the relay's fault: what it brought is looked for in its outbox later. */
static void
test_relayed_of_an_unreachable (void)
{
  const char *author = "http://127.0.0.1:1/actor";
  g_autofree char *text =
      g_strdup_printf ("{\"type\":\"Remove\",\"id\":\"http://127.0.0.1:1/activities/r\","
                       "\"actor\":\"%s\",\"object\":\"http://127.0.0.1:1/reports/x\","
                       "\"published\":\"2026-11-01T00:00:00Z\","
                       "\"target\":\"http://127.0.0.1:1/actor/reports\"}",
                       author);
  guint64 dropped = us.fed->stats.inbox_dropped;
  Befriend reader = { .peer = &us, .follower = TOCSIN_FOLLOWER_READER };
  guint32 number;

  public_node_befriend (&peer, &reader);
  write_ok (&us.files, intern_write, (gpointer) author);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_actors_find (txn, author, &number));
  }
  believe_through_peer (number);
  tocsin_sync_start (us.fed->sync);
  expect_text (&peer, g_steal_pointer (&text), 202, NULL);
  g_assert_cmpuint (us.fed->stats.inbox_dropped, ==, dropped + 1);
  while (reread_of_peer () == 0)
    g_main_context_iteration (NULL, TRUE);
  tocsin_sync_stop (us.fed->sync);
  believe_through_peer (0);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_false (tocsin_seen_knows (txn, "http://127.0.0.1:1/activities/r"));
  }
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

int
main (int argc, char **argv)
{
  int status;
  Befriend b = { .peer = &peer,
                 .following = TOCSIN_FOLLOWING_ACCEPTED,
                 .had_protocol_version = TRUE };

  g_test_init (&argc, &argv, NULL);
  public_node_start (&us);
  public_node_start (&peer);
  public_node_start (&stranger);
  peer_number = public_node_befriend (&us, &b);

  g_test_add_func ("/inbox/accepts", test_accepts);
  g_test_add_func ("/inbox/refuses/signatures", test_refuses_signatures);
  g_test_add_func ("/inbox/refuses/senders", test_refuses_senders);
  g_test_add_func ("/inbox/refuses/ownership", test_refuses_ownership);
  g_test_add_func ("/inbox/refuses/proofs", test_refuses_proofs);
  g_test_add_func ("/inbox/refuses/replay", test_refuses_replay);
  g_test_add_func ("/inbox/refuses/bodies", test_refuses_bodies);
  g_test_add_func ("/inbox/refuses/transport", test_refuses_transport);
  g_test_add_func ("/inbox/drops", test_drops);
  g_test_add_func ("/inbox/drops/relayed", test_drops_relayed);
  g_test_add_func ("/inbox/operator-has-the-last-word", test_operator_has_the_last_word);
  g_test_add_func ("/inbox/update-is-believed-at-once", test_update_is_believed_at_once);
  g_test_add_func ("/inbox/foreign-key-ids", test_foreign_key_ids);
  g_test_add_func ("/inbox/page-as-a-key", test_page_as_a_key);
  g_test_add_func ("/inbox/relayed-after-a-new-key", test_relayed_after_a_new_key);
  g_test_add_func ("/inbox/relayed-of-an-unreachable", test_relayed_of_an_unreachable);
  g_test_add_func ("/inbox/rate-follows-the-relation", test_rate_follows_the_relation);
  status = g_test_run ();

  public_node_stop (&stranger);
  public_node_stop (&peer);
  public_node_stop (&us);
  return status;
}
