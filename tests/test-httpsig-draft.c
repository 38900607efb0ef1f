/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "codec/httpsig-draft.h"
#include "codec/multibase.h"
#include "core/clock.h"
#include "core/error.h"

#define BASE   "https://node.example"
#define NOW_US (G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US)
#define BODY   "{\"type\":\"Add\"}"
#define SHA256 "SHA-256=BODYDIGEST"
#define ALL    "(request-target) host date digest"
#define DATE   "Mon, 23 Nov 2026 17:57:05 GMT"

/* What is put into the Signature field before its signature, the fields, and the text signed. */
typedef struct
{
  const char *name;
  const char *params;
  const char *date;
  const char *digest;
  const char *text;
  gboolean ok;
} Case;

#define TARGET  "(request-target): post /inbox\n"
#define HOST    "host: node.example\n"
#define TEXT    TARGET HOST "date: " DATE "\ndigest: " SHA256
#define ID      "keyId=\"k\","
#define H(list) "headers=\"" list "\","

static const Case cases[] = {
  { "plain", ID "algorithm=\"rsa-sha256\"," H (ALL), DATE, SHA256, TEXT, TRUE },
  { "hs2019", ID "algorithm=\"hs2019\"," H (ALL), DATE, SHA256, TEXT, TRUE },
  { "no-algorithm", ID H (ALL), DATE, SHA256, TEXT, TRUE },
  { "order", H (ALL) "x=\"y\", algorithm=\"hs2019\" , " ID, DATE, SHA256, TEXT, TRUE },
  { "lower-sha", ID H (ALL), DATE, "sha-256=BODYDIGEST",
    TARGET HOST "date: " DATE "\ndigest: sha-256=BODYDIGEST", TRUE },
  { "sha-512-beside", ID H (ALL), DATE, "SHA-512=AAAA, " SHA256,
    TARGET HOST "date: " DATE "\ndigest: SHA-512=AAAA, " SHA256, TRUE },
  { "created",
    ID "algorithm=\"hs2019\",created=1795456625," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 1795456625\ndigest: " SHA256, TRUE },
  { "created-quoted", ID "created=\"1795456625\"," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 1795456625\ndigest: " SHA256, TRUE },
  { "expires", ID "expires=1795456631," H (ALL " (expires)"), DATE, SHA256,
    TEXT "\n(expires): 1795456631", TRUE },
  { "created-with-rsa",
    ID "algorithm=\"rsa-sha256\",created=1795456625," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 1795456625\ndigest: " SHA256, FALSE },
  { "expired", ID "expires=1795456630," H (ALL " (expires)"), DATE, SHA256,
    TEXT "\n(expires): 1795456630", FALSE },
  { "expired-uncovered", ID "expires=1795456630," H (ALL), DATE, SHA256, TEXT, FALSE },
  { "expires-absent", ID H (ALL " (expires)"), DATE, SHA256, TEXT "\n(expires): ", FALSE },
  { "created-absent", ID H ("(request-target) host (created) digest"), NULL, SHA256,
    TARGET HOST "(created): \ndigest: " SHA256, FALSE },
  { "created-future", ID "created=1795460231," H ("(request-target) host (created) digest"), NULL,
    SHA256, TARGET HOST "(created): 1795460231\ndigest: " SHA256, FALSE },
  { "created-huge", ID "created=99999999999999999999," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 99999999999999999999\ndigest: " SHA256, FALSE },
  { "date-future", ID H (ALL), "Mon, 23 Nov 2026 18:57:11 GMT", SHA256,
    TARGET HOST "date: Mon, 23 Nov 2026 18:57:11 GMT\ndigest: " SHA256, FALSE },
  { "date-old", ID H (ALL), "Mon, 23 Nov 2026 05:57:09 GMT", SHA256,
    TARGET HOST "date: Mon, 23 Nov 2026 05:57:09 GMT\ndigest: " SHA256, FALSE },
  { "date-nearly-old", ID H (ALL), "Mon, 23 Nov 2026 05:57:10 GMT", SHA256,
    TARGET HOST "date: Mon, 23 Nov 2026 05:57:10 GMT\ndigest: " SHA256, TRUE },
  { "date-malformed", ID H (ALL), "yesterday", SHA256,
    TARGET HOST "date: yesterday\ndigest: " SHA256, FALSE },
  { "date-absent", ID H (ALL), NULL, SHA256, TARGET HOST "date: \ndigest: " SHA256, FALSE },
  { "no-date", ID H ("(request-target) host digest"), DATE, SHA256, TARGET HOST "digest: " SHA256,
    FALSE },
  { "no-host", ID H ("(request-target) date digest"), DATE, SHA256,
    TARGET "date: " DATE "\ndigest: " SHA256, FALSE },
  { "no-target", ID H ("host date digest"), DATE, SHA256, HOST "date: " DATE "\ndigest: " SHA256,
    FALSE },
  { "no-digest", ID H ("(request-target) host date"), DATE, SHA256, TARGET HOST "date: " DATE,
    FALSE },
  { "digest-absent", ID H (ALL), DATE, NULL, TARGET HOST "date: " DATE "\ndigest: ", FALSE },
  { "digest-wrong", ID H (ALL), DATE, "SHA-256=AAAA",
    TARGET HOST "date: " DATE "\ndigest: SHA-256=AAAA", FALSE },
  { "digest-512", ID H (ALL), DATE, "SHA-512=AAAA",
    TARGET HOST "date: " DATE "\ndigest: SHA-512=AAAA", FALSE },
  { "digest-twice", ID H (ALL), DATE, SHA256 "," SHA256,
    TARGET HOST "date: " DATE "\ndigest: " SHA256 "," SHA256, FALSE },
  { "absent-field", ID H (ALL " x-a"), DATE, SHA256, TEXT "\nx-a: ", FALSE },
  { "twice", ID H (ALL " date"), DATE, SHA256, TEXT "\ndate: " DATE, FALSE },
  { "other-host", ID H (ALL), DATE, SHA256,
    TARGET "host: other.example\ndate: " DATE "\ndigest: " SHA256, FALSE },
  { "other-target", ID H (ALL), DATE, SHA256,
    "(request-target): post /other\n" HOST "date: " DATE "\ndigest: " SHA256, FALSE },
  { "bad-algorithm", ID "algorithm=\"hmac-sha256\"," H (ALL), DATE, SHA256, TEXT, FALSE },
  { "rsa-sha1", ID "algorithm=\"rsa-sha1\"," H (ALL), DATE, SHA256, TEXT, FALSE },
  { "no-key-id", H (ALL), DATE, SHA256, TEXT, FALSE },
  { "empty-key-id", "keyId=\"\"," H (ALL), DATE, SHA256, TEXT, FALSE },
  { "no-headers", ID, DATE, SHA256, TEXT, FALSE },
  { "key-id-twice", ID ID H (ALL), DATE, SHA256, TEXT, FALSE },
  { "escape", "keyId=\"k\\\"\"," H (ALL), DATE, SHA256, TEXT, FALSE },
  { "two-in-one", ID H (ALL) "signature=\"AAAA\"," ID H (ALL), DATE, SHA256, TEXT, FALSE },
};

static TocsinPrivateKey *signer; /* made once: an RSA key takes 0.1 s */

static char *
with_digest (const char *text)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, BODY, -1);
  guint8 bytes[32];
  g_autofree char *base64 = NULL;
  g_auto (GStrv) parts = g_strsplit (text, "BODYDIGEST", -1);

  for (int i = 0; i < 32; i++)
    bytes[i] = (guint8) (g_ascii_xdigit_value (digest[2 * i]) << 4 |
                         g_ascii_xdigit_value (digest[2 * i + 1]));
  base64 = tocsin_base64_encode (bytes, sizeof bytes);
  return g_strjoinv (base64, parts);
}

static void
sign (TocsinEnvelope *envelope, const char *params, const char *text)
{
  g_autoptr (GBytes) bytes = tocsin_private_key_sign (signer, text, strlen (text), NULL);
  g_autofree char *base64 =
      tocsin_base64_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_autofree char *field = g_strdup_printf ("%ssignature=\"%s\"", params, base64);

  tocsin_envelope_add_header (envelope, "Signature", field);
}

static TocsinVerified *
check (const TocsinEnvelope *envelope, GError **error)
{
  g_autoptr (TocsinSignature) signature = tocsin_signature_parse (envelope, BASE, NOW_US, error);

  return signature != NULL
             ? tocsin_signature_verify (signature, tocsin_private_key_public (signer), error)
             : NULL;
}

static void
test_case (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("POST", "/inbox");
  g_autofree char *text = with_digest (c->text);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinVerified) verified = NULL;

  envelope->body = g_bytes_new_static (BODY, strlen (BODY));
  tocsin_envelope_add_header (envelope, "Host", "node.example");
  if (c->date != NULL)
    tocsin_envelope_add_header (envelope, "Date", c->date);
  if (c->digest != NULL)
    {
      g_autofree char *digest = with_digest (c->digest);

      tocsin_envelope_add_header (envelope, "Digest", digest);
    }
  sign (envelope, c->params, text);
  verified = check (envelope, &error);
  if (c->ok)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (tocsin_verified_key_id (verified), ==, "k");
      g_assert_cmpint (tocsin_verified_scheme (verified), ==, TOCSIN_SCHEME_DRAFT);
    }
  else
    {
      g_assert_null (verified);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
    }
}

/* A GET is tried with its query, then without; a POST never without. */
static void
test_query (void)
{
  static const struct
  {
    const char *method;
    const char *target;
    gboolean ok;
  } queries[] = {
    { "GET", "get /x?a=b", TRUE }, { "GET", "get /x", TRUE },    { "GET", "get /x?a=c", FALSE },
    { "GET", "post /x", FALSE },   { "HEAD", "head /x", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new (queries[i].method, "/x?a=b");
      g_autofree char *text =
          g_strdup_printf ("(request-target): %s\n" HOST "date: " DATE, queries[i].target);
      g_autoptr (TocsinVerified) verified = NULL;

      tocsin_envelope_add_header (envelope, "Date", DATE);
      sign (envelope, ID H ("(request-target) host date"), text);
      verified = check (envelope, NULL);
      g_assert_true ((verified != NULL) == queries[i].ok);
    }
}

static void
test_ed25519_is_refused (void)
{
  g_autoptr (TocsinPrivateKey) key = tocsin_private_key_generate (TOCSIN_KEY_ED25519, NULL);
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", "/x");
  g_autoptr (TocsinSignature) signature = NULL;
  g_autoptr (GError) error = NULL;

  tocsin_envelope_add_header (envelope, "Date", DATE);
  sign (envelope, ID H ("(request-target) host date"), "");
  signature = tocsin_signature_parse (envelope, BASE, NOW_US, &error);
  g_assert_no_error (error);
  g_assert_null (tocsin_signature_verify (signature, tocsin_private_key_public (key), &error));
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
}

int
main (int argc, char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  signer = tocsin_private_key_generate (TOCSIN_KEY_RSA, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/httpsig-draft/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/httpsig-draft/query", test_query);
  g_test_add_func ("/httpsig-draft/ed25519", test_ed25519_is_refused);
  status = g_test_run ();
  tocsin_private_key_unref (signer);
  return status;
}
