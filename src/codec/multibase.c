/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include "codec/multibase.h"

#include <sodium.h>
#include <string.h>

#include "core/error.h"

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* log(256) / log(58) is 1.366; log(58) / log(256) is 0.733. */
#define BASE58_CHARS(bytes) ((bytes) *138 / 100 + 1)
#define MAX_CHARS           BASE58_CHARS (TOCSIN_MULTIBASE_MAX_BYTES)

static GBytes *
fail (GError **error, int code, const char *what)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, what);
  return NULL;
}

/**
 * tocsin_multibase_encode:
 * @data: (array length=size): at most %TOCSIN_MULTIBASE_MAX_BYTES
 *
 * Returns: (transfer full): @data as Multibase base58btc, "z…"
 */
char *
tocsin_multibase_encode (gconstpointer data, gsize size)
{
  const guint8 *bytes = data;
  guint8 digits[MAX_CHARS] = { 0 };
  gsize n_digits = 0;
  gsize zeros = 0;
  char *out;

  g_return_val_if_fail (size <= TOCSIN_MULTIBASE_MAX_BYTES, NULL);

  while (zeros < size && bytes[zeros] == 0)
    zeros++;
  for (gsize i = zeros; i < size; i++)
    {
      guint32 carry = bytes[i];

      for (gsize j = 0; j < n_digits; j++)
        {
          carry += (guint32) digits[j] << 8;
          digits[j] = (guint8) (carry % 58);
          carry /= 58;
        }
      for (; carry > 0; carry /= 58)
        digits[n_digits++] = (guint8) (carry % 58);
    }
  out = g_malloc (1 + zeros + n_digits + 1);
  out[0] = 'z';
  memset (out + 1, alphabet[0], zeros);
  for (gsize i = 0; i < n_digits; i++)
    out[1 + zeros + i] = alphabet[digits[n_digits - 1 - i]];
  out[1 + zeros + n_digits] = '\0';
  return out;
}

static GBytes *
decode_base58 (const char *text, gsize length, GError **error)
{
  guint32 limbs[TOCSIN_MULTIBASE_MAX_BYTES / 4] = { 0 }; /* little-endian number */
  gsize n_limbs = 0;
  gsize zeros = 0;
  gsize n_bytes;
  guint8 *out;

  while (zeros < length && text[zeros] == alphabet[0])
    zeros++;
  for (gsize i = zeros; i < length; i++)
    {
      const char *digit = memchr (alphabet, text[i], sizeof alphabet - 1);
      guint64 carry;

      if (digit == NULL)
        return fail (error, TOCSIN_ERROR_INVALID, "Not a base58 character");
      carry = (guint64) (digit - alphabet);
      for (gsize j = 0; j < n_limbs; j++)
        {
          carry += (guint64) limbs[j] * 58;
          limbs[j] = (guint32) carry;
          carry >>= 32;
        }
      if (carry == 0)
        continue;
      if (n_limbs == G_N_ELEMENTS (limbs))
        return fail (error, TOCSIN_ERROR_TOO_LARGE, "Multibase value is too long");
      limbs[n_limbs++] = (guint32) carry;
    }
  n_bytes = n_limbs * 4;
  while (n_bytes > 0 && (guint8) (limbs[(n_bytes - 1) / 4] >> ((n_bytes - 1) % 4 * 8)) == 0)
    n_bytes--;
  if (zeros + n_bytes > TOCSIN_MULTIBASE_MAX_BYTES)
    return fail (error, TOCSIN_ERROR_TOO_LARGE, "Multibase value is too long");
  out = g_malloc0 (zeros + n_bytes + 1);
  for (gsize i = 0; i < n_bytes; i++)
    out[zeros + n_bytes - 1 - i] = (guint8) (limbs[i / 4] >> (i % 4 * 8));
  return g_bytes_new_take (out, zeros + n_bytes);
}

static GBytes *
decode_base64 (const char *text, gsize length, int variant, GError **error)
{
  gsize max = length / 4 * 3 + 3;
  g_autofree guint8 *out = g_malloc (max);
  gsize size;

  if (sodium_base642bin (out, max, text, length, NULL, &size, NULL, variant) != 0)
    return fail (error, TOCSIN_ERROR_INVALID, "Not base64");
  return g_bytes_new_take (g_steal_pointer (&out), size);
}

/**
 * tocsin_multibase_decode:
 * @text: base58btc ("z…") or base64url without padding ("u…")
 *
 * Reads the two encodings that Data Integrity allows, see [Controlled Identifiers 1.0, section
 * 2.4](https://www.w3.org/TR/cid-1.0/#multibase-0).
 *
 * Returns: (transfer full) (nullable): the bytes, at most %TOCSIN_MULTIBASE_MAX_BYTES; else
 *   %NULL and %TOCSIN_ERROR_INVALID or %TOCSIN_ERROR_TOO_LARGE.
 */
GBytes *
tocsin_multibase_decode (const char *text, GError **error)
{
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  length = strnlen (text, MAX_CHARS + 2);
  if (length > MAX_CHARS + 1 || (text[0] == 'u' && length > TOCSIN_MULTIBASE_MAX_BYTES / 3 * 4 + 1))
    return fail (error, TOCSIN_ERROR_TOO_LARGE, "Multibase value is too long");
  if (text[0] == 'z')
    return decode_base58 (text + 1, length - 1, error);
  if (text[0] == 'u')
    return decode_base64 (text + 1, length - 1, sodium_base64_VARIANT_URLSAFE_NO_PADDING, error);
  return fail (error, TOCSIN_ERROR_INVALID, "Multibase value is neither base58btc nor base64url");
}

/* Returns: (transfer full): base64 with padding, as HTTP fields have it */
char *
tocsin_base64_encode (gconstpointer data, gsize size)
{
  return g_base64_encode (data, size);
}

/**
 * tocsin_base64_decode:
 * @text: (array length=length): base64, padded or not
 *
 * Strict where g_base64_decode() skips what it does not know: no other character, no bits left
 * over, no padding amiss.
 *
 * Returns: (transfer full) (nullable): at most @max_bytes; else %NULL and %TOCSIN_ERROR_INVALID
 *   or %TOCSIN_ERROR_TOO_LARGE.
 */
GBytes *
tocsin_base64_decode (const char *text, gsize length, gsize max_bytes, GError **error)
{
  gboolean padded = length > 0 && text[length - 1] == '=';

  g_autoptr (GBytes) bytes = NULL;

  /* The first look spares decoding what is far too long; padding hides up to two bytes from it. */
  if (length <= (max_bytes + 2) / 3 * 4)
    {
      bytes = decode_base64 (text, length,
                             padded ? sodium_base64_VARIANT_ORIGINAL
                                    : sodium_base64_VARIANT_ORIGINAL_NO_PADDING,
                             error);
      if (bytes == NULL)
        return NULL;
    }
  if (bytes == NULL || g_bytes_get_size (bytes) > max_bytes)
    return fail (error, TOCSIN_ERROR_TOO_LARGE, "base64 value is too long");
  return g_steal_pointer (&bytes);
}
