/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Property: inspecting gives exactly one of error, absent, unverifiable and candidate; and a
 * document that we prove verifies, and no longer after one more member.
 */
#include "codec/json-strict.h"
#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "fuzz/fuzz.h"

#define NOW_US (G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US)

static gboolean
verifies (JsonObject *activity, const TocsinPublicKey *key)
{
  g_autoptr (TocsinProof) proof = NULL;
  TocsinProofState state;

  return tocsin_proof_inspect (activity, NOW_US, &state, &proof, NULL) && proof != NULL &&
         tocsin_proof_verify (proof, key, NULL);
}

int
LLVMFuzzerTestOneInput (const unsigned char *data, size_t size)
{
  static TocsinPrivateKey *key;
  g_autoptr (JsonNode) node = tocsin_json_parse ((const char *) data, size, NULL, NULL, NULL);
  JsonObject *activity = node != NULL ? tocsin_json_node_object (node, NULL) : NULL;
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (GError) error = NULL;
  TocsinProofState state;
  gboolean ok;

  if (activity == NULL)
    return 0;
  if (key == NULL)
    key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  ok = tocsin_proof_inspect (activity, NOW_US, &state, &proof, &error);
  g_assert_true (ok || g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED));
  g_assert_true ((proof != NULL) == (ok && state == TOCSIN_PROOF_CANDIDATE));
  g_assert_false (verifies (activity, tocsin_private_key_public (key)));
  if (!tocsin_proof_add (activity, key, "https://a.example/k", NOW_US, NULL))
    return 0;
  g_assert_true (verifies (activity, tocsin_private_key_public (key)));
  json_object_set_string_member (activity, "one more",
                                 json_object_has_member (activity, "one more") ? "y" : "x");
  g_assert_false (verifies (activity, tocsin_private_key_public (key)));
  return 0;
}
