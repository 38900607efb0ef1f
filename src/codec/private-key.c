/* SPDX-FileCopyrightText: 2026 The Tocsin contributors
 * SPDX-License-Identifier: AGPL-3.0-or-later
 *
 * Private keys, which only the node's own files hold: OpenSSL reads and writes those.
 */
#define G_LOG_DOMAIN "tocsin-codec"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/key.h"
#include "core/error.h"
#include "core/hash.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY_CTX, EVP_PKEY_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free_all)

#define OUR_RSA_BITS   3072
#define STACK_BYTES    65536 /* OpenSSL 3.5 (Debian 13) leaves a copy of what it reads there */
#define FILE_MAX_BYTES 16384

/* An RSA key takes 2 KiB of it, signing half as much again. Within what anybody may lock. */
#define GUARDED_BYTES     (256 * 1024)
#define GUARDED_MIN_BYTES 32

struct _TocsinPrivateKey
{
  EVP_PKEY *key;           /* (owned) */
  TocsinPublicKey *public; /* (owned) */
  guint8 *ed25519;         /* (owned) (nullable) seed and public key, in guarded memory */
};

static gpointer
fail (GError **error, int code, const char *what)
{
  g_set_error_literal (error, TOCSIN_ERROR, code, what);
  return NULL;
}

/* Before the first private key: OpenSSL then keeps those in memory that is locked and in no core
 * dump. What it works out from RSA primes to sign quickly it does not keep there. */
static void
guard_memory (void)
{
  static gsize guarded = 0;

  if (!g_once_init_enter (&guarded))
    return;
  if (CRYPTO_secure_malloc_init (GUARDED_BYTES, GUARDED_MIN_BYTES) != 1)
    g_info ("The memory of private keys could not be locked: the limit (ulimit -l) is too low");
  g_once_init_leave (&guarded, 1);
}

static TocsinPublicKey *
public_half (EVP_PKEY *key, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_mem ());
  g_autofree char *pem = NULL;
  char *data;
  long size;

  if (bio == NULL || PEM_write_bio_PUBKEY (bio, key) != 1)
    return fail (error, TOCSIN_ERROR_INVALID, "Private key has no public half");
  size = BIO_get_mem_data (bio, &data);
  pem = g_strndup (data, (gsize) size);
  return tocsin_public_key_from_pem (pem, error);
}

static gboolean
unpack_ed25519 (TocsinPrivateKey *self)
{
  guint8 seed[crypto_sign_SEEDBYTES];
  guint8 public[crypto_sign_PUBLICKEYBYTES];
  size_t size = sizeof seed;
  gboolean ok = EVP_PKEY_get_raw_private_key (self->key, seed, &size) == 1 && size == sizeof seed;

  self->ed25519 = sodium_malloc (crypto_sign_SECRETKEYBYTES);
  ok = ok && self->ed25519 != NULL && crypto_sign_seed_keypair (public, self->ed25519, seed) == 0 &&
       sodium_mprotect_readonly (self->ed25519) == 0;
  sodium_memzero (seed, sizeof seed);
  return ok;
}

/* Takes @key, which was made or read just now. */
static TocsinPrivateKey *
private_key_new (EVP_PKEY *key, GError **error)
{
  g_autoptr (TocsinPrivateKey) self = g_new0 (TocsinPrivateKey, 1);

  self->key = key;
  if (EVP_PKEY_get_base_id (key) != EVP_PKEY_RSA && EVP_PKEY_get_base_id (key) != EVP_PKEY_ED25519)
    return fail (error, TOCSIN_ERROR_INVALID, "Private key is neither RSA nor Ed25519");
  self->public = public_half (key, error);
  if (self->public == NULL)
    return NULL;
  if (tocsin_public_key_kind (self->public) == TOCSIN_KEY_ED25519 && !unpack_ed25519 (self))
    return fail (error, TOCSIN_ERROR_INVALID, "Ed25519 private key is not usable");
  sodium_stackzero (STACK_BYTES);
  return g_steal_pointer (&self);
}

/**
 * tocsin_private_key_generate:
 *
 * Makes RSA of 3072 bits, which takes some 100 ms, or Ed25519.
 *
 * Returns: (transfer full) (nullable): the key; %NULL and %TOCSIN_ERROR_UNAVAILABLE if the
 *   system gives no randomness.
 */
TocsinPrivateKey *
tocsin_private_key_generate (TocsinKeyKind kind, GError **error)
{
  EVP_PKEY *key;

  guard_memory ();
  key = kind == TOCSIN_KEY_RSA ? EVP_PKEY_Q_keygen (NULL, NULL, "RSA", (size_t) OUR_RSA_BITS)
                               : EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  if (key == NULL)
    return fail (error, TOCSIN_ERROR_UNAVAILABLE, "No key could be made");
  return private_key_new (key, error);
}

/* Without this OpenSSL would ask the terminal. */
static int
on_passphrase (char *buffer, int size, int writing, void *data)
{
  return -1;
}

/**
 * tocsin_private_key_from_pem:
 * @pem: (array length=size): PKCS#8 or PKCS#1, not encrypted
 *
 * Returns: (transfer full) (nullable): the key; else %NULL and %TOCSIN_ERROR_INVALID.
 */
TocsinPrivateKey *
tocsin_private_key_from_pem (const char *pem, gsize size, GError **error)
{
  g_autoptr (BIO) bio = NULL;
  EVP_PKEY *key;

  if (size > FILE_MAX_BYTES)
    return fail (error, TOCSIN_ERROR_INVALID, "PEM text is too long");
  guard_memory ();
  bio = BIO_new_mem_buf (pem, (int) size);
  key = bio != NULL ? PEM_read_bio_PrivateKey (bio, NULL, on_passphrase, NULL) : NULL;
  if (key == NULL)
    return fail (error, TOCSIN_ERROR_INVALID, "Not the PEM text of an unencrypted private key");
  return private_key_new (key, error);
}

static gboolean
fail_file (GError **error, const char *path, const char *what)
{
  g_set_error (error, TOCSIN_ERROR, TOCSIN_ERROR_INVALID, "%s: %s", path, what);
  return FALSE;
}

/* Checks the descriptor and not the path, which may change between two looks. */
static gboolean
read_private_file (int fd, const char *path, char *buffer, gsize *size, GError **error)
{
  struct stat status;
  gssize got;

  if (fstat (fd, &status) != 0)
    return fail_file (error, path, g_strerror (errno));
  if (!S_ISREG (status.st_mode))
    return fail_file (error, path, "is not a regular file");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail_file (error, path, "others than its owner may open it; give it mode 0600");
  if (status.st_size > FILE_MAX_BYTES)
    return fail_file (error, path, "is too long for a key");
  for (*size = 0; *size < FILE_MAX_BYTES; *size += (gsize) got)
    {
      got = TEMP_FAILURE_RETRY (read (fd, buffer + *size, FILE_MAX_BYTES - *size));
      if (got < 0)
        return fail_file (error, path, g_strerror (errno));
      if (got == 0)
        break;
    }
  return TRUE;
}

/**
 * tocsin_private_key_load:
 * @path: a PEM file that nobody but its owner may open
 *
 * Returns: (transfer full) (nullable): the key; else %NULL and %TOCSIN_ERROR_NOT_FOUND if there
 *   is no such file, or %TOCSIN_ERROR_INVALID.
 */
TocsinPrivateKey *
tocsin_private_key_load (const char *path, GError **error)
{
  TocsinPrivateKey *self = NULL;
  char buffer[FILE_MAX_BYTES];
  gsize size = 0;
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);

  if (fd < 0)
    {
      g_set_error (error, TOCSIN_ERROR,
                   errno == ENOENT ? TOCSIN_ERROR_NOT_FOUND : TOCSIN_ERROR_INVALID, "%s: %s", path,
                   g_strerror (errno));
      return NULL;
    }
  if (read_private_file (fd, path, buffer, &size, error))
    {
      self = tocsin_private_key_from_pem (buffer, size, error);
      if (self == NULL)
        g_prefix_error (error, "%s: ", path);
    }
  close (fd);
  sodium_memzero (buffer, sizeof buffer);
  return self;
}

static gboolean
write_and_sync (int fd, const char *data, gsize size)
{
  while (size > 0)
    {
      gssize put = TEMP_FAILURE_RETRY (write (fd, data, size));

      if (put < 0)
        return FALSE;
      data += put;
      size -= (gsize) put;
    }
  return fsync (fd) == 0;
}

/* The name must survive a power cut as the contents do. */
static gboolean
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = g_open (directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0);
  gboolean ok = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

/**
 * tocsin_private_key_save:
 * @path: a file that does not exist yet
 *
 * Writes the key as PKCS#8 PEM with mode 0600, on the disk when it returns. Never writes over a
 * file: a new key under an old key id would lock every peer out.
 *
 * Returns: %FALSE and %TOCSIN_ERROR_CONFLICT if @path exists, %TOCSIN_ERROR_UNAVAILABLE if it
 *   cannot be written.
 */
gboolean
tocsin_private_key_save (const TocsinPrivateKey *self, const char *path, GError **error)
{
  g_autoptr (BIO) bio = BIO_new (BIO_s_secmem ());
  g_autofree char *temporary = g_strconcat (path, ".new", NULL);
  char *data;
  long size;
  int fd;
  int saved;
  gboolean ok;

  if (bio == NULL || PEM_write_bio_PKCS8PrivateKey (bio, self->key, NULL, NULL, 0, NULL, NULL) != 1)
    return fail (error, TOCSIN_ERROR_UNAVAILABLE, "Key could not be written as PEM") != NULL;
  size = BIO_get_mem_data (bio, &data);
  g_unlink (temporary); /* of a run that was cut short */
  fd = g_open (temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  ok = fd >= 0 && write_and_sync (fd, data, (gsize) size) && link (temporary, path) == 0 &&
       sync_directory (path);
  saved = errno;
  if (fd >= 0)
    {
      close (fd);
      g_unlink (temporary);
    }
  if (!ok)
    g_set_error (error, TOCSIN_ERROR,
                 saved == EEXIST ? TOCSIN_ERROR_CONFLICT : TOCSIN_ERROR_UNAVAILABLE, "%s: %s", path,
                 g_strerror (saved));
  return ok;
}

void
tocsin_private_key_free (TocsinPrivateKey *self)
{
  if (self == NULL)
    return;
  EVP_PKEY_free (self->key);
  tocsin_public_key_unref (self->public);
  sodium_free (self->ed25519);
  g_free (self);
}

TocsinPublicKey *
tocsin_private_key_public (const TocsinPrivateKey *self)
{
  return self->public;
}

static GBytes *
sign_rsa (EVP_PKEY *key, const guint8 hash[TOCSIN_SHA256_BYTES])
{
  g_autoptr (EVP_PKEY_CTX) context = EVP_PKEY_CTX_new_from_pkey (NULL, key, NULL);
  size_t size = (size_t) EVP_PKEY_get_size (key);
  g_autofree guint8 *signature = g_malloc (size);

  if (context == NULL || EVP_PKEY_sign_init (context) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding (context, RSA_PKCS1_PADDING) != 1 ||
      EVP_PKEY_CTX_set_signature_md (context, EVP_sha256 ()) != 1 ||
      EVP_PKEY_sign (context, signature, &size, hash, TOCSIN_SHA256_BYTES) != 1)
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&signature), size);
}

/**
 * tocsin_private_key_sign:
 * @data: (array length=size): what to sign
 *
 * RSA: PKCS#1 v1.5 with SHA-256, about 1 ms. Ed25519: about 25 µs.
 *
 * Returns: (transfer full) (nullable): the signature; %NULL and %TOCSIN_ERROR_UNAVAILABLE if
 *   the library failed.
 */
GBytes *
tocsin_private_key_sign (const TocsinPrivateKey *self,
                         gconstpointer data,
                         gsize size,
                         GError **error)
{
  guint8 hash[TOCSIN_SHA256_BYTES];
  GBytes *signature;

  if (self->ed25519 != NULL)
    {
      guint8 bytes[crypto_sign_BYTES];

      crypto_sign_detached (bytes, NULL, data, size, self->ed25519);
      return g_bytes_new (bytes, sizeof bytes);
    }
  tocsin_sha256 (data, size, hash);
  signature = sign_rsa (self->key, hash);
  if (signature == NULL)
    return fail (error, TOCSIN_ERROR_UNAVAILABLE, "RSA signing failed");
  return signature;
}
