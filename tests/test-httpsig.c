/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include "codec/httpsig-draft.h"
#include "codec/httpsig-private.h"
#include "codec/multibase.h"
#include "core/error.h"
#include "core/hash.h"
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
assert_refused (const TocsinEnvelope *envelope, gint64 now_us, const TocsinPublicKey *key)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (check (envelope, BASE, now_us, key, &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
  g_assert_cmpuint (strlen (error->message), <, 200);
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
  g_assert_null (tocsin_signature_verify (signature, other, NULL));
  if (golden[i].key == NULL)
    return;
  key = wire_rsa_key (golden[i].key);
  verified = tocsin_signature_verify (signature, key, &error);
  g_assert_no_error (error);
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
  g_assert_cmpint (input.expires_seconds, ==, -1);
  g_assert_cmpuint (input.covers, ==,
                    TOCSIN_COVERS_METHOD | TOCSIN_COVERS_PATH | TOCSIN_COVERS_AUTHORITY);
  verified = tocsin_signature_verify (signature, key, &error);
  g_assert_no_error (error);
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
      g_assert_cmpstr (tocsin_verified_key_id (verified), ==, KEY_ID);
      assert_refused (envelope, NOW_US + 13 * TOCSIN_HOUR_US, tocsin_private_key_public (key));
      assert_refused (envelope, NOW_US - 2 * TOCSIN_HOUR_US, tocsin_private_key_public (key));
      g_free (envelope->method);
      envelope->method = g_strdup ("PUT");
      assert_refused (envelope, NOW_US, tocsin_private_key_public (key));
    }
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

static const struct
{
  const char *name;
  const char *input; /* after "x=" */
  const char *digest;
  const char *extra; /* a header, "name: value" */
  gboolean ok;
} inputs[] = {
  { "plain", "(" ALL ")" WHO, DIGEST, NULL, TRUE },
  { "path", "(\"content-digest\" \"@path\" \"@authority\" \"@method\")" WHO, DIGEST, NULL, TRUE },
  { "request-target", "(\"content-digest\" \"@request-target\" \"@authority\" \"@method\")" WHO,
    DIGEST, NULL, TRUE },
  { "everything", "(" ALL " \"@scheme\" \"@query\" \"@path\" \"@authority\" \"host\")" WHO, DIGEST,
    NULL, TRUE },
  { "order",
    "(" ALL ");nonce=\"a\\\"b\";alg=\"ed25519\";keyid=\"" KEY_ID
    "\";flag;t=tok/en;b=:YQ==:;z=?0;created=1795456625;expires=1795456631",
    DIGEST, NULL, TRUE },
  { "spaces", "(  " ALL "  ); created=1795456625;  keyid=\"" KEY_ID "\"", DIGEST, NULL, TRUE },
  { "sha-512-beside", "(" ALL ")" WHO, "sha-512=:AAAA:, " DIGEST, NULL, TRUE },
  { "joined-field", "(" ALL " \"x-a\")" WHO, DIGEST, "x-a: 1", TRUE },
  { "no-method", "(\"@target-uri\" \"content-digest\")" WHO, DIGEST, NULL, FALSE },
  { "no-target", "(\"@method\" \"content-digest\")" WHO, DIGEST, NULL, FALSE },
  { "path-alone", "(\"@method\" \"@path\" \"content-digest\")" WHO, DIGEST, NULL, FALSE },
  { "authority-alone", "(\"@method\" \"@authority\" \"content-digest\")" WHO, DIGEST, NULL, FALSE },
  { "digest-uncovered", "(\"@method\" \"@target-uri\")" WHO, DIGEST, NULL, FALSE },
  { "digest-absent", "(" ALL ")" WHO, NULL, NULL, FALSE },
  { "digest-wrong", "(" ALL ")" WHO, "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:", NULL,
    FALSE },
  { "digest-short", "(" ALL ")" WHO, "sha-256=:AAAA:", NULL, FALSE },
  { "digest-twice", "(" ALL ")" WHO, DIGEST ", " DIGEST, NULL, FALSE },
  { "digest-512-alone", "(" ALL ")" WHO, "sha-512=:AAAA:", NULL, FALSE },
  { "digest-malformed", "(" ALL ")" WHO, "sha-256=" BODY_SHA256, NULL, FALSE },
  { "digest-comma", "(" ALL ")" WHO, DIGEST ",", NULL, FALSE },
  { "digest-many", "(" ALL ")" WHO,
    "a=:AAAA:,b=:AAAA:,c=:AAAA:,d=:AAAA:,e=:AAAA:,f=:AAAA:,g=:AAAA:,h=:AAAA:," DIGEST, NULL,
    FALSE },
  { "no-created", "(" ALL ");keyid=\"" KEY_ID "\"", DIGEST, NULL, FALSE },
  { "no-keyid", "(" ALL ");created=1795456625", DIGEST, NULL, FALSE },
  { "empty-keyid", "(" ALL ");created=1795456625;keyid=\"\"", DIGEST, NULL, FALSE },
  { "future", "(" ALL ");created=1795460231;keyid=\"" KEY_ID "\"", DIGEST, NULL, FALSE },
  { "near-future", "(" ALL ");created=1795460230;keyid=\"" KEY_ID "\"", DIGEST, NULL, TRUE },
  { "old", "(" ALL ");created=1795413429;keyid=\"" KEY_ID "\"", DIGEST, NULL, FALSE },
  { "nearly-old", "(" ALL ");created=1795413430;keyid=\"" KEY_ID "\"", DIGEST, NULL, TRUE },
  { "huge-created", "(" ALL ");created=999999999999999;keyid=\"" KEY_ID "\"", DIGEST, NULL, FALSE },
  { "overlong-created", "(" ALL ");created=1795456625000000;keyid=\"" KEY_ID "\"", DIGEST, NULL,
    FALSE },
  { "expired", "(" ALL ")" WHO ";expires=1795456630", DIGEST, NULL, FALSE },
  { "negative-expires", "(" ALL ")" WHO ";expires=-2", DIGEST, NULL, FALSE },
  { "string-created", "(" ALL ");created=\"1795456625\";keyid=\"" KEY_ID "\"", DIGEST, NULL,
    FALSE },
  { "decimal-created", "(" ALL ");created=1795456625.5;keyid=\"" KEY_ID "\"", DIGEST, NULL, FALSE },
  { "bare-created", "(" ALL ");created;keyid=\"" KEY_ID "\"", DIGEST, NULL, FALSE },
  { "token-keyid", "(" ALL ");created=1795456625;keyid=abc", DIGEST, NULL, FALSE },
  { "alg-rsa", "(" ALL ")" WHO ";alg=\"rsa-v1_5-sha256\"", DIGEST, NULL, FALSE },
  { "alg-hmac", "(" ALL ")" WHO ";alg=\"hmac-sha256\"", DIGEST, NULL, FALSE },
  { "parameter-twice", "(" ALL ")" WHO WHO, DIGEST, NULL, FALSE },
  { "component-twice", "(" ALL " \"@method\")" WHO, DIGEST, NULL, FALSE },
  { "component-sf", "(" ALL " \"x-a\";sf)" WHO, DIGEST, "x-a: 1", FALSE },
  { "component-req", "(\"@method\";req \"@target-uri\" \"content-digest\")" WHO, DIGEST, NULL,
    FALSE },
  { "component-absent", "(" ALL " \"x-a\")" WHO, DIGEST, NULL, FALSE },
  { "component-unknown", "(" ALL " \"@status\")" WHO, DIGEST, NULL, FALSE },
  { "component-params", "(" ALL " \"@signature-params\")" WHO, DIGEST, NULL, FALSE },
  { "component-upper", "(" ALL " \"X-A\")" WHO, DIGEST, "x-a: 1", FALSE },
  { "component-token", "(" ALL " x-a)" WHO, DIGEST, "x-a: 1", FALSE },
  { "two", "(" ALL ")" WHO ", y=(" ALL ")" WHO, DIGEST, NULL, FALSE },
  { "not-a-list", "\"@method\"" WHO, DIGEST, NULL, FALSE },
  { "open-list", "(" ALL, DIGEST, NULL, FALSE },
  { "unspaced", "(\"@method\"\"@target-uri\" \"content-digest\")" WHO, DIGEST, NULL, FALSE },
  { "trailing", "(" ALL ")" WHO " z", DIGEST, NULL, FALSE },
  { "trailing-comma", "(" ALL ")" WHO ",", DIGEST, NULL, FALSE },
  { "many-parameters", "(" ALL ")" WHO ";a;b;c;d;e;f;g;h;i;j;k;l;m;n;o;p", DIGEST, NULL, FALSE },
  { "empty", "()" WHO, DIGEST, NULL, FALSE },
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
      if (!inputs[i].ok)
        {
          assert_refused (envelope, NOW_US, tocsin_private_key_public (key));
          continue;
        }
      verified = check (envelope, BASE, NOW_US, tocsin_private_key_public (key), NULL);
      g_assert_nonnull (verified);
    }
}

static void
test_signature_fields (void)
{
  static const char *const refused[] = {
    "",           "x",
    "x=",         "x=AAAA",
    "x=:AA=A:",   "x=:AAAA",
    "y=:AAAA:",   "x=:AAAA:, y=:AAAA:",
    "x=:AAAA:;a", "keyId=\"" KEY_ID "\"",
  };
  g_autoptr (TocsinPrivateKey) key = make_key (TOCSIN_KEY_ED25519);

  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = make_post ();

      tocsin_envelope_add_header (envelope, "Content-Digest", DIGEST);
      tocsin_envelope_add_header (envelope, "Signature-Input", "x=(" ALL ")" WHO);
      tocsin_envelope_add_header (envelope, "Signature", refused[i]);
      assert_refused (envelope, NOW_US, tocsin_private_key_public (key));
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
  g_test_add_func ("/httpsig/inputs", test_inputs);
  g_test_add_func ("/httpsig/signature-fields", test_signature_fields);
  g_test_add_func ("/httpsig/too-much", test_too_much);
  g_test_add_func ("/httpsig/wrong-key", test_wrong_key);
  return g_test_run ();
}
