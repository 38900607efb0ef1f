/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Properties: base58 has one spelling a value; a key that is read, from PEM or Multikey, is the
 * same after a round trip through either, is of a size that is taken, and verifies no signature
 * that anybody could make up.
 */
#include <string.h>

#include "codec/key.h"
#include "codec/multibase.h"
#include "fuzz/fuzz.h"

static void
check_key (TocsinPublicKey *key)
{
  g_autofree char *pem = tocsin_public_key_to_pem (key);
  g_autofree char *multikey = tocsin_public_key_to_multikey (key);
  g_autoptr (TocsinPublicKey) by_pem = tocsin_public_key_from_pem (pem, NULL);
  g_autoptr (TocsinPublicKey) by_multikey = tocsin_public_key_from_multikey (multikey, NULL);

  g_assert_true (tocsin_public_key_equal (key, by_pem));
  g_assert_true (tocsin_public_key_equal (key, by_multikey));
  if (tocsin_public_key_kind (key) == TOCSIN_KEY_RSA)
    g_assert_true (tocsin_public_key_bits (key) >= 2048 && tocsin_public_key_bits (key) <= 4096);
  for (guint byte = 0; byte < 2; byte++)
    {
      guint8 made_up[512];

      /* All zero passes where a key is of a small order, or a modulus is not looked at. */
      memset (made_up, (int) byte, sizeof made_up);
      g_assert_false (tocsin_public_key_verify (key, "x", 1, made_up, 64));
      g_assert_false (
          tocsin_public_key_verify (key, "x", 1, made_up, (tocsin_public_key_bits (key) + 7) / 8));
    }
}

void
tocsin_fuzz_one (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autoptr (GBytes) bytes = tocsin_multibase_decode (text, NULL);
  g_autoptr (TocsinPublicKey) by_pem = tocsin_public_key_from_pem (text, NULL);
  g_autoptr (TocsinPublicKey) by_multikey = tocsin_public_key_from_multikey (text, NULL);

  if (bytes != NULL && text[0] == 'z')
    {
      g_autofree char *again =
          tocsin_multibase_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

      g_assert_cmpstr (text, ==, again);
    }
  if (by_pem != NULL)
    check_key (by_pem);
  if (by_multikey != NULL)
    check_key (by_multikey);
}
