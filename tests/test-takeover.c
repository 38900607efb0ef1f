/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
/* What whoever took over the host of a peer gets to read. */
#include "key-forms.h"
#include "takeover-case.h"

/* Whatever it signs by, of which nothing was known. */
static void
test_reading (gconstpointer data)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  assert_peer_reads (TOCSIN_SIGN_RFC9421_ED25519, TRUE);
  assert_peer_reads (TOCSIN_SIGN_RFC9421_RSA, TRUE);
  assert_peer_reads (TOCSIN_SIGN_DRAFT_RSA, TRUE);
  g_assert_false (is_held ());
  shown = take_over ((Show) GPOINTER_TO_INT (data));
  g_assert_nonnull (shown);
  assert_thief_reads (FALSE);
  wait_for_hold ();
  assert_thief_reads (FALSE);
  assert_told (1);
}

/* The host names the keys that the peer had, and shows its right fingerprint. */
static void
test_confirm_old (void)
{
  g_autoptr (GBytes) shown = NULL;
  g_autofree char *fingerprint = tocsin_identity_fingerprint (peer.fed->identity);

  give_back ();
  shown = take_over (SHOW_RSA | SHOW_PROOFS);
  g_assert_nonnull (shown);
  assert_thief_reads (FALSE);
  wait_for_hold ();
  confirm_in_part (fingerprint, "an RSA key", "key rotate");
  assert_thief_reads (FALSE);
  /* Once it names nothing else, that key is all there is to know. */
  public_node_turn (&peer, tocsin_identity_get_document_bytes (peer.fed->identity));
  g_assert_no_error (try_to_confirm (fingerprint));
  g_assert_false (is_held ());
  assert_told (0);
}

/* What was kept from it lies there, in an epoch that it has not read. */
static void
test_confirm_new (void)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  shown = take_over (SHOW_ED25519 | SHOW_INBOX);
  g_assert_nonnull (shown);
  assert_thief_reads (FALSE);
  wait_for_hold ();
  confirm (stolen);
  assert_thief_reads (TRUE);
  g_assert_false (is_held ());
}

/* A new key of the peer is public as soon as it is used: the thief names it beside its own, and who
 * compares fingerprints is told the truth. */
static void
test_confirm_beside (void)
{
  static const Show shows[] = { SHOW_ED25519 | SHOW_INBOX, SHOW_RSA | SHOW_INBOX, SHOW_PROOFS };

  for (gsize i = 0; i < G_N_ELEMENTS (shows); i++)
    {
      g_autoptr (GBytes) shown = NULL;
      g_autofree char *fingerprint = NULL;
      g_autofree char *of_thief = NULL;

      give_back ();
      shown = take_over (shows[i] | SHOW_PROOFS | SHOW_SECOND);
      g_assert_nonnull (shown);
      fingerprint = fingerprint_of (second);
      of_thief = fingerprint_of (stolen);
      follow ();
      g_assert_true (is_held ());
      if (shows[i] & SHOW_ED25519)
        confirm_in_part (fingerprint, of_thief, "confirm");
      else
        confirm_in_part (fingerprint, shows[i] & SHOW_RSA ? "an RSA key" : "an inbox elsewhere",
                         "key rotate");
      g_assert_true (is_pinned (second));
      g_assert_false (is_pinned (stolen));
      assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
      if (shows[i] & SHOW_INBOX)
        assert_thief_reads (FALSE);
      g_assert_true (is_held ());
    }
}

/* An honest peer with several new keys comes to an end: each is confirmed by itself. */
static void
test_confirm_each (void)
{
  g_autoptr (GBytes) shown = NULL;
  g_autofree char *fingerprint = NULL;
  g_autofree char *other = NULL;

  give_back ();
  shown = take_over (SHOW_ED25519 | SHOW_SECOND | SHOW_INBOX);
  g_assert_nonnull (shown);
  fingerprint = fingerprint_of (stolen);
  other = fingerprint_of (second);
  assert_thief_reads (FALSE);
  wait_for_hold ();
  confirm_in_part (fingerprint, other, "confirm");
  confirm_in_part (fingerprint, other, "confirm");
  assert_thief_reads (FALSE);
  confirm (second);
  follow ();
  assert_thief_reads (TRUE);
  g_assert_false (is_held ());
}

/* So does one that has lost all keys, and moved: what its new key proves is taken. */
static void
test_confirm_rotate (void)
{
  const Draft draft = { .id = "lost-all", .unproven = TRUE };
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  g_autofree char *method = g_strconcat (public_node_actor (&peer), "#ed25519-8", NULL);
  TocsinActivityHead head = draft_head (&peer, &draft, &id, &to);
  g_autoptr (TocsinActorDocument) document = NULL;
  g_autoptr (GBytes) shown = NULL;
  g_autoptr (JsonObject) update = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autofree char *fingerprint = NULL;
  g_autoptr (GError) error = NULL;

  give_back ();
  shown = take_over (SHOW_RSA | SHOW_SECOND);
  g_assert_nonnull (shown);
  fingerprint = fingerprint_of (second);
  document = document_of (SHOW_RSA | SHOW_SECOND);
  update = tocsin_activity_build_update (&head, document);
  tocsin_proof_add (update, second, method, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  body = tocsin_activity_to_bytes (update, NULL);
  tell_as_thief (body);
  wait_for_hold ();
  confirm_in_part (fingerprint, "an RSA key, an inbox elsewhere", "key rotate");
  assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
  tell_as_thief (body);
  g_assert_false (is_held ());
  assert_told (0);
  assert_inbox (ELSEWHERE);
  assert_thief_reads (TRUE);
  follow ();
  g_assert_false (is_held ());
}

/* As long as it is a reader there is something to read. To follow it anew gives its host nothing
 * either, and a block ends all. */
static void
test_unfollow (void)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  shown = take_over (SHOW_RSA | SHOW_PROOFS);
  g_assert_nonnull (shown);
  act (TOCSIN_PEER_UNFOLLOW);
  assert_thief_reads (FALSE);
  wait_for_hold ();
  follow ();
  g_assert_true (is_held ());
  assert_told (1);
  assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
  assert_thief_reads (FALSE);
  act (TOCSIN_PEER_UNFOLLOW);
  g_assert_true (is_held ());
  act (TOCSIN_PEER_BLOCK);
  g_assert_false (is_held ());
  assert_told (0);
}

/* Its operator has compared the fingerprints of a reader that is not followed any more. */
static void
test_unfollow_confirm (void)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  shown = take_over (SHOW_ED25519 | SHOW_INBOX);
  g_assert_nonnull (shown);
  act (TOCSIN_PEER_UNFOLLOW);
  assert_thief_reads (FALSE);
  wait_for_hold ();
  confirm (stolen);
  g_assert_false (is_held ());
  assert_thief_reads (TRUE);
}

/* Who never was followed has nothing pinned: docs/security.md. */
static void
test_not_followed (void)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  write_ok (&us.files, write_never_followed, NULL);
  shown = take_over (SHOW_RSA);
  g_assert_nonnull (shown);
  assert_thief_reads (TRUE);
  g_assert_false (is_held ());
}

/* That its document names a key no more is no reason to hold the peer when it is back. */
static void
test_back (void)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  shown = take_over (SHOW_PROOFS | SHOW_NO_RSA | SHOW_INBOX);
  g_assert_nonnull (shown);
  follow ();
  public_node_turn (&peer, tocsin_identity_get_document_bytes (peer.fed->identity));
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&peer));
  assert_peer_reads (TOCSIN_SIGN_RFC9421_RSA, TRUE);
  follow ();
  assert_peer_reads (TOCSIN_SIGN_RFC9421_RSA, TRUE);
  g_assert_false (is_held ());
}

/* Nor is it that its document has its own key in base64url, when it was pinned and since. */
static void
test_spelling (void)
{
  GBytes *own = tocsin_identity_get_document_bytes (peer.fed->identity);
  g_autofree char *fingerprint = tocsin_identity_fingerprint (peer.fed->identity);
  g_autoptr (TocsinActorDocument) document = tocsin_actor_document_parse (own, NULL);
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  for (guint i = 0; i < document->keys->len; i++)
    {
      TocsinActorKey *key = g_ptr_array_index (document->keys, i);
      g_autofree char *multibase = g_steal_pointer (&key->multibase);

      if (multibase != NULL)
        key->multibase = respell (multibase);
    }
  shown = tocsin_actor_document_to_bytes (document);
  public_node_turn (&peer, shown);
  tocsin_keyring_forget (us.fed->keyring, public_node_actor (&peer));
  follow ();
  assert_peer_reads (TOCSIN_SIGN_RFC9421_ED25519, TRUE);
  g_assert_no_error (try_to_confirm (fingerprint));
  g_assert_false (is_held ());
}

/* To change how far a peer is trusted does not send what it gets elsewhere. */
static void
test_inbox (void)
{
  g_autoptr (GBytes) shown = NULL;

  give_back ();
  shown = take_over (SHOW_PROOFS);
  g_assert_nonnull (shown);
  follow ();
  g_assert_true (is_held ());
  assert_told (1);
  assert_inbox (tocsin_identity_get_document (peer.fed->identity)->inbox);
}

/* The peer announces a new key, and asks before we were told. */
static void
test_rotation (void)
{
  const Draft draft = { .id = "rotation" };
  g_autofree char *id = NULL;
  g_autofree char *to = NULL;
  TocsinActivityHead head = draft_head (&peer, &draft, &id, &to);
  g_autoptr (GBytes) update = NULL;
  g_autoptr (TocsinEnvelope) envelope = NULL;
  g_autofree char *answer = NULL;
  g_autoptr (GError) error = NULL;
  const TocsinActorDocument *next;

  give_back ();
  next = tocsin_identity_rotate_prepare (peer.fed->identity, tocsin_time_now_us (), &error);
  g_assert_no_error (error);
  update = draft_finish (&peer, &draft, tocsin_activity_build_update (&head, next));
  tocsin_identity_rotate_commit (peer.fed->identity, &error);
  g_assert_no_error (error);
  public_node_turn (&peer, tocsin_identity_get_document_bytes (peer.fed->identity));
  assert_peer_reads (TOCSIN_SIGN_RFC9421_ED25519, FALSE);
  wait_for_hold ();

  envelope = public_node_post (update);
  public_node_sign (&peer, &us, TOCSIN_SIGN_RFC9421_ED25519, envelope, tocsin_time_now_us ());
  answer = public_node_ask (&us, envelope);
  g_assert_cmpuint (raw_status (answer), ==, 202);
  g_assert_false (is_held ());
  assert_told (0);
  assert_peer_reads (TOCSIN_SIGN_RFC9421_ED25519, TRUE);
}

int
main (int argc, char **argv)
{
  takeover_start (&argc, &argv);
  g_test_add_data_func ("/takeover/reading/rsa", GINT_TO_POINTER (SHOW_RSA), test_reading);
  g_test_add_data_func ("/takeover/reading/rsa-beside-the-old",
                        GINT_TO_POINTER (SHOW_RSA | SHOW_PROOFS), test_reading);
  g_test_add_data_func ("/takeover/reading/ed25519", GINT_TO_POINTER (SHOW_ED25519), test_reading);
  g_test_add_data_func ("/takeover/reading/ed25519-beside-the-old",
                        GINT_TO_POINTER (SHOW_ED25519 | SHOW_PROOFS), test_reading);
  g_test_add_func ("/takeover/confirm-old", test_confirm_old);
  g_test_add_func ("/takeover/confirm-new", test_confirm_new);
  g_test_add_func ("/takeover/confirm-beside", test_confirm_beside);
  g_test_add_func ("/takeover/confirm-each", test_confirm_each);
  g_test_add_func ("/takeover/confirm-rotate", test_confirm_rotate);
  g_test_add_func ("/takeover/unfollow", test_unfollow);
  g_test_add_func ("/takeover/unfollow/confirm", test_unfollow_confirm);
  g_test_add_func ("/takeover/not-followed", test_not_followed);
  g_test_add_func ("/takeover/back", test_back);
  g_test_add_func ("/takeover/spelling", test_spelling);
  g_test_add_func ("/takeover/inbox", test_inbox);
  g_test_add_func ("/takeover/rotation", test_rotation);
  return takeover_run ();
}
