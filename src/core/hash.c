/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 */
#define G_LOG_DOMAIN "tocsin-core"

#include "core/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

static EVP_MD *sha256_md; /* fetched once: a fetch per digest costs more than the digest */

static void
free_context (gpointer context)
{
  EVP_MD_CTX_free (context);
}

/* A context a thread: allocating one costs as much as hashing a subject. */
static GPrivate sha256_context = G_PRIVATE_INIT (free_context);

static EVP_MD_CTX *
get_context (void)
{
  static gsize fetched = 0;
  EVP_MD_CTX *context = g_private_get (&sha256_context);

  if (G_LIKELY (context != NULL))
    return context;

  if (g_once_init_enter (&fetched))
    {
      sha256_md = EVP_MD_fetch (NULL, "SHA256", NULL);
      g_once_init_leave (&fetched, 1);
    }
  context = EVP_MD_CTX_new ();
  if (sha256_md == NULL || context == NULL)
    g_error ("OpenSSL offers no SHA-256");
  g_private_set (&sha256_context, context);
  return context;
}

static void
sha256_start (EVP_MD_CTX *context)
{
  if (EVP_DigestInit_ex2 (context, sha256_md, NULL) != 1)
    g_error ("SHA-256 failed in OpenSSL");
}

static void
sha256_add (EVP_MD_CTX *context, gconstpointer data, gsize size)
{
  if (EVP_DigestUpdate (context, data, size) != 1)
    g_error ("SHA-256 failed in OpenSSL");
}

static void
sha256_finish (EVP_MD_CTX *context, guint8 out[TOCSIN_SHA256_BYTES])
{
  if (EVP_DigestFinal_ex (context, out, NULL) != 1)
    g_error ("SHA-256 failed in OpenSSL");
}

void
tocsin_sha256 (gconstpointer data, gsize size, guint8 out[TOCSIN_SHA256_BYTES])
{
  EVP_MD_CTX *context = get_context ();

  sha256_start (context);
  sha256_add (context, data, size);
  sha256_finish (context, out);
}

void
tocsin_sha256_parts (const char *const *parts, guint8 out[TOCSIN_SHA256_BYTES])
{
  EVP_MD_CTX *context = get_context ();

  sha256_start (context);
  for (gsize i = 0; parts[i] != NULL; i++)
    sha256_add (context, parts[i], strlen (parts[i]));
  sha256_finish (context, out);
}

struct _TocsinHasher
{
  EVP_MD_CTX *context; /* (owned) */
};

TocsinHasher *
tocsin_hasher_new (void)
{
  TocsinHasher *self = g_new0 (TocsinHasher, 1);

  (void) get_context (); /* fetches the digest */
  self->context = EVP_MD_CTX_new ();
  if (self->context == NULL)
    g_error ("OpenSSL offers no SHA-256");
  sha256_start (self->context);
  return self;
}

void
tocsin_hasher_free (TocsinHasher *self)
{
  if (self == NULL)
    return;
  EVP_MD_CTX_free (self->context);
  g_free (self);
}

void
tocsin_hasher_add (TocsinHasher *self, gconstpointer data, gsize size)
{
  sha256_add (self->context, data, size);
}

void
tocsin_hasher_peek (const TocsinHasher *self, guint8 out[TOCSIN_SHA256_BYTES])
{
  EVP_MD_CTX *copy = EVP_MD_CTX_new ();

  if (copy == NULL || EVP_MD_CTX_copy_ex (copy, self->context) != 1)
    g_error ("SHA-256 failed in OpenSSL");
  sha256_finish (copy, out);
  EVP_MD_CTX_free (copy);
}

void
tocsin_blake2b_256 (gconstpointer data, gsize size, guint8 out[TOCSIN_BLAKE2B_BYTES])
{
  /* Fails only for a size of output or key that the algorithm does not have. */
  if (crypto_generichash (out, TOCSIN_BLAKE2B_BYTES, data, size, NULL, 0) != 0)
    g_error ("BLAKE2b failed in libsodium");
}

guint64
tocsin_hash_quick (gconstpointer data, gsize size)
{
  static guint8 secret[crypto_shorthash_KEYBYTES];
  static gsize chosen = 0;
  guint64 hash;

  G_STATIC_ASSERT (sizeof hash == crypto_shorthash_BYTES);
  if (g_once_init_enter (&chosen))
    {
      tocsin_random_bytes (secret, sizeof secret);
      g_once_init_leave (&chosen, 1);
    }
  crypto_shorthash ((guint8 *) &hash, data, size, secret);
  return hash;
}

TocsinId
tocsin_id_for_string (const char *string)
{
  guint8 digest[TOCSIN_SHA256_BYTES];
  TocsinId id;

  tocsin_sha256 (string, strlen (string), digest);
  memcpy (id.bytes, digest, TOCSIN_ID_BYTES);
  return id;
}

TocsinId
tocsin_id_for_pair (guint32 actor, const char *string)
{
  EVP_MD_CTX *context = get_context ();
  guint32 actor_be = GUINT32_TO_BE (actor);
  guint8 digest[TOCSIN_SHA256_BYTES];
  TocsinId id;

  sha256_start (context);
  sha256_add (context, &actor_be, sizeof actor_be);
  sha256_add (context, string, strlen (string));
  sha256_finish (context, digest);
  memcpy (id.bytes, digest, TOCSIN_ID_BYTES);
  return id;
}

gboolean
tocsin_id_equal (const TocsinId *a, const TocsinId *b)
{
  return memcmp (a->bytes, b->bytes, TOCSIN_ID_BYTES) == 0;
}

char *
tocsin_hex_encode (gconstpointer data, gsize size)
{
  static const char digits[] = "0123456789abcdef";
  const guint8 *bytes = data;
  char *hex = g_malloc (2 * size + 1);

  for (gsize i = 0; i < size; i++)
    {
      hex[2 * i] = digits[bytes[i] >> 4];
      hex[2 * i + 1] = digits[bytes[i] & 0xf];
    }
  hex[2 * size] = '\0';
  return hex;
}

gboolean
tocsin_hex_decode (const char *hex, gsize hex_len, guint8 *out, gsize out_size)
{
  if (hex_len != 2 * out_size)
    return FALSE;
  for (gsize i = 0; i < hex_len; i++)
    if (!g_ascii_isxdigit (hex[i]))
      return FALSE;

  for (gsize i = 0; i < out_size; i++)
    out[i] =
        (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return TRUE;
}

gboolean
tocsin_equal_constant_time (gconstpointer a, gconstpointer b, gsize size)
{
  return CRYPTO_memcmp (a, b, size) == 0;
}

/* libsodium's generator is safe from any thread only once the library is initialised. */
void
tocsin_random_bytes (gpointer out, gsize size)
{
  static gsize initialised = 0;

  if (g_once_init_enter (&initialised))
    {
      if (sodium_init () < 0)
        g_error ("libsodium cannot be initialised");
      g_once_init_leave (&initialised, 1);
    }
  randombytes_buf (out, size);
}
