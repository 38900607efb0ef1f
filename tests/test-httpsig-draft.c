/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#include <string.h>

#include "codec/httpsig-draft.h"
#include "codec/multibase.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/limits.h"

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
  const char *says; /* NULL: accepted */
} Case;

#define TARGET  "(request-target): post /inbox\n"
#define HOST    "host: node.example\n"
#define TEXT    TARGET HOST "date: " DATE "\ndigest: " SHA256
#define ID      "keyId=\"k\","
#define H(list) "headers=\"" list "\","

#define MALFORMED    "Signature is malformed"
#define NO_SECONDS   "created or expires is not a number of seconds"
#define EXPIRED      "Signature has expired"
#define ABSENT       "Signature covers a field that the request does not have"
#define UNCOVERED    "Signature does not cover (request-target) and host"
#define LACKING      "Signature lacks keyId, headers or signature"
#define TWICE        "Signature has a parameter twice"
#define UNFIT        "Signature does not fit the request and the key"
#define OTHER_DIGEST "Digest does not match the body"

static const Case cases[] = {
  { "plain", ID "algorithm=\"rsa-sha256\"," H (ALL), DATE, SHA256, TEXT, NULL },
  { "hs2019", ID "algorithm=\"hs2019\"," H (ALL), DATE, SHA256, TEXT, NULL },
  { "no-algorithm", ID H (ALL), DATE, SHA256, TEXT, NULL },
  { "order", H (ALL) "x=\"y\", algorithm=\"hs2019\" , " ID, DATE, SHA256, TEXT, NULL },
  { "lower-sha", ID H (ALL), DATE, "sha-256=BODYDIGEST",
    TARGET HOST "date: " DATE "\ndigest: sha-256=BODYDIGEST", NULL },
  { "sha-512-beside", ID H (ALL), DATE, "SHA-512=AAAA, " SHA256,
    TARGET HOST "date: " DATE "\ndigest: SHA-512=AAAA, " SHA256, NULL },
  { "created",
    ID "algorithm=\"hs2019\",created=1795456625," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 1795456625\ndigest: " SHA256, NULL },
  { "created-quoted", ID "created=\"1795456625\"," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 1795456625\ndigest: " SHA256, NULL },
  { "expires", ID "expires=1795456631," H (ALL " (expires)"), DATE, SHA256,
    TEXT "\n(expires): 1795456631", NULL },
  { "created-with-rsa",
    ID "algorithm=\"rsa-sha256\",created=1795456625," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 1795456625\ndigest: " SHA256,
    "(created) does not go with rsa-sha256" },
  { "expired", ID "expires=1795456630," H (ALL " (expires)"), DATE, SHA256,
    TEXT "\n(expires): 1795456630", EXPIRED },
  { "expired-uncovered", ID "expires=1795456630," H (ALL), DATE, SHA256, TEXT, EXPIRED },
  { "expires-absent", ID H (ALL " (expires)"), DATE, SHA256, TEXT "\n(expires): ", ABSENT },
  { "created-absent", ID H ("(request-target) host (created) digest"), NULL, SHA256,
    TARGET HOST "(created): \ndigest: " SHA256, NO_SECONDS },
  { "created-future", ID "created=1795460231," H ("(request-target) host (created) digest"), NULL,
    SHA256, TARGET HOST "(created): 1795460231\ndigest: " SHA256,
    "Signature is dated more than an hour ahead" },
  { "created-huge", ID "created=99999999999999999999," H ("(request-target) host (created) digest"),
    NULL, SHA256, TARGET HOST "(created): 99999999999999999999\ndigest: " SHA256, NO_SECONDS },
  { "date-future", ID H (ALL), "Mon, 23 Nov 2026 18:57:11 GMT", SHA256,
    TARGET HOST "date: Mon, 23 Nov 2026 18:57:11 GMT\ndigest: " SHA256,
    "Signature is dated more than an hour ahead" },
  { "date-old", ID H (ALL), "Mon, 23 Nov 2026 05:57:09 GMT", SHA256,
    TARGET HOST "date: Mon, 23 Nov 2026 05:57:09 GMT\ndigest: " SHA256,
    "Signature is more than 12 hours old" },
  { "date-nearly-old", ID H (ALL), "Mon, 23 Nov 2026 05:57:10 GMT", SHA256,
    TARGET HOST "date: Mon, 23 Nov 2026 05:57:10 GMT\ndigest: " SHA256, NULL },
  { "date-malformed", ID H (ALL), "yesterday", SHA256,
    TARGET HOST "date: yesterday\ndigest: " SHA256, "Date is missing or malformed" },
  { "date-absent", ID H (ALL), NULL, SHA256, TARGET HOST "date: \ndigest: " SHA256,
    "Date is missing or malformed" },
  { "no-date", ID H ("(request-target) host digest"), DATE, SHA256, TARGET HOST "digest: " SHA256,
    "Signature covers neither date nor (created)" },
  { "no-host", ID H ("(request-target) date digest"), DATE, SHA256,
    TARGET "date: " DATE "\ndigest: " SHA256, UNCOVERED },
  { "no-target", ID H ("host date digest"), DATE, SHA256, HOST "date: " DATE "\ndigest: " SHA256,
    UNCOVERED },
  { "no-digest", ID H ("(request-target) host date"), DATE, SHA256, TARGET HOST "date: " DATE,
    "Signature does not cover digest" },
  { "digest-absent", ID H (ALL), DATE, NULL,
    TARGET HOST "date: " DATE "\ndigest: ", "There is no Digest" },
  { "digest-wrong", ID H (ALL), DATE, "SHA-256=AAAA",
    TARGET HOST "date: " DATE "\ndigest: SHA-256=AAAA", OTHER_DIGEST },
  { "digest-512", ID H (ALL), DATE, "SHA-512=AAAA",
    TARGET HOST "date: " DATE "\ndigest: SHA-512=AAAA", "Digest has no SHA-256" },
  { "digest-twice", ID H (ALL), DATE, SHA256 "," SHA256,
    TARGET HOST "date: " DATE "\ndigest: " SHA256 "," SHA256, OTHER_DIGEST },
  { "absent-field", ID H (ALL " x-a"), DATE, SHA256, TEXT "\nx-a: ", ABSENT },
  { "twice", ID H (ALL " date"), DATE, SHA256, TEXT "\ndate: " DATE,
    "Signature names a field twice" },
  { "other-host", ID H (ALL), DATE, SHA256,
    TARGET "host: other.example\ndate: " DATE "\ndigest: " SHA256, UNFIT },
  { "other-target", ID H (ALL), DATE, SHA256,
    "(request-target): post /other\n" HOST "date: " DATE "\ndigest: " SHA256, UNFIT },
  { "bad-algorithm", ID "algorithm=\"hmac-sha256\"," H (ALL), DATE, SHA256, TEXT,
    "Algorithm is neither rsa-sha256 nor hs2019" },
  { "rsa-sha1", ID "algorithm=\"rsa-sha1\"," H (ALL), DATE, SHA256, TEXT,
    "Algorithm is neither rsa-sha256 nor hs2019" },
  { "no-key-id", H (ALL), DATE, SHA256, TEXT, LACKING },
  { "empty-key-id", "keyId=\"\"," H (ALL), DATE, SHA256, TEXT, LACKING },
  { "no-headers", ID, DATE, SHA256, TEXT, LACKING },
  { "key-id-twice", ID ID H (ALL), DATE, SHA256, TEXT, TWICE },
  { "escape", "keyId=\"k\\\"\"," H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "two-in-one", ID H (ALL) "signature=\"AAAA\"," ID H (ALL), DATE, SHA256, TEXT, TWICE },
  { "malformed-token", "keyId=k," H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "malformed-name", ID "x-y=\"z\"," H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "malformed-nameless", ID "=\"z\"," H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "malformed-valueless", ID "x," H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "malformed-open", "keyId=\"k,", DATE, SHA256, TEXT, MALFORMED },
  { "malformed-comma", "keyId=\"k\" " H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "malformed-commas", ID "," H (ALL), DATE, SHA256, TEXT, MALFORMED },
  { "expires-malformed", ID "expires=\"soon\"," H (ALL), DATE, SHA256, TEXT, NO_SECONDS },
  { "expires-negative", ID "expires=\"-1\"," H (ALL), DATE, SHA256, TEXT, NO_SECONDS },
  { "expires-empty", ID "expires=\"\"," H (ALL), DATE, SHA256, TEXT, NO_SECONDS },
  { "headers-empty", ID H (""), DATE, SHA256, TEXT, UNCOVERED },
  { "headers-upper", ID H ("(request-target) Host Date Digest"), DATE, SHA256, TEXT, UNCOVERED },
  { "headers-spaces", ID H ("(request-target)  host date digest"), DATE, SHA256, TEXT, ABSENT },
  { "digest-many", ID H (ALL), DATE, "a=b, a=b, a=b, a=b, a=b, a=b, a=b, a=b, " SHA256, TEXT,
    "Digest has no SHA-256" },
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
  if (c->says == NULL)
    {
      g_assert_no_error (error);
      g_assert_cmpstr (tocsin_verified_key_id (verified), ==, "k");
      g_assert_cmpint (tocsin_verified_scheme (verified), ==, TOCSIN_SCHEME_DRAFT);
    }
  else
    {
      g_assert_null (verified);
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
      g_assert_cmpstr (error->message, ==, c->says);
    }
}

/* A GET with the field that @format makes of @part: refused as @says, or %NULL: read. */
static void
check_field (const char *format, const char *part, const char *says)
{
  g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", "/x");
  g_auto (GStrv) halves = g_strsplit (format, "PART", 2);
  g_autofree char *field = g_strconcat (halves[0], part, halves[1], NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinSignature) signature = NULL;

  tocsin_envelope_add_header (envelope, "Date", DATE);
  for (int i = 1; i <= 30; i++)
    {
      g_autofree char *name = g_strdup_printf ("x-%d", i);

      tocsin_envelope_add_header (envelope, name, "1");
    }
  tocsin_envelope_add_header (envelope, "Signature", field);
  signature = tocsin_signature_parse (envelope, BASE, NOW_US, &error);
  if (says == NULL)
    {
      g_assert_no_error (error);
      return;
    }
  g_assert_null (signature);
  g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
  g_assert_cmpstr (error->message, ==, says);
}

/* As much as is taken, and then one more. */
static void
test_limits (void)
{
  static const char good[] = ID H ("(request-target) host date") "signature=\"AAAA\"";
  static const char key_id[] =
      "keyId=\"PART\"," H ("(request-target) host date") "signature=\"AAAA\"";
  static const char names[] = ID "headers=\"(request-target) host datePART\",signature=\"AAAA\"";
  static const char signature[] = ID H ("(request-target) host date") "signature=\"PART\"";

  for (gsize more = 0; more <= 1; more++)
    {
      g_autofree char *longest_id = g_strnfill (TOCSIN_URI_MAX_BYTES + more, 'k');
      g_autofree char *bytes = g_malloc0 (512 + more);
      g_autofree char *base64 = tocsin_base64_encode (bytes, 512 + more);
      g_autofree char *digits = g_strnfill (8192 - strlen ("x=,") - strlen (good) + more, '1');
      g_autofree char *padded = g_strconcat ("x=PART,", good, NULL);
      g_autofree char *many = g_strconcat ("PART", good, NULL);
      g_autoptr (GString) parameters = g_string_new (NULL);
      g_autoptr (GString) list = g_string_new (NULL);

      check_field (key_id, longest_id, more ? "keyId is too long" : NULL);
      check_field (signature, base64, more ? "Signature is not base64" : NULL);
      for (gsize i = 1; i <= 29 + more; i++)
        g_string_append_printf (list, " x-%" G_GSIZE_FORMAT, i);
      check_field (names, list->str, more ? "Signature covers too many fields" : NULL);
      for (gsize i = 0; i < 13 + more; i++)
        g_string_append (parameters, "x=1,");
      check_field (many, parameters->str, more ? "Signature has too many parameters" : NULL);
      check_field (padded, digits, more ? "Signature is too long" : NULL);
    }
}

static void
test_fields (void)
{
  static const char unsigned_field[] = ID "headers=\"PART\"";
  static const char spoilt[] = ID H ("(request-target) host date") "signature=\"PART\"";

  check_field ("PART", "", MALFORMED);
  check_field (unsigned_field, "(request-target) host date", LACKING);
  check_field (spoilt, "AAA=A", "Signature is not base64");
  check_field (spoilt, "AAAA AAAA", "Signature is not base64");
  check_field (spoilt, "AB", "Signature is not base64"); /* bits are left over */
  check_field (spoilt, "AA==", NULL);
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

/* What cannot be a line of what is signed; by either scheme. */
static void
test_unplain_signing (void)
{
  static const struct
  {
    const char *target;
    const char *key_id;
    gint64 now_us;
    TocsinError code;
  } unplain[] = {
    { "inbox", "k", NOW_US, TOCSIN_ERROR_INVALID },
    { "/in box", "k", NOW_US, TOCSIN_ERROR_INVALID },
    { "/inbox\nhost: b.example", "k", NOW_US, TOCSIN_ERROR_INVALID },
    { "/inbox", "k y", NOW_US, TOCSIN_ERROR_INVALID },
    { "/inbox", "k\\y", NOW_US, TOCSIN_ERROR_INVALID },
    { "/inbox", "k", 0, TOCSIN_ERROR_UNAVAILABLE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (unplain); i++)
    for (int draft = 0; draft < 2; draft++)
      {
        g_autoptr (TocsinEnvelope) envelope = tocsin_envelope_new ("GET", unplain[i].target);
        g_autoptr (GError) error = NULL;

        g_assert_false ((draft ? tocsin_sign_request_draft : tocsin_sign_request_rfc9421) (
            envelope, BASE, signer, unplain[i].key_id, unplain[i].now_us, &error));
        g_assert_error (error, TOCSIN_ERROR, (int) unplain[i].code);
        g_assert_cmpuint (envelope->headers->len, ==, 0);
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
  g_test_add_func ("/httpsig-draft/limits", test_limits);
  g_test_add_func ("/httpsig-draft/fields", test_fields);
  g_test_add_func ("/httpsig-draft/query", test_query);
  g_test_add_func ("/httpsig-draft/unplain-signing", test_unplain_signing);
  g_test_add_func ("/httpsig-draft/ed25519", test_ed25519_is_refused);
  status = g_test_run ();
  tocsin_private_key_free (signer);
  return status;
}
