/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: inspecting gives exactly one of error, absent, unverifiable and candidate; a
 * document that we prove verifies, from its bytes too, and no longer after one more member or
 * with any bit of its canonical form changed.
 */
#include "codec/jcs.h"
#include "codec/json-strict.h"
#include "codec/proof.h"
#include "core/clock.h"
#include "core/error.h"
#include "fuzz/fuzz.h"

#define FLIPS  4 /* an input */
#define NOW_US (G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US)

static TocsinPrivateKey *ours;

void
tocsin_fuzz_begin (void)
{
  g_autoptr (GError) error = NULL;

  ours = tocsin_private_key_generate (TOCSIN_KEY_ED25519, &error);
  g_assert_no_error (error);
}

static gboolean
verifies (JsonObject *activity, const TocsinPublicKey *key)
{
  g_autoptr (TocsinProof) proof = NULL;
  TocsinProofState state;

  return tocsin_proof_inspect (activity, NOW_US, &state, &proof, NULL) && proof != NULL &&
         tocsin_proof_verify (proof, key, NULL);
}

/* What a proof covers, itself included. NULL: it has no canonical form. */
static GString *
covered (JsonObject *activity)
{
  static const char *const not_covered[] = { "signature", NULL };
  GString *text = g_string_new (NULL);

  if (tocsin_jcs_append (text, activity, not_covered, NULL))
    return text;
  g_string_free (text, TRUE);
  return NULL;
}

/* Turns one bit of @text; where that is depends on @seed. It verifies if what is covered is the
 * same still: a hexadecimal digit of an escape may be of either case. */
static void
check_flip (const GString *text, JsonObject *was, const TocsinPublicKey *key, gsize seed)
{
  g_autofree char *changed = g_memdup2 (text->str, text->len + 1);
  g_autoptr (JsonNode) node = NULL;
  TocsinJsonLimits limits = tocsin_json_default_limits;
  GString *before, *after;

  limits.max_bytes = G_MAXSIZE;
  changed[seed % text->len] ^= (char) (1 << seed / text->len % 8);
  node = tocsin_json_parse (changed, text->len, &limits, NULL, NULL);
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  before = covered (was);
  after = covered (json_node_get_object (node));
  if (after == NULL || !g_string_equal (before, after))
    g_assert_false (verifies (json_node_get_object (node), key));
  g_string_free (before, TRUE);
  if (after != NULL)
    g_string_free (after, TRUE);
}

static void
check_proved (JsonNode *node, const TocsinPublicKey *key, guint seed)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (JsonNode) again = NULL;
  TocsinJsonLimits limits = tocsin_json_default_limits;

  g_assert_true (verifies (json_node_get_object (node), key));
  /* What has no canonical form, a number without end, may stand in what is not covered. */
  if (!tocsin_jcs_append_node (text, node, NULL))
    return;
  limits.max_bytes = G_MAXSIZE;
  again = tocsin_json_parse (text->str, text->len, &limits, NULL, NULL);
  if (again == NULL)
    return; /* one member too many */
  g_assert_true (verifies (json_node_get_object (again), key));
  for (guint i = 1; i <= FLIPS; i++)
    check_flip (text, json_node_get_object (node), key, seed * (gsize) i);
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (JsonNode) node = tocsin_json_parse ((const char *) data, size, NULL, NULL, NULL);
  JsonObject *activity = node != NULL ? tocsin_json_node_object (node, NULL) : NULL;
  g_autoptr (TocsinProof) proof = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strndup ((const char *) data, size);
  TocsinProofState state;
  gboolean ok;

  if (activity == NULL)
    return;
  ok = tocsin_proof_inspect (activity, NOW_US, &state, &proof, &error);
  g_assert_true (ok || g_error_matches (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED));
  g_assert_true ((proof != NULL) == (ok && state == TOCSIN_PROOF_CANDIDATE));
  g_assert_false (verifies (activity, tocsin_private_key_public (ours)));
  if (!tocsin_proof_add (activity, ours, "https://a.example/k", NOW_US, NULL))
    return;
  check_proved (node, tocsin_private_key_public (ours), g_str_hash (text) | 1);
  json_object_set_string_member (activity, "one more",
                                 json_object_has_member (activity, "one more") ? "y" : "x");
  g_assert_false (verifies (activity, tocsin_private_key_public (ours)));
}
