/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Input: a request line, header lines, an empty line, a body. Property: it is refused with 401
 * and one line of bounded length, or it names a key that is bounded, and no key that did not
 * sign it verifies it.
 */
#include <string.h>

#include "codec/httpsig.h"
#include "core/clock.h"
#include "core/error.h"
#include "fuzz/fuzz.h"

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
  if (end != NULL)
    envelope->body = g_bytes_new (end + 2, strlen (end + 2));
  return envelope;
}

int
LLVMFuzzerTestOneInput (const unsigned char *data, size_t size)
{
  static TocsinPublicKey *key;
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (TocsinEnvelope) envelope = read_request (text);
  g_autoptr (TocsinSignature) signature = NULL;
  g_autoptr (GError) error = NULL;

  if (key == NULL)
    key =
        tocsin_public_key_from_multikey ("z6Mkm2rLmBWj6Fu5ggB2QzGZHnKCZuHXVfmsH4ptXR5vcLkm", NULL);
  if (envelope == NULL)
    return 0;
  signature = tocsin_signature_parse (envelope, "http://127.0.0.1:8501",
                                      G_GINT64_CONSTANT (1795456630) * TOCSIN_SECOND_US, &error);
  if (signature == NULL)
    {
      g_assert_error (error, TOCSIN_ERROR, TOCSIN_ERROR_UNAUTHENTICATED);
      g_assert_cmpuint (strlen (error->message), <, 300);
      return 0;
    }
  g_assert_cmpuint (strlen (tocsin_signature_key_id (signature)), <=, 2048);
  g_assert_null (tocsin_signature_verify (signature, key, NULL));
  return 0;
}
