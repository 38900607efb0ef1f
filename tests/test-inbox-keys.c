/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* The inbox where keys have changed, or cannot be had. */
#include "fed/fetch-uri.h"
#include "fed/held.h"
#include "fed/housekeeping.h"
#include "fed/rotation.h"
#include "fed/sync.h"
#include "inbox-nodes.h"
#include "store/table-review.h"
#include "store/table-seen.h"

static void
expect (PublicNode *signer, GBytes *body, guint status)
{
  g_autoptr (TocsinEnvelope) envelope = public_node_post (body);
  g_autofree char *answer = NULL;

  public_node_sign (signer, &us, TOCSIN_SIGN_RFC9421_ED25519, envelope, tocsin_time_now_us ());
  answer = public_node_ask (&us, envelope);
  assert_answer (answer, status, NULL);
}

/* The peer's Update of its own document: as it is, but for a name and, where given, one more key.
 */
static GBytes *
make_update_of (const char *name, const char *multikey, const Draft *draft, gboolean is_dated)
{
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_new (public_node_actor (&peer));
  const TocsinActorDocument *own = tocsin_identity_get_document (peer.fed->identity);
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  TocsinActivityHead head = draft_head (&peer, draft, &id, &to);

  document->type = g_strdup (own->type);
  document->inbox = g_strdup (own->inbox);
  document->outbox = g_strdup (own->outbox);
  document->reports = g_strdup (own->reports);
  document->trust = g_strdup (own->trust);
  document->protocol_version = g_strdup (own->protocol_version);
  document->name = g_strdup (name);
  for (guint i = 0; i < own->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (own->keys, i);
      TocsinActorKey *copy = tocsin_actor_key_new (key->id, key->owner);

      copy->pem = g_strdup (key->pem);
      copy->multibase = g_strdup (key->multibase);
      copy->assertion = key->assertion;
      g_ptr_array_add (document->keys, copy);
    }
  if (multikey != NULL)
    {
      g_autofree char *key_id = g_strconcat (public_node_actor (&peer), "#ed25519-9", NULL);
      TocsinActorKey *key = tocsin_actor_key_new (key_id, public_node_actor (&peer));

      key->multibase = g_strdup (multikey);
      key->assertion = TRUE;
      g_ptr_array_add (document->keys, key);
    }
  head.to = public_node_actor (&us);
  head.published_us = is_dated ? head.published_us : 0;
  return draft_finish (&peer, draft, tocsin_activity_build_update (&head, document));
}

static GBytes *
make_update (const char *name, const char *multikey, const char *activity)
{
  const Draft draft = { .id = activity };

  return make_update_of (name, multikey, &draft, TRUE);
}

static void
test_update_is_believed_at_once (void)
{
  g_autoptr (GBytes) body = make_update ("Renamed", NULL, "update");
  TocsinKnownActor *known;

  expect (&peer, body, 202);
  known = tocsin_keyring_peek (us.fed->keyring, public_node_actor (&peer));
  if (known == NULL)
    g_error ("The peer is no longer known");
  g_assert_cmpstr (known->document->name, ==, "Renamed");
}

static gboolean
unproven_write (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.had_protocol_version = GPOINTER_TO_INT (data);
  tocsin_peers_put (txn, &record);
  return TRUE;
}

/* Who neither proves nor dates an Update is asked what is true now. */
static void
test_update_without_a_date (void)
{
  const Draft draft = { .id = "undated", .unproven = TRUE };
  g_autoptr (GBytes) update = make_update_of ("Long ago", NULL, &draft, FALSE);
  g_autoptr (GBytes) dated = make_update_of ("Just now", NULL, &draft, TRUE);
  const char *name = tocsin_identity_get_document (peer.fed->identity)->name;
  TocsinKnownActor *known;

  write_ok (&us.files, unproven_write, GINT_TO_POINTER (FALSE));
  expect (&peer, update, 202);
  known = tocsin_keyring_peek (us.fed->keyring, public_node_actor (&peer));
  g_assert_nonnull (known);
  /* cppcheck-suppress nullPointerRedundantCheck ; without one the test is over */
  g_assert_cmpstr (known->document->name, ==, name);
  /* The same id, another content. */
  expect (&peer, dated, 403);
  write_ok (&us.files, unproven_write, GINT_TO_POINTER (TRUE));
}

static gboolean
block_write (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.blocked = GPOINTER_TO_INT (data);
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static gboolean
unread_write (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinActorRecord) record = { 0 };

  tocsin_actors_get (txn, peer_number, &record);
  record.fetched_us = 0;
  tocsin_actors_put (txn, &record);
  return TRUE;
}

/* Takes an Update of the peer without date or proof, and says how often that had us fetch. */
static guint
fetches_for (const char *name, guint status)
{
  const Draft draft = { .id = name, .unproven = TRUE };
  g_autoptr (GBytes) update = make_update_of ("Long ago", NULL, &draft, FALSE);
  guint before = tocsin_keyring_count_fetches (us.fed->keyring);

  expect (&peer, update, status);
  return tocsin_keyring_count_fetches (us.fed->keyring) - before;
}

/* Else a copy of one request would use up what may be fetched of that host. */
static void
test_update_is_read_once (void)
{
  write_ok (&us.files, unproven_write, GINT_TO_POINTER (FALSE));
  g_assert_cmpuint (fetches_for ("hint-1", 202), ==, 1);
  g_assert_cmpuint (fetches_for ("hint-1", 202), ==, 0);
  g_assert_cmpuint (fetches_for ("hint-2", 202), ==, 1);

  write_ok (&us.files, block_write, GINT_TO_POINTER (TRUE));
  g_assert_cmpuint (fetches_for ("hint-3", 403), ==, 0);
  write_ok (&us.files, block_write, GINT_TO_POINTER (FALSE));

  /* What was read for the signature will do. */
  write_ok (&us.files, unread_write, NULL);
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&peer));
  g_assert_cmpuint (fetches_for ("hint-4", 202), ==, 1);
  write_ok (&us.files, unproven_write, GINT_TO_POINTER (TRUE));
}

static gboolean
hold_write (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  tocsin_pinning_hold (txn, &record, tocsin_time_now_us ());
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static gboolean
is_live (const char *name)
{
  g_auto (TocsinReportRecord) record = { 0 };

  return find_report (&peer, name, &record) && record.state == TOCSIN_STATE_LIVE;
}

/* Something by the peer's new key was here before the Update that names it. */
static void
test_update_ends_a_hold (void)
{
  Draft draft = { .id = "early", .report = "early" };
  g_autoptr (GBytes) add = make_add (&peer, &draft);
  g_autoptr (GBytes) renamed = make_update ("Renamed", NULL, "renamed");
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autofree char *multikey = tocsin_public_key_to_multikey (tocsin_private_key_public (key));
  g_autoptr (GBytes) update = make_update ("Renamed", multikey, "new-key");

  write_ok (&us.files, hold_write, NULL);
  expect (&peer, add, 202);
  expect (&peer, renamed, 202);
  g_assert_false (is_live ("early"));
  expect (&peer, update, 202);
  while (!is_live ("early"))
    g_main_context_iteration (NULL, TRUE);
}

static gint64
reread_of_peer (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  return record.reread_us;
}

static gboolean
release_write (TocsinTxn *txn, gpointer data, GError **error)
{
  while (tocsin_held_release_some (txn, us.fed->policy, tocsin_time_now_us ()))
    ;
  return tocsin_txn_check (txn, error);
}

static gboolean
lift_write (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  tocsin_pinning_lift (txn, &record, NULL, tocsin_time_now_us ());
  return tocsin_txn_check (txn, error);
}

/* The hold ended, and nothing that has to follow it did. */
static void
test_release_after_a_stop (void)
{
  Draft draft = { .id = "stranded", .report = "stranded" };
  Draft later = { .id = "later", .report = "later" };
  g_autoptr (GBytes) add = make_add (&peer, &draft);
  g_autoptr (GBytes) later_add = make_add (&peer, &later);
  g_autoptr (TocsinHousekeeping) housekeeping = NULL;

  write_ok (&us.files, hold_write, NULL);
  expect (&peer, add, 202);
  write_ok (&us.files, lift_write, NULL);
  g_assert_cmpint (reread_of_peer (), <, 0);
  g_assert_false (is_live ("stranded"));
  housekeeping = tocsin_housekeeping_new (us.fed);
  tocsin_housekeeping_start (housekeeping);
  while (!is_live ("stranded"))
    g_main_context_iteration (NULL, TRUE);
  tocsin_housekeeping_stop (housekeeping);

  /* Who is held again is no longer let through. */
  write_ok (&us.files, lift_write, NULL);
  write_ok (&us.files, hold_write, NULL);
  expect (&peer, later_add, 202);
  write_ok (&us.files, release_write, NULL);
  g_assert_false (is_live ("later"));
  write_ok (&us.files, lift_write, NULL);
  write_ok (&us.files, lift_write, NULL);
  write_ok (&us.files, release_write, NULL);
  g_assert_true (is_live ("later"));
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

/* Has strangers take all places that they may have, or give them back. */
static void
crowd (TocsinHostPlace **places, gboolean is_there)
{
  for (guint i = 0; i < TOCSIN_HOST_BUDGET_FOR_STRANGERS; i++)
    {
      g_autofree char *authority = g_strdup_printf ("%u.example:443", i);
      const TocsinHostFetch fetch = { .authority = authority };
      guint retry;

      if (!is_there)
        tocsin_host_budget_end (places[i], TRUE, g_get_monotonic_time ());
      else
        places[i] = tocsin_host_budget_begin (us.fed->budget, &fetch, g_get_monotonic_time (),
                                              &retry, NULL);
      g_assert_nonnull (places[i]);
    }
}

/* The relay is followed; the author is believed through it, and changed its key unnoticed.
 * Strangers have everything fetched that they may. */
static void
test_relayed_after_a_new_key (void)
{
  TocsinHostPlace *places[TOCSIN_HOST_BUDGET_FOR_STRANGERS];
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
  crowd (places, TRUE);
  expect (&peer, body, 202);
  crowd (places, FALSE);
  g_assert_true (find_report (&stranger, "relayed", &record));
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_LIVE);
  g_assert_cmpuint (record.charged, !=, TOCSIN_CHARGED_OWN);

  /* For the tests that come: the stranger is one again. */
  believe_through_peer (0);
}

static gboolean
old_write (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_pinning_save_actor (txn, data, tocsin_time_now_us () - 25 * TOCSIN_HOUR_US);
  return TRUE;
}

/* The author let the key expire, and what is known of it here is older than that. */
static void
test_relayed_by_an_expired_key (void)
{
  Draft draft = { .id = "expired", .report = "expired" };
  g_autoptr (GBytes) body = make_add (&stranger, &draft);
  g_autoptr (GError) error = NULL;
  guint32 author;

  write_ok (&us.files, old_write, (gpointer) tocsin_identity_get_document (stranger.fed->identity));
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&stranger));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_actors_find (txn, public_node_actor (&stranger), &author));
  }
  believe_through_peer (author);
  tocsin_identity_rotate_prepare (stranger.fed->identity,
                                  tocsin_time_now_us () - 365 * TOCSIN_DAY_US, &error);
  g_assert_no_error (error);
  tocsin_identity_rotate_commit (stranger.fed->identity, &error);
  g_assert_no_error (error);
  expect (&peer, body, 401);
  believe_through_peer (0);
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
  g_autoptr (GBytes) body = NULL;
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
  body = g_bytes_new_static (text, strlen (text));
  expect (&peer, body, 202);
  g_assert_cmpuint (us.fed->stats.inbox_dropped, ==, dropped + 1);
  while (ABS (reread_of_peer ()) <= 1)
    g_main_context_iteration (NULL, TRUE);
  tocsin_sync_stop (us.fed->sync);
  believe_through_peer (0);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_false (tocsin_seen_knows (txn, "http://127.0.0.1:1/activities/r"));
  }
}

/* That the author's host may not be asked just now does not keep the relay waiting. */
static void
test_relayed_without_room (void)
{
  Draft draft = { .id = "no-room", .report = "no-room" };
  Draft foreign = { .id = "foreign", .report = "foreign", .prover = &peer };
  g_autoptr (GBytes) body = make_add (&stranger, &draft);
  g_autoptr (GBytes) foreign_body = make_add (&stranger, &foreign);
  g_autofree char *authority = tocsin_fetch_authority (public_node_actor (&stranger), NULL);
  guint64 dropped = us.fed->stats.inbox_dropped;
  g_autoptr (GError) error = NULL;
  const TocsinHostFetch fetch = { .authority = authority, .is_known = TRUE };
  TocsinHostPlace *place;
  guint32 author;
  guint retry;

  write_ok (&us.files, old_write, (gpointer) tocsin_identity_get_document (stranger.fed->identity));
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&stranger));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_actors_find (txn, public_node_actor (&stranger), &author));
  }
  believe_through_peer (author);
  place =
      tocsin_host_budget_begin (us.fed->budget, &fetch, g_get_monotonic_time (), &retry, &error);
  g_assert_no_error (error);
  expect (&peer, body, 202);
  g_assert_cmpuint (us.fed->stats.inbox_dropped, ==, dropped + 1);

  /* Nor does a proof that fails. */
  write_ok (&us.files, save_write,
            (gpointer) tocsin_identity_get_document (stranger.fed->identity));
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&stranger));
  expect (&peer, foreign_body, 202);
  g_assert_cmpuint (us.fed->stats.inbox_dropped, ==, dropped + 2);
  tocsin_host_budget_end (place, TRUE, g_get_monotonic_time ());
  believe_through_peer (0);
}

static gboolean
useless_write (TocsinTxn *txn, gpointer data, GError **error)
{
  tocsin_pinning_save_actor (txn, data, tocsin_time_now_us () - 8 * TOCSIN_DAY_US);
  return TRUE;
}

/* The author's host shows the document of another, who proved this: no author speaks for another.
 */
static void
test_relayed_of_a_turned (void)
{
  Draft draft = { .id = "turned",
                  .report = "turned",
                  .target = tocsin_identity_get_document (peer.fed->identity)->reports,
                  .prover = &peer };
  Draft next = { .id = "next", .report = "next" };
  g_autoptr (GBytes) body = make_add (&stranger, &draft);
  g_autoptr (GBytes) next_body = make_add (&stranger, &next);
  guint64 dropped = us.fed->stats.inbox_dropped;
  g_auto (TocsinReportRecord) record = { 0 };
  guint32 author;

  write_ok (&us.files, useless_write,
            (gpointer) tocsin_identity_get_document (stranger.fed->identity));
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&stranger));
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_actors_find (txn, public_node_actor (&stranger), &author));
  }
  believe_through_peer (author);
  public_node_turn (&stranger, tocsin_identity_get_document_bytes (peer.fed->identity));
  expect (&peer, body, 202);
  g_assert_cmpuint (us.fed->stats.inbox_dropped, ==, dropped + 1);
  g_assert_false (find_report (&stranger, "turned", &record));
  g_assert_cmpuint (stranger.n_shown, ==, 1);

  /* Its document is not asked for again at once, or the budget of its host would be used up. */
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&stranger));
  expect (&peer, next_body, 202);
  g_assert_cmpuint (stranger.n_shown, ==, 1);
  believe_through_peer (0);
}

/* A host that wants every request twice is asked no more often than others. */
static void
test_refuses_every_knock (void)
{
  g_autoptr (GError) error = NULL;

  stranger.refusal = 401;
  public_node_turn (&stranger, NULL);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (TocsinKnownActor) none = NULL;

      g_clear_error (&error);
      none = find_key (public_node_actor (&stranger), &error);
      g_assert_null (none);
    }
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_assert_cmpuint (stranger.n_shown, >=, 2);
}

static gboolean
is_read_once (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  return record.first_batch_done;
}

/* The same where the Update did not arrive, and is read in the peer's outbox, not for the first
 * time. */
static void
test_outbox_ends_a_hold (void)
{
  Draft draft = { .id = "waiting", .report = "waiting" };
  g_autoptr (GBytes) add = make_add (&peer, &draft);
  g_autoptr (GAsyncResult) result = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_sync_start (us.fed->sync);
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  while (!is_read_once ())
    g_main_context_iteration (NULL, TRUE);
  tocsin_sync_stop (us.fed->sync);

  write_ok (&us.files, hold_write, NULL);
  expect (&peer, add, 202);
  g_assert_false (is_live ("waiting"));
  tocsin_rotation_run_async (peer.fed, "test", on_found, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  fingerprint = tocsin_rotation_run_finish (result, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fingerprint);
  tocsin_sync_start (us.fed->sync);
  tocsin_sync_read_peer (us.fed->sync, peer_number, FALSE);
  while (!is_live ("waiting"))
    g_main_context_iteration (NULL, TRUE);
  tocsin_sync_stop (us.fed->sync);
}

static gboolean
is_retired (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinActorRecord) record = { 0 };

  return tocsin_actors_get (txn, peer_number, &record) && record.retired_us != 0;
}

/* That its host may not be asked just now is no reason to take a Delete for a false one. */
static void
test_departure (void)
{
  Draft draft = { .id = "delete" };
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  TocsinActivityHead head = draft_head (&peer, &draft, &id, &to);
  g_autoptr (GBytes) body = draft_finish (&peer, &draft, tocsin_activity_build_delete (&head));
  g_autofree char *authority = tocsin_fetch_authority (public_node_actor (&peer), NULL);
  const TocsinHostFetch fetch = { .authority = authority, .is_known = TRUE };
  g_autoptr (GError) error = NULL;
  TocsinHostPlace *place;
  guint retry;

  place =
      tocsin_host_budget_begin (us.fed->budget, &fetch, g_get_monotonic_time (), &retry, &error);
  g_assert_no_error (error);
  expect (&peer, body, 503);
  tocsin_host_budget_end (place, TRUE, g_get_monotonic_time ());
  expect (&peer, body, 202);
  g_assert_false (is_retired ());
  public_node_turn (&peer, NULL);
  expect (&peer, body, 202);
  g_assert_true (is_retired ());
}

/* A peer that signs its requests by another key than its proofs, and has not told us of the new
 * one: its document is asked once, and what it says held. */
static void
test_direct_after_a_new_key (void)
{
  Draft draft = { .id = "new-proof", .report = "new-proof" };
  g_autoptr (TocsinEnvelope) envelope = NULL;
  g_auto (TocsinReportRecord) record = { 0 };
  g_autoptr (GBytes) body = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;
  guint64 line;

  tocsin_identity_rotate_prepare (peer.fed->identity, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  tocsin_identity_rotate_commit (peer.fed->identity, &error);
  g_assert_no_error (error);
  body = make_add (&peer, &draft);
  envelope = public_node_post (body);
  public_node_sign (&peer, &us, TOCSIN_SIGN_RFC9421_RSA, envelope, tocsin_time_now_us ());
  answer = public_node_ask (&us, envelope);
  assert_answer (answer, 202, NULL);
  g_assert_true (find_report (&peer, "new-proof", &record));
  g_assert_cmpint (record.state, ==, TOCSIN_STATE_HELD);
  g_assert_cmpint (record.hold, ==, TOCSIN_HOLD_KEY);
  {
    g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

    g_assert_true (tocsin_review_find_open (txn, TOCSIN_REVIEW_KEY_CHANGE, peer_number, 0, &line));
  }
}

/* Nor does a proof that fails by every key that the document names count. */
static void
test_direct_by_a_foreign_key (void)
{
  Draft draft = { .id = "foreign-proof", .report = "foreign-proof", .prover = &stranger };
  g_autoptr (GBytes) body = make_add (&peer, &draft);

  expect (&peer, body, 401);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  inbox_nodes_start ();

  g_test_add_func ("/inbox-keys/update-is-believed-at-once", test_update_is_believed_at_once);
  g_test_add_func ("/inbox-keys/update-without-a-date", test_update_without_a_date);
  g_test_add_func ("/inbox-keys/update-is-read-once", test_update_is_read_once);
  g_test_add_func ("/inbox-keys/update-ends-a-hold", test_update_ends_a_hold);
  g_test_add_func ("/inbox-keys/release-after-a-stop", test_release_after_a_stop);
  g_test_add_func ("/inbox-keys/foreign-key-ids", test_foreign_key_ids);
  g_test_add_func ("/inbox-keys/page-as-a-key", test_page_as_a_key);
  g_test_add_func ("/inbox-keys/relayed-after-a-new-key", test_relayed_after_a_new_key);
  g_test_add_func ("/inbox-keys/relayed-by-an-expired-key", test_relayed_by_an_expired_key);
  g_test_add_func ("/inbox-keys/relayed-of-an-unreachable", test_relayed_of_an_unreachable);
  g_test_add_func ("/inbox-keys/relayed-without-room", test_relayed_without_room);
  g_test_add_func ("/inbox-keys/then/relayed-of-a-turned", test_relayed_of_a_turned);
  g_test_add_func ("/inbox-keys/then/refuses-every-knock", test_refuses_every_knock);
  g_test_add_func ("/inbox-keys/then/outbox-ends-a-hold", test_outbox_ends_a_hold);
  g_test_add_func ("/inbox-keys/then/direct-after-a-new-key", test_direct_after_a_new_key);
  g_test_add_func ("/inbox-keys/then/direct-by-a-foreign-key", test_direct_by_a_foreign_key);
  g_test_add_func ("/inbox-keys/then/departure", test_departure);
  status = g_test_run ();

  inbox_nodes_stop ();
  return status;
}
