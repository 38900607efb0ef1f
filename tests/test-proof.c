/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/proof.h"
#include "core/error.h"
#include "core/limits.h"
#include "wire.h"

#define BETA   "golden-07-fedify-actor-document.txt"
#define METHOD "https://peer.example/actor#ed25519-1"
#define NOW_US (G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US)

static JsonNode *
parse (const char *text, gsize size)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = tocsin_json_parse (text, size, NULL, NULL, &error);

  g_assert_no_error (error);
  return node;
}

static gboolean
verifies (JsonObject *activity, gint64 now_us, const TocsinPublicKey *key)
{
  TocsinProofState state;
  g_autoptr (TocsinProof) proof = NULL;

  return tocsin_proof_inspect (activity, now_us, &state, &proof, NULL) &&
         state == TOCSIN_PROOF_CANDIDATE && tocsin_proof_verify (proof, key, NULL);
}

static const char *const golden[] = {
  "golden-02-fedify-accept-rfc9421.txt",
  "golden-03-fedify-add-rfc9421.txt",
  "golden-04-fedify-remove-rfc9421.txt",
};

static void
test_golden (void)
{
  g_autoptr (TocsinPublicKey) key = wire_multikey (BETA, 1);
  g_autoptr (TocsinPublicKey) rsa = wire_multikey (BETA, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (golden); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = wire_request (golden[i]);
      g_autoptr (JsonNode) node =
          parse (g_bytes_get_data (envelope->body, NULL), g_bytes_get_size (envelope->body));
      g_autoptr (TocsinProof) proof = NULL;
      g_autoptr (GError) error = NULL;
      TocsinProofState state;

      tocsin_proof_inspect (json_node_get_object (node), wire_time (envelope), &state, &proof,
                            &error);
      g_assert_no_error (error);
      g_assert_cmpint (state, ==, TOCSIN_PROOF_CANDIDATE);
      g_assert_cmpstr (tocsin_proof_verification_method (proof), ==,
                       "http://127.0.0.1:8502/actors/beta#multikey-2");
      g_assert_cmpint (ABS (tocsin_proof_created_us (proof) - wire_time (envelope)), <,
                       2 * TOCSIN_SECOND_US);
      g_assert_true (tocsin_proof_verify (proof, key, &error));
      g_assert_no_error (error);
      g_assert_false (tocsin_proof_verify (proof, rsa, &error));
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
    }
}

/* Where the RsaSignature2017, which the proof does not cover, stands in @body. */
static gboolean
is_uncovered (const char *body, gsize at)
{
  const char *from = strstr (body, "\"signature\":{");

  return body + at >= from;
}

/* Any bit of a golden Add: no JSON any more, no proof any more, or a false one. */
static void
test_golden_flipped (void)
{
  g_autoptr (TocsinPublicKey) key = wire_multikey (BETA, 1);
  g_autoptr (TocsinEnvelope) envelope = wire_request (golden[1]);
  gsize size = g_bytes_get_size (envelope->body);
  g_autofree char *body = g_strndup (g_bytes_get_data (envelope->body, NULL), size);
  g_autofree char *original = g_strdup (body);

  for (gsize bit = 0; bit < size * 8; bit += 5)
    {
      g_autoptr (JsonNode) node = NULL;

      if (is_uncovered (original, bit / 8))
        break;
      body[bit / 8] ^= (char) (1u << bit % 8);
      node = tocsin_json_parse (body, size, NULL, NULL, NULL);
      if (node != NULL)
        g_assert_false (verifies (json_node_get_object (node), wire_time (envelope), key));
      body[bit / 8] ^= (char) (1u << bit % 8);
    }
}

static const char document[] =
    "{\"@context\":[\"https://www.w3.org/ns/activitystreams\",{\"x\":\"y\"}],\"type\":\"Add\","
    "\"actor\":\"https://peer.example/actor\",\"object\":{\"type\":[\"Object\",\"Report\"],"
    "\"confidence\":90,\"proof\":{\"cryptosuite\":\"eddsa-jcs-2022\"}},\"signature\":{\"a\":1.5}}";

static JsonNode *
make_signed (const TocsinPrivateKey *key)
{
  JsonNode *node = parse (document, sizeof document - 1);
  g_autoptr (GError) error = NULL;

  tocsin_proof_add (json_node_get_object (node), key, METHOD, NOW_US, &error);
  g_assert_no_error (error);
  return node;
}

static void
test_round_trip (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (TocsinPrivateKey) other = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (JsonNode) node = make_signed (key);
  JsonObject *activity = json_node_get_object (node);
  TocsinPublicKey *public = tocsin_private_key_public (key);

  g_assert_true (verifies (activity, NOW_US, public));
  g_assert_true (verifies (activity, NOW_US - TOCSIN_HOUR_US, public));
  g_assert_true (verifies (activity, NOW_US + 4000 * TOCSIN_DAY_US, public)); /* from an archive */
  g_assert_false (verifies (activity, NOW_US - TOCSIN_HOUR_US - 1, public));
  g_assert_false (verifies (activity, NOW_US, tocsin_private_key_public (other)));
  json_object_remove_member (activity, "signature"); /* is not under it */
  g_assert_true (verifies (activity, NOW_US, public));
  json_object_set_string_member (activity, "more", "x");
  g_assert_false (verifies (activity, NOW_US, public));
  g_assert_true (tocsin_proof_add (activity, key, METHOD, NOW_US, NULL)); /* replaces */
  g_assert_true (verifies (activity, NOW_US, public));
}

#define NO_PURPOSE "proofPurpose is not assertionMethod"
#define NO_METHOD  "verificationMethod is missing or not a usable URI"
#define NO_TIME    "The proof's created is missing or not a time"
#define NO_VALUE   "proofValue is not a signature in base58btc"

/* One member of the proof of a good activity set to another JSON value: what is made of it. */
static const struct
{
  const char *name;
  const char *member;
  const char *json;
  int state; /* −1: refused; CANDIDATE here: but false */
  const char *says;
} changes[] = {
  { "purpose", "proofPurpose", "\"authentication\"", -1, NO_PURPOSE },
  { "purpose-absent", "proofPurpose", "null", -1, NO_PURPOSE },
  { "method-absent", "verificationMethod", "null", -1, NO_METHOD },
  { "method-object", "verificationMethod", "{\"id\":\"" METHOD "\"}", -1, NO_METHOD },
  { "method-other", "verificationMethod", "\"https://peer.example/other\"", TOCSIN_PROOF_CANDIDATE,
    NULL },
  { "created-absent", "created", "null", -1, NO_TIME },
  { "created-malformed", "created", "\"today\"", -1, NO_TIME },
  { "created-future", "created", "\"2026-11-23T18:57:11Z\"", -1,
    "The proof is dated more than an hour ahead" },
  { "created-other", "created", "\"2026-11-23T17:57:11Z\"", TOCSIN_PROOF_CANDIDATE, NULL },
  { "context-other", "@context", "[\"https://www.w3.org/ns/activitystreams\"]", -1,
    "The proof's @context is not the activity's" },
  { "context-number", "@context", "[1.5]", TOCSIN_PROOF_UNVERIFIABLE, NULL },
  { "value-absent", "proofValue", "null", -1, NO_VALUE },
  { "value-short", "proofValue", "\"z1111\"", -1, NO_VALUE },
  { "value-base64", "proofValue",
    "\"uAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
    -1, NO_VALUE },
  { "value-zeros", "proofValue",
    "\"z1111111111111111111111111111111111111111111111111111111111111111\"", TOCSIN_PROOF_CANDIDATE,
    NULL },
  { "suite", "cryptosuite", "\"eddsa-rdfc-2022\"", TOCSIN_PROOF_ABSENT, NULL },
  { "type", "type", "\"Ed25519Signature2020\"", TOCSIN_PROOF_ABSENT, NULL },
  { "extra", "nonce", "\"x\"", TOCSIN_PROOF_CANDIDATE, NULL },
  { "extra-number", "nonce", "1.5", TOCSIN_PROOF_UNVERIFIABLE, NULL },
  { "method-empty", "verificationMethod", "\"\"", -1, NO_METHOD },
  { "created-number", "created", "7", -1, NO_TIME },
  { "value-long", "proofValue",
    "\"z11111111111111111111111111111111111111111111111111111111111111111\"", -1, NO_VALUE },
  { "value-spoilt", "proofValue",
    "\"z0111111111111111111111111111111111111111111111111111111111111111\"", -1, NO_VALUE },
  { "context-same", "@context", "[\"https://www.w3.org/ns/activitystreams\",{\"x\":\"y\"} ]",
    TOCSIN_PROOF_CANDIDATE, NULL },
};

static void
test_changes (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr (JsonNode) node = make_signed (key);
      JsonObject *activity = json_node_get_object (node);
      JsonObject *object = json_object_get_object_member (activity, "proof");
      g_autoptr (TocsinProof) proof = NULL;
      g_autoptr (GError) error = NULL;
      TocsinProofState state;
      gboolean ok;

      g_test_message ("%s", changes[i].name);
      json_object_set_member (object, changes[i].member,
                              parse (changes[i].json, strlen (changes[i].json)));
      ok = tocsin_proof_inspect (activity, NOW_US, &state, &proof, &error);
      g_assert_true (ok == (changes[i].state >= 0));
      g_assert_true ((proof != NULL) == (changes[i].state == TOCSIN_PROOF_CANDIDATE));
      if (!ok)
        {
          g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
          g_assert_cmpstr (error->message, ==, changes[i].says);
          continue;
        }
      g_assert_cmpint (state, ==, changes[i].state);
      if (proof != NULL)
        g_assert_true (tocsin_proof_verify (proof, tocsin_private_key_public (key), NULL) ==
                       g_str_equal (changes[i].name, "context-same"));
    }
}

/* A proof may lack the @context, as long as the activity's is signed with it; it may not have one
 * that the activity has not. */
static void
test_contexts (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (JsonNode) bare = parse ("{\"type\":\"Add\"}", 14);
  g_autoptr (JsonNode) node = make_signed (key);
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (GError) error = NULL;
  TocsinProofState state;

  g_assert_true (tocsin_proof_add (json_node_get_object (bare), key, METHOD, NOW_US, &error));
  g_assert_no_error (error);
  g_assert_false (json_object_has_member (
      json_object_get_object_member (json_node_get_object (bare), "proof"), "@context"));
  g_assert_true (verifies (json_node_get_object (bare), NOW_US, tocsin_private_key_public (key)));

  json_object_remove_member (json_node_get_object (node), "@context");
  g_assert_false (
      tocsin_proof_inspect (json_node_get_object (node), NOW_US, &state, &proof, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
  g_assert_cmpstr (error->message, ==, "The proof has a @context and the activity has none");
}

static void
test_method (void)
{
  static const struct
  {
    const char *json;
    const char *method;
  } cases[] = {
#define OURS "\"type\":\"DataIntegrityProof\",\"cryptosuite\":\"eddsa-jcs-2022\""
    { "{}", NULL },
    { "{\"proof\":{\"type\":\"Other\",\"verificationMethod\":\"k\"}}", NULL },
    { "{\"proof\":{" OURS "}}", NULL },
    { "{\"proof\":{" OURS ",\"verificationMethod\":7}}", NULL },
    { "{\"proof\":{" OURS ",\"verificationMethod\":\"k\"}}", "k" },
    { "{\"proof\":[{},{" OURS ",\"verificationMethod\":\"k\"}]}", "k" },
    { "{\"proof\":[{" OURS ",\"verificationMethod\":\"k\"},{" OURS "}]}", NULL },
#undef OURS
  };
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (JsonNode) node = parse (cases[i].json, strlen (cases[i].json));

      g_assert_cmpstr (tocsin_proof_peek_method (json_node_get_object (node)), ==, cases[i].method);
    }
  for (gsize more = 0; more <= 1; more++)
    {
      g_autoptr (JsonNode) node = make_signed (key);
      g_autofree char *method = g_strnfill (TOCSIN_URI_MAX_BYTES + more, 'k');
      g_autoptr (GError) error = NULL;

      tocsin_proof_add (json_node_get_object (node), key, method, NOW_US, &error);
      g_assert_no_error (error);
      g_assert_true (verifies (json_node_get_object (node), NOW_US,
                               tocsin_private_key_public (key)) == (more == 0));
    }
}

static void
test_absent (void)
{
  static const char *const documents[] = {
    "{}",
    "{\"proof\":null}",
    "{\"proof\":\"https://peer.example/proof\"}",
    "{\"proof\":[]}",
    "{\"proof\":[1,\"x\",{}]}",
    "{\"proof\":{\"cryptosuite\":\"eddsa-jcs-2022\"}}",
    "{\"object\":{\"proof\":{\"type\":\"DataIntegrityProof\",\"cryptosuite\":\"eddsa-jcs-2022\"}}}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (documents); i++)
    {
      g_autoptr (JsonNode) node = parse (documents[i], strlen (documents[i]));
      g_autoptr (TocsinProof) proof = NULL;
      TocsinProofState state;

      g_assert_true (
          tocsin_proof_inspect (json_node_get_object (node), NOW_US, &state, &proof, NULL));
      g_assert_cmpint (state, ==, TOCSIN_PROOF_ABSENT);
      g_assert_null (proof);
    }
}

/* Among proofs of other suites ours is found; two of ours are refused. */
static void
test_sets (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (JsonNode) node = make_signed (key);
  JsonObject *activity = json_node_get_object (node);
  g_autoptr (JsonNode) proof = json_node_copy (json_object_get_member (activity, "proof"));
  JsonArray *set = json_array_new ();
  g_autoptr (TocsinProof) out = NULL;
  g_autoptr (GError) error = NULL;
  TocsinProofState state;

  json_array_add_element (set, parse ("{\"type\":\"Other\",\"x\":1.5}", 24));
  json_array_add_element (set, json_node_copy (proof));
  json_object_set_array_member (activity, "proof", set);
  g_assert_true (verifies (activity, NOW_US, tocsin_private_key_public (key)));
  json_array_add_element (set, json_node_copy (proof));
  g_assert_false (tocsin_proof_inspect (activity, NOW_US, &state, &out, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
  g_assert_cmpstr (error->message, ==, "There is more than one eddsa-jcs-2022 proof");
}

/* "1.0" instead of "1": unverifiable, which is not false, nor true. */
static void
test_unverifiable (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (JsonNode) node = make_signed (key);
  JsonObject *activity = json_node_get_object (node);
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (GError) error = NULL;
  TocsinProofState state;

  json_object_set_double_member (activity, "score", 1.0);
  g_assert_true (tocsin_proof_inspect (activity, NOW_US, &state, &proof, &error));
  g_assert_no_error (error);
  g_assert_cmpint (state, ==, TOCSIN_PROOF_UNVERIFIABLE);
  g_assert_false (tocsin_proof_add (activity, key, METHOD, NOW_US, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNPROCESSABLE);
  g_clear_error (&error);
  g_assert_false (tocsin_proof_add (activity, key, METHOD, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
}

/* A reader that writes the time anew must get the same text: no fraction, so no zeros at its end.
 */
static void
test_created_in_seconds (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (JsonNode) node = make_signed (key);
  JsonObject *activity = json_node_get_object (node);
  gint64 second_us = NOW_US - NOW_US % TOCSIN_SECOND_US;
  g_autofree char *expected = tocsin_time_format (second_us);
  JsonObject *proof;

  g_assert_true (tocsin_proof_add (activity, key, METHOD, second_us + 198020, NULL));
  proof = json_object_get_object_member (activity, "proof");
  g_assert_cmpstr (json_object_get_string_member (proof, "created"), ==, expected);
  g_assert_true (verifies (activity, NOW_US, tocsin_private_key_public (key)));
}

static void
test_document_digest (void)
{
  static const char json[] = "{\"b\":[2],\"proof\":{},\"a\":\"x\",\"signature\":\"\"}";
  g_autoptr (JsonNode) node = parse (json, sizeof json - 1);
  g_autofree char *expected =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, "{\"a\":\"x\",\"b\":[2]}", -1);
  g_autofree char *digest = tocsin_proof_document_digest (json_node_get_object (node), NULL);

  g_assert_cmpstr (digest, ==, expected);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proof/golden", test_golden);
  g_test_add_func ("/proof/golden-flipped", test_golden_flipped);
  g_test_add_func ("/proof/round-trip", test_round_trip);
  g_test_add_func ("/proof/changes", test_changes);
  g_test_add_func ("/proof/contexts", test_contexts);
  g_test_add_func ("/proof/method", test_method);
  g_test_add_func ("/proof/absent", test_absent);
  g_test_add_func ("/proof/sets", test_sets);
  g_test_add_func ("/proof/unverifiable", test_unverifiable);
  g_test_add_func ("/proof/created-in-seconds", test_created_in_seconds);
  g_test_add_func ("/proof/document-digest", test_document_digest);
  return g_test_run ();
}
