/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#pragma once

/* Somebody else holds the host of a reader that we follow: its address, and all that is public of
 * it. `us` answers over HTTP, the host of `peer` shows what the thief wants. */
#include "codec/httpsig.h"
#include "codec/proof.h"
#include "fed/peers.h"
#include "public-node.h"
#include "store/table-meta.h"
#include "store/table-outbox.h"
#include "store/table-review.h"

#define ELSEWHERE      "http://127.0.0.1:1/inbox"
#define FOLLOW_OF_US   "https://us.example/activities/follow"
#define FOLLOW_OF_PEER "https://peer.example/activities/follow"

static PublicNode us, peer;
static guint32 peer_number;
static TocsinPrivateKey *stolen; /* the thief's own, in the name of the peer */
static TocsinPrivateKey *second; /* of SHOW_SECOND */

/* ---- the outbox of us ---- */

static inline gboolean
write_outbox (TocsinTxn *txn, gpointer data, GError **error)
{
  static const struct
  {
    const char *name;
    TocsinOutboxKind kind;
  } rows[] = { { "green", TOCSIN_OUTBOX_ADD }, { "remove", TOCSIN_OUTBOX_REMOVE } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/activities/", rows[i].name, NULL);
      g_autofree char *id = tocsin_identity_url (us.fed->identity, path);
      char *text = g_strdup_printf ("{\"id\":\"%s\"}", rows[i].name);
      g_autoptr (GBytes) body = g_bytes_new_take (text, strlen (text));
      const TocsinOutboxRecord entry = { .kind = rows[i].kind,
                                         .sharing = TOCSIN_SHARING_GREEN,
                                         .created_us = T0,
                                         .activity_id = id,
                                         .activity = body };

      tocsin_outbox_append (txn, &entry);
    }
  return TRUE;
}

/* ---- the host of the peer ---- */

typedef enum
{
  SHOW_RSA = 1 << 0,     /* of the thief, in the place of the peer's */
  SHOW_ED25519 = 1 << 1, /* of the thief, with the peer's */
  SHOW_PROOFS = 1 << 2,  /* the peer's own Ed25519 key */
  SHOW_OTHER = 1 << 3,   /* another major version of the protocol */
  SHOW_NO_RSA = 1 << 4,
  SHOW_INBOX = 1 << 5,  /* the peer's own inbox */
  SHOW_SECOND = 1 << 6, /* one more Ed25519 key, of whomever */
} Show;

static inline void
add_key (TocsinActorDocument *document, const char *id, const char *pem, const char *multibase)
{
  TocsinActorKey *key = tocsin_actor_key_new (id, document->id);

  key->pem = g_strdup (pem);
  key->multibase = g_strdup (multibase);
  key->assertion = multibase != NULL;
  g_ptr_array_add (document->keys, key);
}

/* The peer's document as the thief wants it. */
static inline TocsinActorDocument *
document_of (Show show)
{
  const TocsinActorDocument *own = tocsin_identity_get_document (peer.fed->identity);
  TocsinActorDocument *document = tocsin_actor_document_new (own->id);
  const TocsinPublicKey *public = tocsin_private_key_public (stolen);
  g_autofree char *multibase = tocsin_public_key_to_multikey (public);
  g_autofree char *pem = tocsin_public_key_to_pem (public);
  g_autofree char *id = g_strconcat (own->id, "#ed25519-9", NULL);

  document->type = g_strdup (own->type);
  document->inbox = g_strdup (show & SHOW_INBOX ? own->inbox : ELSEWHERE);
  document->outbox = g_strdup (own->outbox);
  document->reports = g_strdup (own->reports);
  document->protocol_version = g_strdup (show & SHOW_OTHER ? "2.0" : own->protocol_version);
  for (guint i = 0; i < own->keys->len; i++)
    {
      const TocsinActorKey *key = g_ptr_array_index (own->keys, i);

      if (key->pem != NULL && show & SHOW_NO_RSA)
        continue;
      if (key->pem != NULL)
        add_key (document, key->id, show & SHOW_RSA ? pem : key->pem, NULL);
      else if (show & SHOW_PROOFS)
        add_key (document, key->id, NULL, key->multibase);
    }
  if (show & SHOW_ED25519)
    add_key (document, id, NULL, multibase);
  if (show & SHOW_SECOND)
    {
      g_autofree char *other = tocsin_public_key_to_multikey (tocsin_private_key_public (second));
      g_autofree char *other_id = g_strconcat (own->id, "#ed25519-8", NULL);

      add_key (document, other_id, NULL, other);
    }
  return document;
}

/* From now on the host shows that; the thief has a new key of its kind, and so has whoever has the
 * second. */
static inline GBytes *
take_over (Show show)
{
  g_autoptr (TocsinActorDocument) document = NULL;
  GBytes *bytes;

  g_clear_pointer (&stolen, tocsin_private_key_free);
  g_clear_pointer (&second, tocsin_private_key_free);
  stolen =
      tocsin_private_key_generate (show & SHOW_RSA ? TOCSIN_KEY_RSA : TOCSIN_KEY_ED25519, NULL);
  second = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  document = document_of (show);
  bytes = tocsin_actor_document_to_bytes (document);
  public_node_turn (&peer, bytes);
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&peer));
  return bytes;
}

static inline char *
ask_as_thief (TocsinEnvelope *envelope)
{
  gboolean is_rsa = tocsin_public_key_kind (tocsin_private_key_public (stolen)) == TOCSIN_KEY_RSA;
  g_autofree char *id =
      g_strconcat (public_node_actor (&peer), is_rsa ? "#main-key" : "#ed25519-9", NULL);
  g_autoptr (GError) error = NULL;

  tocsin_sign_request_rfc9421 (envelope, tocsin_identity_get_base (us.fed->identity), stolen, id,
                               tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  return public_node_ask (&us, envelope);
}

/* ---- what is asked for ---- */

static inline guint64
epoch_of_us (void)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

  return tocsin_meta_epoch (txn);
}

/* What was kept from it is in another epoch, so that it reads from 0. */
static inline void
assert_page (const char *answer, gboolean has_adds)
{
  g_autofree char *epoch = g_strdup_printf ("\"epoch\":\"%016" G_GINT64_MODIFIER "x%s\"",
                                            epoch_of_us (), has_adds ? "" : "r");

  if (raw_status (answer) != 200 || strstr (answer, "\"remove\"") == NULL ||
      (strstr (answer, "\"green\"") != NULL) != has_adds || strstr (answer, epoch) == NULL)
    g_error ("expected a page %s: %s", has_adds ? "with everything" : "of Removes", answer);
}

static inline void
assert_thief_reads (gboolean has_adds)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", "/outbox/after/0");
  g_autofree char *answer = ask_as_thief (envelope);

  assert_page (answer, has_adds);
}

static inline void
assert_peer_reads (TocsinSignScheme scheme, gboolean has_adds)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", "/outbox/after/0");
  g_autofree char *answer = NULL;

  public_node_sign (&peer, &us, scheme, envelope, tocsin_time_now_us ());
  answer = public_node_ask (&us, envelope);
  assert_page (answer, has_adds);
}

/* ---- what is known of the peer ---- */

static inline void
read_record (TocsinPeerRecord *out)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));

  tocsin_peers_get (txn, peer_number, out);
}

static inline gboolean
is_held (void)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  read_record (&record);
  return record.key_hold;
}

static inline gboolean
count_line (const TocsinReviewRecord *line, gpointer data)
{
  guint *n = data;

  *n += line->kind == TOCSIN_REVIEW_KEY_CHANGE && line->actor == peer_number ? 1 : 0;
  return TRUE;
}

static inline void
assert_told (guint expected)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  guint n = 0;

  tocsin_review_foreach (txn, 0, TRUE, count_line, &n);
  g_assert_cmpuint (n, ==, expected);
}

static inline void
assert_inbox (const char *expected)
{
  g_autoptr (TocsinReading) txn = tocsin_reader_begin (tocsin_store_get_reader (us.files.store));
  g_auto (TocsinActorRecord) record = { 0 };

  g_assert_true (tocsin_actors_get (txn, peer_number, &record));
  g_assert_cmpstr (record.inbox, ==, expected);
}

static inline void
wait_for_hold (void)
{
  while (!is_held ())
    g_main_context_iteration (NULL, TRUE);
  assert_told (1);
}

static inline gboolean
write_forgotten (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.follower = TOCSIN_FOLLOWER_NONE;
  tocsin_pinning_forget (txn, &record, "test", tocsin_time_now_us ());
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static inline gboolean
write_never_followed (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peer_record_init (&record, peer_number);
  record.follower = TOCSIN_FOLLOWER_READER;
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static inline gboolean
write_other_software (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.had_protocol_version = FALSE;
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static inline gboolean
write_follow_ids (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.follow_id = g_strdup (FOLLOW_OF_US);
  record.follower_follow_id = g_strdup (FOLLOW_OF_PEER);
  tocsin_peers_put (txn, &record);
  return TRUE;
}

static inline gboolean
write_asked_again (TocsinTxn *txn, gpointer data, GError **error)
{
  g_auto (TocsinPeerRecord) record = { 0 };

  tocsin_peers_get (txn, peer_number, &record);
  record.following = TOCSIN_FOLLOWING_PENDING;
  record.follow_id = g_strdup (FOLLOW_OF_US);
  tocsin_peers_put (txn, &record);
  return TRUE;
}

/* All is as it was before somebody took the host. */
static inline void
give_back (void)
{
  Befriend b = { .peer = &peer,
                 .following = TOCSIN_FOLLOWING_ACCEPTED,
                 .follower = TOCSIN_FOLLOWER_READER,
                 .had_protocol_version = TRUE };

  if (peer_number != 0)
    write_ok (&us.files, write_forgotten, NULL);
  public_node_turn (&peer, tocsin_identity_get_document_bytes (peer.fed->identity));
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&peer));
  peer_number = public_node_befriend (&us, &b);
}

static inline void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  GAsyncResult **out = data;

  *out = g_object_ref (result);
}

static inline GError *
try_to_confirm (const char *fingerprint)
{
  g_autoptr (GAsyncResult) result = NULL;
  GError *error = NULL;

  tocsin_peers_confirm_key_async (us.fed, public_node_actor (&peer), fingerprint, "test", on_done,
                                  &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  tocsin_peers_confirm_key_finish (result, &error);
  return error;
}

static inline char *
fingerprint_of (const TocsinPrivateKey *key)
{
  return tocsin_public_key_fingerprint (tocsin_private_key_public (key));
}

static inline void
confirm (const TocsinPrivateKey *key)
{
  g_autofree char *fingerprint = fingerprint_of (key);
  g_autoptr (GError) error = try_to_confirm (fingerprint);

  g_assert_no_error (error);
}

static inline gboolean
is_pinned (const TocsinPrivateKey *key)
{
  g_autofree char *multikey = tocsin_public_key_to_multikey (tocsin_private_key_public (key));
  g_auto (TocsinPeerRecord) record = { 0 };

  read_record (&record);
  return tocsin_pinning_of (&record, multikey) == TOCSIN_PINNING_MATCHES;
}

/* It is right, and @left is still in doubt: that, and what ends it, is what the operator reads. */
static inline void
confirm_in_part (const char *fingerprint, const char *left, const char *end)
{
  g_autoptr (GError) error = try_to_confirm (fingerprint);

  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_CONFLICT);
  if (strstr (error->message, left) == NULL || strstr (error->message, end) == NULL)
    g_error ("expected “%s”, and “%s”: %s", left, end, error->message);
  g_assert_true (is_held ());
  assert_told (1);
}

static inline void
act (TocsinPeerAction action)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_act_async (us.fed, public_node_actor (&peer), action, "test", on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  tocsin_peers_act_finish (result, &error);
  g_assert_no_error (error);
}

static inline void
follow (void)
{
  static const gint8 weights[TOCSIN_N_AREAS] = { 50, -1, -1, -1 };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_peers_follow_async (us.fed, public_node_actor (&peer), weights, "test", on_done, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  tocsin_followed_free (tocsin_peers_follow_finish (result, &error));
  g_assert_no_error (error);
}

static inline void
assert_thief_hears (GBytes *body, guint expected)
{
  g_autoptr (TocsinEnvelope) envelope = public_node_post (body);
  g_autofree char *answer = ask_as_thief (envelope);

  if (raw_status (answer) != expected)
    g_error ("%s", answer);
}

static inline void
tell_as_thief (GBytes *body)
{
  assert_thief_hears (body, 202);
}

static inline GBytes *
words_of_thief (const char *type, const char *object)
{
  char *text = g_strdup_printf ("{\"@context\":\"https://www.w3.org/ns/activitystreams\","
                                "\"id\":\"%s/activities/%u\",\"type\":\"%s\","
                                "\"actor\":\"%s\",\"object\":\"%s\"}",
                                tocsin_identity_get_base (peer.fed->identity), g_random_int (),
                                type, public_node_actor (&peer), object);

  return g_bytes_new_take (text, strlen (text));
}

/* ---- the program ---- */

static inline void
takeover_start (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  public_node_start (&us);
  public_node_start (&peer);
  write_ok (&us.files, write_outbox, NULL);
}

static inline int
takeover_run (void)
{
  int status = g_test_run ();

  g_clear_pointer (&stolen, tocsin_private_key_free);
  g_clear_pointer (&second, tocsin_private_key_free);
  public_node_stop (&peer);
  public_node_stop (&us);
  return status;
}
