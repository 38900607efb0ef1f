/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * FEP-8b32 object integrity proofs: cryptosuite eddsa-jcs-2022 of
 * https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022, over a whole activity.
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/proof.h"

#include <string.h>

#include "codec/jcs.h"
#include "codec/json-strict.h"
#include "codec/multibase.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/limits.h"

#define SIGNATURE_BYTES 64

struct _TocsinProof
{
  char *verification_method; /* (owned) */
  gint64 created_us;
  guint8 hash_data[2 * TOCSIN_SHA256_BYTES];
  guint8 signature[SIGNATURE_BYTES];
};

/* RsaSignature2017 stands beside the proof in what some send, and is not under it. */
static const char *const not_signed[] = { "proof", "signature", NULL };
static const char *const not_in_config[] = { "proofValue", NULL };

static gboolean
fail (GError **error, const char *what)
{
  g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED, what);
  return FALSE;
}

static gboolean
hash_object (JsonObject *object, const char *const *exclude, guint8 *out, GError **error)
{
  g_autoptr (GString) canonical = g_string_sized_new (2048);

  if (!tocsin_jcs_append (canonical, object, exclude, error))
    return FALSE;
  tocsin_sha256 (canonical->str, canonical->len, out);
  return TRUE;
}

/**
 * tocsin_proof_document_hash:
 *
 * SHA-256 over the canonical form of @activity without "proof" and "signature": what a proof
 * signs, and what the digest of a reports collection is made of.
 *
 * Returns: %FALSE and %TOCSIN_ERROR_UNPROCESSABLE if it has no canonical form here.
 */
gboolean
tocsin_proof_document_hash (JsonObject *activity, guint8 out[32], GError **error)
{
  return hash_object (activity, not_signed, out, error);
}

char *
tocsin_proof_document_digest (JsonObject *activity, GError **error)
{
  guint8 hash[TOCSIN_SHA256_BYTES];

  return tocsin_proof_document_hash (activity, hash, error) ? tocsin_hex_encode (hash, sizeof hash)
                                                            : NULL;
}

static gboolean
is_ours (JsonNode *node)
{
  JsonObject *object;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  object = json_node_get_object (node);
  return tocsin_json_type_is (object, "DataIntegrityProof") &&
         g_strcmp0 (tocsin_json_string (json_object_get_member (object, "cryptosuite")),
                    "eddsa-jcs-2022") == 0;
}

/* *@proof: (nullable) (transfer none): the one that we look at. Two would be two answers. */
static gboolean
find_proof (JsonObject *activity, JsonObject **proof, GError **error)
{
  JsonNode *node = json_object_get_member (activity, "proof");
  JsonArray *array;

  *proof = NULL;
  if (is_ours (node))
    *proof = json_node_get_object (node);
  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return TRUE;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      if (!is_ours (json_array_get_element (array, i)))
        continue;
      if (*proof != NULL)
        return fail (error, "There is more than one eddsa-jcs-2022 proof");
      *proof = json_array_get_object_element (array, i);
    }
  return TRUE;
}

/* "@context" of a proof is that of its document, or absent; compared in canonical form. */
static gboolean
check_context (JsonObject *activity, JsonObject *proof, GError **error)
{
  JsonNode *of_proof = json_object_get_member (proof, "@context");
  JsonNode *of_document = json_object_get_member (activity, "@context");
  g_autoptr (GString) a = g_string_new (NULL);
  g_autoptr (GString) b = g_string_new (NULL);

  if (of_proof == NULL)
    return TRUE;
  if (of_document == NULL)
    return fail (error, "The proof has a @context and the activity has none");
  if (!tocsin_jcs_append_node (a, of_proof, error) ||
      !tocsin_jcs_append_node (b, of_document, error))
    return FALSE;
  return g_string_equal (a, b) || fail (error, "The proof's @context is not the activity's");
}

static gboolean
read_proof_value (JsonObject *proof, guint8 out[SIGNATURE_BYTES], GError **error)
{
  const char *text = tocsin_json_string (json_object_get_member (proof, "proofValue"));
  g_autoptr (GBytes) bytes = NULL;

  /* The cryptosuite takes base58btc alone. */
  if (text != NULL && text[0] == 'z')
    bytes = tocsin_multibase_decode (text, NULL);
  if (bytes == NULL || g_bytes_get_size (bytes) != SIGNATURE_BYTES)
    return fail (error, "proofValue is not a signature in base58btc");
  memcpy (out, g_bytes_get_data (bytes, NULL), SIGNATURE_BYTES);
  return TRUE;
}

static gboolean
check_members (TocsinProof *self, JsonObject *proof, gint64 now_us, GError **error)
{
  const char *purpose = tocsin_json_string (json_object_get_member (proof, "proofPurpose"));
  const char *method = tocsin_json_string (json_object_get_member (proof, "verificationMethod"));
  const char *created = tocsin_json_string (json_object_get_member (proof, "created"));

  if (g_strcmp0 (purpose, "assertionMethod") != 0)
    return fail (error, "proofPurpose is not assertionMethod");
  if (method == NULL || *method == '\0' || strlen (method) > TOCSIN_URI_MAX_BYTES)
    return fail (error, "verificationMethod is missing or not a usable URI");
  if (created == NULL || !tocsin_time_parse (created, &self->created_us, NULL))
    return fail (error, "The proof's created is missing or not a time");
  if (self->created_us > now_us + TOCSIN_MAX_AHEAD_SECONDS * TOCSIN_SECOND_US)
    return fail (error, "The proof is dated more than an hour ahead");
  self->verification_method = g_strdup (method);
  return read_proof_value (proof, self->signature, error);
}

/**
 * tocsin_proof_inspect:
 * @activity: as tocsin_json_parse() read it
 * @now_us: the time, in microseconds since the epoch
 * @state: (out): whether there is a proof to verify
 * @out: (out) (transfer full) (nullable): the proof, if @state is %TOCSIN_PROOF_CANDIDATE
 *
 * Looks for a top-level eddsa-jcs-2022 proof (docs/wire "Checks"); other suites are as absent.
 * A number without canonical form makes it unverifiable, which is not false. Whose key the
 * verification method is, the caller finds out. Pure, any thread.
 *
 * Returns: %FALSE and %TOCSIN_ERROR_UNAUTHENTICATED for a proof that is wrong whatever its key.
 */
gboolean
tocsin_proof_inspect (
    JsonObject *activity, gint64 now_us, TocsinProofState *state, TocsinProof **out, GError **error)
{
  g_autoptr (TocsinProof) self = g_new0 (TocsinProof, 1);
  g_autoptr (GError) local = NULL;
  JsonObject *proof;

  *state = TOCSIN_PROOF_ABSENT;
  *out = NULL;
  if (!find_proof (activity, &proof, error))
    return FALSE;
  if (proof == NULL)
    return TRUE;
  if (!check_members (self, proof, now_us, error))
    return FALSE;
  if (!check_context (activity, proof, &local) ||
      !hash_object (proof, not_in_config, self->hash_data, &local) ||
      !hash_object (activity, not_signed, self->hash_data + TOCSIN_SHA256_BYTES, &local))
    {
      if (g_error_matches (local, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      *state = TOCSIN_PROOF_UNVERIFIABLE;
      return TRUE;
    }
  *state = TOCSIN_PROOF_CANDIDATE;
  *out = g_steal_pointer (&self);
  return TRUE;
}

/**
 * tocsin_proof_verify:
 * @key: the Ed25519 key that tocsin_proof_verification_method() names and the activity's actor
 *   lists; that it does is the caller's part
 *
 * Returns: %FALSE and %TOCSIN_ERROR_UNAUTHENTICATED if the proof is not this key's.
 */
gboolean
tocsin_proof_verify (const TocsinProof *self, const TocsinPublicKey *key, GError **error)
{
  if (tocsin_public_key_kind (key) != TOCSIN_KEY_ED25519)
    return fail (error, "The proof's key is not Ed25519");
  return tocsin_public_key_verify (key, self->hash_data, sizeof self->hash_data, self->signature,
                                   SIGNATURE_BYTES) ||
         fail (error, "The proof does not fit the activity and the key");
}

const char *
tocsin_proof_verification_method (const TocsinProof *self)
{
  return self->verification_method;
}

gint64
tocsin_proof_created_us (const TocsinProof *self)
{
  return self->created_us;
}

/**
 * tocsin_proof_peek_created_us:
 * @activity: as tocsin_json_parse() read it
 *
 * Nothing is checked here.
 *
 * Returns: when the proof says that it was made, in microseconds since the epoch; 0: there is none
 */
gint64
tocsin_proof_peek_created_us (JsonObject *activity)
{
  JsonObject *proof = NULL;
  gint64 created_us = 0;
  const char *text;

  if (!find_proof (activity, &proof, NULL) || proof == NULL ||
      !json_object_has_member (proof, "created"))
    return 0;
  text = tocsin_json_string (json_object_get_member (proof, "created"));
  return text != NULL && tocsin_time_parse (text, &created_us, NULL) ? created_us : 0;
}

/* What tocsin_proof_document_hash() gives for the same activity; it was needed for the proof. */
const guint8 *
tocsin_proof_get_document_hash (const TocsinProof *self)
{
  return self->hash_data + TOCSIN_SHA256_BYTES;
}

/**
 * tocsin_proof_peek_method:
 * @activity: as tocsin_json_parse() read it
 *
 * Says which key to have at hand before the proof is looked at. Nothing is checked here.
 *
 * Returns: (transfer none) (nullable): the proof's verification method, in @activity
 */
const char *
tocsin_proof_peek_method (JsonObject *activity)
{
  JsonObject *proof = NULL;

  if (!find_proof (activity, &proof, NULL) || proof == NULL ||
      !json_object_has_member (proof, "verificationMethod"))
    return NULL;
  return tocsin_json_string (json_object_get_member (proof, "verificationMethod"));
}

void
tocsin_proof_free (TocsinProof *self)
{
  if (self == NULL)
    return;
  g_free (self->verification_method);
  g_free (self);
}

static JsonObject *
proof_config (JsonObject *activity, const char *verification_method, gint64 created_us)
{
  JsonObject *proof = json_object_new ();
  JsonNode *context = json_object_get_member (activity, "@context");
  /* In whole seconds: who reads a time and writes it anew before hashing it, as Fedify does, may
   * leave out zeros at the end of a fraction. */
  g_autofree char *created = tocsin_time_format (created_us - created_us % TOCSIN_SECOND_US);

  if (context != NULL)
    json_object_set_member (proof, "@context", json_node_copy (context));
  json_object_set_string_member (proof, "type", "DataIntegrityProof");
  json_object_set_string_member (proof, "cryptosuite", "eddsa-jcs-2022");
  json_object_set_string_member (proof, "verificationMethod", verification_method);
  json_object_set_string_member (proof, "proofPurpose", "assertionMethod");
  json_object_set_string_member (proof, "created", created);
  return proof;
}

/**
 * tocsin_proof_add:
 * @activity: gets a "proof"; a former one is replaced
 * @key: an Ed25519 key
 * @verification_method: its key id
 * @created_us: the time, in microseconds since the epoch; cut to the second
 *
 * Returns: %FALSE, with @activity as it was, and %TOCSIN_ERROR_UNPROCESSABLE or
 *   %TOCSIN_ERROR_TOO_LARGE if @activity has no canonical form, %TOCSIN_ERROR_UNAVAILABLE if the
 *   clock is insane.
 */
gboolean
tocsin_proof_add (JsonObject *activity,
                  const TocsinPrivateKey *key,
                  const char *verification_method,
                  gint64 created_us,
                  GError **error)
{
  g_autoptr (JsonObject) proof = NULL;
  g_autoptr (GBytes) signature = NULL;
  g_autofree char *value = NULL;
  guint8 hash_data[2 * TOCSIN_SHA256_BYTES];

  g_return_val_if_fail (
      tocsin_public_key_kind (tocsin_private_key_public (key)) == TOCSIN_KEY_ED25519, FALSE);

  if (!tocsin_time_is_sane (created_us))
    {
      g_set_error_literal (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE,
                           "The clock of this machine is wrong, so nothing is signed");
      return FALSE;
    }
  proof = proof_config (activity, verification_method, created_us);
  if (!hash_object (proof, NULL, hash_data, error) ||
      !hash_object (activity, not_signed, hash_data + TOCSIN_SHA256_BYTES, error))
    return FALSE;
  signature = tocsin_private_key_sign (key, hash_data, sizeof hash_data, error);
  if (signature == NULL)
    return FALSE;
  value =
      tocsin_multibase_encode (g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  json_object_set_string_member (proof, "proofValue", value);
  json_object_set_object_member (activity, "proof", g_steal_pointer (&proof));
  return TRUE;
}
