/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Input: a request line, header lines, an empty line, a body. Properties: it is refused with 401
 * and one line of bounded length, or it names a key that is bounded, and no key that did not
 * sign it verifies it; whatever can be signed and read is signed by us, in either scheme, and
 * verifies then, but no longer once a bit of what is covered, or of an RFC 9421 signature itself,
 * has changed; an item of a structured field, written in canonical form, is a fixed point.
 */
#include <string.h>

#include "codec/httpsig-draft.h"
#include "codec/httpsig.h"
#include "codec/sfv.h"
#include "core/clock.h"
#include "core/error.h"
#include "fuzz/fuzz.h"

#define ORIGIN "http://127.0.0.1:8501"
#define NOW_US (G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US)

/* What is read: docs/wire "Requests". */
#define HEADERS_MAX      128
#define TARGET_MAX_BYTES 2048
#define FIELD_MAX_BYTES  8192

static TocsinPublicKey *stranger;
static TocsinPrivateKey *ed25519, *rsa;

void
tocsin_fuzz_begin (void)
{
  g_autoptr (GError) error = NULL;

  stranger =
      tocsin_public_key_from_multikey ("z6Mkm2rLmBWj6Fu5ggB2QzGZHnKCZuHXVfmsH4ptXR5vcLkm", &error);
  g_assert_no_error (error);
  ed25519 = tocsin_private_key_generate (TOCSIN_KEY_ED25519, &error);
  g_assert_no_error (error);
  rsa = tocsin_private_key_generate (TOCSIN_KEY_RSA, &error);
  g_assert_no_error (error);
}

static TocsinEnvelope *
read_request (const char *text)
{
  const char *end = strstr (text, "\n\n");
  g_autofree char *head = g_strndup (text, end != NULL ? (gsize) (end - text) : strlen (text));
  g_auto (GStrv) lines = g_strsplit (head, "\n", -1);
  g_auto (GStrv) start = g_strsplit (lines[0] != NULL ? lines[0] : "", " ", 2);
  TocsinEnvelope *envelope = NULL;

  if (start[0] == NULL || start[1] == NULL)
    return NULL;
  envelope = tocsin_envelope_new (start[0], start[1]);
  for (gsize i = 1; lines[i] != NULL; i++)
    {
      g_auto (GStrv) field = g_strsplit (lines[i], ":", 2);

      if (field[0] != NULL && field[1] != NULL)
        tocsin_envelope_add_header (envelope, field[0], field[1]);
    }
  envelope->body = g_bytes_new (end != NULL ? end + 2 : "", end != NULL ? strlen (end + 2) : 0);
  return envelope;
}

static void
check_item (const char *value)
{
  g_autoptr (GString) once = g_string_new (NULL);
  g_autoptr (GString) twice = g_string_new (NULL);
  const char *at = value;

  if (!tocsin_sfv_copy_item (&at, once))
    return;
  at = once->str;
  g_assert_true (tocsin_sfv_copy_item (&at, twice));
  g_assert_cmpstr (at, ==, "");
  g_assert_cmpstr (once->str, ==, twice->str);
}

/* ---- as it came ---- */

static void
check_received (const TocsinEnvelope *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TocsinSignature) signature = tocsin_signature_parse (envelope, ORIGIN, NOW_US, &error);

  if (signature == NULL)
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
      g_assert_cmpuint (strlen (error->message), <, 300);
      return;
    }
  g_assert_cmpuint (strlen (tocsin_signature_key_id (signature)), <=, 2048);
  g_assert_null (tocsin_signature_verify (signature, stranger, NULL));
}

/* ---- signed by us ---- */

static gboolean
verifies (const TocsinEnvelope *envelope, const TocsinPrivateKey *key)
{
  g_autoptr (TocsinSignature) signature = tocsin_signature_parse (envelope, ORIGIN, NOW_US, NULL);
  g_autoptr (TocsinVerified) verified =
      signature != NULL ? tocsin_signature_verify (signature, tocsin_private_key_public (key), NULL)
                        : NULL;

  return verified != NULL;
}

/* The request without what signing adds. */
static TocsinEnvelope *
strip (const TocsinEnvelope *envelope)
{
  static const char *const added[] = {
    "host", "date", "digest", "content-digest", "signature", "signature-input", NULL
  };
  TocsinEnvelope *bare = tocsin_envelope_new (envelope->method, envelope->target);

  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (!g_strv_contains (added, header->name))
        tocsin_envelope_add_header (bare, header->name, header->value);
    }
  bare->body = g_bytes_ref (envelope->body);
  return bare;
}

static void
flip_text (const char *text, guint seed)
{
  char *bytes = (char *) text;

  if (*bytes != '\0')
    bytes[seed % strlen (bytes)] ^= 1 << seed / 256 % 7;
}

static void
flip_body (TocsinEnvelope *envelope, guint seed)
{
  gsize size = g_bytes_get_size (envelope->body);
  guint8 *bytes = g_memdup2 (g_bytes_get_data (envelope->body, NULL), size);

  if (size == 0)
    return;
  bytes[seed % size] ^= (guint8) (1 << seed / 256 % 8);
  g_bytes_unref (envelope->body);
  envelope->body = g_bytes_new_take (bytes, size);
}

static gboolean
flip_field (TocsinEnvelope *envelope, const char *name, guint seed)
{
  const char *value = tocsin_envelope_get_header (envelope, name);

  if (value == NULL || *value == '\0')
    return FALSE;
  flip_text (value, seed);
  return TRUE;
}

/* Changes one bit of one covered thing; FALSE if this request does not have it. */
static gboolean
flip (TocsinEnvelope *envelope, gboolean draft, guint seed)
{
  static const char *const fields[] = { "date",           "content-type",    "digest",
                                        "content-digest", "signature-input", "signature" };
  /* A draft's signature does not cover what it says of itself. */
  guint n_fields = draft ? G_N_ELEMENTS (fields) - 1 : G_N_ELEMENTS (fields);
  g_autofree char *method = NULL;

  switch (seed % 8)
    {
    case 0:
      method = g_strdup (envelope->method);
      flip_text (envelope->method, seed / 8);
      /* The draft covers it in lower case. */
      return draft ? g_ascii_strcasecmp (method, envelope->method) != 0 : *method != '\0';
    case 1:
    case 2:
      flip_text (envelope->target, seed / 8);
      return TRUE;
    case 3:
    case 4:
      flip_body (envelope, seed / 8);
      return g_bytes_get_size (envelope->body) > 0;
    default:
      return flip_field (envelope, fields[seed / 8 % n_fields], seed / 8 / n_fields);
    }
}

static gboolean
is_visible (const char *text)
{
  while (g_ascii_isgraph (*text))
    text++;
  return *text == '\0';
}

/* The length of all lines of Content-Type, which is covered. */
static gsize
type_size (const TocsinEnvelope *envelope)
{
  gsize size = 0;

  for (guint i = 0; i < envelope->headers->len; i++)
    {
      const TocsinHeader *header = &g_array_index (envelope->headers, TocsinHeader, i);

      if (g_str_equal (header->name, "content-type"))
        size += (size > 0 ? 2 : 0) + strlen (header->value);
    }
  return size;
}

/* Whether what was signed is within what is read. */
static gboolean
is_readable (const TocsinEnvelope *envelope)
{
  for (guint i = 0; i < envelope->headers->len; i++)
    if (strchr (g_array_index (envelope->headers, TocsinHeader, i).value, '\r') != NULL)
      return FALSE;
  return envelope->headers->len <= HEADERS_MAX && is_visible (envelope->method) &&
         strlen (envelope->target) <= TARGET_MAX_BYTES && type_size (envelope) <= FIELD_MAX_BYTES;
}

static void
check_signed (const TocsinEnvelope *envelope, gboolean draft, guint seed)
{
  g_autoptr (TocsinEnvelope) request = strip (envelope);
  const TocsinPrivateKey *key = draft ? rsa : ed25519;
  const char *id = "https://a.example/actor#main-key";
  gboolean can_sign = request->target[0] == '/' && is_visible (request->target) &&
                      (!draft || type_size (request) <= FIELD_MAX_BYTES);
  gboolean signed_here = draft
                             ? tocsin_sign_request_draft (request, ORIGIN, key, id, NOW_US, NULL)
                             : tocsin_sign_request_rfc9421 (request, ORIGIN, key, id, NOW_US, NULL);

  /* A draft has a signing string of at most so much of each line, method and target too. */
  if (!draft || strlen (request->method) + strlen (request->target) < FIELD_MAX_BYTES)
    g_assert_cmpint (signed_here, ==, can_sign);
  if (!signed_here)
    return;
  g_assert_cmpint (verifies (request, key), ==, is_readable (request));
  if (is_readable (request) && flip (request, draft, seed))
    g_assert_false (verifies (request, key));
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (TocsinEnvelope) envelope = read_request (text);
  guint seed = g_str_hash (text);

  if (envelope == NULL)
    return;
  for (guint i = 0; i < envelope->headers->len; i++)
    check_item (g_array_index (envelope->headers, TocsinHeader, i).value);
  check_received (envelope);
  check_signed (envelope, FALSE, seed);
  if (seed % 8 == 0) /* RSA takes its time */
    check_signed (envelope, TRUE, seed / 8);
}
