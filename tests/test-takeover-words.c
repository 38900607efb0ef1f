/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* What whoever took over the host of a peer gets to say. */
#include "key-forms.h"
#include "takeover-case.h"

/* Nor does it get what is sent to the peer sent elsewhere, or its key believed, by asking. */
static void
test_follow (void)
{
  static const Show shows[] = { SHOW_RSA, SHOW_RSA | SHOW_PROOFS, SHOW_ED25519 };

  for (gsize i = 0; i < G_N_ELEMENTS (shows); i++)
    {
      g_autoptr (GBytes) shown = NULL;
      g_autoptr (GBytes) follow = words_of_thief ("Follow", public_node_actor (&us));

      give_back ();
      shown = take_over (shows[i]);
      g_assert_nonnull (shown);
      tell_as_thief (follow);
      g_assert_true (is_held ());
      assert_told (1);
      assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
      assert_thief_reads (FALSE);
    }
}

/* Nor is anything else taken of its document. */
static void
test_version (void)
{
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (GBytes) words = words_of_thief ("Follow", public_node_actor (&us));
  g_auto (TocsinPeerRecord) record = { 0 };

  give_back ();
  shown = take_over (SHOW_RSA | SHOW_PROOFS | SHOW_OTHER);
  g_assert_nonnull (shown);
  tell_as_thief (words);
  read_record (&record);
  g_assert_true (record.key_hold);
  g_assert_false (record.version_hold);
}

/* What accepts us may be another than who was asked. */
static void
test_accept (void)
{
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (GBytes) words = words_of_thief ("Accept", FOLLOW_OF_US);
  g_auto (TocsinPeerRecord) record = { 0 };

  give_back ();
  write_ok (&us.files, write_other_software, NULL);
  write_ok (&us.files, write_asked_again, NULL);
  shown = take_over (SHOW_RSA | SHOW_PROOFS);
  g_assert_nonnull (shown);
  tell_as_thief (words);
  read_record (&record);
  g_assert_cmpint (record.following, ==, TOCSIN_FOLLOWING_ACCEPTED);
  g_assert_true (record.key_hold);
  g_assert_false (record.had_protocol_version);
  assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
}

/* Nor does what it says of itself change anything. */
static void
test_words (void)
{
  static const char *const types[] = { "Undo", "Block", "Reject" };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      g_autoptr (GBytes) shown = NULL;
      g_autoptr (GBytes) body = NULL;
      g_auto (TocsinPeerRecord) record = { 0 };

      give_back ();
      write_ok (&us.files, write_follow_ids, NULL);
      shown = take_over (SHOW_RSA | SHOW_PROOFS);
      g_assert_nonnull (shown);
      body =
          words_of_thief (types[i], g_str_equal (types[i], "Undo")     ? FOLLOW_OF_PEER
                                    : g_str_equal (types[i], "Reject") ? FOLLOW_OF_US
                                                                       : public_node_actor (&us));
      tell_as_thief (body);
      g_assert_true (is_held ());
      assert_told (1);
      read_record (&record);
      g_assert_cmpint (record.follower, ==, TOCSIN_FOLLOWER_READER);
      g_assert_cmpint (record.following, ==, TOCSIN_FOLLOWING_ACCEPTED);
      g_assert_false (record.blocks_us);
    }
}

/* One of whom no proof is asked for: it is all in what signs the request. */
static void
test_unproven (void)
{
  const Draft draft = { .id = "unproven", .report = "unproven", .unproven = TRUE };
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (GBytes) add = make_add (&peer, &draft);
  g_autofree char *id = tocsin_identity_url (peer.fed->identity, "/reports/unproven");
  g_autoptr (GBytes) remove = make_remove (&peer, &draft, id);

  give_back ();
  write_ok (&us.files, write_other_software, NULL);
  shown = take_over (SHOW_RSA | SHOW_PROOFS);
  g_assert_nonnull (shown);
  assert_thief_hears (add, 403);
  g_assert_true (is_held ());
  assert_told (1);
  assert_thief_hears (add, 403);
  assert_thief_hears (remove, 403);
}

/* Its host shows another document to the second who asks than to the first. */
static void
test_turned (void)
{
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (TocsinActorDocument) clean = NULL;
  g_autoptr (GBytes) clean_bytes = NULL;
  g_autoptr (GBytes) like = NULL;
  g_autoptr (JsonObject) update = NULL;
  g_autoptr (GBytes) body = NULL;
  TocsinActivityHead head = { .actor = public_node_actor (&peer), .to = public_node_actor (&us) };
  g_autofree char *id = g_strconcat (head.actor, "/turned", NULL);

  give_back ();
  write_ok (&us.files, write_other_software, NULL);
  shown = take_over (SHOW_RSA | SHOW_PROOFS);
  g_assert_nonnull (shown);
  like = words_of_thief ("Like", public_node_actor (&us));
  tell_as_thief (like);
  clean = document_of (SHOW_PROOFS);
  clean_bytes = tocsin_actor_document_to_bytes (clean);
  public_node_turn (&peer, clean_bytes);
  head.id = id;
  update = tocsin_activity_build_update (&head, clean);
  json_object_remove_member (update, "published");
  body = tocsin_activity_to_bytes (update, NULL);
  tell_as_thief (body);
  g_assert_true (is_held ());
  assert_told (1);
  assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
}

/* The Update that the host announces is proven by a key that the host alone names. Its document
 * names the right keys: it is the sender's that says more. */
static void
test_update (void)
{
  static const Show said[] = { SHOW_ED25519 | SHOW_PROOFS, SHOW_PROOFS };

  for (gsize i = 0; i < G_N_ELEMENTS (said); i++)
    {
      g_autofree char *name = g_strdup_printf ("update-%" G_GSIZE_FORMAT, i);
      const Draft draft = { .id = name, .unproven = TRUE };
      g_autoptr (GBytes) shown = NULL;
      g_autoptr (TocsinActorDocument) document = NULL;
      g_autoptr (JsonObject) update = NULL;
      g_autoptr (GBytes) body = NULL;
      g_autofree char *id = NULL;
      g_autofree char *to = NULL;
      g_autofree char *method = g_strconcat (public_node_actor (&peer), "#ed25519-9", NULL);
      TocsinActivityHead head = draft_head (&peer, &draft, &id, &to);
      g_autoptr (GError) error = NULL;

      give_back ();
      shown = take_over (SHOW_ED25519 | SHOW_PROOFS);
      g_assert_nonnull (shown);
      document = document_of (said[i]);
      update = tocsin_activity_build_update (&head, document);
      tocsin_proof_add (update, stolen, method, tocsin_time_now_us (), &error);
      g_assert_no_error (error);
      body = tocsin_activity_to_bytes (update, NULL);
      tell_as_thief (body);
      g_assert_true (is_held ());
      assert_told (1);
      assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
      assert_thief_reads (FALSE);
    }
}

/* Nor has it anything proven by a key that is listed for requests alone. */
static void
test_requests_key (void)
{
  static const char *const names[] = { "requests-add", "requests-update" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const Draft draft = { .id = names[i], .report = names[i], .unproven = TRUE };
      g_autofree char *method = g_strconcat (public_node_actor (&peer), "#ed25519-9", NULL);
      g_autofree char *id = NULL;
      g_autofree char *to = NULL;
      TocsinActivityHead head = draft_head (&peer, &draft, &id, &to);
      g_autoptr (GBytes) ignored = NULL;
      g_autoptr (TocsinActorDocument) document = NULL;
      g_autoptr (GBytes) shown = NULL;
      g_autoptr (TocsinActivity) activity = NULL;
      g_autoptr (GBytes) body = NULL;
      g_autoptr (GBytes) proven = NULL;
      g_autoptr (TocsinEnvelope) envelope = NULL;
      g_autofree char *answer = NULL;
      g_autoptr (GError) error = NULL;

      give_back ();
      write_ok (&us.files, write_other_software, NULL);
      ignored = take_over (SHOW_ED25519 | SHOW_PROOFS | SHOW_INBOX);
      g_assert_nonnull (ignored);
      document = document_of (SHOW_ED25519 | SHOW_PROOFS | SHOW_INBOX);
      shown = document_for_requests (document, method);
      public_node_turn (&peer, shown);
      tocsin_keyring_forget (us.fed->keyring, public_node_actor (&peer));
      body = i == 0 ? make_add (&peer, &draft)
                    : draft_finish (&peer, &draft, tocsin_activity_build_update (&head, document));
      activity = tocsin_activity_parse (body, &error);
      g_assert_no_error (error);
      tocsin_proof_add (tocsin_activity_root (activity), stolen, method, tocsin_time_now_us (),
                        &error);
      g_assert_no_error (error);
      proven = tocsin_activity_to_bytes (tocsin_activity_root (activity), &error);
      envelope = public_node_post (proven);
      public_node_sign (&peer, &us, TOCSIN_SIGN_RFC9421_ED25519, envelope, tocsin_time_now_us ());
      answer = public_node_ask (&us, envelope);
      if (raw_status (answer) != 401)
        g_error ("%s", answer);
      g_assert_false (is_held ());
    }
}

int
main (int argc, char **argv)
{
  takeover_start (&argc, &argv);
  g_test_add_func ("/takeover-words/follow", test_follow);
  g_test_add_func ("/takeover-words/version", test_version);
  g_test_add_func ("/takeover-words/accept", test_accept);
  g_test_add_func ("/takeover-words/words", test_words);
  g_test_add_func ("/takeover-words/unproven", test_unproven);
  g_test_add_func ("/takeover-words/turned", test_turned);
  g_test_add_func ("/takeover-words/update", test_update);
  g_test_add_func ("/takeover-words/requests-key", test_requests_key);
  return takeover_run ();
}
