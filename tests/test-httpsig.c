/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/httpsig-draft.h"
#include "codec/httpsig-private.h"
#include "codec/multibase.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/limits.h"
#include "wire.h"

#define BETA        "golden-07-fedify-actor-document.txt"
#define GTSUSER     "golden-16-gotosocial-key-document.txt"
#define BASE        "https://node.example"
#define KEY_ID      "https://peer.example/actor#ed25519-1"
#define CREATED     1795456625
#define NOW_US      (G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US)
#define BODY        "{\"type\":\"Add\"}"
#define BODY_SHA256 "0rO6lO967/1hLbn584ByZDHAFrsC9OlstXtC52FBJRA="

static TocsinPrivateKey *
make_key (TocsinKeyKind kind)
{
  g_autoptr (GError) error = NULL;
  TocsinPrivateKey *key = tocsin_private_key_generate (kind, &error);

  g_assert_no_error (error);
  return key;
}

static TocsinEnvelope *
make_post (void)
{
  TocsinEnvelope *envelope = tocsin_envelope_new ("POST", "/inbox");

  envelope->body = g_bytes_new_static (BODY, strlen (BODY));
  tocsin_envelope_add_header (envelope, "Content-Type", "application/activity+json");
  return envelope;
}

static TocsinVerified *
check (const TocsinEnvelope *envelope,
       const char *base,
       gint64 now_us,
       const TocsinPublicKey *key,
       GError **error)
{
  g_autoptr (TocsinSignature) signature = tocsin_signature_parse (envelope, base, now_us, error);

  return signature != NULL ? tocsin_signature_verify (signature, key, error) : NULL;
}

static void
assert_refused_as (const TocsinEnvelope *envelope,
                   gint64 now_us,
                   const TocsinPublicKey *key,
                   const char *says)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (check (envelope, BASE, now_us, key, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
  if (says != NULL)
    g_assert_cmpstr (error->message, ==, says);
  g_assert_cmpuint (strlen (error->message), <, 200);
}

static void
assert_refused (const TocsinEnvelope *envelope, gint64 now_us, const TocsinPublicKey *key)
{
  assert_refused_as (envelope, now_us, key, NULL);
}

static void
set_header (TocsinEnvelope *envelope, const char *name, const char *value)
{
  for (guint i = 0; i < envelope->headers->len; i++)
    {
      TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (strcmp (header->name, name) != 0)
        continue;
      g_free (header->value);
      header->value = g_strdup (value);
      return;
    }
  tocsin_envelope_add_header (envelope, name, value);
}

/* Every recording whose key was recorded, and the origin that it was sent to. */
static const struct
{
  const char *name;
  const char *base;
  const char *key; /* NULL: not recorded, so the signature is parsed alone */
  TocsinScheme scheme;
} golden[] = {
  { "golden-01-fedify-follow-rfc9421.txt", "http://127.0.0.1:8502", NULL, TOCSIN_SCHEME_RFC9421 },
  { "golden-02-fedify-accept-rfc9421.txt", "http://127.0.0.1:8501", BETA, TOCSIN_SCHEME_RFC9421 },
  { "golden-03-fedify-add-rfc9421.txt", "http://127.0.0.1:8501", BETA, TOCSIN_SCHEME_RFC9421 },
  { "golden-04-fedify-remove-rfc9421.txt", "http://127.0.0.1:8501", BETA, TOCSIN_SCHEME_RFC9421 },
  { "golden-05-fedify-undo-follow-rfc9421.txt", "http://127.0.0.1:8502", NULL,
    TOCSIN_SCHEME_RFC9421 },
  { "golden-06-fedify-add-cavage12.txt", "http://127.0.0.1:8501", NULL, TOCSIN_SCHEME_DRAFT },
  { "golden-11-snac-follow-cavage12.txt", "http://127.0.0.1:8512", NULL, TOCSIN_SCHEME_DRAFT },
  { "golden-12-fedify-rfc9421-to-snac-202-but-lost.txt", "http://127.0.0.1:8601", NULL,
    TOCSIN_SCHEME_RFC9421 },
  { "golden-13-double-knock-fedify-to-gotosocial.txt", "https://localhost:8701", NULL,
    TOCSIN_SCHEME_RFC9421 },
  { "golden-14-gotosocial-accept-hs2019.txt", "https://127.0.0.1:8521", GTSUSER,
    TOCSIN_SCHEME_DRAFT },
  { "golden-15-gotosocial-follow-hs2019.txt", "https://127.0.0.1:8521", GTSUSER,
    TOCSIN_SCHEME_DRAFT },
  { "golden-16-gotosocial-key-document.txt", "https://localhost:8701", NULL, TOCSIN_SCHEME_DRAFT },
  { "golden-17-gotosocial-webfinger-request.txt", "https://127.0.0.1:8521", GTSUSER,
    TOCSIN_SCHEME_DRAFT },
  { "golden-18-snac-accept-cavage12.txt", "http://127.0.0.1:8512", NULL, TOCSIN_SCHEME_DRAFT },
};

static void
flip (GBytes **bytes, gsize bit)
{
  gsize size;
  guint8 *data = g_bytes_unref_to_data (*bytes, &size);

  data[bit / 8] ^= (guint8) (1u << bit % 8);
  *bytes = g_bytes_new_take (data, size);
}

static void
test_golden (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (TocsinEnvelope) envelope = wire_request (golden[i].name);
  gint64 now_us = wire_time (envelope);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinSignature) signature =
      tocsin_signature_parse (envelope, golden[i].base, now_us, &error);
  g_autoptr (TocsinPublicKey) key = NULL;
  g_autoptr (TocsinPublicKey) other = wire_rsa_key (
      golden[i].scheme == TOCSIN_SCHEME_DRAFT && golden[i].base[4] == 's' ? BETA : GTSUSER);
  g_autoptr (TocsinVerified) verified = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (tocsin_signature_scheme (signature), ==, golden[i].scheme);
  g_assert_cmpint (tocsin_signature_created_us (signature), ==, now_us);
  g_assert_null (tocsin_signature_verify (signature, other, NULL));
  if (golden[i].key == NULL)
    return;
  key = wire_rsa_key (golden[i].key);
  verified = tocsin_signature_verify (signature, key, &error);
  g_assert_no_error (error);
  g_assert_nonnull (verified);
  g_assert_cmpstr (tocsin_verified_key_id (verified), ==, tocsin_signature_key_id (signature));
  g_assert_cmpint (tocsin_verified_scheme (verified), ==, golden[i].scheme);
}

/* One bit of the body, of the signature or of what it covers: refused. */
static void
test_golden_flipped (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (TocsinEnvelope) envelope = wire_request (golden[i].name);
  gint64 now_us = wire_time (envelope);
  g_autoptr (TocsinPublicKey) key = wire_rsa_key (golden[i].key);
  gsize body_bits = envelope->body != NULL ? g_bytes_get_size (envelope->body) * 8 : 0;
  g_autoptr (TocsinSignature) signature =
      tocsin_signature_parse (envelope, golden[i].base, now_us, NULL);

  for (gsize bit = 0; bit < body_bits; bit += 43)
    {
      flip (&envelope->body, bit);
      g_assert_null (tocsin_signature_parse (envelope, golden[i].base, now_us, NULL));
      flip (&envelope->body, bit);
    }
  for (gsize bit = 0; bit < g_bytes_get_size (signature->signature) * 8; bit += 61)
    {
      flip (&signature->signature, bit);
      g_assert_null (tocsin_signature_verify (signature, key, NULL));
      flip (&signature->signature, bit);
    }
  for (gsize at = 0; signature->base[0][at] != '\0'; at++)
    {
      signature->base[0][at] ^= 1;
      g_assert_null (tocsin_signature_verify (signature, key, NULL));
      signature->base[0][at] ^= 1;
    }
}

static void
test_golden_elsewhere (gconstpointer data)
{
  gsize i = GPOINTER_TO_SIZE (data);
  g_autoptr (TocsinEnvelope) envelope = wire_request (golden[i].name);
  gint64 now_us = wire_time (envelope);
  g_autoptr (TocsinPublicKey) key = wire_rsa_key (golden[i].key);

  g_assert_null (check (envelope, "https://other.example", now_us, key, NULL));
  set_header (envelope, "host", "other.example"); /* as a proxy may: not what decides */
  {
    g_autoptr (TocsinVerified) verified = check (envelope, golden[i].base, now_us, key, NULL);

    g_assert_nonnull (verified);
  }
  g_free (envelope->target);
  envelope->target = g_strdup ("/other");
  g_assert_null (check (envelope, golden[i].base, now_us, key, NULL));
}

/* RFC 9421, appendix B.2.6, and section 4.3's second signature alone. */
static void
test_rfc9421_vectors (void)
{
  static const char expected[] =
      "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\"@method\": POST\n\"@path\": /foo\n"
      "\"@authority\": example.com\n\"content-type\": application/json\n\"content-length\": 18\n"
      "\"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" "
      "\"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("POST", "/foo?param=Value&Pet=dog");
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinPublicKey) key = tocsin_public_key_from_pem (
      "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n"
      "-----END PUBLIC KEY-----\n",
      &error);
  g_autoptr (TocsinSignature) signature = NULL;
  g_autoptr (TocsinVerified) verified = NULL;
  TocsinSignatureInput input;

  g_assert_no_error (error);
  tocsin_envelope_add_header (envelope, "Date", "Tue, 20 Apr 2021 02:07:55 GMT");
  tocsin_envelope_add_header (envelope, "Content-Type", "application/json");
  tocsin_envelope_add_header (envelope, "Content-Length", "18");
  tocsin_envelope_add_header (
      envelope, "Signature-Input",
      "sig-b26=( \"date\" \"@method\"  \"@path\" \"@authority\" \"content-type\" "
      "\"content-length\" );created=1618884473; keyid=\"test-key-ed25519\"");
  tocsin_envelope_add_header (envelope, "Signature",
                              "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1"
                              "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:");
  signature = tocsin_signature_read_rfc9421 (envelope, "https://example.com", &input, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (signature->base[0], ==, expected);
  g_assert_cmpint (input.created_seconds, ==, 1618884473);
  g_assert_cmpint (input.expires_seconds, ==, TOCSIN_NO_SECONDS);
  g_assert_cmpuint (input.covers, ==,
                    TOCSIN_COVERS_METHOD | TOCSIN_COVERS_PATH | TOCSIN_COVERS_AUTHORITY);
  verified = tocsin_signature_verify (signature, key, &error);
  g_assert_no_error (error);
  g_assert_nonnull (verified);
  /* Valid, yet not for us: nothing covers the body. */
  g_assert_null (tocsin_signature_parse (envelope, "https://example.com",
                                         1618884473 * TOCSIN_SECOND_US, NULL));
}

static void
test_round_trip (gconstpointer data)
{
  TocsinKeyKind kind = GPOINTER_TO_INT (data) == 1 ? TOCSIN_KEY_ED25519 : TOCSIN_KEY_RSA;
  gboolean draft = GPOINTER_TO_INT (data) == 2;
  g_autoptr (TocsinPrivateKey) key = make_key (kind);
  static const char *const methods[] = { "POST", "GET" };

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (TocsinEnvelope) envelope =
          i == 0 ? make_post () : tocsin_envelope_new ("GET", "/outbox/after/5");
      g_autoptr (GError) error = NULL;
      g_autoptr (TocsinVerified) verified = NULL;

      if (draft)
        tocsin_sign_request_draft (envelope, BASE, key, KEY_ID, NOW_US, &error);
      else
        tocsin_sign_request_rfc9421 (envelope, BASE, key, KEY_ID, NOW_US, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (tocsin_envelope_get_header (envelope, "host"), ==, "node.example");
      verified = check (envelope, BASE, NOW_US, tocsin_private_key_public (key), &error);
      g_assert_no_error (error);
      g_assert_nonnull (verified);
      g_assert_cmpstr (tocsin_verified_key_id (verified), ==, KEY_ID);
      assert_refused (envelope, NOW_US + 13 * TOCSIN_HOUR_US, tocsin_private_key_public (key));
      assert_refused (envelope, NOW_US - 2 * TOCSIN_HOUR_US, tocsin_private_key_public (key));
      g_free (envelope->method);
      envelope->method = g_strdup ("PUT");
      assert_refused (envelope, NOW_US, tocsin_private_key_public (key));
    }
}

/* A Date that is there is what is signed. */
static void
test_own_date (void)
{
  static const char date[] = "Mon, 23 Nov 2026 17:00:00 GMT";
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);
  g_autoptr (TocsinEnvelope) envelope = make_post ();
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinVerified) verified = NULL;

  tocsin_envelope_add_header (envelope, "Date", date);
  g_assert_true (tocsin_sign_request_rfc9421 (envelope, BASE, key, KEY_ID, NOW_US, &error));
  g_assert_cmpuint (tocsin_envelope_count_header (envelope, "date"), ==, 1);
  g_assert_cmpstr (tocsin_envelope_get_header (envelope, "date"), ==, date);
  verified = check (envelope, BASE, NOW_US, tocsin_private_key_public (key), &error);
  g_assert_no_error (error);
  g_assert_nonnull (verified);
  set_header (envelope, "date", "Mon, 23 Nov 2026 17:00:01 GMT");
  assert_refused (envelope, NOW_US, tocsin_private_key_public (key));
}

static void
test_signing_refused (void)
{
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);
  g_autoptr (TocsinEnvelope) a = make_post ();
  g_autoptr (TocsinEnvelope) b = make_post ();
  g_autoptr (GError) error = NULL;

  g_assert_false (tocsin_sign_request_rfc9421 (a, BASE, key, KEY_ID, 0, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAVAILABLE);
  g_clear_error (&error);
  g_assert_false (tocsin_sign_request_rfc9421 (a, BASE, key, "k\"ey", NOW_US, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_clear_error (&error);
  g_assert_false (tocsin_sign_request_draft (b, BASE, key, KEY_ID, NOW_US, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID);
  g_assert_null (tocsin_envelope_get_header (a, "signature"));
  g_assert_null (tocsin_envelope_get_header (b, "signature"));
}

/* Signature-Input, signed for real by an Ed25519 key: accepted or not. */
#define ALL    "\"@method\" \"@target-uri\" \"content-digest\""
#define WHO    ";created=1795456625;keyid=\"" KEY_ID "\""
#define DIGEST "sha-256=:" BODY_SHA256 ":"

#define MALFORMED    "Signature-Input is malformed"
#define WRONG_TYPE   "A parameter of Signature-Input has the wrong type"
#define UNCOVERED    "Signature does not cover the method and the target"
#define EXPIRED      "Signature has expired"
#define BAD_DIGEST   "Content-Digest is malformed"
#define OTHER_DIGEST "Content-Digest does not match the body"

static const struct
{
  const char *name;
  const char *input; /* after "x=" */
  const char *digest;
  const char *extra; /* a header, "name: value" */
  const char *says;  /* NULL: accepted */
} inputs[] = {
  { "plain", "(" ALL ")" WHO, DIGEST, NULL, NULL },
  { "path", "(\"content-digest\" \"@path\" \"@authority\" \"@method\")" WHO, DIGEST, NULL, NULL },
  { "request-target", "(\"content-digest\" \"@request-target\" \"@authority\" \"@method\")" WHO,
    DIGEST, NULL, NULL },
  { "everything", "(" ALL " \"@scheme\" \"@query\" \"@path\" \"@authority\" \"host\")" WHO, DIGEST,
    NULL, NULL },
  { "order",
    "(" ALL ");nonce=\"a\\\"b\";alg=\"ed25519\";keyid=\"" KEY_ID
    "\";flag;t=tok/en;b=:YQ==:;z=?0;created=1795456625;expires=1795456631",
    DIGEST, NULL, NULL },
  { "spaces", "(  " ALL "  ); created=1795456625;  keyid=\"" KEY_ID "\"", DIGEST, NULL, NULL },
  { "sha-512-beside", "(" ALL ")" WHO, "sha-512=:AAAA:, " DIGEST, NULL, NULL },
  { "joined-field", "(" ALL " \"x-a\")" WHO, DIGEST, "x-a: 1", NULL },
  { "no-method", "(\"@target-uri\" \"content-digest\")" WHO, DIGEST, NULL, UNCOVERED },
  { "no-target", "(\"@method\" \"content-digest\")" WHO, DIGEST, NULL, UNCOVERED },
  { "path-alone", "(\"@method\" \"@path\" \"content-digest\")" WHO, DIGEST, NULL, UNCOVERED },
  { "authority-alone", "(\"@method\" \"@authority\" \"content-digest\")" WHO, DIGEST, NULL,
    UNCOVERED },
  { "digest-uncovered", "(\"@method\" \"@target-uri\")" WHO, DIGEST, NULL,
    "Signature does not cover Content-Digest" },
  { "digest-absent", "(" ALL ")" WHO, NULL, NULL,
    "Signature covers content-digest, which this request does not have or we do not read" },
  { "digest-wrong", "(" ALL ")" WHO, "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:", NULL,
    OTHER_DIGEST },
  { "digest-short", "(" ALL ")" WHO, "sha-256=:AAAA:", NULL, OTHER_DIGEST },
  { "digest-twice", "(" ALL ")" WHO, DIGEST ", " DIGEST, NULL, OTHER_DIGEST },
  { "digest-512-alone", "(" ALL ")" WHO, "sha-512=:AAAA:", NULL, "Content-Digest has no sha-256" },
  { "digest-malformed", "(" ALL ")" WHO, "sha-256=" BODY_SHA256, NULL, BAD_DIGEST },
  { "digest-comma", "(" ALL ")" WHO, DIGEST ",", NULL, BAD_DIGEST },
  { "digest-many", "(" ALL ")" WHO,
    "a=:AAAA:,b=:AAAA:,c=:AAAA:,d=:AAAA:,e=:AAAA:,f=:AAAA:,g=:AAAA:,h=:AAAA:," DIGEST, NULL,
    BAD_DIGEST },
  { "no-created", "(" ALL ");keyid=\"" KEY_ID "\"", DIGEST, NULL,
    "Signature has no time of creation" },
  { "no-keyid", "(" ALL ");created=1795456625", DIGEST, NULL, "Signature-Input has no keyid" },
  { "empty-keyid", "(" ALL ");created=1795456625;keyid=\"\"", DIGEST, NULL,
    "Signature-Input has no keyid" },
  { "future", "(" ALL ");created=1795460231;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    "Signature is dated more than an hour ahead" },
  { "near-future", "(" ALL ");created=1795460230;keyid=\"" KEY_ID "\"", DIGEST, NULL, NULL },
  { "old", "(" ALL ");created=1795413429;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    "Signature is more than 12 hours old" },
  { "nearly-old", "(" ALL ");created=1795413430;keyid=\"" KEY_ID "\"", DIGEST, NULL, NULL },
  { "huge-created", "(" ALL ");created=999999999999999;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    "Signature is dated more than an hour ahead" },
  { "overlong-created", "(" ALL ");created=1795456625000000;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    MALFORMED },
  { "expired", "(" ALL ")" WHO ";expires=1795456630", DIGEST, NULL, EXPIRED },
  { "negative-expires", "(" ALL ")" WHO ";expires=-2", DIGEST, NULL, EXPIRED },
  { "string-created", "(" ALL ");created=\"1795456625\";keyid=\"" KEY_ID "\"", DIGEST, NULL,
    WRONG_TYPE },
  { "decimal-created", "(" ALL ");created=1795456625.5;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    MALFORMED },
  { "bare-created", "(" ALL ");created;keyid=\"" KEY_ID "\"", DIGEST, NULL, WRONG_TYPE },
  { "token-keyid", "(" ALL ");created=1795456625;keyid=abc", DIGEST, NULL, WRONG_TYPE },
  { "alg-rsa", "(" ALL ")" WHO ";alg=\"rsa-v1_5-sha256\"", DIGEST, NULL,
    "Key is not of the signature's algorithm" },
  { "alg-hmac", "(" ALL ")" WHO ";alg=\"hmac-sha256\"", DIGEST, NULL,
    "Algorithm is neither rsa-v1_5-sha256 nor ed25519" },
  { "parameter-twice", "(" ALL ")" WHO WHO, DIGEST, NULL, "Signature-Input has a parameter twice" },
  { "component-twice", "(" ALL " \"@method\")" WHO, DIGEST, NULL,
    "Signature-Input names a component twice" },
  { "component-sf", "(" ALL " \"x-a\";sf)" WHO, DIGEST, "x-a: 1",
    "Components with parameters are not supported" },
  { "component-req", "(\"@method\";req \"@target-uri\" \"content-digest\")" WHO, DIGEST, NULL,
    "Components with parameters are not supported" },
  { "component-absent", "(" ALL " \"x-a\")" WHO, DIGEST, NULL,
    "Signature covers x-a, which this request does not have or we do not read" },
  { "component-unknown", "(" ALL " \"@status\")" WHO, DIGEST, NULL,
    "Signature covers @status, which this request does not have or we do not read" },
  { "component-params", "(" ALL " \"@signature-params\")" WHO, DIGEST, NULL,
    "Signature covers @signature-params, which this request does not have or we do not read" },
  { "component-upper", "(" ALL " \"X-A\")" WHO, DIGEST, "x-a: 1",
    "Signature covers a component, which this request does not have or we do not read" },
  { "component-token", "(" ALL " x-a)" WHO, DIGEST, "x-a: 1", MALFORMED },
  { "two", "(" ALL ")" WHO ", y=(" ALL ")" WHO, DIGEST, NULL,
    "There must be exactly one signature" },
  { "not-a-list", "\"@method\"" WHO, DIGEST, NULL, MALFORMED },
  { "open-list", "(" ALL, DIGEST, NULL, MALFORMED },
  { "unspaced", "(\"@method\"\"@target-uri\" \"content-digest\")" WHO, DIGEST, NULL, MALFORMED },
  { "trailing", "(" ALL ")" WHO " z", DIGEST, NULL, MALFORMED },
  { "trailing-comma", "(" ALL ")" WHO ",", DIGEST, NULL, MALFORMED },
  { "many-parameters", "(" ALL ")" WHO ";a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p", DIGEST, NULL,
    MALFORMED },
  { "empty", "()" WHO, DIGEST, NULL, UNCOVERED },
  { "expires-minus-one", "(" ALL ")" WHO ";expires=-1", DIGEST, NULL, EXPIRED },
  { "bare-expires", "(" ALL ")" WHO ";expires", DIGEST, NULL, WRONG_TYPE },
  { "bare-keyid", "(" ALL ");created=1795456625;keyid", DIGEST, NULL, WRONG_TYPE },
  { "bare-alg", "(" ALL ")" WHO ";alg", DIGEST, NULL, WRONG_TYPE },
  { "boolean-expires", "(" ALL ")" WHO ";expires=?1", DIGEST, NULL, WRONG_TYPE },
  { "token-alg", "(" ALL ")" WHO ";alg=ed25519", DIGEST, NULL, WRONG_TYPE },
  { "negative-created", "(" ALL ");created=-1;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    "Signature is more than 12 hours old" },
  { "parameter-upper", "(" ALL ")" WHO ";Nonce=1", DIGEST, NULL, MALFORMED },
  { "parameter-empty", "(" ALL ")" WHO ";nonce=", DIGEST, NULL, MALFORMED },
  { "parameter-list", "(" ALL ")" WHO ";nonce=(1)", DIGEST, NULL, MALFORMED },
  { "most-parameters", "(" ALL ")" WHO ";a;b;c;d;e;f;g;h;i;j;k;l;m;n", DIGEST, NULL, NULL },
  { "digest-most", "(" ALL ")" WHO,
    "a=:AAAA:,b=:AAAA:,c=:AAAA:,d=:AAAA:,e=:AAAA:,f=:AAAA:,g=:AAAA:," DIGEST, NULL, NULL },
  { "digest-empty", "(" ALL ")" WHO, "", NULL, BAD_DIGEST },
  { "digest-no-key", "(" ALL ")" WHO, "=:AAAA:", NULL, BAD_DIGEST },
  { "digest-no-value", "(" ALL ")" WHO, "sha-256", NULL, BAD_DIGEST },
  { "digest-bare", "(" ALL ")" WHO, "sha-256, " DIGEST, NULL, BAD_DIGEST },
  { "digest-parameter", "(" ALL ")" WHO, DIGEST ";a", NULL, BAD_DIGEST },
};

/* Signs what the reader makes of @envelope, so that only the rules can refuse it. */
static void
sign_as_read (TocsinEnvelope *envelope, const TocsinPrivateKey *key)
{
  TocsinSignatureInput input;
  g_autoptr (TocsinSignature) signature = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *base64 = NULL;
  g_autofree char *field = NULL;

  tocsin_envelope_add_header (envelope, "Signature", "x=:AAAA:");
  signature = tocsin_signature_read_rfc9421 (envelope, BASE, &input, NULL);
  if (signature == NULL)
    return;
  bytes = tocsin_private_key_sign (key, signature->base[0], strlen (signature->base[0]), NULL);
  base64 = tocsin_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  field = g_strdup_printf ("x=:%s:", base64);
  set_header (envelope, "signature", field);
}

static void
test_inputs (void)
{
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (inputs); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = make_post ();
      g_autofree char *field = g_strconcat ("x=", inputs[i].input, NULL);
      g_autoptr (TocsinVerified) verified = NULL;

      g_test_message ("%s", inputs[i].name);
      if (inputs[i].digest != NULL)
        tocsin_envelope_add_header (envelope, "Content-Digest", inputs[i].digest);
      if (inputs[i].extra != NULL)
        {
          tocsin_envelope_add_header (envelope, "x-a", "0");
          tocsin_envelope_add_header (envelope, "x-a", inputs[i].extra + 5);
        }
      tocsin_envelope_add_header (envelope, "Signature-Input", field);
      sign_as_read (envelope, key);
      if (inputs[i].says != NULL)
        {
          assert_refused_as (envelope, NOW_US, tocsin_private_key_public (key), inputs[i].says);
          continue;
        }
      verified = check (envelope, BASE, NOW_US, tocsin_private_key_public (key), NULL);
      g_assert_nonnull (verified);
    }
}

static void
test_signature_fields (void)
{
  static const char malformed[] = "Signature is malformed";
  static const struct
  {
    const char *field;
    const char *says;
  } cases[] = {
    { "", malformed },
    { "x", malformed },
    { "x=", malformed },
    { "x=AAAA", malformed },
    { "x=:AA=A:", malformed },
    { "x=:AAAA", malformed },
    { "x=:AAAA:;a", malformed },
    { "X=:AAAA:", malformed },
    { "keyId=\"" KEY_ID "\"", malformed },
    { "x=:AAAA:, y=:AAAA:", "There must be exactly one signature" },
    { "y=:AAAA:", "Signature and Signature-Input have different labels" },
    { "x=:AAAA:", "Signature does not fit the request and the key" },
  };
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = make_post ();

      tocsin_envelope_add_header (envelope, "Content-Digest", DIGEST);
      tocsin_envelope_add_header (envelope, "Signature-Input", "x=(" ALL ")" WHO);
      tocsin_envelope_add_header (envelope, "Signature", cases[i].field);
      assert_refused_as (envelope, NOW_US, tocsin_private_key_public (key), cases[i].says);
    }
}

/* Labels are keys of a dictionary, and the member goes on after them. */
static void
test_labels (void)
{
  static const char *const refused[] = { "", "X=(" ALL ")" WHO, "(" ALL ")" WHO, "x", "x;a" };
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = make_post ();

      tocsin_envelope_add_header (envelope, "Signature-Input", refused[i]);
      tocsin_envelope_add_header (envelope, "Signature", "x=:AAAA:");
      assert_refused_as (envelope, NOW_US, tocsin_private_key_public (key), MALFORMED);
    }
}

/* A signature over @input; @says it is refused so, or %NULL: accepted. */
static void
check_input (const TocsinPrivateKey *key, TocsinEnvelope *envelope, char *input, const char *says)
{
  g_autofree char *field = input;
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinVerified) verified = NULL;

  tocsin_envelope_add_header (envelope, "Signature-Input", field);
  sign_as_read (envelope, key);
  if (says != NULL)
    {
      assert_refused_as (envelope, NOW_US, tocsin_private_key_public (key), says);
      return;
    }
  verified = check (envelope, BASE, NOW_US, tocsin_private_key_public (key), &error);
  g_assert_no_error (error);
  g_assert_nonnull (verified);
}

/* As much as is taken, and then one more. */
static void
test_limits (void)
{
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (guint more = 0; more <= 1; more++)
    {
      g_autoptr (TocsinEnvelope) a = make_post ();
      g_autoptr (TocsinEnvelope) b = make_post ();
      g_autoptr (TocsinEnvelope) c = make_post ();
      g_autoptr (TocsinEnvelope) d = make_post ();
      g_autoptr (GString) names = g_string_new (ALL);
      g_autofree char *key_id = g_strnfill (TOCSIN_URI_MAX_BYTES + more, 'k');
      g_autofree char *value = g_strnfill (8192 + more, 'v');
      g_autofree char *nonce = NULL;

      for (guint i = 3; i < 32 + more; i++)
        {
          g_autofree char *name = g_strdup_printf ("x-%u", i);

          tocsin_envelope_add_header (a, name, "1");
          g_string_append_printf (names, " \"%s\"", name);
        }
      tocsin_envelope_add_header (a, "Content-Digest", DIGEST);
      check_input (key, a, g_strdup_printf ("x=(%s)" WHO, names->str),
                   more ? "Signature-Input covers too many components" : NULL);

      tocsin_envelope_add_header (b, "Content-Digest", DIGEST);
      check_input (key, b, g_strdup_printf ("x=(" ALL ");created=1795456625;keyid=\"%s\"", key_id),
                   more ? "keyid is too long" : NULL);

      tocsin_envelope_add_header (c, "Content-Digest", DIGEST);
      tocsin_envelope_add_header (c, "X-A", value);
      check_input (key, c, g_strdup ("x=(" ALL " \"x-a\")" WHO),
                   more ? "A covered field is too long" : NULL);

      tocsin_envelope_add_header (d, "Content-Digest", DIGEST);
      nonce = g_strnfill (8192 - strlen ("x=(" ALL ")" WHO ";nonce=\"\"") + more, 'n');
      check_input (key, d, g_strdup_printf ("x=(" ALL ")" WHO ";nonce=\"%s\"", nonce),
                   more ? "Signature is too long" : NULL);
    }
}

/* A component's name is told if it is one of ours or a field's, and not too long. */
static void
test_told_components (void)
{
  static const struct
  {
    const char *name;
    const char *told;
  } cases[] = {
    { "@status", "@status" },
    { "x-n0-such", "a component" },
    { "x y", "a component" },
    { "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghi",
      "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghi" },
    { "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdefghij", "a component" },
  };
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = make_post ();
      g_autofree char *says = g_strdup_printf (
          "Signature covers %s, which this request does not have or we do not read", cases[i].told);

      check_input (key, envelope, g_strdup_printf ("x=(\"%s\")" WHO, cases[i].name), says);
    }
}

/* A GET may say what its empty body is, and then has to be right. */
static void
test_empty_body (void)
{
  static const struct
  {
    const char *digest;
    const char *says;
  } cases[] = {
    { "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", NULL },
    { DIGEST, OTHER_DIGEST },
  };
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", "/outbox");

      tocsin_envelope_add_header (envelope, "Content-Digest", cases[i].digest);
      check_input (key, envelope, g_strdup ("x=(" ALL ")" WHO), cases[i].says);
    }
}

/* What could look like another line of what is signed. */
static void
test_unplain_requests (void)
{
  static const char no_path[] = "Request target is not a path";
  static const struct
  {
    const char *method;
    const char *target;
    const char *value;
    const char *says;
  } cases[] = {
    { "POST", "inbox", "1", no_path },
    { "POST", "", "1", no_path },
    { "POST", "/inbox x", "1", no_path },
    { "POST", "/inbox\n\"@method\": GET", "1", no_path },
    { "POST", "/inbox\x7f", "1", no_path },
    { "POST", "/inb\xc3\xb6x", "1", no_path },
    { "POST \"@path\"", "/inbox", "1", no_path },
    { "P\nOST", "/inbox", "1", no_path },
    { "POST", "/inbox", "1\n\"@method\": GET", "A header field has a line break" },
    { "POST", "/inbox", "1\r2", "A header field has a line break" },
  };
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new (cases[i].method, cases[i].target);

      tocsin_envelope_add_header (envelope, "X-A", cases[i].value);
      check_input (key, envelope, g_strdup ("x=(" ALL ")" WHO), cases[i].says);
    }
}

/* A good request, spoilt by being more than it should. */
static void
test_too_much (void)
{
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);
  g_autofree char *long_value = g_strnfill (100000, 'a');

  for (int i = 0; i < 6; i++)
    {
      g_autoptr (TocsinEnvelope) envelope = make_post ();
      g_autoptr (GError) error = NULL;

      tocsin_sign_request_rfc9421 (envelope, BASE, key, KEY_ID, NOW_US, &error);
      g_assert_no_error (error);
      switch (i)
        {
        case 0:
          for (int j = 0; j < 200; j++)
            tocsin_envelope_add_header (envelope, "X", "y");
          break;
        case 1:
          tocsin_envelope_add_header (envelope, "Signature",
                                      tocsin_envelope_get_header (envelope, "signature"));
          break;
        case 2:
          tocsin_envelope_add_header (envelope, "Signature-Input",
                                      tocsin_envelope_get_header (envelope, "signature-input"));
          break;
        case 3:
          set_header (envelope, "signature", long_value);
          break;
        case 4:
          set_header (envelope, "signature-input", long_value);
          break;
        default:
          g_free (envelope->target);
          envelope->target = g_strdup ("https://node.example/inbox");
        }
      assert_refused (envelope, NOW_US, tocsin_private_key_public (key));
    }
}

static void
test_wrong_key (void)
{
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);
  g_autoptr (TocsinPrivateKey) other = make_key (TOCSIN_KEY_ED25519);
  g_autoptr (TocsinPublicKey) rsa = wire_rsa_key (BETA);
  g_autoptr (TocsinEnvelope) envelope = make_post ();
  g_autoptr (TocsinEnvelope) unsigned_request = make_post ();

  g_assert_true (tocsin_sign_request_rfc9421 (envelope, BASE, key, KEY_ID, NOW_US, NULL));
  assert_refused (envelope, NOW_US, tocsin_private_key_public (other));
  assert_refused (envelope, NOW_US, rsa);
  assert_refused (unsigned_request, NOW_US, tocsin_private_key_public (key));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (golden); i++)
    {
      g_autofree char *path = g_strconcat ("/httpsig/", golden[i].name, NULL);
      g_autofree char *flipped = g_strconcat (path, "/flipped", NULL);
      g_autofree char *elsewhere = g_strconcat (path, "/elsewhere", NULL);

      g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_golden);
      if (golden[i].key == NULL)
        continue;
      g_test_add_data_func (flipped, GSIZE_TO_POINTER (i), test_golden_flipped);
      g_test_add_data_func (elsewhere, GSIZE_TO_POINTER (i), test_golden_elsewhere);
    }
  g_test_add_func ("/httpsig/rfc9421", test_rfc9421_vectors);
  g_test_add_data_func ("/httpsig/round-trip/rsa", GINT_TO_POINTER (0), test_round_trip);
  g_test_add_data_func ("/httpsig/round-trip/ed25519", GINT_TO_POINTER (1), test_round_trip);
  g_test_add_data_func ("/httpsig/round-trip/draft", GINT_TO_POINTER (2), test_round_trip);
  g_test_add_func ("/httpsig/signing-refused", test_signing_refused);
  g_test_add_func ("/httpsig/own-date", test_own_date);
  g_test_add_func ("/httpsig/inputs", test_inputs);
  g_test_add_func ("/httpsig/signature-fields", test_signature_fields);
  g_test_add_func ("/httpsig/labels", test_labels);
  g_test_add_func ("/httpsig/limits", test_limits);
  g_test_add_func ("/httpsig/told-components", test_told_components);
  g_test_add_func ("/httpsig/empty-body", test_empty_body);
  g_test_add_func ("/httpsig/unplain-requests", test_unplain_requests);
  g_test_add_func ("/httpsig/too-much", test_too_much);
  g_test_add_func ("/httpsig/wrong-key", test_wrong_key);
  return g_test_run ();
}
